"""Checks of lesson 11: subsets, pseudo-labels, distillation, whole numbers, thin matrices, what is there, fronts, a small network."""

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from course_utils.checks import (
    MIXED_TYPES,
    are_close_arrays,
    call_model,
    deviations,
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_model,
    expect_number,
    expect_parts,
    name_mistakes,
    plural,
)

if TYPE_CHECKING:
    import keras

__all__ = [
    "distillation_loss",
    "factors",
    "int8",
    "mean_of_present",
    "network_within_budget",
    "pareto",
    "pseudo_labels",
    "subsets",
]

_COURSE = r"course_utils\.experiments\.\w+\.(?!_)\w+"
"""What does the exercises' work already."""

_Mistakes = Iterator[tuple[object, str]]
"""What typical mistakes make of the same input, each with its hint."""


def _whole(value: object, what: str, hint: str) -> np.ndarray:
    """One-dimensional whole numbers; a list without entries is one of them, a mask gets its hint."""
    if isinstance(value, list | tuple) and not value:
        return np.zeros(0, int)
    array = expect_array(value, None, np.generic, what)
    expect(
        array.dtype != bool,
        f"{what}: that is a mask of True and False, expected indices: `np.flatnonzero` makes them.",
    )
    expect(array.ndim == 1, f"{what} has shape {array.shape}, expected one axis. {hint}".rstrip())
    empty = "" if array.size else " `np.array([])` holds floats: `np.array(…, int)` can be an index."
    expect(
        np.issubdtype(array.dtype, np.integer),
        f"{what} has dtype {array.dtype}, expected whole numbers.{empty}",
    )
    return array


# --- 11.1 ---------------------------------------------------------------------------------------------------


@exercise(
    "11.1",
    "subsets of 9 kinds of classes are nested and hold what they should, and 60 seeds draw fairly and again the same",
    own=_COURSE,
    stops={
        r"larger sample than population": "A class that has fewer than `count` gives all it has: `min(count, …)`, or a slice `[:count]`, which "
        "stops at the end.",
        r"non-negative|negative": "Labels may be any whole numbers, negative ones too: `np.unique(labels)`.",
        r"KeyError|index .*out of (range|bounds)": "Labels may be any whole numbers, and are no indices: `np.unique(labels)` has those that occur.",
        r"need at least one array": "`np.concatenate` wants one part at least.",
        r"only (integer|length)|unhashable": "`counts` is a list: go through it.",
    },
)
def subsets(my_subsets: Callable) -> None:
    """Checks the drawing of nested subsets with as many items of each class (lesson 11).

    Args:
        my_subsets: function of ``(labels, counts, seed)``, int (n,), list of int and int, that returns a dict from each count
            to the sorted indices of that many items of each class.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(111)
    for sizes, counts in [
        ({-2: 7, 3: 4, 5: 9, 12: 1}, [3, 4, 6]),
        ({0: 5, 1: 5, 2: 5}, [1, 2, 3, 4, 5]),
        ({4: 6}, [1, 3, 11]),
        ({7: 1}, [1]),
        ({0: 1, 1: 1}, [1, 2]),
        ({100: 30, 7: 2, 0: 17}, [1, 10, 20, 40]),
        ({1: 3, 0: 8}, [8]),
    ]:
        _check_subsets(my_subsets, rng.permutation(np.repeat([*sizes], [*sizes.values()])), counts)
    _check_subsets(my_subsets, np.array([2, 2, 2, 5, 5, 5], np.int32), [2])
    _check_subsets(my_subsets, np.array([255, 3, 255, 3, 3], np.uint8), [1, 2, 3])
    _check_chances(my_subsets)


def _draw(my_subsets: Callable, labels: np.ndarray, counts: list[int], seed: int) -> dict[int, np.ndarray]:
    """The answer's subsets, once they are sorted indices that occur once."""
    n = len(labels)
    given = f"{n} labels and counts {counts}"
    value = my_subsets(labels, counts, seed)
    expect(value is not None, f"For {given} you returned None: does your function end without `return`?")
    expect(
        isinstance(value, Mapping),
        f"Return a dictionary, from each count to its indices: `{{count: … for count in counts}}`; found something of the type "
        f"{type(value).__name__}.",
    )
    keys = [*value]
    right = len(keys) == len(counts) and all(count in value for count in counts)
    expect(right, f"For {given} the keys of your dictionary are {keys}, expected {counts}.")
    found = {}
    for count in counts:
        what = f"The subset {count} of {given}"
        places = _whole(
            value[count],
            what,
            "The items of all classes stand in one array: `np.concatenate`, and then `np.sort`.",
        )
        _check_places(places, what, labels, count)
        found[count] = places
    return found


def _check_places(places: np.ndarray, what: str, labels: np.ndarray, count: int) -> None:
    classes, sizes = np.unique(labels, return_counts=True)
    wanted = np.repeat(classes, np.minimum(sizes, count))
    outside = places[(places < 0) | (places >= len(labels))]
    twice, times = np.unique(places, return_counts=True)
    doubled = twice[times > 1]
    expect(
        (not len(outside) and not len(doubled)) or sorted(places.tolist()) != wanted.tolist(),
        f"{what} holds labels: return the *indices* of these items.",
    )
    expect(
        not len(outside),
        f"{what} holds {outside[:1]}, expected indices from 0 to {len(labels) - 1}.",
    )
    expect(
        not len(doubled),
        f"{what} holds item {doubled[:1]} more than once: each item comes once, `replace=False`; and indices are those of `labels`, not of "
        "the items of one class.",
    )
    taken = {label: int((labels[places] == label).sum()) for label in classes.tolist()}
    right = {label: min(count, size) for label, size in zip(classes.tolist(), sizes.tolist(), strict=True)}
    if taken != right:
        _explain_shares(taken, right, dict(zip(classes.tolist(), sizes.tolist(), strict=True)), what, count)
    expect(
        (np.diff(places) > 0).all(),
        f"{what} holds the right number of each class, and is not sorted: the indices ascend, `np.sort`.",
    )


def _explain_shares(
    taken: dict[int, int], right: dict[int, int], sizes: dict[int, int], what: str, count: int
) -> None:
    """Says what kind of subset holds so many items of each class."""
    few = "a class that has fewer than `count` gives all that it has"
    for wrong, hint in [
        ({label: min(count - 1, size) for label, size in sizes.items()}, "yours gives one less."),
        ({label: min(count + 1, size) for label, size in sizes.items()}, "yours gives one more."),
        (
            {label: min(count, *sizes.values()) for label in sizes},
            "yours gives of all as many as the smallest has.",
        ),
        (
            {label: min(count, size) * (size >= count) for label, size in sizes.items()},
            f"{few}: yours leaves it out.",
        ),
        (
            {label: min(count, size) * (size > count) for label, size in sizes.items()},
            f"{few}: yours leaves it out.",
        ),
        (
            {label: min(count, size) * (label in range(len(sizes))) for label, size in sizes.items()},
            "labels may be any whole numbers: yours are those from 0 on. `np.unique(labels)`.",
        ),
        (
            {label: min(count, size) * (label >= 0) for label, size in sizes.items()},
            "labels may be any whole numbers, negative ones too: `np.unique(labels)`.",
        ),
        (
            {label: size - min(count, size) for label, size in sizes.items()},
            "you return those that are left over.",
        ),
        (sizes, "yours are all items."),
        (
            {label: number * (label == min(sizes)) for label, number in right.items()},
            "yours are of one class alone. Is `return` inside of the loop, or is the subset begun anew for each class?",
        ),
        (
            {label: number * (label == max(sizes)) for label, number in right.items()},
            "yours are of one class alone. Is `return` inside of the loop, or is the subset begun anew for each class?",
        ),
    ]:
        expect(
            taken != wrong,
            f"{what} holds {taken} items by class, expected {right}: `count` items of each class; {hint}",
        )
    total = sum(taken.values())
    likely = (
        "that is the number of items in all: `count` items of *each class* are asked."
        if total == min(count, sum(sizes.values()))
        else f"`count` of each class, and all of one that has fewer, of {sizes}."
    )
    expect(False, f"{what} holds {taken} items by class, expected {right}: {likely}")


def _check_subsets(my_subsets: Callable, labels: np.ndarray, counts: list[int]) -> None:
    found = _draw(my_subsets, labels, counts, 3)
    for smaller, larger in itertools.pairwise(counts):
        lost = np.setdiff1d(found[smaller], found[larger])
        expect(
            not len(lost),
            f"For {len(labels)} labels and counts {counts} item {lost[:1]} is in the subset {smaller} and not in the larger one {larger}: put the "
            "items of each class in *one* random order, and take the first of it for every count.",
        )
    again = _draw(my_subsets, labels, counts, 3)
    expect(
        all(np.array_equal(found[count], again[count]) for count in counts),
        "The same seed gave other subsets when it was asked again: make the generator in your function, `rng = np.random.default_rng(seed)`.",
    )


def _check_chances(my_subsets: Callable) -> None:
    """Seeds differ, and each item of a class is drawn as often as the others."""
    labels = np.array([1, 0, 0, 1, 0, 1, 0, 0, 1, 1, 0])
    draws = np.array([_draw(my_subsets, labels, [2], seed)[2] for seed in range(60)])
    if (draws == draws[0]).all():
        ends = {
            "first": [0, 1, 2, 3],
            "last": [8, 9, 7, 10],
        }
        which = next((f" the {name}" for name, ends in ends.items() if sorted(ends) == draws[0].tolist()), "")
        taken = (
            f"Those are{which} items of each class: draw at random."
            if which
            else "Does `default_rng` get your `seed`?"
        )
        expect(False, f"60 seeds all draw the items {draws[0].tolist()}: another seed draws others. {taken}")
    times = np.bincount(draws.ravel(), minlength=len(labels))
    for label, low, high in [(0, 5, 37), (1, 8, 40)]:
        for place in np.flatnonzero(labels == label):
            size = int((labels == label).sum())
            expect(
                low <= times[place] <= high,
                f"In 60 draws of 2 of {size} items the item {place} came {plural(int(times[place]), 'time')}, expected about {120 // size}: every "
                "item has the same chance. Is it the last of its class, or the first?",
            )
    pairs = {tuple(draw[labels[draw] == 0]) for draw in draws.tolist() for draw in [np.array(draw)]}
    expect(
        len(pairs) > 8,
        f"There are 15 pairs of 6 items, and in 60 draws yours were only {len(pairs)}: what is drawn does not stand together, "
        "`rng.permutation` or `rng.choice(…, replace=False)`.",
    )


# --- 11.2 ---------------------------------------------------------------------------------------------------

_CHOICES = {
    "bar": {
        "above": "A probability *equal* to the threshold is enough: `>=`.",
        "below": "You take those *below* the threshold.",
        "none": "The threshold takes no part.",
        "margin": "The largest probability itself is compared with the threshold: yours is its distance to the second.",
        "share": "The probabilities stay as they are: you divided each row by its sum.",
    },
    "limit": {
        "none": "Of each class only the `per_class` most certain stay: yours keeps all.",
        "all": "`per_class` items of *each class* stay: yours are `per_class` in all.",
        "less": "`per_class` items of each class stay: yours are one less.",
        "more": "`per_class` items of each class stay: yours are one more.",
        "smallest": "A class with fewer items does not limit the others: yours all have as many as the smallest.",
        "drop": "A class with fewer than `per_class` items keeps all of them: yours drops it.",
        "one": "`per_class` items of each class stay: yours only the first.",
    },
    "rank": {
        "least": "Of each class the *most* certain stay: yours are the least certain.",
        "first": "Of each class the most *certain* stay: yours are the first ones.",
        "last": "Of each class the most *certain* stay: yours are the last ones.",
        "margin": "Certain is what has the largest probability: yours is the distance to the second.",
    },
    "tie": {
        "late": "Of equally certain items the one with the lower index comes first: yours the higher one. `np.argsort(-certainty, "
        'kind="stable")`, not `argsort(certainty)[::-1]`.',
    },
    "label": {
        "late": "Of equally probable classes the lower one is the label: yours the higher one.",
        "second": "The label is the class of the *largest* probability: yours of the second.",
        "least": "The label is the class of the *largest* probability: yours of the smallest.",
        "count": "Classes count from 0: your labels are one too high.",
    },
    "order": {
        "class": "The indices ascend: yours stand class by class. Sort them, and the labels along with them.",
        "certainty": "The indices ascend: yours begin with the most certain. Sort them, and the labels along with them.",
        "apart": "The indices were sorted, and their labels not: `labels[indices]` of the sorted ones.",
    },
}


@exercise(
    "11.2",
    "items and labels are right for 19 sets of probabilities, with ties, exact thresholds, missing classes, and nothing to choose",
    own=_COURSE,
    stops={
        r"arrays used as indices": "There may be nothing to choose, and `np.array([])` holds floats: `np.array(…, int)`.",
        r"need at least one array|zero-size|empty sequence": "There may be nothing to choose, of one class or at all: two arrays without entries.",
        r"index .*out of (range|bounds)|kth": "A class may have fewer than `per_class` items: a slice `[:per_class]` stops at the end.",
        **MIXED_TYPES,
    },
)
def pseudo_labels(my_pseudo_labels: Callable) -> None:
    """Checks the choice of items that get their prediction as a label (lesson 11).

    Args:
        my_pseudo_labels: function of ``(probabilities, threshold, per_class)``, float (n, classes), float and int, that
            returns ``(int indices (m,) ascending, int labels (m,))``.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(112)
    # Sixteenths, which are exact, so that ties are ties: of items, of classes, and with the threshold.
    first = [
        (rng.integers(1, 15, (26, 4)) / 16, 13 / 16, 3),
        (rng.integers(2, 12, (31, 3)) / 16, 10 / 16, 4),
        (rng.integers(4, 16, (22, 3)) / 16, 14 / 16, 3),
    ]
    found = [_choose_with(my_pseudo_labels, *given) for given in first]
    right = [_choose(*given) for given in first]
    swapped = [(labels, indices) for indices, labels in right]
    expect(found != swapped, "Your two results are exchanged: first the indices, then the labels.")
    name_mistakes(found, right, first, _choice_mistakes, operator.eq)
    for rows, threshold, per_class in [
        ([[0.5, 0.5]], 0.5, 1),
        ([[0.25, 0.75]], 0.8, 2),
        ([[0.25, 0.75], [0.875, 0.125]], 0.8, 2),
        ([[0.75, 0.25], [0.75, 0.25], [0.75, 0.25]], 0.75, 2),
        ([[0.75, 0.25], [0.875, 0.125], [1.0, 0.0]], 0.75, 2),
        ([[0.25, 0.5, 0.25], [0.5, 0.25, 0.25]], 0.0, 5),
        ([[0.125, 0.25, 0.625], [0.0, 0.0, 0.0]], 0.25, 1),
        ([[1.0], [0.5], [0.75]], 0.5, 2),
    ]:
        _check_choice(my_pseudo_labels, np.array(rows), threshold, per_class)
    for given in first:
        _check_choice(my_pseudo_labels, *given)
    probabilities, threshold, per_class = first[0]
    _check_choice(my_pseudo_labels, probabilities.astype(np.float32), threshold, per_class)
    _check_choice(my_pseudo_labels, np.asfortranarray(probabilities)[::-1], threshold, 2)
    _check_choice(my_pseudo_labels, probabilities, 1.0, per_class)
    _check_choice(my_pseudo_labels, probabilities / 1e6, threshold / 1e6, per_class)
    # So many ties that an unstable sort shows.
    _check_choice(my_pseudo_labels, rng.integers(0, 3, (400, 3)) / 4, 0.5, 60)
    _check_choice(my_pseudo_labels, rng.integers(0, 11, (300, 3)) / 16, 0.25, 45)
    for classes in (9, 2):
        drawn = rng.dirichlet(np.full(classes, 0.3), 120)
        _check_choice(my_pseudo_labels, drawn, 0.7, 7)


def _choose(
    probabilities: np.ndarray,
    threshold: float,
    per_class: int,
    bar: str = "",
    limit: str = "",
    rank: str = "",
    tie: str = "",
    label: str = "",
    order: str = "",
) -> tuple[list[int], list[int]]:
    """Indices and labels of what is chosen; the settings are what may go wrong."""
    n, classes = probabilities.shape
    ascending = np.sort(probabilities, axis=1)
    largest, margin = ascending[:, -1], ascending[:, -1] - (ascending[:, -2] if classes > 1 else 0)
    labels = {
        "late": classes - 1 - probabilities[:, ::-1].argmax(axis=1),
        "second": np.argsort(-probabilities, axis=1, kind="stable")[:, min(1, classes - 1)],
        "least": probabilities.argmin(axis=1),
    }.get(label, probabilities.argmax(axis=1))
    passes = {
        "above": largest > threshold,
        "below": largest < threshold,
        "none": largest == largest,
        "margin": margin >= threshold,
        "share": largest >= threshold * probabilities.sum(axis=1),
    }.get(bar, largest >= threshold)
    key = {"least": largest, "first": np.zeros(n), "last": -np.arange(n), "margin": -margin}.get(
        rank, -largest
    )
    by_rank = sorted(np.flatnonzero(passes), key=lambda i: (key[i], -i if tie == "late" else i))
    groups = [[i for i in by_rank if labels[i] == one] for one in range(classes)]
    smallest = min((len(group) for group in groups if group), default=0)
    most = {
        "none": n,
        "all": n,
        "less": per_class - 1,
        "more": per_class + 1,
        "smallest": min(per_class, smallest),
        "one": 1,
    }.get(limit, per_class)
    kept = [group[:most] for group in groups if limit != "drop" or len(group) >= per_class]
    chosen = [i for group in kept for i in group]
    if limit == "all":
        chosen = by_rank[:per_class]
    if order in ("", "apart"):
        indices = sorted(chosen)
    else:
        indices = sorted(chosen, key=by_rank.index) if order == "certainty" else chosen
    of = chosen if order == "apart" else indices
    return [int(i) for i in indices], [int(labels[i]) + (label == "count") for i in of]


def _choice_mistakes(probabilities: np.ndarray, threshold: float, per_class: int, count: int) -> _Mistakes:
    given = probabilities, threshold, per_class
    for changes in deviations(_CHOICES, count):
        yield _choose(*given, **changes), " ".join(_CHOICES[key][which] for key, which in changes.items())
    if count > 1:
        return
    rows, classes = np.nonzero(probabilities >= threshold)
    each = [
        sorted(rows[classes == one], key=lambda i: (-probabilities[i, one], i))[:per_class]
        for one in range(probabilities.shape[1])
    ]
    pairs = sorted((int(i), one) for one, group in enumerate(each) for i in group)
    hint = "An item has *one* label, the class of its largest probability: yours is chosen for every class that reaches the threshold."
    yield ([i for i, _ in pairs], [one for _, one in pairs]), hint
    tops = [
        sorted(range(len(probabilities)), key=lambda i: (-probabilities[i, one], i))[:per_class]
        for one in range(probabilities.shape[1])
    ]
    pairs = sorted((i, one) for one, group in enumerate(tops) for i in group)
    yield ([i for i, _ in pairs], [one for _, one in pairs]), hint
    indices, labels = _choose(*given)
    yield (
        ([], []),
        "Nothing was chosen: is there no item that reaches the threshold, or does the loop begin anew?",
    )
    yield (labels, labels), "Both of your results are the labels: first the indices."
    yield (indices, indices), "Both of your results are the indices: then the labels."


def _choose_with(
    my_pseudo_labels: Callable, probabilities: np.ndarray, threshold: float, per_class: int
) -> tuple[list[int], list[int]]:
    n, classes = probabilities.shape
    given = f"{plural(n, 'item')} and {classes} class{'es' * (classes > 1)}"
    parts = expect_parts(my_pseudo_labels(probabilities, threshold, per_class), ("indices", "labels"))
    names = f"Your indices for {given}", f"Your labels for {given}"
    hints = (
        "One row of indices: `np.concatenate` the classes.",
        "One number for each chosen item, no one-hot row.",
    )
    indices, labels = (_whole(*row) for row in zip(parts, names, hints, strict=True))
    everything = " Those are the labels of all: `labels[indices]`." if len(labels) == n else ""
    expect(
        len(indices) == len(labels),
        f"For {given} you return {len(indices)} indices and {plural(len(labels), 'label')}, expected as "
        f"many labels as indices.{everything}",
    )
    return indices.tolist(), labels.tolist()


def _check_choice(
    my_pseudo_labels: Callable, probabilities: np.ndarray, threshold: float, per_class: int
) -> None:
    indices, labels = _choose_with(my_pseudo_labels, probabilities, threshold, per_class)
    right, right_labels = _choose(probabilities, threshold, per_class)
    shown = (
        f"the probabilities {np.round(probabilities, 9).tolist()}"
        if probabilities.size < 10
        else f"probabilities of shape {probabilities.shape}"
    )
    given = f"For {shown}, threshold {threshold:g} and per_class {per_class}"
    certainty = dict(enumerate(probabilities.max(axis=1).tolist()))
    as_certain = sorted(map(certainty.get, right)) == sorted(certainty.get(item, -1.0) for item in indices)
    likely = (
        " Yours are as certain: of equally certain items the one with the lower index comes first. Is your sort stable, "
        '`np.argsort(-certainty, kind="stable")`?'
        if as_certain and sorted(indices) != right
        else ""
    )
    if len(right) > 12:
        differing = sorted({*indices} ^ {*right})
        expect(
            indices == right,
            f"{given} you chose {len(indices)} items, expected {len(right)}; the first that differs is item {differing[:1]}.{likely}",
        )
    expect(indices == right, f"{given} you chose the items {indices}, expected {right}.{likely}")
    expect(
        labels == right_labels,
        f"{given} your labels are {labels[:12]}, expected {right_labels[:12]}: the class of the largest probability, the lower one of two equals.",
    )


# --- 11.3 ---------------------------------------------------------------------------------------------------

_LOSSES = {
    "divergence": {
        "reverse": "KL(teacher‖student) takes its mean under the *teacher*: yours is KL(student‖teacher).",
        "cross-entropy": "The divergence is Σ p·(log p − log q): yours is −Σ p·log q, without the teacher's own entropy.",
        "entropy": "The divergence is Σ p·(log p − log q): yours is the teacher's entropy alone.",
        "negative": "The sign of your divergence is wrong: Σ p·(log p − log q), which is never negative.",
        "squares": "The divergence is Σ p·(log p − log q): yours are squared differences of probabilities.",
        "logits": "The divergence is Σ p·(log p − log q): yours are squared differences of logits.",
        "both": "The divergence goes one way, from the teacher to the student: yours is the mean of both.",
    },
    "power": {
        "0": "The divergence is multiplied by T²: yours by nothing.",
        "1": "The divergence is multiplied by T²: yours by T.",
        "-2": "The divergence is multiplied by T²: yours is divided by it.",
        "-1": "The divergence is multiplied by T²: yours is divided by T.",
        "4": "The divergence is multiplied by T², once: yours twice.",
    },
    "soft": {
        "1": "Both softmaxes of the divergence are of logits / T: yours are at temperature 1.",
        "times": "Both softmaxes of the divergence are of logits / T: yours of logits · T.",
        "teacher": "Both softmaxes of the divergence are of logits / T: the student's is at temperature 1.",
        "student": "Both softmaxes of the divergence are of logits / T: the teacher's is at temperature 1.",
        "later": "The temperature divides the *logits*, before the softmax: yours divides probabilities.",
    },
    "hard": {
        "T": "The cross-entropy is at temperature 1: yours is of logits / T.",
        "scaled": "T² belongs to the divergence alone: yours multiplies the cross-entropy too.",
        "teacher": "The cross-entropy is that of the *student*: yours of the teacher.",
        "predicted": "The cross-entropy is that of `labels`: yours of the classes that the teacher finds most probable.",
        "negative": "The sign of your cross-entropy is wrong: −log of the label's probability.",
        "probability": "The cross-entropy is −log of the label's probability: the logarithm is missing.",
        "classes": "The mean of the cross-entropy is over the items: yours divides by the classes too.",
        "none": "The cross-entropy with `labels` is missing.",
    },
    "weights": {
        "exchanged": "`weight` belongs to the divergence, 1 − `weight` to the cross-entropy: yours are exchanged.",
        "soft": "The divergence is multiplied by `weight`: yours by 1.",
        "hard": "The cross-entropy is multiplied by 1 − `weight`: yours by 1.",
        "none": "`weight` takes no part.",
        "same": "The cross-entropy is multiplied by 1 − `weight`: yours by `weight`.",
        "half": "`weight` takes no part: yours is the mean of both.",
    },
    "mean": {
        "sums": "The *means* over the items are asked: yours are sums.",
        "soft sum": "The *mean* of the divergence over the items is asked: yours is the sum.",
        "hard sum": "The *mean* of the cross-entropy over the items is asked: yours is the sum.",
        "soft classes": "The divergence of an item is a *sum* over the classes: yours is a mean over them too.",
        "less": "The mean divides by n: yours by n − 1.",
    },
    "log": {
        "2": "The natural logarithm is asked: yours is `np.log2`.",
        "10": "The natural logarithm is asked: yours is `np.log10`.",
    },
    "axis": {"items": "A softmax goes over the classes, axis 1: yours over the items."},
}


@exercise(
    "11.3",
    "the loss is right for 19 sets of logits, of one item and many, temperatures from 0.5 to 20, weights 0 and 1, and logits of ±10,000",
    own=_COURSE,
    stops={
        r"could not be broadcast": "`keepdims=True` keeps the axis over which a maximum or a sum is taken: (n, 1) beside (n, classes).",
        r"index .*out of (range|bounds)": "`labels` are classes, one for each item: `log_p[np.arange(n), labels]`.",
        r"must have the same shape|Shapes .*incompatible": "`labels` are whole numbers, no one-hot rows: `SparseCategoricalCrossentropy`, or index with them.",
        **MIXED_TYPES,
    },
)
def distillation_loss(my_distillation_loss: Callable) -> None:
    """Checks the loss of a student with a teacher and labels (lesson 11).

    Args:
        my_distillation_loss: function of ``(student_logits, teacher_logits, labels, temperature, weight)``, logits float (n, classes) twice,
            int (n,), float and float, that returns a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(113)
    first = [
        _draw_logits(rng, 5, 4, 3.0, 0.3),
        _draw_logits(rng, 3, 6, 1.7, 0.8),
        _draw_logits(rng, 7, 3, 0.6, 0.55),
    ]
    found = [_loss_with(my_distillation_loss, *given) for given in first]
    right = [_distil(*given) for given in first]
    name_mistakes(found, right, first, _loss_mistakes)
    for n, classes, temperature, weight in [
        (1, 2, 2.0, 0.5),
        (1, 5, 1.0, 0.25),
        (4, 3, 2.0, 1.0),
        (4, 3, 2.0, 0.0),
        (17, 9, 20.0, 0.9),
        (2, 40, 0.5, 0.1),
        (64, 10, 4.0, 0.7),
    ]:
        _check_loss(my_distillation_loss, *_draw_logits(rng, n, classes, temperature, weight))
    for given in first:
        _check_loss(my_distillation_loss, *given)
    student, teacher, labels, temperature, weight = first[0]
    single = student.astype(np.float32), teacher.astype(np.float32), labels.astype(np.int32)
    _check_loss(my_distillation_loss, *single, temperature, weight, tolerance=1e-3)
    _check_loss(my_distillation_loss, student, student.copy(), labels, 4, 1.0)
    moved = student + 700, teacher - 700, labels, 1.5, weight
    remark = (
        ", with 700 added to the student's logits and taken from the teacher's, which changes no softmax,"
    )
    _check_loss(my_distillation_loss, *moved, tolerance=1e-3, remark=remark)
    _check_loss(my_distillation_loss, np.zeros((3, 4)), np.zeros((3, 4)), np.array([0, 3, 1]), 3, 0.5)
    _check_large_logits(my_distillation_loss)


def _draw_logits(rng: np.random.Generator, n: int, classes: int, temperature: float, weight: float) -> tuple:
    student, teacher = 2 * rng.normal(size=(2, n, classes))
    return student, teacher, rng.integers(0, classes, n), temperature, weight


def _log_softmax(logits: np.ndarray, axis: int = 1) -> np.ndarray:
    logits = np.asarray(logits, np.float64)
    logits = logits - logits.max(axis=axis, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=axis, keepdims=True))


def _distil(
    student: np.ndarray,
    teacher: np.ndarray,
    labels: np.ndarray,
    temperature: float,
    weight: float,
    divergence: str = "",
    power: str = "2",
    soft: str = "",
    hard: str = "",
    weights: str = "",
    mean: str = "",
    log: str = "",
    axis: str = "",
) -> float:
    """The loss; the settings are what may go wrong."""
    n, classes = student.shape
    over = 0 if axis else 1
    by_teacher, by_student = {
        "1": (1.0, 1.0),
        "times": (1 / temperature, 1 / temperature),
        "teacher": (temperature, 1.0),
        "student": (1.0, temperature),
        "later": (1.0, 1.0),
    }.get(soft, (temperature, temperature))
    p, q = _log_softmax(teacher / by_teacher, over), _log_softmax(student / by_student, over)
    if soft == "later":
        p, q = p - np.log(temperature), q - np.log(temperature)
    parts = _divergences(p, q, student - teacher)[divergence]
    entropies = -_log_softmax(
        teacher if hard == "teacher" else student / (temperature if hard == "T" else 1), over
    )
    asked = teacher.argmax(axis=1) if hard == "predicted" else labels
    crossed = entropies[np.arange(n), asked]
    crossed = {
        "negative": -crossed,
        "probability": -np.exp(-crossed),
        "classes": crossed / classes,
        "scaled": crossed * temperature**2,
        "none": 0 * crossed,
    }.get(hard, crossed)
    shares = {
        "exchanged": (1 - weight, weight),
        "soft": (1, 1 - weight),
        "hard": (weight, 1),
        "none": (1, 1),
        "same": (weight, weight),
        "half": (0.5, 0.5),
    }.get(weights, (weight, 1 - weight))
    whole = max(n - 1, 1) if mean == "less" else n
    soft_count = {"sums": 1, "soft sum": 1, "soft classes": n * classes}.get(mean, whole)
    hard_count = {"sums": 1, "hard sum": 1}.get(mean, whole)
    scaled = temperature ** int(power) * parts.sum() / soft_count
    total = shares[0] * scaled + shares[1] * crossed.sum() / hard_count
    return float(total / np.log({"2": 2, "10": 10}.get(log, np.e)))


def _divergences(p: np.ndarray, q: np.ndarray, between: np.ndarray) -> dict[str, np.ndarray]:
    """How far two log-softmaxes are apart, as it is asked and as it may be computed instead."""
    forward, reverse = np.exp(p) * (p - q), np.exp(q) * (q - p)
    return {
        "": forward,
        "reverse": reverse,
        "cross-entropy": -np.exp(p) * q,
        "entropy": -np.exp(p) * p,
        "negative": -forward,
        "squares": (np.exp(p) - np.exp(q)) ** 2,
        "logits": between**2,
        "both": (forward + reverse) / 2,
    }


def _loss_mistakes(*given: object, count: int) -> _Mistakes:
    for changes in deviations(_LOSSES, count):
        yield _distil(*given, **changes), " ".join(_LOSSES[key][which] for key, which in changes.items())
    if count > 1:
        return
    *_, temperature, _ = given
    yield 0.0, "Your loss is 0: does it depend on what was given?"
    yield (
        _distil(*given) / temperature**2,
        "T² belongs to the divergence, and does not divide the whole loss.",
    )
    yield _distil(*given, weights="soft", hard="none"), "The cross-entropy is missing, and `weight`."
    yield (
        temperature**2 * _distil(*given, power="0"),
        "T² belongs to the divergence alone: yours multiplies the cross-entropy too.",
    )


def _losing(student: np.ndarray, temperature: float, weight: float) -> str:
    n, classes = student.shape
    return f"Your loss for {plural(n, 'item')}, {classes} classes, temperature {temperature:g} and weight {weight:g}"


def _loss_with(my_distillation_loss: Callable, *given: object) -> float:
    student, _, _, temperature, weight = given
    return expect_number(my_distillation_loss(*given), _losing(student, temperature, weight))


def _check_loss(
    my_distillation_loss: Callable, *given: object, tolerance: float = 1e-4, remark: str = ""
) -> None:
    student, _, _, temperature, weight = given
    found, what = _loss_with(my_distillation_loss, *given), _losing(student, temperature, weight) + remark
    expect(
        np.isfinite(found),
        f"{what} is {found}, expected {_distil(*given):.6g}. Subtract each row's largest logit before `np.exp`; and compute the *logarithm* of the "
        "softmax as logits − log Σ exp(logits): a probability may be 0, and then log(0) is −∞ and 0 · ∞ NaN.",
    )
    expect_close(found, _distil(*given), what, tolerance=tolerance)


def _check_large_logits(my_distillation_loss: Callable) -> None:
    """Logits under which most probabilities are 0 in any float."""
    far = np.array([[1e4, -1e4, 0.0], [-1e4, 1e4, 1e4], [0.0, 0.0, -1e4]])
    labels, remark = np.array([1, 0, 2]), ", with logits of ±10,000"
    for student, teacher, temperature, weight in [
        (far, far, 1.0, 0.5),
        (far, far[:, ::-1], 2.0, 0.9),
        (far, np.zeros((3, 3)), 1.0, 1.0),
        (np.zeros((3, 3)), far, 1.0, 1.0),
        (far[:, ::-1], far, 0.5, 0.25),
    ]:
        given = student, teacher, labels, temperature, weight
        found, right = _loss_with(my_distillation_loss, *given), _distil(*given)
        expect(
            not 0 <= found < 0.5 * right,
            f"{_losing(student, temperature, weight)}{remark} is {found:.6g}, expected {right:.6g}: do you clip, or add something small within "
            "the logarithm? Compute log of the softmax as logits − log Σ exp(logits), which needs neither.",
        )
        _check_loss(my_distillation_loss, *given, tolerance=1e-3, remark=remark)


# --- 11.4 ---------------------------------------------------------------------------------------------------


@exercise(
    "11.4",
    "numbers and scales are right for 11 kernels of two to four axes, with channels of zeros, exact halves, and sizes from 1e-8 to 1e8",
    own=_COURSE + r"|keras\.src\.quantizers\.\w+\.\w+",
    stops={
        r"could not be broadcast": "A scale for each output channel, the last axis: the largest magnitude is taken over all the other axes, "
        "`axis=tuple(range(kernel.ndim - 1))`.",
        r"axis .*out of bounds": "A kernel may have two, three or four axes: `tuple(range(kernel.ndim - 1))`.",
        r"unpack": "A kernel may have two, three or four axes: `kernel.reshape(-1, kernel.shape[-1])` makes two of them.",
        **MIXED_TYPES,
    },
)
def int8(my_int8: Callable) -> None:
    """Checks a kernel in whole numbers with a scale for each output channel (lesson 11).

    Args:
        my_int8: function of a float kernel (..., outputs) that returns ``(int8, same shape, float32 (outputs,))``.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(114)
    kernels = [
        rng.normal(size=(7, 5)) * [0.1, 1, 3, 0.02, 9],
        rng.normal(size=(3, 3, 2, 4)) + 0.3,
        -np.abs(rng.normal(size=(5, 3, 6))),
    ]
    for kernel in kernels:
        _check_int8(my_int8, kernel)
    empty = kernels[0].copy()
    empty[:, [1, 4]] = 0
    _check_int8(my_int8, empty)
    _check_halves(my_int8)
    for kernel in (
        np.zeros((2, 2, 1, 3)),
        np.array([[-3.0]]),
        np.array([[0.5], [-0.25], [0.1]]),
        kernels[0] * [1e-8, 1e8, 1, 1e-3, 1e4],
        kernels[1].astype(np.float32),
        np.asfortranarray(kernels[2])[::-1],
    ):
        _check_int8(my_int8, kernel)


def _check_int8(my_int8: Callable, kernel: np.ndarray) -> None:
    values, scales = _quantised(my_int8, kernel)
    flat = kernel.reshape(-1, kernel.shape[-1]).astype(np.float64)
    largest = np.abs(flat).max(axis=0)
    right = np.where(largest > 0, largest / 127, 1)
    what = f"Your scales for a kernel of shape {kernel.shape}"
    expect(
        np.isfinite(scales).all(),
        f"{what} hold NaN or infinity: does a channel of zeros get the scale 1?",
    )
    empty = largest == 0
    expect(
        np.allclose(scales[empty], 1),
        f"{what} hold {scales[empty].min(initial=1):.3g} for a channel of zeros, expected 1: neither 0 nor something tiny.",
    )
    # In shares of what is right: absolute differences of tiny scales would pass.
    expect_close(
        scales / right,
        np.ones_like(right),
        f"{what}, divided by the right ones,",
        _scale_mistakes(flat, right),
    )
    # What lies half-way, within the precision of a float32, may go either way here; exact halves come later.
    exact = (flat / right).reshape(kernel.shape)
    near = np.abs(values - exact) <= 0.5 + 1e-3
    if not near.all():
        _explain_values(values, exact, f"Your numbers for a kernel of shape {kernel.shape}")


def _quantised(my_int8: Callable, kernel: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    given = f"for a kernel of shape {kernel.shape}"
    outputs = kernel.shape[-1]
    values, scales = expect_parts(my_int8(kernel), ("values", "scales"))
    kinds = getattr(values, "dtype", None), getattr(scales, "dtype", None)
    expect(
        kinds != (np.float32, np.int8),
        "Your two results are exchanged: first the numbers, then the scales.",
    )
    shapes = [
        (kernel.shape[::-1], "The numbers keep the kernel's shape."),
        ((kernel.size // outputs, outputs), "The numbers keep the kernel's shape: `reshape` them back."),
        (
            (outputs, *kernel.shape[:-1]),
            "The numbers keep the kernel's shape: bring the channels back to the end.",
        ),
        ((kernel.size,), "The numbers keep the kernel's shape: `reshape` them back."),
    ]
    values = expect_array(values, kernel.shape, np.number, f"What you return as numbers {given}", shapes)
    signed = " Symmetric means that there are negative numbers." * (values.dtype == np.uint8)
    expect(
        values.dtype == np.int8,
        f"Your numbers {given} have dtype {values.dtype}, expected int8, a byte each: `.astype(np.int8)`.{signed}",
    )
    shapes = [
        ((), "*Each* output channel has its own scale: the largest magnitude over all axes but the last."),
        ((1,), "*Each* output channel has its own scale: the largest magnitude over all axes but the last."),
        (
            (1,) * (kernel.ndim - 1) + (outputs,),
            "One axis alone: `keepdims` is for computing, `scales.ravel()` for returning.",
        ),
        (
            kernel.shape[:-1],
            "The output channels are the *last* axis: the largest magnitude is taken over all the others.",
        ),
        (
            kernel.shape[1:],
            "The largest magnitude is taken over *all* axes but the last, `axis=tuple(range(kernel.ndim - 1))`.",
        ),
        (kernel.shape[:1], "The output channels are the *last* axis."),
        (
            (*kernel.shape[:-1], 1),
            "The output channels are the *last* axis: the largest magnitude is taken over all the others.",
        ),
    ]
    scales = expect_array(scales, (outputs,), np.floating, f"What you return as scales {given}", shapes)
    expect(
        scales.dtype == np.float32,
        f"Your scales {given} have dtype {scales.dtype}, expected float32, four bytes each: `.astype(np.float32)`.",
    )
    return values, scales.astype(np.float64)


def _scale_mistakes(flat: np.ndarray, right: np.ndarray) -> _Mistakes:
    largest = np.abs(flat).max(axis=0)
    each = "*Each* output channel has its own scale"
    span = flat.max(axis=0) - flat.min(axis=0)
    wrong = "The scale is largest magnitude / 127"
    for value, hint in [
        (largest / 128, f"{wrong}: yours / 128."),
        (largest / 255, f"{wrong}: yours / 255."),
        (largest / 256, f"{wrong}: yours / 256."),
        (largest / 126, f"{wrong}: yours / 126."),
        (2 * largest / 255, f"{wrong}: yours / 127.5."),
        (largest, f"{wrong}: yours is the largest magnitude itself."),
        (
            1 / right,
            f"{wrong}, by which numbers are *multiplied* to get the kernel back: yours is 1 / scale.",
        ),
        (np.full_like(right, largest.max() / 127), f"{each}: all of yours are that of the whole kernel."),
        (span / 255, f"{wrong}: symmetric, so that zero stays zero. Yours is (max − min) / 255."),
        (span / 254, f"{wrong}: symmetric, so that zero stays zero. Yours is (max − min) / 254."),
        (span / 127, f"{wrong}: yours is (max − min) / 127."),
        (
            flat.max(axis=0) / 127,
            f"{wrong}: yours forgets that the largest magnitude may be negative, `np.abs`.",
        ),
        (-flat.min(axis=0) / 127, f"{wrong}: yours looks at the smallest number alone, `np.abs`."),
        (np.abs(flat).mean(axis=0) / 127, f"{wrong}: yours is the mean magnitude / 127."),
        (flat.std(axis=0) / 127, f"{wrong}: yours is the standard deviation / 127."),
        (np.ones_like(right), f"{wrong}: yours are all 1."),
        (right[::-1], "Your scales stand in the opposite order."),
    ]:
        yield value / right, hint


def _explain_values(values: np.ndarray, exact: np.ndarray, what: str) -> None:
    """Says how whole numbers were made of these, or which is wrong."""
    values = values.astype(np.float64)  # bytes would run over
    close = values - exact
    inner = np.abs(exact) < 126.9
    for fits, hint in [
        (
            (np.abs(close) < 1e-3).sum() == 0 and (values == 0).all(),
            "All of them are 0: are the numbers divided by their scale *before* they become whole?",
        ),
        (
            (np.abs(values - exact[..., ::-1]) <= 0.501).all(),
            "they stand in the opposite order of the channels.",
        ),
        ((np.abs(values + exact) <= 0.501).all(), "their signs are exchanged."),
        (
            ((close <= 1e-3) & (close > -1 - 1e-3)).all(),
            "they are rounded down: `np.round` goes to the nearest.",
        ),
        (
            ((close >= -1e-3) & (close < 1 + 1e-3)).all(),
            "they are rounded up: `np.round` goes to the nearest.",
        ),
        (
            ((np.abs(values) <= np.abs(exact) + 1e-3) & (np.abs(close) < 1 + 1e-3)).all(),
            "their fractions are cut off, as `astype` does: `np.round` first.",
        ),
        (
            ((np.abs(close) <= 0.501) | ~inner).all(),
            "the largest magnitude is not 127 or −127: numbers of more than 127 start again at −128 in an int8.",
        ),
        ((np.abs(values - np.clip(np.round(exact), 0, 127)) < 1).all(), "negative numbers became 0."),
        ((np.abs(values - np.round(np.abs(exact))) < 1.001).all(), "they have lost their signs."),
        ((np.abs(2 * values - exact) < 2).all(), "they go to 63 or 64: the whole range to 127 is asked."),
    ]:
        expect(not fits, f"{what}: {hint}")
    place = np.unravel_index(np.abs(close).argmax(), close.shape)
    expect(
        False,
        f"{what}: at index {tuple(int(i) for i in place)} stands {values[place]:g}, expected {exact[place]:.4f} rounded: the kernel's number divided "
        "by the scale of its channel.",
    )


def _check_halves(my_int8: Callable) -> None:
    """Scales that are powers of two, so that halves are halves."""
    halves = np.array([0.5, 1.5, 2.5, 3.5, 126.5, -0.5, -1.5, -2.5, -3.5, -126.5, 4.0, 127.0])
    kernel = np.stack([0.25 * halves, -2 * halves, 1024 * halves], axis=1)
    values, _ = _quantised(my_int8, kernel)
    right = np.rint(halves)
    first = values[:, 0].astype(np.float64)
    away = np.sign(halves) * np.floor(np.abs(halves) + 0.5)
    for wrong, hint in [
        (np.floor(halves + 0.5), "yours go up, as `np.floor(x + 0.5)` does"),
        (away, "yours go away from zero"),
        (np.ceil(halves - 0.5), "yours go down"),
        (np.trunc(halves), "yours go towards zero"),
    ]:
        expect(
            not np.array_equal(first, wrong),
            f"Half-way goes to the *even* number, 0.5 to 0 and 1.5 to 2, as `np.round` does it: {hint}.",
        )
    expected = np.stack([right, -right, right], axis=1)
    wrong = np.argwhere(values != expected)
    expect(
        not len(wrong),
        ""
        if not len(wrong)
        else f"With a scale of {kernel[-1, wrong[0][1]] / 127:g} the number {kernel[tuple(wrong[0])]:g} becomes {values[tuple(wrong[0])]}, expected "
        f"{int(expected[tuple(wrong[0])])}: half-way goes to the even number.",
    )


# --- 11.5 ---------------------------------------------------------------------------------------------------


@exercise(
    "11.5",
    "the products come as near as any of their rank for 22 kernels, wide, high and square, of rank 1 to the full one",
    own=_COURSE,
    stops={
        r"could not be broadcast|not aligned|mismatch in its core": "`np.linalg.svd(kernel, full_matrices=False)` gives (inputs, k), (k,) and "
        "(k, outputs), k the smaller side: columns of the first, *rows* of the last.",
        r"unpack": "`np.linalg.svd` gives three: left vectors, sizes, right vectors as rows.",
        r"must be square|not square|square array": "A kernel need not be square: singular values exist for each.",
        r"unsupported data type|float16": "`np.linalg` computes in float32 or float64.",
        **MIXED_TYPES,
    },
)
def factors(my_factors: Callable) -> None:
    """Checks the two thin matrices whose product is nearest to a kernel (lesson 11).

    Args:
        my_factors: function of ``(kernel, rank)``, float (inputs, outputs) and int, that returns ``(float (inputs, rank),
            float (rank, outputs))``.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(115)
    for shape, ranks in [
        ((6, 6), (3, 2, 6)),
        ((9, 5), (1, 2, 4, 5)),
        ((4, 11), (3, 1, 4)),
        ((1, 7), (1,)),
        ((8, 1), (1,)),
        ((1, 1), (1,)),
    ]:
        kernel = rng.normal(size=shape) + 0.7  # a mean, so that taking it away shows
        for rank in ranks:
            _check_factors(my_factors, kernel, rank)
    kernel = rng.normal(size=(7, 5))
    _check_factors(my_factors, kernel.astype(np.float32), 2)
    _check_factors(my_factors, np.asfortranarray(kernel)[::-1], 3)
    _check_factors(my_factors, 1e6 * kernel, 2)
    _check_factors(my_factors, 1e-6 * kernel, 2)
    _check_factors(my_factors, np.eye(5), 3)  # all sizes equal: several products are nearest
    _check_factors(my_factors, np.zeros((3, 4)), 2)
    _check_factors(
        my_factors, np.outer(np.arange(1.0, 5), np.arange(6.0)), 3
    )  # less than what is asked suffices
    symmetric = kernel.T @ kernel - 3 * np.eye(5)
    _check_factors(my_factors, symmetric, 2)
    _check_factors(my_factors, np.diag([1.0, -4.0, 2.0, -3.0]), 2)


def _check_factors(my_factors: Callable, kernel: np.ndarray, rank: int) -> None:
    inputs, outputs = kernel.shape
    given = f"for a kernel of shape {kernel.shape} and rank {rank}"
    value = my_factors(kernel, rank)
    expect(
        not isinstance(value, tuple | list) or len(value) != 3,
        f"{given.capitalize()} you return three things, expected two: multiply the sizes into one of the matrices.",
    )
    left, right = expect_parts(value, ("first", "second"))
    exchanged = "Your two matrices are exchanged: first (inputs, rank), then (rank, outputs)."
    if inputs != outputs and np.shape(left) == (rank, outputs) and np.shape(right) == (inputs, rank):
        expect(False, exchanged)
    full = "Only `rank` of the {} are kept: `[{}]`."
    left = expect_array(
        left,
        (inputs, rank),
        np.floating,
        f"Your first matrix {given}",
        [
            ((rank, inputs), "It is transposed: a column for each number of the rank."),
            ((rank, outputs), exchanged),
            ((inputs, min(inputs, outputs)), full.format("columns", ":, :rank")),
            ((inputs, inputs), full.format("columns", ":, :rank")),
            ((inputs, outputs), full.format("columns", ":, :rank")),
            ((rank, rank), "The columns are cut: `[:, :rank]`, all of the rows."),
            ((inputs, rank - 1), "One column is missing."),
            ((inputs, rank + 1), "One column is too many."),
            ((inputs,), "A column is an axis too: `[:, :rank]`, also for rank 1."),
        ],
    )
    right = expect_array(
        right,
        (rank, outputs),
        np.floating,
        f"Your second matrix {given}",
        [
            (
                (outputs, rank),
                "It is transposed: `np.linalg.svd` gives the right vectors as *rows*, `[:rank]`.",
            ),
            ((inputs, rank), exchanged),
            ((min(inputs, outputs), outputs), full.format("rows", ":rank")),
            ((outputs, outputs), full.format("rows", ":rank")),
            ((min(inputs, outputs), rank), "`np.linalg.svd` gives the right vectors as *rows*: `[:rank]`."),
            ((outputs,), "A row is an axis too: `[:rank]`, also for rank 1."),
        ],
    )
    expect(
        np.isfinite(left).all() and np.isfinite(right).all(),
        f"Your matrices {given} hold NaN or infinity: a singular value may be 0, and nothing is divided by it.",
    )
    size = max(float(np.linalg.norm(kernel.astype(np.float64))), 1e-30)
    product, kernel = left.astype(np.float64) @ right.astype(np.float64), kernel.astype(np.float64)
    best = float((np.linalg.svd(kernel / size, compute_uv=False)[rank:] ** 2).sum())
    error = float((((kernel - product) / size) ** 2).sum())
    if error <= best + 1e-4:
        return
    for wrong, hint in _product_mistakes(kernel, rank):
        expect(not np.allclose(product, wrong, rtol=1e-4, atol=1e-4 * size), hint)
    expect(
        False,
        f"Your product {given} is off by {error * size**2:.4g}, the sum of squared differences; the least that this rank allows is "
        f"{best * size**2:.4g}: the largest singular values, `np.linalg.svd`.",
    )


def _product_mistakes(kernel: np.ndarray, rank: int) -> _Mistakes:
    """Products that come of a typical mistake."""
    left, sizes, right = np.linalg.svd(kernel, full_matrices=False)
    kept = slice(0, rank)

    def product(power: np.ndarray, chosen: slice = kept) -> np.ndarray:
        return left[:, chosen] * power[chosen] @ right[chosen]

    yield np.zeros_like(kernel), "Your product is 0: do the matrices depend on the kernel?"
    largest = "The *largest* singular values are kept, which `np.linalg.svd` gives first"
    yield product(sizes, slice(len(sizes) - rank, None)), f"{largest}: yours are the last."
    yield product(sizes, slice(1, rank + 1)), f"{largest}: yours begin with the second."
    yield product(sizes, slice(0, rank - 1)), f"{largest}: one of yours is missing."
    yield product(sizes, slice(0, 1)), "All of `rank` singular values take part: yours is the first alone."
    yield (
        product(sizes**2),
        "The singular values come *once*: multiply one of the matrices by them, or both by their root.",
    )
    yield (
        product(np.sqrt(sizes)),
        "The root of the singular values belongs to *both* matrices, or they themselves to one.",
    )
    yield product(1 / np.maximum(sizes, 1e-12)), "Multiply by the singular values: you divided by them."
    yield -product(sizes), "The sign of one matrix is wrong."
    if kernel.shape[0] == kernel.shape[1]:
        turned = left[:, kept] * sizes[kept] @ right[:, kept].T
        yield turned, "`np.linalg.svd` gives the right vectors as *rows*: `right[:rank]`."
        yield left[kept].T * sizes[kept] @ right[kept], "The left vectors are *columns*: `left[:, :rank]`."
    for axis in (0, 1):
        centred = kernel - kernel.mean(axis=axis, keepdims=True)
        a, b, c = np.linalg.svd(centred, full_matrices=False)
        yield (
            a[:, kept] * b[kept] @ c[kept],
            "The mean was taken away, as principal components ask: the kernel stays as it is.",
        )
    columns, rows = kernel.copy(), kernel.copy()
    columns[:, rank:], rows[rank:] = 0, 0
    for cut in (columns, rows):
        yield (
            cut,
            "You kept the first rows or columns of the kernel: the nearest product mixes all of them, by singular values.",
        )
    q, r = np.linalg.qr(kernel)
    yield (
        q[:, kept] @ r[kept],
        "The first columns of the kernel, or of its QR decomposition, do not come nearest: `np.linalg.svd`.",
    )
    yield (
        left[:, kept] @ right[kept],
        "The singular values are missing: multiply one of the matrices by them.",
    )


# --- 11.6 ---------------------------------------------------------------------------------------------------

_MEANS = {
    "divisor": {
        "all": "The mean is over those that are *present*: yours divides by the number of all modalities.",
        "none": "The *mean* is asked: yours is the sum.",
        "less": "Divide by the number of those present: yours is one less.",
        "more": "Divide by the number of those present: yours is one more.",
        "root": "Divide by the number of those present: yours is its root.",
        "batch": "Each item divides by the number that *it* has: yours by the mean over the items.",
        "first": "Each item divides by the number that *it* has: yours by that of the first item.",
    },
    "which": {
        "absent": "True means present: you took the mean of the absent ones.",
        "everything": "`present` takes no part: what is absent may hold anything.",
        "first": "The mean of *all* that are present is asked: yours is the first of them.",
        "last": "The mean of *all* that are present is asked: yours is the last of them.",
        "complete": "An item needs not have every modality: yours is 0 where one is absent.",
        "pattern": "Each item has its own row of `present`: yours is that of the first.",
    },
    "what": {
        "max": "The *mean* is asked: yours is the maximum.",
        "min": "The *mean* is asked: yours is the minimum.",
        "median": "The *mean* is asked: yours is the median.",
        "squares": "The *mean* is asked: yours is that of the squares.",
        "size": "The *mean* is asked: yours was divided by its length.",
    },
    "empty": {
        "one": "An item without any modality gets zeros: yours gets ones.",
        "mean": "An item without any modality gets zeros: yours gets the mean of what it should not have.",
    },
}


@exercise(
    "11.6",
    "the means are right for 15 batches, of one item, modality and number too, with NaN, infinity and huge numbers where nothing is present",
    own=_COURSE,
    stops={
        r"could not be broadcast|must be broadcast|Incompatible shapes": "`present` is (n, modalities) and features (n, modalities, width): "
        "`present[:, :, np.newaxis]` fits beside them.",
        r"ZeroDivisionError": "An item may have no modality at all: zeros then.",
        r"stack arrays|same shape|inhomogeneous": "Items have different numbers of modalities, and each gets one row of `width` numbers: zeros "
        "where there is none.",
        r"boolean index did not match": "`features[present]` takes away two axes; go through the items, `features[i][present[i]]`, or use `np.where`.",
        r"numpy boolean subtract|bitwise|multiply.*bool": "`present` is True and False: `present.astype(float)` are numbers.",
        **MIXED_TYPES,
    },
)
def mean_of_present(my_mean_of_present: Callable) -> None:
    """Checks the mean of the modalities that are there (lesson 11).

    Args:
        my_mean_of_present: function of ``(features, present)``, float (n, modalities, width) and bool (n, modalities), that
            returns float (n, width).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(116)
    first = []
    for n, modalities, width in [(6, 3, 4), (5, 4, 2), (9, 2, 5)]:
        present = rng.random((n, modalities)) < 0.6
        present[0], present[1], present[2] = True, False, np.arange(modalities) == 1
        order = rng.permutation(n)
        first.append((rng.normal(size=(n, modalities, width)) + 0.5, present[order]))
    found = [_averaged(my_mean_of_present, *given) for given in first]
    right = [_average(*given) for given in first]
    name_mistakes(found, right, first, _mean_mistakes, are_close_arrays)
    for shape in [(1, 1, 1), (1, 3, 2), (4, 1, 3), (3, 5, 1), (64, 2, 17)]:
        _check_mean(my_mean_of_present, rng.normal(size=shape), rng.random(shape[:2]) < 0.5)
    features, present = first[0]
    for rest in (np.nan, np.inf, -np.inf, 1e300):
        _check_mean(
            my_mean_of_present,
            np.where(present[:, :, np.newaxis], features, rest),
            present,
            f" and {rest:g} where nothing is present",
        )
    _check_mean(
        my_mean_of_present,
        np.full((3, 2, 4), np.nan),
        np.zeros((3, 2), bool),
        " and NaN, and no modality at all",
    )
    for given in first:
        _check_mean(my_mean_of_present, *given)
    _check_mean(my_mean_of_present, features.astype(np.float32), present)
    _check_mean(my_mean_of_present, 1e6 * features, present, size=1e6)


def _average(
    features: np.ndarray,
    present: np.ndarray,
    divisor: str = "",
    which: str = "",
    what: str = "",
    empty: str = "",
) -> np.ndarray:
    """Item by item; the settings are what may go wrong."""
    n, modalities, width = features.shape
    result = np.zeros((n, width))
    for i in range(n):
        row = {
            "absent": ~present[i],
            "everything": np.ones(modalities, bool),
            "complete": present[i] & present[i].all(),
            "pattern": present[0],
        }.get(which, present[i])
        there = features[i][row].astype(np.float64)
        if which in ("first", "last"):
            there = there[:1] if which == "first" else there[-1:]
        if not len(there):
            result[i] = {"one": 1.0, "mean": features[i].mean(axis=0)}.get(empty, 0.0)
            continue
        count = {
            "all": modalities,
            "none": 1,
            "less": max(len(there) - 1, 1),
            "more": len(there) + 1,
            "root": len(there) ** 0.5,
            "batch": max(present.sum(axis=1).mean(), 1e-9),
            "first": max(present[0].sum(), 1),
        }.get(divisor, len(there))
        result[i] = {
            "max": there.max(axis=0),
            "min": there.min(axis=0),
            "median": np.median(there, axis=0),
            "squares": (there**2).mean(axis=0),
            "size": there.mean(axis=0) / max(np.linalg.norm(there.mean(axis=0)), 1e-9),
        }.get(what, there.sum(axis=0) / count)
    return result


def _mean_mistakes(features: np.ndarray, present: np.ndarray, count: int) -> _Mistakes:
    for changes in deviations(_MEANS, count):
        hint = " ".join(_MEANS[key][which] for key, which in changes.items())
        yield _average(features, present, **changes), hint
    if count > 1:
        return
    right = _average(features, present)
    yield right.mean(axis=0, keepdims=True) + 0 * right, "Each item has its own mean: yours are all alike."
    yield (
        right.mean(axis=1, keepdims=True) + 0 * right,
        "Each number of the width has its own mean: yours are all alike.",
    )
    yield right[::-1], "Your items stand in the opposite order."
    yield 0 * right, "All of your numbers are 0."
    holes = np.where(present[:, :, np.newaxis] & (features != 0), features, 0)
    yield holes.max(axis=1), "The *mean* is asked: yours is the maximum, of zeros too."


def _averaged(my_mean_of_present: Callable, features: np.ndarray, present: np.ndarray) -> np.ndarray:
    n, modalities, width = features.shape
    shapes = [
        ((n, modalities, width), "The modalities become one: a sum over axis 1 is left to be taken."),
        ((modalities, width), "The mean is over the *modalities*, axis 1: yours is over the items."),
        ((n, modalities), "The mean is over the modalities, axis 1: yours is over the width."),
        ((n, 1, width), "One axis is left over: no `keepdims` in the sum over the modalities."),
        ((width,), "Each item has its own mean: is `return` inside of the loop?"),
        ((n,), "Each item keeps `width` numbers: the mean is over the modalities alone."),
        ((int(present.any(axis=1).sum()), width), "Items that have no modality keep a row, of zeros."),
    ]
    what = f"What you return for features of shape {features.shape}"
    return expect_array(my_mean_of_present(features, present), (n, width), np.floating, what, shapes)


def _check_mean(
    my_mean_of_present: Callable,
    features: np.ndarray,
    present: np.ndarray,
    remark: str = "",
    size: float = 1,
) -> None:
    found, right = _averaged(my_mean_of_present, features, present), _average(features, present)
    what = f"The mean for features of shape {features.shape}{remark}"
    lost = np.flatnonzero(~np.isfinite(found).all(axis=1))
    if len(lost):
        nothing = not present[lost[0]].any()
        likely = (
            "An item that has no modality gets zeros: 0 / 0 is NaN."
            if nothing and np.isfinite(features).all()
            else "NaN · 0 and ∞ · 0 are NaN: choose, `np.where(present[:, :, np.newaxis], features, 0)`, in place of multiplying. And an item "
            "that has no modality gets zeros."
        )
        expect(
            False,
            f"{what} is {found[lost[0]][:1]} for item {lost[0]}, whose `present` is {present[lost[0]].tolist()}. {likely}",
        )
    huge = np.abs(found.astype(np.float64)) > 1e100
    expect(
        not huge.any(),
        f"{what} holds {found[huge][:1]}: what is absent takes part, or is taken for the largest number.",
    )
    expect_close(found / size, right / size, what)


# --- 11.7 ---------------------------------------------------------------------------------------------------

_BEATS = (
    "One row beats another if it costs no more, is at least as accurate, and is better in *one* of the two"
)
_FRONTS = {
    "beats": {
        "both": f"{_BEATS}: yours must be better in both.",
        "cost": f"{_BEATS}: yours must be cheaper.",
        "accuracy": f"{_BEATS}: yours must be more accurate.",
        "weak": f"{_BEATS}: equal rows do not beat each other, and all of them stay.",
        "either": f"{_BEATS}, and not worse in the other.",
    },
    "equal": {
        "first": "Equal rows do not beat each other: all of them stay, and yours keep the first alone.",
        "last": "Equal rows do not beat each other: all of them stay, and yours keep the last alone.",
    },
    "order": {
        "index": "The rows ascend by *cost*: yours stand by index.",
        "descending": "The rows *ascend* by cost: yours descend.",
        "late": 'Of equal rows the lower index comes first: yours the higher one. `np.argsort(costs, kind="stable")`.',
        "backward": "The rows ascend by *cost*: yours stand by index, from behind.",
    },
    "aim": {
        "dear": "What costs *less* is better: you look for what costs more.",
        "wrong": "What is *more* accurate is better: you look for what is less accurate.",
        "both": "Cheap and accurate is good: you look for the dear and inaccurate.",
        "inverted": "You return the rows that *are* beaten.",
    },
    "way": {
        "running": "Rows of equal cost: only the most accurate of them is on the front, whichever comes first. And equal rows stay.",
        "running equal": "A row that costs more and is *just as* accurate as a cheaper one is beaten: `>=` keeps it.",
        "best": "All rows that no other beats are asked: yours are the most accurate alone.",
        "cheapest": "All rows that no other beats are asked: yours are the cheapest alone.",
        "hull": "The front needs not be convex: a row below the line between two others is on it, unless *one row* beats it.",
        "neighbour": "A row is compared with *all* cheaper ones: yours only with the next cheaper one.",
        "ratio": "All rows that no other beats are asked: yours has the best ratio of accuracy and cost.",
    },
}


@exercise(
    "11.7",
    "the fronts are right for all 819 tables of up to three rows with three costs and accuracies, for 128 of four rows, and for long ones",
    own=_COURSE,
    stops={
        r"truth value": "`costs[i] <= costs` is an array: compare two rows, or say `.any()`.",
        r"'(list|int|numpy\.\w+)' object (has no attribute|is not)": "The arguments are arrays, and a list of whole numbers is asked.",
        r"index .*out of (range|bounds)|zero-size|empty": "There may be one row alone.",
        r"modified|list\.remove": "Do not remove rows from the list through which you go: begin a new one.",
    },
)
def pareto(my_pareto: Callable) -> None:
    """Checks which rows no other row beats (lesson 11).

    Args:
        my_pareto: function of ``(costs, accuracies)``, float (n,) twice, that returns the list of the indices of the rows on
            the front, ascending by cost.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(117)
    first = [_draw_table(rng, 16), _draw_table(rng, 20), _draw_table(rng, 18)]
    found = [_front_with(my_pareto, *given) for given in first]
    right = [_front(*given) for given in first]
    name_mistakes(found, right, first, _front_mistakes, operator.eq)
    cells = [(cost, accuracy) for cost in (1.0, 2.0, 4.0) for accuracy in (0.0, 0.5, 0.75)]
    few = [cell for cell in cells if cell[0] < 3 and cell[1] < 0.7]
    for rows in [
        *_tables(cells, 1),
        *_tables(cells, 2),
        *_tables(cells, 3),
    ]:  # the shortest first: they can be read
        _check_front(my_pareto, *np.array(rows).T)
    for given in first:
        _check_front(my_pareto, *given)
    for rows in [*_tables(few, 4)][::2]:
        _check_front(my_pareto, *np.array(rows).T)
    costs, accuracies = rng.permutation(200.0 * np.arange(150)), rng.random(150)
    _check_front(my_pareto, costs, accuracies)
    _check_front(my_pareto, 1e12 * costs, accuracies)
    _check_front(my_pareto, (costs / 1e9).astype(np.float32), accuracies.astype(np.float32))
    _check_front(my_pareto, np.sort(costs)[::-1], np.sort(accuracies)[::-1])


def _tables(cells: list[tuple[float, float]], rows: int) -> Iterator[tuple]:
    return itertools.product(cells, repeat=rows)


def _draw_table(rng: np.random.Generator, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Models of which some are equal, some of equal cost or accuracy, and a front that is no straight line."""
    costs = rng.integers(1, 9, n) * 0.5
    accuracies = np.round(0.3 + 0.08 * costs + rng.integers(0, 4, n) * 0.1, 2)
    best = _front(costs, accuracies)
    for row, (dearer, worse) in zip(
        rng.permutation([row for row in range(n) if row not in best])[:4],
        [(0, 0), (0.25, 0), (0, 0.01), (0, 0)],
        strict=True,
    ):
        model = rng.choice(best)
        costs[row], accuracies[row] = costs[model] + dearer, accuracies[model] - worse
    return costs, accuracies


def _front(
    costs: np.ndarray,
    accuracies: np.ndarray,
    beats: str = "",
    equal: str = "",
    order: str = "",
    aim: str = "",
    way: str = "",
) -> list[int]:
    """Indices of the rows on the front; the settings are what may go wrong."""
    costs = -costs if aim in ("dear", "both") else costs
    accuracies = -accuracies if aim in ("wrong", "both") else accuracies
    cost, accuracy = np.asarray(costs, np.float64)[:, np.newaxis], np.asarray(accuracies)[:, np.newaxis]
    cheaper, finer = costs < cost, accuracies > accuracy
    no_dearer, no_worse = costs <= cost, accuracies >= accuracy
    others = ~np.eye(len(costs), dtype=bool)
    beaten = {
        "both": cheaper & finer,
        "cost": cheaper & no_worse,
        "accuracy": no_dearer & finer,
        "weak": no_dearer & no_worse & others,
        "either": cheaper | finer,
    }.get(beats, no_dearer & no_worse & (cheaper | finer)).any(axis=1)
    rows = {
        "running": lambda: _running(costs, accuracies, operator.gt),
        "running equal": lambda: _running(costs, accuracies, operator.ge),
        "best": lambda: np.flatnonzero(accuracies == accuracies.max()),
        "cheapest": lambda: np.flatnonzero(costs == costs.min()),
        "hull": lambda: _hull(costs, accuracies),
        "neighbour": lambda: _neighbours(costs, accuracies),
        "ratio": lambda: [int((accuracies / costs).argmax())],
    }.get(way, lambda: np.flatnonzero(beaten if aim == "inverted" else ~beaten))()
    rows = [int(row) for row in rows]
    if equal:
        pairs = {}
        for row in sorted(rows, reverse=equal == "first"):
            pairs[costs[row], accuracies[row]] = row
        rows = [*pairs.values()]
    keys = {
        "index": lambda row: row,
        "backward": lambda row: -row,
        "descending": lambda row: (-costs[row], row),
        "late": lambda row: (costs[row], -row),
    }
    return sorted(rows, key=keys.get(order, lambda row: (costs[row], row)))


def _running(costs: np.ndarray, accuracies: np.ndarray, better: Callable) -> list[int]:
    best, rows = -np.inf, []
    for row in np.argsort(costs, kind="stable"):
        if better(accuracies[row], best):
            best = accuracies[row]
            rows.append(row)
    return rows


def _neighbours(costs: np.ndarray, accuracies: np.ndarray) -> np.ndarray:
    order = np.argsort(costs, kind="stable")
    return order[np.diff(accuracies[order], prepend=-np.inf) > 0]


def _hull(costs: np.ndarray, accuracies: np.ndarray) -> list[int]:
    """The rows of the front that lie on its upper hull."""
    rows = []
    for row in _front(costs, accuracies):
        while len(rows) > 1:
            (x0, y0), (x1, y1), (x2, y2) = ((costs[i], accuracies[i]) for i in (*rows[-2:], row))
            if (y1 - y0) * (x2 - x0) >= (y2 - y0) * (x1 - x0):
                break
            rows.pop()
        rows.append(row)
    return rows


def _front_mistakes(costs: np.ndarray, accuracies: np.ndarray, count: int) -> _Mistakes:
    for changes in deviations(_FRONTS, count):
        yield (
            _front(costs, accuracies, **changes),
            " ".join(_FRONTS[key][which] for key, which in changes.items()),
        )
    if count > 1:
        return
    right = _front(costs, accuracies)
    yield (
        [],
        "Your list is empty: the cheapest row of all, if it is the most accurate of these, is never beaten.",
    )
    yield right[:1], "One row alone: is `return` inside of the loop?"
    yield [*range(len(costs))], "Those are all rows: return those that no other beats."
    yield (
        [int(row) for row in np.argsort(costs, kind="stable")],
        "Those are all rows: return those that no other beats.",
    )
    yield [len(right)], "The rows themselves are asked, and not their number."


def _front_with(my_pareto: Callable, costs: np.ndarray, accuracies: np.ndarray) -> list[int]:
    what = f"Your front of {plural(len(costs), 'row')}"
    value = my_pareto(costs, accuracies)
    expect(value is not None, f"{what} is None: does your function end without `return`?")
    if isinstance(value, list | tuple) and value and all(np.ndim(one) == 0 for one in value):
        fractions = [one for one in value if isinstance(one, float | np.floating)]
        expect(not fractions, f"{what} holds {fractions[:1]}: return the *indices* of the rows.")
    rows = _whole(value, what, "Return a list of indices.")
    outside = rows[(rows < 0) | (rows >= len(costs))]
    expect(not len(outside), f"{what} holds {outside[:1]}, expected indices from 0 to {len(costs) - 1}.")
    twice = sorted({row for row in rows.tolist() if rows.tolist().count(row) > 1})
    expect(not twice, f"{what} holds row {twice[:1]} more than once.")
    return rows.tolist()


def _check_front(my_pareto: Callable, costs: np.ndarray, accuracies: np.ndarray) -> None:
    found, right = _front_with(my_pareto, costs, accuracies), _front(costs, accuracies)
    if found == right:
        return
    given = (
        f"For costs {costs.tolist()} and accuracies {accuracies.tolist()}"
        if len(costs) < 9
        else f"For {len(costs)} rows"
    )
    for row in sorted({*found} - {*right}):
        by = next(
            other
            for other in right
            if costs[other] <= costs[row]
            and accuracies[other] >= accuracies[row]
            and (costs[other], accuracies[other]) != (costs[row], accuracies[row])
        )
        expect(
            False,
            f"{given} you keep row {row} ({costs[row]:g}, {accuracies[row]:g}), which row {by} ({costs[by]:g}, {accuracies[by]:g}) beats.",
        )
    for row in sorted({*right} - {*found}):
        likely = " An accuracy may be 0: a search for the best begins at −∞." if accuracies[row] == 0 else ""
        expect(
            False,
            f"{given} row {row} ({costs[row]:g}, {accuracies[row]:g}) is missing: no row costs no more, is at least as accurate, and better in "
            f"one of the two.{likely}",
        )
    expect(
        False,
        f"{given} you return {found[:12]}, expected {right[:12]}: the same rows, ascending by cost, the lower index first of equal ones.",
    )


# --- 11.8 ---------------------------------------------------------------------------------------------------


@exercise(
    "11.8",
    "for three sizes the network keeps to its budget, its logits take any sign and tell pictures apart, and every pixel can change them",
    own=r"course_utils\.(?!checks).*(small_network|student|compact)\w*|keras\.src\.applications\.\w+\.\w+",
    stops={
        r"Negative dimension|Computed output size would be (zero|negative)|One of the dimensions": '`side` may be 8: with `padding="same"` a '
        "layer of stride 2 halves it, and never makes it negative.",
        r"incompatible with the layer|expected (min_)?ndim": "Inputs are (batch, side, side, 3): `keras.Input((side, side, 3))`.",
        r"max\(\) .*empty|empty sequence": "Even a budget of 500 must do, for up to 20 classes: begin with a width of 1.",
        r"KerasTensor|keras_tensor|symbolic": "In a functional model use `keras.ops` and layers: NumPy cannot compute with what has no numbers yet.",
        r"Invalid value .*filters|filters > 0|units": "A layer has one filter at least, and a whole number of them: `max(1, … // …)`.",
        r"disconnected|must be created from|not connected": "A functional model leads from `keras.Input` to its output through layers and `keras.ops`.",
    },
)
def network_within_budget(my_small_network: Callable) -> None:
    """Checks a classifier of a given number of parameters that sees the whole picture (lesson 11).

    Args:
        my_small_network: function of ``(side, classes, budget)``, ints, that returns an untrained Keras model from float
            (batch, side, side, 3) to logits (batch, classes).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    import keras

    rng = np.random.default_rng(118)
    keras.utils.set_random_seed(118)
    for side, classes, budget in [(12, 3, 3000), (23, 4, 6000), (8, 20, 500)]:
        model = expect_model(my_small_network(side, classes, budget))
        sizes = f"For side {side}, {classes} classes and budget {budget:,}"
        pictures = rng.random((5, side, side, 3)).astype(np.float32)
        _check_logits(model, pictures, classes, sizes)
        _check_budget(model, budget, sizes)
        if budget > 500:
            _check_answers(model, rng, side, sizes)


def _check_logits(model: "keras.Model", pictures: np.ndarray, classes: int, sizes: str) -> None:
    batch, side, *_ = pictures.shape
    shapes = [tuple(one.shape) for one in getattr(model, "inputs", None) or []]
    expect(len(shapes) < 2, f"{sizes} your model has {len(shapes)} inputs, expected one: the pictures.")
    for shape in shapes:
        fits = len(shape) == 4 and all(
            found in (None, asked) for found, asked in zip(shape[1:], (side, side, 3), strict=True)
        )
        expect(
            fits and shape[0] is None,
            f"{sizes} your model takes inputs of shape {shape}, expected {(None, side, side, 3)}: `keras.Input((side, side, 3))`.",
        )
    for count in (batch, 1):
        what = f"{sizes} the output for {plural(count, 'picture')}"
        mistakes = [
            ((count, classes + 1), "One logit for each class: yours has one more."),
            ((count, classes - 1), "One logit for each class: yours has one less."),
            ((count, 1), "One logit for *each* class, also when there are two."),
            ((count, 9), "The number of classes is an argument: yours is always 9."),
            (
                (count, 1, 1, classes),
                "Rows and columns are left over: `GlobalAveragePooling2D` or `Flatten`.",
            ),
            ((classes,), "Keep the axis of the pictures."),
        ]
        value = call_model(model, pictures[:count], plural(count, "picture"))
        if value.ndim == 4:
            mistakes.append(
                (
                    value.shape,
                    "Rows and columns are left over: `GlobalAveragePooling2D` or `Flatten` takes them away.",
                )
            )
        value = expect_array(value, (count, classes), np.floating, what, mistakes)
        expect(np.isfinite(value).all(), f"{what} holds NaN or infinity.")


def _check_budget(model: "keras.Model", budget: int, sizes: str) -> None:
    count = model.count_params()
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    likely = "`model.summary()` shows where they are; take the widths from `budget`."
    kernels = [tuple(weight.shape) for weight in model.weights if len(weight.shape) == 2]
    if any(rows > 200 and rows * columns > budget / 2 for rows, columns in kernels):
        likely = "Most stand in a dense layer behind `Flatten`: `GlobalAveragePooling2D` leaves one number for each channel."
    if count > budget >= trained > 0:
        likely = f"{count - trained:,} of them no training moves, and these count too: a `BatchNormalization` has two for each channel, and what is frozen counts."
    expect(
        count <= budget,
        f"{sizes} your model has {count:,} parameters, expected at most {budget:,}. {likely}",
    )
    expect(
        trained > 0,
        f"{sizes} your model has nothing to train: is `trainable` False, or is there no layer with weights?",
    )


def _stir(model: "keras.Model", rng: np.random.Generator) -> None:
    """Gives random values to all that can be trained, as training would: what begins at 0 does not stay there."""
    for weight in model.trainable_weights:
        inputs = np.prod(weight.shape[:-1])  # 1 for biases
        weight.assign(rng.normal(0.0, np.sqrt(2 / inputs), weight.shape))


def _check_answers(model: "keras.Model", rng: np.random.Generator, side: int, sizes: str) -> None:
    """What the model can say once its weights have moved: two draws, since a ReLU may be off in one."""
    pictures = rng.normal(size=(6, side, side, 3)).astype(np.float32)
    outputs, seen = [], np.zeros((side, side), bool)
    for _ in range(2):
        _stir(model, rng)
        outputs.append(call_model(model, pictures, plural(len(pictures), "picture")))
        seen |= _touched(model, pictures)
    found = np.array(outputs, np.float64)
    expect(
        np.isfinite(found).all(),
        f"{sizes} your model gives NaN or infinity once its weights have moved.",
    )
    expect(
        np.array_equal(outputs[-1], call_model(model, pictures, plural(len(pictures), "picture"))),
        f"{sizes} your model gives other logits when it is called again on the same pictures: is there noise, or dropout, that does not ask for "
        "`training`?",
    )
    expect(
        np.ptp(found, axis=1).max() > 1e-5,
        f"{sizes} your model gives all pictures the same logits, whatever its weights are: does it look at them?",
    )
    alone = call_model(model, pictures[:1], "1 picture")
    expect(
        np.allclose(alone, outputs[-1][:1], rtol=1e-3, atol=1e-3 * max(np.abs(outputs[-1]).max(), 1)),
        f"{sizes} a picture alone gets other logits than in a batch: is something taken over the batch, axis 0?",
    )
    # Few weights may all have one sign, or be small: what the end lets through shows sooner or later.
    for _ in range(8):
        if found.min() < 0 and np.abs(found).max() > 1:
            break
        _stir(model, rng)
        larger = call_model(model, 100 * pictures, plural(len(pictures), "picture"))
        found = np.concatenate([found, larger[np.newaxis]])
    _check_signs(found, sizes)
    unseen = np.argwhere(~seen)
    if len(unseen):
        _check_unseen(model, pictures, unseen, rng, sizes)


def _check_signs(found: np.ndarray, sizes: str) -> None:
    """Logits are of any size and sign."""
    sums = found.sum(axis=-1)
    expect(
        not (found.min() >= 0 and np.allclose(sums, 1, atol=1e-3)),
        f"{sizes} the output of each picture sums to 1: logits are asked, without a softmax at the end.",
    )
    expect(
        not np.allclose(np.exp(found).sum(axis=-1), 1, atol=1e-3),
        f"{sizes} the output is the logarithm of a softmax: logits are asked, as the last layer gives them.",
    )
    bounded = "An activation at the end cuts them off: the last `Dense` has none."
    expect(
        not (found.min() >= 0 and found.max() <= 1),
        f"{sizes} every output lies between 0 and 1, as a sigmoid makes them: logits are of any size and sign. {bounded}",
    )
    expect(
        found.min() < 0,
        f"{sizes} no output is ever negative: logits are of any size and sign. {bounded}",
    )
    expect(
        np.abs(found).max() > 1,
        f"{sizes} every output lies between −1 and 1, as tanh makes them: logits are of any size and sign. {bounded}",
    )


def _touched(model: "keras.Model", pictures: np.ndarray) -> np.ndarray:
    """Pixels that can change the logits, found by gradients: bool (side, side)."""
    import tensorflow as tf
    from keras import ops

    given = tf.Variable(pictures)
    with tf.GradientTape() as tape:
        logits = model(given, training=False)
        scores = ops.sum(logits * np.linspace(1, 2, logits.shape[-1], dtype=np.float32))
    gradient = tape.gradient(scores, given)
    if gradient is None:
        return np.zeros(pictures.shape[1:3], bool)
    return (ops.convert_to_numpy(gradient) != 0).any(axis=(0, 3))


def _check_unseen(
    model: "keras.Model", pictures: np.ndarray, unseen: np.ndarray, rng: np.random.Generator, sizes: str
) -> None:
    """Looks again at pixels without a gradient: those that lost to a larger one in a maximum can win with other numbers."""
    side = pictures.shape[1]
    chosen = unseen[rng.permutation(len(unseen))[:40]]
    moved = np.zeros(len(chosen), bool)
    for strength in (30.0, -30.0, 30.0, -30.0):
        batch = np.repeat(pictures[:1], len(chosen) + 1, axis=0)
        batch[np.arange(len(chosen)), chosen[:, 0], chosen[:, 1]] += strength * rng.choice([1, -1], 3)
        logits = call_model(model, batch, plural(len(batch), "picture"))
        moved |= np.abs(logits[:-1] - logits[-1:]).max(axis=1) > 1e-6 * max(np.abs(logits).max(), 1e-6)
        _stir(model, rng)
    if moved.all():
        return
    row, column = chosen[~moved][0].tolist()
    seen = np.ones((side, side), bool)
    seen[tuple(unseen.T)] = False
    rows, columns = (np.flatnonzero(seen.any(axis=axis)) for axis in (1, 0))
    if (unseen == side - 1).any(axis=1).all():
        likely = 'The last row and column are lost: a layer of stride 2 without padding leaves out what no longer fills a window, `padding="same"`.'
    elif not seen.any():
        likely = "Do the pictures lead to the logits by layers that have a gradient?"
    elif seen.sum() == np.ptp(rows) * np.ptp(columns) + np.ptp(rows) + np.ptp(columns) + 1:
        likely = (
            f"Only rows {rows[0]} to {rows[-1]} and columns {columns[0]} to {columns[-1]} can: cropping, one place of a map, or windows without "
            'padding leave out the others. Pool over the *whole* map, `padding="same"`.'
        )
    else:
        likely = "A stride larger than the kernel steps over pixels."
    expect(
        False,
        f"{sizes} the pixel in row {row}, column {column} cannot change the logits, nor can {plural(len(unseen) - 1, 'other')} of {side * side}. "
        f"{likely}",
    )
