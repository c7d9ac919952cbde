"""Checks of lesson 01: preprocessing of pictures, text and speech."""

import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageOps

from course_utils.checks import (
    CheckFailed,
    exercise,
    expect,
    expect_array,
    expect_close,
    expect_number,
    expect_parts,
)

__all__ = ["alias", "matching", "padding", "power_spectrogram", "preprocess", "standardise"]

COURSE = r"course_utils\.preprocessing\."

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 60), (30, 60, 220), (240, 220, 40)


@exercise(
    "1.1",
    "files of nine kinds, every EXIF orientation, four kinds of transparency, wide, tall and tiny pictures come out "
    "right in four sizes",
    own=COURSE + r"images\..*",
    stops={
        "bad transparency mask": 'Only a picture with an alpha channel is its own mask: `picture = picture.convert("RGBA")` first.'
    },
)
def preprocess(my_preprocess: Callable) -> None:
    """Checks the repair of the document's ``preprocess_img`` (lesson 01).

    Args:
        my_preprocess: function of ``(path, size)`` that returns uint8 ``(size, size, 3)``.

    Raises:
        CheckFailed: with the hint for the first file that comes out wrong.
    """
    # Windows cannot delete a file that the learner's code left open.
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        _check_kinds(my_preprocess, Path(folder))
        _check_orientation(my_preprocess, Path(folder))
        _check_transparency(my_preprocess, Path(folder))
        _check_geometry(my_preprocess, Path(folder))


def _prepared(my_preprocess: Callable, path: Path, size: int, kind: str, remedy: str = "") -> np.ndarray:
    """The answer for a file, float (size, size, 3)."""
    value = my_preprocess(path, size)
    shape = np.shape(value) if hasattr(value, "shape") else None
    hints = [((size, size), remedy), ((size, size, 4), remedy), ((size, size, 2), remedy)]
    if shape and len(shape) == 3 and shape[0] == shape[1] and shape[2] == 3:
        hints.append((shape, "The second argument, `size`, says how large the result shall be."))
    if shape == (3, size, size):
        hints.append((shape, "Keep the channels in the last axis."))
    return expect_array(value, (size, size, 3), np.uint8, f"The result for {kind}", hints).astype(float)


def _blocks(picture: np.ndarray) -> np.ndarray:
    """Means of a picture over 4 × 4 blocks: a shift by less than a pixel, or another filter, hardly changes them."""
    rows, columns = (np.arange(length) * 4 // length for length in picture.shape[:2])
    sums, counts = np.zeros((4, 4, 3)), np.zeros((4, 4, 1))
    np.add.at(sums, (rows[:, None], columns), picture)
    np.add.at(counts, (rows[:, None], columns), 1)
    return sums / counts


def _fitted(picture: Image.Image, size: int) -> np.ndarray:
    return np.asarray(ImageOps.fit(picture.convert("RGB"), (size, size), Image.Resampling.LANCZOS), float)


def _expect_picture(
    value: np.ndarray, right: np.ndarray, what: str, mistakes: Iterable[tuple[np.ndarray, str]]
) -> None:
    """Fails the check unless a picture is near another one."""
    if np.abs(_blocks(value) - _blocks(right)).max() < 24:
        return
    for wrong, hint in mistakes:
        if np.abs(_blocks(value) - _blocks(wrong)).max() < 24:
            raise CheckFailed(f"{what}: {hint}")
    place = np.unravel_index(np.abs(_blocks(value) - _blocks(right)).argmax(), (4, 4, 3))[:2]
    found, wanted = (tuple(int(level) for level in _blocks(one)[place]) for one in (value, right))
    raise CheckFailed(
        f"{what}: its part {tuple(int(i) for i in place)} of 4 × 4 is RGB {found} on average, expected {wanted}."
    )


def _check_kinds(my_preprocess: Callable, folder: Path) -> None:
    # Square and smooth: what is done wrong with the middle, or by the filter, shows further down.
    rows, columns = np.mgrid[:40, :40]
    colours = np.stack([6 * columns, 255 - 6 * rows, 40 + 3 * rows], axis=-1).astype(np.uint8)
    colour, grey = Image.fromarray(colours), Image.fromarray(colours[..., 0])
    every = "convert every picture to RGB"
    kinds = {
        "a grey PNG": ("grey.png", grey, every),
        "a palette GIF": (
            "palette.gif",
            colour.quantize(64, dither=Image.Dither.NONE),
            "its values are palette entries, no brightness: convert to RGB",
        ),
        "a palette PNG": (
            "palette.png",
            colour.convert("P", dither=Image.Dither.NONE),
            "its values are palette entries: convert to RGB",
        ),
        "a black-and-white PNG": ("bits.png", grey.convert("1", dither=Image.Dither.NONE), every),
        "a grey PNG with alpha": ("la.png", grey.convert("LA"), "lay it over white, then convert to RGB"),
        "an RGBA PNG": ("rgba.png", colour.convert("RGBA"), "lay it over white, then convert to RGB"),
        "a CMYK JPEG": ("cmyk.jpg", colour.convert("CMYK"), every),
        "an RGB JPEG": ("rgb.jpg", colour, every),
        "a PNG smaller than the result": (
            "tiny.png",
            Image.new("RGB", (7, 7), RED),
            "small pictures are enlarged",
        ),
    }
    for kind, (name, picture, remedy) in kinds.items():
        path = folder / name
        picture.save(path)
        for size in (32, 21):
            value = _prepared(my_preprocess, path, size, kind, f"{remedy[0].upper()}{remedy[1:]}.")
            with Image.open(path) as opened:
                right, entries = _fitted(opened, size), np.array(opened)
            start = (min(picture.size) - size) // 2
            cropped = picture.convert("RGB").crop((start, start, start + size, start + size))
            mistakes = [
                (
                    _fitted(cropped, size),
                    "it was cropped and not made smaller: resize the shorter side to `size` first.",
                ),
                (right[..., ::-1], "red and blue are exchanged: the order is red, green, blue."),
            ]
            if picture.mode in ("P", "1"):
                levels = Image.fromarray(entries.astype(np.uint8))
                mistakes.append((_fitted(levels, size), f"{remedy}."))
            mistakes += [
                (255 - right, "its colours are inverted."),
                (right / 255, "levels from 0 to 1 became bytes: leave them as they are, 0 to 255."),
                (np.zeros_like(right), "it came out black."),
            ]
            _expect_picture(value, right, kind[0].upper() + kind[1:], mistakes)


# What `ImageOps.exif_transpose` must undo, for each value of the orientation: from upright to stored.
_STORED = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_90,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_270,
}


def _check_orientation(my_preprocess: Callable, folder: Path) -> None:
    quarters = np.zeros((40, 40, 3), np.uint8)
    quarters[:20, :20], quarters[:20, 20:], quarters[20:, :20], quarters[20:, 20:] = RED, GREEN, BLUE, YELLOW
    upright = Image.fromarray(quarters)
    for orientation, change in _STORED.items():
        exif = Image.Exif()
        exif[0x0112] = orientation
        path = folder / f"turned{orientation}.jpg"
        stored = upright.transpose(change)
        stored.save(path, exif=exif, quality=95)
        value = _prepared(my_preprocess, path, 32, "a photograph with an EXIF orientation")
        _expect_picture(
            value,
            _fitted(upright, 32),
            f"A photograph with EXIF orientation {orientation}",
            (
                (
                    _fitted(stored, 32),
                    "it came out lying on its side or mirrored: the file stores the pixels as the sensor saw them, and says "
                    "in EXIF how to turn them. `ImageOps.exif_transpose(picture)` gives back a new picture that is turned: go on "
                    "with that one.",
                ),
            ),
        )


def _check_transparency(my_preprocess: Callable, folder: Path) -> None:
    see_through = np.zeros((40, 40, 4), np.uint8)
    see_through[..., :3] = RED  # the colour hidden under transparent pixels
    see_through[:, 10:30] = (*GREEN, 255)
    see_through[20:, 20:30, 3] = 128
    picture = Image.fromarray(see_through)
    grey = Image.merge("LA", (picture.convert("RGB").convert("L"), picture.getchannel("A")))
    opaque = np.where(see_through[..., 3:] > 0, see_through[..., :3], RED).astype(np.uint8)
    entries = Image.fromarray((see_through[..., 3] > 0).astype(np.uint8), mode=None).convert("L")
    palette = Image.frombytes("P", entries.size, entries.tobytes())
    palette.putpalette([*RED, *GREEN])
    kinds = {
        "an RGBA PNG": (picture, "rgba.png", {}),
        "a grey PNG with alpha": (grey, "la.png", {}),
        "a palette PNG with a transparent entry": (palette, "p.png", {"transparency": 0}),
        "an RGB PNG with a transparent colour": (Image.fromarray(opaque), "rgb.png", {"transparency": RED}),
    }
    for kind, (stored, name, options) in kinds.items():
        path = folder / f"see_through_{name}"
        stored.save(path, **options)
        with Image.open(path) as opened:
            hidden = _fitted(opened, 32)
            full = opened.convert("RGBA")
        grounds = [
            Image.alpha_composite(Image.new("RGBA", full.size, ground), full) for ground in ("white", "black")
        ]
        white, black = (_fitted(ground, 32) for ground in grounds)
        shown = np.array(full)
        shown[shown[..., 3] == 0] = 255
        mistakes = [
            (
                hidden,
                "transparent pixels came out in the colour hidden under them: `convert('RGB')` throws alpha away. Convert the "
                "picture to RGBA and paste it over a white one first, with itself as the mask. Ask "
                "`picture.has_transparency_data`: not only the modes with an A have it.",
            ),
            (black, "transparent pixels came out black: lay the picture over white."),
        ]
        if kind in ("an RGBA PNG", "a grey PNG with alpha"):
            mistakes.append(
                (
                    _fitted(Image.fromarray(shown), 32),
                    "half-transparent pixels came out opaque: white must shine through them, in proportion to alpha.",
                )
            )
        value = _prepared(my_preprocess, path, 32, kind)
        _expect_picture(value, white, f"{kind[0].upper()}{kind[1:]} over white", mistakes)


def _check_geometry(my_preprocess: Callable, folder: Path) -> None:
    wide = np.zeros((60, 180, 3), np.uint8)
    wide[:, :60], wide[:, 60:120], wide[:, 120:] = RED, GREEN, BLUE
    rows, columns = np.mgrid[:60, :180]
    wide[np.hypot(rows - 29.5, columns - 89.5) < 15] = YELLOW  # a disc, half as wide as the picture is high
    path = folder / "wide.png"
    for turned in (False, True):
        Image.fromarray(wide.transpose(1, 0, 2) if turned else wide).save(path)
        value = _prepared(my_preprocess, path, 45, "a picture that is not square")
        value = value.transpose(1, 0, 2) if turned else value
        edges = [value[:, :2].mean(axis=(0, 1)), value[:, -2:].mean(axis=(0, 1))]
        shape = "tall" if turned else "wide"
        expect(
            not (np.abs(edges[0] - RED).max() < 60 and np.abs(edges[1] - BLUE).max() < 60),
            f"A {shape} picture was squashed into the square: both of its ends are still there and its disc is an ellipse. "
            "Resize the shorter side to `size`, then crop the middle.",
        )
        expect(
            all(np.abs(edge - GREEN).max() < 60 for edge in edges),
            f"The crop of a {shape} picture is not its middle: start at (longer side - size) / 2, not at 0. Borders are not wanted either.",
        )
        disc = (np.abs(value - YELLOW).max(axis=-1) < 80).mean()
        expect(
            0.15 < disc < 0.25,
            f"A disc that should fill 20 % of the square fills {disc:.0%} of it: resize the shorter side to `size` first, then crop.",
        )
    checkerboard = (np.indices((256, 256)).sum(axis=0) % 2 * 255).astype(np.uint8)
    Image.fromarray(checkerboard).save(path)
    expect(
        np.abs(_prepared(my_preprocess, path, 32, "a fine checkerboard") - 127.5).max() < 40,
        "A fine black-and-white checkerboard, shrunk eight times, did not come out as even grey: the nearest-neighbour filter "
        "picks single pixels and aliases. Use a filter that averages, such as LANCZOS.",
    )


@exercise(
    "1.2",
    "both sets are standardised by the training set's statistics, channel by channel, also flat and faint channels and "
    "a single picture",
    own=COURSE + r"images\.standardise",
)
def standardise(my_standardise: Callable) -> None:
    """Checks standardisation with statistics of the training split only (lesson 01).

    Args:
        my_standardise: function of ``(train, test)``, uint8 ``(n, height, width, 3)`` and ``(m, height, width, 3)``, that
            returns both as floats of the same shapes.

    Raises:
        CheckFailed: with a hint for the statistics that were used instead.
    """
    rng = np.random.default_rng(1)
    for n, m, height, width in ((12, 12, 16, 14), (6, 9, 20, 20), (1, 1, 31, 45), (200, 2, 32, 33)):
        train = rng.normal((60, 120, 180), (10, 20, 40), (n, height, width, 3)).clip(0, 255).astype(np.uint8)
        test = rng.normal((90, 100, 200), (30, 15, 20), (m, height, width, 3)).clip(0, 255).astype(np.uint8)
        _check_statistics(my_standardise, train, test)
    train[..., 2] = 250 + (rng.random(train.shape[:3]) < 0.04)  # its standard deviation is 0.2
    _check_statistics(my_standardise, train, test)
    train = train[:12]
    train[..., 1] = 77  # a channel that never changes, though it does in the test set
    with np.errstate(all="ignore"):
        _check_statistics(my_standardise, train, test)


def _check_statistics(my_standardise: Callable, train: np.ndarray, test: np.ndarray) -> None:
    value = expect_parts(my_standardise(train, test), ("train_scaled", "test_scaled"))
    scaled_train = expect_array(value[0], train.shape, np.floating, "The training set")
    scaled_test = expect_array(value[1], test.shape, np.floating, "The test set")
    expect(
        np.isfinite(scaled_train).all() and np.isfinite(scaled_test).all(),
        "A channel that is 77 in the whole training set came out as NaN or infinite: its standard deviation is 0. Divide by 1 "
        "there.",
    )
    flat = np.ptp(train, axis=(0, 1, 2)) == 0
    from_flat = test[..., flat].astype(float) - train[0, 0, 0, flat]
    expect(
        np.allclose(scaled_test[..., flat], from_flat, rtol=1e-2),
        "A channel that is 77 in the whole training set, and not in the test set, was divided by something else than 1: where "
        "the standard deviation is 0, and only there, divide by 1. "
        + (
            "Your quotient is huge: the divisor was nearly 0. Either a small number was added to it, or the levels were divided "
            "by 255 first, which leaves a standard deviation of 1e-17 here: take the bytes as they are."
            if np.abs(scaled_test[..., flat]).max(initial=0) > 1e4
            else "Divide by nothing else, not by 255 either."
        ),
    )

    def by(
        source: np.ndarray, target: np.ndarray, axes: tuple[int, ...], spread: Callable = np.std
    ) -> np.ndarray:
        source = source.astype(np.float64)
        scale = spread(source, axis=axes, keepdims=True)
        return (target - source.mean(axis=axes, keepdims=True)) / np.where(scale > 0, scale, 1)

    both = np.concatenate([train, test])
    channelwise, tolerance = (0, 1, 2), 3e-3
    mean, std = train.mean(axis=channelwise), train.std(axis=channelwise)
    std = np.where(std > 0, std, 1)

    def of_training() -> Iterator[tuple[np.ndarray, str]]:
        yield (
            by(both, train, channelwise),
            "Your statistics include the test set: it must stay unseen. Use the training set alone.",
        )
        yield (
            by(train, train, None),
            "You used one mean and one standard deviation for all colours: keep the channel axis, `axis=(0, 1, 2)`.",
        )
        yield (
            by(train, train, 0),
            "You used statistics per pixel, `axis=0`: average over pictures, rows and columns, `axis=(0, 1, 2)`.",
        )
        yield (
            by(train, train, (1, 2)),
            "You used statistics per picture: that erases brightness differences between pictures. Include axis 0.",
        )
        yield (by(train, train, channelwise, np.var), "You divided by the variance: take its square root.")
        yield (
            by(train, train, channelwise, lambda x, **axes: np.maximum(np.std(x, **axes), 1)),
            "You divided by 1 where the standard deviation is small: do so only where it is 0.",
        )
        yield (
            _in_single_precision(train),
            "Your mean is off in the third digit: a float32 cannot hold the sum of so many bytes. Take the statistics of the "
            "bytes as they are, or in float64.",
        )
        yield (
            train - mean,
            "Every channel was divided by 1: only the flat one is. `np.where(std > 0, std, 1)` chooses for each."
            if flat.any()
            else "You only subtracted the mean: divide by the standard deviation too.",
        )
        yield (
            (train - mean.astype(np.uint8)) / std,
            "You subtracted bytes from bytes, which begin again at 255 below 0: leave the mean a float.",
        )
        yield (
            by(train, test, channelwise),
            "This is the test set: return the training set first.",
        )
        yield (
            train / 255,
            "You scaled to [0, 1]: subtract the training mean and divide by the training standard deviation instead.",
        )

    expect_close(
        scaled_train,
        by(train, train, channelwise),
        "The training set",
        mistakes=of_training(),
        tolerance=tolerance,
    )
    expect_close(
        scaled_test,
        by(train, test, channelwise),
        "The test set",
        mistakes=(
            (
                by(test, test, channelwise),
                "You used the test set's own statistics: a model trained on the training scale would see shifted colours.",
            ),
            (
                by(both, test, channelwise),
                "Your statistics include the test set: use the training set alone.",
            ),
            (
                (test - test.mean(axis=channelwise)) / std,
                "You subtracted the test set's own mean: both numbers come from the training set.",
            ),
        ),
        tolerance=tolerance,
    )


def _in_single_precision(pictures: np.ndarray) -> np.ndarray:
    floats = pictures.astype(np.float32)
    scale = floats.std(axis=(0, 1, 2))
    return (floats - floats.mean(axis=(0, 1, 2))) / np.where(scale > 0, scale, 1)


@exercise(
    "1.3",
    "the longest word is taken from the left in 300 random sentences, words of up to 12 letters too, and nothing is lost, "
    "no blank and no full stop either",
    own=COURSE + r"text\.maximum_matching",
)
def matching(my_matching: Callable) -> None:
    """Checks forward maximum matching for Chinese segmentation (lesson 01).

    Args:
        my_matching: function of ``(sentence, words)``, a str and a set of str, that returns a list of str.

    Raises:
        CheckFailed: with the sentence, the words and the likely cause.
    """
    rng = np.random.default_rng(2)
    # Simple cases first: in them every typical mistake gives something that no other mistake gives.
    cases = [
        ("甲乙", {"甲", "甲乙"}),
        ("甲乙丙", {"甲乙丙"}),
        ("甲乙丙丁戊己", {"甲乙", "乙丙丁戊", "戊己"}),
        ("研究生命起源", {"研究", "研究生", "生命", "起源"}),
        ("themat", {"the", "them", "mat", "at"}),
        ("甲乙丙丁戊己庚辛壬", {"甲", "甲乙丙丁戊己庚辛壬"}),
        ("extraordinarily", {"extra", "extraordinar", "ordinarily"}),
        ("甲" * 7, {"甲甲", "甲甲甲"}),
        ("你好, 世界。", {"你好", "世界"}),
        ("", {"研究"}),
        ("你好", set()),
    ]
    for _ in range(300):
        words = {"".join(rng.choice(list("甲乙丙丁"), rng.integers(1, 6))) for _ in range(rng.integers(1, 9))}
        cases.append(("".join(rng.choice(list("甲乙丙丁戊 。"), rng.integers(1, 12))), words))
    for sentence, words in cases:
        value = my_matching(sentence, words)
        right = _longest(sentence, words)
        given = f"For the sentence {sentence!r} and the words {sorted(words)} you returned {value!r}"
        expect(value is not None, f"{given}: does your function end without `return`?")
        expect(
            isinstance(value, list | tuple | np.ndarray) and all(isinstance(token, str) for token in value),
            f"{given}, expected a list of text: {right!r}.",
        )
        value = [str(token) for token in value]
        if value == right:
            continue
        expect(
            "".join(value) == sentence,
            f"{given}: characters were lost or repeated. A character that begins no word, a blank or a comma too, stands "
            "alone as a token.",
        )
        expect(
            value != _longest(sentence[::-1], {word[::-1] for word in words}, backward=True),
            f"{given}: that is matching from the right end. Start at the left: {right!r}.",
        )
        expect(
            value != _fewest(sentence, words),
            f"{given}: those are the fewest tokens that there can be. Asked for is less: at each place the longest word that begins "
            f"there, whatever comes after: {right!r}.",
        )
        expect(
            not all(token in words or len(token) == 1 for token in value),
            f"{given}: a longer word was possible. At each place try the longest candidate first: {right!r}.",
        )
        expect(
            False,
            f"{given}, expected {right!r}: every token is a word of the dictionary or a single character.",
        )


def _longest(sentence: str, words: Iterable[str], backward: bool = False) -> list[str]:
    tokens, start = [], 0
    while start < len(sentence):
        ends = [end for end in range(start + 1, len(sentence) + 1) if sentence[start:end] in words]
        end = max(ends, default=start + 1)
        tokens.append(sentence[start:end])
        start = end
    return [token[::-1] for token in tokens[::-1]] if backward else tokens


def _fewest(sentence: str, words: Iterable[str]) -> list[str]:
    """The fewest tokens that make a sentence, of several such the one with the longest last token."""
    best = [[]]
    for end in range(1, len(sentence) + 1):
        starts = [start for start in range(end) if end - start == 1 or sentence[start:end] in words]
        best.append(min(([*best[start], sentence[start:end]] for start in starts), key=len))
    return best[-1]


@exercise(
    "1.4",
    "ids and mask are right for short, long, empty and zero-containing sequences, one or many, with ids up to 100,000",
    own=COURSE + r"text\.pad",
    stops={"could not broadcast input": "A sequence is longer than its row: cut it, `sequence[:length]`."},
)
def padding(my_padding: Callable) -> None:
    """Checks padding to one length with a boolean mask (lesson 01).

    Args:
        my_padding: function of ``(sequences, length)``, a list of lists of int and an int, that returns
            ``ids`` int ``(n, length)`` and ``mask`` bool ``(n, length)``, True where a real id stands.

    Raises:
        CheckFailed: with a hint for the typical mistakes.
    """
    rng = np.random.default_rng(3)
    cases = [([[5, 6, 7], [8]], 3), ([[1, 2, 3, 4, 5], [9]], 3), ([[], [4, 4]], 2), ([[3, 0, 2], [7]], 4)]
    cases += [([[7, 0, 3, 0], [0]], 5)]
    cases += [([[100_000, 0, 65_536, 300, 128]], 6), ([[]], 3), ([[9]], 1), ([[1, 2]] * 3, 2)]
    for most in (50, 100_000) * 15:
        sequences = [rng.integers(0, most, rng.integers(0, 9)).tolist() for _ in range(rng.integers(1, 6))]
        cases.append((sequences, int(rng.integers(1, 8))))
    for sequences, length in cases:
        _check_padding(my_padding, sequences, length)


def _check_padding(my_padding: Callable, sequences: list[list[int]], length: int) -> None:
    given = f"{sequences} padded to length {length}"
    value = expect_parts(my_padding(sequences, length), ("ids", "mask"))
    shape = (len(sequences), length)
    hint = [
        ((length,), "Return two arrays: `return ids, mask`."),
        (
            (len(sequences), max(map(len, sequences))),
            "The argument `length` says how wide the arrays are, not the longest sequence.",
        ),
    ]
    ids = expect_array(value[0], shape, np.integer, f"ids for {given}", hint)
    mask = expect_array(value[1], shape, np.bool_, f"mask for {given}")
    right_ids, right_mask = np.zeros(shape, int), np.zeros(shape, bool)
    left_ids, tail_ids, one_ids = (np.zeros(shape, int) for _ in range(3))
    for row, sequence in enumerate(sequences):
        kept, tail = sequence[:length], sequence[-length:]
        right_ids[row, : len(kept)] = kept
        right_mask[row, : len(kept)] = True
        left_ids[row, length - len(kept) :] = kept
        tail_ids[row, : len(tail)] = tail
        one_ids[:, : len(kept)] = kept
    to_last = np.cumsum(right_ids[:, ::-1] != 0, axis=1)[:, ::-1] > 0
    expect_close(
        ids,
        right_ids,
        f"ids for {given}",
        mistakes=(
            (left_ids, f"{given}: you put the padding in front. Put it behind the sequence."),
            (
                tail_ids,
                f"{given}: a sequence that is too long keeps its first {length} ids, you kept its last.",
            ),
            (
                one_ids,
                f"{given}: all rows are one and the same list, `[[0] * length] * n` repeats it. Make each anew: "
                "`[[0] * length for _ in sequences]`.",
            ),
            (right_ids.astype(np.uint8), f"{given}: an id went past 255 and began again at 0. Take int32."),
            (right_ids.astype(np.int8), f"{given}: an id went past 127 and began again below 0. Take int32."),
            (right_ids.astype(np.int16), f"{given}: an id went past 32,767. Take int32."),
            (right_ids.astype(np.uint16), f"{given}: an id went past 65,535. Take int32."),
        ),
    )
    expect_close(
        mask,
        right_mask,
        f"mask for {given}",
        mistakes=(
            (~right_mask, f"{given}: your mask is inverted. True means a real id, False means padding."),
            (
                right_ids != 0,
                f"{given}: you made the mask from `ids != 0`, but 0 is a real id here. Use the lengths.",
            ),
            (
                to_last,
                f"{given}: your mask ends with the last id that is not 0, but a 0 at the end can be real. Use the lengths.",
            ),
            (
                np.tile(right_mask.any(axis=0), (len(sequences), 1)),
                f"{given}: all rows of the mask are one and the same list. Make each anew: "
                "`[[False] * length for _ in sequences]`.",
            ),
        ),
    )


@exercise(
    "1.5", "1,000 tones are heard where they should be, from 0 to 1 MHz, and just at half the sampling rate"
)
def alias(my_alias: Callable) -> None:
    """Checks the frequency at which a sampled tone is heard (lesson 01).

    Args:
        my_alias: function of ``(frequency, rate)``, floats in Hz, that returns a float in [0, rate / 2].

    Raises:
        CheckFailed: with the tone, the rate and the likely cause.
    """
    rng = np.random.default_rng(4)
    cases = [(21_000.0, 8000.0), (30_000.0, 11_025.0)]  # here every typical mistake gives another number
    cases += [(float(tone), 8000.0) for tone in (1000, 5000, 7000, 8000, 9000, 13_000, 0, 4000, 1e6)]
    cases += list(
        zip(rng.uniform(0, 60_000, 1000), rng.choice([8000.0, 16_000.0, 11_025.0], 1000), strict=True)
    )
    for frequency, rate in cases:
        value = expect_number(my_alias(frequency, rate), "The frequency that is heard")
        # Independent of any formula: among tones below half the rate, the one with the same samples.
        right = np.arccos(np.clip(np.cos(2 * np.pi * frequency / rate), -1, 1)) * rate / (2 * np.pi)
        expect_close(
            value,
            right,
            f"What is heard, from 0 to {rate / 2:.0f} Hz, of a tone of {frequency:.1f} Hz sampled at {rate:.0f} Hz",
            mistakes=(
                (
                    min(frequency, rate / 2),
                    f"A tone above {rate / 2:.0f} Hz does not stay there: it is reflected, and heard lower.",
                ),
                (
                    0,
                    f"A tone above {rate / 2:.0f} Hz is not silent: unfiltered, it is heard at a lower frequency.",
                ),
                (
                    min(frequency % 8000, 8000 - frequency % 8000),
                    f"You took 8000 Hz for the sampling rate; here it is {rate:.0f} Hz, the argument `rate`.",
                ),
                (
                    frequency,
                    f"A tone of {frequency:.0f} Hz cannot be told from a lower one at {rate:.0f} Hz: nothing above {rate / 2:.0f} Hz exists there.",
                ),
                (
                    rate - frequency,
                    f"Reflecting once at {rate / 2:.0f} Hz is not enough for {frequency:.0f} Hz: fold again, or take the remainder first.",
                ),
                (
                    frequency % rate,
                    f"The remainder of {frequency:.0f} Hz by the rate can still lie above {rate / 2:.0f} Hz: reflect it there.",
                ),
                (
                    frequency % (rate / 2),
                    f"The spectrum is reflected at {rate / 2:.0f} Hz, not cut off and begun again at 0.",
                ),
                (
                    abs(rate - frequency),
                    f"{frequency:.0f} Hz lies more than one sampling rate up: take the remainder by the rate first.",
                ),
            ),
            tolerance=1e-3,
        )


_SIGNALS = (  # samples, frame length, hop, loudness
    (400, 64, 32, 1),
    (1000, 128, 50, 1),
    (257, 32, 8, 1),
    (64, 64, 16, 1),
    (300, 45, 20, 1),
    (120, 33, 50, 1),
    (50, 7, 1, 1),
    (90, 60, 30, 1e4),
    (77, 25, 25, 1e-4),
)
# Of signals: a frame may be stepped over for other reasons.
_LENGTHS = "|".join(str(n) for n, frame_length, _, _ in _SIGNALS if n != frame_length)


@exercise(
    "1.6",
    "frames, Hann window, spectrum and power are right for loud and faint random signals, with frames of eight lengths",
    own=COURSE + r"audio\.(stft|log_mel)",
    stops={
        r"\(200,\)": "`hann` above is a window for frames of 200: make one of `frame_length` samples.",
        r"shapes \(\d+,\) \(\d+,\)|could not broadcast input|inhomogeneous|same shape|out of bounds for axis 0 "
        rf"with size ({_LENGTHS})\b": (
            "A frame at the end has fewer than `frame_length` samples: stop where the last whole one begins, at "
            "`len(samples) - frame_length` at the latest."
        ),
    },
)
def power_spectrogram(my_power_spectrogram: Callable) -> None:
    """Checks the power spectrogram (lesson 01).

    Args:
        my_power_spectrogram: function of ``(samples, frame_length, hop)``, float ``(n,)`` and two ints, that returns
            float ``(1 + (n - frame_length) // hop, frame_length // 2 + 1)``.

    Raises:
        CheckFailed: with a hint for the step that went wrong.
    """
    rng = np.random.default_rng(5)
    for n, frame_length, hop, size in _SIGNALS:
        samples = size * rng.normal(size=n)
        value = my_power_spectrogram(samples, frame_length, hop)
        _check_spectrogram(value, samples, frame_length, hop, size)


def _check_spectrogram(value: Any, samples: np.ndarray, frame_length: int, hop: int, size: float) -> None:
    n = len(samples)
    given = f"The spectrogram of {n} samples (frames of {frame_length}, hop {hop})"
    starts = np.arange(0, n - frame_length + 1, hop)
    shape = (len(starts), frame_length // 2 + 1)
    frames = np.stack([samples[start : start + frame_length] for start in starts])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame_length) / frame_length)
    spectrum = np.fft.rfft(frames * window)
    inside = "Only frames that lie fully inside the signal count, `1 + (n - frame_length) // hop` of them."
    rate = 2 ** int(np.ceil(np.log2(frame_length)))
    hints = [
        (shape[::-1], "The first axis is time, the second frequency."),
        (
            (shape[0], frame_length),
            "A real signal needs only the frequencies from 0 to half the rate, `np.fft.rfft`.",
        ),
        (
            (shape[0], rate // 2 + 1),
            "Take the spectrum of the frame as it is; zeros behind it make more frequencies.",
        ),
        *[((count, shape[1]), inside) for count in range(1, n + 2)],
    ]
    value = expect_array(value, shape, np.number, given, hints)
    expect(
        not np.iscomplexobj(value),
        f"{given} is complex: the power is the squared absolute value of the spectrum.",
    )
    value, frames, spectrum = value / size**2, frames / size, spectrum / size
    plain, symmetric = np.fft.rfft(frames), np.fft.rfft(frames * np.hanning(frame_length))
    whole = samples / size * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(n) / n))
    of_whole = np.fft.rfft(np.stack([whole[start : start + frame_length] for start in starts]))
    expect_close(
        value,
        np.abs(spectrum) ** 2,
        given,
        mistakes=(
            (
                np.abs(plain) ** 2,
                f"{given} was made without a window: multiply each frame by the Hann window first.",
            ),
            (np.abs(spectrum), f"{given} holds magnitudes: square them to get power."),
            (np.abs(plain), f"{given} was made without a window and without squaring."),
            (
                np.abs(symmetric) ** 2,
                f"{given} was made with the symmetric window that ends on 0, as `np.hanning` and, for odd lengths, TensorFlow "
                "make it. Spectra use the periodic one: divide by `frame_length`, not by `frame_length - 1`.",
            ),
            (
                np.abs(spectrum) ** 2 / frame_length,
                f"{given} was divided by the frame length: leave the power as it is.",
            ),
            (
                np.real(spectrum) ** 2,
                f"{given} uses the real part only: power is the squared *absolute value*.",
            ),
            (
                (spectrum**2).real,
                f"{given} was squared as complex numbers, whose real part can be negative: `np.abs` first, then square.",
            ),
            (
                20 * np.log10(np.abs(spectrum) + 1e-30),
                f"{given} is in decibels: return the power itself.",
            ),
            (
                np.abs(np.fft.rfft(frames * (1 - window))) ** 2,
                f"{given} was made with a window that fades the middle out, `0.5 + 0.5 cos`: it is `0.5 - 0.5 cos`.",
            ),
            (
                np.abs(of_whole) ** 2,
                f"{given} was made with one window over the whole signal: each frame gets its own, `frame_length` long.",
            ),
        ),
    )
