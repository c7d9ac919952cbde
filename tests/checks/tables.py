"""The tests that every lesson's table of right and wrong answers goes through."""

import numpy as np
import pytest

from course_utils.checks import CheckFailed


def table_of_tests(exercises):
    """Make the three tests of a lesson's exercises.

    Args:
        exercises: dict from an exercise's number to (its check, dict of right answers, dict of wrong answers
            with a regular expression that the hint must match).

    Returns:
        Three test functions: right answers pass, wrong ones get their hint, an empty one is told what to do.
    """

    @pytest.mark.parametrize(
        ("number", "name"), [(number, name) for number, (_, right, _) in exercises.items() for name in right]
    )
    def test_right_answers_pass(number, name, capsys):
        check, right, _ = exercises[number]
        check(right[name])
        assert f"Exercise {number} passed" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("number", "name"), [(number, name) for number, (*_, wrong) in exercises.items() for name in wrong]
    )
    def test_wrong_answers_get_their_hint(number, name):
        check, _, wrong = exercises[number]
        answer, hint = wrong[name]
        # A wrong answer may divide by zero on its way.
        with pytest.raises(CheckFailed, match=hint), np.errstate(all="ignore"):
            check(answer)

    @pytest.mark.parametrize("number", exercises)
    def test_an_empty_answer_is_told_what_to_do(number):
        def untouched(*arguments):
            raise NotImplementedError

        with pytest.raises(CheckFailed, match=f"Exercise {number} is still empty"):
            exercises[number][0](untouched)

    return test_right_answers_pass, test_wrong_answers_get_their_hint, test_an_empty_answer_is_told_what_to_do
