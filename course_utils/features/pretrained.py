"""The course's own image encoder: a small convolutional network trained on three art styles of emoji.

It is trained by ``python3 -m course_utils experiment pretrain_image``; its card is in
``data/checkpoints/README.md``. The building functions stand here, so that the lesson, the experiment and the
checkpoint mean the same network. Introduced in lesson 02.
"""

import functools
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from course_utils.datasets import scenes
from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError
from course_utils.training import load_weights

__all__ = [
    "CHANNELS",
    "CHECKPOINT",
    "CONCEPTS",
    "REGION",
    "SIDE",
    "STRIDE",
    "build_image_classifier",
    "build_image_encoder",
    "image_features",
    "load_image_classifier",
    "load_image_encoder",
    "region_features",
    "window_features",
]

CHECKPOINT = "checkpoints/image_encoder.npz"

SIDE = 48
"""Side in pixels of the pictures that the encoder was trained on."""

STRIDE = 8
"""Pixels from one place of the encoder's map to the next."""

REGION = 2 * STRIDE
"""Side in pixels of a region, which is one token."""

CONCEPTS = 1571
"""Classes of the classifier: the concepts of :func:`course_utils.datasets.emoji.load`, in their order."""

# (channels, side of the kernel, stride); a convolution that changes neither size nor channels is residual.
_CONVOLUTIONS = ((32, 4, 2), (64, 4, 2), (64, 3, 1), (128, 4, 2), (128, 3, 1), (192, 3, 1))
_EMBEDDING = 160
CHANNELS = _CONVOLUTIONS[-1][0]
"""Features of every place of the encoder's map, and so of a region."""


def build_image_encoder() -> keras.Model:
    """Builds the encoder with random weights: six convolutions with batch norm and ReLU, two residual.

    He et al., arXiv:1512.03385, for the residual connections. Introduced in lesson 02.

    Returns:
        keras.Model from RGB pictures, 0 to 255, (batch, height, width, 3), both sides multiples of 8, to a
        map of features, float32 (batch, height / 8, width / 8, 192).
    """
    pictures = keras.Input((None, None, 3), name="pictures")
    x = layers.Rescaling(1 / 127.5, offset=-1)(pictures)
    for channels, side, stride in _CONVOLUTIONS:
        y = layers.Conv2D(channels, side, strides=stride, padding="same", use_bias=False)(x)
        y = layers.BatchNormalization(momentum=0.97)(y)
        if y.shape == x.shape:
            y = layers.Add()([x, y])
        x = layers.ReLU()(y)
    # Under mixed precision the map leaves as float32 all the same.
    return keras.Model(pictures, layers.Activation("linear", dtype="float32", name="map")(x), name="encoder")


@keras.saving.register_keras_serializable(package="course_utils")
class CosineScores(layers.Layer):
    """Scaled cosine between features and one learned vector per class: their directions alone decide.

    logits_k = s · cos(f, w_k), with the scale s learned. Gidaris & Komodakis, arXiv:1804.09458.
    """

    def __init__(self, classes: int, **options: Any) -> None:
        super().__init__(**options)
        self.classes = classes

    def build(self, shape: tuple[int | None, ...]) -> None:
        """Makes the vectors of the classes, (features, classes), and the scale, ()."""
        self.vectors = self.add_weight(shape=(shape[-1], self.classes), initializer="random_normal")
        self.scale = self.add_weight(shape=(), initializer=keras.initializers.Constant(16.0))

    def call(self, features: keras.KerasTensor) -> keras.KerasTensor:
        """Scores features (batch, features) against every class: (batch, classes)."""
        return self.scale * ops.matmul(ops.normalize(features), ops.normalize(self.vectors, axis=0))

    def get_config(self) -> dict:
        """Gives the arguments that make the same layer again."""
        return {**super().get_config(), "classes": self.classes}


def build_image_classifier(encoder: keras.Model, dropout: float = 0.0) -> keras.Model:
    """Puts a head for the concepts on an encoder: mean and maximum over the map, then cosine scores.

    Introduced in lesson 02.

    Args:
        encoder: Keras model as from :func:`build_image_encoder`.
        dropout: float, 0 ≤ dropout < 1, the share of pooled features switched off in training.

    Returns:
        keras.Model from the encoder's pictures to logits, float32 (batch, 1571).
    """
    pooled = layers.Concatenate()(
        [layers.GlobalAveragePooling2D()(encoder.output), layers.GlobalMaxPooling2D()(encoder.output)]
    )
    x = layers.Dense(_EMBEDDING, name="embedding")(layers.Dropout(dropout)(pooled))
    return keras.Model(encoder.input, CosineScores(CONCEPTS, dtype="float32", name="concepts")(x))


@functools.cache
def load_image_classifier() -> keras.Model:
    """Gives the trained classifier of concepts, frozen; read once, then the same model is returned.

    Introduced in lesson 02.

    Returns:
        keras.Model from RGB pictures, 0 to 255, (batch, height, width, 3), both sides multiples of 8 and best
        48, to logits of the concepts, float32 (batch, 1571).

    Raises:
        CourseError: when the checkpoint is missing or damaged.
    """
    model = build_image_classifier(build_image_encoder())
    load_weights(data_path(CHECKPOINT), model)
    model.trainable = False
    return model


@functools.cache
def load_image_encoder() -> keras.Model:
    """Gives the trained encoder, frozen: the classifier of concepts without its head.

    Introduced in lesson 02.

    Returns:
        keras.Model from RGB pictures, 0 to 255, (batch, height, width, 3), both sides multiples of 8, to a
        map of features, float32 (batch, height / 8, width / 8, 192).

    Raises:
        CourseError: when the checkpoint is missing or damaged.
    """
    classifier = load_image_classifier()
    encoder = keras.Model(classifier.input, classifier.get_layer("map").output, name="encoder")
    encoder.trainable = False
    return encoder


def image_features(
    pictures: np.ndarray, encoder: keras.Model | None = None, batch_size: int = 256
) -> np.ndarray:
    """Gives one vector per picture: mean and maximum of the encoder's map. Introduced in lesson 02.

    Args:
        pictures: RGB array, 0 to 255, (n, height, width, 3), both sides multiples of 8.
        encoder: Keras model from pictures to a map (batch, h, w, channels); None for the course's own.
        batch_size: int, pictures in one pass.

    Returns:
        float32 (n, 2 · channels), with the course's encoder (n, 384).

    Raises:
        CourseError: when the pictures have another shape, a side is no multiple of 8, or floats end at 1.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or any(side % STRIDE for side in pictures.shape[1:3]):
        raise CourseError(
            f"pictures have shape {pictures.shape}; expected (n, height, width, 3) with both sides multiples "
            f"of {STRIDE}. One picture becomes a batch with `picture[np.newaxis]`; "
            "`preprocessing.images.resize` changes sides."
        )
    if pictures.dtype.kind == "f" and 0 < pictures.max(initial=0) <= 1:
        raise CourseError(
            f"pictures go from {pictures.min():.3g} to {pictures.max():.3g}; expected 0 to 255. "
            "Multiply by 255."
        )
    encoder = encoder or load_image_encoder()
    pooled = []
    for first in range(0, len(pictures), batch_size):
        maps = encoder(pictures[first : first + batch_size].astype(np.float32), training=False)
        pooled.append(ops.concatenate([ops.mean(maps, axis=(1, 2)), ops.max(maps, axis=(1, 2))], axis=-1))
    return np.concatenate([ops.convert_to_numpy(part) for part in pooled])


def region_features(
    pictures: np.ndarray, encoder: keras.Model | None = None, batch_size: int = 128
) -> np.ndarray:
    """Gives tokens of pictures: the encoder's map, averaged over squares of 2 × 2 places and read row by row.

    Introduced in lesson 05.

    Args:
        pictures: RGB array, 0 to 255, (n, height, width, 3), both sides multiples of 16.
        encoder: Keras model from pictures to a map (batch, h, w, channels); None for the course's own.
        batch_size: int, pictures in one pass.

    Returns:
        float32 (n, tokens, channels), with the course's encoder and pictures of 96 × 96 (n, 36, 192).

    Raises:
        CourseError: when the pictures have another shape, or a side is no multiple of 16.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or pictures.shape[-1] != 3 or any(size % REGION for size in pictures.shape[1:3]):
        raise CourseError(
            f"pictures have shape {pictures.shape}; expected (n, height, width, 3) with both sides multiples "
            f"of {REGION}. One picture becomes a batch with `picture[np.newaxis]`."
        )
    encoder = encoder or load_image_encoder()
    regions = []
    for first in range(0, len(pictures), batch_size):
        maps = encoder.predict_on_batch(pictures[first : first + batch_size].astype(np.float32))
        means = ops.convert_to_numpy(ops.average_pool(maps, 2, 2))
        regions.append(means.reshape(len(means), -1, means.shape[-1]))
    return np.concatenate(regions)


def window_features(
    pictures: np.ndarray, encoder: keras.Model | None = None, window: int = scenes.CELL
) -> np.ndarray:
    """Gives tokens as :func:`region_features` does, but of squares of the picture, each encoded alone.

    A region of a whole picture sees some 70 pixels of it, its neighbours among them. Here it knows nothing of
    what lies outside its own square, so that what joins two squares must be found by who reads the tokens.
    Introduced in lesson 05.

    Args:
        pictures: RGB array, 0 to 255, (n, height, width, 3), both sides multiples of ``window``.
        encoder: Keras model from pictures to a map (batch, h, w, channels); None for the course's own.
        window: int, side of the squares in pixels, a multiple of 16.

    Returns:
        float32 (n, tokens, channels), the tokens read row by row over the whole picture; with the course's
        encoder and pictures of 96 × 96 (n, 36, 192).

    Raises:
        CourseError: when the pictures have another shape, or a side is no multiple of the window.
    """
    pictures = np.asarray(pictures)
    if pictures.ndim != 4 or any(size % window for size in pictures.shape[1:3]) or window % REGION:
        raise CourseError(
            f"pictures have shape {pictures.shape} and window is {window}; expected (n, height, width, 3), "
            f"both sides multiples of the window, and a window that is a multiple of {REGION}."
        )
    n, rows, columns = len(pictures), pictures.shape[1] // window, pictures.shape[2] // window
    # (n, rows, window, columns, window, 3) → windows one after the other, and their tokens back again.
    windows = pictures.reshape(n, rows, window, columns, window, -1).swapaxes(2, 3)
    tokens = region_features(windows.reshape(-1, window, window, windows.shape[-1]), encoder, batch_size=1024)
    side = window // REGION
    tokens = tokens.reshape(n, rows, columns, side, side, -1).swapaxes(2, 3)
    return tokens.reshape(n, rows * columns * side**2, -1)
