"""Checks of lesson 04: loss and gradient, Adam, an epoch, a schedule, a compact classifier, calibration."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.checks import (
    call_model,
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_model,
    expect_number,
    expect_parts,
)

if TYPE_CHECKING:
    import keras

__all__ = ["adam_step", "calibration_error", "compact_model", "cross_entropy", "epoch", "schedule"]


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))


def _losses(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    return -_log_softmax(logits)[np.arange(len(labels)), labels]


def _losses_over_pictures(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """The mean loss with a softmax along the wrong axis."""
    return -_log_softmax(logits.T).T[np.arange(len(labels)), labels].mean()


@exercise(
    "4.1",
    "loss and gradient are right for random scores of 12 shapes, small, large, and of ±10,000",
    own=r"course_utils\.training\.softmax_cross_entropy",
)
def cross_entropy(my_cross_entropy: Callable) -> None:
    """Checks softmax cross-entropy with its gradient (lesson 04).

    Args:
        my_cross_entropy: function of ``(logits, labels)``, float ``(n, classes)`` and int ``(n,)``, that returns the mean
            loss and its gradient, float ``(n, classes)``.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(1)
    for n, classes, spread in [(4, 3, 1), (7, 2, 3), (1, 5, 1), (9, 9, 5), (3, 10, 0.1), (6, 4, 30)] * 2:
        logits = rng.normal(0, spread, (n, classes))
        _check_loss(my_cross_entropy, logits, rng.integers(0, classes, n))
    huge = np.array([[1e4, 0, -1e4], [0.0, 1e4, 5e3], [2e4, 2e4, 0], [-1e4, -1e4, -2e4]])
    labels = np.array([2, 1, 0, 1])
    with np.errstate(all="ignore"):
        loss, gradient = expect_parts(my_cross_entropy(huge, labels), ("loss", "gradient"))
    loss = expect_number(loss, "The loss for scores of ±10,000")
    gradient = expect_array(gradient, huge.shape, np.floating, "The gradient for scores of ±10,000")
    expect(
        np.isfinite(loss) and np.isfinite(gradient).all(),
        "Scores of 10,000 gave NaN or infinity. Subtract each row's largest score before `np.exp`, and take the logarithm of the sum, not of a probability that has become 0.",
    )
    expect_close(
        loss,
        _losses(huge, labels).mean(),
        "With scores of ±10,000 the loss (a certain and wrong model pays as much as it was sure, so do not clip probabilities or add a small number)",
    )
    expect_close(
        gradient,
        (np.exp(_log_softmax(huge)) - np.eye(3)[labels]) / 4,
        "With scores of ±10,000 the gradient (probabilities minus the one-hot labels, over n; do not clip it)",
    )


def _check_loss(my_cross_entropy: Callable, logits: np.ndarray, labels: np.ndarray) -> None:
    n, classes = logits.shape
    given = f"{n} pictures and {classes} classes"
    loss, gradient = expect_parts(my_cross_entropy(logits, labels), ("loss", "gradient"))
    losses, log_p = _losses(logits, labels), _log_softmax(logits)
    probabilities, one_hot = np.exp(log_p), np.eye(classes)[labels]
    loss = expect_number(loss, f"The loss for {given} (take the mean over the pictures)")
    expect_close(
        loss,
        losses.mean(),
        f"The loss for {given}",
        mistakes=(
            (
                losses.sum(),
                f"The loss for {given} is {n} times too large: take the mean over the pictures, not the sum.",
            ),
            (-losses.mean(), "The loss came out negative: it is *minus* the logarithm of the probability."),
            (
                _losses_over_pictures(logits, labels),
                "Your softmax runs over the pictures, axis 0: each picture's probabilities sum to 1, axis 1.",
            ),
            (
                losses.mean() / classes,
                "You divided by the number of classes too: average over the pictures only.",
            ),
            (
                losses.mean() / np.log(2),
                "Your loss is in bits: use the natural logarithm, `np.log`, not `np.log2`.",
            ),
            (
                1 - probabilities[np.arange(n), labels].mean(),
                "That is one minus the probability of the true class: take minus its logarithm.",
            ),
            (
                -log_p.mean(),
                "You averaged over all classes: only the true class of each picture counts, `log_p[np.arange(n), labels]`.",
            ),
            (
                -log_p[:, labels].mean(),
                "`[:, labels]` takes of every picture the columns of *all* labels: take one of each row, `log_p[np.arange(n), labels]`.",
            ),
        ),
    )
    array = expect_array(gradient, logits.shape, np.floating, f"The gradient for {given}")
    expect_close(
        array,
        (probabilities - one_hot) / n,
        f"The gradient for {given}",
        mistakes=(
            (
                probabilities - one_hot,
                f"Your gradient is that of the summed loss: the mean over {n} pictures divides it by {n}.",
            ),
            (
                (one_hot - probabilities) / n,
                "Your gradient points downhill: it is what the model said minus what it should have said.",
            ),
            (probabilities / n, "You left out the one-hot labels: subtract 1 at the true class."),
            (probabilities, "You returned the probabilities: subtract 1 at the true class, divide by n."),
            (
                (probabilities - one_hot) / logits.size,
                "You divided by pictures × classes: the mean is over the pictures.",
            ),
            (
                (np.exp(_log_softmax(logits.T)).T - one_hot) / n,
                "Your softmax runs over the pictures, axis 0: each picture's probabilities sum to 1, axis 1.",
            ),
        ),
    )


@exercise(
    "4.2",
    "ten steps are right for weights of five shapes, from any state, with gradients from 0.003 to a million and of 0",
)
def adam_step(my_adam_step: Callable) -> None:
    """Checks one step of Adam (lesson 04).

    Args:
        my_adam_step: function of ``(weights, gradient, mean, square, step, learning_rate)`` that returns the new weights,
            mean and square, arrays of the same shape.

    Raises:
        CheckFailed: with a hint for the part of the step that went wrong.
    """
    rng = np.random.default_rng(2)
    for shape in ((3,), (4, 2), (1,), (2, 3, 2), (5,)):
        weights, rate = rng.normal(size=shape), float(rng.uniform(0.01, 0.5))
        # In mid-training first: at step 1 several mistakes cannot be told from one another.
        before = (*rng.normal(size=(3, *shape)), rng.uniform(1e-3, 9e-3, shape))
        _check_step(my_adam_step(*before, 4, rate), *before, 4, rate)
        mean, square = np.zeros(shape), np.zeros(shape)
        for step in range(1, 11):
            gradient = rng.normal(size=shape) * 10.0 ** rng.integers(-1, 3)
            value = my_adam_step(weights, gradient, mean, square, step, rate)
            new_mean, new_square = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
            weights = _check_step(value, weights, gradient, mean, square, step, rate)
            mean, square = new_mean, new_square
    zeros = np.zeros(3)
    with np.errstate(all="ignore"):
        still = expect_parts(
            my_adam_step(np.ones(3), zeros, zeros, zeros, 1, 0.1), ("weights", "mean", "square")
        )
    still = expect_array(still[0], (3,), np.floating, "weights")
    expect(
        np.isfinite(still).all() and np.allclose(still, 1),
        f"A weight whose gradient has always been 0 became {still[0]}: add epsilon to the denominator, and it stays where it is.",
    )
    for size in (3e-3, 1e6):
        gradient = size * np.array([1.0, -2.0, 3.0])
        value = my_adam_step(np.ones(3), gradient, zeros, zeros, 1, 0.1)
        _check_step(value, np.ones(3), gradient, zeros, zeros, 1, 0.1, scale=size)


def _check_step(
    value: Any,
    weights: np.ndarray,
    gradient: np.ndarray,
    mean: np.ndarray,
    square: np.ndarray,
    step: int,
    rate: float,
    scale: float = 1.0,
) -> np.ndarray:
    names = ("weights", "mean", "square")
    value = expect_parts(value, names)
    hint = [(weights.shape[1:], "Return three arrays: `return weights, mean, square`.")]
    new = [
        expect_array(v, weights.shape, np.floating, name, hint) for v, name in zip(value, names, strict=True)
    ]
    # Where gradients are very small or large, the memories are compared in their unit.
    new[1], new[2] = new[1] / scale, new[2] / scale**2
    size, mean, square, gradient = scale, mean / scale, square / scale**2, gradient / scale
    epsilon = 1e-7 / size
    m, s = 0.9 * mean + 0.1 * gradient, 0.999 * square + 0.001 * gradient**2
    corrected, corrected_square = m / (1 - 0.9**step), s / (1 - 0.999**step)
    expect_close(
        new[1],
        m,
        f"The mean after step {step}",
        mistakes=(
            (
                corrected,
                f"The mean you return at step {step} is the corrected one: correct a copy, and keep the memory as it is.",
            ),
            (
                0.1 * mean + 0.9 * gradient,
                "The mean keeps 0.9 of what it was and takes 0.1 of the new gradient.",
            ),
            (
                0.9 * mean + gradient,
                "The new gradient enters the mean with weight 1 - 0.9 = 0.1: without it this is momentum.",
            ),
            (
                0.999 * mean + 0.001 * gradient,
                "The mean keeps 0.9 of what it was, not 0.999: that is for the square.",
            ),
            (mean if mean.any() else None, "The mean has not changed: return the new one."),
        ),
    )
    expect_close(
        new[2],
        s,
        f"The square after step {step}",
        mistakes=(
            (
                corrected_square,
                f"The square you return at step {step} is the corrected one: keep the memory as it is.",
            ),
            (
                0.999 * square + 0.001 * gradient,
                "The second memory averages the *square* of the gradient: `gradient**2`.",
            ),
            (0.9 * square + 0.1 * gradient**2, "The mean of the squares uses 0.999, not 0.9."),
            (
                0.999 * square + 0.001 * m**2,
                "The second memory averages the square of the *gradient*, not of the mean.",
            ),
            (square if square.any() else None, "The square has not changed: return the new one."),
        ),
        tolerance=1e-6,
    )
    right = weights - rate * corrected / (np.sqrt(corrected_square) + epsilon)
    with np.errstate(all="ignore"):
        mistakes = (
            (
                weights - rate * m / (np.sqrt(s) + epsilon),
                f"Step {step} without correction: the memories began at 0, so divide them by 1 - 0.9**step and 1 - 0.999**step.",
            ),
            (
                weights - rate * corrected / (np.sqrt(s) + epsilon),
                "Only the mean was corrected: divide the square by 1 - 0.999**step too.",
            ),
            (
                weights - rate * m / (np.sqrt(corrected_square) + epsilon),
                "Only the square was corrected: divide the mean by 1 - 0.9**step too.",
            ),
            (
                weights + rate * corrected / (np.sqrt(corrected_square) + epsilon),
                "The step goes uphill: subtract it from the weights.",
            ),
            (
                weights - rate * corrected / (corrected_square + epsilon),
                "Divide by the square *root* of the mean square.",
            ),
            (
                weights - rate * gradient * size,
                "That is plain gradient descent: divide the mean gradient by the root of the mean square.",
            ),
            (
                weights - rate * gradient / (np.sqrt(corrected_square) + epsilon),
                "The numerator is the mean gradient, not the gradient of this step alone.",
            ),
            (weights, "The weights have not moved: return the new ones."),
            (
                weights
                - rate * m / (1 - 0.9 ** (step + 1)) / (np.sqrt(s / (1 - 0.999 ** (step + 1))) + epsilon),
                f"The correction is that of step {step + 1}: `step` begins at 1, so it needs no + 1.",
            ),
            (
                weights
                - rate * m / (1 - 0.9 ** (step - 1)) / (np.sqrt(s / (1 - 0.999 ** (step - 1))) + epsilon)
                if step > 1
                else None,
                f"The correction is that of step {step - 1}: `step` is already the number of this step.",
            ),
            (
                weights - rate * corrected / np.sqrt(corrected_square + epsilon / size),
                "Epsilon is added outside the root, √s + ε: inside it, it would be 3,000 times as large.",
            ),
        )
        expect_close(new[0], right, f"The weights after step {step}", mistakes)
    return right


@exercise(
    "4.3",
    "weights, bias and mean loss are right for ten data sets, with whole and smaller last batches, one batch alone, and one example alone",
)
def epoch(my_epoch: Callable) -> None:
    """Checks an epoch of stochastic gradient descent on a linear classifier (lesson 04).

    Args:
        my_epoch: function of ``(weights, bias, inputs, labels, places, batch_size, learning_rate)`` that returns the new
            weights ``(dim, classes)``, the new bias ``(classes,)`` and the mean loss.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(3)
    for n, batch_size in (
        (13, 5),
        (12, 4),
        (7, 7),
        (5, 9),
        (11, 1),
        (10, 4),
        (9, 2),
        (14, 6),
        (1, 3),
        (8, 3),
    ):
        dim, classes = (int(size) for size in rng.integers(2, 6, 2))
        weights, bias = rng.normal(size=(dim, classes)), rng.normal(size=classes)
        inputs, labels = rng.normal(size=(n, dim)), rng.integers(0, classes, n)
        inputs *= 4 if n == 8 else 1
        problem = (weights, bias, inputs, labels, rng.permutation(n), batch_size, 0.7)
        new_weights, new_bias, loss = expect_parts(my_epoch(*problem), ("weights", "bias", "loss"))
        given = f"{n} examples in batches of {batch_size}"
        new = (
            expect_array(new_weights, weights.shape, np.floating, f"W after {given}"),
            expect_array(new_bias, bias.shape, np.floating, f"b after {given}"),
        )
        loss = expect_number(loss, f"The loss for {given}")
        _check_epoch(new, loss, problem, given)


def _check_epoch(new: Sequence, loss: float, problem: tuple, given: str) -> None:
    right = _descend(*problem)
    others = {
        "dropped": (
            _descend(*problem, drop=True),
            f"{given}: the last, smaller batch was left out. Its examples would never be learned from.",
        ),
        "whole": (
            _descend(*problem[:5], len(problem[4]), problem[6]),
            f"{given}: you took one step for the whole set. Take one per batch.",
        ),
        "order": (
            _descend(*problem[:4], np.arange(len(problem[4])), *problem[5:]),
            f"{given}: the batches were not taken in the order of `places`.",
        ),
        "stale": (
            _descend(*problem, stale=True),
            f"{given}: every gradient was taken at the weights from before the epoch. Use the weights that the batch before has left.",
        ),
        "summed": (
            _descend(*problem, summed=True),
            f"{given}: your gradient is summed over the batch. `softmax_cross_entropy` already divides by its size.",
        ),
        "uphill": (_descend(*problem[:6], -problem[6]), f"{given}: the step goes uphill. Subtract it."),
        "no bias": (
            _descend(*problem, move_bias=False),
            f"{given}: the bias was not updated. Its gradient is that of the logits, summed over the batch.",
        ),
        "labels": (
            _descend(*problem, permuted=False),
            f"{given}: the inputs were taken in the order of `places`, the labels were not: `labels[batch]` too.",
        ),
        "twice": (
            _descend(*problem, twice=True),
            f"{given}: your gradient was divided by the batch's size twice. `softmax_cross_entropy` already does.",
        ),
        "no bias in the scores": (
            _descend(*problem, add_bias=False),
            f"{given}: the scores lack the bias, `inputs[batch] @ weights + bias`.",
        ),
        "even": (
            _descend(*problem, even=True),
            f"{given}: your batches are of about equal size, as `np.array_split` makes them. Take `batch_size` at a time; only the last may be smaller.",
        ),
        "bias mean": (
            _descend(*problem, mean_bias=True),
            f"{given}: the bias' gradient is the *sum* over the batch; the mean is already taken in the loss.",
        ),
    }
    for place, name in enumerate(("W", "b")):
        expect_close(
            new[place],
            right[place],
            f"{name} after {given}",
            mistakes=[(wrong[place], hint) for wrong, hint in others.values()],
        )
    losses, sizes = np.array(right[2]), np.array(right[3])
    after = _losses(problem[2] @ right[0] + right[1], problem[3]).mean()
    expect_close(
        loss,
        (losses * sizes).sum() / sizes.sum(),
        f"The loss of {given}",
        mistakes=(
            (
                losses.mean(),
                f"{given}: you averaged over batches, so that the smaller last one counts as much as a full one. Weight each loss by its batch's size.",
            ),
            (losses[-1], f"{given}: that is the last batch's loss alone."),
            (losses.sum(), f"{given}: that is the sum of the batches' losses. Return the mean per example."),
            ((losses * sizes).sum(), f"{given}: divide the sum by the number of examples."),
            (
                np.dot(right[4], sizes) / sizes.sum(),
                f"{given}: each batch's loss was taken after its own step. Take the one that its gradient belongs to.",
            ),
            (
                after,
                f"{given}: that is the loss after the epoch. Take each batch's loss before its own step.",
            ),
        ),
    )


def _descend(
    weights: np.ndarray,
    bias: np.ndarray,
    inputs: np.ndarray,
    labels: np.ndarray,
    places: np.ndarray,
    batch_size: int,
    rate: float,
    *,
    drop: bool = False,
    stale: bool = False,
    summed: bool = False,
    move_bias: bool = True,
    mean_bias: bool = False,
    permuted: bool = True,
    twice: bool = False,
    add_bias: bool = True,
    even: bool = False,
) -> tuple:
    """An epoch of gradient descent, with the mistakes that the hints are about."""
    first_weights, first_bias = weights, bias
    losses, sizes, losses_after = [], [], []
    starts = range(0, len(places), batch_size)
    batches = np.array_split(places, len(starts)) if even else [places[i : i + batch_size] for i in starts]
    for start, batch in zip(starts, batches, strict=True):
        if drop and len(batch) < batch_size and sizes:
            break
        at = (first_weights, first_bias) if stale else (weights, bias)
        logits = inputs[batch] @ at[0] + (at[1] if add_bias else 0)
        true = labels[batch] if permuted else labels[start : start + len(batch)]
        gradient = np.exp(_log_softmax(logits)) - np.eye(logits.shape[1])[true]
        gradient /= 1 if summed else len(batch) ** (2 if twice else 1)
        losses.append(_losses(logits, true).mean())
        sizes.append(len(batch))
        weights = weights - rate * inputs[batch].T @ gradient
        if move_bias:
            bias = bias - rate * (gradient.mean(axis=0) if mean_bias else gradient.sum(axis=0))
        losses_after.append(_losses(inputs[batch] @ weights + bias, true).mean())
    return weights, bias, losses, sizes, losses_after


@exercise("4.4", "500 steps of ten schedules rise, fall and end as they should, for rates from 10⁻⁶ to 5")
def schedule(my_schedule: Callable) -> None:
    """Checks a learning rate that warms up in a straight line and falls along half a cosine (lesson 04).

    Args:
        my_schedule: function of ``(step, steps, warm_up, peak)`` that returns a float.

    Raises:
        CheckFailed: with the step and a hint.
    """
    rng = np.random.default_rng(4)
    for steps, warm_up, peak in (
        (100, 10, 0.3),
        (50, 0, 1.0),
        (200, 50, 2.0),
        (31, 7, 0.01),
        (10, 9, 5.0),
        (64, 1, 1.5),
        (80, 40, 0.6),
        (500, 3, 0.2),
        (1, 0, 0.5),
        (33, 11, 1e-6),
    ):
        telling = (warm_up // 2, (2 * warm_up + steps) // 3)  # here every mistake has a value of its own
        edges = (0, warm_up, steps, steps + 1, 2 * steps)
        for step in (*telling, *edges, *rng.integers(0, steps, 43).tolist()):
            value = expect_number(
                my_schedule(step, steps, warm_up, peak), f"The rate at step {step} of {steps}"
            )
            _check_rate(value, step, steps, warm_up, peak)


def _check_rate(value: float, step: int, steps: int, warm_up: int, peak: float) -> None:
    given = f"my_schedule({step}, steps={steps}, warm_up={warm_up}, peak={peak})"

    def half_cosine(progress: float) -> float:
        return peak * (1 + np.cos(np.pi * progress)) / 2

    progress = (step - warm_up) / (steps - warm_up)
    if step < warm_up:
        right = peak * step / warm_up
        mistakes = (
            (
                peak * (step + 1) / warm_up,
                f"{given}: one step too far. At step 0 the rate is 0, at step {warm_up} it is the peak.",
            ),
            (half_cosine(step / steps), f"{given}: there is no warm-up. Rise in a straight line first."),
            (half_cosine(progress), f"{given}: there is no warm-up. Rise in a straight line first."),
            (
                peak,
                f"{given}: during warm-up the rate is not yet the peak. It grows in proportion to the step.",
            ),
            (step / warm_up, f"{given}: scale the rise by the peak."),
        )
    elif step <= steps:
        right = half_cosine(progress)
        mistakes = (
            (
                half_cosine(step / steps),
                f"{given}: the cosine must begin where the warm-up ends. Its progress is (step - warm_up) / (steps - warm_up).",
            ),
            (
                half_cosine((step - warm_up) / steps),
                f"{given}: the cosine has only steps - warm_up steps to reach 0.",
            ),
            (peak * (1 - progress), f"{given}: that is a straight line down. Take half a cosine."),
            (
                peak * np.cos(np.pi * progress),
                f"{given}: this cosine runs from 1 to -1. Move it to 0…1 with (1 + cos) / 2.",
            ),
            (
                peak * np.cos(np.pi * progress / 2),
                f"{given}: a quarter of a cosine. Use (1 + cos(π·progress)) / 2.",
            ),
            (
                half_cosine(2 * progress),
                f"{given}: that is a whole cosine, which comes back up. Half of it goes from the peak to 0.",
            ),
            (right / peak, f"{given}: scale the cosine by the peak."),
            (peak, f"{given}: the rate stays at the peak. Let it fall."),
        )
    else:
        right = 0.0
        mistakes = (
            (
                half_cosine(progress),
                f"{given}: after the last step the cosine comes back up. Hold the progress at 1.",
            ),
        )
    if peak < 1e-3:  # in units of the peak: the tolerance is an absolute one too
        value, right, mistakes = (
            value / peak,
            right / peak,
            [(wrong / peak, hint) for wrong, hint in mistakes],
        )
    expect_close(value, right, given, mistakes, tolerance=1e-6)


@exercise(
    "4.5",
    "the model is small at any picture size, takes integer labels, its loss and output fit together, and steps of training move its weights",
)
def compact_model(my_compact_model: Callable) -> None:
    """Checks a compiled classifier in place of the document's (lesson 04).

    Args:
        my_compact_model: function of ``(side, classes)`` that returns a compiled Keras model, float ``(n, side, side, 3)`` →
            ``(n, classes)``, for integer labels.

    Raises:
        CheckFailed: with a hint for what does not fit.
    """
    sizes = {}
    for side, classes in ((16, 3), (48, 3), (21, 2)):
        model = expect_model(my_compact_model(side, classes))
        _check_build(model, side, classes)
        sizes[side] = model.count_params()
        if side == 48:
            continue
        weights = model.get_weights()
        _check_compiled(model, side, classes)
        if side == 16:
            model.set_weights(weights)
            _check_training(model, side, classes)
    expect(
        sizes[48] == sizes[16],
        f"The model has {sizes[16]:,} parameters for pictures of 16 × 16 and {sizes[48]:,} for 48 × 48: something is flattened. "
        "`GlobalAveragePooling2D` leaves one number per channel, whatever the size.",
    )


def _check_build(model: "keras.Model", side: int, classes: int) -> None:
    takes = getattr(model, "input_shape", None) if model.built else None
    fits = (
        takes is not None
        and takes[0] is None
        and takes[1:3] in ((side, side), (None, None))
        and takes[3:] == (3,)
    )
    # A class of its own says no shape, and shows in a call what it takes.
    expect(
        fits or (model.built and takes is None),
        f"For side={side} the model takes {takes or 'nothing yet'}, expected (None, {side}, {side}, 3): begin with `keras.Input((side, side, 3))`.",
    )
    shape = getattr(model, "output_shape", None) if takes else None
    shape = shape or (
        None,
        *call_model(model, np.zeros((1, side, side, 3), np.float32), "1 picture").shape[1:],
    )
    expect(
        shape == (None, classes),
        f"For classes={classes} the model gives {shape}, expected (None, {classes}): one score per class"
        + (
            ", also when there are two."
            if shape[-1] == 1
            else ". `GlobalAveragePooling2D` takes rows and columns away."
            if len(shape) > 2
            else "."
        ),
    )
    expect(
        model.count_params() <= 50_000,
        f"The model has {model.count_params():,} parameters for side={side}, expected at most 50,000. `model.summary()` shows where they are: "
        "a `Dense` behind `Flatten` is the usual place; `GlobalAveragePooling2D` is the cure.",
    )
    expect(
        getattr(model, "optimizer", None) is not None,
        "The model is not compiled: `model.compile(optimizer, loss)`.",
    )
    expect(
        bool(model.trainable_variables),
        "The model has nothing to learn: every weight is frozen (`trainable = False`), or there is none.",
    )


def _check_training(model: "keras.Model", side: int, classes: int) -> None:
    """Steps of the model's own optimiser must move its weights; the first may be one of warm-up, with a rate of 0."""
    rng = np.random.default_rng(6)
    pictures = rng.uniform(0, 1, (4, side, side, 3)).astype(np.float32)
    labels = rng.integers(0, classes, 4)
    before = [weight.numpy() for weight in model.trainable_variables]
    try:
        model.run_eagerly = True  # a single step is not worth a graph
        for _ in range(2):
            model.train_on_batch(pictures, labels)
    except Exception as error:  # whatever Keras and TensorFlow make of a loss that does not fit
        _explain_loss(error, labels)
        raise
    moved = max(
        float(np.abs(weight.numpy() - old).max())
        for weight, old in zip(model.trainable_variables, before, strict=True)
    )
    expect(
        moved > 1e-8,
        "Two steps of training moved no weight: the optimiser's learning rate is 0, or nothing leads from the weights to the loss.",
    )


def _explain_loss(error: Exception, labels: np.ndarray) -> None:
    expect(
        not isinstance(error, ValueError),
        f"The loss stops at integer labels of shape {labels.shape}: {(str(error).splitlines() or [''])[0][:120]} Labels that are no one-hot rows need `SparseCategoricalCrossentropy`.",
    )


def _check_compiled(model: "keras.Model", side: int, classes: int) -> None:
    import keras

    rng = np.random.default_rng(5)
    pictures = rng.uniform(0, 1, (12, side, side, 3)).astype(np.float32)
    labels = rng.integers(0, classes, 12)
    outputs = []
    for brightest in (1, 1, 255, 255):
        # A fresh model says nearly the same of every picture; random weights show what its outputs can be, of a
        # size that lets no softmax saturate.
        for weight in model.trainable_variables:
            inputs = np.prod(weight.shape[:-1])  # 1 for biases
            weight.assign(rng.normal(0, np.sqrt(2 / inputs), weight.shape))
        outputs.append(call_model(model, brightest * pictures, f"{len(pictures)} pictures"))
    output = np.concatenate(outputs)
    expect(
        max(np.ptp(some, axis=0).max() for some in outputs) > 1e-6,
        "The scores are the same for all pictures: does the model look at them?",
    )
    probabilities = output.min() >= 0 and np.allclose(output.sum(axis=1), 1, atol=1e-3)
    expect(
        probabilities or output.min() < 0 or output.max() > 1,
        "Every output lies between 0 and 1, but those of a picture do not add up to 1: a sigmoid answers each class for itself. Exactly one class is true, so end in logits, or in a softmax.",
    )
    expect(
        probabilities or output.min() < 0,
        "No output is ever negative: a ReLU on the last layer cuts the logits off. Give the last `Dense` no activation.",
    )
    logits = rng.normal(0, 2, (12, classes)).astype(np.float32)
    answers = np.exp(_log_softmax(logits)) if probabilities else logits
    try:
        loss = model.compute_loss(x=pictures, y=labels, y_pred=keras.ops.convert_to_tensor(answers))
    except ValueError as error:
        _explain_loss(error, labels)
        raise
    loss = float(loss) - float(sum(float(keras.ops.convert_to_numpy(extra)) for extra in model.losses))
    expect_close(
        loss,
        _losses(logits, labels).mean(),
        "The loss of known answers for integer labels (expected is minus the mean logarithm of the true class' probability)",
        mistakes=(
            (
                _losses(answers, labels).mean(),
                "The model ends in a softmax and the loss takes softmax once more (`from_logits=True`): it can never fall to 0. Drop one of the two.",
            ),
            (
                _sloppy(logits, labels),
                "The model ends in logits, and the loss takes them for probabilities: pass `from_logits=True`.",
            ),
        ),
        tolerance=1e-3,
    )


def _sloppy(logits: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """What Keras makes of logits when it believes them to be probabilities: clipped, then the softmax of their logs."""
    return _losses(np.log(np.clip(logits.astype(np.float64), 1e-7, 1 - 1e-7)), labels).mean()


@exercise(
    "4.6",
    "the error is right for 43 sets of predictions, with empty bins, certain answers, one to fifteen bins, and one prediction",
)
def calibration_error(my_calibration_error: Callable) -> None:
    """Checks the expected calibration error (lesson 04).

    Args:
        my_calibration_error: function of ``(probabilities, labels, bins)``, float ``(n, classes)``, int ``(n,)`` and int, that
            returns a float in [0, 1].

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(6)
    for trial in range(43):
        n, classes, bins = (
            int(rng.integers(20, 200)),
            int(rng.integers(2, 6)),
            int(rng.choice([5, 8, 10, 15])),
        )
        if trial >= 40:
            n, classes, bins = [(1, 3, 10), (33, 2, 1), (2, 7, 13)][trial - 40]
        probabilities = np.exp(_log_softmax(rng.normal(0, rng.uniform(0.5, 4), (n, classes))))
        labels = np.where(rng.random(n) < 0.6, probabilities.argmax(axis=1), rng.integers(0, classes, n))
        if trial % 2:
            probabilities[: n // 5] = np.eye(classes)[rng.integers(0, classes, n // 5)]  # quite certain
        with np.errstate(all="ignore"):
            value = my_calibration_error(probabilities, labels, bins)
        value = expect_number(value, "The error")
        _check_calibration(value, probabilities, labels, bins)


def _check_calibration(value: float, probabilities: np.ndarray, labels: np.ndarray, bins: int) -> None:
    confidence, right = probabilities.max(axis=1), probabilities.argmax(axis=1) == labels
    given = f"{len(labels)} predictions in {bins} bins"
    expect(
        not np.isnan(value),
        f"{given}: NaN. A bin without predictions has no mean: skip it, since it has no weight either.",
    )
    gaps, shares = _bins(confidence, right, bins)
    certain = confidence == 1
    ten_gaps, ten_shares = _bins(confidence, right, 10)
    true_class = _bins(probabilities[np.arange(len(labels)), labels], right, bins)
    without, without_shares = _bins(confidence[~certain], right[~certain], bins)
    error = (shares * np.abs(gaps)).sum()
    expect_close(
        value,
        error,
        f"The error of {given}",
        mistakes=(
            (
                np.abs(gaps).mean(),
                f"{given}: every bin counted alike. Weight a bin by its share of the predictions.",
            ),
            (
                np.abs(gaps).sum() / bins,
                f"{given}: every bin counted alike. Weight a bin by its share of the predictions.",
            ),
            (
                (shares * gaps).sum(),
                f"{given}: too sure in one bin and too modest in another cancelled. Take the absolute value in each bin.",
            ),
            (
                abs((shares * gaps).sum()),
                f"{given}: the absolute value comes in each bin, before the sum.",
            ),
            (np.abs(gaps).max(), f"{given}: that is the worst bin. Take the mean, weighted by the counts."),
            (
                np.abs(confidence - right).mean(),
                f"{given}: without bins a single answer is right or wrong, never 80 % right. Compare means within bins.",
            ),
            (
                (ten_shares * np.abs(ten_gaps)).sum(),
                f"{given}: you used 10 bins. Use the number that is asked for.",
            ),
            (
                (true_class[1] * np.abs(true_class[0])).sum(),
                f"{given}: confidence is the probability of the class that the model *chose*, its largest, not that of the true class.",
            ),
            (
                (without_shares * np.abs(without)).sum(),
                f"{given}: predictions with confidence exactly 1 are missing. They belong to the last bin.",
            ),
            (
                (without_shares * np.abs(without)).sum() * (~certain).mean(),
                f"{given}: predictions with confidence exactly 1 are missing. They belong to the last bin.",
            ),
            (100 * error, f"{given}: that is in per cent. Return a share."),
        ),
        tolerance=1e-5,
    )


def _bins(confidence: np.ndarray, right: np.ndarray, bins: int) -> tuple[np.ndarray, np.ndarray]:
    """Mean confidence minus accuracy of every bin that is not empty, and its share of the predictions."""
    gaps, shares = [], []
    place = np.minimum((confidence * bins).astype(int), bins - 1)
    for number in range(bins):
        inside = place == number
        if inside.any():
            gaps.append(confidence[inside].mean() - right[inside].mean())
            shares.append(inside.mean())
    return np.array(gaps), np.array(shares)
