"""Recorded experiment: one small CNN in widths from a thousand parameters to a million, on few concepts.

    python3 -m course_utils experiment capacity

It learns the groups from 200 concepts in one style, the same number of steps at every width, and is tested
on all concepts that it has not met, in that style and in the unseen one. Rows "width 2" to "width 64" change
nothing but the channels; the rows that begin with "widest" add one remedy to the last of them. Nothing is
chosen. Shown in lesson 11.
"""

import keras
import numpy as np
from keras import layers

from course_utils.datasets import emoji
from course_utils.experiments import distillation, results

CONFIGURATION = {
    "style": "noto",
    "concepts": 200,
    "side": 24,
    "kernel": 3,
    "multiples of the width": [1, 2, 4],
    "steps": 200,
    "batch size": 32,
    "learning rate": 0.002,
    "dropout": 0.5,
    "weight decay": 2.0,
    "moved by": 0.1,
}
WIDTHS = {f"width {width}": width for width in (2, 4, 8, 16, 32, 64)}
REMEDIES = ("dropout", "weight decay", "augmentation")
ROWS = (*WIDTHS, *(f"widest, {remedy}" for remedy in REMEDIES))
SEEDS = 3


def build(row: str) -> keras.Model:
    """Builds the network of a row, with the remedies that are part of the network.

    Args:
        row: str, one of ROWS.

    Returns:
        keras.Model from RGB pictures, 0 to 255, (batch, 24, 24, 3), to logits (batch, 9).
    """
    width = WIDTHS.get(row, max(WIDTHS.values()))
    side, moved = CONFIGURATION["side"], CONFIGURATION["moved by"]
    model = keras.Sequential([keras.Input((side, side, 3)), layers.Rescaling(-1 / 255, offset=1)])
    if "augmentation" in row:
        model.add(layers.RandomFlip("horizontal"))
        model.add(layers.RandomTranslation(moved, moved, fill_mode="nearest"))
        model.add(layers.RandomRotation(0.05, fill_mode="nearest"))
    for multiple in CONFIGURATION["multiples of the width"]:
        channels, kernel = width * multiple, CONFIGURATION["kernel"]
        model.add(layers.Conv2D(channels, kernel, strides=2, padding="same", activation="relu"))
    model.add(layers.Flatten())
    if "dropout" in row:
        model.add(layers.Dropout(CONFIGURATION["dropout"]))
    model.add(layers.Dense(4 * width, activation="relu"))
    model.add(layers.Dense(9))
    return model


def load_sets(seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Draws the concepts to learn from.

    Args:
        seed: int.

    Returns:
        dict of pictures, float32 (n, 24, 24, 3), 0 to 255, and groups, int (n,), for "train", "new concepts"
        in the same style and "new concepts, unseen style".
    """
    groups = emoji.load(()).groups
    learned, new = np.split(np.random.default_rng(seed).permutation(len(groups)), [CONFIGURATION["concepts"]])
    side, style = CONFIGURATION["side"], CONFIGURATION["style"]

    def of(style: str, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        wide = distillation.drawings(style)[rows]
        return wide.reshape(len(rows), side, 2, side, 2, 3).mean(axis=(2, 4)), groups[rows]

    return {
        "train": of(style, learned),
        "new concepts": of(style, new),
        "new concepts, unseen style": of(emoji.TEST_STYLE, new),
    }


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the concepts, the first weights, the order of the batches and all that is random in
            training.

    Returns:
        dict of float: parameters and, for each set, accuracy and loss.
    """
    sets = load_sets(seed)
    keras.utils.set_random_seed(seed)
    model = build(row)
    rate, steps, size = (CONFIGURATION[name] for name in ("learning rate", "steps", "batch size"))
    decayed = "weight decay" in row
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=CONFIGURATION["weight decay"] if decayed else 0.0),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    epochs = steps // -(-CONFIGURATION["concepts"] // size)
    model.fit(*sets["train"], epochs=epochs, batch_size=size, verbose=0)
    figures = {"parameters": model.count_params()}
    for name, data in sets.items():
        loss, accuracy = model.evaluate(*data, batch_size=256, verbose=0)
        figures |= {f"{name} accuracy": accuracy, f"{name} loss": loss}
    return figures


if __name__ == "__main__":
    results.record("capacity", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
