"""What our InfoNCE costs beside the plain formula, which knows neither duplicates nor masks.

    python -m tests.benchmarks.bench_alignment

Both run forward and backward on the logits of a batch of 1,024, compiled as `fit` would, and take turns, so
that what else the machine does slows both alike. The plain formula is Keras' cross-entropy with the diagonal
as labels, once by rows and once by columns. It ends with an error above a ratio of 1.3.
"""

import sys
import time

import numpy as np

from course_utils import runtime

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
import tensorflow as tf  # noqa: E402
from keras import ops  # noqa: E402

from course_utils.alignment import contrastive  # noqa: E402

BATCH, ROUNDS = 1024, 25
MAX_RATIO = 1.3


def plain(logits):
    """InfoNCE in three lines, for batches without duplicates."""
    places = ops.arange(BATCH)
    ways = [
        keras.losses.sparse_categorical_crossentropy(places, table, from_logits=True)
        for table in (logits, ops.transpose(logits))
    ]
    return ops.mean(ways[0] + ways[1]) / 2


def step(loss, logits, *options):
    """A function without arguments that gives the gradient of a loss, a NumPy array."""
    logits = tf.constant(logits)

    @tf.function(autograph=False)
    def run():
        with tf.GradientTape() as tape:
            tape.watch(logits)
            value = loss(logits, *options)
        return tape.gradient(value, logits)

    return lambda: run().numpy()


def main():
    rng = np.random.default_rng(0)
    logits = rng.standard_normal((BATCH, BATCH), np.float32)
    ids, mask = rng.integers(0, BATCH // 2, BATCH), rng.random(BATCH) < 0.8
    steps = {
        "plain formula": step(plain, logits),
        "ours": step(contrastive.info_nce, logits),
        "ours, with duplicates": step(contrastive.info_nce, logits, ids),
        "ours, with duplicates and mask": step(contrastive.info_nce, logits, ids, mask),
        "sigmoid loss": step(contrastive.sigmoid_loss, logits),
    }
    np.testing.assert_allclose(steps["ours"](), steps["plain formula"](), atol=1e-7)
    for function in steps.values():
        function()
    taken = np.empty((ROUNDS, len(steps)))
    for row in taken:
        for place, function in enumerate(steps.values()):
            start = time.perf_counter()
            function()
            row[place] = (time.perf_counter() - start) * 1000
    times = np.median(taken, axis=0)
    print(f"forward and backward, {BATCH} pairs")
    for name, milliseconds in zip(steps, times, strict=True):
        print(f"  {name:32}{milliseconds:6.1f} ms, ratio {milliseconds / times[0]:.2f}")
    return 0 if times[1] <= MAX_RATIO * times[0] else 1


if __name__ == "__main__":
    tf.get_logger().setLevel("ERROR")  # it takes our many compiled functions for one compiled many times
    sys.exit(main())
