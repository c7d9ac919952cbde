"""Templates are what messages are made of: text with numbered places, and pieces that fill them."""

import re

import pytest

from course_utils import CourseError
from course_utils.lessons import templates
from course_utils.lessons.templates import (
    COMMON,
    DRAWINGS,
    LIBRARY,
    MESSAGES,
    catalogue_of_checks,
    offered,
)


def found(tmp_path, source):
    path = tmp_path / "module.py"
    path.write_text(source, encoding="utf-8")
    return [passage.text for passage in templates.templates(path)]


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ('expect(a, f"The sum of {n} is {x:.2f}, " "expected 1.")', ["The sum of {0} is {1}, expected 1."]),
        ('expect(a, "The mask " + name + f" has {n}.")', ["The mask {0} has {1}."]),
        ('hint = f"{what}{place} is wrong: {x!r}"', ["{0} is wrong: {1}"]),
        ("f\"for {n} row{'s' * (n > 1)} and {plural(k, 'head')}\"", ["for {0} row{s} and {1} head{s}"]),
        ("plural(n, 'seed')", ["{0} seed{s}"]),
        ("f\"Look at {'all' if x else 'none of them'}.\"", ["Look at {0}.", "all", "none of them"]),
        ('" Or: ".join(hints)', ["{0} Or: {1}"]),
        ('ROWS = {"key": "It looks at {}."}\nx = ROWS["key"].format("all")', ["It looks at {0}.", "all"]),
        (
            "f'Look in {where(x)}'\ndef where(n): return f'line{\"s\" * (n > 1)} {n}'",
            ["Look in {0}", "line{s} {0}"],
        ),
        ('add("--port", metavar="a port", help="of the server")', ["of the server"]),
        ('yield wrong, "Take `a[:, 0]`: one axis is gone."', ["Take `a[:, 0]`: one axis is gone."]),
    ],
)
def test_a_message_is_text_and_places(source, expected, tmp_path):
    source = f"def f():\n    {source}" if source.startswith("yield") else source
    assert found(tmp_path, source) == expected


@pytest.mark.parametrize(
    "source",
    [
        '"""A docstring of several words."""',
        'def f():\n    """Gives nothing at all."""',
        'stops = {"no attribute here": hint}',
        'check = exercise("1", own=r"course_utils.a words here")',
        're.search("not what is said", text)',
        'found = "two words" in text',
        'value = data["a key"]',
        'kind = "weights"',
        'f"{a} {b}"',
        'open(f"{name}.po")',
    ],
)
def test_what_nobody_reads_is_none(source, tmp_path):
    assert found(tmp_path, source) == []


def test_single_words_are_pieces_where_a_message_shows_them(tmp_path):
    source = (
        "def kind(x):\n    return 'a list' if x else 'text'\n\n"
        "def check(where):\n    for side in ('left', 'right'):\n        count = {2: 'two'}[n]\n"
        "        expect(x, f'{kind(x)}, {side} of {where}: {count}')\n\n"
        "check('bottom')\n"
    )
    assert set(found(tmp_path, source)) == {
        "{0}, {1} of {2}: {3}",
        "a list",
        "text",
        "left",
        "right",
        "two",
        "bottom",
    }


def test_single_words_are_pieces_where_a_dataclass_shows_its_fields(tmp_path):
    source = (
        "@dataclass\nclass Finding:\n    mark: str\n    subject: str\n    plan: str\n\n"
        "    def __str__(self):\n        return f'{self.mark} {self.subject}: all is well'\n\n"
        "finding = Finding('ok', 'Memory', 'unseen')\n"
    )
    assert found(tmp_path, source) == ["{0} {1}: all is well", "ok", "Memory"]


def test_a_choice_of_articles_makes_two_templates(tmp_path):
    source = "def kind(x):\n    return f\"{'an' if vowel else 'a'} {x}\"\n\nexpect(a, f'It is {kind(a)}.')"
    assert {"an {0}", "a {0}", "It is {0}."} <= set(found(tmp_path, source))


def test_each_text_comes_once_with_the_function_in_which_it_stands_first(tmp_path):
    path = tmp_path / "module.py"
    path.write_text(
        "SUM = 'Take the sum.'\ndef f():\n    g('Take the sum.', 'Take the mean.')", encoding="utf-8"
    )
    assert [(passage.context, passage.text) for passage in templates.templates(path)] == [
        ("SUM", "Take the sum."),
        ("f", "Take the mean."),
    ]


def test_braces_that_look_like_a_place_are_refused(tmp_path):
    with pytest.raises(CourseError, match=r"module\.py: line 1: a message has a number or s in braces"):
        found(tmp_path, "x = 'Write {0} into it.'")


def test_catalogues_do_not_repeat_what_all_checks_say():
    common = {passage.text for passage in offered(COMMON)}
    assert "{0} has shape {1}, expected {2}.{3}" in common
    assert not common & {passage.text for passage in offered(catalogue_of_checks("03"))}


def test_messages_have_what_the_command_line_and_grading_say():
    texts = {passage.text for passage in offered(MESSAGES)}
    assert {"All is well.", "A further test, which is not shown, does not hold."} <= texts
    assert not any(re.search("exercise is to write", text) for text in texts)


def test_the_library_has_what_is_raised_or_told_and_messages_have_not():
    texts = {passage.text for passage in offered(LIBRARY)}
    assert "grid() was given no pictures; expected a list of at least one array." in texts
    assert (
        "Not installed here: {0}. `python3 -m course_utils install --with {1}` adds what this cell needs."
        in texts
    )
    assert "{0} The course's own encoder is used." in texts  # in a cell of lesson 02
    assert not {"time (s)", "log energy", "padding: same"} & texts  # what figures show
    assert not texts & {passage.text for passage in offered(MESSAGES)}


def test_drawings_have_their_descriptions_and_no_words_that_they_show():
    texts = {passage.text for passage in offered(DRAWINGS)}
    described = [text for text in texts if text.startswith("An image of {0} by {1} numbers")]
    assert len(described) == 1 and "at row {9} and column {10}." in described[0]
    assert {"{0} kept", "picture {0}: {1}, margin {2}"} <= texts  # put into a description one by one
    assert {"Photographs: {0}.", "{0} Asked for: {1}. {2}"} <= texts
    assert not {"padding: same", "map {0} × {1}", "Nothing is asked yet."} & texts
