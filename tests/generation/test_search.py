"""Searches against what can be known: everything tried out, the softmax, and tokens that must not come."""

import itertools
import math

import numpy as np
import pytest

from course_utils import CourseError, runtime

runtime.start()

from course_utils.generation import decoder, search  # noqa: E402 - Keras is loaded quietly by the line above
from course_utils.training import softmax  # noqa: E402

START, END = 1, 2


class Table:
    """A model whose logits of the next token are random numbers for every beginning of a sentence.

    Its state is the beginning itself, an array (rows, longest), and how much of it is filled.
    """

    def __init__(self, seed, vocabulary=5, sharpness=1.5, longest=8):
        self.seed, self.vocabulary, self.sharpness, self.longest = seed, vocabulary, sharpness, longest
        self.known = {}

    def start(self, sentences):
        """The state of sentences, each of which has its own table."""
        names = np.asarray(sentences)[:, np.newaxis]
        return {
            "name": names,
            "words": (np.zeros((len(names), self.longest), int), np.zeros(len(names), int)),
        }

    def logits(self, name, words):
        key = (self.seed, int(name), *words)
        if key not in self.known:
            self.known[key] = np.random.default_rng(key).normal(0, self.sharpness, self.vocabulary)
        return self.known[key]

    def step(self, tokens, state):
        words, filled = state["words"]
        words = np.where(np.arange(self.longest) == filled[:, np.newaxis], tokens[:, np.newaxis], words)
        filled = filled + 1
        rows = zip(state["name"][:, 0], words, filled, strict=True)
        logits = np.array([self.logits(name, beginning[:n].tolist()) for name, beginning, n in rows])
        return logits, {"name": state["name"], "words": (words, filled)}

    def log_probability(self, name, tokens):
        """Σ log p of a sentence, token by token."""
        beginning, total = [START], 0
        for token in tokens:
            total += math.log(softmax(self.logits(name, beginning))[token])
            beginning.append(token)
        return total


def every_sentence(vocabulary, longest, never=(0, START)):
    """All that can be written: with an end within ``longest`` tokens, or of that length without."""
    inner = [token for token in range(vocabulary) if token not in (*never, END)]
    for length in range(longest):
        yield from ((*words, END) for words in itertools.product(inner, repeat=length))
    yield from itertools.product(inner, repeat=longest)


def sentence(tokens):
    """Without the padding."""
    return tuple(int(token) for token in tokens if token)


def starts(n):
    return np.full(n, START)


# Greedy and beam


@pytest.mark.parametrize("seed", range(10))
def test_greedy_takes_the_likeliest_token_of_those_allowed(seed):
    model, longest = Table(seed), 6
    found = search.greedy(model.step, model.start(range(7)), starts(7), end=END, longest=longest)
    assert found.tokens.shape == (7, longest) and found.tokens.dtype == np.int32
    for name, (tokens, total) in enumerate(zip(*found, strict=True)):
        beginning = [START]
        while beginning[-1] != END and len(beginning) <= longest:
            logits = model.logits(name, beginning)
            beginning.append(2 + int(logits[2:].argmax()))
        assert sentence(tokens) == tuple(beginning[1:])
        assert total == pytest.approx(model.log_probability(name, beginning[1:]))


@pytest.mark.parametrize("penalty", [0, 0.6, 1])
@pytest.mark.parametrize("seed", range(5))
def test_a_beam_of_one_is_greedy(seed, penalty):
    model = Table(seed)
    options = {"end": END, "longest": 6}
    expected = search.greedy(model.step, model.start(range(9)), starts(9), **options)
    found = search.beam_search(
        model.step, model.start(range(9)), starts(9), width=1, penalty=penalty, **options
    )
    np.testing.assert_array_equal(found.tokens[:, 0], expected.tokens)
    np.testing.assert_allclose(found.log_probabilities[:, 0], expected.log_probabilities)


@pytest.mark.parametrize("penalty", [0, 0.6, 1, 3])
@pytest.mark.parametrize(("vocabulary", "longest", "seed"), [(4, 5, 0), (5, 4, 1), (6, 3, 2), (4, 1, 3)])
def test_a_beam_wide_enough_has_tried_everything(vocabulary, longest, seed, penalty):
    model, everything = Table(seed, vocabulary), list(every_sentence(vocabulary, longest))
    width = len(everything) + 3
    found = search.beam_search(
        model.step, model.start(range(3)), starts(3), end=END, longest=longest, width=width, penalty=penalty
    )
    for name in range(3):
        scored = {
            words: model.log_probability(name, words) / ((5 + len(words)) / 6) ** penalty
            for words in everything
        }
        ranking = sorted(everything, key=scored.get, reverse=True)
        assert [sentence(tokens) for tokens in found.tokens[name, :-3]] == ranking
        totals = [model.log_probability(name, words) for words in ranking]
        np.testing.assert_allclose(found.log_probabilities[name, :-3], totals)
        assert not found.tokens[name, -3:].any()
        assert np.isneginf(found.log_probabilities[name, -3:]).all()


def test_a_beam_is_sorted_by_its_score_and_never_beats_everything():
    model = Table(4)
    everything = list(every_sentence(5, 5))
    for penalty in (0, 0.6):
        found = search.beam_search(
            model.step, model.start(range(20)), starts(20), end=END, longest=5, width=3, penalty=penalty
        )
        lengths = (found.tokens != 0).sum(axis=2)
        scores = found.log_probabilities / search.length_penalty(lengths, penalty)
        assert (np.diff(scores, axis=1) <= 1e-12).all()
        for name in range(20):
            best = max(
                model.log_probability(name, words) / ((5 + len(words)) / 6) ** penalty for words in everything
            )
            assert scores[name, 0] <= best + 1e-9
            assert len({sentence(tokens) for tokens in found.tokens[name]}) == 3


def test_wider_beams_find_likelier_sentences_on_average_but_not_always():
    model, n = Table(5, vocabulary=8, longest=10), 200
    best = {}
    for width in (1, 2, 4, 8):
        found = search.beam_search(
            model.step, model.start(range(n)), starts(n), end=END, longest=6, width=width
        )
        best[width] = found.log_probabilities[:, 0]
    means = [scores.mean() for scores in best.values()]
    assert means == sorted(means) and means[0] < means[1] - 0.05
    assert (best[2] < best[1] - 1e-9).any(), "a wider beam has lost the best beginning in no sentence"


def test_a_penalty_makes_sentences_longer():
    model = Table(6, vocabulary=6, longest=10)
    lengths = []
    for penalty in (0, 1, 3):
        found = search.beam_search(
            model.step, model.start(range(60)), starts(60), end=END, longest=8, width=4, penalty=penalty
        )
        lengths.append((found.tokens[:, 0] != 0).sum(axis=1).mean())
    assert lengths == sorted(lengths) and lengths[0] < lengths[-1] - 0.5
    np.testing.assert_allclose(search.length_penalty([1, 7], 1), [1, 2])
    np.testing.assert_allclose(search.length_penalty([1, 7], 0), 1)


# Sampling


def test_samples_come_as_often_as_the_softmax_says():
    logits = np.array([9, 9, 0.5, 1.5, -0.5, 0.0])  # padding and start would come most often

    def step(tokens, state):
        return np.tile(logits, (len(tokens), 1)), state

    n = 40_000
    for temperature in (0.5, 1.0, 2.0):
        rng = np.random.default_rng(0)
        found = search.sample_tokens(
            step, {}, starts(n), end=END, longest=1, rng=rng, temperature=temperature
        )
        expected = softmax(logits[2:] / temperature)
        counts = np.bincount(found.tokens[:, 0], minlength=6)
        assert not counts[:2].any()
        deviations = (counts[2:] - n * expected) / np.sqrt(n * expected * (1 - expected))
        assert np.abs(deviations).max() < 4.5
        np.testing.assert_allclose(
            found.log_probabilities, np.log(softmax(logits))[found.tokens[:, 0]], err_msg="the model's own"
        )


def test_whole_sentences_come_as_often_as_their_probability_says():
    model, n = Table(7, vocabulary=4), 20_000
    rng = np.random.default_rng(1)
    found = search.sample_tokens(model.step, model.start([3] * n), starts(n), end=END, longest=3, rng=rng)
    written = [sentence(tokens) for tokens in found.tokens]
    for words in every_sentence(4, 3):
        beginning, chance = [START], 1
        for token in words:
            chance *= softmax(model.logits(3, beginning)[2:])[token - 2]
            beginning.append(token)
        assert abs(written.count(words) - n * chance) < 4.5 * math.sqrt(n * chance * (1 - chance)) + 1


@pytest.mark.parametrize("options", [{"temperature": 1e-4}, {"top_k": 1}, {"top_p": 0.0}], ids=str)
def test_the_coldest_sampling_is_greedy(options):
    model = Table(8)
    expected = search.greedy(model.step, model.start(range(30)), starts(30), end=END, longest=6)
    rng = np.random.default_rng(0)
    found = search.sample_tokens(
        model.step, model.start(range(30)), starts(30), end=END, longest=6, rng=rng, **options
    )
    np.testing.assert_array_equal(found.tokens, expected.tokens)
    np.testing.assert_allclose(found.log_probabilities, expected.log_probabilities)


def test_the_generator_decides():
    model = Table(9)

    def draw(seed):
        rng = np.random.default_rng(seed)
        return search.sample_tokens(
            model.step, model.start(range(20)), starts(20), end=END, longest=6, rng=rng
        ).tokens

    np.testing.assert_array_equal(draw(1), draw(1))
    assert (draw(1) != draw(2)).any()


@pytest.mark.parametrize("seed", range(20))
def test_top_p_keeps_the_fewest_tokens_that_have_as_much(seed):
    rng = np.random.default_rng(seed)
    logits, top_p = rng.normal(0, 2, (3, 7)), float(rng.uniform(0.05, 0.99))
    kept = search.next_token_probabilities(logits, top_p=top_p)
    for row, probabilities in zip(kept, softmax(logits), strict=True):
        mass = probabilities[row > 0].sum()
        assert mass >= top_p - 1e-12
        np.testing.assert_allclose(row[row > 0], probabilities[row > 0] / mass)
        fewer = itertools.combinations(probabilities, int((row > 0).sum()) - 1)
        assert all(sum(some) < top_p for some in fewer)


@pytest.mark.parametrize("seed", range(5))
def test_top_k_keeps_the_k_likeliest_and_the_order_is_temperature_k_p(seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 2, (4, 9))
    kept = search.next_token_probabilities(logits, top_k=3)
    threshold = np.sort(logits, axis=1)[:, -3:-2]
    np.testing.assert_allclose(kept, softmax(np.where(logits >= threshold, logits, -np.inf)))
    np.testing.assert_array_equal(search.next_token_probabilities(logits, top_k=99) > 0, True)
    all_three = search.next_token_probabilities(logits, temperature=0.7, top_k=3, top_p=0.8)
    one_by_one = search.next_token_probabilities(logits, temperature=0.7)
    for option in ({"top_k": 3}, {"top_p": 0.8}):
        with np.errstate(divide="ignore"):
            one_by_one = search.next_token_probabilities(np.log(one_by_one), **option)
    np.testing.assert_allclose(all_three, one_by_one)


def test_of_equal_tokens_the_first_are_kept():
    np.testing.assert_allclose(search.next_token_probabilities(np.zeros((1, 4)), top_k=2), [[0.5, 0.5, 0, 0]])
    np.testing.assert_allclose(search.next_token_probabilities(np.zeros(4), top_p=0.5), [0.5, 0.5, 0, 0])


# All of them


def searches(model, state, first, longest, never=()):
    """The tokens of every search, (rows, longest)."""
    options = {"end": END, "longest": longest, "never": never}
    for rng in (np.random.default_rng(0), np.random.default_rng(1)):
        yield search.sample_tokens(model.step, state, first, rng=rng, temperature=3.0, **options).tokens
    yield search.greedy(model.step, state, first, **options).tokens
    for width, penalty in ((1, 0), (3, 0.6), (100, 2)):
        found = search.beam_search(model.step, state, first, width=width, penalty=penalty, **options)
        yield found.tokens[found.log_probabilities > -np.inf]


@pytest.mark.parametrize("longest", [1, 4, 7])
def test_nothing_comes_after_the_end_nor_beyond_the_longest_nor_that_is_never_to_come(longest):
    model = Table(10, vocabulary=7)
    for tokens in searches(model, model.start(range(40)), starts(40), longest, never=[4]):
        assert tokens.shape[1] == longest and set(np.unique(tokens)) <= {0, 2, 3, 5, 6}
        ended = np.cumsum(tokens == END, axis=1) > 0
        np.testing.assert_array_equal(tokens[:, 1:] == 0, ended[:, :-1])  # padding after the end, only there
        assert (tokens[:, 0] != 0).all()


def test_each_row_may_have_a_start_token_of_its_own():
    model = Table(11, vocabulary=7)
    first = np.array([1, 3, 4])
    found = search.greedy(model.step, model.start(range(3)), first, end=END, longest=7)
    assert not np.isin(found.tokens, first).any()
    alone = [
        search.greedy(model.step, model.start([i]), first[[i]], end=END, longest=7, never=first).tokens[0]
        for i in range(3)
    ]
    np.testing.assert_array_equal(found.tokens, alone)


def test_the_model_is_asked_no_further_once_all_are_over():
    asked = []

    def step(tokens, state):
        asked.append(1)
        return np.tile([0.0, 0.0, 5.0, 1.0], (len(tokens), 1)), state

    assert search.greedy(step, {}, starts(2), end=END, longest=9).tokens.tolist() == [[2] + [0] * 8] * 2
    assert len(asked) == 1
    search.beam_search(step, {}, starts(2), end=END, longest=9, width=2)
    assert len(asked) < 5


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_company_changes_nothing_and_the_decoder_can_be_searched(seed):
    rng = np.random.default_rng(seed)
    made = decoder.Decoder(9, 8, dim=8, heads=2, blocks=2)
    memory = rng.normal(size=(5, 4, 6)).astype("float32")
    mask = np.arange(4) < rng.integers(1, 5, 5)[:, np.newaxis]
    made(np.zeros((5, 1), int), memory)
    for weight in made.trainable_variables:
        weight.assign(rng.normal(0, 0.6, weight.shape))

    def run(rows, width):
        state = made.start(memory[rows], mask[rows])
        options = {"end": END, "longest": 7}
        if width:
            return search.beam_search(
                made.step, state, starts(len(rows)), width=width, penalty=0.6, **options
            )
        return search.greedy(made.step, state, starts(len(rows)), **options)

    for width in (None, 3):
        together = run(np.arange(5), width)
        for row in (0, 3):
            alone = run(np.array([row]), width)
            np.testing.assert_array_equal(alone.tokens[0], together.tokens[row])
            np.testing.assert_allclose(alone.log_probabilities[0], together.log_probabilities[row], atol=1e-4)
    # the log-probability is what the decoder gives the sentence when it reads it
    best = together.tokens[:, 0]
    inputs = np.concatenate([starts(5)[:, np.newaxis], best[:, :-1]], axis=1)
    probabilities = softmax(np.array(made(inputs, memory, memory_mask=mask), np.float64))
    read = np.log(np.take_along_axis(probabilities, best[..., np.newaxis], axis=2)[..., 0])
    np.testing.assert_allclose(
        np.where(best != 0, read, 0).sum(axis=1), together.log_probabilities[:, 0], atol=1e-4
    )


# Errors


def flat(tokens, state):
    return np.zeros((len(tokens), 5)), state


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"end": 0}, r"end is 0, which is among the tokens never to be written, \[0, 1\]"),
        ({"end": START}, "end is 1, which is among"),
        ({"end": 3, "never": [3]}, r"end is 3.*\[0, 1, 3\]"),
        ({"end": 5}, r"logits of shape \(2, 5\); expected \(2, vocabulary\).*more than 5 columns"),
        ({"never": [7]}, "more than 7 columns"),
        ({"longest": 0}, "longest is 0"),
        ({"starts": np.zeros((2, 1), int)}, r"starts has shape \(2, 1\)"),
        ({"starts": np.zeros(2)}, "starts has shape"),
        ({"step": lambda tokens, state: (np.zeros((3, 5)), state)}, r"shape \(3, 5\); expected \(2,"),
        ({"step": lambda tokens, state: (np.zeros(5), state)}, r"shape \(5,\)"),
        ({"step": lambda tokens, state: (np.full((2, 5), np.nan), state)}, "logits that are NaN"),
    ],
)
def test_what_does_not_fit_is_named(arguments, message):
    arguments = {"step": flat, "state": {}, "starts": starts(2), "end": END, "longest": 3, **arguments}
    with pytest.raises(CourseError, match=message):
        search.greedy(**arguments)
    with pytest.raises(CourseError, match=message):
        search.sample_tokens(rng=np.random.default_rng(0), **arguments)
    with pytest.raises(CourseError, match=message):
        search.beam_search(width=1, **arguments)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rng": 0}, "rng is 0: expected a generator"),
        ({"temperature": 0}, "temperature is 0: expected a finite number from 1e-06"),
        ({"top_k": 0}, "top_k is 0"),
        ({"top_p": 1.5}, "top_p is 1.5: expected a finite number from 0 to 1"),
    ],
)
def test_sampling_names_what_is_out_of_range(arguments, message):
    arguments = {"rng": np.random.default_rng(0), "end": END, "longest": 3, **arguments}
    with pytest.raises(CourseError, match=message):
        search.sample_tokens(flat, {}, starts(2), **arguments)


def test_a_beam_names_what_is_out_of_range():
    with pytest.raises(CourseError, match="width is 0"):
        search.beam_search(flat, {}, starts(2), end=END, longest=3, width=0)
    with pytest.raises(CourseError, match="penalty is -1"):
        search.beam_search(flat, {}, starts(2), end=END, longest=3, width=2, penalty=-1)
