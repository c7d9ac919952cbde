"""Recorded experiment: over-fitting produced on purpose, one remedy at a time, a learning curve.

Shown in lesson 04.

    python3 -m course_utils experiment overfitting --seeds 5

A small CNN tells four groups of emoji apart. It learns from 40 concepts per group in one art style, which it
can learn by heart, and is tested on concepts that it has never seen, in that style and in the unseen one. The
learning curve changes nothing but the number of concepts to learn from.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from course_utils.datasets import emoji
from course_utils.evaluation import expected_calibration_error
from course_utils.experiments import results
from course_utils.training import softmax, softmax_cross_entropy

if TYPE_CHECKING:
    import keras

CONFIGURATION = {
    "groups": ["animals-nature", "food-drink", "travel-places", "symbols"],
    "style": "noto",
    "side": 32,
    "concepts per group": {"train": 40, "validation": 30, "test": 58},
    "epochs": 40,
    "batch size": 32,
    "learning rate": 0.002,
}
LEARNING_CURVE = {
    "10 concepts": 10,
    "20 concepts": 20,
    "70 concepts": 70,  # the validation concepts are learned from as well: in this row nothing is chosen
}
"""Concepts of each group that a row of the learning curve learns from; "no remedy" is its row of 40."""

ROWS = (
    "no remedy",
    "smaller model",
    "dropout",
    "weight decay",
    "label smoothing",
    "early stopping",
    "augmentation",
    "three styles",
    "three styles + augmentation + dropout",
    *LEARNING_CURVE,
)
SEEDS = 5


def load_sets(
    seed: int, styles: Sequence[str] = ("noto",), learned: int = 40
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Gives pictures and labels of the three splits; no concept is in two of them.

    Args:
        seed: int, which concepts go where.
        styles: sequence of str, art styles of the training split.
        learned: int from 1 to 70, concepts per group of the training split. Fewer are the first of the 40;
            more take those of "validation" as well, which is then left out. "test" stays the same.

    Returns:
        dict of (pictures float32 (n, side, side, 3) in [0, 1], labels int (n,)) for "train", "validation",
        "test" and "test in the unseen style", the concepts of "test" as another designer drew them.
    """
    world = emoji.load([*dict.fromkeys((*styles, CONFIGURATION["style"], emoji.TEST_STYLE))])
    concepts, labels = _split(world, np.random.default_rng(seed), learned)

    def pictures(split: str, style: str) -> np.ndarray:
        rgb = emoji.on_background(world.pictures[style][concepts[split]]).astype(np.float32) / 255
        side = CONFIGURATION["side"]
        block = rgb.shape[1] // side
        return rgb.reshape(len(rgb), side, block, side, block, 3).mean(axis=(2, 4))  # mean of every block

    style = CONFIGURATION["style"]
    sets = {split: (pictures(split, style), labels[split]) for split in labels}
    sets["train"] = (
        np.concatenate([pictures("train", drawn) for drawn in styles]),
        np.tile(labels["train"], len(styles)),
    )
    sets["test in the unseen style"] = pictures("test", emoji.TEST_STYLE), labels["test"]
    return sets


def _split(
    world: emoji.Emoji, rng: np.random.Generator, learned: int
) -> tuple[dict[str, list], dict[str, np.ndarray]]:
    train, validation, test = CONFIGURATION["concepts per group"].values()
    bounds = {"train": (0, learned), "validation": (train, train + validation)}
    if learned > train:
        del bounds["validation"]
    bounds["test"] = (train + validation, train + validation + test)
    concepts, labels = ({split: [] for split in bounds} for _ in range(2))
    for label, group in enumerate(CONFIGURATION["groups"]):
        drawn = rng.permutation(np.flatnonzero(world.groups == world.group_names.index(group)))
        for split, (first, last) in bounds.items():
            concepts[split].extend(drawn[first:last])
            labels[split].extend([label] * (last - first))
    return concepts, {split: np.array(values) for split, values in labels.items()}


def build(row: str) -> "keras.Model":
    """Builds the network of a row, with the remedies that are part of the network.

    Args:
        row: str, one of ROWS.

    Returns:
        Keras model, float32 (batch, side, side, 3) → logits (batch, 4).
    """
    import keras
    from keras import layers

    side, classes = CONFIGURATION["side"], len(CONFIGURATION["groups"])
    width = 4 if row == "smaller model" else 16
    dropout = [layers.Dropout(0.5)] if "dropout" in row else []
    augmentation = []
    if "augmentation" in row:
        augmentation = [
            layers.RandomTranslation(0.1, 0.1, fill_mode="nearest"),
            layers.RandomRotation(0.05, fill_mode="nearest"),
            layers.RandomBrightness(0.2, value_range=(0, 1)),
        ]
    return keras.Sequential(
        [
            keras.Input((side, side, 3)),
            *augmentation,
            layers.Conv2D(width, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Conv2D(2 * width, 3, padding="same", activation="relu"),
            layers.MaxPooling2D(),
            layers.Flatten(),
            *dropout,
            layers.Dense(8 * width, activation="relu"),
            *dropout,
            layers.Dense(classes),
        ]
    )


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the split, the first weights, the order of the batches and all that is random in
            training.

    Returns:
        dict of float: parameters, accuracies and losses.
    """
    import keras

    sets = load_sets(
        seed,
        emoji.TRAIN_STYLES if "three styles" in row else (CONFIGURATION["style"],),
        LEARNING_CURVE.get(row, CONFIGURATION["concepts per group"]["train"]),
    )
    keras.utils.set_random_seed(seed)
    model = build(row)
    rate = CONFIGURATION["learning rate"]
    # AdamW shrinks a weight by rate × decay a step: over these 200 steps, 2 makes it about one half in all.
    decayed = keras.optimizers.AdamW(rate, weight_decay=2.0)
    model.compile(
        decayed if row == "weight decay" else keras.optimizers.Adam(rate),
        keras.losses.CategoricalCrossentropy(
            from_logits=True, label_smoothing=0.1 if row == "label smoothing" else 0
        ),
    )
    one_hot = np.eye(len(CONFIGURATION["groups"]), dtype=np.float32)
    options = {}
    if row == "early stopping":
        options["validation_data"] = sets["validation"][0], one_hot[sets["validation"][1]]
        options["callbacks"] = [
            keras.callbacks.EarlyStopping("val_loss", patience=5, restore_best_weights=True)
        ]
    history = model.fit(
        sets["train"][0],
        one_hot[sets["train"][1]],
        epochs=CONFIGURATION["epochs"],
        batch_size=CONFIGURATION["batch size"],
        verbose=0,
        **options,
    )
    figures = {"parameters": model.count_params(), "epochs": len(history.history["loss"])}
    for split, (pictures, labels) in sets.items():
        logits = keras.ops.convert_to_numpy(model(pictures, training=False))
        figures[f"{split} accuracy"] = (logits.argmax(axis=1) == labels).mean()
        figures[f"{split} loss"] = softmax_cross_entropy(logits, labels)[0]
        if split == "test":
            figures["test calibration error"] = expected_calibration_error(softmax(logits), labels)
    return figures


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record("overfitting", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
