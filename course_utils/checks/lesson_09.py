"""Checks of lesson 09: paths read, the sum over them, what can be learned, errors of words, noise, two senses."""

import itertools
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from course_utils.checks import (
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_number,
    name_mistake,
    plural,
)

__all__ = [
    "can_be_learned",
    "collapse",
    "ctc_log_probability",
    "fused",
    "noisy",
    "word_error_rate",
]

_COURSE = (
    r"course_utils\.(generation|evaluation|fusion|experiments)\.\w+\.(?!pad_labels|_)\w+"
    r"|(keras\.src|tensorflow\.python)\.(\w+\.)+_?ctc_\w+"
)
"""What does the exercises' work already."""

_Mistakes = Iterator[tuple[object, str]]
"""What typical mistakes make of the same input, each with its hint."""

_LOOP = "is `return` inside of the loop?"


# --- 9.1 ----------------------------------------------------------------------------------------------------


@exercise(
    "9.1",
    "the labels are right for 226 paths of 0 to 40 frames and blanks of any number, at either end, between equal labels, and nowhere",
    own=_COURSE,
    stops={
        r"arrays used as indices": "The path may be empty, and `np.array([])` holds floats: say `np.zeros(len(path), bool)`.",
        r"index .*out of (range|bounds)|argument is an empty|StopIteration|zero-size": "The path may be empty, and so may what is left of "
        "it; and behind the last frame there is no other.",
        r"no attribute '(append|index|count|pop|remove)'": "`path` is an array: `path.tolist()` makes a list of it, or begin an empty one.",
    },
)
def collapse(my_collapse: Callable) -> None:
    """Checks the reading of a path of labels and blanks (lesson 09).

    Args:
        my_collapse: function of ``(path, blank)``, int (frames,) and int, that returns a list of int.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(91)
    # Ends that a careless loop loses: equal ones, a single frame of label 0, a single frame at the end.
    first = [
        (np.array([*begin, *_draw_path(rng, 34, 4), *end]), blank)
        for blank, begin, end in [
            (0, (3, 2), (1, 3)),
            (2, (0, 3), (2, 1)),
            (1, (1, 1, 0), (3, 0, 0)),
            (3, (1, 1), (0, 3)),
        ]
    ]
    found = [_labels_read(my_collapse, *given) for given in first]
    right = [_read(*given) for given in first]
    name_mistake(found, right, (_path_mistakes(*given) for given in first), operator.eq)
    for path, blank, hint in _path_edges():
        _check_path(my_collapse, np.array(path, int), blank, hint)
    for number in range(208):  # the shortest first: they can be read
        path = _draw_path(rng, 1 + number // 26, rng.integers(2, 6))
        _check_path(my_collapse, path, int(rng.integers(0, 6)))
    _check_path(my_collapse, first[0][0].astype(np.int32), 3)
    expect(found == right, f"For paths of {len(first[0][0])} frames you returned {found}, expected {right}.")


def _draw_path(rng: np.random.Generator, frames: int, letters: int) -> list[int]:
    """A path that stays where it is about every second time."""
    path = rng.integers(0, letters, frames)
    for frame in range(1, frames):
        if rng.random() < 0.45:
            path[frame] = path[frame - 1]
    return path.tolist()


def _path_edges() -> Iterator[tuple[list[int], int, str]]:
    """Short paths, each with what it is about."""
    yield [], 0, "A path of no frames reads as nothing: an empty list."
    yield [4], 0, "One frame is a path too."
    yield [4], 4, "Blanks alone read as nothing: an empty list."
    yield [0, 0, 0], 0, "Blanks alone read as nothing: an empty list."
    yield [3, 3, 3], 0, "A label that goes on over several frames counts once."
    yield [3, 0, 3], 0, "A blank between two equal labels keeps them apart."
    yield (
        [3, 0, 0, 3, 3, 1],
        0,
        "A blank between two equal labels keeps them apart; without one they are the same.",
    )
    yield [0, 0, 5, 0], 5, "Here the blank is 5, and 0 is a label like any other."
    yield [0, 5, 0], 5, "Here the blank is 5, and 0 is a label like any other."
    yield [0, 1, 1], 7, "A path may have no blank at all."
    yield [2, 1, 2, 1], 0, "Only what stands side by side is one: a label may come back."
    yield [7, 300, 300, 12, 7], 12, "Labels may be as large as they like."
    yield [1, 1, 2], 2, "A run of one label, and a blank behind it."


def _read(path: Iterable[int], blank: int) -> list[int]:
    return [label for label, _ in itertools.groupby(np.asarray(path, int).tolist()) if label != blank]


def _labels_read(my_collapse: Callable, path: np.ndarray, blank: int) -> list[int]:
    """An answer, which must be one row of whole numbers."""
    value = my_collapse(path, blank)
    shown = f"the path {path.tolist()}" if len(path) < 13 else f"a path of {len(path)} frames"
    what = f"What you return for {shown} and blank {blank}"
    expect(
        not isinstance(value, str),
        f"{what} is the text {value!r}: return the labels as a list of whole numbers.",
    )
    if (isinstance(value, list | tuple) and not value) or getattr(value, "shape", None) == (0,):
        return []
    array = expect_array(value, None, np.integer, what)
    expect(
        array.ndim == 1,
        f"{what} has shape {array.shape}: return one list of the labels, also when there is one, and nothing else.",
    )
    return array.tolist()


def _check_path(my_collapse: Callable, path: Sequence[int], blank: int, hint: str = "") -> None:
    path = np.asarray(path)
    value, right = _labels_read(my_collapse, path, blank), _read(path, blank)
    given = f"For the path {path.tolist()} and blank {blank} you returned {value}, expected {right}."
    expect(value == right, f"{given} {hint}".rstrip())


def _path_mistakes(path: np.ndarray, blank: int) -> _Mistakes:
    path = path.tolist()
    right, kept = _read(path, blank), [label for label in path if label != blank]
    runs = [(label, len([*frames])) for label, frames in itertools.groupby(path)]
    merged = [label for label, _ in runs]
    letters = [(label, count) for label, count in runs if label != blank]
    yield (
        kept,
        "You took the blanks away, and each frame still counts: of frames side by side that say the same only the first counts.",
    )
    for labels in (merged, merged[merged[0] == blank :]):
        yield labels, "You made one of each run, and the blanks are still there."
    between = [
        label
        for before, label, after in zip([None, *merged], merged, [*merged[1:], blank], strict=False)
        if label != blank or before == after
    ]
    yield between, "You kept the blanks between equal labels: they keep these apart, and then go too."
    apart = (
        "Two equal labels with a blank between them became one: first make one of each run, then take the blanks away. In a loop, compare "
        "with the frame before, and not with the label that you kept last."
    )
    yield [label for label, _ in itertools.groupby(kept)], apart
    yield (
        [
            label
            for label, _ in itertools.groupby(merged[:1] + [label for label in merged[1:] if label != blank])
        ],
        apart,
    )
    once = "A label that comes back was lost: only what stands side by side is one."
    for labels in (kept, path):
        yield [*dict.fromkeys(labels)], once
        yield sorted({*labels}), f"{once} And they stay in their order."
    yield [*dict.fromkeys(path[::-1])][::-1], once
    before = "The first frame has none before it"
    last = "The last run was lost: at the end of the loop what was begun is still to be kept."
    yield (
        _read(path[1:], blank),
        "The first frame takes no part: `range` begins at 0, and a slice `[1:]` at the second.",
    )
    yield (
        _read(path[:-1], blank),
        "The last frame takes no part: `range(len(path) - 1)` and `[:-1]` stop before it.",
    )
    yield (
        [label for label in merged[1:] if label != blank],
        f"{before}, and begins a run all the same: yours is lost.",
    )
    yield [label for label in merged[:-1] if label != blank], last
    wrapped = merged[1:] if path[0] == path[-1] else merged
    yield (
        [label for label in wrapped if label != blank],
        f"{before}: `path[-1]` is the *last* one, and so is what `np.roll` puts there.",
    )
    wrapped = merged[:-1] if path[0] == path[-1] else merged
    yield (
        [label for label in wrapped if label != blank],
        "Behind the last frame comes none: `np.roll` puts the *first* one there.",
    )
    for start in (0, 1):
        yield (
            [label for label in (merged[1:] if path[0] == start else merged) if label != blank],
            f"{before}: yours begins as if it had been {start}, which may be a label. Begin with the blank, or with None.",
        )
    for other, name in (
        (0, "0"),
        (max(path), "the largest"),
        (min(path), "the smallest"),
        (path[0], "the first"),
        (-1, "−1"),
        (1, "1"),
    ):
        yield _read(path, other), f"The blank is the number `blank`: yours is {name}, whatever was given."
    yield (
        [label for label in right if label],
        "0 is a label where the blank is another: ask `label != blank`, not whether it is true.",
    )
    yield (
        [label for label in right if label > blank],
        "Labels below the blank were lost: ask `label != blank`, not `>`.",
    )
    yield (
        [label for label in right if label < blank],
        "Labels above the blank were lost: ask `label != blank`, not `<`.",
    )
    firsts = [0, *itertools.accumulate(count for _, count in runs)][:-1]
    yield (
        [place for place, (label, _) in zip(firsts, runs, strict=True) if label != blank],
        "Those are numbers of frames: return what these frames say, `path[…]`.",
    )
    yield [int(label != blank) for label in path], "You marked frames: return what they say, `path[mask]`."
    yield [count for _, count in letters], "Those are numbers of frames of each label: return the labels."
    yield [len(right)], "That is how many labels there are: return them."
    yield right[::-1], "Your labels stand in the opposite order."
    yield sorted(right), "Your labels are sorted: they stay in their order."
    paired, since = [], 0
    for place, label in enumerate(path):
        since = since + 1 if place and label == path[place - 1] else 0
        if since % 2 == 0 and label != blank:
            paired.append(label)
    long = "A run may be longer than two frames: yours counts again after the second"
    yield paired, f"{long}."
    yield (
        [label for label, count in letters for _ in range(max(1, count - 1))],
        f"{long}, or one frame of each run was taken away.",
    )
    yield [label for label, count in letters if count > 1], "A run may be one frame long: yours was lost."
    yield (
        [label for label, count in letters if count == 1],
        "Runs of several frames were lost: each counts once.",
    )
    stop = path.index(blank) if blank in path else len(path)
    yield _read(path[:stop], blank), "You stopped at the first blank: go on behind it."
    start = next(place for place, label in enumerate(path) if label != blank)
    later = path.index(blank, start) if blank in path[start:] else len(path)
    yield _read(path[:later], blank), "You stopped at the blank behind the first labels: go on behind it."
    without = merged.copy()
    if blank in without:
        without.remove(blank)
    yield without, "Only the first blank went: `remove` takes one away, and all are to go."
    yield _stripped(merged, blank), "Only the blanks at the ends went: those between go too."
    yield (
        [label for label, _ in itertools.groupby(path[::2]) if label != blank],
        "You read every second frame: all count.",
    )
    yield right[:1], f"Only one label was kept: {_LOOP}"
    yield right[-1:], "Only the last label was kept: a list grows by `append`."
    for step in (-1, 1):
        yield (
            [label + step for label in right],
            "Every label is one off: return the numbers as they are in the path.",
        )
    yield path[:1][: path[0] == blank] + right, "The first frame may be a blank: yours is kept."
    yield right + path[-1:][: path[-1] == blank], "The last frame may be a blank: yours is kept."
    stretches = [
        [*frames]
        for is_blank, frames in itertools.groupby(path, lambda label: label == blank)
        if not is_blank
    ]
    yield (
        [frames[0] for frames in stretches],
        "You took one label from each stretch between blanks: different labels may follow each other without one.",
    )
    yield [*right, blank], "A blank is left at the end."
    yield [blank, *right], "A blank is left at the beginning."
    yield path, "That is the path as it was given: make one of each run, then take the blanks away."
    yield (
        [
            label
            for place, label in enumerate(path)
            if label != blank and label not in path[max(0, place - 2) : place]
        ],
        "You looked two frames back: only the frame before counts.",
    )
    yield (
        [
            label
            for place, label in enumerate(path)
            if label != blank and label in path[max(0, place - 1) : place]
        ],
        "You kept the frames that say the *same* as the frame before: those that say something else begin a label.",
    )
    yield [label for label, _ in runs if label == blank], "You kept the blanks: they go, and the others stay."


def _stripped(labels: list[int], blank: int) -> list[int]:
    while labels and labels[0] == blank:
        labels = labels[1:]
    while labels and labels[-1] == blank:
        labels = labels[:-1]
    return labels


# --- 9.2 ----------------------------------------------------------------------------------------------------


@exercise(
    "9.2",
    "the sums equal those over all paths, written out, for 68 sequences of 0 to 6 labels in 1 to 6 frames, with equal neighbours and without; and "
    "they hold for a blank of any number, −∞ in the table, and 300 frames",
    own=_COURSE,
    stops={
        r"index .*out of (range|bounds)": "Without labels there is one state alone, the blank; with one frame there is no other.",
        r"math domain error|divide by zero": "log p may be −∞: `np.logaddexp` takes it, `math.log(0)` does not.",
        r"must be integer|not an integer|only int": "Labels and the blank are whole numbers, and columns of the table.",
        r"concatenate list|unsupported operand": "`labels` is a list, and `+` joins lists: `[blank, *labels]` makes one longer.",
    },
)
def ctc_log_probability(my_log_probability: Callable) -> None:
    """Checks the sum over all paths that read so, in logarithms (lesson 09).

    Args:
        my_log_probability: function of ``(log_probabilities, labels, blank)``, float (frames, letters), list of int and int,
            that returns a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(92)
    # As many frames as letters: only there do exchanged axes give a number at all.
    first = [
        (_draw_table(rng, 6, 6), *rest) for rest in [([1, 1, 2], 0), ([0, 3], 2), ([4, 0, 4], 5), ([3], 1)]
    ]
    found = [_summed(my_log_probability, *given) for given in first]
    name_mistake(found, [_log_sum(*given) for given in first], (_sum_mistakes(*given) for given in first))
    small = [
        _draw_table(rng, frames, letters)
        for frames, letters in [(1, 2), (1, 3), (2, 3), (3, 2), (4, 3), (4, 4), (5, 3), (6, 2)]
    ]
    for table in small:
        _check_readings(my_log_probability, table, rng, 9)
    holes = _draw_table(rng, 4, 3, 0.35)
    _check_readings(
        my_log_probability, holes, rng, 22, "Some entries of the table are −∞, and no path goes there."
    )
    for given in first:  # right so far, and more labels than above
        _check_sum(my_log_probability, given[0].astype(np.float32), *given[1:])
    _check_long(my_log_probability, rng)
    for value, given in zip(found, first, strict=True):
        expect_close(value, _log_sum(*given), _sum_of(*given))


def _draw_table(rng: np.random.Generator, frames: int, letters: int, holes: float = 0.0) -> np.ndarray:
    """Log-probabilities, of which some are −∞."""
    powers = rng.gamma(1.0, size=(frames, letters)) + 0.05
    is_hole = rng.random(powers.shape) < holes
    is_hole[np.arange(frames), rng.integers(0, letters, frames)] = False
    powers[is_hole] = 0
    with np.errstate(divide="ignore"):
        return np.log(powers / powers.sum(axis=1, keepdims=True))


def _sum_of(log_probabilities: np.ndarray, labels: list[int], blank: int) -> str:
    """Names what was given."""
    frames, letters = log_probabilities.shape
    shown = f"labels {labels}" if len(labels) < 8 else f"{len(labels)} labels"
    return f"log p of {shown} in {plural(frames, 'frame')} of {letters} letters with blank {blank}"


def _summed(my_log_probability: Callable, *given: object) -> float:
    """An answer, which must be one number."""
    what = _sum_of(*given)
    with np.errstate(all="ignore"):
        value = expect_number(my_log_probability(*given), what)
    expect(
        not np.isnan(value),
        f"{what} is NaN: that comes of −∞ − (−∞), of 0 · −∞, or of the log of a log-probability, which is negative. `np.logaddexp(a, b)` is "
        "log(exp a + exp b), and takes −∞.",
    )
    return value


def _readings(log_probabilities: np.ndarray, blank: int) -> dict[tuple[int, ...], float]:
    """log Σ p of all that can be read, by writing out every path."""
    frames, letters = log_probabilities.shape
    sums = {}
    for path in itertools.product(range(letters), repeat=frames):
        labels = tuple(_read(path, blank))
        sums[labels] = sums.get(labels, 0) + np.exp(sum(map(operator.getitem, log_probabilities, path)))
    with np.errstate(divide="ignore"):
        return {labels: float(np.log(total)) for labels, total in sums.items()}


def _check_readings(
    my_log_probability: Callable, table: np.ndarray, rng: np.random.Generator, most: int, hint: str = ""
) -> None:
    frames, letters = table.shape
    blank = int(rng.integers(letters))
    sums, others = _readings(table, blank), [label for label in range(letters) if label != blank]
    possible = sorted(sums, key=len)[1:]
    drawn = [possible[place] for place in sorted(rng.permutation(len(possible))[: most - 4])]
    # Nothing said; too many labels; two equal ones too many; what fills every frame.
    drawn += [(), (others[0],) * (frames // 2 + 1), tuple((others * frames)[: frames + 1])]
    for labels in drawn:
        right = sums.get(labels, -np.inf)
        _check_sum(my_log_probability, table, [*labels], blank, right=right, hint=hint)


def _check_sum(
    my_log_probability: Callable, *given: object, right: float | None = None, hint: str = ""
) -> None:
    table, labels, _ = given
    right = _log_sum(*given) if right is None else right
    value, what = _summed(my_log_probability, *given), _sum_of(*given)
    if table.size < 13:
        hint = f" The table holds the probabilities {np.round(np.exp(table), 3).tolist()}. {hint}".rstrip()
    if np.isneginf(right) and value != right:
        reason = (
            "There are too few frames for it, counting a blank between two equal labels, so"
            if len(table) < len(labels) + sum(map(operator.eq, labels, labels[1:]))
            else "Every path that reads so has a frame of −∞, so"
        )
        raised = (
            "log 0 = −∞ is asked, and no very low number in its place." if value < -100 else "log p is −∞."
        )
        expect(False, f"{what} is {value:.6g}, expected −∞. {reason} {raised}{hint}")
    expect(
        not np.isneginf(value) or np.isneginf(right),
        f"{what} is −∞, expected {right:.6g}: there are paths that read so."
        + (" Without labels they are blanks alone, one path." if not labels else "")
        + hint,
    )
    if not labels:
        hint = f" Without labels there is one path, of blanks alone.{hint}"
        doubled = right > -np.inf and np.isclose(value, right + np.log(2), atol=1e-4)
        expect(
            not doubled,
            f"{what} is log 2 too large: you counted the last state twice, and here there is one alone.{hint}",
        )
    close = np.isclose(value, right, rtol=1e-4, atol=1e-4)
    expect(close, f"{what} is {value:.6g}, expected {right:.6g}.{hint}")


def _check_long(my_log_probability: Callable, rng: np.random.Generator) -> None:
    """So many frames that the product of their probabilities is 0 in floating point, and so low ones."""
    low = "Stay in logarithms, with `np.logaddexp` for a sum: products of so many probabilities are 0 in floating point."
    for table, count, blank in [
        (_draw_table(rng, 300, 29), 25, 0),
        (_draw_table(rng, 300, 29), 0, 28),
        (np.array([[-40.0, 0.0, -45.0]] * 40 + [[-35.0, -30.0, 0.0]] * 20), 5, 2),
    ]:
        others = [label for label in range(table.shape[1]) if label != blank]
        labels = [int(label) for label in rng.choice(others, count)]
        value, right = _summed(my_log_probability, table, labels, blank), _log_sum(table, labels, blank)
        what = _sum_of(table, labels, blank)
        expect(np.isfinite(value), f"{what} is {value}, expected {right:.6g}. {low}")
        hint = low if value > right / 2 else ""
        close = np.isclose(value, right, rtol=1e-4, atol=1e-2)
        expect(close, f"{what} is {value:.6g}, expected {right:.6g}. {hint}".rstrip())


_STAY, _NEXT, _SKIP = 0, 1, 2


def _log_sum(
    table: np.ndarray,
    labels: Sequence[int],
    blank: int,
    skips: str = "different",
    steps: Sequence[int] = (_STAY, _NEXT, _SKIP),
    starts: Sequence[int] = (0, 1),
    ends: Sequence[int] = (-1, -2),
    add: np.ufunc = np.logaddexp,
) -> float:
    """log Σ p by a matrix of moves; the settings are what may go wrong."""
    totals = _forward(table, labels, blank, skips, steps, starts, add)[-1]
    return float(add.reduce(totals[[end for end in ends if -end <= len(totals)]]))


def _forward(
    table: np.ndarray,
    labels: Sequence[int],
    blank: int,
    skips: str = "different",
    steps: Sequence[int] = (_STAY, _NEXT, _SKIP),
    starts: Sequence[int] = (0, 1),
    add: np.ufunc = np.logaddexp,
) -> np.ndarray:
    """log Σ p of what has come to each state, (frames, states)."""
    states = np.full(2 * len(labels) + 1, blank)
    states[1::2] = labels
    here, there = np.indices((len(states), len(states)))
    may = {
        "different": states[here] != states[there],
        "labels": states[there] != blank,
        "all": states[there] >= 0,
        "blanks": states[there] == blank,
        "blanks too": (states[there] == blank) | (states[here] != states[there]),
    }[skips]
    moves = np.isin(there - here, steps) & ((there - here != _SKIP) | may)
    with np.errstate(divide="ignore"):
        moves = np.log(moves.astype(float))
    totals = np.full((len(table), len(states)), -np.inf)
    starts = [start for start in starts if start < len(states)]
    totals[0, starts] = table[0, states[starts]]
    for frame in range(1, len(table)):
        arriving = add.reduce(totals[frame - 1][:, np.newaxis] + moves, axis=0)
        totals[frame] = arriving + table[frame, states]
    return totals


def _sum_mistakes(table: np.ndarray, labels: list[int], blank: int) -> _Mistakes:
    (frames, letters), right = table.shape, _log_sum(table, labels, blank)

    def summed(**settings: object) -> float:
        return _log_sum(table, labels, blank, **settings)

    skip = "A blank may be skipped between two *different* labels, and only there"
    yield summed(skips="labels"), f"{skip}: between two equal ones it must stand, or they are read as one."
    yield (
        summed(skips="all"),
        f"{skip}: yours skips between equal labels, or skips a label itself, from blank to blank.",
    )
    for skips in ("blanks", "blanks too"):
        yield summed(skips=skips), f"{skip}: yours goes from blank to blank, over a label."
    yield (
        summed(steps=(_STAY, _NEXT)),
        f"{skip}: yours never skips it, as if a blank stood between all labels.",
    )
    yield (
        summed(steps=(_NEXT, _SKIP)),
        "A path may stay where it is: a label, or a blank, goes on over several frames.",
    )
    yield summed(steps=(_STAY, _SKIP)), "From each state a path may go to the next one: yours stays or skips."
    end = "A path may end in the last label or in the blank behind it: add both"
    yield summed(ends=(-2,)), f"{end}; yours lacks the blank."
    yield summed(ends=(-1,)), f"{end}; yours lacks the label."
    totals = _forward(table, labels, blank)
    yield (
        summed(ends=(-2, -3)),
        f"{end}. There is no blank behind it among your states, so that you ended in the one before it.",
    )
    yield (
        np.logaddexp.reduce(totals[-1]),
        f"{end}. Yours adds all states, also those that are not at the end yet.",
    )
    yield totals[-1, -2:].max(), f"{end}, `np.logaddexp`; you took the larger."
    yield (
        totals[-1, -2:].sum(),
        f"{end} as probabilities, `np.logaddexp`: the sum of two logarithms is a product.",
    )
    start = "A path may begin with the blank or with the first label"
    yield summed(starts=(0,)), f"{start}; yours lacks the label."
    yield summed(starts=(1,)), f"{start}; yours lacks the blank."
    yield summed(starts=(0, 1, 2)), f"{start}, and with nothing behind these."
    yield (
        summed(starts=range(2 * len(labels) + 1)),
        f"{start}: the other states are −∞ in the first frame, and not 0.",
    )
    zeros = np.zeros((1, letters))
    first = f"{start}. "
    before = "Yours has gone on already before the first frame: let one state alone be possible before it, or begin with the first frame itself."
    yield _log_sum(np.concatenate([zeros, table]), labels, blank), first + before
    yield (
        _log_sum(np.concatenate([zeros, table]), labels, blank, starts=range(2 * len(labels) + 1)),
        first + before,
    )
    first_twice = np.concatenate([table[:1], table])
    yield (
        _log_sum(first_twice, labels, blank),
        "The first frame counts twice: the loop begins with the second, `[1:]`.",
    )
    late = np.concatenate([table[:1], table[:-1]])
    yield (
        _log_sum(late, labels, blank),
        "Each frame counts with its own row of the table: yours are one frame late.",
    )
    for cut in (table[1:], table[:-1]):
        yield _log_sum(cut, labels, blank), "One frame takes no part, the first or the last."
    bests = [summed(add=np.maximum, ends=ends) for ends in ((-1, -2), (-1,), (-2,))]
    for best in (*bests, np.logaddexp(*bests[1:])):
        yield (
            best,
            "That is log p of the likeliest path alone: add all that arrive at a state, `np.logaddexp`, in place of the largest.",
        )
    for skips in ("guarded", "labels", "different"):
        yield (
            _wrapped(table, labels, blank, skips),
            "The first state has none before it: `totals[-1]` is the *last* one, and so is what `np.roll` puts there.",
        )
    yield (
        _in_place(table, labels, blank),
        "One frame took several steps: what is added must be from the frame *before*. Work on a copy, or go through the states from the last.",
    )
    yield np.exp(right), "That is the probability: return its logarithm."
    yield -right, "The sign is lost: log p is never above 0; its negative is the loss."
    yield -np.exp(right), "That is the negative probability: return its logarithm."
    for base in (2, 10):
        yield (
            right / np.log(base),
            f"That is the logarithm of base {base}: the natural one is asked, `np.log`.",
        )
    mean = "You divided: log p of the whole is asked, and no mean"
    yield right / frames, f"{mean} over the frames."
    yield right / len(labels), f"{mean} over the labels."
    yield right - np.log(frames), f"{mean} over the frames."
    yield right - np.log(len(totals[0])), f"{mean} over the states."
    yield right - np.log(2), f"{mean} over the two ends."
    for other, name in ((0, "0"), (letters - 1, "the last letter")):
        yield _log_sum(table, labels, other), f"The blank is sign number `blank`: yours is {name}."
    yield _log_sum(table[::-1], labels, blank), "Your frames come in the opposite order."
    yield _log_sum(table, labels[::-1], blank), "Your labels stand in the opposite order."
    if frames == letters:
        yield (
            _log_sum(table.T, labels, blank),
            "Your axes are exchanged: row = frame, column = letter, `log_probabilities[t, k]`.",
        )
    yield (
        _log_sum(np.exp(table), labels, blank),
        "Your logarithms became probabilities somewhere, and were added like logarithms.",
    )
    norm = "You took the softmax again, of the wrong axis: each row is a distribution already."
    yield _log_sum(table - np.logaddexp.reduce(table, axis=0), labels, blank), norm
    states = [blank, *(state for label in labels for state in (label, blank))]
    yield (
        _log_sum(table, [label for label, _ in itertools.groupby(labels)], blank),
        "Equal neighbours were taken for one label: each is said.",
    )
    yield (
        _log_sum(table, [*dict.fromkeys(labels)], blank),
        "A label that comes twice was taken once: each is said.",
    )
    yield _log_sum(table, labels[:-1], blank), "The last label takes no part."
    yield _log_sum(table, labels[1:], blank), "The first label takes no part."
    blanks = "There is a blank before the first label and behind the last one"
    yield (
        _along(table, blank, states[1:-1]),
        f"{blanks}, and both may be passed by: yours are missing.",
    )
    needed = [
        state
        for label, same in itertools.groupby(labels)
        for state in [label, *[blank, label] * (len([*same]) - 1)]
    ]
    yield (
        _along(table, blank, needed),
        "Blanks may stand between all labels, before the first and behind the last: yours stand between equal ones alone.",
    )
    yield (
        _along(table, blank, labels),
        "There are no blanks among your states: one before each label, and one behind the last.",
    )
    yield table.max(axis=1).sum(), "That is log p of the likeliest path of all, whatever it reads."
    yield (
        sum(table[frame, label] for frame, label in enumerate(labels)),
        "Those are the first frames alone, a label each: add all paths of *all* frames.",
    )
    yield (
        table[:, labels].sum(),
        "That is the sum of all entries of these labels: each path takes one sign in each frame.",
    )
    yield (
        np.logaddexp.reduce(table[:, labels], axis=1).sum(),
        "That lets the labels come in any order: add the paths in which they come in theirs.",
    )
    yield table[:, blank].sum(), "That is log p of the path of blanks alone."
    logs = np.logaddexp.reduce([totals[frame, -2:].max() for frame in range(frames)])
    yield logs, "You added over the frames: only what stands at the end after the *last* frame counts."
    yield (
        np.logaddexp.reduce(totals[:, -2:], axis=None),
        "You added over the frames: only what stands at the end after the *last* frame counts.",
    )


def _in_place(table: np.ndarray, labels: list[int], blank: int) -> float:
    """The forward algorithm when each state sees what this frame has made of those before it."""
    states = [blank, *(state for label in labels for state in (label, blank))]
    totals = np.full(len(states), -np.inf)
    totals[:2] = table[0, states[:2]]
    for frame in table[1:]:
        for place, state in enumerate(states):
            arriving = totals[max(0, place - 1) : place + 1]
            if place > 1 and state != states[place - 2]:
                arriving = totals[place - 2 : place + 1]
            totals[place] = np.logaddexp.reduce(arriving) + frame[state]
    return float(np.logaddexp.reduce(totals[-2:]))


def _wrapped(table: np.ndarray, labels: list[int], blank: int, skips: str) -> float:
    """The forward algorithm when what stands before the first state is the last one."""
    states = np.array([blank, *(state for label in labels for state in (label, blank))])
    places = np.arange(len(states))
    totals = np.where(places < 2, table[0, states], -np.inf)
    may = {"guarded": places > 1, "labels": states != blank, "different": places >= 0}[skips]
    may = may & (states != np.roll(states, 2))
    for frame in table[1:]:
        skipped = np.where(may, np.roll(totals, 2), -np.inf)
        totals = np.logaddexp.reduce([totals, np.roll(totals, 1), skipped]) + frame[states]
    return float(np.logaddexp(totals[-1], totals[-2]))


def _along(table: np.ndarray, blank: int, states: Sequence[int]) -> float:
    """log Σ p of the paths that begin in the first of these states and end in the last."""
    totals = np.where(np.arange(len(states)) == 0, table[0, states], -np.inf)
    for frame in table[1:]:
        arriving = totals.copy()
        arriving[1:] = np.logaddexp(arriving[1:], totals[:-1])
        for place in range(2, len(states)):
            if states[place - 1] == blank and states[place] != states[place - 2]:
                arriving[place] = np.logaddexp(arriving[place], totals[place - 2])
        totals = arriving + frame[states]
    return float(totals[-1])


# --- 9.3 ----------------------------------------------------------------------------------------------------


@exercise(
    "9.3",
    "the answers are right for 717 examples of 0 to 12 labels and 0 to 1,013 frames, in sets of 1 to 200",
    own=_COURSE,
    stops={
        r"inhomogeneous|setting an array element": "The lists of labels differ in length, and make no array: go through them one by one.",
        r"index .*out of (range|bounds)": "A list of labels may be empty, and the last label has none behind it.",
        r"frames is (np\.int\d+\(0\)|0): expected": "You asked the course's own function, which takes a frame at least; compare with it, and write the "
        "answer yourself. An example of 0 frames can be learned if it has no labels.",
        r"'<=' not supported|'>=' not supported|'<' not supported|'>' not supported": "A list cannot be compared with a number: `np.array(list)` can.",
    },
)
def can_be_learned(my_can_be_learned: Callable) -> None:
    """Checks which examples have any path that reads as it should (lesson 09).

    Args:
        my_can_be_learned: function of ``(frames, labels)``, int (n,) and n lists of int, that returns bool (n,).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(93)
    first = _draw_examples(rng, 200, 12)
    found = _possible(my_can_be_learned, *first)
    right = _can_read(*first)
    name_mistake([found], [right], [_possible_mistakes(*first)], np.array_equal)
    for labels, hint in _label_edges():
        needed = _frames_needed(labels)
        for frames in range(max(0, needed - 2), needed + 3):
            _check_possible(my_can_be_learned, np.array([frames]), [labels], hint)
    for n in [1] * 20 + [2, 3, 5, 9] * 5 + [60] * 5:
        _check_possible(my_can_be_learned, *_draw_examples(rng, n, 5 if n < 60 else 12))
    frames, labels = _draw_examples(rng, 30, 8)
    _check_possible(my_can_be_learned, frames.astype(np.int32), labels)
    _check_possible(my_can_be_learned, frames + 1000, labels)
    expect_close(found, right, f"Whether each of {len(right)} examples can be learned")


def _draw_examples(rng: np.random.Generator, n: int, most: int) -> tuple[np.ndarray, list[list[int]]]:
    """Labels with many equal ones, beside each other and not, and frames close to what they need."""
    labels = []
    for size in rng.integers(0, most + 1, n):
        labels.append(rng.integers(0, rng.integers(1, 7), size).tolist())
    needed = np.array([*map(_frames_needed, labels)])
    return np.maximum(0, needed + rng.integers(-3, 3, n)), labels


def _label_edges() -> Iterator[tuple[list[int], str]]:
    """Labels, each with what they are about."""
    yield [5], "One label needs one frame."
    yield [5, 2, 7], "Different labels need a frame each, and no blank."
    yield [5, 5], "Between two equal labels a blank must stand."
    yield [5, 5, 5], "Three equal labels need two blanks between them."
    yield [5, 2, 5], "Equal labels need a blank only where they stand side by side."
    yield [0, 3], "0 is a label like any other."
    yield [5, 5, 2], "Only the two equal labels need a blank between them."
    yield [4, 4, 9, 9], "Each pair of equal neighbours needs a blank."
    yield [], "Without labels every path of blanks will do, that of no frames too."


def _frames_needed(labels: Sequence[int]) -> int:
    """The shortest path that reads so, written out."""
    path = []
    for label in labels:
        path += [None, label] if path and path[-1] == label else [label]
    return len(path)


def _can_read(frames: Sequence[int], labels: Sequence[Sequence[int]]) -> np.ndarray:
    return np.array([_frames_needed(one) <= count for count, one in zip(frames, labels, strict=True)])


def _examples(frames: np.ndarray, labels: list[list[int]]) -> str:
    """Names what was given."""
    if len(frames) < 4:
        return f"frames {frames.tolist()} and labels {labels}"
    return f"{len(frames)} examples"


def _possible(my_can_be_learned: Callable, frames: np.ndarray, labels: list[list[int]]) -> np.ndarray:
    """An answer, which must be True or False for each example."""
    value, n = my_can_be_learned(frames, labels), len(frames)
    what = f"Your answer for {_examples(frames, labels)}"
    shapes = [
        ((), "Return one True or False for *each* example."),
        ((n, n), "Each example has its own number of frames."),
    ]
    array = expect_array(value, None, np.generic, what)
    kind = array.dtype.kind
    if array.shape == (n,) and kind in "iu":
        needed = np.array([*map(_frames_needed, labels)])
        expect(
            not np.array_equal(array, needed),
            "Those are the frames that are needed: compare them, `needed <= frames`.",
        )
        expect(
            not np.array_equal(array, frames - needed),
            "Those are the frames to spare: say where there are 0 or more.",
        )
    ragged = array.ndim == 1 and kind in "iu" and array.shape != (n,)
    expect(
        not ragged,
        f"{what} has shape {array.shape}, expected ({n},): return True or False for each example, and not the numbers of those that can be "
        "learned.",
    )
    return expect_array(value, (n,), np.bool_, what, shapes)


def _check_possible(
    my_can_be_learned: Callable, frames: np.ndarray, labels: list[list[int]], hint: str = ""
) -> None:
    value, right = _possible(my_can_be_learned, frames, labels), _can_read(frames, labels)
    wrong = np.flatnonzero(value != right)
    if len(wrong) and not hint:
        at = wrong[0]
        hint = f"Example {at}, labels {labels[at]}, needs {plural(_frames_needed(labels[at]), 'frame')} and has {frames[at]}."
    expect(
        not len(wrong),
        f"For {_examples(frames, labels)} you returned {value.tolist()}, expected {right.tolist()}. {hint}"
        if len(frames) < 4
        else f"Of {len(frames)} answers {len(wrong)} are wrong. {hint}",
    )


def _possible_mistakes(frames: np.ndarray, labels: list[list[int]]) -> _Mistakes:
    lengths = np.array([*map(len, labels)])
    needed = np.array([*map(_frames_needed, labels)])
    right = needed <= frames

    def counts(count: Callable[[list[int]], int]) -> np.ndarray:
        return np.array([*map(count, labels)])

    def runs(one: list[int]) -> list[int]:
        return [len([*same]) for _, same in itertools.groupby(one)]

    repeats = needed - lengths
    blank = "Between two equal neighbours a blank must stand, which takes a frame"
    yield lengths <= frames, f"{blank}: yours asks for a frame for each label alone."
    yield lengths < frames, f"{blank}: count these; and as many frames as needed are enough, `<=`."
    yield needed < frames, "As many frames as are needed are enough: `<=`, and not `<`."
    yield needed <= frames + 1, "One frame too few is too few."
    yield needed < frames - 1, "As many frames as are needed are enough: yours asks for two more."
    yield needed > frames, "You say where it is *not* possible."
    yield (
        needed >= frames,
        "The comparison is the wrong way round: the frames must be as many as are needed, or more.",
    )
    yield needed == frames, "More frames than needed will do too: labels and blanks go on over several."
    between = "A blank is needed only between two *equal* labels"
    yield 2 * lengths + 1 <= frames, f"{between}: 2n + 1 is the number of states, and a path may skip blanks."
    yield 2 * lengths <= frames, f"{between}: yours asks for one beside each label."
    yield np.maximum(0, 2 * lengths - 1) <= frames, f"{between}: yours asks for one between all."
    yield 2 * lengths - 1 <= frames, f"{between}: yours asks for one between all."
    for more in (1, 2):
        yield needed + more <= frames, "A path may begin and end with a label: no blank is needed there."
        yield lengths + more <= frames, f"{between}, and how many these are depends on the labels."
    side = "Only labels that stand *side by side* need a blank"
    yield (
        lengths + counts(lambda one: len(one) - len({*one})) <= frames,
        f"{side}: yours counts those too that come back later.",
    )
    yield (
        lengths + counts(lambda one: sum(a == b for a, b in itertools.combinations(one, 2))) <= frames,
        f"{side}: yours compares all with all.",
    )
    yield (
        lengths + counts(lambda one: sum(map(operator.eq, one, one[2:]))) <= frames,
        f"{side}: you compared each with the next but one.",
    )
    wrapped = counts(lambda one: sum(one[place] == one[place - 1] for place in range(len(one))))
    yield (
        lengths + wrapped <= frames,
        "The first label has none before it: `labels[-1]` is the last, and so is what `np.roll` puts there.",
    )
    several = "Of a run of equal labels every two neighbours need a blank"
    yield (
        lengths + counts(lambda one: sum(run > 1 for run in runs(one))) <= frames,
        f"{several}: three in a row need two, yours have one.",
    )
    yield (
        lengths + counts(lambda one: sum(run // 2 for run in runs(one))) <= frames,
        f"{several}: three in a row need two, yours have one.",
    )
    yield (
        lengths + counts(lambda one: sum(run for run in runs(one) if run > 1)) <= frames,
        f"{several}: two equal ones need one, yours have two.",
    )
    yield lengths + 2 * repeats <= frames, f"{several}: one, and not two."
    yield (
        lengths + counts(lambda one: max(runs(one), default=1) - 1) <= frames,
        f"{several}: yours counts the longest run alone.",
    )
    yield (
        lengths + (repeats > 0) <= frames,
        "Each pair of equal neighbours needs a blank: yours counts one for all of them.",
    )
    yield (
        counts(lambda one: len({*one})) <= frames,
        "Every label takes a frame, also one that has been said before.",
    )
    yield (
        counts(lambda one: len(runs(one))) <= frames,
        "Equal neighbours are labels each, and are not one: they need a frame each, and a blank between.",
    )
    yield (
        counts(lambda one: 2 * len(runs(one)) - 1) <= frames,
        "Equal neighbours are labels each, and are not one.",
    )
    yield lengths - repeats <= frames, "Equal neighbours need a frame *more* each, and not one less."
    yield (
        lengths + counts(lambda one: sum(map(operator.ne, one, one[1:]))) <= frames,
        f"{blank}: you counted the neighbours that *differ*.",
    )
    yield (
        counts(lambda one: _frames_needed([label for label in one if label])) <= frames,
        "0 is a label like any other: yours does not count.",
    )
    yield counts(lambda one: _frames_needed(one[:-1])) <= frames, "The last label takes no part."
    yield counts(lambda one: _frames_needed(one[1:])) <= frames, "The first label takes no part."
    yield (
        counts(lambda one: len(one) + sum(map(operator.eq, one, one[1:-1]))) <= frames,
        "The last two labels were never compared.",
    )
    yield (
        counts(lambda one: len(one) + sum(map(operator.eq, one[1:], one[2:]))) <= frames,
        "The first two labels were never compared.",
    )
    yield (
        counts(lambda one: len(one) + sum(b <= a for a, b in itertools.pairwise(one))) <= frames,
        "Only *equal* neighbours need a blank.",
    )
    yield (
        counts(lambda one: len(one) + sum(abs(b - a) <= 1 for a, b in itertools.pairwise(one))) <= frames,
        "Only *equal* neighbours need a blank.",
    )
    yield right & (lengths > 0), "Without labels a path of blanks will do: that is possible too."
    yield (
        right & (frames > 0),
        "With 0 frames there is one path, the empty one, and it is read as no labels: that is possible.",
    )
    yield (
        right | (lengths == 0) | (repeats == 0),
        "Without equal neighbours too a frame is needed for each label.",
    )
    yield (
        needed + np.array([one[:1] == [0] for one in labels]) <= frames,
        "The first label has none before it: yours begins as if it had been 0.",
    )
    previous = [
        None,
        *itertools.accumulate((one[-1:] for one in labels), lambda before, last: last or before),
    ]
    yield (
        needed
        + np.array(
            [one[:1] == before and len(one) > 0 for one, before in zip(labels, previous, strict=False)]
        )
        <= frames,
        "Each example begins anew: you compared its first label with the last of the example before.",
    )
    yield np.cumsum(needed) <= frames, "Each example begins anew: your count went on from the example before."
    yield needed <= frames // 4, "`frames` are those that a path has: nothing is divided."
    yield needed <= frames // 2, "`frames` are those that a path has: nothing is divided."
    for value in (True, False):
        yield (
            np.full(len(frames), value),
            f"All of your answers are {value}: each example has labels, frames and an answer of its own.",
        )
    yield np.array(right[::-1]), "Your answers stand in the opposite order."
    yield frames > 0, "Compare with the labels: that asks only whether there is a frame."


# --- 9.4 ----------------------------------------------------------------------------------------------------

_Texts = tuple[list[str], list[str]]
"""Hypotheses and references."""


@exercise(
    "9.4",
    "the rate is right for 100 sets of 1 to 14 pairs of 0 to 10 words, with nothing heard, nothing said, any white space, and more than 1",
    own=_COURSE,
    stops={
        r"ZeroDivisionError|division by zero": "A reference may be empty: divide once, by the words of *all* references.",
        r"index .*out of (range|bounds)": "The table has a row and a column more than there are words: `len(words) + 1`, the first for none; and a "
        "text may have no words.",
        r"argument 1 is shorter|argument 2 is shorter|argument 1 is longer|argument 2 is longer": "The texts of a pair may have different numbers "
        "of words: `zip(…, strict=True)` does not fit them.",
    },
)
def word_error_rate(my_word_error_rate: Callable) -> None:
    """Checks the errors of words for each word that was said (lesson 09).

    Args:
        my_word_error_rate: function of ``(hypotheses, references)``, n str each, that returns a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(94)
    first = [_draw_texts(rng, 14, most) for most in (9, 9, 6, 1)]  # the last with more errors than words
    found = [_rate(my_word_error_rate, *given) for given in first]
    name_mistake(
        found, [_word_errors(*given) for given in first], (_rate_mistakes(*given) for given in first)
    )
    for heard, said, hint in _text_edges():
        _check_rate(my_word_error_rate, heard, said, hint)
    for number in range(80):  # the shortest first: they can be read
        _check_rate(my_word_error_rate, *_draw_texts(rng, 1 + number // 20, 2 + number // 12))
    for value, given in zip(found, first, strict=True):
        expect_close(value, _word_errors(*given), _texts_of(*given), tolerance=1e-5)


_SAID = ("one", "two", "three", "nine", "Nine", "one,", "a", "an")


def _draw_texts(rng: np.random.Generator, n: int, most: int) -> _Texts:
    """Sentences of few words, and what was heard: some lost, some exchanged, some invented, some in another order."""
    while True:
        heard, said = [], []
        for _ in range(n):
            words = rng.choice(_SAID, rng.integers(0, most + 1)).tolist()
            other = [
                rng.choice(_SAID) if rng.random() < 0.2 else word for word in words if rng.random() < 0.8
            ]
            for _ in range(rng.binomial(3, 0.4)):
                other.insert(rng.integers(0, len(other) + 1), rng.choice(_SAID))
            if len(other) > 1 and rng.random() < 0.3:
                place = rng.integers(1, len(other))
                other[place - 1 : place + 1] = other[place - 1 : place + 1][::-1]
            said.append(_spaced(rng, words))
            heard.append(_spaced(rng, [] if rng.random() < 0.1 else other))
        if "".join(said).strip():
            return heard, said


def _spaced(rng: np.random.Generator, words: list[str]) -> str:
    """Words between which, and sometimes around which, there is white space."""
    spaces = rng.choice([" ", " ", " ", " ", "  ", "\t", "\n"], len(words) + 1).tolist()
    text = "".join(space + str(word) for space, word in zip(spaces, words, strict=False))
    return text if rng.random() < 0.1 else text.strip()


def _text_edges() -> Iterator[tuple[list[str], list[str], str]]:
    """Few texts, each with what they are about."""
    yield ["one two"], ["one two"], "Nothing is wrong here."
    yield ["one six"], ["one two"], "A word in the place of another is one error."
    yield ["one"], ["one two"], "A word that is missing is one error."
    yield ["one two two"], ["one two"], "A word too many is one error."
    yield [""], ["one two"], "Where nothing was heard every word of the reference is missing."
    yield ["one two", "three"], ["", "three"], "Where nothing was said every word that was heard is an error."
    yield ["one two three"], ["four"], "The rate may exceed 1."
    yield (
        ["two three four"],
        ["one two three"],
        "One word is missing and one too many: two errors, though no place agrees.",
    )
    yield ["two one"], ["one two"], "Words in another order are two errors."
    yield ["one"], ["One"], "Words are compared as they are: “One” is not “one”."
    yield (
        ["one  two"],
        [" one\ttwo\n"],
        "Any white space separates words, however much of it: `text.split()`.",
    )
    yield (
        ["one", "two three"],
        ["one", "two four five six"],
        "Errors and words are summed over all pairs before they are divided.",
    )
    yield ["", ""], ["", "two"], "A text may be empty."
    yield ["onetwo"], ["one two"], "Compare whole words."
    yield (
        ["a b c d e f g h"],
        ["b c d e f g h a"],
        "An error at the beginning must not make all that follows wrong.",
    )
    yield ["the the the the"], ["the"], "A word that comes several times is as many words."


def _edits(
    said: Sequence,
    meant: Sequence,
    costs: tuple[float, float, float] = (1, 1, 1),
    edges: tuple[float, float] = (1, 1),
) -> np.ndarray:
    """The table of the fewest edits; ``costs`` of a substitution, an insertion, a deletion; ``edges`` of its first row and column."""
    substitution, insertion, deletion = costs
    table = np.zeros((len(meant) + 1, len(said) + 1))
    table[0], table[:, 0] = edges[0] * np.arange(len(said) + 1), edges[1] * np.arange(len(meant) + 1)
    for row, word in enumerate(meant, 1):
        for column, other in enumerate(said, 1):
            table[row, column] = min(
                table[row - 1, column - 1] + substitution * (word != other),
                table[row, column - 1] + insertion,
                table[row - 1, column] + deletion,
            )
    return table


def _word_errors(
    heard: Sequence[str],
    said: Sequence[str],
    cut: Callable[[str], Sequence] = str.split,
    count: Callable[[Sequence, Sequence], float] = lambda other, words: _edits(other, words)[-1, -1],
) -> float:
    """Errors for each word of the references."""
    pairs = [(cut(one), cut(two)) for one, two in zip(heard, said, strict=True)]
    return float(sum(count(*pair) for pair in pairs) / sum(len(words) for _, words in pairs))


def _texts_of(heard: list[str], said: list[str]) -> str:
    """Names what was given."""
    if sum(map(len, heard + said)) < 200:
        return f"The rate of hypotheses {heard} and references {said}"
    return f"The rate of {len(heard)} pairs"


def _rate(my_word_error_rate: Callable, *given: list[str]) -> float:
    """An answer, which must be one number."""
    return expect_number(my_word_error_rate(*given), _texts_of(*given))


def _check_rate(my_word_error_rate: Callable, heard: list[str], said: list[str], hint: str = "") -> None:
    value, right = _rate(my_word_error_rate, heard, said), _word_errors(heard, said)
    close = np.isclose(value, right, rtol=1e-5, atol=1e-5)
    expect(close, f"{_texts_of(heard, said)} is {value:.6g}, expected {right:.6g}. {hint}".rstrip())


def _rate_mistakes(heard: list[str], said: list[str]) -> _Mistakes:
    pairs = [(one.split(), two.split()) for one, two in zip(heard, said, strict=True)]
    errors = np.array([_edits(*pair)[-1, -1] for pair in pairs])
    counts = np.array([len(words) for _, words in pairs])
    others = np.array([len(words) for words, _ in pairs])
    n, total, right = len(pairs), counts.sum(), _word_errors(heard, said)

    def rate(count: Callable[[Sequence, Sequence], float]) -> float:
        return _word_errors(heard, said, count=count)

    mean = "You took the rate of each pair and then their mean: sum the errors and the words over all pairs, then divide once."
    real = counts > 0
    each = errors[real] / counts[real]
    yield each.mean(), mean
    yield each.sum() / n, mean
    yield (errors / np.maximum(1, counts)).mean(), mean
    yield (errors / np.maximum(1, np.maximum(counts, others))).mean(), mean
    yield np.minimum(1, errors / np.maximum(1, counts)).mean(), mean
    divide = "Divide by the words of the *references*"
    yield (
        errors.sum() / others.sum(),
        f"{divide}: yours are those of the hypotheses, or the two are exchanged.",
    )
    yield errors.sum() / (counts + others).sum(), f"{divide}: yours are those of both."
    yield (
        errors.sum() / np.maximum(counts, others).sum(),
        f"{divide}: yours are those of the longer text of each pair.",
    )
    yield errors.sum() / max(counts.sum(), others.sum()), f"{divide}: yours are those of the longer side."
    yield errors.sum() / n, f"{divide}: you divided by the number of pairs."
    yield errors.sum() / sum(map(len, said)), f"{divide}: yours are their characters."
    different = {word for _, words in pairs for word in words}
    yield errors.sum() / len(different), f"{divide}, each as often as it comes."
    yield errors.sum(), "That is how many errors there are: divide by the words of the references."
    yield 100 * right, "That is a percentage: return the rate, 1.0 where there is an error for each word."
    yield 1 - right, "That is the share of what is right: return that of the errors."
    yield min(1, right), "The rate may exceed 1: cut nothing off."
    for limit in (counts, np.maximum(counts, 1)):
        yield (
            np.minimum(errors, limit).sum() / total,
            "A pair may have more errors than its reference has words: cut nothing off.",
        )
    space = '`split(" ")` makes an empty word between two spaces and misses tabs and new lines: `split()` cuts at any white space.'
    yield _word_errors(heard, said, lambda text: text.split(" ")), space
    yield _word_errors(heard, said, lambda text: text.strip().split(" ")), space
    yield _word_errors(heard, said, lambda text: [word for word in text.split(" ") if word]), space
    empty = "A text that is empty, or begins with white space, has an empty word in your count: `text.split()` makes none."
    yield _word_errors(heard, said, lambda text: " ".join(text.split()).split(" ")), empty
    yield _word_errors(heard, said, lambda text: _cut_at_space(text)), empty
    whole = "You compared characters: cut the texts into words, `text.split()`."
    yield _word_errors(heard, said, list), whole
    yield _word_errors(heard, said, str.strip), whole
    for glue in ("", " "):
        yield _word_errors(heard, said, lambda text, glue=glue: glue.join(text.split())), whole
    yield sum(_edits(*pair)[-1, -1] for pair in zip(heard, said, strict=True)) / total, whole
    yield (
        _word_errors([one.lower() for one in heard], [two.lower() for two in said]),
        "Words are compared as they are: you made them lower case.",
    )
    bare = [[text.replace(",", "") for text in texts] for texts in (heard, said)]
    yield _word_errors(*bare), "Words are compared as they are: you took signs away."
    kind = "Substitutions, insertions and deletions are one error each"
    yield (
        rate(lambda a, b: _edits(a, b, (2, 1, 1))[-1, -1]),
        f"{kind}: your substitutions count two, or there are none in your table.",
    )
    yield rate(lambda a, b: _edits(a, b, (1, 0, 1), (0, 1))[-1, -1]), f"{kind}: your insertions cost nothing."
    yield rate(lambda a, b: _edits(a, b, (1, 1, 0), (1, 0))[-1, -1]), f"{kind}: your deletions cost nothing."
    yield rate(lambda a, b: _edits(a, b, (0, 1, 1))[-1, -1]), f"{kind}: your substitutions cost nothing."
    yield rate(lambda a, b: abs(len(a) - len(b))), f"{kind}: you compared the numbers of words alone."
    yield rate(lambda a, b: max(len(a), len(b))), f"{kind}, and words that agree are none: yours never agree."
    edge = "The first row and the first column of the table are 0, 1, 2, …: all inserted, all deleted."
    for edges in ((0, 0), (0, 1), (1, 0)):
        yield rate(lambda a, b, edges=edges: _edits(a, b, edges=edges)[-1, -1]), f"{edge} Yours are 0."
    yield (
        rate(lambda a, b: _edits(a, b)[-1].min()),
        "The number of edits stands in the last corner of the table, and not where its last row is lowest.",
    )
    yield (
        rate(lambda a, b: _edits(a, b).max()),
        "The number of edits stands in the last corner of the table, and not where it is largest.",
    )
    yield (
        rate(lambda a, b: _edits(a[:-1], b[:-1])[-1, -1]),
        "The last words take no part: the table has a row and a column *more* than there are words.",
    )
    yield rate(lambda a, b: _edits(a[1:], b[1:])[-1, -1]), "The first words take no part."
    yield rate(lambda a, b: _edits(a, b[:-1])[-1, -1]), "The last word of each reference takes no part."
    yield rate(lambda a, b: _edits(a[:-1], b)[-1, -1]), "The last word of each hypothesis takes no part."
    place = "You compared place by place: one word lost at the beginning makes all that follows wrong. Look for the *fewest* edits, by the table."
    yield rate(lambda a, b: sum(map(operator.ne, a, b))), place
    yield rate(lambda a, b: sum(map(operator.ne, a, b)) + abs(len(a) - len(b))), place
    yield rate(lambda a, b: sum(map(operator.ne, a, b)) + max(0, len(b) - len(a))), place
    yield rate(lambda a, b: sum(map(operator.ne, a, b)) + max(0, len(a) - len(b))), place
    bag = "You compared which words there are: their order counts. Look for the fewest edits, by the table."
    yield rate(lambda a, b: len({*a} ^ {*b})), bag
    yield rate(lambda a, b: len({*b} - {*a})), bag
    yield rate(lambda a, b: sum(word not in a for word in b)), bag
    yield rate(lambda a, b: sum(word not in b for word in a)), bag
    yield rate(lambda a, b: sum(word not in a for word in b) + sum(word not in b for word in a)), bag
    yield rate(lambda a, b: max(len(a), len(b)) - _shared(a, b)), bag
    yield rate(lambda a, b: len(b) - _shared(a, b)), bag
    yield rate(lambda a, b: _edits(sorted(a), sorted(b))[-1, -1]), bag
    in_order = "That counts the words that do not stand in both texts in the same order: a word in the place of another is *one* error, one too many also."
    yield rate(lambda a, b: len(b) - _in_order(a, b)), in_order
    yield rate(lambda a, b: max(len(a), len(b)) - _in_order(a, b)), in_order
    yield rate(_with_swaps), "Two words exchanged are two errors: yours count one."
    yield (errors > 0).mean(), "That is the share of sentences with an error: count words."
    yield (errors > 0).sum() / total, "You counted sentences with an error, each once: count words."
    yield (
        np.mean([a != b for a, b in zip(heard, said, strict=True)]),
        "That is the share of sentences with an error: count words.",
    )
    joined = [" ".join(texts).split() for texts in (heard, said)]
    yield (
        _edits(*joined)[-1, -1] / total,
        "You joined all sentences to one text: words of one would make good for those of another. Compare pair by pair.",
    )
    for at, name in ((0, "first"), (-1, "last")):
        yield errors[at] / total, f"Only the {name} pair was looked at: {_LOOP}"
        yield errors[at] / max(1, counts[at]), f"Only the {name} pair was looked at: {_LOOP}"
    yield errors[:-1].sum() / total, "The last pair was not looked at."
    yield errors[1:].sum() / total, "The first pair was not looked at."
    wrong = errors > 0
    yield (
        errors.sum() / counts[wrong].sum(),
        "Pairs without an error were left out: the words of their references count too.",
    )
    heard_any, empty_heard = (
        others > 0,
        "Pairs in which nothing was heard were left out: each word of their references is an error.",
    )
    yield errors[heard_any].sum() / counts[heard_any].sum(), empty_heard
    yield errors[heard_any].sum() / total, empty_heard
    yield (
        errors[real].sum() / total,
        "Pairs in which nothing was said were left out: what was heard there is an error.",
    )
    both = real & heard_any
    yield (
        errors[both].sum() / counts[both].sum(),
        "Pairs in which one text is empty were left out: they count.",
    )
    yield errors[both].sum() / total, "Pairs in which one text is empty were left out: they count."


def _cut_at_space(text: str) -> list[str]:
    """What `re.split` makes of a text: an empty word where it begins or ends with white space, or is empty."""
    words = text.split()
    return [*([""] if text[:1].isspace() else []), *words, *([""] if not text or text[-1:].isspace() else [])]


def _shared(a: Sequence, b: Sequence) -> int:
    """The words that are in both, each as often as in both."""
    return sum(min(a.count(word), b.count(word)) for word in {*a})


def _in_order(a: Sequence, b: Sequence) -> int:
    """The words of the longest common subsequence: what stays when only insertions and deletions are made."""
    return int(len(a) + len(b) - _edits(a, b, (2, 1, 1))[-1, -1]) // 2


def _with_swaps(a: Sequence, b: Sequence) -> float:
    """The fewest edits when the exchange of two neighbours is one."""
    table = _edits(a, b)
    for row in range(1, len(b) + 1):
        for column in range(1, len(a) + 1):
            best = min(
                table[row - 1, column - 1] + (b[row - 1] != a[column - 1]),
                table[row, column - 1] + 1,
                table[row - 1, column] + 1,
            )
            if row > 1 and column > 1 and [b[row - 1], b[row - 2]] == [a[column - 2], a[column - 1]]:
                best = min(best, table[row - 2, column - 2] + 1)
            table[row, column] = best
    return table[-1, -1]


# --- 9.5 ----------------------------------------------------------------------------------------------------


@exercise(
    "9.5",
    "the sums are right for 38 clips of 1 to 400 samples and noises of 1 to 900, from −30 to 60 dB, loud ones and soft ones, in single precision "
    "and in double",
    own=_COURSE,
    stops={
        r"could not be broadcast": "Clip and noise have different lengths: cut the noise, or repeat it, to `len(clip)` samples.",
        r"division by zero": "An array can be shorter than you take it to be: how often does the noise fit into the clip, rounded *up*?",
    },
)
def noisy(my_noisy: Callable) -> None:
    """Checks a clip with noise at a signal-to-noise ratio (lesson 09).

    Args:
        my_noisy: function of ``(clip, noise, decibels)``, float (n,), float (m,) and float, that returns float (n,).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(95)
    first = [
        _draw_sounds(rng, *sizes) for sizes in [(40, 100, 7.0), (50, 21, -4.0), (30, 30, 3.0), (24, 8, 12.0)]
    ]
    found = [_mixed(my_noisy, *given) for given in first]
    right = [_noisy(*given) for given in first]
    name_mistake(found, right, (_noise_mistakes(*given) for given in first), _are_close_sounds)
    for value, given in zip(found, first, strict=True):
        _expect_sound(value, *given)
    for n, m, decibels in [
        (1, 1, 0.0),
        (1, 5, 6.0),
        (3, 2, -3.0),
        (3, 7, 10.0),
        (4, 4, 20.0),
        (5, 1, 5.0),
        (7, 3, -10.0),
        (6, 13, 1.5),
    ] * 3:
        _check_noisy(my_noisy, *_draw_sounds(rng, n, m, decibels))
    for decibels in (-30.0, 0.0, 60.0):
        clip, noise, _ = _draw_sounds(rng, 400, 900, decibels)
        _check_noisy(my_noisy, clip, noise, decibels)
        _check_noisy(my_noisy, clip / 1e4, noise * 1e3, decibels)
    clip, noise, _ = _draw_sounds(rng, 33, 10, 0.0)
    _check_noisy(my_noisy, clip.astype(np.float32), noise.astype(np.float32), 15.0)
    _check_noisy(my_noisy, clip, noise, 10)
    _check_noisy(my_noisy, 3 * clip, noise / 50, -5.5)
    _check_noisy(my_noisy, clip - clip.mean(), noise - noise.mean(), 2.0)


def _draw_sounds(
    rng: np.random.Generator, n: int, m: int, decibels: float
) -> tuple[np.ndarray, np.ndarray, float]:
    """A clip and a noise that becomes louder, neither around 0, so that means, powers and parts differ."""
    clip = rng.normal(0.4, 0.8, n) * np.linspace(0.5, 1.5, n)
    noise = rng.normal(-0.3, 0.5, m) * np.linspace(0.4, 1.6, m)
    return clip + np.copysign(0.05, clip), noise + np.copysign(0.05, noise), decibels


def _noisy(clip: np.ndarray, noise: np.ndarray, decibels: float, **settings: object) -> np.ndarray:
    return clip + _scaled(clip, noise, decibels, **settings)


def _power(samples: np.ndarray) -> float:
    return float((samples.astype(np.float64) ** 2).sum() / len(samples))


def _piece(noise: np.ndarray, n: int) -> np.ndarray:
    return np.array([noise[place % len(noise)] for place in range(n)])


def _scaled(
    clip: np.ndarray,
    noise: np.ndarray,
    decibels: float,
    piece: np.ndarray | None = None,
    powers: tuple[float, float] | None = None,
) -> np.ndarray:
    """The noise that is added; other pieces and other powers are what may go wrong."""
    piece = _piece(noise, len(clip)) if piece is None else piece
    of_clip, of_noise = powers or (_power(clip), _power(piece))
    return piece * np.sqrt(of_clip / of_noise) * 10 ** (-decibels / 20)


def _sounds(clip: np.ndarray, noise: np.ndarray, decibels: float) -> str:
    """Names what was given."""
    if clip.size + noise.size < 10:
        return f"for the clip {np.round(clip, 3).tolist()}, the noise {np.round(noise, 3).tolist()} and {decibels} dB"
    return f"for a clip of {plural(len(clip), 'sample')}, a noise of {len(noise)} and {decibels} dB"


def _mixed(my_noisy: Callable, *given: object) -> np.ndarray:
    """An answer, which must be as long as the clip."""
    n, m = len(given[0]), len(given[1])
    shapes = [
        (
            (m,),
            "It is as long as the noise: the clip's length is asked. A longer noise is cut, a shorter one repeated.",
        ),
        ((), "Return the samples, and not a number."),
    ]
    value = expect_array(my_noisy(*given), (n,), np.floating, f"The sound {_sounds(*given)}", shapes)
    expect(
        np.isfinite(value).all(),
        f"The sound {_sounds(*given)} has NaN or infinity: is something divided by 0, or is a root taken of a negative number?",
    )
    return value


def _are_close_sounds(found: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(
        a.shape == np.shape(b) and np.allclose(a, b, rtol=1e-4, atol=1e-4)
        for a, b in zip(found, other, strict=True)
    )


def _expect_sound(value: np.ndarray, clip: np.ndarray, noise: np.ndarray, decibels: float) -> None:
    what, added = _sounds(clip, noise, decibels), _scaled(clip, noise, decibels)
    # As close as single precision knows the noise beside the clip, and the clip beside the noise.
    loudest = max(np.abs(clip).max(), np.abs(added).max())
    difference = value - (clip + added)
    if np.abs(difference).max() <= 1e-4 * np.abs(added).max() + 3e-6 * loudest:
        return
    of_added, of_clip = _power(value - clip), _power(clip)
    ratio = f"{10 * np.log10(of_clip / of_added):.4g} dB" if of_added else "infinite: nothing was added"
    alike = _is_multiple(value - clip, added)
    hint = f"The ratio of powers is {ratio}." + (
        "" if alike else " What you added is not a multiple of the noise, cut or repeated from its beginning."
    )
    at = np.abs(difference).argmax()
    expect(
        False,
        f"The sound {what} is {value[at]:.6g} at sample {at}, expected {(clip + added)[at]:.6g}. {hint}",
    )


def _is_multiple(samples: np.ndarray, noise: np.ndarray) -> bool:
    factor = (samples @ noise) / (noise @ noise)
    return bool(np.allclose(samples, factor * noise, rtol=1e-3, atol=1e-3 * np.abs(samples).max()))


def _check_noisy(my_noisy: Callable, clip: np.ndarray, noise: np.ndarray, decibels: float) -> None:
    _expect_sound(_mixed(my_noisy, clip, noise, decibels), clip, noise, decibels)


def _noise_mistakes(clip: np.ndarray, noise: np.ndarray, decibels: float) -> _Mistakes:
    n, m = len(clip), len(noise)
    piece, added = _piece(noise, n), _scaled(clip, noise, decibels)
    of_clip, of_piece = _power(clip), _power(piece)

    def mixed(**settings: object) -> np.ndarray:
        return _noisy(clip, noise, decibels, **settings)

    root = "Powers are squares of samples"
    gain = np.sqrt(of_clip / of_piece)
    yield (
        clip + piece * gain * 10 ** (-decibels / 10),
        f"{root}: a ratio of 10 ** (decibels / 10) is one of *powers*, and the samples take its root.",
    )
    yield (
        clip + piece * of_clip / of_piece * 10 ** (-decibels / 10),
        f"{root}: multiply the noise by the *root* of the ratio of powers.",
    )
    yield (
        clip + piece * of_clip / of_piece * 10 ** (-decibels / 20),
        f"{root}: multiply the noise by the *root* of the ratio of powers.",
    )
    yield clip + piece * np.sqrt(gain) * 10 ** (-decibels / 20), f"{root}: you took a root too many."
    yield clip + piece * gain * 10 ** (-decibels / 40), f"{root}: yours gives half the decibels."
    yield clip + piece * np.sqrt(gain) * 10 ** (-decibels / 40), f"{root}: you took a root too many."
    yield (
        clip + piece / gain * 10 ** (-decibels / 20),
        "The ratio of powers is upside down: the louder the noise as it comes, the *less* is taken of it.",
    )
    yield clip + piece / gain * 10 ** (decibels / 20), "The factor is upside down: 1 divided by it."
    yield (
        clip + piece * gain * 10 ** (decibels / 20),
        "Your decibels have the wrong sign: the more, the *softer* the noise.",
    )
    yield (
        clip + piece * gain * 10 ** (decibels / 10),
        "Your decibels have the wrong sign, and stand for powers where samples take the root.",
    )
    yield (
        clip + piece * gain * 10 ** (-abs(decibels) / 20),
        "Decibels may be negative: the noise is louder than the clip then.",
    )
    yield (
        clip + piece * gain * 10 ** (-max(decibels, 0) / 20),
        "Decibels may be negative: the noise is louder than the clip then.",
    )
    for rounded in (round(decibels, -1), 10 * (decibels // 10), 20 * (decibels // 20)):
        yield (
            clip + piece * gain * 10 ** (-rounded / 20),
            "Round nothing: decibels are divided by `/`, as they are given.",
        )
    yield clip + piece * gain, "Decibels take no part: yours gives 0 dB, as loud as the clip."
    yield (
        clip + piece * gain * np.exp(-decibels / 20),
        "Decibels are of base 10: `10 ** …`, and not `np.exp`.",
    )
    yield (
        clip + piece * gain * np.exp(-decibels / 10),
        "Decibels are of base 10: `10 ** …`, and not `np.exp`.",
    )
    yield clip + piece * gain * 2 ** (-decibels / 20), "Decibels are of base 10: `10 ** …`."
    yield (
        clip + piece * np.sqrt(gain**2 / decibels) if decibels > 0 else clip,
        "Decibels are a logarithm: the ratio is 10 ** (decibels / 10).",
    )
    yield (
        clip + piece * gain * 10 ** (-decibels / 2),
        "Decibels are tenths: the ratio is 10 ** (decibels / 10).",
    )
    yield clip + piece * gain / decibels, "Decibels are a logarithm: the ratio is 10 ** (decibels / 10)."
    yield (
        clip + piece * 10 ** (-decibels / 20),
        "The powers of clip and noise take no part: the ratio depends on how loud they come.",
    )
    yield (
        clip + piece * 10 ** (-decibels / 10),
        "The powers of clip and noise take no part: the ratio depends on how loud they come.",
    )
    yield clip + piece, "You added the noise as it is: scale it."
    yield (
        clip + piece / np.sqrt(of_piece) * 10 ** (-decibels / 20),
        "The clip's power takes no part: yours is right only where it is 1.",
    )
    yield (
        clip + piece * np.sqrt(of_clip) * 10 ** (-decibels / 20),
        "The noise's power takes no part: yours is right only where it is 1.",
    )
    whole = "The power is that of the piece that is added, after the noise was cut or repeated: yours is that of the noise as it comes"
    for part in (noise, noise[:n]):
        yield mixed(powers=(of_clip, _power(part))), f"{whole}."
    yield mixed(powers=(_power(clip[:m]), of_piece)), "The clip's power is that of the whole clip."
    yield (
        mixed(powers=((clip**2).sum(), (noise**2).sum())),
        f"{whole}, and a sum where power is a *mean* of squares.",
    )
    yield (
        mixed(powers=(of_clip, (piece**2).sum())),
        "Power is the *mean* of the squares: of the noise you took their sum.",
    )
    yield (
        mixed(powers=((clip**2).sum(), of_piece)),
        "Power is the *mean* of the squares: of the clip you took their sum.",
    )
    power = "Power is the mean of the squares"
    for powers in (
        (clip.var(), piece.var()),
        (clip.var(), noise.var()),
        (clip.var(), of_piece),
        (of_clip, piece.var()),
    ):
        yield (
            mixed(powers=powers),
            f"{power}, and nothing is subtracted before: `np.var` and `np.std` take the mean off.",
        )
    yield (
        mixed(powers=(np.abs(clip).max() ** 2, np.abs(piece).max() ** 2)),
        f"{power}: yours is that of the largest sample.",
    )
    yield (
        mixed(powers=(np.abs(clip).max() ** 2, np.abs(noise).max() ** 2)),
        f"{power}: yours is that of the largest sample.",
    )
    yield mixed(powers=(np.ptp(clip) ** 2, np.ptp(piece) ** 2)), f"{power}: yours is the span of the samples."
    yield (
        mixed(powers=(np.abs(clip).mean() ** 2, np.abs(piece).mean() ** 2)),
        f"{power}, and not the square of the mean.",
    )
    yield mixed(powers=(clip.mean() ** 2, piece.mean() ** 2)), f"{power}, and not the square of the mean."
    yield (
        mixed(powers=(np.abs(clip).mean(), np.abs(piece).mean())),
        f"{power}: yours is the mean of the samples' sizes.",
    )
    yield mixed(powers=(np.median(clip**2), np.median(piece**2))), f"{power}: you took the median."
    padded = np.concatenate([noise, np.zeros(max(0, n - m))])[:n]
    short = "A shorter noise is repeated from its beginning, as often as needed"
    yield mixed(piece=padded), f"{short}: yours is followed by silence."
    yield mixed(piece=padded, powers=(of_clip, _power(noise[:n]))), f"{short}: yours is followed by silence."
    turned = np.concatenate([noise, noise[::-1]])
    yield mixed(piece=_piece(turned, n) if m < n else piece), f"{short}: yours turns round at its end."
    yield (
        mixed(piece=np.pad(noise, (0, max(0, n - m)), "reflect")[:n]),
        f"{short}: yours turns round at its end.",
    )
    yield (
        mixed(piece=np.pad(noise, (0, max(0, n - m)), "edge")[:n]),
        f"{short}: yours stays at its last sample.",
    )
    yield (
        mixed(piece=np.repeat(noise, -(-n // m))[:n]),
        f"{short}, as a whole, `np.tile`: you repeated each sample, `np.repeat`.",
    )
    yield (
        mixed(piece=np.interp(np.linspace(0, 1, n), np.linspace(0, 1, m), noise)),
        f"{short}, and a longer one cut: you stretched it.",
    )
    yield (
        mixed(piece=np.interp(np.linspace(0, 1, n), np.linspace(0, 1, m), noise) if m < n else piece),
        f"{short}: you stretched it.",
    )
    fitting = np.concatenate([np.tile(noise, n // m), np.zeros(n % m)]) if m < n else piece
    yield mixed(piece=fitting), f"{short}, the last time in part: how often it fits is rounded *up*."
    twice = np.concatenate([noise, noise, np.zeros(max(0, n - 2 * m))])[:n]
    yield mixed(piece=twice), f"{short}: twice is not always enough."
    centred = np.pad(noise, ((n - m) // 2, n - m - (n - m) // 2), "wrap") if m < n else piece
    yield mixed(piece=centred), f"{short}: yours begins within it."
    long = "Of a longer noise the *beginning* is taken"
    yield mixed(piece=noise[-n:] if m > n else piece), f"{long}: yours is its end."
    yield mixed(piece=noise[(m - n) // 2 :][:n] if m > n else piece), f"{long}: yours is its middle."
    yield mixed(piece=noise[:: m // n][:n] if m > n else piece), f"{long}: you took samples from all of it."
    yield mixed(piece=_piece(noise[::-1], n)), "Your noise runs backwards."
    yield mixed(piece=piece[::-1]), "Your noise runs backwards."
    yield mixed(piece=_piece(noise[1:], n)), "The noise's first sample is missing."
    yield added, "That is the noise alone: add it to the clip."
    yield clip, "That is the clip alone: add the noise. Were your factor and the noise whole numbers?"
    yield clip - added, "You subtracted the noise: add it."
    yield (clip + added) / 2, "You halved the sum: the clip stays as loud as it is."
    yield np.clip(clip + added, -1, 1), "You cut the sum at ±1: the clip stays as it is, and nothing is cut."
    yield (
        np.clip(clip + np.clip(added, -1, 1), -1, 1),
        "You cut the sum at ±1: the clip stays as it is, and nothing is cut.",
    )
    yield clip + np.clip(added, -1, 1), "You cut the noise at ±1: nothing is cut."
    mixed_right = clip + added
    loud = "You scaled the sum: the clip stays as loud as it is."
    yield mixed_right / np.abs(mixed_right).max(), loud
    yield mixed_right / max(1, np.abs(mixed_right).max()), loud
    yield mixed_right * np.sqrt(of_clip / _power(mixed_right)), loud
    scale = "The noise is scaled, and the clip stays as it is"
    yield clip / gain * 10 ** (decibels / 20) + piece, f"{scale}: you scaled the clip."
    yield (
        clip / np.sqrt(of_clip) + piece / np.sqrt(of_piece) * 10 ** (-decibels / 20),
        f"{scale}: you scaled both.",
    )
    yield (
        clip / np.abs(clip).max() + _scaled(clip / np.abs(clip).max(), noise, decibels),
        f"{scale}: you scaled both.",
    )
    even = clip - clip.mean(), piece - piece.mean()
    off = "Nothing is subtracted: you took a mean off."
    yield even[0] + _scaled(even[0], noise, decibels, even[1]), off
    yield even[0] + _scaled(even[0], noise - noise.mean(), decibels), off
    yield clip + _scaled(even[0], noise, decibels, even[1]), off
    yield clip + _scaled(clip, noise, decibels, even[1]), off
    yield clip + _scaled(clip, noise - noise.mean(), decibels), off
    yield clip + np.abs(added), "Your noise lost its signs."
    yield clip * (1 + added), "You multiplied clip and noise: add them."
    ratio = 10 ** (decibels / 10)
    if ratio > 1:
        yield (
            clip + piece * np.sqrt(of_clip / of_piece / (ratio - 1)),
            "The ratio is to the power of the noise that is added, and not of the sum.",
        )
    else:
        yield clip, "The ratio is to the power of the noise that is added, and not of the sum."
    yield (
        clip + piece * np.sqrt(of_clip / of_piece / (ratio + 1)),
        "The ratio is to the power of the noise that is added, and not of the sum.",
    )


# --- 9.6 ----------------------------------------------------------------------------------------------------

_Senses = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""log p given the sound, log p given the picture, and what is there."""


@exercise(
    "9.6",
    "the probabilities are right for 49 batches of 1 to 9 rows and 2 to 12 classes, with a sense missing, with none, whatever stands in its place, "
    "and for log-probabilities down to −2,000",
    own=_COURSE,
    stops={
        r"could not be broadcast": "`has_sound` is (n,) and `heard` (n, k): give it an axis for the classes, `has_sound[:, np.newaxis]`.",
        r"boolean index did not match": "`has_sound` is (n,) and `heard` (n, k): it chooses rows, `heard[has_sound]`.",
    },
)
def fused(my_fused: Callable) -> None:
    """Checks the product of two senses' probabilities, each of which may be missing (lesson 09).

    Args:
        my_fused: function of ``(heard, seen, has_sound, has_picture)``, float (n, k) twice and bool (n,) twice, that returns
            float (n, k).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(96)
    # As many rows as classes: only there do wrong axes keep all shapes. First all is there, then some is missing.
    first = [
        _draw_senses(rng, 6, 6, missing, fill)
        for missing, fill in [(False, None), (True, None), (True, np.nan)]
    ]
    found = [_together(my_fused, *given) for given in first]
    name_mistake(found[:1], [_fuse(*first[0])], [_product_mistakes(*first[0])], _are_close_tables)
    name_mistake(
        found,
        [_fuse(*given) for given in first],
        (_missing_mistakes(*given) for given in first),
        _are_close_tables,
    )
    for value, given in zip(found, first, strict=True):
        _expect_fused(value, *given)
    for n, k, fill in [
        (1, 3, None),
        (2, 2, np.nan),
        (4, 10, np.inf),
        (1, 2, None),
        (3, 5, -np.inf),
        (9, 2, np.nan),
        (5, 12, 0.0),
        (2, 7, 1e30),
    ] * 5:
        _check_fused(my_fused, *_draw_senses(rng, n, k, True, fill))
    nothing = np.full((2, 4), np.nan), np.full((2, 4), np.inf), np.zeros(2, bool), np.zeros(2, bool)
    _check_fused(my_fused, *nothing)
    heard, seen, *there = _draw_senses(rng, 5, 4, True, 7.0)
    _check_fused(my_fused, heard.astype(np.float32), seen.astype(np.float32), *there)
    _check_low(my_fused, rng)


def _draw_senses(rng: np.random.Generator, n: int, k: int, is_missing: bool, fill: float | None) -> _Senses:
    """Two tables that often disagree; their rows do not sum to 1; what is missing is other numbers, or one number."""
    heard, seen = (-rng.gamma(3, 0.8, (n, k)) - rng.gamma(1, 2, (n, 1)) for _ in range(2))
    there = np.ones((2, n), bool)
    if is_missing:
        there = np.array([(True, False, True, False), (False, True, True, False)])[
            :, rng.permutation(np.arange(n) % 4)
        ]
        for table, has in zip((heard, seen), there, strict=True):
            table[~has] = -rng.gamma(3, 0.8, ((~has).sum(), k)) if fill is None else fill
    return heard, seen, *there


def _fuse(heard: np.ndarray, seen: np.ndarray, has_sound: np.ndarray, has_picture: np.ndarray) -> np.ndarray:
    """Row by row, in logarithms."""
    rows = []
    for sound, picture, has, sees in zip(heard, seen, has_sound, has_picture, strict=True):
        logs = np.zeros(len(sound))
        for table, is_there in ((sound, has), (picture, sees)):
            logs = logs + table.astype(np.float64) if is_there else logs
        rows.append(np.exp(logs - np.logaddexp.reduce(logs)))
    return np.array(rows)


def _batch(heard: np.ndarray, seen: np.ndarray, has_sound: np.ndarray, has_picture: np.ndarray) -> str:
    """Names what was given."""
    (n, k), missing = heard.shape, int((~(has_sound & has_picture)).sum())
    rest = f", {missing} of them with something missing" if missing else ""
    return f"for {plural(n, 'row')} of {k} classes{rest}"


def _together(my_fused: Callable, *given: np.ndarray) -> np.ndarray:
    """An answer, which must be a number for each row and class."""
    n, k = given[0].shape
    shapes = [
        ((n,), "Return probabilities of all classes, and not the likeliest or the sum alone."),
        ((k,) if n > 1 else (), "Return a row for each of the n, and not one for all."),
        (
            (n, n, k),
            "`has_sound[:, np.newaxis]` has an axis for the classes: `np.newaxis` in another place makes more rows.",
        ),
    ]
    with np.errstate(all="ignore"):
        return expect_array(my_fused(*given), (n, k), np.floating, f"Your answer {_batch(*given)}", shapes)


def _are_close_tables(found: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(
        a.shape == np.shape(b) and np.allclose(a, b, rtol=1e-4, atol=1e-5, equal_nan=True)
        for a, b in zip(found, other, strict=True)
    )


def _check_fused(my_fused: Callable, *given: np.ndarray) -> None:
    _expect_fused(_together(my_fused, *given), *given)


def _expect_fused(value: np.ndarray, *given: np.ndarray, tolerance: float = 1e-4, hint: str = "") -> None:
    _, _, has_sound, has_picture = given
    what, right = f"Your answer {_batch(*given)}", _fuse(*given)

    def where(row: int) -> str:
        there = {
            (True, True): "sound and picture are there",
            (True, False): "the picture is missing, and the sound alone counts",
            (False, True): "the sound is missing, and the picture alone counts",
            (False, False): "both are missing, and all classes are equally likely",
        }[bool(has_sound[row]), bool(has_picture[row])]
        return f"row {row}, where {there},"

    for row in np.flatnonzero(~np.isfinite(value).all(axis=1)):
        reason = "What is missing may hold anything: NaN · 0 is NaN, so choose with `np.where`."
        if has_sound[row] and has_picture[row]:
            reason = hint or "Is something divided by 0?"
        expect(False, f"{what}: {where(row)} has NaN or infinity. {reason}")
    sums = value.sum(axis=1)
    off = np.abs(sums - 1).argmax()
    expect(
        abs(sums[off] - 1) < 10 * tolerance,
        f"{what}: {where(off)} sums to {sums[off]:.6g}, expected 1. {hint}".rstrip(),
    )
    wrong = ~np.isclose(value, right, rtol=tolerance, atol=tolerance).all(axis=1)
    row = int(wrong.argmax())
    found, asked = (np.round(table[row].astype(np.float64), 4).tolist() for table in (value, right))
    expect(not wrong.any(), f"{what}: {where(row)} is {found}, expected {asked}. {hint}".rstrip())


def _check_low(my_fused: Callable, rng: np.random.Generator) -> None:
    """Rows so low that np.exp is 0, of very different height, beside what is missing."""
    hint = "np.exp(-2000) is 0: add logarithms, subtract from each row *its* largest, and only then take `np.exp`."
    both = np.ones(2, bool)
    for heard, seen in [
        (
            [[-2000.0, -1999.0, -2001.0], [-3.0, -1.0, -2.0]],
            [[-2.0, -4.0, -3.0], [-1500.0, -1501.0, -1499.5]],
        ),
        (
            [[-1990.0, -2000.0, -1995.0], [-1.0, -1800.0, -1802.0]],
            [[-1980.0, -1970.5, -1975.0], [-2000.0, -200.0, -199.0]],
        ),
        ([[-3.0, -2000.0, -2000.0], [-1.0, -2.0, -1.5]], [[-2.0, -2000.0, -1.8], [-2000.0, -1.0, -2000.0]]),
    ]:
        given = np.array(heard), np.array(seen), both, both
        _expect_fused(_together(my_fused, *given), *given, tolerance=2e-3, hint=hint)
    heard, seen, *there = _draw_senses(rng, 8, 10, True, np.nan)
    given = (
        heard - 1900 * (np.arange(8)[:, np.newaxis] % 2),
        seen - 1950 * (np.arange(8)[:, np.newaxis] % 3 == 1),
        *there,
    )
    _expect_fused(_together(my_fused, *given), *given, tolerance=2e-3, hint=hint)


def _normed(powers: np.ndarray, axis: int | None = 1) -> np.ndarray:
    return powers / powers.sum(axis=axis, keepdims=True)


def _product_mistakes(heard: np.ndarray, seen: np.ndarray, *_: np.ndarray) -> _Mistakes:
    """What typical mistakes make where all is there."""
    sound, picture = np.exp(heard), np.exp(seen)
    product = sound * picture
    right = _normed(product)
    mean = "Multiply the probabilities, that is, *add* the logarithms"
    yield (_normed(sound) + _normed(picture)) / 2, f"{mean}: you took the mean of the probabilities."
    yield _normed(sound + picture), f"{mean}: you added the probabilities."
    yield (sound + picture) / 2, f"{mean}: you took the mean of the probabilities."
    yield sound + picture, f"{mean}: you added the probabilities."
    yield _normed(np.sqrt(product)), f"{mean}: yours is their mean, which halves what both say."
    yield _normed(np.maximum(sound, picture)), f"{mean}: you took the larger."
    yield _normed(np.maximum(_normed(sound), _normed(picture))), f"{mean}: you took the larger."
    yield _normed(np.minimum(sound, picture)), f"{mean}: you took the smaller."
    yield _normed(sound / picture), f"{mean}: you subtracted the picture's."
    yield _normed(picture / sound), f"{mean}: you subtracted the sound's."
    yield _normed(np.exp(heard * seen)), f"{mean}: you multiplied the logarithms."
    yield _normed(heard * seen), f"{mean}, and take `np.exp` of their sum: you multiplied the logarithms."
    yield _normed(heard + seen), "Take `np.exp` of the sum of logarithms before you divide."
    yield _normed(np.abs(heard + seen)), "Take `np.exp` of the sum of logarithms before you divide."
    yield _normed(1 / product), "Your logarithms have the wrong sign."
    yield product, "The product does not sum to 1: divide each row by its sum."
    yield (
        _normed(sound) * _normed(picture),
        "The product does not sum to 1, though its factors do: divide each row by its sum.",
    )
    yield (
        np.exp(heard + seen - (heard + seen).max(axis=1, keepdims=True)),
        "Your rows have a largest of 1: divide each row by its *sum*.",
    )
    yield (
        np.exp(heard + seen - (heard + seen).max()),
        "Your rows do not sum to 1: divide each row by its sum.",
    )
    yield heard + seen, "That is the sum of logarithms: take `np.exp`, and divide each row by its sum."
    yield np.log(right), "Those are the logarithms: take `np.exp`."
    yield 100 * right, "Those are percentages: each row sums to 1."
    yield 1 - right, "You return 1 − p."
    yield _normed(1 - right), "You return 1 − p."
    yield right / 2, "Your rows sum to 1/2: divide each by its sum."
    row = "each row by its own sum, `axis=1, keepdims=True`"
    yield _normed(product, 0), f"Your columns sum to 1: divide {row}."
    yield _normed(_normed(sound) * _normed(picture), None), f"All your rows together sum to 1: divide {row}."
    yield _normed(product, None), f"All your rows together sum to 1: divide {row}."
    yield product / product.sum(axis=1), f"The sums fell on the wrong axis: divide {row}."
    yield _normed(_normed(product, 0)), f"You divided by the sums of the columns first: divide {row}, alone."
    yield (
        _normed(_normed(sound, 0) * _normed(picture, 0)),
        f"You divided by the sums of the columns first: divide {row}, alone.",
    )
    yield (
        _normed(np.exp(heard + seen - (heard + seen).max(axis=1))),
        "The largest ones fell on the wrong axis: `max(axis=1, keepdims=True)`.",
    )
    for table in (_normed(np.exp((heard + seen).T)), right.T):
        yield table, "Rows and columns are exchanged."
    yield (
        (right == right.max(axis=1, keepdims=True)).astype(float),
        "You chose a class: return how likely each of them is.",
    )
    alone = "takes no part: both count where both are there"
    yield _normed(sound), f"The picture {alone}."
    yield _normed(picture), f"The sound {alone}."
    yield _normed(sound**2), f"The picture {alone}."
    yield _normed(picture**2), f"The sound {alone}."
    yield _normed(sound**2 * picture), "The sound counts twice."
    yield _normed(sound * picture**2), "The picture counts twice."
    yield _normed(product**2), "Your logarithms count twice."
    yield (
        _normed(np.exp(right)),
        "You took the softmax of probabilities: that of the sum of logarithms is asked, once.",
    )
    yield (
        _normed(np.exp(_normed(sound) + _normed(picture))),
        "You added probabilities, and took the softmax of them: add the *logarithms*.",
    )
    yield _normed(2.0 ** (heard + seen)), "Logarithms here are natural: `np.exp`, and not `2 ** …`."
    yield _normed(10.0 ** (heard + seen)), "Logarithms here are natural: `np.exp`, and not `10 ** …`."
    yield (
        _normed(product / right.mean(axis=0)),
        "All classes are equally likely beforehand: divide by nothing else.",
    )
    yield (
        np.full(right.shape, 1 / right.shape[1]),
        "All classes are equally likely, though sound and picture are there: are your flags inverted?",
    )
    yield (
        np.zeros(right.shape),
        "All is 0, though sound and picture are there: are your flags inverted, or is it `//` that divides?",
    )
    surer = np.where(
        right.shape[1] * _normed(sound).max(axis=1, keepdims=True)
        >= right.shape[1] * _normed(picture).max(axis=1, keepdims=True),
        _normed(sound),
        _normed(picture),
    )
    yield surer, "You believed the surer one alone: both count."
    yield _normed(product[::-1]), "Your rows stand in the opposite order."
    yield (
        np.repeat(right[:1], len(right), axis=0),
        "All rows are like the first: each has its own sound and picture.",
    )


def _missing_mistakes(
    heard: np.ndarray, seen: np.ndarray, has_sound: np.ndarray, has_picture: np.ndarray
) -> _Mistakes:
    """What typical mistakes make of what is missing; what is there they treat as they should."""
    right, k = _fuse(heard, seen, has_sound, has_picture), heard.shape[1]
    sound, picture = has_sound[:, np.newaxis], has_picture[:, np.newaxis]
    both, neither = sound & picture, ~sound & ~picture
    ones = np.ones_like(has_sound)
    missing = "True in `has_sound` and `has_picture` means that it is there"
    yield _fuse(heard, seen, ~has_sound, ~has_picture), f"{missing}: your flags are inverted."
    yield _fuse(heard, seen, has_picture, has_sound), f"{missing}: your two flags are exchanged."
    yield _fuse(heard, seen, ones, ones), f"{missing}: yours take no part."
    yield _fuse(heard, seen, ones, has_picture), f"{missing}: your `has_sound` takes no part."
    yield _fuse(heard, seen, has_sound, ones), f"{missing}: your `has_picture` takes no part."
    yield (
        _fuse(np.nan_to_num(heard), np.nan_to_num(seen), ones, ones),
        f"{missing}: what is missing may hold numbers too, not NaN alone.",
    )
    there = [~np.isnan(table).any(axis=1) for table in (heard, seen)]
    yield _fuse(heard, seen, *there), f"{missing}: what is missing may hold numbers too, not NaN alone."
    yield (
        _softmax(heard * sound + seen * picture),
        "NaN · 0 is NaN: choose with `np.where(has_sound[:, np.newaxis], heard, 0)` in place of multiplying.",
    )
    none = "Where both are missing all classes are equally likely, 1/k"
    for value in (0, 1, 0.5, np.nan):
        yield np.where(neither, value, right), f"{none}: yours have {value}."
    yield np.where(neither, np.arange(k) == 0, right), f"{none}: yours choose the first."
    yield np.where(neither, np.roll(right, 1, axis=0), right), f"{none}."
    yield np.where(neither, _softmax(heard + seen), right), f"{none}, whatever stands there."
    yield np.where(neither, _softmax(heard), right), f"{none}, whatever stands there."
    yield np.where(neither, _softmax(seen), right), f"{none}, whatever stands there."
    one = "Where one is missing the other one counts as it is"
    yield np.where(both, right, 1 / k), f"{one}: yours makes all classes equally likely there."
    yield np.where(both, right, 0), f"{one}: yours is 0 there."
    yield np.where(both | neither, right, (right + 1 / k) / 2), f"{one}: yours is mixed with equal shares."
    yield np.where(both, right, _normed(np.sqrt(right))), f"{one}: you halved its logarithms."
    yield np.where(both, right, _normed(right**2)), f"{one}: you doubled its logarithms."
    unscaled = np.where(sound & ~picture, np.exp(heard), np.where(picture & ~sound, np.exp(seen), right))
    yield unscaled, f"{one}, and is made to sum to 1 too."
    yield (
        np.where(neither, 1, unscaled),
        f"{one}, and is made to sum to 1 too; and where both are missing, 1/k.",
    )
    yield (
        np.where(sound & ~picture, heard, np.where(picture & ~sound, seen, right)),
        f"{one}, as probabilities, and not as logarithms.",
    )
    yield (
        np.where(both | neither, right, (right == right.max(axis=1, keepdims=True)).astype(float)),
        f"{one}: you chose a class.",
    )
    filled = [
        np.where(has, table, table[here].mean(axis=0))
        for table, has, here in ((heard, sound, has_sound), (seen, picture, has_picture))
    ]
    yield _softmax(sum(filled)), f"{one}: you filled the gap with the mean of the other rows."
    yield (
        np.where(both, right, np.where(sound | neither, right, _softmax(heard))),
        f"{missing}: where the sound is missing the picture counts.",
    )
    yield (
        np.where(both, right, np.where(picture | neither, right, _softmax(seen))),
        f"{missing}: where the picture is missing the sound counts.",
    )
    yield np.where(both | neither, right, np.nan), f"{one}: NaN is left where one is missing."
    yield (
        np.where(both, right, np.nan),
        f"{one}; where both are missing all classes are equally likely: NaN is left. Choose with `np.where`.",
    )


def _softmax(logs: np.ndarray) -> np.ndarray:
    return np.exp(logs - np.logaddexp.reduce(logs, axis=1)[:, np.newaxis])
