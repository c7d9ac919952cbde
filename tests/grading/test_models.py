"""Models are described inside the sandbox and built outside: the same model, or none."""

import json

import numpy as np
import pytest

from course_utils import runtime
from course_utils.grading import models

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers  # noqa: E402

from course_utils.alignment import contrastive  # noqa: E402
from course_utils.generation import decoder  # noqa: E402
from tests.checks import test_lesson_02, test_lesson_03, test_lesson_05  # noqa: E402


def captioner():
    tokens, regions = keras.Input((None,), dtype="int32"), keras.Input((4, 6))
    return keras.Model([tokens, regions], decoder.Decoder(9, 5, dim=8, heads=2, blocks=2)(tokens, regions))


MODELS = {
    "captioner": captioner,
    "logits": lambda: keras.Sequential([keras.Input((4,)), contrastive.Temperature(0.1, bias=-1.0)]),
    "wide": test_lesson_02.WIDE_RIGHT["dilation"],
    **{name: lambda make=make: make(30) for name, make in test_lesson_03.CLASSIFIER_RIGHT.items()},
    **{name: lambda make=make: make(6, 5, 4, 3) for name, make in test_lesson_05.FUSION_RIGHT.items()},
}
# Their code is the submission's: an instructor looks at them.
OF_OWN_CLASSES = {name: MODELS.pop(name) for name in [*MODELS] if name.startswith("a class of its own")}


def inputs_of(model):
    rng = np.random.default_rng(0)
    return [
        rng.integers(1, 5, [size or 3 for size in entry.shape]).astype(entry.dtype) for entry in model.inputs
    ]


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_same_model_is_built(name):
    model = MODELS[name]()
    built = models.build(models.describe(model))
    given = inputs_of(model)
    given = given if len(given) > 1 else given[0]
    assert np.allclose(model(given, training=False), built(given, training=False), atol=1e-6)
    assert built.count_params() == model.count_params()
    assert built.compiled == model.compiled
    if model.compiled:
        y, scores = np.array([[0.0], [1.0]], "float32"), np.array([[2.0], [0.5]], "float32")
        assert np.isclose(model.compute_loss(y=y, y_pred=scores), built.compute_loss(y=y, y_pred=scores))


@pytest.mark.parametrize("name", OF_OWN_CLASSES)
def test_a_model_of_a_class_of_its_own_is_not_built(name):
    with pytest.raises(models.UnsafeModel, match="a class of its own, 'OwnModel'"):
        models.build(models.describe(OF_OWN_CLASSES[name]()))


def test_what_is_no_model_has_no_description():
    assert models.describe(layers.Dense(2)) is None
    assert models.describe(3) is None


class Own(layers.Layer):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    "make",
    [
        lambda: keras.Sequential([keras.Input((3,)), Own()]),
        lambda: keras.Sequential([keras.Input((3,)), layers.Lambda(lambda x: x)]),
        lambda: keras.Sequential([keras.Input((3,)), layers.Dense(2, activation=lambda x: x)]),
        lambda: type("Mine", (keras.Model,), {"call": lambda self, x: x})(),
    ],
)
def test_code_of_a_submission_is_not_built(make):
    with pytest.raises(models.UnsafeModel):
        models.build(models.describe(make()))


def sequential(**layer):
    config = json.loads(
        json.dumps(keras.saving.serialize_keras_object(keras.Sequential([layers.Input((3,))])))
    )
    config["config"]["layers"].append(
        {
            "module": "keras.layers",
            "class_name": "Dense",
            "config": {"units": 2},
            "registered_name": None,
            **layer,
        }
    )
    return {"problem": "", "config": json.dumps(config), "weights": []}


def test_the_frame_of_the_attacks_is_a_model():
    assert models.build(sequential()).count_params() == 8


def function(module, name):
    return {"module": module, "class_name": "function", "config": name, "registered_name": name}


@pytest.mark.parametrize(
    "layer",
    [
        {"module": "os", "class_name": "system", "config": "touch /tmp/was-here"},
        {"module": "os", "class_name": "system", "registered_name": "course_utils>Positions"},
        {"module": "builtins", "class_name": "eval"},
        {"module": "course_utils.files", "class_name": "write_atomically"},
        {"module": "course_utils.features.cache", "class_name": "Path"},
        {"module": "course_utils.generation.decoder", "class_name": "CourseError"},
        {"module": "course_utils.alignment.dual_encoder", "class_name": "keras"},
        {"module": "keras.src.models.model", "class_name": "importlib"},
        {"module": "keras.layers", "class_name": "Lambda", "config": {"function": "x"}},
        {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/tmp"}},
        {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}},
        {"module": "keras.layers", "class_name": "TorchModuleWrapper", "config": {}},
        {"module": None, "class_name": "__lambda__", "config": {"value": ["x", None, None]}},
        {"module": ["os"], "class_name": "system"},
        {"class_name": ["Dense"]},
        {"config": {"units": 2, "activation": function("builtins", "eval")}},
        {"config": {"units": 2, "activation": function("os", "system")}},
        {"config": {"units": 2, "activation": function("keras.utils", "get_file")}},
        {"config": {"units": 2, "activation": {"class_name": "function", "config": {"class_name": "x"}}}},
        {"config": {"units": 10**9}},
    ],
)
def test_a_description_that_asks_for_more_than_layers_is_refused(layer):
    with pytest.raises(models.UnsafeModel):
        models.build(sequential(**layer))


def stack(layers):
    described = sequential()
    config = json.loads(described["config"])
    config["config"]["layers"] += config["config"]["layers"][-1:] * layers
    return {**described, "config": json.dumps(config)}


def nested(depth):
    described = sequential()
    config = json.loads(described["config"])
    config["config"]["name"] = "NEST"
    return {**described, "config": json.dumps(config).replace('"NEST"', "[" * depth + "]" * depth)}


@pytest.mark.parametrize(
    ("described", "said"),
    [
        (stack(20_000), "description of|parts"),
        (stack(6_000), "parts"),
        (nested(100_000), "cannot be built"),
        ({**sequential(), "config": " " * 3 * 2**20}, "description of 3,145,728 letters"),
        (sequential(config={"units": -(10**9)}), "size of"),
        (sequential(config={"units": 2, "seed": 10**30}), "size of"),
    ],
)
def test_a_description_larger_than_any_lesson_is_refused_before_it_is_built(described, said, monkeypatch):
    monkeypatch.setattr(keras.saving, "deserialize_keras_object", lambda *_, **__: pytest.fail("built"))
    with pytest.raises(models.UnsafeModel, match=said):
        models.build(described)


@pytest.mark.parametrize(
    "config", ["", "[]", "3", "{}", '{"class_name": "Sequential", "config": 3}', "[" * 10**5]
)
def test_what_is_no_description_is_refused(config):
    with pytest.raises(ValueError):
        models.build({"problem": "", "config": config, "weights": []})
