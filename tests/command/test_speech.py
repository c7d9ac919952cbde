"""Commands speak the language that the lessons open in: lines, errors, and nothing else."""

import subprocess
import sys

import pytest

from course_utils import CourseError
from course_utils.command import commands, speech
from course_utils.lessons import choice, messages
from course_utils.places import MY_LESSONS, ROOT

WORDS = {
    "All is well.": "一切正常。",
    "give it another name": "给它换个名字",
    "{0}: there is no such file. {1}": "{0}：没有这个文件。{1}",
}


@pytest.fixture(autouse=True)
def chinese(monkeypatch):
    book = messages.Phrasebook(WORDS)
    monkeypatch.setattr(messages, "_phrasebook", lambda language, names: book)
    monkeypatch.setattr(speech, "letters_of_terminal", lambda: ("utf-8", True))


def test_whole_lines_are_given_behind_their_marks(capsys):
    with speech.in_words_of("zh", MY_LESSONS):
        print("[ok]   All is well.\n       -> give it another name")
        print("All is ", end="")
        print("well.")
        print("Nobody knows this.")
        print("All is well. ", end="")
    out = capsys.readouterr().out
    assert out == "[ok]   一切正常。\n       -> 给它换个名字\n一切正常。\nNobody knows this.\nAll is well. "


def test_a_text_of_a_lesson_stays_as_it_is_written(capsys):
    with speech.in_words_of("zh", MY_LESSONS):
        print("All is well.")
        with speech.as_written():
            print("All is well.")
        print("All is well.")
    with speech.as_written():
        print("All is well.")
    assert capsys.readouterr().out == "一切正常。\nAll is well.\n一切正常。\nAll is well.\n"


def test_a_terminal_without_the_letters_is_spoken_to_in_english(monkeypatch, capsys):
    monkeypatch.setattr(speech, "letters_of_terminal", lambda: ("ISO-8859-1", False))
    with speech.in_words_of("zh", MY_LESSONS):
        print("All is well.")
    assert capsys.readouterr().out == "All is well.\n"


@pytest.mark.parametrize("asked", ["zh", None])
def test_before_the_packages_are_there_a_command_speaks_english(asked, monkeypatch, tmp_path, capsys):
    """In a fresh copy the first command may be ``lab --language zh``."""
    choice.remember(tmp_path, "zh")
    monkeypatch.setitem(sys.modules, "course_utils.lessons.messages", None)
    with speech.in_words_of(asked, tmp_path):
        print("All is well.")
    assert capsys.readouterr().out == "All is well.\n"


def test_a_prompt_is_seen_at_once(capsys):
    with speech.in_words_of("zh", MY_LESSONS):
        print("Password: ", end="", flush=True)
        assert capsys.readouterr().out == "Password: "


def test_the_error_that_ends_a_command_is_given_too():
    with pytest.raises(CourseError, match=r"^a/b：没有这个文件。$"), speech.in_words_of("zh", MY_LESSONS):
        raise CourseError("a/b: there is no such file.")


@pytest.mark.parametrize(("remembered", "expected"), [("zh", "一切正常。\n"), ("en", "All is well.\n")])
def test_without_being_asked_it_is_the_language_of_the_lessons(
    remembered, expected, tmp_path, monkeypatch, capsys
):
    choice.remember(tmp_path, remembered)
    with speech.in_words_of(None, tmp_path):
        print("All is well.")
    assert capsys.readouterr().out == expected


def test_english_is_left_alone(capsys):
    before = sys.stdout
    with speech.in_words_of("en", MY_LESSONS):
        assert sys.stdout is before


def test_a_python_without_packages_speaks_english(monkeypatch, capsys):
    def missing(folder, asked):
        raise ImportError("babel")

    monkeypatch.setattr(choice, "chosen", missing)
    with speech.in_words_of(None, MY_LESSONS):
        print("All is well.")
    assert capsys.readouterr().out == "All is well.\n"


def test_the_command_line_passes_the_language_on(monkeypatch, capsys):
    monkeypatch.setattr(commands, "_lab", lambda options: print("All is well.") or 0)
    assert commands.run(["lab", "--language", "zh"]) == 0
    assert capsys.readouterr().out == "一切正常。\n"


def test_english_loads_no_reader_of_catalogues():
    code = "from course_utils.command import commands; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"babel", "course_utils.lessons.catalogues"} & set(run.stdout.split())
