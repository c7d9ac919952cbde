"""Features that are slow to extract are kept, by what went in and by the network they came out of.

Introduced in lesson 02.
"""

import hashlib
import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.places import CACHE

if TYPE_CHECKING:
    import keras

__all__ = ["FOLDER", "cached", "fingerprint"]

FOLDER = CACHE / "features"


def fingerprint(pictures: np.ndarray, encoder: "keras.Model") -> str:
    """Names what an encoder makes of some pictures: the same only if both are the same to the last bit.

    Args:
        pictures: array of any shape and dtype.
        encoder: Keras model.

    Returns:
        str, 64 hexadecimal digits of a SHA-256.
    """
    pictures = np.ascontiguousarray(pictures)
    digest = hashlib.sha256(f"{pictures.shape} {pictures.dtype} ".encode())
    digest.update(pictures)
    for layer in encoder.layers:
        # Names are counted up with every model that is built: the same network may have others tomorrow.
        settings = {key: value for key, value in layer.get_config().items() if key != "name"}
        digest.update(f"{type(layer).__name__} {settings}".encode())
        for weights in layer.get_weights():
            digest.update(f"{weights.shape} {weights.dtype} ".encode())
            digest.update(np.ascontiguousarray(weights))
    return digest.hexdigest()


def cached(
    extract: Callable[[np.ndarray, "keras.Model"], np.ndarray],
    pictures: np.ndarray,
    encoder: "keras.Model",
    folder: str | Path | None = None,
) -> np.ndarray:
    """Extracts features, or takes them from the disk when this encoder has seen these pictures before.

    A file is written whole or not at all; one that is damaged is made anew. Introduced in lesson 02.

    Args:
        extract: function of ``(pictures, encoder)`` that returns one array, such as
            :func:`course_utils.features.pretrained.image_features`. Functions of one name share their files.
        pictures: array of any shape and dtype.
        encoder: Keras model.
        folder: str or Path; None for ``FOLDER``.

    Returns:
        What ``extract`` returns.
    """
    folder = Path(folder or FOLDER)
    path = folder / f"{extract.__name__}-{fingerprint(pictures, encoder)}.npy"
    try:
        return np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError):  # not there yet, or damaged: both are mended by extracting
        features = extract(pictures, encoder)
    buffer = io.BytesIO()
    np.save(buffer, features, allow_pickle=False)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_atomically(path, buffer.getvalue())
    except (OSError, CourseError) as error:
        warnings.warn(f"The features are not kept for next time: {error}", stacklevel=2)
    return features
