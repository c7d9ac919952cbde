"""Attention as small Keras layers: scaled dot product, several heads, a pre-norm block, learned positions.

Tokens are float tensors (batch, tokens, dim), masks are boolean with True = keep, and a query that may look
at nothing gets zeros. The layers call a mask ``attention_mask``, because Keras keeps the name ``mask`` for
those that it passes on by itself. Importing this module loads Keras. Introduced in lesson 05.
"""

from typing import Any

import keras
from keras import layers, ops

from course_utils.errors import CourseError

__all__ = [
    "AttentionBlock",
    "GridPositions",
    "MultiHeadAttention",
    "Positions",
    "ScaledDotProductAttention",
    "dot_product_attention",
    "require_mask",
    "require_tokens",
]

_register = keras.saving.register_keras_serializable("course_utils")

Tensor = Any
"""A tensor of the backend that Keras runs on, a symbolic one, or a NumPy array."""

Shape = tuple[int | None, ...]
"""Lengths of a tensor's axes; None where one is not known yet."""


def dot_product_attention(
    queries: Tensor, keys: Tensor, values: Tensor, mask: Tensor | None = None
) -> tuple[Tensor, Tensor]:
    """Gives every query the mean of the values, weighted by how well the keys fit it: softmax(Q Kᵀ / √dim) V.

    Vaswani et al., arXiv:1706.03762, equation 1. Introduced in lesson 05.

    Args:
        queries: float tensor (batch, ..., queries, dim); further axes, such as heads, come after the batch.
        keys: float tensor (batch, ..., keys, dim).
        values: float tensor (batch, ..., keys, width), one value for each key.
        mask: bool tensor, True = keep; (batch, keys) for keys that no query may see (padding), (batch,
            queries, keys) where it depends on the query, or None. An axis before the last may be 1 and then
            holds for all. A causal mask needs its batch axis too: ``mask[None]``; without it, where there
            are as many samples as tokens, it is taken for one of padding.

    Returns:
        outputs (batch, ..., queries, width) and weights (batch, ..., queries, keys). The weights of a query
        sum to 1; a query whose keys are all masked has weights and outputs 0.

    Raises:
        CourseError: when the token axis is missing, or the mask is not boolean or of neither shape.
    """
    for name, tokens in (("queries", queries), ("keys", keys), ("values", values)):
        require_tokens(name, tokens.shape)
    # Scaled before the product: there are fewer numbers in the queries than in the scores.
    queries = queries * queries.shape[-1] ** -0.5
    scores = ops.matmul(queries, ops.swapaxes(keys, -1, -2))
    if mask is None:
        weights = _softmax(scores)
    else:
        batch, *_, query_count, key_count = scores.shape
        of_pairs = {"batch": batch, "queries": query_count, "keys": key_count}
        require_mask("mask", mask, {"batch": batch, "keys": key_count}, of_pairs)
        mask = _spread(mask, len(scores.shape))
        # In float32, which can hold −1e9 also when the model computes in half precision.
        kept = ops.where(mask, ops.cast(scores, "float32"), -1e9)
        # The softmax alone would give a query without keys the mean of all of them.
        weights = ops.cast(ops.where(mask, _softmax(kept), 0), scores.dtype)
    return ops.matmul(weights, values), weights


@_register
class ScaledDotProductAttention(layers.Layer):
    """:func:`dot_product_attention` as a layer without weights. Introduced in lesson 05.

    Equal to ``keras.layers.Attention`` on queries divided by √dim, which Keras leaves out.
    """

    def build(self, queries_shape: Shape, keys_shape: Shape, values_shape: Shape) -> None:
        for name, shape in (("queries", queries_shape), ("keys", keys_shape), ("values", values_shape)):
            require_tokens(name, shape)

    def call(
        self,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        attention_mask: Tensor | None = None,
        return_scores: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Does as :func:`dot_product_attention`; the weights are returned on request."""
        outputs, weights = dot_product_attention(queries, keys, values, attention_mask)
        return (outputs, weights) if return_scores else outputs


@_register
class MultiHeadAttention(layers.Layer):
    """Several attentions side by side, each over its own projections: concat(head₁ … head_h) W_O.

    head_i = attention(x W_Q,i, y W_K,i, y W_V,i). Vaswani et al., arXiv:1706.03762, section 3.2.2; equal to
    ``keras.layers.MultiHeadAttention`` with the same weights. The keys have no bias, because it would add
    the same number to all scores of a query, which the softmax takes out again. Introduced in lesson 05.

    Args:
        heads: int ≥ 1.
        dim: int, width of the output, divided evenly among the heads.

    Raises:
        CourseError: when the heads do not divide ``dim``.
    """

    def __init__(self, heads: int, dim: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if heads < 1 or dim % heads:
            raise CourseError(f"heads={heads} and dim={dim}; expected a dim that the heads divide evenly.")
        self.heads, self.dim = heads, dim
        self.project_queries = layers.Dense(dim, name="queries", dtype=self.dtype_policy)
        self.project_keys = layers.Dense(dim, use_bias=False, name="keys", dtype=self.dtype_policy)
        self.project_values = layers.Dense(dim, name="values", dtype=self.dtype_policy)
        self.project_outputs = layers.Dense(dim, name="outputs", dtype=self.dtype_policy)

    def build(self, queries_shape: Shape, keys_shape: Shape) -> None:
        require_tokens("queries", queries_shape)
        require_tokens("keys", keys_shape)
        self.project_queries.build(queries_shape)
        self.project_keys.build(keys_shape)
        self.project_values.build(keys_shape)
        self.project_outputs.build((*queries_shape[:-1], self.dim))

    def call(
        self,
        queries: Tensor,
        keys: Tensor,
        attention_mask: Tensor | None = None,
        return_scores: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Lets every query attend to the keys.

        Args:
            queries: float tensor (batch, queries, dim of queries).
            keys: float tensor (batch, keys, dim of keys); the values are projected from it as well.
            attention_mask: bool tensor (batch, keys) or (batch, queries, keys), True = keep, or None.
            return_scores: bool, whether the weights are returned too.

        Returns:
            outputs (batch, queries, dim), 0 where all keys are masked; with ``return_scores`` also weights
            (batch, heads, queries, keys).

        Raises:
            CourseError: as :func:`dot_product_attention`.
        """
        require_tokens("queries", queries.shape)
        require_tokens("keys", keys.shape)
        return self.attend(queries, *self.keys_and_values(keys), attention_mask, return_scores)

    def keys_and_values(self, keys: Tensor) -> tuple[Tensor, Tensor]:
        """Gives what every head looks up: who keeps it need not project the same tokens again (lesson 07).

        Args:
            keys: float tensor (batch, keys, dim of keys).

        Returns:
            projected keys and values, two float tensors (batch, heads, keys, dim / heads).
        """
        return self._split(self.project_keys(keys)), self._split(self.project_values(keys))

    def attend(
        self,
        queries: Tensor,
        keys: Tensor,
        values: Tensor,
        attention_mask: Tensor | None = None,
        return_scores: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Does as the layer itself, with keys and values that are projected already.

        Args:
            queries: float tensor (batch, queries, dim of queries), not projected.
            keys: float tensor (batch, heads, keys, dim / heads), as from :meth:`keys_and_values`.
            values: float tensor like ``keys``.
            attention_mask: bool tensor (batch, keys) or (batch, queries, keys), True = keep, or None.
            return_scores: bool, whether the weights are returned too.

        Returns:
            As the layer.

        Raises:
            CourseError: as :func:`dot_product_attention`.
        """
        queries = self._split(self.project_queries(queries))
        outputs, weights = dot_product_attention(queries, keys, values, attention_mask)
        outputs = ops.transpose(outputs, (0, 2, 1, 3))  # (batch, queries, heads, dim / heads)
        outputs = self.project_outputs(ops.reshape(outputs, (*ops.shape(outputs)[:2], self.dim)))
        if attention_mask is not None:  # without keys there is nothing to add, not even the bias
            sees = _spread(ops.any(attention_mask, axis=-1, keepdims=True), rank=3)
            outputs = ops.where(sees, outputs, 0)
        return (outputs, weights) if return_scores else outputs

    def _split(self, tokens: Tensor) -> Tensor:
        """(batch, tokens, dim) → (batch, heads, tokens, dim / heads)."""
        tokens = ops.reshape(tokens, (*ops.shape(tokens)[:2], self.heads, self.dim // self.heads))
        return ops.transpose(tokens, (0, 2, 1, 3))

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        return {**super().get_config(), "heads": self.heads, "dim": self.dim}


@_register
class AttentionBlock(layers.Layer):
    """Attention, then a feed-forward network, each after a layer norm and added to what was there (pre-norm).

    x ← x + g_α · attention(LN(x), LN(y)), then x ← x + g_β · W₂ gelu(W₁ LN(x)). Keys y make it
    cross-attention; without them x attends to itself. g is 1 in an ordinary block; Xiong et al.,
    arXiv:2002.04745, say why the norm comes first. In a gated one g_α = tanh α and g_β = tanh β with
    α = β = 0 at the start, so that the block is the identity until it has learned something (Flamingo,
    Alayrac et al., arXiv:2204.14198). Introduced in lesson 05.

    Args:
        heads: int ≥ 1.
        dim: int, width of the queries and of the output.
        hidden: int, width between W₁ and W₂; None takes 2 · dim.
        gated: bool, whether the two gates are there.
    """

    def __init__(
        self, heads: int, dim: int, hidden: int | None = None, gated: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.heads, self.dim, self.hidden, self.gated = heads, dim, hidden or 2 * dim, gated
        policy = self.dtype_policy
        self.norm_queries = layers.LayerNormalization(name="norm_queries", dtype=policy)
        self.norm_hidden = layers.LayerNormalization(name="norm_hidden", dtype=policy)
        self.attention = MultiHeadAttention(heads, dim, name="attention", dtype=policy)
        self.widen = layers.Dense(self.hidden, activation="gelu", name="widen", dtype=policy)
        self.narrow = layers.Dense(dim, name="narrow", dtype=policy)

    def build(self, queries_shape: Shape, keys_shape: Shape | None = None) -> None:
        require_tokens("queries", queries_shape)
        self.norm_queries.build(queries_shape)
        self.norm_keys = None
        if keys_shape is not None:
            require_tokens("keys", keys_shape)
            self.norm_keys = layers.LayerNormalization(name="norm_keys", dtype=self.dtype_policy)
            self.norm_keys.build(keys_shape)
        if queries_shape[-1] != self.dim:
            raise CourseError(
                f"queries have shape {tuple(queries_shape)} and the block has dim={self.dim}; expected the "
                "same width, since its output is added to them. A `Dense(dim)` before it makes them fit."
            )
        self.attention.build(queries_shape, keys_shape or queries_shape)
        self.norm_hidden.build(queries_shape)
        self.widen.build(queries_shape)
        self.narrow.build((*queries_shape[:-1], self.hidden))
        if self.gated:
            self.gate_attention = self.add_weight(shape=(), initializer="zeros", name="gate_attention")
            self.gate_hidden = self.add_weight(shape=(), initializer="zeros", name="gate_hidden")

    def call(
        self,
        queries: Tensor,
        keys: Tensor | None = None,
        attention_mask: Tensor | None = None,
        return_scores: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Moves the queries on by what they find in the keys.

        Args:
            queries: float tensor (batch, queries, dim).
            keys: float tensor (batch, keys, dim of keys), or None for self-attention.
            attention_mask: bool tensor (batch, keys) or (batch, queries, keys), True = keep, or None. With
                all keys masked a query is moved by the feed-forward half alone.
            return_scores: bool, whether the weights are returned too.

        Returns:
            float tensor like ``queries``; with ``return_scores`` also weights (batch, heads, queries, keys).

        Raises:
            CourseError: as :func:`dot_product_attention`.
        """
        require_tokens("queries", queries.shape)
        if (keys is None) != (self.norm_keys is None):
            raise CourseError(
                "keys are given to a block that was first called without, or the other way round; expected "
                "them always or never. Make one block for self-attention, another for cross-attention."
            )
        normed = self.norm_queries(queries)
        looked_up, weights = self.attention(
            normed,
            normed if keys is None else self.norm_keys(keys),
            attention_mask=attention_mask,
            return_scores=True,
        )
        queries = queries + (ops.tanh(self.gate_attention) * looked_up if self.gated else looked_up)
        thought = self.narrow(self.widen(self.norm_hidden(queries)))
        queries = queries + (ops.tanh(self.gate_hidden) * thought if self.gated else thought)
        return (queries, weights) if return_scores else queries

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        ours = {"heads": self.heads, "dim": self.dim, "hidden": self.hidden, "gated": self.gated}
        return {**super().get_config(), **ours}


@_register
class Positions(layers.Layer):
    """Adds a learned vector to every place of a sequence, so that equal tokens at two places differ.

    x_i ← x_i + p_i. Attention and means see a set; with this they see a sequence, or a grid read row by row.
    Introduced in lesson 05.

    Args:
        deviation: float > 0, standard deviation of p at the start; of the size of what it is added to, or it
            takes long to be heard.
    """

    def __init__(self, deviation: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.deviation = deviation

    def build(self, tokens_shape: Shape) -> None:
        require_tokens("tokens", tokens_shape)
        self.table = self.add_weight(
            shape=tuple(tokens_shape[1:]),
            initializer=keras.initializers.RandomNormal(stddev=self.deviation),
            name="table",
        )

    def call(self, tokens: Tensor) -> Tensor:
        """Maps a float tensor (batch, tokens, dim) to the same shape; as many tokens as in the first call."""
        return tokens + self.table

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        return {**super().get_config(), "deviation": self.deviation}


@_register
class GridPositions(layers.Layer):
    """Adds a learned vector to every row and one to every column of a grid of tokens, read row by row.

    x_rc ← x_rc + p_r + q_c. Next to a grid with a vector for every place (:class:`Positions`) it needs fewer
    weights, and "one column further" is the same step in all rows. Introduced in lesson 05.

    Args:
        columns: int ≥ 1, tokens in a row.
        deviation: float > 0, standard deviation of p and q at the start.

    Raises:
        CourseError: when the tokens do not fill whole rows.
    """

    def __init__(self, columns: int, deviation: float = 0.5, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.columns, self.deviation = columns, deviation

    def build(self, tokens_shape: Shape) -> None:
        require_tokens("tokens", tokens_shape)
        _, count, dim = tokens_shape
        if count % self.columns:
            raise CourseError(f"There are {count} tokens and {self.columns} columns; expected full rows.")
        for name, shape in (("row", (count // self.columns, 1, dim)), ("column", (1, self.columns, dim))):
            # One initialiser each: called twice, the same one would draw the same numbers.
            start = keras.initializers.RandomNormal(stddev=self.deviation)
            setattr(self, f"{name}_table", self.add_weight(shape=shape, initializer=start, name=name))

    def call(self, tokens: Tensor) -> Tensor:
        """Maps a float tensor (batch, rows · columns, dim) to the same shape."""
        return tokens + ops.reshape(self.row_table + self.column_table, (-1, tokens.shape[-1]))

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        return {**super().get_config(), "columns": self.columns, "deviation": self.deviation}


def require_tokens(name: str, shape: Shape) -> None:
    """Refuses what has no token axis: Keras would take the batch for it.

    Args:
        name: of the argument, for the message.
        shape: tuple.

    Raises:
        CourseError: when there are fewer than three axes.
    """
    if len(shape) < 3:
        raise CourseError(
            f"{name} have shape {tuple(shape)}; expected (batch, tokens, dim). Attention runs along the last "
            "axis but one: with two axes that is the batch, so every sample would attend to its batch mates, "
            "and its answer would change with them (Keras' own `Attention` lets that pass). A single vector "
            "is one token: `keras.ops.expand_dims(x, axis=1)`."
        )


def require_mask(name: str, mask: Tensor, *shapes: dict[str, int | None]) -> None:
    """Refuses a mask that is not boolean, or of a shape that broadcasting would quietly make fit.

    0 and 1, or 0 and −∞, mean opposite things in different libraries.

    Args:
        name: of the argument, for the message.
        mask: tensor or array.
        shapes: those allowed, each {name of an axis: its length}, None where that is not known yet. An axis
            before the last may be 1 as well.

    Raises:
        CourseError: when its dtype is another, or its shape none of these.
    """
    if not hasattr(mask, "dtype"):
        raise CourseError(f"{name} is a {type(mask).__name__}; expected a tensor or array of bool.")
    found = keras.backend.standardize_dtype(mask.dtype)
    if found != "bool":
        raise CourseError(f"{name} is {found}; expected bool with True = keep, such as `token_ids != 0`.")
    if not any(_fits(mask.shape, tuple(shape.values())) for shape in shapes):
        allowed = " or ".join(f"({', '.join(shape)}) = {tuple(shape.values())}" for shape in shapes)
        raise CourseError(
            f"{name} has shape {tuple(mask.shape)}; expected {allowed}. If all samples share it, give it a"
            f" batch axis of 1: `{name}[None]`."
        )


def _fits(found: Shape, wanted: Shape) -> bool:
    if len(found) != len(wanted):
        return False
    shared = [length == 1 for length in found[:-1]] + [False]
    axes = zip(found, wanted, shared, strict=True)
    return all(length == expected or None in (length, expected) or one for length, expected, one in axes)


def _softmax(scores: Tensor) -> Tensor:
    """Softmax over the keys; over a single one it is 1 whatever the score, of which Keras would warn."""
    return scores * 0 + 1 if scores.shape[-1] == 1 else ops.softmax(scores, axis=-1)


def _spread(mask: Tensor, rank: int) -> Tensor:
    """(batch, keys) or (batch, queries, keys) → as many axes as the scores have, new ones after the batch."""
    while len(mask.shape) < rank:
        mask = ops.expand_dims(mask, 1)
    return mask
