"""A model answer is shown to whoever has written one, and to nobody else."""

import re

import nbformat
import pytest

from course_utils.errors import CourseError
from course_utils.lessons import answers, choice, editions, languages
from course_utils.lessons.catalogues import ANSWERS, Catalogue, folder_of
from course_utils.places import LANGUAGES, NOTEBOOKS

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


@pytest.fixture(autouse=True)
def english_locale(monkeypatch):
    monkeypatch.delenv("LANGUAGE", raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


@pytest.mark.parametrize(("path", "name"), WRITTEN, ids=[name for _, name in WRITTEN])
def test_whoever_has_answered_in_the_chinese_lesson_gets_chinese(path, name, tmp_path):
    (tmp_path / "zh").mkdir()
    write(tmp_path / "zh", path, name, "我的回答。")
    number = number_of(name)
    shown = answers.model_answer(number, tmp_path)
    assert shown.startswith("*参考答案*：") and "*评分标准*：" in shown
    assert not re.search(r"(?:[a-z]+ ){8}", shown)
    assert answers.model_answer(number, tmp_path, readable=["en"]).startswith("*Model answer.*")


def test_of_answers_in_both_lessons_that_counts_in_which_lessons_open(tmp_path):
    path, name = WRITTEN[0]
    (tmp_path / "zh").mkdir()
    for folder in (tmp_path, tmp_path / "zh"):
        write(folder, path, name, "Mine. 我的。")
    assert answers.model_answer("0.2", tmp_path).startswith("*Model answer.*")
    choice.remember(tmp_path, "zh")
    assert answers.model_answer("0.2", tmp_path).startswith("*参考答案*：")


def test_the_lesson_that_is_there_is_named(tmp_path):
    path, name = WRITTEN[0]
    (tmp_path / "zh").mkdir()
    write(tmp_path / "zh", path, name, "")
    with pytest.raises(CourseError, match=rf"^{re.escape(str(tmp_path / 'zh' / path.name))}: nothing"):
        answers.model_answer("0.2", tmp_path)
    write(tmp_path, path, name, "")
    with pytest.raises(CourseError, match=rf"^{re.escape(str(tmp_path / path.name))}: nothing"):
        answers.model_answer("0.2", tmp_path)
    choice.remember(tmp_path, "zh")
    with pytest.raises(CourseError, match=rf"^{re.escape(str(tmp_path / 'zh'))}.01_\w+\.ipynb: nothing"):
        answers.model_answer("1.7", tmp_path)


def test_no_lesson_of_any_language_has_any_of_it(tmp_path):
    entries = Catalogue.read(folder_of("zh_CN") / f"{ANSWERS}.po").entries.values()
    hidden = [text for entry in entries for text in (entry.passage.text, entry.translation)]
    assert len(hidden) == 2 * len(answers.offered(path for path, _ in WRITTEN)) > 50
    for language in LANGUAGES:
        editions.write_learner_editions(tmp_path / language, translate=languages.translator(language))
    lessons = [editions.read_notebook(path) for path in tmp_path.rglob("*.ipynb")]
    assert len(lessons) == len(LANGUAGES) * len({path for path, _ in WRITTEN})
    assert not [text for text in hidden for one in lessons if any(text in cell.source for cell in one.cells)]


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
