"""Every described figure of a lesson is in the lesson, and the other way round."""

import importlib
import re

import nbformat
import pytest

from course_utils.lessons import figures_02
from course_utils.places import NOTEBOOKS, ROOT

NUMBERS = sorted(path.stem[-2:] for path in (ROOT / "course_utils/lessons").glob("figures_[0-9][0-9].py"))


def test_there_are_descriptions():
    assert NUMBERS


@pytest.mark.parametrize("number", NUMBERS)
def test_names_of_figures_and_their_descriptions_agree(number):
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    described = importlib.import_module(f"course_utils.lessons.figures_{number}").described
    sources = "\n".join(cell.source for cell in nbformat.read(path, 4).cells)
    assert set(re.findall(r"described\[[\"']([\w-]+)[\"']\]", sources)) == set(described)


def test_a_verdict_does_not_rest_on_colour_and_names_what_is_right():
    assert figures_02.verdict("rose", "rose") == "✓ rose"
    assert figures_02.verdict("red envelope", "rose") == "✗ red envelope\n(rose)"
    long = figures_02.verdict("person in motorized wheelchair", "waxing gibbous moon", width=12)
    assert all(len(line) <= 12 for line in long.split("\n"))
    assert long.replace("\n", " ") == "✗ person in motorized wheelchair (waxing gibbous moon)"
