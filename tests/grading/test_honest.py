"""In every lesson the source's own answers earn all points, a blank notebook none, others their due."""

import contextlib
import multiprocessing
import re

import nbformat
import pytest

from course_utils import editions
from course_utils.grading import plan, referee, sandbox
from course_utils.grading.limits import Limits

LESSONS = {
    path.name[:2]: path
    for path in sorted(editions.NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if b'"nbgrader"' in path.read_bytes()
}
LIMITS = Limits()


def isolated():
    with contextlib.suppress(sandbox.CourseError):
        sandbox.require_isolation()
        return True
    return False


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not isolated(), reason="bubblewrap (bwrap) is missing or may not be used here"),
]

# Answers of another kind than the source's: models with layers of the student's own, wrong models, functions
# that call what they are given in their own way.
OWN_LAYER = """
@keras.saving.register_keras_serializable()
class Twice(layers.Layer):
    def call(self, x):
        return 2 * x

def my_wide_view():
    return keras.Sequential([keras.Input((64, 64, 3)), layers.Conv2D(32, 4, strides=4), Twice()])
"""
LYING_MODEL = """
class Small(keras.Model):
    def count_params(self):
        return 10

def my_wide_view():
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(32, 25, strides=2, padding="same")(inputs)
    return Small(inputs, layers.Conv2D(32, 15, strides=2, padding="same")(x))
"""
LAMBDA = """
def my_wide_view():
    inputs = keras.Input((64, 64, 3))
    x = layers.Conv2D(32, 3, padding="same")(inputs)
    return keras.Model(inputs, layers.Lambda(lambda x: x[:, ::4, ::4])(x))
"""
BY_PREDICT = """
def my_extract_features(pictures, model, preprocess, batch_size):
    prepared = preprocess(np.array(pictures, "float32"))
    maps = model.predict(prepared, batch_size=batch_size, verbose=0)
    return maps if maps.ndim == 2 else maps.mean(axis=(1, 2))
"""
CHANGES_ITS_ARGUMENT = """
def my_grad_cam(maps, gradients):
    maps *= gradients.mean(axis=(1, 2), keepdims=True)
    positive = np.maximum(maps.sum(axis=-1), 0)
    largest = positive.max(axis=(1, 2), keepdims=True)
    return positive / np.where(largest > 0, largest, 1)
"""
NOT_FEW = """
def my_wide_view():
    return keras.Sequential([keras.Input((64, 64, 3)), layers.Conv2D(32, 45, strides=4, padding="same")])
"""
OTHERS_02 = [
    ("ex-02-4-answer", OWN_LAYER, "2.4", "not graded automatically"),
    ("ex-02-4-answer", LYING_MODEL, "2.4", "not graded automatically|expected at most 20,000"),
    ("ex-02-4-answer", LAMBDA, "2.4", "not graded automatically"),
    ("ex-02-4-answer", NOT_FEW, "2.4", "expected at most 20,000"),
    ("ex-02-5-answer", CHANGES_ITS_ARGUMENT, "2.5", "changed the arrays"),
    ("ex-02-6-answer", BY_PREDICT, "2.6", ""),
]


@pytest.mark.parametrize("number", LESSONS)
def test_the_sources_answers_earn_everything_and_a_blank_nothing(number):
    # In a process of its own, as `grade` does it: a lesson starts from a fresh interpreter.
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=referee.serve, args=(there, LESSONS[number], LIMITS, False), daemon=True)
    process.start()
    try:
        assert here.poll(400) and here.recv()[0] == "ready"
        lesson = plan.read_plan(LESSONS[number])
        for edition, share in (("source", 1), ("release", 0)):
            here.send_bytes(nbformat.writes(getattr(lesson, edition)).encode())
            kind, found = here.recv()
            assert kind == "graded"
            earned = {verdict["number"]: verdict["earned"] for verdict in found["verdicts"]}
            assert earned == {one.number: share * one.points for one in lesson.exercises}, found["verdicts"]
        if number == "02":
            _expect_others(here, lesson)
    finally:
        process.kill()
        process.join()


def _expect_others(connection, lesson):
    for grade_id, text, number, hint in OTHERS_02:
        notebook = nbformat.from_dict(lesson.source)
        cells = {cell.metadata.get("nbgrader", {}).get("grade_id"): cell for cell in notebook.cells}
        before = cells[grade_id].source
        cells[grade_id].source = text
        connection.send_bytes(nbformat.writes(notebook).encode())
        cells[grade_id].source = before
        _, found = connection.recv()
        verdict = next(one for one in found["verdicts"] if one["number"] == number)
        assert (verdict["earned"] > 0) == (hint == ""), (text, verdict)
        assert re.search(hint, verdict["hint"]), (text, verdict)
