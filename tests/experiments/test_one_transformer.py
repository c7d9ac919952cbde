"""What becomes of a picture, a sound and a name, what the network may look at, and what is learned from."""

import itertools

import numpy as np
import pytest

from course_utils import runtime
from course_utils.datasets import speech
from course_utils.errors import CourseError
from course_utils.experiments import one_transformer, recognition, results

runtime.start()


def pictures(n=2):
    return np.random.default_rng(0).integers(0, 256, (n, 48, 48, 3), dtype=np.uint8)


def asked(modality="text", n=5):
    given = {
        "picture": pictures(n),
        "sound": [np.full((20 + i, 40), 0.1 + i, np.float32) for i in range(n)],
        "text": [f"number {i}" for i in range(n)],
    }[modality]
    question, answer = ("which digit?", "two") if modality == "sound" else ("which group?", "flags")
    return one_transformer.ask(modality, given, question, [answer] * n)


# Everything becomes a sequence


def test_patches_come_row_by_row_and_white_is_zero():
    drawn = pictures()
    drawn[0, :12] = 255
    found = one_transformer.sequence("picture", drawn)
    assert found["numbers"].shape == (2, 24, 432) and found["numbers"].dtype == np.float32
    assert not found["numbers"][0, :4].any() and found["numbers"][1, :16].any()
    expected = 1 - drawn[1, 12:24, 36:48].ravel() / 255
    np.testing.assert_allclose(found["numbers"][1, 7], expected, atol=1e-6)
    assert found["kinds"].tolist() == [[1] * 16 + [0] * 8] * 2
    assert not found["characters"].any()


def test_six_frames_are_a_token_and_what_is_too_long_is_cut():
    frames = np.arange(13 * 40, dtype=np.float32).reshape(13, 40)
    found = one_transformer.sequence("sound", [frames, np.ones((500, 40), np.float32)])
    np.testing.assert_array_equal(found["numbers"][0, 1, :240], frames[6:12].ravel())
    np.testing.assert_array_equal(found["numbers"][0, 2, :40], frames[12])
    assert not found["numbers"][0, 2, 40:].any() and not found["numbers"][:, :, 240:].any()
    assert found["kinds"].tolist() == [[2] * 3 + [0] * 21, [2] * 24]


def test_a_name_is_spelled():
    found = one_transformer.sequence("text", ["Ab é", "x" * 30])
    assert found["characters"][0, :5].tolist() == [34, 67, 1, 0, 0]
    assert found["kinds"].tolist() == [[3] * 4 + [0] * 20, [3] * 24]
    with pytest.raises(CourseError, match="modality is 'smell'"):
        one_transformer.sequence("smell", ["x"])


# The network


def test_nobody_looks_at_padding_and_positions_count():
    model = one_transformer.build()
    inputs = one_transformer.inputs_of(asked("sound"))
    before = np.asarray(model(inputs))
    assert before.shape == (5, len(one_transformer.ANSWERS))
    changed = dict(inputs)
    changed["numbers"] = np.where(inputs["kinds"][..., None] > 0, inputs["numbers"], 7)
    np.testing.assert_allclose(np.asarray(model(changed)), before, atol=1e-5)
    backwards = np.where(inputs["kinds"][..., None] > 0, inputs["numbers"][:, ::-1], 0)
    assert not np.allclose(np.asarray(model({**inputs, "numbers": backwards})), before, atol=1e-3)


def test_the_question_is_read_and_a_sequence_may_hold_several_modalities():
    model = one_transformer.build()
    inputs = one_transformer.inputs_of(asked("sound", 1))
    other = {**inputs, "question": inputs["question"] + 1}
    assert not np.allclose(np.asarray(model(inputs)), np.asarray(model(other)), atol=1e-3)
    spelled = one_transformer.sequence("text", ["sun"])
    mixed = {name: inputs[name].copy() for name in inputs}
    for name, part in spelled.items():
        mixed[name][:, 20:23] = part[:, :3]
    assert not np.allclose(np.asarray(model(inputs)), np.asarray(model(mixed)), atol=1e-3)


def test_without_modality_embeddings_their_table_is_missing_and_nothing_else():
    told, untold = (one_transformer.build(modality_embeddings=told) for told in (True, False))
    assert told.count_params() - untold.count_params() == 4 * one_transformer.CONFIGURATION["width"]


# What is learned from


@pytest.mark.slow
def test_no_style_voice_or_name_is_learned_from_and_tested():
    learned, tested = one_transformer.learned(), one_transformer.tests()
    kept = one_transformer.validation()
    names = [{*some["text"].given} for some in (learned, kept)] + [{*tested["names, unread"].given}]
    assert sum(map(len, names)) == len(set.union(*names)) > 1500
    drawn, unseen = (
        {one.tobytes() for one in some.given}
        for some in (learned["picture"], tested["pictures, unseen style"])
    )
    assert not drawn & unseen
    heard, chosen, voices, engine = (
        {one.tobytes() for one in some.given}
        for some in (
            learned["sound"],
            kept["sound"],
            tested["sounds, unheard voices"],
            tested["sounds, another engine"],
        )
    )
    assert not heard & (chosen | voices | engine) and not chosen & engine
    assert len(tested["sounds, another engine"].given) == 40 and len(kept["sound"].given) == 40
    assert len({*speech.load("far").voices}) == 2 * len(recognition.VALIDATION)


@pytest.mark.slow
def test_each_recording_is_asked_two_questions():
    sounds = one_transformer.learned()["sound"]
    half = len(sounds.given) // 2
    assert all(one is other for one, other in zip(sounds.given[:half], sounds.given[half:], strict=True))
    assert {*sounds.questions[:half]} == {1} and {*sounds.questions[half:]} == {2}
    said = {one_transformer.ANSWERS[answer] for answer in sounds.answers}
    assert said == {*speech.DIGITS["en"], "English", "Chinese"}


def test_what_is_changed_keeps_its_size_and_names_stay():
    rng = np.random.default_rng(0)
    moved = one_transformer.changed("picture", pictures(8), rng)
    assert all(picture.shape == (48, 48, 3) for picture in moved)
    assert any((one != other).any() for one, other in zip(moved, pictures(8), strict=True))
    stretched = one_transformer.changed("sound", asked("sound").given, rng)
    assert all(one.shape[1] == 40 for one in stretched)
    assert one_transformer.changed("text", ["a", "b"], rng) == ["a", "b"]


def test_no_row_comes_again_before_all_have(monkeypatch):
    sizes = {"batch size": dict.fromkeys(one_transformer.MODALITIES, 4)}
    monkeypatch.setattr(one_transformer, "CONFIGURATION", one_transformer.CONFIGURATION | sizes)
    drawn = one_transformer.batches(asked("text", 6), np.random.default_rng(0))
    seen = [tuple(row) for inputs, _ in itertools.islice(drawn, 3) for row in inputs["characters"]]
    assert len({*seen[:6]}) == 6 == len({*seen[6:]})


# Runs


@pytest.mark.slow
def test_three_networks_run_and_say_what_is_recorded(monkeypatch):
    few = {
        part: {name: one_transformer.taken(some, np.arange(30)) for name, some in sets().items()}
        for part, sets in (("tests", one_transformer.tests), ("validation", one_transformer.validation))
    }
    for part, sets in few.items():
        monkeypatch.setattr(one_transformer, part, lambda sets=sets: sets)
    monkeypatch.setattr(one_transformer, "CONFIGURATION", one_transformer.CONFIGURATION | {"steps": 2})
    found = one_transformer.run(one_transformer.EACH, 0)
    recorded = results.load("one_transformer").row(one_transformer.EACH)
    assert found.keys() == recorded.keys()
    assert found["parameters"] == recorded["parameters"].values[0]
    assert all(0 <= value <= 1 for name, value in found.items() if name != "parameters")


def test_the_record_has_every_row_with_three_seeds_and_one_for_all_has_a_third_of_the_parameters():
    record = results.load("one_transformer")
    assert record.rows == list(one_transformer.ROWS)
    assert all(len(record.row(row)["parameters"].seeds) == one_transformer.SEEDS for row in record.rows)
    one, each = (record.row(row)["parameters"].mean for row in one_transformer.ROWS[:2])
    assert each == 3 * one == 3 * one_transformer.build().count_params()
