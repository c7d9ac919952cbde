"""Every described figure of lesson 05 is in the lesson, and the other way round."""

import re

import nbformat

from course_utils.lessons.figures_05 import described
from course_utils.places import NOTEBOOKS


def test_names_of_figures_and_their_descriptions_agree():
    cells = nbformat.read(NOTEBOOKS / "05_attention_fusion.ipynb", 4).cells
    used = [name for cell in cells for name in re.findall(r'described\["([\w-]+)"\]', cell.source)]
    assert sorted(used) == sorted(described)
