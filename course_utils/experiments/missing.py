"""Recorded experiment: digits that are seen and heard, when one of the two is noisy or missing.

Shown in lesson 11.

    python3 -m course_utils experiment missing

A handwritten digit (scikit-learn, 8 × 8) and the same digit spoken (the course's voices) each become 64
numbers, of which the mean is taken, and 10 logits. Rows say how the network was trained and what stands for
what is missing:

- "zeros": always both in training; at the test, zeros stand for the vector of what is missing.
- "mean of those present": always both in training; the mean is taken of what is there.
- "zeros, modality dropout" and "mean of those present, modality dropout": in training one of the two is
  missing from a share of the examples.

Tested on the last third of the written digits, spoken by voices that are not learned from. Nothing is
chosen. The network sees each written digit with another recording in every epoch.
"""

import functools

import keras
import numpy as np
from keras import layers, ops
from sklearn.datasets import load_digits

from course_utils.datasets import speech
from course_utils.experiments import recognition, results

CONFIGURATION = {
    "width": 64,
    "hidden": 128,
    "frames of a sound": 16,
    "epochs": 15,
    "batch size": 64,
    "learning rate": 0.002,
    "dropped": 0.4,
    "noise of the picture": [0.0, 0.25, 0.5, 1.0],
    "decibels": [20, 10, 0, -10],
    "share missing": [0.0, 0.25, 0.5, 0.75, 1.0],
}
ROWS = tuple(
    f"{rule}{dropped}"
    for rule in ("zeros", "mean of those present")
    for dropped in ("", ", modality dropout")
)
SEEDS = 3
MODALITIES = ("picture", "sound")


def heard(clips: list[np.ndarray]) -> np.ndarray:
    """Gives sounds as 16 frames of 40 mel bands, of one length: float32 (n, 640), mean 0 and spread 1."""
    positions = np.linspace(0, 1, CONFIGURATION["frames of a sound"])
    found = []
    for clip in clips:
        features = recognition.features_of(clip)
        found.append(recognition.resized(features, positions * (len(features) - 1), axis=0).ravel())
    found = np.array(found, np.float32)
    return (found - found.mean(axis=1, keepdims=True)) / found.std(axis=1, keepdims=True)


@functools.cache
def sets() -> dict[str, tuple]:
    """Gives what is learned from and tested on.

    Returns:
        dict of pictures float32 (n, 64), 0 to 1, their digits int (n,), clips (a list) and their digits int
        (m,), for "train" and "test". The written digits to test on are the last third, in their order.
    """
    written = load_digits()
    pictures, digits = (written.data / 16).astype(np.float32), written.target
    parts = {}
    for name, split, rows in (("train", "train", slice(0, 1200)), ("test", "validation", slice(1200, None))):
        said = speech.load(split).select(kind="digit")
        spoken = np.array([speech.digit_value(text) for text in said.transcripts])
        parts[name] = pictures[rows], digits[rows], list(said.clips), spoken
    return parts


def paired(digits: np.ndarray, spoken: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Draws for each written digit, int (n,), a recording of it: int (n,) places in ``spoken``."""
    return np.array([rng.choice(np.flatnonzero(spoken == digit)) for digit in digits])


def build(*, mean: bool) -> keras.Model:
    """Builds the network with random weights.

    Args:
        mean: bool, whether the mean is taken of those present; else what is missing counts as zeros.

    Returns:
        keras.Model from a dict of "picture" (batch, 64), "sound" (batch, 640) and "present" (batch, 2), 0 or
        1, to logits (batch, 10).
    """
    sound = CONFIGURATION["frames of a sound"] * recognition.MELS
    inputs = {"picture": keras.Input((64,), name="picture"), "sound": keras.Input((sound,), name="sound")}
    present = keras.Input((2,), name="present")
    vectors = []
    for name in MODALITIES:
        x = layers.Dense(CONFIGURATION["hidden"], activation="relu")(inputs[name])
        vectors.append(layers.Dense(CONFIGURATION["width"])(layers.Dropout(0.3)(x)))
    weights = present[:, :, None]
    among = ops.maximum(ops.sum(weights, axis=1), 1.0) if mean else 2.0
    joined = ops.sum(weights * ops.stack(vectors, axis=1), axis=1) / among
    logits = layers.Dense(10)(layers.ReLU()(joined))
    return keras.Model({**inputs, "present": present}, logits)


def train(row: str, seed: int) -> keras.Model:
    """Trains the network of a row; each picture meets another recording of its digit in every epoch."""
    pictures, digits, _, spoken = sets()["train"]
    sounds, rng = heard_in_training(), np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    model = build(mean=row.startswith("mean"))
    model.compile(
        keras.optimizers.Adam(CONFIGURATION["learning rate"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    for _ in range(CONFIGURATION["epochs"]):
        present = np.ones((len(digits), 2), np.float32)
        if "dropout" in row:
            gone = rng.random(len(digits)) < CONFIGURATION["dropped"]
            present[gone, rng.integers(2, size=gone.sum())] = 0
        inputs = {"picture": pictures, "sound": sounds[paired(digits, spoken, rng)], "present": present}
        model.fit(inputs, digits, batch_size=CONFIGURATION["batch size"], verbose=0)
    return model


@functools.cache
def heard_in_training() -> np.ndarray:
    """Gives the features of the recordings to learn from, float32 (m, 640)."""
    return heard(sets()["train"][2])


@functools.cache
def heard_in_test(decibels: float | None) -> np.ndarray:
    """Gives the features of the test recordings, float32 (m, 640), in white noise where told how loud."""
    clips, rng = sets()["test"][2], np.random.default_rng(7)
    if decibels is None:
        return heard(clips)
    return heard([recognition.with_noise(clip, rng.normal(size=len(clip)), decibels) for clip in clips])


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the first weights, what meets what in training, and what is missing.

    Returns:
        dict of float: parameters, and accuracies on the test digits for each corruption.
    """
    model = train(row, seed)
    pictures, digits, _, spoken = sets()["test"]
    rng = np.random.default_rng(54)  # every row and seed is asked the same
    recordings = paired(digits, spoken, rng)
    noise, order = rng.normal(size=pictures.shape), rng.random(len(digits))

    def accuracy(*, blur: float = 0.0, decibels: float | None = None, missing: dict | None = None) -> float:
        present = np.ones((len(digits), 2), np.float32)
        for name, share in (missing or {}).items():
            present[order < share, MODALITIES.index(name)] = 0
        inputs = {
            "picture": (pictures + blur * noise).astype(np.float32),
            "sound": heard_in_test(decibels)[recordings],
            "present": present,
        }
        return (model.predict(inputs, batch_size=512, verbose=0).argmax(axis=1) == digits).mean()

    figures = {"parameters": model.count_params()}
    for blur in CONFIGURATION["noise of the picture"]:
        figures[f"picture, noise {blur}: accuracy"] = accuracy(blur=blur)
    for decibels in CONFIGURATION["decibels"]:
        figures[f"sound, {decibels} dB: accuracy"] = accuracy(decibels=decibels)
    for name in MODALITIES:
        for share in CONFIGURATION["share missing"]:
            figures[f"{name}, {share} missing: accuracy"] = accuracy(missing={name: share})
    return figures


if __name__ == "__main__":
    results.record("missing", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
