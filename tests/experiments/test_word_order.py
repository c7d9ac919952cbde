"""Scenes of two things and the same exchanged: each caption is true of its own picture alone."""

import numpy as np
import pytest

from course_utils.datasets import emoji, scenes
from course_utils.errors import CourseError
from course_utils.experiments import word_order

HOLDS = {
    "left of": lambda a, b: a % 3 < b % 3,
    "right of": lambda a, b: a % 3 > b % 3,
    "above": lambda a, b: a // 3 < b // 3,
    "below": lambda a, b: a // 3 > b // 3,
}


@pytest.fixture
def drawn(monkeypatch):
    """What was composed for 120 samples, dicts of concept → cell, and what `draw` gave."""
    composed, compose = [], scenes.compose

    def noting(objects, **settings):
        objects = list(objects)
        composed.append(dict(objects))
        return compose(objects, **settings)

    monkeypatch.setattr(word_order.scenes, "compose", noting)
    pictures, captions = word_order.draw(120, word_order.split_pairs()["train"], emoji.TRAIN_STYLES, 3)
    return np.array(composed).reshape(-1, 2), pictures, captions


def test_a_caption_is_true_of_its_own_scene_and_false_of_the_other(drawn):
    composed, pictures, captions = drawn
    seen = set()
    for places, texts in zip(composed, captions, strict=True):
        for own, text in enumerate(texts):
            relation = next(words for words in HOLDS if f" {words} " in text)
            seen.add(relation)
            a, b = (name.removeprefix("the ") for name in text.split(f" is {relation} "))
            assert HOLDS[relation](places[own][a], places[own][b])
            assert not HOLDS[relation](places[1 - own][a], places[1 - own][b])
    assert seen == HOLDS.keys()
    assert (pictures[:, 0] != pictures[:, 1]).any(axis=(1, 2, 3)).all()


def test_both_scenes_of_a_sample_have_the_same_cells_words_and_ground(drawn):
    composed, pictures, captions = drawn
    for places, texts, both in zip(composed, captions, pictures, strict=True):
        assert places[0].keys() == places[1].keys() and set(places[0].values()) == set(places[1].values())
        assert sorted(texts[0].split()) == sorted(texts[1].split()) and texts[0] != texts[1]
        empty = next(cell for cell in range(9) if cell not in places[0].values())
        row, column = (32 * x for x in divmod(empty, 3))
        assert (both[0] == both[1])[row : row + 32, column : column + 32].all()


def test_pairs_kept_out_never_meet_in_training_and_every_concept_does(drawn):
    split = word_order.split_pairs()
    as_sets = {name: {frozenset(pair) for pair in pairs.tolist()} for name, pairs in split.items()}
    assert len(as_sets["test"]) == 16 and len(as_sets["train"]) == 50
    assert not as_sets["test"] & as_sets["train"]
    assert set().union(*as_sets["train"]) == set(range(len(scenes.CONCEPTS)))
    composed, *_ = drawn
    met = {frozenset(scenes.CONCEPTS.index(name) for name in places) for places in composed.ravel()}
    assert met <= as_sets["train"]


def test_fewer_samples_are_the_first_of_more():
    pairs = word_order.split_pairs()["test"]
    few, more = (word_order.draw(n, pairs, emoji.TRAIN_STYLES, 5) for n in (3, 7))
    assert (few[0] == more[0][:3]).all() and few[1] == more[1][:3]
    assert few[1] != word_order.draw(3, pairs, emoji.TRAIN_STYLES, 6)[1]


def test_words_are_numbered_in_order():
    (first, second), *_ = word_order.encode([("the cat is above the key", "the key is above the cat")])
    assert [word_order.words()[i] for i in first] == ["the", "cat", "is", "above", "the", "key", ""]
    assert sorted(first) == sorted(second) and (first != second).any()


@pytest.mark.parametrize("together", [True, False])
def test_an_epoch_shows_every_picture_once_and_partners_together_where_asked(together):
    batches = word_order.batches(100, together, np.random.default_rng(0))
    assert batches.shape == (3, 64) and len(np.unique(batches)) == 192
    assert batches.min() >= 0 and batches.max() < 200
    has_partner = [(np.isin(batch ^ 1, batch)).mean() for batch in batches]
    assert (np.array(has_partner) == 1).all() if together else max(has_partner) < 0.7
    assert (batches != word_order.batches(100, together, np.random.default_rng(1))).any()


def test_an_unknown_split_is_named_with_those_there_are():
    with pytest.raises(CourseError, match=r"split is 'tests'.*known pairs"):
        word_order.load("tests", 3)


@pytest.mark.parametrize(("n", "seed"), [(0, 1), (2.5, 1), (3, -1)])
def test_a_wrong_number_is_named(n, seed):
    with pytest.raises(CourseError, match=r"^(n|seed) is"):
        word_order.draw(n, word_order.split_pairs()["test"], emoji.TRAIN_STYLES, seed)
