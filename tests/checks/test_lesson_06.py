"""Lesson 06's checks accept right answers of any style and reject wrong ones with the hint meant for them."""

import math

import numpy as np
from scipy.special import log_expit, log_softmax, logsumexp, softmax

from course_utils import evaluation, runtime
from course_utils.checks import lesson_06 as check
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
import tensorflow as tf  # noqa: E402
from keras import ops  # noqa: E402

from course_utils.alignment import contrastive  # noqa: E402

OWN = "calls `course_utils"

# --- 6.1 ----------------------------------------------------------------------------------------------------


def directions(logits, axes=(1, 0)):
    return np.stack([-np.diag(log_softmax(logits, axis=axis)) for axis in axes])


def loss_by_hand(similarities, temperature):
    """The course's solution: rows, then columns, each less its largest logit."""
    losses = []
    for logits in (similarities / temperature, similarities.T / temperature):
        logits = logits - logits.max(axis=1, keepdims=True)
        losses.append(np.log(np.exp(logits).sum(axis=1)) - np.diag(logits))
    return float(np.mean(losses))


def loss_by_loop(similarities, temperature):
    n, total = len(similarities), 0.0
    for i in range(n):
        for candidates in (similarities[i].tolist(), similarities[:, i].tolist()):
            highest = max(candidates)
            powers = sum(math.exp((one - highest) / temperature) for one in candidates)
            total += math.log(powers) - (candidates[i] - highest) / temperature
    return total / (2 * n)


def loss_by_keras(similarities, temperature):
    logits = ops.convert_to_tensor(similarities.astype("float32") / temperature)
    partners = ops.arange(len(similarities))
    losses = [
        keras.losses.sparse_categorical_crossentropy(partners, table, from_logits=True)
        for table in (logits, ops.transpose(logits))
    ]
    return ops.mean(ops.stack(losses))


def loss_by_tensorflow(similarities, temperature):
    logits = tf.constant(similarities) / temperature
    both = tf.nn.log_softmax(logits, axis=1) + tf.nn.log_softmax(logits, axis=0)
    return -tf.reduce_mean(tf.linalg.diag_part(both)) / 2


def loss_by_course(similarities, temperature):
    return float(contrastive.info_nce(similarities / temperature))


def naive_loss(similarities, temperature):
    powers = np.exp(similarities / temperature)
    rows, columns = (np.diag(powers / powers.sum(axis=axis, keepdims=True)) for axis in (1, 0))
    return -(np.log(rows).mean() + np.log(columns).mean()) / 2


def clipped_loss(similarities, temperature, low=1e-7, add=0.0):
    tables = [softmax(similarities / temperature, axis=axis) for axis in (0, 1)]
    return -np.mean([np.log(np.clip(np.diag(table), low, 1) + add) for table in tables])


def loss_less_largest_of_all(similarities, temperature):
    powers = np.exp((similarities - similarities.max()) / temperature)
    return np.mean([-np.log(np.diag(powers) / powers.sum(axis=axis)) for axis in (0, 1)])


def loss_without_partner(similarities, temperature):
    logits = similarities / temperature
    if len(logits) == 1:
        return 0.0
    others = np.where(np.eye(len(logits), dtype=bool), -np.inf, logits)
    return np.mean([logsumexp(others, axis=axis) - np.diag(logits) for axis in (0, 1)])


def loss_in_place(similarities, temperature):
    similarities /= temperature
    return directions(similarities).mean()


CONTRASTIVE_RIGHT = {
    "the course's solution": loss_by_hand,
    "loop": loss_by_loop,
    "Keras, single precision": loss_by_keras,
    "TensorFlow": loss_by_tensorflow,
    "SciPy": lambda s, t: directions(s / t).mean(),
    "an array without axes": lambda s, t: np.array(loss_by_hand(s, t)),
    "float32": lambda s, t: np.float32(directions(s.astype("float32") / np.float32(t)).mean()),
    "sum of logarithms": lambda s, t: (
        (logsumexp(s / t, axis=0) + logsumexp(s / t, axis=1) - 2 * np.diag(s) / t).mean() / 2
    ),
}
CONTRASTIVE_WRONG = {
    "the course's own": (loss_by_course, OWN),
    "rows only": (lambda s, t: directions(s / t)[0].mean(), "one direction only, from picture to text"),
    "columns only": (lambda s, t: directions(s / t)[1].mean(), "one direction only, from text to picture"),
    "the same axis twice": (lambda s, t: directions(s / t, (1, 1)).mean(), "axis 1, perhaps twice"),
    "transposed, with the other axis": (
        lambda s, t: (directions(s / t, (1,)).mean() + directions(s.T / t, (0,)).mean()) / 2,
        "axis 1, perhaps twice",
    ),
    "both added": (lambda s, t: directions(s / t).sum(axis=0).mean(), "take their \\*mean\\*"),
    "sum of everything": (lambda s, t: directions(s / t).sum(), "the mean of all 2n"),
    "sum over the pairs": (lambda s, t: directions(s / t).mean(axis=0).sum(), "5 times too large"),
    "divided twice": (lambda s, t: directions(s / t).mean() / len(s), "divided by 5 twice"),
    "temperature multiplied": (lambda s, t: directions(s * t).mean(), "multiplied by the temperature"),
    "temperature forgotten": (lambda s, t: directions(s).mean(), "temperature is missing"),
    "softmax over everything": (
        lambda s, t: -np.diag(log_softmax(s / t)).mean(),
        "give the softmax its axis",
    ),
    "exponentiated twice": (lambda s, t: directions(np.exp(s / t)).mean(), "exponentiated twice"),
    "bits": (lambda s, t: directions(s / t).mean() / np.log(2), "in bits"),
    "base 10": (lambda s, t: directions(s / t).mean() / np.log(10), "base 10"),
    "negative": (lambda s, t: -directions(s / t).mean(), "came out negative"),
    "no logarithm": (lambda s, t: 1 - np.exp(-directions(s / t)).mean(), "minus its logarithm"),
    "logarithm of the mean": (
        lambda s, t: -np.log(np.exp(-directions(s / t)).mean()),
        "the mean of the logarithms",
    ),
    "whole table": (
        lambda s, t: -(log_softmax(s / t, axis=0) + log_softmax(s / t, axis=1)).mean() / 2,
        "only partners count",
    ),
    "partner left out": (loss_without_partner, "partner is missing from the sum"),
    "overflow": (naive_loss, "subtract the largest|Subtract the largest"),
    "less the largest of all": (loss_less_largest_of_all, "largest logit of each row"),
    "clipped": (clipped_loss, "do not clip"),
    "a small number added": (lambda s, t: clipped_loss(s, t, 0, 1e-30), "add a small number"),
    "four pairs": (
        lambda s, t: directions(s / t)[:, :4].mean() if len(s) > 3 else directions(s / t).mean(),
        "You took four pairs only",
    ),
    "the example's temperature": (lambda s, t: directions(s / 0.2).mean(), "Your temperature is 0.2"),
    "the example's table": (
        lambda s, t: directions(np.array([[0.9, 0.6], [0.5, 0.8]]) / t).mean(),
        "the same for other numbers",
    ),
    "the example's result": (lambda s, t: 0.0846, "the same for other numbers"),
    "in place": (loss_in_place, "changed the arrays"),
    "one for each pair": (lambda s, t: directions(s / t).mean(axis=0), "mean left to be taken"),
    "a list": (lambda s, t: [loss_by_hand(s, t)], "Take the number out"),
    "identity": (lambda s, t: s, "expected one number"),
    "constant": (lambda s, t: 0.0, "the same for other numbers"),
    "what equal cosines give": (lambda s, t: math.log(len(s)), "the same for other numbers"),
    "no return": (lambda s, t: None, "without `return`"),
}

# --- 6.2 ----------------------------------------------------------------------------------------------------


def masked(similarities, ids, left_out=-np.inf):
    return np.where(ids[:, None] == ids, left_out, similarities)


def negatives(similarities, ids):
    """The course's solution: what belongs to the picture is set to −∞."""
    return np.where(ids[:, np.newaxis] == ids, -np.inf, similarities).argmax(axis=1)


def negatives_by_loop(similarities, ids):
    found = []
    for i, row in enumerate(similarities.tolist()):
        best = None
        for j, value in enumerate(row):
            if ids[j] != ids[i] and (best is None or value > row[best]):
                best = j
        found.append(best)
    return found


def negatives_by_places(similarities, ids):
    found = np.zeros(len(ids), "int32")
    for i, row in enumerate(similarities):
        places = np.flatnonzero(ids != ids[i])
        found[i] = places[row[places].argmax()]
    return found


def negatives_by_keras(similarities, ids):
    same = ops.equal(ops.expand_dims(ids, 1), ops.expand_dims(ids, 0))
    return ops.argmax(ops.where(same, -1e9, similarities.astype("float32")), axis=1)


def negatives_by_sorting(similarities, ids):
    order = np.argsort(-similarities, axis=1)
    return np.array([next(j for j in row if ids[j] != ids[i]) for i, row in enumerate(order)])


def negatives_in_place(similarities, ids):
    similarities[ids[:, None] == ids] = -np.inf
    return similarities.argmax(axis=1)


def started_at_text_0(similarities, ids, lowest=None):
    """Compare with the largest value so far, of text 0 at the start, or lowest."""
    found = []
    for i, row in enumerate(similarities):
        best, largest = 0, row[0] if lowest is None else lowest
        for j, value in enumerate(row):
            if ids[j] != ids[i] and value > largest:
                best, largest = j, value
        found.append(best)
    return np.array(found)


def only_the_partner(similarities, ids):
    copied = similarities.copy()
    np.fill_diagonal(copied, -np.inf)
    return copied.argmax(axis=1)


def reduced(similarities, ids):
    return np.array([row[ids != ids[i]].argmax() for i, row in enumerate(similarities)])


NEGATIVES_RIGHT = {
    "the course's solution": negatives,
    "loop": negatives_by_loop,
    "places": negatives_by_places,
    "Keras": negatives_by_keras,
    "TensorFlow": lambda s, ids: tf.argmax(tf.constant(masked(s, ids)), axis=1),
    "sorted": negatives_by_sorting,
    "less than any cosine": lambda s, ids: (s - 10 * (ids[:, None] == ids)).argmax(axis=1),
    "least of the negative": lambda s, ids: masked(-s, ids, np.inf).argmin(axis=1),
    "single precision": lambda s, ids: masked(s.astype("float32"), ids).argmax(axis=1),
    "lists": lambda s, ids: masked(s, ids).argmax(axis=1).tolist(),
}
NEGATIVES_WRONG = {
    "nothing left out": (lambda s, ids: s.argmax(axis=1), "Nothing was left out"),
    "the partner itself": (lambda s, ids: np.arange(len(ids)), "its own text, its partner"),
    "only the partner": (only_the_partner, "elsewhere in the batch with the same id"),
    "of each text": (lambda s, ids: masked(s, ids).argmax(axis=0), "hardest picture for each text"),
    "transposed": (lambda s, ids: negatives(s.T, ids), "hardest picture for each text"),
    "easiest": (lambda s, ids: masked(s, ids, np.inf).argmin(axis=1), "least similar"),
    "smallest": (lambda s, ids: masked(s, ids).argmin(axis=1), "least similar text"),
    "index among the left": (reduced, "count within the texts that were left"),
    "set to 0": (lambda s, ids: masked(s, ids, 0).argmax(axis=1), "not to 0"),
    "multiplied by 0": (lambda s, ids: (s * (ids[:, None] != ids)).argmax(axis=1), "not to 0"),
    "started at text 0": (started_at_text_0, "Your search starts with text 0"),
    "started at a largest value of 0": (
        lambda s, ids: started_at_text_0(s, ids, 0),
        "a largest value of 0 is never beaten",
    ),
    "less 1": (lambda s, ids: (s - (ids[:, None] == ids)).argmax(axis=1), "subtracting 1"),
    "second of all": (lambda s, ids: s.argsort(axis=1)[:, -2], "second most similar"),
    "ids for places": (lambda s, ids: ids[negatives(s, ids)], "asked is which text it is"),
    "mask turned round": (
        lambda s, ids: np.where(ids[:, None] == ids, s, -np.inf).argmax(axis=1),
        "\\*same\\* concept|its own text",
    ),
    "how similar": (lambda s, ids: masked(s, ids).max(axis=1), "`argmax` instead of `max`"),
    "how similar, in a list": (lambda s, ids: masked(s, ids).max(axis=1).tolist(), "instead of `max`"),
    "floats": (lambda s, ids: negatives(s, ids).astype(float), "Whole numbers are asked"),
    "the whole table": (lambda s, ids: masked(s, ids), "one hardest text"),
    "one of all": (lambda s, ids: masked(s, ids).argmax(), "give `argmax` its axis"),
    "axis kept": (lambda s, ids: masked(s, ids).argmax(axis=1, keepdims=True), "left over"),
    "only earlier ones": (
        lambda s, ids: np.where(np.tril(ids[:, None] == ids), -np.inf, s).argmax(axis=1),
        "are wrong",
    ),
    "in place": (negatives_in_place, "changed the arrays"),
    "identity": (lambda s, ids: ids, "expected"),
    "constant": (lambda s, ids: 0 * ids, "expected"),
    "empty": (lambda s, ids: [], "has shape \\(0,\\)"),
    "no return": (lambda s, ids: None, "without `return`"),
}

# --- 6.3 ----------------------------------------------------------------------------------------------------


def unit(vectors, axis=-1):
    return vectors / np.linalg.norm(vectors, axis=axis, keepdims=True)


def classify(pictures, prompts):
    """The course's solution: unit vectors, their mean, its unit vector, the highest cosine."""
    prompts = prompts / np.linalg.norm(prompts, axis=-1, keepdims=True)
    classes = prompts.mean(axis=1)
    classes = classes / np.linalg.norm(classes, axis=-1, keepdims=True)
    return (pictures @ classes.T).argmax(axis=1)


def cosine(a, b):
    return sum(x * y for x, y in zip(a, b, strict=True)) / math.hypot(*a) / math.hypot(*b)


def classify_by_loop(pictures, prompts):
    means = []
    for templates in prompts.tolist():
        units = [[x / math.hypot(*prompt) for x in prompt] for prompt in templates]
        means.append([sum(column) / len(units) for column in zip(*units, strict=True)])
    found = []
    for picture in pictures.tolist():
        cosines = [cosine(picture, mean) for mean in means]
        found.append(cosines.index(max(cosines)))
    return found


def classify_by_keras(pictures, prompts):
    prompts = ops.normalize(ops.convert_to_tensor(prompts.astype("float32")), axis=-1)
    classes = ops.normalize(ops.mean(prompts, axis=1), axis=-1)
    pictures = ops.normalize(ops.convert_to_tensor(pictures.astype("float32")), axis=-1)
    return ops.argmax(ops.matmul(pictures, ops.transpose(classes)), axis=1)


def classify_by_tensorflow(pictures, prompts):
    classes = tf.nn.l2_normalize(
        tf.reduce_sum(tf.nn.l2_normalize(prompts, axis=-1, epsilon=1e-30), axis=1), axis=-1
    )
    return tf.argmax(tf.einsum("nd,cd->nc", pictures, classes), axis=1)


def classify_by_distance(pictures, prompts):
    classes = unit(unit(prompts).mean(axis=1))
    return np.linalg.norm(unit(pictures)[:, None] - classes, axis=-1).argmin(axis=1)


def classify_by_course(pictures, prompts):
    classes = unit(prompts).mean(axis=1)
    return np.asarray(contrastive.cosine_similarities(pictures, classes)).argmax(axis=1)


def each_cosine(pictures, prompts):
    return np.einsum("nd,ctd->nct", unit(pictures), unit(prompts))


def across(pictures, prompts, axis):
    classes = unit(unit(prompts, axis).mean(axis=1))
    return (pictures @ classes.T).argmax(axis=1)


def voted(pictures, prompts):
    winners = each_cosine(pictures, prompts).argmax(axis=1)  # (n, templates)
    return np.array([np.bincount(row).argmax() for row in winners])


def classify_in_place(pictures, prompts):
    prompts /= np.linalg.norm(prompts, axis=-1, keepdims=True)
    return classify(pictures, prompts)


PROMPT_RIGHT = {
    "the course's solution": classify,
    "loop": classify_by_loop,
    "Keras, single precision": classify_by_keras,
    "TensorFlow, sum for the mean": classify_by_tensorflow,
    "nearest of unit vectors": classify_by_distance,
    "nearest of unit vectors, pictures of any length": lambda p, q: np.linalg.norm(
        p[:, None] - unit(unit(q).mean(axis=1)), axis=2
    ).argmin(axis=1),
    "pictures normalised too": lambda p, q: (unit(p) @ unit(unit(q).mean(axis=1)).T).argmax(axis=1),
    "probabilities": lambda p, q: softmax(100 * unit(p) @ unit(unit(q).mean(axis=1)).T, axis=1).argmax(
        axis=1
    ),
    "single precision": lambda p, q: classify(p.astype("float32"), q.astype("float32")).astype("int32"),
    "lists": lambda p, q: classify(p, q).tolist(),
    "the course's cosines": classify_by_course,
}
PROMPT_WRONG = {
    "mean not of unit length": (
        lambda p, q: (p @ unit(q).mean(axis=1).T).argmax(axis=1),
        "divide each class's mean by its length",
    ),
    "mean of the cosines": (
        lambda p, q: each_cosine(p, q).mean(axis=2).argmax(axis=1),
        "averaged the cosines over the templates",
    ),
    "prompts not of unit length": (
        lambda p, q: (unit(p) @ unit(q.mean(axis=1)).T).argmax(axis=1),
        "\\*before\\* the mean\\.",
    ),
    "nothing of unit length": (
        lambda p, q: (p @ q.mean(axis=1).T).argmax(axis=1),
        "\\*before\\* the mean, and the mean",
    ),
    "length of the whole array": (
        lambda p, q: (p @ unit((q / np.linalg.norm(q)).mean(axis=1)).T).argmax(axis=1),
        "divide every prompt by its own length",
    ),
    "best template": (lambda p, q: each_cosine(p, q).max(axis=2).argmax(axis=1), "single best prompt"),
    "lowest": (lambda p, q: (p @ unit(unit(q).mean(axis=1)).T).argmin(axis=1), "lowest cosine"),
    "over the classes": (
        lambda p, q: (p @ unit(unit(q).mean(axis=0)).T).argmax(axis=1),
        "averaged over the classes",
    ),
    "over the classes, not of unit length": (
        lambda p, q: (p @ unit(q).mean(axis=0).T).argmax(axis=1),
        "averaged over the classes",
    ),
    "first template": (lambda p, q: classify(p, q[:, :1]), "first template"),
    "sums of the sizes for lengths": (
        lambda p, q: (p @ unit((q / np.abs(q).sum(axis=-1, keepdims=True)).mean(axis=1)).T).argmax(axis=1),
        "expected",
    ),
    "vote": (voted, "let the templates vote"),
    "all prompts": (
        lambda p, q: (p @ unit(q).reshape(-1, q.shape[-1]).T).argmax(axis=1),
        "count all 24 prompts",
    ),
    "distance": (
        lambda p, q: np.linalg.norm(p[:, None] - unit(q).mean(axis=1), axis=2).argmin(axis=1),
        "nearest class by distance",
    ),
    "distance of unit vectors to the mean": (
        lambda p, q: np.linalg.norm(unit(p)[:, None] - unit(q).mean(axis=1), axis=2).argmin(axis=1),
        "nearest class by distance",
    ),
    "distance to the mean of the prompts": (
        lambda p, q: np.linalg.norm(p[:, None] - q.mean(axis=1), axis=2).argmin(axis=1),
        "nearest class by distance",
    ),
    "prompts divided along the templates": (
        lambda p, q: across(p, q, 1),
        "Your prompts were divided along another axis",
    ),
    "prompts divided along the classes": (
        lambda p, q: across(p, q, 0),
        "Your prompts were divided along another axis",
    ),
    "pictures divided along axis 0": (
        lambda p, q: classify(unit(p, axis=0), q),
        "Your pictures were divided along axis 0",
    ),
    "best picture of each class": (
        lambda p, q: (p @ unit(unit(q).mean(axis=1)).T).argmax(axis=0),
        "highest class of each \\*picture\\*",
    ),
    "scores": (lambda p, q: unit(p) @ unit(unit(q).mean(axis=1)).T, "Those are scores"),
    "how similar": (
        lambda p, q: (unit(p) @ unit(unit(q).mean(axis=1)).T).max(axis=1),
        "`argmax` instead of `max`",
    ),
    "one for all": (lambda p, q: (p @ unit(unit(q).mean(axis=1)).T).argmax(), "give `argmax` its axis"),
    "floats": (lambda p, q: classify(p, q).astype(float), "Whole numbers are asked"),
    "squeezed": (lambda p, q: classify(p, q).squeeze(), "of length 1 is gone|for \\*each\\* picture"),
    "in place": (classify_in_place, "changed the arrays"),
    "identity": (lambda p, q: p, "has shape"),
    "constant": (lambda p, q: np.zeros(len(p), int), "expected"),
    "empty": (lambda p, q: [], "has shape \\(0,\\)"),
    "no return": (lambda p, q: None, "without `return`"),
}


# --- 6.4 ----------------------------------------------------------------------------------------------------


def best_right(scores, right):
    return np.where(right, scores, -np.inf).max(axis=1, keepdims=True)


def ranked(scores, right):
    """The course's solution: wrong items that score at least as high as the best right one."""
    best = np.where(right, scores, -np.inf).max(axis=1, keepdims=True)
    return 1 + ((scores >= best) & ~right).sum(axis=1)


def ranked_by_loop(scores, right):
    ranks = []
    for row, is_right in zip(scores.tolist(), right.tolist(), strict=True):
        best = max(score for score, yes in zip(row, is_right, strict=True) if yes)
        ranks.append(1 + sum(score >= best and not yes for score, yes in zip(row, is_right, strict=True)))
    return ranks


def ranked_by_sorting(scores, right):
    """Sorts by score, wrong items before right ones of the same score."""
    return np.array(
        [1 + int(yes[np.lexsort((yes, -row))].argmax()) for row, yes in zip(scores, right, strict=True)]
    )


def ranked_by_keras(scores, right):
    scores = ops.convert_to_tensor(scores.astype("float32"))
    best = ops.max(ops.where(right, scores, -1e30), axis=1, keepdims=True)
    wrong = ops.logical_and(scores >= best, ops.logical_not(right))
    return 1 + ops.sum(ops.cast(wrong, "int32"), axis=1)


def ranked_by_search(scores, right):
    found = np.zeros(len(scores), int)
    for i, row in enumerate(scores):
        wrong = np.sort(row[~right[i]])
        found[i] = 1 + len(wrong) - np.searchsorted(wrong, row[right[i]].max(), side="left")
    return found


def ranked_by_course(scores, right):
    return evaluation.ranks(scores, right)


def argsorted(scores, right, order):
    return np.array([1 + yes[order(row)].argmax() for row, yes in zip(scores, right, strict=True)])


def ranked_among_distinct(scores, right):
    wrong = [set(row[~yes & (row >= row[yes].max())]) for row, yes in zip(scores, right, strict=True)]
    return np.array([1 + len(higher) for higher in wrong])


def average_ranks(scores, right):
    return (ranked(scores, right) + kindest(scores, right)) / 2


def kindest(scores, right):
    return 1 + ((scores > best_right(scores, right)) & ~right).sum(axis=1)


def first_listed(scores, right):
    return scores[np.arange(len(scores)), right.argmax(axis=1)][:, None]


def ranked_in_place(scores, right):
    scores[right] += 1e-12
    return ranked(scores, right)


RANKS_RIGHT = {
    "the course's solution": ranked,
    "loop": ranked_by_loop,
    "sorted, wrong ones first": ranked_by_sorting,
    "search among the wrong": ranked_by_search,
    "Keras": ranked_by_keras,
    "largest over the right, masked": lambda s, r: (
        1 + np.sum(~r & (s >= np.ma.array(s, mask=~r).max(axis=1).filled(0)[:, None]), axis=1)
    ),
    "single precision": lambda s, r: ranked(s.astype("float32"), r).astype("int32"),
    "least of the negative": lambda s, r: (
        1 + ((-s <= np.where(r, -s, np.inf).min(axis=1, keepdims=True)) & ~r).sum(axis=1)
    ),
    "tensors": lambda s, r: tf.constant(ranked(s, r)),
}
RANKS_WRONG = {
    "the course's own": (ranked_by_course, OWN),
    "ties in favour": (kindest, "ties in the model's favour"),
    "from 0": (lambda s, r: ranked(s, r) - 1, "begin at 0: the first place is 1, .* before it\\.$"),
    "from 0, ties in favour": (lambda s, r: kindest(s, r) - 1, "begin at 0.*And ties"),
    "worst": (
        lambda s, r: 1 + ((s >= np.where(r, s, np.inf).min(axis=1, keepdims=True)) & ~r).sum(axis=1),
        "the worst right item",
    ),
    "other right ones are wrong": (
        lambda s, r: (s >= best_right(s, r)).sum(axis=1),
        "Another right item",
    ),
    "the right one itself": (lambda s, r: 1 + (s >= best_right(s, r)).sum(axis=1), "right item itself"),
    "first listed": (
        lambda s, r: 1 + ((s >= first_listed(s, r)) & ~r).sum(axis=1),
        "listed first, .* the highest score counts\\.$",
    ),
    "first listed among all": (
        lambda s, r: (s >= first_listed(s, r)).sum(axis=1),
        "other right items are no wrong ones",
    ),
    "argsort of the negative": (
        lambda s, r: argsorted(s, r, lambda row: (-row).argsort(kind="stable")),
        "which of them a sort put first",
    ),
    "argsort turned round": (
        lambda s, r: argsorted(s, r, lambda row: row.argsort()[::-1]),
        "which of them a sort put first",
    ),
    "argsort turned round, from 0": (
        lambda s, r: argsorted(s, r, lambda row: row.argsort()[::-1]) - 1,
        "begin at 0.*a sort put first",
    ),
    "argsort ascending": (lambda s, r: argsorted(s, r, np.argsort), "items that score lower"),
    "average of ties": (average_ranks, "Whole numbers are asked"),
    "lower": (lambda s, r: 1 + ((s <= best_right(s, r)) & ~r).sum(axis=1), "items that score lower"),
    "distances": (
        lambda s, r: 1 + ((s <= np.where(r, s, np.inf).min(axis=1, keepdims=True)) & ~r).sum(axis=1),
        "items that score lower",
    ),
    "0 for wrong": (
        lambda s, r: 1 + ((s >= (s * r).max(axis=1, keepdims=True)) & ~r).sum(axis=1),
        "Wrong items became 0",
    ),
    "along the queries": (
        lambda s, r: 1 + ((s >= best_right(s, r)) & ~r).sum(axis=0),
        "a row is a query",
    ),
    "almost equal": (
        lambda s, r: 1 + (((s > best_right(s, r)) | np.isclose(s, best_right(s, r))) & ~r).sum(axis=1),
        "merely close",
    ),
    "distinct scores": (ranked_among_distinct, "expected"),
    "one over the rank": (lambda s, r: 1 / ranked(s, r), "1 / rank"),
    "floats": (lambda s, r: ranked(s, r).astype(float), "Whole numbers are asked"),
    "a rank for every item": (lambda s, r: (-s).argsort(axis=1).argsort(axis=1) + 1, "Every item has a rank"),
    "sum of all": (lambda s, r: 1 + ((s >= best_right(s, r)) & ~r).sum(), "One rank for each query"),
    "axis kept": (
        lambda s, r: 1 + ((s >= best_right(s, r)) & ~r).sum(axis=1, keepdims=True),
        "left over",
    ),
    "in place": (ranked_in_place, "changed the arrays"),
    "identity": (lambda s, r: s, "Every item has a rank"),
    "constant": (lambda s, r: np.ones(len(s), int), "All of your numbers are 1"),
    "empty": (lambda s, r: [], "has shape \\(0,\\)"),
    "no return": (lambda s, r: None, "without `return`"),
}

# --- 6.5 ----------------------------------------------------------------------------------------------------


def signs(similarities):
    return 2 * np.eye(len(similarities)) - 1


def summed(signed):
    return np.logaddexp(0, -signed).sum() / len(signed)


def sigmoid_by_hand(similarities, temperature, bias):
    """The course's solution: −log σ(x) = log(1 + exp(−x)), which `logaddexp` computes without overflow."""
    y = 2 * np.eye(len(similarities)) - 1
    return float(np.logaddexp(0, -y * (similarities / temperature + bias)).sum() / len(similarities))


def sigmoid_by_loop(similarities, temperature, bias):
    total = 0.0
    for i, row in enumerate(similarities.tolist()):
        for j, similarity in enumerate(row):
            x = (similarity / temperature + bias) * (1 if i == j else -1)
            total += max(-x, 0) + math.log1p(math.exp(-abs(x)))
    return total / len(similarities)


def sigmoid_by_keras(similarities, temperature, bias):
    logits = ops.convert_to_tensor((similarities / temperature + bias).astype("float32"))
    signed = ops.where(ops.eye(len(similarities), dtype="bool"), logits, -logits)
    return -ops.sum(ops.log_sigmoid(signed)) / len(similarities)


def sigmoid_by_tensorflow(similarities, temperature, bias):
    logits = tf.constant(similarities / temperature + bias)
    partners = tf.eye(len(similarities), dtype=logits.dtype)
    table = tf.nn.sigmoid_cross_entropy_with_logits(partners, logits)
    return tf.reduce_mean(tf.reduce_sum(table, axis=1))


def sigmoid_by_cross_entropy(similarities, temperature, bias):
    logits = similarities / temperature + bias
    return keras.losses.binary_crossentropy(np.eye(len(logits)), logits, from_logits=True).numpy().sum()


def sigmoid_by_course(similarities, temperature, bias):
    return float(contrastive.sigmoid_loss(similarities / temperature + bias))


def naive_sigmoid(similarities, temperature, bias, low=0.0):
    probabilities = 1 / (1 + np.exp(-signs(similarities) * (similarities / temperature + bias)))
    return -np.log(np.maximum(probabilities, low)).sum() / len(similarities)


def sigmoid_in_place(similarities, temperature, bias):
    similarities /= temperature
    return sigmoid_by_hand(similarities, 1, bias)


def softplus_without_care(similarities, temperature, bias):
    return np.log1p(np.exp(-signs(similarities) * (similarities / temperature + bias))).sum() / len(
        similarities
    )


def two_means(s, t, b):
    losses = np.logaddexp(0, -signs(s) * (s / t + b))
    apart = losses[signs(s) < 0]
    return np.diag(losses).mean() + (apart.mean() if len(apart) else 0)


SIGMOID_RIGHT = {
    "the course's solution": sigmoid_by_hand,
    "loop": sigmoid_by_loop,
    "Keras, single precision": sigmoid_by_keras,
    "TensorFlow's cross-entropy": sigmoid_by_tensorflow,
    "Keras's cross-entropy": sigmoid_by_cross_entropy,
    "SciPy": lambda s, t, b: -log_expit(signs(s) * (s / t + b)).sum() / len(s),
    "an array without axes": lambda s, t, b: np.array(sigmoid_by_hand(s, t, b)),
    "float32": lambda s, t, b: np.float32(sigmoid_by_hand(s.astype("float32"), t, b)),
    "sums of rows": lambda s, t, b: np.logaddexp(0, -signs(s) * (s / t + b)).sum(axis=1).mean(),
}
SIGMOID_WRONG = {
    "the course's own": (sigmoid_by_course, OWN),
    "mean of all": (lambda s, t, b: sigmoid_by_hand(s, t, b) / len(s), "divided by all n² = 25 pairs"),
    "sum": (lambda s, t, b: sigmoid_by_hand(s, t, b) * len(s), "not divided by n = 5"),
    "y of 0 and 1": (lambda s, t, b: summed(np.eye(len(s)) * (s / t + b)), "y is 0 off the diagonal"),
    "partners only": (
        lambda s, t, b: np.logaddexp(0, -np.diag(s / t + b)).mean(),
        "Only partners count",
    ),
    "no partners": (
        lambda s, t, b: (np.logaddexp(0, s / t + b) * (signs(s) < 0)).sum() / len(s),
        "Partners are missing",
    ),
    "two means": (two_means, "one sum over the table"),
    "all partners": (lambda s, t, b: summed(s / t + b), "All pairs are taken for partners"),
    "turned round": (lambda s, t, b: summed(-signs(s) * (s / t + b)), "sign is turned round"),
    "bias subtracted": (lambda s, t, b: sigmoid_by_hand(s, t, -b), "bias has the wrong sign"),
    "bias without y": (lambda s, t, b: summed(signs(s) * s / t + b), "y multiplies the bias as well"),
    "bias forgotten": (lambda s, t, b: sigmoid_by_hand(s, t, 0), "bias is missing"),
    "bias divided": (lambda s, t, b: sigmoid_by_hand(s + b, t, 0), "bias is divided"),
    "temperature multiplied": (
        lambda s, t, b: sigmoid_by_hand(s, 1 / t, b),
        "multiplied by the temperature",
    ),
    "temperature forgotten": (lambda s, t, b: sigmoid_by_hand(s, 1, b), "temperature is missing"),
    "bits": (lambda s, t, b: sigmoid_by_hand(s, t, b) / np.log(2), "in bits"),
    "negative": (lambda s, t, b: -sigmoid_by_hand(s, t, b), "came out negative"),
    "no logarithm": (
        lambda s, t, b: (1 - 1 / (1 + np.exp(-signs(s) * (s / t + b)))).sum() / len(s),
        "one minus the probabilities",
    ),
    "probabilities": (
        lambda s, t, b: -(1 / (1 + np.exp(-signs(s) * (s / t + b)))).sum() / len(s),
        "You summed probabilities",
    ),
    "four pairs": (lambda s, t, b: sigmoid_by_hand(s, t, b) * len(s) / 4, "You divided by 4"),
    "the example's bias": (lambda s, t, b: sigmoid_by_hand(s, t, -5), "Your bias is −5"),
    "the example's temperature": (lambda s, t, b: sigmoid_by_hand(s, 0.1, b), "Your temperature is 0.1"),
    "bias outside": (lambda s, t, b: sigmoid_by_hand(s, t, 0) + b, "outside of the logarithm"),
    "bias outside of each logarithm": (
        lambda s, t, b: (np.logaddexp(0, -signs(s) * s / t) - b).sum() / len(s),
        "outside of the logarithm",
    ),
    "the example's result": (lambda s, t, b: 0.5214, "the same for other numbers"),
    "logits clipped": (
        lambda s, t, b: summed(signs(s) * np.clip(s / t + b, -500, 500)),
        "do not clip",
    ),
    "contrastive": (lambda s, t, b: directions(s / t + b).mean(), "contrastive loss, with a softmax"),
    "overflow": (naive_sigmoid, "np.logaddexp"),
    "overflow in the softplus": (softplus_without_care, "np.logaddexp"),
    "clipped": (lambda s, t, b: naive_sigmoid(s, t, b, 1e-12), "do not clip"),
    "in place": (sigmoid_in_place, "changed the arrays"),
    "one for each pair": (
        lambda s, t, b: np.logaddexp(0, -signs(s) * (s / t + b)).sum(axis=1),
        "mean left to be taken",
    ),
    "identity": (lambda s, t, b: s, "expected one number"),
    "constant": (lambda s, t, b: 0.0, "the same for other numbers"),
    "no return": (lambda s, t, b: None, "without `return`"),
}

# --- 6.6 ----------------------------------------------------------------------------------------------------


def compared(scores, text=np.greater, image=np.greater):
    """Whether each picture has the right caption and each caption the right picture, bool (n, 2) each."""
    own, other = scores[:, [0, 1], [0, 1]], scores[:, [1, 0], [0, 1]]
    return text(own, other), image(own, other[:, ::-1])


def shares(scores, **comparisons):
    """The course's solution, in other words: all four comparisons of an example, then means."""
    text, image = (part.all(axis=1) for part in compared(scores, **comparisons))
    return text.mean(), image.mean(), (text & image).mean()


def shares_by_hand(scores):
    right = scores[:, 0, 0], scores[:, 1, 1]
    text = (right[0] > scores[:, 1, 0]) & (right[1] > scores[:, 0, 1])
    image = (right[0] > scores[:, 0, 1]) & (right[1] > scores[:, 1, 0])
    return float(text.mean()), float(image.mean()), float((text & image).mean())


def shares_by_loop(scores):
    counts = [0, 0, 0]
    for (a, b), (c, d) in scores.tolist():
        text, image = a > c and d > b, a > b and d > c
        counts = [old + new for old, new in zip(counts, (text, image, text and image), strict=True)]
    return [count / len(scores) for count in counts]


def shares_by_keras(scores):
    scores = ops.convert_to_tensor(scores.astype("float32"))
    a, b, c, d = scores[:, 0, 0], scores[:, 0, 1], scores[:, 1, 0], scores[:, 1, 1]
    text, image = (
        ops.logical_and(a > c, d > b),
        ops.logical_and(a > b, d > c),
    )
    return tuple(ops.mean(ops.cast(part, "float32")) for part in (text, image, ops.logical_and(text, image)))


def shares_by_margins(scores):
    own = np.diagonal(scores, axis1=1, axis2=2)
    other = np.diagonal(scores[:, ::-1], axis1=1, axis2=2)  # by picture
    text, image = ((own - part).min(axis=1) > 0 for part in (other, other[:, ::-1]))
    return np.array([text.mean(), image.mean(), np.minimum(text, image).mean()])


def shares_by_course(scores):
    return tuple(part.mean() for part in evaluation.winoground(scores).values())


def shares_by_argmax(scores):
    text = (scores.argmax(axis=1) == [0, 1]).all(axis=1)
    image = (scores.argmax(axis=2) == [0, 1]).all(axis=1)
    return text.mean(), image.mean(), (text & image).mean()


def with_group(make):
    def answer(scores):
        text, image = shares(scores)[:2]
        return text, image, make(text, image)

    return answer


def shares_by_half(scores, half):
    text, image = (part[:, half] for part in compared(scores))
    return text.mean(), image.mean(), (text & image).mean()


def shares_of_sums(scores):
    own, other = np.trace(scores, axis1=1, axis2=2), scores[:, 0, 1] + scores[:, 1, 0]
    return (*shares(scores)[:2], (own > other).mean()), (own > other).mean()


def shares_in_place(scores):
    scores -= scores.mean()
    return shares(scores)


SHARES_RIGHT = {
    "the course's solution": shares_by_hand,
    "compared at once": shares,
    "loop": shares_by_loop,
    "Keras, single precision": shares_by_keras,
    "margins, one array": shares_by_margins,
    "TensorFlow": lambda s: tf.constant(shares(s)),
    "arrays without axes": lambda s: [np.array(part) for part in shares(s)],
}
SHARES_WRONG = {
    "the course's own": (shares_by_course, OWN),
    "at least": (lambda s: shares(s, text=np.greater_equal, image=np.greater_equal), "Ties count against"),
    "text at least": (lambda s: shares(s, text=np.greater_equal), "Ties count against"),
    "image at least": (lambda s: shares(s, image=np.greater_equal), "Ties count against"),
    "group at least": (
        lambda s: (*shares(s)[:2], shares(s, text=np.greater_equal, image=np.greater_equal)[2]),
        "Ties count against",
    ),
    "almost equal": (
        lambda s: shares(s, image=lambda own, other: (own > other) & ~np.isclose(own, other)),
        "merely close",
    ),
    "argmax": (shares_by_argmax, "no `argmax`"),
    "exchanged": (lambda s: (shares(s)[1], shares(s)[0], shares(s)[2]), "Text and image are exchanged"),
    "axes exchanged": (lambda s: shares(s.swapaxes(1, 2)), "Text and image are exchanged"),
    "product of means": (with_group(lambda text, image: text * image), "product of the two means"),
    "mean of both": (with_group(lambda text, image: (text + image) / 2), "not the mean of the two"),
    "smaller of both": (with_group(min), "the smaller of the two"),
    "one of the two": (
        lambda s: (*shares(s)[:2], shares(s)[0] + shares(s)[1] - shares(s)[2]),
        "where one of the two is",
    ),
    "group as text": (with_group(lambda text, image: text), "yours is the text score"),
    "group as image": (with_group(lambda text, image: image), "yours is the image score"),
    "group of sums": (lambda s: shares_of_sums(s)[0], "not one of sums"),
    "sums": (lambda s: (shares_of_sums(s)[1],) * 3, "compared the sums"),
    "each half": (
        lambda s: (*(part.mean() for part in compared(s)), shares(s)[2]),
        "Each half was counted",
    ),
    "each half of the group": (
        lambda s: (*shares(s)[:2], (compared(s)[0] & compared(s)[1]).mean()),
        "all four comparisons",
    ),
    "one half right": (
        lambda s: (*(part.any(axis=1).mean() for part in compared(s)), shares(s)[2]),
        "`all` instead of `any`",
    ),
    "first half": (lambda s: shares_by_half(s, 0), "Only one half"),
    "second half": (lambda s: shares_by_half(s, 1), "Only one half"),
    "turned round": (lambda s: shares(s, text=np.less, image=np.less), "comparison is turned round"),
    "counts": (lambda s: tuple(len(s) * part for part in shares(s)), "how many of the 300"),
    "divided by the example's two": (
        lambda s: tuple(len(s) * part / 2 for part in shares(s)),
        "divided by 2",
    ),
    "the example's result": (lambda s: (1.0, 0.5, 0.5), "the same for other numbers"),
    "group counted": (lambda s: (*shares(s)[:2], len(s) * shares(s)[2]), "how many of the 300"),
    "percentages": (lambda s: tuple(100 * part for part in shares(s)), "percentage"),
    "for each example": (lambda s: compared(s), "found 2"),
    "three for each example": (
        lambda s: tuple(part.all(axis=1) for part in (*compared(s), compared(s)[0] & compared(s)[1])),
        "mean left to be taken",
    ),
    "a dictionary": (lambda s: dict(zip("tig", shares(s), strict=True)), "found a dictionary"),
    "two": (lambda s: shares(s)[:2], "Return three things"),
    "in place": (shares_in_place, "changed the arrays"),
    "identity": (lambda s: s, "found one array|Return three"),
    "constant": (lambda s: (0.25, 0.25, 1 / 6), "the same for other numbers"),
    "empty": (lambda s: [], "Return three things"),
    "no return": (lambda s: None, "without `return`"),
}

EXERCISES = {
    "6.1": (check.contrastive_loss, CONTRASTIVE_RIGHT, CONTRASTIVE_WRONG),
    "6.2": (check.hardest_negatives, NEGATIVES_RIGHT, NEGATIVES_WRONG),
    "6.3": (check.classify_by_prompt, PROMPT_RIGHT, PROMPT_WRONG),
    "6.4": (check.first_right_ranks, RANKS_RIGHT, RANKS_WRONG),
    "6.5": (check.sigmoid_loss, SIGMOID_RIGHT, SIGMOID_WRONG),
    "6.6": (check.swapped_scores, SHARES_RIGHT, SHARES_WRONG),
}

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(EXERCISES)
