"""A model answer is shown to whoever has written one, and to nobody else."""

import nbformat
import pytest

from course_utils.errors import CourseError
from course_utils.lessons import answers, editions, languages
from course_utils.places import NOTEBOOKS

WRITTEN = [
    (path, cell.metadata.nbgrader.grade_id)
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    for cell in nbformat.read(path, as_version=4).cells
    if cell.cell_type == "markdown" and cell.metadata.get("nbgrader", {}).get("solution")
]


def number_of(name):
    _, lesson, exercise = name.split("-")
    return f"{int(lesson)}.{exercise}"


def write(folder, path, name, text, copy=""):
    notebook = editions.learner_edition(editions.read_notebook(path))
    next(c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("grade_id") == name).source = text
    nbformat.write(notebook, folder / f"{path.stem}{copy}.ipynb")


@pytest.mark.parametrize("copy", ["", " (update 1)"])
@pytest.mark.parametrize(("path", "name"), WRITTEN, ids=[name for _, name in WRITTEN])
def test_it_is_shown_to_whoever_has_written_one(path, name, copy, tmp_path):
    write(tmp_path, path, name, "I think that it is the mask.", copy)
    shown = answers.model_answer(number_of(name), tmp_path)
    assert shown.startswith("*Model answer.*") and "*Rubric.*" in shown and "SOLUTION" not in shown


def test_an_answer_in_the_chinese_lesson_counts(tmp_path):
    path, name = WRITTEN[0]
    (tmp_path / "zh").mkdir()
    write(tmp_path / "zh", path, name, "我的回答。")
    assert answers.model_answer("0.2", tmp_path).startswith("*Model answer.*")


@pytest.mark.parametrize(
    "text", [*sorted(languages.spellings(editions.TEXT_STUB)), f"\n{editions.TEXT_STUB}  ", ""]
)
def test_it_is_not_shown_before(text, tmp_path):
    path, name = WRITTEN[0]
    with pytest.raises(CourseError, match=r"nothing is written for exercise 0\.2 yet"):
        answers.model_answer("0.2", tmp_path)
    write(tmp_path, path, name, text)
    with pytest.raises(CourseError, match=r"nothing is written for exercise 0\.2 yet"):
        answers.model_answer("0.2", tmp_path)


@pytest.mark.parametrize("number", ["3", "3.", "x.1", "77.1", "3.6.1", "-3.6", "³.6"])
def test_what_is_no_exercise_is_refused(number, tmp_path):
    with pytest.raises(CourseError, match="no exercise; expected lesson and number"):
        answers.model_answer(number, tmp_path)


def test_an_exercise_in_code_has_its_check(tmp_path):
    with pytest.raises(CourseError, match=r"0\.1 is no written question .*: 0\.2\. What is answered in code"):
        answers.model_answer("0.1", tmp_path)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / WRITTEN[0][0].name).write_text("{", encoding="utf-8")
    with pytest.raises(CourseError, match="this is not a notebook that can be read"):
        answers.model_answer("0.2", tmp_path)
