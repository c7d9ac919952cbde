"""Lesson 00's check accepts right answers of any style and rejects wrong ones with their own hint."""

import numpy as np
import pytest

from course_utils.checks import CheckFailed
from course_utils.checks import lesson_00 as check


def by_loop(picture):
    visible = 0
    for row in picture:
        for pixel in row:
            visible += int(pixel[3]) > 0
    return visible / (picture.shape[0] * picture.shape[1])


RIGHT = {
    "loop": by_loop,
    "count_nonzero": lambda p: np.count_nonzero(p[:, :, -1]) / p[:, :, 0].size,
    "mean": lambda p: (p[..., 3] > 0).mean(),
}
WRONG = {
    "percent": (lambda p: 100 * (p[..., 3] > 0).mean(), "percentage"),
    "transparent": (lambda p: (p[..., 3] == 0).mean(), "not\\* visible"),
    "count": (lambda p: (p[..., 3] > 0).sum(), "divide by the number of pixels"),
    "average alpha": (lambda p: p[..., 3].mean() / 255, "averaged alpha"),
    "opaque only": (lambda p: (p[..., 3] == 255).mean(), "opaque pixels only"),
    "all channels": (lambda p: (p > 0).mean(), "all four channels"),
    "colours": (lambda p: (p[..., :3] > 0).any(axis=-1).mean(), "black pixel can be visible"),
    "fixed size": (lambda p: (p[..., 3] > 0).sum() / 4096, "this one's size"),
    "no return": (lambda p: None, "without `return`"),
    "constant": (lambda p: 0.5, "expected"),
    "picture": (lambda p: p[..., 3] > 0, "expected one number"),
}


@pytest.mark.parametrize("name", RIGHT)
def test_right_answers_pass(name, capsys):
    check.coverage(RIGHT[name])
    assert "Exercise 0.1 passed" in capsys.readouterr().out


@pytest.mark.parametrize("name", WRONG)
def test_wrong_answers_get_their_hint(name):
    answer, hint = WRONG[name]
    with pytest.raises(CheckFailed, match=hint):
        check.coverage(answer)
