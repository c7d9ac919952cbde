"""Eleven ways from two modalities to one answer and two baselines, all called alike, to be compared.

    fusion = METHODS["film"](classes=21, dim=96)
    logits = fusion(a, b, mask_a=mask_a, mask_b=mask_b, present=ModalityDropout(0.3)(present))

``a`` and ``b`` are token sequences (batch, tokens, dim of the modality); a single vector is one token. What a
mask or ``present`` takes away may hold anything, NaN included: it changes no answer. Tokens are a set to
every method; where order matters, add :class:`~course_utils.fusion.attention.Positions` before. Whatever the
method, ``dim`` is the width of all that is inside, and the last step is the same small network,
``Dense(dim, relu) → Dense(classes)``.

**Many questions about one picture.** With ``per_token=True`` every token of ``a`` is a question of its own,
none sees the others, and the logits are (batch, tokens_a, classes). Methods that fuse vectors do this by
broadcasting (the picture is encoded and pooled once), cross-attention by what it is (each query looks by
itself, all in parallel), and the rest by folding the questions into the batch and repeating the picture.

Importing this module loads Keras. Introduced in lesson 05.
"""

from functools import partial
from typing import Any, ClassVar

import keras
from keras import layers, ops

from course_utils.errors import CourseError
from course_utils.fusion.attention import AttentionBlock, require_mask, require_tokens

__all__ = [
    "BASELINES",
    "METHODS",
    "Bottleneck",
    "CoAttention",
    "Concatenation",
    "CrossAttention",
    "FiLM",
    "Fusion",
    "GatedCrossAttention",
    "GatedUnit",
    "LateFusion",
    "LowRank",
    "ModalityDropout",
    "OneModality",
    "SelfAttention",
    "TensorFusion",
    "masked_mean",
]

Tensor = keras.KerasTensor  # in signatures: whatever keras.ops take and return
_register = keras.saving.register_keras_serializable("course_utils")


def masked_mean(tokens: Tensor, mask: Tensor) -> Tensor:
    """Takes the mean over the tokens that the mask keeps. Introduced in lesson 05.

    Args:
        tokens: float tensor (batch, tokens, dim), finite.
        mask: bool tensor (batch, tokens), True = keep.

    Returns:
        float tensor (batch, dim); 0 where nothing is kept.

    Raises:
        CourseError: when the mask is not boolean or of another shape.
    """
    require_mask("mask", mask, {"batch": tokens.shape[0], "tokens": tokens.shape[1]})
    kept = ops.expand_dims(ops.cast(mask, tokens.dtype), -1)
    return ops.sum(tokens * kept, axis=1) / ops.maximum(ops.sum(kept, axis=1), 1)


class Fusion(layers.Layer):
    """What all methods share: the arguments, the masks, and the last step from a fused vector to logits.

    Args:
        classes: int, how many logits.
        dim: int, width of every representation inside.
        heads: int, attention heads; only where a method attends.
        depth: int ≥ 1, layers on top of each other; only where a method attends or modulates.
        per_token: bool, whether every token of ``a`` is a question that gets its own logits.
        inner: int, width inside the feed-forward networks of attention blocks; None takes 2 · dim.
        shared: bool, whether the attention blocks on top of each other are one and the same, run again: what
            the first step has learned, the second can do as well (Dehghani et al., arXiv:1807.03819).
    """

    gives_scores = False

    def __init__(
        self,
        classes: int,
        dim: int = 96,
        heads: int = 4,
        depth: int = 2,
        per_token: bool = False,
        inner: int | None = None,
        shared: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.classes, self.dim, self.heads, self.depth = classes, dim, heads, depth
        self.per_token, self.inner, self.shared = per_token, inner, shared
        self.hidden = self._dense(dim, activation="relu")
        self.logits = self._dense(classes)

    def build(self, a_shape: tuple[int | None, ...], b_shape: tuple[int | None, ...]) -> None:
        require_tokens("tokens of modality a", a_shape)
        require_tokens("tokens of modality b", b_shape)
        # Running once on symbols gives every layer inside its weights.
        self.compute_output_spec(keras.KerasTensor(a_shape), keras.KerasTensor(b_shape))

    def call(
        self,
        a: Tensor,
        b: Tensor,
        mask_a: Tensor | None = None,
        mask_b: Tensor | None = None,
        present: Tensor | None = None,
        return_scores: bool = False,
    ) -> Tensor | tuple[Tensor, Tensor]:
        """Fuses two modalities into logits.

        Args:
            a: float tensor (batch, tokens_a, dim_a).
            b: float tensor (batch, tokens_b, dim_b).
            mask_a: bool tensor (batch, tokens_a), True = keep, False = padding; or None.
            mask_b: bool tensor (batch, tokens_b), or None.
            present: bool tensor (batch, 2), whether the sample has modality a and b; None when all have both.
            return_scores: bool, whether the weights with which ``a`` looks at ``b`` are returned too; only
                cross-attention has them.

        Returns:
            logits, float tensor (batch, classes), or (batch, tokens_a, classes) with ``per_token``; with
            ``return_scores`` also weights (batch, depth, heads, tokens_a, tokens_b).

        Raises:
            CourseError: when a token axis is missing, a mask is not boolean or of another shape, or no
                weights are to be had.
        """
        require_tokens("tokens of modality a", a.shape)
        require_tokens("tokens of modality b", b.shape)
        if return_scores and not self.gives_scores:
            raise CourseError(
                f"{type(self).__name__} has no weights with which a looks at b; use CrossAttention, or leave "
                "return_scores out."
            )
        a, mask_a = _keep(a, "mask_a", mask_a, present, 0)
        b, mask_b = _keep(b, "mask_b", mask_b, present, 1)
        logits, scores = self.fuse(a, b, mask_a, mask_b)
        return (logits, scores) if return_scores else logits

    def fuse(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> tuple[Tensor, Tensor | None]:
        """Turns tokens, 0 where masked, and full masks into logits and weights (None if there are none)."""
        raise NotImplementedError

    def classify(self, fused: Tensor) -> Tensor:
        """Takes the last step, the same for all: (..., width) → logits (..., classes)."""
        return self.logits(self.hidden(fused))

    def get_config(self) -> dict:
        """Gives the arguments of the constructor."""
        names = ("classes", "dim", "heads", "depth", "per_token", "inner", "shared")
        return {**super().get_config(), **{name: getattr(self, name) for name in names}}

    def _dense(self, width: int, **options: Any) -> layers.Dense:
        return layers.Dense(width, dtype=self.dtype_policy, **options)

    def _blocks(self, **options: Any) -> list[AttentionBlock]:
        blocks = [
            AttentionBlock(self.heads, self.dim, self.inner, dtype=self.dtype_policy, **options)
            for _ in range(1 if self.shared else self.depth)
        ]
        return blocks * (self.depth // len(blocks))

    def _norm(self, **options: Any) -> layers.LayerNormalization:
        return layers.LayerNormalization(dtype=self.dtype_policy, **options)


class VectorFusion(Fusion):
    """Each modality becomes one vector: encoded token by token, Dense(dim, relu), then the masked mean.

    A modality that is missing is the vector 0. A subclass says in ``combine`` what it makes of two vectors.
    """

    encoder: ClassVar = {"activation": "relu"}

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.encode_a, self.encode_b = (self._dense(self.dim, **self.encoder) for _ in range(2))

    def encode(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> tuple[Tensor, Tensor]:
        """Turns tokens of two modalities into tokens of width dim."""
        return self.encode_a(a), self.encode_b(b)

    def combine(self, a: Tensor, b: Tensor) -> Tensor:
        """Turns two vectors (..., dim) into the fused one (..., any width)."""
        raise NotImplementedError

    def fuse(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> tuple[Tensor, Tensor | None]:
        a, b = self.encode(a, b, mask_a, mask_b)
        return self.classify(self.combine(*_vectors(a, b, mask_a, mask_b, self.per_token))), None


class TokenFusion(Fusion):
    """The tokens of both modalities meet. A subclass says in ``meet`` how, and what vector comes of it.

    The projection to width dim has no bias, so that a token that is taken away stays the vector 0. As a key
    it is masked; where a whole modality is missing, its zeros still ask.
    """

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.project_a = self._dense(self.dim, use_bias=False)
        self.project_b = self._dense(self.dim, use_bias=False)

    def meet(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        """Turns tokens (batch, tokens, dim) of two modalities and their masks into one vector each sample."""
        raise NotImplementedError

    def fuse(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> tuple[Tensor, Tensor | None]:
        a, b = self.project_a(a), self.project_b(b)
        if not self.per_token:
            return self.classify(self.meet(a, b, mask_a, mask_b)), None
        count = a.shape[1]  # fold: a question is a sample of its own, with its own copy of the picture
        a, mask_a = ops.reshape(a, (-1, 1, self.dim)), ops.reshape(mask_a, (-1, 1))
        b, mask_b = ops.repeat(b, count, axis=0), ops.repeat(mask_b, count, axis=0)
        logits = self.classify(self.meet(a, b, mask_a, mask_b))
        return ops.reshape(logits, (-1, count, self.classes)), None


# --- one modality alone, and vectors ------------------------------------------------------------------------


@_register
class OneModality(VectorFusion):
    """Looks at one modality only: the baseline that every fusion has to beat. logits = MLP(v).

    Args:
        modality: "a" or "b".
    """

    def __init__(self, classes: int, modality: str = "a", **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        if modality not in ("a", "b"):
            raise CourseError(f"modality is {modality!r}; expected 'a' or 'b'.")
        self.modality = modality

    def encode(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> tuple[Tensor, Tensor]:
        # The other one is passed on as it is, and combine leaves it out: it gets no weights.
        return (self.encode_a(a), b) if self.modality == "a" else (a, self.encode_b(b))

    def combine(self, a: Tensor, b: Tensor) -> Tensor:
        return a if self.modality == "a" else b

    def get_config(self) -> dict:
        """Gives the arguments of the constructor."""
        return {**super().get_config(), "modality": self.modality}


@_register
class Concatenation(VectorFusion):
    """Early concatenation: [v_a ; v_b], and the last step is free to combine them.

    Baltrušaitis, Ahuja & Morency, arXiv:1705.09406, section 6.1, on early and late fusion.
    """

    def combine(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.concatenate([a, b], axis=-1)


@_register
class LateFusion(VectorFusion):
    """Late fusion: every modality gives its own logits, and they are added. Nothing crosses.

    logits = MLP_a(v_a) + MLP_b(v_b), or their mean. A modality that is missing has no say. Baltrušaitis,
    Ahuja & Morency, arXiv:1705.09406, section 6.1.

    Args:
        average: bool, whether the logits are divided by the number of modalities that the sample has.
    """

    def __init__(self, classes: int, average: bool = False, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.average = average
        self.hidden_b = self._dense(self.dim, activation="relu")
        self.logits_b = self._dense(classes)

    def fuse(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> tuple[Tensor, Tensor | None]:
        a, b = self.encode(a, b, mask_a, mask_b)
        a, b = _vectors(a, b, mask_a, mask_b, self.per_token)
        has_b = ops.any(mask_b, axis=1, keepdims=True)  # (batch, 1)
        if self.per_token:
            has_a, has_b = ops.expand_dims(mask_a, -1), ops.expand_dims(has_b, -1)
        else:
            has_a = ops.any(mask_a, axis=1, keepdims=True)
        has_a, has_b = ops.cast(has_a, a.dtype), ops.cast(has_b, b.dtype)
        logits = has_a * self.classify(a) + has_b * self.logits_b(self.hidden_b(b))
        return (logits / ops.maximum(has_a + has_b, 1) if self.average else logits), None

    def get_config(self) -> dict:
        """Gives the arguments of the constructor."""
        return {**super().get_config(), "average": self.average}


@_register
class GatedUnit(VectorFusion):
    """Gated multimodal unit (GMU): a gate decides, feature by feature, whom to believe.

    h_m = tanh(W_m v_m), z = σ(W_z [v_a ; v_b]), h = z ⊙ h_a + (1 − z) ⊙ h_b. Arevalo et al.,
    arXiv:1702.01992.
    """

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.feature_a = self._dense(self.dim, use_bias=False, activation="tanh")
        self.feature_b = self._dense(self.dim, use_bias=False, activation="tanh")
        self.gate = self._dense(self.dim, activation="sigmoid")

    def combine(self, a: Tensor, b: Tensor) -> Tensor:
        gate = self.gate(ops.concatenate([a, b], axis=-1))
        return gate * self.feature_a(a) + (1 - gate) * self.feature_b(b)


@_register
class TensorFusion(VectorFusion):
    """Tensor fusion: every feature of a times every feature of b, and each alone, through an appended 1.

    h = flatten([u_a ; 1] ⊗ [u_b ; 1]) with u_m = W_m v_m, narrow because the product has (factors + 1)²
    features. Zadeh et al., arXiv:1707.07250, section 4.2.

    Args:
        factors: int, width of u.
    """

    def __init__(self, classes: int, factors: int = 16, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.factors = factors
        self.narrow_a, self.narrow_b = self._dense(factors), self._dense(factors)

    def combine(self, a: Tensor, b: Tensor) -> Tensor:
        a, b = (
            ops.pad(vector, [[0, 0]] * (len(vector.shape) - 1) + [[0, 1]], constant_values=1)
            for vector in (self.narrow_a(a), self.narrow_b(b))
        )
        products = ops.expand_dims(a, -1) * ops.expand_dims(b, -2)  # (..., factors + 1, factors + 1)
        return ops.reshape(products, (*ops.shape(products)[:-2], (self.factors + 1) ** 2))

    def get_config(self) -> dict:
        """Gives the arguments of the constructor."""
        return {**super().get_config(), "factors": self.factors}


@_register
class LowRank(VectorFusion):
    """Low-rank bilinear fusion (LMF): products as in the tensor, whose weights are a sum of few simple terms.

    h = Σ_r (U_r [v_a ; 1]) ⊙ (V_r [v_b ; 1]), r = 1 … rank: the outer product is never made. Here the column
    for the appended 1 is the bias, and it starts at 1, so that each modality is heard alone too from the
    first step. Liu et al., arXiv:1806.00064, section 3.2.

    Args:
        rank: int, terms of the sum.
    """

    def __init__(self, classes: int, rank: int = 4, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.rank = rank
        # All ranks in one layer: Keras tracks its weights, as it would not those in a list of arrays.
        self.factors_a = self._dense(rank * self.dim, bias_initializer="ones")
        self.factors_b = self._dense(rank * self.dim, bias_initializer="ones")

    def combine(self, a: Tensor, b: Tensor) -> Tensor:
        products = self.factors_a(a) * self.factors_b(b)
        return ops.sum(ops.reshape(products, (*ops.shape(products)[:-1], self.rank, self.dim)), axis=-2)

    def get_config(self) -> dict:
        """Gives the arguments of the constructor."""
        return {**super().get_config(), "rank": self.rank}


@_register
class SelfAttention(VectorFusion):
    """Self-attention within each modality, then concatenation: the document's model, repaired.

    x_m ← blocks_m(x_m) over the tokens of one sample, h = [mean LN(x_a) ; mean LN(x_b)]. Nothing crosses
    before the last step, and with a single token there is nothing to attend to. Vaswani et al.,
    arXiv:1706.03762, section 3.1.
    """

    encoder: ClassVar = {}

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.blocks_a, self.blocks_b = self._blocks(), self._blocks()
        self.norm_a, self.norm_b = self._norm(), self._norm()

    def encode(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> tuple[Tensor, Tensor]:
        if self.per_token:  # a question sees itself alone
            itself = ops.expand_dims(ops.eye(a.shape[1], dtype="bool"), 0)
            mask_a = ops.logical_and(itself, ops.expand_dims(mask_a, 1))
        a, b = self.encode_a(a), self.encode_b(b)
        for block in self.blocks_a:
            a = block(a, attention_mask=mask_a)
        for block in self.blocks_b:
            b = block(b, attention_mask=mask_b)
        return self.norm_a(a), self.norm_b(b)

    def combine(self, a: Tensor, b: Tensor) -> Tensor:
        return ops.concatenate([a, b], axis=-1)


# --- tokens that meet ---------------------------------------------------------------------------------------


@_register
class FiLM(TokenFusion):
    """Feature-wise linear modulation: a turns the features of every token of b up, down or off.

    b_i ← b_i + relu(γ_l ⊙ LN(W_l b_i) + β_l) for l = 1 … depth, with γ_l = 1 + W_γ,l c and β_l = W_β,l c from
    the condition c = relu(W_c mean a); LN has no weights of its own. h = mean_i b_i. Perez et al.,
    arXiv:1709.07871.
    """

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.condition = self._dense(self.dim, activation="relu")
        self.modulations = [self._dense(2 * self.dim) for _ in range(self.depth)]
        self.features = [self._dense(self.dim, use_bias=False) for _ in range(self.depth)]
        self.norm = self._norm(center=False, scale=False)

    def meet(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        condition = ops.expand_dims(self.condition(masked_mean(a, mask_a)), 1)  # (batch, 1, dim)
        for modulation, feature in zip(self.modulations, self.features, strict=True):
            gamma, beta = ops.split(modulation(condition), 2, axis=-1)
            b = b + ops.relu((1 + gamma) * self.norm(feature(b)) + beta)
        return masked_mean(b, _asks(mask_b))


@_register
class CrossAttention(TokenFusion):
    """Cross-attention: every token of a looks up in b what it needs.

    x ← blocks(x, b) with x = a at the start, queries from x, keys and values from b; h = mean LN(x). The
    decoder of Vaswani et al., arXiv:1706.03762, section 3.2.3, looks at its source like this; between
    modalities it is in Tsai et al., arXiv:1906.00295, section 3.1.
    """

    gives_scores = True
    gated = False

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.blocks, self.norm = self._blocks(gated=self.gated), self._norm()

    def fuse(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> tuple[Tensor, Tensor | None]:
        a, b = self.project_a(a), self.project_b(b)
        scores = []
        for block in self.blocks:
            a, weights = block(a, b, attention_mask=mask_b, return_scores=True)
            scores.append(weights)
        a = self.norm(a)
        fused = a if self.per_token else masked_mean(a, _asks(mask_a))
        return self.classify(fused), ops.stack(scores, axis=1)


@_register
class GatedCrossAttention(CrossAttention):
    """Cross-attention behind gates that start shut: at step 0 the answer is that of a alone.

    x ← x + tanh α · attention(x, b), x ← x + tanh β · FFN(x), α = β = 0 at the start, so that a model that
    has learned from a already keeps what it knows. Flamingo, Alayrac et al., arXiv:2204.14198.
    """

    gated = True


@_register
class CoAttention(TokenFusion):
    """Co-attention: a looks at b while b looks at a.

    (a, b) ← (block_a(a, b), block_b(b, a)), depth times; h = [mean LN(a) ; mean LN(b)]. ViLBERT, Lu et al.,
    arXiv:1908.02265, with its self-attention between the layers left out.
    """

    def __init__(self, classes: int, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        self.blocks_a, self.blocks_b = self._blocks(), self._blocks()
        self.norm_a, self.norm_b = self._norm(), self._norm()

    def meet(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        for block_a, block_b in zip(self.blocks_a, self.blocks_b, strict=True):
            a, b = block_a(a, b, attention_mask=mask_b), block_b(b, a, attention_mask=mask_a)
        a, b = masked_mean(self.norm_a(a), _asks(mask_a)), masked_mean(self.norm_b(b), _asks(mask_b))
        return ops.concatenate([a, b], axis=-1)


@_register
class Bottleneck(TokenFusion):
    """Bottleneck tokens (MBT): what one modality tells the other must pass through a few tokens of both.

    [a ; z_a] ← block_a([a ; z]), [b ; z_b] ← block_b([b ; z]), z ← (z_a + z_b) / 2, depth times, with learned
    z at the start; h = [mean LN(a) ; mean LN(b)]. Nagrani et al., arXiv:2107.00135.

    Args:
        tokens: int, how many tokens z has.

    Raises:
        CourseError: when ``depth`` is 1: z has then told nobody what it heard.
    """

    def __init__(self, classes: int, tokens: int = 4, **kwargs: Any) -> None:
        super().__init__(classes, **kwargs)
        if self.depth < 2:
            raise CourseError(
                f"depth is {self.depth}; expected 2 or more: with one layer nothing that the bottleneck "
                "hears from one modality reaches the other."
            )
        self.tokens = tokens
        self.blocks_a, self.blocks_b = self._blocks(), self._blocks()
        self.norm_a, self.norm_b = self._norm(), self._norm()
        self.bottleneck = self.add_weight(shape=(1, tokens, self.dim), name="bottleneck")

    def meet(self, a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor) -> Tensor:
        batch, count_a, count_b = ops.shape(a)[0], a.shape[1], b.shape[1]
        z = ops.repeat(ops.cast(self.bottleneck, a.dtype), batch, axis=0)
        see_a, see_b = (  # everybody sees the bottleneck
            ops.pad(mask, [[0, 0], [0, self.tokens]], constant_values=True) for mask in (mask_a, mask_b)
        )
        for block_a, block_b in zip(self.blocks_a, self.blocks_b, strict=True):
            a = block_a(ops.concatenate([a, z], axis=1), attention_mask=see_a)
            b = block_b(ops.concatenate([b, z], axis=1), attention_mask=see_b)
            z = (a[:, count_a:] + b[:, count_b:]) / 2
            a, b = a[:, :count_a], b[:, :count_b]
        a, b = masked_mean(self.norm_a(a), _asks(mask_a)), masked_mean(self.norm_b(b), _asks(mask_b))
        return ops.concatenate([a, b], axis=-1)

    def get_config(self) -> dict:
        """Gives the arguments of the constructor."""
        return {**super().get_config(), "tokens": self.tokens}


# --- training with modalities missing -----------------------------------------------------------------------


@_register
class ModalityDropout(layers.Layer):
    """In training take one modality away from some samples, at random which one, and never the only one.

    ``present`` in, ``present`` out: give it to a fusion's ``present``. Neverova et al. (ModDrop),
    arXiv:1501.00102, where each channel is dropped by itself. Introduced in lesson 05.

    Args:
        rate: float, 0 ≤ rate < 1, the share of samples that lose one.
        seed: int or None, for the draws.

    Raises:
        CourseError: when the rate is out of range.
    """

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if not 0 <= rate < 1:
            raise CourseError(f"rate is {rate}; expected 0 ≤ rate < 1, the share of samples that lose one.")
        self.rate, self.seed = rate, seed
        self.generator = keras.random.SeedGenerator(seed)

    def call(self, present: Tensor, training: bool = False) -> Tensor:
        """Draws who loses what: bool tensor (batch, 2), whether a sample has a and b → the same, after it."""
        require_mask("present", present, {"batch": None, "modalities": 2})
        if not training:
            return present
        drawn = keras.random.uniform((ops.shape(present)[0], 2), seed=self.generator)
        lose_a = drawn[:, 1:] < 0.5
        lose = ops.logical_and(drawn[:, :1] < self.rate, ops.concatenate([lose_a, ~lose_a], axis=1))
        has_both = ops.all(present, axis=1, keepdims=True)
        return ops.logical_and(present, ~ops.logical_and(lose, has_both))

    def get_config(self) -> dict:
        """Gives the arguments of the constructor."""
        return {**super().get_config(), "rate": self.rate, "seed": self.seed}


METHODS = {
    "concatenation": Concatenation,
    "late": LateFusion,
    "gated": GatedUnit,
    "film": FiLM,
    "tensor": TensorFusion,
    "low-rank": LowRank,
    "self-attention": SelfAttention,
    "cross-attention": CrossAttention,
    "co-attention": CoAttention,
    "bottleneck": Bottleneck,
    "gated cross-attention": GatedCrossAttention,
}
BASELINES = {"only a": partial(OneModality, modality="a"), "only b": partial(OneModality, modality="b")}


def _keep(
    tokens: Tensor, name: str, mask: Tensor | None, present: Tensor | None, modality: int
) -> tuple[Tensor, Tensor]:
    """Tokens with zeros where the mask or ``present`` takes them away, and the mask of both together."""
    kept = ops.ones(ops.shape(tokens)[:2], dtype="bool")
    if mask is not None:
        require_mask(name, mask, {"batch": tokens.shape[0], "tokens": tokens.shape[1]})
        kept = ops.logical_and(kept, mask)
    if present is not None:
        require_mask("present", present, {"batch": tokens.shape[0], "modalities": 2})
        kept = ops.logical_and(kept, present[:, modality : modality + 1])
    return ops.where(ops.expand_dims(kept, -1), tokens, 0), kept


def _vectors(a: Tensor, b: Tensor, mask_a: Tensor, mask_b: Tensor, per_token: bool) -> tuple[Tensor, Tensor]:
    """One vector of each modality: (batch, dim) both, or (batch, tokens_a, dim) both, b's repeated."""
    b = masked_mean(b, mask_b)
    if not per_token:
        return masked_mean(a, mask_a), b
    a = ops.where(ops.expand_dims(mask_a, -1), a, 0)
    return a, ops.repeat(ops.expand_dims(b, 1), a.shape[1], axis=1)


def _asks(mask: Tensor) -> Tensor:
    """The mask of the tokens that carry the answer: the kept ones, or the zeros of a modality with none."""
    return ops.logical_or(mask, ~ops.any(mask, axis=1, keepdims=True))
