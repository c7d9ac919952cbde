"""``grade``: every submission of a class, several at a time, resumable."""

import collections
import concurrent.futures
import json
import multiprocessing
import os
import shutil
import time
from multiprocessing.connection import wait
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.files import held, write_atomically
from course_utils.grading import assignments
from course_utils.grading.collect import RESULTS, WORK, Submission, collect, is_course_directory, read
from course_utils.grading.limits import Limits
from course_utils.grading.names import shown
from course_utils.grading.plan import Broken, Plan, read_plan
from course_utils.grading.referee import digest, serve
from course_utils.grading.sandbox import require_isolation
from course_utils.grading.timestamps import read_timestamp
from course_utils.places import NOTEBOOKS

if TYPE_CHECKING:
    from course_utils.grading.gradebook import Course

__all__ = ["Outcome", "grade"]

_WRITTEN = (WORK, "autograded", "feedback", "release", "gradebook.db")
_ROOM = 16 * 2**20  # bytes that must be free on the disk
_PER_REFEREE = 3  # submissions that make a further referee for the same lesson worth its preparation


class Outcome(collections.namedtuple("Outcome", "folder graded kept broken")):
    """Where the results are, and how many submissions were graded now, kept from before, and broken."""


def grade(
    folder: Path, workers: int | None = None, limits: Limits | None = None, unsafe: bool = False
) -> Outcome:
    """Grades what is in a folder and writes gradebook, feedback, tables and figure.

    A submission that has been graded before, by the same assignment, is not run again: so an interrupted run
    goes on where it stopped. A second run at the same time waits until the first has finished.

    Args:
        folder: Path, a course directory with ``submitted/``, or a folder of notebooks, whose results go into
            its subfolder ``graded``.
        workers: int, how many submissions at a time; None for one per core.
        limits: :class:`~course_utils.grading.limits.Limits`.
        unsafe: bool, run submissions without isolation.

    Returns:
        :class:`Outcome`.

    Raises:
        CourseError: when there are no submissions, they cannot be isolated here, or the results cannot be
            written.
    """
    assignments.require_nbgrader()
    if not unsafe:
        require_isolation()
    from course_utils.grading.gradebook import Course

    folder = Path(folder).resolve()
    if not folder.is_dir():
        raise CourseError(f"{shown(folder)}: there is no such folder; expected one with submissions.")
    if around := [place for place in folder.parents if is_course_directory(place)]:
        raise CourseError(
            f"{shown(folder)}: this lies in the course directory {shown(around[0])}: give that."
        )
    results = folder if is_course_directory(folder) else folder / RESULTS
    course = Course(results)
    _require_usable(results, folder)
    (results / WORK).mkdir(parents=True, exist_ok=True)
    waiting = f"{shown(results)}: another run of `grade` is at work there; waiting until it has finished."
    with held(results / WORK / "lock", waiting):
        if results != folder:
            _make_course(results)
        return _grade(folder, course, workers or os.cpu_count() or 1, limits or Limits(), unsafe)


def _grade(folder: Path, course: "Course", workers: int, limits: Limits, unsafe: bool) -> Outcome:
    plans = {lesson: read_plan(path) for lesson, path in course.sources().items()}
    if course.folder == folder:
        for lesson in plans:
            for note in course.collect(lesson):
                print(note)
    submissions = collect(folder, plans)
    plans = {
        lesson: plan for lesson, plan in plans.items() if any(one.lesson == lesson for one in submissions)
    }
    for lesson in plans:
        if not course.is_generated(lesson):
            course.generate(lesson)
    session = _Session(course, plans, submissions, folder)
    session.run(workers, limits, unsafe)
    session.report()
    return session.outcome()


def _require_usable(results: Path, folder: Path) -> None:
    """Complains, before anything is done, of a place where results cannot be kept."""
    there = {path.name for path in results.iterdir()} if results.is_dir() else set()
    if there and not there & {WORK, assignments.CONFIG}:
        raise CourseError(
            f"{shown(results)}: the results would go here, but there is something else in it. Move or rename "
            "it, and run this again."
        )
    places = [place for place in (results, *(results / name for name in _WRITTEN)) if place.exists()]
    for place in places or [folder]:
        if not os.access(place, os.W_OK):
            raise CourseError(
                f"{shown(place)}: this may not be written, and `grade` keeps its results there. Copy the "
                "class to a folder of your own, or get the right to write here, and run this again."
            )
    _require_room(folder)


def _require_room(folder: Path) -> None:
    free = shutil.disk_usage(folder).free
    if free < _ROOM:
        raise CourseError(
            f"{shown(folder)}: the disk is full: {free / 2**20:.0f} MB are free, and grading goes on with "
            f"{_ROOM / 2**20:.0f} at least. Free some space and run this again: nothing is lost."
        )


def _make_course(results: Path) -> None:
    """Makes the course directory of a plain folder's results, from the worked edition."""
    lessons = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    assignments.make_course([one for one in lessons if b'"nbgrader"' in one.read_bytes()], results)


class _Session:
    """One run of ``grade``."""

    def __init__(
        self, course: "Course", plans: dict[str, Plan], submissions: list[Submission], folder: Path
    ) -> None:
        self._course, self._plans, self._submissions, self._folder = course, plans, submissions, folder
        self._graded, self._broken = set(), {}
        self._waiting = collections.defaultdict(collections.deque)
        self._keys, self._results, self._records = {}, {}, []

    def run(self, workers: int, limits: Limits, unsafe: bool) -> None:
        """Runs what has to be run, and enters every result into the gradebook as it comes."""
        from tqdm import tqdm

        self._bar = tqdm(total=len(self._submissions), desc="grading", unit="submission")
        with self._bar, concurrent.futures.ThreadPoolExecutor(1) as self._recorder:
            try:
                for submission in self._submissions:
                    self._queue(submission)
                _Pool(workers, limits, unsafe, self).run(self._waiting)
                # The last results are still being entered.
                for record in self._records:
                    record.result()
            finally:
                # Whoever stops this run does not want to wait for what it still had to do.
                self._recorder.shutdown(wait=False, cancel_futures=True)

    def outcome(self) -> Outcome:
        """Counts: every submission is graded now, kept from before, or broken."""
        graded, broken = len(self._graded - self._broken.keys()), len(self._broken)
        return Outcome(self._course.folder, graded, len(self._submissions) - graded - broken, broken)

    def _queue(self, submission: Submission) -> None:
        """Reads a submission; notes what is broken, keeps what is known, lets the rest wait for a referee."""
        if submission.warning:
            self._say(submission, submission.warning)
        try:
            if submission.problem:
                raise Broken(submission.problem)
            content = read(submission.path)
        except Broken as broken:
            self._break(submission, str(broken))
            return
        key = digest(content, self._plans[submission.lesson])
        self._keys[submission] = key
        known = self._known(submission)
        if known.get("key") == key:
            self._record(submission, known)
        else:
            self._waiting[submission.lesson].append((submission, content))

    def finish(self, submission: Submission, kind: str, result: dict | str) -> None:
        """Takes what a referee has said of a submission."""
        if kind != "graded":
            self._break(submission, result)
            return
        self._graded.add(submission)
        result["key"] = self._keys[submission]
        self._keep(submission, result)
        self._record(submission, result)

    def _keep(self, submission: Submission, result: dict) -> None:
        _require_room(self._course.folder)
        path = self._course.result_path(submission.student, submission.lesson)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(result))

    def _record(self, submission: Submission, result: dict) -> None:
        student, lesson = submission.student, submission.lesson
        if result.get("recorded") == result["key"] and self._course.is_entered(student, lesson):
            self._done(submission, result)
        else:
            self._records.append(self._recorder.submit(self._try_to_enter, submission, result))

    def _try_to_enter(self, submission: Submission, result: dict) -> None:
        _require_room(self._course.folder)
        try:
            self._enter(submission, result)
        # One submission must not keep the rest of the class from its points.
        except Exception as error:
            # A full disk would, and a gradebook that cannot be used: then this run ends.
            _require_room(self._course.folder)
            self._course.points(submission.student, submission.lesson)
            known = isinstance(error, CourseError)
            reason = f"{error}" if known else f"its result cannot be entered: {type(error).__name__}: {error}"
            self._break(submission, reason)
        else:
            self._done(submission, result)

    def _enter(self, submission: Submission, result: dict) -> None:
        import nbformat.v4

        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        notebook = nbformat.from_dict(nbformat.v4.new_notebook(cells=result["cells"], metadata=metadata))
        when = read_timestamp(submission.path.with_name("timestamp.txt"))
        result["entered"] = self._course.record(submission.student, submission.lesson, notebook, when)
        result["recorded"] = result["key"]
        self._keep(submission, result)

    def _done(self, submission: Submission, result: dict) -> None:
        notes = [*result.get("notes", []), *result.get("entered", [])]
        for note in notes:
            self._say(submission, note)
        self._course.address_page(submission.student, submission.lesson, submission.path.parent)
        self._results[submission] = (result["verdicts"], notes)
        self._bar.update()

    def _known(self, submission: Submission) -> dict:
        """Gives the result of an earlier run; {} where there is none, or none that can be used."""
        path = self._course.result_path(submission.student, submission.lesson)
        try:
            known = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            return {}
        whole = isinstance(known, dict) and {"key", "cells", "verdicts"} <= known.keys()
        return known if whole else {}

    def _break(self, submission: Submission, reason: str) -> None:
        self._broken[submission] = reason
        self._say(submission, f"not graded: {reason}")
        self._bar.update()

    def _say(self, submission: Submission, text: str) -> None:
        self._bar.write(shown(f"{os.path.relpath(submission.path, self._folder)}: {text}"))

    def report(self) -> None:
        """Writes the tables and the figure."""
        from course_utils.grading import report

        rows, verdicts = collections.defaultdict(dict), {}
        for one in self._submissions:
            lesson = one.lesson or "?"
            row = report.Row({}, f"not graded: {self._broken.get(one)}")
            if one not in self._broken:
                found, said = self._results[one]
                verdicts[lesson, one.student] = found
                points = self._course.points(one.student, lesson)
                waits = self._course.waits_for_points(one.student, lesson)
                row = report.Row(points, "; ".join(filter(None, [one.notes, *said, _by_hand(found)])), waits)
            # Beside a submission there can be a second thing that is none.
            before = rows[one.student].get(lesson)
            rows[one.student][lesson] = before.joined(row) if before else row
        report.write_grades(self._course.folder / "grades.csv", self._plans, rows)
        report.write_hints(self._course.folder / "hints.csv", verdicts)
        if verdicts:
            report.draw_stuck(self._course.folder / "where_stuck.png", verdicts)


def _by_hand(verdicts: list[dict]) -> str:
    exercises = [verdict["number"] for verdict in verdicts if verdict["state"] == "by hand"]
    return f"to be looked at by hand: {', '.join(exercises)}" if exercises else ""


class _Pool:
    """Referees, each a process that grades one lesson."""

    def __init__(self, workers: int, limits: Limits, unsafe: bool, session: _Session) -> None:
        self._most, self._limits, self._unsafe, self._session = workers, limits, unsafe, session
        self._context = multiprocessing.get_context("spawn")
        self._referees = []

    def run(self, waiting: dict[str, collections.deque]) -> None:
        """Grades what waits: dict from lesson to deque of (submission, content)."""
        try:
            while any(waiting.values()) or self._referees:
                self._engage(waiting)
                ready = wait([referee.connection for referee in self._referees], timeout=1)
                for referee in list(self._referees):
                    if referee.connection in ready:
                        self._hear(referee, waiting)
                    elif referee.is_late():
                        self._dismiss(referee, waiting, "grading it took too long")
        finally:
            for referee in self._referees:
                referee.end()

    def _engage(self, waiting: dict) -> None:
        """Starts referees for the lessons with most to do."""
        while len(self._referees) < self._most:
            at_work = collections.Counter(referee.lesson for referee in self._referees)
            need = {
                lesson: len(queue) / (1 + at_work[lesson])
                for lesson, queue in waiting.items()
                if queue and (not at_work[lesson] or len(queue) > _PER_REFEREE * at_work[lesson])
            }
            if not need:
                return
            lesson = max(need, key=need.get)
            self._referees.append(_RefereeProcess(self, lesson))

    def _hear(self, referee: "_RefereeProcess", waiting: dict) -> None:
        try:
            kind, result = referee.connection.recv()
        except (EOFError, OSError):
            self._dismiss(referee, waiting, "the process that graded it has ended")
            return
        if kind == "cannot" and referee.task is None:
            for task, _ in waiting.pop(referee.lesson, ()):
                self._session.finish(task, "cannot", result)
            self._dismiss(referee, waiting, result)
            return
        if referee.task is not None:
            self._session.finish(referee.task, kind, result)
        self._give(referee, waiting)

    def _give(self, referee: "_RefereeProcess", waiting: dict) -> None:
        queue = waiting.get(referee.lesson)
        if not queue:
            self._dismiss(referee, waiting, "")
            return
        submission, content = queue.popleft()
        referee.give(submission, content)

    def _dismiss(self, referee: "_RefereeProcess", waiting: dict, reason: str) -> None:
        self._referees.remove(referee)
        started = referee.task is not None or referee.ready
        if referee.task is not None and reason:
            self._session.finish(referee.task, "cannot", reason)
        elif reason and not started:
            # It never began: the next one would not either.
            for task, _ in waiting.pop(referee.lesson, ()):
                self._session.finish(task, "cannot", reason)
        referee.end()


class _RefereeProcess:
    """One referee, as its pool sees it."""

    def __init__(self, pool: _Pool, lesson: str) -> None:
        self.lesson, self.task, self.ready = lesson, None, False
        self.connection, other = pool._context.Pipe()
        source = pool._session._course.sources()[lesson]
        self._patience = 3 * pool._limits.total_seconds + 600
        self._since = time.monotonic()
        self._process = pool._context.Process(
            target=serve, args=(other, source, pool._limits, pool._unsafe), daemon=True
        )
        self._process.start()
        other.close()

    def give(self, submission: Submission, content: bytes) -> None:
        """Lets it grade a submission."""
        self.task, self.ready, self._since = submission, True, time.monotonic()
        self.connection.send_bytes(content)

    def is_late(self) -> bool:
        """Says whether it has taken longer than anything allowed."""
        return time.monotonic() - self._since > self._patience

    def end(self) -> None:
        """Ends it."""
        self.connection.close()
        self._process.kill()
        self._process.join()
