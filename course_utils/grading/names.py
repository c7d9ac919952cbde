"""Names that students have chosen: kept as they are, and shown so that they can do no harm."""

import re

__all__ = ["shown", "student_of"]

# What moves a terminal's cursor, ends a line, turns the direction of reading, or is in no file's encoding.
_UNSHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")
_NOT_UTF_8 = re.compile("[\udc80-\udcff]")


def student_of(name: str) -> str:
    r"""Gives the student whom a folder or a file is named after.

    Args:
        name: str, as the file system has it.

    Returns:
        str, the same name; bytes that are not UTF-8, which neither a table nor the gradebook can hold, stand
        in it as escapes such as ``\xf6``.
    """
    return _NOT_UTF_8.sub(lambda found: _escaped(found[0]), name)


def shown(text: object) -> str:
    """Gives a text as one line that a terminal and a table can show: control characters as escapes.

    Args:
        text: str, or what ``str`` makes one of, such as a Path.

    Returns:
        str.
    """
    return _UNSHOWN.sub(lambda found: _escaped(found[0]), str(text))


def _escaped(letter: str) -> str:
    byte = ord(letter) - 0xDC00  # how Python reads a byte of a name that is not UTF-8
    return f"\\x{byte:02x}" if 0x80 <= byte <= 0xFF else letter.encode("unicode_escape").decode()
