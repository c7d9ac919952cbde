"""Ranks, hubs and Winoground's scores equal naive loops; chance is what simulations find."""

import itertools

import numpy as np
import pytest

from course_utils import CourseError, evaluation


def random_case(seed):
    """Scores with many ties, and one to four right answers for every query."""
    rng = np.random.default_rng(seed)
    queries, gallery = (int(number) for number in rng.integers(2, 12, 2))
    scores = rng.integers(0, 6, (queries, gallery)) / 4
    right = np.zeros((queries, gallery), bool)
    for row in right:
        row[rng.choice(gallery, rng.integers(1, min(gallery, 4) + 1), replace=False)] = True
    return rng, scores, right


def naive_rank(scores, right):
    """Where the first right answer stands in a list sorted against the model: among equals, wrong first."""
    order = sorted(range(len(scores)), key=lambda item: (-scores[item], right[item]))
    return next(place for place, item in enumerate(order, 1) if right[item])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("seed", range(20))
def test_ranks_are_those_of_a_sorted_list(seed, dtype):
    _, scores, right = random_case(seed)
    scores = (4 * scores).astype(dtype) - dtype(9)
    expected = [naive_rank(*rows) for rows in zip(scores, right, strict=True)]
    np.testing.assert_array_equal(evaluation.ranks(scores, right), expected)


@pytest.mark.parametrize("seed", range(10))
def test_without_right_answers_given_they_are_on_the_diagonal(seed):
    scores = np.random.default_rng(seed).integers(0, 5, (7, 7)).astype(float)
    np.testing.assert_array_equal(evaluation.ranks(scores), evaluation.ranks(scores, np.eye(7, dtype=bool)))


def test_a_model_that_finds_all_alike_is_last_and_a_perfect_one_first():
    assert evaluation.ranks(np.ones((5, 5))).tolist() == [5] * 5
    assert evaluation.ranks(np.eye(5)).tolist() == [1] * 5
    # all are right: there is no wrong item to stand before them
    assert evaluation.ranks(np.ones((2, 3)), np.ones((2, 3), bool)).tolist() == [1, 1]


@pytest.mark.parametrize("seed", range(10))
def test_ranks_do_not_depend_on_the_order_of_the_gallery_or_on_scale(seed):
    rng, scores, right = random_case(seed)
    order = rng.permutation(scores.shape[1])
    expected = evaluation.ranks(scores, right)
    np.testing.assert_array_equal(evaluation.ranks(scores[:, order], right[:, order]), expected)
    np.testing.assert_array_equal(evaluation.ranks(np.exp(3 * scores), right), expected)


@pytest.mark.parametrize("seed", range(10))
def test_recall_and_median_are_those_of_a_list(seed):
    ranks = np.random.default_rng(seed).integers(1, 20, seed + 1)
    for k in (1, 5, 30):
        assert evaluation.recall_at(ranks, k) == sum(rank <= k for rank in ranks) / len(ranks)
    middle = sorted(ranks)[(len(ranks) - 1) // 2], sorted(ranks)[len(ranks) // 2]
    assert evaluation.median_rank(ranks) == sum(middle) / 2


# --- chance -------------------------------------------------------------------------------------------------


def all_orders(gallery, right):
    """The rank of the first right answer in every order of a gallery."""
    items = [True] * right + [False] * (gallery - right)
    return np.array([order.index(True) + 1 for order in itertools.permutations(items)])


@pytest.mark.parametrize(("gallery", "right"), [(1, 1), (2, 1), (5, 1), (6, 1), (6, 2), (7, 3), (4, 4)])
def test_chance_is_that_of_all_orders_of_the_gallery(gallery, right):
    ranks = all_orders(gallery, right)
    assert evaluation.chance_median_rank(gallery, right) == np.median(ranks)
    for k in range(1, gallery + 3):
        assert evaluation.chance_recall_at(k, gallery, right) == pytest.approx((ranks <= k).mean())


def test_chance_of_queries_with_different_numbers_of_answers_is_that_of_all_together():
    right = np.array([1, 1, 3, 6])
    ranks = np.concatenate([all_orders(7, number) for number in right])
    assert evaluation.chance_median_rank(7, right) == np.median(ranks)
    for k in (1, 3):
        assert evaluation.chance_recall_at(k, 7, right) == pytest.approx((ranks <= k).mean())


def test_chance_is_what_random_scores_reach():
    rng = np.random.default_rng(0)
    right = np.zeros((4000, 60), bool)
    right[np.arange(4000), rng.integers(0, 60, 4000)] = True
    right[::2, :5] = True
    ranks, numbers = evaluation.ranks(rng.random(right.shape), right), right.sum(axis=1)
    assert evaluation.median_rank(ranks) == pytest.approx(
        evaluation.chance_median_rank(60, numbers), abs=1.01
    )
    for k in (1, 5, 10):
        chance = evaluation.chance_recall_at(k, 60, numbers)
        deviation = np.sqrt(chance * (1 - chance) / 4000)
        assert abs(evaluation.recall_at(ranks, k) - chance) < 4 * deviation


@pytest.mark.parametrize("gallery", [1, 2, 9, 200, 5000])
def test_chance_with_one_answer_is_simple(gallery):
    assert evaluation.chance_median_rank(gallery) == (gallery + 1) / 2
    assert evaluation.chance_recall_at(1, gallery) == pytest.approx(1 / gallery)
    assert evaluation.chance_recall_at(10, gallery) == pytest.approx(min(1, 10 / gallery))


# --- hubs ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(15))
def test_counts_and_skewness_are_those_of_a_loop(seed):
    from scipy import stats

    rng, scores, _ = random_case(seed)
    k = int(rng.integers(1, scores.shape[1]))
    expected = np.zeros(scores.shape[1], int)
    for row in scores:
        for item, score in enumerate(row):
            expected[item] += sum(row > score) < k
    found = evaluation.hubness(scores, k)
    np.testing.assert_array_equal(found.counts, expected)
    if len(set(expected)) > 1:
        assert found.skewness == pytest.approx(stats.skew(expected))


def test_an_item_that_is_near_to_all_is_a_hub_and_equals_are_none():
    scores = np.random.default_rng(0).random((300, 100))
    fair = evaluation.hubness(scores, 5)
    scores[:, 17] += 1
    hub = evaluation.hubness(scores, 5)
    assert hub.counts.argmax() == 17
    assert hub.counts[17] == 300
    assert hub.skewness > 5 > 1 > fair.skewness
    assert evaluation.hubness(np.ones((4, 6)), 2).skewness == 0


def test_hubs_come_with_the_dimensions():
    rng = np.random.default_rng(0)
    skewness = []
    for dim in (2, 100):
        points = rng.normal(size=(400, dim))
        distances = ((points[:100, np.newaxis] - points[100:]) ** 2).sum(axis=-1)
        skewness.append(evaluation.hubness(-distances, 10).skewness)
    assert skewness[1] > skewness[0] + 1


def test_chance_skewness_is_that_of_random_neighbours():
    rng = np.random.default_rng(1)
    found = evaluation.hubness(rng.random((40, 20_000)), 100)
    assert found.chance > 1
    assert found.skewness == pytest.approx(found.chance, abs=0.1)


# --- Winoground ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("scores", "right"),
    [
        ([[2, 1], [1, 2]], (True, True, True)),
        ([[1, 2], [2, 1]], (False, False, False)),
        ([[1, 1], [1, 1]], (False, False, False)),  # a bag of words
        ([[3, 1], [1, 1]], (False, False, False)),  # the second pair is tied
        ([[4, 6], [3, 8]], (True, False, False)),  # picture 1 outdoes picture 0 for both captions
        ([[4, 3], [6, 8]], (False, True, False)),  # caption 1 outdoes caption 0 for both pictures
        ([[1, 0], [0, -5]], (False, False, False)),
    ],
)
def test_winoground_by_its_definition(scores, right):
    (c0_p0, c0_p1), (c1_p0, c1_p1) = scores
    text = c0_p0 > c1_p0 and c1_p1 > c0_p1
    image = c0_p0 > c0_p1 and c1_p1 > c1_p0
    assert (text, image, text and image) == right
    found = evaluation.winoground(np.array([scores, scores]))
    assert {name: values.tolist() for name, values in found.items()} == {
        name: [value] * 2 for name, value in zip(("text", "image", "group"), right, strict=True)
    }


def test_winoground_chance_is_that_of_all_orders_and_of_random_scores():
    orders = np.array(list(itertools.permutations(range(4)))).reshape(-1, 2, 2)
    drawn = np.random.default_rng(0).normal(size=(20_000, 2, 2))
    assert evaluation.winoground(orders).keys() == evaluation.WINOGROUND_CHANCE.keys()
    for name, chance in evaluation.WINOGROUND_CHANCE.items():
        assert evaluation.winoground(orders)[name].mean() == pytest.approx(chance)
        assert evaluation.winoground(drawn)[name].mean() == pytest.approx(chance, abs=0.015)


# --- what is refused ----------------------------------------------------------------------------------------

BROKEN = np.array([[0.1, np.nan], [0.3, 0.4]])
SCORES = np.arange(12.0).reshape(3, 4)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: evaluation.ranks(BROKEN), "scores holds values that are not finite"),
        (lambda: evaluation.ranks(np.array([[np.inf, 0], [0, 1]])), "not finite"),
        (lambda: evaluation.ranks(SCORES.tolist(), np.eye(3)), "expected a NumPy array"),
        (lambda: evaluation.ranks(SCORES), r"shape \(3, 4\) and right is None; expected a square table"),
        (lambda: evaluation.ranks(SCORES, np.eye(3, dtype=bool)), r"right has shape \(3, 3\)"),
        (lambda: evaluation.ranks(SCORES, np.eye(3, 4)), "right .* float64"),
        (lambda: evaluation.ranks(SCORES, SCORES > 5), "1 of 3 queries have no right answer.*query 0"),
        (lambda: evaluation.ranks(SCORES[:0]), "empty"),
        (lambda: evaluation.recall_at(np.array([1, 2]), 0), "k is 0"),
        (lambda: evaluation.recall_at(np.array([]), 1), "ranks has"),
        (lambda: evaluation.median_rank(SCORES), "ranks has"),
        (lambda: evaluation.chance_recall_at(1, 0), "gallery is 0"),
        (lambda: evaluation.chance_recall_at(1, 5, 6), "right is from 6 to 6; expected 1 to 5"),
        (lambda: evaluation.chance_median_rank(5, np.array([0, 1])), "right is from 0 to 1"),
        (lambda: evaluation.chance_median_rank(5, 1.5), "right has"),
        (lambda: evaluation.hubness(BROKEN, 1), "not finite"),
        (lambda: evaluation.hubness(SCORES, 4), "k is 4: expected a whole number from 1 to 3"),
        (lambda: evaluation.winoground(SCORES), r"expected .*\(n, 2, 2\)"),
        (lambda: evaluation.winoground(np.full((1, 2, 2), np.nan)), "not finite"),
    ],
)
def test_what_cannot_be_counted_is_refused(call, message):
    with pytest.raises(CourseError, match=message):
        call()
