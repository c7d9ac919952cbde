"""Convolutional networks: what each layer computes, how far it sees, what it costs; features from a network.

The layers are NumPy references that equal Keras'; lesson 02 writes them out. Importing this module costs
NumPy only. Pictures have their channels last everywhere, ``(batch, height, width, channels)``.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.arguments import array, choice, whole_number
from course_utils.errors import CourseError
from course_utils.places import moved

if TYPE_CHECKING:
    import keras

__all__ = [
    "Cost",
    "ReceptiveField",
    "batch_norm",
    "convolution_cost",
    "convolve",
    "dense_cost",
    "extract_features",
    "grad_cam",
    "output_length",
    "pool",
    "receptive_field",
    "same_padding",
]

_PADDINGS = ("valid", "same")
_REAL = (np.floating, np.integer)
Sides = int | tuple[int, int]
"""The same along both axes, or (rows, columns)."""


def output_length(
    length: int, kernel: int, stride: int = 1, padding: str = "valid", dilation: int = 1
) -> int:
    """Says how many places a kernel takes along one axis.

    valid: ⌊(n − d (k − 1) − 1) / s⌋ + 1; same: ⌈n / s⌉. Dumoulin & Visin, arXiv:1603.07285. Introduced in
    lesson 02.

    Args:
        length: int, n, entries along the axis.
        kernel: int, k, entries of the kernel.
        stride: int, s, entries from one place to the next.
        padding: "valid", the kernel stays inside, or "same", zeros are added around.
        dilation: int, d, entries from one of the kernel's entries to the next.

    Returns:
        int, at least 1.

    Raises:
        CourseError: when an argument is wrong, or the kernel does not fit in.
    """
    length, kernel = whole_number("length", length), whole_number("kernel", kernel)
    stride, dilation = whole_number("stride", stride), whole_number("dilation", dilation)
    if choice("padding", padding, _PADDINGS) == "same":
        return math.ceil(length / stride)
    extent = dilation * (kernel - 1) + 1
    if extent > length:
        raise CourseError(
            f"the kernel spans {extent} entries (kernel={kernel}, dilation={dilation}) and the axis has "
            f"{length}: expected a kernel that fits in, or padding='same'."
        )
    return (length - extent) // stride + 1


def same_padding(length: int, kernel: int, stride: int = 1, dilation: int = 1) -> tuple[int, int]:
    """Says how many zeros "same" adds before and after; of an odd number, one more after.

    Introduced in lesson 02.

    Args:
        length: int, entries along the axis.
        kernel: int, entries of the kernel.
        stride: int.
        dilation: int.

    Returns:
        (before, after), ints ≥ 0.

    Raises:
        CourseError: when an argument is wrong.
    """
    places = output_length(length, kernel, stride, "same", dilation)
    total = max((places - 1) * stride + dilation * (kernel - 1) + 1 - length, 0)
    return total // 2, total - total // 2


def convolve(
    pictures: np.ndarray,
    kernel: np.ndarray,
    bias: np.ndarray | None = None,
    *,
    stride: Sides = 1,
    padding: str = "valid",
    dilation: Sides = 1,
    groups: int = 1,
) -> np.ndarray:
    """Computes the convolution of deep learning: the kernel lies on every place and is not turned round.

    y[b, i, j, o] = bias[o] + Σ_{u, v, c} x[b, s i + d u, s j + d v, c] · kernel[u, v, c, o]. Introduced in
    lesson 02.

    Args:
        pictures: real array (batch, height, width, channels).
        kernel: real array (rows, columns, channels / groups, filters), as Keras keeps it.
        bias: real array (filters,), or None for zeros.
        stride: int, or (rows, columns).
        padding: "valid" or "same".
        dilation: int, or (rows, columns).
        groups: int that divides channels and filters; each group of filters sees its own channels only.

    Returns:
        float64 array (batch, new height, new width, filters).

    Raises:
        CourseError: when shapes do not fit or an argument is wrong.
    """
    pictures = array("pictures", pictures, _REAL, (("batch", "height", "width", "channels"),))
    kernel = array("kernel", kernel, _REAL, (("rows", "columns", "channels / groups", "filters"),))
    groups, channels, filters = whole_number("groups", groups), pictures.shape[3], kernel.shape[3]
    if kernel.shape[2] * groups != channels or filters % groups:
        raise CourseError(
            f"pictures have {channels} channels, the kernel has shape {kernel.shape} and groups={groups}: "
            f"expected {channels} / groups channels in the kernel, and filters that groups divides."
        )
    windows = _windows(pictures, kernel.shape[:2], stride, padding, dilation, fill=0)
    batch, high, wide = windows.shape[:3]
    # One matrix product per group: (batch · places, channels · rows · columns) by (…, filters).
    patches = windows.reshape(batch * high * wide, groups, -1)
    matrices = kernel.astype(np.float64).transpose(2, 0, 1, 3)
    matrices = matrices.reshape(patches.shape[2], groups, filters // groups)
    result = np.einsum("pgk,kgf->pgf", patches, matrices, optimize=True).reshape(batch, high, wide, filters)
    return result if bias is None else result + array("bias", np.asarray(bias), _REAL, ((filters,),))


def pool(
    pictures: np.ndarray,
    size: Sides = 2,
    *,
    stride: Sides | None = None,
    padding: str = "valid",
    kind: str = "max",
) -> np.ndarray:
    """Summarises every window of each channel by its largest entry or by its mean.

    Padding counts for nothing: neither for the largest entry nor in the number the mean divides by.
    Introduced in lesson 02.

    Args:
        pictures: real array (batch, height, width, channels).
        size: int, or (rows, columns) of the window.
        stride: int, or (rows, columns); None for the size, so that windows do not overlap.
        padding: "valid" or "same".
        kind: "max" or "average".

    Returns:
        float64 array (batch, new height, new width, channels).

    Raises:
        CourseError: when an argument is wrong.
    """
    pictures = array("pictures", pictures, _REAL, (("batch", "height", "width", "channels"),))
    size = _pair("size", size)
    summary = {"max": np.nanmax, "average": np.nanmean}[choice("kind", kind, ("max", "average"))]
    windows = _windows(pictures, size, size if stride is None else stride, padding, 1, fill=np.nan)
    return summary(windows, axis=(4, 5))


def _windows(
    pictures: np.ndarray,
    size: tuple[int, int],
    stride: tuple[int, int],
    padding: str,
    dilation: tuple[int, int],
    fill: float,
) -> np.ndarray:
    """Every window of every channel, float64 (batch, new height, new width, channels, rows, columns)."""
    choice("padding", padding, _PADDINGS)
    margins, covered = [], []
    strides, dilations = _pair("stride", stride), _pair("dilation", dilation)
    for length, kernel, step, gap in zip(pictures.shape[1:3], size, strides, dilations, strict=True):
        margins.append(same_padding(length, kernel, step, gap) if padding == "same" else (0, 0))
        starts = np.arange(output_length(length, kernel, step, padding, gap)) * step
        covered.append(starts[:, np.newaxis] + np.arange(kernel) * gap)  # (places, kernel)
    padded = np.pad(pictures.astype(np.float64), ((0, 0), *margins, (0, 0)), constant_values=fill)
    rows, columns = covered[0][:, np.newaxis, :, np.newaxis], covered[1][np.newaxis, :, np.newaxis]
    return padded[:, rows, columns].transpose(0, 1, 2, 5, 3, 4)


def _pair(name: str, value: Any) -> tuple[int, int]:
    if isinstance(value, Iterable) and not isinstance(value, str):
        pair = tuple(value)
        if len(pair) == 2:
            return tuple(whole_number(name, entry) for entry in pair)
        raise CourseError(f"{name} is {pair!r}: expected one whole number or two, (rows, columns).")
    return (whole_number(name, value),) * 2


def batch_norm(
    inputs: np.ndarray,
    mean: np.ndarray,
    variance: np.ndarray,
    scale: np.ndarray | float = 1.0,
    shift: np.ndarray | float = 0.0,
    epsilon: float = 1e-3,
) -> np.ndarray:
    """Normalises as batch norm does at inference, γ (x − μ) / √(σ² + ε) + β, with the stored μ and σ².

    Ioffe & Szegedy, arXiv:1502.03167. Introduced in lesson 02.

    Args:
        inputs: real array (..., channels).
        mean: (channels,), μ, the running mean that training left.
        variance: (channels,), σ², the running variance, ≥ 0.
        scale: (channels,) or float, γ.
        shift: (channels,) or float, β.
        epsilon: float > 0; Keras' default is 0.001.

    Returns:
        float64 array of the shape of the inputs.

    Raises:
        CourseError: when an array does not have one entry per channel, or a variance is below 0.
    """
    inputs, variance = np.asarray(inputs, np.float64), np.asarray(variance, np.float64)
    channels = inputs.shape[-1]
    for name, values in (("mean", mean), ("variance", variance), ("scale", scale), ("shift", shift)):
        if np.shape(values) not in ((), (channels,)):
            raise CourseError(
                f"{name} has shape {np.shape(values)}: expected ({channels},), one per channel."
            )
    if (variance < 0).any():
        raise CourseError(f"variance goes down to {variance.min():g}: expected 0 or more; is it the mean?")
    return np.asarray(scale) * (inputs - np.asarray(mean)) / np.sqrt(variance + epsilon) + np.asarray(shift)


@dataclass(frozen=True)
class ReceptiveField:
    """What one entry of a feature map sees of the picture, along one axis. Introduced in lesson 02.

    Attributes:
        size: int, pixels that can change it.
        step: int, pixels between the middles of what two neighbouring entries see.
    """

    size: int
    step: int


def receptive_field(layers: Iterable[Sequence[int]]) -> ReceptiveField:
    """Says how far a chain of convolutions and poolings sees.

    Layer by layer r ← r + d (k − 1) j, then j ← j s, from r = j = 1. Araujo, Norris & Sim, *Computing
    Receptive Fields of Convolutional Neural Networks* (Distill, 2019). Introduced in lesson 02.

    Args:
        layers: sequence of (kernel, stride) or (kernel, stride, dilation), ints, from the picture upwards.

    Returns:
        :class:`ReceptiveField`.

    Raises:
        CourseError: when a layer is something else.
    """
    size = step = 1
    for place, layer in enumerate(layers):
        if not isinstance(layer, Iterable) or len(layer := tuple(layer)) not in (2, 3):
            raise CourseError(
                f"layer {place} is {layer!r}: expected (kernel, stride) or (kernel, stride, dilation)."
            )
        names = ("kernel", "stride", "dilation")[: len(layer)]
        kernel, stride, *rest = map(whole_number, [f"{name} of layer {place}" for name in names], layer)
        size += (rest[0] if rest else 1) * (kernel - 1) * step
        step *= stride
    return ReceptiveField(size, step)


@dataclass(frozen=True)
class Cost:
    """What a layer costs. Introduced in lesson 02.

    Attributes:
        parameters: int, numbers to store and to learn.
        multiply_adds: int, multiplications with an addition for one picture; biases are not counted.
    """

    parameters: int
    multiply_adds: int

    def __add__(self, other: "Cost") -> "Cost":
        return Cost(self.parameters + other.parameters, self.multiply_adds + other.multiply_adds)


def convolution_cost(
    kernel: Sides, channels: int, filters: int, places: Sides, *, groups: int = 1, bias: bool = True
) -> Cost:
    """Counts parameters, k_h k_w (c / g) f + f, and multiply-adds k_h k_w (c / g) f at every place.

    Introduced in lesson 02.

    Args:
        kernel: int, or (rows, columns).
        channels: int, c, that come in; divisible by groups.
        filters: int, f; divisible by groups.
        places: int or (height, width) of the *result*; padding counts like pixels.
        groups: int, g.
        bias: bool, whether there is one number per filter to add.

    Returns:
        :class:`Cost`.

    Raises:
        CourseError: when an argument is wrong.
    """
    channels, filters = whole_number("channels", channels), whole_number("filters", filters)
    if channels % whole_number("groups", groups) or filters % groups:
        raise CourseError(
            f"groups is {groups}: expected a number that divides {channels} channels and {filters} filters."
        )
    weights = math.prod(_pair("kernel", kernel)) * channels // groups * filters
    everywhere = (
        math.prod(_pair("places", places)) if isinstance(places, Iterable) else whole_number("places", places)
    )
    return Cost(weights + bias * filters, weights * everywhere)


def dense_cost(inputs: int, units: int, *, bias: bool = True) -> Cost:
    """Counts parameters, n u + u, and multiply-adds, n u of a dense layer: a convolution that has one place.

    Introduced in lesson 02.

    Args:
        inputs: int, n.
        units: int, u.
        bias: bool.

    Returns:
        :class:`Cost`.

    Raises:
        CourseError: when an argument is wrong.
    """
    weights = whole_number("inputs", inputs) * whole_number("units", units)
    return Cost(weights + bias * units, weights)


def grad_cam(maps: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """Shows where a score comes from: channels weighted by their mean gradient, negatives dropped.

    M[i, j] = max(0, Σ_c w_c A[i, j, c]) with w_c the mean of ∂score / ∂A[·, ·, c]. Selvaraju et al.,
    arXiv:1610.02391. Introduced in lesson 02.

    Args:
        maps: real array (batch, height, width, channels), A, the feature maps of one layer.
        gradients: real array of the same shape, of each picture's own score.

    Returns:
        float64 array (batch, height, width), each map from 0 to 1; all 0 where nothing speaks for the score.

    Raises:
        CourseError: when the shapes differ.
    """
    maps = array("maps", maps, _REAL, (("batch", "height", "width", "channels"),))
    gradients = array("gradients", gradients, _REAL, (maps.shape,))
    weights = gradients.astype(np.float64).mean(axis=(1, 2))  # (batch, channels)
    evidence = np.maximum(np.einsum("bijc,bc->bij", maps, weights), 0)
    highest = evidence.max(axis=(1, 2), keepdims=True)
    return np.divide(evidence, highest, out=np.zeros_like(evidence), where=highest > 0)


def extract_features(
    pictures: np.ndarray, model: "keras.Model", *, preprocess: Callable | None = None, batch_size: int = 16
) -> np.ndarray:
    """Gives one vector per picture from a network that is already loaded.

    This is the repaired `extract_features` of the course's document: the network is built once, by the
    caller; pictures go through it in batches, prepared as it was trained; what comes back is features and
    not the scores of classes. Introduced in lesson 02.

    Args:
        pictures: uint8 (n, height, width, 3), RGB, unchanged afterwards.
        model: Keras model from such pictures to vectors (batch, d), or to a map (batch, h, w, d), of which
            the mean over the places is taken.
        preprocess: function of a float32 batch, 0 to 255, that returns what the model expects; it may work
            in place, as that of ``keras.applications.vgg16`` does. None when the model does it itself.
        batch_size: int, pictures in one pass: more are faster up to a point and need more memory.

    Returns:
        float32 (n, d).

    Raises:
        CourseError: when an argument is wrong, or the model returns something else.
    """
    from keras import ops

    if isinstance(pictures, np.ndarray) and pictures.ndim == 4 and pictures.shape[3] == 1:
        raise CourseError(
            f"pictures has shape {pictures.shape}: expected 3 channels. "
            "`np.repeat(pictures, 3, axis=3)` makes three equal ones of one."
        )
    pictures = array("pictures", pictures, np.uint8, (("n", "height", "width", 3),))
    parts = []
    for first in range(0, len(pictures), whole_number("batch_size", batch_size)):
        batch = pictures[first : first + batch_size].astype(np.float32)  # a copy, so preprocess may write
        result = ops.convert_to_numpy(
            model(batch if preprocess is None else preprocess(batch), training=False)
        )
        if result.ndim not in (2, 4):
            raise CourseError(
                f"the model returned shape {result.shape}: expected (batch, d) or (batch, h, w, d)."
            )
        parts.append(result if result.ndim == 2 else result.mean(axis=(1, 2)))
    return np.concatenate(parts)


__getattr__ = moved({"imagenet_vgg16": "course_utils.features.imagenet:vgg16"})
