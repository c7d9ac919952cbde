"""Diagrams that more than one place shows: lessons and the README."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils import plotting

__all__ = ["computation_graph", "data_splits", "four_steps"]

_ROWS = (  # modality, what preprocessing makes of it, what network computes its features
    ("picture", "pixels\n(height, width, 3)", "CNN"),
    ("text", "token ids\n(tokens,)", "RNN"),
    ("sound", "log-mel\n(frames, bands)", "CNN + RNN"),
)
_HEADINGS = ((3.5, "1 preprocessing"), (6.4, "2 features"), (9.1, "4 fusion"))


def four_steps() -> Figure:
    """Draws the course's four steps: a row per modality, met by fusion, with training around the networks.

    Introduced in lesson 00; the README shows the same picture.

    Returns:
        matplotlib Figure of 8 × 3.8 inches, for :func:`course_utils.plotting.show`.
    """
    figure, axes = plt.subplots(figsize=(8, 3.8))
    axes.set(xlim=(0, 12.6), ylim=(0, 6))
    axes.axis("off")
    for x, heading in _HEADINGS:
        axes.text(x, 5.6, heading, ha="center", va="center", weight="bold")
    for row, (modality, array, network) in enumerate(_ROWS):
        y = 4.6 - 1.35 * row
        _box(axes, 0.9, y, 1.6, modality, plotting.COLOURS[6])
        _box(axes, 3.5, y, 2.4, array, plotting.COLOURS[0])
        _box(axes, 6.4, y, 2.0, network, plotting.COLOURS[2])
        _arrow(axes, (1.75, y), (2.25, y))
        _arrow(axes, (4.75, y), (5.35, y))
        _arrow(axes, (7.45, y), (8.2, 3.25 + 0.6 * (1 - row)))
    _box(axes, 9.1, 3.25, 1.7, "attention", plotting.COLOURS[1], height=2.2)
    _box(axes, 11.6, 3.25, 1.4, "answer", plotting.COLOURS[6])
    _arrow(axes, (10.0, 3.25), (10.85, 3.25))
    _box(axes, 7.75, 0.5, 4.7, "3 training: adjust until answers fit", plotting.COLOURS[3], height=0.8)
    axes.plot((11.6, 11.6), (2.75, 0.5), color="black", linestyle="-", linewidth=1.5)
    _arrow(axes, (11.6, 0.5), (10.2, 0.5))
    _arrow(axes, (6.4, 0.95), (6.4, 1.4))
    _arrow(axes, (9.1, 0.95), (9.1, 2.05))
    return figure


def _box(axes: Axes, x: float, y: float, width: float, label: str, colour: str, height: float = 1.0) -> None:
    """A rounded box around (x, y); place and label tell its kind, not colour alone."""
    corner = (x - width / 2, y - height / 2)
    style = "round,pad=0.02,rounding_size=0.15"
    axes.add_patch(
        FancyBboxPatch(corner, width, height, boxstyle=style, facecolor="white", edgecolor=colour, lw=2)
    )
    axes.text(x, y, label, ha="center", va="center", fontsize=10)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.5})


# --- lesson 04: each drawing comes with its description -----------------------------------------------------

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
        _arrow(axes, (left + 0.55, y + 0.15), (right - 0.55, y + 0.15))
        axes.text((left + right) / 2, y + 0.35, operation, ha="center", va="bottom", fontsize=10)
        if start != "x":
            _arrow_back(axes, (right - 0.55, y - 0.15), (left + 0.55, y - 0.15))
    for matrix, end in (("A", "s"), ("B", "z")):
        (x, y), (right, top) = _GRAPH[matrix], _GRAPH[end]
        _arrow(axes, (x, y + 0.5), (right - 0.55, top - 0.05))
        _arrow_back(axes, (right - 0.35, top - 0.5), (x + 0.4, y + 0.5))
    for name, (x, y) in _GRAPH.items():
        matrix = name in "AB"
        _box(axes, x, y, 1.0, name, plotting.COLOURS[2 if matrix else 0], height=0.9)
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


def _arrow_back(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": plotting.COLOURS[1], "lw": 1.5, "linestyle": "--"}
    axes.annotate("", end, start, arrowprops=style)


def _short(array: np.ndarray) -> str:
    """The numbers of an array with two decimals, a row of them a line."""
    rows = np.atleast_2d(np.asarray(array, np.float64))
    return "\n".join("  ".join(f"{value + 0.0:.2f}" for value in np.round(row, 2)) for row in rows)
