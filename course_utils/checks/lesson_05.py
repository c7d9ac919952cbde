"""Checks of lesson 05: attention, heads, a repaired fusion, EMAP, modality dropout, the pointing game."""

from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_utils.checks import exercise, expect, expect_array, expect_close

if TYPE_CHECKING:
    import keras

__all__ = ["attention", "emap_of_a_table", "heads", "modality_dropout", "pointing", "repaired_fusion"]

NO_RETURN = "Your function returned None: does it end without `return`?"


def _softmax(scores: np.ndarray, axis: int = -1) -> np.ndarray:
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


@exercise("5.1", "outputs and weights are right for random tokens of 8 shapes, with padding and huge scores")
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
    for batch, n, m, dim, width in [(3, 5, 5, 6, 4), (4, 3, 6, 5, 2), (2, 1, 4, 8, 3), (5, 6, 7, 3, 5)]:
        tokens = [rng.normal(size=shape) for shape in ((batch, n, dim), (batch, m, dim), (batch, m, width))]
        mask = rng.random((batch, m)) < 0.5
        mask[np.arange(batch), rng.integers(0, m, batch)] = True
        mask[0, 0] = ~mask[0].all() & mask[0, 0]  # at least one sample has padding
        mask[0, -1] = True
        _check_attention(my_attention, *tokens, mask)
    huge = [1e3 * rng.normal(size=(2, 3, 4)) for _ in range(3)]
    with np.errstate(all="ignore"):
        outputs = np.asarray(my_attention(*[x.copy() for x in huge], np.ones((2, 3), bool))[0])
    expect(
        np.isfinite(outputs).all(),
        "Scores of a million gave NaN or infinity: subtract each row's largest score before `np.exp`.",
    )


def _check_attention(
    my_attention: Callable, queries: np.ndarray, keys: np.ndarray, values: np.ndarray, mask: np.ndarray
) -> None:
    given = f"{queries.shape[1]} queries and {keys.shape[1]} keys of {queries.shape[2]} numbers in {len(mask)} samples"
    given += "" if mask.all() else ", some keys masked"
    handed = [x.copy() for x in (queries, keys, values, mask)]
    value = my_attention(*handed)
    expect(value is not None, NO_RETURN)
    expect(
        isinstance(value, tuple) and len(value) == 2,
        "Return two arrays, outputs and weights: `return outputs, weights`.",
    )
    outputs, weights = _attend(queries, keys, values, mask)
    shape = np.shape(value[1])
    expect(
        len(mask) == 1 or shape != (*queries.shape[:2], keys.shape[0] * keys.shape[1]),
        f"Your weights have shape {shape}: every query looks at the keys of *all* samples. Attention stays within a "
        "sample, so the batch axis is never multiplied away: `queries @ keys.swapaxes(1, 2)`.",
    )
    expect(
        shape == weights.shape or shape != weights.swapaxes(1, 2).shape,
        f"Your weights have shape {shape}, expected {weights.shape}: queries and keys are swapped. Each *query* has a "
        "row of weights over the keys.",
    )
    got = expect_array(value[1], weights.shape, np.floating, f"The weights for {given}")
    expect(
        np.isfinite(got).all(),
        f"The weights for {given} have NaN: some query had all its keys removed. Every sample keeps at least one, so "
        "perhaps the mask is inverted: True means *keep*.",
    )
    expect_close(got, weights, f"The weights for {given}", _weight_mistakes(queries, keys, values, mask))
    got = expect_array(value[0], outputs.shape, np.floating, f"The outputs for {given}")
    expect_close(
        got,
        outputs,
        f"The outputs for {given}",
        [(weights @ keys, "Your outputs are mixtures of the keys: the weights are for the *values*.")]
        if keys.shape == values.shape
        else (),
    )
    unchanged = all(np.array_equal(a, b) for a, b in zip(handed, (queries, keys, values, mask), strict=True))
    expect(unchanged, "Your function changed an array it was given: write `a = a + b`, not `a += b`.")


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


@exercise("5.2", "outputs are right for 1, 2, 3 and 4 heads, in self- and in cross-attention")
def heads(my_heads: Callable) -> None:
    """Checks attention with several heads (lesson 05).

    Args:
        my_heads: function of ``(x, y, w_queries, w_keys, w_values, w_outputs, heads)``: float (batch, queries, dim),
            (batch, keys, dim), four float (dim, dim) and an int that divides dim; returns float (batch, queries, dim).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(2)
    for batch, n, m, dim, count in [(2, 5, 5, 8, 2), (3, 4, 4, 12, 3), (2, 3, 6, 8, 4), (1, 6, 2, 6, 1)]:
        x, y = rng.normal(size=(batch, n, dim)), rng.normal(size=(batch, m, dim))
        matrices = rng.normal(size=(4, dim, dim)) / np.sqrt(dim) * 1.5
        value = my_heads(x.copy(), y.copy(), *[w.copy() for w in matrices], count)
        given = f"{count} heads of {dim // count} numbers each" if count > 1 else "one head"
        what = f"The output for {given}"
        got = expect_array(value, x.shape, np.floating, what)
        expect_close(got, _heads(x, y, matrices, count), what, _head_mistakes(x, y, matrices, count))


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
    last: bool = True,
) -> np.ndarray:
    queries, keys, values = (
        split(tokens @ w, count) for tokens, w in zip((x, y, y), matrices[:3], strict=True)
    )
    together = merge(_attend(queries, keys, values, scale=scale)[0])
    return together @ matrices[3] if last else together


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


@exercise("5.3", "no sample knows its batch mates, padding is ignored, and words and regions interact")
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

    rng = np.random.default_rng(3)
    for regions, region_dim, words, word_dim in [(6, 5, 4, 3), (9, 8, 5, 8)]:
        keras.utils.set_random_seed(3)
        model = my_fusion(regions, region_dim, words, word_dim)
        expect(model is not None, NO_RETURN)
        expect(isinstance(model, keras.Model), f"Return a Keras model; found a {type(model).__name__}.")
        shapes = [tuple(x.shape) for x in model.inputs]
        expected = [(None, regions, region_dim), (None, words, word_dim), (None, words)]
        expect(shapes == expected, f"The model's inputs have shapes {shapes}, expected {expected}.")
        expect(
            tuple(model.outputs[0].shape) == (None, 1),
            f"The model's output has shape {tuple(model.outputs[0].shape)}, expected (None, 1): one probability per "
            "sample. Average over the tokens before the last `Dense(1)`.",
        )
        for weights in model.weights:  # an untrained last layer is small: let every effect be seen
            if "kernel" in weights.path:
                weights.assign(1.5 * weights)
        picture, text = rng.normal(size=(8, regions, region_dim)), rng.normal(size=(8, words, word_dim))
        mask = np.arange(words) < rng.integers(2, words, 8)[:, None]
        _check_fusion(model, picture.astype("float32"), text.astype("float32"), mask)


def _check_fusion(model: "keras.Model", picture: np.ndarray, text: np.ndarray, mask: np.ndarray) -> None:
    def logit(picture: np.ndarray, text: np.ndarray, mask: np.ndarray) -> np.ndarray:
        p = np.asarray(model([picture, text, mask], training=False), np.float64)[:, 0]
        expect(
            (p >= 0).all() and (p <= 1).all(),
            f"Probabilities are from 0 to 1, yours from {p.min():.2f} to {p.max():.2f}: end in "
            "`Dense(1, activation='sigmoid')`.",
        )
        p = p.clip(1e-7, 1 - 1e-7)
        return np.log(p / (1 - p))

    together = logit(picture, text, mask)
    alone = np.concatenate([logit(picture[i : i + 1], text[i : i + 1], mask[i : i + 1]) for i in range(8)])
    expect(
        np.allclose(together, alone, atol=1e-3),
        "The same sample got another answer when it came alone: something attends across the batch. Keep the token axis: "
        "attention wants (batch, tokens, dim).",
    )
    noisy = np.where(mask[..., None], text, 5.0).astype("float32")
    expect(
        np.allclose(together, logit(picture, noisy, mask), atol=1e-3),
        "Other numbers in the padding changed the answer: leave masked words out, as keys (`key_mask=…`, "
        "`attention_mask=…`) and in the mean at the end.",
    )
    expect(together.std() > 1e-4, "The answer is the same for all samples: nothing reaches the output.")
    other = np.roll(np.arange(8), 1)
    expect(
        not np.allclose(together, logit(picture[other], text, mask), atol=1e-4),
        "Another picture, the same answer: the picture does not reach the output.",
    )
    expect(
        not np.allclose(together, logit(picture, text[other], mask[other]), atol=1e-4),
        "Other words, the same answer: the text does not reach the output.",
    )
    apart = picture.copy()  # two regions move in opposite directions: their mean stays where it was
    apart[:, 0], apart[:, 1] = picture[:, 0] + 2, picture[:, 1] - 2
    expect(
        not np.allclose(together, logit(apart, text, mask), atol=1e-3),
        "Two regions were changed, their mean was not, and the answer stayed the same: all that counts is the average of the "
        "regions, in which nothing can be looked up. Average after the attention, not before it.",
    )
    crossed = together + logit(picture[other], text[other], mask[other])
    crossed = crossed - logit(picture[other], text, mask) - logit(picture, text[other], mask[other])
    expect(
        np.abs(crossed).max() > 1e-3,
        "What the picture adds does not depend on the words: the log-odds are a sum of one function of each. Take queries "
        "from the words and keys from the regions, so that something crosses.",
    )


# --- 5.4 ----------------------------------------------------------------------------------------------------


@exercise("5.4", "the projection is right for tables of 5 sizes, and leaves an additive model as it is")
def emap_of_a_table(my_emap: Callable) -> None:
    """Checks the additive projection of a table of logits (lesson 05).

    Args:
        my_emap: function of a float array (n, n, classes), the logits for every a (row) with every b (column), that
            returns float (n, classes), the projected logits of the n true pairs.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(4)
    for n, classes in [(4, 3), (6, 2), (2, 5), (9, 10), (3, 1)]:
        table = rng.normal(size=(n, n, classes)) + rng.normal(size=(n, 1, classes))
        rows, columns, all_pairs = table.mean(axis=1), table.mean(axis=0), table.mean(axis=(0, 1))
        what = f"The projection of a table of {n} × {n} pairs"
        value = my_emap(table.copy())
        expect(
            np.shape(value) != table.shape,
            "You projected the whole table. Asked for are the n true pairs, a_i with b_i: its diagonal.",
        )
        got = expect_array(value, (n, classes), np.floating, what)
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
            tolerance=1e-6,
        )


# --- 5.5 ----------------------------------------------------------------------------------------------------


@exercise("5.5", "the right share of 20,000 samples loses one modality, either alike, and none its only one")
def modality_dropout(my_dropout: Callable) -> None:
    """Checks modality dropout (lesson 05).

    Args:
        my_dropout: function of ``(present, rate, rng)``, bool (n, 2), float and a NumPy generator, that returns bool (n, 2).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    for seed, rate in enumerate((0.3, 0.6, 0.0, 0.9)):
        n = 20_000
        handed = np.ones((n, 2), bool)
        rng = np.random.default_rng(seed)
        got = expect_array(my_dropout(handed, rate, rng), (n, 2), np.bool_, f"The result for rate {rate}")
        expect(
            handed.all(), "Your function changed the array it was given: work on a copy, `present.copy()`."
        )
        lost = ~got
        expect(
            not lost.all(axis=1).any(),
            f"With rate {rate}, {lost.all(axis=1).mean():.0%} of the samples lost both modalities: nothing is left to learn "
            "from. Draw once whether a sample loses one, then which.",
        )
        share, first = lost.any(axis=1).mean(), lost[:, 0].mean()
        expect(
            rate == 0 or not (lost == lost[0]).all(),
            "All samples of the batch lost the same: draw for every sample by itself.",
        )
        expect(
            abs(share - (1 - rate)) > 0.02 or abs(1 - 2 * rate) < 0.05,
            f"With rate {rate}, {share:.0%} of the samples lost one: the comparison is turned round. rate is the share "
            "that *loses* one.",
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
        again = my_dropout(np.ones((n, 2), bool), rate, np.random.default_rng(seed + 100))
        expect(
            rate == 0 or not np.array_equal(again, got),
            "Two generators gave the same draws: take your random numbers from `rng`.",
        )
        again = my_dropout(np.ones((n, 2), bool), rate, np.random.default_rng(seed))
        expect(
            np.array_equal(again, got),
            "The same generator gave other draws the second time: take your random numbers from `rng`, not from "
            "`np.random`.",
        )
    only = np.tile([[True, False], [False, True], [False, False], [True, True]], (500, 1))
    got = np.asarray(my_dropout(only.copy(), 0.9, np.random.default_rng(9)))
    expect(
        not (got & ~only).any(),
        "A modality that was missing came back: combine your draws with what is present, `present & ~lost`.",
    )
    single = only.sum(axis=1) == 1
    expect(
        (got[single] == only[single]).all(),
        "A sample lost the only modality it had: take one away only where both are present.",
    )


# --- 5.6 ----------------------------------------------------------------------------------------------------


@exercise("5.6", "hits are right on 5 grids, wide and narrow, with boxes in every place")
def pointing(my_pointing: Callable) -> None:
    """Checks the pointing game (lesson 05).

    Args:
        my_pointing: function of ``(weights, boxes, rows, columns, height, width)``: float (n, rows · columns), float (n, 4)
            boxes x, y, width, height in pixels, the grid of tokens, and the picture's size; returns bool (n,).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(5)
    for rows, columns, height, width, grain in [
        (6, 6, 96, 96, 0),
        (4, 4, 32, 32, 0),
        (4, 4, 32, 32, 4),  # the edges of boxes lie on centres
        (3, 5, 60, 50, 0),
        (2, 7, 40, 210, 0),
        (5, 1, 50, 30, 0),
    ]:
        n = 400
        weights = rng.dirichlet(np.ones(rows * columns), n)
        size = np.stack([rng.uniform(0.2, 0.6, n) * width, rng.uniform(0.2, 0.6, n) * height], axis=1)
        boxes = np.concatenate([rng.uniform(0, 1, (n, 2)) * ([width, height] - size), size], axis=1)
        boxes = np.round(boxes / grain) * grain if grain else boxes
        what = f"The hits on a grid of {rows} × {columns}"
        got = np.asarray(my_pointing(weights.copy(), boxes.copy(), rows, columns, height, width))
        expect(got.ndim != 0 or got.dtype != object, NO_RETURN)
        expect(got.shape == (n,), f"{what} have shape {got.shape}, expected ({n},): one per sample.")
        expect(got.any(), f"{what}: {n} random boxes and never hit; about one in six is by chance.")
        y, x = np.divmod(weights.argmax(axis=1), columns)
        cell = np.array([height / rows, width / columns])
        expect_close(
            got.astype(float),
            _inside(x, y, boxes, cell),
            what,
            (
                (
                    _inside(y, x, boxes, cell),
                    "x and y are swapped: tokens are numbered row by row, so `y, x = divmod(place, columns)`.",
                ),
                (
                    _inside(*np.divmod(weights.argmax(axis=1), rows)[::-1], boxes, cell),
                    "A row has `columns` tokens: divide the place by columns, not by rows.",
                ),
                (
                    _inside(x, y, boxes, cell, corners=True),
                    "A box is x, y, *width*, *height*: its right edge is x + width.",
                ),
                (
                    _inside(x, y, boxes, cell, closed=True),
                    "The right and the lower edge of a box are outside: left ≤ x, but x < left + width.",
                ),
                (
                    _inside(x, y, boxes, cell, closed=False),
                    "The left and the upper edge of a box are inside: left ≤ x, not left < x.",
                ),
                (
                    _inside(x, y, boxes, cell, offset=0.0),
                    "A token stands for the *centre* of its region: (x + 0.5) · width / columns.",
                ),
                (
                    _inside(x, y, boxes, np.ones(2)),
                    "Your places are in regions and the boxes in pixels: multiply by the size of a region.",
                ),
                (
                    _inside(*np.divmod(weights.argmin(axis=1), columns)[::-1], boxes, cell),
                    "You took the smallest weight: the pointing game asks for the largest.",
                ),
            ),
        )


def _inside(
    x: np.ndarray,
    y: np.ndarray,
    boxes: np.ndarray,
    cell: Sequence[float],
    offset: float = 0.5,
    corners: bool = False,
    closed: bool | None = None,
) -> np.ndarray:
    """Hits, float (n,); closed says whether all four edges belong to a box, None only the left and the upper one."""
    x, y = (x + offset) * cell[1], (y + offset) * cell[0]
    left, top, right, bottom = boxes.T
    if not corners:
        right, bottom = left + right, top + bottom
    from_edge = np.less if closed is False else np.less_equal
    to_edge = np.less_equal if closed else np.less
    return (from_edge(left, x) & to_edge(x, right) & from_edge(top, y) & to_edge(y, bottom)).astype(float)
