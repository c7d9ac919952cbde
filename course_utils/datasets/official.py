"""Official data sets that you download yourself, read from the layout in which their makers publish them.

IMDb's movie reviews (``aclImdb``), COCO's annotations, and the pictures of ILSVRC's thousand classes.
"""

import io
import json
import os
import re
import tempfile
from collections import defaultdict
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from numbers import Real
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from course_utils import arguments
from course_utils.errors import CourseError, shown
from course_utils.files import describe_content, from_home, require_file
from course_utils.preprocessing.images import load_image
from course_utils.preprocessing.text import read_text

__all__ = [
    "ILSVRC_PARTS",
    "IMDB_PARTS",
    "Coco",
    "Ilsvrc",
    "ImdbReviews",
    "export_ilsvrc",
    "export_imdb",
    "read_coco",
    "read_ilsvrc",
    "read_imdb",
]

IMDB_PARTS = ("train", "test")
_IMDB_CLASSES = ("neg", "pos")  # a label is the index of its folder
_IMDB_RATINGS = {"neg": (1, 4), "pos": (7, 10)}  # stars, lowest and highest; 5 and 6 were left out
_IMDB_STARS = {"neg": 1, "pos": 10}  # of what the course exports
_IMDB_UNLABELLED = "unsup"
_IMDB_NAME = re.compile(r"([0-9]+)_([0-9]+)\.txt")

ILSVRC_PARTS = ("train", "val")
_ILSVRC_DEVKIT = "ILSVRC2012_devkit_t12"
_ILSVRC_CLASSES, _ILSVRC_TRUTH = "meta.mat", "ILSVRC2012_validation_ground_truth.txt"
_ILSVRC_WNID = re.compile(r"n[0-9]{8}")
_ILSVRC_VALIDATION = re.compile(r"ILSVRC2012_val_([0-9]{8})\.JPEG")
_ILSVRC_QUALITY = 95  # of the JPEG files that the course exports

_LARGEST, _LARGEST_ID = 2**31 - 1, 2**63 - 1  # of numbers in COCO's files


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

    def __len__(self) -> int:
        return len(self.texts)


def read_imdb(folder: str | Path, part: str) -> ImdbReviews:
    """Reads the labelled reviews of one part of a folder in IMDb's layout.

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


def _imdb_folder(folder: str | Path, part: str) -> Path:
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


def _imdb_advice(folder: Path) -> str:
    inner = [path for path in _visible(folder) if (path / IMDB_PARTS[0]).is_dir()]
    if inner:
        return f"Pass {inner[0]} instead."
    if folder.name in IMDB_PARTS:
        return f"Pass {folder.parent} instead: the part is an argument of its own."
    return "Unpack the archive again if something is missing."


def _imdb_files(folder: Path) -> list[tuple[Path, int]]:
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


def _imdb_text(path: Path) -> str:
    text = read_text(path)
    if not text.strip():
        raise CourseError(
            f"{path}: the file is empty ({path.stat().st_size} bytes); expected a review. Unpack the archive "
            "again, or delete the file."
        )
    return text.replace("<br />", "\n")


def _path(folder: str | Path) -> Path:
    if not isinstance(folder, str | os.PathLike):
        raise CourseError(
            f"folder is {shown(folder)}, of type {type(folder).__name__}: expected its name or Path."
        )
    return from_home(folder)


def _visible(folder: Path) -> list[Path]:
    """What is in a folder, sorted by name, but for hidden files such as .DS_Store."""
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _contents(folder: Path) -> str:
    names = [path.name + "/" * path.is_dir() for path in _visible(folder)]
    more = f" and {len(names) - 6:,} more" if len(names) > 6 else ""
    return (", ".join(names[:6]) or "nothing") + more


def export_imdb(reviews: Any, folder: str | Path) -> Path:
    """Writes reviews of the course in IMDb's layout, for every program that reads it.

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
    folder = _new_folder(folder)
    files = {name: text.encode() for name, text in _imdb_export(reviews).items()}
    _write_folder(folder, files.items())
    return folder


def _new_folder(folder: str | Path) -> Path:
    folder = _path(folder)
    if folder.exists():
        raise CourseError(
            f"{folder}: exists already, and nothing is overwritten. Give the name of a new folder, or delete "
            "this one first."
        )
    return folder


def _write_folder(folder: Path, files: Iterable[tuple[str, bytes]]) -> None:
    """Writes a new folder whole, or nothing: files are pairs (name below the folder, content)."""
    try:
        # Renamed when complete, so that nobody ever reads half an export.
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".export-") as unfinished:
            for name, content in files:
                path = Path(unfinished, "whole", name)
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(content)
            Path(unfinished, "whole").rename(folder)
    except OSError as error:
        raise CourseError(
            f"{folder}: cannot be written: {error.strerror or error}. Check that {folder.parent} is a folder "
            "that you may write in, and that the disk has room."
        ) from error


def _imdb_export(reviews: Any) -> dict[str, str]:
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


@dataclass(frozen=True)
class Coco:
    """n images of a COCO set; item i of every list is the same image, with k_i objects and c_i captions.

    Introduced in lesson 12.

    Attributes:
        image_ids: int64 (n,), COCO's own numbers.
        file_names: n str, to be looked for in the folder of pictures.
        sizes: int32 (n, 2), height and width in pixels.
        boxes: n float32 arrays (k_i, 4): x, y, width, height in pixels, k_i ≥ 0.
        areas: n float32 arrays (k_i,), pixels of the object itself.
        categories: n int32 arrays (k_i,), indices into category_names; COCO's own numbers have gaps.
        crowd: n bool arrays (k_i,), True where a box holds a crowd of objects that were not told apart.
        captions: n lists of c_i str, c_i ≥ 0.
        category_ids: int64 (categories,), COCO's own numbers in the order of category_names.
        category_names: list of str.
        supercategories: list of str, "" where the file names none.
    """

    image_ids: np.ndarray
    file_names: list
    sizes: np.ndarray
    boxes: list
    areas: list
    categories: list
    crowd: list
    captions: list
    category_ids: np.ndarray
    category_names: list
    supercategories: list

    def __len__(self) -> int:
        return len(self.file_names)


def read_coco(instances: str | Path, captions: str | Path | None = None) -> Coco:
    """Reads COCO's annotations: what is where in each image, and what people said of it.

    Masks (polygons and run lengths) are skipped while reading, for the sake of memory. Images without objects
    or captions stay, with empty lists. Format: cocodataset.org, "Data format"; Lin et al. (2014), arXiv
    1405.0312. Introduced in lesson 12.

    Args:
        instances: str or Path, such as "annotations/instances_val2017.json".
        captions: str or Path, such as "annotations/captions_val2017.json", or None for no captions.

    Returns:
        Coco, the images in the order of the instances file, then those that only the captions file has.

    Raises:
        CourseError: a file is missing, no JSON, of another kind, or an entry lacks a key, has a wrong value
            (a box that leaves its image by more than a pixel), bears the number of another, or refers to an
            image or category that there is not; or the two files share no image.
    """
    content = _coco_content(instances, "instances", "bbox", ("images", "annotations", "categories"))
    images = _coco_images(content["images"], instances)
    category_ids, names, supercategories = _coco_categories(content["categories"], instances)
    objects = _coco_objects(content["annotations"], images, category_ids, instances)
    sentences = defaultdict(list)
    if captions is not None:
        content = _coco_content(captions, "captions", "caption", ("images", "annotations"))
        described = _coco_images(content["images"], captions)
        if images and described and not images.keys() & described.keys():
            raise CourseError(
                f"{captions}: not one of its images is in {instances}: take both files of the same set, such"
                " as val2017."
            )
        # The first file's entries come first and win.
        images = {**images, **described, **images}
        numbers = set()
        for i, entry in enumerate(content["annotations"]):
            where = f"{captions}: annotations[{i}]"
            _refuse_twice(entry, numbers, where)
            text = _value(entry, "caption", str, where)
            sentences[_reference(entry, "image_id", images, where)].append(text)
    columns = {name: [] for name in ("boxes", "areas", "categories", "crowd")}
    for image_id in images:
        found = objects[image_id]
        boxes, areas, categories, crowd = zip(*found, strict=True) if found else ((),) * 4
        columns["boxes"].append(np.array(boxes, np.float32).reshape(-1, 4))
        columns["areas"].append(np.array(areas, np.float32))
        columns["categories"].append(np.array(categories, np.int32))
        columns["crowd"].append(np.array(crowd, bool))
    return Coco(
        image_ids=np.array(list(images), np.int64),
        file_names=[file_name for file_name, _ in images.values()],
        sizes=np.array([size for _, size in images.values()], np.int32).reshape(-1, 2),
        **columns,
        captions=[sentences[image_id] for image_id in images],
        category_ids=np.array(list(category_ids), np.int64),
        category_names=names,
        supercategories=supercategories,
    )


def _without_masks(entry: dict) -> dict:
    entry.pop("segmentation", None)
    return entry


def _coco_content(path: str | Path, kind: str, key: str, needed: tuple[str, ...]) -> dict:
    """The parsed file, once it is sure to be of that kind: its annotations have that key."""
    path = require_file(path)
    try:
        content = json.loads(path.read_bytes(), object_hook=_without_masks)
    except (ValueError, RecursionError) as error:
        raise CourseError(
            f"{path}: this is no complete JSON ({error}); the file {describe_content(path)}. Unpack or"
            " download it again."
        ) from None
    expected = f"expected COCO's {kind}_….json"
    if not isinstance(content, dict):
        raise CourseError(f"{path}: holds a {type(content).__name__}, no dictionary: {expected}.")
    missing = [name for name in needed if name not in content]
    first = content["annotations"][0] if _is_list(content.get("annotations")) else {}
    if isinstance(first, dict) and first and key not in first:
        other = "captions" if "caption" in first else "instances" if "bbox" in first else None
        found = f"this seems to be COCO's {other}_….json" if other else f"its annotations have no {key!r}"
        raise CourseError(f"{path}: {found}: {expected}. Check the order: read_coco(instances, captions).")
    if missing:
        there = _listed(content) or "none"
        raise CourseError(f"{path}: has no {missing[0]!r}, only the keys {there}: {expected}.")
    for name in needed:
        if not isinstance(content[name], list):
            raise CourseError(f"{path}: {name!r} is no list: {expected}.")
    return content


def _is_list(value: object) -> bool:
    return isinstance(value, list) and len(value) > 0


def _coco_images(entries: list, path: str | Path) -> dict[int, tuple[str, tuple[int, int]]]:
    """{id: (file name, (height, width))}."""
    images = {}
    for i, entry in enumerate(entries):
        where = f"{path}: images[{i}]"
        image_id = _new_id(entry, images, where)
        size = tuple(_value(entry, side, int, where, 1) for side in ("height", "width"))
        images[image_id] = _value(entry, "file_name", str, where), size
    return images


def _coco_categories(entries: list, path: str | Path) -> tuple[dict[int, int], list[str], list[str]]:
    """{id: index}, names, supercategories."""
    ids, names, supercategories = {}, [], []
    for i, entry in enumerate(entries):
        where = f"{path}: categories[{i}]"
        ids[_new_id(entry, ids, where)] = i
        names.append(_value(entry, "name", str, where))
        supercategories.append(_value({"supercategory": "", **entry}, "supercategory", str, where))
    return ids, names, supercategories


def _coco_objects(
    entries: list, images: dict[int, tuple], category_ids: dict[int, int], path: str | Path
) -> dict[int, list]:
    """{image id: list of (box, area, category's index, crowd)}."""
    objects, numbers = defaultdict(list), set()
    for i, entry in enumerate(entries):
        where = f"{path}: annotations[{i}]"
        _refuse_twice(entry, numbers, where)
        image_id = _reference(entry, "image_id", images, where)
        category = category_ids[_reference(entry, "category_id", category_ids, where)]
        box = _box(entry, where, images[image_id][1])
        area = _value(entry, "area", Real, where, 0)
        crowd = _value(entry, "iscrowd", int, where, 0, 1)
        objects[image_id].append((box, area, category, crowd))
    return objects


def _box(entry: dict, where: str, size: tuple[int, int]) -> list:
    """The box of an object: four numbers, in the image but for what rounding does to its edges."""
    box = _value(entry, "bbox", list, where)
    if len(box) != 4 or not all(map(_is_number, box)):
        raise CourseError(f"{where}: 'bbox' is {shown(box)}: expected four numbers, x, y, width and height.")
    (left, top, width, height), (rows, columns) = box, size
    if min(width, height) < 0:
        raise CourseError(
            f"{where}: 'bbox' is {shown(box)}: expected x, y, width and height, the last two not negative. If"
            " these are two corners, write x2 - x1 and y2 - y1."
        )
    if min(left, top) < -1 or left + width > columns + 1 or top + height > rows + 1:
        raise CourseError(
            f"{where}: 'bbox' is {shown(box)}: expected x, y, width and height inside the image of"
            f" {columns:,} x {rows:,} pixels. If these are two corners, write x2 - x1 and y2 - y1."
        )
    return box


def _refuse_twice(entry: object, numbers: set[int], where: str) -> None:
    """Refuses an annotation whose number another bears; one without a number is nobody's copy."""
    if isinstance(entry, dict) and "id" in entry:
        numbers.add(_new_id(entry, numbers, where))


def _listed(names: Iterable[str]) -> str:
    names = [shown(name) for name in names]
    return ", ".join(names[:8]) + (f" and {len(names) - 8:,} more" if len(names) > 8 else "")


def _value(
    entry: object, key: str, kind: type, where: str, at_least: int = 0, at_most: int = _LARGEST
) -> Any:
    if not isinstance(entry, dict) or key not in entry:
        found = f"only {_listed(entry)}" if isinstance(entry, dict) and entry else shown(entry)
        raise CourseError(f"{where}: has no {key!r}, found {found}. Is it COCO's original file?")
    value = entry[key]
    is_number = kind in (int, Real)
    if not isinstance(value, kind) or (is_number and not _is_number(value, at_least, at_most)):
        name = {int: "a whole number", Real: "a number", str: "a string", list: "a list"}[kind]
        limits = f" from {at_least:,} to {at_most:,}" if is_number else ""
        raise CourseError(f"{where}: {key!r} is {shown(value)}: expected {name}{limits}.")
    return value


def _is_number(value: object, at_least: int = -_LARGEST, at_most: int = _LARGEST) -> bool:
    return isinstance(value, Real) and not isinstance(value, bool) and at_least <= value <= at_most


def _id(entry: object, key: str, where: str) -> int:
    return _value(entry, key, int, where, 0, _LARGEST_ID)


def _new_id(entry: object, taken: Container[int], where: str) -> int:
    number = _id(entry, "id", where)
    if number in taken:
        raise CourseError(f"{where}: the 'id' {number} is there twice; each must be a number of its own.")
    return number


def _reference(entry: object, key: str, known: Container[int], where: str) -> int:
    number = _id(entry, key, where)
    if number not in known:
        raise CourseError(f"{where}: {key!r} is {number}, which the file does not list; is it complete?")
    return number


@dataclass(frozen=True)
class Ilsvrc:
    """n pictures of one part of ILSVRC's classification set; item i of labels and names is the same picture.

    Only names are held: the real training part has 1,281,167 files of 138 GB. Introduced in lesson 12.

    Attributes:
        folder: Path that the names lie below.
        names: n str, such as "train/n02119789/n02119789_4.JPEG".
        labels: int32 (n,), the class: an index into wnids.
        wnids: list of str, WordNet's number of each class, in alphabetical order, as Keras and torchvision
            number folders.
        words: list of str, what each class is called, such as "kit fox, Vulpes macrotis".
        devkit_ids: int32 (classes,), the number, from 1 on, that the devkit has for each class.
    """

    folder: Path
    names: list
    labels: np.ndarray
    wnids: list
    words: list
    devkit_ids: np.ndarray

    def __len__(self) -> int:
        return len(self.names)

    def pictures(self, at_least: int | None = None) -> Iterator[np.ndarray]:
        """Decodes one picture after the other, in the order of the names; none is kept.

        Args:
            at_least: None, or the pixels that you need of a side: large JPEG files are then decoded at
                reduced size.

        Yields:
            uint8 (height, width, 3); grey and CMYK files, which the real set has too, become RGB.

        Raises:
            CourseError: a file is damaged or no picture.
        """
        for name in self.names:
            yield load_image(self.folder / name, at_least=at_least)


def read_ilsvrc(folder: str | Path, part: str) -> Ilsvrc:
    """Lists the pictures of one part of ILSVRC 2012 with their classes; no picture is opened.

    The layout is what the unpacked archives leave: ``train/WNID/*.JPEG``, one folder for each class;
    ``val/ILSVRC2012_val_00000001.JPEG`` and so on, all in one folder or sorted into such folders; and
    ``ILSVRC2012_devkit_t12/data`` with ``meta.mat``, the classes, and
    ``ILSVRC2012_validation_ground_truth.txt``, a line for each validation picture. These lines hold the
    *devkit's* number of a class, 1 to 1,000, which is not its place in the alphabetical order of the folders.
    Introduced in lesson 12.

    Russakovsky et al. 2015, ImageNet Large Scale Visual Recognition Challenge, arXiv 1409.0575.

    Args:
        folder: str or Path of the folder that holds train, val and the devkit.
        part: "train" or "val".

    Returns:
        Ilsvrc: of "train" class by class, of "val" in the order of the numbers.

    Raises:
        CourseError: a folder or file is missing or none of ILSVRC's; a folder of training pictures is of no
            class of the devkit, or a class has none; the validation list and the pictures do not fit.
    """
    arguments.choice("part", part, ILSVRC_PARTS)
    root = _path(folder)
    if not root.is_dir() or not (root / part).is_dir():
        inside = f"found {_contents(root)}" if root.is_dir() else "there is no such folder"
        raise CourseError(
            f"{root}: no folder {part} here, {inside}; expected the folder with train, val and "
            f"{_ILSVRC_DEVKIT} in it. Check the path; archives must be unpacked first, also those in train's."
        )
    numbers, words = _ilsvrc_classes(root)
    wnids = sorted(numbers)
    index = {wnid: i for i, wnid in enumerate(wnids)}
    pairs = _ilsvrc_train(root, index) if part == "train" else _ilsvrc_validation(root, index, numbers)
    names, labels = zip(*pairs, strict=True)
    return Ilsvrc(
        folder=root,
        names=[*names],
        labels=np.array(labels, np.int32),
        wnids=wnids,
        words=[words[wnid] for wnid in wnids],
        devkit_ids=np.array([numbers[wnid] for wnid in wnids], np.int32),
    )


def _ilsvrc_classes(root: Path) -> tuple[dict[str, int], dict[str, str]]:
    """{wnid: the devkit's number} and {wnid: words} of the classes that have pictures."""
    from scipy.io import loadmat

    path = require_file(root / _ILSVRC_DEVKIT / "data" / _ILSVRC_CLASSES)
    expected = "expected the devkit's table `synsets`. Unpack ILSVRC2012_devkit_t12.tar.gz again."
    try:
        table = loadmat(path, squeeze_me=True)["synsets"]
        rows = [
            (int(row["ILSVRC2012_ID"]), str(row["WNID"]), str(row["words"]))
            for row in np.atleast_1d(table)
            if row["num_children"] == 0  # others, such as "dog", stand above classes and have no pictures
        ]
    except Exception as error:  # on damaged files SciPy raises nearly anything
        raise CourseError(
            f"{path}: cannot be read ({type(error).__name__}); the file {describe_content(path)}; {expected}"
        ) from error
    numbers = {wnid: number for number, wnid, _ in rows}
    if sorted(numbers.values()) != [*range(1, len(rows) + 1)] or not rows:
        raise CourseError(
            f"{path}: its {len(rows):,} classes without children are not numbered 1 to {len(rows):,}, each "
            f"once; {expected}"
        )
    return numbers, {wnid: words for _, wnid, words in rows}


def _ilsvrc_train(root: Path, index: dict[str, int]) -> list[tuple[str, int]]:
    """Pairs (name, class), class by class."""
    there = {path.name: path for path in _visible(root / "train")}
    odd = sorted(there.keys() - index.keys())
    if odd:
        raise CourseError(
            f"{there[odd[0]]}: {odd[0]!r} is no class of the devkit; expected folders such as "
            f"{min(index)!r}. Unpack the archives in train's, each into a folder of its name, and move "
            "anything else elsewhere."
        )
    missing = sorted(index.keys() - there.keys())
    if missing:
        raise CourseError(
            f"{root / 'train'}: no folder {missing[0]} here, {len(missing):,} of {len(index):,} classes "
            "are missing. Without them Keras and torchvision number the others differently. Unpack their "
            "archives."
        )
    pairs = []
    for wnid, label in index.items():
        found = sorted(path.name for path in there[wnid].glob("*.JPEG"))
        if not found:
            raise CourseError(
                f"{there[wnid]}: no picture here; expected files such as {wnid}_4.JPEG. Unpack {wnid}.tar "
                "again."
            )
        pairs += [(f"train/{wnid}/{name}", label) for name in found]
    return pairs


def _ilsvrc_validation(root: Path, index: dict[str, int], numbers: dict[str, int]) -> list[tuple[str, int]]:
    """Pairs (name, class), in the order of the validation list."""
    list_path = root / _ILSVRC_DEVKIT / "data" / _ILSVRC_TRUTH
    lines = read_text(list_path).split()
    classes = {str(number): index[wnid] for wnid, number in numbers.items()}
    odd = next((place for place, line in enumerate(lines) if line not in classes), None)
    if odd is not None:
        raise CourseError(
            f"{list_path}: line {odd + 1} is {shown(lines[odd])}: expected a class of the devkit, 1 to "
            f"{len(classes):,}."
        )
    paths = {}
    for path in sorted((root / "val").rglob("*.JPEG")):
        match = _ILSVRC_VALIDATION.fullmatch(path.name)
        if match is None:
            raise CourseError(
                f"{path}: expected names such as ILSVRC2012_val_00000001.JPEG; found {path.name!r}. Move it "
                "elsewhere."
            )
        paths[int(match[1])] = path
    if [*sorted(paths)] != [*range(1, len(lines) + 1)]:
        wrong = min({*paths} ^ {*range(1, len(lines) + 1)}, default=0)
        found = "is there, and has no line" if wrong in paths else "is missing"
        raise CourseError(
            f"{root / 'val'}: {len(paths):,} pictures, and {list_path.name} has {len(lines):,} lines: "
            f"picture {wrong:08d} {found}. Both come from the same release; unpack them again."
        )
    labels = [classes[line] for line in lines]
    for number, label in enumerate(labels, start=1):
        _refuse_wrong_folder(paths[number], [*index][label])
    return [
        (paths[number].relative_to(root).as_posix(), label) for number, label in enumerate(labels, start=1)
    ]


def _refuse_wrong_folder(path: Path, wnid: str) -> None:
    """Refuses a validation picture that somebody sorted into the folder of another class."""
    if _ILSVRC_WNID.fullmatch(path.parent.name) and path.parent.name != wnid:
        raise CourseError(
            f"{path}: the validation list says {wnid} of this picture, the folder {path.parent.name}. The "
            "list holds the devkit's numbers, not places in alphabetical order: sort the pictures anew."
        )


def export_ilsvrc(
    pictures: Sequence[np.ndarray],
    labels: Sequence[int],
    validation: Sequence[bool],
    class_names: Sequence[str],
    folder: str | Path,
) -> Path:
    """Writes pictures of the course in ILSVRC's layout, for every program that reads it.

    The devkit numbers classes in the order of class_names; their WNIDs are made up, n90000001 and on, in the
    alphabetical order of the names, so that the two orders differ as they do in the real set. Pictures become
    JPEG files, as the real ones are: what is read again differs a little. Introduced in lesson 12.

    Args:
        pictures: n uint8 arrays (height, width, 3), of any sizes.
        labels: int (n,), indices into class_names.
        validation: bool (n,), True for the part "val", whose pictures keep their order.
        class_names: sequence of str, all different; each class needs a training picture.
        folder: str or Path of a folder that does not exist yet, inside one that does.

    Returns:
        Path of the new folder, which `read_ilsvrc` reads.

    Raises:
        CourseError: the arguments do not fit, or a class has no training picture; the folder exists or cannot
            be written. Nothing is left behind.
    """
    folder = _new_folder(folder)
    names = arguments.strings("class_names", class_names)
    labels, validation = np.asarray(labels), np.asarray(validation, bool)
    if not len(pictures) == len(labels) == len(validation):
        raise CourseError(
            f"pictures, labels and validation have the lengths {len(pictures)}, {len(labels)} and "
            f"{len(validation)}: expected one of each for every picture."
        )
    if len({*names}) < len(names):
        raise CourseError("class_names has a name twice: expected different ones.")
    lacking = sorted({*range(len(names))} ^ {*labels[~validation].tolist()})
    if lacking:
        raise CourseError(
            f"class {lacking[0]} has no training picture, or no name: expected labels from 0 to "
            f"{len(names) - 1}, each of them among the pictures that are not for validation."
        )
    _write_folder(folder, _ilsvrc_export(pictures, labels, validation, names))
    return folder


def _ilsvrc_export(
    pictures: Sequence[np.ndarray], labels: np.ndarray, validation: np.ndarray, names: list[str]
) -> Iterator[tuple[str, bytes]]:
    """Pairs (name below the folder, content)."""
    from scipy.io import savemat

    wnid = {name: f"n{90_000_001 + place}" for place, name in enumerate(sorted(names))}
    count = {True: 0, False: 0}
    for picture, label, held in zip(pictures, labels, validation.tolist(), strict=True):
        count[held] += 1
        number = wnid[names[label]]
        name = f"val/ILSVRC2012_val_{count[held]:08d}" if held else f"train/{number}/{number}_{count[held]}"
        stream = io.BytesIO()
        picture = arguments.array("a picture", picture, np.uint8, (("height", "width", 3),))
        Image.fromarray(picture).save(stream, "JPEG", quality=_ILSVRC_QUALITY)
        yield f"{name}.JPEG", stream.getvalue()
    truth = labels[validation] + 1
    yield f"{_ILSVRC_DEVKIT}/data/{_ILSVRC_TRUTH}", "".join(f"{number}\n" for number in truth).encode()
    kinds = [("ILSVRC2012_ID", "O"), ("WNID", "O"), ("words", "O"), ("num_children", "O")]
    rows = [(place, wnid[name], name, 0) for place, name in enumerate(names, start=1)]
    stream = io.BytesIO()
    savemat(stream, {"synsets": np.array(rows, kinds).reshape(-1, 1)})
    yield f"{_ILSVRC_DEVKIT}/data/{_ILSVRC_CLASSES}", stream.getvalue()
