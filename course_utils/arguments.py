"""Checks of arguments, shared by pictures, text and sound: each names the argument and what was found."""

import math
from collections.abc import Iterable, Sequence
from numbers import Integral, Real

import numpy as np

from course_utils.errors import CourseError, shown

__all__ = ["array", "choice", "generator", "items", "number", "string", "strings", "whole_number"]


def whole_number(name: str, value: object, at_least: int = 1, at_most: int | None = None) -> int:
    """Gives the argument as an int.

    Args:
        name: of the argument, for the message.
        value: int or NumPy integer; a bool is refused.
        at_least: smallest allowed value.
        at_most: largest allowed value, or None.

    Returns:
        int.

    Raises:
        CourseError: when it is no whole number of that range.
    """
    top = math.inf if at_most is None else at_most
    if not isinstance(value, Integral) or isinstance(value, bool) or not at_least <= value <= top:
        limits = f"of at least {at_least:,}" if at_most is None else f"from {at_least:,} to {at_most:,}"
        raise CourseError(f"{name} is {shown(value)}: expected a whole number {limits}.")
    return int(value)


def number(name: str, value: object, at_least: float = -math.inf, at_most: float = math.inf) -> float:
    """Gives the argument as a finite float.

    Args:
        name: of the argument, for the message.
        value: real number.
        at_least: smallest allowed value.
        at_most: largest allowed value.

    Returns:
        float.

    Raises:
        CourseError: when it is no finite number of that range.
    """
    real = isinstance(value, Real) and not isinstance(value, bool)
    if not real or not math.isfinite(value) or not at_least <= value <= at_most:
        limits = "" if at_least == -math.inf else f" from {at_least:g} to {at_most:g}"
        raise CourseError(f"{name} is {shown(value)}: expected a finite number{limits}.")
    return float(value)


def choice(name: str, value: object, choices: Iterable[str]) -> str:
    """Gives the argument if it is one of a few words.

    Args:
        name: of the argument, for the message.
        value: anything.
        choices: the allowed strings.

    Returns:
        The value.

    Raises:
        CourseError: when it is none of them.
    """
    if not isinstance(value, str) or value not in choices:
        raise CourseError(f"{name} is {shown(value)}: expected one of {', '.join(map(repr, choices))}.")
    return value


def string(name: str, value: object) -> str:
    """Gives the argument if it is a str that can be written to a file.

    Args:
        name: of the argument, for the message.
        value: anything.

    Returns:
        The value.

    Raises:
        CourseError: when it is no str, or holds half of a character (a lone surrogate).
    """
    if not isinstance(value, str):
        raise CourseError(f"{name} is {shown(value)}: expected one string (str).")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise CourseError(
            f"{name} is {shown(value)}, which holds half of a character: decode it again."
        ) from None
    return value


def items(name: str, value: object, of: str) -> list:
    """Gives the argument as a list.

    Args:
        name: of the argument, for the message.
        value: any iterable but a str, whose items would be its letters.
        of: what the list holds, for the message.

    Returns:
        list.

    Raises:
        CourseError: when it is something else.
    """
    if isinstance(value, str | bytes) or not isinstance(value, Iterable):
        raise CourseError(f"{name} is {shown(value)}: expected a list of {of}.")
    return list(value)


def strings(name: str, value: object) -> list[str]:
    """Gives the argument as a list of strings.

    Args:
        name: of the argument, for the message.
        value: iterable of str, but not one str.

    Returns:
        list of str.

    Raises:
        CourseError: when it is something else.
    """
    return [string(f"an item of {name}", item) for item in items(name, value, "strings (str)")]


def generator(rng: object) -> np.random.Generator:
    """Gives the argument if it is a NumPy random generator.

    Args:
        rng: numpy.random.Generator.

    Returns:
        The same.

    Raises:
        CourseError: when it is something else, such as a seed.
    """
    if not isinstance(rng, np.random.Generator):
        raise CourseError(
            f"rng is {shown(rng)}: expected a generator, made once per experiment by"
            " np.random.default_rng(seed)."
        )
    return rng


def array(name: str, value: object, dtype: type | tuple[type, ...], shapes: Sequence[tuple]) -> np.ndarray:
    """Gives the argument if it is an array of the right kind.

    Args:
        name: of the argument, for the message.
        value: anything.
        dtype: NumPy type or abstract type it must have, such as np.uint8 or np.floating, or a tuple of them.
        shapes: tuple of the allowed shapes, each a tuple in which a string, the name of an axis, stands for
            any length.

    Returns:
        The same array.

    Raises:
        CourseError: when type, rank or shape differ, it is empty, or a float is not finite.
    """
    types = dtype if isinstance(dtype, tuple) else (dtype,)
    expected = f"expected a NumPy array of {' or '.join(kind.__name__ for kind in types)}"
    expected += f", shape {' or '.join(map(_shape, shapes))}"
    if not isinstance(value, np.ndarray):
        remedy = " A tensor becomes one by `.numpy()`." if hasattr(value, "numpy") else ""
        raise CourseError(f"{name} is {shown(value)}, of type {type(value).__name__}: {expected}.{remedy}")
    found = f"{name} has shape {value.shape} and dtype {value.dtype}"
    if not any(np.issubdtype(value.dtype, kind) for kind in types):
        raise CourseError(f"{found}: {expected}.")
    if not any(_fits(value.shape, shape) for shape in shapes):
        raise CourseError(f"{found}: {expected}.")
    if value.size == 0:
        raise CourseError(f"{found}, so it is empty: {expected} with at least one element.")
    if np.issubdtype(value.dtype, np.floating) and not np.isfinite(value).all():
        raise CourseError(
            f"{name} holds values that are not finite (NaN or infinity): look where they come from."
        )
    return value


def _fits(found: tuple[int, ...], shape: tuple) -> bool:
    return len(found) == len(shape) and all(
        isinstance(wanted, str) or length == wanted for length, wanted in zip(found, shape, strict=True)
    )


def _shape(shape: tuple) -> str:
    return "(" + ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "") + ")"
