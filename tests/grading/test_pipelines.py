"""A dataset of `tf.data` stays inside; out here a check goes through its items, epoch by epoch."""

import itertools

import numpy as np
import pytest

from course_utils import runtime
from course_utils.grading import pipelines

runtime.start()

import tensorflow as tf  # noqa: E402 - quietly loaded by the line above


def stand_in(dataset):
    return pipelines.stand_in(
        pipelines.describe(dataset), lambda most: list(itertools.islice(iter(dataset), most))
    )


@pytest.mark.parametrize(
    "items",
    [
        np.arange(6.0),
        (np.arange(6), (np.zeros((6, 2, 3), "uint8"),)),
        {"x": np.arange(6), "y": ["words"] * 6},
    ],
)
def test_it_looks_the_same_from_outside(items):
    dataset = tf.data.Dataset.from_tensor_slices(items).batch(4)
    there = stand_in(dataset)
    assert isinstance(there, tf.data.Dataset)
    assert tf.nest.flatten(there.element_spec) == tf.nest.flatten(dataset.element_spec)
    assert tf.nest.map_structure(str, there.element_spec) == tf.nest.map_structure(str, dataset.element_spec)
    for _ in range(2):
        for one, other in zip(there, dataset, strict=True):
            tf.nest.map_structure(np.testing.assert_array_equal, one, other)


def test_what_takes_a_part_goes_on_to_take_no_more():
    there = stand_in(tf.data.Dataset.range(9).repeat())
    assert [int(one) for one in there.take(4)] == [0, 1, 2, 3]
    assert [int(one) for one in there.take(2).take(5)] == [0, 1]
    assert list(there.take(0).take(5)) == []


@pytest.mark.parametrize(
    "value", [3, [1], np.zeros(2), tf.zeros(2), tf.data.Dataset.from_tensors(tf.ragged.constant([[1], []]))]
)
def test_what_is_no_dataset_of_tensors_is_not_described(value):
    assert pipelines.describe(value) is None


def test_a_shape_that_nobody_knows():
    unknown = tf.data.Dataset.from_generator(list, output_signature=tf.TensorSpec(None, tf.float32))
    assert stand_in(unknown).element_spec.shape.rank is None


@pytest.mark.parametrize(
    "described",
    [
        3,
        None,
        "x",
        {"TensorSpec": 3},
        {"TensorSpec": [[2], "no type"]},
        {"TensorSpec": [["x"], "int32"]},
        [4],
    ],
)
def test_what_describes_nothing_is_refused(described):
    with pytest.raises((TypeError, ValueError)):
        pipelines.stand_in(described, list)
