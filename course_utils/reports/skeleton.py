"""The folder of a report, still to be filled in."""

import contextlib
from collections.abc import Callable
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.files import from_home, write_atomically
from course_utils.reports import outline

__all__ = ["ANSWERS", "ITEMS", "REPORT", "is_new", "make"]

REPORT, ITEMS, ANSWERS = "report.md", "items.csv", "answers.csv"

_TABLES = {
    ITEMS: "item,split,group,source,licence\n",
    ANSWERS: "system,seed,item,truth,answer\n",
}


def is_new(folder: str | Path) -> bool:
    """Says whether a report could be made in a folder: it is not there yet, or holds nothing.

    Args:
        folder: str or Path; "~" is the home folder.

    Returns:
        bool.

    Raises:
        CourseError: when it is no folder, or may not be read.
    """
    folder = from_home(folder)
    try:
        if folder.is_dir():
            return not any(folder.iterdir())
        if folder.exists() or folder.is_symlink():
            raise CourseError(
                f"{folder}: this is no folder: give the name of one, new or with a report in it."
            )
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{folder}: the folder cannot be read: {getattr(error, 'strerror', error)}."
        ) from error
    return True


def make(folder: str | Path, said: Callable[[str], str] = str) -> list[Path]:
    """Makes a report whose blanks are still to be filled in (lesson 13). What is there is never overwritten.

    Args:
        folder: str or Path of a folder that is empty or not there yet; the one around it must exist.
        said: function of a text of :data:`~course_utils.reports.outline.TEXTS`, the same in another language.

    Returns:
        list of Path, the three files.

    Raises:
        CourseError: when the folder holds something or cannot be written; then nothing is left behind.
    """
    folder = from_home(folder)
    if not is_new(folder):
        raise CourseError(
            f"{folder}: something is in this folder: a report is made in a new or an empty one."
        )
    existed = folder.is_dir()
    contents = {REPORT: outline.report(said), **_TABLES}
    paths = [folder / name for name in contents]
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"{folder}: the folder could not be made: {error.strerror}. Check that the one around it exists "
            "and that you may write there."
        ) from error
    try:
        for path in paths:
            write_atomically(path, contents[path.name])
    except BaseException:  # Ctrl-C, too
        with contextlib.suppress(OSError):
            for path in paths:
                path.unlink(missing_ok=True)
            if not existed:
                folder.rmdir()
        raise
    return paths
