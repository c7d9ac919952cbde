"""Every figure of every lesson is described in Chinese where a Chinese lesson shows it."""

import html
import re

import pytest

from course_utils.lessons import descriptions
from course_utils.lessons.catalogues import Catalogue
from course_utils.lessons.editions import read_notebook
from course_utils.lessons.messages import in_language
from course_utils.places import NOTEBOOKS, TRANSLATIONS
from course_utils.words import DRAWINGS

LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
SENTENCE = re.compile(r"\w\.(?: |$)|[。：；，] ")  # in English, or joined as English is


def told_by(path):
    """What each figure of a lesson shows in a Chinese lesson."""
    kept = {passage.text: passage for passage in descriptions.offered(path.name[:2])}
    catalogue = Catalogue.read(TRANSLATIONS / "zh_CN" / f"{path.stem}.po")
    for cell in read_notebook(path).cells:
        for output in cell.get("outputs", []):
            text = output.get("metadata", {}).get("image/png", {}).get("alt")
            if text:
                for english, passage in kept.items():
                    if text.startswith(english):  # credits and numbers may stand behind it
                        text = text.replace(english, catalogue.find(passage), 1)
                yield cell.id, in_language(html.unescape(text), "zh_CN", DRAWINGS)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name[:2])
def test_every_figure_is_described_in_chinese(path):
    for cell, text in told_by(path):
        assert re.search("[一-鿿].*[。）]$", text), (cell, text)
        assert "Photographs:" not in text and not SENTENCE.search(text), (cell, text)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name[:2])
def test_a_description_that_is_chinese_already_stays(path):
    catalogue = Catalogue.read(TRANSLATIONS / "zh_CN" / f"{path.stem}.po")
    for passage in descriptions.offered(path.name[:2]):
        chinese = catalogue.find(passage)
        assert in_language(chinese, "zh_CN", DRAWINGS) == chinese
