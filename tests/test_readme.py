"""The README and lesson 00 say what is there: their links, commands and lesson states."""

import re
import subprocess
import sys

import nbformat
import pytest

from course_utils.places import ROOT
from tests.test_guides import anchor_of

README = (ROOT / "README.md").read_text(encoding="utf-8")
LESSONS = sorted(path.name for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))


def cells(name):
    return {cell.id: cell for cell in nbformat.read(ROOT / "notebooks" / name, as_version=4).cells}


@pytest.mark.parametrize("name", ["README.md", "README.zh-CN.md"])
def test_links_lead_somewhere(name):
    targets = re.findall(r"\]\((?!https?:)([^)]+)\)", (ROOT / name).read_text(encoding="utf-8"))
    assert targets
    for target in targets:
        file, _, anchor = target.partition("#")
        assert (ROOT / file).exists(), target
        if anchor:
            headings = re.findall(r"^#+ (.+)$", (ROOT / file).read_text(encoding="utf-8"), flags=re.M)
            assert anchor in map(anchor_of, headings), target


def test_every_lesson_is_listed_as_ready_and_no_other():
    rows = re.findall(r"^\| \[(\d\d) [^|]*\]\(notebooks/([^)]+)\) \|[^|]*\| (\w+) \|$", README, flags=re.M)
    assert [(name, state) for _, name, state in rows] == [(name, "ready") for name in LESSONS]
    assert [name[:2] for name in LESSONS] == [number for number, _, _ in rows]


def test_map_in_lesson_00_links_every_lesson():
    rows = cells("00_orientation.ipynb")["map"].source
    linked = re.findall(r"^\|[^|]*\| \[[^]]+\]\(([^)]+\.ipynb)\)", rows, re.MULTILINE)
    assert list(dict.fromkeys(linked)) == LESSONS  # in this order


@pytest.mark.parametrize("command", sorted(set(re.findall(r"-m course_utils (\w+)", README))))
def test_commands_exist(command):
    subprocess.run([sys.executable, "-m", "course_utils", command, "--help"], cwd=ROOT, check=True)
