"""Low-rank adaptation (LoRA): a frozen model learns something new through small matrices beside its own.

A layer x·W becomes x·(W + alpha / rank · A·B), with A (inputs, rank) and B (rank, outputs). B starts at zero,
so that nothing changes before the first step. Hu et al., arXiv:2106.09685, section 4.1; Keras has it in
``Dense.enable_lora``. Importing this module loads Keras. Introduced in lesson 10.
"""

from collections.abc import Iterable

import keras
import numpy as np
from keras import ops

from course_utils import arguments
from course_utils.errors import CourseError, shown
from course_utils.language_model.decoder import LanguageModel

__all__ = ["add_lora", "lora_arrays", "set_lora_arrays"]

_PARTS = ("q", "k", "v", "o", "gate", "up", "down")


def add_lora(
    model: LanguageModel, rank: int, parts: Iterable[str] = ("q", "v"), alpha: float | None = None
) -> list[keras.Variable]:
    """Freezes the model and puts matrices A and B beside some layers of every block, which alone learn.

    A cache that was computed before training it, such as :func:`~course_utils.language_model.writing
    .prefix_cache` gives, does not hold afterwards. Introduced in lesson 10.

    Args:
        model: the model; it has LoRA at most once.
        rank: int ≥ 1.
        parts: names of layers of a block: "q", "k", "v", "o", "gate", "up", "down".
        alpha: float, the scale of A·B is alpha / rank; None for rank, which gives 1.

    Returns:
        the variables A and B of each layer, block by block.

    Raises:
        CourseError: a part is no layer, there is none, or the model has LoRA already.
    """
    rank = arguments.whole_number("rank", rank)
    parts = [arguments.choice("an item of parts", part, _PARTS) for part in arguments.strings("parts", parts)]
    if not parts:
        raise CourseError(f"parts is empty; expected one or more of {', '.join(map(repr, _PARTS))}.")
    if _matrices(model):
        raise CourseError("the model has LoRA already; expected one without. Load or make the model anew.")
    model.trainable = True  # a frozen layer freezes what is added to it, too
    # Not `model.trainable = False`, after which a model says that nothing in it learns.
    for variable in model.variables:
        variable.trainable = False
    for block in model.blocks:
        for part in parts:
            getattr(block, part).enable_lora(rank, lora_alpha=alpha)
    return list(_matrices(model).values())


def lora_arrays(model: LanguageModel) -> dict[str, np.ndarray]:
    """Gives what LoRA has learned, to be kept without the model.

    Introduced in lesson 10.

    Args:
        model: a model that :func:`add_lora` has changed.

    Returns:
        dict from a name such as "block_0.q.a" to a float32 array, (inputs, rank) for a and (rank, outputs)
        for b.

    Raises:
        CourseError: the model has no LoRA.
    """
    return {name: ops.convert_to_numpy(matrix) for name, matrix in _require_lora(model).items()}


def set_lora_arrays(model: LanguageModel, arrays: dict[str, np.ndarray]) -> None:
    """Puts what :func:`lora_arrays` gave into a model that has LoRA of the same rank at the same layers.

    Introduced in lesson 10.

    Args:
        model: a model that :func:`add_lora` has changed.
        arrays: dict as from :func:`lora_arrays`.

    Raises:
        CourseError: the model has no LoRA, or other names or shapes than the arrays; nothing is changed then.
    """
    matrices = _require_lora(model)
    wanted = {name: tuple(matrix.shape) for name, matrix in matrices.items()}
    found = {name: np.shape(array) for name, array in arrays.items()}
    if found != wanted:
        differ = sorted(name for name in found.keys() | wanted.keys() if found.get(name) != wanted.get(name))
        raise CourseError(
            f"arrays and the model's LoRA differ in {shown(differ)}: {differ[0]} has shape"
            f" {found.get(differ[0], 'none')}; expected {wanted.get(differ[0], 'none')}. Add LoRA with the"
            " rank and the parts that the arrays were made with."
        )
    for name, matrix in matrices.items():
        matrix.assign(arrays[name])


def _matrices(model: LanguageModel) -> dict[str, keras.Variable]:
    """A and B of every layer that has them, by name."""
    return {
        f"{block.name}.{part}.{which}": matrix
        for block in model.blocks
        for part in _PARTS
        if (layer := getattr(block, part)).lora_enabled
        for which, matrix in (("a", layer.lora_kernel_a), ("b", layer.lora_kernel_b))
    }


def _require_lora(model: LanguageModel) -> dict[str, keras.Variable]:
    matrices = _matrices(model)
    if not matrices:
        raise CourseError("the model has no LoRA; expected one that `add_lora(model, rank)` has changed.")
    return matrices
