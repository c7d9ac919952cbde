"""What the pages of the site are made of: lessons without answers, and the texts of the course's folder."""

import base64
import posixpath
import re
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.lessons import editions, needs
from course_utils.places import ROOT

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = [
    "CARRIED",
    "PAGES",
    "TEMPLATES",
    "colab_edition",
    "fill",
    "guide",
    "section",
    "site_edition",
    "with_links",
]

TEMPLATES = ROOT / "docs" / "site"
"""Sphinx's settings, the style sheet, and pages that have no other home."""

PAGES = {
    "README.md": "index.md",
    "docs/instructors.md": "instructors.md",
    "docs/hub.md": "hub.md",
    "CONTRIBUTING.md": "contributing.md",
    "CHANGELOG.md": "changelog.md",
}
"""File of the course's folder → page of the site."""

CARRIED = (".github/course.png", ".github/course.pdf")
"""Files of the course's folder that pages show or give to print, and that stand beside them on the site."""

_RUBRICS = "Written questions: rubrics and model answers"
_LINK = re.compile(r"(!?)\[((?:[^\[\]]|\[[^\]]*\])*)\]\(([^()\s]+)\)")
_ATTACHMENT = re.compile(r"\(attachment:([^()\s]+)\)")


def site_edition(notebook: "NotebookNode", pictures: Path) -> "NotebookNode":
    """Makes the edition of a lesson that the site shows: the learner's, with the outputs that owe no answer.

    What an answer, a check or a target printed is left out; what a target should show stands before it, and
    what a cell shows with something that not everybody has below it, as in the learner edition. Pictures
    become files, in Markdown that carries their alt text.

    Args:
        notebook: nbformat NotebookNode of the worked edition, executed. It is not changed.
        pictures: Path, the folder to write them into; made if it is not there. Its name and the file's are
            what the lesson, a file beside it, refers to.

    Returns:
        nbformat NotebookNode.

    Raises:
        CourseError: as :func:`course_utils.lessons.editions.learner_edition`.
    """
    shown = editions.show_targets(editions.clear_answers(notebook))
    pictures.mkdir(parents=True, exist_ok=True)
    for cell in shown.cells:
        if cell.cell_type == "code":
            tags = set(cell.metadata.get("tags", []))
            owed = "nbgrader" in cell.metadata or tags & {"target", *needs.TAGS}
            cell.outputs = [] if owed else cell.outputs
            for number, output in enumerate(cell.outputs, 1):
                _refer_to_picture(output, pictures / f"{cell.id}-{number}.png")
        for name, data in cell.pop("attachments", {}).items():
            (pictures / f"{cell.id}-{name}").write_bytes(base64.b64decode(data["image/png"]))
        cell.source = _ATTACHMENT.sub(rf"({pictures.name}/{cell.id}-\1)", cell.source)
        if cell.cell_type == "markdown":
            cell.source = editions.SECTION_LINK.sub(_with_anchor_of_site, cell.source)
    return shown


def _with_anchor_of_site(link: re.Match) -> str:
    """A link to a section of a lesson: JupyterLab's anchors keep capitals and signs, the site's do not."""
    lesson, anchor = link.groups()
    anchor = re.sub(r"[^\w-]", "", anchor.lower())
    return f"]({lesson}#{anchor})"


def _refer_to_picture(output: "NotebookNode", path: Path) -> None:
    """Writes the picture of an output to a file, and puts Markdown that shows it in its place."""
    data = output.get("data", {})
    if "image/png" in data:
        path.write_bytes(base64.b64decode(data["image/png"]))
        alt = editions.plain_markdown(output.metadata["image/png"]["alt"])
        output.data = type(data)({"text/markdown": f"![{alt}]({path.parent.name}/{path.name})"})


def colab_edition(edition: "NotebookNode", repository: str) -> "NotebookNode":
    """Adds to a learner edition the cell that fetches the course where it is not: on Colab.

    Args:
        edition: nbformat NotebookNode. It is changed.
        repository: str, the address of the course's repository.

    Returns:
        The same NotebookNode.
    """
    import nbformat.v4

    lines = [
        "# Colab has neither the course nor its data: this cell fetches both. The figures in the text were",
        "# computed with the versions in requirements.lock; Colab's own may give others in the last digits.",
        f"!git clone --quiet --depth 1 {repository} /content/course",
        "%pip install --quiet 'keras>=3.15,<4' soundfile regex jieba 'sacrebleu>=2.6,<2.7'",
        "import sys",
        "",
        'sys.path.insert(0, "/content/course")',
    ]
    edition.cells.insert(0, nbformat.v4.new_code_cell("\n".join(lines), id="colab"))
    return edition


def section(text: str, title: str) -> str:
    """Gives the text below a heading of the second level, up to the next such heading.

    Args:
        text: Markdown.
        title: of the heading; "" for what stands between the title of the whole and the first one.

    Returns:
        Markdown.

    Raises:
        CourseError: when there is no such heading.
    """
    if not title:
        opening = text.partition("\n## ")[0]
        return re.sub(r"\A.*?^# [^\n]*\n", "", opening, flags=re.M | re.S).strip() + "\n"
    found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", text, flags=re.M | re.S)
    if not found:
        raise CourseError(
            f"There is no heading {title!r} in this text; expected it, since the site shows it."
        )
    return found[1].strip() + "\n"


def fill(template: str, readme: str) -> str:
    """Puts sections of the README where a page of the site names them: ``<!-- README: Start -->``.

    Of ``<!-- README table: The lessons -->`` only the table comes.

    Args:
        template: Markdown of the page.
        readme: Markdown of the README.

    Returns:
        Markdown.

    Raises:
        CourseError: when the README has no such heading.
    """

    def found(place: re.Match) -> str:
        text = section(readme, place[2].strip())
        return "".join(re.findall(r"^\|.*\n", text, flags=re.M)) if place[1] else text

    return re.sub(r"^<!-- README( table)?:(.*)-->$", found, template, flags=re.M)


def guide(text: str) -> str:
    """Takes out of the instructors' guide what tells the answers: the criteria of the written questions.

    Args:
        text: Markdown of docs/instructors.md.

    Returns:
        Markdown.
    """
    instead = (
        "The criteria are in `docs/instructors.md` of the course's folder and the model answers in the "
        "worked notebooks. This page is for everybody and has neither.\n"
    )
    return text.replace(section(text, _RUBRICS), instead)


def with_links(text: str, place: str, repository: str) -> str:
    """Turns a text's links to files of the course's folder into links that hold on the site.

    A page of the site is linked as such, any other file where the course is published; where that is not
    known the words stay, without a link.

    Args:
        text: Markdown.
        place: the file that it stands in, relative to the course's folder, such as "docs/instructors.md".
        repository: str, the address of the course's repository, or "".

    Returns:
        Markdown.
    """
    return _LINK.sub(_relinked(posixpath.dirname(place), repository), text)


def _relinked(folder: str, repository: str) -> Callable[[re.Match], str]:
    def relinked(link: re.Match) -> str:
        picture, words, target = link.groups()
        path, _, anchor = target.partition("#")
        if not path or ":" in path or (TEMPLATES / path).is_file():
            return link[0]
        path = posixpath.normpath(posixpath.join(folder, path))
        anchor = f"#{anchor}" if anchor else ""
        if path in CARRIED:
            return f"{picture}[{words}]({posixpath.basename(path)})"
        if posixpath.dirname(path) == "notebooks" and (ROOT / path).is_file():
            return f"[{words}](lessons/{posixpath.basename(path)})"
        if PAGES.get(path):
            return f"[{words}]({PAGES[path]}{anchor})"
        return f"[{words}]({repository}/blob/HEAD/{path}{anchor})" if repository else words

    return relinked
