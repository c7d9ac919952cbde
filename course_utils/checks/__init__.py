"""What every exercise check shares: one way to fail with a hint, one way to pass with a line.

A check is a function that calls the learner's function on inputs it makes itself and compares the results
with an independent reference. It raises :class:`CheckFailed`, an ``AssertionError`` that shows its hint and
no traceback, and prints one line when all holds. The checks of a lesson live in ``lesson_NN.py``.
"""

import functools
import sys
import traceback
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType

import numpy as np

from course_utils.lessons.stubs import is_cell, is_stub

__all__ = [
    "CheckFailed",
    "EmptyAnswer",
    "StillEmpty",
    "exercise",
    "expect",
    "expect_array",
    "expect_close",
]


class CheckFailed(AssertionError):
    """An answer does not do what was asked; the message says what was given, expected, and likely wrong."""

    def _render_traceback_(self) -> list[str]:
        # The hint is for a person: frames of the check would only hide it.
        return [f"Not yet. {self}"]


class StillEmpty(CheckFailed):
    """Nobody has written an answer yet."""


class EmptyAnswer(NotImplementedError):
    """What an answer in another process raises when it is still a stub there."""


def expect(condition: bool, hint: str) -> None:
    """Fails the check with a hint unless a condition holds.

    Args:
        condition: bool, what must be true of the answer.
        hint: str, what was given, what was expected and the likely cause.

    Raises:
        CheckFailed: with ``hint`` when ``condition`` is false.
    """
    if not condition:
        raise CheckFailed(hint)


def expect_array(value: object, shape: tuple[int, ...], dtype: type, what: str) -> np.ndarray:
    """Fails the check unless a value is an array of the given shape and kind of number.

    Args:
        value: what the learner's function returned.
        shape: tuple of int, the expected shape.
        dtype: NumPy scalar type or abstract kind (``np.uint8``, ``np.floating``, ``np.bool_``).
        what: str, names the value in the hint ("the mask for 3 sequences of length 5").

    Returns:
        The value as a NumPy array of that shape.

    Raises:
        CheckFailed: when it is None, no array, or has another shape or dtype.
    """
    expect(value is not None, f"{what} is None: does your function end without `return`?")
    expect(
        hasattr(value, "shape") and hasattr(value, "dtype"),
        f"{what} is a {type(value).__name__}, expected a NumPy array.",
    )
    array = np.asarray(value)
    expect(array.shape == shape, f"{what} has shape {array.shape}, expected {shape}.")
    expect(np.issubdtype(array.dtype, dtype), f"{what} has dtype {array.dtype}, expected {dtype.__name__}.")
    return array


def expect_close(
    value: np.ndarray,
    expected: np.ndarray,
    what: str,
    mistakes: Iterable[tuple[np.ndarray, str]] = (),
    tolerance: float = 1e-4,
) -> None:
    """Fails the check unless an array equals the expected one; says which known mistake it equals instead.

    Args:
        value: number array, any shape, what the learner's function returned.
        expected: number array, the reference, same shape.
        what: str, names the value in the hint.
        mistakes: iterable of ``(wrong, hint)``: ``wrong`` is what a typical mistake makes of the same input.
        tolerance: float, absolute and relative.

    Raises:
        CheckFailed: with the hint of the first mistake that fits, else naming the largest difference.
    """
    value, expected = np.asarray(value), np.asarray(expected)
    if np.allclose(value, expected, rtol=tolerance, atol=tolerance):
        return
    for wrong, hint in mistakes:
        if np.shape(wrong) == value.shape and np.allclose(value, wrong, rtol=tolerance, atol=tolerance):
            raise CheckFailed(hint)
    difference = np.abs(value.astype(np.float64) - expected.astype(np.float64))
    worst = np.unravel_index(np.nan_to_num(difference, nan=np.inf).argmax(), difference.shape)
    place = f" at index {tuple(int(i) for i in worst)}" if worst else ""
    raise CheckFailed(f"{what}{place} is {value[worst]:.6g}, expected {expected[worst]:.6g}.")


def exercise(number: str, verified: str) -> Callable[[Callable], Callable]:
    """Turns a function that tests an answer into the check of an exercise.

    Args:
        number: str, the exercise as the lesson numbers it ("1.2").
        verified: str, what has been shown once the function returns; printed on success.

    Returns:
        A decorator. The decorated check prints one line or raises :class:`CheckFailed`: also for an answer
        that is still empty (:class:`StillEmpty`), and for one that stops with an error of its own, whose
        line it quotes.
    """

    def decorate(test: Callable) -> Callable:
        @functools.wraps(test)
        def check(*answers: object) -> None:
            try:
                test(*answers)
            except CheckFailed:
                raise
            except Exception as error:  # a learner's code can raise anything, and the check must say where
                if _is_empty(error, answers):
                    raise StillEmpty(
                        f"Exercise {number} is still empty. Write your answer in the cell above in place of "
                        "`raise NotImplementedError()`, run that cell (Shift+Enter), then run this one again."
                    ) from None
                raise CheckFailed(_describe(error, answers, test)) from error
            print(f"Exercise {number} passed: {verified}.")

        return check

    return decorate


def _is_empty(error: Exception, answers: tuple) -> bool:
    return isinstance(error, EmptyAnswer) or is_stub(error, lambda file: _is_own(file, answers))


def _is_own(file: str, answers: tuple) -> bool:
    """Says whether a file holds an answer, or is a cell of the learner's notebook, where its helpers are."""
    codes = (getattr(answer, "__code__", None) for answer in answers)
    return is_cell(file) or any(code.co_filename == file for code in codes if code)


def _describe(error: Exception, answers: tuple, test: Callable) -> str:
    """Says in one sentence what went wrong, and in which line of the learner's, if it was there."""
    what = f"{type(error).__name__}: {error}"
    # Raised in the process where the answer runs.
    if getattr(error, "by_answer", False):
        return f"Your code stopped with {what}."
    checks = str(Path(__file__).parent)
    # What a library raises is the doing of whoever called it: the answer, or the check.
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        own_check = (frame.filename, frame.name) == (test.__code__.co_filename, test.__name__)
        if own_check or frame.filename.startswith(checks):
            break
        if _is_own(frame.filename, answers):
            return f"Your code stopped with {what} in line {frame.lineno} of your cell, `{frame.line}`."
    return f"What your function returned cannot be checked: {what}."


def _tell_empty_answers(shell: object) -> None:
    """Lets a cell that calls an answer still empty say so in one line, without a traceback."""

    def tell(
        shell: object, kind: type, error: Exception, frames: TracebackType, tb_offset: int | None = None
    ) -> None:
        if is_stub(error):
            print("Not yet. This cell uses your answer to the exercise above, and that is still empty.")
        else:
            shell.showtraceback((kind, error, frames), tb_offset=tb_offset)

    shell.set_custom_exc((NotImplementedError,), tell)


if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()):
    _tell_empty_answers(_shell)
