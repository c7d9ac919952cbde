"""Lesson 09's checks accept right answers of any style and reject wrong ones with the hint meant for them."""

import difflib
import functools
import itertools
import math
import re

import numpy as np
from scipy.special import logsumexp, softmax

from course_utils import runtime
from course_utils.checks import lesson_09 as check
from tests.checks.tables import table_of_tests

runtime.start()

import tensorflow as tf  # noqa: E402 - quietly loaded by the line above
from keras import ops  # noqa: E402

from course_utils.evaluation import sequences  # noqa: E402
from course_utils.generation import ctc  # noqa: E402

OWN = "calls `(course_utils|keras|tensorflow)"

# --- 9.1 ----------------------------------------------------------------------------------------------------


def collapsed(path, blank):
    """The course's solution."""
    labels, before = [], blank
    for label in path:
        if label not in (before, blank):
            labels.append(int(label))
        before = label
    return labels


def collapsed_by_mask(path, blank):
    begins = np.ones(len(path), bool)
    begins[1:] = path[1:] != path[:-1]
    return path[begins & (path != blank)]


def collapsed_by_groups(path, blank):
    return [label for label, _ in itertools.groupby(path) if label != blank]


def collapsed_by_while(path, blank):
    found, place = [], 0
    while place < len(path):
        if path[place] != blank:
            found.append(path[place])
        end = place
        while end < len(path) and path[end] == path[place]:
            end += 1
        place = end
    return found


def collapsed_again(path, blank):
    if len(path) == 0:
        return []
    if len(path) > 1 and path[0] == path[1]:
        return collapsed_again(path[1:], blank)
    return ([] if path[0] == blank else [int(path[0])]) + collapsed_again(path[1:], blank)


def collapsed_backward(path, blank):
    kept = [path[i] for i in range(len(path)) if i == len(path) - 1 or path[i] != path[i + 1]]
    return [*filter(lambda label: label != blank, kept)]


def collapsed_by_difference(path, blank):
    changes = np.diff(path, prepend=-1) != 0
    return path[changes & (path != blank)].tolist()


def collapsed_by_indices(path, blank):
    if path.size == 0:
        return np.array([])
    first = np.r_[0, np.flatnonzero(np.diff(path)) + 1]
    return np.delete(path[first], np.flatnonzero(path[first] == blank))


def collapsed_by_tensors(path, blank):
    path = ops.convert_to_tensor(path, "int32")
    before = ops.pad(path, (1, 0), constant_values=-1)[:-1]
    return tf.boolean_mask(path, ops.logical_and(path != before, path != blank))


def collapsed_by_text(path, blank):
    """A character each, whose repeats a regular expression takes away."""
    text = "".join(chr(1000 + label) for label in path)
    once = re.sub(r"(.)\1+", r"\1", text)
    return [ord(sign) - 1000 for sign in once if sign != chr(1000 + blank)]


def collapsed_by_pairs(path, blank):
    return [b for a, b in zip([None, *path], path, strict=False) if b not in (a, blank)]


def collapsed_by_yield(path, blank):
    def labels():
        before = None
        for one in path.tolist():
            if one != before and one != blank:
                yield one
            before = one

    return tuple(labels())


def collapsed_by_stack(path, blank):
    stack = [blank]
    for one in path:
        if stack[-1] != one:
            stack.append(one)
    return [one for one in stack if one != blank]


def collapsed_by_reduce(path, blank):
    def step(state, label):
        labels, before = state
        return ([*labels, label] if label not in (before, blank) else labels), label

    return functools.reduce(step, path, ([], blank))[0]


def merged(path):
    return [int(label) for label, _ in itertools.groupby(path)]


def without(path, blank):
    return [int(label) for label in path if label != blank]


def collapse_with(begin):
    def collapse(path, blank):
        labels, before = [], begin(path, blank)
        for label in path:
            if label not in (before, blank):
                labels.append(int(label))
            before = label
        return labels

    return collapse


def kept_before(path, blank):
    """Compares with the label that was kept last."""
    labels = []
    for label in path:
        if label != blank and (not labels or labels[-1] != label):
            labels.append(int(label))
    return labels


def changes_only(path, blank):
    return [int(path[i]) for i in range(1, len(path)) if path[i] != path[i - 1] and path[i] != blank]


def closed_runs(path, blank):
    labels, before = [], None
    for label in path:
        if before is not None and label != before and before != blank:
            labels.append(int(before))
        before = label
    return labels


def every_second(path, blank):
    labels, i = [], 0
    while i < len(path):
        if path[i] != blank:
            labels.append(int(path[i]))
        i += 2 if i + 1 < len(path) and path[i] == path[i + 1] else 1
    return labels


def popped(path, blank):
    labels = merged(path)
    if blank in labels:
        labels.remove(blank)
    return labels


def removed_while_walking(path, blank):
    labels = merged(path)
    for label in labels:
        if label == blank:
            labels.remove(label)
    return labels


def until_blank(path, blank):
    labels = []
    for label in path:
        if label == blank:
            break
        if not labels or label != labels[-1]:
            labels.append(int(label))
    return labels


def repeats_made_blank(path, blank):
    path = path.tolist()
    for i in range(1, len(path)):
        if path[i] == path[i - 1]:
            path[i] = blank
    return [label for label in path if label != blank]


def stretches(path, blank):
    """One label between two blanks."""
    labels, inside = [], False
    for label in path.tolist():
        if label != blank and not inside:
            labels.append(label)
        inside = label != blank
    return labels


def triples(labels):
    return zip([None, *labels], labels, [*labels[1:], None], strict=False)


def sorted_in_place(path, blank):
    path.sort()
    return collapsed(path, blank)


def marked(path, blank):
    path[path == blank] = -1
    return collapsed(path, -1)


def stripped(path, blank):
    labels = merged(path)
    while labels and labels[0] == blank:
        labels.pop(0)
    while labels and labels[-1] == blank:
        labels.pop()
    return labels


COLLAPSE_RIGHT = {
    "the course's solution": collapsed,
    "a mask": collapsed_by_mask,
    "groups": collapsed_by_groups,
    "while": collapsed_by_while,
    "recursion": collapsed_again,
    "the frame behind": collapsed_backward,
    "differences": collapsed_by_difference,
    "indices of changes": collapsed_by_indices,
    "tensors": collapsed_by_tensors,
    "a regular expression": collapsed_by_text,
    "pairs": collapsed_by_pairs,
    "a tuple": collapsed_by_yield,
    "a stack": collapsed_by_stack,
    "reduce": collapsed_by_reduce,
    "blanks removed while walking": removed_while_walking,
    "begins with None": collapse_with(lambda path, blank: None),
    "begins with −1": collapse_with(lambda path, blank: -1),
    "an array": lambda path, blank: np.array(collapsed(path, blank), int),
    "an array of floats where it is empty": lambda path, blank: np.array(collapsed(path, blank)),
    "merged, then filtered": lambda path, blank: without(merged(path), blank),
    "single precision": lambda path, blank: np.array(collapsed(path, blank), np.int32),
    "a copy that is changed": lambda path, blank: sorted([*path]) and collapsed(path, blank),
}
COLLAPSE_WRONG = {
    "blanks only": (without, "each frame still counts"),
    "merged only": (lambda path, blank: merged(path), "the blanks are still there"),
    "blanks first": (lambda path, blank: merged(without(path, blank)), "first make one of each run"),
    "the last kept": (kept_before, "compare with the frame before"),
    "merged twice": (lambda path, blank: merged(without(merged(path), blank)), "Two equal labels"),
    "different ones": (
        lambda path, blank: [*dict.fromkeys(without(path, blank))],
        "a label that comes back|comes back",
    ),
    "a set": (lambda path, blank: sorted({*without(path, blank)}), "comes back was lost"),
    "np.unique": (lambda path, blank: np.unique(path[path != blank]), "comes back was lost"),
    "np.unique with blanks": (lambda path, blank: np.unique(path), "comes back was lost"),
    "the last of each": (
        lambda path, blank: [*dict.fromkeys(path[path != blank][::-1].tolist())][::-1],
        "comes back was lost|expected",
    ),
    "changes only": (changes_only, "begins a run all the same"),
    "np.diff alone": (
        lambda path, blank: path[1:][(np.diff(path) != 0) & (path[1:] != blank)],
        "begins a run all the same",
    ),
    "closed runs only": (closed_runs, "The last run was lost"),
    "without the first frame": (
        lambda path, blank: collapsed(path[1:], blank),
        "The first frame takes no part",
    ),
    "without the last frame": (
        lambda path, blank: collapsed(path[:-1], blank),
        "The last frame takes no part",
    ),
    "np.roll": (
        lambda path, blank: path[(path != np.roll(path, 1)) & (path != blank)],
        "`path\\[-1\\]` is the \\*last\\* one",
    ),
    "path[i - 1]": (
        lambda path, blank: [
            path[i] for i in range(len(path)) if path[i] != path[i - 1] and path[i] != blank
        ],
        "`path\\[-1\\]` is the \\*last\\* one",
    ),
    "np.roll the other way": (
        lambda path, blank: path[(path != np.roll(path, -1)) & (path != blank)],
        "puts the \\*first\\* one there",
    ),
    "begins with 0": (collapse_with(lambda path, blank: 0), "as if it had been 0"),
    "diff from 0": (
        lambda path, blank: path[(np.diff(path, prepend=0) != 0) & (path != blank)],
        "as if it had been 0",
    ),
    "begins with the first": (
        collapse_with(lambda path, blank: path[0] if len(path) else 0),
        "begins a run all the same",
    ),
    "the blank is 0": (lambda path, blank: collapsed(path, 0), "yours is 0, whatever"),
    "the blank is the largest": (
        lambda path, blank: collapsed(path, max(path, default=0)),
        "yours is the largest",
    ),
    "the blank is −1": (lambda path, blank: collapsed(path, -1), "the blanks are still there|yours is −1"),
    "the blank is the first": (
        lambda path, blank: collapsed(path, path[0] if len(path) else 0),
        "yours is the first",
    ),
    "true labels": (lambda path, blank: [one for one in collapsed(path, blank) if one], "0 is a label where"),
    "greater": (lambda path, blank: [one for one in merged(path) if one > blank], "Labels below the blank"),
    "less": (lambda path, blank: [one for one in merged(path) if one < blank], "Labels above the blank"),
    "frames": (
        lambda path, blank: [
            i for i in range(len(path)) if path[i] != blank and (not i or path[i] != path[i - 1])
        ],
        "numbers of frames",
    ),
    "a mask": (lambda path, blank: path != blank, "dtype bool"),
    "a mask of whole numbers": (lambda path, blank: (path != blank).astype(int), "You marked frames"),
    "counts": (
        lambda path, blank: [len([*run]) for label, run in itertools.groupby(path) if label != blank],
        "numbers of frames of each label",
    ),
    "how many": (lambda path, blank: [len(collapsed(path, blank))], "how many labels"),
    "how many, a number": (lambda path, blank: len(collapsed(path, blank)), "return one list"),
    "backward": (lambda path, blank: collapsed(path, blank)[::-1], "opposite order"),
    "sorted": (lambda path, blank: sorted(collapsed(path, blank)), "are sorted"),
    "two of three": (every_second, "longer than two frames"),
    "long runs only": (
        lambda path, blank: [a for a, run in itertools.groupby(path) if a != blank and len([*run]) > 1],
        "may be one frame long",
    ),
    "short runs only": (
        lambda path, blank: [a for a, run in itertools.groupby(path) if a != blank and len([*run]) == 1],
        "several frames were lost",
    ),
    "until a blank": (until_blank, "stopped at the first blank"),
    "one blank": (popped, "Only the first blank went"),
    "the ends stripped": (stripped, "at the ends went"),
    "every second frame": (lambda path, blank: collapsed(path[::2], blank), "every second frame"),
    "the first label": (lambda path, blank: collapsed(path, blank)[:1], "Only one label"),
    "the last label": (lambda path, blank: collapsed(path, blank)[-1:], "Only the last label"),
    "one less": (lambda path, blank: [one - 1 for one in collapsed(path, blank)], "one off"),
    "one more": (lambda path, blank: [one + 1 for one in collapsed(path, blank)], "one off"),
    "a blank at the end": (lambda path, blank: [*collapsed(path, blank), blank], "left at the end"),
    "a blank before": (lambda path, blank: [blank, *collapsed(path, blank)], "left at the beginning"),
    "two frames back": (
        lambda path, blank: [
            int(one) for i, one in enumerate(path) if one not in (*path[max(0, i - 2) : i], blank)
        ],
        "two frames back",
    ),
    "the same": (
        lambda path, blank: [int(b) for a, b in itertools.pairwise(path) if a == b != blank],
        "say the \\*same\\*",
    ),
    "blanks kept": (lambda path, blank: [one for one in merged(path) if one == blank], "kept the blanks"),
    "a text": (lambda path, blank: "".join(map(str, collapsed(path, blank))), "is the text"),
    "texts": (lambda path, blank: [str(one) for one in collapsed(path, blank)], "not everything is a number"),
    "floats": (lambda path, blank: [float(one) for one in collapsed(path, blank)], "dtype float64"),
    "an axis more": (lambda path, blank: [collapsed(path, blank)], "return one list"),
    "with their frames": (lambda path, blank: [*enumerate(collapsed(path, blank))], "return one list"),
    "a number where there is one": (
        lambda path, blank: labels[0] if len(labels := collapsed(path, blank)) == 1 else labels,
        "also when there is one",
    ),
    "None where there is nothing": (lambda path, blank: collapsed(path, blank) or None, "without `return`"),
    "not empty": (
        lambda path, blank: collapsed(path, blank) if path[0] >= 0 else [],
        "The path may be empty",
    ),
    "append": (lambda path, blank: path.append(blank), "`path.tolist\\(\\)`"),
    "sorted in place": (sorted_in_place, "changed the arrays"),
    "marked in place": (marked, "changed the arrays"),
    "below 256": (lambda path, blank: [one % 256 for one in collapsed(path, blank)], "as large as they like"),
    "the first frame always": (
        lambda path, blank: path[:1].tolist() + changes_only(path, blank),
        "The first frame may be a blank",
    ),
    "the last frame always": (
        lambda path, blank: (
            [int(a) for a, b in itertools.pairwise(path) if a != b and a != blank] + path[-1:].tolist()
        ),
        "The last frame may be a blank",
    ),
    "one of each stretch": (stretches, "from each stretch between blanks"),
    "a mask of floats where the path is empty": (
        lambda path, blank: path[
            np.array([a not in (b, blank) for a, b in zip(path, [blank, *path], strict=False)])
        ],
        "`np.zeros\\(len\\(path\\), bool\\)`",
    ),
    "blanks between equal labels": (
        lambda path, blank: [b for a, b, c in triples(merged(path)) if b != blank or a == c],
        "the blanks between equal labels",
    ),
    "begins with 1": (collapse_with(lambda path, blank: 1), "as if it had been 1"),
    "blanks kept, but the first": (
        lambda path, blank: [b for a, b in zip([blank, *path], path, strict=False) if a != b],
        "the blanks are still there",
    ),
    "repeats made blank": (repeats_made_blank, "longer than two frames"),
    "rises": (
        lambda path, blank: path[(np.diff(path, prepend=-1) > 0) & (path != blank)],
        "expected",
    ),
    "identity": (lambda path, blank: path, "path as it was given"),
    "a copied example": (lambda path, blank: [3, 3, 1], "expected"),
    "the blank": (lambda path, blank: [blank], "expected"),
    "the course's": (lambda path, blank: ctc.collapse(path.tolist(), blank), OWN),
    "empty": (lambda path, blank: [], "expected"),
    "no return": (lambda path, blank: None, "without `return`"),
}

# --- 9.2 ----------------------------------------------------------------------------------------------------


def summed(log_probabilities, labels, blank):
    """The course's solution."""
    states = [blank, *(state for label in labels for state in (label, blank))]
    totals = np.array([0.0, *[-np.inf] * (len(states) - 1)])  # before the first frame
    for frame in log_probabilities:
        arriving = totals.copy()
        arriving[1:] = np.logaddexp(arriving[1:], totals[:-1])
        for place in range(2, len(states)):
            if states[place] != states[place - 2]:
                arriving[place] = np.logaddexp(arriving[place], totals[place - 2])
        totals = arriving + frame[states]
    return float(np.logaddexp.reduce(totals[-2:]))


def summed_by_loops(log_probabilities, labels, blank):
    states = [blank]
    for label in labels:
        states += [label, blank]
    frames = len(log_probabilities)
    alpha = [[-math.inf] * len(states) for _ in range(frames)]
    for t in range(frames):
        for s, state in enumerate(states):
            if t == 0:
                alpha[t][s] = log_probabilities[t, state] if s < 2 else -math.inf
                continue
            total = alpha[t - 1][s]
            if s > 0:
                total = np.logaddexp(total, alpha[t - 1][s - 1])
            if s > 1 and state != blank and state != states[s - 2]:
                total = np.logaddexp(total, alpha[t - 1][s - 2])
            alpha[t][s] = total + log_probabilities[t, state]
    if len(states) == 1:
        return alpha[-1][0]
    return np.logaddexp(alpha[-1][-1], alpha[-1][-2])


def summed_scaled(log_probabilities, labels, blank):
    """In probabilities that each frame makes sum to 1; the logarithms of the sums are added."""
    states = np.array([blank, *itertools.chain.from_iterable((label, blank) for label in labels)])
    highest = log_probabilities[:, states].max(axis=1)
    p, total = np.exp(log_probabilities[:, states] - highest[:, None]), highest.sum()
    now = np.zeros(len(states))
    now[:2] = p[0, :2]
    for t in range(len(p)):
        if t:
            new = now.copy()
            new[1:] += now[:-1]
            skip = np.zeros(len(states), bool)
            skip[2:] = states[2:] != states[:-2]
            new[skip] += now[np.flatnonzero(skip) - 2]
            now = new * p[t]
        if highest[t] == -np.inf or not now.any():
            return -np.inf
        total += np.log(now.sum())
        now = now / now.sum()
    with np.errstate(divide="ignore"):
        return total + np.log(now[-2:].sum())


def summed_by_memory(log_probabilities, labels, blank):
    """From the last frame, with what has been computed kept."""
    states = [blank, *itertools.chain(*((label, blank) for label in labels))]

    @functools.cache
    def total(t, s):
        if s < 0 or t < 0:
            return 0.0 if t < 0 and s in (0, -1) else -np.inf
        before = [total(t - 1, s), total(t - 1, s - 1)] if t else [0.0 if s < 2 else -np.inf]
        if t and s > 1 and states[s] != states[s - 2]:
            before.append(total(t - 1, s - 2))
        return logsumexp(before) + log_probabilities[t, states[s]]

    ends = {len(states) - 1, max(0, len(states) - 2)}
    for t in range(len(log_probabilities)):  # keeps the recursion flat
        for s in range(len(states)):
            total(t, s)
    return logsumexp([total(len(log_probabilities) - 1, s) for s in ends])


def summed_backward(log_probabilities, labels, blank):
    return summed_by_loops(log_probabilities[::-1], labels[::-1], blank)


def summed_by_moves(log_probabilities, labels, blank):
    n = 2 * len(labels) + 1
    states = np.full(n, blank)
    states[1::2] = labels
    moves = np.eye(n) + np.eye(n, k=1)
    for s in range(3, n, 2):
        moves[s - 2, s] = states[s] != states[s - 2]
    with np.errstate(divide="ignore"):
        moves = np.log(moves)
    totals = np.where(np.arange(n) < 2, log_probabilities[0, states], -np.inf)
    for frame in log_probabilities[1:]:
        totals = logsumexp(totals[:, None] + moves, axis=0) + frame[states]
    return logsumexp(totals[max(0, n - 2) :])


def summed_by_prefixes(log_probabilities, labels, blank):
    """Two sums for each number of labels read: of paths that end in a blank, and in the label."""
    n = len(labels)
    in_blank, in_label = np.full(n + 1, -np.inf), np.full(n + 1, -np.inf)
    in_blank[0] = 0
    for frame in log_probabilities:
        new_blank = np.logaddexp(in_blank, in_label) + frame[blank]
        new_label = np.full(n + 1, -np.inf)
        for j in range(1, n + 1):
            again = in_blank[j - 1]
            if j < 2 or labels[j - 1] != labels[j - 2]:
                again = np.logaddexp(again, in_label[j - 1])
            new_label[j] = np.logaddexp(in_label[j], again) + frame[labels[j - 1]]
        in_blank, in_label = new_blank, new_label
    return np.logaddexp(in_blank[n], in_label[n])


def summed_in_place(log_probabilities, labels, blank):
    """From the last state, so that what is added is still the frame's before."""
    states = [blank, *(s for label in labels for s in (label, blank))]
    totals = [-np.inf] * len(states)
    totals[0] = 0.0
    for frame in log_probabilities:
        for s in range(len(states) - 1, -1, -1):
            ways = [totals[s]] + ([totals[s - 1]] if s else [])
            if s > 1 and states[s] not in (blank, states[s - 2]):
                ways.append(totals[s - 2])
            totals[s] = np.logaddexp.reduce(ways) + frame[states[s]]
    return np.logaddexp.reduce(totals[-2:])


def summed_by_own_sum(log_probabilities, labels, blank):
    def add(*logs):
        most = max(logs)
        return most if most == -math.inf else most + math.log(sum(math.exp(one - most) for one in logs))

    states = [blank]
    for label in labels:
        states.extend((label, blank))
    row = [log_probabilities[0][one] for one in states[:2]] + [-math.inf] * (len(states) - 2)
    for frame in log_probabilities[1:]:
        padded = [-math.inf, -math.inf, *row]
        row = [
            add(
                padded[s + 2],
                padded[s + 1],
                padded[s] if s % 2 and s > 1 and states[s - 2] != states[s] else -math.inf,
            )
            + frame[states[s]]
            for s in range(len(states))
        ]
    return float(add(*row[-2:]))


def summed_by_tensors(log_probabilities, labels, blank):
    states = [blank, *(s for label in labels for s in (label, blank))]
    table = ops.take(ops.convert_to_tensor(log_probabilities, "float32"), states, axis=1)
    low = -1e30  # −∞ that can be subtracted
    table = ops.maximum(table, low)
    skip = np.array(
        [low if s < 2 or states[s] == states[s - 2] else 0.0 for s in range(len(states))], "float32"
    )
    totals = ops.where(np.arange(len(states)) < 1, 0.0, low)
    for frame in table:
        one, two = (ops.pad(totals, (size, 0), constant_values=low)[: len(states)] for size in (1, 2))
        two = two + skip
        totals = ops.logsumexp(ops.stack([totals, one, two]), axis=0) + frame
    total = float(ops.logsumexp(totals[-2:]))
    return total if total > -1e20 else -np.inf


def log_of_plain_products(table, labels, blank):
    """In probabilities, as long as they are."""
    states = [blank, *(s for label in labels for s in (label, blank))]
    p = np.exp(table)
    now = np.zeros(len(states))
    now[:2] = p[0, states[:2]]
    for frame in p[1:]:
        new = now.copy()
        new[1:] += now[:-1]
        for s in range(2, len(states)):
            new[s] += now[s - 2] * (states[s] != states[s - 2])
        now = new * frame[states]
    return np.log(now[-2:].sum())


def walk(
    table,
    labels,
    blank,
    skip="different",
    stay=True,
    step=True,
    start=(0, 1),
    end=(1, 2),
    add=np.logaddexp.reduce,
    begin=1,
    in_place=False,
    blanks=True,
):
    """The same with other moves, starts and ends."""
    states = [blank, *(s for label in labels for s in (label, blank))] if blanks else [*labels]
    row = np.full(len(states), -np.inf)
    for s in start:
        if s < len(states):
            row[s] = table[0, states[s]]
    for frame in table[begin:]:
        new = row if in_place else np.full(len(states), -np.inf)
        for s, state in enumerate(states):
            ways = [row[s]] if stay else []
            ways += [row[s - 1]] if step and s else []
            if (
                s > 1
                and {
                    "different": state != states[s - 2],
                    "labels": state != blank,
                    "all": True,
                    "never": False,
                    "blanks": state == blank,
                    "blanks too": state == blank or state != states[s - 2],
                }[skip]
            ):
                ways.append(row[s - 2])
            new[s] = (add(ways) if ways else -np.inf) + frame[state]
        row = new
    return float(add([row[-e] for e in end if e <= len(row)]))


def walks(**settings):
    return lambda table, labels, blank: walk(table, labels, blank, **settings)


def wrapped_walk(table, labels, blank):
    """Python's index −1 in place of none."""
    states = [blank, *(s for label in labels for s in (label, blank))]
    row = [table[0, s] for s in states[:2]] + [-np.inf] * (len(states) - 2)
    for frame in table[1:]:
        row = [
            np.logaddexp.reduce([row[s], row[s - 1]] + [row[s - 2]] * (state not in (blank, states[s - 2])))
            + frame[state]
            for s, state in enumerate(states)
        ]
    return np.logaddexp.reduce(row[-2:])


def needed_blanks(table, labels, blank):
    states = []
    for label in labels:
        states += [blank, label] if states[-1:] == [label] else [label]
    row = np.full(len(states) + 1, -np.inf)
    row[0] = 0.0
    for frame in table:
        row[1:] = np.logaddexp(row[1:], row[:-1]) + frame[states]
        row[0] = -np.inf
    return row[-1]


def from_zeros(table, labels, blank):
    states = [blank, *(s for label in labels for s in (label, blank))]
    row = np.zeros(len(states))
    for frame in table:
        new = row.copy()
        new[1:] = np.logaddexp(new[1:], row[:-1])
        for s in range(2, len(states)):
            if states[s] != states[s - 2]:
                new[s] = np.logaddexp(new[s], row[s - 2])
        row = new + frame[states]
    return np.logaddexp.reduce(row[-2:])


def by_ctc_loss(table, labels, blank):
    padded = np.array([[*labels, 0]])
    lengths, frames = np.array([len(labels)]), np.array([len(table)])
    return -float(
        ops.ctc_loss(padded, table[np.newaxis].astype("float32"), lengths, frames, mask_index=blank)[0]
    )


def by_tensorflow(table, labels, blank):
    loss = tf.nn.ctc_loss(
        np.array([[*labels, 0]]),
        table[:, np.newaxis].astype("float32"),
        [len(labels)],
        [len(table)],
        blank_index=blank,
    )
    return -float(loss[0])


def raises_where_there_is_none(table, labels, blank):
    if len(table) < len(labels) + sum(a == b for a, b in itertools.pairwise(labels)):
        raise ValueError("too few frames")
    return summed(table, labels, blank)


def two_ends(table, labels, blank):
    states = [blank, *(s for label in labels for s in (label, blank))]
    row = np.array([0.0, *[-np.inf] * (len(states) - 1)])
    for frame in table:
        new = row.copy()
        new[1:] = np.logaddexp(new[1:], row[:-1])
        for s in range(2, len(states)):
            new[s] = np.logaddexp(new[s], row[s - 2]) if states[s] != states[s - 2] else new[s]
        row = new + frame[states]
    return row, states


def by_nan(table, labels, blank):
    """A sum of its own that subtracts −∞ from −∞."""

    def add(logs):
        logs = np.array(logs)
        return logs.max() + np.log(np.exp(logs - logs.max()).sum())

    return walk(table, labels, blank, add=add)


def popping(table, labels, blank):
    value = summed(table, labels, blank)
    labels.insert(0, blank)
    return value


def not_below(lowest):
    return lambda t, labels, b: max(lowest, summed(t, labels, b))


def of_result(change):
    return lambda t, labels, b: change(summed(t, labels, b), t, labels, b)


SUM_RIGHT = {
    "the course's solution": summed,
    "loops": summed_by_loops,
    "scaled": summed_scaled,
    "memory": summed_by_memory,
    "from the end": summed_backward,
    "a matrix of moves": summed_by_moves,
    "prefixes": summed_by_prefixes,
    "in place from the last": summed_in_place,
    "a sum of its own": summed_by_own_sum,
    "tensors": summed_by_tensors,
    "a walk": walks(),
    "an array without axes": lambda t, labels, b: np.array(summed(t, labels, b)),
    "single precision": lambda t, labels, b: np.float32(summed(t, labels, b)),
    "normalised again": lambda t, labels, b: (
        summed(t - logsumexp(t, axis=1, keepdims=True), labels, b) if len(t) < 60 else summed(t, labels, b)
    ),
    "an array of labels": lambda t, labels, b: summed(t, np.array(labels, int), b),
    "from too few frames −∞": lambda t, labels, b: (
        -math.inf if len(t) < len(labels) else summed(t, labels, b)
    ),
}
SUM_WRONG = {
    "skips equal labels": (walks(skip="labels"), "between two equal ones it must stand"),
    "skips all": (walks(skip="all"), "from blank to blank"),
    "skips blanks": (walks(skip="blanks"), "over a label"),
    "never skips": (walks(skip="never"), "yours never skips it"),
    "never stays": (walks(stay=False), "may stay where it is"),
    "no step": (walks(step=False), "yours stays or skips"),
    "ends in the label": (walks(end=(2,)), "yours lacks the blank"),
    "ends in the blank": (walks(end=(1,)), "yours lacks the label"),
    "ends anywhere": (walks(end=range(1, 20)), "adds all states"),
    "the larger end": (lambda t, labels, b: two_ends(t, labels, b)[0][-2:].max(), "you took the larger"),
    "ends added as logarithms": (lambda t, labels, b: two_ends(t, labels, b)[0][-2:].sum(), "is a product"),
    "starts in the blank": (
        walks(start=(0,)),
        "may begin with the blank or with the first label; yours lacks the label",
    ),
    "starts in the label": (walks(start=(1,)), "yours lacks the blank"),
    "starts in three": (walks(start=(0, 1, 2)), "with nothing behind these"),
    "starts anywhere": (walks(start=range(20)), "the other states are −∞"),
    "from zeros": (from_zeros, "gone on already before the first frame|the other states are −∞"),
    "the first frame twice": (walks(begin=0), "The first frame counts twice"),
    "from the third frame": (walks(begin=2), "One frame takes no part|expected"),
    "without the last frame": (lambda t, labels, b: summed(t[:-1], labels, b), "One frame takes no part"),
    "without the first frame": (lambda t, labels, b: summed(t[1:], labels, b), "One frame takes no part"),
    "Viterbi": (walks(add=max), "the likeliest path alone"),
    "in place": (walks(in_place=True), "One frame took several steps"),
    "a probability": (of_result(lambda v, *_: np.exp(v)), "That is the probability"),
    "the loss": (of_result(lambda v, *_: -v), "its negative is the loss"),
    "a negative probability": (of_result(lambda v, *_: -np.exp(v)), "negative probability"),
    "base 2": (of_result(lambda v, *_: v / np.log(2)), "base 2"),
    "base 10": (of_result(lambda v, *_: v / np.log(10)), "base 10"),
    "per frame": (of_result(lambda v, t, labels, b: v / len(t)), "mean over the frames"),
    "per label": (of_result(lambda v, t, labels, b: v / max(1, len(labels))), "mean over the labels"),
    "mean of the ends": (of_result(lambda v, t, labels, b: v - np.log(2)), "over the two ends"),
    "blank 0": (lambda t, labels, b: summed(t, labels, 0), "yours is 0"),
    "blank last": (lambda t, labels, b: summed(t, labels, t.shape[1] - 1), "yours is the last letter"),
    "blank −1": (lambda t, labels, b: summed(t, labels, -1), "yours is the last letter"),
    "frames turned round": (lambda t, labels, b: summed(t[::-1], labels, b), "frames come in the opposite"),
    "labels turned round": (lambda t, labels, b: summed(t, labels[::-1], b), "labels stand in the opposite"),
    "labels sorted": (lambda t, labels, b: summed(t, sorted(labels), b), "expected"),
    "transposed": (lambda t, labels, b: summed(t.T, labels, b), "axes are exchanged"),
    "exp too early": (lambda t, labels, b: summed(np.exp(t), labels, b), "became probabilities"),
    "log of a log": (lambda t, labels, b: summed(np.log(t), labels, b), "is NaN"),
    "softmax along the frames": (
        lambda t, labels, b: summed(t - logsumexp(t, axis=0), labels, b),
        "wrong axis",
    ),
    "equal neighbours merged": (lambda t, labels, b: summed(t, merged(labels), b), "taken for one label"),
    "different labels": (
        lambda t, labels, b: summed(t, [*dict.fromkeys(labels)], b),
        "was taken once|taken for one",
    ),
    "without the last label": (
        lambda t, labels, b: summed(t, labels[:-1], b),
        "The last label takes no part",
    ),
    "without the first label": (
        lambda t, labels, b: summed(t, labels[1:], b),
        "The first label takes no part",
    ),
    "no blanks": (
        walks(blanks=False, skip="never", start=(0,), end=(1,)),
        "no blanks among your states|one before each",
    ),
    "no blank at the end": (walks(end=(2, 3)), "no blank behind it among your states"),
    "needed blanks": (needed_blanks, "between equal ones alone"),
    "the last before the first": (wrapped_walk, "the \\*last\\* one"),
    "one frame late": (lambda t, labels, b: summed(t[[0, *range(len(t) - 1)]], labels, b), "one frame late"),
    "Viterbi, then both ends": (
        lambda t, labels, b: np.logaddexp(
            walk(t, labels, b, add=max, end=(1,)), walk(t, labels, b, add=max, end=(2,))
        ),
        "the likeliest path alone",
    ),
    "skips to blanks too": (walks(skip="blanks too"), "over a label"),
    "the likeliest path": (lambda t, labels, b: t.max(axis=1).sum(), "whatever it reads"),
    "the first frames": (
        lambda t, labels, b: sum(t[i % len(t), one] for i, one in enumerate(labels)),
        "the first frames alone|expected",
    ),
    "all entries": (lambda t, labels, b: t[:, labels].sum(), "sum of all entries"),
    "any order": (
        lambda t, labels, b: logsumexp(t[:, labels], axis=1).sum() if labels else 0,
        "in any order",
    ),
    "blanks alone": (lambda t, labels, b: t[:, b].sum(), "blanks alone"),
    "plain products": (log_of_plain_products, "products of so many probabilities"),
    "NaN": (by_nan, "is NaN"),
    "a very low number": (not_below(-1e30), "no very low number"),
    "707": (not_below(-707.0), "no very low number"),
    "0 where there is none": (of_result(lambda v, *_: v if v > -np.inf else 0.0), "expected −∞"),
    "raises": (raises_where_there_is_none, "too few frames"),
    "None where there is none": (of_result(lambda v, *_: v if v > -np.inf else None), "without `return`"),
    "nothing said is impossible": (
        lambda t, labels, b: summed(t, labels, b) if labels else -np.inf,
        "blanks alone, one path",
    ),
    "nothing said is certain": (
        lambda t, labels, b: summed(t, labels, b) if labels else 0.0,
        "one path, of blanks alone",
    ),
    "nothing said twice": (
        lambda t, labels, b: np.logaddexp(*(two_ends(t, labels, b)[0][[-1, -2 if labels else -1]])),
        "counted the last state twice",
    ),
    "no empty labels": (
        lambda t, labels, b: np.logaddexp(*two_ends(t, labels, b)[0][[-1, -2]]),
        "one state alone",
    ),
    "one label at least": (
        lambda t, labels, b: summed(t, labels, b) + 0 * t[0, labels[0]],
        "one state alone",
    ),
    "two frames at least": (lambda t, labels, b: summed(t, labels, b) + 0 * t[1, 0], "there is no other"),
    "with a floor": (lambda t, labels, b: summed(np.maximum(t, -20), labels, b), "expected"),
    "with an ε": (lambda t, labels, b: summed(np.log(np.exp(t) + 1e-3), labels, b), "expected"),
    "NaN for −∞": (lambda t, labels, b: summed(np.nan_to_num(t), labels, b), "expected"),
    "keras": (by_ctc_loss, "calls `keras"),
    "tensorflow": (by_tensorflow, "calls `tensorflow"),
    "the course's": (lambda t, labels, b: ctc.ctc_log_probability(t, labels, b), "calls `course_utils"),
    "labels in place": (popping, "changed the lists"),
    "table in place": (
        lambda t, labels, b: (summed(t, labels, b), np.exp(t, out=t))[0],
        "changed the arrays",
    ),
    "both ends": (lambda t, labels, b: two_ends(t, labels, b)[0][-2:], "expected one number"),
    "the trellis": (lambda t, labels, b: two_ends(t, labels, b)[0], "expected one number"),
    "a list": (lambda t, labels, b: [summed(t, labels, b)], "Take the number out"),
    "rounded": (of_result(lambda v, *_: round(v, 1) if v > -np.inf else v), "expected"),
    "two labels at most": (lambda t, labels, b: summed(t, labels[:2], b), "The last label|expected"),
    "identity": (lambda t, labels, b: t, "expected one number"),
    "a copied example": (lambda t, labels, b: -1.2895, "expected"),
    "constant": (lambda t, labels, b: 0.0, "expected"),
    "no return": (lambda t, labels, b: None, "without `return`"),
}

# --- 9.3 ----------------------------------------------------------------------------------------------------


def possible(frames, labels):
    """The course's solution."""
    needed = [len(one) + np.sum(np.diff(one) == 0) for one in labels]
    return np.array(needed) <= frames


def possible_by_loop(frames, labels):
    answers = []
    for count, one in zip(frames, labels, strict=True):
        needed = 0
        for i, label in enumerate(one):
            needed += 1
            if i > 0 and label == one[i - 1]:
                needed += 1
        answers.append(bool(count >= needed))
    return answers


def possible_by_diff(frames, labels):
    repeats = np.array([(np.diff(one) == 0).sum() if len(one) > 1 else 0 for one in labels])
    return frames >= np.array([len(one) for one in labels]) + repeats


def possible_by_path(frames, labels):
    """Writes the shortest path, and looks whether it fits."""

    def shortest(one):
        path = []
        for label in one:
            if path and path[-1] == label:
                path.append("blank")
            path.append(label)
        return path

    return np.array([len(shortest(one)) <= count for count, one in zip(frames, labels, strict=True)])


def possible_by_runs(frames, labels):
    needed = [sum(2 * len([*run]) - 1 for _, run in itertools.groupby(one)) for one in labels]
    return tuple(bool(n <= f) for n, f in zip(needed, frames, strict=True))


def possible_by_states(frames, labels):
    """Goes as far as possible in each frame."""
    answers = []
    for count, one in zip(frames, labels, strict=True):
        done, after_blank = 0, True
        for _ in range(count):
            if done == len(one):
                break
            if after_blank or one[done] != one[done - 1]:
                done, after_blank = done + 1, False
            else:
                after_blank = True
        answers.append(done == len(one))
    return np.array(answers)


def possible_again(frames, labels):
    def needed(one):
        return len(one) if len(one) < 2 else 1 + (one[0] == one[1]) + needed(one[1:])

    return [needed(one) <= count for count, one in zip(frames, labels, strict=True)]


def possible_by_sum(frames, labels):
    """Where a table of equal probabilities has a path."""
    answers = []
    for count, one in zip(frames, labels, strict=True):
        table = np.full((count, 20), -1.0)
        answers.append(bool(summed(table, [label + 1 for label in one], 0) > -np.inf) if count else not one)
    return answers


def possible_by_tensors(frames, labels):
    needed = [len(one) + sum(map(int.__eq__, one, one[1:])) for one in labels]
    return ops.less_equal(ops.convert_to_tensor(needed), ops.convert_to_tensor(frames))


def possible_by_map(frames, labels):
    return [
        *map(
            lambda count, one: len(one) + sum(map(lambda a, b: a == b, one, one[1:])) <= count, frames, labels
        )
    ]


def possible_by_padding(frames, labels):
    """A rectangle filled with labels that nobody has, each another one."""
    width = max(1, max(map(len, labels)))
    table = -1 - np.arange(width)[None] + np.zeros((len(labels), 1), int)
    for row, one in zip(table, labels, strict=True):
        row[: len(one)] = one
    repeats = (table[:, 1:] == table[:, :-1]).sum(axis=1)
    return frames - (table >= 0).sum(axis=1) - repeats >= 0


def needs(count, compare=np.less_equal):
    return lambda frames, labels: compare(np.array([count(one) for one in labels]), frames)


def equal_neighbours(one):
    return sum(a == b for a, b in itertools.pairwise(one))


def runs_of(one):
    return [len([*run]) for _, run in itertools.groupby(one)]


def with_repeats(repeats):
    return needs(lambda one: len(one) + repeats(one))


def frames_short(one):
    return len(one) + equal_neighbours(one)


def begun_before(frames, labels):
    answers, before = [], None
    for count, one in zip(frames, labels, strict=True):
        for label in one:
            count -= 1 + (label == before)
            before = label
        answers.append(bool(count >= 0))
    return answers


def changed_frames(frames, labels):
    answers = possible(frames, labels)
    frames -= 1
    return answers


def popped_labels(frames, labels):
    answers = possible(frames, labels)
    labels.pop()
    return answers


def labels_emptied(frames, labels):
    answers = possible(frames, labels)
    labels[0].clear()
    labels[-1].append(3)
    return answers


POSSIBLE_RIGHT = {
    "the course's solution": possible,
    "a loop": possible_by_loop,
    "np.diff": possible_by_diff,
    "the shortest path": possible_by_path,
    "runs": possible_by_runs,
    "greedy steps": possible_by_states,
    "recursion": possible_again,
    "the sum over paths": possible_by_sum,
    "tensors": possible_by_tensors,
    "map": possible_by_map,
    "padded": possible_by_padding,
    "not less": lambda frames, labels: ~(frames < np.array([frames_short(one) for one in labels])),
    "booleans of NumPy": lambda frames, labels: [*possible(frames, labels)],
    "a list of Python's": lambda frames, labels: possible(frames, labels).tolist(),
    "floats inside": lambda frames, labels: np.array([frames_short(one) for one in labels], float) <= frames,
    "2n − runs": needs(lambda one: 2 * len(one) - len(runs_of(one))),
}
POSSIBLE_WRONG = {
    "labels alone": (needs(len), "asks for a frame for each label alone"),
    "labels alone, strictly": (needs(len, np.less), "count these; and as many"),
    "strictly": (needs(frames_short, np.less), "As many frames as are needed are enough"),
    "one too few": (lambda f, labels: possible(f + 1, labels), "One frame too few"),
    "two more": (needs(lambda one: frames_short(one) + 1, np.less), "two more"),
    "not": (lambda f, labels: ~possible(f, labels), "where it is \\*not\\* possible"),
    "the other way": (needs(frames_short, np.greater_equal), "the wrong way round"),
    "just as many": (needs(frames_short, np.equal), "More frames than needed will do"),
    "all states": (needs(lambda one: 2 * len(one) + 1), "number of states"),
    "a blank each": (needs(lambda one: 2 * len(one)), "one beside each label"),
    "blanks between all": (needs(lambda one: max(0, 2 * len(one) - 1)), "one between all"),
    "a blank at the start": (needs(lambda one: frames_short(one) + 1), "begin and end with a label"),
    "blanks at both ends": (needs(lambda one: frames_short(one) + 2), "begin and end with a label"),
    "one more": (needs(lambda one: len(one) + 1), "depends on the labels"),
    "come back": (with_repeats(lambda one: len(one) - len({*one})), "side by side"),
    "all pairs": (
        with_repeats(lambda one: sum(a == b for a, b in itertools.combinations(one, 2))),
        "compares all with all",
    ),
    "the next but one": (with_repeats(lambda one: sum(map(int.__eq__, one, one[2:]))), "the next but one"),
    "wrapped": (
        with_repeats(lambda one: sum(one[i] == one[i - 1] for i in range(len(one)))),
        "has none before it",
    ),
    "np.roll": (
        with_repeats(lambda one: int((np.array(one) == np.roll(one, 1)).sum())),
        "has none before it",
    ),
    "one a run": (with_repeats(lambda one: sum(run > 1 for run in runs_of(one))), "three in a row need two"),
    "pairs in a run": (
        with_repeats(lambda one: sum(run // 2 for run in runs_of(one))),
        "three in a row need two",
    ),
    "the whole run": (
        with_repeats(lambda one: sum(run for run in runs_of(one) if run > 1)),
        "yours have two",
    ),
    "two blanks each": (with_repeats(lambda one: 2 * equal_neighbours(one)), "one, and not two"),
    "the longest run": (with_repeats(lambda one: max(runs_of(one), default=1) - 1), "longest run alone"),
    "one in all": (with_repeats(lambda one: equal_neighbours(one) > 0), "one for all of them"),
    "different labels": (needs(lambda one: len({*one})), "been said before"),
    "runs": (needs(lambda one: len(runs_of(one))), "a frame each, and a blank between"),
    "less for repeats": (needs(lambda one: len(one) - equal_neighbours(one)), "a frame \\*more\\* each"),
    "neighbours that differ": (
        with_repeats(lambda one: sum(a != b for a, b in itertools.pairwise(one))),
        "that \\*differ\\*",
    ),
    "0 is a blank": (needs(lambda one: frames_short([a for a in one if a])), "0 is a label like any other"),
    "without the last": (needs(lambda one: frames_short(one[:-1])), "last label takes no part"),
    "without the first": (needs(lambda one: frames_short(one[1:])), "first label takes no part"),
    "the last two": (
        with_repeats(lambda one: sum(map(int.__eq__, one, one[1:-1]))),
        "last two labels were never compared",
    ),
    "the first two": (
        with_repeats(lambda one: sum(map(int.__eq__, one[1:], one[2:]))),
        "first two labels were never compared",
    ),
    "sorted": (needs(lambda one: frames_short(sorted(one))), "side by side"),
    "smaller": (
        with_repeats(lambda one: sum(b <= a for a, b in itertools.pairwise(one))),
        "Only \\*equal\\*",
    ),
    "close": (
        with_repeats(lambda one: sum(abs(b - a) < 2 for a, b in itertools.pairwise(one))),
        "Only \\*equal\\*",
    ),
    "nothing is nothing": (
        lambda f, labels: possible(f, labels) & np.array([len(one) > 0 for one in labels]),
        "a path of blanks will do",
    ),
    "no frames": (lambda f, labels: possible(f, labels) & (f > 0), "With 0 frames there is one path"),
    "begins with 0": (needs(lambda one: frames_short([0, *one]) - 1), "as if it had been 0"),
    "begins with the example before": (begun_before, "with the last of the example before"),
    "counts go on": (
        lambda f, labels: np.cumsum([*map(frames_short, labels)]) <= f,
        "went on from the example before",
    ),
    "twice where some are equal": (
        needs(lambda one: len(one) * (1 + (equal_neighbours(one) > 0))),
        "expected",
    ),
    "the first two labels only": (
        needs(lambda one: len(one) + (len(one) > 1 and one[0] == one[1])),
        "expected",
    ),
    "quarters": (lambda f, labels: possible(f // 4, labels), "nothing is divided"),
    "halves": (lambda f, labels: possible(f // 2, labels), "nothing is divided"),
    "the longest frames": (
        lambda f, labels: possible(np.full_like(f, f.max()), labels),
        "All of your answers are True",
    ),
    "all": (lambda f, labels: [bool(possible(f, labels).all())] * len(f), "All of your answers are False"),
    "any": (lambda f, labels: [bool(possible(f, labels).any())] * len(f), "All of your answers are True"),
    "one": (lambda f, labels: bool(possible(f, labels).all()), "for \\*each\\* example"),
    "the first": (lambda f, labels: bool(possible(f, labels)[0]), "for \\*each\\* example"),
    "the first for all": (
        lambda f, labels: np.repeat(possible(f, labels)[0], len(f)),
        "All of your answers are",
    ),
    "turned round": (lambda f, labels: possible(f, labels)[::-1], "opposite order"),
    "any frame": (lambda f, labels: f > 0, "whether there is a frame"),
    "needed": (
        lambda f, labels: np.array([*map(frames_short, labels)]),
        "Those are the frames that are needed",
    ),
    "to spare": (lambda f, labels: f - np.array([*map(frames_short, labels)]), "frames to spare"),
    "indices": (lambda f, labels: np.flatnonzero(possible(f, labels)), "not the numbers of those"),
    "0 and 1": (lambda f, labels: possible(f, labels).astype(int), "True and False are asked"),
    "a share": (lambda f, labels: float(possible(f, labels).mean()), "for \\*each\\* example"),
    "an axis more": (lambda f, labels: possible(f, labels)[:, np.newaxis], "axis of length 1"),
    "every frame with every label": (
        lambda f, labels: np.array([*map(frames_short, labels)]) <= f[:, np.newaxis],
        "its own number of frames",
    ),
    "an array of labels": (lambda f, labels: np.array(labels).shape[1] <= f, "differ in length|one by one"),
    "compares a list": (
        lambda f, labels: [one <= count for one, count in zip([[1]] * len(f), [1] * len(f), strict=True)],
        "cannot be compared",
    ),
    "the first label": (lambda f, labels: [bool(one[0] >= 0) for one in labels], "may be empty"),
    "frames in place": (changed_frames, "changed the arrays"),
    "labels in place": (popped_labels, "changed the lists"),
    "labels' labels in place": (labels_emptied, "changed the lists"),
    "the course's": (
        lambda f, labels: np.array([ctc.frames_needed(one) for one in labels]) <= f,
        "calls `course_utils",
    ),
    "the course's count": (
        lambda f, labels: [ctc.count_alignments(one, frames=n) > 0 for n, one in zip(f, labels, strict=True)],
        "the course's own function, which takes a frame",
    ),
    "the labels": (
        lambda f, labels: [one for one, can in zip(labels, possible(f, labels), strict=True) if can],
        "not everything is a number|expected",
    ),
    "always": (lambda f, labels: np.ones(len(f), bool), "All of your answers are True"),
    "never": (lambda f, labels: np.zeros(len(f), bool), "All of your answers are False"),
    "a copied example": (lambda f, labels: np.array([False, True, True, False]), "expected"),
    "identity": (lambda f, labels: f, "True and False are asked"),
    "empty": (lambda f, labels: [], "expected"),
    "no return": (lambda f, labels: None, "without `return`"),
}

# --- 9.4 ----------------------------------------------------------------------------------------------------


def rate(hypotheses, references):
    """The course's solution."""
    errors = 0
    for hypothesis, reference in zip(hypotheses, references, strict=True):
        said, meant = hypothesis.split(), reference.split()
        row = [*range(len(said) + 1)]  # errors against no word of the reference
        for word in meant:
            before, row = row, [row[0] + 1]
            for place, other in enumerate(said):
                row.append(min(before[place] + (word != other), before[place + 1] + 1, row[-1] + 1))
        errors += row[-1]
    return errors / sum(len(reference.split()) for reference in references)


def table_of(a, b, substitution=1, insertion=1, deletion=1, top=1, left=1):
    """The table of edits from b, the reference, to a."""
    table = np.zeros((len(b) + 1, len(a) + 1))
    table[0] = top * np.arange(len(a) + 1)
    table[:, 0] = left * np.arange(len(b) + 1)
    for i in range(1, len(b) + 1):
        for j in range(1, len(a) + 1):
            table[i, j] = min(
                table[i - 1, j - 1] + substitution * (b[i - 1] != a[j - 1]),
                table[i - 1, j] + deletion,
                table[i, j - 1] + insertion,
            )
    return table


def rate_by_table(hypotheses, references):
    pairs = [(a.split(), b.split()) for a, b in zip(hypotheses, references, strict=True)]
    return sum(table_of(a, b)[-1, -1] for a, b in pairs) / sum(len(b) for _, b in pairs)


def rate_by_memory(hypotheses, references):
    errors, words = 0, 0
    for one, two in zip(hypotheses, references, strict=True):
        a, b = one.split(), two.split()

        @functools.cache
        def distance(i, j, a=a, b=b):
            if not i or not j:
                return i + j
            if a[i - 1] == b[j - 1]:
                return distance(i - 1, j - 1)
            return 1 + min(distance(i - 1, j), distance(i, j - 1), distance(i - 1, j - 1))

        errors, words = errors + distance(len(a), len(b)), words + len(b)
    return errors / words


def rate_by_rows(hypotheses, references):
    """A row at once, with a running minimum."""
    errors, words = 0, 0
    for one, two in zip(hypotheses, references, strict=True):
        a, b = np.array(one.split(), object), two.split()
        steps = np.arange(len(a) + 1)
        row = steps.copy()
        for word in b:
            diagonal = row[:-1] + np.array([other != word for other in a], int)
            best = np.concatenate([[row[0] + 1], np.minimum(diagonal, row[1:] + 1)])
            row = np.minimum.accumulate(best - steps) + steps
        errors, words = errors + row[-1], words + len(b)
    return np.float64(errors) / words


def rate_by_search(hypotheses, references):
    """Breadth first along the diagonals: what can be reached with 0, 1, 2, … edits."""
    errors = 0
    for one, two in zip(hypotheses, references, strict=True):
        a, b = one.split(), two.split()
        front, cost = {(0, 0)}, 0
        while True:
            reached = set()
            for i, j in front:
                while i < len(a) and j < len(b) and a[i] == b[j]:
                    i, j = i + 1, j + 1
                reached.add((i, j))
            if (len(a), len(b)) in reached:
                break
            front = {
                (i + di, j + dj)
                for i, j in reached
                for di, dj in ((1, 0), (0, 1), (1, 1))
                if i + di <= len(a) and j + dj <= len(b)
            }
            cost += 1
        errors += cost
    return errors / len(" ".join(references).split())


def rate_from_end(hypotheses, references):
    return rate(
        [" ".join(text.split()[::-1]) for text in hypotheses],
        [" ".join(text.split()[::-1]) for text in references],
    )


def rate_by_characters(hypotheses, references):
    """Each word one character."""
    signs = {}
    texts = [
        ["".join(chr(signs.setdefault(word, 200 + len(signs))) for word in text.split()) for text in side]
        for side in (hypotheses, references)
    ]
    return sum(table_of(a, b)[-1, -1] for a, b in zip(*texts, strict=True)) / sum(map(len, texts[1]))


def rate_by_expression(hypotheses, references):
    sides = [[re.findall(r"\S+", text) for text in side] for side in (hypotheses, references)]
    return sum(table_of(a, b)[-1, -1] for a, b in zip(*sides, strict=True)) / sum(map(len, sides[1]))


def rate_by_tensors(hypotheses, references):
    sides = [[text.split() for text in side] for side in (hypotheses, references)]
    names = {word: i for i, word in enumerate({word for side in sides for one in side for word in one})}
    sparse = [
        tf.RaggedTensor.from_row_lengths(
            [names[word] for one in side for word in one] or tf.zeros(0, tf.int32), [len(one) for one in side]
        )
        for side in sides
    ]
    sparse = [tf.cast(one, tf.int32).to_sparse() for one in sparse]
    most = max(len(one) for side in sides for one in side)
    shape = [len(hypotheses), max(1, most)]
    sparse = [tf.sparse.SparseTensor(tf.cast(one.indices, tf.int64), one.values, shape) for one in sparse]
    distances = tf.edit_distance(*sparse, normalize=False)
    return float(ops.sum(distances)) / sum(map(len, sides[1]))


def counted(cut=str.split, count=lambda a, b: table_of(a, b)[-1, -1]):
    def answer(hypotheses, references):
        pairs = [(cut(a), cut(b)) for a, b in zip(hypotheses, references, strict=True)]
        return sum(count(a, b) for a, b in pairs) / max(1, sum(len(b) for _, b in pairs))

    return answer


def errors_of(hypotheses, references):
    return [table_of(a.split(), b.split())[-1, -1] for a, b in zip(hypotheses, references, strict=True)]


def words_of(texts):
    return [len(text.split()) for text in texts]


def mean_of_rates(hypotheses, references):
    rates = [e / n for e, n in zip(errors_of(hypotheses, references), words_of(references), strict=True) if n]
    return sum(rates) / max(1, len(rates))


def by_difflib(a, b):
    blocks = difflib.SequenceMatcher(None, a, b, autojunk=False).get_opcodes()
    return sum(max(i2 - i1, j2 - j1) for tag, i1, i2, j1, j2 in blocks if tag != "equal")


def swaps(a, b):
    table = table_of(a, b)
    for i in range(1, len(b) + 1):
        for j in range(1, len(a) + 1):
            table[i, j] = min(
                table[i - 1, j - 1] + (b[i - 1] != a[j - 1]), table[i - 1, j] + 1, table[i, j - 1] + 1
            )
            if i > 1 and j > 1 and b[i - 1] == a[j - 2] and b[i - 2] == a[j - 1]:
                table[i, j] = min(table[i, j], table[i - 2, j - 2] + 1)
    return table[-1, -1]


def greedy(a, b):
    """Takes the next word that agrees, wherever it is."""
    errors, place = 0, 0
    for word in b:
        if word in a[place:]:
            at = a.index(word, place)
            errors += at - place
            place = at + 1
        else:
            errors += 1
    return errors + len(a) - place


def bag(a, b):
    return sum(min(a.count(word), b.count(word)) for word in {*a})


def no_diagonal(a, b):
    table = np.zeros((len(b) + 1, len(a) + 1))
    table[0], table[:, 0] = range(len(a) + 1), range(len(b) + 1)
    for i in range(1, len(b) + 1):
        for j in range(1, len(a) + 1):
            table[i, j] = min(table[i - 1, j - 1] + 1, table[i - 1, j] + 1, table[i, j - 1] + 1)
    return table[-1, -1]


def without_first_row(hypotheses, references):
    errors = 0
    for a, b in zip(hypotheses, references, strict=True):
        a, b = a.split(), b.split()
        table = np.zeros((len(b), len(a)))
        for i in range(len(b)):
            for j in range(len(a)):
                table[i, j] = min(
                    table[i - 1, j - 1] + (a[j] != b[i]), table[i - 1, j] + 1, table[i, j - 1] + 1
                )
        errors += table[-1, -1]
    return errors / sum(words_of(references))


def chosen(choose):
    def answer(hypotheses, references):
        pairs = [(a, b) for a, b in zip(hypotheses, references, strict=True) if choose(a, b)]
        return sum(errors_of(*zip(*pairs, strict=True))) / max(1, sum(words_of(references))) if pairs else 0.0

    return answer


def chosen_only(choose):
    def answer(hypotheses, references):
        pairs = [(a, b) for a, b in zip(hypotheses, references, strict=True) if choose(a, b)]
        return rate(*zip(*pairs, strict=True)) if any(b.split() for _, b in pairs) else 0.0

    return answer


def lowered_in_place(hypotheses, references):
    for i, text in enumerate(hypotheses):
        hypotheses[i] = text.strip()
    return rate(hypotheses, references)


def of_rate(change):
    return lambda h, r: change(rate(h, r), h, r)


RATE_RIGHT = {
    "the course's solution": rate,
    "a table": rate_by_table,
    "memory": rate_by_memory,
    "rows": rate_by_rows,
    "breadth first": rate_by_search,
    "from the end": rate_from_end,
    "a character each": rate_by_characters,
    "a regular expression": rate_by_expression,
    "TensorFlow's distance": rate_by_tensors,
    "exchanged in the table": counted(count=lambda a, b: table_of(b, a)[-1, -1]),
    "an array without axes": lambda h, r: np.array(rate(h, r)),
    "np.divide": lambda h, r: np.divide(np.sum(errors_of(h, r)), np.sum(words_of(r))),
    "weighted mean": lambda h, r: (
        np.average(
            [e / max(1, n) for e, n in zip(errors_of(h, r), words_of(r), strict=True)], weights=words_of(r)
        )
        + sum(e for e, n in zip(errors_of(h, r), words_of(r), strict=True) if not n) / sum(words_of(r))
    ),
    "errors of three kinds": counted(count=lambda a, b: len(a) + len(b) - max_agreement(a, b)),
    "shared": counted(count=lambda a, b: table_of(a, b).tolist()[-1][-1]),
}


def max_agreement(a, b):
    """2 for each word kept, 1 for each replaced: what len(a) + len(b) is lowered by."""
    best = np.zeros((len(a) + 1, len(b) + 1))
    for i in range(1, len(a) + 1):
        for j in range(1, len(b) + 1):
            best[i, j] = max(best[i - 1, j - 1] + 1 + (a[i - 1] == b[j - 1]), best[i - 1, j], best[i, j - 1])
    return best[-1, -1]


RATE_WRONG = {
    "mean of rates": (mean_of_rates, "the rate of each pair and then their mean"),
    "mean of rates over all": (
        lambda h, r: np.mean([e / max(1, n) for e, n in zip(errors_of(h, r), words_of(r), strict=True)]),
        "the rate of each pair and then their mean",
    ),
    "by the hypotheses": (
        lambda h, r: sum(errors_of(h, r)) / max(1, sum(words_of(h))),
        "or the two are exchanged",
    ),
    "exchanged": (lambda h, r: rate(r, h) if "".join(h).strip() else 0.0, "or the two are exchanged"),
    "by both": (
        lambda h, r: sum(errors_of(h, r)) / sum(words_of(h) + words_of(r)),
        "yours are those of both",
    ),
    "by the longer": (
        lambda h, r: sum(errors_of(h, r)) / sum(map(max, words_of(h), words_of(r))),
        "the longer text",
    ),
    "by the longer side": (
        lambda h, r: sum(errors_of(h, r)) / max(sum(words_of(h)), sum(words_of(r))),
        "longer side|hypotheses",
    ),
    "by the pairs": (lambda h, r: sum(errors_of(h, r)) / len(h), "the number of pairs"),
    "by the characters": (lambda h, r: sum(errors_of(h, r)) / sum(map(len, r)), "their characters"),
    "by the vocabulary": (
        lambda h, r: sum(errors_of(h, r)) / len({*" ".join(r).split()}),
        "as often as it comes",
    ),
    "a count": (lambda h, r: sum(errors_of(h, r)), "how many errors there are"),
    "percent": (of_rate(lambda v, h, r: 100 * v), "a percentage"),
    "accuracy": (of_rate(lambda v, h, r: 1 - v), "what is right"),
    "at most 1": (of_rate(lambda v, h, r: min(1.0, v)), "exceed 1"),
    "at most 1 a pair": (
        lambda h, r: sum(map(min, errors_of(h, r), words_of(r))) / sum(words_of(r)),
        "more errors than its reference has words",
    ),
    "split at spaces": (counted(lambda text: text.split(" ")), "misses tabs and new lines"),
    "split at spaces, stripped": (counted(lambda text: text.strip().split(" ")), "misses tabs and new lines"),
    "split at spaces, none empty": (counted(lambda text: [w for w in text.split(" ") if w]), "misses tabs"),
    "split at white space": (counted(lambda text: re.split(r"\s+", text)), "has an empty word"),
    "split after strip": (counted(lambda text: re.split(r"\s+", text.strip())), "has an empty word"),
    "characters": (counted(lambda text: text), "You compared characters"),
    "characters of words": (counted(lambda text: "".join(text.split())), "You compared characters"),
    "characters by words": (
        lambda h, r: sum(table_of(a, b)[-1, -1] for a, b in zip(h, r, strict=True)) / sum(words_of(r)),
        "You compared characters",
    ),
    "characters, spaces alike": (counted(lambda text: " ".join(text.split())), "You compared characters"),
    "pairs that agree left out": (
        chosen_only(lambda a, b: a.split() != b.split()),
        "without an error were left out",
    ),
    "each pair once": (
        lambda h, r: rate(*zip(*dict.fromkeys(zip(h, r, strict=True)), strict=True)),
        "expected",
    ),
    "half for a substitution more": (
        counted(count=lambda a, b: table_of(a, b, substitution=1.5)[-1, -1]),
        "expected",
    ),
    "a text of the rate": (of_rate(lambda v, h, r: f"{v:.2f}"), "is text"),
    "words by spaces": (
        lambda h, r: sum(errors_of(h, r)) / sum(text.count(" ") + 1 for text in r),
        "expected",
    ),
    "small letters": (
        lambda h, r: rate([one.lower() for one in h], [one.lower() for one in r]),
        "lower case",
    ),
    "no signs": (
        lambda h, r: rate(
            [re.sub(r"[^\w\s]", "", one) for one in h], [re.sub(r"[^\w\s]", "", one) for one in r]
        ),
        "took signs away",
    ),
    "two for a substitution": (
        counted(count=lambda a, b: table_of(a, b, substitution=2)[-1, -1]),
        "substitutions count two",
    ),
    "insertions free": (
        counted(count=lambda a, b: table_of(a, b, insertion=0, top=0)[-1, -1]),
        "insertions cost nothing",
    ),
    "deletions free": (
        counted(count=lambda a, b: table_of(a, b, deletion=0, left=0)[-1, -1]),
        "deletions cost nothing",
    ),
    "substitutions free": (
        counted(count=lambda a, b: table_of(a, b, substitution=0)[-1, -1]),
        "substitutions cost nothing|numbers of words alone",
    ),
    "lengths": (
        counted(count=lambda a, b: abs(len(a) - len(b))),
        "numbers of words alone|substitutions cost nothing",
    ),
    "never agree": (counted(count=no_diagonal), "yours never agree"),
    "first row 0": (counted(count=lambda a, b: table_of(a, b, top=0)[-1, -1]), "Yours are 0"),
    "first column 0": (counted(count=lambda a, b: table_of(a, b, left=0)[-1, -1]), "Yours are 0"),
    "both 0": (counted(count=lambda a, b: table_of(a, b, top=0, left=0)[-1, -1]), "Yours are 0"),
    "lowest of the last row": (counted(count=lambda a, b: table_of(a, b)[-1].min()), "last corner"),
    "largest of all": (counted(count=lambda a, b: table_of(a, b).max()), "last corner"),
    "without the last words": (
        counted(count=lambda a, b: table_of(a[:-1], b[:-1])[-1, -1]),
        "The last words take no part",
    ),
    "without the first words": (
        counted(count=lambda a, b: table_of(a[1:], b[1:])[-1, -1]),
        "The first words take no part",
    ),
    "without the reference's last": (
        counted(count=lambda a, b: table_of(a, b[:-1])[-1, -1]),
        "last word of each reference",
    ),
    "without the hypothesis's last": (
        counted(count=lambda a, b: table_of(a[:-1], b)[-1, -1]),
        "last word of each hypothesis",
    ),
    "place by place": (
        counted(count=lambda a, b: sum(x != y for x, y in zip(a, b, strict=False))),
        "place by place",
    ),
    "place by place and the rest": (
        counted(count=lambda a, b: sum(x != y for x, y in itertools.zip_longest(a, b))),
        "place by place",
    ),
    "a strict zip": (
        counted(count=lambda a, b: sum(x != y for x, y in zip(a, b, strict=True))),
        "different numbers of words",
    ),
    "index too far": (
        counted(count=lambda a, b: sum(a[i] != b[i] for i in range(len(b)))),
        "may have no words",
    ),
    "sets": (counted(count=lambda a, b: len({*a} ^ {*b})), "their order counts"),
    "missing from the set": (counted(count=lambda a, b: len({*b} - {*a})), "their order counts"),
    "not in": (counted(count=lambda a, b: sum(word not in a for word in b)), "their order counts"),
    "a bag": (counted(count=lambda a, b: max(len(a), len(b)) - bag(a, b)), "their order counts"),
    "sorted": (counted(count=lambda a, b: table_of(sorted(a), sorted(b))[-1, -1]), "their order counts"),
    "what stays": (
        counted(count=lambda a, b: len(b) - (len(a) + len(b) - table_of(a, b, substitution=2)[-1, -1]) / 2),
        "in the same order",
    ),
    "what does not stay": (
        counted(
            count=lambda a, b: (
                max(len(a), len(b)) - (len(a) + len(b) - table_of(a, b, substitution=2)[-1, -1]) / 2
            )
        ),
        "in the same order",
    ),
    "swaps": (counted(count=swaps), "yours count one"),
    "difflib": (counted(count=by_difflib), "expected"),
    "greedy": (counted(count=greedy), "expected"),
    "sentences": (
        lambda h, r: np.mean([a.split() != b.split() for a, b in zip(h, r, strict=True)]),
        "sentences with an error",
    ),
    "sentences for words": (
        lambda h, r: sum(e > 0 for e in errors_of(h, r)) / sum(words_of(r)),
        "sentences with an error, each once",
    ),
    "joined": (lambda h, r: rate([" ".join(h)], [" ".join(r)]), "joined all sentences"),
    "the first pair": (lambda h, r: errors_of(h, r)[0] / max(1, words_of(r)[0]), "Only the first pair"),
    "the last pair": (lambda h, r: errors_of(h, r)[-1] / max(1, words_of(r)[-1]), "Only the last pair"),
    "without the last pair": (
        lambda h, r: sum(errors_of(h, r)[:-1]) / sum(words_of(r)),
        "last pair was not looked at",
    ),
    "without the first pair": (
        lambda h, r: sum(errors_of(h, r)[1:]) / sum(words_of(r)),
        "first pair was not looked at",
    ),
    "nothing heard left out": (chosen(lambda a, b: a.strip()), "Pairs in which nothing was heard"),
    "nothing heard left out, of both": (
        chosen_only(lambda a, b: a.strip()),
        "Pairs in which nothing was heard",
    ),
    "nothing said left out": (chosen(lambda a, b: b.strip()), "Pairs in which nothing was said"),
    "only full pairs": (chosen_only(lambda a, b: a.strip() and b.strip()), "one text is empty were left out"),
    "divided by 0": (
        lambda h, r: sum(e / n for e, n in zip(map(int, errors_of(h, r)), words_of(r), strict=True)) / len(h),
        "divide once",
    ),
    "without a first row": (without_first_row, "a row and a column more"),
    "a table of numbers": (lambda h, r: table_of(h[0].split(), r[0].split()), "expected one number"),
    "rates": (
        lambda h, r: [e / max(1, n) for e, n in zip(errors_of(h, r), words_of(r), strict=True)],
        "expected one number",
    ),
    "three numbers": (lambda h, r: (1.0, 0.0, 0.0), "expected one number"),
    "rounded": (of_rate(lambda v, h, r: round(v, 1)), "expected"),
    "in place": (lowered_in_place, "changed the lists"),
    "the course's": (sequences.word_error_rate, "calls `course_utils"),
    "the course's distance": (counted(count=sequences.edit_distance), "calls `course_utils"),
    "identity": (lambda h, r: h, "not everything is a number"),
    "a copied example": (lambda h, r: 1 / 3, "expected"),
    "constant": (lambda h, r: 0.0, "expected"),
    "one": (lambda h, r: 1.0, "expected"),
    "empty": (lambda h, r: [], "expected one number"),
    "no return": (lambda h, r: None, "without `return`"),
}

# --- 9.5 ----------------------------------------------------------------------------------------------------


def mixed(clip, noise, decibels):
    """The course's solution."""
    piece = np.resize(noise, len(clip))  # cuts a longer one, repeats a shorter one
    wanted = np.mean(clip**2) / 10 ** (decibels / 10)
    return clip + piece * np.sqrt(wanted / np.mean(piece**2))


def mixed_by_loop(clip, noise, decibels):
    piece = [float(noise[i % len(noise)]) for i in range(len(clip))]
    of_clip = sum(float(one) ** 2 for one in clip) / len(clip)
    of_piece = sum(one * one for one in piece) / len(piece)
    gain = math.sqrt(of_clip / (of_piece * 10 ** (decibels / 10)))
    return [float(one) + gain * other for one, other in zip(clip, piece, strict=True)]


def mixed_by_tile(clip, noise, decibels):
    times = -(-len(clip) // len(noise))
    piece = np.tile(noise, times)[: len(clip)]
    rms = [np.sqrt(np.mean(np.square(one))) for one in (clip, piece)]
    return clip + piece * rms[0] / rms[1] * 10 ** (-decibels / 20)


def mixed_by_levels(clip, noise, decibels):
    """In decibels all the way."""
    piece = noise[np.arange(len(clip)) % len(noise)]
    level = 10 * np.log10((clip**2).mean()) - 10 * np.log10((piece**2).mean())
    return clip + 10 ** ((level - decibels) / 20) * piece


def mixed_by_norms(clip, noise, decibels):
    while len(noise) < len(clip):
        noise = np.concatenate([noise, noise])
    noise = noise[: clip.size]
    return np.linalg.norm(clip) / np.linalg.norm(noise) * noise / 10 ** (decibels / 20) + clip


def mixed_by_tensors(clip, noise, decibels):
    clip = ops.convert_to_tensor(clip, "float32")
    piece = ops.tile(ops.convert_to_tensor(noise, "float32"), [clip.shape[0] // len(noise) + 1])[
        : clip.shape[0]
    ]
    power = ops.mean(ops.square(clip)), ops.mean(ops.square(piece))
    return clip + piece * ops.sqrt(power[0] / power[1] / ops.power(10.0, decibels / 10))


def mixed_by_pad(clip, noise, decibels):
    piece = np.pad(noise, (0, max(0, len(clip) - len(noise))), mode="wrap")[: len(clip)]
    gain = np.sqrt(clip.dot(clip) / piece.dot(piece)) * np.exp(-decibels * np.log(10) / 20)
    return clip + gain * piece


def mixed_by_bisection(clip, noise, decibels):
    """Looks for the factor."""
    piece = np.resize(noise, len(clip)).astype(float)
    low, high = -40.0, 40.0
    for _ in range(200):
        middle = (low + high) / 2
        ratio = 10 * np.log10(np.mean(clip.astype(float) ** 2) / np.mean((10**middle * piece) ** 2))
        low, high = (middle, high) if ratio > decibels else (low, middle)
    return clip + 10**low * piece


def mixed_by_cycle(clip, noise, decibels):
    piece = np.fromiter(itertools.islice(itertools.cycle(noise), len(clip)), float)
    return clip + np.sqrt((clip**2).sum() / (piece**2).sum() / 10 ** (decibels / 10)) * piece


def mixed_in_copy(clip, noise, decibels):
    result = clip.copy()
    piece = np.empty_like(clip)
    for start in range(0, len(clip), len(noise)):
        end = min(start + len(noise), len(clip))
        piece[start:end] = noise[: end - start]
    result += piece * np.sqrt(np.mean(clip**2) / np.mean(piece**2) * 10 ** (-decibels / 10))
    return result


def mix(gain=None, piece=None, whole=None):
    """With other ways to make gain (clip, piece, noise, decibels), piece (noise, n) and sum (clip, added)."""

    def answer(clip, noise, decibels):
        part = np.resize(noise, len(clip)) if piece is None else piece(noise, len(clip))
        right = np.sqrt(np.mean(clip**2) / np.mean(part**2)) * 10 ** (-decibels / 20)
        added = part * (right if gain is None else gain(clip, part, noise, decibels))
        return clip + added if whole is None else whole(clip, added)

    return answer


def rms(samples):
    return np.sqrt(np.mean(samples**2))


def by_power(power):
    return mix(lambda c, p, n, d: np.sqrt(power(c) / power(p)) * 10 ** (-d / 20))


def loud(c, p):
    return rms(c) / rms(p)


def clip_in_place(clip, noise, decibels):
    clip += mixed(clip, noise, decibels) - clip
    return clip


def noise_in_place(clip, noise, decibels):
    right = mixed(clip, noise, decibels)
    noise *= 2
    return right


def even(samples):
    return samples - samples.mean()


NOISY_RIGHT = {
    "the course's solution": mixed,
    "a loop": mixed_by_loop,
    "np.tile": mixed_by_tile,
    "levels": mixed_by_levels,
    "norms": mixed_by_norms,
    "tensors": mixed_by_tensors,
    "padded": mixed_by_pad,
    "bisection": mixed_by_bisection,
    "a cycle": mixed_by_cycle,
    "in a copy": mixed_in_copy,
    "single precision": lambda c, n, d: mixed(c, n, d).astype(np.float32),
    "a tuple": lambda c, n, d: (*mixed(c, n, d).tolist(),),
    "unit power first": mix(lambda c, p, n, d: rms(c) / rms(p) / np.sqrt(10 ** (d / 10))),
    "take with wrap": lambda c, n, d: mixed(c, np.take(n, range(len(c)), mode="wrap"), d),
    "sums of equal length": by_power(lambda one: (one**2).sum()),
}
NOISY_WRONG = {
    "a ratio of powers for samples": (
        mix(lambda c, p, n, d: loud(c, p) * 10 ** (-d / 10)),
        "one of \\*powers\\*",
    ),
    "no root": (mix(lambda c, p, n, d: loud(c, p) ** 2 * 10 ** (-d / 10)), "the \\*root\\* of the ratio"),
    "no root of the powers": (
        mix(lambda c, p, n, d: loud(c, p) ** 2 * 10 ** (-d / 20)),
        "the \\*root\\* of the ratio",
    ),
    "a root too many": (mix(lambda c, p, n, d: np.sqrt(loud(c, p)) * 10 ** (-d / 20)), "a root too many"),
    "20 for powers": (
        mix(lambda c, p, n, d: np.sqrt(np.mean(c**2) / np.mean(p**2) / 10 ** (d / 20))),
        "half the decibels",
    ),
    "upside down": (mix(lambda c, p, n, d: 10 ** (-d / 20) / loud(c, p)), "upside down"),
    "all upside down": (mix(lambda c, p, n, d: 10 ** (d / 20) / loud(c, p)), "upside down"),
    "the wrong sign": (mix(lambda c, p, n, d: loud(c, p) * 10 ** (d / 20)), "the wrong sign"),
    "the wrong sign of powers": (mix(lambda c, p, n, d: loud(c, p) * 10 ** (d / 10)), "the wrong sign"),
    "abs": (mix(lambda c, p, n, d: loud(c, p) * 10 ** (-abs(d) / 20)), "may be negative"),
    "positive decibels": (mix(lambda c, p, n, d: loud(c, p) * 10 ** (-max(d, 0) / 20)), "may be negative"),
    "0 dB": (mix(lambda c, p, n, d: loud(c, p)), "as loud as the clip"),
    "np.exp": (mix(lambda c, p, n, d: loud(c, p) * np.exp(-d / 20)), "of base 10"),
    "np.exp of a tenth": (mix(lambda c, p, n, d: loud(c, p) * np.exp(-d / 10)), "of base 10"),
    "bels": (mix(lambda c, p, n, d: loud(c, p) * 10 ** (-d / 2)), "Decibels are tenths"),
    "a plain ratio": (mix(lambda c, p, n, d: loud(c, p) / d if d else 1.0), "Decibels are a logarithm"),
    "no powers": (mix(lambda c, p, n, d: 10 ** (-d / 20)), "The powers of clip and noise take no part"),
    "no powers, tenth": (
        mix(lambda c, p, n, d: 10 ** (-d / 10)),
        "The powers of clip and noise take no part",
    ),
    "as it is": (mix(lambda c, p, n, d: 1.0), "the noise as it is"),
    "a clip of power 1": (mix(lambda c, p, n, d: 10 ** (-d / 20) / rms(p)), "The clip's power takes no part"),
    "a noise of power 1": (
        mix(lambda c, p, n, d: 10 ** (-d / 20) * rms(c)),
        "The noise's power takes no part",
    ),
    "the whole noise's power": (
        mix(lambda c, p, n, d: rms(c) / rms(n) * 10 ** (-d / 20)),
        "the noise as it comes",
    ),
    "sums": (
        mix(lambda c, p, n, d: np.sqrt((c**2).sum() / (n**2).sum()) * 10 ** (-d / 20)),
        "a sum where power is a \\*mean\\*",
    ),
    "a sum of the noise": (
        mix(lambda c, p, n, d: rms(c) / np.sqrt((p**2).sum()) * 10 ** (-d / 20)),
        "of the noise you took their sum",
    ),
    "a sum of the clip": (
        mix(lambda c, p, n, d: np.sqrt((c**2).sum()) / rms(p) * 10 ** (-d / 20)),
        "of the clip you took their sum",
    ),
    "variance": (
        mix(lambda c, p, n, d: np.sqrt(c.var() / p.var()) * 10 ** (-d / 20) if p.var() else 1.0),
        "take the mean off",
    ),
    "std": (
        mix(lambda c, p, n, d: c.std() / p.std() * 10 ** (-d / 20) if p.std() else 1.0),
        "take the mean off",
    ),
    "peaks": (by_power(lambda one: np.abs(one).max() ** 2), "the largest sample"),
    "sizes": (by_power(lambda one: np.abs(one).mean() ** 2), "square of the mean"),
    "squared mean": (by_power(lambda one: one.mean() ** 2), "square of the mean"),
    "mean of sizes": (by_power(lambda one: np.abs(one).mean()), "mean of the samples' sizes"),
    "median": (by_power(lambda one: np.median(one**2)), "the median"),
    "rms as a power": (by_power(rms), "a root too many"),
    "fourth powers": (by_power(lambda one: np.mean(one**2) ** 2), "the \\*root\\* of the ratio"),
    "exchanged": (mix(lambda c, p, n, d: 10 ** (-d / 20) * rms(p) / rms(c)), "upside down"),
    "the cut noise's power": (
        mix(lambda c, p, n, d: rms(c) / rms(n[: len(c)]) * 10 ** (-d / 20)),
        "the noise as it comes",
    ),
    "the clip cut": (
        mix(lambda c, p, n, d: rms(c[: len(n)]) / rms(p) * 10 ** (-d / 20)),
        "of the whole clip",
    ),
    "whole tens": (mix(lambda c, p, n, d: loud(c, p) / np.sqrt(10 ** float(d // 10))), "Round nothing"),
    "whole decibels": (
        mix(lambda c, p, n, d: loud(c, p) * 10 ** (-int(d) / 20)),
        "The ratio of powers is 1 dB",
    ),
    "std of the clip": (mix(lambda c, p, n, d: c.std() / rms(p) * 10 ** (-d / 20)), "take the mean off"),
    "as often as it fits": (
        mix(piece=lambda n, k: np.pad(np.tile(n, max(1, k // len(n))), (0, k))[:k]),
        "rounded \\*up\\*",
    ),
    "silence behind": (
        mix(piece=lambda n, k: np.concatenate([n, np.zeros(max(0, k - len(n)))])[:k]),
        "followed by silence",
    ),
    "turned at the end": (
        mix(piece=lambda n, k: np.resize(np.concatenate([n, n[::-1]]), k) if len(n) < k else n[:k]),
        "turns round at its end",
    ),
    "reflected": (
        mix(piece=lambda n, k: np.pad(n, (0, max(0, k - len(n))), "reflect")[:k]),
        "turns round at its end",
    ),
    "the last sample goes on": (
        mix(piece=lambda n, k: np.pad(n, (0, max(0, k - len(n))), "edge")[:k]),
        "stays at its last sample",
    ),
    "np.repeat": (mix(piece=lambda n, k: np.repeat(n, -(-k // len(n)))[:k]), "repeated each sample"),
    "stretched": (
        mix(piece=lambda n, k: np.interp(np.linspace(0, 1, k), np.linspace(0, 1, len(n)), n)),
        "you stretched it",
    ),
    "twice": (
        mix(piece=lambda n, k: np.concatenate([n, n, np.zeros(max(0, k - 2 * len(n)))])[:k]),
        "twice is not always enough",
    ),
    "the end": (mix(piece=lambda n, k: n[-k:] if len(n) > k else np.resize(n, k)), "yours is its end"),
    "the middle": (
        mix(piece=lambda n, k: n[(len(n) - k) // 2 :][:k] if len(n) > k else np.resize(n, k)),
        "yours is its middle",
    ),
    "thinned out": (
        mix(piece=lambda n, k: n[:: len(n) // k][:k] if len(n) > k else np.resize(n, k)),
        "from all of it",
    ),
    "backwards": (mix(piece=lambda n, k: np.resize(n[::-1], k)), "runs backwards"),
    "the piece backwards": (mix(piece=lambda n, k: np.resize(n, k)[::-1]), "runs backwards"),
    "from the second": (
        mix(piece=lambda n, k: np.resize(n[1:] if len(n) > 1 else n, k)),
        "first sample is missing",
    ),
    "at random": (
        mix(piece=lambda n, k: np.random.default_rng(0).choice(n, k)),
        "not a multiple of the noise",
    ),
    "the noise alone": (mix(whole=lambda c, added: added), "the noise alone"),
    "the clip alone": (lambda c, n, d: c + 0.0, "the clip alone"),
    "subtracted": (mix(whole=lambda c, added: c - added), "You subtracted"),
    "halved": (mix(whole=lambda c, added: (c + added) / 2), "You halved"),
    "cut": (mix(whole=lambda c, added: np.clip(c + added, -1, 1)), "cut the sum at ±1"),
    "the noise cut": (mix(whole=lambda c, added: c + np.clip(added, -1, 1)), "cut the noise at ±1"),
    "peak 1": (mix(whole=lambda c, added: (c + added) / np.abs(c + added).max()), "You scaled the sum"),
    "peak 1 where louder": (
        mix(whole=lambda c, added: (c + added) / max(1, np.abs(c + added).max())),
        "You scaled the sum",
    ),
    "as loud as before": (
        mix(whole=lambda c, added: (c + added) * rms(c) / rms(c + added)),
        "You scaled the sum",
    ),
    "the clip scaled": (
        lambda c, n, d: c / loud(c, np.resize(n, len(c))) * 10 ** (d / 20) + np.resize(n, len(c)),
        "you scaled the clip",
    ),
    "both scaled": (
        lambda c, n, d: c / rms(c) + np.resize(n, len(c)) / rms(np.resize(n, len(c))) * 10 ** (-d / 20),
        "you scaled both",
    ),
    "means off": (lambda c, n, d: mixed(even(c), n if len(n) == 1 else even(n), d), "took a mean off"),
    "the noise's mean off": (lambda c, n, d: mixed(c, even(n) if len(n) > 1 else n, d), "took a mean off"),
    "signs lost": (mix(whole=lambda c, added: c + np.abs(added)), "lost its signs"),
    "multiplied": (mix(whole=lambda c, added: c * (1 + added)), "multiplied clip and noise"),
    "to the sum": (
        lambda c, n, d: mix(lambda c, p, n, d: loud(c, p) / np.sqrt(10 ** (d / 10) + 1))(c, n, d),
        "not of the sum",
    ),
    "as long as the noise": (lambda c, n, d: np.resize(mixed(c, n, d), len(n)), "as long as the noise"),
    "as long as the shorter": (lambda c, n, d: mixed(c, n, d)[: len(n)], "a shorter one repeated"),
    "broadcast": (lambda c, n, d: c + n, "different lengths"),
    "no repetition": (
        lambda c, n, d: (
            mixed(c, np.tile(n, len(c) // len(n))[: len(c)], d)
            if len(c) == len(n)
            else c + np.tile(n, len(c) // len(n))
        ),
        "different lengths",
    ),
    "floats of 16 bits": (lambda c, n, d: mixed(c, n, d).astype(np.float16), "expected"),
    "whole numbers": (lambda c, n, d: mixed(c, n, d).astype(int), "fractions are lost"),
    "rounded": (lambda c, n, d: np.round(mixed(c, n, d), 2), "expected"),
    "an ε": (mix(lambda c, p, n, d: rms(c) / (rms(p) + 0.01) * 10 ** (-d / 20)), "expected"),
    "at least −20 dB": (lambda c, n, d: mixed(c, n, max(d, -20)), "The ratio of powers is -20 dB"),
    "at most 40 dB": (lambda c, n, d: mixed(c, n, min(d, 40)), "The ratio of powers is 40 dB"),
    "two sounds": (lambda c, n, d: (c, mixed(c, n, d) - c), "expected"),
    "a number": (lambda c, n, d: rms(mixed(c, n, d)), "Return the samples"),
    "NaN": (lambda c, n, d: mixed(c, n, d) * np.nan, "has NaN"),
    "the clip in place": (clip_in_place, "changed the arrays"),
    "the noise in place": (noise_in_place, "changed the arrays"),
    "identity": (lambda c, n, d: c, "the clip alone"),
    "the noise": (lambda c, n, d: n, "as long as the noise"),
    "a copied example": (lambda c, n, d: np.array([0.413, -0.24, 0.413, -0.04]), "expected"),
    "zeros": (lambda c, n, d: np.zeros(len(c)), "expected"),
    "empty": (lambda c, n, d: [], "expected"),
    "no return": (lambda c, n, d: None, "without `return`"),
}

# --- 9.6 ----------------------------------------------------------------------------------------------------


def fuse(heard, seen, has_sound, has_picture):
    """The course's solution."""
    logs = np.where(has_sound[:, np.newaxis], heard, 0) + np.where(has_picture[:, np.newaxis], seen, 0)
    powers = np.exp(logs - logs.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def fuse_by_rows(heard, seen, has_sound, has_picture):
    rows = []
    for i in range(len(heard)):
        if has_sound[i] and has_picture[i]:
            logs = heard[i] + seen[i]
        elif has_sound[i]:
            logs = heard[i]
        elif has_picture[i]:
            logs = seen[i]
        else:
            rows.append([1 / heard.shape[1]] * heard.shape[1])
            continue
        powers = [math.exp(one - max(logs)) for one in logs]
        rows.append([one / sum(powers) for one in powers])
    return rows


def fuse_by_masks(heard, seen, has_sound, has_picture):
    logs = np.zeros(heard.shape)
    logs[has_sound] += heard[has_sound]
    logs[has_picture] += seen[has_picture]
    return softmax(logs, axis=1)


def fuse_by_cleaning(heard, seen, has_sound, has_picture):
    heard, seen = heard.copy(), seen.copy()
    heard[~has_sound] = 0
    seen[~has_picture] = 0
    logs = heard + seen
    return np.exp(logs - logsumexp(logs, axis=1, keepdims=True))


def fuse_by_tensors(heard, seen, has_sound, has_picture):
    heard, seen = (ops.convert_to_tensor(one, "float32") for one in (heard, seen))
    logs = ops.where(has_sound[:, None], heard, 0.0) + ops.where(has_picture[:, None], seen, 0.0)
    return ops.softmax(logs, axis=-1)


def fuse_by_normalising_each(heard, seen, has_sound, has_picture):
    """Each a distribution first, an equal one where it is missing."""

    def distribution(table, there):
        table = np.where(there[:, None], table, 1.0)
        return table - logsumexp(table, axis=1, keepdims=True)

    logs = distribution(heard, has_sound) + distribution(seen, has_picture)
    return np.exp(logs - logsumexp(logs, axis=1, keepdims=True))


def fuse_by_ratios(heard, seen, has_sound, has_picture):
    """1 / Σ exp(other − this)."""
    logs = (np.where(has_sound, heard.T, 0) + np.where(has_picture, seen.T, 0)).T
    with np.errstate(over="ignore"):
        return np.array([[1 / np.exp(row - one).sum() for one in row] for row in logs])


def fuse_by_select(heard, seen, has_sound, has_picture):
    a, b = has_sound[:, None], has_picture[:, None]
    logs = np.select([a & b, a, b], [heard + seen, heard, seen], 0.0)
    return softmax(logs, axis=1)


def fuse_by_stack(heard, seen, has_sound, has_picture):
    tables, there = np.stack([heard, seen]), np.stack([has_sound, has_picture])[..., None]
    return softmax(np.sum(tables, axis=0, where=there), axis=1)


def fuse_by_masked_array(heard, seen, has_sound, has_picture):
    parts = [
        np.ma.array(table, mask=np.repeat(~there[:, None], table.shape[1], axis=1))
        for table, there in ((heard, has_sound), (seen, has_picture))
    ]
    logs = parts[0].filled(0) + parts[1].filled(0)
    return softmax(logs, axis=1).tolist()


def joined(combine):
    """Another way of putting both together, of probabilities; what is missing is treated as it should."""

    def answer(heard, seen, has_sound, has_picture):
        a = np.where(has_sound[:, None], np.exp(heard), 1.0)
        b = np.where(has_picture[:, None], np.exp(seen), 1.0)
        return combine(a, b)

    return answer


def normed(powers, axis=1):
    return powers / powers.sum(axis=axis, keepdims=True)


def of_logs(combine):
    def answer(heard, seen, has_sound, has_picture):
        logs = np.where(has_sound[:, None], heard, 0) + np.where(has_picture[:, None], seen, 0)
        return combine(logs)

    return answer


def of_fused(change):
    """Another end, of (right, both, one, neither), bool (n, 1)."""

    def answer(heard, seen, has_sound, has_picture):
        a, b = has_sound[:, None], has_picture[:, None]
        return change(fuse(heard, seen, has_sound, has_picture), a & b, a ^ b, ~a & ~b)

    return answer


def heard_in_place(heard, seen, has_sound, has_picture):
    heard[~has_sound] = 0
    seen[~has_picture] = 0
    return softmax(heard + seen, axis=1)


def flags_in_place(heard, seen, has_sound, has_picture):
    right = fuse(heard, seen, has_sound, has_picture)
    has_sound |= True
    return right


def unscaled_alone(heard, seen, has_sound, has_picture):
    right = fuse(heard, seen, has_sound, has_picture)
    right = np.where((has_sound & ~has_picture)[:, None], np.exp(heard), right)
    return np.where((has_picture & ~has_sound)[:, None], np.exp(seen), right)


def by_isnan(heard, seen, has_sound, has_picture):
    return fuse(heard, seen, ~np.isnan(heard).any(axis=1), ~np.isnan(seen).any(axis=1))


def filled(heard, seen, has_sound, has_picture):
    heard, seen = (
        np.where(there[:, None], table, table[there].mean(axis=0) if there.any() else 0)
        for table, there in ((heard, has_sound), (seen, has_picture))
    )
    return softmax(heard + seen, axis=1)


def one_hot(table):
    return (table == table.max(axis=1, keepdims=True)).astype(float)


def flagged(change):
    return lambda h, s, a, b: fuse(h, s, *change(a, b))


def floored(lowest):
    return lambda h, s, a, b: fuse(np.maximum(h, lowest), np.maximum(s, lowest), a, b)


def surer(h, s, a, b):
    p, q = softmax(h, axis=1), softmax(s, axis=1)
    return np.where(p.max(axis=1, keepdims=True) >= q.max(axis=1, keepdims=True), p, q)


FUSED_RIGHT = {
    "the course's solution": fuse,
    "by rows": fuse_by_rows,
    "masks": fuse_by_masks,
    "cleaned copies": fuse_by_cleaning,
    "tensors": fuse_by_tensors,
    "each normalised": fuse_by_normalising_each,
    "ratios": fuse_by_ratios,
    "np.select": fuse_by_select,
    "a stack": fuse_by_stack,
    "masked arrays": fuse_by_masked_array,
    "a list": lambda h, s, a, b: fuse(h, s, a, b).tolist(),
    "single precision": lambda h, s, a, b: fuse(h, s, a, b).astype(np.float32),
    "the prior divided out": lambda h, s, a, b: fuse(h + np.log(h.shape[1]), s, a, b),
    "subtracted from each": lambda h, s, a, b: fuse(
        h - h.max(axis=1, keepdims=True), s - s.max(axis=1, keepdims=True), a, b
    ),
    "multiplied by the flags, NaN and all to 0": lambda h, s, a, b: softmax(
        np.nan_to_num(h * a[:, None]) + np.nan_to_num(s * b[:, None]), axis=1
    ),
    "exp after the quotient": of_logs(lambda logs: np.exp(logs - logsumexp(logs, axis=1)[:, None])),
}
FUSED_WRONG = {
    "mean": (
        lambda h, s, a, b: (softmax(h, axis=1) + softmax(s, axis=1)) / 2,
        "the mean of the probabilities",
    ),
    "sum": (joined(lambda a, b: normed(a + b)), "you added the probabilities"),
    "sum as it is": (joined(lambda a, b: a + b), "you added the probabilities"),
    "half the logarithms": (of_logs(lambda logs: softmax(logs / 2, axis=1)), "yours is their mean"),
    "the larger": (joined(lambda a, b: normed(np.maximum(a, b))), "you took the larger"),
    "the smaller": (joined(lambda a, b: normed(np.minimum(a, b))), "you took the smaller"),
    "subtracted": (lambda h, s, a, b: softmax(h - s, axis=1), "you subtracted the picture"),
    "logarithms multiplied": (lambda h, s, a, b: softmax(h * s, axis=1), "you multiplied the logarithms"),
    "logarithms normed": (lambda h, s, a, b: normed(h + s), "Take `np.exp`"),
    "the wrong sign": (of_logs(lambda logs: softmax(-logs, axis=1)), "the wrong sign"),
    "not normed": (joined(lambda a, b: a * b), "The product does not sum to 1"),
    "factors normed": (joined(lambda a, b: normed(a) * normed(b)), "though its factors do"),
    "largest 1": (of_logs(lambda logs: np.exp(logs - logs.max(axis=1, keepdims=True))), "a largest of 1"),
    "largest of all 1": (of_logs(lambda logs: np.exp(logs - logs.max())), "rows do not sum to 1"),
    "logarithms": (of_logs(lambda logs: logs), "That is the sum of logarithms"),
    "logarithms of the result": (
        of_logs(lambda logs: logs - logsumexp(logs, axis=1, keepdims=True)),
        "Those are the logarithms",
    ),
    "percent": (of_logs(lambda logs: 100 * softmax(logs, axis=1)), "percentages"),
    "1 − p": (of_logs(lambda logs: 1 - softmax(logs, axis=1)), "1 − p"),
    "columns": (of_logs(lambda logs: softmax(logs, axis=0)), "columns sum to 1"),
    "factors normed, and all together": (
        joined(lambda a, b: normed(normed(a) * normed(b), None)),
        "All your rows together",
    ),
    "all together": (of_logs(lambda logs: softmax(logs, axis=None)), "All your rows together"),
    "sums of the wrong axis": (
        joined(lambda a, b: a * b / (a * b).sum(axis=1)),
        "sums fell on the wrong axis|different lengths|Two shapes",
    ),
    "largest of the wrong axis": (
        of_logs(lambda logs: normed(np.exp(logs - logs.max(axis=1)))),
        "largest ones fell on the wrong axis",
    ),
    "one-hot": (of_logs(one_hot), "You chose a class"),
    "the likeliest": (of_logs(lambda logs: logs.argmax(axis=1)), "not the likeliest or the sum alone"),
    "sound alone": (lambda h, s, a, b: softmax(h, axis=1), "The picture takes no part"),
    "picture alone": (lambda h, s, a, b: softmax(s, axis=1), "The sound takes no part"),
    "sound twice": (lambda h, s, a, b: fuse(2 * h, s, a, b), "The sound counts twice"),
    "picture twice": (lambda h, s, a, b: fuse(h, 2 * s, a, b), "The picture counts twice"),
    "both twice": (lambda h, s, a, b: fuse(2 * h, 2 * s, a, b), "count twice"),
    "softmax twice": (
        of_logs(lambda logs: softmax(softmax(logs, axis=1), axis=1)),
        "softmax of probabilities",
    ),
    "base 2": (lambda h, s, a, b: fuse(h * np.log(2), s * np.log(2), a, b), "Logarithms here are natural"),
    "transposed": (
        lambda h, s, a, b: fuse(h, s, a, b).T if len(h) == h.shape[1] else fuse(h, s, a, b),
        "are exchanged",
    ),
    "the smallest subtracted": (
        of_logs(lambda logs: normed(np.exp(logs - logs.min(axis=1, keepdims=True)))),
        "subtract from each row \\*its\\* largest",
    ),
    "the mean subtracted": (
        of_logs(lambda logs: normed(np.exp(logs - logs.mean(axis=1, keepdims=True)))),
        "subtract from each row \\*its\\* largest",
    ),
    "half the sound": (lambda h, s, a, b: fuse(h / 2, s, a, b), "expected"),
    "rows for classes": (
        of_fused(lambda right, both, one, neither: np.where(neither, 1 / len(right), right)),
        "both are missing, and all classes",
    ),
    "flags of the first row": (flagged(lambda a, b: (a & False | a[0], b & False | b[0])), "counts, is"),
    "the surer": (surer, "the surer one alone"),
    "rows turned round": (lambda h, s, a, b: fuse(h, s, a, b)[::-1], "opposite order"),
    "the first row": (lambda h, s, a, b: np.repeat(fuse(h, s, a, b)[:1], len(h), axis=0), "like the first"),
    "flags inverted": (flagged(lambda a, b: (~a, ~b)), "are your flags inverted"),
    "flags exchanged": (flagged(lambda a, b: (b, a)), "exchanged"),
    "no flags": (flagged(lambda a, b: (a | True, b | True)), "yours take no part"),
    "no flag of the sound": (flagged(lambda a, b: (a | True, b)), "`has_sound` takes no part"),
    "no flag of the picture": (flagged(lambda a, b: (a, b | True)), "`has_picture` takes no part"),
    "nan_to_num": (
        lambda h, s, a, b: softmax(np.nan_to_num(h) + np.nan_to_num(s), axis=1),
        "numbers too, not NaN alone",
    ),
    "isnan": (by_isnan, "numbers too, not NaN alone"),
    "multiplied by the flags": (
        lambda h, s, a, b: softmax(h * a[:, None] + s * b[:, None], axis=1),
        "NaN · 0 is NaN",
    ),
    "0 for none": (of_fused(lambda right, both, one, neither: np.where(neither, 0, right)), "yours have 0"),
    "1 for none": (of_fused(lambda right, both, one, neither: np.where(neither, 1, right)), "yours have 1"),
    "NaN for none": (
        of_fused(lambda right, both, one, neither: np.where(neither, np.nan, right)),
        "yours have nan",
    ),
    "the first for none": (
        of_fused(lambda right, both, one, neither: np.where(neither, np.arange(right.shape[1]) == 0, right)),
        "yours choose the first",
    ),
    "equal where one is missing": (
        of_fused(lambda right, both, one, neither: np.where(one, 1 / right.shape[1], right)),
        "equally likely there",
    ),
    "0 where one is missing": (
        of_fused(lambda right, both, one, neither: np.where(both, right, 0)),
        "yours is 0 there",
    ),
    "mixed where one is missing": (
        of_fused(lambda right, both, one, neither: np.where(one, (right + 1 / right.shape[1]) / 2, right)),
        "mixed with equal shares",
    ),
    "halved where one is missing": (
        of_fused(lambda right, both, one, neither: np.where(one, normed(np.sqrt(right)), right)),
        "halved its logarithms",
    ),
    "doubled where one is missing": (
        of_fused(lambda right, both, one, neither: np.where(one, normed(right**2), right)),
        "doubled its logarithms",
    ),
    "not normed where one is missing": (unscaled_alone, "made to sum to 1 too"),
    "chosen where one is missing": (
        of_fused(lambda right, both, one, neither: np.where(one, one_hot(right), right)),
        "you chose a class",
    ),
    "filled with the mean": (filled, "the mean of the other rows|NaN"),
    "always the sound": (
        lambda h, s, a, b: np.where((a & b)[:, None], fuse(h, s, a, b), fuse(h, s, a, b & False)),
        "expected|the picture counts",
    ),
    "no largest": (joined(lambda a, b: normed(a * b)), "np.exp\\(-2000\\) is 0"),
    "one largest": (
        of_logs(lambda logs: normed(np.exp(logs - logs.max()))),
        "subtract from each row \\*its\\* largest",
    ),
    "an ε": (joined(lambda a, b: normed(a * b + 1e-30)), "np.exp\\(-2000\\) is 0"),
    "a floor": (floored(-700.0), "np.exp\\(-2000\\) is 0"),
    "probabilities with a floor": (
        joined(lambda a, b: normed(np.maximum(a, 1e-300) * np.maximum(b, 1e-5))),
        "expected|np.exp",
    ),
    "single precision of 16 bits": (
        lambda h, s, a, b: fuse(h.astype(np.float16), s.astype(np.float16), a, b),
        "expected|NaN",
    ),
    "not of one class": (lambda h, s, a, b: fuse(h, s, a, b).squeeze(), "length 1"),
    "flags along the classes": (
        lambda h, s, a, b: softmax(np.where(a, h, 0) + np.where(b, s, 0), axis=1),
        "expected|NaN|Two shapes|an axis for the classes",
    ),
    "flags as an axis before": (
        lambda h, s, a, b: softmax(
            np.where(a[:, None, None], h, 0) + np.where(b[:, None, None], s, 0), axis=-1
        ),
        "in another place makes more rows",
    ),
    "heard in place": (heard_in_place, "changed the arrays"),
    "flags in place": (flags_in_place, "changed the arrays"),
    "rounded": (lambda h, s, a, b: np.round(fuse(h, s, a, b), 1), "expected"),
    "equal shares": (lambda h, s, a, b: np.full(h.shape, 1 / h.shape[1]), "are your flags inverted"),
    "zeros": (lambda h, s, a, b: np.zeros(h.shape), "All is 0"),
    "whole numbers": (lambda h, s, a, b: fuse(h, s, a, b).astype(int), "fractions are lost"),
    "a copied example": (lambda h, s, a, b: np.array([[0.156, 0.75, 0.094], [0.5, 0.4, 0.1]]), "expected"),
    "identity": (lambda h, s, a, b: h, "expected"),
    "empty": (lambda h, s, a, b: [], "expected"),
    "no return": (lambda h, s, a, b: None, "without `return`"),
}

EXERCISES = {
    "9.1": (check.collapse, COLLAPSE_RIGHT, COLLAPSE_WRONG),
    "9.2": (check.ctc_log_probability, SUM_RIGHT, SUM_WRONG),
    "9.3": (check.can_be_learned, POSSIBLE_RIGHT, POSSIBLE_WRONG),
    "9.4": (check.word_error_rate, RATE_RIGHT, RATE_WRONG),
    "9.5": (check.noisy, NOISY_RIGHT, NOISY_WRONG),
    "9.6": (check.fused, FUSED_RIGHT, FUSED_WRONG),
}

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(EXERCISES)
