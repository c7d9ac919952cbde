"""Submissions are found in a course directory and in a folder of notebooks, whatever their names."""

import os

import nbformat
import pytest

from course_utils import CourseError
from course_utils.grading import collect, plan
from course_utils.places import NOTEBOOKS

LESSONS = sorted(NOTEBOOKS.glob("0[01]_*.ipynb"))


@pytest.fixture(scope="module")
def plans():
    return {path.stem: plan.read_plan(path) for path in LESSONS}


def put(path, content="{}"):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")


def found(folder, plans):
    return [(one.student, one.lesson, one.path.name, one.notes) for one in collect.collect(folder, plans)]


def test_a_course_directory(tmp_path, plans):
    put(tmp_path / "nbgrader_config.py", "")
    put(tmp_path / "source" / "00_orientation" / "00_orientation.ipynb")
    put(tmp_path / "submitted" / "ada" / "00_orientation" / "00_orientation.ipynb")
    put(tmp_path / "submitted" / "bob" / "01_preprocessing" / "mine.ipynb")
    put(tmp_path / "submitted" / "bob" / "01_preprocessing" / ".ipynb_checkpoints" / "mine.ipynb")
    put(tmp_path / "submitted" / "bob" / "07_unknown" / "07_unknown.ipynb")
    put(tmp_path / "release" / "00_orientation" / "00_orientation.ipynb")
    assert found(tmp_path, plans) == [
        ("bob", None, "07_unknown.ipynb", ""),
        ("ada", "00_orientation", "00_orientation.ipynb", ""),
        ("bob", "01_preprocessing", "mine.ipynb", "handed in as mine.ipynb"),
    ]


def test_a_folder_of_notebooks(tmp_path, plans):
    first, second = (nbformat.writes(made.release) for made in plans.values())
    put(tmp_path / "ada lovelace.ipynb", second)
    put(tmp_path / "bob" / "homework" / "any name.ipynb", first)
    put(tmp_path / "bob" / "01_preprocessing.ipynb", "damaged")
    put(tmp_path / "mallory; rm -rf" / "00_orientation.ipynb", first)
    put(tmp_path / "nobody.ipynb", "damaged")
    put(tmp_path / "graded" / "release" / "00_orientation.ipynb", first)
    assert found(tmp_path, plans) == [
        ("nobody", None, "nobody.ipynb", ""),
        ("bob", "00_orientation", "any name.ipynb", "handed in as any name.ipynb"),
        ("mallory; rm -rf", "00_orientation", "00_orientation.ipynb", ""),
        ("ada lovelace", "01_preprocessing", "ada lovelace.ipynb", ""),
        ("bob", "01_preprocessing", "01_preprocessing.ipynb", ""),
    ]


def test_of_several_versions_the_newest_counts(tmp_path, plans):
    text = nbformat.writes(plans["00_orientation"].release)
    for age, name in enumerate(("last.ipynb", "first.ipynb")):
        put(tmp_path / "ada" / name, text)
        os.utime(tmp_path / "ada" / name, (10**9 - age, 10**9 - age))
    assert found(tmp_path, plans) == [
        (
            "ada",
            "00_orientation",
            "last.ipynb",
            "handed in as last.ipynb; older than this, not graded: first.ipynb",
        )
    ]


def test_a_folder_without_submissions_is_explained(tmp_path, plans):
    with pytest.raises(CourseError, match=r"there are no submissions here; expected files such as STUDENT"):
        collect.collect(tmp_path, plans)
