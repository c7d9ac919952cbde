"""Spoken digits and emoji names by many synthetic voices (``data/speech``)."""

import csv
from dataclasses import dataclass

import soundfile

from course_utils import arguments
from course_utils.datasets.base import DataSet
from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError

RATE = 8000
"""Samples per second of every recording."""

SPLITS = ("train", "validation", "far")
KINDS = ("digit", "name")
DIGITS = {
    "en": ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    "zh": ("零", "一", "二", "三", "四", "五", "六", "七", "八", "九"),
}


@dataclass(frozen=True, repr=False, eq=False)
class Speech(DataSet):
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


def digit_value(transcript: str) -> int:
    """Gives the number that a digit's transcript names.

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


def load(split: str = "train") -> Speech:
    """Reads the recordings of one split.

    No voice is in two splits, and "far" is another synthesiser, English only. data/speech/README.md says how
    they were made and what synthetic speech does to the numbers. Introduced in lesson 00.

    Args:
        split: "train", "validation" or "far".

    Returns:
        Speech; ``.select(kind="digit", language="en")`` takes some of it.

    Raises:
        CourseError: an unknown split, or a data file is missing or damaged.
    """
    arguments.choice("split", split, SPLITS)
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
