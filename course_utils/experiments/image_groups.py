"""Recorded experiment: a small CNN that tells the group of an emoji, tested on an unseen art style.

    python3 -m course_utils experiment image_groups --seeds 3

It learns from all concepts in three styles, but for 300 drawings, which are kept for validation,
and is tested on the same concepts in the fourth. Shown in lesson 02.
"""

from typing import TYPE_CHECKING

import numpy as np

from course_utils.datasets import emoji
from course_utils.experiments import results
from course_utils.preprocessing import images

if TYPE_CHECKING:
    import keras

CONFIGURATION = {
    "side": 32,
    "styles": list(emoji.TRAIN_STYLES),
    "filters": [32, 64, 128],
    "kernel": 4,
    "held out for validation": 300,
    "epochs": 12,
    "batch size": 128,
    "peak learning rate": 0.008,
    "weight decay": 0.02,
    "moved by": 0.08,
}
ROWS = ("as in the lesson",)
SEEDS = 3


def load_sets(world: emoji.Emoji | None = None) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Gives pictures and groups for training, and of the style that is kept for the test.

    Args:
        world: the emoji where they have been read already; None reads them.

    Returns:
        dict of (pictures float32 (n, side, side, 3) in [0, 1], groups int32 (n,)) for "train" and "test", in
        the order of the styles and, within a style, of the concepts.
    """
    world = world or emoji.load()

    def pictures(style: str) -> np.ndarray:
        rgb = emoji.on_background(world.pictures[style])
        return np.stack([images.resize(picture, CONFIGURATION["side"], "box") for picture in rgb])

    styles = CONFIGURATION["styles"]
    return {
        "train": (
            images.scale_pixels(np.concatenate([pictures(style) for style in styles])),
            np.tile(world.groups, len(styles)),
        ),
        "test": (images.scale_pixels(pictures(emoji.TEST_STYLE)), world.groups),
    }


def held_out_drawings(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Says which of the training pictures are kept for validation, and which are learned from.

    The drawings are drawn at random, always the same: of nearly every concept that lacks one, another
    designer's drawing is learned from.

    Args:
        count: int, training pictures.

    Returns:
        two int arrays of rows: held out, learned from.
    """
    order = np.random.default_rng(0).permutation(count)
    return tuple(np.split(order, [CONFIGURATION["held out for validation"]]))


def build(steps: int) -> "keras.Model":
    """Builds the network of the lesson, compiled.

    Args:
        steps: int, batches that it will be trained on; the learning rate ends at 0 there.

    Returns:
        compiled Keras model, float32 (batch, side, side, 3) → logits (batch, 9).
    """
    import keras
    from keras import layers

    side, moved = CONFIGURATION["side"], CONFIGURATION["moved by"]
    model = keras.Sequential(
        [
            keras.Input((side, side, 3)),
            layers.RandomFlip("horizontal"),
            layers.RandomTranslation(moved, moved, fill_mode="nearest"),
        ]
    )
    for filters in CONFIGURATION["filters"]:
        model.add(layers.Conv2D(filters, CONFIGURATION["kernel"], strides=2, padding="same", use_bias=False))
        model.add(layers.BatchNormalization(momentum=0.9))
        model.add(layers.ReLU())
    model.add(layers.GlobalMaxPooling2D())
    model.add(layers.Dense(9))
    warm_up, peak = steps // 10, CONFIGURATION["peak learning rate"]
    rate = keras.optimizers.schedules.CosineDecay(
        0.0, steps - warm_up, warmup_target=peak, warmup_steps=warm_up
    )
    model.compile(
        keras.optimizers.AdamW(rate, weight_decay=CONFIGURATION["weight decay"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    return model


def run(row: str, seed: int) -> dict[str, float]:
    """Trains once.

    Args:
        row: str, the one of ROWS.
        seed: int, for the first weights, the order of the batches and all that is random in training.

    Returns:
        dict of float: parameters and accuracies.
    """
    import keras

    sets = load_sets()
    pictures, groups = sets["train"]
    held_out, learned = held_out_drawings(len(pictures))
    sets |= {
        "train": (pictures[learned], groups[learned]),
        "validation": (pictures[held_out], groups[held_out]),
    }
    epochs, size = CONFIGURATION["epochs"], CONFIGURATION["batch size"]
    keras.utils.set_random_seed(seed)
    model = build(epochs * -(-len(learned) // size))
    model.fit(*sets["train"], epochs=epochs, batch_size=size, verbose=0)
    return {
        "parameters": model.count_params(),
        **{
            f"{split} accuracy": model.evaluate(*data, batch_size=size, verbose=0)[1]
            for split, data in sets.items()
        },
    }


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record("image_groups", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
