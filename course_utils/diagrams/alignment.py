"""Diagrams of lesson 06: a table of similarities, two towers, temperature, negatives, unit circle, rivals."""

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = ["batch_negatives", "rivals", "similarity_table", "tempered_row", "two_towers", "unit_circle"]

_PICTURE, _TEXT = plotting.COLOURS[0], plotting.COLOURS[1]


def similarity_table(
    similarities: np.ndarray, pictures: Sequence[str], texts: Sequence[str]
) -> tuple[Figure, str]:
    """Draws a table of similarities with its partners framed, and both directions of the softmax.

    Introduced in lesson 06.

    Args:
        similarities: float array (n, n), row i for picture i, column j for text j.
        pictures: n str, what each picture shows.
        texts: n str.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    n = len(similarities)
    figure, axes = shapes.canvas(8, 0.8 * n + 1.6, 2 * n + 7, n + 2.2)
    for i, row in enumerate(similarities):
        shapes.box(axes, 1.6, n - i, 2.6, pictures[i], _PICTURE, height=0.7)
        shapes.box(axes, 4.3 + 2 * i, n + 1.2, 1.8, f"“{texts[i]}”", _TEXT, height=0.7)
        for j, value in enumerate(row):
            frame = plotting.COLOURS[2] if i == j else None
            face = "#E3F3EE" if i == j else "white"
            shapes.cell(axes, (3.3 + 2 * j, n - i - 0.5), 2, 1, f"{value:.2f}", frame, face)
    end = 3.3 + 2 * n
    shapes.arrow(axes, (3.4, 0.25), (end - 0.1, 0.25))
    axes.text(3.4 + n, -0.1, "softmax along a row: picture → text", ha="center", va="top", fontsize=10)
    shapes.arrow(axes, (end + 0.4, n + 0.4), (end + 0.4, 0.6))
    axes.text(end + 0.7, (n + 1) / 2, "softmax along\na column:\ntext → picture", va="center", fontsize=10)
    right = [f"{name} {similarities[i, i]:.2f}" for i, name in enumerate(pictures)]
    return figure, (
        f"A table of {n} pictures, rows, and {n} texts, columns, with a similarity in each cell. The "
        f"partners lie on the diagonal in thick frames: {', '.join(right)}. An arrow along a row says: "
        "softmax, picture to text. An arrow down a column says: softmax, text to picture."
    )


def two_towers(picture_width: int, text_width: int, dim: int) -> tuple[Figure, str]:
    """Draws a dual encoder with the shape of every array. Introduced in lesson 06.

    Args:
        picture_width: int, numbers that come in per picture.
        text_width: int, numbers that come in per text.
        dim: int, numbers of the common space.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 3.4, 17.2, 6.4)
    towers = (
        (4.9, _PICTURE, f"picture features\n(batch, {picture_width})", "picture tower"),
        (1.5, _TEXT, f"bag of n-grams\n(batch, {text_width})", "text tower"),
    )
    for y, colour, given, name in towers:
        shapes.box(axes, 2.0, y, 3.4, given, colour, height=1.4)
        shapes.box(axes, 6.1, y, 2.8, f"{name}\nDense", colour, height=1.4)
        shapes.box(axes, 10.0, y, 3.0, f"length 1\n(batch, {dim})", colour, height=1.4)
        shapes.arrow(axes, (3.8, y), (4.6, y))
        shapes.arrow(axes, (7.6, y), (8.4, y))
        shapes.arrow(axes, (11.6, y), (12.5, 3.2 + (y - 3.2) * 0.35))
    shapes.box(axes, 14.7, 3.2, 4.3, "all products / temperature\n(batch, batch)", plotting.COLOURS[2], 1.8)
    axes.text(14.6, 1.4, "InfoNCE: the diagonal\nshall win", ha="center", va="center", fontsize=10)
    return figure, (
        f"Two rows of boxes. Above, picture features of {picture_width} numbers go through the picture "
        f"tower; below, a bag of n-grams of {text_width} numbers goes through the text tower. Both end in "
        f"vectors of {dim} numbers and of length 1. They meet only at the end, in a table of all products, "
        "batch by batch, divided by the temperature, in which the diagonal shall win."
    )


def tempered_row(
    similarities: Sequence[float], temperatures: Sequence[float], texts: Sequence[str]
) -> tuple[Figure, str]:
    """Draws what the softmax of one row makes of it at several temperatures. Introduced in lesson 06.

    Args:
        similarities: n float, one row of a table; the first is the partner's.
        temperatures: float > 0, a panel for each.
        texts: n str, whose similarities they are.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    row = np.asarray(similarities, float)
    figure, axes = plt.subplots(1, len(temperatures), figsize=(8, 2.6), sharey=True, squeeze=False)
    told = []
    for axis, temperature in zip(axes[0], temperatures, strict=True):
        powers = np.exp((row - row.max()) / temperature)
        shares = powers / powers.sum()
        bars = axis.bar(range(len(row)), shares, color="white", edgecolor="black")
        bars[0].set_hatch("///")
        for place, share in enumerate(shares):
            axis.text(place, share + 0.02, f"{share:.2f}", ha="center", fontsize=9)
        axis.set(title=f"temperature {temperature}", ylim=(0, 1.12), xticks=range(len(row)))
        axis.set_xticklabels(
            [f"{text}\n{value:.2f}" for text, value in zip(texts, row, strict=True)], fontsize=9
        )
        axis.set_xlabel("text and its similarity")
        told.append(f"at {temperature} " + ", ".join(f"{share:.2f}" for share in shares))
    axes[0][0].set_ylabel("share")
    given = ", ".join(f"{text} {value:.2f}" for text, value in zip(texts, row, strict=True))
    return figure, (
        f"One row of similarities, {given}, the first of them the "
        f"partner's, hatched. Its shares after the softmax: {'; '.join(told)}."
    )


def batch_negatives(concepts: Sequence[str]) -> tuple[Figure, str]:
    """Draws which cells of a batch's table are partners and which are negatives.

    Introduced in lesson 06.

    Args:
        concepts: n str, the concept of each pair; where one is repeated, the cell is no negative.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    n = len(concepts)
    figure, axes = shapes.canvas(7, 0.55 * n + 1.2, 2 * n + 2.5, n + 1.5)
    axes.set_ylim(-0.1, n + 1.5)  # the lowest frame is not cut in half
    axes.text(2.4 + n, n + 0.9, "texts", ha="center", fontsize=10)
    axes.text(0.9, n / 2, "pictures", rotation=90, va="center", fontsize=10)
    same = 0
    for i, one in enumerate(concepts):
        axes.text(2.2, n - i - 0.5, one, ha="right", va="center", fontsize=10)
        axes.text(3.4 + 2 * i, n + 0.2, f"“{one}”", ha="center", fontsize=10)
        for j, other in enumerate(concepts):
            repeated = i != j and one == other
            same += repeated
            label = "partner" if i == j else "the same" if repeated else "negative"
            frame = plotting.COLOURS[2] if i == j else None
            shapes.cell(axes, (2.4 + 2 * j, n - i - 1), 2, 1, label, frame, hatch="///" if repeated else None)
    return figure, (
        f"A table of {n} pictures, rows, and {n} texts, columns, for a batch of {', '.join(concepts)}. "
        f"The {n} cells of the diagonal are partners, {n * (n - 1) - same} cells are negatives, and {same} "
        "hatched cells join two pairs of the same concept and must not count as negatives."
    )


def unit_circle(vectors: dict[str, Sequence[float]]) -> tuple[Figure, str]:
    """Draws vectors in a plane and where each meets the circle of length 1. Introduced in lesson 06.

    Args:
        vectors: {name: (x, y)}, none of length 0.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = plt.subplots(figsize=(6.4, 4.4))
    axes.add_patch(plt.Circle((0, 0), 1, fill=False, edgecolor="0.4", linestyle="--"))
    told = []
    for (name, vector), marker in zip(vectors.items(), "os^D*", strict=False):
        end = np.asarray(vector, float)
        length = np.hypot(*end)
        shapes.arrow(axes, (0, 0), tuple(end))
        axes.plot(*(end / length), marker, markersize=9, color="black")
        side = "left" if length > 1 else "right"  # a short arrow's name stands clear of its mark
        axes.text(*(end * (1 + 0.1 / length)), f" {name}, length {length:.1f} ", fontsize=10, ha=side)
        told.append(f"{name} of length {length:.1f} at {np.degrees(np.arctan2(end[1], end[0])):.0f} degrees")
    right, top = np.max([(1, 1), *vectors.values()], axis=0)
    # On the right is room for the names.
    axes.set(xlim=(-1.1, right + 1.1), ylim=(-1.1, top + 0.2), aspect="equal")
    return figure, (
        f"A dashed circle of length 1 and arrows from its centre: {'; '.join(told)}. A mark shows where each "
        "arrow meets the circle: what is left of a vector when its length is taken away is its direction."
    )


def rivals() -> tuple[Figure, str]:
    """Draws how a dual encoder, a dictionary and a classifier score the pictures of a gallery.

    Introduced in lesson 06.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(8, 3.3, 17.6, 6.3)
    ways = (
        ("dual encoder", "“snowman”", "its vector,\nby the text tower", "cosine with each picture’s\nvector"),
        (
            "dictionary",
            "“snowman”",
            "nearest text it knows,\nthat concept’s pictures",
            "cosine with each picture’s\nfeatures",
        ),
        (
            "classifier",
            "concept’s number",
            "its class, learned\nfrom drawings",
            "the class’s logit\nfor each picture",
        ),
    )
    for place, (name, query, inside, score) in enumerate(ways):
        y = 4.5 - 1.75 * place
        axes.text(0.1, y, name, va="center", fontsize=10, weight="bold")
        shapes.box(axes, 4.8, y, 3.4, query, _TEXT, 0.9)
        shapes.box(axes, 9.4, y, 4.4, inside, plotting.COLOURS[2], 1.3)
        shapes.box(axes, 15.0, y, 4.8, score, _PICTURE, 1.3)
        shapes.arrow(axes, (6.6, y), (7.1, y))
        shapes.arrow(axes, (11.65, y), (12.55, y))
    for x, title in ((4.8, "is asked"), (9.4, "makes of it"), (15.0, "sorts the gallery by")):
        axes.text(x, 5.75, title, ha="center", va="center", fontsize=10)
    return figure, (
        "Three rows of boxes. The dual encoder is asked “snowman”, makes a vector of it by the text tower, "
        "and sorts the gallery by the cosine with each picture’s vector. The dictionary is asked the same, "
        "looks up the nearest text that it knows and the pictures of that concept, and sorts by the cosine "
        "with each picture’s features. The classifier is told the number of the concept, and sorts by "
        "that class’s logit for each picture."
    )
