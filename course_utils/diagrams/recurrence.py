"""Diagrams of lesson 03: cells, masks, counted words and how gradients fade."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = [
    "bag_of_words",
    "gradient_chain",
    "gru_cell",
    "lstm_cell",
    "padding_mask",
    "unrolled_rnn",
]


def unrolled_rnn(words: Sequence[str], inputs: np.ndarray, states: np.ndarray) -> tuple[Figure, str]:
    """Draws a simple recurrent network unrolled over a text, with its state after each word.

    Introduced in lesson 03.

    Args:
        words: three str, the text.
        inputs: float array (3, dim), the vector of each word, of at most 3 numbers.
        states: float array (3, units), the state after each word, of at most 3 numbers.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    dim, units = inputs.shape[1], states.shape[1]
    figure, axes = shapes.canvas(8, 3.6, 16, 7.2)
    cells = (4.4, 8.6, 12.8)
    weights = f"the same W ({dim}, {units}), U ({units}, {units}) and b ({units},) at every position"
    shapes.box(axes, 8.6, 6.4, 10.2, weights, plotting.COLOURS[3], height=0.9)
    for x, word, vector, number in zip(cells, words, inputs, "₁₂₃", strict=True):
        shapes.box(axes, x, 0.8, 1.8, word, plotting.COLOURS[6], height=0.9)
        shapes.arrow(axes, (x, 1.35), (x, 3.1))
        axes.text(x + 0.2, 2.2, f"x{number}", va="center", weight="bold")
        axes.text(x + 0.9, 2.2, _numbers(vector, "\n"), va="center", fontsize=9)
        shapes.box(axes, x, 3.9, 1.8, "tanh", plotting.COLOURS[2], height=1.4)
        shapes.arrow(axes, (x, 5.85), (x, 4.7))
    for x, state, number in zip((0.3, *cells), (np.zeros(units), *states), "₀₁₂₃", strict=True):
        axes.text(x + 2.1, 4.15, f"h{number}", ha="center", weight="bold")
        axes.text(x + 2.1, 3.65, _numbers(state, "\n"), ha="center", va="top", fontsize=9)
        shapes.arrow(axes, (x + 1.0, 3.9), (x + 3.15, 3.9))
    return figure, (
        f"The network, drawn once for each of the words {', '.join(words)}, from left to right. Each word's "
        f"vector, {dim} numbers, goes up into a cell with tanh; the state, {units} numbers, goes in from the "
        "left, first all zeros, and the new state comes out to the right, into the next cell. One W, one U "
        f"and one b serve all cells. The last state is {_numbers(states[-1], ', ')}."
    )


def padding_mask(texts: Sequence[Sequence[str]]) -> tuple[Figure, str]:
    """Draws a batch of texts as a table with its padding, its mask and the last real token of each text.

    Introduced in lesson 03.

    Args:
        texts: lists of str, the tokens of each text; 1 to 4 texts of at most 6 tokens.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    width = max(map(len, texts))
    rows = len(texts)
    figure, axes = shapes.canvas(8, 0.7 + 0.55 * rows, 16, 1.7 + rows)
    cell, left = 11.0 / width, 1.6
    for t in range(width):
        axes.text(left + (t + 0.5) * cell, rows + 1.0, f"position {t}", ha="center", va="center", fontsize=9)
    axes.text(14.3, rows + 1.0, "last state\nstands at", ha="center", va="center", fontsize=9)
    for row, tokens in enumerate(texts):
        y = rows - row
        axes.text(1.4, y, f"text {row}", ha="right", va="center", fontsize=9)
        axes.text(14.3, y, f"position {len(tokens) - 1}", ha="center", va="center", fontsize=9)
        for t in range(width):
            real = t < len(tokens)
            shapes.cell(
                axes,
                (left + t * cell + 0.06, y - 0.42),
                cell - 0.12,
                0.84,
                f"{tokens[t]}\nTrue" if real else "[PAD]\nFalse",
                plotting.COLOURS[0] if t == len(tokens) - 1 else None,
                "white" if real else "0.93",
                hatch=None if real else "//",
            )
    note = "thick frame: the last real token; hatched: padding, which the mask leaves out"
    axes.text(left + 5.5, 0.2, note, ha="center", va="center", fontsize=9)
    lengths = ", ".join(str(len(tokens)) for tokens in texts)
    return figure, (
        f"A batch of {rows} texts of {lengths} tokens as a table of {width} positions. Tokens have the mask "
        "True. The rest of the shorter rows is padding, hatched, with the mask False. A thick frame marks "
        "the last real token of each text: there its last state stands, and not at the last position."
    )


def bag_of_words(
    texts: Sequence[str], words: Sequence[str], counts: np.ndarray, weights: np.ndarray
) -> tuple[Figure, str]:
    """Draws how texts become rows of counts, and these rows of TF-IDF weights. Introduced in lesson 03.

    Args:
        texts: one to three str.
        words: the vocabulary, at most 8 str, one a column.
        counts: int array (texts, words), how often each word occurs.
        weights: float array (texts, words), their TF-IDF weights.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    rows = len(texts)
    figure, axes = shapes.canvas(8, 0.6 + 0.95 * rows, 16, 1.3 + 2.2 * rows)
    cell, left = 11.4 / len(words), 4.4
    top = 2.2 * rows
    for column, word in enumerate(words):
        x = left + (column + 0.5) * cell
        axes.text(x, top + 0.9, word, ha="center", va="center", weight="bold", fontsize=10)
    for row, text in enumerate(texts):
        y = top - 2.2 * row
        axes.text(0.1, y - 0.5, f"“{text}”", va="center", fontsize=10)
        for kind, values, below in (("count", counts, 0.0), ("TF-IDF", weights, 0.95)):
            axes.text(left - 0.1, y - below, kind, ha="right", va="center", fontsize=9)
            for column, value in enumerate(values[row]):
                weighted = kind == "TF-IDF" and value > 0
                number = f"{value:.2f}" if weighted else f"{value:.0f}"
                face = plt.cm.Blues(0.6 * float(value)) if weighted else "white"
                corner = (left + column * cell + 0.04, y - below - 0.4)
                shapes.cell(axes, corner, cell - 0.08, 0.8, number, face=face)
    vectors = "; ".join(
        f"“{text}” becomes {', '.join(f'{value:.2f}' for value in row)}"
        for text, row in zip(texts, weights, strict=True)
    )
    return figure, (
        f"A table with one column for each of the words {', '.join(words)}. Each text has two rows: its "
        "counts, 1 where the word occurs and 0 elsewhere, and its TF-IDF weights, larger for rarer words. "
        f"In these: {vectors}."
    )


def gradient_chain(factors: Sequence[float]) -> tuple[Figure, str]:
    """Draws the gradient through time as a chain: one factor for each step back. Introduced in lesson 03.

    Args:
        factors: one to four floats u of the cell h_t = x_t + u h_{t-1}.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    steps = 5
    rows = len(factors)
    figure, axes = shapes.canvas(8, 1.3 + 0.4 * rows, 16, 2.9 + 0.9 * rows)
    y = 1.6 + 0.9 * rows
    for back in range(steps + 1):
        x = 14.6 - 2.4 * back
        shapes.box(axes, x, y, 1.3, f"$h_{{T-{back}}}$" if back else "$h_T$", plotting.COLOURS[0], height=0.9)
        if back:
            shapes.arrow(axes, (x + 0.8, y + 0.15), (x + 1.6, y + 0.15))
            shapes.arrow_back(axes, (x + 1.6, y - 0.2), (x + 0.8, y - 0.2))
            axes.text(x + 1.2, y + 0.4, "· u", ha="center", va="bottom", fontsize=10)
        for row, factor in enumerate(factors):
            axes.text(x, y - 1.1 - 0.9 * row, f"{factor**back:.2f}", ha="center", va="center")
    for row, factor in enumerate(factors):
        axes.text(0.2, y - 1.1 - 0.9 * row, f"u = {factor}", va="center", weight="bold")
    note = "slope of the last state with respect to each word; dashed: the way that the slope goes"
    axes.text(8.6, 0.5, note, ha="center", va="center", fontsize=9)
    ends = "; ".join(f"with u = {factor} it is {factor**steps:.2f}" for factor in factors)
    return figure, (
        f"The states at the last word T and at the {steps} words before it. Solid arrows run forward; "
        "dashed ones run back, and each step back multiplies the slope by u. At T the slope is 1; "
        f"{steps} words back {ends}."
    )


def lstm_cell() -> tuple[Figure, str]:
    """Draws the LSTM cell: its memory as a line, and the gates that act on it. Introduced in lesson 03.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 4.1, 16, 8.2)
    gate, memory = plotting.COLOURS[2], plotting.COLOURS[0]
    axes.plot((1.7, 14.6), (7.6, 7.6), zorder=0, color=memory, linewidth=3, linestyle="-")
    axes.text(0.1, 7.6, "c, before", va="center", weight="bold", fontsize=9)
    axes.text(14.8, 7.6, "c, new", va="center", weight="bold", fontsize=9)
    shapes.box(
        axes, 7.2, 1.5, 11.0, "x W + h U + b, cut into four parts: i, f, g, o", plotting.COLOURS[3], 1.0
    )
    for x, label in ((3.4, "forget\nσ(f)"), (6.2, "input\nσ(i)"), (9.0, "candidate\ntanh(g)")):
        shapes.box(axes, x, 3.6, 2.2, label, gate, height=1.3)
        shapes.arrow(axes, (x, 2.05), (x, 2.85))
    shapes.box(axes, 11.6, 3.6, 1.9, "output\nσ(o)", gate, height=1.3)
    shapes.arrow(axes, (11.6, 2.05), (11.6, 2.85))
    for x, y, sign in ((3.4, 7.6, "×"), (7.6, 7.6, "+"), (7.6, 5.6, "×"), (13.6, 4.6, "×")):
        _operator(axes, x, y, sign)
    shapes.box(axes, 13.6, 6.1, 1.5, "tanh", plotting.COLOURS[6], height=0.8)
    for start, end in (
        ((3.4, 4.3), (3.4, 7.15)),
        ((6.2, 4.3), (7.25, 5.3)),
        ((9.0, 4.3), (7.95, 5.3)),
        ((7.6, 6.05), (7.6, 7.15)),
        ((13.6, 7.6), (13.6, 6.55)),
        ((13.6, 5.65), (13.6, 5.05)),
        ((12.6, 3.9), (13.2, 4.4)),
        ((14.05, 4.6), (14.9, 4.6)),
        ((1.0, 1.5), (1.6, 1.5)),
        ((7.2, 0.45), (7.2, 0.95)),
    ):
        shapes.arrow(axes, start, end)
    axes.text(15.0, 4.6, "h, new", va="center", weight="bold", fontsize=9)
    axes.text(0.1, 2.0, "h, before", va="center", weight="bold", fontsize=9)
    axes.text(7.4, 0.4, "x, this word's vector (batch, dim)", va="center", fontsize=9)
    axes.text(3.1, 6.0, "how much\nstays", ha="right", va="center", fontsize=9)
    axes.text(6.2, 5.4, "how much\nis let in", ha="right", va="center", fontsize=9)
    axes.text(9.0, 5.4, "what would\nbe written", va="center", fontsize=9)
    axes.text(12.6, 5.1, "how much\nis shown", ha="right", va="center", fontsize=9)
    return figure, (
        "The cell's memory c is a thick line from left to right. It is first multiplied by the forget gate "
        "σ(f), then the product of the input gate σ(i) and the candidate tanh(g) is added to it. To the "
        "right a branch goes down through tanh and is multiplied by the output gate σ(o): the new h. All "
        "four, i, f, g and o, are parts of x W + h U + b, made of the word x and the h before."
    )


def gru_cell() -> tuple[Figure, str]:
    """Draws the GRU cell as a mixture of the old state and a candidate. Introduced in lesson 03.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 3.9, 16, 7.2)
    axes.set_ylim(-0.6, 7.2)
    gate, memory = plotting.COLOURS[2], plotting.COLOURS[0]
    axes.plot((1.7, 14.2), (6.2, 6.2), color=memory, linewidth=3, linestyle="-", zorder=0)
    axes.text(0.1, 6.2, "h, before", va="center", weight="bold", fontsize=9)
    axes.text(14.4, 6.2, "h, new", va="center", weight="bold", fontsize=9)
    shapes.box(axes, 4.0, 2.6, 2.6, "update\nz", gate, height=1.3)
    shapes.box(axes, 7.6, 2.6, 2.4, "reset\nr", gate, height=1.3)
    shapes.box(axes, 11.6, 2.6, 3.0, "candidate\ntanh(x_h + r · h_h)", gate, height=1.3)
    for x, y, sign in ((4.0, 6.2, "×"), (11.6, 6.2, "+"), (11.6, 4.6, "×")):
        _operator(axes, x, y, sign)
    for start, end in (
        ((4.0, 3.35), (4.0, 5.75)),
        ((8.9, 2.6), (10.0, 2.6)),
        ((11.6, 3.35), (11.6, 4.15)),
        ((11.6, 5.05), (11.6, 5.75)),
        ((5.4, 3.1), (11.1, 4.5)),
        ((4.0, 1.3), (4.0, 1.85)),
        ((7.6, 1.3), (7.6, 1.85)),
        ((11.6, 1.3), (11.6, 1.85)),
        ((1.0, 0.8), (2.2, 0.8)),
        ((7.8, -0.25), (7.8, 0.3)),
    ):
        shapes.arrow(axes, start, end)
    axes.text(0.1, 1.4, "h, before", va="center", weight="bold", fontsize=9)
    axes.text(8.0, -0.25, "x, this word's vector (batch, dim)", va="center", fontsize=9)
    products = "x W + b and h U + b′, each cut into three parts: z, r, h"
    shapes.box(axes, 7.8, 0.8, 11.0, products, plotting.COLOURS[3], height=0.9)
    axes.text(4.3, 5.0, "z: how much stays", va="center", fontsize=9)
    axes.text(8.0, 4.3, "1 − z", va="center", ha="center", fontsize=9)
    axes.text(12.1, 5.2, "how much is let in", va="center", fontsize=9)
    return figure, (
        "The cell's state h is a thick line from left to right. It is multiplied by the update gate z, and "
        "the candidate, multiplied by 1 minus z, is added to it. The reset gate r acts inside the candidate, "
        "on what it takes from the old state. There is no second memory."
    )


def _operator(axes: Axes, x: float, y: float, sign: str) -> None:
    """A sum or a product, as a sign in a circle."""
    axes.plot(x, y, "o", markersize=19, markerfacecolor="white", markeredgecolor="black")
    axes.text(x, y, sign, ha="center", va="center", fontsize=13)


def _numbers(values: np.ndarray, between: str) -> str:
    """Numbers with two decimals, without negative zeros."""
    return between.join(f"{value + 0.0:.2f}" for value in np.round(values, 2))
