"""Every row of the document that the course grew from runs in a cell, and lesson 00 leads there."""

import re

import pytest

from course_utils.lessons import editions
from course_utils.places import NOTEBOOKS

# What the document speaks of → the lesson and the cell in which it runs.
OUTLINE = {
    "background and core concepts": ("00", "parity"),
    "preprocessing of pictures": ("01", "safe-table"),
    "preprocessing of text": ("01", "bpe-steps"),
    "preprocessing of speech": ("01", "mel-agree"),
    "the function preprocess_img": ("01", "found-table"),
    "image features with a CNN": ("02", "slide-loop"),
    "image recognition": ("02", "unseen"),
    "the function extract_features": ("02", "repair"),
    "text features with an RNN": ("03", "rnn-loop"),
    "sentiment analysis": ("03", "reviews-table"),
    "model training": ("04", "loop-by-hand"),
    "the function train_model": ("04", "repair-live"),
    "attention fusion": ("05", "ladder-live"),
    "the function multimodal_fusion": ("05", "repaired"),
    "image-text recognition": ("06", "table-retrieval"),
    "image-text translation: captions": ("07", "train"),
    "machine translation": ("08", "live-trained"),
    "image-text translation: the picture decides": ("08", "live-senses"),
    "speech recognition": ("09", "train"),
    "speech-image recognition": ("09", "all-names"),
    "large models": ("10", "seeing-train"),
    "challenge: scarce data": ("11", "scarce-claims"),
    "challenge: over-complex models": ("11", "descent-claims"),
    "challenge: compute": ("11", "front"),
    "TensorFlow, PyTorch and Keras": ("12", "torch-compare"),
    "ImageNet": ("12", "ilsvrc-truth"),
    "COCO": ("12", "coco-export"),
    "IMDb": ("12", "imdb-unsup"),
    "trends": ("13", "trends-numbers"),
    "Coursera, GitHub and arXiv": ("13", "courses"),
    "FAQ: choosing data": ("13", "ask-data"),
    "FAQ: tuning": ("13", "ask-tuning"),
    "FAQ: over-fitting": ("13", "ask-overfitting"),
}
MAP = "map"  # the cell of lesson 00


def lesson(number):
    (path,) = NOTEBOOKS.glob(f"{number}_*.ipynb")
    return path.name, editions.read_notebook(path)


def sections_of(notebook, cell_id):
    """Anchors of the sections that a cell stands in, from the title of the lesson to the nearest.

    An exercise is no section: what comes after it belongs to the section around it.
    """
    open_headings = {}
    for cell in notebook.cells:
        if cell.id == cell_id:
            return [anchor for _, anchor in sorted(open_headings.items())]
        if cell.cell_type == "markdown":
            for hashes, title in re.findall(r"^(#{1,6}) (?!Exercise)(.+)$", cell.source, re.MULTILINE):
                level = len(hashes)
                open_headings = {key: value for key, value in open_headings.items() if key < level}
                open_headings[level] = re.sub(r"[`*]", "", title.strip()).replace(" ", "-")
    raise AssertionError(f"there is no cell {cell_id}")


def test_sections_are_those_that_a_cell_stands_under():
    notebook = lesson("04")[1]
    assert sections_of(notebook, "loop-by-hand")[1:] == ["4.-The-loop", "4.2-The-loop-by-hand"]
    assert sections_of(lesson("08")[1], "live-senses")[-1] == "6.3-Counting-senses"  # behind exercise 8.6
    with pytest.raises(AssertionError, match="no cell"):
        sections_of(notebook, "nothing-of-the-kind")


@pytest.mark.parametrize("row", OUTLINE)
def test_the_row_runs_in_its_cell(row):
    number, cell_id = OUTLINE[row]
    (cell,) = [cell for cell in lesson(number)[1].cells if cell.id == cell_id]
    assert cell.cell_type == "code" and cell.execution_count, f"{row}: the cell is not executed"
    assert "raises-exception" not in cell.metadata.get("tags", []), f"{row}: the cell is an exercise"


@pytest.mark.parametrize("row", OUTLINE)
def test_the_map_of_lesson_00_names_the_row_and_leads_to_its_section(row):
    number, cell_id = OUTLINE[row]
    name, notebook = lesson(number)
    (cell,) = [cell for cell in lesson("00")[1].cells if cell.id == MAP]
    (line,) = [line for line in cell.source.splitlines() if line.startswith(f"| {row} |")]
    wanted = [f"({name}#{anchor})" for anchor in sections_of(notebook, cell_id)]
    assert any(link in line for link in wanted), f"{line}\nleads to none of {', '.join(wanted)}"
