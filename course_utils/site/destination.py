"""Where a site may be written; said before anything is installed for it, so with Python alone."""

import re
from pathlib import Path

from course_utils.errors import CourseError, shown

__all__ = ["MARKER", "require"]

MARKER = ".made-by-course"


def require(folder: str | Path, repository: str = "") -> Path:
    """Refuses what no site can be made with, before anything is installed for it.

    Args:
        folder: as in :func:`course_utils.site.build.build`.
        repository: as in :func:`course_utils.site.build.build`.

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
