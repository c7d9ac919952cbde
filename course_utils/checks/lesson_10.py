"""Checks of lesson 10: patches, masks, rotary positions, grouped queries, LoRA, accounting, frozen weights, a projector."""

import itertools
import operator
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from course_utils.checks import (
    MIXED_TYPES,
    CheckFailed,
    are_close_arrays,
    call_model,
    deviations,
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_model,
    expect_names,
    expect_number,
    expect_parts,
    name_mistake,
    name_mistakes,
    plural,
)

if TYPE_CHECKING:
    import keras

__all__ = [
    "accounting",
    "changed",
    "grouped_attention",
    "low_rank",
    "mask",
    "patches",
    "projector",
    "rotated",
]

_COURSE = r"course_utils\.(language_model|generation|fusion|experiments)\.\w+\.(?!_)\w+"
"""What does the exercises' work already."""

_Mistakes = Iterator[tuple[object, str]]
"""What typical mistakes make of the same input, each with its hint."""


def _hints(options: Mapping[str, Mapping[str, str]], changes: Mapping[str, str]) -> str:
    """What is said of several mistakes at once, by the respect in which each is one."""
    return " ".join(options[respect][which] for respect, which in changes.items())


# --- 10.1 ---------------------------------------------------------------------------------------------------


@exercise(
    "10.1",
    "the patches are right for 10 kinds of pictures, wide and high, of 1 to 5 channels, whole and cut into single pixels",
    own=r"course_utils\..*patch\w*|(keras\.src|tensorflow\.python)\.(\w+\.)+extract_\w*patches\w*",
    stops={
        r"cannot reshape array|could not be broadcast|must match exactly|must be equal": "Height and width differ: there are height // "
        "side rows of patches and width // side columns, and as many channels as the last axis is long.",
        r"'float' object cannot be interpreted": "Sizes are whole numbers: `height // side`; `/` makes a float.",
        r"no attribute 'transpose'|repeated axis": "`transpose` wants each axis once: six of them, if both sides are split in two.",
        **MIXED_TYPES,
    },
)
def patches(my_patches: Callable) -> None:
    """Checks the cutting of pictures into patches (lesson 10).

    Args:
        my_patches: function of ``(pictures, side)``, float (n, height, width, channels) and int, that returns float
            (n, patches, side · side · channels).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(101)
    for shape, side in [
        ((3, 6, 12, 2), 3),
        ((1, 8, 4, 3), 2),
        ((2, 5, 15, 1), 5),
        ((2, 4, 6, 5), 1),
        ((1, 7, 7, 3), 7),
        ((4, 12, 6, 4), 6),
        ((2, 9, 9, 2), 3),
    ]:
        _check_patches(my_patches, rng.normal(size=shape), side)
    _check_patches(my_patches, rng.normal(size=(12, 8, 2, 3)).transpose(2, 1, 0, 3)[..., ::-1], 4)
    _check_patches(my_patches, rng.normal(size=(2, 6, 4, 3)).astype(np.float32), 2)
    _check_patches(my_patches, 1e6 * rng.normal(size=(1, 4, 10, 3)), 2, size=1e6)


def _tiles(pictures: np.ndarray, side: int) -> np.ndarray:
    """Both sides split in two, (n, rows, side, columns, side, channels)."""
    n, height, width, channels = pictures.shape
    return pictures.reshape(n, height // side, side, width // side, side, channels)


def _cut(pictures: np.ndarray, side: int) -> np.ndarray:
    (n, height, width, _), rows = pictures.shape, []
    for top, left in itertools.product(range(0, height, side), range(0, width, side)):
        rows.append(pictures[:, top : top + side, left : left + side].reshape(n, -1))
    return np.stack(rows, axis=1)


def _check_patches(my_patches: Callable, pictures: np.ndarray, side: int, size: float = 1) -> None:
    n, height, width, channels = pictures.shape
    down, across, numbers = height // side, width // side, side * side * channels
    count = down * across
    pixels = "The numbers of a patch stand in one row: its pixels, and the channels of each, `reshape` them into one axis."
    shapes = [
        ((n, numbers, count), "Patches and their numbers are exchanged: a row for each patch."),
        (
            (n * count, numbers) if n > 1 else (),
            "The patches of all pictures follow each other: keep an axis for the pictures.",
        ),
        (
            (count, numbers) if n > 1 else (),
            "Those are the patches of one picture: there are several, one axis for them.",
        ),
        (
            (count, n, numbers),
            "The pictures are the first axis: `np.stack(…, axis=1)` puts the patches behind it.",
        ),
        (
            (n, down, across, numbers),
            "The patches are still in rows and columns: they follow each other in one axis.",
        ),
        ((n, count, side, side, channels), pixels),
        ((n, count, side * side, channels), pixels),
        ((n, count, side, side * channels), pixels),
        ((n, down, across, side, side, channels), f"The patches follow each other in one axis. {pixels}"),
        ((n, count, side * side), "The channels are gone: each pixel has all of its own."),
        (
            (n, down * down, numbers),
            "The picture need not be square: there are width // side patches in a row.",
        ),
        (
            (n, across * across, numbers),
            "The picture need not be square: there are height // side rows of patches.",
        ),
        ((n, numbers), "That is one patch of each picture: is `return` inside of the loop?"),
        (
            (n, (height - side + 1) * (width - side + 1), numbers),
            "Your patches overlap: the next one begins where this one ends, `range(0, height, side)`.",
        ),
    ]
    what = f"What you return for pictures of shape {pictures.shape} and side {side}"
    value = expect_array(my_patches(pictures, side), (n, count, numbers), np.floating, what, shapes)
    right = _cut(pictures, side)
    expect_close(value / size, right / size, what, _patch_mistakes(pictures / size, side))


def _patch_mistakes(pictures: np.ndarray, side: int) -> _Mistakes:
    right = _cut(pictures, side)
    n, height, width, channels = pictures.shape
    tiles = _tiles(pictures, side)
    for order in itertools.permutations((1, 2, 3, 4, 5)):
        yield tiles.transpose(0, *order).reshape(right.shape), _patch_order(order)
    apart = pictures.reshape(n, side, height // side, side, width // side, channels)
    far = "Neighbours must stay together: height splits into (height // side, side), in this order, and width likewise."
    for order in [*itertools.permutations((1, 2, 3, 4, 5))][1:]:
        yield apart.transpose(0, *order).reshape(right.shape), far
    yield right[:, ::-1], "Your patches come from the bottom right: begin at the top left."
    for flipped in (pictures[:, ::-1], pictures[:, :, ::-1]):
        yield _cut(flipped, side), "Your pictures are mirrored: begin at the top left."
    yield right[..., ::-1], "The numbers of each patch stand in the opposite order."
    yield right[::-1], "Your pictures come in the opposite order."
    yield right / 255, "You divided by 255: the numbers stay as they are."
    yield right - right.mean(axis=-1, keepdims=True), "You subtracted the mean: the numbers stay as they are."
    for one in (right[:1], right[-1:]):
        yield np.repeat(one, n, axis=0), "All pictures have the patches of one of them: each has its own."
    yield _cut(pictures[..., ::-1], side), "The channels of each pixel stand in the opposite order."
    if pictures.size % (n * height * height) == 0:
        square = pictures.reshape(n, height // side, side, height // side, side, -1)
        yield (
            square.transpose(0, 1, 3, 2, 4, 5).reshape(right.shape),
            "The picture need not be square: there are width // side patches in a row.",
        )
    yield (
        np.repeat(right[:, :1], right.shape[1], axis=1),
        "All patches are like the first: each begins elsewhere.",
    )
    for whole in (np.round(right), np.floor(right)):
        yield whole, "The numbers lost their fractions: keep them as they are."


def _patch_order(order: tuple[int, ...]) -> str:
    """What is wrong with an order of the axes row 1, pixel's row 2, column 3, pixel's column 4, channel 5."""
    if set(order[:2]) != {1, 3}:
        return (
            "What you call a patch comes from several places: split height and width in two, bring the row and the column of the patch "
            "to the front, `transpose`, and only then `reshape`."
        )
    said = []
    if order[0] == 3:
        said.append("Your patches come column by column: row by row is asked.")
    inside = order[2:]
    if inside.index(2) > inside.index(4):
        said.append("Within a patch your pixels come column by column: row by row is asked.")
    if inside[-1] != 5:
        said.append("Within a patch the channels of one pixel stand together: the channel is the last axis.")
    return " ".join(said)


# --- 10.2 ---------------------------------------------------------------------------------------------------

_PADDING, _PICTURE, _TEXT = 0, 1, 2
_KINDS = {_PADDING: "a padding token", _PICTURE: "a picture token", _TEXT: "a text token"}

_LOOKS = {
    "picture_picture": "all",
    "picture_text": "none",
    "text_picture": "all",
    "text_text": "before",
    "from_padding": "none",
    "to_padding": "none",
}
"""Which tokens those of one kind look at among those of another."""

_RULES = {
    "picture_picture": "Picture tokens look at all picture tokens of their sequence, also behind them",
    "picture_text": "Picture tokens look at no text",
    "text_picture": "Text tokens look at all picture tokens of their sequence, also behind them",
    "text_text": "Text tokens look at the text before them and at themselves",
    "from_padding": "Padding tokens look at nothing",
    "to_padding": "Nobody looks at padding",
}
_WHICH = {
    "none": "none",
    "all": "all",
    "before": "those before and themselves",
    "earlier": "those before alone, and not at themselves",
    "behind": "those behind",
    "self": "themselves alone",
    "others": "all but themselves",
}


@exercise(
    "10.2",
    "who may look at whom is right for all 363 sequences of up to 5 tokens, and for long ones, alone and in batches",
    own=_COURSE,
    stops={
        r"could not be broadcast": "`kinds` has an axis for the batch: `kinds[:, :, np.newaxis]` is a column for each sequence, and "
        "`kinds[:, np.newaxis, :]` a row.",
        r"truth value|only (integer|length)": "`kinds` is an array, of several sequences: `and`, `or` and `if` want one True or False. "
        "`&` and `|` decide for each entry, or go through the sequences and tokens in loops.",
        r"ufunc 'bitwise|unsupported operand type": "`&` and `|` go before `==`: put each comparison into parentheses.",
        r"index .*out of (range|bounds)|zero-size|empty": "There may be no token of a kind, and one token alone.",
        **MIXED_TYPES,
    },
)
def mask(my_mask: Callable) -> None:
    """Checks which tokens may look at which (lesson 10).

    Args:
        my_mask: function of ``kinds``, int (batch, tokens) with 0 padding, 1 picture and 2 text, that returns bool
            (batch, tokens, tokens), True where the token of the row may look at that of the column.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(102)
    first = [
        np.array([[2, 1, 0, 2, 2, 1, 1, 0, 2], [1, 2, 1, 0, 0, 2, 1, 2, 1], [0, 1, 1, 2, 2, 0, 1, 2, 2]])
    ]
    first.append(rng.integers(0, 3, (2, 11)))
    found = [_masked(my_mask, kinds) for kinds in first]
    right = [_allow(kinds) for kinds in first]
    name_mistakes(found, right, [(kinds,) for kinds in first], _mask_mistakes, _are_same_masks)
    for tokens in (1, 2, 3, 4, 5):  # the shortest first: they can be read
        _check_mask(my_mask, np.array([*itertools.product((1, 2, 0), repeat=tokens)]))
    for kinds in (*first, np.array([[1] * 6 + [2] * 5 + [0] * 2]), rng.integers(0, 3, (1, 40))):
        _check_mask(my_mask, kinds)
    _check_mask(my_mask, first[0].T.astype(np.int32).T[:, ::-1])
    _check_mask(my_mask, first[0].astype(np.uint8))


def _allow(kinds: np.ndarray, **changes: str) -> np.ndarray:
    looks = {**_LOOKS, **changes}
    tokens = kinds.shape[1]
    here, there = np.indices((tokens, tokens))
    may = {
        "none": here < 0,
        "all": here >= 0,
        "before": there <= here,
        "earlier": there < here,
        "behind": there >= here,
        "self": there == here,
        "others": there != here,
    }
    row, column = kinds[:, :, np.newaxis], kinds[:, np.newaxis, :]
    result = np.zeros((len(kinds), tokens, tokens), bool)
    for key, asks, asked in [
        ("picture_picture", row == _PICTURE, column == _PICTURE),
        ("picture_text", row == _PICTURE, column == _TEXT),
        ("text_picture", row == _TEXT, column == _PICTURE),
        ("text_text", row == _TEXT, column == _TEXT),
        ("to_padding", row != _PADDING, column == _PADDING),
        ("from_padding", row == _PADDING, column == column),
    ]:
        result |= asks & asked & may[looks[key]]
    return result


def _masked(my_mask: Callable, kinds: np.ndarray) -> np.ndarray:
    batch, tokens = kinds.shape
    what = (
        f"The mask for kinds {kinds.tolist()}"
        if kinds.size < 13
        else f"The mask for kinds of shape {kinds.shape}"
    )
    shapes = [
        ((tokens, tokens), "Each sequence of the batch has its own mask: one more axis, in front."),
        ((batch, tokens), "A mask says for each *pair* of tokens whether the one may look at the other."),
        ((batch, 1, tokens, tokens), "No axis for heads is asked."),
        ((batch * tokens, tokens), "Keep an axis for the sequences of the batch."),
    ]
    value = my_mask(kinds)
    shown = np.asarray(value) if hasattr(value, "__array__") else None
    if shown is not None and shown.dtype.kind == "f" and np.isneginf(shown).any():
        expect(
            False,
            f"{what} holds −∞, as it is added to scores; return True and False, True where a token may look.",
        )
    return expect_array(value, (batch, tokens, tokens), np.bool_, what, shapes)


def _are_same_masks(found: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(map(np.array_equal, found, other))


def _check_mask(my_mask: Callable, kinds: np.ndarray) -> None:
    value, right = _masked(my_mask, kinds), _allow(kinds)
    wrong = np.argwhere(value != right)
    if not len(wrong):
        return
    row, here, there = wrong[0]
    says = "may not look" if right[row, here, there] else "may look"
    asks, asked = (_KINDS[int(kinds[row, place])] for place in (here, there))
    expect(
        False,
        f"For the kinds {kinds[row].tolist()}{' alone in its batch' * (len(kinds) == 1)} your token {here} ({asks}) {says} at token "
        f"{there} ({asked}); the contrary was expected. {_rule(kinds[row, here], kinds[row, there])}",
    )


def _rule(asks: int, asked: int) -> str:
    """What the task says of two kinds."""
    key = f"{['', 'picture', 'text'][asks]}_{['', 'picture', 'text'][asked]}"
    key = "from_padding" if asks == _PADDING else "to_padding" if asked == _PADDING else key
    return f"{_RULES[key]}."


def _mask_mistakes(kinds: np.ndarray, count: int) -> _Mistakes:
    options = {key: [which for which in _WHICH if which != usual] for key, usual in _LOOKS.items()}
    for key in ("picture_text", "text_picture", "to_padding"):  # a token is never of both kinds
        options[key] = [which for which in options[key] if which not in ("earlier", "self", "others")]
    for changes in deviations(options, count):
        said = " ".join(f"{_RULES[key]}: yours look at {_WHICH[which]}." for key, which in changes.items())
        yield _allow(kinds, **changes), said
    if count > 1:
        return
    right = _allow(kinds)
    causal, everything = {"picture_text": "before", "to_padding": "before"}, np.ones_like(right)
    behind = "A causal mask holds for text among text alone: yours holds everywhere."
    before = np.tri(kinds.shape[1], dtype=bool)
    there = kinds != _PADDING
    both = there[:, :, np.newaxis] & there[:, np.newaxis, :]
    picture = kinds == _PICTURE
    text = kinds == _TEXT
    pictures = picture[:, :, np.newaxis] & picture[:, np.newaxis, :]
    yield right.swapaxes(1, 2), "Rows and columns are exchanged: the row looks at the column."
    yield ~right, "True means *may look*: your mask says the contrary."
    yield (
        ~right.swapaxes(1, 2),
        "True means *may look*, and the row looks at the column: yours has both the other way round.",
    )
    for value in (before & both, before & there[:, np.newaxis, :], before & everything, right & before):
        yield value, behind
    for value in (
        both,
        there[:, np.newaxis, :] & everything,
        there[:, :, np.newaxis] & everything,
        everything,
    ):
        yield (
            value,
            "Not everybody looks at everybody: text looks at no text behind it, picture tokens look at no text.",
        )
    yield ~everything, "Nobody looks at anybody: every token that is no padding looks at something."
    prefix = "Picture tokens look at picture tokens alone, and not at the text before them: the causal part is for text."
    for value in (before & there[:, np.newaxis, :] | pictures, before | pictures):
        yield value, prefix
    yield before & both | picture[:, np.newaxis, :] & there[:, :, np.newaxis], prefix
    yield before | picture[:, np.newaxis, :], f"{prefix} And padding looks at nothing, and nobody at it."
    for value in (
        right | np.eye(len(before), dtype=bool),
        right | (np.eye(len(before)) * ~there[:, np.newaxis, :] > 0),
    ):
        yield value, "Padding looks at nothing, not even at itself."
    yield (
        np.repeat(right[:1], len(kinds), axis=0),
        "Every sequence has the mask of the first: each has its own.",
    )
    yield (
        np.repeat(right[-1:], len(kinds), axis=0),
        "Every sequence has the mask of the last: each has its own.",
    )
    together = np.repeat(right.any(axis=0, keepdims=True), len(kinds), axis=0)
    yield together, "The sequences of the batch know of each other: each has its own mask."
    runs = np.cumsum(np.diff(kinds, axis=1, prepend=kinds[:, :1]) != 0, axis=1)
    same = runs[:, :, np.newaxis] == runs[:, np.newaxis, :]
    yield (
        right & (same | ~pictures),
        "Picture tokens look at *all* picture tokens: yours stop where the first text or padding stands between them.",
    )
    for front in (
        _prefix_kinds(kinds, (1, 2, 0)),
        _prefix_kinds(kinds, (0, 1, 2)),
        _prefix_kinds(kinds, (2, 1, 0)),
    ):
        yield _allow(front), "The kinds may stand in any order: yours are counted, as if they stood sorted."
    lengths = there.sum(axis=1)[:, np.newaxis] > np.arange(kinds.shape[1])
    yield (
        _allow(np.where(lengths, np.maximum(kinds, _PICTURE), _PADDING)),
        "Padding may stand anywhere: yours is counted, as if it stood at the end.",
    )
    yield _allow(3 - np.where(there, kinds, 3)), "1 is a picture token and 2 is text: yours are exchanged."
    for other in ((kinds + 1) % 3, (kinds + 2) % 3):
        yield _allow(other), "0 is padding, 1 a picture token, 2 text: yours are mixed up."
    yield (
        text[:, :, np.newaxis] & text[:, np.newaxis, :] & before,
        "The picture tokens take no part: they look at each other, and text looks at all of them.",
    )
    yield pictures, "The text takes no part: it looks at the picture, at the text before it and at itself."
    yield (
        _allow(kinds, **causal),
        _RULES["to_padding"].format("those before") + " " + _RULES["picture_text"].format("that before"),
    )


def _prefix_kinds(kinds: np.ndarray, order: tuple[int, ...]) -> np.ndarray:
    """The same kinds, sorted within each sequence."""
    place = np.argsort(order)
    return np.take_along_axis(kinds, np.argsort(place[kinds], axis=1, kind="stable"), axis=1)


# --- 10.3 ---------------------------------------------------------------------------------------------------

_FREQUENCY = "Pair i turns by positions · theta^(−2i/dim), with i from 0 to dim/2 − 1"
_FREQUENCIES = {
    "half": (lambda i, dim: -i / dim, "yours by theta^(−i/dim)."),
    "double": (
        lambda i, dim: -4 * i / dim,
        "yours by theta^(−4i/dim): dim is the length of x, and not its half.",
    ),
    "rising": (lambda i, dim: 2 * i / dim, "the sign of your exponent is wrong."),
    "late": (lambda i, dim: -2 * (i + 1) / dim, "yours count i from 1."),
    "whole": (lambda i, dim: -2.0 * i, "yours are not divided by dim."),
    "none": (lambda i, dim: 0.0 * i, "all of yours turn alike, by positions."),
    "slow": (lambda i, dim: 0.0 * i - 1, "all of yours turn alike, by positions / theta."),
    "fast": (lambda i, dim: 0.0 * i + 1, "all of yours turn alike, by positions · theta."),
    "second": (lambda i, dim: 0.0 * i - 2 / dim, "all of yours turn alike, as pair 1."),
    "short": (
        lambda i, dim: -i / max(1, dim // 2 - 1),
        "yours reach 1/theta: `np.linspace` takes the end too.",
    ),
    "backward": (lambda i, dim: -2 * (dim // 2 - 1 - i) / dim, "yours count i from the end."),
    "negative": (lambda i, dim: -2 * (i - dim // 2) / dim, "yours do not begin at i = 0."),
}
_POSITIONS = {
    "places": (
        lambda p: np.arange(len(p)),
        "The angle is that of `positions`: yours is 0, 1, 2, … whatever was given.",
    ),
    "one more": (lambda p: p + 1, "Position 0 turns nothing: yours count from 1."),
    "one less": (lambda p: p - 1, "Position 0 turns nothing: yours are one too low."),
    "relative": (lambda p: p - p[0], "Positions count as they are: you subtracted the first."),
    "reversed": (lambda p: p[::-1], "Your positions stand in the opposite order."),
    "first": (
        lambda p: np.full_like(p, p[0]),
        "Each token has its own position: yours is that of the first.",
    ),
    "degrees": (lambda p: np.deg2rad(p), "Angles are in radians, as `np.cos` takes them."),
    "from degrees": (lambda p: np.rad2deg(p), "Angles are in radians, as `np.cos` takes them."),
    "turns": (lambda p: 2 * np.pi * p, "Angles are in radians: 2π is not asked."),
    "fixed": (lambda p: np.ones_like(p), "The angle grows with `positions`: yours takes no part."),
}
_TURNS = {
    "back": (
        lambda a, b, c, s: (a * c + b * s, b * c - a * s),
        "You turned the other way round: a·cos − b·sin, and a·sin + b·cos.",
    ),
    "both plus": (
        lambda a, b, c, s: (a * c + b * s, a * s + b * c),
        "The minus sign is missing: a·cos − b·sin, and a·sin + b·cos.",
    ),
    "both minus": (
        lambda a, b, c, s: (a * c - b * s, a * s - b * c),
        "One minus sign is too many: a·cos − b·sin, and a·sin + b·cos.",
    ),
    "minus each": (
        lambda a, b, c, s: (a * c - b * s, b * c - a * s),
        "One minus sign is too many: a·cos − b·sin, and a·sin + b·cos.",
    ),
    "exchanged": (
        lambda a, b, c, s: (a * s - b * c, a * c + b * s),
        "cos and sin are exchanged: at position 0 nothing turns.",
    ),
    "own sine": (
        lambda a, b, c, s: (a * c - a * s, b * s + b * c),
        "Both numbers of a pair take part in both: a·cos − b·sin, and a·sin + b·cos.",
    ),
    "cosine": (
        lambda a, b, c, s: (a * c, b * c),
        "Only the cosine takes part: a·cos − b·sin, and a·sin + b·cos.",
    ),
    "sine": (
        lambda a, b, c, s: (a * c, b * s),
        "Both numbers of a pair take part in both: a·cos − b·sin, and a·sin + b·cos.",
    ),
    "in place": (
        lambda a, b, c, s: (a * c - b * s, (a * c - b * s) * s + b * c),
        "The second number was made of the *new* first one: keep the old one until both are made.",
    ),
    "other in place": (
        lambda a, b, c, s: (a * c - (a * s + b * c) * s, a * s + b * c),
        "The first number was made of the *new* second one: keep the old one until both are made.",
    ),
    "first alone": (
        lambda a, b, c, s: (a * c - b * s, b),
        "The second number of each pair turns too: a·sin + b·cos.",
    ),
    "second alone": (
        lambda a, b, c, s: (a, a * s + b * c),
        "The first number of each pair turns too: a·cos − b·sin.",
    ),
    "added": (lambda a, b, c, s: (a + c, b + s), "Positions turn what is there: nothing is added."),
    "sine added": (lambda a, b, c, s: (a + s, b + c), "Positions turn what is there: nothing is added."),
    "angles": (lambda a, b, c, s: (c, s), "Those are cosines and sines: they turn `x`."),
    "nothing": (lambda a, b, c, s: (a, b), "That is `x` as it was given: its pairs are to be turned."),
    "exchanged halves": (lambda a, b, c, s: (a * s + b * c, a * c - b * s), "Your two halves are exchanged."),
}
_PAIRS = {
    "neighbours": "Pair i is (x[:, i], x[:, i + dim/2]): yours are neighbours, x[:, 2i] and x[:, 2i + 1].",
    "neighbours back": "The pairs were taken rightly, and then put as neighbours: a·cos − b·sin stays at i, the other at i + dim/2.",
    "neighbours apart": "Your pairs are neighbours, x[:, 2i] and x[:, 2i + 1]: pair i is (x[:, i], x[:, i + dim/2]).",
    "mirrored": "Pair i is (x[:, i], x[:, i + dim/2]): yours are x[:, i] and x[:, −1 − i].",
}


@exercise(
    "10.3",
    "the pairs turn as they should for 2 to 64 numbers, positions from 0 to 4,000 in any order, and six thetas; "
    "and two tokens know how far apart they are, and no more",
    own=_COURSE,
    stops={
        r"could not be broadcast": "Angles are (tokens, dim/2): `positions[:, np.newaxis]` times a row of dim/2 frequencies. A half of `x` "
        "has the same shape.",
        r"Integers to negative integer powers": "Whole numbers have no negative powers: `float(theta) ** …`.",
        r"'float' object cannot be interpreted|must be integer|only integer": "A half is a whole number: `x.shape[1] // 2`.",
        r"index .*out of (range|bounds)": "Positions may be large, and in any order: they are no indices of `x`.",
        **MIXED_TYPES,
    },
)
def rotated(my_rotated: Callable) -> None:
    """Checks rotary positions (lesson 10).

    Args:
        my_rotated: function of ``(x, positions, theta)``, float (tokens, dim), int (tokens,) and float, that returns
            float (tokens, dim).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(103)
    first = [
        (rng.normal(size=(7, 8)), np.array([3, 1, 4, 11, 0, 2, 2]), 100.0),
        (rng.normal(size=(3, 6)), np.array([2, 5, 1]), 37.0),
    ]
    found = [_turned(my_rotated, *given) for given in first]
    right = [_rotate(*given) for given in first]
    name_mistakes(found, right, first, _turn_mistakes, are_close_arrays)
    for tokens, dim, highest, theta in [
        (1, 2, 1, 10000.0),
        (1, 4, 9, 10.0),
        (5, 2, 30, 100.0),
        (4, 64, 50, 10000.0),
        (9, 10, 100, 500000.0),
        (2, 12, 4000, 10000.0),
    ]:
        _check_turned(my_rotated, rng.normal(size=(tokens, dim)), rng.integers(0, highest + 1, tokens), theta)
    for given in first:
        _check_turned(my_rotated, *given)
    x, positions, theta = first[0]
    _check_turned(my_rotated, x.astype(np.float32), positions.astype(np.int32), theta)
    _check_turned(my_rotated, np.asfortranarray(x)[::-1], positions[::-1], theta)
    _check_turned(my_rotated, 1e5 * x, np.zeros(7, int), theta, size=1e5)
    _check_distance(my_rotated, rng)


def _rotate(x: np.ndarray, positions: np.ndarray, theta: float) -> np.ndarray:
    half = x.shape[1] // 2
    turned = (x[:, :half] + 1j * x[:, half:]) * np.exp(
        1j * np.outer(positions, theta ** (-np.arange(half) / half))
    )
    return np.concatenate([turned.real, turned.imag], axis=1)


def _turning(x: np.ndarray, positions: np.ndarray, theta: float) -> str:
    at = f"positions {positions.tolist()}" if len(positions) < 9 else plural(len(positions), "position")
    return f"What you return for x of shape {x.shape}, {at} and theta {theta:g}"


def _turned(my_rotated: Callable, x: np.ndarray, positions: np.ndarray, theta: float) -> np.ndarray:
    tokens, dim = x.shape
    shapes = [
        (
            (tokens, dim // 2),
            "That is half of it: put both halves beside each other, `np.concatenate(…, axis=1)`.",
        ),
        (
            (tokens, dim // 2, 2),
            "The two numbers of each pair go back to where they were: first half, second half.",
        ),
        ((tokens, 2, dim // 2), "The two halves stand beside each other in one axis."),
        ((2, tokens, dim // 2), "The two halves stand beside each other: `np.concatenate(…, axis=1)`."),
        ((2 * tokens, dim // 2), "The two halves stand beside each other, not below: `axis=1`."),
        ((dim, tokens), "Rows are tokens, as in `x`."),
        ((tokens, tokens, dim), "Each token has *its* position: `positions[:, np.newaxis]` makes a column."),
        (
            (tokens, 2 * dim),
            "The result is as long as `x`: each pair gives two numbers, and there are dim/2 pairs.",
        ),
    ]
    value = my_rotated(x, positions, theta)
    what = _turning(x, positions, theta)
    expect(
        getattr(value, "dtype", None) not in (np.complex64, np.complex128),
        f"{what} is complex: return the real parts, then the imaginary parts, beside each other.",
    )
    return expect_array(value, (tokens, dim), np.floating, what, shapes)


def _check_turned(my_rotated: Callable, *given: object, size: float = 1) -> None:
    value, right, what = _turned(my_rotated, *given), _rotate(*given), _turning(*given)
    expect_close(value / size, right / size, what, tolerance=1e-3)


def _check_distance(my_rotated: Callable, rng: np.random.Generator) -> None:
    """The product of two turned vectors depends on how far apart they stand alone."""
    query, key = rng.normal(size=(2, 16))
    products = []
    for start in (0, 7, 100):
        turned = _turned(my_rotated, np.array([query, key]), np.array([start + 5, start]), 1000.0)
        products.append(float(turned[0] @ turned[1]))
    expect(
        np.ptp(products) < 1e-2,
        f"Two tokens five positions apart give the products {np.round(products, 3).tolist()} at three places, expected three equal ones.",
    )


def _turn_mistakes(x: np.ndarray, positions: np.ndarray, theta: float, count: int) -> _Mistakes:
    tokens, dim = x.shape
    half = dim // 2
    i, right = np.arange(half), _rotate(x, positions, theta)
    options = {"frequency": _FREQUENCIES, "position": _POSITIONS, "turn": _TURNS, "pair": _PAIRS}
    for changes in deviations(options, count):
        yield _turn_wrongly(x, positions, theta, **changes), _turn_hint(**changes)
    if count > 1:
        return
    for other in (10000.0, 1000.0, 2.0, 10.0):
        yield _rotate(x, positions, other), f"`theta` takes no part: yours is {other:g}, whatever was given."
    if tokens == half:
        angles = positions[np.newaxis, :] * theta ** (-2 * i[:, np.newaxis] / dim)
    else:  # the first token's position for all: nothing else has this shape
        angles = np.full((tokens, half), np.nan)
    a, b, cos, sin = x[:, :half], x[:, half:], np.cos(angles), np.sin(angles)
    yield (
        np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=1),
        "Positions and frequencies are exchanged: rows are tokens, columns pairs.",
    )
    yield right[::-1], "Your tokens stand in the opposite order."
    yield right + x, "`x` was added again: return what was turned."
    yield np.round(right), "The numbers lost their fractions."


def _turn_wrongly(
    x: np.ndarray,
    positions: np.ndarray,
    theta: float,
    frequency: str = "",
    position: str = "",
    turn: str = "",
    pair: str = "",
) -> np.ndarray:
    dim = x.shape[1]
    half = dim // 2
    exponent, _ = _FREQUENCIES.get(frequency, (lambda i, dim: -2 * i / dim, ""))
    place, _ = _POSITIONS.get(position, (lambda p: p, ""))
    make, _ = _TURNS.get(turn, (lambda a, b, c, s: (a * c - b * s, a * s + b * c), ""))
    angles = np.multiply.outer(place(positions), theta ** exponent(np.arange(half), dim))
    firsts, seconds = {
        "neighbours": (np.arange(0, dim, 2), np.arange(1, dim, 2)),
        "neighbours apart": (np.arange(0, dim, 2), np.arange(1, dim, 2)),
        "mirrored": (np.arange(half), dim - 1 - np.arange(half)),
    }.get(pair, (np.arange(half), half + np.arange(half)))
    one, other = make(x[:, firsts], x[:, seconds], np.cos(angles), np.sin(angles))
    if pair == "neighbours back":
        firsts, seconds = np.arange(0, dim, 2), np.arange(1, dim, 2)
    if pair == "neighbours apart":
        firsts, seconds = np.arange(half), half + np.arange(half)
    result = np.empty_like(x)
    result[:, firsts], result[:, seconds] = one, other
    return result


def _turn_hint(frequency: str = "", position: str = "", turn: str = "", pair: str = "") -> str:
    said = [f"{_FREQUENCY}: {_FREQUENCIES[frequency][1]}"] if frequency else []
    said += [table[key][1] for table, key in ((_POSITIONS, position), (_TURNS, turn)) if key]
    return " ".join([*said, *([_PAIRS[pair]] if pair else [])])


# --- 10.4 ---------------------------------------------------------------------------------------------------

_GROUPS = {
    "tiled": (lambda h, heads, groups: h % groups, "yours h % groups, `np.tile` in place of `np.repeat`."),
    "first": (lambda h, heads, groups: 0 * h, "all of yours the first."),
    "last": (lambda h, heads, groups: 0 * h + groups - 1, "all of yours the last."),
    "divided": (lambda h, heads, groups: np.minimum(h // groups, groups - 1), "yours h // groups."),
    "backward": (lambda h, heads, groups: groups - 1 - h // (heads // groups), "yours count from the last."),
    "next": (lambda h, heads, groups: (h // (heads // groups) + 1) % groups, "yours the next one."),
}
_SCALES = {
    "none": (lambda tokens, heads, groups, dim: 1.0, "yours are not divided at all."),
    "squared": (lambda tokens, heads, groups, dim: dim, "yours by dim."),
    "inverse": (lambda tokens, heads, groups, dim: dim**-0.5, "yours are multiplied by it."),
    "fourth": (lambda tokens, heads, groups, dim: dim**0.25, "yours by its root again."),
    "heads": (lambda tokens, heads, groups, dim: heads**0.5, "yours by √heads."),
    "groups": (lambda tokens, heads, groups, dim: groups**0.5, "yours by √groups."),
    "tokens": (lambda tokens, heads, groups, dim: tokens**0.5, "yours by √tokens."),
    "width": (
        lambda tokens, heads, groups, dim: (heads * dim) ** 0.5,
        "yours by √(heads · dim): each head has scores of its own.",
    ),
    "narrow": (
        lambda tokens, heads, groups, dim: (groups * dim) ** 0.5,
        "yours by √(groups · dim): each head has scores of its own.",
    ),
    "two": (lambda tokens, heads, groups, dim: 2.0 * dim**0.5, "yours by twice as much."),
}
_SIGHTS = {
    "all": "Causal: a token looks at itself and at those before it. Yours look at all tokens.",
    "earlier": "A token looks at itself too: yours look at those before alone.",
    "behind": "A token looks at those *before* it: yours look at those behind. Rows are queries, columns keys.",
    "one ahead": "A token looks at itself and at those before it: yours look at one more.",
    "self": "A token looks at those before it too: yours look at themselves alone.",
    "zero": "What may not be looked at gets the weight 0, so its score is −∞ before the softmax: a score of 0 has weight exp(0) = 1.",
    "after": "The weights of what may be looked at sum to 1: mask the scores, with −∞, *before* the softmax, or divide once more.",
    "added": "A mask of True and False added to scores hides nothing: put −∞ where nobody may look.",
}
_WEIGHTS = {
    "queries": "The weights of a query over the *keys* sum to 1: yours over the queries. Softmax goes along the axis of the keys.",
    "heads": "The weights of a query over the *keys* sum to 1: yours over the heads. Softmax goes along the axis of the keys.",
    "everything": "The weights of each query sum to 1: all of yours together do. Softmax goes along the axis of the keys alone.",
    "exp": "The weights of each query sum to 1: divide by their sum.",
    "scores": "The softmax is missing: scores are no weights.",
    "share": "The softmax is missing: you divided the scores by their sum.",
    "largest": "You took the largest score alone: the softmax gives weight to all.",
    "sigmoid": "You took the sigmoid: the softmax makes the weights of each query sum to 1.",
    "negative": "The sign of your scores is wrong: the largest product gets the largest weight.",
    "uniform": "All weights are equal: queries and keys take no part.",
    "maximum": "You subtracted the largest score *after* `np.exp`, or divided by the largest in place of the sum.",
}
_SOURCES = {
    "keys": "The weights are of the *values*: yours of the keys.",
    "first": "Each token has an output of its own: yours are all like the first.",
    "transposed": "Weights[query, key] times values[key]: your two axes are exchanged.",
}


@exercise(
    "10.4",
    "the output is right for 8 kinds of heads, from one group to one for each head, for a single token, and for scores of several thousand",
    own=_COURSE
    + r"|(keras\.src|keras|tensorflow\.python)\.(\w+\.)*\w*attention\w*(\.\w+)*|keras\.src\.ops\.nn\.\w*attention\w*",
    stops={
        r"could not be broadcast|Incompatible shapes|must be equal|incompatible|not aligned|mismatch|cannot reshape|Dimension": "There are "
        "fewer groups than heads: `np.repeat(keys, heads // groups, axis=1)` gives each head its own, and so for `values`.",
        r"'float' object cannot be interpreted|must be integer|only integer": "heads / groups is a float: `heads // groups`.",
        r"index .*out of (range|bounds)": "Head h uses group h // (heads // groups): there are fewer groups than heads.",
        **MIXED_TYPES,
    },
)
def grouped_attention(my_grouped_attention: Callable) -> None:
    """Checks causal attention with fewer heads of keys and values (lesson 10).

    Args:
        my_grouped_attention: function of ``(queries, keys, values)``, float (tokens, heads, dim), (tokens, groups, dim)
            and (tokens, groups, dim), that returns float (tokens, heads, dim).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(104)
    first = [_draw_heads(rng, 5, 6, 3, 4), _draw_heads(rng, 4, 4, 2, 6), _draw_heads(rng, 6, 6, 2, 5)]
    found = [_attended(my_grouped_attention, *given) for given in first]
    right = [_attend(*given) for given in first]
    name_mistakes(found, right, first, _attention_mistakes, are_close_arrays)
    for tokens, heads, groups, dim in [(1, 3, 1, 2), (2, 1, 1, 1), (3, 8, 1, 5), (7, 5, 5, 3), (9, 12, 4, 7)]:
        _check_attended(my_grouped_attention, *_draw_heads(rng, tokens, heads, groups, dim))
    for given in first:
        _check_attended(my_grouped_attention, *given)
    _check_attended(my_grouped_attention, *(part.astype(np.float32) for part in first[0]))
    _check_attended(my_grouped_attention, *(np.asfortranarray(part)[::-1] for part in first[0]))
    _check_large_scores(my_grouped_attention, rng)


def _draw_heads(rng: np.random.Generator, tokens: int, heads: int, groups: int, dim: int) -> list[np.ndarray]:
    return [rng.normal(size=(tokens, count, dim)) for count in (heads, groups, groups)]


def _heads_given(queries: np.ndarray, keys: np.ndarray) -> str:
    tokens, heads, dim = queries.shape
    return f"The output for {plural(tokens, 'token')}, {plural(heads, 'head')} in {plural(keys.shape[1], 'group')}, and {dim} numbers a head"


def _attended(
    my_attention: Callable, queries: np.ndarray, keys: np.ndarray, values: np.ndarray
) -> np.ndarray:
    tokens, heads, dim = queries.shape
    groups = keys.shape[1]
    shapes = [
        ((tokens, heads * dim), "The heads keep an axis of their own."),
        ((heads, tokens, dim), "Tokens are the first axis, heads the second: exchange them at the end."),
        ((tokens, groups, dim), "There are as many outputs as *queries* have heads."),
        (
            (groups, tokens, dim),
            "There are as many outputs as *queries* have heads, and tokens are the first axis.",
        ),
        (
            (tokens, groups, heads // groups, dim),
            "Groups and their heads are one axis: `reshape` them to (tokens, heads, dim).",
        ),
        ((heads, tokens, tokens), "Those are the weights: multiply them with the values."),
        ((tokens, heads, tokens), "Those are the weights: multiply them with the values."),
        (
            (tokens, dim),
            "The heads keep an axis of their own: is `return` inside of the loop, or a sum over the heads?",
        ),
        ((1, tokens, heads, dim), "There is one sequence, and no axis for a batch."),
    ]
    value = my_attention(queries, keys, values)
    return expect_array(value, (tokens, heads, dim), np.floating, _heads_given(queries, keys), shapes)


def _check_attended(
    my_attention: Callable, queries: np.ndarray, keys: np.ndarray, values: np.ndarray, remark: str = ""
) -> None:
    value, what = _attended(my_attention, queries, keys, values), _heads_given(queries, keys) + remark
    lost = ~np.isfinite(value).all(axis=(1, 2))
    likely = "Subtract from each query's scores their largest before `np.exp`."
    if not remark and lost[0] and not lost[1:].any():
        likely = "Your first token has nothing to look at: it looks at itself."
    expect(not lost.any(), f"{what} holds NaN or infinity. {likely}")
    expect_close(value, _attend(queries, keys, values), what, _size_mistakes(queries, keys, values))


def _size_mistakes(*given: np.ndarray) -> _Mistakes:
    """What only large scores show."""
    for limit in (20, 30, 50, 80, 88, 100, 500, 700, 1000, 10_000):
        yield (
            _attend(*given, clip=limit),
            "You clip the scores, and large ones are alike: subtract from each query's scores their largest, and clip nothing.",
        )
        low = "What you mask with is no lower than some scores that are kept: −∞ or −1e9 is lower than any."
        yield _attend(*given, hidden=-float(limit)), low
        yield _attend(*given, sight="lowered", hidden=-float(limit)), low


def _check_large_scores(my_attention: Callable, rng: np.random.Generator) -> None:
    """Scores whose np.exp is infinite, or 0 for all that a query may look at."""
    queries, keys, values = _draw_heads(rng, 6, 4, 2, 3)
    _check_attended(my_attention, 3000 * queries, keys, values, ", with scores of several thousand")
    low = np.abs(queries), -np.abs(keys), values
    _check_attended(my_attention, 20_000 * low[0], *low[1:], ", with scores of many thousand below 0")
    _check_attended(my_attention, np.zeros_like(queries), keys, values, ", with queries of zeros")
    rising = np.arange(6.0)[:, np.newaxis, np.newaxis] * np.ones_like(keys)
    _check_attended(
        my_attention, 900 * low[0], rising, values, ", where what comes later has much larger scores"
    )


def _attend(
    queries: np.ndarray,
    keys: np.ndarray,
    values: np.ndarray,
    group: str = "",
    key_group: str = "",
    value_group: str = "",
    scale: str = "",
    sight: str = "",
    weight: str = "",
    source: str = "",
    hidden: float = -1e9,
    clip: float = np.inf,
) -> np.ndarray:
    """Attention of one sequence; the settings are what may go wrong."""
    tokens, heads, dim = queries.shape
    groups, head = keys.shape[1], np.arange(heads)
    usual = (lambda h, heads, groups: h // (heads // groups)), ""
    keys, values = (
        part[:, _GROUPS.get(name, usual)[0](head, heads, groups)]
        for part, name in ((keys, key_group or group), (values, value_group or group))
    )
    divisor = _SCALES[scale][0](tokens, heads, groups, dim) if scale else dim**0.5
    scores = np.clip(np.einsum("qhd,khd->hqk", queries, keys) / divisor, -clip, clip)
    if weight == "negative":
        scores = -scores
    if weight == "uniform":
        scores = 0 * scores
    weights = _weigh(scores, sight, weight, hidden)
    what = keys if source == "keys" else values
    result = np.einsum("hkq,khd->qhd" if source == "transposed" else "hqk,khd->qhd", weights, what)
    return np.repeat(result[:1], tokens, axis=0) if source == "first" else result


def _weigh(scores: np.ndarray, sight: str, weight: str, hidden: float) -> np.ndarray:
    tokens = scores.shape[-1]
    ahead = np.subtract.outer(np.arange(tokens), np.arange(tokens))
    may = {
        "all": ahead == ahead,
        "earlier": ahead > 0,
        "behind": ahead <= 0,
        "one ahead": ahead >= -1,
        "self": ahead == 0,
    }.get(sight, ahead >= 0)
    instead = {"zero": 0, "after": scores, "added": scores - 1, "lowered": scores + hidden}.get(sight, hidden)
    scores = np.where(may, scores, instead)
    axis = {"queries": -2, "heads": 0, "everything": None}.get(weight, -1)
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    weights = powers / powers.sum(axis=axis, keepdims=True)
    if weight == "exp":
        weights = np.exp(scores)
    elif weight == "scores":
        weights = np.where(may, scores, 0)
    elif weight == "share":
        weights = np.where(may, scores, 0)
        weights = weights / weights.sum(axis=-1, keepdims=True)
    elif weight == "largest":
        weights = (scores == scores.max(axis=-1, keepdims=True)).astype(float)
    elif weight == "sigmoid":
        weights = 1 / (1 + np.exp(np.minimum(-scores, 700)))
    elif weight == "maximum":
        weights = powers
    return np.where(may, weights, 0) if sight == "after" else weights


def _attention_mistakes(*given: np.ndarray, count: int) -> _Mistakes:
    queries, keys, values = given
    right = _attend(*given)
    options = {
        "group": _GROUPS,
        "key_group": _GROUPS,
        "value_group": _GROUPS,
        "scale": _SCALES,
        "sight": _SIGHTS,
        "weight": _WEIGHTS,
        "source": _SOURCES,
    }
    for changes in deviations(options, count):
        yield _attend(*given, **changes), _attention_hint(**changes)
    if count > 1:
        return
    yield queries, "Those are the queries as they were given: return the weighted values."
    repeated = np.repeat(values, queries.shape[1] // values.shape[1], axis=1)
    yield repeated, "Those are the values of each token itself: each token also looks at those before it."
    yield right[::-1], "Your tokens stand in the opposite order."
    yield right[:, ::-1], "Your heads stand in the opposite order."
    means = (
        np.broadcast_to(keys.mean(axis=1, keepdims=True), keys.shape),
        np.broadcast_to(values.mean(axis=1, keepdims=True), values.shape),
    )
    yield (
        _attend(queries, *means),
        "You took the mean of the groups: head h uses the keys and values of *its* group.",
    )
    heads, groups = queries.shape[1], keys.shape[1]
    grouped = np.repeat(
        queries.reshape(len(queries), groups, heads // groups, -1).mean(axis=2), heads // groups, axis=1
    )
    yield (
        _attend(grouped, keys, values),
        "You took the mean of the queries of a group: each head has its own.",
    )
    yield right + queries, "The queries were added again: return the weighted values alone."


def _attention_hint(
    group: str = "",
    key_group: str = "",
    value_group: str = "",
    scale: str = "",
    sight: str = "",
    weight: str = "",
    source: str = "",
) -> str:
    whose = (("keys and values", group), ("keys", key_group), ("values", value_group))
    said = [
        f"Of the {what} head h uses group h // (heads / groups): {_GROUPS[name][1]}"
        for what, name in whose
        if name
    ]
    if scale:
        said.append(f"Scores are divided by √dim: {_SCALES[scale][1]}")
    said += [
        table[name] for table, name in ((_SIGHTS, sight), (_WEIGHTS, weight), (_SOURCES, source)) if name
    ]
    return " ".join(said)


# --- 10.5 ---------------------------------------------------------------------------------------------------

_STRENGTHS = {
    "alpha": (lambda alpha, rank, inputs, outputs, n: alpha, "yours by alpha, without / rank."),
    "one": (lambda alpha, rank, inputs, outputs, n: 1.0, "yours by nothing."),
    "rank": (lambda alpha, rank, inputs, outputs, n: 1 / rank, "alpha takes no part in yours."),
    "times": (lambda alpha, rank, inputs, outputs, n: alpha * rank, "you multiplied by the rank."),
    "inverse": (lambda alpha, rank, inputs, outputs, n: rank / alpha, "yours by rank / alpha."),
    "root": (lambda alpha, rank, inputs, outputs, n: alpha / rank**0.5, "yours by alpha / √rank."),
    "inputs": (
        lambda alpha, rank, inputs, outputs, n: alpha / inputs,
        "yours by alpha / inputs. The rank is `a.shape[1]`.",
    ),
    "outputs": (
        lambda alpha, rank, inputs, outputs, n: alpha / outputs,
        "yours by alpha / outputs. The rank is `b.shape[0]`.",
    ),
    "rows": (
        lambda alpha, rank, inputs, outputs, n: alpha / n,
        "yours by alpha / n. The rank is `a.shape[1]`.",
    ),
    "whole": (lambda alpha, rank, inputs, outputs, n: alpha // rank, "`//` loses the fraction: `/`."),
    "squared": (lambda alpha, rank, inputs, outputs, n: (alpha / rank) ** 2, "yours twice."),
    "minus": (lambda alpha, rank, inputs, outputs, n: -alpha / rank, "yours is subtracted."),
    "both": (
        lambda alpha, rank, inputs, outputs, n: alpha / (rank * inputs),
        "you divided by `a.size`: the rank is `a.shape[1]`.",
    ),
    "half": (lambda alpha, rank, inputs, outputs, n: alpha / rank / 2, "yours is half as much."),
    "two": (lambda alpha, rank, inputs, outputs, n: alpha / 2, "yours by alpha / 2, whatever the rank."),
}


@exercise(
    "10.5",
    "the output is right for ranks from 1 to more than there are inputs, for kernels of 6 shapes, for alpha 0 and for a `b` of zeros",
    own=_COURSE + r"|keras\.src\.layers\.core\.dense\.\w+",
    stops={
        r"mismatch|not aligned|incompatible|could not be broadcast|must be equal|Incompatible": "The change is a @ b, (inputs, rank) times "
        "(rank, outputs), in this order; and x @ kernel, with x in front.",
        **MIXED_TYPES,
    },
)
def low_rank(my_low_rank: Callable) -> None:
    """Checks a dense layer with its LoRA (lesson 10).

    Args:
        my_low_rank: function of ``(x, kernel, a, b, alpha)``, float (n, inputs), (inputs, outputs), (inputs, rank), (rank,
            outputs) and float, that returns float (n, outputs).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(105)
    first = [_draw_low_rank(rng, 8, 4, 5, 3, 7.0), _draw_low_rank(rng, 4, 3, 3, 2, 3.0)]
    found = [_lowered(my_low_rank, *given) for given in first]
    name_mistake(
        found,
        [_adapted(*given) for given in first],
        (_low_rank_mistakes(*given) for given in first),
        are_close_arrays,
    )
    for sizes in [
        (1, 1, 1, 1, 2.0),
        (1, 5, 3, 1, 0.5),
        (3, 2, 7, 4, 16.0),
        (2, 9, 4, 3, 0.0),
        (5, 3, 3, 3, 1.0),
    ]:
        _check_low_rank(my_low_rank, *_draw_low_rank(rng, *sizes))
    for given in first:
        _check_low_rank(my_low_rank, *given)
    x, kernel, a, b, alpha = first[0]
    _check_low_rank(my_low_rank, x, kernel, a, 0 * b, alpha)
    _check_low_rank(my_low_rank, *(part.astype(np.float32) for part in (x, kernel, a, b)), alpha)
    _check_low_rank(
        my_low_rank, x[::-1], np.asfortranarray(kernel), np.asfortranarray(a)[:, ::-1], b[::-1], alpha
    )
    _check_low_rank(my_low_rank, 1e4 * x, kernel, a, b, alpha, size=1e4)


def _draw_low_rank(
    rng: np.random.Generator, n: int, inputs: int, outputs: int, rank: int, alpha: float
) -> tuple:
    shapes = (n, inputs), (inputs, outputs), (inputs, rank), (rank, outputs)
    return *(rng.normal(size=shape) for shape in shapes), alpha


def _adapted(x: np.ndarray, kernel: np.ndarray, a: np.ndarray, b: np.ndarray, alpha: float) -> np.ndarray:
    return x @ (kernel + alpha / len(b) * (a @ b))


def _lowered(
    my_low_rank: Callable, x: np.ndarray, kernel: np.ndarray, a: np.ndarray, b: np.ndarray, alpha: float
) -> np.ndarray:
    n, (inputs, outputs) = len(x), kernel.shape
    shapes = [
        (kernel.shape, "That is the changed kernel: multiply `x` with it."),
        ((n, a.shape[1]), "That is x · a: `b` brings it to the outputs."),
        ((outputs, n), "Rows and columns are exchanged: a row for each row of `x`."),
        ((n, inputs), "A row has as many numbers as there are *outputs*."),
        ((n,), "Each row has an output for each column of the kernel."),
        ((outputs,), "There is a row for each row of `x`."),
    ]
    return expect_array(
        my_low_rank(x, kernel, a, b, alpha),
        (n, outputs),
        np.floating,
        _low_rank_given(x, kernel, a, alpha),
        shapes,
    )


def _low_rank_given(x: np.ndarray, kernel: np.ndarray, a: np.ndarray, alpha: float) -> str:
    return f"The output for {plural(len(x), 'row')}, a kernel of shape {kernel.shape}, rank {a.shape[1]} and alpha {alpha:g}"


def _check_low_rank(my_low_rank: Callable, *given: object, size: float = 1) -> None:
    x, kernel, a, b, alpha = given
    what = _low_rank_given(x, kernel, a, alpha)
    hints = []
    if not b.any() or not alpha:
        hints.append((0 * x @ kernel, "Without a change the layer gives x · kernel: yours is 0."))
    value = _lowered(my_low_rank, *given)
    expect_close(
        value / size, _adapted(*given) / size, what, [(wrong, f"{what}: {hint}") for wrong, hint in hints]
    )


def _low_rank_mistakes(
    x: np.ndarray, kernel: np.ndarray, a: np.ndarray, b: np.ndarray, alpha: float
) -> _Mistakes:
    (n, inputs), (rank, outputs) = x.shape, b.shape
    base, change, strength = x @ kernel, x @ a @ b, alpha / rank
    right = base + strength * change
    yield base, "The change is missing: alpha / rank · a · b is added to the kernel."
    alone = "That is the change alone: the kernel stays, and the change is added to it"
    for name, (make, hint) in _STRENGTHS.items():
        scale = make(alpha, rank, inputs, outputs, n)
        said = f"The change is multiplied by alpha / rank: {hint}"
        yield base + scale * change, said
        yield scale * change, f"{alone}. {said}"
        if name not in ("minus", "one"):
            yield (
                scale * (base + change),
                f"alpha / rank belongs to the change alone, and not to the kernel. {said}",
            )
            yield scale * base + change, f"alpha / rank belongs to the change, and not to the kernel. {said}"
    yield strength * change, f"{alone}."
    yield strength * (base + change), "alpha / rank belongs to the change alone, and not to the kernel."
    yield strength * base + change, "alpha / rank belongs to the change, and not to the kernel."
    yield right + base, "The kernel counts twice."
    yield base + 2 * strength * change, "The change counts twice."
    for weight in (0.5, 2.0):
        yield weight * right, "Kernel and change are added: no mean, and nothing twice."
    for factor in (strength * change, 1 + strength * change):
        yield base * factor, "The change is added to what the kernel gives, and not multiplied with it."
    yield (
        x @ (kernel * (strength * (a @ b))),
        "The change is added to the kernel, and not multiplied with it.",
    )
    yield x @ (kernel + strength), "`a` and `b` take no part: the change is alpha / rank · a · b."
    yield base + strength * (x @ a).sum(axis=1, keepdims=True), "`b` takes no part."
    for made in (np.maximum(right, 0), np.tanh(right)):
        yield made, "No activation is asked."
    yield base + strength * np.maximum(x @ a, 0) @ b, "Between `a` and `b` there is no activation."
    yield np.round(right), "The numbers lost their fractions."
    yield right[::-1], "Your rows stand in the opposite order."
    if inputs == outputs:
        yield x @ kernel.T + strength * change, "The kernel is transposed: x @ kernel."
        yield base + strength * x @ (a @ b).T, "The change is transposed: a @ b."
        yield x @ (kernel + strength * (a @ b)).T, "Kernel and change are transposed: x @ kernel."
        yield right + x, "`x` itself was added."
        yield (
            base @ (strength * (a @ b)),
            "The change is beside the kernel, and not behind it: x·kernel + alpha/rank · x·a·b.",
        )
        yield base + strength * base @ a @ b, "The change sees `x`, and not what the kernel made of it."
    else:
        yield from [(np.full_like(right, np.nan), "")] * 6


# --- 10.6 ---------------------------------------------------------------------------------------------------

_SIZES = "layers", "width", "hidden", "heads", "kv_heads", "vocabulary", "tokens", "bytes_per_number"
"""The arguments of the accounting, in their order."""

_BLOCKS = {
    "more": "There are `layers` blocks: you count one more.",
    "less": "There are `layers` blocks: you count one less.",
}
_COUNTS = {
    "table": {
        "none": "The table of the vocabulary is missing: vocabulary · width.",
        "twice": "One table serves both ends: yours counts twice.",
        "hidden": "A row of the table has `width` numbers: yours has `hidden`.",
    },
    "final": {
        "none": "One more scale comes after the last block, `width` numbers: yours is missing.",
        "twice": "One scale comes after the last block: yours are two.",
        "each": "The last scale comes once, after all blocks: yours in each.",
        "head": "A scale has `width` numbers.",
    },
    "norms": {
        "none": "Each block has two RMSNorm scales of `width` numbers: yours has none.",
        "one": "Each block has two RMSNorm scales: yours has one.",
        "three": "Each block has two RMSNorm scales: yours has three.",
        "four": "RMSNorm has a scale and no offset: two times `width` in each block.",
        "once": "Each block has its own two scales: yours are counted once.",
        "two": "A scale has `width` numbers: yours counts as one.",
    },
    "feed": {
        "two": "gate, up and down are three matrices of width · hidden: yours are two.",
        "one": "gate, up and down are three matrices of width · hidden: yours is one.",
        "four": "gate, up and down are three matrices of width · hidden: yours are four.",
        "none": "gate, up and down are missing: three matrices of width · hidden.",
        "fixed": "Between gate, up and down there are `hidden` numbers: yours 4 · width.",
        "square": "`down` is (hidden, width): yours (hidden, hidden).",
    },
    "narrow": {
        "wide": "Keys and values have `kv_heads` heads, of width / heads numbers: yours are as wide as the queries.",
        "one": "Keys and values have `kv_heads` heads, of width / heads numbers: yours have one.",
        "per group": "A head has width / heads numbers: yours width / kv_heads.",
        "heads": "Keys and values have `kv_heads` heads, of width / heads numbers: yours are narrower, by the number of heads or of groups.",
    },
    "queries": {
        "one": "q and o are two matrices of width · width: yours is one.",
        "none": "q and o are missing: two matrices of width · width.",
        "three": "q and o are two matrices of width · width: yours are three.",
        "narrow": "o is (width, width): what all heads give, and not (kv_heads · head, width).",
        "both narrow": "q and o have all `heads` heads: yours have `kv_heads`.",
    },
    "pairs": {
        "one": "k *and* v have a matrix each: yours are one.",
        "none": "k and v are missing: two matrices.",
    },
    "biases": {
        "attention": "The matrices have no biases: yours have.",
        "all": "The matrices have no biases: yours have.",
        "queries": "The matrices have no biases: q, k and v of yours have.",
    },
    "blocks": {
        "one": "There are `layers` blocks: yours is counted once.",
        **_BLOCKS,
    },
    "extra": {
        "positions": "Rotary positions have no weights: yours have a table of `tokens` rows.",
        "bias": "The logits have no bias: yours has one for each of the vocabulary.",
    },
}
_CACHES = {
    "narrow": {
        "wide": "The cache holds keys and values of `kv_heads` heads: yours of all `heads`.",
        "one": "The cache holds keys and values of `kv_heads` heads: yours of one.",
        "per group": "A head has width / heads numbers: yours width / kv_heads.",
        "hidden": "The cache holds keys and values: `hidden` has no part in it.",
    },
    "two": {
        "one": "The cache holds keys *and* values: twice as much.",
        "three": "The cache holds keys and values, no queries: two, and not three.",
        "four": "The cache holds keys and values, once each: yours is twice as much.",
    },
    "blocks": {
        "one": "Every block has its own cache: times `layers`.",
        **_BLOCKS,
    },
    "length": {
        "one": "The cache grows with every token: times `tokens`.",
        "squared": "A key and a value for each token, and not for each pair of tokens.",
        "less": "Every token is kept, the last one too: yours is one short.",
        "more": "There are `tokens` tokens: you count one more.",
        "vocabulary": "The cache holds tokens of the text, and not of the vocabulary.",
    },
    "number": {
        "one": "The cache is asked in *bytes*: times `bytes_per_number`.",
        "bits": "Bytes are asked: yours are bits.",
        "four": "A number takes `bytes_per_number` bytes: yours always four.",
        "two": "A number takes `bytes_per_number` bytes: yours always two.",
        "kilo": "Bytes are asked, and no kilobytes.",
        "kibi": "Bytes are asked, and no kilobytes.",
        "mega": "Bytes are asked, and no megabytes.",
        "mebi": "Bytes are asked, and no megabytes.",
    },
}


@exercise(
    "10.6",
    "parameters and bytes are right for 40 decoders, from one block of one head to 80 of 64 heads",
    own=_COURSE + r"|keras\.\w+(\.\w+)*\.count_params",
    stops={
        r"missing \d+ required|takes \d+ positional": "The function has eight arguments, in this order: "
        + ", ".join(_SIZES)
        + ".",
    },
)
def accounting(my_accounting: Callable) -> None:
    """Checks the parameters of a decoder and the bytes of its cache (lesson 10).

    Args:
        my_accounting: function of ``(layers, width, hidden, heads, kv_heads, vocabulary, tokens, bytes_per_number)``,
            whole numbers, that returns ``(parameters, bytes of the cache)``, whole numbers.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(106)
    first = [
        (5, 96, 211, 8, 2, 1013, 37, 4),
        (3, 70, 149, 10, 5, 307, 113, 2),
        (30, 576, 1536, 9, 3, 49152, 2048, 2),
    ]
    found = [_counted(my_accounting, *sizes) for sizes in first]
    right = [_account(*sizes) for sizes in first]
    swapped = [(cache, parameters) for parameters, cache in right]
    expect(
        found != swapped, "Your two numbers are exchanged: first the parameters, then the bytes of the cache."
    )
    for place, mistakes in ((0, _parameter_mistakes), (1, _cache_mistakes)):
        parts = [[pair[place] for pair in pairs] for pairs in (found, right)]
        name_mistakes(*parts, first, mistakes, operator.eq)
    for sizes in [(1, 1, 1, 1, 1, 1, 1, 1), (1, 4, 3, 2, 1, 5, 1, 1), (2, 6, 5, 3, 3, 7, 9, 2), *first]:
        _check_account(my_accounting, *sizes)
    for _ in range(32):
        kv_heads, head = (int(number) for number in rng.integers(1, 9, 2))
        heads = kv_heads * int(rng.integers(1, 5))
        layers, hidden, vocabulary, tokens, size = (
            int(number) for number in rng.integers(1, [40, 3000, 60000, 9000, 9])
        )
        _check_account(my_accounting, layers, heads * head, hidden, heads, kv_heads, vocabulary, tokens, size)
    # 68 billion parameters, and a cache of more bytes than 32 bits can count.
    _check_account(my_accounting, 80, 8192, 28672, 64, 8, 32000, 1_000_000, 2)
    _check_account(my_accounting, 24, 2048, 5632, 32, 1, 32003, 1, 4)


def _account(
    layers: int,
    width: int,
    hidden: int,
    heads: int,
    kv_heads: int,
    vocabulary: int,
    tokens: int,
    bytes_per_number: int,
) -> tuple[int, int]:
    head = width // heads
    matrices = [
        (width, heads * head),
        (width, kv_heads * head),
        (width, kv_heads * head),
        (heads * head, width),
    ]
    matrices += [(width, hidden), (width, hidden), (hidden, width)]
    block = sum(rows * columns for rows, columns in matrices) + 2 * width
    cache = layers * 2 * kv_heads * head * tokens * bytes_per_number
    return vocabulary * width + layers * block + width, cache


def _decoder(sizes: tuple[int, ...]) -> str:
    return ", ".join(f"{name} {size}" for name, size in zip(_SIZES, sizes, strict=True))


def _counted(my_accounting: Callable, *sizes: int) -> tuple[int, int]:
    parts = expect_parts(my_accounting(*sizes), ("parameters", "bytes"))
    names = "Your number of parameters", "Your bytes of the cache"
    parameters, cache = (
        expect_number(part, f"{name} for {_decoder(sizes)}", whole=True)
        for part, name in zip(parts, names, strict=True)
    )
    return parameters, cache


def _check_account(my_accounting: Callable, *sizes: int) -> None:
    layers, width, *_, kv_heads, vocabulary, tokens, size = sizes
    found, right = _counted(my_accounting, *sizes), _account(*sizes)
    block = (right[0] - width - vocabulary * width) // layers
    parts = (
        f"{vocabulary * width:,} in the table, {layers} · {block:,} in the blocks, {width} in the last scale",
        f"{layers} blocks, keys and values, {plural(kv_heads, 'head')} of {sizes[1] // sizes[3]}, {plural(tokens, 'token')}, "
        f"{plural(size, 'byte')} each",
    )
    for one, other, what, of_what in zip(found, right, ("parameters", "bytes"), parts, strict=True):
        expect(
            one == other, f"For {_decoder(sizes)} you count {one:,} {what}, expected {other:,}: {of_what}."
        )


def _parameter_mistakes(*sizes: int, count: int) -> _Mistakes:
    layers, width, *_, vocabulary, _, size = sizes
    right, _ = _account(*sizes)
    for changes in deviations(_COUNTS, count):
        yield _count_wrongly(*sizes, **changes), _hints(_COUNTS, changes)
    if count > 1:
        return
    for number in (4 * right, right * size):
        yield number, "Parameters are asked, and no bytes."
    yield 2 * right, "The number of parameters is asked: yours is twice as large."
    for number in (right - width, right):
        yield (
            layers * number,
            "The table and the last scale are outside of the blocks: only the blocks come `layers` times.",
        )
    block = (right - vocabulary * width - width) // layers
    for last in (0, width):
        yield (
            layers * (block + vocabulary * width) + last,
            "The table is outside of the blocks: only these come `layers` times.",
        )
    yield block, "That is one block: there are `layers` of them, the table and the last scale."
    yield layers * block, "Those are the blocks: the table and the last scale are missing."


def _count_wrongly(*sizes: int, **changes: str) -> int:
    layers, width, hidden, heads, kv_heads, vocabulary, tokens, _ = sizes
    head = width // heads

    def chosen(key: str, usual: int, **others: int) -> int:
        return {which.replace("_", " "): number for which, number in others.items()}.get(
            changes.get(key, ""), usual
        )

    narrow = _narrow(changes.get("narrow", ""), width, heads, kv_heads)
    queries = chosen(
        "queries",
        2 * width * width,
        one=width * width,
        none=0,
        three=3 * width * width,
        narrow=width * width + narrow * width,
        both_narrow=2 * narrow * width,
    )
    pairs = chosen("pairs", 2 * width * narrow, one=width * narrow, none=0)
    one = width * hidden
    feed = chosen(
        "feed",
        3 * one,
        two=2 * one,
        one=one,
        four=4 * one,
        none=0,
        fixed=12 * width * width,
        square=2 * one + hidden * hidden,
    )
    norms = chosen("norms", 2 * width, none=0, one=width, three=3 * width, four=4 * width, once=0, two=2)
    attention, triple = 2 * width + 2 * narrow, width + 2 * narrow
    biases = chosen("biases", 0, attention=attention, all=attention + 2 * hidden + width, queries=triple)
    count = chosen("blocks", layers, one=1, more=layers + 1, less=layers - 1)
    table = chosen(
        "table", vocabulary * width, none=0, twice=2 * vocabulary * width, hidden=vocabulary * hidden
    )
    final = chosen("final", width, none=0, twice=2 * width, each=count * width, head=head)
    extra = chosen("extra", 0, positions=tokens * width, bias=vocabulary)
    once = 2 * width if changes.get("norms") == "once" else 0
    return table + count * (queries + pairs + feed + norms + biases) + final + extra + once


def _narrow(which: str, width: int, heads: int, kv_heads: int) -> int:
    """Numbers of the keys of one token, as they may be counted."""
    head = width // heads
    return {
        "wide": width,
        "one": head,
        "per group": width // kv_heads,
        "heads": head // kv_heads,
    }.get(which, kv_heads * head)


def _cache_mistakes(*sizes: int, count: int) -> _Mistakes:
    layers, width, hidden, heads, kv_heads, vocabulary, tokens, size = sizes
    for changes in deviations(_CACHES, count):
        narrow = (
            hidden
            if changes.get("narrow") == "hidden"
            else _narrow(changes.get("narrow", ""), width, heads, kv_heads)
        )
        two = {"one": 1, "three": 3, "four": 4}.get(changes.get("two"), 2)
        blocks = {"one": 1, "more": layers + 1, "less": layers - 1}.get(changes.get("blocks"), layers)
        length = {
            "one": 1,
            "squared": tokens**2,
            "less": tokens - 1,
            "more": tokens + 1,
            "vocabulary": vocabulary,
        }
        times = {"one": 1, "bits": 8 * size, "four": 4, "two": 2}
        cache = (
            blocks
            * two
            * narrow
            * length.get(changes.get("length"), tokens)
            * times.get(changes.get("number"), size)
        )
        for which, divisor in {"kilo": 1000, "kibi": 1024, "mega": 10**6, "mebi": 2**20}.items():
            cache = cache // divisor or -1 if changes.get("number") == which else cache
        yield cache, _hints(_CACHES, changes)
    if count > 1:
        return
    parameters, _ = _account(*sizes)
    yield parameters * size, "Those are the bytes of the parameters: the cache holds keys and values."
    yield parameters, "That is the number of parameters again: the second number is the bytes of the cache."


# --- 10.7 ---------------------------------------------------------------------------------------------------

_DIFFERENCES = {
    "close": "However little a number moved, the weight changed: `np.allclose` forgives small steps.",
    "nan": "NaN before and after is no difference, though NaN == NaN is False: `np.array_equal(…, equal_nan=True)`.",
    "nan forgiven": "NaN is no difference only where it was NaN before: yours forgives every NaN.",
    "nan is zero": "NaN is no number: `np.nan_to_num` makes it 0, and a 0 that became NaN seems unchanged.",
    "nan anywhere": "NaN must stand at the same places: yours is content with their number.",
    "spread": "Another shape is a change, also where the numbers are equal: `==` stretches the smaller one. Compare the shapes.",
    "flat": "Another shape is a change: yours compares the numbers alone.",
    "shape": "You compare shapes alone: the numbers count too.",
    "sum": "Two weights may have the same sum, or mean, and differ all the same: compare every number.",
    "all": "One number that moved is enough: yours wants all of them to.",
    "first": "All numbers of a weight count: you compare the first alone.",
    "size": "The sign counts too: yours compares sizes.",
    "larger": "A weight may fall as well as rise: yours sees one of the two.",
    "unchanged": "You return those that did *not* change.",
    "every": "Weights that are as they were do not belong into the list.",
}
_PRESENCE = {
    "no missing": "A weight that is in `before` alone is missing afterwards, and belongs into the list.",
    "no new": "A weight that is in `after` alone is new, and belongs into the list.",
    "neither": "Weights that are in one of the two dictionaries alone belong into the list too.",
    "missing always": "What is allowed may also be missing: `allowed` counts for it too.",
    "new always": "What is allowed may also be new: `allowed` counts for it too.",
    "always": "What is allowed may also be missing or new: `allowed` counts for these too.",
    "alone": "Weights that are in both dictionaries and changed belong into the list too.",
}
_PERMITS = {
    "ignored": "What is `allowed` to change does not belong into the list.",
    "inverted": "Your list is of what was *allowed* to change: return what was not.",
    "part": "`allowed` holds whole names: yours also lets through what has one of them in its name.",
    "begin": "`allowed` holds whole names: yours also lets through what begins with one of them.",
}


@exercise(
    "10.7",
    "what changed is found among 29 kinds of weights: moved by the last digit, NaN, of another shape, missing, new, and allowed to",
    own=_COURSE,
    stops={
        r"KeyError": "A name may be in one of the two dictionaries alone: `before.keys() | after.keys()` has all of them.",
        r"could not be broadcast|Incompatible shapes|operands": "The shape of a weight may have changed, which is a change: compare shapes first.",
        r"truth value": "`before[name] != after[name]` is an array, a True or False for each number: `np.array_equal` gives one.",
        r"unhashable|not supported between|'set' object|unsupported operand type": "`allowed` is a set of names: ask `name in allowed`, "
        "or subtract it from another *set*.",
        r"ufunc 'isnan'": "Weights may be whole numbers: `np.array_equal(…, equal_nan=True)` takes them.",
        r"dictionary changed size": "Work on a list of the names, and leave the dictionaries as they are.",
        r"index|iteration over a 0-d|0-dimensional|len\(\) of unsized|zero-size": "A weight may be a single number, without axes, or empty.",
    },
)
def changed(my_changed: Callable) -> None:
    """Checks the search for weights that moved and should not have (lesson 10).

    Args:
        my_changed: function of ``(before, after, allowed)``, two dicts from names to arrays and a set of names, that returns a
            sorted list of the names that differ, or are in one dict alone, and are not allowed to.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    first = [_many_weights(), _more_weights()]
    found = [_listed(my_changed, *given) for given in first]
    right = [_differing(*given) for given in first]
    unique = [sorted({*names}) for names in found]
    name_mistakes(unique, right, first, _change_mistakes, operator.eq)
    for before, after, allowed, hint in _single_weights():
        _check_changed(my_changed, before, after, allowed, hint)
    for before, after, allowed in first:
        _check_changed(my_changed, before, after, allowed)
        _check_changed(my_changed, after, before, allowed)
        _check_changed(my_changed, before, before, set())
        single = (
            {name: np.asarray(array, np.float32) for name, array in part.items()} for part in (before, after)
        )
        _check_changed(my_changed, *single, allowed)


def _many_weights() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], set[str]]:
    """Two sets of weights that tell the mistakes apart, in no order of names, and what may change."""
    rng = np.random.default_rng(107)
    frozen = rng.normal(size=(3, 4))
    step = np.zeros((3, 4))
    step[2, 1] = 1e-6
    holes = np.array([[np.nan, 1.0], [2.0, 3.0]])
    before = {
        "table": frozen,
        "q/kernel": frozen + 1,
        "k/kernel": frozen,
        "o/lora_a": frozen,
        "q/lora": np.zeros(3),
        "scale": np.ones((1, 4)),
        "offset": np.array([0.0, 0.0, 5.0]),
        "steps": np.array(7),
        "bn/mean": np.array([1.0, np.nan]),
        "bn/variance": holes,
        "gone": np.zeros(2),
        "may go": np.zeros(2),
        "v/kernel": np.array([1.0, 2.0, 3.0]),
        "norm": np.array([1.0, -2.0]),
        "gate": np.array([1.0, 2.0]),
        "down": np.array([2.0, 2.0]),
        "row": np.arange(4.0),
        "up": np.array([1.0, 0.0]),
    }
    after = {
        "up": np.array([1.0, np.nan]),
        "row": np.arange(4.0).reshape(2, 2),
        "down": np.array([2.0, 1.0]),
        "gate": np.array([1.0, np.nan]),
        "norm": np.array([1.0, 2.0]),
        "v/kernel": np.array([3.0, 2.0, 1.0]),
        "unexpected": np.zeros(1),
        "may come": np.zeros(1),
        "bn/variance": holes[::-1],
        "bn/mean": np.array([1.0, np.nan]),
        "steps": np.array(8),
        "offset": np.array([0.0, 0.0, 5.0]),
        "scale": np.ones(4),
        "q/lora": np.ones(3),
        "o/lora_a": frozen + 1,
        "k/kernel": frozen + step,
        "q/kernel": frozen + 2,
        "table": frozen.copy(),
    }
    return before, after, {"q/lora", "o/lora_a", "may go", "may come", "o", "may never be"}


def _more_weights() -> tuple[dict[str, np.ndarray], dict[str, np.ndarray], set[str]]:
    """Two sets of weights, of which whole numbers, True and False, infinity and nothing at all are some."""
    before = {
        "layer_2": np.array([1, 2, 3]),
        "layer_10": np.array([True, False]),
        "Layer_1": np.array([np.inf, 1.0]),
        "empty": np.zeros((0, 3)),
        "layer": np.array([-1.0, 2.0]),
        "layer_1/kernel": np.array([0.0, 1.0]),
        "other": np.array([1e-9, 1.0]),
    }
    after = {
        "other": np.array([2e-9, 1.0]),
        "layer_1/kernel": np.array([-0.0, 1.0]),
        "layer": np.array([3.0, 2.0]),
        "empty": np.zeros((3, 0)),
        "Layer_1": np.array([-np.inf, 1.0]),
        "layer_10": np.array([True, True]),
        "layer_2": np.array([1, 2, 4]),
        "another": np.array(1.0),
    }
    return before, after, {"layer"}


def _single_weights() -> Iterator[tuple[dict, dict, set, str]]:
    """One weight each, with what it is about."""
    one, two = np.array([1.0, 2.0]), np.array([1.0, 2.5])
    nothing = "Nothing changed: an empty list."
    yield {}, {}, set(), "Without weights nothing changed: an empty list."
    yield {"w": one}, {"w": one}, set(), nothing
    yield {"w": one}, {"w": one.copy()}, set(), nothing
    yield {"w": one}, {"w": two}, set(), "One of its numbers moved."
    yield {"w": one}, {"w": two}, {"w"}, "It is allowed to."
    yield (
        {"w": one},
        {"w": np.nextafter(one, 9)},
        set(),
        "However little its numbers moved, the weight changed.",
    )
    yield (
        {"w": np.array([1e-12])},
        {"w": np.array([0.0])},
        set(),
        "However little its numbers moved, the weight changed.",
    )
    yield {"w": one}, {}, set(), "It is missing afterwards."
    yield {}, {"w": one}, set(), "It is new."
    yield {"w": one}, {}, {"w"}, "It is missing, and allowed to."
    yield {}, {"w": one}, {"w"}, "It is new, and allowed to."
    yield {"w": one}, {"v": one}, {"v"}, "One is missing, and the other is allowed to be new."
    yield (
        {"w": np.full(3, np.nan)},
        {"w": np.full(3, np.nan)},
        set(),
        "NaN before and after is no difference.",
    )
    yield {"w": np.array(np.nan)}, {"w": np.array(np.nan)}, set(), "NaN before and after is no difference."
    yield {"w": np.array([np.nan, 1.0])}, {"w": np.array([1.0, np.nan])}, set(), "NaN stands elsewhere."
    yield {"w": np.array([np.nan, 1.0])}, {"w": np.array([np.nan, 2.0])}, set(), "What is not NaN moved."
    yield {"w": np.array([0.0])}, {"w": np.array([np.nan])}, set(), "A number became NaN."
    yield {"w": np.array([np.nan])}, {"w": np.array([0.0])}, set(), "NaN became a number."
    yield (
        {"w": np.array([np.inf])},
        {"w": np.array([np.inf])},
        set(),
        "Infinity before and after is no difference.",
    )
    yield {"w": np.array([np.nan])}, {"w": np.array([np.inf])}, set(), "NaN became infinity."
    yield {"w": np.array(3.0)}, {"w": np.array([3.0])}, set(), "Its shape changed."
    yield {"w": np.zeros((2, 3))}, {"w": np.zeros((3, 2))}, set(), "Its shape changed."
    yield {"w": np.zeros((2, 3))}, {"w": np.zeros(6)}, set(), "Its shape changed."
    yield {"w": np.zeros(0)}, {"w": np.zeros(0)}, set(), "An empty weight did not change."
    yield {"w": np.zeros(0)}, {"w": np.zeros(1)}, set(), "Its shape changed."
    yield {"w": np.array([1, 2])}, {"w": np.array([1, 3])}, set(), "Weights may be whole numbers."
    yield {"w": np.array([True])}, {"w": np.array([False])}, set(), "Weights may be True and False."
    yield {"ab": one, "a": one}, {"ab": two, "a": two}, {"a"}, "`allowed` holds whole names."
    yield {"a": one, "ab": one}, {"a": two, "ab": two}, {"ab", "b"}, "`allowed` holds whole names."


def _differing(
    before: dict[str, np.ndarray],
    after: dict[str, np.ndarray],
    allowed: set[str],
    difference: str = "",
    presence: str = "",
    permit: str = "",
) -> list[str]:
    """What changed and may not have; the settings are what may go wrong."""
    both = [name for name in before if name in after]
    missing, new = (
        [name for name in before if name not in after],
        [name for name in after if name not in before],
    )
    moved = [name for name in both if not _are_equal(before[name], after[name], difference)]
    missing = [] if presence in ("no missing", "neither") else missing
    new = [] if presence in ("no new", "neither") else new
    moved = [] if presence == "alone" else moved

    def may(name: str) -> bool:
        return {
            "ignored": False,
            "inverted": name not in allowed,
            "part": any(one in name for one in allowed),
            "begin": any(name.startswith(one) for one in allowed),
        }.get(permit, name in allowed)

    spared = {"missing always": missing, "new always": new, "always": [*missing, *new]}.get(presence, [])
    names = [name for name in [*moved, *missing, *new] if name in spared or not may(name)]
    return sorted(names)


def _are_equal(a: np.ndarray, b: np.ndarray, difference: str = "") -> bool:
    """Whether two weights are the same, or seem so when they are compared in a wrong way."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    if difference in ("unchanged", "every", "shape"):
        return {"unchanged": not _are_equal(a, b), "every": False, "shape": a.shape == b.shape}[difference]
    if a.shape != b.shape:
        if difference == "flat" and a.size == b.size:
            return np.array_equal(a.ravel(), b.ravel(), equal_nan=True)
        if difference == "spread":
            try:
                a, b = np.broadcast_arrays(a, b)
            except ValueError:
                return False
            return np.array_equal(a, b, equal_nan=True)
        return False
    holes = np.isnan(a), np.isnan(b)
    same = (a == b) | (holes[0] & holes[1])
    if difference == "first":
        return bool(same.ravel()[:1].all())
    if difference == "all":
        return not same.size or bool(same.any())
    if difference == "sum":
        return (
            bool(np.isclose(np.nansum(a), np.nansum(b), rtol=1e-12, atol=0))
            and holes[0].sum() == holes[1].sum()
        )
    return {
        "close": np.allclose(a, b, equal_nan=True),
        "nan": bool((a == b).all()),
        "nan forgiven": bool((same | holes[0] | holes[1]).all()),
        "nan is zero": np.array_equal(np.nan_to_num(a), np.nan_to_num(b)),
        "nan anywhere": np.array_equal(np.sort(a, axis=None), np.sort(b, axis=None), equal_nan=True),
        "size": np.array_equal(np.abs(a), np.abs(b), equal_nan=True),
        "larger": bool((~(b > a) | same).all()),
    }.get(difference, bool(same.all()))


def _listed(my_changed: Callable, before: dict, after: dict, allowed: set) -> list[str]:
    value = my_changed(before, after, allowed)
    what = f"What you return for {plural(len(before), 'weight')} before and {len(after)} after"
    return expect_names(value, what)


def _check_changed(my_changed: Callable, before: dict, after: dict, allowed: set, hint: str = "") -> None:
    found, right = _listed(my_changed, before, after, allowed), _differing(before, after, allowed)
    expect(
        found == right or sorted(found) != right,
        f"The names that you return are right, and not sorted: {found}. `sorted(…)` puts them in order.",
    )
    expect(
        found == right or sorted({*found}) != right,
        f"The names that you return are right, and some come more than once: {found}.",
    )
    if hint:
        given = ", ".join(
            f"{name} = {{{_weights_said(part)}}}" for name, part in (("before", before), ("after", after))
        )
        given = f"{given} and allowed = {allowed or '{}'}"
    else:
        given = f"{plural(len(before), 'weight')} before and {len(after)} after"
    expect(found == right, f"For {given} you returned {found}, expected {right}. {hint}".rstrip())


def _weights_said(weights: dict[str, np.ndarray]) -> str:
    return ", ".join(f"{name}: {array.tolist()}" for name, array in weights.items())


def _change_mistakes(before: dict, after: dict, allowed: set, count: int) -> _Mistakes:
    options = {"difference": _DIFFERENCES, "presence": _PRESENCE, "permit": _PERMITS}
    for changes in deviations(options, count):
        yield _differing(before, after, allowed, **changes), _hints(options, changes)
    if count > 1:
        return
    right = _differing(before, after, allowed)
    yield right[:1], "One name alone was found: is `return` inside of the loop?"
    yield [], "Nothing was found."
    yield sorted(allowed), "Those are the names that *may* change."
    for names in ([*before], sorted({*before, *after})):
        yield names, "Those are all names: return those that changed and may not."
    yield (
        sorted({*before, *after} - allowed),
        "Those are all names that may not change: return those that did.",
    )
    yield (
        [name for name in right if before.get(name, np.zeros(1)).ndim],
        "A single number, without axes, is a weight too.",
    )


# --- 10.8 ---------------------------------------------------------------------------------------------------


@exercise(
    "10.8",
    "for four sizes each region goes through the same layers alone, its position counts once weights have moved, and there are few of these",
    own=r"course_utils\.(?!checks).*projector\w*",
    stops={
        r"KerasTensor|keras_tensor|symbolic": "In a functional model use `keras.ops` and layers: NumPy cannot compute with what has no numbers "
        "yet. Positions are `keras.ops.arange(regions)`, or a class of its own with `add_weight`.",
        r"incompatible with the layer|expected (min_)?ndim": "Inputs are (batch, regions, features): `keras.Input((regions, features))`.",
        r"Incompatible shapes|cannot be broadcast|must be broadcast|inputs have incompatible": "A table of positions is (regions, width) where it "
        "is added to soft tokens, and (regions, features) where it is added to what comes in.",
        r"disconnected|must be created from|not connected": "A functional model leads from `keras.Input` to its output through layers and `keras.ops`.",
    },
)
def projector(my_projector: Callable) -> None:
    """Checks a network that makes soft tokens of a picture's regions (lesson 10).

    Args:
        my_projector: function of ``(regions, features, width)`` that returns an untrained Keras model from (batch, regions,
            features) to (batch, regions, width).

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    import keras

    rng = np.random.default_rng(108)
    keras.utils.set_random_seed(108)
    for regions, features, width in [(6, 10, 8), (25, 3, 7), (1, 5, 4), (36, 192, 128)]:
        model = expect_model(my_projector(regions, features, width))
        pictures = rng.normal(size=(5, regions, features)).astype(np.float32)
        _check_soft_tokens(model, pictures, width)
        sizes = f"For regions = {regions}, features = {features} and width = {width}"
        expect(
            len(model.trainable_weights) > 0,
            f"{sizes} your model has nothing to train: is `trainable` False, or is there no layer with weights?",
        )
        if features < 100:
            _stir(model, pictures, rng)
            _check_regions(model, pictures, rng)
        # Comes last: what mixes regions often has too many weights, too, and those are not its mistake.
        _check_count(model, regions, features, width, sizes)
        if regions == 6:
            _check_training(model, pictures, width)
            _check_alike(model, pictures, rng)
            _check_kept(model, expect_model(my_projector(regions, features, width)), pictures)


def _project(model: "keras.Model", pictures: np.ndarray) -> np.ndarray:
    batch, regions, features = pictures.shape
    what = f"{plural(batch, 'picture')} of {plural(regions, 'region')} with {features} features"
    return np.asarray(call_model(model, pictures, what), np.float64)


def _check_soft_tokens(model: "keras.Model", pictures: np.ndarray, width: int) -> None:
    """Any number of pictures goes in, as many tokens as regions come out."""
    batch, regions, features = pictures.shape
    sizes = f"regions = {regions}, features = {features} and width = {width}"
    expected = (None, regions, features)
    shapes = [tuple(one.shape) for one in getattr(model, "inputs", None) or []]
    expect(
        len(shapes) < 2,
        f"For {sizes} your model has {len(shapes)} inputs, expected one, (batch, regions, features): it makes positions itself.",
    )
    for shape in shapes:
        fixed = len(shape) == 3 and shape[0] is not None
        expect(
            not fixed,
            f"For {sizes} your model takes batches of {shape[0]} alone: `keras.Input((regions, features))` leaves their size open.",
        )
        fits = len(shape) == 3 and all(
            found in (None, asked) for found, asked in zip(shape, expected, strict=True)
        )
        expect(
            fits,
            f"For {sizes} your model takes inputs of shape {shape}, expected {expected}: `keras.Input((regions, features))`.",
        )
    for count in (batch, 1):
        what = f"For {sizes} the output for {plural(count, 'picture')}"
        mistakes = [
            ((count, width, regions), "Regions come before width: a row for each region."),
            (
                (count, regions * width),
                "A soft token for each region: do not flatten them, or `Reshape` them at the end.",
            ),
            ((count, width), "A soft token for *each* region: do not pool them."),
            ((count, 1, width), "A soft token for *each* region: do not pool them."),
            ((count, regions, features), "A soft token has `width` numbers."),
            ((count, regions, regions), "A soft token has `width` numbers."),
            ((count, regions + 1, width), "As many soft tokens as regions: no class token."),
            ((count, features, width), "The regions are the second axis, and stay there."),
        ]
        value = expect_array(
            _project(model, pictures[:count]), (count, regions, width), np.floating, what, mistakes
        )
        expect(np.isfinite(value).all(), f"{what} holds NaN or infinity.")


def _check_training(model: "keras.Model", pictures: np.ndarray, width: int) -> None:
    """What has no numbers yet, of a batch of any size, goes through as well: so a model is trained."""
    import keras

    _, regions, features = pictures.shape
    try:
        shape = tuple(model(keras.Input((regions, features))).shape)
    except Exception as error:  # each library raises its own
        said = str(error).strip().splitlines()[0][:120]
        raise CheckFailed(
            "Your model can be called and not trained, for which it gets a batch of any size that has no numbers yet: use `keras.ops` in "
            f"place of NumPy, and take no size from the batch. ({said})"
        ) from error
    fits = len(shape) == 3 and shape[-1] == width
    expect(
        fits,
        f"For batches of any size your model gives the shape {shape}, expected {(None, regions, width)}.",
    )


def _check_count(model: "keras.Model", regions: int, features: int, width: int, sizes: str) -> None:
    count, most = model.count_params(), 4 * (features * width + regions * width)
    shapes = [tuple(weight.shape) for weight in model.weights]
    likely = "`model.summary()` shows where they are; a hidden layer need not be wider than `width`."
    if len(shapes) >= 2 * regions or any(regions in shape and len(shape) > 2 for shape in shapes):
        likely = "That is a network for each region: the same one serves all, and a table of (regions, width) tells them apart."
    expect(count <= most, f"{sizes} your model has {count:,} weights, expected at most {most:,}. {likely}")


def _stir(model: "keras.Model", pictures: np.ndarray, rng: np.random.Generator) -> None:
    """Gives random values to all that can be trained, as training would: what begins at 0 does not stay there."""
    before = np.diff(_project(model, pictures[:2]), axis=0)
    for weight in model.trainable_weights:
        weight.assign(rng.normal(0.0, 0.5, weight.shape))
    after = np.diff(_project(model, pictures[:2]), axis=0)
    expect(
        not before.any() or not np.allclose(before, after, atol=1e-6),
        "What your model makes of the features stays as it is, however its weights are trained: is the layer that they go through frozen?",
    )


def _check_regions(model: "keras.Model", pictures: np.ndarray, rng: np.random.Generator) -> None:
    """Each token depends on its own region, on nothing else, and on where it is."""
    _, regions, _ = pictures.shape
    chosen = [*dict.fromkeys((regions // 2, 0, regions - 1))]
    others = np.repeat(pictures[np.newaxis], len(chosen), axis=0)
    for other, region in zip(others, chosen, strict=True):
        other[:, region] = rng.normal(size=other[:, region].shape)
    same = np.repeat(pictures[:, :1], regions, axis=1)
    batch = np.concatenate([pictures, *others, same])  # one call: many small ones take long
    tokens = _project(model, batch)
    expect(
        np.isfinite(tokens).all(),
        "Once its weights have moved, the output of your model holds NaN or infinity.",
    )
    expect(
        np.array_equal(tokens, _project(model, batch)),
        "Called twice on the same pictures, your model gives different tokens: is there noise, or dropout, that does not ask for `training`?",
    )
    size = max(tokens.std(), 1e-6)
    tokens, alone = tokens / size, _project(model, pictures[:1]) / size
    expect(
        np.allclose(alone, tokens[:1], rtol=1e-3, atol=1e-3),
        "A picture alone gives other tokens than in a batch: positions are along the regions, axis 1, and nothing is taken over the batch.",
    )
    before, *after, equal = np.split(tokens, len(chosen) + 2)
    for region, changed_tokens in zip(chosen, after, strict=True):
        moved = np.abs(changed_tokens - before).max(axis=(0, 2))
        touched = [place for place in np.flatnonzero(moved > 1e-3).tolist() if place != region]
        likely = (
            f"that of {touched[:5]} did. Soft tokens stay in the order of the regions."
            if touched
            else "do the features take part?"
        )
        expect(
            moved[region] > 1e-4,
            f"Region {region} of {regions} got other features, and its soft token did not change: {likely}",
        )
        if touched:
            raise CheckFailed(_mixed(region, touched, regions))
    apart = np.abs(equal[:, :, np.newaxis] - equal[:, np.newaxis]).max(axis=(0, 3))
    pairs = np.argwhere(np.triu(apart < 1e-4, 1))
    if len(pairs):
        one, other = pairs[0].tolist()
        every = len(pairs) == regions * (regions - 1) // 2
        which = f"all {regions} regions" if every else f"regions {one} and {other} of {regions}"
        raise CheckFailed(
            f"The same features give the same soft token in {which}, also once all weights that can be trained have moved: add a table of "
            "positions, with a row for each region, that can be trained; a bias is the same for all."
        )


def _mixed(region: int, touched: list[int], regions: int) -> str:
    """What mixes regions, by which tokens changed with one region."""
    what = f"Region {region} of {regions} got other features, and the soft tokens of others changed too, {touched[:5]}"
    if len(touched) > 5:
        what += f" and {len(touched) - 5} more"
    if 0 < region < regions - 1 and (min(touched) > region or max(touched) < region):
        return f"{what}: a recurrent layer, a causal one, or a sum along the regions carries them on. Each region alone is asked."
    if len(touched) < regions - 1 and all(abs(place - region) < 4 for place in touched):
        return (
            f"{what}: a convolution with a kernel longer than 1 sees neighbours. Each region alone is asked."
        )
    return (
        f"{what}: attention, pooling, `Flatten`, or a normalisation over the regions mixes them. Each region alone is asked: `Dense` goes "
        "along the last axis, and so does `LayerNormalization()`."
    )


def _check_alike(model: "keras.Model", pictures: np.ndarray, rng: np.random.Generator) -> None:
    """No matrix is for some regions alone; the position's own row may be."""
    _, regions, features = pictures.shape
    tokens = _project(model, pictures)
    for weight in model.trainable_weights:
        kept = weight.numpy()
        weight.assign(kept + rng.normal(size=kept.shape))
        moved = np.abs(_project(model, pictures) - tokens).max(axis=(0, 2)) > 1e-5
        weight.assign(kept)
        some = moved.any() and not moved.all() and kept.ndim > 1 and min(kept.shape) > 1
        expect(
            not some or kept.shape[0] * kept.shape[-1] < features * tokens.shape[-1],
            f"The weight {weight.path} of shape {kept.shape} serves regions {np.flatnonzero(moved).tolist()} of {regions} alone: every region goes "
            "through the same layers, and positions are a table.",
        )


def _check_kept(model: "keras.Model", another: "keras.Model", pictures: np.ndarray) -> None:
    """What tells regions apart is fixed, or among the weights: they make another model of the same sizes equal."""
    tokens = _project(model, pictures)
    _project(another, pictures)  # some have no weights before
    weights = model.get_weights()
    if [weight.shape for weight in another.get_weights()] == [weight.shape for weight in weights]:
        another.set_weights(weights)
    size = max(tokens.std(), 1e-6)
    expect(
        np.allclose(_project(another, pictures) / size, tokens / size, rtol=1e-3, atol=1e-3),
        "Two models of your function that have the same weights give different soft tokens: something in them is drawn at random and is not among "
        "the weights, so it is never trained. In a functional model a layer that is called with plain numbers, such as `Embedding` with "
        "`ops.arange`, is computed once and is no part of the model: call it with what comes from the input, or keep a table by `add_weight`.",
    )
