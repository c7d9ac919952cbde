"""Lesson 10's checks accept right answers of any style and reject wrong ones with their own hint."""

import numpy as np

from course_utils import runtime
from course_utils.checks import lesson_10 as check
from tests.checks.tables import table_of_tests

runtime.start()

import keras  # noqa: E402 - quietly loaded by the line above
from keras import layers, ops  # noqa: E402


def of(answer, change):
    """An answer made of another one's result."""
    return lambda *given: change(answer(*given))


# --- 10.1: patches


def own_patches(pictures, side):
    n, height, width, channels = pictures.shape
    tiles = pictures.reshape(n, height // side, side, width // side, side, channels)
    return tiles.transpose(0, 1, 3, 2, 4, 5).reshape(n, -1, side * side * channels)


def ordered_patches(*order, rows_first=True):
    """The same with another order of axes, or with each side split the other way round."""

    def answer(pictures, side):
        n, height, width, channels = pictures.shape
        down, across = height // side, width // side
        split = (down, side, across, side) if rows_first else (side, down, side, across)
        tiles = pictures.reshape(n, *split, channels).transpose(0, *order)
        return tiles.reshape(n, down * across, side * side * channels)

    return answer


def patches_by_loop(pictures, side, down=None, across=None):
    _, height, width, _ = pictures.shape
    down, across = down or height // side, across or width // side
    rows = []
    for picture in pictures:
        row = []
        for top in range(down):
            for left in range(across):
                tile = picture[top * side : (top + 1) * side, left * side : (left + 1) * side]
                row.append(tile.flatten().tolist())
        rows.append(row)
    return rows


def patches_number_by_number(pictures, side):
    n, height, width, channels = pictures.shape
    result = np.zeros((n, height // side * (width // side), side * side * channels))
    for one, y, x, channel in np.ndindex(pictures.shape):
        patch = y // side * (width // side) + x // side
        inside = ((y % side) * side + x % side) * channels + channel
        result[one, patch, inside] = pictures[one, y, x, channel]
    return result


def patches_by_split(pictures, side):
    rows = np.split(pictures, pictures.shape[1] // side, axis=1)
    tiles = [tile for row in rows for tile in np.split(row, pictures.shape[2] // side, axis=2)]
    return np.stack([tile.reshape(len(pictures), -1) for tile in tiles], axis=1)


def patches_by_windows(pictures, side):
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (side, side), (1, 2))[:, ::side, ::side]
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(len(pictures), -1, side * side * pictures.shape[3])


def patches_by_ops(pictures, side):
    n, height, width, channels = pictures.shape
    tiles = ops.reshape(pictures, (n, height // side, side, width // side, side, channels))
    return ops.reshape(ops.transpose(tiles, (0, 1, 3, 2, 4, 5)), (n, -1, side * side * channels))


def patches_by_convolution(pictures, side):
    """A convolution whose kernels each take one number, with the stride of a patch."""
    numbers = side * side * pictures.shape[-1]
    kernel = np.eye(numbers).reshape(side, side, pictures.shape[-1], numbers)
    found = ops.conv(ops.cast(pictures, "float64"), kernel, strides=side)
    return ops.reshape(found, (len(pictures), -1, numbers))


def patches_in_place(pictures, side):
    result = own_patches(pictures, side)
    pictures -= pictures.mean()
    return result


def overlapping_patches(pictures, side):
    windows = np.lib.stride_tricks.sliding_window_view(pictures, (side, side), (1, 2))
    return windows.transpose(0, 1, 2, 4, 5, 3).reshape(len(pictures), -1, side * side * pictures.shape[3])


def library_patches(pictures, side):
    found = ops.image.extract_patches(pictures, side)
    return ops.reshape(found, (len(pictures), -1, found.shape[-1]))


PATCHES = (
    check.patches,
    {
        "the lesson's": own_patches,
        "loop, lists": patches_by_loop,
        "number by number": patches_number_by_number,
        "np.split": patches_by_split,
        "windows": patches_by_windows,
        "keras.ops": patches_by_ops,
        "convolution": patches_by_convolution,
        "swapaxes": lambda p, s: (
            p.reshape(len(p), p.shape[1] // s, s, -1, s, p.shape[3])
            .swapaxes(2, 3)
            .reshape(len(p), -1, s * s * p.shape[3])
        ),
        "einsum": lambda p, s: np.einsum(
            "nasbtc->nabstc", p.reshape(len(p), p.shape[1] // s, s, p.shape[2] // s, s, p.shape[3])
        ).reshape(len(p), -1, s * s * p.shape[3]),
        "single precision": of(own_patches, lambda found: found.astype(np.float32)),
    },
    {
        "columns first": (ordered_patches(3, 1, 2, 4, 5), "patches come column by column"),
        "pixels by columns": (ordered_patches(1, 3, 4, 2, 5), "pixels come column by column"),
        "channels first": (ordered_patches(1, 3, 5, 2, 4), "channels of one pixel stand together"),
        "channels between": (ordered_patches(1, 3, 2, 5, 4), "channels of one pixel stand together"),
        "all by columns": (
            ordered_patches(3, 1, 4, 2, 5),
            "patches come column by column.*pixels come column by column",
        ),
        "columns and channels": (
            ordered_patches(3, 1, 5, 2, 4),
            "patches come column.*channels of one pixel",
        ),
        "reshape alone": (ordered_patches(1, 2, 3, 4, 5), "comes from several places"),
        "pixels before patches": (ordered_patches(2, 4, 1, 3, 5), "comes from several places"),
        "split the wrong way": (
            ordered_patches(1, 3, 2, 4, 5, rows_first=False),
            "Neighbours must stay together",
        ),
        "dilated": (ordered_patches(2, 4, 1, 3, 5, rows_first=False), "Neighbours must stay together"),
        "from below": (of(own_patches, lambda f: f[:, ::-1]), "begin at the top left"),
        "mirrored": (lambda p, s: own_patches(p[:, :, ::-1], s), "mirrored"),
        "backward inside": (of(own_patches, lambda f: f[..., ::-1]), "opposite order"),
        "pictures backward": (of(own_patches, lambda f: f[::-1]), "pictures come in the opposite order"),
        "last picture": (of(own_patches, lambda f: np.repeat(f[-1:], len(f), axis=0)), "each has its own"),
        "channels backward": (
            lambda p, s: own_patches(p[..., ::-1], s),
            "channels of each pixel stand in the opposite",
        ),
        "squeezed": (of(own_patches, np.squeeze), "length 1 is gone"),
        "first picture": (of(own_patches, lambda f: np.repeat(f[:1], len(f), axis=0)), "each has its own"),
        "first patch": (
            of(own_patches, lambda f: np.repeat(f[:, :1], f.shape[1], axis=1)),
            "each begins elsewhere",
        ),
        "divided": (of(own_patches, lambda f: f / 255), "divided by 255"),
        "centred": (of(own_patches, lambda f: f - f.mean(axis=-1, keepdims=True)), "subtracted the mean"),
        "rounded": (of(own_patches, np.round), "lost their fractions"),
        "whole numbers": (of(own_patches, lambda f: f.astype(int)), "dtype int64, expected floating"),
        "transposed": (of(own_patches, lambda f: f.swapaxes(1, 2)), "exchanged: a row for each patch"),
        "batch flattened": (
            of(own_patches, lambda f: f.reshape(-1, f.shape[-1])),
            "keep an axis for the pictures",
        ),
        "one picture": (of(own_patches, lambda f: f[0]), "patches of one picture"),
        "stacked in front": (of(own_patches, lambda f: f.swapaxes(0, 1)), "pictures are the first axis"),
        "grid kept": (
            lambda p, s: own_patches(p, s).reshape(len(p), p.shape[1] // s, p.shape[2] // s, -1),
            "still in rows and columns",
        ),
        "tiles kept": (
            lambda p, s: own_patches(p, s).reshape(len(p), -1, s, s, p.shape[3]),
            "numbers of a patch stand in one row",
        ),
        "channels kept": (
            lambda p, s: own_patches(p, s).reshape(len(p), -1, s * s, p.shape[3]),
            "numbers of a patch stand in one row",
        ),
        "grey": (lambda p, s: own_patches(p.mean(axis=-1, keepdims=True), s), "channels are gone"),
        "square": (lambda p, s: patches_by_loop(p, s, across=p.shape[1] // s), "need not be square"),
        "overlapping": (overlapping_patches, "patches overlap"),
        "early return": (of(own_patches, lambda f: f[:, 0]), "inside of the loop"),
        "three channels": (
            lambda p, s: own_patches(p, s).reshape(len(p), -1, s * s * 3),
            "height // side rows|expected",
        ),
        "float sizes": (lambda p, s: p.reshape(len(p), p.shape[1] / s, -1), "whole numbers"),
        "in place": (patches_in_place, "changed the arrays"),
        "library": (library_patches, "now write it yourself"),
        "identity": (lambda p, s: p, "expected"),
        "constant": (lambda p, s: np.zeros(own_patches(p, s).shape), "All of your numbers are 0"),
        "no return": (lambda p, s: None, "without `return`"),
    },
)


# --- 10.2: who may look at whom


def own_mask(kinds):
    row, column = kinds[:, :, np.newaxis], kinds[:, np.newaxis, :]
    before = np.tri(kinds.shape[1], dtype=bool)
    return (row > 0) & (column == 1) | (row == 2) & (column == 2) & before


def mask_by_loop(kinds):
    batch, tokens = kinds.shape
    result = [[[False] * tokens for _ in range(tokens)] for _ in range(batch)]
    for one in range(batch):
        for here in range(tokens):
            for there in range(tokens):
                asks, asked = kinds[one, here], kinds[one, there]
                if asks == 0 or asked == 0:
                    continue
                if asked == 1:
                    result[one][here][there] = True
                elif asks == 2:
                    result[one][here][there] = there <= here
    return result


def mask_by_table(kinds):
    """Which kinds look at which, behind and before, from a table."""
    always = np.array([[0, 0, 0], [0, 1, 0], [0, 1, 0]], bool)
    before = np.array([[0, 0, 0], [0, 1, 0], [0, 1, 1]], bool)
    pairs = kinds[:, :, None], kinds[:, None, :]
    lower = np.tril(np.ones((kinds.shape[1],) * 2, bool))
    return np.where(lower, before[pairs], always[pairs])


def mask_by_ops(kinds):
    place = ops.arange(kinds.shape[1])
    text, picture = ops.equal(kinds, 2), ops.equal(kinds, 1)
    real = ops.not_equal(kinds, 0)
    causal = ops.greater_equal(place[:, None], place[None, :])[None]
    among_text = ops.logical_and(ops.logical_and(text[:, :, None], text[:, None, :]), causal)
    return ops.logical_or(ops.logical_and(real[:, :, None], picture[:, None, :]), among_text)


def mask_by_removing(kinds):
    result = np.ones((len(kinds), kinds.shape[1], kinds.shape[1]), bool)
    for one, row in enumerate(kinds):
        result[one, row == 0] = False
        result[one, :, row == 0] = False
        result[one][np.ix_(row == 1, row == 2)] = False
        for place in np.flatnonzero(row == 2):
            later = np.flatnonzero(row == 2)
            result[one, place, later[later > place]] = False
    return result


def mask_by_matmul(kinds):
    picture, text = ((kinds == kind).astype(int) for kind in (1, 2))
    among_text = np.tril(np.einsum("bi,bj->bij", text, text))
    return np.einsum("bi,bj->bij", picture + text, picture) + among_text > 0


def rules(
    picture_picture=None,
    picture_text=None,
    text_picture=None,
    text_text=None,
    padding_row=None,
    padding_column=None,
):
    """The mask with one rule or another replaced by a function of the indices of row and column."""

    def answer(kinds):
        result = own_mask(kinds)
        here, there = np.indices(result.shape[1:])
        row, column = kinds[:, :, None], kinds[:, None, :]
        for rule, where in [
            (picture_picture, (row == 1) & (column == 1)),
            (picture_text, (row == 1) & (column == 2)),
            (text_picture, (row == 2) & (column == 1)),
            (text_text, (row == 2) & (column == 2)),
            (padding_column, (row > 0) & (column == 0)),
            (padding_row, (row == 0) & (column >= 0)),
        ]:
            if rule:
                result = np.where(where, rule(here, there), result)
        return result

    return answer


def always(here, there):
    return here >= 0


def never(here, there):
    return here < 0


def before(here, there):
    return there <= here


def mask_in_place(kinds):
    result = own_mask(kinds)
    kinds[kinds == 0] = 3
    return result


def mask_of_counts(kinds):
    """As if pictures came first and padding last."""
    return own_mask(np.sort(np.where(kinds == 0, 3, kinds), axis=1) % 3)


def mask_as_bytes(kinds):
    """Sums that run over in bytes, where −1 is 255."""
    difference = kinds[:, :, None] - kinds[:, None, :]
    return own_mask(kinds) | ((difference > 2) & (kinds[:, None, :] == 2))


MASK = (
    check.mask,
    {
        "the lesson's": own_mask,
        "loop, lists": mask_by_loop,
        "table": mask_by_table,
        "keras.ops": mask_by_ops,
        "by removing": mask_by_removing,
        "products": mask_by_matmul,
        "sequence by sequence": lambda k: np.stack([own_mask(row[None])[0] for row in k]),
        "in one line": lambda k: (
            (k[:, None] == 1) * (k[..., None] > 0)
            + (k[:, None] == 2)
            * (k[..., None] == 2)
            * (np.arange(k.shape[1]) <= np.arange(k.shape[1])[:, None])
        ),
    },
    {
        "causal for all": (
            lambda k: np.tri(k.shape[1], dtype=bool) & (k > 0)[:, None] & (k > 0)[:, :, None],
            "holds everywhere",
        ),
        "causal alone": (
            lambda k: np.repeat(np.tri(k.shape[1], dtype=bool)[None], len(k), 0),
            "holds everywhere",
        ),
        "right and causal": (lambda k: own_mask(k) & np.tri(k.shape[1], dtype=bool), "holds everywhere"),
        "padding alone": (lambda k: (k > 0)[:, None] & (k > 0)[:, :, None], "Not everybody"),
        "keys' padding alone": (lambda k: np.repeat((k > 0)[:, None], k.shape[1], 1), "Not everybody"),
        "everything": (lambda k: np.ones((*k.shape, k.shape[1]), bool), "Not everybody"),
        "nothing": (lambda k: np.zeros((*k.shape, k.shape[1]), bool), "Nobody looks at anybody"),
        "prefix": (
            lambda k: (
                (np.tri(k.shape[1], dtype=bool) | (k == 1)[:, None]) & (k > 0)[:, None] & (k > 0)[:, :, None]
            ),
            "not at the text before them",
        ),
        "transposed": (of(own_mask, lambda m: m.swapaxes(1, 2)), "Rows and columns are exchanged"),
        "inverted": (of(own_mask, lambda m: ~m), "says the contrary"),
        "picture causal": (
            rules(picture_picture=before),
            "Picture tokens look at all picture tokens.*those before",
        ),
        "picture at itself": (
            rules(picture_picture=lambda h, t: h == t),
            "Picture tokens look at all picture tokens.*themselves alone",
        ),
        "picture not at itself": (rules(picture_picture=lambda h, t: h != t), "all but themselves"),
        "picture blind": (rules(picture_picture=never), "Picture tokens look at all.*none"),
        "picture reads": (rules(picture_text=always), "Picture tokens look at no text: yours look at all"),
        "picture reads back": (
            rules(picture_text=before),
            "Picture tokens look at no text|not at the text before",
        ),
        "text sees the past": (
            rules(text_picture=before),
            "Text tokens look at all picture tokens.*those before",
        ),
        "text blind": (rules(text_picture=never), "Text tokens look at all picture tokens.*none"),
        "text both ways": (
            rules(text_text=always),
            "Text tokens look at the text before them and at themselves: yours look at all",
        ),
        "text not itself": (rules(text_text=lambda h, t: t < h), "not at themselves"),
        "text forward": (rules(text_text=lambda h, t: t >= h), "those behind"),
        "text forgets": (rules(text_text=lambda h, t: t == h), "themselves alone"),
        "text mute": (rules(text_text=never), "yours look at none"),
        "padding looks at itself": (
            rules(padding_row=lambda h, t: h == t),
            "not even at itself|Padding tokens look at nothing",
        ),
        "padding looks back": (rules(padding_row=before), "Padding tokens look at nothing"),
        "padding looks": (rules(padding_row=always), "Padding tokens look at nothing"),
        "padding sees pictures": (
            lambda k: own_mask(k) | (k[:, :, None] == 0) & (k[:, None] == 1),
            r"\(a padding token\) may look at token 0 \(a picture token\)",
        ),
        "padding is seen": (rules(padding_column=always), "Nobody looks at padding"),
        "padding is seen before": (rules(padding_column=before), "Nobody looks at padding"),
        "two mistakes": (
            rules(picture_text=always, text_text=lambda h, t: t < h),
            "Picture tokens look at no text.*not at themselves",
        ),
        "first for all": (of(own_mask, lambda m: np.repeat(m[:1], len(m), 0)), "mask of the first"),
        "any for all": (
            of(own_mask, lambda m: np.repeat(m.any(0, keepdims=True), len(m), 0)),
            "know of each other",
        ),
        "in order": (mask_of_counts, "may stand in any order"),
        "exchanged kinds": (lambda k: own_mask(np.array([0, 2, 1])[k]), "yours are exchanged"),
        "other kinds": (lambda k: own_mask((k + 1) % 3), "mixed up"),
        "pictures apart": (
            lambda k: (
                own_mask(k)
                & ~(
                    (np.cumsum(k != 1, 1)[:, :, None] != np.cumsum(k != 1, 1)[:, None])
                    & (k == 1)[:, :, None]
                    & (k == 1)[:, None]
                )
            ),
            "yours stop where",
        ),
        "text alone": (lambda k: own_mask(k) & (k == 2)[:, None], "picture tokens take no part"),
        "pictures alone": (
            lambda k: own_mask(k) & (k == 1)[:, None] & (k == 1)[:, :, None],
            "text takes no part",
        ),
        "added": (of(own_mask, lambda m: np.where(m, 0, -np.inf)), "as it is added to scores"),
        "numbers": (of(own_mask, lambda m: m.astype(int)), "True and False are asked"),
        "floats": (of(own_mask, lambda m: m * 1.0), "True and False are asked"),
        "no batch": (of(own_mask, lambda m: m[0]), "Each sequence of the batch"),
        "a row each": (lambda k: k > 0, "each \\*pair\\*"),
        "heads": (of(own_mask, lambda m: m[:, None]), "No axis for heads"),
        "squeezed": (of(own_mask, np.squeeze), "length 1 is gone|has shape"),
        "bytes": (mask_as_bytes, "the contrary was expected"),
        "and": (lambda k: k[:, :, None] and k[:, None], "for each entry"),
        "no parentheses": (lambda k: k[:, :, None] > 0 & k[:, None] == 1, "for each entry"),
        "in place": (mask_in_place, "changed the arrays"),
        "identity": (lambda k: k, "each \\*pair\\*"),
        "no return": (lambda k: None, "without `return`"),
    },
)


# --- 10.3: rotary positions


def own_rotated(x, positions, theta):
    half = x.shape[1] // 2
    angles = positions[:, np.newaxis] * theta ** (-np.arange(half) / half)
    cos, sin = np.cos(angles), np.sin(angles)
    a, b = x[:, :half], x[:, half:]
    return np.concatenate([a * cos - b * sin, a * sin + b * cos], axis=1)


def rotated_by_loop(x, positions, theta):
    tokens, dim = x.shape
    result = [[0.0] * dim for _ in range(tokens)]
    for token in range(tokens):
        for pair in range(dim // 2):
            angle = float(positions[token]) * theta ** (-2 * pair / dim)
            a, b = float(x[token, pair]), float(x[token, pair + dim // 2])
            result[token][pair] = a * np.cos(angle) - b * np.sin(angle)
            result[token][pair + dim // 2] = a * np.sin(angle) + b * np.cos(angle)
    return result


def rotated_by_complex(x, positions, theta):
    a, b = np.split(x, 2, axis=1)
    frequencies = np.exp(-np.log(theta) * np.arange(a.shape[1]) * 2 / x.shape[1])
    turned = (a + 1j * b) * np.exp(1j * np.outer(positions, frequencies))
    return np.hstack([turned.real, turned.imag])


def rotated_by_matrix(x, positions, theta):
    dim = x.shape[1]
    half, result = dim // 2, np.empty_like(x)
    for token, position in enumerate(positions):
        matrix = np.zeros((dim, dim))
        for pair in range(half):
            angle = position / theta ** (2 * pair / dim)
            places = np.ix_([pair, pair + half], [pair, pair + half])
            matrix[places] = [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
        result[token] = matrix @ x[token]
    return result


def rotated_half(x, positions, theta):
    """As libraries write it: x · cos + (−b, a) · sin."""
    dim = x.shape[1]
    inverse = 1.0 / theta ** (np.arange(0, dim, 2, dtype=np.float32) / dim)
    angles = np.tile(np.outer(positions.astype(np.float32), inverse), 2)
    other = np.concatenate([-x[:, dim // 2 :], x[:, : dim // 2]], axis=-1)
    return x * np.cos(angles) + other * np.sin(angles)


def rotated_by_ops(x, positions, theta):
    x = ops.cast(x, "float32")
    half = x.shape[1] // 2
    frequencies = ops.power(theta, -ops.arange(half, dtype="float32") / half)
    angles = ops.cast(positions, "float32")[:, None] * frequencies
    a, b = ops.split(x, 2, axis=1)
    return ops.concatenate(
        [a * ops.cos(angles) - b * ops.sin(angles), a * ops.sin(angles) + b * ops.cos(angles)], axis=1
    )


def rotated_wrongly(exponent=None, position=None, turn=None, pairs=None, back=None):
    def answer(x, positions, theta):
        dim = x.shape[1]
        half, i = dim // 2, np.arange(dim // 2)
        place = position(positions) if position else positions
        angles = np.outer(place, theta ** (exponent(i, dim) if exponent else -2 * i / dim))
        firsts, seconds = pairs(dim) if pairs else (i, i + half)
        cos, sin = np.cos(angles), np.sin(angles)
        a, b = x[:, firsts], x[:, seconds]
        one, other = turn(a, b, cos, sin) if turn else (a * cos - b * sin, a * sin + b * cos)
        firsts, seconds = back(dim) if back else (firsts, seconds)
        result = np.zeros_like(x)
        result[:, firsts], result[:, seconds] = one, other
        return result

    return answer


def neighbours(dim):
    return np.arange(0, dim, 2), np.arange(1, dim, 2)


def halves(dim):
    return np.arange(dim // 2), np.arange(dim // 2) + dim // 2


def rotated_in_place(x, positions, theta):
    x[:] = own_rotated(x, positions, theta)
    return x


def rotated_across(x, positions, theta):
    """Positions along the pairs."""
    half = x.shape[1] // 2
    angles = positions[np.newaxis, :] * theta ** (-np.arange(half) / half)[:, np.newaxis]
    a, b = x[:, :half], x[:, half:]
    return np.concatenate(
        [a * np.cos(angles) - b * np.sin(angles), a * np.sin(angles) + b * np.cos(angles)], axis=1
    )


ROTATED = (
    check.rotated,
    {
        "the lesson's": own_rotated,
        "loop, lists": rotated_by_loop,
        "complex numbers": rotated_by_complex,
        "matrices": rotated_by_matrix,
        "rotate half": rotated_half,
        "keras.ops": rotated_by_ops,
        "put into zeros": rotated_wrongly(),
        "token by token": lambda x, p, t: [
            own_rotated(x[i : i + 1], p[i : i + 1], t)[0] for i in range(len(x))
        ],
    },
    {
        "neighbours": (rotated_wrongly(pairs=neighbours), "yours are neighbours"),
        "neighbours back": (rotated_wrongly(back=neighbours), "then put as neighbours"),
        "neighbours apart": (rotated_wrongly(pairs=neighbours, back=halves), "Your pairs are neighbours"),
        "mirrored": (
            rotated_wrongly(pairs=lambda d: (np.arange(d // 2), d - 1 - np.arange(d // 2))),
            "−1 − i",
        ),
        "other way": (
            rotated_wrongly(turn=lambda a, b, c, s: (a * c + b * s, b * c - a * s)),
            "other way round",
        ),
        "negative positions": (rotated_wrongly(position=lambda p: -p), "other way round"),
        "no minus": (
            rotated_wrongly(turn=lambda a, b, c, s: (a * c + b * s, a * s + b * c)),
            "minus sign is missing",
        ),
        "two minus": (rotated_wrongly(turn=lambda a, b, c, s: (a * c - b * s, a * s - b * c)), "too many"),
        "sine for cosine": (
            rotated_wrongly(turn=lambda a, b, c, s: (a * s - b * c, a * c + b * s)),
            "exchanged",
        ),
        "new first": (
            rotated_wrongly(turn=lambda a, b, c, s: (a * c - b * s, (a * c - b * s) * s + b * c)),
            "keep the old one",
        ),
        "cosine alone": (rotated_wrongly(turn=lambda a, b, c, s: (a * c, b * c)), "Only the cosine"),
        "first alone": (
            rotated_wrongly(turn=lambda a, b, c, s: (a * c - b * s, b)),
            "second number of each pair turns too",
        ),
        "added": (rotated_wrongly(turn=lambda a, b, c, s: (a + s, b + c)), "nothing is added"),
        "half the exponent": (rotated_wrongly(exponent=lambda i, d: -i / d), "−i/dim"),
        "twice the exponent": (rotated_wrongly(exponent=lambda i, d: -4 * i / d), "not its half"),
        "rising": (rotated_wrongly(exponent=lambda i, d: 2 * i / d), "sign of your exponent"),
        "from one": (rotated_wrongly(exponent=lambda i, d: -2 * (i + 1) / d), "count i from 1"),
        "not divided": (rotated_wrongly(exponent=lambda i, d: -2.0 * i), "not divided by dim"),
        "all alike": (rotated_wrongly(exponent=lambda i, d: 0.0 * i), "turn alike, by positions\\.$"),
        "one speed": (rotated_wrongly(exponent=lambda i, d: 0.0 * i - 1), "turn alike, by positions / theta"),
        "one high speed": (
            rotated_wrongly(exponent=lambda i, d: 0.0 * i + 1),
            "turn alike, by positions · theta",
        ),
        "one speed of all": (
            rotated_wrongly(exponent=lambda i, d: 0.0 * i - 2 / d),
            "turn alike, as pair 1",
        ),
        "linspace": (rotated_wrongly(exponent=lambda i, d: -np.linspace(0, 1, d // 2)), "np.linspace"),
        "backward": (rotated_wrongly(exponent=lambda i, d: -2 * i[::-1] / d), "from the end"),
        "arange": (rotated_wrongly(position=lambda p: np.arange(len(p))), "0, 1, 2, … whatever"),
        "positions from one": (rotated_wrongly(position=lambda p: p + 1), "yours count from 1"),
        "relative": (rotated_wrongly(position=lambda p: p - p[0]), "subtracted the first"),
        "degrees": (rotated_wrongly(position=np.deg2rad), "radians"),
        "whole turns": (rotated_wrongly(position=lambda p: 2 * np.pi * p), "2π is not asked"),
        "first position": (
            rotated_wrongly(position=lambda p: 0 * p + p[0]),
            "position: yours is that of the first",
        ),
        "fixed theta": (lambda x, p, t: own_rotated(x, p, 10000.0), "`theta` takes no part"),
        "two mistakes": (
            rotated_wrongly(pairs=neighbours, position=lambda p: p + 1),
            "count from 1.*yours are neighbours",
        ),
        "across": (rotated_across, "dim/2"),
        "one half": (of(own_rotated, lambda r: r[:, : r.shape[1] // 2]), "That is half of it"),
        "below each other": (
            of(own_rotated, lambda r: np.concatenate(np.split(r, 2, axis=1), axis=0)),
            "not below",
        ),
        "stacked": (
            of(own_rotated, lambda r: np.stack(np.split(r, 2, axis=1), axis=-1)),
            "go back to where they were",
        ),
        "complex": (of(rotated_by_complex, lambda r: r + 0j), "is complex"),
        "half a complex": (
            lambda x, p, t: x[:, : x.shape[1] // 2] + 1j * x[:, x.shape[1] // 2 :],
            "is complex",
        ),
        "whole numbers": (of(own_rotated, lambda r: r.astype(int)), "expected floating"),
        "backward tokens": (of(own_rotated, lambda r: r[::-1]), "opposite order"),
        "x added": (lambda x, p, t: x + own_rotated(x, p, t), "added again"),
        "negative power": (lambda x, p, t: np.arange(3) ** np.array([-1, -2, -3]), "no negative powers"),
        "in place": (rotated_in_place, "changed the arrays"),
        "identity": (lambda x, p, t: x, "as it was given"),
        "constant": (lambda x, p, t: np.zeros_like(x), "All of your numbers are 0|expected"),
        "no return": (lambda x, p, t: None, "without `return`"),
    },
)


# --- 10.4: grouped queries


def own_attention(queries, keys, values):
    tokens, heads, dim = queries.shape
    keys, values = (np.repeat(part, heads // part.shape[1], axis=1) for part in (keys, values))
    scores = np.einsum("qhd,khd->hqk", queries, keys) / np.sqrt(dim)
    scores = np.where(np.tri(tokens, dtype=bool), scores, -np.inf)
    weights = np.exp(scores - scores.max(axis=-1, keepdims=True))
    weights /= weights.sum(axis=-1, keepdims=True)
    return np.einsum("hqk,khd->qhd", weights, values)


def attention_by_loop(queries, keys, values):
    tokens, heads, dim = queries.shape
    result = np.zeros((tokens, heads, dim))
    for head in range(heads):
        group = head // (heads // keys.shape[1])
        for token in range(tokens):
            scores = [queries[token, head] @ keys[other, group] / dim**0.5 for other in range(token + 1)]
            powers = [np.exp(score - max(scores)) for score in scores]
            for other, power in enumerate(powers):
                result[token, head] += power / sum(powers) * values[other, group]
    return result.tolist()


def attention_by_groups(queries, keys, values):
    """One group's queries at once: five axes, nothing is repeated."""
    tokens, heads, dim = queries.shape
    groups = keys.shape[1]
    queries = queries.reshape(tokens, groups, heads // groups, dim)
    scores = np.einsum("qghd,kgd->ghqk", queries, keys) * dim**-0.5
    scores = scores + np.triu(np.full((tokens, tokens), -1e30), 1)
    scores = scores - np.max(scores, axis=-1, keepdims=True)
    weights = np.exp(scores) / np.sum(np.exp(scores), axis=-1, keepdims=True)
    return np.einsum("ghqk,kgd->qghd", weights, values).reshape(tokens, heads, dim)


def attention_by_ops(queries, keys, values):
    tokens, heads, dim = queries.shape
    repeats = heads // keys.shape[1]
    queries = ops.transpose(ops.convert_to_tensor(queries), (1, 0, 2))
    keys, values = (ops.transpose(ops.repeat(part, repeats, axis=1), (1, 0, 2)) for part in (keys, values))
    scores = ops.matmul(queries, ops.transpose(keys, (0, 2, 1))) / ops.cast(dim, keys.dtype) ** 0.5
    scores = ops.where(np.tri(tokens, dtype=bool), scores, ops.cast(-1e30, scores.dtype))
    return ops.transpose(ops.matmul(ops.softmax(scores, axis=-1), values), (1, 0, 2))


def attention_head_by_head(queries, keys, values):
    tokens, heads, dim = queries.shape
    outputs = []
    for head in range(heads):
        group = head * keys.shape[1] // heads
        scores = queries[:, head] @ keys[:, group].T / np.sqrt(dim)
        scores[np.triu_indices(tokens, 1)] = -np.inf
        weights = np.exp(scores - np.logaddexp.reduce(scores, axis=1)[:, None])
        outputs.append(weights @ values[:, group])
    return np.stack(outputs, axis=1)


def attention_with_a_cache(queries, keys, values):
    """Token by token, as a model writes."""
    tokens, heads, dim = queries.shape
    which = np.arange(heads) // (heads // keys.shape[1])
    rows = []
    for token in range(tokens):
        seen, known = keys[: token + 1][:, which], values[: token + 1][:, which]
        scores = (queries[token] * seen).sum(-1) / dim**0.5
        powers = np.exp(scores - scores.max(0))
        rows.append((powers[..., None] * known).sum(0) / powers.sum(0)[:, None])
    return rows


def attention_wrongly(
    key_group=None, value_group=None, divisor=None, may=None, hidden=-1e9, weigh=None, source=None
):
    def group(h, heads, groups):
        return h // (heads // groups)

    def answer(queries, keys, values):
        tokens, heads, dim = queries.shape
        groups, h = keys.shape[1], np.arange(heads)
        keys = keys[:, (key_group or group)(h, heads, groups)]
        values = values[:, (value_group or group)(h, heads, groups)]
        scores = np.einsum("qhd,khd->hqk", queries, keys)
        scores = scores / (divisor(tokens, heads, groups, dim) if divisor else np.sqrt(dim))
        here, there = np.indices((tokens, tokens))
        scores = np.where(may(here, there) if may else there <= here, scores, hidden)
        weights = weigh(scores) if weigh else softmax(scores)
        return np.einsum("hqk,khd->qhd", weights, keys if source == "keys" else values)

    return answer


def softmax(scores, axis=-1):
    powers = np.exp(scores - scores.max(axis=axis, keepdims=True))
    return powers / powers.sum(axis=axis, keepdims=True)


def tiled(h, heads, groups):
    return h % groups


def masked_after(scores):
    return softmax(scores) * np.tri(scores.shape[-1])


def attention_in_place(queries, keys, values):
    queries /= np.sqrt(queries.shape[-1])
    return own_attention(queries * np.sqrt(queries.shape[-1]), keys, values)


def library_attention(queries, keys, values):
    repeats = queries.shape[1] // keys.shape[1]
    queries, keys, values = (
        ops.cast(part[None], "float32")
        for part in (queries, np.repeat(keys, repeats, 1), np.repeat(values, repeats, 1))
    )
    return ops.dot_product_attention(queries, keys, values, is_causal=True)[0]


def naive_attention(queries, keys, values):
    return attention_wrongly(weigh=lambda s: np.exp(s) / np.exp(s).sum(-1, keepdims=True), hidden=-np.inf)(
        queries, keys, values
    )


ATTENTION = (
    check.grouped_attention,
    {
        "the lesson's": own_attention,
        "loop, lists": attention_by_loop,
        "groups": attention_by_groups,
        "keras.ops": attention_by_ops,
        "head by head": attention_head_by_head,
        "token by token": attention_with_a_cache,
        "fill": attention_wrongly(),
        "single precision": lambda *given: own_attention(*(part.astype(np.float32) for part in given)),
    },
    {
        "tiled": (attention_wrongly(tiled, tiled), "keys and values head h uses.*np.tile"),
        "keys tiled": (attention_wrongly(key_group=tiled), "Of the keys head h uses.*np.tile"),
        "values tiled": (attention_wrongly(value_group=tiled), "Of the values head h uses.*np.tile"),
        "first group": (
            attention_wrongly(lambda h, n, g: 0 * h, lambda h, n, g: 0 * h),
            "all of yours the first",
        ),
        "h // groups": (
            attention_wrongly(*[lambda h, n, g: np.minimum(h // g, g - 1)] * 2),
            "yours h // groups",
        ),
        "backward groups": (attention_wrongly(*[lambda h, n, g: g - 1 - h // (n // g)] * 2), "from the last"),
        "mean of groups": (
            lambda q, k, v: own_attention(q, *(0 * p + p.mean(1, keepdims=True) for p in (k, v))),
            "mean of the groups",
        ),
        "not scaled": (attention_wrongly(divisor=lambda t, h, g, d: 1), "not divided at all"),
        "scaled by dim": (attention_wrongly(divisor=lambda t, h, g, d: d), "yours by dim"),
        "multiplied": (attention_wrongly(divisor=lambda t, h, g, d: d**-0.5), "multiplied by it"),
        "scaled by heads": (attention_wrongly(divisor=lambda t, h, g, d: h**0.5), "by √heads|√"),
        "scaled by width": (
            attention_wrongly(divisor=lambda t, h, g, d: (h * d) ** 0.5),
            "scores of its own",
        ),
        "not causal": (attention_wrongly(may=lambda h, t: t >= 0), "Yours look at all"),
        "strictly causal": (attention_wrongly(may=lambda h, t: t < h), "looks at itself too"),
        "backward": (attention_wrongly(may=lambda h, t: t >= h), "yours look at those behind"),
        "one ahead": (attention_wrongly(may=lambda h, t: t <= h + 1), "one more"),
        "itself alone": (attention_wrongly(may=lambda h, t: t == h), "themselves alone"),
        "little": (attention_wrongly(hidden=-1e4), "no lower than some scores that are kept"),
        "very little": (attention_wrongly(hidden=-100), "^What you mask with[^O]*$"),
        "little added": (
            attention_wrongly(
                may=lambda h, t: t >= 0, weigh=lambda s: softmax(s - 100 * (1 - np.tri(s.shape[-1])))
            ),
            "^What you mask with[^O]*$",
        ),
        "clipped": (
            attention_wrongly(weigh=lambda s: softmax(np.where(s < -1e8, s, np.clip(s, -50, 50)))),
            "^You clip the scores[^O]*$",
        ),
        "score 0": (attention_wrongly(hidden=0), "a score of 0 has weight"),
        "masked after": (
            attention_wrongly(may=lambda h, t: t >= 0, weigh=masked_after),
            "\\*before\\* the softmax",
        ),
        "over queries": (attention_wrongly(weigh=lambda s: softmax(s, -2)), "yours over the queries"),
        "over heads": (attention_wrongly(weigh=lambda s: softmax(s, 0)), "yours over the heads"),
        "not divided": (attention_wrongly(weigh=np.exp), "divide by their sum"),
        "no softmax": (attention_wrongly(hidden=0, weigh=lambda s: s), "softmax is missing"),
        "hard": (
            attention_wrongly(weigh=lambda s: 1.0 * (s == s.max(-1, keepdims=True))),
            "largest score alone",
        ),
        "sigmoid": (attention_wrongly(weigh=lambda s: 1 / (1 + np.exp(np.minimum(-s, 700)))), "sigmoid"),
        "uniform": (lambda q, k, v: own_attention(0 * q, k, v), "All weights are equal"),
        "keys for values": (attention_wrongly(source="keys"), "yours of the keys"),
        "two mistakes": (
            attention_wrongly(tiled, tiled, divisor=lambda t, h, g, d: 1),
            "np.tile.*not divided at all",
        ),
        "largest of all": (
            attention_wrongly(
                weigh=lambda s: np.exp(s - s.max()) / np.exp(s - s.max()).sum(-1, keepdims=True)
            ),
            "NaN or infinity",
        ),
        "naive": (naive_attention, "NaN or infinity"),
        "infinite before": (
            attention_wrongly(may=lambda h, t: t < h, hidden=-np.inf),
            "NaN or infinity. Your first token has nothing to look at",
        ),
        "heads first": (
            of(own_attention, lambda o: o.swapaxes(0, 1)),
            "Tokens are the first axis|axes are in another",
        ),
        "concatenated": (of(own_attention, lambda o: o.reshape(len(o), -1)), "heads keep an axis"),
        "one output a group": (
            lambda q, k, v: own_attention(q[:, : k.shape[1]], k, v),
            "as many outputs as \\*queries\\*",
        ),
        "five axes": (
            lambda q, k, v: own_attention(q, k, v).reshape(len(q), k.shape[1], -1, q.shape[2]),
            "Groups and their heads are one axis",
        ),
        "not repeated": (lambda q, k, v: np.einsum("qhd,khd->hqk", q, k), "fewer groups than heads"),
        "float repeat": (lambda q, k, v: range(q.shape[1] / k.shape[1]), "heads / groups is a float"),
        "mixed types": (
            lambda q, k, v: ops.convert_to_tensor(q) * ops.ones(1),
            "float64 or float32|expected",
        ),
        "library": (library_attention, "now write it yourself"),
        "in place": (attention_in_place, "changed the arrays"),
        "identity": (lambda q, k, v: q, "queries as they were given"),
        "values": (lambda q, k, v: np.repeat(v, q.shape[1] // v.shape[1], 1), "values of each token itself"),
        "constant": (lambda q, k, v: np.zeros_like(q), "All of your numbers are 0|expected"),
        "no return": (lambda q, k, v: None, "without `return`"),
    },
)


# --- 10.5: LoRA


def own_low_rank(x, kernel, a, b, alpha):
    return x @ kernel + alpha / a.shape[1] * (x @ a @ b)


def low_rank_by_loop(x, kernel, a, b, alpha):
    rows = []
    for row in x:
        outputs = []
        for output in range(kernel.shape[1]):
            total = 0.0
            for one, number in enumerate(row):
                change = sum(a[one, k] * b[k, output] for k in range(len(b)))
                total += float(number * (kernel[one, output] + alpha / len(b) * change))
            outputs.append(total)
        rows.append(outputs)
    return rows


def low_rank_by_layer(x, kernel, a, b, alpha):
    layer = layers.Dense(kernel.shape[1], use_bias=False, dtype="float32")
    layer.build((None, len(kernel)))
    layer.kernel.assign(kernel + alpha / len(b) * a @ b)
    return layer.call(ops.cast(x, "float32"))


def library_low_rank(x, kernel, a, b, alpha):
    layer = layers.Dense(kernel.shape[1], use_bias=False, lora_rank=len(b), lora_alpha=alpha)
    layer.build((None, len(kernel)))
    layer.set_weights([kernel, a, b])
    return layer(x)


def low_rank_in_place(x, kernel, a, b, alpha):
    kernel += alpha / len(b) * a @ b
    return x @ kernel


def lora(strength):
    """The right form with another strength, made of alpha, rank, inputs, outputs and rows."""
    return lambda x, kernel, a, b, alpha: (
        x @ kernel + strength(alpha, a.shape[1], *kernel.shape, len(x)) * (x @ a @ b)
    )


LOW_RANK = (
    check.low_rank,
    {
        "the lesson's": own_low_rank,
        "changed kernel": lambda x, k, a, b, alpha: x @ (k + alpha / len(b) * a @ b),
        "loop, lists": low_rank_by_loop,
        "einsum": lambda x, k, a, b, alpha: (
            np.einsum("ni,io->no", x, k) + alpha * np.einsum("ni,ir,ro->no", x, a, b) / a.shape[1]
        ),
        "keras.ops": lambda x, k, a, b, alpha: ops.add(
            ops.matmul(x, k), ops.matmul(ops.matmul(x, a), b) * ops.cast(alpha / len(b), k.dtype)
        ),
        "scaled a": lambda x, k, a, b, alpha: x @ k + x @ (a * (alpha / a.shape[1])) @ b,
        "single precision": lambda x, k, a, b, alpha: own_low_rank(
            *(part.astype(np.float32) for part in (x, k, a, b)), alpha
        ),
        "one wide product": lambda x, k, a, b, alpha: (
            np.hstack([x, x @ a]) @ np.vstack([k, alpha / len(b) * b])
        ),
    },
    {
        "kernel alone": (lambda x, k, a, b, alpha: x @ k, "change is missing"),
        "change alone": (
            lambda x, k, a, b, alpha: alpha / len(b) * (x @ a @ b),
            "change alone: the kernel stays",
        ),
        "no rank": (lora(lambda alpha, rank, i, o, n: alpha), "without / rank"),
        "no strength": (lora(lambda alpha, rank, i, o, n: 1), "yours by nothing"),
        "no alpha": (lora(lambda alpha, rank, i, o, n: 1 / rank), "alpha takes no part"),
        "times rank": (lora(lambda alpha, rank, i, o, n: alpha * rank), "multiplied by the rank"),
        "root": (lora(lambda alpha, rank, i, o, n: alpha / rank**0.5), "√rank"),
        "inputs": (lora(lambda alpha, rank, i, o, n: alpha / i), "alpha / inputs"),
        "outputs": (lora(lambda alpha, rank, i, o, n: alpha / o), "alpha / outputs"),
        "rows": (lora(lambda alpha, rank, i, o, n: alpha / n), "alpha / n"),
        "whole": (lora(lambda alpha, rank, i, o, n: alpha // rank), "loses the fraction"),
        "twice": (lora(lambda alpha, rank, i, o, n: (alpha / rank) ** 2), "yours twice"),
        "minus": (lora(lambda alpha, rank, i, o, n: -alpha / rank), "not subtracted|is subtracted"),
        "everything scaled": (
            lambda x, k, a, b, alpha: alpha / len(b) * (x @ k + x @ a @ b),
            "belongs to the change alone",
        ),
        "kernel scaled": (
            lambda x, k, a, b, alpha: alpha / len(b) * (x @ k) + x @ a @ b,
            "not to the kernel",
        ),
        "everything by alpha": (
            lambda x, k, a, b, alpha: alpha * (x @ k + x @ a @ b),
            "belongs to the change",
        ),
        "behind": (
            lambda x, k, a, b, alpha: x @ k + alpha / len(b) * (x @ k @ a @ b),
            "Two shapes|change is a @ b",
        ),
        "b before a": (lambda x, k, a, b, alpha: x @ (k + alpha / len(b) * (b @ a)), "in this order"),
        "product": (lambda x, k, a, b, alpha: x @ (k * (alpha / len(b) * a @ b)), "not multiplied with it"),
        "no b": (
            lambda x, k, a, b, alpha: x @ k + alpha / len(b) * (x @ a).sum(1, keepdims=True),
            "`b` takes no part",
        ),
        "activation": (of(own_low_rank, lambda y: np.maximum(y, 0)), "No activation"),
        "activation between": (
            lambda x, k, a, b, alpha: x @ k + alpha / len(b) * np.maximum(x @ a, 0) @ b,
            "Between `a` and `b`",
        ),
        "mean": (of(own_low_rank, lambda y: y / 2), "no mean"),
        "rounded": (of(own_low_rank, np.round), "lost their fractions"),
        "whole numbers": (of(own_low_rank, lambda y: y.astype(int)), "expected floating"),
        "backward": (of(own_low_rank, lambda y: y[::-1]), "opposite order"),
        "transposed": (of(own_low_rank, np.transpose), "Rows and columns are exchanged|another order"),
        "the kernel": (lambda x, k, a, b, alpha: k + alpha / len(b) * a @ b, "changed kernel: multiply `x`"),
        "x by a": (lambda x, k, a, b, alpha: x @ a, "brings it to the outputs"),
        "sum": (of(own_low_rank, lambda y: y.sum(1)), "output for each column"),
        "squeezed": (of(own_low_rank, np.squeeze), "expected"),
        "nothing at 0": (
            lambda x, k, a, b, alpha: own_low_rank(x, k, a, b, alpha) * (alpha != 0),
            "Without a change the layer gives",
        ),
        "by the layer": (library_low_rank, "now write it yourself"),
        "in place": (low_rank_in_place, "changed the arrays"),
        "identity": (lambda x, k, a, b, alpha: x, "expected"),
        "constant": (
            lambda x, k, a, b, alpha: np.zeros((len(x), k.shape[1])),
            "All of your numbers are 0|expected",
        ),
        "no return": (lambda *given: None, "without `return`"),
    },
)


# --- 10.6: accounting


def own_accounting(layers, width, hidden, heads, kv_heads, vocabulary, tokens, bytes_per_number):
    narrow = width // heads * kv_heads
    block = 2 * width * width + 2 * width * narrow + 3 * width * hidden + 2 * width
    return vocabulary * width + layers * block + width, 2 * layers * narrow * tokens * bytes_per_number


def accounting_by_shapes(layers, width, hidden, heads, kv_heads, vocabulary, tokens, bytes_per_number):
    head = width // heads
    total = vocabulary * width
    for _ in range(layers):
        for shape in [
            (width, heads * head),
            (width, kv_heads * head),
            (width, kv_heads * head),
            (heads * head, width),
            (width, hidden),
            (width, hidden),
            (hidden, width),
            (width,),
            (width,),
        ]:
            total += int(np.prod(shape, dtype=np.int64))
    cache = np.prod([layers, 2, tokens, kv_heads, head, bytes_per_number], dtype=np.int64)
    return [total + width, cache]


def accounting_wrongly(**changes):
    """The right count with other numbers of what is counted."""

    def answer(layers, width, hidden, heads, kv_heads, vocabulary, tokens, size):
        head = width // heads
        counts = {
            "table": 1,
            "final": 1,
            "norms": 2,
            "feed": 3,
            "qo": 2,
            "kv": 2,
            "narrow": kv_heads * head,
            "blocks": layers,
            "bias": 0,
            "parts": 2,
            "cached": kv_heads * head,
            "length": tokens,
            "bytes": size,
            "cache_blocks": layers,
            "scale": 1,
        }
        names = {"width": width, "kv": kv_heads, "tokens": tokens, "size": size, "head": head}
        for key, change in changes.items():
            counts[key] = change(names) if callable(change) else change
        c = counts
        block = c["qo"] * width**2 + c["kv"] * width * c["narrow"] + c["feed"] * width * hidden
        block += c["norms"] * width + c["bias"]
        parameters = c["table"] * vocabulary * width + c["blocks"] * block + c["final"] * width
        cache = c["parts"] * c["cached"] * c["length"] * c["bytes"] * c["cache_blocks"] // c["scale"]
        return parameters, cache

    return answer


ACCOUNTING = (
    check.accounting,
    {
        "the lesson's": own_accounting,
        "by shapes": accounting_by_shapes,
        "sums": accounting_wrongly(),
        "an array": lambda *sizes: np.array(own_accounting(*sizes)),
        "heads of a group": lambda n, w, f, h, g, v, t, s: (
            *own_accounting(n, w, f, h, g, v, t, s)[:1],
            2 * n * (w // (h // g)) * t * s,
        ),
        "fractions of heads": lambda n, w, f, h, g, v, t, s: (
            v * w + n * (2 * w * w + 2 * w * (w * g // h) + 3 * w * f + 2 * w) + w,
            n * t * 2 * (w * g // h) * s,
        ),
    },
    {
        "two tables": (accounting_wrongly(table=2), "One table serves both ends"),
        "no table": (accounting_wrongly(table=0), "table of the vocabulary is missing"),
        "no final scale": (accounting_wrongly(final=0), "after the last block.*yours is missing"),
        "one norm": (accounting_wrongly(norms=1), "yours has one"),
        "no norms": (accounting_wrongly(norms=0), "yours has none"),
        "offsets": (accounting_wrongly(norms=4), "no offset"),
        "no norms at all": (accounting_wrongly(norms=0, final=0), "yours has none|yours is missing"),
        "no gate": (accounting_wrongly(feed=2), "three matrices.*yours are two"),
        "as wide as queries": (accounting_wrongly(narrow=lambda n: n["width"]), "as wide as the queries"),
        "one head of keys": (accounting_wrongly(narrow=lambda n: n["head"]), "yours have one"),
        "no o": (accounting_wrongly(qo=1), "q and o are two"),
        "no v": (accounting_wrongly(kv=1), "k \\*and\\* v"),
        "biases": (
            accounting_wrongly(bias=lambda n: 2 * n["width"] + 2 * n["kv"] * n["head"]),
            "no biases",
        ),
        "one block": (accounting_wrongly(blocks=1), "counted once"),
        "two mistakes": (accounting_wrongly(table=2, feed=2), "One table.*yours are two"),
        "bytes of parameters": (
            lambda *s: (own_accounting(*s)[0] * s[-1], own_accounting(*s)[1]),
            "Parameters are asked, and no bytes",
        ),
        "all times layers": (
            lambda *s: (s[0] * own_accounting(*s)[0], own_accounting(*s)[1]),
            "outside of the blocks",
        ),
        "keys alone": (accounting_wrongly(parts=1), "keys \\*and\\* values"),
        "queries cached": (accounting_wrongly(parts=3), "no queries"),
        "all heads cached": (accounting_wrongly(cached=lambda n: n["width"]), "yours of all `heads`"),
        "one head cached": (accounting_wrongly(cached=lambda n: n["head"]), "yours of one"),
        "one cache": (accounting_wrongly(cache_blocks=1), "Every block has its own cache"),
        "pairs": (accounting_wrongly(length=lambda n: n["tokens"] ** 2), "not for each pair"),
        "no tokens": (accounting_wrongly(length=1), "grows with every token"),
        "numbers": (accounting_wrongly(bytes=1), "asked in \\*bytes\\*"),
        "bits": (accounting_wrongly(bytes=lambda n: 8 * n["size"]), "yours are bits"),
        "always four": (accounting_wrongly(bytes=4), "yours always four"),
        "kibibytes": (accounting_wrongly(scale=1024), "no kilobytes"),
        "exchanged": (of(own_accounting, lambda two: two[::-1]), "two numbers are exchanged"),
        "floats": (of(own_accounting, lambda two: (two[0] * 1.0, two[1])), "Return whole numbers"),
        "float heads": (
            lambda n, w, f, h, g, v, t, s: (
                own_accounting(n, w, f, h, g, v, t, s)[0],
                2 * n * w / h * g * t * s,
            ),
            "Return whole numbers",
        ),
        "32 bits": (
            of(own_accounting, lambda two: tuple(np.array(two, np.int64).astype(np.int32))),
            "80.*expected",
        ),
        "one number": (of(own_accounting, lambda two: two[0]), "Return two things"),
        "sum": (of(own_accounting, sum), "Return two things"),
        "SmolLM2": (lambda *sizes: (134515008, 47185920), "expected"),
        "identity": (lambda *sizes: sizes, "Return two things"),
        "constant": (lambda *sizes: (0, 0), "expected"),
        "no return": (lambda *sizes: None, "without `return`"),
    },
)


# --- 10.7: what changed


def own_changed(before, after, allowed):
    kept = {
        name
        for name in before.keys() & after.keys()
        if np.array_equal(before[name], after[name], equal_nan=True)
    }
    return sorted((before.keys() | after.keys()) - kept - allowed)


def changed_by_loop(before, after, allowed):
    names = []
    for name, old in before.items():
        if name in allowed:
            continue
        if name not in after:
            names.append(name)
            continue
        new = after[name]
        if old.shape != new.shape:
            names.append(name)
            continue
        for one, other in zip(old.flatten(), new.flatten(), strict=True):
            if one != other and not (one != one and other != other):
                names.append(name)
                break
    for name in after:
        if name not in before and name not in allowed:
            names.append(name)
    names.sort()
    return names


def changed_by_testing(before, after, allowed):
    found = set()
    for name in {*before, *after}:
        try:
            assert before[name].shape == after[name].shape
            np.testing.assert_array_equal(before[name], after[name])
        except (AssertionError, KeyError):
            found.add(name)
    return sorted(found.difference(allowed))


def changed_by_masks(before, after, allowed):
    both = before.keys() & after.keys()
    names = before.keys() ^ after.keys()
    for name in both:
        a, b = (np.asarray(part[name], float) for part in (before, after))
        if a.shape != b.shape or not np.all((a == b) | (np.isnan(a) & np.isnan(b))):
            names = names | {name}
    return tuple(sorted(name for name in names if name not in allowed))


def changed_wrongly(same=None, missing=True, new=True, may=None, order=sorted):
    """The right search with another comparison, or without a part."""

    def equal(a, b):
        return np.array_equal(a, b, equal_nan=True)

    def answer(before, after, allowed):
        names = [name for name in before if name in after and not (same or equal)(before[name], after[name])]
        names += [name for name in before if name not in after and missing]
        names += [name for name in after if name not in before and new]
        return order([name for name in names if not (may(name, allowed) if may else name in allowed)])

    return answer


def of_one_shape(compare):
    return lambda a, b: a.shape == b.shape and bool(compare(a, b))


def stretched(a, b):
    try:
        a, b = np.broadcast_arrays(a, b)
    except ValueError:
        return False
    return np.array_equal(a, b, equal_nan=True)


def changed_in_place(before, after, allowed):
    result = own_changed(before, after, allowed)
    for name in allowed:
        before.pop(name, None)
    return result


def changed_arrays(before, after, allowed):
    result = own_changed(before, after, allowed)
    for array in before.values():
        array[np.isnan(array)] = 0
    return result


CHANGED = (
    check.changed,
    {
        "the lesson's": own_changed,
        "loop": changed_by_loop,
        "testing": changed_by_testing,
        "masks, a tuple": changed_by_masks,
        "array of names": of(own_changed, np.array),
        "bit by bit": changed_wrongly(
            same=lambda a, b: (
                a.shape == b.shape and (a == b).sum() + (np.isnan(a) & np.isnan(b)).sum() == a.size
            )
        ),
    },
    {
        "allclose": (
            changed_wrongly(same=of_one_shape(lambda a, b: np.allclose(a, b, equal_nan=True))),
            "`np.allclose` forgives",
        ),
        "NaN differs": (changed_wrongly(same=np.array_equal), "NaN before and after is no difference"),
        "NaN forgiven": (
            changed_wrongly(same=of_one_shape(lambda a, b: ((a == b) | np.isnan(a) | np.isnan(b)).all())),
            "forgives every NaN",
        ),
        "NaN is 0": (
            changed_wrongly(same=lambda a, b: np.array_equal(np.nan_to_num(a), np.nan_to_num(b))),
            "a 0 that became NaN",
        ),
        "stretched": (changed_wrongly(same=stretched), "Compare the shapes"),
        "flat": (
            changed_wrongly(same=lambda a, b: np.array_equal(a.ravel(), b.ravel(), equal_nan=True)),
            "compares the numbers alone",
        ),
        "shapes alone": (changed_wrongly(same=lambda a, b: a.shape == b.shape), "shapes alone"),
        "sums": (
            changed_wrongly(
                same=of_one_shape(
                    lambda a, b: np.nansum(a) == np.nansum(b) and np.isnan(a).sum() == np.isnan(b).sum()
                )
            ),
            "same sum, or mean",
        ),
        "any equal": (
            changed_wrongly(
                same=of_one_shape(lambda a, b: not a.size or ((a == b) | (np.isnan(a) & np.isnan(b))).any())
            ),
            "One number that moved is enough",
        ),
        "first number": (
            changed_wrongly(
                same=of_one_shape(lambda a, b: np.array_equal(a.ravel()[:1], b.ravel()[:1], equal_nan=True))
            ),
            "the first alone",
        ),
        "sizes": (
            changed_wrongly(same=lambda a, b: np.array_equal(np.abs(a), np.abs(b), equal_nan=True)),
            "sign counts too",
        ),
        "unchanged": (
            changed_wrongly(same=lambda a, b: not np.array_equal(a, b, equal_nan=True)),
            "did \\*not\\* change",
        ),
        "nothing missing": (changed_wrongly(missing=False), "missing afterwards"),
        "nothing new": (changed_wrongly(new=False), "is new, and belongs"),
        "in both alone": (
            changed_wrongly(missing=False, new=False),
            "one of the two dictionaries alone belong",
        ),
        "allowed ignored": (
            changed_wrongly(may=lambda name, allowed: False),
            "`allowed` to change does not belong",
        ),
        "allowed inverted": (
            changed_wrongly(may=lambda name, allowed: name not in allowed),
            "what was \\*allowed\\*",
        ),
        "part of a name": (
            changed_wrongly(may=lambda name, allowed: any(one in name for one in allowed)),
            "whole names.*has one of them in its name",
        ),
        "beginning of a name": (
            changed_wrongly(may=lambda name, allowed: name.startswith(tuple(allowed))),
            "begins with one of them",
        ),
        "not sorted": (changed_wrongly(order=list), "not sorted"),
        "backward": (changed_wrongly(order=lambda names: sorted(names)[::-1]), "not sorted"),
        "without case": (
            changed_wrongly(order=lambda names: sorted(names, key=str.lower)),
            "not sorted",
        ),
        "two mistakes": (
            changed_wrongly(same=np.array_equal, new=False),
            "NaN before and after is no difference.*is new, and belongs",
        ),
        "twice": (of(own_changed, lambda names: sorted(names * 2)), "come more than once"),
        "one": (of(own_changed, lambda names: names[:1]), "inside of the loop"),
        "all names": (lambda b, a, allowed: sorted({*b, *a}), "all names"),
        "all that may not": (
            lambda b, a, allowed: sorted({*b, *a} - allowed),
            "return those that did|as they were",
        ),
        "a set": (of(own_changed, set), "return a list of names"),
        "text": (of(own_changed, ", ".join), "type str: return a list"),
        "pairs": (of(own_changed, lambda names: [(name, 1) for name in names]), "return names alone"),
        "missing name": (
            lambda b, a, allowed: sorted(name for name in b if not np.array_equal(b[name], a[name])),
            "`before.keys\\(\\) \\| after.keys\\(\\)`",
        ),
        "truth": (
            lambda b, a, allowed: sorted(name for name in b if name in a and b[name] != a[name]),
            "`np.array_equal` gives one|compare shapes first",
        ),
        "isnan of names": (lambda b, a, allowed: np.isnan("a"), "equal_nan=True"),
        "list minus set": (lambda b, a, allowed: [*b] - allowed, "subtract it from another \\*set\\*"),
        "in place": (changed_in_place, "changed the dicts"),
        "arrays in place": (changed_arrays, "changed the dicts"),
        "identity": (lambda b, a, allowed: b, "return a list of names"),
        "constant": (lambda b, a, allowed: [], "Nothing was found"),
        "no return": (lambda b, a, allowed: None, "without `return`"),
    },
)


# --- 10.8: a projector


def own_projector(regions, features, width):
    inputs = keras.Input((regions, features))
    tokens = layers.Dense(width, activation="gelu")(inputs)
    where = layers.Embedding(regions, width)(places_of(inputs, regions))
    return keras.Model(inputs, layers.Dense(width)(tokens + where))


def places_of(inputs, regions):
    """The number of each region, for each picture: what is looked up with them is part of the model."""
    return ops.zeros_like(inputs[:, :, 0], dtype="int32") + ops.arange(regions)


class Positions(layers.Layer):
    """Adds a table of positions, or multiplies with it; a table of zeros or ones at first."""

    def __init__(self, combine=ops.add, shape=None, start="zeros", trainable=True):
        super().__init__()
        self.combine, self.table_shape, self.start, self.can_train = combine, shape, start, trainable

    def build(self, shape):
        table = self.table_shape or shape[1:]
        self.table = self.add_weight(shape=table, initializer=self.start, trainable=self.can_train)

    def call(self, tokens):
        return self.combine(tokens, self.table)


class Projector(keras.Model):
    """A class of its own, with weights once it was called."""

    def __init__(self, regions, width):
        super().__init__()
        self.dense = layers.Dense(width)
        self.where = layers.Embedding(regions, width, embeddings_initializer="zeros")
        self.regions = regions

    def call(self, inputs):
        return self.dense(inputs) + self.where(ops.arange(self.regions))


class Noise(layers.Layer):
    """Adds noise, in training or not."""

    def call(self, tokens):
        return tokens + keras.random.normal(ops.shape(tokens))


class NumpyProjector(Projector):
    """Computes with NumPy, which has no gradient."""

    def call(self, inputs):
        return ops.convert_to_tensor(np.asarray(super().call(inputs)))


def sequential(*parts):
    """A projector of layers that a function of regions, features and width makes."""

    def answer(regions, features, width):
        made = [part(regions, features, width) for part in parts]
        return keras.Sequential([keras.Input((regions, features)), *made])

    return answer


def dense(regions, features, width):
    return layers.Dense(width)


def positions(regions, features, width):
    return Positions()


def functional(make):
    """A projector of a function of the input, regions, features and width."""

    def answer(regions, features, width):
        inputs = keras.Input((regions, features))
        return keras.Model(inputs, make(inputs, regions, features, width))

    return answer


def wave(regions, width):
    """Fixed positions, of sines and cosines."""
    angles = np.arange(regions)[:, None] / 100 ** (np.arange(width) / width)
    return np.where(np.arange(width) % 2, np.cos(angles), np.sin(angles)).astype(np.float32)


def frozen(model):
    model.trainable = False
    return model


def halves_of_regions(inputs, regions, features, width):
    parts = [layers.Dense(width)(part) for part in ops.split(inputs, [regions // 2], axis=1)]
    return (
        Positions()(ops.concatenate(parts, axis=1))
        if regions > 1
        else Positions()(layers.Dense(width)(inputs))
    )


def one_dense_each(inputs, regions, features, width):
    return ops.stack([layers.Dense(width)(inputs[:, region]) for region in range(regions)], axis=1)


def attending(inputs, regions, features, width):
    tokens = Positions()(layers.Dense(width)(inputs))
    return tokens + layers.MultiHeadAttention(1, 1)(tokens, tokens)


def with_cls(inputs, regions, features, width):
    tokens = Positions()(layers.Dense(width)(inputs))
    return ops.concatenate([tokens[:, :1], tokens], axis=1)


PROJECTOR = (
    check.projector,
    {
        "the lesson's": own_projector,
        "sequential": sequential(dense, positions, lambda r, f, w: layers.Activation("gelu"), dense),
        "linear": sequential(dense, positions),
        "added to features": sequential(positions, dense),
        "class": lambda r, f, w: Projector(r, w),
        "nested": lambda r, f, w: keras.Sequential([own_projector(r, f, w), layers.Dense(w)]),
        "fixed waves": functional(lambda x, r, f, w: layers.Dense(w)(x) + wave(r, w)),
        "multiplied": sequential(dense, lambda r, f, w: Positions(ops.multiply, start="ones")),
        "numbers beside": functional(
            lambda x, r, f, w: layers.Dense(w)(
                ops.concatenate(
                    [x, ops.zeros_like(x[..., :1]) + ops.arange(r, dtype="float32")[:, None] / r], axis=-1
                )
            )
        ),
        "one-hot": functional(
            lambda x, r, f, w: (
                layers.Dense(w)(x) + layers.Dense(w, use_bias=False)(ops.one_hot(places_of(x, r), r))
            )
        ),
        "normalised": sequential(
            lambda r, f, w: layers.LayerNormalization(),
            dense,
            positions,
            lambda r, f, w: layers.LayerNormalization(),
        ),
        "convolution of one": sequential(lambda r, f, w: layers.Conv1D(w, 1), positions),
        "time distributed": sequential(lambda r, f, w: layers.TimeDistributed(layers.Dense(w)), positions),
        "einsum dense": sequential(lambda r, f, w: layers.EinsumDense("brf,fw->brw", (r, w), bias_axes="rw")),
        "batch normalised": sequential(lambda r, f, w: layers.BatchNormalization(), dense, positions),
        "rectified": sequential(positions, lambda r, f, w: layers.Dense(w, "relu"), dense),
        "bottleneck": sequential(lambda r, f, w: layers.Dense(2), positions, dense),
        "rows and columns": functional(
            lambda x, r, f, w: (
                layers.Dense(w)(x)
                + layers.Embedding(r, w)(places_of(x, r) // 5)
                + layers.Embedding(5, w)(places_of(x, r) % 5)
            )
        ),
        "a variable for each region": functional(
            lambda x, r, f, w: ops.stack(
                [Positions()(token) for token in ops.unstack(layers.Dense(w)(x), num=r, axis=1)], axis=1
            )
        ),
        "dropout": sequential(lambda r, f, w: layers.Dropout(0.1), dense, positions),
        "residual": functional(
            lambda x, r, f, w: (lambda t: t + layers.Dense(w, kernel_initializer="zeros")(ops.relu(t)))(
                Positions()(layers.Dense(w)(x))
            )
        ),
        "compiled": lambda r, f, w: (lambda m: m.compile("adam", "mse") or m)(own_projector(r, f, w)),
    },
    {
        "no positions": (sequential(dense), "same soft token in all 6 regions"),
        "two layers, no positions": (
            sequential(dense, lambda r, f, w: layers.Activation("gelu"), dense),
            "a bias is the same",
        ),
        "one row for all": (
            sequential(dense, lambda r, f, w: Positions(shape=(1, w))),
            "same soft token in all 6 regions",
        ),
        "frozen zeros": (
            sequential(dense, lambda r, f, w: Positions(trainable=False)),
            "weights that can be trained have moved",
        ),
        "a table that is looked up once": (
            functional(lambda x, r, f, w: layers.Dense(w)(x) + layers.Embedding(r, w)(ops.arange(r))),
            "not among the weights",
        ),
        "one-hot, multiplied once": (
            functional(
                lambda x, r, f, w: (
                    layers.Dense(w)(x) + layers.Dense(w, use_bias=False)(ops.one_hot(ops.arange(r), r)[None])
                )
            ),
            "never trained",
        ),
        "half the positions": (
            functional(lambda x, r, f, w: layers.Dense(w)(x) + layers.Embedding(r, w)(ops.arange(r) // 2)),
            "same soft token in regions 0 and 1 of 6",
        ),
        "attention": (functional(attending), "attention, pooling"),
        "convolution": (
            functional(lambda x, r, f, w: Positions()(layers.Conv1D(w, 3, padding="same")(x))),
            "kernel longer than 1",
        ),
        "recurrent": (
            functional(lambda x, r, f, w: Positions()(layers.SimpleRNN(w, return_sequences=True)(x))),
            "recurrent",
        ),
        "LSTM": (
            functional(lambda x, r, f, w: Positions()(layers.LSTM(w, return_sequences=True)(x))),
            "a recurrent layer, a causal one",
        ),
        "mean added": (
            functional(
                lambda x, r, f, w: Positions()(layers.Dense(w)(x + ops.mean(x, axis=1, keepdims=True)))
            ),
            "attention, pooling",
        ),
        "normalised over regions": (
            functional(
                lambda x, r, f, w: Positions()(layers.LayerNormalization(axis=[1, 2])(layers.Dense(w)(x)))
            ),
            "normalisation over the regions",
        ),
        "flattened": (
            sequential(
                lambda r, f, w: layers.Flatten(),
                lambda r, f, w: layers.Dense(r * w),
                lambda r, f, w: layers.Reshape((r, w)),
            ),
            "`Flatten`, or a normalisation",
        ),
        "one each": (functional(one_dense_each), "network for each region|serves regions"),
        "a stack of kernels": (
            sequential(lambda r, f, w: layers.EinsumDense("brf,rfw->brw", (r, w))),
            "network for each region",
        ),
        "two halves": (functional(halves_of_regions), "serves regions \\[0, 1, 2\\]"),
        "too wide": (
            sequential(lambda r, f, w: layers.Dense(20 * w, "relu"), dense, positions),
            "expected at most",
        ),
        "position alone": (
            functional(lambda x, r, f, w: 0 * layers.Dense(w)(x) + layers.Embedding(r, w)(ops.arange(r))),
            "do the features take part",
        ),
        "frozen": (lambda *sizes: frozen(own_projector(*sizes)), "nothing to train"),
        "frozen layer": (
            sequential(lambda r, f, w: layers.Dense(w, trainable=False), positions),
            "is the layer that they go through frozen",
        ),
        "positions drawn anew": (
            functional(
                lambda x, r, f, w: (
                    layers.Dense(w)(x) + np.random.default_rng().normal(size=(r, w)).astype("float32")
                )
            ),
            "drawn at random",
        ),
        "another order": (
            functional(lambda x, r, f, w: ops.flip(Positions()(layers.Dense(w)(x)), axis=1)),
            "stay in the order of the regions",
        ),
        "other layers for every second": (
            functional(
                lambda x, r, f, w: Positions()(
                    ops.where((ops.arange(r) % 2 == 0)[:, None], layers.Dense(w)(x), layers.Dense(w)(x))
                )
            ),
            "serves regions \\[0, 2, 4\\]",
        ),
        "no weights": (
            functional(lambda x, r, f, w: ops.mean(x, -1, keepdims=True) + wave(r, w)),
            "nothing to train",
        ),
        "noise": (
            sequential(dense, positions, lambda r, f, w: Noise()),
            "Called twice",
        ),
        "batch": (
            functional(
                lambda x, r, f, w: Positions()(layers.Dense(w)(x - ops.mean(x, axis=0, keepdims=True)))
            ),
            "A picture alone",
        ),
        "fixed batch": (
            lambda r, f, w: keras.Sequential(
                [keras.Input(batch_shape=(1, r, f)), layers.Dense(w), Positions()]
            ),
            "takes batches of 1 alone",
        ),
        "flat input": (
            lambda r, f, w: keras.Sequential([keras.Input((r * f,)), layers.Dense(w)]),
            "takes inputs of shape",
        ),
        "two inputs": (
            lambda r, f, w: (
                lambda x, p: keras.Model([x, p], layers.Dense(w)(x) + layers.Embedding(r, w)(p))
            )(keras.Input((r, f)), keras.Input((r,))),
            "2 inputs, expected one",
        ),
        "exchanged axes": (
            sequential(dense, positions, lambda r, f, w: layers.Permute((2, 1))),
            "Regions come before width",
        ),
        "pooled": (
            sequential(dense, positions, lambda r, f, w: layers.GlobalAveragePooling1D()),
            "do not pool",
        ),
        "flat output": (sequential(dense, positions, lambda r, f, w: layers.Flatten()), "do not flatten"),
        "features kept": (sequential(positions, lambda r, f, w: layers.Dense(f)), "has `width` numbers"),
        "class token": (functional(with_cls), "no class token"),
        "wrong table": (
            functional(lambda x, r, f, w: layers.Dense(w)(x) + layers.Embedding(r, f)(ops.arange(r))),
            "table of positions is",
        ),
        "NumPy inside": (lambda r, f, w: NumpyProjector(r, w), "NumPy"),
        "NumPy outside": (
            functional(lambda x, r, f, w: np.add(np.asarray(x), 1)),
            "NumPy cannot compute|symbolic|keras.ops",
        ),
        "layer": (lambda r, f, w: layers.Dense(w), "Return a Keras model"),
        "tensor": (lambda r, f, w: layers.Dense(w)(keras.Input((r, f))), "Return a Keras model"),
        "constant": (lambda r, f, w: np.zeros((r, w)), "Return a Keras model"),
        "identity": (functional(lambda x, r, f, w: layers.Identity()(x)), "has `width` numbers"),
        "no return": (lambda r, f, w: None, "without `return`"),
    },
)

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(
    {
        "10.1": PATCHES,
        "10.2": MASK,
        "10.3": ROTATED,
        "10.4": ATTENTION,
        "10.5": LOW_RANK,
        "10.6": ACCOUNTING,
        "10.7": CHANGED,
        "10.8": PROJECTOR,
    }
)
