"""Measure data/speech and try a simple classifier on it: are the labels right, how hard is each split?

needs numpy, scipy, scikit-learn and the repository around it; takes about half a minute.

  1. Every clip: length, loudness, clipping, emptiness.  2. Voices: the mean log spectrum of each, and which pair is
  closest across splits.  3. A ridge classifier on a clip's log-mel picture, stretched to a fixed length: trained on the
  "train" voices, tested on "validation" (unheard voices of the same synthesiser) and "far" (another synthesiser).
--figure FILE draws spectrograms of the ten digits by several voices, to look at (needs matplotlib).
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from scipy.signal import stft
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FRAMES, MELS = 24, 24


def log_spectrogram(samples):
    """Log power of 32-ms windows every 10 ms: (bins, frames), with a floor of −60 dB below the loudest."""
    power = np.abs(stft(samples, nperseg=256, noverlap=176)[2]) ** 2
    return 10 * np.log10(np.maximum(power, power.max() * 1e-6))


def mel_matrix(bins):
    """Triangles evenly spaced on the mel scale (HTK's formula), (MELS, bins), from 60 Hz to 4 kHz."""
    mel = np.linspace(2595 * np.log10(1 + 60 / 700), 2595 * np.log10(1 + 4000 / 700), MELS + 2)
    corners = 700 * (10 ** (mel / 2595) - 1)
    hertz = np.linspace(0, 4000, bins)
    rising = (hertz - corners[:-2, None]) / np.diff(corners)[:-1, None]
    falling = (corners[2:, None] - hertz) / np.diff(corners)[1:, None]
    return np.maximum(0, np.minimum(rising, falling))


def features(samples):
    """A clip's log-mel picture, stretched to FRAMES × MELS, its mean over time removed in no band: (FRAMES·MELS,)."""
    power = np.abs(stft(samples, nperseg=256, noverlap=176)[2]) ** 2
    mel = mel_matrix(len(power)) @ power
    mel = np.log(np.maximum(mel, mel.max() * 1e-6))
    places = np.linspace(0, mel.shape[1] - 1, FRAMES)
    stretched = np.stack([np.interp(places, np.arange(mel.shape[1]), band) for band in mel], axis=1)
    return (stretched - stretched.mean()).ravel()


def measure(name, speech):
    seconds = np.array([len(clip) / speech.rate for clip in speech.clips])
    loudness = np.array([20 * np.log10(np.sqrt(np.mean(clip**2))) for clip in speech.clips])
    peak = max(np.abs(clip).max() for clip in speech.clips)
    print(
        f"{name}: {len(speech)} clips, {len(set(speech.voices))} voices, {seconds.sum() / 60:.1f} minutes; "
        f"{seconds.min():.2f}–{seconds.max():.2f} s, median {np.median(seconds):.2f}; "
        f"RMS {loudness.min():.0f} to {loudness.max():.0f} dB of full scale; largest sample {peak:.2f}"
    )


def closest_voices(splits):
    """Voice pairs across splits whose clips of the same words are nearest: root mean square log-mel difference."""
    pictures = {}
    for speech in splits.values():
        for clip, voice, word in zip(speech.clips, speech.voices, speech.transcripts, strict=True):
            pictures.setdefault(voice, {}).setdefault(word, features(clip))
    voices = {name: sorted(set(speech.voices)) for name, speech in splits.items()}
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


def distance(first, second):
    common = first.keys() & second.keys()
    return np.sqrt(np.mean([np.mean((first[word] - second[word]) ** 2) for word in common]))


def classify(splits, **chosen):
    train = splits["train"].select(**chosen)
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=300.0))
    model.fit([features(clip) for clip in train.clips], train.transcripts)
    for name in ("validation", "far"):
        if not set(splits[name].languages) >= {chosen["language"]}:
            continue
        test = splits[name].select(**chosen)
        guess = model.predict([features(clip) for clip in test.clips])
        right = guess == np.array(test.transcripts)
        by_voice = {v: right[[voice == v for voice in test.voices]].mean() for v in sorted(set(test.voices))}
        chance = 1 / len(set(train.transcripts))
        print(
            f"{chosen['kind']}, {chosen['language']}: {name} {right.mean():.3f} of {len(test)} (chance {chance:.3f}); "
            + ", ".join(f"{voice} {share:.2f}" for voice, share in by_voice.items())
        )


def draw(path, splits):
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
            axis.imshow(log_spectrogram(clip), origin="lower", aspect="auto", cmap="magma")
            title = word if language == "en" else f"zh {'零一二三四五六七八九'.index(word)}"
            axis.set_title(f"{title} {len(clip) / 8000:.2f} s", fontsize=8)
            axis.set_xticks([])
        line[0].set_ylabel(voice, fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=70)


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--figure", type=Path, help="also draw spectrograms into this PNG file")
    arguments = parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from course_utils.datasets import speech

    splits = {name: speech.load(name) for name in speech.SPLITS}
    for name, loaded in splits.items():
        measure(name, loaded)
    closest_voices(splits)
    for language, kind in (("en", "digit"), ("zh", "digit"), ("en", "name")):
        classify(splits, language=language, kind=kind)
    if arguments.figure:
        draw(arguments.figure, splits)


if __name__ == "__main__":
    main()
