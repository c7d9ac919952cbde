"""What fusion costs: each method, our cross-attention block against Keras' attention, and many tokens.

    python -m tests.benchmarks.bench_fusion

It prints the milliseconds of a training step (forward and backward) and the parameters of every method, on
questions about scenes; then the ratio of our cross-attention block to the same block around
`keras.layers.MultiHeadAttention`, measured in turns; then the exponent of self-attention's cost in the number
of tokens. It ends with an error above a ratio of 1.15.
"""

import sys
import time

import numpy as np

from course_utils import runtime

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
import tensorflow as tf  # noqa: E402
from keras import layers, ops  # noqa: E402

from course_utils.fusion import attention, methods  # noqa: E402

BATCH, QUESTIONS, TOKENS, DIM, HEADS, CLASSES = 32, 8, 36, 96, 4, 21
IMAGE_DIM = 128
MAX_RATIO = 1.15


class KerasBlock(attention.AttentionBlock):
    """Our block with Keras' attention in the place of ours."""

    def __init__(self, heads, dim, **options):
        super().__init__(heads, dim, **options)
        self.attention = layers.MultiHeadAttention(heads, dim // heads)

    def call(self, queries, keys):
        looked_up = self.attention(self.norm_queries(queries), self.norm_keys(keys))
        queries = queries + looked_up
        return queries + self.narrow(self.widen(self.norm_hidden(queries)))


def step(layer, *arrays):
    """A function without arguments that runs the layer forward and backward, compiled as `fit` would."""
    inputs = [tf.constant(array) for array in arrays]
    layer(*inputs)

    @tf.function(autograph=False)
    def run():
        with tf.GradientTape() as tape:
            loss = ops.mean(ops.square(layer(*inputs)))
        return tape.gradient(loss, [variable.value for variable in layer.trainable_variables])

    return lambda: [gradient.numpy() for gradient in run() if gradient is not None]


def in_turns(steps, rounds):
    """Median milliseconds of several functions that take turns, so that what else runs slows all alike."""
    for function in steps:
        function()
    taken = np.empty((rounds, len(steps)))
    for row in taken:
        for place, function in enumerate(steps):
            start = time.perf_counter()
            function()
            row[place] = (time.perf_counter() - start) * 1000
    return np.median(taken, axis=0)


def tokens(rng, *shape):
    return rng.standard_normal(shape, np.float32)


def compare_methods(rng):
    scene = tokens(rng, BATCH, QUESTIONS, DIM), tokens(rng, BATCH, TOKENS, IMAGE_DIM)
    table = {**methods.BASELINES, **methods.METHODS}
    fusions = [build(CLASSES, dim=DIM, heads=HEADS, per_token=True) for build in table.values()]
    times = in_turns([step(fusion, *scene) for fusion in fusions], rounds=5)
    print(f"{BATCH} scenes, {QUESTIONS} questions each, {TOKENS} image tokens, dim {DIM}")
    for name, fusion, milliseconds in zip(table, fusions, times, strict=True):
        print(f"  {name:24}{milliseconds:8.1f} ms{fusion.count_params():10,} parameters", flush=True)


def compare_with_keras(rng):
    worst = 0
    print("cross-attention block, forward and backward")
    for queries, keys in ((QUESTIONS, TOKENS), (QUESTIONS, 4 * TOKENS), (4 * TOKENS, 4 * TOKENS)):
        arrays = tokens(rng, BATCH, queries, DIM), tokens(rng, BATCH, keys, DIM)
        blocks = attention.AttentionBlock(HEADS, DIM), KerasBlock(HEADS, DIM)
        ours, theirs = in_turns([step(block, *arrays) for block in blocks], rounds=25)
        worst = max(worst, ours / theirs)
        print(
            f"  {queries:4} queries, {keys:4} keys: ours {ours:6.1f} ms, Keras' {theirs:6.1f} ms, "
            f"ratio {ours / theirs:.2f}",
            flush=True,
        )
    return worst


def fit_exponent(rng):
    counts = np.array([64, 128, 256, 512, 1024])
    layer = attention.MultiHeadAttention(HEADS, DIM)
    steps = []
    for count in counts:
        sequence = tokens(rng, 4, count, DIM)
        steps.append(step(layer, sequence, sequence))
    times = in_turns(steps, rounds=7)
    listed = ", ".join(f"{count}: {taken:.1f} ms" for count, taken in zip(counts, times, strict=True))
    print(f"self-attention, by number of tokens: {listed}")
    for name, part in (("all", slice(None)), ("the last three", slice(-3, None))):
        exponent = np.polyfit(np.log(counts[part]), np.log(times[part]), 1)[0]
        print(f"  time ~ tokens^{exponent:.2f} over {name}")


def main():
    rng = np.random.default_rng(0)
    compare_methods(rng)
    worst = compare_with_keras(rng)
    fit_exponent(rng)
    return 0 if worst <= MAX_RATIO else 1


if __name__ == "__main__":
    tf.get_logger().setLevel("ERROR")  # it takes our many compiled functions for one compiled many times
    keras.utils.set_random_seed(0)
    sys.exit(main())
