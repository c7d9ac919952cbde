"""Recorded experiment: what cross-attention has to know of positions, on the scenes. Shown in lesson 05.

    python3 -m course_utils experiment positions

Eight questions look twice into the 36 regions of a picture. Attention sees a set; the rows say what is added
to the regions so that they differ by where they are. Settings were chosen on the validation scenes, with two
seeds of "row and column", as those that needed the fewest steps; nothing was chosen on the test scenes.
"""

from typing import TYPE_CHECKING

import numpy as np

from course_utils.datasets import scenes
from course_utils.experiments import fusion, results

if TYPE_CHECKING:
    import keras

_SIDE = 2 * scenes.GRID  # regions along the side of a picture
_NUMBER = np.arange(_SIDE**2)
CONFIGURATION = {
    "dim": 64,
    "heads": 4,
    "inner": 128,
    "deviation of positions": 1.0,
    "epochs": 6,
    "batch size": 60,
    "learning rate": 0.006,
    "weight decay": 0.1,
}
POSITIONS = {
    "no positions": np.zeros((_SIDE**2, 1)),
    "one vector per region": np.eye(_SIDE**2),
    "row and column": np.hstack([np.eye(_SIDE)[_NUMBER // _SIDE], np.eye(_SIDE)[_NUMBER % _SIDE]]),
}
"""What is known of each region, (36, k): each column gets a learned vector."""
ONE_LOOK, TWO_BLOCKS, SHOWN = ", one look", ", two blocks", ", nothing hidden"
ROWS = (*POSITIONS, *(f"row and column{how}" for how in (SHOWN, ONE_LOOK, TWO_BLOCKS)))
SEEDS = 5


def build(positions: np.ndarray, looks: int = 2, shared: bool = True) -> tuple["keras.Model", "keras.Model"]:
    """Builds the cross-attention of lesson 05 in plain Keras.

    Args:
        positions: float (36, k), one of POSITIONS.
        looks: int ≥ 1, how often a question looks into the picture.
        shared: bool, whether all looks have the same weights.

    Returns:
        Two Keras models over the same layers, from ``[questions, regions]``, int32 (batch, 8, 7) and float32
        (batch, 36, 192), to logits (batch, 8, 21), and to attention weights (batch, looks, heads, 8, 36).
    """
    import keras
    from keras import layers, ops

    from course_utils.features import pretrained

    dim, words = CONFIGURATION["dim"], len(fusion.draw_scenes("validation").vocabulary)
    questions = keras.Input((scenes.QUESTIONS, scenes.WORDS), dtype="int32")
    regions = keras.Input((_SIDE**2, pretrained.CHANNELS))
    asking = ops.sum(layers.Embedding(words, dim)(questions), axis=2)
    tokens = layers.Dense(dim)(regions)
    known = ops.zeros_like(tokens[..., :1]) + positions
    start = keras.initializers.RandomNormal(stddev=CONFIGURATION["deviation of positions"])
    tokens = tokens + layers.Dense(dim, use_bias=False, kernel_initializer=start)(known)
    offered, visible = layers.LayerNormalization()(tokens), fusion.shown(regions)[:, np.newaxis]
    blocks = [_Block() for _ in range(1 if shared else looks)] * (looks if shared else 1)
    maps = []
    for block in blocks:
        asking, weights = block(asking, offered, visible)
        maps.append(weights)
    classes = len(scenes.CONCEPTS) + len(scenes.POSITIONS)
    logits = layers.Dense(classes)(layers.LayerNormalization()(asking))
    return keras.Model([questions, regions], logits), keras.Model(
        [questions, regions], ops.stack(maps, axis=1)
    )


class _Block:
    """One look: attention, then a small network, each after a layer norm and added to what was there."""

    def __init__(self) -> None:
        from keras import layers

        dim, heads = CONFIGURATION["dim"], CONFIGURATION["heads"]
        self.attend = layers.MultiHeadAttention(heads, dim // heads)
        self.norm, self.norm_inner = layers.LayerNormalization(), layers.LayerNormalization()
        self.widen, self.narrow = layers.Dense(CONFIGURATION["inner"], activation="gelu"), layers.Dense(dim)

    def __call__(
        self, asking: "keras.KerasTensor", offered: "keras.KerasTensor", visible: "keras.KerasTensor"
    ) -> tuple["keras.KerasTensor", "keras.KerasTensor"]:
        found, weights = self.attend(
            self.norm(asking), offered, attention_mask=visible, return_attention_scores=True
        )
        asking = asking + found
        return asking + self.narrow(self.widen(self.norm_inner(asking))), weights


def train(model: "keras.Model", pairs: fusion.Pairs) -> None:
    """Trains a model of :func:`build` on scenes: AdamW, warm-up and half a cosine, cross-entropy.

    Args:
        model: Keras model to logits; changed in place.
        pairs: Pairs, standardised scenes.
    """
    import keras

    epochs, size, rate = (CONFIGURATION[name] for name in ("epochs", "batch size", "learning rate"))
    steps = epochs * -(-len(pairs) // size)
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, steps - steps // 12, warmup_target=rate, warmup_steps=steps // 12
    )
    optimizer = keras.optimizers.AdamW(schedule, weight_decay=CONFIGURATION["weight decay"])
    model.compile(optimizer, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    model.fit([pairs.a, pairs.b], pairs.labels, batch_size=size, epochs=epochs, verbose=0)


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the first weights and the order of the batches.

    Returns:
        dict of float: parameters, accuracies, and where the questions "where is" look.
    """
    import keras

    positions = POSITIONS[row.split(", ")[0]]
    sets, some = fusion.load_sets("scenes", seed=0), fusion.draw_scenes("test")
    pairs = sets["train"]
    if row.endswith(SHOWN):
        drawn = fusion.draw_sets("scenes", seed=0)["train"]
        pairs = fusion.standardised(drawn, drawn)
    keras.utils.set_random_seed(seed)
    model, maps = build(
        positions, looks=1 if row.endswith(ONE_LOOK) else 2, shared=not row.endswith(TWO_BLOCKS)
    )
    train(model, pairs)
    predict, look = (fusion.in_batches(lambda *x, m=m: m(list(x), training=False)) for m in (model, maps))
    right = {
        name: predict(x.a, x.b).argmax(axis=-1) == x.labels for name, x in sets.items() if name != "train"
    }
    kinds = fusion.kinds_of(some)
    figures = {
        "parameters": model.count_params(),
        "accuracy": right["test"].mean(),
        "accuracy, validation": right["validation"].mean(),
        "accuracy, test in the unseen style": right["test in the unseen style"].mean(),
        **{f"accuracy on {kind}": right["test"][kinds == kind].mean() for kind in np.unique(kinds)},
    }
    weights = {split: look(sets[split].a, sets[split].b) for split in ("validation", "test")}
    best = fusion.point(weights["validation"], fusion.draw_scenes("validation"))[0].mean(axis=1).argmax()
    hits, chance = fusion.point(weights["test"], some)
    by_cell = fusion.weight_by_cell(weights["test"], some)[0].mean(axis=0)
    return {
        **figures,
        "pointing game": hits[best].mean(),
        "chance in the pointing game": chance.mean(),
        **{f"look 1, weight of {cell}": weight for cell, weight in zip(fusion.CELLS, by_cell, strict=True)},
    }


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record("positions", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
