"""Recorded experiment: what two towers need to tell who is left of whom. Shown in lesson 06.

    python3 -m course_utils experiment word_order --seeds 3

A sample is a scene of two things, the same scene with the two exchanged, and a caption for each, in the same
words. Some pairs of things are never trained on, in neither order. Every row sees both scenes of a sample
equally often, 64 pictures and captions a step. Rows differ in one of the towers, in the number of samples and
of epochs, and in whether the two scenes of a sample are in one batch, so that each is the other's negative.

The settings were chosen on pairs kept out of another draw, in the training styles.
"""

import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_utils import arguments
from course_utils.datasets import emoji, scenes
from course_utils.evaluation import retrieval
from course_utils.experiments import fusion, results

if TYPE_CHECKING:
    import keras

CONFIGURATION = {
    "pairs of things": {"train": 50, "test": 16},
    "samples": 1500,
    "samples in a test": 200,
    "samples in a batch": 32,
    "epochs": 30,
    "learning rate": 0.003,
    "weight decay": 0.01,
    "dim": 64,
    "GRU": 64,
    "numbers for a cell": 32,
}
BAG, CELLS, AT_RANDOM, TOGETHER = "bag of words", "bag of cells", "batches at random", "both together"
SIZES = {
    f"{TOGETHER}, 500 samples": (500, CONFIGURATION["epochs"]),
    f"{TOGETHER}, 500 samples, 360 epochs": (500, 360),
    f"{TOGETHER}, 6,000 samples": (6000, CONFIGURATION["epochs"]),
}
"""Rows of another number of samples, or of epochs, with both."""
ROWS = (BAG, CELLS, AT_RANDOM, TOGETHER, *SIZES)
SEEDS = 3

TESTS = ("known pairs", "new pairs", "new pairs, unseen style")
_SEEDS = {"train": 60, "known pairs": 61, "new pairs": 62, "new pairs, unseen style": 63}


def split_pairs() -> dict[str, np.ndarray]:
    """Splits the pairs of concepts into those that are trained on and those that are not.

    Introduced in lesson 06.

    Returns:
        dict of int array (pairs, 2), "train" and "test"; indices into `scenes.CONCEPTS`.
    """
    numbers = np.arange(len(scenes.CONCEPTS))
    pairs = np.stack(np.triu_indices(len(numbers), k=1), axis=1)
    pairs = np.random.default_rng(60).permutation(pairs)
    kept_out = CONFIGURATION["pairs of things"]["test"]
    return {"train": pairs[kept_out:], "test": pairs[:kept_out]}


def draw(
    n: int, pairs: np.ndarray, styles: Sequence[str], seed: int
) -> tuple[np.ndarray, list[tuple[str, str]]]:
    """Draws scenes of two things, each once more with the two exchanged.

    Introduced in lesson 06.

    Args:
        n: int ≥ 1.
        pairs: int array (pairs, 2), concepts that may meet.
        styles: art styles out of emoji.STYLES; both things are of one.
        seed: int ≥ 0.

    Returns:
        pictures uint8 (n, 2, 96, 96, 3); n tuples of two captions, the first true of the first picture only,
        the second of the second only.

    Raises:
        CourseError: n or seed is no such number, or a style is unknown.
    """
    rng = np.random.default_rng(arguments.whole_number("seed", seed, 0))
    pictures, captions = [], []
    for _ in range(arguments.whole_number("n", n)):
        both = [scenes.CONCEPTS[i] for i in rng.permutation(pairs[rng.integers(len(pairs))])]
        cells = rng.choice(scenes.GRID**2, 2, replace=False)
        (row, other_row), (column, other_column) = np.divmod(cells, scenes.GRID)
        true = {
            "left of": column < other_column,
            "right of": column > other_column,
            "above": row < other_row,
            "below": row > other_row,
        }
        relation = rng.choice([words for words, holds in true.items() if holds])
        style, places = rng.choice(styles), int(rng.integers(2**31))
        orders = both, both[::-1]
        pictures.append(
            [
                scenes.compose(zip(order, cells.tolist(), strict=True), style=style, seed=places).pictures[0]
                for order in orders
            ]
        )
        captions.append(tuple(f"the {a} is {relation} the {b}" for a, b in orders))
    return np.array(pictures), captions


def encode(captions: Sequence[Sequence[str]]) -> np.ndarray:
    """Numbers the words of captions as scenes do.

    Introduced in lesson 06.

    Args:
        captions: n tuples of two str.

    Returns:
        int32 (n, 2, 7), 0 where a caption is over.
    """
    return np.array([[_any_scene().encode(text) for text in both] for both in captions])


def words() -> tuple[str, ...]:
    """Gives the words that :func:`encode` numbers; word 0 is the padding. Introduced in lesson 06."""
    return _any_scene().vocabulary


@functools.cache
def _any_scene() -> scenes.Scenes:
    return scenes.compose([(scenes.CONCEPTS[0], 0), (scenes.CONCEPTS[1], 1)])


@functools.lru_cache(maxsize=len(TESTS) + 1)
def load(split: str, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Draws a split, with its pictures seen by the course's encoder; what it gave is kept on the disk.

    Introduced in lesson 06.

    Args:
        split: "train" or one of TESTS.
        n: int ≥ 1, samples; fewer are the first of more.

    Returns:
        regions float32 (n, 2, 36, 192) and words int32 (n, 2, 7).

    Raises:
        CourseError: there is no such split, or n is no whole number from 1.
    """
    seed = _SEEDS[arguments.choice("split", split, _SEEDS)]
    styles = (emoji.TEST_STYLE,) if "unseen style" in split else emoji.TRAIN_STYLES
    pairs = split_pairs()["test" if "new" in split else "train"]
    pictures, captions = draw(n, pairs, styles, seed)
    regions = fusion.regions_of(pictures.reshape(-1, *pictures.shape[2:]))
    return regions.reshape(n, 2, *regions.shape[1:]), encode(captions)


def batches(samples: int, together: bool, rng: np.random.Generator) -> np.ndarray:
    """Puts the pictures of all samples into batches for an epoch.

    Introduced in lesson 06.

    Args:
        samples: int; sample i has the pictures 2 i and 2 i + 1.
        together: bool, whether both pictures of a sample are in one batch.
        rng: NumPy generator.

    Returns:
        int array (batches, 64); what is left over stays out.
    """
    size = 2 * CONFIGURATION["samples in a batch"]
    if together:
        order = (2 * rng.permutation(samples)[:, np.newaxis] + np.arange(2)).ravel()
    else:
        order = rng.permutation(2 * samples)
    return order[: len(order) // size * size].reshape(-1, size)


def _towers(words_in_order: bool, cells_in_place: bool) -> tuple["keras.Model", "keras.Model"]:
    """The towers of lesson 06's section on order, up to the projections, which a DualEncoder brings."""
    import keras
    from keras import layers

    regions = keras.Input((36, 192))
    x = layers.AveragePooling2D(2)(layers.Reshape((6, 6, 192))(regions))
    x = layers.BatchNormalization(momentum=0.9, scale=False, center=False)(x)
    x = layers.Dropout(0.1)(layers.GaussianNoise(0.3)(x))
    x = layers.Dense(CONFIGURATION["numbers for a cell"], activation="gelu")(x)
    x = layers.Flatten()(x) if cells_in_place else layers.GlobalAveragePooling2D()(x)
    captions = keras.Input((scenes.WORDS,), dtype="int32")
    embedded = layers.Embedding(len(words()), CONFIGURATION["dim"], mask_zero=True)(captions)
    read = layers.GRU(CONFIGURATION["GRU"]) if words_in_order else layers.GlobalAveragePooling1D()
    return keras.Model(regions, x), keras.Model(captions, read(embedded))


def run(row: str, seed: int) -> dict[str, float]:
    """Trains once.

    Args:
        row: str, one of ROWS.
        seed: int.

    Returns:
        dict of float: parameters, and the text, image and group score of each test.
    """
    import keras

    from course_utils.alignment.dual_encoder import DualEncoder

    samples, epochs = SIZES.get(row, (CONFIGURATION["samples"], CONFIGURATION["epochs"]))
    regions, texts = load("train", samples)
    regions, texts = regions.reshape(-1, *regions.shape[2:]), texts.reshape(-1, scenes.WORDS)
    keras.utils.set_random_seed(seed)
    rng = np.random.default_rng(seed)
    model = DualEncoder(*_towers(row != BAG, row != CELLS), CONFIGURATION["dim"])
    rate, decay = CONFIGURATION["learning rate"], CONFIGURATION["weight decay"]
    model.compile(keras.optimizers.AdamW(rate, weight_decay=decay))
    for _ in range(epochs):
        for batch in batches(samples, row != AT_RANDOM, rng):
            model.train_on_batch((regions[batch], texts[batch]))
    figures = {"parameters": model.count_params()}
    for test in TESTS:
        regions_seen, texts_read = load(test, CONFIGURATION["samples in a test"])
        a = model.encoder_a(regions_seen.reshape(-1, *regions_seen.shape[2:]))
        b = model.encoder_b(texts_read.reshape(-1, scenes.WORDS))
        a, b = (np.asarray(vectors).reshape(len(texts_read), 2, -1) for vectors in (a, b))
        right = retrieval.winoground(b @ a.transpose(0, 2, 1))
        figures |= {f"{name}, {test}": values.mean() for name, values in right.items()}
    return figures


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record("word_order", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
