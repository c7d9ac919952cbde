"""What a score is worth: counts and rates per class, calibration, intervals.

Standard metrics come from scikit-learn; what it lacks is here. Introduced in lesson 04.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from course_utils.errors import CourseError
from course_utils.training import softmax_cross_entropy

__all__ = [
    "ClassScores",
    "Interval",
    "Reliability",
    "bootstrap_interval",
    "class_scores",
    "confusion_matrix",
    "expected_calibration_error",
    "fit_temperature",
    "reliability",
]


def confusion_matrix(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Counts who was taken for whom. Introduced in lesson 04.

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


def class_scores(labels: np.ndarray, predicted: np.ndarray, classes: int) -> ClassScores:
    """Gives precision, recall and F1 of every class. Introduced in lesson 04.

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


def reliability(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> Reliability:
    """Sorts predictions by their confidence, the largest probability, and counts who is right in each bin.

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


def expected_calibration_error(probabilities: np.ndarray, labels: np.ndarray, bins: int = 10) -> float:
    """Gives the mean distance between confidence and accuracy over the bins, by their counts (ECE).

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


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Finds the one number T for which softmax(logits / T) has the smallest cross-entropy.

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

    def __format__(self, specification: str) -> str:
        return f"{self.value:{specification}} [{self.low:{specification}}, {self.high:{specification}}]"


def bootstrap_interval(
    values: np.ndarray,
    *,
    groups: np.ndarray | None = None,
    statistic: Callable[[np.ndarray], float] = np.mean,
    level: float = 0.95,
    draws: int = 2000,
    seed: int = 0,
) -> Interval:
    """Tells where a figure might have fallen with another test set of this size: percentile bootstrap.

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


def _classes(labels: np.ndarray, predicted: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
    """Returns both as arrays once they are what every metric here needs."""
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
