"""CTC against all paths written out, `keras.ops.ctc_loss`, finite differences and every possible reading."""

import itertools
import math

import numpy as np
import pytest

from course_utils import CourseError, runtime

runtime.start()

from keras import ops  # noqa: E402

from course_utils.generation import ctc  # noqa: E402
from tests import backend  # noqa: E402


def log_softmax(logits):
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def table(seed, frames, letters, sharpness=1.5):
    return log_softmax(np.random.default_rng(seed).normal(0, sharpness, (frames, letters)))


def labels_at_random(rng, longest, letters, blank):
    return rng.choice([letter for letter in range(letters) if letter != blank], rng.integers(0, longest + 1))


def every_path(frames, letters):
    return np.array([*itertools.product(range(letters), repeat=frames)])


def read(path, blank):
    """Letter by letter: one counts if it is no blank and not the one before it going on."""
    labels, before = [], None
    for letter in path:
        if letter not in (before, blank):
            labels.append(int(letter))
        before = letter
    return tuple(labels)


def every_reading(log_probabilities, blank):
    """Labels → log Σ p of all paths that read so."""
    frames, letters = log_probabilities.shape
    readings = {}
    for path in every_path(frames, letters):
        log_p = log_probabilities[np.arange(frames), path].sum()
        labels = read(path, blank)
        readings[labels] = np.logaddexp(readings.get(labels, -np.inf), log_p)
    return readings


SMALL = [
    (seed, frames, letters, seed % letters)
    for seed, (frames, letters) in enumerate(
        [(1, 2), (2, 3), (3, 2), (4, 3), (5, 3), (6, 3), (4, 4), (6, 2), (1, 4)]
    )
]


# Paths


def test_paths_are_read_as_the_paper_says():
    assert ctc.collapse([0, 1, 1, 0, 0, 2, 2], blank=0) == (1, 2)
    assert ctc.collapse([1, 1, 0, 1], blank=0) == (1, 1)
    assert ctc.collapse([2, 0, 0, 2, 1], blank=2) == (0, 1)
    assert ctc.collapse([3, 3], blank=3) == ctc.collapse([], blank=3) == ()
    assert ctc.collapse(np.array([1, 0]), blank=0) == (1,)
    for blank in range(3):
        for path in every_path(5, 3):
            assert ctc.collapse(path, blank) == read(path, blank)


@pytest.mark.parametrize("blank", [0, 1, 3])
@pytest.mark.parametrize("frames", [1, 2, 4, 6])
def test_every_path_is_written_out_once(frames, blank):
    letters = 4
    expected = {}
    for path in every_path(frames, letters):
        expected.setdefault(read(path, blank), set()).add(tuple(path.tolist()))
    for length in range(4):
        for labels in itertools.product(
            [letter for letter in range(letters) if letter != blank], repeat=length
        ):
            found = ctc.all_alignments(labels, frames, blank)
            assert found.shape == (ctc.count_alignments(labels, frames), frames)
            assert set(map(tuple, found.tolist())) == expected.get(labels, set())
            assert len(found) == len(expected.get(labels, ()))
            assert (ctc.frames_needed(labels) <= frames) == (len(found) > 0)


def test_paths_are_counted_without_being_written_out():
    assert ctc.count_alignments([1, 2], 100) == math.comb(102, 4)
    assert ctc.count_alignments([1, 1], 2) == 0
    assert ctc.frames_needed([1, 1, 2, 2, 2]) == 8 and ctc.frames_needed([]) == 0
    assert len(ctc.all_alignments([1, 2] * 20, 40, 0)) == 1  # one walk, and no dead end is followed for long
    with pytest.raises(CourseError, match=r"2 labels have 4,249,575 paths of 100 frames; expected 100,000"):
        ctc.all_alignments([1, 2], 100, 0)


# The sum


@pytest.mark.parametrize(("seed", "frames", "letters", "blank"), SMALL)
def test_the_sum_is_that_over_all_paths(seed, frames, letters, blank):
    known = table(seed, frames, letters)
    readings = every_reading(known, blank)
    for labels, log_p in readings.items():
        assert ctc.ctc_log_probability(known, labels, blank) == pytest.approx(log_p)
        paths = ctc.all_alignments(labels, frames, blank)
        by_hand = known[np.arange(frames), paths].sum(axis=1)
        assert np.logaddexp.reduce(by_hand) == pytest.approx(log_p)
    assert sum(map(math.exp, readings.values())) == pytest.approx(1)


@pytest.mark.parametrize(("seed", "frames", "letters", "blank"), SMALL)
def test_texts_together_have_the_sums_that_each_has_alone(seed, frames, letters, blank):
    known = table(seed, frames, letters)
    texts = [*every_reading(known, blank), [letter for letter in range(letters) if letter != blank] * 9]
    together = ctc.ctc_log_probabilities(known, texts, blank)
    assert together.dtype == np.float64 and together[-1] == -math.inf, "too few frames"
    np.testing.assert_allclose(together, [ctc.ctc_log_probability(known, text, blank) for text in texts])


def test_texts_that_cannot_be_asked_for():
    known = table(0, 4, 3)
    with pytest.raises(CourseError, match="texts is empty"):
        ctc.ctc_log_probabilities(known, [], 0)
    with pytest.raises(CourseError, match=r"labels\[1\] is 0, the blank"):
        ctc.ctc_log_probabilities(known, [[1], [1, 0]], 0)


def test_what_no_path_reads_has_probability_0():
    known = table(0, 4, 3)
    for labels in ([1, 2, 1, 2, 1], [1, 1, 1], [2, 2, 1, 1]):
        assert ctc.ctc_log_probability(known, labels, 0) == -math.inf
    assert ctc.ctc_log_probability(known, [1, 1, 2], 0) > -math.inf
    assert ctc.ctc_log_probability(known, [], 0) == pytest.approx(known[:, 0].sum())
    assert ctc.ctc_log_probability(known, [], 2) == pytest.approx(known[:, 2].sum())


def test_a_probability_of_0_is_one():
    with np.errstate(divide="ignore"):
        known = np.log(np.array([[0, 1, 0], [0.5, 0.5, 0], [0, 0.5, 0.5]]))
    readings = {(1,): 1 / 4, (1, 1): 1 / 4, (1, 2): 1 / 2, (2,): 0, (): 0}
    for labels, probability in readings.items():
        assert math.exp(ctc.ctc_log_probability(known, labels, 0)) == pytest.approx(probability)
    np.testing.assert_allclose(ctc.ctc_posteriors(known, [1, 1], 0), np.eye(3)[[1, 0, 1]])
    assert ctc.best_alignment(known, [1, 1], 0).path.tolist() == [1, 0, 1]
    assert {found.labels for found in ctc.prefix_beam_search(known, blank=0, width=9)} == {
        labels for labels, probability in readings.items() if probability
    }


def test_long_sequences_do_not_vanish():
    known = table(1, 500, 30).astype(np.float32)
    labels = np.random.default_rng(1).integers(1, 30, 100)
    log_p = ctc.ctc_log_probability(known, labels, 0)
    assert -np.inf < log_p < -745, "exp of it is 0"
    assert ctc.best_alignment(known, labels, 0).log_probability < log_p
    np.testing.assert_allclose(ctc.ctc_posteriors(known, labels, 0).sum(axis=1), 1)


# The gradient


@pytest.mark.parametrize(("seed", "frames", "letters", "blank"), SMALL)
def test_posteriors_count_the_paths_that_say_it(seed, frames, letters, blank):
    known = table(seed, frames, letters)
    for labels in every_reading(known, blank):
        paths = ctc.all_alignments(labels, frames, blank)
        weights = np.exp(known[np.arange(frames), paths].sum(axis=1))
        said = (paths[..., np.newaxis] == np.arange(letters)).T @ weights / weights.sum()
        found = ctc.ctc_posteriors(known, labels, blank)
        np.testing.assert_allclose(found, said.T, atol=1e-12)
        np.testing.assert_allclose(found.sum(axis=1), 1)


@pytest.mark.parametrize("seed", range(5))
def test_the_gradient_is_that_of_finite_differences(seed):
    rng = np.random.default_rng(seed)
    frames, letters, blank, step = 7, 4, int(rng.integers(4)), 1e-5
    logits, labels = rng.normal(size=(frames, letters)), labels_at_random(rng, 3, letters, blank)

    def loss(logits):
        return -ctc.ctc_log_probability(log_softmax(logits), labels, blank)

    found = np.exp(log_softmax(logits)) - ctc.ctc_posteriors(log_softmax(logits), labels, blank)
    for place in np.ndindex(logits.shape):
        moved = np.zeros_like(logits)
        moved[place] = step
        assert found[place] == pytest.approx(
            (loss(logits + moved) - loss(logits - moved)) / (2 * step), abs=1e-8
        )


# Keras


def keras_loss(labels, logits, label_lengths, frames, blank):
    """Its loss (batch,) and the gradient with respect to the logits."""
    return backend.value_and_gradient(
        lambda rows: ops.ctc_loss(
            labels, rows, label_lengths, np.asarray(frames, np.int32), mask_index=blank
        ),
        np.asarray(logits, np.float32),
    )


# From where to where the loss of labels lies that have no room in their frames.
IMPOSSIBLE = {"tensorflow": (690, 760), "jax": (9e4, 1e6), "torch": (math.inf, math.inf)}


@pytest.mark.parametrize("blank", [0, 2, 4])
def test_keras_computes_the_same_with_true_lengths(blank):
    rng = np.random.default_rng(blank)
    batch, longest, letters = 200, 14, 5
    logits = rng.normal(0, 2, (batch, longest, letters)).astype(np.float32)
    frames = rng.integers(1, longest + 1, batch)
    rows = [labels_at_random(rng, 6, letters, blank) for _ in range(batch)]
    labels, lengths = ctc.pad_labels(rows)
    labels[np.arange(labels.shape[1]) >= lengths[:, np.newaxis]] = rng.integers(letters)  # does not count
    losses, gradients = keras_loss(labels, logits, lengths, frames, blank)
    possible = np.array([ctc.frames_needed(row) for row in rows]) <= frames
    assert 20 < (~possible).sum() < 100 and (lengths == 0).sum() > 10
    assert sum(ctc.frames_needed(row) > len(row) for row in rows) > 50
    for i in range(batch):
        known = log_softmax(logits[i, : frames[i]].astype(np.float64))
        if possible[i]:
            assert losses[i] == pytest.approx(-ctc.ctc_log_probability(known, rows[i], blank), abs=1e-4)
            expected = np.exp(known) - ctc.ctc_posteriors(known, rows[i], blank)
            np.testing.assert_allclose(gradients[i, : frames[i]], expected, atol=1e-4)
            assert not gradients[i, frames[i] :].any()
        else:
            assert ctc.ctc_log_probability(known, rows[i], blank) == -math.inf
            least, most = IMPOSSIBLE[backend.BACKEND]
            assert least <= losses[i] <= most
            assert backend.BACKEND == "torch" or (np.isfinite(gradients[i]).all() and gradients[i].any())


@backend.of_tensorflow
def test_what_keras_lets_pass_is_as_documented():
    known = table(0, 4, 3)[np.newaxis].astype(np.float32)

    def loss(labels, length, frames=4, blank=0):
        return float(
            keras_loss(np.array([labels], np.int32), known, np.array([length]), [frames], blank)[0][0]
        )

    for labels, length in (
        ([1, 0, 2], 3),
        ([1, 7], 2),
        ([1, 2], 3),
    ):  # the blank, no letter, beyond the array
        assert math.isfinite(loss(labels, length))
        with pytest.raises(CourseError):
            ctc.ctc_log_probability(known[0], [*labels, 7][:length], 0)
    silence = -known[0, :, 0].sum()
    assert loss([0], 0) == pytest.approx(silence, abs=1e-5)
    assert loss([], 0) == pytest.approx(silence - math.log(2), abs=1e-5)
    assert loss([1, 0], 2, blank=-1) == loss([1, 0], 2, blank=2)
    assert loss([1, 2, 1], 3, frames=2) > 700


def test_sequences_are_padded_with_at_least_one_column():
    labels, lengths = ctc.pad_labels([[3, 1, 2], [], (4,)])
    assert labels.tolist() == [[3, 1, 2], [0, 0, 0], [4, 0, 0]] and lengths.tolist() == [3, 0, 1]
    assert labels.dtype == lengths.dtype == np.int32
    assert ctc.pad_labels([[], []])[0].shape == (2, 1)


# The best path


@pytest.mark.parametrize(("seed", "frames", "letters", "blank"), SMALL)
def test_the_best_path_is_the_best_of_all(seed, frames, letters, blank):
    known = table(seed, frames, letters)
    for labels in every_reading(known, blank):
        paths = ctc.all_alignments(labels, frames, blank)
        scores = known[np.arange(frames), paths].sum(axis=1)
        found = ctc.best_alignment(known, labels, blank)
        assert found.path.tolist() == paths[scores.argmax()].tolist()
        assert found.log_probability == pytest.approx(scores.max())
        assert ((found.places == -1) == (found.path == blank)).all()
        said = found.places[found.places >= 0]
        assert (np.diff(said) >= 0).all() and {*said.tolist()} == {*range(len(labels))}
        assert [labels[place] for place in said] == found.path[found.places >= 0].tolist()


def test_equal_letters_keep_their_places_and_equal_paths_begin_early():
    known = np.full((6, 3), -math.log(3))
    path, places, log_probability = ctc.best_alignment(known, [1, 1, 2], 0)
    assert path.tolist() == [1, 0, 1, 2, 0, 0] and places.tolist() == [0, -1, 1, 2, -1, -1]
    assert log_probability == pytest.approx(-6 * math.log(3))
    assert ctc.best_alignment(known, [], 0).places.tolist() == [-1] * 6


# Decoding


def test_greedy_reads_the_likeliest_path_of_the_true_frames():
    rng = np.random.default_rng(0)
    known, lengths = log_softmax(rng.normal(size=(20, 9, 4))), rng.integers(1, 10, 20)
    for blank in (0, 3):
        found = ctc.greedy_ctc(known, lengths, blank)
        assert found == [
            read(rows[:length].argmax(axis=1), blank) for rows, length in zip(known, lengths, strict=True)
        ]
    padded = known.copy()
    padded[np.arange(9) >= lengths[:, np.newaxis]] = 99
    assert ctc.greedy_ctc(padded, lengths, 3) == found
    assert ctc.greedy_ctc(np.full((1, 4, 2), -math.log(2)), [4], 1) == [(0,)], "of equal ones the first"


@pytest.mark.parametrize(("seed", "frames", "letters", "blank"), SMALL)
def test_a_beam_wide_enough_has_read_everything(seed, frames, letters, blank):
    known = table(seed, frames, letters)
    readings = every_reading(known, blank)
    found = ctc.prefix_beam_search(known, blank=blank, width=letters**frames)
    assert [labels for labels, _, _ in found] == sorted(readings, key=readings.get, reverse=True)
    for labels, log_probability, score in found:
        assert score == log_probability == pytest.approx(readings[labels])


class Grammar:
    """A language model whose answer is drawn anew for every beginning."""

    def __init__(self, seed, letters):
        self.seed, self.letters, self.asked = seed, letters, []

    def __call__(self, labels):
        self.asked.append(labels)
        return log_softmax(np.random.default_rng((self.seed, *labels)).normal(0, 2, self.letters + 1))

    def log_probability(self, labels):
        steps = [self(labels[:place])[letter] for place, letter in enumerate(labels)]
        return sum(steps) + self(labels)[-1]


@pytest.mark.parametrize(("seed", "frames", "letters", "blank"), SMALL)
@pytest.mark.parametrize(("weight", "insertion"), [(0.7, 0.0), (1.0, 1.5), (0.0, -0.8)])
def test_with_a_language_model_it_has_ranked_everything(seed, frames, letters, blank, weight, insertion):
    known, model = table(seed, frames, letters), Grammar(seed, letters)
    readings = every_reading(known, blank)
    scores = {
        labels: log_p + weight * model.log_probability(labels) + insertion * len(labels)
        for labels, log_p in readings.items()
    }
    model.asked.clear()
    found = ctc.prefix_beam_search(
        known,
        blank=blank,
        width=letters**frames,
        language_model=model,
        weight=weight,
        insertion=insertion,
    )
    assert len(model.asked) == len(set(model.asked)) and (weight > 0 or not model.asked)
    assert [hypothesis.labels for hypothesis in found] == sorted(scores, key=scores.get, reverse=True)
    for labels, log_probability, score in found:
        assert log_probability == pytest.approx(readings[labels])
        assert score == pytest.approx(scores[labels])


def test_the_likeliest_path_is_not_always_that_of_the_likeliest_reading():
    known = np.log(np.array([[0.6, 0.4], [0.6, 0.4]]))
    assert ctc.greedy_ctc(known[np.newaxis], [2], 0) == [()]
    best, second = ctc.prefix_beam_search(known, blank=0, width=2)
    assert best.labels == (1,) and math.exp(best.log_probability) == pytest.approx(0.64)
    assert second.labels == () and math.exp(second.log_probability) == pytest.approx(0.36)


def test_beams_find_likelier_readings_than_greedy_and_never_promise_too_much():
    n, frames, letters = 40, 10, 4
    mean = {width: [] for width in ("greedy", 1, 3, 9)}
    for seed in range(n):
        known = table(seed, frames, letters, sharpness=1)
        readings = {"greedy": ctc.greedy_ctc(known[np.newaxis], [frames], 0)[0]}
        for width in (1, 3, 9):
            found = ctc.prefix_beam_search(known, blank=0, width=width)
            assert len(found) == len({hypothesis.labels for hypothesis in found}) == width
            assert [*found] == sorted(found, key=lambda hypothesis: -hypothesis.score)
            exact = [ctc.ctc_log_probability(known, hypothesis.labels, 0) for hypothesis in found]
            assert all(h.log_probability <= log_p + 1e-9 for h, log_p in zip(found, exact, strict=True))
            readings[width] = found[0].labels
        for name, labels in readings.items():
            mean[name].append(ctc.ctc_log_probability(known, labels, 0))
    means = [np.mean(mean[name]) for name in ("greedy", 1, 3, 9)]
    assert means[0] < means[2] - 0.05 and means[2] <= means[3], means


def test_equal_readings_come_in_the_same_order_every_time():
    known = np.full((3, 4), -math.log(4))
    found = ctc.prefix_beam_search(known, blank=1, width=5)
    assert found == ctc.prefix_beam_search(known, blank=1, width=5)
    assert [hypothesis.labels for hypothesis in found] == [(0,), (2,), (3,), (0, 2), (0, 3)]


def test_what_the_language_model_rules_out_is_not_found():
    with np.errstate(divide="ignore"):
        heard, allowed = np.log([[0, 1.0, 0], [0.5, 0.25, 0.25]]), np.log([1, 0, 0.5, 0.5])
    options = {"blank": 0, "width": 5, "language_model": lambda labels: allowed, "weight": 1.0}
    with pytest.raises(CourseError, match="probability 0 to all that these frames may say"):
        ctc.prefix_beam_search(heard, **options)
    found = ctc.prefix_beam_search(heard[:, [0, 2, 1]], **options)
    assert [hypothesis.labels for hypothesis in found] == [(2,)]
    assert math.exp(found[0].score) == pytest.approx(0.75 * 0.5 * 0.5)


def test_a_language_model_corrects_what_the_ear_leaves_open():
    letters = "-abt"
    model = ctc.BigramModel(["bat", "bat", "tab"], letters, blank=0, k=0.1)
    heard = np.log(np.array([[0.1, 0.1, 0.4, 0.4], [0.1, 0.7, 0.1, 0.1], [0.1, 0.1, 0.41, 0.39]]))

    def best(**options):
        found = ctc.prefix_beam_search(heard, blank=0, width=20, **options)[0]
        return "".join(letters[label] for label in found.labels)

    assert best() == "bab"
    assert best(language_model=model, weight=1.0) == "bat"
    assert best(language_model=model, weight=1.0, insertion=-9) == ""
    assert len(best(insertion=9)) == 3


# The language model


def test_pairs_are_counted_from_the_start_to_the_end():
    model = ctc.BigramModel(["ab", "b", ""], "a_b", blank=1, k=0.5)
    # rows and columns: a, blank, b, start or end
    counts = np.array([[0, 0, 1, 0], [0, 0, 0, 0], [0, 0, 0, 2], [1, 0, 1, 1]]) + 0.5
    counts[:, 1] = 0
    np.testing.assert_allclose(np.exp(model.log_probabilities), counts / counts.sum(axis=1, keepdims=True))
    np.testing.assert_array_equal(model(()), model.log_probabilities[3])
    np.testing.assert_array_equal(model((2, 0)), model.log_probabilities[0])
    assert model.log_probability("ab") == pytest.approx(math.log(1.5 / 4.5 * 1.5 / 2.5 * 2.5 / 3.5))
    assert model.log_probability("") == pytest.approx(math.log(1.5 / 4.5))


def test_all_texts_together_are_certain():
    model = ctc.BigramModel(["bab", "abba"], ["", "a", "b"], blank=0, k=0.01)
    total = sum(
        math.exp(model.log_probability("".join(text)))
        for length in range(12)
        for text in itertools.product("ab", repeat=length)
    )
    assert 0.9 < total < 1
    assert model.log_probability("ab") > model.log_probability("aa")


def test_a_list_of_words_goes_on_with_nothing_else():
    letters = "- abc"
    model = ctc.WordList(["ab", "abc", "c"], letters, blank=0, stray=1e-6)

    def after(said):
        following = np.exp(model(tuple(letters.index(letter) for letter in said)))
        return {sign: share for sign, share in zip([*letters, "end"], following, strict=True) if share > 1e-5}

    assert after("") == after("ab ") == pytest.approx({"a": 1 / 2, "c": 1 / 2})
    assert after("a") == pytest.approx({"b": 1})
    assert after("c ab") == pytest.approx({"c": 1 / 3, " ": 1 / 3, "end": 1 / 3})
    assert after("c") == after("abc") == pytest.approx({" ": 1 / 2, "end": 1 / 2})
    assert after("b") == {}


def test_who_knows_the_words_hears_words():
    rng, letters, words = np.random.default_rng(5), "- abc", ["ab", "bca", "c"]
    model = ctc.WordList(words, letters, blank=0)
    for _ in range(30):
        heard = log_softmax(rng.normal(0, 2, (rng.integers(1, 12), 5)))
        found = ctc.prefix_beam_search(heard, blank=0, width=60, language_model=model, weight=1.0)[0]
        said = "".join(letters[label] for label in found.labels).split(" ")
        assert set(said) <= {*words}


# Errors

LOGITS = np.random.default_rng(0).normal(0, 3, (4, 3))
KNOWN = log_softmax(LOGITS)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"log_probabilities": LOGITS}, r"the probabilities of frame \d sum to .*log_softmax"),
        ({"log_probabilities": np.exp(KNOWN)}, r"sum to .*expected 1.*probabilities by `np.log`"),
        ({"log_probabilities": KNOWN.tolist()}, "of type list: expected a NumPy array"),
        ({"log_probabilities": KNOWN[np.newaxis]}, r"shape \(1, 4, 3\).*shape \(frames, letters\)"),
        ({"log_probabilities": np.full((4, 3), np.nan)}, "not finite"),
        ({"log_probabilities": np.full((4, 3), np.inf)}, "not finite"),
        ({"log_probabilities": KNOWN[:0]}, "empty"),
        ({"blank": 3}, "blank is 3: expected a whole number from 0 to 2"),
        ({"blank": -1}, "blank is -1"),
        ({"labels": [1, 0, 2]}, r"labels\[1\] is 0, the blank"),
        ({"labels": [3]}, "an item of labels is 3: expected a whole number from 0 to 2"),
        ({"labels": [1.0]}, "an item of labels is 1.0"),
        ({"labels": "ab"}, "labels is 'ab': expected a list of whole numbers"),
    ],
)
@pytest.mark.parametrize("function", [ctc.ctc_log_probability, ctc.ctc_posteriors, ctc.best_alignment])
def test_what_does_not_fit_is_named(function, arguments, message):
    with pytest.raises(CourseError, match=message):
        function(**{"log_probabilities": KNOWN, "labels": [1, 2], "blank": 0, **arguments})


@pytest.mark.parametrize("function", [ctc.ctc_posteriors, ctc.best_alignment])
def test_where_no_path_is_none_is_best(function):
    with pytest.raises(CourseError, match=r"no path of 4 frames reads \[1, 1, 1\], which needs 5 of them"):
        function(KNOWN, [1, 1, 1], 0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"log_probabilities": LOGITS}, "log_softmax"),
        ({"blank": 3}, "blank is 3"),
        ({"width": 0}, "width is 0"),
        ({"weight": -1}, "weight is -1"),
        ({"weight": 1}, "weight is 1.0 and language_model is None"),
        ({"insertion": math.nan}, "insertion is nan"),
        ({"weight": 1, "language_model": lambda labels: np.zeros(3)}, r"shape \(3,\), after labels \(\)"),
        (
            {"weight": 1, "language_model": lambda labels: np.full(4, np.nan)},
            r"expected log-probabilities \(4,",
        ),
        ({"weight": 1, "language_model": lambda labels: np.ones(4)}, "expected log-probabilities"),
        ({"weight": 1, "language_model": lambda labels: np.full(4, -np.inf)}, "probability 0 to all"),
    ],
)
def test_a_search_names_what_is_wrong(arguments, message):
    with pytest.raises(CourseError, match=message):
        ctc.prefix_beam_search(**{"log_probabilities": KNOWN, "blank": 0, "width": 3, **arguments})


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: ctc.collapse("aab", 0), "path is 'aab'"),
        (lambda: ctc.collapse([-1], 0), "an item of path is -1"),
        (lambda: ctc.count_alignments([1], 0), "frames is 0"),
        (lambda: ctc.all_alignments([1, 0], 3, 0), r"labels\[1\] is 0, the blank"),
        (lambda: ctc.pad_labels([]), "sequences is empty"),
        (lambda: ctc.pad_labels([1, 2]), "an item of sequences is 1: expected a list"),
        (lambda: ctc.greedy_ctc(KNOWN, [4], 0), r"have shape \(4, 3\) and lengths \(1,\)"),
        (lambda: ctc.greedy_ctc(KNOWN[np.newaxis], [5], 0), "an item of lengths is 5"),
        (lambda: ctc.greedy_ctc(KNOWN[np.newaxis], [4, 4], 0), r"lengths \(2,\)"),
        (lambda: ctc.greedy_ctc(LOGITS[np.newaxis], [4], 0), "log_softmax"),
        (lambda: ctc.BigramModel(["ab"], "-ab", blank=3), "blank is 3"),
        (lambda: ctc.BigramModel(["ab"], "-aab", blank=0), "none twice"),
        (lambda: ctc.BigramModel(["ab"], ["-", "a", "bc"], blank=0), "signs of one character"),
        (lambda: ctc.BigramModel(["abc"], "-ab", blank=0), "the text 'abc' holds 'c'; expected only 'ab'"),
        (lambda: ctc.BigramModel(["a-b"], "-ab", blank=0), "holds '-'"),
        (lambda: ctc.BigramModel("ab", "-ab", blank=0), "texts is 'ab': expected a list"),
        (lambda: ctc.BigramModel(["ab"], "-ab", blank=0, k=0), "k is 0"),
        (lambda: ctc.BigramModel(["ab"], "-ab", blank=0).log_probability("ac"), "holds 'c'"),
        (lambda: ctc.WordList(["ab"], "-ab", blank=0), "a space among the letters"),
        (lambda: ctc.WordList(["a b"], "- ab", blank=0), "without spaces"),
        (lambda: ctc.WordList(["ad"], "- ab", blank=0), r"words are \['ad'\].*of these letters"),
        (lambda: ctc.WordList([], "- ab", blank=0), r"words are \[\]"),
        (lambda: ctc.WordList(["a", ""], "- ab", blank=0), "words are"),
        (lambda: ctc.WordList(["a"], "- ab", blank=0, stray=0), "stray is 0"),
    ],
)
def test_everything_else_that_is_wrong_is_named(call, message):
    with pytest.raises(CourseError, match=message):
        call()
