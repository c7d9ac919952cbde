"""Lesson 11's checks accept right answers of any style and reject wrong ones with their own hint."""

import math
import random

import numpy as np

from course_utils import runtime
from course_utils.checks import lesson_11 as check
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers, ops  # noqa: E402


def of(answer, change):
    """An answer made of another one's result."""
    return lambda *given: change(answer(*given))


# --- 11.1: nested subsets


def own_subsets(labels, counts, seed):
    rng = np.random.default_rng(seed)
    turn = np.empty(len(labels), int)
    for label in np.unique(labels):
        places = np.flatnonzero(labels == label)
        turn[places] = rng.permutation(len(places))
    return {count: np.flatnonzero(turn < count) for count in counts}


def subsets_by_shuffle(labels, counts, seed):
    """Python's own generator, and lists."""
    draw, groups = random.Random(seed), {}
    for place, label in enumerate(labels.tolist()):
        groups.setdefault(label, []).append(place)
    for group in groups.values():
        draw.shuffle(group)
    return {count: sorted(i for group in groups.values() for i in group[:count]) for count in counts}


def subsets_by_one_order(labels, counts, seed):
    """One random order of all items, of which each class's first are taken."""
    taken, chosen = {}, {count: [] for count in counts}
    for place in np.random.default_rng(seed).permutation(len(labels)):
        number = taken[labels[place]] = taken.get(labels[place], 0) + 1
        for count in counts:
            if number <= count:
                chosen[count].append(place)
    return {count: np.sort(places) for count, places in chosen.items()}


def subsets_from_the_largest(labels, counts, seed):
    """Each subset is drawn from the next larger one."""
    rng, pool, result = np.random.default_rng(seed), np.arange(len(labels)), {}
    for count in reversed(counts):
        parts = []
        for label in set(labels.tolist()):
            places = pool[labels[pool] == label]
            parts.append(rng.choice(places, min(count, len(places)), replace=False))
        result[count] = pool = np.sort(np.concatenate(parts))
    return result


def subsets_by_random_numbers(labels, counts, seed):
    np.random.seed(seed)
    luck = np.random.rand(len(labels))
    rank = np.array([((labels == labels[i]) & (luck < luck[i])).sum() for i in range(len(labels))])
    return {count: np.where(rank < count)[0] for count in counts}


def drawn(
    classes=lambda labels: np.unique(labels),
    pick=lambda places, count, rng: places[:count],
    order=lambda rng, places: rng.permutation(places),
    generator=np.random.default_rng,
    join=lambda parts: np.sort(np.concatenate(parts)),
):
    """An answer that differs in one step."""

    def answer(labels, counts, seed):
        rng = generator(seed)
        orders = [order(rng, np.flatnonzero(labels == label)) for label in classes(labels)]
        return {count: join([pick(places, count, rng) for places in orders]) for count in counts}

    return answer


def subsets_drawn_anew(labels, counts, seed):
    return {count: own_subsets(labels, [count], seed + count)[count] for count in counts}


def subsets_with_replacement(labels, counts, seed):
    rng = np.random.default_rng(seed)
    parts = {
        count: [rng.choice(np.flatnonzero(labels == one), count) for one in np.unique(labels)]
        for count in counts
    }
    return {count: np.sort(np.concatenate(places)) for count, places in parts.items()}


def subsets_in_all(labels, counts, seed):
    order = np.random.default_rng(seed).permutation(len(labels))
    return {count: np.sort(order[:count]) for count in counts}


def subsets_of_places_in_class(labels, counts, seed):
    rng = np.random.default_rng(seed)
    orders = [rng.permutation((labels == label).sum()) for label in np.unique(labels)]
    return {count: np.sort(np.concatenate([order[:count] for order in orders])) for count in counts}


def subsets_in_place(labels, counts, seed):
    result = own_subsets(labels, counts, seed)
    labels.sort()
    return result


def subsets_of_counts_in_place(labels, counts, seed):
    result = own_subsets(labels, counts, seed)
    counts.clear()
    return result


def subsets_of_the_last_class(labels, counts, seed):
    rng, result = np.random.default_rng(seed), {}
    for label in np.unique(labels):
        places = rng.permutation(np.flatnonzero(labels == label))
        result = {count: np.sort(places[:count]) for count in counts}
    return result


def subsets_by_choice(labels, counts, seed):
    rng = np.random.default_rng(seed)
    return {
        count: np.sort(
            np.concatenate(
                [rng.choice(np.flatnonzero(labels == one), count, replace=False) for one in np.unique(labels)]
            )
        )
        for count in counts
    }


def each(change):
    """Changes every subset of the lesson's answer."""
    return of(own_subsets, lambda found: {count: change(places) for count, places in found.items()})


SUBSETS = (
    check.subsets,
    {
        "the lesson's": own_subsets,
        "shuffle, lists": subsets_by_shuffle,
        "one order": subsets_by_one_order,
        "from the largest": subsets_from_the_largest,
        "random numbers": subsets_by_random_numbers,
        "step by step": drawn(),
        "tensors": each(ops.convert_to_tensor),
        "the same order for each class": lambda labels, counts, seed: drawn(
            order=lambda _, places: np.random.default_rng(seed).permutation(places)
        )(labels, counts, seed),
    },
    {
        "not sorted": (drawn(join=np.concatenate), "is not sorted"),
        "descending": (each(lambda places: places[::-1]), "is not sorted"),
        "first ones": (drawn(order=lambda rng, places: places), "the first items of each class"),
        "last ones": (drawn(order=lambda rng, places: places[::-1]), "the last items of each class"),
        "seed ignored": (drawn(generator=lambda seed: np.random.default_rng(7)), "default_rng. get your"),
        "no seed": (drawn(generator=lambda seed: np.random.default_rng()), "same seed gave other"),
        "drawn anew": (subsets_drawn_anew, "in \\*one\\* random order"),
        "with replacement": (subsets_with_replacement, "more than once"),
        "count in all": (subsets_in_all, "each class\\* are asked"),
        "places in class": (subsets_of_places_in_class, "not of the items of one class"),
        "one less": (drawn(pick=lambda p, count, rng: p[: count - 1]), "gives one less"),
        "one more": (drawn(pick=lambda p, count, rng: p[: count + 1]), "gives one more"),
        "left over": (drawn(pick=lambda p, count, rng: p[count:]), "left over"),
        "rare ones dropped": (
            drawn(pick=lambda p, count, rng: p[:count] if len(p) >= count else p[:0]),
            "yours leaves it out",
        ),
        "larger ones alone": (
            drawn(pick=lambda p, count, rng: p[:count] if len(p) > count else p[:0]),
            "yours leaves it out",
        ),
        "the smallest limits": (
            lambda labels, counts, seed: drawn(
                pick=lambda p, count, rng: p[: min(count, np.unique(labels, return_counts=True)[1].min())]
            )(labels, counts, seed),
            "as many as the smallest",
        ),
        "classes from 0": (drawn(classes=lambda labels: range(len(set(labels.tolist())))), "those from 0 on"),
        "classes to the largest": (drawn(classes=lambda labels: range(labels.max() + 1)), "negative ones"),
        "bincount": (drawn(classes=lambda labels: np.flatnonzero(np.bincount(labels))), "negative ones too"),
        "choice of too many": (subsets_by_choice, "fewer than `count` gives all"),
        "never the last": (
            drawn(order=lambda rng, places: np.r_[rng.permutation(places[:-1]), places[-1:]]),
            "same chance",
        ),
        "always the first": (
            drawn(order=lambda rng, places: np.r_[places[:1], rng.permutation(places[1:])]),
            "same chance",
        ),
        "a window": (
            drawn(order=lambda rng, places: np.roll(places, rng.integers(len(places)))),
            "15 pairs",
        ),
        "all items": (lambda labels, counts, seed: {c: np.arange(len(labels)) for c in counts}, "all items"),
        "the last class": (subsets_of_the_last_class, "one class alone"),
        "labels": (
            lambda labels, counts, seed: {
                c: np.sort(labels[p]) for c, p in own_subsets(labels, counts, seed).items()
            },
            "holds labels",
        ),
        "masks": (
            lambda labels, counts, seed: {
                c: np.isin(np.arange(len(labels)), p) for c, p in own_subsets(labels, counts, seed).items()
            },
            "that is a mask",
        ),
        "floats": (each(lambda places: places.astype(float)), "expected whole numbers"),
        "by class": (
            drawn(join=lambda parts: [part.tolist() for part in parts]),
            "differ in length|one axis",
        ),
        "a row too many": (each(lambda places: places[np.newaxis]), "expected one axis"),
        "a list": (of(own_subsets, lambda found: [*found.values()]), "Return a dictionary"),
        "text keys": (of(own_subsets, lambda found: {str(c): p for c, p in found.items()}), "the keys"),
        "largest alone": (of(own_subsets, lambda found: dict([[*found.items()][-1]])), "the keys"),
        "in place": (subsets_in_place, "changed the arrays"),
        "counts in place": (subsets_of_counts_in_place, "changed the lists"),
        "off the end": (each(lambda places: places + 1), "expected indices from 0|items by class"),
        "constant": (lambda labels, counts, seed: {c: [0] for c in counts}, "items by class"),
        "identity": (lambda labels, counts, seed: labels, "Return a dictionary"),
        "no return": (lambda labels, counts, seed: None, "without `return`"),
    },
)


# --- 11.2: pseudo-labels


def own_pseudo_labels(probabilities, threshold, per_class):
    labels, certainty = probabilities.argmax(axis=1), probabilities.max(axis=1)
    chosen = np.zeros(len(labels), bool)
    for label in range(probabilities.shape[1]):
        places = np.flatnonzero((labels == label) & (certainty >= threshold))
        chosen[places[np.argsort(-certainty[places], kind="stable")[:per_class]]] = True
    indices = np.flatnonzero(chosen)
    return indices, labels[indices]


def pseudo_labels_by_loop(probabilities, threshold, per_class):
    groups = {}
    for place, row in enumerate(probabilities.tolist()):
        if max(row) >= threshold:
            groups.setdefault(row.index(max(row)), []).append((-max(row), place))
    pairs = sorted(
        (place, label) for label, group in groups.items() for _, place in sorted(group)[:per_class]
    )
    return [place for place, _ in pairs], [label for _, label in pairs]


def pseudo_labels_by_lexsort(probabilities, threshold, per_class):
    labels, certainty = np.argmax(probabilities, 1), np.max(probabilities, 1)
    order = np.lexsort((np.arange(len(labels)), -certainty, labels))
    ranks = np.zeros(len(labels), int)
    for position, item in enumerate(order):
        same = position > 0 and labels[order[position - 1]] == labels[item]
        ranks[item] = ranks[order[position - 1]] + 1 if same else 0
    keep = (ranks < per_class) & (certainty >= threshold)
    return np.where(keep)[0], labels[keep]


def pseudo_labels_by_counting(probabilities, threshold, per_class):
    """An item stays if fewer than per_class of its class go before it."""
    labels, certainty = probabilities.argmax(-1), probabilities.max(-1)
    here = np.arange(len(labels))
    same = labels[:, None] == labels
    ahead = (certainty[:, None] < certainty) | ((certainty[:, None] == certainty) & (here < here[:, None]))
    indices = np.flatnonzero(((same & ahead).sum(1) < per_class) & (certainty >= threshold))
    return indices, labels[indices]


def pseudo_labels_by_ops(probabilities, threshold, per_class):
    labels = ops.convert_to_numpy(ops.argmax(probabilities, axis=-1))
    certainty = ops.convert_to_numpy(ops.max(probabilities, axis=-1))
    order = [i for i in np.argsort(-certainty, kind="stable") if certainty[i] >= threshold]
    left, chosen = dict.fromkeys(range(probabilities.shape[-1]), per_class), []
    for item in order:
        if left[int(labels[item])]:
            left[int(labels[item])] -= 1
            chosen.append(int(item))
    chosen = np.array(sorted(chosen), int)
    return ops.convert_to_tensor(chosen), ops.convert_to_tensor(labels[chosen])


def chosen(
    bar=lambda c, t, p: c >= t,
    most=lambda n: n,
    key=lambda c, p: -c,
    sort=lambda k: np.argsort(k, kind="stable"),
    label=lambda p: p.argmax(1),
    finish=np.sort,
):
    """An answer that differs in one step."""

    def answer(probabilities, threshold, per_class):
        labels, certainty = label(probabilities), probabilities.max(1)
        parts = [np.zeros(0, int)]
        for one in range(probabilities.shape[1]):
            places = np.flatnonzero((labels == one) & bar(certainty, threshold, probabilities))
            parts.append(places[sort(key(certainty, probabilities)[places])][: most(per_class)])
        indices = finish(np.concatenate(parts))
        return indices, labels[indices]

    return answer


def margin(p):
    return np.sort(p, 1)[:, -1] - (np.sort(p, 1)[:, -2] if p.shape[1] > 1 else 0)


def limited_in_all(probabilities, threshold, per_class):
    labels, certainty = probabilities.argmax(1), probabilities.max(1)
    order = [i for i in np.argsort(-certainty, kind="stable") if certainty[i] >= threshold]
    indices = np.sort(np.array(order[:per_class], int))
    return indices, labels[indices]


def for_every_class(probabilities, threshold, per_class):
    pairs = []
    for label in range(probabilities.shape[1]):
        places = np.flatnonzero(probabilities[:, label] >= threshold)
        order = np.argsort(-probabilities[places, label], kind="stable")[:per_class]
        pairs += [(int(place), label) for place in places[order]]
    return [place for place, _ in sorted(pairs)], [label for _, label in sorted(pairs)]


def labels_apart(probabilities, threshold, per_class):
    indices, labels = chosen(finish=lambda found: found)(probabilities, threshold, per_class)
    return np.sort(indices), labels


def balanced(probabilities, threshold, per_class):
    _, labels = chosen(most=lambda n: 10**6)(probabilities, threshold, per_class)
    counts = np.bincount(labels)
    smallest = counts[counts > 0].min() if len(labels) else 0
    return own_pseudo_labels(probabilities, threshold, min(per_class, smallest))


def full_classes(probabilities, threshold, per_class):
    indices, labels = own_pseudo_labels(probabilities, threshold, per_class)
    full = np.bincount(labels, minlength=probabilities.shape[1])[labels] == per_class
    return indices[full], labels[full]


def empties_of_floats(probabilities, threshold, per_class):
    indices, labels = own_pseudo_labels(probabilities, threshold, per_class)
    return np.array([*indices.tolist()]), np.array([*labels.tolist()])


def indexed_by_floats(probabilities, threshold, per_class):
    indices, _ = own_pseudo_labels(probabilities, threshold, per_class)
    return indices, probabilities.argmax(1)[np.array([*indices.tolist()])]


def unstable_where_many(keys):
    """Sorts few numbers stably, as NumPy's default does, and more of them not."""
    middle = len(keys) // 2 if len(keys) > 16 else 0
    moved = np.roll(np.arange(len(keys)), middle)
    return moved[np.argsort(keys[moved], kind="stable")]


def pseudo_labels_in_place(probabilities, threshold, per_class):
    result = own_pseudo_labels(probabilities, threshold, per_class)
    probabilities[probabilities < threshold] = 0
    return result


PSEUDO_LABELS = (
    check.pseudo_labels,
    {
        "the lesson's": own_pseudo_labels,
        "loop, lists": pseudo_labels_by_loop,
        "lexsort": pseudo_labels_by_lexsort,
        "counting": pseudo_labels_by_counting,
        "keras.ops": pseudo_labels_by_ops,
        "step by step": chosen(),
        "limit before threshold": chosen(
            sort=lambda k: np.argsort(k, kind="mergesort"), bar=lambda c, t, p: ~(c < t)
        ),
    },
    {
        "above": (chosen(bar=lambda c, t, p: c > t), "\\*equal\\* to the threshold"),
        "below": (chosen(bar=lambda c, t, p: c < t), "\\*below\\* the threshold"),
        "no threshold": (chosen(bar=lambda c, t, p: c > -1), "threshold takes no part"),
        "margin as bar": (chosen(bar=lambda c, t, p: margin(p) >= t), "distance to the second"),
        "divided rows": (chosen(bar=lambda c, t, p: c / p.sum(1) >= t), "divided each row by its sum"),
        "no limit": (chosen(most=lambda n: 10**6), "yours keeps all"),
        "limit in all": (limited_in_all, "`per_class` in all"),
        "one less": (chosen(most=lambda n: n - 1), "yours are one less"),
        "one more": (chosen(most=lambda n: n + 1), "yours are one more"),
        "one each": (chosen(most=lambda n: 1), "yours only the first"),
        "balanced": (balanced, "as many as the smallest"),
        "full classes alone": (full_classes, "yours drops it"),
        "least certain": (chosen(key=lambda c, p: c), "yours are the least certain"),
        "first ones": (chosen(key=lambda c, p: 0 * c), "yours are the first ones"),
        "last ones": (chosen(key=lambda c, p: -np.arange(len(c))), "yours are the last ones"),
        "margin": (chosen(key=lambda c, p: -margin(p)), "yours is the distance to the second"),
        "late ties": (chosen(sort=lambda k: np.argsort(-k, kind="stable")[::-1]), "yours the higher one"),
        "late classes": (
            chosen(label=lambda p: p.shape[1] - 1 - p[:, ::-1].argmax(1)),
            "Of equally probable classes",
        ),
        "least probable class": (chosen(label=lambda p: p.argmin(1)), "yours of the smallest"),
        "second class": (
            chosen(label=lambda p: np.argsort(-p, 1, kind="stable")[:, min(1, p.shape[1] - 1)]),
            "yours of the second",
        ),
        "from 1": (lambda p, t, n: (lambda i, c: (i, c + 1))(*own_pseudo_labels(p, t, n)), "count from 0"),
        "class by class": (chosen(finish=lambda found: found), "stand class by class"),
        "labels apart": (labels_apart, "and their labels not"),
        "every class": (for_every_class, "\\*one\\* label"),
        "two mistakes": (
            chosen(bar=lambda c, t, p: c > t, most=lambda n: n - 1),
            "\\*equal\\* to the threshold.*one less",
        ),
        "unstable": (
            chosen(sort=lambda k: np.array(sorted(range(len(k)), key=lambda i: (k[i], (i * 7) % 31)), int)),
            "expected",
        ),
        "unstable where many": (
            chosen(sort=unstable_where_many),
            "as certain.*is your sort stable|Is your sort",
        ),
        "exchanged": (lambda p, t, n: own_pseudo_labels(p, t, n)[::-1], "exchanged: first the indices"),
        "all labels": (lambda p, t, n: (own_pseudo_labels(p, t, n)[0], p.argmax(1)), "the labels of all"),
        "one-hot": (
            lambda p, t, n: (lambda i, c: (i, np.eye(p.shape[1], dtype=int)[c]))(*own_pseudo_labels(p, t, n)),
            "no one-hot row",
        ),
        "mask": (lambda p, t, n: (p.max(1) >= t, p.argmax(1)), "that is a mask"),
        "probabilities": (
            lambda p, t, n: (own_pseudo_labels(p, t, n)[0], p.max(1)),
            "expected whole numbers",
        ),
        "floats where there is nothing": (empties_of_floats, "holds floats"),
        "indexed by floats": (indexed_by_floats, "holds floats"),
        "indices alone": (lambda p, t, n: own_pseudo_labels(p, t, n)[0], "Return two things"),
        "in place": (pseudo_labels_in_place, "changed the arrays"),
        "nothing": (lambda p, t, n: ([], []), "Nothing was chosen"),
        "constant": (lambda p, t, n: ([0], [0]), "you chose the items"),
        "identity": (lambda p, t, n: p, "Return two things"),
        "no return": (lambda p, t, n: None, "without `return`"),
    },
)


# --- 11.3: the loss of a student


def log_softmax(logits, axis=1):
    logits = logits - logits.max(axis=axis, keepdims=True)
    return logits - np.log(np.exp(logits).sum(axis=axis, keepdims=True))


def own_distillation_loss(student, teacher, labels, temperature, weight):
    soft_student, soft_teacher = log_softmax(student / temperature), log_softmax(teacher / temperature)
    divergence = (np.exp(soft_teacher) * (soft_teacher - soft_student)).sum(axis=1).mean()
    cross_entropy = -log_softmax(student)[np.arange(len(labels)), labels].mean()
    return weight * temperature**2 * divergence + (1 - weight) * cross_entropy


def loss_by_loop(student, teacher, labels, temperature, weight):
    """Item by item, with Python's own numbers."""

    def log_p(row, t):
        row = [number / t for number in row]
        top = max(row)
        total = math.log(sum(math.exp(number - top) for number in row))
        return [number - top - total for number in row]

    total = 0.0
    for ours, theirs, label in zip(student.tolist(), teacher.tolist(), labels.tolist(), strict=True):
        p, q = log_p(theirs, temperature), log_p(ours, temperature)
        kl = sum(math.exp(a) * (a - b) for a, b in zip(p, q, strict=True))
        total += weight * temperature**2 * kl - (1 - weight) * log_p(ours, 1.0)[label]
    return total / len(labels)


def loss_by_ops(student, teacher, labels, temperature, weight):
    student, teacher = ops.convert_to_tensor(student), ops.convert_to_tensor(teacher)
    log_p = ops.log_softmax(teacher / temperature, axis=-1)
    log_q = ops.log_softmax(student / temperature, axis=-1)
    kl = ops.mean(ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1))
    hard = ops.mean(keras.losses.sparse_categorical_crossentropy(labels, student, from_logits=True))
    return weight * temperature**2 * kl + (1 - weight) * ops.cast(hard, kl.dtype)


def loss_by_logsumexp(student, teacher, labels, temperature, weight):
    def total(x):
        return np.logaddexp.reduce(x, axis=1)

    a, b = teacher / temperature, student / temperature
    p = np.exp(a - total(a)[:, None])
    kl = (p * (a - b)).sum(1) - total(a) + total(b)
    hard = total(student) - student[np.arange(len(student)), labels]
    return float(np.mean(weight * temperature**2 * kl + (1 - weight) * hard))


def loss_by_cross_entropies(student, teacher, labels, temperature, weight):
    """The divergence as a cross-entropy less the teacher's entropy, labels as one-hot rows."""
    p, q = log_softmax(teacher / temperature), log_softmax(student / temperature)
    kl = -np.sum(np.exp(p) * q) + np.sum(np.exp(p) * p)
    hard = -np.sum(np.eye(student.shape[1])[labels] * log_softmax(student))
    return np.array((weight * temperature**2 * kl + (1 - weight) * hard) / len(labels))


def loss_where(student, teacher, labels, temperature, weight):
    """Probabilities of 0 are left out of the sum."""
    p = np.exp(log_softmax(teacher / temperature))
    q = log_softmax(student / temperature)
    kl = np.where(p > 0, p * (np.log(np.where(p > 0, p, 1)) - q), 0).sum(1)
    hard = -np.take_along_axis(log_softmax(student), labels[:, None].astype(int), 1)[:, 0]
    return (weight * temperature**2 * kl + (1 - weight) * hard).mean()


def lost(
    kl=lambda p, q: (np.exp(p) * (p - q)).sum(1),
    factor=lambda t: t**2,
    by=lambda t: (t, t),
    hard=lambda s, t, y: -log_softmax(s)[np.arange(len(y)), y],
    shares=lambda w: (w, 1 - w),
    mean=(np.mean, np.mean),
    axis=1,
):
    """An answer that differs in one step."""

    def answer(student, teacher, labels, temperature, weight):
        for_teacher, for_student = by(temperature)
        p, q = log_softmax(teacher / for_teacher, axis), log_softmax(student / for_student, axis)
        soft, crossed = shares(weight)
        return soft * factor(temperature) * mean[0](kl(p, q)) + crossed * mean[1](
            hard(student, temperature, labels)
        )

    return answer


def softmax(x):
    return np.exp(x) / np.exp(x).sum(1, keepdims=True)


def shifted_softmax(x):
    return softmax(x - x.max(1, keepdims=True))


def naive(soft=softmax, small=0.0):
    """By probabilities, with something small within the logarithm."""

    def answer(student, teacher, labels, temperature, weight):
        p, q = soft(teacher / temperature), soft(student / temperature)
        kl = (p * (np.log(p + small) - np.log(q + small))).sum(1).mean()
        hard = -np.log(soft(student)[np.arange(len(labels)), labels] + small).mean()
        return weight * temperature**2 * kl + (1 - weight) * hard

    return answer


def loss_by_keras(student, teacher, labels, temperature, weight):
    """Keras' own divergence, which clips."""
    p, q = (ops.softmax(ops.convert_to_tensor(x / temperature)) for x in (teacher, student))
    kl = ops.mean(keras.losses.kl_divergence(p, q))
    hard = ops.mean(keras.losses.sparse_categorical_crossentropy(labels, student, from_logits=True))
    return float(weight * temperature**2 * kl) + float((1 - weight) * hard)


def loss_in_place(student, teacher, labels, temperature, weight):
    result = own_distillation_loss(student, teacher, labels, temperature, weight)
    student -= student.max(axis=1, keepdims=True)
    return result


def scaled_as_a_whole(student, teacher, labels, temperature, weight):
    return temperature**2 * lost(factor=lambda t: 1)(student, teacher, labels, temperature, weight)


DISTILLATION = (
    check.distillation_loss,
    {
        "the lesson's": own_distillation_loss,
        "loop": loss_by_loop,
        "keras.ops": loss_by_ops,
        "logaddexp": loss_by_logsumexp,
        "cross-entropies": loss_by_cross_entropies,
        "without zeros": loss_where,
        "step by step": lost(),
        "single precision": lambda s, t, y, T, w: own_distillation_loss(
            s.astype(np.float32), t.astype(np.float32), y, T, w
        ),
    },
    {
        "reverse": (lost(kl=lambda p, q: (np.exp(q) * (q - p)).sum(1)), "student‖teacher"),
        "soft cross-entropy": (lost(kl=lambda p, q: -(np.exp(p) * q).sum(1)), "teacher's own entropy"),
        "negative divergence": (
            lost(kl=lambda p, q: (np.exp(p) * (q - p)).sum(1)),
            "sign of your divergence",
        ),
        "squares": (
            lost(kl=lambda p, q: ((np.exp(p) - np.exp(q)) ** 2).sum(1)),
            "squared differences of prob",
        ),
        "symmetric": (
            lost(kl=lambda p, q: ((np.exp(p) - np.exp(q)) * (p - q)).sum(1) / 2),
            "mean of both",
        ),
        "no T²": (lost(factor=lambda t: 1), "multiplied by T²: yours by nothing"),
        "T": (lost(factor=lambda t: t), "multiplied by T²: yours by T\\."),
        "divided": (lost(factor=lambda t: t**-2), "yours is divided by it"),
        "twice": (lost(factor=lambda t: t**4), "once: yours twice"),
        "no temperature": (lost(by=lambda t: (1, 1)), "yours are at temperature 1"),
        "times the temperature": (lost(by=lambda t: (1 / t, 1 / t)), "yours of logits · T"),
        "teacher alone": (lost(by=lambda t: (t, 1)), "the student's is at temperature 1"),
        "student alone": (lost(by=lambda t: (1, t)), "the teacher's is at temperature 1"),
        "hard at T": (
            lost(hard=lambda s, t, y: -log_softmax(s / t)[np.arange(len(y)), y]),
            "cross-entropy is at temperature 1",
        ),
        "T² on all": (scaled_as_a_whole, "belongs to the divergence alone"),
        "teacher's classes": (
            lambda s, t, y, T, w: own_distillation_loss(s, t, t.argmax(1), T, w),
            "most probable",
        ),
        "of the teacher": (
            lambda s, t, y, T, w: lost(hard=lambda _, __, y: -log_softmax(t)[np.arange(len(y)), y])(
                s, t, y, T, w
            ),
            "of the \\*student\\*",
        ),
        "sign": (
            lost(hard=lambda s, t, y: log_softmax(s)[np.arange(len(y)), y]),
            "sign of your cross-entropy",
        ),
        "probability": (
            lost(hard=lambda s, t, y: -np.exp(log_softmax(s))[np.arange(len(y)), y]),
            "logarithm is missing",
        ),
        "over classes": (
            lost(hard=lambda s, t, y: -log_softmax(s)[np.arange(len(y)), y] / s.shape[1]),
            "divides by the classes",
        ),
        "no labels": (lost(shares=lambda w: (w, 0)), "cross-entropy with `labels` is missing"),
        "exchanged": (lost(shares=lambda w: (1 - w, w)), "yours are exchanged"),
        "soft whole": (lost(shares=lambda w: (1, 1 - w)), "divergence is multiplied by `weight`"),
        "hard whole": (lost(shares=lambda w: (w, 1)), "cross-entropy is multiplied by 1"),
        "no weight": (lost(shares=lambda w: (1, 1)), "`weight` takes no part"),
        "same weight": (lost(shares=lambda w: (w, w)), "yours by `weight`"),
        "sums": (lost(mean=(np.sum, np.sum)), "yours are sums"),
        "soft sum": (lost(mean=(np.sum, np.mean)), "divergence over the items is asked"),
        "hard sum": (lost(mean=(np.mean, np.sum)), "cross-entropy over the items is asked"),
        "mean over classes": (lost(kl=lambda p, q: np.exp(p) * (p - q)), "a mean over them too"),
        "over the items": (lost(axis=0), "yours over the items|expected"),
        "log2": (
            lambda *given: own_distillation_loss(*given) / np.log(2),
            "np.log2",
        ),
        "log10": (lambda *given: own_distillation_loss(*given) / np.log(10), "np.log10"),
        "two mistakes": (
            lost(factor=lambda t: t, shares=lambda w: (1 - w, w)),
            "multiplied by T².*yours are exchanged",
        ),
        "overflow": (naive(), "largest logit before"),
        "clipped logits": (
            lambda s, t, y, T, w: own_distillation_loss(
                np.clip(s, -500, 500), np.clip(t, -500, 500), y, T, w
            ),
            "which changes no softmax",
        ),
        "log of 0": (naive(shifted_softmax), "\\*logarithm\\* of the softmax"),
        "something small": (naive(shifted_softmax, 1e-9), "do you clip, or add something small"),
        "Keras' divergence": (loss_by_keras, "do you clip"),
        "of each item": (lost(mean=(lambda x: x, lambda x: x)), "a sum or a mean left"),
        "in place": (loss_in_place, "changed the arrays"),
        "constant": (lambda *given: 0.0, "Your loss is 0"),
        "identity": (lambda student, *rest: student, "expected one number"),
        "no return": (lambda *given: None, "without `return`"),
    },
)


# --- 11.4: a kernel in whole numbers


def own_int8(kernel):
    largest = np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1)))
    scales = np.where(largest > 0, largest / 127, 1).astype(np.float32)
    return np.round(kernel / scales).astype(np.int8), scales


def int8_by_loop(kernel):
    flat = kernel.reshape(-1, kernel.shape[-1])
    values, scales = np.zeros(flat.shape, np.int8), np.ones(flat.shape[1], np.float32)
    for channel in range(flat.shape[1]):
        largest = max(abs(number) for number in flat[:, channel].tolist())
        if largest:
            scales[channel] = largest / 127
            values[:, channel] = [round(number / largest * 127) for number in flat[:, channel].tolist()]
    return values.reshape(kernel.shape), scales


def int8_by_rint(kernel):
    rows = np.moveaxis(kernel, -1, 0).reshape(kernel.shape[-1], -1)
    largest = np.maximum(rows.max(1), -rows.min(1))
    largest[largest == 0] = 127
    return np.rint(kernel * (127 / largest)).astype("int8"), (largest / 127).astype("float32")


def int8_by_ops(kernel):
    kernel = ops.convert_to_tensor(kernel)
    largest = ops.max(ops.abs(kernel), axis=tuple(range(len(kernel.shape) - 1)))
    scales = ops.where(largest == 0, ops.ones_like(largest), largest / 127)
    return ops.cast(ops.round(kernel / scales), "int8"), ops.cast(scales, "float32")


def int8_clipped(kernel):
    axes = tuple(range(kernel.ndim - 1))
    scales = np.max(np.abs(kernel), axis=axes, keepdims=True) / 127
    scales[scales == 0] = 1
    return np.clip(np.around(kernel / scales), -127, 127).astype(np.int8), scales.ravel().astype(np.float32)


def int8_list_of_results(kernel):
    return [*own_int8(kernel)]


def whole(
    largest=lambda k: np.abs(k).max(axis=tuple(range(k.ndim - 1))),
    scale=lambda m: np.where(m > 0, m / 127, 1),
    make=np.round,
    kind=np.int8,
):
    """An answer that differs in one step."""

    def answer(kernel):
        scales = scale(largest(kernel))
        return make(kernel / scales).astype(kind), np.asarray(scales).astype(np.float32)

    return answer


def int8_affine(kernel):
    axes = tuple(range(kernel.ndim - 1))
    low, high = kernel.min(axis=axes), kernel.max(axis=axes)
    scales = np.where(high > low, (high - low) / 255, 1)
    return np.round((kernel - low) / scales - 128).astype(np.int8), scales.astype(np.float32)


def int8_with_tiny_scales(kernel):
    top = np.maximum(np.abs(kernel).max(axis=tuple(range(kernel.ndim - 1))), 1e-3)
    return np.round(kernel * 127 / top).astype(np.int8), (top / 127).astype(np.float32)


def int8_in_place(kernel):
    result = own_int8(kernel)
    kernel /= kernel.max() or 1
    return result


def int8_with_wrong_division(kernel):
    _, scales = own_int8(kernel)
    return (kernel / scales).round().astype(np.int64), scales


def int8_of_keras(kernel):
    axes = tuple(range(kernel.ndim - 1))
    values, scales = keras.quantizers.abs_max_quantize(kernel, axis=axes)
    return np.asarray(values), 1 / np.asarray(scales, np.float32).ravel()


INT8 = (
    check.int8,
    {
        "the lesson's": own_int8,
        "loop": int8_by_loop,
        "rint": int8_by_rint,
        "keras.ops": int8_by_ops,
        "clipped": int8_clipped,
        "a list of two": int8_list_of_results,
        "step by step": whole(),
    },
    {
        "128": (whole(scale=lambda m: np.where(m > 0, m / 128, 1)), "yours / 128"),
        "255": (whole(scale=lambda m: np.where(m > 0, m / 255, 1)), "yours / 255"),
        "126": (whole(scale=lambda m: np.where(m > 0, m / 126, 1)), "yours / 126"),
        "127.5": (whole(scale=lambda m: np.where(m > 0, m / 127.5, 1)), "yours / 127.5"),
        "not divided": (whole(scale=lambda m: np.where(m > 0, m, 1)), "largest magnitude itself"),
        "inverse": (lambda k: (own_int8(k)[0], 1 / own_int8(k)[1]), "yours is 1 / scale"),
        "one for all": (
            whole(largest=lambda k: np.full(k.shape[-1], np.abs(k).max())),
            "that of the whole kernel",
        ),
        "one number": (
            lambda k: (own_int8(k)[0], np.float32(np.abs(k).max() / 127)),
            "\\*Each\\* output channel has its own",
        ),
        "without abs": (whole(largest=lambda k: k.max(axis=tuple(range(k.ndim - 1)))), "may be negative"),
        "smallest": (whole(largest=lambda k: -k.min(axis=tuple(range(k.ndim - 1)))), "smallest number alone"),
        "mean": (whole(largest=lambda k: np.abs(k).mean(axis=tuple(range(k.ndim - 1)))), "mean magnitude"),
        "deviation": (whole(largest=lambda k: k.std(axis=tuple(range(k.ndim - 1)))), "standard deviation"),
        "asymmetric": (int8_affine, "zero stays zero"),
        "first axis": (
            lambda k: (own_int8(k)[0], np.abs(k).max(axis=tuple(range(1, k.ndim))).astype(np.float32) / 127),
            "\\*last\\* axis",
        ),
        "one axis": (
            lambda k: (own_int8(k)[0], (np.abs(k).max(axis=0) / 127).astype(np.float32)),
            "over \\*all\\* axes but the last|NaN",
        ),
        "axes kept": (
            lambda k: (own_int8(k)[0], own_int8(k)[1].reshape((1,) * (k.ndim - 1) + (-1,))),
            "for returning",
        ),
        "zero channel 0": (
            whole(scale=lambda m: m / 127, make=lambda x: np.round(np.nan_to_num(x))),
            "expected 1",
        ),
        "zero channel small": (whole(scale=lambda m: np.maximum(m, 1e-7) / 127), "expected 1"),
        "zero channel 1/127": (whole(scale=lambda m: np.where(m > 0, m, 1) / 127), "expected 1"),
        "something added": (whole(scale=lambda m: m / 127 + 1e-8), "expected"),
        "cut off": (whole(make=lambda x: x), "fractions are cut off"),
        "floor": (whole(make=np.floor), "rounded down"),
        "ceil": (whole(make=np.ceil), "rounded up"),
        "half up": (whole(make=lambda x: np.floor(x + 0.5)), "yours go up"),
        "half away": (whole(make=lambda x: np.sign(x) * np.floor(np.abs(x) + 0.5)), "away from zero"),
        "half down": (whole(make=lambda x: np.ceil(x - 0.5)), "yours go down"),
        "wrapped": (whole(make=lambda x: np.round(x * 128 / 127)), "127 or −127|expected"),
        "no negatives": (whole(make=lambda x: np.round(np.maximum(x, 0))), "negative numbers became 0"),
        "magnitudes": (whole(make=lambda x: np.round(np.abs(x))), "lost their signs"),
        "signs": (whole(make=lambda x: np.round(-x)), "signs are exchanged"),
        "half the range": (whole(make=lambda x: np.round(x / 2)), "63 or 64"),
        "rounded too early": (
            lambda k: (np.round(k / 1e9).astype(np.int8), own_int8(k)[1]),
            "All of them are 0",
        ),
        "bytes": (whole(kind=np.uint8, make=lambda x: np.round(np.abs(x))), "negative numbers"),
        "int64": (int8_with_wrong_division, "dtype int64, expected int8"),
        "floats": (lambda k: (np.round(k / own_int8(k)[1]), own_int8(k)[1]), "expected int8"),
        "double scales": (lambda k: (own_int8(k)[0], own_int8(k)[1].astype(float)), "expected float32"),
        "exchanged": (lambda k: own_int8(k)[::-1], "exchanged: first the numbers"),
        "flattened": (lambda k: (own_int8(k)[0].ravel(), own_int8(k)[1]), "keep the kernel's shape"),
        "two axes": (
            lambda k: (own_int8(k)[0].reshape(-1, k.shape[-1]), own_int8(k)[1]),
            "keep the kernel's shape",
        ),
        "multiplied back": (
            lambda k: ((own_int8(k)[0] * own_int8(k)[1]).astype(np.float32), own_int8(k)[1]),
            "expected int8",
        ),
        "values alone": (lambda k: own_int8(k)[0], "Return two things"),
        "library": (int8_of_keras, "now write it yourself"),
        "tiny scales": (int8_with_tiny_scales, "hold 7.87e-06 for a channel of zeros"),
        "in place": (int8_in_place, "changed the arrays"),
        "constant": (
            lambda k: (np.ones(k.shape, np.int8), np.ones(k.shape[-1], np.float32)),
            "yours are all 1",
        ),
        "identity": (lambda k: (k, np.ones(k.shape[-1], np.float32)), "expected int8"),
        "no return": (lambda k: None, "without `return`"),
    },
)


# --- 11.5: two thin matrices


def own_factors(kernel, rank):
    left, sizes, right = np.linalg.svd(kernel, full_matrices=False)
    return left[:, :rank] * sizes[:rank], right[:rank]


def factors_by_root(kernel, rank):
    u, s, vt = np.linalg.svd(kernel)
    root = np.sqrt(s[:rank])
    return u[:, :rank] * root, root[:, np.newaxis] * vt[:rank]


def factors_by_eigenvectors(kernel, rank):
    _, vectors = np.linalg.eigh(kernel.T.astype(float) @ kernel)
    basis = vectors[:, ::-1][:, :rank]
    return kernel @ basis, basis.T


def factors_by_ops(kernel, rank):
    u, s, v = ops.linalg.svd(ops.convert_to_tensor(kernel), full_matrices=False)
    return u[:, :rank], s[:rank, None] * v[:rank]


def factors_as_lists(kernel, rank):
    u, s, vt = np.linalg.svd(kernel, full_matrices=False)
    return (u[:, :rank] @ np.diag(s[:rank])).tolist(), vt[:rank, :].tolist()


def factors_by_projection(kernel, rank):
    u = np.linalg.svd(kernel, full_matrices=False)[0][:, :rank]
    return 5 * u, u.T @ kernel / 5


def by_svd(first, second):
    """An answer of the three parts of the decomposition."""

    def answer(kernel, rank):
        u, s, vt = np.linalg.svd(kernel, full_matrices=False)
        return first(u, s, vt, rank), second(u, s, vt, rank)

    return answer


def usual_right(u, s, vt, r):
    return vt[:r]


def usual_left(u, s, vt, r):
    return u[:, :r] * s[:r]


def of_centred(kernel, rank):
    return own_factors(kernel - kernel.mean(axis=0), rank)


def by_qr(kernel, rank):
    q, r = np.linalg.qr(kernel)
    return q[:, :rank], r[:rank]


def by_columns(kernel, rank):
    return kernel[:, :rank], np.eye(rank, kernel.shape[1])


def by_columns_and_least_squares(kernel, rank):
    first = kernel[:, :rank]
    return first, np.linalg.lstsq(first, kernel, rcond=None)[0]


def by_random_basis(kernel, rank):
    basis = np.linalg.qr(np.random.default_rng(0).normal(size=(kernel.shape[1], rank)))[0]
    return kernel @ basis, basis.T


def by_eigenvalues(kernel, rank):
    """As if a kernel were square."""
    values, vectors = np.linalg.eigh(kernel)
    return vectors[:, -rank:] * values[-rank:], vectors[:, -rank:].T


def factors_in_place(kernel, rank):
    result = own_factors(kernel, rank)
    kernel[:] = 0
    return result


def factors_by_division(kernel, rank):
    """The left vectors from the right ones, divided by sizes that may be 0."""
    values, vectors = np.linalg.eigh(kernel.T.astype(float) @ kernel)
    sizes = np.sqrt(np.maximum(values[::-1][:rank], 0))
    basis = vectors[:, ::-1][:, :rank]
    return kernel @ basis / sizes, sizes[:, None] * basis.T


FACTORS = (
    check.factors,
    {
        "the lesson's": own_factors,
        "roots": factors_by_root,
        "eigenvectors": factors_by_eigenvectors,
        "keras.ops": factors_by_ops,
        "lists": factors_as_lists,
        "projection": factors_by_projection,
        "in double precision": lambda k, r: own_factors(k.astype(np.float64), r),
    },
    {
        "no sizes": (by_svd(lambda u, s, vt, r: u[:, :r], usual_right), "singular values are missing"),
        "sizes twice": (by_svd(usual_left, lambda u, s, vt, r: s[:r, None] * vt[:r]), "come \\*once\\*"),
        "one root": (
            by_svd(lambda u, s, vt, r: u[:, :r] * np.sqrt(s[:r]), usual_right),
            "\\*both\\* matrices",
        ),
        "divided": (by_svd(lambda u, s, vt, r: u[:, :r] / s[:r], usual_right), "you divided by them"),
        "smallest": (
            by_svd(lambda u, s, vt, r: u[:, -r:] * s[-r:], lambda u, s, vt, r: vt[-r:]),
            "yours are the last",
        ),
        "from the second": (
            by_svd(
                lambda u, s, vt, r: np.roll(u * s, -1, 1)[:, :r] * (np.arange(r) < len(s) - 1),
                lambda u, s, vt, r: np.roll(vt, -1, 0)[:r],
            ),
            "begin with the second",
        ),
        "one missing": (
            by_svd(lambda u, s, vt, r: u[:, :r] * s[:r] * (np.arange(r) < r - 1), usual_right),
            "one of yours is missing|first alone",
        ),
        "first alone": (
            by_svd(lambda u, s, vt, r: u[:, :r] * s[:r] * (np.arange(r) < 1), usual_right),
            "first alone|one of yours is missing",
        ),
        "wrong sign": (by_svd(lambda u, s, vt, r: -u[:, :r] * s[:r], usual_right), "sign of one matrix"),
        "v as columns": (
            by_svd(usual_left, lambda u, s, vt, r: vt[:, :r].T),
            "right vectors as \\*rows\\*",
        ),
        "u as rows": (
            by_svd(lambda u, s, vt, r: u[:r].T * s[:r], usual_right),
            "left vectors are \\*columns",
        ),
        "v not turned": (
            by_svd(usual_left, lambda u, s, vt, r: vt[:, :r]),
            "right vectors as \\*rows\\*|transposed",
        ),
        "transposed": (lambda k, r: own_factors(k, r)[0].T, "Return two things|transposed"),
        "both transposed": (lambda k, r: tuple(part.T for part in own_factors(k, r)), "transposed"),
        "exchanged": (lambda k, r: own_factors(k, r)[::-1], "exchanged|transposed"),
        "not cut": (by_svd(lambda u, s, vt, r: u * s, lambda u, s, vt, r: vt), "Only `rank`"),
        "one too many": (
            by_svd(lambda u, s, vt, r: u[:, : r + 1] * s[: r + 1], lambda u, s, vt, r: vt[: r + 1]),
            "too many",
        ),
        "one too few": (
            by_svd(lambda u, s, vt, r: u[:, : r - 1] * s[: r - 1], lambda u, s, vt, r: vt[: r - 1]),
            "is missing",
        ),
        "three parts": (
            lambda k, r: (lambda u, s, vt: (u[:, :r], s[:r], vt[:r]))(*np.linalg.svd(k, full_matrices=False)),
            "three things, expected two",
        ),
        "the product": (lambda k, r: np.matmul(*own_factors(k, r)), "Return two things"),
        "centred": (of_centred, "mean was taken away"),
        "QR": (by_qr, "QR decomposition"),
        "columns of the kernel": (by_columns, "first rows or columns"),
        "columns and least squares": (by_columns_and_least_squares, "first columns of the kernel, or"),
        "random basis": (by_random_basis, "the least that this rank allows"),
        "eigenvalues": (by_eigenvalues, "the least that this rank allows|need not be square"),
        "zero sizes divided": (factors_by_division, "a singular value may be 0"),
        "squeezed": (lambda k, r: tuple(np.squeeze(part) for part in own_factors(k, r)), "is an axis too"),
        "full matrices": (
            lambda k, r: (lambda u, s, vt: (u * s, vt))(*np.linalg.svd(k)),
            "Only `rank`|could not",
        ),
        "whole numbers": (
            lambda k, r: tuple(np.round(part).astype(int) for part in own_factors(k, r)),
            "fractions are lost",
        ),
        "in place": (factors_in_place, "changed the arrays"),
        "constant": (lambda k, r: (np.zeros((k.shape[0], r)), np.zeros((r, k.shape[1]))), "product is 0"),
        "identity": (lambda k, r: (k, np.eye(k.shape[1])), "Only `rank`"),
        "no return": (lambda k, r: None, "without `return`"),
    },
)


# --- 11.6: the mean of what is there


def own_mean_of_present(features, present):
    kept = np.where(present[:, :, np.newaxis], features, 0)
    return kept.sum(axis=1) / np.maximum(present.sum(axis=1, keepdims=True), 1)


def mean_by_loop(features, present):
    rows = []
    for vectors, there in zip(features, present, strict=True):
        kept = [vector for vector, one in zip(vectors.tolist(), there, strict=True) if one]
        rows.append([sum(numbers) / len(kept) for numbers in zip(*kept, strict=True)] if kept else None)
    return [row or [0.0] * features.shape[2] for row in rows]


def mean_by_items(features, present):
    result = np.zeros((len(features), features.shape[2]))
    for i in range(len(features)):
        if present[i].any():
            result[i] = features[i, present[i]].mean(axis=0)
    return result


def mean_by_masked_arrays(features, present):
    mask = np.repeat(~present[:, :, None], features.shape[2], axis=2)
    return np.ma.masked_array(features, mask).mean(axis=1).filled(0)


def mean_by_ops(features, present):
    kept = ops.where(present[:, :, None], features, ops.zeros_like(features))
    count = ops.cast(ops.sum(ops.cast(present, "int32"), axis=1, keepdims=True), kept.dtype)
    return ops.divide_no_nan(ops.sum(kept, axis=1), count)


def mean_by_weights(features, present):
    weights = present / np.maximum(present.sum(1, keepdims=True), 1)
    return np.einsum("nm,nmw->nw", weights, np.where(present[..., None], features, 0.0))


def mean_by_copy(features, present):
    features = features.copy()
    features[~present] = 0
    with np.errstate(invalid="ignore"):
        return np.nan_to_num(features.sum(1) / present.sum(1)[:, None])


def averaged(
    which=lambda present: present,
    count=lambda present: np.maximum(present.sum(1, keepdims=True), 1),
    total=lambda kept: kept.sum(1),
):
    """An answer that differs in one step."""
    return lambda features, present: total(np.where(which(present)[:, :, None], features, 0)) / count(present)


def by_item(take, empty=0.0):
    """An answer that takes something of each item's present vectors."""
    return lambda features, present: np.stack(
        [
            take(item[there]) if there.any() else np.full(features.shape[2], empty)
            for item, there in zip(features, present, strict=True)
        ]
    )


def by_product(features, present):
    return (features * present[:, :, None]).sum(1) / np.maximum(present.sum(1, keepdims=True), 1)


def mean_in_place(features, present):
    features[~present] = 0
    return features.sum(1) / np.maximum(present.sum(1, keepdims=True), 1)


def nan_where_nothing(features, present):
    return np.where(present[:, :, None], features, 0).sum(1) / present.sum(1, keepdims=True)


def without_empty_items(features, present):
    some = present.any(axis=1)
    return own_mean_of_present(features[some], present[some])


def nanmean(features, present):
    return np.nan_to_num(np.nanmean(features, axis=1))


MEAN = (
    check.mean_of_present,
    {
        "the lesson's": own_mean_of_present,
        "loop, lists": mean_by_loop,
        "item by item": mean_by_items,
        "masked arrays": mean_by_masked_arrays,
        "keras.ops": mean_by_ops,
        "weights": mean_by_weights,
        "copy": mean_by_copy,
        "NaN to numbers": lambda f, p: own_mean_of_present(np.nan_to_num(f) * p[:, :, None], p),
        "step by step": averaged(),
    },
    {
        "all in the divisor": (averaged(count=lambda p: p.shape[1]), "number of all modalities"),
        "sum": (averaged(count=lambda p: 1), "yours is the sum"),
        "one less": (
            averaged(count=lambda p: np.maximum(p.sum(1, keepdims=True) - 1, 1)),
            "yours is one less",
        ),
        "one more": (averaged(count=lambda p: p.sum(1, keepdims=True) + 1), "yours is one more"),
        "root": (averaged(count=lambda p: np.sqrt(np.maximum(p.sum(1, keepdims=True), 1))), "its root"),
        "mean of the counts": (averaged(count=lambda p: p.sum(1).mean() or 1), "mean over the items"),
        "count of the first": (averaged(count=lambda p: max(p[0].sum(), 1)), "that of the first item"),
        "absent": (lambda f, p: own_mean_of_present(f, ~p), "mean of the absent"),
        "present ignored": (lambda f, p: f.mean(axis=1), "`present` takes no part"),
        "nanmean": (nanmean, "`present` takes no part"),
        "first": (by_item(lambda kept: kept[0]), "the first of them"),
        "last": (by_item(lambda kept: kept[-1]), "the last of them"),
        "complete items alone": (
            lambda f, p: np.where(p.all(1, keepdims=True), f.mean(1), 0),
            "needs not have every modality",
        ),
        "pattern of the first": (
            lambda f, p: own_mean_of_present(f, np.repeat(p[:1], len(p), axis=0)),
            "own row of `present`",
        ),
        "max": (by_item(lambda kept: kept.max(0)), "yours is the maximum"),
        "min": (by_item(lambda kept: kept.min(0)), "yours is the minimum"),
        "median": (by_item(lambda kept: np.median(kept, 0)), "yours is the median"),
        "squares": (by_item(lambda kept: (kept**2).mean(0)), "of the squares"),
        "length 1": (
            by_item(lambda kept: kept.mean(0) / np.linalg.norm(kept.mean(0))),
            "divided by its length",
        ),
        "ones where nothing": (by_item(lambda kept: kept.mean(0), 1.0), "yours gets ones"),
        "NaN where nothing": (nan_where_nothing, "0 / 0 is NaN"),
        "mean where nothing": (
            lambda f, p: np.where(p.any(1, keepdims=True), own_mean_of_present(f, p), f.mean(1)),
            "mean of what it should not have",
        ),
        "empty items dropped": (without_empty_items, "keep a row, of zeros"),
        "multiplied": (by_product, "NaN · 0"),
        "not summed": (lambda f, p: np.where(p[:, :, None], f, 0), "become one"),
        "over the items": (lambda f, p: np.where(p[:, :, None], f, 0).mean(0), "is over the items"),
        "over the width": (lambda f, p: np.where(p[:, :, None], f, 0).mean(2), "is over the width"),
        "axis kept": (lambda f, p: own_mean_of_present(f, p)[:, None], "One axis is left over"),
        "early return": (lambda f, p: own_mean_of_present(f, p)[0], "inside of the loop"),
        "squeezed": (of(own_mean_of_present, np.squeeze), "length 1 is gone"),
        "all alike": (
            of(own_mean_of_present, lambda m: np.repeat(m.mean(0, keepdims=True), len(m), 0)),
            "yours are all alike",
        ),
        "backward": (of(own_mean_of_present, lambda m: m[::-1]), "opposite order"),
        "whole numbers": (of(own_mean_of_present, lambda m: m.astype(int)), "fractions are lost"),
        "no new axis": (lambda f, p: np.where(p, f, 0).sum(1), "fits beside them"),
        "in place": (mean_in_place, "changed the arrays"),
        "constant": (lambda f, p: np.zeros((len(f), f.shape[2])), "All of your numbers are 0"),
        "identity": (lambda f, p: f, "become one"),
        "no return": (lambda f, p: None, "without `return`"),
    },
)


# --- 11.7: who is on the front


def own_pareto(costs, accuracies):
    front = []
    for row in np.argsort(costs, kind="stable"):
        no_dearer, no_worse = costs <= costs[row], accuracies >= accuracies[row]
        better = (costs < costs[row]) | (accuracies > accuracies[row])
        if not (no_dearer & no_worse & better).any():
            front.append(int(row))
    return front


def pareto_by_loop(costs, accuracies):
    rows = [*zip(costs.tolist(), accuracies.tolist(), strict=True)]
    front = [
        (cost, i)
        for i, (cost, accuracy) in enumerate(rows)
        if not any(c <= cost and a >= accuracy and (c, a) != (cost, accuracy) for c, a in rows)
    ]
    return [i for _, i in sorted(front)]


def pareto_by_scan(costs, accuracies):
    """Cheapest first, of equal costs the most accurate: better than all before, or like the last."""
    front = []
    for row in sorted(range(len(costs)), key=lambda i: (costs[i], -accuracies[i], i)):
        best = accuracies[front[-1]] if front else -np.inf
        if accuracies[row] > best or (accuracies[row] == best and costs[row] == costs[front[-1]]):
            front.append(row)
    return front


def pareto_by_broadcast(costs, accuracies):
    beaten = ((costs <= costs[:, None]) & (accuracies >= accuracies[:, None])) & (
        (costs < costs[:, None]) | (accuracies > accuracies[:, None])
    )
    rows = np.flatnonzero(~beaten.any(axis=1))
    return rows[np.argsort(costs[rows], kind="stable")]


def pareto_by_removing(costs, accuracies):
    left = [*range(len(costs))]
    for a in range(len(costs)):
        for b in range(len(costs)):
            if a in left and right_beats(costs[b], accuracies[b], costs[a], accuracies[a]):
                left.remove(a)
    return sorted(left, key=lambda i: costs[i])


def pareto_of_numpy_numbers(costs, accuracies):
    return [np.int64(row) for row in own_pareto(costs, accuracies)]


def front(beats, order=lambda costs, rows: sorted(rows, key=lambda i: (costs[i], i))):
    """An answer by a function that says whether the first row beats the second."""

    def answer(costs, accuracies):
        rows = range(len(costs))
        kept = [
            i
            for i in rows
            if not any(beats(costs[j], accuracies[j], costs[i], accuracies[i]) for j in rows if j != i)
        ]
        return [int(i) for i in order(costs, kept)]

    return answer


def right_beats(c, a, cost, accuracy):
    return c <= cost and a >= accuracy and (c < cost or a > accuracy)


def ordered_front(key):
    return front(right_beats, lambda costs, rows: sorted(rows, key=lambda i: key(costs[i], i)))


def running(better):
    def answer(costs, accuracies):
        best, rows = -np.inf, []
        for row in np.argsort(costs, kind="stable"):
            if better(accuracies[row], best):
                best = accuracies[row]
                rows.append(int(row))
        return rows

    return answer


def scan_from_zero(costs, accuracies):
    """Like the scan, but nothing is better than 0 from the beginning."""
    best, at, rows = 0, None, []
    for row in sorted(range(len(costs)), key=lambda i: (costs[i], -accuracies[i], i)):
        if accuracies[row] > best or (accuracies[row] == best and costs[row] == at):
            best, at = accuracies[row], costs[row]
            rows.append(row)
    return rows


def unique_front(costs, accuracies):
    seen, rows = set(), []
    for row in own_pareto(costs, accuracies):
        if (costs[row], accuracies[row]) not in seen:
            seen.add((costs[row], accuracies[row]))
            rows.append(row)
    return rows


def last_of_equals(costs, accuracies):
    rows = {(costs[row], accuracies[row]): row for row in own_pareto(costs, accuracies)}
    return [*rows.values()]


def hull(costs, accuracies):
    rows = []
    for row in own_pareto(costs, accuracies):
        while len(rows) > 1:
            a, b = rows[-2:]
            left = (accuracies[b] - accuracies[a]) * (costs[row] - costs[a])
            if left >= (accuracies[row] - accuracies[a]) * (costs[b] - costs[a]):
                break
            rows.pop()
        rows.append(row)
    return rows


def next_cheaper(costs, accuracies):
    order = np.argsort(costs, kind="stable")
    return [int(row) for n, row in enumerate(order) if n == 0 or accuracies[row] > accuracies[order[n - 1]]]


def pareto_in_place(costs, accuracies):
    result = own_pareto(costs, accuracies)
    costs.sort()
    return result


def beaten_rows(costs, accuracies):
    kept = {*own_pareto(costs, accuracies)}
    return [int(row) for row in np.argsort(costs, kind="stable") if row not in kept]


PARETO = (
    check.pareto,
    {
        "the lesson's": own_pareto,
        "loop": pareto_by_loop,
        "scan": pareto_by_scan,
        "broadcast, array": pareto_by_broadcast,
        "removing": pareto_by_removing,
        "NumPy numbers": pareto_of_numpy_numbers,
        "tuple": of(own_pareto, tuple),
        "step by step": front(right_beats),
    },
    {
        "better in both": (front(lambda c, a, cost, acc: c < cost and a > acc), "must be better in both"),
        "cheaper": (front(lambda c, a, cost, acc: c < cost and a >= acc), "yours must be cheaper"),
        "more accurate": (front(lambda c, a, cost, acc: c <= cost and a > acc), "must be more accurate"),
        "equals beat": (front(lambda c, a, cost, acc: c <= cost and a >= acc), "equal rows do not beat"),
        "either": (front(lambda c, a, cost, acc: c < cost or a > acc), "not worse in the other|empty"),
        "first of equals": (unique_front, "keep the first alone"),
        "last of equals": (last_of_equals, "keep the last alone"),
        "by index": (ordered_front(lambda cost, i: i), "yours stand by index"),
        "descending": (ordered_front(lambda cost, i: (-cost, i)), "yours descend"),
        "reversed": (of(own_pareto, lambda rows: rows[::-1]), "ascend|the higher one|expected"),
        "late ties": (ordered_front(lambda cost, i: (cost, -i)), "yours the higher one"),
        "dear": (lambda c, a: own_pareto(-c, a), "look for what costs more"),
        "dear, by cost": (
            lambda c, a: sorted(own_pareto(-c, a), key=lambda i: (c[i], i)),
            "look for what costs more",
        ),
        "inaccurate": (lambda c, a: own_pareto(c, -a), "less accurate"),
        "both wrong": (lambda c, a: own_pareto(-c, -a), "dear and inaccurate"),
        "exchanged": (lambda c, a: own_pareto(a, c), "beats|missing|dear and inaccurate"),
        "beaten": (beaten_rows, "\\*are\\* beaten"),
        "running maximum": (running(lambda a, best: a > best), "most accurate of them is on the front"),
        "running, equal too": (running(lambda a, best: a >= best), "`>=` keeps it|\\*just as\\*"),
        "scan from 0": (scan_from_zero, "An accuracy may be 0"),
        "best alone": (lambda c, a: np.flatnonzero(a == a.max()), "most accurate alone"),
        "one best": (lambda c, a: [int(a.argmax())], "is missing|beats|One row alone"),
        "cheapest alone": (lambda c, a: np.flatnonzero(c == c.min()), "cheapest alone"),
        "best ratio": (lambda c, a: [int((a / c).argmax())], "best ratio|One row alone"),
        "hull": (hull, "needs not be convex"),
        "next cheaper": (next_cheaper, "only with the next cheaper"),
        "two mistakes": (
            front(lambda c, a, cost, acc: c < cost and a > acc, lambda costs, rows: sorted(rows)),
            "better in both.*by index",
        ),
        "all rows": (lambda c, a: [*range(len(c))], "Those are all rows"),
        "all, sorted": (lambda c, a: np.argsort(c, kind="stable"), "Those are all rows"),
        "early return": (of(own_pareto, lambda rows: rows[:1]), "inside of the loop"),
        "mask": (
            lambda c, a: [bool(row in own_pareto(c, a)) for row in range(len(c))],
            "that is a mask",
        ),
        "costs": (lambda c, a: [float(c[row]) for row in own_pareto(c, a)], "return the \\*indices\\*"),
        "pairs": (lambda c, a: [(c[row], a[row]) for row in own_pareto(c, a)], "one axis|whole numbers"),
        "from 1": (of(own_pareto, lambda rows: [row + 1 for row in rows]), "expected indices|beats|missing"),
        "twice": (of(own_pareto, lambda rows: sorted(2 * rows)), "more than once"),
        "nothing": (lambda c, a: [], "Your list is empty"),
        "array and if": (lambda c, a: [i for i in range(len(c)) if c[i] <= c], "compare two rows"),
        "in place": (pareto_in_place, "changed the arrays"),
        "constant": (lambda c, a: [0], "beats|missing"),
        "identity": (lambda c, a: c, "expected whole numbers"),
        "no return": (lambda c, a: None, "without `return`"),
    },
)


# --- 11.8: a small network


def own_small_network(side, classes, budget):
    widths = range(1, budget)
    width = max(w for w in widths if 90 * w * w + (34 + 4 * classes) * w + classes <= budget)
    model = keras.Sequential([keras.Input((side, side, 3))])
    for filters in (width, 2 * width, 4 * width):
        model.add(layers.Conv2D(filters, 3, strides=2, padding="same", activation="relu"))
    model.add(layers.GlobalAveragePooling2D())
    model.add(layers.Dense(classes))
    return model


def network(*parts):
    """A network of layers that a function of side, classes and width makes, as wide as the budget allows."""

    def answer(side, classes, budget):
        for width in (16, 8, 4, 2, 1):
            made = [part(side, classes, width) for part in parts]
            model = keras.Sequential([keras.Input((side, side, 3)), *made])
            if model.count_params() <= budget:
                break
        return model

    return answer


def conv(kernel=3, stride=2, padding="same", activation="relu", **settings):
    return lambda side, classes, width: layers.Conv2D(
        width, kernel, stride, padding, activation=activation, **settings
    )


def pool(side, classes, width):
    return layers.GlobalAveragePooling2D()


def dense(side, classes, width):
    return layers.Dense(classes)


def ended(*last):
    """The usual network with another end."""
    return network(conv(), conv(), pool, *last)


def answering(make):
    """An answer of a function of the input, classes and a small width."""

    def answer(side, classes, budget):
        inputs = keras.Input((side, side, 3))
        return keras.Model(inputs, make(inputs, side, classes))

    return answer


class SmallNetwork(keras.Model):
    """A class of its own, with weights once it was called."""

    def __init__(self, classes):
        super().__init__()
        self.look = layers.Conv2D(4, 3, 2, "same", activation="relu")
        self.answer = layers.Dense(classes)

    def call(self, pictures):
        return self.answer(ops.mean(self.look(pictures), axis=(1, 2)))


class Noise(layers.Layer):
    """Adds noise, in training or not."""

    def call(self, features):
        return features + keras.random.normal(ops.shape(features))


def frozen(model):
    model.trainable = False
    return model


def depthwise(side, classes, width):
    return layers.SeparableConv2D(width, 3, 2, "same", activation="relu")


def residual(inputs, side, classes):
    x = layers.Conv2D(4, 3, 2, "same")(inputs)
    x = x + layers.Conv2D(4, 3, padding="same", activation="relu")(x)
    return layers.Dense(classes, kernel_initializer="zeros")(layers.GlobalAveragePooling2D()(x))


SMALL_NETWORK = (
    check.network_within_budget,
    {
        "the lesson's": own_small_network,
        "separable": network(conv(), depthwise, depthwise, pool, dense),
        "class": lambda side, classes, budget: SmallNetwork(classes),
        "maximum": network(conv(), conv(), lambda s, c, w: layers.GlobalMaxPooling2D(), dense),
        "pooling layers": network(
            conv(stride=1), lambda s, c, w: layers.MaxPooling2D(2, padding="same"), conv(), pool, dense
        ),
        "residual, zeros at the end": answering(residual),
        "linear": network(lambda s, c, w: layers.AveragePooling2D(4, padding="same"), pool, dense),
        "normalised": network(conv(), lambda s, c, w: layers.BatchNormalization(), conv(), pool, dense),
        "dropout": network(conv(), conv(), pool, lambda s, c, w: layers.Dropout(0.3), dense),
        "whole pictures": network(
            lambda s, c, w: layers.Resizing(2, 2, antialias=True), lambda s, c, w: layers.Flatten(), dense
        ),
        "tanh inside": network(conv(activation="tanh"), conv(activation="gelu"), pool, dense),
        "any size": lambda side, classes, budget: keras.Sequential(
            [
                keras.Input((None, None, 3)),
                layers.Conv2D(4, 3, 2, "same", activation="relu"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(classes),
            ]
        ),
        "compiled": lambda *sizes: (lambda m: m.compile("sgd", "mse") or m)(own_small_network(*sizes)),
        "no biases": network(conv(use_bias=False), pool, lambda s, c, w: layers.Dense(c, use_bias=False)),
        "maps of classes": network(conv(), lambda s, c, w: layers.Conv2D(c, 1), pool),
    },
    {
        "too large": (
            lambda side, classes, budget: network(
                lambda s, c, w: layers.Conv2D(64, 3, 2, "same"),
                lambda s, c, w: layers.Conv2D(64, 3, 2, "same"),
                pool,
                dense,
            )(side, classes, budget),
            "take the widths from `budget`",
        ),
        "flattened": (
            lambda side, classes, budget: keras.Sequential(
                [
                    keras.Input((side, side, 3)),
                    layers.Conv2D(16, 3, 2, "same"),
                    layers.Flatten(),
                    layers.Dense(16),
                    layers.Dense(classes),
                ]
            ),
            "dense layer behind `Flatten`",
        ),
        "budget for what is trained": (
            lambda side, classes, budget: keras.Sequential(
                [
                    keras.Input((side, side, 3)),
                    layers.Conv2D(8, 3, 2, "same", trainable=False),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(budget // 9 - 2 * classes),
                    layers.Dense(classes) if classes > 5 else layers.Dense(classes, use_bias=False),
                ]
            ),
            "`budget`|no training moves",
        ),
        "frozen beyond the budget": (
            lambda side, classes, budget: keras.Sequential(
                [
                    keras.Input((side, side, 3)),
                    layers.Conv2D(400, 3, 2, "same", trainable=False),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(classes),
                ]
            ),
            "no training moves",
        ),
        "fixed width": (
            lambda side, classes, budget: network(
                lambda s, c, w: layers.Conv2D(24, 3, 2, "same"), pool, dense
            )(side, classes, budget),
            "expected at most",
        ),
        "softmax": (ended(lambda s, c, w: layers.Dense(c, activation="softmax")), "sums to 1"),
        "log softmax": (
            ended(lambda s, c, w: layers.Dense(c, activation="log_softmax")),
            "logarithm of a softmax",
        ),
        "sigmoid": (ended(lambda s, c, w: layers.Dense(c, activation="sigmoid")), "as a sigmoid"),
        "relu": (ended(lambda s, c, w: layers.Dense(c, activation="relu")), "no output is ever negative"),
        "tanh": (ended(lambda s, c, w: layers.Dense(c, activation="tanh")), "as tanh"),
        "last row and column": (
            network(conv(padding="valid"), conv(), pool, dense),
            "The last row and column are lost|without padding",
        ),
        "cropped": (network(lambda s, c, w: layers.Cropping2D(2), conv(), pool, dense), "Only rows 2 to 9"),
        "centre": (
            answering(lambda x, s, c: layers.Dense(c)(layers.Conv2D(4, 3, 2, "same")(x)[:, 2, 2])),
            "Only rows .* one place of a map",
        ),
        "pooled by threes": (
            network(
                lambda s, c, w: layers.AveragePooling2D(3), lambda s, c, w: layers.Conv2D(w, 1), pool, dense
            ),
            "Only rows 0 to 20",
        ),
        "stepped over": (network(conv(kernel=1, stride=2), conv(), pool, dense), "steps over pixels"),
        "one place": (
            answering(lambda x, s, c: layers.Dense(c)(layers.Conv2D(4, 3, 2, "same")(x)[:, 0, 0])),
            "Pool over the \\*whole\\* map",
        ),
        "first row": (
            answering(lambda x, s, c: layers.Dense(c)(ops.mean(x[:, 0], axis=1))),
            "Only rows 0 to 0",
        ),
        "not from pictures": (
            answering(lambda x, s, c: layers.Dense(c)(0 * ops.mean(x, axis=(1, 2)))),
            "same logits",
        ),
        "argmax inside": (
            answering(lambda x, s, c: layers.Dense(c)(ops.cast(ops.mean(x, axis=(1, 2)) > 9, "float32"))),
            "same logits",
        ),
        "nothing to train": (
            lambda *sizes: frozen(own_small_network(*sizes)),
            "nothing to train",
        ),
        "noise": (ended(dense, lambda s, c, w: Noise()), "called again"),
        "over the batch": (
            answering(
                lambda x, s, c: layers.Dense(c)(ops.mean(x, axis=(1, 2)) + ops.mean(x, axis=(0, 1, 2)))
            ),
            "alone gets other logits",
        ),
        "nine classes": (ended(lambda s, c, w: layers.Dense(9)), "yours is always 9"),
        "one logit": (ended(lambda s, c, w: layers.Dense(1)), "One logit for \\*each\\*|one less"),
        "one more": (ended(lambda s, c, w: layers.Dense(c + 1)), "yours has one more"),
        "one less": (ended(lambda s, c, w: layers.Dense(max(c - 1, 1))), "yours has one less"),
        "a map": (network(conv(), dense), "Rows and columns are left over"),
        "grey pictures": (
            lambda side, classes, budget: keras.Sequential(
                [keras.Input((side, side, 1)), layers.GlobalAveragePooling2D(), layers.Dense(classes)]
            ),
            "takes inputs of shape",
        ),
        "of 48 pixels": (
            lambda side, classes, budget: own_small_network(48, classes, budget),
            "takes inputs of shape",
        ),
        "fixed batch": (
            lambda side, classes, budget: keras.Sequential(
                [
                    keras.Input(batch_shape=(5, side, side, 3)),
                    layers.GlobalAveragePooling2D(),
                    layers.Dense(classes),
                ]
            ),
            "takes inputs of shape",
        ),
        "no padding at all": (
            lambda side, classes, budget: network(
                *[conv(stride=1, padding="valid") for _ in range(7)], pool, dense
            )(side, classes, 10**9),
            "side. may be 8|expected at most",
        ),
        "deep without padding": (
            network(*[conv(padding="valid") for _ in range(4)], pool, dense),
            "`side` may be 8|lost|leave",
        ),
        "no width fits": (
            lambda side, classes, budget: (
                max((w for w in range(8, 64) if 28 * w + (w + 1) * classes < budget // 2), key=int)
                and own_small_network(side, classes, budget)
            ),
            "begin with a width of 1",
        ),
        "layer": (lambda side, classes, budget: layers.Dense(classes), "Return a Keras model"),
        "constant": (lambda side, classes, budget: np.zeros((1, classes)), "Return a Keras model"),
        "identity": (answering(lambda x, s, c: layers.Identity()(x)), "Rows and columns are left over"),
        "no return": (lambda side, classes, budget: None, "without `return`"),
    },
)

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(
    {
        "11.1": SUBSETS,
        "11.2": PSEUDO_LABELS,
        "11.3": DISTILLATION,
        "11.4": INT8,
        "11.5": FACTORS,
        "11.6": MEAN,
        "11.7": PARETO,
        "11.8": SMALL_NETWORK,
    }
)
