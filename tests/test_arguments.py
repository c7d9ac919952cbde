"""The shared checks of arguments accept what they say, refuse the rest, and name what they refuse."""

import numpy as np
import pytest

from course_utils import CourseError, arguments


@pytest.mark.parametrize("value", [3, np.int64(3), np.uint8(3)])
def test_whole_numbers_of_any_kind_become_int(value):
    assert type(arguments.whole_number("n", value, 1, 3)) is int


@pytest.mark.parametrize("value", [True, 3.0, "3", None, 0, 4, np.array([3])])
def test_what_is_no_whole_number_in_range_is_refused(value):
    with pytest.raises(CourseError, match=r"^n is .*: expected a whole number from 1 to 3"):
        arguments.whole_number("n", value, 1, 3)


@pytest.mark.parametrize("value", [np.nan, np.inf, -0.1, 1.1, True, "0", None, 1j])
def test_what_is_no_number_in_range_is_refused(value):
    with pytest.raises(CourseError, match=r"^x is .*: expected a finite number from 0 to 1"):
        arguments.number("x", value, 0, 1)


def test_an_array_of_the_right_kind_is_returned_itself():
    value = np.zeros((2, 3), np.float32)
    assert arguments.array("a", value, (np.uint8, np.floating), (("n",), ("n", 3))) is value


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ([[1.0]], "of type list"),
        (np.zeros((2, 4)), r"shape \(2, 4\).*expected.*shape \(n,\) or \(n, 3\)"),
        (np.zeros((2, 3), int), "dtype int"),
        (np.zeros((0, 3)), "empty"),
        (np.array([np.nan]), "not finite"),
        (np.zeros(3, object), "dtype object"),
    ],
)
def test_another_array_is_refused_with_what_was_found(value, said):
    with pytest.raises(CourseError, match=rf"^a .*{said}"):
        arguments.array("a", value, np.floating, (("n",), ("n", 3)))


def test_a_long_value_is_shortened_in_the_message():
    with pytest.raises(CourseError) as caught:
        arguments.whole_number("n", "x" * 10_000)
    assert len(str(caught.value)) < 150
