"""Checks of lesson 08: word by word, additive attention, alignments, the best of a beam, wins, senses."""

import operator
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from course_utils.checks import (
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_number,
    expect_parts,
    name_mistake,
)

__all__ = [
    "additive_attention",
    "alignment_accuracy",
    "best_of_beam",
    "by_dictionary",
    "sense_shares",
    "share_of_wins",
]

_COURSE = r"course_utils\.(generation|evaluation|fusion|experiments)\.\w+\.\w+"
"""What does the exercises' work already."""

_Mistakes = Iterator[tuple[object, str]]
"""What typical mistakes make of the same input, each with its hint."""

_COUNT = "That is how many there are: return their share, a number from 0 to 1."
_PERCENT = "That is a percentage: return the share, from 0 to 1."


# --- 8.1 ----------------------------------------------------------------------------------------------------

_Dictionary = dict[tuple[str, ...], str]

_ENGLISH = ("hot", "dog", "dogs", "now", "no", "where", "here", "Hot", "house", "a", "cat")
"""Some are within others, some differ in one letter's size, some are the same when joined to the next one."""

_CHINESE = "猫狗热屋门在上下左右红大小只个把"


@exercise(
    "8.1",
    "the translations are right for 214 sentences of 0 to 60 words and dictionaries of 0 to 24 entries of 1 to 7 words, some of them without "
    "any Chinese",
    own=_COURSE,
    stops={
        r"unhashable": "A list is no key of a dictionary: look for a tuple, `tuple(words[start:end])`.",
        r"KeyError": "Not every piece of a sentence is an entry: ask `piece in dictionary` first, or use `dictionary.get`.",
        r"index out of range": "At the end fewer words are left than the longest entry has, and there may be none at all; a slice, "
        "`words[start:end]`, may reach beyond the end.",
    },
)
def by_dictionary(my_translation: Callable) -> None:
    """Checks a translation by the longest entries of a dictionary (lesson 08).

    Args:
        my_translation: function of ``(words, dictionary)``, list of str and dict from tuple of str to str, that returns a
            str.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(291)
    long = [_draw_dictionary(rng, 60, 45, 7) for _ in range(2)]
    found = [_translated(my_translation, *given) for given in long]
    right = [_translate(*given) for given in long]
    name_mistake(found, right, (_dictionary_mistakes(*given) for given in long), operator.eq)
    for number in range(200):  # the shortest first: they can be read
        size, entries, longest = 1 + number // 25, rng.integers(0, 10), rng.integers(1, 6)
        _check_translation(my_translation, *_draw_dictionary(rng, size, entries, longest))
    for words, dictionary, hint in _dictionary_edges():
        _check_translation(my_translation, words, dictionary, hint)
    expect(found == right, f"For two sentences of 60 words you returned {found}, expected {right}.")


def _draw_dictionary(
    rng: np.random.Generator, size: int, entries: int, longest: int
) -> tuple[list[str], _Dictionary]:
    """A sentence and a dictionary, most of whose entries are pieces of it."""
    words, unknown = rng.choice(_ENGLISH, size).tolist(), {*rng.choice(_ENGLISH, 2)}
    dictionary = {}
    for _ in range(entries):
        start = rng.integers(0, size + 1)
        piece = words[start : start + rng.integers(1, longest + 1)] or rng.choice(_ENGLISH, 1).tolist()
        if rng.random() < 0.2:
            piece = rng.permutation(piece).tolist()
        if not unknown & {*piece}:
            dictionary[tuple(piece)] = "".join(rng.choice([*_CHINESE], rng.integers(0, 4)))
    return words, dictionary


def _dictionary_edges() -> Iterator[tuple[list[str], _Dictionary, str]]:
    """Short sentences, each with what it is about."""
    dog = {("hot",): "热", ("dog",): "狗", ("hot", "dog"): "热狗"}
    longest = "At each place the longest entry that begins there is taken."
    yield ["hot", "dog"], dog, longest
    yield ["dog", "hot"], dog, "The order of the words counts."
    yield ["hot", "hot", "dog"], dog, longest
    yield (
        ["in", "front", "of", "in", "front"],
        {("in", "front", "of"): "前面", ("in",): "里", ("front",): "前"},
        "An entry of three words may be there though its first two are none.",
    )
    yield (
        ["a", "b", "c", "d"],
        {("a", "b"): "上", ("b", "c", "d"): "左右", ("c",): "大", ("d",): "小"},
        "At each place the longest entry that begins *there* is taken, whatever comes after it.",
    )
    yield ["now", "here"], {("no", "where"): "无处", ("nowhere",): "无处"}, "Compare tuples of words."
    yield ["The", "cat"], {("the", "cat"): "猫"}, "Words are compared as they are: “The” is not “the”."
    yield (
        ["catfish"],
        {("cat",): "猫"},
        "Compare whole words: “cat” stands in “catfish”, and is another word.",
    )
    yield (
        ["the", "cat", "cat"],
        {("the",): "那", ("the", "cat"): "", ("cat",): "猫"},
        "An entry whose Chinese is empty is an entry: ask `piece in dictionary`, not whether its Chinese is true.",
    )
    yield [], dog, "Of no words comes an empty text."
    yield ["hot", "dog"], {}, "Without entries every word is left out, and an empty text comes."
    yield (
        ["hot", "red", "dog"],
        dog,
        "A word in no entry is left out where it stands: the words beside it are still apart.",
    )


def _pieces(
    words: Sequence[str],
    dictionary: _Dictionary,
    choose: Callable[[list[tuple[str, ...]]], tuple[str, ...]] = lambda entries: entries[-1],
    step: Callable[[tuple[str, ...]], int] = len,
    unknown: int = 1,
) -> Iterator[tuple[str, ...]]:
    """Goes through a sentence; ``choose`` takes one of the entries that begin at a place, the shortest first."""
    place = 0
    while place < len(words):
        entries = [tuple(words[place:end]) for end in range(place + 1, len(words) + 1)]
        entries = [piece for piece in entries if piece in dictionary]
        piece = choose(entries) if entries else ()
        if piece:
            yield piece
        place += step(piece) if piece else unknown


def _translate(words: Sequence[str], dictionary: _Dictionary, **settings: object) -> str:
    return "".join(dictionary[piece] for piece in _pieces(words, dictionary, **settings))


def _translated(my_translation: Callable, words: list[str], dictionary: _Dictionary) -> str:
    """A translation, which must be a text of what is in the dictionary."""
    value = my_translation(words, dictionary)
    given = f"{len(words)} words and {len(dictionary)} entries"
    what = f"For {f'{words} and {dictionary}' if len(words) < 10 else given} you returned"
    expect(value is not None, f"{what} None: does your function end without `return`?")
    expect(
        not isinstance(value, list | tuple),
        f'{what} a {type(value).__name__}: join its parts to one text, `"".join(parts)`.',
    )
    expect(isinstance(value, str), f"{what} an object of type {type(value).__name__}, expected a str.")
    strange = [sign for sign in value if sign not in "".join(dictionary.values())]
    expect(" " not in strange, f"{what} {value!r}: Chinese is written without spaces, so join without any.")
    expect(
        not strange,
        f"{what} {value!r}, and {''.join(strange[:1])!r} is in no entry's Chinese. A word at which no entry begins is left out: neither the "
        "word nor a sign for it is written.",
    )
    return value


def _check_translation(
    my_translation: Callable, words: list[str], dictionary: _Dictionary, hint: str = ""
) -> None:
    value, right = _translated(my_translation, words, dictionary), _translate(words, dictionary)
    given = f"For {words} and {dictionary} you returned {value!r}, expected {right!r}."
    expect(value == right, f"{given} {hint}".rstrip())


def _dictionary_mistakes(words: list[str], dictionary: _Dictionary) -> _Mistakes:
    def translate(**settings: object) -> str:
        return _translate(words, dictionary, **settings)

    longest = max(map(len, dictionary))
    single = (
        "Only entries of one word were found: an entry may have several, and the longest that fits is taken."
    )
    yield translate(choose=lambda entries: entries[0] if len(entries[0]) == 1 else ()), single
    yield (
        translate(choose=lambda entries: entries[0]),
        "You took the shortest entry at each place: look for the longest one first.",
    )
    for most in range(2, 7):
        few = {piece: text for piece, text in dictionary.items() if len(piece) <= most}
        yield (
            _translate(words, few),
            f"Entries of more than {most} words were never found: the dictionary says how long they are, `max(map(len, dictionary))`, and "
            "`range` stops one before its end.",
        )
    yield (
        translate(choose=_grown),
        "You went on as long as the pieces were entries: one of three words may be there though its first two are none.",
    )
    yield (
        translate(choose=lambda entries: min(entries, key=[*dictionary].index)),
        "You took the first entry of the dictionary that fits: the longest is asked, wherever it stands.",
    )
    yield (
        translate(choose=lambda entries: max(entries, key=lambda piece: len(dictionary[piece]))),
        "You took the entry with the longest Chinese: the one with the most *words* is asked.",
    )
    backward = {piece[::-1]: text for piece, text in dictionary.items()}
    yield (
        "".join(backward[piece] for piece in [*_pieces(words[::-1], backward)][::-1]),
        "You went through the sentence from its end: begin on the left.",
    )
    parts = [dictionary[piece] for piece in _pieces(words, dictionary)]
    yield "".join(parts[::-1]), "Your parts stand in the opposite order."
    yield "".join(dict.fromkeys(parts)), "What comes twice is written twice: you wrote every part once."
    known = "A word at which no entry begins is left out, and only this word"
    begun = {piece[0] for piece in dictionary}
    stop = next((place for place, _ in enumerate(words) if not _starts(words[place:], dictionary)), None)
    yield _translate(words[:stop], dictionary), f"{known}: you stopped there."
    yield translate(unknown=2), f"{known}: the next one was lost too."
    yield translate(unknown=longest), f"{known}: you went on by the longest entry's length."
    yield (
        translate(step=lambda _: 1),
        "You went on by one word behind every entry: its other words are translated already, `place += len(entry)`.",
    )
    yield (
        translate(step=lambda piece: len(piece) + 1),
        "The word behind an entry was lost: go on by as many words as the entry has.",
    )
    yield (
        translate(step=lambda piece: max(1, len(piece) - 1)),
        "You went on by one word too few behind an entry: by as many as it has.",
    )
    true = {piece: text for piece, text in dictionary.items() if text}
    yield (
        _translate(words, true),
        "An entry whose Chinese is empty was taken for none: ask `piece in dictionary`, not whether its Chinese is true.",
    )
    yield (
        _translate(words[:-1], dictionary),
        "The end of the sentence was never reached: a slice `words[start:end]` stops before `end`, so `end` may be `len(words)`.",
    )
    away = "You threw unknown words away first: words came together that were apart."
    for kept in (begun, {word for piece in dictionary for word in piece}):
        yield _translate([word for word in words if word in kept], dictionary), away
    yield (
        _translate([word for word in words if (word,) in dictionary], dictionary),
        "You threw away what is no entry by itself: it may be part of one.",
    )
    lowered = {tuple(word.lower() for word in piece): text for piece, text in dictionary.items()}
    yield (
        _translate([word.lower() for word in words], lowered),
        "Words are compared as they are: you made small letters of them.",
    )
    yield (
        _replaced(words, dictionary),
        "You looked ahead, for the longest entries of the whole sentence or for as few as possible: go from the left and take at each place "
        "the longest that begins there, whatever comes after it.",
    )


def _starts(words: Sequence[str], dictionary: _Dictionary) -> bool:
    return any(tuple(words[:end]) in dictionary for end in range(1, len(words) + 1))


def _grown(entries: list[tuple[str, ...]]) -> tuple[str, ...]:
    """The longest entry all of whose beginnings are entries."""
    lengths = [len(piece) for piece in entries]
    whole = [piece for place, piece in enumerate(entries) if lengths[place] == place + 1]
    return whole[-1] if whole else ()


def _replaced(words: Sequence[str], dictionary: _Dictionary) -> str:
    """Every entry put in wherever it fits, the longest entries before the others."""
    parts = [*words]
    for piece in sorted(dictionary, key=len, reverse=True):
        for place in range(len(words) - len(piece) + 1):
            if tuple(parts[place : place + len(piece)]) == piece:
                parts[place : place + len(piece)] = [("", dictionary[piece]), *[("", "")] * (len(piece) - 1)]
    return "".join(part[1] for part in parts if isinstance(part, tuple))


# --- 8.2 ----------------------------------------------------------------------------------------------------


@exercise(
    "8.2",
    "contexts and weights are right for 10 batches of 1 to 5 rows of 1 to 7 positions, with and without a mask, for activations of ±1,000 and "
    "for scores of ±5,000",
    own=_COURSE,
)
def additive_attention(my_attention: Callable) -> None:
    """Checks additive attention with a mask (lesson 08).

    Args:
        my_attention: function of ``(query, keys, mask, w_query, w_keys, v)``, float (n, q), (n, positions, k), bool (n,
            positions), True = keep, float (q, d), (k, d) and (d,), that returns context (n, k) and weights (n, positions).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(82)
    # All sizes equal first: only there do exchanged matrices and wrong axes keep all shapes.
    for n, positions, q, k, d, is_masked, dtype in [
        (5, 5, 5, 5, 5, False, np.float64),
        (5, 5, 5, 5, 5, True, np.float64),
        (3, 7, 4, 6, 2, True, np.float64),
        (1, 4, 3, 2, 5, True, np.float64),
        (2, 1, 3, 2, 4, False, np.float64),
        (1, 1, 1, 1, 1, False, np.float64),
        (4, 6, 3, 5, 1, True, np.float32),
    ]:
        mask = np.ones((n, positions), bool)
        if is_masked:
            mask = rng.random((n, positions)) < 0.5
            mask[np.arange(n), 1 + rng.permutation(n) % (positions - 1)] = True
            mask[0, 0] = False
        sizes = ((n, q), (n, positions, k), (q, d), (k, d), d)
        query, keys, *into = (rng.normal(size=size).astype(dtype) for size in sizes)
        _check_additive(my_attention, query, keys, mask, *into)
    _check_large(my_attention, rng)


def _additive(
    query: np.ndarray,
    keys: np.ndarray,
    mask: np.ndarray,
    w_query: np.ndarray,
    w_keys: np.ndarray,
    v: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Context and weights, row by row."""
    weights = np.zeros(mask.shape)
    for row, (asked, seen, kept) in enumerate(zip(query, keys, mask, strict=True)):
        scores = np.tanh(asked @ w_query + seen[kept] @ w_keys) @ v
        weights[row, kept] = _softmax(scores)
    return np.einsum("np,npk->nk", weights, keys), weights


def _softmax(scores: np.ndarray, axis: int | None = -1) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def _check_additive(my_attention: Callable, *given: np.ndarray) -> None:
    _, keys, mask, *into = given
    (n, positions), k = mask.shape, keys.shape[2]
    what = f"for {n} row{'s' * (n > 1)} of {positions} position{'s' * (positions > 1)}{'' if mask.all() else ', some masked'}"
    names = ("context", "weights")
    parts = expect_parts(my_attention(*given), names)
    given = [part if part.dtype == bool else part.astype(np.float64) for part in given]
    context, weights = _additive(*given)
    row = "Each row has a query, positions and a softmax of its own: nothing is shared between rows."
    shapes = [
        ((n, k), "Are the two in the order context, weights?"),
        (
            (n, positions, 1),
            "An axis is left over: `v` is a vector, so `… @ v` gives one score for each position.",
        ),
        (
            (n, positions, len(into[2])),
            "The sum with `v` is missing: a score is one number for each position.",
        ),
    ]
    if n > 1:
        shapes += [
            ((positions,), row),
            ((n, n, positions), f"{row} Give the queries an axis of positions, `[:, np.newaxis]`."),
        ]
    got = expect_array(parts[1], (n, positions), np.floating, f"The weights {what}", shapes)
    kept = "True in the mask means *keep*, and every row keeps one"
    expect(
        np.isfinite(got).all(),
        f"The weights {what} have NaN or infinity. "
        + (
            f"Nothing is masked here: is your mask inverted ({kept}), or what you subtract infinite?"
            if mask.all()
            else f"Give masked scores −∞ or −1e9; if you gave it to those that are kept, nothing is left in some row: {kept}."
        ),
    )
    expect_close(got, weights, f"A weight {what}", _additive_mistakes(*given) if positions > 1 else ())
    _expect_exact_zeros(got, mask, what)
    got = expect_array(parts[0], (n, k), np.floating, f"The context {what}", [((n, positions, k), _SUM)])
    expect_close(got, context, f"The context {what}", _context_mistakes(weights, *given))


_SUM = "The sum over the positions is missing: `.sum(axis=1)`."


def _expect_exact_zeros(weights: np.ndarray, mask: np.ndarray, what: str) -> None:
    faint = np.abs(weights[~mask]).max(initial=0)
    expect(
        faint == 0,
        f"The weights {what}: a masked position has {faint:.3g}, and exactly 0 is asked. Give it the *score* −∞ (or −1e9), lower than any "
        "that is kept can be.",
    )


def _check_large(my_attention: Callable, rng: np.random.Generator) -> None:
    """Sums of a thousand below the tanh; then scores of thousands, in rows and under masks of very different height."""
    mask = np.array([[True, True, False, True, True], [False, True, False, True, False]])
    query, keys = 1000 * rng.normal(size=(2, 3)), 1000 * rng.normal(size=(2, 5, 4))
    into = [rng.normal(size=size) for size in ((3, 6), (4, 6), 6)]
    _check_extreme(
        my_attention,
        (query, keys, mask, *into),
        "for sums of ±1,000 below the tanh",
        "np.tanh takes any number; by `np.exp` it would be infinity over infinity.",
    )
    query, keys = rng.normal(size=(2, 3)), rng.normal(size=(2, 5, 4))
    query[:, 0] = 3, -3  # one row high, one low
    w_query, w_keys, v = (rng.normal(size=size) for size in ((3, 6), (4, 6), 6))
    w_query[:, :2], w_keys[:, :2] = 0, 0
    w_keys[0] = 0
    w_query[0, 0] = w_keys[0, 1] = 5
    v[:2] = 2500
    # What is masked stands higher than what is kept, then some of what is kept too.
    for levels in (np.where(mask, -3, 3), [[3, -3, 3, -3, 3], [3, -3, 3, 3, -3]]):
        keys[..., 0] = levels
        _check_extreme(
            my_attention,
            (query, keys, mask, w_query, w_keys, v),
            "for scores of ±5,000",
            "Subtract each row's largest score before `np.exp`, the largest of those that the mask keeps: np.exp(5000) is infinite, and where "
            "all are far below the largest nothing but 0 is left.",
        )


def _check_extreme(my_attention: Callable, given: tuple[np.ndarray, ...], what: str, hint: str) -> None:
    mask = given[2]
    with np.errstate(all="ignore"):
        parts = expect_parts(my_attention(*given), ("context", "weights"))
    context, weights = _additive(*given)
    got = expect_array(parts[1], weights.shape, np.floating, f"The weights {what}")
    expect((got.sum(axis=1) > 0.5).all(), f"In some row the weights {what} are NaN or nothing but 0. {hint}")
    expect(
        np.abs(got[~mask]).max() < 1e-3,
        f"Masked positions got weight {what}: a masked score must be lower than any that is kept, −∞ or −1e9, not −1000.",
    )
    # Single precision knows a score of 5,000 to three decimals.
    expect_close(got, weights, f"A weight {what}", tolerance=3e-3)
    _expect_exact_zeros(got, mask, what)
    got = expect_array(parts[0], context.shape, np.floating, f"The context {what}")
    scale = np.abs(given[1]).max()
    expect_close(
        got / scale, context / scale, f"The context {what}, as a share of the largest key,", tolerance=3e-3
    )


def _additive_mistakes(
    query: np.ndarray,
    keys: np.ndarray,
    mask: np.ndarray,
    w_query: np.ndarray,
    w_keys: np.ndarray,
    v: np.ndarray,
) -> _Mistakes:
    """What typical mistakes make of the weights."""

    def weighted(scores: np.ndarray, axis: int | None = -1) -> np.ndarray:
        return _softmax(np.where(mask, scores, -np.inf), axis)

    asked, seen = (query @ w_query)[:, np.newaxis], keys @ w_keys
    scores = np.tanh(asked + seen) @ v
    yield (
        weighted((asked + seen) @ v),
        "The tanh is missing: v · tanh(query + key), both multiplied by their matrices.",
    )
    yield weighted(np.maximum(asked + seen, 0) @ v), "You took another function than the tanh."
    yield weighted((1 / (1 + np.exp(-asked - seen))) @ v), "You took another function than the tanh."
    apart = "The tanh goes over the *sum* of query and key: each by itself, the query moves all scores alike and decides nothing."
    yield weighted((np.tanh(asked) + np.tanh(seen)) @ v), apart
    yield weighted((asked + np.tanh(seen)) @ v), apart
    yield weighted((np.tanh(asked) + seen) @ v), apart
    yield (
        weighted(np.tanh(seen) @ v),
        "The query takes no part in your scores: add it, multiplied by its matrix.",
    )
    yield (
        weighted(np.tanh(asked * seen) @ v),
        "You multiplied query and key: in *additive* attention they are added.",
    )
    yield (
        weighted((asked * seen).sum(axis=-1)),
        "Those are products of query and key: in *additive* attention they are added.",
    )
    yield (
        weighted(np.tanh(asked + seen).sum(axis=-1)),
        "`v` is missing: a score is the sum of the tanh's numbers, each multiplied by its number in `v`.",
    )
    yield (
        weighted(np.tanh(asked + seen).mean(axis=-1)),
        "`v` is missing: a score is the sum of the tanh's numbers, each multiplied by its number in `v`.",
    )
    yield weighted(np.tanh((asked + seen) @ v)), "`v` comes after the tanh: v · tanh(…), not tanh(v · …)."
    yield (
        weighted(np.tanh((asked + seen) * v).sum(axis=-1)),
        "`v` comes after the tanh: v · tanh(…), not tanh(v · …).",
    )
    yield weighted(np.tanh(scores)), "One tanh is enough: the scores themselves go into the softmax."
    yield weighted(np.tanh(asked - seen) @ v), "You subtracted the key: query and key are added."
    yield (
        weighted(scores / np.sqrt(len(v))),
        "You divided the scores by a root, as one does with products: here nothing is scaled.",
    )
    yield weighted(scores / len(v)), "You divided the scores: here nothing is scaled."
    yield weighted(-scores), "Your scores have the wrong sign."
    own = "Each row has its own query: yours looked with another row's."
    for others in (
        asked[:1],
        asked[-1:],
        asked[::-1],
        asked.mean(axis=0, keepdims=True),
        np.roll(asked, 1, axis=0),
    ):
        yield weighted(np.tanh(others + seen) @ v), own
    if len({*query.shape, *keys.shape, len(v)}) == 1:
        exchanged = np.tanh((query @ w_keys)[:, np.newaxis] + keys @ w_query) @ v
        yield (
            weighted(exchanged),
            "The matrices are exchanged: `w_query` is for the query, `w_keys` for the keys.",
        )
        turned = np.tanh((query @ w_query.T)[:, np.newaxis] + keys @ w_keys.T) @ v
        yield weighted(turned), "Your matrices are transposed: `query @ w_query`."
        yield (
            weighted(np.tanh(query @ w_query + seen) @ v),
            "The queries were added along the positions: give them an axis for these, `(query @ w_query)[:, np.newaxis]`.",
        )
        yield (
            weighted(np.tanh(query[:, np.newaxis] + keys) @ v),
            "The matrices are missing: multiply query and keys by theirs.",
        )
        yield weighted(np.tanh(query[:, np.newaxis] + seen) @ v), "The query's matrix is missing."
        yield weighted(np.tanh(asked + keys) @ v), "The keys' matrix is missing."
    yield (
        weighted(scores, axis=0),
        "Your weights sum to 1 over the rows: the softmax runs over the positions, `axis=1`.",
    )
    yield (
        weighted(scores, axis=None),
        "All your weights together sum to 1: each row has a softmax of its own, `axis=1, keepdims=True`.",
    )
    highest = np.where(mask, scores, -np.inf)
    yield (
        (highest == highest.max(axis=1, keepdims=True)).astype(float),
        "Your weights are 0 and 1: take the softmax, not the largest score.",
    )
    powers = np.exp(scores)
    yield powers * mask, "Your weights do not sum to 1: divide each row by its sum."
    yield scores * mask, "You returned the scores: take their softmax over the positions."
    yield scores, "You returned the scores: take their softmax over the positions."
    yield np.where(mask, np.log(_softmax(highest) + (~mask)), 0), "You returned logarithms of the weights."
    yield (
        mask / mask.sum(axis=1, keepdims=True),
        "All positions that are kept weigh alike: your scores do not differ.",
    )
    if mask.all():
        yield (
            np.zeros(mask.shape),
            "All weights are 0, though nothing is masked: is your mask inverted (True means *keep*), or is it `//` that divides?",
        )
        return
    yield _softmax(scores), "Your weights ignore the mask: masked positions have weight."
    yield (
        _softmax(scores) * mask,
        "The mask came after the softmax: the weights that are left do not sum to 1. Give masked *scores* −∞ first.",
    )
    yield (
        _softmax(scores * mask),
        "A masked score became 0, and exp(0) = 1 still counts: give it −∞ (or −1e9).",
    )
    yield (
        _softmax(np.tanh(asked + seen * mask[..., np.newaxis]) @ v),
        "You set masked keys to 0, and they still have a score: give their *scores* −∞ (or −1e9).",
    )
    inverted = np.where(mask, -np.inf, scores)
    with np.errstate(all="ignore"):
        yield np.nan_to_num(_softmax(inverted)), "Your mask is inverted: True means *keep*."


def _context_mistakes(
    weights: np.ndarray, query: np.ndarray, keys: np.ndarray, mask: np.ndarray, *into: np.ndarray
) -> _Mistakes:
    yield (
        (weights[..., np.newaxis] * keys).mean(axis=1),
        "You took the mean of the weighted keys: their sum is asked, the weights sum to 1 already.",
    )
    yield keys.mean(axis=1), "That is the plain mean of the keys: weigh them."
    kept = mask[..., np.newaxis]
    yield (
        (keys * kept).sum(axis=1) / kept.sum(axis=1),
        "That is the plain mean of the keys that are kept: weigh them.",
    )
    yield keys.sum(axis=1), "That is the sum of the keys: multiply each by its weight first."
    yield (
        keys[np.arange(len(keys)), weights.argmax(axis=1)],
        "That is the key of the largest weight: the sum of all is asked, each times its weight.",
    )
    yield (
        np.einsum("np,npk->nk", weights, keys @ into[1]) if into[1].shape[0] == into[1].shape[1] else None,
        "Your context is made of the keys *times their matrix*: the matrix is for the scores, the keys themselves are summed.",
    )
    if keys.shape[1] == keys.shape[2]:
        yield (
            np.einsum("nk,npk->np", weights, keys),
            "You summed along the keys' numbers: sum over the positions, axis 1.",
        )
    yield np.einsum("np,npk->nk", weights[::-1], keys), "Weights and keys of different rows came together."
    yield (
        np.tensordot(weights, keys, 2) * np.ones((len(keys), 1)) if len(keys) > 1 else None,
        "The rows were summed too: each has a context of its own.",
    )
    yield weights.mean(axis=0) @ keys, "The weights of all rows were mixed: each row has its own."


# --- 8.3 ----------------------------------------------------------------------------------------------------


@exercise(
    "8.3",
    "the share is right for 45 batches of 1 to 12 sentences, with padding and without, with equal weights, with positions that are not asked, and "
    "where none is",
    own=_COURSE,
    stops={
        r"boolean index did not match|could not be broadcast": (
            "Two shapes do not fit: the weights are (n, target, source), so what is largest along the last axis is (n, target), as `expected` "
            "is; a mask of the real positions needs an axis for target, `lengths[:, np.newaxis, np.newaxis]`."
        ),
    },
)
def alignment_accuracy(my_accuracy: Callable) -> None:
    """Checks the share of largest weights that are where they should be (lesson 08).

    Args:
        my_accuracy: function of ``(weights, expected, lengths)``, float (n, target, source), int (n, target), -1 where none
            is asked, and int (n,), that returns a float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(1)
    # All sizes equal first: only there do wrong axes give a number at all.
    first = [_draw_alignment(rng, 12, 12, 12) for _ in range(3)]
    found = [_alignment(my_accuracy, *given) for given in first]
    name_mistake(
        found, [_aligned(*given) for given in first], (_alignment_mistakes(*given) for given in first)
    )
    for n, target, source in [
        (1, 2, 4),
        (2, 1, 5),
        (3, 2, 2),
        (1, 1, 1),
        (3, 5, 9),
        (4, 8, 3),
        (3, 7, 1),
    ] * 5:
        _check_alignment(my_accuracy, *_draw_alignment(rng, n, target, source))
    weights, expected, lengths = _draw_alignment(rng, 3, 6, 7)
    _check_alignment(
        my_accuracy, weights.astype(np.float32), expected.astype(np.int32), lengths.astype(np.int32)
    )
    _check_alignment(my_accuracy, weights, np.maximum(expected, 0), np.full(3, 7))
    _check_alignment(my_accuracy, weights / 1e6, expected, lengths)
    _check_alignment(my_accuracy, 0.2 + weights / 1e4, expected, lengths)
    _check_alignment(my_accuracy, weights, np.where([[False], [True], [True]], expected, -1), lengths)
    _check_alignment(my_accuracy, weights, np.full_like(expected, -1), lengths)
    _check_alignment(my_accuracy, np.array([[[0, 0, 1.0]] * 3]), np.array([[0, 0, 1]]), np.array([2]))
    for value, given in zip(found, first, strict=True):
        expect_close(value, _aligned(*given), _share_of(*given), tolerance=1e-5)


def _draw_alignment(
    rng: np.random.Generator, n: int, target: int, source: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights in eighths, of which many are equal; about half of what is asked is where it should be."""
    weights = rng.integers(0, 9, (n, target, source)) / 8
    lengths = rng.integers((source + 1) // 2, source + 1, n)
    largest = _largest(weights, lengths)
    expected = np.where(
        rng.random((n, target)) < 0.5, largest, rng.integers(0, lengths[:, np.newaxis], (n, target))
    )
    is_asked = rng.random((n, target)) < rng.random((n, 1))
    return weights, np.where(is_asked, expected, -1), lengths


def _is_real(weights: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return np.arange(weights.shape[-1]) < lengths[:, np.newaxis, np.newaxis]


def _largest(weights: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    return np.where(_is_real(weights, lengths), weights, -np.inf).argmax(axis=-1)


def _aligned(weights: np.ndarray, expected: np.ndarray, lengths: np.ndarray) -> float:
    asked = expected >= 0
    return _mean_of((_largest(weights, lengths) == expected)[asked])


def _mean_of(values: np.ndarray) -> float:
    """The mean, or 0 of nothing."""
    return values.sum() / max(1, values.size)


def _share_of(weights: np.ndarray, expected: np.ndarray, lengths: np.ndarray) -> str:
    """Names what was given."""
    n, target, source = weights.shape
    if weights.size < 13:
        return f"The share of the weights {weights.tolist()} for expected {expected.tolist()} and lengths {lengths.tolist()}"
    asked = (expected >= 0).sum()
    return f"The share of {n} sentence{'s' * (n > 1)} of {target} target and {source} source positions, {asked} of them asked,"


def _alignment(
    my_accuracy: Callable, weights: np.ndarray, expected: np.ndarray, lengths: np.ndarray
) -> float:
    """An answer, which must be one number."""
    what = _share_of(weights, expected, lengths)
    value = expect_number(my_accuracy(weights, expected, lengths), what)
    expect(
        (expected >= 0).any() or value == 0,
        f"{what} is {value}: where nothing is asked, 0 would be divided by 0. Return 0.0 then.",
    )
    return value


def _check_alignment(my_accuracy: Callable, *given: np.ndarray) -> None:
    expect_close(_alignment(my_accuracy, *given), _aligned(*given), _share_of(*given), tolerance=1e-5)


def _alignment_mistakes(weights: np.ndarray, expected: np.ndarray, lengths: np.ndarray) -> _Mistakes:
    n, target, source = weights.shape
    is_real, asked, found = _is_real(weights, lengths), expected >= 0, _largest(weights, lengths)
    hit = found == expected
    low = np.where(is_real, weights, -np.inf)
    right = hit[asked].mean()

    def share(places: np.ndarray, among: np.ndarray = asked) -> float:
        return (places == expected)[among].mean()

    yield (
        share(weights.argmax(axis=-1)),
        "Padding competed: only the first `lengths[i]` source positions are real.",
    )
    shifted = [_largest(weights, np.clip(lengths + more, 1, source)) for more in (1, -1)]
    yield share(shifted[0]), "One position of padding competed: real are those *below* the length, `<`."
    yield (
        share(shifted[1]),
        "The last real position did not compete: real are all below the length, so `length - 1` too.",
    )
    for one in (lengths.max(), lengths.min(), lengths[0]):
        yield (
            share(_largest(weights, np.full(n, one))),
            "Each sentence has its own length: yours all have the same.",
        )
    on_target = np.where(is_real.swapaxes(1, 2), weights, -np.inf)
    yield (
        share(np.where(np.isfinite(on_target), weights, -1).argmax(axis=-1)),
        "Your mask of real positions lies along the target: it belongs to the source, the last axis.",
    )
    if n == target:
        crossed = np.arange(source) < lengths[:, np.newaxis]
        yield (
            share(np.where(crossed, weights, -1).argmax(axis=-1)),
            "Your mask of real positions fell on the wrong axis: `lengths[:, np.newaxis, np.newaxis]` keeps sentence, target, source apart.",
        )
    yield hit.mean(), "Positions that are not asked, −1, count in your share: divide by those that are."
    yield (hit | ~asked).mean(), "Positions that are not asked, −1, counted as right: leave them out."
    last = np.where(asked, expected, source - 1)
    yield (
        (found == last).mean(),
        "An expected −1 is no position: as an index it means the last one. Leave it out.",
    )
    yield (
        share(found, expected > 0),
        "You left out position 0 too: only −1 means that none is asked, so `expected >= 0`.",
    )
    yield share(found, expected != 0), "You left out position 0 in place of −1: asked is `expected >= 0`."
    short = np.arange(target) < lengths[:, np.newaxis]
    yield (
        share(found, asked & short),
        "You cut the *target* at the source's length: asked is wherever `expected` is not −1.",
    )
    each = [_mean_of(row[mask]) for row, mask in zip(hit, asked, strict=True)]
    one_mean = "You took the share of each sentence and then their mean: take one share over all sentences."
    yield np.mean(each), one_mean
    yield sum(each) / asked.any(axis=1).sum(), one_mean
    whole = np.array([row[mask].all() for row, mask in zip(hit, asked, strict=True)])
    yield whole.mean(), "You counted sentences in which everything is right: target positions are counted."
    backward = source - 1 - low[..., ::-1].argmax(axis=-1)
    yield (
        share(backward),
        "Of equal weights the first counts: yours was the last one, as `>=` in a loop finds it.",
    )
    at = np.take_along_axis(low, np.maximum(expected, 0)[..., np.newaxis], axis=-1)[..., 0]
    yield (
        (at == low.max(axis=-1))[asked].mean(),
        "Of equal weights only the first counts: you asked whether the expected one is as large as the largest.",
    )
    yield (
        ((at == low.max(axis=-1)) & ((low == low.max(axis=-1, keepdims=True)).sum(axis=-1) == 1))[
            asked
        ].mean(),
        "Equal weights were always wrong: the first of them counts.",
    )
    yield share(np.where(is_real, weights, np.inf).argmin(axis=-1)), "You took the smallest weight."
    yield share(weights.argmin(axis=-1)), "You took the smallest weight."
    sums = np.where(is_real, weights, 0)
    yield (
        at[asked].mean(),
        "That is the mean *weight* at the expected positions: count where it is the largest.",
    )
    with np.errstate(all="ignore"):
        yield (
            (at / sums.sum(axis=-1))[asked].mean(),
            "That is the mean *weight* at the expected positions: count where it is the largest.",
        )
    yield (np.abs(found - expected) <= 1)[asked].mean(), "A neighbour of the expected position is wrong."
    yield share(found + 1), "Your positions begin at 1: the first one is 0."
    if target == source:
        yield (
            share(low.swapaxes(1, 2).argmax(axis=-1)),
            "You looked for the largest along the target: each target position looks at the source, the last axis.",
        )
        yield (
            share(weights.argmax(axis=1)),
            "You looked for the largest along the target: each target position looks at the source, the last axis.",
        )
    if n == source:
        yield (
            share(weights.argmax(axis=0)),
            "You looked for the largest along the sentences: the source is the last axis.",
        )
    yield _mean_of(hit[0][asked[0]]), "Only the first sentence was looked at: all are asked."
    yield (
        _mean_of(hit[-1][asked[-1]]),
        "Only the last sentence was looked at: is `return` inside of the loop?",
    )
    yield hit[asked].sum(), _COUNT
    yield 100 * right, _PERCENT
    yield 1 - right, "That is the share that looks elsewhere: those at the expected position are asked."
    yield (
        hit[asked].sum() / n,
        "You divided by the number of sentences: divide by the positions that are asked.",
    )
    yield (
        hit[asked].sum() / lengths.sum(),
        "You divided by the number of source positions: divide by the target positions that are asked.",
    )


# --- 8.4 ----------------------------------------------------------------------------------------------------

_Beam = tuple[np.ndarray, np.ndarray, float]
"""Log-probabilities, lengths and α."""


@exercise(
    "8.4",
    "the index is right for 116 beams of 1 to 40 sentences of 1 to 400 tokens, for α from 0 to 3, with equals, with log-probabilities down to "
    "−5,000, and with −∞",
    own=_COURSE,
)
def best_of_beam(my_best: Callable) -> None:
    """Checks the choice of a sentence by its log-probability and length (lesson 08).

    Args:
        my_best: function of ``(log_probabilities, lengths, alpha)``, float (n,), int (n,) and float, that returns an int.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(3)
    alphas = zip(
        (0.6, 1.0, 0.3, 2.0, 0.0, 1.5, 3.0, 0.8), (0.05, 3.0, 0.5, 0.1, 2.0, 0.05, 1.0, 0.2), strict=True
    )
    beams = [
        _draw_beam(rng, n, alpha, spread, is_alike)
        for alpha, spread in alphas
        for n in (30, 30, 17, 12, 5, 2)
        for is_alike in (False, True)
    ]
    found = [_index(my_best, beam) for beam in beams]
    name_mistake(found, [_best(*beam) for beam in beams], (_beam_mistakes(*beam) for beam in beams))
    for index, beam in sorted(zip(found, beams, strict=True), key=lambda pair: len(pair[1][0])):
        _check_best(index, beam)  # the smallest first: they can be read
    for beam, hint in _beam_edges(rng):
        _check_best(_index(my_best, beam), beam, hint)


def _best(log_probabilities: np.ndarray, lengths: np.ndarray, alpha: float) -> int:
    penalties = [((5 + length) / 6) ** alpha for length in lengths.tolist()]
    scores = [one / penalty for one, penalty in zip(log_probabilities.tolist(), penalties, strict=True)]
    return scores.index(max(scores))


def _draw_beam(rng: np.random.Generator, n: int, alpha: float, spread: float, is_alike: bool) -> _Beam:
    """Sentences whose scores differ little or much, so that each other formula finds another one best."""
    while True:
        lengths = rng.choice(np.arange(1, 60), n, replace=False)
        base = (5 + lengths) / 6
        scores = -rng.uniform(2, 2.2) * (1 + rng.uniform(0, spread, n))
        # Long sentences are less likely, as they mostly are, or as likely as short ones.
        log_probabilities = np.round(scores if is_alike else scores * base**alpha, 3)
        best, second, *_ = np.sort(-log_probabilities / base**alpha)
        if second - best > 1e-4 * best:  # in single precision too
            return log_probabilities, lengths, alpha


def _beam_edges(rng: np.random.Generator) -> Iterator[tuple[_Beam, str]]:
    """What is special, each with what it is about."""
    for alpha in (0.0, 0.7, 1.0):
        yield (np.array([-9.0, -4, -7, -4, -4]), np.array([8, 5, 9, 5, 5]), alpha), ""
        yield (np.array([-np.inf, -3.0, -np.inf, -2.8]), np.array([4, 7, 30, 5]), alpha), ""
        yield (np.full(3, -np.inf), np.array([4, 2, 9]), alpha), ""
    yield (np.array([-5.0, -4, -4, -4]), np.array([3, 9, 2, 5]), 0.0), "With α = 0 the length plays no part."
    yield (np.array([-3.0]), np.array([4]), 0.6), "There is one sentence only."
    yield (np.array([-8.0, -8.0]), np.array([400, 7]), 1.0), "Of two as likely the longer one wins."
    yield (
        (np.array([-40.0, -1.6]), np.array([300, 7]), 1.0),
        "A sentence may be long: keep the lengths as they are.",
    )
    yield (
        (np.array([-0.0625, 0.0]), np.array([90, 3]), 1.0),
        "A log-probability of 0 is certain, and the best there is.",
    )
    yield (
        (np.array([-30.003, -30.0, -30.002]), np.full(3, 6), 0.5),
        "Log-probabilities may differ little: round nothing.",
    )
    yield (-rng.integers(3, 9, 40) / 2, np.full(40, 6), 0.6), ""
    low = "np.exp of so low a log-probability is 0: compare the logarithms."
    yield (np.array([-5000.0, -4000, -4990]), np.array([90, 20, 400]), 0.6), low
    yield (np.array([-2600.0, -2000, -2300]), np.array([12, 9, 9]), 0.1), low
    single = rng.permutation(6).astype(np.float32)
    yield (-3 - single, np.array([2, 3, 5, 7, 11, 13], np.int32), 0.5), ""
    yield (-3 - single, np.array([2, 3, 5, 7, 11, 13]), 1), "α may be a whole number."


def _index(my_best: Callable, beam: _Beam) -> int:
    """An answer, which must be the number of a sentence."""
    n = len(beam[0])
    what = f"The best of {n} sentence{'s' * (n > 1)}"
    with np.errstate(all="ignore"):
        value = my_best(*beam)
    size = (len(value),) if isinstance(value, list | tuple) else tuple(getattr(value, "shape", ()))
    expect(
        size != (n,) or n == 1,
        f"You returned {n} numbers, one for each sentence: return the index of the best one, `np.argmax`.",
    )
    number = expect_number(value, what)
    expect(
        np.asarray(value).dtype.kind in "iu",
        f"{what} is {value}, which is no index: return the sentence's number, a whole one, and not its score.",
    )
    expect(
        0 <= number < n,
        f"{what} is {int(number)}: their indexes are 0 to {n - 1}. Return the place of the best one, counted from 0.",
    )
    return int(number)


def _check_best(index: int, beam: _Beam, hint: str = "") -> None:
    log_probabilities, lengths, alpha = beam
    right = _best(*beam)
    shown = f"log-probabilities {log_probabilities.tolist()} and lengths {lengths.tolist()}"
    given = f"{len(lengths)} sentences" if len(lengths) > 5 else shown
    scores = log_probabilities / ((5 + lengths) / 6) ** alpha
    can_come = np.isfinite(log_probabilities)
    if scores[index] == scores[right]:
        hint = "Of equal ones the first is asked."
    elif np.isneginf(scores[index]):
        hint = "A sentence of −∞ cannot come: it is the worst, as it is."
    elif not can_come.all() and index == _best(log_probabilities[can_come], lengths[can_come], alpha):
        hint = "Sentences of −∞ keep their places: count them too."
    expect(
        index == right,
        f"For {given} and α = {alpha} you chose {index}, with {scores[index]:.4g} after the penalty; expected {right}, with "
        f"{scores[right]:.4g}. {hint}".rstrip(),
    )


def _beam_mistakes(sums: np.ndarray, lengths: np.ndarray, alpha: float) -> _Mistakes:
    for scores, hint in _other_scores(sums, lengths, alpha):
        yield np.argmax(scores), hint


def _other_scores(sums: np.ndarray, lengths: np.ndarray, alpha: float) -> _Mistakes:
    """Scores of which the largest wins, as typical mistakes make them."""
    base = (5 + lengths) / 6
    yield sums, "You took the sentence of the largest log-probability: divide by the penalty first."
    worst = "You took the worst, perhaps because a sign was lost: the largest, the least negative, is asked."
    yield -sums / base**alpha, worst
    yield -sums, worst
    yield (
        sums * base**alpha,
        "You multiplied by the penalty: divide, so that a long sentence stands a chance.",
    )
    yield sums / lengths, "You took the mean per token: the penalty is ((5 + length) / 6) ** α."
    for more in (0, 1, 4, 6):
        yield (
            sums / (more + lengths) ** alpha,
            f"You added {more} to the lengths: the penalty is ((5 + length) / 6) ** α.",
        )
    yield (
        sums / (5 + lengths / 6) ** alpha,
        "The 6 is below the whole sum: (5 + length) / 6, with its brackets.",
    )
    yield sums / ((5 + lengths) // 6) ** alpha, "`//` rounds down: divide with `/`."
    yield sums / base, "α is missing: it is the exponent of the penalty."
    for other in (0.5, 0.6, 0.7):
        yield sums / base**other, "α is given: you took one of your own."
    times = "α is the exponent, `** alpha`: you multiplied by it."
    yield sums / (base * alpha), times
    yield sums / base * alpha, times
    yield sums / alpha**base, "α is the exponent, and (5 + length) / 6 the base."
    whole = "Only the penalty is raised to α, and the log-probability is not: `(…) / (…) ** alpha`."
    yield (sums / base) ** alpha, whole
    yield -((-sums / base) ** alpha), whole
    yield sums - base**alpha, "You subtracted the penalty: divide by it."
    yield sums + base**alpha, "You added the penalty: divide by it."
    yield sums + alpha * lengths, "You gave every token a reward: divide by the penalty."
    likely = "The *log*-probability is divided, and not the probability."
    for sign in (1, -1):
        yield sums + sign * alpha * np.log(base), likely
        yield np.exp(sums) * base ** (sign * alpha), likely
    yield sums / np.log(5 + lengths) ** alpha, "The penalty is ((5 + length) / 6) ** α, without a logarithm."
    yield -lengths, "You took the shortest sentence."
    yield lengths, "You took the longest sentence."
    yield np.arange(len(sums)), "You took the last sentence."
    yield -np.arange(len(sums)), "You took the first sentence: does your comparison ever find a better one?"


# --- 8.5 ----------------------------------------------------------------------------------------------------


@exercise(
    "8.5",
    "the share is right for 39 sets of 1 to 60 draws of 1 to 11 sentences, with ties and without, for scores of either sign, from 0.00001 to "
    "400,000",
    own=_COURSE,
    stops={
        r"out of bounds": "`draws` holds numbers of sentences: index the scores with it, `ours[draws]`.",
        r"arrays used as indices": "Numbers of sentences are whole: leave `draws` as it is.",
    },
)
def share_of_wins(my_share: Callable) -> None:
    """Checks the share of resampled test sets in which one system's mean is higher (lesson 08).

    Args:
        my_share: function of ``(ours, theirs, draws)``, float (n,), float (n,) and int (resamples, n), that returns a
            float.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(22)
    first = [_draw_wins(rng, 8, 60, 4) for _ in range(4)]
    found = [_share(my_share, *given) for given in first]
    name_mistake(found, [_wins(*given) for given in first], (_win_mistakes(*given) for given in first))
    for n, resamples, most in [
        (3, 4, 1),
        (4, 1, 3),
        (1, 7, 1),
        (1, 1, 2),
        (2, 30, 2),
        (5, 5, 2),
        (6, 9, 8),
        (11, 40, 5),
    ] * 4:
        _check_wins(my_share, *_draw_wins(rng, n, resamples, most))
    ours, theirs, draws = _draw_wins(rng, 4, 25, 3)
    _check_wins(my_share, ours / 2**16, theirs / 2**16, draws)
    ours, theirs, draws = _draw_wins(rng, 7, 20, 6)
    _check_wins(my_share, 2.0**17 * ours, 2.0**17 * theirs, draws)
    ours, theirs, draws = _draw_wins(rng, 5, 13, 8)
    _check_wins(my_share, ours.astype(np.float32), theirs.astype(np.float32), draws.astype(np.int32))
    for value, given in zip(found, first, strict=True):
        expect_close(value, _wins(*given), _drawn(*given), tolerance=1e-5)


def _draw_wins(
    rng: np.random.Generator, n: int, resamples: int, most: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Halves; of more than two only what is equal one by one ties, so that rounding decides nothing, however a mean is made."""
    ours, theirs = rng.integers(-most, most + 1, (2, n)) / 2
    theirs = np.where(rng.random(n) < 0.2, ours, theirs)
    draws = rng.integers(0, n, (resamples, n))
    if n > 2:
        is_near, equal = (ours - theirs)[draws].sum(axis=1) == 0, np.flatnonzero(ours == theirs)
        draws[is_near] = rng.choice(equal, (is_near.sum(), n)) if equal.size else draws[is_near, :1]
    return ours, theirs, draws


def _drawn(ours: np.ndarray, theirs: np.ndarray, draws: np.ndarray) -> str:
    """Names what was given."""
    if draws.size < 13:
        return f"The share for ours {ours.tolist()}, theirs {theirs.tolist()} and draws {draws.tolist()}"
    return f"The share for {len(ours)} sentences and {len(draws)} draws"


def _share(my_share: Callable, *given: np.ndarray) -> float:
    """An answer, which must be one number."""
    return expect_number(my_share(*given), _drawn(*given))


def _check_wins(my_share: Callable, *given: np.ndarray) -> None:
    expect_close(_share(my_share, *given), _wins(*given), _drawn(*given), tolerance=1e-5)


def _wins(ours: np.ndarray, theirs: np.ndarray, draws: np.ndarray, tie: float = 0.5) -> float:
    sums = [sum(ours[row].tolist()) - sum(theirs[row].tolist()) for row in draws]
    return sum(tie if one == 0 else float(one > 0) for one in sums) / len(sums)


def _win_mistakes(ours: np.ndarray, theirs: np.ndarray, draws: np.ndarray) -> _Mistakes:
    (resamples, n), leads = draws.shape, ours - theirs
    means = leads[draws].mean(axis=1)
    right, above, ties = _wins(ours, theirs, draws), (means > 0).mean(), (means == 0).mean()
    tie = "A tie counts half"
    yield above, f"{tie}: yours counts nothing."
    yield above + ties, f"{tie}: yours counts as a win."
    yield above / (1 - ties), f"{tie}: you left ties out, also below the fraction."
    yield (above + 0.5 * ties) / (1 - ties), f"{tie}, and one in the number of draws below the fraction."
    yield above + 0.5 * (ties > 0) / resamples, f"{tie}: each of them, not one alone."
    yield 1 - right, "Ours and theirs are exchanged: counted is how often *ours* is above."
    yield (means < 0).mean(), "Ours and theirs are exchanged: counted is how often *ours* is above."
    yield ties, "You counted the ties alone."
    yield right * resamples, _COUNT
    yield 100 * right, _PERCENT
    yield right * resamples / n, "You divided by the number of sentences: divide by that of draws."
    yield means.mean(), "That is a mean difference: count how often it is above 0."
    yield (
        leads.mean(),
        "That is the mean difference on the test set as it is: count over the draws how often it is above 0.",
    )
    yield np.sign(means).mean(), "Your losses count −1: they count 0, and a tie counts half."
    paired = (
        "Both systems are scored on the *same* drawn sentences, row by row: that is what makes it paired."
    )
    for others in (draws[::-1], np.roll(draws, 1, axis=0), draws[:, ::-1] * 0 + np.arange(n)):
        apart = ours[draws].mean(axis=1) - theirs[others].mean(axis=1)
        yield ((apart > 0) + 0.5 * (apart == 0)).mean(), paired
    for one in (ours[draws].mean(axis=1) - theirs.mean(), ours.mean() - theirs[draws].mean(axis=1)):
        yield ((one > 0) + 0.5 * (one == 0)).mean(), paired
    table = ours[draws].mean(axis=1)[:, np.newaxis] - theirs[draws].mean(axis=1)
    yield ((table > 0) + 0.5 * (table == 0)).mean(), paired
    sentences = "You counted single sentences: compare the *means* of each draw."
    yield ((leads > 0) + 0.5 * (leads == 0)).mean(), sentences
    yield (leads > 0).mean(), sentences
    drawn = leads[draws]
    yield ((drawn > 0) + 0.5 * (drawn == 0)).mean(), sentences
    yield (drawn > 0).mean(), sentences
    votes = np.sign(drawn).sum(axis=1)
    yield (
        ((votes > 0) + 0.5 * (votes == 0)).mean(),
        "In each draw you counted who wins more sentences: who has the higher mean is asked.",
    )
    yield (
        (votes > 0).mean(),
        "In each draw you counted who wins more sentences: who has the higher mean is asked.",
    )
    middle = np.median(ours[draws], axis=1) - np.median(theirs[draws], axis=1)
    yield ((middle > 0) + 0.5 * (middle == 0)).mean(), "You took the median: the mean is asked."
    middle = np.median(drawn, axis=1)
    yield ((middle > 0) + 0.5 * (middle == 0)).mean(), "You took the median: the mean is asked."
    best = ours[draws].max(axis=1) - theirs[draws].max(axis=1)
    yield ((best > 0) + 0.5 * (best == 0)).mean(), "You compared the best sentences: the means are asked."
    once = np.array([leads[np.unique(row)].mean() for row in draws])
    yield (
        ((once > 0) + 0.5 * (once == 0)).mean(),
        "A sentence that is drawn twice counts twice: you took each once.",
    )
    columns = drawn.mean(axis=0)
    yield (
        ((columns > 0) + 0.5 * (columns == 0)).mean(),
        "You took the mean over the draws: each *row* of `draws` is a test set, `axis=1`.",
    )
    total = np.sign(leads.mean()) / 2 + 0.5
    yield total, "That says who wins on the test set as it is: `draws` takes no part in it."
    yield (
        np.sign(drawn.mean()) / 2 + 0.5,
        "That says who wins over all draws together: count the draws one by one.",
    )
    for part in (draws[:1], draws[-1:]):
        yield _wins(ours, theirs, part), "Only one draw was looked at: is `return` inside of the loop?"
    for part in (draws[:-1], draws[1:]):
        yield _wins(ours, theirs, part), "One draw is missing, the first or the last."
    yield _wins(ours, theirs, draws[:, :-1]), "The last sentence of each draw is missing."
    yield (
        (means >= leads.mean()).mean(),
        "You compared with the difference on the whole test set: compare with 0, ours with theirs.",
    )
    yield (
        (means > leads.mean()).mean(),
        "You compared with the difference on the whole test set: compare with 0, ours with theirs.",
    )


# --- 8.6 ----------------------------------------------------------------------------------------------------


_SENSES = [
    ("蝙蝠", "球拍"),
    ("老鼠", "鼠标"),
    ("鹤", "起重机"),
    ("弓", "蝴蝶结"),
    ("辣椒", "甜椒"),
    ("照相机", "摄像机"),
]
"""Some pairs share a character: who looks for characters finds too much."""


@exercise(
    "8.6",
    "the three shares are right for 49 sets of 1 to 57 translations, with both words, with neither, with nothing written, and with other "
    "words of the same characters",
    own=_COURSE,
)
def sense_shares(my_shares: Callable) -> None:
    """Checks the shares of translations that took the wanted sense, the other, or neither surely (lesson 08).

    Args:
        my_shares: function of ``(translations, wanted, other)``, three lists of n str, that returns three floats of sum 1:
            right, wrong, unclear.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(0)
    first = [_draw_senses(rng, 57) for _ in range(3)]
    found = [_three(my_shares, *given) for given in first]
    name_mistake(found, [_shares(*given) for given in first], (_sense_mistakes(*given) for given in first))
    for n in sorted((1, 2, 3, 5, 8) * 7):
        _check_senses(my_shares, *_draw_senses(rng, n))
    for text in (
        "蝙蝠在左边。",
        "左边有蝙蝠",
        "蝙蝠",
        "球拍和蝙蝠。",
        "蝠和蝙在左边。",
        "",
        "球和拍子在左边。",
        "球拍",
    ):
        _check_senses(my_shares, [text], ["蝙蝠"], ["球拍"])
    _check_senses(my_shares, ["一只蝙蝠。", "一个球拍。"], ["蝙蝠", "球拍"], ["球拍", "蝙蝠"])
    _check_senses(my_shares, ["一个球拍。", "一只蝙蝠。"], ["蝙蝠", "球拍"], ["球拍", "蝙蝠"])
    _check_senses(my_shares, ["老鼠坏了。"] * 3, ["鼠标", "鼠标", "老鼠"], ["老鼠", "老鼠", "鼠标"])
    for values, given in zip(found, first, strict=True):
        _expect_shares(values, *given)


def _draw_senses(rng: np.random.Generator, n: int) -> tuple[list[str], list[str], list[str]]:
    """Sentences with the wanted word, the other, both in either order, the words' characters apart, or nothing."""
    translations, wanted, other = [], [], []
    for _ in range(n):
        pair = _SENSES[rng.integers(len(_SENSES))]
        one, two = pair if rng.random() < 0.5 else pair[::-1]
        stranger, _ = _SENSES[rng.integers(len(_SENSES))]
        kinds = [
            one,
            one,
            one,
            two,
            two,
            f"{one}和{two}",
            f"{two}和{one}",
            f"{one}、{two}和{one}",
            one[::-1],
            two[::-1],
            stranger,
            "它",
            one[:1],
            one[:-1],
            two[1:],
            f"{two}里的{one[-1:]}",
        ]
        noun = kinds[rng.integers(len(kinds))]
        frames = [
            f"{noun}在左边。",
            f"这里有{noun}。",
            noun,
            f"我看见{noun}在桌子上。",
            f"{noun}上有东西。",
            "",
        ]
        translations.append(frames[rng.choice(len(frames), p=[0.2, 0.2, 0.25, 0.15, 0.15, 0.05])])
        wanted.append(one)
        other.append(two)
    return translations, wanted, other


_NAMES = ("right", "wrong", "unclear")


def _said(translations: list[str], wanted: list[str], other: list[str]) -> str:
    """Names what was given."""
    n = len(translations)
    return f"{translations}, wanted {wanted} and other {other}" if n < 4 else f"{n} translations"


def _three(my_shares: Callable, *given: list[str]) -> list[float]:
    """An answer, which must be three numbers."""
    parts = expect_parts(my_shares(*given), _NAMES)
    return [
        expect_number(part, f"{name} of {_said(*given)}") for name, part in zip(_NAMES, parts, strict=True)
    ]


def _expect_shares(values: list[float], *given: list[str]) -> None:
    for name, value, share in zip(_NAMES, values, _shares(*given), strict=True):
        expect_close(value, share, f"{name} of {_said(*given)}", tolerance=1e-5)


def _check_senses(my_shares: Callable, *given: list[str]) -> None:
    _expect_shares(_three(my_shares, *given), *given)


def _shares(
    translations: Sequence[str],
    wanted: Sequence[str],
    other: Sequence[str],
    has: Callable[[str, str], bool] = lambda text, word: word in text,
) -> tuple[float, float, float]:
    """Right, wrong and unclear; ``has`` says whether a word is in a text."""
    found = [
        (has(text, one), has(text, two)) for text, one, two in zip(translations, wanted, other, strict=True)
    ]
    right, wrong = found.count((True, False)) / len(found), found.count((False, True)) / len(found)
    return right, wrong, 1 - right - wrong


def _sense_mistakes(translations: list[str], wanted: list[str], other: list[str]) -> _Mistakes:
    n = len(translations)
    right, wrong, unclear = _shares(translations, wanted, other)
    has = [(one in text, two in text) for text, one, two in zip(translations, wanted, other, strict=True)]
    both, neither, one, two = (
        np.mean(part) for part in zip(*((a and b, not (a or b), a, b) for a, b in has), strict=True)
    )
    order = "The three stand in another order: right, wrong, unclear."
    for shares in (
        (right, unclear, wrong),
        (unclear, right, wrong),
        (unclear, wrong, right),
        (wrong, unclear, right),
    ):
        yield shares, order
    yield (
        (wrong, right, unclear),
        "Right and wrong are exchanged: right is where the *wanted* word stands alone.",
    )
    also = "A sentence with both words is unclear: right asks that the other one is *not* there"
    yield (one, wrong, neither), f"{also}."
    yield (one, 1 - one, 0), f"{also}, and wrong that it is; where neither stands, it is unclear too."
    yield (one, two, 1 - one - two), f"{also}, and wrong that the wanted one is not."
    yield (one, two, neither), f"{also}, and wrong that the wanted one is not."
    yield (one, two, unclear), f"{also}, and wrong that the wanted one is not."
    yield (
        (right, two, neither),
        "A sentence with both words is unclear: wrong asks that the wanted one is *not* there.",
    )
    yield (
        (right, 1 - right, 0),
        "Wrong asks for the other word: a sentence with neither, or with both, is unclear.",
    )
    yield (1 - two, two, 0), "Right asks for the wanted word: a sentence with neither is unclear."
    yield (right, wrong, neither), "A sentence with both words is unclear too: yours do not sum to 1."
    yield (right, wrong, both), "A sentence with neither word is unclear too: yours do not sum to 1."
    yield (
        (right, wrong + neither, both),
        "A sentence with neither word is unclear: wrong asks for the other one.",
    )
    yield (right, wrong + both, neither), "A sentence with both words is unclear."
    yield (right + neither, wrong, both), "A sentence with neither word is unclear."
    for last in (unclear, 0):
        yield (
            (right / (right + wrong), wrong / (right + wrong), last),
            "Right and wrong are shares of *all* sentences, also of the unclear ones.",
        )
    whole = "The word stands *in* the translation, which is longer: ask `word in text`"
    yield _shares(translations, wanted, other, lambda text, word: text == word), f"{whole}, not `==`."
    yield (
        _shares(translations, wanted, other, str.startswith),
        f"{whole}, not whether the text begins with it.",
    )
    yield _shares(translations, wanted, other, str.endswith), f"{whole}, not whether the text ends with it."
    yield (
        _shares(translations, wanted, other, lambda text, word: text.find(word) > 0),
        "`find` gives 0 for a word at the beginning, and −1 where there is none: ask `word in text`.",
    )
    yield (
        _shares(translations, wanted, other, lambda text, word: bool(text.find(word))),
        "`find` gives 0 for a word at the beginning, and −1 where there is none: ask `word in text`.",
    )
    yield (
        _shares(translations, wanted, other, lambda text, word: word in text.split()),
        "Chinese has no spaces to split at: ask `word in text`.",
    )
    letters = "You looked for the word's characters: they must stand side by side, `word in text`."
    yield _shares(translations, wanted, other, lambda text, word: {*word} <= {*text}), letters
    yield _shares(translations, wanted, other, lambda text, word: any(sign in text for sign in word)), letters
    yield _shares(translations, wanted, other, lambda text, word: word[0] in text), letters
    yield _shares(translations, wanted, other, lambda text, word: word[-1] in text), letters
    yield (
        _shares(translations, wanted, other, lambda text, word: text in word),
        "It is the word that is in the text: `word in text`, not `text in word`.",
    )
    yield (
        _shares(translations, wanted[:1] * n, other[:1] * n),
        "Each sentence has its own two words, `zip(translations, wanted, other)`.",
    )
    earlier = [
        (text.find(a) % 10**6, text.find(b) % 10**6)
        for text, a, b in zip(translations, wanted, other, strict=True)
    ]
    first = [np.sign(b - a) for a, b in earlier]
    yield (
        (first.count(1) / n, first.count(-1) / n, first.count(0) / n),
        "Where both words stand it is unclear, whichever comes first.",
    )
    yield tuple(round(n * share) for share in (right, wrong, unclear)), _COUNT
    yield tuple(100 * share for share in (right, wrong, unclear)), _PERCENT
    yield (
        (1.0, 0.0, 0.0)
        if has[0] == (True, False)
        else (0.0, 1.0, 0.0)
        if has[0] == (False, True)
        else (0.0, 0.0, 1.0),
        "Only one sentence was looked at: is `return` inside of the loop?",
    )
