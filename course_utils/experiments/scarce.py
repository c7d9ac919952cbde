"""Recorded experiment: what helps when labels are few. Shown in lesson 11.

    python3 -m course_utils experiment scarce

The groups of emoji, tested in the unseen style and on the photographs' test half. Rows:

- "N concepts, from scratch": a small CNN learns from N concepts in three styles; "…, one style" has one
  drawing of each, "…, augmented" has each drawn anew every time.
- "N concepts, frozen encoder": a linear probe on the features of the course's encoder. That encoder has seen
  all concepts in the three styles, with their names: what is new to it is the style alone, and the
  photographs.
- "photographs, K per group": learns from K photographs of each group out of the few-shot half, or all of
  them, by the nearest mean and by a probe on frozen features.
- "self-training, …": a probe learns from 100 concepts in three styles, then from its own answers on half of
  the concepts in the unseen style, five rounds; it is tested on the other half, and so is what it was
  before.

Concepts are nested: the fewer are among the more. No setting was chosen on what is tested.
"""

import functools

import keras
import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

from course_utils.datasets import emoji, photographs
from course_utils.experiments import distillation, pretrain_image, results
from course_utils.features import pretrained

CONFIGURATION = {
    "concepts": [50, 100, 200, 400, 800, 1571],
    "convolutions": [[16, 4, 2], [32, 4, 2], [64, 3, 2]],
    "steps": 200,
    "batch size": 64,
    "learning rate": 0.003,
    "weight of the probe's errors": 0.01,
    "self-training": {
        "concepts": 100,
        "rounds": 5,
        "rows": {
            "every answer": [0.0, 1571],
            "at least 0.9 sure": [0.9, 1571],
            "at least 0.9 sure, 20 per group": [0.9, 20],
            "20 per group": [0.0, 20],
        },
    },
}
SCRATCH = {f"{count:,} concepts, from scratch": count for count in (50, 200, 400, 1571)}
FROZEN = {f"{count:,} concepts, frozen encoder": count for count in CONFIGURATION["concepts"]}
ONE_STYLE, AUGMENTED = "1,571 concepts, from scratch, one style", "200 concepts, from scratch, augmented"
SHOTS = {"photographs, 1 per group": 1, "photographs, 2 per group": 2, "photographs, 4 per group": 4}
SHOTS |= {"photographs, all": 46}
TRAINED_ON_ITSELF = {
    f"self-training, {name}": rule for name, rule in CONFIGURATION["self-training"]["rows"].items()
}
ROWS = (*FROZEN, *SHOTS, *TRAINED_ON_ITSELF, *SCRATCH, ONE_STYLE, AUGMENTED)
SEEDS = 3


@functools.cache
def features(name: str) -> np.ndarray:
    """Gives frozen features, float32 (n, 384), of a style, of "photographs" or of "few-shot"."""
    if name in emoji.STYLES:
        return pretrained.image_features(distillation.drawings(name))
    if name == "few-shot":
        taken = photographs.load(split="few-shot", match="same")
        return pretrained.image_features(emoji.on_background(taken.on_squares(pretrained.SIDE)))
    return pretrained.image_features(distillation.tests()[name][0])


def nested(count: int, seed: int) -> np.ndarray:
    """Draws concepts, int (count,); those of a smaller count are among those of a larger one."""
    return np.random.default_rng(seed).permutation(len(emoji.load(()).groups))[:count]


def probe(x: np.ndarray, labels: np.ndarray) -> Pipeline:
    """Fits a linear probe, features float (n, 384) to labels int (n,), each feature standardised."""
    fitted = LogisticRegression(C=CONFIGURATION["weight of the probe's errors"], max_iter=500)
    return make_pipeline(StandardScaler(), fitted).fit(x, labels)


def from_frozen(count: int, seed: int) -> dict[str, float]:
    """Fits a probe on the frozen features of some concepts in three styles."""
    concepts, groups = nested(count, seed), emoji.load(()).groups
    fitted = probe(
        np.concatenate([features(style)[concepts] for style in emoji.TRAIN_STYLES]),
        np.tile(groups[concepts], len(emoji.TRAIN_STYLES)),
    )
    new = np.setdiff1d(np.arange(len(groups)), concepts)
    figures = {
        "unseen style accuracy": fitted.score(features(emoji.TEST_STYLE), groups),
        "photographs accuracy": fitted.score(features("photographs"), distillation.tests()["photographs"][1]),
    }
    if len(new):
        figures["new concepts, unseen style accuracy"] = fitted.score(
            features(emoji.TEST_STYLE)[new], groups[new]
        )
    return figures


def from_scratch(count: int, seed: int, *, styles: int = 3, augmented: bool = False) -> dict[str, float]:
    """Trains a small CNN on concepts in the first so many styles, as they are or drawn anew each time."""
    concepts, groups = nested(count, seed), emoji.load(()).groups
    keras.utils.set_random_seed(seed)
    model = distillation.build_student(CONFIGURATION["convolutions"])
    size, learned = CONFIGURATION["batch size"], emoji.TRAIN_STYLES[:styles]
    if augmented:
        world = emoji.load(learned)
        sprites = np.stack(
            [pretrain_image.premultiplied(world.pictures[style], pretrained.SIDE) for style in learned]
        )
        number = keras.Input((), dtype="int32")
        trained = keras.Model(number, model(pretrain_image.DrawnPictures(sprites, seed)(number)))
        x = np.tile(concepts, styles)
    else:
        trained, x = model, np.concatenate([distillation.drawings(style)[concepts] for style in learned])
    epochs = max(1, round(CONFIGURATION["steps"] * size / len(x)))
    rate = keras.optimizers.schedules.CosineDecay(CONFIGURATION["learning rate"], epochs * -(-len(x) // size))
    trained.compile(
        keras.optimizers.AdamW(rate), keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    )
    trained.fit(x, np.tile(groups[concepts], styles), epochs=epochs, batch_size=size, verbose=0)
    figures = {"parameters": model.count_params(), **distillation.measure(model)}
    del figures["validation accuracy"]  # some of these drawings are learned from here
    new = np.setdiff1d(np.arange(len(groups)), concepts)
    if len(new):
        found = model.predict(distillation.drawings(emoji.TEST_STYLE)[new], batch_size=256, verbose=0)
        figures["new concepts, unseen style accuracy"] = (found.argmax(axis=1) == groups[new]).mean()
    return figures


def from_photographs(count: int, seed: int) -> dict[str, float]:
    """Learns from so many photographs of each group, or all where there are fewer."""
    groups = emoji.load(()).groups
    labels = groups[photographs.load(split="few-shot", match="same").concepts]
    order = np.random.default_rng(seed).permutation(len(labels))
    rows = np.concatenate([order[labels[order] == group][:count] for group in np.unique(labels)])
    x, y = features("few-shot")[rows], labels[rows]
    tested, right = features("photographs"), distillation.tests()["photographs"][1]
    known = np.unique(y)
    means = np.stack([unit(unit(x[y == group]).mean(axis=0)) for group in known])
    return {
        "photographs learned from": len(rows),
        "groups known": len(known),
        "nearest mean: photographs accuracy": (
            known[(unit(tested) @ means.T).argmax(axis=1)] == right
        ).mean(),
        "photographs accuracy": probe(x, y).score(tested, right),
        "unseen style accuracy": probe(x, y).score(features(emoji.TEST_STYLE), groups),
    }


def unit(x: np.ndarray) -> np.ndarray:
    """Scales vectors, float (..., width), to length 1."""
    return x / np.linalg.norm(x, axis=-1, keepdims=True)


def pseudo_labels(
    probabilities: np.ndarray, threshold: float, per_class: int
) -> tuple[np.ndarray, np.ndarray]:
    """Takes the answers that are sure enough, and of each class only the surest.

    Args:
        probabilities: float (n, classes).
        threshold: float, what the largest must reach.
        per_class: int, most items of one class.

    Returns:
        int (m,) items, ascending, and int (m,) their classes.
    """
    found, sure = probabilities.argmax(axis=1), probabilities.max(axis=1)
    order = np.argsort(-sure, kind="stable")
    order = order[sure[order] >= threshold]
    items = np.sort(
        np.concatenate([order[found[order] == label][:per_class] for label in range(probabilities.shape[1])])
    )
    return items, found[items]


def trained_on_itself(threshold: float, per_class: int, seed: int) -> dict[str, float]:
    """Lets a probe learn from its own answers, and says what it was right on before and after.

    Returns:
        dict of float: accuracies on the half that it does not answer; how many pseudo-labels the last round
        has and how many of them are right; and the largest share of one group among them.
    """
    settings, groups = CONFIGURATION["self-training"], emoji.load(()).groups
    concepts = nested(settings["concepts"], seed)
    x = np.concatenate([features(style)[concepts] for style in emoji.TRAIN_STYLES])
    y = np.tile(groups[concepts], len(emoji.TRAIN_STYLES))
    unlabelled, tested = np.array_split(np.random.default_rng(seed + 100).permutation(len(groups)), 2)
    drawn = features(emoji.TEST_STYLE)
    fitted = probe(x, y)
    figures = {"before: unseen style accuracy": fitted.score(drawn[tested], groups[tested])}
    for _ in range(settings["rounds"]):
        items, labels = pseudo_labels(fitted.predict_proba(drawn[unlabelled]), threshold, per_class)
        fitted = probe(
            np.concatenate([x, drawn[unlabelled][items]]), np.concatenate([y, fitted.classes_[labels]])
        )
    told = fitted.classes_[labels]
    return figures | {
        "unseen style accuracy": fitted.score(drawn[tested], groups[tested]),
        "photographs accuracy": fitted.score(features("photographs"), distillation.tests()["photographs"][1]),
        "pseudo-labels": len(items),
        "pseudo-labels accuracy": (told == groups[unlabelled][items]).mean(),
        "largest share of a group": np.bincount(told).max() / len(told),
    }


def run(row: str, seed: int) -> dict[str, float]:
    """Runs one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the concepts or photographs, the first weights and all that is random in training.

    Returns:
        dict of float: accuracies and counts.
    """
    if row in FROZEN:
        return from_frozen(FROZEN[row], seed)
    if row in SHOTS:
        return from_photographs(SHOTS[row], seed)
    if row in TRAINED_ON_ITSELF:
        return trained_on_itself(*TRAINED_ON_ITSELF[row], seed)
    if row == ONE_STYLE:
        return from_scratch(1571, seed, styles=1)
    if row == AUGMENTED:
        return from_scratch(200, seed, augmented=True)
    return from_scratch(SCRATCH[row], seed)


if __name__ == "__main__":
    results.record("scarce", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
