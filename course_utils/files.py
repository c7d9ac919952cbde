"""Files: writing so that a reader never sees half of one, and saying plainly why one cannot be read."""

import contextlib
import errno
import os
import secrets
import time
from collections.abc import Iterator
from pathlib import Path

from course_utils.errors import CourseError, shown

__all__ = ["describe_content", "held", "require_file", "wait_for_lock", "write_atomically"]


def write_atomically(path: str | Path, content: str | bytes) -> None:
    """Writes a whole file or nothing: to a temporary name beside it, then renamed.

    Args:
        path: str or Path; its folder must exist. A symbolic link is followed, not replaced.
        content: bytes, or str, which is written as UTF-8 with its line ends unchanged.

    Raises:
        CourseError: when the file cannot be written (disk full, no permission, no such folder). A file
            that was there before is then still there, and nothing else is left behind.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    target = Path(path).resolve()
    temporary = target.with_name(f".{secrets.token_hex(8)}.tmp")
    try:
        # The inner `finally` also runs on Ctrl-C; after a successful rename there is nothing to remove.
        try:
            with temporary.open("xb") as file:
                file.write(data)
                file.flush()
                # Without this, a power cut after the rename can leave an empty file under the good name.
                os.fsync(file.fileno())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise CourseError(
            f"{path}: the file could not be written: {_reason(error)}. Check that its folder exists, that you"
            f" may write there, that the disk has {len(data):,} bytes free and that no other program has the"
            " file open; then run this again."
        ) from error


@contextlib.contextmanager
def held(path: Path, waiting: str) -> Iterator[int]:
    """Holds a lock that one process at a time can have; however a process ends, the system takes it back.

    Args:
        path: Path of a file that stands for the lock; made if it is not there. Its folder must exist.
        waiting: str, printed once if another process holds the lock and this one has to wait.

    Yields:
        int, the descriptor of the open file: a child that inherits it holds the lock as well.

    Raises:
        CourseError: when the file cannot be made.
    """
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise CourseError(
            f"{path}: the file could not be written: {_reason(error)}. Check that you may write in this "
            "folder."
        ) from error
    try:
        wait_for_lock(descriptor, waiting)
        yield descriptor
    finally:
        os.close(descriptor)


def wait_for_lock(descriptor: int, waiting: str) -> None:
    """Locks an open file, waiting while another process holds it; closing the descriptor gives it back.

    Args:
        descriptor: int, of a file open for writing.
        waiting: str, printed once if this process has to wait.
    """
    if not _try_to_lock(descriptor):
        print(waiting, flush=True)
        while not _try_to_lock(descriptor):
            time.sleep(0.3)


def _try_to_lock(descriptor: int) -> bool:
    try:
        if os.name == "nt":
            import msvcrt

            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        else:
            import fcntl

            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK):
            return False
        raise
    return True


def require_file(path: str | os.PathLike) -> Path:
    """Gives the path of a file that exists and may be read.

    Args:
        path: str or Path.

    Returns:
        The same as a Path.

    Raises:
        CourseError: when it is no path at all, missing, a folder, or may not be read.
    """
    if not isinstance(path, str | os.PathLike):
        raise CourseError(
            f"path is {shown(path)}, of type {type(path).__name__}: expected the name of a file."
        )
    path = Path(path)
    try:
        if path.is_dir():
            raise CourseError(f"{path}: this is a folder: give the name of a file in it.")
        # Opening is the only question whose answer is certain: permissions lie on some file systems.
        with path.open("rb"):
            return path
    except FileNotFoundError:
        raise CourseError(f"{path}: there is no such file. {_neighbours(path)}") from None
    except (OSError, ValueError) as error:
        raise CourseError(
            f"{path}: the file cannot be opened: {_reason(error)}. Check its name and its permissions."
        ) from error


def describe_content(path: str | Path) -> str:
    """Says what a file that a decoder refused seems to be, from its first bytes.

    Args:
        path: Path of a readable file.

    Returns:
        One clause that continues "the file …", such as "is empty (0 bytes)".
    """
    with Path(path).open("rb") as file:
        head = file.read(512)
    if not head:
        return "is empty (0 bytes)"
    for kind, matches in _KINDS:
        if matches(head):
            return f"seems to be {kind}"
    if _looks_like_text(head):
        start = head.decode("utf-8", errors="replace").split("\n")[0].strip()[:30]
        return f"seems to be plain text, beginning with {start!r}"
    if not any(head):
        return "begins with zero bytes only, as an interrupted copy does"
    return f"is of no kind known here: it begins with the bytes {head[:8].hex(' ')}"


# What learners mistake for pictures and recordings, by the first bytes that identify it.
_KINDS = (
    ("a PNG picture", lambda head: head.startswith(b"\x89PNG")),
    ("a JPEG picture", lambda head: head.startswith(b"\xff\xd8\xff")),
    ("a GIF picture", lambda head: head.startswith(b"GIF8")),
    ("a WebP picture", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
    (
        "camera raw",
        lambda head: (
            head.startswith((b"IIRO", b"IIRS", b"MMOR", b"IIU\0", b"FUJIFILMCCD-RAW", b"\0MRM", b"FOVb"))
            or head[4:12] == b"ftypcrx "
            or head[6:14] == b"HEAPCCDR"
            or (head[:4] == b"II*\0" and head[8:10] == b"CR")
        ),
    ),
    ("a TIFF picture", lambda head: head[:4] in (b"II*\0", b"MM\0*")),
    ("an AVIF picture", lambda head: head[4:10] == b"ftypav"),
    ("a DDS texture", lambda head: head.startswith(b"DDS ")),
    ("a FITS file of astronomy", lambda head: head.startswith(b"SIMPLE  =")),
    (
        "a HEIC picture (phones make them; export it as JPEG)",
        lambda head: head[4:10] in (b"ftyphe", b"ftypmi"),
    ),
    ("a WAV recording", lambda head: head[:4] == b"RIFF" and head[8:12] == b"WAVE"),
    ("a FLAC recording", lambda head: head.startswith(b"fLaC")),
    ("an Ogg recording", lambda head: head.startswith(b"OggS")),
    ("an MP3 recording", lambda head: head.startswith((b"ID3", b"\xff\xfb"))),
    ("an MP4 file (video, or sound such as m4a)", lambda head: head[4:8] == b"ftyp"),
    ("a PDF document", lambda head: head.startswith(b"%PDF")),
    ("PostScript", lambda head: head.startswith((b"%!PS", b"\xc5\xd0\xd3\xc6"))),
    ("a ZIP archive or an office document", lambda head: head.startswith(b"PK\x03\x04")),
    ("a web page", lambda head: head.lstrip().lower().startswith((b"<!doctype html", b"<html"))),
    ("an SVG drawing", lambda head: b"<svg" in head),
)


def _looks_like_text(head: bytes) -> bool:
    # A cut in the middle of a character at the end of the excerpt is no reason to call it binary.
    text = head.decode("utf-8", errors="ignore")
    return len(text.encode("utf-8")) >= len(head) - 3 and all(c.isprintable() or c in "\t\r\n" for c in text)


def _neighbours(path: Path) -> str:
    if not path.parent.is_dir():
        return f"Its folder {path.parent} does not exist either: check the path."
    same = [other.name for other in path.parent.iterdir() if other.name.lower() == path.name.lower()]
    if same:
        return f"Did you mean {same[0]}? Upper and lower case count."
    return f"Check the spelling, and that it is in the folder {path.parent.resolve()}."


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
