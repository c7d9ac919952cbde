"""The picture of the whole course is what its code draws, and says what the lessons and the README say."""

import base64
import importlib.util
import io
import re

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from matplotlib.transforms import Bbox
from PIL import Image

from course_utils import diagrams
from course_utils.diagrams import course
from course_utils.places import NOTEBOOKS, ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
STORED = ROOT / ".github" / "course.png"
LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))


def some(*shape):
    return np.full(shape, 128, np.uint8)


@pytest.fixture(scope="module")
def figure():
    """The picture with other things in it than the stored one has: its words are the same."""
    shown = diagrams.ShownInCourse(
        guitar=some(64, 64, 4),
        clip=np.sin(np.arange(4000) / 9),
        log_mel=np.eye(60, 40),
        heard=[("g", 0.1), ("r", 0.9)],
        maps=[np.eye(24), np.eye(12), np.eye(6)],
        scene=some(96, 96, 3),
        caption="the cat is at the top left",
        weights={word: np.arange(36.0) for word in ("cat", "key", "owl")},
        query="rocket",
        found=[some(64, 64, 4)] * 4,
        senses=[some(64, 64, 4)] * 2,
        labels=np.array([50, 100, 200]),
        pretrained=np.array([0.4, 0.5, 0.6]),
        scratch=np.array([0.2, np.nan, 0.5]),
        photograph=some(128, 128, 4),
    )
    drawn = diagrams.whole_course(shown)
    yield drawn
    plt.close(drawn)


def test_every_lesson_has_its_number_and_the_title_that_the_readme_gives_it(figure):
    words = [text.get_text().replace("\n", " ") for text in figure.axes[0].texts]
    listed = re.findall(r"^\| \[(\d\d) ([^]]+)\]", README, flags=re.MULTILINE)
    assert len(listed) == len(LESSONS)
    for number, title in listed:
        assert words.count(number) == words.count(title) == 1, title


def test_what_is_given_is_what_is_shown(figure):
    words = " ".join(text.get_text() for text in figure.axes[0].texts)
    assert all(word in words for word in ("“rocket”", "the cat is at the top", "key", "owl"))
    two_measured, three_measured = (
        [line for line in figure.axes[0].lines if line.get_marker() == marker and len(line.get_xdata()) == n]
        for marker, n in (("s", 2), ("o", 3))
    )
    assert len(two_measured) == len(three_measured) == 1


def test_no_word_leaves_its_card_or_the_sheet(figure):
    axes = figure.axes[0]
    sheet, *cards = (
        Bbox.from_bounds(*place) for place in [(0, 0, course._WIDTH, course._HEIGHT), *course._PLACES]
    )
    for text in axes.texts:
        # Heights grow downwards here, so that a word's box comes upside down.
        (x0, y1), (x1, y0) = axes.transData.inverted().transform(text.get_window_extent()).tolist()
        word = Bbox([(x0, y0), (x1, y1)])
        for place in [sheet, *filter(word.overlaps, cards)]:
            both = Bbox.intersection(word, place)
            assert np.allclose(both.bounds, word.bounds), text.get_text()


def card_at(x, y):
    """The number of the lesson on whose edge an arrow begins or ends."""
    return next(
        number
        for number, place in enumerate(course._PLACES)
        if place.left <= x <= place.right and place.top <= y <= place.bottom
    )


def test_every_arrow_leads_to_a_lesson_that_says_it_needs_the_other():
    arrows = {(card_at(*corners[0]), card_at(*corners[-1])) for corners in course._NEEDS}
    assert {end for _, end in arrows} == set(range(14)) - {0, 1, 2}  # these have the three coloured lines
    for start, end in arrows:
        opening = nbformat.read(LESSONS[end], as_version=4).cells[0].source
        needed = opening.partition("You need first:**")[2]
        assert LESSONS[start].name in needed or f"lesson {start:02}" in needed, (start, end)


def test_lesson_00_opens_with_it():
    cell = nbformat.read(LESSONS[0], as_version=4).cells[1]
    (attached,) = cell.attachments.values()
    assert base64.b64decode(attached["image/png"]) == STORED.read_bytes(), "run .ci/course_picture.py"


def test_alt_text_caption_and_readme_describe_it_alike():
    alt, caption = re.fullmatch(
        r"!\[(.+)\]\(attachment:course\.png\)\n\n\*(.+)\*",
        nbformat.read(LESSONS[0], as_version=4).cells[1].source,
    ).groups()
    assert alt == caption
    assert f"![{alt}](.github/course.png)" in README
    assert all(f"({number:02})" in alt for number in range(14))


def test_files_are_small():
    assert STORED.stat().st_size + STORED.with_suffix(".pdf").stat().st_size < 400_000


@pytest.mark.slow
def test_the_stored_picture_is_the_one_that_the_script_draws():
    spec = importlib.util.spec_from_file_location("course_picture", ROOT / ".ci" / "course_picture.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    drawn = diagrams.whole_course(script.gather())
    plt.close(drawn)
    stored, anew = (
        np.asarray(Image.open(file).convert("RGB"), np.int16)
        for file in (STORED, io.BytesIO(script.png(drawn)))
    )
    # Another machine may round a weight, and the palette with it, the other way; a word moved is more.
    assert stored.shape == anew.shape
    assert np.mean(np.abs(stored - anew).max(axis=2) > 40) < 0.0005, "run .ci/course_picture.py"
