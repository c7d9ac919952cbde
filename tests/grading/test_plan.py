"""A submission is put into the assignment's own frame: only answers are taken from it."""

import copy

import nbformat
import pytest
from nbformat import v4

from course_utils import CourseError
from course_utils.grading import plan

ROLES = {"schema_version": 3, "task": False}
ANSWER = {"grade": False, "solution": True, "locked": False, **ROLES}
CHECK = {"grade": True, "solution": False, "locked": True, **ROLES}
WRITTEN = {"grade": True, "solution": True, "locked": False, "points": 2, **ROLES}


def cell(name, source, roles=None, make=v4.new_code_cell, **more):
    metadata = {"nbgrader": {"grade_id": name, **roles, **more}} if roles else {}
    return make(source, id=f"cell-{name}", metadata=metadata)


def lesson():
    return v4.new_notebook(
        cells=[
            cell("start", "import math"),
            cell(
                "ex-07-1-answer",
                "def f(x):\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION",
                ANSWER,
            ),
            cell(
                "ex-07-1-check",
                "assert f(1) == 1\n### BEGIN HIDDEN TESTS\nassert f(2) == 2\n### END HIDDEN TESTS",
                CHECK,
                points=2,
            ),
            cell("ex-07-2-answer", "g = 3", ANSWER),
            cell("ex-07-2-check", "assert g == 3", CHECK, points=1),
            cell("ex-07-3", "Because.", WRITTEN, v4.new_markdown_cell),
        ]
    )


@pytest.fixture
def made(tmp_path):
    nbformat.write(lesson(), tmp_path / "07_lesson.ipynb")
    return plan.read_plan(tmp_path / "07_lesson.ipynb")


def composed(made, cells):
    steps = plan.compose(made, v4.new_notebook(cells=cells))
    return [(step.kind, step.cell.source, step.exercise and step.exercise.number) for step in steps]


def test_a_plan_knows_its_exercises(made):
    first, second = made.exercises
    assert (first.number, first.answers, first.points, first.names) == ("7.1", ("ex-07-1-answer",), 2, {"f"})
    assert (second.number, second.names) == ("7.2", {"g"})
    assert made.written == (("ex-07-3", 2.0),)


def test_what_is_handed_in_as_it_was_is_composed_as_it_was(made):
    kinds = [kind for kind, *_ in composed(made, made.release.cells)]
    assert kinds == ["course", "answer", "check", "answer", "check", "text"]
    assert [source for _, source, _ in composed(made, made.release.cells)][2] == made.source.cells[2].source


def test_checks_points_and_roles_come_from_the_assignment(made):
    cells = copy.deepcopy(made.release.cells)
    cells[2].source, cells[2].metadata.nbgrader.points = "pass", 100
    cells[1].metadata.nbgrader.update(grade=True, points=50, locked=True)
    cells[4] = v4.new_markdown_cell(cells[4].source, metadata=cells[4].metadata)
    steps = plan.compose(made, v4.new_notebook(cells=cells))
    assert [step.cell.metadata for step in steps[1:]] == [found.metadata for found in made.source.cells[1:]]
    assert steps[2].cell.source == made.source.cells[2].source
    assert steps[4].cell.cell_type == "code"


@pytest.mark.parametrize("missing", range(1, 6))
def test_what_is_missing_stands_where_it_belongs(made, missing):
    cells = [found for place, found in enumerate(copy.deepcopy(made.release.cells)) if place != missing]
    kinds = [(kind, number) for kind, _, number in composed(made, cells)]
    assert kinds == [(kind, number) for kind, _, number in composed(made, made.release.cells)]


def test_a_helper_before_a_deleted_check_still_comes_before_it(made):
    cells = copy.deepcopy(made.release.cells)
    cells[2] = v4.new_code_cell("def helper(): pass")
    assert [kind for kind, *_ in composed(made, cells)][:4] == ["course", "answer", "own", "check"]


def test_copies_and_changed_cells_are_the_students_own(made):
    cells = copy.deepcopy(made.release.cells)
    cells[0].source += "\nimport os"
    cells += copy.deepcopy(cells[1:3])
    kinds = [kind for kind, *_ in composed(made, cells)]
    assert kinds == ["own", "answer", "check", "answer", "check", "text", "course"]


def test_pictures_in_text_stay(made):
    text = v4.new_markdown_cell("![a](attachment:a.png)", attachments={"a.png": {"image/png": "aGVsbG8="}})
    steps = plan.compose(made, v4.new_notebook(cells=[text, *made.release.cells]))
    assert steps[0].cell.attachments == text.attachments


def test_damaged_metadata_are_no_roles(made):
    for roles in (3, [], {"grade_id": ["x"]}, {"grade_id": "unknown"}):
        odd = v4.new_code_cell("1", metadata={"nbgrader": roles})
        assert composed(made, [odd, *made.release.cells])[0][0] == "own"


@pytest.mark.parametrize("what", ["shared", "no answer"])
def test_a_source_that_cannot_be_graded_is_explained(tmp_path, what):
    notebook = lesson()
    if what == "shared":
        notebook.cells[3].metadata.nbgrader.grade_id = "ex-07-1-answer"
    else:
        del notebook.cells[3]
    nbformat.write(notebook, tmp_path / "07_lesson.ipynb")
    with pytest.raises(CourseError, match=r"two cells have the grade_id|has no answer cell before it"):
        plan.read_plan(tmp_path / "07_lesson.ipynb")


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe{", "not UTF-8"),
        (b"{}", "no notebook"),
        (b"[1]", "no notebook"),
        (b"[" * 10**5, "no notebook"),
        (b'{"cells": [{}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no notebook"),
        (b"x" * (21 * 2**20), "at most 20 are read"),
    ],
)
def test_what_is_no_notebook_is_named(content, reason):
    with pytest.raises(plan.Broken, match=reason):
        plan.read_submission(content)
