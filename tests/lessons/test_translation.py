"""A lesson is taken apart into paragraphs and put together again; in between, only words have changed."""

import copy
from functools import cache

import pytest
from nbformat import v4

from course_utils.grading.slicing import what_runs
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
    ("# One.\nif x:\n    # Two.\n    y()", ["One.", "Two."]),
    ("# One.\n# Two.\n#\n# Three.", ["One.\nTwo.", "Three."]),
    ("x = 1  # of a line\n# Two lines,\n# one comment.\ny = 2", ["of a line", "Two lines,\none comment."]),
    ("x = [  # one\n    1,  # two\n    # three\n]", ["one", "two", "three"]),
    ("x = 1  # the same\ny = 1  # the same", ["the same"]),
    ("1  # one\nNone# two", ["one", "two"]),
    ("# One.\n# noqa: E501\n# Two.", ["One.", "Two."]),
    ('"""\n# no comment\n"""\n# A comment.', ["A comment."]),
    ("# noqa: E501\n# fmt: off\n# 1 + 1\n#\n#!", []),
    ("x = 1  # noqa: B023 - called at once\ny = 2  # type: ignore\nz = 3  # 1 + 1", []),
    ("x = (\n# open", []),
    ("# Hint.\n# YOUR CODE HERE\nraise NotImplementedError()", ["Hint."]),
    ("%matplotlib inline\nx = 1  # one\ndef f():\n    '''No docstring.'''", ["one"]),
]


@pytest.mark.parametrize(("source", "expected"), CODE, ids=range(len(CODE)))
def test_what_of_code_is_offered(source, expected):
    assert texts(code(source)) == [("code comment", text) for text in expected]


DOCSTRINGS = [
    ('def f():\n    """Gives 1."""\n    return 1', ["Gives 1."]),
    ('class A:\n    r"""One.\n\n    Two.\n        Three.\n    """', ["One.\n\nTwo.\n    Three."]),
    ('class A:\n    """A."""\n\n    def f(self):\n        """F."""', ["A.", "F."]),
    ('"""No docstring."""', []),
    ('def f():\n    x = """No docstring."""\n    """nor this"""', []),
    ('def f():\n    """(1, 2)"""', []),
    ("def f():\n    'One.'", []),
    ('def f():\n    """Words."""\n    return (', []),
]


@pytest.mark.parametrize(("source", "expected"), DOCSTRINGS, ids=range(len(DOCSTRINGS)))
def test_what_of_docstrings_is_offered(source, expected):
    assert texts(code(source)) == [("code docstring", text) for text in expected]


def test_contexts_tell_passages_apart():
    cells = [markdown("A.\n\nA.\n\nB.", "x"), markdown("A.", "y")]
    cells.append(code('# A.\nb()\n# A.\ndef c():\n    """A."""', "z"))

    assert texts(*cells) == [
        ("x", "A."),
        ("x 2", "A."),
        ("x", "B."),
        ("y", "A."),
        ("z comment", "A."),
        ("z docstring", "A."),
    ]


def test_a_stub_of_code_is_the_courses_and_its_docstring_the_lessons():
    answer = code(
        'def f():\n    """Words."""\n    # YOUR CODE HERE\n    raise NotImplementedError()', **ANSWER
    )
    assert texts(answer) == [("code docstring", "Words.")]
    changed = translated(notebook(answer), shouting).cells[0].source
    assert changed == (
        'def f():\n    """《Words.》"""\n    # 《YOUR CODE HERE》\n    raise NotImplementedError()'
    )


def test_comments_in_answers_are_not_offered():
    source = "def f():\n    ### BEGIN SOLUTION\n    return 1  # one\n    ### END SOLUTION\n"
    check = "f()\n### BEGIN HIDDEN TESTS\n# Hidden.\nf()\n### END HIDDEN TESTS"
    graded = {"nbgrader": {**ANSWER["nbgrader"], "grade": True, "solution": False}}
    cells = notebook(code(source, **ANSWER), code(check, "check", **graded))
    assert passages(editions.clear_answers(cells)) == []


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
            assert what_runs(changed.source) == what_runs(english.source)


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


WRITTEN = [
    ("x = 1  #one\ny = 2", "x = 1  # 一。\n#\n# 二。\ny = 2"),
    ("if x:\n    y()  # one\n    z()", "if x:\n    y()  # 一。\n#\n# 二。\n    z()"),
    ('def f():\n    """one"""', 'def f():\n    """一。\n\n    二。"""'),
    (
        'def f():\n    """\n    one\n    """\n    g()',
        'def f():\n    """\n    一。\n\n    二。\n    """\n    g()',
    ),
]


@pytest.mark.parametrize(("source", "expected"), WRITTEN, ids=range(len(WRITTEN)))
def test_a_translation_of_other_length_stays_a_comment_or_docstring(source, expected):
    assert translated(notebook(code(source)), lambda passage: "一。\n\n二。").cells[0].source == expected


def test_the_stub_of_code_is_a_course_sentence():
    assert translation.COURSE_SENTENCES[-2:] == ("YOUR ANSWER HERE", "YOUR CODE HERE")
