"""Contrastive losses equal naive loops; duplicates, masks and extremes change nothing they should not."""

import numpy as np
import pytest

from course_utils import CourseError, runtime

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import ops  # noqa: E402

from course_utils.alignment import contrastive  # noqa: E402
from course_utils.training import numerical_gradient  # noqa: E402
from tests import backend  # noqa: E402
from tests.backend import of_tensorflow  # noqa: E402

LOSSES = [contrastive.info_nce, contrastive.sigmoid_loss]


def random_batch(seed):
    """Logits, ids with duplicates, and a mask that keeps two pairs at least."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 12))
    mask = rng.random(n) < 0.7
    mask[:2] = True
    return rng.normal(0, 3, (n, n)).astype("float32"), rng.integers(0, n, n), mask


def naive_info_nce(logits, ids, mask):
    """Row by row and column by column, over lists of the pairs that are there."""
    kept = np.flatnonzero(mask)
    losses = []
    for table in (logits, logits.T):
        for i in kept:
            exponentials = {j: np.exp(np.float64(table[i, j])) for j in kept}
            partners = [j for j in kept if ids[j] == ids[i]]
            shares = [exponentials[j] / sum(exponentials.values()) for j in partners]
            losses.append(-np.mean(np.log(shares)))
    return np.mean(losses)


def naive_sigmoid_loss(logits, ids, mask):
    kept = np.flatnonzero(mask)
    total = 0.0
    for i in kept:
        for j in kept:
            sign = 1 if ids[i] == ids[j] else -1
            total -= np.log(1 / (1 + np.exp(-sign * np.float64(logits[i, j]))))
    return total / len(kept)


PAIRS = [(contrastive.info_nce, naive_info_nce), (contrastive.sigmoid_loss, naive_sigmoid_loss)]


def value_and_gradient(loss, logits, *options):
    value, gradient = backend.value_and_gradient(lambda rows: loss(rows, *options), logits)
    return float(value), gradient


both = pytest.mark.parametrize("loss", LOSSES, ids=lambda loss: loss.__name__)


# --- the formulas -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize(("loss", "naive"), PAIRS, ids=["info_nce", "sigmoid"])
def test_a_loss_is_that_of_a_loop(loss, naive, seed):
    logits, ids, mask = random_batch(seed)
    own, everyone = np.arange(len(ids)), np.ones(len(ids), bool)
    assert float(loss(logits)) == pytest.approx(naive(logits, own, everyone), rel=1e-5)
    assert float(loss(logits, ids)) == pytest.approx(naive(logits, ids, everyone), rel=1e-5)
    assert float(loss(logits, mask=mask)) == pytest.approx(naive(logits, own, mask), rel=1e-5)
    assert float(loss(logits, ids, mask)) == pytest.approx(naive(logits, ids, mask), rel=1e-5)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("loss", "naive"), PAIRS, ids=["info_nce", "sigmoid"])
def test_a_gradient_is_that_of_finite_differences(loss, naive, seed):
    logits, ids, mask = random_batch(seed)
    _, gradient = value_and_gradient(loss, logits, ids, mask)
    expected = numerical_gradient(lambda table: naive(table, ids, mask), logits)
    np.testing.assert_allclose(gradient, expected, atol=2e-6)
    np.testing.assert_array_equal(gradient[~mask], 0)


@pytest.mark.parametrize("seed", range(4))
def test_without_duplicates_it_is_the_mean_of_keras_cross_entropy_both_ways(seed):
    logits, _, _ = random_batch(seed)
    places = np.arange(len(logits))
    ways = [keras.losses.sparse_categorical_crossentropy(places, table, True) for table in (logits, logits.T)]
    assert float(contrastive.info_nce(logits)) == pytest.approx(float(np.mean(ways)), rel=1e-5)


@pytest.mark.parametrize("n", [1, 2, 7, 300])
def test_equal_logits_give_the_logarithm_of_the_batch_whatever_the_ids(n):
    for ids in (None, np.arange(n) // 3):
        for level in (0, -5):
            found = float(contrastive.info_nce(np.full((n, n), level, "float32"), ids))
            assert found == pytest.approx(np.log(n), abs=1e-5)


def test_shared_targets_have_a_floor_and_none_without_them():
    ids = np.repeat(np.arange(5), 3)
    perfect = 50.0 * (ids[:, np.newaxis] == ids).astype("float32")
    assert float(contrastive.info_nce(perfect, ids)) == pytest.approx(np.log(3), abs=1e-5)
    assert float(contrastive.info_nce(50 * np.eye(15, dtype="float32"))) == pytest.approx(0, abs=1e-5)


# --- what must not matter, and what must --------------------------------------------------------------------


@both
@pytest.mark.parametrize("seed", range(5))
def test_both_directions_and_any_order_of_the_batch_give_the_same(loss, seed):
    logits, ids, mask = random_batch(seed)
    expected = float(loss(logits, ids, mask))
    assert float(loss(logits.T, ids, mask)) == pytest.approx(expected, rel=1e-5)
    order = np.random.default_rng(seed).permutation(len(ids))
    shuffled = logits[order][:, order]
    assert float(loss(shuffled, ids[order], mask[order])) == pytest.approx(expected, rel=1e-5)
    assert float(loss(logits, 100 - 7 * ids, mask)) == pytest.approx(expected, rel=1e-5)  # names alone


def test_a_duplicate_is_no_negative():
    logits, ids = np.zeros((4, 4), "float32"), np.array([5, 5, 6, 7])
    for loss in LOSSES:
        _, alone = value_and_gradient(loss, logits)
        _, shared = value_and_gradient(loss, logits, ids)
        assert alone[0, 1] > 0 > shared[0, 1]  # a step down pushes the twins apart, or draws them together
        assert shared[0, 0] == shared[0, 1]
        assert shared[0, 2] > 0


@both
def test_what_is_masked_may_hold_anything_and_is_as_if_it_were_not_there(loss):
    logits, ids, mask = random_batch(3)
    assert not mask.all()
    small = loss(logits[mask][:, mask], ids[mask])
    for filling in (np.nan, np.inf, -np.inf, 3e38):
        filled = np.where(mask[:, np.newaxis] & mask, logits, np.float32(filling))
        value, gradient = value_and_gradient(loss, filled, ids, mask)
        assert value == pytest.approx(float(small), rel=1e-5)
        assert np.isfinite(gradient).all()
        np.testing.assert_array_equal(gradient[~mask], 0)


@both
def test_extremes_have_finite_values_and_gradients(loss):
    ids = np.array([0, 0, 1])
    nothing = np.zeros(3, bool)
    cases = {
        "all masked": (np.full((3, 3), np.nan, "float32"), ids, nothing),
        "one left": (np.ones((3, 3), "float32"), ids, np.array([False, True, False])),
        "a batch of one": (np.array([[7.0]], "float32"),),
        "equal rows": (np.ones((3, 3), "float32"), ids),
        "huge and right": (1e30 * np.eye(3, dtype="float32"),),
        "huge and wrong": (-1e30 * np.eye(3, dtype="float32"), ids),
        "one concept": (np.eye(3, dtype="float32"), np.zeros(3, int)),
    }
    for name, (logits, *options) in cases.items():
        value, gradient = value_and_gradient(loss, logits, *options)
        assert np.isfinite(value), name
        assert value >= 0, name
        assert np.isfinite(gradient).all(), name
    value, gradient = value_and_gradient(loss, *cases["all masked"])
    assert value == 0
    np.testing.assert_array_equal(gradient, 0)


def test_one_pair_alone_teaches_nothing_by_infonce():
    value, gradient = value_and_gradient(contrastive.info_nce, np.array([[7.0]], "float32"))
    assert value == gradient[0, 0] == 0


@both
def test_half_precision_is_computed_in_full(loss):
    logits, ids, mask = random_batch(1)
    half = (logits * 1000).astype("float16")
    found = loss(half, ids, mask)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    assert float(found) == pytest.approx(float(loss(half.astype("float32"), ids, mask)))


@of_tensorflow
@both
def test_batches_whose_size_is_not_known_yet_are_taken(loss):
    import tensorflow as tf

    @tf.function(input_signature=[tf.TensorSpec((None, None)), tf.TensorSpec((None,), tf.int64)])
    def traced(logits, ids):
        return loss(logits, ids)

    for seed in range(3):
        logits, ids, _ = random_batch(seed)
        assert float(traced(logits, ids)) == pytest.approx(float(loss(logits, ids)), rel=1e-5)


# --- similarities and temperature ---------------------------------------------------------------------------


def test_similarities_are_cosines():
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(4, 6)).astype("float32"), rng.normal(size=(5, 6)).astype("float32")
    expected = [[x @ y / np.linalg.norm(x) / np.linalg.norm(y) for y in b] for x in a]
    np.testing.assert_allclose(contrastive.cosine_similarities(a, b), expected, atol=1e-6)
    np.testing.assert_allclose(contrastive.cosine_similarities(1e3 * a, 1e-3 * b), expected, atol=1e-6)
    small = (1e-4 * a).astype("float16")  # their squares are 0 in half precision
    np.testing.assert_allclose(contrastive.cosine_similarities(small, b), expected, atol=0.01)


def test_a_vector_of_zeros_has_similarity_0_and_a_finite_gradient():
    a, b = np.zeros((2, 3), "float32"), np.eye(2, 3, dtype="float32")
    np.testing.assert_array_equal(contrastive.cosine_similarities(a, b), np.zeros((2, 2)))
    _, gradient = value_and_gradient(
        lambda vectors: contrastive.info_nce(contrastive.cosine_similarities(vectors, b)), a
    )
    assert np.isfinite(gradient).all()


def test_a_temperature_divides_and_a_bias_is_added():
    scores = np.array([[0.5, -0.2], [0.1, 0.9]], "float32")
    layer = contrastive.Temperature()
    np.testing.assert_allclose(layer(scores), scores / 0.07, rtol=1e-5)
    assert float(layer.value) == pytest.approx(0.07)
    assert [weight.name for weight in layer.trainable_variables] == ["log_temperature"]
    layer = contrastive.Temperature(0.1, bias=-10)
    np.testing.assert_allclose(layer(scores), scores / 0.1 - 10, rtol=1e-5)
    assert len(layer.trainable_variables) == 2
    again = contrastive.Temperature.from_config(layer.get_config())
    np.testing.assert_allclose(again(scores), layer(scores))


@pytest.mark.parametrize(("slope", "limit"), [(1, 0.01), (-1, 1.0)])
def test_a_temperature_stops_at_its_limit_and_comes_back(slope, limit):
    layer = contrastive.Temperature()
    layer.build((None, None))
    optimizer = keras.optimizers.SGD(1.0)
    for _ in range(10):
        optimizer.apply([ops.convert_to_tensor(float(slope))], layer.trainable_variables)
    assert float(layer.value) == pytest.approx(limit)
    scores = np.random.default_rng(0).normal(size=(4, 4))
    gradient = backend.gradients(lambda: contrastive.info_nce(layer(scores)), [layer.log_temperature])[0]
    assert abs(float(gradient)) > 1e-3  # clipped in the forward pass, it would be 0 here for ever
    optimizer.apply([ops.convert_to_tensor(-0.5 * slope)], layer.trainable_variables)
    assert float(layer.value) == pytest.approx(limit * np.exp(0.5 * slope))


def test_a_custom_training_step_learns_embeddings_and_temperature():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(12, 5)).astype("float32")
    table = keras.Variable(rng.normal(size=(12, 5)).astype("float32"))
    layer, optimizer = contrastive.Temperature(), keras.optimizers.Adam(0.1)
    layer.build((None, None))
    variables = [table, *layer.trainable_variables]
    optimizer.build(variables)

    def loss():
        return contrastive.info_nce(layer(contrastive.cosine_similarities(table, truth)))

    losses = []
    for _ in range(100):
        losses.append(float(loss()))
        optimizer.apply(
            [ops.convert_to_tensor(slope) for slope in backend.gradients(loss, variables)], variables
        )
    assert losses[-1] < 0.1 < 2 < losses[0]
    assert 0.01 <= float(layer.value) <= 1
    assert float(layer.value) != pytest.approx(0.07, rel=0.05)  # it has learned as well


# --- what is refused ----------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize(
    ("logits", "options", "message"),
    [
        (np.zeros((3, 4)), {}, r"logits have shape \(3, 4\); expected \(batch, batch\)"),
        (np.zeros(3), {}, r"logits have shape \(3,\)"),
        (np.zeros((3, 3)), {"ids": np.arange(4)}, r"ids has shape \(4,\).*expected \(3,\), integers"),
        (np.zeros((3, 3)), {"ids": np.arange(3.0)}, "dtype float64"),
        (np.zeros((3, 3)), {"ids": np.eye(3, dtype=int)}, r"ids has shape \(3, 3\)"),
        (np.zeros((3, 3)), {"ids": [0, 1, 2]}, "ids is a list"),
        (np.zeros((3, 3)), {"mask": np.ones(3)}, "mask has .*float64.*bool with True = keep"),
        (np.zeros((3, 3)), {"mask": np.ones((3, 3), bool)}, r"mask has shape \(3, 3\)"),
    ],
)
def test_what_is_no_batch_is_refused(loss, logits, options, message):
    with pytest.raises(CourseError, match=message):
        loss(logits, **options)


def test_vectors_of_different_widths_are_refused():
    with pytest.raises(CourseError, match=r"a has shape \(2, 3\) and b \(2, 4\)"):
        contrastive.cosine_similarities(np.zeros((2, 3)), np.zeros((2, 4)))
    with pytest.raises(CourseError, match="expected \\(n, dim\\)"):
        contrastive.cosine_similarities(np.zeros(3), np.zeros(3))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"initial": 2}, "initial is 2: expected a finite number from 0.01 to 1"),
        ({"initial": 0}, "initial is 0"),
        ({"lowest": 0}, "lowest is 0"),
        ({"lowest": 2}, "lowest is 2"),
        ({"highest": float("inf")}, "highest is inf"),
        ({"bias": "none"}, "bias is 'none'"),
    ],
)
def test_a_temperature_out_of_its_range_is_refused(options, message):
    with pytest.raises(CourseError, match=message):
        contrastive.Temperature(**options)
