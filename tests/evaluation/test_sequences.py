"""BLEU, chrF, edits equal counting by hand; the bootstrap draws what it says; facts are counted as sets."""

import math
import re
from collections import Counter

import jiwer
import numpy as np
import pytest

from course_utils import CourseError, evaluation

ENGLISH = [
    "the",
    "a",
    "cat",
    "owl",
    "frog",
    "is",
    "was",
    "left",
    "right",
    "of",
    "above",
    "near",
    "it",
    "sees",
]
CHINESE = list("猫狗鸟在左右上下边里看见的有")


def texts(seed, words, joint, n=30):
    """Hypotheses, and references that share about two thirds of their words with them."""
    rng = np.random.default_rng(seed)
    references = [rng.choice(words, rng.integers(4, 12)) for _ in range(n)]
    hypotheses = [
        np.where(rng.random(len(row)) < 0.7, row, rng.choice(words, len(row)))[: rng.integers(3, 13)]
        for row in references
    ]
    return tuple([joint.join(row) for row in rows] for rows in (hypotheses, references))


def ngrams(tokens, order):
    return Counter(tuple(tokens[start : start + order]) for start in range(len(tokens) - order + 1))


def bleu_by_hand(hypotheses, references):
    """Papineni et al. (2002) on lists of tokens, one list of references for each hypothesis."""
    matched, counted, length, wanted = np.zeros(4), np.zeros(4), 0, 0
    for tokens, options in zip(hypotheses, references, strict=True):
        length += len(tokens)
        wanted += min((abs(len(option) - len(tokens)), len(option)) for option in options)[1]
        for order in range(1, 5):
            most = Counter()
            for option in options:
                most |= ngrams(option, order)
            found = ngrams(tokens, order)
            matched[order - 1] += (found & most).total()
            counted[order - 1] += found.total()
    brevity = min(1, math.exp(1 - wanted / length))
    return 100 * brevity * math.exp(np.log(matched / counted).mean())


def chrf_by_hand(hypotheses, references):
    """Popović (2015), F2 from counts over the test set: mean over the orders of precision and recall."""
    scores = []
    for order in range(1, 7):
        pairs = [
            (ngrams(h.replace(" ", ""), order), ngrams(r.replace(" ", ""), order))
            for h, r in zip(hypotheses, references, strict=True)
        ]
        matched = sum((h & r).total() for h, r in pairs)
        scores.append(
            (matched / sum(h.total() for h, _ in pairs), matched / sum(r.total() for _, r in pairs))
        )
    precision, recall = np.mean(scores, axis=0)
    return 100 * 5 * precision * recall / (4 * precision + recall)


@pytest.mark.parametrize("seed", range(5))
def test_bleu_and_chrf_are_counted_by_hand(seed):
    hypotheses, references = texts(seed, ENGLISH, " ")
    by_hand = bleu_by_hand([h.split() for h in hypotheses], [[r.split()] for r in references])
    assert evaluation.bleu(hypotheses, references).value == pytest.approx(by_hand)
    assert evaluation.chrf(hypotheses, references).value == pytest.approx(
        chrf_by_hand(hypotheses, references)
    )
    hypotheses, references = texts(seed, CHINESE, "")
    by_hand = bleu_by_hand(hypotheses, [[r] for r in references])
    assert evaluation.bleu(hypotheses, references, "zh").value == pytest.approx(by_hand)
    assert evaluation.chrf(hypotheses, references).value == pytest.approx(
        chrf_by_hand(hypotheses, references)
    )


def test_of_several_references_each_may_be_met_and_their_number_may_differ():
    hypotheses, references = texts(0, ENGLISH, " ")
    _, others = texts(1, ENGLISH, " ")
    several = [[r, o] if i % 2 else [r] for i, (r, o) in enumerate(zip(references, others, strict=True))]
    by_hand = bleu_by_hand([h.split() for h in hypotheses], [[r.split() for r in row] for row in several])
    found = evaluation.bleu(hypotheses, several)
    assert found.value == pytest.approx(by_hand) != evaluation.bleu(hypotheses, references).value
    assert found.signature.startswith("nrefs:var|")


def test_a_score_comes_with_the_signature_that_says_how():
    english = evaluation.bleu(["The cat sees an owl."], ["The cat sees an owl."])
    assert english.value == pytest.approx(100)
    assert re.fullmatch(
        r"nrefs:1\|case:mixed\|eff:no\|tok:13a\|smooth:exp\|version:[\d.]+", english.signature
    )
    assert f"{english:.1f}" == f"100.0 ({english.signature})"
    assert "|tok:zh|" in evaluation.bleu(["猫在看鸟。"], ["猫在看鸟。"], "zh").signature
    assert evaluation.chrf(["a"], ["b"]).signature.startswith("nrefs:1|case:mixed|eff:yes|nc:6|nw:0|space:no")
    assert (
        evaluation.bleu(["猫在看鸟。"], ["猫在看鸟。"]).value == 0
    )  # 13a takes 汉字 without spaces for one word


def test_full_stops_after_a_space_warn_nobody(caplog, capfd):
    evaluation.bleu(["the cat sees an owl ."] * 200, ["the cat sees an owl ."] * 200)
    assert not caplog.records and capfd.readouterr() == ("", "")


@pytest.mark.parametrize("metric", ["bleu", "chrf"])
def test_a_draw_is_scored_like_the_sentences_drawn(metric, monkeypatch):
    first, references = texts(0, ENGLISH, " ")
    second, _ = texts(1, ENGLISH, " ")
    score = {"bleu": evaluation.bleu, "chrf": evaluation.chrf}[metric]
    difference = score(first, references).value - score(second, references).value
    found = evaluation.paired_bootstrap(first, second, references, metric=metric, draws=1, seed=7)
    assert found.value == pytest.approx(difference, abs=1e-3)  # sacrebleu sums in whole numbers
    rows = np.random.default_rng(7).integers(0, 30, 30)
    drawn = [[lines[row] for row in rows] for lines in (first, second, references)]
    expected = score(drawn[0], drawn[2]).value - score(drawn[1], drawn[2]).value
    assert found.low == found.high == pytest.approx(expected, abs=1e-3)


def test_the_bootstrap_tells_the_better_system_and_not_one_from_itself():
    good, references = texts(0, ENGLISH, " ", n=100)
    bad = [" ".join(text.split()[::-1]) for text in good]
    for metric in ("bleu", "chrf"):
        better = evaluation.paired_bootstrap(good, bad, references, metric=metric, draws=200)
        worse = evaluation.paired_bootstrap(bad, good, references, metric=metric, draws=200)
        assert 0 < better.low < better.value < better.high
        assert (worse.low, worse.high) == pytest.approx((-better.high, -better.low))
        same = evaluation.paired_bootstrap(good, good, references, metric=metric, draws=50)
        assert (same.value, same.low, same.high) == (0, 0, 0)


def test_sentences_that_belong_together_are_drawn_together():
    first, references = texts(0, ENGLISH, " ", n=40)
    second, _ = texts(1, ENGLISH, " ", n=40)
    alone = evaluation.paired_bootstrap(first, second, references, metric="chrf", draws=300)
    doubled = [[*lines, *lines] for lines in (first, second, references)]
    groups = np.tile(np.arange(40), 2)
    # a copy of every sentence tells nothing new
    grouped = evaluation.paired_bootstrap(*doubled, metric="chrf", groups=groups, draws=300)
    assert (grouped.low, grouped.high) == pytest.approx((alone.low, alone.high))
    taken_for_new = evaluation.paired_bootstrap(*doubled, metric="chrf", draws=300)
    assert taken_for_new.high - taken_for_new.low < 0.9 * (alone.high - alone.low)


# Edits


def edits_by_hand(first, second):
    """By the definition: the first items are replaced or kept, one is deleted, or one inserted."""
    if not first or not second:
        return len(first) + len(second)
    return min(
        edits_by_hand(first[1:], second[1:]) + (first[0] != second[0]),
        edits_by_hand(first[1:], second) + 1,
        edits_by_hand(first, second[1:]) + 1,
    )


@pytest.mark.parametrize(
    ("first", "second", "edits"),
    [
        ("kitten", "sitting", 3),
        ("", "", 0),
        ("abc", "", 3),
        ("ab", "ba", 2),
        ("aaa", "a", 2),
        ("猫在左边", "狗在边", 2),
        (["the", "cat"], ["the", "bat", "cat"], 1),
        ([1, (2, 3), "x"], [(2, 3), "x"], 1),
    ],
)
def test_edits_are_the_fewest(first, second, edits):
    assert evaluation.edit_distance(first, second) == evaluation.edit_distance(second, first) == edits


@pytest.mark.parametrize("seed", range(30))
def test_edits_are_counted_by_hand_and_obey_the_triangle(seed):
    rng = np.random.default_rng(seed)
    one, two, three = (rng.choice(list("abc"), rng.integers(0, 6)).tolist() for _ in range(3))
    distance = evaluation.edit_distance
    assert distance(one, two) == edits_by_hand(one, two)
    assert distance(one, three) <= distance(one, two) + distance(two, three)
    assert (distance(one, two) == 0) == (one == two)


def test_error_rates_are_of_all_sentences_together():
    heard = ["the cat sat", "a owl", "yes", ""]
    said = ["the cat sat on it", "an owl", "yes", "no no"]
    assert evaluation.error_counts(heard, said).tolist() == [[2, 5], [1, 2], [0, 1], [2, 2]]
    assert evaluation.word_error_rate(heard, said) == 5 / 10, "the mean of the sentences' would be 0.475"
    characters = evaluation.error_counts(heard, said, "character")
    assert characters.tolist() == [[6, 17], [1, 6], [0, 3], [5, 5]]
    assert evaluation.character_error_rate(heard, said) == 12 / 31


@pytest.mark.parametrize("seed", range(5))
def test_error_rates_are_those_of_jiwer(seed):
    rng = np.random.default_rng(seed)
    heard, said = (
        [" ".join(rng.choice(["the", "a", "cat"], rng.integers(1, 7))) for _ in range(9)] for _ in "ab"
    )
    assert evaluation.word_error_rate(heard, said) == pytest.approx(jiwer.wer(said, heard))
    assert evaluation.character_error_rate(heard, said) == pytest.approx(jiwer.cer(said, heard))


def test_white_space_cuts_words_and_chinese_without_it_needs_characters():
    assert evaluation.word_error_rate(["  the\tcat "], ["the cat"]) == 0
    assert evaluation.character_error_rate([" ab "], ["ab"]) == 0
    assert evaluation.character_error_rate(["a b"], ["ab"]) == 1 / 2, "a space between words is a character"
    assert evaluation.word_error_rate(["猫在右边"], ["猫在左边"]) == 1
    assert evaluation.character_error_rate(["猫在右边"], ["猫在左边"]) == 1 / 4
    assert evaluation.word_error_rate(["The cat."], ["the cat"]) == 1, "texts count as they are"


def test_words_heard_in_silence_are_errors_of_no_word():
    for rate in (evaluation.word_error_rate, evaluation.character_error_rate):
        assert rate(["a", "b"], ["", "b"]) == 1
        assert rate([""], ["b"]) == 1
        assert rate(["a b c"], ["b"]) > 1
        assert math.isnan(rate(["a"], [""])) and math.isnan(rate([""], [" "]))


def test_error_rates_say_what_is_wrong():
    with pytest.raises(CourseError, match="hypotheses is 'a cat': expected a list of strings"):
        evaluation.word_error_rate("a cat", ["a cat"])
    with pytest.raises(CourseError, match="1 hypotheses and 2 references: expected as many"):
        evaluation.character_error_rate(["a"], ["a", "b"])
    with pytest.raises(CourseError, match="an item of references is None"):
        evaluation.word_error_rate(["a"], [None])
    with pytest.raises(CourseError, match="unit is 'letter': expected one of 'word', 'character'"):
        evaluation.error_counts(["a"], ["a"], "letter")


# Facts


@pytest.mark.parametrize("seed", range(10))
def test_facts_are_counted_over_all_texts(seed):
    rng = np.random.default_rng(seed)
    stated, true = ([set(rng.integers(0, 8, rng.integers(0, 6))) for _ in range(12)] for _ in range(2))
    said = {(i, fact) for i, facts in enumerate(stated) for fact in facts}
    so = {(i, fact) for i, facts in enumerate(true) for fact in facts}
    found = evaluation.fact_scores(stated, true)
    assert (found.right, found.stated, found.true) == (len(said & so), len(said), len(so))
    assert found.precision == len(said & so) / len(said) and found.recall == len(said & so) / len(so)
    assert found.f1 == pytest.approx(2 / (1 / found.precision + 1 / found.recall))


def test_silence_has_no_precision_and_a_fact_said_twice_is_one():
    silent = evaluation.fact_scores([set()], [{"a"}])
    assert math.isnan(silent.precision) and silent.recall == silent.f1 == 0
    assert math.isnan(evaluation.fact_scores([set()], [set()]).f1)
    assert evaluation.fact_scores([["a", "a", "b"]], [["a"]]).precision == 0.5


def test_invented_things_are_counted_by_mention_and_by_sentence():
    mentioned = [["cat", "owl", "owl"], ["key"], [], ["frog", "cat"]]
    present = [{"cat"}, {"key", "cat"}, {"cat"}, {"cat", "frog"}]
    found = evaluation.invented_things(mentioned, present)
    assert (found.per_mention, found.per_sentence) == (2 / 6, 1 / 4)
    silent = evaluation.invented_things([[]], [{"cat"}])
    assert math.isnan(silent.per_mention) and silent.per_sentence == 0


# Errors

PAIR = {"hypotheses": ["a cat"], "references": ["a cat"]}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"hypotheses": "a cat"}, "hypotheses is 'a cat': expected a list of strings"),
        ({"references": "a cat"}, "references is 'a cat': expected a list of texts"),
        ({"hypotheses": [["a", "cat"]]}, r"an item of hypotheses is \['a', 'cat'\]: expected one string"),
        ({"hypotheses": [None]}, "an item of hypotheses is None"),
        ({"references": [None]}, "references is None: expected a list of strings"),
        ({"references": [[3]]}, "an item of references is 3: expected one string"),
        ({"references": [[]]}, r"references\[0\] is empty: expected a text or more"),
        ({"references": ["a cat", "an owl"]}, "there are 1 hypotheses and 2 references: expected as many"),
        ({"hypotheses": [], "references": []}, "0 hypotheses and 0 references.*at least one"),
        ({"language": "de"}, "language is 'de': expected one of 'en', 'zh'"),
    ],
)
def test_bleu_says_what_is_wrong(arguments, message):
    with pytest.raises(CourseError, match=message):
        evaluation.bleu(**{**PAIR, **arguments})


def test_the_bootstrap_says_what_is_wrong():
    with pytest.raises(CourseError, match="metric is 'rouge': expected one of 'bleu', 'chrf'"):
        evaluation.paired_bootstrap(["a"], ["a"], ["a"], metric="rouge")
    with pytest.raises(CourseError, match="2 hypotheses and 1 references"):
        evaluation.paired_bootstrap(["a"], ["a", "b"], ["a"])
    with pytest.raises(CourseError, match="at least two groups"):
        evaluation.paired_bootstrap(["a"], ["a"], ["a"])


@pytest.mark.parametrize("function", [evaluation.fact_scores, evaluation.invented_things])
def test_facts_say_what_is_wrong(function):
    with pytest.raises(CourseError, match=r"(stated|mentioned) is 'cat': expected a list"):
        function("cat", [{"cat"}])
    with pytest.raises(CourseError, match=r"an item of (stated|mentioned) is 'cat': expected a list"):
        function(["cat"], [{"cat"}])
    with pytest.raises(
        CourseError, match=r"an item of (true|present) is \[\['cat'\]\], whose members cannot"
    ):
        function([["cat"]], [[["cat"]]])
    with pytest.raises(CourseError, match=r"1 (stated|mentioned) and 2 (true|present): expected as many"):
        function([{"cat"}], [{"cat"}, {"owl"}])
    with pytest.raises(CourseError, match="at least one"):
        function([], [])
