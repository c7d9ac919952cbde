"""Diagrams of lesson 04: a graph with its gradients, the loop, the splits."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = ["computation_graph", "data_splits", "training_loop"]


_GRAPH = {  # node of the two-layer network: (x, y)
    "x": (0.8, 3.4),
    "s": (4.0, 3.4),
    "h": (6.7, 3.4),
    "z": (9.8, 3.4),
    "loss": (12.6, 3.4),
    "A": (2.4, 0.9),
    "B": (8.2, 0.9),
}


_EDGES = (("x", "s", "x A"), ("s", "h", "max(0, s)"), ("h", "z", "h B"), ("z", "loss", "softmax and\n−log p"))


def computation_graph(
    values: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
) -> tuple[Figure, str]:
    """Draws a two-layer network as a graph, with values forward and gradients backward.

    Introduced in lesson 04.

    Args:
        values: what each of the nodes "x", "A", "s", "h", "B", "z" and "loss" is, real arrays of at most 3
            numbers in a row.
        gradients: the gradient of the loss with respect to each node except "x", arrays of the same shapes.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = plt.subplots(figsize=(8, 3.9))
    axes.set(xlim=(0, 13.5), ylim=(-0.8, 5.0))
    axes.axis("off")
    backward = plotting.COLOURS[1]
    for start, end, operation in _EDGES:
        (left, y), (right, _) = _GRAPH[start], _GRAPH[end]
        shapes.arrow(axes, (left + 0.55, y + 0.15), (right - 0.55, y + 0.15))
        axes.text((left + right) / 2, y + 0.35, operation, ha="center", va="bottom", fontsize=10)
        if start != "x":
            shapes.arrow_back(axes, (right - 0.55, y - 0.15), (left + 0.55, y - 0.15))
    for matrix, end in (("A", "s"), ("B", "z")):
        (x, y), (right, top) = _GRAPH[matrix], _GRAPH[end]
        shapes.arrow(axes, (x, y + 0.5), (right - 0.55, top - 0.05))
        shapes.arrow_back(axes, (right - 0.35, top - 0.5), (x + 0.4, y + 0.5))
    for name, (x, y) in _GRAPH.items():
        matrix = name in "AB"
        shapes.box(axes, x, y, 1.0, name, plotting.COLOURS[2 if matrix else 0], height=0.9)
        above = (x - 0.65, y, "right", "center") if matrix else (x, y + 0.95, "center", "bottom")
        below = (x + 0.65, y, "left", "center") if matrix else (x - 0.2, y - 0.6, "left", "top")
        for (text_x, text_y, across, up), arrays, style in (
            (above, values, {}),
            (below, gradients, {"color": backward, "style": "italic"}),
        ):
            if name in arrays:
                axes.text(text_x, text_y, _short(arrays[name]), ha=across, va=up, fontsize=9, **style)
    axes.text(6.0, -0.5, "upright: values, forward", ha="right", va="center", fontsize=9)
    axes.text(
        6.4, -0.5, "italic: gradients, backward", va="center", fontsize=9, color=backward, style="italic"
    )
    return figure, (
        "The network as a graph. Solid arrows run forward: x and the matrix A give s, max(0, s) gives h, h "
        "and the matrix B give the scores z, and these the loss, each with its values. Dashed arrows run "
        "back from the loss to z, to B and h, to s and to A, each node with its gradient, which has the "
        "shape of its values. Where s is negative, the gradient stops."
    )


def training_loop() -> tuple[Figure, str]:
    """Draws one step of training as a circle. Introduced in lesson 04.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 2.9, 13.5, 4.6)
    places = {
        "batch\nx, labels": (1.2, 3.2),
        "scores\nz = x W + b": (4.9, 3.2),
        "loss\none number": (8.6, 3.2),
        "gradients\nof W and b": (8.6, 0.9),
        "step\nW − η · gradient": (4.9, 0.9),
    }
    for number, (label, (x, y)) in enumerate(places.items()):
        shapes.box(axes, x, y, 2.3, label, plotting.COLOURS[(6, 0, 1, 1, 2)[number]], height=1.1)
    for start, end, label in (
        ((2.4, 3.2), (3.7, 3.2), "forward"),
        ((6.1, 3.2), (7.4, 3.2), ""),
        ((8.6, 2.6), (8.6, 1.5), "  backward"),
        ((7.4, 0.9), (6.1, 0.9), ""),
        ((4.9, 1.5), (4.9, 2.6), "  new weights, next batch"),
    ):
        shapes.arrow(axes, start, end)
        (x, y), (to_x, to_y) = start, end
        level = y == to_y
        axes.text(
            (x + to_x) / 2,
            (y + to_y) / 2 + 0.15 * level,
            label,
            ha="center" if level else "left",
            va="bottom" if level else "center",
            fontsize=10,
        )
    axes.text(11.7, 3.2, "all batches once:\none epoch", ha="center", va="center", fontsize=10)
    axes.text(
        11.7, 0.9, "then the validation set:\nforward only, no step", ha="center", va="center", fontsize=10
    )
    return figure, (
        "One step of training as a circle. A batch of inputs and labels goes forward to scores and to a "
        "loss, one number. Backward from there come the gradients of W and b, then the step, which takes the "
        "learning rate times the gradient from the weights. With the new weights the next batch begins. All "
        "batches once are an epoch; after it the validation set goes forward only, without a step."
    )


def data_splits(folds: int = 1) -> tuple[Figure, str]:
    """Draws which examples are learned from, which chosen by, which tested on. Introduced in lesson 04.

    Args:
        folds: int ≥ 1, 1 for a single validation set, more for cross-validation.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    blocks = max(folds, 5)
    figure, axes = plt.subplots(figsize=(8, 0.7 + 0.45 * folds))
    axes.set(xlim=(0, 12.2), ylim=(-folds - 0.1, 0.9))
    axes.axis("off")
    width = 9.0 / blocks
    for row in range(folds):
        for block in range(blocks):
            held_out = block == blocks - 1 - row
            axes.add_patch(
                plt.Rectangle(
                    (0.1 + block * width, -row - 0.85),
                    width,
                    0.75,
                    facecolor="white" if held_out else plotting.COLOURS[4],
                    edgecolor="black",
                    hatch="///" if held_out else None,
                    alpha=1 if held_out else 0.5,
                )
            )
            if held_out:
                label = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
                x = 0.1 + (block + 0.5) * width
                axes.text(x, -row - 0.47, "validation", ha="center", va="center", fontsize=9, bbox=label)
    axes.add_patch(
        plt.Rectangle((9.5, -folds + 0.15), 2.5, folds - 0.25, facecolor="0.85", edgecolor="black")
    )
    axes.text(10.75, (0.15 - folds) / 2, "looked at once", ha="center", va="center", fontsize=9)
    axes.text(4.5, 0.1, "to learn from and to choose by", ha="center", weight="bold")
    axes.text(10.75, 0.1, "test", ha="center", weight="bold")
    if folds == 1:
        return figure, (
            "A bar in two parts. The left one is for learning and choosing: four fifths of it are the "
            "training set, the last fifth, hatched, the validation set. The right one is the test set, "
            "looked at once, at the end."
        )
    return figure, (
        f"{folds} bars under one another, each cut into {folds} folds. In every bar another fold, hatched, "
        "is the validation set and the others are learned from. To the right stands the test set, which no "
        "bar touches."
    )


def _short(array: np.ndarray) -> str:
    """The numbers of an array with two decimals, a row of them a line."""
    rows = np.atleast_2d(np.asarray(array, np.float64))
    return "\n".join("  ".join(f"{value + 0.0:.2f}" for value in np.round(row, 2)) for row in rows)
