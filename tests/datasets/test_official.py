import shutil

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.datasets import official, reviews


@pytest.fixture
def imdb(tmp_path):
    """A small folder as the official archive leaves it, with the files beside the reviews."""
    root = tmp_path / "aclImdb"
    for name, text in {
        "train/neg/2_1.txt": "Dull.",
        "train/neg/10_4.txt": "Long, and<br /><br />dull.",
        "train/pos/0_9.txt": "A joy.",
        "train/pos/1_7.txt": "Café scenes to cry over.",
        "train/unsup/0_0.txt": "Nobody said what this is.",
        "train/unsup/1_0.txt": "Nor this.",
        "test/neg/0_2.txt": "Dull again.",
        "test/pos/0_10.txt": "Joy again.",
        "train/labeledBow.feat": "9 0:1",
        "train/urls_pos.txt": "http://example.org/title",
        "train/.DS_Store": "x",
        "train/pos/.DS_Store": "x",
        "README": "Large Movie Review Dataset",
        "imdb.vocab": "the",
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def error_of(folder, part="train"):
    with pytest.raises(CourseError) as raised:
        official.read_imdb(folder, part)
    return str(raised.value)


def test_the_official_layout_is_read_without_the_unlabelled_reviews(imdb):
    read = official.read_imdb(imdb, "train")
    assert len(read) == 4
    assert read.names == ["neg/2_1.txt", "neg/10_4.txt", "pos/0_9.txt", "pos/1_7.txt"]
    assert read.texts == ["Dull.", "Long, and\n\ndull.", "A joy.", "Café scenes to cry over."]
    assert read.labels.tolist() == [0, 0, 1, 1] and read.labels.dtype == np.int32
    assert read.ratings.tolist() == [1, 4, 9, 7] and read.ratings.dtype == np.int32


def test_a_part_without_unlabelled_reviews_is_read_from_a_str(imdb):
    read = official.read_imdb(str(imdb), "test")
    assert read.texts == ["Dull again.", "Joy again."] and read.ratings.tolist() == [2, 10]


def test_a_reader_that_takes_folders_for_classes_finds_a_third_one(imdb):
    keras_reader = pytest.importorskip("keras").utils.text_dataset_from_directory
    assert keras_reader(imdb / "train", verbose=False).class_names == ["neg", "pos", "unsup"]


@pytest.mark.parametrize("part", ["dev", "", None, "train/pos"])
def test_an_unknown_part_is_named(imdb, part):
    message = error_of(imdb, part)
    assert "part is" in message and "'train', 'test'" in message


def test_a_folder_that_is_none_is_named():
    assert "folder is 7, of type int" in error_of(7)


def test_a_missing_folder_is_named(tmp_path):
    message = error_of(tmp_path / "nowhere")
    assert "nowhere: there is no such folder" in message and "train/pos and train/neg" in message


def test_a_file_for_a_folder_is_named(imdb):
    assert "README: this is a file" in error_of(imdb / "README")


def test_the_folder_above_is_told_where_to_look(imdb):
    message = error_of(imdb.parent)
    assert "no folder train here, found aclImdb/" in message and f"Pass {imdb} instead" in message


def test_the_folder_below_is_told_where_to_look(imdb):
    message = error_of(imdb / "train")
    assert "found labeledBow.feat, neg/, pos/, unsup/" in message and f"Pass {imdb} instead" in message


@pytest.mark.parametrize("label", ["pos", "neg"])
def test_a_missing_label_is_named_with_what_was_found(imdb, label):
    shutil.rmtree(imdb / "train" / label)
    message = error_of(imdb)
    assert f"no folder {label} here, found labeledBow.feat" in message and "Unpack" in message


def test_long_listings_are_cut(imdb):
    shutil.rmtree(imdb / "train/pos")
    for number in range(20):
        (imdb / f"train/extra{number}.txt").write_text("x")
    assert "and 18 more" in error_of(imdb)


def test_an_empty_folder_is_named(tmp_path):
    assert "found nothing" in error_of(tmp_path)


def test_an_odd_label_is_named(imdb):
    (imdb / "train/neutral").mkdir()
    message = error_of(imdb)
    assert "'neutral' is no label" in message and "neg, pos, unsup" in message


@pytest.mark.parametrize("name", ["review.txt", "12.txt", "12_9.TXT", "12_9.txt.bak", "a_9.txt", "12_-9.txt"])
def test_an_odd_file_name_is_named(imdb, name):
    (imdb / "train/pos" / name).write_text("A joy.")
    message = error_of(imdb)
    assert name in message and "ID_RATING.txt, such as 12_9.txt" in message


@pytest.mark.parametrize(
    ("name", "stars"), [("pos/5_3.txt", 3), ("neg/5_8.txt", 8), ("pos/5_0.txt", 0), ("neg/5_5.txt", 5)]
)
def test_a_rating_that_contradicts_its_folder_is_named(imdb, name, stars):
    (imdb / "train" / name).write_text("Mixed.")
    message = error_of(imdb)
    assert f"the name says {stars} stars" in message and name.split("/")[1] in message


def test_a_wrong_encoding_is_named_with_its_byte_offset(imdb):
    (imdb / "train/pos/3_8.txt").write_bytes("A café".encode("latin-1") + b" and more")
    message = error_of(imdb)
    assert "3_8.txt: not utf-8" in message and "byte offset 5" in message and "cp1252" in message


@pytest.mark.parametrize("content", ["", " \n", "\ufeff"])
def test_an_empty_file_is_named(imdb, content):
    (imdb / "train/neg/3_2.txt").write_text(content, encoding="utf-8")
    assert "3_2.txt: the file is empty" in error_of(imdb)


def test_an_empty_label_is_named(imdb):
    for path in (imdb / "test/pos").iterdir():
        path.unlink()
    assert "pos: the folder is empty" in error_of(imdb, "test")


@pytest.fixture(scope="module")
def english():
    return reviews.load("english")


def test_what_is_exported_is_read_again(tmp_path, english):
    folder = official.export_imdb(english, tmp_path / "ours")
    for part, splits in (("train", ("train", "validation")), ("test", ("test",))):
        read = official.read_imdb(folder, part)
        chosen = [i for i, split in enumerate(english.splits) if split in splits]
        by_label = sorted(chosen, key=lambda i: english.labels[i])  # stable: the order within a label stays
        assert read.texts == [english.texts[i] for i in by_label]
        assert (read.labels == english.labels[by_label]).all()
        assert set(read.ratings) == {1, 10}


def test_the_export_holds_nothing_else(tmp_path, english):
    official.export_imdb(english, tmp_path / "ours")
    assert [path.name for path in tmp_path.iterdir()] == ["ours"]
    assert sum(path.is_file() for path in (tmp_path / "ours").rglob("*")) == len(english)
    assert (tmp_path / "ours/train/pos/0_10.txt").read_bytes().decode() in english.texts


def test_chinese_reviews_are_exported_as_utf_8(tmp_path):
    chinese = reviews.load("chinese")
    read = official.read_imdb(official.export_imdb(chinese, str(tmp_path / "ours")), "test")
    assert sorted(read.texts) == sorted(chinese.select(split="test").texts)


@pytest.mark.parametrize("kind", ["folder", "empty folder", "file"])
def test_nothing_is_ever_overwritten(tmp_path, english, kind):
    target = tmp_path / "mine"
    if kind == "file":
        target.write_text("mine")
    else:
        target.mkdir()
    if kind == "folder":
        (target / "notes.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(CourseError, match=r"mine: exists already, and nothing is overwritten"):
        official.export_imdb(english, target)
    assert sorted(tmp_path.rglob("*")) == before


def test_an_export_into_a_missing_folder_is_named(tmp_path, english):
    with pytest.raises(CourseError, match="cannot be written"):
        official.export_imdb(english, tmp_path / "no/ours")
    assert not list(tmp_path.iterdir())


def test_an_interrupted_export_leaves_nothing_behind(tmp_path, english, monkeypatch):
    monkeypatch.setattr(
        official.Path, "write_bytes", lambda *_: (_ for _ in ()).throw(OSError(28, "No space left"))
    )
    with pytest.raises(CourseError, match="cannot be written: No space left"):
        official.export_imdb(english, tmp_path / "ours")
    assert not list(tmp_path.iterdir())


def test_an_export_without_a_label_is_named(tmp_path, english):
    with pytest.raises(CourseError, match="reviews has none for test/neg"):
        official.export_imdb(english.select(split="train"), tmp_path / "ours")
    assert not list(tmp_path.iterdir())
