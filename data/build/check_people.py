"""Prints the figures that data/people/README.md quotes: lengths, words, and what synthetic voices teach.

  1. Every part: recordings, minutes, length, loudness, largest sample.
  2. Prompts: how many texts are different, how many words of the test part are never said in training, and
     how fast sentences are spoken: a wrong text would stand out.
  3. Prompts whose text another one repeats: is the recording that is most like one of them (dynamic time
     warping of log-mels) such another one? Wrong transcripts would say no.
  4. A ridge classifier on log-mel pictures, trained on the course's synthetic English digits, as in
     check_speech.py: how many of the ten digits that a person says it finds. Nothing is chosen on them.

needs
  Python    numpy, scipy, scikit-learn and the repository around it; about a minute
"""

import argparse
from collections import Counter

import files  # noqa: F401  makes course_utils importable
import numpy as np
from check_speech import features
from sklearn.linear_model import RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.datasets import people, speech
from course_utils.preprocessing.audio import log_mel

QUIET = 10 ** (-35 / 20)  # of the loud parts: what is quieter at both ends is no speech
WINDOW = 80  # samples, 10 ms
PHRASE = 3  # words, from which on the pace says something


def describe(name: str, part: people.People) -> None:
    seconds = np.array([len(clip) / part.rate for clip in part.clips])
    loudness = np.array([20 * np.log10(np.sqrt(np.mean(clip**2))) for clip in part.clips])
    peak = max(np.abs(clip).max() for clip in part.clips)
    print(
        f"{name}: {len(part)} recordings, {seconds.sum() / 60:.2f} minutes; {seconds.min():.2f}–"
        f"{seconds.max():.2f} s, median {np.median(seconds):.2f}; RMS {loudness.min():.0f} to "
        f"{loudness.max():.0f} dB of full scale; largest sample {peak:.2f}"
    )


def words(part: people.People) -> list[str]:
    return [word for transcript in part.transcripts for word in transcript.split()]


def describe_words(train: people.People, test: people.People) -> None:
    for name, part in (("train", train), ("test", test)):
        single = sum(" " not in transcript for transcript in part.transcripts)
        print(
            f"  {name}: {len(set(part.transcripts))} different texts, {single} recordings of a single word; "
            f"{len(words(part))} words, {len(set(words(part)))} different"
        )
    known = set(words(train))
    unheard = [word not in known for word in words(test)]
    print(f"  words of test that train never says: {sum(unheard)} ({np.mean(unheard):.2f})")


def trimmed(clip: np.ndarray) -> np.ndarray:
    """A clip without what is quiet at its ends, as the synthetic ones are stored."""
    whole = clip[: len(clip) // WINDOW * WINDOW].reshape(-1, WINDOW)
    level = np.sqrt(np.mean(whole**2, axis=1))
    loud = np.flatnonzero(level > QUIET * np.percentile(level, 97))
    return clip[loud[0] * WINDOW : (loud[-1] + 1) * WINDOW]


def describe_pace(prompts: people.People) -> None:
    """How many letters a second are spoken in prompts of several words of more than a letter."""
    found = sorted(
        (sum(map(str.isalpha, transcript)) / len(trimmed(clip)) * prompts.rate, transcript)
        for clip, transcript in zip(prompts.clips, prompts.transcripts, strict=True)
        if sum(len(word) > 1 for word in transcript.split()) >= PHRASE
    )
    (slowest, slow), (fastest, fast) = found[0], found[-1]
    print(f"  {len(found)} prompts have {PHRASE} words of more than a letter; letters a second:")
    print(f"    {slowest:.1f} ({slow}) to {fastest:.1f} ({fast})")


def log_mels(clip: np.ndarray, rate: int) -> np.ndarray:
    """What is spoken, every 20 ms, without its overall loudness: (frames, bands)."""
    mels = log_mel(trimmed(clip), rate, hop=0.02)
    return mels - mels.mean()


def warped(first: np.ndarray, second: np.ndarray) -> float:
    """The mean distance of two sequences, (frames, bands), in the order that makes them most alike.

    The dynamic time warping of Sakoe and Chiba (1978), one diagonal of the table of costs at a time.
    """
    n, m = len(first), len(second)
    apart = np.linalg.norm(first[:, None] - second, axis=2)
    cost = np.full((n + 1, m + 1), np.inf)
    cost[0, 0] = 0
    for diagonal in range(2, n + m + 1):
        i = np.arange(max(1, diagonal - m), min(n, diagonal - 1) + 1)
        j = diagonal - i
        before = np.minimum(np.minimum(cost[i - 1, j], cost[i, j - 1]), cost[i - 1, j - 1])
        cost[i, j] = apart[i - 1, j - 1] + before
    return float(cost[n, m] / (n + m))


def compare_repeated(prompts: people.People) -> None:
    """Whether a recording whose text is repeated is most like one of the same text."""
    heard = [log_mels(clip, prompts.rate) for clip in prompts.clips]
    said, counts = prompts.transcripts, Counter(prompts.transcripts)
    repeated = [i for i, text in enumerate(said) if counts[text] > 1]
    nearest = []
    for i in repeated:
        others = [j for j in range(len(said)) if j != i and 0.5 < len(heard[i]) / len(heard[j]) < 2]
        nearest.append(min(others, key=lambda j: warped(heard[i], heard[j])))
    wrong = [f"{said[i]} ~ {said[j]}" for i, j in zip(repeated, nearest, strict=True) if said[i] != said[j]]
    print(f"  most like one that says the same: {len(repeated) - len(wrong)} of {len(repeated)}")
    print(f"    the others: {', '.join(wrong)}")


def found_digits(digits: people.People) -> int:
    """How many of some digits a classifier finds that only heard synthetic voices."""
    heard = speech.load("train").select(kind="digit", language="en")
    model = make_pipeline(StandardScaler(), RidgeClassifier(alpha=300.0))
    model.fit([features(clip) for clip in heard.clips], heard.transcripts)
    guesses = model.predict([features(trimmed(clip)) for clip in digits.clips])
    return int(np.sum(guesses == np.array(digits.transcripts)))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    loaded = people.load()
    digits, prompts = (loaded.select(kind=kind) for kind in people.KINDS)
    for language in people.LANGUAGES:
        describe(f"digits, {language}", digits.select(language=language))
    for name, part in prompts.split().items():
        describe(f"prompts, {name}", part)
    describe_words(*(prompts.select(split=name) for name in people.SPLITS))
    describe_pace(prompts)
    compare_repeated(prompts)
    english = digits.select(language="en")
    print(f"digits found by who heard synthetic voices: {found_digits(english)} of {len(english)}")


if __name__ == "__main__":
    main()
