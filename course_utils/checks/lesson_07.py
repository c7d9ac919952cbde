"""Checks of lesson 07: shifted tokens, the loss of captions, the nucleus, a beam's step, n-grams, inventions."""

import functools
import operator
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

import numpy as np

from course_utils.checks import exercise, expect, expect_array, expect_close, expect_number, expect_parts

__all__ = ["beam_step", "caption_loss", "clipped_precision", "invented", "nucleus", "shift_right"]

_COURSE = r"course_utils\.(generation|evaluation)\.\w+\.\w+"
"""What does the exercises' work already."""

_Mistakes = Iterator[tuple[object, str]]
"""What typical mistakes make of the same input, each with its hint."""

_COUNT = "That is how many there are: return their share, a number from 0 to 1."
_PERCENT = "That is a percentage: return the share, from 0 to 1."


# --- 7.1 ----------------------------------------------------------------------------------------------------


@exercise(
    "7.1",
    "the inputs are right for 9 batches of 1 to 6 captions of 1 to 12 tokens, with padding anywhere and without, with start tokens from 0 to "
    "70,000",
    own=_COURSE,
)
def shift_right(my_shift: Callable) -> None:
    """Checks what a decoder is given in teacher forcing (lesson 07).

    Args:
        my_shift: function of ``(tokens, start)``, int (n, length) and int, that returns int (n, length).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(1)
    for n, length, start, is_padded, dtype in [
        (5, 7, 3, True, np.int64),
        (4, 4, 1, False, np.int64),
        (3, 12, 1, True, np.int32),
        (1, 6, 8, True, np.int64),
        (6, 1, 5, False, np.int64),
        (2, 2, 70_000, False, np.int32),
        (6, 5, 0, False, np.int64),
        (1, 1, 2, False, np.int64),
    ]:
        tokens = rng.integers(4, 60, (n, length))
        if is_padded:
            places = np.arange(length)
            ends = rng.permutation(np.linspace(1, length - 1, n).astype(int))[:, np.newaxis]
            tokens = np.where(places < ends, tokens, 2 * (places == ends))
        _check_shift(my_shift, tokens.astype(dtype), start)
    _check_shift(my_shift, np.array([[0, 0, 7, 4, 2], [5, 0, 9, 0, 6], [0, 0, 0, 0, 0]]), 1)


def _check_shift(my_shift: Callable, tokens: np.ndarray, start: int) -> None:
    n, length = tokens.shape
    what = f"What you give for {n} caption{'s' * (n > 1)} of {length} token{'s' * (length > 1)} and start {start}"
    shapes = [
        (
            (n, length + 1),
            "The start token came in, and as many tokens are asked as before: the last one goes, `tokens[:, :-1]`.",
        ),
        ((n, length - 1), "The last token went; now put the start token in front of each row."),
        ((n + 1, length), "The start token makes a row of its own: put it in front of *each* row, axis 1."),
    ]
    if n > 1:
        gone = "The rows are gone: join along `axis=1`."
        shapes += [
            ((n * length,), gone),
            ((n * length + 1,), gone),
            ((length,), "That is one row: all are asked."),
        ]
    got = expect_array(my_shift(tokens, start), (n, length), np.integer, what, shapes)
    first = np.full((n, 1), start)
    right = np.concatenate([first, tokens[:, :-1]], axis=1)
    # On one token alone, or one caption, mistakes are the same thing.
    expect_close(got, right, what, _shift_mistakes(tokens, start, right) if length > 1 else (), 0)


def _shift_mistakes(tokens: np.ndarray, start: int, right: np.ndarray) -> _Mistakes:
    def fronted(front: np.ndarray | int, rest: np.ndarray) -> np.ndarray:
        made = tokens.copy()
        made[:, :1], made[:, 1:] = front, rest
        return made

    rest = tokens[:, :-1]
    yield tokens, "Nothing was moved: every token goes one place to the right, and the start token in front."
    came_round = "A last token has come round to the front, as `np.roll` does it: in front stands the start token, in every row."
    yield np.roll(tokens, 1, axis=1), came_round
    yield np.roll(tokens, 1), came_round
    yield (
        fronted(start, tokens[:, 1:]),
        "The start token took the place of the first word, which is lost: move all tokens one place to the right first.",
    )
    left = "The tokens went to the left: a decoder would be given the very word that it is to say. To the right, start token in front."
    for last in (start, 0, tokens[:, :1], tokens[:, -1:]):
        yield fronted(tokens[:, 1:2], np.roll(fronted(last, tokens[:, 1:]), -1, axis=1)[:, 1:]), left
    yield right[:, ::-1], "The rows are turned round: only the places change, not the order."
    for front in (0, 1, 2):
        yield (
            fronted(front, rest),
            f"In front of each row stands {front}: put `start` there, which is {start} this time.",
        )
    yield (
        np.full_like(tokens, start),
        "Only start tokens came out: `a[:, t] = a[:, t - 1]` from the left copies what it has just written. Read from `tokens`, write "
        "into another array.",
    )
    yield (
        fronted(start, tokens[:, :1]),
        "Only first words came out: `a[:, t] = a[:, t - 1]` from the left copies what it has just written. Read from `tokens`, write "
        "into another array.",
    )
    if tokens.shape[1] > 2:
        yield fronted(start, fronted(start, rest)[:, :-1]), "The tokens went two places on: one is asked."
    for others in (tokens[:, -1:], 0, tokens[:, :1]):
        made = fronted(others, rest)
        made[0, 0] = start
        yield made, "Only the first row begins with the start token: every row does, `[:, 0]`."
    down = "You moved whole captions down: a row is a caption, so move along axis 1."
    for kept in (tokens[:-1], np.zeros_like(tokens[:-1])):
        yield np.concatenate([np.full_like(tokens[:1], start), kept]), down
    if len(tokens) > 1:  # one caption alone comes round to where it was
        rolled = np.roll(tokens, 1, axis=0)
        yield rolled, down
        yield fronted(start, rolled[:, 1:]), down
    places = np.arange(tokens.shape[1])
    ends = (tokens != 0).sum(axis=1, keepdims=True)  # padding is at the end here
    yield (
        np.where(places == ends, 0, right),
        "Padding stayed where it was and the last *word* went: every token moves one place, and the last *place* goes, whatever stands "
        "there. The loss leaves out what is given after the end.",
    )


# --- 7.2 ----------------------------------------------------------------------------------------------------


@exercise(
    "7.2",
    "the loss is right for 9 batches of 1 to 5 captions, with padding at the end, in between, everywhere in a row, and nowhere, and for "
    "logits of ±1,000",
    own=_COURSE,
)
def caption_loss(my_loss: Callable) -> None:
    """Checks the mean cross-entropy of the words of captions (lesson 07).

    Args:
        my_loss: function of ``(logits, targets)``, float (n, length, vocabulary) and int (n, length), 0 = padding, that
            returns the loss, a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(2)
    for targets, vocabulary, dtype in [
        ([[3, 5, 0, 8, 0, 0], [2, 1, 4, 4, 7, 6], [1, 7, 0, 0, 0, 0], [6, 0, 2, 3, 5, 0]], 9, np.float64),
        ([[2, 4, 3, 0, 0], [4, 0, 0, 0, 0], [1, 2, 3, 4, 1]], 5, np.float64),
        ([[3, 1, 1, 2], [0, 0, 0, 0], [2, 0, 0, 0]], 4, np.float64),
        ([[2, 9, 5, 1, 7, 11, 3], [1, 1, 4, 6, 10, 8, 2]], 12, np.float64),
        ([[0, 0, 1, 6, 0, 2, 0, 0]], 7, np.float64),
        ([[4]], 6, np.float64),
        ([[1], [0], [1], [1], [0]], 2, np.float64),
        ([[21, 3, 0], [8, 0, 0], [0, 0, 0], [17, 30, 2]], 33, np.float32),
        ([[1, 2, 3], [3, 1, 2], [2, 3, 0]], 4, np.float64),
    ]:
        targets = np.array(targets)
        logits = rng.normal(0, 2, (*targets.shape, vocabulary)) + rng.normal(size=(*targets.shape, 1))
        _check_caption_loss(my_loss, logits.astype(dtype), targets)
    for logits, targets in _extreme_logits(rng):
        with np.errstate(all="ignore"):
            loss = expect_number(my_loss(logits, targets), "The loss for logits of ±1,000")
        expect(
            np.isfinite(loss),
            f"For logits of ±1,000 the loss is {loss}: np.exp(1000) is infinite, and np.exp(-1000) is 0. Subtract the largest logit of "
            "each place, `logits.max(axis=-1, keepdims=True)`, before `np.exp`, and take the logarithm of the sum, not of a probability "
            "that has become 0.",
        )
        expect_close(
            loss,
            _word_losses(logits, targets)[targets > 0].mean(),
            "For logits of ±1,000 (a certain and wrong model pays as much as it was sure, so do not clip probabilities or add a small "
            "number) the loss",
        )


def _extreme_logits(rng: np.random.Generator) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Logits that overflow, and others with no power above 0 at some places, beside targets."""
    targets = np.array([[1, 3, 2, 0], [2, 0, 4, 1]])
    yield rng.uniform(-1000, 1000, (2, 4, 5)), targets
    yield 2000 * np.eye(5)[targets[:, ::-1]] - 1000, targets
    yield (
        rng.normal(size=(2, 4, 5)) + np.array([[-1000, 1000, 0, -1000], [1000, 1000, -1000, 0]])[..., None],
        targets,
    )
    yield np.full((2, 4, 5), -1000.0), targets


def _log_softmax(logits: np.ndarray, axis: int | None = -1) -> np.ndarray:
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _of_targets(values: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return np.take_along_axis(values, targets[..., np.newaxis], axis=-1)[..., 0]


def _word_losses(logits: np.ndarray, targets: np.ndarray) -> np.ndarray:
    return -_of_targets(_log_softmax(logits), targets)


def _check_caption_loss(my_loss: Callable, logits: np.ndarray, targets: np.ndarray) -> None:
    n, length, vocabulary = logits.shape
    what = f"The loss of {n} caption{'s' * (n > 1)} of {length} places, {(targets > 0).sum()} of them words, and {vocabulary} logits each"
    loss = expect_number(my_loss(logits, targets), what)
    logits = logits.astype(np.float64)
    right = _word_losses(logits, targets)[targets > 0].mean()
    if not (targets > 0).any(axis=1).all():
        expect(
            np.isfinite(loss),
            f"{what} is {loss}: one caption is nothing but padding, and the mean of no words is no number. Take one mean over all words "
            "of the batch.",
        )
    expect(
        np.isfinite(loss),
        f"{what} is {loss}. Did you take `np.log` of the logits? They are no probabilities, and some are negative: the softmax comes first.",
    )
    expect_close(loss, right, what, _caption_loss_mistakes(logits, targets))


def _caption_loss_mistakes(logits: np.ndarray, targets: np.ndarray) -> _Mistakes:
    n, length, vocabulary = logits.shape
    losses, is_word = _word_losses(logits, targets), targets > 0
    words, total = is_word.sum(), losses[is_word].sum()

    def mean(values: np.ndarray, among: np.ndarray = is_word) -> float:
        return values[among].mean() if among.any() else np.inf

    yield losses.mean(), "Padding counts in your loss: take the mean only where `targets != 0`."
    yield (
        total / losses.size,
        f"Padding costs nothing, and you divided by all {losses.size} places: divide by the {words} words.",
    )
    yield total, f"That is a sum: divide by the number of words, {words}."
    yield total / n, f"You divided by the {n} captions: divide by the {words} words."
    yield total / length, f"You divided by the length, {length}: divide by the {words} words."
    sums, counts = (losses * is_word).sum(axis=1), is_word.sum(axis=1)
    yield (
        (sums / np.maximum(counts, 1)).mean(),
        "You took the mean of each caption and then the mean of these: a word in a short caption then counts more. Take one mean over "
        "all words.",
    )
    yield (
        mean(sums / np.maximum(counts, 1), counts > 0),
        "You took the mean of each caption and then the mean of these: a word in a short caption then counts more. Take one mean over "
        "all words.",
    )
    in_between = "Padding may stand between words: look at every place by itself, `targets != 0`, and not for where a caption ends."
    yield mean(losses, is_word.cumprod(axis=1) > 0), in_between
    yield mean(losses, np.arange(length) < counts[:, np.newaxis]), in_between
    yield mean(losses, is_word[:, ::-1].cumsum(axis=1)[:, ::-1] > 0), in_between
    whole = is_word.all(axis=1, keepdims=True) & is_word
    yield mean(losses, whole), "You left out every caption that holds padding: leave out only the padding."
    yield mean(losses, is_word.all(axis=0) & is_word), "You left out places where any caption has padding."
    yield mean(losses, ~is_word), "Your mask is turned round: you took the mean over the padding."
    yield mean(losses, targets > 1), "You left out word 1 too: only 0 is padding."
    masked = _word_losses(logits * is_word[..., np.newaxis], targets)
    yield (
        masked.mean(),
        f"Setting the logits of padding to 0 still costs log {vocabulary} at each such place: leave the place out of the mean.",
    )
    for axis in (0, 1, None):
        yield (
            mean(-_of_targets(_log_softmax(logits, axis), targets)),
            "Your softmax goes along another axis: the words are the last one, `axis=-1, keepdims=True`.",
        )
    rest = logits[..., 1:]
    without = rest.max(axis=-1) + np.log(np.exp(rest - rest.max(axis=-1, keepdims=True)).sum(axis=-1))
    yield (
        mean(without - _of_targets(logits, targets)),
        "You took logit 0 out of the softmax: padding is left out of the *targets*; in the sum below the fraction all logits stand.",
    )
    for moved in (targets - 1, (targets + 1) % vocabulary):
        yield (
            mean(-_of_targets(_log_softmax(logits), moved)),
            "You took the logit beside the right one: word 3 is column 3.",
        )
    if length > 1:
        later, earlier = (slice(None), slice(1, None)), (slice(None), slice(-1))
        for some, others in ((earlier, later), (later, earlier)):
            moved = _word_losses(logits[some], targets[others])
            yield (
                mean(moved, targets[others] > 0),
                "You shifted logits against targets: they fit already, place t to place t.",
            )
    yield mean(losses) / np.log(2), "Your loss is in bits: use the natural logarithm, `np.log`."
    yield mean(losses) / np.log(10), "You used the logarithm to base 10: take the natural one, `np.log`."
    yield -mean(losses), "The loss came out negative: it is *minus* the logarithm of the probability."
    yield np.exp(mean(losses)), "That is the perplexity, e to the loss: leave out the last `np.exp`."
    yield (
        1 - mean(np.exp(-losses)),
        "That is one minus the mean probability: take the mean of minus its *logarithm*.",
    )
    yield mean(np.exp(-losses)), "That is the mean probability: take the mean of minus its *logarithm*."
    yield (
        -np.log(mean(np.exp(-losses))),
        "You took the logarithm of the mean probability: take the mean of the logarithms.",
    )
    yield mean(-_of_targets(logits, targets)), "The softmax is missing: logits are no log-probabilities yet."
    yield (
        mean(losses + _of_targets(logits, targets)),
        "That is the logarithm of the sum alone: subtract the right word's logit.",
    )
    with np.errstate(all="ignore"):
        yield (
            mean(_word_losses(np.exp(logits), targets)),
            "Your logits are exponentiated twice: the softmax takes exp itself.",
        )
    yield (
        mean(_word_losses(np.exp(_log_softmax(logits)), targets)),
        "You took a softmax twice: the second one makes all words nearly alike.",
    )
    yield (
        mean(-_log_softmax(logits).max(axis=-1)),
        "You took the likeliest word's probability: the *right* word's counts, `np.take_along_axis` with the targets.",
    )
    yield (
        mean(-_log_softmax(logits).mean(axis=-1)),
        "You took the mean over all words that could be said: only the right one counts, `np.take_along_axis` with the targets.",
    )
    wrong = logits.argmax(axis=-1) != targets
    for share in (mean(wrong.astype(float)), mean(1.0 - wrong)):
        yield (
            share,
            "You counted right or wrong words: take minus the logarithm of the right one's probability.",
        )


# --- 7.3 ----------------------------------------------------------------------------------------------------


@exercise(
    "7.3",
    "the nucleus is right for 28 vocabularies of 1 to 500 tokens, with ties and without, for p of 0 and 1, and where the sum is exactly p",
    own=_COURSE,
    stops={
        r"out of (bounds|range)|StopIteration|pop from": (
            "With p = 1, rounding may leave the sum of all below 1, and no token is left to be added: everything is kept then."
        ),
        "argmax of an empty|min\\(\\) arg|zero-size": "At least one token is kept, also where p is 0.",
    },
)
def nucleus(my_nucleus: Callable) -> None:
    """Checks the cut of nucleus sampling (lesson 07).

    Args:
        my_nucleus: function of ``(probabilities, p)``, float (vocabulary,) of sum 1 and a float from 0 to 1, that returns
            float (vocabulary,) of sum 1.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(3)
    first = np.array([0.01, 0.04, 0.07, 0.05, 0.07, 0.12, 0.09, 0.19, 0.03, 0.27, 0.06])
    _check_nucleus(my_nucleus, first, 0.7)
    for size, p in [(7, 0.5), (12, 0.9), (40, 0.3), (5, 0.95), (500, 0.8), (2, 0.1), (33, 0.99), (9, 0.0)]:
        probabilities = rng.permutation(rng.dirichlet(np.full(size, 0.7)) + 1e-3)
        _check_nucleus(my_nucleus, _away_from(probabilities / probabilities.sum(), p), p)
    # Powers of two and their sums are exact, in single precision too.
    powers = np.array([4, 16, 2, 8, 1, 32, 1]) / 64
    for p in (0.5, 0.75, 0.875, 0.96875, 0.6, 0.0, 1.0):
        _check_nucleus(my_nucleus, powers, p)
    _check_nucleus(my_nucleus, powers.astype(np.float32), 0.75)
    for many, p in [
        (np.full(64, 1 / 64), 0.5),
        (np.array([1, 4, 2, 4, 1, 4, 0, 0]) / 16, 0.4),
        (np.repeat([1, 8, 1], [32, 10, 16]) / 128, 0.75),
        (np.array([0, 0.5, 0, 0.25, 0.25]), 0.625),
        (np.array([0, 1.0, 0]), 0.9),
        (np.array([1, 3, 1, 3]) / 8, 0.0),
        (np.array([0.4, 1e-5, 0.59999]), 1.0),
        (np.array([1.0]), 0.3),
        (np.array([1.0]), 1.0),
        (np.full(10, 0.1), 1.0),  # one after the other they sum to 0.9999999999999999
    ]:
        _check_nucleus(my_nucleus, many, p)
    _check_nucleus(my_nucleus, rng.dirichlet(np.full(30, 9)), 1.0)


def _away_from(probabilities: np.ndarray, p: float) -> np.ndarray:
    """The same or, mixed with the uniform ones, others, of which no sum is so close to p that rounding decides."""
    while np.abs(np.sort(probabilities)[::-1].cumsum() - p).min() < 1e-4:
        probabilities = 0.99 * probabilities + 0.01 / len(probabilities)
    return probabilities


def _kept(probabilities: np.ndarray, p: float, order: np.ndarray) -> np.ndarray:
    """The mask of the first tokens of an order that together reach p."""
    count = 1 + np.searchsorted(np.cumsum(probabilities[order]), p)
    return np.isin(np.arange(len(order)), order[:count])


def _check_nucleus(my_nucleus: Callable, probabilities: np.ndarray, p: float) -> None:
    size = len(probabilities)
    shown = f"{probabilities.tolist()}" if size < 12 else f"{size} tokens"
    what = f"The nucleus of {shown} for p = {p}"
    exact = probabilities.astype(np.float64)
    kept = _kept(exact, p, np.argsort(-exact, kind="stable")) & (exact > 0)
    right = np.where(kept, exact, 0) / exact[kept].sum()
    shapes = [
        (
            (int(kept.sum()),),
            "You returned only the tokens that are kept: return a probability for every token, 0 for the others.",
        ),
        ((), "A probability for *each* token is asked."),
    ]
    got = expect_array(my_nucleus(probabilities, p), (size,), np.floating, what, shapes)
    expect(
        got.any() and np.isfinite(got).all(),
        f"{what} is {'nothing but 0.' if not got.any() else 'not finite: was the sum 0 by which you divided?'} At least one token is kept, "
        "also where p is 0 or the likeliest token alone has more than p. And p is compared with the *sum* of the likeliest, not with each "
        "by itself: often none has as much alone.",
    )
    faint = np.abs(got[~kept]).max(initial=0)
    expect(
        not 0 < faint < 1e-5 or exact[~kept].max() < 1e-4,
        f"{what}: a token that is not kept has {faint:.3g}, and exactly 0 is asked: a rare token, asked often enough, comes.",
    )
    _expect_kept(got != 0, kept, exact, p, what)
    expect_close(got, right, what, _scaling_mistakes(exact, kept, p), 1e-5)


def _expect_kept(found: np.ndarray, kept: np.ndarray, probabilities: np.ndarray, p: float, what: str) -> None:
    """Fails the check unless the right tokens are kept; says what those that are kept have in common."""
    if np.array_equal(found, kept):
        return
    fitting = [
        hint
        for mask, hint in _cut_mistakes(probabilities, kept, p)
        if np.array_equal(mask & (probabilities > 0), found)
    ]
    if fitting:
        expect(False, " Or: ".join(dict.fromkeys(fitting)))
    sums = [f"{int(mask.sum())} with {probabilities[mask].sum():.6g} together" for mask in (found, kept)]
    expect(
        not np.array_equal(np.sort(probabilities[found]), np.sort(probabilities[kept])),
        f'{what}: you kept as many tokens as asked, but of equally likely ones not the first: `np.argsort(-probabilities, kind="stable")` '
        "leaves equals in their order, other sorts put them anywhere.",
    )
    expect(
        False,
        f"{what} keeps {sums[0]}, expected {sums[1]}: the likeliest tokens, as few as reach p.",
    )


def _cut_mistakes(probabilities: np.ndarray, kept: np.ndarray, p: float) -> _Mistakes:
    size = len(probabilities)
    order = np.argsort(-probabilities, kind="stable")
    sums = np.cumsum(probabilities[order])

    def first(count: int) -> np.ndarray:
        return np.isin(np.arange(size), order[:count])

    count = int(kept.sum())
    short = sums[-1] < p
    if short:
        yield (
            first(1),
            "With p = 1, rounding leaves the sum of all at 0.9999999999999999: `argmax` of a comparison that is True nowhere gives 0. "
            "Everything is kept then.",
        )
    else:
        crossing = "The token with which the sum reaches p belongs to the nucleus: you stopped one before it, so yours has less than p."
        for below in ((sums < p).sum(), (sums <= p).sum()):
            if below < count:
                yield first(max(below, 1)), crossing
        if (sums <= p).sum() + 1 > count:
            yield (
                first((sums <= p).sum() + 1),
                f"The sum had *reached* p = {p} exactly and you took one token more: stop at ≥, not only at >.",
            )
        yield first(count + 1), "You kept one token too many: stop as soon as the sum has reached p."
    yield (
        first(size),
        "Nothing was cut: keep the likeliest tokens, and no more when together they have reached p.",
    )
    yield (
        _kept(probabilities, p, np.arange(size)),
        "You summed in the order of the vocabulary: sort first, the likeliest token comes first.",
    )
    yield (
        _kept(probabilities, p, order[::-1]),
        "You began with the unlikeliest tokens: `np.argsort` sorts upwards, so sort `-probabilities`.",
    )
    yield (
        np.arange(size) < count,
        "Your result stands in the order of likelihood: give each token its own place back, `cut[order[:count]] = …`.",
    )
    yield ~kept, "You kept what is to be cut, and cut the nucleus."
    yield (
        probabilities >= probabilities[kept].min(),
        "You kept every token as likely as the last one that is needed: of equals only the first ones are, as few as reach p.",
    )
    backwards = np.argsort(probabilities, kind="stable")[::-1]
    yield (
        _kept(probabilities, p, backwards),
        "Of equally likely tokens you kept the last ones: your sort is not stable, or turns equals round as `argsort()[::-1]` does. Sort "
        '`-probabilities` with `kind="stable"`.',
    )
    for mask in (probabilities >= p, probabilities > p, probabilities >= 1 - p, probabilities > 1 - p):
        yield mask, "You compared each token by itself with p: it is their *sum* that reaches p."
    yield (
        probabilities >= p * probabilities.max(),
        "You compared with p times the likeliest: the *sum* of the kept ones is to reach p.",
    )
    for top in (int(p * size), round(p * size), int(np.ceil(p * size))):
        yield (
            first(max(top, 1)),
            "You kept a share p of the vocabulary: keep as many as together have *probability* p.",
        )
    yield (
        first(1),
        "Only the likeliest token was kept: go on until the *sum* of those kept reaches p; one by itself seldom does.",
    )


def _scaling_mistakes(probabilities: np.ndarray, kept: np.ndarray, p: float) -> _Mistakes:
    cut = np.where(kept, probabilities, 0)
    yield (
        cut,
        f"The right tokens are kept, and they sum to {cut.sum():.6g}: divide by that, so that they sum to 1.",
    )
    scaled = cut / cut.sum()
    if p > 0:
        yield cut / p, "You divided by p: what is kept has more than that. Divide by its own sum."
        yield scaled * p, "What you keep sums to p: scale it to sum 1."
    yield (
        kept / kept.sum(),
        "All tokens that are kept became equally likely: divide their probabilities by their sum.",
    )
    yield cut / cut.max(), "You divided by the largest: divide by the sum."
    powers = np.where(kept, np.exp(probabilities), 0)
    yield powers / powers.sum(), "You took a softmax of probabilities: divide them by their sum."
    with np.errstate(divide="ignore"):
        yield np.where(kept, np.log(scaled), 0), "Those are logarithms: probabilities are asked."
    ranked = np.zeros_like(cut)
    ranked[kept] = np.sort(scaled[kept])[::-1]
    for mixed in (ranked, np.where(kept, scaled[kept][np.cumsum(kept[::-1])[::-1] - 1], 0)):
        yield (
            mixed,
            "The right tokens are kept with one another's probabilities: `cut[kept] = probabilities[kept]`.",
        )


# --- 7.4 ----------------------------------------------------------------------------------------------------

_Step = tuple[np.ndarray, np.ndarray, np.ndarray]
"""Parents, tokens and totals of the continuations that a step keeps."""


@exercise(
    "7.4",
    "the continuations are right for 14 beams of 1 to 8 beginnings and 3 to 60 words, narrower and wider than before, with many ties, and "
    "with words and beginnings of −∞",
    own=_COURSE,
)
def beam_step(my_step: Callable) -> None:
    """Checks one step of a beam search (lesson 07).

    Args:
        my_step: function of ``(log_probabilities, totals, width)``, float (beams, vocabulary), float (beams,) and int, that
            returns int, int and float (width,): parents, tokens, totals.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(27)
    # Quarters tie, and their sums are exact.
    rounded = np.round(4 * _log_softmax(rng.normal(0, 1.2, (4, 7)))) / 4
    _check_beam(my_step, rounded, np.round(4 * rng.normal(-3, 0.5, 4)) / 4, 3)
    for beams, vocabulary, width, dtype in [
        (3, 11, 3, np.float64),
        (1, 9, 5, np.float64),
        (5, 5, 2, np.float64),
        (8, 60, 20, np.float64),
        (2, 3, 6, np.float64),
        (6, 4, 1, np.float64),
        (3, 40, 7, np.float32),
    ]:
        log_probabilities = _log_softmax(rng.normal(0, 1.5, (beams, vocabulary)))
        _check_beam(my_step, log_probabilities.astype(dtype), rng.normal(-9, 1, beams).astype(dtype), width)
    _check_beam(my_step, -rng.integers(2, 5, (3, 4)).astype(float), np.array([-2.0, -1.5, -1.0]), 6)
    _check_beam(my_step, -rng.integers(3, 9, (6, 50)) / 2, -rng.integers(1, 5, 6) / 2, 40)
    _check_beam(my_step, np.full((5, 30), -4.0), np.full(5, -7.0), 45)
    # What cannot be: words, beginnings, and more than there is room for.
    forbidden = np.where(rng.random((4, 8)) < 0.6, -np.inf, -rng.integers(1, 40, (4, 8)) / 8)
    _check_beam(my_step, forbidden, np.array([-3.0, -1.0, -2.5, -4.0]), 4)
    _check_beam(my_step, -rng.integers(1, 60, (3, 6)) / 8, np.array([-np.inf, -0.5, -np.inf]), 5)
    _check_beam(my_step, np.array([[-1.0, -np.inf, -2.0], [-np.inf] * 3]), np.array([-1.0, -0.5]), 4)


def _best(continued: np.ndarray, width: int) -> _Step:
    best = np.argsort(-continued, axis=None, kind="stable")[:width]
    parents, tokens = np.divmod(best, continued.shape[1])
    return parents, tokens, continued[parents, tokens]


def _check_beam(my_step: Callable, log_probabilities: np.ndarray, totals: np.ndarray, width: int) -> None:
    beams, vocabulary = log_probabilities.shape
    what = f"for {beams} beginning{'s' * (beams > 1)}, {vocabulary} words and width {width}"
    names = ("parents", "tokens", "totals")
    value = my_step(log_probabilities, totals, width)
    log_probabilities, totals = log_probabilities.astype(np.float64), totals.astype(np.float64)
    right = _best(totals[:, np.newaxis] + log_probabilities, width)
    expect(
        not _is_list_of_triples(value, right),
        "That is a list of triples, one for each continuation: return three arrays, all parents, all tokens, all totals, as "
        "`zip(*triples)` makes them.",
    )
    parts = expect_parts(value, names)
    found = _beam_parts(parts, right, names, what, beams, vocabulary)
    expect(
        not np.isnan(found[2]).any(),
        f"Your totals {what} are NaN in part: −∞ means that a word cannot come. Add it and sort it as it is; times 0, or −∞ − −∞, is NaN.",
    )
    never = np.isneginf(right[2])
    expect(
        np.array_equal(np.isneginf(found[2]), never),
        f"Your totals {what} are {found[2].tolist()}, expected {right[2].tolist()}: a word that cannot come has −∞, comes last, and keeps "
        "it; put no other number in its place, and leave out none while there is room.",
    )
    if all(np.allclose(one, other, rtol=1e-4, atol=1e-4) for one, other in zip(found, right, strict=True)):
        return
    _name_beam_mistake(found, right, log_probabilities, totals)
    for name, one, other in zip(names, found, right, strict=True):
        expect_close(np.where(never, 0, one), np.where(never, 0, other), f"{name} {what}")
    for name, one, other in zip(names[:2], found[:2], right[:2], strict=True):
        expect_close(one, other, f"{name} {what}, where the totals are −∞ and so equal,")


def _is_list_of_triples(value: object, right: _Step) -> bool:
    rows = value if isinstance(value, list | tuple) else ()
    if len(rows) != len(right[0]) or not all(isinstance(row, list | tuple) and len(row) == 3 for row in rows):
        return False
    return np.allclose([*zip(*rows, strict=True)], right, rtol=1e-4, atol=1e-4)


def _beam_parts(
    parts: list, right: _Step, names: Sequence[str], what: str, beams: int, vocabulary: int
) -> _Step:
    """The three results as arrays (width,) of the right kind."""
    width = len(right[0])
    compete = (
        "As many as the width are asked: all continuations of all beginnings compete, so that one beginning may go on twice and another "
        "not at all."
    )
    possible = int(np.isfinite(right[2]).sum())
    shapes = [
        ((beams * vocabulary,), "Those are all continuations: the best `width` of them stay, `[:width]`."),
        ((possible,), "Continuations of −∞ stay too while there is room: leave none out."),
        ((), f"Each of the three has a value for each of the {width} that stay."),
        *(((count,), compete) for count in (beams, beams * width)),
    ]
    found = [
        expect_array(part, (width,), np.generic, f"{name} {what}", shapes)
        for name, part in zip(names, parts, strict=True)
    ]
    expect(
        not (np.issubdtype(found[0].dtype, np.floating) and np.allclose(found[0], right[2], rtol=1e-4)),
        "The totals came first: return parents, tokens, totals, in this order.",
    )
    expect(
        np.allclose(found[0], right[0]) or not np.array_equal(np.floor(found[0]), right[0]),
        "Your parents have fractions: `/` divides to the last digit, and whole beginnings are asked, `//`.",
    )
    kinds = (np.integer, np.integer, np.floating)
    return tuple(
        expect_array(part, (width,), kind, f"{name} {what}")
        for name, part, kind in zip(names, parts, kinds, strict=True)
    )


def _is_same_step(step: _Step, other: _Step) -> bool:
    return all(
        np.shape(one) == np.shape(two) and np.allclose(one, two, rtol=1e-4, atol=1e-4)
        for one, two in zip(step, other, strict=True)
    )


def _name_beam_mistake(found: _Step, right: _Step, log_probabilities: np.ndarray, totals: np.ndarray) -> None:
    """Fails the check with what makes the same three results, if it is known."""
    with np.errstate(all="ignore"):
        fitting = [
            hint
            for step, hint in _beam_mistakes(right, log_probabilities, totals)
            if _is_same_step(found, step)
        ]
    expect(not fitting, " Or: ".join(dict.fromkeys(fitting)))
    pairs, asked = ([*zip(*(part.tolist() for part in step[:2]), strict=True)] for step in (found, right))
    table = {pair: totals[pair[0]] + one for pair, one in np.ndenumerate(log_probabilities)}
    kept = [table.get(pair, np.nan) for pair in pairs]
    expect(
        not np.allclose(kept, right[2]) or len({*pairs}) < len(pairs) or pairs == asked,
        "Of equal totals the one of the smaller beginning comes first, then that of the smaller word: a stable sort of the flattened table, "
        '`np.argsort(-continued, axis=None, kind="stable")`, does that, and others put equals anywhere.',
    )
    expect(
        len({*pairs}) == len(pairs) or not table.keys() >= {*pairs} or not np.allclose(found[2], right[2]),
        "You took the same continuation twice. Do you put −∞ where one was taken? Others are −∞ from the start and come after it: remember "
        "which are taken, or sort once.",
    )
    expect(
        pairs == asked or sorted(pairs) != sorted(asked),
        "The right continuations stay, in another order: the best comes first.",
    )


def _beam_mistakes(
    right: _Step, log_probabilities: np.ndarray, totals: np.ndarray
) -> Iterator[tuple[_Step, str]]:
    (parents, tokens, new), (beams, vocabulary) = right, log_probabilities.shape
    width, before = len(parents), totals[:, np.newaxis]
    continued = before + log_probabilities
    flat = parents * vocabulary + tokens
    yield tuple(part[::-1] for part in right), "The best comes first: yours come in the opposite order."
    lowest = _best(-continued, width)
    lowest = (*lowest[:2], -lowest[2])
    for step in (lowest, tuple(part[::-1] for part in lowest)):
        yield step, "You kept the worst: `np.argsort` sorts upwards, so sort `-continued`."
    equals = "Of equal totals the one of the smaller beginning comes first, then that of the smaller word"
    for last in (
        np.argsort(continued, axis=None, kind="stable")[::-1],
        (continued.size - 1 - np.argsort(-continued.ravel()[::-1], kind="stable")),
    ):
        kept = np.divmod(last[:width], vocabulary)
        yield (
            (*kept, continued[kept]),
            f'{equals}; you took the last of equals. Sort `-continued` with `kind="stable"`.',
        )
    words, beginnings, _ = _best(continued.T, width)
    yield (beginnings, words, continued[beginnings, words]), f"{equals}: you looked at the word first."
    yield (tokens, parents, new), "Parents and tokens are exchanged: a row is a beginning, a column a word."
    for count, name in ((beams, "of beginnings"), (width, "that stay")):
        yield (
            (*np.divmod(flat, count), new),
            f"A row of the table has as many places as there are words: divide by {vocabulary}, the vocabulary, not by {count}, the number "
            f"{name}.",
        )
    yield (parents, flat, new), "Your tokens count through the whole table: a word is `% vocabulary` of that."
    yield (
        (flat, tokens, new),
        "Your parents count through the whole table: a beginning is `// vocabulary` of that.",
    )
    yield (parents, tokens + 1, new), "Your tokens begin at 1: the first word is 0."
    yield (parents + 1, tokens, new), "Your parents begin at 1: the first beginning is 0."
    choice = _best(log_probabilities, width)
    for step in (choice, (*choice[:2], continued[choice[:2]])):
        yield (
            step,
            "The totals so far were forgotten in the choice: add them to each row first, `totals[:, np.newaxis]`.",
        )
    yield (
        (parents, tokens, log_probabilities[parents, tokens]),
        "The right ones stay, but your totals are those of the last word alone: add the parent's total.",
    )
    yield (
        (parents, tokens, totals[parents]),
        "Your totals are still those of the parents: add the new word's.",
    )
    if width <= beams:
        best_words = continued.argmax(axis=1)
        best = continued.max(axis=1)
        order = np.argsort(-best, kind="stable")[:width]
        each = (
            "You continued each beginning once, by its best word: all continuations of all beginnings compete, and one beginning may stay "
            "several times."
        )
        yield (order, best_words[order], best[order]), each
        if width == beams:
            yield (np.arange(beams), best_words, best), each
    if width <= vocabulary:
        one = _best(continued[totals.argmax()][np.newaxis], width)
        yield (
            (one[0] + totals.argmax(), *one[1:]),
            "Only the best beginning was continued: the others may have the better words.",
        )
    choice = _best(np.exp(before) + np.exp(log_probabilities), width)
    for values in (choice[2], np.log(choice[2]), continued[choice[:2]]):
        yield (
            (*choice[:2], values),
            "You added probabilities: they are multiplied, and so their *logarithms* are added.",
        )
    yield (parents, tokens, np.exp(new)), "Your totals are probabilities: leave them as logarithms."
    for sign in (1, -1):
        choice = _best(sign * before * log_probabilities, width)
        for values in (choice[2], sign * choice[2], continued[choice[:2]]):
            yield (*choice[:2], values), "You multiplied logarithms: add them."
    choice = _best(before - log_probabilities, width)
    yield choice, "You subtracted the log-probabilities: add them to the totals."
    choice = _best(before + np.exp(log_probabilities), width)
    yield choice, "You added probabilities to log-probabilities: leave everything as logarithms."
    yield (
        _best(before + _log_softmax(log_probabilities), width),
        "What you are given are log-probabilities already: take no softmax of them.",
    )
    yield (parents, tokens, new / 2), "You took the mean: a total is the sum of log-probabilities."
    yield (parents, tokens, -new), "Your totals have lost their sign: a log-probability is 0 or less."
    for less in (new.max(), np.log(np.exp(new).sum())):
        yield (
            (parents, tokens, new - less),
            "You scaled the totals anew: they stay sums of log-probabilities.",
        )
    if beams == vocabulary:
        yield (
            _best(totals + log_probabilities, width),
            "The totals were added along the words: each belongs to a row, `totals[:, np.newaxis]`.",
        )


# --- 7.5 ----------------------------------------------------------------------------------------------------


_WORDS = ("a", "an", "and", "An", "no", "where", "now", "here")
"""Some are within others, some differ in one letter's size, some are the same when joined to the next one."""


@exercise(
    "7.5",
    "the precision is right for 61 random sentences with 1 to 4 references and n-grams of 1 to 5 words, for sentences shorter than n, and "
    "for nothing at all",
    own=_COURSE,
    stops={
        "unhashable": "A list can be no key of a `Counter` and in no set: a tuple can, `tuple(words[i : i + n])`.",
        "ZeroDivisionError": "A sentence of fewer than n words has no n-gram: return 0.0 then.",
    },
)
def clipped_precision(my_precision: Callable) -> None:
    """Checks the modified n-gram precision of BLEU (lesson 07).

    Args:
        my_precision: function of ``(hypothesis, references, n)``, a list of str, a list of lists of str and int, that returns
            a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(56)

    def sentence(length: int) -> list[str]:  # the first words are the most frequent ones
        return [_WORDS[int(len(_WORDS) * one**2)] for one in rng.random(length)]

    first = (sentence(42), [sentence(length) for length in (53, 67, 48, 59)], 2)
    mistakes = [*_precision_mistakes(*first)]
    value = my_precision(*first)
    is_named = isinstance(value, float) and any(np.isclose(value, wrong, 1e-6, 1e-6) for wrong, _ in mistakes)
    # Only many words tell mistakes apart; what they do not name is shown on few, to be counted by hand.
    if not is_named:
        said, *known = map(
            str.split, ("a cat and a cat and a cat", "a cat and an owl", "a key and a cat and a cat")
        )
        _check_precision(my_precision, said, known, 2)
    _check_precision(my_precision, *first, mistakes)
    joined = "You joined words without a blank, so “no where” and “now here” became the same: use tuples."
    _check_precision(my_precision, ["no", "where"], [["now", "here"]], 2, [(1.0, joined)])
    lowered = "Words are compared as they are: “The” is not “the”."
    _check_precision(my_precision, ["The", "cat"], [["the", "cat"]], 1, [(1.0, lowered)])
    for _ in range(60):
        length, n, *lengths = rng.integers(0, 14, rng.integers(3, 7))
        _check_precision(my_precision, sentence(length), [sentence(one) for one in lengths], 1 + int(n) % 5)
    for said, others, n in [
        ("the the the the the the the", ["the cat is on the mat", "there is a cat on the mat"], 1),
        ("a cat", ["a cat and an owl"], 3),
        ("a cat and", ["a cat and an owl"], 3),
        ("", ["a cat"], 1),
        ("a cat", [""], 1),
        ("key key key", ["key", "key key"], 2),
        ("a b c d e f", ["a b c d e x f"], 5),
        ("a b c d e f g h", ["b c d", "a b c d e f g h"], 8),
    ]:
        _check_precision(my_precision, said.split(), [other.split() for other in others], n)


def _grams(words: Sequence, n: int) -> Counter:
    return Counter(tuple(words[place : place + n]) for place in range(len(words) - n + 1))


def _clipped(said: Counter, allowed: Sequence[Counter]) -> int:
    return sum(min(times, max(one[gram] for one in allowed)) for gram, times in said.items())


def _precision(hypothesis: Sequence, references: Sequence[Sequence], n: int) -> float:
    said = _grams(hypothesis, n)
    return _clipped(said, [_grams(words, n) for words in references]) / max(1, said.total())


def _check_precision(
    my_precision: Callable,
    hypothesis: list[str],
    references: list[list[str]],
    n: int,
    mistakes: Iterable[tuple[object, str]] = (),
) -> None:
    # Few words make many mistakes give the same fraction: the first case, of many, has told them apart.
    texts = [" ".join(words) for words in (hypothesis, *references)]
    shown = (
        [repr(text) for text in texts]
        if len(hypothesis) < 12
        else [f"{len(hypothesis)} words", f"{len(references)} references"]
    )
    what = f"The precision of the {n}-grams of {shown[0]}, beside {', '.join(shown[1:])},"
    value = my_precision(hypothesis, references, n)
    expect(
        not (isinstance(value, tuple | list) and len(value) == 2),
        "You returned two things: divide what is right by what there is, and return one number.",
    )
    value = expect_number(value, what)
    none = (
        ""
        if len(hypothesis) >= n
        else f" A sentence of {len(hypothesis)} words has no {n} in a row: the precision is 0.0 then."
    )
    expect(np.isfinite(value), f"{what} is {value}.{none}")
    right = _precision(hypothesis, references, n)
    expect(not none or value == 0, f"{what} is {value:.6g}.{none}")
    expect_close(value, right, what, mistakes, 1e-6)


def _precision_mistakes(hypothesis: list[str], references: list[list[str]], n: int) -> _Mistakes:
    said, allowed = _grams(hypothesis, n), [_grams(words, n) for words in references]
    total, right = said.total(), _clipped(said, allowed)
    known = {gram for one in allowed for gram in one}
    yield (
        sum(times for gram, times in said.items() if gram in known) / total,
        "Nothing was clipped: an n-gram that is said five times and stands twice in a reference counts twice, "
        "`min(said, in the reference)`.",
    )
    yield (
        sum(min(times, sum(one[gram] for one in allowed)) for gram, times in said.items()) / total,
        "You added up what the references have: an n-gram counts as often as in the *one* reference that has it most often.",
    )
    most = "An n-gram counts as often as in that reference which has it *most* often, each n-gram for itself"
    yield (
        sum(min(times, min(one[gram] for one in allowed)) for gram, times in said.items()) / total,
        f"{most}; you took the one that has it least often.",
    )
    alone = [_clipped(said, [one]) / total for one in allowed]
    yield sum(alone), f"{most}; you counted it once more for every reference that has it."
    for share in (alone[0], alone[-1]):
        yield share, f"{most}; you looked at one reference only."
    yield max(alone), f"{most}; you took the one reference that fits best altogether."
    yield np.mean(alone), f"{most}; you took the mean over the references."
    distinct = len(known & {*said})
    for below in (len(said), total):
        yield (
            distinct / below,
            "Repeated n-grams were counted once: count them all, clipped, with a `Counter`.",
        )
    yield (
        right / len(said),
        "You divided by how many *different* n-grams there are: below the fraction each counts as often as it is said, `.total()`.",
    )
    together = functools.reduce(operator.or_, allowed)  # of each n-gram the most that a reference has
    for below in {one.total() for one in (*allowed, sum(allowed, Counter()), together)} - {0}:
        yield (
            right / below,
            "You divided by the number of n-grams in a reference, which is recall: divide by those of the hypothesis.",
        )
    for below in {len(hypothesis), len(hypothesis) - n} - {0, total}:
        yield (
            right / below,
            f"You divided by {below}: a sentence of {len(hypothesis)} words has {total} {n}-grams, len − n + 1.",
        )
    for words, others in (
        (hypothesis[:-1], [words[:-1] for words in references]),
        (hypothesis[:-1], references),
    ):
        yield (
            _precision(words, others, n),
            "Your last n-gram is missing: there are len(words) − n + 1, so `range(len(words) - n + 1)`.",
        )
    padded = [*hypothesis, *[""] * (n - 1)]
    yield (
        _precision(padded, [[*words, *[""] * (n - 1)] for words in references], n),
        "Shorter pieces at the end were counted as n-grams: stop where n words are left, `range(len(words) - n + 1)`.",
    )
    for make in (lambda gram: tuple(sorted(gram)), frozenset):
        unordered = [_renamed(one, make) for one in (said, *allowed)]
        yield (
            _clipped(unordered[0], unordered[1:]) / total,
            "The order of the words counts: keep each n-gram as a tuple.",
        )
    for other in {1, 2, n - 1, n + 1} - {0, n}:
        yield (
            _precision(hypothesis, references, other),
            f"Those are {other}-grams: n = {n} words in a row are asked.",
        )
    for blank in ("", " "):
        letters = [blank.join(words) for words in (hypothesis, *references)]
        yield _precision(letters[0], letters[1:], n), "You counted letters: an n-gram is made of words."
    up_to = [_precision(hypothesis, references, size) for size in range(1, n + 1)]
    for mixed in (np.mean(up_to), np.prod(up_to) ** (1 / n)):
        yield (
            mixed,
            f"You took a mean over the sizes 1 to {n}, as BLEU does at its end: here only n = {n} counts.",
        )
    for length in {
        min(map(len, references)),
        max(map(len, references)),
        len(references[0]),
        min((abs(len(words) - len(hypothesis)), len(words)) for words in references)[1],
    }:
        brevity = min(1, np.exp(1 - length / len(hypothesis)))
        yield brevity * right / total, "You took the brevity penalty into it: it is no part of the precision."
    apart = [
        Counter(tuple(words[place : place + n]) for place in range(0, len(words) - n + 1, n))
        for words in (hypothesis, *references)
    ]
    yield (
        _clipped(apart[0], apart[1:]) / apart[0].total(),
        "Your n-grams do not overlap: one begins at every word.",
    )
    spread = [
        Counter(tuple(words[place : place + 2 * n : 2]) for place in range(len(words) - 2 * n + 2))
        for words in (hypothesis, *references)
    ]
    yield (
        _clipped(spread[0], spread[1:]) / max(1, spread[0].total()),
        "Your n-grams leave words out: n words *in a row* are asked.",
    )
    for blank in ("", " "):
        found = {
            gram: max(blank.join(words).count(blank.join(gram)) for words in references) for gram in said
        }
        yield (
            sum(min(times, found[gram]) for gram, times in said.items()) / total,
            "You looked for text within text, which finds “a” in “cat” too: compare tuples of whole words.",
        )
    yield right, _COUNT
    yield 100 * right / total, _PERCENT
    yield 1 - right / total, "That is the share that is *not* in a reference."
    yield (right + 1) / (total + 1), "You added 1 above and below: the plain share is asked."


def _renamed(grams: Counter, make: Callable) -> Counter:
    renamed = Counter()
    for gram, times in grams.items():
        renamed[make(gram)] += times
    return renamed


# --- 7.6 ----------------------------------------------------------------------------------------------------


@exercise(
    "7.6",
    "both shares are right for 40 sets of 1 to 43 captions, with repeated names, with captions that name nothing, and where none does",
    own=_COURSE,
    stops={"ZeroDivisionError": "Where nothing is mentioned at all, the first share is 0.0."},
)
def invented(my_invented: Callable) -> None:
    """Checks the shares of invented mentions and of captions with one (lesson 07).

    Args:
        my_invented: function of ``(captions, present)``, a list of lists of str and a list of sets of str, that returns two
            floats: per mention, per caption.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(0)
    # Some names are within others: who looks for text finds too much.
    names = ["cat", "catfish", "key", "monkey", "cup", "owl", "red owl", "fork"]

    def some(most: int) -> list[str]:
        return [names[one] for one in rng.integers(0, len(names), rng.integers(0, most + 1))]

    for n in (43, *rng.integers(1, 16, 30)):
        captions, present = [some(4) for _ in range(n)], [{*some(9)} - {"fork"} for _ in range(n)]
        captions[-1] = sorted(present[-1])
        _check_invented(my_invented, captions, present)
    for captions, present in [
        ([[]], [{"cat"}]),
        ([[], [], []], [set(), {"cat"}, set()]),
        ([["cat"]], [{"cat"}]),
        ([["cat", "cat"]], [set()]),
        ([["key"], ["cup"]], [{"cup"}, {"key"}]),
        ([["cat", "cat"], []], [{"cat"}, {"key"}]),
        ([["cat"]], [{"catfish"}]),
        ([[], ["owl"]], [{"owl"}, {"red owl"}]),
        ([["key", "cup", "key", "key"]], [{"key"}]),
    ]:
        _check_invented(my_invented, captions, present)


def _check_invented(my_invented: Callable, captions: list[list[str]], present: list[set[str]]) -> None:
    n = len(captions)
    names = ("per_mention", "per_caption")
    shown = f"{captions} in pictures of {present}" if n < 4 else f"{n} captions"
    parts = expect_parts(my_invented(captions, present), names)
    false = [[name not in there for name in named] for named, there in zip(captions, present, strict=True)]
    mentions = sum(map(len, captions))
    right = (sum(map(sum, false)) / max(1, mentions), sum(map(any, false)) / n)
    mistakes = ((), ())
    if n > 40:  # few captions make many mistakes give the same share
        mistakes = (_mention_mistakes(captions, present, right), _caption_mistakes(captions, present, right))
    for name, part, share, known in zip(names, parts, right, mistakes, strict=True):
        what = f"{name} of {shown}"
        value = expect_number(part, what)
        expect(
            np.isfinite(value),
            f"{what} is {value}: where nothing is mentioned at all, 0 would be divided by 0. Return 0.0 then.",
        )
        expect_close(value, share, what, known, 1e-6)


def _mention_mistakes(
    captions: list[list[str]], present: list[set[str]], right: tuple[float, float]
) -> _Mistakes:
    pairs = [*zip(captions, present, strict=True)]
    mentions, n = sum(map(len, captions)), len(captions)
    wrong = [sum(name not in there for name in named) for named, there in pairs]
    yield (
        right[1],
        "The two shares are exchanged, or both are per caption: first of mentions, then of captions.",
    )
    only = [len({*named} - there) for named, there in pairs]
    each = (
        "Every mention counts: a name that comes twice counts twice, so make no set of what a caption names."
    )
    yield sum(only) / max(1, sum(len({*named}) for named in captions)), each
    yield sum(only) / mentions, f"{each} (Below the fraction you did count them all.)"
    all_named, all_there = ({name for part in parts for name in part} for parts in (captions, present))
    yield len(all_named - all_there) / len(all_named), each
    one_mean = "Sum over all captions first and divide once: in the mean of the captions' shares a mention in a short caption counts more."
    shares = [one / max(1, len(named)) for one, named in zip(wrong, captions, strict=True)]
    yield np.mean(shares), one_mean
    yield sum(shares) / max(1, sum(map(bool, captions))), one_mean
    yield (
        sum(name not in all_there for named in captions for name in named) / mentions,
        "You compared with what is in any picture: each caption has its own, `zip(captions, present)`.",
    )
    twice = sum((Counter(named) - Counter(there)).total() for named, there in pairs)
    yield twice / mentions, "You took a name that comes twice for invented: what is there may be named again."
    yield 1 - right[0], "That is the share that *is* there: count the names that are not."
    missing = [len(there - {*named}) for named, there in pairs]
    everything = max(1, sum(map(len, present)))
    left_out = "You counted what is there and is not named: asked is what is named and not there, `name not in there`."
    for below in (mentions, everything, n):
        yield sum(missing) / below, left_out
    yield (
        sum(wrong) / everything,
        "You divided by the number of things in the pictures: divide by that of mentions.",
    )
    yield sum(wrong) / n, "You divided by the number of captions: divide by that of mentions."
    yield (
        sum(not any(name in other for other in there) for named, there in pairs for name in named) / mentions,
        "You looked for text within text, which finds “cat” in “catfish” too: ask whether the name is in the set.",
    )
    yield (
        sum(named[0] not in there for named, there in pairs if named) / mentions,
        "You looked at one name of each caption: look at all.",
    )
    flags = [[name not in there for name in named] for named, there in pairs]
    looked_at = sum(one.index(True) + 1 if any(one) else len(one) for one in flags)
    for below in (looked_at, mentions):
        yield (
            sum(map(any, flags)) / below,
            "You stopped at the first invented name of a caption, as `break` does: go on, every mention counts.",
        )
    yield sum(wrong), _COUNT
    yield 100 * right[0], _PERCENT


def _caption_mistakes(
    captions: list[list[str]], present: list[set[str]], right: tuple[float, float]
) -> _Mistakes:
    pairs, n = [*zip(captions, present, strict=True)], len(captions)
    wrong = [sum(name not in there for name in named) for named, there in pairs]
    bad = sum(map(bool, wrong))
    yield (
        right[0],
        "Both shares are per mention: the second is the share of *captions* with at least one invented name.",
    )
    yield (
        bad / max(1, sum(map(bool, captions))),
        "Captions that name nothing were left out: divide by all captions.",
    )
    yield sum(wrong) / n, "A caption with two inventions counted twice: it counts once, `any`."
    yield (
        sum(len({*named} - there) for named, there in pairs) / n,
        "A caption with two inventions counted twice: it counts once, `any`.",
    )
    yield 1 - bad / n, "That is the share of captions without any invention: count those with at least one."
    yield (
        sum(bool(named) and one == len(named) for one, named in zip(wrong, captions, strict=True)) / n,
        "You counted captions in which *everything* is invented: one name is enough, `any`.",
    )
    yield (
        sum(one == len(named) for one, named in zip(wrong, captions, strict=True)) / n,
        "You counted captions in which *everything* is invented, and those that name nothing: one invented name makes it, `any`.",
    )
    yield (
        sum({*named} != there for named, there in pairs) / n,
        "A caption may leave something out: only what it names and is not there counts.",
    )
    yield (
        sum(bool(there - {*named}) for named, there in pairs) / n,
        "You counted captions that leave something out: asked is what is named and not there.",
    )
    all_there = set().union(*present)
    yield (
        sum(not {*named} <= all_there for named in captions) / n,
        "You compared with what is in any picture: each caption has its own, `zip(captions, present)`.",
    )
    mentions = max(1, sum(map(len, captions)))
    yield bad / mentions, "You divided by the number of mentions: divide by that of captions."
    yield (
        sum((Counter(named) - Counter(there)).total() > 0 for named, there in pairs) / n,
        "You took a name that comes twice for invented: what is there may be named again.",
    )
    yield (
        sum(any(not any(name in other for other in there) for name in named) for named, there in pairs) / n,
        "You looked for text within text, which finds “cat” in “catfish” too: ask whether the name is in the set.",
    )
    yield (
        sum(one == 1 for one in wrong) / n,
        "You counted captions with exactly one invention: at least one is asked, `any`.",
    )
    yield (
        sum(one > 1 for one in wrong) / n,
        "You counted captions with more than one invention: one is enough, `any`.",
    )
    for place in (0, -1):
        yield (
            sum(bool(named) and named[place] not in there for named, there in pairs) / n,
            "You looked at one name of each caption: look at all.",
        )
    yield bad, _COUNT
    yield 100 * bad / n, _PERCENT
