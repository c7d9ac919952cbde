"""A class of simulated students, honest and not, is graded: everybody gets what the answer is worth."""

import csv
import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import pytest

from course_utils.command import environment
from course_utils.grading import sandbox
from course_utils.grading.limits import Limits
from course_utils.places import ROOT
from tests.grading import simulated

pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")

SMALL = Limits(
    cell_seconds=4,
    call_seconds=4,
    total_seconds=60,
    memory=2**30,
    disk=32 * 2**20,
    processes=60,
    message=16 * 2**20,
    restarts=4,
)


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("isolation")]


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    """The course directory of lessons 00 and 01, as `assign` makes it."""
    folder = tmp_path_factory.mktemp("class") / "my course"
    run("assign", "00", "01", "--to", folder)
    return folder


def run(*arguments):
    command = [sys.executable, "-m", "course_utils", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def released(course, edition="release"):
    paths = {path.name[:2]: path for path in sorted(course.glob(f"{edition}/*/*.ipynb"))}
    return {number: nbformat.read(path, as_version=4) for number, path in paths.items()}


def hand_in(course, student, file, content):
    lesson = "01_preprocessing" if file.startswith("01") else "00_orientation"
    place = course / "submitted" / student / lesson
    place.mkdir(parents=True)
    (place / file).write_bytes(content)


def read_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def picture_of(folders, leave_out=()):
    """A digest of every file below some folders."""
    digests = {}
    for folder in folders:
        for path in sorted(Path(folder).rglob("*")):
            if path.is_file() and not any(part in leave_out for part in path.parts):
                digests[str(path)] = hashlib.sha256(path.read_bytes()).hexdigest()
    return digests


RESULTS = (".grading", "gradebook.db", "autograded", "feedback", "grades.csv", "hints.csv", "where_stuck.png")
LEFT_OUT = (*RESULTS, "__pycache__", ".cache")  # matplotlib's list of fonts is the grader's own


@pytest.fixture(scope="module")
def graded(course, tmp_path_factory):
    """The class, graded: what was handed in, the outcome, points, hints, seconds, and what has changed."""
    from course_utils.grading.run import grade

    home = tmp_path_factory.mktemp("home")
    (home / ".ssh").mkdir()
    (home / ".ssh" / "id_secret").write_text("secret", encoding="utf-8")
    places = [str(place) for place in (course, home, ROOT / "notebooks", ROOT / "tests", "~", ROOT)]
    around = [course, home, ROOT / "course_utils", ROOT / "notebooks", ROOT / "data"]
    with pytest.MonkeyPatch.context() as patch, socket.create_server(("127.0.0.1", 0)) as server:
        patch.setattr(os, "environ", {**os.environ, **environment.child_environment(), "HOME": str(home)})
        server.settimeout(0.1)
        handed_in = simulated.students(
            released(course), released(course, "source"), places, server.getsockname()[1]
        )
        for student, (file, content, *_) in handed_in.items():
            hand_in(course, student, file, content)
        (course / "submitted" / "link" / "00_orientation").mkdir(parents=True)
        source = course / "source" / "00_orientation" / "00_orientation.ipynb"
        (course / "submitted" / "link" / "00_orientation" / "00_orientation.ipynb").symlink_to(source)
        before = picture_of(around, LEFT_OUT)
        began = time.monotonic()
        outcome = grade(course, limits=SMALL)
        seconds = time.monotonic() - began
        with pytest.raises(TimeoutError):
            server.accept()
        after = picture_of(around, LEFT_OUT)
    rows = {row["student"]: row for row in read_csv(course / "grades.csv")}
    hints = read_csv(course / "hints.csv")
    return handed_in, outcome, rows, hints, seconds, (before, after)


def points_of(row, expected):
    """The points of a row for the exercises that are expected of it."""
    lesson = f"{int(next(iter(expected)).split('.')[0]):02d}"
    return {
        number: float(row[f"{lesson} ex-{lesson}-{number.split('.')[1]}-check"] or 0) for number in expected
    }


def outcome_of(said, hint):
    return said[0] if said else "not graded: no notebook" if hint is None else "passed"


def test_everybody_gets_what_the_answer_is_worth(graded, course, record_property):
    handed_in, outcome, rows, hints, *_ = graded
    table, wrong = [], {}
    for student, (_, _, points, hint) in handed_in.items():
        result = course / ".grading" / "results" / student
        took = sum(json.loads(path.read_text(encoding="utf-8"))["seconds"] for path in result.glob("*.json"))
        got = points_of(rows[student], points) if points else {}
        said = [line["hint"] for line in hints if line["student"] == student and line["state"] != "passed"]
        table.append(f"{student:22} {sum(got.values()):4g} {took:6.1f} s  {outcome_of(said, hint)[:90]}")
        if got != points:
            wrong[student] = (got, points, said)
        elif hint is None:
            if "not graded" not in rows[student]["notes"]:
                wrong[student] = rows[student]
        elif hint and not re.search(hint, said[0]):
            wrong[student] = said
    print("\n".join(table))
    record_property("class", "\n".join(table))
    assert wrong == {}
    assert outcome.graded == sum(hint is not None for *_, hint in handed_in.values())
    assert "link" in rows["link"]["notes"]


def test_nothing_around_the_submissions_changes(graded):
    *_, (before, after) = graded
    assert before == after
    assert not list(Path("/tmp").glob("*written by a student*"))


def test_feedback_is_there_and_hides_the_hidden_tests(graded, course):
    page = (course / "feedback" / "wrong" / "00_orientation" / "00_orientation.html").read_text(
        encoding="utf-8"
    )
    assert "percentage" in page
    for path in course.glob("feedback/*/*/*.html"):
        text = path.read_text(encoding="utf-8")
        assert "np.full((5, 2, 4)" not in text, path
        assert "HIDDEN TESTS" not in text, path


def test_the_class_is_drawn(graded, course):
    assert (course / "where_stuck.png").read_bytes().startswith(b"\x89PNG")


def test_a_second_run_keeps_everything(graded, course):
    from course_utils.grading.run import grade

    _, outcome, *_ = graded
    before = (course / "grades.csv").read_bytes()
    again = grade(course, limits=SMALL)
    assert (again.graded, again.kept) == (0, outcome.graded)
    assert (course / "grades.csv").read_bytes() == before


def children_of(pid):
    found = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    return [int(word) for word in found.stdout.split()]


def test_a_run_that_is_killed_goes_on_where_it_stopped(course, tmp_path):
    folder = tmp_path / "class of eight"
    right = nbformat.writes(simulated.answered(released(course)["00"], ex_00_1_answer=simulated.RIGHT_00))
    folder.mkdir()
    for number in range(8):
        text = right if number % 2 else right.replace("> 0).mean()", "> 0).sum()")
        (folder / f"student {number}.ipynb").write_text(text, encoding="utf-8")
    command = [sys.executable, "-m", "course_utils", "grade", str(folder), "--workers", "1"]
    killed = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    results = folder / "graded" / ".grading" / "results"
    end = time.monotonic() + 120
    while len(list(results.glob("*/*.json"))) < 3:
        assert time.monotonic() < end and killed.poll() is None, "no results"
        time.sleep(0.05)
    referees = children_of(killed.pid)
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    end = time.monotonic() + 30
    while [pid for pid in referees if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < end, "something goes on running"
        time.sleep(0.1)
    stamps = {
        path: json.loads(path.read_text(encoding="utf-8"))["seconds"] for path in results.glob("*/*.json")
    }
    assert 3 <= len(stamps) < 8
    output = run("grade", folder, "--workers", "1")
    assert f"{8 - len(stamps)} graded, {len(stamps)} kept" in output
    assert (
        stamps.items()
        <= {
            path: json.loads(path.read_text(encoding="utf-8"))["seconds"] for path in results.glob("*/*.json")
        }.items()
    )
    rows = read_csv(folder / "graded" / "grades.csv")
    assert [float(row["00 ex-00-1-check"]) for row in rows] == [0, 1] * 4
    shutil.rmtree(folder)


def test_without_bubblewrap_it_is_refused_unless_told(course, tmp_path, monkeypatch):
    from course_utils.grading.run import grade

    for name, value in environment.child_environment().items():
        monkeypatch.setenv(name, value)
    right = simulated.answered(released(course)["00"], ex_00_1_answer=simulated.RIGHT_00)
    nbformat.write(right, tmp_path / "ada.ipynb")
    monkeypatch.setattr(sandbox.shutil, "which", lambda name: None)
    with pytest.raises(sandbox.CourseError, match=r"bwrap.* is not installed.*With --unsafe they run"):
        grade(tmp_path, workers=1)
    outcome = grade(tmp_path, workers=1, limits=SMALL, unsafe=True)
    assert (outcome.graded, outcome.broken) == (1, 0)
    assert [row["00 ex-00-1-check"] for row in read_csv(tmp_path / "graded" / "grades.csv")] == ["1"]


def test_what_was_submitted_through_the_exchange_is_collected(tmp_path, monkeypatch):
    import getpass

    from course_utils.grading.run import grade

    for name, value in environment.child_environment().items():
        monkeypatch.setenv(name, value)
    course, student, exchange = tmp_path / "course", tmp_path / "student", tmp_path / "exchange"
    run("assign", "00", "--to", course)
    for folder in (student, exchange):
        folder.mkdir()
    exchange.chmod(0o777)
    # As an administrator sets it, for all accounts.
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path))
    (tmp_path / "nbgrader_config.py").write_text(
        'c = get_config()\nc.CourseDirectory.course_id = "multimodal"\n'
        f"c.Exchange.root = {str(exchange)!r}\n",
        encoding="utf-8",
    )

    def nbgrader(*arguments, folder):
        subprocess.run(
            [sys.executable, "-m", "nbgrader", *arguments], cwd=folder, check=True, capture_output=True
        )

    nbgrader("release_assignment", "00_orientation", folder=course)
    nbgrader("fetch_assignment", "00_orientation", folder=student)
    path = student / "00_orientation" / "00_orientation.ipynb"
    answered = simulated.answered(nbformat.read(path, as_version=4), ex_00_1_answer=simulated.RIGHT_00)
    nbformat.write(answered, path)
    nbgrader("submit", "00_orientation", folder=student)
    assert grade(course, workers=1, limits=SMALL).graded == 1
    [row] = read_csv(course / "grades.csv")
    assert (row["student"], row["00 ex-00-1-check"]) == (getpass.getuser(), "1")
    nbgrader("release_feedback", "00_orientation", folder=course)
    nbgrader("fetch_feedback", "00_orientation", folder=student)
    [feedback] = (student / "00_orientation" / "feedback").rglob("*.html")
    assert "1.0 / 1.0" in feedback.read_text(encoding="utf-8")
