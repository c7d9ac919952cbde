"""Diagrams of lesson 02: kernels that slide, what a layer sees and costs, batch normalisation."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = [
    "batch_norm_modes",
    "convolution_settings",
    "receptive_field_growth",
    "sliding_kernel",
    "stacked_kernels",
]


_PATCH, _ZERO = plotting.COLOURS[1], "0.85"  # where a kernel lies; the zeros of padding


def sliding_kernel(image: np.ndarray, kernel: np.ndarray, row: int, column: int) -> tuple[Figure, str]:
    """Draws one step of a convolution: the patch, the kernel, their products, the one value they add up to.

    Introduced in lesson 02.

    Args:
        image: real array (height, width), whole numbers of at most three characters.
        kernel: real array (kernel height, kernel width), likewise.
        row: int, row of the image on which the kernel's first row lies.
        column: int, column of the image on which the kernel's first column lies.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    image, kernel = np.asarray(image), np.asarray(kernel)
    height, width = kernel.shape
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    feature_map = (windows * kernel).sum(axis=(2, 3))
    products = windows[row, column] * kernel
    grids = (  # numbers, title, the part that takes part, the sign behind it
        (image, "image", (row, column, height, width), "×"),
        (kernel, "kernel", None, "="),
        (products, "products", None, "add"),
        (feature_map, "feature map", (row, column, 1, 1), ""),
    )
    columns = sum(numbers.shape[1] for numbers, *_ in grids) + 1.6 * (len(grids) - 1)
    rows = max(numbers.shape[0] for numbers, *_ in grids)
    figure, axes = shapes.canvas(8, 8 * (rows + 1.2) / (columns + 0.4), columns + 0.4, rows + 1.2)
    left = 0.2
    for numbers, title, part, sign in grids:
        top = (rows + numbers.shape[0]) / 2 + 0.2
        axes.text(left + numbers.shape[1] / 2, top + 0.4, title, ha="center", va="center", weight="bold")
        _cells(axes, left, top, numbers)
        if part:
            _frame(axes, left, top, *part)
        left += numbers.shape[1]
        if sign == "add":
            shapes.arrow(axes, (left + 0.2, rows / 2), (left + 1.4, rows / 2))
            axes.text(left + 0.8, rows / 2 + 0.35, sign, ha="center", va="center")
        elif sign:
            axes.text(left + 0.8, rows / 2, sign, ha="center", va="center", fontsize=18)
        left += 1.6
    return figure, (
        f"An image of {image.shape[0]} by {image.shape[1]} numbers with a thick frame around the {height} by "
        f"{width} pixels on which the kernel lies, from row {row} and column {column}. Beside it the kernel, "
        f"then the products of what lies on top of each other. They add up to {feature_map[row, column]:g}, "
        f"the framed entry of the feature map of {feature_map.shape[0]} by {feature_map.shape[1]}, at row "
        f"{row} and column {column}."
    )


def convolution_settings() -> tuple[Figure, str]:
    """Draws a 3 × 3 kernel on 7 × 7 pixels: without padding, with it, with a stride, with dilation.

    Introduced in lesson 02.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    panels = (  # title, zeros on each side, stride, dilation
        ("valid", 0, 1, 1),
        ("padding: same", 1, 1, 1),
        ("stride 2", 0, 2, 1),
        ("dilation 2", 0, 1, 2),
    )
    figure, grid = plt.subplots(1, 4, figsize=(8, 2.8))
    positions = []
    for axes, (title, zeros, stride, dilation) in zip(grid, panels, strict=True):
        side, span = 7 + 2 * zeros, 2 * dilation + 1
        starts = range(0, side - span + 1, stride)
        positions.append(len(starts))
        axes.set(xlim=(-0.1, 9.1), ylim=(-1.6, 9.1), aspect="equal")
        axes.axis("off")
        axes.set_title(title)
        edge = 1 - zeros  # all four drawings have their 7 pixels in one place
        for row, column in np.ndindex(side, side):
            inside = zeros <= row < side - zeros and zeros <= column < side - zeros
            corner = (edge + column, 9 - edge - row - 1)
            face = "white" if inside else _ZERO
            axes.add_patch(plt.Rectangle(corner, 1, 1, facecolor=face, edgecolor="0.5", lw=0.8))
            dotted = row % dilation == 0 and column % dilation == 0 and max(row, column) < span
            if dotted:
                axes.add_patch(plt.Circle((corner[0] + 0.5, corner[1] + 0.5), 0.3, color=plotting.COLOURS[0]))
            if not inside:
                ink = "white" if dotted else "black"
                axes.text(*np.add(corner, 0.5), "0", ha="center", va="center", fontsize=8, color=ink)
        for start, colour, style in zip(starts[:2], (_PATCH, "black"), ("-", "--"), strict=True):
            frame = (edge + start, 9 - edge - span)
            axes.add_patch(plt.Rectangle(frame, span, span, fill=False, edgecolor=colour, lw=2, ls=style))
        count = len(starts)
        axes.text(4.5, -0.8, f"map {count} × {count}", ha="center", va="center")
    return figure, (
        "Four images of 7 by 7 pixels, on each a kernel of nine dots in a solid frame at its first position "
        "and a dashed frame at its second. Without padding the frame moves by one pixel and takes "
        f"{positions[0]} positions a side. With a border of zeros, drawn grey, it takes {positions[1]}, as "
        f"many as there are pixels. With stride 2 it moves by two pixels and takes {positions[2]}. With "
        f"dilation 2 the dots lie two pixels apart, the frame spans 5 pixels and takes {positions[3]}."
    )


def receptive_field_growth(layers: Sequence[tuple[int, int]]) -> tuple[Figure, str]:
    """Draws, along one axis, which entries below one entry of the last map depends on, down to the pixels.

    Introduced in lesson 02.

    Args:
        layers: sequence of (kernel, stride), ints, from the image upwards, one or more.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    counts = [1]  # entries that count, from the last map down to the pixels
    for kernel, stride in reversed(layers):
        counts.append((counts[-1] - 1) * stride + kernel)
    counts.reverse()
    names = ["pixels", *(f"map {number}" for number in range(1, len(layers) + 1))]
    step, width = 2.6, counts[0] + 8
    figure, axes = shapes.canvas(8, 8 * step * len(counts) / width, width, step * len(counts))
    centres = np.arange(counts[0]) + 3.5
    for level, (name, count) in enumerate(zip(names, counts, strict=True)):
        y = step * (level + 0.5)
        if level:
            kernel, stride = layers[level - 1]
            below = [centres[entry * stride : entry * stride + kernel] for entry in range(count)]
            centres = np.array([under.mean() for under in below])
            for centre, under in zip(centres, below, strict=True):
                for x in under:
                    axes.plot((x, centre), (y - step + 0.4, y - 0.4), color="0.6", lw=0.8, ls="-")
            axes.text(width - 4, y - step / 2, f"k = {kernel}, s = {stride}", va="center", fontsize=10)
        for x in centres:
            corner = (x - 0.4, y - 0.4)
            axes.add_patch(plt.Rectangle(corner, 0.8, 0.8, facecolor="white", edgecolor=_PATCH, lw=1.5))
        axes.text(0.1, y, name, va="center", weight="bold")
        axes.text(width - 4, y, f"{count} of them", va="center", fontsize=10)
    below = [f"{counts[level]} of map {level}" for level in range(len(layers) - 1, 0, -1)]
    below.append(f"{counts[0]} pixels")
    return figure, (
        "Rows of squares, one under the other, joined by lines. One entry of "
        f"{names[-1]} at the top depends on {', these on '.join(below)}: the field widens from row to row."
    )


def stacked_kernels(channels: int) -> tuple[Figure, str]:
    """Draws VGG's idea: two or three 3 × 3 kernels, one after another, see as far as one of 5 × 5 or 7 × 7.

    Introduced in lesson 02.

    Args:
        channels: int, channels in and out of every layer, for the counts of weights.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 4.7, 37, 21.7)
    axes.text(11.7, 21.0, "3 × 3 kernels, one after another", ha="center", va="center", weight="bold")
    axes.text(31.2, 21.0, "one kernel", ha="center", va="center", weight="bold")
    counts = []
    for depth, middle in ((2, 16.6), (3, 6.4)):
        side = 2 * depth + 1
        for left, sides in ((0.2, range(side, 0, -2)), (26.0, (side, 1))):
            layers, kernel = len(sides) - 1, sides[0] - sides[1] + 1
            counts.append(layers * kernel**2 * channels**2)
            _shrinking(axes, left, middle, sides, f"{kernel} × {kernel}")
            factor = f"{layers} · " if layers > 1 else ""
            axes.text(
                left,
                middle - side / 2 - 0.9,
                f"{factor}{kernel} · {kernel} · {channels} · {channels} = {counts[-1]:,} weights",
                va="center",
                fontsize=10,
            )
    return figure, (
        "Two rows of grids. Above, a patch of 5 by 5 pixels becomes 3 by 3 and then one entry by two kernels "
        f"of 3 by 3, with {counts[0]:,} weights at {channels} channels; beside it one kernel of 5 by 5 does "
        f"it at once, with {counts[1]:,}. Below, 7 by 7 pixels become 5 by 5, 3 by 3 and one entry by three "
        f"kernels, with {counts[2]:,} weights; one kernel of 7 by 7 has {counts[3]:,}."
    )


def batch_norm_modes(
    values: np.ndarray, moving_mean: float, moving_variance: float, epsilon: float = 1e-3
) -> tuple[Figure, str]:
    """Draws what batch norm makes of a channel, with the batch's own statistics and with the moving ones.

    Introduced in lesson 02.

    Args:
        values: float array (n,), one channel of a batch.
        moving_mean: float.
        moving_variance: float ≥ 0.
        epsilon: float > 0, added to the variance.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    values = np.asarray(values, np.float64)
    panels = (
        ("training=True: the batch's own", values.mean(), values.var()),
        ("training=False: the moving ones", moving_mean, moving_variance),
    )
    figure, grid = plt.subplots(1, 2, figsize=(8, 3.2), sharex=True)
    results = []
    for axes, (title, mean, variance) in zip(grid, panels, strict=True):
        normalised = (values - mean) / np.sqrt(variance + epsilon)
        results.append(normalised.mean() + 0.0)
        for before, after in zip(values, normalised, strict=True):
            axes.plot((before, after), (1, 0), color="0.7", lw=1, ls="-")
        axes.plot(values, np.ones(len(values)), "o", color=plotting.COLOURS[0])
        axes.plot(normalised, np.zeros(len(values)), "s", color=plotting.COLOURS[1])
        axes.plot(mean, 1.18, "v", color="black")
        said = f"▼ mean {mean:.2f}, variance {variance:.2f}"
        axes.text(0.02, 0.97, said, va="top", fontsize=10, transform=axes.transAxes)
        axes.set(ylim=(-0.3, 1.5), yticks=(1, 0), yticklabels=("before", "after"), xlabel="value")
        axes.set_title(title)
    return figure, (
        f"Two drawings of the same {len(values)} values of a channel, dots above, a triangle at the mean, "
        "and what batch norm makes of them, squares below, joined by lines. With the batch's own mean and "
        "variance the squares lie around 0. With a moving mean of "
        f"{moving_mean:.2f} and variance of {moving_variance:.2f} they lie "
        f"around {results[1]:.2f}."
    )


def _shrinking(axes: Axes, left: float, middle: float, sides: Sequence[int], kernel: str) -> None:
    """Grids of so many cells a side, the largest first; a frame shows what the first entry behind it sees."""
    for side, following in zip(sides, [*sides[1:], None], strict=True):
        top = middle + side / 2
        _cells(axes, left, top, np.full((side, side), ""))
        if following is None:
            return
        span = side - following + 1
        _frame(axes, left, top, 0, 0, span, span)
        left += side
        shapes.arrow(axes, (left + 0.3, middle), (left + 2.3, middle))
        axes.text(left + 1.3, middle + 0.7, kernel, ha="center", va="center", fontsize=8)
        left += 2.6


def _cells(axes: Axes, left: float, top: float, numbers: np.ndarray) -> None:
    """A grid of unit squares with its upper left corner at (left, top), a number or a text in each."""
    for (row, column), value in np.ndenumerate(numbers):
        corner = (left + column, top - row - 1)
        axes.add_patch(plt.Rectangle(corner, 1, 1, facecolor="white", edgecolor="0.5", lw=0.8))
        label = value if isinstance(value, str) else f"{value + 0:g}"
        axes.text(corner[0] + 0.5, corner[1] + 0.5, label, ha="center", va="center", fontsize=10)


def _frame(axes: Axes, left: float, top: float, row: int, column: int, height: int, width: int) -> None:
    """A thick frame around so many cells of a grid that :func:`_cells` drew."""
    corner = (left + column, top - row - height)
    axes.add_patch(plt.Rectangle(corner, width, height, fill=False, edgecolor=_PATCH, lw=2.5))
