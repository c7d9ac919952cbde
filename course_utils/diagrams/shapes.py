"""What the diagrams are made of: a canvas, boxes, arrows, cells of a table."""

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils import plotting

__all__ = [
    "arrow",
    "arrow_back",
    "box",
    "canvas",
    "cell",
]


def box(axes: Axes, x: float, y: float, width: float, label: str, colour: str, height: float = 1.0) -> None:
    """A rounded box around (x, y); place and label tell its kind, not colour alone."""
    corner = (x - width / 2, y - height / 2)
    style = "round,pad=0.02,rounding_size=0.15"
    axes.add_patch(
        FancyBboxPatch(corner, width, height, boxstyle=style, facecolor="white", edgecolor=colour, lw=2)
    )
    axes.text(x, y, label, ha="center", va="center", fontsize=10)


def arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """An arrow from one point to another, (x, y) each."""
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.5})


def cell(
    axes: Axes,
    corner: tuple[float, float],
    width: float,
    height: float,
    label: str,
    frame: str | None = None,
    face: str | tuple | np.ndarray = "white",
    hatch: str | None = None,
) -> None:
    """A cell of a table, from its lower left corner; a colour for ``frame`` makes a thick frame of it."""
    style = {"edgecolor": frame or "0.5", "linewidth": 3 if frame else 1, "zorder": 3 if frame else 2}
    axes.add_patch(plt.Rectangle(corner, width, height, facecolor=face, hatch=hatch, **style))
    behind = {"facecolor": face, "edgecolor": "none", "pad": 1.5} if hatch else None
    centre = (corner[0] + width / 2, corner[1] + height / 2)
    axes.text(*centre, label, ha="center", va="center", fontsize=9, bbox=behind, zorder=4)


def arrow_back(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    """A dashed arrow, for what goes backwards: gradients."""
    style = {"arrowstyle": "-|>", "color": plotting.COLOURS[1], "lw": 1.5, "linestyle": "--"}
    axes.annotate("", end, start, arrowprops=style)


def canvas(width: float, height: float, columns: float, rows: float) -> tuple[Figure, Axes]:
    """A figure of so many inches with one invisible axes of columns × rows units."""
    figure, axes = plt.subplots(figsize=(width, height))
    axes.set(xlim=(0, columns), ylim=(0, rows))
    axes.axis("off")
    return figure, axes
