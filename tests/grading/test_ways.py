"""What passes in a student's own notebook, run from top to bottom, passes in grading, wherever it stands."""

import copy
import json
import re

import nbformat
import pytest
from nbformat import v4

from course_utils.grading import attempt, plan, referee
from course_utils.grading.limits import Limits
from course_utils.grading.sandbox import Sandbox, SandboxGone
from course_utils.grading.verdicts import State

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("isolation")]

LIMITS = Limits(cell_seconds=6, call_seconds=3, total_seconds=60, memory=2**30, disk=32 * 2**20, restarts=6)
ROLES = {"schema_version": 3, "task": False}
ANSWER = {"grade": False, "solution": True, "locked": False, **ROLES}
CHECK = {"grade": True, "solution": False, "locked": True, "points": 1, **ROLES}
WRITTEN = {"grade": True, "solution": True, "locked": False, "points": 2, **ROLES}
A, CHECK_A, B, CHECK_B, TEXT = "ex-07-1-answer", "ex-07-1-check", "ex-07-2-answer", "ex-07-2-check", "ex-07-3"

STUB = "def my_double(x):\n    # YOUR CODE HERE\n    raise NotImplementedError()\n"
RIGHT = "def my_double(x):\n    return 2 * x\n"
WRONG = "def my_double(x):\n    return 3 * x\n"
CALL = "assert my_double(2) == 4"


def cell(source, name=None, roles=None, make=v4.new_code_cell):
    return make(source, metadata={"nbgrader": {"grade_id": name, **roles}} if roles else {})


def solution(line, before=""):
    return f"{before}    ### BEGIN SOLUTION\n    {line}\n    ### END SOLUTION"


def source():
    hidden = "\n### BEGIN HIDDEN TESTS\nassert my_double(0.5) == 1\n### END HIDDEN TESTS"
    return v4.new_notebook(
        cells=[
            cell("factor = 1 + 1"),
            cell(solution("return 2 * x", "def my_double(x):\n"), A, ANSWER),
            cell(CALL + hidden, CHECK_A, CHECK),
            cell(solution("return x // 2", "def my_half(x):\n"), B, ANSWER),
            cell("assert my_half(8) == 4", CHECK_B, CHECK),
            cell("Because.", TEXT, WRITTEN, v4.new_markdown_cell),
        ]
    )


@pytest.fixture(scope="module")
def judge(tmp_path_factory):
    """A referee for a small lesson, and that lesson as it is handed out."""
    path = tmp_path_factory.mktemp("lesson") / "07_lesson.ipynb"
    nbformat.write(source(), path)
    lesson = plan.read_plan(path)
    return referee.Referee(lesson, LIMITS), lesson.release


def graded(judge, change):
    """The result for the release with a function's changes to its list of cells."""
    made, release = judge
    notebook = copy.deepcopy(release)
    change(notebook.cells)
    return made.grade(nbformat.writes(v4.new_notebook(cells=notebook.cells)).encode())


def first(result):
    return result["verdicts"][0]


def own(text):
    return cell(text)


def as_answer(text):
    return cell(text, A, ANSWER)


def as_check(text):
    return cell(text, CHECK_A, CHECK)


def replaced(answer, *below, place=1):
    """Other text in the answer's cell, if any, and cells right below it."""

    def change(cells):
        cells[1].source = answer
        cells[1 + place : 1 + place] = list(below)

    return change


def at_the_end(answer, *cells_there):
    def change(cells):
        cells[1].source = answer
        cells += list(cells_there)

    return change


def above(answer, *cells_there):
    def change(cells):
        cells[1].source = answer
        cells[1:1] = list(cells_there)

    return change


def without_answer(*instead):
    def change(cells):
        cells[1:2] = list(instead)

    return change


def stripped(cells):
    cells[1].source = RIGHT
    for one in cells:
        one.metadata = {}


def in_the_check(cells):
    cells[2].source = RIGHT + cells[2].source


def in_a_copied_check(cells):
    cells.insert(3, as_check(RIGHT + CALL))


def in_the_other_answer(cells):
    cells[3].source = f"{RIGHT}\ndef my_half(x):\n    return x // 2\n"
    del cells[1]


def check_first(cells):
    cells[1].source = RIGHT
    cells[1], cells[2] = cells[2], cells[1]
    cells.insert(3, own("my_double(4)"))


def markdown_in_place(cells):
    cells[1] = cell(RIGHT, A, ANSWER, v4.new_markdown_cell)


WAYS = {
    "in its cell": replaced(RIGHT),
    "a copy of the cell below the stub": replaced(STUB, as_answer(RIGHT)),
    "a copy of the cell above the stub": above(STUB, own(RIGHT)),
    "the cell split in two": replaced(
        "def helper(x):\n    return 2 * x", as_answer("def my_double(x):\n    return helper(x)")
    ),
    "split the other way": replaced(
        "def my_double(x):\n    return helper(x)", own("def helper(x):\n    return 2 * x")
    ),
    "a new cell below the stub": replaced(STUB, own(RIGHT)),
    "a new cell below the check": replaced(STUB, own(RIGHT), place=2),
    "at the end": at_the_end(STUB, own(RIGHT)),
    "at the end, with a copy of the check": at_the_end(STUB, own(RIGHT), as_check(CALL), own(WRONG)),
    "corrected below": replaced(WRONG, own(RIGHT)),
    "corrected below the check": replaced(WRONG, own(RIGHT), as_check(CALL), place=2),
    "corrected twice": replaced(WRONG, own(WRONG), as_answer(WRONG), own(RIGHT)),
    "spoilt after its check": at_the_end(RIGHT, own(WRONG)),
    "wrapped below": replaced(
        "def my_double(x):\n    return x",
        own("inner = my_double\ndef my_double(x):\n    return 2 * inner(x)"),
    ),
    "a decorator from below": replaced(WRONG, own("my_double = (lambda f: lambda x: x + x)(my_double)")),
    "in place of its cell": without_answer(own(RIGHT)),
    "an assignment in place of its cell": without_answer(own("double = lambda x: 2 * x\nmy_double = double")),
    "in the cell of the check": in_the_check,
    "in a copy of the check": in_a_copied_check,
    "in the other answer's cell": in_the_other_answer,
    "all metadata gone": stripped,
    "the cell turned into text": markdown_in_place,
    "the check before the answer": check_first,
    "a file written by a cell": above(
        "from my_answers import my_double",
        own("%%writefile my_answers.py\ndef my_double(x):\n    return 2 * x"),
    ),
    "a file read by the answer": above(
        "def my_double(x):\n    return int(open('factor.txt').read()) * x",
        own("with open('factor.txt', 'w') as file:\n    file.write('2')"),
    ),
    "a module run by a magic": above(
        "%run answers.py", own("%%writefile answers.py\nmy_double = lambda x: 2 * x")
    ),
    "by exec": replaced(STUB, own("exec('def my_' + 'double(x): return 2 * x')")),
    "by globals": replaced(STUB, own("globals()['my_' + 'double'] = lambda x: 2 * x")),
    "a value of the lesson, changed": above(
        "def my_double(x):\n    return x * settings['factor']",
        own("settings = {}"),
        own("def change(d):\n    d['factor'] = 2\nchange(settings)"),
    ),
    "a value of the lesson": replaced("def my_double(x):\n    return factor * x"),
    "a class": above(
        "my_double = Doubler().double", own("class Doubler:\n    def double(self, x):\n        return 2 * x")
    ),
    "after a magic": replaced("%matplotlib inline\n" + RIGHT),
    "after many magics": replaced("%load_ext autoreload\n%autoreload 2\n!ls\n%autosave 0\n%gui\n" + RIGHT),
    "behind a timer": replaced("%%time\n" + RIGHT),
    "beside what a kernel has": replaced(
        RIGHT + "display(get_ipython().__class__.__name__)\nimport asyncio\nawait asyncio.sleep(0)\nexit"
    ),
    "above a cell that asks": replaced(RIGHT, own("name = input('Your name?')")),
}


@pytest.mark.parametrize("name", WAYS)
def test_a_right_answer_passes(judge, name):
    result = graded(judge, WAYS[name])
    assert (first(result)["state"], first(result)["hint"], first(result)["earned"]) == ("passed", "", 1)
    cells = [one["source"] for one in result["cells"]]
    assert any("double" in text or "my_answers" in text or "%run" in text for text in cells)


NOTHING = {
    "blank": (lambda cells: None, State.UNTOUCHED, "is still empty"),
    "its cell deleted": (without_answer(), State.UNTOUCHED, "is still empty"),
    "named in a remark": (replaced(STUB, own("# my_double comes later")), State.UNTOUCHED, "is still empty"),
    "wrong": (replaced(WRONG), State.FAILED, "further test"),
    "wrong below the stub": (replaced(STUB, own(WRONG)), State.FAILED, "further test"),
    "a prepared stub below": (replaced(WRONG, own(STUB), place=2), State.FAILED, "further test"),
    "under another name": (without_answer(own("def double(x):\n    return 2 * x")), State.UNTOUCHED, "empty"),
    "renamed": (replaced("def my_doble(x):\n    return 2 * x"), State.FAILED, "There is no `my_double`"),
    "half written": (
        replaced("def my_double(x):\n    if x > 0:\n        raise NotImplementedError()\n    return x"),
        State.FAILED,
        "NotImplementedError",
    ),
    "says it is empty": (
        replaced("def my_double(x):\n    raise NotImplementedError('is still empty')"),
        State.FAILED,
        "is still empty",
    ),
    "says it is by hand": (
        replaced("def my_double(x):\n    raise ValueError('it is not graded automatically')"),
        State.FAILED,
        "is not graded automatically",
    ),
    "raises at the top": (replaced("raise ValueError('is still empty')"), State.FAILED, "ValueError"),
    "a forged state": (
        replaced(
            "class StillEmpty(AssertionError): pass\nclass EmptyAnswer(StillEmpty): pass\n"
            "def my_double(x):\n    raise EmptyAnswer('x')"
        ),
        State.FAILED,
        "EmptyAnswer",
    ),
}


@pytest.mark.parametrize("name", NOTHING)
def test_what_is_no_right_answer_has_its_state(judge, name):
    change, state, hint = NOTHING[name]
    verdict = first(graded(judge, change))
    assert (verdict["state"], verdict["earned"]) == (state, 0)
    assert hint in verdict["hint"]
    assert json.loads(json.dumps(verdict))["state"] == state.value


def test_what_passes_or_is_blank_runs_no_further_cell(judge, monkeypatch):
    runs = []
    go_through = attempt.Attempt._go_through

    def counted(one, sources, trials):
        runs.append(sum(map(bool, sources)))
        go_through(one, sources, trials)

    monkeypatch.setattr(attempt.Attempt, "_go_through", counted)

    def both(cells):
        cells[1].source, cells[3].source = RIGHT, "def my_half(x):\n    return x // 2"
        cells.insert(1, own("import math\nmath.pi"))

    assert [one["state"] for one in graded(judge, both)["verdicts"]] == ["passed"] * 2
    assert runs == [2]
    runs.clear()
    graded(judge, lambda cells: None)
    assert runs == [0]


def test_two_sleeping_answers_leave_the_others_their_time(tmp_path):
    notebook = source()
    for number, name in enumerate(("my_third", "my_fourth"), 4):
        made = solution(f"return x // {number - 1}", f"def {name}(x):\n")
        notebook.cells[1:1] = [
            cell(made, f"ex-07-{number}-answer", ANSWER),
            cell(f"assert {name}(24) == {24 // (number - 1)}", f"ex-07-{number}-check", CHECK),
        ]
    nbformat.write(notebook, tmp_path / "07_lesson.ipynb")
    lesson = plan.read_plan(tmp_path / "07_lesson.ipynb")
    made = referee.Referee(lesson, Limits(cell_seconds=3, call_seconds=3, total_seconds=5, memory=2**30))
    sleeping = copy.deepcopy(notebook)
    for place in (1, 3):
        name = sleeping.cells[place].source.partition("(")[0].removeprefix("def ")
        sleeping.cells[place].source = f"import time\ndef {name}(x):\n    time.sleep(1000)\n"
    states = [one["state"] for one in made.grade(nbformat.writes(sleeping).encode())["verdicts"]]
    assert states == ["failed", "failed", "passed", "passed"]


def test_many_short_naps_are_stopped_together(judge):
    naps = "import time\ndef my_double(x):\n    time.sleep(1)\n    return 2 * x\n"
    assert first(graded(judge, replaced(naps)))["state"] == "passed"
    made, _ = judge
    check = "for _ in range(9):\n    assert my_double(1) == 2"
    exercise = made.plan.exercises[0]
    with Sandbox(LIMITS) as sandbox:
        sandbox.send({"do": "start", "quick": True, "output": 1000}, seconds=60)
        sandbox.send({"do": "run", "source": naps}, seconds=5)
        with pytest.raises(SandboxGone, match="6 seconds together"):
            made.decide(exercise, check, sandbox, "")


@pytest.mark.parametrize(
    ("answer", "note"),
    [
        ("from scipy.special import softmax as my_double", "scipy.special"),
        ("import numpy as np\nmy_double = np.abs", "numpy.absolute"),
        (
            "from course_utils.preprocessing import audio\ndef my_double(x):\n    return audio.stft(x)",
            "course_utils.preprocessing.audio.stft",
        ),
        (
            "import functools\nfrom scipy import linalg\nmy_double = functools.partial(linalg.norm, ord=2)",
            "norm",
        ),
        (
            "import scipy.signal\ndef my_double(x):\n    from scipy import signal\n    return signal.stft(x)",
            "stft",
        ),
        ("import scipy.signal\nf = scipy.signal.stft\nmy_double = lambda x: f(x)", "stft"),
        ("import numpy as np\ndef my_double(x):\n    return np.add(x, x)", ""),
        (RIGHT, ""),
    ],
)
def test_a_librarys_own_function_is_noted(judge, answer, note):
    made, _ = judge
    with Sandbox(LIMITS) as sandbox:
        sandbox.send({"do": "start", "quick": True, "output": 1000}, seconds=60)
        sandbox.send({"do": "run", "source": answer}, seconds=30)
        said = made.note(made.plan.exercises[0], sandbox)
    assert said.startswith("uses the library's own function: " if note else "") and note in said
    assert bool(said) == bool(note)


def test_the_note_stands_in_the_verdict_and_takes_no_points(judge):
    answer = "from scipy import ndimage\ndef my_double(x):\n    return x + ndimage.sum(x)"
    verdict = first(graded(judge, replaced(answer)))
    assert (verdict["state"], verdict["earned"]) == ("passed", 1)
    assert verdict["note"] == "uses the library's own function: scipy.ndimage._measurements.sum"


def test_second_written_answers_and_strange_notebooks_are_noted(judge):
    def two(cells):
        cells[5].source = "One."
        cells.append(cell("Two.", TEXT, WRITTEN, v4.new_markdown_cell))

    result = graded(judge, two)
    assert [one["source"] for one in result["cells"][-2:]] == ["One.", "Two."]
    assert result["notes"] == ["ex-07-3 is answered in two cells: read both before you grade it by hand"]
    assert "carries none of the exercises' cells" in graded(judge, stripped)["notes"][0]
    assert graded(judge, replaced(RIGHT))["notes"] == []

    def another(cells):
        cells[:] = [own("print('another notebook')")]

    with pytest.raises(plan.Broken, match="none of the exercises' cells"):
        graded(judge, another)


HEAVY = {
    "commas": (replaced("," * 100_000), r"The cell (of your answer stopped with|was stopped)"),
    "nested magics": (replaced("%time " * 500 + "x"), r"The cell (of your answer stopped with|was stopped)"),
    "blank lines": (replaced(RIGHT, own("\n" * 800_000)), "^$"),
}


@pytest.mark.parametrize("name", HEAVY)
def test_a_heavy_notebook_ends_with_a_record(judge, name):
    change, hint = HEAVY[name]
    verdict = first(graded(judge, change))
    assert re.search(hint, verdict["hint"]), verdict


def test_reading_is_given_up_in_the_end(judge, monkeypatch):
    monkeypatch.setattr(referee, "_READING_SECONDS", 0.3)
    copies = [as_check(f"y = {CALL[7:]}\n" * 500) for _ in range(200)]
    with pytest.raises(plan.Broken, match=r"reading it was given up: it took more than 0\.3 seconds"):
        graded(judge, at_the_end(RIGHT, *copies))


def test_what_is_too_large_to_be_checked_out_here_is_said(judge):
    made, _ = judge
    exercise = made.plan.exercises[0]
    patient = Limits(check_seconds=0.3)
    with Sandbox(LIMITS) as sandbox:
        sandbox.send({"do": "start", "quick": True, "output": 1000}, seconds=60)
        sandbox.send({"do": "run", "source": RIGHT}, seconds=5)
        made.limits, before = patient, made.limits
        try:
            decision = made.decide(exercise, "while True:\n    pass", sandbox, "")
        finally:
            made.limits = before
    assert (decision.state, "too large to be checked" in decision.hint) == (State.FAILED, True)
