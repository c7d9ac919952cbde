"""Diagrams that more than one place shows: lessons and the README."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils import plotting

__all__ = ["four_steps"]

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
