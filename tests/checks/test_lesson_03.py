"""Lesson 03's checks accept right answers of any style and reject wrong ones with the hint meant for them."""

import math

import numpy as np

from course_utils import runtime
from course_utils.checks import lesson_03 as check
from course_utils.features import rnn
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers  # noqa: E402

# --- 3.1 ----------------------------------------------------------------------------------------------------


def simple(x, mask, W, U, b, *, start=0.0, activation=np.tanh, carry=True, order=1, keep=None):
    h = np.full((len(x), W.shape[1]), start)
    for t in range(x.shape[1])[::order]:
        new = activation(x[:, t] @ W + h @ U + b)
        m = (mask if keep is None else keep)[:, t, None]
        h = m * new + (1 - m) * h if carry else m * new
    return h


def simple_by_loop(x, mask, W, U, b):
    states = []
    for sentence, kept in zip(x, mask, strict=True):
        h = [0.0] * len(b)
        for token in sentence[kept]:
            h = [
                math.tanh(
                    sum(token[i] * W[i, j] for i in range(len(token)))
                    + sum(h[i] * U[i, j] for i in range(len(h)))
                    + b[j]
                )
                for j in range(len(b))
            ]
        states.append(h)
    return np.array(states)


def simple_by_keras(x, mask, W, U, b):
    layer = layers.SimpleRNN(len(b))
    layer.build(x.shape)
    layer.set_weights([W, U, b])
    return np.asarray(layer(x.astype(np.float32), mask=mask))


def simple_all_states(x, mask, W, U, b):
    return rnn.run(rnn.simple_rnn_step, x, [W, U, b], mask)[0]


def simple_in_place(x, mask, W, U, b):
    result = simple(x, mask, W, U, b)
    x[~mask] = 7.0
    x += 1
    return result


def simple_at_length(x, mask, W, U, b):
    states = [simple(x[:, : t + 1], mask[:, : t + 1] | True, W, U, b) for t in range(x.shape[1])]
    return np.stack(states, axis=1)[np.arange(len(x)), mask.sum(axis=1) - 1]


def simple_by_if(x, mask, W, U, b):
    h = np.zeros((len(x), len(b)))
    for t in range(x.shape[1]):
        if mask[:, t]:
            h = np.tanh(x[:, t] @ W + h @ U + b)
    return h


SIMPLE_RIGHT = {
    "lists": lambda *a: simple(*a).tolist(),
    "multiplied": simple,
    "loop": simple_by_loop,
    "keras": simple_by_keras,
    "library": lambda *a: rnn.run(rnn.simple_rnn_step, a[0], a[2:], a[1])[1][0],
}
SIMPLE_WRONG = {
    "at mask.sum() - 1": (simple_at_length, "only where padding stands at the end"),
    "squeezed": (lambda *a: simple(*a).squeeze(), "has shape"),
    "tokens first": (
        lambda x, m, *w: np.stack([simple(x, m, *w)] * x.shape[1]),
        "states at all tokens",
    ),
    "no mask": (lambda x, m, *w: simple(x, m | True, *w), "read the padding too"),
    "inputs zeroed": (lambda x, m, *w: simple(x * m[..., None], m | True, *w), "still changes there"),
    "state reset": (lambda *a: simple(*a, carry=False), "must stay what it was"),
    "mask inverted": (lambda x, m, *w: simple(x, ~m, *w), "wrong way round"),
    "backwards": (lambda *a: simple(*a, order=-1), "from the last token to the first"),
    "one short": (lambda x, m, *w: simple(x[:, :-1], m[:, :-1], *w), "The last token is not read"),
    "return in the loop": (lambda x, m, *w: simple(x[:, :1], m[:, :1], *w), "inside the loop"),
    "if": (simple_by_if, "`if` wants one True or False"),
    "if all": (lambda x, m, *w: simple(x, m, *w, keep=m.all(0) & (m | True)), "One decision"),
    "if any": (lambda x, m, *w: simple(x, m, *w, keep=m.any(0) & (m | True)), "One decision"),
    "sizes of the example": (
        lambda x, m, W, U, b: np.zeros((2, 3)) + x[:, 0] @ W,
        "taken from the arguments",
    ),
    "no bias": (lambda x, m, W, U, b: simple(x, m, W, U, 0 * b), "bias b is missing"),
    "no memory": (lambda x, m, W, U, b: simple(x, m, W, 0 * U, b), "old state is missing"),
    "transposed": (lambda x, m, W, U, b: simple(x, m, W, U.T, b), "U is transposed"),
    "ones": (lambda *a: simple(*a, start=1.0), "begins with zeros"),
    "linear": (lambda *a: simple(*a, activation=lambda v: v), "tanh is missing"),
    "sigmoid": (lambda *a: simple(*a, activation=lambda v: 1 / (1 + np.exp(-v))), "is a sigmoid"),
    "all states": (simple_all_states, "states at all tokens"),
    "in place": (simple_in_place, "changed the arrays"),
    "identity": (lambda x, *rest: x, "shape"),
    "zero": (lambda x, m, W, U, b: np.zeros((len(x), len(b))), "expected"),
    "no return": (lambda *a: None, "without `return`"),
}

# --- 3.2 ----------------------------------------------------------------------------------------------------


def sigmoid(a):
    return (1 + np.tanh(a / 2)) / 2


def lstm(x, h, c, W, U, b, *, order=(0, 1, 2, 3), tilde=np.tanh, gate=sigmoid, new=None, show=None):
    parts = np.split(x @ W + h @ U + b, 4, axis=1)
    i, f, g, o = (parts[place] for place in order)
    made = gate(f) * c + gate(i) * tilde(g) if new is None else new(c, i, f, g)
    return (gate(o) * np.tanh(made) if show is None else show(o, made, c)), made


def lstm_by_loop(x, h, c, W, U, b):
    units = h.shape[1]
    new_h, new_c = np.empty_like(h), np.empty_like(c)
    for row in range(len(x)):
        for j in range(units):
            sums = [
                x[row] @ W[:, k * units + j] + h[row] @ U[:, k * units + j] + b[k * units + j]
                for k in range(4)
            ]
            i, f, o = (0.5 + 0.5 * math.tanh(sums[k] / 2) for k in (0, 1, 3))
            new_c[row, j] = f * c[row, j] + i * math.tanh(sums[2])
            new_h[row, j] = o * math.tanh(new_c[row, j])
    return new_h, new_c


def lstm_by_keras(x, h, c, W, U, b):
    cell = layers.LSTMCell(h.shape[1], dtype="float64")
    cell.build(x.shape)
    cell.set_weights([W, U, b])
    return tuple(np.asarray(state) for state in cell(x, [h, c])[1])


def lstm_overflowing(x, h, c, W, U, b):
    return lstm(x, h, c, W, U, b, gate=lambda a: 1 / (1 + np.exp(-a)))


def lstm_in_place(x, h, c, W, U, b):
    new_h, new_c = lstm(x, h, c, W, U, b)
    c[:] = new_c
    return new_h, new_c


LSTM_RIGHT = {
    "a list": lambda *a: list(lstm(*a)),
    "lists": lambda *a: [x.tolist() for x in lstm(*a)],
    "split": lstm,
    "loop": lstm_by_loop,
    "keras": lstm_by_keras,
    "library": lambda x, h, c, W, U, b: rnn.lstm_step(x, (h, c), W, U, b),
}
LSTM_WRONG = {
    "all mixed up": (
        lambda *a: lstm(*a, order=(1, 0, 3, 2)),
        "mixed up",
    ),
    "sigmoid of c": (
        lambda *a: lstm(*a, show=lambda o, made, c: sigmoid(o) * sigmoid(made)),
        "not through a sigmoid",
    ),
    "squeezed": (lambda *a: tuple(x.squeeze() for x in lstm(*a)), "has shape"),
    "g last": (lambda *a: lstm(*a, order=(0, 1, 3, 2)), "took the last quarter"),
    "gates swapped": (lambda *a: lstm(*a, order=(1, 0, 2, 3)), "are swapped"),
    "g first": (lambda *a: lstm(*a, order=(2, 1, 0, 3)), "took the first quarter"),
    "g by sigmoid": (lambda *a: lstm(*a, tilde=sigmoid), "a tanh, not a sigmoid"),
    "g bare": (lambda *a: lstm(*a, tilde=lambda g: g), "needs its tanh"),
    "coupled": (
        lambda *a: lstm(*a, new=lambda c, i, f, g: sigmoid(f) * c + (1 - sigmoid(f)) * np.tanh(g)),
        "the GRU's rule",
    ),
    "never forgets": (
        lambda *a: lstm(*a, new=lambda c, i, f, g: c + sigmoid(i) * np.tanh(g)),
        "forget gate is missing",
    ),
    "no input gate": (
        lambda *a: lstm(*a, new=lambda c, i, f, g: sigmoid(f) * c + np.tanh(g)),
        "input gate is missing",
    ),
    "bare gates": (lambda *a: lstm(*a, gate=lambda v: v), "need their sigmoid"),
    "bare gates and candidate": (
        lambda *a: lstm(*a, new=lambda c, i, f, g: f * c + i * g),
        "Gates and candidate need",
    ),
    "no half": (lambda *a: lstm(*a, gate=lambda v: (1 + np.tanh(v)) / 2), "Mind the brackets"),
    "half of the tanh": (lambda *a: lstm(*a, gate=lambda v: 1 + np.tanh(v / 2) / 2), "Mind the brackets"),
    "order i, g, f, o": (lambda *a: lstm(*a, order=(0, 2, 1, 3)), "second quarter for the candidate"),
    "rows cut": (lambda x, h, c, W, U, b: np.split(x @ W + h @ U + b, 4), "cuts rows unless told"),
    "no bias": (lambda x, h, c, W, U, b: lstm(x, h, c, W, U, 0 * b), "bias b is missing"),
    "no state": (lambda x, h, c, W, U, b: lstm(x, h, c, W, 0 * U, b), "old state is missing"),
    "bare c": (lambda *a: lstm(*a, show=lambda o, made, c: sigmoid(o) * made), "tanh around c is missing"),
    "old c shown": (
        lambda *a: lstm(*a, show=lambda o, made, c: sigmoid(o) * np.tanh(c)),
        "from the \\*new\\* c",
    ),
    "no output gate": (lambda *a: lstm(*a, show=lambda o, made, c: np.tanh(made)), "output gate is missing"),
    "bare output gate": (lambda *a: lstm(*a, show=lambda o, made, c: o * np.tanh(made)), "needs its sigmoid"),
    "c first": (lambda *a: lstm(*a)[::-1], "returned c first"),
    "overflow": (lstm_overflowing, "overflowed"),
    "in place": (lstm_in_place, "changed the arrays"),
    "h only": (lambda *a: lstm(*a)[0], r"Return two things.*found one array of shape \(3, 2\)"),
    "identity": (lambda x, h, c, *w: (h, c), "c has not changed"),
    "old h": (lambda x, h, c, *w: (h, lstm(x, h, c, *w)[1]), "h has not changed"),
    "no return": (lambda *a: None, "without `return`"),
}

# --- 3.3 ----------------------------------------------------------------------------------------------------


def bias(words, share):
    kept = share ** (1 / words)
    return -math.log(1 / kept - 1)


def bias_by_bisection(words, share):
    low, high = -60.0, 60.0
    for _ in range(200):
        middle = (low + high) / 2
        if (1 / (1 + math.exp(-middle))) ** words < share:
            low = middle
        else:
            high = middle
    return middle


def bias_by_scipy(words, share):
    from scipy.special import logit

    return logit(np.exp(np.log(share) / words))


BIAS_RIGHT = {"formula": bias, "bisection": bias_by_bisection, "scipy": bias_by_scipy}
BIAS_WRONG = {
    "what is lost": (lambda w, s: bias(w, 1 - s), "the share that is lost"),
    "share by words": (lambda w, s: -math.log(w / s - 1) if s < w else 0.0, "does not undo a product"),
    "power for root": (lambda w, s: -math.log(1 / s**w - 1), "its root"),
    "from rounded shares": (lambda w, s: bias(w, round(s, 2)), "expected"),
    "the gate": (lambda w, s: s ** (1 / w), "That is the gate"),
    "sign": (lambda w, s: -bias(w, s), "sign is the wrong way round"),
    "one word": (lambda w, s: bias(1, s), "over \\*one\\* word"),
    "divided": (lambda w, s: bias(1, s) / w, "Divide in the exponent|over \\*one\\* word"),
    "multiplied": (lambda w, s: bias(1, s) * w, "Multiplying the bias|over \\*one\\* word"),
    "logarithm": (lambda w, s: math.log(s) / w, "inverse of the sigmoid"),
    "decadic": (lambda w, s: bias(w, s) / math.log(10), "natural logarithm"),
    "rounded": (lambda w, s: round(bias(w, s), 2), "You rounded"),
    "one word fewer": (lambda w, s: bias(w - 1, s) if w > 1 else 0.0, "multiplied once at each"),
    "one word more": (lambda w, s: bias(w + 1, s), "multiplied once at each"),
    "an array": (lambda w, s: np.array([bias(w, s)]), "expected one number"),
    "constant": (lambda w, s: 4.0, "expected"),
    "no return": (lambda w, s: None, "without `return`"),
}

# --- 3.4 ----------------------------------------------------------------------------------------------------


def cut(order, size):
    return [order[first : first + size] for first in range(0, len(order), size)]


def batches_by_list(lengths, size):
    places = sorted(range(len(lengths)), key=lambda place: -lengths[place])
    return [np.array(places[first : first + size]) for first in range(0, len(places), size)]


def batches_small_first(lengths, size):
    order, odd = np.argsort(lengths), len(lengths) % size
    return [batch for batch in (order[:odd], *cut(order[odd:], size)) if len(batch)]


def batches_by_buckets(lengths, size):
    """Ranges of equal width, each cut for itself: what many libraries do, and more batches than needed."""
    ranges = [
        np.flatnonzero((lengths >= low) & (lengths < low + 10)) for low in range(0, lengths.max() + 1, 10)
    ]
    return [batch for members in ranges if len(members) for batch in cut(members, size)]


def batches_by_length_as_key(lengths, size):
    """Looks texts up by their length, so that of equally long ones the first is taken twice."""
    order = [list(lengths).index(length) for length in sorted(lengths)]
    return cut(np.array(order), size)


def batches_in_place(lengths, size):
    order = np.argsort(lengths)
    lengths.sort()
    return cut(order, size)


BATCHES_RIGHT = {
    "lists": lambda lengths, size: [batch.tolist() for batch in cut(np.argsort(lengths), size)],
    "a tuple": lambda lengths, size: tuple(cut(np.argsort(lengths), size)),
    "argsort": lambda lengths, size: cut(np.argsort(lengths), size),
    "longest first": batches_by_list,
    "smaller one first": batches_small_first,
    "library": lambda lengths, size: rnn.batches_by_length(lengths, size, seed=1),
}
BATCHES_WRONG = {
    "ties": (batches_by_length_as_key, "Are texts of equal length told apart"),
    "in place": (batches_in_place, "changed the arrays"),
    "text 0 left out": (
        lambda n, size: cut(np.argsort(n)[np.argsort(n) > 0], size),
        "in no batch, such as number 0|left out",
    ),
    "as given": (lambda n, size: cut(np.arange(len(n)), size), "in the order given"),
    "at random": (
        lambda n, size: cut(np.random.default_rng(0).permutation(len(n)), size),
        "sort all of them by length",
    ),
    "lengths": (lambda n, size: cut(np.sort(n), size), "you returned the lengths"),
    "last left out": (
        lambda n, size: [b for b in cut(np.argsort(n), size) if len(b) == size] or [np.argsort(n)[:1]],
        "smaller batch left out",
    ),
    "sorted within": (
        lambda n, size: [b[np.argsort(n[b])] for b in cut(np.arange(len(n)), size)],
        "in the order given",
    ),
    "ranges": (batches_by_buckets, "all full but one"),
    "one batch": (lambda n, size: [np.argsort(n)], "a batch has"),
    "split evenly": (
        lambda n, size: np.array_split(np.argsort(n), -(-len(n) // size)),
        "all but one must have exactly",
    ),
    "twice": (lambda n, size: [*cut(np.argsort(n), size), np.argsort(n)[:1]], "occurs twice"),
    "numbers": (lambda n, size: list(np.argsort(n)), "each batch is an array"),
    "floats": (lambda n, size: cut(np.argsort(n).astype(float), size), "each batch is an array"),
    "an array": (lambda n, size: np.argsort(n), "Expected a list"),
    "nothing": (lambda n, size: [], "are in no batch"),
    "no return": (lambda n, size: None, "without `return`"),
}

# --- 3.5 ----------------------------------------------------------------------------------------------------


def network(
    size, *, mask=True, scale=None, pool="layer", recurrent=True, activation=None, loss=None, units=1
):
    ids = keras.Input((None,), dtype="int32")
    vectors = layers.Embedding(size, 8, mask_zero=mask)(ids)
    if scale:
        vectors = scale(vectors)
    if recurrent:
        vectors = layers.GRU(6, return_sequences=True)(vectors)
    pooled = keras.ops.mean(vectors, axis=1) if pool == "ops" else layers.GlobalAveragePooling1D()(vectors)
    model = keras.Model(ids, layers.Dense(units, activation=activation)(pooled))
    if loss != "none":
        model.compile("adam", loss or keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def network_of_states(size):
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(size, 8, mask_zero=True),
            layers.SpatialDropout1D(0.2),
            layers.Bidirectional(layers.LSTM(5)),
            layers.LayerNormalization(),
            layers.Dense(1),
        ]
    )
    model.compile("sgd", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def network_with_own_mask(size):
    ids = keras.Input((None,), dtype="int32")
    keep = keras.ops.not_equal(ids, 0)
    states = layers.SimpleRNN(6, return_sequences=True)(layers.Embedding(size, 8)(ids) * 2.0, mask=keep)
    share = keras.ops.cast(keep, "float32")[..., None]
    pooled = keras.ops.sum(states * share, axis=1) / keras.ops.maximum(keras.ops.sum(share, axis=1), 1)
    model = keras.Model(ids, layers.Dense(1)(pooled))
    model.compile(keras.optimizers.AdamW(), keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def network_of_the_batch(size):
    ids = keras.Input((None,), dtype="int32")
    states = layers.GRU(6)(layers.Embedding(size, 8, mask_zero=True)(ids))
    centred = states - keras.ops.mean(states, axis=0, keepdims=True)
    model = keras.Model(ids, layers.Dense(1)(centred))
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def network_blind(size):
    ids = keras.Input((None,), dtype="int32")
    flat = keras.ops.cast(keras.ops.sum(ids, axis=1, keepdims=True), "float32") * 0.0
    model = keras.Model(ids, layers.Dense(1)(flat))
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


class OwnClassifier(keras.Model):
    def __init__(self, size):
        super().__init__()
        self.embed = layers.Embedding(size, 8, mask_zero=True)
        self.read, self.say = layers.GRU(6), layers.Dense(1)

    def call(self, ids):
        return self.say(self.read(self.embed(ids)))


def classifier_own(size):
    model = OwnClassifier(size)
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def network_regularised(size):
    ids = keras.Input((None,), dtype="int32")
    states = layers.LSTM(5)(layers.Embedding(size, 8, mask_zero=True, embeddings_regularizer="l2")(ids))
    model = keras.Model(ids, layers.Dense(1, kernel_regularizer="l2")(states))
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def network_always_dropping(size):
    ids = keras.Input((None,), dtype="int32")
    states = layers.GRU(6)(layers.Embedding(size, 8, mask_zero=True)(ids))
    model = keras.Model(ids, layers.Dense(1)(layers.Dropout(0.5)(states, training=True)))
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


def network_folding(size):
    """Words beyond a fixed vocabulary share the vectors of others."""
    ids = keras.Input((None,), dtype="int32")
    few = keras.ops.minimum(ids, 100)
    states = layers.GRU(6)(layers.Embedding(101, 8)(few), mask=keras.ops.not_equal(ids, 0))
    model = keras.Model(ids, layers.Dense(1)(states))
    model.compile("adam", keras.losses.BinaryCrossentropy(from_logits=True))
    return model


CLASSIFIER_RIGHT = {
    "regularised": network_regularised,
    "a class of its own": classifier_own,
    "GRU and mean": network,
    "LSTM, both ways": network_of_states,
    "own mask": network_with_own_mask,
    "the factor kept": lambda n: network(n, scale=layers.Rescaling(4.0)),
}
CLASSIFIER_WRONG = {
    "a fixed vocabulary": (lambda n: network(100), "stops when it is called on ids below"),
    "rare words alike": (network_folding, "every word has a vector of its own"),
    "dropout always on": (network_always_dropping, "dropout .* is on"),
    "relu": (lambda n: network(n, activation="relu"), "as after a ReLU"),
    "no mask": (lambda n: network(n, mask=False), "changed an answer"),
    "mask lost": (lambda n: network(n, scale=lambda x: x * 4.0), "changed an answer"),
    "mask lost in a layer": (
        lambda n: network(n, scale=layers.Lambda(lambda x: x * 4.0)),
        "so does a `Lambda`; `layers.Rescaling` keeps it",
    ),
    "careless mean": (lambda n: network(n, pool="ops"), "changed an answer"),
    "no order": (lambda n: network(n, recurrent=False), "reverse order"),
    "sigmoid": (lambda n: network(n, activation="sigmoid"), "between 0 and 1"),
    "loss of probabilities": (lambda n: network(n, loss="binary_crossentropy"), "from_logits=True"),
    "squares": (lambda n: network(n, loss="mse"), "from_logits=True"),
    "two logits": (lambda n: network(n, units=2), "expected \\(\\d+, 1\\)"),
    "not compiled": (lambda n: network(n, loss="none"), "is not compiled"),
    "the whole batch": (network_of_the_batch, "looks at the whole batch"),
    "blind": (network_blind, "look at its input"),
    "no model": (lambda n: np.zeros((6, 1)), "Return a Keras model"),
    "no return": (lambda n: None, "without `return`"),
}

EXERCISES = {
    "3.1": (check.simple_rnn, SIMPLE_RIGHT, SIMPLE_WRONG),
    "3.2": (check.lstm_step, LSTM_RIGHT, LSTM_WRONG),
    "3.3": (check.forget_bias, BIAS_RIGHT, BIAS_WRONG),
    "3.4": (check.batches, BATCHES_RIGHT, BATCHES_WRONG),
    "3.5": (check.classifier, CLASSIFIER_RIGHT, CLASSIFIER_WRONG),
}

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(EXERCISES)
