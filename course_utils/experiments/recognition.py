"""Recorded experiment: from sound to letters, by voices heard in training and by others. Shown in lesson 09.

    python3 -m course_utils experiment recognition

One network for all rows: a log-mel spectrogram, two strided convolutions, a GRU in both directions, and
letters by CTC.

- **words** learn from synthetic voices alone: strings of one to four English digits, and names of emoji. They
  differ in what is done to a recording before it is learned from: nothing, or put into a room, under noise
  and through another microphone, then stretched in time and along the frequencies, with spans hidden.
- **prompts** learn from a quarter, half or all of eleven minutes in which one person speaks on a telephone
  exchange, each as often. They start with the weights of the last of the words; one starts from scratch.

Words are tested on voices that they learned from, on others of the same synthesiser, on another synthesiser,
and on people, whom none of them has heard. Settings were chosen on the voices of VALIDATION and on prompts
that were taken out of the training ones for that; the beam's on the latter.
"""

import functools
import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from course_utils import arguments
from course_utils.datasets import people, speech
from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError, shown
from course_utils.evaluation import character_error_rate, word_error_rate
from course_utils.experiments import results
from course_utils.features.rnn import batches_by_length
from course_utils.generation import ctc
from course_utils.places import DATA
from course_utils.preprocessing import audio
from course_utils.training import load_weights, save_weights

if TYPE_CHECKING:
    import keras
    import tensorflow as tf

ALPHABET = " 'abcdefghijklmnopqrstuvwxyz"
"""What can be written. The label of a letter is its place here + 1."""

BLANK = 0
LETTERS = len(ALPHABET) + 1
MELS = 40
WINDOW, HOP = 0.025, 0.008
"""Seconds."""

CONFIGURATION = {
    "channels": [24, 32],
    "dim": 128,
    "units": 96,
    "dropout": 0.1,
    "batch size": 32,
    "stretching": {
        "words": {"time": [0.8, 1.3], "bands": [0.85, 1.18], "spans": 2, "most bands": 6, "most frames": 8},
        "prompts": {
            "time": [0.85, 1.15],
            "bands": [0.93, 1.07],
            "spans": 1,
            "most bands": 4,
            "most frames": 5,
        },
    },
    "pool": 3000,
    "strings": 200,
    "steps": {"words": 1000, "prompts": 900},
    "learning rate": {"words": 4e-3, "prompts": 5e-3},
    "weight decay": 1e-2,
    "shares": {"prompts, a quarter": 0.25, "prompts, half": 0.5},
    "beam": {"width": 16, "weight": 0.5, "insertion": 1.0},
    "beam of ten words": {"width": 30, "weight": 1.0},
    "bigram k": 0.1,
}
PLAIN, ROUGH = "words, as recorded", "words, stretched and roughened"
PROMPTS, SCRATCH = "prompts, all", "prompts, all, from scratch"
WORDS = (PLAIN, ROUGH)
ROWS = (*WORDS, *CONFIGURATION["shares"], PROMPTS, SCRATCH)
SEEDS = 3

VALIDATION = ("flite-awb", "flite-kal")
"""The voices of the other synthesiser on which settings were chosen; it is tested on the other two."""

HEARD, UNHEARD, ENGINE, PEOPLE = "voices heard", "voices never heard", "another engine", "people"
TESTS = (HEARD, UNHEARD, ENGINE, PEOPLE)
NOISES = ("white", "babble")
DECIBELS = (20, 10, 5, 0)
CHECKPOINTS = {"words": "checkpoints/recogniser_words.npz", "prompts": "checkpoints/recogniser_prompts.npz"}

_LONGEST = 4  # digits of a string
_PAUSE = (0.05, 0.25)  # seconds between the words of a string


class Utterances(NamedTuple):
    """n recordings with what is said in them.

    Attributes:
        clips: n float32 arrays (samples,) at 8 kHz.
        transcripts: n str of the letters of ALPHABET.
    """

    clips: list
    transcripts: list


# --- letters and features -----------------------------------------------------------------------------------


def labels_of(text: str) -> tuple[int, ...]:
    """Gives the label of each letter, 1 to 28.

    Args:
        text: str of the letters of ALPHABET.

    Returns:
        tuple of int.

    Raises:
        CourseError: when a letter is none of them.
    """
    text = arguments.string("text", text)
    other = sorted({*text} - {*ALPHABET})
    if other:
        raise CourseError(
            f"text is {shown(text)}, which has {' '.join(map(repr, other))}: expected letters a to z, spaces"
            " and apostrophes. Write it in lower case, and numbers as words."
        )
    return tuple(ALPHABET.index(letter) + 1 for letter in text)


def text_of(labels: Iterable[int]) -> str:
    """Writes labels, 1 to 28, as text; spaces at the ends go, and of several in a row one is left."""
    return " ".join("".join(ALPHABET[label - 1] for label in labels).split())


def features_of(clip: np.ndarray) -> np.ndarray:
    """Gives the log-mel spectrogram of a recording, each band less its mean: no microphone's tone is left.

    Args:
        clip: float (samples,) at 8 kHz, one window of 25 ms at least.

    Returns:
        float32 (frames, 40), a frame every 8 ms. What is 60 dB below the loudest is raised to that.
    """
    frames = audio.log_mel(clip, speech.RATE, window=WINDOW, hop=HOP, n_mels=MELS, floor=1e-10)
    frames = np.maximum(frames, frames.max() - np.float32(6 * np.log(10)))
    return (frames - frames.mean(axis=0)) / np.float32(3)


def frames_after(frames: int | np.ndarray) -> int | np.ndarray:
    """Gives the frames of the logits, a quarter of those of the features, rounded up."""
    return (frames + 3) // 4


# --- utterances ---------------------------------------------------------------------------------------------


@functools.cache
def _voices(split: str, kind: str) -> dict[str, Utterances]:
    """The English recordings of each voice."""
    some = speech.load(split).select(kind=kind, language="en")
    voices = {voice: Utterances([], []) for voice in some.voices}
    for voice, clip, text in zip(some.voices, some.clips, some.transcripts, strict=True):
        voices[voice].clips.append(clip)
        voices[voice].transcripts.append(text)
    return voices


def joined(words: Sequence[np.ndarray], rng: np.random.Generator) -> np.ndarray:
    """Says words one after the other, with pauses of 50 to 250 ms before, between and after them.

    Args:
        words: n ≥ 1 float32 arrays (samples,) at 8 kHz.
        rng: NumPy generator, for the pauses.

    Returns:
        float32 (samples,).
    """
    pauses = [np.zeros(int(speech.RATE * rng.uniform(*_PAUSE)), np.float32) for _ in range(len(words) + 1)]
    return np.concatenate(
        [piece for pair in zip(pauses, words, strict=False) for piece in pair] + [pauses[-1]]
    )


def _strings(voices: dict[str, Utterances], n: int, rng: np.random.Generator) -> Utterances:
    """Strings of one to four words, each string by one voice."""
    names, clips, transcripts = [*voices], [], []
    for _ in range(n):
        said = voices[names[rng.integers(len(names))]]
        rows = rng.integers(len(said.clips), size=rng.integers(1, _LONGEST + 1))
        clips.append(joined([said.clips[row] for row in rows], rng))
        transcripts.append(" ".join(said.transcripts[row] for row in rows))
    return Utterances(clips, transcripts)


def draw_strings(test: str, n: int, seed: int) -> Utterances:
    """Draws strings of one to four English digits, each said by one voice, with pauses.

    Args:
        test: one of TESTS, whose voices speak.
        n: int ≥ 1.
        seed: int.

    Returns:
        Utterances, such as "three one four".
    """
    return _strings(_speakers(test, "digit"), n, np.random.default_rng(seed))


@functools.cache
def _speakers(test: str, kind: str) -> dict[str, Utterances]:
    """Who speaks in a test, and what they say."""
    arguments.choice("test", test, TESTS)
    if test == PEOPLE:
        digits = people.load("digit", "en")
        return {digits.speakers[0]: Utterances(digits.clips, digits.transcripts)}
    said = _voices({HEARD: "train", UNHEARD: "validation", ENGINE: "far"}[test], kind)
    return {voice: some for voice, some in said.items() if voice not in VALIDATION}


def single_words(test: str, kind: str) -> Utterances:
    """Gives all recordings of single words of a test, with 100 ms of silence at both ends.

    Args:
        test: one of TESTS.
        kind: "digit" or "name"; people say no names.

    Returns:
        Utterances.
    """
    return _padded(_speakers(test, kind))


def _padded(speakers: dict[str, Utterances]) -> Utterances:
    silence = np.zeros(speech.RATE // 10, np.float32)
    said = [(clip, text) for some in speakers.values() for clip, text in zip(*some, strict=True)]
    return Utterances(
        [np.concatenate([silence, clip, silence]) for clip, _ in said], [text for _, text in said]
    )


@functools.cache
def prompts(split: str) -> Utterances:
    """Gives a person's telephone prompts.

    Args:
        split: "train" or "test".

    Returns:
        Utterances.
    """
    said = people.load("prompt", split=split)
    return Utterances(said.clips, said.transcripts)


# --- what may happen to a recording -------------------------------------------------------------------------


def with_noise(clip: np.ndarray, noise: np.ndarray, decibels: float) -> np.ndarray:
    """Adds noise to a recording at a signal-to-noise ratio.

    Args:
        clip: float (samples,), not silent.
        noise: float (samples,) of the same length, not silent.
        decibels: float, 10 · log10 of the power of the clip over that of the noise that is added.

    Returns:
        float32 (samples,).

    Raises:
        CourseError: when the two differ in length, or one is silent.
    """
    clip, noise = (
        arguments.array(name, value, np.floating, (("samples",),))
        for name, value in (("clip", clip), ("noise", noise))
    )
    powers = [np.mean(np.square(some, dtype=np.float64)) for some in (clip, noise)]
    if len(clip) != len(noise) or not min(powers):
        raise CourseError(
            f"clip has {len(clip)} samples and power {powers[0]:.3g}, noise {len(noise)} and {powers[1]:.3g};"
            " expected as many of both, and neither silent."
        )
    scale = np.sqrt(powers[0] / powers[1] / 10 ** (decibels / 10))
    return (clip + scale * noise).astype(np.float32)


def draw_noise(kind: str, samples: int, rng: np.random.Generator) -> np.ndarray:
    """Draws white noise, or babble: six recordings at once of voices that are never heard in training.

    Args:
        kind: one of NOISES.
        samples: int ≥ 1, at 8 kHz.
        rng: NumPy generator.

    Returns:
        float32 (samples,).
    """
    if arguments.choice("kind", kind, NOISES) == "white":
        return rng.normal(0, 1, samples).astype(np.float32)
    said = [*_speakers(UNHEARD, "name").values()]
    return np.sum([_talk(said[rng.integers(len(said))].clips, samples, rng) for _ in range(6)], axis=0)


def _talk(clips: Sequence[np.ndarray], samples: int, rng: np.random.Generator) -> np.ndarray:
    """One voice that goes on talking for so many samples."""
    said = np.concatenate([clips[row] for row in rng.permutation(len(clips))])
    start = rng.integers(len(said))
    return np.take(said, np.arange(start, start + samples), mode="wrap")


def roughened(clip: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Plays a recording in a room, through another microphone, faster or slower, and under noise.

    Args:
        clip: float32 (samples,) at 8 kHz.
        rng: NumPy generator: how much of each is drawn.

    Returns:
        float32 (samples,) of another length: pitch and formants move with the speed.
    """
    speed = np.exp(rng.uniform(-0.2, 0.2))
    clip = np.interp(np.arange(0, len(clip) - 1, speed), np.arange(len(clip)), clip)
    echo = rng.normal(0, 1, 1200) * np.exp(-np.arange(1200) / (speech.RATE * rng.uniform(0.005, 0.05)))
    echo[0] = rng.uniform(2, 12)  # the direct sound
    spectrum = np.fft.rfft(clip, len(clip) + len(echo))
    # A smooth curve through a few points: what a microphone does to frequencies.
    points = rng.normal(0, 4, 7)
    tone = 10 ** (np.interp(np.linspace(0, 6, len(spectrum)), np.arange(7), points) / 20)
    heard = np.fft.irfft(spectrum * tone * np.fft.rfft(echo, len(clip) + len(echo)))[: len(clip)]
    kind = NOISES[rng.integers(2)]
    noise = rng.normal(0, 1, len(heard)) if kind == "white" else _coloured(len(heard), rng)
    return with_noise(heard / np.abs(heard).max() * 0.5, noise, rng.uniform(5, 40))


def _coloured(samples: int, rng: np.random.Generator) -> np.ndarray:
    """Noise whose low frequencies are the louder ones, as in most rooms."""
    spectrum = np.fft.rfft(rng.normal(0, 1, samples))
    return np.fft.irfft(spectrum / np.sqrt(np.arange(len(spectrum)) + 1), samples)


def resized(features: np.ndarray, positions: np.ndarray, axis: int) -> np.ndarray:
    """Reads features at positions between the frames or the bands, by linear interpolation."""
    low = np.clip(np.floor(positions).astype(int), 0, features.shape[axis] - 1)
    high = np.minimum(low + 1, features.shape[axis] - 1)
    share = (positions - low).astype(np.float32)
    share = share[:, np.newaxis] if axis == 0 else share
    return np.take(features, low, axis) * (1 - share) + np.take(features, high, axis) * share


def stretched_features(features: np.ndarray, row: str, rng: np.random.Generator) -> np.ndarray:
    """Stretches features in time and along the bands, as another speaker would, and hides spans of both.

    Stretching the frequencies is vocal tract length perturbation (Jaitly & Hinton, 2013), hiding is
    SpecAugment (Park et al., arXiv:1904.08779).

    Args:
        features: float32 (frames, 40).
        row: one of ROWS: words are stretched further than prompts, which are all by one voice.
        rng: NumPy generator.

    Returns:
        float32 (other frames, 40).
    """
    settings = CONFIGURATION["stretching"][_kind(row)]
    frames = max(8, round(len(features) * rng.uniform(*settings["time"])))
    features = resized(features, np.linspace(0, len(features) - 1, frames), 0)
    bands = np.clip(np.arange(MELS) * rng.uniform(*settings["bands"]), 0, MELS - 1)
    features = resized(features, bands, 1)
    for _ in range(settings["spans"]):
        band = rng.integers(MELS - settings["most bands"])
        features[:, band : band + rng.integers(1, settings["most bands"] + 1)] = 0
        frame = rng.integers(frames)
        features[frame : frame + rng.integers(1, settings["most frames"] + 1)] = 0
    return features


# --- the network --------------------------------------------------------------------------------------------


def build() -> "keras.Model":
    """Builds the recogniser with random weights. Shown in lesson 09.

    Returns:
        Keras model from ``[features, mask]``, float32 (batch, frames, 40) and bool (batch, frames), True = a
        real frame, to log-probabilities float32 (batch, frames / 4, 29). What is padded changes nothing.
    """
    import keras
    from keras import layers, ops

    dim, dropout = CONFIGURATION["dim"], CONFIGURATION["dropout"]
    features = keras.Input((None, MELS), name="features")
    mask = keras.Input((None,), dtype="bool", name="mask")
    x, real = ops.expand_dims(features, -1), mask
    for channels, kernel in zip(CONFIGURATION["channels"], (5, 3), strict=True):
        x = layers.Conv2D(channels, kernel, strides=2, padding="same", activation="relu")(x)
        real = real[:, ::2]
        x = x * ops.cast(real, "float32")[:, :, None, None]
    x = layers.Reshape((-1, MELS // 4 * CONFIGURATION["channels"][-1]))(x)
    x = layers.LayerNormalization()(layers.Dense(dim)(x))
    for _ in range(2):
        x = x * ops.cast(real, "float32")[:, :, None]
        y = layers.SeparableConv1D(dim, 7, padding="same", use_bias=False)(x)
        x = layers.Dropout(dropout)(layers.ReLU()(x + layers.BatchNormalization()(y)))
    x = layers.Bidirectional(layers.GRU(CONFIGURATION["units"], return_sequences=True))(x, mask=real)
    logits = layers.Dense(LETTERS, name="letters")(layers.Dropout(dropout)(x))
    return keras.Model([features, mask], ops.log_softmax(logits))


def batch_of(features: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Pads features to one length that strides of 4 divide: what :func:`build` takes."""
    padded, mask = audio.pad_frames(list(features))
    extra = -padded.shape[1] % 4
    return [np.pad(padded, ((0, 0), (0, extra), (0, 0))), np.pad(mask, ((0, 0), (0, extra)))]


def targets_of(features: Sequence[np.ndarray], texts: Sequence[str]) -> np.ndarray:
    """Gives what :func:`loss` compares with: frames of logits, number of labels, labels, int32 (n, …)."""
    labels, lengths = ctc.pad_labels([labels_of(text) for text in texts])
    frames = [frames_after(len(some)) for some in features]
    return np.hstack([np.array([frames, lengths], np.int32).T, labels])


def loss(targets: "keras.KerasTensor", log_p: "keras.KerasTensor") -> "keras.KerasTensor":
    """−log p of what was said, per letter, (batch,).

    Args:
        targets: int (batch, 2 + longest), as from :func:`targets_of`.
        log_p: float (batch, frames, 29).
    """
    from keras import ops

    targets = ops.cast(targets, "int32")
    frames, lengths, labels = targets[:, 0], targets[:, 1], targets[:, 2:]
    return ops.ctc_loss(labels, log_p, lengths, frames, mask_index=BLANK) / ops.cast(lengths, log_p.dtype)


def log_probabilities(model: "keras.Model", clips: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Listens: log p of each letter, frame by frame.

    Args:
        model: Keras model as from :func:`build`.
        clips: n float arrays (samples,) at 8 kHz.

    Returns:
        n float32 arrays (frames, 29), a frame every 32 ms.
    """
    features = [features_of(clip) for clip in clips]
    order, found = np.argsort([len(some) for some in features], kind="stable"), {}
    for start in range(0, len(order), 64):
        rows = order[start : start + 64]
        tables = _compiled(model)(*batch_of([features[row] for row in rows])).numpy()
        found |= {
            row: table[: frames_after(len(features[row]))] for row, table in zip(rows, tables, strict=True)
        }
    return [found[row] for row in range(len(clips))]


@functools.lru_cache(maxsize=2)
def _compiled(model: "keras.Model") -> Callable[..., "tf.Tensor"]:
    """The network as one function for batches of any size; Keras would compile it anew for other sizes."""
    import tensorflow as tf

    return tf.function(
        lambda features, mask: model([features, mask], training=False),
        input_signature=[tf.TensorSpec((None, None, MELS)), tf.TensorSpec((None, None), tf.bool)],
        autograph=False,
    )


# --- training -----------------------------------------------------------------------------------------------


def heard_in_training(row: str, rng: np.random.Generator) -> tuple[list[np.ndarray], list[str]]:
    """Gives the spectrograms that a row learns from, before they are stretched, and what is said in them.

    Args:
        row: str, one of ROWS.
        rng: NumPy generator: which words a string has, and what happens to it.

    Returns:
        n float32 arrays (frames, 40), and n str.
    """
    if row in WORDS:
        n = CONFIGURATION["pool"]
        parts = [_strings(_voices("train", kind), n // 2, rng) for kind in speech.KINDS]
        said = Utterances(*(first + second for first, second in zip(*parts, strict=True)))
    else:
        every, share = prompts("train"), CONFIGURATION["shares"].get(row, 1)
        some = rng.permutation(len(every.clips))[: round(share * len(every.clips))]
        said = Utterances(*([part[i] for i in some] for part in every))
    clips = [roughened(clip, rng) for clip in said.clips] if row == ROUGH else said.clips
    return [features_of(clip) for clip in clips], said.transcripts


def batches(
    row: str, features: Sequence[np.ndarray], texts: Sequence[str], rng: np.random.Generator
) -> Iterator[tuple[list[np.ndarray], np.ndarray]]:
    """Gives batches without end, of utterances of similar length, each stretched anew by all rows but PLAIN.

    Args:
        row: str, one of ROWS.
        features: n float32 arrays (frames, 40).
        texts: n str.
        rng: NumPy generator.

    Yields:
        What :func:`build` takes, and what :func:`loss` compares with. What has too few frames for its letters
        is left out.
    """
    lengths = np.array([len(some) for some in features])
    needed = np.array([ctc.frames_needed(labels_of(text)) for text in texts])
    while True:
        for places in batches_by_length(lengths, CONFIGURATION["batch size"], int(rng.integers(2**31))):
            some = [
                features[i] if row == PLAIN else stretched_features(features[i], row, rng) for i in places
            ]
            kept = [
                (one, texts[i])
                for one, i in zip(some, places, strict=True)
                if frames_after(len(one)) >= needed[i]
            ]
            if kept:
                shown, said = zip(*kept, strict=True)
                yield batch_of(shown), targets_of(shown, said)


def _kind(row: str) -> str:
    """Whether a row learns from words or from prompts, which have settings of their own."""
    return "words" if row in WORDS else "prompts"


def train(row: str, *, seed: int, model: "keras.Model | None" = None) -> "keras.Model":
    """Trains a recogniser: AdamW, warm-up and half a cosine, −log p of what was said by CTC.

    Args:
        row: str, one of ROWS.
        seed: int, for the first weights, the utterances and what is done to them.
        model: Keras model to start from, which is trained on; None builds one.

    Returns:
        Keras model as from :func:`build`.
    """
    import keras

    steps, rate = (CONFIGURATION[name][_kind(row)] for name in ("steps", "learning rate"))
    steps = round(steps * CONFIGURATION["shares"].get(row, 1))  # each recording as often
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    model = model or build()
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 20, steps, warmup_target=rate, warmup_steps=steps // 10
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=CONFIGURATION["weight decay"], clipnorm=1.0)
    model.compile(optimizer=optimizer, loss=loss)
    learned = batches(row, *heard_in_training(row, rng), rng)
    for inputs, targets in itertools.islice(learned, steps):
        model.train_on_batch(inputs, targets)
    return model


# --- scores -------------------------------------------------------------------------------------------------


def greedy(tables: Sequence[np.ndarray]) -> list[str]:
    """Reads the likeliest letter of every frame, of n tables of log p as from :func:`log_probabilities`."""
    return [text_of(ctc.collapse(table.argmax(axis=1), BLANK)) for table in tables]


def closest(tables: Sequence[np.ndarray], vocabulary: Sequence[str]) -> np.ndarray:
    """Says which word of a closed vocabulary each recording is, by log p of its letters.

    Args:
        tables: n float arrays (frames, 29) of log p.
        vocabulary: k str.

    Returns:
        float64 (n, k), log p of each word; −∞ where there are too few frames for it.
    """
    words = [labels_of(word) for word in vocabulary]
    return np.array([ctc.ctc_log_probabilities(table, words, BLANK) for table in tables])


def by_ten_words(tables: Sequence[np.ndarray]) -> list[str]:
    """Reads strings of digits by a prefix beam search that knows ten words, n tables of log p."""
    ten = ctc.WordList(speech.DIGITS["en"], f"-{ALPHABET}", blank=BLANK)
    return _search(tables, ten, CONFIGURATION["beam of ten words"])


def _search(tables: Sequence[np.ndarray], language_model: ctc.LanguageModel, settings: dict) -> list[str]:
    """The best readings of n tables of log p by a prefix beam search."""
    found = [
        ctc.prefix_beam_search(table, blank=BLANK, language_model=language_model, **settings)
        for table in tables
    ]
    return [text_of(hypotheses[0].labels) for hypotheses in found]


def string_scores(model: "keras.Model", said: Utterances, name: str) -> dict[str, float]:
    """Scores strings of digits: the share with any error, read greedily and with ten words known; and CER."""
    tables = log_probabilities(model, said.clips)
    written = {"open": greedy(tables), "ten words": by_ten_words(tables)}
    return {
        f"strings wrong, {how}, {name}": np.mean(
            [a != b for a, b in zip(some, said.transcripts, strict=True)]
        )
        for how, some in written.items()
    } | {f"CER, {name}": character_error_rate(written["open"], said.transcripts)}


def word_scores(model: "keras.Model", said: Utterances, kind: str, name: str) -> dict[str, float]:
    """Scores single words: written greedily (open), and the likeliest of all words of this kind (closed)."""
    tables = log_probabilities(model, said.clips)
    vocabulary = sorted({*said.transcripts})
    chosen = closest(tables, vocabulary).argmax(axis=1)
    readings = {"open": greedy(tables), "closed": [vocabulary[place] for place in chosen]}
    return {
        f"{kind}s right, {how}, {name}": np.mean(
            [a == b for a, b in zip(read, said.transcripts, strict=True)]
        )
        for how, read in readings.items()
    }


@functools.cache
def bigram_model() -> ctc.BigramModel:
    """Counts which letter follows which in the prompts that are trained on. Introduced in lesson 09."""
    return ctc.BigramModel(
        prompts("train").transcripts, f"-{ALPHABET}", blank=BLANK, k=CONFIGURATION["bigram k"]
    )


def beam(tables: Sequence[np.ndarray]) -> list[str]:
    """Reads by a prefix beam search with :func:`bigram_model`, n tables of log p. Introduced in lesson 09."""
    return _search(tables, bigram_model(), CONFIGURATION["beam"])


def prompt_scores(model: "keras.Model", said: Utterances) -> dict[str, float]:
    """Scores prompts, written greedily and by the beam."""
    tables = log_probabilities(model, said.clips)
    return {
        f"{name}, {how}": rate(written, said.transcripts)
        for how, written in (("greedy", greedy(tables)), ("beam", beam(tables)))
        for name, rate in (("CER", character_error_rate), ("WER", word_error_rate))
    }


# --- runs ---------------------------------------------------------------------------------------------------


def load_recogniser(kind: str) -> "keras.Model":
    """Gives a trained recogniser, of seed 0, frozen. Introduced in lesson 09.

    Args:
        kind: "words", which never heard a person, or "prompts", which heard one.

    Returns:
        Keras model as from :func:`build`.

    Raises:
        CourseError: another kind, or the checkpoint is missing or damaged.
    """
    arguments.choice("kind", kind, CHECKPOINTS)
    model = build()
    load_weights(data_path(CHECKPOINTS[kind]), model)
    model.trainable = False
    return model


@functools.lru_cache(maxsize=1)
def _of_words(seed: int) -> "keras.Model":
    """The recogniser of words of a seed, from which those of its prompts start: rows are run seed by seed."""
    return train(ROUGH, seed=seed)


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, as for :func:`train`.

    Returns:
        dict of float: of words, as :func:`string_scores` and :func:`word_scores` name them, with each of
        TESTS, and of strings under noise; of prompts, as :func:`prompt_scores`. ROUGH and PROMPTS with seed 0
        also write the checkpoints.
    """
    if row in WORDS:
        model = _of_words(seed) if row == ROUGH else train(row, seed=seed)
    else:
        model = build()
        if row != SCRATCH:
            model.set_weights(_of_words(seed).get_weights())
        model = train(row, seed=seed, model=model)
    kind = {ROUGH: "words", PROMPTS: "prompts"}.get(row)
    if kind and seed == 0:
        save_weights(DATA / CHECKPOINTS[kind], model)
    if row not in WORDS:
        said = heard_in_training(row, np.random.default_rng(seed))[0]
        minutes = sum(map(len, said)) * HOP / 60
        return {"minutes": minutes} | prompt_scores(model, prompts("test"))
    figures = {}
    for test in TESTS:
        figures |= string_scores(model, draw_strings(test, CONFIGURATION["strings"], seed=90), test)
        for spoken in speech.KINDS[: 1 if test == PEOPLE else 2]:
            figures |= word_scores(model, single_words(test, spoken), spoken, test)
    return figures | _under_noise(model)


def _under_noise(model: "keras.Model") -> dict[str, float]:
    """Scores strings by voices that were never heard, under each noise at each level."""
    figures = {}
    said = draw_strings(UNHEARD, CONFIGURATION["strings"], seed=90)
    for kind in NOISES:
        for level in DECIBELS:
            rng = np.random.default_rng(91)
            noisy = [with_noise(clip, draw_noise(kind, len(clip), rng), level) for clip in said.clips]
            name = f"{UNHEARD}, {kind}, {level} dB"
            figures |= string_scores(model, Utterances(noisy, said.transcripts), name)
    return figures


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record("recognition", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
