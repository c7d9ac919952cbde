"""`translate` brings catalogues up to date, says what is left to do, and changes nothing the second time."""

import nbformat
import pytest
from nbformat import v4

from course_utils.command import commands, environment, translate
from course_utils.lessons.catalogues import Catalogue
from course_utils.lessons.translation import Passage

GLOSSARY = "| English | 中文 | meaning |\n|---|---|---|\n| token | 词元, 标记 | a piece |"
PARAGRAPHS = ["A text about pictures and `code`.", "One more token."]


def write_lesson(folder, *paragraphs):
    cells = [
        v4.new_markdown_cell("\n\n".join(paragraphs), id="text"),
        v4.new_markdown_cell(GLOSSARY, id="glossary"),
    ]
    nbformat.write(v4.new_notebook(cells=cells), folder / "00_first.ipynb")


@pytest.fixture
def lesson(tmp_path, monkeypatch):
    monkeypatch.setattr(translate, "NOTEBOOKS", tmp_path)
    write_lesson(tmp_path, *PARAGRAPHS)
    return tmp_path / "00_first.ipynb"


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "translations"


def bytes_in(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*.*")}


def test_a_new_lesson_is_untranslated(lesson, folder, capsys):
    assert translate.update([lesson], folder=folder) == 0
    assert "00_first: 0 translated, 0 fuzzy, 3 untranslated; 0 wrong\n" in capsys.readouterr().out
    before = bytes_in(folder)
    said = {"messages.po", "library.po", "drawings.po", "common.po", "lesson_00.po"}
    others = {"answers.po", "report.po", "resources.po", "site.po"}
    assert set(before) == {"00_first.po", "course.po", "terms.csv", *said, *others}
    translate.update([lesson], folder=folder)
    assert bytes_in(folder) == before


def test_a_changed_paragraph_is_fuzzy_and_what_is_wrong_is_said(lesson, folder, capsys):
    translate.update([lesson], folder=folder)
    path = folder / "00_first.po"
    content = path.read_text(encoding="utf-8")
    content = content.replace('`code`."\nmsgstr ""', '`code`."\nmsgstr "关于图像。"')
    path.write_text(content, encoding="utf-8")
    capsys.readouterr()
    assert translate.update([lesson], folder=folder) == 1
    out = capsys.readouterr().out
    assert "00_first: 1 translated, 0 fuzzy, 2 untranslated; 1 wrong\n" in out
    assert "  text: the code `code` is missing (“A text about pictures and `code`.”)\n" in out
    write_lesson(lesson.parent, "A text about sounds and `code`.", PARAGRAPHS[1])
    assert translate.update([lesson], folder=folder) == 0
    assert "00_first: 0 translated, 1 fuzzy, 2 untranslated; 0 wrong\n" in capsys.readouterr().out


def test_terms_are_worth_a_look_and_wrong_where_they_are_strict(lesson, folder, capsys):
    translate.update([lesson], folder=folder)
    path = folder / "00_first.po"
    content = path.read_text(encoding="utf-8")
    path.write_text(
        content.replace('token."\nmsgstr ""', 'token."\nmsgstr "再来一个令牌。"'), encoding="utf-8"
    )
    capsys.readouterr()
    assert translate.update([lesson], folder=folder) == 0
    out = capsys.readouterr().out
    assert "1 terms to look at" in out and "词元" not in out
    translate.update([lesson], with_terms=True, folder=folder)
    assert "“token” is 词元 or 标记 in the table of terms" in capsys.readouterr().out
    terms = (folder / "terms.csv").read_text(encoding="utf-8")
    strict = terms.replace(
        "\ntoken,词元 / 标记,,,\n", "\nmask,,掩码,,yes\ntoken,词元 / 标记,字符串,a thing,yes\n"
    )
    (folder / "terms.csv").write_text(strict, encoding="utf-8")
    assert translate.update([lesson], folder=folder) == 1
    assert (folder / "terms.csv").read_text(encoding="utf-8") == strict != terms


def test_a_complete_lesson_lacks_nothing(lesson, folder, capsys):
    translate.update([lesson], folder=folder)
    (folder / "complete.txt").write_text("00_first\n", encoding="utf-8")
    assert translate.update([lesson], folder=folder) == 3
    assert "it is untranslated, in a lesson that complete.txt has as complete" in capsys.readouterr().out


def test_descriptions_of_figures_stand_behind_the_lesson_and_are_required_as_it_is(
    lesson, folder, monkeypatch, capsys
):
    bowl = Passage("figure bowl", "A bowl with 3 paths.")
    monkeypatch.setattr(translate.descriptions, "offered", lambda number: {"00": [bowl]}[number])
    translate.update([lesson], folder=folder)
    path = folder / "00_first.po"
    assert list(Catalogue.read(path).entries)[-1] == bowl
    (folder / "complete.txt").write_text("00_first\n", encoding="utf-8")
    assert translate.update([lesson], folder=folder) == 4
    content = path.read_text(encoding="utf-8")
    path.write_text(content.replace('paths."\nmsgstr ""', 'paths."\nmsgstr "一只碗。"'), encoding="utf-8")
    capsys.readouterr()
    translate.update([lesson], folder=folder)
    assert "  figure bowl: the number 3 is missing" in capsys.readouterr().out


def test_a_catalogue_that_is_up_to_date_is_not_written_again(lesson, folder):
    translate.update([lesson], folder=folder)
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")}
    translate.update([lesson], folder=folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*.*")} == before


@pytest.mark.parametrize(("wrong", "code"), [(0, 0), (3, 1)])
def test_the_command_takes_numbers_of_lessons_and_fails_where_something_is_wrong(wrong, code, monkeypatch):
    asked = []
    monkeypatch.setattr(environment, "enter", lambda extra="": None)
    monkeypatch.setattr(translate, "update", lambda *arguments: asked.append(arguments) or wrong)
    assert commands.run(["translate", "3", "--terms"]) == code
    ((lessons, with_terms),) = asked
    assert [path.name for path in lessons] == ["03_rnn_text_features.ipynb"] and with_terms
