"""Checks of lesson 05: attention, heads, a repaired fusion, EMAP, modality dropout, the pointing game."""

import contextlib
import re
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_utils.checks import (
    call_model,
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_model,
    expect_parts,
)

if TYPE_CHECKING:
    import keras

__all__ = ["attention", "emap_of_a_table", "heads", "modality_dropout", "pointing", "repaired_fusion"]


def _softmax(scores: np.ndarray, axis: int | None = -1) -> np.ndarray:
    with np.errstate(all="ignore"):
        powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
        return powers / powers.sum(axis=axis, keepdims=True)


def _attend(
    queries: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    mask: np.ndarray | None = None,
    scale: float | None = None,
) -> tuple[np.ndarray, np.ndarray]:
    scores = np.einsum("...qd,...kd->...qk", queries, keys) / (scale or np.sqrt(queries.shape[-1]))
    weights = _softmax(scores if mask is None else np.where(mask[:, None], scores, -np.inf))
    return weights @ values, weights


# --- 5.1 ----------------------------------------------------------------------------------------------------


@exercise(
    "5.1",
    "outputs and weights are right for random tokens of 10 shapes, also with padding, with huge scores, and with both",
    own=r"course_utils\.fusion\.attention\.dot_product_attention",
)
def attention(my_attention: Callable) -> None:
    """Checks scaled dot-product attention with a mask (lesson 05).

    Args:
        my_attention: function of ``(queries, keys, values, mask)``, float (batch, queries, dim), (batch, keys, dim),
            (batch, keys, width) and bool (batch, keys), True = keep, that returns outputs (batch, queries, width) and
            weights (batch, queries, keys).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(1)
    # As many queries as keys first: only there a swap of the two, or a wrong axis, keeps all shapes.
    for batch, n, m, dim, width in [(3, 5, 5, 6, 4), (2, 4, 4, 9, 9), (4, 3, 6, 5, 2), (1, 7, 2, 12, 3)]:
        tokens = [rng.normal(size=shape) for shape in ((batch, n, dim), (batch, m, dim), (batch, m, width))]
        _check_attention(my_attention, *tokens, np.ones((batch, m), bool))
    for batch, n, m, dim, width in [
        (3, 5, 5, 6, 4),
        (4, 3, 6, 5, 2),
        (2, 1, 4, 8, 3),
        (5, 6, 7, 3, 5),
        (1, 1, 3, 1, 1),
    ]:
        tokens = [rng.normal(size=shape) for shape in ((batch, n, dim), (batch, m, dim), (batch, m, width))]
        mask = rng.random((batch, m)) < 0.5
        mask[np.arange(batch), rng.integers(0, m, batch)] = True
        mask[0, 0] = ~mask[0].all() & mask[0, 0]  # at least one sample has padding
        mask[0, -1] = True
        _check_attention(my_attention, *tokens, mask)
    for seed in range(2):
        _check_huge_scores(my_attention, np.random.default_rng(seed))


def _check_huge_scores(my_attention: Callable, rng: np.random.Generator) -> None:
    """Scores of a million, of either sign; then kept ones far below the masked ones."""
    queries, keys, values = 1e3 * rng.normal(size=(3, 2, 3, 4))
    everything = np.ones((2, 3), bool)
    some = np.array([[True, False, True], [False, True, True]])
    low = np.abs(queries), np.where(some[..., None], -np.abs(keys), 0.001 * keys), values
    for tokens, mask in (((queries, keys, values), everything), ((queries, keys, values), some), (low, some)):
        with np.errstate(all="ignore"):
            outputs, weights = expect_parts(my_attention(*tokens, mask), ("outputs", "weights"))
        right, shares = _attend(*tokens, mask)
        outputs = expect_array(outputs, right.shape, np.floating, "The outputs for huge scores")
        weights = expect_array(weights, shares.shape, np.floating, "The weights for huge scores")
        expect(
            np.isfinite(outputs).all() and np.isfinite(weights).all(),
            "Scores of a million gave NaN or infinity: subtract each row's largest score before `np.exp`, the largest of those "
            "that are kept.",
        )
        expect(
            mask is everything or np.allclose(weights, shares, atol=1e-4),
            "Among scores of a million, of either sign, masked ones were not left out: a masked score must be lower than any that is "
            "kept, −∞ or −1e9, not −30 or −1000.",
        )
        expect_close(weights, shares, "A weight for huge scores")
        expect_close(outputs, right, "An output for huge scores")


def _check_attention(
    my_attention: Callable, queries: np.ndarray, keys: np.ndarray, values: np.ndarray, mask: np.ndarray
) -> None:
    given = f"{queries.shape[1]} queries and {keys.shape[1]} keys of {queries.shape[2]} numbers in {len(mask)} samples"
    given += "" if mask.all() else ", some keys masked"
    value = expect_parts(my_attention(queries, keys, values, mask), ("outputs", "weights"))
    outputs, weights = _attend(queries, keys, values, mask)
    shapes = [
        (
            weights.swapaxes(1, 2).shape,
            "Queries and keys are swapped: each *query* has a row of weights over the keys.",
        ),
        (outputs.shape, "Are the two in the order outputs, weights?"),
    ]
    if len(mask) > 1:
        shapes.append(
            (
                (*queries.shape[:2], keys.shape[0] * keys.shape[1]),
                "Every query looks at the keys of *all* samples. Attention stays within a sample, so the batch axis is never "
                "multiplied away: `queries @ keys.swapaxes(1, 2)`.",
            )
        )
    got = expect_array(value[1], weights.shape, np.floating, f"The weights for {given}", shapes)
    expect(
        np.isfinite(got).all(),
        f"The weights for {given} have NaN or infinity: some query had all its keys removed. Every sample keeps at least one, so "
        "perhaps the mask is inverted: True means *keep*.",
    )
    expect_close(got, weights, f"The weights for {given}", _weight_mistakes(queries, keys, values, mask))
    got = expect_array(value[0], outputs.shape, np.floating, f"The outputs for {given}")
    expect_close(
        got,
        outputs,
        f"The outputs for {given}",
        [
            (weights @ keys, "Your outputs are mixtures of the keys: the weights are for the *values*."),
            (
                weights.swapaxes(1, 2) @ values if weights.shape[1] == weights.shape[2] else None,
                "Your outputs are made with the weights transposed: `weights @ values`.",
            ),
            (values, "Your outputs are the values as they came: mix them, `weights @ values`."),
        ],
    )


def _weight_mistakes(
    queries: np.ndarray, keys: np.ndarray, values: np.ndarray, mask: np.ndarray
) -> Iterator[tuple[np.ndarray, str]]:
    """What typical mistakes make of the weights, each with its hint."""
    dim, kept = queries.shape[-1], mask[:, None]
    raw = queries @ keys.swapaxes(1, 2)
    scores = raw / np.sqrt(dim)
    masked = np.where(kept, scores, -np.inf)
    plain = _softmax(scores)
    yield (
        _softmax(np.where(kept, raw, -np.inf)),
        f"Your scores are not scaled: their variance is then about d = {dim}, and the softmax is nearly one-hot. "
        "Divide by √d.",
    )
    yield (
        _softmax(np.where(kept, raw / dim, -np.inf)),
        f"You divided by d = {dim}: divide by its square root, or the weights become nearly equal.",
    )
    yield (
        (masked == masked.max(axis=-1, keepdims=True)).astype(float),
        "Your weights are 0 and 1: you took the largest score (arg-max). Take the softmax, which lets every key count "
        "a little and has a gradient.",
    )
    yield (
        _softmax(masked, axis=-2),
        "Your weights sum to 1 over the queries: the softmax runs over the *keys*, the last axis.",
    )
    yield (
        _softmax(masked, axis=None),
        "All your weights together sum to 1: give the softmax its axis. Each query has a sum of its own, over the keys, "
        "`axis=-1, keepdims=True`.",
    )
    yield (
        _softmax(masked, axis=0),
        "Your weights sum to 1 over the batch: samples must not know of each other. The softmax runs over the last axis.",
    )
    if raw.shape[1] == raw.shape[2]:
        swapped = np.where(kept, scores.swapaxes(1, 2), -np.inf)
        yield (
            _softmax(swapped),
            "Queries and keys are swapped: the score in row i, column j is queries[i] · keys[j].",
        )
        yield (
            _softmax(masked).swapaxes(1, 2),
            "Your weights are transposed: one row per query, one column per key.",
        )
    if mask.all():
        yield (
            np.full_like(scores, 1 / scores.shape[-1]),
            "All keys got the same weight, though nothing is masked. If you set masked scores to −10⁹, your mask is inverted: "
            "True means *keep*. If not, your scores are missing.",
        )
    else:
        hint = "The mask is inverted: True means *keep*. Masked keys are those where it is False."
        inverted = _softmax(np.where(kept, -np.inf, scores))
        yield inverted, hint
        yield np.nan_to_num(inverted), hint
        yield (
            plain * kept,
            "The mask came after the softmax: the weights that are left no longer sum to 1. Set masked *scores* to −∞ "
            "(or −1e9) first.",
        )
        for amount in (-1e9, -1e4):
            yield (
                plain + np.where(kept, 0, amount),
                "The mask was added after the softmax: weights of −10⁹. Add it to the scores, before.",
            )
        yield plain, "Your weights ignore the mask: padding gets attention."
        yield (
            _softmax(scores * kept),
            "A masked score became 0, and exp(0) = 1 still counts: set it to −∞ (or −1e9), do not multiply.",
        )
    yield np.exp(masked), "Your weights do not sum to 1: divide by the sum over the keys."
    yield masked, "You returned the scores: take their softmax over the keys."


# --- 5.2 ----------------------------------------------------------------------------------------------------


@exercise(
    "5.2",
    "outputs are right for 1, 2, 3 and 4 heads, in self- and in cross-attention, for one sample, one token, and huge scores",
)
def heads(my_heads: Callable) -> None:
    """Checks attention with several heads (lesson 05).

    Args:
        my_heads: function of ``(x, y, w_queries, w_keys, w_values, w_outputs, heads)``: float (batch, queries, dim),
            (batch, keys, dim), four float (dim, dim) and an int that divides dim; returns float (batch, queries, dim).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(2)
    for batch, n, m, dim, count, size in [
        (2, 5, 5, 8, 2, 1),
        (3, 4, 4, 12, 3, 1),
        (2, 3, 6, 8, 4, 1),
        (1, 6, 2, 6, 1, 1),
        (1, 1, 3, 9, 3, 1),
        (2, 3, 1, 4, 2, 1),
        (1, 4, 5, 6, 2, 1e3),
    ]:
        x, y = size * rng.normal(size=(batch, n, dim)), size * rng.normal(size=(batch, m, dim))
        y = x if n == m == 4 else y
        matrices = rng.normal(size=(4, dim, dim)) / np.sqrt(dim) * 1.5
        with np.errstate(all="ignore"):
            value = my_heads(x, y, *matrices, count)
        given = f"{count} heads of {dim // count} numbers each" if count > 1 else "one head"
        what = f"The output for {given}"
        got = expect_array(value, x.shape, np.floating, what)
        expect(
            np.isfinite(got).all(),
            "Huge scores gave NaN or infinity: subtract each row's largest score before `np.exp`.",
        )
        right = _heads(x, y, matrices, count)
        expect_close(got / size, right / size, what, _head_mistakes(x, y, matrices, count))


def _split(tokens: np.ndarray, count: int) -> np.ndarray:
    return tokens.reshape(*tokens.shape[:2], count, -1).swapaxes(1, 2)


def _merge(tokens: np.ndarray) -> np.ndarray:
    return tokens.swapaxes(1, 2).reshape(tokens.shape[0], tokens.shape[2], -1)


def _heads(
    x: np.ndarray,
    y: np.ndarray,
    matrices: Sequence[np.ndarray],
    count: int,
    split: Callable = _split,
    merge: Callable = _merge,
    scale: float | None = None,
    axis: int = -1,
    order: tuple[int, ...] = (0, 1, 2, 3),
    last: bool = True,
    valued: np.ndarray | None = None,
) -> np.ndarray:
    w = [matrices[place] for place in order]
    queries, keys, values = (
        split(tokens @ matrix, count)
        for tokens, matrix in zip((x, y, y if valued is None else valued), w, strict=False)
    )
    scores = queries @ keys.swapaxes(-1, -2) / (scale or np.sqrt(queries.shape[-1]))
    together = merge(_softmax(scores, axis) @ values)
    return together @ w[3] if last else together


def _head_mistakes(
    x: np.ndarray, y: np.ndarray, matrices: Sequence[np.ndarray], count: int
) -> Iterator[tuple[np.ndarray, str]]:
    dim = x.shape[-1]
    yield (
        _heads(x, y, matrices, 1),
        "That is one head over the whole width: split queries, keys and values into heads first.",
    )
    yield (
        _heads(x, y, matrices, count, scale=np.sqrt(dim)),
        f"The scores are divided by √{dim}: within a head the vectors have {dim // count} numbers, so divide by "
        f"√{dim // count}.",
    )
    yield (
        _heads(x, y, matrices, count, scale=1.0),
        f"The scores are not scaled: divide them by √{dim // count}, the root of a head's width.",
    )
    yield (
        _heads(x, y, matrices, count, scale=dim / count),
        f"The scores are divided by {dim // count}: divide them by its root, √{dim // count}.",
    )
    yield (
        _heads(x, y, matrices, count, axis=-2),
        "Your weights sum to 1 over the queries: the softmax runs over the *keys*, the last axis.",
    )
    yield (
        _heads(x, y, matrices, count, axis=1),
        "Your weights sum to 1 over the heads: the softmax runs over the *keys*, the last axis.",
    )
    yield (
        _heads(x, y, matrices, count, axis=0),
        "Your weights sum to 1 over the batch: the softmax runs over the *keys*, the last axis.",
    )
    if len(y[0]) == len(x[0]):
        yield (
            _heads(x, y, matrices, count, valued=x),
            "The values come from x: only the queries do. Keys and values are projected from y.",
        )
        yield (
            _heads(x, y, matrices, count, order=(1, 0, 2, 3)),
            "w_queries and w_keys are swapped: x is multiplied by w_queries, y by w_keys.",
        )
    yield (
        _heads(x, y, matrices, count, order=(0, 2, 1, 3)),
        "w_keys and w_values are swapped.",
    )
    yield (
        _heads(x, y, matrices, count, order=(0, 1, 1, 3)),
        "The values are the keys: project y by w_values too.",
    )

    def careless(tokens: np.ndarray, heads: int) -> np.ndarray:
        return tokens.reshape(tokens.shape[0], heads, tokens.shape[1], -1)

    def interleaved(tokens: np.ndarray, heads: int) -> np.ndarray:
        return tokens.reshape(*tokens.shape[:2], -1, heads).transpose(0, 3, 1, 2)

    for merge in (_merge, lambda t: t.transpose(0, 2, 3, 1).reshape(len(t), t.shape[2], -1)):
        yield (
            _heads(x, y, matrices, count, split=interleaved, merge=merge),
            f"Your heads are interleaved: head 1 takes the first {dim // count} of the {dim} numbers, so `reshape` to "
            "(batch, tokens, heads, dim / heads), in this order.",
        )
    hint = (
        "Your heads mix tokens: `reshape` to (batch, tokens, heads, dim / heads) first, then swap the axes of "
        "tokens and heads."
    )
    yield _heads(x, y, matrices, count, split=careless), hint
    yield (
        _heads(x, y, matrices, count, split=careless, merge=lambda t: t.reshape(len(t), x.shape[1], -1)),
        hint,
    )
    yield (
        _heads(x, y, matrices, count, merge=lambda t: t.reshape(len(t), x.shape[1], -1)),
        "Your heads come back in the wrong order: swap the axes of heads and tokens back before you join the last two.",
    )
    yield (
        _heads(x, y, matrices, count, merge=lambda t: np.concatenate([t.mean(axis=1)] * count, axis=-1)),
        "Your heads are averaged: put them side by side (concatenate), and let w_outputs mix them.",
    )
    yield (
        _heads(x, y, matrices, count, last=False),
        "w_outputs is missing: the joined heads are multiplied by it at the end.",
    )
    yield (
        _heads(y, x, matrices, count) if x.shape == y.shape else None,
        "x and y are swapped: the queries come from x, keys and values from y.",
    )
    yield (
        _heads(x, x, matrices, count),
        "Keys and values come from y: your function attends from x to x.",
    )


# --- 5.3 ----------------------------------------------------------------------------------------------------


@exercise(
    "5.3",
    "no sample knows its batch mates, padding is ignored, both modalities count, and different words look at "
    "different regions",
)
def repaired_fusion(my_fusion: Callable) -> None:
    """Checks a fusion model in which the words look at the picture (lesson 05).

    Args:
        my_fusion: function of ``(regions, region_dim, words, word_dim)`` that returns a Keras model from ``[picture,
            text, mask]``, float (batch, regions, region_dim), (batch, words, word_dim) and bool (batch, words), to
            probabilities (batch, 1).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    import keras

    regions, region_dim, words, word_dim = 48, 10, 6, 12
    rng = np.random.default_rng(3)
    keras.utils.set_random_seed(3)
    with _explaining_masks():
        model = expect_model(my_fusion(regions, region_dim, words, word_dim))
    _check_inputs(model, [(None, regions, region_dim), (None, words, word_dim), (None, words)])
    picture, text = rng.normal(size=(8, regions, region_dim)), rng.normal(size=(8, words, word_dim))
    mask = np.arange(words) < np.array([6, 1, 2, 3, 4, 5, 2, 4])[:, None]
    with _explaining_masks():
        if not model.built:  # a class of its own has weights only once it was called
            _ask(model, picture[:1], text[:1], mask[:1])
        _stir(model, 1.5, rng)
        _check_fusion(model, picture, text, mask)
        _stir(model, 7.0, rng, last=1e-8)
        _check_look_up(model, picture[0], text[:, 0], words)


@contextlib.contextmanager
def _explaining_masks() -> Iterator[None]:
    """Says what it means when an attention layer cannot use the mask that it was given."""
    try:
        yield
    except Exception as error:  # TensorFlow, Keras and the course each raise their own
        said = f"{error} {error.__cause__}"
        expect(
            not re.search(r"calling \w*Attention\w*\.call", said)
            or not re.search("LogicalAnd|SelectV2|mask has shape", said),
            "An attention layer cannot use the mask that it was given: a mask says which *keys* count. Where the words ask, the "
            "keys are the regions, and all of them count: leave the mask out there. Yours, (batch, words), is for the words: "
            "use it where they are averaged, or where they are keys, as (batch, 1, words).",
        )
        raise


def _check_inputs(model: "keras.Model", expected: list[tuple]) -> None:
    """The shapes that a model says of itself; a class of its own has none, and shows in calls what it takes."""
    if not getattr(model, "inputs", None):
        return
    shapes = [tuple(x.shape) for x in model.inputs]
    expect(
        shapes == expected,
        f"The model's inputs have shapes {shapes}, expected {expected}: picture, text, mask, in this order.",
    )
    shape = tuple(model.outputs[0].shape)
    expect(
        shape == (None, 1),
        f"The model's output has shape {shape}, expected (None, 1): one probability per sample. Average over the tokens "
        "before the last `Dense(1)`.",
    )


def _stir(model: "keras.Model", factor: float, rng: np.random.Generator, last: float = 1.0) -> None:
    """Brings weights into a state in which every effect shows: larger, and none 0, as gates are at the start.

    With larger projections the scores of an attention layer grow, until a query takes one key alone.
    """
    for weight in model.trainable_variables:
        value = np.asarray(weight)
        if not value.any():
            value = rng.normal(0, 0.3, value.shape)
        # What the last layer makes of large numbers would be 0 or 1.
        weight.assign(value * (last if value.ndim == 2 and value.shape[1] == 1 else factor))


def _ask(model: "keras.Model", picture: np.ndarray, text: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The log-odds (batch,) that the model gives."""
    what = f"{len(mask)} samples"
    answers = call_model(model, [picture.astype("float32"), text.astype("float32"), mask], what)
    shape = (len(mask), 1)
    p = expect_array(answers, shape, np.floating, f"What the model gives for {what}").astype(np.float64)[:, 0]
    expect(
        (p >= 0).all() and (p <= 1).all(),
        f"Probabilities are from 0 to 1, yours from {p.min():.2f} to {p.max():.2f}: end in "
        "`Dense(1, activation='sigmoid')`.",
    )
    p = p.clip(1e-7, 1 - 1e-7)
    return np.log(p / (1 - p))


def _check_fusion(model: "keras.Model", picture: np.ndarray, text: np.ndarray, mask: np.ndarray) -> None:
    other = np.roll(np.arange(len(mask)), 1)
    apart = picture.copy()  # two regions move in opposite directions: their mean stays where it was
    apart[:, 0], apart[:, 1] = picture[:, 0] + 2, picture[:, 1] - 2
    noisy = np.where(mask[..., None], text, 5.0)
    triples = [
        (picture, text, mask),
        (picture, noisy, mask),
        (picture[other], text, mask),
        (picture, text[other], mask[other]),
        (apart, text, mask),
        (picture[other], text[other], mask[other]),
    ]
    # Together, since calls take time.
    together = _ask(model, *(np.concatenate(parts) for parts in zip(*triples, strict=True)))
    plain, padded, repainted, reworded, moved, exchanged = np.split(together, len(triples))
    alone = _ask(model, picture[:1], text[:1], mask[:1])
    expect(
        np.allclose(plain[:1], alone, atol=1e-3),
        "The same sample got another answer when it came alone: something attends across the batch. Keep the token axis: "
        "attention wants (batch, tokens, dim).",
    )
    expect(
        np.allclose(plain, padded, atol=1e-3),
        "Other numbers in the padding changed the answer: leave masked words out, as keys (`key_mask=…`, "
        "`attention_mask=…`) and in the mean at the end.",
    )
    expect(plain.std() > 1e-4, "The answer is the same for all samples: nothing reaches the output.")
    expect(
        not np.allclose(plain, repainted, atol=1e-4),
        "Another picture, the same answer: the picture does not reach the output.",
    )
    expect(
        not np.allclose(plain, reworded, atol=1e-4),
        "Other words, the same answer: the text does not reach the output.",
    )
    expect(
        not np.allclose(plain, moved, atol=1e-3),
        "Two regions were changed, their mean was not, and the answer stayed the same: all that counts is the average of the "
        "regions, in which nothing can be looked up. Average after the attention, not before it.",
    )
    expect(
        np.abs(plain + exchanged - repainted - reworded).max() > 1e-3,
        "What the picture adds does not depend on the words: the log-odds are a sum of one function of each. Take queries "
        "from the words and keys from the regions, so that something crosses.",
    )


def _check_look_up(model: "keras.Model", picture: np.ndarray, asked: np.ndarray, words: int) -> None:
    """Each of several words is asked alone, with large scores: attention then looks at few regions, others at all.

    How much every region counts for the answer is told by its gradient. Where all regions are summed up before
    they meet the words, another word makes a region count a few times as much at most, and attention dozens of times.
    """
    import tensorflow as tf

    pictures = tf.constant(np.repeat(picture[None], len(asked), axis=0).astype("float32"))
    text = np.zeros((len(asked), words, asked.shape[1]), "float32")
    text[:, 0] = asked
    mask = tf.constant(np.arange(words) == np.zeros((len(asked), 1)))
    with tf.GradientTape() as tape:
        tape.watch(pictures)
        answers = tf.reduce_sum(model([pictures, tf.constant(text), mask], training=False))
    counts = np.linalg.norm(np.asarray(tape.gradient(answers, pictures), np.float64), axis=2)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1e-300)
    usual = np.median(shares, axis=0) + 0.05 / len(picture)
    expect(
        np.median((shares / usual).max(axis=1)) > 15,
        "Whatever the word, all regions count for the answer, each about as much as with another word: the words do not choose "
        "where to look. Averages, a product with the mean, or attention of the regions among themselves cannot do that; give the "
        "words queries and the regions keys and values, one by one.",
    )


# --- 5.4 ----------------------------------------------------------------------------------------------------


@exercise(
    "5.4",
    "the projection is right for tables of 7 sizes, large and small, and leaves an additive model as it is",
)
def emap_of_a_table(my_emap: Callable) -> None:
    """Checks the additive projection of a table of logits (lesson 05).

    Args:
        my_emap: function of a float array (n, n, classes), the logits for every a (row) with every b (column), that
            returns float (n, classes), the projected logits of the n true pairs.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(4)
    for n, classes, size in [(4, 3, 1), (6, 2, 1), (2, 5, 1), (9, 10, 1), (3, 1, 1), (1, 2, 1), (5, 5, 1e4)]:
        table = size * (rng.normal(size=(n, n, classes)) + rng.normal(size=(n, 1, classes)))
        _check_projection(my_emap(table), table, size)
    additive = rng.normal(size=(5, 1, 3)) + rng.normal(size=(1, 5, 3))
    _check_projection(my_emap(additive), additive, 1)


def _check_projection(value: object, table: np.ndarray, size: float) -> None:
    n, _, classes = table.shape
    rows, columns, all_pairs = table.mean(axis=1), table.mean(axis=0), table.mean(axis=(0, 1))
    what = f"The projection of a table of {n} × {n} pairs"
    whole = "You projected the whole table. Asked for are the n true pairs, a_i with b_i: its diagonal."
    mean = "A mean over the classes is gone: each class has its own projection."
    got = expect_array(value, (n, classes), np.floating, what, [(table.shape, whole), ((n,), mean)])
    # In units of the table: single precision is precise enough.
    got, table, rows, columns, all_pairs = (part / size for part in (got, table, rows, columns, all_pairs))
    expect_close(
        got,
        rows + columns - all_pairs,
        what,
        (
            (table[np.arange(n), np.arange(n)], "You returned the model's own logits, the diagonal."),
            (
                rows + columns,
                "Subtract the mean over all pairs: it is in both means, so it was counted twice.",
            ),
            (rows + columns + all_pairs, "The mean over all pairs is subtracted, not added."),
            (
                (rows + columns) / 2,
                "Add the two means and subtract the mean over all pairs; do not average them.",
            ),
            (rows, "You used what a says alone: add what b says, the mean over the rows."),
            (columns, "You used what b says alone: add what a says, the mean over the columns."),
            (
                2 * rows - all_pairs,
                "You took the same mean twice: one over rows (axis 0), one over columns (axis 1).",
            ),
            (
                2 * columns - all_pairs,
                "You took the same mean twice: one over rows (axis 0), one over columns (axis 1).",
            ),
            (
                rows + columns - table.mean(),
                "You averaged over the classes as well: each class has its own mean over all pairs, "
                "`table.mean(axis=(0, 1))`.",
            ),
        ),
        tolerance=1e-5,
    )


# --- 5.5 ----------------------------------------------------------------------------------------------------


@exercise(
    "5.5",
    "the right share of 8,000 samples loses one modality, drawn from `rng`, either alike, and none its only one",
)
def modality_dropout(my_dropout: Callable) -> None:
    """Checks modality dropout (lesson 05).

    Args:
        my_dropout: function of ``(present, rate, rng)``, bool (n, 2), float and a NumPy generator, that returns bool (n, 2).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    for seed, rate in enumerate((0.3, 0.6, 0.0, 0.9)):
        lost, same, other = (
            ~_dropped(my_dropout, np.ones((8_000, 2), bool), rate, one) for one in (seed, seed, seed + 100)
        )
        _check_draws(lost, rate)
        expect(
            rate == 0 or not np.array_equal(lost, other),
            "Two generators gave the same draws: take your random numbers from `rng`.",
        )
        expect(
            np.array_equal(lost, same),
            "The same generator gave other draws the second time: take your random numbers from `rng`, not from "
            "`np.random`.",
        )
        _check_chance(lost, other, rate)
    _dropped(my_dropout, np.ones((1, 2), bool), 0.5, 0)
    _check_missing(my_dropout)


def _dropped(my_dropout: Callable, present: np.ndarray, rate: float, seed: int) -> np.ndarray:
    value = my_dropout(present, rate, np.random.default_rng(seed))
    return expect_array(
        value, present.shape, np.bool_, f"The result for {len(present)} samples, rate {rate},"
    )


def _check_draws(lost: np.ndarray, rate: float) -> None:
    """How many lose a modality, and which."""
    expect(
        not lost.all(axis=1).any(),
        f"With rate {rate}, {lost.all(axis=1).mean():.0%} of the samples lost both modalities: nothing is left to learn "
        "from. Draw once whether a sample loses one, then which.",
    )
    share, first = lost.any(axis=1).mean(), lost[:, 0].mean()
    expect(
        rate == 0 or not (lost == lost[0]).all(),
        "All samples of the batch were treated alike: draw for every sample by itself.",
    )
    expect(
        abs(share - (1 - rate)) > 0.02 or abs(1 - 2 * rate) < 0.05,
        f"With rate {rate}, {share:.0%} of the samples lost one: the comparison is turned round. rate is the share "
        "that *loses* one.",
    )
    expect(
        abs(share - rate / 2) > 0.02 or rate == 0,
        f"With rate {rate}, {share:.0%} of the samples lost one, half as many as expected: rate is the share that loses one "
        "or the other, not each of them.",
    )
    expect(
        abs(share - rate) < 0.02,
        f"With rate {rate}, {share:.0%} of the samples lost one; expected {rate:.0%}.",
    )
    expect(
        abs(first - rate / 2) < 0.02,
        f"With rate {rate}, {first:.0%} lost the first modality and {lost[:, 1].mean():.0%} the second; expected "
        "each half of them: toss a coin for which.",
    )


def _check_chance(lost: np.ndarray, other: np.ndarray, rate: float) -> None:
    """Two generators draw other samples, and of those that both draw, other modalities."""
    twice = lost.any(axis=1) & other.any(axis=1)
    expect(
        abs(twice.mean() - rate**2) < 0.02,
        f"With rate {rate}, two generators took one from the same samples, as if their numbers in the batch decided: draw "
        "for each sample from `rng`.",
    )
    expect(
        rate == 0 or abs((lost[twice] == other[twice]).all(axis=1).mean() - 0.5) < 0.1,
        "Two generators took the same modality from the same samples: draw from `rng` which one, too.",
    )


def _check_missing(my_dropout: Callable) -> None:
    """What is missing stays so, the only one stays, and the rate is that of those that have both."""
    only = np.tile([[True, False], [False, True], [False, False], [True, True]], (1000, 1))
    got = _dropped(my_dropout, only, 0.8, 9)
    expect(
        not (got & ~only).any(),
        "A modality that was missing came back: combine your draws with what is present, `present & ~lost`.",
    )
    single, both = only.sum(axis=1) == 1, only.all(axis=1)
    expect(
        (got[single] == only[single]).all(),
        "A sample lost the only modality it had: take one away only where both are present.",
    )
    share = 1 - got[both].all(axis=1).mean()
    expect(
        abs(share - 0.8) < 0.06,
        f"With rate 0.8 and many samples that have only one modality, {share:.0%} of those with both lost one: rate is a "
        "share of the samples that have both.",
    )


# --- 5.6 ----------------------------------------------------------------------------------------------------


@exercise(
    "5.6",
    "hits are right on 7 grids, wide and narrow, that divide the picture or not, with centres on and close to edges",
)
def pointing(my_pointing: Callable) -> None:
    """Checks the pointing game (lesson 05).

    Args:
        my_pointing: function of ``(weights, boxes, rows, columns, height, width)``: float (n, rows · columns), float (n, 4)
            boxes x, y, width, height in pixels, the grid of tokens, and the picture's size; returns bool (n,).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(5)
    for n, rows, columns, height, width, near in [
        (400, 6, 6, 96, 96, None),
        (400, 4, 4, 32, 32, 0.0),
        (400, 3, 5, 61, 52, None),
        (400, 3, 5, 61, 52, 0.7),
        (400, 7, 4, 100, 90, 0.7),
        (400, 2, 7, 40, 210, None),
        (400, 5, 1, 50, 30, None),
        (400, 4, 6, 128, 96, 0.4),
        (1, 1, 1, 7, 9, 0.4),
    ]:
        weights = rng.dirichlet(np.ones(rows * columns), n)
        y, x = np.divmod(weights.argmax(axis=1), columns)
        cell = np.array([height / rows, width / columns])
        sides = rng.uniform(0.2, 0.6, (n, 2)) * [width, height]
        corners = rng.uniform(0, 1, (n, 2)) * ([width, height] - sides)
        if near is not None:  # an edge lies on the centre, or within so many pixels of it
            centres = (np.stack([x, y], axis=1) + 0.5) * cell[::-1]
            corners = centres - rng.integers(0, 2, (n, 2)) * sides + rng.uniform(-near, near, (n, 2))
        boxes = np.concatenate([corners, sides], axis=1)
        what = f"The hits on a grid of {rows} × {columns}"
        hint = [((), "One answer per sample is asked, not their mean.")]
        got = expect_array(
            my_pointing(weights, boxes, rows, columns, height, width), (n,), np.generic, what, hint
        )
        expect(
            got.any() or n < 400 or near is not None,
            f"{what}: {n} random boxes and never hit; about one in six is by chance. Are the centres in pixels? And does each "
            "sample have its own largest weight, `weights.argmax(axis=1)`?",
        )
        expect_close(
            got.astype(float),
            _inside(x, y, boxes, cell),
            what,
            _pointing_mistakes(weights, boxes, (rows, columns), (height, width)),
        )


def _pointing_mistakes(
    weights: np.ndarray, boxes: np.ndarray, grid: tuple[int, int], size: tuple[int, int]
) -> Iterator[tuple[np.ndarray, str]]:
    """What typical mistakes make of the weights, each with its hint."""
    rows, columns = grid
    y, x = np.divmod(weights.argmax(axis=1), columns)
    cell = np.array(size) / grid
    yield (
        _inside(y, x, boxes, cell),
        "x and y are swapped: tokens are numbered row by row, so `y, x = divmod(place, columns)`.",
    )
    yield (
        _inside(*np.divmod(weights.argmax(axis=1), rows)[::-1], boxes, cell),
        "A row has `columns` tokens: divide the place by columns, not by rows.",
    )
    yield (
        _inside(x, y, boxes, cell, corners=True),
        "A box is x, y, *width*, *height*: its right edge is x + width.",
    )
    yield (
        _inside(x, y, boxes, cell, closed=True),
        "The right and the lower edge of a box are outside: left ≤ x, but x < left + width.",
    )
    yield (
        _inside(x, y, boxes, cell, closed=False),
        "The left and the upper edge of a box are inside: left ≤ x, not left < x.",
    )
    yield (
        _inside(x, y, boxes, cell, offset=0.0),
        "A token stands for the *centre* of its region: (x + 0.5) · width / columns.",
    )
    yield (
        _inside(x, y, boxes, np.ones(2)),
        "Your places are in regions and the boxes in pixels: multiply by the size of a region.",
    )
    yield (
        _inside(*np.divmod(weights.argmin(axis=1), columns)[::-1], boxes, cell),
        "You took the smallest weight: the pointing game asks for the largest.",
    )
    yield (
        _inside(x, y, boxes, cell, shift=0.5),
        "Your centres lie half a pixel too far up and left, as for drawing, where pixel 0 is centred on 0. In a box's numbers "
        "pixel 0 reaches from 0 to 1: (x + 0.5) · width / columns, and nothing is subtracted.",
    )
    whole = "A region is width / columns pixels wide, and neither that nor its centre need be a whole number: divide by `/`."
    yield _inside(x, y, boxes, cell // 1), whole
    yield _inside(x, y, boxes, cell, rounding=np.floor), whole
    yield _inside(x, y, boxes, cell, rounding=np.round), whole
    swapped = "Height and width are swapped: a region is width / columns wide and height / rows high."
    yield _inside(x, y, boxes, cell[::-1]), swapped
    yield _inside(x, y, boxes, np.array(size[::-1]) / grid), swapped


def _inside(
    x: np.ndarray,
    y: np.ndarray,
    boxes: np.ndarray,
    cell: Sequence[float],
    offset: float = 0.5,
    corners: bool = False,
    closed: bool | None = None,
    rounding: Callable = np.asarray,
    shift: float = 0.0,
) -> np.ndarray:
    """Hits, float (n,); closed says whether all four edges belong to a box, None only the left and the upper one."""
    x, y = rounding((x + offset) * cell[1] - shift), rounding((y + offset) * cell[0] - shift)
    left, top, right, bottom = boxes.T
    if not corners:
        right, bottom = left + right, top + bottom
    from_edge = np.less if closed is False else np.less_equal
    to_edge = np.less_equal if closed else np.less
    return (from_edge(left, x) & to_edge(x, right) & from_edge(top, y) & to_edge(y, bottom)).astype(float)
