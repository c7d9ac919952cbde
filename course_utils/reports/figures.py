"""What the answers of a report's systems are worth."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_utils.evaluation import Interval, bootstrap_interval

__all__ = ["MAJORITY", "Figures", "difference", "majority", "score"]

MAJORITY = "majority (computed)"
"""Always the label that is most frequent in the test: a little better than can be chosen beforehand."""


@dataclass(frozen=True)
class Figures:
    """What one system is worth.

    Attributes:
        seeds: int, how many.
        accuracy: float, mean over seeds.
        sd: float, standard deviation of the seeds (n − 1); NaN for one.
        low: float, lower end of the 95 % bootstrap interval; NaN where there is one group of test items.
        high: float, its upper end.
        macro_recall: float, mean over classes of the share found, mean over seeds.
        right: float array (items,), the share of the seeds that answer each test item rightly.
    """

    seeds: int
    accuracy: float
    sd: float
    low: float
    high: float
    macro_recall: float
    right: np.ndarray


def score(truth: Sequence[str], answers: Sequence[Sequence[str]], groups: Sequence[str]) -> Figures:
    """Scores a system.

    Args:
        truth: n labels.
        answers: for each seed n answers.
        groups: n names of groups.

    Returns:
        :class:`Figures`.
    """
    right = np.array([[one == other for one, other in zip(truth, told, strict=True)] for told in answers])
    by_seed, each = right.mean(axis=1), right.mean(axis=0)
    interval = _interval(each, groups)
    classes = _numbered(truth)
    recall = np.mean(np.bincount(classes, each) / np.bincount(classes))
    sd = by_seed.std(ddof=1) if len(by_seed) > 1 else np.nan
    return Figures(
        len(by_seed), float(each.mean()), float(sd), interval.low, interval.high, float(recall), each
    )


def majority(truth: Sequence[str], groups: Sequence[str]) -> Figures:
    """Scores always answering the most frequent label; arguments as for :func:`score`."""
    [(label, _)] = Counter(truth).most_common(1)
    return score(truth, [[label] * len(truth)], groups)


def difference(first: Figures, second: Figures, groups: Sequence[str]) -> Interval:
    """Gives the first system's accuracy minus the second's, item by item, with its interval."""
    return _interval(first.right - second.right, groups)


def _interval(values: np.ndarray, groups: Sequence[str]) -> Interval:
    """Bootstrap over items; items of one group are no independent trials, so whole groups are drawn."""
    members = _numbered(groups)
    sums = np.stack([np.bincount(members, values), np.bincount(members)], axis=1)
    if len(sums) < 2:
        return Interval(float(values.mean()), np.nan, np.nan)
    return bootstrap_interval(sums, statistic=lambda rows: rows[:, 0].sum() / rows[:, 1].sum())


def _numbered(names: Sequence[str]) -> np.ndarray:
    """A whole number for each name, from 0."""
    numbers = {name: number for number, name in enumerate(dict.fromkeys(names))}
    return np.array([numbers[name] for name in names])
