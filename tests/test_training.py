"""The NumPy references equal Keras over random shapes; a killed training ends as if it had not been."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

from course_utils import CourseError, runtime, training
from course_utils.places import ROOT

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above

REPOSITORY = str(ROOT)


def random_logits(seed):
    rng = np.random.default_rng(seed)
    batch, classes = rng.integers(1, 40), rng.integers(2, 30)
    logits = rng.normal(0, 10 ** rng.uniform(-2, 1.5), (batch, classes))
    return logits, rng.integers(0, classes, batch)


# --- loss and gradient --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(20))
def test_the_loss_is_keras_loss_for_integer_and_one_hot_labels(seed):
    logits, labels = random_logits(seed)
    loss, _ = training.softmax_cross_entropy(logits, labels)
    sparse = keras.losses.SparseCategoricalCrossentropy(from_logits=True)(labels, logits)
    one_hot = keras.losses.CategoricalCrossentropy(from_logits=True)(np.eye(logits.shape[1])[labels], logits)
    assert loss == pytest.approx(float(sparse), rel=1e-5, abs=1e-5)
    assert loss == pytest.approx(float(one_hot), rel=1e-5, abs=1e-5)


@pytest.mark.parametrize("seed", range(20))
def test_the_gradient_is_the_one_of_finite_differences(seed):
    logits, labels = random_logits(seed)
    _, gradient = training.softmax_cross_entropy(logits, labels)
    numerical = training.numerical_gradient(
        lambda changed: training.softmax_cross_entropy(changed, labels)[0], logits
    )
    np.testing.assert_allclose(gradient, numerical, atol=1e-7)
    np.testing.assert_allclose(gradient.sum(axis=1), 0, atol=1e-12)  # moving all scores alike changes nothing


@pytest.mark.parametrize("seed", range(5))
def test_softmax_is_keras_softmax(seed):
    logits, _ = random_logits(seed)
    np.testing.assert_allclose(training.softmax(logits), keras.ops.softmax(logits), atol=1e-5)


def test_huge_scores_give_finite_results_and_an_untrained_model_has_the_loss_log_classes():
    loss, gradient = training.softmax_cross_entropy([[1e4, -1e4, 0.0]], [1])
    assert loss == pytest.approx(2e4)
    assert np.isfinite(gradient).all()
    assert training.softmax_cross_entropy(np.zeros((5, 7)), np.arange(5))[0] == pytest.approx(np.log(7))


@pytest.mark.parametrize(
    ("logits", "labels", "message"),
    [
        (np.zeros((3, 4)), np.eye(4)[:3], "One-hot labels become integers"),
        (np.zeros((3, 4)), [0, 1], r"\(3, 4\) and labels \(2,\)"),
        (np.zeros((0, 4)), np.zeros(0, int), "at least one of each"),
        (np.zeros((2, 3)), [0, 3], "from 0 to 2"),
        (np.zeros((2, 3)), [-1, 0], "from -1 to 0"),
        (np.zeros((2, 3)), [0.0, 1.0], "float64"),
    ],
)
def test_labels_that_do_not_fit_are_refused(logits, labels, message):
    with pytest.raises(CourseError, match=message):
        training.softmax_cross_entropy(logits, labels)


def test_numerical_gradients_of_a_function_that_is_known():
    matrix = np.random.default_rng(0).normal(size=(3, 4))
    gradient = training.numerical_gradient(lambda w: float((matrix * w**2).sum()), np.full((3, 4), 2.0))
    np.testing.assert_allclose(gradient, 4 * matrix, atol=1e-6)


# --- optimisers ---------------------------------------------------------------------------------------------

OPTIMISERS = {
    "sgd": (training.sgd, keras.optimizers.SGD, {}, {}),
    "momentum": (training.momentum, keras.optimizers.SGD, {"decay": 0.8}, {"momentum": 0.8}),
    "adam": (
        training.adam,
        keras.optimizers.Adam,
        {"decay_1": 0.8, "decay_2": 0.95, "epsilon": 1e-4},
        {"beta_1": 0.8, "beta_2": 0.95, "epsilon": 1e-4},
    ),
    "adam as it comes": (training.adam, keras.optimizers.Adam, {}, {}),
    "adamw": (training.adamw, keras.optimizers.AdamW, {"weight_decay": 0.3}, {"weight_decay": 0.3}),
    "adamw as it comes": (training.adamw, keras.optimizers.AdamW, {}, {}),
}


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("name", OPTIMISERS)
def test_every_step_is_keras_step(name, seed):
    step, keras_class, options, keras_options = OPTIMISERS[name]
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 7, rng.integers(1, 5)))
    rate = float(10 ** rng.uniform(-3, -0.7))
    weights, state = rng.normal(size=shape), None
    variable = keras.Variable(weights)
    optimiser = keras_class(rate, **keras_options)
    for _ in range(12):
        gradient = rng.normal(0, 10 ** rng.uniform(-3, 1), shape) * (rng.random(shape) < 0.8)
        weights, state = step(weights, gradient, state, learning_rate=rate, **options)
        optimiser.apply([keras.ops.convert_to_tensor(gradient, "float32")], [variable])
        np.testing.assert_allclose(weights, variable, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", OPTIMISERS)
def test_a_step_leaves_what_it_was_given_alone(name):
    step, _, options, _ = OPTIMISERS[name]
    weights, gradient = np.ones(3), np.array([1.0, -2.0, 0.0])
    _, state = step(weights, gradient, **options)
    step(weights, gradient, state, **options)
    assert weights.tolist() == [1, 1, 1]
    assert gradient.tolist() == [1, -2, 0]


# --- learning-rate range ------------------------------------------------------------------------------------


def small_model(seed=0, rate=0.01):
    keras.utils.set_random_seed(seed)
    model = keras.Sequential(
        [
            keras.Input((5,)),
            keras.layers.Dense(8, activation="relu"),
            keras.layers.Dropout(0.3),
            keras.layers.Dense(3),
        ]
    )
    model.compile(
        keras.optimizers.Adam(rate),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def blobs(n=96, seed=0):
    rng = np.random.default_rng(seed)
    labels = rng.integers(0, 3, n)
    return (rng.normal(size=(n, 5)) + 2 * np.eye(5)[labels]).astype(np.float32), labels


def everything(model):
    return [np.array(value.numpy()) for value in (*model.variables, *model.optimizer.variables)]


@pytest.mark.slow
def test_the_range_test_falls_then_rises_and_puts_the_model_back():
    model, (inputs, labels) = small_model(), blobs()
    model.fit(inputs, labels, epochs=1, verbose=0)
    before = everything(model)
    rates, losses = training.learning_rate_range(model, inputs, labels, high=10.0, steps=60)
    assert rates.shape == losses.shape
    assert np.all(np.diff(rates) > 0)
    assert losses[-10:].max() > 2 * losses.min()
    assert losses.min() < losses[:5].mean()
    for old, new in zip(before, everything(model), strict=True):
        np.testing.assert_array_equal(old, new)


def test_the_range_test_stops_where_the_loss_is_no_number():
    keras.utils.set_random_seed(0)
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(), "mse")
    inputs, labels = blobs()
    rates, losses = training.learning_rate_range(model, inputs, labels[:, None], low=1, high=1e9, steps=60)
    assert 0 < len(rates) < 60
    assert np.isfinite(losses).all()
    assert all(np.isfinite(value).all() for value in everything(model))


def test_an_impossible_range_is_refused():
    model, (inputs, labels) = small_model(), blobs(8)
    with pytest.raises(CourseError, match="0 < low < high"):
        training.learning_rate_range(model, inputs, labels, low=1.0, high=0.1)
    with pytest.raises(CourseError, match="8 examples for batches of 32"):
        training.learning_rate_range(model, inputs, labels)


# --- repeated runs ------------------------------------------------------------------------------------------


def test_repeating_gives_mean_and_sample_deviation():
    result = training.repeat(lambda seed: seed**2, (1, 2, 3))
    assert (result.mean, result.sd) == (pytest.approx(14 / 3), pytest.approx(np.std([1, 4, 9], ddof=1)))
    assert f"{result:.1f}" == "4.7 ± 4.0"
    several = training.repeat(lambda seed: {"a": seed, "b": 0.5}, range(4))
    assert several["a"].seeds == (0, 1, 2, 3)
    assert several["b"].sd == 0


@pytest.mark.parametrize("seeds", [(), (3,), (1, 2, 1)])
def test_one_run_is_no_repetition(seeds):
    with pytest.raises(CourseError, match="at least two different"):
        training.repeat(float, seeds)


def test_runs_that_return_different_figures_are_refused():
    with pytest.raises(CourseError, match=r"\['a'\], \['b'\]"):
        training.repeat(lambda seed: {"ab"[seed]: 1.0}, (0, 1))


# --- checkpoints --------------------------------------------------------------------------------------------


def fit(model, first, last):
    """Epochs whose order is drawn from the epoch's number alone; dropout's state is in the model."""
    inputs, labels = blobs()
    for epoch in range(first, last):
        order = np.random.default_rng((7, epoch)).permutation(len(inputs))
        history = model.fit(inputs[order], labels[order], shuffle=False, verbose=0)
    return history.history["loss"][0]


@pytest.mark.slow
def test_a_new_model_goes_on_where_the_old_one_stopped(tmp_path):
    uninterrupted = small_model()
    loss = fit(uninterrupted, 0, 5)

    first = small_model()
    fit(first, 0, 2)
    training.save_checkpoint(tmp_path / "k.npz", first, {"epoch": 2, "best": 0.5, "tried": [1, "二"]})

    second = small_model(seed=99)
    progress = training.load_checkpoint(tmp_path / "k.npz", second)
    assert progress == {"epoch": 2, "best": 0.5, "tried": [1, "二"]}
    assert fit(second, 2, 5) == pytest.approx(loss, abs=1e-6)
    # All of the state counts, not the weights alone.
    for old, new in zip(everything(uninterrupted), everything(second), strict=True):
        np.testing.assert_allclose(old, new, atol=1e-6)


@pytest.mark.slow
def test_weights_alone_would_not_do(tmp_path):
    uninterrupted = fit(small_model(), 0, 5)
    first, second = small_model(), small_model(seed=99)
    fit(first, 0, 2)
    second.set_weights(first.get_weights())
    assert abs(fit(second, 2, 5) - uninterrupted) > 1e-3


KILLED = """
import importlib.util, sys
specification = importlib.util.spec_from_file_location("here", sys.argv[2])
here = importlib.util.module_from_spec(specification)
specification.loader.exec_module(here)
model = here.small_model()
for epoch in range(1000):
    here.fit(model, epoch, epoch + 1)
    here.training.save_checkpoint(sys.argv[1], model, {"epoch": epoch + 1})
    print("epoch", epoch + 1, flush=True)
"""


@pytest.mark.slow
def test_a_process_that_is_killed_resumes_to_the_same_loss(tmp_path):
    script = tmp_path / "train.py"
    script.write_text(KILLED, encoding="utf-8")
    path = tmp_path / "k.npz"
    child = subprocess.Popen(
        [sys.executable, str(script), str(path), __file__],
        env={**os.environ, "PYTHONPATH": REPOSITORY},
        stdout=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    for line in child.stdout:
        if line.strip() == "epoch 3":
            child.kill()
            break
    child.wait(timeout=60)
    child.stdout.close()
    assert child.returncode != 0

    resumed = small_model(seed=99)
    epoch = training.load_checkpoint(path, resumed)["epoch"]
    assert 3 <= epoch < 1000
    last = epoch + 2
    assert fit(resumed, epoch, last) == pytest.approx(fit(small_model(), 0, last), abs=1e-5)


@pytest.mark.parametrize("damage", ["empty", "cut", "text", "no progress"])
def test_a_damaged_checkpoint_is_refused_and_changes_nothing(tmp_path, damage):
    path, model = tmp_path / "k.npz", small_model()
    training.save_checkpoint(path, model, {"epoch": 1})
    content = path.read_bytes()
    if damage == "no progress":  # or the layout of an earlier edition
        np.savez(path, progress=np.array("null"), v0=np.zeros(3))
    else:
        path.write_bytes(
            {"empty": b"", "cut": content[: len(content) // 2], "text": b"weights: none"}[damage]
        )
    before = everything(model)
    with pytest.raises(CourseError, match="no checkpoint, or it is damaged"):
        training.load_checkpoint(path, model)
    for old, new in zip(before, everything(model), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_checkpoint_with_pickled_objects_is_not_executed(tmp_path):
    path = tmp_path / "k.npz"
    note = np.frombuffer(json.dumps(None).encode(), np.uint8)
    np.savez(path, metadata=note, v0=np.array([{"an": "object"}], dtype=object))
    with pytest.raises(CourseError, match="no checkpoint"):
        training.load_checkpoint(path, small_model())


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    training.save_checkpoint(tmp_path / "k.npz", small_model(), None)
    other = keras.Sequential([keras.Input((5,)), keras.layers.Dense(9), keras.layers.Dense(3)])
    other.compile("adam", "mse")
    with pytest.raises(CourseError, match="another model"):
        training.load_checkpoint(tmp_path / "k.npz", other)
    with pytest.raises(CourseError, match="no such file"):
        training.load_checkpoint(tmp_path / "none.npz", other)


def test_progress_that_is_no_json_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(CourseError, match="turns a NumPy number into one"):
        training.save_checkpoint(tmp_path / "k.npz", small_model(), {"best": np.float32(1)})
    assert list(tmp_path.iterdir()) == []


# --- one format for arrays ----------------------------------------------------------------------------------


ARRAYS = {
    "embedding": np.arange(6, dtype=np.float16).reshape(2, 3) / 7,
    "001/kernel": np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4),
    "count": np.array(7),
    "mask": np.array([True, False]),
    "nothing": np.zeros((0, 4)),
}


@pytest.mark.parametrize("metadata", [None, {"tokens": ["猫", "é"], "n": 1.5}, [1, "two"], "a text", 0])
def test_arrays_come_back_with_their_names_order_and_types(tmp_path, metadata):
    training.save_arrays(tmp_path / "k.npz", ARRAYS, metadata)
    arrays, found = training.load_arrays(tmp_path / "k.npz")
    assert found == metadata and list(arrays) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert arrays[name].dtype == array.dtype
        np.testing.assert_array_equal(arrays[name], array)
    assert [path.name for path in tmp_path.iterdir()] == ["k.npz"]


@pytest.mark.parametrize(
    ("arrays", "metadata", "message"),
    [
        ({"metadata": np.zeros(2)}, None, "'metadata' cannot be stored"),
        ({"file": np.zeros(2)}, None, "'file' cannot be stored"),
        ({"words": np.array(["a"])}, None, "'words' cannot be stored: expected numbers"),
        ({"things": np.array([{}])}, None, "'things' cannot be stored"),
        ({"kernel in planes": np.zeros(2)}, None, "does not end in ' in planes'"),
        ({}, {1, 2}, "Use dict, list"),
        ({}, {"best": np.float32(1)}, "turns a NumPy number into one"),
    ],
)
def test_what_cannot_be_stored_is_refused_before_anything_is_written(tmp_path, arrays, metadata, message):
    with pytest.raises(CourseError, match=message):
        training.save_arrays(tmp_path / "k.npz", arrays, metadata)
    assert list(tmp_path.iterdir()) == []


def test_no_changed_byte_and_no_cut_gives_anything_but_the_arrays_or_one_clear_error(tmp_path):
    path, rng, refused = tmp_path / "k.npz", np.random.default_rng(0), 0
    training.save_arrays(path, ARRAYS, {"tokens": ["a"]})
    content = path.read_bytes()
    for number in range(400):
        changed = bytearray(content[: rng.integers(len(content))] if number % 4 == 0 else content)
        for place in rng.integers(len(changed), size=min(len(changed), 1 + number % 3)):
            changed[place] = rng.integers(256)
        path.write_bytes(changed)
        try:
            arrays, _ = training.load_arrays(path)
        except CourseError as error:
            refused += 1
            assert str(path) in str(error) and len(str(error)) < 600
        else:
            for name in arrays.keys() & ARRAYS.keys():
                np.testing.assert_array_equal(arrays[name], ARRAYS[name])
    assert refused > 100


def test_weights_are_stored_in_half_precision_and_fit_models_built_later(tmp_path):
    model, other = small_model(), small_model(seed=9)
    training.save_weights(tmp_path / "k.npz", model, {"made by": "a test"})
    assert training.load_weights(tmp_path / "k.npz", other) == {"made by": "a test"}
    for stored, given in zip(other.weights, model.weights, strict=True):
        expected = np.asarray(given).astype(np.float16).astype(np.float32)
        np.testing.assert_array_equal(np.asarray(stored).astype(np.float32), expected)


def test_a_weight_that_would_become_infinite_in_half_precision_is_refused(tmp_path):
    model = keras.Sequential([keras.Input((5,)), keras.layers.BatchNormalization()])
    model.weights[3].assign(np.array([1, 1, 70_000, 1, 1], np.float32))  # the variance of raw pictures
    with pytest.raises(CourseError, match=r"moving_variance holds values beyond 65,504"):
        training.save_weights(tmp_path / "k.npz", model)
    assert list(tmp_path.iterdir()) == []
    fitting = {"a": np.array([65_504, -65_504, np.inf, np.nan, 1e-9])}
    np.testing.assert_array_equal(training.half_precision(fitting)["a"], [65_504, -65_504, np.inf, np.nan, 0])


def test_weights_of_another_model_are_refused_and_change_nothing(tmp_path):
    training.save_weights(tmp_path / "k.npz", small_model())
    other = keras.Sequential([keras.Input((5,)), keras.layers.Dense(9), keras.layers.Dense(3)])
    before = other.get_weights()
    with pytest.raises(CourseError, match=r"another model.*Build the same one"):
        training.load_weights(tmp_path / "k.npz", other)
    for old, new in zip(before, other.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)


def test_a_model_in_bfloat16_which_numpy_has_not_comes_back_to_the_last_bit(tmp_path):
    def model():
        built = keras.Sequential([keras.Input((5,)), keras.layers.Dense(9, dtype="bfloat16")])
        built.compile("adam", "mse")
        return built

    first, second = model(), model()
    training.save_checkpoint(tmp_path / "k.npz", first, 3)
    assert training.load_checkpoint(tmp_path / "k.npz", second) == 3
    assert (np.asarray(first.weights[0]) == np.asarray(second.weights[0])).all()
