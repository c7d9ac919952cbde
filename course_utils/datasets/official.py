"""Official data sets in the layouts that their makers publish: IMDb's movie reviews (``aclImdb``)."""

import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from course_utils.errors import CourseError
from course_utils.preprocessing import arguments
from course_utils.preprocessing.text import read_text

IMDB_PARTS = ("train", "test")
_IMDB_CLASSES = ("neg", "pos")  # a label is the index of its folder
_IMDB_RATINGS = {"neg": (1, 4), "pos": (7, 10)}  # stars, lowest and highest; 5 and 6 were left out
_IMDB_STARS = {"neg": 1, "pos": 10}  # of what the course exports
_IMDB_UNLABELLED = "unsup"
_IMDB_NAME = re.compile(r"([0-9]+)_([0-9]+)\.txt")


@dataclass(frozen=True)
class ImdbReviews:
    """n reviews of one part of an ``aclImdb`` folder; item i of every attribute is the same review.

    Introduced in lesson 03.

    Attributes:
        texts: n str.
        labels: int32 (n,), 1 positive, 0 negative.
        ratings: int32 (n,), stars out of ten, from the file's name: 1–4 negative, 7–10 positive.
        names: n str, the files, such as "pos/12_9.txt".
    """

    texts: list
    labels: np.ndarray
    ratings: np.ndarray
    names: list

    def __len__(self):
        return len(self.texts)


def read_imdb(folder, part):
    """Read the labelled reviews of one part of a folder in IMDb's layout.

    The layout is ``folder/train|test/pos|neg/ID_RATING.txt``. The official folder (50,000 reviews) also has
    ``train/unsup``: 50,000 reviews without a label. They are left out here; a reader that takes every folder
    for a class, such as ``keras.utils.text_dataset_from_directory``, makes them a third class. Line breaks,
    which the official files write as ``<br />``, come out as "\\n". Introduced in lesson 03.

    Maas et al. 2011, Learning Word Vectors for Sentiment Analysis.

    Args:
        folder: str or Path of the unpacked folder ``aclImdb``.
        part: "train" or "test".

    Returns:
        ImdbReviews, all negative ones first, each class in the order of its IDs: shuffle before training.

    Raises:
        CourseError: a folder is missing, empty or of no known class; a file's name is no ID_RATING.txt or its
            rating contradicts its folder; a file is empty or no UTF-8 (the message gives the byte offset).
    """
    arguments.choice("part", part, IMDB_PARTS)
    root = _imdb_folder(folder, part)
    texts, labels, ratings, names = [], [], [], []
    for label, name in enumerate(_IMDB_CLASSES):
        for path, rating in _imdb_files(root / name):
            texts.append(_imdb_text(path))
            labels.append(label)
            ratings.append(rating)
            names.append(f"{name}/{path.name}")
    return ImdbReviews(texts, np.array(labels, dtype=np.int32), np.array(ratings, dtype=np.int32), names)


def _imdb_folder(folder, part):
    """The Path folder/part, once it is sure that its folders are those of the layout."""
    folder = _path(folder)
    expected = f"expected the unpacked folder aclImdb, with {part}/pos and {part}/neg in it"
    if not folder.is_dir():
        found = "this is a file" if folder.exists() else "there is no such folder"
        raise CourseError(
            f"{folder}: {found}; {expected}. Check the path; an archive must be unpacked first."
        )
    root = folder / part
    missing = [name for name in _IMDB_CLASSES if not (root / name).is_dir()]
    if missing:
        inside = root if root.is_dir() else folder
        raise CourseError(
            f"{inside}: no folder {missing[0] if inside == root else part} here, found {_contents(inside)}; "
            f"{expected}. {_imdb_advice(folder)}"
        )
    known = (*_IMDB_CLASSES, _IMDB_UNLABELLED)
    odd = [path.name for path in _visible(root) if path.is_dir() and path.name not in known]
    if odd:
        raise CourseError(
            f"{root / odd[0]}: {odd[0]!r} is no label; expected only {', '.join(known)}. Rename the folder "
            "if it is one of these, or move it elsewhere."
        )
    return root


def _imdb_advice(folder):
    inner = [path for path in _visible(folder) if (path / IMDB_PARTS[0]).is_dir()]
    if inner:
        return f"Pass {inner[0]} instead."
    if folder.name in IMDB_PARTS:
        return f"Pass {folder.parent} instead: the part is an argument of its own."
    return "Unpack the archive again if something is missing."


def _imdb_files(folder):
    """Pairs (Path, rating), sorted by ID, of a class's folder."""
    numbered = []
    for path in _visible(folder):
        match = _IMDB_NAME.fullmatch(path.name)
        if not match:
            raise CourseError(
                f"{path}: expected a file ID_RATING.txt, such as 12_9.txt; found the name {path.name!r}. "
                "Rename it or move it elsewhere."
            )
        rating = int(match[2])
        low, high = _IMDB_RATINGS[folder.name]
        if not low <= rating <= high:
            raise CourseError(
                f"{path}: the name says {rating} stars, the folder {folder.name!r}; expected {low} to {high} "
                "stars there. Move the file to the folder that its rating belongs to, or elsewhere."
            )
        numbered.append((int(match[1]), path, rating))
    if not numbered:
        raise CourseError(
            f"{folder}: the folder is empty; expected files ID_RATING.txt. Unpack the archive again."
        )
    return [(path, rating) for _, path, rating in sorted(numbered)]


def _imdb_text(path):
    text = read_text(path)
    if not text.strip():
        raise CourseError(
            f"{path}: the file is empty ({path.stat().st_size} bytes); expected a review. Unpack the archive "
            "again, or delete the file."
        )
    return text.replace("<br />", "\n")


def _path(folder):
    if not isinstance(folder, str | os.PathLike):
        raise CourseError(
            f"folder is {folder!r}, of type {type(folder).__name__}: expected its name or Path."
        )
    return Path(folder)


def _visible(folder):
    """What is in a folder, sorted by name, but for hidden files such as .DS_Store."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _contents(folder):
    names = [path.name + "/" * path.is_dir() for path in _visible(folder)]
    more = f" and {len(names) - 6:,} more" if len(names) > 6 else ""
    return (", ".join(names[:6]) or "nothing") + more


def export_imdb(reviews, folder):
    """Write reviews of the course in IMDb's layout, for every program that reads it.

    The layout knows no validation part: such reviews go into ``train``, of which one takes a share for
    validation. It wants stars, which the course's reviews have not: positive ones get 10, negative ones 1.
    IDs count from 0 in each folder. Introduced in lesson 03.

    Args:
        reviews: Reviews of ``course_utils.datasets.reviews``, with both labels in the train and test splits.
        folder: str or Path of a folder that does not exist yet, inside one that does.

    Returns:
        Path of the new folder, which `read_imdb` reads.

    Raises:
        CourseError: the folder exists (nothing is ever overwritten) or cannot be written, or a part would
            have only one label. Nothing is left behind.
    """
    folder = _path(folder)
    if folder.exists():
        raise CourseError(
            f"{folder}: exists already, and nothing is overwritten. Give the name of a new folder, or delete "
            "this one first."
        )
    files = _imdb_export(reviews)
    try:
        # Renamed when complete, so that nobody ever reads half an export.
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".imdb-") as unfinished:
            for name, text in files.items():
                path = Path(unfinished, "whole", name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(text.encode())
            Path(unfinished, "whole").rename(folder)
    except OSError as error:
        raise CourseError(
            f"{folder}: cannot be written: {error.strerror or error}. Check that {folder.parent} is a folder "
            "that you may write in, and that the disk has room."
        ) from error
    return folder


def _imdb_export(reviews):
    """{name below the folder: text}."""
    texts = {f"{part}/{name}": [] for part in IMDB_PARTS for name in _IMDB_CLASSES}
    for text, label, split in zip(reviews.texts, reviews.labels, reviews.splits, strict=True):
        part = "test" if split == "test" else "train"
        texts[f"{part}/{_IMDB_CLASSES[label]}"].append(text)
    for name, found in texts.items():
        if not found:
            raise CourseError(
                f"reviews has none for {name}: expected both labels in the splits train and test. Pass what "
                "course_utils.datasets.reviews.load gave, unselected."
            )
    return {
        f"{name}/{number}_{_IMDB_STARS[name[-3:]]}.txt": text
        for name, found in texts.items()
        for number, text in enumerate(found)
    }
