"""The trusted side: runs submissions in a sandbox, their checks out here, and decides what each one earns.

A referee first runs the lesson itself, with the source's answers, so that every check finds the lesson's own
values and passes. A submission's functions are then put in place of the source's, as remote ones: a check
calls them, the call is carried out in the sandbox, and what comes back is plain data (or, of a Keras model, a
description that is built anew). No object of a submission ever exists in this process, so that neither what
it pretends to be equal to, nor what it prints, replaces or deletes in its own process, can change a decision.
"""

import builtins
import contextlib
import copy
import dataclasses
import enum
import hashlib
import importlib
import io
import os
import re
import sys
import time
from collections.abc import Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import numpy as np

from course_utils.checks import CheckFailed, EmptyAnswer, StillEmpty
from course_utils.errors import CourseError
from course_utils.grading import models, slicing
from course_utils.grading.borrowed import borrowed
from course_utils.grading.cells import Cells
from course_utils.grading.limits import Limits, TooMuchWork, bounded_work
from course_utils.grading.pages import within_budget
from course_utils.grading.plain import Remote, Side, same_place
from course_utils.grading.plan import Broken, Exercise, Plan, Step, compose, read_submission
from course_utils.grading.sandbox import Sandbox, SandboxGone
from course_utils.places import NOTEBOOKS

__all__ = ["Referee", "State", "Verdict", "digest", "serve"]

_ROOM = 3 * 2**30  # bytes by which a referee may grow while it grades
_READING_SECONDS, _SLICING_SECONDS = 30, 10


class State(enum.StrEnum):
    """What became of an exercise."""

    PASSED = "passed"
    FAILED = "failed"
    UNTOUCHED = "untouched"
    BY_HAND = "by hand"
    """Its answer cannot be passed out of the sandbox."""


class Verdict(dict):
    """What one exercise earned.

    Its keys are number, grade_id, points (the most), earned, state (a :class:`State`), hint, and note: what
    an instructor should know of an answer besides, such as that it calls a library's own function.
    """


@dataclasses.dataclass(frozen=True)
class _Decision:
    """What a check has made of an answer; by its values alone, if nothing was raised on the way."""

    state: State
    hint: str = ""
    printed: str = ""
    by_values: bool = False


class _ByHand(CheckFailed):
    """An answer is of a kind that is not graded automatically."""


def _failed(hint: str) -> _Decision:
    return _Decision(State.FAILED, hint)


def _untouched(exercise: Exercise) -> _Decision:
    return _Decision(State.UNTOUCHED, f"Exercise {exercise.number} is still empty.")


class Referee:
    """Grades submissions of one lesson.

    Args:
        plan: :class:`~course_utils.grading.plan.Plan`.
        limits: :class:`~course_utils.grading.limits.Limits`.
        unsafe: bool, run submissions without isolation.

    Raises:
        CourseError: when the source's own answers do not pass its own checks.
    """

    def __init__(self, plan: Plan, limits: Limits, unsafe: bool = False) -> None:
        self._plan, self._limits, self._unsafe = plan, limits, unsafe
        self._cells = Cells(limits.output)
        self._values = self._run_lesson()

    def _run_lesson(self) -> dict[str, dict]:
        """Runs the source and keeps, for each check, the values that it uses."""
        cells = [cell for cell in self._plan.source.cells if cell.cell_type == "code"]
        checks = {exercise.check for exercise in self._plan.exercises}
        last = max(place for place, cell in enumerate(cells) if _name(cell) in checks)
        cells = cells[: last + 1]
        sources = [cell.source for cell in cells]
        whole = {place for place, cell in enumerate(cells) if _name(cell)}
        for places in (slicing.needed_cells(sources, whole), range(len(cells))):
            values, failed = self._try_lesson(cells, places, checks)
            if not failed:
                return values
        raise CourseError(
            f"{self._plan.lesson}: the source's own answer fails its check {failed[0]!r}: {failed[1]} Mend "
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
                if _name(cell) in checks:
                    values[_name(cell)] = _kept(cell.source, self._cells.namespace)
                error = [output["error"] for output in self._cells.run(cell.source) if "error" in output]
                if error and (_name(cell) or "raises-exception" not in cell.metadata.get("tags", [])):
                    return None, (_name(cell) or cell.get("id"), ": ".join(error[0]))
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
                steps = compose(self._plan, submission)
                notes = self._notes(submission, steps)
        except TooMuchWork as work:
            raise Broken(f"reading it was given up: {work}") from work
        attempt = _Attempt(self, steps)
        attempt.run()
        cells = [step.cell for step in steps]
        within_budget(cells)
        return {
            "cells": cells,
            "verdicts": [attempt.verdicts[exercise.check] for exercise in self._plan.exercises],
            "notes": notes,
            "seconds": round(time.monotonic() - began, 2),
        }

    def _notes(self, submission: object, steps: list[Step]) -> list[str]:
        notes = [step.note for step in steps if step.note]
        if unreadable := submission.metadata.unreadable:
            notes.append(f"{unreadable} of its cells cannot be read and were left out")
        if all(step.missing for step in steps if _name(step.cell)):
            names = {name for exercise in self._plan.exercises for name in exercise.names}
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

    def decide(self, exercise: Exercise, source: str, sandbox: Sandbox, trouble: str) -> _Decision:
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
        caller = _Caller(sandbox, self._limits)
        printed = io.StringIO()
        try:
            for name in sorted(exercise.names & slicing.names_read(source)):
                found = caller.fetch(name)
                if found is _MISSING:
                    return _failed(
                        trouble or f"There is no `{name}`: its cell has been deleted, renamed or not run."
                    )
                namespace[name] = found
            np.random.seed(0)
            # Optimised or not, this process must heed the asserts of a test.
            code = compile(source, "<check>", "exec", dont_inherit=True, optimize=0)
            with (
                contextlib.redirect_stdout(printed),
                contextlib.redirect_stderr(io.StringIO()),
                bounded_work(self._limits.check_seconds),
            ):
                exec(code, namespace)
        except (StillEmpty, EmptyAnswer):
            return _untouched(exercise)
        except _ByHand as failure:
            return _Decision(State.BY_HAND, str(failure))
        except CheckFailed as failure:
            return _Decision(State.FAILED, str(failure), by_values=failure.__cause__ is None)
        except AssertionError:
            hint = "A further test, which is not shown, does not hold."
            return _Decision(State.FAILED, hint, by_values=True)
        except TooMuchWork as work:
            return _failed(f"What your code returned is too large to be checked: {work}.")
        except Exception as error:
            said = f"A further test, which is not shown, stopped with {type(error).__name__}: {error}"
            return _failed(said[:600])
        return _Decision(State.PASSED, printed=printed.getvalue())

    def note(self, exercise: Exercise, sandbox: Sandbox) -> str:
        """Says which functions of libraries a right answer uses that the lesson's own does not.

        Points are not touched by it: whatever does what was asked is right.
        """
        values = self._values[exercise.check]
        names = sorted(exercise.names & values.keys())
        usual = set().union(*(borrowed(values[name]) for name in names))
        answer, _ = sandbox.send({"do": "about", "names": names}, seconds=self._limits.call_seconds)
        found = answer.get("borrowed")
        found = {str(name)[:80] for name in found[:100]} if isinstance(found, list) else set()
        # What a model is built from is as free as its size.
        free = tuple(f"{name.partition('.')[0]}." for name in usual if not name.startswith("course_utils."))
        others = sorted(
            name for name in found - usual if not name.startswith(free or ("keras.src.backend.",))
        )
        return f"uses the library's own function: {', '.join(others[:3])}" if others else ""


# Code that can make any name without saying it.
_ROUNDABOUT = re.compile(
    r"\b(exec|eval|globals|locals|vars|setattr|run_cell|importlib|__\w+__)\b"
    r"|import\s+\*|^[ \t]*%(run|load)\b",
    re.MULTILINE,
)


class _Attempt:
    """One submission on its way through the sandbox, started again where it ended before its time."""

    def __init__(self, referee: Referee, steps: list[Step]) -> None:
        self._referee, self._steps = referee, steps
        self._limits = referee._limits
        self._released = referee._plan.cells("release")
        self.verdicts = {}
        self._given_up = set()  # places of cells that are not run again
        self._trouble = {}  # grade_id of an answer → why its cell did not run to its end
        self._settled = set()  # checks of which another run would say the same, unless own cells are in it
        self._end = time.monotonic() + self._limits.total_seconds

    def run(self) -> None:
        """Decides every exercise: by what it needs, or else as the student's own notebook would.

        What passes in the notebook, run from top to bottom, passes here.
        """
        self._decide_untouched()
        undecided = [e for e in self._referee._plan.exercises if e.check not in self.verdicts]
        written = [e for e in undecided if not all(map(self._is_as_released, self._answers(e)))]
        self._go_through(self._quick_sources(written), self._at_their_checks(written))
        failed = [e for e in undecided if self._may_pass_in_full(e)]
        if failed:
            self._trouble = {}
            trials = self._wherever_they_may_pass(failed)
            self._go_through(self._full_sources(max(trials)), trials)

    def _is_as_released(self, step: Step) -> bool:
        return step.missing or step.cell.source.strip() == self._released[_name(step.cell)].source.strip()

    def _decide_untouched(self) -> None:
        """Decides exercises whose answers nobody has written: they need no run."""
        for exercise in self._referee._plan.exercises:
            if all(map(self._is_as_released, self._answers(exercise))) and not any(
                self._may_answer(step, exercise) for step in self._steps
            ):
                self._record(exercise, _untouched(exercise))

    def _answers(self, exercise: Exercise) -> list[Step]:
        return [step for step in self._steps if _name(step.cell) in exercise.answers]

    def _may_answer(self, step: Step, exercise: Exercise) -> bool:
        """Says whether a cell outside of its own may define what an exercise asks for."""
        written = step.kind == "own" or (step.kind == "answer" and not self._is_as_released(step))
        text = step.cell.source
        return written and (any(name in text for name in exercise.names) or bool(_ROUNDABOUT.search(text)))

    def _may_pass_in_full(self, exercise: Exercise) -> bool:
        """Says whether the whole notebook could make something else of an exercise than its own cells did."""
        own = any(step.kind == "own" for step in self._steps)
        final = exercise.check in self._settled or self._state_of(exercise) == State.BY_HAND
        return not self._has_passed(exercise) and (own or not final)

    def _at_their_checks(self, exercises: list[Exercise]) -> dict[int, list[Exercise]]:
        """Gives where exercises are decided: dict from the place of a cell to those decided behind it."""
        return {
            place: [step.exercise] for place, step in enumerate(self._steps) if step.exercise in exercises
        }

    def _wherever_they_may_pass(self, exercises: list[Exercise]) -> dict[int, list[Exercise]]:
        """Gives the same with the copies of checks, and the last cell that may have to do with the answer."""
        trials = self._at_their_checks(exercises)
        for place, step in enumerate(self._steps):
            for exercise in exercises:
                if exercise in step.copies:
                    trials.setdefault(place, []).append(exercise)
        for exercise in exercises:
            last = max(
                place
                for place, step in enumerate(self._steps)
                if step.kind == "own" or step.exercise is exercise or self._may_answer(step, exercise)
            )
            if last > max(place for place, found in trials.items() if exercise in found):
                trials.setdefault(last, []).append(exercise)
        return trials

    def _full_sources(self, last: int) -> list[str]:
        """Gives what has to run to get as far as a place: all that the student's notebook runs."""
        return [
            step.cell.source if place <= last and self._runs(place, step) else ""
            for place, step in enumerate(self._steps)
        ]

    def _runs(self, place: int, step: Step) -> bool:
        if step.cell.cell_type != "code" or step.kind == "check" or step.missing:
            return False
        # A cell that was left as it was must not undo an answer that was written above it.
        bound = slicing.names_bound(step.cell.source) if step.kind == "answer" else ()
        return not (
            bound
            and self._is_as_released(step)
            and any(
                one.kind == "own" and any(name in one.cell.source for name in bound)
                for one in self._steps[:place]
            )
        )

    def _quick_sources(self, exercises: list[Exercise]) -> list[str]:
        """Gives what has to run: the answers and what they need, or all cells if that cannot be told."""
        full = self._full_sources(max(self._at_their_checks(exercises), default=-1))
        whole = {place for place, step in enumerate(self._steps) if step.kind == "answer" and full[place]}
        try:
            with bounded_work(_SLICING_SECONDS):
                return slicing.skeleton(full, whole) or full
        except TooMuchWork:
            return full

    def _go_through(self, sources: list[str], trials: dict[int, list[Exercise]]) -> None:
        """Runs cells and decides exercises, again without what had to be stopped."""
        self._sources, self._trials, self._tried = sources, trials, set()
        for _ in range(self._limits.restarts + 1):
            if not self._left() or time.monotonic() > self._end or self._run_once():
                break
        for exercise in {e.check: e for found in trials.values() for e in found}.values():
            if exercise.check not in self.verdicts:
                late = "The submission took too long; this was not reached."
                self._record(exercise, _failed(self._failure_of(exercise) or late))

    def _left(self) -> list[tuple[int, Exercise]]:
        """Gives what is still to be decided, and behind which cell."""
        return [
            (place, exercise)
            for place, found in self._trials.items()
            for exercise in found
            if (place, exercise.check) not in self._tried and not self._has_passed(exercise)
        ]

    def _state_of(self, exercise: Exercise) -> State | None:
        return self.verdicts.get(exercise.check, {}).get("state")

    def _has_passed(self, exercise: Exercise) -> bool:
        return self._state_of(exercise) == State.PASSED

    def _failure_of(self, exercise: Exercise) -> str:
        return next((self._trouble[name] for name in exercise.answers if name in self._trouble), "")

    def _run_once(self) -> bool:
        """Goes through the cells once; says whether the end was reached."""
        self._now = None
        try:
            with Sandbox(self._limits, self._referee._unsafe) as sandbox:
                quick = not any(re.search(r"\b(keras|tensorflow|tf)\b", source) for source in self._sources)
                start = {"do": "start", "quick": quick, "output": self._limits.output}
                began = time.monotonic()
                sandbox.send(start, seconds=max(60.0, self._limits.cell_seconds))
                self._end += time.monotonic() - began  # nothing of the submission has run yet
                for place, step, exercise in self._itinerary():
                    if time.monotonic() > self._end or not self._left():
                        return True
                    self._now, self._since = (place, step, exercise), time.monotonic()
                    if exercise:
                        self._check(place, exercise, sandbox)
                    else:
                        self._run_cell(step, self._sources[place], sandbox)
        except SandboxGone as gone:
            if self._now is None:
                raise CourseError(f"The sandbox does not start: {gone}.") from gone
            self._give_up(*self._now, str(gone))
            return False
        return True

    def _itinerary(self) -> Iterator[tuple[int, Step, Exercise | None]]:
        """Yields the cells to run and, behind them, the exercises to decide."""
        for place, step in enumerate(self._steps):
            if self._sources[place].strip() and place not in self._given_up:
                yield place, step, None
            for exercise in self._trials.get(place, ()):
                if (place, exercise.check) not in self._tried and not self._has_passed(exercise):
                    yield place, step, exercise

    def _run_cell(self, step: Step, source: str, sandbox: Sandbox) -> None:
        answer, _ = sandbox.send({"do": "run", "source": source}, seconds=self._limits.cell_seconds)
        outputs = _outputs(answer.get("outputs"), self._limits.output)
        if source == step.cell.source:
            step.cell.outputs = outputs
        errors = [output for output in outputs if output["output_type"] == "error"]
        if errors and step.kind == "answer" and not self._is_as_released(step):
            error = errors[-1]
            # IPython's name for the cell means nothing to a student.
            message = re.sub(r" \(<ipython-input[^>]*>, (line \d+)\)", r" in \1", error["evalue"])
            self._trouble[_name(step.cell)] = (
                f"The cell of your answer stopped with {error['ename']}: {message}"[:500]
            )

    def _check(self, place: int, exercise: Exercise, sandbox: Sandbox) -> None:
        self._tried.add((place, exercise.check))
        source = self._cell_of(exercise).source
        decision = self._referee.decide(exercise, source, sandbox, self._failure_of(exercise))
        self._record(exercise, decision)
        # What the answer needs was there: the rest of the lesson would not change what it gives.
        if decision.by_values and not self._failure_of(exercise):
            self._settled.add(exercise.check)
        if decision.state == State.PASSED:
            self.verdicts[exercise.check]["note"] = _writable(self._referee.note(exercise, sandbox))

    def _give_up(self, place: int, step: Step, exercise: Exercise | None, reason: str) -> None:
        """Takes note of where a submission was stopped, so as not to go there again."""
        if exercise or step.kind == "answer":
            # What one exercise has used up is not taken from the others.
            self._end += time.monotonic() - self._since
        if exercise:
            self._tried.add((place, exercise.check))
            self._settled.add(exercise.check)
            if not self._has_passed(exercise):
                self._record(exercise, _failed(f"Your code was stopped: {reason}."))
            return
        self._given_up.add(place)
        sentence = f"The cell was stopped: {reason}."
        step.cell.outputs = [_error("Stopped", sentence)]
        if step.kind == "answer":
            self._trouble[_name(step.cell)] = sentence
            self._settled |= {e.check for e in self._referee._plan.exercises if _name(step.cell) in e.answers}

    def _cell_of(self, exercise: Exercise) -> object:
        return next(step.cell for step in self._steps if step.exercise is exercise)

    def _record(self, exercise: Exercise, decision: _Decision) -> None:
        """Keeps a decision, unless a better one is known, and shows it as the output of the check's cell."""
        if decision.state == State.UNTOUCHED and self._state_of(exercise) not in (None, State.UNTOUCHED):
            return
        hint = _writable(decision.hint)
        passed = decision.state == State.PASSED
        self.verdicts[exercise.check] = Verdict(
            number=exercise.number,
            grade_id=exercise.check,
            points=exercise.points,
            earned=exercise.points if passed else 0.0,
            state=decision.state,
            hint=hint,
            note="",
        )
        text = decision.printed or f"Exercise {exercise.number} passed.\n"
        self._cell_of(exercise).outputs = [_stream(text)] if passed else [_error("Not yet", hint)]


_MISSING = object()


class RemoteObject(Remote):
    """Stands for an object of a submission: neither true nor false, and equal to nothing but itself."""

    def __init__(self, caller: "_Caller", handle: int) -> None:
        self._caller, self.handle = caller, handle

    def __bool__(self) -> bool:
        raise TypeError(f"a {type(self).__name__} is no plain value")


class RemoteAnswer(RemoteObject):
    """Stands for a function of a submission; calling it calls that in the sandbox."""

    def __call__(self, *arguments: object, **named: object) -> object:
        return self._caller.call(self.handle, arguments, named)


class _Caller:
    """Calls functions in a sandbox for one check, which has the time of a cell for all of its calls."""

    def __init__(self, sandbox: Sandbox, limits: Limits) -> None:
        self._sandbox, self._limits = sandbox, limits
        self._used = sandbox.used()
        self._side = Side(remote=self._remote, send_path=_send_path, make_model=models.build)
        self._failure = None

    def _seconds(self) -> float:
        """Gives the time of the next call, if there is any left for it."""
        if self._sandbox.used() - self._used > self._limits.cell_seconds:
            raise SandboxGone(f"its calls took more than {self._limits.cell_seconds:g} seconds together")
        return self._limits.call_seconds

    def fetch(self, name: str) -> object:
        """Fetches what the submission has under a name; ``_MISSING`` if that is nothing."""
        answer, blobs = self._sandbox.send({"do": "get", "name": name}, seconds=self._seconds())
        if answer.get("missing"):
            return _MISSING
        return self._read(answer.get("value"), blobs)

    def call(self, handle: int, arguments: tuple, named: dict) -> object:
        """Calls a function of the submission."""
        blobs = []
        content = {
            "do": "call",
            "target": handle,
            "arguments": self._side.write(list(arguments), blobs),
            "named": self._side.write(named, blobs),
            "errstate": np.geterr(),
            "seed": int(np.random.randint(2**31)),
        }
        answer, blobs = self._sandbox.send(content, blobs, seconds=self._seconds())
        while "use" in answer:
            content, sent = self._use(answer, blobs)
            # Without a time of its own: that for the call goes on.
            answer, blobs = self._sandbox.send(content, sent)
        if self._failure:
            raise self._failure
        if "raised" in answer:
            raise _exception(answer["raised"])
        changed = self._read(answer.get("arguments"), blobs)
        for argument, now in zip(arguments, changed if isinstance(changed, list) else (), strict=False):
            same_place(argument, now)
        return self._read(answer.get("value"), blobs)

    def _use(self, asked: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Lets the sandbox call what the check has handed over: a function, a model or two of its methods."""
        try:
            target = self._side.handles[int(asked["use"])]
            method = asked.get("method")
            if isinstance(target, Remote) or method not in (None, "predict", "predict_on_batch"):
                raise ValueError("only functions and models that the check has handed over can be called")
            arguments = self._read(asked.get("arguments"), blobs)
            named = self._read(asked.get("named"), blobs)
            if set(named) - {"training", "batch_size", "verbose", "mask"}:
                raise ValueError(f"arguments {sorted(named)} are not carried to the check")
            value = (getattr(target, method) if method else target)(*arguments, **named)
        except Exception as error:
            # What the check itself complains about must not be lost in the answer's own `except`.
            self._failure = error if isinstance(error, CheckFailed) else None
            return {"raised": f"{type(error).__name__}: {error}"[:500]}, []
        sent = []
        return {"value": self._side.write(value, sent), "arguments": self._side.write(arguments, sent)}, sent

    def _read(self, written: object, blobs: list[bytes]) -> object:
        try:
            return self._side.read(written, blobs)
        except models.UnsafeModel as error:
            raise _ByHand(
                f"Your model has {error}. Such a model is not graded automatically: build it from Keras' own "
                "layers and the course's, or ask your instructor to look at it."
            ) from error

    def _remote(self, handle: int, name: str, is_callable: bool) -> RemoteObject:
        # It keeps the name of its type, which hints quote, and nothing else.
        name = re.sub(r"\W", "", name) or "object"
        return type(name, (RemoteAnswer if is_callable else RemoteObject,), {})(self, handle)


def _send_path(path: Path) -> tuple[str, bytes] | None:
    """Gives name and bytes of a file that a check has made; the course's own files are there already."""
    if not path.is_file():
        return None
    return path.name, path.read_bytes()


def _exception(raised: dict) -> Exception:
    """Makes an exception like the one that an answer has raised."""
    if raised.get("stub") is True:
        return EmptyAnswer()
    name, message, place = (raised.get(key) for key in ("type", "message", "place"))
    name, message = re.sub(r"\W", "", str(name))[:60] or "Error", str(message)[:2000]
    kind = getattr(builtins, name, None)
    # A StopIteration would end a loop of the check instead of the check.
    if not (isinstance(kind, type) and issubclass(kind, Exception)) or "Iteration" in name:
        kind = type(name, (Exception,), {})
    if isinstance(place, list) and len(place) == 2:
        message += f" in line {str(place[0])[:6]} of your cell, `{str(place[1])[:200]}`"
    try:
        error = kind(message)
    except TypeError:  # such as UnicodeDecodeError, which wants more
        error = type(name, (Exception,), {})(message)
    error.by_answer = True  # a check says so of what its own code has not raised
    return error


def _outputs(reported: object, limit: int) -> list[dict]:
    """Turns what a worker reports of a cell into nbformat's outputs; what is none of them is left out."""
    import base64

    outputs = []
    for output in reported[:60] if isinstance(reported, list) else []:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        if isinstance(output.get("text"), str):
            outputs.append(_stream(output["text"][:limit]))
        elif isinstance(data, dict):
            shown = {
                kind: data[kind] for kind in ("text/plain", "image/png") if isinstance(data.get(kind), str)
            }
            try:
                base64.b64decode(shown.get("image/png", ""), validate=False)
            except ValueError:
                shown.pop("image/png")
            if len(shown.get("image/png", "")) > 2**21:
                shown.pop("image/png")
            shown["text/plain"] = _writable(shown.get("text/plain", "")[:limit])
            outputs.append({"output_type": "display_data", "data": shown, "metadata": {}})
        elif isinstance(output.get("error"), list):
            name, message = (str(part)[:2000] for part in [*output["error"], "", ""][:2])
            outputs.append(_error(name, message))
    return outputs


def _stream(text: str) -> dict:
    return {"output_type": "stream", "name": "stdout", "text": _writable(text)}


def _writable(text: str) -> str:
    """Replaces what a submission can put into a str and nobody into a file."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _error(name: str, message: str) -> dict:
    name, message = _writable(name), _writable(message)
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


def _name(cell: object) -> str | None:
    return cell.metadata.get("nbgrader", {}).get("grade_id")


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
