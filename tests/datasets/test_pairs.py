"""Pairs of digits are what they say they are, and only cells that hold nothing are hidden."""

import numpy as np
import pytest

from course_utils.datasets import pairs, scenes, speech
from course_utils.preprocessing import audio


def draw(n=60, split="train", seed=0, same=True, noise=0.0, decibels=100):
    return pairs.draw_digits(n, split, seed, same=same, picture_noise=noise, decibels=decibels)


def test_both_modalities_are_the_digit_or_the_label_is_the_parity_of_the_sum():
    same, different = draw(), draw(same=False)
    assert (same.a_names == same.b_names).all()
    assert (same.labels == same.a_names).all()
    assert (different.labels == (different.a_names + different.b_names) % 2).all()
    assert (different.a_names != different.b_names).any()
    assert 0.3 < different.labels.mean() < 0.7


def test_the_pictures_and_sounds_are_of_the_digits_they_are_said_to_be():
    some = draw(n=40, same=False)
    pictures, seen, clips, spoken = pairs._digits("train")
    for a, b, a_name, b_name in zip(some.a[:, 0], some.b[:, 0], some.a_names, some.b_names, strict=True):
        row = np.abs(pictures - a).sum(axis=1).argmin()
        assert np.allclose(pictures[row], a, atol=1e-6)
        assert seen[row] == a_name
        heard = [
            pairs.hear(clips[i], 100, np.random.default_rng(0)) for i in np.flatnonzero(spoken == b_name)
        ]
        assert min(np.abs(other - b).max() for other in heard) < 0.1


def test_no_picture_and_no_voice_is_in_both_splits():
    train, test = pairs._digits("train"), pairs._digits("test")
    assert len(train[0]) + len(test[0]) == 1797
    assert not {clip.tobytes() for clip in train[2]} & {clip.tobytes() for clip in test[2]}
    assert not set(speech.load("train").voices) & set(speech.load("validation").voices)


def test_pairs_follow_from_seed_and_split_alone():
    assert (draw(noise=0.5).a == draw(noise=0.5).a).all()
    assert (draw(noise=0.5).a != draw(noise=0.5, seed=1).a).any()
    assert (draw(noise=0.5).a_names != draw(noise=0.5, split="test").a_names).any()
    assert np.isclose((draw(n=300, noise=0.5).a - draw(n=300).a).std(), 0.5, atol=0.01)


def test_sound_is_the_log_mel_spectrogram_averaged_in_eight_steps():
    clip = speech.load("train").clips[0]
    frames = audio.log_mel(clip, 8000, n_mels=20, floor=1e-6)
    edges = np.linspace(0, len(frames), 9).astype(int)[1:-1]
    steps = np.stack([part.mean(axis=0) for part in np.split(frames, edges)])
    assert np.allclose(pairs.hear(clip, 120, np.random.default_rng(0)).reshape(8, 20), steps, atol=0.02)


@pytest.mark.parametrize("decibels", [-12, 0, 20])
def test_noise_has_the_power_that_was_asked_for(decibels, monkeypatch):
    heard = []
    monkeypatch.setattr(
        audio, "log_mel", lambda samples, *_, **__: heard.append(samples) or np.zeros((9, 20))
    )
    clip = speech.load("train").clips[3]
    pairs.hear(clip, decibels, np.random.default_rng(0))
    power = np.mean(clip**2) / np.mean((heard[0] - clip) ** 2)
    assert np.isclose(10 * np.log10(power), decibels, atol=0.5)


def test_only_cells_without_a_thing_are_hidden_and_half_of_them():
    some = scenes.generate(300, seed=1)
    regions = np.random.default_rng(0).normal(size=(300, 36, 5)).astype(np.float32)
    hidden = (scenes.hide_empty_cells(regions, some, 0.5) == 0).all(axis=-1).reshape(300, 3, 2, 3, 2)
    cells = hidden.all(axis=(2, 4)).reshape(300, 9)
    assert (hidden.any(axis=(2, 4)).reshape(300, 9) == cells).all()  # a cell's four regions go together
    taken = np.zeros((300, 9), bool)
    for number, (places, mask) in enumerate(zip(some.cells, some.mask, strict=True)):
        taken[number, places[mask]] = True
    assert not (cells & taken).any()
    assert 0.45 < cells[~taken].mean() < 0.55
    assert (some.empty == ~taken).all()
    assert (scenes.hide_empty_cells(regions, some, 0.0) == regions).all()
    assert (
        scenes.hide_empty_cells(np.ones((300, 9, 2), np.float32), some, 1.0).any(axis=-1).sum() == taken.sum()
    )
