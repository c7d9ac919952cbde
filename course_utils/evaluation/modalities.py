"""Does a model use both of its modalities, look where it should, and bear noise? Introduced in lesson 05."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from course_utils.errors import CourseError

__all__ = ["NoiseCurve", "emap", "modality_ablations", "noise_curve", "other_samples", "pointing_game"]


def other_samples(n: int, seed: int = 0) -> np.ndarray:
    """Gives for every sample another one: a random permutation that leaves nobody in place.

    Introduced in lesson 05.

    Args:
        n: int ≥ 2, samples.
        seed: int, for the draws.

    Returns:
        int array (n,), each number once, and never i at place i.

    Raises:
        CourseError: when there is no other sample.
    """
    if n < 2:
        raise CourseError(f"there are {n} samples; expected at least two, so that each can have another one.")
    order = np.random.default_rng(seed).permutation(n)
    others = np.empty(n, int)
    others[order] = np.roll(order, 1)  # one round through all of them
    return others


def modality_ablations(
    predict: Callable[..., np.ndarray], a: np.ndarray, b: np.ndarray, labels: np.ndarray, seed: int = 0
) -> dict[str, np.ndarray]:
    """Tells which answers are right with both modalities, and with one exchanged, zeroed or missing.

    Exchanged for that of another sample, a modality looks as always and says something else; zeroed, it is
    unlike anything in training; missing, the model is told so. Introduced in lesson 05.

    Args:
        predict: function of ``a``, ``b`` and ``present`` (bool array (n, 2)) that returns logits (n, ...,
            classes), such as ``lambda *inputs: model.predict(inputs, verbose=0)``.
        a: array (n, ...), first modality.
        b: array (n, ...), second modality.
        labels: integer array (n, ...), of the logits' shape without the last axis.
        seed: int, who gets whose.

    Returns:
        dict of bool arrays like ``labels``, True = right, named "both", "a shuffled", "b shuffled", "a
        zeroed", "b zeroed", "a missing" and "b missing". Their means are accuracies; differences between two
        of them are what :func:`~course_utils.evaluation.scores.bootstrap_interval` takes.

    Raises:
        CourseError: when the numbers of samples differ, or the logits do not fit the labels.
    """
    a, b, labels = np.asarray(a), np.asarray(b), np.asarray(labels)
    _same_length(a=a, b=b, labels=labels)
    others, both = other_samples(len(a), seed), np.ones((len(a), 2), bool)
    cases = {
        "both": (a, b, both),
        "a shuffled": (a[others], b, both),
        "b shuffled": (a, b[others], both),
        "a zeroed": (np.zeros_like(a), b, both),
        "b zeroed": (a, np.zeros_like(b), both),
        "a missing": (a, b, both & [False, True]),
        "b missing": (a, b, both & [True, False]),
    }
    right = {}
    for name, inputs in cases.items():
        answers = np.asarray(predict(*inputs)).argmax(axis=-1)
        if answers.shape != labels.shape:
            raise CourseError(
                f"the logits give answers of shape {answers.shape} and the labels have {labels.shape}; "
                "expected the same: logits (n, ..., classes) for labels (n, ...)."
            )
        right[name] = answers == labels
    return right


def emap(
    predict: Callable[..., np.ndarray], a: np.ndarray, b: np.ndarray, batch_size: int = 2048
) -> np.ndarray:
    """Gives what is left of a model's logits when all that depends on the pair is averaged out (EMAP).

    ê_i = mean_j f(a_i, b_j) + mean_j f(a_j, b_i) − mean_jk f(a_j, b_k): the sum of a function of a and one of
    b that comes closest to the model on all n² pairs. Where its accuracy equals the model's, the answers need
    no interaction. Hessel & Lee, arXiv:2010.06572. It takes n² answers; about 200 samples will do.
    Introduced in lesson 05.

    Args:
        predict: function as for :func:`modality_ablations`; both modalities are always present.
        a: array (n, ...), first modality.
        b: array (n, ...), second modality.
        batch_size: int ≥ 1, about how many pairs are given to ``predict`` at once.

    Returns:
        float64 array like the logits of the n samples, (n, ..., classes).

    Raises:
        CourseError: when the numbers of samples differ, or there are none.
    """
    a, b = np.asarray(a), np.asarray(b)
    _same_length(a=a, b=b)
    n = len(a)
    rows = max(1, batch_size // n)  # of the table of pairs: one a with every b
    over_b, over_a = [], 0
    for start in range(0, n, rows):
        some = a[start : start + rows]
        pairs = np.repeat(some, n, axis=0), np.concatenate([b] * len(some))
        logits = np.asarray(predict(*pairs, np.ones((len(pairs[0]), 2), bool)), np.float64)
        logits = logits.reshape(len(some), n, *logits.shape[1:])
        over_b.append(logits.mean(axis=1))
        over_a = over_a + logits.sum(axis=0) / n
    over_b = np.concatenate(over_b)
    return over_b + over_a - over_b.mean(axis=0)


@dataclass(frozen=True)
class NoiseCurve:
    """A score against the amount of noise. Introduced in lesson 05.

    Attributes:
        levels: float array (levels,), rising.
        scores: float array (levels,).
    """

    levels: np.ndarray
    scores: np.ndarray

    @property
    def area(self) -> float:
        """Area by trapezoids over the range of levels, float: the mean height of the curve."""
        return float(np.trapezoid(self.scores, self.levels) / (self.levels[-1] - self.levels[0]))


def noise_curve(score: Callable[[float], float], levels: Sequence[float]) -> NoiseCurve:
    """Scores a model at every level of noise. Introduced in lesson 05.

    Args:
        score: function of a level (float) that returns a float, such as the accuracy on data with that noise.
        levels: sequence of float, at least two, rising; unequal steps are fine.

    Returns:
        :class:`NoiseCurve`.

    Raises:
        CourseError: when the levels do not rise.
    """
    levels = np.asarray(levels, np.float64)
    if levels.ndim != 1 or len(levels) < 2 or not (np.diff(levels) > 0).all():
        raise CourseError(
            f"levels are {levels.tolist()}; expected at least two numbers, each above the one before."
        )
    return NoiseCurve(levels, np.array([score(float(level)) for level in levels], np.float64))


def pointing_game(
    weights: np.ndarray, boxes: np.ndarray, grid: tuple[int, int], size: tuple[int, int]
) -> tuple[np.ndarray, np.ndarray]:
    """Says whether the largest weight lies in the object's box, and how often it would by chance.

    A token stands for the centre of its cell. Zhang et al., arXiv:1608.00507. Introduced in lesson 05.

    Args:
        weights: float array (..., tokens), attention over a grid of image tokens, row by row.
        boxes: array (..., 4): x, y, width and height of the object in pixels, as in COCO.
        grid: (rows, columns) of the tokens.
        size: (height, width) of the picture in pixels.

    Returns:
        hits and chance, float arrays (...). A hit is 1 or 0, or where several tokens share the maximum, the
        share of these in the box. Chance is the share of all tokens in the box, which is what equal weights
        get.

    Raises:
        CourseError: when the shapes do not fit.
    """
    weights, boxes = np.asarray(weights), np.asarray(boxes)
    rows, columns = grid
    if weights.shape[-1:] != (rows * columns,) or boxes.shape != (*weights.shape[:-1], 4):
        raise CourseError(
            f"weights have shape {weights.shape} and boxes {boxes.shape} for a grid of {rows} × {columns}; "
            f"expected (..., {rows * columns}) and (..., 4) with the same axes before. Of several heads take "
            "the mean, or choose one."
        )
    y = np.repeat((np.arange(rows) + 0.5) * size[0] / rows, columns)
    x = np.tile((np.arange(columns) + 0.5) * size[1] / columns, rows)
    left, top, width, height = (boxes[..., place, np.newaxis] for place in range(4))
    inside = (left <= x) & (x < left + width) & (top <= y) & (y < top + height)
    maxima = weights == weights.max(axis=-1, keepdims=True)
    return (inside & maxima).sum(axis=-1) / maxima.sum(axis=-1), inside.mean(axis=-1)


def _same_length(**arrays: np.ndarray) -> None:
    """Refuses arrays that do not tell of the same samples."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise CourseError(f"numbers of samples are {lengths}; expected the same number, and at least one.")
