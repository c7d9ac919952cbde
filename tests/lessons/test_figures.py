"""Every figure that a lesson describes by name is in the lesson, and the other way round."""

import importlib
import re

import nbformat
import pytest

from course_utils.places import NOTEBOOKS, ROOT

NUMBERS = sorted(path.stem[-2:] for path in (ROOT / "course_utils" / "lessons").glob("figures_[0-9][0-9].py"))


@pytest.mark.parametrize("number", NUMBERS)
def test_names_of_figures_and_their_descriptions_agree(number):
    described = importlib.import_module(f"course_utils.lessons.figures_{number}").described
    (lesson,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    cells = nbformat.read(lesson, 4).cells
    used = [name for cell in cells for name in re.findall(r'described\["([\w-]+)"\]', cell.source)]
    assert sorted(used) == sorted(described)
