"""What is written equals what the model says step by step, and probabilities are those of the logits."""

import gc
import weakref

import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.language_model import low_rank, writing
from tests.language_model import oracles


@pytest.fixture(scope="module")
def model():
    return oracles.small_model()


def by_hand(model, tokens, new):
    """Greedy without a cache."""
    for _ in range(new):
        logits = np.asarray(model.logits(model(model.embed(tokens))[0][:, -1]))
        tokens = np.concatenate([tokens, logits.argmax(-1)[:, None]], axis=1)
    return tokens[:, -new:]


@pytest.mark.parametrize(("rows", "start", "new"), [(2, 11, 6), (1, 1, 1), (2, 5, 14)])
def test_it_writes_what_is_likeliest_at_every_step(model, monkeypatch, rows, start, new):
    monkeypatch.setattr(writing, "_ROOM", 8)
    tokens = oracles.small_tokens()[:rows, :start]
    written = writing.write(model, model.embed(tokens), new)
    assert written.dtype == np.int32
    np.testing.assert_array_equal(written, by_hand(model, tokens, new))


def test_a_beginning_computed_once_serves_all(model):
    tokens = oracles.small_tokens()
    tokens[:, :4] = tokens[0, :4]
    cache = writing.prefix_cache(model, tokens[0, :4])
    written = writing.write(model, model.embed(tokens[:, 4:]), 6, cache=cache)
    np.testing.assert_array_equal(written, by_hand(model, tokens, 6))


def test_after_the_end_there_is_only_the_end(model):
    tokens = oracles.small_tokens()
    free = by_hand(model, tokens, 12)
    end = int(free[0, 4])
    expected = free.copy()
    for row in expected:
        places = np.flatnonzero(row == end)
        if len(places):
            row[places[0] :] = end
    np.testing.assert_array_equal(writing.write(model, model.embed(tokens), 12, end=end), expected)
    at_once = writing.write(model, model.embed(tokens[:1]), 5, end=int(free[0, 0]))
    np.testing.assert_array_equal(at_once, np.full((1, 5), free[0, 0]))


def test_what_was_learned_since_is_heeded():
    model, tokens = oracles.small_model(), oracles.small_tokens()
    writing.write(model, model.embed(tokens), 6)
    model.blocks[0].q.kernel.assign(-model.blocks[0].q.kernel)
    np.testing.assert_array_equal(writing.write(model, model.embed(tokens), 6), by_hand(model, tokens, 6))
    for variable in low_rank.add_lora(model, 2):
        variable.assign(np.random.default_rng(0).normal(size=variable.shape))
    np.testing.assert_array_equal(writing.write(model, model.embed(tokens), 6), by_hand(model, tokens, 6))


def test_a_model_that_wrote_is_let_go():
    model = oracles.small_model()
    writing.write(model, model.embed(oracles.small_tokens()), 2)
    loops, left = len(writing._LOOPS), weakref.ref(model)
    del model
    gc.collect()
    assert left() is None and len(writing._LOOPS) < loops


def expected_log_probabilities(model, tokens):
    logits = np.asarray(model.logits(model(model.embed(tokens))[0]), np.float64)[:, :-1]
    logits -= np.log(np.exp(logits).sum(-1, keepdims=True))
    return np.take_along_axis(logits, tokens[:, 1:, None], axis=-1)[..., 0]


@pytest.mark.parametrize(("tokens_at_once", "logits_at_once"), [(4096, 2**25), (1, 1), (30, 100)])
def test_log_probabilities_are_those_of_the_logits(model, monkeypatch, tokens_at_once, logits_at_once):
    monkeypatch.setattr(writing, "_TOKENS_AT_ONCE", tokens_at_once)
    monkeypatch.setattr(writing, "_LOGITS_AT_ONCE", logits_at_once)
    tokens = np.random.default_rng(3).integers(0, 40, (5, 7))
    found = writing.log_probabilities(model, tokens)
    np.testing.assert_allclose(found, expected_log_probabilities(model, tokens), atol=1e-4)
    assert found.dtype == np.float32 and found.max() <= 0


def test_perplexity_counts_every_token_once_whatever_the_lengths(model, monkeypatch):
    rng = np.random.default_rng(4)
    texts = [rng.integers(0, 40, length).tolist() for length in range(2, 14)]
    monkeypatch.setattr(writing, "_TEXTS_AT_ONCE", 5)
    all_of_them = np.concatenate([expected_log_probabilities(model, np.array([text]))[0] for text in texts])
    assert writing.perplexity(model, texts) == pytest.approx(np.exp(-all_of_them.mean()), rel=1e-4)
    alone = expected_log_probabilities(model, np.array([texts[7]]))
    assert writing.perplexity(model, texts[7]) == pytest.approx(np.exp(-alone.mean()), rel=1e-4)


@pytest.mark.parametrize(
    ("ask", "complaint"),
    [
        (lambda m: writing.write(m, m.embed([[1]]), 0), "new is 0: expected a whole number of at least 1"),
        (
            lambda m: writing.write(m, m.embed([[1]]), 3, end=40),
            "end is 40: expected a whole number from 0 to 39",
        ),
        (lambda m: writing.write(m, [[1]], 3), "vectors"),
        (lambda m: writing.prefix_cache(m, []), "ids has shape"),
        (lambda m: writing.prefix_cache(m, [41]), "ids goes from 41 to 41; expected 0 to 39"),
        (lambda m: writing.log_probabilities(m, np.array([[1]])), r"tokens has shape \(1, 1\)"),
        (lambda m: writing.log_probabilities(m, np.array([[1.0, 2.0]])), "dtype float64; expected integers"),
        (lambda m: writing.perplexity(m, [[3], [1, 2]]), "two tokens"),
        (lambda m: writing.perplexity(m, []), "ids"),
        (lambda m: writing.perplexity(m, "text"), "ids is 'text'"),
    ],
)
def test_what_is_no_text_of_the_model_is_refused(model, ask, complaint):
    with pytest.raises(CourseError, match=complaint):
        ask(model)
