"""The course's own text encoder: English and Chinese texts become 128 numbers, alike for like meanings.

A bidirectional GRU over subword tokens, trained by ``course_utils.experiments.pretrain_text`` on the names
and keywords of the emoji concepts; ``data/checkpoints/README.md`` has its card. It runs here on the NumPy
references of ``features.rnn``, so nothing heavy is imported. Introduced in lesson 03.
"""

import functools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_utils import arguments
from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError
from course_utils.features import rnn
from course_utils.preprocessing import text
from course_utils.training import half_precision, load_arrays, save_arrays

if TYPE_CHECKING:
    import keras

__all__ = ["CHECKPOINT", "DIM", "TextEncoder", "build", "load_text_encoder", "read", "text_features"]

CHECKPOINT = "checkpoints/text_encoder.npz"
DIM = 128
"""Numbers per text, half of them from the GRU that reads forwards."""

_EMBEDDING = 64
_LONGEST = 32  # tokens; longer texts are cut


def build(vocabulary_size: int) -> "keras.Model":
    """Builds the encoder as a Keras model with new weights.

    Introduced in lesson 03.

    Args:
        vocabulary_size: int, rows of the embedding; id 0 is padding.

    Returns:
        Keras model, int ids (batch, tokens) → float32 (batch, 128), rows of length 1.
    """
    import keras
    from keras import layers

    ids = keras.Input((None,), dtype="int32", name="ids")
    vectors = layers.Embedding(vocabulary_size, _EMBEDDING, mask_zero=True, name="embedding")(ids)
    states = layers.Bidirectional(layers.GRU(DIM // 2, return_sequences=True), name="gru")(vectors)
    mean = layers.GlobalAveragePooling1D(name="mean")(states)  # of the tokens alone: it sees the mask
    return keras.Model(ids, layers.UnitNormalization(name="features")(mean), name="text_encoder")


@dataclass(frozen=True)
class TextEncoder:
    """A trained encoder with the tokens it knows. Introduced in lesson 03.

    Attributes:
        tokenizer: :class:`course_utils.preprocessing.text.BytePairEncoder`.
        vocabulary: :class:`course_utils.preprocessing.text.Vocabulary`.
        weights: list of float32 arrays in the order of ``build(len(vocabulary)).get_weights()``.
    """

    tokenizer: text.BytePairEncoder
    vocabulary: text.Vocabulary
    weights: list

    def ids(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Tokenises texts: normalised, split into subwords, numbered, padded, cut at 32 tokens.

        Args:
            texts: list of str.

        Returns:
            ids, int32 (n, tokens), and the mask, bool (n, tokens), True = a token.

        Raises:
            CourseError: when ``texts`` is no list of strings.
        """
        texts = arguments.strings("texts", texts)
        encoded = [self.vocabulary.encode(self.tokenizer.encode(text.normalise(item))) for item in texts]
        longest = max(map(len, encoded), default=0)
        return text.pad(encoded, max(1, min(longest, _LONGEST)))

    def tokens(self, texts: list[str]) -> tuple[np.ndarray, np.ndarray]:
        """Gives features of every token, for models that look at single words.

        Args:
            texts: list of str.

        Returns:
            float32 (n, tokens, 128), 0 at padding, and the mask, bool (n, tokens), True = a token.

        Raises:
            CourseError: when ``texts`` is no list of strings, or empty.
        """
        ids, mask = self.ids(texts)
        table, *cells = self.weights
        return rnn.bidirectional(rnn.gru_step, rnn.embed(ids, table), cells[:3], cells[3:], mask), mask

    def features(self, texts: list[str]) -> np.ndarray:
        """Gives one row of features per text.

        Args:
            texts: list of str.

        Returns:
            float32 (n, 128), each row of length 1, so that a dot product is the cosine; 0 for an empty text.

        Raises:
            CourseError: when ``texts`` is no list of strings, or empty.
        """
        mean = rnn.masked_mean(*self.tokens(texts))
        return mean / np.maximum(np.linalg.norm(mean, axis=1, keepdims=True), 1e-12)

    def as_keras(self) -> "keras.Model":
        """Gives the encoder as a Keras model with these weights, for training it on.

        Returns:
            Keras model, int ids (batch, tokens) → float32 (batch, 128).
        """
        model = build(len(self.vocabulary))
        model.set_weights(self.weights)
        return model

    def save(self, path: str | Path) -> None:
        """Writes the encoder to one file: weights in half precision, tokens as metadata.

        Args:
            path: str or Path of the file (``.npz``).

        Raises:
            CourseError: when the file cannot be written.
        """
        tokens = {
            "characters": self.tokenizer.characters,
            "merges": self.tokenizer.merges,
            "tokens": self.vocabulary.tokens[2:],  # without [PAD] and [UNK], which every vocabulary has
        }
        named = dict(zip(_shapes(len(self.vocabulary)), self.weights, strict=True))
        save_arrays(path, half_precision(named), tokens)


def read(path: str | Path) -> TextEncoder:
    """Reads an encoder that :meth:`TextEncoder.save` wrote. Nothing in the file is executed.

    Introduced in lesson 03.

    Args:
        path: str or Path of the file.

    Returns:
        :class:`TextEncoder`.

    Raises:
        CourseError: when the file is missing or damaged, or holds another model.
    """
    arrays, tokens = load_arrays(path)
    if not isinstance(tokens, dict) or tokens.keys() != {"characters", "merges", "tokens"}:
        raise CourseError(f"{path}: this is no text encoder, it has no tokens: expected what `save` wrote.")
    vocabulary = text.Vocabulary(tokens["tokens"])
    found, expected = {name: array.shape for name, array in arrays.items()}, _shapes(len(vocabulary))
    if found != expected:
        raise CourseError(
            f"{path}: the weights of another model: found {found}, expected {expected} for its tokens."
        )
    return TextEncoder(
        text.BytePairEncoder(tokens["characters"], tokens["merges"]),
        vocabulary,
        [array.astype(np.float32) for array in arrays.values()],
    )


def _shapes(vocabulary_size: int) -> dict[str, tuple[int, ...]]:
    """What the weights are called in a file, and their shapes, in Keras' order."""
    gates, units = 3, DIM // 2
    cell = {
        "kernel": (_EMBEDDING, gates * units),
        "recurrent kernel": (units, gates * units),
        "bias": (2, gates * units),
    }
    both = {f"{way} {name}": shape for way in ("forward", "backward") for name, shape in cell.items()}
    return {"embedding": (vocabulary_size, _EMBEDDING), **both}


@functools.cache
def load_text_encoder() -> TextEncoder:
    """Gives the course's pretrained text encoder, verified against the manifest. Introduced in lesson 03.

    Returns:
        :class:`TextEncoder`.

    Raises:
        CourseError: when the file is missing or damaged.
    """
    return read(data_path(CHECKPOINT))


def text_features(texts: list[str]) -> np.ndarray:
    """Gives features of English or Chinese texts from the pretrained encoder. Introduced in lesson 03.

    It was trained on short names and keywords of things: good for "a red apple", not for long sentences.

    Args:
        texts: list of str.

    Returns:
        float32 (n, 128), each row of length 1, so that a dot product is the cosine; 0 for an empty text.

    Raises:
        CourseError: when ``texts`` is no list of strings, or empty, or the checkpoint is damaged.
    """
    return load_text_encoder().features(texts)
