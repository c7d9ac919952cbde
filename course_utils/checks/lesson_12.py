"""Checks of lesson 12: layouts, gradients of workers, shards, class numbers, a pipeline, its bottleneck, a bill, a resumed run."""

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise

import numpy as np

from course_utils.checks import (
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_number,
    expect_parts,
    name_mistake,
)

__all__ = [
    "bill",
    "bottleneck",
    "class_indices",
    "global_gradient",
    "lost_epochs",
    "pipeline",
    "shard",
    "torch_layout",
]

_Mistakes = Iterator[tuple[object, str]]
"""What typical mistakes make of the same input, each with its hint."""


def _are_equal(found: list, other: list) -> bool:
    """Says whether arrays of several inputs, each of its own shape, are equal."""
    return all(map(np.array_equal, found, other))


def _whole_numbers(value: object, length: int, what: str, likely: str = "") -> np.ndarray:
    """Fails the check unless a value is a row of so many whole numbers; an empty list or array is one of none."""
    if isinstance(value, list | tuple | np.ndarray) and getattr(value, "ndim", 1) == 1 and len(value) == 0:
        value = np.zeros(0, int)
    array = expect_array(value, None, np.integer, what)
    expect(array.ndim == 1, f"{what} has shape {array.shape}, expected a row of {length} numbers.")
    expect(len(array) == length, f"{what} has {len(array)} numbers, expected {length}. {likely}".rstrip())
    return array


# --- 12.1 ---------------------------------------------------------------------------------------------------


@exercise(
    "12.1",
    "the kernels of dense layers and of convolutions in one and two dimensions have torch's order, of unequal and equal sizes, and of 1",
    stops={
        r"axes don't match array|invalid axis|out of bounds|axis \d+ is out": "A kernel has two, three or four axes: take their number from "
        "`kernel.ndim`.",
        r"not enough values to unpack|too many values to unpack": "A kernel has two, three or four axes: `*places, inputs, outputs = "
        "kernel.shape` takes any number.",
    },
)
def torch_layout(my_torch_layout: Callable) -> None:
    """Checks that a kernel of Keras gets the order of axes of PyTorch (lesson 12).

    Args:
        my_torch_layout: function of ``kernel``, float (inputs, outputs), (width, inputs, outputs) or (height, width, inputs,
            outputs), that returns float (outputs, inputs, …).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(121)
    for shape in [
        (3, 5),
        (4, 3, 5),
        (2, 3, 4, 5),
        (6, 6),
        (4, 4, 4),
        (3, 3, 3, 3),
        (3, 3, 1, 8),
        (1, 1, 4, 2),
        (1, 7),
    ]:
        _check_layout(my_torch_layout, rng.normal(size=shape))
    _check_layout(my_torch_layout, rng.normal(size=(5, 2, 3, 4)).astype(np.float32).transpose(1, 0, 2, 3))


def _check_layout(my_torch_layout: Callable, kernel: np.ndarray) -> None:
    right = np.moveaxis(kernel, (-1, -2), (0, 1))
    names = {2: "a dense layer", 3: "a convolution over time", 4: "a convolution over a picture"}
    what = f"What you return for the kernel of {names[kernel.ndim]}, shape {kernel.shape},"
    mistakes = [*_layout_mistakes(kernel)]
    shapes = [(wrong.shape, hint) for wrong, hint in mistakes if wrong.shape != right.shape]
    value = expect_array(my_torch_layout(kernel), right.shape, np.floating, what, shapes)
    expect_close(value, right, what, mistakes)


def _layout_mistakes(kernel: np.ndarray) -> _Mistakes:
    places = range(kernel.ndim - 2)
    outputs, inputs = kernel.ndim - 1, kernel.ndim - 2
    shape = (kernel.shape[-1], kernel.shape[-2], *kernel.shape[:-2])
    yield kernel, "That is Keras' order still: the outputs come first in torch, then the inputs."
    yield (
        kernel.reshape(shape),
        "`reshape` cuts the same row of numbers anew, and gives each to another place: `transpose` exchanges axes.",
    )
    if kernel.ndim > 2:
        yield (
            kernel.transpose(outputs, *places, inputs),
            "The outputs are first; the inputs come second, before the places.",
        )
        yield (
            kernel.transpose(inputs, outputs, *places),
            "Inputs and outputs are exchanged: the outputs come first.",
        )
        yield (
            kernel.swapaxes(0, -1),
            "`swapaxes` exchanges two axes; here all move: outputs, inputs, then the places.",
        )
        yield (
            kernel.transpose(*places, outputs, inputs),
            "The places are still in front: outputs, inputs, then the places.",
        )
        yield (
            kernel.transpose(inputs, *places, outputs),
            "The outputs come first, the inputs second, then the places.",
        )
    if kernel.ndim == 4:
        yield (
            kernel.transpose(3, 2, 1, 0),
            "`kernel.T` turns *all* axes round, so that width comes before height: these two keep their order.",
        )
    flipped = kernel[tuple(slice(None, None, -1) for _ in places)]
    if kernel.ndim > 2:
        yield (
            np.moveaxis(flipped, (-1, -2), (0, 1)),
            "Your kernels are mirrored: Keras and torch both slide the kernel as it is.",
        )


# --- 12.2 ---------------------------------------------------------------------------------------------------


@exercise(
    "12.2",
    "the gradients of 1 to 5 workers, with equal, unequal and no examples, give that of the whole batch, of any size and shape",
    stops={r"division by zero": "Divide by the number of *all* examples: at least one worker has some."},
)
def global_gradient(my_global_gradient: Callable) -> None:
    """Checks the mean gradient over all workers' examples (lesson 12).

    Args:
        my_global_gradient: function of ``(gradients, sizes)``, list of float arrays of one shape and list of int, that returns a
            float array of that shape.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(122)
    for sizes, shape, dtype, scale in [
        ([3, 5], (2, 3), np.float64, 1),
        ([7, 1, 2], (4,), np.float64, 1),
        ([2, 2, 2], (3, 1), np.float64, 1),
        ([6], (2, 2, 3), np.float64, 1),
        ([3, 0, 5], (2, 3), np.float64, 1),
        ([0, 4, 0, 1, 2], (1,), np.float64, 1),
        ([0, 9], (2,), np.float32, 1),
        ([64, 16], (3, 2), np.float32, 1),
        ([2, 31], (2, 3), np.float64, 1e6),
    ]:
        gradients = [scale * rng.normal(size=shape).astype(dtype) for _ in sizes]
        # What a worker without examples holds is not to be read: 0 / 0, or what lay there before.
        for place in np.flatnonzero(np.array(sizes) == 0):
            gradients[place][...] = np.nan if place % 2 or place == 0 else 7
        _check_gradient(my_global_gradient, gradients, sizes, scale)
    _check_diverged(my_global_gradient)


def _check_diverged(my_global_gradient: Callable) -> None:
    """A NaN of a worker with examples stays where it is."""
    gradients = [np.ones((2, 3)), np.ones((2, 3)), np.full((2, 3), np.nan)]
    gradients[1][0, 1] = np.nan
    what = "The gradient of workers of which one with examples has a NaN"
    value = expect_array(my_global_gradient(gradients, [3, 5, 0]), (2, 3), np.floating, what)
    expect(
        np.isnan(value[0, 1]),
        "A worker with examples whose gradient is NaN has diverged, and with you nobody sees it: leave workers out by their size, "
        "and not by what their arrays hold.",
    )
    expect(
        np.isfinite(value).sum() == value.size - 1,
        f"{what} in one place is NaN in {np.isnan(value).sum()} of {value.size} places: in all others it is a number.",
    )


def _check_gradient(
    my_global_gradient: Callable, gradients: list[np.ndarray], sizes: list[int], scale: float
) -> None:
    shape = gradients[0].shape
    what = f"The gradient of workers with {sizes} examples"
    shapes = [
        (
            (len(sizes), *shape),
            "That is a gradient for each worker: they are to be summed, and divided by all examples.",
        ),
        ((), "That is one number: sum over the workers, and not over the axes of the gradient."),
    ]
    value = expect_array(my_global_gradient(gradients, sizes), shape, np.floating, what, shapes) / scale
    some = [(gradient / scale, size) for gradient, size in zip(gradients, sizes, strict=True) if size > 0]
    right = sum(size * gradient for gradient, size in some) / sum(sizes)
    expect(
        np.isfinite(value).all() or 0 not in sizes,
        f"{what} holds NaN or infinity: a worker without examples holds NaN, and 0 · NaN is NaN. Leave it out before you multiply.",
    )
    expect_close(value, right, what, _gradient_mistakes(gradients, sizes, scale), tolerance=1e-5)


def _gradient_mistakes(gradients: list[np.ndarray], sizes: list[int], scale: float) -> _Mistakes:
    some = [(gradient / scale, size) for gradient, size in zip(gradients, sizes, strict=True) if size > 0]
    weighted, plain = sum(size * gradient for gradient, size in some), sum(gradient for gradient, _ in some)
    count, workers = sum(sizes), len(sizes)
    equal = "Every worker counts alike with you: one with more examples counts more, `size * gradient`."
    yield plain / len(some), equal
    if workers > len(some):
        yield plain / workers, f"{equal} And a worker without examples does not count."
    yield plain, "That is the sum of the gradients: a mean over all examples is asked."
    yield (
        weighted,
        "That is the sum over all examples: divide by their number, `sum(sizes)`, for the mean.",
    )
    yield (
        weighted / workers,
        "The weighted sum is divided by the number of workers: divide by that of examples, `sum(sizes)`.",
    )
    yield (
        weighted / len(some),
        "The weighted sum is divided by the number of workers: divide by that of examples, `sum(sizes)`.",
    )
    yield (
        plain / count,
        "Each gradient is a mean already: multiply it by its worker's number of examples before you divide by all.",
    )
    yield (
        sum(gradient / size for gradient, size in some) / sum(1 / size for _, size in some),
        "The weights are upside down: more examples count more.",
    )
    yield some[0][0], "That is the gradient of one worker alone: is `return` inside of the loop?"
    yield some[-1][0], "That is the gradient of the last worker alone: add them up."
    largest = max(some, key=lambda pair: pair[1])[0]
    yield largest, "That is the gradient of the worker with most examples: all examples count."
    read = sum(
        size * gradient / scale for gradient, size in zip(gradients[:-1], sizes[:-1], strict=True) if size
    )
    yield read / count, "The last worker is left out."


# --- 12.3 ---------------------------------------------------------------------------------------------------


@exercise(
    "12.3",
    "for 7 sets, up to 6 workers and several epochs each worker gets its own examples in the order of the shuffle, also none",
    stops={
        r"got multiple values|takes \d positional": "The permutation needs one argument: `np.random.default_rng(epoch).permutation(count)`.",
        r"slice step cannot be zero": "The step is the number of workers: `[worker::workers]`.",
    },
)
def shard(my_shard: Callable) -> None:
    """Checks which examples a worker takes in an epoch (lesson 12).

    Args:
        my_shard: function of ``(count, workers, worker, epoch)``, ints, that returns int (m,).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    cases = [(11, 3, worker, epoch) for worker in range(3) for epoch in (4, 1)]
    found = [_shard(my_shard, case) for case in cases]
    name_mistake(
        found, [_order(*case) for case in cases], (_shard_mistakes(*case) for case in cases), _are_equal
    )
    sizes = [
        (11, 3, (4, 1)),
        (12, 4, (0, 2)),
        (7, 1, (3,)),
        (2, 5, (6,)),
        (1, 2, (0,)),
        (64, 6, (9,)),
        (6, 6, (5,)),
    ]
    for count, workers, epochs in sizes:
        for epoch in epochs:
            for worker in range(workers):
                _check_shard(my_shard, (count, workers, worker, epoch))


def _order(count: int, workers: int, worker: int, epoch: int) -> np.ndarray:
    return np.random.default_rng(epoch).permutation(count)[worker::workers]


def _shard(my_shard: Callable, case: tuple[int, ...]) -> np.ndarray:
    count, workers, worker, epoch = case
    what = f"The shard for count = {count}, workers = {workers}, worker = {worker}, epoch = {epoch}"
    right, value = _order(*case), my_shard(*case)
    length = len(value) if isinstance(value, np.ndarray) and value.ndim == 1 else -1
    likely = (
        "Every item belongs to some worker: the first ones get one more if workers does not divide count."
    )
    if length == count:
        likely = "Those are the items of all workers: `[worker::workers]` takes every so manieth."
    elif length >= 0 and np.array_equal(
        value, np.random.default_rng(epoch).permutation(count)[worker + 1 :: workers]
    ):
        likely = "Worker 0 begins at position 0: `order[worker::workers]`."
    elif length == 1:
        likely = "Those are all of its positions, k, k + workers, k + 2 · workers …, and not the first alone."
    return _whole_numbers(value, len(right), what, likely)


def _check_shard(my_shard: Callable, case: tuple[int, ...]) -> None:
    count, workers, worker, epoch = case
    found, right = _shard(my_shard, case), _order(*case)
    same = sorted(found.tolist()) == sorted(right.tolist())
    likely = "They are the right ones in another order." if same and count > 1 else ""
    expect(
        np.array_equal(found, right),
        f"For count = {count}, workers = {workers}, worker = {worker}, epoch = {epoch} you returned {found.tolist()[:8]}, expected "
        f"{right.tolist()[:8]}. {likely}".rstrip(),
    )


def _shard_mistakes(count: int, workers: int, worker: int, epoch: int) -> _Mistakes:
    def order(seed: int) -> np.ndarray:
        return np.random.default_rng(seed).permutation(count)

    right, plain = order(epoch)[worker::workers], np.arange(count)
    yield plain[worker::workers], "Nothing is shuffled: take the positions out of the permutation."
    yield (
        order(epoch)[plain % workers == (worker + 1) % workers],
        "Workers count from 0: worker 0 takes position 0.",
    )
    block = "You cut the order into blocks: worker k takes every `workers`-th position, from k on."
    yield np.array_split(order(epoch), workers)[worker], block
    size = -(-count // workers)
    yield order(epoch)[worker * size : (worker + 1) * size], block
    yield (
        np.array_split(plain, workers)[worker],
        "You cut the items into blocks, and nothing is shuffled: positions of the permutation are asked.",
    )
    seeds = "The seed is the epoch, and nothing else: else the workers shuffle differently, and items are seen twice or not at all."
    for seed in (epoch + worker, worker, epoch * workers + worker, 1000 * epoch + worker):
        yield order(seed)[worker::workers], seeds
    yield (
        np.random.default_rng([epoch, worker]).permutation(count)[worker::workers],
        seeds,
    )
    for seed in (0, 42):
        yield (
            order(seed)[worker::workers],
            "Every epoch has the same order with you: the seed is the epoch.",
        )
    yield order(epoch + 1)[worker::workers], "The seed is `epoch` as it is, not `epoch + 1`."
    yield np.sort(right), "The items are sorted: their order is that of the shuffle."
    yield right[::-1], "The items come in the opposite order."
    yield (
        np.random.default_rng(epoch).permutation(plain[worker::workers]),
        "Each worker shuffles what is its own, and so it sees the same items every epoch: shuffle all of them first, then take every "
        "`workers`-th position.",
    )
    yield (
        np.random.RandomState(epoch).permutation(count)[worker::workers],
        "That is NumPy's old generator: `np.random.default_rng(epoch)` is asked, which all workers use.",
    )
    yield (
        np.argsort(order(epoch))[worker::workers],
        "You ask where each item stands: the permutation itself says which item stands at a position.",
    )
    yield (
        np.flatnonzero(order(epoch) % workers == worker),
        "Positions count, not items: take `order[worker::workers]`.",
    )
    yield (
        order(epoch)[order(epoch) % workers == worker],
        "You take the *items* whose number fits: the positions k, k + workers, … of the order count.",
    )
    yield (
        plain[worker::workers],
        "Those are the positions: return the items that stand there.",
    )


# --- 12.4 ---------------------------------------------------------------------------------------------------


@exercise(
    "12.4",
    "the ids of 5 lists of 1 to 1,000 classes become places in alphabetical order",
    stops={
        r"list index out of range|index \d+ is out of bounds": "Ids count from 1: the class of id 1 is `wnids[0]`, and that of the last id "
        "is the last.",
        r"KeyError": "Is the dictionary's key what you look up: a WNID, or an id, which counts from 1?",
        r"is not in list": "`sorted(wnids).index(…)` wants a WNID: the one of an id is `wnids[id - 1]`.",
        r"only integer scalar arrays": "`wnids` is a list, which takes one index at a time: go through the ids, or make an array of it first.",
        r"invalid literal": "A WNID is text: only its place in alphabetical order is asked.",
    },
)
def class_indices(my_class_indices: Callable) -> None:
    """Checks the way from the devkit's ids to class indices (lesson 12).

    Args:
        my_class_indices: function of ``(ground_truth, wnids)``, int (n,) from 1 on and list of str, that returns int (n,).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(124)
    for classes, n in [(6, 12), (5, 1), (1, 3), (40, 7), (1000, 200)]:
        numbers = rng.choice(10**7, classes, replace=False)
        order = np.sort(numbers)[_tangled(classes, rng)]
        wnids = [f"n{number:08d}" for number in order]
        ids = rng.integers(1, classes + 1, n)
        ids[: min(n, classes)] = [classes, 1, *range(2, classes)][: min(n, classes)]
        _check_indices(my_class_indices, ids, wnids)
    _check_indices(my_class_indices, np.array([3, 1, 2], np.int32), ["n3", "n1", "n2"])


def _tangled(classes: int, rng: np.random.Generator) -> np.ndarray:
    """A permutation that is not its own inverse, nor the identity, where there are enough classes."""
    order = rng.permutation(classes)
    while classes > 2 and (order[order] == np.arange(classes)).all():
        order = rng.permutation(classes)
    return order


def _check_indices(my_class_indices: Callable, ids: np.ndarray, wnids: list[str]) -> None:
    few = len(wnids) < 7
    given = f"ids {ids.tolist()[:8]} and wnids {wnids}" if few else f"{len(ids)} ids of {len(wnids)} classes"
    what = f"What you return for {given}"
    found = my_class_indices(ids, wnids)
    if isinstance(found, list | tuple) and found and all(isinstance(one, str) for one in found):
        expect(
            not set(found) <= set(wnids),
            "Those are the WNIDs: their places in alphabetical order are asked, `sorted(wnids).index(wnid)`.",
        )
    value = _whole_numbers(found, len(ids), what, "One class index for each id.")
    place = np.argsort(np.argsort(wnids))
    expect_close(value, place[ids - 1], what, _index_mistakes(ids, wnids, place))


def _index_mistakes(ids: np.ndarray, wnids: list[str], place: np.ndarray) -> _Mistakes:
    right = place[ids - 1]
    yield ids - 1, "You only subtract 1: that is the place in the devkit's list. Alphabetical order is asked."
    yield (
        ids,
        "Those are the ids as they came: look up their WNIDs, and where these stand in alphabetical order.",
    )
    yield (
        np.argsort(wnids)[ids - 1],
        "`np.argsort` says which WNID comes first, second, …; the contrary is asked, which place each WNID has: `np.argsort` of that, or "
        "a dictionary.",
    )
    yield right + 1, "Class indices count from 0: yours are 1 too large."
    yield place[ids % len(wnids)], "Ids count from 1: the WNID of id 1 is `wnids[0]`."
    yield place[ids - 2], "Ids count from 1, and so the WNID of id 1 is `wnids[0]`: you subtract too much."
    yield len(wnids) - 1 - right, "The order is turned round: n01 comes before n02."
    yield np.argsort(wnids)[ids % len(wnids)], "Ids count from 1; and `np.argsort` is the other way round."
    yield np.sort(right), "The numbers are sorted: keep the order of the pictures."
    yield (
        np.unique(right, return_inverse=True)[1],
        "All of `wnids` count, also those that no id names: `sorted(wnids)`.",
    )
    yield (
        np.full_like(right, right[0]),
        "All pictures get the class of the first: is `return` inside of the loop?",
    )


# --- 12.5 ---------------------------------------------------------------------------------------------------

_LARGE = 11_000  # items: more than the buffers that people write down
_WHOLE = 0.95  # of them an item must be able to come forward, if the whole is shuffled


@exercise(
    "12.5",
    "every item comes once an epoch, in another order each, as the seed says, also among 11,000, with its label and a last smaller batch",
    stops={
        r"buffer_size must be greater": "The buffer of `shuffle` holds as many items as there are, `len(labels)`.",
        r"not iterable|unsupported operand type\(s\) for /: '.*Dataset": "Scale inside of `map`, or the array before: a dataset is no array.",
        r"takes 1 positional argument but 2|missing 1 required positional": "`map` gives your function two things, a picture and a label: "
        "`lambda picture, label: …`.",
        r"must have the same type|x and y must have the same dtype": "uint8 divides nothing: `tf.cast(picture, tf.float32)` first.",
    },
)
def pipeline(my_pipeline: Callable) -> None:
    """Checks a pipeline of ``tf.data`` (lesson 12).

    Args:
        my_pipeline: function of ``(pictures, labels, batch, seed)``, uint8 (n, height, width, 3), int (n,), int and int, that
            returns a ``tf.data.Dataset`` of (float32 pictures from 0 to 1, labels).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    pictures, labels = _numbered_pictures(23, (2, 3))
    seed_of_all = _seed_of_all()
    data = _dataset(my_pipeline, pictures, labels, 5, 7)
    orders = [_epoch(data, pictures, labels, 5) for _ in range(3)]
    _check_orders(orders, labels)
    again = _dataset(my_pipeline, pictures, labels, 5, 7)
    repeated = [_epoch(again, pictures, labels, 5) for _ in range(3)]
    expect(
        repeated[0] == orders[0],
        "Called twice with the same seed, your function gives two orders: does `seed` reach `shuffle(…, seed=seed)`?",
    )
    expect(
        repeated == orders,
        "Called twice with the same seed, your function gives the same first epoch and other later ones: what decides on them?",
    )
    other_seed = _seed_of_all()
    other = _epoch(_dataset(my_pipeline, pictures, labels, 5, 8), pictures, labels, 5)
    expect(
        seed_of_all == other_seed == _seed_of_all(),
        "`tf.random.set_seed` changes all that this process draws afterwards: give the seed to `shuffle(…, seed=seed)` alone.",
    )
    expect(
        other != orders[0],
        "Another seed gives the same order: does `seed` reach `shuffle(…, seed=seed)`?",
    )
    for n, size, batch in [(1, (1, 2), 4), (6, (3, 1), 3)]:
        some, theirs = _numbered_pictures(n, size)
        _epoch(_dataset(my_pipeline, some, theirs.astype(np.int32), batch, 0), some, theirs, batch)
    _check_whole(my_pipeline)


def _seed_of_all() -> int:
    """The seed that TensorFlow mixes into every other."""
    import tensorflow as tf

    return tf.compat.v1.get_seed(1)[0]


def _numbered_pictures(n: int, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray]:
    """Pictures of different numbers, and labels of which no two are equal: what stands where can be told."""
    pictures = np.random.default_rng(125).integers(0, 256, (n, *size, 3), dtype=np.uint8)
    pictures[0], pictures[-1] = 0, 255
    return pictures, np.arange(n)


def _dataset(
    my_pipeline: Callable, pictures: np.ndarray, labels: np.ndarray, batch: int, seed: int
) -> object:
    import tensorflow as tf

    value = my_pipeline(pictures, labels, batch, seed)
    expect(value is not None, "Your function returned None: does it end without `return`?")
    name = type(value).__name__
    expect(
        isinstance(value, tf.data.Dataset),
        f"Return a `tf.data.Dataset`, as `tf.data.Dataset.from_tensor_slices(…)` makes one; found something of the type {name}.",
    )
    spec = value.element_spec
    pair = isinstance(spec, tuple) and len(spec) == 2 and all(hasattr(part, "shape") for part in spec)
    expect(pair, "Each batch is a pair (pictures, labels): your dataset gives something else.")
    expect(
        spec[0].shape.rank in (None, 4),
        f"Pictures of a batch have four axes, (batch, height, width, 3): yours have {spec[0].shape.rank}. Is `.batch(batch)` there, once?",
    )
    return value


def _epoch(data: object, pictures: np.ndarray, labels: np.ndarray, batch: int) -> list[int]:
    """Goes through an epoch; gives the items in their order."""
    n = len(labels)
    expected = [batch] * (n // batch) + [n % batch] * (n % batch > 0)
    # One batch more than there should be, so that a dataset without end shows itself.
    batches = [(x.numpy(), y.numpy()) for x, y in data.take(len(expected) + 1)]
    sizes = [len(y) if y.ndim else 0 for _, y in batches]
    given = f"{n} items in batches of {batch}"
    expect(
        len(batches) <= len(expected),
        f"{given}: an epoch has more than {len(expected)} batches. Is there a `repeat`? Each item comes once an epoch.",
    )
    expect(
        not (n % batch and sizes == expected[:-1]),
        f"{given}: the last, smaller batch of {n % batch} is missing. Is there `drop_remainder=True`?",
    )
    expect(
        sorted(sizes) != sorted(expected) or sizes == expected,
        f"{given}: your batches have the sizes {sizes}; the smaller one comes last. Shuffle items, then make batches of them: you "
        "shuffle batches.",
    )
    expect(sizes == expected, f"{given}: your batches have the sizes {sizes[:8]}, expected {expected[:8]}.")
    x, y = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    expect(
        y.ndim == 1 and np.issubdtype(y.dtype, np.integer),
        f"Labels have the shape {y.shape} and dtype {y.dtype}: they are to stay whole numbers, one for each picture.",
    )
    expect(
        np.array_equal(np.sort(y), np.sort(labels)),
        f"{given}: in an epoch your dataset gives {len(set(y.tolist()) & set(labels.tolist()))} different items: each comes once.",
    )
    _check_pictures(x, pictures[y], given)
    return y.tolist()


def _check_pictures(found: np.ndarray, bytes_there: np.ndarray, given: str) -> None:
    """Compares the pictures of an epoch with those of its labels, uint8."""
    expect(
        found.shape == bytes_there.shape,
        f"{given}: the pictures of an epoch have shape {found.shape}, expected {bytes_there.shape}.",
    )
    expect(
        found.dtype == np.float32,
        f"Your pictures have dtype {found.dtype}, expected float32: `tf.cast(picture, tf.float32) / 255`.",
    )
    right, values = bytes_there / 255, bytes_there.astype(np.float64)
    expect(
        np.allclose(found, right, atol=1e-5)
        or not np.allclose(np.sort(found, axis=None), np.sort(right, axis=None), atol=1e-5),
        "A picture comes with the label of another: shuffle pairs, `from_tensor_slices((pictures, labels))`, and not each for itself.",
    )
    expect_close(
        found,
        right,
        "What is in your pictures",
        [
            (values, "Your pictures go from 0 to 255: divide by 255."),
            (values / 256, "You divide by 256: 255 must become 1."),
            (values / 127.5 - 1, "Your pictures go from −1 to 1: from 0 to 1 is asked."),
            (values / 255**2, "You divide by 255 twice."),
            (values // 255, "The fractions are lost: cast to float32 first, then divide."),
            (np.floor(right), "The fractions are lost: cast to float32 first, then divide."),
        ],
    )


def _check_orders(orders: list[list[int]], labels: np.ndarray) -> None:
    expect(
        any(order != labels.tolist() for order in orders),
        "The items come in the order in which they were given: nothing is shuffled.",
    )
    batches = [order[at : at + 5] for order in orders for at in range(0, 20, 5)]
    expect(
        not all(np.ptp(batch) == 4 for batch in batches),
        "The items of a batch are neighbours, as they were given: shuffle items before you make batches of them.",
    )
    expect(
        orders[0] != orders[1] and orders[1] != orders[2],
        "Two epochs have the same order: `reshuffle_each_iteration=False`, a `cache` behind the shuffle, or a permutation that is drawn "
        "once, keep it.",
    )


def _check_whole(my_pipeline: Callable) -> None:
    """An item of the very end can come at the very beginning: the order's largest jump forward tells the buffer."""
    pictures, labels = np.zeros((_LARGE, 1, 1, 3), np.uint8), np.arange(_LARGE)
    data = _dataset(my_pipeline, pictures, labels, 1000, 3)
    order = np.concatenate([theirs.numpy() for _, theirs in data])
    jump = int((order - np.arange(_LARGE)).max())
    expect(
        jump > _WHOLE * _LARGE,
        f"Among {_LARGE:,} items none comes more than {jump:,} positions early: your shuffle has a buffer of about {jump + 1:,}, a window. "
        "A buffer of `len(labels)` shuffles the whole.",
    )


# --- 12.6 ---------------------------------------------------------------------------------------------------


@exercise(
    "12.6",
    "the stage that limits 7 pipelines is named, also where two are equally slow or the workers are listed in another order, and its rate",
    stops={r"KeyError": "The keys of both dictionaries are the stages: `seconds[stage]`, `workers[stage]`."},
)
def bottleneck(my_bottleneck: Callable) -> None:
    """Checks which stage limits a pipeline (lesson 12).

    Args:
        my_bottleneck: function of ``(seconds, workers)``, dict stage → float and dict stage → int, that returns (str, float).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    cases = [
        ({"read": 0.002, "decode": 0.012, "train": 0.005}, {"read": 1, "decode": 4, "train": 1}),
        ({"read": 0.009, "decode": 0.012, "train": 0.002}, {"train": 2, "decode": 2, "read": 1}),
        ({"a": 3.0, "b": 0.5, "c": 8.0, "d": 1.25}, {"d": 1, "a": 6, "c": 3, "b": 5}),
    ]
    found = [_limit(my_bottleneck, *case) for case in cases]
    name_mistake(
        found, [_slowest(*case) for case in cases], (_limit_mistakes(*case) for case in cases), _are_limits
    )
    cases += [
        ({"read": 0.25, "decode": 0.5, "copy": 0.25}, {"copy": 1, "decode": 2, "read": 1}),
        ({"z": 0.5, "a": 0.5}, {"a": 1, "z": 1}),
        ({"only": 0.004}, {"only": 3}),
        ({"x": 1e-7, "y": 3e-7}, {"x": 1, "y": 2}),
    ]
    for seconds, workers in cases:
        (stage, rate), (right, fastest) = _limit(my_bottleneck, seconds, workers), _slowest(seconds, workers)
        given = f"For seconds = {seconds} and workers = {workers}"
        tie = seconds.get(stage, -1) / workers.get(stage, 1) == seconds[right] / workers[right]
        likely = "Both are equally slow: name the first, in the order of `seconds`." if tie else ""
        expect(stage == right, f"{given} you named {stage!r}, expected {right!r}. {likely}".rstrip())
        expect_close(np.array(rate / fastest), np.array(1.0), f"{given} your rate, divided by the right one,")


def _limit(my_bottleneck: Callable, seconds: dict, workers: dict) -> tuple[str, float]:
    stage, rate = expect_parts(my_bottleneck(seconds, workers), ["name of the stage", "pictures per second"])
    if not isinstance(stage, str) and isinstance(rate, str):
        expect(False, "The two are exchanged: first the stage's name, then the rate.")
    expect(
        isinstance(stage, str),
        f"The first thing that you return is of the type {type(stage).__name__}, expected the name of a stage.",
    )
    return str(stage), expect_number(rate, "What you return as pictures per second")


def _slowest(seconds: dict, workers: dict) -> tuple[str, float]:
    stage = max(seconds, key=lambda name: seconds[name] / workers[name])
    return stage, workers[stage] / seconds[stage]


def _are_limits(found: list, other: list) -> bool:
    return all(
        a == b and np.isclose(x, y, rtol=1e-4, atol=0) for (a, x), (b, y) in zip(found, other, strict=True)
    )


def _limit_mistakes(seconds: dict, workers: dict) -> _Mistakes:
    right, rate = _slowest(seconds, workers)
    alone = max(seconds, key=seconds.get)
    ignored = "The workers do not count with you: four of them give four times as many pictures a second."
    yield (alone, 1 / seconds[alone]), ignored
    yield (
        (alone, workers[alone] / seconds[alone]),
        (
            "You name the stage in which one worker is slowest: divide by the number of workers before you compare."
        ),
    )
    yield (
        (right, 1 / seconds[right]),
        ("The stage is right; several of its workers work side by side, so the rate is `workers / seconds`."),
    )
    for name in (right, alone):
        yield (
            (name, seconds[name] / workers[name]),
            ("Those are seconds per picture: pictures per second are 1 divided by that."),
        )
        yield (name, seconds[name]), "Those are seconds of one worker: pictures per second are asked."
    whole = sum(seconds[name] / workers[name] for name in seconds)
    for total in (whole, sum(seconds.values())):
        yield (
            (right, 1 / total),
            (
                "You add up the stages, as if they followed each other: they overlap, and the slowest alone counts."
            ),
        )
    product = max(seconds, key=lambda name: seconds[name] * workers[name])
    for found in (1 / (seconds[product] * workers[product]), rate):
        yield (
            (product, found),
            "More workers make a stage faster: divide the seconds by them, do not multiply.",
        )
    fast = min(seconds, key=lambda name: seconds[name] / workers[name])
    yield (
        (fast, workers[fast] / seconds[fast]),
        "That is the fastest stage: the slowest one limits the pipeline.",
    )
    paired = dict(zip(seconds, workers.values(), strict=True))
    name, found = _slowest(seconds, paired)
    yield (
        (name, found),
        (
            "The two dictionaries may list the stages in different orders: look the workers up by name, `workers[stage]`."
        ),
    )
    fewest = min(workers, key=workers.get)
    yield (
        (fewest, workers[fewest] / seconds[fewest]),
        "You name the stage with fewest workers: seconds count too.",
    )


# --- 12.7 ---------------------------------------------------------------------------------------------------


@exercise("12.7", "hours and price are right for 6 trainings, from seconds on one device to weeks on 1,024")
def bill(my_bill: Callable) -> None:
    """Checks what a training takes and costs (lesson 12).

    Args:
        my_bill: function of ``(parameters, tokens, peak, utilisation, devices, price)``, numbers, that returns (float hours,
            float price).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    for case in [
        (7e9, 1.4e11, 3.12e14, 0.4, 8, 2.3),
        (1.24e8, 2.5e9, 1.4e13, 0.31, 3, 0.9),
        (9e5, 4e6, 5e10, 0.7, 1, 0.05),
        (7e10, 1.5e13, 9.89e14, 0.38, 1024, 3.7),
        (3.0, 7.0, 2.0, 1.0, 5, 11.0),
        (125_000_000, 3_000_000_000, 10**14, 0.5, 2, 4),
    ]:
        hours, price = expect_parts(my_bill(*case), ["hours", "price"])
        hours, price = expect_number(hours, "What you return as hours"), expect_number(price, "The price")
        right = _bill(*case)
        names = ("parameters", "tokens", "peak", "utilisation", "devices", "price")
        given = ", ".join(f"{name} = {value:g}" for name, value in zip(names, case, strict=True))
        # As shares of what is right: hours of all sizes are compared alike.
        found = np.array([hours, price]) / right
        mistakes = [(np.array(wrong) / right, hint) for wrong, hint in _bill_mistakes(*case)]
        what = f"For {given} the array of your hours and your price, each divided by the right one,"
        expect_close(found, np.ones(2), what, mistakes, tolerance=1e-5)


def _bill(
    parameters: float,
    tokens: float,
    peak: float,
    utilisation: float,
    devices: int,
    price: float,
    operations: float = 6,
) -> tuple[float, float]:
    hours = operations * parameters * tokens / (peak * utilisation * devices) / 3600
    return hours, hours * devices * price


def _bill_mistakes(
    parameters: float, tokens: float, peak: float, utilisation: float, devices: int, price: float
) -> _Mistakes:
    given = parameters, tokens, peak
    hours, paid = _bill(*given, utilisation, devices, price)
    seconds = "Your hours are seconds: an hour has 3,600."
    yield (3600 * hours, 3600 * paid), f"{seconds} So the price is 3,600 times too high."
    yield (3600 * hours, paid), f"{seconds} The price is right."
    yield (60 * hours, 60 * paid), "Your hours are minutes: divide the seconds by 3,600."
    yield (hours / 24, paid / 24), "Your hours are days."
    yield (hours / 24, paid), "Your hours are days. The price is right."
    for operations in (1, 2, 3, 4, 8):
        yield (
            _bill(*given, utilisation, devices, price, operations),
            f"You count {operations} FLOPs for each parameter and token: forward 2, backward 4, together 6.",
        )
    yield (
        _bill(*given, 1, devices, price),
        "The devices do only the share `utilisation` of their peak: divide by it too.",
    )
    yield (
        _bill(*given, utilisation / 100, devices, price),
        "`utilisation` is a share: 0.4, not 40. You divide by 100.",
    )
    yield (
        _bill(*given, 1 / utilisation, devices, price),
        "You multiply by the utilisation: devices that do half of their peak take twice as long.",
    )
    yield (
        _bill(*given, 1 - utilisation, devices, price) if utilisation < 1 else (np.nan, np.nan),
        "`utilisation` is the share that *is* used: no `1 -`.",
    )
    yield (
        (hours * devices, paid),
        "The devices share the work: hours until it is done, and not those of all devices added up. The price is right.",
    )
    yield (
        (hours * devices, paid * devices),
        "The devices share the work: divide the hours by their number.",
    )
    yield (hours, hours * price), "Each device costs `price` an hour: multiply by their number."
    yield (
        (hours, paid * devices),
        "The price counts the devices twice: hours · devices · price.",
    )
    yield (hours, price), "That is the price of one hour of one device."
    yield (hours, devices * price), "That is the price of one hour: multiply by the hours."
    yield (paid, hours), "Hours and price are exchanged."
    yield (hours, paid / utilisation), "The utilisation is in the hours already: hours · devices · price."
    yield (
        (hours, paid * utilisation),
        "You pay for a device whether it computes or waits: hours · devices · price.",
    )
    yield (hours, hours * devices), "Those are hours of all devices: multiply by the price of one."
    yield (hours * devices**2, paid * devices**2), "More devices take less time: divide by their number."


# --- 12.8 ---------------------------------------------------------------------------------------------------

_SAME = 1e-4  # two losses of an epoch may differ by so much


@exercise(
    "12.8",
    "the repeated epochs of 60 logs, killed up to four times, are found, and whether their losses agree",
    stops={
        r"KeyError": "An epoch that you meet for the first time is not in the dictionary yet: `losses.setdefault(epoch, [])`.",
        r"unhashable": "A list is no key of a dictionary or item of a set: a tuple is.",
        r"not subscriptable|cannot unpack": "The log is a list of pairs: `for epoch, loss in log`.",
        r"index out of range": "A log may be empty, or have one line.",
    },
)
def lost_epochs(my_lost_epochs: Callable) -> None:
    """Checks what is read off the log of a resumed training (lesson 12).

    Args:
        my_lost_epochs: function of ``log``, list of (int epoch, float loss), that returns (list of int, bool).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    first = [*_FIRST_LOGS]
    found = [_verdict(my_lost_epochs, log) for log in first]
    name_mistake(
        found, [_repeated(log) for log in first], (_log_mistakes(log) for log in first), _are_verdicts
    )
    rng = np.random.default_rng(128)
    for log in [*_SHORT_LOGS, *first, *(_killed(rng) for _ in range(38))]:
        (epochs, other), (right, changed) = _verdict(my_lost_epochs, log), _repeated(log)
        shown = f"For the log {log}" if len(log) < 9 else f"For a log of {len(log)} lines"
        expect(
            sorted(epochs) != right or epochs == right,
            f"{shown} your epochs are the right ones, and not in ascending order: {epochs}.",
        )
        expect(
            epochs == right,
            f"{shown} you named the epochs {epochs}, expected {right}: those that stand there more than once, each named once.",
        )
        expect(
            other == changed,
            f"{shown} you returned {other}, expected {changed}: True if two losses of the *same* epoch differ by more than 1e-4. Of "
            "several, neighbours or not, the two farthest apart count, as they are: `max(…) - min(…) > 1e-4`.",
        )


_FIRST_LOGS: Sequence[list[tuple[int, float]]] = (
    # Each tells other mistakes apart: in which of several losses of an epoch the difference lies, and its sign.
    [(0, 0.9), (1, 0.6), (2, 0.5), (3, 0.45), (1, 0.6), (2, 0.52), (3, 0.45), (4, 0.3)],
    [(0, 0.9), (1, 0.6), (2, 0.5), (1, 0.6), (2, 0.48), (3, 0.31)],
    [(0, 0.9), (1, 0.7), (2, 0.5), (2, 0.50005), (3, 0.55), (5, 0.2)],
    [(3, 0.9), (4, 0.8), (4, 0.7), (4, 0.8), (5, 0.6)],
    [(0, 0.9), (1, 0.5), (2, 0.4), (1, 0.5004), (2, 0.4), (3, 0.3)],
    [(4, 0.5), (5, 0.4), (6, 0.4), (5, 0.4), (6, 0.4), (2, 0.3), (4, 0.5)],
)

_SHORT_LOGS: Sequence[list[tuple[int, float]]] = (
    [],
    [(0, 1.0)],
    [(0, 1.0), (1, 0.5), (2, 0.25)],
    [(7, 1.0), (7, 1.0)],
    [(7, 1.0), (7, 2.0)],
    [(0, 0.3), (0, 0.30005)],
    [(0, 5.0), (1, 5.0), (1, 5.0), (0, 5.0)],
    [(10, 0.5), (9, 0.6), (10, 0.5), (9, 0.6)],
    [(0, 1.0), (1, 0.5), (0, 0.9), (1, 0.5)],
    # Neighbours, or the first and any other, are near enough, and two others are not.
    [(0, 0.4), (0, 0.40007), (0, 0.40014)],
    [(0, 0.40007), (0, 0.4), (0, 0.40014)],
    # The margin is absolute, of losses of any size, and of losses that are not rounded.
    [(0, 0.4), (0, 0.40015)],
    [(3, 40.0), (3, 40.0003)],
    [(0, 0.30004), (0, 0.30006)],
    [(0, 0.5), (0, 0.500099)],
    [(0, 0.5), (0, 0.50011)],
)


def _killed(rng: np.random.Generator) -> list[tuple[int, float]]:
    """A log of up to twelve epochs that goes back some times, with or without another loss."""
    log, epoch, exact = [], 0, rng.random() < 0.5
    losses = rng.uniform(0.1, 2, 12).round(3)
    for _ in range(rng.integers(1, 6)):
        for _ in range(rng.integers(1, 5)):
            if epoch < 12:
                change = 0.0 if exact or rng.random() < 0.6 else rng.choice([-0.02, 0.02, 0.00004])
                log.append((epoch, float(losses[epoch] + change)))
                epoch += 1
        epoch = max(0, epoch - int(rng.integers(0, 4)))
    return log


def _repeated(log: list[tuple[int, float]], difference: float = _SAME) -> tuple[list[int], bool]:
    losses = _by_epoch(log)
    epochs = sorted(epoch for epoch, found in losses.items() if len(found) > 1)
    return epochs, any(max(found) - min(found) > difference for found in losses.values())


def _by_epoch(log: list[tuple[int, float]]) -> dict[int, list[float]]:
    losses: dict[int, list[float]] = {}
    for epoch, loss in log:
        losses.setdefault(epoch, []).append(loss)
    return losses


def _verdict(my_lost_epochs: Callable, log: list[tuple[int, float]]) -> tuple[list[int], bool]:
    epochs, other = expect_parts(my_lost_epochs(log), ["epochs", "is_another_run"])
    expect(
        not isinstance(epochs, bool | np.bool_),
        "The two are exchanged: first the epochs, then True or False.",
    )
    expect(
        not isinstance(epochs, set | frozenset | dict),
        f"The epochs are of the type {type(epochs).__name__}, which has no order: `sorted(…)` makes a list of it.",
    )
    if isinstance(epochs, list | tuple) and len(epochs) == 0:
        epochs = np.zeros(0, int)
    array = expect_array(epochs, None, np.number, "The epochs that you return")
    expect(array.ndim == 1, f"The epochs that you return have shape {array.shape}, expected a row of them.")
    expect(
        np.issubdtype(array.dtype, np.integer) or not array.size,
        f"The epochs that you return have dtype {array.dtype}, expected whole numbers: losses are not asked.",
    )
    expect(
        np.asarray(other).dtype == bool and np.ndim(other) == 0,
        f"The second thing that you return is of the type {type(other).__name__}, expected one True or False: "
        "`any(…)` makes one of several.",
    )
    return array.astype(int).tolist(), bool(other)


def _are_verdicts(found: list, other: list) -> bool:
    return all(a == b for a, b in zip(found, other, strict=True))


def _log_mistakes(log: list[tuple[int, float]]) -> _Mistakes:
    (right, changed), losses = _repeated(log), _by_epoch(log)
    several = {epoch: found for epoch, found in losses.items() if len(found) > 1}
    appearance = [*several]
    pairs = [*pairwise(log)]
    yield (right, not changed), "True means that it is *not* the same run: yours says the contrary."
    for tolerance, said in [
        (0, "exactly equal"),
        (1e-3, "equal to 1e-3"),
        (1e-5, "equal to 1e-5"),
        (1e-2, "equal to 1e-2"),
    ]:
        yield _repeated(log, tolerance), f"Your losses must be {said}: up to 1e-4 they may differ."
    signed = any(found[-1] - found[0] > _SAME for found in several.values())
    yield (right, signed), "A loss may also be smaller the second time: `abs(…)` of the difference."
    yield (
        (right, any(found[0] - found[-1] > _SAME for found in several.values())),
        ("A loss may also be larger the second time: `abs(…)` of the difference."),
    )
    yield (
        (right, any(abs(found[-1] - found[0]) > _SAME for found in several.values())),
        (
            "An epoch may stand there three times: compare all of its losses, and not the first with the last alone."
        ),
    )
    yield (
        (right, all(max(found) - min(found) > _SAME for found in several.values())),
        ("One epoch whose losses differ is enough: `any`, not `all`."),
    )
    yield (
        (right, bool(several) and all(max(found) - min(found) > _SAME for found in several.values())),
        ("One epoch whose losses differ is enough: `any`, not `all`."),
    )
    last = [max(several[epoch]) - min(several[epoch]) > _SAME for epoch in appearance]
    for order in (last, last[::-1], [max(several[e]) - min(several[e]) > _SAME for e in right][::-1]):
        yield (
            (right, bool(order and order[-1])),
            "What one epoch says overwrites what others said: one that differs is enough.",
        )
    for earlier in (
        0,
        -1,
    ):  # the last line of an epoch that was there, compared with its first loss or the one before
        lines = [
            abs(loss - before[earlier]) > _SAME
            for place, (epoch, loss) in enumerate(log)
            if (before := [other for one, other in log[:place] if one == epoch])
        ]
        yield (
            (right, bool(lines and lines[-1])),
            "What one epoch says overwrites what others said: one that differs is enough.",
        )
    yield (
        (right, bool(several)),
        "Epochs may be computed again and give the same losses: then it is the same run, False.",
    )
    yield (right, False), "You always say False: do you compare the losses of an epoch?"
    yield (right, True), "You always say True: do you compare the losses of an epoch?"
    yield (
        (right, any(b[1] - a[1] > _SAME for a, b in pairs)),
        ("You compare each line with the one before it: losses of the *same* epoch are to be compared."),
    )
    yield (
        (right, any(abs(b[1] - a[1]) > _SAME for a, b in pairs)),
        ("You compare each line with the one before it: losses of the *same* epoch are to be compared."),
    )
    for what in (changed, any(a[0] == b[0] and abs(a[1] - b[1]) > _SAME for a, b in pairs)):
        yield (
            (sorted({a[0] for a, b in pairs if a[0] == b[0]}), what),
            (
                "An epoch may come again many lines later: compare with all earlier lines, and not with the one before."
            ),
        )
    yield (appearance, changed), "The epochs are right, and not in ascending order: `sorted(…)`."
    again = [epoch for place, (epoch, _) in enumerate(log) if epoch in [e for e, _ in log[:place]]]
    for order in (again, sorted(again)):
        yield (order, changed), "An epoch that came three times is named twice: each once, as a set keeps it."
    every = [epoch for epoch, _ in log if epoch in several]
    for order in (every, sorted(every)):
        yield (order, changed), "Each epoch is named once, however often it stands there."
    differing = sorted(epoch for epoch, found in several.items() if max(found) - min(found) > _SAME)
    yield (
        (differing, changed),
        "Those are the epochs whose losses differ: all that were computed more than once are asked.",
    )
    once = sorted(epoch for epoch, found in losses.items() if len(found) == 1)
    yield (once, changed), "Those are the epochs that were computed once."
    yield (sorted(losses), changed), "Those are all epochs: name those that stand there more than once."
    back = sorted({b[0] for a, b in pairs if b[0] <= a[0]})
    yield (back, changed), "Those are the epochs at which the run goes back: all that come again are asked."
    yield (
        ([epoch for epoch in right if len(losses[epoch]) == 2], changed),
        ("An epoch may come more than twice: `> 1`, not `== 2`."),
    )
    gaps = sorted(set(range(max(losses, default=-1) + 1)) - set(losses))
    yield (
        (gaps, changed),
        "Those are the epochs that are missing: name those that were computed more than once.",
    )
