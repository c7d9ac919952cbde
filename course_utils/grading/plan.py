"""What of a lesson is graded, and what of a submission has to run for it."""

import copy
import hashlib
import json
import re
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading import slicing
from course_utils.lessons.editions import clear_answers, read_notebook

__all__ = ["Broken", "Exercise", "Plan", "Step", "compose", "read_plan", "read_submission"]

_LARGEST_FILE = 20 * 2**20


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
    answers: tuple
    points: float
    names: frozenset


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
    source: object
    release: object
    exercises: tuple
    written: tuple

    def cells(self, edition="source"):
        """Return the graded cells of an edition by their grade_id."""
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
    """

    cell: object
    kind: str
    exercise: object = field(default=None)


def read_plan(path):
    """Read an assignment's source.

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
    checks = Path(__file__).parents[1] / "checks"
    decisive = [json.dumps(graded, sort_keys=True).encode()]
    decisive += [module.read_bytes() for module in sorted(checks.glob("*.py"))]
    digest = hashlib.sha256(b"\0".join(decisive)).hexdigest()
    release = clear_answers(source)
    return Plan(path.stem, digest, source, release, tuple(exercises), tuple(written))


def _number(grade_id):
    match = re.fullmatch(r"ex-(\d+)-(\d+).*", grade_id)
    return f"{int(match[1])}.{int(match[2])}" if match else grade_id


def read_submission(content):
    """Read a submitted file.

    Args:
        content: bytes; not trusted.

    Returns:
        NotebookNode of format 4.

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
        notebook = nbformat.reads(text, as_version=4)
        nbformat.validate(notebook, relax_add_props=True)
        cells = notebook.cells
        for cell in cells:
            cell.source.encode("utf-8")  # JSON can hold letters that no file can
    # A file of another kind fails in as many ways as there are kinds.
    except Exception as error:
        reason = str(error).strip().split("\n")[0][:150] or type(error).__name__
        raise Broken(f"the file is no notebook ({reason})") from error
    return notebook


def compose(plan, submission):
    """Put a student's answers into the lesson's own frame.

    Answers are taken by their grade_id; checks, points and roles come from the assignment, so that what was
    done to them in the submission does not count. A check stands where the submission has it, or else behind
    its answer, before the next exercise.

    Args:
        plan: :class:`Plan`.
        submission: NotebookNode.

    Returns:
        list of :class:`Step`.
    """
    originals, released = plan.cells(), plan.cells("release")
    handed_out = {cell.source.strip() for cell in plan.release.cells if cell.cell_type == "code"}
    checks = {exercise.check: exercise for exercise in plan.exercises}
    answers = {name for exercise in plan.exercises for name in exercise.answers}
    steps, placed = [], set()
    for cell in submission.cells:
        name = _grade_id(cell)
        if name in originals and name not in placed:
            placed.add(name)
            steps.append(_official(originals[name], cell.source, checks.get(name), name in answers))
        elif name not in originals or name in answers:
            # The copy of an answer is an ordinary cell; that of a check or a written answer is dropped.
            steps.append(_ordinary(cell, handed_out))
    _insert_missing(plan, steps, placed, originals, released, checks, answers)
    return steps


def _grade_id(cell):
    roles = cell.metadata.get("nbgrader")
    name = roles.get("grade_id") if isinstance(roles, dict) else None
    return name if isinstance(name, str) else None


def _official(original, source, exercise, is_answer):
    """A cell of the assignment, with the student's text in it if it is an answer."""
    cell = copy.deepcopy(original)
    if exercise is None:
        cell.source = source
    if cell.cell_type == "code":
        cell.outputs, cell.execution_count = [], None
    kind = "check" if exercise else "answer" if is_answer else "text"
    return Step(cell, kind, exercise)


def _ordinary(cell, handed_out):
    import nbformat.v4

    if cell.cell_type == "code":
        kind = "course" if cell.source.strip() in handed_out else "own"
        return Step(nbformat.v4.new_code_cell(cell.source), kind)
    make = nbformat.v4.new_markdown_cell if cell.cell_type == "markdown" else nbformat.v4.new_raw_cell
    pictures = {"attachments": cell.attachments} if cell.get("attachments") else {}
    return Step(make(cell.source, **pictures), "text")


def _insert_missing(plan, steps, placed, originals, released, checks, answers):
    """Add the cells that a submission lacks, each before what comes after it in the assignment."""
    order = list(originals)
    for place in reversed(range(len(order))):
        name = order[place]
        if name in placed:
            continue
        after = set(order[place + 1 :])
        position = next(
            (i for i, step in enumerate(steps) if _grade_id(step.cell) in after),
            len(steps),
        )
        empty = released[name].source
        steps.insert(position, _official(originals[name], empty, checks.get(name), name in answers))
