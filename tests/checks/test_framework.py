"""The framework that all exercise checks stand on."""

import types

import numpy as np
import pytest

from course_utils import checks
from course_utils.checks import CheckFailed, exercise, expect, expect_array, expect_close


@exercise("9.9", "two and two is four")
def addition(my_add):
    expect(my_add(2, 2) == 4, f"2 + 2 gave {my_add(2, 2)}.")


def untouched(a, b):
    raise NotImplementedError()


def broken(a, b):
    return a + undefined_name  # noqa: F821


def test_pass_prints_what_was_verified(capsys):
    addition(lambda a, b: a + b)
    assert capsys.readouterr().out == "Exercise 9.9 passed: two and two is four.\n"


def test_untouched_answer_says_what_to_do():
    with pytest.raises(CheckFailed, match=r"9\.9 is still empty.*Shift\+Enter"):
        addition(untouched)


def test_error_in_the_answer_is_quoted_with_its_line():
    with pytest.raises(CheckFailed, match=r"NameError: name 'undefined_name'.*`return a \+ undefined_name"):
        addition(broken)


def half_written(a, b):
    if a > 1:
        raise NotImplementedError()
    return a + b


def says_why(a, b):
    raise NotImplementedError("large numbers are still empty")


def asks_a_library(a, b):
    return keras_like.call(a)


keras_like = types.SimpleNamespace()
exec(
    compile("def call(x):\n    raise NotImplementedError()\n", "/site-packages/keras.py", "exec"),
    vars(keras_like),
)


def hides_it(a, b):
    try:
        return untouched(a, b)
    except NotImplementedError:
        return 5


@pytest.mark.parametrize("answer", [half_written, says_why, asks_a_library])
def test_an_error_of_the_answers_own_is_not_taken_for_an_empty_answer(answer):
    with pytest.raises(CheckFailed, match=r"Your code stopped with NotImplementedError.* in line") as caught:
        addition(answer)
    assert not isinstance(caught.value, checks.StillEmpty)


def test_an_empty_answer_is_a_state_of_its_own():
    for answer in (untouched, lambda a, b: untouched(a, b)):
        with pytest.raises(checks.StillEmpty):
            addition(answer)
    with pytest.raises(CheckFailed, match="2 gave 5"):
        addition(hides_it)


@exercise("9.8", "lengths are right")
def lengths(my_lengths):
    expect(len(my_lengths("abc")) == 1, "one")


@pytest.mark.parametrize("answer", [lambda text: 3, lambda text: None])
def test_an_error_in_the_check_is_not_blamed_on_a_line_of_the_answer(answer):
    with pytest.raises(CheckFailed, match=r"What your function returned cannot be checked: TypeError"):
        lengths(answer)


def test_an_error_of_a_library_is_the_answers_if_the_answer_called_it():
    with pytest.raises(CheckFailed, match=r"stopped with ValueError.*`return np.zeros"):
        addition(lambda a, b: shapes(a))


def shapes(a):
    return np.zeros(2) + np.zeros(3)


def test_failure_is_an_assertion_error_without_traceback():
    with pytest.raises(AssertionError) as caught:
        addition(lambda a, b: 5)
    assert caught.value._render_traceback_() == ["Not yet. 2 + 2 gave 5."]


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "without `return`"),
        ([[1, 2]], "is a list, expected a NumPy array"),
        (np.zeros((3, 2)), r"shape \(3, 2\), expected \(2, 3\)"),
        (np.zeros((2, 3), int), "dtype int64, expected floating"),
    ],
)
def test_expect_array_names_what_is_wrong(value, message):
    with pytest.raises(CheckFailed, match=message):
        expect_array(value, (2, 3), np.floating, "it")


def test_expect_close_prefers_the_hint_of_a_known_mistake():
    expected = np.array([1.0, 2.0])
    expect_close(expected + 1e-6, expected, "it")
    with pytest.raises(CheckFailed, match="you forgot the sign"):
        expect_close(-expected, expected, "it", mistakes=[(-expected, "you forgot the sign")])
    with pytest.raises(CheckFailed, match=r"it at index \(1,\) is 5, expected 2\."):
        expect_close(np.array([1.0, 5.0]), expected, "it", mistakes=[(-expected, "you forgot the sign")])
    with pytest.raises(CheckFailed, match="is nan"):
        expect_close(np.array([1.0, np.nan]), expected, "it")


EMPTY = "Not yet. This cell uses your answer to the exercise above, and that is still empty."


@pytest.mark.parametrize(
    ("cell", "shown"),
    [
        ("def my_answer():\n    raise NotImplementedError()\n\nmy_answer()", [EMPTY]),
        ("raise NotImplementedError()", [EMPTY]),
        ("def my_answer():\n    raise NotImplementedError('later')\n\nmy_answer()", None),
        ("def my_answer(x):\n    if x:\n        raise NotImplementedError\n\nmy_answer(1)", None),
        ("import numbers\nnumbers.Complex.__abs__(3)", None),
    ],
)
def test_cell_that_uses_an_empty_answer_says_so_in_one_line(cell, shown, capsys):
    from IPython.core.interactiveshell import InteractiveShell

    shell = InteractiveShell.instance()
    try:
        checks._tell_empty_answers(shell)
        shell.run_cell(cell)
    finally:
        InteractiveShell.clear_instance()
    out = capsys.readouterr().out
    assert out.splitlines() == shown if shown else "NotImplementedError" in out and EMPTY not in out
