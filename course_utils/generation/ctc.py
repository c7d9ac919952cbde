"""Letters without knowing when each was said: paths, the sum over them, the best one, and decoding.

A network says for every frame how likely each letter is, and how likely the blank: nothing new. A path names
one of them for each frame and is read by :func:`collapse`: repeats become one, then the blanks go. What was
said is as likely as all paths that read so together. Connectionist temporal classification (CTC), Graves et
al., "Connectionist Temporal Classification: Labelling Unsegmented Sequence Data with Recurrent Neural
Networks" (2006).

- log_probabilities: float array (frames, letters), natural logarithms, −∞ allowed; the blank is one of the
  letters, and which one is said by ``blank``, int ≥ 0.
- labels: what was said, ints from 0 to letters − 1 without the blank; returned as tuples.

All is NumPy in float64, for one sequence at a time; training takes ``keras.ops.ctc_loss``, about which
:func:`pad_labels` says what it lets pass. Introduced in lesson 09.
"""

import functools
import math
from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from course_utils import arguments
from course_utils.errors import CourseError, shown

__all__ = [
    "Alignment",
    "BigramModel",
    "Hypothesis",
    "WordList",
    "all_alignments",
    "best_alignment",
    "collapse",
    "count_alignments",
    "ctc_log_probabilities",
    "ctc_log_probability",
    "ctc_posteriors",
    "frames_needed",
    "greedy_ctc",
    "pad_labels",
    "prefix_beam_search",
]

MOST_PATHS = 100_000
"""More than these are not written out one by one."""

Labels = tuple[int, ...]

LanguageModel = Callable[[Labels], np.ndarray]
"""Of the labels so far: float array (letters + 1,), log P of each letter that may follow and, last, that none
does: the end. What it says of the blank does not count."""


class Alignment(NamedTuple):
    """Which frame says what.

    Attributes:
        path: int (frames,), a letter or the blank for each frame.
        places: int (frames,), which of the labels the frame says, −1 for the blank; it tells two equal
            letters from each other.
        log_probability: float, log p of this path alone.
    """

    path: np.ndarray
    places: np.ndarray
    log_probability: float


class Hypothesis(NamedTuple):
    """What may have been said.

    Attributes:
        labels: tuple of int.
        log_probability: float, log Σ p of the paths that the search has found for it, the letters' own.
        score: float, by which hypotheses are ranked: with the language model and the bonus.
    """

    labels: Labels
    log_probability: float
    score: float


# Paths


def collapse(path: Iterable[int], blank: int) -> Labels:
    """Reads a path: a letter that goes on over several frames is one, and blanks are none.

    Introduced in lesson 09.

    Args:
        path: ints ≥ 0, a letter or the blank for each frame.
        blank: int ≥ 0.

    Returns:
        tuple of int, the labels.

    Raises:
        CourseError: when one of them is no whole number.
    """
    return _collapse(_numbers("path", path), arguments.whole_number("blank", blank, 0))


def frames_needed(labels: Iterable[int]) -> int:
    """Gives the frames of the shortest path: one for each letter, and a blank between two equal ones.

    Introduced in lesson 09.

    Args:
        labels: ints ≥ 0.

    Returns:
        int ≥ 0. With fewer frames no path reads so, and the probability is 0.

    Raises:
        CourseError: when a label is no whole number.
    """
    labels = _numbers("labels", labels)
    return len(labels) + _repeats(labels)


def count_alignments(labels: Iterable[int], frames: int) -> int:
    """Counts the paths of this length that read so: C(frames + labels − repeats, 2 · labels).

    Each label has a run of frames; where runs and the gaps between them begin is a choice of 2 · labels
    places. Introduced in lesson 09.

    Args:
        labels: ints ≥ 0.
        frames: int ≥ 1.

    Returns:
        int ≥ 0, exact.

    Raises:
        CourseError: an argument is wrong.
    """
    labels, frames = _numbers("labels", labels), arguments.whole_number("frames", frames)
    return math.comb(frames + len(labels) - _repeats(labels), 2 * len(labels))


def all_alignments(labels: Iterable[int], frames: int, blank: int) -> np.ndarray:
    """Writes out every path of this length that reads so, for examples small enough to look at.

    ``log_probabilities[np.arange(frames), paths].sum(axis=1)`` gives log p of each. Introduced in lesson 09.

    Args:
        labels: ints ≥ 0 without the blank.
        frames: int ≥ 1.
        blank: int ≥ 0.

    Returns:
        int array (paths, frames), no path twice; (0, frames) where none reads so.

    Raises:
        CourseError: an argument is wrong, a label is the blank, or there are over 100,000 paths.
    """
    labels = _labels(labels, arguments.whole_number("blank", blank, 0))
    paths = count_alignments(labels, frames)
    if paths > MOST_PATHS:
        raise CourseError(
            f"{len(labels)} labels have {paths:,} paths of {frames} frames; expected {MOST_PATHS:,} at most."
            " Take fewer frames, or ctc_log_probability, which sums them without writing them out."
        )
    states = _states(labels, blank)
    reach_end = _backward(np.zeros((frames, len(states))), states) > -np.inf
    walks = [(state,) for state in np.flatnonzero(reach_end[0, :2])]
    for frame in range(1, frames):
        walks = [
            (*walk, state)
            for walk in walks
            for state in range(walk[-1], min(walk[-1] + 3, len(states)))
            if reach_end[frame, state] and (state < walk[-1] + 2 or states[state] != states[walk[-1]])
        ]
    return states[np.array(walks, int).reshape(paths, frames)]


# The sum over all paths, and the best of them


def ctc_log_probability(log_probabilities: np.ndarray, labels: Iterable[int], blank: int) -> float:
    """Sums the probabilities of all paths that read so, by the forward algorithm: log p(labels).

    Graves et al. (2006), section 4.1: letters and the blanks around them are 2 · labels + 1 states; from
    frame to frame one stays, goes to the next state, or skips a blank between two different letters. Its
    negative is what ``keras.ops.ctc_loss`` makes of logits. Introduced in lesson 09.

    Args:
        log_probabilities: float array (frames, letters), see the module.
        labels: ints without the blank; none at all is what all-blank paths read.
        blank: int, 0 to letters − 1.

    Returns:
        float ≤ 0; −∞ where no path reads so, such as where there are fewer frames than
        :func:`frames_needed`.

    Raises:
        CourseError: an argument is wrong, or a label is the blank.
    """
    observed, states = _observed(log_probabilities, labels, blank)
    return float(np.logaddexp.reduce(_forward(observed, states)[-1, -2:]))


def ctc_log_probabilities(
    log_probabilities: np.ndarray, texts: Iterable[Iterable[int]], blank: int
) -> np.ndarray:
    """Gives :func:`ctc_log_probability` of each of several texts, all of them in one pass over the frames.

    Introduced in lesson 09.

    Args:
        log_probabilities: float array (frames, letters), see the module.
        texts: n ≥ 1 texts, each labels without the blank.
        blank: int, 0 to letters − 1.

    Returns:
        float64 array (n,), ≤ 0; −∞ where no path reads so.

    Raises:
        CourseError: an argument is wrong, there is no text, or a label is the blank.
    """
    table = _table(log_probabilities, blank)
    rows = [
        _states(_labels(text, blank, table.shape[1] - 1), blank)
        for text in arguments.items("texts", texts, "label sequences")
    ]
    if not rows:
        raise CourseError("texts is empty: expected at least one label sequence, which may be empty.")
    lengths = np.array([*map(len, rows)])[:, np.newaxis]
    states = np.full((len(rows), lengths.max()), blank)
    for padded, row in zip(states, rows, strict=True):
        padded[: len(row)] = row
    # Nothing comes back from the padding: a path only stays or goes on.
    totals, places = _forward(table[:, states], states)[-1], np.arange(states.shape[1])
    is_end = (places >= lengths - 2) & (places < lengths)
    return np.logaddexp.reduce(np.where(is_end, totals, -np.inf), axis=1)


def ctc_posteriors(log_probabilities: np.ndarray, labels: Iterable[int], blank: int) -> np.ndarray:
    """Tells how likely each frame says each letter once it is known what was said: forward · backward.

    ``np.exp(log_probabilities) - ctc_posteriors(…)`` is the gradient of −log p(labels) with respect to the
    logits: what the network says minus what it should have said, as in any cross-entropy. Graves et al.
    (2006), equation 16. Introduced in lesson 09.

    Args:
        log_probabilities: float array (frames, letters), see the module.
        labels: ints without the blank.
        blank: int, 0 to letters − 1.

    Returns:
        float64 array (frames, letters), rows of sum 1.

    Raises:
        CourseError: an argument is wrong, or no path reads so.
    """
    observed, states = _observed(log_probabilities, labels, blank)
    # Both have seen this frame; of two −∞ one must go, or the difference is no number.
    both = _forward(observed, states) + _backward(observed, states) - np.nan_to_num(observed)
    total = np.logaddexp.reduce(both[0])
    _require_path(total, observed, states)
    letters = np.arange(log_probabilities.shape[1])
    return np.exp(both - total) @ (states[:, np.newaxis] == letters).astype(np.float64)


def best_alignment(log_probabilities: np.ndarray, labels: Iterable[int], blank: int) -> Alignment:
    """Finds the likeliest of the paths that read so: which frame says which letter (Viterbi).

    The forward algorithm with the largest in place of the sum. Of equally likely paths it is the one whose
    letters come first. Introduced in lesson 09.

    Args:
        log_probabilities: float array (frames, letters), see the module.
        labels: ints without the blank.
        blank: int, 0 to letters − 1.

    Returns:
        :class:`Alignment`.

    Raises:
        CourseError: an argument is wrong, or no path reads so.
    """
    observed, states = _observed(log_probabilities, labels, blank)
    best, steps = np.full(observed.shape, -np.inf), np.zeros(observed.shape, int)
    best[0, :2] = observed[0, :2]
    for frame in range(1, len(observed)):
        arriving = _arriving(best[frame - 1], states)
        steps[frame] = arriving.argmax(axis=0)
        best[frame] = observed[frame] + arriving.max(axis=0)
    _require_path(best[-1, -2:].max(), observed, states)
    walk = np.empty(len(observed), int)
    walk[-1] = len(states) - 1 - best[-1, :-3:-1].argmax()
    for frame in range(len(observed) - 1, 0, -1):
        walk[frame - 1] = walk[frame] - steps[frame, walk[frame]]
    places = np.where(walk % 2 == 1, walk // 2, -1)
    return Alignment(states[walk], places, float(best[-1, walk[-1]]))


def pad_labels(sequences: Iterable[Iterable[int]]) -> tuple[np.ndarray, np.ndarray]:
    """Puts label sequences of different lengths into one array, as ``keras.ops.ctc_loss`` takes them.

    ``keras.ops.ctc_loss(labels, logits, label_lengths, frames, mask_index=blank)`` gives −ln p(labels) of
    each sequence, of logits (batch, longest, letters) as they come out of the last layer. What stands after
    a length, here 0, does not count. On TensorFlow (2.21, with Keras 3.15) it checks nothing, so that what
    is wrong trains along silently:

    - labels that no path reads cost about 707 = −ln 10⁻³⁰⁷ where −ln 0 is meant, and have a gradient.
      Leave out those that need more than their frames (:func:`frames_needed`).
    - a blank among the labels, one that is no letter at all, and a length beyond the array give numbers too.
    - an array without any column makes an empty sequence cheaper by ln 2; hence there is one at least.
    - ``mask_index=-1`` is the last letter, as in Python; a logit of −∞ gives NaN.

    Introduced in lesson 09.

    Args:
        sequences: n label sequences, each ints ≥ 0.

    Returns:
        labels, int32 array (n, longest), at least one column wide; and their lengths, int32 array (n,).

    Raises:
        CourseError: when there is no sequence, or a label is no whole number.
    """
    rows = [
        _numbers("an item of sequences", row)
        for row in arguments.items("sequences", sequences, "label sequences")
    ]
    if not rows:
        raise CourseError("sequences is empty: expected at least one label sequence, which may be empty.")
    lengths = np.array([*map(len, rows)], np.int32)
    labels = np.zeros((len(rows), max(1, lengths.max())), np.int32)
    for padded, row in zip(labels, rows, strict=True):
        padded[: len(row)] = row
    return labels, lengths


# Decoding


def greedy_ctc(log_probabilities: np.ndarray, lengths: np.ndarray, blank: int) -> list[Labels]:
    """Reads the likeliest path of each sequence: the likeliest letter of every frame, collapsed.

    That is not always the likeliest reading, whose probability may lie in many paths. Of equally likely
    letters the first is taken. Introduced in lesson 09.

    Args:
        log_probabilities: float array (batch, frames, letters), see the module.
        lengths: int array (batch,), frames of each sequence; what comes after them does not count.
        blank: int, 0 to letters − 1.

    Returns:
        list of tuples of int, the labels of each sequence.

    Raises:
        CourseError: an argument is wrong.
    """
    if np.ndim(log_probabilities) != 3 or np.shape(lengths) != np.shape(log_probabilities)[:1]:
        raise CourseError(
            f"log_probabilities have shape {np.shape(log_probabilities)} and lengths {np.shape(lengths)};"
            " expected (batch, frames, letters) and (batch,)."
        )
    longest = log_probabilities.shape[1]
    lengths = [arguments.whole_number("an item of lengths", length, 1, longest) for length in lengths]
    return [
        _collapse(_table(table[:length], blank).argmax(axis=1), blank)
        for table, length in zip(log_probabilities, lengths, strict=True)
    ]


def prefix_beam_search(
    log_probabilities: np.ndarray,
    *,
    blank: int,
    width: int,
    language_model: LanguageModel | None = None,
    weight: float = 0.0,
    insertion: float = 0.0,
) -> list[Hypothesis]:
    """Looks for the likeliest reading among the ``width`` best beginnings, all paths of each taken together.

    Hannun et al., arXiv:1408.2873, algorithm 1, in logarithms and with a language model of letters. A
    beginning has two sums: of its paths that end in a blank, after which its last letter may come anew, and
    of those that end in that letter, which would only go on. Ranked is by

        log p(labels) + weight · log P(labels, end) + insertion · number of labels.

    With a width that no frame outgrows all sums are exact; else they lack what was dropped on the way. Of
    equal ones those stay that come from the better beginning, then those of the lower letter. Introduced in
    lesson 09.

    Args:
        log_probabilities: float array (frames, letters), see the module.
        blank: int, 0 to letters − 1.
        width: int ≥ 1, beginnings kept after each frame.
        language_model: function that gives log P of what may follow labels, float array (letters + 1,), the
            last for the end, such as a :class:`BigramModel`; or None.
        weight: float ≥ 0, what the language model counts; 0 leaves it unasked.
        insertion: float, added for every label: a language model makes each further letter cost something.

    Returns:
        list of :class:`Hypothesis`, the best first, ``width`` at most.

    Raises:
        CourseError: an argument is wrong, or nothing can be said that the language model allows.
    """
    table = _table(log_probabilities, blank)
    width = arguments.whole_number("width", width)
    added = _additions(language_model, weight, insertion, blank, table.shape[1])
    prefixes: list[Labels] = [()]
    in_blank, in_letter, additions = np.zeros(1), np.full(1, -np.inf), np.zeros(1)
    for frame in table:
        # (beginnings, letters): a letter that is added; in the blank's column the beginning stays as it is.
        ends_in_letter = _letter_sums(frame, prefixes, in_blank, in_letter, blank)
        ends_in_blank = np.full_like(ends_in_letter, -np.inf)
        ends_in_blank[:, blank] = np.logaddexp(in_blank, in_letter) + frame[blank]
        further = additions[:, np.newaxis] + [added(prefix)[:-1] for prefix in prefixes]
        scores = (np.logaddexp(ends_in_blank, ends_in_letter) + further).ravel()
        best = np.argsort(-scores, kind="stable")[:width]
        best = best[scores[best] > -np.inf]
        in_blank, in_letter, additions = (
            values.ravel()[best] for values in (ends_in_blank, ends_in_letter, further)
        )
        prefixes = [
            prefixes[row] if letter == blank else (*prefixes[row], letter)
            for row, letter in (divmod(place, table.shape[1]) for place in best.tolist())
        ]
        if not prefixes:
            break
    found = [
        Hypothesis(prefix, float(total), float(total + addition + added(prefix)[-1]))
        for prefix, total, addition in zip(
            prefixes, np.logaddexp(in_blank, in_letter), additions, strict=True
        )
    ]
    found = [hypothesis for hypothesis in found if hypothesis.score > -np.inf]
    if not found:
        raise CourseError(
            "the language model gives probability 0 to all that these frames may say; expected one that holds"
            " everything possible, if unlikely: smooth its counts."
        )
    return sorted(found, key=lambda hypothesis: -hypothesis.score)


class BigramModel:
    """A language model of letters: how likely each comes after the one before it.

    P(next | last) = (count(last, next) + k) / (count(last) + k · possible), where a sentence begins with a
    start that nothing precedes, and its end is one of the possible, like every letter but the blank (add-k
    smoothing). Called with labels it gives what :func:`prefix_beam_search` asks for. Introduced in lesson 09.

    Attributes:
        log_probabilities: float64 (letters + 1, letters + 1), row = the last letter, at the bottom the start;
            column = the next, on the right the end; −∞ for the blank.

    Args:
        texts: n str to count in.
        letters: the sign of each letter in the network's order, such as "-abc"; that of the blank is in no
            text.
        blank: int, 0 to letters − 1.
        k: float > 0, what every pair counts besides.

    Raises:
        CourseError: an argument is wrong, or a text holds something that is none of the letters.
    """

    def __init__(self, texts: Iterable[str], letters: Iterable[str], *, blank: int, k: float = 1.0) -> None:
        signs = list(letters) if isinstance(letters, str) else arguments.strings("letters", letters)
        blank = arguments.whole_number("blank", blank, 0, len(signs) - 1)
        self._label_of = {sign: label for label, sign in enumerate(signs) if label != blank}
        if len(self._label_of) < len(signs) - 1 or any(len(sign) != 1 for sign in self._label_of):
            raise CourseError(f"letters are {shown(signs)}; expected signs of one character, none twice.")
        self._outside = len(signs)  # start and end: the same row and column
        counts = np.full((len(signs) + 1,) * 2, arguments.number("k", k, 1e-9))
        for text in arguments.strings("texts", texts):
            np.add.at(counts, self._pairs(text), 1)
        counts[:, blank] = 0
        with np.errstate(divide="ignore"):  # the blank's
            self.log_probabilities = np.log(counts / counts.sum(axis=1, keepdims=True))

    def __call__(self, labels: Labels) -> np.ndarray:
        """Gives log P of what may follow, float64 array (letters + 1,), the last for the end.

        Args:
            labels: tuple of int, what has been said so far.
        """
        return self.log_probabilities[labels[-1] if labels else self._outside]

    def log_probability(self, text: str) -> float:
        """Gives log P of a text from its start to its end, a float < 0.

        Args:
            text: str of the letters.

        Raises:
            CourseError: it holds something that is none of them.
        """
        return float(self.log_probabilities[self._pairs(text)].sum())

    def _pairs(self, text: str) -> tuple[list[int], list[int]]:
        """The label before each label and the label itself, from the start to the end."""
        unknown = sorted(set(arguments.string("text", text)) - self._label_of.keys())
        if unknown:
            raise CourseError(
                f"the text {shown(text)} holds {unknown[0]!r}; expected only {''.join(self._label_of)!r}."
                " Leave it out, or write it in these letters."
            )
        walk = [self._outside, *(self._label_of[sign] for sign in text), self._outside]
        return walk[:-1], walk[1:]


# Inside


class WordList:
    """A language model of letters that knows some words, and spaces between them.

    P(next | what has been said) is shared equally among the letters with which one of the words may go on;
    where a word is complete, a space and the end are two more. Introduced in lesson 09.

    Args:
        words: n ≥ 1 different str without spaces, of the letters.
        letters: the sign of each letter in the network's order, such as "- abc", with a space.
        blank: int, 0 to letters − 1.
        stray: float > 0 and below 1, the probability of an end within a word: so that a search that has lost
            all whole words still answers.

    Raises:
        CourseError: an argument is wrong, or a word holds something that is none of the letters.
    """

    def __init__(
        self, words: Iterable[str], letters: Iterable[str], *, blank: int, stray: float = 1e-6
    ) -> None:
        self._letters = list(letters) if isinstance(letters, str) else arguments.strings("letters", letters)
        blank = arguments.whole_number("blank", blank, 0, len(self._letters) - 1)
        words = arguments.strings("words", words)
        known = {*self._letters} - {self._letters[blank], " "}
        wrong = [word for word in words if not word or {*word} - known]
        if wrong or not words or " " not in self._letters:
            raise CourseError(
                f"words are {shown(words)} and letters {shown(self._letters)}; expected words of these"
                " letters, without the blank and without spaces, and a space among the letters."
            )
        self._stray = np.log(arguments.number("stray", stray, 1e-300, 0.5))
        self._after: dict[str, set[str]] = {}
        for word in words:
            for place in range(len(word) + 1):
                self._after.setdefault(word[:place], set()).update(word[place : place + 1] or {" ", ""})

    def __call__(self, labels: Labels) -> np.ndarray:
        """Gives log P of what may follow, float64 array (letters + 1,), the last for the end.

        Args:
            labels: tuple of int, what has been said so far.
        """
        following = np.full(len(self._letters) + 1, -np.inf)
        following[-1] = self._stray
        said = "".join(self._letters[label] for label in labels).rsplit(" ", 1)[-1]
        next_letters = self._after.get(said, set())
        for sign in next_letters:
            following[self._letters.index(sign) if sign else -1] = -np.log(len(next_letters))
        return following


def _collapse(path: np.ndarray, blank: int) -> Labels:
    begins = np.ones(len(path), bool)
    begins[1:] = path[1:] != path[:-1]
    return tuple(path[begins & (path != blank)].tolist())


def _repeats(labels: np.ndarray) -> int:
    return int((labels[1:] == labels[:-1]).sum())


def _states(labels: np.ndarray, blank: int) -> np.ndarray:
    """Blank, letter, blank, letter, …, blank: int (2 · labels + 1,)."""
    states = np.full(2 * len(labels) + 1, blank)
    states[1::2] = labels
    return states


def _arriving(before: np.ndarray, states: np.ndarray) -> np.ndarray:
    """What comes to each state from itself, the one before, and the one before that: (3, …, states)."""
    arriving = np.full((3, *states.shape), -np.inf)
    arriving[0] = before
    arriving[1, ..., 1:] = before[..., :-1]
    # Two blanks are equal as well: only what lies between two different letters can be skipped.
    arriving[2, ..., 2:] = np.where(states[..., 2:] != states[..., :-2], before[..., :-2], -np.inf)
    return arriving


def _forward(observed: np.ndarray, states: np.ndarray) -> np.ndarray:
    """log Σ p of the beginnings of paths that are in each state with each frame: (frames, …, states)."""
    totals = np.full(observed.shape, -np.inf)
    totals[0, ..., :2] = observed[0, ..., :2]
    for frame in range(1, len(observed)):
        arriving = np.logaddexp.reduce(_arriving(totals[frame - 1], states))
        totals[frame] = observed[frame] + arriving
    return totals


def _backward(observed: np.ndarray, states: np.ndarray) -> np.ndarray:
    """The same of their ends, this frame included: the forward algorithm from behind."""
    return _forward(observed[::-1, ::-1], states[::-1])[::-1, ::-1]


def _letter_sums(
    frame: np.ndarray, prefixes: list[Labels], in_blank: np.ndarray, in_letter: np.ndarray, blank: int
) -> np.ndarray:
    """log Σ p of the paths that end in a letter with this frame: (beginnings, letters).

    A column for the letter that is added; in that of the blank none is, the last one goes on.
    """
    last = np.array([prefix[-1] if prefix else blank for prefix in prefixes])
    sums = np.logaddexp(in_blank, in_letter)[:, np.newaxis] + frame
    sums[np.arange(len(last)), last] = in_blank + frame[last]  # twice the same only with a blank between
    sums[:, blank] = in_letter + frame[last]
    places = {prefix: row for row, prefix in enumerate(prefixes)}
    for row, prefix in enumerate(prefixes):
        parent = places.get(prefix[:-1]) if prefix else None
        if parent is not None:  # reached in two ways, which are one beginning
            sums[row, blank] = np.logaddexp(sums[row, blank], sums[parent, prefix[-1]])
            sums[parent, prefix[-1]] = -np.inf
    return sums


def _additions(
    language_model: LanguageModel | None, weight: float, insertion: float, blank: int, letters: int
) -> Callable[[Labels], np.ndarray]:
    """What each letter adds to the score after these labels, 0 for the blank, and last what the end adds."""
    weight, insertion = arguments.number("weight", weight, 0), arguments.number("insertion", insertion)
    if weight and language_model is None:
        raise CourseError(f"weight is {weight} and language_model is None; expected a model to weigh, or 0.")

    @functools.cache
    def added(labels: Labels) -> np.ndarray:
        following = weight * _asked(language_model, labels, letters) if weight else np.zeros(letters + 1)
        following[:-1] += insertion
        following[blank] = 0
        return following

    return added


def _asked(language_model: LanguageModel, labels: Labels, letters: int) -> np.ndarray:
    answer = np.asarray(language_model(labels), np.float64)
    if answer.shape != (letters + 1,) or not (answer <= 1e-6).all():
        raise CourseError(
            f"the language model gave {shown(answer)}, shape {answer.shape}, after labels {shown(labels)};"
            f" expected log-probabilities ({letters + 1},), of the {letters} letters and the end."
        )
    return answer


def _observed(
    log_probabilities: np.ndarray, labels: Iterable[int], blank: int
) -> tuple[np.ndarray, np.ndarray]:
    """log p of what each state says in each frame, float64 (frames, states), and what that is."""
    table = _table(log_probabilities, blank)
    states = _states(_labels(labels, blank, table.shape[1] - 1), blank)
    return table[:, states], states


def _table(log_probabilities: np.ndarray, blank: int) -> np.ndarray:
    """The log-probabilities as float64, if they are some and the blank is one of the letters."""
    is_float = isinstance(log_probabilities, np.ndarray) and np.issubdtype(
        log_probabilities.dtype, np.floating
    )
    with np.errstate(over="ignore"):
        # −∞ is a log-probability, and not finite; 0 is.
        probabilities = np.exp(log_probabilities) if is_float else log_probabilities
    arguments.array("log_probabilities", probabilities, np.floating, [("frames", "letters")])
    arguments.whole_number("blank", blank, 0, log_probabilities.shape[1] - 1)
    sums = probabilities.sum(axis=1, dtype=np.float64)
    worst = np.abs(sums - 1).argmax()
    if abs(sums[worst] - 1) > 0.01:
        raise CourseError(
            f"the probabilities of frame {worst} sum to {sums[worst]:.3g}; expected 1. Logits become"
            " log-probabilities by `keras.ops.log_softmax`, probabilities by `np.log`."
        )
    return log_probabilities.astype(np.float64)


def _labels(labels: Iterable[int], blank: int, at_most: int | None = None) -> np.ndarray:
    labels = _numbers("labels", labels, at_most)
    if blank in labels:
        raise CourseError(
            f"labels[{int((labels == blank).argmax())}] is {blank}, the blank, which no one says; expected"
            " letters alone. A path becomes labels by collapse(path, blank)."
        )
    return labels


def _numbers(name: str, value: Iterable[int], at_most: int | None = None) -> np.ndarray:
    numbers = arguments.items(name, value, "whole numbers")
    return np.array([arguments.whole_number(f"an item of {name}", item, 0, at_most) for item in numbers], int)


def _require_path(log_probability: float, observed: np.ndarray, states: np.ndarray) -> None:
    if log_probability == -np.inf:
        labels = states[1::2].tolist()
        raise CourseError(
            f"no path of {len(observed)} frames reads {shown(labels)}, which needs {frames_needed(labels)} of"
            " them, and a probability above 0 in each. Leave this example out, or take shorter frames."
        )
