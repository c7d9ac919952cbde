"""What teacher and students are and learn from, and that a row falls where it was recorded."""

import numpy as np

from course_utils import runtime
from course_utils.datasets import speech

runtime.start()

from course_utils.experiments import results, spoken_student  # noqa: E402 - after the quiet start


def test_a_student_has_less_than_a_tenth_of_the_teachers_parameters():
    parameters = {
        row: {*spoken["parameters"].values}
        for row in spoken_student.ROWS
        for spoken in [results.load("spoken_student").row(row)]
    }
    teacher, student = (spoken_student.build(size).count_params() for size in ("teacher", "student"))
    assert parameters.pop(spoken_student.TEACHER) == {teacher}
    assert all(found == {student} for found in parameters.values())
    assert student <= teacher / 10


def test_no_voice_is_learned_from_and_tested_on():
    voices = {split: {*speech.load(split).voices} for split in ("train", *spoken_student.TESTS.values())}
    assert not voices["train"] & (voices["validation"] | voices["far"])
    spectrograms, labels = spoken_student.spoken("validation")
    assert spectrograms.shape == (540, 32, 40, 1) and spectrograms.dtype == np.float32
    np.testing.assert_allclose(spectrograms.mean(axis=(1, 2, 3)), 0, atol=1e-5)
    np.testing.assert_allclose(spectrograms.std(axis=(1, 2, 3)), 1, atol=1e-5)
    assert [spoken_student.words()[label] for label in labels] == speech.load("validation").transcripts


def test_copies_are_moved_by_a_few_frames_and_bands():
    one = np.zeros((1, 32, 40, 1), np.float32)
    one[0, 10, 20] = 100
    own, *copies = spoken_student.with_moved_copies(one, np.random.default_rng(0))
    np.testing.assert_array_equal(own, one[0])
    moves = [np.subtract(np.unravel_index(copy.argmax(), copy.shape)[:2], (10, 20)) for copy in copies]
    assert len(moves) == spoken_student.CONFIGURATION["moved copies"]
    assert np.abs(moves).max() <= 3 and len({*map(tuple, moves)}) > 1


def test_the_distilled_student_sees_no_label_and_another_those_of_its_voices(monkeypatch):
    spectrograms, labels = spoken_student.spoken("train")
    teacher, fitted = spoken_student.build("student"), []
    monkeypatch.setattr(spoken_student, "train_teacher", lambda seed: teacher)
    monkeypatch.setattr(
        spoken_student, "_fit", lambda model, seen, targets, temperature: fitted.append(targets)
    )
    for given in (labels, labels[::-1]):
        monkeypatch.setattr(spoken_student, "spoken", lambda split, given=given: (spectrograms, given))
        for row in (spoken_student.DISTILLED, spoken_student.FEW):
            spoken_student.train(row, 0)
    soft, hard, soft_again, hard_again = fitted
    np.testing.assert_array_equal(soft, soft_again)
    assert len(soft) == 7 * len(spectrograms) and soft.max() < 1
    assert {*np.unique(hard)} == {0, 1} and (hard != hard_again).any()
    assert len(hard) == len(soft) * spoken_student.CONFIGURATION["labelled voices"] // 21
