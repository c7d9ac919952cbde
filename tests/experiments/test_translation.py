"""The translator reads and writes what its row says and is shown what a sight says; its record is kept."""

import functools
import itertools

import numpy as np
import pytest

from course_utils import runtime
from course_utils.datasets import emoji, parallel
from course_utils.errors import CourseError
from course_utils.experiments import results, translation
from course_utils.places import DATA
from tests.drawn import some_of

runtime.start()


@pytest.fixture
def small(monkeypatch):
    """The experiment with so little data that a run takes seconds, and pixels in place of features."""
    sentences = {**dict.fromkeys(translation.CONFIGURATION["sentences"], 20), "train": 300}
    settings = {**translation.CONFIGURATION, "dim": 16, "sentences": sentences, "pieces": 100}
    settings["epochs"] = {"other rows": 1}
    monkeypatch.setattr(translation, "CONFIGURATION", settings)
    monkeypatch.setattr(translation, "features_of", pixels)
    for name in ("draw_pairs", "photographed", "_compiled"):
        monkeypatch.setattr(translation, name, functools.cache(getattr(translation, name).__wrapped__))
    return settings


def pixels(pictures):
    """384 numbers of a picture without any encoder, never all 0."""
    return 1 + pictures[:, ::4, ::4].reshape(len(pictures), -1)[:, :384].astype(np.float32)


def in_lower_case(sentence):
    """A sentence without the capitals of a Ferris wheel and a T-shirt."""
    return sentence[:1] + sentence[1:].lower()


def random_pictures(n):
    return np.random.default_rng(0).normal(size=(n, 384)).astype(np.float32)


# Words


def test_english_is_cut_into_words_and_marks_and_joined_again():
    tokens = translation.split_english("Where’s  the X-ray, my friend?")
    assert tokens == ["where’s", "the", "x-ray", ",", "my", "friend", "?"]
    assert translation.join_english(tokens) == "Where’s the x-ray, my friend?"
    assert translation.join_english([]) == ""
    for sentence in translation.draw_pairs("validation").english:
        again = translation.join_english(translation.split_english(sentence))
        assert again == in_lower_case(sentence)


@pytest.mark.parametrize("row", translation.ROWS)
def test_sentences_become_numbers_and_translations_come_back(row, small):
    pairs = translation.draw_pairs("train")
    languages = translation.Languages.learn(row, pairs)
    sources, targets = translation.sides(row, pairs)
    read, write = languages.read(sources), languages.targets(targets)
    assert read.dtype == write.dtype == np.int32 and len(read) == len(write) == len(pairs)
    assert read.min() == write.min() == 0 and 1 not in read and 1 not in write
    assert (write == languages.end).sum(axis=1).tolist() == [1] * len(pairs)
    assert languages.written(write) == [in_lower_case(target) for target in targets]
    inputs = languages.shifted(write)
    assert (inputs[:, 0] == languages.start).all()
    np.testing.assert_array_equal(inputs[:, 1:], write[:, :-1])


def test_a_word_never_seen_is_unknown_and_its_pieces_are_not(small):
    pairs = translation.draw_pairs("train")
    words, pieces = (
        translation.Languages.learn(row, pairs) for row in (translation.WORDS, translation.SUBWORDS)
    )
    sentence = ["Look at this microscope and this zebra!"]
    assert 1 in words.read(sentence) and 1 not in pieces.read(sentence)
    assert pieces.read(sentence).shape[1] > words.read(sentence).shape[1]
    assert len(pieces.source) <= 100 + 2


def test_every_translation_of_the_grammar_fits():
    for split in ("validation", "new frames", translation.AMBIGUOUS):
        pairs = parallel.generate(900, seed=1, split=split)
        longest = max(map(len, pairs.chinese)), max(len(translation.split_english(s)) for s in pairs.english)
        assert max(longest) < translation.LONGEST


def test_who_sees_learns_more_often_from_sentences_with_senses(small):
    small["sentences"]["train"] = 2000
    times = {}
    for row in translation.ROWS:
        pairs = translation.training_pairs(row)
        english, senses = np.array(pairs.english), pairs.senses
        once = np.unique_counts(english[senses < 0]).counts
        twins = np.unique_counts(english[senses >= 0]).counts
        assert (once == 1).all() and len(set(twins)) == 1
        times[row] = twins[0] // 2
    assert times == dict.fromkeys(translation.ROWS, 1) | {
        translation.PICTURE: small["ambiguous repeated"][translation.PICTURE]
    }


# Pictures


def test_twins_see_each_others_drawing_when_it_is_the_wrong_one(small):
    pairs = translation.draw_pairs(translation.AMBIGUOUS)
    shown = {name: translation.sight(name, pairs)[1] for name in translation.SIGHTS}
    assert shown["no picture"] is None
    right, wrong = shown["drawing"], shown["wrong drawing"]
    assert right.shape == (len(pairs), 384)
    np.testing.assert_array_equal(right[0::2], wrong[1::2])
    np.testing.assert_array_equal(right[1::2], wrong[0::2])
    assert (right != wrong).any(axis=1).all()
    unseen = translation.drawings(pairs.concepts, emoji.TEST_STYLE)
    np.testing.assert_array_equal(shown["unseen style"], unseen)
    assert (shown["shuffled drawings"] != right).any(axis=1).mean() > 0.8


def test_drawings_are_of_the_concepts_asked_for_and_a_ground_changes_them(small):
    concepts = np.array([5, 900, 5])
    found = translation.drawings(concepts, "noto")
    np.testing.assert_array_equal(found[0], found[2])
    picture = emoji.load(("noto",)).pictures["noto"][900:901]
    alone = pixels(emoji.on_background(emoji.resized(picture, translation.SIDE)))
    np.testing.assert_array_equal(found[1:2], alone)
    assert (translation.drawings(concepts, "noto", "stripes") != found).any()


def test_photographs_are_of_the_sense_meant():
    pairs = parallel.generate(953, seed=0, split="ambiguous")
    rows, features = translation.sight("photograph", pairs)
    known = translation.photographed()
    assert 5 <= len(known) <= 12 and len(rows) == len(features) < len(pairs) / 4
    for concept, feature in zip(pairs.concepts[rows], features, strict=True):
        assert (known[int(concept)] == feature).all(axis=1).any()


@pytest.mark.parametrize("one_length", [True, False])
def test_batches_hold_every_pair_once_and_hide_the_shares_that_are_set(one_length, small):
    small.update({"common words": 50, "other words hidden": 0.3, "pictures hidden": 0.3, "batch size": 64})
    pairs = translation.draw_pairs("train")
    languages = translation.Languages.learn(translation.PICTURE, pairs)
    views = np.arange(1, len(pairs) + 1)[np.newaxis, :, np.newaxis] * np.ones((2, 1, 384), np.float32)
    batches = translation._batches(
        languages, pairs.english, pairs.chinese, np.arange(len(pairs)), views, one_length, seed=0
    )
    epoch = [*itertools.islice(batches, -(-len(pairs) // 64))]
    written = [text for _, targets in epoch for text in languages.written(targets)]
    assert sorted(written) == sorted(pairs.chinese)
    # Keras takes from the first two which lengths vary.
    assert (len({source.shape[1] for (_, source, _), _ in epoch[:2]}) == 2) == one_length
    filled = [source[:, -1].any() and targets[:, -1].any() for (_, source, _), targets in epoch]
    assert all(filled) or not one_length
    sources = np.concatenate([source.ravel() for (_, source, _), _ in epoch])
    whole = languages.read(pairs.english)
    pictures = np.concatenate([picture for (_, _, picture), _ in epoch])
    assert abs((sources == 1).sum() / (whole > 50).sum() - 0.3) < 0.05
    assert np.isin(sources, range(2, 51)).sum() == np.isin(whole, range(2, 51)).sum()
    shown = pictures.any(axis=1)
    assert abs(shown.mean() - 0.7) < 0.08
    of = pictures[shown, 0].astype(int) - 1
    assert [pairs.chinese[i] for i in of] == [text for text, seen in zip(written, shown, strict=True) if seen]
    sides = translation.sides(translation.WORDS, pairs)
    (_, _, blind), _ = next(
        translation._batches(languages, *sides, np.arange(len(pairs)), None, one_length, 0)
    )
    assert not blind.any()


# The network


def test_a_token_depends_on_what_is_to_be_seen_and_on_nothing_else(small):
    pairs = translation.draw_pairs("train")
    model = translation.build(translation.Languages.learn(translation.PICTURE, pairs))
    languages, pictures = model.languages, random_pictures(2)
    tokens = languages.shifted(languages.targets(["看这只老鼠！"] * 2))
    source = languages.read(["Look at this mouse!"] * 2)
    logits = np.asarray(model([tokens, source, pictures]))
    assert logits.shape == (*tokens.shape, len(languages.target))
    assert not np.allclose(logits[0], logits[1], atol=1e-4)  # two pictures
    padded = np.pad(source, ((0, 0), (0, 3)))
    np.testing.assert_allclose(model([tokens, padded, pictures]), logits, atol=1e-5)
    assert not np.allclose(model([tokens, source[:, ::-1], pictures]), logits, atol=1e-4)
    later = tokens.copy()
    later[:, 4:] = 5
    np.testing.assert_allclose(np.asarray(model([later, source, pictures]))[:, :4], logits[:, :4], atol=1e-5)


def test_attention_is_shared_among_the_picture_and_the_words_that_are_there(small):
    model = translation.build(
        translation.Languages.learn(translation.PICTURE, translation.draw_pairs("train"))
    )
    sentences = ["Where is the mouse?", "Look!"]
    pictures = random_pictures(2)
    pictures[1] = 0
    weights = translation.attention_on(model, sentences, ["老鼠在哪里？", "看！"], pictures)
    assert weights.shape == (2, 7, 1 + 5)
    np.testing.assert_allclose(weights.sum(axis=2), 1, atol=1e-5)
    assert weights[0].min() > 0
    assert weights[1, :, 0].max() == 0 and weights[1, :, 3:].max() == 0
    np.testing.assert_allclose(
        translation.attention_on(model, sentences[1:], ["看！"]), weights[1:, :3, :3], atol=1e-5
    )


@pytest.mark.slow
def test_the_scale_of_the_features_does_not_matter(small, monkeypatch):
    pairs, logits = translation.draw_pairs("train"), []
    for scale in (1, 20):
        monkeypatch.setattr(translation, "features_of", lambda seen, by=scale: by * (pixels(seen) + 3))
        model = translation.train(translation.PICTURE, seed=0)
        pictures = translation.drawings(pairs.concepts[:20], "noto")
        tokens = model.languages.targets(pairs.chinese[:20])
        logits.append(np.asarray(model([tokens, model.languages.read(pairs.english[:20]), pictures])))
    # Not equal: the optimiser makes a step of equal length of the smallest rounding.
    assert np.corrcoef(*(values.ravel() for values in logits))[0, 1] > 0.95


@pytest.mark.parametrize(
    ("sentences", "features", "told"),
    [
        ("The doctor likes this bat.", None, "sentences is 'The doctor likes this bat.': expected a list"),
        (["Look!", "  "], None, "a sentence is empty"),
        (["Look!"], np.zeros(384, np.float32), "features"),
        (["Look!", "Look!"], np.zeros((1, 384), np.float32), "features"),
    ],
)
def test_bad_input_is_named(sentences, features, told):
    with pytest.raises(CourseError, match=told):
        translation.translate(translation.load_translator(), sentences, features)


# Scores


def test_a_sense_is_right_wrong_or_unclear():
    pairs = parallel.generate(8, seed=0, split="ambiguous")
    told = translation.sense_scores(pairs.chinese, pairs)
    assert told == {"right sense": 1, "other sense": 0, "unclear": 0}
    turned = [pairs.chinese[row ^ 1] for row in range(len(pairs))]
    assert translation.sense_scores(turned, pairs) == {"right sense": 0, "other sense": 1, "unclear": 0}
    both = [one + other for one, other in zip(pairs.chinese, turned, strict=True)]
    assert translation.sense_scores(both, pairs)["unclear"] == 1
    assert translation.sense_scores([""] * len(pairs), pairs)["unclear"] == 1
    blind = [pairs.chinese[row & ~1] for row in range(len(pairs))]
    assert translation.sense_scores(blind, pairs)["right sense"] == 0.5


def test_the_noun_and_its_measure_word_may_change_and_all_else_is_counted():
    pairs = parallel.generate(400, seed=0, split="ambiguous")
    turned = [pairs.chinese[row ^ 1] for row in range(len(pairs))]
    assert translation.other_characters_changed(pairs.chinese, turned, pairs) == 0
    row = pairs.english.index(next(text for text in pairs.english if text.startswith("Look at this")))
    one = pairs.select([row])
    noun = one.chinese_nouns[0]
    changed = translation.other_characters_changed(one.chinese, [f"看这{noun}啊！"], one)
    assert changed == 1 / 3  # 看这！ and one character more


# Runs and the record


@pytest.mark.slow
@pytest.mark.parametrize("row", some_of([translation.SUBWORDS, *translation.SEEING]))  # the others run alike
def test_a_run_measures_what_the_record_has(row, small, monkeypatch, tmp_path):
    monkeypatch.setattr(translation, "DATA", tmp_path)
    (tmp_path / "checkpoints").mkdir()
    assert translation.run(row, 0).keys() == results.load("translation").row(row).keys()
    assert (tmp_path / translation.CHECKPOINT).exists() == (row == translation.PICTURE)


def test_the_record_is_of_this_experiment_and_has_every_row_with_three_seeds():
    record = results.load("translation")
    assert record.configuration == translation.CONFIGURATION
    assert set(record.rows) == set(translation.ROWS)
    for row in record.rows:
        assert len(set(next(iter(record.row(row).values())).seeds)) >= 3


@pytest.mark.slow
def test_the_shipped_translator_is_the_recorded_one():
    model = translation.load_translator()
    recorded = results.load("translation").row(translation.PICTURE)
    pairs = translation.draw_pairs(translation.AMBIGUOUS)
    for name in ("no picture", "drawing"):
        written = translation.translate(model, pairs.english, translation.sight(name, pairs)[1])
        found = translation.sense_scores(written, pairs)
        for score, value in found.items():
            # It was measured before its weights were rounded to 16 bits.
            assert abs(value - recorded[f"{score}, ambiguous, {name}"].values[0]) <= 0.005, (score, name)
    free = translation.draw_pairs(translation.FREE)
    found = translation.text_scores(translation.translate(model, free.english), free.chinese, "zh")
    assert abs(found["chrF"] - recorded["chrF, free, no picture"].values[0]) < 0.5
    assert (DATA / translation.CHECKPOINT).stat().st_size < 3e6
