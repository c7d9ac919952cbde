"""Lesson 12's checks accept right answers of any style and reject wrong ones with their own hint."""

import math
from itertools import pairwise

import numpy as np

from course_utils import runtime
from course_utils.checks import lesson_12 as check
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
import tensorflow as tf  # noqa: E402


def of(answer, change):
    """An answer made of another one's result."""
    return lambda *given: change(answer(*given))


def exchanged(pair):
    return pair[1], pair[0]


# --- 12.1: a kernel for torch


def own_layout(kernel):
    places = range(kernel.ndim - 2)
    return kernel.transpose(kernel.ndim - 1, kernel.ndim - 2, *places)


def layout_by_loop(kernel):
    *places, inputs, outputs = kernel.shape
    result = np.zeros((outputs, inputs, *places))
    for index in np.ndindex(kernel.shape):
        result[(index[-1], index[-2], *index[:-2])] = kernel[index]
    return result.tolist()


def layout_by_kind(kernel):
    if kernel.ndim == 2:
        return kernel.T
    return kernel.transpose(2, 1, 0) if kernel.ndim == 3 else kernel.transpose(3, 2, 0, 1)


def layout_of_pictures_alone(kernel):
    return kernel.transpose(3, 2, 0, 1)


def layout_in_place(kernel):
    result = own_layout(kernel).copy()
    kernel *= 0
    return result


def mirrored_layout(kernel):
    return own_layout(kernel[tuple(slice(None, None, -1) for _ in range(kernel.ndim - 2))])


def by_axes(*orders):
    """An answer that transposes kernels of two, three and four axes in these orders."""
    return lambda kernel: kernel.transpose(orders[kernel.ndim - 2])


LAYOUT = (
    check.torch_layout,
    {
        "the lesson's": own_layout,
        "loop, lists": layout_by_loop,
        "by kind": layout_by_kind,
        "moveaxis": lambda kernel: np.moveaxis(kernel, (-1, -2), (0, 1)),
        "twice": lambda kernel: np.moveaxis(np.moveaxis(kernel, -1, 0), -1, 1),
        "einsum": lambda kernel: np.einsum("...io->oi...", kernel),
        "keras.ops": lambda kernel: keras.ops.moveaxis(kernel, (-1, -2), (0, 1)),
        "rolled": lambda kernel: np.rollaxis(np.rollaxis(kernel, -1), -1, 1),
    },
    {
        "unchanged": (lambda kernel: kernel, "Keras' order still|axes are in another order"),
        "all turned round": (lambda kernel: kernel.T, "width comes before height"),
        "outputs in front": (lambda kernel: np.moveaxis(kernel, -1, 0), "inputs come second"),
        "two exchanged": (lambda kernel: kernel.swapaxes(0, -1), "here all move"),
        "inputs first": (
            by_axes((1, 0), (1, 2, 0), (2, 3, 0, 1)),
            "the outputs come first",
        ),
        "places in front": (
            lambda kernel: kernel.swapaxes(-1, -2),
            "places are still in front",
        ),
        "reshaped": (
            lambda kernel: kernel.reshape(kernel.shape[-1], kernel.shape[-2], *kernel.shape[:-2]),
            "`reshape` cuts",
        ),
        "mirrored": (mirrored_layout, "mirrored"),
        "pictures alone": (layout_of_pictures_alone, "from `kernel.ndim`"),
        "unpacked": (
            lambda kernel: kernel.reshape([*(lambda h, w, i, o: (o, i, h, w))(*kernel.shape)]),
            r"stopped with TypeError",
        ),
        "dense alone": (
            lambda kernel: kernel.T if kernel.ndim == 2 else kernel,
            "Keras' order still",
        ),
        "inputs in the middle": (
            by_axes((1, 0), (1, 0, 2), (2, 0, 1, 3)),
            "outputs come first",
        ),
        "squeezed": (of(own_layout, np.squeeze), "squeeze"),
        "doubled": (of(own_layout, lambda found: 2 * found), "2 times"),
        "shifted": (of(own_layout, lambda found: found + 1), "too large by 1"),
        "whole numbers": (of(own_layout, lambda found: found.astype(int)), "dtype int"),
        "flat": (of(own_layout, np.ravel), "1 axes instead of 2"),
        "a sum": (of(own_layout, np.sum), "shape \\(\\)"),
        "a shape": (lambda kernel: own_layout(kernel).shape, "shape \\(2,\\)"),
        "in place": (layout_in_place, "changed the arrays"),
        "zeros": (of(own_layout, np.zeros_like), "All of your numbers are 0"),
        "one axis more": (of(own_layout, lambda found: found[np.newaxis]), "length 1 is left over"),
        "a list of kernels": (lambda kernel: [own_layout(kernel)], "length 1 is left over"),
        "first row": (of(own_layout, lambda found: found[0]), "1 axes instead of 2"),
        "empty": (lambda kernel: [], "shape \\(0,\\)"),
    },
)


# --- 12.2: the gradient of all workers


def own_gradient(gradients, sizes):
    pairs = [(gradient, size) for gradient, size in zip(gradients, sizes, strict=True) if size > 0]
    return sum(gradient * size for gradient, size in pairs) / sum(sizes)


def gradient_by_loop(gradients, sizes):
    total, count = np.zeros(gradients[0].shape), 0
    for gradient, size in zip(gradients, sizes, strict=True):
        if size:
            total += size * gradient
            count += size
    return (total / count).tolist()


def gradient_by_where(gradients, sizes):
    stacked, weights = np.stack(gradients), np.array(sizes)
    weights = weights.reshape(-1, *[1] * gradients[0].ndim)
    return np.where(weights > 0, stacked * weights, 0).sum(axis=0) / weights.sum()


def gradient_by_tensordot(gradients, sizes):
    some = np.flatnonzero(sizes)
    weights = np.array(sizes)[some] / sum(sizes)
    return np.tensordot(weights, np.stack(gradients)[some], 1)


def gradient_of_the_finite(gradients, sizes):
    pairs = [(g, n) for g, n in zip(gradients, sizes, strict=True) if not np.isnan(g).any()]
    return sum(g * n for g, n in pairs if n) / sum(n for _, n in pairs)


def gradient_spread(gradients, sizes):
    """NaN everywhere where it is anywhere."""
    return own_gradient(gradients, sizes) + 0 * own_gradient(gradients, sizes).sum()


def weighted_gradient(weight):
    """A mean with other weights, of those workers that have examples."""

    def answer(gradients, sizes):
        pairs = [(g, n) for g, n in zip(gradients, sizes, strict=True) if n]
        return sum(weight(n) * g for g, n in pairs) / sum(weight(n) for _, n in pairs)

    return answer


def some_gradient(place):
    return lambda gradients, sizes: [g for g, n in zip(gradients, sizes, strict=True) if n][place]


def summed_gradient(divide):
    """The weighted sum, divided by something."""

    def answer(gradients, sizes):
        pairs = [(g, n) for g, n in zip(gradients, sizes, strict=True) if n]
        return sum(n * g for g, n in pairs) / divide(sizes)

    return answer


def gradient_in_place(gradients, sizes):
    result = own_gradient(gradients, sizes)
    for gradient in gradients:
        gradient *= 0
    return result


def gradient_of_popped(gradients, sizes):
    result = own_gradient(gradients, sizes)
    sizes.pop()
    return result


GRADIENT = (
    check.global_gradient,
    {
        "the lesson's": own_gradient,
        "loop, lists": gradient_by_loop,
        "np.where": gradient_by_where,
        "tensordot": gradient_by_tensordot,
        "np.average": lambda gradients, sizes: np.average(
            np.stack(gradients)[np.flatnonzero(sizes)], axis=0, weights=[n for n in sizes if n]
        ),
        "shares": lambda gradients, sizes: sum(
            g * (n / sum(sizes)) for g, n in zip(gradients, sizes, strict=True) if n
        ),
        "keras.ops": of(own_gradient, keras.ops.convert_to_tensor),
    },
    {
        "plain mean": (weighted_gradient(lambda n: 1), "Every worker counts alike"),
        "mean of all": (lambda g, n: np.mean(g, axis=0), "Every worker counts alike"),
        "nanmean": (lambda g, n: np.nanmean(g, axis=0), "Every worker counts alike"),
        "sum": (lambda g, n: np.nansum(g, axis=0), "sum of the gradients"),
        "sum over examples": (summed_gradient(lambda n: 1), "sum over all examples"),
        "by workers": (summed_gradient(len), "divided by the number of workers"),
        "by workers there": (
            summed_gradient(lambda n: sum(size > 0 for size in n)),
            "divided by the number of workers",
        ),
        "not weighted, by examples": (
            lambda g, n: np.nansum(g, axis=0) / sum(n),
            "Each gradient is a mean already",
        ),
        "upside down": (weighted_gradient(lambda n: 1 / n), "upside down"),
        "square": (weighted_gradient(lambda n: n * n), "expected"),
        "root": (weighted_gradient(math.sqrt), "expected"),
        "NaN": (
            lambda g, n: sum(a * b for a, b in zip(g, n, strict=True)) / sum(n),
            "0 · NaN is NaN",
        ),
        "the finite": (gradient_of_the_finite, "has diverged"),
        "nan_to_num": (
            lambda g, n: np.average(np.nan_to_num(g), axis=0, weights=n),
            "has diverged",
        ),
        "nansum": (
            lambda g, n: np.nansum([a * b for a, b in zip(g, n, strict=True)], axis=0) / sum(n),
            "has diverged",
        ),
        "NaN everywhere": (gradient_spread, "in all others it is a number"),
        "average with NaN": (lambda g, n: np.average(g, axis=0, weights=n), "0 · NaN is NaN"),
        "first": (some_gradient(0), "one worker alone"),
        "last": (some_gradient(-1), "last worker alone"),
        "largest": (
            lambda g, n: g[int(np.argmax(n))],
            "with most examples|last worker",
        ),
        "all but the last": (
            lambda g, n: sum(a * b for a, b in zip(g[:-1], n[:-1], strict=True)) / sum(n),
            "last worker is left out",
        ),
        "each": (
            lambda g, n: [a * b / sum(n) for a, b in zip(g, n, strict=True)],
            "a gradient for each worker",
        ),
        "one number": (of(own_gradient, np.mean), "That is one number"),
        "over axis 0": (of(own_gradient, lambda found: found.mean(axis=0)), "1 axes instead of 2"),
        "in place": (gradient_in_place, "changed the (arrays|lists)"),
        "list changed": (gradient_of_popped, "changed the lists"),
        "negative": (of(own_gradient, lambda found: -found), "-1 times"),
        "zeros": (of(own_gradient, np.zeros_like), "All of your numbers are 0"),
        "whole numbers": (of(own_gradient, lambda found: found.astype(int)), "dtype int"),
        "empty": (lambda g, n: [], "shape \\(0,\\)"),
        "unchanged": (lambda g, n: g, "a gradient for each worker"),
    },
)


# --- 12.3: which examples are mine


def own_shard(count, workers, worker, epoch):
    return np.random.default_rng(epoch).permutation(count)[worker::workers]


def shard_by_loop(count, workers, worker, epoch):
    order, mine, place = np.random.default_rng(epoch).permutation(count), [], worker
    while place < count:
        mine.append(int(order[place]))
        place += workers
    return mine


def shard_by_shuffle(count, workers, worker, epoch):
    order = np.arange(count)
    np.random.default_rng(epoch).shuffle(order)
    return order[worker::workers]


def shard_of(order):
    """An answer that takes every so manieth of an order of its own."""
    return lambda count, workers, worker, epoch: order(count, worker, epoch)[worker::workers]


def permuted(seed, count):
    return np.random.default_rng(seed).permutation(count)


def block_of(order):
    return lambda count, workers, worker, epoch: np.array_split(order(count, epoch), workers)[worker]


def equal_shard(count, workers, worker, epoch):
    return permuted(epoch, count)[: count // workers * workers][worker::workers]


def block_rounded_up(count, workers, worker, epoch):
    size = math.ceil(count / workers)
    return permuted(epoch, count)[worker * size : (worker + 1) * size]


def shuffled_own(count, workers, worker, epoch):
    return np.random.default_rng(epoch).permutation(np.arange(count)[worker::workers])


def by_item(count, workers, worker, epoch):
    order = permuted(epoch, count)
    return order[order % workers == worker]


SHARD = (
    check.shard,
    {
        "the lesson's": own_shard,
        "loop, list": shard_by_loop,
        "shuffle": shard_by_shuffle,
        "mask": lambda count, workers, worker, epoch: permuted(epoch, count)[
            np.arange(count) % workers == worker
        ],
        "range": lambda count, workers, worker, epoch: permuted(epoch, count)[
            list(range(worker, count, workers))
        ],
        "tensor": of(own_shard, tf.constant),
        "tuple": of(own_shard, tuple),
        "list": of(own_shard, lambda found: [int(i) for i in found]),
        "array of a comprehension": of(own_shard, lambda found: np.array([int(i) for i in found])),
    },
    {
        "not shuffled": (shard_of(lambda n, k, e: np.arange(n)), "Nothing is shuffled"),
        "blocks": (block_of(lambda n, e: permuted(e, n)), "into blocks"),
        "blocks rounded up": (block_rounded_up, "expected|into blocks"),
        "blocks, not shuffled": (block_of(lambda n, e: np.arange(n)), "blocks, and nothing is shuffled"),
        "own seed": (shard_of(lambda n, k, e: permuted(e + k, n)), "The seed is the epoch, and nothing else"),
        "the worker's seed": (shard_of(lambda n, k, e: permuted(k, n)), "The seed is the epoch"),
        "seed of both": (
            lambda n, w, k, e: np.random.default_rng([e, k]).permutation(n)[k::w],
            "The seed is the epoch, and nothing else",
        ),
        "seed 0": (shard_of(lambda n, k, e: permuted(0, n)), "Every epoch has the same order"),
        "seed 42": (shard_of(lambda n, k, e: permuted(42, n)), "Every epoch has the same order"),
        "next epoch": (shard_of(lambda n, k, e: permuted(e + 1, n)), "as it is, not"),
        "sorted": (of(own_shard, np.sort), "items are sorted"),
        "backwards": (of(own_shard, lambda found: found[::-1]), "opposite order"),
        "shuffled afterwards": (shuffled_own, "sees the same items every epoch"),
        "old generator": (
            shard_of(lambda n, k, e: np.random.RandomState(e).permutation(n)),
            "old generator",
        ),
        "argsort": (shard_of(lambda n, k, e: np.argsort(permuted(e, n))), "where each item stands"),
        "by item": (by_item, "expected|whose number fits"),
        "equal shares": (equal_shard, "the first ones get one more"),
        "everything": (lambda n, w, k, e: permuted(e, n), "items of all workers"),
        "one": (of(own_shard, lambda found: found[:1]), "not the first alone"),
        "one later": (lambda n, w, k, e: permuted(e, n)[k + 1 :: w], "begins at position 0"),
        "worker from 1": (lambda n, w, k, e: permuted(e, n)[k - 1 :: w], "has \\d+ numbers|expected|from 0"),
        "positions": (
            lambda n, w, k, e: np.arange(k, n, w),
            "Those are the positions|Nothing is shuffled",
        ),
        "one epoch": (lambda n, w, k, e: permuted(0, n)[k::w], "Every epoch has the same order"),
        "step of the worker": (lambda n, w, k, e: permuted(e, n)[w::k], "step is the number of workers"),
        "floats": (of(own_shard, lambda found: found / 1), "dtype float64, expected integer"),
        "two axes": (of(own_shard, lambda found: found[:, np.newaxis]), "a row of"),
        "empty": (lambda n, w, k, e: [], "has 0 numbers"),
        "a number": (lambda n, w, k, e: 3, "a row of"),
        "all workers": (
            lambda n, w, k, e: [permuted(e, n)[worker::w] for worker in range(w)],
            "rows differ in length",
        ),
    },
)


# --- 12.4: the two numberings


def own_indices(ground_truth, wnids):
    index = {wnid: i for i, wnid in enumerate(sorted(wnids))}
    return np.array([index[wnids[number - 1]] for number in ground_truth], dtype=int)


def indices_by_loop(ground_truth, wnids):
    result = []
    for number in ground_truth:
        result.append(sorted(wnids).index(wnids[int(number) - 1]))
    return result


def indices_by_counting(ground_truth, wnids):
    names = np.array(wnids)
    mine = names[ground_truth - 1]
    return (names[np.newaxis] < mine[:, np.newaxis]).sum(axis=1)


def indices_from(lookup):
    """An answer that looks the ids up in a table of its own, devkit's place → index."""
    return lambda ground_truth, wnids: lookup(wnids)[ground_truth - 1]


def wnids_of(ground_truth, wnids):
    return [wnids[i - 1] for i in ground_truth]


def indices_sorting(ground_truth, wnids):
    wnids.sort()
    return np.array([int(i) - 1 for i in ground_truth])


def placed(wnids):
    return np.argsort(np.argsort(wnids))


INDICES = (
    check.class_indices,
    {
        "the lesson's": own_indices,
        "loop, list": indices_by_loop,
        "argsort twice": indices_from(placed),
        "counting": indices_by_counting,
        "np.unique": lambda truth, wnids: np.unique(wnids, return_inverse=True)[1][truth - 1],
        "searchsorted": lambda truth, wnids: np.searchsorted(np.sort(wnids), np.array(wnids)[truth - 1]),
        "tensor": of(own_indices, tf.constant),
    },
    {
        "those that occur": (
            lambda truth, wnids: [sorted({wnids[i - 1] for i in truth}).index(wnids[i - 1]) for i in truth],
            "also those that no id names",
        ),
        "minus one": (lambda truth, wnids: truth - 1, "You only subtract 1"),
        "unchanged": (lambda truth, wnids: truth, "ids as they came"),
        "argsort once": (indices_from(np.argsort), "the contrary is asked"),
        "from 1": (of(own_indices, lambda found: found + 1), "1 too large"),
        "no minus one": (lambda truth, wnids: placed(wnids)[truth], "out of bounds|Ids count from 1"),
        "no minus one, modulo": (
            lambda truth, wnids: placed(wnids)[truth % len(wnids)],
            "Ids count from 1",
        ),
        "minus two": (lambda truth, wnids: placed(wnids)[truth - 2], "subtract too much"),
        "backwards": (
            lambda truth, wnids: len(wnids) - 1 - placed(wnids)[truth - 1],
            "turned round",
        ),
        "wnids": (wnids_of, "Those are the WNIDs"),
        "numbers of wnids": (
            lambda truth, wnids: np.array([int(wnids[i - 1][1:]) for i in truth]),
            "expected",
        ),
        "sorted": (of(own_indices, np.sort), "keep the order of the pictures"),
        "first": (
            lambda truth, wnids: np.full(len(truth), placed(wnids)[truth[0] - 1]),
            "class of the first",
        ),
        "one number": (of(own_indices, lambda found: int(found[0])), "a row of 12"),
        "a class alone": (of(own_indices, np.unique), "One class index for each id"),
        "lookup of all": (lambda truth, wnids: placed(wnids), "has 6 numbers, expected 12"),
        "key": (
            lambda truth, wnids: [{w: i for i, w in enumerate(sorted(wnids))}[i] for i in truth],
            "dictionary's key",
        ),
        "index of id": (
            lambda truth, wnids: [sorted(wnids).index(i) for i in truth],
            "wants a WNID",
        ),
        "list by array": (lambda truth, wnids: wnids[truth - 1], "takes one index at a time"),
        "sorting the list": (indices_sorting, "changed the"),
        "floats": (of(own_indices, lambda found: found / 1), "dtype float64"),
        "column": (of(own_indices, lambda found: found[:, np.newaxis]), "a row of 12"),
        "one-hot": (of(own_indices, lambda found: np.eye(2000, dtype=int)[found]), "a row of 12"),
        "zeros": (of(own_indices, np.zeros_like), "expected"),
        "bytes": (of(own_indices, lambda found: found.astype(np.uint8)), "\\d+ are wrong"),
        "empty": (lambda truth, wnids: [], "has 0 numbers"),
        "devkit's of alphabetical": (
            lambda truth, wnids: np.argsort(wnids)[truth % len(wnids)],
            "the other way round|Ids count",
        ),
        "a dictionary's order": (
            lambda truth, wnids: np.array([wnids.index(wnids[i - 1]) for i in truth]),
            "only subtract 1",
        ),
    },
)


# --- 12.5: a pipeline


def scaled(pictures, labels):
    return tf.cast(pictures, tf.float32) / 255, labels


def own_pipeline(pictures, labels, batch, seed):
    rows = tf.data.Dataset.from_tensor_slices((pictures, labels))
    rows = rows.shuffle(len(labels), seed=seed).batch(batch)
    return rows.map(scaled).prefetch(tf.data.AUTOTUNE)


def pipeline_scaled_before(pictures, labels, batch, seed):
    rows = tf.data.Dataset.from_tensor_slices(((pictures / 255).astype("float32"), labels))
    return rows.shuffle(len(pictures), seed).batch(batch)


def pipeline_of_indices(pictures, labels, batch, seed):
    order = tf.data.Dataset.range(len(labels)).shuffle(10 * len(labels), seed=seed).batch(batch)
    return order.map(lambda i: (tf.gather(pictures, i), tf.gather(labels, i))).map(scaled)


def pipeline_by_zip(pictures, labels, batch, seed):
    both = tf.data.Dataset.zip(
        tf.data.Dataset.from_tensor_slices(pictures), tf.data.Dataset.from_tensor_slices(labels)
    )
    both = both.cache().map(scaled, num_parallel_calls=2)
    return both.shuffle(both.cardinality(), seed=seed, reshuffle_each_iteration=True).batch(batch)


def pipeline_by_generator(pictures, labels, batch, seed):
    rng = np.random.default_rng(seed)

    def epoch():
        order = rng.permutation(len(labels))
        for at in range(0, len(order), batch):
            chosen = order[at : at + batch]
            yield (pictures[chosen] / 255).astype(np.float32), labels[chosen]

    return tf.data.Dataset.from_generator(
        epoch,
        output_signature=(
            tf.TensorSpec((None, *pictures.shape[1:]), tf.float32),
            tf.TensorSpec((None,), labels.dtype),
        ),
    )


def pipeline_of_tensors(pictures, labels, batch, seed):
    rows = tf.data.Dataset.from_tensor_slices((tf.constant(pictures), tf.constant(labels)))
    rows = rows.shuffle(tf.size(labels, tf.int64), seed=seed)
    return rows.batch(batch, num_parallel_calls=1).map(scaled)


def piped(
    scale=scaled, buffer=None, drop=False, seeded=lambda seed: seed, again=True, after=None, before=None
):
    """The lesson's pipeline with one thing changed."""

    def answer(pictures, labels, batch, seed):
        rows = tf.data.Dataset.from_tensor_slices((pictures, labels))
        rows = before(rows) if before else rows
        rows = rows.shuffle(
            buffer(len(labels), batch) if buffer else len(labels),
            seed=seeded(seed),
            reshuffle_each_iteration=again,
        )
        rows = rows.batch(batch, drop_remainder=drop).map(scale)
        return after(rows) if after else rows

    return answer


def by(scale):
    return lambda pictures, labels: (scale(tf.cast(pictures, tf.float32)), labels)


def unshuffled_pipeline(pictures, labels, batch, seed):
    return tf.data.Dataset.from_tensor_slices((pictures, labels)).batch(batch).map(scaled)


def batches_shuffled(pictures, labels, batch, seed):
    rows = tf.data.Dataset.from_tensor_slices((pictures, labels)).batch(batch)
    return rows.shuffle(len(labels), seed=seed).map(scaled)


def full_batches_shuffled(pictures, labels, batch, seed):
    """Batches of neighbours in another order, the smaller one last."""
    full = len(labels) // batch * batch
    rows = tf.data.Dataset.from_tensor_slices((pictures[:full], labels[:full])).batch(batch)
    rest = tf.data.Dataset.from_tensors((pictures[full:], labels[full:])).take(len(labels) > full)
    return rows.shuffle(len(labels), seed=seed).concatenate(rest).map(scaled)


def shuffled_once(pictures, labels, batch, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    return unshuffled_pipeline(pictures[order], labels[order], batch, seed)


def shuffled_apart(pictures, labels, batch, seed):
    x = tf.data.Dataset.from_tensor_slices(pictures).shuffle(len(labels), seed=seed)
    y = tf.data.Dataset.from_tensor_slices(labels).shuffle(len(labels), seed=seed + 1)
    return tf.data.Dataset.zip(x, y).batch(batch).map(scaled)


def with_replacement(pictures, labels, batch, seed):
    def pick(i):
        chosen = tf.random.stateless_uniform((), (seed, i), 0, len(labels), tf.int64)
        return tf.gather(pictures, chosen), tf.gather(labels, chosen)

    return tf.data.Dataset.range(len(labels)).map(pick).batch(batch).map(scaled)


def seeded_for_all(pictures, labels, batch, seed):
    tf.random.set_seed(seed)
    rows = tf.data.Dataset.from_tensor_slices((pictures, labels)).shuffle(len(labels))
    return rows.batch(batch).map(scaled)


def pictures_alone(pictures, labels, batch, seed):
    return own_pipeline(pictures, labels, batch, seed).map(lambda x, y: x)


def as_dictionary(pictures, labels, batch, seed):
    return own_pipeline(pictures, labels, batch, seed).map(lambda x, y: {"x": x, "y": y})


PIPELINE = (
    check.pipeline,
    {
        "the lesson's": own_pipeline,
        "scaled before": pipeline_scaled_before,
        "indices": pipeline_of_indices,
        "zip and cache": pipeline_by_zip,
        "generator": pipeline_by_generator,
        "tensors": pipeline_of_tensors,
    },
    {
        "not shuffled": (unshuffled_pipeline, "nothing is shuffled"),
        "batches shuffled": (batches_shuffled, "you shuffle batches"),
        "full batches shuffled": (full_batches_shuffled, "are neighbours"),
        "shuffled once": (shuffled_once, "Two epochs have the same order"),
        "not again": (piped(again=False), "Two epochs have the same order"),
        "cached": (piped(after=lambda rows: rows.cache()), "a `cache` behind"),
        "no seed": (piped(seeded=lambda seed: None), "gives two orders"),
        "seed of all": (seeded_for_all, "give the seed to `shuffle"),
        "seed 0": (piped(seeded=lambda seed: 1), "Another seed gives the same order"),
        "window of a batch": (piped(buffer=lambda n, batch: batch), "a buffer of about"),
        "window of ten batches": (piped(buffer=lambda n, batch: 10 * batch), "a buffer of about"),
        "window of 1,000": (piped(buffer=lambda n, batch: 1000), "a buffer of about"),
        "window of 10,000": (piped(buffer=lambda n, batch: 10_000), "a buffer of about"),
        "half of them": (piped(buffer=lambda n, batch: max(1, n // 2)), "a buffer of about"),
        "last batch dropped": (piped(drop=True), "last, smaller batch"),
        "repeat": (piped(after=lambda rows: rows.repeat()), "Is there a `repeat`"),
        "twice": (piped(before=lambda rows: rows.repeat(2)), "Is there a `repeat`"),
        "one batch less": (piped(after=lambda rows: rows.skip(1)), "batches have the sizes"),
        "not scaled": (piped(scale=by(lambda x: x)), "divide by 255"),
        "by 256": (piped(scale=by(lambda x: x / 256)), "You divide by 256"),
        "from −1": (piped(scale=by(lambda x: x / 127.5 - 1)), "from −1 to 1"),
        "twice scaled": (piped(scale=by(lambda x: x / 255**2)), "by 255 twice"),
        "bytes": (piped(scale=lambda x, y: (x, y)), "dtype uint8, expected float32"),
        "double": (piped(scale=lambda x, y: (tf.cast(x, tf.float64) / 255, y)), "dtype float64"),
        "rounded down": (
            piped(scale=lambda x, y: (tf.cast(x // 255, tf.float32), y)),
            "The fractions are lost",
        ),
        "apart": (shuffled_apart, "the label of another"),
        "with replacement": (with_replacement, "each comes once"),
        "one-hot": (piped(scale=lambda x, y: (scaled(x, y)[0], tf.one_hot(y, 23))), "stay whole numbers"),
        "labels as floats": (
            piped(scale=lambda x, y: (scaled(x, y)[0], tf.cast(y, tf.float32))),
            "stay whole numbers",
        ),
        "no batches": (
            lambda p, y, b, s: tf.data.Dataset.from_tensor_slices((p, y)).map(scaled),
            "Is `.batch\\(batch\\)` there",
        ),
        "batches of batches": (piped(after=lambda rows: rows.batch(2)), "yours have 5"),
        "pictures alone": (pictures_alone, "is a pair"),
        "a dictionary": (as_dictionary, "is a pair"),
        "exchanged": (piped(after=lambda rows: rows.map(lambda x, y: (y, x))), "yours have 1"),
        "arrays": (lambda p, y, b, s: (p / 255, y), "found something of the type tuple"),
        "one argument": (
            piped(scale=lambda x: x),
            "`map` gives your function two things",
        ),
        "divided dataset": (
            lambda p, y, b, s: tf.data.Dataset.from_tensor_slices(p).batch(b) / 255,
            "a dataset is no array",
        ),
    },
)


# --- 12.6: the bottleneck


def own_bottleneck(seconds, workers):
    rates = {stage: workers[stage] / seconds[stage] for stage in seconds}
    slowest = min(rates, key=rates.get)
    return slowest, rates[slowest]


def bottleneck_by_loop(seconds, workers):
    name, most = None, -1.0
    for stage, value in seconds.items():
        if value / workers[stage] > most:
            name, most = stage, value / workers[stage]
    return [name, 1 / most]


def bottleneck_by_arrays(seconds, workers):
    names = list(seconds)
    each = np.array([seconds[name] / workers[name] for name in names])
    return names[int(each.argmax())], 1 / each.max()


def bottleneck_of(key, rate):
    """An answer that names the stage for which a key is largest, with a rate of its own."""

    def answer(seconds, workers):
        stage = max(seconds, key=lambda name: key(seconds[name], workers[name]))
        return stage, rate(seconds, workers, stage)

    return answer


def rate_of(seconds, workers, stage):
    return workers[stage] / seconds[stage]


def each_of(s, w):
    return s / w


def last_bottleneck(seconds, workers):
    stage = max(reversed(list(seconds)), key=lambda name: seconds[name] / workers[name])
    return stage, rate_of(seconds, workers, stage)


def alphabetical_bottleneck(seconds, workers):
    stage = max(sorted(seconds), key=lambda name: seconds[name] / workers[name])
    return stage, rate_of(seconds, workers, stage)


def paired_bottleneck(seconds, workers):
    return own_bottleneck(seconds, dict(zip(seconds, workers.values(), strict=True)))


def changed_bottleneck(seconds, workers):
    for stage in seconds:
        seconds[stage] /= workers[stage]
    stage = max(seconds, key=seconds.get)
    return stage, 1 / seconds[stage]


BOTTLENECK = (
    check.bottleneck,
    {
        "the lesson's": own_bottleneck,
        "loop, list": bottleneck_by_loop,
        "arrays": bottleneck_by_arrays,
        "max": bottleneck_of(each_of, rate_of),
        "sorted": lambda s, w: (lambda names: (names[0], w[names[0]] / s[names[0]]))(
            sorted(s, key=lambda name: -s[name] / w[name])
        ),
        "tensor": of(own_bottleneck, lambda found: (found[0], tf.constant(found[1], tf.float64))),
        "NumPy": of(own_bottleneck, lambda found: (np.str_(found[0]), np.float64(found[1]))),
    },
    {
        "workers ignored": (
            bottleneck_of(lambda s, w: s, lambda s, w, name: 1 / s[name]),
            "The workers do not count",
        ),
        "slowest worker": (bottleneck_of(lambda s, w: s, rate_of), "in which one worker is slowest"),
        "rate of one": (
            bottleneck_of(each_of, lambda s, w, name: 1 / s[name]),
            "several of its workers",
        ),
        "seconds": (
            bottleneck_of(each_of, lambda s, w, name: s[name] / w[name]),
            "1 divided by that",
        ),
        "seconds of one": (bottleneck_of(each_of, lambda s, w, name: s[name]), "seconds of one worker"),
        "summed": (
            bottleneck_of(each_of, lambda s, w, name: 1 / sum(s[n] / w[n] for n in s)),
            "You add up the stages",
        ),
        "summed, workers ignored": (
            bottleneck_of(each_of, lambda s, w, name: 1 / sum(s.values())),
            "You add up the stages",
        ),
        "multiplied": (
            bottleneck_of(lambda s, w: s * w, lambda s, w, name: 1 / (s[name] * w[name])),
            "do not multiply",
        ),
        "fastest": (bottleneck_of(lambda s, w: -s / w, rate_of), "That is the fastest stage"),
        "paired by place": (paired_bottleneck, "look the workers up by name"),
        "fewest workers": (
            lambda s, w: (lambda name: (name, w[name] / s[name]))(min(w, key=w.get)),
            "with fewest workers",
        ),
        "the last of several": (last_bottleneck, "name the first"),
        "the first in the alphabet": (alphabetical_bottleneck, "name the first"),
        "exchanged": (of(own_bottleneck, exchanged), "exchanged"),
        "the name alone": (of(own_bottleneck, lambda found: found[0]), "Return two things"),
        "a place": (
            of(own_bottleneck, lambda found: (0, found[1])),
            "expected the name of a stage",
        ),
        "rounded": (of(own_bottleneck, lambda found: (found[0], round(found[1]))), "expected 1"),
        "rate as a list": (of(own_bottleneck, lambda found: (found[0], [found[1]])), "expected one number"),
        "rate as text": (of(own_bottleneck, lambda found: (found[0], str(found[1]))), "is text"),
        "three": (of(own_bottleneck, lambda found: (*found, 1)), "found 3"),
        "all rates": (
            lambda s, w: (own_bottleneck(s, w)[0], [w[n] / s[n] for n in s]),
            "expected one number",
        ),
        "changed": (changed_bottleneck, "changed the dicts"),
        "the first": (lambda s, w: (lambda n: (n, w[n] / s[n]))(next(iter(s))), "expected"),
        "decode": (lambda s, w: ("decode", 333.3), "expected"),
        "workers by place": (
            lambda s, w: [own_bottleneck(s, w)[0], next(iter(w.values())) / max(s.values())],
            "expected 1",
        ),
        "places as keys": (lambda s, w: (0, s[0]), "keys of both dictionaries"),
        "milliseconds": (of(own_bottleneck, lambda found: (found[0], found[1] / 1000)), "expected 1"),
    },
)


# --- 12.7: the bill


def own_bill(parameters, tokens, peak, utilisation, devices, price):
    seconds = 6 * parameters * tokens / (peak * utilisation * devices)
    hours = seconds / 3600
    return hours, hours * devices * price


def bill_by_device(parameters, tokens, peak, utilisation, devices, price):
    device_hours = 6 * parameters * tokens / peak / utilisation / 60 / 60
    return [device_hours / devices, device_hours * price]


def billed(change):
    """An answer made of the right hours and price, and of what was given."""

    def answer(parameters, tokens, peak, utilisation, devices, price):
        hours, paid = own_bill(parameters, tokens, peak, utilisation, devices, price)
        return change(hours, paid, utilisation, devices, price)

    return answer


def bill_with(operations=6, share=lambda u: u):
    return lambda parameters, tokens, peak, utilisation, devices, price: own_bill(
        operations / 6 * parameters, tokens, peak, share(utilisation), devices, price
    )


BILL = (
    check.bill,
    {
        "the lesson's": own_bill,
        "by device": bill_by_device,
        "array": of(own_bill, np.array),
        "tensors": of(own_bill, lambda found: (tf.constant(found[0]), tf.constant(found[1]))),
        "single precision": of(own_bill, lambda found: (np.float32(found[0]), np.float32(found[1]))),
        "logarithms": lambda n, t, f, u, d, p: (lambda hours: (hours, hours * d * p))(
            math.exp(math.log(6) + math.log(n) + math.log(t) - math.log(f) - math.log(u * d * 3600))
        ),
    },
    {
        "seconds": (billed(lambda h, c, u, d, p: (3600 * h, 3600 * c)), "price is 3,600 times too high"),
        "seconds, price right": (billed(lambda h, c, u, d, p: (3600 * h, c)), "The price is right"),
        "minutes": (billed(lambda h, c, u, d, p: (60 * h, 60 * c)), "are minutes"),
        "days": (billed(lambda h, c, u, d, p: (h / 24, c / 24)), "are days"),
        "days, price right": (billed(lambda h, c, u, d, p: (h / 24, c)), "are days. The price is right"),
        "1 FLOP": (bill_with(1), "count 1 FLOPs"),
        "2 FLOPs": (bill_with(2), "count 2 FLOPs"),
        "3 FLOPs": (bill_with(3), "count 3 FLOPs"),
        "4 FLOPs": (bill_with(4), "count 4 FLOPs"),
        "8 FLOPs": (bill_with(8), "count 8 FLOPs"),
        "no utilisation": (bill_with(share=lambda u: 1), "divide by it too"),
        "times the utilisation": (bill_with(share=lambda u: 1 / u), "multiply by the utilisation"),
        "per cent": (bill_with(share=lambda u: u / 100), "is a share"),
        "what is not used": (bill_with(share=lambda u: 1 - u or 1e-9), "that \\*is\\* used"),
        "hours of all devices": (
            billed(lambda h, c, u, d, p: (h * d, c)),
            "not those of all devices added up",
        ),
        "devices not shared": (
            billed(lambda h, c, u, d, p: (h * d, c * d)),
            "divide the hours by their number",
        ),
        "one device paid": (billed(lambda h, c, u, d, p: (h, h * p)), "Each device costs"),
        "devices twice": (billed(lambda h, c, u, d, p: (h, c * d)), "counts the devices twice"),
        "price of an hour": (billed(lambda h, c, u, d, p: (h, p)), "one hour of one device"),
        "price of an hour of all": (billed(lambda h, c, u, d, p: (h, d * p)), "multiply by the hours"),
        "exchanged": (of(own_bill, exchanged), "exchanged"),
        "utilisation twice": (billed(lambda h, c, u, d, p: (h, c / u)), "in the hours already"),
        "used time paid": (billed(lambda h, c, u, d, p: (h, c * u)), "computes or waits"),
        "no price": (billed(lambda h, c, u, d, p: (h, h * d)), "multiply by the price of one"),
        "more devices, more time": (
            billed(lambda h, c, u, d, p: (h * d * d, c * d * d)),
            "More devices take less time",
        ),
        "hours alone": (of(own_bill, lambda found: found[0]), "Return two things"),
        "rounded": (of(own_bill, lambda found: (round(found[0]), round(found[1]))), "expected 1"),
        "text": (of(own_bill, lambda found: (f"{found[0]} h", found[1])), "is text"),
        "zeros": (lambda *given: (0.0, 0.0), "expected 1"),
        "rows": (of(own_bill, lambda found: ([found[0]], [found[1]])), "expected one number"),
    },
)


# --- 12.8: a resumed run


def own_lost(log):
    losses = {}
    for epoch, loss in log:
        losses.setdefault(epoch, []).append(loss)
    repeated = sorted(epoch for epoch, found in losses.items() if len(found) > 1)
    return repeated, any(max(found) - min(found) > 1e-4 for found in losses.values())


def lost_by_pairs(log):
    same = [(a[0], abs(a[1] - b[1])) for place, a in enumerate(log) for b in log[place + 1 :] if a[0] == b[0]]
    return np.unique([epoch for epoch, _ in same]), any(difference > 1e-4 for _, difference in same)


def lost_by_arrays(log):
    epochs, losses = np.array([e for e, _ in log], int), np.array([x for _, x in log])
    found, counts = np.unique(epochs, return_counts=True)
    repeated = found[counts > 1]
    other = np.bool_(any(np.ptp(losses[epochs == epoch]) > 1e-4 for epoch in repeated))
    return repeated, other


def lost_with(epochs=lambda losses: [e for e in losses if len(losses[e]) > 1], other=None):
    """An answer with its own epochs of a dictionary of losses, or its own verdict of the repeated ones."""

    def answer(log):
        right, changed = own_lost(log)
        losses = {}
        for epoch, loss in log:
            losses.setdefault(epoch, []).append(loss)
        if other is not None:
            return right, bool(other([found for found in losses.values() if len(found) > 1]))
        return epochs(losses), changed

    return answer


def neighbours_alone(log):
    same = [(a, b) for a, b in pairwise(log) if a[0] == b[0]]
    return sorted({a[0] for a, _ in same}), any(abs(a[1] - b[1]) > 1e-4 for a, b in same)


def overwritten(log):
    losses, again, other = {}, set(), False
    for epoch, loss in log:
        if epoch in losses:
            again.add(epoch)
            other = abs(losses[epoch] - loss) > 1e-4
        losses.setdefault(epoch, loss)
    return sorted(again), other


def line_by_line(log):
    return own_lost(log)[0], any(abs(a[1] - b[1]) > 1e-4 for a, b in pairwise(log))


def rising(log):
    return own_lost(log)[0], any(b[1] - a[1] > 1e-4 for a, b in pairwise(log))


def named_again(log):
    seen, again = set(), []
    for epoch, _ in log:
        if epoch in seen:
            again.append(epoch)
        seen.add(epoch)
    return sorted(again), own_lost(log)[1]


def going_back(log):
    return sorted({b[0] for a, b in pairwise(log) if b[0] <= a[0]}), own_lost(log)[1]


def emptied(log):
    result = own_lost(log)
    log.clear()
    return result


def gap(found):
    return max(found) - min(found)


LOST = (
    check.lost_epochs,
    {
        "the lesson's": own_lost,
        "pairs": lost_by_pairs,
        "arrays": lost_by_arrays,
        "tuple": of(own_lost, lambda found: (tuple(found[0]), np.bool_(found[1]))),
        "list of two": of(own_lost, list),
        "tensor": of(own_lost, lambda found: (np.array(found[0], int), tf.constant(found[1]))),
    },
    {
        "contrary": (of(own_lost, lambda found: (found[0], not found[1])), "says the contrary"),
        "equality": (lost_with(other=lambda some: any(gap(f) > 0 for f in some)), "exactly equal"),
        "to 1e-3": (lost_with(other=lambda some: any(gap(f) > 1e-3 for f in some)), "equal to 1e-3"),
        "to 1e-2": (lost_with(other=lambda some: any(gap(f) > 1e-2 for f in some)), "equal to 1e-2"),
        "larger alone": (
            lost_with(other=lambda some: any(f[-1] - f[0] > 1e-4 for f in some)),
            "also be smaller the second time",
        ),
        "smaller alone": (
            lost_with(other=lambda some: any(f[0] - f[-1] > 1e-4 for f in some)),
            "also be larger the second time",
        ),
        "first and last": (
            lost_with(other=lambda some: any(abs(f[0] - f[-1]) > 1e-4 for f in some)),
            "compare all of its losses",
        ),
        "all": (lost_with(other=lambda some: all(gap(f) > 1e-4 for f in some)), "`any`, not `all`"),
        "overwritten": (overwritten, "overwrites what others said"),
        "repeated": (lost_with(other=bool), "the same losses: then it is the same run"),
        "always False": (of(own_lost, lambda found: (found[0], False)), "always say False"),
        "always True": (of(own_lost, lambda found: (found[0], True)), "always say True"),
        "line by line": (line_by_line, "each line with the one before it|always say True"),
        "rising": (rising, "each line with the one before it"),
        "neighbours": (neighbours_alone, "many lines later"),
        "not sorted": (
            lambda log: (list(dict.fromkeys(e for e, _ in log if e in own_lost(log)[0])), own_lost(log)[1]),
            "in ascending order",
        ),
        "named again": (named_again, "is named twice"),
        "each line": (
            lambda log: (sorted(e for e, _ in log if e in own_lost(log)[0]), own_lost(log)[1]),
            "named once, however often",
        ),
        "pairs of neighbours": (
            lost_with(other=lambda some: any(abs(a - b) > 1e-4 for f in some for a, b in pairwise(f))),
            "farthest apart",
        ),
        "first and others": (
            lost_with(other=lambda some: any(abs(f[0] - x) > 1e-4 for f in some for x in f)),
            "farthest apart",
        ),
        "from the mean": (
            lost_with(other=lambda some: any(abs(np.mean(f) - x) > 1e-4 for f in some for x in f)),
            "farthest apart",
        ),
        "relative": (
            lost_with(other=lambda some: not all(np.allclose(f, f[0], atol=1e-4) for f in some)),
            "farthest apart",
        ),
        "rounded": (
            lost_with(other=lambda some: any(len({round(x, 4) for x in f}) > 1 for f in some)),
            "farthest apart|exactly equal",
        ),
        "a smaller margin": (
            lost_with(other=lambda some: any(gap(f) > 9.8e-5 for f in some)),
            "farthest apart",
        ),
        "differing": (
            lost_with(lambda losses: sorted(e for e, f in losses.items() if gap(f) > 1e-4)),
            "whose losses differ: all",
        ),
        "once": (
            lost_with(lambda losses: sorted(e for e, f in losses.items() if len(f) == 1)),
            "computed once",
        ),
        "everything": (lost_with(sorted), "Those are all epochs"),
        "going back": (going_back, "at which the run goes back"),
        "exactly two": (
            lost_with(lambda losses: sorted(e for e, f in losses.items() if len(f) == 2)),
            "`> 1`, not `== 2`",
        ),
        "missing": (
            lost_with(lambda losses: sorted({*range(max(losses, default=-1) + 1)} - {*losses})),
            "epochs that are missing",
        ),
        "a set": (of(own_lost, lambda found: (set(found[0]), found[1])), "which has no order"),
        "exchanged": (of(own_lost, exchanged), "exchanged"),
        "verdict as number": (of(own_lost, lambda found: (found[0], int(found[1]))), "one True or False"),
        "verdicts": (of(own_lost, lambda found: (found[0], [found[1]])), "one True or False"),
        "epochs alone": (of(own_lost, lambda found: found[0]), "Return two things|exchanged|shape"),
        "floats": (of(own_lost, lambda found: ([float(e) for e in found[0]], found[1])), "whole numbers"),
        "emptied": (emptied, "changed the lists"),
        "fails when empty": (
            lambda log: (own_lost(log)[0], own_lost(log)[1] or log[0][0] < 0),
            "A log may be empty",
        ),
    },
)

(
    test_right_answers_pass,
    test_wrong_answers_get_their_hint,
    test_hidden_tests_refuse_wrong_answers_too,
    test_what_is_no_result_is_refused_in_a_sentence,
    test_an_empty_answer_is_told_what_to_do,
) = table_of_tests(
    {
        "12.1": LAYOUT,
        "12.2": GRADIENT,
        "12.3": SHARD,
        "12.4": INDICES,
        "12.5": PIPELINE,
        "12.6": BOTTLENECK,
        "12.7": BILL,
        "12.8": LOST,
    }
)
