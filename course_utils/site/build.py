"""`site`: gathers the sources of the pages, lets Sphinx make them, and puts them in place as a whole."""

import contextlib
import os
import re
import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError, shown
from course_utils.files import write_atomically
from course_utils.lessons import editions
from course_utils.places import NOTEBOOKS, ROOT
from course_utils.site import pages, reference

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["MARKER", "build", "gather", "require"]

MARKER = ".made-by-course"


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
        sources, made = Path(work) / "sources", Path(work) / "site"
        gather(sources, repository)
        _make(sources, made, Path(work) / "doctrees", repository)
        (made / "_sources").rmdir()  # empty, since no page offers its source
        write_atomically(made / MARKER, "Made by the course, which may delete and remake this folder.\n")
        if folder.exists():
            folder.rename(Path(work) / "before")
        made.rename(folder)
    return folder / "index.html"


def require(folder: str | Path, repository: str = "") -> Path:
    """Refuses what no site can be made with, before anything is installed for it.

    Args:
        folder: as in :func:`build`.
        repository: as in :func:`build`.

    Returns:
        The folder, absolute.

    Raises:
        CourseError: when the folder is a file, holds something that is not a site of ours, or its parent is
            not there, or when the repository is none.
    """
    folder = Path(folder).expanduser().resolve()
    if repository and not re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
        raise CourseError(f"--repository {shown(repository)}: expected OWNER/NAME, as GitHub writes it.")
    if folder.is_dir() and any(folder.iterdir()) and not (folder / MARKER).is_file():
        raise CourseError(
            f"{folder} holds other things, and the site is never written over them; expected a folder that "
            "is empty, not there yet, or an earlier site. Choose another with --folder."
        )
    if folder.exists() and not folder.is_dir():
        raise CourseError(
            f"{folder} is a file; expected a folder for the site. Choose another with --folder."
        )
    if not folder.parent.is_dir():
        raise CourseError(f"{folder.parent} is not there; make it first, or choose another with --folder.")
    return folder


def gather(sources: Path, repository: str = "", notebooks: Path = NOTEBOOKS) -> None:
    """Writes what Sphinx makes the pages of, and the notebooks to download.

    Args:
        sources: Path of a folder, made here. In it: Markdown, `lessons/` with pictures beside them, and in
            `extra/` what goes to the site as it is.
        repository: as in :func:`build`.
        notebooks: Path, the folder of the worked edition.
    """
    address = f"https://github.com/{repository}" if repository else ""
    texts = {path.name: path.read_text(encoding="utf-8") for path in pages.TEMPLATES.glob("*.md")}
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    written = {name: ("README.md", pages.fill(text, readme)) for name, text in texts.items()}
    for path, page in pages.PAGES.items():
        if page not in written:
            text = (ROOT / path).read_text(encoding="utf-8")
            written[page] = (path, pages.guide(text) if page == "instructors.md" else text)
    for folder in ("lessons", "extra/learner", *(["extra/colab"] if address else [])):
        (sources / folder).mkdir(parents=True)
    for page, (place, text) in written.items():
        write_atomically(sources / page, pages.with_links(text, place, address))
    for path in pages.CARRIED:
        shutil.copy(ROOT / path, sources)
    for path in sorted(notebooks.glob("[0-9][0-9]_*.ipynb")):
        worked = editions.read_notebook(path)
        shown = pages.site_edition(worked, sources / "lessons" / path.stem)
        _write(shown, sources / "lessons" / path.name)
        _write(editions.learner_edition(worked), sources / "extra" / "learner" / path.name)
        if address:
            colab = pages.colab_edition(editions.learner_edition(worked), address)
            _write(colab, sources / "extra" / "colab" / path.name)
    reference.write_reference(ROOT / "course_utils", sources / "api")
    _zip(sources / "extra" / "learner")


def _write(notebook: "NotebookNode", path: Path) -> None:
    import nbformat

    write_atomically(path, nbformat.writes(notebook) + "\n")


def _zip(folder: Path) -> None:
    """Puts a copy of everything in a folder into an archive in it."""
    files = sorted(folder.iterdir())
    with zipfile.ZipFile(folder / "all_lessons.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            archive.write(path, path.name)


def _make(sources: Path, made: Path, doctrees: Path, repository: str) -> None:
    """Lets Sphinx make the pages; whatever it warns of is an error of ours."""
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.docutils import docutils_namespace

    log = doctrees.with_suffix(".log")
    overrides = {
        "html_extra_path": [str(sources / "extra")],
        "course_repository": repository,
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
                doctrees,
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
