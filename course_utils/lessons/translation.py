"""A lesson in another language: its paragraphs one by one, and the notebook with those that are translated.

Only words are touched. Code, formulas that stand alone, metadata, ids, attachments and the order of cells
stay, so that checks, links and grading know a translated lesson as they know the other.
"""

import ast
import copy
import inspect
import io
import itertools
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from course_utils.lessons import editions, needs

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["COURSE_SENTENCES", "Passage", "passages", "translated"]

COURSE_SENTENCES = (
    "**What you should see**",
    *(f"**{need.title}**" for need in needs.NEEDS),
    editions.TEXT_STUB,
    editions.CODE_STUB.split("\n")[0].removeprefix("# "),
)
"""What the program writes into learner editions by itself; they have a catalogue of their own."""

_FENCE = re.compile(r" {0,9}(?P<fence>`{3,}|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}\s")
_DISPLAY_ONLY = re.compile(r"(\s*\$\$.*?\$\$[.,;:]?\s*)+", re.DOTALL)
_NO_WORDS = re.compile(r"\$\$.*?\$\$|\$[^$\n]+\$|(`+).+?\1|\]\([^)]*\)|<[^>]*>", re.DOTALL)
_DIRECTIVE = re.compile(r"(noqa|fmt:|type:|ruff:|pragma|%%)")
_LETTER = re.compile("[^\\W\\d_]")
_DOCSTRING = re.compile(r'[rRuU]?"""\s*((?:(?!""").)*?)\s*"""', re.DOTALL)


@dataclass(frozen=True)
class Passage:
    """What a translator is offered: a paragraph, heading, list or table, or a comment or docstring in code.

    Attributes:
        context: str, id of the cell, in code " comment" or " docstring" behind it, in text a number from 2 on
            if the cell has the same paragraph more than once.
        text: str, as it stands; of a comment or docstring without its signs and indents.
    """

    context: str
    text: str

    @property
    def kind(self) -> str:
        """Says "comment" or "docstring" of one in code, "" of any other, which is Markdown."""
        found = self.context.partition(" ")[2]
        return found if found in ("comment", "docstring") else ""


@dataclass(frozen=True)
class _Part:
    """A piece of a cell's source.

    Attributes:
        raw: str, as it stands.
        text: str, what is offered of it, "" if it always stays.
        kind: str, "comment" or "docstring" in code, else "".
        sign: str, what each line begins with.
        indent: str, what stands before it on its first line, and before the sign on each other one; None if
            code stands there.
    """

    raw: str
    text: str = ""
    kind: str = ""
    sign: str = ""
    indent: str | None = None

    def written(self, text: str) -> str:
        """Gives the piece with another text."""
        if not self.kind:
            return text
        first, *others = (f"{self.sign}{line}" for line in text.split("\n"))
        return "\n".join([first, *(f"{self.indent or ''}{line}".rstrip() for line in others)])


def passages(notebook: "NotebookNode") -> list[Passage]:
    """Lists what of a lesson can be translated, in its order.

    Args:
        notebook: nbformat NotebookNode without answers, as ``editions.clear_answers`` gives it.

    Returns:
        list of :class:`Passage`, each once.
    """
    found = (passage for cell in notebook.cells for _, passage in _pieces(cell) if passage)
    return list(dict.fromkeys(passage for passage in found if passage.text not in COURSE_SENTENCES))


def translated(notebook: "NotebookNode", find: Callable[[Passage], str | None]) -> "NotebookNode":
    """Puts translations in the place of a lesson's paragraphs.

    Args:
        notebook: nbformat NotebookNode, a learner edition. It is not changed.
        find: function of a :class:`Passage`, its translation; None where there is none: it stays as it is.

    Returns:
        nbformat NotebookNode: the same but for the words in markdown cells, comments and docstrings.
    """
    other = copy.deepcopy(notebook)
    for cell in other.cells:
        cell.source = "".join(_in_other_words(part, passage, find) for part, passage in _pieces(cell))
    return other


def _in_other_words(part: _Part, passage: Passage | None, find: Callable[[Passage], str | None]) -> str:
    words = find(passage) if passage else None
    return part.raw if words is None else part.written(words)


def _pieces(cell: "NotebookNode") -> Iterator[tuple[_Part, Passage | None]]:
    """Takes a cell's source apart: joined, the pieces are the source again."""
    take_apart = {"markdown": _markdown_parts, "code": _code_parts}.get(cell.cell_type)
    seen = Counter()
    for part in take_apart(cell.source) if take_apart else [_Part(cell.source)]:
        seen[part.text] += 1
        behind = f" {part.kind or seen[part.text]}" if part.kind or seen[part.text] > 1 else ""
        yield part, Passage(f"{cell.id}{behind}", part.text) if part.text else None


def _markdown_parts(source: str) -> Iterator[_Part]:
    for block in _blocks(source):
        text = block.strip("\n")
        if _FENCE.match(text) or _DISPLAY_ONLY.fullmatch(text) or not _LETTER.search(_NO_WORDS.sub("", text)):
            yield _Part(block)
            continue
        before, after = block.split(text, 1)
        yield from (part for part in (_Part(before), _Part(text, text), _Part(after)) if part.raw)


def _blocks(source: str) -> Iterator[str]:
    """Cuts Markdown behind blank lines, around headings and around code; not inside of display formulas."""
    block, fence, formula = [], "", False
    for line in re.findall(r".*\n|.+$", source):
        opening = _FENCE.match(line)
        if fence:
            block.append(line)
            if opening and opening["fence"].startswith(fence) and line.strip() == opening["fence"]:
                yield "".join(block)
                block, fence = [], ""
            continue
        heading = _HEADING.match(line) and not formula
        if (heading or opening) and block:
            yield "".join(block)
            block = []
        block.append(line)
        if opening:
            fence = opening["fence"]
            continue
        formula ^= line.count("$$") % 2 == 1
        if heading or not (line.strip() or formula):
            yield "".join(block)
            block = []
    if block:
        yield "".join(block)


def _code_parts(source: str) -> Iterator[_Part]:
    at = 0
    for start, part in _with_lines_joined(_words_in_code(source), source):
        yield _Part(source[at:start])
        yield part
        at = start + len(part.raw)
    yield _Part(source[at:])


def _with_lines_joined(words: list[tuple[int, _Part]], source: str) -> list[tuple[int, _Part]]:
    """Makes one of comments that stand on lines below each other, but for the course's own sentences."""
    joined: list[tuple[int, _Part]] = []
    for start, part in words:
        first, last = joined[-1] if joined else (0, _Part(""))
        together = last.kind == part.kind and last.indent == part.indent is not None
        gap = source[first + len(last.raw) : start]
        if together and gap == f"\n{part.indent}" and not {last.text, part.text} & {*COURSE_SENTENCES}:
            joined.pop()
            raw, text = f"{last.raw}{gap}{part.raw}", f"{last.text}\n{part.text}"
            start, part = first, replace(last, raw=raw, text=text)
        joined.append((start, part))
    return joined


def _words_in_code(source: str) -> list[tuple[int, _Part]]:
    """Lists the lines of comments and the docstrings that have words, each with its place in the source."""
    lines = re.findall(r".*\n|.+$", source)
    starts = [0, *itertools.accumulate(map(len, lines))]
    found = []
    for token in _comments_and_docstrings(source):
        line, column = token.start
        place, before = starts[line - 1] + column, lines[line - 1][:column]
        indent = None if before.strip() else before
        if token.type == tokenize.COMMENT:
            text = token.string.removeprefix("#").removeprefix(" ").rstrip()
            if not _DIRECTIVE.match(text):
                found.append((place, _Part(token.string, text, "comment", "# ", indent)))
        elif words := _DOCSTRING.fullmatch(token.string):
            text = inspect.cleandoc(words[1])
            found.append((place + words.start(1), _Part(words[1], text, "docstring", "", indent)))
    return [(place, part) for place, part in found if _LETTER.search(part.text)]


def _comments_and_docstrings(source: str) -> list[tokenize.TokenInfo]:
    docstrings = _places_of_docstrings(source)
    try:
        tokens = list(tokenize.generate_tokens(io.StringIO(source).readline))
    except (tokenize.TokenError, SyntaxError):
        return []  # no Python; whatever it is, it stays as it is
    return [
        token
        for token in tokens
        if token.type == tokenize.COMMENT or (token.type == tokenize.STRING and token.start in docstrings)
    ]


def _places_of_docstrings(source: str) -> set[tuple[int, int]]:
    """Gives where those of functions and classes begin: line from 1, column from 0."""
    try:
        nodes = ast.walk(ast.parse(source))
    except SyntaxError:
        return set()
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    owners = (node for node in nodes if isinstance(node, kinds) and ast.get_docstring(node) is not None)
    return {(owner.body[0].lineno, owner.body[0].col_offset) for owner in owners}
