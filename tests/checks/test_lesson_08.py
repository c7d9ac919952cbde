"""Lesson 08's checks accept right answers of any style and reject wrong ones with the hint meant for them."""

import itertools
import math
import re
from collections import Counter, deque
from fractions import Fraction

import numpy as np
from scipy.special import log_softmax, softmax

from course_utils import runtime
from course_utils.checks import lesson_08 as check
from tests.checks.tables import table_of_tests

runtime.start()

import tensorflow as tf  # noqa: E402 - quietly loaded by the line above
from keras import layers, ops  # noqa: E402

from course_utils.generation import search  # noqa: E402

OWN = "calls `course_utils"

# --- 8.1 ----------------------------------------------------------------------------------------------------


def translated(words, dictionary):
    """The course's solution."""
    chinese, place = "", 0
    while place < len(words):
        pieces = (tuple(words[place:end]) for end in range(len(words), place, -1))
        entry = next((piece for piece in pieces if piece in dictionary), ())
        chinese += dictionary.get(entry, "")
        place += max(1, len(entry))
    return chinese


def translated_by_lengths(words, dictionary):
    longest = max(map(len, dictionary), default=0)
    parts, i = [], 0
    while i < len(words):
        for size in range(longest, 0, -1):
            piece = tuple(words[i : i + size])  # at the end shorter than size, and then tried again
            if piece in dictionary:
                parts.append(dictionary[piece])
                i += size
                break
        else:
            i += 1
    return "".join(parts)


def translated_again(words, dictionary):
    if not words:
        return ""
    for end in range(len(words), 0, -1):
        try:
            return dictionary[tuple(words[:end])] + translated_again(words[end:], dictionary)
        except KeyError:
            pass
    return translated_again(words[1:], dictionary)


def translated_by_candidates(words, dictionary):
    parts, place = [], 0
    while place < len(words):
        fits = [entry for entry in dictionary if [*entry] == words[place : place + len(entry)]]
        if fits:
            best = max(fits, key=len)
            parts += [dictionary[best]]
            place += len(best)
        else:
            place += 1
    return "".join(parts)


def translated_by_sorting(words, dictionary):
    entries = sorted(dictionary.items(), key=lambda item: -len(item[0]))
    rest, chinese = words[:], ""
    while rest:
        for entry, text in entries:
            if tuple(rest[: len(entry)]) == entry:
                chinese, rest = chinese + text, rest[len(entry) :]
                break
        else:
            rest.pop(0)
    return chinese


def translated_by_tree(words, dictionary):
    tree = {}
    for entry, text in dictionary.items():
        node = tree
        for word in entry:
            node = node.setdefault(word, {})
        node[None] = text
    chinese, i = "", 0
    while i < len(words):
        node, j, best, after = tree, i, "", i + 1
        while j < len(words) and words[j] in node:
            node, j = node[words[j]], j + 1
            if None in node:
                best, after = node[None], j
        chinese, i = chinese + best, after
    return chinese


def translated_by_skipping(words, dictionary):
    skip, parts = 0, []
    for place in range(len(words)):
        if skip:
            skip -= 1
            continue
        for end in reversed(range(place + 1, len(words) + 1)):
            if (piece := tuple(words[place:end])) in dictionary:
                parts.append(dictionary[piece])
                skip = end - place - 1
                break
    return "".join(parts)


def translated_by_growing(words, dictionary):
    """Remembers the longest entry so far, and goes on to the end all the same."""
    chinese, place = "", 0
    while place < len(words):
        found, piece = None, ()
        for word in words[place:]:
            piece += (word,)
            found = piece if piece in dictionary else found
        chinese += dictionary[found] if found is not None else ""
        place += len(found) if found is not None else 1
    return chinese


def translated_by_text(words, dictionary):
    """Keys joined by a sign that no word has."""
    texts = {"\n".join(entry): text for entry, text in dictionary.items()}
    chinese, place = "", 0
    while place < len(words):
        end = len(words)
        while end > place and "\n".join(words[place:end]) not in texts:
            end -= 1
        chinese += texts.get("\n".join(words[place:end]), "") if end > place else ""
        place = max(end, place + 1)
    return chinese


def translated_from_end(words, dictionary):
    """The best of each place by what stands behind it, longest first, from the right: the same."""
    texts = [""] * (len(words) + 1)
    for place in reversed(range(len(words))):
        size = max(
            (len(e) for e in dictionary if tuple(words[place : place + len(e)]) == e),
            default=0,
        )
        text = dictionary[tuple(words[place : place + size])] if size else ""
        texts[place] = text + texts[place + max(1, size)]
    return texts[0]


def translated_by_expression(words, dictionary):
    """One regular expression of all entries, the longest first, at every place."""
    entries = sorted(dictionary, key=len, reverse=True)
    one = re.compile("|".join(f"({re.escape(' '.join(entry))}) " for entry in entries) or "(?!)")
    text, place, chinese = "".join(f"{word} " for word in words), 0, ""
    while place < len(text):
        if found := one.match(text, place):
            chinese += dictionary[entries[found.lastindex - 1]]
            place = found.end()
        else:
            place = text.index(" ", place) + 1
    return chinese


def translated_from_queue(words, dictionary):
    rest, chinese = deque(words), ""
    sizes = sorted({len(entry) for entry in dictionary}, reverse=True)
    while rest:
        pieces = [tuple(itertools.islice(rest, size)) for size in sizes]
        entry = next((piece for piece in pieces if piece in dictionary), None)
        chinese += "" if entry is None else dictionary[entry]
        for _ in range(1 if entry is None else len(entry)):
            rest.popleft()
    return chinese


def taken(
    words, dictionary, choose=lambda entries: entries[-1], step=len, unknown=1, kept=lambda word: "", glue=""
):
    """The same with other choices: of the entries at a place, of where to go on, of what to write."""
    parts, place = [], 0
    while place < len(words):
        entries = [tuple(words[place:end]) for end in range(place + 1, len(words) + 1)]
        entries = [entry for entry in entries if entry in dictionary]
        entry = choose(entries) if entries else None
        if entry:
            parts.append(dictionary[entry])
            place += step(entry)
        else:
            parts.append(kept(words[place]))
            place += unknown
    return glue.join(part for part in parts if part)


def takes(**settings):
    return lambda words, dictionary: taken(words, dictionary, **settings)


def of_some(some):
    """With only some of the entries."""
    return lambda w, d: translated(w, {entry: text for entry, text in d.items() if some(entry, text, d)})


def grown(words, dictionary):
    chinese, place = "", 0
    while place < len(words):
        end = place
        while end < len(words) and tuple(words[place : end + 1]) in dictionary:
            end += 1
        chinese += dictionary.get(tuple(words[place:end]), "")
        place = max(end, place + 1)
    return chinese


def from_the_right(words, dictionary):
    parts, end = [], len(words)
    while end > 0:
        start = next((start for start in range(end) if tuple(words[start:end]) in dictionary), None)
        if start is None:
            end -= 1
        else:
            parts.append(dictionary[tuple(words[start:end])])
            end = start
    return "".join(parts[::-1])


def one_short(words, dictionary):
    chinese, place = "", 0
    while place < len(words):
        pieces = (tuple(words[place:end]) for end in range(len(words) - 1, place, -1))
        entry = next((piece for piece in pieces if piece in dictionary), ())
        chinese += dictionary.get(entry, "")
        place += max(1, len(entry))
    return chinese


def until_unknown(words, dictionary):
    chinese, place = "", 0
    while place < len(words):
        pieces = (tuple(words[place:end]) for end in range(len(words), place, -1))
        entry = next((piece for piece in pieces if piece in dictionary), None)
        if entry is None:
            break
        chinese += dictionary[entry]
        place += len(entry)
    return chinese


def without_empty(words, dictionary):
    chinese, place = "", 0
    while place < len(words):
        for end in range(len(words), place, -1):
            if text := dictionary.get(tuple(words[place:end])):
                chinese += text
                place = end
                break
        else:
            place += 1
    return chinese


def replaced(words, dictionary, glue=" "):
    text = f"{glue}{glue.join(words)}{glue}"
    for entry in sorted(dictionary, key=len, reverse=True):
        text = text.replace(f"{glue}{glue.join(entry)}{glue}", f"{glue}{dictionary[entry]}{glue}")
    return "".join(sign for sign in text if sign > "z")


def longest_first(words, dictionary):
    """The longest entries put in wherever they stand, then the shorter ones between them."""
    fits = [
        (entry, i)
        for entry in sorted(dictionary, key=len, reverse=True)
        for i in range(len(words))
        if tuple(words[i : i + len(entry)]) == entry
    ]
    taken_places, parts = set(), {}
    for entry, i in fits:
        places = {*range(i, i + len(entry))}
        if not places & taken_places:
            taken_places |= places
            parts[i] = dictionary[entry]
    return "".join(parts[i] for i in sorted(parts))


def in_windows(words, dictionary):
    """Stops where fewer words are left than the longest entry has."""
    longest = max(map(len, dictionary), default=1)
    chinese, place = "", 0
    while place + longest <= len(words):
        sizes = range(longest, 0, -1)
        size = next((one for one in sizes if tuple(words[place : place + one]) in dictionary), 0)
        chinese += dictionary[tuple(words[place : place + size])] if size else ""
        place += size or 1
    return chinese


def fewest(words, dictionary):
    """As many words as possible in as few entries as possible."""
    best = [((0, 0), "")]
    for end in range(1, len(words) + 1):
        (lost, count), text = best[end - 1]
        found = [((lost + 1, count), text)]
        for start in range(end):
            if (piece := tuple(words[start:end])) in dictionary:
                (lost, count), text = best[start]
                found.append(((lost, count + 1), text + dictionary[piece]))
        best.append(min(found, key=lambda row: row[0]))
    return best[-1][1]


def by_letters(words, dictionary):
    text, chinese = "".join(words), ""
    entries = sorted((("".join(entry), said) for entry, said in dictionary.items()), key=lambda e: -len(e[0]))
    while text:
        for entry, said in entries:
            if text.startswith(entry):
                text, chinese = text[len(entry) :], chinese + said
                break
        else:
            text = text[1:]
    return chinese


def dictionary_used_up(words, dictionary):
    parts, place = [], 0
    while place < len(words):
        end = next((e for e in range(len(words), place, -1) if tuple(words[place:e]) in dictionary), None)
        parts.append(dictionary.pop(tuple(words[place:end])) if end else "")
        place = end or place + 1
    return "".join(parts)


def words_used_up(words, dictionary):
    chinese = translated(words, dictionary)
    while words:
        words.pop(0)
    return chinese


def renamed(make):
    return lambda w, d: translated(make(w), {tuple(make([*entry])): text for entry, text in d.items()})


def anywhere(words, dictionary):
    return "".join(
        text
        for entry, text in dictionary.items()
        if any(tuple(words[i : i + len(entry)]) == entry for i in range(len(words)))
    )


def all_pieces(words, dictionary):
    ends = itertools.combinations(range(len(words) + 1), 2)
    return "".join(dictionary.get(tuple(words[start:end]), "") for start, end in ends)


DICTIONARY_RIGHT = {
    "the course's solution": translated,
    "by lengths": translated_by_lengths,
    "recursion": translated_again,
    "all entries tried": translated_by_candidates,
    "sorted entries": translated_by_sorting,
    "a tree": translated_by_tree,
    "words to skip": translated_by_skipping,
    "growing, the longest remembered": translated_by_growing,
    "joined by a line break": translated_by_text,
    "from the right, the same pieces": translated_from_end,
    "a text of NumPy": lambda w, d: np.str_(translated(w, d)),
    "an array of words": lambda w, d: translated(np.array(w, dtype=object).tolist(), d),
    "a regular expression": translated_by_expression,
    "a queue": translated_from_queue,
    "at most seven words": lambda w, d: taken(w, d, lambda entries: [e for e in entries if len(e) < 20][-1]),
}
DICTIONARY_WRONG = {
    "single words": (lambda w, d: "".join(d.get((word,), "") for word in w), "Only entries of one word"),
    "the shortest": (takes(choose=lambda entries: entries[0]), "took the shortest entry"),
    "two words at most": (of_some(lambda e, t, d: len(e) <= 2), "more than 2 words were never found"),
    "three words at most": (of_some(lambda e, t, d: len(e) <= 3), "more than 3 words were never found"),
    "four words at most": (of_some(lambda e, t, d: len(e) <= 4), "more than 4 words were never found"),
    "the longest never": (
        of_some(lambda e, t, d: len(e) < max(map(len, d))),
        "words were never found",
    ),
    "grown": (grown, "as long as the pieces were entries"),
    "the first in the dictionary": (
        lambda w, d: taken(w, d, lambda entries: min(entries, key=[*d].index)),
        "first entry of the dictionary",
    ),
    "the last in the dictionary": (
        lambda w, d: taken(w, d, lambda entries: max(entries, key=[*d].index)),
        "expected",
    ),
    "the longest Chinese": (
        lambda w, d: taken(w, d, lambda entries: max(entries, key=lambda e: len(d[e]))),
        "longest Chinese",
    ),
    "from the right": (from_the_right, "from its end"),
    "turned round": (lambda w, d: translated(w, d)[::-1], "expected"),
    "the parts turned round": (
        lambda w, d: "".join(taken(w, d, glue=" ").split(" ")[::-1]),
        "in the opposite order",
    ),
    "until an unknown word": (until_unknown, "you stopped there"),
    "the next word lost": (takes(unknown=2), "the next one was lost too"),
    "by the longest": (
        lambda w, d: taken(w, d, unknown=max(map(len, d), default=1)),
        "the longest entry's length",
    ),
    "one word on": (takes(step=lambda entry: 1), "went on by one word behind every entry"),
    "one word too far": (takes(step=lambda entry: len(entry) + 1), "The word behind an entry was lost"),
    "one word too few": (takes(step=lambda entry: max(1, len(entry) - 1)), "one word too few"),
    "empty is none": (without_empty, "taken for none"),
    "empty is not there": (of_some(lambda e, t, d: t), "taken for none"),
    "one short": (lambda w, d: translated(w[:-1], d), "end of the sentence was never reached"),
    "slices one short": (one_short, "end of the sentence was never reached"),
    "unknown words thrown away": (
        lambda w, d: translated([word for word in w if any(word in e for e in d)], d),
        "unknown words away first",
    ),
    "no entries alone thrown away": (
        lambda w, d: translated([word for word in w if (word,) in d], d),
        "no entry by itself",
    ),
    "small letters": (renamed(lambda words: [word.lower() for word in words]), "small letters"),
    "small letters of the sentence": (lambda w, d: translated([word.lower() for word in w], d), "expected"),
    "each once": (lambda w, d: "".join(dict.fromkeys(taken(w, d, glue=" ").split(" "))), "twice"),
    "the longest first": (longest_first, "You looked ahead"),
    "replaced in the text": (replaced, "expected"),
    "in windows": (in_windows, "end of the sentence was never reached|expected"),
    "used once": (lambda w, d: dictionary_used_up(w, {**d}), "you wrote every part once"),
    "the second longest": (takes(choose=lambda entries: entries[-2:][0]), "expected"),
    "two words, then one": (
        lambda w, d: "".join(d.get(tuple(w[i : i + 2]), "") or d.get((w[i],), "") for i in range(len(w))),
        "expected",
    ),
    "no entries of one word": (of_some(lambda e, t, d: len(e) > 1), "expected"),
    "plurals are the same": (lambda w, d: translated([word.rstrip("s") for word in w], d), "expected"),
    "a full stop": (lambda w, d: translated(w, d) + "。", "is in no entry's Chinese"),
    "nothing for nothing": (lambda w, d: translated(w, d) or None, "without `return`"),
    "letters": (by_letters, "expected"),
    "fewest": (fewest, "You looked ahead"),
    "every piece": (all_pieces, "expected"),
    "entries in the dictionary's order": (anywhere, "expected"),
    "words kept": (takes(kept=lambda word: word), "left out: neither the word"),
    "a sign for the unknown": (takes(kept=lambda word: "?"), "left out: neither the word nor a sign"),
    "a token for the unknown": (takes(kept=lambda word: "<unk>"), "left out: neither the word nor a sign"),
    "None for the unknown": (takes(kept=lambda word: "None"), "left out: neither the word nor a sign"),
    "spaces": (takes(glue=" "), "without spaces"),
    "commas": (takes(glue=","), "nor a sign for it"),
    "a list": (lambda w, d: taken(w, d, glue=" ").split(" "), "join its parts"),
    "sorted words": (lambda w, d: translated(sorted(w), d), "expected"),
    "lists looked for": (lambda w, d: "".join(d[e] for e in (w[:1], w[1:]) if e in d), "is no key"),
    "KeyError": (lambda w, d: "".join(d[(word,)] for word in w), "ask `piece in dictionary`"),
    "nothing for an empty dictionary": (
        lambda w, d: translated(w, d) if max(map(len, d)) else "",
        "default=0",
    ),
    "dictionary used up": (dictionary_used_up, "changed the|is no entry|expected"),
    "words used up": (words_used_up, "changed the lists"),
    "the dictionary emptied": (lambda w, d: (translated(w, d), d.clear())[0], "changed the dicts"),
    "twice at most in a row": (
        lambda w, d: "".join(part for part, _ in itertools.groupby(taken(w, d, glue=" ").split(" "))),
        "expected",
    ),
    "set of words": (
        lambda w, d: translated(w, {tuple(sorted(entry)): text for entry, text in d.items()}),
        "expected",
    ),
    "bytes": (lambda w, d: translated(w, d).encode(), "of type bytes, expected a str"),
    "the whole dictionary": (lambda w, d: "".join(d.values()), "expected"),
    "the words": (lambda w, d: " ".join(w), "without spaces"),
    "the words joined": (lambda w, d: "".join(w), "left out: neither"),
    "a copied example": (lambda w, d: "二猫二热狗", "in no entry's Chinese"),
    "empty": (lambda w, d: "", "expected"),
    "no return": (lambda w, d: None, "without `return`"),
}

# --- 8.2 ----------------------------------------------------------------------------------------------------


def attend(query, keys, mask, w_query, w_keys, v):
    """The course's solution."""
    scores = np.tanh((query @ w_query)[:, np.newaxis] + keys @ w_keys) @ v
    scores = np.where(mask, scores, -np.inf)
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    weights = powers / powers.sum(axis=1, keepdims=True)
    return (weights[..., np.newaxis] * keys).sum(axis=1), weights


def attend_by_loop(query, keys, mask, w_query, w_keys, v):
    contexts, weights = [], []
    for i in range(len(query)):
        scores = {}
        for j in np.flatnonzero(mask[i]):
            hidden = [math.tanh(one) for one in query[i] @ w_query + keys[i, j] @ w_keys]
            scores[j] = sum(h * one for h, one in zip(hidden, v, strict=True))
        powers = {j: math.exp(score - max(scores.values())) for j, score in scores.items()}
        row = [powers.get(j, 0) / sum(powers.values()) for j in range(keys.shape[1])]
        weights.append([float(one) for one in row])
        contexts.append(
            [float(sum(w * keys[i, j, c] for j, w in enumerate(row))) for c in range(keys.shape[2])]
        )
    return contexts, weights


def attend_by_rows(query, keys, mask, w_query, w_keys, v):
    weights = np.zeros(mask.shape)
    for i, row in enumerate(mask):
        weights[i, row] = softmax(np.tanh(query[i] @ w_query + keys[i, row] @ w_keys) @ v)
    return np.stack([weights[i] @ keys[i] for i in range(len(keys))]), weights


def attend_by_einsum(query, keys, mask, w_query, w_keys, v):
    hidden = np.tanh(np.einsum("nq,qd->nd", query, w_query)[:, None] + np.einsum("npk,kd->npd", keys, w_keys))
    weights = softmax(np.where(mask, np.einsum("npd,d->np", hidden, v), -1e9), axis=-1)
    return np.einsum("np,npk->nk", weights, keys), weights


def attend_by_joining(query, keys, mask, w_query, w_keys, v):
    """One matrix for query and key side by side."""
    repeated = np.repeat(query[:, np.newaxis], keys.shape[1], axis=1)
    joined = np.concatenate([repeated, keys], axis=-1) @ np.concatenate([w_query, w_keys])
    scores = (np.tanh(joined) * v).sum(axis=-1)
    powers = np.exp(scores - np.max(scores, axis=1, keepdims=True, where=mask, initial=-np.inf)) * mask
    powers = np.where(mask, powers, 0)
    weights = powers / powers.sum(axis=1)[:, None]
    return np.matmul(weights[:, None], keys)[:, 0], weights


def attend_by_keras(query, keys, mask, w_query, w_keys, v):
    query, keys, w_query, w_keys, v = (ops.cast(one, "float32") for one in (query, keys, w_query, w_keys, v))
    scores = ops.sum(ops.tanh(ops.matmul(query, w_query)[:, None] + ops.matmul(keys, w_keys)) * v, axis=-1)
    weights = ops.softmax(ops.where(mask, scores, -1e9), axis=-1)
    return ops.sum(weights[..., None] * keys, axis=1), weights


def attend_by_layer(query, keys, mask, w_query, w_keys, v):
    """Keras's own additive attention: its scale is v, and what it attends to are the keys as they came."""
    query, w_query, w_keys = (ops.cast(one, "float32") for one in (query, w_query, w_keys))
    keys = ops.cast(keys, "float32")
    layer = layers.AdditiveAttention()
    asked, seen = ops.matmul(query, w_query)[:, None], ops.matmul(keys, w_keys)
    layer.build([asked.shape, keys.shape, seen.shape])
    layer.scale.assign(v.astype("float32"))
    context, weights = layer(
        [asked, keys, seen], mask=[None, ops.convert_to_tensor(mask)], return_attention_scores=True
    )
    return context[:, 0], ops.where(mask, weights[:, 0], 0)


def attend_by_tensorflow(query, keys, mask, w_query, w_keys, v):
    scores = tf.tensordot(tf.tanh((query @ w_query)[:, None] + tf.constant(keys @ w_keys)), v, 1)
    weights = tf.nn.softmax(tf.where(mask, scores, tf.constant(-np.inf, scores.dtype)))
    return tf.einsum("np,npk->nk", weights, tf.constant(keys)), weights


def attend_masked_later(query, keys, mask, w_query, w_keys, v):
    """Powers set to 0 after the largest kept score was taken away, then divided."""
    scores = np.tanh((query @ w_query)[:, None] + keys @ w_keys) @ v
    largest = np.where(mask, scores, -np.inf).max(axis=1, keepdims=True)
    with np.errstate(over="ignore"):
        powers = np.where(mask, np.exp(scores - largest), 0)
    weights = powers / powers.sum(axis=1, keepdims=True)
    return np.array([w @ k for w, k in zip(weights, keys, strict=True)]), weights


def attend_by_masked_array(query, keys, mask, w_query, w_keys, v):
    scores = np.ma.masked_array(np.tanh((query @ w_query)[:, None] + keys @ w_keys) @ v, ~mask)
    powers = np.ma.exp(scores - scores.max(axis=1, keepdims=True))
    weights = (powers / powers.sum(axis=1, keepdims=True)).filled(0)
    return np.squeeze(weights[:, None] @ keys, axis=1), weights


def attend_by_column(query, keys, mask, w_query, w_keys, v):
    scores = np.tanh(np.expand_dims(np.dot(query, w_query), 1) + np.dot(keys, w_keys)).dot(v.reshape(-1, 1))
    weights = softmax(np.where(mask[..., None], scores, -np.inf), axis=1)
    return np.sum(weights * keys, axis=1), weights[..., 0]


def hidden_scores(query, keys, w_query, w_keys, v):
    return np.tanh((query @ w_query)[:, np.newaxis] + keys @ w_keys) @ v


def weighted_by(make=hidden_scores, soften=None, low=-np.inf, mix=None):
    """Other scores, another softmax of scores and mask, or another context of weights and keys."""

    def answer(query, keys, mask, *into):
        scores = make(query, keys, *into)
        weights = soften(scores, mask) if soften else softmax(np.where(mask, scores, low), axis=-1)
        context = mix(weights, keys, *into) if mix else np.einsum("np,npk->nk", weights, keys)
        return context, weights

    return answer


def scored_by(make):
    """Scores made of projected queries (n, 1, d), projected keys (n, positions, d) and v."""
    return weighted_by(lambda q, k, wq, wk, v: make((q @ wq)[:, None], k @ wk, v))


def softened_by(make):
    return weighted_by(soften=make)


def mixed_by(make):
    return weighted_by(mix=make)


def tanh_by_powers(x):
    return (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x))


def naive_softmax(scores, axis=-1):
    powers = np.exp(scores)
    return powers / powers.sum(axis=axis, keepdims=True)


def less_largest(scores, mask, axis=None, among=None):
    """A softmax less another largest score than the one that is needed."""
    largest = np.where(mask if among is None else among, scores, -np.inf).max(axis=axis, keepdims=True)
    powers = np.where(mask, np.exp(scores - largest), 0)
    return powers / powers.sum(axis=1, keepdims=True)


def less_smallest(scores, mask):
    powers = np.where(mask, np.exp(scores - np.where(mask, scores, np.inf).min(axis=1, keepdims=True)), 0)
    return powers / powers.sum(axis=1, keepdims=True)


def attend_in_place(query, keys, mask, w_query, w_keys, v):
    result = attend(query, keys, mask, w_query, w_keys, v)
    keys[~mask] = 0
    return result


def mask_in_place(query, keys, mask, w_query, w_keys, v):
    result = attend(query, keys, mask, w_query, w_keys, v)
    mask[:] = ~mask
    return result


def same(*sizes):
    return len({*sizes}) == 1


def if_square(make):
    """A mistake that only square matrices allow; elsewhere right, so that its hint is the first one."""

    def answer(query, keys, mask, w_query, w_keys, v):
        if same(*w_query.shape, *w_keys.shape, *mask.shape):
            return make(query, keys, mask, w_query, w_keys, v)
        return attend(query, keys, mask, w_query, w_keys, v)

    return answer


ATTENTION_RIGHT = {
    "the course's solution": attend,
    "loop, lists": attend_by_loop,
    "row by row": attend_by_rows,
    "einsum, −1e9": attend_by_einsum,
    "side by side": attend_by_joining,
    "Keras, single precision": attend_by_keras,
    "Keras's layer": attend_by_layer,
    "TensorFlow": attend_by_tensorflow,
    "masked powers": attend_masked_later,
    "masked array": attend_by_masked_array,
    "−10,000": weighted_by(low=-1e4),
    "added −1e9": softened_by(lambda s, m: softmax(s + np.where(m, 0, -1e9), axis=1)),
    "log-softmax": softened_by(lambda s, m: np.exp(log_softmax(np.where(m, s, -np.inf), axis=1))),
    "a list of two": lambda *given: [*attend(*given)],
    "float32": lambda *given: tuple(part.astype("float32") for part in attend(*given)),
    "tanh of a sigmoid": scored_by(
        lambda a, s, v: (2 / (1 + np.exp(-2 * np.clip(a + s, -300, 300))) - 1) @ v
    ),
    "the score moved": scored_by(lambda a, s, v: np.tanh(a + s) @ v + 5),
    "averages": lambda *given: (
        [np.average(k, axis=0, weights=w) for k, w in zip(given[1], attend(*given)[1], strict=True)],
        attend(*given)[1],
    ),
    "a column of scores": attend_by_column,
    "divided again": softened_by(
        lambda s, m: (w := softmax(np.where(m, s, -np.inf), axis=1) * m) / w.sum(axis=1, keepdims=True)
    ),
}
ATTENTION_WRONG = {
    "no tanh": (scored_by(lambda a, s, v: (a + s) @ v), "The tanh is missing"),
    "ReLU": (scored_by(lambda a, s, v: np.maximum(a + s, 0) @ v), "another function than the tanh"),
    "sigmoid": (scored_by(lambda a, s, v: (1 / (1 + np.exp(-a - s))) @ v), "another function than the tanh"),
    "tanh of each": (scored_by(lambda a, s, v: (np.tanh(a) + np.tanh(s)) @ v), "goes over the \\*sum\\*"),
    "tanh of the key": (scored_by(lambda a, s, v: (a + np.tanh(s)) @ v), "goes over the \\*sum\\*"),
    "tanh of the query": (scored_by(lambda a, s, v: (np.tanh(a) + s) @ v), "goes over the \\*sum\\*"),
    "no query": (scored_by(lambda a, s, v: np.tanh(s) @ v), "query takes no part"),
    "no keys": (scored_by(lambda a, s, v: np.tanh(a + 0 * s) @ v), "weigh alike"),
    "products in the tanh": (scored_by(lambda a, s, v: np.tanh(a * s) @ v), "they are added"),
    "products": (scored_by(lambda a, s, v: (a * s).sum(axis=-1)), "they are added"),
    "scaled products": (scored_by(lambda a, s, v: (a * s).sum(axis=-1) / len(v) ** 0.5), "expected|products"),
    "no v": (scored_by(lambda a, s, v: np.tanh(a + s).sum(axis=-1)), "`v` is missing"),
    "mean instead of v": (scored_by(lambda a, s, v: np.tanh(a + s).mean(axis=-1)), "`v` is missing"),
    "v in the tanh": (scored_by(lambda a, s, v: np.tanh((a + s) @ v)), "`v` comes after the tanh"),
    "v in the tanh, one by one": (scored_by(lambda a, s, v: np.tanh((a + s) * v).sum(-1)), "after the tanh"),
    "twice tanh": (scored_by(lambda a, s, v: np.tanh(np.tanh(a + s) @ v)), "One tanh is enough"),
    "difference": (scored_by(lambda a, s, v: np.tanh(a - s) @ v), "You subtracted the key"),
    "scaled by a root": (scored_by(lambda a, s, v: np.tanh(a + s) @ v / len(v) ** 0.5), "by a root"),
    "scaled": (scored_by(lambda a, s, v: np.tanh(a + s) @ v / len(v)), "here nothing is scaled"),
    "sign": (scored_by(lambda a, s, v: -np.tanh(a + s) @ v), "wrong sign"),
    "first query": (scored_by(lambda a, s, v: np.tanh(a[:1] + s) @ v), "another row's"),
    "last query": (scored_by(lambda a, s, v: np.tanh(a[-1:] + s) @ v), "another row's"),
    "mean query": (scored_by(lambda a, s, v: np.tanh(a.mean(axis=0) + s) @ v), "another row's"),
    "v of size": (scored_by(lambda a, s, v: np.tanh(a + s) @ (v / np.linalg.norm(v))), "expected"),
    "squared v": (scored_by(lambda a, s, v: np.tanh(a + s) @ v**2), "expected"),
    "matrices exchanged": (
        if_square(lambda q, k, m, a, b, v: attend(q, k, m, b, a, v)),
        "matrices are exchanged",
    ),
    "matrices transposed": (
        if_square(lambda q, k, m, a, b, v: attend(q, k, m, a.T, b.T, v)),
        "matrices are transposed",
    ),
    "queries along positions": (
        lambda q, k, m, a, b, v: weighted_by(lambda *_: np.tanh(q @ a + k @ b) @ v)(q, k, m, a, b, v),
        "along the positions",
    ),
    "no matrices": (
        if_square(lambda q, k, m, a, b, v: attend(q, k, m, np.eye(5), np.eye(5), v)),
        "The matrices are missing",
    ),
    "no matrix of the query": (
        if_square(lambda q, k, m, a, b, v: attend(q, k, m, np.eye(5), b, v)),
        "query's matrix is missing",
    ),
    "no matrix of the keys": (
        if_square(lambda q, k, m, a, b, v: attend(q, k, m, a, np.eye(5), v)),
        "keys' matrix is missing",
    ),
    "one matrix for both": (if_square(lambda q, k, m, a, b, v: attend(q, k, m, a, a, v)), "expected"),
    "softmax over rows": (
        softened_by(lambda s, m: softmax(np.where(m, s, -np.inf), axis=0)),
        "over the rows",
    ),
    "softmax over all": (softened_by(lambda s, m: softmax(np.where(m, s, -np.inf))), "together sum to 1"),
    "largest only": (
        softened_by(lambda s, m: np.eye(s.shape[1])[np.where(m, s, -np.inf).argmax(axis=1)]),
        "weights are 0 and 1",
    ),
    "not divided": (softened_by(lambda s, m: np.exp(s) * m), "do not sum to 1"),
    "scores": (softened_by(lambda s, m: s * m), "You returned the scores"),
    "scores of all": (softened_by(lambda s, m: s), "You returned the scores"),
    "log-softmax": (
        softened_by(lambda s, m: np.where(m, log_softmax(np.where(m, s, -np.inf), axis=1), 0)),
        "logarithms",
    ),
    "uniform": (softened_by(lambda s, m: m / m.sum(axis=1, keepdims=True)), "weigh alike"),
    "no mask": (softened_by(lambda s, m: softmax(s, axis=1)), "ignore the mask"),
    "mask after": (softened_by(lambda s, m: softmax(s, axis=1) * m), "came after the softmax"),
    "masked 0": (softened_by(lambda s, m: softmax(s * m, axis=1)), "exp\\(0\\) = 1 still counts"),
    "masked keys 0": (
        lambda q, k, m, a, b, v: (lambda w: (np.einsum("np,npk->nk", w, k), w))(
            attend(q, k * m[..., None], m | True, a, b, v)[1]
        ),
        "masked keys to 0",
    ),
    "inverted": (softened_by(lambda s, m: softmax(np.where(m, -1e9, s), axis=1)), "weigh alike|inverted"),
    "inverted, −∞": (softened_by(lambda s, m: softmax(np.where(m, -np.inf, s), axis=1)), "means \\*keep\\*"),
    "inverted, NaN removed": (
        softened_by(lambda s, m: np.nan_to_num(softmax(np.where(m, -np.inf, s), axis=1))),
        "is your mask inverted",
    ),
    "−30": (weighted_by(low=-30), "exactly 0 is asked"),
    "−1000": (weighted_by(low=-1000), "must be lower than any"),
    "added −30": (softened_by(lambda s, m: softmax(s - 30 * ~m, axis=1)), "exactly 0 is asked"),
    "1e-9 left": (softened_by(lambda s, m: softmax(np.where(m, s, -np.inf), 1) + 1e-9 * ~m), "exactly 0"),
    "1e-8 below": (
        softened_by(
            lambda s, m: np.where(m, np.exp(s), 0) / (np.where(m, np.exp(s), 0).sum(1, keepdims=True) + 1e-8)
        ),
        "NaN or nothing but 0",
    ),
    "no largest": (softened_by(lambda s, m: naive_softmax(np.where(m, s, -np.inf))), "largest score before"),
    "clipped": (softened_by(lambda s, m: softmax(np.where(m, np.clip(s, -50, 50), -np.inf), 1)), "expected"),
    "largest of all": (softened_by(less_largest), "each row's largest"),
    "largest with masked": (softened_by(lambda s, m: less_largest(s, m, 1, m | True)), "that the mask keeps"),
    "NaN for masked": (
        softened_by(lambda s, m: softmax(np.where(m, s, np.nan), axis=1)),
        "Give masked scores −∞",
    ),
    "squared weights": (
        softened_by(lambda s, m: softmax(2 * np.where(m, s, -np.inf), axis=1)),
        "expected",
    ),
    "one more below": (
        softened_by(
            lambda s, m: np.where(m, np.exp(s), 0) / (1 + np.where(m, np.exp(s), 0).sum(1, keepdims=True))
        ),
        "expected",
    ),
    "shares of sigmoids": (
        softened_by(lambda s, m: m / (1 + np.exp(-s)) / (m / (1 + np.exp(-s))).sum(1, keepdims=True)),
        "expected",
    ),
    "cumulative": (
        softened_by(lambda s, m: softmax(np.where(m, s, -np.inf), axis=1).cumsum(axis=1)),
        "expected",
    ),
    "sorted weights": (
        softened_by(lambda s, m: -np.sort(-softmax(np.where(m, s, -np.inf), axis=1), axis=1)),
        "expected",
    ),
    "softsign": (scored_by(lambda a, s, v: ((a + s) / (1 + abs(a + s))) @ v), "expected"),
    "clipped sum": (scored_by(lambda a, s, v: np.tanh(np.clip(a + s, -2, 2)) @ v), "expected"),
    "half precision": (
        lambda *given: tuple(
            part.astype(float)
            for part in attend(*(one if one.dtype == bool else one.astype(np.float16) for one in given))
        ),
        "expected",
    ),
    "five positions": (
        softened_by(
            lambda s, m: softmax(
                np.where(m & ((np.arange(m.shape[1]) < 5) | (m.shape[1] < 7)), s, -1e9), axis=1
            )
        ),
        "expected",
    ),
    "transposed where it fits": (
        lambda *given: (
            attend(*given)[0],
            attend(*given)[1].T if same(*attend(*given)[1].shape) else attend(*given)[1],
        ),
        "expected",
    ),
    "less the smallest": (
        softened_by(less_smallest),
        "NaN or nothing but 0",
    ),
    "tanh by powers": (scored_by(lambda a, s, v: tanh_by_powers(a + s) @ v), "np.tanh takes any number"),
    "first and last masked only": (
        softened_by(lambda s, m: softmax(np.where(np.maximum.accumulate(m, 1), s, -np.inf), axis=1)),
        "expected|weight",
    ),
    "as many as kept": (
        softened_by(
            lambda s, m: softmax(
                np.where(np.arange(m.shape[1]) < m.sum(1, keepdims=True), s, -np.inf), axis=1
            )
        ),
        "expected",
    ),
    "first row's mask": (
        softened_by(lambda s, m: softmax(np.where(m[:1], s, -np.inf), axis=1)),
        "expected|weight",
    ),
    "mean of weighted keys": (
        mixed_by(lambda w, k, *_: (w[..., None] * k).mean(axis=1)),
        "their sum is asked",
    ),
    "mean of keys": (mixed_by(lambda w, k, *_: k.mean(axis=1)), "plain mean"),
    "sum of keys": (mixed_by(lambda w, k, *_: k.sum(axis=1)), "sum of the keys"),
    "the best key": (mixed_by(lambda w, k, *_: k[np.arange(len(k)), w.argmax(axis=1)]), "largest weight"),
    "keys times matrix": (
        mixed_by(lambda w, k, a, b, v: np.einsum("np,npk->nk", w, k @ b if b.shape[0] == b.shape[1] else k)),
        "times their matrix",
    ),
    "not summed": (mixed_by(lambda w, k, *_: w[..., None] * k), "sum over the positions is missing"),
    "summed along the numbers": (
        if_square(lambda *given: (np.einsum("nk,npk->np", attend(*given)[1], given[1]), attend(*given)[1])),
        "along the keys' numbers",
    ),
    "rows together": (mixed_by(lambda w, k, *_: w.mean(axis=0) @ k), "weights of all rows were mixed"),
    "other rows": (mixed_by(lambda w, k, *_: np.einsum("np,npk->nk", w[::-1], k)), "different rows"),
    "exchanged": (lambda *given: attend(*given)[::-1], "in the order context, weights|expected"),
    "only the context": (lambda *given: attend(*given)[0], "Return two things|shape|expected"),
    "an axis left": (lambda *given: (attend(*given)[0], attend(*given)[1][..., None]), "axis is left over"),
    "squeezed": (lambda *given: tuple(part.squeeze() for part in attend(*given)), "squeeze"),
    "rounded": (lambda *given: tuple(np.round(part, 2) for part in attend(*given)), "expected"),
    "whole numbers": (
        lambda *given: tuple(part.astype(int) for part in attend(*given)),
        "fractions are lost",
    ),
    "keys in place": (attend_in_place, "changed the arrays"),
    "mask in place": (mask_in_place, "changed the arrays"),
    "zeros": (lambda q, k, m, *_: (0 * k[:, 0], 0.0 * m), "All weights are 0"),
    "identity": (lambda q, k, *_: (q, k), "expected"),
    "no return": (lambda *given: None, "without `return`"),
}

# --- 8.3 ----------------------------------------------------------------------------------------------------


def aligned(weights, expected, lengths):
    """The course's solution."""
    is_real = np.arange(weights.shape[2]) < lengths[:, np.newaxis, np.newaxis]
    found = np.where(is_real, weights, -1).argmax(axis=2)
    asked = expected >= 0
    return float(np.mean(found[asked] == expected[asked])) if asked.any() else 0.0


def aligned_by_loop(weights, expected, lengths):
    right = asked = 0
    for rows, places, length in zip(weights.tolist(), expected.tolist(), lengths.tolist(), strict=True):
        for row, place in zip(rows, places, strict=True):
            if place == -1:
                continue
            best = 0
            for s in range(1, length):
                if row[s] > row[best]:
                    best = s
            asked += 1
            right += best == place
    return right / asked if asked else 0


def aligned_by_lists(weights, expected, lengths):
    hits = [
        weights[i, t, : lengths[i]].argmax() == expected[i, t]
        for i, t in itertools.product(*map(range, expected.shape))
        if expected[i, t] >= 0
    ]
    return sum(hits) / max(1, len(hits))


def aligned_by_index(weights, expected, lengths):
    hits = []
    for some, places, length in zip(weights, expected, lengths, strict=True):
        for t in np.flatnonzero(places != -1):
            real = some[t, :length].tolist()
            hits.append(real.index(max(real)) == places[t])
    return np.mean(hits) if hits else 0.0


def aligned_by_keras(weights, expected, lengths):
    is_real = ops.arange(weights.shape[-1]) < ops.cast(lengths, "int32")[:, None, None]
    found = ops.argmax(ops.where(is_real, ops.cast(weights, "float32"), -1.0), axis=-1)
    asked = ops.cast(expected >= 0, "float32")
    hit = ops.cast(ops.equal(ops.cast(found, "int64"), ops.cast(expected, "int64")), "float32")
    return ops.sum(hit * asked) / ops.maximum(ops.sum(asked), 1)


def aligned_by_times(weights, expected, lengths):
    """Padding times 0: where everything is 0, the first is the largest all the same."""
    found = np.argmax(weights * (np.arange(weights.shape[-1]) < lengths.reshape(-1, 1, 1)), axis=-1)
    asked = expected > -1
    return np.sum((found == expected) * asked) / max(np.sum(asked), 1)


def aligned_by_strict(weights, expected, lengths):
    """Right where nothing real before is as large, and nothing real is larger."""
    right = total = 0
    for i, t in np.argwhere(expected >= 0):
        place, real = expected[i, t], weights[i, t, : lengths[i]]
        right += bool((real <= real[place]).all() and (real[:place] < real[place]).all())
        total += 1
    return right / total if total else 0.0


def aligned_in_place_of_copy(weights, expected, lengths):
    weights = weights.copy()
    for i, length in enumerate(lengths):
        weights[i, :, length:] = -np.inf
    hits = weights.argmax(axis=-1)[expected != -1] == expected[expected != -1]
    return hits.mean() if hits.size else 0.0


def aligned_by_sorting(weights, expected, lengths):
    is_real = np.arange(weights.shape[2])[None, None] < lengths[:, None, None]
    found = np.argsort(-np.where(is_real, weights, -np.inf), axis=-1, kind="stable")[..., 0]
    return np.average(found == expected, weights=expected >= 0) if (expected >= 0).any() else 0.0


def real_weights(weights, lengths, low=-np.inf):
    return np.where(np.arange(weights.shape[-1]) < lengths[:, None, None], weights, low)


def aligned_by(find=None, among=None, share=None):
    """Other positions found of (weights, lengths), others asked, another share of hits and asked."""

    def answer(weights, expected, lengths):
        found = find(weights, lengths) if find else real_weights(weights, lengths).argmax(axis=-1)
        asked = among(expected, lengths) if among else expected >= 0
        hit = found == expected
        if share:
            return share(hit, asked)
        return hit[asked].mean() if asked.any() else 0.0

    return answer


def cut_at(change):
    """Lengths changed before padding is left out."""

    def find(weights, lengths):
        return real_weights(weights, np.clip(change(lengths), 1, weights.shape[-1])).argmax(axis=-1)

    return aligned_by(find)


def mean_of_shares(hit, asked, empty=0.0):
    shares = [row[mask].mean() if mask.any() else empty for row, mask in zip(hit, asked, strict=True)]
    return np.nan_to_num(np.nanmean(shares)) if asked.any() else 0.0


def at_expected(weights, expected, lengths):
    return np.take_along_axis(real_weights(weights, lengths), expected.clip(0)[..., None], axis=-1)[..., 0]


def of_asked(make):
    """The mean of something over what is asked."""

    def answer(weights, expected, lengths):
        asked = expected >= 0
        return make(weights, expected, lengths)[asked].mean() if asked.any() else 0.0

    return answer


def alone_largest(weights, expected, lengths):
    low = real_weights(weights, lengths)
    at = at_expected(weights, expected, lengths)
    return (at == low.max(axis=-1)) & ((low == low.max(axis=-1, keepdims=True)).sum(axis=-1) == 1)


def of_sentence(place):
    return lambda w, e, n: aligned(w[place][None], e[place][None], n[place : place + 1 or None])


def padding_in_place(weights, expected, lengths):
    for row, length in zip(weights, lengths, strict=True):
        row[:, length:] = -1
    return aligned(weights, expected, lengths)


def expected_in_place(weights, expected, lengths):
    share = aligned(weights, expected, lengths)
    expected[expected < 0] = 0
    return share


ALIGNMENT_RIGHT = {
    "the course's solution": aligned,
    "loop, numbers": aligned_by_loop,
    "a list": aligned_by_lists,
    "index of max": aligned_by_index,
    "Keras, single precision": aligned_by_keras,
    "padding times 0": aligned_by_times,
    "nothing larger, nothing before as large": aligned_by_strict,
    "a copy changed": aligned_in_place_of_copy,
    "sorted": aligned_by_sorting,
    "a tensor": lambda w, e, n: tf.constant(aligned(w, e, n)),
    "an array without axes": lambda w, e, n: np.array(aligned(w, e, n)),
    "float32": lambda w, e, n: np.float32(aligned(w.astype("float32"), e, n)),
    "normalised": lambda w, e, n: aligned(w / np.maximum(w.max(axis=(1, 2), keepdims=True), 1e-9), e, n),
    "whole numbers where they are": lambda w, e, n: (
        int(aligned(w, e, n)) if aligned(w, e, n) in (0, 1) else aligned(w, e, n)
    ),
    "largest that is a number": lambda w, e, n: (
        (np.nanargmax(real_weights(w, n, np.nan), axis=2) == e)[e >= 0].sum() / max(1, (e >= 0).sum())
    ),
    "masked arrays": lambda w, e, n: np.ma.filled(
        np.ma.masked_where(e < 0, real_weights(w, n).argmax(axis=2) == e).mean(), 0.0
    ),
    "one axis of positions": lambda w, e, n: aligned(
        w.reshape(-1, 1, w.shape[2]), e.reshape(-1, 1), np.repeat(n, e.shape[1])
    ),
}
ALIGNMENT_WRONG = {
    "padding competes": (aligned_by(lambda w, n: w.argmax(axis=-1)), "Padding competed"),
    "one of padding": (cut_at(lambda n: n + 1), "One position of padding"),
    "the last real one missing": (cut_at(lambda n: n - 1), "last real position did not compete"),
    "the longest length": (cut_at(lambda n: np.full_like(n, n.max())), "own length|Padding competed"),
    "the shortest length": (cut_at(lambda n: np.full_like(n, n.min())), "own length"),
    "the first length": (cut_at(lambda n: np.full_like(n, n[0])), "own length"),
    "mask on the target": (
        lambda w, e, n: aligned_by(
            lambda w, n: np.where(np.arange(w.shape[1])[:, None] < n[:, None, None], w, -1).argmax(axis=-1)
        )(w, e, n),
        "lies along the target",
    ),
    "mask on the wrong axis": (
        aligned_by(lambda w, n: np.where(np.arange(w.shape[2]) < n[:, None], w, -1).argmax(axis=-1)),
        "fell on the wrong axis",
    ),
    "all counted": (aligned_by(share=lambda hit, asked: hit.mean()), "count in your share"),
    "not asked is right": (aligned_by(share=lambda hit, asked: (hit | ~asked).mean()), "counted as right"),
    "−1 is the last": (
        lambda w, e, n: (real_weights(w, n).argmax(axis=-1) == e % w.shape[2]).mean(),
        "means the last one",
    ),
    "0 left out": (aligned_by(among=lambda e, n: e > 0), "left out position 0 too"),
    "0 left out for −1": (aligned_by(among=lambda e, n: e.astype(bool)), "position 0 in place of −1"),
    "the target cut": (
        aligned_by(among=lambda e, n: (e >= 0) & (np.arange(e.shape[1]) < n[:, None])),
        "cut the \\*target\\*",
    ),
    "mean of shares": (aligned_by(share=mean_of_shares), "one share over all sentences"),
    "mean of shares, where asked": (
        aligned_by(share=lambda hit, asked: mean_of_shares(hit, asked, np.nan)),
        "one share over all sentences",
    ),
    "whole sentences": (
        aligned_by(share=lambda hit, asked: (hit | ~asked).all(axis=1).mean()),
        "sentences in which everything",
    ),
    "last of equals": (
        aligned_by(lambda w, n: w.shape[2] - 1 - real_weights(w, n)[..., ::-1].argmax(axis=-1)),
        "yours was the last one",
    ),
    "any of equals": (
        of_asked(lambda w, e, n: at_expected(w, e, n) == real_weights(w, n).max(axis=-1)),
        "as large as the largest",
    ),
    "no equals": (of_asked(alone_largest), "always wrong"),
    "smallest": (aligned_by(lambda w, n: real_weights(w, n, np.inf).argmin(axis=-1)), "smallest weight"),
    "smallest, with padding": (aligned_by(lambda w, n: w.argmin(axis=-1)), "smallest weight"),
    "mean weight": (of_asked(at_expected), "mean \\*weight\\*"),
    "mean share of weight": (
        of_asked(lambda w, e, n: at_expected(w, e, n) / np.maximum(real_weights(w, n, 0).sum(axis=-1), 1e-9)),
        "mean \\*weight\\*",
    ),
    "a neighbour too": (
        of_asked(lambda w, e, n: np.abs(real_weights(w, n).argmax(axis=-1) - e) <= 1),
        "neighbour",
    ),
    "positions from 1": (aligned_by(lambda w, n: real_weights(w, n).argmax(axis=-1) + 1), "begin at 1"),
    "along the target": (
        lambda w, e, n: aligned(w.swapaxes(1, 2), e, n) if w.shape[1] == w.shape[2] else 0.5,
        "along the target|expected",
    ),
    "along the target, with padding": (
        aligned_by(lambda w, n: w.argmax(axis=1)),
        "along the target",
    ),
    "along the sentences": (aligned_by(lambda w, n: w.argmax(axis=0)), "along the sentences"),
    "first sentence": (of_sentence(0), "Only the first sentence"),
    "last sentence": (of_sentence(-1), "Only the last sentence"),
    "count": (aligned_by(share=lambda hit, asked: (hit & asked).sum()), "how many there are"),
    "percent": (lambda w, e, n: 100 * aligned(w, e, n), "percentage"),
    "elsewhere": (lambda w, e, n: 1 - aligned(w, e, n) if (e >= 0).any() else 0.0, "looks elsewhere"),
    "per sentence": (
        aligned_by(share=lambda hit, asked: (hit & asked).sum() / len(hit)),
        "number of sentences",
    ),
    "per source position": (
        lambda w, e, n: (real_weights(w, n).argmax(axis=-1) == e)[e >= 0].sum() / n.sum(),
        "number of source positions",
    ),
    "NaN for nothing": (aligned_by(share=lambda hit, asked: hit[asked].mean()), "0 would be divided by 0"),
    "1 for nothing": (lambda w, e, n: aligned(w, e, n) if (e >= 0).any() else 1.0, "Return 0.0 then"),
    "division by zero": (
        lambda w, e, n: sum((real_weights(w, n).argmax(-1) == e)[e >= 0].tolist()) / len(e[e >= 0].tolist()),
        "ZeroDivisionError",
    ),
    "no positions in a row": (
        lambda w, e, n: aligned(w, e, n) if (e >= 0).any(axis=1).all() else 0.0,
        "expected",
    ),
    "above a half only": (
        aligned_by(
            lambda w, n: np.where(real_weights(w, n).max(-1) > 0.5, real_weights(w, n).argmax(-1), -2)
        ),
        "expected",
    ),
    "rounded weights": (
        aligned_by(lambda w, n: real_weights(np.round(w, 3), n).argmax(axis=-1)),
        "expected",
    ),
    "not where all is 0": (
        aligned_by(lambda w, n: np.where(real_weights(w, n).max(-1) > 0, real_weights(w, n).argmax(-1), -2)),
        "expected",
    ),
    "softmax over the target": (
        aligned_by(lambda w, n: softmax(real_weights(w, n, -1e9), axis=1).argmax(axis=-1)),
        "expected",
    ),
    "the two largest": (
        of_asked(
            lambda w, e, n: (np.argsort(-real_weights(w, n), axis=2)[..., :2] == e[..., None]).any(axis=2)
        ),
        "expected",
    ),
    "an unstable sort": (
        aligned_by(lambda w, n: np.argsort(real_weights(w, n), axis=2)[..., -1]),
        "expected|yours was the last one",
    ),
    "where all is 0 the last": (
        aligned_by(
            lambda w, n: np.where(real_weights(w, n).max(2) > 0, real_weights(w, n).argmax(2), n[:, None] - 1)
        ),
        "expected",
    ),
    "half precision": (lambda w, e, n: aligned(w.astype(np.float16), e, n), "expected"),
    "whole weights": (lambda w, e, n: aligned((w * 100).astype(int), e, n), "expected"),
    "one more below": (
        aligned_by(share=lambda hit, asked: (hit & asked).sum() / (asked.sum() + 1)),
        "expected",
    ),
    "the positions before": (
        aligned_by(lambda w, n: np.maximum.accumulate(real_weights(w, n).argmax(axis=2), axis=1)),
        "expected",
    ),
    "places beyond the target left out": (
        lambda w, e, n: aligned(w, np.where(e >= w.shape[1], -1, e), n),
        "expected",
    ),
    "lengths of the next sentence": (lambda w, e, n: aligned(w, e, np.roll(n, 1)), "expected"),
    "floored length": (cut_at(lambda n: n // 2), "expected"),
    "a diagonal": (
        aligned_by(lambda w, n: np.broadcast_to(np.arange(w.shape[1]), w.shape[:2])),
        "expected",
    ),
    "first position": (aligned_by(lambda w, n: np.zeros(w.shape[:2], int)), "expected"),
    "for each sentence": (
        lambda w, e, n: [float(aligned(w[i : i + 1], e[i : i + 1], n[i : i + 1])) for i in range(len(w))],
        "expected one number",
    ),
    "positions": (lambda w, e, n: real_weights(w, n).argmax(axis=-1), "expected one number"),
    "rounded": (lambda w, e, n: round(aligned(w, e, n), 2), "expected"),
    "padding in place": (padding_in_place, "changed the arrays"),
    "expected in place": (expected_in_place, "changed the arrays"),
    "constant": (lambda w, e, n: 0.5, "expected"),
    "a copied example": (lambda w, e, n: 2 / 3, "expected"),
    "zero": (lambda w, e, n: 0.0, "expected"),
    "identity": (lambda w, e, n: w, "expected one number"),
    "no return": (lambda w, e, n: None, "without `return`"),
}

# --- 8.4 ----------------------------------------------------------------------------------------------------


def best(log_probabilities, lengths, alpha):
    """The course's solution."""
    penalties = ((5 + lengths) / 6) ** alpha
    return int(np.argmax(log_probabilities / penalties))


def best_by_loop(log_probabilities, lengths, alpha):
    place, highest = 0, -math.inf
    for i in range(len(lengths)):
        score = log_probabilities[i] / ((5 + lengths[i]) / 6) ** alpha
        if score > highest:
            place, highest = i, score
    return place


def best_by_max(log_probabilities, lengths, alpha):
    pairs = [*zip(log_probabilities.tolist(), lengths.tolist(), strict=True)]
    return max(range(len(pairs)), key=lambda i: pairs[i][0] / math.pow((5 + pairs[i][1]) / (5 + 1), alpha))


def best_by_index(log_probabilities, lengths, alpha):
    scores = [
        one / ((5 + length) / 6) ** alpha for one, length in zip(log_probabilities, lengths, strict=True)
    ]
    return scores.index(max(scores))


def best_by_keras(log_probabilities, lengths, alpha):
    penalty = ((5 + ops.cast(lengths, "float32")) / 6) ** float(alpha)
    return ops.argmax(ops.cast(log_probabilities, "float32") / penalty)


def best_by_sorting(log_probabilities, lengths, alpha):
    scores = log_probabilities * ((lengths + 5) / 6) ** -alpha
    return np.argsort(-scores, kind="stable")[0]


def best_by_logarithms(log_probabilities, lengths, alpha):
    """Of the least −log p after the penalty, by the logarithm of that."""
    with np.errstate(divide="ignore"):
        return np.argmin(np.log(-log_probabilities) - alpha * np.log(lengths + 5.0))


def best_by_duel(log_probabilities, lengths, alpha):
    place = 0
    for i in range(1, len(lengths)):
        ours, theirs = log_probabilities[i], log_probabilities[place]
        base = ((5 + lengths[i]) / 6) ** alpha, ((5 + lengths[place]) / 6) ** alpha
        if ours / base[0] > theirs / base[1]:
            place = i
    return np.int32(place)


def best_by_fractions(log_probabilities, lengths, alpha):
    def cost(i):
        return -float(log_probabilities[i]) / float(Fraction(5 + int(lengths[i]), 6)) ** alpha

    return min(range(len(lengths)), key=cost)


def scores_by(make):
    """The best of other scores, made of log-probabilities, lengths, α."""

    def answer(log_probabilities, lengths, alpha):
        with np.errstate(all="ignore"):
            return int(np.argmax(make(log_probabilities, lengths, alpha)))

    return answer


def penalised(log_probabilities, lengths, alpha):
    return log_probabilities / ((5 + lengths) / 6) ** alpha


def last_best(log_probabilities, lengths, alpha):
    place, highest = 0, -math.inf
    for i, score in enumerate(penalised(log_probabilities, lengths, alpha)):
        if score >= highest:
            place, highest = i, score
    return place


def best_in_place(log_probabilities, lengths, alpha):
    log_probabilities /= ((5 + lengths) / 6) ** alpha
    return int(log_probabilities.argmax())


def lengths_in_place(log_probabilities, lengths, alpha):
    lengths += 5
    return int(np.argmax(log_probabilities / (lengths / 6) ** alpha))


def start_at(low, place=0):
    """A loop that begins with a score of its own."""

    def answer(log_probabilities, lengths, alpha):
        found, highest = place, low
        for i, score in enumerate(penalised(log_probabilities, lengths, alpha)):
            if score > highest:
                found, highest = i, score
        return found

    return answer


BEST_RIGHT = {
    "the course's solution": best,
    "loop": best_by_loop,
    "max of a range": best_by_max,
    "index of max": best_by_index,
    "Keras, single precision": best_by_keras,
    "sorted": best_by_sorting,
    "logarithms": best_by_logarithms,
    "two by two": best_by_duel,
    "fractions": best_by_fractions,
    "a tensor": lambda p, n, a: tf.argmax(p / ((5 + n) / 6) ** a),
    "without the 6, which is the same for all": scores_by(lambda p, n, a: p / (5.0 + n) ** a),
    "an array without axes": lambda p, n, a: np.array(best(p, n, a)),
    "bytes": lambda p, n, a: np.uint8(best(p, n, a)),
    "least cost": lambda p, n, a: np.argmin(-penalised(p, n, a)),
    "the penalty's logarithm": scores_by(lambda p, n, a: p / np.exp(a * np.log((5 + n) / 6))),
    "a dictionary of scores": lambda p, n, a: max(
        dict(enumerate(penalised(p, n, a))).items(), key=lambda item: item[1]
    )[0],
    "the exponent of the lengths alone": scores_by(lambda p, n, a: p * 6**a / (5.0 + n) ** a),
}
BEST_WRONG = {
    "the course's own": (lambda p, n, a: int(np.argmax(p / search.length_penalty(n, a))), OWN),
    "no penalty": (scores_by(lambda p, n, a: p), "largest log-probability: divide"),
    "worst": (scores_by(lambda p, n, a: -penalised(p, n, a)), "You took the worst"),
    "smallest log-probability": (scores_by(lambda p, n, a: -p), "You took the worst"),
    "absolute": (scores_by(lambda p, n, a: np.abs(p) / ((5 + n) / 6) ** a), "You took the worst"),
    "multiplied": (scores_by(lambda p, n, a: p * ((5 + n) / 6) ** a), "multiplied by the penalty"),
    "mean": (scores_by(lambda p, n, a: p / n), "mean per token"),
    "by the length": (scores_by(lambda p, n, a: p / n**a), "added 0 to the lengths"),
    "1 more": (scores_by(lambda p, n, a: p / (1 + n) ** a), "added 1 to the lengths"),
    "4 more": (scores_by(lambda p, n, a: p / ((4 + n) / 6) ** a), "added 4 to the lengths"),
    "6 more": (scores_by(lambda p, n, a: p / ((6 + n) / 6) ** a), "added 6 to the lengths"),
    "6 below the length": (scores_by(lambda p, n, a: p / (5 + n / 6) ** a), "6 is below the whole sum"),
    "rounded down": (scores_by(lambda p, n, a: p / ((5 + n) // 6) ** a), "rounds down"),
    "no α": (scores_by(lambda p, n, a: p / ((5 + n) / 6)), "α is missing"),
    "α of one's own": (scores_by(lambda p, n, a: penalised(p, n, 0.6)), "one of your own"),
    "α of 0.7": (scores_by(lambda p, n, a: penalised(p, n, 0.7)), "one of your own"),
    "times α": (scores_by(lambda p, n, a: p / ((5 + n) / 6 * a)), "you multiplied by it"),
    "score times α": (scores_by(lambda p, n, a: p / ((5 + n) / 6) * a), "you multiplied by it"),
    "α is the base": (scores_by(lambda p, n, a: p / a ** ((5 + n) / 6)), "the base"),
    "all raised": (scores_by(lambda p, n, a: (p / ((5 + n) / 6)) ** a), "Only the penalty is raised"),
    "all raised, with its sign": (
        scores_by(lambda p, n, a: -((-p / ((5 + n) / 6)) ** a)),
        "Only the penalty is raised",
    ),
    "subtracted": (scores_by(lambda p, n, a: p - ((5 + n) / 6) ** a), "You subtracted the penalty"),
    "added": (scores_by(lambda p, n, a: p + ((5 + n) / 6) ** a), "You added the penalty"),
    "a reward": (scores_by(lambda p, n, a: p + a * n), "a reward"),
    "logarithm added": (scores_by(lambda p, n, a: p + a * np.log((5 + n) / 6)), "The \\*log\\*-probability"),
    "logarithm subtracted": (
        scores_by(lambda p, n, a: p - a * np.log((5 + n) / 6)),
        "The \\*log\\*-probability",
    ),
    "probability": (scores_by(lambda p, n, a: np.exp(p) / ((5 + n) / 6) ** a), "The \\*log\\*-probability"),
    "probability times": (
        scores_by(lambda p, n, a: np.exp(p) * ((5 + n) / 6) ** a),
        "The \\*log\\*-probability",
    ),
    "power of the score": (scores_by(lambda p, n, a: np.exp(penalised(p, n, a))), "np.exp of so low"),
    "logarithm of the length": (scores_by(lambda p, n, a: p / np.log(5 + n) ** a), "without a logarithm"),
    "number of sentences": (
        scores_by(lambda p, n, a: p / ((5 + len(p)) / 6) ** a),
        "largest log-probability: divide",
    ),
    "shortest": (scores_by(lambda p, n, a: -n), "the shortest"),
    "longest": (scores_by(lambda p, n, a: n), "the longest"),
    "last": (lambda p, n, a: len(p) - 1, "the last sentence"),
    "first": (lambda p, n, a: 0, "You took the first sentence"),
    "last of equals": (last_best, "Of equal ones the first"),
    "from −1000": (start_at(-1000.0), "np.exp of so low|expected"),
    "from −10": (start_at(-10.0), "expected"),
    "None where none can come": (start_at(-math.inf, None), "without `return`"),
    "−1 where none can come": (start_at(-math.inf, -1), "indexes are 0 to"),
    "−∞ put to 0": (
        scores_by(lambda p, n, a: penalised(np.where(np.isneginf(p), 0, p), n, a)),
        "−∞ cannot come",
    ),
    "−∞ left out": (
        lambda p, n, a: (
            int(np.argmax(penalised(p[p > -np.inf], n[p > -np.inf], a))) if p.max() > -np.inf else 0
        ),
        "keep their places",
    ),
    "short lengths": (
        scores_by(lambda p, n, a: penalised(p, n.astype(np.int8), a)),
        "keep the lengths as they are",
    ),
    "small α only": (scores_by(lambda p, n, a: penalised(p, n, min(a, 1))), "expected"),
    "whole α": (scores_by(lambda p, n, a: penalised(p, n, int(a))), "expected"),
    "α of 2.5 at most": (scores_by(lambda p, n, a: penalised(p, n, min(a, 2.5))), "expected"),
    "half precision": (scores_by(lambda p, n, a: penalised(p, n, a).astype(np.float16)), "expected"),
    "rounded scores": (scores_by(lambda p, n, a: np.round(penalised(p, n, a), 1)), "expected"),
    "lengths up to 250": (scores_by(lambda p, n, a: penalised(p, np.minimum(n, 250), a)), "may be long"),
    "lengths in bytes": (scores_by(lambda p, n, a: penalised(p, n.astype(np.uint8), a)), "may be long"),
    "the shorter of equals": (
        lambda p, n, a: min(range(len(p)), key=lambda i: (-penalised(p, n, a)[i], n[i])),
        "Of equal ones the first",
    ),
    "ten sentences": (lambda p, n, a: best(p[:10], n[:10], a), "expected"),
    "half of α": (scores_by(lambda p, n, a: penalised(p, n, a / 2)), "expected"),
    "from the end": (lambda p, n, a: best(p, n, a) - len(p), "indexes are 0 to"),
    "no certainty": (scores_by(lambda p, n, a: np.where(p == 0, -np.inf, penalised(p, n, a))), "is certain"),
    "square root": (scores_by(lambda p, n, a: p / np.sqrt((5 + n) / 6)), "one of your own|expected"),
    "scores": (lambda p, n, a: penalised(p, n, a), "return the index of the best"),
    "best score": (lambda p, n, a: float(penalised(p, n, a).max()), "not its score"),
    "a float": (lambda p, n, a: float(best(p, n, a)), "not its score"),
    "its length": (lambda p, n, a: int(n[best(p, n, a)]), "indexes are 0 to"),
    "from 1": (lambda p, n, a: best(p, n, a) + 1, "indexes are 0 to|you chose"),
    "in a list": (lambda p, n, a: [best(p, n, a)], "Take the number out"),
    "order": (lambda p, n, a: np.argsort(-penalised(p, n, a)), "return the index of the best"),
    "True": (lambda p, n, a: best(p, n, a) > 0, "is no index"),
    "the pair": (
        lambda p, n, a: (best(p, n, a), penalised(p, n, a).max()),
        "expected one number|one for each",
    ),
    "in place": (best_in_place, "changed the arrays"),
    "lengths in place": (lengths_in_place, "changed the arrays"),
    "no return": (lambda p, n, a: None, "without `return`"),
}

# --- 8.5 ----------------------------------------------------------------------------------------------------


def won(ours, theirs, draws):
    """The course's solution."""
    leads = ours[draws].mean(axis=1) - theirs[draws].mean(axis=1)
    return float(np.mean((leads > 0) + 0.5 * (leads == 0)))


def won_by_loop(ours, theirs, draws):
    wins = 0
    for row in draws.tolist():
        one = sum(float(ours[i]) for i in row) / len(row)
        other = sum(float(theirs[i]) for i in row) / len(row)
        if one > other:
            wins += 1
        elif one == other:
            wins += 0.5
    return wins / len(draws)


def won_by_counts(ours, theirs, draws):
    counts = np.stack([np.bincount(row, minlength=len(ours)) for row in draws])
    return np.heaviside(counts @ (ours - theirs), 0.5).mean()


def won_by_sign(ours, theirs, draws):
    return (np.sign((ours - theirs)[draws].sum(axis=1)).mean() + 1) / 2


def won_by_keras(ours, theirs, draws):
    leads = ops.mean(ops.take(ops.convert_to_tensor(ours - theirs), draws, axis=0), axis=1)
    return ops.mean(ops.where(leads > 0, 1.0, ops.where(leads < 0, 0.0, 0.5)))


def won_by_counter(ours, theirs, draws):
    totals = []
    for row in draws:
        counts = Counter(row.tolist())
        totals.append(
            sum(
                times * (Fraction(float(ours[i])) - Fraction(float(theirs[i]))) for i, times in counts.items()
            )
        )
    return (sum(one > 0 for one in totals) + sum(one == 0 for one in totals) / 2) / len(totals)


def won_by_where(ours, theirs, draws):
    one, other = np.mean(ours[draws], axis=1), np.mean(theirs[draws], axis=1)
    return np.where(one > other, 1, np.where(one == other, 0.5, 0)).mean()


def won_by_close(ours, theirs, draws):
    one, other = ours[draws].mean(axis=1), theirs[draws].mean(axis=1)
    ties = np.isclose(one, other)
    return np.average((one > other) & ~ties) + np.average(ties) / 2


def won_twice(ours, theirs, draws):
    one, other = ours[draws].mean(axis=-1), theirs[draws].mean(axis=-1)
    return 0.5 * (one > other).mean() + 0.5 * (one >= other).mean()


def share_by(lead, value=lambda leads: ((leads > 0) + 0.5 * (leads == 0)).mean()):
    """Other leads, made of ours, theirs, draws, or another value of them."""
    return lambda ours, theirs, draws: value(lead(ours, theirs, draws))


def leads_of(ours, theirs, draws):
    return (ours - theirs)[draws].mean(axis=1)


def valued_by(value):
    return share_by(leads_of, value)


def running_mean(values):
    mean = 0.0
    for count, value in enumerate(values, 1):
        mean += (value - mean) / count
    return mean


def own_draws(ours, theirs, draws):
    rng = np.random.default_rng(0)
    return won(ours, theirs, rng.integers(0, len(ours), (1000, len(ours))))


def draws_in_place(ours, theirs, draws):
    share = won(ours, theirs, draws)
    draws.sort(axis=0)
    draws[0] = 0
    draws[-1] = 1 if len(ours) > 1 else 0
    return share


def ours_in_place(ours, theirs, draws):
    ours -= theirs
    leads = ours[draws].mean(axis=1)
    return np.mean((leads > 0) + 0.5 * (leads == 0))


WINS_RIGHT = {
    "the course's solution": won,
    "loop": won_by_loop,
    "counts of sentences": won_by_counts,
    "signs": won_by_sign,
    "Keras": won_by_keras,
    "fractions": won_by_counter,
    "where": won_by_where,
    "nearly equal": won_by_close,
    "above, and at least": won_twice,
    "sums": share_by(lambda o, t, d: o[d].sum(axis=1) - t[d].sum(axis=1)),
    "a tensor": lambda o, t, d: tf.constant(won(o, t, d)),
    "float32": lambda o, t, d: np.float32(won(o.astype("float32"), t.astype("float32"), d)),
    "an array without axes": lambda o, t, d: np.array(won(o, t, d)),
    "divided first": share_by(lambda o, t, d: (o / len(o))[d].sum(axis=1) - (t / len(o))[d].sum(axis=1)),
    "running means": share_by(
        lambda o, t, d: np.array([running_mean(o[row]) - running_mean(t[row]) for row in d])
    ),
    "mean weights": share_by(lambda o, t, d: np.eye(len(o))[d].mean(axis=1) @ (o - t)),
    "less those of theirs": lambda o, t, d: 1 - won(t, o, d),
    "whole numbers where they are": lambda o, t, d: (
        int(won(o, t, d)) if won(o, t, d) in (0, 1) else won(o, t, d)
    ),
    "a list": lambda o, t, d: np.mean([won(o, t, row[None]) for row in d]),
}
WINS_WRONG = {
    "ties lose": (valued_by(lambda leads: (leads > 0).mean()), "yours counts nothing"),
    "ties win": (valued_by(lambda leads: (leads >= 0).mean()), "yours counts as a win"),
    "ties left out": (
        valued_by(lambda leads: (leads > 0).sum() / max(1, (leads != 0).sum())),
        "also below the fraction",
    ),
    "ties in half left out below": (
        valued_by(lambda leads: ((leads > 0) + 0.5 * (leads == 0)).sum() / max(1, (leads != 0).sum())),
        "one in the number of draws",
    ),
    "one tie": (
        valued_by(lambda leads: ((leads > 0).sum() + 0.5 * (leads == 0).any()) / len(leads)),
        "not one alone",
    ),
    "a quarter": (valued_by(lambda leads: ((leads > 0) + 0.25 * (leads == 0)).mean()), "expected"),
    "exchanged": (lambda o, t, d: won(t, o, d), "exchanged"),
    "losses": (valued_by(lambda leads: (leads < 0).mean()), "exchanged"),
    "ties alone": (valued_by(lambda leads: (leads == 0).mean()), "ties alone"),
    "count": (valued_by(lambda leads: ((leads > 0) + 0.5 * (leads == 0)).sum()), "how many there are"),
    "percent": (lambda o, t, d: 100 * won(o, t, d), "percentage"),
    "by sentences": (lambda o, t, d: won(o, t, d) * len(d) / len(o), "number of sentences"),
    "mean difference": (valued_by(np.mean), "a mean difference"),
    "mean difference as it is": (lambda o, t, d: (o - t).mean(), "on the test set as it is"),
    "signs": (valued_by(lambda leads: np.sign(leads).mean()), "losses count −1"),
    "theirs turned round": (
        share_by(lambda o, t, d: o[d].mean(axis=1) - t[d[::-1]].mean(axis=1)),
        "\\*same\\* drawn",
    ),
    "theirs one draw on": (
        share_by(lambda o, t, d: o[d].mean(axis=1) - np.roll(t[d].mean(axis=1), 1)),
        "\\*same\\* drawn",
    ),
    "theirs not drawn": (share_by(lambda o, t, d: o[d].mean(axis=1) - t.mean()), "\\*same\\* drawn"),
    "ours not drawn": (share_by(lambda o, t, d: o.mean() - t[d].mean(axis=1)), "\\*same\\* drawn"),
    "all pairs of draws": (
        share_by(lambda o, t, d: o[d].mean(axis=1)[:, None] - t[d].mean(axis=1)),
        "\\*same\\* drawn",
    ),
    "sentences": (share_by(lambda o, t, d: o - t), "counted single sentences"),
    "sentences, ties lose": (lambda o, t, d: (o > t).mean(), "counted single sentences"),
    "drawn sentences": (share_by(lambda o, t, d: (o - t)[d]), "counted single sentences"),
    "drawn sentences, ties lose": (lambda o, t, d: (o > t)[d].mean(), "counted single sentences"),
    "votes": (share_by(lambda o, t, d: np.sign(o - t)[d].sum(axis=1)), "who wins more sentences"),
    "votes, ties lose": (
        lambda o, t, d: ((o > t)[d].sum(axis=1) > (o < t)[d].sum(axis=1)).mean(),
        "who wins more sentences",
    ),
    "medians": (share_by(lambda o, t, d: np.median(o[d], axis=1) - np.median(t[d], axis=1)), "the median"),
    "median lead": (share_by(lambda o, t, d: np.median((o - t)[d], axis=1)), "the median"),
    "best sentences": (share_by(lambda o, t, d: o[d].max(axis=1) - t[d].max(axis=1)), "best sentences"),
    "each once": (
        share_by(lambda o, t, d: np.array([(o - t)[np.unique(row)].mean() for row in d])),
        "drawn twice counts twice",
    ),
    "along the draws": (share_by(lambda o, t, d: (o - t)[d].mean(axis=0)), "mean over the draws"),
    "no draws": (lambda o, t, d: np.heaviside((o - t).mean(), 0.5), "takes no part"),
    "all draws together": (lambda o, t, d: np.heaviside((o - t)[d].mean(), 0.5), "all draws together"),
    "the first draw": (lambda o, t, d: won(o, t, d[:1]), "Only one draw"),
    "the last draw": (lambda o, t, d: won(o, t, d[-1:]), "Only one draw"),
    "the last draw missing": (
        lambda o, t, d: won(o, t, d[:-1]) if len(d) > 1 else 0.5,
        "One draw is missing",
    ),
    "the last sentence missing": (
        lambda o, t, d: won(o, t, d[:, :-1]) if d.shape[1] > 1 else 0.5,
        "last sentence of each draw",
    ),
    "compared with the lead": (
        lambda o, t, d: (leads_of(o, t, d) > (o - t).mean()).mean(),
        "on the whole test set",
    ),
    "different draws": (lambda o, t, d: won(o, t, np.unique(d, axis=0)), "expected"),
    "fifty draws": (lambda o, t, d: won(o, t, d[:50]), "expected"),
    "one draw more": (lambda o, t, d: won(o, t, d) * len(d) / (len(d) + 1), "expected"),
    "ratios": (share_by(lambda o, t, d: o[d].mean(axis=1) / t[d].mean(axis=1) - 1), "expected"),
    "squares": (share_by(lambda o, t, d: (o**2 - t**2)[d].mean(axis=1)), "expected"),
    "without the extremes": (
        share_by(lambda o, t, d: np.sort((o - t)[d], axis=1)[:, 1 : max(2, d.shape[1] - 1)].sum(axis=1)),
        "expected",
    ),
    "ranks": (lambda o, t, d: won(o.argsort().argsort(), t.argsort().argsort(), d), "expected"),
    "a normal distribution": (
        lambda o, t, d: 0.5 + 0.5 * math.erf((o - t).mean() / ((o - t).std() + 1e-9) * (len(o) / 2) ** 0.5),
        "expected",
    ),
    "rounded means": (
        share_by(lambda o, t, d: np.round(o[d].mean(axis=1), 3) - np.round(t[d].mean(axis=1), 3)),
        "expected",
    ),
    "the larger share": (lambda o, t, d: max(won(o, t, d), 1 - won(o, t, d)), "expected"),
    "a p-value": (lambda o, t, d: 2 * min(won(o, t, d), 1 - won(o, t, d)), "expected"),
    "significant": (lambda o, t, d: won(o, t, d) > 0.95, "expected"),
    "draws of one's own": (own_draws, "expected"),
    "numbers from 1": (lambda o, t, d: won(o, t, d - 1), "expected"),
    "absolute": (lambda o, t, d: won(np.abs(o), np.abs(t), d), "expected"),
    "whole scores": (lambda o, t, d: won(o.astype(int), t.astype(int), d), "expected"),
    "a margin": (
        valued_by(lambda leads: ((leads > 0.1) + 0.5 * (np.abs(leads) <= 0.1)).mean()),
        "expected",
    ),
    "half precision": (lambda o, t, d: won(o.astype(np.float16), t.astype(np.float16), d), "expected"),
    "drawn or not": (
        share_by(lambda o, t, d: np.stack([np.bincount(row, minlength=len(o)) > 0 for row in d]) @ (o - t)),
        "drawn twice counts twice|expected",
    ),
    "one and a half for ties": (
        valued_by(lambda leads: ((leads >= 0) + 0.5 * (leads == 0)).mean()),
        "expected",
    ),
    "for each draw": (valued_by(lambda leads: (leads > 0) + 0.5 * (leads == 0)), "expected one number"),
    "draws in place": (draws_in_place, "changed the arrays"),
    "ours in place": (ours_in_place, "changed the arrays"),
    "rounded": (lambda o, t, d: round(won(o, t, d), 1), "expected"),
    "constant": (lambda o, t, d: 0.5, "expected"),
    "a copied example": (lambda o, t, d: 0.625, "expected"),
    "one": (lambda o, t, d: 1.0, "expected"),
    "identity": (lambda o, t, d: o, "expected one number"),
    "no return": (lambda o, t, d: None, "without `return`"),
}

# --- 8.6 ----------------------------------------------------------------------------------------------------


def senses(translations, wanted, other):
    """The course's solution."""
    pairs = [(one in text, two in text) for text, one, two in zip(translations, wanted, other, strict=True)]
    right = pairs.count((True, False)) / len(pairs)
    wrong = pairs.count((False, True)) / len(pairs)
    return right, wrong, 1 - right - wrong


def senses_by_loop(translations, wanted, other):
    counts = [0, 0, 0]
    for i in range(len(translations)):
        if wanted[i] in translations[i] and other[i] not in translations[i]:
            counts[0] += 1
        elif other[i] in translations[i] and wanted[i] not in translations[i]:
            counts[1] += 1
        else:
            counts[2] += 1
    return [count / len(translations) for count in counts]


def senses_by_arrays(translations, wanted, other):
    one = np.array([w in t for t, w in zip(translations, wanted, strict=True)])
    two = np.array([w in t for t, w in zip(translations, other, strict=True)])
    return (one & ~two).mean(), (two & ~one).mean(), (one == two).mean()


def senses_by_find(translations, wanted, other):
    signs = [(t.find(a) >= 0) - (t.find(b) >= 0) for t, a, b in zip(translations, wanted, other, strict=True)]
    counts = Counter(signs)
    return tuple(counts[sign] / len(signs) for sign in (1, -1, 0))


def senses_by_counts(translations, wanted, other):
    table = np.array(
        [[bool(t.count(a)), bool(t.count(b))] for t, a, b in zip(translations, wanted, other, strict=True)]
    )
    return np.array(
        [(table == kind).all(axis=1).mean() for kind in ([1, 0], [0, 1])]
        + [(table[:, 0] == table[:, 1]).mean()]
    )


def senses_by_replacing(translations, wanted, other):
    changed = [
        (t.replace(a, "") != t, t.replace(b, "") != t)
        for t, a, b in zip(translations, wanted, other, strict=True)
    ]
    right, wrong = (sum(pair == kind for pair in changed) for kind in ((True, False), (False, True)))
    return right / len(changed), wrong / len(changed), (len(changed) - right - wrong) / len(changed)


def senses_by_names(translations, wanted, other):
    names = []
    for text, one, two in zip(translations, wanted, other, strict=True):
        names.append({(1, 0): "right", (0, 1): "wrong"}.get((int(one in text), int(two in text)), "unclear"))
    return tuple(names.count(name) / len(names) for name in ("right", "wrong", "unclear"))


def senses_by_split(translations, wanted, other):
    def has(text, word):
        return len(text.split(word)) > 1

    rows = [has(t, a) - has(t, b) for t, a, b in zip(translations, wanted, other, strict=True)]
    return rows.count(1) / len(rows), rows.count(-1) / len(rows), rows.count(0) / len(rows)


def senses_by(has=lambda text, word: word in text, value=None):
    """Another test of a word in a text, or other shares of the two columns found."""

    def answer(translations, wanted, other):
        one = np.array([has(t, w) for t, w in zip(translations, wanted, strict=True)], bool)
        two = np.array([has(t, w) for t, w in zip(translations, other, strict=True)], bool)
        if value:
            return tuple(float(np.mean(part)) for part in value(one, two))
        right, wrong = float((one & ~two).mean()), float((two & ~one).mean())
        return right, wrong, 1 - right - wrong

    return answer


def ordered(*places):
    return lambda t, w, o: tuple(senses(t, w, o)[place] for place in places)


def the_first_word(translations, wanted, other):
    one = np.array([t.find(w) % 10**6 for t, w in zip(translations, wanted, strict=True)])
    two = np.array([t.find(w) % 10**6 for t, w in zip(translations, other, strict=True)])
    return (one < two).mean(), (two < one).mean(), (one == two).mean()


def senses_of_signs(differences):
    signs = [*np.sign(differences)]
    return tuple(signs.count(sign) / len(signs) for sign in (1, -1, 0))


def of_the_sure(translations, wanted, other, keep=True):
    right, wrong, unclear = senses(translations, wanted, other)
    sure = right + wrong
    return (right / sure, wrong / sure, unclear if keep else 0.0) if sure else (0.0, 0.0, unclear)


def joined_senses(translations, wanted, other):
    text = "".join(translations)
    return senses([text] * len(translations), wanted, other)


def senses_in_place(translations, wanted, other):
    shares = senses(translations, wanted, other)
    translations.append("end")
    return shares


def wanted_in_place(translations, wanted, other):
    shares = senses(translations, wanted, other)
    wanted.reverse()
    wanted.append("x")
    return shares


def first_wanted_in_all(translations, wanted, other):
    return senses(translations, wanted[:1] * len(wanted), other[:1] * len(other))


SENSES_RIGHT = {
    "the course's solution": senses,
    "loop, list": senses_by_loop,
    "arrays": senses_by_arrays,
    "find": senses_by_find,
    "one array": senses_by_counts,
    "replaced": senses_by_replacing,
    "names": senses_by_names,
    "split at the word": senses_by_split,
    "a tensor": lambda t, w, o: tf.constant(senses(t, w, o)),
    "float32": lambda t, w, o: tuple(map(np.float32, senses(t, w, o))),
    "arrays without axes": lambda t, w, o: [np.array(part) for part in senses(t, w, o)],
    "whole numbers where they are": lambda t, w, o: [
        round(part) if abs(part - round(part)) < 1e-9 else part for part in senses(t, w, o)
    ],
    "a regular expression": senses_by(lambda text, word: re.search(re.escape(word), text) is not None),
    "parted at the word": senses_by(lambda text, word: text.partition(word)[1] == word),
    "characters of NumPy": lambda t, w, o: senses_by(lambda text, word: np.char.find(text, word) > -1)(
        t, w, o
    ),
    "Keras": lambda t, w, o: ops.convert_to_tensor(senses(t, w, o), "float32"),
}
SENSES_WRONG = {
    "right, unclear, wrong": (ordered(0, 2, 1), "another order"),
    "unclear, right, wrong": (ordered(2, 0, 1), "another order"),
    "wrong, right": (ordered(1, 0, 2), "Right and wrong are exchanged"),
    "unclear, wrong, right": (ordered(2, 1, 0), "another order"),
    "other ignored": (senses_by(value=lambda a, b: (a, b & ~a, ~(a | b))), "is \\*not\\* there"),
    "other only": (senses_by(value=lambda a, b: (a, ~a, 0 * a)), "unclear too"),
    "each by itself": (senses_by(value=lambda a, b: (a, b, ~(a | b))), "that the wanted one is not"),
    "each by itself, the rest": (
        lambda t, w, o: (lambda a, b: (a, b, 1 - a - b))(*senses_by(value=lambda a, b: (a, b))(t, w, o)),
        "that the wanted one is not",
    ),
    "wanted first": (
        senses_by(value=lambda a, b: (a & ~b, b, ~(a | b))),
        "the wanted one is \\*not\\* there",
    ),
    "never unclear": (senses_by(value=lambda a, b: (a & ~b, ~(a & ~b), 0 * a)), "neither, or with both"),
    "not other": (senses_by(value=lambda a, b: (~b, b, 0 * b)), "Right asks for the wanted word"),
    "neither only": (senses_by(value=lambda a, b: (a & ~b, b & ~a, ~(a | b))), "both words is unclear too"),
    "both only": (senses_by(value=lambda a, b: (a & ~b, b & ~a, a & b)), "neither word is unclear too"),
    "neither is wrong": (senses_by(value=lambda a, b: (a & ~b, ~a, a & b)), "with neither word is unclear"),
    "both is wrong": (senses_by(value=lambda a, b: (a & ~b, b, ~(a | b))), "unclear"),
    "neither is right": (senses_by(value=lambda a, b: (~b, b & ~a, a & b)), "neither word is unclear"),
    "of the sure": (of_the_sure, "shares of \\*all\\* sentences"),
    "of the sure, none unclear": (
        lambda t, w, o: of_the_sure(t, w, o, False),
        "shares of \\*all\\* sentences",
    ),
    "equal": (senses_by(lambda text, word: text == word), "not `==`"),
    "begins": (senses_by(str.startswith), "begins with it"),
    "ends": (senses_by(str.endswith), "ends with it"),
    "find above 0": (senses_by(lambda text, word: text.find(word) > 0), "`find` gives 0"),
    "find is true": (senses_by(lambda text, word: bool(text.find(word))), "`find` gives 0"),
    "split": (senses_by(lambda text, word: word in text.split()), "no spaces to split"),
    "all characters": (senses_by(lambda text, word: all(sign in text for sign in word)), "side by side"),
    "any character": (senses_by(lambda text, word: any(sign in text for sign in word)), "side by side"),
    "first character": (senses_by(lambda text, word: word[0] in text), "side by side"),
    "last character": (senses_by(lambda text, word: word[-1] in text), "side by side"),
    "text in word": (senses_by(lambda text, word: text in word), "not `text in word`|not `==`"),
    "the first pair": (first_wanted_in_all, "its own two words"),
    "any wanted word": (
        lambda t, w, o: senses_by(lambda text, word: any(a in text for a in {*(w if word in w else o)}))(
            t, w, o
        ),
        "expected",
    ),
    "the first that comes": (the_first_word, "whichever comes first"),
    "counts": (lambda t, w, o: tuple(round(len(t) * part) for part in senses(t, w, o)), "how many there are"),
    "percent": (lambda t, w, o: tuple(100 * part for part in senses(t, w, o)), "percentage"),
    "one sentence": (lambda t, w, o: senses(t[:1], w[:1], o[:1]), "Only one sentence"),
    "all sentences in one": (joined_senses, "expected"),
    "the last missing": (
        lambda t, w, o: senses(t[:-1], w[:-1], o[:-1]) if len(t) > 1 else senses(t, w, o),
        "expected",
    ),
    "next words": (lambda t, w, o: senses(t, [*w[1:], w[0]], [*o[1:], o[0]]), "expected"),
    "wanted and other exchanged": (lambda t, w, o: senses(t, o, w), "Right and wrong are exchanged"),
    "empty is wrong": (
        lambda t, w, o: senses([text or word for text, word in zip(t, o, strict=True)], w, o),
        "expected",
    ),
    "empty left out": (
        lambda t, w, o: senses(
            *zip(*[row for row in zip(t, w, o, strict=True) if row[0]] or [("", "a", "b")], strict=True)
        ),
        "expected",
    ),
    "once exactly": (
        senses_by(lambda text, word: text.count(word) == 1 and len(text) > len(word)),
        "expected",
    ),
    "two characters": (senses_by(lambda text, word: word[:2] in text), "expected"),
    "backwards too": (senses_by(lambda text, word: word in text or word in text[::-1]), "expected"),
    "with gaps": (
        senses_by(lambda text, word: re.search(".*".join(word), text) is not None),
        "expected",
    ),
    "two of its characters": (
        senses_by(lambda text, word: sum(sign in text for sign in word) > 1),
        "expected",
    ),
    "what comes oftener": (
        lambda t, w, o: senses_of_signs([x.count(a) - x.count(b) for x, a, b in zip(t, w, o, strict=True)]),
        "expected",
    ),
    "what comes last": (
        lambda t, w, o: senses_of_signs([x.rfind(a) - x.rfind(b) for x, a, b in zip(t, w, o, strict=True)]),
        "expected",
    ),
    "before 和": (lambda t, w, o: senses([text.split("和")[0] for text in t], w, o), "expected"),
    "different sentences": (
        lambda t, w, o: senses(*zip(*dict.fromkeys(zip(t, w, o, strict=True)), strict=True)),
        "expected",
    ),
    "empty is right": (
        lambda t, w, o: senses([text or word for text, word in zip(t, w, strict=True)], w, o),
        "expected",
    ),
    "one sentence more": (
        lambda t, w, o: tuple(part * len(t) / (len(t) + 1) for part in senses(t, w, o)),
        "expected",
    ),
    "bats only": (lambda t, w, o: senses(t, ["蝙蝠"] * len(t), ["球拍"] * len(t)), "expected"),
    "at most one right": (lambda t, w, o: (*map(min, senses(t, w, o), (0.5, 0.5, 1)),), "expected"),
    "two shares": (lambda t, w, o: senses(t, w, o)[:2], "Return three things"),
    "one share": (lambda t, w, o: senses(t, w, o)[0], "Return three things"),
    "a dictionary": (
        lambda t, w, o: dict(zip(("right", "wrong", "unclear"), senses(t, w, o), strict=True)),
        "found a dictionary",
    ),
    "lists": (lambda t, w, o: ([1.0], [0.0], [0.0]), "expected one number"),
    "rounded": (lambda t, w, o: tuple(round(part, 2) for part in senses(t, w, o)), "expected"),
    "in place": (senses_in_place, "changed the lists"),
    "words in place": (wanted_in_place, "changed the lists"),
    "a third each": (lambda t, w, o: (1 / 3, 1 / 3, 1 / 3), "expected"),
    "a copied example": (lambda t, w, o: (0.5, 0.25, 0.25), "expected"),
    "all right": (lambda t, w, o: (1.0, 0.0, 0.0), "expected"),
    "identity": (lambda t, w, o: (t, w, o), "expected numbers|not everything is a number"),
    "empty": (lambda t, w, o: [], "Return three things"),
    "no return": (lambda t, w, o: None, "without `return`"),
}

EXERCISES = {
    "8.1": (check.by_dictionary, DICTIONARY_RIGHT, DICTIONARY_WRONG),
    "8.2": (check.additive_attention, ATTENTION_RIGHT, ATTENTION_WRONG),
    "8.3": (check.alignment_accuracy, ALIGNMENT_RIGHT, ALIGNMENT_WRONG),
    "8.4": (check.best_of_beam, BEST_RIGHT, BEST_WRONG),
    "8.5": (check.share_of_wins, WINS_RIGHT, WINS_WRONG),
    "8.6": (check.sense_shares, SENSES_RIGHT, SENSES_WRONG),
}

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(EXERCISES)
