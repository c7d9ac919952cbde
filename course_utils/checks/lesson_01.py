"""Checks of lesson 01: preprocessing of pictures, text and speech."""

import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from course_utils.checks import exercise, expect, expect_array, expect_close

__all__ = ["alias", "matching", "padding", "power_spectrogram", "preprocess", "standardise"]

RED, GREEN, BLUE, YELLOW = (220, 30, 30), (30, 200, 60), (30, 60, 220), (240, 220, 40)


@exercise(
    "1.1", "grey, palette, transparent, rotated, wide and tiny files come out upright, centred, uint8 RGB"
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


def _check_kinds(my_preprocess: Callable, folder: Path) -> None:
    ramp = np.tile(np.linspace(0, 255, 60).astype(np.uint8), (40, 1))
    kinds = {
        "a grey PNG": ("grey.png", Image.fromarray(ramp), "convert every picture to RGB"),
        "a palette GIF": (
            "palette.gif",
            Image.fromarray(ramp).convert("P"),
            "its values are palette entries: convert to RGB",
        ),
        "an RGBA PNG": (
            "rgba.png",
            Image.fromarray(ramp).convert("RGBA"),
            "lay it over white, then convert to RGB",
        ),
        "a CMYK JPEG": ("cmyk.jpg", Image.fromarray(ramp).convert("CMYK"), "convert every picture to RGB"),
        "a PNG smaller than the result": (
            "tiny.png",
            Image.new("RGB", (6, 9), RED),
            "small pictures are enlarged",
        ),
    }
    for kind, (name, picture, remedy) in kinds.items():
        path = folder / name
        picture.save(path)
        for size in (32, 20):
            value = my_preprocess(path, size)
            expect(value is not None, "Your function returned None: does it end without `return`?")
            expect(
                np.shape(value) == (size, size, 3),
                f"{kind} came out with shape {np.shape(value)}, expected {(size, size, 3)}: {remedy}.",
            )
            expect_array(value, (size, size, 3), np.uint8, f"The result for {kind}")


def _check_orientation(my_preprocess: Callable, folder: Path) -> None:
    upright = np.zeros((40, 40, 3), np.uint8)
    upright[:20], upright[20:] = BLUE, YELLOW
    exif = Image.Exif()
    exif[0x0112] = 6  # orientation: "turn me 90° clockwise to show me"
    path = folder / "turned.jpg"
    Image.fromarray(np.rot90(upright)).save(path, exif=exif, quality=95)
    value = my_preprocess(path, 32).astype(float)
    expect(
        np.abs(value[:12] - BLUE).mean() < 40 and np.abs(value[-12:] - YELLOW).mean() < 40,
        "A photograph taken with the phone turned sideways came out lying on its side: the file stores the pixels as the "
        "sensor saw them plus an EXIF orientation. `ImageOps.exif_transpose` applies it.",
    )


def _check_transparency(my_preprocess: Callable, folder: Path) -> None:
    see_through = np.zeros((40, 40, 4), np.uint8)
    see_through[..., :3] = RED  # the colour hidden under transparent pixels
    see_through[10:30, 10:30] = (*GREEN, 255)
    path = folder / "see_through.png"
    Image.fromarray(see_through).save(path)
    corner = my_preprocess(path, 32)[:6, :6].reshape(-1, 3).astype(float).mean(axis=0)
    expect(
        np.abs(corner - RED).max() > 60,
        "Transparent pixels came out in the colour hidden under them: `convert('RGB')` throws alpha away. Paste the picture "
        "over a white one first, with itself as the mask.",
    )
    expect(corner.max() > 60, "Transparent pixels came out black: lay the picture over white.")
    expect(
        corner.min() > 245,
        f"Fully transparent pixels came out as RGB {tuple(int(c) for c in corner)}, expected white (255, 255, 255).",
    )


def _check_geometry(my_preprocess: Callable, folder: Path) -> None:
    wide = np.zeros((60, 180, 3), np.uint8)
    wide[:, :60], wide[:, 60:120], wide[:, 120:] = RED, GREEN, BLUE
    rows, columns = np.mgrid[:60, :180]
    wide[np.hypot(rows - 29.5, columns - 89.5) < 15] = YELLOW  # a disc, half as wide as the picture is high
    path = folder / "wide.png"
    for turned in (False, True):
        Image.fromarray(wide.transpose(1, 0, 2) if turned else wide).save(path)
        value = my_preprocess(path, 48).astype(float)
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
        np.abs(my_preprocess(path, 32).astype(float) - 127.5).max() < 40,
        "A fine black-and-white checkerboard, shrunk eight times, did not come out as even grey: the nearest-neighbour filter "
        "picks single pixels and aliases. Use a filter that averages, such as LANCZOS.",
    )


@exercise(
    "1.2", "both sets are standardised by the training set's statistics, channel by channel, without NaN"
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
    for n, m, height, width in ((12, 7, 16, 14), (6, 9, 20, 20)):
        train = rng.normal((60, 120, 180), (10, 20, 40), (n, height, width, 3)).clip(0, 255).astype(np.uint8)
        test = rng.normal((90, 100, 200), (30, 15, 20), (m, height, width, 3)).clip(0, 255).astype(np.uint8)
        _check_statistics(my_standardise, train, test)
    flat = train.copy()
    flat[..., 1] = 77  # a channel that never changes
    value = my_standardise(flat.copy(), test.copy())[0]
    expect(
        np.isfinite(value).all(),
        "A channel that is 77 everywhere came out as NaN or infinite: its standard deviation is 0. Divide by 1 there.",
    )


def _check_statistics(my_standardise: Callable, train: np.ndarray, test: np.ndarray) -> None:
    value = my_standardise(train.copy(), test.copy())
    expect(value is not None, "Your function returned None: does it end without `return`?")
    expect(
        isinstance(value, tuple) and len(value) == 2, "Return two arrays: `return train_scaled, test_scaled`."
    )
    scaled_train = expect_array(value[0], train.shape, np.floating, "The training set")
    scaled_test = expect_array(value[1], test.shape, np.floating, "The test set")

    def by(
        source: np.ndarray, target: np.ndarray, axes: tuple[int, ...], spread: Callable = np.std
    ) -> np.ndarray:
        source = source.astype(np.float64)
        return (target - source.mean(axis=axes, keepdims=True)) / spread(source, axis=axes, keepdims=True)

    both = np.concatenate([train, test])
    channelwise, tolerance = (0, 1, 2), 3e-3
    expect_close(
        scaled_train,
        by(train, train, channelwise),
        "The training set",
        mistakes=(
            (
                by(both, train, channelwise),
                "Your statistics include the test set: it must stay unseen. Use the training set alone.",
            ),
            (
                by(train, train, None),
                "You used one mean and one standard deviation for all colours: keep the channel axis, `axis=(0, 1, 2)`.",
            ),
            (
                by(train, train, 0),
                "You used statistics per pixel, `axis=0`: average over pictures, rows and columns, `axis=(0, 1, 2)`.",
            ),
            (
                by(train, train, (1, 2)),
                "You used statistics per picture: that erases brightness differences between pictures. Include axis 0.",
            ),
            (by(train, train, channelwise, np.var), "You divided by the variance: take its square root."),
            (
                train - train.mean(axis=channelwise),
                "You only subtracted the mean: divide by the standard deviation too.",
            ),
            (
                train / 255,
                "You scaled to [0, 1]: subtract the training mean and divide by the training standard deviation instead.",
            ),
        ),
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
        ),
        tolerance=tolerance,
    )


@exercise("1.3", "the longest word is taken from the left in 300 random sentences, and nothing is lost")
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
        ("研究生命起源", {"研究", "研究生", "生命", "起源"}),
        ("", {"研究"}),
        ("你好", set()),
    ]
    for _ in range(300):
        words = {"".join(rng.choice(list("甲乙丙丁"), rng.integers(1, 6))) for _ in range(rng.integers(1, 9))}
        cases.append(("".join(rng.choice(list("甲乙丙丁戊"), rng.integers(1, 12))), words))
    for sentence, words in cases:
        value = my_matching(sentence, set(words))
        right = _longest(sentence, words)
        given = f"For the sentence {sentence!r} and the words {sorted(words)} you returned {value!r}"
        expect(isinstance(value, list), f"{given}, expected a list: {right!r}.")
        if value == right:
            continue
        expect(
            "".join(value) == sentence,
            f"{given}: characters were lost or repeated. A character that begins no word stands alone as a token.",
        )
        expect(
            value != _longest(sentence[::-1], {word[::-1] for word in words}, backward=True),
            f"{given}: that is matching from the right end. Start at the left: {right!r}.",
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


@exercise("1.4", "ids and mask are right for short, long, empty and zero-containing sequences")
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
    for _ in range(30):
        sequences = [rng.integers(0, 50, rng.integers(0, 9)).tolist() for _ in range(rng.integers(1, 6))]
        cases.append((sequences, int(rng.integers(1, 8))))
    for sequences, length in cases:
        _check_padding(my_padding, sequences, length)


def _check_padding(my_padding: Callable, sequences: list[list[int]], length: int) -> None:
    given = f"{sequences} padded to length {length}"
    value = my_padding([list(sequence) for sequence in sequences], length)
    expect(value is not None, "Your function returned None: does it end without `return`?")
    expect(isinstance(value, tuple) and len(value) == 2, "Return two arrays: `return ids, mask`.")
    shape = (len(sequences), length)
    ids = expect_array(value[0], shape, np.integer, f"ids for {given}")
    expect_array(value[1], shape, np.bool_, f"mask for {given}")
    right_ids, right_mask = np.zeros(shape, int), np.zeros(shape, bool)
    left_ids, tail_ids = np.zeros(shape, int), np.zeros(shape, int)
    for row, sequence in enumerate(sequences):
        kept, tail = sequence[:length], sequence[-length:]
        right_ids[row, : len(kept)] = kept
        right_mask[row, : len(kept)] = True
        left_ids[row, length - len(kept) :] = kept
        tail_ids[row, : len(tail)] = tail
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
        ),
    )
    expect_close(
        value[1],
        right_mask,
        f"mask for {given}",
        mistakes=(
            (~right_mask, f"{given}: your mask is inverted. True means a real id, False means padding."),
            (
                right_ids != 0,
                f"{given}: you made the mask from `ids != 0`, but 0 is a real id here. Use the lengths.",
            ),
        ),
    )


@exercise("1.5", "1,000 tones, below and far above half the sampling rate, are heard where they should be")
def alias(my_alias: Callable) -> None:
    """Checks the frequency at which a sampled tone is heard (lesson 01).

    Args:
        my_alias: function of ``(frequency, rate)``, floats in Hz, that returns a float in [0, rate / 2].

    Raises:
        CheckFailed: with the tone, the rate and the likely cause.
    """
    rng = np.random.default_rng(4)
    cases = [(21_000.0, 8000.0)]  # here every typical mistake gives another number
    cases += [(float(tone), 8000.0) for tone in (1000, 5000, 7000, 8000, 9000, 13_000)]
    cases += list(
        zip(rng.uniform(0, 60_000, 1000), rng.choice([8000.0, 16_000.0, 11_025.0], 1000), strict=True)
    )
    for frequency, rate in cases:
        value = my_alias(frequency, rate)
        expect(value is not None, "Your function returned None: does it end without `return`?")
        # Independent of any formula: among tones below half the rate, the one with the same samples.
        right = np.arccos(np.clip(np.cos(2 * np.pi * frequency / rate), -1, 1)) * rate / (2 * np.pi)
        expect_close(
            value,
            right,
            f"A tone of {frequency:.1f} Hz sampled at {rate:.0f} Hz",
            mistakes=(
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


@exercise("1.6", "frames, Hann window, spectrum and power are right for random signals of several lengths")
def power_spectrogram(my_power_spectrogram: Callable) -> None:
    """Checks the power spectrogram (lesson 01).

    Args:
        my_power_spectrogram: function of ``(samples, frame_length, hop)``, float ``(n,)`` and two ints, that returns
            float ``(1 + (n - frame_length) // hop, frame_length // 2 + 1)``.

    Raises:
        CheckFailed: with a hint for the step that went wrong.
    """
    rng = np.random.default_rng(5)
    for n, frame_length, hop in ((400, 64, 32), (1000, 128, 50), (257, 32, 8), (64, 64, 16)):
        samples = rng.normal(size=n)
        value = my_power_spectrogram(samples.copy(), frame_length, hop)
        expect(value is not None, "Your function returned None: does it end without `return`?")
        _check_spectrogram(np.asarray(value), samples, frame_length, hop)


def _check_spectrogram(value: Any, samples: np.ndarray, frame_length: int, hop: int) -> None:
    n = len(samples)
    given = f"The spectrogram of {n} samples (frames of {frame_length}, hop {hop})"
    starts = np.arange(0, n - frame_length + 1, hop)
    shape = (len(starts), frame_length // 2 + 1)
    frames = np.stack([samples[start : start + frame_length] for start in starts])
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame_length) / frame_length)
    spectrum = np.fft.rfft(frames * window)
    expect(
        value.shape == shape,
        f"{given} has shape {value.shape}, expected {shape}: "
        + (
            "the first axis is time, the second frequency."
            if value.shape == shape[::-1]
            else "a real signal needs only the frequencies from 0 to half the rate, `np.fft.rfft`."
            if value.ndim == 2 and value.shape[1] == frame_length
            else "only frames that lie fully inside the signal count, `1 + (n - frame_length) // hop` of them."
        ),
    )
    expect(
        not np.iscomplexobj(value),
        f"{given} is complex: the power is the squared absolute value of the spectrum.",
    )
    plain, symmetric = np.fft.rfft(frames), np.fft.rfft(frames * np.hanning(frame_length))
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
                f"{given} was made with `np.hanning`, the symmetric window that ends on 0. Spectra use the periodic one: "
                "divide by `frame_length`, not by `frame_length - 1`.",
            ),
            (
                np.abs(spectrum) ** 2 / frame_length,
                f"{given} was divided by the frame length: leave the power as it is.",
            ),
            (
                np.real(spectrum) ** 2,
                f"{given} uses the real part only: power is the squared *absolute value*.",
            ),
        ),
    )
