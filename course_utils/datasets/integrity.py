"""Finding the course's data files, and proving that they are undamaged before they are read.

``data/manifest.json`` lists every file below ``data/`` with its size and SHA-256. A file is checked the first
time a process asks for it; ``python3 -m course_utils doctor`` checks them all.
"""

import functools
import hashlib
import json
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.places import DATA, ROOT, way_back

MANIFEST = "manifest.json"
LARGE_FILE_POINTER = b"version https://git-lfs.github.com/spec/"


def sha256(content: bytes) -> str:
    """Gives the fingerprint of some bytes.

    Args:
        content: bytes.

    Returns:
        64 hexadecimal digits, str.
    """
    return hashlib.sha256(content).hexdigest()


def _restore(relative: str) -> str:
    return way_back(ROOT / "data" / relative)


def _read(folder: Path, relative: str) -> bytes:
    path = folder / relative
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise CourseError(f"data/{relative} is missing (looked for {path}). {_restore(relative)}") from None
    except OSError as error:
        raise CourseError(
            f"data/{relative} cannot be read: {error.strerror or error}. Check the permissions of {path}. "
            f"{_restore(relative)}"
        ) from error


@functools.cache
def _manifest(folder: Path) -> dict[str, tuple[int, str]]:
    content = _read(folder, MANIFEST)
    try:
        files = json.loads(content)["files"]
        return {name: (int(entry["bytes"]), str(entry["sha256"])) for name, entry in files.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CourseError(
            f"data/{MANIFEST} is damaged: expected a JSON list of files with sizes and SHA-256, found "
            f"{len(content)} bytes that are none ({type(error).__name__}: {error}). {_restore(MANIFEST)}"
        ) from error


def _verify(folder: Path, relative: str) -> None:
    size, fingerprint = _manifest(folder)[relative]
    content = _read(folder, relative)
    if sha256(content) == fingerprint:
        return
    if not content:
        found = "it is empty"
    elif content.startswith(LARGE_FILE_POINTER):
        found = "it holds a Git LFS pointer in place of the data"
    elif len(content) != size:
        found = f"it has {len(content):,} bytes"
    else:
        found = "it has the right size, but other contents"
    raise CourseError(
        f"data/{relative} is damaged: {found}; expected {size:,} bytes with SHA-256 {fingerprint[:12]}…. "
        f"{_restore(relative)}"
    )


@functools.cache
def _verified(folder: Path, relative: str) -> Path:
    if relative not in _manifest(folder):
        raise CourseError(
            f"data/{relative} is not in data/{MANIFEST}, so nothing says whether it is undamaged. "
            "Check the name; if you added the file yourself, run `python3 data/build/manifest.py`."
        )
    _verify(folder, relative)
    return folder / relative


def data_path(relative: str) -> Path:
    """Gives the path of one of the course's data files, verified the first time it is asked for.

    Introduced in lesson 01.

    Args:
        relative: the file's name below ``data/`` with forward slashes, such as ``"emoji/noto.webp"``.

    Returns:
        pathlib.Path of a file whose size and SHA-256 are those in the manifest.

    Raises:
        CourseError: the file is missing, damaged, unreadable or not in the manifest, or the manifest itself
            is damaged; the message says which file and how to restore it.
    """
    return _verified(DATA, str(relative))


def find_damage(folder: Path | None = None) -> list[str]:
    """Checks every file in the manifest, whether or not it was checked before.

    Args:
        folder: the data folder, pathlib.Path; the course's own by default.

    Returns:
        list of str, one message per missing, damaged or unreadable file; empty when all is well.

    Raises:
        CourseError: the manifest itself is missing or damaged.
    """
    folder = folder or DATA
    _manifest.cache_clear()
    messages = []
    for relative in _manifest(folder):
        try:
            _verify(folder, relative)
        except CourseError as error:
            messages.append(str(error))
    return messages
