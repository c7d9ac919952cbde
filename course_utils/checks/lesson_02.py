"""Checks of lesson 02: convolution, what a network sees and costs, a wide view, Grad-CAM, extracting features."""

import functools
import itertools
import math
import operator
from collections.abc import Callable, Iterable
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
    tell,
)

if TYPE_CHECKING:
    import keras

__all__ = ["conv2d", "cost", "extract_features", "grad_cam", "receptive_field", "wide_view"]

NO_RETURN = "Your function returned None: does it end without `return`?"


# --- 2.1 ----------------------------------------------------------------------------------------------------


@exercise(
    "2.1",
    "20 convolutions are right, with odd and even kernels, strides of 1 to 3, both paddings, one picture or several, "
    "small numbers and large",
    own=r"course_utils\.features\.cnn\.convolve|(keras|tensorflow|torch|scipy)\..*\.(_?conv(?!ert)|_?correlate)\w*",
)
def conv2d(my_conv2d: Callable) -> None:
    """Checks a convolution (lesson 02).

    Args:
        my_conv2d: function of ``(pictures, kernel, stride, padding)``, float ``(batch, height, width, channels)`` and
            ``(rows, columns, channels, filters)``, int, "valid" or "same", that returns float ``(batch, h, w, filters)``.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(21)
    sizes = [(8, 11, 3, 2), (9, 7, 2, 3), (6, 13, 1, 5)]
    # The first cases tell the typical mistakes apart: later ones may show two of them alike.
    for number, ((high, wide, rows, columns), stride, padding) in enumerate(
        [
            ((9, 7, 3, 3), 1, "valid"),
            ((10, 10, 4, 4), 2, "same"),
            *itertools.product(sizes, (1, 2), ("valid", "same")),
            ((11, 8, 2, 2), 3, "valid"),
            ((11, 8, 3, 3), 3, "same"),
            ((7, 5, 1, 1), 2, "same"),
            ((5, 6, 5, 6), 1, "valid"),
            ((7, 9, 2, 4), 3, "same"),
            ((8, 9, 3, 2), 2, "same"),
        ]
    ):
        batch, channels, filters = (int(count) for count in rng.integers(2, 4, 3))
        if number >= 16:
            batch, channels, filters = [(1, 1, 1), (1, 3, 2), (2, 1, 3), (1, 2, 1)][number - 16]
        size = 1e4 if number == 19 else 1
        pictures = size * rng.normal(size=(batch, high, wide, channels))
        kernel = rng.normal(size=(rows, columns, channels, filters))
        try:
            value = my_conv2d(pictures, kernel, stride, padding)
        except ValueError as error:
            expect(
                "negative" not in str(error),
                f"pictures {pictures.shape}, kernel {kernel.shape}, stride {stride}, {padding!r}: the number of "
                "zeros came out negative: take max(0, …). A kernel smaller than its stride can need none.",
            )
            raise
        _check_convolution(value, pictures, kernel, stride, padding, size)


def _check_convolution(
    value: Any, pictures: np.ndarray, kernel: np.ndarray, stride: int, padding: str, size: float
) -> None:
    given = f"pictures {pictures.shape}, kernel {kernel.shape}, stride {stride}, {padding!r}: your result"
    right = _convolve(pictures, kernel, stride, padding)
    batch, high, wide, filters = right.shape
    sizes = "(batch, new height, new width, filters)"
    hints = [
        (
            (*pictures.shape[:3], filters),
            "There are as many places as pixels: 'valid' adds no zeros, and of n pixels n - k + 1 can be a start.",
        ),
        (
            (batch, high - 1, wide - 1, filters),
            "The last place is missing. Of n pixels, n - k + 1 can be a start.",
        ),
        ((batch, high, wide, pictures.shape[3]), "Sum over the channels, and give one map per filter."),
        ((high, wide, filters), "Pictures come as a batch, and so do the maps."),
        ((batch, high, wide), f"The maps have an axis of filters, also for one: {sizes}."),
    ]
    if stride > 1:
        every = _convolve(pictures, kernel, 1, padding).shape
        hints.insert(0, (every, f"The kernel moves by {stride} pixels, and yours by one."))
    if padding == "same":
        inside = _convolve(pictures, kernel, stride, "valid").shape
        hints.insert(0, (inside, "'same' adds zeros, so that there are ⌈n / stride⌉ places."))
    # In units of the pictures: single precision is precise enough.
    array = expect_array(value, right.shape, np.floating, given, hints) / size
    right, pictures = right / size, pictures / size
    expect_close(array, right, given, _convolution_mistakes(given, right, pictures, kernel, stride, padding))


def _convolution_mistakes(
    given: str, right: np.ndarray, pictures: np.ndarray, kernel: np.ndarray, stride: int, padding: str
) -> list[tuple[np.ndarray, str]]:
    """What typical mistakes make of the pictures, each with its hint."""
    turned = _convolve(pictures, kernel[::-1, ::-1], stride, padding)
    swapped = kernel.transpose(1, 0, 2, 3) if kernel.shape[0] == kernel.shape[1] else kernel
    mistakes = [
        (
            turned,
            f"{given} comes from a kernel that was turned round. Layers do not turn it: entry (u, v) meets pixel (i + u, j + v).",
        ),
        (
            _convolve(pictures, swapped, stride, padding),
            f"{given} comes from a kernel with rows and columns swapped.",
        ),
        (
            _convolve(pictures, kernel, stride, padding) / kernel[..., 0].size,
            f"{given} is a mean. A convolution sums the products.",
        ),
        (
            _convolve(np.abs(pictures), kernel, stride, padding),
            f"{given} lost the signs of the pictures.",
        ),
        (np.maximum(right, 0), f"{given} has no negative entries. An activation is a step of its own."),
        (
            np.repeat(right[:1], len(right), axis=0),
            f"{given} is the same for every picture: the first one was used for all.",
        ),
        (
            np.repeat(right[..., :1], right.shape[3], axis=3),
            f"{given} is the same for every filter.",
        ),
        (
            _convolve(pictures[..., :1], kernel[:, :, :1], stride, padding),
            f"{given} comes from the first channel alone. Sum over the channels too.",
        ),
        (
            _convolve(pictures, kernel, stride, padding, move=1),
            f"{given} comes from windows that start at (i, j). Place (i, j) belongs to the window that starts at "
            f"({stride} · i, {stride} · j).",
        ),
    ]
    if padding == "same" and stride > 1:
        mistakes += [
            (
                _convolve(pictures, kernel, 1, padding)[:, ::stride, ::stride],
                f"{given} comes from the zeros of stride 1. With a stride fewer are needed: (places - 1) · stride + k - n in all, half of them before.",
            ),
            (
                _convolve(pictures, kernel, stride, padding, centred=True),
                f"{given} comes from k // 2 zeros on every side. With a stride fewer are needed: (places - 1) · stride + k - n in all, half of them before.",
            ),
        ]
    if padding == "same":
        mistakes += [
            (
                _convolve(pictures, kernel, stride, padding, first=True),
                f"{given} has the odd zero on the wrong side. When their number is odd, the one more comes after: below and to the right.",
            ),
            (
                _convolve(pictures, kernel, stride, padding, mode="edge"),
                f"{given} comes from repeated edge pixels. Pad with zeros.",
            ),
            (
                _convolve(pictures, kernel, stride, padding, mode="reflect"),
                f"{given} comes from mirrored pixels. Pad with zeros.",
            ),
        ]
    return mistakes


def _convolve(
    pictures: np.ndarray,
    kernel: np.ndarray,
    stride: int,
    padding: str,
    first: bool = False,
    centred: bool = False,
    move: int | None = None,
    mode: str = "constant",
) -> np.ndarray:
    """Convolves by shifted copies: for each entry of the kernel, all the pixels that it meets."""
    move = move or stride  # other than the stride only by mistake
    margins, counts = [], []
    for length, side in zip(pictures.shape[1:3], kernel.shape[:2], strict=True):
        if padding == "valid":
            margins.append((0, 0))
            counts.append((length - side) // stride + 1)
            continue
        count = -(-length // stride)
        total = max((count - 1) * stride + side - length, 0)
        before = (total + 1) // 2 if first else total // 2
        # What is too much at the end is never reached.
        margins.append((side // 2, side) if centred else (before, total - before))
        counts.append(count)
    padded = np.pad(pictures, ((0, 0), *margins, (0, 0)), mode=mode)
    result = np.zeros((len(pictures), *counts, kernel.shape[3]))
    for u, v in np.ndindex(kernel.shape[:2]):
        rows = slice(u, u + move * (counts[0] - 1) + 1, move)
        columns = slice(v, v + move * (counts[1] - 1) + 1, move)
        result += padded[:, rows, columns] @ kernel[u, v]
    return result


# --- 2.2 ----------------------------------------------------------------------------------------------------


@exercise(
    "2.2",
    "size and step are right for 31 chains of layers, of one to six layers and of forty",
    own=r"course_utils\.features\.cnn\.receptive_field",
)
def receptive_field(my_receptive_field: Callable) -> None:
    """Checks the receptive field of a chain of layers (lesson 02).

    Args:
        my_receptive_field: function of a list of ``(kernel, stride, dilation)`` that returns ``(size, step)``, ints.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(22)
    chains = [[(3, 2, 1), (2, 2, 2), (2, 2, 1)], [(3, 2, 1), (3, 1, 1)], [(5, 1, 1)], [(2, 2, 1)] * 3]
    for _ in range(26):
        depth = int(rng.integers(1, 7))
        chains.append([tuple(int(n) for n in rng.integers((1, 1, 1), (8, 4, 4))) for _ in range(depth)])
    chains.append([(3, 1 + (layer % 7 == 0), 1 + layer % 3) for layer in range(40)])
    sizes, steps, names = [], [], []
    for chain in chains:
        size, step = expect_parts(my_receptive_field(list(chain)), ("size", "step"))
        names.append(f"layers {chain} as (kernel, stride, dilation)")
        sizes.append(expect_number(size, f"{names[-1]}: the size"))
        steps.append(expect_number(step, f"{names[-1]}: the step"))
    _expect_in_all(sizes, [_sizes(chain) for chain in chains], [f"{name}: the size" for name in names])
    _expect_in_all(steps, [_steps(chain) for chain in chains], [f"{name}: the step" for name in names])


def _expect_in_all(found: list[float], known: list[dict[str, int]], names: list[str]) -> None:
    """Fails the check unless a number is right in all cases; gives the hints that fit in all, not in one by chance."""
    fitting = [hint for hint in known[0] if found == [float(case[hint]) for case in known]]
    for number, case, name in zip(found, known, names, strict=True):
        mistakes = [(number, f"{name} is {number:g}. {hint}") for hint in fitting]
        expect_close(number, case[""], name, mistakes, tolerance=1e-9)


def _sizes(chain: list[tuple[int, int, int]]) -> dict[str, int]:
    """The size of a chain's field, by the empty hint, and what typical mistakes make of it, each by its hint."""
    kernels, strides, dilations = zip(*chain, strict=True)
    before = _running([1, *strides[:-1]])  # pixels between the entries that go into a layer
    wide = [d * (k - 1) for k, d in zip(kernels, dilations, strict=True)]
    full = [d * k for k, d in zip(kernels, dilations, strict=True)]
    spread = _running([1, *(s * d for _, s, d in chain[:-1])])
    added = list(itertools.accumulate([1, *strides[:-1]]))
    return {
        "": 1 + _dot(wide, before),
        "You forgot that behind a stride each step of the kernel is several pixels long: multiply k - 1 by the product of all "
        "strides before the layer.": 1 + sum(wide),
        "Dilation is missing. A kernel of k entries, d pixels apart, spans d · (k - 1) + 1 pixels: it adds d · (k - 1) steps, "
        "not k - 1.": 1 + _dot([k - 1 for k in kernels], before),
        "You multiplied by a layer's own stride before using it. Its stride counts from the next layer on.": 1
        + _dot(wide, _running(strides)),
        "You multiplied by the layer's own stride in place of j, the product of all strides before it.": 1
        + _dot(wide, strides),
        "Strides multiply, they do not add: j ← j · s.": 1 + _dot(wide, added),
        "Dilation spreads the kernel, and leaves the distance between two entries of the map as it is: j ← j · s, "
        "without d.": 1 + _dot(wide, spread),
        "A kernel of k entries adds k - 1, not k: the middle was seen already.": 1 + _dot(full, before),
        "A kernel of k entries adds k - 1, not k, and the count begins at 1.": _dot(full, before),
        "You walked from the last layer to the first with the rule of the other direction.": 1
        + _dot(wide[::-1], _running([1, *strides[:0:-1]])),
        "The count begins at 1: without layers an entry is one pixel.": _dot(wide, before),
        "Only the first layer counts: does `return` stand inside the loop?": 1 + wide[0],
        "Only the last layer counts: set r and j to 1 once, before the loop.": 1 + wide[-1],
        "That is the step, the product of all strides: return the size first.": math.prod(strides),
        "That is the sum of the kernels.": sum(kernels),
        "That is the product of the kernels. Each adds to what is seen.": math.prod(kernels),
    }


def _steps(chain: list[tuple[int, int, int]]) -> dict[str, int]:
    """The step of a chain's last map, by the empty hint, and what typical mistakes make of it, each by its hint."""
    strides = [stride for _, stride, _ in chain]
    return {
        "": math.prod(strides),
        "The step leaves out the last layer's stride.": math.prod(strides[:-1]),
        "Strides multiply, they do not add.": sum(strides),
        "That is the last stride alone. Strides multiply.": strides[-1],
    }


def _dot(left: Iterable[int], right: Iterable[int]) -> int:
    return sum(map(operator.mul, left, right))


def _running(factors: Iterable[int]) -> list[int]:
    return list(itertools.accumulate(factors, operator.mul))


# --- 2.3 ----------------------------------------------------------------------------------------------------


@exercise(
    "2.3",
    "parameters and multiply-adds are right for 43 layers, of one pixel too, and kernels larger than the picture",
    own=r"course_utils\.features\.cnn\.convolution_cost|keras\..*\.(count_params|base_conv\.\w+)",
)
def cost(my_cost: Callable) -> None:
    """Checks what a convolution costs (lesson 02).

    Args:
        my_cost: function of ``(height, width, channels, filters, kernel, stride, groups)``, ints, that returns
            ``(parameters, multiply_adds)`` of a layer with bias and padding "same".

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(23)
    layers = [(9, 7, 6, 9, 5, 2, 3), (9, 7, 3, 5, 3, 1, 1), (7, 7, 6, 6, 5, 3, 6)]
    for _ in range(37):
        groups = int(rng.choice([1, 1, 2, 3]))
        high, wide, kernel, stride = (int(n) for n in rng.integers((5, 5, 1, 1), (40, 40, 8, 4)))
        layers.append(
            (
                high,
                wide,
                groups * int(rng.integers(1, 9)),
                groups * int(rng.integers(1, 9)),
                kernel,
                stride,
                groups,
            )
        )
    layers += [(1, 1, 1, 1, 1, 1, 1), (3, 4, 2, 6, 7, 3, 2), (225, 301, 64, 512, 11, 4, 1)]
    for layer in layers:
        value = expect_parts(my_cost(*layer), ("parameters", "multiply_adds"))
        _check_cost(*(expect_number(count, f"A count for {layer}", whole=True) for count in value), *layer)


def _check_cost(
    parameters: int,
    multiply_adds: int,
    height: int,
    width: int,
    channels: int,
    filters: int,
    kernel: int,
    stride: int,
    groups: int,
) -> None:
    given = f"{height} × {width} pixels, {channels} channels, {filters} filters of {kernel} × {kernel}, stride {stride}, groups {groups}"
    weights = kernel * kernel * channels // groups * filters
    places = -(-height // stride) * -(-width // stride)
    expect_close(
        parameters,
        weights + filters,
        f"{given}: the number of parameters",
        mistakes=(
            (weights, f"{given}: the bias is missing, one number per filter."),
            (
                weights * places,
                f"{given}: that is the number of multiply-adds: return the parameters first.",
            ),
            (weights + 1, f"{given}: there is one bias per filter, not one in all."),
            (weights + channels, f"{given}: the bias has one number per filter, not per channel."),
            (
                kernel * kernel * channels * filters + filters,
                f"{given}: in groups a filter sees channels / groups channels only.",
            ),
            (
                kernel * kernel * filters + filters,
                f"{given}: a filter has weights for every channel that it sees.",
            ),
            (kernel * channels // groups * filters + filters, f"{given}: a kernel has k · k entries."),
            (
                weights * height * width + filters,
                f"{given}: the same weights are used at every place: the size of the picture does not matter.",
            ),
            (
                weights // groups + filters,
                f"{given}: you divided by groups twice. Each of the {filters} filters sees channels / groups channels.",
            ),
        ),
        tolerance=1e-9,
    )
    without_zeros = f"{given}: with padding 'same' there are ⌈n / stride⌉ places, as many as zeros make room for, not those of 'valid'."
    expect_close(
        multiply_adds,
        weights * places,
        f"{given}: the number of multiply-adds",
        mistakes=(
            (
                weights * height * width,
                f"{given}: you multiplied by the pixels that go in. Count the places of the result: ⌈{height} / {stride}⌉ · ⌈{width} / {stride}⌉.",
            ),
            (
                weights * (height // stride) * (width // stride),
                f"{given}: 'same' rounds the number of places up: ⌈n / stride⌉.",
            ),
            (
                (weights + filters) * places,
                f"{given}: the bias is an addition without multiplication. Leave it out.",
            ),
            (2 * weights * places, f"{given}: one multiplication with its addition counts once."),
            (weights, f"{given}: these are for one place. Multiply by the number of places."),
            (
                kernel * kernel * channels * filters * places,
                f"{given}: in groups a filter sees channels / groups channels only.",
            ),
            *(
                (
                    weights * math.prod(max((side - kernel) // move + 1, 0) for side in (height, width)),
                    without_zeros,
                )
                for move in (1, stride)
            ),
            (
                weights * (-(-height // stride)) ** 2,
                f"{given}: you used the height twice. The width may be another.",
            ),
        ),
        tolerance=1e-9,
    )


# --- 2.4 ----------------------------------------------------------------------------------------------------


@exercise(
    "2.4",
    "a map of the right size, few enough weights, and a view measured by gradients, wide enough in both directions and not too wide",
)
def wide_view(my_wide_view: Callable) -> None:
    """Checks the design of a network that sees far with few weights (lesson 02).

    Args:
        my_wide_view: function without arguments that returns a Keras model from float ``(n, 64, 64, 3)`` to
            ``(n, 16, 16, 32)``, with 41 to 63 pixels in view and at most 20,000 weights.

    Raises:
        CheckFailed: with a hint for the requirement that is not met.
    """
    model = expect_model(my_wide_view())
    takes = getattr(model, "input_shape", None) if model.built else None
    # A class of its own says no shape, and shows in a call what it takes.
    expect(
        takes in ((None, 64, 64, 3), (None, None, None, 3)) or (model.built and takes is None),
        f"The model takes {takes}, expected (None, 64, 64, 3): begin with `keras.Input((64, 64, 3))`.",
    )
    shape = call_model(model, np.zeros((2, 64, 64, 3), np.float32), "2 pictures").shape
    expect(
        shape == (2, 16, 16, 32),
        f"The result for 2 pictures has shape {shape}, expected (2, 16, 16, 32): strides that multiply to 4, padding 'same', 32 "
        "filters at the end.",
    )
    expect(
        model.count_params() <= 20_000,
        f"There are {model.count_params():,} weights, expected at most 20,000. Stride and dilation widen the view and cost none; large kernels cost k · k.",
    )
    rows, columns = _seen(model)
    seen = f"{rows} × {columns} pixels (rows × columns)"
    expect(
        min(rows, columns) > 0,
        "No pixel changes the result of the place in the middle: is something multiplied by 0?",
    )
    expect(
        min(rows, columns) >= 41,
        f"A place in the middle sees {seen}, expected 41 or more on both sides. Each kernel adds d · (k - 1) · (strides before it): "
        "put the strides first and let the dilation grow.",
    )
    expect(
        max(rows, columns) <= 63,
        f"A place in the middle sees {seen}, expected 63 at most: the view shall end before the edge of the picture. Is something "
        "pooled over the whole picture, or dense?",
    )
    tell(f"Yours sees {seen}, and has {model.count_params():,} weights.", "2.4")


def _seen(model: "keras.Model") -> tuple[int, int]:
    """Rows and columns of pixels that can change the place in the middle, found by gradients."""
    import tensorflow as tf
    from keras import ops

    touched, rng = np.zeros((64, 64), bool), np.random.default_rng(24)
    # A ReLU that is off hides pixels in one picture, not in all.
    pictures = tf.Variable(rng.normal(size=(16, 64, 64, 3)).astype(np.float32))
    with tf.GradientTape() as tape:
        scores = ops.sum(ops.square(model(pictures, training=False)[:, 8, 8]))
    gradient = tape.gradient(scores, pictures)
    if gradient is not None:
        touched = (ops.convert_to_numpy(gradient) != 0).any(axis=(0, 3))
    if not touched.any():
        return 0, 0
    places = np.argwhere(touched)
    rows, columns = places.max(axis=0) - places.min(axis=0) + 1
    return int(rows), int(columns)


# --- 2.5 ----------------------------------------------------------------------------------------------------


@exercise(
    "2.5",
    "maps are right for 15 batches, of one picture, place or channel too, and where nothing, little or everything "
    "speaks for the score",
    own=r"course_utils\.features\.cnn\.grad_cam",
)
def grad_cam(my_grad_cam: Callable) -> None:
    """Checks Grad-CAM from maps and gradients (lesson 02).

    Args:
        my_grad_cam: function of ``(maps, gradients)``, both float ``(batch, height, width, channels)``, that returns
            float ``(batch, height, width)``, each from 0 to 1.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(25)
    for trial in range(15):
        batch, high, wide, channels = (int(n) for n in rng.integers((2, 3, 4, 2), (5, 7, 8, 6)))
        if trial >= 12:
            batch, high, wide, channels = [(1, 5, 3, 4), (1, 1, 1, 3), (2, 3, 1, 1)][trial - 12]
        maps, gradients = rng.normal(size=(2, batch, high, wide, channels))
        maps *= rng.uniform(0.5, 20, (batch, 1, 1, 1))
        if trial % 4 == 2:  # a picture in which nothing speaks for the score
            maps[-1], gradients[-1] = np.abs(maps[-1]), -np.abs(gradients[-1])
        if trial % 4 == 3:  # one in which every place does
            maps[-1], gradients[-1] = np.abs(maps[-1]) + 1, np.abs(gradients[-1])
        if trial % 4 == 0 and trial:  # small gradients, as of a network that is sure
            gradients *= 1e-2
        with np.errstate(all="ignore"):
            value = my_grad_cam(maps, gradients)
        _check_map(value, maps, gradients)


def _check_map(value: Any, maps: np.ndarray, gradients: np.ndarray) -> None:
    given = f"maps of shape {maps.shape}: your result"
    hints = [
        (maps.shape, "Sum over the channels."),
        (
            (maps.shape[0], maps.shape[3]),
            "Those are weights, one per channel: multiply the maps by them and sum over the channels.",
        ),
    ]
    array = expect_array(value, maps.shape[:3], np.floating, given, hints)
    expect(
        np.isfinite(array).all(),
        f"{given} holds NaN or infinity: where nothing speaks for the score, its largest entry is 0. Leave such a map at 0 instead of dividing.",
    )
    weights = gradients.mean(axis=(1, 2), keepdims=True)
    signed = (maps * weights).sum(axis=3)
    positive = np.maximum(signed, 0)
    right = _normalised(positive)
    local = (maps * gradients).sum(axis=3)
    expect_close(
        array,
        right,
        given,
        mistakes=(
            (
                _normalised(np.abs(signed)),
                f"{given} takes evidence against the score for evidence for it: drop what is negative, `np.maximum(…, 0)`.",
            ),
            (
                _stretched(signed),
                f"{given} was stretched from its lowest entry to its highest. Drop what is negative, then divide by the largest.",
            ),
            (
                signed / signed.max(axis=(1, 2), keepdims=True),
                f"{given} has negative entries: evidence against the score is dropped.",
            ),
            (
                positive / max(positive.max(), 1e-12),
                f"{given} was divided by the largest entry of the whole batch. Each picture has its own.",
            ),
            (positive, f"{given} is not scaled: divide each map by its largest entry."),
            (
                _normalised(np.maximum(local, 0)),
                f"{given} weighs each place by its own gradient. Grad-CAM takes one weight per channel: the mean over the places.",
            ),
            (
                _normalised(np.maximum((maps * gradients.max(axis=(1, 2), keepdims=True)).sum(axis=3), 0)),
                f"{given} weighs a channel by its largest gradient. Take the mean.",
            ),
            (
                _normalised(np.maximum((maps * np.maximum(weights, 0)).sum(axis=3), 0)),
                f"{given} dropped the negative weights. Drop negatives after the sum, not before.",
            ),
            (
                _normalised(np.maximum(maps * weights, 0).sum(axis=3)),
                f"{given} dropped the negative products of each channel. Drop negatives after the sum, not before.",
            ),
            (
                _normalised(np.maximum((maps * gradients.mean(axis=3, keepdims=True)).sum(axis=3), 0)),
                f"{given} has one weight per place, a mean over the channels. Take one per channel: the mean over rows and "
                "columns, axes 1 and 2.",
            ),
            (
                _normalised(np.maximum((gradients * maps.mean(axis=(1, 2), keepdims=True)).sum(axis=3), 0)),
                f"{given} exchanged maps and gradients: the weights are means of the gradients.",
            ),
            (
                positive / np.maximum(positive.sum(axis=(1, 2), keepdims=True), 1e-12),
                f"{given} was divided by its sum. Divide by its largest entry.",
            ),
            *(
                (
                    positive / np.maximum(positive.max(axis=axis, keepdims=True), 1e-12),
                    f"{given} was divided row by row or column by column. Each map has one largest entry: `axis=(1, 2)`.",
                )
                for axis in (1, 2)
            ),
            (
                _normalised(np.maximum(maps.sum(axis=3), 0)),
                f"{given} adds the channels without weights.",
            ),
            (
                _normalised(np.maximum((maps * gradients.mean(axis=(0, 1, 2))).sum(axis=3), 0)),
                f"{given} averages the gradients over the batch too. Each picture has its own weights.",
            ),
            (
                _stretched(positive),
                f"{given} was stretched from its lowest entry to its highest. Divide by the largest, and subtract nothing: a map "
                "that is positive everywhere stays so.",
            ),
            (
                _normalised((np.maximum(maps, 0) * weights).sum(axis=3).clip(0)),
                f"{given} comes from maps whose negative entries were dropped. Drop negatives after the sum, not before.",
            ),
        ),
    )


def _stretched(maps: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return (maps - maps.min(axis=(1, 2), keepdims=True)) / np.ptp(maps, axis=(1, 2), keepdims=True)


def _normalised(maps: np.ndarray) -> np.ndarray:
    highest = maps.max(axis=(1, 2), keepdims=True)
    return np.where(highest > 0, maps / np.where(highest > 0, highest, 1), 0)


# --- 2.6 ----------------------------------------------------------------------------------------------------


@functools.cache
def _noting_layer() -> type:
    """A Keras layer that calls a function with each batch's size and mode; its features depend on place and colour."""
    import keras
    import tensorflow as tf
    from keras import ops

    class Noting(keras.layers.Layer):
        def __init__(self, note: Callable) -> None:
            super().__init__()
            self.note = note

        def call(self, batch: object, training: bool = False) -> object:
            if isinstance(batch, tf.Tensor):  # not while Keras only asks for shapes
                tf.py_function(lambda size: self.note(int(size), bool(training)), [tf.shape(batch)[0]], [])
            return ops.concatenate([batch, batch[..., :1] ** 2 / 100, ops.abs(batch[..., 1:2])], axis=3)

    return Noting


def _network(flat: bool) -> tuple["keras.Model", list]:
    """A genuine model without weights, from pictures to a map or to vectors, and its notes (size, mode) of every call."""
    import keras

    notes = []
    inputs = keras.Input((8, 6, 3))
    maps = _noting_layer()(lambda *note: notes.append(note))(inputs)
    pool = keras.layers.GlobalAveragePooling2D() if flat else keras.layers.AveragePooling2D((4, 2))
    model = keras.Model(inputs, pool(maps))
    model.compile(run_eagerly=True)  # `predict` need not trace it anew for every size of a batch
    return model, notes


def _maps(batch: np.ndarray) -> np.ndarray:
    """What the network makes of prepared pictures, as a map."""
    maps = np.concatenate([batch, batch[..., :1] ** 2 / 100, np.abs(batch[..., 1:2])], axis=3)
    return maps.reshape(len(maps), 2, maps.shape[1] // 2, 3, maps.shape[2] // 3, 5).mean(axis=(2, 4))


def _prepare(batch: np.ndarray) -> np.ndarray:
    """As that of VGG16: blue first, minus a mean, in place."""
    dtype = getattr(batch, "dtype", None)
    expect(
        dtype is not None and np.issubdtype(np.asarray(batch).dtype, np.floating),
        f"`preprocess` was given {dtype}: turn the batch into float32 first, since bytes cannot go below 0.",
    )
    expect(
        np.ndim(batch) == 4,
        f"`preprocess` was given shape {np.shape(batch)}, without a batch axis: a slice `pictures[a:b]` keeps it, `pictures[a]` "
        "does not.",
    )
    swapped = np.asarray(batch)[..., ::-1] - np.array([100.0, 110.0, 120.0], np.asarray(batch).dtype)
    if isinstance(batch, np.ndarray):
        batch[...] = swapped
        return batch
    return swapped


_STOPS = {  # what libraries say, and what it means here
    "axis [12] is out of bounds|Invalid reduction dimension|expected ndim=4, found ndim=2": (
        "This model gives vectors (batch, d), which have no rows and columns: take the mean of a map only, which has four axes."
    ),
    "incompatible with the layer|Invalid input shape": (
        "The model was given something that is no batch of pictures (batch, height, width, 3): a slice `pictures[a:b]` keeps the "
        "batch axis, `pictures[a]` does not."
    ),
    "get_config": "You build the model once more: it is loaded already, so call the one that is given.",
}


@exercise(
    "2.6",
    "features are right and come in whole batches, for maps and vectors, six numbers of pictures, and batches of one",
    own=r"course_utils\.features\.cnn\.extract_features",
    stops=_STOPS,
)
def extract_features(my_extract_features: Callable) -> None:
    """Checks the repair of the document's ``extract_features`` (lesson 02).

    Args:
        my_extract_features: function of ``(pictures, model, preprocess, batch_size)`` that returns float
            ``(n, features)``.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(26)
    networks = [_network(flat) for flat in (False, True)]
    for n, size in ((7, 3), (1, 4), (6, 3), (5, 5), (4, 16), (3, 1)):
        for model, notes in networks if n in (7, 1) else networks[:1]:
            notes.clear()
            pictures = rng.integers(0, 256, (n, 8, 6, 3), dtype=np.uint8)
            value = my_extract_features(pictures, model, _prepare, size)
            _check_features(value, pictures, notes, size)


def _check_features(value: Any, pictures: np.ndarray, notes: list, size: int) -> None:
    n, sizes = len(pictures), [found for found, _ in notes]
    given = f"{n} pictures in batches of {size}: your result"
    expect(value is not None, NO_RETURN)
    expect(bool(sizes), "The model was never called: use the one that is given, and build no other.")
    expect(
        max(sizes) <= size,
        f"The model was given {max(sizes)} pictures at once, expected at most {size}: ten thousand pictures would not fit into memory.",
    )
    full = [size] * (n // size) + [n % size] * (n % size > 0)
    expect(
        sorted(sizes, reverse=True) == full or sum(sizes) < n,
        f"{given} comes from batches of {sizes} pictures, expected {full}: fill every batch but the last.",
    )
    expect(
        not any(training for _, training in notes),
        "The model was called with training=True: dropout and batch norm would then make features depend on chance and on the batch.",
    )
    mean = "Take the mean of the map over its rows and columns, axes 1 and 2, and keep pictures and channels."
    hints = [((n, *left), mean) for left in ((2, 3, 5), (30,), (2,), (3,), (2, 3), (2, 5), (3, 5))]
    hints += [((rows * len(sizes), 5), mean) for rows in (2, 3) if rows * len(sizes) > n]
    if len(sizes) > 1:
        hints.append(((sizes[-1], 5), "Only the last batch came back: collect the batches in a list."))
    elif sizes[0] < n:
        hints.append(((sizes[0], 5), "Only the first batch came back: does `return` stand inside the loop?"))
    hints += [((rows, 5), "What became of the last batch?") for rows in range(n)]
    hints += [((5,), "The axis of pictures is gone: also one picture gives a row.")]
    array = expect_array(value, (n, 5), np.floating, given, hints)

    def features(prepared: np.ndarray, summary: Callable = np.mean) -> np.ndarray:
        return summary(_maps(prepared), axis=(1, 2))

    floats = pictures.astype(np.float64)
    once = _prepare(floats.copy())
    right = features(once)
    expect_close(
        array,
        right,
        given,
        mistakes=(
            (features(floats), f"{given} comes from pictures that were not preprocessed."),
            (features(floats / 255), f"{given} comes from pictures divided by 255 and not preprocessed."),
            (
                features(_prepare(floats / 255)),
                f"{given} comes from pictures that were divided by 255 first: `preprocess` expects 0 to 255.",
            ),
            (
                features(floats[..., ::-1] - np.array([103.939, 116.779, 123.68])),
                f"{given} comes from the preprocessing of VGG16. Call the function `preprocess` that is given.",
            ),
            (features(_prepare(once.copy())), f"{given} comes from pictures that were preprocessed twice."),
            (features(once, np.max), f"{given} holds the largest entries of the map. Take the mean."),
            (features(once, np.sum), f"{given} holds sums over the map. Take the mean."),
            (
                right / np.linalg.norm(right, axis=1, keepdims=True),
                f"{given} was scaled to length 1. Return the features as they are.",
            ),
            (right[::-1], f"{given} is in reversed order."),
            (
                np.repeat(right[:1], n, axis=0),
                f"{given} is the same for every picture.",
            ),
        ),
        tolerance=1e-3,
    )
