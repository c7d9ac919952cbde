"""Diagrams of lesson 05: attention, and where each kind of fusion lets two modalities meet."""

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = ["cross_attention", "elimination", "fusion_family", "query_key_value"]


_A, _B = plotting.COLOURS[0], plotting.COLOURS[1]  # the modality that asks, the one that is asked


def query_key_value() -> tuple[Figure, str]:
    """Draws attention for one query: scores, weights, and the mean of the values. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 3.6, 13, 6)
    shapes.box(axes, 1.4, 2.8, 2.2, "query Q\n“key?”", _A)
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
        shapes.box(axes, 4.5, y, 1.6, shows, _B, height=0.9)
        axes.text(7.1, y, weight, ha="center", va="center", weight="bold" if row == 1 else "normal")
        shapes.box(axes, 9.3, y, 1.4, value, _B, height=0.9)
        shapes.arrow(axes, (2.6, 2.8), (3.65, y))
        shapes.arrow(axes, (5.4, y), (6.5, y))
        shapes.arrow(axes, (7.7, y), (8.5, y))
        shapes.arrow(axes, (10.1, y), (11.1, 2.8))
    axes.text(3.0, 0.2, "score = Q · K / √d", ha="center")
    axes.text(6.0, 0.2, "softmax", ha="center")
    shapes.box(axes, 12.0, 2.8, 1.7, "answer\n0, 1", _A)
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
    figure, axes = shapes.canvas(8, 4.2, 16, 8)
    shapes.box(axes, 2.0, 6.4, 3.4, "questions, word ids\n(batch, 8, 7)", _A, height=1.3)
    shapes.box(axes, 6.4, 6.4, 3.4, "sum of word vectors\n(batch, 8, 64)", _A, height=1.3)
    shapes.box(axes, 2.0, 1.6, 3.4, "regions\n(batch, 36, 192)", _B, height=1.3)
    shapes.box(axes, 6.4, 1.6, 3.4, "Dense + position\n(batch, 36, 64)", _B, height=1.3)
    shapes.box(axes, 10.6, 4.0, 3.2, "attention\nweights\n(batch, 4, 8, 36)", plotting.COLOURS[2], height=2.0)
    shapes.box(axes, 10.6, 6.9, 3.2, "+, small network\n(batch, 8, 64)", _A, height=1.3)
    shapes.box(axes, 14.6, 6.9, 2.4, "Dense\n(batch, 8, 21)", plotting.COLOURS[6], height=1.3)
    for start, end in (
        ((3.8, 6.4), (4.6, 6.4)),
        ((3.8, 1.6), (4.6, 1.6)),
        ((7.6, 5.7), (8.9, 4.5)),
        ((7.6, 2.3), (8.9, 3.5)),
        ((10.6, 5.1), (10.6, 6.2)),
        ((8.2, 6.7), (8.9, 6.8)),
        ((12.3, 6.9), (13.3, 6.9)),
    ):
        shapes.arrow(axes, start, end)
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
                shapes.box(axes, x, y, 0.6, name, colour, height=0.55)
        _meeting(axes, title, rows_a, rows_b)
    return figure, (
        "Ten small drawings. Summed logits: a and b each go through a network of their own, and their "
        "scores meet in a plus. Concatenation: a and b touch and go through one network. Gated unit: both "
        "meet in z. Tensor and low-rank: a stands beside and b above a grid of all products. FiLM: an arrow "
        "from the one a to every token of b. Self-attention: arrows among the tokens of a and among those of "
        "b, none between. Cross-attention: lines from every token of a to every token of b, with a gate on "
        "them in the gated form. Co-attention: arrows both ways. Bottleneck: both reach four tokens in the "
        "middle."
    )


def _products(axes: Axes) -> None:
    """Two vectors along the sides of the grid of all their products."""
    for i in range(3):
        shapes.box(axes, 1.0, 2.9 - 0.6 * i, 0.5, f"a{'₁₂₃'[i]}", _A, height=0.5)
        shapes.box(axes, 1.8 + 0.6 * i, 3.6, 0.5, f"b{'₁₂₃'[i]}", _B, height=0.5)
        for j in range(3):
            shapes.box(axes, 1.8 + 0.6 * j, 2.9 - 0.6 * i, 0.5, "·", plotting.COLOURS[2], height=0.5)


def _meeting(axes: Axes, title: str, rows_a: list[float], rows_b: list[float]) -> None:
    """What stands between the tokens of a and those of b in one drawing of the family."""
    line = {"color": "0.45", "linewidth": 1, "linestyle": "-", "zorder": 0}
    if title in ("summed logits", "gated unit"):
        shapes.box(
            axes, 2.0, 2.4, 0.6, "+" if title == "summed logits" else "z", plotting.COLOURS[2], height=0.6
        )
        shapes.arrow(axes, (0.95, 2.4), (1.65, 2.4))
        shapes.arrow(axes, (3.05, 2.4), (2.35, 2.4))
        if title == "summed logits":
            axes.text(1.3, 2.6, "f", ha="center", fontsize=10)
            axes.text(2.7, 2.6, "g", ha="center", fontsize=10)
    elif title == "concatenation":
        shapes.arrow(axes, (2.0, 2.05), (2.0, 1.3))
        axes.text(2.2, 1.6, "f", fontsize=10)
    elif title == "FiLM":
        for y in rows_b:
            shapes.arrow(axes, (0.95, 2.4), (3.05, y))
    elif title == "self-attention":
        for x in (1.15, 2.85):
            axes.annotate("", (x, 1.6), (x, 3.2), arrowprops={"arrowstyle": "<|-|>", "color": "black"})
    elif title == "bottleneck":
        for middle in (3.3, 2.7, 2.1, 1.5):
            shapes.box(axes, 2.0, middle, 0.35, "", plotting.COLOURS[2], height=0.35)
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
            shapes.box(axes, 2.0, 2.4, 0.9, "gate", plotting.COLOURS[2], height=0.6)


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
