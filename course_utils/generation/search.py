"""From the probabilities of the next token to a sequence: greedy, beam search, sampling.

All of them ask a function, ``step(tokens, state) → logits, state``. `Decoder.step` is one, a recurrent cell
with its output layer is another:

- tokens: int32 array (rows,), the token that each row has just written;
- state: whatever the model carries on, tensors or NumPy arrays, also in dicts, lists and tuples; the first
  axis of each is the rows, so that a search can drop, double and reorder them;
- logits: (rows, vocabulary), of the token that comes next.

Every sentence begins with its start token. What is returned are the tokens written after it: up to an end
token, which belongs to them, or until there are ``longest``. Token 0 is padding; it and the start tokens are
never written. Importing this module loads Keras. Introduced in lesson 07.
"""

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import keras
import numpy as np
from keras import ops

from course_utils import arguments
from course_utils.errors import CourseError

__all__ = ["Written", "beam_search", "greedy", "length_penalty", "next_token_probabilities", "sample_tokens"]

PAD = 0

Step = Callable[[np.ndarray, Any], tuple[Any, Any]]
"""Of the newest tokens and the state before them: the logits of the next tokens and the new state."""


class Written(NamedTuple):
    """Sequences and how likely the model holds them.

    Attributes:
        tokens: int32 (batch, longest), or (batch, width, longest) from a beam; 0 after the end.
        log_probabilities: float64 of the axes before, Σ log p of the tokens written, end included, as the
            model gives them, whatever a search made of its probabilities.
    """

    tokens: np.ndarray
    log_probabilities: np.ndarray


def greedy(
    step: Step, state: Any, starts: np.ndarray, *, end: int, longest: int, never: Iterable[int] = ()
) -> Written:
    """Takes the likeliest token at every step: the first of them, if several are.

    Introduced in lesson 07.

    Args:
        step: see the module.
        state: before the first step, such as ``decoder.start(memory)``.
        starts: int array (batch,), the start token of each sentence.
        end: int, the token after which a sentence is over.
        longest: int ≥ 1, tokens to write at most.
        never: further tokens not to write, such as that for unknown words.

    Returns:
        :class:`Written`.

    Raises:
        CourseError: an argument is wrong, or ``step`` gives no logits (rows, vocabulary).
    """
    return _write(step, state, starts, end, longest, never, lambda allowed: allowed.argmax(axis=1))


def sample_tokens(
    step: Step,
    state: Any,
    starts: np.ndarray,
    *,
    end: int,
    longest: int,
    rng: np.random.Generator,
    temperature: float = 1.0,
    top_k: int | None = None,
    top_p: float | None = None,
    never: Iterable[int] = (),
) -> Written:
    """Draws every token from the probabilities that :func:`next_token_probabilities` leaves.

    Introduced in lesson 07.

    Args:
        step: see the module.
        state: before the first step.
        starts: int array (batch,), the start token of each sentence.
        end: int, the token after which a sentence is over.
        longest: int ≥ 1, tokens to write at most.
        rng: numpy.random.Generator; the same one in the same state gives the same sentences.
        temperature: as in :func:`next_token_probabilities`.
        top_k: likewise.
        top_p: likewise.
        never: further tokens not to write.

    Returns:
        :class:`Written`.

    Raises:
        CourseError: an argument is wrong, or ``step`` gives no logits (rows, vocabulary).
    """
    arguments.generator(rng)

    def draw(allowed: np.ndarray) -> np.ndarray:
        probabilities = next_token_probabilities(allowed, temperature, top_k, top_p)
        # A race of exponential waiting times with these rates: each token comes first with its probability.
        return (probabilities / rng.standard_exponential(probabilities.shape)).argmax(axis=1)

    return _write(step, state, starts, end, longest, never, draw)


def next_token_probabilities(
    logits: np.ndarray, temperature: float = 1.0, top_k: int | None = None, top_p: float | None = None
) -> np.ndarray:
    """Sharpens or flattens the softmax, and cuts its tail off; what is left is scaled to sum 1.

    First softmax(z / temperature), then only the ``top_k`` likeliest tokens (Fan et al., arXiv:1805.04833),
    then of these only the fewest, likeliest first, that together have ``top_p`` (nucleus sampling, Holtzman
    et al., arXiv:1904.09751). Of equally likely tokens the first are kept. Introduced in lesson 07.

    Args:
        logits: float array (..., vocabulary); −∞ for a token that cannot come.
        temperature: float > 0; below 1 the likely gets likelier, towards 0 all is given to the likeliest.
        top_k: int ≥ 1, or None for all.
        top_p: float, 0 to 1, or None for all.

    Returns:
        float64 array like ``logits``, rows of sum 1.

    Raises:
        CourseError: an argument is out of its range.
    """
    temperature = arguments.number("temperature", temperature, 1e-6)
    probabilities = np.exp(_log_softmax(np.asarray(logits, np.float64) / temperature))
    order = np.argsort(-probabilities, axis=-1, kind="stable")
    ranked = np.take_along_axis(probabilities, order, axis=-1)
    if top_k is not None:
        ranked[..., arguments.whole_number("top_k", top_k) :] = 0
        ranked /= ranked.sum(axis=-1, keepdims=True)
    if top_p is not None:
        before = ranked.cumsum(axis=-1) - ranked  # what the likelier ones have together
        before[..., 0] = -1  # the likeliest one stays, also for top_p = 0
        ranked[before >= arguments.number("top_p", top_p, 0, 1)] = 0
        ranked /= ranked.sum(axis=-1, keepdims=True)
    np.put_along_axis(probabilities, order, ranked, axis=-1)
    return probabilities


def beam_search(
    step: Step,
    state: Any,
    starts: np.ndarray,
    *,
    end: int,
    longest: int,
    width: int,
    penalty: float = 0.0,
    never: Iterable[int] = (),
) -> Written:
    """Follows the ``width`` best beginnings of each sentence side by side.

    At every step each beginning is continued by every token; of all these and the sentences that are over,
    the best ``width`` stay. Best is the largest log-probability divided by :func:`length_penalty`. The search
    is over when all that stay are. Width 1 is :func:`greedy`; a width that no level outgrows is a search
    through everything. Between the two nothing is promised: what a wider beam holds on to can crowd out the
    beginning of the best sentence, so that it finds a worse one; on average it finds better ones, in the
    model's opinion. Introduced in lesson 07, the penalty in lesson 08.

    Args:
        step: see the module.
        state: before the first step; its rows are repeated, ``width`` for each sentence.
        starts: int array (batch,), the start token of each sentence.
        end: int, the token after which a sentence is over.
        longest: int ≥ 1, tokens to write at most.
        width: int ≥ 1.
        penalty: float ≥ 0, the exponent α of :func:`length_penalty`. With 0 the sum of log-probabilities
            decides, which every further token makes smaller, so that short sentences win.
        never: further tokens not to write.

    Returns:
        :class:`Written` with an axis (width), the best first. Where there are fewer sentences than that, the
        rest is padding with log-probability −∞.

    Raises:
        CourseError: an argument is wrong, or ``step`` gives no logits (rows, vocabulary).
    """
    starts, longest, never = _checked(starts, end, longest, never)
    width = arguments.whole_number("width", width)
    penalty = arguments.number("penalty", penalty, 0)
    batch = len(starts)
    state = _rows(state, np.repeat(np.arange(batch), width))
    newest = np.repeat(starts, width)
    tokens = np.full((batch, width, longest), PAD, np.int32)
    # All begin alike, so only one of them counts.
    totals = np.tile(np.where(np.arange(width) == 0, 0.0, -np.inf), (batch, 1))
    over = np.zeros((batch, width), bool)
    for place in range(longest):
        logits, state = step(newest, state)
        added, forbidden = _log_probabilities(logits, batch * width, end, never)
        added = np.where(forbidden, -np.inf, added).reshape(batch, width, -1)
        # A sentence that is over has one continuation, itself; padding stands for it.
        added = np.where(over[..., np.newaxis], np.where(np.arange(added.shape[2]) == PAD, 0, -np.inf), added)
        continued = totals[..., np.newaxis] + added
        lengths = np.where(over, (tokens != PAD).sum(axis=2), place + 1)
        scores = continued / length_penalty(lengths, penalty)[..., np.newaxis]
        best = np.argsort(-scores.reshape(batch, -1), axis=1, kind="stable")[:, :width]
        parent, written = np.divmod(best, added.shape[2])
        totals = np.take_along_axis(continued.reshape(batch, -1), best, axis=1)
        tokens = np.take_along_axis(tokens, parent[..., np.newaxis], axis=1)
        tokens[:, :, place] = np.where(totals > -np.inf, written, PAD)
        over = (totals == -np.inf) | (tokens == end).any(axis=2)
        if over.all():
            break
        state = _rows(state, (parent + width * np.arange(batch)[:, np.newaxis]).ravel())
        newest = tokens[:, :, place].ravel()
    tokens[totals == -np.inf] = PAD
    return Written(tokens, totals)


def length_penalty(lengths: np.ndarray, alpha: float) -> np.ndarray:
    """Gives what a log-probability is divided by, so that long sentences stand a chance.

    lp = ((5 + length) / (5 + 1))^α, Wu et al., arXiv:1609.08144. With α = 0 it is 1 and the sum decides; with
    α = 1 long sentences are ranked almost by the mean log-probability of their tokens. Introduced in lesson
    08.

    Args:
        lengths: int array, tokens of a sentence, end included.
        alpha: float ≥ 0.

    Returns:
        float64 array like ``lengths``, 1 or more where there is a token.
    """
    return ((5 + np.asarray(lengths, np.float64)) / 6) ** alpha


def _write(
    step: Step,
    state: Any,
    starts: np.ndarray,
    end: int,
    longest: int,
    never: Iterable[int],
    choose: Callable[[np.ndarray], np.ndarray],
) -> Written:
    """Writes one sentence for each row; tokens are chosen from log-probabilities, −∞ where forbidden."""
    starts, longest, never = _checked(starts, end, longest, never)
    rows = np.arange(len(starts))
    tokens, totals = np.full((len(starts), longest), PAD, np.int32), np.zeros(len(starts))
    newest, over = starts, np.zeros(len(starts), bool)
    for place in range(longest):
        logits, state = step(newest, state)
        known, forbidden = _log_probabilities(logits, len(starts), end, never)
        chosen = choose(np.where(forbidden, -np.inf, known))
        tokens[:, place] = newest = np.where(over, PAD, chosen).astype(np.int32)
        totals += np.where(over, 0, known[rows, chosen])
        over |= newest == end
        if over.all():
            break
    return Written(tokens, totals)


def _checked(
    starts: np.ndarray, end: int, longest: int, never: Iterable[int]
) -> tuple[np.ndarray, int, list[int]]:
    """The start tokens, the length, and all tokens that are not to be written."""
    starts = np.asarray(starts)
    arguments.array("starts", starts, np.integer, (("batch",),))
    never = [arguments.whole_number("an item of never", token, 0) for token in never]
    never = sorted({PAD, *starts.tolist(), *never})
    if arguments.whole_number("end", end, 0) in never:
        raise CourseError(
            f"end is {end}, which is among the tokens never to be written, {never}: padding 0, those in"
            " starts and those in never. Expected a token of its own."
        )
    return starts.astype(np.int32), arguments.whole_number("longest", longest), never


def _log_probabilities(logits: Any, rows: int, end: int, never: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """log softmax as float64 (rows, vocabulary), and bool (vocabulary,), True = not to be written."""
    logits = np.asarray(ops.convert_to_numpy(logits), np.float64)
    if logits.ndim != 2 or len(logits) != rows or logits.shape[1] <= max(end, *never):
        raise CourseError(
            f"step gave logits of shape {logits.shape}; expected ({rows}, vocabulary), one row for each token"
            f" that it was given, with more than {max(end, *never)} columns."
        )
    if np.isnan(logits).any():
        raise CourseError("step gave logits that are NaN: look at the weights, or at what it was given.")
    return _log_softmax(logits), np.isin(np.arange(logits.shape[1]), never)


def _log_softmax(logits: np.ndarray) -> np.ndarray:
    shifted = logits - logits.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _rows(state: Any, rows: np.ndarray) -> Any:
    """The same state with these rows, in every array of it."""
    return keras.tree.map_structure(
        lambda array: array[rows] if isinstance(array, np.ndarray) else ops.take(array, rows, axis=0), state
    )
