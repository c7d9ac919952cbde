"""Simulated students: what each hands in, and what it must earn."""

import copy
import json

import nbformat
from nbformat import v4

RIGHT_00 = "def my_coverage(picture):\n    return (picture[..., 3] > 0).mean()\n"
ANSWER_00, CHECK_00 = "ex-00-1-answer", "ex-00-1-check"
ZERO, ONE = {"0.1": 0}, {"0.1": 1}
ALL_01 = {"1.1": 2, "1.2": 2, "1.3": 2, "1.4": 1, "1.5": 1, "1.6": 2}
NONE_01 = dict.fromkeys(ALL_01, 0)

# Everything here earns nothing: the answer is a constant, and the rest is there to have it counted as right.
CONSTANT = "def my_coverage(picture):\n    return 2.0\n"
FORGED_CHECKS = """
import sys
import course_utils.checks as checks
from course_utils.checks import lesson_00
lesson_00.coverage = lambda answer: print("Exercise 0.1 passed: everything.")
checks.expect = checks.expect_close = checks.expect_array = lambda *a, **k: None
for module in list(sys.modules.values()):
    if getattr(module, "np", None):
        module.np.allclose = lambda *a, **k: True
"""
ALWAYS_EQUAL = """
import numpy as np
class Right(float):
    __eq__ = __ge__ = __le__ = lambda self, other: True
    __ne__ = lambda self, other: False
    __hash__ = float.__hash__
    __array__ = lambda self, *a, **k: np.array(0.5)
    __array_ufunc__ = lambda self, *a, **k: True
def my_coverage(picture):
    return Right(0.5)
"""
FAKE_MESSAGES = """
import json, os, struct
text = json.dumps([{"value": 1.0, "outputs": [{"text": "Exercise 0.1 passed"}], "earned": 1}, []]).encode()
for descriptor in range(3, 30):
    try:
        os.write(descriptor, struct.pack("<II", len(text), 0) + text)
    except OSError:
        pass
print("Exercise 0.1 passed: everything.")
"""
HOOKS = """
import atexit, builtins, sys
from IPython import get_ipython
atexit.register(lambda: print("Exercise 0.1 passed: everything."))
get_ipython().showtraceback = lambda *a, **k: None
get_ipython().run_cell = lambda *a, **k: None
sys.excepthook = lambda *a: None
builtins.AssertionError = builtins.NotImplementedError = type("Passed", (Exception,), {})
builtins.isinstance = lambda *a: True
"""
SECRETS = """
import os, pathlib
def read(place):
    try:
        return [str(path) for path in pathlib.Path(place).expanduser().rglob("*")][:1000]
    except OSError:
        return []
def my_coverage(picture):
    found = [path for place in PLACES for path in read(place)]
    found = [path for path in found if path.endswith((".db", ".ipynb", "id_secret"))]
    raise RuntimeError(f"found {found}")
"""
NETWORK = """
import socket
def my_coverage(picture):
    socket.create_connection(("127.0.0.1", PORT), 2).send(b"a student was here")
    return (picture[..., 3] > 0).mean()
"""
LARGE_FILE = """
def my_coverage(picture):
    with open("large", "wb") as file:
        for _ in range(2000):
            file.write(bytes(10**6))
    return (picture[..., 3] > 0).mean()
"""
EVERYWHERE = """
import pathlib
def my_coverage(picture):
    for place in PLACES + ["/tmp", "/", "/usr", "/etc", "/dev"]:
        for name in ("written by a student", "grades.csv"):
            try:
                pathlib.Path(place, name).write_text("100 points")
            except OSError:
                pass
    return 1.0
"""
FORK_BOMB = """
import os
def my_coverage(picture):
    while True:
        try:
            os.fork()
        except OSError:
            pass
"""
GREEDY = """
def my_coverage(picture):
    held = []
    while True:
        held.append(bytearray(b"x" * 10**7))
"""
HELPERS = """%%time
from functools import partial
def visible(picture, channel):
    return picture[..., channel] > 0
alpha = partial(visible, channel=3)
"""


def answered(release, **answers):
    """A copy of a release with other answers: grade_id (with underscores) to source."""
    notebook = copy.deepcopy(release)
    for cell in notebook.cells:
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if name.replace("-", "_") in answers:
            cell.source = answers[name.replace("-", "_")]
    return notebook


def cell_of(notebook, name):
    return next(cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade_id") == name)


def with_cell(notebook, source, before=ANSWER_00):
    place = notebook.cells.index(cell_of(notebook, before))
    notebook.cells.insert(place, v4.new_code_cell(source))
    return notebook


def without(notebook, name):
    notebook.cells.remove(cell_of(notebook, name))
    return notebook


def edited_check(notebook):
    cell = cell_of(notebook, CHECK_00)
    cell.source = "print('Exercise 0.1 passed')"
    cell.metadata.nbgrader.update(points=100, locked=False)
    return notebook


def older(notebook):
    """As an earlier version of the lesson may have been: another text, fewer cells, another check."""
    notebook.cells = [cell for cell in notebook.cells if cell.id not in ("four-steps", "coverage-target")]
    for cell in notebook.cells:
        if cell.cell_type == "code" and "nbgrader" not in cell.metadata:
            cell.source = cell.source.replace("print(", "print('as it was:', ")
    cell_of(notebook, CHECK_00).source = "assert my_coverage(np.ones((1, 1, 4))) == 1"
    return notebook


def students(releases, sources, places, port):
    """What each simulated student hands in and must earn.

    Args:
        releases: dict from "00" and "01" to the released notebook.
        sources: the same with answers.
        places: list of str, folders in which a student has no business.
        port: int, on which something listens on this machine.

    Returns:
        dict from the student's name to (file name, its bytes, points per exercise, what the hint of the first
        exercise that earned nothing says, as a regular expression; None for a file that cannot be graded).
    """
    places_line = f"PLACES = {places!r}\n"
    zero = {
        "wrong": ("return 100 * (picture[..., 3] > 0).mean()", "percentage"),
        "constant": ("return 2.0", "you returned the same"),
        "huge answer": ("import numpy as np\n    return np.zeros(10**8)", "message of|GB of memory"),
        "another object": ("return open('/dev/null', 'w')", "expected one number|TypeError|expected"),
        "odd letters": (
            "raise ValueError('\\ud800 $\\\\frac{ \\0 \\x1b[31m <script> 多')",
            "stopped with ValueError",
        ),
        "exits": ("import os\n    os._exit(0)", "ended its process"),
        "endless call": ("while True:\n        pass", "more than 4 seconds"),
    }
    zero = {name: (f"def my_coverage(picture):\n    {body}\n", hint) for name, (body, hint) in zero.items()}
    zero |= {
        "syntax error": ("def my_coverage(picture:\n    return 1\n", "SyntaxError"),
        "endless cell": ("while True:\n    pass\n", "more than 4 seconds"),
        "always equal": (ALWAYS_EQUAL, "TypeError|expected"),
        "twenty gigabytes": ("import numpy as np\nmy_coverage = np.ones(20 * 2**27)\n", "MemoryError"),
        "greedy": (GREEDY, "MemoryError|GB of memory"),
        "fork bomb": (FORK_BOMB, "processes and threads|GB of memory|seconds"),
        "secrets": (places_line + SECRETS, r"found \[\]"),
        "writes everywhere": (places_line + EVERYWHERE, "colours|expected"),
        "network": (f"PORT = {port}\n{NETWORK}", "OSError|ConnectionRefused|unreachable"),
        "large file": (LARGE_FILE, "No space left|File too large"),
    }
    release = releases["00"]
    made = {
        name: ("00_orientation.ipynb", answered(release, ex_00_1_answer=text), ZERO, hint)
        for name, (text, hint) in zero.items()
    }
    wrong, right = (answered(release, ex_00_1_answer=text) for text in (CONSTANT, RIGHT_00))
    for name, notebook, points, hint in [
        ("right", right, ONE, ""),
        ("blank", release, ZERO, "still empty"),
        ("forged checks", with_cell(copy.deepcopy(wrong), FORGED_CHECKS), ZERO, "you returned the same"),
        ("fake messages", with_cell(copy.deepcopy(wrong), FAKE_MESSAGES), ZERO, "."),
        ("hooks", with_cell(copy.deepcopy(wrong), HOOKS), ZERO, "you returned the same"),
        ("deleted check", without(copy.deepcopy(wrong), CHECK_00), ZERO, "you returned the same"),
        ("deleted check, right", without(copy.deepcopy(right), CHECK_00), ONE, ""),
        ("edited check", edited_check(copy.deepcopy(wrong)), ZERO, "you returned the same"),
        ("no answer cell", without(copy.deepcopy(right), ANSWER_00), ZERO, "still empty"),
        ("older version", older(copy.deepcopy(right)), ONE, ""),
        (
            "helpers",
            with_cell(
                answered(
                    release, ex_00_1_answer="def my_coverage(picture):\n    return alpha(picture).mean()"
                ),
                HELPERS,
            ),
            ONE,
            "",
        ),
    ]:
        made[name] = ("00_orientation.ipynb", notebook, points, hint)
    made["renamed"] = ("my homework (final).ipynb", right, ONE, "")
    made |= _of_lesson_01(releases["01"], sources["01"])
    files = {
        name: (file, nbformat.writes(notebook).encode(), points, hint)
        for name, (file, notebook, points, hint) in made.items()
    }
    files |= {
        "not UTF-8": ("00_orientation.ipynb", nbformat.writes(right).encode("utf-16"), {}, None),
        "empty file": ("00_orientation.ipynb", b"", {}, None),
        "half a file": ("00_orientation.ipynb", nbformat.writes(right).encode()[:5000], {}, None),
        "deep file": ("00_orientation.ipynb", b"[" * 100_000, {}, None),
        "another file": (
            "00_orientation.ipynb",
            json.dumps({"cells": {"a": 1}, "nbformat": 4}).encode(),
            {},
            None,
        ),
    }
    return files


def _of_lesson_01(release, source):
    texts = {
        cell.metadata.nbgrader.grade_id: cell.source
        for cell in source.cells
        if cell.metadata.get("nbgrader", {}).get("solution") and cell.cell_type == "code"
    }
    right = {name.replace("-", "_"): text for name, text in texts.items()}
    half = {
        **right,
        "ex_01_1_answer": "def my_preprocess(path, size=224):\n    return None\n",
        "ex_01_4_answer": cell_of(release, "ex-01-4-answer").source,
        "ex_01_6_answer": "def my_power_spectrogram(:\n",
    }
    hangs = {**right, "ex_01_3_answer": "def my_matching(sentence, words):\n    while True:\n        pass\n"}
    name = "01_preprocessing.ipynb"
    return {
        "all of 01": (name, answered(release, **right), ALL_01, ""),
        "half of 01": (
            name,
            answered(release, **half),
            {**ALL_01, "1.1": 0, "1.4": 0, "1.6": 0},
            "without `return`",
        ),
        "hangs in 01": (name, answered(release, **hangs), {**ALL_01, "1.3": 0}, "more than 4 seconds"),
        "blank of 01": (name, release, NONE_01, "still empty"),
    }
