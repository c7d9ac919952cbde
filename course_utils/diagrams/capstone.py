"""Diagrams of lesson 13: which fusion to try, a split by groups, what a report's files hold, a margin."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = ["choose_fusion", "margin_table", "report_files", "split_by_groups"]

_ASK, _DO = plotting.COLOURS[0], plotting.COLOURS[2]


def choose_fusion() -> tuple[Figure, str]:
    """Draws the questions that lead to a fusion, each with what to measure. Introduced in lesson 13.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    questions = (
        ("Does one modality alone\nreach the best of all fusions?", "that modality,\nno fusion"),
        ("Does the sum of the logits\nreach every fusion below?", "summed logits"),
        ("Does a hidden layer over the\nconcatenation reach attention?", "concatenation,\none hidden layer"),
    )
    figure, axes = shapes.canvas(9, 4.2, 27, 12.4)
    for number, (question, choice) in enumerate(questions):
        y = 10.8 - 3.2 * number
        shapes.box(axes, 7.0, y, 12.0, question, _ASK, 2.0)
        shapes.box(axes, 22.0, y, 8.4, choice, _DO, 2.0)
        shapes.arrow(axes, (13.2, y), (17.6, y))
        axes.text(15.4, y + 0.35, "yes", ha="center", fontsize=10)
        shapes.arrow(axes, (7.0, y - 1.1), (7.0, y - 2.1))
        axes.text(7.4, y - 1.65, "no", va="center", fontsize=10)
    shapes.box(axes, 7.0, 1.2, 12.0, "cross-attention", _DO, 1.9)
    return figure, (
        "Three questions, one below the other. Does one modality alone reach the best of all fusions? Yes: "
        "take that modality, no fusion. No: does the sum of the logits reach every fusion below? Yes: summed "
        "logits. No: does a hidden layer over the concatenation reach attention? Yes: concatenation with one "
        "hidden layer. No: cross-attention."
    )


def split_by_groups(groups: Sequence[str], test: Sequence[bool]) -> tuple[Figure, str]:
    """Draws items in the order of their groups, and which of them are in the test. Introduced in lesson 13.

    Args:
        groups: n str, the group of each item.
        test: n bool, True = test.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 1.5, len(groups) + 1.4, 2.9)
    for i, (name, tested) in enumerate(zip(groups, test, strict=True)):
        face, hatch, word = ("0.85", "///", "test") if tested else ("white", None, "train")
        shapes.cell(axes, (i + 0.9, 1.4), 0.96, 0.9, name, _ASK)
        shapes.cell(axes, (i + 0.9, 0.3), 0.96, 0.9, word, face=face, hatch=hatch)
    told = (f"{name} {'test' if tested else 'train'}" for name, tested in zip(groups, test, strict=True))
    return figure, f"Items in a row, each with its group and below it its split: {', '.join(told)}."


def report_files(files: Sequence[tuple[str, Sequence[str]]], checks: Sequence[str]) -> tuple[Figure, str]:
    """Draws the files of a report and what is checked between them. Introduced in lesson 13.

    Args:
        files: pairs of a file's name and the lines of what is in it.
        checks: str, one for each pair of neighbours, what is compared between the two.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 2.6, 13.6 * len(files) - 4, 7.6)
    for number, (name, lines) in enumerate(files):
        x = 13.6 * number + 4.6
        shapes.box(axes, x, 3.4, 8.6, "\n".join(lines), _ASK, 5.4)
        axes.text(x, 6.7, name, ha="center", fontsize=11, family="monospace")
        if number:
            shapes.arrow(axes, (x - 9.2, 3.4), (x - 4.5, 3.4))
            axes.text(x - 6.8, 3.8, checks[number - 1], ha="center", va="bottom", fontsize=9)
    told = "; ".join(f"{name}: {', '.join(lines)}" for name, lines in files)
    between = "; ".join(check.replace("\n", " ") for check in checks)
    return (
        figure,
        f"Boxes for files with what they hold, from left to right: {told}. Between them: {between}.",
    )


def margin_table(similarity: np.ndarray, captions: Sequence[str]) -> tuple[Figure, str]:
    """Draws how well captions suit pictures, with each pair's margin. Introduced in lesson 13.

    Args:
        similarity: float (n, n), row = picture, column = caption; pair i belongs together.
        captions: n str.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    n = len(captions)
    others = np.where(np.eye(n, dtype=bool), -np.inf, similarity)
    margins = np.diag(similarity) - others.max(axis=1)
    figure, axes = shapes.canvas(7.5, 0.6 + 0.5 * n, 2.6 * n + 8.4, n + 1.2)
    for row, column in np.ndindex(n, n):
        own, best = row == column, column == others[row].argmax()
        shapes.cell(
            axes,
            (5.2 + 2.6 * column, n - 1 - row + 0.1),
            2.5,
            0.9,
            f"{similarity[row, column]:.1f}",
            _ASK if own else None,
            hatch="///" if best else None,
        )
    for i, caption in enumerate(captions):
        axes.text(6.45 + 2.6 * i, n + 0.35, f"“{caption}”", ha="center", fontsize=9)
        axes.text(5.0, n - i - 0.45, f"picture {i}", ha="right", va="center", fontsize=9)
        axes.text(
            6.0 + 2.6 * n, n - i - 0.45, f"{margins[i]:+.1f}".replace("-", "−"), va="center", fontsize=10
        )
    axes.text(6.0 + 2.6 * n, n + 0.35, "margin", fontsize=9)
    names = ", ".join(captions)
    told = "; ".join(
        f"picture {i}: {', '.join(f'{value:.1f}' for value in similarity[i])}, margin {margins[i]:+.1f}"
        for i in range(n)
    )
    return figure, (
        f"A table, a row for each picture, a column for each of the captions {names}. A thick frame "
        f"is around a pair's own score, hatching behind the best other one. {told}."
    )
