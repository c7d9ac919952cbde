"""A lesson is taken apart into paragraphs and put together again; in between, only words have changed."""

import copy
from functools import cache

import pytest
from nbformat import v4

from course_utils.lessons import editions, translation
from course_utils.lessons.translation import COURSE_SENTENCES, Passage, passages, translated
from course_utils.places import NOTEBOOKS, TEMPLATE

LESSONS = [*sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")), TEMPLATE]
ANSWER = {"nbgrader": {"grade": False, "grade_id": "a", "solution": True, "locked": False}}


@cache
def worked(path):
    return editions.read_notebook(path)


def notebook(*cells):
    return v4.new_notebook(cells=list(cells))


def markdown(source, name="text"):
    return v4.new_markdown_cell(source, id=name)


def code(source, name="code", **metadata):
    return v4.new_code_cell(source, id=name, metadata=metadata)


def texts(*cells):
    return [(passage.context, passage.text) for passage in passages(notebook(*cells))]


def shouting(passage):
    return "\n".join(f"《{line}》" for line in passage.text.split("\n"))


MARKDOWN = [
    ("One.\n\nTwo,\nstill two.", ["One.", "Two,\nstill two."]),
    ("# Title\nText.\n## Other", ["# Title", "Text.", "## Other"]),
    ("- a\n- b\n\n1. c\n2. d", ["- a\n- b", "1. c\n2. d"]),
    ("| a | b |\n|---|---|\n| c | d |", ["| a | b |\n|---|---|\n| c | d |"]),
    ("Before:\n\n```python\n# Not\n\na word\n```\n\nAfter.", ["Before:", "After."]),
    ("Before:\n~~~~\nx\n~~~\ny\n~~~~\nAfter.", ["Before:", "After."]),
    ("Before\n\n$$a\n\n= b.$$\n\nAfter", ["Before", "After"]),
    ("$$a$$\n$$b,$$", []),
    ("Here $$a$$ is in a sentence.", ["Here $$a$$ is in a sentence."]),
    ("---\n\n`x`\n\n$x$, $y$\n\n1 2 3\n\n…", []),
    ("\n\n  \nOne.\n\n\n", ["One."]),
    ("Same.\n\nSame.", ["Same.", "Same."]),
    ("", []),
]


@pytest.mark.parametrize(("source", "expected"), MARKDOWN, ids=range(len(MARKDOWN)))
def test_what_of_markdown_is_offered(source, expected):
    assert [text for _, text in texts(markdown(source))] == expected


CODE = [
    ("x = 1  # of a line\n# Two lines,\n# one comment.\ny = 2", ["Two lines,\none comment."]),
    ("# One.\nif x:\n    # Two.\n    y()", ["One.", "Two."]),
    ('"""\n# no comment\n"""\n# A comment.', ["A comment."]),
    ("# noqa: E501\n# fmt: off\n# 1 + 1\n#\n#!", []),
    ("x = (\n# open", []),
    ("# Hint.\n# YOUR CODE HERE\nraise NotImplementedError()", ["Hint."]),
]


@pytest.mark.parametrize(("source", "expected"), CODE, ids=range(len(CODE)))
def test_what_of_code_is_offered(source, expected):
    assert texts(code(source)) == [("code comment", text) for text in expected]


def test_contexts_tell_passages_apart():
    cells = [markdown("A.\n\nA.\n\nB.", "x"), markdown("A.", "y"), code("# A.\nb()\n# A.", "z")]
    assert texts(*cells) == [
        ("x", "A."),
        ("x 2", "A."),
        ("x", "B."),
        ("y", "A."),
        ("z comment", "A."),
        ("z comment 2", "A."),
    ]


def test_nothing_that_is_graded_is_offered_but_the_stub():
    answer = code("# Words.\ndef f():\n    # YOUR CODE HERE\n    raise NotImplementedError()", **ANSWER)
    assert not texts(answer)
    changed = translated(notebook(answer), shouting).cells[0].source
    assert changed == answer.source.replace("YOUR CODE HERE", "《YOUR CODE HERE》")


def test_model_answers_are_not_offered():
    written = markdown("Asked.\n\n<!-- BEGIN SOLUTION -->\nAnswered.\n<!-- END SOLUTION -->")
    written.metadata.update(nbgrader={"grade_id": "w", "solution": True, "grade": True, "points": 1})
    offered = passages(editions.clear_answers(notebook(written)))
    assert [passage.text for passage in offered] == ["Asked."]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name[:2])
def test_only_words_of_a_lesson_change(path):
    edition = editions.learner_edition(worked(path))
    before = copy.deepcopy(edition)
    assert translated(edition, lambda passage: None) == before
    other = translated(edition, shouting)
    assert edition == before
    for english, changed in zip(edition.cells, other.cells, strict=True):
        assert {**changed, "source": ""} == {**english, "source": ""}
        assert changed.source.replace("《", "").replace("》", "") == english.source
        if english.cell_type == "code":
            lines = zip(english.source.split("\n"), changed.source.split("\n"), strict=True)
            assert all(new.lstrip().startswith("# 《") for old, new in lines if old != new)


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.name[:2])
def test_what_the_program_writes_itself_is_in_the_course_sentences(path):
    lesson = {passage.text for passage in passages(editions.clear_answers(worked(path)))}
    edition = editions.learner_edition(worked(path))
    titles = [cell.source.split("\n")[0] for cell in edition.cells if cell.id.startswith("should-see-")]
    assert set(titles) <= set(COURSE_SENTENCES)
    cells = [cell for cell in edition.cells if not cell.id.startswith("should-see-")]
    assert {passage.text for passage in passages(notebook(*cells))} == lesson


def test_a_translation_of_other_length_keeps_indents():
    cell = code("if x:\n    # One.\n    y()\n")
    found = {Passage("code comment", "One."): "一。\n\n二。"}
    assert (
        translated(notebook(cell), found.get).cells[0].source
        == "if x:\n    # 一。\n    #\n    # 二。\n    y()\n"
    )


def test_the_stub_of_code_is_a_course_sentence():
    assert translation.COURSE_SENTENCES[-2:] == ("YOUR ANSWER HERE", "YOUR CODE HERE")
