"""Diagrams that more than one place shows: lessons and the README."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils import plotting

__all__ = [
    "batch_norm_modes",
    "computation_graph",
    "convolution_settings",
    "cross_attention",
    "data_splits",
    "elimination",
    "four_steps",
    "fusion_family",
    "query_key_value",
    "receptive_field_growth",
    "sliding_kernel",
    "stacked_kernels",
]

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


# --- lesson 05: each drawing comes with its description -----------------------------------------------------

_A, _B = plotting.COLOURS[0], plotting.COLOURS[1]  # the modality that asks, the one that is asked


def query_key_value() -> tuple[Figure, str]:
    """Draws attention for one query: scores, weights, and the mean of the values. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = _canvas(8, 3.6, 13, 6)
    _box(axes, 1.4, 2.8, 2.2, "query Q\n“key?”", _A)
    rows = (
        ("a cat", "0.02", "0, 0"),
        ("a key", "0.95", "0, 1"),
        ("grass", "0.02", "1, 0"),
        ("an owl", "0.02", "1, 1"),
    )
    for x, heading in ((4.5, "keys K"), (7.1, "weights"), (9.3, "values V")):
        axes.text(x, 5.6, heading, ha="center", va="center", weight="bold")
    for row, (shows, weight, value) in enumerate(rows):
        y = 4.75 - 1.15 * row
        _box(axes, 4.5, y, 1.6, shows, _B, height=0.9)
        axes.text(7.1, y, weight, ha="center", va="center", weight="bold" if row == 1 else "normal")
        _box(axes, 9.3, y, 1.4, value, _B, height=0.9)
        _arrow(axes, (2.6, 2.8), (3.65, y))
        _arrow(axes, (5.4, y), (6.5, y))
        _arrow(axes, (7.7, y), (8.5, y))
        _arrow(axes, (10.1, y), (11.1, 2.8))
    axes.text(3.0, 0.2, "score = Q · K / √d", ha="center")
    axes.text(6.0, 0.2, "softmax", ha="center")
    _box(axes, 12.0, 2.8, 1.7, "answer\n0, 1", _A)
    axes.text(10.6, 0.2, "mean, by weight", ha="center")
    return figure, (
        "The query of the word “key” meets the keys of four patches. The scores become weights by a "
        "softmax, 0.95 for the patch that shows a key and 0.02 for each other. The answer is the mean of "
        "the values with these weights: nearly row 0, column 1, the value of that patch."
    )


def cross_attention() -> tuple[Figure, str]:
    """Draws the cross-attention of lesson 05 with the shape of every array. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = _canvas(8, 4.2, 16, 8)
    _box(axes, 2.0, 6.4, 3.4, "questions, word ids\n(batch, 8, 7)", _A, height=1.3)
    _box(axes, 6.4, 6.4, 3.4, "sum of word vectors\n(batch, 8, 64)", _A, height=1.3)
    _box(axes, 2.0, 1.6, 3.4, "regions\n(batch, 36, 192)", _B, height=1.3)
    _box(axes, 6.4, 1.6, 3.4, "Dense + position\n(batch, 36, 64)", _B, height=1.3)
    _box(axes, 10.6, 4.0, 3.2, "attention\nweights\n(batch, 4, 8, 36)", plotting.COLOURS[2], height=2.0)
    _box(axes, 10.6, 6.9, 3.2, "+, small network\n(batch, 8, 64)", _A, height=1.3)
    _box(axes, 14.6, 6.9, 2.4, "Dense\n(batch, 8, 21)", plotting.COLOURS[6], height=1.3)
    for start, end in (
        ((3.8, 6.4), (4.6, 6.4)),
        ((3.8, 1.6), (4.6, 1.6)),
        ((7.6, 5.7), (8.9, 4.5)),
        ((7.6, 2.3), (8.9, 3.5)),
        ((10.6, 5.1), (10.6, 6.2)),
        ((8.2, 6.7), (8.9, 6.8)),
        ((12.3, 6.9), (13.3, 6.9)),
    ):
        _arrow(axes, start, end)
    axes.text(7.5, 4.9, "Q", ha="center", weight="bold")
    axes.text(7.2, 3.0, "K, V", ha="center", weight="bold")
    axes.annotate(
        "",
        (12.2, 4.2),
        (12.2, 6.4),
        arrowprops={
            "arrowstyle": "-|>",
            "color": "black",
            "connectionstyle": "arc3,rad=-0.5",
            "linestyle": "--",
        },
    )
    axes.text(13.1, 5.2, "second look,\nsame weights", va="center")
    return figure, (
        "Eight questions of seven word ids become eight vectors of 64 numbers, the queries. 36 regions of "
        "192 numbers become 36 vectors of 64, keys and values, with the position added. Four heads of "
        "attention give weights of shape batch, 4, 8, 36. What is found is added to the questions, a small "
        "network follows, and all of it is done once more with the same weights. A dense layer gives 21 "
        "logits for each question."
    )


def fusion_family() -> tuple[Figure, str]:
    """Draws how the two modalities meet in eight kinds of fusion. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    panels = (  # title, is a a vector, is b, what stands between them, arrows
        ("summed logits", True, True, "f(a) + g(b)", ""),
        ("concatenation", True, True, "f([a ; b])", ""),
        ("gated unit", True, True, "z a + (1 − z) b", ""),
        ("tensor, low-rank", True, True, "all aᵢ · bⱼ", ""),
        ("FiLM", True, False, "γ(a) bᵢ + β(a)", "→"),
        ("cross-attention", False, False, "a looks at b", "→"),
        ("co-attention", False, False, "each looks at the other", "↔"),
        ("bottleneck", False, False, "through four tokens", "↔"),
    )
    figure, grid = plt.subplots(2, 4, figsize=(8, 3.8))
    for axes, (title, a_is_vector, b_is_vector, formula, arrow) in zip(grid.flat, panels, strict=True):
        axes.set(xlim=(0, 4), ylim=(0, 4))
        axes.axis("off")
        axes.set_title(title, fontsize=11)
        for x, colour, name, one in ((0.8, _A, "a", a_is_vector), (3.2, _B, "b", b_is_vector)):
            for y in (2.4,) if one else (1.6, 2.4, 3.2):
                _box(axes, x, y, 0.7, name, colour, height=0.6)
        if title == "bottleneck":
            for y in (1.5, 2.1, 2.7, 3.3):
                _box(axes, 2.0, y, 0.4, "", plotting.COLOURS[2], height=0.4)
        elif arrow:
            _arrow(axes, (1.3, 2.4), (2.7, 2.4))
            if arrow == "↔":
                _arrow(axes, (2.7, 2.0), (1.3, 2.0))
        axes.text(2.0, 0.5, formula, ha="center", fontsize=10)
    return figure, (
        "Eight small drawings. In summed logits, concatenation, gated unit and tensor both modalities are "
        "one vector each when they meet. In FiLM a vector of a changes every token of b. In cross-attention "
        "tokens of a look at tokens of b, in co-attention each looks at the other, and in the bottleneck "
        "both meet in four tokens of its own between them."
    )


def elimination() -> tuple[Figure, str]:
    """Draws two ways to answer "where is the cat" by attention, over nine cells. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, grid = plt.subplots(1, 3, figsize=(8, 3.1))
    titles = (
        "pointing:\nthe mean is the cat's position",
        "elimination:\none position is lacking in the mean",
    )
    titles += ("elimination with cells hidden:\nwhich of four is the cat's?",)
    hidden = (1, 3, 8)
    for number, (axes, title) in enumerate(zip(grid, titles, strict=True)):
        axes.set(xlim=(0, 3), ylim=(3, 0), aspect="equal", xticks=[], yticks=[])
        axes.grid(False)
        axes.set_title(title, fontsize=10)
        for cell in range(9):
            row, column = divmod(cell, 3)
            weight = (cell == 5, (cell != 5) / 8, (cell != 5 and cell not in hidden) / 5)[number]
            lacks = number == 2 and cell in hidden
            axes.add_patch(
                plt.Rectangle(
                    (column, row),
                    1,
                    1,
                    facecolor=plt.cm.Blues(0.7 * min(1.0, weight * 2.5)),
                    edgecolor="black",
                    hatch="//" if lacks else None,
                )
            )
            label = ("cat\n" if cell == 5 else "") + ("hidden" if lacks else f"{weight:.2f}")
            axes.text(column + 0.5, row + 0.5, label, ha="center", va="center", fontsize=10)
    return figure, (
        "Three boards of nine cells with the weight of each; the cat is in the middle row, right column. "
        "Pointing: weight 1 on the cat's cell, 0 elsewhere. Elimination: 0 on the cat's cell, an eighth on "
        "each other, so that one position is lacking in the mean. With three empty cells hidden they lack, "
        "too, and the cat's position is no longer the only one that does."
    )


def _canvas(width: float, height: float, columns: float, rows: float) -> tuple[Figure, Axes]:
    """A figure of so many inches with one invisible axes of columns × rows units."""
    figure, axes = plt.subplots(figsize=(width, height))
    axes.set(xlim=(0, columns), ylim=(0, rows))
    axes.axis("off")
    return figure, axes


# --- lesson 02: each drawing comes with its description -----------------------------------------------------

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
    figure, axes = _canvas(8, 8 * (rows + 1.2) / (columns + 0.4), columns + 0.4, rows + 1.2)
    left = 0.2
    for numbers, title, part, sign in grids:
        top = (rows + numbers.shape[0]) / 2 + 0.2
        axes.text(left + numbers.shape[1] / 2, top + 0.4, title, ha="center", va="center", weight="bold")
        _cells(axes, left, top, numbers)
        if part:
            _frame(axes, left, top, *part)
        left += numbers.shape[1]
        if sign == "add":
            _arrow(axes, (left + 0.2, rows / 2), (left + 1.4, rows / 2))
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
            if row % dilation == 0 and column % dilation == 0 and max(row, column) < span:
                axes.add_patch(plt.Circle((corner[0] + 0.5, corner[1] + 0.5), 0.3, color=plotting.COLOURS[0]))
            if not inside:
                axes.text(*np.add(corner, 0.5), "0", ha="center", va="center", fontsize=8)
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
    figure, axes = _canvas(8, 8 * step * len(counts) / width, width, step * len(counts))
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
    below = [f"{count} of {name}" for name, count in zip(names[-2:0:-1], counts[-2:0:-1], strict=True)]
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
    figure, axes = _canvas(8, 4.7, 37, 21.7)
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
        said = f"mean {mean:.2f}, variance {variance:.2f}"
        axes.text(0.02, 0.97, said, va="top", fontsize=10, transform=axes.transAxes)
        axes.set(ylim=(-0.3, 1.5), yticks=(1, 0), yticklabels=("before", "after"), xlabel="value")
        axes.set_title(title)
    return figure, (
        f"Two drawings of the same {len(values)} values of a channel, dots above, and what batch norm makes "
        "of them, squares below, joined by lines. With the batch's own mean and variance the squares lie "
        f"around 0. With a moving mean of {moving_mean:.2f} and variance of {moving_variance:.2f} they lie "
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
        _arrow(axes, (left + 0.3, middle), (left + 2.3, middle))
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
