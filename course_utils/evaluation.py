"""Evaluation: what a score is worth. Counts and rates per class, calibration, intervals, use of modalities.

Standard metrics come from scikit-learn; what it lacks is here. Introduced in lesson 04; whether a model uses
both of its modalities, and looks where it should, in lesson 05.
"""

from dataclasses import dataclass

import numpy as np

from course_utils.errors import CourseError
from course_utils.training import softmax_cross_entropy

__all__ = [
    "ClassScores",
    "Interval",
    "NoiseCurve",
    "Reliability",
    "bootstrap_interval",
    "class_scores",
    "confusion_matrix",
    "emap",
    "expected_calibration_error",
    "fit_temperature",
    "modality_ablations",
    "noise_curve",
    "other_samples",
    "pointing_game",
    "reliability",
]


def confusion_matrix(labels, predicted, classes):
    """Count who was taken for whom. Introduced in lesson 04.

    Args:
        labels: integer array (n,), the truth.
        predicted: integer array (n,), the model's answers.
        classes: int, how many classes there are, also those that do not occur.

    Returns:
        int array (classes, classes); row = truth, column = answer; the diagonal is right.

    Raises:
        CourseError: when the shapes differ, there is nothing to count, or a number is no class.
    """
    from sklearn import metrics

    labels, predicted = _classes(labels, predicted, classes)
    return metrics.confusion_matrix(labels, predicted, labels=np.arange(classes))


@dataclass(frozen=True)
class ClassScores:
    """Scores of each class, float arrays (classes,), and how many examples it has. Introduced in lesson 04.

    Attributes:
        precision: of the answers "this class", the share that is right; NaN for a class never answered.
        recall: of the examples of this class, the share that is found; NaN for a class without examples.
        f1: 2 · right / (answers + examples); NaN for a class with neither.
        support: int array (classes,), examples of this class.
    """

    precision: np.ndarray
    recall: np.ndarray
    f1: np.ndarray
    support: np.ndarray


def class_scores(labels, predicted, classes):
    """Precision, recall and F1 of every class. Introduced in lesson 04.

    Args:
        labels: integer array (n,), the truth.
        predicted: integer array (n,), the model's answers.
        classes: int, how many classes there are.

    Returns:
        :class:`ClassScores`. What would be 0 / 0 is NaN: nothing was asked, so nothing is known.

    Raises:
        CourseError: when the shapes differ, there is nothing to count, or a number is no class.
    """
    from sklearn import metrics

    labels, predicted = _classes(labels, predicted, classes)
    scores = metrics.precision_recall_fscore_support(
        labels, predicted, labels=np.arange(classes), zero_division=np.nan
    )
    return ClassScores(*scores)


@dataclass(frozen=True)
class Reliability:
    """Confidence against success, by bins of confidence. Introduced in lesson 04.

    Attributes:
        edges: float array (bins + 1,), 0 to 1; a bin holds its upper edge and not its lower one.
        count: int array (bins,), predictions in the bin.
        confidence: float array (bins,), their mean confidence; NaN where there is none.
        accuracy: float array (bins,), the share of them that is right; NaN where there is none.
    """

    edges: np.ndarray
    count: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray


def reliability(probabilities, labels, bins=10):
    """Sort predictions by their confidence (the largest probability) and see how many are right in each bin.

    Guo et al., arXiv:1706.04599. Introduced in lesson 04.

    Args:
        probabilities: float array (n, classes), rows 0 to 1 with sum 1.
        labels: integer array (n,), 0 ≤ label < classes.
        bins: int, bins of equal width from 0 to 1.

    Returns:
        :class:`Reliability`.

    Raises:
        CourseError: when shapes do not fit, the rows are no probabilities, or ``bins`` is below 1.
    """
    probabilities = np.asarray(probabilities, np.float64)
    if probabilities.ndim != 2 or bins < 1:
        raise CourseError(
            f"probabilities have shape {probabilities.shape} and bins={bins}; expected (n, classes) and at "
            "least 1."
        )
    if not np.allclose(probabilities.sum(axis=1), 1, atol=1e-3) or probabilities.min() < 0:
        raise CourseError(
            "the rows of probabilities must be from 0 to 1 with sum 1; found sums from "
            f"{probabilities.sum(axis=1).min():.3f} to {probabilities.sum(axis=1).max():.3f}. Are these "
            "logits? Then take `training.softmax(logits)`."
        )
    labels, predicted = _classes(labels, probabilities.argmax(axis=1), probabilities.shape[1])
    confidence, right = probabilities.max(axis=1), labels == predicted
    edges = np.linspace(0, 1, bins + 1)
    place = np.clip(np.digitize(confidence, edges, right=True) - 1, 0, bins - 1)
    count = np.bincount(place, minlength=bins)
    with np.errstate(invalid="ignore"):  # an empty bin is 0 / 0, which is the NaN that is meant
        means = [np.bincount(place, values, bins) / count for values in (confidence, right)]
    return Reliability(edges, count, *means)


def expected_calibration_error(probabilities, labels, bins=10):
    """Mean distance between confidence and accuracy over the bins, weighted by their counts (ECE).

    Guo et al., arXiv:1706.04599, equation 3. Introduced in lesson 04.

    Args:
        probabilities: float array (n, classes), rows 0 to 1 with sum 1.
        labels: integer array (n,), 0 ≤ label < classes.
        bins: int, bins of equal width from 0 to 1.

    Returns:
        float, 0 (calibrated) to 1.

    Raises:
        CourseError: as :func:`reliability`.
    """
    table = reliability(probabilities, labels, bins)
    filled = table.count > 0
    distance = np.abs(table.confidence - table.accuracy)[filled]
    return float((distance * table.count[filled]).sum() / table.count.sum())


def fit_temperature(logits, labels):
    """Find the one number T for which softmax(logits / T) has the smallest cross-entropy.

    It changes no answer, only how sure the model says it is. Fit it on validation data. Guo et al.,
    arXiv:1706.04599, section 4.2. Introduced in lesson 04.

    Args:
        logits: float array (n, classes).
        labels: integer array (n,), 0 ≤ label < classes.

    Returns:
        float, 0.05 to 20; above 1 for a model that is too sure of itself.

    Raises:
        CourseError: when shapes or labels do not fit.
    """
    from scipy.optimize import minimize_scalar

    logits = np.asarray(logits, np.float64)
    softmax_cross_entropy(logits, labels)  # complains about what does not fit
    # On a logarithmic axis, because temperatures 1/2 and 2 are equally far from 1.
    found = minimize_scalar(
        lambda power: softmax_cross_entropy(logits / np.exp(power), labels)[0],
        bounds=(np.log(0.05), np.log(20)),
        method="bounded",
    )
    return float(np.exp(found.x))


@dataclass(frozen=True)
class Interval:
    """A figure with its bootstrap interval, floats. Introduced in lesson 04.

    Attributes:
        value: the figure on the data as it is.
        low: lower end of the interval.
        high: upper end of the interval.
    """

    value: float
    low: float
    high: float

    def __format__(self, specification):
        return f"{self.value:{specification}} [{self.low:{specification}}, {self.high:{specification}}]"


def bootstrap_interval(values, *, groups=None, statistic=np.mean, level=0.95, draws=2000, seed=0):
    """Percentile bootstrap: where the figure might have fallen with another test set of this size.

    Efron (1979). For two models on the same test set give the *differences* of their values, example by
    example. It knows nothing of other seeds, styles or data. Introduced in lesson 04.

    Args:
        values: array (n, ...), one row per test example, such as True where the answer is right.
        groups: array (n,), equal where rows belong together (questions about one scene); whole groups are
            then drawn. None takes every row for itself.
        statistic: function of rows like ``values`` that returns a float.
        level: float, 0 < level < 1, the share of draws inside the interval.
        draws: int, how many test sets are drawn with replacement.
        seed: int, for the draws.

    Returns:
        :class:`Interval`; ``f"{interval:.2f}"`` prints "0.81 [0.78, 0.84]".

    Raises:
        CourseError: when there are fewer than two rows (or groups), or ``level`` is out of range.
    """
    values = np.asarray(values)
    names, members = np.unique(np.arange(len(values)) if groups is None else groups, return_inverse=True)
    if len(members) != len(values) or len(names) < 2 or not 0 < level < 1 or draws < 1:
        raise CourseError(
            f"there are {len(values)} values in {len(names)} groups, level={level}, draws={draws}; expected "
            "a group for each value, at least two groups, a level between 0 and 1 and one draw or more."
        )
    rng = np.random.default_rng(seed)
    rows = np.split(np.argsort(members, kind="stable"), np.cumsum(np.bincount(members))[:-1])
    drawn = np.empty(draws)
    for draw in range(draws):
        chosen = rng.integers(0, len(names), len(names))
        # Without groups a row is its own index: fancy indexing alone is ten times faster than joining lists.
        drawn[draw] = statistic(
            values[chosen] if groups is None else values[np.concatenate([rows[i] for i in chosen])]
        )
    low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(statistic(values)), float(low), float(high))


def other_samples(n, seed=0):
    """For every sample the number of another one: a random permutation that leaves nobody in place.

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


def modality_ablations(predict, a, b, labels, seed=0):
    """Which answers are right with both modalities, and with one of them exchanged, zeroed or missing.

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
        of them are what :func:`bootstrap_interval` takes.

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


def emap(predict, a, b, batch_size=2048):
    """What is left of a model's logits when all that depends on the pair is averaged out (EMAP).

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
    def area(self):
        """Area by trapezoids over the range of levels, float: the mean height of the curve."""
        return float(np.trapezoid(self.scores, self.levels) / (self.levels[-1] - self.levels[0]))


def noise_curve(score, levels):
    """Score a model at every level of noise. Introduced in lesson 05.

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


def pointing_game(weights, boxes, grid, size):
    """Does the largest attention weight lie in the object's box, and how often would that happen by chance.

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


def _same_length(**arrays):
    """Refuse arrays that do not tell of the same samples."""
    lengths = {name: len(array) for name, array in arrays.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        raise CourseError(f"numbers of samples are {lengths}; expected the same number, and at least one.")


def _classes(labels, predicted, classes):
    """Return both as arrays once they are what every metric here needs."""
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    if labels.ndim != 1 or labels.shape != predicted.shape or not len(labels):
        raise CourseError(
            f"labels have shape {labels.shape} and the answers {predicted.shape}; expected the same (n,) "
            "with n > 0. Scores of every class become answers with `scores.argmax(axis=-1)`."
        )
    for name, numbers in (("labels", labels), ("the answers", predicted)):
        if numbers.dtype.kind not in "iu" or numbers.min() < 0 or numbers.max() >= classes:
            raise CourseError(
                f"{name} are {numbers.dtype} from {numbers.min()} to {numbers.max()}; expected integers "
                f"from 0 to {classes - 1}."
            )
    return labels, predicted
