import shutil

import numpy as np
import pytest
from scipy.io import savemat

from course_utils import CourseError
from course_utils.datasets import official
from course_utils.datasets.official import export_ilsvrc, read_ilsvrc

NAMES = ["zebra", "ant", "cow"]  # in the devkit's order; alphabetical: ant, cow, zebra
LABELS = [0, 1, 2, 0, 2, 2, 1]
VALIDATION = [False, False, False, True, True, False, True]


@pytest.fixture
def pictures():
    """Plain pictures, which JPEG keeps: picture i is grey 20 · i."""
    return [np.full((8 + i, 16, 3), 20 * i, np.uint8) for i in range(len(LABELS))]


@pytest.fixture
def folder(tmp_path, pictures):
    return export_ilsvrc(pictures, LABELS, VALIDATION, NAMES, tmp_path / "ilsvrc")


def error_of(folder, part="train"):
    with pytest.raises(CourseError) as raised:
        read_ilsvrc(folder, part)
    return str(raised.value)


def devkit(folder):
    return folder / "ILSVRC2012_devkit_t12/data"


def test_training_pictures_come_class_by_class_in_alphabetical_order(folder, pictures):
    read = read_ilsvrc(folder, "train")
    assert len(read) == 4
    assert read.words == ["ant", "cow", "zebra"]
    assert read.labels.tolist() == [0, 1, 1, 2] and read.labels.dtype == np.int32
    assert read.devkit_ids.tolist() == [2, 3, 1]
    found = [*read.pictures()]
    assert [picture.shape for picture in found] == [pictures[i].shape for i in (1, 2, 5, 0)]
    assert [round(picture.mean() / 20) for picture in found] == [1, 2, 5, 0]


def test_validation_pictures_keep_their_order_and_get_the_class_of_the_folders(folder):
    read = read_ilsvrc(str(folder), "val")
    assert [round(picture.mean() / 20) for picture in read.pictures()] == [3, 4, 6]
    assert [read.words[label] for label in read.labels] == ["zebra", "cow", "ant"]
    truth = (devkit(folder) / "ILSVRC2012_validation_ground_truth.txt").read_text().split()
    assert truth == ["1", "3", "2"]  # the devkit's numbers, which are no class indices


def test_keras_numbers_the_folders_in_the_same_way(folder):
    keras = pytest.importorskip("keras")
    found = keras.utils.image_dataset_from_directory(
        folder / "train", shuffle=False, image_size=(8, 8), batch_size=None, verbose=False
    )
    read = read_ilsvrc(folder, "train")
    assert found.class_names == read.wnids
    assert [int(label) for _, label in found] == read.labels.tolist()


def test_pictures_sorted_into_folders_of_their_class_are_read_as_well(folder):
    flat = read_ilsvrc(folder, "val")
    for name, label in zip(flat.names, flat.labels, strict=True):
        target = folder / "val" / flat.wnids[label]
        target.mkdir(exist_ok=True)
        (folder / name).rename(target / name.split("/")[1])
    sorted_ones = read_ilsvrc(folder, "val")
    assert sorted_ones.labels.tolist() == flat.labels.tolist()
    assert sorted_ones.names[0] == f"val/{flat.wnids[2]}/ILSVRC2012_val_00000001.JPEG"


def test_pictures_sorted_by_the_wrong_numbering_are_noticed(folder):
    wnids = read_ilsvrc(folder, "train").wnids
    target = folder / "val" / wnids[0]  # the first has the devkit's number 1, taken for a class index
    target.mkdir()
    (folder / "val/ILSVRC2012_val_00000001.JPEG").rename(target / "ILSVRC2012_val_00000001.JPEG")
    message = error_of(folder, "val")
    assert f"says {wnids[2]} of this picture, the folder {wnids[0]}" in message


def test_what_stands_above_the_classes_in_the_devkit_is_no_class(folder):
    rows = [(1, "n90000002", "cow", 0), (2, "n90000001", "ant", 0), (3, "n90000003", "zebra", 0)]
    rows.append((4, "n00000001", "animal", 3))
    kinds = [(name, "O") for name in ("ILSVRC2012_ID", "WNID", "words", "num_children")]
    savemat(devkit(folder) / "meta.mat", {"synsets": np.array(rows, kinds).reshape(-1, 1)})
    assert read_ilsvrc(folder, "train").devkit_ids.tolist() == [2, 1, 3]


def test_one_class_alone_is_read(tmp_path, pictures):
    read = read_ilsvrc(export_ilsvrc(pictures[:2], [0, 0], [False, True], ["cow"], tmp_path / "one"), "val")
    assert read.labels.tolist() == [0] and read.words == ["cow"]


@pytest.mark.parametrize("part", ["test", "", None])
def test_an_unknown_part_is_named(folder, part):
    assert "'train', 'val'" in error_of(folder, part)


def test_a_missing_folder_and_a_missing_part_are_named(folder, tmp_path):
    assert "there is no such folder" in error_of(tmp_path / "nowhere")
    assert "no folder train here, found n90000001/" in error_of(folder / "train")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: (devkit(f) / "meta.mat").unlink(), "meta.mat: there is no such file"),
        (
            lambda f: (devkit(f) / "meta.mat").write_bytes(b"no table"),
            "cannot be read .*seems to be plain text",
        ),
        (lambda f: (devkit(f) / "meta.mat").write_bytes(b""), "cannot be read .*is empty"),
        (lambda f: savemat(devkit(f) / "meta.mat", {"other": 1}), r"cannot be read \(KeyError\)"),
        (lambda f: (f / "train/n90000009").mkdir(), "'n90000009' is no class of the devkit"),
        (lambda f: (f / "train/n90000001.tar").write_bytes(b""), "'n90000001.tar' is no class"),
        (lambda f: shutil.rmtree(f / "train/n90000002"), "no folder n90000002 here, 1 of 3 classes"),
        (
            lambda f: [path.unlink() for path in (f / "train/n90000002").iterdir()],
            "n90000002: no picture here",
        ),
    ],
)
def test_a_broken_training_part_is_named(folder, change, said):
    change(folder)
    with pytest.raises(CourseError, match=said):
        read_ilsvrc(folder, "train")


@pytest.mark.parametrize(
    ("truth", "said"),
    [
        ("1\n3\n", "3 pictures, and .* has 2 lines: picture 00000003 is there, and has no line"),
        ("1\n3\n2\n2\n", "has 4 lines: picture 00000004 is missing"),
        ("1\n0\n2\n", "line 2 is '0': expected a class of the devkit, 1 to 3"),
        ("1\n3\nn90000001\n", "line 3 is 'n90000001'"),
    ],
)
def test_a_validation_list_that_does_not_fit_is_named(folder, truth, said):
    (devkit(folder) / "ILSVRC2012_validation_ground_truth.txt").write_text(truth)
    with pytest.raises(CourseError, match=said):
        read_ilsvrc(folder, "val")


def test_an_odd_validation_picture_and_a_damaged_one_are_named(folder):
    (folder / "val/ILSVRC2012_val_00000002.JPEG").write_bytes(b"\xff\xd8\xff")
    read = read_ilsvrc(folder, "val")  # lists; nothing is opened
    with pytest.raises(CourseError, match=r"val_00000002\.JPEG"):
        [*read.pictures()]
    (folder / "val/mine.JPEG").write_bytes(b"")
    assert "found 'mine.JPEG'" in error_of(folder, "val")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"labels": [0, 1]}, "have the lengths 7, 2 and 7"),
        ({"class_names": ["ant", "cow", "ant"]}, "a name twice"),
        ({"class_names": [*NAMES, "owl"]}, "class 3 has no training picture"),
        ({"labels": [0, 1, 2, 0, 2, 9, 1]}, "class 9 has no training picture, or no name"),
        ({"validation": [True] * 7}, "class 0 has no training picture"),
        ({"pictures": [np.zeros((4, 4), np.uint8)] * 7}, "a picture has shape"),
        ({"class_names": "ant"}, "class_names"),
    ],
)
def test_an_export_of_what_does_not_fit_leaves_nothing_behind(tmp_path, pictures, change, said):
    given = {"pictures": pictures, "labels": LABELS, "validation": VALIDATION, "class_names": NAMES}
    with pytest.raises(CourseError, match=said):
        export_ilsvrc(**{**given, **change}, folder=tmp_path / "ilsvrc")
    assert not [*tmp_path.iterdir()]


def test_an_export_overwrites_nothing(folder, pictures):
    with pytest.raises(CourseError, match="exists already, and nothing is overwritten"):
        export_ilsvrc(pictures, LABELS, VALIDATION, NAMES, folder)


def test_no_picture_is_read_before_it_is_asked_for(folder, monkeypatch):
    opened = []
    monkeypatch.setattr(
        official, "load_image", lambda path, at_least: opened.append(path.name) or np.zeros(1)
    )
    stream = read_ilsvrc(folder, "val").pictures()
    assert not opened
    next(stream)
    assert opened == ["ILSVRC2012_val_00000001.JPEG"]
