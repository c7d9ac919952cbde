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

from course_utils.lessons import editions
from course_utils.lessons.catalogues import ANSWERS, Catalogue, folder_of
from course_utils.places import NOTEBOOKS, ROOT, TEMPLATE
from tests.e2e import test_lab as e2e

pytest.importorskip("myst_nb", reason="what makes the site is in the extra `site`")
pytestmark = pytest.mark.slow

LESSONS = [path.stem for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))]
HEAVIEST = 3 * 2**20  # bytes of one lesson with everything that its page loads
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
    assert [name for name in names if not (site / f"{name}.html").is_file()] == []
    assert (site / "api/course_utils.plotting.html").is_file()
    assert not (site / "_sources").exists()


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


def test_every_picture_has_the_description_of_the_lesson(pages, site):
    for name in LESSONS:
        figures = [alt for src, alt in pages[site / f"lessons/{name}.html"].alts if "_images/" in src]
        worked = editions.read_notebook(NOTEBOOKS / f"{name}.ipynb")
        described = {
            output.metadata["image/png"]["alt"]
            for cell in worked.cells
            for output in cell.get("outputs", [])
            if "image/png" in output.get("data", {})
        }
        assert set(figures) == described, name
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


def test_what_is_downloaded_is_the_learner_edition(site):
    for name in LESSONS:
        learners = editions.learner_edition(editions.read_notebook(NOTEBOOKS / f"{name}.ipynb"))
        assert editions.read_notebook(site / f"learner/{name}.ipynb") == learners
        (fetch, *rest) = editions.read_notebook(site / f"colab/{name}.ipynb").cells
        assert fetch.id == "colab" and rest == learners.cells
    with zipfile.ZipFile(site / "learner/all_lessons.zip") as archive:
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


@pytest.mark.parametrize("name", LESSONS)
def test_a_lesson_is_drawn_whole_weighs_little_and_loads_nothing_else(browser, address, name):
    with Visit(browser, f"{address}lessons/{name}.html") as visit:
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


REFERENCE = "api/course_utils.plotting"


@pytest.mark.parametrize("name, scheme", [("index", "light"), (REFERENCE, "dark")])
def test_pages_keep_the_rules_of_accessibility(browser, address, name, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    with Visit(browser, f"{address}{name}.html", scheme=scheme) as visit:
        visit.typeset()
        complaints = list(visit.complaints)  # axe asks for style sheets at addresses of its own making
        found = axe.Axe().run(visit.page).response["violations"]
    told = [(rule["id"], node["html"][:150]) for rule in found for node in rule["nodes"][:3]]
    assert told == []
    assert complaints == []


def test_a_telephone_shows_the_width_of_the_text_and_no_more(browser, address):
    with Visit(browser, f"{address}index.html", width=390, height=844) as visit:
        visit.typeset()
        assert visit.page.evaluate("document.documentElement.scrollWidth") <= 390
        wide = visit.page.locator("article img").evaluate_all(
            "all => all.filter(one => one.getBoundingClientRect().right > 391).map(one => one.src)"
        )
        assert wide == []


def test_the_search_finds_words_and_shows_where(browser, address):
    with Visit(browser, f"{address}lessons/00_orientation.html") as visit:
        assert not any("searchindex" in url for url in visit.asked)  # heavy, and wanted by who searches only
        visit.page.get_by_role("button", name="Search").first.click()
        visit.page.get_by_role("searchbox").first.fill("softmax")
        visit.page.keyboard.press("Enter")
        results = visit.page.locator("ul.search li")
        results.first.wait_for()
        assert visit.page.get_by_role("link", name=re.compile("^05 · Attention fusion")).first.is_visible()
        assert visit.complaints == []
