"""What every exercise check shares: one way to fail with a hint, one way to pass with a line.

A check is a function that calls the learner's function on inputs it makes itself and compares the results
with an independent reference. It raises :class:`CheckFailed`, an ``AssertionError`` that shows its hint and
no traceback, and prints one line when all holds; in a notebook a second one counts the checks of the lesson
that have passed. The checks of a lesson live in ``lesson_NN.py``.

**What is taken as a result**, by all checks alike. Numbers: a NumPy array, a tensor, or a list or tuple of
numbers, nested as deep as the array has axes (:func:`expect_array`); where one number is asked, a Python or
NumPy number or an array without axes (:func:`expect_number`). Whole numbers in a list also stand for floats;
an *array* of whole numbers does not, since its fractions are lost. Several results: a tuple, a list or an
array along its first axis (:func:`expect_parts`). Models: every ``keras.Model``, functional, sequential,
nested or of a class of its own (:func:`expect_model`). Anything else is refused with one sentence that says
what it is, before any value is compared. An answer gets copies of arrays, lists, sets and dictionaries, and
must not change them.
"""

import contextlib
import copy
import functools
import inspect
import itertools
import re
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType, MappingProxyType, TracebackType
from typing import TYPE_CHECKING

import numpy as np

from course_utils.lessons.stubs import is_cell, is_stub
from course_utils.places import language_here

if TYPE_CHECKING:
    import keras

__all__ = [
    "MIXED_TYPES",
    "CheckFailed",
    "EmptyAnswer",
    "StillEmpty",
    "are_close_arrays",
    "call_model",
    "deviations",
    "exercise",
    "expect",
    "expect_array",
    "expect_close",
    "expect_model",
    "expect_names",
    "expect_number",
    "expect_parts",
    "name_mistake",
    "name_mistakes",
    "plural",
    "tell",
]

_KINDS = {
    "str": "text",
    "NoneType": "None",
    "list": "a list",
    "tuple": "a tuple",
    "dict": "a dictionary",
    "set": "a set",
    "frozenset": "a set",
    "generator": "a generator, which `yield` and `(… for …)` make: collect its values in a list first",
    "function": "a function: call it, with parentheses",
    "builtin_function_or_method": "a function: call it, with parentheses",
    "KerasTensor": "a symbolic tensor, which has no numbers yet",
}

MIXED_TYPES = {
    r"cannot compute \w+ as input|must have the same type|expected to be a \w+ tensor": "TensorFlow mixes no "
    "types: the arrays are float64 or float32, as they come. `np.asarray`, or `keras.ops.cast(…, x.dtype)` "
    "of what you make yourself.",
}
"""For ``stops`` of an exercise whose arrays come in two types."""

_PASSED: dict[str, bool] = {}
"""Whether an exercise passed when it was last checked, by its number, in the order of the lesson."""

_ARRAY = "numbers, such as a NumPy array"

# What a library says when it stops, and what is likely then; an exercise may have rows of its own.
_STOPS = {
    r"could not be broadcast|mismatch in its core dimension|not aligned": (
        "Two shapes do not fit: print them. Are the sizes taken from the arguments, not from an example? "
        "`keepdims=True` keeps the axis over which a sum or a maximum is taken, `[:, np.newaxis]` makes a "
        "new one, and `swapaxes` exchanges two."
    ),
    r"truth value of an array": (
        "`if` wants one True or False, and this is an array of them: decide for each entry, "
        "`np.where(condition, a, b)`."
    ),
    r"Cannot cast ufunc": (
        "`a -= b` writes into `a`, which keeps its type, here whole numbers: `a = a - b` makes a new array."
    ),
    r"(max|min)\(\) .*empty": "There may be nothing to take it of: `max(…, default=0)`.",
    r"not result in an equal division": "`np.split` cuts rows unless told otherwise: `axis=1` cuts columns.",
    r"^NotImplementedError: $": (
        "Does `raise NotImplementedError()` still stand where your answer was to come? Take it out."
    ),
}

_KINDS_OF_NUMBERS = {np.floating: "floating", np.integer: "integer"}

# What is likely when an array has another type than the one asked for.
_TYPES = {
    np.floating: " In whole numbers, bytes or True and False the fractions are lost: compute in floats.",
    np.integer: " Whole numbers are asked, such as `np.zeros(shape, int)` holds.",
    np.bool_: " True and False are asked: a comparison gives them, and `np.zeros(shape, bool)` holds them.",
    np.uint8: " Bytes from 0 to 255 are asked: keep them, or convert at the end, `.astype(np.uint8)`.",
}


class CheckFailed(AssertionError):
    """An answer does not do what was asked; the message says what was given, expected, and likely wrong."""

    def _render_traceback_(self) -> list[str]:
        # The hint is for a person: frames of the check would only hide it.
        return [_in_this_folder(f"Not yet. {self}")]


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


def expect_array(
    value: object,
    shape: tuple[int, ...] | None,
    dtype: type,
    what: str,
    mistakes: Iterable[tuple[tuple[int, ...], str]] = (),
    asked: str = _ARRAY,
) -> np.ndarray:
    """Fails the check unless a value is an array of numbers of the given shape and kind, or stands for one.

    Args:
        value: what the learner's function returned.
        shape: tuple of int, the expected shape; None takes any.
        dtype: NumPy scalar type or abstract kind (``np.uint8``, ``np.floating``, ``np.bool_``).
        what: str, names the value in the hint ("the mask for 3 sequences of length 5").
        mistakes: iterable of ``(wrong, hint)``: ``wrong`` is the shape that a typical mistake makes.
        asked: str, what the task calls such a value ("a list of whole numbers").

    Returns:
        The value as a NumPy array of that shape.

    Raises:
        CheckFailed: when it is no array and no list of numbers, or has another shape or dtype.
    """
    array = _numbers(value, what, asked)
    if shape is not None and array.shape != shape:
        likely = next(
            (f" {hint}" for wrong, hint in mistakes if array.shape == wrong), _axes(array.shape, shape)
        )
        raise CheckFailed(f"{what} has shape {array.shape}, expected {shape}.{likely}")
    if isinstance(value, list | tuple) and np.issubdtype(array.dtype, np.integer) and dtype is np.floating:
        return array.astype(np.float64)
    likely = "" if np.iscomplexobj(array) else _TYPES.get(dtype, "")
    expect(
        np.issubdtype(array.dtype, dtype),
        f"{what} has dtype {array.dtype}, expected {_KINDS_OF_NUMBERS.get(dtype, dtype.__name__)}.{likely}",
    )
    return array


def expect_names(value: object, what: str) -> list[str]:
    """Gives a list of text that an answer returned, of whatever kind a list may be.

    Args:
        value: object, what was returned.
        what: str, what it is, to begin a sentence with.

    Returns:
        list of str.

    Raises:
        CheckFailed: it is no list, or holds something else.
    """
    expect(value is not None, f"{what} is None: does your function end without `return`?")
    if isinstance(value, np.ndarray) and value.ndim == 1:
        value = value.tolist()
    expect(
        isinstance(value, list | tuple),
        f"{what} is of the type {type(value).__name__}: return a list of names, `sorted(…)` makes one of a"
        " set, too.",
    )
    strange = [type(name).__name__ for name in value if not isinstance(name, str)]
    expect(not strange, f"{what} holds something of the type {''.join(strange[:1])}: return names alone.")
    return [str(name) for name in value]


def expect_number(value: object, what: str, whole: bool = False) -> float:
    """Fails the check unless a value is one real number.

    Args:
        value: what the learner's function returned.
        what: str, names the value in the hint.
        whole: bool, whether its type must be one of whole numbers.

    Returns:
        The number, float, or int if it is whole.

    Raises:
        CheckFailed: when it is no number, several, or complex.
    """
    array = _numbers(value, what)
    inside = (
        "Take the number out of it, `[0]`." if array.size == 1 else "Is a sum or a mean left to be taken?"
    )
    expect(array.ndim == 0, f"{what} has shape {array.shape}, expected one number. {inside}")
    expect(not np.iscomplexobj(array), f"{what} is complex, expected a real number.")
    if whole:
        expect(
            np.issubdtype(array.dtype, np.integer),
            f"{what} is {array.item()!r}. Return whole numbers, as Python's `//` makes them: `/` makes a "
            "float, and `-(-a // b)` rounds up without one.",
        )
    return array.item() if whole else float(array)


def expect_parts(value: object, names: Sequence[str]) -> list:
    """Fails the check unless a value holds as many results as asked.

    Args:
        value: what the learner's function returned.
        names: sequence of str, what each result is, as the hint shows it behind ``return``.

    Returns:
        list of the results.

    Raises:
        CheckFailed: when there is another number of them, or one is None.
    """
    count = {2: "two", 3: "three"}[len(names)]
    several = isinstance(value, tuple | list) or len(getattr(value, "shape", ())) > 0
    hint = f"Return {count} things, `return {', '.join(names)}`"
    expect(value is not None, f"Your function returned None: does it end without `return`? {hint}.")
    expect(several, f"{hint}; found {_kind(value)}.")
    is_array = hasattr(value, "shape")
    found = f"one array of shape {tuple(value.shape)}" if is_array else plural(len(value), "thing")
    expect(len(value) == len(names), f"{hint}; found {found}.")
    for name, part in zip(names, value, strict=True):
        expect(part is not None, f"`{name}` is None. {hint}.")
    return list(value)


def expect_model(value: object) -> "keras.Model":
    """Fails the check unless a value is a Keras model.

    Args:
        value: what the learner's function returned.

    Returns:
        The same Keras model.

    Raises:
        CheckFailed: when it is none.
    """
    import keras

    expect(value is not None, "Your function returned None: does it end without `return`?")
    expect(
        isinstance(value, keras.Model),
        f"Return a Keras model, such as `keras.Sequential([...])`; found {_kind(value)}.",
    )
    return value


def call_model(model: "keras.Model", inputs: object, what: str) -> np.ndarray:
    """Calls a model without training it, and fails the check when it stops or gives no numbers.

    Args:
        model: Keras model.
        inputs: what it is called on, an array or a list of arrays.
        what: str, names the inputs in the hint ("8 samples").

    Returns:
        The output, array.

    Raises:
        CheckFailed: with the line in which the library says what is wrong.
    """
    try:
        outputs = model(inputs, training=False)
    except Exception as error:  # each library raises its own
        lines = [
            line
            for line in _said(error).splitlines()
            if line and not line.startswith("Exception encountered")
        ]
        raise CheckFailed(
            f"Your model stops when it is called on {what}: {' '.join(lines[:1])[:200]}"
        ) from error
    return _numbers(outputs, f"What your model gives for {what}")


def _said(error: Exception) -> str:
    """What an error says, without TensorFlow's colours and the names of its operations."""
    return re.sub(r"\x1b\[\d*m|\{\{.*?\}\} ?| ?\[Op:.*", "", str(error))


def _numbers(value: object, what: str, asked: str = _ARRAY) -> np.ndarray:
    """An array, tensor, number or (nested) list of numbers as an array; anything else fails the check."""
    expect(value is not None, f"{what} is None: does your function end without `return`?")
    expect(
        isinstance(value, list | tuple | int | float | complex) or hasattr(value, "__array__"),
        f"{what} is {_kind(value)}; expected {asked}.",
    )
    try:
        array = np.asarray(value)
    except Exception:  # rows of unequal length, or parts that are no numbers: libraries raise what they like
        array = np.asarray(None)
    expect(
        array.dtype.kind in "biufc",
        f"{what} is {_kind(value)} in which not everything is a number, or whose rows differ in length; "
        f"expected {asked}.",
    )
    return array


def _kind(value: object) -> str:
    name = type(value).__name__
    return _KINDS.get(name, f"{'an' if name[0].lower() in 'aeio' else 'a'} {name}")


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
            The hints of all that fit are shown.
        tolerance: float, absolute and relative.

    Raises:
        CheckFailed: when the shapes differ; with the hints of the mistakes that fit, else naming the largest
            difference.
    """
    value, expected = np.asarray(value), np.asarray(expected)
    expect(value.shape == expected.shape, f"{what} has shape {value.shape}, expected {expected.shape}.")

    def is_close(other: np.ndarray) -> bool:
        return np.allclose(value, other, rtol=tolerance, atol=tolerance)

    if is_close(expected):
        return
    with np.errstate(all="ignore"):
        fitting = [hint for wrong, hint in mistakes if np.shape(wrong) == value.shape and is_close(wrong)]
    if fitting:
        # What cannot be told apart by these numbers is not guessed.
        raise CheckFailed(" Or: ".join(dict.fromkeys(fitting)))
    masks = value.dtype == expected.dtype == bool
    if not np.iscomplexobj(value):
        value, expected = value.astype(np.float64), expected.astype(np.float64)
    difference = np.abs(value - expected)
    worst = np.unravel_index(np.nan_to_num(difference, nan=np.inf).argmax(), difference.shape)
    place = f" at index {tuple(int(i) for i in worst)}" if worst else ""
    found, asked = (
        str(bool(array[worst])) if masks else f"{array[worst]:.6g}" for array in (value, expected)
    )
    raise CheckFailed(f"{what}{place} is {found}, expected {asked}.{_pattern(value, expected, tolerance)}")


def _are_close(found: Sequence, other: Sequence) -> bool:
    return np.allclose(found, other, atol=1e-5)


def are_close_arrays(found: list[np.ndarray], other: list[np.ndarray]) -> bool:
    """Says whether arrays of several inputs, each of its own shape, are equal; for ``is_same``.

    Args:
        found: list of float arrays.
        other: list of as many.

    Returns:
        bool.
    """
    return all(
        np.shape(a) == np.shape(b) and np.allclose(a, b, rtol=1e-4, atol=1e-4)
        for a, b in zip(found, other, strict=True)
    )


def name_mistake(
    found: list,
    right: list,
    mistakes: Iterable[Iterable[tuple[object, str]]],
    is_same: Callable[[list, list], bool] = _are_close,
) -> None:
    """Fails the check with the hints of the mistakes that make all of what was found for several inputs.

    What one input gives is too often made by several mistakes; what none of these makes goes on to smaller
    cases, which can be read.

    Args:
        found: list, what the answer returned for each input.
        right: list, the reference, one for each input.
        mistakes: for each input ``(wrong, hint)`` of the typical mistakes, in the same order for every input.
        is_same: function of two such lists that says whether they are equal.

    Raises:
        CheckFailed: with the hints of the mistakes that fit, unless ``found`` is right or none does.
    """
    if is_same(found, right):
        return
    with np.errstate(all="ignore"):
        rows = [*zip(*mistakes, strict=True)]
        fitting = [row[0][1] for row in rows if is_same(found, [wrong for wrong, _ in row])]
    expect(not fitting, " Or: ".join(dict.fromkeys(fitting)))


def deviations(options: Mapping[str, Iterable[str]], count: int) -> Iterator[dict[str, str]]:
    """Gives every way to make so many mistakes at once, as keywords of a reference that can make them.

    Args:
        options: the mistakes in each respect, by the keyword that chooses one.
        count: int, how many respects are wrong at once.

    Yields:
        A keyword and its value for each of the respects.
    """
    single = [(key, value) for key, values in options.items() for value in values]
    for chosen in itertools.combinations(single, count):
        if len({key for key, _ in chosen}) == count:
            yield dict(chosen)


def name_mistakes(
    found: list,
    right: list,
    inputs: Iterable[tuple],
    mistakes: Callable[..., Iterable[tuple[object, str]]],
    is_same: Callable[[list, list], bool] = _are_close,
) -> None:
    """Fails the check with the hint of one mistake that explains all that was found, or else of two at once.

    Args:
        found: list, what the answer returned for each input.
        right: list, the reference, one for each input.
        inputs: the arguments of the answer for each input.
        mistakes: function of these arguments and ``count``, 1 or 2, that yields ``(wrong, hint)``, as
            :func:`name_mistake` takes them.
        is_same: function of two lists such as ``found`` that says whether they are equal.

    Raises:
        CheckFailed: with the hints of the mistakes that fit, unless ``found`` is right or none does.
    """
    for count in (1, 2):
        name_mistake(found, right, (mistakes(*given, count=count) for given in inputs), is_same)


def plural(count: int, what: str) -> str:
    """Gives a number with what it counts ("1 item", "3 items").

    Args:
        count: int.
        what: str, the singular of a regular English noun.

    Returns:
        str.
    """
    return f"{count} {what}{'s' * (count != 1)}"


def _axes(found: tuple[int, ...], wanted: tuple[int, ...]) -> str:
    """Says what two shapes have to do with each other, as a sentence, or nothing."""
    if found == tuple(length for length in wanted if length != 1):
        return " An axis of length 1 is gone: `squeeze` drops every such axis, also that of a batch of one."
    if wanted == tuple(length for length in found if length != 1):
        return " An axis of length 1 is left over: index it away, `[:, 0]`, or drop `keepdims=True`."
    if len(found) > 1 and sorted(found) == sorted(wanted):
        return " The axes are in another order: `np.transpose` or `swapaxes` exchanges them."
    if len(found) == len(wanted):
        return " As many axes as expected, of other lengths."
    return f" There are {len(found)} axes instead of {len(wanted)}: is one to be summed, kept or added?"


def _pattern(value: np.ndarray, expected: np.ndarray, tolerance: float) -> str:
    """Says what all numbers have in common that are not as expected, as a sentence, or nothing.

    Nothing is guessed: these are facts from which the cause can be seen.
    """
    wrong = ~np.isclose(value, expected, rtol=tolerance, atol=tolerance)
    if not np.isfinite(value).all():
        return (
            " NaN or infinity comes from dividing by 0, from log(0), or from a number too large for a float."
        )
    if value.size < 3 or np.iscomplexobj(value):
        return ""
    if np.ptp(value) == 0 and np.ptp(expected) > 0:
        return f" All of your numbers are {value.flat[0]:.6g}: do they depend on what was given?"
    if wrong.sum() < wrong.size:
        return f" Of {wrong.size} numbers {wrong.sum()} are wrong, the others right."
    if np.allclose(np.sort(value, axis=None), np.sort(expected, axis=None), rtol=tolerance, atol=tolerance):
        return " The numbers are right, and in another order."
    difference = value - expected
    if np.allclose(difference, difference.flat[0], rtol=10 * tolerance, atol=tolerance):
        return f" Every number is too large by {difference.flat[0]:.4g}."
    ratio = np.median(value[expected != 0] / expected[expected != 0]) if expected.any() else 0.0
    if np.allclose(value, ratio * expected, rtol=10 * tolerance, atol=tolerance):
        return f" Every number is {ratio:.4g} times what was expected."
    return ""


def exercise(
    number: str, verified: str, own: str | None = None, stops: Mapping[str, str] = MappingProxyType({})
) -> Callable[[Callable], Callable]:
    """Turns a function that tests an answer into the check of an exercise.

    Args:
        number: str, the exercise as the lesson numbers it ("1.2").
        verified: str, what has been shown once the function returns; printed on success.
        own: str, regular expression of whole names ("package.module.function") that an answer may not call,
            because the exercise is to write that; None allows everything.
        stops: what is likely when a library stops an answer, by a regular expression of what it then says;
            tried before the rows that all exercises have.

    Returns:
        A decorator. The decorated check prints one line, in a notebook two, or raises :class:`CheckFailed`:
        also for an answer that is still empty (:class:`StillEmpty`), for one that stops with an error of its
        own, whose line it quotes, and for one that changes its arguments.
    """

    def decorate(test: Callable) -> Callable:
        _PASSED[number] = False

        @functools.wraps(test)
        def check(*answers: object) -> None:
            _PASSED[number] = False
            try:
                _examine(test, answers, number, own, stops)
            except CheckFailed as failed:
                failed.args = (_in_this_folder(str(failed), number),)
                raise
            tell(f"Exercise {number} passed: {verified}.", number)
            _PASSED[number] = True
            # In grading there is no lesson to go on with, and one process checks the answers of many.
            if _notebook():
                tell(_progress(number))

        return check

    return decorate


def _examine(test: Callable, answers: tuple, number: str, own: str | None, stops: Mapping[str, str]) -> None:
    """Tests answers; whatever goes wrong, what is raised says it."""
    wanted = inspect.signature(test).parameters
    expect(
        len(answers) == len(wanted),
        f"The check wants your function, `check.{test.__name__}({', '.join(wanted)})`; found "
        f"{plural(len(answers), 'thing')} in the parentheses.",
    )
    try:
        test(*(_Answer(answer, own) for answer in answers))
    except CheckFailed:
        raise
    except Exception as error:  # a learner's code can raise anything, and the check must say where
        if _is_empty(error, answers):
            raise StillEmpty(
                f"Exercise {number} is still empty. Write your answer in the cell above in place of "
                "`raise NotImplementedError()`, run that cell (Shift+Enter), then run this one again."
            ) from None
        raise CheckFailed(_describe(error, answers, test, stops)) from error


def tell(sentence: str, number: str = "") -> None:
    """Prints what a check says, in the language of the lesson that asks.

    Args:
        sentence: str, in English.
        number: str, the exercise's, such as "1.2"; "" for what is said of every one.
    """
    print(_in_this_folder(sentence, number))


def _in_this_folder(sentence: str, number: str = "") -> str:
    """Gives what a check says in the language of the lesson that asks."""
    language = language_here()
    if not language:
        return sentence
    from course_utils.lessons import messages  # half a second that English need not wait for

    return messages.of_check(sentence, language, number)


def _progress(number: str) -> str:
    """Counts the checks of an exercise's lesson that have passed since the kernel started, as a sentence."""
    lesson = number.partition(".")[0]
    checks = {other: passed for other, passed in _PASSED.items() if other.partition(".")[0] == lesson}
    left = [other for other, passed in checks.items() if not passed]
    if not left:
        return "With this, every check of the lesson has passed."
    return (
        f"Checks of this lesson passed: {len(checks) - len(left)} of {len(checks)}. To do: {', '.join(left)}."
    )


def _notebook() -> object:
    """The shell of the notebook that this runs in; None elsewhere."""
    return sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None


class _Answer:
    """A learner's function as a check sees it: called on copies, which it must leave as they are."""

    def __init__(self, function: object, own: str | None) -> None:
        expect(callable(function), f"The check wants your function; this is {_kind(function)}.")
        self._function, self._own = function, own

    def __call__(self, *arguments: object) -> object:
        handed = [_copied(argument) for argument in arguments]
        value, borrowed = self._run(handed)
        expect(
            not borrowed,
            f"Your function calls `{''.join(borrowed[:1])}`, which does what you are asked to write. It is "
            "right, and a good thing to compare with; now write it yourself.",
        )
        for before, after in zip(arguments, handed, strict=True):
            kind = _CHANGEABLE.get(type(before), "argument")
            expect(
                _is_same(before, after),
                f"Your function changed the {kind}s it was given, which their owner still needs: work on a "
                "copy. `a = a - b` makes a new one; `a -= b`, `a[...] = b` and `a.append(b)` do not.",
            )
        return value

    def _run(self, handed: list) -> tuple[object, list[str]]:
        """Calls the function; gives what it returns, and what it called that it may not call."""
        own, self._own = self._own, None  # looked at in the first call only: it takes time
        with _calls_of(own) as borrowed:
            return self._function(*handed), borrowed


_CHANGEABLE = {np.ndarray: "array", list: "list", set: "set", dict: "dict"}


def _copied(argument: object) -> object:
    return copy.deepcopy(argument) if isinstance(argument, tuple(_CHANGEABLE)) else argument


def _is_same(before: object, after: object) -> bool:
    if isinstance(before, np.ndarray):
        return np.array_equal(before, after, equal_nan=before.dtype.kind in "fc")
    if isinstance(before, dict):  # two arrays in them have no one answer to ==
        return before.keys() == after.keys() and all(
            _is_same(value, after[key])
            if isinstance(value, np.ndarray)
            else value == after[key] or (value != value and after[key] != after[key])  # NaN is both times
            for key, value in before.items()
        )
    if isinstance(before, list) and any(isinstance(value, np.ndarray) for value in before):
        return len(before) == len(after) and all(map(_is_same, before, after))
    return not isinstance(before, list | set) or before == after


@contextlib.contextmanager
def _calls_of(names: str | None) -> Iterator[list[str]]:
    """Notes which functions of these names are called meanwhile, whatever the caller knows them as."""
    found = []
    if names is None:
        yield found
        return

    def note(frame: FrameType, event: str, _: object) -> None:
        name = f"{frame.f_globals.get('__name__')}.{frame.f_code.co_name}"
        if event == "call" and re.fullmatch(names, name):
            found.append(name)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        yield found
    finally:
        sys.setprofile(before)


def _is_empty(error: Exception, answers: tuple) -> bool:
    return isinstance(error, EmptyAnswer) or is_stub(error, lambda file: _is_own(file, answers))


def _is_own(file: str, answers: tuple) -> bool:
    """Says whether a file holds an answer, or is a cell of the learner's notebook, where its helpers are."""
    codes = (getattr(answer, "__code__", None) for answer in answers)
    return is_cell(file) or any(code.co_filename == file for code in codes if code)


def _describe(error: Exception, answers: tuple, test: Callable, stops: Mapping[str, str]) -> str:
    """Says in one sentence what went wrong, and in which line of the learner's, if it was there."""
    whole = f"{type(error).__name__}: {_said(error)}"
    rows = [*stops.items(), *_STOPS.items()]
    fit = next((f" {hint}" for said, hint in rows if re.search(said, whole)), "")
    what = whole.rstrip(".: ")  # a sentence goes on behind it
    # Raised in the process where the answer runs.
    if getattr(error, "by_answer", False):
        return f"Your code stopped with {what}.{fit}"
    frames = traceback.extract_tb(error.__traceback__)
    places = [(frame.filename, frame.name) for frame in frames]
    in_answer = (__file__, _Answer._run.__name__)
    # What a library raises is the doing of whoever called it: the answer, or the check. An answer calls
    # functions of the check, too: those that it was given, and the one that notes what it calls.
    inside = frames[places.index(in_answer) + 1 :] if in_answer in places else []
    checks, own_check = str(Path(__file__).parent), (test.__code__.co_filename, test.__name__)
    for frame in reversed(inside or frames):
        if not inside and ((frame.filename, frame.name) == own_check or frame.filename.startswith(checks)):
            break
        if _is_own(frame.filename, answers):
            return f"Your code stopped with {what} in line {frame.lineno} of your cell, `{frame.line}`.{fit}"
    if in_answer in places:
        return f"Your code stopped with {what}.{fit}"
    return f"What your function returned cannot be checked: {what}."


def _help_in_cells(shell: object) -> None:
    """Says in a sentence what beginners meet: an answer still empty, a cell above that has not run."""

    def handle(
        shell: object, kind: type, error: Exception, frames: TracebackType, tb_offset: int | None = None
    ) -> None:
        if is_stub(error):
            tell("Not yet. This cell uses your answer to the exercise above, and that is still empty.")
            return
        shell.showtraceback((kind, error, frames), tb_offset=tb_offset)
        if kind is NameError and error.name:
            tell(
                f"If a cell above makes {error.name}, it has not run since the kernel started: menu "
                "Run → Run All Above Selected Cell. If not, look how the name is spelled."
            )

    shell.set_custom_exc((NotImplementedError, NameError), handle)


if _shell := _notebook():
    _help_in_cells(_shell)
