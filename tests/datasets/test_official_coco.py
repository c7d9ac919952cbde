"""COCO's layout is read alike whether it is the real one or what the course exports."""

import copy
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from course_utils import CourseError
from course_utils.datasets import emoji, official, scenes
from course_utils.preprocessing import images

# As in the real files: categories 1, 18 and 90, images out of order, masks as polygons and as run lengths,
# an image that nobody annotated, boxes with fractions, one without area, keys that nobody needs.
IMAGES = [
    {
        "license": 4,
        "file_name": "000000397133.jpg",
        "coco_url": "http://images.cocodataset.org/val2017/000000397133.jpg",
        "height": 427,
        "width": 640,
        "date_captured": "2013-11-14 17:02:52",
        "flickr_url": "",
        "id": 397133,
    },
    {"file_name": "000000000139.jpg", "height": 426, "width": 640, "id": 139},
    {"file_name": "000000000285.jpg", "height": 640, "width": 586, "id": 285},
]
INSTANCES = {
    "info": {"description": "COCO 2017 Dataset", "year": 2017},
    "licenses": [{"url": "", "id": 4, "name": "Attribution License"}],
    "images": IMAGES,
    "annotations": [
        {
            "segmentation": [[224.24, 297.18, 228.29, 297.18, 234.91, 298.29]],
            "area": 1481.3806499999994,
            "iscrowd": 0,
            "image_id": 397133,
            "bbox": [217.62, 240.54, 38.99, 57.75],
            "category_id": 90,
            "id": 82445,
        },
        {
            "segmentation": {"counts": [272, 2, 4, 4, 273118], "size": [426, 640]},
            "area": 12,
            "iscrowd": 1,
            "image_id": 139,
            "bbox": [0, 1, 473, 10],
            "category_id": 1,
            "id": 900100000139,
        },
        {
            "segmentation": [[1.0, 2.0, 3.0, 4.0, 5.0, 6.0]],
            "area": 0.0,
            "iscrowd": 0,
            "image_id": 397133,
            "bbox": [1.0, 2.0, 0.0, 3.5],
            "category_id": 18,
            "id": 7,
        },
    ],
    "categories": [
        {"supercategory": "person", "id": 1, "name": "person"},
        {"supercategory": "animal", "id": 18, "name": "dog"},
        {"id": 90, "name": "toothbrush"},
    ],
}
CAPTIONS = {
    "info": {},
    "images": IMAGES,
    "annotations": [
        {"image_id": 139, "id": 2, "caption": "A room with chairs, a table, and a woman in it."},
        {"image_id": 397133, "id": 1, "caption": "A man is in a kitchen making pizzas."},
        {"image_id": 139, "id": 3, "caption": "一个女人站在房间里"},
    ],
}


def write(folder, instances=INSTANCES, captions=CAPTIONS):
    paths = folder / "instances_val2017.json", folder / "captions_val2017.json"
    for path, content in zip(paths, (instances, captions), strict=True):
        path.write_text(json.dumps(content), encoding="utf-8")
    return paths


def test_the_real_layout_is_read(tmp_path):
    coco = official.read_coco(*write(tmp_path))
    assert len(coco) == 3
    assert coco.image_ids.tolist() == [397133, 139, 285] and coco.image_ids.dtype == np.int64
    assert coco.file_names == ["000000397133.jpg", "000000000139.jpg", "000000000285.jpg"]
    assert coco.sizes.tolist() == [[427, 640], [426, 640], [640, 586]] and coco.sizes.dtype == np.int32
    assert coco.category_ids.tolist() == [1, 18, 90]
    assert coco.category_names == ["person", "dog", "toothbrush"]
    assert coco.supercategories == ["person", "animal", ""]
    np.testing.assert_allclose(coco.boxes[0], [[217.62, 240.54, 38.99, 57.75], [1, 2, 0, 3.5]], rtol=1e-6)
    assert [coco.category_names[c] for c in coco.categories[0]] == ["toothbrush", "dog"]
    np.testing.assert_allclose(coco.areas[0], [1481.38065, 0], rtol=1e-6)
    assert [crowd.tolist() for crowd in coco.crowd] == [[False, False], [True], []]
    assert coco.captions[1] == [CAPTIONS["annotations"][0]["caption"], CAPTIONS["annotations"][2]["caption"]]
    assert coco.captions[2] == []
    for arrays, dtype in (("boxes", "f4"), ("areas", "f4"), ("categories", "i4"), ("crowd", "?")):
        assert [array.dtype for array in getattr(coco, arrays)] == [dtype] * 3
    assert [array.shape for array in coco.boxes] == [(2, 4), (1, 4), (0, 4)]


def test_captions_may_be_left_out(tmp_path):
    instances, _ = write(tmp_path)
    assert official.read_coco(instances).captions == [[], [], []]


def test_images_of_either_file_are_kept(tmp_path):
    fewer = {**INSTANCES, "images": IMAGES[:2]}
    more = {**CAPTIONS, "images": IMAGES[1:], "annotations": CAPTIONS["annotations"][::2]}
    coco = official.read_coco(*write(tmp_path, fewer, more))
    assert coco.image_ids.tolist() == [397133, 139, 285]
    assert [len(captions) for captions in coco.captions] == [0, 2, 0]


def test_a_set_may_be_empty(tmp_path):
    nothing = {"images": [], "annotations": [], "categories": []}
    coco = official.read_coco(*write(tmp_path, nothing, nothing))
    assert len(coco) == 0 and coco.sizes.shape == (0, 2) and coco.category_names == []


def changed(content, path, value=None):
    """A copy with one entry set, or removed when there is no value."""
    content = copy.deepcopy(content)
    *parents, last = path
    place = content
    for key in parents:
        place = place[key]
    if value is None:
        del place[last]
    else:
        place[last] = value
    return content


@pytest.mark.parametrize(
    ("path", "where"),
    [
        (("images",), "has no 'images', only the keys 'info', 'licenses', 'annotations', 'categories'"),
        (("annotations",), "has no 'annotations'"),
        (("categories",), "has no 'categories'"),
        (("images", 1, "id"), r"images\[1\]: has no 'id'"),
        (("images", 1, "file_name"), r"images\[1\]: has no 'file_name', found only 'height'"),
        (("images", 0, "width"), r"images\[0\]: has no 'width'"),
        (("annotations", 1, "bbox"), r"annotations\[1\]: has no 'bbox'"),
        (("annotations", 1, "area"), r"annotations\[1\]: has no 'area'"),
        (("annotations", 1, "iscrowd"), r"annotations\[1\]: has no 'iscrowd'"),
        (("annotations", 1, "image_id"), r"annotations\[1\]: has no 'image_id'"),
        (("annotations", 1, "category_id"), r"annotations\[1\]: has no 'category_id'"),
        (("categories", 2, "id"), r"categories\[2\]: has no 'id'"),
        (("categories", 2, "name"), r"categories\[2\]: has no 'name'"),
    ],
    ids=str,
)
def test_a_missing_key_is_named(tmp_path, path, where):
    instances, _ = write(tmp_path, changed(INSTANCES, path))
    with pytest.raises(CourseError, match=rf"instances_val2017.json: {where}"):
        official.read_coco(instances)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("images",), {}, "'images' is no list"),
        (("images", 0), 3, r"images\[0\]: has no 'id', found 3"),
        (("images", 0, "id"), "397133", "'id' is '397133': expected a whole number"),
        (("images", 0, "id"), True, "'id' is True"),
        (("images", 0, "id"), 10**30, "expected a whole number from 0 to"),
        (("images", 0, "id"), 139, "'id' 139 is there twice"),
        (("images", 0, "height"), 0, "'height' is 0: expected a whole number from 1 to"),
        (("images", 0, "file_name"), 5, "'file_name' is 5: expected a string"),
        (("categories", 0, "id"), 90, "'id' 90 is there twice"),
        (
            ("annotations", 0, "image_id"),
            1,
            r"annotations\[0\]: 'image_id' is 1, which the file does not list",
        ),
        (("annotations", 0, "category_id"), 2, r"annotations\[0\]: 'category_id' is 2, which the file"),
        (("annotations", 0, "bbox"), [1, 2, 3], "expected four numbers"),
        (("annotations", 0, "bbox"), [1, 2, 3, "4"], "expected four numbers"),
        (("annotations", 0, "bbox"), [1, 2, 3, float("nan")], "expected four numbers"),
        (("annotations", 0, "bbox"), "1, 2, 3, 4", "expected a list"),
        (("annotations", 0, "area"), float("inf"), "'area' is inf: expected a number from 0"),
        (("annotations", 0, "iscrowd"), "no", "'iscrowd' is 'no'"),
        (("annotations", 0), [], r"annotations\[0\]: has no 'image_id', found \[\]"),
    ],
    ids=str,
)
def test_a_wrong_value_is_named(tmp_path, path, value, message):
    instances, _ = write(tmp_path, changed(INSTANCES, path, value))
    with pytest.raises(CourseError, match=message):
        official.read_coco(instances)


@pytest.mark.parametrize(
    ("box", "message"),
    [
        ([10, 10, -5, 20], "the last two not negative"),
        ([10, 10, 20, -0.5], "the last two not negative"),
        ([600, 400, 200, 20], "inside the image of 640 x 427 pixels"),
        ([10, 400, 20, 200], "inside the image of 640 x 427 pixels"),
        ([-20, 10, 30, 30], "inside the image"),
        ([10, -20, 30, 30], "inside the image"),
        ([700, 500, 10, 10], "inside the image"),
        ([0, 0, 427, 640], "inside the image"),  # rows and columns mixed up
        ([300, 200, 500, 400], "x2 - x1"),  # two corners
        ([1, 2, 3, float("nan")], "expected four numbers"),
        ([float("nan")] * 4, "expected four numbers"),
        ([1, 2, float("inf"), 3], "expected four numbers"),
        ([float("-inf"), 2, 3, 3], "expected four numbers"),
        ([1, 2, True, 3], "expected four numbers"),
        ([1, 2, None, 3], "expected four numbers"),
        ([[1, 2, 3, 4]], "expected four numbers"),
        ([1, 2, 3, 10**400], "expected four numbers"),
    ],
    ids=str,
)
def test_a_box_that_is_none_is_named(tmp_path, box, message):
    instances, _ = write(tmp_path, changed(INSTANCES, ("annotations", 0, "bbox"), box))
    with pytest.raises(CourseError, match=rf"instances_val2017.json: annotations\[0\]: 'bbox' .*{message}"):
        official.read_coco(instances)


@pytest.mark.parametrize("box", [[-0.4, 0, 640.7, 427.3], [0, 0, 640, 427], [639.5, 426, 0, 0]], ids=str)
def test_a_box_may_leave_its_image_by_what_rounding_does(tmp_path, box):
    instances, _ = write(tmp_path, changed(INSTANCES, ("annotations", 0, "bbox"), box))
    np.testing.assert_allclose(official.read_coco(instances).boxes[0][0], box)


@pytest.mark.parametrize(
    ("which", "path", "value"),
    [
        (0, ("annotations", 2, "id"), 82445),
        (0, ("annotations", 1, "id"), 82445),
        (0, ("images", 2, "id"), 139),
        (0, ("categories", 2, "id"), 1),
        (1, ("annotations", 2, "id"), 1),
        (1, ("images", 2, "id"), 139),
    ],
    ids=str,
)
def test_a_number_that_is_there_twice_is_named(tmp_path, which, path, value):
    contents = [INSTANCES, CAPTIONS]
    contents[which] = changed(contents[which], path, value)
    where = rf"{path[0]}\[{path[1]}\]: the 'id' {value} is there twice"
    with pytest.raises(CourseError, match=rf"{('instances', 'captions')[which]}_val2017.json: {where}"):
        official.read_coco(*write(tmp_path, *contents))


def test_annotations_without_numbers_are_nobodys_copies(tmp_path):
    fewer = changed(changed(INSTANCES, ("annotations", 0, "id")), ("annotations", 1, "id"))
    assert len(official.read_coco(*write(tmp_path, fewer))) == 3


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("annotations", 0, "bbox"), list(range(300_000))),
        (("annotations", 0, "bbox"), "x" * 10**6),
        (("annotations", 0, "bbox"), ["x" * 10**6] * 4),
        (("annotations", 0, "area"), ["x" * 10**6]),
        (("annotations", 0, "image_id"), "1" * 10**6),
        (("annotations", 0), {f"key {n}": n for n in range(100_000)} | {"bbox": [], "k" * 10**6: 1}),
        (("images", 0), ["x" * 10**6]),
        (("images", 0, "file_name"), {"x" * 10**6: 1}),
        (("images",), "x" * 10**6),
        (("categories", 0, "name"), list(range(300_000))),
    ],
    ids=lambda value: str(value)[:20],
)
def test_no_message_is_longer_than_a_screen(tmp_path, path, value):
    instances, _ = write(tmp_path, changed(INSTANCES, path, value))
    with pytest.raises(CourseError) as raised:
        official.read_coco(instances)
    assert len(str(raised.value)) < len(str(instances)) + 600
    assert "\n" not in str(raised.value)


def test_a_file_of_other_keys_is_described_in_a_line(tmp_path):
    path = tmp_path / "other.json"
    path.write_text(json.dumps({f"{n} {'k' * 10**5}": n for n in range(50)}), encoding="utf-8")
    with pytest.raises(CourseError, match=r"has no 'images', only the keys .* and 42 more") as raised:
        official.read_coco(path)
    assert len(str(raised.value)) < len(str(path)) + 800


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("annotations", 0, "caption"), None, "annotations have no 'caption': expected COCO's captions_"),
        (("annotations", 1, "caption"), None, r"annotations\[1\]: has no 'caption'"),
        (("annotations", 1, "caption"), 3, "'caption' is 3: expected a string"),
        (("annotations", 1, "image_id"), 4, "'image_id' is 4, which the file does not list"),
        (("images",), [{**IMAGES[0], "id": 1}], "not one of its images is in .*instances_val2017.json"),
    ],
    ids=str,
)
def test_what_is_wrong_with_captions_is_named(tmp_path, path, value, message):
    paths = write(tmp_path, captions=changed(CAPTIONS, path, value))
    with pytest.raises(CourseError, match=rf"captions_val2017.json: .*{message}"):
        official.read_coco(*paths)


def test_files_in_the_wrong_order_are_noticed(tmp_path):
    instances, captions = write(tmp_path)
    with pytest.raises(CourseError, match=r"captions_val2017.json: this seems to be COCO's captions_….json"):
        official.read_coco(captions, instances)
    with pytest.raises(
        CourseError, match=r"instances_val2017.json: this seems to be COCO's instances_….json"
    ):
        official.read_coco(instances, instances)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (json.dumps(INSTANCES).encode()[:500], "no complete JSON .* plain text"),
        (b"PK\x03\x04" + bytes(100), "no complete JSON .*ZIP|no complete JSON"),
        (b"[" * 100_000, "no complete JSON"),
        (b"[1, 2]", "holds a list, no dictionary"),
        (b"\xff\xfe\x00", "no complete JSON"),
    ],
    ids=["empty", "cut", "zip", "deep", "list", "bytes"],
)
def test_what_is_no_annotation_file_is_refused(tmp_path, content, message):
    path = tmp_path / "instances.json"
    path.write_bytes(content)
    with pytest.raises(CourseError, match=message) as raised:
        official.read_coco(path)
    assert str(path) in str(raised.value) and len(str(raised.value)) < 500


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"nowhere.json: there is no such file"):
        official.read_coco(tmp_path / "nowhere.json")
    with pytest.raises(CourseError, match="path is None"):
        official.read_coco(None)


def test_a_byte_order_mark_does_no_harm(tmp_path):
    path = tmp_path / "instances.json"
    path.write_text(json.dumps(INSTANCES), encoding="utf-8-sig")
    assert len(official.read_coco(path)) == 3


# Export


@pytest.fixture(scope="module")
def drawn():
    return scenes.generate(20, seed=4, styles=emoji.STYLES, objects=(2, 6))


def test_exported_scenes_are_read_back(tmp_path, drawn):
    instances, captions, folder = scenes.export_coco(drawn, tmp_path / "new" / "coco", "train")
    assert instances == tmp_path / "new/coco/annotations/instances_train.json"
    assert captions == tmp_path / "new/coco/annotations/captions_train.json"
    assert folder == tmp_path / "new/coco/train"
    coco = official.read_coco(instances, captions)
    assert len(coco) == 20 and coco.category_names == list(scenes.CONCEPTS)
    assert coco.supercategories[0] == "animals-nature"
    for i, name in enumerate(coco.file_names):
        np.testing.assert_array_equal(images.load_image(folder / name), drawn.pictures[i])
        mask = drawn.mask[i]
        np.testing.assert_array_equal(coco.boxes[i], drawn.boxes[i][mask])
        np.testing.assert_array_equal(coco.areas[i], drawn.areas[i][mask])
        np.testing.assert_array_equal(coco.categories[i], drawn.concepts[i][mask])
        assert coco.sizes[i].tolist() == [96, 96] and not coco.crowd[i].any()
        assert coco.captions[i] == drawn.read(drawn.captions[i, :, 1])
    assert sorted(path.name for path in folder.iterdir()) == coco.file_names


def test_the_export_has_the_keys_of_the_official_files(tmp_path, drawn):
    paths = scenes.export_coco(drawn, tmp_path)[:2]
    instances, captions = (json.loads(path.read_text(encoding="utf-8")) for path in paths)
    assert set(instances) == {"info", "licenses", "images", "annotations", "categories"}
    assert set(captions) == {"info", "licenses", "images", "annotations"}
    assert set(IMAGES[0]) == set(instances["images"][0])
    assert set(INSTANCES["annotations"][0]) == set(instances["annotations"][0])
    assert set(CAPTIONS["annotations"][0]) == set(captions["annotations"][0])
    assert set(INSTANCES["categories"][0]) == set(instances["categories"][0])
    for content in (instances, captions):
        for entries in ("images", "annotations", "licenses"):
            numbers = [entry["id"] for entry in content[entries]]
            assert len(set(numbers)) == len(numbers)


def test_a_picture_has_the_most_demanding_licence_of_its_art(tmp_path):
    names = {}
    for style in emoji.STYLES:
        scene = scenes.compose([("cat", 0), ("owl", 1)], style=style)
        content = json.loads(scenes.export_coco(scene, tmp_path, style)[0].read_text(encoding="utf-8"))
        licences = {entry["id"]: entry["name"] for entry in content["licenses"]}
        names[style] = licences[content["images"][0]["license"]]
    assert names == {
        "noto": "Apache License 2.0",
        "twemoji": "CC BY 4.0",
        "openmoji": "CC BY-SA 4.0",
        "fluent": "MIT License",
    }
    mixed = scenes.generate(30, seed=0, styles=("fluent", "openmoji"))
    content = json.loads(scenes.export_coco(mixed, tmp_path, "mixed")[0].read_text(encoding="utf-8"))
    shared_alike = [image["license"] == 1 for image in content["images"]]
    np.testing.assert_array_equal(shared_alike, (mixed.styles == 1).any(axis=1))


def test_several_sets_fit_into_one_folder_and_none_is_overwritten(tmp_path, drawn):
    scenes.export_coco(drawn, tmp_path, "train")
    scenes.export_coco(drawn.select(slice(5)), tmp_path, "val")
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    with pytest.raises(CourseError, match=r"instances_val.json is there already"):
        scenes.export_coco(drawn, tmp_path, "val")
    assert before == {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}


@pytest.mark.parametrize("there", ["annotations/instances_a.json", "annotations/captions_a.json", "a"])
def test_whatever_is_there_already_stops_the_export_before_it_writes(tmp_path, drawn, there):
    path = tmp_path / there
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    with pytest.raises(CourseError, match=f"{path.name} is there already and is not overwritten"):
        scenes.export_coco(drawn, tmp_path, "a")
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == [path] and path.read_text() == "mine"


def test_an_export_that_fails_leaves_no_file_behind(tmp_path, drawn, monkeypatch):
    save, saved = Image.Image.save, []

    def full_disk(image, path, *arguments, **options):
        if len(saved) == 7:
            raise OSError(28, "No space left on device")
        saved.append(path)
        save(image, path, *arguments, **options)

    monkeypatch.setattr(Image.Image, "save", full_disk)
    with pytest.raises(CourseError, match="could not be written: No space left on device"):
        scenes.export_coco(drawn, tmp_path)
    assert len(saved) == 7 and not any(path.is_file() for path in tmp_path.rglob("*"))
    monkeypatch.undo()
    scenes.export_coco(drawn, tmp_path)


@pytest.mark.parametrize("name", ["", "a/b", "../up", "a b", 3, "épée", "Annotations"])
def test_a_name_that_is_no_file_name_everywhere_is_refused(tmp_path, drawn, name):
    with pytest.raises(CourseError, match="name is"):
        scenes.export_coco(drawn, tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_only_scenes_are_exported(tmp_path):
    with pytest.raises(CourseError, match="scenes is a ndarray: expected Scenes"):
        scenes.export_coco(np.zeros(3), tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path, drawn):
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match=r"file.*could not be written"):
        scenes.export_coco(drawn, Path(tmp_path / "file"))
