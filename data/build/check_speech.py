"""Measures data/speech and tries a simple classifier on it: are the labels right, how hard is each split?

needs
  Python    numpy, scipy, scikit-learn and the repository around it; about ten seconds

  1. Every clip: length, loudness, largest sample.
  2. Voices: the training voice that each voice of the other splits is most like.
  3. A ridge classifier on a clip's log-mel picture, stretched to a fixed length: trained on the "train"
     voices, tested on "validation" (unheard voices of the same synthesiser) and "far" (another synthesiser).

It prints the figures that data/speech/README.md quotes. --figure FILE also draws spectrograms of the ten
digits by several voices, to look at (needs matplotlib).
"""

import argparse
from pathlib import Path

import files  # noqa: F401  makes course_utils importable
import numpy as np
from scipy.signal import stft
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.datasets import speech

FRAMES, MELS = 24, 24


def power(samples: np.ndarray) -> np.ndarray:
    """Power of 32-ms windows every 10 ms, no less than −60 dB of its largest: (bins, frames)."""
    values = np.abs(stft(samples, nperseg=256, noverlap=176)[2]) ** 2
    return np.maximum(values, values.max() * 1e-6)


def mel_matrix(bins: int) -> np.ndarray:
    """Triangles evenly spaced on the mel scale (HTK's formula), (MELS, bins), from 60 Hz to 4 kHz."""
    mel = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 4000 / 700), MELS + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.linspace(0, 4000, bins)
    rising = (hertz - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - hertz) / np.diff(corners)[1:, None]
    return np.maximum(0, np.minimum(rising, falling))


def features(samples: np.ndarray) -> np.ndarray:
    """A clip's log-mel picture, stretched to FRAMES and without its overall loudness: (FRAMES · MELS,)."""
    spectrum = power(samples)
    mel = np.log(mel_matrix(len(spectrum)) @ spectrum)
    places = np.linspace(0, mel.shape[1] - 1, FRAMES)
    stretched = np.stack([np.interp(places, np.arange(mel.shape[1]), band) for band in mel], axis=1)
    return (stretched - stretched.mean()).ravel()


def measure(name: str, split: speech.Speech) -> None:
    seconds = np.array([len(clip) / split.rate for clip in split.clips])
    loudness = np.array([20 * np.log10(np.sqrt(np.mean(clip**2))) for clip in split.clips])
    peak = max(np.abs(clip).max() for clip in split.clips)
    print(
        f"{name}: {len(split)} clips, {len(set(split.voices))} voices, {seconds.sum() / 60:.1f} minutes; "
        f"{seconds.min():.2f}–{seconds.max():.2f} s, median {np.median(seconds):.2f}; "
        f"RMS {loudness.min():.0f} to {loudness.max():.0f} dB of full scale; largest sample {peak:.2f}"
    )


def closest_voices(splits: dict[str, speech.Speech]) -> None:
    """Which voices are most alike, by the root mean square difference of their log-mels of the same words."""
    pictures = {}
    for split in splits.values():
        for clip, voice, word in zip(split.clips, split.voices, split.transcripts, strict=True):
            pictures.setdefault(voice, {}).setdefault(word, features(clip))
    voices = {name: sorted(set(split.voices)) for name, split in splits.items()}
    print("nearest training voice (root mean square difference of log-mel, natural log units):")
    within = [
        (distance(pictures[a], pictures[b]), a, b) for a in voices["train"] for b in voices["train"] if a < b
    ]
    print("  two training voices: " + ", ".join(f"{a} ~ {b} {d:.2f}" for d, a, b in sorted(within)[:4]))
    for name in ("validation", "far"):
        nearest = [
            min((distance(pictures[v], pictures[t]), v, t) for t in voices["train"]) for v in voices[name]
        ]
        print(f"  {name}: " + ", ".join(f"{v} ~ {t} {d:.2f}" for d, v, t in nearest))


def distance(first: dict, second: dict) -> float:
    common = first.keys() & second.keys()
    return np.sqrt(np.mean([np.mean((first[word] - second[word]) ** 2) for word in common]))


def classify(splits: dict[str, speech.Speech], language: str, kind: str) -> dict[str, dict[str, float]]:
    """Share of right answers by split and voice: {split: {voice: share}}."""
    train = splits["train"].select(language=language, kind=kind)
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=300.0))
    model.fit([features(clip) for clip in train.clips], train.transcripts)
    shares = {}
    for name in ("validation", "far"):
        for voice in sorted(set(splits[name].voices)):
            if language in splits[name].select(voice=voice).languages:
                test = splits[name].select(voice=voice, language=language, kind=kind)
                guess = model.predict([features(clip) for clip in test.clips])
                shares.setdefault(name, {})[voice] = float(np.mean(guess == np.array(test.transcripts)))
    return shares


def draw(path: Path, splits: dict[str, speech.Speech]) -> None:
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    rows = [("train", v, lang) for v in ("espeak-m1", "espeak-f2", "espeak-adam") for lang in ("en", "zh")]
    rows += [("validation", "espeak-annie", "en"), ("validation", "espeak-annie", "zh")]
    rows += [("far", "flite-slt", "en"), ("far", "flite-kal", "en")]
    figure, axes = plt.subplots(len(rows), 10, figsize=(20, 2 * len(rows)), sharey=True)
    for line, (split, voice, language) in zip(axes, rows, strict=True):
        chosen = splits[split].select(voice=voice, language=language, kind="digit")
        for axis, clip, word in zip(line, chosen.clips, chosen.transcripts, strict=False):
            axis.imshow(np.log(power(clip)), origin="lower", aspect="auto", cmap="magma")
            title = word if language == "en" else f"zh {speech.digit_value(word)}"
            axis.set_title(f"{title} {len(clip) / speech.RATE:.2f} s", fontsize=8)
            axis.set_xticks([])
        line[0].set_ylabel(voice, fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=70)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figure", type=Path, help="also draw spectrograms into this PNG file")
    arguments = parser.parse_args()
    splits = {name: speech.load(name) for name in speech.SPLITS}
    for name, split in splits.items():
        measure(name, split)
    closest_voices(splits)
    for language, kind, classes in (("en", "digit", 10), ("zh", "digit", 10), ("en", "name", 60)):
        print(f"{kind}s, {language} (chance {1 / classes:.3f}):")
        for name, shares in classify(splits, language, kind).items():
            voices = ", ".join(f"{voice} {share:.2f}" for voice, share in shares.items())
            print(f"  {name} {np.mean(list(shares.values())):.3f} ({voices})")
    if arguments.figure:
        draw(arguments.figure, splits)


if __name__ == "__main__":
    main()
