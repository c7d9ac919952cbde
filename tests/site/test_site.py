"""The site as it is made, without a network: whole, light, silent about answers, readable by everybody."""

import contextlib
import functools
import html
import http.server
import re
import subprocess
import sys
import threading
import zipfile
from html.parser import HTMLParser
from urllib.parse import unquote, urldefrag

import nbformat
import pytest

from course_utils.lessons import editions, languages
from course_utils.lessons.catalogues import ANSWERS, Catalogue, folder_of
from course_utils.places import LANGUAGES, NOTEBOOKS, ROOT, TEMPLATE
from tests.drawn import for_this_version
from tests.e2e import test_lab as e2e

pytest.importorskip("myst_nb", reason="what makes the site is in the extra `site`")
pytestmark = pytest.mark.slow

LESSONS = [path.stem for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))]
HEAVIEST = 3 * 2**20  # bytes of one lesson with everything that its page loads
FOLDERS = {"en": "", "zh": "zh/"}  # language → where its pages are
BOTH = [(language, name) for language in LANGUAGES for name in LESSONS]
VOID = {"script": "src", "img": "src", "audio": "src", "source": "src", "iframe": "src", "video": "src"}


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, made by the command where there is no network."""
    folder = tmp_path_factory.mktemp("made") / "the site"
    command = [
        sys.executable,
        "-m",
        "course_utils",
        "site",
        "--folder",
        str(folder),
        "--repository",
        "example/course",
    ]
    alone = ["unshare", "-rn"]
    with contextlib.suppress(OSError):
        if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0:
            command = [*alone, *command]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"The site is complete: open {folder / 'index.html'} in a browser.\n"
    return folder


class Page(HTMLParser):
    """What a page loads, links to, and can be linked at."""

    def __init__(self, path):
        super().__init__()
        self.loads, self.links, self.names, self.alts, self.text = [], [], set(), [], []
        self.language, self.other_languages = "", []
        self.feed(path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag, attributes):
        found = dict(attributes)
        self.names |= {found[key] for key in ("id", "name") if found.get(key)}
        if VOID.get(tag) in found:
            self.loads.append(found[VOID[tag]])
        if tag == "link" and found.get("rel") in ("stylesheet", "preload", "icon", "shortcut icon"):
            self.loads.append(found["href"])
        if tag == "a" and found.get("href"):
            self.links.append(found["href"])
        if tag == "html":
            self.language = found["lang"]
        if "language-link" in (found.get("class") or "") or found.get("rel") == "alternate":
            self.other_languages.append((tag, found["hreflang"], found["href"]))
        if tag == "img":
            self.alts.append((found.get("src"), found.get("alt")))

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def pages(site):
    static = site / "_static"  # where the theme has templates of that kind
    return {path: Page(path) for path in sorted(site.rglob("*.html")) if static not in path.parents}


def target_of(page, address):
    address, anchor = urldefrag(address)
    path = unquote(address.partition("?")[0])
    return ((page.parent / path).resolve() if path else page), unquote(anchor)


def is_elsewhere(address):
    return bool(re.match(r"[a-z]+:|//", address))


def test_pages_are_those_that_are_promised(site):
    names = ["index", "start", "instructors", "hub", "contributing", "changelog", "search"]
    names += [f"lessons/{name}" for name in LESSONS]
    names += [f"zh/{name}" for name in ("index", "start", "search", *(f"lessons/{name}" for name in LESSONS))]
    assert [name for name in names if not (site / f"{name}.html").is_file()] == []
    assert (site / "api/course_utils.plotting.html").is_file()
    assert not (site / "_sources").exists() and not (site / "zh/_sources").exists()


def test_each_page_says_its_language_and_leads_to_the_other(pages, site):
    for path, page in pages.items():
        name = path.relative_to(site).as_posix()
        chinese = name.startswith("zh/")
        other = name.removeprefix("zh/") if chinese else f"zh/{name}"
        same = (site / other).is_file()
        target = site / (other if same else "zh/index.html")
        found = [(tag, code, target_of(path, href)[0]) for tag, code, href in page.other_languages]
        code = "en" if chinese else "zh-CN"
        assert page.language == ("zh-CN" if chinese else "en"), name
        assert found == [("link", code, target)] * same + [("a", code, target)], name


def test_what_is_there_in_english_only_is_linked_from_every_chinese_page(pages, site):
    english = {
        site / f"{name}.html" for name in ("instructors", "hub", "contributing", "changelog", "api/index")
    }
    for path, page in pages.items():
        if site / "zh" in path.parents:
            assert english <= {target_of(path, link)[0] for link in page.links if not is_elsewhere(link)}


def test_chinese_pages_speak_chinese_around_the_lessons_too(site):
    article = re.compile(r"<article.*?</article>|<script.*?</script>|<!--.*?-->|<style.*?</style>", re.DOTALL)
    ours = {"English", "html", "Binder", "Colab", "Ctrl"}  # `html` belongs to the doctype
    for name in ("index", "start", "search", "lessons/02_cnn_image_features"):
        around = article.sub("", (site / f"zh/{name}.html").read_text(encoding="utf-8"))
        said = re.findall(r'(?:aria-label|title|placeholder|alt)="([^"]*)"|>([^<]+)<', around)
        words = {text.strip() for pair in said for text in pair if re.search("[A-Za-z]{3}", text)}
        left = {text for text in words if not re.search("[\u4e00-\u9fff]", text)} - ours
        assert not [text for text in left if not re.fullmatch(r"\w+_\w+", text)], (
            name
        )  # names in the contents


def test_no_picture_script_or_style_is_stored_twice(site):
    own = {path.relative_to(site / "zh"): path for path in (site / "zh").rglob("_*/**/*") if path.is_file()}
    assert {"documentation_options.js", "language_data.js"} <= {path.name for path in own.values()}
    both = {name: path for name, path in own.items() if (site / name).is_file()}
    assert [name for name, path in both.items() if (site / name).read_bytes() == path.read_bytes()] == []


def test_nothing_is_loaded_from_elsewhere_and_no_file_is_missing(pages, site):
    loaded = [(page, address) for page, found in pages.items() for address in found.loads]
    loaded += [
        (path, address)
        for path in site.rglob("*.css")
        for address in re.findall(r"(?:url\(|@import )[\"']?([^\"')]+)", path.read_text(encoding="utf-8"))
    ]
    assert len(loaded) > 100
    for page, address in loaded:
        if not address.startswith("data:"):
            assert not is_elsewhere(address), (page, address)
            assert target_of(page, address)[0].is_file(), (page, address)


def test_links_lead_somewhere(pages):
    broken = []
    for page, found in pages.items():
        for address in found.links:
            if is_elsewhere(address):
                continue
            path, anchor = target_of(page, address)
            there = path.is_file() and (path not in pages or not anchor or anchor in pages[path].names)
            if not there:
                broken.append((page.name, address))
    assert broken == []


def described(notebook):
    outputs = [output for cell in notebook.cells for output in cell.get("outputs", [])]
    return {
        output.metadata["image/png"]["alt"] for output in outputs if "image/png" in output.get("data", {})
    }


def attached(notebook):
    texts = (cell.source for cell in notebook.cells if cell.get("attachments"))
    return {
        " ".join(alt.split()) for text in texts for alt in re.findall(r"!\[([^\]]*)\]\(attachment:", text)
    }


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_picture_has_the_description_of_the_lesson(pages, site, language):
    translate = languages.translator(language)
    for name in LESSONS:
        page = site / f"{FOLDERS[language]}lessons/{name}.html"
        figures = {alt for src, alt in pages[page].alts if "_images/" in src}
        worked = editions.read_notebook(NOTEBOOKS / f"{name}.ipynb")
        translated = translate(worked, name)
        assert figures == described(translated) | attached(translated), name
        captions = set(map(html.unescape, re.findall("<em>([^<]+)</em>", page.read_text(encoding="utf-8"))))
        assert described(translated) <= captions, name
        assert (described(translated) == described(worked)) == (language == "en"), name
    assert all(alt for page in pages.values() for _, alt in page.alts)


def test_recordings_are_there_with_their_labels(site):
    text = (site / "lessons/00_orientation.html").read_text(encoding="utf-8")
    assert re.search(r'<audio[^>]*aria-label="Recording: [^>]*src="data:audio/wav;base64,|<audio[^>]*>', text)
    assert "data:audio/wav;base64," in text


def secrets():
    """Lines of answers, model answers and hidden tests that no learner edition has."""
    lines, public = set(), []
    for path in [*NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"), TEMPLATE]:
        worked = editions.read_notebook(path)
        public += [plain(cell.source) for cell in editions.learner_edition(worked).cells]
        for cell in worked.cells:
            for inside in re.findall(
                r"BEGIN (?:SOLUTION|HIDDEN TESTS)(.*?)END (?:SOLUTION|HIDDEN)", cell.source, re.S
            ):
                lines |= {plain(line) for line in inside.splitlines()}
    translated = Catalogue.read(folder_of("zh_CN") / f"{ANSWERS}.po").entries.values()
    lines |= {plain(entry.translation) for entry in translated}
    known = "\n".join(public)
    return {line for line in lines if len(line) >= 24 and line not in known}


def plain(text):
    return re.sub(r"[\s*`\\]+", "", text)


def shown_in(path):
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".html":
        text = html.unescape(re.sub(r"<[^>]+>", "", text))
    if path.suffix == ".ipynb":
        text = "\n".join(cell.source for cell in nbformat.reads(text, as_version=4).cells)
    return plain(text)


def leaks(texts, hidden):
    return [(name, line) for name, text in texts for line in hidden if line in text]


def test_no_answer_hidden_test_or_model_answer_is_anywhere(site):
    hidden = secrets()
    assert len(hidden) > 200
    files = [
        path for path in site.rglob("*") if path.suffix in (".html", ".js", ".ipynb", ".json", ".txt", ".css")
    ]
    assert {"searchindex.js", "00_orientation.ipynb"} <= {path.name for path in files}
    assert leaks(((path.name, shown_in(path)) for path in files), hidden) == []
    marks = re.compile(r"(BEGIN|END) (SOLUTION|HIDDEN)")
    lessons = [path for path in files if path.parent.name in ("lessons", "learner", "colab")]
    assert [path.name for path in lessons if marks.search(path.read_text(encoding="utf-8"))] == []
    # The same look notices what the worked edition has.
    assert leaks([("worked", shown_in(NOTEBOOKS / f"{LESSONS[-1]}.ipynb"))], hidden)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_downloaded_is_the_learner_edition(site, language):
    translate, part = languages.translator(language), site / FOLDERS[language]
    worked = {f"{name}.ipynb": editions.read_notebook(NOTEBOOKS / f"{name}.ipynb") for name in LESSONS}
    cells = {name: dict(editions.sections(lesson)) for name, lesson in worked.items()}
    for name in LESSONS:
        learners = translate(editions.learner_edition(worked[f"{name}.ipynb"]), name)
        editions.lead_to_cells(learners, cells.get)
        assert editions.read_notebook(part / f"learner/{name}.ipynb") == learners
        (fetch, *rest) = editions.read_notebook(part / f"colab/{name}.ipynb").cells
        assert fetch.id == "colab" and rest == learners.cells
    with zipfile.ZipFile(part / "learner/all_lessons.zip") as archive:
        assert archive.namelist() == [f"{name}.ipynb" for name in LESSONS]


def test_every_icon_has_its_rule(pages, site):
    style = (site / "_static/course.css").read_text(encoding="utf-8")
    used = {
        name
        for page in pages
        for classes in re.findall(r'<i class="([^"]*)"', page.read_text(encoding="utf-8"))
        for name in re.findall(r"fa-([a-z0-9-]+)", classes)
    } - {"solid", "brands", "regular", "lg", "fw"}
    assert "rocket" in used and [name for name in used if f".fa-{name}::before" not in style] == []


# ------------------------------------------------------------------ in a browser


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is in the extra `dev`")
    if e2e.BROWSER is None:
        pytest.skip("no Chromium, Chrome or Edge on the PATH, nor in $CHROMIUM")
    with sync_api.sync_playwright() as playwright:
        found = playwright.chromium.launch(executable_path=e2e.BROWSER, args=e2e.FLAGS)
        yield found
        found.close()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *arguments):
        pass


@pytest.fixture(scope="module")
def address(site):
    """Where the site is served, in a folder below the top as on GitHub Pages."""
    handler = functools.partial(Quiet, directory=site.parent)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/the%20site/"
        server.shutdown()


class Visit:
    """A page in a tab of its own: what it asked for, what it weighed, what it complained of."""

    def __init__(self, browser, url, width=1280, height=800, scheme="light"):
        self.context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)
        self.page = self.context.new_page()
        self.page.set_default_timeout(e2e.ANSWERS * 1000)
        self.complaints, self.asked, self.weight = [], [], 0
        self.page.on(
            "console", lambda said: said.type in ("error", "warning") and self.complaints.append(said.text)
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._count)
        self.open(url)

    def open(self, url):
        self.page.goto(url, wait_until="load", timeout=e2e.STARTS * 1000)

    def _count(self, response):
        self.asked.append(response.url)
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")
        self.weight += int(response.headers.get("content-length", 0))

    def typeset(self):
        """Wait until every formula is drawn; give how many there are."""
        formulas = self.page.locator(".math")
        if formulas.count():
            self.page.wait_for_function("() => window.MathJax?.startup?.promise")
            self.page.evaluate("() => MathJax.startup.promise")
        return formulas.count()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.context.close()


def has_formulas(name):
    """Says whether a lesson's text has a formula, `$…$`."""
    cells = nbformat.read(NOTEBOOKS / f"{name}.ipynb", as_version=4).cells
    return any(re.search(r"\$[^$]+\$", cell.source) for cell in cells if cell.cell_type == "markdown")


CONTRAST = "color-contrast"  # as much work as all other rules together
# A Chinese page is built as the English one is: each version looks at the structure of some of them.
LOOKED_AT = {("zh", name) for name in for_this_version("pages").sample(LESSONS, 3)} | {
    ("en", name) for name in LESSONS
}


def violations(visit, **options):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    visit.typeset()
    complaints = list(visit.complaints)  # axe asks for style sheets at addresses of its own making
    found = axe.Axe().run(visit.page, options=options).response["violations"]
    visit.complaints[:] = complaints
    return [(rule["id"], node["html"][:150]) for rule in found for node in rule["nodes"][:3]]


def assert_fits_a_telephone(visit):
    usual = visit.page.viewport_size
    visit.page.set_viewport_size({"width": 390, "height": 844})
    assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
    wide = visit.page.locator("article img").evaluate_all(
        "all => all.filter(one => one.getBoundingClientRect().right > 391).map(one => one.src)"
    )
    assert wide == []
    visit.page.set_viewport_size(usual)


# One visit of a page for all of it: to open it and to draw its formulas is most of the work.
@pytest.mark.parametrize(("language", "name"), BOTH)
def test_a_lesson_is_drawn_whole_weighs_little_fits_a_telephone_and_is_accessible(
    browser, address, language, name
):
    with Visit(browser, f"{address}{FOLDERS[language]}lessons/{name}.html") as visit:
        count, page = visit.typeset(), visit.page
        assert page.locator(".math mjx-container").count() == count
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0
        drawn = page.locator("article img").evaluate_all(
            "images => images.map(image => image.complete && image.naturalWidth > 50)"
        )
        assert drawn and all(drawn)
        players = page.locator("audio").evaluate_all("all => all.map(one => one.duration > 0.1)")
        assert all(players)
        assert visit.complaints == []
        assert [url for url in visit.asked if not url.startswith((address, "data:", "blob:"))] == []
        assert visit.weight < HEAVIEST
        assert (count > 0) == has_formulas(name)
        if (language, name) in LOOKED_AT:
            # Without its colours code is one text, instead of four fifths of what the page has in it.
            page.locator(".highlight pre").evaluate_all(
                "all => all.forEach(one => { one.textContent = one.textContent })"
            )
            assert violations(visit, rules={CONTRAST: {"enabled": False}}) == []
        assert_fits_a_telephone(visit)


REFERENCE = "api/course_utils.plotting"
PAGES = ["index", REFERENCE, "lessons/00_orientation", "zh/index", "zh/search"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_pages_keep_the_rules_of_accessibility(browser, address, name, scheme):
    with Visit(browser, f"{address}{name}.html", scheme=scheme) as visit:
        assert violations(visit) == []
        assert visit.complaints == []


@pytest.mark.parametrize("name", ["index", "zh/index"])
def test_a_telephone_shows_the_width_of_a_start_page_and_no_more(browser, address, name):
    with Visit(browser, f"{address}{name}.html") as visit:
        assert_fits_a_telephone(visit)


@pytest.mark.parametrize(
    ("language", "button", "words", "title"),
    [
        ("en", "Search", "softmax", "^05 · Attention fusion"),
        ("zh", "搜索", "注意力", "^05 · 注意力融合"),
        # As it stands in no dictionary: cut into words that the pages have.
        ("zh", "搜索", "softmax 注意力融合", "^05 · 注意力融合"),
    ],
)
def test_the_search_finds_words_and_shows_where(browser, address, language, button, words, title):
    with Visit(browser, f"{address}{FOLDERS[language]}lessons/00_orientation.html") as visit:
        assert not any("searchindex" in url for url in visit.asked)  # heavy, and wanted by who searches only
        visit.page.get_by_role("button", name=button).first.click()
        visit.page.get_by_role("searchbox").first.fill(words)
        visit.page.keyboard.press("Enter")
        found = visit.page.get_by_role("link", name=re.compile(title))
        found.first.wait_for()
        assert visit.page.locator("ul.search li", has=found).locator("p.context").first.inner_text()
        assert visit.complaints == []


def test_the_language_link_leads_to_the_same_lesson_and_back(browser, address):
    with Visit(browser, f"{address}lessons/03_rnn_text_features.html") as visit:
        for language, words in [("zh-CN", "中文"), ("en", "English")]:
            visit.page.get_by_role("link", name=words, exact=True).click()
            visit.page.wait_for_function(
                "language => document.documentElement.lang === language", arg=language
            )
            assert visit.page.url.endswith("/lessons/03_rnn_text_features.html")
            assert ("/zh/" in visit.page.url) == (language == "zh-CN")
        assert visit.complaints == []


STOP = """() => {
  const at = document.activeElement;
  const seen = [at, ...at.children].map(one => getComputedStyle(one)).some(style =>
    (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none");
  const places = {skip: "#pst-skip-link a", search: ".search-button-field", course: ".bd-docs-nav a",
    language: ".language-link", buttons: ".article-header-buttons button", code: "pre", player: "audio",
    next: ".prev-next-footer a", page: "#pst-page-toc-nav a"};
  const place = Object.keys(places).find(name => at.matches(places[name]));
  return at === document.body ? null : [place ?? at.tagName, seen];
}"""
IN_ORDER = ["skip", "search", "course", "language", "buttons", "code", "player", "next", "page"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_keyboard_reaches_everything_in_order_and_shows_where_it_is(browser, address, language):
    with Visit(browser, f"{address}{FOLDERS[language]}lessons/00_orientation.html") as visit:
        page, stops = visit.page, []
        page.wait_for_timeout(1000)  # the theme lets the keyboard reach code that scrolls a moment later
        while len(stops) < 500:
            page.keyboard.press("Tab")
            if (stop := page.evaluate(STOP)) is None:
                break
            stops.append(stop)
        assert len(stops) < 500, "the keyboard is trapped"
        order = list(dict.fromkeys(place for place, _ in stops))
        assert [place for place in order if place in IN_ORDER] == IN_ORDER
        # A player's own buttons show by themselves where they are.
        assert [stop for stop, before in zip(stops, [None, *stops], strict=False) if not stop[1]
                and not (before and stop[0] == before[0] == "player")] == []  # fmt: skip
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.url.endswith("#main-content")
