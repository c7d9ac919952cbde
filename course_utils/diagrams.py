"""Diagrams that more than one place shows: lessons and the README."""

from collections.abc import Mapping

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils import plotting

__all__ = [
    "computation_graph",
    "cross_attention",
    "data_splits",
    "elimination",
    "four_steps",
    "fusion_family",
    "query_key_value",
    "training_loop",
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


def training_loop() -> tuple[Figure, str]:
    """Draws one step of training as a circle. Introduced in lesson 04.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = _canvas(8, 2.9, 13.5, 4.6)
    places = {
        "batch\nx, labels": (1.2, 3.2),
        "scores\nz = x W + b": (4.9, 3.2),
        "loss\none number": (8.6, 3.2),
        "gradients\nof W and b": (8.6, 0.9),
        "step\nW − η · gradient": (4.9, 0.9),
    }
    for number, (label, (x, y)) in enumerate(places.items()):
        _box(axes, x, y, 2.3, label, plotting.COLOURS[(6, 0, 1, 1, 2)[number]], height=1.1)
    for start, end, label in (
        ((2.4, 3.2), (3.7, 3.2), "forward"),
        ((6.1, 3.2), (7.4, 3.2), ""),
        ((8.6, 2.6), (8.6, 1.5), "  backward"),
        ((7.4, 0.9), (6.1, 0.9), ""),
        ((4.9, 1.5), (4.9, 2.6), "  new weights, next batch"),
    ):
        _arrow(axes, start, end)
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


_FAMILY = (  # title, rows of the tokens of a and of b, what stands below
    ("summed logits", 1, 1, "f(a) + g(b)"),
    ("concatenation", 1, 1, "f([a ; b])"),
    ("gated unit", 1, 1, "z a + (1 − z) b"),
    ("tensor, low-rank", 1, 1, "all aᵢ · bⱼ"),
    ("FiLM", 1, 3, "γ(a) bᵢ + β(a)"),
    ("self-attention", 3, 3, "each its own, then f([ā ; b̄])"),
    ("cross-attention", 3, 3, "a looks at b"),
    ("gated cross-att.", 3, 3, "a + tanh(α) · look at b"),
    ("co-attention", 3, 3, "each looks at the other"),
    ("bottleneck", 3, 3, "through four tokens"),
)


def fusion_family() -> tuple[Figure, str]:
    """Draws how the two modalities meet in ten kinds of fusion. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, grid = plt.subplots(2, 5, figsize=(9, 3.9))
    for axes, (title, count_a, count_b, formula) in zip(grid.flat, _FAMILY, strict=True):
        axes.set(xlim=(0, 4), ylim=(0, 4))
        axes.axis("off")
        axes.set_title(title, fontsize=11)
        axes.text(2.0, 0.3, formula, ha="center", fontsize=9)
        rows_a, rows_b = ([2.4] if count == 1 else [3.2, 2.4, 1.6] for count in (count_a, count_b))
        if title == "tensor, low-rank":
            _products(axes)
            continue
        x_a, x_b = (1.7, 2.3) if title == "concatenation" else (0.6, 3.4)
        for x, colour, name, rows in ((x_a, _A, "a", rows_a), (x_b, _B, "b", rows_b)):
            for y in rows:
                _box(axes, x, y, 0.6, name, colour, height=0.55)
        _meeting(axes, title, rows_a, rows_b)
    return figure, (
        "Ten small drawings. Summed logits: a and b each go through a network of their own, and their "
        "scores meet in a plus. Concatenation: a and b touch and go through one network. Gated unit: both "
        "meet in z. Tensor and low-rank: a stands beside and b above a grid of all products. FiLM: an arrow "
        "from the one a to every token of b. Self-attention: arrows among the tokens of a and among those of "
        "b, none between. Cross-attention: lines from every token of a to every token of b, with a gate on "
        "them in the gated form. Co-attention: arrows both ways. Bottleneck: both reach four tokens in the middle."
    )


def _products(axes: Axes) -> None:
    """Two vectors along the sides of the grid of all their products."""
    for i in range(3):
        _box(axes, 1.0, 2.9 - 0.6 * i, 0.5, f"a{'₁₂₃'[i]}", _A, height=0.5)
        _box(axes, 1.8 + 0.6 * i, 3.6, 0.5, f"b{'₁₂₃'[i]}", _B, height=0.5)
        for j in range(3):
            _box(axes, 1.8 + 0.6 * j, 2.9 - 0.6 * i, 0.5, "·", plotting.COLOURS[2], height=0.5)


def _meeting(axes: Axes, title: str, rows_a: list[float], rows_b: list[float]) -> None:
    """What stands between the tokens of a and those of b in one drawing of the family."""
    line = {"color": "0.45", "linewidth": 1, "linestyle": "-", "zorder": 0}
    if title in ("summed logits", "gated unit"):
        _box(axes, 2.0, 2.4, 0.6, "+" if title == "summed logits" else "z", plotting.COLOURS[2], height=0.6)
        _arrow(axes, (0.95, 2.4), (1.65, 2.4))
        _arrow(axes, (3.05, 2.4), (2.35, 2.4))
        if title == "summed logits":
            axes.text(1.3, 2.6, "f", ha="center", fontsize=10)
            axes.text(2.7, 2.6, "g", ha="center", fontsize=10)
    elif title == "concatenation":
        _arrow(axes, (2.0, 2.05), (2.0, 1.3))
        axes.text(2.2, 1.6, "f", fontsize=10)
    elif title == "FiLM":
        for y in rows_b:
            _arrow(axes, (0.95, 2.4), (3.05, y))
    elif title == "self-attention":
        for x in (1.15, 2.85):
            axes.annotate("", (x, 1.6), (x, 3.2), arrowprops={"arrowstyle": "<|-|>", "color": "black"})
    elif title == "bottleneck":
        for middle in (3.3, 2.7, 2.1, 1.5):
            _box(axes, 2.0, middle, 0.35, "", plotting.COLOURS[2], height=0.35)
            for y in rows_a:
                axes.plot((0.95, 1.8), (y, middle), **line)
                axes.plot((2.2, 3.05), (middle, y), **line)
    else:
        for y in rows_a:
            for other in rows_b:
                axes.plot((0.95, 3.05), (y, other), **line)
        arrow = "<|-|>" if title == "co-attention" else "-|>"
        axes.annotate("", (3.05, 1.1), (0.95, 1.1), arrowprops={"arrowstyle": arrow, "color": "black"})
        if title == "gated cross-att.":
            _box(axes, 2.0, 2.4, 0.9, "gate", plotting.COLOURS[2], height=0.6)


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
