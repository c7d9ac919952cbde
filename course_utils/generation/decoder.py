"""A causal Transformer that writes: each token sees those before it and, if there is one, a memory.

The memory is what is written about, such as the regions of a picture or the words of a sentence. Trained, all
tokens of a sentence are predicted at once, each from the true ones before it (teacher forcing). Writing goes
token by token, and a cache keeps what would be computed again: ``start`` makes it, ``step`` moves it on.

Tokens are integers (batch, tokens); masks are boolean with True = keep. Importing this module loads Keras.
Introduced in lesson 07.
"""

from typing import Any

import keras
from keras import layers, ops

from course_utils.errors import CourseError
from course_utils.fusion.attention import MultiHeadAttention, require_mask, require_tokens

__all__ = ["Decoder", "DecoderBlock", "causal_mask"]

_register = keras.saving.register_keras_serializable("course_utils")

Tensor = Any
"""A tensor of the backend that Keras runs on, a symbolic one, or a NumPy array."""

Shape = tuple[int | None, ...]
"""Lengths of a tensor's axes; None where one is not known yet."""

Cache = dict[str, Any]
"""Tensors by name, also nested; the first axis of each is the batch."""


def causal_mask(tokens: int | Tensor) -> Tensor:
    """Gives the mask that hides what comes later: token i may look at the tokens 0 to i.

    Introduced in lesson 07.

    Args:
        tokens: int, how many there are.

    Returns:
        bool tensor (1, tokens, tokens), True = keep; row = who looks, column = at what. The first axis is the
        batch, for all of which it holds.
    """
    places = ops.arange(tokens)
    return (places[:, None] >= places)[None]


@_register
class DecoderBlock(layers.Layer):
    """Looks back, looks at the memory, thinks: each after a layer norm, added to what was there (pre-norm).

    x ← x + attention(LN(x), LN(x)) under a causal mask, then x ← x + attention(LN(x), LN(memory)), then
    x ← x + W₂ gelu(W₁ LN(x)). Without a memory the second is left out. Vaswani et al., arXiv:1706.03762,
    section 3.1, with the norm first as in Xiong et al., arXiv:2002.04745. Introduced in lesson 07.

    Args:
        heads: int ≥ 1.
        dim: int, width of the tokens.
        hidden: int, width between W₁ and W₂; None takes 2 · dim.
    """

    def __init__(self, heads: int, dim: int, hidden: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.heads, self.dim, self.hidden = heads, dim, hidden or 2 * dim
        policy = self.dtype_policy
        self.norm_tokens = layers.LayerNormalization(name="norm_tokens", dtype=policy)
        self.self_attention = MultiHeadAttention(heads, dim, name="self_attention", dtype=policy)
        self.norm_queries = layers.LayerNormalization(name="norm_queries", dtype=policy)
        self.norm_memory = layers.LayerNormalization(name="norm_memory", dtype=policy)
        self.cross_attention = MultiHeadAttention(heads, dim, name="cross_attention", dtype=policy)
        self.norm_hidden = layers.LayerNormalization(name="norm_hidden", dtype=policy)
        self.widen = layers.Dense(self.hidden, activation="gelu", name="widen", dtype=policy)
        self.narrow = layers.Dense(dim, name="narrow", dtype=policy)

    def build(self, tokens_shape: Shape, memory_shape: Shape | None = None) -> None:
        require_tokens("tokens", tokens_shape)
        if tokens_shape[-1] != self.dim:
            raise CourseError(
                f"tokens have shape {tuple(tokens_shape)} and the block has dim={self.dim}; expected the"
                " same width, since its output is added to them."
            )
        self.norm_tokens.build(tokens_shape)
        self.self_attention.build(tokens_shape, tokens_shape)
        self.has_memory = memory_shape is not None
        if self.has_memory:
            require_tokens("memory", memory_shape)
            self.norm_queries.build(tokens_shape)
            self.norm_memory.build(memory_shape)
            self.cross_attention.build(tokens_shape, memory_shape)
        self.norm_hidden.build(tokens_shape)
        self.widen.build(tokens_shape)
        self.narrow.build((*tokens_shape[:-1], self.hidden))

    def call(
        self,
        tokens: Tensor,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        return_scores: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor | None]:
        """Moves all tokens of the sequences on at once.

        Args:
            tokens: float tensor (batch, tokens, dim).
            memory: float tensor (batch, memory, dim of memory), or None.
            memory_mask: bool tensor (batch, memory), True = keep, or None.
            return_scores: bool, whether the weights on the memory are returned too.

        Returns:
            float tensor like ``tokens``; with ``return_scores`` also weights (batch, heads, tokens, memory),
            or None where there is no memory.

        Raises:
            CourseError: a memory is given to a block that was first called without one, or the other way
                round; else as :func:`~course_utils.fusion.attention.dot_product_attention`.
        """
        _require_same("block", memory, self.has_memory)
        normed = self.norm_tokens(tokens)
        seen = self.self_attention.keys_and_values(normed)
        remembered = None if memory is None else self.remember(memory)
        outputs, weights = self._run(
            tokens, normed, seen, causal_mask(ops.shape(tokens)[1]), remembered, memory_mask
        )
        return (outputs, weights) if return_scores else outputs

    def remember(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Gives the keys and values of a memory, which stay the same while a sequence is written.

        Args:
            memory: float tensor (batch, memory, dim of memory).

        Returns:
            two float tensors (batch, heads, memory, dim / heads).
        """
        return self.cross_attention.keys_and_values(self.norm_memory(memory))

    def step(
        self,
        token: Tensor,
        seen: tuple[Tensor, Tensor],
        position: Tensor,
        remembered: tuple[Tensor, Tensor] | None = None,
        memory_mask: Tensor | None = None,
    ) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Moves one new token of each sequence on; those before it are in the cache.

        Args:
            token: float tensor (batch, 1, dim).
            seen: keys and values of the tokens before, two float tensors (batch, heads, longest, dim / heads)
                in which the places from ``position`` on are free.
            position: int tensor (), the new token's place, the same in all sequences.
            remembered: as from :meth:`remember`, or None.
            memory_mask: bool tensor (batch, memory), True = keep, or None.

        Returns:
            float tensor (batch, 1, dim), and ``seen`` with the new token in its place.
        """
        normed = self.norm_tokens(token)
        new = self.self_attention.keys_and_values(normed)
        seen = tuple(
            ops.slice_update(many, (0, 0, position, 0), one) for one, many in zip(new, seen, strict=True)
        )
        mask = (ops.arange(seen[0].shape[2]) <= position)[None]
        outputs, _ = self._run(token, normed, seen, mask, remembered, memory_mask)
        return outputs, seen

    def _run(
        self,
        tokens: Tensor,
        normed: Tensor,
        seen: tuple[Tensor, Tensor],
        mask: Tensor,
        remembered: tuple[Tensor, Tensor] | None,
        memory_mask: Tensor | None,
    ) -> tuple[Tensor, Tensor | None]:
        """The three sums, given the keys and values of what is looked at."""
        weights = None
        tokens = tokens + self.self_attention.attend(normed, *seen, mask)
        if remembered is not None:
            found, weights = self.cross_attention.attend(
                self.norm_queries(tokens), *remembered, memory_mask, return_scores=True
            )
            tokens = tokens + found
        return tokens + self.narrow(self.widen(self.norm_hidden(tokens))), weights

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        return {**super().get_config(), "heads": self.heads, "dim": self.dim, "hidden": self.hidden}


@_register
class Decoder(layers.Layer):
    """Predicts every next token: embeddings of token and place, blocks, layer norm, one logit per token.

    Padding comes after the end of a sequence, so that the causal mask hides it from all that counts; leave
    it out of the loss. Introduced in lesson 07.

    Args:
        vocabulary_size: int, tokens there are, padding included.
        longest: int, tokens of the longest sequence.
        dim: int, width of a token inside.
        heads: int ≥ 1, of each attention.
        blocks: int ≥ 1.
        hidden: int, width inside of the feed-forward networks; None takes 2 · dim.
    """

    def __init__(
        self,
        vocabulary_size: int,
        longest: int,
        dim: int,
        heads: int,
        blocks: int,
        hidden: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.vocabulary_size, self.longest, self.dim = vocabulary_size, longest, dim
        self.heads, self.hidden = heads, hidden or 2 * dim
        policy = self.dtype_policy
        self.embed_tokens = layers.Embedding(vocabulary_size, dim, name="tokens", dtype=policy)
        self.embed_places = layers.Embedding(longest, dim, name="places", dtype=policy)
        self.blocks = [
            DecoderBlock(heads, dim, self.hidden, name=f"block_{number}", dtype=policy)
            for number in range(blocks)
        ]
        self.norm = layers.LayerNormalization(name="norm", dtype=policy)
        self.to_logits = layers.Dense(vocabulary_size, name="logits", dtype=policy)

    def build(self, tokens_shape: Shape, memory_shape: Shape | None = None) -> None:
        inner = (*tokens_shape, self.dim)
        self.has_memory = memory_shape is not None
        self.embed_tokens.build(tokens_shape)
        self.embed_places.build(tokens_shape)
        for block in self.blocks:
            block.build(inner, memory_shape)
        self.norm.build(inner)
        self.to_logits.build(inner)

    def call(
        self,
        tokens: Tensor,
        memory: Tensor | None = None,
        memory_mask: Tensor | None = None,
        return_scores: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Predicts what follows each token, from this one and those before it.

        Args:
            tokens: int tensor (batch, tokens), 0 ≤ token < vocabulary_size; at most ``longest`` tokens.
            memory: float tensor (batch, memory, dim of memory), or None for a model of language alone.
            memory_mask: bool tensor (batch, memory), True = keep, or None.
            return_scores: bool, whether the weights on the memory are returned too.

        Returns:
            logits, float tensor (batch, tokens, vocabulary_size); with ``return_scores`` also weights (batch,
            blocks, heads, tokens, memory).

        Raises:
            CourseError: too many tokens, a mask that does not fit, or a memory where there was none when the
                decoder was first called, or the other way round.
        """
        self._require_room(tokens)
        self._require_fitting(memory, memory_mask)
        places = ops.arange(ops.shape(tokens)[1])
        inner = self.embed_tokens(tokens) + self.embed_places(places)
        all_weights = []
        for block in self.blocks:
            inner, weights = block(inner, memory, memory_mask=memory_mask, return_scores=True)
            all_weights.append(weights)
        logits = self.to_logits(self.norm(inner))
        return (logits, ops.stack(all_weights, axis=1)) if return_scores else logits

    def compute_output_spec(
        self,
        tokens: keras.KerasTensor,
        memory: keras.KerasTensor | None = None,
        memory_mask: keras.KerasTensor | None = None,
        return_scores: bool = False,
    ) -> keras.KerasTensor | tuple[keras.KerasTensor, keras.KerasTensor]:
        """Says what :meth:`call` gives, without trying it.

        Keras would try it, on PyTorch with 83 tokens where their number is not known: more than there is
        room for.
        """
        self._require_room(tokens)
        self._require_fitting(memory, memory_mask)
        batch, count = tokens.shape
        logits = keras.KerasTensor((batch, count, self.vocabulary_size), self.compute_dtype)
        if not return_scores:
            return logits
        seen = None if memory is None else memory.shape[1]
        shape = (batch, len(self.blocks), self.heads, count, seen)
        return logits, keras.KerasTensor(shape, self.compute_dtype)

    def start(self, memory: Tensor | None = None, memory_mask: Tensor | None = None, batch: int = 1) -> Cache:
        """Makes the cache for new sequences, with keys and values of the memory computed once for all.

        Args:
            memory: float tensor (batch, memory, dim of memory), or None.
            memory_mask: bool tensor (batch, memory), True = keep, or None.
            batch: int, how many sequences; asked for only where there is no memory.

        Returns:
            dict of tensors for :meth:`step`; the first axis of each is the batch, so that rows can be taken
            out, doubled or put in another order.

        Raises:
            CourseError: the decoder has no weights yet, or memory or mask do not fit.
        """
        if not self.built:
            raise CourseError("this decoder has no weights yet: call it once, or train or load it, first.")
        self._require_fitting(memory, memory_mask)
        batch = batch if memory is None else ops.shape(memory)[0]
        free = ops.zeros((batch, self.heads, self.longest, self.dim // self.heads), self.compute_dtype)
        cache = {
            "position": ops.zeros((batch,), "int32"),
            "seen": [(free, free) for _ in self.blocks],
        }
        if memory is not None:
            cache["remembered"] = [block.remember(memory) for block in self.blocks]
        if memory_mask is not None:
            cache["memory_mask"] = ops.convert_to_tensor(memory_mask)
        return cache

    def step(self, tokens: Tensor, cache: Cache) -> tuple[Tensor, Cache]:
        """Takes in the next token of every sequence and predicts the one after it.

        All shapes stay the same from step to step, so that a compiler needs to see it only once:
        ``tf.function(decoder.step, autograph=False, jit_compile=True)`` gives the same many times faster.

        Args:
            tokens: int tensor (batch,).
            cache: as from :meth:`start` or the step before. There is room for ``longest`` tokens.

        Returns:
            logits, float tensor (batch, vocabulary_size), and the cache for the next step; the old one stays
            as it is.

        Raises:
            CourseError: the cache is full. A compiled step does not know the place: there an index is out of
                range, or, on a GPU, no error is raised.
        """
        position = cache["position"]
        done = _number(position[0])
        if done is not None and done >= self.longest:
            raise CourseError(
                f"the cache holds {done} tokens already and the decoder has"
                f" longest={self.longest}; expected at most so many steps after `start`. Stop earlier, or"
                " make a decoder for longer sequences."
            )
        inner = (self.embed_tokens(tokens) + self.embed_places(position))[:, None]
        nothing = [None] * len(self.blocks)
        all_seen = []
        for block, seen, remembered in zip(
            self.blocks, cache["seen"], cache.get("remembered", nothing), strict=True
        ):
            inner, seen = block.step(inner, seen, position[0], remembered, cache.get("memory_mask"))
            all_seen.append(seen)
        logits = self.to_logits(self.norm(inner))[:, 0]
        return logits, {**cache, "position": position + 1, "seen": all_seen}

    def _require_room(self, tokens: Tensor) -> None:
        """Refuses tokens that the decoder has no places for."""
        if len(tokens.shape) != 2 or (tokens.shape[1] or 0) > self.longest:
            raise CourseError(
                f"tokens have shape {tuple(tokens.shape)}; expected (batch, tokens) with at most "
                f"longest={self.longest} tokens. Cut them, or make a decoder for longer sequences."
            )

    def _require_fitting(self, memory: Tensor | None, memory_mask: Tensor | None) -> None:
        """Refuses a memory or a mask that would fail deep inside, or not at all."""
        _require_same("decoder", memory, self.has_memory)
        if memory is not None:
            require_tokens("memory", memory.shape)
        if memory_mask is not None:
            if memory is None:
                raise CourseError("memory_mask is given without a memory; expected both or only the memory.")
            require_mask("memory_mask", memory_mask, {"batch": memory.shape[0], "memory": memory.shape[1]})

    def get_config(self) -> dict:
        """Gives the arguments of the constructor, dict."""
        names = ("vocabulary_size", "longest", "dim", "heads", "hidden")
        ours = {name: getattr(self, name) for name in names} | {"blocks": len(self.blocks)}
        return {**super().get_config(), **ours}


def _require_same(what: str, memory: Tensor | None, has_memory: bool) -> None:
    if (memory is None) == has_memory:
        raise CourseError(
            f"a memory is given to a {what} that was first called without, or the other way round; expected "
            f"it always or never. Make one {what} for each."
        )


def _number(tensor: Tensor) -> int | None:
    """The value of a scalar tensor; None while a step is being compiled, where it has none yet."""
    try:
        return int(tensor)
    except TypeError:
        return None
