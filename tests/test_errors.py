"""Messages have an end, whatever a file or an argument holds."""

import pickle

import pytest

from course_utils import CourseError
from course_utils.errors import LONGEST_MESSAGE, shown


def test_a_message_is_kept_as_it_is():
    assert str(CourseError("a.png: is empty. Copy it again.")) == "a.png: is empty. Copy it again."
    assert str(pickle.loads(pickle.dumps(CourseError("again")))) == "again"


def test_a_message_of_megabytes_keeps_its_start_and_its_end():
    message = str(CourseError("a.json: it has " + "x" * 5_000_000 + ". Download it again."))
    assert len(message) <= LONGEST_MESSAGE
    assert message.startswith("a.json: it has x")
    assert message.endswith("x. Download it again.")


SHORT = [3, -0.5, None, True, "abc", [1, 2], (1,), {"a": 1}, {"b": 1, "a": [2]}, b"x"]


@pytest.mark.parametrize("value", SHORT, ids=repr)
def test_what_is_short_is_shown_as_python_does(value):
    assert shown(value) == repr(value)


def nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


LONG = ["x" * 10**6, "x\n" * 10**5, b"x" * 10**6, 10**4000, list(range(10**6)), nested(900), set(range(999))]
LONG += [
    ["x" * 10**6] * 50,
    {str(n): n for n in range(10**5)},
    {"k" * 10**6: "v"},
    {1: 2, "a": 3, None: "x" * 99},
]


@pytest.mark.parametrize("value", LONG, ids=lambda value: type(value).__name__)
def test_what_is_long_is_shown_in_a_line(value):
    text = shown(value)
    assert len(text) <= 60
    assert "\n" not in text
    assert "..." in text
