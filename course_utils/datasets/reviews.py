"""Short reviews in English and Chinese, and messages whose sticker decides (``data/reviews``)."""

from dataclasses import dataclass

import numpy as np

from course_utils import arguments
from course_utils.datasets import emoji
from course_utils.datasets.base import DataSet
from course_utils.datasets.integrity import data_path

LANGUAGES = ("english", "chinese")
SPLITS = ("train", "validation", "test")
LABELS = ("negative", "positive")


@dataclass(frozen=True, repr=False, eq=False)
class Reviews(DataSet):
    """n reviews of one language; item i of every attribute is the same review.

    Introduced in lesson 03.

    Attributes:
        language: "english" or "chinese".
        ids: n str, such as "en001".
        texts: n str.
        labels: int32 (n,), 1 positive, 0 negative: indices into LABELS.
        negation: bool (n,), True where the verdict takes a negation or a contrast ("not a dull corner", "ugly
            loaves, but …"); False where such words, if there are any, only tell what happened.
        subjects: n str, what is reviewed, such as "film"; every subject has both labels equally often.
        splits: n str out of SPLITS, stored with the data and never drawn anew.
    """

    language: str
    ids: list
    texts: list
    labels: np.ndarray
    negation: np.ndarray
    subjects: list
    splits: list


@dataclass(frozen=True, repr=False, eq=False)
class Messages(DataSet):
    """n short English messages with a sticker each; item i of every attribute is the same message.

    Each text comes twice, with two stickers and opposite labels: the text alone decides nothing. Introduced
    in lesson 05.

    Attributes:
        ids: n str, such as "m001".
        texts: n str.
        stickers: n str, one emoji each.
        concepts: int32 (n,), the sticker's index in ``course_utils.datasets.emoji.load()``.
        labels: int32 (n,), 1 positive, 0 negative: indices into LABELS.
        pairs: int32 (n,), the same number for the two messages that share a text; both are in one split.
        splits: n str out of SPLITS, stored with the data and never drawn anew.
    """

    ids: list
    texts: list
    stickers: list
    concepts: np.ndarray
    labels: np.ndarray
    pairs: np.ndarray
    splits: list


def _columns(name: str) -> dict[str, list[str]]:
    """{column: list of str} of a stored table."""
    text = data_path(f"reviews/{name}.tsv").read_text(encoding="utf-8")
    header, *rows = (line.split("\t") for line in text.splitlines())
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def _labels(words: list[str]) -> np.ndarray:
    return np.array([LABELS.index(word) for word in words], dtype=np.int32)


def load(language: str = "english") -> Reviews:
    """Reads the reviews of one language: 600 in English, 200 in Chinese.

    They were written for this course; data/reviews/README.md says how, and what is wrong with them.
    Introduced in lesson 03.

    Args:
        language: "english" or "chinese".

    Returns:
        Reviews of all splits; ``.select(split="train", negation=True)`` takes some of them.

    Raises:
        CourseError: an unknown language, or the data file is missing or damaged.
    """
    arguments.choice("language", language, LANGUAGES)
    columns = _columns(language)
    return Reviews(
        language=language,
        ids=columns["id"],
        texts=columns["text"],
        labels=_labels(columns["label"]),
        negation=np.array(columns["negation"]) == "1",
        subjects=columns["subject"],
        splits=columns["split"],
    )


def load_messages() -> Messages:
    """Reads the 200 messages: 100 texts, each with two stickers that turn its meaning.

    Introduced in lesson 05; data/reviews/README.md says how they were written.

    Returns:
        Messages of all splits; ``.select(split="train")`` takes one.

    Raises:
        CourseError: a data file is missing or damaged.
    """
    columns = _columns("messages")
    index = emoji.load(styles=()).index
    places = {sticker: index(sticker) for sticker in dict.fromkeys(columns["sticker"])}
    return Messages(
        ids=columns["id"],
        texts=columns["text"],
        stickers=columns["sticker"],
        concepts=np.array([places[sticker] for sticker in columns["sticker"]], dtype=np.int32),
        labels=_labels(columns["label"]),
        pairs=np.array(columns["pair"], dtype=np.int32),
        splits=columns["split"],
    )
