"""Every fusion method: its formula, what must not change its answer, what must, and where gradients go."""

import functools
import json

import numpy as np
import pytest

from course_utils import CourseError, runtime

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import ops  # noqa: E402

from course_utils.fusion import attention, methods  # noqa: E402
from tests import backend  # noqa: E402

ALL = {**methods.METHODS, **methods.BASELINES}
CLASSES, DIM, BATCH = 5, 8, 4
SHAPE_A, SHAPE_B = (3, 6), (7, 10)

every_method = pytest.mark.parametrize("name", ALL)
alone_and_per_token = pytest.mark.parametrize("per_token", [False, True], ids=["one answer", "per token"])


def tokens(rng, *shape):
    return rng.standard_normal(shape, np.float32)


def batch(seed=0):
    """Two modalities with some padding; every sample keeps a token of each."""
    rng = np.random.default_rng(seed)
    masks = [rng.random((BATCH, count)) < 0.7 for count, _ in (SHAPE_A, SHAPE_B)]
    for mask in masks:
        mask[:, 1] = True
    return tokens(rng, BATCH, *SHAPE_A), tokens(rng, BATCH, *SHAPE_B), *masks


def randomise(layer, seed=0):
    """Give all weights random values, biases and gates included."""
    rng = np.random.default_rng(seed)
    for weight in layer.trainable_variables:
        weight.assign(rng.normal(0, 0.4, weight.shape))
    return layer


@functools.cache
def method(name, per_token=False):
    layer = ALL[name](CLASSES, dim=DIM, heads=2, per_token=per_token)
    layer(*batch()[:2])
    return randomise(layer)


def gradients(layer, *inputs):
    variables = layer.trainable_variables
    found = backend.gradients(lambda: ops.mean(ops.square(layer(*inputs))), variables)
    return dict(zip([variable.path for variable in variables], found, strict=True))


# --- what must not change an answer -------------------------------------------------------------------------


@pytest.mark.slow
@every_method
@alone_and_per_token
def test_an_answer_depends_on_its_own_sample_alone(name, per_token):
    layer, inputs = method(name, per_token), batch()
    expected = np.array(layer(*inputs))
    assert expected.shape == ((BATCH, SHAPE_A[0], CLASSES) if per_token else (BATCH, CLASSES))
    order = np.array([2, 0, 3, 1])
    np.testing.assert_allclose(layer(*(array[order] for array in inputs)), expected[order], atol=1e-5)
    for part in (slice(0, 1), slice(1, 4)):
        np.testing.assert_allclose(layer(*(array[part] for array in inputs)), expected[part], atol=1e-5)


@every_method
@alone_and_per_token
def test_padding_changes_nothing_whatever_it_holds(name, per_token):
    layer, (a, b, mask_a, mask_b) = method(name, per_token), batch()
    expected = np.array(layer(a, b, mask_a, mask_b))
    rubbish_a, rubbish_b = np.where(mask_a[..., None], a, np.nan), np.where(mask_b[..., None], b, 1e6)
    np.testing.assert_allclose(layer(rubbish_a, rubbish_b, mask_a, mask_b), expected, atol=1e-5)
    longer = [np.pad(array, [(0, 0), (0, 2), (0, 0)], constant_values=np.nan) for array in (a, b)]
    masks = [np.pad(mask, [(0, 0), (0, 2)]) for mask in (mask_a, mask_b)]
    found = np.array(layer(*longer, *masks))
    np.testing.assert_allclose(found[:, : SHAPE_A[0]] if per_token else found, expected, atol=1e-5)
    # a sample without padding gets the same answer with and without its masks
    full = [np.ones_like(mask) for mask in (mask_a, mask_b)]
    np.testing.assert_allclose(layer(a, b, *full), layer(a, b), atol=1e-5)


@every_method
@alone_and_per_token
def test_tokens_that_move_with_their_positions_change_nothing(name, per_token):
    layer, (a, b, mask_a, mask_b), positions = method(name, per_token), batch(), attention.Positions()
    expected = np.array(layer(a, positions(b), mask_a, mask_b))
    order_a, order_b = np.array([2, 0, 1]), np.array([3, 6, 0, 5, 1, 4, 2])
    table = np.array(positions.table)
    positions.table.assign(table[order_b])
    turned = positions(b[:, order_b]), mask_a, mask_b[:, order_b]
    np.testing.assert_allclose(layer(a, *turned), expected, atol=1e-5)
    moved = layer(a[:, order_a], turned[0], mask_a[:, order_a], turned[2])
    np.testing.assert_allclose(moved, expected[:, order_a] if per_token else expected, atol=1e-5)
    if name != "only a":  # and without their positions they do
        stayed = layer(a, positions(b), mask_a, mask_b)
        assert np.abs(stayed - expected).max() > 1e-3


@pytest.mark.slow
@every_method
@alone_and_per_token
def test_a_missing_modality_may_hold_anything(name, per_token):
    layer, (a, b, mask_a, mask_b) = method(name, per_token), batch()
    rng = np.random.default_rng(9)
    for lost, others in ((0, [np.full_like(a, np.nan), 9 * a]), (1, [np.full_like(b, np.nan), 9 * b])):
        present = np.ones((BATCH, 2), bool)
        present[:3, lost] = False
        expected = np.array(layer(a, b, mask_a, mask_b, present))
        assert np.isfinite(expected).all()
        np.testing.assert_allclose(expected[3], layer(a, b, mask_a, mask_b)[3], atol=1e-5)
        for other in others:
            changed = [a.copy(), b.copy(), mask_a.copy(), mask_b.copy()]
            changed[lost][:3] = other[:3]
            if not (per_token and lost == 0):
                changed[2 + lost][:3] = rng.random(changed[2 + lost][:3].shape) < 0.5
            np.testing.assert_allclose(layer(*changed, present), expected, atol=1e-5)
    assert np.isfinite(layer(a, b, mask_a, mask_b, np.zeros((BATCH, 2), bool))).all()


# --- what must change it ------------------------------------------------------------------------------------


@every_method
@alone_and_per_token
def test_what_is_left_when_the_other_is_missing_still_counts(name, per_token):
    layer, (a, b, _, _), (other_a, other_b, _, _) = method(name, per_token), batch(0), batch(1)
    only_a, only_b = np.tile([True, False], (BATCH, 1)), np.tile([False, True], (BATCH, 1))
    by_a = np.abs(layer(a, b, present=only_a) - layer(other_a, b, present=only_a)).max()
    by_b = np.abs(layer(a, b, present=only_b) - layer(a, other_b, present=only_b)).max()
    assert (by_a > 1e-3) == (name != "only b")
    assert (by_b > 1e-3) == (name != "only a")


@pytest.mark.slow
@every_method
def test_modalities_interact_in_all_but_late_fusion_and_the_baselines(name):
    layer, (a, b, _, _), (other_a, other_b, _, _) = method(name), batch(0), batch(1)
    mixed = layer(a, b) - layer(other_a, b) - layer(a, other_b) + layer(other_a, other_b)
    additive = name in ("late", *methods.BASELINES)
    assert (np.abs(mixed).max() < 1e-5) == additive
    assert additive or np.abs(mixed).max() > 1e-3


@every_method
def test_gradients_reach_every_weight(name):
    for path, gradient in gradients(method(name), *batch()).items():
        assert np.abs(gradient).max() > 1e-7, path


@pytest.mark.slow
@every_method
def test_a_question_is_answered_as_if_it_were_asked_alone(name):
    single, several = method(name), method(name, per_token=True)
    several.set_weights(single.get_weights())
    a, b, _, mask_b = batch()
    present = np.array([[True, True], [True, True], [True, False], [False, True]])
    found = several(a, b, None, mask_b, present)
    for question in range(SHAPE_A[0]):
        alone = single(a[:, question : question + 1], b, None, mask_b, present)
        np.testing.assert_allclose(found[:, question], alone, atol=1e-5)
    randomise(several)


# --- the formulas -------------------------------------------------------------------------------------------


def vectors():
    rng = np.random.default_rng(3)
    return tokens(rng, BATCH, DIM), tokens(rng, BATCH, DIM)


def affine(dense, x):
    return x @ np.array(dense.kernel) + (np.array(dense.bias) if dense.use_bias else 0)


def test_the_gate_mixes_feature_by_feature():
    layer, (a, b) = method("gated"), vectors()
    for i, found in enumerate(np.array(layer.combine(a, b))):
        gate = 1 / (1 + np.exp(-affine(layer.gate, np.concatenate([a[i], b[i]]))))
        h_a, h_b = np.tanh(affine(layer.feature_a, a[i])), np.tanh(affine(layer.feature_b, b[i]))
        np.testing.assert_allclose(found, gate * h_a + (1 - gate) * h_b, atol=1e-5)


def test_the_tensor_holds_every_product_and_each_feature_alone():
    layer, (a, b) = method("tensor"), vectors()
    for i, found in enumerate(np.array(layer.combine(a, b))):
        u_a, u_b = affine(layer.narrow_a, a[i]), affine(layer.narrow_b, b[i])
        np.testing.assert_allclose(found, np.outer([*u_a, 1], [*u_b, 1]).reshape(-1), atol=1e-5)


def test_low_rank_fusion_is_the_tensor_product_with_a_weight_of_that_rank():
    layer, (a, b) = method("low-rank"), vectors()
    u, v = (
        np.concatenate([np.array(dense.kernel), np.array(dense.bias)[np.newaxis]]).reshape(DIM + 1, -1, DIM)
        for dense in (layer.factors_a, layer.factors_b)
    )
    weight = np.einsum("irh,jrh->ijh", u, v)  # (DIM + 1, DIM + 1, features), never made by the layer
    for i, found in enumerate(np.array(layer.combine(a, b))):
        outer = np.outer([*a[i], 1], [*b[i], 1])
        np.testing.assert_allclose(found, np.einsum("ij,ijh->h", outer, weight), rtol=1e-4, atol=1e-4)


def test_the_factors_of_low_rank_fusion_are_trained():
    layer = methods.LowRank(CLASSES, dim=DIM, rank=3)
    layer(*batch()[:2])
    factors = [layer.factors_a.kernel, layer.factors_b.kernel, layer.factors_a.bias, layer.factors_b.bias]
    trained = {id(variable) for variable in layer.trainable_variables}
    assert all(id(factor) in trained for factor in factors)
    assert [tuple(factor.shape) for factor in factors[:2]] == [(DIM, 3 * DIM)] * 2
    before = [np.array(factor) for factor in factors]
    found = gradients(layer, *batch())
    keras.optimizers.SGD(0.1).apply(
        list(map(ops.convert_to_tensor, found.values())), layer.trainable_variables
    )
    for factor, old in zip(factors, before, strict=True):  # each rank of each factor has moved
        moved = np.abs(np.array(factor) - old).reshape(-1, 3, DIM).max(axis=(0, 2))
        assert (moved > 1e-6).all(), factor.path


def test_film_scales_and_shifts_every_token_by_the_condition():
    layer, (a, b, mask_a, mask_b) = method("film"), batch()
    for i, found in enumerate(np.array(layer(a, b, mask_a, mask_b))):
        condition = affine(layer.project_a, a[i][mask_a[i]]).mean(axis=0)
        condition = np.maximum(affine(layer.condition, condition), 0)
        rows = affine(layer.project_b, b[i][mask_b[i]])
        for modulation, feature in zip(layer.modulations, layer.features, strict=True):
            gamma, beta = np.split(affine(modulation, condition), 2)
            normed = affine(feature, rows)
            spread = np.sqrt(normed.var(axis=1, keepdims=True) + layer.norm.epsilon)
            normed = (normed - normed.mean(axis=1, keepdims=True)) / spread
            rows = rows + np.maximum((1 + gamma) * normed + beta, 0)
        hidden = np.maximum(affine(layer.hidden, rows.mean(axis=0)), 0)
        np.testing.assert_allclose(found, affine(layer.logits, hidden), atol=1e-4)


def test_late_logits_are_added_or_averaged_over_what_is_there():
    summed, (a, b, mask_a, mask_b) = method("late"), batch()
    averaged = methods.LateFusion(CLASSES, dim=DIM, average=True)
    averaged(a, b)
    averaged.set_weights(summed.get_weights())
    present = np.array([[True, True], [True, False], [False, True], [False, False]])
    vector_a, vector_b = (
        methods.masked_mean(encode(array), mask)
        for encode, array, mask in ((summed.encode_a, a, mask_a), (summed.encode_b, b, mask_b))
    )
    of_a, of_b = map(np.array, (summed.classify(vector_a), summed.logits_b(summed.hidden_b(vector_b))))
    expected = present[:, :1] * of_a + present[:, 1:] * of_b
    found = summed(a, b, mask_a, mask_b, present)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    expected[0] /= 2
    np.testing.assert_allclose(averaged(a, b, mask_a, mask_b, present), expected, atol=1e-5)


def test_self_attention_lets_no_token_see_the_other_modality():
    layer, (a, b, mask_a, mask_b) = method("self-attention"), batch()
    of_a, of_b = layer.encode(a, b, mask_a, mask_b)
    again_a, again_b = layer.encode(a, 2 * b, mask_a, mask_b)
    np.testing.assert_array_equal(of_a, again_a)
    assert np.abs(of_b - again_b).max() > 1e-3


def test_the_gated_method_starts_as_a_model_of_a_alone():
    layer = methods.GatedCrossAttention(CLASSES, dim=DIM, heads=2)
    a, b, mask_a, mask_b = batch()
    before = np.array(layer(a, b, mask_a, mask_b))
    np.testing.assert_array_equal(layer(a, 5 * b + 1, mask_a, mask_b), before)
    untouched = methods.masked_mean(layer.norm(layer.project_a(a)), mask_a)
    np.testing.assert_allclose(before, layer.classify(untouched), atol=1e-5)
    for _ in range(2):
        found = list(map(ops.convert_to_tensor, gradients(layer, a, b, mask_a, mask_b).values()))
        keras.optimizers.SGD(0.1).apply(found, layer.trainable_variables)
    assert np.abs(layer(a, 5 * b + 1, mask_a, mask_b) - layer(a, b, mask_a, mask_b)).max() > 1e-6


@pytest.mark.parametrize("name", ["cross-attention", "gated cross-attention"])
@alone_and_per_token
def test_cross_attention_shows_where_it_looks(name, per_token):
    layer, (a, b, mask_a, mask_b) = method(name, per_token), batch()
    logits, scores = layer(a, b, mask_a, mask_b, return_scores=True)
    np.testing.assert_array_equal(logits, layer(a, b, mask_a, mask_b))
    assert scores.shape == (BATCH, 2, 2, SHAPE_A[0], SHAPE_B[0])  # depth, heads, queries, keys
    np.testing.assert_allclose(ops.sum(scores, axis=-1), 1, atol=1e-5)
    np.testing.assert_array_equal(np.array(scores).transpose(0, 4, 1, 2, 3)[~mask_b], 0)


# --- modality dropout ---------------------------------------------------------------------------------------


def test_modality_dropout_takes_one_at_the_rate_and_never_the_last():
    layer, n = methods.ModalityDropout(0.3, seed=1), 20_000
    both = np.ones((n, 2), bool)
    dropped = np.array(layer(both, training=True))
    assert dropped.any(axis=1).all()
    assert (~dropped).any(axis=1).mean() == pytest.approx(0.3, abs=0.01)
    assert (~dropped).mean(axis=0) == pytest.approx([0.15, 0.15], abs=0.01)
    assert (np.array(layer(both, training=True)) != dropped).any()
    np.testing.assert_array_equal(layer(both), both)
    np.testing.assert_array_equal(layer(both, training=False), both)
    single = np.tile([[True, False], [False, True], [False, False]], (n // 3, 1))
    np.testing.assert_array_equal(layer(single, training=True), single)
    again = methods.ModalityDropout(0.3, seed=1)
    np.testing.assert_array_equal(again(both, training=True), dropped)
    np.testing.assert_array_equal(methods.ModalityDropout(0)(both, training=True), both)


# --- files and errors ---------------------------------------------------------------------------------------


@pytest.mark.slow
@every_method
def test_a_saved_model_gives_the_same_answers(name, tmp_path):
    a, b = keras.Input(SHAPE_A, name="a"), keras.Input(SHAPE_B, name="b")
    present = keras.Input((2,), dtype="bool", name="present")
    fusion = ALL[name](CLASSES, dim=DIM, heads=2, per_token=name == "film")
    logits = fusion(a, attention.Positions()(b), present=methods.ModalityDropout(0.5)(present))
    model = randomise(keras.Model([a, b, present], logits))
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    inputs = *batch()[:2], np.array([[True, True], [True, False], [False, True], [True, True]])
    np.testing.assert_allclose(again(inputs), model(inputs), atol=1e-6)
    for saved, weight in zip(again.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(saved, weight)


@pytest.mark.parametrize(
    "layer",
    [
        methods.OneModality(3, modality="b", name="one"),
        methods.LateFusion(3, average=True, dim=5),
        methods.TensorFusion(3, factors=7),
        methods.LowRank(3, rank=2, per_token=True),
        methods.Bottleneck(3, tokens=2, depth=3, heads=1),
        methods.CrossAttention(3, depth=1),
        methods.ModalityDropout(0.2, seed=4),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_a_configuration_makes_the_same_layer(layer):
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(layer)))
    assert keras.saving.deserialize_keras_object(config).get_config() == layer.get_config()


@every_method
def test_vectors_without_a_token_axis_are_refused(name):
    a, b, mask_a, _ = batch()
    for inputs in ((a[:, 0], b), (a, b[:, 0])):
        for layer in (ALL[name](CLASSES, dim=DIM, heads=2), method(name)):
            with pytest.raises(CourseError, match="attend to its batch mates"):
                layer(*inputs)
    with pytest.raises(CourseError, match="mask_a is float32; expected bool"):
        method(name)(a, b, mask_a.astype("float32"))
    with pytest.raises(CourseError, match=r"present is int\d\d; expected bool"):
        method(name)(a, b, present=np.ones((BATCH, 2), int))


def test_masks_of_another_shape_are_refused():
    layer, (a, b, mask_a, mask_b) = method("concatenation"), batch()
    for options, message in (
        ({"mask_a": mask_a.T}, "mask_a has shape"),
        ({"mask_a": mask_a[:, :1]}, "mask_a has shape"),
        ({"mask_b": mask_b[0]}, "mask_b has shape"),
        ({"mask_b": mask_b[:, np.newaxis]}, "mask_b has shape"),
        ({"present": np.ones((BATCH, 3), bool)}, "present has shape"),
        ({"present": np.ones(2, bool)}, "present has shape"),
        ({"present": np.ones((BATCH - 1, 2), bool)}, r"present has shape .*expected \(batch, modalities\)"),
    ):
        with pytest.raises(CourseError, match=message):
            layer(a, b, **options)
    with pytest.raises(CourseError, match=r"mask has shape .*expected \(batch, tokens\)"):
        methods.masked_mean(a, mask_a.T)
    with pytest.raises(CourseError, match="present has shape"):
        methods.ModalityDropout(0.3)(np.ones((2, BATCH + 1), bool))
    np.testing.assert_array_equal(layer(a, b, mask_a[:1]), layer(a, b, np.repeat(mask_a[:1], BATCH, axis=0)))


def test_options_that_make_no_sense_are_refused():
    for make, message in (
        (lambda: methods.Bottleneck(3, depth=1), "nothing that the bottleneck hears"),
        (lambda: methods.OneModality(3, modality="c"), "expected 'a' or 'b'"),
        (lambda: methods.ModalityDropout(1.0), "expected 0 ≤ rate < 1"),
        (lambda: methods.ModalityDropout(0.5)(np.ones((2, 2))), "present is float"),
        (lambda: method("film")(*batch(), return_scores=True), "FiLM has no weights"),
    ):
        with pytest.raises(CourseError, match=message):
            make()


def blocks_of(layer):
    """The attention blocks of a method in the order in which they run, a shared one as often as it does."""
    names = [name for name in ("blocks", "blocks_a", "blocks_b") if hasattr(layer, name)]
    return [block for name in names for block in getattr(layer, name)]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["self-attention", "cross-attention", "co-attention", "bottleneck"])
def test_shared_blocks_are_one_block_run_again(name):
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(3, tokens, 8)).astype("float32") for tokens in (4, 5))
    shared, separate = (
        methods.METHODS[name](classes=3, dim=8, heads=2, depth=3, inner=24, shared=shared)
        for shared in (True, False)
    )
    shared(a, b), separate(a, b)
    in_blocks = sum(block.count_params() for block in blocks_of(separate))
    assert shared.count_params() == separate.count_params() - in_blocks * 2 // 3
    # The same weights in each of the separate blocks, and elsewhere, give the same answers.
    for one, other in zip(blocks_of(shared), blocks_of(separate), strict=True):
        other.set_weights(one.get_weights())
        assert other.widen.kernel.shape == (8, 24)
    for one, other in zip(rest_of(shared), rest_of(separate), strict=True):
        other.assign(one)
    np.testing.assert_allclose(separate(a, b), shared(a, b), atol=1e-5)


def rest_of(layer):
    """The weights of a method outside of its attention blocks."""
    inside = {id(weight) for block in blocks_of(layer) for weight in block.weights}
    return [weight for weight in layer.weights if id(weight) not in inside]
