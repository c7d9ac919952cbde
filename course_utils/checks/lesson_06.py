"""Checks of lesson 06: contrastive and sigmoid loss, hard negatives, prompts, ranks, exchanged captions."""

from collections.abc import Callable, Iterator, Sequence

import numpy as np

from course_utils.checks import exercise, expect, expect_array, expect_close, expect_number, expect_parts

__all__ = [
    "classify_by_prompt",
    "contrastive_loss",
    "first_right_ranks",
    "hardest_negatives",
    "sigmoid_loss",
    "swapped_scores",
]

_FIXED = (
    "Your answer is the same for other numbers, too: does it use a constant, or arrays of the lesson that stand above, and not its "
    "arguments?"
)

_CLOSE = "Scores that are merely close are no tie: compare them exactly."

_COURSE = r"course_utils\.(alignment|evaluation)\.\w+\.\w+"
"""What does the exercises' work already."""

_Mistakes = Iterator[tuple[np.ndarray, str]]
"""What typical mistakes make of the same input, each with its hint."""


def _indices(
    value: object,
    n: int,
    what: str,
    shapes: Sequence[tuple[tuple[int, ...], str]],
    instead: tuple[np.ndarray, str],
) -> np.ndarray:
    """Whole numbers (n,); ``instead`` has the floats that somebody may return in their place, and a hint."""
    found, (floats, hint) = expect_array(value, (n,), np.generic, what, shapes), instead
    whole = np.issubdtype(found.dtype, np.integer)
    expect(whole or not np.allclose(found, floats, rtol=1e-5), hint)
    return expect_array(found, (n,), np.integer, what)


# --- 6.1 ----------------------------------------------------------------------------------------------------


def _log_softmax(logits: np.ndarray, axis: int | None) -> np.ndarray:
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _directions(logits: np.ndarray) -> np.ndarray:
    """The losses of the n pictures that look for their texts, and of the n texts, float (2, n)."""
    return np.stack([-np.diag(_log_softmax(logits, axis)) for axis in (1, 0)])


def _extremes(rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Tables of cosines that overflow, or have no power above 0, at a temperature of 0.001."""
    yield rng.uniform(-1, 1, (6, 6))
    yield 2 * np.eye(4) - 1
    yield rng.uniform(-1, -0.8, (5, 5))
    yield np.array([[1.0]])


@exercise(
    "6.1",
    "the loss is right for batches of 1 to 16 pairs, also of equal cosines, and at a temperature of 0.001",
    own=_COURSE,
)
def contrastive_loss(my_loss: Callable) -> None:
    """Checks the contrastive loss in both directions (lesson 06).

    Args:
        my_loss: function of ``(similarities, temperature)``, float (n, n) cosines with partners on the diagonal and a
            float above 0, that returns the loss, a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(1)
    for n, temperature in [(5, 0.5), (3, 0.15), (8, 2.0), (2, 0.3), (1, 0.1), (16, 0.2)]:
        _check_contrastive(my_loss, rng.uniform(-1, 1, (n, n)), temperature)
    _check_contrastive(my_loss, rng.uniform(-1, 1, (7, 7)).astype(np.float32), 0.2)
    _check_contrastive(my_loss, np.full((7, 7), 0.4), 0.1)
    for similarities in _extremes(rng):
        with np.errstate(all="ignore"):
            loss = expect_number(my_loss(similarities, 0.001), "The loss at a temperature of 0.001")
        expect(
            np.isfinite(loss),
            f"At a temperature of 0.001 the loss is {loss}: logits then reach ±1,000, and np.exp(1000) is infinite, np.exp(-1000) 0. "
            "Subtract the largest logit of each row (and, the other way, of each column) before `np.exp`, and take the logarithm of "
            "the sum, not of a probability that has become 0.",
        )
        expect_close(
            loss,
            _directions(similarities / 0.001).mean(),
            "At a temperature of 0.001 (a certain and wrong model pays as much as it was sure, so do not clip probabilities or add a "
            "small number) the loss",
        )


def _check_contrastive(my_loss: Callable, similarities: np.ndarray, temperature: float) -> None:
    what = f"The loss of {len(similarities)} pairs at a temperature of {temperature}"
    loss = expect_number(my_loss(similarities, temperature), what)
    similarities = similarities.astype(np.float64)
    right = _directions(similarities / temperature).mean()
    expect_close(loss, right, what, _contrastive_mistakes(my_loss, similarities, temperature))


def _contrastive_mistakes(my_loss: Callable, similarities: np.ndarray, temperature: float) -> _Mistakes:
    n, logits = len(similarities), similarities / temperature
    losses = _directions(logits)
    if n > 1:  # one pair alone costs nothing, whatever its similarity
        yield my_loss(np.eye(n) - similarities, temperature), _FIXED
    yield (
        losses[:, :4].mean(),
        f"You took four pairs only, as many as the example has: here are {n}, `range(len(similarities))`.",
    )
    yield (
        _directions(similarities / 0.2).mean(),
        f"Your temperature is 0.2, the example's: use the argument, here {temperature}.",
    )
    for direction, axis, name in ((0, 1, "picture to text"), (1, 0, "text to picture")):
        yield (
            losses[direction].mean(),
            f"That is one direction only, from {name}: a softmax along axis {axis}, perhaps twice. Take one along each axis, and the "
            "mean of the two.",
        )
    yield (
        2 * losses.mean(),
        "You added the two directions, or divided by the wrong number: take their *mean*, so half of the sum.",
    )
    yield losses.sum(), "You summed over the batch and both directions: take the mean of all 2n losses."
    yield (
        n * losses.mean(),
        f"Your loss is {n} times too large: take the mean over the {n} pairs, not the sum.",
    )
    yield (
        losses.mean() / n,
        f"You divided by {n} twice: the mean is over the {n} pairs, not over all entries.",
    )
    yield (
        _directions(similarities * temperature).mean(),
        "You multiplied by the temperature: divide by it. A small temperature makes differences large.",
    )
    yield _directions(similarities).mean(), "The temperature is missing: divide the similarities by it."
    yield (
        -np.diag(_log_softmax(logits, None)).mean(),
        "All your probabilities together sum to 1: give the softmax its axis, 1 from picture to text and 0 from text to picture.",
    )
    yield (
        _directions(np.exp(logits)).mean(),
        "Your logits are exponentiated twice: the softmax takes exp itself, so give it similarities / temperature.",
    )
    yield (
        losses.mean() / np.log(2),
        "Your loss is in bits: use the natural logarithm, `np.log`, not `np.log2`.",
    )
    yield losses.mean() / np.log(10), "You used the logarithm to base 10: take the natural one, `np.log`."
    yield -losses.mean(), "The loss came out negative: it is *minus* the logarithm of the probability."
    yield (
        1 - np.exp(-losses).mean(),
        "That is one minus the partner's probability: take minus its logarithm.",
    )
    yield (
        -np.log(np.exp(-losses).mean()),
        "You took the logarithm of the mean probability: take the mean of the logarithms.",
    )
    yield (
        -np.mean([_log_softmax(logits, axis) for axis in (0, 1)]),
        "You averaged over the whole table: only partners count, which stand on the diagonal, `np.diag(log_p)`.",
    )
    # Of a batch of one nothing is left.
    apart = np.where(np.eye(n, dtype=bool), -np.inf, logits) if n > 1 else logits
    sums = [np.log(np.exp(apart).sum(axis=axis)) for axis in (0, 1)]
    yield (
        np.mean(sums - np.diag(logits)),
        "The partner is missing from the sum below the fraction: it is one of the n candidates.",
    )


# --- 6.2 ----------------------------------------------------------------------------------------------------


@exercise(
    "6.2",
    "the negatives are right in 9 batches of 2 to 40 pairs, with and without pairs of the same concept, of cosines "
    "high, low and all negative",
    own=_COURSE,
)
def hardest_negatives(my_negatives: Callable) -> None:
    """Checks the search for each picture's hardest negative (lesson 06).

    Args:
        my_negatives: function of ``(similarities, ids)``, float (n, n) and int (n,), equal where the concept is, that
            returns int (n,), a text for each picture.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(2)
    # The cosines of other concepts lie between low and high; those of the same one are raised.
    for n, concepts, low, high, raised, dtype in [
        (12, 5, -0.6, 0.6, 0.35, float),
        (12, 5, -0.9, 0.1, 0.8, float),
        (12, 5, -0.9, -0.2, 1.1, float),
        (9, 9, -1, 1, 0, float),
        (9, 3, -0.5, 0.9, 0, np.float32),
        (2, 2, -1, 1, 0, float),
        (7, 2, -0.9, -0.1, 0, float),
        (40, 7, 0.7, 0.8, 0.1, float),
        (5, 4, -1e-3, 1e-3, 1e-3, float),
    ]:
        names = rng.choice(9000, concepts, replace=False)
        ids = names[rng.permutation(np.arange(n) % concepts)]
        similarities = rng.uniform(low, high, (n, n)) + raised * (ids[:, np.newaxis] == ids)
        _check_negatives(my_negatives, similarities.astype(dtype), ids)


def _check_negatives(my_negatives: Callable, similarities: np.ndarray, ids: np.ndarray) -> None:
    n, doubles = len(ids), len(np.unique(ids)) < len(ids)
    what = f"Your answer for {n} pictures" + (", some of the same concept," if doubles else "")
    others = np.where(ids[:, np.newaxis] == ids, -np.inf, similarities)
    shapes = [
        ((n, n), "That is a whole table: each picture has one hardest text, `argmax(axis=1)`."),
        ((), "One text for *each* picture is asked: give `argmax` its axis, 1."),
    ]
    instead = "You returned how similar the hardest texts are: return which ones, `argmax` instead of `max`."
    got = _indices(my_negatives(similarities, ids), n, what, shapes, (others.max(axis=1), instead))
    expect_close(got, others.argmax(axis=1), what, _negative_mistakes(similarities, ids))


def _negative_mistakes(similarities: np.ndarray, ids: np.ndarray) -> _Mistakes:
    n = len(ids)
    same, itself = ids[:, np.newaxis] == ids, np.eye(n, dtype=bool)
    others = np.where(same, -np.inf, similarities)
    yield np.arange(n), "Every picture got its own text, its partner: leave out what belongs to the picture."
    yield (
        similarities.argmax(axis=1),
        "Nothing was left out: a picture's own text, and others of its concept, are no negatives. Set them to −∞ before `argmax`.",
    )
    if not np.array_equal(same, itself):
        yield (
            np.where(itself, -np.inf, similarities).argmax(axis=1),
            "Only text i itself was left out for picture i: texts elsewhere in the batch with the same id belong to it as well, "
            "`ids[:, np.newaxis] == ids`.",
        )
    yield (
        others.argmax(axis=0),
        "That is the hardest picture for each text: row i is picture i, so take the largest of each row, axis 1.",
    )
    least = "You took the least similar text, the easiest negative: the hardest is the *most* similar one."
    yield np.where(same, np.inf, similarities).argmin(axis=1), least
    yield others.argmin(axis=1), f"{least} (Or `argmin` found the −∞ of what was left out.)"
    yield (
        np.array([similarities[i, ~same[i]].argmax() for i in range(n)]),
        "Your numbers count within the texts that were left: leaving some out moves all behind them. Give the place in the whole "
        "row: set what does not count to −∞ instead, or look it up in `np.flatnonzero(ids != ids[i])`.",
    )
    starts = (
        "Your search starts with text 0, which may itself be one that is left out: start with none, or at −∞"
    )
    first = np.where(same, -np.inf, similarities)
    first[:, 0] = similarities[:, 0]
    yield first.argmax(axis=1), f"{starts}."
    above = np.where(others > 0, others, -np.inf)
    yield (
        above.argmax(axis=1),
        f"{starts}: where all others are negative, a largest value of 0 is never beaten.",
    )
    lower = "What is left out must be lower than all others, also where these are negative: set it to −∞, `-np.inf`"
    yield np.where(same, 0, similarities).argmax(axis=1), f"{lower}, not to 0."
    yield (similarities - same).argmax(axis=1), f"{lower}; subtracting 1 is not enough."
    yield (
        similarities.argsort(axis=1)[:, -2],
        "You took the second most similar text: the first need not be the partner, and the second may be of the same concept.",
    )
    yield (
        ids[others.argmax(axis=1)],
        "You returned the concepts, ids[j]: asked is which text it is, its column j.",
    )
    yield (
        np.where(same, similarities, -np.inf).argmax(axis=1),
        "Your mask is turned round: you took the most similar text of the *same* concept.",
    )


# --- 6.3 ----------------------------------------------------------------------------------------------------


@exercise(
    "6.3",
    "the classes are right for 7 sets of pictures and prompts of any length, with 1 to 6 templates, for one picture, "
    "and for one class",
)
def classify_by_prompt(my_classify: Callable) -> None:
    """Checks classification by prompts (lesson 06).

    Args:
        my_classify: function of ``(pictures, prompts)``, float (n, dim) and (classes, templates, dim), of any length,
            that returns int (n,), a class for each picture.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(3)
    for n, classes, templates, dim, size in [
        (400, 6, 4, 9, 1),
        (50, 4, 1, 5, 1),
        (1, 3, 2, 8, 1),
        (30, 5, 6, 12, 1e4),
        (5, 5, 5, 5, 1),
        (40, 7, 3, 64, 1e-3),
        (4, 1, 2, 6, 1),
    ]:
        _check_prompts(my_classify, *_pictures_and_prompts(rng, n, classes, templates, dim, size))


def _unit(vectors: np.ndarray, axis: int | tuple[int, ...] | None = -1) -> np.ndarray:
    return vectors / np.sqrt((vectors**2).sum(axis=axis, keepdims=True))


def _pictures_and_prompts(
    rng: np.random.Generator, n: int, classes: int, templates: int, dim: int, size: float
) -> tuple[np.ndarray, np.ndarray]:
    """Vectors of any length. The prompts of some classes agree and those of others do not; no picture is between two."""
    spread = rng.permutation(np.geomspace(0.2, 2, classes))[:, np.newaxis, np.newaxis]
    prompts = rng.normal(size=(classes, 1, dim)) + spread * rng.normal(size=(classes, templates, dim))
    prompts *= size * np.exp(rng.normal(size=(classes, templates, 1)))
    pictures = rng.normal(size=(4 * n, dim))
    cosines = np.sort(_unit(pictures) @ _unit(_unit(prompts).mean(axis=1)).T, axis=1)
    if classes > 1:  # in single precision the highest cosine must be the same one
        pictures = pictures[cosines[:, -1] - cosines[:, -2] > 1e-3]
    return pictures[:n] * np.exp(2 * rng.normal(size=(n, 1))) / size, prompts


def _check_prompts(my_classify: Callable, pictures: np.ndarray, prompts: np.ndarray) -> None:
    n, (classes, templates, _) = len(pictures), prompts.shape
    what = f"Your answer for {n} picture{'s' * (n > 1)}, {classes} classes and {templates} templates"
    cosines = _unit(pictures) @ _unit(_unit(prompts).mean(axis=1)).T
    shapes = [
        ((n, classes), "Those are scores: each picture gets the class of its highest one, `argmax(axis=1)`."),
        (
            (classes,),
            "A picture for each class came out: take the highest class of each *picture*, `argmax(axis=1)`.",
        ),
        ((n, templates), "Each template has its own answer: average the prompts of a class first."),
        ((), "One class for *each* picture is asked: give `argmax` its axis, 1."),
    ]
    instead = "You returned the highest cosines: return which class has it, `argmax` instead of `max`."
    got = _indices(my_classify(pictures, prompts), n, what, shapes, (cosines.max(axis=1), instead))
    expect_close(got, cosines.argmax(axis=1), what, _prompt_mistakes(pictures, prompts))


def _prompt_mistakes(pictures: np.ndarray, prompts: np.ndarray) -> _Mistakes:
    unit, (classes, templates) = _unit(prompts), prompts.shape[:2]
    means = unit.mean(axis=1)
    each = np.einsum("nd,ctd->nct", _unit(pictures), unit)  # the cosine with every prompt
    right = _unit(pictures) @ _unit(means).T
    yield (
        each.mean(axis=2).argmax(axis=1),
        "You averaged the cosines over the templates, or took the product with a mean that was not divided by its length; the two "
        "are the same. The mean of unit vectors is shorter than 1, the more so the less they agree, so such a class loses: divide "
        "each class's mean by its length again.",
    )
    long = "A long prompt outweighs the short ones of its class: divide every prompt by its own length, `axis=-1, keepdims=True`, *before* the mean"
    yield (pictures @ _unit(prompts.mean(axis=1)).T).argmax(axis=1), f"{long}."
    yield (
        (pictures @ prompts.mean(axis=1).T).argmax(axis=1),
        f"{long}, and the mean by its length once more: a cosine is the product of vectors of length 1.",
    )
    yield (
        each.max(axis=2).argmax(axis=1),
        "You took the class of the single best prompt: first average the unit vectors of a class, then compare.",
    )
    yield right.argmin(axis=1), "You took the lowest cosine: the highest is asked, `argmax`."
    for wrong in (_unit(unit.mean(axis=0)), unit.mean(axis=0)):
        yield (
            (pictures @ wrong.T).argmax(axis=1),
            "You averaged over the classes: axis 0 is the classes, axis 1 the templates.",
        )
    yield (
        each[:, :, 0].argmax(axis=1),
        "Only the first template counts: average over all of them, `.mean(axis=1)`.",
    )
    yield (
        np.eye(classes, dtype=int)[each.argmax(axis=1)].sum(axis=1).argmax(axis=1),
        "You let the templates vote: average their unit vectors first, then compare once.",
    )
    yield (
        each.reshape(len(each), -1).argmax(axis=1),
        f"Your numbers count all {classes * templates} prompts: a class is the mean of its {templates}, and there are {classes}.",
    )
    for seen in (pictures, _unit(pictures)):
        for centres in (means, prompts.mean(axis=1), _unit(prompts.mean(axis=1))):
            yield (
                np.linalg.norm(seen[:, np.newaxis] - centres, axis=2).argmin(axis=1),
                "You took the nearest class by distance, and that depends on the lengths of the vectors: take the highest cosine, of "
                "means of unit vectors.",
            )
    axis = "The length of a vector is taken over its numbers, the last axis: `np.linalg.norm(…, axis=-1, keepdims=True)`"
    for wrong in (0, 1, (0, 1)):
        skewed = _unit(_unit(prompts, wrong).mean(axis=1))
        yield (pictures @ skewed.T).argmax(axis=1), f"{axis}. Your prompts were divided along another axis."
    yield (
        (_unit(pictures, 0) @ _unit(means).T).argmax(axis=1),
        f"{axis}. Your pictures were divided along axis 0, each number over all pictures.",
    )


# --- 6.4 ----------------------------------------------------------------------------------------------------


@exercise(
    "6.4",
    "the ranks are right in 10 tables, with many ties and without, with one right item and with several, all right, "
    "all scores negative, close together, and one query alone",
    own=_COURSE,
)
def first_right_ranks(my_ranks: Callable) -> None:
    """Checks the rank of the first right item (lesson 06).

    Args:
        my_ranks: function of ``(scores, right)``, float and bool (queries, gallery), that returns int (queries,).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(4)

    def several(queries: int, gallery: int, share: float) -> np.ndarray:
        right = rng.random((queries, gallery)) < share
        right[np.arange(queries), rng.integers(0, gallery, queries)] = True
        return right

    # Small whole numbers tie often; all others are exact in single precision too.
    _check_ranks(my_ranks, rng.integers(-4, 2, (60, 8)).astype(float), several(60, 8, 0.3))
    _check_ranks(my_ranks, rng.normal(size=(12, 12)).astype(np.float32).astype(float), np.eye(12, dtype=bool))
    _check_ranks(my_ranks, -1 - rng.random((40, 5)).astype(np.float32), several(40, 5, 0.2))
    _check_ranks(my_ranks, 1 + 2.0**-20 * rng.integers(0, 30, (30, 9)), several(30, 9, 0.1))
    _check_ranks(my_ranks, 1e6 * rng.integers(0, 9, (8, 50)).astype(float), several(8, 50, 0.02))
    _check_ranks(my_ranks, np.full((5, 7), 0.25), several(5, 7, 0.4))
    _check_ranks(my_ranks, rng.integers(0, 2, (3, 4)).astype(float), np.ones((3, 4), bool))
    _check_ranks(my_ranks, np.zeros((4, 6)), np.arange(6) == np.array([[0], [5], [2], [5]]))
    _check_ranks(my_ranks, np.array([[0.5, 0.1, 0.5]]), np.array([[True, False, False]]))
    _check_ranks(my_ranks, np.array([[-3.0]]), np.array([[True]]))


def _check_ranks(my_ranks: Callable, scores: np.ndarray, right: np.ndarray) -> None:
    queries, gallery = scores.shape
    what = f"Your answer for {queries} {'queries' if queries > 1 else 'query'} in a gallery of {gallery}"
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    ranks = 1 + ((scores >= best) & ~right).sum(axis=1)
    shapes = [
        ((gallery,), "You counted along the queries: a row is a query, so count along axis 1."),
        ((queries, gallery), "Every item has a rank: asked is that of the best right one of each query."),
        ((), "One rank for each query is asked: count along axis 1."),
    ]
    instead = "You returned 1 / rank: return the rank itself, a whole number."
    got = _indices(my_ranks(scores, right), queries, what, shapes, (1 / ranks, instead))
    expect_close(got, ranks, what, _rank_mistakes(got, scores, right))


def _rank_mistakes(got: np.ndarray, scores: np.ndarray, right: np.ndarray) -> _Mistakes:
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    worst = np.where(right, scores, np.inf).min(axis=1, keepdims=True)
    first = np.take_along_axis(scores, right.argmax(axis=1)[:, np.newaxis], axis=1)

    def count(better: np.ndarray) -> np.ndarray:
        return (better & ~right).sum(axis=1)

    higher, at_least = count(scores > best), count(scores >= best)
    yield (
        1 + higher,
        "You counted ties in the model's favour: a wrong item with the same score as the best right one stands before it, `>=`.",
    )
    zero = "Your ranks begin at 0: the first place is 1, so add 1 to the number of wrong items before it."
    yield at_least, zero
    yield higher, f"{zero} And ties count against the model, `>=`."
    ordered = (
        "Where a wrong item scores just as high as the best right one, your rank depends on which of them a sort put first: every such "
        "tie counts against the model. Count the wrong items that score at least as high, `>=`."
    )
    # Equal scores come in any order from a sort, so the rank is anything between two.
    if not np.array_equal(got, 1 + higher):
        yield np.clip(got, 1 + higher, 1 + at_least), ordered
    if not np.array_equal(got, higher) and not np.array_equal(got, at_least):
        yield np.clip(got, higher, at_least), f"{zero} And: {ordered}"
    last = "You took the worst right item of each query: its *best* one counts, the largest score where right is True."
    yield 1 + count(scores >= worst), last
    yield 1 + count(scores > worst), last
    others = "Another right item that scores as high as the best was counted as wrong: count only where right is False, `& ~right`."
    yield (scores >= best).sum(axis=1), others
    yield (
        1 + (scores >= best).sum(axis=1),
        "You counted the right item itself: count only wrong items, where right is False, `& ~right`.",
    )
    listed = "You took the right item that is listed first, `right.argmax(axis=1)`: the right one with the highest score counts."
    yield 1 + count(scores >= first), listed
    for better in (scores >= first, scores > first):
        counted = f"{listed} And other right items are no wrong ones."
        yield better.sum(axis=1), counted
        yield 1 + better.sum(axis=1), counted
    yield 1 + count((scores > best) | np.isclose(scores, best)), _CLOSE
    low = "You counted items that score lower: before the best right one stand those that score at least as *high*."
    yield 1 + count(scores <= best), low
    yield 1 + count(scores < best), low
    yield np.clip(got, 1 + count(scores < worst), 1 + count(scores <= worst)), low
    yield (
        1 + count(scores >= (scores * right).max(axis=1, keepdims=True)),
        "Wrong items became 0 when you looked for the best right score, and 0 is more than a negative one: "
        "`np.where(right, scores, -np.inf)`.",
    )
    if scores.shape[0] == scores.shape[1]:
        own = np.diag(scores)[:, np.newaxis]
        yield 1 + count(scores >= own), "You took the diagonal: `right` says which items are right."


# --- 6.5 ----------------------------------------------------------------------------------------------------


@exercise(
    "6.5",
    "the loss is right for batches of 1 to 16 pairs, biases from -10 to 2, and at a temperature of 0.001",
    own=_COURSE,
)
def sigmoid_loss(my_loss: Callable) -> None:
    """Checks the sigmoid loss over all pairs of a batch (lesson 06).

    Args:
        my_loss: function of ``(similarities, temperature, bias)``, float (n, n) cosines with partners on the diagonal and
            two floats, that returns the loss, a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(5)
    for n, temperature, bias in [
        (5, 0.5, -1.3),
        (3, 0.1, -10.0),
        (8, 0.07, 2.0),
        (2, 2.0, 0.0),
        (1, 0.2, 0.7),
        (16, 0.1, -10.0),
    ]:
        _check_sigmoid(my_loss, rng.uniform(-1, 1, (n, n)), temperature, bias)
    _check_sigmoid(my_loss, rng.uniform(-1, 1, (7, 7)).astype(np.float32), 0.2, -3.0)
    for similarities in _extremes(rng):
        with np.errstate(all="ignore"):
            loss = expect_number(my_loss(similarities, 0.001, -10.0), "The loss at a temperature of 0.001")
        expect(
            np.isfinite(loss),
            f"At a temperature of 0.001 the loss is {loss}: logits then reach ±1,000, np.exp(1000) is infinite, and the logarithm of "
            "a sigmoid that has become 0 too. −log σ(x) = log(1 + exp(−x)) is stable as `np.logaddexp(0, -x)`.",
        )
        expect_close(
            loss,
            _sigmoid_losses(similarities / 0.001 - 10).sum() / len(similarities),
            "At a temperature of 0.001 (a certain and wrong model pays as much as it was sure, so do not clip probabilities or add a "
            "small number) the loss",
        )


def _signs(n: int) -> np.ndarray:
    return 2 * np.eye(n) - 1


def _sigmoid_losses(logits: np.ndarray) -> np.ndarray:
    return np.logaddexp(0, -_signs(len(logits)) * logits)


def _check_sigmoid(my_loss: Callable, similarities: np.ndarray, temperature: float, bias: float) -> None:
    n = len(similarities)
    what = f"The loss of {n} pairs at a temperature of {temperature} with a bias of {bias}"
    loss = expect_number(my_loss(similarities, temperature, bias), what)
    similarities = similarities.astype(np.float64)
    right = _sigmoid_losses(similarities / temperature + bias).sum() / n
    expect_close(loss, right, what, _sigmoid_mistakes(my_loss, similarities, temperature, bias))


def _sigmoid_mistakes(
    my_loss: Callable, similarities: np.ndarray, temperature: float, bias: float
) -> _Mistakes:
    n, logits = len(similarities), similarities / temperature + bias
    y, losses = _signs(n), _sigmoid_losses(logits)

    def total(signed: np.ndarray) -> float:
        """The loss for other y · (s / temperature + bias)."""
        return np.logaddexp(0, -signed).sum() / n

    yield my_loss(np.eye(n) - similarities, temperature, bias), _FIXED
    yield losses.sum() / 4, f"You divided by 4, the pairs of the example: here are {n}, `len(similarities)`."
    for given, wrong in (
        ("bias is −5", similarities / temperature - 5),
        ("temperature is 0.1", similarities / 0.1 + bias),
    ):
        yield total(y * wrong), f"Your {given}, the example's: use the argument."
    for outside in (bias, n * bias):
        for sign in (1, -1):
            yield (
                total(y * similarities / temperature) + sign * outside,
                "Your bias is added outside of the logarithm: it belongs to the logit, y · (s / temperature + bias).",
            )
    yield (
        losses.mean(),
        f"You divided by all n² = {n * n} pairs: the sum over the table is divided by n = {n} only.",
    )
    yield losses.sum(), f"The sum is not divided by n = {n}."
    yield (
        total(np.eye(n) * logits),
        "Your y is 0 off the diagonal, so these pairs cost log 2 whatever their score: y is +1 for partners and −1 for all others, "
        "`2 * np.eye(n) - 1`.",
    )
    yield (
        np.diag(losses).mean(),
        "Only partners count in your loss: every other pair of the table counts too, with y = −1.",
    )
    yield (
        (losses.sum() - np.diag(losses).sum()) / n,
        "Partners are missing from your loss: the sum is over the whole table, the diagonal with y = +1.",
    )
    if n > 1:
        yield (
            np.diag(losses).mean() + losses[y < 0].mean(),
            "You took the mean over the partners and the mean over all others: take one sum over the table, divided by n.",
        )
    yield total(logits), "All pairs are taken for partners: y is −1 off the diagonal."
    yield total(-y * logits), "The sign is turned round: y is +1 on the diagonal and −1 elsewhere."
    yield (
        total(y * (similarities / temperature - bias)),
        "The bias has the wrong sign: add it, s / temperature + bias.",
    )
    yield (
        total(y * similarities / temperature + bias),
        "y multiplies the bias as well: y · (s / temperature + bias).",
    )
    yield total(y * similarities / temperature), "The bias is missing: s / temperature + bias."
    yield (
        total(y * (similarities + bias) / temperature),
        "The bias is divided by the temperature too: divide first, then add it.",
    )
    yield (
        total(y * (similarities * temperature + bias)),
        "You multiplied by the temperature: divide by it.",
    )
    yield total(y * (similarities + bias)), "The temperature is missing: divide the similarities by it."
    yield total(y * logits) / np.log(2), "Your loss is in bits: use the natural logarithm."
    yield -total(y * logits), "The loss came out negative: it is *minus* the sum of the logarithms."
    for size in (n, n * n):
        yield (
            (1 - np.exp(-losses)).sum() / size,
            "You summed one minus the probabilities: sum minus their logarithms.",
        )
        yield -np.exp(-losses).sum() / size, "You summed probabilities: sum minus their logarithms."
    yield (
        _directions(logits).mean(),
        "That is the contrastive loss, with a softmax: here every pair is asked by itself, by a sigmoid.",
    )


# --- 6.6 ----------------------------------------------------------------------------------------------------


@exercise(
    "6.6",
    "all three scores are right for 8 sets of 1 to 300 examples, with many ties, with nothing but ties, close together, and for a model that "
    "gives both captions, or both pictures, the same score",
    own=_COURSE,
)
def swapped_scores(my_scores: Callable) -> None:
    """Checks the text, image and group score of captions with two things exchanged (lesson 06).

    Args:
        my_scores: function of scores, float (n, 2, 2), scores[:, c, p] of caption c with picture p, that returns three floats,
            the shares that are right: text, image, group.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(6)
    ties = rng.integers(0, 4, (300, 2, 2)) + np.eye(2)
    _check_shares(my_scores, ties)
    _check_shares(my_scores, rng.normal(size=(37, 2, 2)).astype(np.float32) - 5)
    _check_shares(my_scores, 1 + 2.0**-20 * rng.integers(0, 9, (60, 2, 2)))  # exact in single precision too
    _check_shares(my_scores, 1e-5 * np.repeat(rng.normal(size=(40, 1, 2)), 2, axis=1))
    _check_shares(my_scores, 1e5 * np.repeat(rng.normal(size=(40, 2, 1)), 2, axis=2))
    _check_shares(my_scores, np.full((6, 2, 2), 0.5))
    _check_shares(my_scores, np.eye(2)[np.newaxis])
    _check_shares(my_scores, np.array([[[0.9, 0.8], [0.2, 0.5]]]))


def _check_shares(my_scores: Callable, scores: np.ndarray) -> None:
    names = ("text", "image", "group")
    found = expect_parts(my_scores(scores), names)
    own, by_picture, by_caption = _own_and_others(scores)
    text, image = (own > by_picture).all(axis=1), (own > by_caption).all(axis=1)
    shares = {"text": text.mean(), "image": image.mean(), "group": (text & image).mean()}
    mistakes = {
        "text": _share_mistakes(own, by_picture, shares["image"]),
        "image": _share_mistakes(own, by_caption, shares["text"]),
        "group": _group_mistakes(scores, text, image),
    }
    if len(scores) == 300:  # of one example another table may well have the same share
        again = expect_parts(my_scores(scores[:, ::-1]), names)
        mistakes = {name: [*mistakes[name], (part, _FIXED)] for name, part in zip(names, again, strict=True)}
    for name, part in zip(names, found, strict=True):
        what = f"The `{name}` score of {len(scores)} example{'s' * (len(scores) > 1)}"
        expect_close(expect_number(part, what), shares[name], what, mistakes[name])


def _own_and_others(scores: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The scores of what belongs together, and beside each the other caption's and the other picture's, (n, 2) each."""
    own, other = scores[:, [0, 1], [0, 1]], scores[:, [1, 0], [0, 1]]
    return own, other, other[:, ::-1]


_TIES = "Ties count against the model: the right one must score *higher*, `>`, not `>=` and no `argmax`, which takes the first of equals."


def _share_mistakes(own: np.ndarray, other: np.ndarray, exchanged: float) -> _Mistakes:
    right, n = own > other, len(own)
    yield (
        exchanged,
        "Text and image are exchanged: the text score asks of each *picture* whether its own caption scores higher than the other, "
        "so it compares along axis 1, the captions; the image score asks of each caption.",
    )
    yield (own >= other).all(axis=1).mean(), _TIES
    yield (right & ~np.isclose(own, other)).all(axis=1).mean(), _CLOSE
    for first in (0, 1):  # `argmax` takes the first of two equals, `argsort` perhaps the last
        kind = np.where(np.arange(2) == first, own >= other, right)
        yield kind.all(axis=1).mean(), _TIES
    yield (
        right.mean(),
        "Each half was counted by itself: an example is right only if *both* of its halves are, `.all(axis=1)`.",
    )
    yield (
        right.any(axis=1).mean(),
        "An example with one right half was counted: both halves must be right, `all` instead of `any`.",
    )
    for half in (0, 1):
        yield right[:, half].mean(), "Only one half of each example was looked at: both must be right."
    yield (
        (own.sum(axis=1) > other.sum(axis=1)).mean(),
        "You compared the sums of two scores: compare one by one, and both must be right.",
    )
    yield right.all(axis=1).sum(), f"That is how many of the {n} are right: return their share, the mean."
    yield right.all(axis=1).sum() / 2, f"You divided by 2, the examples of the example: here are {n}."
    yield 100 * right.all(axis=1).mean(), "That is a percentage: return the share, from 0 to 1."
    yield (
        (own < other).all(axis=1).mean(),
        "The comparison is turned round: what belongs together, c = p, scores higher.",
    )


def _group_mistakes(scores: np.ndarray, text: np.ndarray, image: np.ndarray) -> _Mistakes:
    own, by_picture, by_caption = _own_and_others(scores)
    group = text & image
    example = "The group score counts the examples whose text *and* image are right, `(text_right & image_right).mean()`"
    yield (
        text.mean() * image.mean(),
        f"{example}: the product of the two means supposes that they have nothing to do with each other.",
    )
    yield (text.mean() + image.mean()) / 2, f"{example}, not the mean of the two scores."
    yield (text | image).mean(), f"{example}; you counted those where one of the two is."
    for name, one, other in (("text", text, image), ("image", image, text)):
        smaller = ", the smaller of the two" if one.mean() < other.mean() else ""
        yield one.mean(), f"{example}; yours is the {name} score{smaller}."
    yield ((own >= by_picture) & (own >= by_caption)).all(axis=1).mean(), _TIES
    yield ((own > by_picture) & (own > by_caption)).mean(), f"{example}: all four comparisons of one example."
    yield (
        (own.sum(axis=1) > by_picture.sum(axis=1)).mean(),
        f"{example}: four comparisons one by one, not one of sums.",
    )
    yield group.sum(), f"That is how many of the {len(own)} are right: return their share, the mean."
    yield 100 * group.mean(), "That is a percentage: return the share, from 0 to 1."
