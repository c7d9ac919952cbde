"""Lesson 00's check accepts right answers of any style and rejects wrong ones with their own hint."""

import numpy as np

from course_utils.checks import lesson_00 as check
from tests.checks.tables import table_of_tests


def by_loop(picture):
    visible = 0
    for row in picture:
        for pixel in row:
            visible += int(pixel[3]) > 0
    return visible / (picture.shape[0] * picture.shape[1])


def by_bytes(picture):
    return (picture[..., 3] > 0).sum(dtype=np.uint8) / picture[..., 3].size


def by_unique(picture):
    """Counts the values of `alpha > 0`, and takes the last one for True."""
    return np.unique(picture[..., 3] > 0, return_counts=True)[1][-1] / picture[..., 3].size


def in_place(picture):
    picture[picture > 0] = 1
    return picture[..., 3].mean()


RIGHT = {
    "an array without axes": lambda p: np.array((p[..., 3] > 0).mean()),
    "loop": by_loop,
    "count_nonzero": lambda p: np.count_nonzero(p[:, :, -1]) / p[:, :, 0].size,
    "mean": lambda p: (p[..., 3] > 0).mean(),
}
WRONG = {
    "counted in bytes": (by_bytes, "went past 255"),
    "counts of values": (by_unique, "picture of 5 × 3 pixels is 1, expected 0"),
    "in place": (in_place, "changed the arrays"),
    "at least half": (lambda p: (p[..., 3] > 127).mean(), "at least half visible"),
    "above 1": (lambda p: (p[..., 3] > 1).mean(), "Alpha 1 is visible too"),
    "all numbers": (lambda p: (p[..., 3] > 0).sum() / p.size, "divided by the numbers in the picture"),
    "a square": (lambda p: (p[..., 3] > 0).sum() / p.shape[1] ** 2, "width × width"),
    "percent": (lambda p: 100 * (p[..., 3] > 0).mean(), "percentage"),
    "transparent": (lambda p: (p[..., 3] == 0).mean(), "not\\* visible"),
    "count": (lambda p: (p[..., 3] > 0).sum(), "divide by the number of pixels"),
    "average alpha": (lambda p: p[..., 3].mean() / 255, "averaged alpha"),
    "opaque only": (lambda p: (p[..., 3] == 255).mean(), "opaque pixels only"),
    "all channels": (lambda p: (p > 0).mean(), "all four channels"),
    "colours": (lambda p: (p[..., :3] > 0).any(axis=-1).mean(), "black pixel can be visible"),
    "fixed size": (lambda p: (p[..., 3] > 0).sum() / 4096, "this one's size"),
    "no return": (lambda p: None, "without `return`"),
    "a row": (lambda p: (p[3] > 0).mean(), "`picture\\[3\\]` is a row"),
    "a column": (lambda p: (p[:, 3] > 0).mean(), "is a column"),
    "rounded": (lambda p: round((p[..., 3] > 0).mean(), 2), "You rounded it"),
    "constant": (lambda p: 0.5, "does your function use its argument"),
    "picture": (lambda p: p[..., 3] > 0, "expected one number"),
}


test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(
    {"0.1": (check.coverage, RIGHT, WRONG)}
)
