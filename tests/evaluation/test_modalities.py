"""Whether a model uses its modalities, and where it looks: each figure equals that of a naive loop."""

import itertools

import numpy as np
import pytest

from course_utils import CourseError, evaluation


def random_model(seed, questions=()):
    """Logits of two modalities with an additive and an interacting part, some classes and samples."""
    rng = np.random.default_rng(seed)
    n, wide_a, wide_b, classes = (int(number) for number in rng.integers(2, 9, 4))
    from_a, from_b = rng.normal(size=(wide_a, classes)), rng.normal(size=(wide_b, classes))
    crossed = rng.normal(size=(wide_a, wide_b, classes))

    def predict(a, b, present):
        assert len(a) == len(b) == len(present)
        a, b = a * present[:, :1].reshape(-1, *[1] * (a.ndim - 1)), b * present[:, 1:]
        if questions:
            b = b[:, np.newaxis]
        both = (a[..., :, np.newaxis, np.newaxis] * b[..., np.newaxis, :, np.newaxis] * crossed).sum((-2, -3))
        return a @ from_a + b @ from_b + both

    a, b = rng.normal(size=(n, *questions, wide_a)), rng.normal(size=(n, wide_b))
    return predict, a, b, rng.integers(0, classes, (n, *questions))


@pytest.mark.parametrize("n", [2, 3, 10, 101])
def test_everybody_gets_another_sample_and_nobody_is_lost(n):
    for seed in range(20):
        others = evaluation.other_samples(n, seed)
        assert sorted(others) == list(range(n))
        assert (others != np.arange(n)).all()
    assert (evaluation.other_samples(n, 3) == evaluation.other_samples(n, 3)).all()
    with pytest.raises(CourseError, match="at least two"):
        evaluation.other_samples(1)


@pytest.mark.parametrize("questions", [(), (5,)])
@pytest.mark.parametrize("seed", range(8))
def test_ablations_are_those_of_a_loop_over_samples(seed, questions):
    predict, a, b, labels = random_model(seed, questions)
    right = evaluation.modality_ablations(predict, a, b, labels, seed=seed)
    others = evaluation.other_samples(len(a), seed)
    for i, label in enumerate(labels):
        other = others[i]
        cases = {
            "both": (a[i], b[i], [True, True]),
            "a shuffled": (a[other], b[i], [True, True]),
            "b shuffled": (a[i], b[other], [True, True]),
            "a zeroed": (0 * a[i], b[i], [True, True]),
            "b zeroed": (a[i], 0 * b[i], [True, True]),
            "a missing": (a[i], b[i], [False, True]),
            "b missing": (a[i], b[i], [True, False]),
        }
        assert cases.keys() == right.keys()
        for name, (of_a, of_b, present) in cases.items():
            answer = predict(of_a[np.newaxis], of_b[np.newaxis], np.array([present]))[0].argmax(axis=-1)
            np.testing.assert_array_equal(right[name][i], answer == label)


def test_a_model_that_reads_one_modality_suffers_from_the_loss_of_that_one_alone():
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 4, 400)
    a, b = np.eye(4)[labels], rng.normal(size=(400, 3))
    right = evaluation.modality_ablations(lambda a, b, present: a * present[:, :1], a, b, labels)
    assert all(right[name].all() for name in ("both", "b shuffled", "b zeroed", "b missing"))
    assert all(right[name].mean() < 0.35 for name in ("a shuffled", "a zeroed", "a missing"))


def test_samples_that_do_not_belong_together_are_refused():
    predict, a, b, labels = random_model(0)
    with pytest.raises(CourseError, match="the same number"):
        evaluation.modality_ablations(predict, a, b[1:], labels)
    with pytest.raises(CourseError, match="answers of shape"):
        evaluation.modality_ablations(predict, a, b, labels[:, np.newaxis])
    with pytest.raises(CourseError, match="at least one"):
        evaluation.emap(predict, a[:0], b[:0])


@pytest.mark.parametrize("questions", [(), (3,)])
@pytest.mark.parametrize("batch_size", [1, 7, 30, 10_000])
@pytest.mark.parametrize("seed", range(5))
def test_emap_is_that_of_two_loops_whatever_the_batch(seed, batch_size, questions):
    predict, a, b, _ = random_model(seed, questions)
    n = len(a)
    table = [
        [predict(a[i : i + 1], b[j : j + 1], np.ones((1, 2), bool))[0] for j in range(n)] for i in range(n)
    ]
    naive = [
        sum(table[i][j] for j in range(n)) / n
        + sum(table[j][i] for j in range(n)) / n
        - sum(table[j][k] for j in range(n) for k in range(n)) / n**2
        for i in range(n)
    ]
    np.testing.assert_allclose(evaluation.emap(predict, a, b, batch_size), naive, atol=1e-9)


def test_emap_gives_no_more_pairs_at_once_than_asked():
    sizes = []

    def predict(a, b, present):
        sizes.append(len(a))
        return np.zeros((len(a), 2))

    evaluation.emap(predict, np.zeros((50, 1)), np.zeros((50, 1)), batch_size=220)
    assert max(sizes) == 200
    assert sum(sizes) == 50**2


def test_emap_leaves_an_additive_model_alone_and_takes_an_exclusive_or_apart():
    def additive(a, b, present):
        return np.concatenate([a - b, np.sin(a) + 2 * b], axis=1)

    def parity(a, b, present):
        return np.concatenate([a * b, -a * b], axis=1)

    a, b = np.array([[1.0, 1.0, -1.0, -1.0], [1.0, -1.0, 1.0, -1.0]])[..., np.newaxis]
    np.testing.assert_allclose(evaluation.emap(additive, a, b), additive(a, b, None), atol=1e-12)
    np.testing.assert_allclose(evaluation.emap(parity, a, b), 0, atol=1e-12)


@pytest.mark.parametrize("seed", range(10))
def test_the_area_is_that_of_trapezoids_and_a_flat_curve_has_its_height(seed):
    rng = np.random.default_rng(seed)
    levels = np.cumsum(rng.uniform(0.1, 2, rng.integers(2, 9))) - 3
    scores = dict(zip(levels, rng.random(len(levels)), strict=True))
    curve = evaluation.noise_curve(scores.get, levels)
    np.testing.assert_array_equal(curve.scores, list(scores.values()))
    pairs = itertools.pairwise(levels)
    area = sum((scores[low] + scores[high]) / 2 * (high - low) for low, high in pairs)
    assert curve.area == pytest.approx(area / (levels[-1] - levels[0]))
    assert evaluation.noise_curve(lambda level: 0.7, levels).area == pytest.approx(0.7)


@pytest.mark.parametrize("levels", [[], [1.0], [0, 1, 1], [1, 0], [[0, 1]]])
def test_levels_that_do_not_rise_are_refused(levels):
    with pytest.raises(CourseError, match="levels are"):
        evaluation.noise_curve(lambda level: level, levels)


@pytest.mark.parametrize("seed", range(15))
def test_the_pointing_game_is_that_of_a_loop_over_cells(seed):
    rng = np.random.default_rng(seed)
    rows, columns = (int(number) for number in rng.integers(1, 9, 2))
    height, width = (int(number) for number in rng.integers(20, 200, 2))
    weights = rng.random((4, 3, rows * columns))
    corner = rng.uniform(0, 0.8, (4, 3, 2)) * (width, height)
    boxes = np.concatenate([corner, rng.uniform(0.1, 0.9, (4, 3, 2)) * (width, height)], axis=-1)
    hits, chance = evaluation.pointing_game(weights, boxes, (rows, columns), (height, width))
    for place in np.ndindex(4, 3):
        x, y, wide, high = boxes[place]
        inside = [
            x <= (column + 0.5) * width / columns < x + wide and y <= (row + 0.5) * height / rows < y + high
            for row in range(rows)
            for column in range(columns)
        ]
        assert hits[place] == inside[weights[place].argmax()]
        assert chance[place] == pytest.approx(sum(inside) / (rows * columns))


def test_a_finger_that_points_everywhere_scores_chance_and_one_at_the_object_one():
    boxes = np.array([[0, 0, 48, 48], [48, 16, 32, 64], [16, 16, 16, 16]])
    hits, chance = evaluation.pointing_game(np.full((3, 36), 1 / 36), boxes, (6, 6), (96, 96))
    np.testing.assert_allclose(hits, chance)
    np.testing.assert_allclose(chance, [9 / 36, 8 / 36, 1 / 36])
    sharp = np.zeros((3, 36))
    sharp[[0, 1, 2], [14, 10, 7]] = 1  # (row, column) (2, 2), (1, 4), (1, 1)
    np.testing.assert_array_equal(evaluation.pointing_game(sharp, boxes, (6, 6), (96, 96))[0], 1)


@pytest.mark.parametrize(
    ("weights", "boxes"), [((2, 35), (2, 4)), ((2, 36), (3, 4)), ((2, 36), (2, 2)), ((2, 4, 36), (2, 4))]
)
def test_attention_that_does_not_fit_the_grid_is_refused(weights, boxes):
    with pytest.raises(CourseError, match="grid of 6 × 6"):
        evaluation.pointing_game(np.zeros(weights), np.zeros(boxes), (6, 6), (96, 96))
