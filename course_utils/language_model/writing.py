"""What a language model writes, and how likely it holds what somebody else has written.

Models are :class:`~course_utils.language_model.decoder.LanguageModel`; sequences of one batch are equally
long. Importing this module loads Keras. Introduced in lesson 10.
"""

import math
import weakref
from collections.abc import Iterable, Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from course_utils import arguments
from course_utils.errors import CourseError
from course_utils.language_model.decoder import Cache, LanguageModel, Tensor

__all__ = ["log_probabilities", "perplexity", "prefix_cache", "write"]

_ROOM = 128
"""A cache that is written to has room for these tokens, or 2, 4, 8 … times as many: each is compiled anew."""
_TOKENS_AT_ONCE = 4096
_TEXTS_AT_ONCE = 64
_LOGITS_AT_ONCE = 2**25
"""Numbers, 134 MB: with 49,152 tokens in the vocabulary, logits are what fills the memory."""


def write(
    model: LanguageModel, vectors: Tensor, new: int, cache: Cache | None = None, end: int | None = None
) -> np.ndarray:
    """Continues sequences by the likeliest token, again and again (greedily), with a key-value cache.

    What is to be continued goes through the model at once, then a compiled loop writes. It is compiled when a
    batch of this size first has a cache of this length: 128 tokens, 256, 512 and so on. Introduced in lesson
    10.

    Args:
        model: the model that writes.
        vectors: float tensor (batch, tokens, width), what is to be continued, as ``model.embed`` gives it.
        new: int ≥ 1, tokens to write.
        cache: keys and values of what comes before, as from :func:`prefix_cache`, or None.
        end: token after which a sequence is over, or None. It stands in all places after its first, too, and
            the loop stops when all sequences are over.

    Returns:
        int32 array (batch, new).

    Raises:
        CourseError: an argument is wrong.
    """
    new = arguments.whole_number("new", new)
    end = -1 if end is None else arguments.whole_number("end", end, 0, model.configuration.vocabulary - 1)
    vectors = ops.convert_to_tensor(vectors)
    hidden, cache = model(vectors, cache=cache)
    batch, used = len(vectors), cache[0][0].shape[1]
    room = _ROOM * 2 ** max(0, math.ceil(math.log2((used + new) / _ROOM)))
    free = ((0, 0), (0, room - used), (0, 0), (0, 0))
    cache = [tuple(ops.pad(part, free) for part in pair) for pair in cache]
    first = ops.cast(ops.argmax(model.logits(hidden[:, -1]), axis=-1), "int32")
    numbers = np.int32(used), np.int32(new), np.int32(end)
    written = np.full((batch, room), end, np.int32)
    return _loop(model).predict_on_batch((first, *numbers, written, cache))[:, :new]


class _Loop(keras.Model):
    """Writes token after token into a cache with room, compiled as one loop."""

    def __init__(self, model: LanguageModel) -> None:
        super().__init__(name="loop")
        # Weak, or the table of loops would keep every model alive. Its variables are held, so that JAX, which
        # compiles all that it is not given as a constant, is given them at each call.
        self.model, self.held = weakref.ref(model), list(model.variables)
        self.built = True

    def call(self, inputs: tuple[Tensor, Tensor, Tensor, Tensor, Tensor, Cache]) -> Tensor:
        """Writes on.

        Args:
            inputs: the first new token (batch,), tokens in the cache (), tokens to write (), the end (), an
                array (batch, room) for what is written, and the cache with room.

        Returns:
            int32 tensor (batch, room).
        """
        token, used, new, end, written, cache = inputs
        model = self.model()

        def more(count: Tensor, token: Tensor, *_: Any) -> Tensor:
            return ops.logical_and(count < new, ops.any(token != end))

        def step(count: Tensor, token: Tensor, written: Tensor, cache: Cache) -> tuple:
            hidden, cache = model(model.embed(token[:, None]), cache=cache, position=used + count - 1)
            likeliest = ops.cast(ops.argmax(model.logits(hidden[:, 0]), axis=-1), "int32")
            token = ops.where(token == end, end, likeliest)
            return count + 1, token, ops.slice_update(written, (0, count), token[:, None]), cache

        written = ops.slice_update(written, (0, 0), token[:, None])
        return ops.while_loop(more, step, (1, token, written, cache))[2]


_LOOPS: weakref.WeakKeyDictionary[LanguageModel, _Loop] = weakref.WeakKeyDictionary()


def _loop(model: LanguageModel) -> _Loop:
    """The compiled loop of a model; another one where LoRA, say, has given it further variables since."""
    if model not in _LOOPS or len(_LOOPS[model].held) != len(model.variables):
        _LOOPS[model] = _Loop(model)
    return _LOOPS[model]


def prefix_cache(model: LanguageModel, ids: Iterable[int]) -> Cache:
    """Computes the keys and values of a beginning once, for all sequences that begin so.

    Introduced in lesson 10.

    Args:
        model: the model.
        ids: ints, the tokens of the beginning.

    Returns:
        two float tensors (1, tokens, kv_heads, head_dim) for each block, to be given as ``cache``. They hold
        for the weights that the model has now.

    Raises:
        CourseError: ids is empty, or holds something else than tokens of the model.
    """
    return model(model.embed(_tokens("ids", model, [list(ids)])))[1]


def log_probabilities(model: LanguageModel, tokens: np.ndarray) -> np.ndarray:
    """Says how likely the model holds each token of a sequence after those before it.

    Introduced in lesson 10.

    Args:
        model: the model.
        tokens: int array (batch, tokens), at least two tokens. What follows a token does not change what is
            said of it, so that shorter sequences can be filled up with any.

    Returns:
        float32 array (batch, tokens − 1), log p, natural; the first is that of the second token.

    Raises:
        CourseError: tokens are no such array, or not of the model.
    """
    tokens = _tokens("tokens", model, tokens, at_least=2)
    rows = max(1, _TOKENS_AT_ONCE // tokens.shape[1])
    return np.concatenate(
        [_of_these(model, tokens[first : first + rows]) for first in range(0, len(tokens), rows)]
    )


def perplexity(model: LanguageModel, ids: Sequence[int] | Iterable[Sequence[int]]) -> float:
    """Gives exp(−mean log p) over all tokens but the first of each sequence: among how many it hesitates.

    Introduced in lesson 10.

    Args:
        model: the model.
        ids: ints, the tokens of one text, or a list of such lists, of which each has two tokens or more.

    Returns:
        float ≥ 1.

    Raises:
        CourseError: a text is shorter, or ids holds something else than tokens of the model.
    """
    texts = arguments.items("ids", ids, "tokens (int), or of such lists")
    texts = sorted(map(list, texts), key=len) if texts and np.ndim(texts[0]) else [texts]
    if len(texts[0]) < 2:
        raise CourseError(
            f"ids has a text of {len(texts[0])} tokens; expected two tokens or more, because nothing is said"
            " of the first. Leave short ones out."
        )
    total = count = 0
    # Neighbours in the order of length, so that little is computed for what fills the shorter ones up.
    for first in range(0, len(texts), _TEXTS_AT_ONCE):
        lengths = np.array([len(text) for text in texts[first : first + _TEXTS_AT_ONCE]])
        filled = np.zeros((len(lengths), lengths[-1]), np.int32)
        there = np.arange(lengths[-1]) < lengths[:, None]
        filled[there] = np.concatenate(texts[first : first + _TEXTS_AT_ONCE])
        total -= log_probabilities(model, filled)[there[:, 1:]].sum(dtype=np.float64)
        count += (lengths - 1).sum()
    return float(np.exp(total / count))


def _of_these(model: LanguageModel, tokens: np.ndarray) -> np.ndarray:
    """Log-probabilities of a few rows; logits are made and left behind piece by piece."""
    hidden, _ = model(model.embed(tokens[:, :-1]))
    hidden, targets = ops.reshape(hidden, (-1, hidden.shape[-1])), tokens[:, 1:].reshape(-1)
    size = max(1, _LOGITS_AT_ONCE // model.configuration.vocabulary)
    found = []
    for first in range(0, len(targets), size):
        likely = ops.log_softmax(model.logits(hidden[first : first + size]))
        found.append(ops.take_along_axis(likely, targets[first : first + size, None], axis=-1))
    return ops.convert_to_numpy(ops.concatenate(found)).reshape(len(tokens), -1)


def _tokens(name: str, model: LanguageModel, tokens: Any, at_least: int = 1) -> np.ndarray:
    """The argument as an int32 array (batch, tokens), if it is one of the model's tokens."""
    tokens, vocabulary = np.asarray(tokens), model.configuration.vocabulary
    if tokens.ndim != 2 or tokens.dtype.kind not in "iu" or 0 in tokens.shape or tokens.shape[1] < at_least:
        raise CourseError(
            f"{name} has shape {tokens.shape} and dtype {tokens.dtype}; expected integers with {at_least} or"
            " more in a row, as `tokenizer.encode(text)` gives them."
        )
    if tokens.min() < 0 or tokens.max() >= vocabulary:
        raise CourseError(
            f"{name} goes from {tokens.min()} to {tokens.max()}; expected 0 to {vocabulary - 1}, the tokens"
            " of the model. Use the tokenizer that belongs to it."
        )
    return tokens.astype(np.int32)
