"""The template is a lesson in every respect but one: learners never see it."""

import ast
import copy
import re
from pathlib import Path

import nbformat

from course_utils.command import commands, environment, testing
from course_utils.lessons import editions
from course_utils.places import NOTEBOOKS, ROOT, TEMPLATE
from tests.test_notebooks_rules import RULES, Lesson, read

COPIED = (
    TEMPLATE,
    ROOT / "course_utils" / "checks" / "lesson_99.py",
    ROOT / "tests" / "checks" / "test_lesson_99.py",
)


def renumbered(text):
    """What CONTRIBUTING.md says to replace in a copy that becomes lesson 07."""
    for old, new in (("lesson_99", "lesson_07"), ("ex-99-", "ex-07-"), ("# 99 ·", "# 07 ·")):
        text = text.replace(old, new)
    return re.sub(r"\b99\.([123])\b", r"7.\1", text)


def bold(name):
    cell = next(cell for cell in read(TEMPLATE).markdown if cell.id == name)
    return [verb.lower() for verb in re.findall(r"^- (?:You can )?\*\*(\w+)\*\*", cell.source, re.MULTILINE)]


def test_learners_never_get_it(tmp_path):
    names = [delivery.path.name for delivery in editions.write_learner_editions(tmp_path)]
    assert names == sorted(path.name for path in testing.notebooks([]))
    assert TEMPLATE not in testing.notebooks([]) and TEMPLATE.name not in names


def test_it_has_a_number_that_no_lesson_has():
    assert testing.notebooks(["99"]) == [TEMPLATE]
    assert not list(NOTEBOOKS.glob("99_*"))


def test_it_is_tested_with_the_lessons_and_alone(monkeypatch):
    started = []
    monkeypatch.setattr(
        "course_utils.command.interpreter.run_instead", lambda command, _: started.append(command)
    )
    monkeypatch.setattr(environment, "enter", lambda extra="": None)
    monkeypatch.chdir(ROOT)
    for arguments in ([], ["--lesson", "99"], ["--lesson", "01"], ["--fast"]):
        commands.run(["test", *arguments])
    everything, alone, another, fast = started
    template = "docs/template/99_template.ipynb"
    assert template in everything and template in alone
    assert "tests/checks/test_lesson_99.py" in alone
    assert template not in another and template not in fast


def test_a_copy_renumbered_as_the_guide_says_keeps_every_rule():
    notebook, check, table = (renumbered(path.read_text(encoding="utf-8")) for path in COPIED)
    lesson = Lesson(Path("07_captioning.ipynb"), nbformat.reads(notebook, as_version=4))
    for code in (check, table):
        ast.parse(code)
        assert not re.search(r"lesson_99|\b99\.\d", code)
    assert [complaint for rule in RULES for complaint in rule(lesson)] == []


def test_its_notes_are_marked_and_a_lesson_is_left_without_them():
    notes = [cell for cell in read(TEMPLATE).notebook.cells if cell.id.startswith("note-")]
    assert len(notes) > 8
    assert all(cell.source.startswith("**Author:** ") for cell in notes)
    left = copy.deepcopy(read(TEMPLATE).notebook)
    left.cells = [cell for cell in left.cells if not cell.id.startswith("note-")]
    assert [complaint for rule in RULES for complaint in rule(Lesson(TEMPLATE, left))] == []


def test_its_summary_mirrors_its_aims():
    assert 3 <= len(bold("aims")) <= 5
    assert bold("aims") == bold("summary")
