"""Lesson 02's checks accept right answers of any style and reject wrong ones with the hint meant for them."""

import math

import numpy as np

from course_utils import runtime
from course_utils.checks import lesson_02 as check
from course_utils.features import cnn
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers, ops  # noqa: E402

# --- 2.1 ----------------------------------------------------------------------------------------------------


def conv_by_course(x, k, stride, padding):
    return cnn.convolve(x, k, stride=stride, padding=padding)


def conv_by_scipy(x, k, stride, padding):
    from scipy import signal

    maps = [
        sum(signal.correlate(x[..., c], k[None, :, :, c, f], mode="valid") for c in range(x.shape[3]))
        for f in range(k.shape[3])
    ]
    return np.stack(maps, axis=-1)[:, ::stride, ::stride]


def conv(x, k, stride, padding):
    return conv_by_loop(x, k, stride, padding)


def conv_even_sides(x, k, stride, padding):
    """Right where all sides and strides are such that zeros come in pairs."""
    if padding == "valid":
        return conv(x, k, stride, padding)
    margins = [(0, 0), *(((side - 1) // 2,) * 2 for side in k.shape[:2]), (0, 0)]
    return conv(np.pad(x, margins), k, stride, "valid")


def conv_as_bytes(x, k, stride, padding):
    return np.round(conv(x, k, stride, padding), 3)


def conv_clipped(x, k, stride, padding):
    return np.clip(conv(x, k, stride, padding), -1e3, 1e3)


def conv_squeezed(x, k, stride, padding):
    return conv(x, k, stride, padding).squeeze()


def conv_by_loop(x, k, stride, padding, *, pad=np.pad, before=lambda total, side: total // 2, short=0):
    starts = []
    if padding == "same":
        margins = [(0, 0)]
        for length, side in zip(x.shape[1:3], k.shape[:2], strict=True):
            total = max((math.ceil(length / stride) - 1) * stride + side - length, 0)
            first = before(total, side)
            margins.append((first, max(total - first, 0)))
        x = pad(x, [*margins, (0, 0)])
    for length, side in zip(x.shape[1:3], k.shape[:2], strict=True):
        starts.append(range(0, length - side + 1 - short, stride))
    result = np.zeros((len(x), len(starts[0]), len(starts[1]), k.shape[3]))
    for i, top in enumerate(starts[0]):
        for j, left in enumerate(starts[1]):
            window = x[:, top : top + k.shape[0], left : left + k.shape[1]]
            result[:, i, j] = np.tensordot(window, k, axes=3)
    return result


def conv_by_keras(x, k, stride, padding):
    result = ops.conv(x.astype(np.float32), k.astype(np.float32), strides=stride, padding=padding)
    return ops.convert_to_numpy(result)


def conv_centred(x, k, stride, padding):
    if padding == "valid":
        return conv(x, k, stride, padding)
    high, wide = (math.ceil(length / stride) for length in x.shape[1:3])
    margins = [(0, 0), *((side // 2, side) for side in k.shape[:2]), (0, 0)]
    return conv(np.pad(x, margins), k, stride, "valid")[:, :high, :wide]


def conv_in_place(x, k, stride, padding):
    result = conv(x, k, stride, padding)
    x -= x.mean()
    return result


def conv_windows_close(x, k, stride, padding):
    """Counts the places of a stride, and moves the windows by one pixel."""
    right = conv(x, k, stride, padding)
    if padding == "same":
        sides = zip(x.shape[1:3], right.shape[1:3], k.shape[:2], strict=True)
        totals = [max((count - 1) * stride + side - length, 0) for length, count, side in sides]
        x = np.pad(x, [(0, 0), *((total // 2, total - total // 2) for total in totals), (0, 0)])
    return conv(x, k, 1, "valid")[:, : right.shape[1], : right.shape[2]]


def conv_negative_zeros(x, k, stride, padding):
    if padding == "same":
        sides = zip(x.shape[1:3], k.shape[:2], strict=True)
        totals = [(math.ceil(length / stride) - 1) * stride + side - length for length, side in sides]
        x = np.pad(x, [(0, 0), *((total // 2, total - total // 2) for total in totals), (0, 0)])
    return conv(x, k, stride, "valid")


def conv_by_einsum(x, k, stride, padding):
    if padding == "same":
        totals = [
            max((math.ceil(length / stride) - 1) * stride + side - length, 0)
            for length, side in zip(x.shape[1:3], k.shape[:2], strict=True)
        ]
        x = np.pad(x, [(0, 0), *((total // 2, total - total // 2) for total in totals), (0, 0)])
    patches = np.lib.stride_tricks.sliding_window_view(x, k.shape[:2], axis=(1, 2))
    return np.einsum("bijcuv,uvcf->bijf", patches[:, ::stride, ::stride], k)


def padded_like(mode):
    return lambda x, k, s, p: conv_by_loop(x, k, s, p, pad=lambda a, m: np.pad(a, m, mode=mode))


CONV_RIGHT = {
    "single precision": lambda x, k, s, p: conv_by_loop(
        x.astype("float32"), k.astype("float32"), s, p
    ).astype("float32"),
    "loop": conv_by_loop,
    "einsum": conv_by_einsum,
    "lists": lambda *a: conv_by_loop(*a).tolist(),
}
CONV_WRONG = {
    "the course's own": (conv_by_course, "calls `course_utils.features.cnn.convolve`"),
    "Keras": (conv_by_keras, "calls `keras.*conv`"),
    "SciPy": (conv_by_scipy, "calls `scipy.*correlate`"),
    "same zeros on both sides": (conv_even_sides, "has shape"),
    "rounded": (conv_as_bytes, "is .*expected"),
    "clipped": (conv_clipped, "is .*expected"),
    "squeezed": (conv_squeezed, "has shape"),
    "one map per channel": (
        lambda *a: np.repeat(conv(*a)[..., :1], a[0].shape[3], axis=3),
        "one map per filter|same for every filter",
    ),
    "turned": (lambda x, k, s, p: conv(x, k[::-1, ::-1], s, p), "was turned round"),
    "rows and columns": (
        lambda x, k, s, p: conv(x, k.transpose(1, 0, 2, 3) if k.shape[0] == k.shape[1] else k, s, p),
        "rows and columns swapped",
    ),
    "no stride": (lambda x, k, s, p: conv(x, k, 1, p), "The kernel moves by 2 pixels"),
    "as large as the input": (
        lambda x, k, s, p: conv(x, k, 1, "same")[:, ::s, ::s] if p == "same" else conv(x, k, 1, "same"),
        "'valid' adds no zeros",
    ),
    "windows one pixel apart": (conv_windows_close, "the window that starts at"),
    "stride taken afterwards": (
        lambda x, k, s, p: conv(x, k, 1, p)[:, ::s, ::s],
        "the zeros of stride 1",
    ),
    "first channel": (lambda x, k, s, p: conv(x[..., :1], k[:, :, :1], s, p), "first channel alone"),
    "no padding": (lambda x, k, s, p: conv(x, k, s, "valid"), "'same' adds zeros"),
    "last place missing": (lambda *a: conv_by_loop(*a, short=1), "The last place is missing"),
    "odd zero first": (
        lambda *a: conv_by_loop(*a, before=lambda total, side: (total + 1) // 2),
        r"odd zero on the wrong side(?!.* Or: )",
    ),
    "k // 2 on every side": (conv_centred, "k // 2 zeros on every side"),
    "negative number of zeros": (conv_negative_zeros, "came out negative: take max"),
    "another error": (lambda x, *a: x.reshape(7, 7), "Your code stopped with ValueError: cannot reshape"),
    "edge": (padded_like("edge"), "repeated edge pixels"),
    "mirror": (padded_like("reflect"), "mirrored pixels"),
    "mean": (lambda x, k, s, p: conv(x, k, s, p) / k[..., 0].size, "is a mean"),
    "relu": (lambda *a: np.maximum(conv(*a), 0), "no negative entries"),
    "first picture": (lambda *a: np.repeat(conv(*a)[:1], len(a[0]), axis=0), "same for every picture"),
    "one filter": (
        lambda *a: np.repeat(conv(*a)[..., :1], a[1].shape[3], axis=3),
        "same for every filter",
    ),
    "absolute": (lambda x, k, s, p: conv(np.abs(x), k, s, p), "lost the signs"),
    "no batch": (lambda *a: conv(*a)[0], "Pictures come as a batch"),
    "in place": (conv_in_place, "changed the arrays"),
    "identity": (lambda x, k, s, p: x, "expected"),
    "zeros": (lambda *a: np.zeros(conv(*a).shape), "expected"),
    "no return": (lambda *a: None, "without `return`"),
}

# --- 2.2 ----------------------------------------------------------------------------------------------------


def field(chain, *, grow=lambda k, d, s, j: d * (k - 1) * j, start=1, jump=lambda j, s: j * s):
    size, step = start, 1
    for kernel, stride, dilation in chain:
        size, step = size + grow(kernel, dilation, stride, step), jump(step, stride)
    return size, step


def field_from_the_top(chain):
    size = step = 1
    for kernel, stride, dilation in reversed(chain):
        size, step = (size - 1) * stride + dilation * (kernel - 1) + 1, step * stride
    return size, step


def field_by_indices(chain):
    entries = {0, 1}
    first = {0}
    for kernel, stride, dilation in reversed(chain):
        first = {i * stride + u * dilation for i in (min(first), max(first)) for u in (0, kernel - 1)}
        entries = {i * stride for i in entries}
    return np.array([max(first) - min(first) + 1, max(entries)])


FIELD_RIGHT = {
    "list": lambda chain: list(field(chain)),
    "NumPy numbers": lambda chain: tuple(map(np.int64, field(chain))),
    "upwards": field,
    "downwards": field_from_the_top,
    "indices": field_by_indices,
}


def field_consuming(chain):
    size = step = 1
    while chain:
        kernel, stride, dilation = chain.pop(0)
        size, step = size + dilation * (kernel - 1) * step, step * stride
    return size, step


def field_with_spread_steps(chain):
    size = step = 1
    for kernel, stride, dilation in chain:
        size, step = size + dilation * (kernel - 1) * step, step * stride * dilation
    return size, step


FIELD_WRONG = {
    "the course's own": (
        lambda c: (cnn.receptive_field(c).size, cnn.receptive_field(c).step),
        "calls `course_utils.features.cnn.receptive_field`",
    ),
    "adds strides": (lambda c: field(c, jump=lambda j, s: j + s), "Strides multiply, they do not add: j"),
    "stride for step": (
        lambda c: field(c, grow=lambda k, d, s, j: d * (k - 1) * s),
        "own stride in place of j",
    ),
    "dilation in the step": (field_with_spread_steps, "without d"),
    "swapped": (lambda c: field(c)[::-1], "return the size first"),
    "returns in the loop": (lambda c: field(c[:1]), "`return` stand inside the loop"),
    "begins anew in the loop": (lambda c: field(c[-1:]), "once, before the loop"),
    "two mistakes": (lambda c: field(c[::-1], start=0), r"the size is 13, expected 11\.$"),
    "consumes the list": (field_consuming, "changed the lists"),
    "layers reversed": (lambda c: field(c[::-1]), "walked from the last layer"),
    "six layers at most": (lambda c: field(c[:6]), "expected"),
    "no jump": (
        lambda c: field(c, grow=lambda k, d, s, j: d * (k - 1)),
        "product of all strides before the layer",
    ),
    "no dilation": (lambda c: field(c, grow=lambda k, d, s, j: (k - 1) * j), "Dilation is missing.*spans d"),
    "own stride": (
        lambda c: field(c, grow=lambda k, d, s, j: d * (k - 1) * j * s),
        "own stride before using",
    ),
    "k, not k - 1": (lambda c: field(c, grow=lambda k, d, s, j: d * k * j), "adds k - 1, not k"),
    "k from 0": (lambda c: field(c, grow=lambda k, d, s, j: d * k * j, start=0), "count begins at 1"),
    "from 0": (lambda c: field(c, start=0), "count begins at 1"),
    "sum": (lambda c: (sum(k for k, _, _ in c), field(c)[1]), "sum of the kernels"),
    "product": (lambda c: (math.prod(k for k, _, _ in c), field(c)[1]), "product of the kernels"),
    "step without the last": (lambda c: (field(c)[0], field(c[:-1])[1]), "leaves out the last"),
    "strides added": (lambda c: (field(c)[0], sum(s for _, s, _ in c)), "Strides multiply, they"),
    "last stride": (lambda c: (field(c)[0], c[-1][1]), "last stride alone|leaves out the last"),
    "size only": (lambda c: field(c)[0], "Return two things"),
    "constant": (lambda c: (8, 3), "expected"),
    "no return": (lambda c: None, "without `return`"),
}

# --- 2.3 ----------------------------------------------------------------------------------------------------


def cost(h, w, c, f, k, s, g, *, weights=None, bias=None, places=None):
    count = weights(c, f, k, g) if weights else k * k * (c // g) * f
    where = places(h, w, k, s) if places else math.ceil(h / s) * math.ceil(w / s)
    return count + (f if bias is None else bias(c, f)), count * where


def cost_by_library(h, w, c, f, k, s, g):
    sides = [cnn.output_length(side, k, s, "same") for side in (h, w)]
    found = cnn.convolution_cost(k, c, f, sides, groups=g)
    return found.parameters, found.multiply_adds


def cost_by_keras(h, w, c, f, k, s, g):
    layer = layers.Conv2D(f, k, strides=s, padding="same", groups=g)
    layer.build((None, h, w, c))
    places = math.prod(layer.compute_output_shape((None, h, w, c))[1:3])
    return np.array([layer.count_params(), layer.get_weights()[0].size * places])


def cost_by_output_length(h, w, c, f, k, s, g):
    places = [cnn.output_length(side, k, s, "same") for side in (h, w)]
    weights = k * k * c // g * f
    return np.array([weights + f, weights * math.prod(places)])


COST_RIGHT = {"formula": cost, "length from the course": cost_by_output_length}
COST_WRONG = {
    "the course's own": (cost_by_library, "calls `course_utils.features.cnn.convolution_cost`"),
    "builds it": (cost_by_keras, "calls `keras.*base_conv"),
    "valid with a stride": (
        lambda *a: cost(*a, places=lambda h, w, k, s: max((h - k) // s + 1, 0) * max((w - k) // s + 1, 0)),
        "not those of 'valid'",
    ),
    "height twice": (lambda *a: cost(a[0], a[0], *a[2:]), "height twice"),
    "swapped": (lambda *a: cost(*a)[::-1], "return the parameters first"),
    "same, no more than there is": (
        lambda *a: cost(*a[:4], min(a[4], a[0], a[1]), *a[5:]),
        "expected",
    ),
    "no bias": (lambda *a: cost(*a, bias=lambda c, f: 0), "bias is missing"),
    "one bias": (lambda *a: cost(*a, bias=lambda c, f: 1), "one bias per filter"),
    "bias per channel": (lambda *a: cost(*a, bias=lambda c, f: c), "not per channel"),
    "no groups": (lambda *a: cost(*a, weights=lambda c, f, k, g: k * k * c * f), "channels / groups"),
    "no channels": (lambda *a: cost(*a, weights=lambda c, f, k, g: k * k * f), "every channel that it sees"),
    "a row": (lambda *a: cost(*a, weights=lambda c, f, k, g: k * c // g * f), "k · k entries"),
    "divided twice": (
        lambda *a: cost(*a, weights=lambda c, f, k, g: k * k * c // g * f // g),
        "groups twice",
    ),
    "weights per place": (
        lambda h, w, *a: (cost(h, w, *a, bias=lambda c, f: 0)[0] * h * w + a[1], cost(h, w, *a)[1]),
        "size of the picture does not matter",
    ),
    "no stride": (lambda *a: cost(*a, places=lambda h, w, k, s: h * w), "pixels that go in"),
    "rounded down": (lambda *a: cost(*a, places=lambda h, w, k, s: (h // s) * (w // s)), "rounds .* up"),
    "valid": (
        lambda *a: cost(*a, places=lambda h, w, k, s: (h - k + 1) * (w - k + 1)),
        "not those of 'valid'",
    ),
    "one place": (lambda *a: cost(*a, places=lambda h, w, k, s: 1), "are for one place"),
    "with bias": (
        lambda *a: (cost(*a)[0], cost(*a)[1] + a[3] * math.ceil(a[0] / a[5]) * math.ceil(a[1] / a[5])),
        "Leave it out",
    ),
    "twice": (lambda *a: (cost(*a)[0], 2 * cost(*a)[1]), "counts once"),
    "not whole": (
        lambda *a: cost(*a, places=lambda h, w, k, s: np.ceil(h / s) * np.ceil(w / s)),
        "Return whole numbers, as",
    ),
    "parameters only": (lambda *a: cost(*a)[0], "Return two things"),
    "constant": (lambda *a: (140, 8820), "expected"),
    "no return": (lambda *a: None, "without `return`"),
}

# --- 2.4 ----------------------------------------------------------------------------------------------------


def wide(*stack, channels=32, side=64):
    model = keras.Sequential([keras.Input((side, side, 3))])
    for filters, kernel, stride, dilation in stack:
        model.add(
            layers.Conv2D(
                filters, kernel, strides=stride, dilation_rate=dilation, padding="same", activation="relu"
            )
        )
    model.add(layers.Conv2D(channels, 1))
    return model


STRIDES = ((16, 3, 2, 1), (16, 3, 2, 1))


def wide_functional():
    inputs = keras.Input((64, 64, 3), name="pictures")
    x = layers.Conv2D(24, 4, strides=4, padding="same")(inputs)
    for _ in range(3):
        y = layers.BatchNormalization()(layers.DepthwiseConv2D(5, padding="same", activation="gelu")(x))
        x = layers.Add()([x, layers.Conv2D(24, 1)(y)])
    return keras.Model(inputs, layers.Conv2D(32, 1)(x))


def wide_pooled():
    model = wide(*STRIDES, (16, 3, 1, 2), (16, 3, 1, 4))
    inputs = keras.Input((64, 64, 3))
    x = layers.GlobalAveragePooling2D(keepdims=True)(model(inputs))
    return keras.Model(inputs, layers.Add()([model(inputs), x]))


def wide_dead():
    model = wide(*STRIDES, (16, 3, 1, 2), (16, 3, 1, 4))
    model.layers[-1].set_weights([np.zeros((1, 1, 16, 32)), np.zeros(32)])
    return model


class OwnWide(keras.Model):
    def __init__(self):
        super().__init__()
        self.stack = wide(*STRIDES, (16, 3, 1, 2), (16, 3, 1, 4))

    def call(self, pictures):
        return self.stack(pictures)


def wide_own():
    model = OwnWide()
    model(np.zeros((1, 64, 64, 3)))
    return model


def wide_nested():
    return keras.Sequential([keras.Input((64, 64, 3)), wide(*STRIDES, (16, 3, 1, 2), (16, 3, 1, 4))])


def wide_one_way(kernel):
    model = keras.Sequential([keras.Input((64, 64, 3))])
    for stride, size in ((2, 3), (2, 3), (1, kernel)):
        model.add(layers.Conv2D(16, size, strides=stride, padding="same", activation="relu"))
    model.add(layers.Conv2D(32, 1))
    return model


WIDE_RIGHT = {
    "any size": lambda: wide(*STRIDES, (16, 3, 1, 2), (16, 3, 1, 4), side=None),
    "a class of its own, built": wide_own,
    "nested": wide_nested,
    "dilation": lambda: wide(*STRIDES, (16, 3, 1, 2), (16, 3, 1, 4)),
    "functional, depthwise, residual": wide_functional,
    "larger kernels": lambda: wide((12, 4, 2, 1), (12, 4, 2, 1), (12, 5, 1, 1), (12, 5, 1, 1), (12, 5, 1, 1)),
}
WIDE_WRONG = {
    "wide in one direction": (lambda: wide_one_way((1, 11)), "41 or more on both sides"),
    "high in one direction": (lambda: wide_one_way((11, 1)), "41 or more on both sides"),
    "a class of its own, not built": (lambda: OwnWide(), "begin with"),
    "too narrow": (lambda: wide(*STRIDES, (16, 3, 1, 1)), "sees 15 × 15 pixels"),
    "strides last": (lambda: wide((16, 3, 1, 2), (16, 3, 1, 4), *STRIDES), "put the strides first"),
    "too many weights": (lambda: wide((16, 3, 2, 1), (32, 3, 2, 1), (32, 11, 1, 1)), "at most 20,000"),
    "whole picture": (wide_pooled, "should|shall end before the edge"),
    "step of 2": (lambda: wide((16, 3, 2, 1), (16, 3, 1, 8)), "strides that multiply to 4"),
    "other filters": (lambda: wide(*STRIDES, channels=8), "32 filters at the end"),
    "other side": (lambda: wide(*STRIDES, side=32), "begin with"),
    "no input": (lambda: keras.Sequential([layers.Conv2D(32, 3)]), "begin with"),
    "dead": (wide_dead, "No pixel changes"),
    "a layer": (lambda: layers.Conv2D(32, 3), "Return a Keras model"),
    "no return": (lambda: None, "without `return`"),
}

# --- 2.5 ----------------------------------------------------------------------------------------------------


def cam(maps, gradients, *, weigh=None, drop=lambda m: np.maximum(m, 0), scale=None):
    weights = weigh(gradients) if weigh else gradients.mean(axis=(1, 2), keepdims=True)
    evidence = drop((maps * weights).sum(axis=-1))
    if scale:
        return scale(evidence)
    top = evidence.max(axis=(1, 2), keepdims=True)
    return evidence / np.where(top == 0, 1, top)


def cam_by_loop(maps, gradients):
    result = []
    for picture, slope in zip(maps, gradients, strict=True):
        total = sum(picture[..., c] * slope[..., c].mean() for c in range(picture.shape[-1]))
        total[total < 0] = 0
        result.append(total / total.max() if total.max() > 0 else total)
    return np.array(result)


def cam_by_keras(maps, gradients):
    weights = ops.mean(gradients, axis=(1, 2), keepdims=True)
    evidence = ops.relu(ops.sum(maps * weights, axis=-1))
    return ops.convert_to_numpy(evidence / (ops.max(evidence, axis=(1, 2), keepdims=True) + 1e-12))


def cam_in_place(maps, gradients):
    result = cam(maps, gradients)
    gradients /= 2
    return result


def stretched(m):
    return (m - m.min(axis=(1, 2), keepdims=True)) / np.ptp(m, axis=(1, 2), keepdims=True)


CAM_RIGHT = {
    "a tiny number added": lambda *a: cam(*a, scale=lambda m: m / (m.max(axis=(1, 2), keepdims=True) + 1e-7)),
    "lists": lambda *a: cam(*a).tolist(),
    "tensor": lambda *a: ops.convert_to_tensor(cam(*a)),
    "numpy": cam,
    "loop": cam_by_loop,
    "keras": cam_by_keras,
}
CAM_WRONG = {
    "the course's own": (cnn.grad_cam, "calls `course_utils.features.cnn.grad_cam`"),
    "negative products dropped": (
        lambda maps, g: cam(np.maximum(maps * g.mean(axis=(1, 2), keepdims=True), 0), np.ones_like(g)),
        "negative products of each channel",
    ),
    "a weight per place": (
        lambda *a: cam(*a, weigh=lambda g: g.mean(axis=3, keepdims=True)),
        "one weight per place",
    ),
    "divided by the sum": (
        lambda *a: cam(*a, scale=lambda m: m / np.maximum(m.sum(axis=(1, 2), keepdims=True), 1e-9)),
        "divided by its sum",
    ),
    "largest of the row": (
        lambda *a: cam(*a, scale=lambda m: m / np.maximum(m.max(axis=2, keepdims=True), 1e-9)),
        "row by row or column by column",
    ),
    "exchanged": (lambda maps, g: cam(g, maps), "exchanged maps and gradients"),
    "stretched after": (
        lambda *a: cam(*a, scale=lambda m: np.nan_to_num(stretched(m))),
        "positive everywhere stays so",
    ),
    "squeezed": (lambda *a: cam(*a).squeeze(), "has shape"),
    "a small number added": (
        lambda *a: cam(*a, scale=lambda m: m / (m.max(axis=(1, 2), keepdims=True) + 1e-2)),
        "expected",
    ),
    "maps cut first": (
        lambda maps, g: cam(np.maximum(maps, 0), g),
        "Drop negatives after the sum",
    ),
    "weights only": (lambda maps, g: g.mean(axis=(1, 2)), "Those are weights"),
    "absolute": (lambda *a: cam(*a, drop=np.abs), "against the score"),
    "stretched": (lambda *a: cam(*a, drop=lambda m: m, scale=stretched), "was stretched"),
    "nothing dropped": (
        lambda *a: cam(*a, drop=lambda m: m, scale=lambda m: m / m.max(axis=(1, 2), keepdims=True)),
        "has negative entries",
    ),
    "scaled by the batch": (
        lambda *a: cam(*a, scale=lambda m: m / m.max()),
        "largest entry of the whole batch",
    ),
    "not scaled": (lambda *a: cam(*a, scale=lambda m: m), "is not scaled"),
    "own gradient": (lambda *a: cam(*a, weigh=lambda g: g), "its own gradient"),
    "largest gradient": (
        lambda *a: cam(*a, weigh=lambda g: g.max(axis=(1, 2), keepdims=True)),
        "Take the mean",
    ),
    "dropped before": (
        lambda *a: cam(*a, weigh=lambda g: np.maximum(g.mean(axis=(1, 2), keepdims=True), 0)),
        "after the sum, not before",
    ),
    "no weights": (lambda maps, g: cam(maps, np.ones_like(g)), "without weights"),
    "mean over the batch": (lambda *a: cam(*a, weigh=lambda g: g.mean(axis=(0, 1, 2))), "over the batch too"),
    "NaN": (
        lambda *a: cam(*a, scale=lambda m: m / m.max(axis=(1, 2), keepdims=True)),
        "holds NaN or infinity",
    ),
    "infinity": (lambda *a: cam(*a) / 0, "holds NaN or infinity"),
    "complex": (lambda *a: cam(*a) + 0j, r"dtype complex128, expected floating\.$"),
    "in place": (cam_in_place, "changed the arrays"),
    "per channel": (lambda maps, g: maps * g, "has shape"),
    "zeros": (lambda maps, g: np.zeros(maps.shape[:3]), "expected"),
    "no return": (lambda *a: None, "without `return`"),
}

# --- 2.6 ----------------------------------------------------------------------------------------------------


def extract(pictures, model, preprocess, size, *, prepare=None, summary=np.mean, stop=0, call=None):
    parts = []
    for first in range(0, len(pictures) - stop, size):
        batch = pictures[first : first + size].astype(np.float32)
        batch = prepare(preprocess, batch) if prepare else preprocess(batch)
        result = np.asarray(call(model, batch) if call else model(batch, training=False))
        parts.append(result if result.ndim == 2 else summary(result, axis=(1, 2)))
    return np.concatenate(parts) if parts else np.zeros((0, 5))


def extract_with_predict(pictures, model, preprocess, size):
    prepared = preprocess(pictures.astype("float32"))
    result = model.predict(prepared, batch_size=size, verbose=0)
    return result.mean(axis=(1, 2)) if result.ndim == 4 else result


def extract_with_split(pictures, model, preprocess, size):
    groups = np.array_split(np.arange(len(pictures)), range(size, len(pictures), size))
    outputs = [model.predict_on_batch(preprocess(np.array(pictures[group], float))) for group in groups]
    return np.vstack([np.reshape(o, (len(o), -1, o.shape[-1])).mean(axis=1) for o in outputs])


def extract_one_by_one(pictures, model, preprocess, size):
    return extract(pictures, model, preprocess, 1)


def extract_in_equal_batches(pictures, model, preprocess, size):
    parts = np.array_split(pictures, -(-len(pictures) // size))
    return np.concatenate([extract(part, model, preprocess, size) for part in parts])


def extract_in_place(pictures, model, preprocess, size):
    result = extract(pictures, model, preprocess, size)
    pictures[:] = 0
    return result


def extract_bytes(pictures, model, preprocess, size):
    return np.concatenate(
        [model(preprocess(pictures[i : i + size].copy())) for i in range(0, len(pictures), size)]
    )


def extract_as_tensors(pictures, model, preprocess, size):
    parts = []
    for first in range(0, len(pictures), size):
        output = model(preprocess(pictures[first : first + size].astype("float32")))
        parts.append(ops.mean(output, axis=(1, 2)).numpy() if len(output.shape) == 4 else output.numpy())
    return np.concatenate(parts)


def extract_by_submodel(pictures, model, preprocess, size):
    features = keras.Model(model.input, model.output)
    assert len(model.output_shape) in (2, 4)
    result = features.predict(preprocess(pictures.astype("float32")), batch_size=size, verbose=0)
    return result.mean(axis=(1, 2)) if result.ndim == 4 else result


def extract_from_dataset(pictures, model, preprocess, size):
    import tensorflow as tf

    prepared = preprocess(pictures.astype("float32"))
    result = model.predict(tf.data.Dataset.from_tensor_slices(prepared).batch(size), verbose=0)
    return result.mean(axis=(1, 2)) if result.ndim == 4 else result


def extract_one_flat(pictures, model, preprocess, size):
    """Gives the map of the first picture without its batch axis."""
    return np.squeeze(extract(pictures, model, preprocess, size))


def extract_one_picture(pictures, model, preprocess, size):
    return np.stack(
        [np.asarray(model(p[None])).mean(axis=(0, 1, 2)) for p in map(preprocess, pictures.astype(float))]
    )


EXTRACT_RIGHT = {
    "a model of the model": extract_by_submodel,
    "a data set": extract_from_dataset,
    "lists": lambda *a: extract(*a).tolist(),
    "tensors": extract_as_tensors,
    "slices": extract,
    "predict": extract_with_predict,
    "split": extract_with_split,
}
EXTRACT_WRONG = {
    "the course's own": (
        lambda p, m, f, size: cnn.extract_features(p, m, preprocess=f, batch_size=size),
        "calls `course_utils.features.cnn.extract_features`",
    ),
    "equal batches": (extract_in_equal_batches, "batches of \\[3, 2, 2\\] pictures, expected \\[3, 3, 1\\]"),
    "built anew": (
        lambda p, m, f, size: extract(p, keras.models.clone_model(m), f, size),
        "it is loaded already",
    ),
    "another network": (
        lambda p, m, f, size: extract(
            p, keras.Sequential([keras.Input((8, 6, 3)), layers.GlobalAveragePooling2D()]), f, size
        ),
        "build no other",
    ),
    "last batch only": (
        lambda p, m, f, size: extract(p, m, f, size)[(len(p) - 1) // size * size :],
        "collect the batches in a list",
    ),
    "first batch only": (
        lambda p, m, f, size: extract(p[:size], m, f, size),
        "`return` stand inside the loop",
    ),
    "VGG's preprocessing": (
        lambda p, m, f, size: extract(p, m, keras.applications.vgg16.preprocess_input, size),
        "the preprocessing of VGG16",
    ),
    "flat": (
        lambda *a: extract(*a, summary=lambda r, axis: r.reshape(len(r), -1)),
        "its rows and columns, axes 1 and 2",
    ),
    "mean over columns and channels": (
        lambda *a: extract(*a, summary=lambda r, axis: r.mean(axis=(2, 3))),
        "keep pictures and channels",
    ),
    "mean over pictures and rows": (
        lambda *a: extract(*a, summary=lambda r, axis: r.mean(axis=(0, 1))),
        "keep pictures and channels",
    ),
    "vectors taken for a map": (
        lambda p, m, f, size: extract(
            p, m, f, size, call=lambda m, b: np.expand_dims(np.asarray(m(b)).mean(axis=(1, 2)), (1, 2))
        ),
        "This model gives vectors",
    ),
    "vectors taken for a map, by Keras": (
        lambda p, m, f, size: extract(
            p, m, f, size, call=lambda m, b: layers.GlobalAveragePooling2D(keepdims=True)(m(b))
        ),
        "This model gives vectors",
    ),
    "vectors taken for a map, by ops": (
        lambda p, m, f, size: extract(
            p, m, f, size, call=lambda m, b: ops.mean(m(b), axis=(1, 2), keepdims=True)
        ),
        "This model gives vectors",
    ),
    "no axis of pictures": (extract_one_flat, "The axis of pictures is gone"),
    "prepared one by one": (extract_one_picture, "without a batch axis"),
    "model on one picture": (
        lambda p, m, f, size: np.stack([m(f(p.astype("float32"))[i]) for i in range(len(p))]),
        "keeps the batch axis",
    ),
    "as found": (
        lambda p, m, f, size: m(f(p[0].astype(np.float32))),
        "without a batch axis",
    ),
    "one by one": (extract_one_by_one, "fill every batch but the last"),
    "all at once": (lambda p, m, f, size: extract(p, m, f, len(p)), "at most 3"),
    "last batch lost": (
        lambda p, m, f, size: extract(p[: max(len(p) // size, 1) * size], m, f, size),
        "What became of the last batch",
    ),
    "not preprocessed": (lambda *a: extract(*a, prepare=lambda f, b: b), "were not preprocessed"),
    "divided": (lambda *a: extract(*a, prepare=lambda f, b: b / 255), "divided by 255 and not"),
    "divided first": (lambda *a: extract(*a, prepare=lambda f, b: f(b / 255)), "divided by 255 first"),
    "twice": (lambda *a: extract(*a, prepare=lambda f, b: f(f(b))), "preprocessed twice"),
    "not pooled": (lambda *a: extract(*a, summary=lambda r, axis: r), "mean of the map over its rows"),
    "maximum": (lambda *a: extract(*a, summary=np.max), "largest entries of the map"),
    "sum": (lambda *a: extract(*a, summary=np.sum), "holds sums"),
    "training": (lambda *a: extract(*a, call=lambda m, b: m(b, training=True)), "training=True"),
    "bytes": (extract_bytes, "turn the batch into float32"),
    "in place": (extract_in_place, "changed the arrays"),
    "reversed": (lambda *a: extract(*a)[::-1], "reversed order"),
    "the first": (lambda *a: np.repeat(extract(*a)[:1], len(a[0]), axis=0), "same for every picture"),
    "length 1": (
        lambda *a: (lambda r: r / np.linalg.norm(r, axis=1, keepdims=True))(extract(*a)),
        "scaled to length 1",
    ),
    "model not used": (lambda p, m, f, size: p.mean(axis=(1, 2)), "never called"),
    "no return": (lambda *a: None, "without `return`"),
}

EXERCISES = {
    "2.1": (check.conv2d, CONV_RIGHT, CONV_WRONG),
    "2.2": (check.receptive_field, FIELD_RIGHT, FIELD_WRONG),
    "2.3": (check.cost, COST_RIGHT, COST_WRONG),
    "2.4": (check.wide_view, WIDE_RIGHT, WIDE_WRONG),
    "2.5": (check.grad_cam, CAM_RIGHT, CAM_WRONG),
    "2.6": (check.extract_features, EXTRACT_RIGHT, EXTRACT_WRONG),
}

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(EXERCISES)
