"""Two modalities of the same samples: digits seen and heard, and any other pair of arrays with labels.

Introduced in lesson 05.
"""

import functools
from dataclasses import dataclass, replace

import numpy as np

from course_utils.datasets import scenes, speech
from course_utils.preprocessing import audio

__all__ = [
    "SOUND_FEATURES",
    "Pairs",
    "draw_digits",
    "empty_cells",
    "hear",
    "hide_empty_cells",
    "standardised",
]

_RATE = 8000
_TRAINED_PICTURES = 1400  # of scikit-learn's 1,797 digits; the others are for the test
_STEPS, _MELS = 8, 20
SOUND_FEATURES = _STEPS * _MELS
"""Numbers that describe a spoken digit."""


@dataclass(frozen=True)
class Pairs:
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

    def __len__(self):
        return len(self.labels)

    @functools.cached_property
    def moments(self):
        """Mean and deviation of each feature over samples and tokens, of a and of b.

        dict of two float32 (dim,), or None for words, which are integers.
        """
        return {
            name: (x.mean(axis=(0, 1)), x.std(axis=(0, 1))) if x.dtype.kind == "f" else None
            for name, x in (("a", self.a), ("b", self.b))
        }

    def select(self, rows):
        """Some of the samples: anything that indexes a first axis → Pairs."""
        fields = ("a", "b", "labels", "a_names", "b_names")
        chosen = {name: getattr(self, name) for name in fields}
        return Pairs(**{name: None if x is None else x[rows] for name, x in chosen.items()})


@functools.cache
def _digits(split):
    """Pictures float64 (n, 64) from 0 to 1 with their digits, and recordings with theirs, of one split."""
    from sklearn.datasets import load_digits

    stored = load_digits()
    order = np.random.default_rng(0).permutation(len(stored.target))
    rows = order[:_TRAINED_PICTURES] if split == "train" else order[_TRAINED_PICTURES:]
    heard = speech.load("train" if split == "train" else "validation").select(kind="digit", language="en")
    spoken = np.array([speech.digit_value(word) for word in heard.transcripts])
    return stored.data[rows] / 16, stored.target[rows], heard.clips, spoken


def hear(clip, decibels, rng):
    """A recording under white noise → its log-mel spectrogram in eight steps of time, float32 (160,).

    Args:
        clip: float array (samples,), 8 kHz.
        decibels: float, power of the sound over power of the noise, in dB.
        rng: NumPy generator, for the noise.

    Returns:
        float32 (160,), 20 mel bands at each of the eight steps.
    """
    power = np.mean(np.square(clip)) / 10 ** (decibels / 10)
    noisy = clip + rng.normal(0, np.sqrt(power), len(clip)).astype(np.float32)
    frames = audio.log_mel(noisy, _RATE, n_mels=_MELS, floor=1e-6)
    edges = np.linspace(0, len(frames), _STEPS + 1).astype(int)[:-1]
    steps = np.add.reduceat(frames, edges) / np.diff(edges, append=len(frames))[:, np.newaxis]
    return steps.ravel().astype(np.float32)


def draw_digits(n, split, seed, *, same, picture_noise, decibels):
    """Pair pictures and recordings of digits, each with fresh noise.

    Pictures and voices of the two splits differ: each modality was split before anything was paired.

    Args:
        n: int, pairs.
        split: "train" or "test".
        seed: int, for the pairs and the noise.
        same: bool, whether both are the same digit, or drawn for themselves.
        picture_noise: float ≥ 0, standard deviation of the noise added to pixels from 0 to 1.
        decibels: float, sound-to-noise ratio of the recordings.

    Returns:
        Pairs whose label is the digit (``same``), or whether the sum of the two is odd.
    """
    rng = np.random.default_rng((seed, split == "train"))
    pictures, seen, clips, spoken = _digits(split)
    a_names = rng.integers(10, size=n)
    b_names = a_names if same else rng.integers(10, size=n)
    a_rows = [rng.choice(np.flatnonzero(seen == digit)) for digit in a_names]
    b_rows = [rng.choice(np.flatnonzero(spoken == digit)) for digit in b_names]
    a = pictures[a_rows] + rng.normal(0, picture_noise, (n, pictures.shape[1]))
    b = np.stack([hear(clips[row], decibels, rng) for row in b_rows])
    labels = a_names if same else (a_names + b_names) % 2
    return Pairs(a.astype(np.float32)[:, None], b[:, None], labels, a_names, b_names)


def empty_cells(some):
    """Which of the nine cells of each of n scenes hold nothing, bool (n, 9)."""
    empty = np.ones((len(some.cells), (scenes.CANVAS // scenes.CELL) ** 2 + 1), bool)
    np.put_along_axis(empty, some.cells, False, axis=1)  # −1, no object, is the last column
    return empty[:, :-1]


def hide_empty_cells(regions, some, share, seed=0):
    """Hide cells that hold nothing, each with the same probability, as if the picture had none there.

    Without it some seeds find a thing by looking at everything else: what is missing from the mean of all
    places is its place. Where empty cells may be missing too, that says nothing any more.

    Args:
        regions: float32 (n, 36, 192), the standardised regions.
        some: :class:`course_utils.datasets.scenes.Scenes`, the same n.
        share: float, 0 to 1, of the empty cells.
        seed: int.

    Returns:
        float32 (n, 36, 192), a copy with zeros in the four regions of each hidden cell.
    """
    n, per_side = len(regions), scenes.CANVAS // scenes.CELL
    hidden = empty_cells(some) & (np.random.default_rng(seed).random((n, per_side**2)) < share)
    cells = regions.reshape(n, per_side, 2, per_side, 2, -1)
    hidden = hidden.reshape(n, per_side, 1, per_side, 1, 1)
    return np.where(hidden, np.float32(0), cells).reshape(regions.shape)


def standardised(pairs, reference):
    """Mean 0 and deviation 1 in every feature, by the statistics of the training set.

    Args:
        pairs: Pairs.
        reference: Pairs as drawn, the training set. Words (integers) stay as they are.

    Returns:
        Pairs.
    """

    def scaled(name):
        values, moments = getattr(pairs, name), reference.moments[name]
        if moments is None:
            return values
        mean, deviation = moments
        return ((values - mean) / (deviation + 1e-6)).astype(np.float32)

    return replace(pairs, a=scaled("a"), b=scaled("b"))
