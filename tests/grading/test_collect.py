"""Submissions are found in a course directory and in a folder of notebooks, whatever their names."""

import inspect
import os
import re
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils import CourseError
from course_utils.grading import collect, plan
from course_utils.grading.plan import Broken
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


def problems(folder, plans):
    return {
        (one.student, one.path.name): one.problem for one in collect.collect(folder, plans) if one.problem
    }


def make_course(folder):
    put(folder / "nbgrader_config.py", "")
    put(folder / "source" / "00_orientation" / "00_orientation.ipynb")
    return folder / "submitted"


@pytest.fixture(scope="module")
def text(plans):
    return nbformat.writes(plans["00_orientation"].release)


@pytest.mark.parametrize(
    "names",
    [
        ("रमा", "रमी"),
        ("O'Neil", "O_Neil"),
        ("e\u0301mile", "\u00e9mile"),
        ("x[1]", "x1"),
        (" ada", "ada", "ada "),
        ("a%20b", "a b"),
        ("q?", "q*", "q"),
        ("Ada", "ada"),
        ("อาท", "อาทิ"),
        ("a;b", "a,b", "=a"),
    ],
)
@pytest.mark.parametrize("of_files", [True, False])
def test_names_stay_as_they_are_and_apart(tmp_path, plans, text, names, of_files):
    for name in names:
        put(tmp_path / (f"{name}.ipynb" if of_files else f"{name}/work.ipynb"), text)
    if len(list(tmp_path.iterdir())) < len(names):
        pytest.skip("this file system takes the names for the same")
    assert sorted(student for student, *_ in found(tmp_path, plans)) == sorted(names)


@pytest.mark.skipif(os.name != "posix" or os.uname().sysname == "Darwin", reason="names are UTF-8 there")
def test_a_name_that_is_not_utf_8_is_shown_with_escapes(tmp_path, plans, text):
    put(tmp_path / os.fsdecode(b"J\xf6rg.ipynb"), text)
    put(tmp_path / os.fsdecode(b"Ren\xe9") / "work.ipynb", text)
    assert [student for student, *_ in found(tmp_path, plans)] == ["J\\xf6rg", "Ren\\xe9"]
    put(tmp_path / "J\\xf6rg.ipynb", text)
    with pytest.raises(CourseError, match=r"J.*xf6rg.*would both be shown.*rename one") as error:
        collect.collect(tmp_path, plans)
    str(error.value).encode("utf-8")


def test_whoever_has_handed_in_something_else_is_named_with_what_is_there(tmp_path, plans, text):
    put(tmp_path / "ada.ipynb", text)
    put(tmp_path / "zip" / "work.zip")
    put(tmp_path / "deep zip" / "a" / "b" / "work.tar.gz")
    put(tmp_path / "script" / "00_orientation.py")
    put(tmp_path / "text" / "00_orientation.ipynb.txt")
    (tmp_path / "empty").mkdir()
    (tmp_path / "emptier" / ".ipynb_checkpoints").mkdir(parents=True)
    (tmp_path / "pipe").mkdir()
    os.mkfifo(tmp_path / "pipe" / "00_orientation.ipynb")
    os.mkfifo(tmp_path / "top pipe.ipynb")
    (tmp_path / "folder" / "00_orientation.ipynb").mkdir(parents=True)
    put(tmp_path / "loose.zip")
    put(tmp_path / "page.html")
    put(tmp_path / ".DS_Store")
    put(tmp_path / "__MACOSX" / "._ada.ipynb")
    said = problems(tmp_path, plans)
    expected = {
        ("zip", "zip"): "holds no notebook .*only work.zip. Unpack archives",
        ("deep zip", "deep zip"): "only a/b/work.tar.gz",
        ("script", "script"): "only 00_orientation.py",
        ("text", "text"): "only 00_orientation.ipynb.txt",
        ("empty", "empty"): "the folder is empty",
        ("emptier", "emptier"): "the folder is empty",
        ("pipe", "pipe"): r"only 00_orientation.ipynb \(no ordinary file\)",
        ("top pipe", "top pipe.ipynb"): "no ordinary file",
        ("folder", "folder"): "the folder is empty",
        ("loose", "loose.zip"): "it is no notebook",
        ("page", "page.html"): "it is no notebook",
    }
    assert said.keys() == expected.keys()
    for who, words in expected.items():
        assert re.search(words, said[who]), (who, said[who])


def test_an_ending_in_capitals_is_a_notebook(tmp_path, plans, text):
    put(tmp_path / "ada.IPYNB", text)
    put(tmp_path / "bob" / "00_orientation.Ipynb", text)
    assert [one[:2] for one in found(tmp_path, plans)] == [
        ("ada", "00_orientation"),
        ("bob", "00_orientation"),
    ]


def test_in_a_course_directory_nobody_is_left_out_either(tmp_path, plans, text):
    submitted = make_course(tmp_path)
    put(submitted / "right" / "00_orientation" / "00_orientation.ipynb", text)
    put(submitted / "right" / "00_orientation" / "timestamp.txt", "2026-11-28 10:00:00 UTC")
    put(submitted / "right" / "notes.txt")
    put(submitted / "too high.ipynb", text)
    put(submitted / "high" / "00_orientation.ipynb", text)
    put(submitted / "Abgaben" / "anna" / "00_orientation" / "00_orientation.ipynb", text)
    put(submitted / "zip" / "00_orientation" / "work.zip")
    put(submitted / "zip beside" / "work.7z")
    put(submitted / "half" / "00_orientation" / "00_orientation.ipynb", text)
    put(submitted / "half" / "01_preprocessing.zip")
    (submitted / "nothing").mkdir()
    (submitted / "less" / "01_preprocessing").mkdir(parents=True)
    said = problems(tmp_path, plans)
    expected = {
        ("too high", "too high.ipynb"): "expected submitted/STUDENT/LESSON/LESSON.ipynb. Move it there",
        ("high", "00_orientation.ipynb"): "expected high/LESSON/LESSON.ipynb. Move it there",
        (
            "Abgaben",
            "00_orientation.ipynb",
        ): "found Abgaben/anna/00_orientation/00_orientation.ipynb;",
        ("zip", "00_orientation"): "only work.zip",
        ("zip beside", "work.7z"): "no notebook",
        ("half", "01_preprocessing.zip"): "no notebook",
        ("nothing", "nothing"): "the folder is empty",
        ("less", "01_preprocessing"): "the folder is empty",
    }
    assert said.keys() == expected.keys()
    for who, words in expected.items():
        assert words in said[who], (who, said[who])
    lessons = {(one.student, one.lesson) for one in collect.collect(tmp_path, plans)}
    assert {("less", "01_preprocessing"), ("half", "00_orientation"), ("right", "00_orientation")} <= lessons


def test_what_lies_beside_a_notebook_is_mentioned_if_it_may_be_work(tmp_path, plans, text):
    for name in ("00_orientation.ipynb", "helpers.py", "cat.png", "lesson 1.zip", "a/01.ipynb.txt"):
        put(tmp_path / "ada" / name, text)
    [one] = collect.collect(tmp_path, plans)
    assert one.notes == one.warning == "also there, not graded: a/01.ipynb.txt, lesson 1.zip"


def test_links_are_not_followed_out_of_a_students_own_folder(tmp_path, plans, text):
    secret = tmp_path / "secret" / "00_orientation.ipynb"
    put(secret, text)
    submitted = make_course(tmp_path / "course")
    put(submitted / "bob" / "00_orientation" / "00_orientation.ipynb", text)
    own = submitted / "inside" / "00_orientation"
    put(submitted / "inside" / "elsewhere" / "work.ipynb", text)
    own.mkdir()
    (own / "00_orientation.ipynb").symlink_to("../elsewhere/work.ipynb")
    for student, target in {
        "file": secret,
        "relative": "../../bob/00_orientation/00_orientation.ipynb",
        "broken": "../../../nowhere.ipynb",
        "chain": "again.ipynb",
    }.items():
        place = submitted / student / "00_orientation"
        place.mkdir(parents=True)
        (place / "00_orientation.ipynb").symlink_to(target)
    (submitted / "chain" / "00_orientation" / "again.ipynb").symlink_to(secret)
    (submitted / "whole").symlink_to(submitted / "bob")
    (submitted / "lesson").mkdir()
    (submitted / "lesson" / "00_orientation").symlink_to(secret.parent)
    (submitted / "deep" / "00_orientation").mkdir(parents=True)
    (submitted / "deep" / "00_orientation" / "more").symlink_to(secret.parent)
    (submitted / "loop").mkdir()
    (submitted / "loop" / "00_orientation").symlink_to(submitted / "loop")
    said = problems(tmp_path / "course", plans)
    students = {"file", "relative", "broken", "chain", "whole", "lesson", "deep", "loop", "inside"}
    assert {student for student, _ in said} == students
    assert all("link" in problem for (student, _), problem in said.items() if student != "inside")
    graded = {one.student: one for one in collect.collect(tmp_path / "course", plans) if not one.problem}
    assert graded.keys() == {"bob", "inside"}
    assert not graded["inside"].path.is_symlink()


def test_links_in_a_plain_folder_are_refused_as_well(tmp_path, plans, text):
    put(tmp_path / "elsewhere" / "00_orientation.ipynb", text)
    folder = tmp_path / "class"
    put(folder / "ada.ipynb", text)
    put(folder / "eve" / "notes.txt")
    (folder / "bob.ipynb").symlink_to(folder / "ada.ipynb")
    (folder / "cy").symlink_to(tmp_path / "elsewhere")
    (folder / "eve" / "00_orientation.ipynb").symlink_to(folder / "ada.ipynb")
    assert {student for student, _ in problems(folder, plans)} == {"bob", "cy", "eve"}
    assert [one.student for one in collect.collect(folder, plans) if not one.problem] == ["ada"]


def test_a_class_folder_that_is_a_link_itself_is_the_instructors_choice(tmp_path, plans, text):
    put(tmp_path / "elsewhere" / "ada" / "00_orientation" / "00_orientation.ipynb", text)
    make_course(tmp_path / "course").symlink_to(tmp_path / "elsewhere")
    assert [one[:2] for one in found(tmp_path / "course", plans)] == [("ada", "00_orientation")]
    assert problems(tmp_path / "course", plans) == {}


@pytest.mark.parametrize(
    "names",
    [
        ("anna/00_orientation.ipynb", "ben/00_orientation.ipynb"),
        ("anna/work.ipynb", "ben/deeper/work.ipynb"),
        ("anna.ipynb", "ben.ipynb"),
    ],
)
def test_an_archive_unpacked_too_deep_is_told_with_the_paths(tmp_path, plans, text, names):
    for age, name in enumerate(names):
        put(tmp_path / "Abgaben" / name, text)
        os.utime(tmp_path / "Abgaben" / name, (10**9 + age, 10**9 + age))
    [one] = collect.collect(tmp_path, plans)
    assert one.path == tmp_path / "Abgaben" / names[-1]
    assert names[0] in one.warning
    assert "not one student's" in one.warning


def test_folders_in_a_students_folder_are_told_unless_they_are_lessons(tmp_path, plans, text):
    second = nbformat.writes(plans["01_preprocessing"].release)
    put(tmp_path / "Abgaben" / "anna" / "work.ipynb", text)
    put(tmp_path / "Abgaben" / "ben" / "work.ipynb", second)
    put(tmp_path / "cy" / "lesson 00" / "work.ipynb", text)
    put(tmp_path / "cy" / "lesson 01" / "work.ipynb", second)
    warnings = {one.student: one.warning for one in collect.collect(tmp_path, plans) if one.warning}
    assert warnings.keys() == {"Abgaben"}
    assert "counts as one student, with the folders anna, ben" in warnings["Abgaben"]


def stripped(text, keep=0):
    notebook = nbformat.reads(text, as_version=4)
    marked = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    for cell in marked[keep:]:
        del cell.metadata["nbgrader"]
    return nbformat.writes(notebook)


def test_a_notebook_without_the_exercises_cells_is_told_apart_from_an_empty_one(tmp_path, plans, text):
    odd = nbformat.reads(stripped(text), as_version=4)
    odd.cells[0].metadata["nbgrader"] = "no longer what it was"
    submitted = make_course(tmp_path)
    for student, content in {
        "pasted": stripped(text),
        "odd": nbformat.writes(odd),
        "no cells": nbformat.writes(nbformat.v4.new_notebook()),
        "one left": stripped(text, keep=1),
    }.items():
        put(submitted / student / "00_orientation" / "00_orientation.ipynb", content)
    said = problems(tmp_path, plans)
    assert {student for student, _ in said} == {"pasted", "odd", "no cells"}
    assert all("carries none of the exercises' cells" in problem for problem in said.values())
    assert all("copy the answers into its cells" in problem for problem in said.values())


def test_the_same_in_a_plain_folder(tmp_path, plans, text):
    put(tmp_path / "ada.ipynb", stripped(text))
    put(tmp_path / "bob" / "00_orientation.ipynb", stripped(text))
    said = problems(tmp_path, plans)
    assert said.keys() == {("ada", "ada.ipynb"), ("bob", "00_orientation.ipynb")}
    assert "none of the exercises' cells" in said["ada", "ada.ipynb"]


def test_a_notebook_in_the_folder_of_another_lesson_is_told(tmp_path, plans, text):
    submitted = make_course(tmp_path)
    put(submitted / "ada" / "01_preprocessing" / "01_preprocessing.ipynb", text)
    [problem] = problems(tmp_path, plans).values()
    assert "its exercises are those of 00_orientation; expected it in ada/00_orientation/" in problem


def test_a_notebook_for_trying_things_out_is_not_graded_in_place_of_the_lesson(tmp_path, plans, text):
    submitted = make_course(tmp_path)
    place = submitted / "ada" / "00_orientation"
    put(place / "00_orientation.ipynb", text)
    put(place / "Untitled.ipynb", nbformat.writes(nbformat.v4.new_notebook()))
    os.utime(place / "00_orientation.ipynb", (10**9, 10**9))
    [one] = collect.collect(tmp_path, plans)
    assert (one.path.name, one.notes) == ("00_orientation.ipynb", "also there, not graded: Untitled.ipynb")


def test_many_folders_in_each_other_are_walked_to_the_last(tmp_path, plans, text):
    # More than calls can be nested; few enough for what clears up behind the tests.
    put(tmp_path / "deep" / Path(*["a"] * 300) / "work.ipynb", text)
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(len(inspect.stack()) + 150)
    try:
        [one] = collect.collect(tmp_path, plans)
    finally:
        sys.setrecursionlimit(limit)
    assert one.student == "deep"


def test_a_file_that_has_no_end_or_waits_is_not_read(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with (tmp_path / "large").open("wb") as file:
        file.truncate(2**36)
    (tmp_path / "link").symlink_to("/dev/zero")
    for name in ("pipe", "large", "link", "missing"):
        with pytest.raises(Broken):
            collect.read(tmp_path / name)


def test_a_folder_that_cannot_be_read_is_a_problem_of_its_student_only(tmp_path, plans, text, monkeypatch):
    put(tmp_path / "ada" / "00_orientation.ipynb", text)
    put(tmp_path / "bob" / "00_orientation.ipynb", text)
    entries = collect._entries

    def refuse(folder):
        if folder.name == "bob":
            raise PermissionError(13, "Permission denied", str(folder))
        return entries(folder)

    monkeypatch.setattr(collect, "_entries", refuse)
    [problem] = problems(tmp_path, plans).values()
    assert "cannot be read" in problem
    assert "Permission denied" in problem


def test_a_name_with_the_end_of_a_line_is_refused_in_one_line(tmp_path, plans, text):
    put(tmp_path / "ada\nbob.ipynb", text)
    [problem] = problems(tmp_path, plans).values()
    assert "rename it" in problem


def test_the_folder_of_one_student_is_told_from_that_of_a_class(tmp_path, plans, text):
    put(tmp_path / "00_orientation.ipynb", text)
    put(tmp_path / "ada.ipynb", text)
    warnings = {one.student: one.warning for one in collect.collect(tmp_path, plans)}
    assert "if this folder is one student's, give the folder that it lies in" in warnings["00_orientation"]
    assert warnings["ada"] == ""
