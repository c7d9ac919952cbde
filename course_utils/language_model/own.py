"""The course's own language model, what lets it see, and what was learned beside its weights to read it.

Trained by ``python3 -m course_utils experiment pretrain_language``; the card is in
``data/checkpoints/README.md``. One file holds three things that are loaded one by one: the model with its
tokenizer, the projector, and the matrices of LoRA. Importing this module loads Keras. Introduced in lesson
10.
"""

import keras
import numpy as np
from keras import layers

from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError
from course_utils.language_model import low_rank
from course_utils.language_model.decoder import Configuration, LanguageModel
from course_utils.language_model.tokens import ByteLevelBPE
from course_utils.places import DATA
from course_utils.training import half_precision, load_arrays, save_arrays

__all__ = [
    "CHECKPOINT",
    "build_projector",
    "load_language_model",
    "load_lora",
    "load_projector",
    "save",
]

CHECKPOINT = "checkpoints/language_model.npz"

REGIONS, FEATURES = 36, 192
"""Tokens of a picture of 96 × 96 pixels, and the image encoder's numbers for each."""

_MODEL, _PROJECTOR, _LORA = "model/", "projector/", "lora/"


def build_projector(width: int, hidden: int) -> keras.Model:
    """Builds a projector with random weights: two layers for all regions alike, and a bias for each place.

    Liu et al., arXiv:2310.03744 (LLaVA-1.5), for the two layers. Introduced in lesson 10.

    Args:
        width: int ≥ 1, of the language model.
        hidden: int ≥ 1, numbers between the two layers.

    Returns:
        keras.Model from features of regions, float32 (batch, 36, 192), to soft tokens, (batch, 36, width).
    """
    regions = keras.Input((REGIONS, FEATURES), name="regions")
    x = layers.Dense(hidden, name="hidden")(regions)
    x = layers.Activation("gelu", name="gelu")(x)
    # As long as the vectors of words are, or what stands beside them would not be heard.
    small = keras.initializers.RandomNormal(stddev=0.02)
    soft = layers.EinsumDense(
        "brh,hw->brw",
        output_shape=(REGIONS, width),
        bias_axes="rw",
        kernel_initializer=small,
        bias_initializer=small,
        name="soft",
    )
    return keras.Model(regions, soft(x), name="projector")


def save(
    model: LanguageModel, tokenizer: ByteLevelBPE, projector: keras.Model, lora: dict[str, np.ndarray]
) -> None:
    """Writes the checkpoint in half precision.

    Args:
        model: the language model, without LoRA.
        tokenizer: its tokens.
        projector: as from :func:`build_projector`.
        lora: as from :func:`course_utils.language_model.low_rank.lora_arrays`.

    Raises:
        CourseError: a weight is too large for half precision, or the file cannot be written.
    """
    arrays = {
        **{f"{_MODEL}{i:03}": weight for i, weight in enumerate(model.get_weights())},
        **{f"{_PROJECTOR}{i}": weight for i, weight in enumerate(projector.get_weights())},
        **{f"{_LORA}{name}": matrix for name, matrix in lora.items()},
    }
    sizes = {name: getattr(model.configuration, name) for name in Configuration.__dataclass_fields__}
    known = {"configuration": sizes, "tokenizer": tokenizer.to_dict()}
    save_arrays(DATA / CHECKPOINT, half_precision(arrays), known)


def load_language_model() -> tuple[LanguageModel, ByteLevelBPE]:
    """Gives the course's own language model, frozen, as it came from words alone. Introduced in lesson 10.

    Returns:
        :class:`~course_utils.language_model.decoder.LanguageModel` in float32, a new one with every call, and
        its tokenizer.

    Raises:
        CourseError: when the checkpoint is missing or damaged.
    """
    arrays, known = load_arrays(data_path(CHECKPOINT))
    model = LanguageModel(Configuration(**known["configuration"]))
    model.set_weights([*_part(arrays, _MODEL).values()])
    model.trainable = False
    return model, ByteLevelBPE.from_dict(known["tokenizer"])


def load_projector() -> keras.Model:
    """Gives the projector that was trained together with the LoRA of :func:`load_lora`, frozen.

    Introduced in lesson 10.

    Returns:
        keras.Model from features of regions, float32 (batch, 36, 192), to soft tokens, float32 (batch, 36,
        width), which stand where the description of a picture in words would.

    Raises:
        CourseError: when the checkpoint is missing or damaged.
    """
    weights = [*_part(load_arrays(data_path(CHECKPOINT))[0], _PROJECTOR).values()]
    projector = build_projector(width=weights[-1].shape[-1], hidden=weights[0].shape[-1])
    projector.set_weights(weights)
    projector.trainable = False
    return projector


def load_lora(model: LanguageModel) -> None:
    """Adds to the own language model the LoRA with which it reads soft tokens. Introduced in lesson 10.

    Args:
        model: as from :func:`load_language_model`; changed in place. It is frozen afterwards, LoRA too.

    Raises:
        CourseError: the model has LoRA already or is another one, or the checkpoint is missing or damaged.
    """
    arrays = _part(load_arrays(data_path(CHECKPOINT))[0], _LORA)
    width = next(iter(arrays.values())).shape[0]
    if model.configuration.width != width:
        raise CourseError(
            f"model has width {model.configuration.width}: expected {width}, that of the course's own model,"
            " as `load_language_model` gives it."
        )
    parts = dict.fromkeys(name.split(".")[1] for name in arrays)
    low_rank.add_lora(model, next(iter(arrays.values())).shape[1], [*parts])
    low_rank.set_lora_arrays(model, arrays)
    model.trainable = False


def _part(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    """The arrays whose name begins so, in float32 and without the prefix."""
    return {
        name.removeprefix(prefix): array.astype(np.float32)
        for name, array in arrays.items()
        if name.startswith(prefix)
    }
