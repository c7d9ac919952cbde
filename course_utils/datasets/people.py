"""Speech by people: digits in five languages and English telephone prompts (``data/people``).

``read_digits`` makes the same set of recordings of your own.
"""

import csv
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from course_utils import arguments
from course_utils.datasets import speech
from course_utils.datasets.base import DataSet
from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError, shown
from course_utils.files import from_home
from course_utils.preprocessing.audio import read_audio

RATE = speech.RATE
"""Samples per second of every recording, those of your own too."""

KINDS = ("digit", "prompt")
LANGUAGES = ("en", "es", "fr", "it", "ru")
SPLITS = ("train", "test")
DIGITS = speech.DIGITS | {
    "es": ("cero", "uno", "dos", "tres", "cuatro", "cinco", "seis", "siete", "ocho", "nueve"),
    "fr": ("zéro", "un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit", "neuf"),
    "it": ("zero", "uno", "due", "tre", "quattro", "cinque", "sei", "sette", "otto", "nove"),
    "ru": ("ноль", "один", "два", "три", "четыре", "пять", "шесть", "семь", "восемь", "девять"),
}

_LAYOUT = re.compile(r"([0-9])_([^_]+)_([0-9]+)\.wav", re.IGNORECASE)
_NAMED = 5  # files that a message names at most


@dataclass(frozen=True, repr=False, eq=False)
class People(DataSet):
    """n recordings of people; item i of every attribute is the same recording.

    Attributes:
        clips: n float32 arrays (samples,) in [-1, 1], of different lengths.
        rate: samples per second, 8000.
        transcripts: n str, what is said in lower case, such as "please try again" or "семь".
        digits: int32 (n,), 0 to 9, -1 for a prompt.
        languages: n str out of LANGUAGES, or, for recordings of your own, a key of DIGITS.
        speakers: n str, who speaks. One speaker can have two languages.
        kinds: n str out of KINDS.
        splits: n str out of SPLITS, stored with the data and never drawn anew. No text is in both; the one
            speaker of the prompts is. Digits are for testing only.
        files: n str, the file's name below data/people, or in your folder.
        licences: n str, under which it is used here, such as "CC BY-SA 3.0"; "" for your own.
    """

    clips: list
    rate: int
    transcripts: list
    digits: np.ndarray
    languages: list
    speakers: list
    kinds: list
    splits: list
    files: list
    licences: list


def load(kind: str | None = None, language: str | None = None, split: str | None = None) -> People:
    """Reads recordings that come with the course.

    data/people/README.md says who speaks, what their licences ask of you, and what not to do with a voice.

    Args:
        kind: "digit", "prompt" (English only), or None for both.
        language: "en", "es", "fr", "it", "ru", or None for all.
        split: "train", "test" (all digits are), or None for both.

    Returns:
        People in a fixed order.

    Raises:
        CourseError: an unknown kind, language or split, no recording has all three, or a data file is
            missing or damaged.
    """
    asked = {"kind": kind, "language": language, "split": split}
    for (name, value), choices in zip(asked.items(), (KINDS, LANGUAGES, SPLITS), strict=True):
        if value is not None:
            arguments.choice(name, value, choices)
    with data_path("people/people.tsv").open(encoding="utf-8", newline="") as file:
        stored = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        rows = [row for row in stored if all(value in (None, row[name]) for name, value in asked.items())]
    if not rows:
        wanted = ", ".join(f"{name}={value!r}" for name, value in asked.items() if value is not None)
        raise CourseError(
            f"no recording has {wanted}: prompts are in English only, and digits in the split 'test' only."
        )
    return People(
        clips=[soundfile.read(data_path(f"people/{row['file']}"), dtype="float32")[0] for row in rows],
        rate=RATE,
        transcripts=[row["transcript"] for row in rows],
        digits=_digits(Path(row["file"]).stem if row["kind"] == "digit" else -1 for row in rows),
        languages=[row["language"] for row in rows],
        speakers=[row["speaker"] for row in rows],
        kinds=[row["kind"] for row in rows],
        splits=[row["split"] for row in rows],
        files=[row["file"] for row in rows],
        licences=[row["licence"] for row in rows],
    )


def read_digits(folder: str | Path, language: str = "en", *, allow_clipping: bool = False) -> People:
    """Reads spoken digits of your own, one file each, called DIGIT_SPEAKER_N.wav.

    That is the layout of the Free Spoken Digit Dataset (Zohar Jackson and others,
    https://github.com/Jakobovski/free-spoken-digit-dataset), such as ``7_jackson_32.wav``: a digit 0 to 9, a
    name without an underscore, a number. Any rate and number of channels will do.

    Args:
        folder: str or Path of the folder that holds the files, and no other; hidden ones do no harm.
        language: what the digits are said in: "en", "zh", "es", "fr", "it" or "ru".
        allow_clipping: True reads a recording that is clipped without complaint.

    Returns:
        People, by digit, speaker and number; all of it is "test".

    Raises:
        CourseError: there is no such folder, it is empty, the language is another, a file is called
            otherwise, or ``course_utils.preprocessing.audio.read_audio`` refuses it.
    """
    arguments.choice("language", language, DIGITS)
    found = sorted(_named(_listed(folder)), key=lambda entry: entry[1:] + entry[:1])
    n, (paths, digits, speakers, _) = len(found), zip(*found, strict=True)
    return People(
        clips=[read_audio(path, RATE, allow_clipping=allow_clipping)[0] for path in paths],
        rate=RATE,
        transcripts=[DIGITS[language][digit] for digit in digits],
        digits=_digits(digits),
        languages=[language] * n,
        speakers=list(speakers),
        kinds=["digit"] * n,
        splits=["test"] * n,
        files=[path.name for path in paths],
        licences=[""] * n,
    )


def _digits(values: Iterable[str | int]) -> np.ndarray:
    return np.array([int(value) for value in values], dtype=np.int32)


def _listed(folder: str | Path) -> list[Path]:
    """Whatever is in a folder and not hidden; at least one entry."""
    if not isinstance(folder, str | Path):
        raise CourseError(f"folder is {shown(folder)}: expected the name of a folder.")
    try:
        paths = [path for path in from_home(folder).iterdir() if not path.name.startswith(".")]
    except OSError as error:
        raise CourseError(
            f"{folder}: the folder cannot be read: {error.strerror}. Give the one that holds the recordings."
        ) from error
    if not paths:
        raise CourseError(f"{folder}: the folder is empty: expected recordings called DIGIT_SPEAKER_N.wav.")
    return paths


def _named(paths: list[Path]) -> list[tuple[Path, int, str, int]]:
    """What the names of files say: path, digit, speaker, number."""
    fits = [(path, _LAYOUT.fullmatch(path.name)) for path in paths]
    others = sorted(path.name for path, fit in fits if not fit)
    if others:
        more = f" and {len(others) - _NAMED:,} others" if len(others) > _NAMED else ""
        raise CourseError(
            f"{paths[0].parent}: no recording of a digit is called {', '.join(others[:_NAMED])}{more}: "
            "expected DIGIT_SPEAKER_N.wav, such as 7_anna_0.wav: a digit 0 to 9, a name without an "
            "underscore, a number. Rename them or move them elsewhere."
        )
    return [(path, int(fit[1]), fit[2], int(fit[3])) for path, fit in fits]
