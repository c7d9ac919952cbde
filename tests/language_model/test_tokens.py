"""Byte-level BPE: it loses nothing, learns what the papers say, and refuses what is no tokenizer."""

import json

import pytest

from course_utils.errors import CourseError
from course_utils.language_model.tokens import ByteLevelBPE

BYTES = ByteLevelBPE.learn([], 256).tokens
PAPER = ["low low low low low lower lower newest newest newest newest newest newest widest widest widest"]
HARD = [
    "",
    " ",
    "  two spaces\tand\na tab \n ",
    "I'll say it's 2025, we've 3.14 and don't 'x'",
    "多模态模型，汉字。",
    "naïve café 🐈‍⬛ 👩‍🚀 e\u0301",
    "\x00\x04\x1f\x7f\u0085\u200b\ufeff",
    "ΑΒΓ ١٢٣ ①② ½ ",
    "a  1",
]


@pytest.fixture(scope="module")
def learned():
    return ByteLevelBPE.learn(PAPER, 266, special=["<end>"])


@pytest.mark.parametrize("text", HARD)
def test_every_text_comes_back(learned, text):
    assert learned.decode(learned.encode(text)) == text
    assert len(learned.pieces(text)) == len(learned.encode(text))


def test_the_most_frequent_pair_becomes_a_token_first():
    # Spaces belong to the words, so that " low" and "low" differ: newest 6, low 5, widest 3, lower 2.
    learned = ByteLevelBPE.learn(PAPER, 263)
    assert learned.merges[:3] == [("e", "s"), ("es", "t"), ("l", "o")]
    assert learned.tokens[256:259] == ["es", "est", "lo"] and len(learned) == 263
    assert learned.pieces(" lowest") == [" ", "low", "est"]


def count_anew(words, merges):
    """The same by brute force: after every merge all pairs are counted again."""
    from collections import Counter
    from itertools import pairwise

    words = [(list(word), count) for word, count in words.items()]
    found = []
    for _ in range(merges):
        pairs = Counter()
        for parts, count in words:
            for pair in pairwise(parts):
                pairs[pair] += count
        if not pairs:
            break
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        found.append(best)
        for parts, _ in words:
            place = 0
            while place < len(parts) - 1:
                if (parts[place], parts[place + 1]) == best:
                    parts[place : place + 2] = ["".join(best)]
                place += 1
    return found


def test_counting_what_changes_is_counting_all():
    words = {"banana": 3, "ananas": 2, "band": 4, "aaaa": 5, "abab": 1, "nab": 2}
    texts = [word for word, count in words.items() for _ in range(count)]
    learned = ByteLevelBPE.learn(texts, 400)
    assert learned.merges == count_anew(words, 144)


def test_it_stops_where_no_pair_is_left():
    assert len(ByteLevelBPE.learn(["ab"], 300)) == 257


def test_merges_are_taken_in_the_order_in_which_they_were_learned():
    one = ByteLevelBPE([*BYTES, "ab", "bc"], ["a b", "b c"])
    other = ByteLevelBPE([*BYTES, "ab", "bc"], [("b", "c"), ("a", "b")])
    assert (one.pieces("abc"), other.pieces("abc")) == (["ab", "c"], ["a", "bc"])


def test_special_tokens_are_never_cut_and_the_longest_wins():
    made = ByteLevelBPE([*BYTES, "<a>", "<a>b"], [], special=["<a>", "<a>b"])
    assert made.encode("x<a>b<a>") == [BYTES.index("x"), 257, 256]
    assert made.decode([257, 256]) == "<a>b<a>" and made.pieces("<a>猫") == ["<a>", "\\xe7", "\\x8c", "\\xab"]


def test_special_tokens_come_first_and_digits_stand_alone(learned):
    assert learned.encode("<end>") == [0]
    assert ByteLevelBPE.learn(["12 12 12"], 300).merges == []


def test_a_byte_that_is_no_token_is_left_out():
    made = ByteLevelBPE(["a", "b"], [])
    assert made.decode(made.encode("abcab")) == "abab"


def test_half_a_character_is_shown_as_such(learned):
    assert learned.decode(learned.encode("猫")[:1]) == "�"


def test_it_survives_json(learned):
    again = ByteLevelBPE.from_dict(json.loads(json.dumps(learned.to_dict())))
    assert again.encode("the lowest<end>") == learned.encode("the lowest<end>")
    assert (again.tokens, again.merges, again.special) == (learned.tokens, learned.merges, learned.special)


@pytest.mark.parametrize(
    ("make", "complaint"),
    [
        (lambda: ByteLevelBPE(["a", "a"], []), "tokens has 2 items, 1 of them different"),
        (lambda: ByteLevelBPE(["a", "b"], ["a b"]), "tokens lacks 'ab'"),
        (lambda: ByteLevelBPE(["a"], [], special=["<end>"]), "tokens lacks '<end>'"),
        (lambda: ByteLevelBPE("ab", []), "tokens is 'ab': expected a list"),
        (
            lambda: ByteLevelBPE.learn(["a"], 200),
            "vocabulary is 200: expected a whole number of at least 256",
        ),
        (lambda: ByteLevelBPE.learn("text", 300), "texts is 'text': expected a list"),
        (lambda: ByteLevelBPE(BYTES, []).encode(3), "text is 3"),
        (lambda: ByteLevelBPE(BYTES, []).encode("\ud800"), "half of a character"),
        (
            lambda: ByteLevelBPE(BYTES, []).decode([256]),
            "an item of ids is 256: expected a whole number from 0 to 255",
        ),
        (lambda: ByteLevelBPE(BYTES, []).decode([-1]), "an item of ids is -1"),
    ],
)
def test_what_is_no_tokenizer_or_text_is_refused(make, complaint):
    with pytest.raises(CourseError, match=complaint):
        make()
