"""What tests of layers need of the backend that Keras stands on, whichever it is."""

import keras
import pytest

BACKEND = keras.backend.backend()

of_tensorflow = pytest.mark.skipif(
    BACKEND != "tensorflow", reason=f"about what TensorFlow alone does; Keras stands on {BACKEND}"
)


def gradients(loss, variables):
    """Gradients of a loss, a function without arguments, in variables of Keras, as NumPy arrays."""
    values = [variable.value for variable in variables]
    if BACKEND == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            found = loss()
        slopes = map(tf.convert_to_tensor, tape.gradient(found, values))
    elif BACKEND == "torch":
        import torch

        slopes = torch.autograd.grad(loss(), values)
    else:
        import jax

        def loss_of(moved):
            with keras.StatelessScope(state_mapping=list(zip(variables, moved, strict=True))):
                return loss()

        slopes = jax.grad(loss_of)(values)
    return [keras.ops.convert_to_numpy(slope) for slope in slopes]


def value_and_gradient(loss, inputs):
    """What a function makes of an array, and its gradient there, as NumPy arrays; the values are summed."""
    variable = keras.Variable(inputs, dtype=inputs.dtype)
    value = keras.ops.convert_to_numpy(loss(variable.value))
    return value, gradients(lambda: keras.ops.sum(loss(variable.value)), [variable])[0]
