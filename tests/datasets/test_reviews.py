import collections
import importlib
import itertools

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.datasets import emoji, integrity, reviews
from course_utils.places import DATA, ROOT

SIZES = {"english": 600, "chinese": 200}
ALIKE = 0.4  # near-copies reach it (see the planted one), two texts of their own stay well below


@pytest.fixture(scope="module")
def measures():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "data" / "build")
        yield importlib.import_module("check_reviews")


@pytest.fixture(scope="module", params=reviews.LANGUAGES)
def loaded(request):
    return reviews.load(request.param)


@pytest.fixture(scope="module")
def messages():
    return reviews.load_messages()


def test_every_attribute_has_one_item_per_review(loaded):
    assert len(loaded) == SIZES[loaded.language]
    for name in ("ids", "texts", "labels", "negation", "subjects", "splits"):
        assert len(getattr(loaded, name)) == len(loaded), name
    assert loaded.labels.dtype == np.int32 and loaded.negation.dtype == bool
    assert len(set(loaded.ids)) == len(loaded)
    assert all(text == text.strip() and text for text in loaded.texts)


def test_labels_are_balanced_in_every_split_with_and_without_negation(loaded):
    for split in reviews.SPLITS:
        for negation in (False, True):
            assert loaded.select(split=split, negation=negation).labels.mean() == 0.5


def test_labels_are_balanced_in_every_subject(loaded):
    for subject in set(loaded.subjects):
        chosen = loaded.select(subject=subject)
        assert chosen.labels.mean() == 0.5 and len(chosen) in (10, 20)


def test_sizes_and_share_of_negation(loaded):
    shares = {"train": 0.60, "validation": 0.15, "test": 0.25}
    for split, share in shares.items():
        part = loaded.select(split=split)
        assert len(part) == pytest.approx(share * len(loaded), abs=0.015 * len(loaded))
        assert part.negation.mean() == pytest.approx(0.3, abs=0.015)


def test_every_subject_is_in_train_and_test(loaded):
    for split in ("train", "test"):
        assert set(loaded.select(split=split).subjects) == set(loaded.subjects)


def test_reviews_have_5_to_60_words(loaded, measures):
    lengths = [len(measures.words(text, loaded.language)) for text in loaded.texts]
    assert min(lengths) >= 5 and max(lengths) <= 60


def test_length_does_not_tell_the_label(loaded, measures):
    lengths = np.array([len(measures.words(text, loaded.language)) for text in loaded.texts])
    shares = [np.mean((lengths > limit) == loaded.labels) for limit in range(5, 60)]
    assert max(*shares, 1 - min(shares)) < 0.6


def test_no_single_word_decides(loaded, measures):
    share, word = measures.best_word(loaded.texts, loaded.labels, loaded.language)
    print(f"{loaded.language}: {word!r} alone is right on {share:.1%}")
    assert 0.5 < share <= 0.65


def test_a_word_that_decides_would_be_noticed(loaded, measures):
    betrayed = [text + " zzz" * int(label) for text, label in zip(loaded.texts, loaded.labels, strict=True)]
    assert measures.best_word(betrayed, loaded.labels, loaded.language) == (1.0, "zzz")


def test_no_two_reviews_are_near_copies(loaded, measures):
    # The measure is the Jaccard similarity of character n-grams. It holds for all pairs, so across splits.
    alike, i, j = measures.most_alike(loaded.texts, loaded.language)
    assert alike < ALIKE, (loaded.texts[i], loaded.texts[j])


def test_a_planted_near_copy_is_noticed(loaded, measures):
    places = (0, len(loaded) // 2, len(loaded) - 1)
    planted = []
    for text in (loaded.texts[place] for place in places):
        middle = len(text) // 2
        planted += [
            text.upper() + "!!",
            text[:middle] + text[middle + 4 :],
            f"{text[:middle]} ok {text[middle:]}",
        ]
    alike = measures.similarity([*loaded.texts, *planted], loaded.language)[len(loaded) :, : len(loaded)]
    assert alike.max(axis=1).min() >= ALIKE
    assert alike.argmax(axis=1).tolist() == [place for place in places for _ in range(3)]


def test_select_takes_what_agrees_with_every_argument(loaded):
    chosen = loaded.select(split="test", negation=True)
    assert set(chosen.splits) == {"test"} and chosen.negation.all()
    assert chosen.language == loaded.language
    places = [loaded.ids.index(name) for name in chosen.ids]
    assert places == sorted(places)
    assert chosen.texts == [loaded.texts[i] for i in places]
    assert (chosen.labels == loaded.labels[places]).all()


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({"split": "dev"}, ("split", "dev", "validation")),
        ({"subject": "weather"}, ("subject", "weather", "film")),
        ({"negation": 7}, ("negation", "7")),
    ],
)
def test_select_names_what_is_wrong(arguments, expected):
    with pytest.raises(CourseError) as raised:
        reviews.load().select(**arguments)
    assert all(word in str(raised.value) for word in expected)


def test_an_unknown_language_is_named():
    with pytest.raises(CourseError, match=r"language.*'french'.*'english', 'chinese'"):
        reviews.load("french")


def test_a_damaged_file_is_named(tmp_path, monkeypatch):
    (tmp_path / "reviews").mkdir()
    for name in ("manifest.json", "reviews/english.tsv"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    with (tmp_path / "reviews/english.tsv").open("a") as file:
        file.write("x")
    monkeypatch.setattr(integrity, "DATA", tmp_path)
    with pytest.raises(CourseError, match=r"reviews/english\.tsv is damaged"):
        reviews.load()


def test_the_stored_splits_are_those_of_the_script(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "data" / "build")
    script = importlib.import_module("split_reviews")
    for name, split in (
        ("english", script.split_reviews),
        ("chinese", script.split_reviews),
        ("messages", script.split_messages),
    ):
        rows = script.read(DATA / "reviews" / f"{name}.tsv")
        stored = [row["split"] for row in rows]
        split(rows)
        assert [row["split"] for row in rows] == stored


def test_messages_come_in_pairs_of_one_text_two_stickers_and_both_labels(messages):
    assert len(messages) == 200
    by_pair = collections.defaultdict(list)
    for i, pair in enumerate(messages.pairs):
        by_pair[int(pair)].append(i)
    assert len(by_pair) == 100
    for members in by_pair.values():
        i, j = members
        assert messages.texts[i] == messages.texts[j]
        assert messages.stickers[i] != messages.stickers[j]
        assert {int(messages.labels[i]), int(messages.labels[j])} == {0, 1}
        assert messages.splits[i] == messages.splits[j]


def test_the_text_of_a_message_decides_nothing(messages):
    # Whatever a rule on the text says, it says it of both messages of a pair, and is right on one.
    seen = collections.defaultdict(list)
    for text, label, split in zip(messages.texts, messages.labels, messages.splits, strict=True):
        seen[text, split].append(label)
    assert all(np.mean(labels) == 0.5 for labels in seen.values())
    for split in reviews.SPLITS:
        assert messages.select(split=split).labels.mean() == 0.5


def test_the_sticker_of_a_message_decides_little(messages, measures):
    assert 0.5 <= measures.by_sticker(messages) <= 0.7


def test_texts_of_messages_differ(messages, measures):
    assert measures.most_alike(list(dict.fromkeys(messages.texts)))[0] < ALIKE


def test_stickers_are_emoji_that_train_has(messages):
    characters = emoji.load(styles=()).characters
    assert messages.concepts.dtype == np.int32
    for sticker, place in zip(messages.stickers, messages.concepts, strict=True):
        assert characters[place].rstrip("\ufe0f") == sticker.rstrip("\ufe0f")
    assert set(messages.stickers) == set(messages.select(split="train").stickers)
    sizes = [len(messages.select(split=split)) for split in reviews.SPLITS]
    assert sizes == [120, 30, 50]


def test_labels_are_named():
    assert reviews.LABELS == ("negative", "positive")
    first = reviews.load()
    assert first.labels[0] == 1 and "wonderful" in first.texts[0]


def test_no_text_is_in_two_data_sets(messages):
    sets = [set(reviews.load(language).texts) for language in reviews.LANGUAGES] + [set(messages.texts)]
    assert all(not first & second for first, second in itertools.combinations(sets, 2))
