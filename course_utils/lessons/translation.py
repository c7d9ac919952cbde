"""A lesson in another language: its paragraphs one by one, and the notebook with those that are translated.

Only words are touched. Code, formulas that stand alone, metadata, ids, attachments and the order of cells
stay, so that checks, links and grading know a translated lesson as they know the other.
"""

import copy
import io
import re
import tokenize
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
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


@dataclass(frozen=True)
class Passage:
    """What a translator is offered: a paragraph, heading, list or table, or a comment on lines of its own.

    Attributes:
        context: str, id of the cell, " comment" behind it for one of code, and a number from 2 on if the cell
            has the same text more than once.
        text: str, as it stands; of a comment without its signs.
    """

    context: str
    text: str


@dataclass(frozen=True)
class _Part:
    """A piece of a cell's source; `text` is what is offered of it, "" if it always stays."""

    raw: str
    text: str = ""
    prefix: str = ""

    def written(self, text: str) -> str:
        """Gives the piece with another text."""
        return (
            "\n".join(f"{self.prefix}{line}".rstrip() for line in text.split("\n")) if self.prefix else text
        )


def passages(notebook: "NotebookNode") -> list[Passage]:
    """Lists what of a lesson can be translated, in its order.

    Args:
        notebook: nbformat NotebookNode without answers, as ``editions.clear_answers`` gives it.

    Returns:
        list of :class:`Passage`, each once.
    """
    found = (passage for cell in notebook.cells for _, passage in _pieces(cell) if passage)
    return [passage for passage in found if passage.text not in COURSE_SENTENCES]


def translated(notebook: "NotebookNode", find: Callable[[Passage], str | None]) -> "NotebookNode":
    """Puts translations in the place of a lesson's paragraphs.

    Args:
        notebook: nbformat NotebookNode, a learner edition. It is not changed.
        find: function of a :class:`Passage`, its translation; None where there is none: it stays as it is.

    Returns:
        nbformat NotebookNode: the same but for the words in markdown cells and in comments.
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
    kinds = {"markdown": (_markdown_parts, ""), "code": (_code_parts, " comment")}
    if cell.cell_type not in kinds:
        yield _Part(cell.source), None
        return
    take_apart, kind = kinds[cell.cell_type]
    # Of code that is graded only the stub: whether it is as it was handed out has to be plain to see.
    graded = bool(kind and cell.metadata.get("nbgrader"))
    seen = Counter()
    for part in take_apart(cell.source):
        if not part.text or (graded and part.text not in COURSE_SENTENCES):
            yield part, None
            continue
        seen[part.text] += 1
        number = f" {seen[part.text]}" if seen[part.text] > 1 else ""
        yield part, Passage(f"{cell.id}{kind}{number}", part.text)


def _markdown_parts(source: str) -> Iterator[_Part]:
    for block in _blocks(source):
        text = block.strip("\n")
        if (
            _FENCE.match(text)
            or _DISPLAY_ONLY.fullmatch(text)
            or not re.search("[^\\W\\d_]", _NO_WORDS.sub("", text))
        ):
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
    lines = re.findall(r".*\n|.+$", source)
    own_lines = _comments(source)
    at = 0
    while at < len(lines):
        indent = own_lines.get(at)
        if indent is None:
            yield _Part(lines[at])
            at += 1
            continue
        texts = [_comment_text(lines[at])]
        while texts[0] not in COURSE_SENTENCES and own_lines.get(at + len(texts)) == indent:
            following = _comment_text(lines[at + len(texts)])
            if following in COURSE_SENTENCES:
                break
            texts.append(following)
        raw = "".join(lines[at : at + len(texts)])
        end = "\n" if raw.endswith("\n") else ""
        yield _Part(raw.removesuffix("\n"), "\n".join(texts), f"{indent}# ")
        if end:
            yield _Part(end)
        at += len(texts)


def _comment_text(line: str) -> str:
    return line.strip().removeprefix("#").removeprefix(" ")


def _comments(source: str) -> dict[int, str]:
    """Gives the lines with nothing but a comment of words: dict from the number, from 0, to the indent."""
    found = {}
    try:
        for token in tokenize.generate_tokens(io.StringIO(source).readline):
            before = token.line[: token.start[1]]
            if token.type == tokenize.COMMENT and not before.strip():
                text = _comment_text(token.string)
                if re.search("[^\\W\\d_]", text) and not _DIRECTIVE.match(text):
                    found[token.start[0] - 1] = before
    except (tokenize.TokenError, SyntaxError):
        return {}  # no Python; whatever it is, it stays as it is
    return found
