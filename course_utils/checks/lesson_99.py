"""Checks of the template (docs/template): grey values, and the green that has the same one."""

from collections.abc import Callable, Iterator

import numpy as np

from course_utils.checks import exercise, expect_array, expect_close, expect_number

__all__ = ["grey", "hidden_green"]

_WEIGHTS = np.array([0.299, 0.587, 0.114])  # ITU-R BT.601: red, green, blue


@exercise(
    "99.1", "grey values are right for pictures and batches of 8 shapes, bytes and floats, faint ones too"
)
def grey(my_grey: Callable) -> None:
    """Checks the weighted sum of the channels (the template).

    Args:
        my_grey: function of pictures, uint8 or float ``(..., 3)``, that returns float ``(...)``.

    Raises:
        CheckFailed: with a hint, when a grey value is wrong.
    """
    rng = np.random.default_rng(99)
    for shape in ((4, 5), (1, 1), (3, 3), (7, 2), (2, 4, 5), (3, 1, 6), (1, 3, 3), (2, 2, 2, 2)):
        # Bytes first: mistakes of type show there, and every other mistake shows as well.
        for pictures in (
            rng.integers(0, 256, (*shape, 3), dtype=np.uint8),
            rng.random((*shape, 3)),
            0.01 * rng.random((*shape, 3)),
        ):
            given = f"pictures of shape {pictures.shape} and type {pictures.dtype}"
            kept = [(pictures.shape, "The channels are still there: sum over the last axis.")]
            value = expect_array(my_grey(pictures), shape, np.floating, f"The result for {given}", kept)
            right = pictures @ _WEIGHTS
            expect_close(value, right, f"A grey value for {given}", _grey_mistakes(pictures, right))


def _grey_mistakes(pictures: np.ndarray, right: np.ndarray) -> Iterator[tuple[np.ndarray, str]]:
    """What typical mistakes make of the pictures, each with its hint."""
    yield (
        pictures.mean(axis=-1),
        "You took the plain mean of the channels; green is brighter than blue: 0.299, 0.587, 0.114.",
    )
    yield pictures.sum(axis=-1), "You summed the channels without their weights 0.299, 0.587, 0.114."
    yield pictures @ _WEIGHTS[::-1], "Red and blue are swapped: the channels are red, green, blue."
    yield right / 255, "You divided by 255: the result stays in the range of the pictures."
    yield pictures[..., 1], "You took the green channel alone: red and blue count too."
    yield (
        pictures.max(axis=-1),
        "You took the brightest channel: the grey value is a weighted sum of all three.",
    )
    yield np.floor(right), "Your grey values have lost their fractions: return floats, not bytes."
    yield right.round(), "Your grey values are rounded: return floats, not bytes."
    if pictures.dtype == np.uint8:
        overflown = (pictures[..., 0] + pictures[..., 1] + pictures[..., 2]) / 3
        yield overflown, "A sum of bytes went past 255 and began again at 0: weigh them first, as floats."


@exercise("99.2", "the green is right for 60 colours, dark, bright and too bright for any green")
def hidden_green(my_hidden_green: Callable) -> None:
    """Checks the level of green that has a colour's grey value (the template).

    Args:
        my_hidden_green: function of a colour, three numbers 0 to 255, that returns a number from 0 to 255.

    Raises:
        CheckFailed: with a hint, when a level is wrong.
    """
    rng = np.random.default_rng(99)
    # Dark colours first, which need no limit: there every other mistake can be told by itself.
    colours = [*rng.uniform(1, 80, (20, 3)), *rng.uniform(1, 255, (40, 3)), np.zeros(3), np.full(3, 255.0)]
    for colour in colours:
        given = "(" + ", ".join(f"{level:.0f}" for level in colour) + ")"
        levels = tuple(float(level) for level in colour)
        value = expect_number(my_hidden_green(levels), f"The green for the colour {given}")
        brightness = colour @ _WEIGHTS
        needed = brightness / _WEIGHTS[1]
        expect_close(
            value,
            min(needed, 255),
            f"The green for the colour {given}",
            (
                (needed, f"No screen has a green of {needed:.0f}: the brightest is 255."),
                (brightness, "That is the grey value; a green of that level is darker: divide by 0.587."),
                (brightness * _WEIGHTS[1], "You multiplied by 0.587; the green must make up for it: divide."),
                (needed - colour[1], "The colour's own green is missing from the sum."),
                (min(colour.sum(), 255), "You weighted the channels alike: 0.299, 0.587, 0.114."),
                (min(needed, 255) / 255, "You returned a share; levels go from 0 to 255."),
                (min(needed, 1), "You cut off at 1; levels go from 0 to 255."),
            ),
        )
