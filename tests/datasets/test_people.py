import importlib
import re
from collections import Counter

import numpy as np
import pytest
import soundfile

from course_utils import CourseError
from course_utils.datasets import integrity, people
from course_utils.places import DATA, ROOT
from course_utils.preprocessing.audio import clipped_share

FOLDER = DATA / "people"
CARD = (FOLDER / "README.md").read_text(encoding="utf-8")
LETTERS = {"en": "[a-z]", "es": "[a-z]", "fr": "[a-zé]", "it": "[a-z]", "ru": "[а-я]"}


@pytest.fixture(scope="module")
def loaded():
    return people.load()


@pytest.fixture(scope="module")
def script():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "data" / "build")
        yield importlib.import_module("build_people")


def words(part):
    return [word for transcript in part.transcripts for word in transcript.split()]


def test_clips_are_short_and_neither_silent_nor_clipped(loaded):
    assert loaded.rate == 8000
    for name, clip in zip(loaded.files, loaded.clips, strict=True):
        assert clip.dtype == np.float32 and clip.ndim == 1, name
        assert 0.2 <= len(clip) / loaded.rate <= 5, name
        assert 20 * np.log10(np.sqrt(np.mean(clip**2))) > -30 and np.abs(clip).max() > 0.2, name
        assert clipped_share(clip) == 0, name


def test_no_recording_is_there_twice(loaded):
    assert len({clip.tobytes() for clip in loaded.clips}) == len(loaded)


def test_files_are_the_listed_ones_and_no_other(loaded):
    there = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()]
    assert sorted(there) == sorted([*loaded.files, "README.md", "people.tsv", "licences/copyright"])
    assert all(name.isascii() and name == name.lower() and " " not in name for name in loaded.files)
    assert sum((FOLDER / name).stat().st_size for name in there) < 10_000_000


def test_files_hold_the_samples_that_are_loaded(loaded):
    row = loaded.files.index("en/goodbye.flac")
    stored, rate = soundfile.read(FOLDER / "en" / "goodbye.flac", dtype="int16")
    assert rate == loaded.rate and loaded.transcripts[row] == "goodbye"
    np.testing.assert_array_equal(loaded.clips[row], stored / np.float32(32768))


def test_digits_are_complete_and_for_testing_only(loaded):
    digits = loaded.select(kind="digit")
    assert set(digits.splits) == {"test"} and digits.digits.dtype == np.int32
    assert Counter(digits.languages) == dict.fromkeys(people.LANGUAGES, 10)
    for language in people.LANGUAGES:
        said = digits.select(language=language)
        assert said.digits.tolist() == list(range(10))
        assert tuple(said.transcripts) == people.DIGITS[language]
        assert len(set(said.speakers)) == 1
    prompts = loaded.select(kind="prompt")
    assert set(prompts.digits) == {-1} and set(prompts.languages) == {"en"}
    assert not set(prompts.transcripts) & set(people.DIGITS["en"])


def test_no_text_is_in_both_splits(loaded):
    train, test = (loaded.select(kind="prompt", split=name) for name in people.SPLITS)
    assert not set(train.transcripts) & set(test.transcripts)
    assert 0.15 < len(test) / (len(train) + len(test)) < 0.25


def test_transcripts_hold_the_letters_of_their_language(loaded):
    for language, transcript in zip(loaded.languages, loaded.transcripts, strict=True):
        assert re.fullmatch(rf"({LETTERS[language]}|'| (?! ))+", transcript), transcript
        assert transcript.strip() == transcript


@pytest.mark.parametrize(
    ("file", "transcript"),
    [
        ("en/vm-delete", "press seven to delete this message"),
        ("en/letters/at", "at"),
        ("en/confbridge-binaural-on", "three d audio enabled"),
        ("en/digits/oclock", "o'clock"),
        ("en/letters/exclaimation-point", "exclamation point"),
        ("es/digits/0", "cero"),
    ],
)
def test_transcripts_say_what_is_spoken(loaded, file, transcript):
    assert loaded.transcripts[loaded.files.index(f"{file}.flac")] == transcript


@pytest.mark.parametrize("name", ["beep", "tt-monkeys", "silence/1", "spy-iax2", "spy-h323"])
def test_what_is_no_speech_or_cannot_be_written_is_left_out(loaded, name):
    assert f"en/{name}.flac" not in loaded.files


def test_the_card_and_the_package_name_everybody_and_the_licence(loaded):
    stated = (FOLDER / "licences" / "copyright").read_text(encoding="utf-8")
    assert "License: CC-BY-SA-3.0\n THE WORK" in stated and "License: CC-BY-3.0\n" in stated
    rows = [line for line in CARD.splitlines() if line.startswith("| digits") and "CC BY" in line]
    for row in rows:
        languages = re.findall(r"\b(en|es|fr|it|ru)\b", row.split("|")[1])
        part = [i for i, language in enumerate(loaded.languages) if language in languages]
        assert f"({len(part)}" in row and {f"[{loaded.licences[i]}]" in row for i in part} == {True}
        names = {loaded.speakers[i] for i in part} - {"IvrvoiceRU"} or {"Maxim Topal"}
        assert all(name in row and name in stated for name in names)
    assert len(rows) == 4


def test_the_card_gives_the_counts(loaded):
    assert f"{len(loaded)} recordings" in CARD
    rows = [line.strip("| ").split(" | ") for line in CARD.splitlines() if line.startswith("| ")]
    stated = {(row[0], row[1]): row[2:5] for row in rows if row[1] in people.SPLITS}
    assert len(stated) == len(people.LANGUAGES) + len(people.SPLITS)
    for (name, split), figures in stated.items():
        kind, _, language = name.partition(", ")
        part = loaded.select(kind=kind.removesuffix("s"), language=language or None, split=split)
        seconds = np.array([len(clip) / part.rate for clip in part.clips])
        lengths = f"{seconds.min():.2f}–{seconds.max():.2f}"
        assert figures == [str(len(part)), f"{seconds.sum() / 60:.2f}", lengths]


def test_the_card_counts_the_words(loaded):
    prompts = loaded.select(kind="prompt")
    train, test = (prompts.select(split=name) for name in people.SPLITS)
    for name, part in (("train", train), ("test", test)):
        single = sum(" " not in transcript for transcript in part.transcripts)
        counts = [len(set(part.transcripts)), single, len(words(part)), len(set(words(part)))]
        assert f"| {name} | " + " | ".join(map(str, counts)) + " |" in CARD
    unheard = sum(word not in words(train) for word in words(test))
    assert f"Of the {len(words(test))} words of test, {unheard} ({unheard / len(words(test)):.2f})" in CARD
    assert f"{len(prompts) - len(set(prompts.transcripts))} recordings repeat a text" in CARD


@pytest.fixture
def check(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "data" / "build")
    return importlib.import_module("check_people")


@pytest.mark.slow
def test_warping_forgives_pace_and_nothing_else(check):
    first, second = np.random.default_rng(0).normal(size=(2, 20, 5))
    slower = np.repeat(first, 2, axis=0)
    assert check.warped(first, slower) == 0 < check.warped(first, second)
    np.testing.assert_allclose(check.warped(first[:1], second[:1]), np.linalg.norm(first[0] - second[0]) / 2)


@pytest.mark.slow
def test_the_card_gives_what_synthetic_voices_teach(loaded, check):
    found = check.found_digits(loaded.select(kind="digit", language="en"))
    assert f"finds **{found} of the 10**" in CARD


def test_the_table_is_what_the_script_makes_of_its_source(loaded, script):
    corrections = {row["path"]: row["transcript"] for row in script.read_table(script.TABLE)}
    rows = [row for row in script.read_table(FOLDER / "people.tsv") if row["kind"] == "prompt"]
    texts = {row["path"].split("_Allison/")[1].removesuffix(".wav"): row["original"] for row in rows}
    left_out = {name: "?" for name, words in corrections.items() if words == script.LEFT_OUT}
    assert script.complain(texts | left_out, corrections) == []
    assert list(script.transcripts(texts, corrections).values()) == [row["transcript"] for row in rows]
    assert [script.split_of(row["transcript"]) for row in rows] == [row["split"] for row in rows]


def test_a_list_is_read_with_the_first_of_two_lines(script):
    text = "; Sounds\n\ndigits/0: cero\ndigits/0: diez\nvm-leave:  Press 5 (a tone)\n"
    assert script.entries(text) == {"digits/0": "cero", "vm-leave": "Press 5 (a tone)"}


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Press 5, or don't. (beep) ...", "press five or don't"),
        ("[sound of monkeys screaming]", ""),
        ("<beep ascending>", ""),
        ("Speed-dial: 3D", "speed dial three d"),
    ],
)
def test_texts_become_words(script, text, words):
    assert script.transcript_of(text) == words


@pytest.mark.parametrize(
    ("texts", "corrections", "complaint"),
    [
        ({"a": "Dial 500"}, {}, "nobody can tell how a is said"),
        ({"a": "press # now"}, {}, "nobody can tell how a is said"),
        ({"a": "hello"}, {"b": "-"}, "no prompt of 5.0 s at most is called b"),
        ({"a": "hello"}, {"a": "Hello!"}, "'Hello!' holds more than a to z"),
    ],
)
def test_a_wrong_table_is_refused(script, texts, corrections, complaint):
    found = script.complain(texts, corrections)
    assert found == [found[0]] and complaint in found[0]


def test_another_package_is_refused(script, tmp_path):
    with pytest.raises(SystemExit, match=r"cannot be read.*download asterisk-core-sounds-it-wav`"):
        script.unpack(tmp_path, "it-wav")
    (tmp_path / "asterisk-core-sounds-it_1.6.1-1_all.deb").write_bytes(b"!<arch>\n")
    with pytest.raises(SystemExit, match=r"is not asterisk-core-sounds-it_1\.6\.1-1_all\.deb"):
        script.unpack(tmp_path, "it")


def test_a_part_can_be_loaded(loaded):
    part = people.load("prompt", "en", "test")
    expected = loaded.select(kind="prompt", split="test")
    assert part.files == expected.files and part.transcripts == expected.transcripts
    np.testing.assert_array_equal(part.clips[0], expected.clips[0])
    assert people.load(language="ru").files == [f"ru/digits/{digit}.flac" for digit in range(10)]


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        ({"kind": "name"}, "kind is 'name': expected one of 'digit', 'prompt'"),
        ({"language": "zh"}, "language is 'zh': expected one of 'en', 'es'"),
        ({"split": 3}, "split is 3: expected one of 'train', 'test'"),
        (
            {"kind": "prompt", "language": "fr"},
            "kind='prompt', language='fr': prompts are in English",
        ),
        ({"kind": "digit", "split": "train"}, "no recording has kind='digit', split='train'"),
    ],
)
def test_unknown_parts_are_refused(asked, message):
    with pytest.raises(CourseError, match=message):
        people.load(**asked)


def test_a_damaged_recording_is_named(tmp_path, monkeypatch):
    (tmp_path / "people" / "en" / "digits").mkdir(parents=True)
    for name in ("manifest.json", "people/people.tsv"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    (tmp_path / "people" / "en" / "digits" / "0.flac").write_bytes(b"fLaC")
    monkeypatch.setattr(integrity, "DATA", tmp_path)
    with pytest.raises(CourseError, match=r"data/people/en/digits/0.flac is damaged"):
        people.load("digit", "en")


@pytest.fixture
def record(tmp_path):
    """Writes recordings of a tone: each name, or each name with its rate and number of channels."""

    def write(*names, rate=8000, channels=1):
        for name in names:
            tone = 0.5 * np.sin(2 * np.pi * 440 * np.arange(rate // 4) / rate)
            soundfile.write(tmp_path / name, np.tile(tone[:, None], channels), rate)
        return tmp_path

    return write


def test_own_digits_are_read_in_order(record):
    folder = record("7_li_10.wav", "7_li_2.wav", "0_zoë_0.wav", "7_anna_3.WAV")
    (folder / ".DS_Store").write_bytes(b"x")
    own = people.read_digits(folder)
    assert own.files == ["0_zoë_0.wav", "7_anna_3.WAV", "7_li_2.wav", "7_li_10.wav"]
    assert own.digits.tolist() == [0, 7, 7, 7] and own.transcripts == ["zero", "seven", "seven", "seven"]
    assert own.speakers == ["zoë", "anna", "li", "li"] and set(own.splits) == {"test"}
    assert len(own.select(speaker="li", digit=7)) == 2
    assert people.read_digits(str(folder), "zh").transcripts == ["零", "七", "七", "七"]


@pytest.mark.parametrize(("rate", "channels"), [(8000, 1), (44100, 2), (16000, 1)])
def test_own_digits_may_have_any_rate_and_channels(record, rate, channels):
    own = people.read_digits(record("3_anna_0.wav", rate=rate, channels=channels))
    assert own.rate == 8000 and own.clips[0].dtype == np.float32
    spectrum = np.abs(np.fft.rfft(own.clips[0]))
    assert len(own.clips[0]) == 2000 and spectrum.argmax() == 440 // 4


@pytest.mark.parametrize(
    "name", ["anna_7_0.wav", "7_anna.wav", "10_anna_0.wav", "7_anna_li_0.wav", "7_anna_0.mp3", "٧_anna_0.wav"]
)
def test_a_file_of_another_name_is_named(record, name):
    folder = record("7_anna_0.wav")
    (folder / name).write_bytes(b"")
    with pytest.raises(CourseError, match=rf"called {name}: expected DIGIT_SPEAKER_N.wav, such as 7_anna_0"):
        people.read_digits(folder)


def test_many_files_of_other_names_are_counted(tmp_path):
    for number in range(8):
        (tmp_path / f"take{number}.wav").mkdir()
    with pytest.raises(CourseError, match=r"take0\.wav, .*take4\.wav and 3 others: expected"):
        people.read_digits(tmp_path)


def test_an_empty_or_absent_folder_is_said(tmp_path):
    with pytest.raises(CourseError, match=r"the folder is empty: expected recordings called DIGIT_SPEAKER"):
        people.read_digits(tmp_path)
    with pytest.raises(CourseError, match="none: the folder cannot be read: No such file"):
        people.read_digits(tmp_path / "none")
    with pytest.raises(CourseError, match="folder is 3: expected the name of a folder"):
        people.read_digits(3)
    with pytest.raises(CourseError, match="language is 'de': expected one of 'en', 'zh', 'es'"):
        people.read_digits(tmp_path, "de")


def test_a_bad_recording_is_named_and_a_clipped_one_may_be_allowed(record):
    folder = record("1_anna_0.wav")
    soundfile.write(folder / "2_anna_0.wav", np.sign(np.sin(np.arange(4000) / 20)), 8000)
    with pytest.raises(CourseError, match=r"2_anna_0\.wav.*clipped"):
        people.read_digits(folder)
    assert len(people.read_digits(folder, allow_clipping=True)) == 2
    (folder / "2_anna_0.wav").write_bytes(b"no sound")
    with pytest.raises(CourseError, match=r"2_anna_0\.wav: this is no recording"):
        people.read_digits(folder)
