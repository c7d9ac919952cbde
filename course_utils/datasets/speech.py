"""Spoken digits and emoji names by many synthetic voices (``data/speech``)."""

import csv
from dataclasses import dataclass

import numpy as np
import soundfile

from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError

RATE = 8000
SPLITS = ("train", "validation", "far")
KINDS = ("digit", "name")
DIGITS = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "zh": ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九"),
}


@dataclass(frozen=True)
class Speech:
    """n recordings of one word each; item i of every attribute is the same recording.

    Introduced in lesson 00.

    Attributes:
        clips: n float32 arrays (samples,) in [-1, 1], of different lengths.
        rate: samples per second, 8000.
        transcripts: n str, the word said, such as "seven", "七" or "crab".
        languages: n str, "en" or "zh".
        voices: n str, such as "espeak-m1" or "flite-slt".
        kinds: n str, "digit" or "name".
        hexcodes: n str, the emoji that a name belongs to (see course_utils.datasets.emoji), "" for digits.
    """

    clips: list
    rate: int
    transcripts: list
    languages: list
    voices: list
    kinds: list
    hexcodes: list

    def __len__(self):
        return len(self.clips)

    def select(self, *, transcript=None, voice=None, language=None, kind=None):
        """The recordings that agree with every argument given.

        Args:
            transcript: the word said, str.
            voice: str.
            language: "en" or "zh".
            kind: "digit" or "name".

        Returns:
            Speech with at least one recording, in the same order.

        Raises:
            CourseError: an argument has a value that no recording has, or no recording has them all.
        """
        keep = np.ones(len(self), dtype=bool)
        wanted = {"transcript": transcript, "voice": voice, "language": language, "kind": kind}
        wanted = {name: value for name, value in wanted.items() if value is not None}
        for name, value in wanted.items():
            values = getattr(self, f"{name}s")
            if value not in values:
                there = sorted(set(values))
                raise CourseError(f"no recording has {name}={value!r}; there are: {', '.join(there)}.")
            keep &= np.array([found == value for found in values])
        if not keep.any():
            asked = ", ".join(f"{name}={value!r}" for name, value in wanted.items())
            raise CourseError(f"no recording has {asked} all at once; ask for less.")
        places = np.flatnonzero(keep)
        per_clip = ("clips", "transcripts", "languages", "voices", "kinds", "hexcodes")
        return Speech(rate=self.rate, **{name: [getattr(self, name)[i] for i in places] for name in per_clip})


def digit_value(transcript):
    """The number that a digit's transcript names.

    Introduced in lesson 05.

    Args:
        transcript: an English or Chinese digit word, str.

    Returns:
        int, 0–9.

    Raises:
        CourseError: the word is no digit.
    """
    for words in DIGITS.values():
        if transcript in words:
            return words.index(transcript)
    raise CourseError(
        f"{transcript!r} is no digit; expected one of {', '.join(DIGITS['en'] + DIGITS['zh'])}."
    )


def load(split="train"):
    """Read the recordings of one split.

    No voice is in two splits, and "far" is another synthesiser, English only. data/speech/README.md says how
    they were made and what synthetic speech does to the numbers. Introduced in lesson 00.

    Args:
        split: "train", "validation" or "far".

    Returns:
        Speech.

    Raises:
        CourseError: an unknown split, or a data file is missing or damaged.
    """
    if split not in SPLITS:
        raise CourseError(f"split={split!r}: expected one of {', '.join(SPLITS)}.")
    with data_path("speech/index.tsv").open(encoding="utf-8", newline="") as file:
        rows = [row for row in csv.DictReader(file, delimiter="\t") if row["split"] == split]
    recordings = {}
    for voice in dict.fromkeys(row["voice"] for row in rows):
        recordings[voice], _ = soundfile.read(data_path(f"speech/{voice}.flac"), dtype="float32")
    spans = [(row["voice"], int(row["start"]), int(row["start"]) + int(row["samples"])) for row in rows]
    return Speech(
        clips=[recordings[voice][start:end] for voice, start, end in spans],
        rate=RATE,
        transcripts=[row["transcript"] for row in rows],
        languages=[row["language"] for row in rows],
        voices=[row["voice"] for row in rows],
        kinds=[row["kind"] for row in rows],
        hexcodes=[row["hexcode"] for row in rows],
    )
