"""Emoji: one concept drawn in four art styles, named in English and Chinese (``data/emoji``)."""

import json
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from PIL import Image

from course_utils import arguments
from course_utils.datasets.base import DataSet, advice
from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError

STYLES = ("noto", "twemoji", "openmoji", "fluent")
TRAIN_STYLES = ("noto", "twemoji", "openmoji")
TEST_STYLE = "fluent"
LANGUAGES = ("en", "zh")


@dataclass(frozen=True, repr=False, eq=False)
class Emoji(DataSet):
    """Pictures and names of n concepts; item i of every attribute is the same concept.

    Introduced in lesson 00.

    Attributes:
        pictures: {style: uint8 RGBA (n, side, side, 4)}; alpha 0 is background.
        characters: n str, the emoji itself.
        hexcodes: n str, its Unicode code points, such as "1F468-200D-1F680".
        names: {"en": n str, "zh": n str}.
        keywords: {"en": n lists of str, "zh": n lists of str}.
        groups: int32 (n,), indices into group_names.
        group_names: tuple of str, such as "animals-nature".
        subgroups: int32 (n,), indices into subgroup_names.
        subgroup_names: tuple of str, such as "animal-bird".
        parts: n tuples of str, ("woman", "astronaut") for a concept made of two parts, else ().
        concept_split: n str, "held-out" for combinations kept for the compositional test (each of their parts
            is seen in other concepts), else "train".
        near_copies: bool (n,), True where the test style's picture nearly equals a training style's.
    """

    pictures: dict
    characters: list
    hexcodes: list
    names: dict
    keywords: dict
    groups: np.ndarray
    group_names: tuple
    subgroups: np.ndarray
    subgroup_names: tuple
    parts: list
    concept_split: list
    near_copies: np.ndarray

    def index(self, wanted: str) -> int:
        """Says where a concept stands.

        Args:
            wanted: English or Chinese name, the character itself or its hexcode, str; in any case.

        Returns:
            int, 0 ≤ index < n.

        Raises:
            CourseError: no str, or there is no such concept; the message lists names that are close.
        """
        folded = arguments.string("wanted", wanted).strip().casefold()
        columns = (self.names["en"], self.names["zh"], self.characters, self.hexcodes)
        for column in columns:
            for i, name in enumerate(column):
                if name.casefold() == folded:
                    return i
        without_colour = folded.replace("\ufe0f", "")
        for i, character in enumerate(self.characters):
            if character.replace("\ufe0f", "") == without_colour:
                return i
        names = [name for language in LANGUAGES for name in self.names[language]]
        raise CourseError(f"no emoji is called {wanted!r}. {advice(wanted, names)}")


def split_sheet(sheet: np.ndarray, side: int, columns: int, count: int) -> np.ndarray:
    """Cuts a sheet of square tiles into pictures, row by row.

    Args:
        sheet: uint8 (rows · side, columns · side, channels).
        side: pixels of a tile, int.
        columns: tiles in a row, int.
        count: how many tiles are in use, int.

    Returns:
        uint8 (count, side, side, channels).
    """
    rows = sheet.shape[0] // side
    tiles = sheet.reshape(rows, side, columns, side, -1).swapaxes(1, 2)
    return tiles.reshape(rows * columns, side, side, -1)[:count]


def _pictures(style: str, stored: dict) -> np.ndarray:
    sheet = np.asarray(Image.open(data_path(f"emoji/{style}.webp")).convert("RGBA"))
    return split_sheet(sheet, stored["side"], stored["columns"], len(stored["concepts"]))


def _numbered(names: list[str]) -> tuple[np.ndarray, tuple[str, ...]]:
    """(indices int32 (n,), distinct names in order of appearance)."""
    distinct = tuple(dict.fromkeys(names))
    place = {name: i for i, name in enumerate(distinct)}
    return np.array([place[name] for name in names], dtype=np.int32), distinct


def load(styles: Sequence[str] = STYLES) -> Emoji:
    """Reads the emoji pictures and names.

    Introduced in lesson 00; the pictures' makers and licences are in data/emoji/README.md.

    Args:
        styles: which of STYLES to read, a sequence of str; fewer styles load faster.

    Returns:
        Emoji with n concepts in a fixed order.

    Raises:
        CourseError: an unknown style, or a data file is missing or damaged.
    """
    styles = [arguments.choice("a style", style, STYLES) for style in arguments.strings("styles", styles)]
    stored = json.loads(data_path("emoji/concepts.json").read_text(encoding="utf-8"))
    concepts = stored["concepts"]
    with ThreadPoolExecutor() as pool:  # Pillow decodes outside the interpreter lock
        sheets = pool.map(lambda style: _pictures(style, stored), styles)
        pictures = dict(zip(styles, sheets, strict=True))
    groups, group_names = _numbered([concept["group"] for concept in concepts])
    subgroups, subgroup_names = _numbered([concept["subgroup"] for concept in concepts])
    return Emoji(
        pictures=pictures,
        characters=[concept["character"] for concept in concepts],
        hexcodes=[concept["hexcode"] for concept in concepts],
        names={language: [concept["name"][language] for concept in concepts] for language in LANGUAGES},
        keywords={
            language: [concept["keywords"][language] for concept in concepts] for language in LANGUAGES
        },
        groups=groups,
        group_names=group_names,
        subgroups=subgroups,
        subgroup_names=subgroup_names,
        parts=[tuple(concept["parts"]) for concept in concepts],
        concept_split=[concept["concept_split"] for concept in concepts],
        near_copies=np.array([concept["near_copy"] for concept in concepts]),
    )


def resized(pictures: np.ndarray, side: int) -> np.ndarray:
    """Makes pictures with alpha smaller or larger, with the Lanczos filter.

    Pillow multiplies by alpha first, so what is hidden under a transparent pixel does not bleed into a
    visible one. Introduced in lesson 02.

    Args:
        pictures: uint8 RGBA (n, height, width, 4).
        side: pixels of the result, int ≥ 1.

    Returns:
        uint8 RGBA (n, side, side, 4).

    Raises:
        CourseError: the pictures have another shape or type, or there are none, or side is below 1.
    """
    arguments.array("pictures", pictures, np.uint8, (("n", "height", "width", 4),))
    size = 2 * (arguments.whole_number("side", side),)
    return np.stack(
        [np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)) for picture in pictures]
    )


def on_background(pictures: np.ndarray, colour: Sequence[int] | np.ndarray = (255, 255, 255)) -> np.ndarray:
    """Puts pictures with alpha onto one colour.

    result = alpha · picture + (1 − alpha) · colour, the "over" of Porter & Duff (1984).
    Introduced in lesson 01.

    Args:
        pictures: uint8 RGBA (..., 4).
        colour: three integers 0–255, red, green, blue; or an array of them, one for each pixel.

    Returns:
        uint8 RGB (..., 3).

    Raises:
        CourseError: the last axis has not four channels.
    """
    pictures = np.asarray(pictures)
    if pictures.shape[-1:] != (4,) or pictures.dtype != np.uint8:
        raise CourseError(
            f"on_background expects uint8 pictures with four channels (red, green, blue, alpha), found shape "
            f"{pictures.shape} and {pictures.dtype}."
        )
    alpha = pictures[..., 3:].astype(np.uint16)
    blended = pictures[..., :3] * alpha
    blended += np.asarray(colour, dtype=np.uint16) * (255 - alpha)
    blended += 127
    blended //= 255  # each in its place: thousands of pictures make large arrays
    return blended.astype(np.uint8)
