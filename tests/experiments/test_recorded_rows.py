"""A row drawn at random, trained again, falls into the spread that was recorded."""

import random

import pytest

from course_utils import runtime
from course_utils.experiments import determinism, image_groups, overfitting, results, train_model

runtime.start()


def drawn(name, rows):
    record, row = results.load(name), random.choice(rows)
    figures = record.row(row)
    return row, random.choice(next(iter(figures.values())).seeds), figures


def in_the_spread(value, recorded, slack):
    return abs(value - recorded.mean) <= 3 * recorded.sd + slack


@pytest.mark.slow
@pytest.mark.parametrize(
    ("module", "rows"),
    [
        (overfitting, overfitting.ROWS),
        (image_groups, image_groups.ROWS),
        (train_model, ("repaired",)),  # the other one takes a minute and 2 GB
    ],
    ids=["overfitting", "image_groups", "train_model"],
)
def test_a_row_run_again_falls_into_the_recorded_spread(module, rows):
    row, seed, recorded = drawn(module.__name__.rsplit(".", 1)[1], rows)
    found = module.run(row, seed)
    assert found.keys() == recorded.keys()
    assert found["parameters"] == recorded["parameters"].mean
    for name, value in found.items():
        if name.endswith("accuracy"):
            assert in_the_spread(value, recorded[name], 0.05), (row, seed, name, value)


@pytest.mark.slow
def test_a_setting_run_again_makes_the_kind_of_difference_that_was_recorded():
    row, seed, recorded = drawn("determinism", determinism.ROWS)
    found = determinism.run(row, seed)["largest difference"]
    # Another processor rounds in other places; whether it is rounding or another training does not change.
    assert (found < 1e-4) == (recorded["largest difference"].values.max() < 1e-4), (row, seed, found)


def test_no_concept_is_in_two_splits():
    for seed in range(3):
        sets = overfitting.load_sets(seed)
        pictures = {split: {p.tobytes() for p in sets[split][0]} for split in ("train", "validation", "test")}
        assert not pictures["train"] & pictures["test"]
        assert not pictures["validation"] & (pictures["train"] | pictures["test"])
        assert len(sets["test in the unseen style"][0]) == len(sets["test"][0])
        assert {split: len(labels) for split, (_, labels) in sets.items()}["train"] == 160
        again = overfitting.load_sets(seed)
        assert all((sets[split][0] == again[split][0]).all() for split in sets)


def test_the_found_network_is_the_documents():
    assert train_model.build("as found, labels made one-hot").count_params() == 23_907_650


def test_the_groups_are_tested_on_a_style_that_none_learns_from():
    sets = image_groups.load_sets()
    (pictures, groups), (unseen, unseen_groups) = sets["train"], sets["test"]
    assert pictures.shape == (3 * len(unseen), 32, 32, 3)
    assert pictures.dtype == unseen.dtype == "float32"
    assert 0 <= unseen.min() < unseen.max() <= 1
    assert (groups.reshape(3, -1) == unseen_groups).all()
    assert not {p.tobytes() for p in pictures} & {p.tobytes() for p in unseen}
