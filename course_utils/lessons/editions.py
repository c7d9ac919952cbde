"""The learner edition of a lesson: the worked one without its answers, in a folder that stays the learner's.

The marker rules are those of nbgrader's ``ClearSolutions`` and ``ClearHiddenTests`` preprocessors, so that
the same source also serves as an nbgrader assignment.
"""

import base64
import copy
import functools
import hashlib
import itertools
import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.lessons.needs import need_of
from course_utils.places import NOTEBOOKS, way_back

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = [
    "SECTION_LINK",
    "Delivery",
    "Record",
    "clear_answers",
    "learner_edition",
    "plain_markdown",
    "read_notebook",
    "show_targets",
    "write_learner_editions",
]

CODE_STUB = "# YOUR CODE HERE\nraise NotImplementedError()"
TEXT_STUB = "YOUR ANSWER HERE"
STATE_FILE = ".course-editions.json"

SECTION_LINK = re.compile(r"\]\((\d\d_\w+\.ipynb)#([^()\s]+)\)")
"""The end of a link to a section of a lesson, in two groups: the lesson's file and the heading's anchor."""

ANSI_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def read_notebook(path: Path) -> "NotebookNode":
    """Reads and validates a notebook.

    Args:
        path: Path of an .ipynb file of format 4.5 or later.

    Returns:
        nbformat NotebookNode.

    Raises:
        CourseError: when the file is missing, no notebook, of an older format, or two cells share an id.
    """
    import nbformat

    try:
        text = path.read_text(encoding="utf-8")
        _refuse_shared_ids(json.loads(text)["cells"], path)
        notebook = nbformat.reads(text, as_version=nbformat.NO_CONVERT)
        nbformat.validate(notebook)
    # JSON of another kind lacks what is looked for in it, or is no dictionary at all.
    except (OSError, ValueError, KeyError, TypeError, AttributeError, nbformat.ValidationError) as error:
        raise CourseError(
            f"{path}: this is not a notebook that can be read: {error}. {way_back(path)}".rstrip()
        ) from error
    if (notebook.nbformat, notebook.nbformat_minor) < (4, 5):
        raise CourseError(
            f"{path}: the notebook has format {notebook.nbformat}.{notebook.nbformat_minor}; expected 4.5, "
            f"in which cells have ids. Open and save it in JupyterLab 4. {way_back(path)}".rstrip()
        )
    return notebook


def _refuse_shared_ids(cells: list[dict], path: Path) -> None:
    """Complains about an id that two cells have: nbformat would give one of them a new, random one."""
    seen = set()
    for number, cell in enumerate(cells):
        name = cell.get("id")
        if name is not None and name in seen:
            raise CourseError(
                f"{path}: two cells have the id {name!r}, the second is cell {number}; expected one of its "
                f"own for each."
            )
        seen.add(name)


def learner_edition(notebook: "NotebookNode") -> "NotebookNode":
    """Makes the learner edition of a worked lesson.

    Answers and hidden tests are removed, outputs cleared; what a learner should see nevertheless stands in
    cells of its own (:func:`show_targets`).
    An assignment that nbgrader has made of one stays as it is: that is what students find in its place.

    Args:
        notebook: nbformat NotebookNode of the worked edition, executed. It is not changed.

    Returns:
        nbformat NotebookNode.

    Raises:
        CourseError: when its markers are not balanced or stand in the wrong cells, or a ``target`` cell has
            no stored output.
    """
    if _is_assignment(notebook):
        return copy.deepcopy(notebook)
    edition = show_targets(clear_answers(notebook))
    for cell in edition.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return edition


def show_targets(notebook: "NotebookNode") -> "NotebookNode":
    """Puts stored outputs that learners should see into cells of their own.

    In front of each cell tagged ``target`` stands "What you should see" with that cell's output, below each
    tagged as one that needs something (:mod:`course_utils.lessons.needs`) what it prints with it: pictures as
    attachments with their alt text.

    Args:
        notebook: nbformat NotebookNode, executed. It is not changed.

    Returns:
        nbformat NotebookNode.

    Raises:
        CourseError: when a ``target`` cell has no stored output.
    """
    shown, cells = copy.deepcopy(notebook), []
    for cell in shown.cells:
        tags = cell.metadata.get("tags", [])
        if "target" in tags:
            _require_output(cell)
            cells += [_shown(cell, "What you should see"), cell]
        elif (need := need_of(tags)) and cell.outputs:
            cells += [cell, _shown(cell, need.title)]
        else:
            cells.append(cell)
    shown.cells = cells
    return shown


def _is_assignment(notebook: "NotebookNode") -> bool:
    """Whether nbgrader has made this of a worked edition: then it is a learner's already."""
    return any("checksum" in cell.metadata.get("nbgrader", {}) for cell in notebook.cells)


def clear_answers(
    notebook: "NotebookNode", code_stub: str = CODE_STUB, text_stub: str = TEXT_STUB
) -> "NotebookNode":
    """Replaces answers by stubs and removes hidden tests, exactly as nbgrader does for an assignment.

    Lines from one with ``BEGIN SOLUTION`` to one with ``END SOLUTION`` become the stub, indented like the
    first; a solution cell without markers becomes the stub as a whole; lines from ``BEGIN HIDDEN TESTS`` to
    ``END HIDDEN TESTS`` go. Follows nbgrader 0.9.6.

    Args:
        notebook: nbformat NotebookNode. It is not changed.
        code_stub: str, what stands in for code.
        text_stub: str, what stands in for a written answer.

    Returns:
        nbformat NotebookNode, with outputs.

    Raises:
        CourseError: when a region is nested or has no end, or an answer stands in a cell whose nbgrader
            metadata do not say ``solution``, hidden tests in one that do not say ``grade``.
    """
    cleared = copy.deepcopy(notebook)
    for cell in cleared.cells:
        roles = cell.metadata.get("nbgrader", {})
        stub = code_stub if cell.cell_type == "code" else text_stub
        cell.source, answered = _replace_regions(cell, "SOLUTION", stub.split("\n"))
        if answered and not roles.get("solution"):
            raise CourseError(
                f"Cell {cell.get('id')!r} has a solution between markers but is no solution cell; expected "
                '"solution": true in its nbgrader metadata.'
            )
        if roles.get("solution") and not answered:
            cell.source = stub
        cell.source, hidden = _replace_regions(cell, "HIDDEN TESTS", [])
        if hidden and not roles.get("grade"):
            raise CourseError(
                f"Cell {cell.get('id')!r} has hidden tests but is no check cell; expected "
                '"grade": true in its nbgrader metadata.'
            )
    cleared.metadata.pop("celltoolbar", None)
    return cleared


def _replace_regions(cell: "NotebookNode", what: str, stub_lines: list[str]) -> tuple[str, bool]:
    """Returns a cell's source with every region between two markers replaced, and whether there was one."""
    lines, inside, found = [], False, False
    for line in cell.source.split("\n"):
        if f"BEGIN {what}" in line:
            if inside:
                raise CourseError(
                    f"Cell {cell.get('id')!r} has BEGIN {what} twice without END {what} in between; expected "
                    "regions one after the other."
                )
            inside = found = True
            indent = re.match(r"\s*", line).group()
            lines.extend(indent + stub_line for stub_line in stub_lines)
        elif f"END {what}" in line:
            inside = False
        elif not inside:
            lines.append(line)
    if inside:
        raise CourseError(f"Cell {cell.get('id')!r} has BEGIN {what} without END {what}; expected both.")
    return "\n".join(lines), found


def _require_output(cell: "NotebookNode") -> None:
    """Complains about a target that shows nothing."""
    if not cell.get("outputs"):
        raise CourseError(
            f"Cell {cell.get('id')!r} is tagged target but has no stored output; run "
            "`python3 -m course_utils render` on its lesson."
        )


def _shown(cell: "NotebookNode", title: str) -> "NotebookNode":
    """Returns a cell that shows the stored output of another."""
    import nbformat.v4

    parts, attachments, description = [f"**{title}**"], {}, None
    for output in cell.outputs:
        data = output.get("data", {})
        if "image/png" in data:
            name = f"target-{len(attachments) + 1}.png"
            # One line, whatever the line breaks of the stored text: that is how attachments are stored.
            attachments[name] = {"image/png": base64.b64encode(base64.b64decode(data["image/png"])).decode()}
            description = output.metadata.get("image/png", {}).get("alt", "")
            parts.append(f"![{plain_markdown(description)}](attachment:{name})")
        elif data and data.get("text/plain") == description:
            parts.append(f"*{plain_markdown(description)}*")  # the visible caption of the picture
        else:
            parts.append(_code_block(_output_text(output)))
    made = nbformat.v4.new_markdown_cell("\n\n".join(parts), id=f"should-see-{cell.id}")
    if attachments:
        made.attachments = nbformat.from_dict(attachments)
    return made


def _output_text(output: "NotebookNode") -> str:
    if output.output_type == "stream":
        return output.text
    if output.output_type == "error":
        return f"{output.ename}: {output.evalue}"
    return output.data.get("text/plain", "")


def _code_block(text: str) -> str:
    """Returns text as a Markdown code block, whatever backticks it has."""
    longest = max((len(run) for run in re.findall("`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}text\n{ANSI_COLOURS.sub('', text).rstrip()}\n{fence}"


def plain_markdown(text: str) -> str:
    """Gives text so that Markdown shows it as it is."""
    return re.sub(r"([\\`*_{}\[\]<>$|~#&])", r"\\\1", text)


@dataclass(frozen=True)
class Delivery:
    """What became of one lesson in a learner's folder.

    Attributes:
        path: Path of the learner's file, or of the new one written beside it.
        action: str, "written" (was not there), "replaced" (nobody had touched it), "beside" (the learner's
            own stays, the new one is beside it) or "kept" (nothing to do).
        message: str, one sentence for the learner.
    """

    path: Path
    action: str
    message: str


def write_learner_editions(
    folder: Path,
    notebooks: Path = NOTEBOOKS,
    translate: "Callable[[NotebookNode, str], NotebookNode] | None" = None,
) -> list[Delivery]:
    """Writes the learner edition of every lesson into a folder, never over anything that a learner wrote.

    A file that still is, byte for byte, what the course wrote is replaced when the lesson has changed. Any
    other stays as it is, and the changed lesson is written beside it once, as ``NAME (update 1).ipynb``. A
    record of what the course wrote is kept in the folder; if it is lost or damaged, every file counts as the
    learner's. A lesson of the worked edition that somebody has saved is copied to the learner's folder; one
    that no learner edition can be made of any more keeps none of the others back.

    Args:
        folder: Path, the learner's folder; made if it is not there.
        notebooks: Path, the folder of the worked edition.
        translate: function of a learner edition and its lesson's name (the file's without .ipynb) that gives
            it in another language; None for the one in which it is written.

    Returns:
        list of :class:`Delivery`, one per lesson in their order.

    Raises:
        CourseError: when there are no lessons, the folder cannot be used (a file of that name, a broken link,
            the worked edition's own folder, no permission, a full disk).
    """
    folder, notebooks = Path(folder), Path(notebooks)
    lessons = sorted(notebooks.glob("[0-9][0-9]_*.ipynb"))
    if not lessons:
        raise CourseError(
            f"{notebooks}: there are no lessons here; expected files such as 00_orientation.ipynb."
        )
    _make_folder(folder, notebooks)
    record = Record(folder / STATE_FILE)
    sections = functools.cache(lambda name: _cells_of_sections(notebooks / name))
    deliveries = [_deliver(folder, lesson, record, translate, sections) for lesson in lessons]
    record.save()
    return deliveries


def _make_folder(folder: Path, notebooks: Path) -> None:
    """Makes the learner's folder, or complains about what is in its place."""
    if folder.resolve() == notebooks.resolve():
        raise CourseError(
            f"{folder}: this is the folder of the worked edition; expected one of your own, such as "
            f"my_lessons."
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CourseError(
            f"{folder}: the folder for your lessons cannot be made: {error.strerror or error}. Move away "
            f"what is in its place, or choose another with --folder."
        ) from error


def _deliver(
    folder: Path,
    lesson: Path,
    record: "Record",
    translate: "Callable[[NotebookNode, str], NotebookNode] | None",
    sections: Callable[[str], dict[str, str]],
) -> Delivery:
    """Brings one lesson into the learner's folder."""
    import nbformat

    own = folder / lesson.name
    try:
        worked = read_notebook(lesson)
        edition = learner_edition(worked)
    except CourseError as error:
        return Delivery(own, "kept", _sentence_on_edits(folder, lesson, str(error)))
    edition = translate(edition, lesson.stem) if translate else edition
    if not _is_assignment(worked):  # which stays as it was handed out
        _lead_to_cells(edition, sections)
    content = (nbformat.writes(edition) + "\n").encode("utf-8")
    delivery = _bring(own, content, lesson, record)
    if not _is_saved_by_jupyter(worked):
        return delivery
    return replace(delivery, message=f"{delivery.message} {_sentence_on_edits(folder, lesson)}")


def _lead_to_cells(edition: "NotebookNode", sections: Callable[[str], dict[str, str]]) -> None:
    """Turns links to a heading into links to its cell, which lead to the same place in every language.

    JupyterLab finds no heading that it has not drawn yet, and none whose anchor has Chinese characters.
    """

    def to_cell(link: re.Match) -> str:
        name, section = link.groups()
        cell = sections(name).get(section)
        return f"]({name}#cell-id={cell})" if cell else link[0]

    for cell in edition.cells:
        if cell.cell_type == "markdown":
            cell.source = SECTION_LINK.sub(to_cell, cell.source)


def _cells_of_sections(lesson: Path) -> dict[str, str]:
    """Gives the anchors that JupyterLab makes of a lesson's headings, each with the id of its cell."""
    try:
        cells = read_notebook(lesson).cells
    except CourseError:  # not handed out, or somebody has damaged it
        return {}
    return {
        re.sub(r"[`*]", "", heading.strip()).replace(" ", "-"): cell.id
        for cell in cells
        if cell.cell_type == "markdown"
        for heading in re.findall(r"^#{1,6} (.+)$", cell.source, re.MULTILINE)
    }


def _is_saved_by_jupyter(worked: "NotebookNode") -> bool:
    """Whether somebody has worked on the worked edition itself, which `render` stores without a version."""
    return "version" in worked.metadata.get("language_info", {})


def _sentence_on_edits(folder: Path, lesson: Path, problem: str = "") -> str:
    """Copies what somebody has saved in the place of a worked lesson to the learner's folder, and says so."""
    place = f"{lesson.name}: somebody has changed it in {lesson.parent}"
    problem = (
        f", and it cannot be handed out now: {problem.removesuffix(way_back(lesson)).rstrip()}"
        if problem
        else "."
    )
    try:
        content = lesson.read_bytes()
    except OSError:  # not even that; the problem says why
        return f"{place}{problem} {way_back(lesson)}".rstrip()
    for number in itertools.count(1):
        kept = folder / f"{lesson.stem} (from notebooks {number}).ipynb"
        found = _read(kept)
        if found in (None, content):
            break
    if found is None:
        write_atomically(kept, content)
    kept_as = f"What is there is kept in your folder, as {kept.name!r}."
    return f"{place}{problem} {kept_as} {way_back(lesson)}".rstrip()


def _bring(own: Path, content: bytes, lesson: Path, record: "Record") -> Delivery:
    """Writes a learner's file where it is not there or nobody has touched it, else beside it."""
    found = _read(own)
    if found is None:
        record.write(own, content, lesson)
        return Delivery(own, "written", f"{own.name}: ready for you.")
    if found == content:
        record.note(own, content, lesson)
        return Delivery(own, "kept", f"{own.name}: up to date.")
    if record.is_untouched(own, found):
        record.write(own, content, lesson)
        return Delivery(own, "replaced", f"{own.name}: replaced by its new version; you had not changed it.")
    if record.was_delivered(lesson, content):
        return Delivery(own, "kept", f"{own.name}: your own work, left as it is.")
    for number in itertools.count(1):
        update = own.with_name(f"{own.stem} (update {number}).ipynb")
        found = _read(update)
        if found in (None, content) or record.is_untouched(update, found):
            break
    if found != content:
        record.write(update, content, lesson)
    record.note(update, content, lesson)
    unsure = (
        "" if record.intact else f" (The record {STATE_FILE} was missing or damaged, so it counts as yours.)"
    )
    return Delivery(
        update,
        "beside",
        f"{own.name}: the lesson has changed. Your version is left as it is; the new one is beside it, as "
        f"{update.name!r}.{unsure}",
    )


def _read(path: Path) -> bytes | None:
    """Returns the bytes of a learner's file, or None if there is none."""
    try:
        return path.read_bytes()
    except FileNotFoundError:
        if not path.is_symlink():
            return None
        reason = "it is a link to a file that does not exist"
    except OSError as error:
        reason = error.strerror or str(error)
    raise CourseError(f"{path}: this should be a lesson, but {reason}. Move it away, then run this again.")


class Record:
    """What the course wrote into a folder of somebody's: a digest per file, per lesson the last version.

    Args:
        path: Path of the file that it is kept in, in that folder.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._written, self._delivered = {}, {}
        self.intact = False
        content = _read(path)
        if content is not None:
            try:
                state = json.loads(content)
                self._written, self._delivered = dict(state["written"]), dict(state["delivered"])
                self.intact = True
            except (ValueError, KeyError, TypeError):
                pass  # then every file counts as somebody's own, and the message about it says why
        self._saved = self._as_json() if self.intact else None

    def is_untouched(self, path: Path, content: bytes) -> bool:
        """Says whether a file in the folder has what the course wrote there."""
        return self._written.get(self._name(path)) == _digest(content)

    def was_delivered(self, lesson: Path, content: bytes) -> bool:
        """Says whether this is what was last made of a lesson."""
        return self._delivered.get(lesson.name) == _digest(content)

    def write(self, path: Path, content: bytes, lesson: Path) -> None:
        """Writes a file that was made of a lesson, and notes it."""
        write_atomically(path, content)
        self.note(path, content, lesson)

    def note(self, path: Path, content: bytes, lesson: Path) -> None:
        """Notes that a file has what was made of a lesson."""
        self._written[self._name(path)] = self._delivered[lesson.name] = _digest(content)

    def save(self) -> None:
        """Keeps what was noted."""
        if self._as_json() != self._saved:
            write_atomically(self._path, self._as_json())

    def _name(self, path: Path) -> str:
        return path.relative_to(self._path.parent).as_posix()

    def _as_json(self) -> str:
        return json.dumps({"written": self._written, "delivered": self._delivered}, indent=1) + "\n"


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
