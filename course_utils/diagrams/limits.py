"""Diagrams of lesson 11: scarce data, models that are too complex, computing that costs, what is missing."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = [
    "early_exit",
    "mean_of_those_present",
    "nested_subsets",
    "self_training_loop",
    "teacher_and_student",
    "three_limits",
    "two_thin_kernels",
    "whole_number_weights",
]

_PICTURE, _TEXT, _SOUND = plotting.COLOURS[:3]


def three_limits() -> tuple[Figure, str]:
    """Draws the three challenges with the remedies that the lesson tries. Introduced in lesson 11.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 2.9, 30, 8)
    columns = (
        ("scarce data", _PICTURE, "transfer\nfew-shot learning\nself-training"),
        ("complex models", _TEXT, "the right size\na penalty\na student"),
        ("costly computing", _SOUND, "batches, cached features\nfewer bits, zeros\nlow rank, early exit"),
    )
    for number, (challenge, colour, remedies) in enumerate(columns):
        x = 5 + 10 * number
        shapes.box(axes, x, 6.5, 8.4, challenge, colour, 1.8)
        shapes.arrow(axes, (x, 5.5), (x, 4.4))
        axes.text(x, 2.3, remedies, ha="center", va="center", fontsize=11, linespacing=1.6)
    return figure, (
        "Three boxes with what helps below each. Scarce data: transfer, few-shot learning, self-training. "
        "Complex models: the right size, a penalty, a student. Costly computing: batches, cached features, "
        "fewer bits, zeros, low rank, early exit."
    )


def nested_subsets(counts: Sequence[int]) -> tuple[Figure, str]:
    """Draws subsets of growing size, each the beginning of the next. Introduced in lesson 11.

    Args:
        counts: ints, ascending.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 0.5 + 0.6 * len(counts), 1.2 * counts[-1] + 7, 1.5 * len(counts) + 0.3)
    for row, count in enumerate(counts):
        y = 1.5 * (len(counts) - 1 - row) + 0.2
        axes.text(5.4, y + 0.5, f"{count} of a class", ha="right", va="center", fontsize=11)
        for place in range(count):
            old = row > 0 and place < counts[row - 1]
            face = "0.85" if old else "white"
            shapes.cell(axes, (5.8 + 1.2 * place, y), 1.1, 1.1, str(place + 1), _PICTURE, face)
    return figure, (
        f"Rows of {', '.join(map(str, counts))} numbered cells, one below the other. Each row begins with "
        "the cells of the row above, in grey, and adds white ones."
    )


def self_training_loop() -> tuple[Figure, str]:
    """Draws the loop of self-training, with the arrow by which mistakes come back. Introduced in lesson 11.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 2.9, 34, 9)
    shapes.box(axes, 3.6, 6.6, 6.2, "a few\nlabelled", _PICTURE, 2.2)
    shapes.box(axes, 14, 6.6, 5, "model", _TEXT, 2.2)
    shapes.box(axes, 25.5, 6.6, 9, "predictions for\nwhat is unlabelled", _SOUND, 2.2)
    shapes.box(axes, 25.5, 2, 9, "sure ones:\npseudo-labels", _SOUND, 2.2)
    shapes.arrow(axes, (6.8, 6.6), (11.4, 6.6))
    shapes.arrow(axes, (16.6, 6.6), (20.9, 6.6))
    shapes.arrow(axes, (25.5, 5.4), (25.5, 3.2))
    axes.plot([20.9, 14], [2, 2], color="black", linestyle="-", lw=1.5)
    shapes.arrow(axes, (14, 2), (14, 5.4))
    axes.text(17.3, 2.5, "train again", ha="center", fontsize=11)
    axes.text(9.9, 2.6, "mistakes come\nback, too", ha="center", fontsize=11)
    return figure, (
        "A few labelled examples train a model. Its predictions for unlabelled examples, where it is sure, "
        "become pseudo-labels, and an arrow leads from them back to the model, which is trained again. "
        "Beside that arrow stands: mistakes come back, too."
    )


def teacher_and_student() -> tuple[Figure, str]:
    """Draws a distillation: one picture, two networks, two losses. Introduced in lesson 11.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 3.2, 36, 10)
    shapes.box(axes, 3.2, 5, 5, "picture", _PICTURE, 1.6)
    shapes.box(axes, 13, 7.8, 9, "teacher, frozen", _TEXT, 2.6)
    shapes.box(axes, 13, 2.2, 5, "student", _SOUND, 1.4)
    for end in ((8.2, 7.8), (10.2, 2.2)):
        shapes.arrow(axes, (5.9, 5), end)
    shapes.arrow(axes, (17.7, 7.8), (20.6, 7.8))
    shapes.arrow(axes, (15.7, 2.2), (20.6, 2.2))
    for y, shares in ((7.8, (0.7, 0.2, 0.1)), (2.2, (0.5, 0.3, 0.2))):
        for place, share in enumerate(shares):
            shapes.cell(axes, (21 + 1.9 * place, y - 0.7), 1.8, 1.4, f"{share}")
    shapes.arrow_back(axes, (23.8, 6.9), (23.8, 3.1))
    axes.text(24.4, 5, "compared at temperature T", va="center", fontsize=11)
    shapes.box(axes, 32.6, 2.2, 4.4, "label", _PICTURE, 1.4)
    shapes.arrow_back(axes, (30.2, 2.2), (27.1, 2.2))
    return figure, (
        "A picture goes into a large box, the teacher, which is frozen, and into a small one, the student. "
        "Each gives probabilities. A dashed arrow compares the student's with the teacher's, at temperature "
        "T, and another one with the label."
    )


def whole_number_weights(weights: Sequence[float]) -> tuple[Figure, str]:
    """Draws how the weights of one output channel become whole numbers and a scale. Introduced in lesson 11.

    Args:
        weights: floats, not all zero.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    scale = np.abs(weights).max() / 127
    whole = [round(weight / scale) for weight in weights]
    figure, axes = shapes.canvas(9, 1.9, 3.1 * 3 * len(weights), 5.2)
    for block, (title, numbers) in enumerate(
        (
            ("float32, 4 bytes each", [f"{weight:.2f}" for weight in weights]),
            (f"int8, 1 byte each; scale {scale:.5f}", [str(number) for number in whole]),
            ("whole number · scale", [f"{number * scale:.4f}" for number in whole]),
        )
    ):
        left = block * (3.1 * len(weights) + 0.6) * 0.97 + 0.2
        axes.text(left, 3.6, title, fontsize=11)
        for place, number in enumerate(numbers):
            shapes.cell(axes, (left + 2.6 * place, 1.2), 2.5, 1.7, number, plotting.COLOURS[block])
        if block < 2:
            end = left + 2.6 * len(weights)
            shapes.arrow(axes, (end + 0.2, 2), (end + 1.9, 2))
    return figure, (
        f"Three rows of cells, arrows between them: the weights {', '.join(f'{w:.2f}' for w in weights)}; "
        f"the whole numbers {', '.join(map(str, whole))} with one scale of {scale:.5f}; and their products, "
        "nearly the weights again."
    )


def two_thin_kernels(inputs: int, outputs: int, rank: int) -> tuple[Figure, str]:
    """Draws a matrix and two thin ones in its place, with how many numbers each has. Introduced in lesson 11.

    Args:
        inputs: int, rows of the matrix.
        outputs: int, its columns.
        rank: int, smaller than both.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 3.2, 30, 10)
    shapes.cell(axes, (1.5, 1.4), 5, 8, f"{inputs} × {outputs}\n{inputs * outputs:,}\nnumbers", _PICTURE)
    axes.text(8.6, 5.4, "≈", ha="center", va="center", fontsize=20)
    shapes.cell(axes, (11.5, 1.4), 3.4, 8, f"{inputs} × {rank}\n{inputs * rank:,}", _TEXT)
    axes.text(16.4, 5.4, "·", ha="center", va="center", fontsize=24)
    shapes.cell(axes, (18, 4.4), 5.4, 2, f"{rank} × {outputs}\n{rank * outputs:,}", _SOUND)
    axes.text(4, 0.4, "one convolution", ha="center", fontsize=11)
    axes.text(13.2, 0.4, "3 × 3, few channels", ha="center", fontsize=11)
    axes.text(20.7, 3.4, "1 × 1", ha="center", fontsize=11)
    return figure, (
        f"A matrix of {inputs} × {outputs}, {inputs * outputs:,} numbers, is nearly the product of two thin "
        f"ones: {inputs} × {rank}, {inputs * rank:,} numbers, a convolution of 3 × 3 with few channels, "
        f"and {rank} × {outputs}, {rank * outputs:,} numbers, a convolution of 1 × 1."
    )


def early_exit() -> tuple[Figure, str]:
    """Draws a network with a second head, and the question that decides. Introduced in lesson 11.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 2.9, 38, 9)
    shapes.box(axes, 2.8, 6.6, 4.6, "picture", _PICTURE, 1.8)
    shapes.box(axes, 11.4, 6.6, 7, "convolutions\n0 to 3", _TEXT, 2.2)
    shapes.box(axes, 25, 6.6, 7, "convolutions 4,\n5, and the head", _TEXT, 2.2)
    shapes.box(axes, 18.4, 2.2, 8.6, "early head: sure\nby the threshold?", _SOUND, 2.2)
    shapes.arrow(axes, (5.2, 6.6), (7.7, 6.6))
    axes.plot([15.1, 16.4], [6.6, 6.6], color="black", linestyle="-", lw=1.5)
    shapes.arrow(axes, (16.4, 6.6), (16.4, 3.4))
    axes.plot([20.2, 20.2], [3.4, 6.6], color="black", linestyle="-", lw=1.5)
    shapes.arrow(axes, (20.2, 6.6), (21.3, 6.6))
    shapes.arrow(axes, (28.7, 6.6), (31.4, 6.6))
    shapes.arrow(axes, (22.9, 2.2), (31.4, 2.2))
    axes.text(27, 2.6, "yes", ha="center", fontsize=11)
    axes.text(19.5, 4.9, "no", ha="center", fontsize=11)
    axes.text(31.7, 6.6, "late answer", va="center", fontsize=11)
    axes.text(31.7, 2.2, "early answer", va="center", fontsize=11)
    return figure, (
        "A picture goes through convolutions 0 to 3. From them an arrow leads down to an early head, which "
        "asks whether it is sure by the threshold. If yes, its answer is taken. If no, a line leads up again "
        "and convolutions 4 and 5 and the head of the teacher follow, and give the late answer."
    )


def mean_of_those_present() -> tuple[Figure, str]:
    """Draws three items of which some modalities are absent, and what is averaged. Introduced in lesson 11.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 2.8, 30, 8.4)
    told = []
    for row, (seen, heard) in enumerate(((True, True), (True, False), (False, True))):
        y = 5.8 - 2.6 * row
        for x, there, name, colour in ((1, seen, "picture", _PICTURE), (8, heard, "sound", _SOUND)):
            shapes.cell(
                axes, (x, y), 6, 1.8, name if there else "absent", colour, hatch=None if there else "//"
            )
        shapes.arrow(axes, (14.4, y + 0.9), (17, y + 0.9))
        names = [name for name, there in (("picture", seen), ("sound", heard)) if there]
        formula = f"({' + '.join(names)}) / {len(names)}" if len(names) > 1 else names[0]
        axes.text(17.4, y + 0.9, formula, va="center", fontsize=12)
        told.append(f"{', '.join(names)} present: {formula}")
    return figure, f"Three rows, one for each item; what is absent is hatched. {'; '.join(told)}."
