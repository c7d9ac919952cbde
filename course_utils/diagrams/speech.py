"""Diagrams of lesson 09: how a path is read, where paths may go, a network with its shapes, edits, and a way
from sound over text to a picture."""

from collections.abc import Sequence
from itertools import groupby, pairwise

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = ["collapsed_paths", "ctc_trellis", "edit_table", "layer_chain", "sound_text_picture"]

_PICTURE, _TEXT, _SOUND = plotting.COLOURS[:3]


def collapsed_paths(paths: Sequence[str], blank: str = "-") -> tuple[Figure, str]:
    """Draws how paths are read: runs become one, then blanks go. Introduced in lesson 09.

    Args:
        paths: n str, a sign for each frame.
        blank: str, the sign that stands for the blank.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    frames = max(map(len, paths))
    figure, axes = shapes.canvas(9, 0.4 + 1.5 * len(paths), frames + 8, 3.4 * len(paths) + 1)
    told = []
    for row, path in enumerate(paths):
        bottom = 3.4 * (len(paths) - 1 - row) + 0.6
        runs = [(sign, len(list(run))) for sign, run in groupby(path)]
        _signs(axes, path, [1] * len(path), bottom + 1.6, blank)
        _signs(axes, [sign for sign, _ in runs], [length for _, length in runs], bottom, blank)
        for name, height in (("frames", 2.1), ("runs", 0.5)):
            axes.text(0.2, bottom + height, name, va="center", fontsize=10)
        text = "".join(sign for sign, _ in runs if sign != blank)
        shapes.arrow(axes, (frames + 2.4, bottom + 0.5), (frames + 3.6, bottom + 0.5))
        axes.text(frames + 3.8, bottom + 0.5, f"“{text}”", va="center", fontsize=13)
        told.append(f"{path} becomes the runs {' '.join(sign for sign, _ in runs)} and is read “{text}”.")
    axes.text(frames + 2.2, 3.4 * len(paths) + 0.3, "without blanks", fontsize=10)
    return figure, (
        f"{len(paths)} rows of frames, a sign in each, {blank} for the blank, which stands on grey. Below "
        "each row equal neighbours are joined to runs; an arrow leads to what is left without blanks. "
        f"{' '.join(told)}"
    )


def _signs(axes: Axes, signs: Sequence[str], widths: Sequence[int], bottom: float, blank: str) -> None:
    """A row of cells with a sign each, those of the blank grey."""
    left = 2.0
    for sign, width in zip(signs, widths, strict=True):
        shapes.cell(axes, (left, bottom), width, 1.0, sign, face="0.8" if sign == blank else "white")
        left += width


def ctc_trellis(
    letters: str, frames: int, sums: np.ndarray | None = None, blank: str = "-"
) -> tuple[Figure, str]:
    """Draws the states that paths of a text go through, and every step that is allowed.

    Introduced in lesson 09.

    Args:
        letters: str, what is to be read.
        frames: int ≥ 1.
        sums: float array (frames, 2 · letters + 1), a number for each state and frame, or None to draw none.
        blank: str, the sign that stands for the blank.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    states = [blank, *(sign for letter in letters for sign in (letter, blank))]
    allowed = _steps(states, blank)
    begins = _reached(allowed, frames, {0, min(1, len(states) - 1)})
    ends = {len(states) - 1, max(0, len(states) - 2)}
    figure, axes = shapes.canvas(9, 0.9 + 0.75 * len(states), 3 * frames + 3, 2 * len(states) + 1.6)
    place = {
        (t, s): (3.2 + 3 * t, 2 * (len(states) - s) - 1) for t in range(frames) for s in range(len(states))
    }
    for t, s in place:
        for after in allowed[s] if t + 1 < frames and s in begins[t] else ():
            (x, y), (to_x, to_y) = place[t, s], place[t + 1, after]
            shapes.arrow(
                axes, (x + 0.72, y + 0.4 * np.sign(to_y - y)), (to_x - 0.75, to_y - 0.3 * (to_y - y) / 2)
            )
    for (t, s), (x, y) in place.items():
        frame = _TEXT if t == frames - 1 and s in ends and s in begins[t] else None
        here = s in begins[t]
        label = (states[s] if sums is None else f"{sums[t, s]:.4f}") if here else "×"
        shapes.cell(
            axes, (x - 0.7, y - 0.5), 1.4, 1.0, label, frame, "0.8" if states[s] == blank else "white"
        )
    for s, sign in enumerate(states):
        axes.text(1.2, place[0, s][1], f"{s}: {sign}", ha="center", va="center", fontsize=12)
    for t in range(frames):
        axes.text(place[t, 0][0], 2 * len(states) + 0.6, f"frame {t}", ha="center", fontsize=10)
    last = "" if sums is None else f" The two framed numbers add up to {sums[-1][-2:].sum():.3f}."
    return figure, (
        f"Rows are the states {', '.join(states)}, columns {frames} frames; cells of a blank are grey. Paths "
        "begin in one of the first two states and end in one of the last two, which have a thick frame. "
        "Arrows stay in a state, go to the next, or skip a blank between two different letters. Cells with "
        f"a × cannot be reached.{last}"
    )


def _steps(states: Sequence[str], blank: str) -> list[list[int]]:
    """The states that may follow each state."""
    return [
        [
            after
            for after in range(state, min(state + 3, len(states)))
            if after < state + 2 or states[after] not in (blank, states[state])
        ]
        for state in range(len(states))
    ]


def _reached(allowed: list[list[int]], frames: int, first: set[int]) -> list[set[int]]:
    """The states in which a path can be at each frame."""
    reached = [first]
    for _ in range(frames - 1):
        reached.append({after for state in reached[-1] for after in allowed[state]})
    return reached


def layer_chain(layers: Sequence[tuple[str, str]], given: str) -> tuple[Figure, str]:
    """Draws layers one after the other, with the shape of what each gives.

    Introduced in lesson 09.

    Args:
        layers: n pairs of str, a layer and the shape of what it gives.
        given: str, what goes into the first.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 0.5 + 0.62 * len(layers), 16, 2 * len(layers) + 1.6)
    top = 2 * len(layers) + 0.4
    axes.text(5.4, top + 0.5, given, ha="center", va="center", fontsize=10)
    for number, (name, shape) in enumerate(layers):
        y = top - 1.2 - 2 * number
        shapes.arrow(axes, (5.4, y + 1.3), (5.4, y + 0.55))
        shapes.box(axes, 5.4, y, 10.2, name, _SOUND, 1.0)
        axes.text(11.2, y, shape, va="center", fontsize=10)
    steps = "; ".join(f"{name}, which gives {shape}" for name, shape in layers)
    return figure, f"Boxes from top to bottom, arrows between them. In goes {given}. Then {steps}."


def edit_table(said: Sequence[str], heard: Sequence[str]) -> tuple[Figure, str]:
    """Draws the table of edits between two texts, with a cheapest way through it. Introduced in lesson 09.

    Args:
        said: n str, the words of the reference, down the side.
        heard: m str, the words of the hypothesis, along the top.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    rows, columns = len(said) + 1, len(heard) + 1
    costs = np.add.outer(np.arange(rows), np.arange(columns))
    for i in range(1, rows):
        for j in range(1, columns):
            change = costs[i - 1, j - 1] + (said[i - 1] != heard[j - 1])
            costs[i, j] = min(costs[i - 1, j] + 1, costs[i, j - 1] + 1, change)
    way, names = _cheapest_way(costs, said, heard)
    figure, axes = shapes.canvas(1.6 + 1.15 * columns, 0.8 + 0.55 * rows, 2 * columns + 2.8, rows + 1.3)
    for i, word in enumerate(("", *said)):
        axes.text(2.4, rows - i - 0.4, word, ha="right", va="center")
        for j in range(columns):
            frame = _TEXT if (i, j) in way else None
            shapes.cell(axes, (2.6 + 2 * j, rows - 0.9 - i), 2, 1, str(costs[i, j]), frame)
    for j, word in enumerate(("", *heard)):
        axes.text(3.6 + 2 * j, rows + 0.4, word, ha="center")
    return figure, (
        f"A table: down the side the words said, {' '.join(said)}; along the top the words heard, "
        f"{' '.join(heard)}. Each cell holds the fewest edits that make the beginning above it of the "
        f"beginning beside it. Thick frames mark a cheapest way to the last cell, {costs[-1, -1]}: "
        f"{', '.join(names)}."
    )


def _cheapest_way(
    costs: np.ndarray, said: Sequence[str], heard: Sequence[str]
) -> tuple[set[tuple[int, int]], list[str]]:
    """The cells of a cheapest way, and what each of its steps is."""
    i, j = len(said), len(heard)
    way, names = {(i, j)}, []
    while i or j:
        if i and j and costs[i, j] == costs[i - 1, j - 1] + (said[i - 1] != heard[j - 1]):
            i, j = i - 1, j - 1
            names.append(f"{said[i]} kept" if said[i] == heard[j] else f"{said[i]} replaced by {heard[j]}")
        elif i and costs[i, j] == costs[i - 1, j] + 1:
            i -= 1
            names.append(f"{said[i]} deleted")
        else:
            j -= 1
            names.append(f"{heard[j]} inserted")
        way.add((i, j))
    return way, names[::-1]


def sound_text_picture(letters: str, name: str) -> tuple[Figure, str]:
    """Draws the way from a spoken name over its letters to a drawing and a photograph.

    Introduced in lesson 09.

    Args:
        letters: str, what the recogniser wrote.
        name: str, the nearest name of a list.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 2.6, 24, 6.6)
    steps = (
        (2.1, 3.4, "sound\n(samples,)", _SOUND),
        (7.0, 4.2, "recogniser\nlog-mel → letters", _SOUND),
        (12.3, 4.2, f"letters\n“{letters}”", _TEXT),
        (17.2, 3.6, f"nearest name\n“{name}”", _TEXT),
    )
    for x, width, label, colour in steps:
        shapes.box(axes, x, 3.2, width, label, colour, 1.9)
    for (x, width, *_), (after, wide, *_) in pairwise(steps):
        shapes.arrow(axes, (x + width / 2 + 0.1, 3.2), (after - wide / 2 - 0.1, 3.2))
    for y, label in ((5.2, "drawing"), (1.2, "photograph")):
        shapes.box(axes, 22.0, y, 3.2, label, _PICTURE, 1.2)
        shapes.arrow(axes, (19.1, 3.2 + np.sign(y - 3.2) * 0.5), (20.3, y))
    return figure, (
        "Boxes from left to right with arrows between them: sound, the recogniser that turns it into log-mel "
        f"and then into letters, the letters “{letters}”, the nearest of a list of names, “{name}”. From the "
        "name two arrows lead to a drawing and to a photograph."
    )
