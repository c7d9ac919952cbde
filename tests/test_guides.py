"""The guides say what is there: commands, files, links, minutes, points, hints, rubrics, schedules."""

import ast
import json
import os
import re
import subprocess
import sys
from functools import cache

import pytest

from course_utils.command import testing
from course_utils.lessons import editions
from course_utils.places import ROOT
from tests.test_notebooks_rules import ANSWER, SECTIONS

INSTRUCTORS = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
HUB = (ROOT / "docs" / "hub.md").read_text(encoding="utf-8")
GUIDES = {"docs/instructors.md": INSTRUCTORS, "docs/hub.md": HUB, "CONTRIBUTING.md": CONTRIBUTING}
LESSONS = {path.name[:2]: path for path in testing.notebooks([])}
TAUGHT = sorted(set(re.findall(r"^### Lesson (\d\d)$", INSTRUCTORS, re.MULTILINE)))
EVERYWHERE = "\n".join(GUIDES.values())

# What a guide names and the repository does not have. The course's own commands make these:
MADE = {
    "site/",
    "dist/",
    "nbgrader_config.py",
    "student_kit.zip",
    "grades.csv",
    "hints.csv",
    "where_stuck.png",
    ".course-install.log",
}
MADE |= {"kept/", "updates/"}  # by `assign`, from an instructor's edits
# nbgrader makes these, or you do, or they belong to the lesson 14 that CONTRIBUTING.md writes.
ELSEWHERE = {
    *("release/", "submitted/", ".grading/", "autograded/", "feedback/", "gradebook.db"),
    ".jupyter/nbgrader_config.py",
    *("my_lessons/", ".course-cache/"),
    *("notebooks/14_your_topic.ipynb", "notebooks/14_your_topic.py"),
    *("course_utils/checks/lesson_14.py", "tests/checks/test_lesson_14.py"),
}
FILE = re.compile(r"\.?[\w][\w./-]*(?:/|\.(?:py|ipynb|md|json|yml|yaml|toml|lock|cfg|csv|db|log|png|zip))")


@cache
def notebook(number):
    return editions.read_notebook(LESSONS[number])


def sections(number):
    """The numbered sections of a lesson, list of int."""
    text = "\n".join(cell.source for cell in notebook(number).cells if cell.cell_type == "markdown")
    return [int(found) for found in re.findall(r"^## (\d+)\. ", text, re.MULTILINE)]


def exercises(number):
    text = "\n".join(cell.source for cell in notebook(number).cells if cell.cell_type == "markdown")
    return re.findall(r"^### Exercise (\d+\.\d+)", text, re.MULTILINE)


def points(number, kind):
    """Points of the cells of a lesson that are graded by a check ("code") or by hand ("markdown")."""
    roles = [cell.metadata.get("nbgrader", {}) for cell in notebook(number).cells if cell.cell_type == kind]
    return sum(role["points"] for role in roles if role.get("grade"))


def prose_without_blocks(text):
    return re.sub(r"^ *```.*?^ *```$", "", text, flags=re.DOTALL | re.MULTILINE)


def blocks_of_commands(text):
    """The fenced blocks that name no language."""
    blocks = re.findall(r"^ *```(\w*)\n(.*?)^ *```$", text, re.DOTALL | re.MULTILINE)
    return [block for language, block in blocks if not language]


def commands_shown(text):
    """What stands in the blocks of commands."""
    return "\n".join(blocks_of_commands(text))


def part(text, heading):
    """What stands under a heading, up to the next one of its level or above."""
    level = len(heading) - len(heading.lstrip("#"))
    after = text.split(f"\n{heading}\n", 1)[1]
    return re.split(rf"^#{{1,{level}}} ", after, maxsplit=1, flags=re.MULTILINE)[0]


def anchor_of(heading):
    """The anchor that GitHub gives to a heading."""
    return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


def rows(text):
    """The cells of a Markdown table's rows, without its head, lists of str."""
    lines = [line for line in text.split("\n") if line.startswith("|")]
    split = [[entry.strip() for entry in line.strip("|").split(" |")] for line in lines]
    return [row for row in split if not set("".join(row)) <= {"-", "|"}][1:]


# Links, files, names, commands


@pytest.mark.parametrize("name", GUIDES)
def test_links_lead_somewhere(name):
    text, folder = prose_without_blocks(GUIDES[name]), (ROOT / name).parent
    targets = re.findall(r"\]\((?!https?:)([^)]+)\)", text)
    assert targets
    for target in targets:
        file, _, anchor = target.partition("#")
        path = (folder / file) if file else ROOT / name
        assert path.exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", path.read_text(encoding="utf-8"), re.MULTILINE)
            assert anchor in map(anchor_of, headings), target


@pytest.mark.parametrize("name", GUIDES)
def test_the_table_of_contents_is_complete(name):
    headings = re.findall(r"^## (.+)$", GUIDES[name], re.MULTILINE)
    assert re.findall(r"^- \[(.+)\]\(#", GUIDES[name], re.MULTILINE) == headings


def test_every_file_named_is_there():
    blocks = commands_shown(EVERYWHERE)
    spans = re.findall(r"`([^`\n]+)`", prose_without_blocks(EVERYWHERE))
    named = {word for text in [*spans, *blocks.split("\n")] for word in text.split() if FILE.fullmatch(word)}
    assert len(named) > 40
    unknown = named - MADE - ELSEWHERE
    assert sorted(name for name in unknown if not (ROOT / name).exists()) == []
    assert sorted((MADE | ELSEWHERE) - named) == [], "no guide names these any more"


@pytest.mark.parametrize("name", sorted(MADE))
def test_what_a_command_makes_is_named_in_the_package(name):
    sources = (path.read_text(encoding="utf-8") for path in (ROOT / "course_utils").rglob("*.py"))
    assert any(name.rstrip("/") in source for source in sources)


def test_every_name_of_the_package_is_there():
    named = set(re.findall(r"`course_utils((?:\.\w+)+)`", EVERYWHERE))
    assert named
    for dotted in named:
        names = dotted[1:].split(".")
        path = ROOT / "course_utils"
        while names and ((path / names[0]).is_dir() or (path / f"{names[0]}.py").is_file()):
            path = path / names.pop(0)
        if names:
            source = path.with_suffix(".py") if path.with_suffix(".py").is_file() else path / "__init__.py"
            tree = ast.parse(source.read_text(encoding="utf-8"))
            assert names[0] in {getattr(node, "name", None) for node in tree.body}, dotted


@pytest.mark.parametrize("command", sorted(set(re.findall(r"-m course_utils (\w+)", EVERYWHERE))))
def test_commands_exist_and_take_what_the_guides_give_them(command):
    help_text = subprocess.run(
        [sys.executable, "-m", "course_utils", command, "--help"],
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    uses = re.findall(rf"-m course_utils {command}\b([^`\n]*)", EVERYWHERE)
    options = {option for use in uses for option in re.findall(r" (--?[a-z]+)", use.split(" -- ")[0])}
    assert [option for option in sorted(options) if option not in help_text] == []


def test_lessons_for_self_study_on_a_hub_are_written_by_the_line_given(tmp_path):
    (line,) = re.findall(r'^python3 -c "(.+)"$', HUB, re.MULTILINE)
    subprocess.run(
        [sys.executable, "-c", line], cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=True
    )
    assert sorted(path.name for path in (tmp_path / "my_lessons").glob("*.ipynb")) == [
        path.name for path in LESSONS.values()
    ]


def test_nbgraders_commands_exist():
    pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")
    from nbgrader.apps.dbapp import DbStudentApp
    from nbgrader.apps.nbgraderapp import NbGraderApp

    names = {
        *re.findall(r"^ *nbgrader (\w+)", commands_shown(EVERYWHERE), re.MULTILINE),
        *re.findall(r"`nbgrader (\w+)", EVERYWHERE),
    }
    assert names >= {"release_assignment", "collect", "release_feedback", "db"}
    assert names <= NbGraderApp.subcommands.keys()
    assert "nbgrader db student remove" in INSTRUCTORS and "remove" in DbStudentApp.subcommands


def test_nbgraders_settings_and_versions_are_those_of_the_lock():
    pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")
    from nbgrader.coursedir import CourseDirectory
    from nbgrader.exchange.default import Exchange, ExchangeCollect

    owners = {owner.__name__: owner for owner in (CourseDirectory, Exchange, ExchangeCollect)}
    settings = set(re.findall(rf"c\.({'|'.join(owners)})\.(\w+)", HUB))
    assert len(settings) == 5
    for owner, name in settings:
        assert name in owners[owner].class_traits(config=True)
    assert f"`{Exchange.root.default_value}`" in HUB
    lock = (ROOT / "requirements-instructor.lock").read_text(encoding="utf-8")
    (version,) = set(re.findall(r"nbgrader (\d+\.\d+\.\d+)", HUB))
    assert f"nbgrader=={version} " in lock


# What the guide for instructors says of the lessons


def test_minutes_seconds_and_points_are_the_lessons_own():
    table = rows(part(INSTRUCTORS, "## The lessons: minutes, points, what each assumes"))
    assert [re.search(r"notebooks/(\S+)\)", row[0])[1] for row in table] == [
        path.name for path in LESSONS.values()
    ]
    for (title, *figures), number in zip(table, LESSONS, strict=True):
        opening = notebook(number).cells[0].source
        minutes = int(re.search(r"\*\*Minutes to read:\*\* (\d+)", opening)[1])
        seconds = int(re.search(r"\*\*Seconds to run:\*\* (\d+)", opening)[1])
        assert title.startswith(f"[{number} ")
        assert list(map(int, figures)) == [
            minutes,
            seconds,
            points(number, "code"),
            points(number, "markdown"),
        ], f"lesson {number}: the table says {figures}"


def test_the_lessons_that_count_their_exercises_are_those_named():
    said = [n for n in LESSONS if "as long again for the exercises" in notebook(n).cells[0].source]
    assert f"Lessons {', '.join(said[:-1])} and {said[-1]} say there" in INSTRUCTORS


@pytest.mark.parametrize("weeks", [6, 14])
def test_a_schedule_covers_every_lesson_once(weeks):
    table = rows(part(INSTRUCTORS, f"### {'Six' if weeks == 6 else 'Fourteen'} weeks"))
    assert sorted({int(row[0]) for row in table}) == list(range(1, weeks + 1))
    assert {row[1] for row in table} == {*TAUGHT, ""}
    for number in TAUGHT:
        mine = [row for row in table if row[1] == number]
        minutes = int(re.search(r"\*\*Minutes to read:\*\* (\d+)", notebook(number).cells[0].source)[1])
        assert sum(int(row[3]) for row in mine) == minutes, f"lesson {number}"
        spans = [tuple(map(int, row[2].split(" to "))) for row in mine]
        taught = [section for first, last in spans for section in range(first, last + 1)]
        assert taught == sections(number), f"lesson {number}"
        assert [name for row in mine for name in row[4].split(", ")] == exercises(number)


def test_exercises_that_the_guide_names_exist():
    named = set(re.findall(r"(?<![\w.])([0-5]\.[1-9])(?![\w.])", part(INSTRUCTORS, "### Six weeks")))
    assert named <= {name for number in LESSONS for name in exercises(number)}


def test_lessons_00_to_05_are_taught():
    assert TAUGHT[:6] == list(LESSONS)[:6]


@pytest.mark.parametrize("number", TAUGHT)
def test_hints_quoted_are_those_of_the_check(number):
    table = rows(part(INSTRUCTORS, f"### Lesson {number}"))
    assert table
    source = (ROOT / "course_utils" / "checks" / f"lesson_{number}.py").read_text(encoding="utf-8")
    said = [
        node.value
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    for exercise, hint, question in table:
        assert exercise in exercises(number)
        assert hint.startswith('"') and hint.endswith('"') and question
        assert any(hint[1:-1] in text for text in said), f"{exercise}: no hint has {hint}"


def test_rubrics_are_those_of_the_notebooks():
    table = rows(part(INSTRUCTORS, "## Written questions: rubrics and model answers"))
    written = [
        (number, found)
        for number in LESSONS
        for found in notebook(number).cells
        if found.cell_type == "markdown" and found.metadata.get("nbgrader")
    ]
    assert len(table) == len(written) == len(LESSONS)
    for (name, worth, criterion), (_, found) in zip(table, written, strict=True):
        assert name == f"`{found.id}`"
        assert int(worth) == found.metadata.nbgrader.points
        assert f"*Rubric.* {criterion}\n" in found.source + "\n"


def test_the_projects_points_add_up_to_twenty():
    assert sum(int(row[0]) for row in rows(part(INSTRUCTORS, "## The project"))) == 20


# What the guide for contributors says of the rules


def test_the_example_of_metadata_is_what_the_rules_ask_for():
    (shown,) = re.findall(r"`\"nbgrader\": (\{.*?\})`", CONTRIBUTING)
    metadata = json.loads(shown)
    assert metadata.pop("grade_id") == "ex-14-1-answer"
    assert metadata == ANSWER
    for section in SECTIONS:
        assert section in re.sub(r"\s+", " ", CONTRIBUTING)
