"""What of a lesson is graded, and what of a submission has to run for it."""

import ast
import copy
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

from nbformat import NotebookNode

from course_utils.errors import CourseError
from course_utils.grading import slicing
from course_utils.lessons import languages
from course_utils.lessons.editions import TEXT_STUB, clear_answers, read_notebook
from course_utils.places import ROOT

__all__ = [
    "Broken",
    "Exercise",
    "Plan",
    "Step",
    "compose",
    "grade_id",
    "is_as_released",
    "read_plan",
    "read_submission",
]

_LARGEST_FILE = 20 * 2**20
_MOST_CELLS = 2000
_CHECKS = ROOT / "course_utils" / "checks"


class Broken(Exception):
    """A submission that cannot be graded at all; the message says why."""


@dataclass(frozen=True)
class Exercise:
    """One check with the answers before it.

    Attributes:
        number: str, as the lesson numbers it ("1.2").
        check: str, grade_id of the check cell.
        answers: tuple of str, grade_ids of its answer cells.
        points: float.
        names: frozenset of str, what the answers define in the source.
    """

    number: str
    check: str
    answers: tuple[str, ...]
    points: float
    names: frozenset[str]


@dataclass(frozen=True)
class Plan:
    """A lesson as it is graded.

    Attributes:
        lesson: str, name of its file without .ipynb.
        digest: str, changes with whatever decides about points.
        source: NotebookNode, with answers and hidden tests.
        release: NotebookNode, what students were given.
        exercises: tuple of :class:`Exercise`, the automatically graded ones, in order.
        written: tuple of (grade_id, points), graded by hand.
    """

    lesson: str
    digest: str
    source: NotebookNode
    release: NotebookNode
    exercises: tuple[Exercise, ...]
    written: tuple[tuple[str, float], ...]

    def cells(self, edition: str = "source") -> dict[str, NotebookNode]:
        """Gives the graded cells of an edition by their grade_id."""
        return {
            roles["grade_id"]: cell
            for cell in getattr(self, edition).cells
            if (roles := cell.metadata.get("nbgrader"))
        }


@dataclass
class Step:
    """One cell of a submission as it is graded.

    Attributes:
        cell: NotebookNode.
        kind: str, "course" (as handed out), "own" (the student's, or changed), "answer", "check" or "text".
        exercise: :class:`Exercise` of a check, else None.
        copies: tuple of :class:`Exercise` whose check the submission repeats behind this cell.
        missing: bool, the submission does not have this cell.
        note: str, what an instructor must know of it, or "".
    """

    cell: NotebookNode
    kind: str
    exercise: Exercise | None = None
    copies: tuple[Exercise, ...] = ()
    missing: bool = False
    note: str = ""


def read_plan(path: Path) -> Plan:
    """Reads an assignment's source.

    Args:
        path: Path of a notebook with answers and hidden tests.

    Returns:
        :class:`Plan`.

    Raises:
        CourseError: when it is no notebook, two cells share a grade_id, or a check has no answer before it.
    """
    path = Path(path)
    source = read_notebook(path)
    exercises, written, answers, seen = [], [], [], set()
    for cell in source.cells:
        roles = cell.metadata.get("nbgrader", {})
        name = roles.get("grade_id")
        if name in seen:
            raise CourseError(
                f"{path}: two cells have the grade_id {name!r}; expected one of its own for each."
            )
        if name is not None:
            seen.add(name)
        if roles.get("grade") and roles.get("solution"):
            written.append((name, float(roles["points"])))
        elif roles.get("solution"):
            answers.append(cell)
        elif roles.get("grade"):
            if not answers:
                raise CourseError(f"{path}: the check {name!r} has no answer cell before it.")
            names = frozenset().union(*(slicing.names_bound(answer.source) for answer in answers))
            ids = tuple(answer.metadata.nbgrader.grade_id for answer in answers)
            exercises.append(Exercise(_number(name), name, ids, float(roles["points"]), names))
            answers = []
    graded = [[cell.source, dict(cell.metadata.get("nbgrader", {}))] for cell in source.cells]
    decisive = [json.dumps(graded, sort_keys=True).encode()]
    decisive += [module.read_bytes() for module in _modules_behind(source)]
    digest = hashlib.sha256(b"\0".join(decisive)).hexdigest()
    release = clear_answers(source)
    return Plan(path.stem, digest, source, release, tuple(exercises), tuple(written))


def _modules_behind(source: NotebookNode) -> list[Path]:
    """Gives the files of this lesson's checks, and of whatever of the course these import in turn."""
    code = "\n".join(cell.source for cell in source.cells if cell.cell_type == "code")
    waiting = [_CHECKS / f"{name}.py" for name in sorted(set(re.findall(r"\blesson_\w+", code)))]
    waiting.append(_CHECKS / "__init__.py")
    found = set()
    while waiting:
        path = waiting.pop()
        if path.is_file() and path not in found:
            found.add(path)
            waiting += _imported_by(path)
    return sorted(found)


def _imported_by(path: Path) -> list[Path]:
    names = []
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names += [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    places = [ROOT.joinpath(*name.split(".")) for name in names if name.startswith("course_utils.")]
    return [file for place in places for file in (place.with_suffix(".py"), place / "__init__.py")]


def _number(grade_id: str) -> str:
    match = re.fullmatch(r"ex-(\d+)-(\d+).*", grade_id)
    return f"{int(match[1])}.{int(match[2])}" if match else grade_id


def read_submission(content: bytes) -> NotebookNode:
    """Reads a submitted file.

    Of each cell only what is graded is kept: its text, its pictures and its grade_id. So whatever else
    another program has left out of the file or put into it does no harm.

    Args:
        content: bytes; not trusted.

    Returns:
        NotebookNode of format 4. The entry "unreadable" of its metadata counts the cells that were left out.

    Raises:
        Broken: when it is no notebook; says why.
    """
    import nbformat

    if not content.strip():
        raise Broken("the file is empty")
    if len(content) > _LARGEST_FILE:
        raise Broken(
            f"the file has {len(content) / 2**20:.0f} MB; at most {_LARGEST_FILE / 2**20:.0f} are read"
        )
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Broken(f"the file is not UTF-8 text (byte {error.start})") from error
    try:
        document = json.loads(text)
        if "worksheets" in document:
            document = nbformat.convert(nbformat.from_dict(document), 4)
        cells = list(document["cells"])
    # A file of another kind fails in as many ways as there are kinds.
    except Exception as error:
        reason = str(error).strip().split("\n")[0][:150] or type(error).__name__
        raise Broken(f"the file is no notebook ({reason})") from error
    if len(cells) > _MOST_CELLS:
        raise Broken(f"the notebook has {len(cells):,} cells; at most {_MOST_CELLS:,} are read")
    readable = [cell for cell in map(_readable, cells) if cell]
    if cells and not readable:
        raise Broken("the file is no notebook (none of its cells can be read)")
    metadata = {"unreadable": len(cells) - len(readable)}
    return nbformat.from_dict({"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": readable})


def _readable(cell: object) -> dict | None:
    """Gives what is graded of a cell, None where there is nothing that can be read."""
    if not isinstance(cell, dict) or cell.get("cell_type") not in ("code", "markdown", "raw"):
        return None
    source = cell.get("source")
    lines = source if isinstance(source, list) else [source]
    if not all(isinstance(line, str) for line in lines):
        return None
    # JSON can hold letters that no file can.
    text = "".join(lines).encode("utf-8", "replace").decode("utf-8")
    metadata = cell.get("metadata")
    roles = metadata.get("nbgrader") if isinstance(metadata, dict) else None
    name = roles.get("grade_id") if isinstance(roles, dict) else None
    kept = {"nbgrader": {"grade_id": name}} if isinstance(name, str) else {}
    pictures = cell.get("attachments")
    pictures = {"attachments": pictures} if _are_pictures(pictures) else {}
    return {"cell_type": cell["cell_type"], "source": text, "metadata": kept, **pictures}


def _are_pictures(attachments: object) -> bool:
    return isinstance(attachments, dict) and all(
        isinstance(bundle, dict) and all(isinstance(data, str) for data in bundle.values())
        for bundle in attachments.values()
    )


def compose(plan: Plan, submission: NotebookNode) -> list[Step]:
    """Puts a student's answers into the lesson's own frame.

    Answers are taken by their grade_id; checks, points and roles come from the assignment, so that what was
    done to them in the submission does not count. A check stands where the submission has it, or else behind
    its answer, before the next exercise. Nothing that a student has written is lost: copies of graded cells
    and what was added to a check stay as cells of the student's own.

    Args:
        plan: :class:`Plan`.
        submission: NotebookNode.

    Returns:
        list of :class:`Step`.
    """
    frame = _Frame(plan)
    for cell in submission.cells:
        frame.add(cell)
    frame.insert_missing()
    return frame.steps


class _Frame:
    """The lesson's own cells, filled with a student's one after the other."""

    def __init__(self, plan: Plan) -> None:
        self.steps: list[Step] = []
        self._originals, self._released = plan.cells(), plan.cells("release")
        self._handed_out = {
            slicing.what_runs(cell.source) for cell in plan.release.cells if cell.cell_type == "code"
        }
        self._checks = {exercise.check: exercise for exercise in plan.exercises}
        self._answers = {name for exercise in plan.exercises for name in exercise.answers}
        self._written = {name for name, _ in plan.written}
        self._placed: dict[str, Step] = {}

    def add(self, cell: NotebookNode) -> None:
        """Adds a cell of the submission."""
        name = grade_id(cell)
        if name in self._checks:
            self._add_check(name, cell)
        elif name in self._originals and name not in self._placed:
            self._place(name, cell.source)
        elif name in self._written:
            self._add_second_text(name, cell)
        else:
            self.steps.append(_ordinary(cell, self._handed_out))

    def _place(self, name: str, source: str) -> None:
        self._placed[name] = self._official(name, source)
        self.steps.append(self._placed[name])

    def _official(self, name: str, source: str) -> Step:
        """Makes a cell of the assignment, with the student's text in it if it is an answer."""
        cell = copy.deepcopy(self._originals[name])
        exercise = self._checks.get(name)
        if exercise is None:
            cell.source = source
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
        kind = "check" if exercise else "answer" if name in self._answers else "text"
        return Step(cell, kind, exercise)

    def _add_check(self, name: str, cell: NotebookNode) -> None:
        """Places a check, or a copy of it, behind the definitions that a student has put into its cell."""
        released = self._released[name].source
        added = slicing.names_bound(cell.source).keys() - slicing.names_bound(released).keys()
        if cell.cell_type == "code" and added:
            self.steps.append(_ordinary(cell, self._handed_out))
        if name in self._placed:
            self.steps[-1].copies += (self._checks[name],)
        else:
            self._place(name, cell.source)

    def _add_second_text(self, name: str, cell: NotebookNode) -> None:
        """Keeps a written answer in a copy of its cell, in the first one if that was left as it was."""
        first = self._placed[name].cell
        empty = {self._released[name].source.strip(), "", *languages.spellings(TEXT_STUB)}
        text = cell.source.strip()
        if text in empty or text == first.source.strip():
            return
        if first.source.strip() in empty:
            first.source = cell.source
            if cell.get("attachments"):
                first.attachments = cell.attachments
            return
        second = _ordinary(NotebookNode(cell, cell_type="markdown"), self._handed_out)
        second.note = f"{name} is answered in two cells: read both before you grade it by hand"
        self.steps.append(second)

    def insert_missing(self) -> None:
        """Adds the cells that a submission lacks, each before what comes after it in the assignment."""
        order = list(self._originals)
        present = set(self._placed)
        for place in reversed(range(len(order))):
            name = order[place]
            if name in present:
                continue
            after = set(order[place + 1 :])
            position = next(
                (i for i, step in enumerate(self.steps) if grade_id(step.cell) in after),
                len(self.steps),
            )
            step = self._official(name, self._released[name].source)
            step.missing = True
            self.steps.insert(position, step)


def grade_id(cell: NotebookNode) -> str | None:
    """Gives what identifies a graded cell; None for any other."""
    roles = cell.metadata.get("nbgrader")
    name = roles.get("grade_id") if isinstance(roles, dict) else None
    return name if isinstance(name, str) else None


def is_as_released(source: str, released: str) -> bool:
    """Says whether an answer's cell runs as it was handed out, whatever its comments and docstrings say.

    Args:
        source: str, of the submission.
        released: str, of the release.

    Returns:
        bool.
    """
    return slicing.what_runs(source) == slicing.what_runs(released)


def _ordinary(cell: NotebookNode, handed_out: set[str]) -> Step:
    import nbformat.v4

    if cell.cell_type == "code":
        kind = "course" if slicing.what_runs(cell.source) in handed_out else "own"
        return Step(nbformat.v4.new_code_cell(cell.source), kind)
    make = nbformat.v4.new_markdown_cell if cell.cell_type == "markdown" else nbformat.v4.new_raw_cell
    pictures = {"attachments": cell.attachments} if cell.get("attachments") else {}
    return Step(make(cell.source, **pictures), "text")
