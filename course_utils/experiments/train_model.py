"""Recorded experiment: the document's ``train_model`` as it stands, and repaired. Shown in lesson 04.

    python3 -m course_utils experiment train_model --seeds 3

Animals against food, 60 concepts each in one art style. Both versions see the same pictures; the test
concepts are new to both, once in the style they learned from and once in an unseen one.
"""

import time
from typing import TYPE_CHECKING

import numpy as np

from course_utils.datasets import emoji
from course_utils.experiments import results

if TYPE_CHECKING:
    import keras

CONFIGURATION = {
    "groups": ["animals-nature", "food-drink"],
    "style": "noto",
    "concepts per group": {"train": 60, "validation": 20, "test": 48},
    "as found": {"side": 224, "epochs": 10, "batch size": 32},
    "repaired": {"side": 64, "epochs": 40, "batch size": 32, "patience": 15, "start from epoch": 20},
}
ROWS = ("as found, labels made one-hot", "repaired")
SEEDS = 3


def load_sets(seed: int) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Gives pictures and labels of the splits; no concept is in two of them.

    Args:
        seed: int, which concepts go where.

    Returns:
        dict of (pictures float32 (n, 64, 64, 3) in [0, 1], labels int (n,)) for "train", "validation", "test"
        and "test in the unseen style".
    """
    world, rng, start = emoji.load([CONFIGURATION["style"], emoji.TEST_STYLE]), np.random.default_rng(seed), 0
    drawn = [
        rng.permutation(np.flatnonzero(world.groups == world.group_names.index(group)))
        for group in CONFIGURATION["groups"]
    ]

    def pictures(concepts: np.ndarray, style: str) -> np.ndarray:
        return emoji.on_background(world.pictures[style][concepts]).astype(np.float32) / 255

    sets = {}
    for split, count in CONFIGURATION["concepts per group"].items():
        concepts = np.concatenate([order[start : start + count] for order in drawn])
        labels = np.repeat(np.arange(len(drawn)), count)
        sets[split] = pictures(concepts, CONFIGURATION["style"]), labels
        start += count
    sets["test in the unseen style"] = pictures(concepts, emoji.TEST_STYLE), labels
    return sets


def build(row: str) -> "keras.Model":
    """Builds the compiled network of a row.

    Args:
        row: str, one of ROWS.

    Returns:
        compiled Keras model; the found one takes one-hot labels, the repaired one integers.
    """
    import keras
    from keras import layers

    if row != "repaired":
        side = CONFIGURATION["as found"]["side"]
        model = keras.Sequential(
            [
                keras.Input((side, side, 3)),
                layers.Conv2D(32, (3, 3), activation="relu"),
                layers.MaxPooling2D((2, 2)),
                layers.Conv2D(64, (3, 3), activation="relu"),
                layers.MaxPooling2D((2, 2)),
                layers.Flatten(),
                layers.Dense(128, activation="relu"),
                layers.Dense(2, activation="softmax"),
            ]
        )
        model.compile(optimizer="adam", loss="categorical_crossentropy", metrics=["accuracy"])
        return model
    side = CONFIGURATION["repaired"]["side"]
    model = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(0.1, 0.1, fill_mode="nearest"),
            *[
                layer
                for width in (16, 32, 64)
                for layer in (
                    layers.Conv2D(width, 3, strides=2, padding="same", use_bias=False),
                    layers.BatchNormalization(momentum=0.9),
                    layers.ReLU(),
                )
            ],
            layers.GlobalAveragePooling2D(),
            layers.Dropout(0.3),
            layers.Dense(2),
        ]
    )
    model.compile(
        keras.optimizers.AdamW(2e-3, weight_decay=0.01),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def run(row: str, seed: int) -> dict[str, float]:
    """Trains one version with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the split, the first weights, the order of the batches and all that is random in
            training.

    Returns:
        dict of float: parameters, epochs, seconds of training, and accuracies.
    """
    import keras

    settings = CONFIGURATION["repaired" if row == "repaired" else "as found"]
    sets = load_sets(seed)
    if row != "repaired":
        size = (settings["side"], settings["side"])
        sets = {
            split: (keras.ops.convert_to_numpy(keras.ops.image.resize(pictures, size)), np.eye(2)[labels])
            for split, (pictures, labels) in sets.items()
        }
    keras.utils.set_random_seed(seed)
    model = build(row)
    options = {}
    if row == "repaired":
        options["validation_data"] = sets["validation"]
        options["callbacks"] = [
            keras.callbacks.EarlyStopping(
                "val_loss",
                patience=settings["patience"],
                start_from_epoch=settings["start from epoch"],
                restore_best_weights=True,
            )
        ]
    began = time.perf_counter()
    history = model.fit(
        *sets["train"],
        epochs=settings["epochs"],
        batch_size=settings["batch size"],
        verbose=0,
        **options,
    )
    return {
        "parameters": model.count_params(),
        "epochs": len(history.history["loss"]),
        "seconds": time.perf_counter() - began,
        **{
            f"{split} accuracy": model.evaluate(*data, batch_size=32, verbose=0)[1]
            for split, data in sets.items()
            if split != "validation"
        },
    }


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record("train_model", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
