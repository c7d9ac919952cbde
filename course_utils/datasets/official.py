"""Official data sets that you download yourself, read from the layout in which they are published."""

import json
from collections import defaultdict
from dataclasses import dataclass
from numbers import Real

import numpy as np

from course_utils.errors import CourseError
from course_utils.files import describe_content, require_file

__all__ = ["Coco", "read_coco"]

_LARGEST, _LARGEST_ID = 2**31 - 1, 2**63 - 1  # of numbers in COCO's files


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

    def __len__(self):
        return len(self.file_names)


def read_coco(instances, captions=None):
    """Read COCO's annotations: what is where in each image, and what people said of it.

    Masks (polygons and run lengths) are skipped while reading, for the sake of memory. Images without objects
    or captions stay, with empty lists. Format: cocodataset.org, "Data format"; Lin et al. (2014), arXiv
    1405.0312. Introduced in lesson 12.

    Args:
        instances: str or Path, such as "annotations/instances_val2017.json".
        captions: str or Path, such as "annotations/captions_val2017.json", or None for no captions.

    Returns:
        Coco, the images in the order of the instances file, then those that only the captions file has.

    Raises:
        CourseError: a file is missing, no JSON, of another kind, or an entry lacks a key, has a wrong value,
            or refers to an image or category that there is not; or the two files share no image.
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
        for i, entry in enumerate(content["annotations"]):
            where = f"{captions}: annotations[{i}]"
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


def _without_masks(entry):
    entry.pop("segmentation", None)
    return entry


def _coco_content(path, kind, key, needed):
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
        there = ", ".join(map(repr, content)) or "none"
        raise CourseError(f"{path}: has no {missing[0]!r}, only the keys {there}: {expected}.")
    for name in needed:
        if not isinstance(content[name], list):
            raise CourseError(f"{path}: {name!r} is no list: {expected}.")
    return content


def _is_list(value):
    return isinstance(value, list) and len(value) > 0


def _coco_images(entries, path):
    """{id: (file name, (height, width))}."""
    images = {}
    for i, entry in enumerate(entries):
        where = f"{path}: images[{i}]"
        image_id = _new_id(entry, images, where)
        size = tuple(_value(entry, side, int, where, 1) for side in ("height", "width"))
        images[image_id] = _value(entry, "file_name", str, where), size
    return images


def _coco_categories(entries, path):
    """{id: index}, names, supercategories."""
    ids, names, supercategories = {}, [], []
    for i, entry in enumerate(entries):
        where = f"{path}: categories[{i}]"
        ids[_new_id(entry, ids, where)] = i
        names.append(_value(entry, "name", str, where))
        supercategories.append(_value({"supercategory": "", **entry}, "supercategory", str, where))
    return ids, names, supercategories


def _coco_objects(entries, images, category_ids, path):
    """{image id: list of (box, area, category's index, crowd)}."""
    objects = defaultdict(list)
    for i, entry in enumerate(entries):
        where = f"{path}: annotations[{i}]"
        image_id = _reference(entry, "image_id", images, where)
        category = category_ids[_reference(entry, "category_id", category_ids, where)]
        box = _value(entry, "bbox", list, where)
        if len(box) != 4 or not all(map(_is_number, box)):
            raise CourseError(f"{where}: 'bbox' is {box!r}: expected four numbers, x, y, width and height.")
        area = _value(entry, "area", Real, where, 0)
        crowd = _value(entry, "iscrowd", int, where, 0)
        objects[image_id].append((box, area, category, crowd))
    return objects


def _value(entry, key, kind, where, at_least=0, at_most=_LARGEST):
    if not isinstance(entry, dict) or key not in entry:
        found = f"only {', '.join(map(repr, entry))}" if isinstance(entry, dict) and entry else repr(entry)
        raise CourseError(f"{where}: has no {key!r}, found {found}. Is it COCO's original file?")
    value = entry[key]
    is_number = kind in (int, Real)
    if not isinstance(value, kind) or (is_number and not _is_number(value, at_least, at_most)):
        name = {int: "a whole number", Real: "a number", str: "a string", list: "a list"}[kind]
        limits = f" from {at_least:,} to {at_most:,}" if is_number else ""
        raise CourseError(f"{where}: {key!r} is {value!r}: expected {name}{limits}.")
    return value


def _is_number(value, at_least=-_LARGEST, at_most=_LARGEST):
    return isinstance(value, Real) and not isinstance(value, bool) and at_least <= value <= at_most


def _id(entry, key, where):
    return _value(entry, key, int, where, 0, _LARGEST_ID)


def _new_id(entry, taken, where):
    number = _id(entry, "id", where)
    if number in taken:
        raise CourseError(f"{where}: the 'id' {number} is there twice; each must be a number of its own.")
    return number


def _reference(entry, key, known, where):
    number = _id(entry, key, where)
    if number not in known:
        raise CourseError(f"{where}: {key!r} is {number}, which the file does not list; is it complete?")
    return number
