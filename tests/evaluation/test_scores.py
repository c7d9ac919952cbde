"""Metrics equal naive oracles; intervals cover what they promise."""

import numpy as np
import pytest
from sklearn import metrics

from course_utils import CourseError, evaluation
from course_utils.training import softmax, softmax_cross_entropy


def random_answers(seed):
    rng = np.random.default_rng(seed)
    classes, n = int(rng.integers(2, 8)), int(rng.integers(1, 120))
    labels = rng.integers(0, classes, n)
    predicted = np.where(rng.random(n) < 0.6, labels, rng.integers(0, classes, n))
    return labels, predicted, classes


def random_probabilities(seed, sharpness=2.0):
    rng = np.random.default_rng(seed)
    classes, n = int(rng.integers(2, 8)), int(rng.integers(1, 200))
    logits = rng.normal(0, sharpness, (n, classes))
    return softmax(logits), rng.integers(0, classes, n)


@pytest.mark.parametrize("seed", range(15))
def test_the_confusion_matrix_counts_pairs(seed):
    labels, predicted, classes = random_answers(seed)
    counted = np.zeros((classes, classes), int)
    for truth, answer in zip(labels, predicted, strict=True):
        counted[truth, answer] += 1
    np.testing.assert_array_equal(evaluation.confusion_matrix(labels, predicted, classes), counted)


@pytest.mark.parametrize("seed", range(15))
def test_class_scores_follow_from_the_confusion_matrix(seed):
    labels, predicted, classes = random_answers(seed)
    matrix = evaluation.confusion_matrix(labels, predicted, classes).astype(float)
    scores = evaluation.class_scores(labels, predicted, classes)
    with np.errstate(invalid="ignore"):
        np.testing.assert_allclose(scores.recall, np.diag(matrix) / matrix.sum(axis=1))
        np.testing.assert_allclose(scores.precision, np.diag(matrix) / matrix.sum(axis=0))
        f1 = 2 * np.diag(matrix) / (matrix.sum(axis=0) + matrix.sum(axis=1))
    np.testing.assert_allclose(scores.f1, f1)
    np.testing.assert_array_equal(scores.support, matrix.sum(axis=1))


def test_what_nobody_asked_is_unknown_and_not_zero():
    scores = evaluation.class_scores([0, 0, 1], [0, 0, 0], classes=3)
    np.testing.assert_array_equal(scores.precision, [2 / 3, np.nan, np.nan])
    np.testing.assert_array_equal(scores.recall, [1, 0, np.nan])
    assert scores.f1[1] == 0
    assert np.isnan(scores.f1[2])


@pytest.mark.parametrize(
    ("labels", "predicted", "message"),
    [
        ([0, 1], [0], "expected the same"),
        ([], [], "n > 0"),
        ([0, 1], [[0.2, 0.8], [0.5, 0.5]], "argmax"),
        ([0, 5], [0, 1], "from 0 to 5; expected integers from 0 to 2"),
        ([0, 1], [0.0, 1.0], "float64"),
    ],
)
def test_answers_that_do_not_fit_are_refused(labels, predicted, message):
    with pytest.raises(CourseError, match=message):
        evaluation.confusion_matrix(labels, predicted, 3)


@pytest.mark.parametrize("bins", [1, 7, 10])
@pytest.mark.parametrize("seed", range(10))
def test_calibration_error_is_that_of_a_loop(seed, bins):
    probabilities, labels = random_probabilities(seed)
    total = 0.0
    for low, high in zip(np.arange(bins) / bins, np.arange(1, bins + 1) / bins, strict=True):
        inside = [
            (max(row), row.argmax() == label)
            for row, label in zip(probabilities, labels, strict=True)
            if low < max(row) <= high
        ]
        if inside:
            confidence, right = np.mean(inside, axis=0)
            total += len(inside) / len(labels) * abs(confidence - right)
    assert evaluation.expected_calibration_error(probabilities, labels, bins) == pytest.approx(
        total, abs=1e-12
    )


def test_a_model_that_says_how_often_it_is_right_is_calibrated():
    rng = np.random.default_rng(0)
    sure = rng.uniform(0.5, 1, 40_000)
    labels = (rng.random(40_000) > sure).astype(int)
    honest, boastful = (np.stack([p, 1 - p], axis=1) for p in (sure, np.full(40_000, 1.0)))
    assert evaluation.expected_calibration_error(honest, labels) < 0.01
    assert evaluation.expected_calibration_error(boastful, labels) == pytest.approx(0.25, abs=0.01)


def test_a_certain_prediction_is_in_the_last_bin_and_empty_bins_are_unknown():
    table = evaluation.reliability(np.array([[1.0, 0.0], [0.95, 0.05], [0.1, 0.9]]), np.array([0, 1, 1]))
    assert table.count.tolist() == [0, 0, 0, 0, 0, 0, 0, 0, 1, 2]
    assert table.accuracy[8:].tolist() == [1, 0.5]
    assert np.isnan(table.confidence[:8]).all()


@pytest.mark.parametrize(
    ("probabilities", "bins", "message"),
    [
        (np.array([[2.0, -1.0], [0.3, 0.7]]), 10, "Are these logits"),
        (np.array([[2.0, 3.0], [0.3, 0.7]]), 10, "sums from 1.000 to 5.000"),
        (np.array([0.3, 0.7]), 10, "expected \\(n, classes\\)"),
        (np.array([[0.5, 0.5], [0.3, 0.7]]), 0, "bins=0"),
    ],
)
def test_scores_that_are_no_probabilities_are_refused(probabilities, bins, message):
    with pytest.raises(CourseError, match=message):
        evaluation.expected_calibration_error(probabilities, np.array([0, 1]), bins)


@pytest.mark.parametrize("true", [0.3, 1.0, 4.0])
def test_the_temperature_that_was_put_in_is_found(true):
    rng = np.random.default_rng(1)
    logits = rng.normal(0, 2, (20_000, 4))
    labels = (softmax(logits).cumsum(axis=1) < rng.random((20_000, 1))).sum(axis=1)
    assert evaluation.fit_temperature(logits * true, labels) == pytest.approx(true, rel=0.05)


def test_a_temperature_is_no_worse_than_none():
    for seed in range(10):
        probabilities, labels = random_probabilities(seed)
        logits = np.log(probabilities)
        found = evaluation.fit_temperature(logits, labels)
        best = softmax_cross_entropy(logits / found, labels)[0]
        assert best <= min(softmax_cross_entropy(logits / t, labels)[0] for t in (0.1, 0.5, 1, 2, 10)) + 1e-6


def test_the_interval_of_a_mean_is_the_one_of_theory():
    values = np.random.default_rng(0).random(400) < 0.8
    interval = evaluation.bootstrap_interval(values)
    half = 1.96 * np.sqrt(values.mean() * (1 - values.mean()) / 400)
    assert interval.value == values.mean()
    assert interval.low == pytest.approx(values.mean() - half, abs=0.006)
    assert interval.high == pytest.approx(values.mean() + half, abs=0.006)
    assert f"{interval:.2f}" == f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"
    narrow = evaluation.bootstrap_interval(values, level=0.5)
    assert interval.low < narrow.low < narrow.high < interval.high


def test_the_interval_is_scipys_percentile_bootstrap_of_the_same_draws():
    from scipy import stats

    values = np.random.default_rng(4).random(60)
    for level, seed in ((0.95, 0), (0.5, 7)):
        expected = stats.bootstrap(
            (values,),
            np.mean,
            n_resamples=500,
            confidence_level=level,
            method="percentile",
            rng=np.random.default_rng(seed),
        ).confidence_interval
        found = evaluation.bootstrap_interval(values, level=level, draws=500, seed=seed)
        assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


@pytest.mark.slow
def test_ninety_five_of_a_hundred_intervals_hold_the_truth():
    rng = np.random.default_rng(2)
    intervals = [evaluation.bootstrap_interval(rng.random(150) < 0.7, draws=400, seed=i) for i in range(300)]
    assert 0.91 < np.mean([interval.low <= 0.7 <= interval.high for interval in intervals]) < 0.98


def test_rows_that_belong_together_are_drawn_together():
    rng = np.random.default_rng(3)
    groups = np.repeat(np.arange(40), 25)
    values = np.repeat(rng.random(40) < 0.5, 25)  # 1,000 rows that say only 40 things
    alone, together = (evaluation.bootstrap_interval(values, groups=g, draws=500) for g in (None, groups))
    assert together.value == alone.value
    assert together.high - together.low > 3 * (alone.high - alone.low)
    shuffled = rng.permutation(1000)
    again = evaluation.bootstrap_interval(values[shuffled], groups=groups[shuffled], draws=500)
    assert (again.low, again.high) == (together.low, together.high)


@pytest.mark.slow
def test_any_statistic_of_rows_will_do():
    rows = np.stack([np.arange(50), np.arange(50) % 7], axis=1)
    interval = evaluation.bootstrap_interval(
        rows, statistic=lambda drawn: metrics.accuracy_score(drawn[:, 0] % 7, drawn[:, 1])
    )
    assert (interval.value, interval.low, interval.high) == (1, 1, 1)


def test_intervals_that_cannot_be_are_refused():
    for values, options in (
        ([1.0], {}),
        (np.ones(5), {"level": 95}),
        (np.ones(5), {"groups": [0, 0, 1]}),
        (np.ones(5), {"groups": [0] * 5}),
    ):
        with pytest.raises(CourseError, match="expected a group for each value"):
            evaluation.bootstrap_interval(values, **options)
