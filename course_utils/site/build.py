"""`site`: gathers the sources of the pages, lets Sphinx make them, and puts them in place as a whole."""

import contextlib
import filecmp
import itertools
import os
import re
import shutil
import tempfile
import zipfile
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.lessons import editions, languages
from course_utils.places import LANGUAGES, NOTEBOOKS, ROOT
from course_utils.site import pages, reference
from course_utils.site.destination import MARKER, require
from course_utils.site.words import words

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["build", "gather", "share"]

_SHARED = ("_static", "_images", "_downloads")
_LOADED = re.compile(rf'((?:src|href)=")((?:\.\./)*)((?:{"|".join(_SHARED)})/[^"?#]+)')


def build(folder: str | Path, repository: str = "") -> Path:
    """Makes the site; what was there of an earlier one is replaced when the new one is complete.

    Args:
        folder: where to; made by an earlier call, empty or not there.
        repository: where the course is published on GitHub, OWNER/NAME, for the buttons that open a lesson on
            Binder and Colab; "" for none.

    Returns:
        The path of its first page.

    Raises:
        CourseError: when the folder holds other things or cannot be made, the repository is none, or a page
            cannot be made.
    """
    folder = require(folder, repository)
    # Beside its place, so that it gets there by being renamed.
    with tempfile.TemporaryDirectory(prefix=".course-site-", dir=folder.parent) as work:
        # Each language in a process of its own: Sphinx speaks one, and does most of its work on one core.
        with ProcessPoolExecutor(len(LANGUAGES)) as pool:
            makers = (LANGUAGES, itertools.repeat(Path(work)), itertools.repeat(repository))
            made, *others = pool.map(_of_language, *makers)
        for other in others:
            share(other, made)
            other.rename(made / other.name)
        write_atomically(made / MARKER, "Made by the course, which may delete and remake this folder.\n")
        if folder.exists():
            folder.rename(Path(work) / "before")
        made.rename(folder)
    return folder / "index.html"


def _of_language(language: str, work: Path, repository: str) -> Path:
    """Makes the pages of a language; gives their folder, of its name."""
    sources, made = work / "sources" / language, work / "made" / language
    gather(sources, repository, language)
    _make(sources, made, repository, language)
    (made / "_sources").rmdir()  # empty, since no page offers its source
    return made


def share(part: Path, whole: Path) -> None:
    """Leaves out of the pages of a language the pictures, scripts and styles that the whole site has.

    Args:
        part: Path of these pages, which will be a folder of the whole; what they load is changed.
        whole: Path of the site.
    """
    shared = set()
    for path in (path for name in _SHARED for path in (part / name).rglob("*") if path.is_file()):
        name = path.relative_to(part)
        if (whole / name).is_file() and filecmp.cmp(path, whole / name, shallow=False):
            path.unlink()
            shared.add(name.as_posix())

    def loaded(place: re.Match) -> str:
        start, up, name = place.groups()
        return f"{start}{up}../{name}" if unquote(name) in shared else place[0]

    folders = [path for name in _SHARED for path in (part / name, *(part / name).rglob("*")) if path.is_dir()]
    for folder in reversed(folders):
        if not any(folder.iterdir()):
            folder.rmdir()
    for page in part.rglob("*.html"):
        text = _LOADED.sub(loaded, page.read_text(encoding="utf-8"))
        page.write_text(text, encoding="utf-8", newline="\n")


def gather(sources: Path, repository: str = "", language: str = "en", notebooks: Path = NOTEBOOKS) -> None:
    """Writes what Sphinx makes the pages of a language of, and the notebooks to download.

    Args:
        sources: Path of a folder, made here. In it: Markdown, `lessons/` with pictures beside them, and in
            `extra/` what goes to the site as it is.
        repository: as in :func:`build`.
        language: str, a key of :data:`~course_utils.places.LANGUAGES`.
        notebooks: Path, the folder of the worked edition.
    """
    address = f"https://github.com/{repository}" if repository else ""
    for folder in ("lessons", "extra/learner", *(["extra/colab"] if address else [])):
        (sources / folder).mkdir(parents=True)
    for page, (place, text) in _texts(language).items():
        write_atomically(sources / page, pages.with_links(text, place, address, language))
    for path in pages.CARRIED:
        shutil.copy(ROOT / path, sources)
    translate, say = languages.translator(language), words(language)
    lessons = {
        path.stem: editions.read_notebook(path) for path in sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))
    }
    anchors = {
        f"{name}.ipynb": pages.anchors_of(worked, translate(worked, name)) for name, worked in lessons.items()
    }
    cells = {f"{name}.ipynb": dict(editions.sections(worked)) for name, worked in lessons.items()}
    for name, worked in lessons.items():
        shown = pages.site_edition(worked, sources / "lessons" / name, translate, anchors)
        _write(shown, sources / "lessons" / f"{name}.ipynb")
        learners = translate(editions.learner_edition(worked), name)
        editions.lead_to_cells(learners, cells.get)
        _write(learners, sources / "extra" / "learner" / f"{name}.ipynb")
        if address:
            colab = pages.colab_edition(learners, address, language, say)
            _write(colab, sources / "extra" / "colab" / f"{name}.ipynb")
    if language == "en":
        reference.write_reference(ROOT / "course_utils", sources / "api")
    _zip(sources / "extra" / "learner")


def _texts(language: str) -> dict[str, tuple[str, str]]:
    """Gives the pages of a language that are no lessons: page → the file that it comes from, and its text."""
    folder = pages.TEMPLATES if language == "en" else pages.TEMPLATES / language
    readme = pages.READMES[language]
    sections = (ROOT / readme).read_text(encoding="utf-8")
    found = {
        path.name: (readme, pages.fill(path.read_text(encoding="utf-8"), sections))
        for path in folder.glob("*.md")
    }
    for path, page in pages.PAGES.items() if language == "en" else ():
        if page not in found:
            text = (ROOT / path).read_text(encoding="utf-8")
            found[page] = (path, pages.guide(text) if page == "instructors.md" else text)
    return found


def _write(notebook: "NotebookNode", path: Path) -> None:
    import nbformat

    write_atomically(path, nbformat.writes(notebook) + "\n")


def _zip(folder: Path) -> None:
    """Puts a copy of everything in a folder into an archive in it."""
    files = sorted(folder.iterdir())
    with zipfile.ZipFile(folder / "all_lessons.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.name)


def _make(sources: Path, made: Path, repository: str, language: str) -> None:
    """Lets Sphinx make the pages; whatever it warns of is an error of ours."""
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.docutils import docutils_namespace

    log = sources.with_suffix(".log")
    overrides = {
        "html_extra_path": [str(sources / "extra")],
        "course_repository": repository,
        "course_language": language,
        "language": LANGUAGES[language] or language,
    }
    with (
        log.open("w+", encoding="utf-8") as warnings,
        docutils_namespace(),
        contextlib.chdir(ROOT),
    ):
        try:
            application = Sphinx(
                sources,
                pages.TEMPLATES,
                made,
                sources.with_suffix(".doctrees"),
                "html",
                overrides,
                status=None,
                warning=warnings,
                parallel=os.cpu_count() or 1,
            )
            application.build()
        except SphinxError as error:
            raise CourseError(f"Sphinx cannot make the site: {error}") from error
        warnings.seek(0)
        problems = warnings.read().replace(str(sources), "").strip()
    if problems:
        raise CourseError(f"Sphinx made the site with complaints, so it is not kept:\n{problems}")
