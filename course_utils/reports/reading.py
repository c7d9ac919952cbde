"""The three files of a report as rows and sections; what cannot be read is said in one sentence."""

import csv
import io
import re
import stat
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from course_utils.errors import CourseError, shown
from course_utils.preprocessing.text import read_text

__all__ = ["Document", "Row", "Section", "read_document", "read_rows"]

LARGEST_TABLE = 20_000_000
LARGEST_TEXT = 1_000_000
"""Bytes that are read; a report of some thousand items and ten systems has a tenth of them."""


LONGEST_CELL = 300

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class Row(NamedTuple):
    """A row of a table.

    Attributes:
        line: int, where it stands in its file, from 1.
        cells: tuple of str, those of the columns asked for, without blanks at their ends.
    """

    line: int
    cells: tuple[str, ...]


def _read(path: Path, most: int) -> str:
    """The text of a file in NFC: names of files that a Mac wrote have their accents apart."""
    try:
        state = path.stat()
    except FileNotFoundError:
        hint = "it is a link to something that is gone" if path.is_symlink() else "it is not there"
        raise CourseError(f"{path.name}: {hint}.") from None
    except (OSError, ValueError) as error:
        raise CourseError(f"{path.name}: it cannot be opened: {getattr(error, 'strerror', error)}.") from None
    if not stat.S_ISREG(state.st_mode):
        kind = "a folder" if stat.S_ISDIR(state.st_mode) else "a device or a pipe"
        raise CourseError(f"{path.name}: this is {kind}, expected a file.")
    if state.st_size > most:
        raise CourseError(f"{path.name}: {state.st_size:,} bytes, expected at most {most:,}.")
    try:
        return unicodedata.normalize("NFC", read_text(path))
    except CourseError as error:
        raise CourseError(str(error).replace(str(path), path.name, 1)) from None


def read_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """Reads those columns of a CSV file, whose cells are divided by commas, semicolons or tabs.

    Args:
        path: Path.
        columns: sequence of str, the names that the first line must have, in any order and among others.

    Returns:
        list of :class:`Row`, cells in the order of ``columns``; empty lines are left out.

    Raises:
        CourseError: when the file is missing, too large, no text or no table, or lacks a column.
    """
    text = _read(path, LARGEST_TABLE)
    first = text.lstrip("\n").partition("\n")[0]
    reader = csv.reader(io.StringIO(text), delimiter=max(",;\t", key=first.count), strict=True)
    rows, places = [], None
    try:
        for cells in reader:
            cells = [cell.strip() for cell in cells]
            if not any(cells):
                continue
            if places is None:
                places, width = _places(path.name, cells, columns), len(cells)
                continue
            if len(cells) != width:
                raise CourseError(
                    f"{path.name}: line {reader.line_num:,} has {len(cells)} cells, expected {width} as in "
                    "the first line: a cell that holds a comma stands in quotation marks."
                )
            rows.append(Row(reader.line_num, tuple(cells[place] for place in places)))
            _require_readable(path.name, rows[-1])
    except csv.Error as error:
        raise CourseError(
            f"{path.name}: line {reader.line_num:,} cannot be read: {error}. Is a quotation mark left open?"
        ) from None
    if not rows:
        raise CourseError(f"{path.name}: there are no rows yet; the columns are {', '.join(columns)}.")
    return rows


def _require_readable(name: str, row: Row) -> None:
    """What is asked for is printed: names of a line at most, without codes that move a terminal's cursor."""
    for cell in row.cells:
        if len(cell) > LONGEST_CELL or _CONTROL.search(cell):
            raise CourseError(
                f"{name}: line {row.line:,} holds {shown(cell)}, of {len(cell):,} characters; expected at "
                f"most {LONGEST_CELL}, and no control characters."
            )


def _places(name: str, found: list[str], columns: Sequence[str]) -> list[int]:
    found = [column.casefold() for column in found]
    for column in columns:
        if found.count(column) != 1:
            often = "twice or more" if column in found else "not"
            raise CourseError(
                f"{name}: the first line must name the columns {', '.join(columns)}; found "
                f"{shown(', '.join(found))}, where {column} comes {often}."
            )
    return [found.index(column) for column in columns]


class Section(NamedTuple):
    """What stands below a heading.

    Attributes:
        line: int, of the heading, from 1.
        text: str, up to the next heading that the report must have.
    """

    line: int
    text: str


@dataclass(frozen=True)
class Document:
    """A report's text, without comments and code.

    Attributes:
        sections: dict from the English name of a heading to its :class:`Section`.
        repeated: list of names that come more than once.
        blanks: list of int, lines in which a blank is left.
    """

    sections: dict[str, Section]
    repeated: list[str]
    blanks: list[int]

    def table(self, name: str, headers: Sequence[Sequence[str]]) -> list[Row] | None:
        """Gives the rows of the first table in a section that has one of these headers, or None."""
        if name not in self.sections:
            return None
        section, rows = self.sections[name], None
        for number, text in enumerate(section.text.split("\n"), section.line):
            cells = _cells(text)
            if rows is None:
                rows = [] if [cell.casefold() for cell in cells] in headers else None
            elif not cells:
                break
            elif not all(re.fullmatch(r":?-+:?", cell) for cell in cells):
                rows.append(Row(number, tuple(cells)))
        return rows


HEADINGS = {
    "Task": {"task", "任务"},
    "Data": {"data", "数据"},
    "Splits": {"splits", "split", "划分", "数据划分"},
    "Baselines": {"baselines", "baseline", "基线"},
    "Method": {"method", "方法"},
    "Results": {"results", "结果"},
    "Errors": {"errors", "错误", "错误分析"},
    "Limits": {"limits", "局限", "局限性"},
    "Licence": {"licence", "license", "licences", "licenses", "许可", "许可证"},
    "How to run it": {"how to run it", "如何运行", "运行方法"},
}
"""How a heading may read, by its English name."""

_UNREAD = re.compile(r"<!--.*?(?:-->|\Z)|^ {0,3}(```|~~~).*?(?:^ {0,3}\1|\Z)", re.DOTALL | re.MULTILINE)
_HEADING = re.compile(r" {0,3}#{1,6}[ \t]")
_BLANK = re.compile(r"(?<![…\w])…(?![…\w])")  # Chinese puts two of them for an ellipsis


def read_document(path: Path) -> Document:
    """Reads a report's text.

    Args:
        path: Path of the Markdown file.

    Returns:
        :class:`Document`.

    Raises:
        CourseError: when the file is missing, too large or no text.
    """
    text = _UNREAD.sub(_unread, _read(path, LARGEST_TEXT))
    lines, sections, repeated, name = text.split("\n"), {}, [], None
    for number, line in enumerate(lines, 1):
        heading = _heading(line)
        if heading in sections:
            repeated.append(heading)
        elif heading:
            name, sections[heading] = heading, (number, [])
        if name:  # an empty line in the place of a heading keeps the numbers of lines
            sections[name][1].append("" if _HEADING.match(line) else line)
    blanks = [number for number, line in enumerate(lines, 1) if _BLANK.search(line)]
    return Document(
        {name: Section(at, "\n".join(body)) for name, (at, body) in sections.items()}, repeated, blanks
    )


def _unread(match: re.Match) -> str:
    """As many lines; code is something to read, and a comment is not."""
    return ("code" if match[1] else "") + "\n" * match[0].count("\n")


def _heading(line: str) -> str | None:
    if not _HEADING.match(line):
        return None
    words = line.strip(" \t#").lstrip("0123456789.、 \t").rstrip(" \t:：").casefold()
    return next((name for name, spellings in HEADINGS.items() if words in spellings), None)


def _cells(line: str) -> list[str]:
    """The cells of a table's line; none where it is no such line."""
    line = line.strip()
    if not line.startswith("|"):
        return []
    line = line.removeprefix("|").removesuffix("|")
    return [cell.replace(r"\|", "|").strip() for cell in re.split(r"(?<!\\)\|", line)]
