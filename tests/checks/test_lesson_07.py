"""Lesson 07's checks accept right answers of any style and reject wrong ones with the hint meant for them."""

import functools
import heapq
import math
import operator
from collections import Counter, defaultdict

import numpy as np
from scipy.special import log_softmax, logsumexp, softmax

from course_utils import evaluation, runtime
from course_utils.checks import lesson_07 as check
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
import tensorflow as tf  # noqa: E402
from keras import ops  # noqa: E402

from course_utils.generation import search  # noqa: E402

OWN = "calls `course_utils"

# --- 7.1 ----------------------------------------------------------------------------------------------------


def shifted(tokens, start):
    """The course's solution."""
    inputs = np.full_like(tokens, start)
    inputs[:, 1:] = tokens[:, :-1]
    return inputs


def shifted_by_loop(tokens, start):
    return [[start, *row[:-1]] for row in tokens.tolist()]


def shifted_by_places(tokens, start):
    inputs = np.zeros(tokens.shape, int)
    for i in range(tokens.shape[0]):
        for t in range(tokens.shape[1]):
            inputs[i, t] = tokens[i, t - 1] if t else start
    return inputs


def shifted_by_roll(tokens, start):
    inputs = np.roll(tokens, 1, axis=1)
    inputs[:, 0] = start
    return inputs


def shifted_by_keras(tokens, start):
    first = ops.full((tokens.shape[0], 1), start, dtype="int32")
    return ops.concatenate([first, ops.cast(tokens[:, :-1], "int32")], axis=1)


def put(tokens, start, place=(slice(None), 0)):
    inputs = tokens.copy()
    inputs[place] = start
    return inputs


def copied_from_the_left(tokens, start, first=True):
    inputs = put(tokens, start) if first else tokens.copy()
    for t in range(1, tokens.shape[1]):
        inputs[:, t] = inputs[:, t - 1]
    return put(inputs, start)


def shifted_twice(tokens, start):
    return shifted(shifted(tokens, start), start)


def shifted_in_place(tokens, start):
    tokens[:, 1:] = tokens[:, :-1].copy()
    tokens[:, 0] = start
    return tokens


def first_row_only(tokens, start):
    return put(np.roll(tokens, 1, axis=1), start, (0, 0))


def without_end(tokens, start):
    return np.where(
        np.arange(tokens.shape[1]) == (tokens != 0).sum(axis=1, keepdims=True), 0, shifted(tokens, start)
    )


def without_first_padding(tokens, start):
    rows = tokens.tolist()
    for row in rows:
        row.pop(row.index(0) if 0 in row else -1)
    return [[start, *row] for row in rows]


SHIFT_RIGHT = {
    "a matrix": lambda t, s: t @ np.eye(t.shape[1], k=1, dtype=t.dtype) + s * (np.arange(t.shape[1]) == 0),
    "the place before": lambda t, s: np.where(np.arange(t.shape[1]) == 0, s, t[:, np.arange(t.shape[1]) - 1]),
    "the course's solution": shifted,
    "loop, lists": shifted_by_loop,
    "place by place": shifted_by_places,
    "roll": shifted_by_roll,
    "roll of everything": lambda t, s: put(np.roll(t, 1), s),
    "Keras": shifted_by_keras,
    "TensorFlow": lambda t, s: tf.pad(tf.constant(t)[:, :-1], [[0, 0], [1, 0]], constant_values=s),
    "padded": lambda t, s: np.pad(t, [(0, 0), (1, 0)], constant_values=s)[:, :-1],
    "inserted": lambda t, s: np.insert(t, 0, s, axis=1)[:, :-1],
    "stacked": lambda t, s: np.column_stack([np.full(len(t), s), t[:, :-1]]),
    "transposed": lambda t, s: np.stack([np.full(len(t), s), *t.T[:-1]]).T,
    "taken": lambda t, s: np.hstack([np.ones((len(t), 1), np.int64) * s, t])[:, np.arange(t.shape[1])],
    "a queue": lambda t, s: tuple((s, *row)[:-1] for row in t.tolist()),
}
SHIFT_WRONG = {
    "without the first padding": (without_first_padding, "expected"),
    "start or 1": (lambda t, s: shifted(t, s or 1), "stands 1: put `start`"),
    "deleted flat": (lambda t, s: np.insert(np.delete(t, -1), 0, s).reshape(t.shape), "Only the first row"),
    "two bytes": (lambda t, s: shifted(t, s).clip(0, 65_535), "expected 70000"),
    "text": (lambda t, s: shifted(t, s).astype(str), "not everything is a number"),
    "a map": (lambda t, s: map(list, shifted(t, s)), "is a map"),
    "identity": (lambda t, s: t, "Nothing was moved"),
    "rolled": (lambda t, s: np.roll(t, 1, axis=1), "come round"),
    "rolled, flat": (lambda t, s: np.roll(t, 1), "come round"),
    "start over the first word": (put, "took the place of the first word"),
    "start over the last word": (lambda t, s: put(t, s, (slice(None), -1)), "expected"),
    "to the left, start behind": (lambda t, s: np.hstack([t[:, 1:], np.full((len(t), 1), s)]), "to the left"),
    "to the left, 0 behind": (lambda t, s: np.hstack([t[:, 1:], np.zeros((len(t), 1), int)]), "to the left"),
    "rolled to the left": (lambda t, s: np.roll(t, -1, axis=1), "to the left"),
    "turned round": (lambda t, s: shifted(t, s)[:, ::-1], "turned round"),
    "0 in front": (lambda t, s: shifted(t, 0), "stands 0: put `start`"),
    "1 in front": (lambda t, s: shifted(t, 1), "stands 1: put `start`"),
    "2 in front": (lambda t, s: shifted(t, 2), "stands 2: put `start`"),
    "from the left, start first": (copied_from_the_left, "Only start tokens came out"),
    "from the left": (lambda t, s: copied_from_the_left(t, s, False), "Only first words came out"),
    "two places": (shifted_twice, "two places on"),
    "only the first row": (first_row_only, "Only the first row"),
    "flat": (lambda t, s: np.array([s, *t.ravel()[:-1]]).reshape(t.shape), "Only the first row"),
    "captions": (lambda t, s: np.vstack([np.full((1, t.shape[1]), s), t[:-1]]), "whole captions down"),
    "captions rolled": (lambda t, s: np.roll(t, 1, axis=0), "whole captions down"),
    "captions rolled, start in front": (lambda t, s: put(np.roll(t, 1, axis=0), s), "whole captions down"),
    "without the last word": (without_end, "last \\*word\\* went"),
    "padding stays": (lambda t, s: np.where(t == 0, 0, shifted(t, s)), "last \\*word\\* went"),
    "start before padding": (lambda t, s: np.where(t == 0, s, shifted(t, s)), "expected"),
    "none dropped": (lambda t, s: np.insert(t, 0, s, axis=1), "the last one goes"),
    "only dropped": (lambda t, s: t[:, :-1], "put the start token in front"),
    "a row of start": (lambda t, s: np.insert(t, 0, s, axis=0), "row of its own"),
    "flattened": (lambda t, s: shifted(t, s).ravel(), "rows are gone"),
    "inserted, flat": (lambda t, s: np.insert(t, 0, s), "rows are gone"),
    "one row": (lambda t, s: shifted(t, s)[0], "That is one row"),
    "transposed": (lambda t, s: shifted(t, s).T, "another order"),
    "floats": (lambda t, s: shifted(t, s).astype(float), "Whole numbers are asked"),
    "bytes": (lambda t, s: shifted(t, s).astype(np.uint8), "70000"),
    "short numbers": (lambda t, s: shifted(t, s).astype(np.int16), "70000"),
    "one-hot": (lambda t, s: np.eye(70_001, dtype=int)[shifted(t, s)[:, :1]], "There are 3 axes"),
    "in place": (shifted_in_place, "changed the arrays"),
    "roll in place": (lambda t, s: shifted_in_place(t, s) * 1, "changed the arrays"),
    "seven tokens": (lambda t, s: shifted(t, s)[:, :7], "the start token|expected \\(3, 12\\)"),
    "made for five": (
        lambda t, s: np.hstack([np.full((5, 1), s), t[:, :-1]]),
        "Two shapes do not fit|must match",
    ),
    "squeezed": (lambda t, s: shifted(t, s).squeeze(), "squeeze"),
    "constant": (lambda t, s: np.full_like(t, 9), "All of your numbers are 9"),
    "empty": (lambda t, s: [], "has shape \\(0,\\)"),
    "no return": (lambda t, s: None, "without `return`"),
}

# --- 7.2 ----------------------------------------------------------------------------------------------------


def word_losses(logits, targets):
    return -np.take_along_axis(log_softmax(logits, axis=-1), targets[..., None], axis=-1)[..., 0]


def loss_by_hand(logits, targets):
    """The course's solution."""
    lowered = logits - logits.max(axis=-1, keepdims=True)
    log_p = lowered - np.log(np.exp(lowered).sum(axis=-1, keepdims=True))
    right = np.take_along_axis(log_p, targets[..., np.newaxis], axis=-1)[..., 0]
    return float(-right[targets != 0].mean())


def loss_by_loop(logits, targets):
    total, words = 0.0, 0
    for row, right in zip(logits.tolist(), targets.tolist(), strict=True):
        for scores, word in zip(row, right, strict=True):
            if word == 0:
                continue
            highest = max(scores)
            total += highest + math.log(sum(math.exp(one - highest) for one in scores)) - scores[word]
            words += 1
    return total / words


def loss_by_one_hot(logits, targets):
    right = np.eye(logits.shape[-1])[targets]
    right[..., 0] = 0
    return -(right * log_softmax(logits, axis=-1)).sum() / right.sum()


def loss_by_einsum(logits, targets):
    right = (targets[..., None] == np.arange(logits.shape[-1])) & (targets[..., None] > 0)
    return -np.einsum("ntv,ntv", right.astype(float), log_softmax(logits, axis=2)) / (targets > 0).sum()


def loss_of_words_only(logits, targets):
    logits, targets = logits[targets != 0], targets[targets != 0]
    return np.mean(logsumexp(logits, axis=1) - logits[np.arange(len(targets)), targets])


def loss_by_keras(logits, targets):
    losses = keras.losses.sparse_categorical_crossentropy(targets, logits.astype("float32"), from_logits=True)
    is_word = ops.cast(ops.not_equal(targets, 0), "float32")
    return ops.sum(losses * is_word) / ops.sum(is_word)


def loss_by_tensorflow(logits, targets):
    losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=targets, logits=logits)
    return tf.reduce_mean(tf.boolean_mask(losses, targets > 0))


def loss_by_weights(logits, targets):
    return np.average(word_losses(logits, targets), weights=targets > 0)


def among(logits, targets, choose):
    """The mean of the words' losses where a mask says so; of none it is 0."""
    losses, mask = word_losses(logits, targets), choose(targets)
    return losses[mask].mean() if mask.any() else 0.0


def along(logits, targets, axis):
    log_p = log_softmax(logits, axis=axis)
    return -np.take_along_axis(log_p, targets[..., None], axis=-1)[..., 0][targets > 0].mean()


def of_other(logits, targets, other):
    return -np.take_along_axis(log_softmax(logits, axis=-1), other[..., None], axis=-1)[..., 0][
        targets > 0
    ].mean()


def mean_of_means(logits, targets, empty=0.0):
    is_word = targets > 0
    means = [
        losses[mask].mean() if mask.any() else empty
        for losses, mask in zip(word_losses(logits, targets), is_word, strict=True)
    ]
    return np.mean(means) if empty == 0 else np.nanmean(means)


def mean_of_means_with_nan(logits, targets):
    is_word = targets > 0
    return ((word_losses(logits, targets) * is_word).sum(axis=1) / is_word.sum(axis=1)).mean()


def without_logit_0(logits, targets):
    losses = logsumexp(logits[..., 1:], axis=-1) - np.take_along_axis(logits, targets[..., None], -1)[..., 0]
    return losses[targets > 0].mean()


def again_shifted(logits, targets, back=False):
    if targets.shape[1] == 1:
        return loss_by_hand(logits, targets)
    return (
        loss_by_hand(logits[:, 1:], targets[:, :-1]) if back else loss_by_hand(logits[:, :-1], targets[:, 1:])
    )


def naive_caption_loss(logits, targets, low=0.0, add=0.0):
    powers = np.exp(logits)
    p = np.take_along_axis(powers / powers.sum(axis=-1, keepdims=True), targets[..., None], -1)[..., 0]
    return -np.log(np.maximum(p, low) + add)[targets > 0].mean()


def caption_loss_in_place(logits, targets):
    logits -= logits.max(axis=-1, keepdims=True)
    return loss_by_hand(logits, targets)


def probabilities_first(logits, targets, low=0.0, add=0.0):
    p = np.take_along_axis(softmax(logits, axis=-1), targets[..., None], -1)[..., 0]
    return -np.log(np.maximum(p, low) + add)[targets > 0].mean()


def less_largest_of_all(logits, targets):
    powers = np.exp(logits - logits.max())
    p = np.take_along_axis(powers / powers.sum(axis=-1, keepdims=True), targets[..., None], -1)[..., 0]
    return -np.log(p)[targets > 0].mean()


def of_word(logits, targets):
    return np.take_along_axis(logits, targets[..., None], axis=-1)[..., 0][targets > 0]


def by_word(logits, targets):
    losses = word_losses(logits, targets)
    return np.mean([losses[targets == word].mean() for word in np.unique(targets[targets > 0])])


def by_places(logits, targets, places):
    mask = np.zeros(targets.shape, bool)
    mask[:, places] = targets[:, places] > 0
    return word_losses(logits, targets)[mask].mean() if mask.any() else 0.0


LOSS_RIGHT = {
    "signs": lambda z, t: np.dot(word_losses(z, t).ravel(), np.sign(t).ravel()) / np.sign(t).sum(),
    "differences": lambda z, t: np.mean(
        [np.logaddexp.reduce(z[i, k] - z[i, k, t[i, k]]) for i, k in np.argwhere(t)]
    ),
    "the course's solution": loss_by_hand,
    "loop": loss_by_loop,
    "one-hot": loss_by_one_hot,
    "einsum": loss_by_einsum,
    "words only": loss_of_words_only,
    "Keras, single precision": loss_by_keras,
    "TensorFlow": loss_by_tensorflow,
    "weights": loss_by_weights,
    "an array without axes": lambda z, t: np.array(loss_by_hand(z, t)),
    "float32": lambda z, t: np.float32(loss_by_hand(z.astype("float32"), t)),
    "masked array": lambda z, t: float(np.ma.masked_where(t == 0, word_losses(z, t)).mean()),
    "not a number for padding": lambda z, t: np.nanmean(np.where(t == 0, np.nan, word_losses(z, t))),
    "flat": lambda z, t: loss_by_hand(z.reshape(1, -1, z.shape[-1]), t.reshape(1, -1)),
    "softmax of a log-softmax": lambda z, t: loss_by_hand(log_softmax(z, axis=-1), t),
    "logaddexp": lambda z, t: (np.logaddexp.reduce(z, axis=-1)[t > 0] - of_word(z, t)).mean(),
}
LOSS_WRONG = {
    "half precision": (
        lambda z, t: word_losses(z.astype(np.float16), t)[t > 0].astype(float).mean(),
        "expected",
    ),
    "each word once": (by_word, "expected"),
    "median": (lambda z, t: np.median(word_losses(z, t)[t > 0]), "expected"),
    "less the largest": (lambda z, t: (z.max(axis=-1)[t > 0] - of_word(z, t)).mean(), "expected"),
    "sigmoid": (lambda z, t: np.logaddexp(0, -of_word(z, t)).mean(), "expected"),
    "last place dropped": (lambda z, t: by_places(z, t, slice(-1)), "expected"),
    "first place dropped": (lambda z, t: by_places(z, t, slice(1, None)), "expected"),
    "first caption": (lambda z, t: word_losses(z, t)[0][t[0] > 0].mean(), "expected"),
    "where padding is not guessed": (
        lambda z, t: word_losses(z, t)[(z.argmax(axis=-1) > 0)].mean(),
        "expected",
    ),
    "padding counts": (lambda z, t: word_losses(z, t).mean(), "Padding counts"),
    "all places": (lambda z, t: (word_losses(z, t) * (t > 0)).mean(), "divided by all 24 places"),
    "sum": (lambda z, t: word_losses(z, t)[t > 0].sum(), "That is a sum"),
    "per caption": (lambda z, t: word_losses(z, t)[t > 0].sum() / len(t), "divided by the 4 captions"),
    "logarithms of logits": (lambda z, t: -of_word(np.log(z), t)[t > 0].mean(), "the softmax comes first"),
    "per place": (lambda z, t: word_losses(z, t)[t > 0].sum() / t.shape[1], "divided by the length, 6"),
    "mean of means": (mean_of_means, "mean of each caption"),
    "mean of means, NaN left out": (lambda z, t: mean_of_means(z, t, np.nan), "mean of each caption"),
    "mean of means with NaN": (mean_of_means_with_nan, "mean of each caption"),
    "NaN where all is padding": (
        lambda z, t: np.nan if not (t > 0).any(axis=1).all() else loss_by_hand(z, t),
        "nothing but padding",
    ),
    "up to the first padding": (
        lambda z, t: among(z, t, lambda t: (t > 0).cumprod(axis=1) > 0),
        "between words",
    ),
    "as many as there are words": (
        lambda z, t: among(z, t, lambda t: np.arange(t.shape[1]) < (t > 0).sum(axis=1, keepdims=True)),
        "between words",
    ),
    "up to the last word": (
        lambda z, t: among(z, t, lambda t: (t > 0)[:, ::-1].cumsum(axis=1)[:, ::-1] > 0),
        "between words",
    ),
    "padded captions left out": (
        lambda z, t: among(z, t, lambda t: np.repeat((t > 0).all(axis=1, keepdims=True), t.shape[1], axis=1)),
        "every caption that holds padding",
    ),
    "padded places left out": (
        lambda z, t: among(z, t, lambda t: np.repeat([(t > 0).all(axis=0)], len(t), axis=0)),
        "any caption has padding",
    ),
    "only padding": (lambda z, t: among(z, t, lambda t: t == 0), "mask is turned round"),
    "word 1 too": (lambda z, t: among(z, t, lambda t: t > 1), "left out word 1"),
    "logits of padding 0": (
        lambda z, t: word_losses(z * (t > 0)[..., None], t).mean(),
        "still costs log 9",
    ),
    "softmax over captions": (lambda z, t: along(z, t, 0), "another axis"),
    "softmax over places": (lambda z, t: along(z, t, 1), "another axis"),
    "softmax over everything": (lambda z, t: along(z, t, None), "another axis"),
    "without logit 0": (without_logit_0, "logit 0 out of the softmax"),
    "the logit before": (lambda z, t: of_other(z, t, t - 1), "beside the right one"),
    "the logit after": (lambda z, t: of_other(z, t, (t + 1) % z.shape[-1]), "beside the right one"),
    "shifted again": (again_shifted, "shifted logits against targets"),
    "shifted back": (lambda z, t: again_shifted(z, t, True), "shifted logits against targets"),
    "bits": (lambda z, t: loss_by_hand(z, t) / np.log(2), "in bits"),
    "base 10": (lambda z, t: loss_by_hand(z, t) / np.log(10), "base 10"),
    "negative": (lambda z, t: -loss_by_hand(z, t), "came out negative"),
    "perplexity": (lambda z, t: np.exp(loss_by_hand(z, t)), "perplexity"),
    "one minus": (
        lambda z, t: 1 - np.exp(-word_losses(z, t))[t > 0].mean(),
        "one minus the mean probability",
    ),
    "mean probability": (
        lambda z, t: np.exp(-word_losses(z, t))[t > 0].mean(),
        "That is the mean probability",
    ),
    "logarithm of the mean": (
        lambda z, t: -np.log(np.exp(-word_losses(z, t))[t > 0].mean()),
        "the mean of the logarithms",
    ),
    "no softmax": (lambda z, t: -of_word(z, t).mean(), "softmax is missing"),
    "sum below only": (lambda z, t: logsumexp(z, axis=-1)[t > 0].mean(), "subtract the right word's logit"),
    "exponentiated twice": (lambda z, t: loss_by_hand(np.exp(z), t), "exponentiated twice"),
    "softmax twice": (lambda z, t: loss_by_hand(softmax(z, axis=-1), t), "softmax twice"),
    "the likeliest": (lambda z, t: -log_softmax(z, axis=-1).max(axis=-1)[t > 0].mean(), "likeliest word"),
    "all words": (lambda z, t: -log_softmax(z, axis=-1)[t > 0].mean(), "all words that could be said"),
    "errors": (lambda z, t: (z.argmax(axis=-1) != t)[t > 0].mean(), "right or wrong words"),
    "hits": (lambda z, t: (z.argmax(axis=-1) == t)[t > 0].mean(), "right or wrong words"),
    "overflow": (naive_caption_loss, "np.exp\\(1000\\) is infinite"),
    "less the largest of all": (less_largest_of_all, "largest logit of each place"),
    "no power above 0": (probabilities_first, "not of a probability"),
    "clipped": (lambda z, t: probabilities_first(z, t, 1e-7), "do not clip"),
    "a small number added": (lambda z, t: probabilities_first(z, t, add=1e-12), "add a small number"),
    "logits clipped": (lambda z, t: loss_by_hand(np.clip(z, -500, 500), t), "do not clip"),
    "a small word added": (lambda z, t: loss_by_hand(z, t) * (t > 0).sum() / ((t > 0).sum() + 1), "expected"),
    "smoothed": (
        lambda z, t: 0.9 * loss_by_hand(z, t) - 0.1 * log_softmax(z, axis=-1)[t > 0].mean(),
        "expected",
    ),
    "in place": (caption_loss_in_place, "changed the arrays"),
    "one for each word": (lambda z, t: word_losses(z, t)[t > 0], "mean left to be taken"),
    "one for each caption": (lambda z, t: (word_losses(z, t) * (t > 0)).sum(axis=1), "mean left to be taken"),
    "a list": (lambda z, t: [loss_by_hand(z, t)], "Take the number out"),
    "made for 9 words": (
        lambda z, t: -(np.eye(9)[t] * log_softmax(z, axis=-1)).sum(axis=-1)[t > 0].mean(),
        "shapes",
    ),
    "identity": (lambda z, t: z, "expected one number"),
    "constant": (lambda z, t: 0.0, "expected"),
    "a uniform guess": (lambda z, t: math.log(z.shape[-1]), "expected"),
    "no return": (lambda z, t: None, "without `return`"),
}

# --- 7.3 ----------------------------------------------------------------------------------------------------


def ordered(probabilities):
    return np.argsort(-probabilities, kind="stable")


def cut_to(probabilities, kept):
    cut = np.zeros(len(probabilities))
    cut[kept] = probabilities[kept] / probabilities[kept].sum()
    return cut


def nucleus(probabilities, p):
    """The course's solution."""
    order = np.argsort(-probabilities, kind="stable")
    kept = order[: 1 + np.searchsorted(np.cumsum(probabilities[order]), p)]
    cut = np.zeros(len(probabilities))
    cut[kept] = probabilities[kept] / probabilities[kept].sum()
    return cut


def nucleus_by_loop(probabilities, p):
    kept, total = [], 0.0
    for token in sorted(range(len(probabilities)), key=lambda token: -probabilities[token]):
        kept.append(token)
        total += float(probabilities[token])
        if total >= p:
            break
    return [float(one) / total if token in kept else 0.0 for token, one in enumerate(probabilities)]


def nucleus_one_by_one(probabilities, p):
    left, cut = probabilities.astype(float), np.zeros(len(probabilities))
    while True:
        best = left.argmax()
        cut[best] = left[best]
        left[best] = -1
        if cut.sum() >= p or (left < 0).all():
            return cut / cut.sum()


def nucleus_by_what_was_before(probabilities, p):
    order = ordered(probabilities)
    before = np.concatenate([[0.0], np.cumsum(probabilities[order].astype(float))[:-1]])
    keep = before < p
    keep[0] = True
    cut = np.zeros(len(probabilities))
    cut[order[keep]] = probabilities[order[keep]]
    return cut / cut.sum()


def nucleus_by_keras(probabilities, p):
    probabilities = ops.convert_to_tensor(probabilities.astype("float32"))
    values, order = ops.top_k(probabilities, len(probabilities))
    before = ops.cumsum(values) - values
    keep = ops.logical_or(before < p - 1e-6, ops.arange(len(probabilities)) == 0)
    cut = ops.scatter(order[:, None], ops.where(keep, values, 0.0), probabilities.shape)
    return cut / ops.sum(cut)


def nucleus_by_ranks(probabilities, p):
    ranks = np.argsort(ordered(probabilities))
    sums = np.sort(probabilities)[::-1].cumsum()
    count = min(len(sums), 1 + int((sums < p).sum()))
    cut = probabilities * (ranks < count)
    return cut / cut.sum()


def nucleus_by_fewest(probabilities, p):
    order = ordered(probabilities)
    for count in range(1, len(order) + 1):
        if probabilities[order[:count]].sum() >= p:
            break
    return cut_to(probabilities, order[:count])


def nucleus_by_course(probabilities, p):
    return search.next_token_probabilities(np.log(probabilities), top_p=p)


def nucleus_by(order=ordered, count=lambda sums, p: 1 + np.searchsorted(sums, p)):
    """A nucleus of another order, or of as many tokens as a function of the sums and p says."""

    def answer(probabilities, p):
        by = order(probabilities)
        return cut_to(probabilities, by[: count(np.cumsum(probabilities[by]), p)])

    return answer


def nucleus_where(choose):
    def answer(probabilities, p):
        return cut_to(probabilities, choose(probabilities, p))

    return answer


def at_least_one(mask, probabilities):
    return mask if mask.any() else np.arange(len(mask)) == probabilities.argmax()


def all_equals(probabilities, p):
    return probabilities >= probabilities[nucleus(probabilities, p) > 0].min()


def rescaled(make):
    """The right tokens, with what a function makes of their probabilities; 0 elsewhere."""

    def answer(probabilities, p):
        kept = nucleus(probabilities, p) > 0
        return np.where(kept, make(np.where(kept, probabilities, 0), p), 0)

    return answer


def in_order_of_likelihood(probabilities, p):
    return np.sort(nucleus(probabilities, p))[::-1]


def only_kept(probabilities, p):
    return nucleus(probabilities, p)[nucleus(probabilities, p) > 0]


def mixed_up(probabilities, p):
    cut = nucleus(probabilities, p)
    cut[cut > 0] = np.sort(cut[cut > 0])[::-1]
    return cut


def nucleus_in_place(probabilities, p):
    probabilities[nucleus(probabilities, p) == 0] = 0
    return probabilities / probabilities.sum()


def nucleus_by_while(probabilities, p):
    order, total, count = ordered(probabilities), 0.0, 0
    while total < p or count == 0:
        total += probabilities[order[count]]
        count += 1
    return cut_to(probabilities, order[:count])


def none_for_0(probabilities, p):
    cut = np.where(
        np.isin(np.arange(len(probabilities)), ordered(probabilities)[: int(np.ceil(p * 99))]), 1, 0
    )
    return nucleus(probabilities, p) * (cut if p == 0 else 1)


def nucleus_by_sum_of_likelier(probabilities, p):
    places = np.arange(len(probabilities))
    likelier = (probabilities > probabilities[:, None]) | (
        (probabilities == probabilities[:, None]) & (places < places[:, None])
    )
    before = likelier @ probabilities
    return cut_to(probabilities, (before < p) | ~likelier.any(axis=1))


def nucleus_from_a_heap(probabilities, p):
    left = [(-float(one), token) for token, one in enumerate(probabilities)]
    heapq.heapify(left)
    cut = np.zeros(len(probabilities))
    while left and (not cut.any() or cut.sum() < p):
        one, token = heapq.heappop(left)
        cut[token] = -one
    return cut / cut.sum()


def last_of_equals_for_0(probabilities, p):
    last = len(probabilities) - 1 - probabilities[::-1].argmax()
    return (np.arange(len(probabilities)) == last) * 1.0 if p == 0 else nucleus(probabilities, p)


def rest_to_the_likeliest(probabilities, p):
    cut = np.where(nucleus(probabilities, p) > 0, probabilities, 0)
    cut[probabilities.argmax()] += 1 - cut.sum()
    return cut


NUCLEUS_RIGHT = {
    "what is likelier": nucleus_by_sum_of_likelier,
    "a heap": nucleus_from_a_heap,
    "the course's solution": nucleus,
    "loop, lists": nucleus_by_loop,
    "one by one": nucleus_one_by_one,
    "what was before": nucleus_by_what_was_before,
    "Keras, single precision": nucleus_by_keras,
    "ranks": nucleus_by_ranks,
    "the fewest that will do": nucleus_by_fewest,
    "float32": lambda q, p: nucleus(q, p).astype("float32"),
    "a tensor": lambda q, p: tf.constant(nucleus(q, p)),
    "lexsort": nucleus_by(order=lambda q: np.lexsort([np.arange(len(q)), -q])),
    "where": lambda q, p: np.where(nucleus(q, p) > 0, q, 0) / q[nucleus(q, p) > 0].sum(),
    "unlikely ones dropped": nucleus_by(
        order=lambda q: np.argsort(q[::-1], kind="stable")[::-1] * -1 + len(q) - 1
    ),
}
NUCLEUS_WRONG = {
    "at least two": (
        nucleus_by(count=lambda sums, p: max(2, 1 + np.searchsorted(sums, p))),
        "one token too many",
    ),
    "0.999 for 1": (lambda q, p: nucleus(q, min(p, 0.999)), "with which the sum reaches p belongs"),
    "the last of equals for p = 0": (last_of_equals_for_0, "you kept the last"),
    "rounded sums": (
        nucleus_by(count=lambda sums, p: 1 + np.searchsorted(sums.round(2), p)),
        "as few as reach p",
    ),
    "half precision": (lambda q, p: nucleus(q, p).astype(np.float16), "expected"),
    "sharpened": (lambda q, p: nucleus(q, p) ** 1.1 / (nucleus(q, p) ** 1.1).sum(), "expected"),
    "the rest to the likeliest": (rest_to_the_likeliest, "expected"),
    "small ones cut too": (
        lambda q, p: np.where(nucleus(q, p) < 1e-2, 0, nucleus(q, p)),
        "as few as reach p",
    ),
    "the course's own": (nucleus_by_course, OWN),
    "one too few": (
        nucleus_by(count=lambda sums, p: max(1, (sums < p).sum())),
        "with which the sum reaches p belongs",
    ),
    "one too few, at most": (
        nucleus_by(count=lambda sums, p: max(1, (sums <= p).sum())),
        "with which the sum reaches p belongs",
    ),
    "one too many": (nucleus_by(count=lambda sums, p: 2 + (sums < p).sum()), "one token too many"),
    "more than p": (
        nucleus_by(count=lambda sums, p: 1 + (sums <= p).sum()),
        "exactly and you took one token more",
    ),
    "nothing cut": (lambda q, p: q, "Nothing was cut"),
    "not sorted": (nucleus_by(order=lambda q: np.arange(len(q))), "sort first"),
    "upwards": (nucleus_by(order=np.argsort), "began with the unlikeliest"),
    "equals turned round": (
        nucleus_by(order=lambda q: np.argsort(q, kind="stable")[::-1]),
        "Of equally likely tokens you kept the last ones: your sort is not stable",
    ),
    "an unstable sort": (
        nucleus_by(order=lambda q: np.lexsort([(np.arange(len(q)) * 7) % 5, -q])),
        'kind="stable"',
    ),
    "all equals": (nucleus_where(all_equals), "every token as likely as the last one"),
    "each as likely as p": (
        nucleus_where(lambda q, p: at_least_one(q >= p, q)),
        "reaches p; one by itself seldom does",
    ),
    "each as likely as p, or none": (nucleus_where(lambda q, p: q >= p), "not with each by itself"),
    "each as likely as 1 − p": (
        nucleus_where(lambda q, p: at_least_one(q >= 1 - p, q)),
        "reaches p; one by itself seldom does",
    ),
    "each as likely as 1 − p, or none": (nucleus_where(lambda q, p: q >= 1 - p), "not with each by itself"),
    "a share of the likeliest": (nucleus_where(lambda q, p: q >= p * q.max()), "p times the likeliest"),
    "a share of the vocabulary": (
        nucleus_by(count=lambda sums, p: max(1, int(np.ceil(p * len(sums))))),
        "share p of the vocabulary",
    ),
    "the likeliest": (nucleus_by(count=lambda sums, p: 1), "Only the likeliest"),
    "turned round": (
        nucleus_where(lambda q, p: at_least_one(nucleus(q, p) == 0, q)),
        "what is to be cut",
    ),
    "in order of likelihood": (in_order_of_likelihood, "order of likelihood"),
    "only the kept": (only_kept, "only the tokens that are kept"),
    "tokens": (
        lambda q, p: ordered(q)[: 1 + np.searchsorted(np.sort(q)[::-1].cumsum(), p)],
        "expected \\(11,\\)",
    ),
    "a mask": (lambda q, p: nucleus(q, p) > 0, "has dtype bool"),
    "falls short of 1": (
        nucleus_by(count=lambda sums, p: 1 + np.argmax(sums >= p)),
        "`argmax` of a comparison",
    ),
    "stops at 1": (nucleus_by_while, "no token is left to be added"),
    "nowhere": (
        nucleus_by(count=lambda sums, p: 1 + np.flatnonzero(sums >= p)[0]),
        "no token is left to be added",
    ),
    "none for p = 0": (none_for_0, "nothing but 0"),
    "divided by nothing": (
        lambda q, p: np.full(len(q), np.nan) if p == 0 else nucleus(q, p),
        "not finite",
    ),
    "not scaled": (rescaled(lambda cut, p: cut), "divide by that, so that they sum to 1"),
    "divided by p": (rescaled(lambda cut, p: cut / max(p, 1e-9)), "You divided by p"),
    "scaled to p": (rescaled(lambda cut, p: p * cut / cut.sum()), "What you keep sums to p"),
    "uniform": (rescaled(lambda cut, p: (cut > 0) / (cut > 0).sum()), "became equally likely"),
    "by the largest": (rescaled(lambda cut, p: cut / cut.max()), "divided by the largest"),
    "softmax": (
        rescaled(lambda cut, p: np.exp(cut) / np.exp(cut)[cut > 0].sum()),
        "softmax of probabilities",
    ),
    "logarithms": (rescaled(lambda cut, p: np.log(cut / cut.sum())), "Those are logarithms"),
    "square": (rescaled(lambda cut, p: cut**2 / (cut**2).sum()), "expected"),
    "mixed up": (mixed_up, "one another's probabilities"),
    "nearly 0": (lambda q, p: np.maximum(nucleus(q, p), 1e-9), "exactly 0 is asked"),
    "a small number added": (
        lambda q, p: (nucleus(q, p) + 1e-8) / (nucleus(q, p) + 1e-8).sum(),
        "exactly 0 is asked",
    ),
    "−∞": (lambda q, p: np.where(nucleus(q, p) > 0, nucleus(q, p), -np.inf), "not finite"),
    "rounded": (lambda q, p: nucleus(q, p).round(2), "expected"),
    "whole numbers": (lambda q, p: nucleus(q, p).astype(int), "fractions are lost"),
    "in place": (nucleus_in_place, "changed the arrays"),
    "made for eleven": (lambda q, p: nucleus(q, p) * np.ones(11), "Two shapes do not fit"),
    "a batch": (lambda q, p: nucleus(q, p)[None], "left over"),
    "how many": (lambda q, p: float((nucleus(q, p) > 0).sum()), "for \\*each\\* token"),
    "constant": (lambda q, p: np.full(len(q), 1 / len(q)), "Nothing was cut"),
    "empty": (lambda q, p: [], "has shape \\(0,\\)"),
    "no return": (lambda q, p: None, "without `return`"),
}

# --- 7.4 ----------------------------------------------------------------------------------------------------


def best_of(continued, width):
    flat = np.argsort(-continued, axis=None, kind="stable")[:width]
    return np.unravel_index(flat, continued.shape)


def beam(log_probabilities, totals, width):
    """The course's solution."""
    continued = totals[:, np.newaxis] + log_probabilities
    best = np.argsort(-continued, axis=None, kind="stable")[:width]
    parents, tokens = np.divmod(best, continued.shape[1])
    return parents, tokens, continued[parents, tokens]


def beam_by_loop(log_probabilities, totals, width):
    found = [
        (totals[b] + log_probabilities[b, w], b, w)
        for b in range(len(totals))
        for w in range(log_probabilities.shape[1])
    ]
    found.sort(key=lambda one: -one[0])
    new, parents, tokens = zip(*found[:width], strict=True)
    return parents, tokens, new


def beam_by_sorted_tuples(log_probabilities, totals, width):
    found = sorted(
        (-(total + one), b, w)
        for b, (total, row) in enumerate(zip(totals.tolist(), log_probabilities.tolist(), strict=True))
        for w, one in enumerate(row)
    )
    return [
        [b for _, b, _ in found[:width]],
        [w for *_, w in found[:width]],
        [-one for one, *_ in found[:width]],
    ]


def beam_by_heap(log_probabilities, totals, width):
    continued = totals[:, None] + log_probabilities
    pairs = heapq.nlargest(width, np.ndindex(*continued.shape), key=lambda pair: continued[pair])
    parents, tokens = np.array(pairs).T
    return parents, tokens, continued[parents, tokens]


def beam_by_rows(log_probabilities, totals, width):
    """Cuts each row to its best first."""
    tokens = np.argsort(-log_probabilities, axis=1, kind="stable")[:, :width]
    new = totals[:, None] + np.take_along_axis(log_probabilities, tokens, axis=1)
    beams = np.broadcast_to(np.arange(len(totals))[:, None], tokens.shape)
    order = np.lexsort([tokens.ravel(), beams.ravel(), -new.ravel()])[:width]
    return beams.ravel()[order], tokens.ravel()[order], new.ravel()[order]


def beam_by_argmax(log_probabilities, totals, width):
    """Takes the best again and again, from a table in which those taken are marked."""
    continued = totals[:, None] + log_probabilities
    taken, found = np.zeros(continued.shape, bool), []
    for _ in range(width):
        # Among −∞ too, one that is not taken is better.
        best = max(np.argwhere(~taken).tolist(), key=lambda pair: continued[tuple(pair)])
        taken[tuple(best)] = True
        found.append((*best, continued[tuple(best)]))
    return tuple(np.array(part) for part in zip(*found, strict=True))


def beam_by_keras(log_probabilities, totals, width):
    continued = ops.expand_dims(ops.convert_to_tensor(totals), 1) + ops.convert_to_tensor(log_probabilities)
    values, flat = ops.top_k(ops.reshape(continued, (-1,)), width)
    return flat // log_probabilities.shape[1], flat % log_probabilities.shape[1], values


def steps(
    choose=lambda continued, log_p, totals: continued,
    give=lambda p, t, continued, log_p, totals: continued[p, t],
):
    """A step that chooses by another table, or gives other totals."""

    def answer(log_probabilities, totals, width):
        continued = totals[:, None] + log_probabilities
        with np.errstate(all="ignore"):
            parents, tokens = best_of(choose(continued, log_probabilities, totals), width)
            return parents, tokens, give(parents, tokens, continued, log_probabilities, totals)

    return answer


def changed(make):
    def answer(log_probabilities, totals, width):
        with np.errstate(all="ignore"):
            return make(*beam(log_probabilities, totals, width), log_probabilities.shape)

    return answer


def flat_order(order):
    def answer(log_probabilities, totals, width):
        continued = totals[:, None] + log_probabilities
        parents, tokens = np.divmod(order(continued.ravel())[:width], continued.shape[1])
        return parents, tokens, continued[parents, tokens]

    return answer


def worst(log_probabilities, totals, width):
    return flat_order(np.argsort)(log_probabilities, totals, width)


def word_first(log_probabilities, totals, width):
    continued = totals[:, None] + log_probabilities
    tokens, parents = best_of(continued.T, width)
    return parents, tokens, continued[parents, tokens]


def each_once(log_probabilities, totals, width):
    continued = totals[:, None] + log_probabilities
    order = np.argsort(-continued.max(axis=1), kind="stable")[:width]
    return order, continued.argmax(axis=1)[order], continued.max(axis=1)[order]


def best_beginning(log_probabilities, totals, width):
    one = totals.argmax()
    tokens = np.argsort(-log_probabilities[one], kind="stable")[:width]
    return np.full(len(tokens), one), tokens, totals[one] + log_probabilities[one][tokens]


def not_ordered(log_probabilities, totals, width):
    parents, tokens, new = beam(log_probabilities, totals, width)
    order = np.lexsort([tokens, parents])
    return parents[order], tokens[order], new[order]


def finite_only(log_probabilities, totals, width):
    parents, tokens, new = beam(log_probabilities, totals, width)
    return parents[new > -np.inf], tokens[new > -np.inf], new[new > -np.inf]


def beam_in_place(log_probabilities, totals, width):
    log_probabilities += totals[:, None]
    return beam(log_probabilities, np.zeros(len(totals)), width)


def repeated(log_probabilities, totals, width):
    parents, tokens, new = beam(log_probabilities, totals, width)
    return (np.full(width, part[0]) for part in (parents, tokens, new))


def unequal_without_totals(log_probabilities, totals, width):
    continued = log_probabilities + (totals if len(totals) == log_probabilities.shape[1] else totals[:, None])
    return beam(continued, np.zeros(len(totals)), width)


def merged_rows(log_probabilities, totals, width):
    rows = [
        sorted((-(total + one), b, w) for w, one in enumerate(row))
        for b, (total, row) in enumerate(zip(totals, log_probabilities, strict=True))
    ]
    found = [*heapq.merge(*rows)][:width]
    return [b for _, b, _ in found], [w for *_, w in found], [-one for one, *_ in found]


def partitioned(log_probabilities, totals, width):
    def order(flat):
        some = np.argpartition(-flat, width - 1)[:width]
        return some[np.argsort(-flat[some], kind="stable")]

    return flat_order(order)(log_probabilities, totals, width)


def without_dead(log_probabilities, totals, width):
    alive = totals > -np.inf
    return beam(log_probabilities[alive], totals[alive], width)


def taken_by_minus_infinity(log_probabilities, totals, width):
    continued, kept = totals[:, None] + log_probabilities, []
    for _ in range(width):
        best = np.unravel_index(continued.argmax(), continued.shape)
        kept.append((*best, continued[best]))
        continued[best] = -np.inf
    return tuple(np.array(part) for part in zip(*kept, strict=True))


def each_word_once(log_probabilities, totals, width):
    continued = totals[:, None] + log_probabilities
    tokens = np.argsort(-continued.max(axis=0), kind="stable")[:width]
    return continued.argmax(axis=0)[tokens], tokens, continued.max(axis=0)[tokens]


BEAM_RIGHT = {
    "rows merged": merged_rows,
    "short whole numbers": lambda a, b, w: tuple(
        part.astype(kind) for part, kind in zip(beam(a, b, w), ("uint8", "int8", "float64"), strict=True)
    ),
    "the course's solution": beam,
    "loop": beam_by_loop,
    "sorted tuples, lists": beam_by_sorted_tuples,
    "heap": beam_by_heap,
    "rows first": beam_by_rows,
    "the best again and again": beam_by_argmax,
    "Keras": beam_by_keras,
    "unravelled": steps(),
    "float32": lambda a, b, w: tuple(
        part.astype(kind) for part, kind in zip(beam(a, b, w), ("int32", "int32", "float32"), strict=True)
    ),
    "stable upwards, turned round": flat_order(
        lambda flat: len(flat) - 1 - np.argsort(flat[::-1], kind="stable")[::-1]
    ),
    "lexsort": flat_order(lambda flat: np.lexsort([np.arange(len(flat)), -flat])),
    "tensors": lambda a, b, w: [tf.constant(part) for part in beam(a, b, w)],
    "einsum of ones": lambda a, b, w: beam(
        np.einsum("b,v->bv", np.maximum(b, -1e30), np.ones(a.shape[1])) * 0 + a, b, w
    ),
}
BEAM_WRONG = {
    "partitioned": (partitioned, "others put equals anywhere"),
    "dead beginnings dropped": (without_dead, "parents for 3 beginnings"),
    "each word once": (each_word_once, "expected"),
    "−1 where nothing can come": (
        changed(lambda p, t, n, shape: (np.where(n == -np.inf, -1, p), np.where(n == -np.inf, -1, t), n)),
        "where the totals are −∞",
    ),
    "parents sorted": (changed(lambda p, t, n, shape: (np.sort(p), t, n)), "expected"),
    "by the length": (changed(lambda p, t, n, shape: (p, t, n / 4)), "0.25 times"),
    "rounded": (changed(lambda p, t, n, shape: (p, t, n.round(1))), "expected"),
    "half precision": (lambda a, b, w: beam(a.astype(np.float16), b.astype(np.float16), w), "expected"),
    "a dictionary": (lambda a, b, w: dict(zip("ptn", beam(a, b, w), strict=True)), "found a dictionary"),
    "one table": (lambda a, b, w: np.stack(beam(a, b, w)), "Whole numbers are asked"),
    "worst last turned round": (
        changed(lambda p, t, n, shape: (p[::-1], t[::-1], n[::-1])),
        "opposite order",
    ),
    "worst": (worst, "kept the worst"),
    "equals turned round": (
        flat_order(lambda flat: np.argsort(flat, kind="stable")[::-1]),
        "you took the last of equals",
    ),
    "an unstable sort": (
        flat_order(lambda flat: np.lexsort([(np.arange(len(flat)) * 7) % 11, -flat])),
        "others put equals anywhere",
    ),
    "the word first": (word_first, "looked at the word first"),
    "greater tuples": (
        lambda a, b, w: tuple(
            np.array(part)
            for part in [
                *zip(
                    *[
                        (i, j, x)
                        for x, i, j in sorted(
                            (((b[:, None] + a)[i, j], i, j) for i, j in np.ndindex(*a.shape)), reverse=True
                        )[:w]
                    ],
                    strict=True,
                )
            ]
        ),
        "you took the last of equals",
    ),
    "exchanged": (changed(lambda p, t, n, shape: (t, p, n)), "Parents and tokens are exchanged"),
    "divided by the beginnings": (
        changed(lambda p, t, n, shape: (*np.divmod(p * shape[1] + t, shape[0]), n)),
        "not by 4, the number of beginnings",
    ),
    "divided by the width": (
        changed(lambda p, t, n, shape: (*np.divmod(p * shape[1] + t, len(n)), n)),
        "not by 3, the number that stay",
    ),
    "flat tokens": (
        changed(lambda p, t, n, shape: (p, p * shape[1] + t, n)),
        "tokens count through the whole",
    ),
    "flat parents": (
        changed(lambda p, t, n, shape: (p * shape[1] + t, t, n)),
        "parents count through the whole",
    ),
    "tokens from 1": (changed(lambda p, t, n, shape: (p, t + 1, n)), "tokens begin at 1"),
    "parents from 1": (changed(lambda p, t, n, shape: (p + 1, t, n)), "parents begin at 1"),
    "totals forgotten": (steps(lambda c, a, b: a, lambda p, t, c, a, b: a[p, t]), "forgotten in the choice"),
    "totals added late": (steps(lambda c, a, b: a), "forgotten in the choice"),
    "the last word alone": (steps(give=lambda p, t, c, a, b: a[p, t]), "those of the last word alone"),
    "the parents' totals": (steps(give=lambda p, t, c, a, b: b[p]), "still those of the parents"),
    "each once": (each_once, "continued each beginning once"),
    "the best beginning": (best_beginning, "Only the best beginning was continued"),
    "probabilities added": (
        steps(
            lambda c, a, b: np.exp(a) + np.exp(b)[:, None],
            lambda p, t, c, a, b: np.log(np.exp(a[p, t]) + np.exp(b[p])),
        ),
        "You added probabilities",
    ),
    "probabilities": (changed(lambda p, t, n, shape: (p, t, np.exp(n))), "totals are probabilities"),
    "multiplied": (
        steps(lambda c, a, b: -a * b[:, None], lambda p, t, c, a, b: a[p, t] * b[p]),
        "multiplied logarithms",
    ),
    "subtracted": (
        steps(lambda c, a, b: b[:, None] - a, lambda p, t, c, a, b: b[p] - a[p, t]),
        "subtracted the log-probabilities",
    ),
    "a probability added": (
        steps(lambda c, a, b: b[:, None] + np.exp(a), lambda p, t, c, a, b: b[p] + np.exp(a[p, t])),
        "probabilities to log-probabilities",
    ),
    "softmax again": (
        lambda a, b, w: beam(log_softmax(a, axis=1), b, w),
        "log-probabilities already",
    ),
    "mean": (changed(lambda p, t, n, shape: (p, t, n / 2)), "You took the mean"),
    "sign lost": (changed(lambda p, t, n, shape: (p, t, -n)), "lost their sign"),
    "less the best": (changed(lambda p, t, n, shape: (p, t, n - n.max())), "scaled the totals anew"),
    "scaled to sum 1": (changed(lambda p, t, n, shape: (p, t, n - logsumexp(n))), "scaled the totals anew"),
    "along the words": (unequal_without_totals, "added along the words"),
    "not ordered": (not_ordered, "in another order|others put equals anywhere"),
    "as many as beginnings": (
        lambda a, b, w: beam(a, b, len(b)),
        "As many as the width are asked",
    ),
    "width of each": (
        lambda a, b, w: beam(a, b, min(a.size, w * len(b))),
        "As many as the width are asked",
    ),
    "all": (lambda a, b, w: beam(a, b, a.size), "Those are all continuations"),
    "−∞ left out": (finite_only, "leave none out"),
    "−∞ replaced": (changed(lambda p, t, n, shape: (p, t, np.maximum(n, -1e9))), "put no other number"),
    "−∞ times 0": (changed(lambda p, t, n, shape: (p, t, n + 0 * n)), "NaN in part"),
    "−∞ first": (
        changed(lambda p, t, n, shape: (*(np.roll(x, (n == -np.inf).sum()) for x in (p, t, n)),)),
        "comes last",
    ),
    "in place": (beam_in_place, "changed the arrays"),
    "totals first": (changed(lambda p, t, n, shape: (n, p, t)), "The totals came first"),
    "two": (lambda a, b, w: beam(a, b, w)[:2], "Return three things"),
    "triples": (lambda a, b, w: [*zip(*beam(a, b, w), strict=True)], "list of triples"),
    "triples of Python's numbers": (
        lambda a, b, w: [(int(p), int(t), float(n)) for p, t, n in zip(*beam(a, b, w), strict=True)],
        "list of triples",
    ),
    "parents by one stroke": (
        changed(lambda p, t, n, shape: ((p * shape[1] + t) / shape[1], t, n)),
        "Your parents have fractions",
    ),
    "−∞ where one was taken": (taken_by_minus_infinity, "same continuation twice"),
    "floats": (changed(lambda p, t, n, shape: (p / 1, t / 1, n)), "Whole numbers are asked"),
    "whole totals": (changed(lambda p, t, n, shape: (p, t, n.astype(int))), "fractions are lost"),
    "made for 7 words": (
        lambda a, b, w: (
            beam(a, b, w)[0],
            (beam(a, b, w)[0] * a.shape[1] + beam(a, b, w)[1]) % 7,
            beam(a, b, w)[2],
        ),
        "tokens for 3 beginnings, 11 words",
    ),
    "three": (lambda a, b, w: tuple(part[:3] for part in beam(a, b, w)), "has shape \\(3,\\)"),
    "the best again": (lambda a, b, w: tuple(repeated(a, b, w)), "expected"),
    "identity": (lambda a, b, w: (a, b, w), "has shape \\(4, 7\\)"),
    "empty": (lambda a, b, w: [], "Return three things"),
    "constant": (lambda a, b, w: (np.zeros(w, int), np.zeros(w, int), np.zeros(w)), "expected"),
    "no return": (lambda a, b, w: None, "without `return`"),
}

# --- 7.5 ----------------------------------------------------------------------------------------------------


def flat(lists):
    return [one for some in lists for one in some]


def grams(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words) - n + 1))


def precision(hypothesis, references, n):
    """The course's solution."""
    said, allowed = grams(hypothesis, n), [grams(words, n) for words in references]
    right = sum(min(times, max(one[gram] for one in allowed)) for gram, times in said.items())
    return right / max(1, said.total())


def precision_by_loop(hypothesis, references, n):
    most = {}
    for words in references:
        counts = {}
        for i in range(len(words) - n + 1):
            gram = " ".join(words[i : i + n])
            counts[gram] = counts.get(gram, 0) + 1
            most[gram] = max(most.get(gram, 0), counts[gram])
    right = total = 0
    for i in range(len(hypothesis) - n + 1):
        gram = " ".join(hypothesis[i : i + n])
        total += 1
        if most.get(gram, 0) > 0:
            most[gram] -= 1
            right += 1
    return right / total if total else 0.0


def precision_by_union(hypothesis, references, n):
    most = Counter()
    for words in references:
        most |= grams(words, n)
    said = grams(hypothesis, n)
    return (said & most).total() / said.total() if said else 0.0


def precision_by_zip(hypothesis, references, n):
    def ordered_grams(words):
        return [*zip(*(words[k:] for k in range(n)), strict=False)]

    said, allowed = ordered_grams(hypothesis), [ordered_grams(words) for words in references]
    if not said:
        return 0
    return sum(min(said.count(one), max(some.count(one) for some in allowed)) for one in {*said}) / len(said)


def precision_by_default(hypothesis, references, n):
    counts = [defaultdict(int) for _ in (hypothesis, *references)]
    for words, count in zip((hypothesis, *references), counts, strict=True):
        for i in range(max(0, len(words) - n + 1)):
            count[tuple(words[i : i + n])] += 1
    first, *rest = counts
    total = sum(first.values())
    right = sum(min(times, max(count[gram] for count in rest)) for gram, times in first.items())
    return np.float64(right) / total if total else np.float64(0)


def precision_by_numbers(hypothesis, references, n):
    """Words as whole numbers, n-grams as windows."""
    numbers = {word: k for k, word in enumerate(sorted({*hypothesis, *flat(references)}))}
    if len(hypothesis) < n:
        return 0.0

    def windows(words):
        array = np.array([numbers[word] for word in words], int)
        return (
            np.lib.stride_tricks.sliding_window_view(array, n) if len(array) >= n else np.zeros((0, n), int)
        )

    said, times = np.unique(windows(hypothesis), axis=0, return_counts=True)
    most = [max((windows(words) == gram).all(axis=1).sum() for words in references) for gram in said]
    return np.minimum(times, most).sum() / times.sum()


def precision_by(count=None, said=grams, found=grams, below=None):
    """Other counts, ``count(times, [in each reference])``, other n-grams, or another number below."""
    count = count or (lambda times, known: min(times, max(known)))

    def answer(hypothesis, references, n):
        counted, allowed = said(hypothesis, n), [found(words, n) for words in references]
        right = sum(count(times, [one[gram] for one in allowed]) for gram, times in counted.items())
        total = below(hypothesis, references, n) if below else counted.total()
        return right / total if total > 0 else 0.0

    return answer


def renamed(make):
    def counts(words, n):
        return Counter(make(words[i : i + n]) for i in range(len(words) - n + 1))

    return {"said": counts, "found": counts}


def by_text(hypothesis, references, n, blank=" "):
    said = grams(hypothesis, n)
    right = sum(
        min(times, max(blank.join(words).count(blank.join(gram)) for words in references))
        for gram, times in said.items()
    )
    return right / max(1, said.total())


def tails(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(len(words)))


def apart(words, n):
    return Counter(tuple(words[i : i + n]) for i in range(0, len(words) - n + 1, n))


def with_gaps(words, n):
    return Counter(tuple(words[i : i + 2 * n : 2]) for i in range(len(words) - 2 * n + 2))


def distinct(hypothesis, references, n, below=False):
    said, known = grams(hypothesis, n), {gram for words in references for gram in grams(words, n)}
    total = said.total() if below else len(said)
    return len(known & {*said}) / total if total else 0.0


def with_brevity(hypothesis, references, n):
    if not hypothesis:
        return 0.0
    length = min((abs(len(words) - len(hypothesis)), len(words)) for words in references)[1]
    return precision(hypothesis, references, n) * min(1, math.exp(1 - length / len(hypothesis)))


def of_words(make):
    def answer(hypothesis, references, n):
        return precision(make(hypothesis), [make(words) for words in references], n)

    return answer


def precision_in_place(hypothesis, references, n):
    value = precision(hypothesis, references, n)
    while hypothesis:
        hypothesis.pop()
    return value


def references_in_place(hypothesis, references, n):
    value = precision(hypothesis, references, n)
    references[0].append("end")
    return value


def without_guard(hypothesis, references, n):
    said = grams(hypothesis, n)
    return precision(hypothesis, references, n) if said else np.float64(0) / said.total()


def precision_by_bags(hypothesis, references, n):
    """Every n-gram takes one of its kind out of every reference."""
    bags, right, total = [grams(words, n) for words in references], 0, 0
    for gram in zip(*(hypothesis[k:] for k in range(n)), strict=False):
        right += any(bag[gram] > 0 for bag in bags)
        total += 1
        for bag in bags:
            bag[gram] -= 1
    return right / total if total else 0.0


def harmonic(hypothesis, references, n):
    there, back = precision(hypothesis, references, n), precision(references[0], [hypothesis], n)
    return 2 * there * back / (there + back) if there + back else 0.0


PRECISION_RIGHT = {
    "taken out of bags": precision_by_bags,
    "empty references left out": lambda h, r, n: precision(h, [words for words in r if words] or [[]], n),
    "the course's solution": precision,
    "loop, taken away": precision_by_loop,
    "union of counters": precision_by_union,
    "zip and count": precision_by_zip,
    "default dictionaries": precision_by_default,
    "whole numbers": precision_by_numbers,
    "an array without axes": lambda h, r, n: np.array(precision(h, r, n)),
    "float32": lambda h, r, n: np.float32(precision(h, r, n)),
    "a tensor": lambda h, r, n: tf.constant(precision(h, r, n)),
    "lists as text": precision_by(**renamed(str)),
    "with a bar between": precision_by(**renamed("|".join)),
    "turned round": of_words(lambda words: words[::-1]),
    "0 for nothing": lambda h, r, n: precision(h, r, n) if len(h) >= n else 0,
}
PRECISION_WRONG = {
    "four at most": (lambda h, r, n: precision(h, r, min(n, 4)), "expected"),
    "two references": (lambda h, r, n: precision(h, r[:2], n), "expected"),
    "three references": (lambda h, r, n: precision(h, r[:3], n), "expected"),
    "the longest reference": (
        lambda h, r, n: precision(h, [max(r, key=len)], n),
        "expected|counts as often as",
    ),
    "without “a”": (of_words(lambda words: [word for word in words if word != "a"]), "expected"),
    "lengths of words": (of_words(lambda words: [*map(len, words)]), "Nothing was clipped"),
    "sorted words": (of_words(sorted), "expected"),
    "harmonic mean": (harmonic, "'a cat and a cat and a cat', beside 'a cat and an owl'"),
    "exchanged": (lambda h, r, n: precision(r[0], [h], n), "expected"),
    "twice at most": (precision_by(lambda times, known: min(times, max(known), 2)), "expected"),
    "any at all": (lambda h, r, n: precision(h, r, n) > 0, "expected"),
    "not clipped": (precision_by(lambda times, known: times * (max(known) > 0)), "Nothing was clipped"),
    "sum of the references": (
        precision_by(lambda times, known: min(times, sum(known))),
        "added up what the ref",
    ),
    "references joined": (
        lambda h, r, n: precision(h, [flat(r)], n),
        "added up what the ref",
    ),
    "the fewest": (precision_by(lambda times, known: min(times, *known)), "has it least often"),
    "the first reference": (precision_by(lambda times, known: min(times, known[0])), "one reference only"),
    "the last reference": (precision_by(lambda times, known: min(times, known[-1])), "one reference only"),
    "the best reference": (
        lambda h, r, n: max(precision(h, [words], n) for words in r),
        "fits best altogether",
    ),
    "mean of the references": (
        lambda h, r, n: np.mean([precision(h, [words], n) for words in r]),
        "mean over the references",
    ),
    "sets": (distinct, "counted once"),
    "sets above only": (lambda h, r, n: distinct(h, r, n, True), "counted once"),
    "recall": (precision_by(below=lambda h, r, n: len(r[0]) - n + 1), "which is recall"),
    "recall of all": (
        precision_by(below=lambda h, r, n: sum(max(0, len(words) - n + 1) for words in r)),
        "which is recall",
    ),
    "recall of the most": (
        precision_by(below=lambda h, r, n: functools.reduce(operator.or_, (grams(x, n) for x in r)).total()),
        "which is recall",
    ),
    "divided by different ones": (
        precision_by(below=lambda h, r, n: len(grams(h, n))),
        "how many \\*different",
    ),
    "each reference": (
        precision_by(lambda times, known: sum(min(times, one) for one in known)),
        "once more for every reference",
    ),
    "lists": (
        lambda h, r, n: Counter(h[i : i + n] for i in range(len(h) - n + 1)).total(),
        "a tuple can",
    ),
    "divided by the words": (precision_by(below=lambda h, r, n: len(h)), "42 words has 41 2-grams"),
    "len − n": (precision_by(below=lambda h, r, n: len(h) - n), "42 words has 41 2-grams"),
    "one short": (of_words(lambda words: words[:-1]), "last n-gram is missing"),
    "one short in the sentence": (lambda h, r, n: precision(h[:-1], r, n), "last n-gram is missing"),
    "short pieces": (precision_by(said=tails, found=tails), "Shorter pieces at the end"),
    "sorted": (precision_by(**renamed(lambda gram: tuple(sorted(gram)))), "order of the words counts"),
    "frozen sets": (precision_by(**renamed(frozenset)), "order of the words counts"),
    "words": (lambda h, r, n: precision(h, r, 1), "Those are 1-grams"),
    "n + 1": (lambda h, r, n: precision(h, r, n + 1), "Those are 3-grams"),
    "n − 1": (lambda h, r, n: precision(h, r, max(1, n - 1)), "Those are 1-grams"),
    "always 2": (lambda h, r, n: precision(h, r, 2), "expected"),
    "letters": (of_words("".join), "You counted letters"),
    "letters and blanks": (of_words(" ".join), "You counted letters"),
    "mean of 1 to n": (
        lambda h, r, n: np.mean([precision(h, r, k) for k in range(1, n + 1)]),
        "mean over the sizes",
    ),
    "geometric mean": (
        lambda h, r, n: np.prod([precision(h, r, k) for k in range(1, n + 1)]) ** (1 / n),
        "mean over the sizes",
    ),
    "brevity": (with_brevity, "brevity penalty"),
    "apart": (precision_by(said=apart, found=apart), "do not overlap"),
    "with gaps": (precision_by(said=with_gaps, found=with_gaps), "leave words out"),
    "text in text": (by_text, "text within text"),
    "text in text, no blank": (lambda h, r, n: by_text(h, r, n, ""), "text within text|joined words"),
    "joined": (precision_by(**renamed("".join)), "joined words without a blank"),
    "small letters": (of_words(lambda words: [word.lower() for word in words]), "as they are"),
    "count": (precision_by(below=lambda h, r, n: 1), "how many there are"),
    "percent": (lambda h, r, n: 100 * precision(h, r, n), "percentage"),
    "complement": (lambda h, r, n: 1 - precision(h, r, n), "that is \\*not\\* in a reference"),
    "smoothed": (
        precision_by(lambda t, k: min(t, max(k)), below=None)
        and (lambda h, r, n: (precision(h, r, n) * grams(h, n).total() + 1) / (grams(h, n).total() + 1)),
        "added 1 above and below",
    ),
    "0 divided by 0": (without_guard, "has no 1 in a row|has no \\d in a row"),
    "division by zero": (
        lambda h, r, n: precision(h, r, n) if len(h) >= n else 1 // 0,
        "ZeroDivisionError.*has no n-gram: return 0.0",
    ),
    "1 for nothing": (lambda h, r, n: precision(h, r, n) if len(h) >= n else 1.0, "0.0 then"),
    "nothing returned for nothing": (
        lambda h, r, n: precision(h, r, n) if len(h) >= n else None,
        "without `return`",
    ),
    "right and all": (lambda h, r, n: (precision(h, r, n), 1.0), "returned two things"),
    "for each size": (lambda h, r, n: [precision(h, r, k) for k in range(1, 5)], "expected one number"),
    "rounded": (lambda h, r, n: round(precision(h, r, n), 2), "expected"),
    "words of the first reference as references": (
        lambda h, r, n: precision(h, [[words[0]] for words in r if words] or [[]], n),
        "expected",
    ),
    "in place": (precision_in_place, "changed the lists"),
    "references in place": (references_in_place, "changed the lists"),
    "constant": (lambda h, r, n: 0.3, "expected"),
    "zero": (lambda h, r, n: 0.0, "expected"),
    "identity": (lambda h, r, n: n, "expected"),
    "the words": (lambda h, r, n: h, "in which not everything is a number"),
    "no return": (lambda h, r, n: None, "without `return`"),
}

# --- 7.6 ----------------------------------------------------------------------------------------------------


def chair(captions, present):
    """The course's solution."""
    false = [[name not in there for name in names] for names, there in zip(captions, present, strict=True)]
    per_mention = sum(map(sum, false)) / max(1, sum(map(len, false)))
    return per_mention, sum(map(any, false)) / len(false)


def chair_by_loop(captions, present):
    mentions = wrong = bad = 0
    for i in range(len(captions)):
        is_bad = False
        for name in captions[i]:
            mentions += 1
            if name not in present[i]:
                wrong += 1
                is_bad = True
        bad += is_bad
    return [wrong / mentions if mentions else 0.0, bad / len(captions)]


def chair_by_arrays(captions, present):
    rows = np.array([i for i, names in enumerate(captions) for _ in names], int)
    wrong = np.array([name not in present[i] for i, names in enumerate(captions) for name in names], bool)
    first = wrong.mean() if len(wrong) else 0.0
    return np.array([first, len(np.unique(rows[wrong])) / len(captions)])


def chair_by_counters(captions, present):
    counts = [Counter(names) for names in captions]
    wrong = [
        sum(times for name, times in count.items() if name not in there)
        for count, there in zip(counts, present, strict=True)
    ]
    total = sum(count.total() for count in counts)
    return (sum(wrong) / total if total > 0 else 0), np.count_nonzero(wrong) / len(wrong)


def chair_by_subsets(captions, present):
    first, _ = chair(captions, present)
    return first, 1 - sum({*names} <= there for names, there in zip(captions, present, strict=True)) / len(
        captions
    )


def chair_by_table(captions, present):
    names = sorted({name for part in (*captions, *present) for name in part})
    said = np.array([[names_of.count(name) for name in names] for names_of in captions]).reshape(
        len(captions), -1
    )
    there = np.array([[name in some for name in names] for some in present]).reshape(len(captions), -1)
    wrong = (said * ~there.astype(bool)).sum(axis=1)
    return wrong.sum() / max(said.sum(), 1), (wrong > 0).mean()


def chair_by_course(captions, present):
    found = evaluation.sequences.invented_things(captions, present)
    return np.nan_to_num(found.per_mention), found.per_sentence


def wrongs(captions, present):
    return [
        [name for name in names if name not in there] for names, there in zip(captions, present, strict=True)
    ]


def mention_by(make):
    """A wrong first share, made of captions, present and the invented names."""

    def answer(captions, present):
        return make(captions, present, wrongs(captions, present)), chair(captions, present)[1]

    return answer


def caption_by(make):
    def answer(captions, present):
        return chair(captions, present)[0], make(captions, present, wrongs(captions, present))

    return answer


def size(lists):
    return sum(map(len, lists))


def means(captions, wrong, among_all):
    shares = [len(some) / len(names) for some, names in zip(wrong, captions, strict=True) if names]
    return sum(shares) / max(1, len(captions) if among_all else len(shares))


def sets_of(captions, present):
    return chair([sorted({*names}) for names in captions], present)


def merged(captions, present):
    return chair(captions, [set().union(*present)] * len(present))


def used_up(captions, present):
    for names, there in zip(captions, present, strict=True):
        for name in names:
            there.discard(name)
    return 0.0, 0.0


def named_once(captions, present):
    false = [
        (Counter(names) - Counter(there)).total() for names, there in zip(captions, present, strict=True)
    ]
    return sum(false) / max(1, size(captions)), sum(map(bool, false)) / len(false)


def text_in_text(captions, present):
    false = [
        [not any(name in other for other in there) for name in names]
        for names, there in zip(captions, present, strict=True)
    ]
    return sum(map(sum, false)) / max(1, size(captions)), sum(map(any, false)) / len(false)


def broken_off(captions, present):
    mentions = bad = 0
    for names, there in zip(captions, present, strict=True):
        for name in names:
            mentions += 1
            if name not in there:
                bad += 1
                break
    return bad / max(1, mentions), bad / len(captions)


def missing(captions, present):
    return [there - {*names} for names, there in zip(captions, present, strict=True)]


def one_name(captions, present, place):
    return sum(names[place] not in there for names, there in zip(captions, present, strict=True) if names)


def invented_in_place(captions, present):
    value = chair(captions, present)
    for names in captions:
        names.sort(reverse=True)
        names.append("end")
    return value


def split(captions, present):
    def words(names):
        return [word for name in names for word in name.split()]

    return chair([*map(words, captions)], [{*words(there)} for there in present])


def without_empty_pictures(captions, present):
    return chair([names if there else [] for names, there in zip(captions, present, strict=True)], present)


INVENTED_RIGHT = {
    "supersets": lambda c, p: (
        chair(c, p)[0],
        np.mean([not there.issuperset(names) for names, there in zip(c, p, strict=True)]),
    ),
    "mean of all or of 0": lambda c, p: (
        np.mean([name not in there for names, there in zip(c, p, strict=True) for name in names] or [0]),
        chair(c, p)[1],
    ),
    "the course's solution": chair,
    "loop, lists": chair_by_loop,
    "one array": chair_by_arrays,
    "counters": chair_by_counters,
    "subsets": chair_by_subsets,
    "a table": chair_by_table,
    "a tensor": lambda c, p: tf.constant(chair(c, p)),
    "arrays without axes": lambda c, p: [np.array(part) for part in chair(c, p)],
    "float32": lambda c, p: tuple(map(np.float32, chair(c, p))),
    "invented names": lambda c, p: (
        size(wrongs(c, p)) / max(1, size(c)),
        sum(map(bool, wrongs(c, p))) / len(c),
    ),
    "whole numbers where they are": lambda c, p: (chair(c, p)[0] or 0, chair(c, p)[1] or 0),
}
INVENTED_WRONG = {
    "split names": (split, "expected"),
    "empty pictures left out": (without_empty_pictures, "expected"),
    "the next picture": (lambda c, p: chair(c, [*p[1:], *p[:1]]), "expected"),
    "empty captions too": (
        caption_by(lambda c, p, w: sum(bool(a) or not b for a, b in zip(w, c, strict=True)) / len(c)),
        "expected",
    ),
    "at least half": (
        caption_by(lambda c, p, w: sum(2 * len(a) >= len(b) for a, b in zip(w, c, strict=True)) / len(c)),
        "expected",
    ),
    "whole shares": (lambda c, p: tuple(map(int, chair(c, p))), "expected"),
    "the course's own": (chair_by_course, OWN),
    "exchanged": (lambda c, p: chair(c, p)[::-1], "exchanged, or both are per caption"),
    "both per caption": (lambda c, p: (chair(c, p)[1],) * 2, "exchanged, or both are per caption"),
    "both per mention": (lambda c, p: (chair(c, p)[0],) * 2, "Both shares are per mention"),
    "sets": (sets_of, "Every mention counts"),
    "sets above": (
        mention_by(lambda c, p, w: sum(len({*some}) for some in w) / max(1, size(c))),
        "below the fraction|Below the fraction",
    ),
    "one set of all": (
        mention_by(lambda c, p, w: len({*flat(c)} - set().union(*p)) / max(1, len({*flat(c)}))),
        "Every mention counts",
    ),
    "mean of shares": (mention_by(lambda c, p, w: means(c, w, True)), "divide once"),
    "mean of shares, where something is named": (
        mention_by(lambda c, p, w: means(c, w, False)),
        "divide once",
    ),
    "what is in any picture": (merged, "in any picture"),
    "what is in any picture, per caption": (caption_by(lambda c, p, w: merged(c, p)[1]), "in any picture"),
    "named once": (named_once, "may be named again"),
    "named once, per caption": (caption_by(lambda c, p, w: named_once(c, p)[1]), "may be named again"),
    "what is there": (mention_by(lambda c, p, w: 1 - chair(c, p)[0]), "that \\*is\\* there"),
    "what is left out": (
        mention_by(lambda c, p, w: size(missing(c, p)) / max(1, size(c))),
        "there and is not named",
    ),
    "recall": (mention_by(lambda c, p, w: size(missing(c, p)) / max(1, size(p))), "there and is not named"),
    "by the things": (
        mention_by(lambda c, p, w: size(w) / max(1, size(p))),
        "number of things in the pictures",
    ),
    "by the captions": (mention_by(lambda c, p, w: size(w) / len(c)), "divided by the number of captions"),
    "text in text": (text_in_text, "text within text"),
    "text in text, per caption": (caption_by(lambda c, p, w: text_in_text(c, p)[1]), "text within text"),
    "in the set as text": (
        lambda c, p: chair(c, [{name for name in flat(c) if name in str(there)} for there in p]),
        "text within text",
    ),
    "a break": (broken_off, "as `break` does"),
    "a break, all mentions": (
        mention_by(lambda c, p, w: sum(map(bool, w)) / max(1, size(c))),
        "as `break` does",
    ),
    "the first name": (
        mention_by(lambda c, p, w: one_name(c, p, 0) / max(1, size(c))),
        "one name of each caption",
    ),
    "the first name, per caption": (
        caption_by(lambda c, p, w: one_name(c, p, 0) / len(c)),
        "one name of each",
    ),
    "the last name, per caption": (
        caption_by(lambda c, p, w: one_name(c, p, -1) / len(c)),
        "one name of each",
    ),
    "count": (mention_by(lambda c, p, w: size(w)), "how many there are"),
    "count of captions": (caption_by(lambda c, p, w: sum(map(bool, w))), "how many there are"),
    "percent": (lambda c, p: tuple(100 * part for part in chair(c, p)), "percentage"),
    "percent of captions": (caption_by(lambda c, p, w: 100 * chair(c, p)[1]), "percentage"),
    "captions that name something": (
        caption_by(lambda c, p, w: sum(map(bool, w)) / max(1, sum(map(bool, c)))),
        "name nothing were left out",
    ),
    "inventions per caption": (caption_by(lambda c, p, w: size(w) / len(c)), "two inventions counted twice"),
    "names per caption": (
        caption_by(lambda c, p, w: sum(len({*some}) for some in w) / len(c)),
        "two inventions counted twice",
    ),
    "captions without": (caption_by(lambda c, p, w: 1 - chair(c, p)[1]), "without any invention"),
    "all invented": (
        caption_by(
            lambda c, p, w: sum(bool(a) and len(a) == len(b) for a, b in zip(w, c, strict=True)) / len(c)
        ),
        "\\*everything\\* is invented: ",
    ),
    "all of nothing": (
        caption_by(lambda c, p, w: sum(len(a) == len(b) for a, b in zip(w, c, strict=True)) / len(c)),
        "those that name nothing",
    ),
    "not equal": (
        caption_by(lambda c, p, w: sum({*a} != b for a, b in zip(c, p, strict=True)) / len(c)),
        "may leave something out",
    ),
    "leaves out": (
        caption_by(lambda c, p, w: sum(map(bool, missing(c, p))) / len(c)),
        "captions that leave something out",
    ),
    "by the mentions": (
        caption_by(lambda c, p, w: sum(map(bool, w)) / max(1, size(c))),
        "divided by the number of mentions",
    ),
    "exactly one": (caption_by(lambda c, p, w: sum(len(some) == 1 for some in w) / len(c)), "exactly one"),
    "more than one": (caption_by(lambda c, p, w: sum(len(some) > 1 for some in w) / len(c)), "more than one"),
    "NaN": (
        mention_by(lambda c, p, w: size(w) / size(c) if size(c) else float("nan")),
        "divided by 0. Return 0.0 then",
    ),
    "division by zero": (
        mention_by(lambda c, p, w: size(w) / size(c)),
        "ZeroDivisionError.*the first share is 0.0",
    ),
    "1 for nothing": (mention_by(lambda c, p, w: size(w) / size(c) if size(c) else 1.0), "expected 0"),
    "one more below": (mention_by(lambda c, p, w: size(w) / (1 + size(c))), "expected"),
    "for each caption": (mention_by(lambda c, p, w: [len(some) for some in w]), "mean left to be taken"),
    "names": (mention_by(lambda c, p, w: flat(w)), "not everything is a number"),
    "a dictionary": (lambda c, p: dict(zip("ab", chair(c, p), strict=True)), "found a dictionary"),
    "one number": (lambda c, p: chair(c, p)[0], "Return two things"),
    "three": (lambda c, p: (*chair(c, p), 0.0), "Return two things"),
    "rounded": (lambda c, p: tuple(round(part, 2) for part in chair(c, p)), "expected"),
    "in place": (invented_in_place, "changed the lists"),
    "sets in place": (used_up, "changed the lists"),
    "identity": (lambda c, p: (c, p), "expected numbers"),
    "constant": (lambda c, p: (0.5, 0.5), "expected"),
    "empty": (lambda c, p: [], "Return two things"),
    "no return": (lambda c, p: None, "without `return`"),
}

EXERCISES = {
    "7.1": (check.shift_right, SHIFT_RIGHT, SHIFT_WRONG),
    "7.2": (check.caption_loss, LOSS_RIGHT, LOSS_WRONG),
    "7.3": (check.nucleus, NUCLEUS_RIGHT, NUCLEUS_WRONG),
    "7.4": (check.beam_step, BEAM_RIGHT, BEAM_WRONG),
    "7.5": (check.clipped_precision, PRECISION_RIGHT, PRECISION_WRONG),
    "7.6": (check.invented, INVENTED_RIGHT, INVENTED_WRONG),
}

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(EXERCISES)
