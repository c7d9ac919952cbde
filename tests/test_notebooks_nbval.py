"""That nbval, as the course runs it, sees what it should and forgives only what it may."""

import os
import re
import subprocess
import sys

import nbformat
import pytest
from nbformat import v4

pytest.importorskip("nbval")
from nbval.plugin import get_sanitize_patterns

from course_utils.language_model import smollm2
from course_utils.places import ROOT
from tests.nbval_plugin import agree

SANITIZE = ROOT / "tests" / "nbval_sanitize.cfg"
PATH = list(filter(None, [os.environ.get("PYTHONPATH")]))


def executed(number, source, *outputs, tags=()):
    return v4.new_code_cell(
        source,
        id=f"cell-{number}",
        execution_count=number,
        outputs=list(outputs),
        metadata={"tags": list(tags)} if tags else {},
    )


def run_nbval(folder, cells, *options):
    path = folder / "lesson.ipynb"
    nbformat.write(v4.new_notebook(cells=cells), path)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.nbval_plugin", "-p", "no:cacheprovider"]
    command += [f"--nbval-sanitize-with={SANITIZE}", "--nbval-cell-timeout=180", f"--rootdir={folder}"]
    return subprocess.run(
        [*command, *options, str(path)],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1", "PYTHONPATH": os.pathsep.join([str(folder), *PATH])},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
    )


def verdicts(folder, cells, *options):
    run = run_nbval(folder, cells, "-rA", "--nbval", "--nbval-current-env", *options)
    found = re.findall(r"^(PASSED|FAILED) \S*::Cell (\d+)", run.stdout, re.M)
    assert found, run.stdout + run.stderr
    return [verdict == "PASSED" for verdict, _ in sorted(found, key=lambda pair: int(pair[1]))]


def stdout(text):
    return v4.new_output("stream", name="stdout", text=text)


@pytest.mark.slow
def test_executes_and_compares_as_a_reader_would(tmp_path):
    stderr = v4.new_output("stream", name="stderr", text="from C\n")
    cells = [
        executed(1, "1 + 1;"),  # silent in JupyterLab
        # ipykernel reads what C writes in a thread of its own, which a busy machine may delay.
        executed(2, "import os, time\nos.write(2, b'from C\\n')\ntime.sleep(1);", stderr),
        executed(3, "print('mean 0.13, 4 items')", stdout("mean 0.12, 4 items\n")),
        executed(4, "print('mean 0.14, 4 items')", stdout("mean 0.12, 4 items\n")),
        executed(5, "print('4 items')", stdout("5 items\n")),
        executed(6, "print('at 0x7f00deadbeef')", stdout("at 0x7f0012345678\n")),
        executed(
            7,
            "import sys\nsys.executable",
            v4.new_output("execute_result", {"text/plain": repr(sys.executable)}),
        ),
        executed(8, "import os\nos.environ.get('PYTEST_CURRENT_TEST')"),
        executed(9, "from ipywidgets import IntSlider\nprint('4 items')\nIntSlider()", stdout("4 items\n")),
    ]
    assert verdicts(tmp_path, cells) == [True, True, True, False, False, True, True, True, True]


CHECK = """
from course_utils.checks import CheckFailed

def check(answer):
    try:
        answer(1)
    except NotImplementedError:
        raise CheckFailed("Exercise 1 is still empty.") from None
    print("passed")
"""


def exercise(check="check(double)", after="print(2 * 4)", shown="8\n"):
    """A lesson with one exercise, its target, and a cell after it."""
    roles = {"schema_version": 3, "task": False, "locked": False}
    cells = [
        executed(1, CHECK),
        executed(2, "def double(x):\n    ### BEGIN SOLUTION\n    return 2 * x\n    ### END SOLUTION"),
        executed(3, check, stdout("passed\n"), tags=["raises-exception"]),
        executed(4, "print(double(2))", stdout("4\n"), tags=["target", "raises-exception"]),
        executed(5, after, stdout(shown)),
    ]
    cells[1].metadata["nbgrader"] = {**roles, "grade_id": "a", "solution": True, "grade": False}
    cells[2].metadata["nbgrader"] = {**roles, "grade_id": "c", "solution": False, "grade": True, "points": 1}
    return cells


@pytest.mark.slow
def test_an_exercise_is_run_with_its_answer_and_without(tmp_path):
    assert verdicts(tmp_path, exercise()) == [True] * 5


@pytest.mark.slow
def test_a_cell_that_needs_an_answer_is_noticed(tmp_path):
    assert verdicts(tmp_path, exercise(after="print(double(4))")) == [True, True, True, True, False]


@pytest.mark.slow
def test_a_check_that_does_not_ask_for_an_answer_is_noticed(tmp_path):
    assert verdicts(tmp_path, exercise(check="print('passed')")) == [True, False, True, False, True]


@pytest.mark.slow
def test_a_dead_kernel_is_noticed_at_once(tmp_path):
    cells = [executed(1, "import os\nos._exit(1)"), executed(2, "print(1)", stdout("1\n"))]
    run = run_nbval(tmp_path, cells, "-rA", "--nbval", "--nbval-current-env")
    assert "the kernel died" in run.stdout
    assert "Timeout of" not in run.stdout


@pytest.mark.slow
@pytest.mark.parametrize("there", [True, False])
def test_a_cell_that_needs_smollm2_is_compared_where_it_is_and_says_that_it_is_not(tmp_path, there):
    plugin = "from course_utils.language_model import smollm2\nsmollm2.fetched = lambda: " + repr(there)
    (tmp_path / "presence.py").write_text(plugin, encoding="utf-8")
    shown = [smollm2.ABSENT, "Paris", "Rome", f"{smollm2.ABSENT}\nParis"]
    cells = [
        executed(number, f"print({text!r})", stdout("Paris\n"), tags=["needs-smollm2"])
        for number, text in enumerate(shown, 1)
    ]
    # One that shows nothing with the model, and one that does not need it.
    cells += [
        executed(5, f"print({smollm2.ABSENT!r})" if not there else "1;", tags=["needs-smollm2"]),
        executed(6, "print(1)", stdout("1\n")),
    ]
    expected = [False, True, False, False, True, True] if there else [True, False, False, False, True, True]
    assert verdicts(tmp_path, cells, "-p", "presence") == expected


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--nbval", "--nbval-lax", "--nbval-current-env"], "--nbval-lax compares next to nothing"),
        (["--nbval"], "without --nbval-current-env"),
    ],
)
def test_options_that_compare_less_are_refused(tmp_path, options, complaint):
    run = run_nbval(tmp_path, [executed(1, "1;")], *options)
    assert run.returncode != 0
    assert complaint in run.stdout + run.stderr


@pytest.mark.parametrize(
    ("found", "stored", "same"),
    [
        ("0.12", "0.13", True),
        ("0.12", "0.14", False),
        ("-0.00 to 1.", "0.00 to 1.", True),
        ("1.20e-05", "1.21e-05", True),
        ("1.20e-05", "1.20e-04", False),
        ("0.9999999", "1.0000000", True),
        ("0.5", "0.50", False),
        ("accuracy 91", "accuracy 92", False),
        ("numpy 2.4.5", "numpy 2.4.6", False),
        ("v0.1", "v0.2", False),
        ("0.1 m", "0.2 s", False),
        ("[0.1 0.2]", "[0.2 0.2]", True),
        ("[0.1 0.2]", "[0.2]", False),
    ],
)
def test_one_unit_of_the_last_printed_digit_is_forgiven_and_nothing_else(found, stored, same):
    assert agree(found, stored) is same


def test_every_line_of_the_sanitiser_file_counts():
    text = SANITIZE.read_text(encoding="utf-8")
    meant = [line for line in text.splitlines() if line and not line.startswith("#")]
    pairs = get_sanitize_patterns(text)
    # nbval drops a malformed pair without a word.
    assert len(meant) == 2 * len(pairs)
    assert text.isascii()  # nbval reads the file in the machine's own encoding
    for expression, _ in pairs:
        re.compile(expression)


@pytest.mark.parametrize(
    ("text", "sanitised"),
    [
        ('<audio src="data:audio/wav;base64,UklGRqQ+AAB/+A=="></audio>', "SOUND"),
        ("<object at 0x7f3ab0c4d5e0>", "ADDRESS"),
    ],
)
def test_what_varies_without_meaning_is_sanitised(text, sanitised):
    for expression, replacement in get_sanitize_patterns(SANITIZE.read_text(encoding="utf-8")):
        text = re.sub(expression, replacement, text)
    assert sanitised in text
