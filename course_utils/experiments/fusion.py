"""Recorded experiment: every fusion method on three problems that disagree. Shown in lesson 05.

    python3 -m course_utils.experiments.fusion --seeds 5

- **digits**: a handwritten digit and the same digit spoken, both so noisy that neither suffices. The sum of
  what each says is all there is to know.
- **parity**: two different digits, one seen and one heard, nearly without noise. Is their sum odd? Each alone
  says nothing at all.
- **scenes**: a picture of several objects and eight questions about it. The words say where to look.

Within a problem every method is trained on the same inputs, with the same optimiser, for the same number of
steps. A row is "problem: method".
"""

import functools
import time
from dataclasses import dataclass, replace

import numpy as np

from course_utils.datasets import emoji, scenes, speech
from course_utils.experiments import results
from course_utils.preprocessing import audio

_WIDTH, _HEADS, _DEPTH = 96, 4, 2
_NOISE_FREE = {"picture noise": 0.05, "sound-to-noise ratio": 30}
CONFIGURATION = {
    "dim": _WIDTH,
    "heads": _HEADS,
    "depth": _DEPTH,
    "digits": {
        "pairs": {"train": 3000, "test": 1000},
        "picture noise": 0.6,
        "sound-to-noise ratio": -12,
        "epochs": 8,
        "batch size": 50,
        "learning rate": 0.001,
        "weight decay": 0.05,
    },
    "parity": {
        "pairs": {"train": 6000, "test": 1000},
        **_NOISE_FREE,
        "epochs": 12,
        "batch size": 50,
        "learning rate": 0.001,
        "weight decay": 0.05,
    },
    "scenes": {
        "scenes": {"train": 3000, "validation": 200, "test": 500, "test in the unseen style": 500},
        "epochs": 12,
        "batch size": 50,
        "learning rate": 0.003,
        "weight decay": 0.001,
    },
}
PROBLEMS = ("digits", "parity", "scenes")
METHODS = (
    "only a",
    "only b",
    "late",
    "concatenation",
    "gated",
    "film",
    "tensor",
    "low-rank",
    "self-attention",
    "cross-attention",
    "co-attention",
    "bottleneck",
    "gated cross-attention",
)
DROPPED = ("concatenation", "cross-attention")
"""Methods that are trained on the noisy digits once more, with modality dropout."""
DROPOUT = " + modality dropout"
ROWS = (
    *(f"{problem}: {method}" for problem in PROBLEMS for method in METHODS),
    *(f"digits: {method}{DROPOUT}" for method in DROPPED),
)
SEEDS = 5

_RATE = 8000
_TRAINED_PICTURES = 1400  # of scikit-learn's 1,797 digits; the others are for the test
_BINS, _MELS = 8, 20


@dataclass(frozen=True)
class Pairs:
    """n samples of two modalities with their labels. Introduced in lesson 05.

    Attributes:
        a: array (n, tokens, dim): pictures of digits, float32 (n, 1, 64); or words of questions, int32 (n, 8,
            7).
        b: float32 (n, tokens, dim): spoken digits (n, 1, 160); or regions of scenes (n, 36, 192).
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

    def select(self, rows):
        """Some of the samples: anything that indexes a first axis → Pairs."""
        fields = ("a", "b", "labels", "a_names", "b_names")
        chosen = {name: getattr(self, name) for name in fields}
        return Pairs(**{name: None if x is None else x[rows] for name, x in chosen.items()})


# --- digits seen and heard ----------------------------------------------------------------------------------


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
    edges = np.linspace(0, len(frames), _BINS + 1).astype(int)[:-1]
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
    a = pictures[a_rows] + rng.normal(0, picture_noise, (n, pictures.shape[1])) if n else pictures[:0]
    b = np.stack([hear(clips[row], decibels, rng) for row in b_rows])
    labels = a_names if same else (a_names + b_names) % 2
    return Pairs(a.astype(np.float32)[:, None], b[:, None], labels, a_names, b_names)
