"""What commands say, in the language of the lessons: lines, help and errors, on their way to the person."""

import argparse
import contextlib
import functools
import importlib
import locale
import os
import re
import sys
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from typing import NoReturn

from course_utils.errors import CourseError
from course_utils.lessons import choice
from course_utils.places import LANGUAGES, MY_LESSONS

__all__ = ["Parser", "as_written", "in_words_of", "letters_of_terminal"]

_MARKS = re.compile(r"\[(\w+)\] +|[ \t]*(?:-> )?")  # how doctor and lab begin a line
_OF_ARGPARSE = (
    *("usage: {}", "show this help message and exit", "argument {}: {}", "expected one argument"),
    *("the following arguments are required: {}", "unrecognized arguments: {}"),
    *("invalid choice: {} (choose from {})", "invalid {} value: {}", "ignored explicit argument {}"),
    "ambiguous option: {} could match {}",
)
"""What argparse says of itself, for the catalogue."""
_UNBROKEN = re.compile(r"\s+|[（“]*[\u4e00-\u9fff][，。：；！？、）”]*|[^\s\u4e00-\u9fff]+")
"""Between any two of these a line may end; no line begins with a sign."""


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


class Parser(argparse.ArgumentParser):
    """Reads a command line; its help and complaints are in the language that lessons open in."""

    def __init__(self, **settings: object) -> None:
        super().__init__(formatter_class=_Help, **settings)

    def error(self, message: str) -> NoReturn:
        """Ends the program, with exit code 2, a line on how it is used and one on what is wrong."""
        language = _language(None, MY_LESSONS)
        if not language:
            super().error(message)
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: {_said(message, language)}\n")


class _Help(argparse.HelpFormatter):
    """Lays out the help of a parser; English as argparse does."""

    @functools.cached_property
    def _language(self) -> str:
        return _language(None, MY_LESSONS)

    def _in_words(self, text: str | None) -> str | None:
        return _said(text, self._language) if text and self._language else text

    def add_usage(
        self, usage: str | None, actions: object, groups: object, prefix: str | None = None
    ) -> None:
        super().add_usage(usage, actions, groups, self._in_words("usage: ") if prefix is None else prefix)

    def add_text(self, text: str | None) -> None:
        super().add_text(self._in_words(text))

    def format_help(self) -> str:
        """Gives the whole help."""
        text = super().format_help()
        for heading in ("commands", "options", "positional arguments"):
            text = text.replace(f"\n{heading}:\n", f"\n{self._in_words(f'{heading}:')}\n")
        return text

    def _get_help_string(self, action: argparse.Action) -> str | None:
        return self._in_words(super()._get_help_string(action))

    def _split_lines(self, text: str, width: int) -> list[str]:
        return _wrapped(text, width) if self._language else super()._split_lines(text, width)


def _wrapped(text: str, width: int) -> list[str]:
    """Breaks a text into lines of so many columns; a Chinese character takes two, and needs no blank."""
    lines = [""]
    for piece in _UNBROKEN.findall(text):
        if _columns(lines[-1] + piece.rstrip()) > width:
            lines.append("")
        lines[-1] += piece if lines[-1] else piece.lstrip()
    return [line.rstrip() for line in lines]


def _columns(text: str) -> int:
    return sum(1 + (unicodedata.east_asian_width(character) in "FW") for character in text)


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
            mark = _MARKS.match(line)
            sign = self._sign(mark) if mark[1] else mark[0]
            self.stream.write(f"{sign}{_said(line[mark.end() :], self._language)}\n")
        return len(text)

    def flush(self) -> None:
        """Writes what there is, such as a prompt, as it is."""
        self.stream.write(self._rest)
        self._rest = ""
        self.stream.flush()

    def _sign(self, mark: re.Match) -> str:
        """Gives the mark of a line with blanks behind it, as wide as it was."""
        word = f"[{_said(mark[1], self._language)}]"
        return word + " " * max(1, len(mark[0]) - _columns(word))
