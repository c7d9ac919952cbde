"""Diagrams of lesson 08: from sequence to sequence, a picture among the words, and a map of attention."""

import html
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

if TYPE_CHECKING:
    from IPython.display import HTML

__all__ = ["attention_table", "picture_among_words", "sequence_to_sequence"]

_PICTURE, _TEXT, _OUTPUT = plotting.COLOURS[:3]


def sequence_to_sequence(
    source: Sequence[str], target: Sequence[str], looks: bool = False
) -> tuple[Figure, str]:
    """Draws a network that reads a sequence and writes another. Introduced in lesson 08.

    Args:
        source: n str, what is read.
        target: m str, what is written, the end token last.
        looks: bool, whether the writer looks back at all states of the reader.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    given = ["<start>", *target[:-1]]
    n, m = len(source), len(target)
    figure, axes = shapes.canvas(9, 3.4 if looks else 2.8, 2 * (n + m) + 2.4, 7.2 if looks else 5.6)
    readers, writers = [1 + 2 * i for i in range(n)], [2.4 + 2 * (n + i) for i in range(m)]
    for names, places, label, colour in (
        (source, readers, "read", _TEXT),
        (given, writers, "write", _OUTPUT),
    ):
        for name, x in zip(names, places, strict=True):
            shapes.box(axes, x, 0.6, 1.7, name, colour, 0.8)
            shapes.arrow(axes, (x, 1.1), (x, 2.0))
            shapes.box(axes, x, 2.5, 1.4, label, colour, 0.9)
        for x in places[:-1]:
            shapes.arrow(axes, (x + 0.75, 2.5), (x + 1.25, 2.5))
    shapes.arrow(axes, (readers[-1] + 0.75, 2.5), (writers[0] - 0.75, 2.5))
    axes.text((readers[-1] + writers[0]) / 2, 2.9, "last state", ha="center", fontsize=9)
    top = 6.4 if looks else 4.8
    for name, x in zip(target, writers, strict=True):
        shapes.box(axes, x, top, 1.7, name, _OUTPUT, 0.8)
        shapes.arrow(axes, (x, 3.0 if not looks else 5.2), (x, top - 0.5))
    if looks:
        wide = writers[-1] - writers[0] + 1.7
        shapes.box(axes, np.mean([writers[0], writers[-1]]), 4.6, wide, "look: attention", _OUTPUT, 1.0)
        for x in writers:
            shapes.arrow(axes, (x, 3.0), (x, 4.0))
        for x in readers:
            axes.plot([x, x], [3.0, 4.6], color="black", linestyle="-", lw=1.5)
        shapes.arrow(axes, (readers[0], 4.6), (writers[0] - 0.95, 4.6))
        axes.text(readers[0], 4.9, "all states: keys and values", fontsize=9)
    told = (
        "From all states of the reader a line leads to a box over the writer, “look: attention”, and from "
        "there to every symbol that is written."
        if looks
        else "Nothing else of what was read reaches the writer."
    )
    return figure, (
        f"On the left {n} boxes read {', '.join(source)}, each handing its state to the next. The last "
        f"state goes to the first of {m} boxes on the right, which are given {', '.join(given)} and write "
        f"{', '.join(target)}. {told}"
    )


def picture_among_words(words: Sequence[str], dim: int, numbers: int) -> tuple[Figure, str]:
    """Draws a memory in which a picture is one more thing to look at. Introduced in lesson 08.

    Args:
        words: n str, of the sentence that is read.
        dim: int, numbers of a thing in the memory.
        numbers: int, numbers of a picture's features.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    n = len(words)
    figure, axes = shapes.canvas(9, 3.2, 2.1 * n + 11, 6.4)
    shapes.box(axes, 1.9, 0.7, 3.5, f"features\n({numbers},)", _PICTURE, 1.1)
    shapes.arrow(axes, (1.9, 1.3), (1.9, 2.0))
    shapes.box(axes, 1.9, 2.5, 3.5, "Dense", _PICTURE, 0.9)
    shapes.arrow(axes, (1.9, 3.0), (1.9, 3.9))
    shapes.cell(axes, (0.9, 4.0), 2.0, 1.0, "picture", frame=_PICTURE, hatch="..")
    places = [5.2 + 2.1 * i for i in range(n)]
    for word, x in zip(words, places, strict=True):
        shapes.box(axes, x, 0.7, 1.9, word, _TEXT, 1.1)
        shapes.arrow(axes, (x, 1.3), (x, 2.0))
        shapes.arrow(axes, (x, 3.0), (x, 3.9))
        shapes.cell(axes, (x - 1.0, 4.0), 2.0, 1.0, word)
    middle = np.mean([places[0], places[-1]])
    shapes.box(axes, middle, 2.5, places[-1] - places[0] + 1.9, "GRU in both directions", _TEXT, 0.9)
    axes.text(0.9, 5.4, f"memory: (1 + {n}, {dim}), and a mask; without a picture its cell is hidden")
    end = places[-1] + 1.1
    shapes.arrow(axes, (end, 4.5), (end + 1.0, 4.5))
    shapes.box(axes, end + 3.0, 4.5, 3.8, "decoder\nof lesson 07", _OUTPUT, 1.6)
    shapes.arrow(axes, (end + 3.0, 3.6), (end + 3.0, 2.6))
    axes.text(end + 3.0, 2.1, "translation", ha="center", fontsize=10)
    return figure, (
        f"Below, a picture's {numbers} features and the words {' '.join(words)} The features go through "
        "a Dense layer, the words through a GRU that reads in both directions. Above them lies the memory, "
        f"{1 + n} cells of {dim} numbers, first a dotted one for the picture, then one for each word. An "
        "arrow leads from the memory to the decoder of lesson 07, and from there to the translation."
    )


def attention_table(rows: Sequence[str], columns: Sequence[str], weights: np.ndarray) -> "HTML":
    """Shows where each written token looks, as a table: Chinese can stand in it. Introduced in lesson 08.

    Args:
        rows: m str, the tokens written.
        columns: n str, what is looked at.
        weights: float array (m, n), 0 to 1. Cells are the darker the larger the weight, and hold it in
            per cent from 5 on; the largest of a row is bold.

    Returns:
        HTML to be the last value of a cell.
    """
    from IPython.display import HTML

    side = 'style="text-align: center; padding: 0.2em 0.6em"'
    heads = "".join(f'<th scope="col" {side}>{html.escape(column)}</th>' for column in columns)
    lines = [f"<tr><td></td>{heads}</tr>"]
    for row, shares in zip(rows, weights, strict=True):
        cells = "".join(_shaded(share, share == shares.max()) for share in shares)
        lines.append(f'<tr><th scope="row" {side}>{html.escape(row)}</th>{cells}</tr>')
    return HTML(f"<table>{''.join(lines)}</table>")


def _shaded(share: float, largest: bool) -> str:
    """A cell with a weight in per cent, dark where it is large."""
    grey = round(255 * (1 - share))
    letters = "white" if grey < 128 else "black"
    percent = f"{100 * share:.0f}" if share >= 0.05 else ""
    style = f"background: rgb({grey}, {grey}, {grey}); color: {letters}; text-align: center"
    return f'<td style="{style}">{f"<b>{percent}</b>" if largest else percent}</td>'
