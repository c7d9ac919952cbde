"""``grade``: every submission of a class, several at a time, resumable."""

import collections
import concurrent.futures
import json
import multiprocessing
import os
import time
from multiprocessing.connection import wait
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.grading import assignments
from course_utils.grading.collect import collect, is_course_directory
from course_utils.grading.limits import Limits
from course_utils.grading.plan import Broken, read_plan
from course_utils.grading.referee import digest, serve
from course_utils.grading.sandbox import require_isolation
from course_utils.places import NOTEBOOKS

__all__ = ["Outcome", "grade"]

_LARGEST_FILE = 20 * 2**20
_PER_REFEREE = 3  # submissions that make a further referee for the same lesson worth its preparation


class Outcome(collections.namedtuple("Outcome", "folder graded kept broken")):
    """Where the results are, and how many submissions were graded now, kept from before, and broken."""


def grade(folder, workers=None, limits=None, unsafe=False):
    """Grade what is in a folder and write gradebook, feedback, tables and figure.

    A submission that has been graded before, by the same assignment, is not run again: so an interrupted run
    goes on where it stopped.

    Args:
        folder: Path, a course directory with ``submitted/``, or a folder of notebooks, whose results go into
            its subfolder ``graded``.
        workers: int, how many submissions at a time; None for one per core.
        limits: :class:`~course_utils.grading.limits.Limits`.
        unsafe: bool, run submissions without isolation.

    Returns:
        :class:`Outcome`.

    Raises:
        CourseError: when there are no submissions, or they cannot be isolated here.
    """
    assignments.require_nbgrader()
    if not unsafe:
        require_isolation()
    folder = Path(folder).resolve()
    if not folder.is_dir():
        raise CourseError(f"{folder}: there is no such folder; expected one with submissions.")
    course = _course(folder)
    plans = {lesson: read_plan(path) for lesson, path in course.sources().items()}
    if is_course_directory(folder):
        for lesson in plans:
            course.collect(lesson)
    submissions = collect(folder, plans)
    plans = {
        lesson: plan for lesson, plan in plans.items() if any(one.lesson == lesson for one in submissions)
    }
    for lesson in plans:
        if not course.is_generated(lesson):
            course.generate(lesson)
    session = _Session(course, plans, submissions)
    session.run(workers or os.cpu_count() or 1, limits or Limits(), unsafe)
    session.report()
    return Outcome(course.folder, session.graded, session.kept, len(session.broken))


def _course(folder):
    """Return the course directory of the results; of a plain folder it is made from the worked edition."""
    from course_utils.grading.gradebook import Course

    if is_course_directory(folder):
        return Course(folder)
    results = folder / "graded"
    course = Course(results)
    lessons = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    lessons = [lesson for lesson in lessons if b'"nbgrader"' in lesson.read_bytes()]
    assignments.make_course(lessons, results)
    return course


class _Session:
    """One run of ``grade``."""

    def __init__(self, course, plans, submissions):
        self._course, self._plans, self._submissions = course, plans, submissions
        self.graded = self.kept = 0
        self.broken = {}
        self._waiting = collections.defaultdict(collections.deque)
        self._keys, self._records = {}, []

    def run(self, workers, limits, unsafe):
        """Run what has to be run, and enter every result into the gradebook as it comes."""
        from tqdm import tqdm

        self._bar = tqdm(total=len(self._submissions), desc="grading", unit="submission")
        with self._bar, concurrent.futures.ThreadPoolExecutor(1) as self._recorder:
            for submission in self._submissions:
                self._queue(submission)
            _Pool(workers, limits, unsafe, self).run(self._waiting)
            # The last results are still being entered.
            for record in self._records:
                record.result()

    def _queue(self, submission):
        """Read a submission; note what is broken, keep what is known, and let the rest wait for a referee."""
        try:
            if submission.lesson is None:
                raise Broken(
                    "it is not known which lesson this is: neither its exercises nor its name say so"
                )
            content = _read(submission.path)
        except Broken as broken:
            self._break(submission, str(broken))
            return
        key = digest(content, self._plans[submission.lesson])
        self._keys[submission] = key
        known = self._result(submission)
        if known.get("key") == key:
            self.kept += 1
            self._record(submission, known)
        else:
            self._waiting[submission.lesson].append((submission, content))

    def finish(self, submission, kind, result):
        """Take what a referee has said of a submission."""
        if kind != "graded":
            self._break(submission, result)
            return
        self.graded += 1
        result["key"] = self._keys[submission]
        path = self._course.result_path(submission.student, submission.lesson)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, json.dumps(result))
        self._record(submission, result)

    def _record(self, submission, result):
        if result.get("recorded") == result["key"]:
            self._bar.update()
        else:
            self._records.append(self._recorder.submit(self._try_to_enter, submission, result))

    def _try_to_enter(self, submission, result):
        try:
            self._enter(submission, result)
        except CourseError as error:
            self._break(submission, str(error))
        # One submission must not keep the rest of the class from its points.
        except Exception as error:
            self._break(submission, f"its result cannot be entered: {type(error).__name__}: {error}")
        else:
            self._bar.update()

    def _enter(self, submission, result):
        import nbformat.v4

        metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        notebook = nbformat.from_dict(nbformat.v4.new_notebook(cells=result["cells"], metadata=metadata))
        timestamp = submission.path.parent / "timestamp.txt"
        known = timestamp.is_file() and not timestamp.is_symlink()
        when = timestamp.read_text(encoding="utf-8", errors="replace")[:100] if known else ""
        self._course.record(submission.student, submission.lesson, notebook, when)
        result["recorded"] = result["key"]
        path = self._course.result_path(submission.student, submission.lesson)
        write_atomically(path, json.dumps(result))

    def _result(self, submission):
        path = self._course.result_path(submission.student, submission.lesson)
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def _break(self, submission, reason):
        self.broken[submission] = reason
        self._bar.write(f"{submission.student}, {submission.path.name}: {reason}")
        self._bar.update()

    def report(self):
        """Write the tables and the figure."""
        from course_utils.grading import report

        rows, verdicts = collections.defaultdict(dict), {}
        for one in self._submissions:
            lesson = one.lesson or "?"
            if one in self.broken:
                rows[one.student][lesson] = ({}, f"not graded: {self.broken[one]}")
                continue
            verdicts[lesson, one.student] = found = self._result(one)["verdicts"]
            by_hand = [verdict["number"] for verdict in found if verdict["state"] == "by hand"]
            notes = [one.notes, f"to be looked at by hand: {', '.join(by_hand)}" if by_hand else ""]
            points = self._course.points(one.student, lesson)
            rows[one.student][lesson] = (points, "; ".join(filter(None, notes)))
        report.write_grades(self._course.folder / "grades.csv", self._plans, rows)
        report.write_hints(self._course.folder / "hints.csv", verdicts)
        if verdicts:
            report.draw_stuck(self._course.folder / "where_stuck.png", verdicts)


def _read(path):
    """Read a submitted file, or complain."""
    if path.is_symlink():
        raise Broken("the file is a link")
    try:
        if path.stat().st_size > _LARGEST_FILE:
            raise Broken(f"the file has more than {_LARGEST_FILE / 2**20:.0f} MB")
        return path.read_bytes()
    except OSError as error:
        raise Broken(f"the file cannot be read: {error.strerror or error}") from error


class _Pool:
    """Referees, each a process that grades one lesson."""

    def __init__(self, workers, limits, unsafe, session):
        self._most, self._limits, self._unsafe, self._session = workers, limits, unsafe, session
        self._context = multiprocessing.get_context("spawn")
        self._referees = []

    def run(self, waiting):
        """Grade what waits: dict from lesson to deque of (submission, content)."""
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

    def _engage(self, waiting):
        """Start referees for the lessons with most to do."""
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

    def _hear(self, referee, waiting):
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

    def _give(self, referee, waiting):
        queue = waiting.get(referee.lesson)
        if not queue:
            self._dismiss(referee, waiting, "")
            return
        submission, content = queue.popleft()
        referee.give(submission, content)

    def _dismiss(self, referee, waiting, reason):
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

    def __init__(self, pool, lesson):
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

    def give(self, submission, content):
        """Let it grade a submission."""
        self.task, self.ready, self._since = submission, True, time.monotonic()
        self.connection.send_bytes(content)

    def is_late(self):
        """Say whether it has taken longer than anything allowed."""
        return time.monotonic() - self._since > self._patience

    def end(self):
        """End it."""
        self.connection.close()
        self._process.kill()
        self._process.join()
