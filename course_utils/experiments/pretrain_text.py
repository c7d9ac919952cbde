"""Recorded experiment: the course's text encoder, trained on what emoji are called. Shown in lesson 03.

    python3 -m course_utils experiment pretrain_text --seeds 3

All names and keywords of one concept, English or Chinese, shall have similar features, those of other
concepts different ones. The encoder of seed 0 is written to ``data/checkpoints/text_encoder.npz``. Figures
are of concepts that no training text belongs to.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.datasets import emoji
from course_utils.experiments import results
from course_utils.features import text_encoder
from course_utils.places import DATA
from course_utils.preprocessing import text

if TYPE_CHECKING:
    import keras

CONFIGURATION = {
    "tokens": 3000,
    "concepts in a batch": 128,
    "steps": 1200,
    "learning rate": 0.003,
    "temperature": 0.1,
    "tokens hidden": 0.1,
    "keywords": 3,
    "held-out concepts": 200,
}
GRU, MEAN, NGRAMS = "bidirectional GRU", "mean of the embeddings", "TF-IDF of character n-grams"
ROWS = (GRU, MEAN, NGRAMS)
SEEDS = 3


def split_concepts(world: emoji.Emoji) -> tuple[np.ndarray, np.ndarray]:
    """Chooses concepts to train on and to test on, the same for every seed.

    The combinations that the course keeps for its compositional test are in neither. The test concepts are
    drawn from those without parts: a "woman mechanic" beside a "man mechanic" would test nothing.

    Args:
        world: :class:`course_utils.datasets.emoji.Emoji`.

    Returns:
        two sorted int arrays of indices, train and test.
    """
    kept = np.array([split == "train" for split in world.concept_split])
    single = kept & np.array([not parts for parts in world.parts])
    rng = np.random.default_rng(0)
    test = np.sort(rng.choice(np.flatnonzero(single), CONFIGURATION["held-out concepts"], replace=False))
    return np.setdiff1d(np.flatnonzero(kept), test), test


def draw_text(world: emoji.Emoji, concept: int, rng: np.random.Generator) -> str:
    """Draws one text for a concept: its name, some keywords, or both, in one of the two languages.

    Args:
        world: :class:`course_utils.datasets.emoji.Emoji`.
        concept: int, its index.
        rng: numpy.random.Generator.

    Returns:
        str, normalised.
    """
    language = emoji.LANGUAGES[rng.integers(2)]
    name, keywords = world.names[language][concept], world.keywords[language][concept]
    count = min(len(keywords), int(rng.integers(0, CONFIGURATION["keywords"] + 1)))
    chosen = [keywords[place] for place in rng.choice(len(keywords), count, replace=False)] if count else []
    if not chosen or rng.random() < 0.5:
        chosen = [name, *chosen]
    return text.normalise(", ".join(chosen))


def untrained(world: emoji.Emoji, train: np.ndarray) -> text_encoder.TextEncoder:
    """Learns tokens from the training concepts' texts; gives an encoder for them with no weights yet.

    Args:
        world: :class:`course_utils.datasets.emoji.Emoji`.
        train: int array, concepts whose texts are used.

    Returns:
        :class:`course_utils.features.text_encoder.TextEncoder` with an empty list of weights.
    """
    texts = [
        text.normalise(item)
        for language in emoji.LANGUAGES
        for concept in train
        for item in (world.names[language][concept], *world.keywords[language][concept])
    ]
    tokenizer = text.BytePairEncoder.train(texts, CONFIGURATION["tokens"])
    vocabulary = text.Vocabulary.build([tokenizer.encode(item) for item in texts])
    return text_encoder.TextEncoder(tokenizer, vocabulary, [])


def contrastive_loss(_: Any, features: "keras.KerasTensor") -> "keras.KerasTensor":
    """Gives the cross-entropy of finding a text's partner among all texts of the batch (InfoNCE).

    Van den Oord et al., arXiv:1807.03748; lesson 06 writes it out.

    Args:
        _: ignored, Keras' place for labels.
        features: float (2 · concepts, dim), rows of length 1; rows 2i and 2i + 1 belong to one concept.

    Returns:
        float scalar.
    """
    from keras import ops

    rows = ops.shape(features)[0]
    scores = ops.matmul(features, ops.transpose(features)) / CONFIGURATION["temperature"]
    scores = scores - 1e9 * ops.eye(rows)  # no text is its own partner
    places = ops.arange(rows)
    partners = places + 1 - 2 * (places % 2)
    return ops.mean(ops.sparse_categorical_crossentropy(partners, scores, from_logits=True))


def build(row: str, vocabulary_size: int) -> "keras.Model":
    """Builds the network of a row.

    Args:
        row: str, GRU or MEAN.
        vocabulary_size: int.

    Returns:
        Keras model, int ids (batch, tokens) → float32 (batch, 128), rows of length 1.
    """
    if row == GRU:
        return text_encoder.build(vocabulary_size)
    import keras
    from keras import layers

    ids = keras.Input((None,), dtype="int32")
    vectors = layers.Embedding(vocabulary_size, text_encoder.DIM, mask_zero=True)(ids)
    return keras.Model(ids, layers.UnitNormalization()(layers.GlobalAveragePooling1D()(vectors)))


def train(row: str, seed: int) -> tuple["keras.Model", text_encoder.TextEncoder]:
    """Trains one network.

    Args:
        row: str, GRU or MEAN.
        seed: int, for the first weights and the texts drawn.

    Returns:
        Keras model, and its :class:`course_utils.features.text_encoder.TextEncoder`.
    """
    import keras

    world = emoji.load(("noto",))
    concepts, _ = split_concepts(world)
    encoder = untrained(world, concepts)
    keras.utils.set_random_seed(seed)
    model = build(row, len(encoder.vocabulary))
    steps, rng = CONFIGURATION["steps"], np.random.default_rng(seed)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - 100, warmup_target=CONFIGURATION["learning rate"], warmup_steps=100
    )
    model.compile(keras.optimizers.Adam(schedule), contrastive_loss)
    for _ in range(steps):
        chosen = rng.choice(concepts, CONFIGURATION["concepts in a batch"], replace=False)
        ids, mask = encoder.ids([draw_text(world, concept, rng) for concept in np.repeat(chosen, 2)])
        hidden = mask & (rng.random(ids.shape) < CONFIGURATION["tokens hidden"])
        model.train_on_batch(np.where(hidden, text.Vocabulary.UNKNOWN, ids), np.zeros(len(ids)))
    return model, dataclasses.replace(encoder, weights=model.get_weights())


def measure(world: emoji.Emoji, features: Callable[[list[str]], np.ndarray]) -> dict[str, float]:
    """Gives the figures on the held-out concepts.

    Args:
        world: :class:`course_utils.datasets.emoji.Emoji`.
        features: function of a list of str, returns float (n, dim), dense or sparse.

    Returns:
        dict of float: share of subgroups found from the name, by a linear probe and by the nearest training
        name, in each language; and how often the name in the other language is the nearest or one of the
        ten nearest among those of all held-out concepts.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics.pairwise import cosine_similarity

    train, test = split_concepts(world)
    figures, found = {}, {}
    for language in emoji.LANGUAGES:
        names = world.names[language]
        known, new = (features([names[i] for i in places]) for places in (train, test))
        truth = world.subgroups[test]
        probe = LogisticRegression(C=30, max_iter=1000).fit(known, world.subgroups[train])
        figures[f"subgroup, linear probe, {language}"] = (probe.predict(new) == truth).mean()
        nearest = train[cosine_similarity(new, known).argmax(axis=1)]
        figures[f"subgroup, nearest name, {language}"] = (world.subgroups[nearest] == truth).mean()
        found[language] = new
    for asked, answer in (("en", "zh"), ("zh", "en")):
        scores = cosine_similarity(found[asked], found[answer])
        for k in (1, 10):
            figures[f"{asked} to {answer} R@{k}"] = recall_at(scores, k)
    return figures


def recall_at(scores: np.ndarray, k: int) -> float:
    """Gives the share of rows whose partner, on the diagonal, is among the k best; ties count against it.

    Args:
        scores: float array (n, n).
        k: int ≥ 1.

    Returns:
        float, 0 to 1.
    """
    partner = np.diag(scores)[:, np.newaxis]
    better = (scores >= partner).sum(axis=1) - 1  # without the partner itself
    return float((better < k).mean())


def run(row: str, seed: int, checkpoint: Path | None = None) -> dict[str, float]:
    """Trains one row with one seed and measures it.

    Args:
        row: str, one of ROWS.
        seed: int, for the first weights and the texts drawn; n-grams have nothing random.
        checkpoint: Path to write the encoder to, or None.

    Returns:
        dict of float: parameters, and the figures of :func:`measure`.
    """
    world = emoji.load(("noto",))
    if row == NGRAMS:
        from sklearn.feature_extraction.text import TfidfVectorizer

        vectoriser = TfidfVectorizer(analyzer="char_wb", ngram_range=(1, 4), sublinear_tf=True)
        names = [world.names[language][i] for language in emoji.LANGUAGES for i in split_concepts(world)[0]]
        vectoriser.fit(names)
        return {"parameters": 0, **measure(world, vectoriser.transform)}
    model, encoder = train(row, seed)
    if checkpoint:
        checkpoint.parent.mkdir(exist_ok=True)
        encoder.save(checkpoint)
    figures = measure(world, lambda texts: np.asarray(model(encoder.ids(texts)[0], training=False)))
    return {"parameters": model.count_params(), **figures}


def run_and_keep(row: str, seed: int) -> dict[str, float]:
    """Makes one run; that of seed 0 with a GRU also writes the checkpoint that the lessons load.

    Args:
        row: str, one of ROWS.
        seed: int.

    Returns:
        dict of float, as :func:`run` gives it.
    """
    return run(row, seed, DATA / text_encoder.CHECKPOINT if (row, seed) == (GRU, 0) else None)


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record(
        "pretrain_text",
        CONFIGURATION,
        ROWS,
        results.seeds_from_command_line(__doc__, SEEDS),
        run_and_keep,
    )
