"""What a student reads is in the language of the notebook, what an instructor counts in English."""

from types import SimpleNamespace

import nbformat
import pytest

from course_utils.grading.attempt import Attempt
from course_utils.grading.limits import Limits
from course_utils.grading.plan import compose, grade_id, is_as_released, read_plan, read_submission
from course_utils.grading.verdicts import Decision, State
from course_utils.lessons import languages, messages
from course_utils.places import NOTEBOOKS

LESSON = NOTEBOOKS / "00_orientation.ipynb"
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
HINT = "There is no `my_coverage`: its cell has been deleted, renamed or not run."
WORDS = {
    "There is no `{0}`: its cell has been deleted, renamed or not run.": "没有 `{0}`：单元格删了或没有运行。",
    "Exercise {0} passed: {1}.": "练习 {0} 通过：{1}。",
    "one share": "一个比例",
}


@pytest.fixture(scope="module")
def plan():
    return read_plan(LESSON)


@pytest.mark.parametrize(
    ("language", "hint", "printed"),
    [
        ("zh", "没有 `my_coverage`：单元格删了或没有运行。", "练习 0.1 通过：一个比例。\n"),
        ("en", HINT, "Exercise 0.1 passed: one share.\n"),
    ],
)
def test_a_notebook_gets_its_hints_in_its_own_language(language, hint, printed, plan, monkeypatch):
    monkeypatch.setattr(messages, "_phrasebook", lambda language, names: messages.Phrasebook(WORDS))
    handed_in = languages.translator(language)(plan.release, LESSON.stem)
    steps = compose(plan, read_submission(nbformat.writes(handed_in).encode()))
    attempt = Attempt(SimpleNamespace(limits=Limits(), plan=plan), steps)
    [exercise] = [one for one in plan.exercises if one.number == "0.1"]
    [cell] = [step.cell for step in steps if step.exercise is exercise]

    attempt._record(exercise, Decision.failed(HINT))
    assert cell.outputs[0]["evalue"] == hint
    assert attempt.verdicts[exercise.check]["hint"] == HINT
    attempt._record(exercise, Decision(State.PASSED, printed="Exercise 0.1 passed: one share.\n"))
    assert cell.outputs[0]["text"] == printed


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name[:2])
def test_a_lesson_in_chinese_that_nobody_has_worked_in_is_as_it_was_handed_out(path):
    plan = read_plan(path)
    released = plan.cells("release")
    handed_in = languages.translator("zh")(plan.release, path.stem)
    steps = compose(plan, read_submission(nbformat.writes(handed_in).encode()))
    answers = [step.cell for step in steps if step.kind == "answer"]
    assert {grade_id(cell) for cell in answers} == {name for one in plan.exercises for name in one.answers}
    for cell in answers:
        assert cell.source != released[grade_id(cell)].source
        assert is_as_released(cell.source, released[grade_id(cell)].source)
    assert not [step.cell.source for step in steps if step.kind == "own"]
