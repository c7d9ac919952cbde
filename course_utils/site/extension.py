"""Sphinx extension of the site: MathJax and icons that it brings along, and buttons on a lesson's page."""

import importlib.metadata
import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError

if TYPE_CHECKING:
    from sphinx.application import Sphinx

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
_LIBRARY = "_static/scripts/fontawesome.js"


def setup(application: "Sphinx") -> dict[str, bool]:
    """Tells Sphinx what this extension brings."""
    application.add_config_value("course_repository", "", "html", str)
    # Behind the theme, which fills the list of buttons at 501.
    application.connect("html-page-context", _add_buttons, priority=600)
    application.connect("build-finished", _bring_mathjax)
    application.connect("build-finished", _bring_icons)
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def _add_buttons(
    application: "Sphinx", page: str, template: str, context: dict, doctree: object | None
) -> None:
    """Adds, to the page of a lesson, buttons that open it and download it."""
    if not page.startswith("lessons/"):
        return
    name, up = page.removeprefix("lessons/"), context["pathto"]
    start = {"text": "JupyterLab, on your computer", "url": up("start"), "icon": "fas fa-laptop"}
    repository = application.config.course_repository
    opened = [start]
    if repository:
        opened += [
            {
                "text": "Binder",
                "url": f"https://mybinder.org/v2/gh/{repository}/HEAD?urlpath=lab/tree/my_lessons/{name}.ipynb",
                "icon": "fas fa-cloud",
            },
            {
                "text": "Colab",
                "url": f"https://colab.research.google.com/github/{repository}/blob/learner/{name}.ipynb",
                "icon": "fas fa-cloud",
            },
        ]
    downloaded = [
        {"text": "This lesson (.ipynb)", "url": up(f"learner/{name}.ipynb", 1), "icon": "fas fa-file"},
        {"text": "All lessons (.zip)", "url": up("learner/all_lessons.zip", 1), "icon": "fas fa-folder"},
    ]
    context["header_buttons"][:0] = [
        _group("Open this lesson", "fas fa-rocket", opened),
        _group("Download, to work in", "fas fa-download", downloaded),
    ]


def _group(tooltip: str, icon: str, buttons: list[dict]) -> dict:
    label = tooltip.split()[0].lower()
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
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        used |= set(_ICON.findall(text))
        page.write_text(mended(text), encoding="utf-8", newline="\n")
    rules = icon_rules(used, library.read_text(encoding="utf-8"))
    with (site / "_static" / "course.css").open("a", encoding="utf-8", newline="\n") as style:
        style.write("\n" + rules)
    library.unlink()
    library.with_suffix(".js.map").unlink(missing_ok=True)


def mended(page: str) -> str:
    """Leaves the library of icons out of a page, and names what the theme leaves without a name.

    Args:
        page: HTML.

    Returns:
        HTML in which the side bar is a landmark and each switch in it says what it is.
    """
    page = re.sub(rf'<script defer src="[^"]*{re.escape(_LIBRARY)}[^"]*"></script>\n?', "", page)
    page = page.replace(_SIDEBAR, f'{_SIDEBAR} role="navigation" aria-label="Course"')
    return page.replace(_SWITCH, _SWITCH.replace("<summary>", '<summary aria-label="Pages below this one">'))


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
