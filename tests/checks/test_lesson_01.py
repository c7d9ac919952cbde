"""Lesson 01's checks accept right answers of any style and reject wrong ones with the hint meant for them."""

import numpy as np
from PIL import Image, ImageOps
from sklearn.preprocessing import StandardScaler

from course_utils.checks import lesson_01 as check
from course_utils.preprocessing import audio, images, text
from tests.checks.tables import table_of_tests

# --- 1.1 ----------------------------------------------------------------------------------------------------


def upright_rgb(path):
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def preprocess_fit(path, size):
    return np.array(ImageOps.fit(upright_rgb(path), (size, size), Image.Resampling.BICUBIC))


def preprocess_by_steps(path, size):
    picture = ImageOps.exif_transpose(Image.open(path))
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        base = Image.new("RGB", picture.size, (255, 255, 255))
        base.paste(picture, mask=picture.getchannel("A"))
        picture = base
    picture = picture.convert("RGB")
    scale = size / min(picture.size)
    wide, high = (max(size, round(side * scale)) for side in picture.size)
    picture = picture.resize((wide, high), Image.Resampling.LANCZOS)
    left, top = (wide - size) // 2, (high - size) // 2
    return np.asarray(picture.crop((left, top, left + size, top + size)))


def preprocess_found(path, size):
    return np.array(Image.open(path).resize((size, size)))


def preprocess_sideways(path, size):
    with Image.open(path) as opened:
        picture = opened.convert("RGBA")
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return np.array(ImageOps.fit(picture, (size, size)))


def preprocess_hidden_colour(path, size):
    return np.array(ImageOps.fit(ImageOps.exif_transpose(Image.open(path)).convert("RGB"), (size, size)))


def preprocess_on_black(path, size):
    picture = ImageOps.exif_transpose(Image.open(path)).convert("RGBA")
    picture = Image.alpha_composite(Image.new("RGBA", picture.size, "black"), picture).convert("RGB")
    return np.array(ImageOps.fit(picture, (size, size)))


def preprocess_corner(path, size):
    return np.array(ImageOps.fit(upright_rgb(path), (size, size), centering=(0, 0)))


def preprocess_crop_only(path, size):
    picture = upright_rgb(path)
    if min(picture.size) < size:
        return preprocess_fit(path, size)
    left, top = (picture.width - size) // 2, (picture.height - size) // 2
    return np.array(picture.crop((left, top, left + size, top + size)))


def preprocess_palette_as_grey(path, size):
    """Takes the entries of a palette for brightness."""
    with Image.open(path) as opened:
        if opened.mode == "P" and not opened.has_transparency_data:
            return preprocess_fit_of(Image.fromarray(np.array(opened)), size)
    return preprocess_fit(path, size)


def preprocess_fit_of(picture, size):
    return np.array(ImageOps.fit(picture.convert("RGB"), (size, size), Image.Resampling.LANCZOS))


def preprocess_bits_as_levels(path, size):
    with Image.open(path) as opened:
        if opened.mode == "1":
            return preprocess_fit_of(Image.fromarray(np.array(opened).astype(np.uint8)), size)
    return preprocess_fit(path, size)


def preprocess_only_mode(*modes):
    """Lays only pictures of some modes over white."""

    def answer(path, size):
        with Image.open(path) as opened:
            if opened.mode in modes or not opened.has_transparency_data:
                return preprocess_fit(path, size)
        return preprocess_hidden_colour(path, size)

    return answer


def preprocess_hard_edges(path, size):
    picture = np.array(ImageOps.exif_transpose(Image.open(path)).convert("RGBA"))
    picture[picture[..., 3] == 0] = 255
    return preprocess_fit_of(Image.fromarray(picture), size)


def preprocess_turn_only(path, size):
    """Turns by EXIF, but forgets the mirrored orientations."""
    with Image.open(path) as opened:
        turn = {3: 180, 6: 270, 8: 90}.get(opened.getexif().get(0x0112), 0)
        picture = opened.convert("RGBA").rotate(turn, expand=True)
    return preprocess_fit_of(Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture), size)


def preprocess_not_assigned(path, size):
    picture = Image.open(path)
    ImageOps.exif_transpose(picture)
    return preprocess_fit_of(
        Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture.convert("RGBA")), size
    )


def preprocess_own_mask(path, size):
    """Pastes a picture with itself as the mask, whether or not it has an alpha channel."""
    picture = ImageOps.exif_transpose(Image.open(path))
    if picture.has_transparency_data:
        white = Image.new("RGB", picture.size, "white")
        white.paste(picture, mask=picture)
        picture = white
    return preprocess_fit_of(picture, size)


PREPROCESS_RIGHT = {"fit": preprocess_fit, "steps": preprocess_by_steps}
PREPROCESS_WRONG = {
    "the course's own": (
        images.preprocess_image,
        "calls `course_utils.preprocessing.images.preprocess_image`",
    ),
    "palette as grey": (preprocess_palette_as_grey, "palette entries"),
    "bits as levels": (preprocess_bits_as_levels, "black-and-white PNG: convert every picture to RGB"),
    "RGBA only over white": (preprocess_only_mode("RGBA"), "grey PNG with alpha.*hidden under them"),
    "no transparent colour": (
        preprocess_only_mode("RGBA", "LA", "P"),
        "transparent colour over white: transparent pixels came out in the colour hidden",
    ),
    "half-transparent made opaque": (preprocess_hard_edges, "half-transparent pixels came out opaque"),
    "mirrored orientations": (preprocess_turn_only, "EXIF orientation 2.*mirrored"),
    "blue first": (lambda p, s: preprocess_fit(p, s)[..., ::-1], "red and blue are exchanged"),
    "inverted": (lambda p, s: 255 - preprocess_fit(p, s), "colours are inverted"),
    "scaled to bytes": (lambda p, s: (preprocess_fit(p, s) / 255).astype(np.uint8), "leave them as they are"),
    "an even size": (lambda p, s: preprocess_fit(p, s // 2 * 2), "says how large the result"),
    "as found": (preprocess_found, "a grey PNG has shape .* Convert every picture to RGB"),
    "turned picture not kept": (preprocess_not_assigned, "gives back a new picture"),
    "itself as the mask": (preprocess_own_mask, 'bad transparency mask.*convert\\("RGBA"\\)` first'),
    "no EXIF": (preprocess_sideways, "lying on its side"),
    "alpha thrown away": (preprocess_hidden_colour, "hidden under them"),
    "black behind": (preprocess_on_black, "came out black"),
    "squashed": (lambda p, s: np.array(upright_rgb(p).resize((s, s))), "squashed into the square"),
    "crop from the corner": (preprocess_corner, "not its middle"),
    "letterbox": (
        lambda p, s: np.array(ImageOps.pad(upright_rgb(p), (s, s), color="white")),
        "not its middle",
    ),
    "crop without resizing": (preprocess_crop_only, "resize the shorter side"),
    "nearest": (
        lambda p, s: np.array(ImageOps.fit(upright_rgb(p), (s, s), Image.Resampling.NEAREST)),
        "nearest-neighbour filter",
    ),
    "floats": (lambda p, s: preprocess_fit(p, s) / 255, "dtype float64"),
    "fixed size": (lambda p, s: preprocess_fit(p, 224), "says how large the result"),
    "channels first": (lambda p, s: preprocess_fit(p, s).transpose(2, 0, 1), "channels in the last axis"),
    "no return": (lambda p, s: None, "without `return`"),
    "constant": (lambda p, s: np.zeros((s, s, 3), np.uint8), "leave them as they are|came out black"),
}

# --- 1.2 ----------------------------------------------------------------------------------------------------


def standardise_by_loop(train, test):
    scaled_train, scaled_test = train.astype(np.float32), test.astype(np.float32)
    for channel in range(3):
        values = train[..., channel].astype(np.float64)
        spread = values.std() or 1.0
        scaled_train[..., channel] = (train[..., channel] - values.mean()) / spread
        scaled_test[..., channel] = (test[..., channel] - values.mean()) / spread
    return scaled_train, scaled_test


def standardise_with(source, axis=(0, 1, 2), spread=np.std):
    """A wrong answer: statistics of another set, over other axes, or another spread."""

    def answer(train, test):
        pool = {"train": train, "test": test, "both": np.concatenate([train, test])}
        sets = []
        for name, pictures in (("train", train), ("test", test)):
            values = pool[name if source == "own" else source].astype(np.float64)
            scale = spread(values, axis=axis, keepdims=True)
            sets.append((pictures - values.mean(axis=axis, keepdims=True)) / np.where(scale > 0, scale, 1))
        return tuple(sets)

    return answer


def standardise_by(train, test, divisor):
    mean, std = train.mean(axis=(0, 1, 2)), divisor(train.std(axis=(0, 1, 2)))
    return (train - mean) / std, (test - mean) / std


def standardise_unless_any(train, test):
    """Takes 1 for every channel as soon as one of them is flat."""
    return standardise_by(train, test, lambda std: std if std.all() else 1)


def standardise_scaled(train, test):
    return standardise_by(train / 255, test / 255, lambda std: np.where(std > 0, std, 1))


def standardise_bytes(train, test):
    mean, std = train.mean(axis=(0, 1, 2)).astype(np.uint8), train.std(axis=(0, 1, 2))
    return (train - mean) / std, (test - mean) / std


def standardise_test_by_its_mean(train, test):
    scaled, _ = standardise_by_loop(train, test)
    return scaled, (test - test.mean(axis=(0, 1, 2))) / train.std(axis=(0, 1, 2))


def standardise_with_nan(train, test):
    mean, std = train.mean(axis=(0, 1, 2)), train.std(axis=(0, 1, 2))
    with np.errstate(all="ignore"):
        return (train - mean) / std, (test - mean) / std


def standardise_with_scikit_learn(train, test):
    scaler = StandardScaler().fit(train.reshape(-1, 3))
    return tuple(
        scaler.transform(pictures.reshape(-1, 3)).reshape(pictures.shape) for pictures in (train, test)
    )


STANDARDISE_RIGHT = {
    "loop": standardise_by_loop,
    "sample deviation": standardise_with("train", spread=lambda *a, **k: np.std(*a, ddof=1, **k)),
    "scikit-learn": standardise_with_scikit_learn,
    "a list": lambda train, test: [*standardise_by_loop(train, test)],
}
STANDARDISE_WRONG = {
    "the course's own": (
        lambda *sets: tuple(images.standardise(x, *images.channel_statistics(sets[0])) for x in sets),
        "calls `course_utils.preprocessing.images.standardise`",
    ),
    "a small number added": (
        lambda train, test: standardise_by(train, test, lambda std: std + 1e-8),
        "divided by something else than 1.*a small number was added",
    ),
    "scaled to 1 before": (standardise_scaled, "divided by 255 first"),
    "one flat channel, all by 1": (standardise_unless_any, "Every channel was divided by 1"),
    "bytes from bytes": (standardise_bytes, "begin again at 255"),
    "test set's own mean": (standardise_test_by_its_mean, "test set's own mean"),
    "exchanged": (lambda *a: standardise_by_loop(*a)[::-1], "return the training set first"),
    "a mean for each picture": (
        lambda train, test: tuple(
            (x - train.mean(axis=(1, 2), keepdims=True)) / train.std(axis=(1, 2), keepdims=True)
            for x in (train, test)
        ),
        "statistics per picture",
    ),
    "NaN to numbers": (
        lambda train, test: tuple(map(np.nan_to_num, standardise_with_nan(train, test))),
        "divided by something else than 1",
    ),
    "at least 1": (
        lambda train, test: standardise_by(train, test, lambda std: np.maximum(std, 1)),
        "do so only where it is 0",
    ),
    "single precision": (
        lambda train, test: standardise_by(
            train.astype(np.float32), test, lambda std: np.where(std > 0, std, 1)
        ),
        "a float32 cannot hold",
    ),
    "flat set to 0": (
        lambda train, test: tuple(
            np.where(np.ptp(train, axis=(0, 1, 2)) > 0, x, 0) for x in standardise_by_loop(train, test)
        ),
        "divided by something else than 1",
    ),
    "squeezed": (lambda *a: tuple(x.squeeze() for x in standardise_by_loop(*a)), "has shape"),
    "own statistics": (standardise_with("own"), "test set's own statistics"),
    "test included": (standardise_with("both"), "include the test set"),
    "one number": (standardise_with("train", axis=None), "keep the channel axis"),
    "per pixel": (
        lambda train, test: (
            (train - train.mean(axis=0)) / train.std(axis=0),
            (test - train.mean(axis=0)) / train.std(axis=0),
        ),
        "statistics per pixel",
    ),
    "per picture": (standardise_with("own", axis=(1, 2)), "statistics per picture"),
    "variance": (standardise_with("train", spread=np.var), "square root"),
    "mean only": (
        lambda train, test: (train - train.mean(axis=(0, 1, 2)), test - train.mean(axis=(0, 1, 2))),
        "only subtracted the mean",
    ),
    "scaled": (lambda train, test: (train / 255, test / 255), "scaled to \\[0, 1\\]"),
    "NaN": (standardise_with_nan, "NaN or infinite"),
    "identity": (lambda train, test: (train, test), "dtype uint8"),
    "one array": (lambda train, test: train / 255, "Return two things"),
    "no return": (lambda train, test: None, "without `return`"),
}

# --- 1.3 ----------------------------------------------------------------------------------------------------


def match(sentence, words, shortest=False, drop=False, longest=None):
    tokens, start = [], 0
    while start < len(sentence):
        ends = [
            end
            for end in range(start + 1, len(sentence) + 1)
            if sentence[start:end] in words and (longest is None or end - start <= longest)
        ]
        if ends:
            end = min(ends) if shortest else max(ends)
            tokens.append(sentence[start:end])
        else:
            end = start + 1
            if not drop:
                tokens.append(sentence[start:end])
        start = end
    return tokens


def match_recursively(sentence, words):
    if not sentence:
        return []
    first = next((w for w in sorted(words, key=len, reverse=True) if sentence.startswith(w)), sentence[0])
    return [first, *match_recursively(sentence[len(first) :], words)]


def fewest(sentence, words):
    best = [[]]
    for end in range(1, len(sentence) + 1):
        ways = [
            [*best[start], sentence[start:end]]
            for start in range(end)
            if sentence[start:end] in words or end - start == 1
        ]
        best.append(min(ways, key=len))
    return best[-1]


def match_and_learn(sentence, words):
    words.add(sentence[:1])
    return match(sentence, words)


MATCHING_RIGHT = {
    "array": lambda s, w: np.array(match(s, w), dtype=str),
    "tuple": lambda s, w: tuple(match(s, w)),
    "loop": match,
    "recursion": match_recursively,
}
MATCHING_WRONG = {
    "the course's own": (text.maximum_matching, "calls `course_utils.preprocessing.text.maximum_matching`"),
    "drops blanks and full stops": (
        lambda s, w: [token for token in match(s, w) if token not in " ,，。"],
        "a blank or a comma too",
    ),
    "fewest tokens": (fewest, "fewest tokens that there can be"),
    "up to four letters": (lambda s, w: match(s, w, longest=4), "a longer word was possible"),
    "up to six letters": (lambda s, w: match(s, w, longest=6), "a longer word was possible"),
    "changes the words": (match_and_learn, "changed the sets"),
    "shortest": (lambda s, w: match(s, w, shortest=True), "a longer word was possible"),
    "drops unknown characters": (lambda s, w: match(s, w, drop=True), "characters were lost"),
    "at most two characters": (lambda s, w: match(s, w, longest=2), "a longer word was possible"),
    "from the right": (
        lambda s, w: [t[::-1] for t in match(s[::-1], {x[::-1] for x in w})[::-1]],
        "from the right end",
    ),
    "single characters": (lambda s, w: list(s), "a longer word was possible"),
    "whole sentence": (lambda s, w: [s] if s else [], "every token is a word of the dictionary"),
    "joined": (lambda s, w: " ".join(match(s, w)), "expected a list of text"),
    "no return": (lambda s, w: None, "without `return`"),
}

# --- 1.4 ----------------------------------------------------------------------------------------------------


def pad(sequences, length, front=False, tail=False):
    ids, mask = np.zeros((len(sequences), length), int), np.zeros((len(sequences), length), bool)
    for row, sequence in enumerate(sequences):
        kept = sequence[-length:] if tail else sequence[:length]
        place = slice(length - len(kept), None) if front else slice(len(kept))
        ids[row, place], mask[row, place] = kept, True
    return ids, mask


def pad_vectorised(sequences, length):
    lengths = np.array([len(sequence) for sequence in sequences])
    ids = np.array([(list(sequence) + [0] * length)[:length] for sequence in sequences], dtype=np.int32)
    return ids, np.arange(length) < lengths[:, None]


def pad_in_place(sequences, length):
    ids, mask = pad(sequences, length)
    for sequence in sequences:
        sequence += [0] * (length - len(sequence))
    return ids, mask


def pad_real_end(sequences, length):
    """Takes zeros at the end of a sequence for padding."""
    ids, mask = pad(sequences, length)
    for row, kept in enumerate(ids):
        mask[row] = np.arange(length) < max(np.flatnonzero(kept) + 1, default=0)
    return ids, mask


def pad_one_row(sequences, length):
    ids, mask = [[0] * length] * len(sequences), pad(sequences, length)[1]
    for row, sequence in zip(ids, sequences, strict=True):
        row[: len(sequence[:length])] = sequence[:length]
    return ids, mask


def pad_one_mask(sequences, length):
    mask = [[False] * length] * len(sequences)
    for row, sequence in zip(mask, sequences, strict=True):
        row[: len(sequence[:length])] = [True] * len(sequence[:length])
    return pad(sequences, length)[0], mask


def pad_uncut(sequences, length):
    ids, mask = pad(sequences, length)
    for row, sequence in enumerate(sequences):
        ids[row, : len(sequence)] = sequence
    return ids, mask


def padded_as(dtype):
    return lambda sequences, length: (
        pad(sequences, length)[0].astype(dtype),
        pad(sequences, length)[1],
    )


PADDING_RIGHT = {
    "loop": pad,
    "vectorised": pad_vectorised,
    "lists": lambda s, n: [x.tolist() for x in pad(s, n)],
}
PADDING_WRONG = {
    "the course's own": (text.pad, "calls `course_utils.preprocessing.text.pad`"),
    "zeros at the end": (pad_real_end, "a 0 at the end can be real"),
    "one row": (pad_one_row, "all rows are one and the same list"),
    "one row of the mask": (pad_one_mask, "all rows of the mask are one"),
    "not cut": (pad_uncut, "could not broadcast.*cut it"),
    "lists extended": (pad_in_place, "changed the lists"),
    "bytes": (padded_as(np.uint8), "went past 255"),
    "16 bits": (padded_as(np.int16), "went past 32,767"),
    "16 bits, unsigned": (padded_as(np.uint16), "went past 65,535"),
    "squeezed": (lambda *a: tuple(x.squeeze() for x in pad(*a)), "has shape"),
    "in front": (lambda s, n: pad(s, n, front=True), "padding in front"),
    "keeps the end": (lambda s, n: pad(s, n, tail=True), "kept its last"),
    "inverted mask": (lambda s, n: (pad(s, n)[0], ~pad(s, n)[1]), "mask is inverted"),
    "mask from zeros": (lambda s, n: (pad(s, n)[0], pad(s, n)[0] != 0), "`ids != 0`"),
    "integer mask": (lambda s, n: (pad(s, n)[0], pad(s, n)[1].astype(int)), "expected bool"),
    "float ids": (lambda s, n: (pad(s, n)[0] * 1.0, pad(s, n)[1]), "expected integer"),
    "longest decides": (
        lambda s, n: pad(s, max(n, *map(len, s), 0)),
        "not the longest sequence",
    ),
    "ids only": (lambda s, n: pad(s, n)[0].tolist(), "Return two arrays"),
    "no return": (lambda s, n: None, "without `return`"),
}

# --- 1.5 ----------------------------------------------------------------------------------------------------

ALIAS_RIGHT = {
    "fold": lambda f, r: min(f % r, r - f % r),
    "round": lambda f, r: abs(f - r * np.round(f / r)),
    "triangle": lambda f, r: r / 2 - abs(f % r - r / 2),
}
ALIAS_WRONG = {
    "empty": (lambda f, r: [], "expected one number"),
    "two folds": (
        lambda f, r: abs(abs(f - r) - r) if f > 1.5 * r else min(f, abs(r - f)),
        "can still lie above",
    ),
    "an array": (lambda f, r: np.array([min(f % r, r - f % r)]), "expected one number"),
    "identity": (lambda f, r: f, "nothing above 4000 Hz exists"),
    "one reflection": (lambda f, r: f if f <= r / 2 else r - f, "fold again"),
    "absolute difference": (lambda f, r: f if f <= r / 2 else abs(r - f), "more than one sampling rate up"),
    "remainder": (lambda f, r: f % r, "can still lie above"),
    "remainder of half": (lambda f, r: f % (r / 2), "reflected at 4000 Hz"),
    "fixed rate": (lambda f, r: min(f % 8000, 8000 - f % 8000), "^You took 8000 Hz .*`rate`\\.$"),
    "cut off": (lambda f, r: min(f, r / 2), "does not stay there"),
    "silent": (lambda f, r: f if f <= r / 2 else 0, "is not silent"),
    "negative": (lambda f, r: -(f % r), "from 0 to 4000 Hz, .* is -5000, expected 3000"),
    "constant": (lambda f, r: 1234.0, "expected 3000"),
    "no return": (lambda f, r: None, "without `return`"),
}

# --- 1.6 ----------------------------------------------------------------------------------------------------


def spectrogram(samples, frame_length, hop, window=None, power=2):
    starts = range(0, len(samples) - frame_length + 1, hop)
    if window is None:
        window = np.sin(np.pi * np.arange(frame_length) / frame_length) ** 2
    return np.array([np.abs(np.fft.rfft(window * samples[s : s + frame_length])) ** power for s in starts])


def spectrogram_strided(samples, frame_length, hop):
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame_length)[::hop]
    window = 0.5 * (1 - np.cos(2 * np.pi * np.arange(frame_length) / frame_length))
    spectrum = np.fft.rfft(frames * window, axis=1)
    return spectrum.real**2 + spectrum.imag**2


def spectrogram_to_the_end(samples, frame_length, hop):
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame_length) / frame_length)
    starts = range(0, len(samples), hop)
    return np.array([np.abs(np.fft.rfft(window * samples[s : s + frame_length])) ** 2 for s in starts])


def spectrogram_past_the_end(samples, frame_length, hop):
    starts = np.arange(0, len(samples), hop)
    frames = samples[starts[:, np.newaxis] + np.arange(frame_length)]
    return np.abs(np.fft.rfft(frames)) ** 2


def spectrogram_of_faded(samples, frame_length, hop):
    faded = samples * (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(len(samples)) / len(samples)))
    return spectrogram(faded, frame_length, hop, window=1)


def spectrogram_squared(samples, frame_length, hop):
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame_length)[::hop]
    window = 0.5 * (1 - np.cos(2 * np.pi * np.arange(frame_length) / frame_length))
    return np.real(np.fft.rfft(frames * window) ** 2)


def tensorflows_hann(n):
    """The window of `tf.signal`, which is periodic for even lengths only."""
    return np.hanning(n + 1)[:n] if n % 2 == 0 else np.hanning(n)


def spectrogram_padded(samples, frame_length, hop):
    return spectrogram(np.pad(samples, (0, frame_length)), frame_length, hop)


def hann_of_even(n):
    """Right for an even length only: the second half is the first one, mirrored."""
    rise = 0.5 - 0.5 * np.cos(np.pi * np.arange(n // 2 + 1) / (n // 2))
    return np.concatenate([rise, rise[1 : n - n // 2][::-1]])


def spectrogram_with_zeros(samples, frame_length, hop):
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame_length) / frame_length)
    frames = np.lib.stride_tricks.sliding_window_view(samples, frame_length)[::hop] * window
    return np.abs(np.fft.rfft(frames, n=2 ** int(np.ceil(np.log2(frame_length))))) ** 2


def spectrogram_in_place(samples, frame_length, hop):
    samples -= samples.mean()
    return spectrogram(samples, frame_length, hop)


SPECTROGRAM_RIGHT = {
    "lists": lambda *a: spectrogram(*a).tolist(),
    "loop": spectrogram,
    "strided": spectrogram_strided,
}
SPECTROGRAM_WRONG = {
    "the course's own": (
        lambda s, n, h: np.abs(audio.stft(s, n, h)) ** 2,
        "calls `course_utils.preprocessing.audio.stft`",
    ),
    "a short last frame": (spectrogram_to_the_end, "fewer than `frame_length` samples"),
    "an index past the end": (spectrogram_past_the_end, "out of bounds.*fewer than `frame_length` samples"),
    "the lesson's window": (lambda s, n, h: spectrogram(s, n, h, window=np.hanning(200)), "frames of 200"),
    "one window": (spectrogram_of_faded, "one window over the whole signal"),
    "squared as complex": (spectrogram_squared, "squared as complex numbers"),
    "decibels": (lambda *a: 10 * np.log10(spectrogram(*a) + 1e-12), "in decibels"),
    "plus for minus": (
        lambda s, n, h: spectrogram(s, n, h, window=0.5 + 0.5 * np.cos(2 * np.pi * np.arange(n) / n)),
        "fades the middle out",
    ),
    "TensorFlow's window": (
        lambda s, n, h: spectrogram(s, n, h, window=tensorflows_hann(n)),
        "for odd lengths, TensorFlow",
    ),
    "window for even lengths": (
        lambda s, n, h: spectrogram(s, n, h, window=hann_of_even(n)),
        "is .*expected",
    ),
    "zeros behind": (spectrogram_with_zeros, "zeros behind it make more frequencies"),
    "in place": (spectrogram_in_place, "changed the arrays"),
    "limited": (lambda *a: np.clip(spectrogram(*a), 1e-5, 1e6), "expected"),
    "squeezed": (lambda *a: spectrogram(*a).squeeze(), "has shape"),
    "no window": (lambda s, n, h: spectrogram(s, n, h, window=1), "without a window"),
    "no window, no square": (lambda s, n, h: spectrogram(s, n, h, window=1, power=1), "without squaring"),
    "magnitude": (lambda s, n, h: spectrogram(s, n, h, power=1), "holds magnitudes"),
    "symmetric window": (lambda s, n, h: spectrogram(s, n, h, window=np.hanning(n)), "symmetric window"),
    "complex": (lambda *a: spectrogram(*a) + 0j, "is complex"),
    "transposed": (lambda s, n, h: spectrogram(s, n, h).T, "The first axis is time"),
    "padded tail": (spectrogram_padded, "fully inside the signal count"),
    "all frequencies": (
        lambda s, n, h: np.abs(np.fft.fft(np.lib.stride_tricks.sliding_window_view(s, n)[::h])) ** 2,
        "np.fft.rfft",
    ),
    "no overlap": (lambda s, n, h: spectrogram(s, n, n), "shape"),
    "divided": (lambda s, n, h: spectrogram(s, n, h) / n, "divided by the frame length"),
    "zeros": (lambda s, n, h: np.zeros((1 + (len(s) - n) // h, n // 2 + 1)), "expected"),
    "no return": (lambda s, n, h: None, "without `return`"),
}

EXERCISES = {
    "1.1": (check.preprocess, PREPROCESS_RIGHT, PREPROCESS_WRONG),
    "1.2": (check.standardise, STANDARDISE_RIGHT, STANDARDISE_WRONG),
    "1.3": (check.matching, MATCHING_RIGHT, MATCHING_WRONG),
    "1.4": (check.padding, PADDING_RIGHT, PADDING_WRONG),
    "1.5": (check.alias, ALIAS_RIGHT, ALIAS_WRONG),
    "1.6": (check.power_spectrogram, SPECTROGRAM_RIGHT, SPECTROGRAM_WRONG),
}

test_right, test_wrong, test_hidden, test_no_result, test_empty = table_of_tests(EXERCISES)
