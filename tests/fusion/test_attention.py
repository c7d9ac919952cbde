"""Attention equals a naive loop and Keras; masks, batch mates and padding change nothing they should not."""

import re
import warnings

import numpy as np
import pytest

from course_utils import CourseError, runtime

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import ops  # noqa: E402

from course_utils.fusion import attention  # noqa: E402
from tests import backend  # noqa: E402


def random_tokens(seed, heads=1):
    """Queries, keys and values of random sizes; the widths are multiples of heads."""
    rng = np.random.default_rng(seed)
    batch, queries, keys, dim, width = (int(number) for number in rng.integers(1, 9, 5))
    shapes = (batch, queries, dim * heads), (batch, keys, dim * heads), (batch, keys, width * heads)
    return rng, *(rng.normal(size=shape).astype("float32") for shape in shapes)


def random_masks(rng, queries, keys):
    """No mask, one of keys, one of queries × keys; every query keeps a key, as Keras needs."""
    of_keys = rng.random(keys.shape[:2]) < 0.6
    of_keys[np.arange(len(keys)), rng.integers(0, keys.shape[1], len(keys))] = True
    of_pairs = of_keys[:, np.newaxis] & (rng.random((*queries.shape[:2], keys.shape[1])) < 0.6)
    of_pairs |= ~of_pairs.any(axis=2, keepdims=True) & of_keys[:, np.newaxis]
    return None, of_keys, of_pairs


def randomise(layer, seed=0):
    """Give all weights random values, biases, scales and gates included."""
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_variables:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    return layer


# --- the formula --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(10))
def test_attention_is_that_of_a_loop(seed):
    rng, queries, keys, values = random_tokens(seed)
    for mask in random_masks(rng, queries, keys):
        outputs, weights = attention.dot_product_attention(queries, keys, values, mask)
        for item, query in np.ndindex(queries.shape[:2]):
            exponentials = []
            for key in range(keys.shape[1]):
                score = sum(queries[item, query] * keys[item, key]) / np.sqrt(queries.shape[2])
                kept = mask is None or (mask[item, key] if mask.ndim == 2 else mask[item, query, key])
                exponentials.append(np.exp(np.float64(score)) if kept else 0)
            share = np.array(exponentials) / sum(exponentials)
            np.testing.assert_allclose(weights[item, query], share, atol=1e-5)
            np.testing.assert_allclose(outputs[item, query], share @ values[item], atol=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_attention_is_keras_attention_on_queries_divided_by_the_root_of_their_width(seed):
    rng, queries, keys, values = random_tokens(seed)
    theirs, ours = keras.layers.Attention(use_scale=False), attention.ScaledDotProductAttention()
    scaled = queries / np.sqrt(queries.shape[2])
    for mask in random_masks(rng, queries, keys)[:2]:  # Keras' layer knows masks of keys
        expected, their_weights = theirs(
            [scaled, values, keys], mask=[None, mask], return_attention_scores=True
        )
        found, weights = ours(queries, keys, values, attention_mask=mask, return_scores=True)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_allclose(weights, their_weights, atol=1e-5)
        np.testing.assert_allclose(ours(queries, keys, values, attention_mask=mask), expected, atol=1e-5)


@pytest.mark.parametrize("seed", range(10))
def test_heads_are_keras_heads_with_the_same_weights(seed):
    heads = 1 + seed % 4
    rng, queries, keys, _ = random_tokens(seed, heads)
    width = queries.shape[2] // heads
    theirs = keras.layers.MultiHeadAttention(heads, width)
    ours = attention.MultiHeadAttention(heads, heads * width)
    theirs(queries, keys), ours(queries, keys)
    randomise(theirs, seed)  # the bias of the keys too, of which ours has none: it changes nothing
    pairs = [(ours.project_queries, theirs.query_dense), (ours.project_values, theirs.value_dense)]
    for dense, split in pairs:
        dense.set_weights(
            [np.array(split.kernel).reshape(dense.kernel.shape), np.array(split.bias).reshape(-1)]
        )
    ours.project_keys.set_weights([np.array(theirs.key_dense.kernel).reshape(ours.project_keys.kernel.shape)])
    joined = theirs.output_dense
    ours.project_outputs.set_weights(
        [np.array(joined.kernel).reshape(-1, heads * width), np.array(joined.bias)]
    )
    assert np.abs(np.array(theirs.key_dense.bias)).max() > 0
    for mask in random_masks(rng, queries, keys):
        spread = mask[:, np.newaxis] if mask is not None and mask.ndim == 2 else mask
        expected, their_weights = theirs(queries, keys, attention_mask=spread, return_attention_scores=True)
        found, weights = ours(queries, keys, attention_mask=mask, return_scores=True)
        np.testing.assert_allclose(found, expected, atol=1e-5)
        np.testing.assert_allclose(weights, their_weights, atol=1e-5)


def test_a_causal_mask_lets_nobody_see_what_comes_after():
    _, queries, keys, values = random_tokens(1)
    keys, values = (np.resize(array, (*queries.shape[:2], array.shape[2])) for array in (keys, values))
    causal = np.tri(queries.shape[1], dtype=bool)[np.newaxis]
    _, weights = attention.dot_product_attention(queries, keys, values, causal)
    assert queries.shape[1] > 2
    np.testing.assert_array_equal(np.triu(weights, 1), 0)
    np.testing.assert_allclose(ops.sum(weights, axis=-1), 1, atol=1e-6)


# --- what must not matter -----------------------------------------------------------------------------------


def blocks_and_inputs(seed):
    rng, queries, keys, _ = random_tokens(seed, heads=2)
    mask = random_masks(rng, queries, keys)[1]
    layers = attention.MultiHeadAttention(2, queries.shape[2]), attention.AttentionBlock(2, queries.shape[2])
    for layer in layers:
        layer(queries, keys)
        randomise(layer, seed)
    return rng, layers, queries, keys, mask


@pytest.mark.parametrize("seed", range(5))
def test_answers_do_not_depend_on_batch_mates_padding_or_the_order_of_the_keys(seed):
    rng, layers, queries, keys, mask = blocks_and_inputs(seed)
    order, turned = rng.permutation(len(queries)), rng.permutation(keys.shape[1])
    padded = np.concatenate([keys, np.full_like(keys, 1e3)], axis=1)
    more = np.concatenate([mask, np.zeros_like(mask)], axis=1)
    for layer in layers:
        expected = np.array(layer(queries, keys, attention_mask=mask))
        alone = [layer(queries[i : i + 1], keys[i : i + 1], attention_mask=mask[i : i + 1])[0] for i in order]
        np.testing.assert_allclose(alone, expected[order], atol=1e-5)
        reordered = layer(queries[order], keys[order], attention_mask=mask[order])
        np.testing.assert_allclose(reordered, expected[order], atol=1e-5)
        np.testing.assert_allclose(layer(queries, padded, attention_mask=more), expected, atol=1e-5)
        np.testing.assert_allclose(
            layer(queries, keys[:, turned], attention_mask=mask[:, turned]), expected, atol=1e-5
        )
        # without positions, queries are a set as well
        flipped = layer(queries[:, ::-1], keys, attention_mask=mask)
        np.testing.assert_allclose(flipped, expected[:, ::-1], atol=1e-5)


@pytest.mark.parametrize("mask_axes", [2, 3])
def test_a_query_without_keys_gets_zeros_and_finite_gradients(mask_axes):
    _, (heads, block), queries, keys, _ = blocks_and_inputs(4)
    shape = (len(keys), keys.shape[1]) if mask_axes == 2 else (*queries.shape[:2], keys.shape[1])
    mask = np.ones(shape, bool)
    assert len(mask) > 1
    mask[0] = False
    outputs, weights = heads(queries, keys, attention_mask=mask, return_scores=True)
    np.testing.assert_array_equal(outputs[0], 0)
    np.testing.assert_array_equal(weights[0], 0)
    assert np.abs(outputs[1:]).min() > 0
    np.testing.assert_array_equal(attention.dot_product_attention(queries, keys, keys, mask)[0][0], 0)
    moved = block(queries, keys, attention_mask=mask)[0]
    thought = block.narrow(block.widen(block.norm_hidden(queries[:1])))[0]
    np.testing.assert_allclose(moved, queries[0] + np.array(thought), atol=1e-5)
    for gradient in gradients(block, queries, keys, attention_mask=mask):
        assert np.isfinite(gradient).all()


def gradients(layer, *inputs, **options):
    """Gradients of the mean square of the output in all trainable weights, NumPy arrays."""
    return backend.gradients(
        lambda: ops.mean(ops.square(layer(*inputs, **options))), layer.trainable_variables
    )


@pytest.mark.parametrize("gated", [False, True])
def test_gradients_reach_every_weight(gated):
    _, _, queries, keys, mask = blocks_and_inputs(4)
    block = attention.AttentionBlock(2, queries.shape[2], gated=gated)
    block(queries, keys)
    randomise(block)
    found = gradients(block, queries, keys, attention_mask=mask)
    assert len(found) == 17 + 2 * gated
    assert all(np.abs(gradient).max() > 1e-7 for gradient in found)


def test_half_precision_masks_without_infinities():
    _, _, queries, keys, mask = blocks_and_inputs(4)
    mask[0] = False
    block = attention.AttentionBlock(2, queries.shape[2], dtype="mixed_float16")
    full = attention.AttentionBlock(2, queries.shape[2])
    found = block(queries, keys, attention_mask=mask)
    full(queries, keys)
    full.set_weights(block.get_weights())
    assert keras.backend.standardize_dtype(found.dtype) == "float16"
    np.testing.assert_allclose(found, full(queries, keys, attention_mask=mask), atol=0.05)


def test_a_single_key_is_taken_whole_and_without_a_warning():
    layer, queries = attention.AttentionBlock(2, 6), np.ones((3, 4, 6), "float32")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        _, weights = layer(queries, queries[:, :1], return_scores=True)
        layer(queries, queries[:, :1], attention_mask=np.ones((3, 1), bool))
    np.testing.assert_array_equal(weights, np.ones((3, 2, 4, 1)))


# --- gates and positions ------------------------------------------------------------------------------------


def test_a_gated_block_is_the_identity_until_its_gates_have_moved():
    _, _, queries, keys, mask = blocks_and_inputs(4)
    block = attention.AttentionBlock(2, queries.shape[2], gated=True)
    np.testing.assert_array_equal(block(queries, keys, attention_mask=mask), queries)
    moving = gradients(block, queries, keys)
    names = [variable.name for variable in block.trainable_variables]
    for name, gradient in zip(names, moving, strict=True):  # at first, the gates alone learn
        assert (np.abs(gradient).max() > 0) == name.startswith("gate_"), name
    keras.optimizers.SGD(0.1).apply(
        [ops.convert_to_tensor(gradient) for gradient in moving], block.trainable_variables
    )
    assert np.abs(block(queries, keys, attention_mask=mask) - queries).max() > 1e-3
    assert all(np.abs(gradient).max() > 0 for gradient in gradients(block, queries, keys))


def test_positions_make_a_sequence_of_a_set():
    rng, _, queries, _, _ = blocks_and_inputs(4)
    same = np.repeat(queries[:, :1], 5, axis=1)
    block, positions = attention.AttentionBlock(2, queries.shape[2]), attention.Positions()
    unmarked, marked = block(same), block(positions(same))
    np.testing.assert_allclose(unmarked - unmarked[:, :1], 0, atol=1e-6)
    assert np.abs(np.array(marked - marked[:, :1]))[:, 1:].max(axis=-1).min() > 0.01
    assert positions.table.shape == (5, queries.shape[2])
    # tokens that move together with their positions are the same set as before
    keys = rng.normal(size=same.shape).astype("float32")
    block = attention.AttentionBlock(2, queries.shape[2])
    expected, turned = block(queries, positions(keys)), rng.permutation(5)
    positions.table.assign(np.array(positions.table)[turned])
    np.testing.assert_allclose(block(queries, positions(keys[:, turned])), expected, atol=1e-5)


# --- errors and files ---------------------------------------------------------------------------------------


def test_keras_takes_the_batch_for_tokens_where_we_refuse():
    rng = np.random.default_rng(0)
    one, others = rng.normal(size=(1, 4)), rng.normal(size=(2, 5, 4))
    batches = [np.concatenate([one, rest]).astype("float32") for rest in others]
    answers = [keras.layers.Attention()([batch, batch])[0] for batch in batches]
    assert np.abs(answers[0] - answers[1]).max() > 0.01  # the same sample, another answer
    for layer in (
        attention.ScaledDotProductAttention(),
        attention.MultiHeadAttention(2, 4),
        attention.AttentionBlock(2, 4),
    ):
        arguments = [batches[0]] * (3 if isinstance(layer, attention.ScaledDotProductAttention) else 2)
        with pytest.raises(CourseError, match="attend to its batch mates") as refusal:
            layer(*arguments)
        assert str(refusal.value).startswith("queries have shape (6, 4); expected (batch, tokens, dim)")
        layer(*[array[:, np.newaxis] for array in arguments])  # what the message advises
        with pytest.raises(CourseError, match="attend to its batch mates"):
            layer(*arguments)
    with pytest.raises(CourseError, match="keys have shape"):
        attention.MultiHeadAttention(2, 4)(batches[0][:, np.newaxis], batches[0])
    with pytest.raises(CourseError, match="tokens have shape"):
        attention.Positions()(batches[0])


@pytest.mark.parametrize("dtype", ["float32", "int32"])
def test_a_mask_of_numbers_is_refused(dtype):
    _, (heads, _), queries, keys, mask = blocks_and_inputs(0)
    with pytest.raises(CourseError, match=f"mask is {dtype}; expected bool with True = keep"):
        heads(queries, keys, attention_mask=mask.astype(dtype))


TOKENS = np.random.default_rng(0).normal(size=(1, 5, 8)).astype("float32")
PAIRS = np.random.default_rng(1).normal(size=(2, 3, 8)).astype("float32")  # queries (2, 3) to keys (2, 4)
KEYS = np.random.default_rng(2).normal(size=(2, 4, 8)).astype("float32")


def attentions(queries, keys):
    """Every layer that takes a mask of attention, as functions of the mask alone."""
    return {
        "layer": lambda mask: attention.ScaledDotProductAttention()(queries, keys, keys, attention_mask=mask),
        "heads": lambda mask: attention.MultiHeadAttention(2, 8)(queries, keys, attention_mask=mask),
        "block": lambda mask: attention.AttentionBlock(2, 8)(queries, keys, attention_mask=mask),
    }


@pytest.mark.parametrize(
    ("queries", "keys", "shape", "allowed"),
    [
        (TOKENS, TOKENS, (5, 5), "(batch, keys) = (1, 5) or (batch, queries, keys) = (1, 5, 5)"),
        (TOKENS, TOKENS, (5,), "(batch, keys) = (1, 5) or (batch, queries, keys) = (1, 5, 5)"),
        (PAIRS, KEYS, (3, 4), "(batch, keys) = (2, 4) or (batch, queries, keys) = (2, 3, 4)"),
        (PAIRS, KEYS, (4, 2), "(2, 4) or "),
        (PAIRS, KEYS, (2, 3), "(2, 4) or "),
        (PAIRS, KEYS, (2, 1), "(2, 4) or "),
        (PAIRS, KEYS, (2, 4, 3), "= (2, 3, 4)"),
        (PAIRS, KEYS, (4, 3, 2), "= (2, 3, 4)"),
        (PAIRS, KEYS, (2, 3, 1), "= (2, 3, 4)"),
        (PAIRS, KEYS, (2, 2, 3, 4), "= (2, 3, 4)"),
        (PAIRS, KEYS, (), "(2, 4) or "),
    ],
)
def test_a_mask_of_another_shape_is_named(queries, keys, shape, allowed):
    with pytest.raises(CourseError) as refusal:
        attention.dot_product_attention(queries, keys, keys, mask=np.ones(shape, bool))
    assert str(refusal.value).startswith(f"mask has shape {shape}; expected ")
    assert allowed in str(refusal.value)


@pytest.mark.parametrize("which", ["layer", "heads", "block"])
def test_every_layer_refuses_a_mask_of_another_shape(which):
    for shape in ((3, 4), (4, 2), (2, 4, 3)):
        with pytest.raises(
            CourseError, match=rf"mask has shape {re.escape(str(shape))}; expected \(batch, keys\)"
        ):
            attentions(PAIRS, KEYS)[which](np.ones(shape, bool))


@pytest.mark.parametrize("shape", [(2, 4), (1, 4), (2, 3, 4), (1, 3, 4), (2, 1, 4), (1, 1, 4)])
def test_a_mask_may_be_shared(shape):
    attend = attentions(PAIRS, KEYS)["block"]
    mask = np.random.default_rng(3).random(shape) < 0.5
    whole = np.broadcast_to(mask if len(shape) == 3 else mask[:, np.newaxis], (2, 3, 4))
    keras.utils.set_random_seed(0)
    found = attend(mask)
    keras.utils.set_random_seed(0)
    expected = attend(np.ascontiguousarray(whole))
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize(
    "mask", [[[True] * 5], 1, np.ones((1, 5)), np.ones((1, 5), "int64"), np.ones((1, 5), "uint8")]
)
def test_a_mask_that_is_no_boolean_tensor_is_named(mask):
    with pytest.raises(CourseError, match=r"^mask is .*expected .*bool"):
        attention.dot_product_attention(TOKENS, TOKENS, TOKENS, mask=mask)


@backend.of_tensorflow  # the others have something in the place of every unknown length
def test_symbolic_masks_are_checked_as_far_as_their_shape_is_known():
    tokens = keras.Input((5, 8))
    block = attention.AttentionBlock(2, 8)
    for shape in ((5,), (None,), (5, 5), (None, 5)):
        block(tokens, attention_mask=keras.Input(shape, dtype="bool"))
    for shape in ((4,), (5, 4), (), (5, 5, 5)):
        with pytest.raises(CourseError, match=r"mask has shape .*expected \(batch, keys\) = \(None, 5\)"):
            block(tokens, attention_mask=keras.Input(shape, dtype="bool"))


def test_a_grid_has_one_vector_for_each_row_and_one_for_each_column():
    layer = attention.GridPositions(3, deviation=2.0)
    tokens = np.random.default_rng(0).normal(size=(4, 6, 5)).astype("float32")
    added = (np.asarray(layer(tokens)) - tokens).reshape(4, 2, 3, 5)
    rows, columns = np.array(layer.row_table), np.array(layer.column_table)
    for r in range(2):
        for c in range(3):
            np.testing.assert_allclose(added[:, r, c], np.tile(rows[r, 0] + columns[0, c], (4, 1)), atol=1e-6)
    # one column further is the same step in every row, and rows and columns have numbers of their own
    np.testing.assert_allclose(added[:, 0, 1] - added[:, 0, 0], added[:, 1, 1] - added[:, 1, 0], atol=1e-5)
    assert np.abs(rows[0, 0] - columns[0, 0]).min() > 1e-4
    assert 1 < np.concatenate([rows.ravel(), columns.ravel()]).std() < 3


def test_tokens_that_are_no_grid_are_refused():
    with pytest.raises(CourseError, match="7 tokens and 3 columns"):
        attention.GridPositions(3)(np.zeros((2, 7, 4), np.float32))
    with pytest.raises(CourseError, match="tokens have shape"):
        attention.GridPositions(3)(np.zeros((2, 6), np.float32))


def test_widths_that_do_not_fit_are_refused():
    for heads, dim in ((3, 8), (0, 8), (8, 4)):
        with pytest.raises(CourseError, match="heads divide evenly"):
            attention.MultiHeadAttention(heads, dim)
    with pytest.raises(CourseError, match="added to them"):
        attention.AttentionBlock(2, 8)(np.ones((1, 2, 6), "float32"))


def test_a_block_stays_what_it_was_first_used_for():
    tokens = np.ones((1, 2, 4), "float32")
    for first, then in (((tokens,), (tokens, tokens)), ((tokens, tokens), (tokens,))):
        block = attention.AttentionBlock(2, 4)
        block(*first)
        with pytest.raises(CourseError, match="always or never"):
            block(*then)


@pytest.mark.parametrize("gated", [False, True])
def test_a_saved_model_gives_the_same_answers(tmp_path, gated):
    queries, keys = keras.Input((3, 8)), keras.Input((5, 6))
    mask = keras.Input((5,), dtype="bool")
    block = attention.AttentionBlock(2, 8, hidden=5, gated=gated)
    heads = attention.MultiHeadAttention(4, 8)
    found = block(queries, attention.Positions(0.1)(keys), attention_mask=mask)
    alone = attention.ScaledDotProductAttention()(found, heads(found, keys), found)
    model = randomise(keras.Model([queries, keys, mask], alone))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    rng = np.random.default_rng(0)
    inputs = (
        rng.normal(size=(2, 3, 8)).astype("float32"),
        rng.normal(size=(2, 5, 6)).astype("float32"),
        rng.random((2, 5)) < 0.7,
    )
    np.testing.assert_allclose(again(inputs), model(inputs), atol=1e-6)
    for layer in (block, heads, attention.Positions(0.1), attention.GridPositions(2, 0.1)):
        assert type(layer).from_config(layer.get_config()).get_config() == layer.get_config()
