"""Recorded experiment: a student with a tenth of the image encoder's parameters tells the groups of emoji.

    python3 -m course_utils experiment distillation

Teacher and student see the same views: every concept drawn 40 times as the encoder's own training draws it,
in the three training styles. Rows, all of one architecture, one number of steps and one order of views:

- **labels alone**: the student learns the groups.
- **distilled**: it learns the teacher's probabilities of the groups, softened by a temperature; and a layer
  that is thrown away afterwards learns to turn its features into the teacher's embedding.

300 drawings in the training styles are held out: in the place of each, the student sees another designer's
drawing of the same concept. On them three short trials were looked at, of one seed each. The distilled
student of seed 0 is the checkpoint ``data/checkpoints/student.npz``. Hinton et al., arXiv:1503.02531;
Romero et al., arXiv:1412.6550. Shown in lesson 11.
"""

import functools
import math

import keras
import numpy as np
from keras import layers, ops

from course_utils.datasets import emoji, photographs
from course_utils.datasets.integrity import data_path
from course_utils.experiments import image_groups, pretrain_image, results
from course_utils.features import pretrained
from course_utils.places import DATA
from course_utils.training import load_weights, save_weights

CONFIGURATION = {
    "convolutions": [[16, 4, 2], [32, 4, 2], [32, 3, 1], [48, 3, 1], [52, 3, 2], [52, 3, 1]],
    "views of a concept": 40,
    "epochs": 3,
    "batch size": 64,
    "peak learning rate": 3e-3,
    "warm-up steps": 200,
    "temperature": 2.0,
    "weight of the features": 8.0,
}
LABELS, DISTILLED = "labels alone", "distilled"
ROWS = (DISTILLED, LABELS)
SEEDS = 3
CHECKPOINT = "checkpoints/student.npz"

Pictures = tuple[np.ndarray, np.ndarray]
"""Pictures, float32 (n, 48, 48, 3), 0 to 255, and their groups, int (n,)."""


def build_student(convolutions: list = CONFIGURATION["convolutions"]) -> keras.Model:
    """Builds the student with random weights: the encoder's plan, fewer channels. Introduced in lesson 11.

    Args:
        convolutions: list of [channels, side of the kernel, stride]; one that changes neither size nor
            channels is residual.

    Returns:
        keras.Model from RGB pictures, 0 to 255, (batch, 48, 48, 3), to logits, float32 (batch, 9).
    """
    pictures = keras.Input((pretrained.SIDE, pretrained.SIDE, 3), name="pictures")
    x = layers.Rescaling(1 / 127.5, offset=-1)(pictures)
    for channels, side, stride in convolutions:
        y = layers.Conv2D(channels, side, strides=stride, padding="same", use_bias=False)(x)
        y = layers.BatchNormalization(momentum=0.97)(y)
        if y.shape == x.shape:
            y = layers.Add()([x, y])
        x = layers.ReLU()(y)
    pooled = [layers.GlobalAveragePooling2D()(x), layers.GlobalMaxPooling2D()(x)]
    features = layers.Concatenate(name="features")(pooled)
    return keras.Model(pictures, layers.Dense(9, name="groups")(features), name="student")


@functools.cache
def load_student() -> keras.Model:
    """Gives the trained student, frozen; read once, then the same model is returned. Introduced in lesson 11.

    Returns:
        keras.Model as from :func:`build_student`.

    Raises:
        CourseError: when the checkpoint is missing or damaged.
    """
    model = build_student()
    load_weights(data_path(CHECKPOINT), model)
    model.trainable = False
    return model


# --- what is learned from and tested on ---------------------------------------------------------------------


@functools.cache
def drawings(style: str) -> np.ndarray:
    """Gives all concepts in a style on white, float32 (1571, 48, 48, 3), 0 to 255. For lesson 11."""
    pictures = emoji.load([style]).pictures[style]
    return emoji.on_background(emoji.resized(pictures, pretrained.SIDE)).astype(np.float32)


@functools.cache
def tests() -> dict[str, Pictures]:
    """Gives what is measured on, for every experiment of lesson 11. Introduced in lesson 11.

    Returns:
        dict of pictures and groups: "validation", the drawings that the student does not see; "unseen
        style"; and "photographs", those of the test half that show what an emoji shows, on white.
    """
    groups, taken = emoji.load(()).groups, photographs.load(split="test", match="same")
    known = np.concatenate([drawings(style) for style in emoji.TRAIN_STYLES])
    held_out, _ = image_groups.held_out_drawings(len(known))
    squares = emoji.on_background(taken.on_squares(pretrained.SIDE)).astype(np.float32)
    return {
        "validation": (known[held_out], np.tile(groups, len(emoji.TRAIN_STYLES))[held_out]),
        "unseen style": (drawings(emoji.TEST_STYLE), groups),
        "photographs": (squares, groups[taken.concepts]),
    }


def measure(model: keras.Model) -> dict[str, float]:
    """Gives the group accuracies of a model, pictures to logits (batch, 9), on each of :func:`tests`."""
    return {
        f"{name} accuracy": (
            model.predict(pictures, batch_size=256, verbose=0).argmax(axis=1) == labels
        ).mean()
        for name, (pictures, labels) in tests().items()
    }


def group_logits(logits: np.ndarray) -> np.ndarray:
    """Turns logits of concepts, (n, 1571), into the logarithms of the groups' probabilities, (n, 9)."""
    groups = emoji.load(()).groups
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True)) @ np.eye(groups.max() + 1)[groups]
    return np.log(exponentials / exponentials.sum(axis=1, keepdims=True) + 1e-12).astype(np.float32)


def learned_sprites() -> np.ndarray:
    """Gives what the views are drawn from, uint8 (3, 1571, 48, 48, 4): no drawing that is held out.

    In the place of each stands the same concept in the next style in which it is not held out.
    """
    world, styles = emoji.load(emoji.TRAIN_STYLES), len(emoji.TRAIN_STYLES)
    sprites = [
        pretrain_image.premultiplied(world.pictures[style], pretrained.SIDE) for style in world.pictures
    ]
    hidden = np.zeros(styles * len(world), bool)
    hidden[image_groups.held_out_drawings(len(hidden))[0]] = True
    hidden = hidden.reshape(styles, -1)
    seen = np.copy(sprites)
    for style, concept in np.argwhere(hidden):
        other = next(i % styles for i in range(style + 1, style + styles) if not hidden[i % styles, concept])
        seen[style, concept] = sprites[other][concept]
    return seen


@functools.cache
def views() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Draws every concept 40 times, and asks the teacher.

    Returns:
        pictures uint8 (n, 48, 48, 3); groups int (n,); the teacher's logarithms of the groups'
        probabilities, float32 (n, 9); and its embeddings, float32 (n, 160), of length 1.
    """
    draw, teacher = (
        pretrain_image.DrawnPictures(learned_sprites(), seed=0),
        pretrained.load_image_classifier(),
    )
    concepts = keras.Input((), dtype="int32")
    drawn = draw(concepts)  # the teacher sees it before it is rounded, as it did in its own training
    pictures = ops.clip(ops.round(drawn), 0, 255)
    look = keras.Model(teacher.input, [teacher.output, teacher.get_layer("embedding").output])
    model = keras.Model(concepts, [ops.cast(pictures, "uint8"), *look(drawn)])
    groups, count = emoji.load(()).groups, CONFIGURATION["views of a concept"]
    parts = [model.predict(np.arange(len(groups)), batch_size=256, verbose=0) for _ in range(count)]
    seen, logits, embeddings = (np.concatenate(part) for part in zip(*parts, strict=True))
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    return seen, np.tile(groups, count), group_logits(logits), embeddings


# --- training -----------------------------------------------------------------------------------------------


def train(row: str, seed: int) -> keras.Model:
    """Trains a student with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the first weights and the order of the views.

    Returns:
        keras.Model as from :func:`build_student`.
    """
    pictures, labels, teacher, embeddings = views()
    keras.utils.set_random_seed(seed)
    student = build_student()
    outputs = [student.output]
    if row == DISTILLED:
        outputs.append(layers.Dense(embeddings.shape[1])(student.get_layer("features").output))
    model = keras.Model(student.input, ops.concatenate(outputs, axis=1))
    groups, temperature = teacher.shape[1], 1.0 if row == LABELS else CONFIGURATION["temperature"]

    def loss(targets: keras.KerasTensor, found: keras.KerasTensor) -> keras.KerasTensor:
        log_p = ops.log_softmax(found[:, :groups] / temperature)
        cross_entropy = -(temperature**2) * ops.sum(targets[:, :groups] * log_p, axis=1)
        if row != DISTILLED:
            return cross_entropy
        cosine = ops.sum(ops.normalize(found[:, groups:]) * targets[:, groups:], axis=1)
        return cross_entropy + CONFIGURATION["weight of the features"] * (1 - cosine)

    one_hot = np.eye(groups, dtype=np.float32)[labels]
    softened = keras.activations.softmax(teacher / temperature)
    targets = one_hot if row == LABELS else ops.convert_to_numpy(softened)
    if row == DISTILLED:
        targets = np.concatenate([targets, embeddings], axis=1)
    epochs, size = CONFIGURATION["epochs"], CONFIGURATION["batch size"]
    model.compile(optimizer(epochs * math.ceil(len(labels) / size)), loss)
    model.fit(pictures, targets, epochs=epochs, batch_size=size, verbose=0)
    return student


def optimizer(steps: int) -> keras.optimizers.Optimizer:
    """Makes the encoder's own optimiser, Muon with warm-up and half a cosine, for so many steps."""
    warm_up, peak = CONFIGURATION["warm-up steps"], CONFIGURATION["peak learning rate"]
    rate = keras.optimizers.schedules.CosineDecay(
        1e-4, steps - warm_up, alpha=0.01, warmup_target=peak, warmup_steps=warm_up
    )
    settings, decay = pretrain_image.CONFIGURATION, pretrain_image.CONFIGURATION["weight decay"]
    made = pretrain_image.MuonOfKernels(
        rate,
        adam_lr_ratio=settings["learning rate of AdamW, relative"],
        weight_decay=decay,
        adam_weight_decay=decay,
        exclude_embeddings=False,
        exclude_layers=["groups"],
    )
    made.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return made


def run(row: str, seed: int) -> dict[str, float]:
    """Trains with one seed; the distilled student of seed 0 is also written as the checkpoint.

    Args:
        row: str, one of ROWS.
        seed: int.

    Returns:
        dict of float: parameters and accuracies of what a checkpoint holds, in half precision.
    """
    student = train(row, seed)
    if (row, seed) == (DISTILLED, 0):
        save_weights(DATA / CHECKPOINT, student)
    student.set_weights([value.astype(np.float16) for value in student.get_weights()])
    return {"parameters": student.count_params(), **measure(student)}


if __name__ == "__main__":
    results.record("distillation", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
