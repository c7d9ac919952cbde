"""Diagrams of lesson 10: one sequence of all modalities, who may look at whom, a language model that sees."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = [
    "grouped_heads",
    "language_block",
    "low_rank_update",
    "one_sequence",
    "patch_order",
    "seeing_language_model",
    "turned_pairs",
    "who_looks",
]

_PICTURE, _TEXT, _SOUND = plotting.COLOURS[:3]


def patch_order(rows: int, columns: int) -> tuple[Figure, str]:
    """Draws how a picture is cut into patches, and in which order they stand in a row.

    Introduced in lesson 10.

    Args:
        rows: int ≥ 1, patches from top to bottom.
        columns: int ≥ 1, patches from left to right.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    patches = rows * columns
    figure, axes = shapes.canvas(9, 0.6 + 0.5 * rows, 1.3 * (columns + patches) + 3.5, rows + 0.6)
    for patch in range(patches):
        row, column = divmod(patch, columns)
        shapes.cell(axes, (0.3 + 1.3 * column, rows - row - 0.8), 1.3, 1.0, str(patch), _PICTURE)
    start, middle = 1.3 * columns + 0.6, rows / 2 + 0.2
    shapes.arrow(axes, (start, middle), (start + 1.6, middle))
    for patch in range(patches):
        shapes.cell(axes, (start + 1.9 + 1.3 * patch, middle - 0.5), 1.2, 1.0, str(patch), _PICTURE)
    return figure, (
        f"Left, a picture of {rows} rows of {columns} patches, numbered row by row from the top left, "
        f"0 to {patches - 1}. An arrow leads to the same {patches} patches in one row, in the order of their "
        "numbers."
    )


def one_sequence(parts: Sequence[tuple[str, str, int]], width: int) -> tuple[Figure, str]:
    """Draws how pieces of several modalities become tokens of one width, and one sequence.

    Introduced in lesson 10.

    Args:
        parts: up to three triples: the piece, such as "patch"; what makes a vector of it, such as "Dense";
            how many tokens to draw, int ≥ 1. They take the colours of picture, text and sound in turn.
        width: int, numbers of a token.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    tokens = sum(count for *_, count in parts)
    figure, axes = shapes.canvas(9, 3.4, 1.9 * tokens + len(parts) + 1, 7.4)
    left, told = 0.6, []
    for number, (piece, layer, count) in enumerate(parts):
        colour, middle = plotting.COLOURS[number], left + 0.95 * count
        for token in range(count):
            x = left + 0.95 + 1.9 * token
            shapes.cell(axes, (x - 0.8, 0.3), 1.6, 0.9, piece, colour)
            shapes.arrow(axes, (x, 1.3), (x, 2.1))
            shapes.arrow(axes, (x, 3.2), (x, 4.0))
            shapes.cell(axes, (x - 0.8, 4.1), 1.6, 1.5, f"token\nplace {token}", colour)
        shapes.box(axes, middle, 2.65, 1.9 * count - 0.3, layer, colour, 0.9)
        axes.text(middle, 5.9, f"+ place + “{piece}”", ha="center", fontsize=10)
        told.append(f"{count} of {piece} through {layer}")
        left += 1.9 * count + 0.7
    axes.text(left / 2, 6.8, f"one sequence: ({tokens}, {width})", ha="center", fontsize=12)
    return figure, (
        f"Groups of cells from left to right: {'; '.join(told)}. Each piece becomes a token of {width} "
        "numbers, to which a vector for its place and a vector for its modality are added. Together they are "
        f"one sequence of {tokens} tokens."
    )


def who_looks(masks: Sequence[tuple[str, Sequence[str], np.ndarray]]) -> tuple[Figure, str]:
    """Draws masks side by side: a row for the token that looks, a column for the one that is looked at.

    Introduced in lesson 10.

    Args:
        masks: triples of a title, the n names of the tokens, and a bool array (n, n), True = may look.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, many = plt.subplots(1, len(masks), figsize=(3.1 * len(masks), 3.3), squeeze=False)
    told = []
    for axes, (title, names, mask) in zip(many[0], masks, strict=True):
        n = len(names)
        for row, column in np.ndindex(n, n):
            looks = bool(mask[row, column])
            corner = (column, n - 1 - row)
            shapes.cell(axes, corner, 1, 1, "●" if looks else "", face="0.85" if looks else "white")
        axes.set(xlim=(-0.06, n + 0.06), ylim=(-0.06, n + 0.06), title=title, aspect="equal")
        axes.set_xticks(np.arange(n) + 0.5, names, rotation=90, fontsize=9)
        axes.set_yticks(np.arange(n) + 0.5, names[::-1], fontsize=9)
        axes.tick_params(length=0)
        axes.grid(visible=False)
        axes.spines[:].set_visible(False)
        seen = (", ".join(np.array(names)[row]) for row in np.asarray(mask, bool))
        looks = (
            f"{name} looks at {what}" if what else f"{name} looks at nothing"
            for name, what in zip(names, seen, strict=True)
        )
        told.append(f"{title}: {'; '.join(looks)}.")
    return figure, f"Tables with a dot where the row's token may look at the column's. {' '.join(told)}"


def language_block(width: int, hidden: int) -> tuple[Figure, str]:
    """Draws a block of a language model of today, from its vectors to its vectors. Introduced in lesson 10.

    Args:
        width: int, numbers of a token.
        hidden: int, numbers between the two halves of the SwiGLU.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9.5, 2.9, 34, 6.6)
    axes.text(0.1, 2.5, f"(tokens,\n{width})", va="center", fontsize=10)
    steps = (
        (5.6, "RMSNorm"),
        (10.8, "attention:\nrotary,\ngrouped,\ncausal"),
        (19.0, "RMSNorm"),
        (24.4, f"SwiGLU\n{width} → {hidden}\n→ {width}"),
    )
    for x, label in steps:
        shapes.box(axes, x, 2.5, 4.0, label, _TEXT, 3.0)
    for plus in (14.8, 28.4):
        shapes.box(axes, plus, 2.5, 0.9, "+", _SOUND, 0.9)
    for start, end in ((2.7, 3.5), (7.7, 8.7), (12.9, 14.2), (15.4, 16.9), (21.1, 22.3), (26.5, 27.8)):
        shapes.arrow(axes, (start, 2.5), (end, 2.5))
    shapes.arrow(axes, (29.0, 2.5), (30.4, 2.5))
    axes.text(30.7, 2.5, f"(tokens,\n{width})", va="center", fontsize=10)
    for start, end in ((3.0, 14.8), (16.1, 28.4)):
        axes.plot([start, start, end], [2.5, 5.2, 5.2], color="black", linestyle="-", lw=1.5)
        shapes.arrow(axes, (end, 5.2), (end, 3.1))
        axes.text((start + end) / 2, 5.4, "unchanged", ha="center", fontsize=10)
    return figure, (
        f"From left to right: tokens of {width} numbers go through RMSNorm and attention (rotary, grouped, "
        "causal), and what comes out is added to what went in. Then through RMSNorm and SwiGLU, from "
        f"{width} to {hidden} numbers and back, and again it is added to what went in."
    )


def turned_pairs(positions: Sequence[int], frequencies: Sequence[float]) -> tuple[Figure, str]:
    """Draws how pairs of numbers are turned by their token's position. Introduced in lesson 10.

    Args:
        positions: ints, of the tokens.
        frequencies: floats, one for each pair: the angle in radians from a position to the next.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    rows, columns = len(frequencies), len(positions)
    figure, axes = shapes.canvas(1.5 * columns + 1.4, 1.5 * rows + 0.4, 3 * columns + 3, 3 * rows + 0.8)
    for row, frequency in enumerate(frequencies):
        y = 3 * (rows - row) - 1.5
        axes.text(0.1, y, f"pair {row}\n{frequency:g} radian\na step", va="center", fontsize=10)
        for column, position in enumerate(positions):
            x, angle = 4.5 + 3 * column, position * frequency
            axes.add_patch(plt.Circle((x, y), 1.2, fill=False, edgecolor="0.6"))
            shapes.arrow(axes, (x, y), (x + 1.2 * np.cos(angle), y + 1.2 * np.sin(angle)))
    for column, position in enumerate(positions):
        axes.text(4.5 + 3 * column, 3 * rows + 0.3, f"position {position}", ha="center", fontsize=10)
    axes.set_aspect("equal")
    told = ", ".join(f"pair {row} by {frequency:g}" for row, frequency in enumerate(frequencies))
    return figure, (
        f"{rows} rows of {columns} circles, each with an arrow, for the positions "
        f"{', '.join(map(str, positions))}. From one position to the next the arrow turns further, in "
        f"radians: {told}."
    )


def grouped_heads(heads: int, groups: int) -> tuple[Figure, str]:
    """Draws which heads of queries share a head of keys and values. Introduced in lesson 10.

    Args:
        heads: int, heads of queries.
        groups: int, heads of keys and values; divides ``heads``.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    each = heads // groups
    figure, axes = shapes.canvas(9, 2.4, 2.2 * heads + 3.4, 4.8)
    places = [4.4 + 2.2 * head for head in range(heads)]
    axes.text(0.2, 3.8, "queries", va="center")
    axes.text(0.2, 0.9, "keys, values", va="center")
    for group in range(groups):
        middle = np.mean(places[group * each : (group + 1) * each])
        shapes.box(axes, middle, 0.9, 2.0, f"group {group}", _SOUND, 1.1)
        for head in range(group * each, (group + 1) * each):
            shapes.box(axes, places[head], 3.8, 1.9, f"head {head}", _TEXT, 1.1)
            shapes.arrow(axes, (places[head], 3.2), (middle + 0.25 * (places[head] - middle), 1.5))
    told = "; ".join(
        f"heads {group * each} to {(group + 1) * each - 1} use group {group}"
        if each > 1
        else f"head {group} uses group {group}"
        for group in range(groups)
    )
    return (
        figure,
        f"Above {heads} heads of queries, below {groups} of keys and values, arrows between: {told}.",
    )


def seeing_language_model(regions: int, features: int, width: int) -> tuple[Figure, str]:
    """Draws how a picture's soft tokens stand before the words of a question. Introduced in lesson 10.

    Args:
        regions: int, tokens of a picture.
        features: int, numbers of a region.
        width: int, numbers of a token of the language model.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 3.8, 26, 9.4)
    for x, label, colour in ((3.4, "picture", _PICTURE), (17.5, "question, in words", _TEXT)):
        shapes.box(axes, x, 0.6, 5.8, label, colour, 0.9)
    shapes.box(axes, 3.4, 2.3, 5.8, "encoder (frozen)", _PICTURE, 0.9)
    axes.text(6.6, 2.3, f"({regions}, {features})", va="center", fontsize=10)
    shapes.box(axes, 3.4, 4.0, 5.8, "projector (trained)", _SOUND, 0.9)
    shapes.box(axes, 17.5, 3.1, 5.8, "tokens → table (frozen)", _TEXT, 0.9)
    for x, ends in ((3.4, ((1.1, 1.8), (2.8, 3.5), (4.5, 5.2))), (17.5, ((1.1, 2.6), (3.6, 5.2)))):
        for start, end in ends:
            shapes.arrow(axes, (x, start), (x, end))
    shapes.box(axes, 6.2, 5.7, 11.4, f"soft tokens ({regions}, {width})", _PICTURE, 0.9)
    shapes.box(axes, 17.5, 5.7, 9.4, f"vectors of the words (n, {width})", _TEXT, 0.9)
    shapes.box(axes, 12.2, 7.4, 23.0, "language model (frozen, or with LoRA)", _TEXT, 0.9)
    for x in (6.2, 17.5):
        shapes.arrow(axes, (x, 6.2), (x, 6.9))
    shapes.arrow(axes, (20.5, 7.9), (20.5, 8.6))
    axes.text(20.5, 8.8, "answer, token by token", ha="center", fontsize=10)
    return figure, (
        f"On the left a picture goes through a frozen encoder, which gives {regions} regions of {features} "
        f"numbers, and a trained projector, which makes {regions} soft tokens of {width} numbers of them. On "
        f"the right the words of a question become vectors of {width} numbers by the frozen table. Both "
        "stand in one row, which the language model, frozen or with LoRA, reads; it writes the answer."
    )


def low_rank_update(inputs: int, outputs: int, rank: int) -> tuple[Figure, str]:
    """Draws a frozen kernel and the two thin matrices that LoRA adds to it. Introduced in lesson 10.

    Args:
        inputs: int, rows of the kernel.
        outputs: int, columns of the kernel.
        rank: int, columns of the first thin matrix and rows of the second.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 3.0, 22, 7.4)
    kernel, thin, change = inputs * outputs, rank * (inputs + outputs), 0.7
    shapes.cell(
        axes, (0.6, 1.4), 5, 5, f"kernel, frozen\n({inputs}, {outputs})\n{kernel:,} weights", face="0.9"
    )
    axes.text(6.6, 3.9, "+", ha="center", va="center", fontsize=18)
    axes.text(8.3, 3.9, f"alpha/{rank} ·", ha="center", va="center", fontsize=11)
    shapes.cell(axes, (9.6, 1.4), change, 5, "A", _SOUND)
    axes.text(9.95, 0.7, f"({inputs}, {rank})", ha="center", fontsize=10)
    axes.text(11.3, 3.9, "·", ha="center", va="center", fontsize=18)
    shapes.cell(axes, (12.2, 3.55), 5, change, "B", _SOUND)
    axes.text(14.7, 2.8, f"({rank}, {outputs}), zero at first", ha="center", fontsize=10)
    axes.text(17.6, 3.9, f"{thin:,} weights\nare trained", va="center", fontsize=10)
    return figure, (
        f"A square, the frozen kernel of {inputs} × {outputs} = {kernel:,} weights, plus alpha/{rank} times "
        f"the product of a thin upright matrix A, {inputs} × {rank}, and a thin flat matrix B, {rank} × "
        f"{outputs}, which is zero at first. The thin ones have {thin:,} weights together."
    )
