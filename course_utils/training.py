"""Training: the loss and its gradient, optimiser steps, checkpoints that resume, repeated runs.

The loss and the steps are NumPy references that equal Keras'; lesson 04 writes them out. Importing this
module costs NumPy only: what needs Keras is given a model and asks it.
"""

import io
import json
import textwrap
import zipfile
import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.errors import CourseError
from course_utils.files import require_file, write_atomically

if TYPE_CHECKING:
    import keras

__all__ = [
    "Repeated",
    "adam",
    "adamw",
    "half_precision",
    "learning_rate_range",
    "load_arrays",
    "load_checkpoint",
    "load_weights",
    "momentum",
    "numerical_gradient",
    "repeat",
    "save_arrays",
    "save_checkpoint",
    "save_weights",
    "sgd",
    "softmax",
    "softmax_cross_entropy",
]

_METADATA = "metadata"
_RESERVED = (_METADATA, "file", "allow_pickle")  # the last two are arguments of np.savez
_PLANES = " in planes"  # behind the name of a float16 array stored as low bytes, then high bytes
_NUMBERS = "fiub"  # kinds of NumPy types: float, int, unsigned, bool
# What NumPy and the zip archive behind it raise for a file that is none, is cut, or was changed.
_UNREADABLE = (
    OSError,
    ValueError,
    KeyError,
    EOFError,
    MemoryError,
    RuntimeError,
    zipfile.BadZipFile,
    zlib.error,
)


def softmax(logits: np.ndarray) -> np.ndarray:
    """Turns scores into probabilities, p_k = exp(z_k) / Σ_j exp(z_j), without overflow.

    Introduced in lesson 04.

    Args:
        logits: real array (..., classes), any range.

    Returns:
        float array (..., classes), each row 0 to 1 with sum 1.
    """
    # Subtracting the row's maximum changes nothing in the quotient and keeps exp() below 1.
    exponentials = np.exp(logits - np.max(logits, axis=-1, keepdims=True))
    return exponentials / exponentials.sum(axis=-1, keepdims=True)


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Gives the mean cross-entropy, −log softmax(z)[y], and its gradient, (softmax(z) − onehot(y)) / n.

    Goodfellow, Bengio & Courville, *Deep Learning* (2016), section 6.2.2.3. Introduced in lesson 04.

    Args:
        logits: real array (batch, classes), any range.
        labels: integer array (batch,), 0 ≤ label < classes.

    Returns:
        loss, float ≥ 0, and gradient with respect to the logits, float64 (batch, classes).

    Raises:
        CourseError: when the shapes do not fit, the batch is empty, or a label is no class.
    """
    logits, labels = np.asarray(logits, np.float64), np.asarray(labels)
    if logits.ndim != 2 or labels.shape != logits.shape[:1] or 0 in logits.shape:
        raise CourseError(
            f"logits have shape {logits.shape} and labels {labels.shape}; expected (batch, classes) and "
            "(batch,) with at least one of each. One-hot labels become integers with "
            "`labels.argmax(axis=-1)`."
        )
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= logits.shape[1]:
        raise CourseError(
            f"labels are {labels.dtype} from {labels.min()} to {labels.max()}; expected integers from 0 to "
            f"{logits.shape[1] - 1}, one for each of the {logits.shape[1]} columns of the logits."
        )
    rows = np.arange(len(labels))
    shifted = logits - logits.max(axis=1, keepdims=True)
    loss = (np.log(np.exp(shifted).sum(axis=1)) - shifted[rows, labels]).mean()
    gradient = softmax(logits)
    gradient[rows, labels] -= 1
    return float(loss), gradient / len(labels)


def numerical_gradient(
    function: Callable[[np.ndarray], float], point: np.ndarray, step: float = 1e-5
) -> np.ndarray:
    """Estimates a gradient by central differences, (f(w + h e_i) − f(w − h e_i)) / 2h: slow, but simple.

    Introduced in lesson 04.

    Args:
        function: of one array of the shape of ``point``, returns a float.
        point: real array of any shape.
        step: float > 0, h. The error falls as h² until rounding takes over.

    Returns:
        float64 array of the shape of ``point``.
    """
    point = np.array(point, np.float64)
    gradient = np.zeros_like(point)
    for place in np.ndindex(point.shape):
        here = point[place]
        point[place] = here + step
        above = function(point)
        point[place] = here - step
        gradient[place] = (above - function(point)) / (2 * step)
        point[place] = here
    return gradient


def sgd(
    weights: np.ndarray, gradient: np.ndarray, state: Any = None, *, learning_rate: float = 0.01
) -> tuple[np.ndarray, Any]:
    """Takes one step of gradient descent, w − η g. Introduced in lesson 04.

    All four optimisers take and return the same, so that one loop can try each.

    Args:
        weights: float array, any shape.
        gradient: float array of the same shape.
        state: what the step before returned, None at the first.
        learning_rate: float > 0, η.

    Returns:
        new weights, float array, and the state for the next step (here None).
    """
    return weights - learning_rate * gradient, state


def momentum(
    weights: np.ndarray,
    gradient: np.ndarray,
    state: np.ndarray | None = None,
    *,
    learning_rate: float = 0.01,
    decay: float = 0.9,
) -> tuple[np.ndarray, np.ndarray]:
    """Takes one step with momentum, v ← μ v − η g, w ← w + v. Introduced in lesson 04.

    Polyak (1964), in the form Keras' ``SGD(momentum=…)`` has.

    Args:
        weights: float array, any shape.
        gradient: float array of the same shape.
        state: the velocity v that the step before returned, None at the first.
        learning_rate: float > 0, η.
        decay: float, 0 ≤ μ < 1.

    Returns:
        new weights and the velocity, float arrays of the same shape.
    """
    velocity = np.zeros_like(weights) if state is None else state
    velocity = decay * velocity - learning_rate * gradient
    return weights + velocity, velocity


def adam(
    weights: np.ndarray,
    gradient: np.ndarray,
    state: tuple | None = None,
    *,
    learning_rate: float = 0.001,
    decay_1: float = 0.9,
    decay_2: float = 0.999,
    epsilon: float = 1e-7,
) -> tuple[np.ndarray, tuple]:
    """Takes one step of Adam: the mean gradient over its typical size, both corrected for starting at zero.

    m ← β₁ m + (1 − β₁) g, v ← β₂ v + (1 − β₂) g², w ← w − η √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε).
    Kingma & Ba, arXiv:1412.6980, in the order of computation at the end of their section 2, which is Keras';
    their Algorithm 1 adds ε after the correction instead. Introduced in lesson 04.

    Args:
        weights: float array, any shape.
        gradient: float array of the same shape.
        state: (m, v, t) that the step before returned, None at the first.
        learning_rate: float > 0, η.
        decay_1: float, 0 ≤ β₁ < 1, of the mean gradient.
        decay_2: float, 0 ≤ β₂ < 1, of the mean squared gradient.
        epsilon: float > 0, keeps the quotient finite where a gradient has always been 0.

    Returns:
        new weights, float array, and the state for the next step.
    """
    mean, square, step = (np.zeros_like(weights), np.zeros_like(weights), 0) if state is None else state
    mean = decay_1 * mean + (1 - decay_1) * gradient
    square = decay_2 * square + (1 - decay_2) * gradient**2
    step += 1
    rate = learning_rate * np.sqrt(1 - decay_2**step) / (1 - decay_1**step)
    return weights - rate * mean / (np.sqrt(square) + epsilon), (mean, square, step)


def adamw(
    weights: np.ndarray,
    gradient: np.ndarray,
    state: tuple | None = None,
    *,
    learning_rate: float = 0.001,
    weight_decay: float = 0.004,
    **options: float,
) -> tuple[np.ndarray, tuple]:
    """Takes one step of Adam with decoupled weight decay: the weights shrink by η λ, then Adam's step.

    Loshchilov & Hutter, arXiv:1711.05101. Introduced in lesson 04.

    Args:
        weights: float array, any shape.
        gradient: float array of the same shape.
        state: what the step before returned, None at the first.
        learning_rate: float > 0, η.
        weight_decay: float ≥ 0, λ.
        **options: further ones of :func:`adam`.

    Returns:
        new weights, float array, and the state for the next step.
    """
    shrunk = weights * (1 - learning_rate * weight_decay)
    return adam(shrunk, gradient, state, learning_rate=learning_rate, **options)


def learning_rate_range(
    model: "keras.Model",
    inputs: np.ndarray,
    labels: np.ndarray,
    *,
    low: float = 1e-5,
    high: float = 1.0,
    steps: int = 60,
    batch_size: int = 32,
    seed: int = 0,
) -> tuple[np.ndarray, np.ndarray]:
    """Trains a compiled model with a learning rate that grows step by step, then puts it back as it was.

    Smith, arXiv:1506.01186. The rate to take is a third to a tenth of the one at which the loss begins to
    rise. Introduced in lesson 04.

    Args:
        model: compiled Keras model; its weights and its optimiser are as before afterwards.
        inputs: array (n, ...) that the model takes.
        labels: array (n, ...) that its loss takes.
        low: float > 0, the first learning rate.
        high: float > low, the last.
        steps: int ≥ 2, batches to train on; fewer are used when the loss stops being finite.
        batch_size: int, examples in a batch.
        seed: int, which examples make which batch.

    Returns:
        learning rates and losses, two float arrays (steps used,); a loss belongs to the weights before its
        step.

    Raises:
        CourseError: when the range is empty or the data is smaller than a batch.
    """
    if not 0 < low < high or steps < 2:
        raise CourseError(
            f"low={low}, high={high}, steps={steps}; expected 0 < low < high and 2 steps or more."
        )
    if len(inputs) < batch_size:
        raise CourseError(
            f"there are {len(inputs)} examples for batches of {batch_size}; expected at least one batch."
        )
    variables = _variables(model)
    before = _named(variables)
    rng, rates, losses = np.random.default_rng(seed), np.geomspace(low, high, steps), []
    try:
        for rate in rates:
            model.optimizer.learning_rate.assign(rate)
            batch = rng.choice(len(inputs), batch_size, replace=False)
            loss = np.atleast_1d(model.train_on_batch(inputs[batch], labels[batch]))[0]
            # train_on_batch reports a running mean; without the reset the rise would come late.
            model.reset_metrics()
            if not np.isfinite(loss):
                break
            losses.append(float(loss))
    finally:
        _assign(variables, before.values())
    return rates[: len(losses)], np.array(losses)


@dataclass(frozen=True)
class Repeated:
    """What several runs gave that differ in their seed alone. Introduced in lesson 04.

    Attributes:
        seeds: tuple of int.
        values: float array (seeds,).
    """

    seeds: tuple
    values: np.ndarray

    @property
    def mean(self) -> float:
        """Mean over the seeds, float."""
        return float(self.values.mean())

    @property
    def sd(self) -> float:
        """Standard deviation over the seeds with n − 1 in the denominator, float."""
        return float(self.values.std(ddof=1))

    def __format__(self, specification: str) -> str:
        return f"{self.mean:{specification}} ± {self.sd:{specification}}"


def repeat(
    run: Callable[[int], float | dict[str, float]], seeds: Sequence[int]
) -> Repeated | dict[str, Repeated]:
    """Runs an experiment once per seed and keeps every figure, so that no mean comes without its spread.

    Introduced in lesson 04.

    Args:
        run: function of a seed (int) that returns a float, or a dict of floats with the same keys each time.
        seeds: sequence of int, at least two, all different.

    Returns:
        :class:`Repeated`, or a dict of them when ``run`` returns a dict; ``f"{result:.2f}"`` prints mean ±
        sd.

    Raises:
        CourseError: when there are fewer than two different seeds, or the runs returned different keys.
    """
    seeds = tuple(seeds)
    if len(seeds) < 2 or len(set(seeds)) < len(seeds):
        raise CourseError(f"seeds are {seeds}; expected at least two different ones: one run has no spread.")
    results = [run(seed) for seed in seeds]
    if not isinstance(results[0], dict):
        return Repeated(seeds, np.array(results, np.float64))
    if any(result.keys() != results[0].keys() for result in results):
        raise CourseError(
            f"the runs returned different figures: {[sorted(result) for result in results]}; expected the "
            "same names each time."
        )
    return {
        name: Repeated(seeds, np.array([result[name] for result in results], np.float64))
        for name in results[0]
    }


def save_arrays(path: str | Path, arrays: dict[str, np.ndarray], metadata: Any = None) -> None:
    """Writes named arrays and what is to be known of them to one file: in one piece, or not at all.

    The course's one format for trained weights: a compressed ``.npz`` file with an array for each name and
    the metadata as JSON under "metadata". Of half-precision arrays first all low bytes are stored, then all
    high bytes, as uint8 (2, …) under "NAME in planes": exponents beside each other compress, which makes
    files a twentieth smaller. Introduced in lesson 04.

    Args:
        path: str or Path of the file (``.npz``); one that is there is replaced.
        arrays: dict of arrays of numbers, any shapes.
        metadata: JSON values (dict, list, str, number).

    Raises:
        CourseError: when a name is reserved, an array holds no numbers, the metadata cannot be written as
            JSON, or the file cannot be written.
    """
    try:
        note = json.dumps(metadata, ensure_ascii=False).encode("utf-8")
    except (TypeError, ValueError) as error:
        raise CourseError(
            f"{metadata!r} cannot be stored: {error}. Use dict, list, str, int, float, bool or None; "
            "`float(value)` turns a NumPy number into one."
        ) from error
    unfit = [
        name
        for name, array in arrays.items()
        if name in _RESERVED or name.endswith(_PLANES) or array.dtype.kind not in _NUMBERS
    ]
    if unfit:
        raise CourseError(
            f"the array {unfit[0]!r} cannot be stored: expected numbers, under a name other than "
            f"{', '.join(_RESERVED)} that does not end in {_PLANES!r}."
        )
    stored = {_METADATA: np.frombuffer(note, np.uint8)}
    for name, array in arrays.items():
        if array.dtype == np.float16:
            stored[name + _PLANES] = _planes(array)
        else:
            stored[name] = array
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **stored)
    write_atomically(path, buffer.getvalue())


def load_arrays(path: str | Path) -> tuple[dict[str, np.ndarray], Any]:
    """Reads what :func:`save_arrays` wrote. Nothing in the file is executed. Introduced in lesson 04.

    Args:
        path: str or Path of the file.

    Returns:
        dict of arrays, in the order in which they were given, and the metadata.

    Raises:
        CourseError: when the file is missing or damaged, or holds something else.
    """
    path = require_file(path)
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = dict(_read(name, stored[name]) for name in stored.files)
        metadata = json.loads(arrays.pop(_METADATA).tobytes().decode("utf-8"))
        unfit = [name for name, array in arrays.items() if array.dtype.kind not in _NUMBERS]
        if unfit:
            raise ValueError(f"{unfit[0]!r} holds no numbers")
    except _UNREADABLE as error:
        reason = textwrap.shorten(f"{type(error).__name__}: {error}", 120)
        raise CourseError(
            f"{path}: this is no checkpoint, or it is damaged ({reason}). If it is your own, delete it and"
            " start the training anew."
        ) from error
    return arrays, metadata


def _planes(array: np.ndarray) -> np.ndarray:
    """float16 (…) → uint8 (2, …): the low byte of every number, then the high one."""
    both = np.ascontiguousarray(array.astype("<f2")).reshape(*array.shape, 1).view(np.uint8)
    return np.moveaxis(both, -1, 0)


def _read(name: str, array: np.ndarray) -> tuple[str, np.ndarray]:
    """An array as it lies in a file → its name and numbers as they were given."""
    if not name.endswith(_PLANES):
        return name, array
    both = np.ascontiguousarray(np.moveaxis(array, 0, -1))
    return name.removesuffix(_PLANES), both.view("<f2").reshape(both.shape[:-1]).astype(np.float16)


def half_precision(arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Rounds arrays to float16, half the size of float32. Introduced in lesson 04.

    Args:
        arrays: dict of float arrays, any shapes.

    Returns:
        dict of float16 arrays with the same names.

    Raises:
        CourseError: when a finite value is too large for float16, which would make it infinite.
    """
    largest = np.finfo(np.float16).max
    for name, array in arrays.items():
        if (np.abs(array[np.isfinite(array)]) > largest).any():
            raise CourseError(
                f"{name} holds values beyond {largest:,.0f}, the largest of float16: rescale what the model"
                " is given, or keep full precision with `save_arrays`."
            )
    return {name: array.astype(np.float16) for name, array in arrays.items()}


def save_weights(path: str | Path, model: "keras.Model", metadata: Any = None) -> None:
    """Writes the weights of a model in half precision, half the size of float32: to use it, not to train on.

    Introduced in lesson 04.

    Args:
        path: str or Path of the file (``.npz``); one that is there is replaced.
        model: Keras model.
        metadata: JSON values (dict, list, str, number).

    Raises:
        CourseError: as :func:`save_arrays`, and when a weight is too large for half precision.
    """
    save_arrays(path, half_precision(_named(model.weights)), metadata)


def load_weights(path: str | Path, model: "keras.Model") -> Any:
    """Gives a model the weights that :func:`save_weights` wrote. Introduced in lesson 04.

    Args:
        path: str or Path of the file.
        model: Keras model with the same weights in the same order; changed in place.

    Returns:
        The metadata.

    Raises:
        CourseError: when the file is missing or damaged, or was made by a model of other shapes; the model is
            then as it was before.
    """
    return _restore(path, model.weights)


def save_checkpoint(path: str | Path, model: "keras.Model", progress: Any = None) -> None:
    """Writes all that a training needs to go on as if nothing had happened: in one piece, or not at all.

    That is the weights, the optimiser's memory and step count, the states of random layers such as dropout,
    and whatever the loop itself must remember. Introduced in lesson 04.

    Args:
        path: str or Path of the file (``.npz``); one that is there is replaced.
        model: compiled Keras model.
        progress: JSON values (dict, list, str, number), such as the next epoch and the best loss so far.

    Raises:
        CourseError: when ``progress`` cannot be written as JSON, or the file cannot be written.
    """
    save_arrays(path, _named(_variables(model)), progress)


def load_checkpoint(path: str | Path, model: "keras.Model") -> Any:
    """Brings a model back to the state that :func:`save_checkpoint` stored. Nothing in the file is executed.

    Introduced in lesson 04.

    Args:
        path: str or Path of the file.
        model: compiled Keras model with the same layers and optimiser; changed in place.

    Returns:
        What was given as ``progress``.

    Raises:
        CourseError: when the file is missing or damaged, or was made by a model of other shapes; the model is
            then as it was before.
    """
    return _restore(path, _variables(model))


def _variables(model: "keras.Model") -> list["keras.Variable"]:
    """All that changes while a model trains; `model.variables` has the states of random layers in it."""
    model.optimizer.build(model.trainable_variables)
    return [*model.variables, *model.optimizer.variables]


def _named(variables: list["keras.Variable"]) -> dict[str, np.ndarray]:
    """Copies of the variables' values, {"003/kernel": array, …} in their order."""
    from keras import ops

    named = {}
    for place, variable in enumerate(variables):
        # A copy: on some backends the array is the variable's own memory.
        value = np.array(ops.convert_to_numpy(variable))
        # A type of Keras that NumPy has not, such as bfloat16, fits into float32 without loss.
        known = value if value.dtype.kind in _NUMBERS else value.astype(np.float32)
        # Keras counts layers up with every model that is built: the place tells them apart, not its names.
        named[f"{place:03}/{variable.name}"] = known
    return named


def _restore(path: str | Path, variables: list["keras.Variable"]) -> Any:
    """Sets variables to the arrays of a file, all of them or none; returns its metadata."""
    arrays, metadata = load_arrays(path)
    expected = [tuple(variable.shape) for variable in variables]
    if [array.shape for array in arrays.values()] != expected:
        pairs = zip(arrays.items(), expected, strict=False)
        detail = next(
            (
                f"the first that differs, {name}, has shape {array.shape}, expected {shape}; "
                for (name, array), shape in pairs
                if array.shape != shape
            ),
            "",
        )
        raise CourseError(
            f"{path}: the checkpoint holds {len(arrays)} arrays, this model and its optimiser have "
            f"{len(expected)}; {detail}it was made by another model or optimiser. Build the same one, or "
            "delete the file."
        )
    _assign(variables, arrays.values())
    return metadata


def _assign(variables: list["keras.Variable"], arrays: Iterable[np.ndarray]) -> None:
    for variable, array in zip(variables, arrays, strict=True):
        variable.assign(array)
