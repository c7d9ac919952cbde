"""Recorded experiment: what is left of teacher and student when they are made smaller. Shown in lesson 11.

    python3 -m course_utils experiment compute

Each row is "teacher, …" or "student, …" and one remedy; figures are bytes and group accuracies, seconds are
measured in the lesson. "float16 weights" and "int8 weights" store what is computed in float32 (a scale for
each output channel); "pruned P" sets the share P of each kernel's smallest weights to 0; "rank R" keeps the
share R of the rank of each kernel, read as a matrix from all that it sees to its channels, where two factors
are smaller than the kernel. "early exit K" puts a logistic regression on the teacher's K-th convolution,
learned from the drawings that are not held out: a picture of which it is surer than a threshold leaves
there. Its threshold is the lowest of a list that costs at most 0.02 on the drawings held out. Nothing here
depends on chance, so there is one seed.
"""

import keras
import numpy as np
from keras import layers, ops
from sklearn.linear_model import LogisticRegression

from course_utils.datasets import emoji
from course_utils.experiments import distillation, image_groups, results
from course_utils.features import pretrained
from course_utils.training import softmax

CONFIGURATION = {
    "pruned": [0.3, 0.5, 0.7, 0.8, 0.9],
    "rank": [0.75, 0.5, 0.25, 0.125],
    "early exit": [1, 3, 5],
    "thresholds": [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.99, 1.0],
    "may cost": 0.02,
}
REMEDIES = (
    "as it is",
    "float16 weights",
    "int8 weights",
    *(f"pruned {share}" for share in CONFIGURATION["pruned"]),
    *(f"rank {share}" for share in CONFIGURATION["rank"]),
)
EXITS = {f"teacher, early exit {place}": place for place in CONFIGURATION["early exit"]}
ROWS = (*(f"{who}, {remedy}" for who in ("teacher", "student") for remedy in REMEDIES), *EXITS)
SEEDS = 1


def teacher_of_groups() -> keras.Model:
    """Gives a copy of the course's classifier that sums concepts to groups. Introduced in lesson 11.

    Returns:
        keras.Model from RGB pictures, 0 to 255, (batch, 48, 48, 3), to the logarithms of the groups'
        probabilities, float32 (batch, 9).
    """
    classifier = pretrained.build_image_classifier(pretrained.build_image_encoder())
    classifier.set_weights(pretrained.load_image_classifier().get_weights())
    member = np.eye(9, dtype=np.float32)[emoji.load(()).groups]
    return keras.Model(
        classifier.input, ops.log(ops.matmul(ops.softmax(classifier.output), ops.array(member)) + 1e-12)
    )


def int8(kernel: np.ndarray) -> tuple[np.ndarray, int]:
    """Rounds a kernel, float (..., outputs), to 255 steps a channel: as float32 again, and bytes stored."""
    scales = np.abs(kernel).reshape(-1, kernel.shape[-1]).max(axis=0) / 127
    scales[scales == 0] = 1
    return np.round(kernel / scales) * scales, kernel.size + 4 * len(scales)


def pruned(kernel: np.ndarray, share: float) -> tuple[np.ndarray, int]:
    """Sets a share of a kernel's smallest weights to 0; bytes of the others, each with a place."""
    kept = np.abs(kernel) > np.quantile(np.abs(kernel), share)
    return kernel * kept, 8 * int(kept.sum())


def low_rank(kernel: np.ndarray, share: float) -> tuple[np.ndarray, int]:
    """Gives the nearest kernel of a share of the full rank, and bytes of its two factors; or it as it is."""
    matrix = kernel.reshape(-1, kernel.shape[-1])
    rank = max(1, round(share * min(matrix.shape)))
    if rank * sum(matrix.shape) >= matrix.size:
        return kernel, kernel.nbytes
    u, s, v = np.linalg.svd(matrix, full_matrices=False)
    return ((u[:, :rank] * s[:rank]) @ v[:rank]).reshape(kernel.shape), 4 * rank * sum(matrix.shape)


def changed(value: np.ndarray, remedy: str) -> tuple[np.ndarray, int]:
    """Applies a remedy, one of REMEDIES, to a weight: the weight as it is then, and the bytes to store it.

    Vectors, such as biases and those of batch norms, change with "float16 weights" alone.
    """
    kind, _, share = remedy.partition(" ")
    if kind == "float16":
        return value.astype(np.float16), 2 * value.size
    if value.ndim < 2 or kind == "as":
        return value, value.nbytes
    if kind == "int8":
        return int8(value)
    return (pruned if kind == "pruned" else low_rank)(value, float(share))


def early_exit(place: int) -> dict[str, float]:
    """Puts an exit behind a convolution of the teacher.

    Args:
        place: int, 0 to 5.

    Returns:
        dict of float: accuracies if all leave there; for each threshold the accuracy and the share that
        leaves on each of the tests; and the threshold that is chosen.
    """
    teacher = teacher_of_groups()
    inside = [layer.output for layer in teacher.layers if isinstance(layer, layers.ReLU)][place]
    pooled = ops.concatenate([ops.mean(inside, axis=(1, 2)), ops.max(inside, axis=(1, 2))], axis=1)
    look = keras.Model(teacher.input, [pooled, teacher.output])
    groups, known = emoji.load(()).groups, [distillation.drawings(style) for style in emoji.TRAIN_STYLES]
    _, learned = image_groups.held_out_drawings(len(known) * len(groups))
    features, _ = look.predict(np.concatenate(known)[learned], batch_size=256, verbose=0)
    mean, spread = features.mean(axis=0), features.std(axis=0) + 1e-6
    head = LogisticRegression(max_iter=300, C=0.1).fit(
        (features - mean) / spread, np.tile(groups, len(known))[learned]
    )
    figures = {"parameters of the exit": head.coef_.size + head.intercept_.size}
    for name, (pictures, labels) in distillation.tests().items():
        features, logits = look.predict(pictures, batch_size=256, verbose=0)
        early, late = head.predict_proba((features - mean) / spread), softmax(logits)
        figures[f"all leave: {name} accuracy"] = (early.argmax(axis=1) == labels).mean()
        for threshold in CONFIGURATION["thresholds"]:
            leaves = early.max(axis=1) > threshold
            found = np.where(leaves, early.argmax(axis=1), late.argmax(axis=1))
            figures[f"threshold {threshold}: {name} accuracy"] = (found == labels).mean()
            figures[f"threshold {threshold}: {name}, share that leaves"] = leaves.mean()
    wanted = figures["threshold 1.0: validation accuracy"] - CONFIGURATION["may cost"]
    figures["chosen threshold"] = next(
        threshold
        for threshold in CONFIGURATION["thresholds"]
        if figures[f"threshold {threshold}: validation accuracy"] >= wanted
    )
    return figures


def run(row: str, seed: int) -> dict[str, float]:
    """Measures one row.

    Args:
        row: str, one of ROWS.
        seed: int, without effect.

    Returns:
        dict of float: bytes and accuracies.
    """
    if row in EXITS:
        return early_exit(EXITS[row])
    who, remedy = row.split(", ")
    shipped = pretrained.load_image_classifier() if who == "teacher" else distillation.load_student()
    values, sizes = zip(*(changed(value, remedy) for value in shipped.get_weights()), strict=True)
    model = teacher_of_groups() if who == "teacher" else distillation.build_student()
    model.set_weights(values)
    return {"bytes": sum(sizes), **distillation.measure(model)}


if __name__ == "__main__":
    results.record("compute", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
