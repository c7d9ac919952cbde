"""The one family of errors that the course raises on purpose."""

import reprlib

from course_utils.words import LIBRARY, MESSAGES, in_this_folder

__all__ = ["LONGEST_MESSAGE", "CourseError", "shown"]

LONGEST_MESSAGE = 5_000
"""Characters of the longest message: what comes from a file may be megabytes long."""

_LONGEST_VALUE = 60


class CourseError(Exception):
    """Something a person can put right: a bad file, a bad argument, a machine that lacks something.

    The message names the file or argument, what was found, what was expected and what to do. One that is
    longer than `LONGEST_MESSAGE` loses its middle.
    """

    def __init__(self, *args: object) -> None:
        super().__init__(*(_cut(arg, LONGEST_MESSAGE) if isinstance(arg, str) else arg for arg in args))

    def _render_traceback_(self) -> list:
        # IPython calls this in place of its own traceback: the message says what to do, forty lines of
        # library frames above it would hide it.
        return [f"{type(self).__name__}: {in_this_folder(str(self), LIBRARY, MESSAGES)}"]


class _Repr(reprlib.Repr):
    """What Python shows of a value, without making megabytes of text first."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = _LONGEST_VALUE
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = 8

    def repr_dict(self, x: dict, level: int) -> str:
        # In its own order: keys need not be comparable, and which came first tells something.
        if level <= 0 and x:
            return "{...}"
        pairs = [f"{self.repr1(key, level - 1)}: {self.repr1(x[key], level - 1)}" for key in list(x)[:8]]
        return "{" + ", ".join(pairs + ["..."] * (len(x) > 8)) + "}"


_REPR = _Repr()


def shown(value: object) -> str:
    """Writes a value as Python does, in 60 characters at most, for a message.

    Args:
        value: anything, of any size.

    Returns:
        str on one line; what is left out is marked by three dots.
    """
    return _cut(" ".join(_REPR.repr(value).split()), _LONGEST_VALUE)


def _cut(text: str, longest: int) -> str:
    """The text, or its start and its end."""
    if len(text) <= longest:
        return text
    end = (longest - 3) // 3
    return text[: longest - 3 - end] + "..." + text[-end:]
