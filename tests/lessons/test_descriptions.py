"""Figures speak the language of the folder that their lesson runs in, and never fail for their words."""

import importlib
import os
import subprocess
import sys

import pytest

from course_utils.lessons import descriptions, figures_03
from course_utils.lessons.catalogues import Catalogue, Entry
from course_utils.lessons.translation import Passage
from course_utils.places import ROOT

ENGLISH = {"bowl": "A bowl.", "log": "A curve."}
CHINESE = {"bowl": "一只碗。", "log": "一条曲线。"}


def entry(name, **changes):
    return Entry(Passage(f"figure {name}", ENGLISH[name]), CHINESE[name], **changes)


def write(path, *entries):
    Catalogue("a", "zh_CN", {one.passage: one for one in entries}).write(path)


@pytest.fixture
def catalogue(tmp_path, monkeypatch):
    """The catalogue of a lesson 04 with two figures, which runs in a learner's folder of Chinese lessons."""
    path = tmp_path / "translations" / "zh_CN" / "04_training.po"
    path.parent.mkdir(parents=True)
    monkeypatch.setattr(descriptions, "TRANSLATIONS", path.parent.parent)
    write(path, entry("bowl"), entry("log"))
    (tmp_path / "mine" / "zh").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "mine" / "zh")
    return path


def test_the_folder_decides(catalogue, monkeypatch):
    assert descriptions.in_this_folder("04", ENGLISH) == CHINESE
    for folder in (catalogue.parents[2] / "mine", catalogue.parent):  # another is not of a language's name
        monkeypatch.chdir(folder)
        assert descriptions.in_this_folder("04", ENGLISH) is ENGLISH


def test_a_folder_en_is_english(catalogue, monkeypatch):
    (catalogue.parents[2] / "en").mkdir()
    monkeypatch.chdir(catalogue.parents[2] / "en")
    assert descriptions.in_this_folder("04", ENGLISH) is ENGLISH


def test_what_is_not_translated_or_no_longer_fits_stays_english(catalogue):
    write(catalogue, entry("bowl", fuzzy=True, previous="A dish."), entry("log"))
    assert descriptions.in_this_folder("04", ENGLISH) == {**ENGLISH, "log": CHINESE["log"]}
    write(catalogue, entry("bowl"))
    changed = {**ENGLISH, "bowl": "A deeper bowl."}
    assert descriptions.in_this_folder("04", changed) == changed
    assert descriptions.in_this_folder("05", ENGLISH) == ENGLISH


@pytest.mark.parametrize(
    "damage", [b"", b"\xff\xfe\x00", b'msgid "half', b"<<<<<<< HEAD\n", b'msgstr "x"\nmsgid "y"\n', None]
)
def test_a_catalogue_that_is_damaged_or_missing_breaks_no_figure(damage, catalogue):
    catalogue.unlink()
    if damage is not None:
        catalogue.write_bytes(damage)
    assert descriptions.in_this_folder("04", ENGLISH) == ENGLISH


def test_a_copy_without_catalogues_is_english(catalogue, tmp_path, monkeypatch):
    monkeypatch.setattr(descriptions, "TRANSLATIONS", tmp_path / "none")
    assert descriptions.in_this_folder("04", ENGLISH) == ENGLISH


@pytest.mark.skipif(os.name == "nt", reason="Windows removes no folder that a program stands in")
def test_a_folder_that_is_gone_is_english(catalogue, tmp_path):
    (tmp_path / "mine" / "zh").rmdir()
    assert descriptions.in_this_folder("04", ENGLISH) is ENGLISH


def test_english_reads_no_catalogue_and_loads_no_reader_of_them():
    code = "import course_utils.lessons.figures_03, sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    loaded = run.stdout.split()
    assert "course_utils.lessons.figures_03" in loaded
    assert not {"babel", "course_utils.lessons.catalogues"} & set(loaded)


def test_a_lesson_in_the_chinese_folder_has_the_chinese_of_its_catalogue(tmp_path, monkeypatch):
    (tmp_path / "zh").mkdir()
    monkeypatch.chdir(tmp_path / "zh")
    spoken = importlib.reload(figures_03).described
    monkeypatch.chdir(tmp_path)
    assert importlib.reload(figures_03).described is figures_03.ENGLISH
    assert spoken.keys() == figures_03.ENGLISH.keys()
    assert spoken["sigmoid"].startswith("sigmoid 从 0 升到 1")


def test_descriptions_are_offered_in_english_whatever_the_folder(tmp_path, monkeypatch):
    (tmp_path / "zh").mkdir()
    monkeypatch.chdir(tmp_path / "zh")
    first = descriptions.offered("03")[0]
    assert first == Passage("figure tanh", figures_03.ENGLISH["tanh"])
    assert descriptions.offered("00") == []


def test_what_a_lesson_has_stored_is_put_into_words_with_what_it_has_added(catalogue):
    words = descriptions.stored(Catalogue.read(catalogue))
    assert words("A bowl.") == "一只碗。"
    assert words("A bowl. Photographs: Ann (GPL).") == "一只碗。照片：Ann (GPL)。"
    assert words("Nobody has translated this.") == "Nobody has translated this."
    write(catalogue, entry("bowl", fuzzy=True))
    assert descriptions.stored(Catalogue.read(catalogue))("A bowl.") == "A bowl."
