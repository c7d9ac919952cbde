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
import hashlib
import importlib
import io
import os
import re
import sys
import time
from pathlib import Path

import numpy as np

from course_utils.checks import CheckFailed
from course_utils.errors import CourseError
from course_utils.grading import models, slicing
from course_utils.grading.cells import Cells
from course_utils.grading.pages import within_budget
from course_utils.grading.plain import Remote, Side, same_place
from course_utils.grading.plan import compose, read_submission
from course_utils.grading.sandbox import Sandbox, SandboxGone
from course_utils.places import NOTEBOOKS

__all__ = ["Referee", "Verdict", "digest", "serve"]

_EMPTY = "is still empty"
BY_HAND = "is not graded automatically"
_ROOM = 3 * 2**30  # bytes by which a referee may grow while it grades


class Verdict(dict):
    """What one exercise earned.

    Its keys are number, grade_id, points (the most), earned, state ("passed", "failed", "untouched" or
    "by hand", for what cannot be passed out of the sandbox) and hint.
    """


class Referee:
    """Grades submissions of one lesson.

    Args:
        plan: :class:`~course_utils.grading.plan.Plan`.
        limits: :class:`~course_utils.grading.limits.Limits`.
        unsafe: bool, run submissions without isolation.

    Raises:
        CourseError: when the source's own answers do not pass its own checks.
    """

    def __init__(self, plan, limits, unsafe=False):
        self._plan, self._limits, self._unsafe = plan, limits, unsafe
        self._cells = Cells(limits.output)
        self._values = self._run_lesson()

    def _run_lesson(self):
        """Run the source and keep, for each check, the values that it uses."""
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

    def _try_lesson(self, cells, places, checks):
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

    def grade(self, content):
        """Grade one submission.

        Args:
            content: bytes of the file; not trusted.

        Returns:
            dict: "cells", as graded, with outputs, "verdicts", list of :class:`Verdict`, and "seconds".

        Raises:
            Broken: when the file is no notebook.
        """
        began = time.monotonic()
        steps = compose(self._plan, read_submission(content))
        attempt = _Attempt(self, steps)
        attempt.run()
        cells = [step.cell for step in steps]
        within_budget(cells)
        return {
            "cells": cells,
            "verdicts": [attempt.verdicts[exercise.check] for exercise in self._plan.exercises],
            "seconds": round(time.monotonic() - began, 2),
        }

    def decide(self, exercise, source, sandbox, trouble):
        """Run a check on a submission's functions.

        Args:
            exercise: :class:`~course_utils.grading.plan.Exercise`.
            source: str, the check's source.
            sandbox: the running :class:`~course_utils.grading.sandbox.Sandbox`.
            trouble: str, why the answers' cells did not run to their end, or "".

        Returns:
            (hint, printed): "" and what the check printed if it passed, else why not.
        """
        namespace = {name: _copy(value) for name, value in self._values[exercise.check].items()}
        caller = _Caller(sandbox, self._limits)
        printed = io.StringIO()
        try:
            for name in sorted(exercise.names & slicing.names_read(source)):
                found = caller.fetch(name)
                if found is _MISSING:
                    return (
                        trouble or f"There is no `{name}`: its cell has been deleted, renamed or not run.",
                        "",
                    )
                namespace[name] = found
            np.random.seed(0)
            with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(io.StringIO()):
                exec(compile(source, "<check>", "exec"), namespace)
        except CheckFailed as failure:
            return str(failure), ""
        except NotImplementedError:
            return f"Exercise {exercise.number} {_EMPTY}.", ""
        except AssertionError:
            return "A further test, which is not shown, does not hold.", ""
        except Exception as error:
            return f"A further test, which is not shown, stopped with {type(error).__name__}: {error}"[
                :600
            ], ""
        return "", printed.getvalue()


class _Attempt:
    """One submission on its way through the sandbox, started again where it ended before its time."""

    def __init__(self, referee, steps):
        self._referee, self._steps = referee, steps
        self._limits = referee._limits
        self.verdicts = {}
        self._given_up = {}  # place of a cell → why it is not run again
        self._trouble = {}  # grade_id of an answer → why its cell did not run to its end

    def run(self):
        self._decide_untouched()
        self._run_with(self._quick_sources())
        if any("NameError" in verdict["hint"] for verdict in self.verdicts.values()):
            # Something was left out that was needed after all.
            self._forget_failures()
            self._run_with(self._full_sources())

    def _forget_failures(self):
        self.verdicts = {
            name: verdict for name, verdict in self.verdicts.items() if verdict["state"] != "failed"
        }
        self._trouble = {}

    def _decide_untouched(self):
        """Exercises whose answers nobody has written need no run."""
        released = self._referee._plan.cells("release")
        own = [step.cell.source for step in self._steps if step.kind == "own"]
        sources = {_name(step.cell): step.cell.source for step in self._steps if step.kind == "answer"}
        for exercise in self._referee._plan.exercises:
            same = all(sources[name] == released[name].source for name in exercise.answers)
            elsewhere = any(name in text for name in exercise.names for text in own)
            if same and not elsewhere:
                self._record(exercise, f"Exercise {exercise.number} {_EMPTY}.")

    def _full_sources(self):
        pending = [
            place
            for place, step in enumerate(self._steps)
            if step.exercise and step.exercise.check not in self.verdicts
        ]
        last = max(pending, default=-1)
        return [
            step.cell.source
            if step.cell.cell_type == "code" and step.kind != "check" and place < last
            else ""
            for place, step in enumerate(self._steps)
        ]

    def _quick_sources(self):
        """What has to run: the answers and what they need, or all cells if that cannot be told."""
        full = self._full_sources()
        whole = {place for place, step in enumerate(self._steps) if step.kind == "answer" and full[place]}
        return slicing.skeleton(full, whole) or full

    def _run_with(self, sources):
        end = time.monotonic() + self._limits.total_seconds
        for _ in range(self._limits.restarts + 1):
            if not self._pending() or time.monotonic() > end:
                break
            if self._run_once(sources, end):
                break
        for exercise in self._pending():
            self._record(
                exercise, self._failure_of(exercise) or "The submission took too long; this was not reached."
            )

    def _pending(self):
        return [e for e in self._referee._plan.exercises if e.check not in self.verdicts]

    def _failure_of(self, exercise):
        return next((self._trouble[name] for name in exercise.answers if name in self._trouble), "")

    def _run_once(self, sources, end):
        """Go through the cells once; return whether the end was reached."""
        place, step = 0, None
        try:
            with Sandbox(self._limits, self._referee._unsafe) as sandbox:
                quick = not any(re.search(r"\b(keras|tensorflow|tf)\b", source) for source in sources)
                start = {"do": "start", "quick": quick, "output": self._limits.output}
                sandbox.send(start, seconds=max(60.0, self._limits.cell_seconds))
                for place, step in enumerate(self._steps):
                    if time.monotonic() > end or not self._pending():
                        return True
                    if step.kind == "check":
                        self._check(step, sandbox)
                    elif sources[place].strip() and place not in self._given_up:
                        self._run_cell(step, sources[place], sandbox)
        except SandboxGone as gone:
            if step is None:
                raise CourseError(f"The sandbox does not start: {gone}.") from gone
            self._give_up(place, step, str(gone))
            return False
        return True

    def _run_cell(self, step, source, sandbox):
        answer, _ = sandbox.send({"do": "run", "source": source}, seconds=self._limits.cell_seconds)
        outputs = _outputs(answer.get("outputs"), self._limits.output)
        if source == step.cell.source:
            step.cell.outputs = outputs
        errors = [output for output in outputs if output["output_type"] == "error"]
        if errors and step.kind == "answer":
            error = errors[-1]
            # IPython's name for the cell means nothing to a student.
            message = re.sub(r" \(<ipython-input[^>]*>, (line \d+)\)", r" in \1", error["evalue"])
            self._trouble[_name(step.cell)] = (
                f"The cell of your answer stopped with {error['ename']}: {message}"[:500]
            )

    def _check(self, step, sandbox):
        exercise = step.exercise
        if exercise.check in self.verdicts:
            return
        hint, printed = self._referee.decide(exercise, step.cell.source, sandbox, self._failure_of(exercise))
        self._record(exercise, hint, printed)

    def _give_up(self, place, step, reason):
        if step.kind == "check":
            self._record(step.exercise, f"Your code was stopped: {reason}.")
            return
        self._given_up[place] = reason
        sentence = f"The cell was stopped: {reason}."
        step.cell.outputs = [_error("Stopped", sentence)]
        if step.kind == "answer":
            self._trouble[_name(step.cell)] = sentence

    def _record(self, exercise, hint, printed=""):
        """Keep a decision, and show it as the output of the check's cell."""
        hint = _writable(hint)
        state = "failed" if hint else "passed"
        for part, kind in ((_EMPTY, "untouched"), (BY_HAND, "by hand")):
            state = kind if part in hint else state
        self.verdicts[exercise.check] = Verdict(
            number=exercise.number,
            grade_id=exercise.check,
            points=exercise.points,
            earned=0.0 if hint else exercise.points,
            state=state,
            hint=hint,
        )
        cell = next(step.cell for step in self._steps if step.exercise is exercise)
        text = printed or f"Exercise {exercise.number} passed.\n"
        cell.outputs = [_error("Not yet", hint)] if hint else [_stream(text)]


_MISSING = object()


class RemoteObject(Remote):
    """Stands for an object of a submission: neither true nor false, and equal to nothing but itself."""

    def __init__(self, caller, handle):
        self._caller, self.handle = caller, handle

    def __bool__(self):
        raise TypeError(f"a {type(self).__name__} is no plain value")


class RemoteAnswer(RemoteObject):
    """Stands for a function of a submission; calling it calls that in the sandbox."""

    def __call__(self, *arguments, **named):
        return self._caller.call(self.handle, arguments, named)


class _Caller:
    """Calls functions in a sandbox for one check."""

    def __init__(self, sandbox, limits):
        self._sandbox, self._limits = sandbox, limits
        self._side = Side(remote=self._remote, send_path=_send_path, make_model=models.build)
        self._failure = None

    def fetch(self, name):
        answer, blobs = self._sandbox.send({"do": "get", "name": name}, seconds=self._limits.call_seconds)
        if answer.get("missing"):
            return _MISSING
        return self._read(answer.get("value"), blobs)

    def call(self, handle, arguments, named):
        blobs = []
        content = {
            "do": "call",
            "target": handle,
            "arguments": self._side.write(list(arguments), blobs),
            "named": self._side.write(named, blobs),
            "errstate": np.geterr(),
            "seed": int(np.random.randint(2**31)),
        }
        answer, blobs = self._sandbox.send(content, blobs, seconds=self._limits.call_seconds)
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

    def _use(self, asked, blobs):
        """Let the sandbox call what the check has handed over: the thing itself, or two methods of models."""
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

    def _read(self, written, blobs):
        try:
            return self._side.read(written, blobs)
        except models.UnsafeModel as error:
            raise CheckFailed(
                f"Your model has {error}. Such a model {BY_HAND}: build it from Keras' own "
                "layers and the course's, or ask your instructor to look at it."
            ) from error

    def _remote(self, handle, name, is_callable):
        # It keeps the name of its type, which hints quote, and nothing else.
        name = re.sub(r"\W", "", name) or "object"
        return type(name, (RemoteAnswer if is_callable else RemoteObject,), {})(self, handle)


def _send_path(path):
    """Return name and bytes of a file that a check has made; the course's own files are there already."""
    if not path.is_file():
        return None
    return path.name, path.read_bytes()


def _exception(raised):
    """Make an exception like the one that an answer has raised."""
    name, message, place = (raised.get(key) for key in ("type", "message", "place"))
    name, message = re.sub(r"\W", "", str(name))[:60] or "Error", str(message)[:2000]
    kind = getattr(builtins, name, None)
    # A StopIteration would end a loop of the check instead of the check.
    if not (isinstance(kind, type) and issubclass(kind, Exception)) or "Iteration" in name:
        kind = type(name, (Exception,), {})
    if isinstance(place, list) and len(place) == 2:
        message += f" in line {str(place[0])[:6]} of your cell, `{str(place[1])[:200]}`"
    try:
        return kind(message)
    except TypeError:  # such as UnicodeDecodeError, which wants more
        return type(name, (Exception,), {})(message)


def _outputs(reported, limit):
    """Turn what a worker reports of a cell into nbformat's outputs; what is none of them is left out."""
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


def _stream(text):
    return {"output_type": "stream", "name": "stdout", "text": _writable(text)}


def _writable(text):
    """Replace what a submission can put into a str and nobody into a file."""
    return text.encode("utf-8", "replace").decode("utf-8")


def _error(name, message):
    name, message = _writable(name), _writable(message)
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}


def _name(cell):
    return cell.metadata.get("nbgrader", {}).get("grade_id")


def _kept(source, namespace):
    return {name: _copy(namespace[name]) for name in slicing.names_read(source) if name in namespace}


def _copy(value):
    """Copy what a check or an answer could change; functions, modules and models stay the same."""
    plain = (np.ndarray, np.random.Generator, list, dict, set)
    return copy.deepcopy(value) if isinstance(value, plain) else value


def _start_runtime(with_keras):
    """Load Keras quietly, or see to it that a lesson whose checks need no network does not load it."""
    from course_utils import runtime
    from course_utils.grading.worker import start_without_keras

    if with_keras:
        importlib.reload(runtime).start()
    else:
        start_without_keras()


def _notebooks_folder():
    return NOTEBOOKS if NOTEBOOKS.is_dir() else Path.cwd()


def serve(connection, plan_path, limits, unsafe):
    """Grade what comes through a connection, as a process of its own.

    Args:
        connection: multiprocessing Connection. Submissions come as bytes; what goes is (kind, result), first
            ("ready", None) or ("cannot", why), then for each ("graded", what :meth:`Referee.grade` gives),
            or "broken" or "cannot" with the reason.
        plan_path: Path of the assignment's source.
        limits: :class:`~course_utils.grading.limits.Limits`.
        unsafe: bool.
    """
    from course_utils.grading.plan import Broken, read_plan

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


def _bound_memory():
    """Let this process grow a little only: a model may be described as larger than the machine."""
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text().split()[0])
        # The soft limit only: the sandbox, a child, has a limit of its own.
        _, hard = resource.getrlimit(resource.RLIMIT_AS)
        most = pages * resource.getpagesize() + _ROOM
        resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def digest(content, plan):
    """Return what identifies a submission graded by a plan.

    Args:
        content: bytes of the submission.
        plan: :class:`~course_utils.grading.plan.Plan`.

    Returns:
        str.
    """
    return hashlib.sha256(content + plan.digest.encode()).hexdigest()
