"""LoRA starts at nothing, is the formula, changes nothing else, and can be kept apart from the model."""

import keras
import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.language_model import low_rank
from tests.language_model import oracles


@pytest.fixture
def model():
    return oracles.small_model()


def logits(model):
    return np.asarray(model.logits(model(model.embed(oracles.small_tokens()))[0]))


def fill(variables, seed=0):
    rng = np.random.default_rng(seed)
    for variable in variables:
        variable.assign(rng.normal(size=variable.shape, scale=0.3))


def test_it_starts_at_nothing(model):
    before = logits(model)
    variables = low_rank.add_lora(model, 3)
    np.testing.assert_array_equal(logits(model), before)
    assert [tuple(variable.shape) for variable in variables[:4]] == [(32, 3), (3, 32), (32, 3), (3, 16)]
    assert len(variables) == 2 * 2 * 2
    fill(variables)
    assert np.abs(logits(model) - before).max() > 0.01


@pytest.mark.parametrize(("alpha", "scale"), [(None, 1.0), (6.0, 2.0), (1.5, 0.5)])
def test_it_is_the_formula(model, alpha, scale):
    kernel = np.asarray(model.blocks[0].down.kernel)
    fill(low_rank.add_lora(model, 3, ["down"], alpha))
    layer, x = model.blocks[0].down, np.random.default_rng(1).normal(size=(5, 48)).astype("float32")
    a, b = np.asarray(layer.lora_kernel_a), np.asarray(layer.lora_kernel_b)
    np.testing.assert_allclose(layer(x), x @ (kernel + scale * a @ b), atol=1e-4)


def test_merged_into_the_kernels_it_gives_the_same(model):
    merged = oracles.small_model()
    fill(low_rank.add_lora(model, 2, ["q", "k", "v", "o", "gate", "up", "down"]))
    for block, other in zip(model.blocks, merged.blocks, strict=True):
        for part in ("q", "k", "v", "o", "gate", "up", "down"):
            getattr(other, part).kernel.assign(getattr(block, part).kernel)
    np.testing.assert_allclose(logits(merged), logits(model), atol=1e-3)


def test_it_alone_learns(model):
    before = {weight.path: np.asarray(weight) for weight in model.weights}
    variables = low_rank.add_lora(model, 2)
    assert {id(v) for v in model.trainable_variables} == {id(v) for v in variables}
    tokens = keras.Input((None,), dtype="int32")
    whole = keras.Model(tokens, model.logits(model(model.embed(tokens))[0]))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    whole.compile(keras.optimizers.Adam(0.02), loss, jit_compile=False)
    ids = oracles.small_tokens()
    losses = whole.fit(ids[:, :-1], ids[:, 1:], epochs=30, verbose=0).history["loss"]
    assert losses[-1] < losses[0] - 0.1
    for weight in model.weights:
        if weight.path in before:
            np.testing.assert_array_equal(weight, before[weight.path])


def test_it_is_kept_apart_and_put_back(model):
    fill(low_rank.add_lora(model, 2, alpha=4.0))
    arrays = low_rank.lora_arrays(model)
    assert list(arrays)[:3] == ["block_0.q.a", "block_0.q.b", "block_0.v.a"] and len(arrays) == 8
    other = oracles.small_model()
    low_rank.add_lora(other, 2, alpha=4.0)
    low_rank.set_lora_arrays(other, arrays)
    np.testing.assert_array_equal(logits(other), logits(model))


def with_lora(model, *arguments):
    low_rank.add_lora(model, *arguments)
    return model


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda m: low_rank.add_lora(m, 0), "rank is 0"),
        (lambda m: low_rank.add_lora(m, 2, ["query"]), "an item of parts is 'query': expected one of 'q'"),
        (lambda m: low_rank.add_lora(m, 2, "q"), "parts is 'q': expected a list"),
        (lambda m: low_rank.add_lora(m, 2, []), "parts is empty"),
        (lambda m: low_rank.add_lora(with_lora(m, 2), 2), "the model has LoRA already"),
        (low_rank.lora_arrays, "the model has no LoRA"),
        (lambda m: low_rank.set_lora_arrays(m, {}), "the model has no LoRA"),
        (
            lambda m: low_rank.set_lora_arrays(with_lora(m, 2), {}),
            r"block_0.q.a has shape none; expected \(32, 2\)",
        ),
        (
            lambda m: low_rank.set_lora_arrays(
                with_lora(m, 2), low_rank.lora_arrays(with_lora(oracles.small_model(), 3))
            ),
            r"block_0.q.a has shape \(32, 3\); expected \(32, 2\). Add LoRA with the rank",
        ),
    ],
)
def test_what_does_not_fit_is_refused(model, ask, complaint):
    with pytest.raises(CourseError, match=complaint):
        ask(model)
