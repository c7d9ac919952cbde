"""Keras models cross the wall of the sandbox as their configuration and weights, and are built anew outside.

So a check looks at a genuine model, whose counts and outputs nobody can have forged. What is built is limited
to Keras' own layers, operations, losses and optimisers, and to the course's layers; whatever can hold code or
read files is left out, however Keras itself would treat it.
"""

import importlib
import json
import re
import sys

import numpy as np

__all__ = ["UnsafeModel", "build", "describe"]

_MODULES = re.compile(
    r"keras(\.(src\.)?(layers|models|ops|activations|initializers|regularizers|constraints|losses|optimizers|"
    r"metrics|dtype_policies|random)(\.\w+)*)?|course_utils\.(fusion|features|alignment|generation)\.\w+"
)
# They hold code or another program's model, import a module, or open files.
_REFUSED = re.compile(r"Lambda|Torch|TFSM|Jax|Flax|Lookup|Vectorization|Hash")
_VALUES = {"__keras_tensor__", "__tensor__", "__numpy__", "__ellipsis__", "__slice__", "__tuple__"}
_LARGEST = 20_000_000  # numbers; a lesson's network has at most some hundred thousand
_MOST_PARTS, _LONGEST = 5000, 2**21  # described objects, and characters; a lesson's network has some dozens


class UnsafeModel(ValueError):
    """A model has parts that are not built outside the sandbox; the message names them."""


def describe(value: object) -> dict | None:
    """Describes a Keras model as plain data (inside the sandbox).

    Args:
        value: anything.

    Returns:
        dict with "name" (its class), "problem" (why it cannot be described, or ""), "config" and "compiled"
        (JSON, str) and "weights" (list of arrays); None when it is no Keras model.
    """
    keras = sys.modules.get("keras")
    if keras is None or not isinstance(value, keras.Model):
        return None
    described = {"name": type(value).__name__, "problem": "", "config": "", "compiled": "", "weights": []}
    try:
        described["config"] = json.dumps(keras.saving.serialize_keras_object(value))
        described["weights"] = [np.asarray(weight) for weight in value.get_weights()]
    except Exception as error:  # a submission's own layers raise what they like
        described["problem"] = f"{type(error).__name__}: {error}"[:300]
    return described


def build(described: dict) -> object:
    """Builds a described model (outside the sandbox).

    Args:
        described: what :func:`describe` returned; not trusted.

    Returns:
        Keras model, compiled if it was.

    Raises:
        UnsafeModel: when it has parts that are not built here, too many of them, or is no model.
    """
    import keras

    # Their layers are known to Keras once they are imported.
    import course_utils.alignment.contrastive
    import course_utils.features.pretrained
    import course_utils.fusion.attention
    import course_utils.fusion.methods
    import course_utils.generation.decoder  # noqa: F401

    if described["problem"]:
        raise UnsafeModel(str(described["problem"])[:300])
    try:
        if len(described["config"]) > _LONGEST:
            raise UnsafeModel(f"a description of {len(described['config']):,} letters")
        config = json.loads(described["config"])
        if config["class_name"] not in ("Sequential", "Functional"):
            raise UnsafeModel(f"a class of its own, {str(config['class_name'])[:60]!r}")
        _inspect(config)
        model = keras.saving.deserialize_keras_object(config, safe_mode=True)
        if model.built and described["weights"]:
            model.set_weights(described["weights"])
    except UnsafeModel:
        raise
    # Keras raises many kinds for a configuration that does not fit.
    except Exception as error:
        reason = f"{type(error).__name__}: {error}"[:300]
        raise UnsafeModel(f"parts that cannot be built again ({reason})") from error
    return model


def _inspect(config: dict) -> None:
    """Complains unless every object in a configuration is of an allowed class, and no size is absurd."""
    waiting, objects = [config], 0
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            waiting += part.values()
            if "class_name" in part:
                _inspect_class(part)
                objects += 1
        elif isinstance(part, list):
            waiting += part
        elif isinstance(part, int) and abs(part) > _LARGEST:
            raise UnsafeModel(f"a size of {part}")
    if objects > _MOST_PARTS:
        raise UnsafeModel(f"{objects:,} parts")


def _inspect_class(part: dict) -> None:
    """Complains unless Keras will find an allowed class, or a function of Keras, behind a name."""
    name, module = part["class_name"], part.get("module")
    if isinstance(name, str) and name in _VALUES:
        return
    if name == "function":
        name = part.get("config")
    named = isinstance(name, str) and isinstance(module, str)
    if not named or not _MODULES.fullmatch(module) or _REFUSED.search(name):
        raise UnsafeModel(f"{str(name)[:60]!r}, which is none of Keras' own layers or the course's")
    found = getattr(importlib.import_module(module), name, None)
    home = str(getattr(found, "__module__", ""))
    is_class = isinstance(found, type) and hasattr(found, "from_config")
    is_function = part["class_name"] == "function" and callable(found)
    if not (is_class or is_function) or not _MODULES.fullmatch(home):
        raise UnsafeModel(f"{name[:60]!r}, which is none of Keras' own layers or the course's")
