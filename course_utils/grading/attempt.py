"""One submission on its way through the sandbox."""

import base64
import re
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.grading import slicing
from course_utils.grading.limits import TooMuchWork, bounded_work
from course_utils.grading.plan import Exercise, Step, grade_id, is_as_released
from course_utils.grading.sandbox import Sandbox, SandboxGone
from course_utils.grading.verdicts import Decision, State, Verdict, error_output, stream_output, writable
from course_utils.lessons import languages, messages
from course_utils.lessons.templates import MESSAGES

if TYPE_CHECKING:
    from course_utils.grading.referee import Referee

__all__ = ["Attempt"]

_SLICING_SECONDS = 10
_TRANSLATION_SECONDS = 5

# Code that can make any name without saying it.
_ROUNDABOUT = re.compile(
    r"\b(exec|eval|globals|locals|vars|setattr|run_cell|importlib|__\w+__)\b"
    r"|import\s+\*|^[ \t]*%(run|load)\b",
    re.MULTILINE,
)


class Attempt:
    """One submission on its way through the sandbox, started again where it ended before its time."""

    def __init__(self, referee: "Referee", steps: list[Step]) -> None:
        self._referee, self._steps = referee, steps
        self._limits = referee.limits
        released = referee.plan.cells("release")
        answers = {grade_id(step.cell): step for step in steps if step.kind == "answer"}
        self._untouched = {
            name
            for name, step in answers.items()
            if step.missing or is_as_released(step.cell.source, released[name].source)
        }
        self._language = languages.written_in(step.cell for step in steps)
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
        undecided = [e for e in self._referee.plan.exercises if e.check not in self.verdicts]
        written = [e for e in undecided if not all(map(self._is_as_released, self._answers(e)))]
        self._go_through(self._quick_sources(written), self._at_their_checks(written))
        failed = [e for e in undecided if self._may_pass_in_full(e)]
        if failed:
            self._trouble = {}
            trials = self._wherever_they_may_pass(failed)
            self._go_through(self._full_sources(max(trials)), trials)

    def _is_as_released(self, step: Step) -> bool:
        return grade_id(step.cell) in self._untouched

    def _decide_untouched(self) -> None:
        """Decides exercises whose answers nobody has written: they need no run."""
        for exercise in self._referee.plan.exercises:
            if all(map(self._is_as_released, self._answers(exercise))) and not any(
                self._may_answer(step, exercise) for step in self._steps
            ):
                self._record(exercise, Decision.untouched(exercise))

    def _answers(self, exercise: Exercise) -> list[Step]:
        return [step for step in self._steps if grade_id(step.cell) in exercise.answers]

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
                self._record(exercise, Decision.failed(self._failure_of(exercise) or late))

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
            with Sandbox(self._limits, self._referee.unsafe) as sandbox:
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
            self._trouble[grade_id(step.cell)] = (
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
            self.verdicts[exercise.check]["note"] = writable(self._referee.note(exercise, sandbox))

    def _give_up(self, place: int, step: Step, exercise: Exercise | None, reason: str) -> None:
        """Takes note of where a submission was stopped, so as not to go there again."""
        if exercise or step.kind == "answer":
            # What one exercise has used up is not taken from the others.
            self._end += time.monotonic() - self._since
        if exercise:
            self._tried.add((place, exercise.check))
            self._settled.add(exercise.check)
            if not self._has_passed(exercise):
                self._record(exercise, Decision.failed(f"Your code was stopped: {reason}."))
            return
        self._given_up.add(place)
        sentence = f"The cell was stopped: {reason}."
        step.cell.outputs = [error_output("Stopped", self._in_its_language(sentence))]
        if step.kind == "answer":
            self._trouble[grade_id(step.cell)] = sentence
            self._settled |= {
                e.check for e in self._referee.plan.exercises if grade_id(step.cell) in e.answers
            }

    def _cell_of(self, exercise: Exercise) -> object:
        return next(step.cell for step in self._steps if step.exercise is exercise)

    def _record(self, exercise: Exercise, decision: Decision) -> None:
        """Keeps a decision, unless a better one is known, and shows it as the output of the check's cell.

        What is kept is in English, so that hints of a class can be counted; what is shown, in the language
        of the notebook.
        """
        if decision.state == State.UNTOUCHED and self._state_of(exercise) not in (None, State.UNTOUCHED):
            return
        hint = writable(decision.hint)
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
        printed = decision.printed or f"Exercise {exercise.number} passed.\n"
        parts = printed.split("\n") if passed else [hint]
        text = "\n".join(self._in_its_language(part, exercise.number) for part in parts)
        self._cell_of(exercise).outputs = [stream_output(text) if passed else error_output("Not yet", text)]

    def _in_its_language(self, text: str, number: str = "") -> str:
        """Gives a line that is shown to the student in the language of the notebook."""
        try:
            with bounded_work(_TRANSLATION_SECONDS):  # it may quote whatever a submission has returned
                return messages.of_check(text, self._language, number, MESSAGES)
        except TooMuchWork:
            return text


def _outputs(reported: object, limit: int) -> list[dict]:
    """Turns what a worker reports of a cell into nbformat's outputs; what is none of them is left out."""
    outputs = []
    for output in reported[:60] if isinstance(reported, list) else []:
        if not isinstance(output, dict):
            continue
        data = output.get("data")
        if isinstance(output.get("text"), str):
            outputs.append(stream_output(output["text"][:limit]))
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
            shown["text/plain"] = writable(shown.get("text/plain", "")[:limit])
            outputs.append({"output_type": "display_data", "data": shown, "metadata": {}})
        elif isinstance(output.get("error"), list):
            name, message = (str(part)[:2000] for part in [*output["error"], "", ""][:2])
            outputs.append(error_output(name, message))
    return outputs
