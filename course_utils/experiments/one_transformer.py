"""Recorded experiment: one transformer for pictures, sounds and text. Shown in lesson 10.

    python3 -m course_utils experiment one_transformer

Patches of an emoji, frames of a spoken digit and characters of an emoji's name become tokens of one width,
behind a token that asks a question; the answer is one of all answers to all questions. Rows:

- **one for all**: one network learns from batches in which all modalities are mixed.
- **one per modality**: three networks of the same architecture. Each learns from the same examples of its
  modality, as often and in as many steps.
- **one for all, no modality embeddings**: no vector is added to a token that says what it is.
- **a tenth of the sounds**: a tenth of the recordings is left to learn from, with the pictures and names or
  alone, as often and in as many steps as all were.

Tested on an art style, on voices and on names that were not learned from. Few settings were tried, with seed
0, by drawings that are held out of training, two voices of another synthesiser that are in no test, and names
that are in neither training nor test. Always naming the commonest group is right on 0.21 of the pictures and
of the names, the commonest language on 0.67 of the sounds.
"""

import functools
import zlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from course_utils import arguments
from course_utils.datasets import emoji, speech
from course_utils.experiments import image_groups, recognition, results

if TYPE_CHECKING:
    import keras

CONFIGURATION = {
    "width": 64,
    "heads": 4,
    "blocks": 2,
    "dropout": 0.1,
    "deviation of embeddings": 0.5,
    "side": 48,
    "patch": 12,
    "frames of a token": 6,
    "tokens": 24,
    "moved by": 4,
    "steps": 400,
    "batch size": {"picture": 64, "sound": 24, "text": 24},
    "learning rate": 3e-3,
    "weight decay": 0.05,
    "share of the sounds": 0.1,
}
ALL, EACH, UNTOLD = "one for all", "one per modality", "one for all, no modality embeddings"
FEW, FEW_ALONE = "a tenth of the sounds, with the others", "a tenth of the sounds, alone"
ROWS = (ALL, EACH, UNTOLD, FEW, FEW_ALONE)
SEEDS = 3

MODALITIES = ("picture", "sound", "text")
"""In a sequence, a token's kind is its place here + 1, and 0 is padding."""

QUESTIONS = ("which group?", "which digit?", "which language?")
ANSWERS = (*emoji.load(()).group_names, *speech.DIGITS["en"], "English", "Chinese")
"""All answers to all questions: 9 groups, 10 digits, 2 languages. A label is a place here."""

CHARACTERS = "".join(map(chr, range(32, 127)))
"""What names are spelled with. A character's number is its place here + 1; any other is 0."""

NUMBERS = 3 * CONFIGURATION["patch"] ** 2
"""Numbers of a patch, 432. Six frames of a sound have 240, and zeros after them."""

_LANGUAGES = {"en": "English", "zh": "Chinese"}
_EVERY = {"test": (0, 1), "validation": (2,)}  # of ten names; the others are learned from


class Asked(NamedTuple):
    """n inputs of one modality, each with a question and its answer.

    Attributes:
        modality: str out of MODALITIES.
        given: n inputs that :func:`sequence` takes.
        questions: int32 (n,), places in QUESTIONS.
        answers: int32 (n,), places in ANSWERS.
    """

    modality: str
    given: Sequence
    questions: np.ndarray
    answers: np.ndarray


# --- everything becomes a sequence --------------------------------------------------------------------------


def sequence(modality: str, given: Sequence) -> dict[str, np.ndarray]:
    """Cuts n inputs of one modality into 24 tokens each, the last of them padding. Introduced in lesson 10.

    Args:
        modality: "picture", "sound" or "text".
        given: n of one: pictures, uint8 (48, 48, 3); features of sounds, float (frames, 40), as from
            :func:`course_utils.experiments.recognition.features_of`; or names, str.

    Returns:
        dict of ``"numbers"``, float32 (n, 24, 432): a patch of 12 by 12 pixels a token, row by row from the
        top left, 0 white and 1 black, or six frames of 8 ms, one after the other; zeros for text;
        ``"characters"``, int32 (n, 24): 1 + place in CHARACTERS; zeros for the others; and ``"kinds"``,
        int32 (n, 24): 1 + place in MODALITIES, 0 padding. What is longer than 24 tokens is cut off.

    Raises:
        CourseError: another modality.
    """
    arguments.choice("modality", modality, MODALITIES)
    shape = (len(given), CONFIGURATION["tokens"])
    numbers, characters = np.zeros((*shape, NUMBERS), np.float32), np.zeros(shape, np.int32)
    kinds = np.zeros(shape, np.int32)
    for row, one in enumerate(given):
        if modality == "text":
            tokens = np.array([CHARACTERS.find(letter) + 1 for letter in one])[: shape[1]]
            characters[row, : len(tokens)] = tokens
        else:
            tokens = (patches_of(one) if modality == "picture" else frames_of(one))[: shape[1]]
            numbers[row, : len(tokens), : tokens.shape[1]] = tokens
        kinds[row, : len(tokens)] = 1 + MODALITIES.index(modality)
    return {"numbers": numbers, "characters": characters, "kinds": kinds}


def patches_of(picture: np.ndarray) -> np.ndarray:
    """Cuts a picture, uint8 (48, 48, 3), into float (16, 432): 0 white, 1 black."""
    patch, across = CONFIGURATION["patch"], CONFIGURATION["side"] // CONFIGURATION["patch"]
    cut = picture.reshape(across, patch, across, patch, 3).swapaxes(1, 2)
    return 1 - cut.reshape(across**2, NUMBERS) / 255


def frames_of(features: np.ndarray) -> np.ndarray:
    """Puts six frames into a token: float (frames, 40) to (frames / 6, rounded up, 240), zeros at the end."""
    several = CONFIGURATION["frames of a token"]
    padded = np.pad(features, ((0, -len(features) % several), (0, 0)))
    return padded.reshape(-1, several * features.shape[1])


# --- the network --------------------------------------------------------------------------------------------


def build(*, modality_embeddings: bool = True) -> "keras.Model":
    """Builds the transformer with random weights. Shown in lesson 10.

    Args:
        modality_embeddings: bool, whether a vector is added to every token that says its modality.

    Returns:
        Keras model from a dict: ``"question"`` int (batch, 1), a place in QUESTIONS, and ``"numbers"`` float
        (batch, tokens, 432), ``"characters"`` and ``"kinds"`` int (batch, tokens), as from :func:`sequence`;
        to logits of ANSWERS, float32 (batch, 21). Nobody looks at padding. A sequence may hold several
        modalities.
    """
    import keras
    from keras import layers, ops

    width, dropout = CONFIGURATION["width"], CONFIGURATION["dropout"]
    heads, tokens = CONFIGURATION["heads"], CONFIGURATION["tokens"]
    normal = keras.initializers.RandomNormal(stddev=CONFIGURATION["deviation of embeddings"])
    table = functools.partial(layers.Embedding, output_dim=width, embeddings_initializer=normal)

    question = keras.Input((1,), dtype="int32", name="question")
    numbers = keras.Input((tokens, NUMBERS), name="numbers")
    characters = keras.Input((tokens,), dtype="int32", name="characters")
    kinds = keras.Input((tokens,), dtype="int32", name="kinds")
    picture, sound, text = (ops.cast(ops.equal(kinds, kind), "float32")[..., None] for kind in (1, 2, 3))

    x = picture * layers.Dense(width, use_bias=False, name="patch")(numbers)
    x = x + sound * layers.Dense(width, use_bias=False, name="frames")(numbers)
    x = x + text * table(len(CHARACTERS) + 1, name="character")(characters)
    x = x + table(tokens, name="position")(ops.cumsum(ops.ones_like(kinds), axis=1) - 1)
    if modality_embeddings:
        x = x + table(len(MODALITIES) + 1, name="modality")(kinds)
    x = ops.concatenate([table(len(QUESTIONS), name="question_token")(question), x], axis=1)
    real = ops.concatenate([question >= 0, kinds > 0], axis=1)[:, None, :]
    for _ in range(CONFIGURATION["blocks"]):
        y = layers.LayerNormalization()(x)
        y = layers.MultiHeadAttention(heads, width // heads)(y, y, attention_mask=real)
        x = x + layers.Dropout(dropout)(y)
        y = layers.Dense(2 * width, activation="gelu")(layers.LayerNormalization()(x))
        x = x + layers.Dropout(dropout)(layers.Dense(width)(y))
    answer = layers.LayerNormalization()(x[:, 0])  # at the question
    inputs = {"question": question, "numbers": numbers, "characters": characters, "kinds": kinds}
    return keras.Model(inputs, layers.Dense(len(ANSWERS), name="answers")(answer))


# --- what is asked ------------------------------------------------------------------------------------------


def ask(modality: str, given: Sequence, question: str, answers: Sequence[str]) -> Asked:
    """Asks the same question about n inputs, whose answers are n str out of ANSWERS."""
    questions = np.full(len(given), QUESTIONS.index(question), np.int32)
    return Asked(modality, given, questions, np.array([ANSWERS.index(text) for text in answers], np.int32))


def taken(asked: Asked, rows: np.ndarray) -> Asked:
    """Takes some rows, int (m,), of what is asked."""
    return Asked(
        asked.modality, [asked.given[row] for row in rows], asked.questions[rows], asked.answers[rows]
    )


def _drawings(styles: Sequence[str]) -> Asked:
    world = emoji.load(styles)
    pictures = [emoji.resized(world.pictures[style], CONFIGURATION["side"]) for style in styles]
    groups = [world.group_names[group] for group in world.groups]
    return ask("picture", emoji.on_background(np.concatenate(pictures)), "which group?", groups * len(styles))


def _spoken(split: str, voices: Sequence[str] | None = None) -> tuple[Asked, Asked]:
    """Which digit, and which language, of the recordings of a split or of some of its voices."""
    said = speech.load(split).select(kind="digit")
    rows = [row for row, voice in enumerate(said.voices) if voices is None or voice in voices]
    features = [recognition.features_of(said.clips[row]) for row in rows]
    digits = [speech.DIGITS["en"][speech.digit_value(said.transcripts[row])] for row in rows]
    languages = [_LANGUAGES[said.languages[row]] for row in rows]
    return ask("sound", features, "which digit?", digits), ask(
        "sound", features, "which language?", languages
    )


def _names(split: str) -> Asked:
    """English names, in a split by a fixed hash of the name."""
    world = emoji.load(())
    parts = [zlib.crc32(name.encode()) % 10 for name in world.names["en"]]
    held_out = {part: some for some, parts_of in _EVERY.items() for part in parts_of}
    rows = [row for row, part in enumerate(parts) if held_out.get(part, "train") == split]
    groups = [world.group_names[world.groups[row]] for row in rows]
    return ask("text", [world.names["en"][row] for row in rows], "which group?", groups)


@functools.cache
def learned() -> dict[str, Asked]:
    """Gives what is learned from, {modality: Asked}: drawings in three styles, 21 voices, names.

    Each recording comes twice, once with each of its questions.
    """
    drawings, (digits, languages) = _drawings(emoji.TRAIN_STYLES), _spoken("train")
    _, kept = image_groups.held_out_drawings(len(drawings.given))
    twice = Asked(
        "sound",
        digits.given + languages.given,
        np.concatenate([digits.questions, languages.questions]),
        np.concatenate([digits.answers, languages.answers]),
    )
    return {"picture": taken(drawings, kept), "sound": twice, "text": _names("train")}


@functools.cache
def validation() -> dict[str, Asked]:
    """Gives what settings were chosen on, {modality: Asked}."""
    drawings = _drawings(emoji.TRAIN_STYLES)
    held_out, _ = image_groups.held_out_drawings(len(drawings.given))
    return {
        "picture": taken(drawings, held_out),
        "sound": _spoken("far", recognition.VALIDATION)[0],
        "text": _names("validation"),
    }


@functools.cache
def tests() -> dict[str, Asked]:
    """Gives what is tested on, {name: Asked}: a style, voices and names that nobody learned from."""
    digits, languages = _spoken("validation")
    others = {*speech.load("far").voices} - {*recognition.VALIDATION}
    return {
        "pictures, unseen style": _drawings([emoji.TEST_STYLE]),
        "sounds, unheard voices": digits,
        "sounds, another engine": _spoken("far", others)[0],
        "sounds, language": languages,
        "names, unread": _names("test"),
    }


# --- training -----------------------------------------------------------------------------------------------


def changed(modality: str, given: Sequence, rng: np.random.Generator) -> list:
    """Changes inputs in ways that do not change the answer, so that hardly any is seen twice alike.

    Args:
        modality: str out of MODALITIES.
        given: n inputs that :func:`sequence` takes.
        rng: NumPy generator.

    Returns:
        n inputs: pictures moved by up to 4 pixels and mirrored; sounds stretched in time and along the
        frequencies, with spans hidden; names as they are.
    """
    if modality == "sound":
        return [recognition.stretched_features(one, recognition.ROUGH, rng) for one in given]
    if modality == "text":
        return list(given)
    most, side = CONFIGURATION["moved by"], CONFIGURATION["side"]
    found = []
    for picture in given:
        wide = np.pad(picture, ((most, most), (most, most), (0, 0)), constant_values=255)
        top, left = rng.integers(2 * most + 1, size=2)
        found.append(wide[top : top + side, left : left + side][:, :: rng.choice((-1, 1))])
    return found


def inputs_of(asked: Asked) -> dict[str, np.ndarray]:
    """Gives what :func:`build` takes, of n inputs of one modality with their questions."""
    return {"question": asked.questions[:, np.newaxis], **sequence(asked.modality, asked.given)}


def batches(asked: Asked, rng: np.random.Generator) -> Iterator[tuple[dict, np.ndarray]]:
    """Gives batches without end of one modality: inputs and labels. No row comes again before all have."""
    size, rows = CONFIGURATION["batch size"][asked.modality], np.zeros(0, int)
    while True:
        while len(rows) < size:
            rows = np.concatenate([rows, rng.permutation(len(asked.given))])
        some, rows = taken(asked, rows[:size]), rows[size:]
        shown = some._replace(given=changed(asked.modality, some.given, rng))
        yield inputs_of(shown), some.answers


def train(sets: Sequence[Asked], *, seed: int, modality_embeddings: bool = True) -> "keras.Model":
    """Trains a network: AdamW, warm-up and half a cosine, cross-entropy over all answers.

    Args:
        sets: one :class:`Asked` for each modality to learn, which are mixed in every batch.
        seed: int, for the first weights, the order of the examples and what is done to them.
        modality_embeddings: bool, as for :func:`build`.

    Returns:
        Keras model as from :func:`build`.
    """
    import keras

    steps, rate = CONFIGURATION["steps"], CONFIGURATION["learning rate"]
    keras.utils.set_random_seed(seed)
    model = build(modality_embeddings=modality_embeddings)
    schedule = keras.optimizers.schedules.CosineDecay(
        rate / 20, steps - steps // 10, warmup_target=rate, warmup_steps=steps // 10
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=CONFIGURATION["weight decay"])
    model.compile(optimizer=optimizer, loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    # A generator for each modality: alone or with others, it is learned from the same batches.
    drawn = [
        batches(asked, np.random.default_rng((seed, MODALITIES.index(asked.modality)))) for asked in sets
    ]
    for _ in range(steps):
        inputs, answers = zip(*map(next, drawn), strict=True)
        mixed = {name: np.concatenate([some[name] for some in inputs]) for name in inputs[0]}
        model.train_on_batch(mixed, np.concatenate(answers))
    return model


# --- runs ---------------------------------------------------------------------------------------------------


def logits_for(model: "keras.Model", asked: Asked) -> np.ndarray:
    """Gives logits of all answers, float32 (n, 21), for n inputs of one modality."""
    from keras import ops

    parts = []
    for start in range(0, len(asked.given), 200):
        inputs = inputs_of(taken(asked, np.arange(start, min(start + 200, len(asked.given)))))
        parts.append(ops.convert_to_numpy(model(inputs, training=False)))
    return np.concatenate(parts)


def accuracy(model: "keras.Model", asked: Asked) -> float:
    """Gives the share of right answers, taken out of all of ANSWERS."""
    return float(np.mean(logits_for(model, asked).argmax(axis=1) == asked.answers))


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, as for :func:`train`.

    Returns:
        dict of float: ``parameters``, of all networks of the row; the accuracy on each of :func:`tests` whose
        modality was learned, such as ``"names, unread, accuracy"``; and of :func:`validation`.
    """
    sets = dict(learned())
    if row in (FEW, FEW_ALONE):
        count = len(sets["sound"].given) // 2  # the second half asks again about the recordings of the first
        few = np.random.default_rng(seed).permutation(count)[
            : round(count * CONFIGURATION["share of the sounds"])
        ]
        sets["sound"] = taken(sets["sound"], np.concatenate([few, few + count]))
    together = {EACH: [["picture"], ["sound"], ["text"]], FEW_ALONE: [["sound"]]}.get(row, [MODALITIES])
    figures = {"parameters": 0}
    for some in together:
        model = train([sets[name] for name in some], seed=seed, modality_embeddings=row != UNTOLD)
        figures["parameters"] += model.count_params()
        for name, asked in [
            *tests().items(),
            *((f"{name}, validation", of) for name, of in validation().items()),
        ]:
            if asked.modality in some:
                figures[f"{name}, accuracy"] = accuracy(model, asked)
    return figures


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record(
        "one_transformer", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run
    )
