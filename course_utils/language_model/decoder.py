"""A decoder-only Transformer as most language models have it since Llama: vectors in, vectors out.

Each block looks back and thinks, both after a norm (RMSNorm) and added to what was there: attention with
rotary positions, in which several heads share keys and values, then a network with a gate (SwiGLU). No bias
anywhere, and one table for tokens read and tokens written. Touvron et al., arXiv:2302.13971, section 2.2.

The model takes vectors, not tokens, so that a picture can stand where words stand: ``model.embed`` turns
tokens into vectors, ``model.logits`` turns the vectors that come out into scores of the next token. Masks are
boolean with True = may look. The norm is Keras' own, ``keras.layers.RMSNormalization``. Importing this module
loads Keras. Introduced in lesson 10.
"""

import dataclasses
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from course_utils import arguments
from course_utils.errors import CourseError

__all__ = [
    "Configuration",
    "LanguageBlock",
    "LanguageModel",
    "grouped_query_attention",
    "rotary_angles",
    "rotate",
]

_register = keras.saving.register_keras_serializable("course_utils")

Tensor = Any
"""A tensor of the backend that Keras runs on, a symbolic one, or a NumPy array."""

Shape = tuple[int | None, ...]
"""Lengths of a tensor's axes; None where one is not known yet."""

Cache = list[tuple[Tensor, Tensor]]
"""For each block the keys and values of the tokens seen, float (batch or 1, tokens, kv_heads, head_dim)."""


@dataclasses.dataclass(frozen=True)
class Configuration:
    """The sizes that make a language model, and what they cost. Introduced in lesson 10.

    Attributes:
        layers: int ≥ 1, blocks.
        width: int, numbers in the vector of a token; a multiple of ``heads``.
        hidden: int ≥ 1, numbers between the two layers of a block's network.
        heads: int ≥ 1, of the queries.
        kv_heads: int ≥ 1, of keys and values; ``heads`` is a multiple of it.
        vocabulary: int ≥ 1, tokens there are.
        theta: float > 1, the base of the rotary frequencies: with a larger one the slowest turn more slowly.
        epsilon: float > 0, keeps the norm finite where a vector is zero.

    Raises:
        CourseError: a size is no such number, or the heads do not divide what they share.
    """

    layers: int
    width: int
    hidden: int
    heads: int
    kv_heads: int
    vocabulary: int
    theta: float = 10000.0
    epsilon: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("layers", "width", "hidden", "heads", "kv_heads", "vocabulary"):
            arguments.whole_number(name, getattr(self, name))
        arguments.number("theta", self.theta, 1)
        arguments.number("epsilon", self.epsilon, 0)
        if self.heads % self.kv_heads:
            raise CourseError(
                f"heads is {self.heads} and kv_heads {self.kv_heads}; expected heads to be a multiple of"
                " kv_heads, so that every head of keys serves as many heads of queries."
            )
        if self.width % (2 * self.heads):
            raise CourseError(
                f"width is {self.width} and heads {self.heads}; expected width to be a multiple of"
                f" 2 · heads = {2 * self.heads}: each head has width / heads numbers, turned in pairs."
            )

    @property
    def head_dim(self) -> int:
        """Numbers in a query or a key of one head, int."""
        return self.width // self.heads

    def parameters(self) -> int:
        """Counts the numbers that are learned: table, matrices and scales of the blocks, the last scale.

        Returns:
            int; equal to ``LanguageModel(configuration).count_params()``.
        """
        scales = (2 * self.layers + 1) * self.width
        return self._matrices() + scales

    def cache_bytes(self, tokens: int, batch: int = 1, bytes_per_number: int = 4) -> int:
        """Gives the memory of the keys and values that a model keeps while it writes.

        Args:
            tokens: int, those seen so far.
            batch: int, sequences written side by side.
            bytes_per_number: int, 4 for float32, 2 for bfloat16.

        Returns:
            int, bytes: 2 · layers · batch · tokens · kv_heads · head_dim numbers.
        """
        return 2 * self.layers * batch * tokens * self.kv_heads * self.head_dim * bytes_per_number

    def flops(self, tokens: int) -> int:
        """Counts additions and multiplications of one pass over a sequence, logits of every token included.

        Products with a matrix (2 for each of its numbers and each token), and scores and sums of attention
        for all pairs of tokens, hidden ones too, because they are computed. Norms, rotations, softmax and
        gates are some ten per number of a vector, and left out.

        Args:
            tokens: int, of one sequence.

        Returns:
            int.
        """
        return 2 * tokens * self._matrices() + 4 * self.layers * tokens**2 * self.width

    def _matrices(self) -> int:
        """Numbers in all matrices: table, q and o, k and v, gate, up and down."""
        attention = 2 * self.width**2 + 2 * self.width * self.kv_heads * self.head_dim
        return self.vocabulary * self.width + self.layers * (attention + 3 * self.width * self.hidden)


def rotary_angles(positions: Tensor, head_dim: int, theta: float) -> tuple[Tensor, Tensor]:
    """Gives how far each pair of numbers is turned: angle = position · theta^(−2i / head_dim) for pair i.

    Su et al., arXiv:2104.09864, section 3.2. In float32 whatever a model computes in: in half precision the
    angles of far positions would be off by whole turns. Introduced in lesson 10.

    Args:
        positions: int or float tensor (tokens,).
        head_dim: int, even.
        theta: float > 1.

    Returns:
        cosines and sines, two float32 tensors (tokens, 1, head_dim / 2); the axis of 1 is that of the heads.
    """
    frequencies = (theta ** (-np.arange(0, head_dim, 2) / head_dim)).astype(np.float32)
    angles = ops.cast(positions, "float32")[:, None, None] * ops.convert_to_tensor(frequencies)
    return ops.cos(angles), ops.sin(angles)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Turns the pairs (i, i + head_dim / 2) of queries or keys, so that products depend on distance.

    (a, b) → (a cos − b sin, a sin + b cos), Su et al., arXiv:2104.09864. Introduced in lesson 10.

    Args:
        x: float tensor (batch, tokens, heads, head_dim).
        cos: float tensor (tokens, 1, head_dim / 2), as from :func:`rotary_angles`.
        sin: likewise.

    Returns:
        float tensor like ``x``.
    """
    a, b = ops.split(x, 2, axis=-1)
    return ops.concatenate([a * cos - b * sin, a * sin + b * cos], axis=-1)


def grouped_query_attention(q: Tensor, k: Tensor, v: Tensor, mask: Tensor) -> Tensor:
    """Attention in which heads / kv_heads heads of queries in a row share one head of keys and values.

    softmax(q kᵀ / √head_dim) v in every head. Ainslie et al., arXiv:2305.13245. Introduced in lesson 10.

    Args:
        q: float tensor (batch, tokens, heads, head_dim).
        k: float tensor (batch, seen, kv_heads, head_dim); heads is a multiple of kv_heads.
        v: float tensor like ``k``.
        mask: bool tensor (batch or 1, tokens, seen), True = may look.

    Returns:
        float tensor (batch, tokens, heads · head_dim), zeros for a token that may look at nothing.
    """
    heads, head_dim = q.shape[2:]
    groups = k.shape[2]
    batch, tokens = ops.shape(q)[:2]
    q = ops.reshape(q, (batch, tokens, groups, heads // groups, head_dim))
    mask = mask[:, None, None]
    scores = ops.cast(ops.einsum("btgrd,bsgd->bgrts", q, k), "float32") / head_dim**0.5
    # Not −∞: where all is hidden, softmax would give NaN.
    scores = ops.where(mask, scores, -1e9)
    # Over one key it is 1 whatever the score, of which Keras would warn.
    weights = ops.ones_like(scores) if scores.shape[-1] == 1 else ops.softmax(scores)
    weights = ops.where(mask, weights, 0)
    mixed = ops.einsum("bgrts,bsgd->btgrd", ops.cast(weights, v.dtype), v)
    return ops.reshape(mixed, (batch, tokens, heads * head_dim))


@_register
class LanguageBlock(layers.Layer):
    """Looks back, then thinks: x ← x + o(attention(norm1(x))), x ← x + down(silu(gate(y)) · up(y)).

    In the second y = norm2(x). Its layers ``q``, ``k``, ``v``, ``o``, ``gate``, ``up`` and ``down`` are
    dense, without bias. The network with a gate is SwiGLU, Shazeer, arXiv:2002.05202. Introduced in lesson
    10.

    Args:
        configuration: :class:`Configuration` of the model.
        initializer: of the matrices; None for Keras' own.
    """

    def __init__(self, configuration: Configuration, initializer: str | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.configuration = c = configuration
        policy = self.dtype_policy

        def dense(units: int, name: str) -> layers.Dense:
            start = initializer or "glorot_uniform"
            return layers.Dense(units, use_bias=False, kernel_initializer=start, name=name, dtype=policy)

        self.norm1 = layers.RMSNormalization(epsilon=c.epsilon, name="norm1", dtype=policy)
        self.q = dense(c.width, "q")
        self.k, self.v = (dense(c.kv_heads * c.head_dim, name) for name in "kv")
        self.o = dense(c.width, "o")
        self.norm2 = layers.RMSNormalization(epsilon=c.epsilon, name="norm2", dtype=policy)
        self.gate, self.up = (dense(c.hidden, name) for name in ("gate", "up"))
        self.down = dense(c.width, "down")

    def build(self, shape: Shape) -> None:
        """Makes the weights for vectors of this shape, (batch, tokens, width)."""
        for layer in (self.norm1, self.q, self.k, self.v, self.o, self.norm2, self.gate, self.up):
            layer.build(shape)
        self.down.build((*shape[:-1], self.configuration.hidden))

    def call(
        self,
        x: Tensor,
        cos: Tensor,
        sin: Tensor,
        mask: Tensor,
        past: tuple[Tensor, Tensor] | None = None,
        position: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Moves all tokens on at once.

        Args:
            x: float tensor (batch, tokens, width).
            cos: float tensor (tokens, 1, head_dim / 2), as from :func:`rotary_angles`.
            sin: likewise.
            mask: bool tensor (batch or 1, tokens, seen), True = may look.
            past: keys and values of what came before, or None.
            position: None to put the new ones behind them; else int, their place in ``past``, which has room.

        Returns:
            float tensor like ``x``, and keys and values of all that is seen, (batch, seen, kv_heads,
            head_dim).
        """
        c, (batch, tokens) = self.configuration, ops.shape(x)[:2]
        y = self.norm1(x)
        q, k, v = (
            ops.reshape(layer(y), (batch, tokens, heads, c.head_dim))
            for layer, heads in ((self.q, c.heads), (self.k, c.kv_heads), (self.v, c.kv_heads))
        )
        q, seen = rotate(q, cos, sin), (rotate(k, cos, sin), v)
        if past is not None:
            past = [_for_all(old, batch) for old in past]
            seen = tuple(
                ops.concatenate([old, new], axis=1)
                if position is None
                else ops.slice_update(old, (0, position, 0, 0), new)
                for old, new in zip(past, seen, strict=True)
            )
        x = x + self.o(grouped_query_attention(q, *seen, mask))
        y = self.norm2(x)
        return x + self.down(ops.silu(self.gate(y)) * self.up(y)), seen

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        return {**super().get_config(), "configuration": dataclasses.asdict(self.configuration)}

    @classmethod
    def from_config(cls, config: dict) -> "LanguageBlock":
        """Makes the block again from what :meth:`get_config` gave."""
        return cls(**{**config, "configuration": Configuration(**config["configuration"])})


@_register
class LanguageModel(keras.Model):
    """Predicts every next token, in three steps: ``embed``, the blocks, ``logits``. It has weights at once.

    Introduced in lesson 10.

    Args:
        configuration: :class:`Configuration`.
        dtype: what is computed in, such as "float32" or "bfloat16"; None for Keras' policy.
        initializer: of the matrices; None for Keras' own. "zeros" saves the time of drawing numbers where the
            weights come from a file.
    """

    def __init__(
        self, configuration: Configuration, dtype: Any = None, initializer: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(dtype=dtype, **kwargs)
        self.configuration = c = configuration
        self.supports_masking = True  # see compute_mask
        policy = self.dtype_policy
        self.table = layers.ReversibleEmbedding(
            c.vocabulary, c.width, embeddings_initializer=initializer or "uniform", name="table", dtype=policy
        )
        self.blocks = [
            LanguageBlock(c, initializer, name=f"block_{number}", dtype=policy) for number in range(c.layers)
        ]
        self.norm = layers.RMSNormalization(epsilon=c.epsilon, name="norm", dtype=policy)
        self.build((None, None, c.width))

    def build(self, shape: Shape) -> None:
        """Makes the weights for vectors of this shape, (batch, tokens, width)."""
        if not self.built:
            self.table.build(shape[:2])
            for part in (*self.blocks, self.norm):
                part.build(shape)
            self.built = True

    def call(
        self,
        vectors: Tensor,
        cache: Cache | None = None,
        position: Tensor | None = None,
        mask: Tensor | None = None,
    ) -> tuple[Tensor, Cache]:
        """Moves all tokens of the sequences through the blocks.

        Args:
            vectors: float tensor (batch, tokens, width): words by :meth:`embed`, or anything else that is to
                stand where words stand.
            cache: what an earlier call gave for the tokens before these, or None. One of batch 1 serves all.
            position: None: these tokens come behind those of the cache, which grows. Else int: the cache has
                room, with ``position`` tokens in it so far; these are put behind them and its shape stays.
            mask: bool tensor (batch or 1, tokens, seen), True = may look; seen are the tokens in the cache
                and these. None lets every token look at itself and all that come before it.

        Returns:
            float tensor like ``vectors``, which :meth:`logits` reads, and the cache with these tokens in it.

        Raises:
            CourseError: the vectors have another width, or a position comes without a cache.
        """
        c = self.configuration
        if len(vectors.shape) != 3 or vectors.shape[-1] != c.width:
            raise CourseError(
                f"vectors have shape {tuple(vectors.shape)}; expected (batch, tokens, {c.width}). Tokens "
                "become vectors by `model.embed(tokens)`, with tokens of shape (batch, tokens)."
            )
        if position is not None and cache is None:
            raise CourseError(
                "a position is given without a cache; expected a cache with room, in which to put the tokens"
                " there. Leave position out, or give both."
            )
        tokens = ops.shape(vectors)[1]
        there = 0 if cache is None else ops.shape(cache[0][0])[1]
        first = there if position is None else position
        places = first + ops.arange(tokens)
        if mask is None:
            seen = there + tokens if position is None else there
            mask = (ops.arange(seen)[None] <= places[:, None])[None]
        # Here, because a layer casts the floats that it is given to its own precision.
        cos, sin = rotary_angles(places, c.head_dim, c.theta)
        x, grown = ops.cast(vectors, self.compute_dtype), []
        for number, block in enumerate(self.blocks):
            past = None if cache is None else cache[number]
            x, seen_here = block(x, cos, sin, mask, past=past, position=position)
            grown.append(seen_here)
        return self.norm(x), grown

    def compute_mask(self, inputs: Tensor, previous_mask: Tensor | None) -> None:
        """Hands no mask on: here it says who may look at whom, in Keras what is padding."""
        return

    def embed(self, tokens: Tensor) -> Tensor:
        """Looks tokens up in the table.

        Args:
            tokens: int tensor (batch, tokens), 0 ≤ token < vocabulary.

        Returns:
            float tensor (batch, tokens, width).
        """
        return self.table(ops.convert_to_tensor(tokens, "int32"))

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores every token as the next one: the product with its row of the table.

        Args:
            hidden: float tensor (..., width), as the model gives.

        Returns:
            float32 tensor (..., vocabulary).
        """
        return ops.cast(self.table(hidden, reverse=True), "float32")

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        return {**super().get_config(), "configuration": dataclasses.asdict(self.configuration)}

    @classmethod
    def from_config(cls, config: dict) -> "LanguageModel":
        """Makes the model again from what :meth:`get_config` gave."""
        return cls(**{**config, "configuration": Configuration(**config["configuration"])})


def _for_all(old: Tensor, batch: int | Tensor) -> Tensor:
    """A cache of one sequence, repeated for all of a batch; any other as it is."""
    return ops.broadcast_to(old, (batch, *ops.shape(old)[1:])) if old.shape[0] == 1 else old
