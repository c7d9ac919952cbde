"""Checks of lesson 13: wrong captions, a split by groups, mean and spread, a sign test, leaks, claims, a fusion that can do without."""

import collections
import contextlib
import itertools
import math
import re
import unicodedata
import warnings
import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from course_utils.checks import (
    CheckFailed,
    call_model,
    exercise,
    expect,
    expect_array,
    expect_model,
    expect_names,
    expect_number,
    name_mistake,
)

if TYPE_CHECKING:
    import keras

__all__ = ["claims", "fusion", "group_split", "leaks", "sign_test", "summary", "suspects"]

_COURSE = r"course_utils\.(evaluation|reports|preprocessing|fusion|features|alignment)\.\w+\.(?!_)\w+"
"""What does the exercises' work already."""

_Mistakes = Iterator[tuple[object, str]]
"""What typical mistakes make of the same input, each with its hint."""


def _equal(found: list, other: list) -> bool:
    return found == other


def _whole(value: object, what: str) -> list[int]:
    """A list or an array of whole numbers; nothing is one, too."""
    array = expect_array(value, None, np.generic, what, asked="a list of whole numbers")
    expect(
        array.dtype != bool,
        f"{what} holds True and False: return the places of what is True, such as `np.flatnonzero(…).tolist()`.",
    )
    likely = (
        "Use `[0]`, or `return` the list."
        if array.ndim > 1
        else "Return a list, also where it holds one number."
    )
    expect(array.ndim == 1, f"{what} has shape {array.shape}, expected a list of whole numbers. {likely}")
    expect(
        array.size == 0 or array.dtype.kind in "iu",
        f"{what} holds fractions: return which they are, whole numbers from 0, as `np.argsort` gives them, not their values.",
    )
    return [int(number) for number in array]


# --- 13.1 ---------------------------------------------------------------------------------------------------


@exercise(
    "13.1",
    "the most suspicious pairs are found, in order, for 2 to 40 pairs, with scores below 0 and equal margins",
    own=_COURSE,
    stops={
        r"out of bounds|out of range": "There are `len(similarity)` pairs, and `count` of them are asked.",
        r"empty": "With two pairs there is one other caption: leave out the own one alone.",
        r"cannot convert float infinity": "Whole numbers cannot hold infinity: make a copy in floats first.",
    },
)
def suspects(my_suspects: Callable) -> None:
    """Checks the search for wrong captions (lesson 13).

    Args:
        my_suspects: function of ``(similarity, count)``, float (n, n) with a picture in each row and a caption in each
            column, and int, that returns a list of ``count`` ints.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(131)
    cases = [
        ((rng.normal(size=(n, n)) + 1.2 * np.eye(n)).round(2) + shift, n)
        for n, shift in [(7, 0.0), (9, -8.0), (8, 5.0)]
    ]
    found = [_suspected(my_suspects, *case) for case in cases]
    right = [_suspects(*case) for case in cases]
    name_mistake(found, right, (_suspect_mistakes(*case) for case in cases), _equal)
    ties = rng.integers(0, 3, (12, 12)) / 4.0
    for similarity, count in [
        *cases,
        (np.array([[0.1, 0.7], [0.4, 0.5]]), 2),
        (np.array([[-0.1, -0.7], [-0.2, -0.5]]), 1),
        (np.full((5, 5), 0.25), 3),
        (ties, 12),
        (ties.T, 5),
        (rng.normal(size=(40, 40)), 6),
        (rng.normal(size=(40, 40)).astype(np.float32), 40),
        (1e6 * rng.normal(size=(6, 6)), 2),
        (rng.normal(size=(6, 6)), 0),
    ]:
        one, other = _suspected(my_suspects, similarity, count), _suspects(similarity, count)
        expect(
            one == other or not _ties_alone(one, similarity, count),
            'Of equal margins the lower index comes first: `np.argsort(…, kind="stable")` keeps their order, and other ways to sort need not.',
        )
        given = f"similarity {similarity.tolist()}" if len(similarity) < 4 else f"{len(similarity)} pairs"
        expect(one == other, f"For {given} and count = {count} you returned {one}, expected {other}.")


def _suspected(my_suspects: Callable, similarity: np.ndarray, count: int) -> list[int]:
    what = f"What you return for {len(similarity)} pairs and count = {count}"
    value = _whole(my_suspects(similarity, count), what)
    likely = ""
    if len(value) == len(similarity):
        likely = " Those are all pairs: return the first `count` alone."
    expect(len(value) == count, f"{what} has {len(value)} numbers, expected {count}.{likely}")
    return value


def _margins(similarity: np.ndarray, of: Callable = np.max, axis: int = 1) -> np.ndarray:
    others = [np.delete(np.take(similarity, place, 1 - axis), place) for place in range(len(similarity))]
    return np.diag(similarity) - np.array([of(row) for row in others])


def _first(values: np.ndarray, count: int) -> list[int]:
    return sorted(range(len(values)), key=lambda place: (values[place], place))[:count]


def _ties_alone(found: list[int], similarity: np.ndarray, count: int) -> bool:
    """Says whether these pairs have the margins asked for, and only equal ones are in another order."""
    if len({*found}) < count or not {*found} <= {*range(len(similarity))}:
        return False
    margins = _margins(similarity)
    return np.array_equal(margins[found], margins[_first(margins, count)])


def _suspects(similarity: np.ndarray, count: int) -> list[int]:
    return _first(_margins(similarity), count)


def _suspect_mistakes(similarity: np.ndarray, count: int) -> _Mistakes:
    own, right = np.diag(similarity), _margins(similarity)
    for axis, where in [(0, "column"), (1, "row")]:
        by = "other pictures for the same caption" if axis == 0 else "other captions for the same picture"
        if axis == 0:
            yield (
                _first(_margins(similarity, axis=0), count),
                f"You compare with {by}: a {where} is a caption, and the other captions of a picture stand in its row, `axis=1`.",
            )
        yield (
            _first(own - similarity.max(axis=axis), count),
            f"The own score is among the {by} of which you take the best: leave the diagonal out, "
            "`np.where(np.eye(n, dtype=bool), -np.inf, similarity)`.",
        )
    yield _first(own, count), "You look at the own score alone: subtract the best score of any other caption."
    yield (
        _first(-right, count),
        "Your list begins with the *largest* margin: the smallest is the most suspicious.",
    )
    yield (
        _first(_margins(similarity, of=np.mean), count),
        "You subtract the mean of the other captions: subtract the best of them, `max`.",
    )
    yield (
        _first(_margins(similarity, of=np.min), count),
        "You subtract the worst of the other captions: subtract the best of them, `max`.",
    )
    zeroed = similarity * (1 - np.eye(len(similarity)))
    yield (
        _first(own - zeroed.max(axis=1), count),
        "You put 0 in the place of the own score, which is more than a score below 0: `-np.inf` is less than any.",
    )
    yield (
        _first(own - np.sort(similarity, axis=1)[:, -2], count),
        "You subtract the second highest score of the row, which is the own one where another caption is better: leave the own one out.",
    )
    yield (
        _first(own / (own - right), count),
        "You divide by the best other score: subtract it. Scores may be negative.",
    )
    yield (
        _first(-np.abs(right), count),
        "You take the size of the margin: its sign tells which caption is better.",
    )
    yield (
        _first(np.abs(right), count),
        "You take the size of the margin: its sign tells which caption is better.",
    )
    yield (
        sorted(_first(right, count)),
        "The pairs are right, and sorted by index: the smallest margin comes first.",
    )
    yield (
        _first(right, count)[::-1],
        "The pairs are right, and in the opposite order: the smallest margin comes first.",
    )
    yield [place + 1 for place in _first(right, count)], "Your pairs are counted from 1: indices begin at 0."
    yield (
        sorted(range(len(right)), key=lambda place: (right[place], -place))[:count],
        'Of equal margins the lower index comes first: `np.argsort(…, kind="stable")` keeps their order, and turning the list round does not.',
    )
    yield (
        _first(own - np.roll(similarity, -1, axis=1).diagonal(), count),
        "You compare with one other caption: the best of all others is asked.",
    )
    yield (
        np.argmax(similarity, axis=1)[:count].tolist(),
        "Those are the best captions of the pictures: return the suspicious *pairs*.",
    )
    yield [*range(count)], "Those are the first pairs, whatever their scores."


# --- 13.2 ---------------------------------------------------------------------------------------------------


@exercise(
    "13.2",
    "for 8 sets of groups and 40 seeds whole groups come into the test until the share is reached, in random order, and one stays out",
    own=_COURSE,
    stops={
        r"unhashable": "Names of groups are text: `set(groups)` has each of them once.",
        r"only (integer|length)|unsupported operand|could not be broadcast|no attribute": "`groups` is a list: `np.array(groups) == name` "
        "compares every item's group with one name; a list compares as a whole.",
        r"out of range|out of bounds|from an empty|pop from": "Stop once all groups but one are in the test.",
        r"'set' object": "A set has no order: `sorted(set(groups))` is a list.",
    },
)
def group_split(my_group_split: Callable) -> None:
    """Checks a split that keeps groups together (lesson 13).

    Args:
        my_group_split: function of ``(groups, share, seed)``, a list of n str, a float and an int, that returns bool (n,),
            True for the items of the test.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(132)
    uneven = [
        name for name, count in zip("abcdefg", (1, 9, 2, 5, 1, 3, 4), strict=True) for _ in range(count)
    ]
    mixed = [uneven[place] for place in rng.permutation(len(uneven))]
    even = [f"person {number % 6}" for number in range(24)]
    for groups, share in [
        (mixed, 0.3),
        (uneven, 0.3),
        (even, 0.5),
        (mixed, 0.7),
        (["图", "文", "图"], 0.5),
        (["x", "y"], 0.1),
        (mixed, 1.0),
        (mixed, 0.0),
    ]:
        # All of them: a split at random may be the same one twice.
        splits, again = (
            [_split(my_group_split, groups, share, seed) for seed in range(40)] for _ in range(2)
        )
        expect(
            all(map(np.array_equal, splits, again)),
            "The same seed gave two different splits: make the generator in your function, `np.random.default_rng(seed)`.",
        )
        # Before anything is said of the splits: where the order is this process's own, they are others after each restart.
        _check_order(my_group_split, groups)
        _check_splits(groups, share, splits)


def _check_order(my_group_split: Callable, groups: list[str]) -> None:
    """The order of a set of text, and `hash`, are others after each restart of Python: so are those of these names."""
    for seed in range(5):
        splits = set()
        for salt in range(4):
            named = _with_other_hashes(salt)
            # A name made anew is not found among these; then there is nothing to compare.
            with contextlib.suppress(Exception):
                splits.add(_split(my_group_split, [*map(named, groups)], 0.3, seed).tobytes())
        expect(
            len(splits) < 2,
            "In a new kernel the same seed would give another split: the order of a set of names, and what `hash` gives, change with "
            "every restart of Python. `sorted(set(groups))` or `np.unique(groups)` is the same each time.",
        )


def _with_other_hashes(salt: int) -> type[str]:
    """A kind of text whose hashes are other ones for another salt."""
    return type("Name", (str,), {"__hash__": lambda name: zlib.crc32(f"{salt}{name}".encode())})


def _split(my_group_split: Callable, groups: list[str], share: float, seed: int) -> np.ndarray:
    what = f"The split of {len(groups)} items, share = {share} and seed = {seed}"
    value = my_group_split(groups, share, seed)
    indices = "True or False for *each* item is asked, not the places of those in the test, and not a value for each group."
    if isinstance(value, list | tuple) and len(value) == 0:
        raise CheckFailed(f"{what} is empty: {indices}")
    length = np.shape(value) if hasattr(value, "__array__") else None
    shapes = [(length, indices)] if length and len(length) == 1 else []
    if isinstance(value, list | tuple) and not any(isinstance(one, list | tuple) for one in value):
        shapes = [((len(value),), indices)]
    return expect_array(value, (len(groups),), np.bool_, what, shapes)


def _told(groups: list[str], share: float, seed: int) -> str:
    sizes = ", ".join(f"{name}: {count}" for name, count in collections.Counter(groups).items())
    return f"For groups with so many items, {{{sizes}}}, share = {share} and seed = {seed}"


def _is_whole(groups: list[str], test: np.ndarray) -> bool:
    chosen, left = (
        {name for name, one in zip(groups, test, strict=True) if one == side} for side in (True, False)
    )
    return not chosen & left


def _reaches(groups: list[str], share: float, test: np.ndarray) -> bool:
    """Says whether the share is reached, or all groups but one are in."""
    return test.sum() >= share * len(groups) or len({*np.array(groups)[~test]}) == 1


def _stops(groups: list[str], share: float, test: np.ndarray) -> bool:
    """Says whether the share was not reached before the last of these groups, whichever that was, came in."""
    sizes = collections.Counter(groups)
    most = max((sizes[name] for name in {*np.array(groups)[test]}), default=0)
    return not test.any() or test.sum() - most < share * len(groups)


def _has_one_more(groups: list[str], share: float, test: np.ndarray) -> bool:
    """Says whether the share was reached to the item before the last of these groups, whichever that was, came in."""
    return any(test.sum() - groups.count(name) == share * len(groups) for name in {*np.array(groups)[test]})


def _check_splits(groups: list[str], share: float, splits: list[np.ndarray]) -> None:
    count = len({*groups})
    for seed, test in enumerate(splits):
        if not _is_whole(groups, test):
            torn = next(
                name
                for name in groups
                if 0 < sum(test[i] for i in range(len(groups)) if groups[i] == name) < groups.count(name)
            )
            raise CheckFailed(
                f"{_told(groups, share, seed)} the group {torn!r} is in the test and out of it: draw groups, not items, and put *every* "
                "member into the test; members need not stand together."
            )
        expect(
            not test.all(),
            f"{_told(groups, share, seed)} all items are in the test: at least one group stays out.",
        )
    if 0 < share < 1:
        expect(
            all(_stops(groups, share, test) for test in splits)
            or not all(_has_one_more(groups, share, test) for test in splits),
            f"{_told(groups, share, 0)} the test has {splits[0].sum()} items, and without its last group it would have had exactly "
            f"{share * len(groups):g}: stop once it *has* share · n items, `>=`, not `>`.",
        )
    others = [~test for test in splits]
    if any(not _stops(groups, share, test) for test in splits) and all(
        _reaches(groups, share, test) and _stops(groups, share, test) for test in others
    ):
        raise CheckFailed("True marks the items of the *test*: yours marks all others.")
    by_groups = {len({*np.array(groups)[test]}) for test in splits}
    of_groups = f"All your tests have {min(by_groups)} of the {count} groups, however many items these have: the share is one of the *items*."
    for seed, test in enumerate(splits):
        told = f"{_told(groups, share, seed)} the test has {test.sum()} items, expected at least {share * len(groups):g}"
        reaches, stops = _reaches(groups, share, test), _stops(groups, share, test)
        expect((reaches and stops) or len(by_groups) > 1 or count < 4 or not 0 < share < 1, of_groups)
        expect(
            reaches,
            f"{told}: the group with which the share is reached comes in as well, and nobody is left out for being too large.",
        )
        if share == 0:
            expect(stops, f"{told}, which it has without any group: compare *before* a group comes in.")
        expect(stops, f"{told}, which it had before its last group came in: then stop.")
    kinds = {test.tobytes() for test in splits}
    if 0 < share < 1:
        expect(
            len(kinds) > 1,
            "Every seed gives the same split: shuffle the groups with `np.random.default_rng(seed)`, and take them in that order.",
        )
        never = {*groups} - {name for test in splits for name in np.array(groups)[test]}
        always = {*groups} - {name for test in splits for name in np.array(groups)[~test]}
        expect(
            not never,
            f"With 40 seeds the group {min(never, default='')!r} never comes into the test: every group is drawn alike.",
        )
        expect(
            not always or count < 3,
            f"With 40 seeds the group {min(always, default='')!r} is always in the test: every group is drawn alike.",
        )
    if count == 6:
        expect(
            len(kinds) > 8,
            f"With 40 seeds there are {len(kinds)} different tests of three of six groups, where 20 are possible: the *order* of all groups is drawn, "
            "not only where it begins.",
        )


# --- 13.3 ---------------------------------------------------------------------------------------------------


@exercise(
    "13.3",
    "mean and standard deviation are right for 1 to 9 seeds, for equal, large and negative figures, and for no system",
    own=_COURSE,
    stops={
        r"at least two data points|requires at least two": "One seed has no spread: NaN is asked, `np.nan`.",
        r"ZeroDivisionError|division by zero": "One seed has no spread: `n - 1` is 0, and NaN is asked, `np.nan`.",
        r"ambiguous|inhomogeneous": "The systems have different numbers of seeds: compute each for itself.",
        r"dictionary changed size": "Make a new dictionary, `{system: … for system, seeds in figures.items()}`.",
    },
)
def summary(my_summary: Callable) -> None:
    """Checks mean and spread over seeds (lesson 13).

    Args:
        my_summary: function of ``figures``, a dict from system to a list of floats, that returns a dict from system to
            ``(mean, standard deviation)``.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(133)
    several = {f"system {n}": rng.uniform(0.2, 0.9, n).round(3).tolist() for n in (3, 5, 2, 9, 4)}
    found = _summed(my_summary, several)
    right = [list(_summary(seeds)) for seeds in several.values()]
    every = list(several.values())
    name_mistake(found, right, (_summary_mistakes(seeds, every) for seeds in every))
    for seeds in [[0.5, 0.5, 0.5], [-3.0, 4.0], [1e6, 1e6 + 2, 1e6 + 4], [0.1, 0.2], [0.125]]:
        _check_summary(my_summary, {"only": seeds})
    _check_summary(my_summary, {"z": [0.75], "a": [0.5, 0.25], "m": [0.0]})
    _check_summary(my_summary, {})


def _summary(seeds: list[float]) -> tuple[float, float]:
    mean = math.fsum(seeds) / len(seeds)
    if len(seeds) == 1:
        return mean, math.nan
    return mean, math.sqrt(math.fsum((seed - mean) ** 2 for seed in seeds) / (len(seeds) - 1))


def _summed(my_summary: Callable, figures: dict) -> list[list[float]]:
    told = f"figures = {figures}" if len(figures) < 3 else f"{len(figures)} systems"
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        value = my_summary(figures)
    expect(value is not None, "Your function returned None: does it end without `return`?")
    expect(
        isinstance(value, Mapping),
        f"What you return for {told} is of the type {type(value).__name__}, expected a dictionary, `{{system: (mean, sd)}}`.",
    )
    left = [name for name in figures if name not in value]
    more = [name for name in value if name not in figures]
    likely = (
        "one seed has a mean as well, and NaN beside it."
        if all(len(figures[name]) == 1 for name in left)
        else "is `return` inside of the loop?"
    )
    expect(not left, f"For {told} nothing is said of {left[:1]}: {likely}")
    expect(not more, f"For {told} your dictionary has {more[:1]}, which is no system.")
    pairs = []
    for name, seeds in figures.items():
        mean, sd = _pair(value[name], name, seeds)
        pairs.append(
            [expect_number(mean, f"The mean of {name}"), expect_number(sd, f"The deviation of {name}")]
        )
    expect(
        not said,
        f"For {told} a warning is printed, {''.join(str(one.message) for one in said[:1])!r}: one seed has no spread, which `if` notices before "
        "NumPy does.",
    )
    return pairs


def _pair(value: object, name: str, seeds: list[float]) -> list:
    """Mean and deviation of a system, as its value in the dictionary holds them."""
    expect(
        len(seeds) > 1 or not isinstance(value, tuple | list) or len(value) != 2 or value[1] is not None,
        f"The deviation of the one seed of {name!r} is None: NaN is asked, `np.nan`.",
    )
    found = f"The dictionary's value of {name!r} is no pair, `(mean, sd)`: it"
    expect(
        isinstance(value, tuple | list) or np.ndim(value) == 1,
        f"{found} is of the type {type(value).__name__}.",
    )
    expect(len(value) == 2, f"{found} holds {len(value)} things.")
    for part, what in ((value[0], "mean"), (value[1], "deviation")):
        expect(part is not None, f"The {what} of {name!r} is None.")
    return list(value)


def _summary_mistakes(seeds: list[float], every: list[list[float]]) -> _Mistakes:
    mean, sd = _summary(seeds)
    yield (
        [mean, np.std(seeds)],
        "You divided by the number of seeds: divide by that number minus 1, `np.std(…, ddof=1)`.",
    )
    yield [mean, sd**2], "That is the variance: the standard deviation is its root."
    yield (
        [mean, np.var(seeds)],
        "That is the variance: the standard deviation is its root, and it divides by the number of seeds minus 1.",
    )
    yield (
        [mean, sd / np.sqrt(len(seeds))],
        "You divided by the root of the number of seeds: that is the error of the mean, not the spread of the seeds.",
    )
    yield (
        [mean, np.std(seeds) / np.sqrt(len(seeds))],
        "You divided by the root of the number of seeds: that is the error of the mean, not the spread of the seeds.",
    )
    yield [np.median(seeds), sd], "That is the median: the mean is asked."
    yield [sd, mean], "Mean and deviation are exchanged: `return` the mean first."
    yield (
        [mean, max(seeds) - min(seeds)],
        "That is the distance from the smallest to the largest: the standard deviation is asked.",
    )
    yield (
        [mean, np.mean(np.abs(np.array(seeds) - mean))],
        "That is the mean distance: the standard deviation is the root of the mean *square*.",
    )
    yield [max(seeds), sd], "That is the best seed: the mean of all seeds is asked."
    yield [sum(seeds), sd], "That is the sum of the seeds: the mean is asked."
    for digits in (1, 2, 3, 4):
        yield (
            [round(mean, digits), round(sd, digits)],
            "Your numbers are rounded: give them as they are, and round where you print.",
        )
    yield (
        [mean, (max(seeds) - min(seeds)) / 2],
        "That is half the distance from the smallest to the largest: the standard deviation is asked.",
    )
    squares = sum(seed**2 for seed in seeds)
    for number in (len(seeds), len(seeds) - 1):
        yield [mean, math.sqrt(squares / number)], "Take the mean away before you square."
    apart = sum((seed - _summary(others)[0]) ** 2 for others in every for seed in others)
    count = sum(map(len, every))
    together = [seed for others in every for seed in others]
    for pooled in (
        np.std(together),
        np.std(together, ddof=1),
        math.sqrt(apart / count),
        math.sqrt(apart / (count - len(every))),
        np.mean([_summary(others)[1] for others in every]),
    ):
        yield (
            [mean, pooled],
            "All systems have the same deviation: each has its own seeds, and its deviation is taken over these alone.",
        )
    yield [mean, mean], "The deviation equals the mean."


def _check_summary(my_summary: Callable, figures: dict) -> None:
    for (name, seeds), (mean, sd) in zip(figures.items(), _summed(my_summary, figures), strict=True):
        right_mean, right_sd = _summary(seeds)
        expect(
            np.isclose(mean, right_mean), f"For {seeds} the mean is {mean:.6g}, expected {right_mean:.6g}."
        )
        if len(seeds) == 1:
            expect(
                np.isnan(sd),
                f"For the one seed of {name!r}, {seeds}, the deviation is {sd:.6g}: one seed has no spread, NaN is asked, `np.nan`.",
            )
        else:
            expect(
                np.isclose(sd, right_sd, atol=1e-7),
                f"For {seeds} the standard deviation is {sd:.6g}, expected {right_sd:.6g}.",
            )


# --- 13.4 ---------------------------------------------------------------------------------------------------


@exercise(
    "13.4",
    "the probability is right for all 45 ways in which up to 8 items can differ, for items that never differ, and for 1,294",
    own=_COURSE,
    stops={
        r"OverflowError|int too large|Result too large": "`2.0 ** n` is too large for a float from n = 1024 on: whole numbers of Python have no limit, "
        "`tail / 2**n`.",
        r"ZeroDivisionError|division by zero|not less than 1": "Where the two never differ the answer is 1.0.",
        r"recursion": "Thousands of items may differ: use a loop, or `math.comb`.",
        r"'numpy\.\w+' object cannot be interpreted|integer argument expected": "`math.comb` wants Python's whole numbers: `int(…)`.",
        r"ufunc 'invert'|boolean subtract": "The arrays are bool: `a & ~b` is True where a is right and b is not.",
    },
)
def sign_test(my_sign_test: Callable) -> None:
    """Checks the sign test (lesson 13).

    Args:
        my_sign_test: function of ``(right_a, right_b)``, bool (n,) twice, that returns a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    cases = [(9, 2, 14, 5), (3, 8, 2, 6), (12, 3, 0, 7), (1, 6, 9, 1)]
    found = [_p_value(my_sign_test, *case) for case in cases]
    right = [_sign(*case[:2]) for case in cases]
    name_mistake(found, right, (_sign_mistakes(*case) for case in cases))
    for only_a, only_b in itertools.product(range(9), repeat=2):
        if only_a + only_b < 9:
            _check_p_value(my_sign_test, only_a, only_b, 3, 2)
    for case in [(0, 0, 0, 4), (1, 0, 0, 0), (0, 0, 1, 0), (5, 5, 0, 0), *cases, (645, 600, 40, 9)]:
        _check_p_value(my_sign_test, *case)


def _sign(only_a: int, only_b: int) -> float:
    differ = only_a + only_b
    tail, term = 0, 1
    for k in range(min(only_a, only_b) + 1):
        tail += term
        term = term * (differ - k) // (k + 1)
    return min(1.0, 2 * tail / 2**differ)


def _p_value(my_sign_test: Callable, only_a: int, only_b: int, both: int, neither: int) -> float:
    right_a = np.repeat([True, False, True, False], [only_a, only_b, both, neither])
    right_b = np.repeat([False, True, True, False], [only_a, only_b, both, neither])
    order = np.random.default_rng(134).permutation(len(right_a))
    return expect_number(
        my_sign_test(right_a[order], right_b[order]), _sign_told(only_a, only_b, both, neither)
    )


def _sign_told(only_a: int, only_b: int, both: int, neither: int) -> str:
    return f"For {only_a} items that only a has right, {only_b} that only b has, {both} that both have and {neither} that none has, your result"


def _tail(successes: int, trials: int) -> float:
    """The probability of at most so many heads."""
    return sum(math.comb(trials, k) for k in range(successes + 1)) / 2**trials


def _sign_mistakes(only_a: int, only_b: int, both: int, neither: int) -> _Mistakes:
    differ, few = only_a + only_b, min(only_a, only_b)
    every, p = differ + both + neither, _sign(only_a, only_b)
    yield (
        _tail(few, differ),
        "That is the probability of one direction: twice as much, since either system may be ahead.",
    )
    all_items = "Items on which both are right, or both wrong, do not count: the coin is thrown once for each item on which *exactly one* is right."
    for heads in (few, min(only_a + both, every - only_a - both), min(only_b + both, every - only_b - both)):
        for times in (1, 2):
            yield min(1.0, times * _tail(heads, every)), all_items
            yield min(1.0, times * _tail(min(heads, every), every)), all_items
    yield min(1.0, 2 * _tail(few, differ + both)), all_items
    yield min(1.0, 2 * _tail(few, differ + neither)), all_items
    if few:
        yield (
            min(1.0, 2 * _tail(few - 1, differ)),
            "A split as uneven as this one counts as well: `range(k + 1)` holds k, and `range(k)` does not.",
        )
        yield _tail(few - 1, differ), "A split as uneven as this one counts as well, in both directions."
    exact = math.comb(differ, few) / 2**differ
    for times in (1, 2):
        yield (
            min(1.0, times * exact),
            "That is the probability of exactly this split: those that are more uneven count as well.",
        )
    for number, who in [(only_a, "a"), (only_b, "b")]:
        wrong = "It may be either system that is ahead: begin with the *smaller* of the two counts."
        yield min(1.0, 2 * _tail(number, differ)), wrong
        yield _tail(number, differ), f"{wrong} And count both directions."
        yield 2 * _tail(number, differ), f"{wrong} A probability is never above 1. You began with {who}."
    yield (
        2 * _tail(max(only_a, only_b), differ),
        "A probability is never above 1: begin with the smaller of the two counts.",
    )
    yield (
        min(1.0, 2 * (_tail(few, differ) - exact / 2)),
        "You count this very split half (mid-p): the exact test counts it whole.",
    )
    z = abs(only_a - only_b) / math.sqrt(differ)
    corrected = max(0, abs(only_a - only_b) - 1) / math.sqrt(differ)
    for distance in (z, corrected):
        yield (
            math.erfc(distance / math.sqrt(2)),
            "That is an approximation by the normal curve: the exact probability of the coin is asked.",
        )
    yield 1 - p, "That is 1 minus what is asked: the smaller the probability, the less chance explains."
    yield (
        only_a / differ,
        "That is the share of a: how *probable* such a split is, or a more uneven one, is asked.",
    )
    yield (
        abs(only_a - only_b) / every,
        "That is the difference of the accuracies: the probability that chance makes it is asked.",
    )


def _check_p_value(my_sign_test: Callable, *case: int) -> None:
    value, right = _p_value(my_sign_test, *case), _sign(*case[:2])
    what = f"{_sign_told(*case)} is {value:.6g}, expected {right:.6g}."
    expect(
        not math.isnan(value),
        f"{what} NaN comes from 0 / 0, or from numbers too large for a float: Python's whole numbers have no limit.",
    )
    expect(
        value <= 1 + 1e-9,
        f"{what} A probability is never above 1: where the split is even, the middle is counted twice, `min(1.0, …)`.",
    )
    expect(
        case[0] + case[1] > 0 or math.isclose(value, 1),
        f"{what} Where the two never differ nothing speaks against chance.",
    )
    expect(math.isclose(value, right, rel_tol=1e-3), what)


# --- 13.5 ---------------------------------------------------------------------------------------------------

_TRAIN = [
    "A  red\tapple",
    "Straße",
    "１２ cats",
    "cafe\u0301",
    "一只猫",
    "A BIRD sings ",
    "two\u00a0dogs",
    "ﬁsh",
    "the sea",
    "Über uns",
    "a dog runs.",
    "5 MHz",
]
_TEST = [
    " a RED apple\n",
    "STRASSE",
    "12 Cats",
    "Caf\u00e9",
    "ared apple",
    "一只猫",
    "cafe",
    "a bird sings",
    "A BIRD sings ",
    "two dogs",
    "fish",
    "the",
    "the sea is blue",
    "a bird sings",
    "über\u3000uns",
    "一只狗",
    "the\n\nsea",
    "FISH\t",
    "Straße",
    "uber uns",
    "cats 12",
    "two dogs  ",
    "a dog runs",
    "5 ㎒",
]
_SAME = {
    "form": {
        "none": "Characters that mean the same are written in several ways: `unicodedata.normalize(\"NFKC\", text)` makes them equal.",
        "NFC": "NFC leaves full-width digits and ligatures as they are: NFKC is asked.",
        "NFD": "NFD leaves full-width digits and ligatures as they are: NFKC is asked.",
        "accents": "Your texts lose their accents: é is not e. NFKC keeps them.",
    },
    "case": {
        "none": "Upper and lower case are the same: `casefold`.",
        "lower": "`lower` leaves ß as it is, which `casefold` makes ss, like the capitals SS.",
        "upper": "`casefold` is asked.",
        "first": "NFKC first: it makes capitals, ㎒ becomes MHz, which `casefold` must still see.",
    },
    "signs": {
        "none": "You take away full stops and other signs, and so `a dog runs` is `a dog runs.`: they stay.",
    },
    "words": {
        "none": "You compare the words in whatever order, and so `cats 12` is `12 cats`: compare whole texts, not sets of words.",
    },
    "space": {
        "none": "White space: strip both ends, and make every stretch inside one space, `\" \".join(text.split())`.",
        "strip": "Stretches of white space *inside* are one space, too: `\" \".join(text.split())`.",
        "inside": "White space at both ends goes, too: `strip`.",
        "gone": "You take away all white space, and so `ared apple` is `a red apple`: make every stretch one space.",
        "spaces": "White space is more than the space: tabs and line ends count as well, as `split()` without arguments knows.",
    },
}  # fmt: skip


@exercise(
    "13.5",
    "leaks are found among 24 texts, with accents, full-width signs, ß, tabs, Chinese and repeated texts, and where a list is empty",
    own=_COURSE,
    stops={
        r"invalid normalization form": 'The form is called "NFKC".',
        r"unhashable": 'Compare texts, not lists: `" ".join(…)` makes one text of a list of words.',
        r"no attribute '(casefold|lower|strip|split)'": "`train` and `test` are lists: take each text of them.",
    },
)
def leaks(my_leaks: Callable) -> None:
    """Checks the search for test texts that were trained on (lesson 13).

    Args:
        my_leaks: function of ``(train, test)``, two lists of str, that returns a sorted list of int.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    cases = [(_TRAIN, _TEST), (_TEST[:9], _TRAIN)]
    found = [_leaked(my_leaks, *case) for case in cases]
    right = [_leaks(*case) for case in cases]
    for count in (1, 2):
        name_mistake(found, right, (_leak_mistakes(*case, count=count) for case in cases), _equal)
    for train, test in _small_cases():
        one, other = _leaked(my_leaks, train, test), _leaks(train, test)
        expect(
            one == other,
            f"For train = {train} and test = {test} you returned {one}, expected {other}.{_leak_cause(train, test, one)}",
        )
    for case in cases:
        one, other = _leaked(my_leaks, *case), _leaks(*case)
        expect(
            one == other,
            f"For {len(case[0])} texts to train on and {len(case[1])} to test you returned {one}, expected {other}.",
        )


def _small_cases() -> Iterator[tuple[list[str], list[str]]]:
    for one, other in itertools.product(_TRAIN, _TEST):
        yield [one], [other]
    yield [], ["a"]
    yield ["a"], []
    yield ["a", "a", "b"], ["b", "a", "c", "B "]


def _leak_cause(train: list[str], test: list[str], found: list[int]) -> str:
    """Which step decides whether these are the same, as a sentence, or nothing."""
    right = _leaks(train, test)
    if sorted({*found}) == right:
        return " Each index is listed once, in ascending order."
    causes = [
        hint
        for step, kinds in _SAME.items()
        if _leaks(train, test, **{step: "none"}) != right
        for hint in [kinds["none"]]
    ]
    return f" {' '.join(causes)}" if causes else ""


def _same(
    text: str,
    form: str = "NFKC",
    case: str = "casefold",
    signs: str = "all",
    words: str = "all",
    space: str = "all",
) -> str:
    if case == "first":
        text, case = text.casefold(), "none"
    if form == "accents":
        text = "".join(
            sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign)
        )
    elif form != "none":
        text = unicodedata.normalize(form, text)
    text = text if case == "none" else getattr(text, case)()
    text = re.sub(r"[^\w\s]", "", text) if signs == "none" else text
    text = " ".join(sorted(text.split())) if words == "none" else text
    return {
        "all": lambda: " ".join(text.split()),
        "none": lambda: text,
        "strip": text.strip,
        "inside": lambda: " " * text[:1].isspace() + " ".join(text.split()) + " " * text[-1:].isspace(),
        "gone": lambda: "".join(text.split()),
        "spaces": lambda: " ".join(filter(None, text.split(" "))),
    }[space]()


def _leaked(my_leaks: Callable, train: list[str], test: list[str]) -> list[int]:
    what = f"What you return for {len(train)} texts to train on and {len(test)} to test"
    value = my_leaks(train, test)
    if isinstance(value, list | tuple) and value and all(isinstance(text, str) for text in value):
        raise CheckFailed(
            f"{what} holds texts: return where they stand in `test`, `enumerate(test)` counts them."
        )
    return _whole(value, what)


def _leaks(train: list[str], test: list[str], **changes: str) -> list[int]:
    seen = [_same(text, **changes) for text in train]
    return [index for index, text in enumerate(test) if _same(text, **changes) in seen]


def _leak_mistakes(train: list[str], test: list[str], count: int) -> _Mistakes:
    single = [(step, kind) for step, kinds in _SAME.items() for kind in kinds]
    for chosen in itertools.combinations(single, count):
        if len({step for step, _ in chosen}) == count:
            hint = " ".join(_SAME[step][kind] for step, kind in chosen)
            yield _leaks(train, test, **dict(chosen)), hint
    if count > 1:
        yield (
            [index for index, text in enumerate(test) if text in train],
            "You compare the texts as they are: normalise (NFKC), fold the case and collapse white space first, in both lists.",
        )
        return
    right, texts = _leaks(train, test), [_same(text) for text in test]
    seen = [_same(text) for text in train]
    yield (
        [index for index in right if texts[index] not in texts[:index]],
        "A text that comes twice in the test is listed twice: go through `test`, not through a set or a dictionary of it.",
    )
    yield (
        [index for index, text in enumerate(texts) for other in seen if text == other],
        "A test text is listed once, however often training has it: `break` after the first, or look it up in a set.",
    )
    by_train = [index for other in seen for index, text in enumerate(texts) if text == other]
    yield (
        by_train,
        "Your indices come in the order of `train`, some more than once: go through `test`, and list each index once.",
    )
    yield (
        [*dict.fromkeys(by_train)],
        "Your indices come in the order of `train`: go through `test`, so that they ascend.",
    )
    yield (
        [index for index, text in enumerate(seen) if text in texts],
        "Those are indices into `train`: return indices into `test`.",
    )
    yield (
        [index for index in range(len(test)) if index not in right],
        "Those are the texts that do *not* occur in the training set.",
    )
    yield (
        [index for index, text in enumerate(texts) if any(text in other for other in seen)],
        "A test text that is only a *part* of a training text is no leak: the whole texts are compared.",
    )
    yield (
        [index for index, text in enumerate(texts) if any(other in text for other in seen)],
        "A test text that only *holds* a training text is no leak: the whole texts are compared.",
    )
    yield (
        [index for index, text in enumerate(texts) if text in train],
        "The test's texts are normalised, and those of the training set are not: both need it.",
    )
    yield (
        [index for index, text in enumerate(test) if text in seen],
        "The training set's texts are normalised, and those of the test are not: both need it.",
    )
    yield right[::-1], "The indices are right, and in the opposite order: ascending is asked."
    yield [index + 1 for index in right], "Your indices are counted from 1: they begin at 0."
    yield right[:1], "One leak alone was found: is `return` inside of the loop?"
    yield (
        [index for index, (one, other) in enumerate(zip(texts, seen, strict=False)) if one == other],
        "You compare texts at the same index: a leak may be anywhere in the training set.",
    )
    yield [], "Nothing was found."


# --- 13.6 ---------------------------------------------------------------------------------------------------

_CLAIMS = {
    "compare": {
        "high": "You find claims that are too high alone: too low ones are wrong as well, `abs`.",
        "low": "You find claims that are too low alone: too high ones are wrong as well, `abs`.",
        "exact": "A claim may differ by up to 0.005, as rounding makes it.",
        "relative": "You compare the ratio: the *difference* may be up to 0.005.",
        "rounded": "You round to two decimals and compare: the difference of the numbers themselves may be up to 0.005.",
        "ten": "A difference of more than 0.005 is wrong: yours is another limit.",
        "percent": "Accuracies are shares from 0 to 1, and so is the limit of 0.005.",
    },
    "absent": {
        "kept": "A system that the answers do not name has a wrong claim: nothing supports it.",
    },
    "empty": {
        "kept": "A system whose array has no rows has a wrong claim: nothing supports it. The mean of nothing is NaN, and a comparison with NaN is False.",
    },
    "nan": {
        "kept": "A claim that is NaN is wrong: `abs(…) > 0.005` is False with it, and so is `abs(…) <= 0.005`.",
    },
}


@exercise(
    "13.6",
    "wrong claims are found in both directions, where they are NaN and where answers are missing, and right ones are left alone",
    own=_COURSE,
    stops={
        r"KeyError": "A system may be missing among the answers: `answers.get(system)`, or ask `system in answers` first.",
        r"ZeroDivisionError|division by zero": "An array of answers may have no rows: such a claim is wrong.",
        r"too many indices|tuple indices|must be integers": "What `answers.get` gives for a system without answers has no columns: ask for its length first.",
        r"NoneType": "A system may be missing among the answers: `answers.get(system)` is then None.",
    },
)
def claims(my_claims: Callable) -> None:
    """Checks the search for claims that the answers do not support (lesson 13).

    Args:
        my_claims: function of ``(table, answers)``, a dict from system to claimed accuracy and a dict from system to int
            (n, 2), truth and answer, that returns a sorted list of str.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(136)
    first = _claim_case(rng)
    found, right = _claimed(my_claims, *first), _wrong_claims(*first)
    for count in (1, 2):
        name_mistake([found], [right], [_claim_mistakes(*first, count=count)], _equal)
    half = np.array([[3, 3], [1, 2], [0, 0], [2, 1]])
    for table, answers, hint in [
        ({"one": 0.5}, {"one": half}, ""),
        ({"one": 0.504}, {"one": half}, _CLAIMS["compare"]["exact"]),
        ({"one": 0.005}, {"one": half[1:2]}, "It differs by 0.005 exactly, which is not more than 0.005."),
        (
            {"one": 0.13},
            {"one": np.array([[0, 0]] + [[0, 1]] * 7)},
            "It differs by 0.005 exactly, and floats find a little more: allow 1e-9 besides.",
        ),
        ({"one": 0.51}, {"one": half}, _CLAIMS["compare"]["low"]),
        ({"one": 0.49}, {"one": half}, _CLAIMS["compare"]["high"]),
        ({"one": 50.0}, {"one": half}, "0.5 and 50 differ."),
        ({"one": np.nan}, {"one": half}, _CLAIMS["nan"]["kept"]),
        ({"one": 0.0}, {}, _CLAIMS["absent"]["kept"]),
        ({"one": 0.0}, {"one": half[:0]}, _CLAIMS["empty"]["kept"]),
        ({"one": 1.0}, {"one": half[:1]}, ""),
        ({"one": 0.0}, {"one": half[1:2]}, ""),
        ({"b": 0.9, "a": 0.1}, {"a": half, "b": half}, ""),
        ({}, {"one": half}, "Answers of systems that the table does not name do not count."),
        (
            {"one": 0.5},
            {"one": half, "two": half},
            "Answers of systems that the table does not name do not count.",
        ),
        ({"one": 0.5}, {"one": half.astype(np.uint8) + 250}, ""),
        ({"one": 0.5}, {"one": -half.astype(np.int32)}, ""),
    ]:
        one, other = _claimed(my_claims, table, answers), _wrong_claims(table, answers)
        shown = {name: rows.tolist() for name, rows in answers.items()}
        expect(
            one == other,
            f"For table = {table} and answers = {shown} you returned {one}, expected {other}. {hint}".rstrip(),
        )
    for _ in range(5):
        case = _claim_case(rng)
        one, other = _claimed(my_claims, *case), _wrong_claims(*case)
        expect(one == other, f"For {len(case[0])} claims you returned {one}, expected {other}.")


def _claim_case(rng: np.random.Generator) -> tuple[dict[str, float], dict[str, np.ndarray]]:
    """Claims of every kind, in an order that is nobody's."""
    kinds = {
        "exactly": 0.0, "just above": 0.004, "just below": -0.004, "above": 0.007, "below": -0.007, "far above": 0.3, "far below": -0.3,
        "near above": 0.0055, "near below": -0.0055, "a little": 0.002, "nan": np.nan,
    }  # fmt: skip
    table, answers = {}, {}
    for number, kind in enumerate(rng.permutation([*kinds])):
        n, right = 500, int(rng.integers(180, 320))
        truth = rng.integers(0, 5, n)
        rows = np.stack([truth, np.where(np.arange(n) < right, truth, (truth + 1) % 5)], axis=1)
        name = f"{'sxqzuwpytrv'[number]} {kind}"
        answers[name] = rows[rng.permutation(n)]
        table[name] = right / n + kinds[str(kind)]
    table |= {"m gone": 0.4, "b empty": 0.0, "d right": 1.0}
    answers |= {
        "b empty": answers[name][:0],
        "d right": np.repeat(rng.integers(0, 5, (7, 1)), 2, axis=1),
        "e unnamed": answers[name],
    }
    return table, answers


def _claimed(my_claims: Callable, table: dict, answers: dict) -> list[str]:
    what = f"What you return for {len(table)} claims"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the mean of nothing is a warning, and its NaN is looked at below
        return expect_names(my_claims(table, answers), what)


def _is_wrong(claim: float, rows: np.ndarray | None, changes: Mapping[str, str]) -> bool:
    if rows is None:
        return "absent" not in changes
    if not len(rows):
        return "empty" not in changes
    if math.isnan(claim):
        return "nan" not in changes
    accuracy = sum(truth == answer for truth, answer in rows.tolist()) / len(rows)
    return {
        "": abs(claim - accuracy) > 0.005 + 1e-9,
        "high": claim - accuracy > 0.005,
        "low": accuracy - claim > 0.005,
        "exact": abs(claim - accuracy) > 1e-9,
        "relative": abs(claim - accuracy) > 0.005 * accuracy,
        "rounded": round(claim, 2) != round(accuracy, 2),
        "ten": abs(claim - accuracy) > 0.05,
        "percent": abs(claim - accuracy) > 0.5,
    }[changes.get("compare", "")]


def _wrong_claims(table: dict, answers: dict, **changes: str) -> list[str]:
    return sorted(name for name, claim in table.items() if _is_wrong(claim, answers.get(name), changes))


def _claim_mistakes(table: dict, answers: dict, count: int) -> _Mistakes:
    single = [(step, kind) for step, kinds in _CLAIMS.items() for kind in kinds]
    for chosen in itertools.combinations(single, count):
        if len({step for step, _ in chosen}) == count:
            yield (
                _wrong_claims(table, answers, **dict(chosen)),
                " ".join(_CLAIMS[step][kind] for step, kind in chosen),
            )
    if count > 1:
        return
    right = _wrong_claims(table, answers)
    yield (
        [name for name in table if name in right],
        "The systems are right, and not sorted: `sorted(…)` puts them in order.",
    )
    yield right[::-1], "The systems are right, and in the opposite order."
    yield sorted({*table} - {*right}), "Those are the systems whose claims are right: return the wrong ones."
    yield (
        sorted({*right} | ({*answers} - {*table})),
        "Answers of systems that the table does not name do not count.",
    )
    yield sorted(table), "Those are all systems: return those whose claims are wrong."
    yield right[:1], "One system alone was found: is `return` inside of the loop?"
    yield [], "Nothing was found."
    shares = {name: rows[:, 1].mean() for name, rows in answers.items() if len(rows)}
    yield (
        sorted(name for name in table if name not in shares or not abs(table[name] - shares[name]) <= 0.005),
        "The accuracy is the share of rows in which truth and answer are equal.",
    )
    kept = {name: "nan" in name or name not in answers or not len(answers[name]) for name in table}
    for compared in (kept, {name: kept[name] and "nan" not in name for name in table}):
        yield (
            sorted(name for name in table if compared[name]),
            "No claim that has answers is compared with them.",
        )


# --- 13.7 ---------------------------------------------------------------------------------------------------


_SHAPES = (
    r"Incompatible shapes|cannot be broadcast|must be broadcast|inputs have incompatible|matching shapes"
)
_COLUMN = "`present[:, i : i + 1]` has shape (batch, 1) and fits any feature vector; `present[:, i]` and `present` do not."


@exercise(
    "13.7",
    "for one to three modalities a missing one changes nothing, a present one does, and all may be missing",
    own=r"course_utils\.fusion\.\w+\.(?!_)\w+",
    stops={
        r"KerasTensor|keras_tensor|symbolic": "In a functional model use `keras.ops` and layers: NumPy cannot compute with what has no numbers yet.",
        _SHAPES: _COLUMN,
        r"disconnected|must be created from|not connected": "A functional model leads from its `keras.Input`s to its output through layers and `keras.ops`.",
        r"incompatible with the layer|expected (min_)?ndim": "Each modality is (batch, width): `keras.Input((width,))`, and it has its own layers.",
        r"object is not iterable": "`widths` is a list, with one number for each modality.",
    },
)
def fusion(my_fusion: Callable) -> None:
    """Checks a fusion of modalities of which any may be missing (lesson 13).

    Args:
        my_fusion: function of ``(widths, classes)``, a list of m ints and an int, that returns an untrained Keras model
            from m inputs (batch, width) and one (batch, m) of zeros and ones to (batch, classes).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    import keras

    rng = np.random.default_rng(137)
    keras.utils.set_random_seed(137)
    for widths, classes in [([5, 3, 7], 4), ([6], 2), ([4, 4], 5)]:
        told = f"For widths = {widths} and classes = {classes}"
        model = expect_model(my_fusion(widths, classes))
        _check_inputs(model, widths, told)
        present = np.array([*itertools.product((1, 0), repeat=len(widths))], np.float32)
        parts = [rng.normal(size=(len(present), width)).astype(np.float32) for width in widths]
        _check_logits(model, parts, present, classes, told)
        _move_weights(model, rng)  # what begins at 0 does not stay there
        _check_missing(model, parts, present, rng, told)
        _check_zeros(model, parts, rng, told)


def _move_weights(model: "keras.Model", rng: np.random.Generator) -> None:
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0.0, 0.5, weight.shape))


def _check_inputs(model: "keras.Model", widths: list[int], told: str) -> None:
    expected = [*widths, len(widths)]
    shapes = [tuple(one.shape) for one in getattr(model, "inputs", None) or []]
    if not shapes:
        return  # a class of its own says so when it is called
    found = [shape[-1] for shape in shapes]
    asked = ", ".join(f"(batch, {width})" for width in expected)
    likely = ""
    if len(shapes) == len(widths):
        likely = " `present` is an input of its own, the last."
    elif len(shapes) == 1:
        likely = " Each modality is an input of its own, and `present` the last."
    elif len(shapes) == 2 * len(widths):
        likely = " `present` is one input with a column for each modality."
    elif found == [len(widths), *widths]:
        likely = " `present` comes last."
    expect(
        found == expected and all(len(shape) == 2 for shape in shapes),
        f"{told} your model takes inputs of shape {shapes}, expected {asked}.{likely}",
    )
    expect(
        all(shape[0] is None for shape in shapes),
        f"{told} your model takes batches of {shapes[0][0]} alone: `keras.Input((width,))` leaves their size open.",
    )


def _logits(model: "keras.Model", parts: list[np.ndarray], present: np.ndarray) -> np.ndarray:
    what = f"a list of {len(parts)} feature arrays and `present`"
    try:
        return np.asarray(call_model(model, [*parts, present], what), np.float64)
    except CheckFailed as error:
        likely = f". {_COLUMN}" if re.search(_SHAPES, str(error)) else ""
        raise CheckFailed(f"{error}{likely}") from error


def _check_logits(
    model: "keras.Model", parts: list[np.ndarray], present: np.ndarray, classes: int, told: str
) -> None:
    for count in (1, len(present)):
        shapes = [
            ((count, 1), "There is a logit for each class."),
            (
                (count, len(parts), classes),
                "The modalities are joined to one answer: sum, mean, or concatenate them.",
            ),
            ((count,), "There is a logit for each class."),
        ]
        value = expect_array(
            _logits(model, [part[:count] for part in parts], present[:count]),
            (count, classes),
            np.floating,
            f"{told} the output for {count} items",
            shapes,
        )
    expect(
        len(model.trainable_weights) > 0,
        f"{told} your model has nothing to train: is `trainable` False, or is there no layer with weights?",
    )
    expect(
        np.isfinite(value).all(),
        f"{told} the logits hold NaN or infinity, "
        + (
            "where all modalities are missing: a mean divides by how many are there, so let it divide by 1 at least, `keras.ops.maximum(…, 1)`; and a softmax over places that are all `-inf` is NaN, let one place always be there."
            if np.isfinite(value[:-1]).all()
            else "also where something is present."
        ),
    )


def _check_missing(
    model: "keras.Model", parts: list[np.ndarray], present: np.ndarray, rng: np.random.Generator, told: str
) -> None:
    """What is missing changes nothing, what is there does, whoever else is in the batch."""
    n, m = present.shape
    # Each modality gets other numbers once, of the same size and large: one call, since many small ones take long.
    others = [
        [rng.normal(size=part.shape).astype(np.float32) * scale for part in parts] for scale in (1, 1, 1000)
    ]
    variants = [parts] + [
        [other[i] if i == changed else parts[i] for i in range(m)] for other in others for changed in range(m)
    ]
    batch = [np.concatenate([variant[i] for variant in variants]) for i in range(m)]
    repeated = np.tile(present, (len(variants), 1))
    logits = _logits(model, batch, repeated)
    expect(
        np.isfinite(logits).all(),
        f"{told} the logits hold NaN or infinity, once weights have moved or features are large.",
    )
    expect(
        np.array_equal(logits, _logits(model, batch, repeated)),
        "Called twice on the same items, your model gives different logits: is there noise, or dropout, that does not ask for `training`?",
    )
    probabilities = np.allclose(logits.sum(axis=1), 1, atol=1e-4) and (logits >= 0).all()
    expect(
        not probabilities or logits.shape[1] == 1,
        "Your model gives probabilities: logits are asked, no softmax at its end.",
    )
    size = max(np.abs(logits[:n]).max(), 1e-6)
    alone = [_logits(model, [part[i : i + 1] for part in parts], present[i : i + 1]) for i in range(n)]
    expect(
        np.allclose(np.concatenate(alone), logits[:n], atol=1e-4 * size, rtol=1e-3),
        "An item alone gets other logits than in a batch: something is taken over the batch, axis 0, such as a mean that fills what is "
        "missing; the modalities and their numbers are other axes.",
    )
    before, *after = np.split(logits, len(variants))
    distance = (
        np.array([np.abs(one - before).max(axis=1) / size for one in after])
        .reshape(len(others), m, n)
        .max(axis=0)
    )
    moved = distance.T > 1e-4  # (items, modalities)
    there = present > 0
    if not np.array_equal(moved, there):
        raise CheckFailed(_missing_hint(moved, there, told))


def _check_zeros(model: "keras.Model", parts: list[np.ndarray], rng: np.random.Generator, told: str) -> None:
    """Zeros that are there are not the same as nothing: with some weights or others the logits differ."""
    m = len(parts)
    batch = [np.repeat(part[:1], 2 * m, axis=0) for part in parts]
    present = np.ones((2 * m, m), np.float32)
    for i in range(m):
        batch[i][2 * i : 2 * i + 2] = 0
        present[2 * i + 1, i] = 0
    differ = np.zeros(m, bool)
    for _ in range(8):
        logits = _logits(model, batch, present)
        differ |= np.abs(logits[::2] - logits[1::2]).max(axis=1) > 1e-4 * max(np.abs(logits).max(), 1e-6)
        if differ.all():
            return
        _move_weights(model, rng)
    raise CheckFailed(
        f"{told} modality {np.argmin(differ)} gets the same logits where it is missing and where it is there and holds zeros, whatever the "
        "weights: zeros are features, too, such as those of a text without a known character. Join `present` to the features as well."
    )


def _missing_hint(moved: np.ndarray, there: np.ndarray, told: str) -> str:
    """Why other things move the logits than those that are present."""
    m = there.shape[1]
    if not moved.any():
        return f"{told} whatever the modalities hold, the logits stay: do the features reach them?"
    if moved.all():
        return f"{told} the numbers of a missing modality change the logits as if it were there: multiply what you make of each by its column of `present`."
    if np.array_equal(moved, ~there):
        return f"{told} missing modalities change the logits, and present ones do not: 1 means present."
    if np.array_equal(moved, there & there.all(axis=1, keepdims=True)):
        return f"{told} the features count only where *all* modalities are present: each has its own column of `present`."
    if m > 1 and np.array_equal(moved[:-1], there[:-1]):
        return f"{told} it is right but where all modalities are missing: there what they hold changes the logits. A softmax over places that are all masked gives each the same weight."
    if m > 1 and np.array_equal(moved, np.repeat(there.any(axis=1, keepdims=True), m, axis=1)):
        return f"{told} a modality counts as soon as *any* is present: each has its own column of `present`."
    for i in range(m):
        column = next((j for j in range(m) if j != i and np.array_equal(moved[:, i], there[:, j])), None)
        if column is not None:
            return f"{told} modality {i} counts where modality {column} is present: each is multiplied by its own column, `present[:, i : i + 1]`."
    for i in range(m):
        where = f"{told} modality {i}, with present = "
        leaking = np.flatnonzero(moved[:, i] & ~there[:, i])
        if len(leaking):
            return f"{where}{there[leaking[0]].astype(int).tolist()}, is missing, and its numbers change the logits: multiply what you make of each by its column of `present`."
    i, item = next((i, item) for i in range(m) for item in np.flatnonzero(~moved[:, i] & there[:, i]))
    return f"{told} modality {i} is present, with present = {there[item].astype(int).tolist()}, and its numbers change nothing: do its features reach the logits?"
