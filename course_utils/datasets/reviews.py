"""Short reviews in English and Chinese, and messages whose sticker decides (``data/reviews``)."""

from dataclasses import dataclass, fields, replace

import numpy as np

from course_utils import arguments
from course_utils.datasets import emoji
from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError

LANGUAGES = ("english", "chinese")
SPLITS = ("train", "validation", "test")
LABELS = ("negative", "positive")


class _Items:
    """What reviews and messages share: n items, described by lists and arrays of n."""

    def __len__(self):
        return len(self.texts)

    def _where(self, keep):
        places = np.flatnonzero(keep)
        chosen = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if isinstance(value, np.ndarray):
                chosen[field.name] = value[places]
            elif isinstance(value, list):
                chosen[field.name] = [value[i] for i in places]
        return replace(self, **chosen)

    def _in_split(self, split):
        arguments.choice("split", split, SPLITS)
        return np.array([found == split for found in self.splits])


@dataclass(frozen=True)
class Reviews(_Items):
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

    def select(self, *, split=None, negation=None, subject=None):
        """The reviews that agree with every argument given.

        Args:
            split: "train", "validation" or "test".
            negation: bool.
            subject: str.

        Returns:
            Reviews with at least one review, in the same order.

        Raises:
            CourseError: an argument has a value that no review has, or no review has them all.
        """
        keep = np.ones(len(self), dtype=bool)
        if split is not None:
            keep &= self._in_split(split)
        if negation is not None:
            keep &= self.negation == negation
        if subject is not None:
            arguments.choice("subject", subject, sorted(set(self.subjects)))
            keep &= np.array([found == subject for found in self.subjects])
        if not keep.any():
            raise CourseError(
                f"no review has split={split!r}, negation={negation!r} and subject={subject!r} all at once; "
                "ask for less."
            )
        return self._where(keep)


@dataclass(frozen=True)
class Messages(_Items):
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

    def select(self, *, split):
        """The messages of one split.

        Args:
            split: "train", "validation" or "test".

        Returns:
            Messages, in the same order.

        Raises:
            CourseError: there is no such split.
        """
        return self._where(self._in_split(split))


def _columns(name):
    """{column: list of str} of a stored table."""
    text = data_path(f"reviews/{name}.tsv").read_text(encoding="utf-8")
    header, *rows = (line.split("\t") for line in text.splitlines())
    return dict(zip(header, map(list, zip(*rows, strict=True)), strict=True))


def _labels(words):
    return np.array([LABELS.index(word) for word in words], dtype=np.int32)


def load(language="english"):
    """Read the reviews of one language: 600 in English, 200 in Chinese.

    They were written for this course; data/reviews/README.md says how, and what is wrong with them.
    Introduced in lesson 03.

    Args:
        language: "english" or "chinese".

    Returns:
        Reviews of all splits; ``.select(split="train")`` takes one.

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


def load_messages():
    """Read the 200 messages: 100 texts, each with two stickers that turn its meaning.

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
