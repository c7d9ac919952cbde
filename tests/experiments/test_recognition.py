"""What is heard in training and in each test, what happens to a recording, and the network that hears it."""

import functools
import itertools

import numpy as np
import pytest

from course_utils import runtime
from course_utils.datasets import people, speech
from course_utils.errors import CourseError
from course_utils.experiments import recognition, results
from course_utils.generation import ctc
from course_utils.places import DATA
from tests.drawn import some_of

runtime.start()


@pytest.fixture
def small(monkeypatch):
    """The experiment with so little training that a run takes seconds."""
    steps = dict.fromkeys(recognition.CONFIGURATION["steps"], 2)
    settings = {**recognition.CONFIGURATION, "steps": steps, "pool": 20, "strings": 4, "dim": 8, "units": 8}
    monkeypatch.setattr(recognition, "CONFIGURATION", settings)
    every = recognition.single_words
    monkeypatch.setattr(
        recognition,
        "single_words",
        lambda *asked: recognition.Utterances(*(part[:5] for part in every(*asked))),
    )
    monkeypatch.setattr(recognition, "_of_words", functools.cache(recognition._of_words.__wrapped__))
    return settings


def tone(seconds=0.5, hertz=440.0):
    return np.sin(2 * np.pi * hertz * np.arange(int(8000 * seconds)) / 8000).astype(np.float32) / 2


# Letters and features


def test_letters_become_labels_and_come_back():
    assert recognition.labels_of("a 'z") == (3, 1, 2, 28)
    assert recognition.text_of((1, 3, 1, 1, 28, 1)) == "a z" and recognition.text_of(()) == ""
    for split in people.SPLITS:
        for text in recognition.prompts(split).transcripts:
            assert recognition.text_of(recognition.labels_of(text)) == text
    with pytest.raises(CourseError, match=r"text is 'Press 7', which has '7' 'P'.*lower case"):
        recognition.labels_of("Press 7")


def test_a_frame_comes_every_eight_milliseconds_and_loudness_does_not_matter():
    clip = tone() * np.linspace(0.1, 1, 4000, dtype=np.float32)
    features = recognition.features_of(clip)
    assert features.dtype == np.float32 and features.shape == (1 + (4000 - 200) // 64, 40)
    np.testing.assert_allclose(features.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(recognition.features_of(clip / 4), features, atol=1e-2)
    silent = np.concatenate([np.zeros(2000, np.float32), clip])
    assert np.ptp(recognition.features_of(silent)) <= 2 * 6 * np.log(10) / 3


# Who speaks


def test_no_voice_of_a_test_is_heard_in_training_but_in_the_first():
    voices = {test: {*recognition._speakers(test, "digit")} for test in recognition.TESTS}
    trained = voices.pop(recognition.HEARD)
    assert trained == {*speech.load("train").voices}
    assert not any(trained & others for others in voices.values())
    assert not voices[recognition.ENGINE] & {*recognition.VALIDATION} and len(voices[recognition.ENGINE]) == 2
    assert {*recognition.VALIDATION} < {*speech.load("far").voices}
    with pytest.raises(CourseError, match="test is 'nobody'"):
        recognition.draw_strings("nobody", 1, 0)


@pytest.mark.parametrize("test", recognition.TESTS)
def test_a_string_is_one_to_four_digits(test):
    said = recognition.draw_strings(test, 60, seed=1)
    again = recognition.draw_strings(test, 60, seed=1)
    assert said.transcripts == again.transcripts != recognition.draw_strings(test, 60, 2).transcripts
    lengths = [len(text.split()) for text in said.transcripts]
    assert {*lengths} == {1, 2, 3, 4}
    assert {word for text in said.transcripts for word in text.split()} == {*speech.DIGITS["en"]}
    seconds = np.array([len(clip) / 8000 for clip in said.clips])
    assert (seconds > 0.25 * np.array(lengths)).all() and (seconds < 1.5 * np.array(lengths) + 0.3).all()


def test_words_and_pauses_take_turns():
    words = [np.full(100, value, np.float32) for value in (1, 2)]
    joined = recognition.joined(words, np.random.default_rng(0))
    values = [int(value) for value, _ in itertools.groupby(joined)]
    assert values == [0, 1, 0, 2, 0]
    runs = [len([*run]) / 8000 for value, run in itertools.groupby(joined) if value == 0]
    assert all(0.05 <= seconds <= 0.25 for seconds in runs)


def test_single_words_are_all_recordings_of_a_kind():
    for test, kind, n in (("voices never heard", "digit", 120), ("another engine", "name", 120)):
        said = recognition.single_words(test, kind)
        assert len(said.clips) == len(said.transcripts) == n
        assert all(not clip[:800].any() and not clip[-800:].any() for clip in said.clips)
    assert recognition.single_words("people", "digit").transcripts == [*speech.DIGITS["en"]]


def test_a_share_of_the_prompts_is_drawn_anew_with_each_seed_and_never_from_the_test():
    texts = {*recognition.prompts("train").transcripts}
    assert not texts & {*recognition.prompts("test").transcripts}
    minutes = {}
    for row in ("prompts, a quarter", "prompts, half", recognition.PROMPTS):
        drawn = [recognition.heard_in_training(row, np.random.default_rng(seed)) for seed in (0, 1)]
        assert all({*said} <= texts for _, said in drawn)
        assert sorted(drawn[0][1]) != sorted(drawn[1][1]) or row == recognition.PROMPTS
        minutes[row] = [sum(map(len, features)) * recognition.HOP / 60 for features, _ in drawn]
    assert np.allclose(minutes[recognition.PROMPTS], 10.9, atol=0.3)
    assert np.allclose(minutes["prompts, half"], 5.4, atol=0.7)


# What may happen to a recording


@pytest.mark.parametrize("decibels", [-5, 0, 20])
@pytest.mark.parametrize("kind", recognition.NOISES)
def test_noise_is_as_loud_as_asked(kind, decibels):
    clip = tone()
    noise = recognition.draw_noise(kind, len(clip), np.random.default_rng(0))
    added = recognition.with_noise(clip, noise, decibels) - clip
    assert 10 * np.log10(np.mean(clip**2) / np.mean(added**2)) == pytest.approx(decibels, abs=1e-3)


def test_noise_of_another_length_or_silence_is_refused():
    with pytest.raises(CourseError, match=r"clip has 4000 samples.*noise 3.*as many of both"):
        recognition.with_noise(tone(), tone()[:3], 0.0)
    with pytest.raises(CourseError, match=r"power 0.*neither silent"):
        recognition.with_noise(tone() * 0, tone(), 0.0)
    with pytest.raises(CourseError, match="kind is 'pink'"):
        recognition.draw_noise("pink", 10, np.random.default_rng(0))


def test_a_rough_recording_is_another_each_time_and_says_the_same():
    clip = recognition.single_words("voices heard", "digit").clips[0]
    rng = np.random.default_rng(0)
    found = [recognition.roughened(clip, rng) for _ in range(20)]
    assert all(some.dtype == np.float32 and np.isfinite(some).all() for some in found)
    lengths = [len(some) / len(clip) for some in found]
    assert 0.8 < min(lengths) < 0.95 and 1.05 < max(lengths) < 1.25


def test_stretching_moves_and_hides_and_keeps_the_rest():
    features = recognition.features_of(tone(1.0) + tone(1.0, 1500))
    found = [
        recognition.stretched_features(features, recognition.ROUGH, np.random.default_rng(seed))
        for seed in range(20)
    ]
    lengths = [len(some) / len(features) for some in found]
    assert 0.78 < min(lengths) < 0.9 and 1.2 < max(lengths) < 1.32
    assert all((some == 0).all(axis=1).any() and (some == 0).all(axis=0).any() for some in found)
    np.testing.assert_allclose(recognition.resized(features, np.arange(40), 1), features, atol=1e-6)
    half = recognition.resized(features, np.array([0.0, 0.5]), 0)
    np.testing.assert_allclose(half, [features[0], features[:2].mean(axis=0)], atol=1e-5)


# The network


def test_what_is_padded_changes_nothing():
    model = recognition.build()
    for layer in model.layers:  # of random weights some would be 0, such as those of a normalisation
        for variable in layer.trainable_variables:
            variable.assign(np.random.default_rng(0).normal(0, 0.2, variable.shape))
    clips = [tone(0.3), tone(1.1, 900), tone(0.35, 200)]
    together = recognition.log_probabilities(model, clips)
    for clip, table in zip(clips, together, strict=True):
        alone = recognition.log_probabilities(model, [clip])[0]
        assert table.shape == (recognition.frames_after(len(recognition.features_of(clip))), 29)
        np.testing.assert_allclose(np.exp(table).sum(axis=1), 1, atol=1e-4)
        np.testing.assert_allclose(table, alone, atol=1e-4)
    assert not np.allclose(together[0][:5], together[1][:5], atol=1e-3)


def test_the_loss_is_that_of_all_paths_for_each_letter():
    rng = np.random.default_rng(0)
    features = [rng.normal(0, 1, (frames, 40)).astype(np.float32) for frames in (37, 64)]
    texts = ["all", "it's a bee"]
    targets = recognition.targets_of(features, texts)
    assert targets[:, :2].tolist() == [[10, 3], [16, 10]]
    model = recognition.build()
    tables = np.asarray(model(recognition.batch_of(features)))
    found = np.asarray(recognition.loss(targets, tables))
    for row, (text, table) in enumerate(zip(texts, tables, strict=True)):
        labels = recognition.labels_of(text)
        expected = -ctc.ctc_log_probability(table[: targets[row, 0]], labels, recognition.BLANK) / len(text)
        assert found[row] == pytest.approx(expected, rel=1e-4)


def test_batches_hold_every_utterance_that_fits_once(small):
    small["batch size"] = 7
    features, texts = recognition.heard_in_training(recognition.PLAIN, np.random.default_rng(0))
    features[3] = features[3][:20]  # 5 frames of logits: too few for any word and a space
    texts[3] = "too many letters"
    batches = recognition.batches(recognition.PLAIN, features, texts, np.random.default_rng(0))
    seen = []
    for (shown, mask), targets in itertools.islice(batches, -(-len(features) // 7)):
        assert shown.shape[:2] == mask.shape and shown.shape[1] % 4 == 0 and len(targets) == len(shown)
        np.testing.assert_array_equal(targets[:, 0], recognition.frames_after(mask.sum(axis=1)))
        seen += [recognition.text_of(row[2 : 2 + row[1]]) for row in targets]
    assert sorted(seen) == sorted(texts[:3] + texts[4:])


def test_only_what_is_to_be_stretched_differs_from_epoch_to_epoch(small):
    small["batch size"] = 20
    features, texts = recognition.heard_in_training(recognition.PLAIN, np.random.default_rng(0))
    for row in (recognition.PLAIN, recognition.ROUGH):
        batches = recognition.batches(row, features, texts, np.random.default_rng(0))
        sums = [
            sorted(np.abs(shown[0]).sum(axis=(1, 2)).round()) for shown, _ in itertools.islice(batches, 2)
        ]
        assert (sums[0] == sums[1]) == (row == recognition.PLAIN)


# Reading


def test_a_closed_vocabulary_takes_the_likeliest_of_its_words():
    table = np.log(np.full((6, 29), 0.4 / 28))
    said = recognition.labels_of("one")
    for frame, label in enumerate((0, *said, 0, 0)):
        table[frame, label] = np.log(0.6)
    words = ["one", "two", "seventeen"]
    found = recognition.closest([table], words)
    assert found.shape == (1, 3) and found.argmax() == 0 and found[0, 2] == -np.inf
    assert recognition.greedy([table]) == ["one"] == recognition.by_ten_words([table])


# The shares are drawn as all prompts are, and who starts from scratch learns as who does not.
@pytest.mark.slow
@pytest.mark.parametrize("row", some_of([recognition.PLAIN, recognition.ROUGH, recognition.PROMPTS]))
def test_every_kind_of_row_runs_and_says_what_is_recorded(row, small, tmp_path, monkeypatch):
    (tmp_path / "checkpoints").mkdir()
    monkeypatch.setattr(recognition, "DATA", tmp_path)
    figures = recognition.run(row, 0)
    assert figures.keys() == results.load("recognition").row(row).keys()
    assert all(value >= 0 for value in figures.values())
    kept = {recognition.ROUGH: "words", recognition.PROMPTS: "prompts"}
    written = {path.name for path in (tmp_path / "checkpoints").iterdir()}
    # A row of prompts starts from the words of its seed, which is no run of theirs.
    assert written == ({f"recogniser_{kept[row]}.npz"} if row in kept else set())


# What is shipped


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "row", "names"),
    [
        (
            "words",
            recognition.ROUGH,
            ("digits right, closed, people", "strings wrong, ten words, another engine"),
        ),
        ("prompts", recognition.PROMPTS, ("CER, greedy", "WER, greedy")),
    ],
)
def test_the_checkpoint_does_what_was_recorded_of_its_seed(kind, row, names):
    model = recognition.load_recogniser(kind)
    assert not model.trainable_variables
    if kind == "words":
        figures = recognition.word_scores(
            model, recognition.single_words("people", "digit"), "digit", "people"
        )
        strings = recognition.draw_strings("another engine", recognition.CONFIGURATION["strings"], seed=90)
        figures |= recognition.string_scores(model, strings, "another engine")
    else:
        figures = recognition.prompt_scores(model, recognition.prompts("test"))
    recorded = results.load("recognition").row(row)
    for name in names:
        assert figures[name] == pytest.approx(recorded[name].values[0], abs=0.011), name


def test_the_checkpoints_are_small_and_another_kind_is_refused():
    for path in recognition.CHECKPOINTS.values():
        assert (DATA / path).stat().st_size < 3_000_000
    with pytest.raises(CourseError, match="kind is 'songs'"):
        recognition.load_recogniser("songs")


def test_the_card_gives_the_recorded_figures():
    lines = (DATA / "checkpoints" / "README.md").read_text(encoding="utf-8").splitlines()
    record = results.load("recognition")
    for row in recognition.ROWS[2:]:
        (line,) = [line for line in lines if line.startswith(f"| {row.removeprefix('prompts, ')} |")]
        assert f"| {record.row(row)['minutes']:.1f} |" in line
        for name in ("CER, greedy", "CER, beam", "WER, greedy", "WER, beam"):
            assert f"{record.row(row)[name]:.2f}" in line, (row, name)
    for row in recognition.WORDS:
        for test in recognition.TESTS:
            (line,) = [
                line for line in lines if line.startswith(f"| {test}, {row.removeprefix('words, ')} |")
            ]
            for name in ("strings wrong, open", "strings wrong, ten words", "digits right, closed"):
                assert f"{record.row(row)[f'{name}, {test}']:.2f}" in line, (row, test, name)
