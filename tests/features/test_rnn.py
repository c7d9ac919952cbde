"""The references equal Keras over random shapes, padding changes nothing, and misuse gets one sentence."""

import numpy as np
import pytest

from course_utils import CourseError, runtime
from course_utils.features import rnn

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers  # noqa: E402

CELLS = {
    "simple RNN": (rnn.simple_rnn_step, layers.SimpleRNN),
    "LSTM": (rnn.lstm_step, layers.LSTM),
    "GRU": (rnn.gru_step, layers.GRU),
}
cells = pytest.mark.parametrize(("step", "layer"), CELLS.values(), ids=CELLS)


def drawn(seed):
    """Inputs of a random shape, a mask with padding at the ends, and a number of units."""
    rng = np.random.default_rng(seed)
    batch, tokens, dim, units = (int(size) for size in rng.integers(1, 8, 4))
    inputs = rng.normal(0, rng.choice([0.3, 1, 4]), (batch, tokens, dim)).astype(np.float32)
    mask = np.arange(tokens) < rng.integers(1, tokens + 1, (batch, 1))
    return inputs, mask, units


def with_random_weights(layer, inputs, seed):
    """Build a layer; its biases too are random, else half of the GRU's would go untested."""
    rng = np.random.default_rng(seed)
    layer.build(inputs.shape)
    layer.set_weights([rng.normal(0, 0.7, array.shape).astype(np.float32) for array in layer.get_weights()])
    return layer


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


@cells
@pytest.mark.parametrize("seed", range(8))
def test_a_cell_over_masked_sequences_equals_keras(step, layer, seed):
    inputs, mask, units = drawn(seed)
    keras_layer = with_random_weights(layer(units, return_sequences=True, return_state=True), inputs, seed)
    for given in (mask, None):
        expected, *expected_state = map(array, keras_layer(inputs, mask=given))
        states, state = rnn.run(step, inputs, keras_layer.get_weights(), given)
        assert states.dtype == np.float32
        np.testing.assert_allclose(states, expected, atol=1e-5)
        assert len(state) == len(expected_state)
        for ours, theirs in zip(state, expected_state, strict=True):
            np.testing.assert_allclose(ours, theirs, atol=1e-5)


@cells
@pytest.mark.parametrize("seed", range(4))
def test_masks_with_holes_and_at_the_start_equal_keras(step, layer, seed):
    inputs, _, units = drawn(seed)
    mask = np.random.default_rng(seed).random(inputs.shape[:2]) < 0.5
    keras_layer = with_random_weights(layer(units, return_sequences=True), inputs, seed)
    states, _ = rnn.run(step, inputs, keras_layer.get_weights(), mask)
    np.testing.assert_allclose(states, array(keras_layer(inputs, mask=mask)), atol=1e-5)


@cells
@pytest.mark.parametrize("seed", range(4))
def test_both_directions_equal_keras(step, layer, seed):
    inputs, mask, units = drawn(seed + 20)
    both = with_random_weights(layers.Bidirectional(layer(units, return_sequences=True)), inputs, seed)
    weights = both.get_weights()
    states = rnn.bidirectional(step, inputs, weights[:3], weights[3:], mask)
    np.testing.assert_allclose(states, array(both(inputs, mask=mask)), atol=1e-5)


@cells
@pytest.mark.parametrize("backwards", [False, True])
def test_padding_and_batch_mates_change_no_answer(step, layer, backwards):
    inputs, mask, units = drawn(5)
    weights = with_random_weights(layer(units), inputs, 5).get_weights()
    _, expected = rnn.run(step, inputs, weights, mask, backwards)
    rubbish = np.full((len(inputs), 3, inputs.shape[2]), 9, np.float32)
    longer = np.concatenate([inputs, rubbish], axis=1)
    _, found = rnn.run(step, longer, weights, np.pad(mask, ((0, 0), (0, 3))), backwards)
    np.testing.assert_array_equal(found[0], expected[0])
    for row, length in enumerate(mask.sum(axis=1)):
        _, alone = rnn.run(step, inputs[row : row + 1, :length], weights, backwards=backwards)
        np.testing.assert_allclose(alone[0][0], expected[0][row], atol=1e-6)


@cells
def test_backwards_is_forwards_over_the_reversed_tokens(step, layer):
    inputs, _, units = drawn(7)
    weights = with_random_weights(layer(units), inputs, 7).get_weights()
    states, state = rnn.run(step, inputs, weights, backwards=True)
    mirrored, mirrored_state = rnn.run(step, inputs[:, ::-1].copy(), weights)
    np.testing.assert_array_equal(states, mirrored[:, ::-1])
    np.testing.assert_array_equal(state[0], mirrored_state[0])


@cells
def test_large_numbers_stay_finite(step, layer):
    inputs, mask, units = drawn(3)
    weights = with_random_weights(layer(units), inputs, 3).get_weights()
    with np.errstate(all="raise", under="ignore"):
        states, _ = rnn.run(step, inputs * 1e6, weights, mask)
    assert np.isfinite(states).all()


def test_a_sequence_without_tokens_keeps_the_first_state():
    inputs, _, units = drawn(2)
    weights = with_random_weights(layers.GRU(units), inputs, 2).get_weights()
    states, state = rnn.run(rnn.gru_step, inputs, weights, np.zeros(inputs.shape[:2], bool))
    assert not states.any()
    assert not state[0].any()


@pytest.mark.parametrize("seed", range(4))
def test_the_lookup_and_the_masked_mean_equal_keras(seed):
    rng = np.random.default_rng(seed)
    batch, tokens, dim = (int(size) for size in rng.integers(1, 9, 3))
    lengths = rng.integers(1, tokens + 1, (batch, 1))
    mask = np.arange(tokens) < lengths
    ids = (rng.integers(1, 11, (batch, tokens)) * mask).astype(np.int32)
    embedding = layers.Embedding(11, dim, mask_zero=True)
    vectors = embedding(ids)
    found = rnn.embed(ids, embedding.get_weights()[0])
    np.testing.assert_allclose(found, array(vectors), atol=1e-6)
    np.testing.assert_allclose(found, np.eye(11)[ids] @ embedding.get_weights()[0], atol=1e-6)
    expected = layers.GlobalAveragePooling1D()(vectors, mask=embedding.compute_mask(ids))
    np.testing.assert_allclose(rnn.masked_mean(found, mask), array(expected), atol=1e-5)
    assert not rnn.masked_mean(found, np.zeros_like(mask)).any()


@pytest.mark.parametrize("batch_size", [1, 4, 7, 100])
def test_batches_by_length_hold_every_index_once_and_pad_less(batch_size):
    lengths = np.random.default_rng(1).integers(1, 60, 41)
    batches = rnn.batches_by_length(lengths, batch_size, seed=3)
    assert sorted(np.concatenate(batches).tolist()) == list(range(41))
    assert sum(len(batch) != batch_size for batch in batches) <= 1
    shuffled = np.random.default_rng(2).permutation(41)
    at_random = [shuffled[first : first + batch_size] for first in range(0, 41, batch_size)]
    assert rnn.padding_share(lengths, batches) <= rnn.padding_share(lengths, at_random)
    again = rnn.batches_by_length(lengths, batch_size, seed=3)
    assert all((one == other).all() for one, other in zip(batches, again, strict=True))


def test_batches_by_length_come_in_random_order_and_mix_equal_lengths():
    lengths = np.repeat([3, 9], 20)
    first, second = (rnn.batches_by_length(lengths, 5, seed=seed) for seed in (0, 1))
    assert {frozenset(batch.tolist()) for batch in first} != {frozenset(batch.tolist()) for batch in second}
    order = [lengths[batch[0]] for batch in first]
    assert order != sorted(order)


def test_the_padding_share_is_counted():
    lengths = np.array([1, 3, 2, 2])
    assert rnn.padding_share(lengths, [np.array([0, 1]), np.array([2, 3])]) == pytest.approx(0.2)
    assert rnn.padding_share(lengths, [np.arange(4)]) == pytest.approx(1 / 3)


FLOATS, GRU = np.zeros((2, 3, 4), np.float32), [np.zeros((4, 6)), np.zeros((2, 6)), np.zeros((2, 6))]


@pytest.mark.parametrize(
    ("call", "complaint"),
    [
        (lambda: rnn.embed(np.array([[0, 5]]), np.zeros((5, 2))), "ids go from 0 to 5; expected 0 to 4"),
        (lambda: rnn.embed(np.array([[-1]]), np.zeros((5, 2))), "ids go from -1"),
        (lambda: rnn.embed(np.array([0.0]), np.zeros((5, 2))), "ids has shape"),
        (lambda: rnn.run(np.tanh, FLOATS, GRU), "step is 'tanh'; expected one of simple_rnn_step"),
        (lambda: rnn.run(rnn.gru_step, FLOATS[0], GRU), "inputs has shape \\(3, 4\\)"),
        (lambda: rnn.run(rnn.gru_step, FLOATS, GRU[:2]), "weights of gru_step have shapes"),
        (lambda: rnn.run(rnn.lstm_step, FLOATS, GRU), "\\(4, 4·units\\)"),
        (lambda: rnn.run(rnn.gru_step, FLOATS, GRU, np.ones((2, 3))), "mask has shape"),
        (lambda: rnn.run(rnn.gru_step, FLOATS, GRU, np.ones((3, 2), bool)), "mask has shape \\(3, 2\\)"),
        (lambda: rnn.masked_mean(FLOATS, np.ones((2, 4), bool)), "mask has shape \\(2, 4\\)"),
        (lambda: rnn.batches_by_length([3, 4], 2, 0), "lengths is"),
        (lambda: rnn.batches_by_length(np.array([3, 4]), 0, 0), "batch_size is 0"),
    ],
)
def test_misuse_is_explained(call, complaint):
    with pytest.raises(CourseError, match=complaint):
        call()
