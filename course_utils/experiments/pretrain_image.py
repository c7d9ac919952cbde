"""Recorded experiment: the course's image encoder, trained on three art styles, tested on the fourth.

    python3 -m course_utils experiment pretrain_image --seeds 3

Every training picture is drawn anew from the emoji: a concept in a random style or between two, bent, turned,
moved, sized, coloured, shaded and partly hidden at random, on white or on colour. Then, for some epochs more,
with what a drawing lacks and a photograph has: textured grounds, relief, grain, shadow, tone, blur and noise;
what is kept is the mean of the weights before and after those. No photograph is learned from; the second part
was chosen on the few-shot half of them. The mean of seed 0 is the checkpoint that the lessons load,
``data/checkpoints/image_encoder.npz``. Shown in lesson 02.
"""

import functools
import math
import re
from collections.abc import Callable

import keras
import numpy as np
from keras import layers, ops

from course_utils.datasets import emoji, photographs
from course_utils.experiments import results
from course_utils.features import pretrained
from course_utils.places import DATA
from course_utils.training import save_weights

CONFIGURATION = {
    "side": pretrained.SIDE,
    "epochs": 150,
    "batch size": 64,
    "peak learning rate": 3e-3,
    "warm-up steps": 200,
    "learning rate of AdamW, relative": 0.67,
    "weight decay": 0.02,
    "dropout": 0.05,
    "label smoothing": 0.05,
    "weight of the subgroup": 0.3,
    "weight of the group": 0.2,
    "between two styles": 0.3,
    "size": [0.6, 1.1],
    "turn in radians": 0.22,
    "stretch": 0.12,
    "white background": 0.5,
    "bend in pixels": 1.0,
    "hidden": {"share": 0.5, "sides": [6, 16]},
    "in the world": {
        "epochs": 40,
        "peak learning rate": 1e-3,
        "turn in radians": 0.5,
        "stretch": 0.3,
        "white background": 0.35,
        "background of one colour": 0.2,
        "stripes": 0.25,
        "periods of stripes": [3, 16],
        "relief": 1.6,
        "grain": 0.35,
        "shadow": 0.5,
        "tone": 0.5,
        "noise": 0.12,
        "share in the mean of the weights": 0.5,
    },
}
ROWS = ("drawn", "drawn, then in the world", "mean of both")
"""The weights after the first part of the training, after the second, and their mean: the checkpoint."""
SEEDS = 3
CHECKPOINT = DATA / pretrained.CHECKPOINT

Tensor = keras.KerasTensor  # in signatures: whatever keras.ops take and return


class DrawnPictures(layers.Layer):
    """Numbers of concepts become training pictures, another one each time.

    Args:
        sprites: uint8 (styles, concepts, side, side, 4), red, green and blue already multiplied by alpha.
        seed: int.
    """

    def __init__(self, sprites: np.ndarray, seed: int) -> None:
        super().__init__(dtype="float32")
        self.sprites = ops.convert_to_tensor(sprites)
        self.styles, _, self.side = sprites.shape[:3]
        self.generator = keras.random.SeedGenerator(seed)

    @property
    def settings(self) -> dict:
        """What is drawn how: the configuration."""
        return CONFIGURATION

    def uniform(self, shape: tuple, low: float = 0.0, high: float = 1.0) -> Tensor:
        """Draws random numbers of a shape."""
        return keras.random.uniform(shape, low, high, seed=self.generator)

    def call(self, concepts: Tensor) -> Tensor:
        """Draws concepts, int (batch,), as RGB pictures, 0 to 255, float32 (batch, side, side, 3)."""
        batch = ops.shape(concepts)[0]
        moved = self.place(self.bend(self.mix(concepts, batch), batch), batch)
        alpha = moved[..., 3:] / 255
        colours = self.shade(self.colour(moved[..., :3] / 255, alpha, batch), alpha, batch)
        background = self.background(alpha, batch)
        pictures = colours + (1 - alpha) * background
        return 255 * self.taken(ops.where(self.hidden(batch), background, pictures), batch)

    def mix(self, concepts: Tensor, batch: int | Tensor) -> Tensor:
        """Draws each concept in one style or, at times, blended between two: (batch, side, side, 4)."""
        first, second = (
            self.drawn_in(keras.random.randint((batch,), 0, self.styles, seed=self.generator), concepts)
            for _ in range(2)
        )
        blended = self.uniform((batch, 1, 1, 1)) < self.settings["between two styles"]
        share = ops.where(blended, self.uniform((batch, 1, 1, 1)), 1.0)
        return share * first + (1 - share) * second

    def drawn_in(self, styles: Tensor, concepts: Tensor) -> Tensor:
        """Takes the sprites of styles and concepts, int (batch,) both: float32 (batch, side, side, 4)."""
        flat = ops.reshape(self.sprites, (-1, *self.sprites.shape[2:]))
        return ops.cast(ops.take(flat, styles * self.sprites.shape[1] + concepts, axis=0), "float32")

    def bend(self, sprites: Tensor, batch: int | Tensor) -> Tensor:
        """Shifts each pixel of sprites, (batch, side, side, 4), a little, its neighbours nearly as much."""
        coarse = keras.random.normal((batch, 4, 4, 2), seed=self.generator) * self.settings["bend in pixels"]
        shifts = ops.image.resize(coarse, (self.side, self.side), interpolation="bicubic")
        along = ops.arange(self.side, dtype="float32")
        here = ops.stack(ops.meshgrid(along, along, indexing="ij"), axis=-1)
        there = ops.clip(here + shifts, 0.0, self.side - 1.001)
        corner = ops.floor(there)
        share = there - corner
        sprite = ops.reshape(ops.arange(batch), (-1, 1, 1)) * self.side**2
        first = sprite + ops.cast(corner[..., 0] * self.side + corner[..., 1], "int32")
        flat, bent = ops.reshape(sprites, (-1, 4)), 0.0
        for down, right in ((0, 0), (0, 1), (1, 0), (1, 1)):
            weight = ops.abs(1 - down - share[..., 0]) * ops.abs(1 - right - share[..., 1])
            bent += ops.take(flat, first + down * self.side + right, axis=0) * ops.expand_dims(weight, -1)
        return bent

    def hidden(self, batch: int | Tensor) -> Tensor:
        """Draws a rectangle in some of the pictures, True inside: bool (batch, side, side, 1).

        DeVries & Taylor, arXiv:1708.04552.
        """
        hidden, along = self.settings["hidden"], ops.arange(self.side, dtype="float32")

        def line() -> Tensor:  # bool (batch, side), True from somewhere to somewhere
            middle = self.uniform((batch, 1), 0, self.side)
            return ops.abs(along - middle) < self.uniform((batch, 1), *hidden["sides"]) / 2

        drawn = self.uniform((batch, 1, 1)) < hidden["share"]
        inside = ops.logical_and(ops.expand_dims(line(), 2), ops.expand_dims(line(), 1))
        return ops.expand_dims(ops.logical_and(inside, drawn), -1)

    def place(self, sprites: Tensor, batch: int | Tensor) -> Tensor:
        """Turns, shears, sizes and moves sprites, (batch, side, side, 4); what comes in is transparent."""
        most, angle = self.settings["stretch"], self.settings["turn in radians"]
        size = self.uniform((batch,), *self.settings["size"])
        stretch, shear = ops.exp(self.uniform((batch,), -most, most)), self.uniform((batch,), -0.1, 0.1)
        turn = self.uniform((batch,), -angle, angle)
        # A small sprite may go further from the middle before it leaves the picture.
        room = self.side * (0.08 + 0.5 * ops.maximum(1 - size, 0.0))
        to_x, to_y = room * self.uniform((batch,), -1, 1), room * self.uniform((batch,), -1, 1)
        # The transform leads from a place in the result to the place in the sprite that is shown there.
        a, b = ops.cos(turn) / size / stretch, (shear - ops.sin(turn)) / size / stretch
        c, d = ops.sin(turn) * stretch / size, ops.cos(turn) * stretch / size
        middle = (self.side - 1) / 2
        x0 = middle - a * (middle + to_x) - b * (middle + to_y)
        y0 = middle - c * (middle + to_x) - d * (middle + to_y)
        zero = ops.zeros_like(a)
        transform = ops.stack([a, b, x0, c, d, y0, zero, zero], axis=1)
        return ops.image.affine_transform(sprites, transform, interpolation="bilinear", fill_mode="constant")

    def colour(self, colours: Tensor, alpha: Tensor, batch: int | Tensor) -> Tensor:
        """Changes hue, saturation, contrast, brightness and the gain of each channel; all 0 to 1."""
        angle = self.uniform((batch, 1, 1), -0.35, 0.35) * ops.cast(
            self.uniform((batch, 1, 1)) < 0.6, "float32"
        )
        # A turn about the grey axis, as three weights of the channels.
        same = (1 + 2 * ops.cos(angle)) / 3
        ahead = (1 - ops.cos(angle)) / 3 + ops.sin(angle) / math.sqrt(3)
        behind = (1 - ops.cos(angle)) / 3 - ops.sin(angle) / math.sqrt(3)
        r, g, b = (colours[..., channel] for channel in range(3))
        colours = ops.stack(
            [
                same * r + behind * g + ahead * b,
                ahead * r + same * g + behind * b,
                behind * r + ahead * g + same * b,
            ],
            axis=-1,
        )
        one = (batch, 1, 1, 1)
        grey = ops.sum(colours * ops.array([0.299, 0.587, 0.114]), axis=-1, keepdims=True)
        saturation = ops.where(self.uniform(one) < 0.15, 0.0, self.uniform(one, 0.58, 1.28))
        colours = grey + (colours - grey) * saturation
        contrast, middle = self.uniform(one, 0.72, 1.28), 0.5 + self.uniform(one, -0.14, 0.14)
        colours = (colours - 0.5 * alpha) * contrast + middle * alpha
        return ops.clip(colours * self.uniform((batch, 1, 1, 3), 0.9, 1.1), 0.0, alpha)

    def shade(self, colours: Tensor, alpha: Tensor, batch: int | Tensor) -> Tensor:
        """Lets light fall from one side, on each channel from another; no colour exceeds its alpha."""
        return ops.clip(colours * (1 + self.slope(batch, 0.25)), 0.0, alpha)

    def slope(self, batch: int | Tensor, steepness: float) -> Tensor:
        """Draws a plane through 0 for each channel, between ±2 · steepness: (batch, side, side, 3)."""
        along = ops.linspace(-1.0, 1.0, self.side)
        across, down = (self.uniform((batch, 1, 1, 3), -steepness, steepness) for _ in range(2))
        return across * ops.reshape(along, (1, 1, -1, 1)) + down * ops.reshape(along, (1, -1, 1, 1))

    def background(self, alpha: Tensor, batch: int | Tensor) -> Tensor:
        """Draws white, or one colour that runs into another, 0 to 1: (batch, side, side, 3)."""
        white = self.uniform((batch, 1, 1, 1)) < self.settings["white background"]
        return ops.where(white, 1.0, self.coloured(batch))

    def coloured(self, batch: int | Tensor) -> Tensor:
        """Draws one colour that runs into another, 0 to 1: (batch, side, side, 3)."""
        return ops.clip(self.uniform((batch, 1, 1, 3)) + self.slope(batch, 0.3), 0.0, 1.0)

    def taken(self, pictures: Tensor, batch: int | Tensor, noise: Tensor | float = 0.04) -> Tensor:
        """Adds noise of up to so much to pictures, 0 to 1, (batch, side, side, 3), each its own amount."""
        amount = noise * self.uniform((batch, 1, 1, 1))
        return pictures + amount * keras.random.normal(ops.shape(pictures), seed=self.generator)


class PicturesInTheWorld(DrawnPictures):
    """Numbers of concepts become pictures with what a drawing lacks and a photograph has.

    Args:
        sprites: uint8 (styles, concepts, side, side, 4), red, green and blue already multiplied by alpha.
        seed: int.
        one_sided: bool (concepts,), True for those that are another concept in a mirror.
    """

    def __init__(self, sprites: np.ndarray, seed: int, one_sided: np.ndarray) -> None:
        super().__init__(sprites, seed)
        self.one_sided = ops.convert_to_tensor(one_sided)

    @property
    def settings(self) -> dict:
        """What is drawn how: the configuration, and what it says of the world."""
        return {**CONFIGURATION, **CONFIGURATION["in the world"]}

    def mix(self, concepts: Tensor, batch: int | Tensor) -> Tensor:
        """Draws concepts as :class:`DrawnPictures` does, half of those mirrored that stay what they are."""
        sided = ops.reshape(ops.take(self.one_sided, concepts), (-1, 1, 1, 1))
        kept = ops.logical_or(sided, self.uniform((batch, 1, 1, 1)) < 0.5)
        sprites = super().mix(concepts, batch)
        return ops.where(kept, sprites, ops.flip(sprites, axis=2))

    def sometimes(self, share: float, batch: int | Tensor) -> Tensor:
        """Draws 1 for a share of the pictures, else 0: float32 (batch, 1, 1, 1)."""
        return ops.cast(self.uniform((batch, 1, 1, 1)) < share, "float32")

    def patches(self, weights: dict[int, float], channels: int, batch: int | Tensor) -> Tensor:
        """Draws noise that is patchy at several sizes: (batch, side, side, channels).

        Args:
            weights: cells across the picture, and up to how much noise of that size there is.
            channels: int.
            batch: int.
        """
        patchy = 0.0
        for cells, weight in weights.items():
            noise = keras.random.normal((batch, cells, cells, channels), seed=self.generator)
            noise = ops.image.resize(noise, (self.side, self.side), interpolation="bilinear")
            patchy += weight * self.uniform((batch, 1, 1, 1)) * noise
        return patchy

    def shade(self, colours: Tensor, alpha: Tensor, batch: int | Tensor) -> Tensor:
        """Lets light fall on a body that bulges where the drawing is opaque, and has a grain."""
        colours = super().shade(colours, alpha, batch)
        grey = ops.sum(colours * ops.array([0.299, 0.587, 0.114]), axis=-1, keepdims=True)
        height = blurred(alpha, 1.2)
        height += blurred(height, 1.2) + self.uniform((batch, 1, 1, 1), -0.6, 0.6) * blurred(grey, 1.2)
        angle = self.uniform((batch, 1, 1, 1), 0, 2 * math.pi)
        steep = ops.cos(angle) * (ops.roll(height, -1, 2) - ops.roll(height, 1, 2))
        steep += ops.sin(angle) * (ops.roll(height, -1, 1) - ops.roll(height, 1, 1))
        strength = self.uniform((batch, 1, 1, 1), 0, self.settings["relief"])
        light = strength * self.sometimes(0.6, batch) * steep
        gloss = 0.6 * alpha * ops.maximum(light - 0.5, 0.0)
        colours = ops.clip(colours * (1 + ops.clip(light, -0.7, 0.7)) + gloss, 0.0, alpha)
        grain = self.uniform((batch, 1, 1, 1), 0, self.settings["grain"])
        grain *= self.sometimes(0.6, batch) * self.patches({6: 1.0, 12: 1.0, 24: 1.0, 48: 1.0}, 1, batch)
        return ops.clip(colours * (1 + grain), 0.0, alpha)

    def background(self, alpha: Tensor, batch: int | Tensor) -> Tensor:
        """Draws white, one colour, patches or stripes of two, 0 to 1; at times with the thing's shadow."""
        settings, coloured = self.settings, self.coloured(batch)
        share = self.patches({3: 0.8, 6: 0.8, 12: 0.6, 24: 0.5, 48: 0.4}, 1, batch)
        striped = self.stripes(batch) + 0.3 * share
        share = ops.where(self.uniform((batch, 1, 1, 1)) < settings["stripes"], striped, share)
        share = ops.clip(0.5 + 0.5 * share, 0.0, 1.0)
        textured = (1 - share) * coloured + share * self.uniform((batch, 1, 1, 3))
        textured += self.sometimes(0.3, batch) * self.patches({4: 0.3, 12: 0.2, 48: 0.15}, 3, batch)
        kind, white = self.uniform((batch, 1, 1, 1)), settings["white background"]
        plain = ops.where(kind < white, 1.0, coloured)
        ground = ops.where(kind < white + settings["background of one colour"], plain, textured)
        shadow = self.uniform((batch, 1, 1, 1), 0, settings["shadow"]) * self.sometimes(0.3, batch)
        return ops.clip(ground, 0.0, 1.0) * (1 - shadow * ops.roll(blurred(alpha, 1.2), (2, 2), (1, 2)))

    def stripes(self, batch: int | Tensor) -> Tensor:
        """Draws waves of random direction and length, -1 to 1: (batch, side, side, 1)."""
        along = ops.linspace(0.0, 1.0, self.side)
        angle, shift = (self.uniform((batch, 1, 1, 1), 0, 2 * math.pi) for _ in range(2))
        across = ops.cos(angle) * ops.reshape(along, (1, 1, -1, 1))
        across += ops.sin(angle) * ops.reshape(along, (1, -1, 1, 1))
        periods = self.uniform((batch, 1, 1, 1), *self.settings["periods of stripes"])
        return ops.sin(2 * math.pi * periods * across + shift)

    def taken(self, pictures: Tensor, batch: int | Tensor, noise: Tensor | float = 0.04) -> Tensor:
        """Changes the tone of pictures, 0 to 1, (batch, side, side, 3), blurs some, adds noise."""
        settings, one = self.settings, (batch, 1, 1, 1)
        gamma = ops.exp(self.uniform(one, -settings["tone"], settings["tone"]))
        pictures = ops.power(ops.clip(pictures, 1e-3, 1.0), gamma)
        little, much = blurred(pictures, 0.7), blurred(pictures, 1.5)
        kind, share = self.uniform(one), self.uniform(one)
        sharper = ops.where(kind < 0.15, pictures + share * (pictures - little), pictures)
        softer = ops.where(
            kind < 0.85, pictures + share * (little - pictures), little + share * (much - little)
        )
        found = ops.where(kind < 0.6, sharper, softer)
        loud = self.sometimes(0.2, batch)
        return super().taken(found, batch, noise + loud * (settings["noise"] - noise))


def blurred(pictures: Tensor, deviation: float) -> Tensor:
    """Blurs pictures with a Gaussian of some pixels, (batch, height, width, channels) as they come."""
    distance = np.arange(-3, 4)
    weights = np.exp(-(distance**2) / (2 * deviation**2))
    kernel = np.outer(weights, weights) / weights.sum() ** 2
    kernel = np.repeat(kernel[..., np.newaxis, np.newaxis], pictures.shape[-1], axis=2)
    padded = ops.pad(pictures, ((0, 0), (3, 3), (3, 3), (0, 0)), mode="symmetric")
    return ops.depthwise_conv(padded, ops.array(kernel, "float32"), padding="valid")


class MuonOfKernels(keras.optimizers.Muon):
    """Muon for convolutions too: a kernel is a matrix from all that it sees to its channels.

    Muon makes every step of a matrix equally long in all directions, and so learns this network in half the
    epochs that AdamW needs. Jordan et al., https://kellerjordan.github.io/posts/muon; the length of a step is
    that of Liu et al., arXiv:2502.16982. Keras' own leaves kernels, biases and norms to AdamW, and marks
    what it leaves by a velocity; weights decay alike with both.
    """

    def build(self, variables: list[keras.Variable]) -> None:
        """Makes the optimiser's memory, in which kernels have no velocity and so are Muon's."""
        super().build(variables)
        self.adam_velocities = [
            None if len(variable.shape) == 4 else velocity
            for variable, velocity in zip(variables, self.adam_velocities, strict=True)
        ]

    def zeropower_via_newtonschulz5(self, x: Tensor, steps: int) -> Tensor:
        """Makes all directions of a step equally long, those of a kernel as of a matrix."""
        return ops.reshape(super().zeropower_via_newtonschulz5(_as_matrix(x), steps), x.shape)

    def lr_adjust(self, x: Tensor) -> Tensor:
        """Scales a step by the sides of the matrix."""
        return ops.reshape(super().lr_adjust(_as_matrix(x)), x.shape)


def _as_matrix(kernel: Tensor) -> Tensor:
    return ops.reshape(kernel, (-1, kernel.shape[-1]))


def premultiplied(pictures: np.ndarray, side: int) -> np.ndarray:
    """Reduces RGBA pictures and multiplies their colours by alpha, so that blending leaves no dark rims.

    Args:
        pictures: uint8 (n, height, width, 4).
        side: int.

    Returns:
        uint8 (n, side, side, 4).
    """
    reduced = emoji.resized(pictures, side)
    colours = reduced[..., :3].astype(np.uint16) * reduced[..., 3:] // 255
    return np.concatenate([colours.astype(np.uint8), reduced[..., 3:]], axis=-1)


def one_sided(world: emoji.Emoji) -> np.ndarray:
    """Says which concepts a mirror makes another thing of: signs, letters, flags, clocks, left and right.

    Args:
        world: :class:`course_utils.datasets.emoji.Emoji`.

    Returns:
        bool (concepts,).
    """
    groups = np.isin(np.array(world.group_names)[world.groups], ("symbols", "flags"))
    clocks = np.array(world.subgroup_names)[world.subgroups] == "time"
    sides = [re.search(r"\b(left|right)(ward|\b)", name) is not None for name in world.names["en"]]
    return groups | clocks | np.array(sides)


def hierarchical_loss(world: emoji.Emoji) -> Callable[[Tensor, Tensor], Tensor]:
    """Makes the loss: cross-entropy of the concept, plus those of its subgroup and group, which are sums.

    A wrong answer costs less when it is at least the right kind of thing.

    Args:
        world: :class:`course_utils.datasets.emoji.Emoji`.

    Returns:
        function of labels, int (batch,), and logits, (batch, concepts), that returns losses (batch,).
    """
    smoothing = CONFIGURATION["label smoothing"]
    levels = [
        (CONFIGURATION[f"weight of the {level}"], numbers, len(names))
        for level, numbers, names in (
            ("subgroup", world.subgroups, world.subgroup_names),
            ("group", world.groups, world.group_names),
        )
    ]

    def cross_entropy(labels: Tensor, log_probabilities: Tensor) -> Tensor:
        classes = log_probabilities.shape[-1]
        targets = (1 - smoothing) * ops.one_hot(labels, classes) + smoothing / classes
        return -ops.sum(targets * log_probabilities, axis=-1)

    def loss(labels: Tensor, logits: Tensor) -> Tensor:
        labels = ops.cast(ops.reshape(labels, (-1,)), "int32")
        log_probabilities = ops.log_softmax(ops.cast(logits, "float32"))
        total = cross_entropy(labels, log_probabilities)
        for weight, numbers, count in levels:
            membership = np.eye(count, dtype=np.float32)[numbers]
            summed = ops.log(ops.matmul(ops.exp(log_probabilities), membership) + 1e-8)
            total += weight * cross_entropy(ops.take(ops.array(numbers), labels), summed)
        return total

    return loss


@functools.lru_cache(maxsize=1)
def train(seed: int) -> dict[str, list[np.ndarray]]:
    """Trains the classifier of concepts with one seed.

    Args:
        seed: int, for the first weights, the order of the batches and every picture.

    Returns:
        dict of weights, lists of float32 arrays, for each of ROWS; those of a model as from
        :func:`course_utils.features.pretrained.build_image_classifier`.
    """
    world = emoji.load(emoji.TRAIN_STYLES)
    sprites = np.stack(
        [premultiplied(world.pictures[style], pretrained.SIDE) for style in emoji.TRAIN_STYLES]
    )
    keras.utils.set_random_seed(seed)
    # Half precision where it is safe: a quarter faster on processors that know bfloat16.
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        classifier = pretrained.build_image_classifier(
            pretrained.build_image_encoder(), CONFIGURATION["dropout"]
        )
    finally:
        keras.config.set_dtype_policy("float32")
    learn(classifier, world, DrawnPictures(sprites, seed), CONFIGURATION)
    drawn, in_the_world = classifier.get_weights(), CONFIGURATION["in the world"]
    learn(classifier, world, PicturesInTheWorld(sprites, seed, one_sided(world)), in_the_world)
    weights = drawn, classifier.get_weights()
    mean = mean_of_weights(*weights, in_the_world["share in the mean of the weights"])
    return dict(zip(ROWS, (*weights, mean), strict=True))


def mean_of_weights(before: list[np.ndarray], after: list[np.ndarray], share: float) -> list[np.ndarray]:
    """Gives the mean of a network's weights before and after more training, which keeps most of both.

    Half of each is what Wortsman et al., arXiv:2109.01903, advise where nothing shall be chosen.

    Args:
        before: list of float arrays.
        after: list of float arrays of the same shapes.
        share: float, the part of ``after``, 0 to 1.

    Returns:
        list of float arrays.
    """
    return [(1 - share) * first + share * second for first, second in zip(before, after, strict=True)]


def learn(classifier: keras.Model, world: emoji.Emoji, pictures: DrawnPictures, schedule: dict) -> None:
    """Trains a classifier on pictures that are drawn anew each time.

    Args:
        classifier: Keras model from pictures to logits of the concepts; changed in place.
        world: :class:`course_utils.datasets.emoji.Emoji`.
        pictures: layer from numbers of concepts to pictures.
        schedule: dict with "epochs" and "peak learning rate".
    """
    concepts = keras.Input((), dtype="int32")
    model = keras.Model(concepts, classifier(pictures(concepts)))
    labels = np.tile(np.arange(len(world), dtype=np.int32), pictures.styles)
    epochs, size, peak = schedule["epochs"], CONFIGURATION["batch size"], schedule["peak learning rate"]
    steps, warm_up = epochs * math.ceil(len(labels) / size), CONFIGURATION["warm-up steps"]
    optimizer = MuonOfKernels(
        keras.optimizers.schedules.CosineDecay(
            1e-4, steps - warm_up, alpha=0.01, warmup_target=peak, warmup_steps=warm_up
        ),
        adam_lr_ratio=CONFIGURATION["learning rate of AdamW, relative"],
        weight_decay=CONFIGURATION["weight decay"],
        adam_weight_decay=CONFIGURATION["weight decay"],
        exclude_embeddings=False,  # the dense layer that is called "embedding" holds no table
        exclude_layers=["concepts"],
    )
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    model.compile(optimizer, hierarchical_loss(world))
    bar = progress_bar(epochs)
    model.fit(labels, labels, epochs=epochs, batch_size=size, callbacks=[bar], verbose=0)


def progress_bar(epochs: int) -> keras.callbacks.Callback:
    """Makes a callback that shows the epochs, the loss and the time left."""
    from tqdm import tqdm

    bar = tqdm(total=epochs, unit="epoch", leave=False)

    def advance(epoch: int, logs: dict) -> None:
        bar.set_postfix(loss=f"{logs['loss']:.2f}", refresh=False)
        bar.update()

    return keras.callbacks.LambdaCallback(on_epoch_end=advance, on_train_end=lambda logs: bar.close())


def evaluate(classifier: keras.Model) -> dict[str, float]:
    """Gives the figures of a classifier on the unseen style, and on the training styles without augmentation.

    Args:
        classifier: Keras model from pictures to logits of the concepts.

    Returns:
        dict of float, accuracies 0 to 1.
    """
    world = emoji.load()
    member = np.eye(len(world.group_names))[world.groups]
    numbers, figures = np.arange(len(world)), {"parameters": classifier.count_params()}
    for split, styles in (("unseen style", (emoji.TEST_STYLE,)), ("training styles", emoji.TRAIN_STYLES)):
        pictures = np.concatenate(
            [emoji.on_background(emoji.resized(world.pictures[style], pretrained.SIDE)) for style in styles]
        )
        logits = classifier.predict(pictures.astype(np.float32), batch_size=256, verbose=0)
        logits = logits.reshape(len(styles), len(world), -1)
        probabilities = ops.convert_to_numpy(ops.softmax(logits))
        right = logits.argmax(axis=-1) == numbers
        five = (np.argpartition(-logits, 5, axis=-1)[..., :5] == numbers[:, np.newaxis]).any(axis=-1)
        figures[f"{split}: concept accuracy"] = right.mean()
        figures[f"{split}: concept among five accuracy"] = five.mean()
        figures[f"{split}: group accuracy"] = (
            (probabilities @ member).argmax(axis=-1) == world.groups
        ).mean()
        if split == "unseen style":
            figures[f"{split}, without near-copies: concept accuracy"] = right[:, ~world.near_copies].mean()
    return figures


def evaluate_on_photographs(classifier: keras.Model) -> dict[str, float]:
    """Gives the figures of a classifier on the photographs of the same thing, those of the test half.

    Args:
        classifier: Keras model from pictures to logits of the concepts.

    Returns:
        dict of float, accuracies 0 to 1: of the concept among all, among those photographed, and of the
        group; on white, and on gradients, stripes and noise, four of each.
    """
    world, taken = emoji.load(emoji.TRAIN_STYLES), photographs.load(split="test", match="same")
    member, among = np.eye(len(world.group_names))[world.groups], np.unique(taken.concepts)
    squares, figures = taken.on_squares(pretrained.SIDE), {}
    textured = [(ground, seed) for ground in ("gradient", "stripes", "noise") for seed in range(4)]
    for kind, grounds in (("on white", [("white", 0)]), ("on a textured ground", textured)):
        logits = np.stack(
            [
                classifier.predict(
                    photographs.on_ground(squares, ground, np.random.default_rng(seed)).astype(np.float32),
                    verbose=0,
                )
                for ground, seed in grounds
            ]
        )
        groups = (ops.convert_to_numpy(ops.softmax(logits)) @ member).argmax(axis=-1)
        figures |= {
            f"photographs {kind}: concept accuracy": (logits.argmax(axis=-1) == taken.concepts).mean(),
            f"photographs {kind}: accuracy among their concepts": (
                among[logits[..., among].argmax(axis=-1)] == taken.concepts
            ).mean(),
            f"photographs {kind}: group accuracy": (groups == world.groups[taken.concepts]).mean(),
        }
    return figures


def run(row: str, seed: int) -> dict[str, float]:
    """Trains with one seed; the mean of seed 0 is also written as the checkpoint.

    Args:
        row: str, one of ROWS.
        seed: int.

    Returns:
        dict of float: parameters and accuracies of what a checkpoint holds, in half precision.
    """
    classifier = pretrained.build_image_classifier(pretrained.build_image_encoder())
    classifier.set_weights(train(seed)[row])
    if (row, seed) == (ROWS[-1], 0):
        CHECKPOINT.parent.mkdir(exist_ok=True)
        save_weights(CHECKPOINT, classifier)
    classifier.set_weights([value.astype(np.float16) for value in classifier.get_weights()])
    return evaluate(classifier) | evaluate_on_photographs(classifier)


if __name__ == "__main__":
    results.record(
        "pretrain_image", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run
    )
