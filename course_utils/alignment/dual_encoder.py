"""Two encoders with one space for their answers, trained on pairs (CLIP).

    model = DualEncoder(pictures_to_vectors, texts_to_vectors, dim=64)
    model.compile("adam")
    model.fit((pictures, texts), epochs=10, batch_size=64)
    found = model.encoder_b.predict(query) @ model.encoder_a.predict(gallery).T

Importing this module loads Keras. Introduced in lesson 06.
"""

from typing import Any

import keras
from keras import layers, ops

from course_utils import arguments
from course_utils.alignment import contrastive
from course_utils.errors import CourseError, shown

__all__ = ["LOSSES", "DualEncoder"]

_register = keras.saving.register_keras_serializable("course_utils")

Tensor = Any
"""A tensor of the backend that Keras runs on, a symbolic one, or a NumPy array."""

LOSSES = {"info_nce": contrastive.info_nce, "sigmoid": contrastive.sigmoid_loss}
"""What pairs can teach, by name."""


@_register
class DualEncoder(keras.Model):
    """One tower per modality, each with a projection to a common space, and a learned temperature.

    The encoders are Keras models of their own, ``encoder_a`` and ``encoder_b``, that map what their tower
    takes to vectors of length 1, float32 (batch, dim); ``predict`` of each embeds a whole collection. Radford
    et al., arXiv:2103.00020. Introduced in lesson 06.

    ``compile`` takes an optimiser and no loss. ``fit`` takes the pairs (a, b), and integer ids (batch,) as
    targets if the same concept may occur twice in a batch. A batch is all that an item is compared with: the
    loss of two batch sizes is not comparable, and one pair alone teaches nothing.

    Args:
        tower_a: Keras model with its inputs known (functional, or Sequential with an Input) that gives one
            vector per item, (batch, width). Frozen if its ``trainable`` is False.
        tower_b: the same for modality b. It may be the same model; the projections are two all the same.
        dim: int ≥ 1, width of the common space.
        loss: str, "info_nce" or "sigmoid".
        temperature: float, 0.01 to 1, where the learned temperature starts; None takes the papers', 0.07 or,
            with "sigmoid", 0.1.

    Raises:
        CourseError: when an argument is out of its range, or a tower gives something else than vectors.
    """

    def __init__(
        self,
        tower_a: keras.Model,
        tower_b: keras.Model,
        dim: int = 64,
        loss: str = "info_nce",
        temperature: float | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.dim = arguments.whole_number("dim", dim)
        self.loss_name = arguments.choice("loss", loss, LOSSES)
        self.encoder_a = _encoder("tower_a", tower_a, dim)
        self.encoder_b = _encoder("tower_b", tower_b, dim)
        start, bias = (0.1, -10.0) if loss == "sigmoid" else (0.07, None)
        start = start if temperature is None else temperature
        self.temperature = contrastive.Temperature(start, bias=bias, name="temperature")
        self.temperature.build((None, None))
        self.built = True  # every weight is there: they can be loaded before the first batch

    def call(self, pairs: tuple[Tensor, Tensor], training: bool | None = None) -> tuple[Tensor, Tensor]:
        """Embeds pairs.

        Args:
            pairs: what the towers take, (a, b).
            training: bool, whether layers such as dropout behave as in training.

        Returns:
            two float32 tensors (batch, dim), rows of length 1.
        """
        a, b = pairs
        return self.encoder_a(a, training=training), self.encoder_b(b, training=training)

    def compute_loss(
        self,
        x: Any = None,
        y: Tensor | None = None,
        y_pred: tuple[Tensor, Tensor] | None = None,
        sample_weight: Tensor | None = None,
        training: bool = True,
    ) -> Tensor:
        """Gives the loss of a batch, for ``fit`` and ``evaluate``.

        Args:
            x: the pairs; not used.
            y: integer tensor (batch,), equal where two pairs are the same concept, or None.
            y_pred: what :meth:`call` gave for the batch.
            sample_weight: None; a pair cannot weigh less, since it is a candidate of all others.
            training: bool; not used.

        Returns:
            float32 scalar, with the towers' own losses, such as weight decay, added.

        Raises:
            CourseError: when weights are given, or ids that are no integers (batch,).
        """
        if sample_weight is not None:
            raise CourseError("sample_weight is given; expected none: leave pairs out of the batch instead.")
        a, b = y_pred
        logits = self.temperature(ops.matmul(a, ops.transpose(b)))
        return sum(self.losses, start=LOSSES[self.loss_name](logits, ids=y))

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        ours = {"dim": self.dim, "loss": self.loss_name, "temperature": self.temperature.initial}
        towers = {"tower_a": _tower(self.encoder_a), "tower_b": _tower(self.encoder_b)}
        serialised = {name: keras.saving.serialize_keras_object(tower) for name, tower in towers.items()}
        return {**super().get_config(), **serialised, **ours}

    @classmethod
    def from_config(cls, config: dict) -> "DualEncoder":
        """Makes a model from what :meth:`get_config` gave; its weights are new."""
        towers = {
            name: keras.saving.deserialize_keras_object(config[name]) for name in ("tower_a", "tower_b")
        }
        return cls(**{**config, **towers})


def _encoder(name: str, tower: keras.Model, dim: int) -> keras.Model:
    """A tower, its projection, and unit length, as one model."""
    if getattr(tower, "inputs", None) is None:
        raise CourseError(
            f"{name} is a {type(tower).__name__} whose inputs are not known; expected a Keras model made of "
            "an `Input`: `keras.Model(inputs, outputs)`, or a Sequential that begins with one."
        )
    # A Sequential knows its `input` only once it has been called.
    inputs = tower.inputs[0] if isinstance(tower, keras.Sequential) else tower.input
    vectors = tower(inputs)
    if len(getattr(vectors, "shape", ())) != 2:
        raise CourseError(
            f"{name} gives {shown(vectors)}; expected one vector per item, (batch, width). A map or a "
            "sequence becomes one by pooling, such as `GlobalAveragePooling2D()`."
        )
    projected = layers.Dense(dim, use_bias=False, name="projection")(vectors)
    unit = ops.normalize(ops.cast(projected, "float32"), axis=-1)
    return keras.Model(inputs, unit, name=name.replace("tower", "encoder"))


def _tower(encoder: keras.Model) -> keras.Model:
    """The tower of an encoder. An attribute would list its weights twice in the summary."""
    return next(layer for layer in encoder.layers if isinstance(layer, keras.Model))
