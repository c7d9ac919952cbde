"""A submission is put into the assignment's own frame: only answers are taken from it."""

import copy
import json

import nbformat
import pytest
from nbformat import v4

from course_utils import CourseError
from course_utils.grading import plan, slicing
from course_utils.lessons import languages
from course_utils.lessons.translation import COURSE_SENTENCES, translated
from course_utils.places import NOTEBOOKS

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
                'def f(x):\n    """Gives x."""\n    ### BEGIN SOLUTION\n    return x\n    ### END SOLUTION',
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


def test_what_was_put_into_a_checks_cell_stays_as_the_students_own(made):
    cells = copy.deepcopy(made.release.cells)
    cells[2].source = "def f(x):\n    return x\n" + cells[2].source
    assert [kind for kind, *_ in composed(made, cells)][:4] == ["course", "answer", "own", "check"]
    # A check that was only changed is the assignment's again.
    cells[2].source = "print('passed')"
    assert [kind for kind, *_ in composed(made, cells)][:4] == ["course", "answer", "check", "answer"]


def test_a_copy_of_a_check_is_a_place_to_decide(made):
    cells = copy.deepcopy(made.release.cells)
    cells += [v4.new_code_cell("1"), copy.deepcopy(cells[2])]
    steps = plan.compose(made, v4.new_notebook(cells=cells))
    assert [exercise.number for exercise in steps[-1].copies] == ["7.1"]
    assert sum(len(step.copies) for step in steps) == 1


def test_a_missing_cell_is_known_to_be_missing(made):
    steps = plan.compose(made, v4.new_notebook(cells=made.release.cells[:1] + made.release.cells[2:]))
    assert [step.missing for step in steps] == [False, True, False, False, False, False]


@pytest.mark.parametrize(
    ("texts", "kept", "notes"),
    [
        (["YOUR ANSWER HERE", "Mine."], ["Mine."], 0),
        (["Mine.", "YOUR ANSWER HERE"], ["Mine."], 0),
        (["Mine.", "Mine. "], ["Mine."], 0),
        (["Mine.", "Better."], ["Mine.", "Better."], 1),
        (["", "One.", "Two."], ["One.", "Two."], 1),
        (["One.", "Two.", "Three."], ["One.", "Two.", "Three."], 2),
    ],
)
@pytest.mark.parametrize("make", [v4.new_markdown_cell, v4.new_code_cell])
def test_a_second_written_answer_is_kept(made, texts, kept, notes, make):
    written = [make(text, metadata={"nbgrader": {"grade_id": "ex-07-3", **WRITTEN}}) for text in texts]
    steps = plan.compose(made, v4.new_notebook(cells=[*made.release.cells[:-1], *written]))[5:]
    assert [step.cell.source for step in steps] == kept
    assert [step.cell.cell_type for step in steps] == ["markdown"] * len(kept)
    assert sum("ex-07-3 is answered in two cells" in step.note for step in steps) == notes


CODE = {
    "cell_type": "code",
    "source": ["a = 1\n", "b"],
    "metadata": {},
    "outputs": [],
    "execution_count": None,
}
ROLE = {"nbgrader": {"grade_id": "ex-07-1-answer", "solution": True, "schema_version": "x"}}


def submitted(*cells, **more):
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}, **more}).encode()


def without_key(key):
    return {name: value for name, value in CODE.items() if name != key}


@pytest.mark.parametrize(
    "cell",
    [
        *(without_key(key) for key in ("outputs", "execution_count", "metadata")),
        *({**CODE, "id": name} for name in ("a.b", "", "x" * 200, None, 3, "ä b")),
        {**CODE, "source": "a = 1\nb"},
        {**CODE, "metadata": None},
        {**CODE, "metadata": []},
        {**CODE, "metadata": {"tags": 3, "nbgrader": 5, "collapsed": "x"}},
        {**CODE, "outputs": [{"output_type": "unknown"}]},
        {**CODE, "outputs": "none", "execution_count": "3"},
        {**CODE, "attachments": [1], "prompt_number": 3, "language": "python"},
    ],
)
def test_a_readable_cell_is_read_whatever_else_is_odd(cell):
    notebook = plan.read_submission(submitted(cell, cell))
    assert [one.source for one in notebook.cells] == ["a = 1\nb"] * 2
    assert notebook.metadata.unreadable == 0
    nbformat.validate(v4.new_notebook(cells=[v4.new_code_cell(one.source) for one in notebook.cells]))


def test_what_cannot_be_read_is_left_out_and_counted(made):
    odd = [
        {},
        3,
        None,
        {"cell_type": "code"},
        {"cell_type": "widget", "source": "x"},
        {**CODE, "source": [1]},
    ]
    notebook = plan.read_submission(submitted(*odd, {**CODE, "metadata": ROLE}))
    assert ([one.source for one in notebook.cells], notebook.metadata.unreadable) == (["a = 1\nb"], 6)
    answer = plan.compose(made, notebook)[0]
    assert (answer.kind, answer.cell.source) == ("answer", "a = 1\nb")


@pytest.mark.parametrize(
    "more", [{"metadata": 3}, {"nbformat_minor": 0}, {"nbformat_minor": 99}, {"nbformat": "4"}, {"extra": {}}]
)
def test_an_odd_frame_does_no_harm(more):
    assert plan.read_submission(submitted(CODE, **more)).cells[0].source == "a = 1\nb"


def test_letters_that_no_file_can_hold_are_replaced():
    notebook = plan.read_submission(submitted({**CODE, "source": "a = '\ud800'"}))
    assert notebook.cells[0].source == "a = '?'"


def test_pictures_are_read_and_what_is_none_is_not():
    text = {"cell_type": "markdown", "source": "x", "metadata": {}}
    good = {"a.png": {"image/png": "aGVsbG8="}}
    notebook = plan.read_submission(
        submitted({**text, "attachments": good}, {**text, "attachments": {"a": 3}})
    )
    assert [one.get("attachments") for one in notebook.cells] == [good, None]


def test_a_notebook_of_the_old_format_is_read():
    sheet = {"cells": [{"cell_type": "code", "input": "a = 1", "language": "python", "outputs": []}]}
    old = {"nbformat": 3, "nbformat_minor": 0, "metadata": {}, "worksheets": [sheet]}
    assert plan.read_submission(json.dumps(old).encode()).cells[0].source == "a = 1"


def test_too_many_cells_are_refused():
    with pytest.raises(plan.Broken, match="has 30,000 cells; at most 2,000 are read"):
        plan.read_submission(submitted(*[CODE] * 30_000))


def test_a_digest_depends_on_the_lessons_own_checks(tmp_path, monkeypatch):
    checks = tmp_path / "course_utils" / "checks"
    checks.mkdir(parents=True)
    features = tmp_path / "course_utils" / "features"
    features.mkdir()
    texts = {
        checks / "__init__.py": "from course_utils.stubs import is_cell",
        checks / "lesson_07.py": "from course_utils.features import rnn",
        checks / "lesson_08.py": "import course_utils.training",
        features / "__init__.py": "",
        features / "rnn.py": "def f():\n    from course_utils import files",
        features / "cnn.py": "",
        tmp_path / "course_utils" / "stubs.py": "",
        tmp_path / "course_utils" / "files.py": "",
        tmp_path / "course_utils" / "training.py": "",
    }
    for path, text in texts.items():
        path.write_text(text)
    monkeypatch.setattr(plan, "ROOT", tmp_path)
    monkeypatch.setattr(plan, "_CHECKS", checks)
    notebook = lesson()
    notebook.cells[0].source = "from course_utils.checks import lesson_07 as check"
    nbformat.write(notebook, tmp_path / "07_lesson.ipynb")
    before = plan.read_plan(tmp_path / "07_lesson.ipynb").digest
    changing = set()
    for path, text in texts.items():
        path.write_text(text + "\n# changed")
        if plan.read_plan(tmp_path / "07_lesson.ipynb").digest != before:
            changing.add(path.name if path.parent != features else f"features/{path.name}")
        path.write_text(text)
    own = {"__init__.py", "lesson_07.py", "stubs.py", "files.py", "features/__init__.py", "features/rnn.py"}
    assert changing == own


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "empty"),
        (b" \n", "empty"),
        (b"\xff\xfe{", "not UTF-8"),
        (b"{}", "no notebook"),
        (b"[1]", "no notebook"),
        (b"[" * 10**5, "no notebook"),
        (b'{"cells": 3}', "no notebook"),
        (b'{"cells": null, "nbformat": 4}', "no notebook"),
        (b'{"cells": [{}], "nbformat": 4, "nbformat_minor": 5, "metadata": {}}', "no notebook"),
        (b"x" * (21 * 2**20), "at most 20 are read"),
    ],
)
def test_what_is_no_notebook_is_named(content, reason):
    with pytest.raises(plan.Broken, match=reason):
        plan.read_submission(content)


COMMENTED = """# Made up,
# both.
x = 1  # one
if x:
    # Never.
    def y():
        '''Gives 2.'''
        return 2
""".replace("'''", '"""')


def in_chinese(notebook):
    """Every paragraph, comment and docstring in other words; the stubs as the Chinese edition has them."""
    stubs = {
        sentence: next(iter(languages.spellings(sentence) - {sentence})) for sentence in COURSE_SENTENCES
    }
    return translated(notebook, lambda passage: stubs.get(passage.text, "别的话。"))


def test_a_translated_edition_is_composed_as_it_was(made):
    made.release.cells[0].source = made.source.cells[0].source = COMMENTED
    chinese = in_chinese(made.release)
    assert [cell.source for cell in chinese.cells] != [cell.source for cell in made.release.cells]
    kinds = [kind for kind, *_ in composed(made, chinese.cells)]
    assert kinds == ["course", "answer", "check", "answer", "check", "text"]
    answers = [cell for cell in chinese.cells if cell.metadata.get("nbgrader", {}).get("solution")]
    released = made.cells("release")
    assert all(plan.is_as_released(cell.source, released[plan.grade_id(cell)].source) for cell in answers[:2])
    chinese.cells[0].source = chinese.cells[0].source.replace("x = 1", "x = 2")
    answers[0].source += "\n    return x"
    assert composed(made, chinese.cells)[0][0] == "own"
    assert not plan.is_as_released(answers[0].source, released[plan.grade_id(answers[0])].source)


STUB = 'def f(x):\n    """Gives x."""\n    # YOUR CODE HERE\n    raise NotImplementedError()'


@pytest.mark.parametrize(
    ("old", "new", "as_released"),
    [
        ("Gives x.", "给出 x。", True),
        ('    """Gives x."""\n', "", True),
        ("# YOUR CODE HERE", "# 我还在想。", True),
        ("NotImplementedError()", 'NotImplementedError("x")', False),
        ("raise NotImplementedError()", "return x", False),
        ("raise NotImplementedError()", "return x  # (", False),
        ("raise NotImplementedError()", "return (", False),
        (STUB, "", False),
    ],
)
def test_an_answer_is_as_released_while_its_code_is(old, new, as_released):
    assert plan.is_as_released(STUB.replace(old, new), STUB) == as_released


def test_a_written_answer_that_nobody_has_written_is_known_in_chinese(made):
    stub = in_chinese(made.release).cells[-1]
    mine = copy.deepcopy(stub)
    mine.source = "我的回答。"
    for cells in ([stub, mine], [mine, stub]):
        steps = plan.compose(made, v4.new_notebook(cells=cells))
        assert [step.cell.source for step in steps if step.kind == "text"] == ["我的回答。"]


@pytest.mark.parametrize("number", ["00", "04"])
def test_answers_in_a_chinese_lesson_are_composed_as_those_in_an_english_one(number):
    made = plan.read_plan(next(NOTEBOOKS.glob(f"{number}_*.ipynb")))
    answered = copy.deepcopy(made.release)
    for cell in answered.cells:
        if plan.grade_id(cell):
            cell.source = made.cells()[plan.grade_id(cell)].source
    english, chinese = composed(made, answered.cells), composed(made, in_chinese(answered).cells)
    assert [(kind, number) for kind, _, number in english] == [(kind, number) for kind, _, number in chinese]
    for kind, what_counts in (("check", str), ("answer", slicing.what_runs)):
        ours, theirs = (
            [what_counts(source) for found, source, _ in steps if found == kind]
            for steps in (english, chinese)
        )
        assert ours == theirs
