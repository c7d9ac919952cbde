"""The law is found where it holds, no text is in two splits, and what was predicted came first."""

import itertools

import numpy as np
import pytest

from course_utils import runtime
from course_utils.errors import CourseError
from course_utils.experiments import results, scaling

runtime.start()
SIZES = tuple(map(np.ravel, np.meshgrid([5600, 22500, 69000, 170000.0], [1200, 4000, 12000, 36000.0])))
TRUE = scaling.Law(1.2, 20.0, 0.4, 60.0, 0.5)


# The law


def test_the_loss_of_a_law_is_its_formula():
    law = scaling.Law(1.0, 8.0, 1 / 3, 6.0, 0.5)
    assert law.loss(8.0, 36.0) == pytest.approx(1 + 4 + 1)
    np.testing.assert_allclose(law.loss(np.array([8, 64]), np.array([36, 9])), [6, 5])


def test_a_law_without_noise_is_found():
    found = scaling.fit(*SIZES, TRUE.loss(*SIZES))
    for name in ("E", "A", "a", "B", "b"):
        assert getattr(found, name) == pytest.approx(getattr(TRUE, name), rel=1e-3), name


def test_the_interval_of_a_noisy_law_holds_the_truth():
    losses = TRUE.loss(*SIZES) * np.exp(np.random.default_rng(0).normal(0, 0.01, len(SIZES[0])))
    laws = scaling.bootstrap(*SIZES, losses, draws=40, seed=0)
    for name in ("E", "A", "a", "B", "b"):
        drawn = [getattr(law, name) for law in laws]
        assert min(drawn) < getattr(TRUE, name) < max(drawn), name
    again = scaling.bootstrap(*SIZES, losses, draws=2, seed=0)
    assert again == laws[:2]


def test_residuals_are_scaled_up_for_the_numbers_that_were_fitted():
    doubled = 2 * TRUE.loss(*SIZES)
    np.testing.assert_allclose(
        scaling.residuals_of(TRUE, *SIZES, doubled), np.log(2) * np.sqrt(16 / 11), rtol=1e-6
    )


@pytest.mark.parametrize("counts", [(5, 5, 5), (6, 7, 6)])
def test_too_few_points_or_unequal_ones_are_refused(counts):
    with pytest.raises(CourseError, match=r"have \d, \d and \d values; expected as many of each, and six"):
        scaling.fit(*(np.ones(count) for count in counts))


# Texts and the network


def test_a_token_is_a_byte_and_no_text_is_in_two_splits():
    written = {split: bytes(map(int, _bytes_of(split))) for split in ("train", "validation", "test")}
    lines = {split: set(text.splitlines()) for split, text in written.items()}
    assert sum(map(len, lines.values())) == len(set.union(*lines.values())) == 700
    assert len(written["train"]) >= scaling.CONFIGURATION["held back"]["bytes"]
    assert len(scaling.texts("test")) == len(written["test"])


def _bytes_of(split):
    return scaling.tokenizer().decode(scaling.texts(split)).encode()


def test_contexts_lie_side_by_side_and_the_target_is_the_token_after():
    inputs, targets = scaling.windows(np.arange(96 * 3))
    assert inputs.shape == targets.shape == (2, 96)
    np.testing.assert_array_equal(inputs.ravel(), np.arange(192))
    np.testing.assert_array_equal(targets, inputs + 1)
    for inputs, targets in itertools.islice(scaling.batches(np.arange(97), np.random.default_rng(0)), 3):
        assert inputs.shape == (scaling.CONFIGURATION["batch size"], 96)
        np.testing.assert_array_equal(targets, inputs + 1)
        assert not inputs[:, 0].any()


def test_parameters_are_those_of_the_network():
    configuration = scaling.configuration_of(16)
    model = scaling.build(16)
    logits = model(np.zeros((1, 4), np.int32))
    assert logits.shape == (1, 4, 256)
    assert (
        model.count_params() == configuration.parameters() == scaling.without_table(configuration) + 256 * 16
    )


def test_no_token_is_seen_before_it_is_predicted():
    model, (inputs, _) = scaling.build(16), scaling.windows(scaling.texts("test")[:97])
    changed = inputs.copy()
    changed[:, 50:] = 0
    before, after = (np.asarray(model(some)) for some in (inputs, changed))
    np.testing.assert_allclose(before[:, :50], after[:, :50], atol=1e-5)
    assert not np.allclose(before[:, 50], after[:, 50], atol=1e-3)


@pytest.mark.slow
def test_a_point_runs_and_says_what_is_recorded(monkeypatch):
    few = {"steps between validations": 2, "validations at most": 2}
    monkeypatch.setattr(scaling, "CONFIGURATION", scaling.CONFIGURATION | few)
    found = scaling.run(scaling.POINTS[0], 0)
    recorded = results.load("scaling").row(scaling.POINTS[0])
    assert found.keys() == recorded.keys()
    for name in ("parameters", "all parameters", "tokens"):
        assert found[name] == recorded[name].values[0]
    assert found["loss"] < np.log(256)


# What is recorded


def test_the_prediction_was_written_down_before_the_point_was_trained():
    runs = [(run["row"], run["seed"]) for run in results.load("scaling").runs]
    held_back = [place for place, (row, _) in enumerate(runs) if row == scaling.HELD_BACK]
    place = runs.index((scaling.PREDICTION, 0))
    assert len(held_back) == scaling.SEEDS and place < min(held_back)
    assert {row for row, _ in runs[:place]} == {*scaling.POINTS}
    assert all(runs.count((row, seed)) == 1 for row in scaling.REPEATED for seed in range(scaling.SEEDS))


def test_points_span_a_factor_of_thirty_and_the_one_held_back_is_larger_in_both():
    record = results.load("scaling")
    parameters, tokens, losses = scaling.points(record)
    assert parameters.max() >= 30 * parameters.min() and tokens.max() >= 30 * tokens.min()
    held_back = record.row(scaling.HELD_BACK)
    assert held_back["parameters"].mean > parameters.max() and held_back["tokens"].mean > tokens.max()
    assert (losses > 0).all()


def test_the_prediction_follows_from_the_points(monkeypatch):
    # A fit takes a tenth of a second: fewer draws give a rougher interval, and the same prediction.
    monkeypatch.setattr(scaling, "CONFIGURATION", scaling.CONFIGURATION | {"draws": 20})
    record = results.load("scaling")
    found, recorded = scaling.predict(record), record.row(scaling.PREDICTION)
    assert found.keys() == recorded.keys()
    assert found["predicted loss"] == pytest.approx(recorded["predicted loss"].values[0], rel=0.005)
    assert found["predicted loss, low"] < found["predicted loss"] < found["predicted loss, high"]


def test_the_truth_is_near_what_was_predicted():
    record = results.load("scaling")
    predicted = record.row(scaling.PREDICTION)["predicted loss"].values[0]
    assert record.row(scaling.HELD_BACK)["loss"].mean == pytest.approx(predicted, rel=0.05)
