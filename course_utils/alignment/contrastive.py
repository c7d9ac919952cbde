"""Losses that learn from pairs: each item shall find its partner among all of the batch.

A table of logits (batch, batch) is all that they need: row i and column i belong to the i-th pair, and entry
(i, j) tells how alike item i of modality a and item j of modality b are.

    loss = info_nce(cosine_similarities(a, b) / 0.07)

Importing this module loads Keras. Introduced in lesson 06.
"""

import math
from typing import Any

import keras
from keras import layers, ops

from course_utils import arguments
from course_utils.errors import CourseError

__all__ = ["Temperature", "cosine_similarities", "info_nce", "sigmoid_loss"]

_register = keras.saving.register_keras_serializable("course_utils")

Tensor = Any
"""A tensor of the backend that Keras runs on, a symbolic one, or a NumPy array."""

_ABSENT = -3e38  # about the lowest number of float32, so that no logit is below it


def cosine_similarities(a: Tensor, b: Tensor) -> Tensor:
    """Gives the cosine of the angle between every vector of one modality and every vector of the other.

    Introduced in lesson 06.

    Args:
        a: float tensor (n, dim), of any lengths.
        b: float tensor (m, dim).

    Returns:
        float32 tensor (n, m), −1 to 1.

    Raises:
        CourseError: when there are no two tables of vectors of the same width.
    """
    if len(a.shape) != 2 or len(b.shape) != 2 or a.shape[1] != b.shape[1]:
        raise CourseError(
            f"a has shape {tuple(a.shape)} and b {tuple(b.shape)}; expected (n, dim) and (m, dim). A `Dense("
            "dim)` behind each modality's encoder gives both the same width."
        )
    return ops.matmul(_of_length_one(a), ops.transpose(_of_length_one(b)))


def _of_length_one(vectors: Tensor) -> Tensor:
    # In half precision the square of a short vector would be 0.
    vectors = ops.cast(vectors, "float32")
    # Not `ops.normalize`: on PyTorch its gradient at a vector of zeros is NaN.
    squares = ops.sum(ops.square(vectors), axis=-1, keepdims=True)
    return vectors * ops.rsqrt(ops.maximum(squares, 1e-24))


def info_nce(logits: Tensor, ids: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
    """Gives the cross-entropy of finding each item's partner, from a to b and from b to a (InfoNCE).

    ½ · mean_i (−log softmax_j(z_ij)[i] − log softmax_j(z_ji)[i]). Van den Oord et al., arXiv:1807.03748;
    in both directions Radford et al., arXiv:2103.00020, figure 3. Where items of the batch are the same
    concept, none is a negative of the other: the target of each is shared evenly by all of them, as in
    UniCL, Yang et al., arXiv:2204.03610. Equal logits give log(batch), whatever the ids; below log(m) no
    concept of m items can fall. Introduced in lesson 06.

    Args:
        logits: float tensor (batch, batch), similarities divided by the temperature.
        ids: integer tensor (batch,), equal where two pairs are the same concept; None when all differ.
        mask: bool tensor (batch,), True = keep; a pair that is not kept is no item and no candidate, and its
            logits may hold anything. None keeps all.

    Returns:
        float32 scalar ≥ 0; 0 when nothing is kept, or a single pair.

    Raises:
        CourseError: when the logits are no square table, or ids or mask do not fit.
    """
    logits, positive, present = _table(logits, ids, mask)
    if present is not None:
        logits = ops.where(present, logits, _ABSENT)
    both = ops.log_softmax(logits, axis=1) + ops.log_softmax(logits, axis=0)
    # Concepts are shared both ways: an item of a has as many partners as each of these has.
    partners = ops.sum(ops.cast(positive, "float32"), axis=1, keepdims=True)
    # `where`, not a product: what is no partner may be −∞.
    missed = ops.where(positive, -both / ops.maximum(partners, 1), 0)
    return 0.5 * ops.sum(missed) / _count(partners > 0)


def sigmoid_loss(logits: Tensor, ids: Tensor | None = None, mask: Tensor | None = None) -> Tensor:
    """Asks of every pair of the table by itself whether it belongs together (SigLIP).

    −1/batch · Σ_ij log σ(y_ij z_ij), with y = 1 for partners and −1 for all others. Zhai et al.,
    arXiv:2303.15343, algorithm 1. Nearly all pairs of a table do not belong together, so the logits need a
    bias, which starts at −10 there; :class:`Temperature` has one. Two pairs of the same concept belong
    together. Introduced in lesson 06.

    Args:
        logits: float tensor (batch, batch), similarities divided by the temperature, plus the bias.
        ids: integer tensor (batch,), as for :func:`info_nce`.
        mask: bool tensor (batch,), True = keep, as for :func:`info_nce`.

    Returns:
        float32 scalar ≥ 0; 0 when nothing is kept.

    Raises:
        CourseError: as :func:`info_nce`.
    """
    logits, positive, present = _table(logits, ids, mask)
    against = ops.where(positive, -logits, logits)
    if present is not None:
        against = ops.where(present, against, _ABSENT)
    return ops.sum(ops.softplus(against)) / _count(ops.any(positive, axis=1))  # softplus(−x) = −log σ(x)


@_register
class Temperature(layers.Layer):
    """Turns similarities into logits: z = s / τ + b, with τ learned in log space and kept within limits.

    τ = exp(θ) cannot become negative, and a step of θ changes it by a share of itself. The limits hold after
    every step of a Keras optimiser; without the lower one a trained τ can fall until training is unstable.
    Radford et al., arXiv:2103.00020, section 2.5, whose start and limit these are. Introduced in lesson 06.

    Args:
        initial: float, lowest ≤ τ ≤ highest, at the start.
        lowest: float > 0.
        highest: float ≥ lowest.
        bias: float, what the learned b starts at; None has no b. Zhai et al., arXiv:2303.15343, start at
            τ = 0.1 and b = −10.

    Raises:
        CourseError: when an argument is out of its range.
    """

    def __init__(
        self,
        initial: float = 0.07,
        lowest: float = 0.01,
        highest: float = 1.0,
        bias: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**{"dtype": "float32", **kwargs})
        self.lowest = arguments.number("lowest", lowest, 1e-6, highest)
        self.highest = arguments.number("highest", highest)
        self.initial = arguments.number("initial", initial, lowest, highest)
        self.start_of_bias = None if bias is None else arguments.number("bias", bias)

    def build(self, similarities_shape: tuple[int | None, ...]) -> None:
        low, high = math.log(self.lowest), math.log(self.highest)
        self.log_temperature = self.add_weight(
            shape=(),
            initializer=keras.initializers.Constant(math.log(self.initial)),
            # Not clipped where it is used: beyond the limit it would have no gradient, and stay there.
            constraint=lambda weight: ops.clip(weight, low, high),
            name="log_temperature",
        )
        self.bias = None
        if self.start_of_bias is not None:
            start = keras.initializers.Constant(self.start_of_bias)
            self.bias = self.add_weight(shape=(), initializer=start, name="bias")

    @property
    def value(self) -> Tensor:
        """τ as it is now, float32 scalar tensor."""
        return ops.exp(self.log_temperature)

    def call(self, similarities: Tensor) -> Tensor:
        """Maps a float tensor of any shape to the same shape."""
        logits = similarities / self.value
        return logits if self.bias is None else logits + self.bias

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        ours = {"initial": self.initial, "lowest": self.lowest, "highest": self.highest}
        return {**super().get_config(), **ours, "bias": self.start_of_bias}


def _table(logits: Tensor, ids: Tensor | None, mask: Tensor | None) -> tuple[Tensor, Tensor, Tensor | None]:
    """Checks the arguments; gives logits in float32, who is whose partner, and which pairs are there."""
    if len(logits.shape) != 2 or logits.shape[0] != logits.shape[1]:
        raise CourseError(
            f"logits have shape {tuple(logits.shape)}; expected (batch, batch): one row for each item of "
            "modality a, one column for each of b, partners in the same order."
        )
    _require("ids", ids, ("int", "uint"), "integers, equal where the concept is", logits.shape[0])
    _require("mask", mask, ("bool",), "bool with True = keep", logits.shape[0])
    if ids is None:
        positive = ops.eye(ops.shape(logits)[0], dtype="bool")
    else:
        positive = ops.equal(ops.expand_dims(ids, 1), ops.expand_dims(ids, 0))
    present = None
    if mask is not None:
        present = ops.logical_and(ops.expand_dims(mask, 1), ops.expand_dims(mask, 0))
        positive = ops.logical_and(positive, present)
    return ops.cast(logits, "float32"), positive, present


def _require(name: str, value: Tensor | None, kinds: tuple[str, ...], expected: str, n: int | None) -> None:
    """Refuses what is no tensor (batch,) of these kinds; None is fine."""
    if value is None:
        return
    if not hasattr(value, "dtype"):
        raise CourseError(f"{name} is a {type(value).__name__}; expected a tensor or array of {expected}.")
    dtype = keras.backend.standardize_dtype(value.dtype)
    shape = tuple(value.shape)
    fits = len(shape) == 1 and (shape[0] == n or None in (shape[0], n))
    if not fits or not dtype.startswith(kinds):
        raise CourseError(f"{name} has shape {shape} and dtype {dtype}; expected ({n},), {expected}.")


def _count(kept: Tensor) -> Tensor:
    """How many are kept, at least 1: nothing is divided by zero."""
    return ops.maximum(ops.sum(ops.cast(kept, "float32")), 1)
