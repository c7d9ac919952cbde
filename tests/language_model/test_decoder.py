"""The decoder is a Llama: KerasHub's logits, and the properties of each of its parts."""

import json

import keras
import numpy as np
import pytest
from keras import layers, ops

from course_utils.errors import CourseError
from course_utils.fusion.attention import dot_product_attention
from course_utils.language_model import decoder
from course_utils.language_model.decoder import Configuration, LanguageModel
from tests.language_model import oracles

rng = np.random.default_rng(0)


def array(*shape):
    return rng.normal(size=shape).astype("float32")


@pytest.fixture
def model():
    return oracles.small_model()


def hidden(model, tokens, **options):
    return np.asarray(model(model.embed(tokens), **options)[0])


def test_the_logits_are_those_of_kerashub(model):
    stored = json.loads(oracles.FILE.read_text(encoding="utf-8"))["small"]
    tokens = oracles.small_tokens()
    np.testing.assert_allclose(model.logits(model(model.embed(tokens))[0]), stored, atol=1e-4)


@pytest.mark.parametrize(
    "sizes",
    [
        (1, 8, 5, 1, 1, 3),
        (2, 32, 48, 4, 2, 40),
        (3, 24, 7, 6, 3, 11),
        (1, 16, 8, 4, 4, 9),
        (1, 16, 8, 4, 1, 9),
    ],
)
def test_parameters_and_cache_are_counted_to_the_byte(sizes):
    configuration = Configuration(*sizes)
    model = LanguageModel(configuration)
    assert model.count_params() == configuration.parameters()
    _, cache = model(model.embed(np.zeros((3, 5), int)))
    kept = sum(ops.convert_to_numpy(part).nbytes for pair in cache for part in pair)
    assert kept == configuration.cache_bytes(5, batch=3)
    assert configuration.cache_bytes(5, 3, bytes_per_number=2) * 2 == kept


def test_flops_are_those_of_every_product():
    c = Configuration(2, 16, 24, 4, 2, 40)
    per_token = 16 * 16 * 2 + 16 * 8 * 2 + 3 * 16 * 24  # q and o, k and v, gate and up and down
    scores_and_sums = 2 * (2 * 4 * 7 * 7 * 4)  # heads, tokens by tokens, numbers of a head
    assert c.flops(7) == 2 * (2 * 7 * per_token + scores_and_sums) + 2 * 7 * 16 * 40


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"heads": 3}, "heads is 3 and kv_heads 2; expected heads to be a multiple of"),
        ({"heads": 6, "kv_heads": 3}, "width is 16 and heads 6; expected width to be a multiple of"),
        ({"width": 4, "heads": 4}, "width is 4 and heads 4"),
        ({"layers": 0}, "layers is 0: expected a whole number"),
        ({"vocabulary": 2.5}, "vocabulary is 2.5"),
        ({"theta": 0.5}, "theta is 0.5"),
    ],
)
def test_sizes_that_make_no_model_are_refused(changes, complaint):
    sizes = {"layers": 1, "width": 16, "hidden": 8, "heads": 4, "kv_heads": 2, "vocabulary": 9}
    with pytest.raises(CourseError, match=complaint):
        Configuration(**{**sizes, **changes})


def test_products_of_turned_vectors_depend_on_their_distance_alone():
    q, k = array(1, 1, 1, 8), array(1, 1, 1, 8)

    def product(i, j):
        turned = (decoder.rotate(x, *decoder.rotary_angles([at], 8, 100.0)) for x, at in ((q, i), (k, j)))
        return float(np.sum(np.prod([np.asarray(x) for x in turned], axis=0)))

    assert product(7, 3) == pytest.approx(product(104, 100), abs=1e-4)
    assert product(0, 0) == pytest.approx(float((q * k).sum()), abs=1e-5)
    assert abs(product(7, 3) - product(7, 4)) > 1e-2


def test_every_pair_turns_at_its_own_speed():
    x = array(2, 5, 3, 8)
    turned = np.asarray(decoder.rotate(x, *decoder.rotary_angles(np.arange(5), 8, 100.0)))
    for pair in range(4):
        angle = np.arange(5) * 100.0 ** (-2 * pair / 8)
        whole = (x[..., pair] + 1j * x[..., pair + 4]) * np.exp(1j * angle)[None, :, None]
        np.testing.assert_allclose(turned[..., pair] + 1j * turned[..., pair + 4], whole, atol=1e-5)


def test_angles_of_far_positions_are_exact_under_half_precision_too():
    cos, _ = decoder.rotary_angles(np.array([4001]), 8, 10000.0)
    assert float(cos[0, 0, 0]) == pytest.approx(np.cos(4001), abs=1e-4)
    assert keras.backend.standardize_dtype(cos.dtype) == "float32"
    full = LanguageModel(oracles.SMALL)
    half = LanguageModel(oracles.SMALL, dtype="bfloat16")
    for weight, exact in zip(half.weights, full.weights, strict=True):
        weight.assign(exact)
    tokens = rng.integers(0, 40, (1, 300))
    ours = ops.convert_to_numpy(ops.cast(half(half.embed(tokens))[0], "float32"))
    logits = half.logits(half(half.embed(tokens))[0])
    assert keras.backend.standardize_dtype(logits.dtype) == "float32"
    assert np.abs(ours - hidden(full, tokens)).mean() < 0.05


def test_shared_keys_are_full_attention_with_each_head_repeated():
    q, k, v = array(2, 5, 6, 4), array(2, 5, 2, 4), array(2, 5, 2, 4)
    mask = np.tril(np.ones((5, 5), bool))[None]
    ours = decoder.grouped_query_attention(q, k, v, mask)
    k, v = (np.repeat(x, 3, axis=2) for x in (k, v))
    for head in range(6):
        alone, _ = dot_product_attention(q[:, :, head], k[:, :, head], v[:, :, head], mask)
        np.testing.assert_allclose(ours[..., 4 * head : 4 * head + 4], alone, atol=1e-5)


def test_a_token_that_may_look_at_nothing_gets_zeros():
    mask = np.array([[[True, True], [False, False]]])
    outputs = np.asarray(
        decoder.grouped_query_attention(array(1, 2, 2, 4), array(1, 2, 2, 4), array(1, 2, 2, 4), mask)
    )
    assert (outputs[0, 1] == 0).all() and np.abs(outputs[0, 0]).min() > 0


def test_a_single_token_gives_its_own_value_without_a_warning(recwarn):
    v = array(3, 1, 2, 4)
    outputs = decoder.grouped_query_attention(
        array(3, 1, 4, 4), array(3, 1, 2, 4), v, np.ones((1, 1, 1), bool)
    )
    np.testing.assert_allclose(outputs, np.repeat(v, 2, axis=2).reshape(3, 1, 16), atol=1e-6)
    assert not recwarn.list


def test_a_block_is_its_parts(model):
    block, c = model.blocks[0], oracles.SMALL
    x, mask = array(2, 5, 32), np.tril(np.ones((5, 5), bool))[None]
    cos, sin = decoder.rotary_angles(np.arange(5), c.head_dim, c.theta)
    norm = lambda scale, x: x / np.sqrt((x**2).mean(-1, keepdims=True) + c.epsilon) * np.asarray(scale)  # noqa: E731
    y = norm(block.norm1.scale, x)
    q, k, v = (
        (y @ np.asarray(layer.kernel)).reshape(2, 5, heads, 8)
        for layer, heads in ((block.q, 4), (block.k, 2), (block.v, 2))
    )
    looked = decoder.grouped_query_attention(
        decoder.rotate(q, cos, sin), decoder.rotate(k, cos, sin), v, mask
    )
    x1 = x + np.asarray(looked) @ np.asarray(block.o.kernel)
    y = norm(block.norm2.scale, x1)
    gate = y @ np.asarray(block.gate.kernel)
    expected = x1 + (gate / (1 + np.exp(-gate)) * (y @ np.asarray(block.up.kernel))) @ np.asarray(
        block.down.kernel
    )
    np.testing.assert_allclose(block(x, cos, sin, mask)[0], expected, atol=1e-4)


@pytest.mark.parametrize("cut", [1, 4, 10])
def test_a_cache_changes_nothing(model, cut):
    tokens = oracles.small_tokens()
    whole, full = model(model.embed(tokens))
    _, cache = model(model.embed(tokens[:, :cut]))
    rest, grown = model(model.embed(tokens[:, cut:]), cache=cache)
    np.testing.assert_allclose(rest, whole[:, cut:], atol=1e-5)
    for ours, theirs in zip(grown, full, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)


def test_neither_does_one_with_room(model):
    tokens = oracles.small_tokens()
    cache = [(ops.zeros((2, 16, 2, 8)), ops.zeros((2, 16, 2, 8))) for _ in model.blocks]
    parts = []
    for first, last in ((0, 4), (4, 5), (5, 11)):
        part, cache = model(model.embed(tokens[:, first:last]), cache=cache, position=first)
        parts.append(part)
    np.testing.assert_allclose(np.concatenate(parts, axis=1), hidden(model, tokens), atol=1e-5)
    assert cache[0][0].shape == (2, 16, 2, 8)


def test_a_cache_of_one_sequence_serves_all(model):
    tokens = oracles.small_tokens()
    tokens[:, :4] = tokens[0, :4]
    _, cache = model(model.embed(tokens[:1, :4]))
    np.testing.assert_allclose(
        model(model.embed(tokens[:, 4:]), cache=cache)[0], hidden(model, tokens)[:, 4:], atol=1e-5
    )


def test_what_comes_later_changes_nothing(model):
    tokens = oracles.small_tokens()
    other = tokens.copy()
    other[:, 6:] = (other[:, 6:] + 1) % 40
    np.testing.assert_allclose(hidden(model, other)[:, :6], hidden(model, tokens)[:, :6], atol=1e-5)
    assert np.abs(hidden(model, other) - hidden(model, tokens))[:, 6:].max() > 0.01


def test_a_mask_of_ones_own(model):
    tokens = oracles.small_tokens()
    causal = np.tril(np.ones((11, 11), bool))[None]
    np.testing.assert_allclose(hidden(model, tokens, mask=causal), hidden(model, tokens), atol=1e-5)
    both_ways = causal | (np.arange(11) < 4)  # the first four look at one another, and all at them
    seen = hidden(model, tokens, mask=both_ways)
    assert np.abs(seen - hidden(model, tokens))[:, :3].max() > 0.01
    changed = tokens.copy()
    changed[:, 3] = (changed[:, 3] + 1) % 40
    assert np.abs(hidden(model, changed, mask=both_ways) - seen)[:, 0].max() > 0.01
    _, cache = model(model.embed(tokens[:, :4]), mask=both_ways[:, :4, :4])
    rest, _ = model(model.embed(tokens[:, 4:]), cache=cache, mask=both_ways[:, 4:])
    np.testing.assert_allclose(rest, seen[:, 4:], atol=1e-5)


def test_one_table_reads_and_writes(model):
    table = np.asarray(model.table.embeddings)
    np.testing.assert_array_equal(model.embed([[3, 0]])[0], table[[3, 0]])
    x = array(2, 3, 32)
    np.testing.assert_allclose(model.logits(x), x @ table.T, atol=1e-4)


def test_it_trains_and_is_saved_and_made_again(model, tmp_path):
    tokens = keras.Input((None,), dtype="int32")
    whole = keras.Model(tokens, model.logits(model(model.embed(tokens))[0]))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    whole.compile(keras.optimizers.Adam(0.01), loss, jit_compile=False)
    ids = oracles.small_tokens()
    losses = whole.fit(ids[:, :-1], ids[:, 1:], epochs=20, verbose=0).history["loss"]
    assert losses[-1] < losses[0] / 2
    again = LanguageModel.from_config(model.get_config())
    assert again.configuration == model.configuration
    again.set_weights(model.get_weights())
    np.testing.assert_array_equal(hidden(again, ids), hidden(model, ids))
    block = decoder.LanguageBlock.from_config(model.blocks[1].get_config())
    assert (block.configuration, block.name) == (model.configuration, "block_1")
    assert isinstance(model.norm, layers.RMSNormalization)


def test_an_untrained_model_hesitates_among_all():
    model = LanguageModel(Configuration(2, 32, 48, 4, 2, 400))
    tokens = rng.integers(0, 400, (8, 20))
    likely = ops.log_softmax(model.logits(model(model.embed(tokens))[0]))
    loss = -np.take_along_axis(np.asarray(likely)[:, :-1], tokens[:, 1:, None], axis=-1).mean()
    assert loss == pytest.approx(np.log(400), rel=0.1)


def test_zeros_to_be_filled():
    assert not any(
        np.any(weight)
        for weight in LanguageModel(oracles.SMALL, initializer="zeros").blocks[0].get_weights()[1:5]
    )


@pytest.mark.parametrize(
    ("shape", "options", "complaint"),
    [
        (
            (2, 5),
            {},
            r"vectors have shape \(2, 5\); expected \(batch, tokens, 32\). Tokens become vectors by",
        ),
        ((2, 5, 31), {}, r"vectors have shape \(2, 5, 31\)"),
        ((2, 5, 32), {"position": 3}, "a position is given without a cache"),
    ],
)
def test_what_it_cannot_read_is_refused(model, shape, options, complaint):
    with pytest.raises(CourseError, match=complaint):
        model(array(*shape), **options)
