"""Recorded experiment: a student with a tenth of a teacher's parameters tells eighty spoken words apart.

    python3 -m course_utils experiment spoken_student

The **teacher** learns from the labels of all 21 synthetic voices of ``data/speech``. Students:

- **labels of 2 voices**: it has two voices with their labels, drawn for each seed.
- **distilled**: it has all 21 voices without a label, and the teacher's probabilities, softened by a
  temperature.
- **labels of all voices**: it has as many labels as the teacher.

All of a seed's students begin with the same weights and take about the same number of steps. Every word is
also seen moved in time and in pitch, with noise. Tests: six voices that nobody learned from, and another
synthesiser. Hinton et al., arXiv:1503.02531. Shown in lesson 11.
"""

import functools

import keras
import numpy as np
from keras import layers, ops

from course_utils.datasets import speech
from course_utils.experiments import recognition, results

CONFIGURATION = {
    "frames of a word": 32,
    "filters": {"teacher": 48, "student": 7},
    "moved copies": 6,
    "moved by at most": 3,
    "noise": 0.3,
    "labelled voices": 2,
    "epochs of all voices": 5,
    "batch size": 64,
    "learning rate": 0.002,
    "temperature": 2.0,
}
TEACHER, DISTILLED = "teacher", "distilled"
FEW, ALL = "labels of 2 voices", "labels of all voices"
ROWS = (TEACHER, FEW, DISTILLED, ALL)
SEEDS = 3
TESTS = {"new voices": "validation", "another synthesiser": "far"}

Words = tuple[np.ndarray, np.ndarray]
"""Log-mel spectrograms, float32 (n, frames, bands, 1), and the number of the word of each, int (n,)."""


@functools.cache
def words() -> tuple[str, ...]:
    """Gives the words that are told apart: digits and names of emoji, in English and Chinese."""
    return tuple(sorted({*speech.load("train").transcripts}))


@functools.cache
def spoken(split: str) -> Words:
    """Gives the recordings of a split as pictures of one size.

    Args:
        split: str, as for :func:`course_utils.datasets.speech.load`.

    Returns:
        Words, each with mean 0 and standard deviation 1.
    """
    said = speech.load(split)
    positions, found = np.linspace(0, 1, CONFIGURATION["frames of a word"]), []
    for clip in said.clips:
        features = recognition.features_of(clip)
        found.append(recognition.resized(features, positions * (len(features) - 1), axis=0))
    spectrograms = np.array(found, np.float32)[..., np.newaxis]
    spectrograms -= spectrograms.mean(axis=(1, 2, 3), keepdims=True)
    spectrograms /= spectrograms.std(axis=(1, 2, 3), keepdims=True)
    return spectrograms, np.array([*map(words().index, said.transcripts)])


def with_moved_copies(spectrograms: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Adds copies of spectrograms, float32 (n, …), moved in time and in pitch, with noise.

    Returns:
        float32 ((1 + copies) · n, …): those that were given, then all copies of the first kind, and so on.
    """
    most, found = CONFIGURATION["moved by at most"], [spectrograms]
    for _ in range(CONFIGURATION["moved copies"]):
        moves = rng.integers(-most, most + 1, (len(spectrograms), 2))
        moved = np.array(
            [np.roll(one, move, axis=(0, 1)) for one, move in zip(spectrograms, moves, strict=True)]
        )
        found.append(moved + rng.normal(0, CONFIGURATION["noise"], moved.shape).astype(np.float32))
    return np.concatenate(found)


def build(size: str) -> keras.Model:
    """Builds a network with random weights.

    Args:
        size: str, "teacher" or "student".

    Returns:
        keras.Model from spectrograms to logits (batch, words).
    """
    filters = CONFIGURATION["filters"][size]
    model = keras.Sequential([keras.Input((CONFIGURATION["frames of a word"], recognition.MELS, 1))])
    for multiple, kernel in ((1, 5), (2, 3), (4, 3)):
        model.add(layers.Conv2D(multiple * filters, kernel, strides=2, padding="same", use_bias=False))
        model.add(layers.BatchNormalization())
        model.add(layers.ReLU())
    model.add(layers.Flatten())
    model.add(layers.Dropout(0.3 if size == "teacher" else 0.0))
    model.add(layers.Dense(len(words())))
    return model


def _fit(model: keras.Model, spectrograms: np.ndarray, targets: np.ndarray, temperature: float = 1.0) -> None:
    """Trains by cross-entropy with probabilities (n, words), as many steps as all voices take."""

    def loss(targets: keras.KerasTensor, logits: keras.KerasTensor) -> keras.KerasTensor:
        return -(temperature**2) * ops.sum(targets * ops.log_softmax(logits / temperature), axis=1)

    size, copies = CONFIGURATION["batch size"], 1 + CONFIGURATION["moved copies"]
    steps = CONFIGURATION["epochs of all voices"] * -(-copies * len(spoken("train")[0]) // size)
    epochs = round(steps * size / len(spectrograms))
    rate = keras.optimizers.schedules.CosineDecay(CONFIGURATION["learning rate"], steps)
    model.compile(keras.optimizers.Adam(rate), loss)
    model.fit(spectrograms, targets, batch_size=size, epochs=epochs, verbose=0)


@functools.lru_cache(maxsize=1)
def train_teacher(seed: int) -> keras.Model:
    """Trains the teacher of a seed on the labels of all voices."""
    spectrograms, labels, _ = _seen(seed)
    keras.utils.set_random_seed(seed)
    teacher = build("teacher")
    _fit(teacher, spectrograms, np.eye(len(words()), dtype=np.float32)[labels])
    return teacher


def _seen(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Gives all voices' spectrograms with their copies, their words, and which have labels in row FEW."""
    rng, voices = np.random.default_rng(seed), np.array(speech.load("train").voices)
    few = rng.choice(np.unique(voices), CONFIGURATION["labelled voices"], replace=False)
    spectrograms, labels = spoken("train")
    times = 1 + CONFIGURATION["moved copies"]
    return with_moved_copies(spectrograms, rng), np.tile(labels, times), np.tile(np.isin(voices, few), times)


def train(row: str, seed: int) -> keras.Model:
    """Trains the network of a row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the labelled voices, the copies, the first weights and the order of the batches.

    Returns:
        keras.Model as from :func:`build`.
    """
    if row == TEACHER:
        return train_teacher(seed)
    spectrograms, labels, few = _seen(seed)
    targets, temperature = np.eye(len(words()), dtype=np.float32)[labels], 1.0
    if row == DISTILLED:
        temperature = CONFIGURATION["temperature"]
        logits = train_teacher(seed).predict(spectrograms, batch_size=256, verbose=0)
        targets = ops.convert_to_numpy(ops.softmax(logits / temperature))
    used = few if row == FEW else slice(None)
    keras.utils.set_random_seed(seed)
    student = build("student")
    _fit(student, spectrograms[used], targets[used], temperature)
    return student


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, as for :func:`train`.

    Returns:
        dict of float: parameters, and the accuracy on each of TESTS.
    """
    model = train(row, seed)
    figures = {"parameters": model.count_params()}
    for name, split in TESTS.items():
        spectrograms, labels = spoken(split)
        found = model.predict(spectrograms, batch_size=256, verbose=0).argmax(axis=1)
        figures[f"{name} accuracy"] = (found == labels).mean()
    return figures


if __name__ == "__main__":
    results.record(
        "spoken_student", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run
    )
