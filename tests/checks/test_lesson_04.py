"""Lesson 04's checks accept right answers of any style and reject wrong ones with the hint meant for them."""

import math

import numpy as np
from scipy.special import log_softmax

from course_utils import evaluation, runtime, training
from course_utils.checks import lesson_04 as check
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers  # noqa: E402

# --- 4.1 ----------------------------------------------------------------------------------------------------


def entropy(logits, labels, *, mean=True, scale=None, sign=1, subtract=True):
    log_p = log_softmax(logits, axis=1)
    rows = np.arange(len(labels))
    losses = -log_p[rows, labels]
    gradient = np.exp(log_p)
    if subtract:
        gradient[rows, labels] -= 1
    return (losses.mean() if mean else losses.sum()), sign * gradient / (scale or len(labels))


def entropy_by_loop(logits, labels):
    loss, gradient = 0.0, np.zeros(logits.shape)
    for i, (scores, label) in enumerate(zip(logits.tolist(), labels.tolist(), strict=True)):
        top = max(scores)
        total = sum(math.exp(score - top) for score in scores)
        loss += math.log(total) + top - scores[label]
        for k, score in enumerate(scores):
            gradient[i, k] = (math.exp(score - top) / total - (k == label)) / len(labels)
    return loss / len(labels), gradient


def entropy_by_keras(logits, labels):
    logits = np.asarray(logits)
    loss = keras.ops.mean(
        keras.ops.sparse_categorical_crossentropy(labels, logits.astype(np.float32), from_logits=True)
    )
    one_hot = np.eye(logits.shape[1])[labels]
    return float(loss), (np.asarray(keras.ops.softmax(logits)) - one_hot) / len(labels)


def entropy_naive(logits, labels):
    p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(labels)), labels]).mean(), (p - np.eye(logits.shape[1])[labels]) / len(
        labels
    )


def entropy_clipped(logits, labels):
    p = np.exp(log_softmax(logits, axis=1))
    picked = p[np.arange(len(labels)), labels]
    return -np.log(np.maximum(picked, 1e-300)).mean(), entropy(logits, labels)[1]


def entropy_in_place(logits, labels):
    logits -= logits.max(axis=1, keepdims=True)
    return entropy(logits, labels)


def with_loss(change):
    return lambda z, y: (change(z, y), entropy(z, y)[1])


def entropy_over_pictures(logits, labels):
    p = np.exp(log_softmax(logits, axis=0))
    rows = np.arange(len(labels))
    return -np.log(p[rows, labels]).mean(), (p - np.eye(logits.shape[1])[labels]) / len(labels)


def entropy_clipped_gradient(logits, labels):
    loss, gradient = entropy(logits, labels)
    return loss, np.where(np.abs(logits).max() > 5000, 0, gradient)


ENTROPY_RIGHT = {
    "single precision": lambda z, y: (
        np.float32(entropy(z, y)[0]),
        entropy(z, y)[1].astype(np.float32),
    ),
    "lists": lambda z, y: [float(entropy(z, y)[0]), entropy(z, y)[1].tolist()],
    "tensors": lambda z, y: tuple(map(keras.ops.convert_to_tensor, entropy(z, y))),
    "scipy": entropy,
    "loop": entropy_by_loop,
    "keras": entropy_by_keras,
}
ENTROPY_WRONG = {
    "the course's own": (
        training.softmax_cross_entropy,
        "calls `course_utils.training.softmax_cross_entropy`",
    ),
    "softmax over the pictures": (entropy_over_pictures, "runs over the pictures, axis 0"),
    "gradient of huge scores": (entropy_clipped_gradient, "scores of ±10,000 the gradient"),
    "gradient squeezed": (lambda z, y: (entropy(z, y)[0], entropy(z, y)[1].squeeze()), "has shape"),
    "overflow": (entropy_naive, "Subtract each row's largest score"),
    "clipped": (entropy_clipped, "do not clip"),
    "summed": (lambda z, y: entropy(z, y, mean=False), "times too large"),
    "negative": (with_loss(lambda z, y: -entropy(z, y)[0]), "came out negative"),
    "over classes": (with_loss(lambda z, y: entropy(z, y)[0] / z.shape[1]), "number of classes too"),
    "bits": (with_loss(lambda z, y: entropy(z, y)[0] / np.log(2)), "natural logarithm"),
    "all classes": (with_loss(lambda z, y: -log_softmax(z, axis=1).mean()), "only the true class"),
    "no logarithm": (
        with_loss(lambda z, y: 1 - np.exp(log_softmax(z, axis=1))[np.arange(len(y)), y].mean()),
        "minus its logarithm",
    ),
    "columns of all labels": (
        with_loss(lambda z, y: -log_softmax(z, axis=1)[:, y].mean()),
        "columns of \\*all\\* labels",
    ),
    "maximum without its axis": (
        lambda z, y: entropy(z - z.max(axis=1), y),
        "`keepdims=True` keeps the axis",
    ),
    "one loss each": (
        with_loss(lambda z, y: -log_softmax(z, axis=1)[np.arange(len(y)), y]),
        "expected one number",
    ),
    "summed gradient": (lambda z, y: entropy(z, y, scale=1), "that of the summed loss"),
    "downhill": (lambda z, y: entropy(z, y, sign=-1), "points downhill"),
    "no one-hot": (lambda z, y: entropy(z, y, subtract=False), "left out the one-hot"),
    "probabilities": (lambda z, y: entropy(z, y, subtract=False, scale=1), "returned the probabilities"),
    "over all": (lambda z, y: entropy(z, y, scale=z.size), "pictures × classes"),
    "in place": (entropy_in_place, "changed the arrays"),
    "loss only": (lambda z, y: entropy(z, y)[0], "Return two things"),
    "no return": (lambda z, y: None, "without `return`"),
    "zero": (lambda z, y: (0.0, np.zeros(z.shape)), "expected"),
}

# --- 4.2 ----------------------------------------------------------------------------------------------------


def adam(
    w,
    g,
    m,
    s,
    t,
    rate,
    *,
    b1=0.9,
    b2=0.999,
    keep=True,
    root=np.sqrt,
    top=None,
    eps=1e-7,
    sign=-1,
    correct=None,
):
    m, s, t = b1 * m + (1 - b1) * g, b2 * s + (1 - b2) * g**2, correct or t
    mean, square = m / (1 - b1**t), s / (1 - b2**t)
    step = (mean if top is None else top(mean, m, g)) / (root(square) + eps)
    return w + sign * rate * step, *((m, s) if keep else (mean, square))


def adam_by_library(w, g, m, s, t, rate):
    new, (mean, square, _) = training.adam(w, g, (m, s, t - 1), learning_rate=rate)
    return new, mean, square


def adam_by_loop(w, g, m, s, t, rate):
    new = [np.empty(w.shape) for _ in range(3)]
    for i in np.ndindex(w.shape):
        a, b = 0.9 * m[i] + 0.1 * g[i], 0.999 * s[i] + 0.001 * g[i] * g[i]
        step = rate * a / (1 - 0.9**t) / (math.sqrt(b / (1 - 0.999**t)) + 1e-7)
        for array, value in zip(new, (w[i] - step, a, b), strict=True):
            array[i] = value
    return tuple(new)


def adam_uncorrected(w, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
    return w - rate * m / (np.sqrt(s) + 1e-7), m, s


def adam_half_corrected(w, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
    return w - rate * m / (1 - 0.9**t) / (np.sqrt(s) + 1e-7), m, s


def adam_inside(w, g, m, s, t, rate):
    m, s = 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g**2
    return w - rate * m / (1 - 0.9**t) / np.sqrt(s / (1 - 0.999**t) + 1e-7), m, s


def adam_in_place(w, g, m, s, t, rate):
    m *= 0.9
    m += 0.1 * g
    return adam(w, g, (m - 0.1 * g) / 0.9, s, t, rate)


ADAM_RIGHT = {
    "lists": lambda *a: [x.tolist() for x in adam(*a)],
    "paper": adam,
    "library": adam_by_library,
    "loop": adam_by_loop,
}
ADAM_WRONG = {
    "epsilon in the root": (adam_inside, "added outside the root"),
    "gradient clipped": (
        lambda w, g, *a: adam(w, np.clip(g, -1e3, 1e3), *a),
        "expected",
    ),
    "in place": (adam_in_place, "changed the arrays"),
    "one weight squeezed": (lambda *a: tuple(x.squeeze() for x in adam(*a)), "has shape"),
    "no correction": (adam_uncorrected, "without correction"),
    "mean corrected only": (adam_half_corrected, "Only the mean was corrected"),
    "square corrected only": (
        lambda *a: adam(*a, top=lambda mean, m, g: m),
        "Only the square was corrected",
    ),
    "corrected memories": (lambda *a: adam(*a, keep=False), "is the corrected one"),
    "uphill": (lambda *a: adam(*a, sign=1), "goes uphill"),
    "no root": (lambda *a: adam(*a, root=lambda s: s), "square \\*root\\*"),
    "gradient on top": (lambda *a: adam(*a, top=lambda mean, m, g: g), "gradient of this step alone"),
    "plain descent": (
        lambda w, g, m, s, t, rate: (w - rate * g, *adam(w, g, m, s, t, rate)[1:]),
        "plain gradient descent",
    ),
    "decays swapped": (lambda *a: adam(*a, b2=0.9), "uses 0.999"),
    "both decays swapped": (lambda *a: adam(*a, b1=0.999, b2=0.9), "not 0.999: that is for the square"),
    "one step further": (
        lambda w, g, m, s, t, rate: adam(w, g, m, s, t, rate, correct=t + 1),
        "correction is that of step",
    ),
    "one step behind": (
        lambda w, g, m, s, t, rate: adam(w, g, m, s, t, rate, correct=max(t - 1, 1)),
        "correction is that of step",
    ),
    "square of the mean": (
        lambda w, g, m, s, t, rate: (w, 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * (0.9 * m + 0.1 * g) ** 2),
        "not of the mean",
    ),
    "mean the wrong way round": (lambda *a: adam(*a, b1=0.1), "keeps 0.9 of what it was"),
    "momentum": (
        lambda w, g, m, s, t, rate: (w, 0.9 * m + g, s),
        "without it this is momentum",
    ),
    "square of nothing": (
        lambda w, g, m, s, t, rate: (w, 0.9 * m + 0.1 * g, 0.999 * s + 0.001 * g),
        "\\*square\\* of the gradient",
    ),
    "no epsilon": (lambda *a: adam(*a, eps=0), "add epsilon"),
    "no new weights": (
        lambda w, g, m, s, t, rate: (w, *adam(w, g, m, s, t, rate)[1:]),
        "have not moved",
    ),
    "old memories": (lambda w, g, m, s, t, rate: (adam(w, g, m, s, t, rate)[0], m, s), "has not changed"),
    "weights only": (lambda *a: adam(*a)[0], "Return three arrays"),
    "no return": (lambda *a: None, "without `return`"),
}

# --- 4.3 ----------------------------------------------------------------------------------------------------


def epoch(w, b, x, y, places, size, rate, *, report="mean", step=None, order=None, batches=None):
    places = places if order is None else order
    first, losses, sizes, after = (w, b), [], [], []
    for batch in batches(places, size) if batches else (places[i : i + size] for i in range(0, len(y), size)):
        at = first if step == "stale" else (w, b)
        true = y[np.flatnonzero(places == batch[0])[0] :][: len(batch)] if step == "labels" else y[batch]
        logits = x[batch] @ at[0] + (0 if step == "scores without bias" else at[1])
        loss, gradient = training.softmax_cross_entropy(logits, true)
        gradient = gradient * {"summed": len(batch), "twice": 1 / len(batch)}.get(step, 1)
        w = w - rate * x[batch].T @ gradient
        if step != "no bias":
            b = b - rate * (gradient.mean(axis=0) if step == "bias mean" else gradient.sum(axis=0))
        losses.append(loss)
        sizes.append(len(batch))
        after.append(training.softmax_cross_entropy(x[batch] @ w + b, y[batch])[0])
    reported = {
        "after each step": np.average(after, weights=sizes),
        "mean": np.average(losses, weights=sizes),
        "batches": np.mean(losses),
        "last": losses[-1],
        "sum": np.sum(losses),
        "total": np.dot(losses, sizes),
        "after": training.softmax_cross_entropy(x @ w + b, y)[0],
    }
    return w, b, reported[report]


def epoch_with_split(w, b, x, y, places, size, rate):
    return epoch(
        w,
        b,
        x,
        y,
        places,
        size,
        rate,
        batches=lambda p, s: np.split(p, range(s, len(p), s)) if s < len(p) else [p],
    )


def epoch_by_examples(w, b, x, y, places, size, rate):
    w, b, total = w.copy(), b.copy(), 0.0
    for start in range(0, len(places), size):
        batch = [int(place) for place in places[start : start + size]]
        slope_w, slope_b = np.zeros_like(w), np.zeros_like(b)
        for i in batch:
            p = np.exp(log_softmax(x[i] @ w + b))
            total -= math.log(p[y[i]])
            p[y[i]] -= 1
            slope_w += np.outer(x[i], p) / len(batch)
            slope_b += p / len(batch)
        w -= rate * slope_w
        b -= rate * slope_b
    return w, b, total / len(places)


def epoch_in_place(w, b, x, y, places, size, rate):
    new_w, new_b, loss = epoch(w, b, x, y, places, size, rate)
    w[:], b[:] = new_w, new_b
    return w, b, loss


EPOCH_RIGHT = {
    "lists": lambda *a: [np.asarray(x).tolist() for x in epoch(*a)],
    "slices": epoch,
    "split": epoch_with_split,
    "example by example": epoch_by_examples,
}
EPOCH_WRONG = {
    "one loss each": (lambda *a: (*epoch(*a)[:2], np.full(3, epoch(*a)[2])), "expected one number"),
    "whole batches only": (
        lambda *a: epoch(*a) if len(a[3]) % a[5] == 0 else (*epoch(*a)[:2], 0.0),
        "expected",
    ),
    "last batch dropped": (
        lambda *a: epoch(
            *a, batches=lambda p, s: [p[i : i + s] for i in range(0, max(len(p) - s + 1, 1), s)]
        ),
        "was left out",
    ),
    "own order": (lambda *a: epoch(*a, order=np.arange(len(a[3]))), "order of `places`"),
    "one big step": (lambda *a: epoch(*a, batches=lambda p, s: [p]), "one step for the whole set"),
    "stale weights": (lambda *a: epoch(*a, step="stale"), "from before the epoch"),
    "summed": (lambda *a: epoch(*a, step="summed"), "summed over the batch"),
    "uphill": (lambda *a: epoch(*a[:6], -a[6]), "goes uphill"),
    "bias forgotten": (lambda *a: epoch(*a, step="no bias"), "bias was not updated"),
    "labels as they lie": (lambda *a: epoch(*a, step="labels"), "the labels were not"),
    "divided twice": (lambda *a: epoch(*a, step="twice"), "size twice"),
    "scores without bias": (lambda *a: epoch(*a, step="scores without bias"), "scores lack the bias"),
    "even batches": (
        lambda *a: epoch(*a, batches=lambda p, s: np.array_split(p, -(-len(p) // s))),
        "as `np.array_split` makes them",
    ),
    "losses after the steps": (lambda *a: epoch(*a, report="after each step"), "after its own step"),
    "bias averaged": (lambda *a: epoch(*a, step="bias mean"), "\\*sum\\* over the batch"),
    "mean of batches": (lambda *a: epoch(*a, report="batches"), "smaller last one counts as much"),
    "last loss": (lambda *a: epoch(*a, report="last"), "last batch's loss alone"),
    "sum of batches": (lambda *a: epoch(*a, report="sum"), "sum of the batches' losses"),
    "total": (lambda *a: epoch(*a, report="total"), "divide the sum"),
    "afterwards": (lambda *a: epoch(*a, report="after"), "loss after the epoch"),
    "in place": (epoch_in_place, "changed the arrays"),
    "no loss": (lambda *a: epoch(*a)[:2], "Return three things"),
    "no return": (lambda *a: None, "without `return`"),
    "nothing done": (lambda *a: (a[0].copy(), a[1].copy(), 0.0), "expected"),
}

# --- 4.4 ----------------------------------------------------------------------------------------------------


def schedule(step, steps, warm_up, peak, *, fall=None, hold=True):
    if step < warm_up:
        return peak * step / warm_up
    progress = (step - warm_up) / (steps - warm_up)
    progress = min(progress, 1) if hold else progress
    return peak * (fall(progress) if fall else 0.5 + 0.5 * math.cos(math.pi * progress))


def schedule_by_interpolation(step, steps, warm_up, peak):
    up = np.interp(step, [0, warm_up], [0, 1]) if warm_up else 1.0
    progress = np.interp(step, [warm_up, steps], [0, 1])
    return peak * up * np.cos(np.pi * progress / 2) ** 2


SCHEDULE_RIGHT = {
    "tensor": lambda *a: keras.ops.convert_to_tensor(float(schedule(*a))),
    "branches": schedule,
    "interpolation": schedule_by_interpolation,
}
SCHEDULE_WRONG = {
    "never below": (lambda *a: max(schedule(*a), 1e-4 * a[3]), "expected"),
    "a list": (lambda *a: [schedule(*a)], "expected one number"),
    "rounded": (lambda *a: round(schedule(*a), 6), "expected"),
    "no warm-up": (
        lambda t, n, w, p: p * (1 + math.cos(math.pi * min(t / n, 1))) / 2,
        "no warm-up",
    ),
    "peak at once": (lambda t, n, w, p: p if t < w else schedule(t, n, w, p), "not yet the peak"),
    "one too far": (
        lambda t, n, w, p: p * (t + 1) / w if t < w else schedule(t, n, w, p),
        "one step too far",
    ),
    "cosine from the start": (
        lambda t, n, w, p: schedule(t, n, w, p) if t < w else p * (1 + math.cos(math.pi * min(t / n, 1))) / 2,
        "must begin where the warm-up ends",
    ),
    "too long": (
        lambda t, n, w, p: (
            schedule(t, n, w, p) if t < w else p * (1 + math.cos(math.pi * min((t - w) / n, 1))) / 2
        ),
        "only steps - warm_up steps",
    ),
    "straight": (lambda *a: schedule(*a, fall=lambda x: 1 - x), "straight line down"),
    "from 1 to -1": (lambda *a: schedule(*a, fall=lambda x: math.cos(math.pi * x)), "from 1 to -1"),
    "quarter": (lambda *a: schedule(*a, fall=lambda x: math.cos(math.pi * x / 2)), "quarter of a cosine"),
    "whole cosine": (
        lambda *a: schedule(*a, fall=lambda x: (1 + math.cos(2 * math.pi * x)) / 2),
        "whole cosine",
    ),
    "comes back": (lambda *a: schedule(*a, hold=False), "Hold the progress at 1"),
    "no peak": (lambda t, n, w, p: schedule(t, n, w, 1), "by the peak"),
    "constant": (lambda t, n, w, p: p * min(t / w, 1) if w else p, "Let it fall"),
    "no return": (lambda *a: None, "without `return`"),
}

# --- 4.5 ----------------------------------------------------------------------------------------------------


def compact(
    side,
    classes,
    *,
    activation=None,
    loss=None,
    head=layers.GlobalAveragePooling2D,
    width=8,
    compiled=True,
    conv=True,
    hidden=0,
):
    model = keras.Sequential([keras.Input((side, side, 3))])
    if conv:
        model.add(layers.Conv2D(width, 3, strides=4, padding="same", activation="relu"))
    for layer in [head(), *([layers.Dense(hidden)] if hidden else [])]:
        model.add(layer)
    model.add(layers.Dense(classes, activation=activation))
    if compiled:
        model.compile(
            "adam", loss or keras.losses.SparseCategoricalCrossentropy(from_logits=activation is None)
        )
    return model


def compact_functional(side, classes):
    inputs = keras.Input((side, side, 3))
    x = layers.Rescaling(1 / 255)(inputs)
    x = layers.SeparableConv2D(12, 3, activation="relu", pointwise_regularizer="l2")(x)
    x = layers.BatchNormalization()(x)
    x = layers.Dropout(0.5)(layers.GlobalMaxPooling2D()(x))
    model = keras.Model(inputs, layers.Dense(classes)(x))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


def compact_from_zeros(side, classes):
    model = keras.Sequential([keras.Input((side, side, 3)), layers.Rescaling(1 / 255), layers.Conv2D(8, 3)])
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(classes, kernel_initializer="zeros"))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


SPARSE = "sparse_categorical_crossentropy"


def compact_nested(side, classes):
    core = keras.Sequential([keras.Input((None, None, 3)), layers.Conv2D(8, 3, strides=2, activation="relu")])
    model = keras.Sequential(
        [keras.Input((None, None, 3)), core, layers.GlobalAveragePooling2D(), layers.Dense(classes)]
    )
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True), metrics=["accuracy"])
    return model


class OwnCompact(keras.Model):
    def __init__(self, classes):
        super().__init__()
        self.see, self.pool, self.say = (
            layers.Conv2D(8, 3),
            layers.GlobalMaxPooling2D(),
            layers.Dense(classes),
        )

    def call(self, pictures):
        return self.say(self.pool(self.see(pictures)))


def compact_own(side, classes):
    model = OwnCompact(classes)
    model(np.zeros((1, side, side, 3)))
    model.compile("sgd", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def compact_warming_up(side, classes):
    model = compact(side, classes)
    rate = keras.optimizers.schedules.CosineDecay(0.0, 100, warmup_target=1e-3, warmup_steps=10)
    model.compile(keras.optimizers.AdamW(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def compact_with(side, classes, *, optimizer="adam", trainable=True):
    model = compact(side, classes)
    model.trainable = trainable
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def compact_blind(side, classes):
    inputs = keras.Input((side, side, 3))
    nothing = layers.GlobalAveragePooling2D()(inputs) * 0.0
    model = keras.Model(inputs, layers.Dense(classes, bias_initializer="ones")(nothing))
    model.compile("adam", keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    return model


def compact_deep(side, classes, *, activation="softmax", loss=SPARSE, scale=1.0, normed=False):
    model = keras.Sequential([keras.Input((side, side, 3)), layers.Rescaling(scale)])
    for width in (16, 32, 32):
        model.add(layers.Conv2D(width, 3, padding="same"))
        if normed:
            model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(classes, activation=activation))
    model.compile("adam", loss)
    return model


TWICE = keras.losses.SparseCategoricalCrossentropy(from_logits=True)

COMPACT_RIGHT = {
    "three convolutions and a softmax": compact_deep,
    "softmax behind rescaled bytes": lambda s, c: compact_deep(s, c, scale=1 / 255),
    "softmax behind batch norm": lambda s, c: compact_deep(s, c, normed=True),
    "one wide convolution and a softmax": lambda s, c: compact(
        s, c, width=32, activation="softmax", loss=SPARSE
    ),
    "nested, any size, metrics": compact_nested,
    "a class of its own, built": compact_own,
    "warming up": compact_warming_up,
    "no convolution": lambda s, c: compact(s, c, conv=False),
    "logits": compact,
    "softmax": lambda s, c: compact(s, c, activation="softmax", loss=SPARSE),
    "functional": compact_functional,
    "head of zeros": compact_from_zeros,
}
COMPACT_WRONG = {
    "one-hot loss": (lambda s, c: compact(s, c, loss="categorical_crossentropy"), "stops at integer labels"),
    "softmax twice": (
        lambda s, c: compact(
            s, c, activation="softmax", loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        ),
        "softmax once more",
    ),
    "softmax twice, three convolutions": (lambda s, c: compact_deep(s, c, loss=TWICE), "softmax once more"),
    "sigmoid, three convolutions": (
        lambda s, c: compact_deep(s, c, activation="sigmoid"),
        "answers each class for itself",
    ),
    "relu at the end, three convolutions": (
        lambda s, c: compact_deep(s, c, activation="relu"),
        "no activation",
    ),
    "no softmax at all": (lambda s, c: compact(s, c, loss=SPARSE), "pass `from_logits=True`"),
    "sigmoid": (
        lambda s, c: compact(s, c, activation="sigmoid", loss=SPARSE),
        "answers each class for itself",
    ),
    "relu at the end": (lambda s, c: compact(s, c, activation="relu", loss=SPARSE), "no activation"),
    "flattened": (lambda s, c: compact(s, c, head=layers.Flatten, width=4), "something is flattened"),
    "too large": (lambda s, c: compact(s, c, width=2000), "at most 50,000"),
    "as found": (
        lambda s, c: compact(s, c, head=layers.Flatten, width=64, hidden=128),
        "`Dense` behind `Flatten`",
    ),
    "not compiled": (lambda s, c: compact(s, c, compiled=False), "not compiled"),
    "rate of 0": (lambda s, c: compact_with(s, c, optimizer=keras.optimizers.SGD(0.0)), "moved no weight"),
    "frozen": (lambda s, c: compact_with(s, c, trainable=False), "nothing to learn"),
    "blind": (compact_blind, "the same for all pictures"),
    "a class of its own, not built": (lambda s, c: OwnCompact(c), "begin with"),
    "one unit": (
        lambda s, c: compact(s, 1, activation="sigmoid", loss="binary_crossentropy"),
        "one score per class, also when there are two",
    ),
    "two classes always": (lambda s, c: compact(s, 2), "expected \\(None, 3\\)"),
    "fixed size": (lambda s, c: compact(224, c), "expected \\(None, 16, 16, 3\\)"),
    "not pooled": (lambda s, c: compact(s, c, head=layers.Identity), "takes rows and columns away"),
    "a layer": (lambda s, c: layers.Dense(c), "Return a Keras model"),
    "no return": (lambda s, c: None, "without `return`"),
}

# --- 4.6 ----------------------------------------------------------------------------------------------------


def calibration(p, y, bins, *, confidence=None, combine=None, last=True):
    c = p.max(axis=1) if confidence is None else confidence(p, y)
    right = p.argmax(axis=1) == y
    place = np.digitize(c, np.linspace(0, 1, bins + 1)[1:])
    place = np.where(place == bins, bins - 1 if last else -1, place)
    gaps, counts = [], []
    for number in range(bins):
        inside = place == number
        if inside.any():
            gaps.append(c[inside].mean() - right[inside].mean())
            counts.append(inside.sum())
    gaps, counts = np.array(gaps), np.array(counts)
    return combine(gaps, counts) if combine else (np.abs(gaps) * counts).sum() / len(y)


def calibration_by_sums(p, y, bins):
    surplus = np.zeros(bins)
    for row, label in zip(p, y, strict=True):
        place = min(int(row.max() * bins), bins - 1)
        surplus[place] += row.max() - (row.argmax() == label)
    return np.abs(surplus).sum() / len(y)


def calibration_with_nan(p, y, bins):
    c, right = p.max(axis=1), p.argmax(axis=1) == y
    place = np.minimum((c * bins).astype(int), bins - 1)
    with np.errstate(all="ignore"):
        counts = np.bincount(place, minlength=bins)
        means = [np.bincount(place, v, bins) / counts for v in (c, right)]
    return (np.abs(means[0] - means[1]) * counts).sum() / len(y)


def calibration_in_place(p, y, bins):
    error = calibration(p, y, bins)
    p.sort(axis=1)
    return error


CALIBRATION_RIGHT = {
    "single precision": lambda p, y, bins: calibration(p.astype("float32"), y, bins),
    "tensor": lambda *a: keras.ops.convert_to_tensor(float(calibration(*a))),
    "bins": calibration,
    "sums": calibration_by_sums,
    "library": evaluation.expected_calibration_error,
}
CALIBRATION_WRONG = {
    "in place": (calibration_in_place, "changed the arrays"),
    "two classes": (
        lambda p, y, bins: calibration(p, y, bins, confidence=lambda p, y: np.maximum(p[:, 0], p[:, 1])),
        "expected",
    ),
    "bins alike": (
        lambda *a: calibration(*a, combine=lambda g, n: np.abs(g).mean()),
        "every bin counted alike",
    ),
    "empty bins count": (
        lambda *a: calibration(*a, combine=lambda g, n: np.abs(g).sum() / a[2]),
        "every bin counted alike",
    ),
    "signed": (lambda *a: calibration(*a, combine=lambda g, n: (g * n).sum() / n.sum()), "cancelled"),
    "absolute at the end": (
        lambda *a: calibration(*a, combine=lambda g, n: abs((g * n).sum() / n.sum())),
        "in each bin, before the sum|cancelled",
    ),
    "worst bin": (lambda *a: calibration(*a, combine=lambda g, n: np.abs(g).max()), "worst bin"),
    "no bins": (
        lambda p, y, bins: np.abs(p.max(axis=1) - (p.argmax(axis=1) == y)).mean(),
        "without bins",
    ),
    "always ten": (lambda p, y, bins: calibration(p, y, 10), "you used 10 bins"),
    "true class": (
        lambda *a: calibration(*a, confidence=lambda p, y: p[np.arange(len(y)), y]),
        "class that the model \\*chose\\*",
    ),
    "certain ones lost": (lambda *a: calibration(*a, last=False), "confidence exactly 1"),
    "per cent": (lambda *a: 100 * calibration(*a), "in per cent"),
    "NaN": (calibration_with_nan, "skip it"),
    "per bin": (lambda *a: calibration(*a, combine=lambda g, n: np.abs(g)), "expected one number"),
    "zero": (lambda *a: 0.0, "expected"),
    "no return": (lambda *a: None, "without `return`"),
}

EXERCISES = {
    "4.1": (check.cross_entropy, ENTROPY_RIGHT, ENTROPY_WRONG),
    "4.2": (check.adam_step, ADAM_RIGHT, ADAM_WRONG),
    "4.3": (check.epoch, EPOCH_RIGHT, EPOCH_WRONG),
    "4.4": (check.schedule, SCHEDULE_RIGHT, SCHEDULE_WRONG),
    "4.5": (check.compact_model, COMPACT_RIGHT, COMPACT_WRONG),
    "4.6": (check.calibration_error, CALIBRATION_RIGHT, CALIBRATION_WRONG),
}

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(EXERCISES)
