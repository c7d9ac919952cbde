"""Names are kept as they are, and shown so that they can do no harm."""

import pytest

from course_utils.grading import names


@pytest.mark.parametrize(
    "name", ["रमी", "e\u0301", "O'Neil", "x[1]", " a", "=1+1", "عل\u200cی", "👩\u200d🔬", "J\\xf6rg"]
)
def test_a_name_is_kept_and_shown_as_it_is(name):
    assert names.student_of(name) == name
    assert names.shown(name) == name


@pytest.mark.parametrize(
    "name, shown",
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("a\rb\nc\td", "a\\rb\\nc\\td"),
        ("\x9b2J", "\\x9b2J"),
        ("abc\u202efdp.ipynb", "abc\\u202efdp.ipynb"),
        ("J\udcf6rg", "J\\xf6rg"),
        ("\ud800", "\\ud800"),
        ("a\u2028b", "a\\u2028b"),
    ],
)
def test_what_would_move_the_cursor_is_shown_as_an_escape(name, shown):
    assert names.shown(name) == shown


def test_bytes_that_are_not_utf_8_can_be_written_everywhere():
    assert names.student_of("J\udcf6rg").encode("utf-8") == rb"J\xf6rg"
