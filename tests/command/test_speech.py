"""Commands speak the language that the lessons open in: lines, errors, and nothing else."""

import argparse
import re
import subprocess
import sys

import pytest

from course_utils import CourseError
from course_utils.command import commands, speech
from course_utils.lessons import choice, messages
from course_utils.lessons.catalogues import Catalogue, folder_of
from course_utils.lessons.templates import MESSAGES
from course_utils.places import MY_LESSONS, ROOT

WORDS = {
    "All is well.": "一切正常。",
    "ok": "正常",
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
        print("[one]   All is well.")
        print("All is ", end="")
        print("well.")
        print("Nobody knows this.")
        print("All is well. ", end="")
    out = capsys.readouterr().out
    assert out == (
        "[正常] 一切正常。\n       -> 给它换个名字\n[one]   一切正常。\n一切正常。\nNobody knows this.\n"
        "All is well. "
    )


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


@pytest.mark.parametrize("asked", [None, "zh"])
def test_a_python_without_packages_speaks_english(asked, monkeypatch, tmp_path, capsys):
    monkeypatch.setitem(sys.modules, "course_utils.lessons.messages", None)
    choice.remember(tmp_path, "zh")
    with speech.in_words_of(asked, tmp_path):
        print("All is well.")
    assert capsys.readouterr().out == "All is well.\n"
    monkeypatch.setattr(choice, "chosen", lambda folder, asked: "zh")
    with pytest.raises(SystemExit, match="0"):
        commands.run(["lab", "--help"])
    assert capsys.readouterr().out.startswith("usage: ")


def test_the_command_line_passes_the_language_on(monkeypatch, capsys):
    monkeypatch.setattr(commands, "_lab", lambda options: print("All is well.") or 0)
    assert commands.run(["lab", "--language", "zh"]) == 0
    assert capsys.readouterr().out == "一切正常。\n"


def test_english_loads_no_reader_of_catalogues():
    code = "from course_utils.command import commands; import sys; print(*sys.modules)"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"babel", "course_utils.lessons.catalogues"} & set(run.stdout.split())


LONG = "语言，" * 20
HELP = {
    "usage: {0}": "用法：{0}",
    "options": "选项",
    "show this help message and exit": "显示这份帮助，然后退出",
    "language of the lessons: English or Chinese (default: that of last time, or of this computer)": LONG,
    "listen on this address (default: %(default)s)": "在这个地址监听（默认：%(default)s）",
    "argument {0}: {1}": "参数 {0}：{1}",
    "{0} is not a port: expected a whole number from 1 to 65535": "{0} 不是端口：应为 1 到 65535 的整数",
}


@pytest.fixture
def spoken(monkeypatch):
    """Lets lessons open in Chinese, with the words of some help."""
    book = messages.Phrasebook(HELP)
    monkeypatch.setattr(messages, "_phrasebook", lambda language, names: book)
    monkeypatch.setattr(choice, "chosen", lambda folder, asked: "zh")
    monkeypatch.setenv("COLUMNS", "80")


def test_help_is_given_in_words_of_the_lessons(spoken, capsys):
    with pytest.raises(SystemExit, match="0"):
        commands.run(["lab", "--help"])
    out = capsys.readouterr().out
    assert out.startswith("用法：python3 -m course_utils lab [-h]")
    assert "\n选项：\n  -h, --help          显示这份帮助，然后退出\n" in out
    assert "在这个地址监听（默认：localhost）" in out
    lines = [line.strip() for line in out.splitlines() if "语言" in line]
    assert len(lines) == 3 and not any(line.startswith("，") for line in lines)
    assert max(len(line) for line in lines[1:]) <= 29


def test_a_complaint_about_arguments_is_given_in_words_of_the_lessons(spoken, capsys):
    with pytest.raises(SystemExit, match="2"):
        commands.run(["lab", "--port", "0"])
    usage, *_, complaint = capsys.readouterr().err.splitlines()
    assert usage.startswith("用法：python3 -m course_utils lab")
    assert complaint == ("python3 -m course_utils lab: 参数 --port：'0' 不是端口：应为 1 到 65535 的整数")


@pytest.mark.parametrize("arguments", [["--help"], ["lab", "--help"], ["lab", "--port", "0"], ["lba"]])
def test_english_help_is_that_of_argparse(arguments, monkeypatch, capsys):
    monkeypatch.setattr(choice, "chosen", lambda folder, asked: "en")
    said = []
    for parser in (speech.Parser, argparse.ArgumentParser):
        monkeypatch.setattr(speech, "Parser", parser)
        with pytest.raises(SystemExit):
            commands.run(arguments)
        said.append(capsys.readouterr())
    assert said[0] == said[1] and "course_utils" in said[0].out + said[0].err


def test_what_argparse_fills_in_is_in_the_chinese():
    entries = Catalogue.read(folder_of("zh_CN") / f"{MESSAGES}.po").entries.values()
    places = [re.findall(r"%\(\w+\)s", entry.passage.text) for entry in entries]
    assert sum(map(len, places)) >= 5
    assert places == [re.findall(r"%\(\w+\)s", entry.translation or entry.passage.text) for entry in entries]


@pytest.mark.parametrize(
    "arguments",
    [[], ["lba"], ["lab", "--language", "fr"], ["lab", "--port"], ["lab", "now"], ["lab", "--no=1"]],
)
def test_all_that_argparse_says_is_known(arguments, monkeypatch, capsys):
    monkeypatch.undo()
    monkeypatch.setattr(speech, "_language", lambda asked, lessons: "zh_CN")
    with pytest.raises(SystemExit, match="2"):
        commands.run(arguments)
    complaint = capsys.readouterr().err.splitlines()[-1].removeprefix("python3 -m course_utils")
    assert re.search("[\u4e00-\u9fff]", complaint) and not re.search("[a-z]+ [a-z]+", complaint)
