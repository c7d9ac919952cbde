"""A dual encoder finds partners that it has never seen, is loaded as it was saved, and says what it needs."""

import numpy as np
import pytest

from course_utils import CourseError, evaluation, runtime, training

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers, ops  # noqa: E402

from course_utils.alignment import contrastive, dual_encoder  # noqa: E402
from course_utils.alignment.dual_encoder import DualEncoder  # noqa: E402
from tests import backend  # noqa: E402


def tower(width, hidden=32, **options):
    inputs = keras.Input((width,))
    return keras.Model(inputs, layers.Dense(hidden, activation="relu", **options)(inputs))


def views(seed, n=500, hidden=8):
    """Two linear views, 12 and 20 numbers wide, of the same hidden vectors."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, hidden))
    return tuple((vectors @ rng.normal(size=(hidden, width))).astype("float32") for width in (12, 20))


def trained(seed, loss="info_nce"):
    """A model trained on the first 400 pairs, and the ranks of the last 100, both ways."""
    keras.utils.set_random_seed(seed)
    a, b = views(seed)
    model = DualEncoder(tower(12), tower(20), dim=16, loss=loss)
    model.compile(keras.optimizers.Adam(0.01))
    history = model.fit((a[:400], b[:400]), epochs=12, batch_size=64, verbose=0).history["loss"]
    scores = np.array(model.encoder_a(a[400:])) @ np.array(model.encoder_b(b[400:])).T
    return model, history, evaluation.ranks(scores), evaluation.ranks(scores.T)


@pytest.mark.slow
@pytest.mark.parametrize("loss", dual_encoder.LOSSES)
@pytest.mark.parametrize("seed", range(3))
def test_partners_never_seen_are_found_with_every_seed_and_loss(seed, loss):
    model, history, forth, back = trained(seed, loss)
    assert history[-1] < history[0] / 4
    assert 0.01 <= float(model.temperature.value) <= 1
    for ranks in (forth, back):
        assert evaluation.recall_at(ranks, 1) > 0.8 > 10 * evaluation.chance_recall_at(1, 100)


def test_before_training_it_is_at_chance():
    a, b = views(0, n=1000)
    model = DualEncoder(tower(12), tower(20))
    scores = np.array(model.encoder_a(a)) @ np.array(model.encoder_b(b)).T
    assert evaluation.recall_at(evaluation.ranks(scores), 10) < 4 * evaluation.chance_recall_at(10, 1000)


def test_embeddings_have_length_1_and_do_not_depend_on_the_batch():
    a, b = views(1, n=6)
    model = DualEncoder(tower(12), tower(20), dim=5)
    embedded = [np.array(vectors) for vectors in model((a, b))]
    for vectors, encoder, inputs in zip(embedded, (model.encoder_a, model.encoder_b), (a, b), strict=True):
        assert vectors.shape == (6, 5)
        np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(encoder(inputs[2:3])[0], vectors[2], atol=1e-6)


@pytest.mark.parametrize("loss", dual_encoder.LOSSES)
def test_the_loss_of_a_batch_is_that_of_its_table(loss):
    a, b = views(2, n=10)
    ids = np.arange(10) // 2
    model = DualEncoder(tower(12, kernel_regularizer="l2"), tower(20), loss=loss, temperature=0.2)
    vectors = model((a, b))
    logits = contrastive.cosine_similarities(*vectors) / 0.2 + (-10 if loss == "sigmoid" else 0)
    decay = sum(float(extra) for extra in model.losses)
    assert decay > 0
    for targets in (None, ids):
        expected = float(dual_encoder.LOSSES[loss](logits, targets)) + decay
        assert float(model.compute_loss(None, targets, vectors)) == pytest.approx(expected, rel=1e-4)


@pytest.mark.slow
def test_fit_and_evaluate_take_ids_and_batches_that_do_not_come_out_even():
    a, b = views(3, n=33)
    model = DualEncoder(tower(12), tower(20))
    model.compile("sgd")
    before = model.evaluate((a, b), np.zeros(33, int), batch_size=33, verbose=0)
    assert before == pytest.approx(
        float(model.compute_loss(None, np.zeros(33, int), model((a, b)))), rel=1e-4
    )
    history = model.fit((a, b), np.arange(33) // 3, batch_size=16, epochs=2, verbose=0).history
    assert np.isfinite(history["loss"]).all()


def test_every_weight_learns_and_a_frozen_tower_does_not():
    a, b = views(4, n=8)
    frozen = tower(20)
    frozen.trainable = False
    model = DualEncoder(tower(12), frozen)
    assert len(model.trainable_variables) == 2 + 1 + 1 + 1  # a tower, two projections, the temperature
    found = backend.gradients(
        lambda: model.compute_loss(None, None, model((a, b), training=True)), model.trainable_variables
    )
    for gradient in found:
        assert np.abs(gradient).max() > 0


def test_dropout_is_on_in_training_alone():
    inputs = keras.Input((12,))
    model = DualEncoder(keras.Model(inputs, layers.Dropout(0.5)(inputs)), tower(20))
    pairs = views(5, n=4)
    np.testing.assert_array_equal(model(pairs)[0], model(pairs)[0])
    assert np.abs(model(pairs, training=True)[0] - model(pairs)[0]).max() > 0


def test_a_tower_may_serve_both_modalities_and_take_several_inputs():
    shared = keras.Sequential([keras.Input((12,)), layers.Dense(6, name="projection")])  # a name of ours, too
    model = DualEncoder(shared, shared)
    assert len(model.weights) == 2 + 1 + 1 + 1
    assert [layer.name for layer in model.layers] == ["encoder_a", "encoder_b", "temperature"]
    ids, mask = keras.Input((5,), dtype="int32", name="ids"), keras.Input((5,), dtype="bool", name="mask")
    kept = ops.expand_dims(ops.cast(mask, "float32"), -1)
    pooled = ops.sum(layers.Embedding(9, 4)(ids) * kept, axis=1)
    model = DualEncoder(tower(12), keras.Model({"ids": ids, "mask": mask}, pooled), dim=3)
    texts = {"ids": np.ones((2, 5), "int32"), "mask": np.ones((2, 5), bool)}
    assert model((np.ones((2, 12), "float32"), texts))[1].shape == (2, 3)
    texts["mask"][0] = False  # a text without a word has no direction
    np.testing.assert_array_equal(model.encoder_b(texts)[0], 0)


def test_saved_weights_give_the_same_space_without_a_batch_in_between(tmp_path):
    a, b = views(6, n=20)
    model, other = (DualEncoder(tower(12), tower(20), loss="sigmoid") for _ in range(2))
    model.temperature.log_temperature.assign(np.log(0.5))
    training.save_weights(tmp_path / "dual.npz", model, {"dim": 64})
    assert training.load_weights(tmp_path / "dual.npz", other) == {"dim": 64}
    training.save_weights(tmp_path / "again.npz", other, {"dim": 64})
    for first, second in zip(model.weights, other.weights, strict=True):
        np.testing.assert_allclose(first, second, atol=1e-3)  # the file is in half precision
    for first, second in zip(model((a, b)), other((a, b)), strict=True):
        np.testing.assert_allclose(first, second, atol=2e-3)
    stored = [training.load_arrays(tmp_path / name)[0] for name in ("dual.npz", "again.npz")]
    assert all((stored[0][name] == stored[1][name]).all() for name in stored[0])


def test_a_saved_model_is_made_again_from_its_file(tmp_path):
    a, b = views(7, n=20)
    model = DualEncoder(tower(12), tower(20), dim=7, loss="sigmoid", temperature=0.3)
    model.save(tmp_path / "model.keras")
    again = keras.models.load_model(tmp_path / "model.keras")
    assert (again.dim, again.loss_name) == (7, "sigmoid")
    assert float(again.temperature.value) == pytest.approx(0.3)
    for first, second in zip(model((a, b)), again((a, b)), strict=True):
        np.testing.assert_allclose(first, second, atol=1e-6)
    shared = tower(12)
    DualEncoder(shared, shared).save(tmp_path / "shared.keras")
    assert len(keras.models.load_model(tmp_path / "shared.keras").weights) == 2 + 1 + 1 + 1


def test_what_is_no_tower_is_refused():
    good, inputs = tower(12), keras.Input((4, 4, 3))
    cases = [
        ((layers.Dense(3), good), "tower_a is a Dense whose inputs are not known"),
        ((good, keras.Sequential([layers.Dense(3)])), "tower_b is a Sequential whose inputs are not known"),
        ((good, keras.Model(inputs, layers.Conv2D(2, 1)(inputs))), "tower_b gives .*expected one vector"),
        ((good, keras.Model(inputs, [layers.Flatten()(inputs)] * 2)), "tower_b gives"),
    ]
    for towers, message in cases:
        with pytest.raises(CourseError, match=message):
            DualEncoder(*towers)
    for options, message in (
        ({"dim": 0}, "dim is 0"),
        ({"loss": "triplet"}, "loss is 'triplet': expected one of 'info_nce', 'sigmoid'"),
        ({"temperature": 0}, "initial is 0"),
    ):
        with pytest.raises(CourseError, match=message):
            DualEncoder(good, good, **options)


def test_weights_of_samples_are_refused():
    model, (a, b) = DualEncoder(tower(12), tower(20)), views(8, n=4)
    with pytest.raises(CourseError, match="sample_weight is given"):
        model.compute_loss(None, None, model((a, b)), sample_weight=np.ones(4))
