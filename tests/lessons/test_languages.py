"""Which language lessons open in, and that work in one never touches work in the other."""

import nbformat
import pytest
from nbformat import v4

from course_utils import CourseError
from course_utils.lessons import catalogues, choice, editions, languages
from course_utils.lessons.catalogues import Catalogue, Entry
from course_utils.lessons.translation import COURSE_SENTENCES, Passage

HELLO = Passage("text", "Hello, see [next](01_next.ipynb).")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Catalogues of a course with two lessons, one of them translated."""
    folder = tmp_path / "translations" / "zh_CN"
    folder.mkdir(parents=True)
    for module in (catalogues, languages):
        monkeypatch.setattr(module, "TRANSLATIONS", folder.parent)
    sentence = Entry(Passage("", COURSE_SENTENCES[0]), "**你应当看到**")
    Catalogue("course", "zh_CN", {sentence.passage: sentence}).write(folder / "course.po")
    lesson = Entry(HELLO, "你好，见[下一课](01_next.ipynb)。")
    Catalogue("a", "zh_CN", {HELLO: lesson}).write(folder / "00_first.po")
    (folder / "complete.txt").write_text("00_first\n", encoding="utf-8")
    return folder


@pytest.fixture
def course(tmp_path):
    place = tmp_path / "notebooks"
    place.mkdir()
    for name in ("00_first", "01_next"):
        cells = [
            v4.new_markdown_cell(HELLO.text, id="text"),
            v4.new_code_cell(
                "print(1)",
                id="shown",
                metadata={"tags": ["target"]},
                outputs=[v4.new_output("stream", name="stdout", text="1\n")],
            ),
        ]
        nbformat.write(v4.new_notebook(cells=cells), place / f"{name}.ipynb")
    return place


@pytest.fixture(autouse=True)
def english_locale(monkeypatch):
    for name in ("LC_MESSAGES", "LANG", "LANGUAGE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LC_ALL", "C.UTF-8")


def test_what_is_asked_for_comes_first_then_what_was_last_then_the_locale(folder, tmp_path, monkeypatch):
    assert choice.chosen(tmp_path, None) == "en"
    assert choice.chosen(tmp_path, "zh") == "zh"
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert choice.chosen(tmp_path, None) == "zh"
    choice.remember(tmp_path, "en")
    assert choice.chosen(tmp_path, None) == "en"
    assert choice.chosen(tmp_path, "zh") == "zh"
    (tmp_path / choice.CHOICE_FILE).write_bytes(b"\xff nonsense")
    assert choice.chosen(tmp_path, None) == "zh"


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"LC_ALL": "zh_TW.UTF-8", "LANG": "de_DE.UTF-8"}, "zh"),
        ({"LC_ALL": "", "LC_MESSAGES": "zh_CN", "LANG": "en_US.UTF-8"}, "zh"),
        ({"LC_ALL": "", "LANG": "zh_CN.GB18030"}, "zh"),
        ({"LC_ALL": "C", "LANG": "zh_CN.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "de_DE.UTF-8"}, "en"),
        ({"LC_ALL": "", "LANG": "en_US.UTF-8", "LANGUAGE": "zh_CN"}, "zh"),
        ({"LC_ALL": "", "LANG": "de_DE.UTF-8", "LANGUAGE": "de:zh_CN:en"}, "zh"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANGUAGE": "en_GB:zh_CN"}, "en"),
        ({"LC_ALL": "zh_CN.UTF-8", "LANGUAGE": ""}, "zh"),
        ({"LC_ALL": "C", "LANGUAGE": "zh_CN"}, "en"),
    ],
)
def test_the_locale_is_read_as_posix_and_gettext_have_it(variables, expected, folder, tmp_path, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert choice.chosen(tmp_path, None) == expected


def test_windows_names_its_locales_otherwise(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "")
    monkeypatch.setattr(choice.locale, "getlocale", lambda: ("Chinese (Simplified)_China", "936"))
    assert choice.chosen(tmp_path, None) == "zh"
    monkeypatch.setattr(choice.locale, "getlocale", lambda: (None, None))
    assert choice.chosen(tmp_path, None) == "en"


def test_a_locale_does_not_count_before_a_lesson_is_complete(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    (folder / "complete.txt").unlink()
    assert choice.chosen(tmp_path, None) == "en"


def write(mine, course, language):
    place = languages.lessons_folder(mine, language)
    return editions.write_learner_editions(place, course, languages.translator(language))


def test_lessons_of_both_languages_lie_side_by_side(folder, course, tmp_path):
    mine = tmp_path / "mine"
    write(mine, course, "en")
    english = (mine / "00_first.ipynb").read_bytes()
    (mine / "01_next.ipynb").write_text("my own work", encoding="utf-8")
    assert [delivery.action for delivery in write(mine, course, "zh")] == ["written", "written"]
    assert (mine / "00_first.ipynb").read_bytes() == english
    assert (mine / "01_next.ipynb").read_text(encoding="utf-8") == "my own work"
    first, second = (
        nbformat.read(mine / "zh" / name, as_version=4) for name in ("00_first.ipynb", "01_next.ipynb")
    )
    assert first.cells[0].source == "你好，见[下一课](01_next.ipynb)。"
    assert first.cells[1].source == "**你应当看到**\n\n```text\n1\n```"
    assert second.cells[0].source == HELLO.text
    assert second.cells[1].source.startswith("**你应当看到**")


def test_a_better_translation_never_overwrites_work(folder, course, tmp_path):
    mine = tmp_path / "mine"
    write(mine, course, "zh")
    (mine / "zh" / "00_first.ipynb").write_text("my own work", encoding="utf-8")
    better = Entry(HELLO, "您好，见[下一课](01_next.ipynb)。")
    for name in ("00_first", "01_next"):
        Catalogue("a", "zh_CN", {HELLO: better}).write(folder / f"{name}.po")
    assert [delivery.action for delivery in write(mine, course, "zh")] == ["beside", "replaced"]
    assert (mine / "zh" / "00_first.ipynb").read_text(encoding="utf-8") == "my own work"
    assert "您好" in (mine / "zh" / "00_first (update 1).ipynb").read_text(encoding="utf-8")


def test_a_copy_without_catalogues_says_so(tmp_path, monkeypatch):
    monkeypatch.setattr(catalogues, "TRANSLATIONS", tmp_path / "none")
    with pytest.raises(CourseError, match=r"no lessons in the language 'zh'.*--language en"):
        languages.translator("zh")


def test_spellings_of_a_sentence(folder):
    languages.spellings.cache_clear()
    assert languages.spellings(COURSE_SENTENCES[0]) == {COURSE_SENTENCES[0], "**你应当看到**"}
    assert languages.spellings("YOUR ANSWER HERE") == {"YOUR ANSWER HERE"}
    languages.spellings.cache_clear()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("你好。这是一课。", "zh_CN"),
        ("A lesson.\n\nIt says 你好。 and more.", ""),
        ("", ""),
    ],
)
def test_a_notebook_tells_its_language_by_its_sentences(text, expected):
    cells = [v4.new_markdown_cell(text), v4.new_code_cell("# 注释。" * 9)]
    assert languages.written_in(cells) == expected
