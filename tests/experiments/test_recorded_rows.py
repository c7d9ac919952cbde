"""A row drawn at random, trained again, falls into the spread that was recorded."""

import random

import pytest

from course_utils import runtime
from course_utils.experiments import determinism, fusion, overfitting, results, train_model

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
        (train_model, ("repaired",)),  # the other one takes a minute and 2 GB
        (fusion, [row for row in results.load("fusion").rows if "scenes" not in row]),
        (fusion, ["scenes: concatenation", "scenes: cross-attention"]),  # of the others some take minutes
    ],
    ids=["overfitting", "train_model", "fusion of digits", "fusion of scenes"],
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
