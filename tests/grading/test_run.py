"""What `grade` keeps, counts and says, with stand-ins for the referees and for nbgrader."""

import csv
import json
import subprocess
import sys

import nbformat
import pytest

from course_utils import CourseError
from course_utils.files import held
from course_utils.grading import assignments, run
from course_utils.grading.collect import Submission
from course_utils.grading.limits import Limits
from course_utils.grading.plan import read_plan
from course_utils.grading.referee import digest
from course_utils.places import NOTEBOOKS, ROOT

LESSON = "00_orientation"


@pytest.fixture(scope="module")
def plans():
    return {LESSON: read_plan(NOTEBOOKS / f"{LESSON}.ipynb")}


class StandIn:
    """A course directory that enters everything, except of whom it is told."""

    def __init__(self, folder, refused=()):
        self.folder, self._refused, self.entered, self.addressed = folder, refused, [], {}

    def result_path(self, student, lesson):
        return self.folder / ".grading" / "results" / student / f"{lesson}.json"

    def record(self, student, lesson, notebook, timestamp):
        if student in self._refused:
            raise self._refused[student]
        self.entered.append((student, timestamp))
        return [f"timestamp {timestamp!r} cannot be read"] if timestamp == "x" else []

    def address_page(self, student, lesson, handed_in):
        self.addressed[student] = handed_in

    def is_entered(self, student, lesson):
        return student in [name for name, _ in self.entered]

    def waits_for_points(self, student, lesson):
        return False

    def points(self, student, lesson):
        return {"ex-00-1-check": (1.0, 1.0)}


def result_of(path, plans, **changed):
    verdict = {"number": "0.1", "grade_id": "ex-00-1-check", "points": 1, "earned": 1, "state": "passed"}
    return {
        "key": digest(path.read_bytes(), plans[LESSON]),
        "cells": [nbformat.v4.new_markdown_cell("text")],
        "verdicts": [{**verdict, "hint": "", "note": ""}],
        "seconds": 1.0,
        **changed,
    }


@pytest.fixture
def session(tmp_path, plans, monkeypatch):
    """Makes a session of some students whose results an earlier run has left; none needs a referee."""
    graded = []

    class Pool:
        def __init__(self, workers, limits, unsafe, session):
            self._session = session

        def run(self, waiting):
            for submission, _ in waiting.get(LESSON, ()):
                graded.append(submission.student)
                self._session.finish(submission, "graded", result_of(submission.path, plans))

    monkeypatch.setattr(run, "_Pool", Pool)

    def make(students, refused=(), results=None):
        course = StandIn(tmp_path, refused)
        submissions = []
        for student in students:
            path = tmp_path / "submitted" / student / LESSON / f"{LESSON}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text("{}", encoding="utf-8")
            submissions.append(Submission(student, LESSON, path))
            known = (results or {}).get(student)
            if known is not None:
                place = course.result_path(student, LESSON)
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_text(
                    json.dumps(result_of(path, plans)) if known is True else known, encoding="utf-8"
                )
        made = run._Session(course, plans, submissions, tmp_path)
        made.graded_now = graded
        return made

    return make


def finished(session):
    session.run(1, Limits(), False)
    session.report()
    return session.outcome()


def notes(session):
    with (session._course.folder / "grades.csv").open(encoding="utf-8", newline="") as file:
        return {row["student"]: row["notes"] for row in csv.DictReader(file)}


def test_the_counts_add_up_to_those_who_handed_in(session, capsys):
    students = ["ada", "bob", "cy", "dee"]
    one = session(
        students, refused={"bob": CourseError("locked"), "cy": KeyError("x")}, results={"ada": True}
    )
    assert finished(one)[1:] == (1, 1, 2)
    # A page kept from before too: its student may have handed in once more.
    submitted = one._course.folder / "submitted"
    assert one._course.addressed == {name: submitted / name / LESSON for name in ("ada", "dee")}
    assert "not graded: locked" in notes(one)["bob"]
    assert "its result cannot be entered: KeyError: 'x'" in notes(one)["cy"]
    assert "bob" in capsys.readouterr().out


def test_nobody_is_graded_and_broken_at_once(session):
    students = ["ada", "bob", "cy", "dee"]
    one = session(students, refused=dict.fromkeys(students, CourseError("locked")))
    assert finished(one)[1:] == (0, 0, 4)


@pytest.mark.parametrize(
    "left",
    ["[]", "", "nothing", "null", "7", '{"key": 1}', '{"verdicts": []}', '"text"', "[" * 100_000],
    ids=lambda text: text[:12] or "empty",
)
def test_a_result_that_cannot_be_used_is_made_again(session, left):
    one = session(["ada", "bob"], results={"ada": left, "bob": True})
    assert finished(one)[1:] == (1, 1, 0)
    assert one.graded_now == ["ada"]
    kept = json.loads(one._course.result_path("ada", LESSON).read_text(encoding="utf-8"))
    assert kept["recorded"] == kept["key"]


def test_a_result_of_another_text_is_made_again(session):
    one = session(["ada"], results={"ada": json.dumps({"key": "old", "cells": [], "verdicts": []})})
    assert finished(one)[1:] == (1, 0, 0)


def test_what_the_gradebook_has_lost_is_entered_again(session):
    one = session(["ada"], results={"ada": True})
    finished(one)
    again = session(["ada"], results={})
    assert finished(again)[1:] == (0, 1, 0)
    assert [student for student, _ in again._course.entered] == ["ada"]


def test_notes_reach_the_table_also_when_a_result_is_kept(session, plans):
    one = session(["ada"])
    place = one._submissions[0].path.with_name("timestamp.txt")
    place.write_text("x", encoding="utf-8")
    known = one._course.result_path("ada", LESSON)
    known.parent.mkdir(parents=True)
    result = result_of(one._submissions[0].path, plans, notes=["a second copy of ex-00-2 waits for points"])
    known.write_text(json.dumps(result), encoding="utf-8")
    for _ in range(2):
        finished(one)
        assert "a second copy of ex-00-2 waits" in notes(one)["ada"]
        assert "timestamp 'x' cannot be read" in notes(one)["ada"]
        before, one = one._course.entered, run._Session(one._course, plans, one._submissions, one._folder)
        assert len(before) == 1


def test_a_problem_is_a_row_and_a_line_without_codes_for_the_terminal(session, tmp_path, capsys):
    one = session(["ada"], results={"ada": True})
    odd = tmp_path / "submitted" / "\x1b[31mred"
    for path in (odd, tmp_path / "submitted" / "\x1b]0;title\x07"):
        one._submissions.append(Submission(path.name, None, path, problem="the folder is empty"))
    assert finished(one)[1:] == (0, 1, 2)
    said = capsys.readouterr()
    assert "submitted/\\x1b[31mred: not graded: the folder is empty" in said.out
    assert "\x1b[31m" not in said.out
    assert "\x07" not in said.out


def test_two_problems_of_one_student_are_both_in_the_row(session, tmp_path):
    one = session(["ada"], results={"ada": True})
    for name in ("a.zip", "b.zip"):
        one._submissions.append(Submission("ada", None, tmp_path / name, problem=f"{name} is no notebook"))
    finished(one)
    assert "a.zip is no notebook" in notes(one)["ada"]
    assert "b.zip is no notebook" in notes(one)["ada"]


def test_a_disk_that_fills_up_ends_the_run_with_one_line(session, monkeypatch):
    one, free = session(["ada", "bob", "cy"]), [10**9]

    def fill_up(*_):
        free[0] = 0
        raise OSError("no space")

    monkeypatch.setattr(one._course, "record", fill_up)
    monkeypatch.setattr(run.shutil, "disk_usage", lambda folder: Free(free[0]))
    with pytest.raises(CourseError, match=r"the disk is full: 0 MB are free.* run this again"):
        one.run(1, Limits(), False)
    assert one._broken == {}


class Free:
    def __init__(self, free):
        self.free = free


def test_a_gradebook_that_cannot_be_used_ends_the_run_with_one_line(session, monkeypatch):
    one = session(["ada", "bob"], refused=dict.fromkeys(["ada", "bob"], CourseError("gradebook.db: locked")))

    def refuse(student, lesson):
        raise CourseError("gradebook.db: the gradebook cannot be used (database is locked). Close it.")

    monkeypatch.setattr(one._course, "points", refuse)
    with pytest.raises(CourseError, match="database is locked"):
        one.run(1, Limits(), False)
    assert one._broken == {}


def test_a_folder_that_may_not_be_written_is_told_before_anything_is_done(tmp_path, monkeypatch):
    pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")
    monkeypatch.setattr(assignments, "require_nbgrader", lambda: None)
    (tmp_path / "ada.ipynb").write_text("{}", encoding="utf-8")
    monkeypatch.setattr(run.os, "access", lambda path, mode: False)
    with pytest.raises(CourseError, match=r"this may not be written.*Copy the class"):
        run.grade(tmp_path, unsafe=True)
    assert [path.name for path in tmp_path.iterdir()] == ["ada.ipynb"]


@pytest.mark.parametrize("place", [".grading", "autograded", "feedback", "release", "gradebook.db"])
def test_each_place_of_the_results_is_looked_at(tmp_path, monkeypatch, place):
    (tmp_path / "nbgrader_config.py").touch()
    (tmp_path / place).mkdir()
    monkeypatch.setattr(run.os, "access", lambda path, mode: path.name != place)
    with pytest.raises(CourseError, match=rf"{place}: this may not be written"):
        run._require_usable(tmp_path, tmp_path)


def test_a_disk_that_is_full_is_told_before_anything_is_done(tmp_path, monkeypatch):
    monkeypatch.setattr(run.shutil, "disk_usage", lambda folder: Free(10 * 2**20))
    with pytest.raises(CourseError, match=r"the disk is full: 10 MB are free"):
        run._require_usable(tmp_path / "graded", tmp_path)


def test_somebody_elses_folder_of_the_same_name_is_left_alone(tmp_path):
    (tmp_path / "graded").mkdir()
    (tmp_path / "graded" / "by hand.ods").touch()
    with pytest.raises(CourseError, match=r"graded: the results would go here, but there is something else"):
        run._require_usable(tmp_path / "graded", tmp_path)
    assert [path.name for path in (tmp_path / "graded").iterdir()] == ["by hand.ods"]


def test_a_lock_is_held_by_one_process_and_given_back_when_that_is_killed(tmp_path, capsys):
    program = (
        "import sys, time; from pathlib import Path; from course_utils.files import held\n"
        "with held(Path(sys.argv[1]), 'waiting'):\n    print('held', flush=True); time.sleep(600)"
    )
    lock = tmp_path / "lock"
    other = subprocess.Popen([sys.executable, "-c", program, lock], cwd=ROOT, stdout=subprocess.PIPE)
    try:
        assert other.stdout.readline() == b"held\n"
        waiting = subprocess.Popen([sys.executable, "-c", program, lock], cwd=ROOT, stdout=subprocess.PIPE)
        try:
            assert waiting.stdout.readline() == b"waiting\n"
            other.kill()
            assert waiting.stdout.readline() == b"held\n"
        finally:
            waiting.kill()
            waiting.communicate()
    finally:
        other.kill()
        other.communicate()
    with held(lock, "waiting"):
        assert capsys.readouterr().out == ""


def test_a_lock_that_cannot_be_made_is_one_clear_line(tmp_path):
    with (
        pytest.raises(CourseError, match=r"missing/lock: the file could not be written"),
        held(tmp_path / "missing" / "lock", ""),
    ):
        pass


@pytest.mark.parametrize("inside", ["submitted", "submitted/ada", "autograded"])
def test_a_folder_in_a_course_directory_is_not_taken_for_a_class(tmp_path, monkeypatch, inside):
    pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")
    monkeypatch.setattr(assignments, "require_nbgrader", lambda: None)
    (tmp_path / "nbgrader_config.py").touch()
    (tmp_path / "source").mkdir()
    (tmp_path / inside).mkdir(parents=True)
    with pytest.raises(CourseError, match=r"this lies in the course directory .*: give that"):
        run.grade(tmp_path / inside, unsafe=True)
    assert not (tmp_path / inside / "graded").exists()
