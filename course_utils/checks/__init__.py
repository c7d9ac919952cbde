"""What every exercise check shares: one way to fail with a hint, one way to pass with a line.

A check is a function that calls the learner's function on inputs it makes itself and compares the results
with an independent reference. It raises :class:`CheckFailed`, an ``AssertionError`` that shows its hint and
no traceback, and prints one line when all holds. The checks of a lesson live in ``lesson_NN.py``.
"""

import functools
import sys
import traceback

import numpy as np

__all__ = ["CheckFailed", "exercise", "expect", "expect_array", "expect_close"]


class CheckFailed(AssertionError):
    """An answer does not do what was asked; the message says what was given, expected, and likely wrong."""

    def _render_traceback_(self):
        # The hint is for a person: frames of the check would only hide it.
        return [f"Not yet. {self}"]


def expect(condition, hint):
    """Fail the check with a hint unless a condition holds.

    Args:
        condition: bool, what must be true of the answer.
        hint: str, what was given, what was expected and the likely cause.

    Raises:
        CheckFailed: with ``hint`` when ``condition`` is false.
    """
    if not condition:
        raise CheckFailed(hint)


def expect_array(value, shape, dtype, what):
    """Fail the check unless a value is an array of the given shape and kind of number.

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


def expect_close(value, expected, what, mistakes=(), tolerance=1e-4):
    """Fail the check unless an array equals the expected one; say which known mistake it equals instead.

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


def exercise(number, verified):
    """Turn a function that tests an answer into the check of an exercise.

    Args:
        number: str, the exercise as the lesson numbers it ("1.2").
        verified: str, what has been shown once the function returns; printed on success.

    Returns:
        A decorator. The decorated check prints one line or raises :class:`CheckFailed`: also for an answer
        that is still empty (``NotImplementedError``), and for one that stops with an error of its own, whose
        line it quotes.
    """

    def decorate(test):
        @functools.wraps(test)
        def check(*answers):
            try:
                test(*answers)
            except CheckFailed:
                raise
            except NotImplementedError:
                raise CheckFailed(
                    f"Exercise {number} is still empty. Write your answer in the cell above in place of "
                    "`raise NotImplementedError()`, run that cell (Shift+Enter), then run this one again."
                ) from None
            except Exception as error:  # a learner's code can raise anything, and the check must say where
                raise CheckFailed(_describe(error, answers)) from error
            print(f"Exercise {number} passed: {verified}.")

        return check

    return decorate


def _describe(error, answers):
    """Say in one sentence what went wrong inside the learner's code, and in which of its lines."""
    files = {answer.__code__.co_filename for answer in answers if hasattr(answer, "__code__")}
    own = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename in files]
    where = f" in line {own[-1].lineno} of your cell, `{own[-1].line}`" if own else ""
    return f"Your code stopped with {type(error).__name__}: {error}{where}."


def _tell_empty_answers(shell):
    """Let a cell that calls an answer still empty say so in one line, without a traceback."""

    def tell(shell, kind, error, frames, tb_offset=None):
        print("Not yet. This cell uses your answer to the exercise above, and that is still empty.")

    shell.set_custom_exc((NotImplementedError,), tell)


if "IPython" in sys.modules and (_shell := sys.modules["IPython"].get_ipython()):
    _tell_empty_answers(_shell)
