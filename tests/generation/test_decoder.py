"""The decoder sees no future and writes with a cache what it writes without; nobody's neighbours matter."""

import math

import numpy as np
import pytest

from course_utils import CourseError, runtime

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import ops  # noqa: E402

from course_utils.generation import decoder, search  # noqa: E402
from tests.backend import gradients, of_tensorflow  # noqa: E402

LONGEST = 12


def random_case(seed, with_memory=True):
    """A decoder of random size with random weights, tokens, memory and its mask (some rows see nothing)."""
    rng = np.random.default_rng(seed)
    heads, blocks, vocabulary = (int(number) for number in rng.integers(1, 4, 3))
    batch, tokens, places = (int(number) for number in rng.integers(1, 6, 3))
    tokens *= 2
    made = decoder.Decoder(vocabulary + 4, LONGEST, dim=4 * heads, heads=heads, blocks=blocks)
    ids = rng.integers(0, vocabulary + 4, (batch, tokens))
    memory = rng.normal(size=(batch, places, 5)).astype("float32") if with_memory else None
    mask = rng.random((batch, places)) < 0.7 if with_memory else None
    made(ids, memory, memory_mask=mask)
    for weight in made.trainable_variables:
        weight.assign(rng.normal(0, 0.5, weight.shape))
    return rng, made, ids, memory, mask


def written_with_cache(made, ids, memory, mask):
    """The logits of all tokens, taken in one by one."""
    cache, logits = made.start(memory, mask, batch=len(ids)), []
    for column in ids.T:
        found, cache = made.step(column, cache)
        logits.append(np.array(found))
    return np.stack(logits, axis=1)


CASES = [(seed, with_memory) for seed in range(4) for with_memory in (True, False)]


@pytest.mark.parametrize(("seed", "with_memory"), CASES)
def test_writing_with_a_cache_is_writing_without(seed, with_memory):
    _, made, ids, memory, mask = random_case(seed, with_memory)
    expected = np.array(made(ids, memory, memory_mask=mask))
    np.testing.assert_allclose(written_with_cache(made, ids, memory, mask), expected, atol=1e-5)
    np.testing.assert_allclose(written_with_cache(made, ids, memory, None), made(ids, memory), atol=1e-5)


@of_tensorflow
@pytest.mark.parametrize(("seed", "with_memory"), CASES[:3])
def test_a_compiled_step_is_seen_by_the_compiler_once_and_gives_the_same(seed, with_memory):
    _, made, ids, memory, mask = random_case(seed, with_memory)
    seen = []

    import tensorflow as tf

    @tf.function(autograph=False)
    def step(tokens, cache):
        seen.append(1)
        return made.step(tokens, cache)

    cache, logits = made.start(memory, mask, batch=len(ids)), []
    for column in ids.T:
        found, cache = step(column, cache)
        logits.append(np.array(found))
    np.testing.assert_allclose(np.stack(logits, axis=1), made(ids, memory, memory_mask=mask), atol=1e-5)
    assert len(seen) == 1


@pytest.mark.parametrize(("seed", "with_memory"), CASES)
def test_a_future_token_changes_nothing(seed, with_memory):
    rng, made, ids, memory, mask = random_case(seed, with_memory)
    expected = np.array(made(ids, memory, memory_mask=mask))
    for place in range(1, ids.shape[1]):
        changed = ids.copy()
        changed[:, place:] = (
            changed[:, place:] + rng.integers(1, made.vocabulary_size)
        ) % made.vocabulary_size
        found = np.array(made(changed, memory, memory_mask=mask))
        np.testing.assert_allclose(found[:, :place], expected[:, :place], atol=1e-6)
        assert np.abs(found[:, place:] - expected[:, place:]).max() > 1e-3
    shorter = made(ids[:, :-1], memory, memory_mask=mask)
    np.testing.assert_allclose(shorter, expected[:, :-1], atol=1e-6)


@pytest.mark.parametrize("seed", range(4))
def test_neighbours_and_the_padding_of_the_memory_change_nothing(seed):
    rng, made, ids, memory, mask = random_case(seed)
    expected = np.array(made(ids, memory, memory_mask=mask))
    alone = [made(ids[[i]], memory[[i]], memory_mask=mask[[i]])[0] for i in range(len(ids))]
    np.testing.assert_allclose(alone, expected, atol=1e-5)
    other = np.where(mask[..., np.newaxis], memory, rng.normal(0, 9, memory.shape)).astype("float32")
    np.testing.assert_allclose(made(ids, other, memory_mask=mask), expected, atol=1e-5)
    padded = np.concatenate([memory, np.full_like(memory, 1e3)], axis=1)
    more = np.concatenate([mask, np.zeros_like(mask)], axis=1)
    np.testing.assert_allclose(made(ids, padded, memory_mask=more), expected, atol=1e-5)
    np.testing.assert_allclose(written_with_cache(made, ids, padded, more), expected, atol=1e-5)
    with_memory = mask.any(axis=1)
    turned = np.array(made(ids, memory[::-1] + 1, memory_mask=mask))
    if with_memory.any():
        assert np.abs(turned - expected)[with_memory].max() > 1e-3


def test_places_matter_and_the_rows_of_a_cache_can_be_reordered():
    rng, made, _, memory, mask = random_case(3)
    ids = rng.integers(0, made.vocabulary_size, (len(memory), 4))
    same = np.zeros_like(ids)
    logits = np.array(made(same, memory, memory_mask=mask))
    assert np.abs(np.diff(logits, axis=1)).max() > 1e-3
    cache = made.start(memory, mask)
    for column in ids[:, :3].T:
        _, cache = made.step(column, cache)
    chosen = rng.integers(0, len(ids), 2 * len(ids))
    found, _ = made.step(ids[chosen, 3], search._rows(cache, chosen))
    expected = made(ids[:, :4], memory, memory_mask=mask)[:, -1]
    np.testing.assert_allclose(found, np.array(expected)[chosen], atol=1e-5)


def test_weights_on_the_memory_are_those_of_every_block_and_head():
    _, made, ids, memory, mask = random_case(5)
    logits, weights = made(ids, memory, memory_mask=mask, return_scores=True)
    np.testing.assert_allclose(logits, made(ids, memory, memory_mask=mask), atol=1e-6)
    assert weights.shape == (len(ids), len(made.blocks), made.heads, ids.shape[1], memory.shape[1])
    weights = np.array(weights)
    np.testing.assert_array_equal(np.moveaxis(weights, -1, 1)[~mask], 0)
    np.testing.assert_allclose(weights.sum(axis=-1)[mask.any(axis=1)], 1, atol=1e-5)


def test_the_causal_mask_is_a_triangle():
    np.testing.assert_array_equal(decoder.causal_mask(4)[0], np.tri(4, dtype=bool))


def test_gradients_reach_every_weight():
    _, made, ids, memory, mask = random_case(4)
    variables = made.trainable_variables
    found = gradients(lambda: ops.mean(ops.square(made(ids, memory, memory_mask=mask | True))), variables)
    for variable, gradient in zip(variables, found, strict=True):
        assert np.abs(gradient).max() > 1e-8, variable.path


@pytest.mark.slow
def test_it_learns_to_copy_and_is_the_same_after_saving(tmp_path):
    keras.utils.set_random_seed(0)
    rng = np.random.default_rng(0)
    start, end, letters = 1, 2, 5
    words = rng.integers(3, 3 + letters, (2048, 4))
    inputs = np.concatenate([np.full((2048, 1), start), words], axis=1)
    targets = np.concatenate([words, np.full((2048, 1), end)], axis=1)
    memory = np.eye(letters)[words - 3].astype("float32") + 0.1 * np.arange(4)[:, np.newaxis]
    memory = np.concatenate([memory, np.tile(np.eye(4), (2048, 1, 1))], axis=2).astype("float32")
    tokens, seen = keras.Input((None,), dtype="int32", name="tokens"), keras.Input((4, 9), name="memory")
    made = decoder.Decoder(3 + letters, 6, dim=32, heads=2, blocks=1)
    model = keras.Model({"tokens": tokens, "memory": seen}, made(tokens, seen))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(3e-3), loss)
    untrained = model.evaluate({"tokens": inputs, "memory": memory}, targets, verbose=0)
    assert untrained == pytest.approx(math.log(8), abs=1.2)  # each backend draws other weights
    model.fit({"tokens": inputs, "memory": memory}, targets, epochs=12, batch_size=64, verbose=0)
    options = {"end": end, "longest": 6}
    written = search.greedy(made.step, made.start(memory[:200]), np.full(200, start), **options)
    right = (written.tokens[:, :5] == targets[:200]).all(axis=1)
    assert right.mean() > 0.9
    model.save(tmp_path / "copy.keras")
    loaded = keras.saving.load_model(tmp_path / "copy.keras")
    again = next(layer for layer in loaded.layers if isinstance(layer, decoder.Decoder))
    found = search.greedy(again.step, again.start(memory[:200]), np.full(200, start), **options)
    np.testing.assert_array_equal(found.tokens, written.tokens)


# Errors


def test_what_does_not_fit_is_named():
    _, made, ids, memory, mask = random_case(3)
    _, alone, *_ = random_case(3, with_memory=False)
    long = np.zeros((1, LONGEST + 1), int)
    with pytest.raises(CourseError, match=rf"\(1, {LONGEST + 1}\).*at most longest={LONGEST} tokens"):
        made(long, memory[:1])
    with pytest.raises(CourseError, match=r"tokens have shape \(3,\)"):
        alone(np.zeros(3, int))
    for function in (lambda: made(ids), made.start, lambda: alone(ids, memory), lambda: alone.start(memory)):
        with pytest.raises(CourseError, match="a memory is given to a decoder that was first called without"):
            function()
    with pytest.raises(CourseError, match="memory have shape"):
        made.start(memory[:, 0])
    with pytest.raises(CourseError, match="memory_mask is int64; expected bool"):
        made.start(memory, mask.astype("int64"))
    with pytest.raises(CourseError, match="memory_mask has shape"):
        made(ids, memory, memory_mask=np.ones((len(mask), mask.shape[1] + 1), bool))
    with pytest.raises(CourseError, match="memory_mask is given without a memory"):
        alone(ids, memory_mask=mask)
    with pytest.raises(CourseError, match="no weights yet"):
        decoder.Decoder(5, 6, dim=4, heads=2, blocks=1).start(memory)
    with pytest.raises(CourseError, match="heads=3 and dim=4"):
        decoder.Decoder(5, 6, dim=4, heads=3, blocks=1)
    with pytest.raises(CourseError, match="has dim=8; expected the same width"):
        decoder.DecoderBlock(2, 8)(np.ones((1, 2, 4), "float32"))
    block = decoder.DecoderBlock(2, 4)
    block(np.ones((1, 2, 4), "float32"))
    with pytest.raises(CourseError, match="a memory is given to a block"):
        block(np.ones((1, 2, 4), "float32"), memory)


def test_there_is_no_place_after_the_longest():
    _, made, ids, memory, mask = random_case(3)
    cache = made.start(memory, mask)
    for _ in range(LONGEST):
        _, cache = made.step(ids[:, 0], cache)
    with pytest.raises(CourseError, match=f"holds {LONGEST} tokens already.*longest={LONGEST}"):
        made.step(ids[:, 0], cache)


def test_half_precision_writes_with_and_without_a_cache():
    rng = np.random.default_rng(0)
    made = decoder.Decoder(9, LONGEST, dim=8, heads=2, blocks=2, dtype="mixed_float16")
    ids, memory = rng.integers(0, 9, (3, 5)), rng.normal(size=(3, 4, 5)).astype("float32")
    logits = made(ids, memory)
    assert keras.backend.standardize_dtype(logits.dtype) == "float16"
    np.testing.assert_allclose(written_with_cache(made, ids, memory, None), logits, atol=0.02)
