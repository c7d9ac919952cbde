"""Recorded experiment: English into Chinese and back, with and without the picture. Shown in lesson 08.

    python3 -m course_utils experiment translation

One network for all rows: a GRU in both directions reads the sentence, the decoder of lesson 07 writes the
translation. What it looks at are the words with the states of the GRU and, before them, one token for the
picture, which is hidden where there is none.

- **words** and **subwords** never see a picture. They differ in how English is cut.
- **with the picture** learns beside a drawing of the noun that matters, in one of three art styles on any
  ground; three sentences in ten have none, so that it can do without.
- **from Chinese** and **from Chinese, with the picture** are the same the other way round.

Each is scored on combinations, nouns and frames of the grammar that it did not learn from, and on sentences
that no grammar made. Ambiguous words are translated with every sight of SIGHTS beside them. Settings were
chosen on validation sentences, and on combinations of an ambiguous noun and a frame that were taken out of
the training sentences for that; but for one, of which data/results/README.md tells.
"""

import functools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import arguments
from course_utils.datasets import emoji, parallel, photographs
from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError
from course_utils.evaluation import sequences
from course_utils.experiments import fusion, results
from course_utils.places import DATA
from course_utils.preprocessing import text
from course_utils.training import load_arrays, load_weights, save_weights

if TYPE_CHECKING:
    import keras

CONFIGURATION = {
    "dim": 96,
    "heads": 4,
    "blocks": 1,
    "pieces": 500,
    "common words": 100,
    "other words hidden": 0.1,
    "pictures hidden": 0.3,
    "noise": 0.5,
    "dropout": 0.2,
    "batch size": 128,
    "epochs": {"with the picture": 4, "other rows": 3},
    "ambiguous repeated": {"with the picture": 5, "other rows": 1},
    "batches of one length": {"with the picture": False, "other rows": True},
    "learning rate": 0.004,
    "weight decay": 0.05,
    "sentences": {
        "train": 16000,
        "validation": 500,
        "new combinations": 500,
        "new nouns": 500,
        "new frames": 500,
        "ambiguous": 500,
    },
}
WORDS, SUBWORDS, PICTURE = "words", "subwords", "with the picture"
BACK, BACK_PICTURE = "from Chinese", "from Chinese, with the picture"
ROWS = (WORDS, SUBWORDS, PICTURE, BACK, BACK_PICTURE)
SEEING = (PICTURE, BACK_PICTURE)
SEEDS = 3
SIGHTS = ("no picture", "drawing", "unseen style", "photograph", "wrong drawing", "shuffled drawings")
"""What is shown beside an ambiguous sentence. The wrong drawing is that of the noun's other sense."""
AMBIGUOUS, COMBINATIONS, FREE = "ambiguous", "new combinations", "free"
CHECKPOINT = "checkpoints/translator.npz"
SIDE = 48
"""Pixels of a picture, as the image encoder likes them."""

LONGEST = 24
"""Tokens of the longest translation, with its end."""
_START, _END = "<start>", "<end>"


# --- sentences and numbers ----------------------------------------------------------------------------------


def split_english(sentence: str) -> list[str]:
    """Cuts an English sentence into words, lower case, and punctuation marks, each a token of its own."""
    return re.findall(r"\w+(?:['’-]\w+)*|[^\w\s]", text.normalise(sentence))


def join_english(tokens: Sequence[str]) -> str:
    """Writes tokens as a sentence: a capital, spaces, none before punctuation. Names stay in lower case."""
    sentence = re.sub(r" (?=[.,;:!?])", "", " ".join(tokens))
    return sentence[:1].upper() + sentence[1:]


@dataclass(frozen=True)
class Languages:
    """How sentences become numbers and numbers a translation; learned from the training sentences.

    Attributes:
        source: Vocabulary of what is read.
        target: Vocabulary of what is written, with "<start>" and "<end>".
        from_chinese: bool, whether Chinese is read and English written.
        pieces: BytePairEncoder that cuts English to read, or None for whole words.
    """

    source: text.Vocabulary
    target: text.Vocabulary
    from_chinese: bool = False
    pieces: text.BytePairEncoder | None = None

    @classmethod
    def learn(cls, row: str, pairs: parallel.Parallel) -> "Languages":
        """Numbers the tokens of these pairs as a row cuts them."""
        from_chinese, pieces = row in (BACK, BACK_PICTURE), None
        if row == SUBWORDS:
            lowered = [*map(text.normalise, pairs.english)]
            pieces = text.BytePairEncoder.train(lowered, CONFIGURATION["pieces"])
        empty = text.Vocabulary([])
        unlearned = cls(empty, empty, from_chinese, pieces)
        sources, targets = sides(row, pairs)
        return cls(
            text.Vocabulary.build(map(unlearned.cut_source, sources)),
            text.Vocabulary.build([_START, *unlearned.cut_target(target), _END] for target in targets),
            from_chinese,
            pieces,
        )

    def cut_source(self, sentence: str) -> list[str]:
        """Cuts a sentence that is read: Chinese into characters, English into words or pieces."""
        if self.from_chinese:
            return text.split_characters(sentence)
        return self.pieces.encode(text.normalise(sentence)) if self.pieces else split_english(sentence)

    def cut_target(self, sentence: str) -> list[str]:
        """Cuts a sentence that is written: Chinese into characters, English into words."""
        return split_english(sentence) if self.from_chinese else text.split_characters(sentence)

    def read(self, sentences: Sequence[str]) -> np.ndarray:
        """Turns sentences into numbers, int32 (n, longest), 0 after the end and 1 for what is unknown."""
        return text.pad([self.source.encode(self.cut_source(sentence)) for sentence in sentences])[0]

    def targets(self, sentences: Sequence[str]) -> np.ndarray:
        """Turns translations into numbers, "<end>" after each, int32 (n, longest), at most LONGEST."""
        rows = [self.target.encode([*self.cut_target(sentence), _END])[:LONGEST] for sentence in sentences]
        return text.pad(rows)[0]

    def shifted(self, targets: np.ndarray) -> np.ndarray:
        """Gives the inputs of teacher forcing: "<start>", then all targets (n, longest) but the last."""
        return np.hstack([np.full((len(targets), 1), self.start, np.int32), targets[:, :-1]])

    def written(self, targets: np.ndarray) -> list[str]:
        """Turns numbers (n, longest) into n translations, without padding and "<end>"."""
        join = join_english if self.from_chinese else "".join
        return [join(self.target.decode(row[(row != 0) & (row != self.end)])) for row in targets]

    @property
    def start(self) -> int:
        """The number of "<start>"."""
        return self.target.encode([_START])[0]

    @property
    def end(self) -> int:
        """The number of "<end>"."""
        return self.target.encode([_END])[0]


def sides(row: str, pairs: parallel.Parallel) -> tuple[list[str], list[str]]:
    """Gives what a row reads and what it writes, two lists of n str."""
    if row in (BACK, BACK_PICTURE):
        return pairs.chinese, pairs.english
    return pairs.english, pairs.chinese


@functools.cache
def draw_pairs(split: str) -> parallel.Parallel:
    """Gives the pairs of a split, the same for every row and seed.

    Args:
        split: one of CONFIGURATION["sentences"], or "free" for the test half of those that no grammar made.

    Returns:
        Parallel.
    """
    if split == FREE:
        return parallel.load(split="test")
    return parallel.generate(CONFIGURATION["sentences"][split], seed=80, split=split)


# --- pictures -----------------------------------------------------------------------------------------------


def features_of(pictures: np.ndarray) -> np.ndarray:
    """Gives the features of pictures, from the disk where the encoder has seen them before.

    Args:
        pictures: RGB uint8 (n, 48, 48, 3).

    Returns:
        float32 (n, 384).
    """
    from course_utils.features import pretrained
    from course_utils.features.cache import cached

    return cached(pretrained.image_features, pictures, pretrained.load_image_encoder())


def drawings(concepts: np.ndarray, style: str, ground: str = "white") -> np.ndarray:
    """Gives the features of drawings in one art style.

    Args:
        concepts: int array (n,), indices in ``course_utils.datasets.emoji.load()``.
        style: one of emoji.STYLES.
        ground: one of photographs.GROUNDS.

    Returns:
        float32 (n, 384).
    """
    different, place = np.unique(concepts, return_inverse=True)
    pictures = emoji.resized(_tiles(style)[different], SIDE)
    return features_of(photographs.on_ground(pictures, ground, np.random.default_rng(0)))[place]


@functools.cache
def _tiles(style: str) -> np.ndarray:
    """The pictures of an art style, which take a while to decode."""
    return emoji.load((style,)).pictures[style]


@functools.cache
def photographed() -> dict[int, np.ndarray]:
    """Gives the features of the photographs of what ambiguous words may mean.

    Returns:
        {concept: float32 (photographs, 384)}, of the concepts that have one, on white.
    """
    some = photographs.load()
    some = some.select(np.flatnonzero(np.isin(some.concepts, draw_pairs(AMBIGUOUS).concepts)))
    features = features_of(emoji.on_background(some.on_squares(SIDE)))
    return {int(concept): features[some.concepts == concept] for concept in np.unique(some.concepts)}


def sight(name: str, pairs: parallel.Parallel) -> tuple[np.ndarray, np.ndarray | None]:
    """Gives the features of what is shown beside pairs of sentences.

    Args:
        name: one of SIGHTS.
        pairs: Parallel; for "wrong drawing" each with its twin of the other sense.

    Returns:
        Numbers of the pairs that have such a picture, int array (m,), and float32 (m, 384), or None.
    """
    rows = np.arange(len(pairs))
    if name == "no picture":
        return rows, None
    if name == "unseen style":
        return rows, drawings(pairs.concepts, emoji.TEST_STYLE)
    if name == "photograph":
        known = photographed()
        rows = np.array([row for row in rows if int(pairs.concepts[row]) in known])
        shown = [known[int(concept)] for concept in pairs.concepts[rows]]
        return rows, np.stack([some[place % len(some)] for place, some in enumerate(shown)])
    of = rows
    if name == "wrong drawing":
        of = rows ^ 1  # twins stand side by side
    if name == "shuffled drawings":
        of = np.random.default_rng(0).permutation(len(pairs))
    styles = np.stack([drawings(pairs.concepts[of], style) for style in emoji.TRAIN_STYLES])
    return rows, styles[rows // 2 % len(styles), rows]


# --- the network --------------------------------------------------------------------------------------------


def build(languages: Languages) -> "keras.Model":
    """Builds the translator with random weights: a GRU reads, a decoder writes. Shown in lesson 08.

    Args:
        languages: Languages, kept as the model's attribute ``languages``.

    Returns:
        Keras model from ``[tokens, source, picture]``, int32 (batch, tokens), int32 (batch, source tokens)
        and float32 (batch, 384), to logits of the next tokens, float32 (batch, tokens, vocabulary). A picture
        of nothing but zeros is hidden.
    """
    import keras
    from keras import layers, ops

    from course_utils.features import pretrained
    from course_utils.generation.decoder import Decoder

    dim, heads, blocks = (CONFIGURATION[name] for name in ("dim", "heads", "blocks"))
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    source = keras.Input((None,), dtype="int32", name="source")
    picture = keras.Input((2 * pretrained.CHANNELS,), name="picture")
    read = layers.GRU(dim // 2, return_sequences=True)
    words = layers.Embedding(len(languages.source), dim, name="words")(source)
    states = layers.Bidirectional(read, name="states")(words, mask=ops.not_equal(source, 0))
    # A word stays itself, whatever stands around it: that carries over to sentences never seen.
    states = layers.Add()([words, layers.Dropout(CONFIGURATION["dropout"])(states)])
    noisy = layers.GaussianNoise(CONFIGURATION["noise"])(picture)
    seen = layers.Reshape((1, dim))(layers.Dense(dim, name="seen")(noisy))
    memory = layers.Concatenate(axis=1, name="memory")([seen, states])
    decoder = Decoder(len(languages.target), LONGEST, dim, heads, blocks, name="decoder")
    logits = decoder(tokens, memory, memory_mask=memory_mask(source, picture))
    model = keras.Model([tokens, source, picture], logits)
    model.languages = languages
    return model


def memory_mask(source: Any, picture: Any) -> Any:
    """Says what there is to look at: bool (batch, 1 + source tokens), the picture first; True = keep.

    Args:
        source: int tensor (batch, source tokens), 0 for padding.
        picture: float tensor (batch, 384), zeros where there is none.
    """
    from keras import ops

    there = ops.any(ops.not_equal(picture, 0), axis=-1, keepdims=True)
    return ops.concatenate([there, ops.not_equal(source, 0)], axis=1)


def training_pairs(row: str) -> parallel.Parallel:
    """Gives the pairs that a row learns from: who sees gets those with senses more often, as they are few."""
    pairs = draw_pairs("train")
    times = np.where(pairs.senses >= 0, _set("ambiguous repeated", row), 1)
    return pairs.select(np.repeat(np.arange(len(pairs)), times))


def _set(name: str, row: str) -> int | bool:
    """A setting that one row has for itself."""
    return CONFIGURATION[name].get(row, CONFIGURATION[name]["other rows"])


def train(row: str, *, seed: int) -> "keras.Model":
    """Trains a translator: AdamW, warm-up and half a cosine, cross-entropy of every token but padding.

    Args:
        row: str, one of ROWS.
        seed: int, for the first weights, the order of the batches and what is hidden.

    Returns:
        Keras model as from :func:`build`.
    """
    import keras

    pairs, trained, epochs = training_pairs(row), _compiled(row), _set("epochs", row)
    languages = trained.languages
    keras.utils.set_random_seed(seed)
    model = build(languages)
    trained.set_weights(model.get_weights())
    for variable in trained.optimizer.variables:
        variable.assign(np.zeros(variable.shape))
    concepts, pictured = np.unique(pairs.concepts, return_inverse=True)
    views = None
    if row in SEEING:
        views = np.stack(
            [
                drawings(concepts, style, ground)
                for style in emoji.TRAIN_STYLES
                for ground in photographs.GROUNDS
            ]
        )
        mean, deviation = views.mean(axis=(0, 1)), views.std(axis=(0, 1)) + 1e-6
        views = (views - mean) / deviation
    sources, targets = sides(row, pairs)
    steps = -(-len(pairs) // CONFIGURATION["batch size"])
    rates = fusion.warmed_up(epochs * steps, CONFIGURATION["learning rate"])
    trained.fit(
        _batches(languages, sources, targets, pictured, views, _set("batches of one length", row), seed),
        steps_per_epoch=steps,
        epochs=epochs,
        callbacks=[fusion.following(trained.optimizer, rates)],
        shuffle=False,
        verbose=0,
    )
    model.set_weights(trained.get_weights())
    if row in SEEING:
        # Standardising is linear: moved into the first layer, nobody has to carry the statistics along.
        layer = model.get_layer("seen")
        kernel, bias = layer.get_weights()
        layer.set_weights([kernel / deviation[:, np.newaxis], bias - (mean / deviation) @ kernel])
    return model


def _batches(
    languages: Languages,
    sources: Sequence[str],
    targets: Sequence[str],
    pictured: np.ndarray,
    views: np.ndarray | None,
    one_length: bool,
    seed: int,
) -> Iterator[tuple]:
    """Batches without end: every pair once, then again; some words unknown, a picture drawn or none.

    With ``one_length`` sentences of a length come together, so that little is padding. Keras takes from the
    first two batches which lengths vary: they are the shortest and the longest.
    """
    from course_utils.features import pretrained

    rng, size = np.random.default_rng(seed), CONFIGURATION["batch size"]
    read, write = languages.read(sources), languages.targets(targets)
    lengths = np.count_nonzero(write, axis=1)
    while True:
        order = rng.permutation(len(read))
        if one_length:
            order = order[np.argsort(lengths[order], kind="stable")]
        batches = np.split(order, range(size, len(order), size))
        for number in (0, len(batches) - 1, *rng.permutation(np.arange(1, len(batches) - 1))):
            rows = batches[number]
            source, target = read[rows], write[rows]
            if one_length:
                source, target = _trimmed(source), _trimmed(target)
            rare = source > CONFIGURATION["common words"]  # numbered by how often they occur
            hidden = rare & (rng.random(source.shape) < CONFIGURATION["other words hidden"])
            pictures = np.zeros((len(rows), 2 * pretrained.CHANNELS), np.float32)
            if views is not None:
                shown = rng.random(len(rows)) >= CONFIGURATION["pictures hidden"]
                drawn = views[rng.integers(len(views), size=len(rows)), pictured[rows]]
                pictures[shown] = drawn[shown]
            source = np.where(hidden, text.Vocabulary.UNKNOWN, source)
            yield (languages.shifted(target), source, pictures), target


def _trimmed(numbers: np.ndarray) -> np.ndarray:
    """The columns up to the end of the longest row."""
    return numbers[:, : np.count_nonzero(numbers, axis=1).max()]


@functools.cache
def _compiled(row: str) -> "keras.Model":
    """The network that every training of a row trains, because compiling takes long."""
    import keras

    model = build(Languages.learn(row, draw_pairs("train")))
    optimizer = keras.optimizers.AdamW(0.0, weight_decay=CONFIGURATION["weight decay"], clipnorm=1.0)
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0))
    optimizer.build(model.trainable_variables)
    return model


def load_translator() -> "keras.Model":
    """Gives the trained translator, of "with the picture" with seed 0, frozen. Introduced in lesson 08.

    Returns:
        Keras model as from :func:`build`, with :class:`Languages` as ``languages``.

    Raises:
        CourseError: when the checkpoint is missing or damaged.
    """
    path = data_path(CHECKPOINT)
    known = load_arrays(path)[1]
    model = build(Languages(text.Vocabulary(known["source"]), text.Vocabulary(known["target"])))
    load_weights(path, model)
    model.trainable = False
    return model


def save_translator(model: "keras.Model") -> None:
    """Writes a translator of whole English words and its vocabularies to the checkpoint."""
    vocabularies = {name: getattr(model.languages, name).tokens[2:] for name in ("source", "target")}
    save_weights(DATA / CHECKPOINT, model, vocabularies)


def remember(
    model: "keras.Model", sentences: Sequence[str], features: np.ndarray | None = None
) -> tuple[Any, Any]:
    """Gives what the decoder looks at while it translates. Introduced in lesson 08.

    Args:
        model: Keras model as from :func:`build`.
        sentences: n str, to translate.
        features: float32 (n, 384), of their pictures; None for none.

    Returns:
        memory, float tensor (n, 1 + source tokens, dim), the picture first, and its mask, bool, True = keep.
        ``model.get_layer("decoder").start(memory, mask)`` begins to write.

    Raises:
        CourseError: sentences are no list of str, one is empty, or features are of another shape.
    """
    import keras

    sentences = arguments.strings("sentences", sentences)
    if not all(map(str.strip, sentences)):
        raise CourseError("a sentence is empty: expected at least one word in each of them.")
    source, shape = model.languages.read(sentences), (len(sentences), model.inputs[2].shape[1])
    if features is None:
        features = np.zeros(shape, np.float32)
    arguments.array("features", features, np.floating, (shape,))
    encoder = keras.Model(model.inputs[1:], model.get_layer("memory").output)
    return encoder([source, features]), memory_mask(source, features)


def translate(
    model: "keras.Model", sentences: Sequence[str], features: np.ndarray | None = None
) -> list[str]:
    """Translates sentences, always with the likeliest token. Introduced in lesson 08.

    Args:
        model: Keras model as from :func:`build`.
        sentences: n str.
        features: float32 (n, 384), of their pictures as from
            :func:`course_utils.features.pretrained.image_features` at 48 pixels; a row of zeros is no
            picture, None is none for all.

    Returns:
        n str.

    Raises:
        CourseError: as :func:`remember`.
    """
    return model.languages.written(_write(model, sentences, features))


def _write(model: "keras.Model", sentences: Sequence[str], features: np.ndarray | None) -> np.ndarray:
    """The likeliest tokens, int32 (n, LONGEST)."""
    import tensorflow as tf

    from course_utils.generation import search

    decoder, languages = model.get_layer("decoder"), model.languages
    return search.greedy(
        tf.function(decoder.step, autograph=False),
        decoder.start(*remember(model, sentences, features)),
        np.full(len(sentences), languages.start),
        end=languages.end,
        longest=LONGEST,
        never=[text.Vocabulary.UNKNOWN],
    ).tokens


def attention_on(
    model: "keras.Model",
    sentences: Sequence[str],
    translations: Sequence[str],
    features: np.ndarray | None = None,
) -> np.ndarray:
    """Says where the decoder looks while it writes given translations. Introduced in lesson 08.

    Args:
        model: Keras model as from :func:`build`.
        sentences: n str.
        translations: n str, such as :func:`translate` gives.
        features: float32 (n, 384) or None.

    Returns:
        float32 (n, tokens, 1 + source tokens), the heads' mean in the last block: a row for each token of
        ``model.languages.cut_target(translation)`` and for the end, a column for the picture, then one for
        each of ``model.languages.cut_source(sentence)``; 0 where there is none.
    """
    languages = model.languages
    memory, mask = remember(model, sentences, features)
    inputs = languages.shifted(languages.targets(translations))
    weights = model.get_layer("decoder")(inputs, memory, memory_mask=mask, return_scores=True)[1]
    return np.asarray(weights)[:, -1].mean(axis=1)


# --- scores -------------------------------------------------------------------------------------------------


def text_scores(translations: Sequence[str], references: Sequence[str], language: str) -> dict[str, float]:
    """Scores translations by what they share with the references: BLEU, chrF and the share that is equal."""
    return {
        "BLEU": sequences.bleu(translations, references, language).value,
        "chrF": sequences.chrf(translations, references).value,
        "exact": np.mean(np.array(translations) == np.array(references)),
    }


def sense_scores(translations: Sequence[str], pairs: parallel.Parallel) -> dict[str, float]:
    """Says which sense translations of ambiguous words took. Introduced in lesson 08.

    Args:
        translations: n str, Chinese.
        pairs: Parallel, the same n, with senses.

    Returns:
        dict of float, of sum 1: "right sense", "other sense" and "unclear", where neither is in the
        translation, or both.
    """
    words = parallel.senses()
    wanted = np.array([noun in said for noun, said in zip(pairs.chinese_nouns, translations, strict=True)])
    other = np.array(
        [
            any(word in said for word in words[noun] if word != meant)
            for noun, meant, said in zip(pairs.nouns, pairs.chinese_nouns, translations, strict=True)
        ]
    )
    return {
        "right sense": (wanted & ~other).mean(),
        "other sense": (other & ~wanted).mean(),
        "unclear": (wanted == other).mean(),
    }


def other_characters_changed(one: Sequence[str], other: Sequence[str], pairs: parallel.Parallel) -> float:
    """Says how much two translations of the same sentences differ beside the noun and its measure word.

    Args:
        one: n str, Chinese.
        other: n str, with another picture.
        pairs: Parallel, the same n, with senses.

    Returns:
        float: edits for each character of ``one`` that belongs neither to the noun nor to its measure word.
    """
    words = parallel.senses()
    edits = kept = 0
    for first, second, noun in zip(one, other, pairs.nouns, strict=True):
        # A measure word stands between 这 or 那 and the noun.
        decided = re.compile(rf"((?<=[这那]).)?({'|'.join(words[noun])})")
        first, second = decided.sub("", first), decided.sub("", second)
        edits += sequences.edit_distance(first, second)
        kept += len(first)
    return edits / kept


def token_accuracies(
    model: "keras.Model", sentences: Sequence[str], references: Sequence[str], features: np.ndarray | None
) -> dict[str, float]:
    """Says how many tokens are right after the true ones (teacher forcing) and after the model's own.

    Args:
        model: Keras model as from :func:`build`.
        sentences: n str.
        references: n str.
        features: float32 (n, 384) or None.

    Returns:
        dict of float: "tokens right, true ones before" and "tokens right, own ones before", of all tokens of
        the references, ends included, each in its place.
    """
    languages = model.languages
    targets = languages.targets(references)
    memory, mask = remember(model, sentences, features)
    logits = model.get_layer("decoder")(languages.shifted(targets), memory, memory_mask=mask)
    own = _write(model, sentences, features)[:, : targets.shape[1]]
    real = targets > text.Vocabulary.UNKNOWN
    return {
        "tokens right, true ones before": (np.asarray(logits).argmax(axis=-1) == targets)[real].mean(),
        "tokens right, own ones before": (own == targets)[real].mean(),
    }


# --- runs ---------------------------------------------------------------------------------------------------


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, as for :func:`train`.

    Returns:
        dict of float, as :func:`text_scores`, :func:`token_accuracies` and :func:`sense_scores` name them,
        each with its split and, of ambiguous sentences, with what is shown. "with the picture" with seed 0
        also writes the checkpoint.
    """
    model = train(row, seed=seed)
    if (row, seed) == (PICTURE, 0):
        save_translator(model)
    seeing = row in SEEING
    language = "en" if model.languages.from_chinese else "zh"
    figures = {"parameters": model.count_params(), "training pairs": len(training_pairs(row))}
    for split in (*CONFIGURATION["sentences"], FREE):
        if split in ("train", AMBIGUOUS):
            continue
        some = draw_pairs(split)
        sentences, references = sides(row, some)
        shown = ["no picture"]
        if seeing and split != FREE:
            shown += ["drawing", "shuffled drawings"] if split == COMBINATIONS else ["drawing"]
        for name in shown:
            features = sight(name, some)[1]
            scores = text_scores(translate(model, sentences, features), references, language)
            if name == "no picture":
                scores |= token_accuracies(model, sentences, references, features)
            figures |= {f"{score}, {split}, {name}": value for score, value in scores.items()}
    return figures | _ambiguous(model, row, SIGHTS if seeing else SIGHTS[:1], language)


def _ambiguous(model: "keras.Model", row: str, sights: Sequence[str], language: str) -> dict[str, float]:
    """Scores the ambiguous sentences under each sight."""
    figures, written = {}, {}
    pairs = draw_pairs(AMBIGUOUS)
    for name in sights:
        rows, features = sight(name, pairs)
        some = pairs.select(rows)
        sentences, references = sides(row, some)
        written[name] = translate(model, sentences, features)
        scores = text_scores(written[name], references, language)
        if language == "zh":
            scores |= sense_scores(written[name], some)
        else:
            said = zip(some.nouns, written[name], strict=True)
            scores["right noun"] = np.mean([noun in translation.lower() for noun, translation in said])
        figures |= {f"{score}, {AMBIGUOUS}, {name}": value for score, value in scores.items()}
    if language == "zh" and len(sights) > 1:
        figures["other characters changed by the wrong drawing"] = other_characters_changed(
            written["drawing"], written["wrong drawing"], pairs
        )
        figures["concepts photographed"] = len(photographed())
    return figures


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record("translation", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
