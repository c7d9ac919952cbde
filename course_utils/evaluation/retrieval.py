"""How well a query finds what belongs to it, beside chance, and what such figures cannot see.

Scores are a table (queries, gallery): how well each item of the gallery answers each query. Ties count
against the model everywhere, so that one that finds all items alike is not taken for a perfect one.
Introduced in lesson 06.
"""

from dataclasses import dataclass

import numpy as np

from course_utils import arguments
from course_utils.errors import CourseError

__all__ = [
    "WINOGROUND_CHANCE",
    "Hubness",
    "chance_median_rank",
    "chance_recall_at",
    "hubness",
    "median_rank",
    "ranks",
    "recall_at",
    "winoground",
]

_NUMBERS = (np.floating, np.integer)

WINOGROUND_CHANCE = {"text": 1 / 4, "image": 1 / 4, "group": 1 / 6}
"""What four random scores reach: of their 24 orders 6, 6 and 4 are right."""


def ranks(scores: np.ndarray, right: np.ndarray | None = None) -> np.ndarray:
    """Gives the place at which each query's first right answer stands, 1 for the top.

    It is 1 + the number of wrong items that score at least as high as the best right one. Introduced in
    lesson 06.

    Args:
        scores: real array (queries, gallery), finite.
        right: bool array (queries, gallery), True for every right answer, at least one in each row; or None
            for a square table with the right answers on its diagonal.

    Returns:
        int array (queries,), 1 to gallery. ``ranks <= k`` is what
        :func:`~course_utils.evaluation.scores.bootstrap_interval` takes for an interval of the recall.

    Raises:
        CourseError: when the shapes do not fit, a score is NaN or infinite, or a query has no right answer.
    """
    scores = arguments.array("scores", scores, _NUMBERS, [("queries", "gallery")])
    if right is None:
        if scores.shape[0] != scores.shape[1]:
            raise CourseError(
                f"scores have shape {scores.shape} and right is None; expected a square table, or a bool "
                "array `right` of the same shape that is True for the right answers of each query."
            )
        right = np.eye(len(scores), dtype=bool)
    right = arguments.array("right", right, np.bool_, [scores.shape])
    without = np.flatnonzero(~right.any(axis=1))
    if len(without):
        raise CourseError(
            f"{len(without)} of {len(right)} queries have no right answer in the gallery, the first is query "
            f"{without[0]}; expected at least one for each: leave these queries out, and say how many."
        )
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    return 1 + ((scores >= best) & ~right).sum(axis=1)


def recall_at(ranks: np.ndarray, k: int) -> float:
    """Gives the share of queries with a right answer among the first k (R@k). Introduced in lesson 06.

    Args:
        ranks: int array (queries,), from :func:`ranks`.
        k: int ≥ 1.

    Returns:
        float, 0 to 1.

    Raises:
        CourseError: when there are no ranks, or k is below 1.
    """
    return float((_whole("ranks", ranks) <= arguments.whole_number("k", k)).mean())


def median_rank(ranks: np.ndarray) -> float:
    """Gives the rank that half of the queries do not exceed. Introduced in lesson 06.

    Args:
        ranks: int array (queries,), from :func:`ranks`.

    Returns:
        float ≥ 1, the mean of the middle two when their number is even.

    Raises:
        CourseError: when there are no ranks.
    """
    return float(np.median(_whole("ranks", ranks)))


def chance_recall_at(k: int, gallery: int, right: int | np.ndarray = 1) -> float:
    """Gives the R@k that a random order of the gallery reaches: 1 − C(gallery − right, k) / C(gallery, k).

    Introduced in lesson 06.

    Args:
        k: int ≥ 1.
        gallery: int ≥ 1, items to choose from.
        right: int ≥ 1, right answers of each query, or an int array (queries,): ``right.sum(axis=1)``.

    Returns:
        float, 0 to 1, the mean over the queries.

    Raises:
        CourseError: when a number is out of its range.
    """
    k = min(arguments.whole_number("k", k), arguments.whole_number("gallery", gallery))
    return float(_chance(gallery, right)[k - 1])


def chance_median_rank(gallery: int, right: int | np.ndarray = 1) -> float:
    """Gives the median rank that a random order of the gallery reaches.

    With one right answer each it is (gallery + 1) / 2. Introduced in lesson 06.

    Args:
        gallery: int ≥ 1, items to choose from.
        right: int ≥ 1, or int array (queries,), as for :func:`chance_recall_at`.

    Returns:
        float, the median of the ranks of all queries together.

    Raises:
        CourseError: when a number is out of its range.
    """
    recall = _chance(arguments.whole_number("gallery", gallery), right)
    # Where R@k is exactly one half, the median lies between this rank and the next one reached.
    half = np.isclose(recall, 0.5, rtol=0, atol=1e-12)
    low, high = np.argmax(half | (recall > 0.5)), np.argmax(~half & (recall > 0.5))
    return float(low + high) / 2 + 1


@dataclass(frozen=True)
class Hubness:
    """How often each item of a gallery is among the nearest of a query. Introduced in lesson 06.

    Attributes:
        counts: int array (gallery,), queries that have the item among their k nearest.
        chance: float, the skewness of counts if every query drew its nearest at random.
    """

    counts: np.ndarray
    chance: float

    @property
    def skewness(self) -> float:
        """Third moment of the counts over their deviation's cube, float; large if a few are everywhere."""
        away = self.counts - self.counts.mean()
        deviation = np.sqrt((away**2).mean())
        return float((away**3).mean() / deviation**3) if deviation else 0.0


def hubness(scores: np.ndarray, k: int = 10) -> Hubness:
    """Counts for every item of the gallery how many queries have it among their k nearest.

    In spaces of many dimensions some items, hubs, are near to everything. Radovanović, Nanopoulos & Ivanović,
    *Hubs in space*, JMLR 11 (2010), 2487-2531. Introduced in lesson 06.

    Args:
        scores: real array (queries, gallery), finite.
        k: int, 1 ≤ k < gallery. Items that share the k-th place are all counted.

    Returns:
        :class:`Hubness`.

    Raises:
        CourseError: when k is out of its range, or scores are not finite.
    """
    scores = arguments.array("scores", scores, _NUMBERS, [("queries", "gallery")])
    queries, gallery = scores.shape
    k = arguments.whole_number("k", k, at_most=gallery - 1)
    last = np.partition(scores, gallery - k, axis=1)[:, [gallery - k]]
    share = k / gallery  # a count by chance is binomial
    chance = (1 - 2 * share) / np.sqrt(queries * share * (1 - share))
    return Hubness((scores >= last).sum(axis=0), float(chance))


def winoground(scores: np.ndarray) -> dict[str, np.ndarray]:
    """Tells whether two captions and two pictures of the same words and things are matched.

    "text": for each picture its own caption scores higher than the other; "image": for each caption its own
    picture; "group": both. Thrush et al., arXiv:2204.03162. A model that takes a caption for a bag of words
    gives both captions the same score, which counts against it. :data:`WINOGROUND_CHANCE` has what random
    scores reach. Introduced in lesson 06.

    Args:
        scores: real array (n, 2, 2), finite; scores[:, c, p] tells how well caption c fits picture p, and
            those with c = p belong together.

    Returns:
        dict of bool arrays (n,), True = right, named "text", "image" and "group". Their means are the scores;
        :func:`~course_utils.evaluation.scores.bootstrap_interval` takes them.

    Raises:
        CourseError: when the shape is another, or scores are not finite.
    """
    scores = arguments.array("scores", scores, _NUMBERS, [("n", 2, 2)])
    own, other = scores[:, [0, 1], [0, 1]], scores[:, [1, 0], [0, 1]]  # by picture
    text = (own > other).all(axis=1)
    image = (own > other[:, ::-1]).all(axis=1)
    return {"text": text, "image": image, "group": text & image}


def _whole(name: str, value: np.ndarray) -> np.ndarray:
    return arguments.array(name, value, np.integer, [("queries",)])


def _chance(gallery: int, right: int | np.ndarray) -> np.ndarray:
    """R@1 to R@gallery of a random order, float array (gallery,), mean over the queries."""
    from scipy.stats import hypergeom

    right = np.atleast_1d(right)
    _whole("right", right)
    if right.min() < 1 or right.max() > gallery:
        raise CourseError(
            f"right is from {right.min()} to {right.max()}; expected 1 to {gallery}, the size of the gallery."
        )
    values, counts = np.unique(right, return_counts=True)
    k = np.arange(1, gallery + 1)[:, np.newaxis]
    return 1 - hypergeom.pmf(0, gallery, values, k) @ counts / len(right)
