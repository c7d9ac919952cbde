"""Recorded experiment: which settings change a training that has the same seed. Shown in lesson 04.

    python3 -m course_utils experiment determinism --seeds 3

Each run is a process of its own that trains a small CNN with dropout for 60 steps on scikit-learn's digits;
its losses are compared, step by step, with those of the first row.
"""

import functools
import json
import os
import subprocess
import sys

import numpy as np

from course_utils.experiments import results

CONFIGURATION = {"steps": 60, "batch size": 64, "learning rate": 0.003}
SETTINGS = {
    "once more": {},
    "op determinism": {"DETERMINISM": "1"},
    "one thread": {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"},
    "without oneDNN": {"TF_ENABLE_ONEDNN_OPTS": "0"},
    "jit_compile=True": {"JIT": "1"},
    "seed + 1": {"SEED_OFFSET": "1"},
}
"""Environment variables of each row; the reference has none of them."""
ROWS = tuple(SETTINGS)
SEEDS = 3


def losses(seed: int) -> list[float]:
    """Trains in this process and returns the loss of every step.

    Args:
        seed: int.

    Returns:
        list of float.
    """
    from course_utils import runtime

    runtime.start(seed + int(os.environ.get("SEED_OFFSET", "0")))
    import keras
    import tensorflow as tf
    from keras import layers
    from sklearn.datasets import load_digits

    if "DETERMINISM" in os.environ:
        tf.config.experimental.enable_op_determinism()
    digits = load_digits()
    pictures, labels = (digits.images[..., np.newaxis] / 16).astype(np.float32), digits.target
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu"),
            layers.Flatten(),
            layers.Dropout(0.3),
            layers.Dense(10),
        ]
    )
    model.compile(
        keras.optimizers.Adam(CONFIGURATION["learning rate"]),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile="JIT" in os.environ,
    )
    rng, values = np.random.default_rng(0), []
    for _ in range(CONFIGURATION["steps"]):
        batch = rng.choice(len(pictures), CONFIGURATION["batch size"], replace=False)
        values.append(float(model.train_on_batch(pictures[batch], labels[batch])))
        model.reset_metrics()
    return values


@functools.cache
def reference(seed: int) -> np.ndarray:
    """Gives the losses of a process without any of the settings.

    Args:
        seed: int.

    Returns:
        float array (steps,).
    """
    return _in_a_process(seed, {})


def _in_a_process(seed: int, settings: dict[str, str]) -> np.ndarray:
    code = "import json; from course_utils.experiments import determinism; "
    finished = subprocess.run(
        [sys.executable, "-c", f"{code}print(json.dumps(determinism.losses({seed})))"],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **settings},
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=True,
    )
    return np.array(json.loads(finished.stdout.splitlines()[-1]))


def run(row: str, seed: int) -> dict[str, float]:
    """Trains once with the settings of a row and compares with the reference of the same seed.

    Args:
        row: str, one of ROWS.
        seed: int.

    Returns:
        dict of float: the first and the last loss, and the largest difference of any step's loss.
    """
    values = _in_a_process(seed, SETTINGS[row])
    return {
        "first loss": values[0],
        "last loss": values[-1],
        "first difference": abs(values - reference(seed))[0],
        "largest difference": np.abs(values - reference(seed)).max(),
        "identical": float((values == reference(seed)).all()),
    }


if __name__ == "__main__":
    results.record("determinism", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
