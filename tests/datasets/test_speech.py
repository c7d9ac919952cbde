import importlib
import itertools

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.datasets import emoji, speech
from course_utils.places import ROOT


@pytest.fixture(scope="module")
def splits():
    return {name: speech.load(name) for name in speech.SPLITS}


def test_clips_are_short_float_arrays_without_clipping(splits):
    for split in splits.values():
        assert split.rate == 8000
        for clip in split.clips:
            assert clip.dtype == np.float32 and clip.ndim == 1
            assert 0.15 < len(clip) / split.rate < 1.3
            assert 0.05 < np.abs(clip).max() < 0.95


def test_every_attribute_has_one_item_per_clip(splits):
    for split in splits.values():
        for name in ("transcripts", "languages", "voices", "kinds", "hexcodes"):
            assert len(getattr(split, name)) == len(split) == len(split.clips)


def test_no_voice_is_in_two_splits(splits):
    voices = {name: set(split.voices) for name, split in splits.items()}
    assert {name: len(found) for name, found in voices.items()} == {"train": 21, "validation": 6, "far": 4}
    for first, second in itertools.combinations(voices.values(), 2):
        assert not first & second


def test_only_the_far_split_is_another_synthesiser(splits):
    for name, split in splits.items():
        engine = "flite" if name == "far" else "espeak"
        assert {voice.split("-")[0] for voice in split.voices} == {engine}


def test_every_voice_says_every_word(splits):
    for name, split in splits.items():
        for voice in set(split.voices):
            said = split.select(voice=voice)
            digits = said.select(kind="digit", language="en")
            assert sorted(digits.transcripts) == sorted(2 * speech.DIGITS["en"])
            assert len(set(said.select(kind="name").transcripts)) == len(said.select(kind="name")) == 60
            if name != "far":
                assert tuple(said.select(language="zh").transcripts) == speech.DIGITS["zh"]
            else:
                assert set(said.languages) == {"en"}


def test_names_belong_to_emoji(splits):
    concepts = emoji.load(styles=())
    names = dict(zip(concepts.hexcodes, concepts.names["en"], strict=True))
    for split in splits.values():
        for kind, hexcode, transcript in zip(split.kinds, split.hexcodes, split.transcripts, strict=True):
            assert hexcode == "" if kind == "digit" else names[hexcode] == transcript


def test_a_voice_says_each_word_differently(splits):
    for split in splits.values():
        for voice in set(split.voices):
            clips = split.select(voice=voice).clips
            assert len({clip.tobytes() for clip in clips}) == len(clips)


def test_mandarin_is_not_spelt_in_english(splits):
    # "san" spelt out as the letters and number of its pinyin, s-a-n-one, lasts far longer than a syllable
    lengths = [len(clip) / speech.RATE for clip in splits["train"].select(language="zh").clips]
    assert np.median(lengths) < 0.5


def test_a_simple_classifier_trained_on_the_labels_understands_unheard_voices(splits, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "data" / "build")
    script = importlib.import_module("check_speech")
    english = script.classify(splits, "en", "digit")
    assert np.mean(list(english["validation"].values())) > 0.9
    assert np.mean(list(english["far"].values())) > 0.4
    assert np.mean(list(script.classify(splits, "zh", "digit")["validation"].values())) > 0.9


def test_select_combines_its_arguments(splits):
    train = splits["train"]
    chosen = train.select(transcript="seven", voice="espeak-f1")
    assert len(chosen) == 2 and set(chosen.voices) == {"espeak-f1"} and set(chosen.transcripts) == {"seven"}
    first = train.transcripts.index("crab")
    np.testing.assert_array_equal(train.select(transcript="crab").clips[0], train.clips[first])
    assert len(train.select()) == len(train)


def test_select_says_what_there_is(splits):
    with pytest.raises(CourseError, match=r"voice='espeak-f11'. Similar: espeak-f1,"):
        splits["train"].select(voice="espeak-f11")
    with pytest.raises(CourseError, match="language='zh', kind='name' all at once"):
        splits["train"].select(language="zh", kind="name")


def test_unknown_splits_are_refused():
    with pytest.raises(CourseError, match=r"'test'.*'train', 'validation', 'far'"):
        speech.load("test")


def test_digit_value_reads_both_languages():
    assert speech.digit_value("seven") == speech.digit_value("七") == 7
    with pytest.raises(CourseError, match="'crab' is no digit"):
        speech.digit_value("crab")
