"""Cut-out photographs, named in two languages, to test what drawings taught (``data/photographs``)."""

import csv
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from course_utils import arguments
from course_utils.datasets import emoji
from course_utils.datasets.base import DataSet
from course_utils.datasets.integrity import data_path

SPLITS = ("few-shot", "test")
MATCHES = ("same", "kind of")
GROUNDS = ("white", "plain", "gradient", "stripes", "noise")

_FREE = 32  # one pixel in so many stays free at each edge of a square, as on the tiles of the emoji
_PERIODS = (3.0, 16.0)  # stripes across the picture
_GRAINS = ((4, 0.25), (16, 0.15), (48, 0.15))  # cells across the picture, and how far they mix two colours


@dataclass(frozen=True, repr=False, eq=False)
class Photographs(DataSet):
    """n photographs of one thing each, cut out; item i of every attribute is the same photograph.

    They are for testing and for learning from a few examples; no checkpoint of the course saw them.

    Attributes:
        pictures: n uint8 RGBA arrays (height, width, 4) of different sizes; alpha 0 is what was cut away.
        concepts: int32 (n,), the index in ``course_utils.datasets.emoji.load()``, -1 where no emoji fits.
        match: n str, "same" where the photograph shows what the emoji does, "kind of" where it shows a kind
            of it (a heron, for "bird"), "" where no emoji fits.
        subjects: n str, what is shown in a word or two, such as "gnu". All photographs of one concept have
            one subject; a subject may have several concepts ("apple": red apple, green apple) or none.
        splits: n str out of SPLITS, stored with the data and never drawn anew; no subject is in both.
        captions: {"en": n str, "zh": n str}.
        files: n str, the file's name below data/photographs.
        makers: n str, who gave the photograph.
        licences: n str, under which it is used here, such as "CC BY-SA 2.5".
    """

    pictures: list
    concepts: np.ndarray
    match: list
    subjects: list
    splits: list
    captions: dict
    files: list
    makers: list
    licences: list

    def on_squares(self, side: int) -> np.ndarray:
        """Gives the photographs in one size, each in the middle of a transparent square.

        What is transparent all round is cut off, and the longer side scaled to fill the square but for the
        edge that emoji tiles have too. Small photographs (the smallest has 25 × 22 pixels) are enlarged. The
        Lanczos filter of Pillow multiplies by alpha first, so no hidden colour bleeds into the edge.

        Args:
            side: pixels of the square, int ≥ 8.

        Returns:
            uint8 RGBA (n, side, side, 4).

        Raises:
            CourseError: side is no such number.
        """
        side = arguments.whole_number("side", side, at_least=8)
        squares = np.zeros((len(self), side, side, 4), np.uint8)
        for square, picture in zip(squares, self.pictures, strict=True):
            _lay(square, picture)
        return squares

    def credit(self) -> str:
        """Names makers and licences of the photographs, for the caption of a figure that shows them.

        Returns:
            str, "Photographs: A, B (GPL-2.0-or-later); C (public domain).", each maker once for a licence.
        """
        makers: dict[str, dict[str, None]] = {}
        for maker, licence in zip(self.makers, self.licences, strict=True):
            makers.setdefault(licence, {})[maker.replace(";", ",")] = None
        by_licence = (f"{', '.join(names)} ({licence})" for licence, names in makers.items())
        return f"Photographs: {'; '.join(by_licence)}."


def _lay(square: np.ndarray, picture: np.ndarray) -> None:
    """Puts what a picture shows into the middle of a square, uint8 RGBA (side, side, 4)."""
    side = len(square)
    image = Image.fromarray(picture)
    image = image.crop(image.getchannel("A").getbbox())
    scale = (side - 2 * max(1, side // _FREE)) / max(image.size)
    size = tuple(max(1, round(length * scale)) for length in image.size)
    scaled = np.asarray(image.resize(size, Image.Resampling.LANCZOS))
    left, top = (side - size[0]) // 2, (side - size[1]) // 2
    square[top : top + size[1], left : left + size[0]] = scaled


def _concepts(names: list[str]) -> np.ndarray:
    places = {name: i for i, name in enumerate(emoji.load(styles=()).names["en"])} | {"": -1}
    return np.array([places[name] for name in names], dtype=np.int32)


def _picture(path: Path) -> np.ndarray:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA"))


def load(split: str | None = None, match: str | None = None) -> Photographs:
    """Reads the photographs.

    data/photographs/README.md says who gave them, and what that asks of you if you show them to others.

    Args:
        split: "few-shot", "test", or None for both.
        match: "same" for photographs of the very thing that an emoji shows, "kind of" for those of a kind of
            it, None for all, those without an emoji too.

    Returns:
        Photographs in a fixed order.

    Raises:
        CourseError: an unknown split or match, or a data file is missing or damaged.
    """
    if split is not None:
        arguments.choice("split", split, SPLITS)
    if match is not None:
        arguments.choice("match", match, MATCHES)
    with data_path("photographs/photographs.tsv").open(encoding="utf-8", newline="") as file:
        stored = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        rows = [row for row in stored if split in (None, row["split"]) and match in (None, row["match"])]
    paths = [data_path(f"photographs/{row['file']}") for row in rows]
    with ThreadPoolExecutor() as pool:  # Pillow decodes outside the interpreter lock
        pictures = list(pool.map(_picture, paths))
    return Photographs(
        pictures=pictures,
        concepts=_concepts([row["concept"] for row in rows]),
        match=[row["match"] for row in rows],
        subjects=[row["subject"] for row in rows],
        splits=[row["split"] for row in rows],
        captions={"en": [row["english"] for row in rows], "zh": [row["chinese"] for row in rows]},
        files=[row["file"] for row in rows],
        makers=[row["by"] for row in rows],
        licences=[row["licence"] for row in rows],
    )


@dataclass(frozen=True, repr=False, eq=False)
class ShippedCaptions(DataSet):
    """n captions of photographs in two languages, as a collection shipped them: some Chinese ones are wrong.

    Attributes:
        paths: n str, the photograph's file in the package; most of these photographs are not in the course.
        english: n str.
        chinese: n str, simplified characters, unchanged.
        wrong: bool (n,), True where one reading of the photograph found the Chinese caption to be wrong.
        corrections: n str, the right word in Chinese, "" where the caption is not wrong.
    """

    paths: list
    english: list
    chinese: list
    wrong: np.ndarray
    corrections: list


def shipped_captions() -> ShippedCaptions:
    """Reads the captions of a real collection, with the errors that were found in them.

    data/photographs/README.md says where they come from and how errors were found. Introduced in lesson 13.

    Returns:
        ShippedCaptions in a fixed order.

    Raises:
        CourseError: the file is missing or damaged.
    """
    with data_path("photographs/captions_as_shipped.tsv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))
    corrections = [row["right"] for row in rows]
    return ShippedCaptions(
        paths=[row["path"] for row in rows],
        english=[row["english"] for row in rows],
        chinese=[row["chinese"] for row in rows],
        wrong=np.array([bool(right) for right in corrections]),
        corrections=corrections,
    )


def on_ground(pictures: np.ndarray, ground: str, rng: np.random.Generator) -> np.ndarray:
    """Puts pictures with alpha onto a ground, a new one for each.

    Works for squares of photographs and for emoji alike: a model that learned on white is asked what it knows
    elsewhere.

    Args:
        pictures: uint8 RGBA (n, side, side, 4).
        ground: "white"; "plain", one random colour; "gradient", one in each corner; "stripes" of random
            direction and width in two colours; "noise", patches and grains between two colours.
        rng: numpy.random.Generator, which draws the grounds.

    Returns:
        uint8 RGB (n, side, side, 3).

    Raises:
        CourseError: pictures of another kind or not square, an unknown ground, or rng is no generator.
    """
    n, side = arguments.array("pictures", pictures, np.uint8, (("n", "side", "side", 4),)).shape[:2]
    arguments.array("pictures", pictures, np.uint8, (("n", side, side, 4),))
    arguments.choice("ground", ground, GROUNDS)
    arguments.generator(rng)
    if ground == "white":
        return emoji.on_background(pictures)
    grounds = np.stack([_DRAW[ground](side, rng) for _ in range(n)])
    return emoji.on_background(pictures, np.clip(np.round(grounds), 0, 255).astype(np.uint8))


def _smooth(cells: np.ndarray, side: int) -> np.ndarray:
    """Values of some cells, float (rows, columns), with soft passages between them: (side, side)."""
    return np.asarray(
        Image.fromarray(cells.astype(np.float32)).resize((side, side), Image.Resampling.BICUBIC)
    )


def _mixed(share: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Two random colours, the first with a share of 0 to 1, float (side, side): (side, side, 3)."""
    first, second = rng.uniform(0, 255, (2, 3))
    return share[..., None] * first + (1 - share[..., None]) * second


def _plain(side: int, rng: np.random.Generator) -> np.ndarray:
    return np.broadcast_to(rng.uniform(0, 255, 3), (side, side, 3))


def _gradient(side: int, rng: np.random.Generator) -> np.ndarray:
    return np.stack([_smooth(corners, side) for corners in rng.uniform(0, 255, (3, 2, 2))], axis=-1)


def _stripes(side: int, rng: np.random.Generator) -> np.ndarray:
    y, x = np.mgrid[:side, :side] / side
    angle, shift = rng.uniform(0, 2 * np.pi, 2)
    across = x * np.cos(angle) + y * np.sin(angle)
    return _mixed((1 + np.sin(2 * np.pi * rng.uniform(*_PERIODS) * across + shift)) / 2, rng)


def _noise(side: int, rng: np.random.Generator) -> np.ndarray:
    layers = [_smooth(rng.normal(0, spread, (cells, cells)), side) for cells, spread in _GRAINS]
    return _mixed(np.clip(0.5 + sum(layers), 0, 1), rng)


_DRAW: dict[str, Callable[[int, np.random.Generator], np.ndarray]] = {
    "plain": _plain,
    "gradient": _gradient,
    "stripes": _stripes,
    "noise": _noise,
}
