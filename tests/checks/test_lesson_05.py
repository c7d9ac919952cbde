"""Lesson 05's checks accept right answers of any style and reject wrong ones with the hint meant for them."""

import numpy as np
from scipy.special import softmax

from course_utils import evaluation, runtime
from course_utils.checks import lesson_05 as check
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers, ops  # noqa: E402

from course_utils.fusion import attention, methods  # noqa: E402

# --- 5.1 ----------------------------------------------------------------------------------------------------


def attend(q, k, v, mask, *, scale=np.sqrt, axis=-1, low=-np.inf, invert=False, after=None):
    scores = q @ k.swapaxes(1, 2) / scale(q.shape[-1])
    kept = (~mask if invert else mask)[:, None]
    if after:
        weights = after(softmax(scores, axis=-1), kept)
    else:
        weights = softmax(np.where(kept, scores, low), axis=axis)
    return weights @ v, weights


def attend_by_loop(q, k, v, mask):
    outputs, weights = np.zeros((*q.shape[:2], v.shape[-1])), np.zeros((*q.shape[:2], k.shape[1]))
    for b in range(len(q)):
        places = np.flatnonzero(mask[b])
        for i in range(q.shape[1]):
            weights[b, i, places] = softmax([q[b, i] @ k[b, j] / q.shape[-1] ** 0.5 for j in places])
            outputs[b, i] = sum(weights[b, i, j] * v[b, j] for j in places)
    return outputs, weights


def attend_by_keras(q, k, v, mask):
    outputs, weights = layers.Attention(score_mode="dot")(
        [q / q.shape[-1] ** 0.5, v, k], mask=[None, mask], return_attention_scores=True
    )
    return np.asarray(outputs), np.asarray(weights)


def attend_by_course(*tokens):
    return tuple(map(np.asarray, attention.dot_product_attention(*map(ops.convert_to_tensor, tokens))))


def hard(q, k, v, mask):
    scores = np.where(mask[:, None], q @ k.swapaxes(1, 2), -np.inf)
    weights = (scores == scores.max(axis=-1, keepdims=True)).astype(float)
    return weights @ v, weights


def across_the_batch(q, k, v, mask):
    every_k, every_v = k.reshape(-1, k.shape[-1]), v.reshape(-1, v.shape[-1])
    weights = softmax(np.where(mask.ravel(), q @ every_k.T / q.shape[-1] ** 0.5, -np.inf), axis=-1)
    return weights @ every_v, weights


def swapped(q, k, v, mask):
    weights = softmax(np.where(mask[:, None], k @ q.swapaxes(1, 2) / q.shape[-1] ** 0.5, -np.inf), axis=-1)
    return weights @ v, weights


def inverted_and_added(q, k, v, mask):
    weights = softmax(q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5 + np.where(mask[:, None], -1e9, 0), axis=-1)
    return weights @ v, weights


def careless(q, k, v, mask):
    with np.errstate(all="ignore"):
        powers = np.exp(q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5) * mask[:, None]
        weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ v, weights


def added(q, k, v, mask):
    weights = softmax(q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5 - 1e4 * ~mask[:, None], axis=-1)
    return weights @ v, weights


def largest_of_all(q, k, v, mask):
    """Subtracts the largest score of all keys, the masked ones too, so that all kept ones may become 0."""
    scores = q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5
    with np.errstate(all="ignore"):
        powers = np.exp(scores - scores.max(axis=-1, keepdims=True)) * mask[:, None]
        weights = powers / powers.sum(axis=-1, keepdims=True)
    return weights @ v, weights


def mask_without_axis(q, k, v, mask):
    scores = q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5
    weights = softmax(np.where(mask, scores, -np.inf), axis=-1)
    return weights @ v, weights


def transposed_outputs(q, k, v, mask):
    weights = attend(q, k, v, mask)[1]
    return weights.swapaxes(1, 2) @ (v if weights.shape[1] == v.shape[1] else q)


def in_place(q, k, v, mask):
    q /= np.sqrt(q.shape[-1])
    return attend(q, k, v, mask, scale=lambda d: 1)


ATTENTION_RIGHT = {
    "vectorised": attend,
    "loop": attend_by_loop,
    "Keras": attend_by_keras,
    "finite mask": lambda *a: attend(*a, low=-1e9),
    "lists": lambda *a: [x.tolist() for x in attend(*a)],
    "tensors": lambda *a: tuple(map(ops.convert_to_tensor, attend(*a))),
}
ATTENTION_WRONG = {
    "the course's own": (attend_by_course, "calls `course_utils.fusion.attention.dot_product_attention`"),
    "masked -30": (lambda *a: attend(*a, low=-30), "lower than any that is kept"),
    "masked -1000": (lambda *a: attend(*a, low=-1000), "lower than any that is kept"),
    "masked 10000 lower": (added, "lower than any that is kept"),
    "largest of all subtracted": (largest_of_all, "the largest of those"),
    "squeezed": (lambda *a: tuple(x.squeeze() for x in attend(*a)), "has shape"),
    "weights first": (lambda *a: attend(*a)[::-1], "in the order outputs, weights"),
    "transposed for the outputs": (
        lambda q, k, v, m: (transposed_outputs(q, k, v, m), attend(q, k, v, m)[1]),
        "weights transposed|has shape",
    ),
    "values as they came": (lambda q, k, v, m: (v, attend(q, k, v, m)[1]), "as they came"),
    "unscaled": (lambda *a: attend(*a, scale=lambda d: 1), "not scaled"),
    "scaled by d": (lambda *a: attend(*a, scale=lambda d: d), "divide by its square root"),
    "hard arg-max": (hard, "arg-max"),
    "softmax over the queries": (lambda *a: attend(*a, axis=1), "sum to 1 over the queries"),
    "softmax over everything": (lambda *a: attend(*a, axis=None), "give the softmax its axis"),
    "mask without its axis": (mask_without_axis, "`\\[:, np.newaxis\\]` makes a new one"),
    "softmax over the batch": (lambda *a: attend(*a, axis=0), "sum to 1 over the batch"),
    "mask inverted": (lambda *a: attend(*a, invert=True), "(?s)mask is inverted"),
    "mask inverted, finite": (lambda *a: attend(*a, invert=True, low=-1e9), "mask is inverted"),
    "mask inverted and added": (inverted_and_added, "mask is inverted"),
    "mask multiplied after": (lambda *a: attend(*a, after=lambda w, m: w * m), "came after the softmax"),
    "mask added after": (
        lambda *a: attend(*a, after=lambda w, m: w + np.where(m, 0, -1e9)),
        "added after the softmax",
    ),
    "mask ignored": (lambda q, k, v, m: attend(q, k, v, m | True), "ignore the mask"),
    "scores set to 0": (lambda *a: attend(*a, low=0), "exp\\(0\\) = 1 still counts"),
    "query and key swapped": (swapped, "Queries and keys are swapped"),
    "weights transposed": (
        lambda *a: (attend(*a)[0], attend(*a)[1].swapaxes(1, 2)),
        "transposed|keys are swapped",
    ),
    "attention across the batch": (across_the_batch, "keys of \\*all\\* samples"),
    "mixtures of keys": (lambda q, k, v, m: (attend(q, k, v, m)[1] @ k, attend(q, k, v, m)[1]), "shape|keys"),
    "scores": (lambda q, k, v, m: (v, q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5), "returned the scores"),
    "not divided": (
        lambda q, k, v, m: (v, np.exp(q @ k.swapaxes(1, 2) / q.shape[-1] ** 0.5)),
        "divide by the sum",
    ),
    "overflow": (careless, "NaN or infinity"),
    "changes its input": (in_place, "changed the arrays"),
    "identity": (lambda q, k, v, m: (q, k), "shape|expected"),
    "constant": (
        lambda q, k, v, m: (v[:, :1] + 0 * q[..., :1], np.full((*q.shape[:2], k.shape[1]), 1 / k.shape[1])),
        "your scores are missing",
    ),
    "one result": (lambda *a: attend(*a)[0], "Return two things"),
    "no return": (lambda *a: None, "without `return`"),
}

# --- 5.2 ----------------------------------------------------------------------------------------------------


def split(x, h):
    return x.reshape(*x.shape[:2], h, -1).transpose(0, 2, 1, 3)


def merge(x):
    return x.transpose(0, 2, 1, 3).reshape(len(x), x.shape[2], -1)


def heads(
    x, y, w_q, w_k, w_v, w_o, h, *, split=split, merge=merge, scale=None, axis=-1, last=True, valued=None
):
    q, k, v = split(x @ w_q, h), split(y @ w_k, h), split((y if valued is None else valued) @ w_v, h)
    scores = q @ k.swapaxes(-1, -2) / np.sqrt(scale or q.shape[-1])
    joined = merge(softmax(scores, axis=axis) @ v)
    return joined @ w_o if last else joined


def heads_naive(x, y, w_q, w_k, w_v, w_o, h):
    q, k, v = split(x @ w_q, h), split(y @ w_k, h), split(y @ w_v, h)
    powers = np.exp(q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1]))
    return merge(powers / powers.sum(axis=-1, keepdims=True) @ v) @ w_o


def heads_in_place(x, y, *rest):
    result = heads(x, y, *rest)
    y *= 2
    return result


def heads_one_by_one(x, y, w_q, w_k, w_v, w_o, h):
    found, width = [], x.shape[-1] // h
    for i in range(h):
        part = slice(i * width, (i + 1) * width)
        q, k, v = x @ w_q[:, part], y @ w_k[:, part], y @ w_v[:, part]
        found.append(softmax(np.einsum("bnd,bmd->bnm", q, k) / width**0.5, axis=-1) @ v)
    return np.concatenate(found, axis=-1) @ w_o


def heads_by_course(x, y, w_q, w_k, w_v, w_o, h):
    layer = attention.MultiHeadAttention(heads=h, dim=x.shape[-1])
    layer.build(x.shape, y.shape)
    zeros = np.zeros(x.shape[-1])
    layer.set_weights([w_q, zeros, w_k, w_v, zeros, w_o, zeros])
    return np.asarray(layer(x, y))


def careless_split(x, h):
    return x.reshape(len(x), h, x.shape[1], -1)


def careless_merge(x):
    return x.reshape(len(x), x.shape[2], -1)


def interleaved_split(x, h):
    return x.reshape(*x.shape[:2], -1, h).transpose(0, 3, 1, 2)


def interleaved_merge(x):
    return x.transpose(0, 2, 3, 1).reshape(len(x), x.shape[2], -1)


HEADS_RIGHT = {
    "vectorised": heads,
    "one by one": heads_one_by_one,
    "course": heads_by_course,
    "lists": lambda *a: heads(*a).tolist(),
}
HEADS_WRONG = {
    "values from x": (
        lambda x, y, w_q, w_k, w_v, w_o, h: heads(x, y, w_q, w_k, w_v, w_o, h, valued=x),
        "The values come from x",
    ),
    "one head": (lambda *a: heads(*a[:-1], 1), "one head over the whole width"),
    "scaled by the whole width": (lambda *a: heads(*a, scale=a[0].shape[-1]), "within a head"),
    "not scaled": (lambda *a: heads(*a, scale=1), "scores are not scaled"),
    "scaled by the width": (
        lambda *a: heads(*a, scale=(a[0].shape[-1] // a[-1]) ** 2),
        "divide them by its root",
    ),
    "softmax over the queries": (lambda *a: heads(*a, axis=-2), "sum to 1 over the queries"),
    "softmax over the heads": (lambda *a: heads(*a, axis=1), "sum to 1 over the heads"),
    "softmax over the batch": (lambda *a: heads(*a, axis=0), "sum to 1 over the batch"),
    "matrices swapped": (lambda x, y, q, k, *a: heads(x, y, k, q, *a), "w_queries and w_keys are swapped"),
    "values swapped": (lambda x, y, q, k, v, *a: heads(x, y, q, v, k, *a), "w_keys and w_values are swapped"),
    "keys for values": (lambda x, y, q, k, v, *a: heads(x, y, q, k, k, *a), "The values are the keys"),
    "overflow": (heads_naive, "Huge scores gave NaN"),
    "squeezed": (lambda *a: heads(*a).squeeze(), "has shape"),
    "in place": (heads_in_place, "changed the arrays"),
    "reshape mixes tokens": (lambda *a: heads(*a, split=careless_split), "mix tokens"),
    "reshape there and back": (
        lambda *a: heads(*a, split=careless_split, merge=careless_merge),
        "mix tokens",
    ),
    "interleaved": (lambda *a: heads(*a, split=interleaved_split), "head 1 takes the first"),
    "interleaved there and back": (
        lambda *a: heads(*a, split=interleaved_split, merge=interleaved_merge),
        "head 1 takes the first",
    ),
    "not swapped back": (lambda *a: heads(*a, merge=careless_merge), "wrong order"),
    "averaged": (
        lambda *a: heads(*a, merge=lambda t: np.concatenate([t.mean(axis=1)] * t.shape[1], axis=-1)),
        "averaged",
    ),
    "w_outputs forgotten": (lambda *a: heads(*a, last=False), "w_outputs is missing"),
    "attends to itself": (lambda x, y, *a: heads(x, x, *a), "Keys and values come from y"),
    "x and y swapped": (lambda x, y, *a: heads(y, x, *a), "x and y are swapped"),
    "identity": (lambda x, *a: x, "expected"),
    "constant": (lambda x, *a: 0 * x, "expected"),
    "no return": (lambda *a: None, "without `return`"),
}

# --- 5.3 ----------------------------------------------------------------------------------------------------


def inputs(regions, region_dim, words, word_dim):
    return (
        keras.Input((regions, region_dim)),
        keras.Input((words, word_dim)),
        keras.Input((words,), dtype="bool"),
    )


def fusion_by_course(*sizes, method="cross-attention"):
    picture, text, mask = inputs(*sizes)
    logits = methods.METHODS[method](classes=1, dim=24)(text, picture, mask_a=mask)
    return keras.Model([picture, text, mask], layers.Activation("sigmoid")(logits))


def fusion_by_keras(*sizes, pool_mask=True, crosses=True, activation="sigmoid", tokens=False):
    picture, text, mask = inputs(*sizes)
    words, seen = layers.Dense(16)(text), layers.Dense(16)(picture)
    if crosses:
        words = words + layers.Attention()([words / 4, seen])
        words = words + layers.Dense(16)(layers.Dense(32, activation="gelu")(words))
    else:
        words = words + layers.Attention()([words, words], mask=[mask, mask])
        seen = seen + layers.Attention()([seen, seen])
    pooled = words if tokens else layers.GlobalAveragePooling1D()(words, mask=mask if pool_mask else None)
    if not crosses:
        pooled = layers.Concatenate()([pooled, layers.GlobalAveragePooling1D()(seen)])
    return keras.Model([picture, text, mask], layers.Dense(1, activation=activation)(pooled))


def keys_not_masked(*sizes):
    picture, text, mask = inputs(*sizes)
    words, seen = layers.Dense(16)(text), layers.Dense(16)(picture)
    words = words + layers.MultiHeadAttention(2, 8)(words, words)
    words = words + layers.MultiHeadAttention(2, 8)(words, seen)
    pooled = layers.GlobalAveragePooling1D()(words, mask=mask)
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(pooled))


def across_batch(*sizes):
    picture, text, mask = inputs(*sizes)
    a = layers.Dense(16)(layers.GlobalAveragePooling1D()(text, mask=mask))
    b = layers.Dense(16)(layers.GlobalAveragePooling1D()(picture))
    fused = layers.Concatenate()([a * layers.Attention()([a, b]), b])
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(fused))


def two_averages(*sizes):
    picture, text, mask = inputs(*sizes)
    means = [layers.GlobalAveragePooling1D()(text, mask=mask), layers.GlobalAveragePooling1D()(picture)]
    hidden = layers.Dense(32, activation="gelu")(layers.Concatenate()(means))
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(hidden))


def average_asked(*sizes):
    picture, text, mask = inputs(*sizes)
    mean = layers.GlobalAveragePooling1D(keepdims=True)(picture)
    words = layers.Dense(16)(text)
    words = words * layers.Dense(16)(layers.MultiHeadAttention(2, 8)(words, mean))
    pooled = layers.GlobalAveragePooling1D()(words, mask=mask)
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(pooled))


def one_only(*sizes, which):
    picture, text, mask = inputs(*sizes)
    chosen = picture if which == "picture" else text
    chosen = layers.GlobalAveragePooling1D()(chosen, mask=mask if which == "text" else None)
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(chosen))


def always_half(*sizes):
    picture, text, mask = inputs(*sizes)
    pooled = 0.0 * layers.Dense(1)(layers.GlobalAveragePooling1D()(picture))
    return keras.Model([picture, text, mask], layers.Activation("sigmoid")(pooled))


class OwnModel(keras.Model):
    """The words ask, as a class."""

    def __init__(self):
        super().__init__()
        self.ask, self.answer = layers.Dense(16), layers.Dense(1, activation="sigmoid")
        self.attention, self.pool = layers.MultiHeadAttention(2, 8), layers.GlobalAveragePooling1D()

    def call(self, given):
        picture, text, mask = given
        asking = self.ask(text)
        return self.answer(self.pool(asking + self.attention(asking, picture), mask=mask))


def own_model(regions, region_dim, words, word_dim):
    model = OwnModel()
    model([np.zeros((1, regions, region_dim)), np.zeros((1, words, word_dim)), np.ones((1, words), bool)])
    return model


def mean_of_words_asks(*sizes):
    picture, text, mask = inputs(*sizes)
    asking = layers.GlobalAveragePooling1D(keepdims=True)(text, mask=mask)
    found = layers.Flatten()(
        layers.AdditiveAttention()([layers.Dense(16)(asking), layers.Dense(16)(picture)])
    )
    hidden = layers.Dense(16, activation="relu")(layers.Concatenate()([layers.Flatten()(asking), found]))
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(hidden))


def with_positions(*sizes):
    picture, text, mask = inputs(*sizes)
    asking, seen = (attention.Positions()(layers.Dense(16)(tokens)) for tokens in (text, picture))
    asking = layers.LayerNormalization()(asking + layers.MultiHeadAttention(2, 8)(asking, seen))
    pooled = layers.GlobalAveragePooling1D()(asking, mask=mask)
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(pooled))


def two_encoded_averages(*sizes, activation="relu"):
    picture, text, mask = inputs(*sizes)
    words, seen = (layers.Dense(32, activation=activation)(tokens) for tokens in (text, picture))
    means = [layers.GlobalAveragePooling1D()(words, mask=mask), layers.GlobalAveragePooling1D()(seen)]
    hidden = layers.Dense(32, activation=activation)(layers.Concatenate()(means))
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(hidden))


def flattened(*sizes):
    picture, text, mask = inputs(*sizes)
    kept = text * ops.cast(mask, "float32")[..., None]
    everything = layers.Concatenate()([layers.Flatten()(kept), layers.Flatten()(picture)])
    hidden = layers.Dense(32, activation="relu")(layers.Dense(64, activation="relu")(everything))
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(hidden))


def modulated(*sizes):
    picture, text, mask = inputs(*sizes)
    asked = layers.GlobalAveragePooling1D(keepdims=True)(text, mask=mask)
    seen = layers.Dense(16, activation="relu")(picture)
    seen = layers.Activation("relu")(seen * layers.Dense(16)(asked) + layers.Dense(16)(asked))
    pooled = layers.GlobalAveragePooling1D()(layers.Dense(16, activation="relu")(seen))
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(pooled))


def each_for_itself(*sizes):
    """The document's idea, repaired: self-attention in each modality, then the two means."""
    picture, text, mask = inputs(*sizes)
    words, seen = layers.Dense(16)(text), layers.Dense(16)(picture)
    words = words + layers.MultiHeadAttention(2, 8)(words, words, attention_mask=mask[:, None])
    seen = seen + layers.MultiHeadAttention(2, 8)(seen, seen)
    means = [layers.GlobalAveragePooling1D()(words, mask=mask), layers.GlobalAveragePooling1D()(seen)]
    hidden = layers.Dense(32, activation="relu")(layers.Concatenate()(means))
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(hidden))


def regions_ask(*sizes):
    picture, text, mask = inputs(*sizes)
    seen, words = layers.Dense(16)(picture), layers.Dense(16)(text)
    seen = seen + layers.MultiHeadAttention(2, 8)(seen, words, attention_mask=mask[:, None])
    seen = layers.Dense(16, activation="gelu")(seen)
    pooled = layers.GlobalAveragePooling1D()(seen)
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(pooled))


def all_pairs(*sizes):
    picture, text, mask = inputs(*sizes)
    pairs = ops.relu(layers.Dense(16)(text)[:, :, None] + layers.Dense(16)(picture)[:, None])
    words = ops.mean(layers.Dense(16, activation="relu")(pairs), axis=2)
    pooled = layers.GlobalAveragePooling1D()(words, mask=mask)
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(pooled))


def misfit(*sizes):
    """Attention over vectors of unequal width."""
    picture, text, mask = inputs(*sizes)
    pooled = layers.GlobalAveragePooling1D()(layers.Attention()([text, picture]), mask=mask)
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(pooled))


def with_words_mask(*sizes, attend):
    """The likeliest mistake: the words' mask for the attention over the regions."""
    picture, text, mask = inputs(*sizes)
    words = attend(layers.Dense(16)(text), layers.Dense(16)(picture), mask)
    pooled = layers.GlobalAveragePooling1D()(words, mask=mask)
    return keras.Model([picture, text, mask], layers.Dense(1, activation="sigmoid")(pooled))


def keras_attention(words, seen, mask):
    return layers.MultiHeadAttention(2, 8)(words, seen, attention_mask=mask[:, None])


def keras_attention_flat(words, seen, mask):
    return layers.MultiHeadAttention(2, 8)(words, seen, attention_mask=mask)


def dot_attention(words, seen, mask):
    return layers.Attention()([words, seen], mask=[None, mask])


def course_attention(words, seen, mask):
    return attention.MultiHeadAttention(2, 16)(words, seen, attention_mask=mask)


FUSION_RIGHT = {
    "course": fusion_by_course,
    "Keras": fusion_by_keras,
    "co-attention": lambda *s: fusion_by_course(*s, method="co-attention"),
    "gates that start at 0": lambda *s: fusion_by_course(*s, method="gated cross-attention"),
    "a class of its own, built": own_model,
    "a class of its own": lambda *s: OwnModel(),
    "mean of the words asks": mean_of_words_asks,
    "positions": with_positions,
}
MASKS = (keras_attention, keras_attention_flat, dot_attention, course_attention)
WITHOUT_LOOKING = ("concatenation", "gated", "film", "tensor", "low-rank", "self-attention", "bottleneck")
FUSION_WRONG = {
    "across the batch": (across_batch, "across the batch"),
    "padding in the mean": (lambda *s: fusion_by_keras(*s, pool_mask=False), "padding changed the answer"),
    "padding as keys": (keys_not_masked, "padding changed the answer"),
    "nothing crosses": (lambda *s: fusion_by_keras(*s, crosses=False), "something crosses"),
    "two averages": (two_averages, "average of the regions"),
    "two encoded averages": (two_encoded_averages, "do not choose where to look"),
    "two averages, tanh": (
        lambda *s: two_encoded_averages(*s, activation="tanh"),
        "do not choose where to look",
    ),
    "attention over an average": (average_asked, "average of the regions"),
    "flattened": (flattened, "do not choose where to look"),
    "modulated": (modulated, "do not choose where to look"),
    "each for itself": (each_for_itself, "do not choose where to look"),
    "the regions ask": (regions_ask, "do not choose where to look"),
    "all pairs alike": (all_pairs, "do not choose where to look"),
    **{
        f"the course's {method}": (
            lambda *s, method=method: fusion_by_course(*s, method=method),
            "do not choose where to look",
        )
        for method in WITHOUT_LOOKING
    },
    "the course's late": (lambda *s: fusion_by_course(*s, method="late"), "something crosses"),
    **{
        f"words' mask, {attend.__name__}": (
            lambda *s, attend=attend: with_words_mask(*s, attend=attend),
            "a mask says which \\*keys\\* count.*leave the mask out",
        )
        for attend in MASKS
    },
    "unequal widths": (misfit, "Your model stops when it is called on"),
    "text only": (lambda *s: one_only(*s, which="text"), "picture does not reach"),
    "picture only": (lambda *s: one_only(*s, which="picture"), "text does not reach"),
    "logits": (lambda *s: fusion_by_keras(*s, activation=None), "from 0 to 1"),
    "one per word": (lambda *s: fusion_by_keras(*s, tokens=True), "one probability per"),
    "constant": (always_half, "same for all samples"),
    "a layer": (lambda *s: layers.Dense(1), "Return a Keras model"),
    "other inputs": (lambda r, d, w, e: fusion_by_keras(w, e, r, d), "inputs have shapes"),
    "no return": (lambda *s: None, "without `return`"),
}

# --- 5.4 ----------------------------------------------------------------------------------------------------


def emap_by_loop(table):
    n = len(table)
    everything = sum(table[j, k] for j in range(n) for k in range(n)) / n**2
    return np.stack(
        [
            sum(table[i, j] for j in range(n)) / n + sum(table[j, i] for j in range(n)) / n - everything
            for i in range(n)
        ]
    )


def emap_by_course(table):
    numbers = np.arange(len(table))
    return evaluation.emap(lambda a, b, present: table[a, b], numbers, numbers)


def emap_in_place(table):
    everything = table.mean(axis=(0, 1))
    table -= everything
    return table.mean(axis=1) + table.mean(axis=0) + everything


def diagonal(table):
    return table[np.arange(len(table)), np.arange(len(table))]


EMAP_RIGHT = {
    "single precision": lambda t: emap_by_loop(t.astype("float32")).astype("float32"),
    "means": lambda t: t.mean(axis=1) + t.mean(axis=0) - t.mean(axis=(0, 1)),
    "loop": emap_by_loop,
    "course": emap_by_course,
    "lists": lambda t: emap_by_loop(t).tolist(),
}
EMAP_WRONG = {
    "the model's own": (diagonal, "model's own logits"),
    "counted twice": (lambda t: t.mean(axis=1) + t.mean(axis=0), "counted twice"),
    "added": (lambda t: t.mean(axis=1) + t.mean(axis=0) + t.mean(axis=(0, 1)), "subtracted, not added"),
    "averaged": (lambda t: (t.mean(axis=1) + t.mean(axis=0)) / 2, "do not average"),
    "rows only": (lambda t: t.mean(axis=1), "what a says alone"),
    "columns only": (lambda t: t.mean(axis=0), "what b says alone"),
    "rows twice": (lambda t: 2 * t.mean(axis=1) - t.mean(axis=(0, 1)), "same mean twice"),
    "columns twice": (lambda t: 2 * t.mean(axis=0) - t.mean(axis=(0, 1)), "same mean twice"),
    "over the classes too": (lambda t: t.mean(axis=1) + t.mean(axis=0) - t.mean(), "over the classes"),
    "constant": (lambda t: 0 * diagonal(t), "expected"),
    "the whole table": (lambda t: t, "the n true pairs"),
    "all pairs projected": (
        lambda t: t.mean(axis=1, keepdims=True) + t.mean(axis=0) - t.mean(axis=(0, 1)),
        "the n true pairs",
    ),
    "classes averaged": (lambda t: emap_by_loop(t).mean(axis=1), "mean over the classes is gone"),
    "in place": (emap_in_place, "changed the arrays"),
    "empty": (lambda t: [], "has shape \\(0,\\)"),
    "no return": (lambda t: None, "without `return`"),
}

# --- 5.5 ----------------------------------------------------------------------------------------------------


def drop(present, rate, rng, *, share=None, first=0.5):
    lose = (rng.random(len(present)) < (rate if share is None else share)) & present.all(axis=1)
    lose_first = rng.random(len(present)) < first
    return present & ~(lose[:, None] & np.stack([lose_first, ~lose_first], axis=1))


def drop_by_loop(present, rate, rng):
    kept = present.copy()
    for row in kept:
        if row.all() and rng.random() < rate:
            row[int(rng.random() < 0.5)] = False
    return kept


def drop_in_place(present, rate, rng):
    present &= drop(present, rate, rng)
    return present


def drop_whole_batch(present, rate, rng):
    return present & (np.array([rng.random() < 0.5, True]) if rng.random() < 2 else present)


def drop_the_only_one(present, rate, rng):
    return present & drop(np.ones_like(present), rate, rng)


def drop_the_first_share(present, rate, rng):
    lose = (np.arange(len(present)) < rate * len(present)) & present.all(axis=1)
    lose_first = rng.random(len(present)) < 0.5
    return present & ~(lose[:, None] & np.stack([lose_first, ~lose_first], axis=1))


def drop_by_turns(present, rate, rng):
    lose = (rng.random(len(present)) < rate) & present.all(axis=1)
    lose_first = np.arange(len(present)) % 2 == 0
    return present & ~(lose[:, None] & np.stack([lose_first, ~lose_first], axis=1))


def drop_which_unseeded(present, rate, rng):
    lose = (rng.random(len(present)) < rate) & present.all(axis=1)
    lose_first = np.random.default_rng(7).random(len(present)) < 0.5
    return present & ~(lose[:, None] & np.stack([lose_first, ~lose_first], axis=1))


def drop_exactly(present, rate, rng):
    both = np.flatnonzero(present.all(axis=1))
    kept = present.copy()
    kept[rng.permutation(both)[: round(rate * len(both))], rng.integers(0, 2, round(rate * len(both)))] = (
        False
    )
    return kept


def drop_share_of_all(present, rate, rng):
    both = np.flatnonzero(present.all(axis=1))
    count = min(round(rate * len(present)), len(both))
    kept = present.copy()
    kept[rng.permutation(both)[:count], rng.integers(0, 2, count)] = False
    return kept


DROPOUT_RIGHT = {
    "vectorised": drop,
    "loop": drop_by_loop,
    "exactly the share": drop_exactly,
    "lists": lambda *a: drop(*a).tolist(),
}
DROPOUT_WRONG = {
    "each for itself": (lambda p, r, g: p & (g.random(p.shape) >= r), "lost both"),
    "turned round": (lambda p, r, g: drop(p, r, g, share=1 - r), "turned round"),
    "half of it": (lambda p, r, g: drop(p, r, g, share=r / 2), "half as many as expected"),
    "more of it": (lambda p, r, g: drop(p, r, g, share=r**0.5), "expected 30%"),
    "the first share": (drop_the_first_share, "their numbers in the batch"),
    "by turns": (drop_by_turns, "which one, too"),
    "which one, not from rng": (drop_which_unseeded, "which one, too"),
    "a share of all": (drop_share_of_all, "share of the samples that have both"),
    "another shape": (lambda p, r, g: drop(p, r, g)[:, 0], "has shape"),
    "always the first": (lambda p, r, g: drop(p, r, g, first=1.0), "toss a coin"),
    "whole batch": (lambda p, r, g: p & np.array([False, True]), "draw for every sample"),
    "the only one": (drop_the_only_one, "only modality it had"),
    "brings back": (lambda p, r, g: drop(np.ones_like(p), r, g), "came back|only modality"),
    "own generator": (lambda p, r, g: drop(p, r, np.random.default_rng(0)), "from `rng`"),
    "NumPy's generator": (lambda p, r, g: drop(p, r, np.random), "not from `np.random`"),
    "in place": (drop_in_place, "changed the arrays"),
    "identity": (lambda p, r, g: p.copy(), "treated alike"),
    "numbers": (lambda p, r, g: drop(p, r, g).astype(float), "dtype"),
    "no return": (lambda p, r, g: None, "without `return`"),
}

# --- 5.6 ----------------------------------------------------------------------------------------------------


def point(
    weights,
    boxes,
    rows,
    columns,
    height,
    width,
    *,
    offset=0.5,
    per_row=None,
    swap=False,
    pixels=True,
    first=np.less_equal,
    last=np.less,
    shift=0.0,
):
    y, x = np.divmod(weights.argmax(axis=1), per_row or columns)
    if swap:
        x, y = y, x
    if pixels:
        x, y = (x + offset) * width / columns - shift, (y + offset) * height / rows - shift
    left, top, w, h = boxes.T
    return first(left, x) & last(x, left + w) & first(top, y) & last(y, top + h)


def one_place(weights, boxes, rows, columns, height, width):
    y, x = divmod(int(weights.argmax()), columns)
    left, top, w, h = boxes.T
    x, y = (x + 0.5) * width / columns, (y + 0.5) * height / rows
    return (left <= x) & (x < left + w) & (top <= y) & (y < top + h)


def point_by_loop(weights, boxes, rows, columns, height, width):
    hits = []
    for row, (left, top, w, h) in zip(weights.tolist(), boxes, strict=True):
        place = row.index(max(row))
        x = (place % columns + 0.5) * width / columns
        y = (place // columns + 0.5) * height / rows
        hits.append(left <= x < left + w and top <= y < top + h)
    return np.array(hits)


def point_by_course(weights, boxes, rows, columns, height, width):
    return evaluation.pointing_game(weights, boxes, (rows, columns), (height, width))[0] == 1


def corners(weights, boxes, *sizes):
    boxes = boxes.copy()
    boxes[:, 2:] -= boxes[:, :2]
    return point(weights, boxes, *sizes)


def whole_regions(weights, boxes, rows, columns, height, width):
    y, x = np.divmod(weights.argmax(axis=1), columns)
    x, y = (x + 0.5) * (width // columns), (y + 0.5) * (height // rows)
    left, top, w, h = boxes.T
    return (left <= x) & (x < left + w) & (top <= y) & (y < top + h)


def whole_centres(weights, boxes, rows, columns, height, width, rounding=np.floor):
    y, x = np.divmod(weights.argmax(axis=1), columns)
    x, y = rounding((x + 0.5) * width / columns), rounding((y + 0.5) * height / rows)
    left, top, w, h = boxes.T
    return (left <= x) & (x < left + w) & (top <= y) & (y < top + h)


def point_in_place(weights, boxes, *sizes):
    hits = point(weights, boxes, *sizes)
    boxes[:, 2:] += boxes[:, :2]
    return hits


POINTING_RIGHT = {
    "vectorised": point,
    "loop": point_by_loop,
    "course": point_by_course,
    "lists": lambda *a: point(*a).tolist(),
}
POINTING_WRONG = {
    "one place for all": (one_place, "its own largest weight"),
    "centres as they are drawn": (lambda *a: point(*a, shift=0.5), "half a pixel too far"),
    "x and y swapped": (lambda *a: point(*a, swap=True), "x and y are swapped"),
    "divided by rows": (lambda *a: point(*a, per_row=a[2]), "by columns, not by rows"),
    "box as corners": (corners, "right edge is x \\+ width"),
    "corner of the cell": (lambda *a: point(*a, offset=0), "\\*centre\\* of its region"),
    "cells for pixels": (lambda *a: point(*a, pixels=False), "in regions and the boxes in pixels|never hit"),
    "all edges inside": (lambda *a: point(*a, last=np.less_equal), "lower edge of a box are outside"),
    "no edge inside": (lambda *a: point(*a, first=np.less), "upper edge of a box are inside"),
    "smallest": (lambda w, *a: point(-w, *a), "smallest weight"),
    "whole regions": (whole_regions, "need be a whole number"),
    "whole centres": (whole_centres, "need be a whole number"),
    "rounded centres": (lambda *a: whole_centres(*a, rounding=np.round), "need be a whole number"),
    "height for width": (lambda w, b, r, c, h, wide: point(w, b, r, c, wide, h), "Height and width"),
    "in place": (point_in_place, "changed the arrays"),
    "always": (lambda w, *a: np.ones(len(w), bool), "expected"),
    "never": (lambda w, *a: np.zeros(len(w), bool), "never hit"),
    "share": (lambda *a: point(*a).mean(), "shape"),
    "no return": (lambda *a: None, "without `return`"),
}

EXERCISES = {
    "5.1": (check.attention, ATTENTION_RIGHT, ATTENTION_WRONG),
    "5.2": (check.heads, HEADS_RIGHT, HEADS_WRONG),
    "5.3": (check.repaired_fusion, FUSION_RIGHT, FUSION_WRONG),
    "5.4": (check.emap_of_a_table, EMAP_RIGHT, EMAP_WRONG),
    "5.5": (check.modality_dropout, DROPOUT_RIGHT, DROPOUT_WRONG),
    "5.6": (check.pointing, POINTING_RIGHT, POINTING_WRONG),
}

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(EXERCISES)
