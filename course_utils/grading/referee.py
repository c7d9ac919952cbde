"""The trusted side: runs submissions in a sandbox, their checks out here, and decides what each one earns.

A referee first runs the lesson itself, with the source's answers, so that every check finds the lesson's own
values and passes. A submission's functions are then put in place of the source's, as remote ones: a check
calls them, the call is carried out in the sandbox, and what comes back is plain data (or, of a Keras model, a
description that is built anew). No object of a submission ever exists in this process, so that neither what
it pretends to be equal to, nor what it prints, replaces or deletes in its own process, can change a decision.
"""

import contextlib
import copy
import dataclasses
import hashlib
import importlib
import io
import os
import sys
import time
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from course_utils.checks import CheckFailed, EmptyAnswer, StillEmpty
from course_utils.errors import CourseError
from course_utils.grading import slicing
from course_utils.grading.attempt import Attempt
from course_utils.grading.borrowed import borrowed
from course_utils.grading.cells import Cells
from course_utils.grading.limits import Limits, TooMuchWork, bounded_work
from course_utils.grading.pages import within_budget
from course_utils.grading.plan import Broken, Exercise, Plan, Step, compose, grade_id, read_submission
from course_utils.grading.remote import MISSING, Caller
from course_utils.grading.sandbox import Sandbox
from course_utils.grading.verdicts import ByHand, Decision, State
from course_utils.places import NOTEBOOKS

__all__ = ["Referee", "digest", "serve"]

_ROOM = 3 * 2**30  # bytes by which a referee may grow while it grades
_READING_SECONDS = 30


class Referee:
    """Grades submissions of one lesson; its arguments are its attributes too.

    Args:
        plan: :class:`~course_utils.grading.plan.Plan`.
        limits: :class:`~course_utils.grading.limits.Limits`.
        unsafe: bool, run submissions without isolation.

    Raises:
        CourseError: when the source's own answers do not pass its own checks.
    """

    def __init__(self, plan: Plan, limits: Limits, unsafe: bool = False) -> None:
        self.plan, self.limits, self.unsafe = plan, limits, unsafe
        self._cells = Cells(limits.output)
        self._values = self._run_lesson()

    def _run_lesson(self) -> dict[str, dict]:
        """Runs the source and keeps, for each check, the values that it uses."""
        cells = [cell for cell in self.plan.source.cells if cell.cell_type == "code"]
        checks = {exercise.check for exercise in self.plan.exercises}
        last = max(place for place, cell in enumerate(cells) if grade_id(cell) in checks)
        cells = cells[: last + 1]
        sources = [cell.source for cell in cells]
        whole = {place for place, cell in enumerate(cells) if grade_id(cell)}
        for places in (slicing.needed_cells(sources, whole), range(len(cells))):
            values, failed = self._try_lesson(cells, places, checks)
            if not failed:
                return values
        raise CourseError(
            f"{self.plan.lesson}: the source's own answer fails its check {failed[0]!r}: {failed[1]} Mend "
            "the lesson before you grade with it."
        )

    def _try_lesson(self, cells: list, places: list[int], checks: set[str]) -> tuple:
        values = {}
        _start_runtime(any("keras" in cells[place].source for place in places))
        folder = Path.cwd()
        os.chdir(_notebooks_folder())
        try:
            for place in places:
                cell = cells[place]
                if grade_id(cell) in checks:
                    values[grade_id(cell)] = _kept(cell.source, self._cells.namespace)
                error = [output["error"] for output in self._cells.run(cell.source) if "error" in output]
                if error and (grade_id(cell) or "raises-exception" not in cell.metadata.get("tags", [])):
                    return None, (grade_id(cell) or cell.get("id"), ": ".join(error[0]))
        finally:
            os.chdir(folder)
        return values, None

    def grade(self, content: bytes) -> dict:
        """Grades one submission.

        Args:
            content: bytes of the file; not trusted.

        Returns:
            dict: "cells", as graded, with outputs, "verdicts", list of :class:`Verdict`, "notes", list of
            str, what an instructor must know of the whole submission, and "seconds".

        Raises:
            Broken: when the file is no notebook, or has nothing of this lesson in it.
        """
        began = time.monotonic()
        try:
            with bounded_work(_READING_SECONDS):
                submission = read_submission(content)
                steps = compose(self.plan, submission)
                notes = self._notes(submission, steps)
        except TooMuchWork as work:
            raise Broken(f"reading it was given up: {work}") from work
        attempt = Attempt(self, steps)
        attempt.run()
        cells = [step.cell for step in steps]
        within_budget(cells)
        return {
            "cells": cells,
            "verdicts": [attempt.verdicts[exercise.check] for exercise in self.plan.exercises],
            "notes": notes,
            "seconds": round(time.monotonic() - began, 2),
        }

    def _notes(self, submission: object, steps: list[Step]) -> list[str]:
        notes = [step.note for step in steps if step.note]
        if unreadable := submission.metadata.unreadable:
            notes.append(f"{unreadable} of its cells cannot be read and were left out")
        if all(step.missing for step in steps if grade_id(step.cell)):
            names = {name for exercise in self.plan.exercises for name in exercise.names}
            if not any(name in step.cell.source for name in names for step in steps if not step.missing):
                raise Broken(
                    "it carries none of the exercises' cells: ask for the notebook that was handed out, with "
                    "the answers in its own cells"
                )
            notes.append(
                "carries none of the exercises' cells, as if pasted into another notebook: answers in code "
                "were found by their names; look for the written ones in the file"
            )
        return notes

    def decide(self, exercise: Exercise, source: str, sandbox: Sandbox, trouble: str) -> Decision:
        """Runs a check on a submission's functions.

        Args:
            exercise: :class:`~course_utils.grading.plan.Exercise`.
            source: str, the check's source.
            sandbox: the running :class:`~course_utils.grading.sandbox.Sandbox`.
            trouble: str, why the answers' cells did not run to their end, or "".

        Returns:
            State, hint, and what the check printed.
        """
        namespace = {name: _copy(value) for name, value in self._values[exercise.check].items()}
        caller = Caller(sandbox, self.limits)
        printed = io.StringIO()
        try:
            for name in sorted(exercise.names & slicing.names_read(source)):
                found = caller.fetch(name)
                if found is MISSING:
                    return Decision.failed(
                        trouble or f"There is no `{name}`: its cell has been deleted, renamed or not run."
                    )
                namespace[name] = found
            np.random.seed(0)
            # Optimised or not, this process must heed the asserts of a test.
            code = compile(source, "<check>", "exec", dont_inherit=True, optimize=0)
            with (
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(io.StringIO()),
                bounded_work(self.limits.check_seconds),
            ):
                exec(code, namespace)
        except (StillEmpty, EmptyAnswer):
            return Decision.untouched(exercise)
        except ByHand as failure:
            return Decision(State.BY_HAND, str(failure))
        except CheckFailed as failure:
            return Decision(State.FAILED, str(failure), by_values=failure.__cause__ is None)
        except AssertionError:
            hint = "A further test, which is not shown, does not hold."
            return Decision(State.FAILED, hint, by_values=True)
        except TooMuchWork as work:
            return Decision.failed(f"What your code returned is too large to be checked: {work}.")
        except Exception as error:
            said = f"A further test, which is not shown, stopped with {type(error).__name__}: {error}"
            return Decision.failed(said[:600])
        return Decision(State.PASSED, printed=printed.getvalue())

    def note(self, exercise: Exercise, sandbox: Sandbox) -> str:
        """Says which functions of libraries a right answer uses that the lesson's own does not.

        Points are not touched by it: whatever does what was asked is right.
        """
        values = self._values[exercise.check]
        names = sorted(exercise.names & values.keys())
        usual = set().union(*(borrowed(values[name]) for name in names))
        answer, _ = sandbox.send({"do": "about", "names": names}, seconds=self.limits.call_seconds)
        found = answer.get("borrowed")
        found = {str(name)[:80] for name in found[:100]} if isinstance(found, list) else set()
        # What a model is built from is as free as its size.
        free = tuple(f"{name.partition('.')[0]}." for name in usual if not name.startswith("course_utils."))
        others = sorted(
            name for name in found - usual if not name.startswith(free or ("keras.src.backend.",))
        )
        return f"uses the library's own function: {', '.join(others[:3])}" if others else ""


def _kept(source: str, namespace: dict) -> dict:
    return {name: _copy(namespace[name]) for name in slicing.names_read(source) if name in namespace}


def _copy(value: object) -> object:
    """Copies what a check or an answer could change; functions, modules and models stay the same."""
    plain = (np.ndarray, np.random.Generator, list, dict, set)
    return copy.deepcopy(value) if isinstance(value, plain) else value


def _start_runtime(with_keras: bool) -> None:
    """Loads Keras quietly, or sees to it that a lesson whose checks need no network does not load it."""
    from course_utils import runtime
    from course_utils.grading.worker import start_without_keras

    if with_keras:
        importlib.reload(runtime).start()
    else:
        start_without_keras()


def _notebooks_folder() -> Path:
    return NOTEBOOKS if NOTEBOOKS.is_dir() else Path.cwd()


def serve(connection: Connection, plan_path: Path, limits: Limits, unsafe: bool) -> None:
    """Grades what comes through a connection, as a process of its own.

    Args:
        connection: multiprocessing Connection. Submissions come as bytes; what goes is (kind, result), first
            ("ready", None) or ("cannot", why), then for each ("graded", what :meth:`Referee.grade` gives),
            or "broken" or "cannot" with the reason.
        plan_path: Path of the assignment's source.
        limits: :class:`~course_utils.grading.limits.Limits`.
        unsafe: bool.
    """
    from course_utils.grading.plan import read_plan

    limits = dataclasses.replace(limits, hidden=(*limits.hidden, *_exchanges(plan_path)))
    # What lessons print while they run is no output of `grade`.
    sys.stdout = sys.stderr = io.StringIO()
    try:
        referee = Referee(read_plan(plan_path), limits, unsafe)
    except CourseError as error:
        connection.send(("cannot", str(error)))
        return
    _bound_memory()
    connection.send(("ready", None))
    # Until nobody is there any more.
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            content = connection.recv_bytes()
            try:
                connection.send(("graded", referee.grade(content)))
            except Broken as broken:
                connection.send(("broken", str(broken)))
            except CourseError as error:
                connection.send(("cannot", str(error)))


def _exchanges(plan_path: Path) -> list[str]:
    """Gives the exchanges that nbgrader is told of: by the assignment's course, or for this account."""
    from jupyter_core.paths import jupyter_config_path
    from traitlets.config import PyFileConfigLoader

    found = []
    for folder in map(str, [*plan_path.absolute().parents[2:3], *jupyter_config_path()]):
        if Path(folder, "nbgrader_config.py").is_file():
            settings = PyFileConfigLoader("nbgrader_config.py", path=folder).load_config()
            found += [str(settings.Exchange.root)] if "root" in settings.Exchange else []
    return found


def _bound_memory() -> None:
    """Lets this process grow a little only: a model may be described as larger than the machine."""
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        # The soft limit only: the sandbox, a child, has a limit of its own.
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = pages * resource.getpagesize() + _ROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def digest(content: bytes, plan: Plan) -> str:
    """Gives what identifies a submission graded by a plan.

    Args:
        content: bytes of the submission.
        plan: :class:`~course_utils.grading.plan.Plan`.

    Returns:
        str.
    """
    return hashlib.sha256(content + plan.digest.encode()).hexdigest()
