import importlib
import re
from collections import Counter

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.datasets import emoji, integrity, parallel
from course_utils.places import DATA, ROOT

CARD = (DATA / "parallel" / "README.md").read_text(encoding="utf-8")
CHINESE = re.compile(r"[\u4e00-\u9fffT，]+[。？！]")  # "T恤" has a Latin letter
_COUNTED = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
NUMBERS = dict(zip(_COUNTED, "两三四五六七八九十", strict=True))


@pytest.fixture(scope="module")
def drawn():
    """Pairs of every split; all of "ambiguous"."""
    sizes = {"train": 4000, "ambiguous": 953}
    return {name: parallel.generate(sizes.get(name, 1000), seed=0, split=name) for name in parallel.SPLITS}


@pytest.fixture(scope="module")
def free():
    return parallel.load()


@pytest.fixture(scope="module")
def tables():
    return {name: parallel._table(name) for name in ("nouns", "ambiguous", "free")}


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "data" / "build")
        yield importlib.import_module("check_parallel")


@pytest.mark.parametrize("table", ["nouns", "ambiguous"])
def test_every_noun_has_all_that_a_sentence_needs(tables, table):
    concepts = set(emoji.load(styles=()).names["en"])
    for row in tables[table]:
        assert all(value and value == value.strip() for value in row.values()), row
        assert row["concept"] in concepts, row
        assert re.fullmatch(r"[\u4e00-\u9fff]", row["measure"]), row
        assert re.fullmatch(r"T?[\u4e00-\u9fff]+", row["chinese"]), row
        assert row["plural"].isascii() and not row["chinese"].startswith(row["measure"]), row


def test_nouns_are_distinct_and_have_one_sense_unless_they_are_listed_with_several(tables):
    for column in ("concept", "singular", "plural", "chinese"):
        assert max(Counter(row[column] for row in tables["nouns"]).values()) == 1, column
    ambiguous = parallel.senses()
    assert not set(ambiguous) & {row["singular"] for row in tables["nouns"]}
    assert len(tables["nouns"]) >= 300 and len(ambiguous) >= 24


def test_senses_have_words_and_pictures_of_their_own(tables):
    assert parallel.senses()["bat"] == ("蝙蝠", "球拍")
    for noun, words in parallel.senses().items():
        assert len(words) >= 2
        assert not any(a in b for a in words for b in words if a is not b), noun
        concepts = [row["concept"] for row in tables["ambiguous"] if row["noun"] == noun]
        assert len(set(concepts)) == len(words), noun


@pytest.mark.parametrize("split", ["train", "validation", "ambiguous"])
def test_a_sentence_with_senses_comes_once_with_each(drawn, split):
    pairs, words = drawn[split], parallel.senses()
    found = {}
    for english, noun, chinese, sense in zip(
        pairs.english, pairs.nouns, pairs.chinese, pairs.senses, strict=True
    ):
        found.setdefault((english, noun), []).append((int(sense), chinese))
    for (english, noun), translations in found.items():
        senses = list(range(len(words[noun]))) if noun in words else [-1]
        assert [sense for sense, _ in translations] == senses, english
        for sense, chinese in translations:
            said = [i for i, word in enumerate(words.get(noun, ())) if word in chinese]
            assert said == [sense] * (sense >= 0), chinese


def test_neither_the_text_nor_the_frame_gives_a_sense_away(drawn, script):
    pairs = drawn["ambiguous"]
    assert (pairs.senses >= 0).all() and set(pairs.nouns) == set(parallel.senses())
    words = parallel.senses()
    chance = np.mean([1 / len(words[noun]) for noun in pairs.nouns])
    assert script.best_share(pairs.english, pairs.chinese) == pytest.approx(chance) == 0.5
    met = list(zip(pairs.nouns, pairs.frames, strict=True))
    senses = list(zip(pairs.nouns, pairs.senses.tolist(), strict=True))
    assert script.best_share(met, senses) == 0.5
    for frame in set(pairs.frames):
        counts = Counter(pairs.select(frame=frame).senses.tolist())
        assert len(set(counts.values())) == 1 and len(counts) == 2, frame
    # The measure is able to find what is given away.
    assert script.best_share(pairs.chinese_nouns, senses) > 0.9


def test_splits_share_no_sentence(drawn):
    texts = [text for pairs in drawn.values() for text in set(pairs.english)]
    assert len(texts) == len(set(texts))
    assert all(set(pairs.splits) == {name} for name, pairs in drawn.items())


def test_splits_are_apart_as_they_are_named():
    met = {
        name: {(frame, noun.singular) for frame, noun in parallel._combinations(name)}
        for name in parallel.SPLITS
    }
    train = met["train"]
    nouns, frames = {noun for _, noun in train}, {frame for frame, _ in train}
    assert met["validation"] == train
    for name in ("new combinations", "ambiguous"):
        assert not met[name] & train
        assert {noun for _, noun in met[name]} <= nouns and {frame for frame, _ in met[name]} <= frames
    assert {frame for frame, _ in met["new nouns"]} <= frames and not {n for _, n in met["new nouns"]} & nouns
    assert {noun for _, noun in met["new frames"]} <= nouns and not {f for f, _ in met["new frames"]} & frames
    assert len({noun for _, noun in met["new nouns"]}) >= 30 and len({f for f, _ in met["new frames"]}) >= 4
    for name in ("new combinations", "new nouns", "new frames"):
        assert not {noun for _, noun in met[name]} & set(parallel.senses())
    for noun in parallel.senses():
        assert {name: len([1 for _, n in met[name] if n == noun]) for name in ("train", "ambiguous")} in (
            {"train": 5, "ambiguous": 3},
            {"train": 6, "ambiguous": 2},
        ), noun


def test_no_new_noun_is_a_word_of_the_sentences_to_train_on(drawn, tables):
    new = {noun.singular for _, noun in parallel._combinations("new nouns")}
    rows = [row for row in tables["nouns"] if row["singular"] in new]
    pattern = "|".join(re.escape(row[form]) for row in rows for form in ("singular", "plural"))
    text = " ".join(parallel.generate(8000, seed=1).english).casefold()
    assert not re.search(rf"\b(?:{pattern.casefold()})\b", text)


def test_sentences_are_well_formed(drawn):
    for pairs in drawn.values():
        for english, chinese in zip(pairs.english, pairs.chinese, strict=True):
            assert re.fullmatch(r"[A-Z][A-Za-z' -]+[.?!]", english), english
            assert not re.search(r"\b[Aa] (?=[aeio]|umb|unu|hour)|\b[Aa]n (?![aeiou]|hour)|an uni", english)
            assert CHINESE.fullmatch(chinese) and "二" not in chinese, chinese
            assert "  " not in english and "{" not in english + chinese


def test_numbers_stand_before_the_measure_word_of_the_noun(drawn, tables):
    measures = {row["chinese"]: row["measure"] for row in tables["nouns"] + tables["ambiguous"]}
    plurals = {row["singular"]: row["plural"] for row in tables["nouns"]}
    counted = 0
    for pairs in drawn.values():
        for english, chinese, noun, word in zip(
            pairs.english, pairs.chinese, pairs.nouns, pairs.chinese_nouns, strict=True
        ):
            number = re.search(rf"\b({'|'.join(NUMBERS)}) ", english.casefold())
            if number:
                assert NUMBERS[number[1]] + measures[word] in chinese and plurals[noun] in english
                counted += 1
            if re.search(r"\b(this|that|which)\b", english.casefold()):
                assert re.search(f"[这那哪]{measures[word]}{word}", chinese), chinese
    assert counted > 1000


def test_known_sentences():
    nouns = {noun.singular: noun for noun in parallel._plain_nouns()}
    grass = {"place": ("on the grass", "草地上")}
    park = {"person": ("the girl", "女孩"), "number": ("two", "两"), "place": ("in the park", "公园里")}
    for name, noun, filling, english, chinese in (
        ("there is", "umbrella", grass, "There is an umbrella on the grass.", "草地上有一把雨伞。"),
        ("there is", "unicorn", grass, "There is a unicorn on the grass.", "草地上有一只独角兽。"),
        ("there is", "hourglass", grass, "There is an hourglass on the grass.", "草地上有一个沙漏。"),
        ("sees", "fish", park, "The girl sees two fish in the park.", "女孩看见公园里有两条鱼。"),
        ("sees", "book", park, "The girl sees two books in the park.", "女孩看见公园里有两本书。"),
    ):
        frame = parallel._FRAMES[name]
        assert parallel._english(frame, nouns[noun], filling) == english
        assert parallel._chinese(frame, nouns[noun].senses[0], filling) == chinese


def test_the_same_arguments_give_the_same_pairs(drawn):
    again, other = parallel.generate(1000, seed=0, split="new nouns"), parallel.generate(50, seed=1)
    assert again.english == drawn["new nouns"].english and again.chinese == drawn["new nouns"].chinese
    np.testing.assert_array_equal(again.concepts, drawn["new nouns"].concepts)
    few = parallel.generate(50, seed=0)
    assert other.english != few.english == drawn["train"].english[: len(few)]


def test_frames_with_nouns_take_turns(drawn):
    pairs = drawn["new frames"]  # 1,000 of 1,260 combinations
    assert len(set(zip(pairs.nouns, pairs.frames, strict=True))) == len(pairs)


def test_what_is_drawn_is_a_set_of_pairs(drawn):
    for pairs in drawn.values():
        assert pairs.concepts.dtype == pairs.senses.dtype == np.int32 and pairs.concepts.min() >= 0
        assert all(word in text for word, text in zip(pairs.chinese_nouns, pairs.chinese, strict=True))
    bats = drawn["ambiguous"].select(noun="bat")
    names = emoji.load(styles=()).names["en"]
    assert {
        (names[concept], int(sense)) for concept, sense in zip(bats.concepts, bats.senses, strict=True)
    } == {
        ("bat", 0),
        ("cricket game", 1),
    }


def test_sentences_by_hand_are_300_different_ones_in_fixed_parts(free):
    assert len(free) == len(set(free.english)) == len(set(free.chinese)) == 300
    assert Counter(zip(free.frames, free.splits, strict=True)) == {
        (kind, split): {"validation": 50, "test": 100}[split]
        for kind in parallel.FREE_KINDS
        for split in parallel.FREE_SPLITS
    }
    assert (free.concepts == -1).all() and (free.senses == -1).all() and not any(free.nouns)
    part = parallel.load("caption", "test")
    assert part.english == free.select(frame="caption", split="test").english


def test_sentences_by_hand_are_well_formed_and_no_frame_makes_them(free):
    gaps = {gap: f"({'|'.join(words)})" for gap, words in parallel._FILLINGS.items()}
    patterns = [
        re.escape(frame.english)
        .replace(r"\{", "{")
        .replace(r"\}", "}")
        .format(noun=".+", plural=".+", **gaps)
        for frame in parallel._FRAMES.values()
    ]
    assert any(re.fullmatch(pattern, "Our neighbour ate two pears.", re.IGNORECASE) for pattern in patterns)
    for english, chinese in zip(free.english, free.chinese, strict=True):
        assert re.fullmatch(r"[A-Z][A-Za-zé', -]+[.?!]", english), english
        assert CHINESE.fullmatch(chinese), chinese
        assert not any(re.fullmatch(pattern, english, re.IGNORECASE) for pattern in patterns), english


@pytest.mark.parametrize(
    ("n", "arguments", "message"),
    [
        (0, {"seed": 0}, "n is 0"),
        (2.5, {"seed": 0}, "n is 2.5"),
        (5, {"seed": -1}, "seed is -1"),
        (5, {"seed": 0, "split": "test"}, "split is 'test': expected one of 'train', 'validation'"),
        (
            954,
            {"seed": 0, "split": "ambiguous"},
            "n is 954: expected at most 953, all sentences of",
        ),
    ],
)
def test_wrong_arguments_are_refused(n, arguments, message):
    with pytest.raises(CourseError, match=message):
        parallel.generate(n, **arguments)


@pytest.mark.parametrize(
    ("kind", "split", "message"),
    [
        ("poem", None, "kind is 'poem': expected one of 'caption', 'everyday'"),
        (None, "train", "split is 'train'"),
    ],
)
def test_unknown_parts_are_refused(kind, split, message):
    with pytest.raises(CourseError, match=message):
        parallel.load(kind, split)


def test_a_missing_table_is_named(tmp_path, monkeypatch):
    (tmp_path / "manifest.json").write_bytes((DATA / "manifest.json").read_bytes())
    monkeypatch.setattr(integrity, "DATA", tmp_path)
    with pytest.raises(CourseError, match=r"data/parallel/ambiguous.tsv is missing"):
        parallel.generate(1, seed=0)


def test_the_card_tells_what_is_there(tables):
    for name, table in tables.items():
        assert f"| {name}.tsv | {len(table)} |" in CARD
    for name in parallel.SPLITS:
        met = parallel._combinations(name)
        row = next(line for line in CARD.splitlines() if line.startswith(f"| {name} |"))
        cells = [cell.strip() for cell in row.split("|")][3:6]
        nouns, frames = {noun.singular for _, noun in met}, {frame for frame, _ in met}
        assert cells == [f"{len(nouns)}", f"{len(frames)}", f"{len(met):,}"]
