"""Lesson 13's checks accept right answers of any style and reject wrong ones with their own hint."""

import collections
import fractions
import hashlib
import itertools
import math
import random
import re
import statistics
import unicodedata

import numpy as np
from scipy.stats import binomtest

from course_utils import runtime
from course_utils.checks import lesson_13 as check
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers, ops  # noqa: E402


def of(answer, change):
    """An answer made of another one's result."""
    return lambda *given: change(answer(*given))


# --- 13.1: suspects


def own_suspects(similarity, count):
    own = np.diag(similarity)
    others = np.where(np.eye(len(similarity), dtype=bool), -np.inf, similarity)
    return np.argsort(own - others.max(axis=1), kind="stable")[:count].tolist()


def suspects_by_loop(similarity, count):
    margins = []
    for i, row in enumerate(similarity.tolist()):
        margins.append((row[i] - max(row[:i] + row[i + 1 :]), i))
    return [i for _, i in sorted(margins)[:count]]


def suspects_by_ops(similarity, count):
    n = len(similarity)
    own = ops.diagonal(similarity)
    others = ops.max(similarity - 1e9 * np.eye(n, dtype=similarity.dtype), axis=1)
    return np.argsort(np.asarray(own - others), kind="stable")[:count]


def suspects_by_sort(similarity, count):
    top = np.sort(similarity, axis=1)
    own = np.diag(similarity)
    best = np.where(np.argmax(similarity, axis=1) == np.arange(len(own)), top[:, -2], top[:, -1])
    return list(np.lexsort((np.arange(len(own)), own - best))[:count])


def suspects_taken_one_by_one(similarity, count):
    left = {i: similarity[i, i] - np.delete(similarity[i], i).max() for i in range(len(similarity))}
    found = []
    while len(found) < count:
        found.append(min(left, key=lambda i: (left[i], i)))
        del left[found[-1]]
    return tuple(found)


def suspects_in_place(similarity, count):
    own = np.diag(similarity).copy()
    np.fill_diagonal(similarity, -np.inf)
    return np.argsort(own - similarity.max(axis=1), kind="stable")[:count].tolist()


def margins_sorted(margins, largest=False):
    """An answer that sorts by something else."""

    def answer(similarity, count):
        values = margins(similarity)
        return np.argsort(-values if largest else values, kind="stable")[:count].tolist()

    return answer


def margin(similarity, others=np.max, axis=1, fill=None):
    own = np.diag(similarity)
    if fill is not None:
        similarity = similarity.copy()
        np.fill_diagonal(similarity, fill)
        return own - others(similarity, axis=axis)
    return own - np.array(
        [others(np.delete(similarity[i] if axis else similarity[:, i], i)) for i in range(len(own))]
    )


def higher_first(similarity, count):
    values = margin(similarity)
    return [int(i) for i in np.argsort(-values, kind="stable")[::-1][:count]]


SUSPECTS = (
    check.suspects,
    {
        "the lesson's": own_suspects,
        "loop": suspects_by_loop,
        "keras.ops": suspects_by_ops,
        "by sorting": suspects_by_sort,
        "one by one": suspects_taken_one_by_one,
        "copied first": lambda s, c: suspects_in_place(s.astype(float), c),
        "array": of(own_suspects, np.array),
    },
    {
        "columns": (
            margins_sorted(lambda s: margin(s, axis=0)),
            "other pictures for the same caption: a column",
        ),
        "own among others": (
            margins_sorted(lambda s: np.diag(s) - s.max(axis=1)),
            "own score is among the other captions",
        ),
        "own among columns": (
            margins_sorted(lambda s: np.diag(s) - s.max(axis=0)),
            "own score is among the other pictures",
        ),
        "own score alone": (margins_sorted(np.diag), "own score alone"),
        "largest first": (margins_sorted(margin, largest=True), r"begins with the \*largest\*"),
        "other minus own": (margins_sorted(lambda s: -margin(s)), r"begins with the \*largest\*"),
        "mean of the others": (
            margins_sorted(lambda s: margin(s, np.mean)),
            "the mean of the other captions",
        ),
        "worst of the others": (
            margins_sorted(lambda s: margin(s, np.min)),
            "the worst of the other captions",
        ),
        "second of the row": (
            margins_sorted(lambda s: np.diag(s) - np.sort(s, axis=1)[:, -2]),
            "second highest score of the row",
        ),
        "zeros": (margins_sorted(lambda s: margin(s, fill=0)), "put 0 in the place of the own score"),
        "ratio": (
            margins_sorted(lambda s: np.diag(s) / (np.diag(s) - margin(s))),
            "You divide by the best other",
        ),
        "size": (margins_sorted(lambda s: np.abs(margin(s))), "size of the margin"),
        "largest size": (margins_sorted(lambda s: np.abs(margin(s)), largest=True), "size of the margin"),
        "sorted by index": (of(own_suspects, sorted), "sorted by index"),
        "backward": (of(own_suspects, lambda f: f[::-1]), "opposite order"),
        "from 1": (of(own_suspects, lambda f: [i + 1 for i in f]), "counted from 1"),
        "higher index first": (higher_first, "Of equal margins the lower"),
        "a sort that is not stable": (
            lambda s, c: np.lexsort((-np.arange(len(s)), margin(s)))[:c].tolist(),
            "Of equal margins the lower",
        ),
        "quicksort": (lambda s, c: np.argsort(margin(s))[:c].tolist(), "Of equal margins the lower"),
        "one other": (
            margins_sorted(lambda s: np.diag(s) - np.roll(s, -1, axis=1).diagonal()),
            "one other caption",
        ),
        "best captions": (lambda s, c: s.argmax(axis=1)[:c].tolist(), "Those are the best captions"),
        "the first ones": (lambda s, c: [*range(c)], "the first pairs, whatever"),
        "all": (lambda s, c: own_suspects(s, len(s)), "Those are all pairs"),
        "margins": (lambda s, c: np.sort(margin(s))[:c], "holds fractions: return which they are"),
        "marked": (lambda s, c: margin(s) < np.sort(margin(s))[c - 1], "holds True and False"),
        "a generator": (
            lambda s, c: (i for i in own_suspects(s, c)),
            "is a generator.*; expected a list of whole numbers",
        ),
        "one": (lambda s, c: own_suspects(s, 1)[0], r"has shape \(\), expected a list"),
        "pairs": (
            lambda s, c: [[i, i] for i in own_suspects(s, c)],
            r"expected a list of whole numbers. Use `\[0\]`",
        ),
        "in place": (suspects_in_place, "changed the arrays"),
        "count fixed": (lambda s, c: own_suspects(s, 3), "has 3 numbers, expected 7"),
        "empty": (lambda s, c: [], "has 0 numbers, expected 7"),
        "identity": (lambda s, c: s, "has shape"),
    },
)


# --- 13.2: a split by groups


def own_split(groups, share, seed):
    order = np.random.default_rng(seed).permutation(sorted(set(groups)))
    test = np.zeros(len(groups), bool)
    for name in order[:-1]:
        if test.sum() >= share * len(groups):
            break
        test |= np.array(groups) == name
    return test


def split_by_random(groups, share, seed):
    """With the standard library alone."""
    import random

    names = list(dict.fromkeys(groups))
    random.Random(seed).shuffle(names)
    chosen, count = set(), 0
    while count < share * len(groups) and len(names) > 1:
        name = names.pop()
        chosen.add(name)
        count += groups.count(name)
    return [name in chosen for name in groups]


def split_by_cumsum(groups, share, seed):
    names, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = np.random.default_rng(seed).permutation(len(names))
    before = np.concatenate([[0], np.cumsum(sizes[order])[:-1]])
    chosen = order[(before < share * len(groups)) & (np.arange(len(names)) < len(names) - 1)]
    return np.isin(members, chosen)


def split_by_numbers(groups, share, seed):
    """A random number for each group, in ascending order."""
    rng = np.random.RandomState(seed)
    numbers = {name: rng.rand() for name in sorted(set(groups))}
    test = [False] * len(groups)
    for name in sorted(numbers, key=numbers.get)[:-1]:
        if sum(test) < share * len(groups):
            test = [one or group == name for one, group in zip(test, groups, strict=True)]
    return test


def split_recursively(groups, share, seed):
    names = [str(name) for name in np.random.default_rng(seed).permutation(sorted({*groups}))]

    def fill(chosen, left):
        if len(left) == 1 or sum(groups.count(name) for name in chosen) >= share * len(groups):
            return chosen
        return fill([*chosen, left[0]], left[1:])

    return np.isin(groups, fill([], names))


def by_names(choose):
    """An answer that chooses names of groups; their members are the test."""

    def answer(groups, share, seed):
        names = np.random.default_rng(seed).permutation(sorted(set(groups))).tolist()
        return np.isin(groups, choose(names, groups, share, seed))

    return answer


def until(names, groups, share, fits=False, least=1, first=False, more=False):
    chosen = []
    for name in names[: len(names) - least]:
        count = sum(groups.count(other) for other in chosen)
        if fits and count + groups.count(name) > share * len(groups):
            continue
        reached = count > share * len(groups) if more else count >= share * len(groups)
        if not fits and reached and not (first and not chosen):
            break
        chosen.append(name)
    return chosen


def split_items(groups, share, seed):
    order = np.random.default_rng(seed).permutation(len(groups))
    test = np.zeros(len(groups), bool)
    test[order[: math.ceil(share * len(groups))]] = True
    return test


def split_and_shuffle(groups, share, seed):
    groups.sort()
    return own_split(groups, share, seed)


def first_block(groups, share, seed):
    """Only the first stretch of a group comes in."""
    test = np.zeros(len(groups), bool)
    for name in np.random.default_rng(seed).permutation(sorted(set(groups)))[:-1]:
        if test.sum() >= share * len(groups):
            break
        begin = groups.index(name)
        length = next((k for k in range(begin, len(groups)) if groups[k] != name), len(groups)) - begin
        test[begin : begin + length] = True
    return test


def rotated(groups, share, seed):
    names = sorted(set(groups))
    begin = int(np.random.default_rng(seed).integers(len(names)))
    return np.isin(groups, until(names[begin:] + names[:begin], groups, share))


def split_of_a_set(groups, share, seed):
    names = list(set(groups))
    random.Random(seed).shuffle(names)
    return np.isin(groups, until(names, groups, share))


def split_of_shuffled_set(groups, share, seed):
    names = list(set(groups))
    np.random.default_rng(seed).shuffle(names)
    return np.isin(groups, until(names, groups, share))


def split_by_hash(groups, share, seed):
    names = sorted(set(groups), key=lambda name: hash((seed, name)))
    return np.isin(groups, until(names, groups, share))


def split_by_digest(groups, share, seed):
    names = sorted(set(groups), key=lambda name: hashlib.md5(f"{seed} {name}".encode()).hexdigest())
    return np.isin(groups, until(names, groups, share))


def split_in_order_of_coming(groups, share, seed):
    names = list(dict.fromkeys(groups))
    random.Random(seed).shuffle(names)
    chosen = set(until(names, groups, share))
    return np.array([name in chosen for name in groups])


def split_by_names_made_anew(groups, share, seed):
    sizes = collections.Counter(groups)
    names = np.random.default_rng(seed).permutation(np.unique(groups)).tolist()
    chosen = set()
    while sum(sizes[name] for name in chosen) < share * len(groups) and len(names) > 1:
        chosen.add(names.pop())
    return np.array([name in chosen for name in groups])


SPLITS = (
    check.group_split,
    {
        "by a digest": split_by_digest,
        "in order of coming": split_in_order_of_coming,
        "names made anew": split_by_names_made_anew,
        "the lesson's": own_split,
        "standard library": split_by_random,
        "cumulated": split_by_cumsum,
        "random numbers": split_by_numbers,
        "recursion": split_recursively,
        "a list": of(own_split, np.ndarray.tolist),
        "tensor": of(own_split, ops.convert_to_tensor),
    },
    {
        "a set, shuffled": (split_of_a_set, "In a new kernel the same seed"),
        "a set, shuffled by NumPy": (split_of_shuffled_set, "In a new kernel the same seed"),
        "by hash": (split_by_hash, "In a new kernel the same seed"),
        "more than the share": (
            by_names(lambda n, g, s, _: until(n, g, s, more=True)),
            r"`>=`, not `>`",
        ),
        "items": (split_items, "in the test and out of it: draw groups, not items"),
        "the first stretch": (first_block, "members need not stand together"),
        "the others": (of(own_split, np.logical_not), r"items of the \*test\*"),
        "no seed": (lambda g, s, _: own_split(g, s, 0), "Every seed gives the same split"),
        "largest first": (
            by_names(lambda n, g, s, _: until(sorted(set(g), key=g.count)[::-1], g, s)),
            "Every seed gives the same split",
        ),
        "always another": (lambda g, s, _: own_split(g, s, None), "same seed gave two different splits"),
        "share of groups": (
            by_names(lambda n, g, s, _: n[: min(len(n) - 1, math.ceil(s * len(n)))]),
            r"share is one of the \*items\*",
        ),
        "rounded share of groups": (
            by_names(lambda n, g, s, _: n[: max(1, min(len(n) - 1, round(s * len(n))))]),
            r"share is one of the \*items\*",
        ),
        "one group": (by_names(lambda n, g, s, _: n[:1]), r"share is one of the \*items\*"),
        "all but one": (
            by_names(lambda n, g, s, _: n[1:]),
            r"share is one of the \*items\*|before its last group",
        ),
        "what fits": (
            by_names(lambda n, g, s, _: until(n, g, s, fits=True)),
            "nobody is left out for being too large",
        ),
        "stops before": (
            by_names(lambda n, g, s, _: until(n, g, s)[:-1]),
            "the group with which the share is reached comes in as well",
        ),
        "one too many": (
            by_names(lambda n, g, s, _: n[: min(len(n) - 1, len(until(n, g, s)) + 1)]),
            "which it had before its last group",
        ),
        "nobody stays out": (
            by_names(lambda n, g, s, _: until(n, g, s, least=0)),
            "at least one group stays out",
        ),
        "two stay out": (
            by_names(lambda n, g, s, _: until(n, g, s, least=2)),
            "has 0 items|comes in as well",
        ),
        "one always": (
            by_names(lambda n, g, s, _: until(n, g, s, first=True)),
            "compare .before. a group comes in",
        ),
        "rotated": (rotated, r"the \*order\* of all groups is drawn"),
        "one never": (
            by_names(
                lambda n, g, s, _: until([*n[: n.index(min(n))], *n[n.index(min(n)) + 1 :], min(n)], g, s)
            ),
            "never comes into the test",
        ),
        "one first": (
            by_names(lambda n, g, s, _: until([min(n), *(name for name in n if name != min(n))], g, s)),
            "is always in the test",
        ),
        "indices": (lambda *g: np.flatnonzero(own_split(*g)), "not the places of those"),
        "names": (
            lambda g, *r: sorted({n for n, t in zip(g, own_split(g, *r), strict=True) if t}),
            "numbers",
        ),
        "by group": (lambda g, *r: [True] * len(set(g)), "not a value for each group"),
        "zeros and ones": (of(own_split, lambda t: t.astype(int)), "expected bool.*True and False are asked"),
        "two arrays": (of(own_split, lambda t: [t, ~t]), "has shape"),
        "sorted in place": (split_and_shuffle, "changed the lists"),
        "all": (lambda g, *_: np.ones(len(g), bool), "at least one group stays out"),
        "nothing": (lambda g, *_: np.zeros(len(g), bool), "share is one of the|comes in as well"),
        "empty": (lambda *_: [], "is empty"),
        "identity": (lambda g, *_: g, "not everything is a number"),
    },
)


# --- 13.3: mean and spread


def own_summary(figures):
    return {
        system: (np.mean(seeds), np.std(seeds, ddof=1) if len(seeds) > 1 else np.nan)
        for system, seeds in figures.items()
    }


def each(pair):
    return lambda figures: {system: pair(seeds) for system, seeds in figures.items()}


def deviation(seeds, ddof=1):
    return np.std(seeds, ddof=ddof) if len(seeds) > 1 else np.nan


def summary_by_loop(figures):
    result = {}
    for system, seeds in figures.items():
        mean = sum(seeds) / len(seeds)
        squares = sum((seed - mean) ** 2 for seed in seeds)
        result[system] = [mean, math.sqrt(squares / (len(seeds) - 1)) if len(seeds) > 1 else float("nan")]
    return result


def summary_of_the_first(figures):
    for system, seeds in figures.items():
        return {system: (np.mean(seeds), deviation(seeds))}
    return {}


def summary_sorted_in_place(figures):
    for seeds in figures.values():
        seeds.sort()
    return own_summary(figures)


SUMMARIES = (
    check.summary,
    {
        "the lesson's": own_summary,
        "loop": summary_by_loop,
        "statistics": each(
            lambda s: (
                statistics.fmean(s),
                statistics.stdev(s) if len(s) > 1 else statistics.fmean([math.nan]),
            )
        ),
        "array": each(lambda s: np.array([np.mean(s), deviation(s)])),
        "sorted systems": lambda f: dict(sorted(own_summary(f).items())),
        "variance first": each(lambda s: (np.mean(s), np.sqrt(np.var(s, ddof=1)) if s[1:] else np.nan)),
        "an ordered dictionary": lambda f: collections.OrderedDict(own_summary(f)),
    },
    {
        "divided by n": (each(lambda s: (np.mean(s), deviation(s, 0))), "minus 1"),
        "variance": (each(lambda s: (np.mean(s), deviation(s) ** 2)), "That is the variance"),
        "variance of n": (each(lambda s: (np.mean(s), np.var(s))), "That is the variance.*minus 1"),
        "error of the mean": (
            each(lambda s: (np.mean(s), deviation(s) / len(s) ** 0.5)),
            "error of the mean",
        ),
        "its error": (each(lambda s: (np.mean(s), np.std(s) / len(s) ** 0.5)), "error of the mean"),
        "median": (each(lambda s: (np.median(s), deviation(s))), "That is the median"),
        "exchanged": (each(lambda s: (deviation(s), np.mean(s))), "exchanged"),
        "range": (each(lambda s: (np.mean(s), np.ptp(s))), "from the smallest to the largest"),
        "mean distance": (each(lambda s: (np.mean(s), np.abs(s - np.mean(s)).mean())), "mean distance"),
        "best": (each(lambda s: (max(s), deviation(s))), "best seed"),
        "sum": (each(lambda s: (sum(s), deviation(s))), "sum of the seeds"),
        "rounded": (each(lambda s: (round(np.mean(s), 2), round(deviation(s), 2))), "are rounded"),
        "rounded to 3 digits": (
            each(lambda s: (round(np.mean(s), 3), round(deviation(s), 3))),
            "are rounded",
        ),
        "half the range": (each(lambda s: (np.mean(s), np.ptp(s) / 2)), "half the distance"),
        "root of the mean square": (
            each(lambda s: (np.mean(s), np.sqrt(np.mean(np.square(s))))),
            "Take the mean away",
        ),
        "all seeds in one": (
            lambda f: {k: (np.mean(s), np.std([v for o in f.values() for v in o])) for k, s in f.items()},
            "each has its own seeds",
        ),
        "one deviation for all": (
            lambda f: {k: (np.mean(s), np.mean([deviation(o) for o in f.values()])) for k, s in f.items()},
            "each has its own seeds",
        ),
        "twice the mean": (each(lambda s: (np.mean(s), np.mean(s))), "deviation equals the mean"),
        "a warning": (each(lambda s: (np.mean(s), np.std(s, ddof=1))), "a warning is printed"),
        "0 for one": (
            each(lambda s: (np.mean(s), np.std(s, ddof=min(1, len(s) - 1)))),
            "one seed has no spread, NaN",
        ),
        "None for one": (
            each(lambda s: (np.mean(s), deviation(s) if s[1:] else None)),
            "one seed of 'only' is None: NaN is asked",
        ),
        "left out for one": (
            lambda f: {k: v for k, v in own_summary(f).items() if f[k][1:]},
            "nothing is said of .'only'.: one seed has a mean as well",
        ),
        "statistics alone": (
            each(lambda s: (statistics.mean(s), statistics.stdev(s))),
            "stopped with.*NaN is asked",
        ),
        "division": (
            each(
                lambda s: (
                    np.mean(s),
                    math.sqrt(sum((x - statistics.fmean(s)) ** 2 for x in s) / (len(s) - 1)),
                )
            ),
            "stopped with ZeroDivisionError.*NaN is asked",
        ),
        "squares without the mean": (
            each(
                lambda s: (
                    np.mean(s),
                    np.sqrt(np.float32(np.mean(np.square(s, dtype="f4"))) - np.float32(np.mean(s)) ** 2),
                )
            ),
            "minus 1|expected",
        ),
        "mean alone": (each(np.mean), "no pair"),
        "three": (each(lambda s: (np.mean(s), deviation(s), len(s))), "no pair.*holds 3 things"),
        "text": (each(lambda s: f"{np.mean(s)}"), "no pair.*of the type str"),
        "no mean": (each(lambda s: (None, deviation(s))), "The mean of 'system 3' is None"),
        "a list": (lambda f: [*own_summary(f).values()], "expected a dictionary"),
        "the first": (summary_of_the_first, "nothing is said of.*`return` inside of the loop"),
        "one more": (lambda f: {**own_summary(f), "all": (0, 0)}, "which is no system"),
        "sorted in place": (summary_sorted_in_place, "changed the dicts"),
        "constant": (each(lambda s: (0.5, 0.1)), "is 0.1, expected 0"),
        "identity": (lambda f: f, "no pair"),
        "empty": (lambda f: {}, "nothing is said of"),
    },
)


# --- 13.4: the sign test


def own_sign_test(right_a, right_b):
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    differ = only_a + only_b
    tail = sum(math.comb(differ, k) for k in range(min(only_a, only_b) + 1))
    return min(1.0, 2 * tail / 2**differ)


def sign_test_by_scipy(right_a, right_b):
    differ = int((right_a != right_b).sum())
    return binomtest(int((right_a > right_b).sum()), differ).pvalue if differ else 1.0


def sign_test_by_distribution(right_a, right_b):
    from scipy.stats import binom

    a, b = np.sum(right_a > right_b), np.sum(right_b > right_a)
    return float(min(1, 2 * binom.cdf(min(a, b), a + b, 0.5)))


def sign_test_by_logs(right_a, right_b):
    a = sum(bool(x) and not y for x, y in zip(right_a, right_b, strict=True))
    b = sum(bool(y) and not x for x, y in zip(right_a, right_b, strict=True))
    n = a + b
    logs = [
        math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1) - n * math.log(2)
        for k in range(n + 1)
    ]
    return min(1.0, sum(math.exp(one) for k, one in enumerate(logs) if abs(k - n / 2) >= abs(a - n / 2)))


def sign_test_by_fractions(right_a, right_b):
    differ = right_a != right_b
    n, k = int(differ.sum()), int(right_a[differ].sum())
    ways, term = fractions.Fraction(0), 1
    for j in range(n + 1):
        if abs(2 * j - n) >= abs(2 * k - n):
            ways += term
        term = term * (n - j) // (j + 1)
    return np.float64(ways / 2**n)


def of_counts(formula):
    """An answer from the counts: only a, only b, both, neither."""

    def answer(right_a, right_b):
        counts = (right_a & ~right_b, right_b & ~right_a, right_a & right_b, ~right_a & ~right_b)
        return formula(*(int(one.sum()) for one in counts))

    return answer


def tail(heads, trials):
    return sum(math.comb(trials, k) for k in range(heads + 1)) / 2**trials


def normal(a, b, correction=0):
    distance = max(0, abs(a - b) - correction) / math.sqrt(a + b) if a + b else 0
    return math.erfc(distance / math.sqrt(2))


def sign_test_in_place(right_a, right_b):
    result = own_sign_test(right_a, right_b)
    right_a &= ~right_b
    return result


SIGNS = (
    check.sign_test,
    {
        "the lesson's": own_sign_test,
        "scipy's test": sign_test_by_scipy,
        "scipy's distribution": sign_test_by_distribution,
        "logarithms": sign_test_by_logs,
        "fractions": sign_test_by_fractions,
        "an array without axes": of(own_sign_test, np.array),
        "a tensor": of(own_sign_test, lambda p: ops.convert_to_tensor(p, "float64")),
    },
    {
        "one direction": (of_counts(lambda a, b, *_: tail(min(a, b), a + b)), "probability of one direction"),
        "all items": (
            of_counts(lambda a, b, both, no: min(1.0, 2 * tail(min(a + both, b + no), a + b + both + no))),
            r"\*exactly one\* is right",
        ),
        "all items, few": (
            of_counts(lambda a, b, both, no: min(1.0, 2 * tail(min(a, b), a + b + both + no))),
            r"\*exactly one\* is right",
        ),
        "with both right": (
            of_counts(lambda a, b, both, _: min(1.0, 2 * tail(min(a, b), a + b + both))),
            r"\*exactly one\* is right",
        ),
        "with both wrong": (
            of_counts(lambda a, b, _, no: min(1.0, 2 * tail(min(a, b), a + b + no))),
            r"\*exactly one\* is right",
        ),
        "more uneven alone": (
            of_counts(lambda a, b, *_: min(1.0, 2 * tail(min(a, b) - 1, a + b))),
            r"range\(k \+ 1\)",
        ),
        "exactly this": (
            of_counts(lambda a, b, *_: math.comb(a + b, a) / 2 ** (a + b)),
            "exactly this split",
        ),
        "twice exactly this": (
            of_counts(lambda a, b, *_: min(1.0, 2 * math.comb(a + b, a) / 2 ** (a + b))),
            "exactly this split",
        ),
        "begins with a": (
            of_counts(lambda a, b, *_: min(1.0, 2 * tail(a, a + b))),
            r"\*smaller\* of the two",
        ),
        "begins with b": (
            of_counts(lambda a, b, *_: min(1.0, 2 * tail(b, a + b))),
            r"\*smaller\* of the two",
        ),
        "one direction of a": (of_counts(lambda a, b, *_: tail(a, a + b)), r"\*smaller\*.*both directions"),
        "above 1": (of_counts(lambda a, b, *_: 2 * tail(min(a, b), a + b)), "middle is counted twice"),
        "much above 1": (of_counts(lambda a, b, *_: 2 * tail(max(a, b), a + b)), "never above 1: begin with"),
        "mid-p": (
            of_counts(
                lambda a, b, *_: min(1.0, 2 * tail(min(a, b), a + b) - math.comb(a + b, a) / 2 ** (a + b))
            ),
            "mid-p",
        ),
        "normal": (of_counts(lambda a, b, *_: normal(a, b)), "approximation by the normal curve"),
        "normal, corrected": (
            of_counts(lambda a, b, *_: normal(a, b, 1)),
            "approximation by the normal curve",
        ),
        "one minus": (of(own_sign_test, lambda p: 1 - p), "1 minus what is asked"),
        "share": (of_counts(lambda a, b, *_: a / max(a + b, 1)), "share of a"),
        "difference": (
            of_counts(lambda a, b, c, d: abs(a - b) / (a + b + c + d)),
            "difference of the accuracies",
        ),
        "NaN where none differ": (of_counts(lambda a, b, *_: own_p(a, b) if a + b else math.nan), "0 / 0"),
        "0 where none differ": (
            of_counts(lambda a, b, *_: own_p(a, b) if a + b else 0.0),
            "nothing speaks against",
        ),
        "overflow": (
            of_counts(
                lambda a, b, *_: min(
                    1.0, 2 * sum(math.comb(a + b, k) for k in range(min(a, b) + 1)) / 2.0 ** (a + b)
                )
            ),
            "stopped with OverflowError.*no limit",
        ),
        "scipy's test alone": (
            lambda a, b: binomtest(int((a > b).sum()), int((a != b).sum())).pvalue,
            "stopped with ValueError.*never differ the answer is 1.0",
        ),
        "many are approximated": (
            of_counts(lambda a, b, *_: own_p(a, b) if a + b < 100 else normal(a, b)),
            "expected",
        ),
        "rounded": (of(own_sign_test, lambda p: round(p, 2)), "expected"),
        "significant": (of(own_sign_test, lambda p: p < 0.05), "expected"),
        "a list": (of(own_sign_test, lambda p: [p]), r"Take the number out of it"),
        "percent": (of(own_sign_test, lambda p: 100 * p), "expected|never above 1"),
        "in place": (sign_test_in_place, "changed the arrays"),
        "constant": (lambda *_: 1.0, "expected"),
        "identity": (lambda a, b: a, "has shape"),
    },
)


def own_p(a, b):
    return min(1.0, 2 * tail(min(a, b), a + b))


# --- 13.5: leaks


def own_leaks(train, test):
    def same(text):
        return " ".join(unicodedata.normalize("NFKC", text).casefold().split())

    seen = {same(text) for text in train}
    return [index for index, text in enumerate(test) if same(text) in seen]


def leaks_with(same, other=None):
    """An answer with another idea of what is the same, for the test texts even a third one."""
    other = other or same

    def answer(train, test):
        seen = [same(text) for text in train]
        return [index for index, text in enumerate(test) if other(text) in seen]

    return answer


def same(text):
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def leaks_by_regex(train, test):
    def clean(text):
        return re.sub(r"\s+", " ", unicodedata.normalize("NFKC", text).casefold()).strip()

    texts = [clean(text) for text in train]
    return np.flatnonzero([clean(text) in texts for text in test])


def leaks_by_loop(train, test):
    found = []
    for index in range(len(test)):
        for text in train:
            if same(text) == same(test[index]):
                found.append(index)
                break
    return found


def leaks_by_dictionary(train, test):
    places = collections.defaultdict(list)
    for index, text in enumerate(test):
        places[same(text)].append(index)
    return sorted(itertools.chain.from_iterable(places[text] for text in {same(text) for text in train}))


def without_accents(text):
    return "".join(
        sign for sign in unicodedata.normalize("NFKD", same(text)) if not unicodedata.combining(sign)
    )


def form(name):
    return lambda text: " ".join(unicodedata.normalize(name, text).casefold().split())


def leaks_cleaned_in_place(train, test):
    for index, text in enumerate(train):
        train[index] = same(text)
    return leaks_with(lambda text: text, same)(train, test)


def leaks_in_the_order_of_train(train, test):
    found = []
    for text in train:
        found += [i for i, other in enumerate(test) if same(other) == same(text) and i not in found]
    return found


LEAKS = (
    check.leaks,
    {
        "the lesson's": own_leaks,
        "regular expression": leaks_by_regex,
        "loops": leaks_by_loop,
        "dictionary": leaks_by_dictionary,
        "fold first": leaks_with(
            lambda t: " ".join(unicodedata.normalize("NFKC", t.casefold()).casefold().split())
        ),
        "a tuple": of(own_leaks, tuple),
        "array": of(own_leaks, lambda f: np.array(f, int)),
    },
    {
        "no signs": (leaks_with(lambda t: re.sub(r"[^\w ]", "", same(t))), "take away full stops"),
        "words": (leaks_with(lambda t: re.sub(r"\W+", " ", same(t)).strip()), "take away full stops"),
        "no full stop": (leaks_with(lambda t: same(t).rstrip(".。!")), "take away full stops"),
        "folded before": (
            leaks_with(lambda t: " ".join(unicodedata.normalize("NFKC", t.casefold()).split())),
            "NFKC first",
        ),
        "lower before": (
            leaks_with(lambda t: " ".join(unicodedata.normalize("NFKC", t.lower()).split())),
            "expected|casefold",
        ),
        "listed for each": (
            lambda a, b: [i for i, t in enumerate(b) for o in a if same(o) == same(t)],
            "listed once, however often",
        ),
        "in the order of train": (
            lambda a, b: [i for o in a for i, t in enumerate(b) if same(o) == same(t)],
            "order of `train`, some more than once[^O]*$",
        ),
        "in the order of train, once": (leaks_in_the_order_of_train, "order of `train`: go through `test`"),
        "repeated where train repeats": (
            lambda a, b: own_leaks(a, b) * a.count(a[0]) if a else [],
            "expected .*3.. Each index is listed once",
        ),
        "sets of words": (leaks_with(lambda t: frozenset(same(t).split())), "in whatever order"),
        "a set": (of(own_leaks, set), "is a set; expected a list of whole numbers"),
        "a dictionary": (
            lambda a, b: {i: b[i] for i in own_leaks(a, b)},
            "is a dictionary; expected a list of whole numbers",
        ),
        "as they are": (leaks_with(lambda t: t), "compare the texts as they are"),
        "no form": (leaks_with(lambda t: " ".join(t.casefold().split())), "makes them equal"),
        "NFC": (leaks_with(form("NFC")), "NFC leaves full-width"),
        "NFD": (leaks_with(form("NFD")), "leaves full-width"),
        "no accents": (leaks_with(without_accents), "lose their accents"),
        "no case": (
            leaks_with(lambda t: " ".join(unicodedata.normalize("NFKC", t).split())),
            "case are the same",
        ),
        "lower": (
            leaks_with(lambda t: " ".join(unicodedata.normalize("NFKC", t).lower().split())),
            "leaves ß as it is",
        ),
        "no space": (
            leaks_with(lambda t: unicodedata.normalize("NFKC", t).casefold()),
            "White space: strip both",
        ),
        "stripped": (
            leaks_with(lambda t: unicodedata.normalize("NFKC", t).casefold().strip()),
            r"white space \*inside\*",
        ),
        "all space gone": (leaks_with(lambda t: same(t).replace(" ", "")), "take away all white space"),
        "spaces alone": (
            leaks_with(
                lambda t: " ".join(filter(None, unicodedata.normalize("NFKC", t).casefold().split(" ")))
            ),
            "tabs and line ends",
        ),
        "lower without form": (
            leaks_with(lambda t: " ".join(t.lower().split())),
            "makes them equal.*leaves ß",
        ),
        "lower and strip": (
            leaks_with(lambda t: unicodedata.normalize("NFKC", t).lower().strip()),
            r"leaves ß.*\*inside\*",
        ),
        "NFC and lower": (
            leaks_with(lambda t: " ".join(unicodedata.normalize("NFC", t).lower().split())),
            "NFC leaves.*leaves ß",
        ),
        "test alone": (leaks_with(lambda t: t, same), "those of the training set are not"),
        "train alone": (leaks_with(same, lambda t: t), "those of the test are not"),
        "once each": (
            lambda a, b: [i for i in own_leaks(a, b) if same(b[i]) not in [same(t) for t in b[:i]]],
            "listed twice",
        ),
        "indices into train": (lambda a, b: own_leaks(b, a), "indices into `train`"),
        "the others": (
            lambda a, b: [i for i in range(len(b)) if i not in own_leaks(a, b)],
            r"do \*not\* occur",
        ),
        "part": (
            lambda a, b: [i for i, t in enumerate(b) if any(same(t) in same(o) for o in a)],
            r"only a \*part\*",
        ),
        "holds": (
            lambda a, b: [i for i, t in enumerate(b) if any(same(o) in same(t) for o in a)],
            r"only \*holds\*",
        ),
        "backward": (of(own_leaks, lambda f: f[::-1]), "opposite order"),
        "from 1": (of(own_leaks, lambda f: [i + 1 for i in f]), "counted from 1"),
        "the first": (of(own_leaks, lambda f: f[:1]), "`return` inside of the loop"),
        "same index": (
            lambda a, b: [i for i, (t, o) in enumerate(zip(b, a, strict=False)) if same(t) == same(o)],
            "at the same index",
        ),
        "texts": (lambda a, b: [b[i] for i in own_leaks(a, b)], "holds texts"),
        "marked": (lambda a, b: [i in own_leaks(a, b) for i in range(len(b))], "holds True and False"),
        "count": (of(own_leaks, len), r"has shape \(\)"),
        "in place": (leaks_cleaned_in_place, "changed the lists"),
        "nothing": (lambda a, b: [], "Nothing was found"),
        "all": (lambda a, b: [*range(len(b))], "returned|expected"),
        "identity": (lambda a, b: b, "holds texts"),
    },
)


# --- 13.6: claims


def own_claims(table, answers):
    def holds(system):
        rows = answers.get(system, ())
        return len(rows) > 0 and abs(np.mean(rows[:, 0] == rows[:, 1]) - table[system]) <= 0.005 + 1e-9

    return sorted(system for system in table if not holds(system))


def claims_by_loop(table, answers):
    wrong = []
    for system, claim in table.items():
        if system not in answers or answers[system].shape[0] == 0 or math.isnan(claim):
            wrong.append(system)
            continue
        right = 0
        for truth, answer in answers[system]:
            right += int(truth == answer)
        if abs(round(claim - right / len(answers[system]), 9)) > 0.005:
            wrong.append(system)
    wrong.sort()
    return wrong


def claims_by_sets(table, answers):
    shares = {system: (rows[:, 0] == rows[:, 1]).mean() for system, rows in answers.items() if rows.size}
    limit = 0.005 + 1e-9
    fine = {system for system in table.keys() & shares.keys() if abs(shares[system] - table[system]) <= limit}
    return sorted(table.keys() - fine)


def claims_by_metrics(table, answers):
    from sklearn.metrics import accuracy_score

    def wrong(name):
        if len(answers.get(name, [])) == 0:
            return True
        return not np.isclose(accuracy_score(*answers[name].T), table[name], rtol=0, atol=0.005 + 1e-9)

    return np.array(sorted(filter(wrong, table)), dtype=str)


def claimed(wrong, absent=True, empty=True):
    """An answer that differs in how one claim is judged: a function of claim and accuracy."""

    def answer(table, answers):
        found = []
        for system, claim in table.items():
            if system not in answers:
                found += [system] * absent
            elif not len(answers[system]):
                found += [system] * empty
            elif wrong(claim, np.mean(answers[system][:, 0] == answers[system][:, 1])):
                found.append(system)
        return sorted(found)

    return answer


def differs(claim, accuracy, limit=0.005):
    return not abs(claim - accuracy) <= limit + 1e-9


def claims_with_answers_only(table, answers):
    return sorted(
        system
        for system in table
        if system in answers and not abs(np.mean(np.equal(*answers[system].T)) - table[system]) <= 0.005
    )


def claims_popped(table, answers):
    wrong = own_claims(table, answers)
    for system in wrong:
        table.pop(system)
    return wrong


CLAIMS = (
    check.claims,
    {
        "the lesson's": own_claims,
        "loop": claims_by_loop,
        "sets": claims_by_sets,
        "scikit-learn": claims_by_metrics,
        "by parts": claimed(differs),
        "a tuple": of(own_claims, tuple),
        "a tensor's mean": claimed(
            lambda claim, accuracy: not float(ops.abs(claim - accuracy)) <= 0.005 + 1e-9
        ),
    },
    {
        "too high alone": (claimed(lambda c, a: not c - a <= 0.005), "too high alone"),
        "too low alone": (claimed(lambda c, a: not a - c <= 0.005), "too low alone"),
        "exactly": (claimed(lambda c, a: not abs(c - a) < 1e-9), "may differ by up to 0.005"),
        "nothing for floats": (claimed(lambda c, a: not abs(c - a) <= 0.005), "floats find a little more"),
        "0.005 or more": (claimed(lambda c, a: not abs(c - a) < 0.005), "is not more than 0.005"),
        "relative": (claimed(lambda c, a: not abs(c - a) <= 0.005 * a), "compare the ratio"),
        "rounded": (claimed(lambda c, a: round(c, 2) != round(a, 2)), "round to two decimals"),
        "0.05": (claimed(lambda c, a: differs(c, a, 0.05)), "yours is another limit"),
        "percent": (claimed(lambda c, a: differs(100 * c, 100 * a, 50)), "shares from 0 to 1"),
        "absent kept": (claimed(differs, absent=False), "do not name has a wrong claim"),
        "empty kept": (claimed(differs, empty=False), "no rows has a wrong claim"),
        "nothing compared": (
            lambda t, a: sorted(s for s in t if not len(a.get(s, ()))),
            "^No claim that has answers is compared with them.$",
        ),
        "NaN kept": (claimed(lambda c, a: abs(c - a) > 0.005), "claim that is NaN is wrong"),
        "absent and empty kept": (claimed(differs, False, False), "do not name.*no rows"),
        "NaN and empty kept": (
            claimed(lambda c, a: abs(c - a) > 0.005, empty=False),
            "no rows.*NaN is wrong",
        ),
        "NaN and absent kept": (
            claimed(lambda c, a: abs(c - a) > 0.005, absent=False),
            "do not name.*NaN is wrong",
        ),
        "high alone, NaN kept": (claimed(lambda c, a: c - a > 0.005), "too high alone.*NaN is wrong"),
        "those with answers": (claims_with_answers_only, "do not name has a wrong claim"),
        "a missing key": (
            lambda t, a: sorted(s for s in t if differs(t[s], np.mean(a[s][:, 0] == a[s][:, 1]))),
            "stopped with KeyError.*may be missing",
        ),
        "none in place of rows": (
            lambda t, a: sorted(s for s in t if differs(t[s], np.mean(np.equal(*a.get(s).T)))),
            "then None",
        ),
        "division": (
            lambda t, a: sorted(
                s for s in t if s not in a or differs(t[s], sum(map(int, np.equal(*a[s].T))) / len(a[s]))
            ),
            "no rows: such a claim",
        ),
        "unsorted": (lambda t, a: [s for s in t if s in own_claims(t, a)], "and not sorted: [^O]*$"),
        "backward": (of(own_claims, lambda f: f[::-1]), "opposite order"),
        "the right ones": (lambda t, a: sorted({*t} - {*own_claims(t, a)}), "whose claims are right"),
        "unnamed too": (
            lambda t, a: sorted({*own_claims(t, a)} | ({*a} - {*t})),
            "does not name do not count",
        ),
        "all": (lambda t, a: sorted(t), "Those are all systems"),
        "the first": (of(own_claims, lambda f: f[:1]), "`return` inside of the loop"),
        "answers' mean": (
            lambda t, a: sorted(s for s in t if not len(a.get(s, ())) or differs(t[s], a[s][:, 1].mean())),
            "share of rows in which",
        ),
        "a set": (of(own_claims, set), "of the type set"),
        "numbers": (of(own_claims, lambda f: [*range(len(f))]), "of the type int"),
        "a dictionary": (lambda t, a: {s: s in own_claims(t, a) for s in t}, "of the type dict"),
        "in place": (claims_popped, "changed the dicts"),
        "nothing": (lambda t, a: [], "Nothing was found"),
        "identity": (lambda t, a: t, "of the type dict"),
    },
)


# --- 13.7: a fusion that can do without


def inputs_of(widths):
    return [keras.Input((width,)) for width in widths], keras.Input((len(widths),))


def own_fusion(widths, classes):
    parts = [keras.Input((width,)) for width in widths]
    present = keras.Input((len(widths),))
    kept = [layers.Dense(16, "relu")(part) * present[:, i : i + 1] for i, part in enumerate(parts)]
    joined = layers.Concatenate()([*kept, present])
    return keras.Model([*parts, present], layers.Dense(classes)(joined))


def mean_of_present(widths, classes):
    parts, present = inputs_of(widths)
    rows = ops.stack([layers.Dense(12, "tanh")(part) for part in parts], axis=1)
    total = ops.sum(rows * present[:, :, None], axis=1)
    mean = total / ops.maximum(ops.sum(present, axis=1, keepdims=True), 1)
    return keras.Model([*parts, present], layers.Dense(classes)(mean))


def filled(fill):
    """What is missing gets what a function makes of the modality's numbers and its column of `present`."""

    def answer(widths, classes):
        parts, present = inputs_of(widths)
        kept = []
        for i, part in enumerate(parts):
            hidden, there = layers.Dense(12, "tanh")(part), present[:, i : i + 1]
            kept.append(hidden * there + fill(hidden, there) * (1 - there))
        return keras.Model([*parts, present], layers.Dense(classes)(layers.concatenate([*kept, present])))

    return answer


def mean_of_those_there(hidden, there):
    return ops.sum(hidden * there, axis=0, keepdims=True) / ops.maximum(ops.sum(there), 1)


def inputs_alone(widths, classes):
    """The features are multiplied, and nothing says which are there."""
    parts, present = inputs_of(widths)
    kept = [part * present[:, i : i + 1] for i, part in enumerate(parts)]
    joined = layers.Concatenate()([*kept, present])[:, : sum(widths)]
    return keras.Model([*parts, present], layers.Dense(classes)(layers.Dense(16, "relu")(joined)))


def small(widths, classes):
    """Few units, all of which may be off."""
    parts, present = inputs_of(widths)
    kept = [layers.Dense(4, "relu")(part) * present[:, i : i + 1] for i, part in enumerate(parts)]
    return keras.Model([*parts, present], layers.Dense(classes)(layers.Concatenate()([*kept, present])))


def late_fusion(widths, classes):
    parts, present = inputs_of(widths)
    total = 0.0
    for i, part in enumerate(parts):
        total += layers.Dense(classes)(part) * present[:, i : i + 1]
    return keras.Model([*parts, present], total)


def masked_first(widths, classes):
    """The features themselves go, before the first layer."""
    parts, present = inputs_of(widths)
    kept = [layers.Multiply()([part, present[:, i : i + 1]]) for i, part in enumerate(parts)]
    hidden = layers.Dense(24, "gelu")(layers.concatenate([*kept, present]))
    return keras.Model([*parts, present], layers.Dense(classes)(layers.Dropout(0.2)(hidden)))


def chosen_by_where(widths, classes):
    """A vector of its own stands for what is missing."""
    parts, present = inputs_of(widths)
    kept = []
    for i, part in enumerate(parts):
        missing = layers.Dense(10, use_bias=False)(ops.ones_like(present[:, :1]))
        kept.append(ops.where(present[:, i : i + 1] > 0.5, layers.Dense(10, "relu")(part), missing))
    return keras.Model([*parts, present], layers.Dense(classes)(ops.concatenate(kept, axis=1)))


def attending(widths, classes, with_nothing=True):
    """Weights over what is there, and over a place that always is."""
    parts, present = inputs_of(widths)
    rows = [layers.Dense(8, "tanh")(part) for part in parts]
    scores = ops.concatenate([layers.Dense(1)(row) for row in rows], axis=1) + (present - 1) * 1e9
    stacked = ops.stack(rows, axis=1)
    if with_nothing:
        scores = ops.concatenate([scores, ops.zeros_like(present[:, :1])], axis=1)
        stacked = ops.concatenate([stacked, ops.zeros_like(stacked[:, :1])], axis=1)
    mixed = ops.sum(ops.softmax(scores)[:, :, None] * stacked, axis=1)
    return keras.Model([*parts, present], layers.Dense(classes)(mixed))


class Fusion(keras.Model):
    """The lesson's, as a class of its own."""

    def __init__(self, widths, classes):
        super().__init__()
        self.first = [layers.Dense(16, "relu") for _ in widths]
        self.last = layers.Dense(classes)

    def call(self, inputs):
        *parts, present = inputs
        kept = [
            layer(part) * present[:, i : i + 1]
            for i, (layer, part) in enumerate(zip(self.first, parts, strict=True))
        ]
        return self.last(ops.concatenate(kept, axis=1))


def gated(gate, keep=True):
    """An answer whose modalities are multiplied by something else."""

    def answer(widths, classes):
        parts, present = inputs_of(widths)
        kept = [layers.Dense(16, "relu")(part) * gate(present, i) for i, part in enumerate(parts)]
        joined = layers.Concatenate()([*kept, present]) if keep else kept[0]
        return keras.Model([*parts, present], layers.Dense(classes)(joined))

    return answer


def ends(last):
    """The lesson's with another end."""

    def answer(widths, classes):
        parts, present = inputs_of(widths)
        kept = [layers.Dense(16, "relu")(part) * present[:, i : i + 1] for i, part in enumerate(parts)]
        return keras.Model([*parts, present], last(layers.Concatenate()([*kept, present]), classes))

    return answer


def with_noise(x):
    return x + keras.random.normal(ops.shape(x))


def over_the_batch(joined, classes):
    joined = joined - ops.mean(joined, axis=0, keepdims=True)
    return layers.Dense(classes)(joined)


def mean_with_nan(widths, classes):
    parts, present = inputs_of(widths)
    rows = ops.stack([layers.Dense(12)(part) for part in parts], axis=1) * present[:, :, None]
    mean = ops.sum(rows, axis=1) / ops.sum(present, axis=1, keepdims=True)
    return keras.Model([*parts, present], layers.Dense(classes)(mean))


def without_present(widths, classes):
    parts = [keras.Input((width,)) for width in widths]
    joined = layers.concatenate([*parts, ops.zeros_like(parts[0])])
    return keras.Model(parts, layers.Dense(classes)(joined))


def present_first(widths, classes):
    parts, present = inputs_of(widths)
    kept = [layers.Dense(16)(part) * present[:, i : i + 1] for i, part in enumerate(parts)]
    return keras.Model([present, *parts], layers.Dense(classes)(layers.concatenate([*kept, present])))


def joined_input(widths, classes):
    return keras.Sequential([keras.Input((sum(widths) + len(widths),)), layers.Dense(classes)])


def by_names_of_inputs(widths, classes):
    parts, present = inputs_of(widths)
    joined = layers.concatenate([*parts, present])
    inputs = {f"part_{i}": part for i, part in enumerate(parts)} | {"present": present}
    return keras.Model(inputs, layers.Dense(classes)(joined))


def frozen(widths, classes):
    model = own_fusion(widths, classes)
    model.trainable = False
    return model


def summed(widths, classes):
    parts, present = inputs_of(widths)
    kept = [layers.Dense(8)(part) * present[:, i : i + 1] for i, part in enumerate(parts)]
    return keras.Model([*parts, present], layers.Dense(classes)(layers.Add()(kept)))


FUSIONS = (
    check.fusion,
    {
        "the lesson's": own_fusion,
        "mean of those present": mean_of_present,
        "late": late_fusion,
        "masked first": masked_first,
        "a vector for the missing": chosen_by_where,
        "attention": attending,
        "a class": Fusion,
        "sums": summed,
        "filled with zeros": filled(lambda hidden, there: 0.0),
        "few units": small,
    },
    {
        "present unused": (gated(lambda p, i: 1.0), "change the logits as if it were there"),
        "the wrong way round": (gated(lambda p, i: 1 - p[:, i : i + 1]), "1 means present"),
        "the first column": (gated(lambda p, i: p[:, :1]), r"modality 1 counts where modality 0 is present"),
        "the next column": (
            gated(lambda p, i: p[:, (i + 1) % p.shape[1] : (i + 1) % p.shape[1] + 1]),
            "modality 0 counts where modality 1 is present",
        ),
        "all or nothing": (gated(lambda p, i: ops.prod(p, axis=1, keepdims=True)), r"only where \*all\*"),
        "any": (gated(lambda p, i: ops.max(p, axis=1, keepdims=True)), r"as soon as \*any\*"),
        "nearly": (gated(lambda p, i: p[:, i : i + 1] + 0.1), "change the logits as if it were there"),
        "one left out": (gated(lambda p, i: p[:, i : i + 1] * (i != 1)), "its numbers change nothing"),
        "one always": (
            gated(lambda p, i: p[:, i : i + 1] if i != 1 else 1.0),
            "is missing, and its numbers change",
        ),
        "the first alone": (gated(lambda p, i: p[:, i : i + 1], keep=False), "its numbers change nothing"),
        "present alone": (gated(lambda p, i: 0.0), "do the features reach them"),
        "softmax over nothing": (
            lambda w, c: attending(w, c, with_nothing=False),
            "right but where all modalities are missing",
        ),
        "divided by 0": (mean_with_nan, "let it divide by 1 at least"),
        "softmax": (ends(lambda joined, c: layers.Dense(c, "softmax")(joined)), "no softmax at its end"),
        "one logit": (ends(lambda joined, c: layers.Dense(1)(joined)), "There is a logit for each class"),
        "ten classes": (ends(lambda joined, c: layers.Dense(10)(joined)), "expected"),
        "over the batch": (ends(over_the_batch), "something is taken over the batch"),
        "filled from the batch": (filled(mean_of_those_there), "a mean that fills what is missing"),
        "not told": (inputs_alone, "where it is there and holds zeros"),
        "noise": (
            ends(lambda joined, c: layers.Dense(c)(layers.Lambda(with_noise)(joined))),
            "Called twice",
        ),
        "no present": (without_present, "`present` is an input of its own"),
        "present first": (present_first, "`present` comes last"),
        "one input": (joined_input, "Each modality is an input of its own"),
        "named inputs": (by_names_of_inputs, "stops when it is called|change the logits"),
        "frozen": (frozen, "nothing to train"),
        "numpy": (
            lambda w, c: np.concatenate([keras.Input((one,)) for one in w], axis=1),
            "NumPy cannot compute|no numbers yet",
        ),
        "present without its axis": (gated(lambda p, i: p[:, i]), r"has shape \(batch, 1\)"),
        "all of present": (gated(lambda p, i: p), r"has shape \(batch, 1\)"),
        "a layer": (lambda w, c: layers.Dense(c), "Return a Keras model"),
        "a list of models": (lambda w, c: [own_fusion(w, c)], "Return a Keras model"),
        "an output": (lambda w, c: own_fusion(w, c).output, "Return a Keras model"),
        "identity": (lambda w, c: w, "Return a Keras model"),
        "nothing": (lambda w, c: None, "without `return`"),
    },
)


(
    test_right_answers_pass,
    test_wrong_answers_get_their_hint,
    test_hidden_tests_refuse_wrong_answers_too,
    test_what_is_no_result_is_refused_in_a_sentence,
    test_an_empty_answer_is_told_what_to_do,
) = table_of_tests(
    {
        "13.1": SUSPECTS,
        "13.2": SPLITS,
        "13.3": SUMMARIES,
        "13.4": SIGNS,
        "13.5": LEAKS,
        "13.6": CLAIMS,
        "13.7": FUSIONS,
    }
)
