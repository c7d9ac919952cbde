"""In every lesson the source's own answers earn all points, a blank notebook none, others their due."""

import copy
import inspect
import multiprocessing
import re

import nbformat
import pytest

from course_utils.grading import plan, referee
from course_utils.grading.limits import Limits
from course_utils.lessons import languages
from course_utils.places import NOTEBOOKS
from tests.checks import test_lesson_12 as answers_12

LESSONS = {
    path.name[:2]: path
    for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
    if b'"nbgrader"' in path.read_bytes()
}
LIMITS = Limits()


pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("isolation")]

# Answers of another kind than the source's: a model with a layer of the student's own, a model too large, an
# answer that changes its argument, one that calls what it is given in its own way.
OWN_LAYER = """
class Twice(layers.Layer):
    def call(self, x):
        return 2 * x

def my_wide_view():
    return keras.Sequential([keras.Input((64, 64, 3)), layers.Conv2D(32, 4, strides=4), Twice()])
"""
NOT_FEW = """
def my_wide_view():
    return keras.Sequential([keras.Input((64, 64, 3)), layers.Conv2D(32, 45, strides=4, padding="same")])
"""
CHANGES_ITS_ARGUMENT = """
def my_grad_cam(maps, gradients):
    maps *= gradients.mean(axis=(1, 2), keepdims=True)
    positive = np.maximum(maps.sum(axis=-1), 0)
    largest = positive.max(axis=(1, 2), keepdims=True)
    return positive / np.where(largest > 0, largest, 1)
"""
BY_PREDICT = """
def my_extract_features(pictures, model, preprocess, batch_size):
    prepared = preprocess(np.array(pictures, "float32"))
    maps = model.predict(prepared, batch_size=batch_size, verbose=0)
    return maps if maps.ndim == 2 else maps.mean(axis=(1, 2))
"""
# A dataset stays in the sandbox, and its items come out epoch by epoch, with the seed that the answer gives.
BY_GENERATOR = inspect.getsource(answers_12.pipeline_by_generator).replace(
    "pipeline_by_generator", "my_pipeline"
)
IN_ORDER = """
def my_pipeline(pictures, labels, batch, seed):
    rows = tf.data.Dataset.from_tensor_slices((pictures, labels)).batch(batch)
    return rows.map(lambda some, theirs: (tf.cast(some, tf.float32) / 255, theirs))
"""
ENDLESS = IN_ORDER.replace("labels)).batch", "labels)).repeat().batch")
STOPS = """
def my_pipeline(pictures, labels, batch, seed):
    rows = tf.data.Dataset.from_tensor_slices((pictures, labels)).shuffle(len(labels), seed=seed).batch(batch)
    return rows.map(lambda some, theirs: (tf.cast(some, tf.float32) / 255, 1 // (theirs * 0)))
"""
OTHERS = {
    "02": [
        {
            "2.4": (OWN_LAYER, "not graded automatically"),
            "2.5": (CHANGES_ITS_ARGUMENT, "changed the arrays"),
            "2.6": (BY_PREDICT, ""),
        },
        {"2.4": (NOT_FEW, "expected at most 20,000")},
    ],
    "12": [
        {"12.5": (BY_GENERATOR, "")},
        {"12.5": (IN_ORDER, "nothing is shuffled")},
        {"12.5": (ENDLESS, "has more than 5 batches")},
        {"12.5": (STOPS, "stopped with InvalidArgumentError")},
    ],
}


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
        handed_in = [(lesson.source, 1), (lesson.release, 0)]
        if number == "00":
            chinese = languages.translator("zh")
            handed_in += [(chinese(notebook, LESSONS[number].stem), share) for notebook, share in handed_in]
        for notebook, share in handed_in:
            here.send_bytes(nbformat.writes(notebook).encode())
            kind, found = here.recv()
            assert kind == "graded"
            earned = {verdict["number"]: verdict["earned"] for verdict in found["verdicts"]}
            assert earned == {one.number: share * one.points for one in lesson.exercises}, found["verdicts"]
        _expect_others(here, lesson, OTHERS.get(number, ()))
    finally:
        process.kill()
        process.join()


def _expect_others(connection, lesson, answers_of_others):
    answers = {exercise.number: exercise.answers[0] for exercise in lesson.exercises}
    for others in answers_of_others:
        notebook = copy.deepcopy(lesson.release)
        for cell in notebook.cells:
            for number, (text, _) in others.items():
                if cell.metadata.get("nbgrader", {}).get("grade_id") == answers[number]:
                    cell.source = text
        connection.send_bytes(nbformat.writes(notebook).encode())
        _, found = connection.recv()
        verdicts = {verdict["number"]: verdict for verdict in found["verdicts"]}
        for number, (text, hint) in others.items():
            assert (verdicts[number]["earned"] > 0) == (hint == ""), (text, verdicts[number])
            assert re.search(hint, verdicts[number]["hint"]), (text, verdicts[number])
            assert (verdicts[number]["state"] == "by hand") == (text == OWN_LAYER)
