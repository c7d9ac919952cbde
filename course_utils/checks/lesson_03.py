"""Checks of lesson 03: a masked RNN, a step of the LSTM, an open gate, batches by length, a classifier."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.checks import (
    call_model,
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_model,
    expect_number,
    expect_parts,
)
from course_utils.features import rnn

if TYPE_CHECKING:
    import keras

__all__ = ["batches", "classifier", "forget_bias", "lstm_step", "simple_rnn"]

NO_RETURN = "Your function returned None: does it end without `return`?"


def _run_rnn(
    inputs: np.ndarray,
    mask: np.ndarray,
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    *,
    start: float = 0.0,
    activation: Callable = np.tanh,
    reset: bool = False,
    order: int = 1,
) -> np.ndarray:
    """The final state, (batch, units); the options make the typical mistakes."""
    h = np.full((len(inputs), len(b)), start)
    for t in range(inputs.shape[1])[::order]:
        new = activation(inputs[:, t] @ W + h @ U + b)
        h = np.where(mask[:, t, np.newaxis], new, 0.0 if reset else h)
    return h


@exercise(
    "3.1",
    "states are right for 16 batches, with padding at the end, at the start, in between and everywhere, of one text "
    "and one unit, and for huge inputs",
)
def simple_rnn(my_simple_rnn: Callable) -> None:
    """Checks a simple RNN over masked sequences (lesson 03).

    Args:
        my_simple_rnn: function of ``(inputs, mask, W, U, b)``: float ``(batch, tokens, dim)``, bool ``(batch, tokens)``,
            ``(dim, units)``, ``(units, units)``, ``(units,)``, that returns the final state ``(batch, units)``.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(1)
    for trial, padding in enumerate(
        ("between", "start", "end", "none") * 3 + ("end", "everywhere", "none", "end")
    ):
        batch, tokens, dim, units = (int(size) for size in rng.integers((2, 3, 2, 2), (6, 8, 5, 6)))
        if trial >= 12:
            batch, tokens, dim, units = [(1, 5, 1, 1), (2, 3, 2, 4), (1, 1, 3, 2), (3, 4, 2, 3)][trial - 12]
        lengths = rng.integers(1, tokens, (batch, 1)) if tokens > 1 else np.ones((batch, 1), int)
        mask = {
            "none": np.ones((batch, tokens), bool),
            "end": np.arange(tokens) < lengths,
            "start": np.arange(tokens) >= lengths,
            "between": np.arange(tokens) != lengths - (lengths == tokens - 1),
            "everywhere": np.zeros((batch, tokens), bool),
        }[padding]
        # What stands in padding is no small number: whoever multiplies it by 0 once too late is told.
        inputs = rng.normal(0, 1, (batch, tokens, dim)) * np.where(mask, 1, 3)[..., np.newaxis]
        inputs *= 1e3 if trial == 15 else 1
        W, U, b = rng.normal(size=(dim, units)), rng.normal(size=(units, units)), rng.normal(size=units)
        value = my_simple_rnn(inputs, mask, W, U, b)
        what = f"The state for {batch} texts of {tokens} positions, padding: {padding},"
        every = "You returned the states at all tokens, expected the last one only: (batch, units)."
        hints = [((batch, tokens, units), every), ((tokens, batch, units), every)]
        array = expect_array(value, (batch, units), np.floating, what, hints)
        expect_close(array, _run_rnn(inputs, mask, W, U, b), what, _rnn_mistakes(inputs, mask, W, U, b))


def _rnn_mistakes(
    inputs: np.ndarray, mask: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray
) -> Iterator[tuple[np.ndarray, str]]:
    everywhere = np.ones_like(mask)
    # Multiplying the inputs by the mask instead of keeping the state.
    zeroed = inputs * mask[..., np.newaxis]
    return (
        (
            _run_rnn(inputs, everywhere, W, U, b),
            "You read the padding too: where the mask is False, keep the state, `np.where(mask[:, t, None], new, h)`.",
        ),
        (
            _run_rnn(zeroed, everywhere, W, U, b),
            "You set the padding's inputs to 0, but the state still changes there by `h @ U + b`: keep the old state instead.",
        ),
        (
            _run_rnn(inputs, mask, W, U, b, reset=True),
            "At padding the state became 0: it must stay what it was.",
        ),
        # Without padding an inverted mask gives zeros, as much else does.
        *(
            [(_run_rnn(inputs, ~mask, W, U, b), "The mask is the wrong way round: True means a token.")]
            if not mask.all()
            else []
        ),
        (
            _state_at(inputs, mask.sum(axis=1) - 1, W, U, b),
            "You took the state at position `mask.sum() - 1`: that is the last token only where padding stands at the end. Keep the "
            "state where the mask is False, and the last one is right wherever padding stands.",
        ),
        (_run_rnn(inputs, mask, W, U, b, order=-1), "You read from the last token to the first."),
        (
            _run_rnn(inputs[:, :-1], mask[:, :-1], W, U, b),
            "The last token is not read: `range(tokens)` ends at tokens - 1 already.",
        ),
        (
            _run_rnn(inputs[:, :1], mask[:, :1], W, U, b),
            "Only the first token is read: does `return` stand inside the loop?",
        ),
        (
            _run_rnn(inputs, np.broadcast_to(mask.all(axis=0), mask.shape), W, U, b),
            "One decision for the whole batch, as after `if mask[:, t].all()`: each text has its own, `np.where`.",
        ),
        (
            _run_rnn(inputs, np.broadcast_to(mask.any(axis=0), mask.shape), W, U, b),
            "One decision for the whole batch, as after `if mask[:, t].any()`: each text has its own, `np.where`.",
        ),
        (_run_rnn(inputs, mask, W, U, np.zeros_like(b)), "The bias b is missing."),
        (_run_rnn(inputs, mask, W, np.zeros_like(U), b), "The old state is missing: add `h @ U`."),
        (_run_rnn(inputs, mask, W, U.T, b), "U is transposed: the row vector h comes first, `h @ U`."),
        (_run_rnn(inputs, mask, W, U, b, start=1.0), "The state begins with zeros, not ones."),
        (
            _run_rnn(inputs, mask, W, U, b, activation=lambda a: a),
            "The tanh is missing around the sum.",
        ),
        (
            _run_rnn(inputs, mask, W, U, b, activation=lambda a: (1 + np.tanh(a / 2)) / 2),
            "That is a sigmoid: the simple RNN has a tanh.",
        ),
    )


def _state_at(
    inputs: np.ndarray, places: np.ndarray, W: np.ndarray, U: np.ndarray, b: np.ndarray
) -> np.ndarray:
    """The state at a place of each text, with padding read like tokens."""
    everywhere = np.ones(inputs.shape[:2], bool)
    states = [_run_rnn(inputs[:, : t + 1], everywhere, W, U, b) for t in range(inputs.shape[1])]
    return np.stack(states, axis=1)[np.arange(len(inputs)), places]


@exercise(
    "3.2",
    "h and c are right for ten steps in a row of six shapes, one text and one unit too, and for gates of ±1,000",
)
def lstm_step(my_lstm_step: Callable) -> None:
    """Checks one step of the LSTM (lesson 03).

    Args:
        my_lstm_step: function of ``(x, h, c, W, U, b)``: ``(batch, dim)``, twice ``(batch, units)``, ``(dim, 4·units)``,
            ``(units, 4·units)``, ``(4·units,)``, that returns the new h and c, ``(batch, units)``.

    Raises:
        CheckFailed: with a hint for the part of the step that went wrong.
    """
    rng = np.random.default_rng(2)
    for batch, dim, units in ((3, 4, 2), (1, 3, 5), (4, 2, 3), (2, 5, 1), (5, 3, 4), (1, 1, 1)):
        W, U = rng.normal(size=(dim, 4 * units)), rng.normal(size=(units, 4 * units))
        b = rng.normal(size=4 * units)
        # Not from zero: at h = c = 0 several mistakes cannot be told from one another.
        h, c = rng.normal(0, 0.5, (batch, units)), rng.normal(0, 1, (batch, units))
        for step in range(10):
            x = rng.normal(0, 1, (batch, dim))
            h, c = _check_lstm(
                my_lstm_step, (x, h, c, W, U, b), f"step {step + 1} of {batch} texts, {units} units"
            )
    one = np.ones((1, 1))
    for i, f in ((1e3, -1e3), (-1e3, 1e3)):
        W = np.array([[i, f, 0.5, 1e3]])
        given = (one, 0 * one, 2 * one, W, np.zeros((1, 4)), np.zeros(4))
        with np.errstate(over="raise", invalid="raise"):
            try:
                value = my_lstm_step(*given)
            except FloatingPointError:
                value = (np.array([[np.inf]]),) * 2
        new_h, new_c = (
            expect_array(part, (1, 1), np.floating, name)
            for part, name in zip(expect_parts(value, "hc"), "hc", strict=True)
        )
        expect(
            np.isfinite(new_h).all() and np.isfinite(new_c).all(),
            "A gate of ±1,000 overflowed: `np.exp(1000)` is too large for a float. Write the sigmoid as `(1 + np.tanh(a / 2)) / 2`.",
        )
        right_h, right_c = rnn.lstm_step(given[0], given[1:3], *given[3:])
        expect_close(new_c, right_c, "c with gates of ±1,000")
        expect_close(new_h, right_h, "h with gates of ±1,000")


def _sigmoid(a: np.ndarray) -> np.ndarray:
    return (1 + np.tanh(a / 2)) / 2


def _lstm(
    x: np.ndarray,
    h: np.ndarray,
    c: np.ndarray,
    W: np.ndarray,
    U: np.ndarray,
    b: np.ndarray,
    order: tuple[int, ...] = (0, 1, 2, 3),
    tilde: Callable = np.tanh,
    show: Callable = np.tanh,
    gate: Callable = _sigmoid,
) -> tuple[np.ndarray, np.ndarray]:
    parts = np.split(x @ W + h @ U + b, 4, axis=1)
    i, f, g, o = (parts[place] for place in order)
    new_c = gate(f) * c + gate(i) * tilde(g)
    return gate(o) * show(new_c), new_c


def _check_lstm(my_lstm_step: Callable, given: Any, what: str) -> None:
    value = expect_parts(my_lstm_step(*given), ("h", "c"))
    x, h, c, W, U, b = given
    new_h, new_c = (expect_array(v, h.shape, np.floating, name) for v, name in zip(value, "hc", strict=True))
    right_h, right_c = rnn.lstm_step(x, (h, c), W, U, b)
    i, f, g, o = np.split(x @ W + h @ U + b, 4, axis=1)
    expect(
        not (np.allclose(new_h, right_c, atol=1e-6) and np.allclose(new_c, right_h, atol=1e-6)),
        "You returned c first: the order is h, c.",
    )
    expect_close(
        new_c,
        right_c,
        f"c after {what}",
        (
            (
                _lstm(*given, order=(0, 1, 3, 2))[1],
                "The columns are in the order i, f, g, o: you took the last quarter for the candidate g.",
            ),
            (
                _lstm(*given, order=(1, 0, 2, 3))[1],
                "Input and forget gate are swapped: the first quarter is i, the second f.",
            ),
            (
                _lstm(*given, order=(2, 1, 0, 3))[1],
                "You took the first quarter for the candidate: the order is i, f, g, o.",
            ),
            (_lstm(*given, tilde=_sigmoid)[1], "The candidate g has a tanh, not a sigmoid."),
            (_lstm(*given, tilde=lambda a: a)[1], "The candidate needs its tanh: `np.tanh(g)`."),
            (
                _sigmoid(i) * c + _sigmoid(f) * np.tanh(o),
                "Gates and candidate are mixed up: the columns are i, f, g, o, and c is `σ(f) * c + σ(i) * tanh(g)`.",
            ),
            (
                _sigmoid(f) * c + (1 - _sigmoid(f)) * np.tanh(g),
                "That is the GRU's rule: the LSTM has an input gate of its own, `σ(i) * tanh(g)`.",
            ),
            (c + _sigmoid(i) * np.tanh(g), "The forget gate is missing: `σ(f) * c`."),
            (_sigmoid(f) * c + np.tanh(g), "The input gate is missing: `σ(i) * tanh(g)`."),
            (
                _lstm(*given, order=(0, 2, 1, 3))[1],
                "You took the second quarter for the candidate: the order is i, f, g, o.",
            ),
            (
                f * c + i * np.tanh(g),
                "The gates need their sigmoid: as they are they may be above 1 or negative.",
            ),
            (f * c + i * g, "Gates and candidate need σ and tanh: c is `σ(f) * c + σ(i) * tanh(g)`."),
            *(
                (
                    _lstm(*given, gate=gate)[1],
                    "Mind the brackets in σ(a): `(1 + np.tanh(a / 2)) / 2`, with a / 2 inside.",
                )
                for gate in (lambda a: (1 + np.tanh(a)) / 2, lambda a: 1 + np.tanh(a / 2) / 2)
            ),
            (_lstm(x, h, c, W, U, 0 * b)[1], "The bias b is missing."),
            (_lstm(x, h, c, W, 0 * U, b)[1], "The old state is missing: add `h @ U`."),
            (c, "c has not changed: return the new one."),
        ),
    )
    expect_close(
        new_h,
        right_h,
        f"h after {what}",
        (
            (_sigmoid(o) * right_c, "h is `σ(o) * tanh(c)`: the tanh around c is missing."),
            (_sigmoid(o * right_c), "h is `σ(o) * tanh(c)`: the sigmoid is over o alone."),
            (_sigmoid(o) * _sigmoid(right_c), "c goes through a tanh into h, not through a sigmoid."),
            (_sigmoid(o) * np.tanh(c), "h is made from the *new* c."),
            (np.tanh(right_c), "The output gate is missing: `σ(o) * tanh(c)`."),
            (o * np.tanh(right_c), "The output gate needs its sigmoid."),
            (h, "h has not changed: return the new one."),
        ),
    )
    return right_h, right_c


@exercise(
    "3.3",
    "exactly the wanted share is left after so many words, for 37 cases from 1 word to 10,000 and from 1 to 99.9 %",
)
def forget_bias(my_forget_bias: Callable) -> None:
    """Checks the bias of a gate that keeps a given share (lesson 03).

    Args:
        my_forget_bias: function of ``(words, share)``, int and float between 0 and 1, that returns a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(3)

    def right(words: float, share: float) -> float:
        per_word = share ** (1 / words)
        return np.log(per_word) - np.log1p(-per_word)

    cases = [(10, 0.3)]  # every mistake has a value of its own
    cases += [(words, float(rng.uniform(0.05, 0.95))) for words in (1, 2, 10, 50, 300, 7) * 5]
    cases += [(1, 0.5), (1, 0.01), (1, 0.999), (10_000, 0.5), (3, 0.01), (59, 0.999)]
    for words, share in cases:
        value = expect_number(
            my_forget_bias(words, share), f"The bias for {share:.2f} left after {words} words"
        )
        per_word = share ** (1 / words)
        once = np.log(share / (1 - share))
        expect_close(
            value,
            right(words, share),
            f"The bias for {share:.2f} left after {words} words",
            (
                (
                    per_word,
                    "That is the gate, the share kept at one word: which a gives σ(a) that value? Solve σ(a) = p for a.",
                ),
                (
                    _logit((1 - share) ** (1 / words)),
                    "You took the share that is lost for the one that is left: `share`, not `1 - share`.",
                ),
                (
                    _logit(share / words),
                    "Dividing the share by the words does not undo a product: σ(a) = share ** (1 / words).",
                ),
                (
                    _logit(share**words),
                    "The share is that after all words; the gate's is larger, its root: `share ** (1 / words)`.",
                ),
                (
                    np.log(1 - per_word) - np.log(per_word),
                    "The sign is the wrong way round: a gate more than half open has a positive bias.",
                ),
                (
                    once,
                    "That keeps the share over *one* word: it is multiplied again at each, so one word may only take the `words`-th root, `share ** (1 / words)`.",
                ),
                (
                    once / words,
                    "Divide in the exponent, not the bias: σ(a)**words = share gives σ(a) = share ** (1 / words).",
                ),
                (
                    once * words,
                    "Multiplying the bias does not multiply the gates: σ(a) = share ** (1 / words).",
                ),
                (
                    np.log(per_word),
                    "That is the logarithm of the gate; the inverse of the sigmoid is log(p / (1 - p)).",
                ),
                (np.log10(per_word / (1 - per_word)), "Use the natural logarithm, `np.log`."),
                *(
                    (np.round(right(words, share), digits), "You rounded: return the number as it is.")
                    for digits in (0, 1, 2, 3)
                ),
                *(
                    (
                        right(words + more, share),
                        "The memory is multiplied once at each of the `words` words.",
                    )
                    for more in (-1, 1)
                    if words + more
                ),
            ),
        )


def _logit(share: float) -> float:
    with np.errstate(all="ignore"):
        return np.log(share) - np.log1p(-share)


@exercise(
    "3.4",
    "every text is in one batch, and they were sorted by length before cutting, for 33 sets of lengths, with ties and without, and for one text",
)
def batches(my_batches: Callable) -> None:
    """Checks batches of texts of similar length (lesson 03).

    Args:
        my_batches: function of ``(lengths, batch_size)``, int ``(n,)`` and int, that returns a list of int arrays.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(4)
    cases = [((12, 4), 1000)] + [
        (case, 40) for case in ((13, 5), (12, 4), (7, 7), (5, 9), (6, 1), (23, 4)) * 4
    ]
    cases += [(case, most) for case in ((13, 5), (9, 2), (21, 8)) for most in (3, 100_000)]
    cases += [((1, 3), 40), ((1, 1), 40)]
    for (n, size), most in cases:
        lengths = rng.permutation(most - 1)[:n] + 1 if most == 1000 else rng.integers(1, most, n)
        value = my_batches(lengths, size)
        what = f"{n} texts in batches of {size}"
        expect(value is not None, NO_RETURN)
        expect(
            isinstance(value, list | tuple),
            f"Expected a list of arrays, found {type(value).__name__}: `[first_batch, second_batch, …]`.",
        )
        each = f"{what}: each batch is an array of indices, int (at most {size},), and one"
        found = [expect_array(batch, None, np.integer, each) for batch in value]
        for batch in found:
            expect(batch.ndim == 1, f"{each} has shape {batch.shape}.")
        together = np.concatenate(found) if found else np.array([], int)
        _expect_indices(together, lengths, size, what)
        sizes = sorted(len(batch) for batch in found)
        expect(bool(sizes) and sizes[0] > 0, f"{what}: one of your {len(sizes)} batches is empty.")
        expect(sizes[-1] <= size, f"{what}: a batch has {sizes[-1]} texts, at most {size} are asked.")
        expect(
            len(sizes) == -(-n // size),
            f"{what}: there are {len(sizes)} batches; expected {-(-n // size)}: all full but one.",
        )
        expect(
            sizes[1:] == [size] * (len(sizes) - 1),
            f"{what}: the batches have {sizes} texts; all but one must have exactly {size} texts.",
        )
        _expect_little_padding(found, lengths, size, what)


def _expect_indices(together: np.ndarray, lengths: np.ndarray, size: int, what: str) -> None:
    n = len(lengths)
    if sorted(together.tolist()) == list(range(n)):
        return
    expect(
        sorted(together.tolist()) != sorted(lengths.tolist()),
        f"{what}: you returned the lengths; expected the numbers of the texts: `np.argsort` gives those.",
    )
    missing = sorted(set(range(n)) - set(together.tolist()))
    twice = sorted({index for index in together.tolist() if together.tolist().count(index) > 1})
    expect(
        not (missing and twice),
        f"{what}: index {twice[:1]} occurs twice and {missing[:1]} never. Are texts of equal length told apart? `np.argsort` "
        "gives every index once.",
    )
    expect(
        len(missing) != n % size or not missing,
        f"{what}: {len(missing)} texts are in no batch, such as number {missing[0] if missing else 0}. Was the last, smaller batch left out?",
    )
    expect(
        not missing,
        f"{what}: {len(missing)} texts are in no batch, such as number {missing[0] if missing else 0}.",
    )
    expect(False, f"{what}: an index occurs twice or is none: {sorted(together.tolist())}.")


def _expect_little_padding(found: list, lengths: np.ndarray, size: int, what: str) -> None:
    n, ordered = len(lengths), np.sort(lengths)
    # Sorted and cut; the smaller batch may stand anywhere, and not always is the same place the best.
    allowed = set()
    for place in range(0, n, size):
        starts = [*range(0, place + 1, size), *range(place + (n % size or size), n, size)]
        allowed.add(sum(int(part[-1]) * len(part) for part in np.split(ordered, starts[1:])))
    places = sum(len(batch) * int(lengths[batch].max()) for batch in found)
    in_order = [list(range(first, min(first + size, n))) for first in range(0, n, size)]
    expect(
        places in allowed or sorted(sorted(batch.tolist()) for batch in found) != in_order,
        f"{what}: {places} positions, {max(allowed)} would do. You cut the texts in the order given: sort them by length first.",
    )
    expect(
        places in allowed,
        f"{what}: your batches have {places} positions, {max(allowed)} would do. Put texts of similar length together: sort all of them by length, then cut.",
    )


@exercise(
    "3.5",
    "padding changes no answer, a text alone gets the same one, words and their order count, each word for itself, and "
    "the loss fits logits",
)
def classifier(my_classifier: Callable) -> None:
    """Checks a classifier of texts that respects padding (lesson 03).

    Args:
        my_classifier: function of ``vocabulary_size``, returns a compiled Keras model, int ids ``(batch, tokens)`` →
            logits ``(batch, 1)``.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    import keras

    rng, size = np.random.default_rng(5), 233
    keras.utils.set_random_seed(5)
    model = expect_model(my_classifier(size))
    ids = rng.integers(1, size, (6, 7)).astype(np.int32)
    ids[0, 3:], ids[1, 5:] = 0, 0
    ids[5] = size - 1  # the last word of the vocabulary
    what = f"ids below the vocabulary's size, {size}"
    if not model.built:  # a class of its own has weights only once it was called
        call_model(model, ids[:1, :2], what)
    # As they start, embeddings are so small that mistakes hardly show. What has one axis stays as it is: the
    # variances of a normalisation must not become negative.
    _draw_weights(model, rng)
    answers = _check_answers(model, ids, size, what)
    _check_range(model, answers, rng, size, what)
    _expect_loss(model)


def _draw_weights(model: "keras.Model", rng: np.random.Generator) -> None:
    model.set_weights([rng.normal(0, 0.7, w.shape) if np.ndim(w) > 1 else w for w in model.get_weights()])


def _check_range(
    model: "keras.Model", answers: np.ndarray, rng: np.random.Generator, size: int, what: str
) -> None:
    """A logit is below 0 as often as above, though not with every draw of the weights."""
    texts, largest = rng.integers(1, size, (20, 5)).astype(np.int32), 0.0
    for _ in range(6):
        if answers.min() < 0:
            return
        largest = max(largest, answers.max())
        _draw_weights(model, rng)
        answers = call_model(model, texts, what)
    expect(
        largest > 1,
        "The answers lie between 0 and 1, as after a sigmoid: return logits, `Dense(1)` without activation.",
    )
    expect(
        False,
        'No answer is ever negative, as after a ReLU: a logit below 0 says "rather not". `Dense(1)` without activation.',
    )


def _check_answers(model: "keras.Model", ids: np.ndarray, size: int, what: str) -> np.ndarray:
    full = ids[2:5]
    far = (full + 150) % (size - 1) + 1
    rows = {"plain": ids, "other": far, "reversed": full[:, ::-1]}
    for word in (size - 1, size - 2, 132, 32):
        rows[f"with {word}"] = full.copy()
        rows[f"with {word}"][:, 3] = word
    # All at once and as wide as the widest: calls take time.
    answers = call_model(model, np.concatenate(list(rows.values())).astype(np.int32), what)
    total = sum(map(len, rows.values()))
    mistake = [((total,), "One logit each, with an axis of its own: end in `Dense(1)`.")]
    answers = expect_array(
        answers, (total, 1), np.floating, f"What the model gives for {total} texts", mistake
    )
    parts = dict(
        zip(rows, np.split(answers, np.cumsum([len(part) for part in rows.values()])[:-1]), strict=True)
    )
    plain = parts["plain"]
    expect(np.isfinite(answers).all(), "An answer is NaN or infinite.")
    again = np.asarray(model(ids))  # as Keras calls it when nothing is said of training
    expect(
        np.allclose(again, plain, atol=1e-4) or np.allclose(again, np.asarray(model(ids)), atol=1e-5),
        "The same texts got other answers the second time: dropout (or another draw) is on, though the model is not being "
        "trained. Leave `training=True` out.",
    )
    few = ids[:3]
    wider = call_model(model, np.pad(few, ((0, 0), (0, 4))), what)
    expect(
        np.allclose(wider, again[:3], atol=1e-4) or not np.allclose(again, plain, atol=1e-4),
        f"4 more positions of padding changed an answer by {np.abs(wider - again[:3]).max():.3f}. Is the mask made (`mask_zero=True`), does it reach the recurrent layer (an operation such as `x * 2` loses it, and so does a `Lambda`; `layers.Rescaling` keeps it), and does the mean heed it (`GlobalAveragePooling1D` does, `ops.mean` does not)?",
    )
    alone = call_model(model, ids[:1, :3], what)
    expect(
        np.allclose(alone[0], again[0], atol=1e-4) and np.allclose(plain, again, atol=1e-4),
        "A text alone, or among other texts, gets another answer: something looks at the whole batch.",
    )
    expect(
        np.abs(plain[2:5] - parts["other"]).max() > 1e-5,
        "Other words gave the same answers: does the model look at its input?",
    )
    for one, other in ((size - 1, size - 2), (132, 32)):
        expect(
            np.abs(parts[f"with {one}"] - parts[f"with {other}"]).max() > 1e-6,
            f"Word {one} was put in the place of word {other}, and no answer changed: every word has a vector of its own, "
            "`Embedding(vocabulary_size, …)`.",
        )
    expect(
        np.abs(plain[2:5] - parts["reversed"]).max() > 1e-5,
        "The words in reverse order gave the same answers: a mean of embeddings cannot see order. Put a recurrent layer before it.",
    )
    return answers


def _expect_loss(model: "keras.Model") -> None:
    """The loss must be the cross-entropy of logits: large for a wrong certain answer, small for a right one."""
    expect(
        getattr(model, "compiled", False), "The model is not compiled: call `model.compile(optimizer, loss)`."
    )
    logits, labels = (
        np.array([[3.0], [-2.0], [-4.0]], np.float32),
        np.array([[1.0], [0.0], [1.0]], np.float32),
    )
    # What a regulariser adds is no part of it.
    extra = sum(float(np.asarray(loss)) for loss in model.losses)
    loss = float(model.compute_loss(y=labels, y_pred=logits)) - extra
    right = float(np.mean(np.log1p(np.exp(-logits * (2 * labels - 1)))))
    expect(
        np.isclose(loss, right, rtol=0.02),
        f"For logits 3, -2, -4 and labels 1, 0, 1 the loss is {loss:.3f}, expected {right:.3f}: `keras.losses.BinaryCrossentropy(from_logits=True)`.",
    )
