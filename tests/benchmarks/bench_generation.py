"""What writing costs: with a cache and without one, and the decoder's block against Keras' own layers.

    python -m tests.benchmarks.bench_generation

It prints the milliseconds for 40 tokens, written greedily with `Decoder.step` or by asking the whole decoder
again for every token, both compiled: a step has the same shapes every time, so XLA compiles it once;
the whole decoder gets a longer sentence every time, so it is one graph for all lengths. Then the ratio of our
block, forward and backward, to one of the same size made of Keras' layers. All are measured in turns. It ends
with an error if the cache makes writing less than 4 times faster, or the block's ratio is above 1.15.
"""

import sys

import numpy as np

from course_utils import runtime

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
import tensorflow as tf  # noqa: E402
from keras import layers, ops  # noqa: E402

from course_utils.generation import decoder  # noqa: E402
from tests.benchmarks.bench_fusion import in_turns, step  # noqa: E402

BATCH, LONGEST, MEMORY, DIM, HEADS, BLOCKS, VOCABULARY = 64, 40, 36, 96, 4, 2, 200
LEAST_GAIN, MAX_RATIO = 4, 1.15


class KerasBlock(layers.Layer):
    """The same block of Keras' own layers."""

    def __init__(self):
        super().__init__()
        self.norms = [layers.LayerNormalization() for _ in range(4)]
        self.look_back, self.look_up = (layers.MultiHeadAttention(HEADS, DIM // HEADS) for _ in range(2))
        self.widen, self.narrow = layers.Dense(2 * DIM, activation="gelu"), layers.Dense(DIM)

    def call(self, tokens, memory):
        normed = self.norms[0](tokens)
        tokens = tokens + self.look_back(normed, normed, use_causal_mask=True)
        tokens = tokens + self.look_up(self.norms[1](tokens), self.norms[2](memory))
        return tokens + self.narrow(self.widen(self.norms[3](tokens)))


def compare_caches(rng):
    made = decoder.Decoder(VOCABULARY, LONGEST, DIM, HEADS, BLOCKS)
    memory = tf.constant(rng.standard_normal((BATCH, MEMORY, DIM), np.float32))
    made(tf.zeros((BATCH, LONGEST), tf.int32), memory)
    first = tf.ones((BATCH, 1), tf.int32)

    one_step = tf.function(made.step, autograph=False, jit_compile=True)
    anything = [tf.TensorSpec((None, None), tf.int32), tf.TensorSpec(memory.shape, tf.float32)]
    whole = tf.function(made, autograph=False, input_signature=anything)

    def with_cache():
        tokens, cache = [first[:, 0]], made.start(memory)
        for _ in range(LONGEST - 1):
            logits, cache = one_step(tokens[-1], cache)
            tokens.append(ops.cast(ops.argmax(logits, axis=1), "int32"))
        return np.stack(tokens, axis=1)

    def without():
        tokens = first
        for _ in range(LONGEST - 1):
            newest = ops.cast(ops.argmax(whole(tokens, memory)[:, -1:], axis=2), "int32")
            tokens = tf.concat([tokens, newest], axis=1)
        return tokens.numpy()

    same = np.array_equal(with_cache(), without())
    cached, again = in_turns([with_cache, without], rounds=3)
    print(
        f"{LONGEST} tokens for {BATCH} sentences, {MEMORY} memory tokens, dim {DIM}, {BLOCKS} blocks: with a"
        f" cache {cached:.0f} ms, without {again:.0f} ms, {again / cached:.1f} times; same tokens: {same}",
        flush=True,
    )
    return again / cached


def compare_with_keras(rng):
    print("decoder block, forward and backward")
    worst = 0
    for tokens in (10, LONGEST):
        arrays = (
            rng.standard_normal((BATCH, tokens, DIM), np.float32),
            rng.standard_normal((BATCH, MEMORY, DIM), np.float32),
        )
        blocks = decoder.DecoderBlock(HEADS, DIM), KerasBlock()
        ours, theirs = in_turns([step(block, *arrays) for block in blocks], rounds=15)
        worst = max(worst, ours / theirs)
        print(f"  {tokens:3} tokens: ours {ours:6.1f} ms, Keras' {theirs:6.1f} ms, ratio {ours / theirs:.2f}")
    return worst


def main():
    rng = np.random.default_rng(0)
    gain, ratio = compare_caches(rng), compare_with_keras(rng)
    return 0 if gain >= LEAST_GAIN and ratio <= MAX_RATIO else 1


if __name__ == "__main__":
    tf.get_logger().setLevel("ERROR")  # it takes our many compiled functions for one compiled many times
    keras.utils.set_random_seed(0)
    sys.exit(main())
