"""Scenes: several emoji in one picture, with boxes, questions and captions; generated, nothing is stored.

A scene is a picture of 96 × 96 pixels, divided into 3 × 3 cells of 32. Two to six of them, where asked for up
to all nine, hold one object each, an emoji in one of the art styles, of random size and place within its
cell. Everything about it is known, so that a model can be asked, and what its attention looks at can be
scored. Introduced in lesson 05.

**Questions** (eight a scene) are about objects and cells. In a question "right of" means *in the next cell to
the right*; so "what is right of the cat" takes two steps, finding the cat and looking beside it.

**Captions** come in pairs, a true one and a false one that differs from it in one fact. In a caption "right
of" means *in a column further to the right*, next to it or not.

**Balance by construction.** Concepts are exchangeable, cells are a uniformly drawn subset, and neither is
chosen because of the other. So whatever a single question says, its possible answers are equally likely, and
a caption has the same distribution whether it is true or false; and every scene has one of both. Read each
question for itself, though: eight of them together betray which objects the scene holds.
"""

import functools
import json
import math
import re
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from PIL import Image

from course_utils import arguments
from course_utils.datasets import emoji
from course_utils.datasets.base import DataSet, advice
from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.preprocessing import images

__all__ = [
    "BACKGROUNDS",
    "CANVAS",
    "CAPTION_KINDS",
    "CELL",
    "CONCEPTS",
    "GRID",
    "MAX_OBJECTS",
    "POSITIONS",
    "QUESTIONS",
    "QUESTION_KINDS",
    "WORDS",
    "Reading",
    "Scenes",
    "compose",
    "export_coco",
    "facts_of",
    "full_captions",
    "generate",
    "hide_empty_cells",
]

CANVAS, CELL = 96, 32  # pixels of a picture's side and of a cell's
GRID = CANVAS // CELL  # cells in a row and in a column
MIN_OBJECTS, MAX_OBJECTS = 2, 6  # what captions can count; more only where `generate` is asked for more
QUESTIONS, WORDS = 8, 7  # questions per scene; words of the longest sentence

# Chosen for names that mean one thing and for shapes that differ in every art style.
CONCEPTS = (
    *("cat", "owl", "frog", "penguin"),
    *("banana", "carrot", "pizza", "strawberry"),
    *("key", "anchor", "rocket", "camera"),
)
_ROWS, _COLUMNS = ("top", "middle", "bottom"), ("left", "centre", "right")
POSITIONS = tuple(f"{row} {column}" for row in _ROWS for column in _COLUMNS)
"""The nine cells by name, row by row: cell c is in row c // GRID and column c % GRID."""

QUESTION_KINDS = ("what is at", "where is", "right of", "left of", "above", "below")
CAPTION_KINDS = ("object", "count", "relation", "position")
BACKGROUNDS = ("white", "plain", "soft")

_SIZES = range(26, CELL + 1)
_ROOM = CELL - _SIZES[0]  # pixels that the smallest sprite can move within its cell
_VISIBLE = 128  # alpha from which a pixel counts as belonging to the object
_DARKEST, _VARIATION = 190, 25  # darkest background, and how far a corner of a soft one may differ
_MOST_ALIKE = 3  # objects of one concept, where repeats are allowed
_BATCH = 32  # scenes drawn at once: their arrays stay in the processor's cache

# The cell to the right of, left of, above and below each cell; -1 where there is none.
_BOARD = np.pad(np.arange(len(POSITIONS)).reshape(GRID, GRID), 1, constant_values=-1)
_NEIGHBOURS = np.stack([_BOARD[1:-1, 2:], _BOARD[1:-1, :-2], _BOARD[:-2, 1:-1], _BOARD[2:, 1:-1]])
_NEIGHBOURS = _NEIGHBOURS.reshape(-1, len(POSITIONS))

_NUMBERS = ("one", "two", "three", "four", "five", "six")
_GRAMMAR = (
    *("", "what", "where", "is", "are", "at", "the", "a", "an", "and", "there", "of", "above", "below"),
    *(*_ROWS, *_COLUMNS, *_NUMBERS, "things"),
)
_NAME, _ROW, _COLUMN = -1, -2, -3  # places in a sentence that are filled in


@dataclass(frozen=True, repr=False, eq=False)
class Scenes(DataSet):
    """n scenes; item i of every array is the same scene, and -1 (in boxes and areas 0) means "no object".

    A number of an object, 0 to 5, is its place on the second axis of concepts, cells, styles, boxes, areas
    and mask; where scenes may have more than six objects, that axis is as long as the most. Words, answers
    and concepts are numbered as in vocabulary, answer_names and concept_names. Introduced in lesson 05.

    Attributes:
        pictures: uint8 (n, 96, 96, 3), red first.
        concepts: int32 (n, 6), what an object is.
        cells: int32 (n, 6), 0 to 8, an index into POSITIONS.
        styles: int32 (n, 6), an index into style_names.
        boxes: int32 (n, 6, 4): x, y, width, height in pixels of the part that is at least half opaque.
        areas: int32 (n, 6), pixels that are at least half opaque.
        mask: bool (n, 6), True where there is an object; the objects come first.
        questions: int32 (n, 8, 7) words, 0 where the question is over; (n, 0, 7) where concepts repeat,
            because "where is the cat" would have two answers. Questions 0 and 1 are "what is at", 2 and 3
            "where is", 4 to 7 about neighbours, some of them twice where a scene has fewer than four. A scene
            without neighbours gets "what is at" in their place.
        kinds: int32 (n, 8), an index into QUESTION_KINDS.
        answers: int32 (n, 8), a class: the concepts, then the nine positions.
        asked: int32 (n, 8), the object that the question names, or that is at the position it names.
        answered: int32 (n, 8), the object that is the answer or whose position is.
        captions: int32 (n, kinds, 2, 7) words, 0 where the caption is over: captions[:, :, 1] are true,
            captions[:, :, 0] are their false counterparts.
        caption_kinds: tuple of str out of CAPTION_KINDS, the fact in which a caption's pair differs. "count"
            is about all objects, or where concepts repeat about those of one concept; "relation" and
            "position" are there only where they do not.
        concept_names: tuple of str.
        style_names: tuple of str.
        vocabulary: tuple of str; word 0 is "", the padding. A name of several words is one entry.
    """

    pictures: np.ndarray
    concepts: np.ndarray
    cells: np.ndarray
    styles: np.ndarray
    boxes: np.ndarray
    areas: np.ndarray
    mask: np.ndarray
    questions: np.ndarray
    kinds: np.ndarray
    answers: np.ndarray
    asked: np.ndarray
    answered: np.ndarray
    captions: np.ndarray
    caption_kinds: tuple
    concept_names: tuple
    style_names: tuple
    vocabulary: tuple

    @property
    def question_mask(self) -> np.ndarray:
        """Bool (n, 8, 7), True where a question has a word."""
        return self.questions != 0

    @property
    def empty(self) -> np.ndarray:
        """Bool (n, 9), True where a cell holds nothing."""
        empty = np.ones((len(self), len(POSITIONS) + 1), bool)
        np.put_along_axis(empty, self.cells, False, axis=1)  # −1, no object, is the last column
        return empty[:, :-1]

    @property
    def facts(self) -> list[frozenset]:
        """All that captions can truly say of each scene, n frozensets of facts as `facts_of` reads them.

        Where concepts repeat, a position or relation is a fact if it holds for any of them.
        """
        return [
            _facts_of_objects([self.concept_names[concept] for concept in concepts[mask]], cells[mask])
            for concepts, cells, mask in zip(self.concepts, self.cells, self.mask, strict=True)
        ]

    @property
    def answer_names(self) -> tuple[str, ...]:
        """Tuple of str, one per class: the concepts, then the positions."""
        return self.concept_names + POSITIONS

    def read(self, words: np.ndarray) -> str | list:
        """Turns numbers into sentences.

        Args:
            words: integer array (..., 7), such as questions or captions.

        Returns:
            str for one sentence, else nested lists of str in the shape of the leading axes.
        """
        words = np.asarray(words)
        if words.ndim > 1:
            return [self.read(sentence) for sentence in words]
        return " ".join(self.vocabulary[word] for word in words if word)

    def encode(self, sentence: str) -> np.ndarray:
        """Turns your own question or caption into numbers; capitals and punctuation do not matter.

        Args:
            sentence: str, such as "What is right of the cat?".

        Returns:
            int32 (7,), 0 where the sentence is over.

        Raises:
            CourseError: a word that the scenes' vocabulary has not, or more words than fit.
        """
        text = " ".join(re.findall(r"[\w’'-]+", arguments.string("sentence", sentence).casefold()))
        number = {word.casefold(): i for i, word in enumerate(self.vocabulary) if word}
        # Longest first, so that a name of several words is not taken for its first one.
        entries = "|".join(re.escape(word) for word in sorted(number, key=len, reverse=True))
        found = re.findall(rf"(?<!\S)(?:({entries})|(\S+))(?!\S)", text)
        unknown = [word for _, word in found if word]
        if unknown:
            raise CourseError(
                f"sentence has the word {unknown[0]!r}, which no scene knows. "
                f"{advice(unknown[0], list(number))} Questions are 'what is at the top left', 'where is the"
                " cat' and 'what is right of the cat', or left of, above, below."
            )
        if not 0 < len(found) <= WORDS:
            raise CourseError(f"sentence has {len(found)} words: expected 1 to {WORDS}.")
        encoded = np.zeros(WORDS, np.int32)
        encoded[: len(found)] = [number[word] for word, _ in found]
        return encoded


def generate(
    n: int,
    *,
    seed: int,
    styles: Sequence[str] = emoji.TRAIN_STYLES,
    objects: tuple[int, int] = (3, 6),
    concepts: Sequence[str] = CONCEPTS,
    background: str = "soft",
    repeats: bool = False,
) -> Scenes:
    """Draws n random scenes; the same arguments always give the same scenes.

    Another style or background changes the pictures only: the same objects stand in the same places under the
    same questions. Introduced in lesson 05.

    Args:
        n: int ≥ 1; a scene takes 28 kB.
        seed: int ≥ 0. For training, validation and test take different ones.
        styles: art styles out of emoji.STYLES; each object's is drawn from them.
        objects: (fewest, most) of a scene, 2 to 9, equally likely; with repeats 3 to 6.
        concepts: English names of emoji, sequence of str, more than the most objects.
        background: "white"; "plain", a light colour per scene; or "soft", where it also varies smoothly.
        repeats: whether one to three objects of a scene may be of the same concept. Such scenes are there to
            count; they have no questions.

    Returns:
        Scenes. They have "count" captions only if the number of objects varies or concepts repeat: else the
        true count would always be the same, and the caption alone would tell. Nor have they any if there may
        be more than six, for which there is no word.

    Raises:
        CourseError: an argument is wrong; the message says which and what was expected.
    """
    n = arguments.whole_number("n", n)
    rng = np.random.default_rng(arguments.whole_number("seed", seed, 0))
    styles, names = _style_names(styles), _concept_names(concepts)
    fewest, most = _object_range(objects, repeats)
    arguments.choice("background", background, BACKGROUNDS)
    _require_a_missing_concept(names, most)
    count = rng.integers(fewest, most + 1, n)
    places = max(most, MAX_OBJECTS)
    mask = np.arange(places) < count[:, np.newaxis]
    distinct = _random_order(rng, (n, len(names)))[:, :places]
    drawn = _take(distinct, _runs(rng, count)) if repeats else distinct
    drawn = np.where(mask[:, : drawn.shape[1]], drawn, -1)
    drawn = np.pad(drawn, ((0, 0), (0, places - drawn.shape[1])), constant_values=-1)
    cells = np.where(mask, _random_order(rng, (n, len(POSITIONS)))[:, :places], -1)
    return _finish(rng, drawn, cells, styles, names, background, (fewest, most), repeats)


def compose(
    objects: Iterable,
    *,
    style: str = emoji.TEST_STYLE,
    concepts: Sequence[str] = CONCEPTS,
    background: str = "soft",
    seed: int = 0,
) -> Scenes:
    """Makes one scene of your own.

    Introduced in lesson 05.

    Args:
        objects: 2 to 6 pairs (concept, cell): the concept's name, and a name out of POSITIONS or a number 0
            to 8; such as ``[("cat", "top left"), ("key", "middle centre")]``.
        style: one of emoji.STYLES.
        concepts: names of the concepts that questions can be about, sequence of str, more than the objects.
        background: as in `generate`.
        seed: int ≥ 0, decides on sizes, places within the cells, background, questions and captions.

    Returns:
        Scenes with one scene, its objects in your order.

    Raises:
        CourseError: an unknown concept or cell (the message names close ones), a concept or cell used twice,
            too few or too many objects, or another wrong argument.
    """
    styles, names = _style_names([arguments.string("style", style)]), _concept_names(concepts)
    arguments.choice("background", background, BACKGROUNDS)
    rng = np.random.default_rng(arguments.whole_number("seed", seed, 0))
    drawn, cells = _placed(objects, names)
    _require_a_missing_concept(names, (drawn >= 0).sum())
    return _finish(rng, drawn, cells, styles, names, background, (MIN_OBJECTS, MAX_OBJECTS), False)


def hide_empty_cells(regions: np.ndarray, scenes: Scenes, share: float, seed: int = 0) -> np.ndarray:
    """Hides cells that hold nothing, each with the same probability, as if the picture had none there.

    Without it some seeds find a thing by looking at everything else: what is missing from the mean of all
    places is its place. Where empty cells may be missing too, that says nothing any more. Introduced in
    lesson 05.

    Args:
        regions: float (n, tokens, dim), features of the pictures on a square grid of regions, row by row, a
            multiple of 3 a side.
        scenes: Scenes, the same n.
        share: float, 0 to 1, of the empty cells.
        seed: int ≥ 0.

    Returns:
        A copy of the regions with zeros in all those of each hidden cell.

    Raises:
        CourseError: the regions are those of another number of scenes, or their grid does not fit the cells.
    """
    n = len(scenes)
    arguments.array("regions", regions, np.floating, ((n, "tokens", "dim"),))
    side = math.isqrt(regions.shape[1] // len(POSITIONS))  # regions along the side of a cell
    if regions.shape[1] != len(POSITIONS) * side**2:
        raise CourseError(
            f"regions has shape {regions.shape}, with {regions.shape[1]} tokens a picture: expected those of"
            f" a square grid whose side is a multiple of {GRID}."
        )
    hidden = scenes.empty & (np.random.default_rng(seed).random((n, len(POSITIONS))) < share)
    cells = regions.reshape(n, GRID, side, GRID, side, -1)
    hidden = hidden.reshape(n, GRID, 1, GRID, 1, 1)
    return np.where(hidden, regions.dtype.type(0), cells).reshape(regions.shape)


def _placed(objects: Iterable, names: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """The concepts and cells of `compose`, int arrays (1, 6)."""
    # A dict's items are pairs too, and natural to write.
    pairs = arguments.items("objects", objects.items() if isinstance(objects, Mapping) else objects, "pairs")
    if not MIN_OBJECTS <= len(pairs) <= MAX_OBJECTS:
        raise CourseError(
            f"objects has {len(pairs)} of the pairs (concept, cell): expected {MIN_OBJECTS} to {MAX_OBJECTS}."
        )
    taken = {}
    for pair in pairs:
        if not isinstance(pair, list | tuple) or len(pair) != 2:
            raise CourseError(
                f"objects has {pair!r}: expected a pair (concept, cell), such as ('{names[0]}', 'top left')."
            )
        concept, cell = _number_of(pair[0], names, "concept"), _cell(pair[1])
        if cell in taken:
            raise CourseError(
                f"objects puts {names[concept]!r} at {POSITIONS[cell]!r}, where {names[taken[cell]]!r} is"
                " already: choose another cell."
            )
        if concept in taken.values():
            raise CourseError(
                f'objects has {names[concept]!r} twice: "where is the {names[concept]}" would have two'
                " answers."
            )
        taken[cell] = concept
    padding = [-1] * (MAX_OBJECTS - len(pairs))
    return np.array([[*taken.values(), *padding]]), np.array([[*taken, *padding]])


def _cell(value: Any) -> int:
    if isinstance(value, str):
        return _number_of(value, POSITIONS, "cell")
    return arguments.whole_number("a cell of objects", value, 0, len(POSITIONS) - 1)


def _number_of(value: Any, names: Sequence[str], what: str) -> int:
    """The place of a name among names."""
    name = arguments.string(f"a {what} of objects", value).strip().casefold()
    folded = [known.casefold() for known in names]
    if name not in folded:
        raise CourseError(f"objects has the {what} {value!r}, which there is not. {advice(name, names)}")
    return folded.index(name)


def _style_names(styles: Iterable[str]) -> tuple[str, ...]:
    styles = tuple(arguments.strings("styles", styles))
    if not styles or len(set(styles)) < len(styles):
        raise CourseError(f"styles is {styles!r}: expected one or more different names of art styles.")
    for style in styles:
        arguments.choice("a style", style, emoji.STYLES)
    return styles


def _concept_names(concepts: Iterable[str]) -> tuple[str, ...]:
    names = tuple(arguments.strings("concepts", concepts))
    if names != CONCEPTS:
        loaded = emoji.load([])
        names = tuple(loaded.names["en"][loaded.index(name)] for name in names)
    clash = [name for name in names if names.count(name) > 1 or name.casefold() in _GRAMMAR]
    if clash:
        raise CourseError(
            f"concepts has {clash[0]!r} twice, or it is also a word of the questions: leave it out."
        )
    return names


def _require_a_missing_concept(names: Sequence[str], most: int) -> None:
    """A false caption names something that is not there."""
    if len(names) <= most:
        raise CourseError(
            f"concepts has {len(names)} names: expected at least {most + 1}, one more than the {most} objects"
            " a scene can have, so that something is missing in every scene."
        )


def _object_range(objects: Iterable, repeats: bool) -> tuple[int, int]:
    limits = arguments.items("objects", objects, "two whole numbers, the fewest and the most")
    if len(limits) != 2:
        raise CourseError(f"objects is {objects!r}: expected two whole numbers, the fewest and the most.")
    # With two objects a repeated concept leaves no second one for an "object" caption.
    least, largest = (MIN_OBJECTS + 1, MAX_OBJECTS) if repeats else (MIN_OBJECTS, len(POSITIONS))
    fewest = arguments.whole_number("objects[0]", limits[0], least, largest)
    return fewest, arguments.whole_number("objects[1]", limits[1], fewest, largest)


# Drawing at random. Numbers of "no object" come last on an axis and are -1.


def _random_order(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """A random permutation of 0, 1, … in each row, int (rows, columns)."""
    return rng.random(shape).argsort(axis=1)


def _pick(rng: np.random.Generator, allowed: np.ndarray, k: int) -> np.ndarray:
    """k of the allowed columns of each row at random; all are taken once before any is taken twice.

    bool (n, columns) → int (n, k); a row where nothing is allowed gets columns that are not.
    """
    order = np.where(allowed, rng.random(allowed.shape), 2.0).argsort(axis=1)
    turn = np.arange(k) % np.maximum(allowed.sum(axis=1, keepdims=True), 1)
    return np.take_along_axis(order, turn, axis=1)


def _runs(rng: np.random.Generator, count: np.ndarray) -> np.ndarray:
    """Numbers of concepts such as 0 0 0 1 2 2: runs of one to three, for each number of objects.

    The first run is the one that a count caption is about: its length is uniform on 1 … min(3, count - 1), so
    it is never cut off and leaves at least one other concept.
    """
    lengths = rng.integers(1, _MOST_ALIKE + 1, (len(count), MAX_OBJECTS))
    lengths[:, 0] = rng.integers(1, _most_alike(count) + 1)
    ends = lengths.cumsum(axis=1)
    return (np.arange(MAX_OBJECTS)[:, np.newaxis] >= ends[:, np.newaxis]).sum(axis=2)


def _most_alike(count: np.ndarray) -> np.ndarray:
    return np.minimum(_MOST_ALIKE, count - 1)


def _take(values: np.ndarray, places: np.ndarray) -> np.ndarray:
    """values (n, objects) at places (n, k) of each row → (n, k)."""
    return np.take_along_axis(values, places, axis=1)


def _finish(
    rng: np.random.Generator,
    concepts: np.ndarray,
    cells: np.ndarray,
    styles: tuple[str, ...],
    names: tuple[str, ...],
    background: str,
    object_range: tuple[int, int],
    repeats: bool,
) -> Scenes:
    """Draws, asks and describes scenes whose concepts and cells are decided, int arrays (n, objects)."""
    vocabulary = _vocabulary(names)
    mask = concepts >= 0
    # One generator for each task: another style or background changes no object's place and no question.
    styling, drawing, asking, describing = rng.spawn(4)
    style = np.where(mask, styling.integers(len(styles), size=mask.shape), -1)
    pictures, boxes, areas = _draw(drawing, concepts, cells, style, styles, names, background)
    if repeats:
        nothing = np.zeros((len(concepts), 0), np.int32)
        asked = dict.fromkeys(("kinds", "answers", "asked", "answered"), nothing)
        asked["questions"] = np.zeros((len(concepts), 0, WORDS), np.int32)
    else:
        asked = _ask(asking, concepts, cells, names, vocabulary)
    captions = _describe(describing, concepts, cells, names, vocabulary, object_range, repeats)
    return Scenes(
        pictures=pictures,
        concepts=concepts.astype(np.int32),
        cells=cells.astype(np.int32),
        styles=style.astype(np.int32),
        boxes=boxes,
        areas=areas,
        mask=mask,
        **asked,
        captions=np.stack(list(captions.values()), axis=1),
        caption_kinds=tuple(captions),
        concept_names=names,
        style_names=styles,
        vocabulary=vocabulary,
    )


# Pictures


@functools.cache
def _sprites(style: str, names: tuple[str, ...]) -> tuple[np.ndarray, ...]:
    """The concepts of one style in every size, prepared to be laid over a ground.

    Porter & Duff's "over" (1984) with what does not depend on the ground done once:
    picture = (paint + ground · through) / 255, paint = colour · alpha, through = 255 − alpha.

    Returns:
        paint and through, uint16 (concepts, sizes, 38, 114): rows of red, green, blue, each sprite 6 pixels
        from the top and left; boxes int32 (concepts, sizes, 4) in the sprite's own pixels; areas int32
        (concepts, sizes).
    """
    loaded = emoji.load([style])
    side = CELL + _ROOM
    tiles = np.zeros((len(names), len(_SIZES), side, side, 4), np.uint8)
    for concept, name in enumerate(names):
        picture = loaded.pictures[style][loaded.index(name)]
        for i, size in enumerate(_SIZES):
            tiles[concept, i, _ROOM : _ROOM + size, _ROOM : _ROOM + size] = images.resize(picture, size)
    alpha = np.repeat(tiles[..., 3:], 3, axis=-1).astype(np.uint16)
    paint = tiles[..., :3] * alpha + 127  # 127: the division is to round, not to cut off
    visible = tiles[..., 3] >= _VISIBLE
    rows, columns = visible.any(axis=3), visible.any(axis=2)
    top, left = rows.argmax(axis=2) - _ROOM, columns.argmax(axis=2) - _ROOM
    bottom, right = (side - line[..., ::-1].argmax(axis=2) - _ROOM for line in (rows, columns))
    boxes = np.stack([left, top, right - left, bottom - top], axis=2).astype(np.int32)
    paint, through = (part.reshape(*part.shape[:3], -1) for part in (paint, 255 - alpha))
    return paint, through, boxes, visible.sum(axis=(2, 3), dtype=np.int32)


def _draw(
    rng: np.random.Generator,
    concepts: np.ndarray,
    cells: np.ndarray,
    style: np.ndarray,
    styles: Sequence[str],
    names: tuple[str, ...],
    background: str,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Pictures uint8 (n, 96, 96, 3), boxes int32 (n, objects, 4) and areas int32 (n, objects)."""
    n = len(concepts)
    bank = [_sprites(name, names) for name in styles]
    *layers, sprite_boxes, sprite_areas = (np.stack(part) for part in zip(*bank, strict=True))

    scene, place = np.nonzero(concepts >= 0)
    row, column = np.divmod(cells[scene, place], GRID)
    size = rng.integers(len(_SIZES), size=len(scene))
    sprite = style[scene, place], concepts[scene, place], size
    room = CELL + 1 - np.array(_SIZES)[size]
    down, right = rng.integers(room), rng.integers(room)

    boxes, areas = np.zeros((*concepts.shape, 4), np.int32), np.zeros(concepts.shape, np.int32)
    boxes[scene, place] = sprite_boxes[sprite]
    boxes[scene, place, 0] += column * CELL + right
    boxes[scene, place, 1] += row * CELL + down
    areas[scene, place] = sprite_areas[sprite]

    corners = _corners(rng, n, background)
    pictures = np.empty((n, CANVAS, CANVAS, 3), np.uint8)
    # Pixels and channels share an axis: NumPy is quick on long rows and slow on rows of three.
    grid = pictures.reshape(n, GRID, CELL, GRID, CELL * 3).swapaxes(2, 3)
    # A window of the cell's size, moved over a sprite's tile, puts the sprite in its place; a view.
    paint, through = (np.lib.stride_tricks.sliding_window_view(x, (CELL, CELL * 3), (3, 4)) for x in layers)
    windows = *sprite, _ROOM - down, 3 * (_ROOM - right)
    for start in range(0, n, _BATCH):
        pictures[start : start + _BATCH] = _between(corners[start : start + _BATCH])
        some = slice(*np.searchsorted(scene, [start, start + _BATCH]))
        window, cell = (tuple(index[some] for index in part) for part in (windows, (scene, row, column)))
        # No cell has two objects, so all are laid down at once.
        grid[cell] = (paint[window] + grid[cell] * through[window]) // 255
    return pictures, boxes, areas


def _corners(rng: np.random.Generator, n: int, background: str) -> np.ndarray:
    """The colours of the background's four corners, float32 (n, 2, 2, 3)."""
    if background == "white":
        return np.full((n, 2, 2, 3), 255, np.float32)
    colour = rng.uniform(_DARKEST + _VARIATION, 255 - _VARIATION, (n, 1, 1, 3))
    change = rng.uniform(-_VARIATION, _VARIATION, (n, 2, 2, 3)) * (background == "soft")
    return (colour + change).astype(np.float32)


def _between(corners: np.ndarray) -> np.ndarray:
    """Interpolates four corners, (n, 2, 2, 3) → float32 (n, 96, 96, 3)."""
    # One operation per element and no matrix product, whose rounding differs from machine to machine.
    along = np.linspace(0, 1, CANVAS, dtype=np.float32)[:, np.newaxis]
    left, right = corners[:, :, :1], corners[:, :, 1:]
    top, bottom = np.split(left + along * (right - left), 2, axis=1)
    colours = along[:, np.newaxis] * (bottom - top)
    colours += top
    return colours


# Questions and captions. A sentence is a row of a small table with places to fill in.


def _plural(name: str) -> str:
    if re.search(r"[^aeiou]y$", name):
        return name[:-1] + "ies"
    return name + ("es" if re.search(r"(s|x|z|ch|sh)$", name) else "s")


def _article(name: str) -> str:
    # By sound: an umbrella, but a unicorn.
    return "an" if re.match(r"(?!uni|eu|ewe|one)[aeiou]", name) else "a"


def _vocabulary(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*_GRAMMAR, *names, *map(_plural, names))))


def _numbers(words: Iterable[str], vocabulary: Sequence[str]) -> np.ndarray:
    """Words to their numbers, int32 array of the same shape."""
    number = {word: i for i, word in enumerate(vocabulary)}
    return np.array([number[word] for word in words], np.int32)


def _sentences(columns: Sequence[int | np.ndarray], n: int) -> np.ndarray:
    """Puts words side by side, each a number or an int array (n,) → int32 (n, 7)."""
    sentences = np.zeros((n, WORDS), np.int32)
    for i, column in enumerate(columns):
        sentences[:, i] = column
    return sentences


_QUESTION_TEXTS = (
    ("what", "is", "at", "the", _ROW, _COLUMN),
    ("where", "is", "the", _NAME),
    ("what", "is", "right", "of", "the", _NAME),
    ("what", "is", "left", "of", "the", _NAME),
    ("what", "is", "above", "the", _NAME),
    ("what", "is", "below", "the", _NAME),
)


def _template(text: tuple[str | int, ...], vocabulary: Sequence[str]) -> list[int]:
    """The numbers of a text's words, blanks as they are, padded to 7."""
    words = [word if isinstance(word, int) else vocabulary.index(word) for word in text]
    return words + [0] * (WORDS - len(words))


def _ask(
    rng: np.random.Generator,
    concepts: np.ndarray,
    cells: np.ndarray,
    names: Sequence[str],
    vocabulary: Sequence[str],
) -> dict[str, np.ndarray]:
    """Questions, kinds, answers and the objects they are about, a dict of the arrays of `Scenes`."""
    n = len(concepts)
    mask = concepts >= 0
    # The object in each cell; the tenth stands for what lies outside the picture.
    board = np.full((n, len(POSITIONS) + 1), -1)
    scene, place = np.nonzero(mask)
    board[scene, cells[scene, place]] = place
    beside = _NEIGHBOURS[:, cells].transpose(1, 2, 0)  # (n, objects, directions), cells
    neighbour = np.take_along_axis(board[:, np.newaxis], beside, axis=2)
    neighbour = np.where(mask[..., np.newaxis], neighbour, -1).reshape(n, -1)
    has_neighbours = (neighbour >= 0).any(axis=1, keepdims=True)

    at = _pick(rng, mask, 6)
    where = _pick(rng, mask, 2)
    pair = _pick(rng, neighbour >= 0, 4)
    first, direction = np.divmod(pair, len(_NEIGHBOURS))
    # "What is at" fills the gaps: its answer, a concept, stays uniform however cells come about.
    first, second = (np.where(has_neighbours, x, at[:, 2:]) for x in (first, _take(neighbour, pair)))
    asked, answered = np.hstack([at[:, :2], where, first]), np.hstack([at[:, :2], where, second])
    kinds = np.hstack([np.tile([0, 0, 1, 1], (n, 1)), np.where(has_neighbours, 2 + direction, 0)])

    asked_cell, asked_concept = _take(cells, asked), _take(concepts, asked)
    answers = np.where(kinds == 1, len(names) + asked_cell, _take(concepts, answered))
    questions = np.array([_template(text, vocabulary) for text in _QUESTION_TEXTS])[kinds]
    rows, columns = (
        _numbers(_ROWS, vocabulary)[asked_cell // GRID],
        _numbers(_COLUMNS, vocabulary)[asked_cell % GRID],
    )
    fillings = {_NAME: _numbers(names, vocabulary)[asked_concept], _ROW: rows, _COLUMN: columns}
    for blank, words in fillings.items():
        questions = np.where(questions == blank, words[..., np.newaxis], questions)
    result = {
        "questions": questions,
        "kinds": kinds,
        "answers": answers,
        "asked": asked,
        "answered": answered,
    }
    return {name: array.astype(np.int32) for name, array in result.items()}


def _describe(
    rng: np.random.Generator,
    concepts: np.ndarray,
    cells: np.ndarray,
    names: Sequence[str],
    vocabulary: Sequence[str],
    object_range: tuple[int, int],
    repeats: bool,
) -> dict[str, np.ndarray]:
    """Captions by kind, a dict of int32 (n, 2, 7): false, true."""
    captions = {"object": _object_captions(rng, concepts, names, vocabulary)}
    if repeats:
        captions["count"] = _alike_captions(rng, concepts, names, vocabulary)
    else:
        if object_range[0] < object_range[1] <= len(_NUMBERS):
            captions["count"] = _total_captions(rng, concepts, vocabulary, object_range)
        captions["relation"] = _relation_captions(rng, concepts, cells, names, vocabulary)
        captions["position"] = _position_captions(rng, concepts, cells, names, vocabulary)
    return captions


def _object_captions(
    rng: np.random.Generator, concepts: np.ndarray, names: Sequence[str], vocabulary: Sequence[str]
) -> np.ndarray:
    """ "a cat and an owl": true if both are there; false, one of them is replaced by what is not there."""
    n = len(concepts)
    same = concepts[:, :, np.newaxis] == concepts[:, np.newaxis]
    first_of_its_kind = (concepts >= 0) & ~np.tril(same, -1).any(axis=2)
    true = _take(concepts, _pick(rng, first_of_its_kind, 2))
    present = (concepts[:, :, np.newaxis] == np.arange(len(names))).any(axis=1)
    replaced = rng.integers(2, size=n)[:, np.newaxis] == np.arange(2)
    false = np.where(replaced, _pick(rng, ~present, 1), true)
    name = _numbers(names, vocabulary)
    article = _numbers(map(_article, names), vocabulary)
    (joint,) = _numbers(["and"], vocabulary)
    pair = [_sentences([article[x], name[x], joint, article[y], name[y]], n) for x, y in (false.T, true.T)]
    return np.stack(pair, axis=1)


def _total_captions(
    rng: np.random.Generator, concepts: np.ndarray, vocabulary: Sequence[str], object_range: tuple[int, int]
) -> np.ndarray:
    """ "there are four things"."""
    n = len(concepts)
    possible = np.arange(object_range[0], object_range[1] + 1)
    true = (concepts >= 0).sum(axis=1)
    false = possible[_pick(rng, possible != true[:, np.newaxis], 1)[:, 0]]
    there, are, things = _numbers(["there", "are", "things"], vocabulary)
    number = _numbers(_NUMBERS, vocabulary)
    pair = [_sentences([there, are, number[count - 1], things], n) for count in (false, true)]
    return np.stack(pair, axis=1)


def _alike_captions(
    rng: np.random.Generator, concepts: np.ndarray, names: Sequence[str], vocabulary: Sequence[str]
) -> np.ndarray:
    """ "there are two cats": about the concept whose number was drawn uniformly, that of the first object."""
    n = len(concepts)
    about = concepts[:, 0]
    true = (concepts == about[:, np.newaxis]).sum(axis=1)
    possible = np.arange(1, _MOST_ALIKE + 1)
    most = _most_alike((concepts >= 0).sum(axis=1))[:, np.newaxis]
    false = possible[_pick(rng, (possible != true[:, np.newaxis]) & (possible <= most), 1)[:, 0]]
    there, is_, are = _numbers(["there", "is", "are"], vocabulary)
    number, one, several = (_numbers(words, vocabulary) for words in (_NUMBERS, names, map(_plural, names)))
    pair = []
    for count in (false, true):
        noun = np.where(count == 1, one[about], several[about])
        pair.append(_sentences([there, np.where(count == 1, is_, are), number[count - 1], noun], n))
    return np.stack(pair, axis=1)


def _relation_captions(
    rng: np.random.Generator,
    concepts: np.ndarray,
    cells: np.ndarray,
    names: Sequence[str],
    vocabulary: Sequence[str],
) -> np.ndarray:
    """ "the cat is left of the owl"; false, it is the opposite."""
    n = len(concepts)
    pair = _pick(rng, concepts >= 0, 2)
    (row_x, row_y), (column_x, column_y) = (part.T for part in np.divmod(_take(cells, pair), GRID))
    x, y = _numbers(names, vocabulary)[_take(concepts, pair)].T
    sideways = np.where(row_x == row_y, True, np.where(column_x == column_y, False, rng.random(n) < 0.5))
    # Numbered right, left, above, below: so the opposite of a relation differs in the last bit.
    true = np.where(sideways, column_x < column_y, 2 + (row_x > row_y))
    first = _numbers(["right", "left", "above", "below"], vocabulary)
    of, the, is_ = _numbers(["of", "the", "is"], vocabulary)
    sentences = []
    for relation in (true ^ 1, true):
        long = _sentences([the, x, is_, first[relation], of, the, y], n)
        short = _sentences([the, x, is_, first[relation], the, y], n)
        sentences.append(np.where(sideways[:, np.newaxis], long, short))
    return np.stack(sentences, axis=1)


def _position_captions(
    rng: np.random.Generator,
    concepts: np.ndarray,
    cells: np.ndarray,
    names: Sequence[str],
    vocabulary: Sequence[str],
) -> np.ndarray:
    """ "the cat is at the top left"; false, it is where another object is."""
    n = len(concepts)
    pair = _pick(rng, concepts >= 0, 2)
    x = _numbers(names, vocabulary)[concepts[np.arange(n), pair[:, 0]]]
    rows, columns = _numbers(_ROWS, vocabulary), _numbers(_COLUMNS, vocabulary)
    the, is_, at = _numbers(["the", "is", "at"], vocabulary)
    sentences = [
        _sentences([the, x, is_, at, the, rows[cell // GRID], columns[cell % GRID]], n)
        for cell in _take(cells, pair)[:, ::-1].T
    ]
    return np.stack(sentences, axis=1)


def full_captions(some: Scenes, positions: bool = True) -> list[str]:
    """Describes each scene completely: every object, in the order in which one reads, row by row.

    Introduced in lesson 07.

    Args:
        some: Scenes.
        positions: bool, whether it says where things are: "the cat is at the top left the key is at the
            bottom centre"; else "a cat and a key".

    Returns:
        n str, as `facts_of` reads them.
    """
    captions = []
    for concepts, cells, mask in zip(some.concepts, some.cells, some.mask, strict=True):
        things = sorted(zip(cells[mask], [some.concept_names[i] for i in concepts[mask]], strict=True))
        if positions:
            said = " ".join(f"the {name} is at the {POSITIONS[cell]}" for cell, name in things)
        else:
            said = " and ".join(f"{_article(name)} {name}" for _, name in things)
        captions.append(said)
    return captions


# Facts: what a caption says and what is so, in the same words


class Reading(NamedTuple):
    """What was understood of a caption.

    Attributes:
        facts: frozenset of tuples, as `facts_of` lists them.
        unread: int, words that belong to no sentence of the grammar.
    """

    facts: frozenset
    unread: int


def facts_of(caption: str, concepts: Sequence[str] = CONCEPTS) -> Reading:
    """Reads what a caption says, also one that a model wrote badly.

    ("object", "cat"): there is a cat. ("position", "cat", "top left"). ("relation", "cat", "left of", "owl"),
    where "left of" means in a column further to the left, next to it or not. ("count", "cat", 2), and
    ("count", "thing", 4) of all objects. Who says where a thing is, or how many there are, also says that it
    is there. Several sentences may follow each other. Articles and plurals need not agree: "an cats" is about
    a cat. Introduced in lesson 07.

    Args:
        caption: str; capitals and punctuation do not matter.
        concepts: the names of things, as in ``Scenes.concept_names``.

    Returns:
        Reading. What fits no sentence is counted, word by word; it is never an error.

    Raises:
        CourseError: when the caption is no str, or the concepts are no list of str.
    """
    text = " ".join(re.findall(r"[\w’'-]+", arguments.string("caption", caption).casefold()))
    sentence, singular = _sentence_reader(tuple(arguments.strings("concepts", concepts)))
    facts = set()
    for found in sentence.finditer(text):
        facts |= _facts_of_sentence({key: word for key, word in found.groupdict().items() if word}, singular)
    rest = sentence.sub("|", text)
    return Reading(frozenset(facts), len(re.sub(r"\|( and(?= \|))?", " ", rest).split()))


@functools.cache
def _sentence_reader(names: tuple[str, ...]) -> tuple[re.Pattern, dict[str, str]]:
    """A pattern for one sentence with the name of each part, and {singular or plural: the concept's name}."""
    singular = {form(name).casefold(): name for name in names for form in (_plural, str)}
    # Longest first, so that a name of several words is not taken for its first one.
    thing = "|".join(re.escape(word) for word in sorted(singular, key=len, reverse=True))
    sentences = (
        f"the (?P<x>{thing}) is (?P<relation>right of|left of|above|below) the (?P<y>{thing})",
        f"the (?P<placed>{thing}) is at the (?P<place>(?:{'|'.join(_ROWS)}) (?:{'|'.join(_COLUMNS)}))",
        f"there (?:is|are) (?P<number>{'|'.join(_NUMBERS)}) (?P<counted>things?|{thing})",
        f"an? (?P<object>{thing})",
    )
    return re.compile(rf"(?<!\S)(?:{'|'.join(sentences)})(?!\S)"), singular


def _facts_of_sentence(said: Mapping[str, str], singular: Mapping[str, str]) -> set[tuple]:
    """The facts of one sentence, from its parts by name."""
    named = {
        key: singular[said[key]]
        for key in ("x", "y", "placed", "counted", "object")
        if said.get(key) in singular
    }
    facts = {("object", name) for name in named.values()}
    if "relation" in said:
        facts.add(("relation", named["x"], said["relation"], named["y"]))
    if "place" in said:
        facts.add(("position", named["placed"], said["place"]))
    if "number" in said:
        facts.add(("count", named.get("counted", "thing"), 1 + _NUMBERS.index(said["number"])))
    return facts


def _facts_of_objects(names: Sequence[str], cells: Sequence[int]) -> frozenset:
    """All facts about things with those names in those cells."""
    facts = {("count", "thing", len(names))}
    placed = [(name, *divmod(int(cell), GRID)) for name, cell in zip(names, cells, strict=True)]
    for name, row, column in placed:
        facts |= {("object", name), ("count", name, names.count(name))}
        facts.add(("position", name, POSITIONS[row * GRID + column]))
        for other, other_row, other_column in placed:
            holds = {
                "right of": column > other_column,
                "left of": column < other_column,
                "above": row < other_row,
                "below": row > other_row,
            }
            facts |= {("relation", name, relation, other) for relation, true in holds.items() if true}
    return frozenset(facts)


# Export

# Each style's licence. A picture is under the most demanding licence of the art in it: the first here.
_LICENCES = {
    "openmoji": ("CC BY-SA 4.0", "https://creativecommons.org/licenses/by-sa/4.0/"),
    "twemoji": ("CC BY 4.0", "https://creativecommons.org/licenses/by/4.0/"),
    "noto": ("Apache License 2.0", "https://www.apache.org/licenses/LICENSE-2.0"),
    "fluent": ("MIT License", "https://opensource.org/license/mit"),
}


def export_coco(scenes: Scenes, folder: str | Path, name: str = "scenes") -> tuple[Path, Path, Path]:
    """Writes scenes in the layout of the official COCO data set: pictures, instances and captions.

    Below the folder this makes ``NAME/000000000001.png`` …, ``annotations/instances_NAME.json`` and
    ``annotations/captions_NAME.json``, each only when it is complete; several sets fit into one folder.
    `official.read_coco` reads them. The captions are the true ones; masks (COCO's "segmentation") are empty.
    Lin et al., "Microsoft COCO: Common Objects in Context" (2014), arXiv 1405.0312. Introduced in lesson 12.

    Args:
        scenes: Scenes.
        folder: str or Path, made if need be.
        name: what to call the set, str, in the place of COCO's "val2017": letters, digits, "-" and "_".

    Returns:
        Paths of the instances file, the captions file and the folder of pictures.

    Raises:
        CourseError: one of them is there already (nothing is overwritten), a bad name, or writing failed.
    """
    if not isinstance(scenes, Scenes):
        raise CourseError(
            f"scenes is a {type(scenes).__name__}: expected Scenes, made by generate or compose."
        )
    if not re.fullmatch(r"(?!annotations$)[\w-]+", arguments.string("name", name), re.ASCII | re.IGNORECASE):
        raise CourseError(f"name is {name!r}: expected letters, digits, '-' and '_', but not 'annotations'.")
    folder = Path(folder)
    pictures, annotations = folder / name, folder / "annotations"
    targets = [annotations / f"{kind}_{name}.json" for kind in ("instances", "captions")]
    for target in (*targets, pictures):
        if target.exists():
            raise CourseError(
                f"{target} is there already and is not overwritten: choose another name or folder."
            )
    instances, captions = _coco(scenes)
    try:
        annotations.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".", suffix=".tmp", dir=folder) as temporary:
            unfinished = Path(temporary) / name
            unfinished.mkdir()
            for picture, image in zip(scenes.pictures, instances["images"], strict=True):
                Image.fromarray(picture).save(unfinished / image["file_name"])
            unfinished.rename(pictures)
    except OSError as error:
        raise CourseError(
            f"{folder}: the pictures could not be written: {error.strerror or error}. Check that you may"
            " write there and that the disk has room; then run this again."
        ) from error
    for target, content in zip(targets, (instances, captions), strict=True):
        write_atomically(target, json.dumps(content))
    return *targets, pictures


def _coco(scenes: Scenes) -> tuple[dict, dict]:
    """The contents of the instances file and of the captions file."""
    common = {
        "info": {
            "description": "Scenes of emoji, generated. Art: Noto by Google, Twemoji by Twitter and"
            " contributors, OpenMoji by openmoji.org, Fluent by Microsoft.",
            "url": "",
            "version": "1.0",
            "year": 2026,
            "contributor": "",
            "date_created": "2026/01/01",
        },
        "licenses": [
            {"id": i, "name": name, "url": url} for i, (name, url) in enumerate(_LICENCES.values(), start=1)
        ],
        "images": [
            {
                "id": i,
                "file_name": f"{i:012}.png",
                "width": CANVAS,
                "height": CANVAS,
                "license": min(1 + list(_LICENCES).index(scenes.style_names[style]) for style in styles),
                "date_captured": "",
                "coco_url": "",
                "flickr_url": "",
            }
            for i, styles in enumerate(map(_present, scenes.styles), start=1)
        ],
    }
    loaded = emoji.load([])
    groups = [loaded.group_names[loaded.groups[loaded.index(name)]] for name in scenes.concept_names]
    categories = [
        {"id": i, "name": name, "supercategory": group}
        for i, (name, group) in enumerate(zip(scenes.concept_names, groups, strict=True), start=1)
    ]
    boxes = [
        {
            "id": i,
            "image_id": int(scene) + 1,
            "category_id": int(scenes.concepts[scene, place]) + 1,
            "bbox": scenes.boxes[scene, place].tolist(),
            "area": int(scenes.areas[scene, place]),
            "iscrowd": 0,
            "segmentation": [],
        }
        for i, (scene, place) in enumerate(np.argwhere(scenes.mask), start=1)
    ]
    texts = [
        (image_id, text)
        for image_id, captions in enumerate(scenes.read(scenes.captions[:, :, 1]), start=1)
        for text in captions
    ]
    sentences = [
        {"id": i, "image_id": image_id, "caption": text} for i, (image_id, text) in enumerate(texts, start=1)
    ]
    return (
        {**common, "annotations": boxes, "categories": categories},
        {**common, "annotations": sentences},
    )


def _present(numbers: np.ndarray) -> np.ndarray:
    return numbers[numbers >= 0]
