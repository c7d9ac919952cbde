"""Cached features: the right ones, extracted once, whatever happens to the files."""

import numpy as np
import pytest

from course_utils import files, runtime
from course_utils.features import cache

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above


def encoder(seed=0, bias=True):
    keras.utils.set_random_seed(seed)
    return keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 3, use_bias=bias)])


@pytest.fixture
def pictures():
    return np.random.default_rng(0).random((5, 4, 4, 3)).astype(np.float32)


class Counted:
    """An extraction that counts how often it was really done."""

    __name__ = "counted"
    calls = 0

    def __call__(self, pictures, encoder):
        self.calls += 1
        return np.asarray(encoder(pictures))


def test_extracts_once_for_the_same_pictures_and_network(tmp_path, pictures):
    extract = Counted()
    first = cache.cached(extract, pictures, encoder(), tmp_path / "made" / "here")
    again = cache.cached(extract, pictures.copy(), encoder(), tmp_path / "made" / "here")
    assert extract.calls == 1
    np.testing.assert_array_equal(first, again)
    np.testing.assert_allclose(first, encoder()(pictures), atol=1e-6)


def test_anything_that_changes_the_features_changes_the_key(pictures):
    other = pictures.copy()
    other[-1, -1, -1, -1] += 1e-6
    strided = keras.Sequential([keras.Input((4, 4, 3)), keras.layers.Conv2D(2, 3, strides=2)])
    strided.set_weights(encoder().get_weights())
    keys = {
        cache.fingerprint(pictures, encoder()),
        cache.fingerprint(other, encoder()),
        cache.fingerprint(pictures.astype(np.float64), encoder()),
        cache.fingerprint(pictures.reshape(5, 4, 3, 4), encoder()),
        cache.fingerprint(pictures, encoder(seed=1)),
        cache.fingerprint(pictures, encoder(bias=False)),
        cache.fingerprint(pictures, strided),
    }
    assert len(keys) == 7
    assert cache.fingerprint(pictures, encoder()) in keys


@pytest.mark.parametrize("damage", [b"", b"not an array", None])
def test_a_damaged_file_is_made_anew(tmp_path, pictures, damage):
    extract = Counted()
    first = cache.cached(extract, pictures, encoder(), tmp_path)
    (path,) = tmp_path.iterdir()
    path.write_bytes(path.read_bytes()[:-20] if damage is None else damage)
    np.testing.assert_array_equal(cache.cached(extract, pictures, encoder(), tmp_path), first)
    np.testing.assert_array_equal(cache.cached(extract, pictures, encoder(), tmp_path), first)
    assert extract.calls == 2


def test_features_that_cannot_be_kept_are_given_all_the_same(tmp_path, pictures):
    (tmp_path / "file").write_text("no folder")
    with pytest.warns(UserWarning, match="not kept for next time"):
        features = cache.cached(Counted(), pictures, encoder(), tmp_path / "file")
    assert features.shape == (5, 2, 2, 2)


def test_an_interrupted_write_leaves_nothing_behind(tmp_path, pictures, monkeypatch):
    def cut(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "fsync", cut)
    with pytest.raises(KeyboardInterrupt):
        cache.cached(Counted(), pictures, encoder(), tmp_path)
    assert list(tmp_path.iterdir()) == []
