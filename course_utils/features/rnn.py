"""Text features: embedding, recurrent cells run over masked sequences, and batches of similar length.

The NumPy references here equal Keras'; lesson 03 writes them out. Arrays keep their floating-point type.
"""

from collections.abc import Callable, Sequence

import numpy as np

from course_utils import arguments
from course_utils.errors import CourseError

__all__ = [
    "batches_by_length",
    "bidirectional",
    "embed",
    "gru_step",
    "lstm_step",
    "masked_mean",
    "padding_share",
    "run",
    "simple_rnn_step",
]


Step = Callable[..., tuple[np.ndarray, ...]]
"""A cell: of the tokens of one step, the state and the weights, gives the new state."""


def embed(ids: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Looks up the vector of every token: one-hot rows times the table. Introduced in lesson 03.

    Args:
        ids: integer array (batch, tokens), 0 ≤ id < vocabulary.
        table: float array (vocabulary, dim).

    Returns:
        float array (batch, tokens, dim).

    Raises:
        CourseError: when a shape or type does not fit, or an id has no row in the table.
    """
    arguments.array("ids", ids, np.integer, (("batch", "tokens"),))
    arguments.array("table", table, np.floating, (("vocabulary", "dim"),))
    if ids.min() < 0 or ids.max() >= len(table):
        raise CourseError(
            f"ids go from {ids.min()} to {ids.max()}; expected 0 to {len(table) - 1}, one for each row of "
            "the table. Encode the texts with the vocabulary that the table was made for."
        )
    return table[ids]


def simple_rnn_step(
    x: np.ndarray, state: tuple, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray]:
    """Takes one step of the simple recurrent network, h' = tanh(x W + h U + b). Introduced in lesson 03.

    Elman (1990). All three cells take and return the same, so that :func:`run` can run each.

    Args:
        x: float array (batch, dim), the tokens of this step.
        state: tuple of one float array (batch, units), h.
        kernel: float array (dim, units), W.
        recurrent_kernel: float array (units, units), U.
        bias: float array (units,), b.

    Returns:
        tuple of one float array (batch, units), the new h.
    """
    return (np.tanh(x @ kernel + state[0] @ recurrent_kernel + bias),)


def lstm_step(
    x: np.ndarray, state: tuple, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Takes one step of the long short-term memory. Introduced in lesson 03.

    With the gates i (input), f (forget), o (output) and the candidate g, all from x W + h U + b in Keras'
    order i, f, g, o:  c' = σ(f) c + σ(i) tanh(g),  h' = σ(o) tanh(c').
    Hochreiter & Schmidhuber (1997) with the forget gate of Gers et al. (2000).

    Args:
        x: float array (batch, dim).
        state: tuple of two float arrays (batch, units), h and c.
        kernel: float array (dim, 4 · units).
        recurrent_kernel: float array (units, 4 · units).
        bias: float array (4 · units,).

    Returns:
        tuple of two float arrays (batch, units), the new h and c.
    """
    h, c = state
    i, f, g, o = np.split(x @ kernel + h @ recurrent_kernel + bias, 4, axis=-1)
    c = _sigmoid(f) * c + _sigmoid(i) * np.tanh(g)
    return _sigmoid(o) * np.tanh(c), c


def gru_step(
    x: np.ndarray, state: tuple, kernel: np.ndarray, recurrent_kernel: np.ndarray, bias: np.ndarray
) -> tuple[np.ndarray]:
    """Takes one step of the gated recurrent unit, as Keras computes it (``reset_after=True``).

    With the gates z (update) and r (reset), in Keras' order z, r, candidate; ``bias`` has one row for the
    input and one for the state:  c = tanh(x W_c + b_c + σ(r) (h U_c + b'_c)),  h' = σ(z) h + (1 − σ(z)) c.
    Cho et al., arXiv:1406.1078, with the reset gate after the product, as in cuDNN. Introduced in lesson 03.

    Args:
        x: float array (batch, dim).
        state: tuple of one float array (batch, units), h.
        kernel: float array (dim, 3 · units).
        recurrent_kernel: float array (units, 3 · units).
        bias: float array (2, 3 · units).

    Returns:
        tuple of one float array (batch, units), the new h.
    """
    (h,) = state
    z_x, r_x, c_x = np.split(x @ kernel + bias[0], 3, axis=-1)
    z_h, r_h, c_h = np.split(h @ recurrent_kernel + bias[1], 3, axis=-1)
    z = _sigmoid(z_x + z_h)
    candidate = np.tanh(c_x + _sigmoid(r_x + r_h) * c_h)
    return (z * h + (1 - z) * candidate,)


# For each step: how many columns its kernels have per unit, and how many arrays its state holds.
_CELLS = {simple_rnn_step: (1, 1), lstm_step: (4, 2), gru_step: (3, 1)}


def run(
    step: Step,
    inputs: np.ndarray,
    weights: Sequence[np.ndarray],
    mask: np.ndarray | None = None,
    backwards: bool = False,
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Runs a cell over sequences; where the mask is False, the state is carried over unchanged.

    Equal to Keras' ``SimpleRNN``, ``LSTM`` and ``GRU`` with ``return_sequences=True, return_state=True``.
    Introduced in lesson 03.

    Args:
        step: :func:`simple_rnn_step`, :func:`lstm_step` or :func:`gru_step`.
        inputs: float array (batch, tokens, dim).
        weights: the three arrays of the cell, in the order of the Keras layer's ``get_weights()``.
        mask: bool array (batch, tokens), True = a token, False = padding; None takes all for tokens.
        backwards: whether to begin at the last token.

    Returns:
        states float (batch, tokens, units), h after each token, in the order of the tokens also when run
        backwards; and the final state, a tuple of float arrays (batch, units): (h,), for the LSTM (h, c).

    Raises:
        CourseError: when the step is none of the three, or shapes or types do not fit.
    """
    if step not in _CELLS:
        names = ", ".join(known.__name__ for known in _CELLS)
        raise CourseError(f"step is {getattr(step, '__name__', step)!r}; expected one of {names}.")
    arguments.array("inputs", inputs, np.floating, (("batch", "tokens", "dim"),))
    batch, tokens, dim = inputs.shape
    units = _units(step, weights, dim)
    if mask is None:
        mask = np.ones((batch, tokens), bool)
    arguments.array("mask", mask, np.bool_, ((batch, tokens),))
    state = tuple(np.zeros((batch, units), inputs.dtype) for _ in range(_CELLS[step][1]))
    states = np.empty((batch, tokens, units), inputs.dtype)
    for t in reversed(range(tokens)) if backwards else range(tokens):
        new = step(inputs[:, t], state, *weights)
        keep = mask[:, t, np.newaxis]
        state = tuple(np.where(keep, after, before) for after, before in zip(new, state, strict=True))
        states[:, t] = state[0]
    return states, state


def bidirectional(
    step: Step,
    inputs: np.ndarray,
    forward_weights: Sequence[np.ndarray],
    backward_weights: Sequence[np.ndarray],
    mask: np.ndarray | None = None,
) -> np.ndarray:
    """Runs one cell forwards and another backwards and puts their states side by side.

    Equal to Keras' ``Bidirectional`` with ``return_sequences=True``. Schuster & Paliwal (1997). Introduced in
    lesson 03.

    Args:
        step: as for :func:`run`.
        inputs: float array (batch, tokens, dim).
        forward_weights: the three arrays of the cell that reads forwards.
        backward_weights: the three arrays of the cell that reads backwards, of the same shapes.
        mask: bool array (batch, tokens), True = a token; None takes all for tokens.

    Returns:
        float array (batch, tokens, 2 · units): at each token, what came before it and what comes after; 0 at
        padding, as in Keras.

    Raises:
        CourseError: as :func:`run`.
    """
    forwards, _ = run(step, inputs, forward_weights, mask)
    backwards, _ = run(step, inputs, backward_weights, mask, backwards=True)
    states = np.concatenate([forwards, backwards], axis=-1)
    return states if mask is None else np.where(mask[..., np.newaxis], states, 0)


def masked_mean(states: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Takes the mean over the tokens, padding left out. Introduced in lesson 03.

    Args:
        states: float array (batch, tokens, dim).
        mask: bool array (batch, tokens), True = a token.

    Returns:
        float array (batch, dim); 0 for a sequence without a token.

    Raises:
        CourseError: when shapes or types do not fit.
    """
    arguments.array("states", states, np.floating, (("batch", "tokens", "dim"),))
    arguments.array("mask", mask, np.bool_, (states.shape[:2],))
    weights = mask[..., np.newaxis].astype(states.dtype)
    return (states * weights).sum(axis=1) / np.maximum(weights.sum(axis=1), 1)


def batches_by_length(lengths: np.ndarray, batch_size: int, seed: int) -> list:
    """Puts sequences of similar length into the same batch, so that little padding is computed.

    Of equally long sequences it is random which are together, and so is the order of the batches: else an
    epoch would go from short to long. Introduced in lesson 03.

    Args:
        lengths: integer array (n,), tokens of each sequence.
        batch_size: int ≥ 1.
        seed: int, or anything :func:`numpy.random.default_rng` takes, such as (seed, epoch).

    Returns:
        list of int arrays, indices into ``lengths``, each index once; one batch may be smaller.

    Raises:
        CourseError: when an argument does not fit.
    """
    arguments.array("lengths", lengths, np.integer, (("n",),))
    arguments.whole_number("batch_size", batch_size)
    rng = np.random.default_rng(seed)
    shuffled = rng.permutation(len(lengths))
    ordered = shuffled[np.argsort(lengths[shuffled], kind="stable")]
    batches = [ordered[first : first + batch_size] for first in range(0, len(ordered), batch_size)]
    return [batches[place] for place in rng.permutation(len(batches))]


def padding_share(lengths: np.ndarray, batches: list) -> float:
    """Measures the share of places that are padding when every batch is as long as its longest sequence.

    Introduced in lesson 03.

    Args:
        lengths: integer array (n,), at least one of each batch above 0.
        batches: list of int arrays, indices into ``lengths``.

    Returns:
        float, 0 (none) up to below 1.
    """
    places = sum(len(batch) * lengths[batch].max() for batch in batches)
    return float(1 - sum(lengths[batch].sum() for batch in batches) / places)


def _sigmoid(x: np.ndarray) -> np.ndarray:
    # By tanh, which does not overflow; e^-x would for large negative x.
    return (1 + np.tanh(x / 2)) / 2


def _units(step: Step, weights: Sequence[np.ndarray], dim: int) -> int:
    """Units of a cell whose weights fit together, or one complaint."""
    columns, _ = _CELLS[step]
    shapes = tuple(np.shape(array) for array in weights)
    units = shapes[1][0] if len(shapes) == 3 and len(shapes[1]) == 2 else 0
    wide = columns * units
    bias = (2, wide) if step is gru_step else (wide,)
    if not units or shapes != ((dim, wide), (units, wide), bias):
        expected = f"({dim}, {columns}·units), (units, {columns}·units) and "
        expected += f"(2, {columns}·units)" if step is gru_step else f"({columns}·units,)"
        raise CourseError(
            f"weights of {step.__name__} have shapes {shapes}; expected {expected}, as the Keras layer's "
            "`get_weights()` gives them."
        )
    return units
