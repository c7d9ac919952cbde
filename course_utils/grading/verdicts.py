"""What became of an exercise, and how a notebook shows it."""

import dataclasses
import enum
from typing import Self

from course_utils.checks import CheckFailed
from course_utils.grading.plan import Exercise

__all__ = ["ByHand", "Decision", "State", "Verdict", "error_output", "stream_output", "writable"]


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
class Decision:
    """What a check has made of an answer; by its values alone, if nothing was raised on the way."""

    state: State
    hint: str = ""
    printed: str = ""
    by_values: bool = False

    @classmethod
    def failed(cls, hint: str) -> Self:
        """Makes one against an answer, for a reason that a student is told."""
        return cls(State.FAILED, hint)

    @classmethod
    def untouched(cls, exercise: Exercise) -> Self:
        """Makes one of an exercise that nobody has answered."""
        return cls(State.UNTOUCHED, f"Exercise {exercise.number} is still empty.")


class ByHand(CheckFailed):
    """An answer is of a kind that is not graded automatically."""


def stream_output(text: str) -> dict:
    """Makes the output of a cell that has printed a text."""
    return {"output_type": "stream", "name": "stdout", "text": writable(text)}


def writable(text: str) -> str:
    """Replaces what a submission can put into a str and nobody into a file."""
    return text.encode("utf-8", "replace").decode("utf-8")


def error_output(name: str, message: str) -> dict:
    """Makes the output of a cell that an exception has ended."""
    name, message = writable(name), writable(message)
    return {"output_type": "error", "ename": name, "evalue": message, "traceback": [f"{name}: {message}"]}
