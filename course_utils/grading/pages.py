"""What of a submission may stand in the pages that an instructor opens: the feedback and the Formgrader.

nbgrader's pages show a text cell as whatever HTML its Markdown gives, so that a student's script would run
with the rights of whoever reads it. Here each cell is shown by nbgrader's own renderer first; what comes out
is let through if it is nothing but plain, well-formed elements, and else the cell is replaced by its source.
The notebook that both pages are made from holds only such cells: neither page needs a setting for it.

Cells, texts and pictures are counted, and a cell that takes long to show is shown as its source as well.
"""

import contextlib
import copy
import functools
import gc
import html
import re
import signal
from collections.abc import Iterator
from time import thread_time

from nbformat import NotebookNode

__all__ = ["is_harmless", "presentable", "shown_as", "within_budget"]

MOST_PICTURES = 20 * 2**20
"""Characters of pictures, as they stand in a notebook, that are kept of a submission."""

MOST_OUTPUT = 2 * 2**20
"""Characters of printed outputs that are kept of a submission."""

_MOST_CELLS = 1000
_MOST_TEXT = 50_000  # characters of a text cell that is shown formatted
_MOST_SOURCE = 100_000  # characters of any cell
_MOST_SOURCES = 4 * 2**20  # characters of all cells
_MOST_DEPTH = 50
_TICK = 0.01  # seconds between two looks at the time
_CELL_SECONDS, _SECONDS = 3.0, 20.0  # of processor time, to show one text cell and all of them

_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_BASE64 = re.compile(r"[A-Za-z0-9+/\s]*=*\s*")

# What stands in angle brackets, as the renderer writes it; there is only one way to read this.
_TAG = re.compile(r'<(/?)([a-z][a-z0-9]*)((?: [a-z-]+(?:="[^"<>]*")?)*) ?(/?)>')
_ATTRIBUTE = re.compile(r' ([a-z-]+)(?:="([^"<>]*)")?')
_EMPTY_TAGS = {"br", "hr", "img", "input"}
_TAGS = re.compile(
    "a|abbr|b|blockquote|br|caption|code|dd|del|details|div|dl|dt|em|h[1-6]|hr|i|img|input|ins|kbd|li|mark|ol|p|"
    "pre|q|s|small|span|strike|strong|sub|summary|sup|table|tbody|td|tfoot|th|thead|tr|tt|u|ul|var"
)
_WORDS = re.compile(r"[^\0]*")
_NUMBER = re.compile(r"\d{1,4}%?")
_NOTHING = re.compile("")
_ATTRIBUTES = {
    "alt": _WORDS,
    "title": _WORDS,
    # By such a name Formgrader finds the box for the points of an exercise.
    "id": re.compile(r"(?!ex-)[^\0]*"),
    # The renderer's own classes: those of the page move things about or are buttons.
    "class": re.compile(
        r"(?:highlight|anchor-link|task-list-item(?:-checkbox)?|language-\S+|[a-z][a-z0-9]{0,2})?"
        r"(?: (?:[a-z][a-z0-9]{0,2}))*"
    ),
    "style": re.compile(r"text-align: ?(?:left|center|right);?"),
    "type": re.compile("checkbox"),
    **dict.fromkeys(("width", "height", "start", "colspan", "rowspan"), _NUMBER),
    **dict.fromkeys(("disabled", "checked", "open"), _NOTHING),
}
# A relative link must not ask the server for anything: Formgrader takes orders that way.
_LINK = re.compile(r"(?:https?://|mailto:)[^\s\\]+|[\w%.-]*(?:/[\w%.-]+)*/?(?:#.*)?", re.IGNORECASE)
_PICTURE = re.compile(r"data:image/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/=\s]*")

_LINE = re.compile(".{1,200}", re.DOTALL)
_ATTACHED = re.compile(r"!\[([^\]\n]*)\]\(\s*<?attachment:([^)\n>]*?)>?(?:\s+\"[^\"\n]*\")?\s*\)")


def presentable(notebook: NotebookNode, plain: bool = False) -> tuple[NotebookNode, list[str]]:
    """Gives the notebook that is shown in place of a graded one.

    Args:
        notebook: NotebookNode as graded, with outputs; not changed.
        plain: bool, show every text cell that is not the course's as its source, which takes no time.

    Returns:
        (NotebookNode, list of str): the notebook with all cells that have a role in grading, and what an
        instructor should know of it.
    """
    shown = copy.deepcopy(notebook)
    notes = [*_bound_cells(shown), *within_budget(shown.cells)]
    time = _Time(0 if plain else _SECONDS)
    for cell in shown.cells:
        if cell.cell_type == "code":
            cell.source = _cut(cell.source, "# … {} more characters are left out here.")
            cell.outputs = [_safe_output(output) for output in cell.outputs]
            continue
        cell.source, why = _text(cell, time)
        if cell.cell_type == "raw":
            # A page would show it as HTML.
            cell.cell_type = "markdown"
        if why:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            notes.append(f"{'a text cell' if name is None else f'the text of {name}'} {why}")
    return shown, list(dict.fromkeys(notes))


def shown_as(text: str) -> str:
    """Gives the Markdown that shows a text in a page without running anything of it.

    Args:
        text: str, Markdown.

    Returns:
        str: the same, or Markdown that shows it as it was written.
    """
    return _text(NotebookNode(cell_type="markdown", source=text), _Time(_CELL_SECONDS))[0]


def is_harmless(page: str) -> bool:
    """Says whether HTML is nothing but well-formed plain elements.

    Args:
        page: str, part of a page.

    Returns:
        bool, False as soon as two readers could read it differently.
    """
    if "<" in _TAG.sub("", page):
        return False
    around = []
    for closing, name, attributes, ends in _TAG.findall(page):
        if not _TAGS.fullmatch(name) or (closing and attributes):
            return False
        if not all(_may_stand(name, *attribute) for attribute in _ATTRIBUTE.findall(attributes)):
            return False
        if closing:
            if not around or around.pop() != name:
                return False
        elif name not in _EMPTY_TAGS:
            around.append(name)
            if ends or len(around) > _MOST_DEPTH:
                return False
    return not around


def _may_stand(tag: str, name: str, value: str) -> bool:
    value = html.unescape(value)
    if tag == "input" and name == "class":
        return value == "task-list-item-checkbox"
    if (tag, name) == ("a", "href"):
        return _LINK.fullmatch(value) is not None
    if (tag, name) == ("img", "src"):
        return _PICTURE.fullmatch(value) is not None
    return name in _ATTRIBUTES and _ATTRIBUTES[name].fullmatch(value) is not None


def within_budget(cells: list[NotebookNode]) -> list[str]:
    """Leaves out of cells the pictures and outputs that are too many or of another kind, and says so there.

    Args:
        cells: list of NotebookNode, changed in place.

    Returns:
        list of str, what was left out.
    """
    pictures, printed, notes = MOST_PICTURES, MOST_OUTPUT, []
    for cell in cells:
        for name, attached in list(cell.get("attachments", {}).items()):
            kept = {kind: attached[kind] for kind in _PICTURES if _is_picture(attached, kind)}
            size = sum(map(len, kept.values()))
            if kept and size <= pictures:
                cell["attachments"][name], pictures = kept, pictures - size
            else:
                del cell["attachments"][name]
                notes.append(f"a picture of a text cell is left out: {_reason(kept)}")
        for output in cell.get("outputs", []):
            for kind in _PICTURES:
                size = len(output.get("data", {}).get(kind, ""))
                if size > pictures:
                    del output["data"][kind]
                    output["data"]["text/plain"] = f"[a picture of {size / 2**20:.1f} MB is left out here]"
                    notes.append(f"a picture of an output is left out: {_reason([kind])}")
                else:
                    pictures -= size
            text = output.get("text", "")
            if len(text) > printed:
                output["text"] = f"[{len(text):,} printed characters are left out here]\n"
                notes.append(
                    f"what a cell printed is left out: more than {MOST_OUTPUT / 2**20:.0f} MB together"
                )
            else:
                printed -= len(text)
    return list(dict.fromkeys(notes))


def _is_picture(attached: dict, kind: str) -> bool:
    data = attached.get(kind) if isinstance(attached, dict) else None
    return isinstance(data, str) and _BASE64.fullmatch(data) is not None


def _reason(kept: object) -> str:
    return f"more than {MOST_PICTURES / 2**20:.0f} MB together" if kept else "no PNG, JPEG, GIF or WebP"


def _bound_cells(notebook: NotebookNode) -> list[str]:
    """Leave out the cells that are too many; those that are graded stay."""
    import nbformat.v4

    cells, left, size, first = [], 0, 0, None
    for cell in notebook.cells:
        graded = "nbgrader" in cell.metadata
        size += 0 if graded else len(cell.source)
        if graded or (len(cells) < _MOST_CELLS and size <= _MOST_SOURCES):
            cells.append(cell)
        else:
            left, first = left + 1, len(cells) if first is None else first
    if left:
        said = f"{left:,} cells are left out here: the notebook is too long."
        cells.insert(first, nbformat.v4.new_markdown_cell(f"*{said}*"))
    notebook.cells = cells
    return [f"{left:,} cells are left out of its pages: too long"] if left else []


def _cut(source: str, note: str) -> str:
    more = len(source) - _MOST_SOURCE
    return f"{source[:_MOST_SOURCE]}\n{note.format(f'{more:,}')}" if more > 0 else source


def _safe_output(output: NotebookNode) -> NotebookNode:
    """Keeps of an output what is text or a picture; a page would run the rest."""
    if "data" in output:
        data = {kind: output.data[kind] for kind in _PICTURES[:2] if _is_picture(output.data, kind)}
        plain = output.data.get("text/plain")
        if isinstance(plain, str):
            data["text/plain"] = plain
        elif not data:
            data["text/plain"] = f"[an output of the kind {', '.join(output.data)} is not shown here]"
        output.data, output.metadata = NotebookNode(data), NotebookNode()
    return output


class _Time:
    """Processor time that is left for showing text cells."""

    def __init__(self, seconds: float) -> None:
        self._left = seconds

    def is_up(self) -> bool:
        """Says whether nothing is left of it."""
        return self._left <= 0

    @contextlib.contextmanager
    def slice(self) -> Iterator[None]:
        """Raises TimeoutError inside when one cell has taken its share."""
        if not hasattr(signal, "setitimer"):  # Windows: the process that this runs in is stopped instead
            yield
            return
        share, start = min(_CELL_SECONDS, self._left), thread_time()

        def alarm(*_: object) -> None:
            # The timer runs with every thread of the process; only this one's time is the cell's.
            remaining = share - (thread_time() - start)
            if remaining <= 0:
                raise TimeoutError
            signal.setitimer(signal.ITIMER_PROF, max(remaining, _TICK))

        # A collection goes through all objects of the process, a second's work where TensorFlow is loaded.
        collecting = gc.isenabled()
        gc.disable()
        before = signal.signal(signal.SIGPROF, alarm)
        signal.setitimer(signal.ITIMER_PROF, share)
        try:
            yield
        finally:
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.signal(signal.SIGPROF, before)
            if collecting:
                gc.enable()
            self._left -= thread_time() - start


def _text(cell: NotebookNode, time: _Time) -> tuple[str, str]:
    """Gives the source that a text cell is shown by, and why it is another one ("" if it is not)."""
    attachments = cell.get("attachments", {})
    source, missing = _without_missing(cell.source, attachments)
    if cell.cell_type == "raw":
        return _as_written(source), ""
    reason = _objection(source, attachments, time)
    if reason:
        return _as_written(source), f"is shown as it was written: {reason}"
    return source, f"lacks the picture {missing[0]!r}" if missing else ""


def _objection(source: str, attachments: dict, time: _Time) -> str:
    """Says why a text cannot be shown formatted; "" if it can."""
    if len(source) > _MOST_TEXT:
        return "it is very long"
    if time.is_up():
        return "there was no time to format it"
    try:
        _prepare()
        with time.slice():
            harmless = is_harmless(_rendered(source, attachments))
    except TimeoutError:
        return "formatting it takes too long"
    # Any text is given to the renderer, and it fails in many ways.
    except Exception as error:
        return f"it cannot be formatted ({type(error).__name__})"
    return "" if harmless else "it holds more than plain formatting"


def _without_missing(source: str, attachments: dict) -> tuple[str, list[str]]:
    """Puts a sentence in place of every picture that a text refers to and the file lacks."""
    missing = []

    def replaced(match: re.Match) -> str:
        name = html.unescape(match[2].strip())
        if name in attachments:
            return match[0]
        missing.append(name)
        return f"[the picture {match[1] or ''} is missing in this file]"

    return _ATTACHED.sub(replaced, source), missing


@functools.cache
def _prepare() -> None:
    """Have the renderer import what it needs, which is no time of the first cell that it shows."""
    _rendered("```python\npass\n```", {})


def _rendered(source: str, attachments: dict) -> str:
    """Shows a text as nbgrader's pages do."""
    from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
    from nbconvert.filters.strings import strip_files_prefix

    renderer = IPythonRenderer(escape=False, attachments=attachments)
    return strip_files_prefix(MarkdownWithMath(renderer=renderer).render(source))


def _as_written(source: str) -> str:
    """Gives Markdown that shows a text letter by letter."""
    source = _cut(source, "… {} more characters are left out here.")
    # The pages look for links line by line, in time that grows with the square of a line.
    source = "\n".join(part for line in source.split("\n") for part in _LINE.findall(line) or [""])
    longest = max(map(len, re.findall("`+", source)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"*As it was written:*\n\n{fence}\n{source}\n{fence}"
