"""Diagrams of lesson 07: teacher forcing, the causal mask, a decoder, a distribution that is cut, a beam."""

import itertools
from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = ["beam_tree", "causal_table", "cut_tail", "picture_decoder", "teacher_forcing"]

_PICTURE, _TEXT, _OUTPUT = plotting.COLOURS[:3]


def teacher_forcing(words: Sequence[str]) -> tuple[Figure, str]:
    """Draws what a decoder is given and what it is to say, place by place. Introduced in lesson 07.

    Args:
        words: n str, the words to be said, the end token among them.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    given = ["<start>", *words[:-1]]
    figure, axes = shapes.canvas(8, 3, 2 * len(words) + 3.7, 5.4)
    shapes.box(axes, len(words) + 3.5, 2.7, 2 * len(words) - 0.3, "", _OUTPUT, 0.9)
    for place, (before, after) in enumerate(zip(given, words, strict=True)):
        x = 4.5 + 2 * place
        shapes.box(axes, x, 0.7, 1.7, before, _TEXT, 0.8)
        shapes.box(axes, x, 4.7, 1.7, after, _OUTPUT, 0.8)
        shapes.arrow(axes, (x, 1.2), (x, 2.2))
        shapes.arrow(axes, (x, 3.2), (x, 4.2))
        if place:
            shapes.arrow_back(axes, (x - 1.9, 4.25), (x - 0.35, 1.15))
    for y, label in ((4.7, "to be said"), (2.7, "decoder,\nall places at once"), (0.7, "given")):
        axes.text(3.3, y, label, ha="right", va="center", fontsize=10)
    pairs = "; ".join(
        f"given {before}, to be said {after}" for before, after in zip(given, words, strict=True)
    )
    return figure, (
        f"Two rows of {len(words)} boxes with a decoder between them. Below what is given, above what is to "
        f"be said: {pairs}. Dashed arrows lead from every word to be said to the next place of the row that "
        "is given: the true word goes in there, whatever the decoder has said."
    )


def causal_table(words: Sequence[str]) -> tuple[Figure, str]:
    """Draws which word may look at which. Introduced in lesson 07.

    Args:
        words: n str, what the decoder is given.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    n = len(words)
    figure, axes = shapes.canvas(7, 0.5 * n + 1, 2 * n + 3.1, n + 1.2)
    axes.set_ylim(-0.1, n + 1.2)  # the lowest frame is not cut in half
    axes.text(2.7, n + 0.75, "who looks", ha="right", fontsize=10)
    axes.text(3 + n, n + 0.75, "at what", ha="center", fontsize=10)
    for i, one in enumerate(words):
        axes.text(2.7, n - i - 0.5, one, ha="right", va="center", fontsize=10)
        axes.text(4 + 2 * i, n + 0.2, one, ha="center", fontsize=10)
        for j in range(n):
            seen = j <= i
            shapes.cell(
                axes, (3 + 2 * j, n - i - 1), 2, 1, "✓" if seen else "", hatch=None if seen else "///"
            )
    return figure, (
        f"A table of {n} by {n} for {', '.join(words)}; a row for the word that looks, a column for the "
        f"word looked at. Ticks on the diagonal and below it, {n * (n + 1) // 2} of them; above it, where "
        "the words to come are, the cells are hatched: hidden."
    )


def picture_decoder(regions: tuple[int, int], length: int, dim: int, words: int) -> tuple[Figure, str]:
    """Draws a decoder that looks at a picture, with the shape of every array. Introduced in lesson 07.

    Args:
        regions: (regions of a picture, numbers of each).
        length: int, tokens of a sentence.
        dim: int, width inside.
        words: int, of the vocabulary.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    count, width = regions
    figure, axes = shapes.canvas(9, 3.6, 25, 7.6)
    upper = (
        (1.7, 3.2, f"words so far\n(batch, {length})", _TEXT),
        (5.6, 3.0, f"Embedding:\nword, place\n→ {dim}", _TEXT),
        (10.1, 3.4, "look back:\nnorm, masked\nattention", _TEXT),
        (14.8, 3.4, "look at the\npicture: norm,\nattention", _OUTPUT),
        (19.0, 2.4, "think:\nnorm,\n2 × Dense", _OUTPUT),
        (23.2, 3.4, f"norm, Dense:\nlogits\n(…, {length}, {words})", _OUTPUT),
    )
    for x, wide, label, colour in upper:
        shapes.box(axes, x, 5.2, wide, label, colour, 1.8)
    for (x, wide, *_), (following, next_wide, *_) in itertools.pairwise(upper):
        shapes.arrow(axes, (x + wide / 2 + 0.1, 5.2), (following - next_wide / 2 - 0.1, 5.2))
    for x, wide, *_ in upper[2:5]:
        left, right = x - wide / 2 - 0.5, x + wide / 2 + 0.4
        axes.plot([left, left, right, right], [5.2, 6.5, 6.5, 5.2], color="black", lw=1, linestyle="-")
        axes.text(
            right, 5.2, "+", ha="center", va="center", bbox={"boxstyle": "circle", "facecolor": "white"}
        )
    axes.text(14.8, 6.8, "each is added to what was there", ha="center", fontsize=10)
    shapes.box(axes, 2.8, 1.4, 4.9, f"regions of the picture\n(batch, {count}, {width})", _PICTURE, 1.8)
    shapes.box(axes, 9.7, 1.4, 5.4, f"Dense + row and column\n(batch, {count}, {dim})", _PICTURE, 1.8)
    shapes.arrow(axes, (5.4, 1.4), (6.9, 1.4))
    shapes.arrow(axes, (12.6, 1.4), (14.6, 4.1))
    axes.text(14.0, 2.2, "keys and values", fontsize=10)
    return figure, (
        f"Two rows of boxes. Above, from left to right: words so far, (batch, {length}); embedding of word "
        f"and place, {dim} numbers each; look back, masked attention among the words; look at the picture; "
        f"think, two Dense layers; logits, for each of {length} places one for each of {words} words. The "
        "three in the middle begin with a layer norm, and a line around each leads to a plus behind it: what "
        "it gives is added to what was there. Below: regions of the "
        f"picture, {count} of {width} numbers, go through a Dense layer and get their row and column; from "
        "there an arrow, keys and values, leads up to the box that looks at the picture."
    )


def cut_tail(
    probabilities: Sequence[float], words: Sequence[str], temperature: float, p: float
) -> tuple[Figure, str]:
    """Draws what temperature and nucleus make of the probabilities of the next word.

    Introduced in lesson 07.

    Args:
        probabilities: n float, at temperature 1.
        words: n str.
        temperature: float > 0.
        p: float, 0 to 1, the share that is kept.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    powers = np.asarray(probabilities, float) ** (1 / temperature)
    shares = powers / powers.sum()
    order = np.argsort(-shares, kind="stable")
    before = shares[order].cumsum() - shares[order]
    kept = {int(place) for place in order[before < p]} | {int(order[0])}
    figure, axes = plt.subplots(figsize=(7, 2.8))
    labels = [f"{share:.2f}" if share >= 0.005 else "< 0.01" for share in shares]
    for place, bar in enumerate(axes.bar(range(len(shares)), shares, color="white", edgecolor="black")):
        bar.set_hatch("///" if place in kept else None)
        axes.text(place, shares[place] + 0.02, labels[place], ha="center", fontsize=9)
    axes.set(ylim=(0, 1.15), ylabel="probability", title=f"temperature {temperature}, p = {p}")
    axes.set_xticks(range(len(words)), words)
    told = ", ".join(f"{word} {label}" for word, label in zip(words, labels, strict=True))
    left = ", ".join(words[place] for place in sorted(kept))
    return figure, (
        f"Bars, the probabilities of the next word at temperature {temperature}: {told}. Hatched are those "
        f"that may be drawn at p = {p}: {left}."
    )


def beam_tree(
    first: Mapping[str, float], second: Mapping[str, Mapping[str, float]], width: int
) -> tuple[Figure, str]:
    """Draws all sentences of two words, and which a beam of some width keeps. Introduced in lesson 07.

    Args:
        first: {word: probability}.
        second: {first word: {second word: probability after it}}.
        width: int ≥ 1, how many beginnings are kept.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    leaves = [(one, two, first[one] * p) for one, after in second.items() for two, p in after.items()]
    beginnings = sorted(first, key=first.get, reverse=True)[:width]
    continued = [leaf for leaf in leaves if leaf[0] in beginnings]
    kept = sorted(continued, key=lambda leaf: -leaf[2])[:width]
    figure, axes = shapes.canvas(7, 0.55 * len(leaves) + 0.5, 14, len(leaves) + 0.5)
    places = {leaf[:2]: len(leaves) - row for row, leaf in enumerate(leaves)}
    root = (1.2, len(leaves) / 2 + 0.5)
    shapes.box(axes, *root, 1.8, "<start>", _TEXT, 0.7)
    for one in first:
        y = np.mean([place for leaf, place in places.items() if leaf[0] == one])
        mark = "✓ " if one in beginnings else ""
        shapes.box(axes, 5, y, 2.4, f"{mark}{one}  {first[one]:.2f}", _OUTPUT if mark else "0.6", 0.7)
        shapes.arrow(axes, (2.2, root[1]), (3.7, y))
        for leaf in leaves:
            if leaf[0] != one:
                continue
            mark = "✓ " if leaf in kept else ""
            label = (
                f"{mark}{leaf[0]} {leaf[1]}: {first[one]:.2f} · {second[one][leaf[1]]:.2f} = {leaf[2]:.3f}"
            )
            shapes.box(axes, 10.8, places[leaf[:2]], 5.8, label, _OUTPUT if mark else "0.6", 0.7)
            shapes.arrow(axes, (6.3, y), (7.8, places[leaf[:2]]))
    told = "; ".join(f"{one} {two} {p:.3f}" for one, two, p in leaves)
    return figure, (
        "A tree of all sentences of two words. First words: "
        f"{', '.join(f'{word} {p:.2f}' for word, p in first.items())}. Sentences: {told}. Ticked are those "
        f"that a beam of width {width} keeps: {', '.join(beginnings)}, then "
        f"{', '.join(f'{one} {two}' for one, two, _ in kept)}."
    )
