"""What commands say, in the language of the lessons: printed lines and errors, on their way to the person."""

import contextlib
import importlib
import locale
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.lessons import choice
from course_utils.places import LANGUAGES

__all__ = ["as_written", "in_words_of", "letters_of_terminal"]

_MARKS = re.compile(r"(?:\[\w+\] +|[ \t]*(?:-> )?)")  # how doctor and lab begin a line


@contextlib.contextmanager
def in_words_of(asked: str | None, lessons: Path) -> Iterator[None]:
    """Lets a command speak a language: lines that it prints meanwhile, and an error that ends it.

    Before the course's packages are there, everything is in English.

    Args:
        asked: str, a key of :data:`~course_utils.places.LANGUAGES`; None for the one that lessons open in.
        lessons: Path of the working folder, which remembers that.

    Raises:
        CourseError: what the command raises, in that language.
    """
    language = _language(asked, lessons)
    if not language:
        yield
        return
    lines = _Lines(language)
    try:
        with contextlib.redirect_stdout(lines):
            yield
    except CourseError as error:
        error.args = (_said(str(error), language),)
        raise
    finally:
        lines.flush()


@contextlib.contextmanager
def as_written() -> Iterator[None]:
    """Leaves what is printed meanwhile as it is, such as a text of a lesson, which has its own language."""
    with contextlib.redirect_stdout(getattr(sys.stdout, "stream", sys.stdout)):
        yield


def letters_of_terminal() -> tuple[str, bool]:
    """Gives the encoding that the terminal reads, and whether Chinese arrives there as it was written."""
    written = sys.stdout.encoding or "ascii"
    # The course may write UTF-8 where the terminal reads what the locale says.
    encoding = locale.getencoding() if os.name == "posix" else written
    try:
        return encoding, "多模态".encode(written).decode(encoding) == "多模态"
    except UnicodeError:
        return encoding, False


def _language(asked: str | None, lessons: Path) -> str:
    if not letters_of_terminal()[1]:
        return ""
    try:
        language = LANGUAGES[choice.chosen(lessons, asked)]
        if language:
            importlib.import_module("course_utils.lessons.messages")
    except ImportError:  # a Python without the packages that read catalogues
        return ""
    return language


def _said(message: str, language: str) -> str:
    from course_utils.lessons import messages  # half a second that English need not wait for
    from course_utils.lessons.templates import MESSAGES

    return messages.in_language(message, language, MESSAGES)


class _Lines:
    """Standard output that gives each line in a language once it is whole."""

    def __init__(self, language: str) -> None:
        self.stream, self._language, self._rest = sys.stdout, language, ""

    def __getattr__(self, name: str) -> object:
        return getattr(self.stream, name)

    def write(self, text: str) -> int:
        """Writes a text, but for a last line that has not ended."""
        *lines, self._rest = f"{self._rest}{text}".split("\n")
        for line in lines:
            mark = _MARKS.match(line)[0]
            self.stream.write(f"{mark}{_said(line[len(mark) :], self._language)}\n")
        return len(text)

    def flush(self) -> None:
        """Writes what there is, such as a prompt, as it is."""
        self.stream.write(self._rest)
        self._rest = ""
        self.stream.flush()
