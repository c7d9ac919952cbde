"""Sphinx extension of the site: MathJax and icons that it brings along, buttons of lessons, two languages."""

import functools
import importlib.metadata
import logging
import re
import shutil
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.places import LANGUAGES
from course_utils.site.pages import TEMPLATES
from course_utils.site.words import words

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx
    from sphinx.config import Config
    from sphinx.environment import BuildEnvironment

__all__ = ["MATHJAX", "icon_rules", "mended", "setup"]

MATHJAX = {
    # The parts that TeX needs, two thirds of the ready-made bundle: it also has menus.
    "loader": {"load": ["core", "input/tex", "output/chtml", "a11y/assistive-mml"]},
    "startup": {"typeset": True},
    "options": {
        "ignoreHtmlClass": "tex2jax_ignore|mathjax_ignore|document",
        "processHtmlClass": "tex2jax_process|mathjax_process|math",
    },
}
"""Configuration of MathJax 3: formulas only where Sphinx has marked one, never in what a program printed."""

_PARTS = (
    "startup.js",
    "core.js",
    "input/tex.js",
    "input/tex/extensions",
    "output/chtml.js",
    "output/chtml/fonts",
    "a11y/assistive-mml.js",
)
_ICON = re.compile(r"\bfa-([a-z0-9-]+)\b")
# As the theme writes them, for who does not see them without a name.
_SIDEBAR, _SWITCH = 'id="pst-primary-sidebar"', '<summary><span class="toctree-toggle"'
_NAME = re.compile(r'((?:aria-label|title|placeholder)="|</i>)([^"<]+)')
_EMPTY_HEADING = re.compile(r"<th((?: [^>]*)?>\s*(?:<p>\s*</p>\s*)?)</th>")
_LIBRARY = "_static/scripts/fontawesome.js"
_SPLITTER = TEMPLATES / "split_query.js"
_IN_BOTH = ("index", "start", "search")
"""Pages, besides the lessons, that are there in both languages."""


def setup(application: "Sphinx") -> dict[str, bool]:
    """Tells Sphinx what this extension brings."""
    application.add_config_value("course_repository", "", "html", str)
    application.add_config_value("course_language", "en", "html", str)
    application.connect("config-inited", _set_language)
    application.connect("html-page-context", _add_language_link)
    # Behind Sphinx, which gives it, and before the theme, which draws the side bar with it at 500.
    application.connect("html-page-context", _shorten_toctree, priority=100)
    # Behind the theme, which fills the list of buttons at 501.
    application.connect("html-page-context", _add_buttons, priority=600)
    application.connect("build-finished", _bring_mathjax)
    application.connect("build-finished", _bring_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _set_language(application: "Sphinx", config: "Config") -> None:
    """Puts titles into the language of the pages, and lets Chinese be searched by its words."""
    say = words(config.course_language)
    for name in ("project", "html_title", "author", "copyright"):
        setattr(config, name, say(getattr(config, name)))
    if config.course_language == "en":
        return
    config.html_use_index = config.html_domain_indices = False  # of the reference, which is in English
    application.add_search_language(_chinese_search(application.doctreedir))


def _chinese_search(folder: Path) -> type:
    """Makes Sphinx's search for Chinese cut a query into the words that its index has."""
    with warnings.catch_warnings():
        # jieba's source has escapes that newer Pythons warn of, and it imports the outdated pkg_resources.
        warnings.simplefilter("ignore")
        import jieba
        from sphinx.search.zh import SearchChinese

    jieba.setLogLevel(logging.WARNING)
    jieba.dt.tmp_dir = str(folder)  # instead of a folder that others can write to

    class Search(SearchChinese):
        language_name = "English"  # that of its stemmer, which the pages look for under this name
        js_splitter_code = _SPLITTER.read_text(encoding="utf-8")

        def __init__(self, options: dict[str, str]) -> None:
            # Sphinx would load jieba's own dictionary a second time, as the user's.
            super().__init__({"dict": "", **options})

    return Search


def _add_language_link(
    application: "Sphinx", page: str, template: str, context: dict, doctree: object | None
) -> None:
    """Tells a page where it is in the other language: the first page for what is there in English only."""
    both = page in _IN_BOTH or page.startswith("lessons/")
    if application.config.course_language == "en":
        name, code, place = "中文", "zh-CN", f"zh/{page if both else 'index'}.html"
    else:
        name, code, place = "English", "en", f"../{page}.html"
    context["other_language"] = {
        "name": name,
        "code": code,
        "url": context["pathto"](place, 1),
        "is_same_page": both,
    }


def _shorten_toctree(
    application: "Sphinx", page: str, template: str, context: dict, doctree: object | None
) -> None:
    """Lets the side bar be drawn from titles alone.

    Sphinx takes every heading of every page along and leaves them out in the end, a fifth of the site's time.
    """
    environment, draw = application.env, context["toctree"]

    def toctree(**options: object) -> str:
        whole, environment.tocs = environment.tocs, _titles(environment)
        try:
            return draw(**options)
        finally:
            environment.tocs = whole

    context["toctree"] = toctree


@functools.cache
def _titles(environment: "BuildEnvironment") -> dict[str, "nodes.bullet_list"]:
    """Gives each page's table of contents with its title and the pages below it, without its headings."""
    from sphinx import addnodes

    found = {name: contents.deepcopy() for name, contents in environment.tocs.items()}
    for item in (item for contents in found.values() for item in contents if len(item) > 1):
        item[1][:] = list(item.findall(addnodes.toctree))
        if not item[1].children:
            item.pop(1)
    return found


def _add_buttons(
    application: "Sphinx", page: str, template: str, context: dict, doctree: object | None
) -> None:
    """Adds, to the page of a lesson, buttons that open it and download it."""
    if not page.startswith("lessons/"):
        return
    name, up = page.removeprefix("lessons/"), context["pathto"]
    language, repository = application.config.course_language, application.config.course_repository
    say = words(language)
    inside = f"{language}/" if LANGUAGES[language] else ""
    start = {"text": say("JupyterLab, on your computer"), "url": up("start"), "icon": "fas fa-laptop"}
    opened = [start]
    if repository:
        opened += [
            {
                "text": "Binder",
                "url": f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=lab/tree/my_lessons/{inside}{name}.ipynb",
                "icon": "fas fa-cloud",
            },
            {
                "text": "Colab",
                "url": f"https://colab.research.google.com/github/{repository}/blob/learner/{inside}{name}.ipynb",
                "icon": "fas fa-cloud",
            },
        ]
    downloaded = [
        {"text": say("This lesson (.ipynb)"), "url": up(f"learner/{name}.ipynb", 1), "icon": "fas fa-file"},
        {"text": say("All lessons (.zip)"), "url": up("learner/all_lessons.zip", 1), "icon": "fas fa-folder"},
    ]
    context["header_buttons"][:0] = [
        _group("open", say("Open this lesson"), "fas fa-rocket", opened),
        _group("download", say("Download, to work in"), "fas fa-download", downloaded),
    ]


def _group(label: str, tooltip: str, icon: str, buttons: list[dict]) -> dict:
    links = [{"type": "link", "label": f"{label}-link", **button} for button in buttons]
    return {"type": "group", "tooltip": tooltip, "icon": icon, "label": f"{label}-buttons", "buttons": links}


def _bring_mathjax(application: "Sphinx", problem: Exception | None) -> None:
    """Copies the parts of MathJax that the pages load, out of an installed package."""
    if problem:
        return
    # The package's folder has a name that cannot be imported.
    files = importlib.metadata.files("sphinx-mathjax-offline") or []
    origin = next(Path(file.locate()).parent for file in files if file.name == "tex-chtml.js")
    for part in _PARTS:
        source, target = origin / part, application.outdir / "_static" / "mathjax" / part
        target.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)


def _bring_icons(application: "Sphinx", problem: Exception | None) -> None:
    """Puts style rules for the icons in use in place of the library of all 2,000, half a page's weight."""
    if problem:
        return
    site = Path(application.outdir)
    library = site / _LIBRARY
    theme = site / "_static" / "scripts" / "pydata-sphinx-theme.js"
    used = set(_ICON.findall(theme.read_text(encoding="utf-8")))
    say = words(application.config.course_language)
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        used |= set(_ICON.findall(text))
        page.write_text(mended(text, say), encoding="utf-8", newline="\n")
    rules = icon_rules(used, library.read_text(encoding="utf-8"))
    with (site / "_static" / "course.css").open("a", encoding="utf-8", newline="\n") as style:
        style.write("\n" + rules)
    library.unlink()
    library.with_suffix(".js.map").unlink(missing_ok=True)


def mended(page: str, say: Callable[[str], str] = str) -> str:
    """Leaves the library of icons out of a page, and names what the theme leaves without a name.

    Args:
        page: HTML.
        say: function that puts the site's own words into the language of the page.

    Returns:
        HTML in which the side bar is a landmark and each switch in it says what it is, also where the theme
        speaks English in every language; the empty corner of a table is no heading.
    """
    page = re.sub(rf'<script defer src="[^"]*{re.escape(_LIBRARY)}[^"]*"></script>\n?', "", page)
    page = page.replace(_SIDEBAR, f'{_SIDEBAR} role="navigation" aria-label="Course"')
    page = page.replace(_SWITCH, _SWITCH.replace("<summary>", '<summary aria-label="Pages below this one">'))
    page = _EMPTY_HEADING.sub(r"<td\1</td>", page)
    return _NAME.sub(lambda name: f"{name[1]}{say(name[2])}", page)


def icon_rules(names: set[str], library: str) -> str:
    """Writes the style rules of some icons of Font Awesome.

    Args:
        names: of the icons, such as {"bars"}; what is none (a style, a size) is left out.
        library: the text of fontawesome.js, which says which character of the font each is.

    Returns:
        CSS.

    Raises:
        CourseError: when the library has none of them.
    """
    rules = []
    for name in sorted(names):
        found = re.search(rf'[{{,]"?{re.escape(name)}"?:\[\d+,\d+,\[[^\]]*\],"([0-9a-f]+)"', library)
        if found:
            rules.append(f'.fa-{name}::before {{ content: "\\{found[1]}"; }}')
    if not rules:
        raise CourseError("The theme's icons are no longer where the site takes them from: fontawesome.js.")
    return "\n".join(rules) + "\n"
