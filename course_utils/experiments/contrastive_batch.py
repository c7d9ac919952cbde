"""Recorded experiment: what the size of a batch teaches a contrastive loss. Shown in lesson 06.

    python3 -m course_utils experiment contrastive_batch --seeds 3

Every step of every row sees 1,024 pairs, the same with one seed, and has the same learning rate. The rows
differ in one thing: each pair is compared with the other pairs of its own group of n only, so it has n − 1
negatives. Figures are of an art style that no row was trained on; nothing is chosen by them.
"""

import functools
from typing import TYPE_CHECKING

import numpy as np

from course_utils.datasets import emoji
from course_utils.evaluation import retrieval
from course_utils.experiments import pretrain_text, results
from course_utils.features import cache

if TYPE_CHECKING:
    import keras

CONFIGURATION = {
    "pairs in a step": 1024,
    "steps": 60,
    "learning rate": 0.004,
    "weight decay": 0.01,
    "n-grams": 2048,
    "dim": 128,
}
SIZES = (16, 64, 256, 1024)
ROWS = tuple(f"n = {size}" for size in SIZES)
SEEDS = 3

MIRRORED = ", mirrored"
VIEWS = (*emoji.TRAIN_STYLES, *(style + MIRRORED for style in emoji.TRAIN_STYLES))
"""The pictures of a concept that a model may learn from, by the keys of :func:`picture_features`."""

_SIDE = 48
_KEYWORDS = 0.1  # share of the texts that are a keyword instead of the name


def picture_features(world: emoji.Emoji) -> dict[str, np.ndarray]:
    """Gives the features of every drawing, and of the mirrored ones in the training styles.

    They come from the course's frozen image encoder and are kept on the disk.

    Args:
        world: :class:`course_utils.datasets.emoji.Emoji` with all styles.

    Returns:
        dict of float32 (1571, 384), by style and by style + MIRRORED.
    """
    from course_utils.features import pretrained

    encoder = pretrained.load_image_encoder()
    features = {}
    for style in emoji.STYLES:
        drawn = emoji.on_background(emoji.resized(world.pictures[style], _SIDE))
        features[style] = cache.cached(pretrained.image_features, drawn, encoder)
        if style in emoji.TRAIN_STYLES:
            mirrored = cache.cached(pretrained.image_features, drawn[:, :, ::-1], encoder)
            features[style + MIRRORED] = mirrored
    return features


def draw_texts(
    world: emoji.Emoji, concepts: np.ndarray, rng: np.random.Generator, english_only: np.ndarray | None = None
) -> list[str]:
    """Draws a text for each concept: its name, or sometimes a keyword, in one of the two languages.

    Introduced in lesson 06.

    Args:
        world: :class:`course_utils.datasets.emoji.Emoji`.
        concepts: int array (n,), their indices.
        rng: numpy.random.Generator.
        english_only: int array, concepts whose Chinese texts are never drawn; None has none.

    Returns:
        n str.
    """
    only_english = np.isin(concepts, [] if english_only is None else english_only)
    chinese = (rng.random(len(concepts)) < 0.5) & ~only_english
    texts = []
    for concept, language in zip(concepts, np.where(chinese, "zh", "en"), strict=True):
        keywords = world.keywords[language][concept]
        by_keyword = keywords and rng.random() < _KEYWORDS
        texts.append(rng.choice(keywords) if by_keyword else world.names[language][concept])
    return texts


def bag_of_ngrams(texts: list[str]) -> np.ndarray:
    """Counts the runs of one to four characters of each word, in as many buckets; a hash says in which.

    Introduced in lesson 06.

    Args:
        texts: n str, in any language.

    Returns:
        float32 (n, buckets), rows of length 1.
    """
    from sklearn.feature_extraction.text import HashingVectorizer

    counter = HashingVectorizer(
        analyzer="char_wb",  # within words: a run never reaches over a blank
        ngram_range=(1, 4),
        n_features=CONFIGURATION["n-grams"],
        alternate_sign=False,
        dtype=np.float32,
    )
    return counter.transform(texts).toarray()


def _towers(picture_width: int) -> tuple["keras.Model", "keras.Model"]:
    """The towers of lesson 06, with new weights, up to the projections, which a DualEncoder brings."""
    import keras
    from keras import layers

    pictures = keras.Input((picture_width,))
    x = layers.GaussianNoise(0.3)(
        layers.BatchNormalization(momentum=0.9, scale=False, center=False)(pictures)
    )
    texts = keras.Input((CONFIGURATION["n-grams"],))
    return keras.Model(pictures, layers.Dropout(0.2)(x)), keras.Model(texts, layers.Rescaling(4.0)(texts))


def run(row: str, seed: int) -> dict[str, float]:
    """Trains once.

    Args:
        row: str, one of ROWS.
        seed: int.

    Returns:
        dict of float: how well names find drawings in the unseen style, of trained concepts and of new ones.
    """
    import keras
    from keras import ops

    from course_utils.alignment.dual_encoder import DualEncoder

    size, pairs = int(row.removeprefix("n = ")), CONFIGURATION["pairs in a step"]

    class InGroups(DualEncoder):
        """A dual encoder whose pairs are compared within groups of ``size`` only."""

        def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):  # noqa: ANN001, ANN202
            a, b = (ops.reshape(vectors, (-1, size, self.dim)) for vectors in y_pred)
            logits = self.temperature(ops.matmul(a, ops.transpose(b, (0, 2, 1))))
            both = ops.log_softmax(logits, axis=2) + ops.log_softmax(logits, axis=1)
            return -0.5 * ops.mean(ops.diagonal(both, axis1=1, axis2=2))

    world, (train, test), features = _data()
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = InGroups(*_towers(features["noto"].shape[1]), CONFIGURATION["dim"])
    rate, decay = CONFIGURATION["learning rate"], CONFIGURATION["weight decay"]
    model.compile(keras.optimizers.AdamW(rate, weight_decay=decay))
    for _ in range(CONFIGURATION["steps"]):
        concepts = rng.permutation(train)[:pairs]  # each at most once: no negative is a partner
        views = rng.integers(0, len(VIEWS), pairs)
        shown = np.stack(
            [features[VIEWS[view]][concept] for view, concept in zip(views, concepts, strict=True)]
        )
        model.train_on_batch((shown, bag_of_ngrams(draw_texts(world, concepts, rng))))
    figures = {"parameters": model.count_params()}
    known = train[~world.near_copies[train]]
    for name, concepts in (("", known), (", new concepts", test)):
        asked = model.encoder_b(bag_of_ngrams([world.names["en"][concept] for concept in concepts]))
        found = model.encoder_a(features[emoji.TEST_STYLE][concepts])
        places = retrieval.ranks(np.asarray(ops.matmul(asked, ops.transpose(found))))
        for k in (1, 10):
            figures[f"R@{k}{name}"] = retrieval.recall_at(places, k)
    return figures


@functools.cache
def _data() -> tuple[emoji.Emoji, tuple[np.ndarray, np.ndarray], dict[str, np.ndarray]]:
    world = emoji.load()
    return world, pretrain_text.split_concepts(world), picture_features(world)


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record(
        "contrastive_batch", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run
    )
