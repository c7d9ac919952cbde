"""Two modalities of the same samples: any pair of arrays with labels, and digits seen and heard.

Introduced in lesson 05.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np

from course_utils import arguments
from course_utils.datasets import speech
from course_utils.datasets.base import DataSet
from course_utils.preprocessing import audio

__all__ = ["DIGITS", "PICTURE_FEATURES", "SOUND_FEATURES", "Pairs", "draw_digits", "hear", "standardised"]

SPLITS = ("train", "test")
_TRAINED_PICTURES = 1400  # of scikit-learn's 1,797 digits; the others are for the test
_STEPS, _MELS = 8, 20
DIGITS = len(speech.DIGITS["en"])
"""Different digits, 0 to 9."""
PICTURE_FEATURES = 8 * 8
"""Pixels of a handwritten digit."""
SOUND_FEATURES = _STEPS * _MELS
"""Numbers that describe a spoken one."""


@dataclass(frozen=True, repr=False, eq=False)
class Pairs(DataSet):
    """n samples of two modalities with their labels. Introduced in lesson 05.

    Attributes:
        a: array (n, tokens, dim): pictures of digits, float32 (n, 1, 64); or words of questions, int32 (n, 8,
            7).
        b: float32 (n, tokens, dim): spoken digits (n, 1, 160); or regions of scenes (n, 36, 192), where a
            region of nothing but zeros is hidden.
        labels: int (n,), or (n, 8), one for each question.
        a_names: int (n,), the digit seen; None for scenes.
        b_names: int (n,), the digit heard; None for scenes.
    """

    a: np.ndarray
    b: np.ndarray
    labels: np.ndarray
    a_names: np.ndarray | None = None
    b_names: np.ndarray | None = None

    @functools.cached_property
    def moments(self) -> dict[str, tuple[np.ndarray, np.ndarray] | None]:
        """{"a": (mean, deviation), "b": …} over samples and tokens, float32 (dim,); None for words."""
        return {name: _moments(values) for name, values in (("a", self.a), ("b", self.b))}


def _moments(values: np.ndarray) -> tuple[np.ndarray, np.ndarray] | None:
    if values.dtype.kind != "f":
        return None
    return values.mean(axis=(0, 1)), values.std(axis=(0, 1))


def standardised(pairs: Pairs, reference: Pairs) -> Pairs:
    """Gives every feature mean 0 and deviation 1, by the statistics of the training set.

    Introduced in lesson 05.

    Args:
        pairs: Pairs.
        reference: Pairs as drawn, the training set. Words (integers) stay as they are.

    Returns:
        Pairs.
    """

    def scaled(name: str) -> np.ndarray:
        values, moments = getattr(pairs, name), reference.moments[name]
        if moments is None:
            return values
        mean, deviation = moments
        return ((values - mean) / (deviation + 1e-6)).astype(np.float32)

    return replace(pairs, a=scaled("a"), b=scaled("b"))


@functools.cache
def _digits(split: str) -> tuple[np.ndarray, np.ndarray, list[np.ndarray], np.ndarray]:
    """Pictures float64 (n, 64) from 0 to 1 with their digits, and recordings with theirs, of one split."""
    from sklearn.datasets import load_digits

    stored = load_digits()
    order = np.random.default_rng(0).permutation(len(stored.target))
    rows = order[:_TRAINED_PICTURES] if split == "train" else order[_TRAINED_PICTURES:]
    heard = speech.load("train" if split == "train" else "validation").select(kind="digit", language="en")
    spoken = np.array([speech.digit_value(word) for word in heard.transcripts])
    return stored.data[rows] / 16, stored.target[rows], heard.clips, spoken


def hear(clip: np.ndarray, decibels: float, rng: np.random.Generator) -> np.ndarray:
    """Puts a recording under white noise and describes it by its log-mel spectrogram in eight steps of time.

    Introduced in lesson 05.

    Args:
        clip: float array (samples,), at `speech.RATE`.
        decibels: float, power of the sound over power of the noise, in dB.
        rng: NumPy generator, for the noise.

    Returns:
        float32 (160,), 20 mel bands at each of the eight steps.
    """
    power = np.mean(np.square(clip)) / 10 ** (decibels / 10)
    noisy = clip + rng.normal(0, np.sqrt(power), len(clip)).astype(np.float32)
    frames = audio.log_mel(noisy, speech.RATE, n_mels=_MELS, floor=1e-6)
    edges = np.linspace(0, len(frames), _STEPS + 1).astype(int)[:-1]
    steps = np.add.reduceat(frames, edges) / np.diff(edges, append=len(frames))[:, np.newaxis]
    return steps.ravel().astype(np.float32)


def draw_digits(n: int, split: str, seed: int, *, same: bool, picture_noise: float, decibels: float) -> Pairs:
    """Pairs pictures and recordings of digits, each with fresh noise.

    Pictures and voices of the two splits differ: each modality was split before anything was paired.
    Introduced in lesson 05.

    Args:
        n: int ≥ 1, pairs.
        split: "train" or "test".
        seed: int, for the pairs and the noise.
        same: bool, whether both are the same digit, or drawn for themselves.
        picture_noise: float ≥ 0, standard deviation of the noise added to pixels from 0 to 1.
        decibels: float, sound-to-noise ratio of the recordings.

    Returns:
        Pairs whose label is the digit (``same``), or whether the sum of the two is odd.

    Raises:
        CourseError: no pairs, an unknown split, or noise below 0.
    """
    n, split = arguments.whole_number("n", n), arguments.choice("split", split, SPLITS)
    picture_noise = arguments.number("picture_noise", picture_noise, at_least=0)
    rng = np.random.default_rng((seed, split == "train"))
    pictures, seen, clips, spoken = _digits(split)
    a_names = rng.integers(DIGITS, size=n)
    b_names = a_names if same else rng.integers(DIGITS, size=n)
    a_rows, b_rows = _drawn(rng, seen, a_names), _drawn(rng, spoken, b_names)
    a = pictures[a_rows] + rng.normal(0, picture_noise, (n, PICTURE_FEATURES))
    b = np.stack([hear(clips[row], decibels, rng) for row in b_rows])
    labels = a_names if same else (a_names + b_names) % 2
    return Pairs(a.astype(np.float32)[:, None], b[:, None], labels, a_names, b_names)


def _drawn(rng: np.random.Generator, digits: np.ndarray, wanted: np.ndarray) -> list[int]:
    """For each wanted digit a row at random out of those that show it."""
    return [rng.choice(np.flatnonzero(digits == digit)) for digit in wanted]
