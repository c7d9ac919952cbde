"""The shipped encoder: NumPy as Keras, the same alone and in a batch, stored without loss of meaning."""

import hashlib
import subprocess
import sys

import numpy as np
import pytest

from course_utils import CourseError, runtime, training
from course_utils.datasets import emoji
from course_utils.features import text_encoder
from course_utils.places import DATA, ROOT

TEXTS = ["a red apple", "太阳", "Train", "something that no emoji is called, at some length", "🐈", "ﬁre"]


@pytest.fixture(scope="module")
def encoder():
    return text_encoder.load_text_encoder()


def test_features_equal_those_of_the_keras_model(encoder):
    runtime.start()
    ids, mask = encoder.ids(TEXTS)
    expected = np.asarray(encoder.as_keras()(ids))
    found = text_encoder.text_features(TEXTS)
    assert found.shape == (len(TEXTS), text_encoder.DIM)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, atol=1e-5)
    assert mask.sum() < mask.size


def test_a_text_has_the_same_features_alone_and_in_a_batch(encoder):
    together = text_encoder.text_features(TEXTS)
    for text, row in zip(TEXTS, together, strict=True):
        np.testing.assert_allclose(text_encoder.text_features([text])[0], row, atol=1e-5)


def test_token_features_are_zero_at_padding_and_average_to_the_text(encoder):
    states, mask = encoder.tokens(TEXTS)
    assert states.shape == (*mask.shape, text_encoder.DIM)
    assert states.dtype == np.float32
    assert not states[~mask].any()
    mean = np.array([row[kept].mean(axis=0) for row, kept in zip(states, mask, strict=True)])
    np.testing.assert_allclose(
        mean / np.linalg.norm(mean, axis=1, keepdims=True), encoder.features(TEXTS), atol=1e-5
    )


def test_case_width_and_spaces_change_nothing_and_order_does():
    first, second, turned = text_encoder.text_features(["red  APPLE", "ｒｅｄ apple", "apple red"])
    np.testing.assert_allclose(first, second, atol=1e-6)
    assert np.abs(first - turned).max() > 0.01


def test_an_empty_text_has_no_direction_and_a_long_one_is_cut(encoder):
    empty, some = text_encoder.text_features(["", "sun"])
    assert not empty.any()
    assert some.any()
    assert encoder.ids(["sun " * 300])[0].shape[1] == 32


def test_names_in_both_languages_are_alike():
    world = emoji.load(())
    english, chinese = (text_encoder.text_features(world.names[language]) for language in ("en", "zh"))
    own = (english * chinese).sum(axis=1)
    others = (english * np.roll(chinese, 7, axis=0)).sum(axis=1)
    assert (own > others).mean() > 0.9


def test_saving_and_reading_change_no_more_than_rounding(encoder, tmp_path):
    encoder.save(tmp_path / "encoder.npz")
    again = text_encoder.read(tmp_path / "encoder.npz")
    assert again.vocabulary.tokens == encoder.vocabulary.tokens
    assert again.tokenizer.merges == encoder.tokenizer.merges
    np.testing.assert_array_equal(again.features(TEXTS), encoder.features(TEXTS))
    assert (DATA / text_encoder.CHECKPOINT).stat().st_size < 480_000
    arrays, tokens = training.load_arrays(DATA / text_encoder.CHECKPOINT)
    assert {array.dtype for array in arrays.values()} == {np.dtype(np.float16)}
    assert tokens["tokens"] == encoder.vocabulary.tokens[2:]


def test_the_shipped_weights_are_those_of_the_recorded_run_to_the_last_bit(encoder):
    assert all(value.dtype == np.float32 for value in encoder.weights)
    digest = hashlib.sha256(b"".join(value.astype("<f4").tobytes() for value in encoder.weights)).hexdigest()
    assert digest == "7458aed667261c75adb22115092ed3160a20236d532eb44eba68123b1ef6367f"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, tokens: (arrays, None), "no text encoder"),
        (lambda arrays, tokens: (arrays, {"tokens": []}), "no text encoder"),
        (
            lambda arrays, tokens: ({**arrays, "embedding": np.zeros((3, 64))}, tokens),
            r"another model.*\(3, 64\)",
        ),
        (lambda arrays, tokens: ({"embedding": arrays["embedding"]}, tokens), "another model"),
        (lambda arrays, tokens: (arrays, {**tokens, "tokens": tokens["tokens"][1:]}), "another model"),
    ],
)
def test_a_file_of_another_encoder_is_refused(encoder, tmp_path, change, message):
    path = tmp_path / "other.npz"
    training.save_arrays(path, *change(*training.load_arrays(DATA / text_encoder.CHECKPOINT)))
    with pytest.raises(CourseError, match=message):
        text_encoder.read(path)


@pytest.mark.parametrize("texts", ["sun", [1], None])
def test_misuse_is_explained(texts):
    with pytest.raises(CourseError, match="texts"):
        text_encoder.text_features(texts)


def test_it_needs_no_tensorflow():
    code = (
        "import sys; from course_utils.features import text_encoder; text_encoder.text_features(['sun']);"
        "sys.exit('keras' in sys.modules or 'tensorflow' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
