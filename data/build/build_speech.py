"""Speaks the digits and 60 emoji names of data/speech with two speech synthesisers.

Writes data/speech/VOICE.flac (8 kHz mono, all clips of a voice one after the other) and data/speech/index.tsv
(one row per clip: where it starts, how long it is, what is said, by which voice, and its split).

needs
  Debian    espeak-ng 1.51, flite 2.2: apt-get install espeak-ng flite
  Python    numpy, scipy, soundfile
  data/emoji/concepts.json (build_emoji.py), for the names' hexcodes

The same package versions give the same samples; the FLAC files carry the encoder's version, so they may
differ in bytes under another libFLAC.
"""

import argparse
import csv
import io
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import soundfile
from files import DATA, write_atomically
from scipy.signal import resample_poly

from course_utils.datasets.speech import DIGITS, RATE

BITS = 10  # significant bits kept: the low bits of 16 are zero, which FLAC stores at no cost
PEAK = 0.9  # of full scale, for a voice's loudest clip
QUIET = 0.01  # of a clip's loudest 10 ms: what is below it at either end is silence
EDGE = 0.02  # seconds left at either end
TAKES = {("en", "digit"): 2, ("zh", "digit"): 1, ("en", "name"): 1}

NAMES = (
    *("bat", "butterfly", "cat", "crab", "dolphin", "elephant", "frog", "giraffe", "horse", "kangaroo"),
    *("octopus", "owl", "penguin", "pig", "rabbit", "snail", "spider", "turtle"),
    *("banana", "bread", "broccoli", "carrot", "cookie", "egg", "lemon", "mushroom", "onion", "peanuts"),
    *("pineapple", "pizza", "potato", "strawberry", "tomato"),
    *(
        "airplane",
        "ambulance",
        "bicycle",
        "bus",
        "castle",
        "helicopter",
        "rocket",
        "sailboat",
        "taxi",
        "tent",
    ),
    *("tractor", "volcano"),
    *("balloon", "bell", "camera", "candle", "chair", "crown", "guitar", "hammer", "key", "ladder", "pencil"),
    *("scissors", "trumpet", "umbrella", "violin"),
)

# Voice variants of espeak-ng, each with one accent of English, a pitch (0–99) and a speed (words per minute).
# Its Mandarin is spoken by the same variant. A variant is in one split only.
ESPEAK = {
    "train": [
        ("m1", "en-us", 45, 150),
        ("m2", "en-gb", 40, 165),
        ("m3", "en-us-nyc", 55, 140),
        ("m4", "en-gb-scotland", 35, 155),
        ("m5", "en-gb-x-rp", 50, 175),
        ("m7", "en-029", 42, 145),
        ("m8", "en-us", 30, 160),
        ("f1", "en-gb", 50, 150),
        ("f2", "en-us", 55, 165),
        ("f3", "en-gb-x-rp", 60, 145),
        ("f4", "en-gb-scotland", 45, 170),
        ("f5", "en-029", 52, 155),
        ("Alicia", "en-us", 50, 160),
        ("belinda", "en-us-nyc", 48, 140),
        ("linda", "en-gb-x-gbclan", 55, 170),
        ("steph", "en-gb-x-gbcwmd", 50, 155),
        ("adam", "en-us", 40, 145),
        ("antonio", "en-gb-x-gbclan", 45, 150),
        ("Lee", "en-us-nyc", 48, 165),
        ("pablo", "en-029", 52, 160),
        ("rob", "en-gb-x-gbcwmd", 38, 140),
    ],
    "validation": [
        ("m6", "en-gb", 44, 155),
        ("edward", "en-us", 50, 160),
        ("klatt4", "en-gb-x-rp", 46, 145),
        ("Annie", "en-us", 54, 150),
        ("steph3", "en-gb", 50, 170),
        ("anika", "en-us-nyc", 52, 145),
    ],
}
# Debian's espeak-ng has Mandarin twice: its voice "cmn" spells the pinyin of a character aloud in English.
MANDARIN = "cmn-latn-pinyin"
FLITE = ("slt", "rms", "awb", "kal")
TAKE_PITCH, TAKE_SPEED = 8, 25  # how much higher and slower the second take of a digit is


def run(command: list[str], path: Path) -> np.ndarray:
    """Runs a synthesiser that writes `path`; returns its samples at RATE, float64 in [-1, 1]."""
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        sys.exit(f"{command[0]} is not installed: apt-get install {command[0]}")
    samples, rate = soundfile.read(path)
    divisor = np.gcd(RATE, rate)
    return resample_poly(samples, RATE // divisor, rate // divisor)


def speak_espeak(folder: Path, voice: tuple, text: str, language: str, take: int) -> np.ndarray:
    variant, accent, pitch, speed = voice
    path = folder / "clip.wav"
    spoken = f"{accent if language == 'en' else MANDARIN}+{variant}"
    pitch, speed = pitch + TAKE_PITCH * take, speed - TAKE_SPEED * take
    command = ["espeak-ng", "-v", spoken, "-p", str(pitch), "-s", str(speed), "-w", str(path), text]
    return run(command, path)


def speak_flite(folder: Path, voice: str, text: str, take: int) -> np.ndarray:
    path = folder / "clip.wav"
    stretch = f"duration_stretch={1 + 0.2 * take}"
    return run(["flite", "-voice", voice, "--setf", stretch, "-t", text, "-o", str(path)], path)


def trim(samples: np.ndarray) -> np.ndarray:
    """Without the silence at either end, but for EDGE seconds."""
    window = round(0.01 * RATE)
    loudness = np.sqrt(np.convolve(samples**2, np.full(window, 1 / window), "same"))
    loud = np.flatnonzero(loudness > QUIET * loudness.max())
    edge = round(EDGE * RATE)
    return np.pad(samples, edge)[loud[0] : loud[-1] + 1 + 2 * edge]


def texts(languages: tuple[str, ...]) -> Iterator[tuple[str, str, str, int]]:
    """(language, kind, transcript, take) of every clip of a voice."""
    for (language, kind), takes in TAKES.items():
        if language in languages:
            words = DIGITS[language] if kind == "digit" else NAMES
            yield from ((language, kind, word, take) for take in range(takes) for word in words)


def record(job: tuple) -> tuple[str, list[dict], np.ndarray]:
    """All clips of one voice: its name, the rows of the index, int16 samples."""
    engine, split, voice = job
    name = f"{engine}-{(voice if engine == 'flite' else voice[0]).lower()}"
    spoken = list(texts(("en", "zh") if engine == "espeak" else ("en",)))
    with tempfile.TemporaryDirectory() as folder:
        clips = []
        for language, _, text, take in spoken:
            if engine == "espeak":
                clip = speak_espeak(Path(folder), voice, text, language, take)
            else:
                clip = speak_flite(Path(folder), voice, text, take)
            clips.append(trim(clip))
    scale = PEAK / max(
        np.abs(clip).max() for clip in clips
    )  # one factor per voice keeps clips' loudness apart
    step = 1 << (16 - BITS)
    levels = 1 << (BITS - 1)
    clips = [(np.round(clip * scale * levels) * step).astype(np.int16) for clip in clips]
    starts = np.cumsum([0] + [len(clip) for clip in clips])
    rows = []
    for (language, kind, text, take), start, clip in zip(spoken, starts, clips, strict=False):
        row = {"voice": name, "split": split, "engine": engine, "language": language, "kind": kind}
        rows.append(row | {"transcript": text, "take": take, "start": int(start), "samples": len(clip)})
    return name, rows, np.concatenate(clips)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    concepts = json.loads((DATA / "emoji" / "concepts.json").read_text(encoding="utf-8"))["concepts"]
    hexcodes = {concept["name"]["en"]: concept["hexcode"] for concept in concepts}
    missing = [name for name in NAMES if name not in hexcodes]
    if missing:
        sys.exit(f"no emoji in data/emoji is called {', '.join(missing)}")

    jobs = [("espeak", split, voice) for split, voices in ESPEAK.items() for voice in voices]
    jobs += [("flite", "far", voice) for voice in FLITE]
    with ThreadPoolExecutor(2) as pool:
        recorded = list(pool.map(record, jobs))
    index = []
    for name, rows, samples in recorded:
        file = io.BytesIO()
        soundfile.write(file, samples, RATE, format="FLAC", subtype="PCM_16", compression_level=1.0)
        write_atomically(DATA / "speech" / f"{name}.flac", file.getvalue())
        print(f"{name}: {len(rows)} clips, {len(samples) / RATE:.1f} s, {len(file.getvalue()):,} bytes")
        index += [
            row | {"hexcode": hexcodes[row["transcript"]] if row["kind"] == "name" else ""} for row in rows
        ]
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, list(index[0]), delimiter="\t", lineterminator="\n")
    writer.writeheader()
    writer.writerows(index)
    write_atomically(DATA / "speech" / "index.tsv", table.getvalue())
    print(f"{len(index)} clips of {len(recorded)} voices")
    print("now run: python3 data/build/manifest.py")


if __name__ == "__main__":
    main()
