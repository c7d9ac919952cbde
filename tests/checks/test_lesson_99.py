"""The template's checks accept right answers of any style and reject wrong ones with their own hint."""

import numpy as np

from course_utils.checks import lesson_99 as check
from tests.checks.tables import table_of_tests

WEIGHTS = np.array([0.299, 0.587, 0.114])


def grey_by_loop(pictures):
    result = np.zeros(pictures.shape[:-1])
    for place in np.ndindex(result.shape):
        result[place] = sum(weight * level for weight, level in zip(WEIGHTS, pictures[place], strict=True))
    return result


def grey_in_place(pictures):
    pictures[:] = 0
    return pictures @ WEIGHTS


def green_by_halving(colour):
    wanted, low, high = np.dot(colour, WEIGHTS), 0.0, 255.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if 0.587 * middle < wanted else (low, middle)
    return low


def green_of(change):
    """An answer from what becomes of the grey value."""
    return lambda colour: change(np.dot(colour, WEIGHTS))


test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(
    {
        "99.1": (
            check.grey,
            {
                "matmul": lambda p: p @ WEIGHTS,
                "loop": grey_by_loop,
                "channel by channel": lambda p: 0.299 * p[..., 0] + 0.587 * p[..., 1] + 0.114 * p[..., 2],
                "einsum in single precision": lambda p: np.einsum(
                    "...c,c->...", p.astype(np.float32), WEIGHTS.astype(np.float32)
                ),
            },
            {
                "plain mean": (lambda p: p.mean(axis=-1), "plain mean"),
                "sum": (lambda p: p.sum(axis=-1) * 1.0, "without their weights"),
                "blue first": (lambda p: p @ WEIGHTS[::-1], "swapped"),
                "scaled": (lambda p: p @ WEIGHTS / 255, "divided by 255"),
                "green alone": (lambda p: p[..., 1] * 1.0, "green channel alone"),
                "brightest": (lambda p: p.max(axis=-1) * 1.0, "brightest channel"),
                "cut off": (lambda p: np.floor(p @ WEIGHTS), "lost their fractions"),
                "rounded": (lambda p: np.round(p @ WEIGHTS), "rounded"),
                "bytes": (lambda p: (p @ WEIGHTS).astype(np.uint8), "expected floating"),
                "overflow": (lambda p: (p[..., 0] + p[..., 1] + p[..., 2]) / 3, "went past 255"),
                "axis kept": (lambda p: p @ WEIGHTS[:, None], "has shape"),
                "wrong axis": (lambda p: p.mean(axis=0), "has shape"),
                "channels kept": (lambda p: p * WEIGHTS, "channels are still there"),
                "identity": (lambda p: p, "channels are still there"),
                "in place": (grey_in_place, "changed the arrays"),
                "constant": (lambda p: np.full(p.shape[:-1], 0.5), "expected"),
                "no return": (lambda p: None, "without `return`"),
            },
        ),
        "99.2": (
            check.hidden_green,
            {
                "in one line": green_of(lambda grey: min(grey / 0.587, 255)),
                "by halving": green_by_halving,
                "clip": green_of(lambda grey: np.clip(grey / 0.587, 0, 255)),
            },
            {
                "no limit": (green_of(lambda grey: grey / 0.587), "the brightest is 255"),
                "grey value": (green_of(lambda grey: grey), "divide by 0.587"),
                "multiplied": (green_of(lambda grey: grey * 0.587), "must make up for it"),
                "own green forgotten": (
                    lambda c: min((0.299 * c[0] + 0.114 * c[2]) / 0.587, 255),
                    "own green is missing",
                ),
                "weighted alike": (lambda c: min(sum(c), 255), "weighted the channels alike"),
                "share": (green_of(lambda grey: min(grey / 0.587, 255) / 255), "returned a share"),
                "limit at 1": (green_of(lambda grey: min(grey / 0.587, 1)), "cut off at 1"),
                "identity": (lambda c: c, "expected one number"),
                "constant": (lambda c: 130.0, "expected"),
                "no return": (lambda c: None, "without `return`"),
            },
        ),
    }
)
