"""The picture of the whole course: fourteen lessons with real pictures, and arrows of what needs what."""

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyBboxPatch, Polygon
from PIL import Image

from course_utils import plotting

__all__ = ["ShownInCourse", "whole_course"]

_WIDTH, _HEIGHT = 1280, 905  # pixels of a screen, in the shape of a sheet of A3 or A4
_BLUE, _ORANGE, _GREEN = plotting.COLOURS[:3]
_INK, _SOFT, _EDGE, _GROUND, _PALE = "#222222", "#555555", "#BFC7D0", "#F3F5F8", "#E6EDF5"
_HEAD = 46  # of a card: its number and title
_PAD = 14
_REGIONS = 6  # regions along the side of a scene, of which attention weighs each
_FAINT = 0.3  # of the largest weight: what is not drawn


@dataclass(frozen=True)
class ShownInCourse:
    """What the picture shows of the course's own data and results.

    Attributes:
        guitar: uint8 RGBA (side, side, 4), an emoji.
        clip: float (samples,), its name said.
        log_mel: float (frames, bands), the same as a spectrogram.
        heard: (letter, place) pairs, what a recogniser reads in it; place from 0 to 1 along the recording.
        maps: float (n, height, width), feature maps of the encoder for the emoji.
        scene: uint8 RGB (side, side, 3).
        caption: str, what a model writes about the scene.
        weights: {word of the caption: float (36,), its attention over 6 × 6 regions}.
        query: str, a name that pictures are looked for with.
        found: uint8 RGBA arrays (side, side, 4), the best first.
        senses: uint8 RGBA arrays (side, side, 4), a bat that flies and one that hits.
        labels: float (n,), numbers of labelled concepts; with them two curves of accuracy, (n,) each:
        pretrained: with a frozen encoder that was trained before.
        scratch: from random weights, NaN where there is no measurement.
        photograph: uint8 RGBA (side, side, 4).
    """

    guitar: np.ndarray
    clip: np.ndarray
    log_mel: np.ndarray
    heard: Sequence[tuple[str, float]]
    maps: np.ndarray
    scene: np.ndarray
    caption: str
    weights: dict[str, np.ndarray]
    query: str
    found: Sequence[np.ndarray]
    senses: Sequence[np.ndarray]
    labels: np.ndarray
    pretrained: np.ndarray
    scratch: np.ndarray
    photograph: np.ndarray


class _Place(NamedTuple):
    """A rectangle of the picture, in its units from the upper left corner."""

    left: float
    top: float
    width: float
    height: float

    @property
    def right(self) -> float:
        return self.left + self.width

    @property
    def bottom(self) -> float:
        return self.top + self.height

    @property
    def middle(self) -> float:
        return self.left + self.width / 2


def whole_course(shown: ShownInCourse) -> Figure:
    """Draws the whole course on one sheet: lessons as cards, in three rows, with arrows of what needs what.

    Introduced in lesson 00; the README shows the same picture.

    Args:
        shown: what of the course's data is to be seen.

    Returns:
        matplotlib Figure of 12.8 × 9.05 inches, the shape of A3 and A4 on their side.
    """
    figure = plt.figure(figsize=(_WIDTH / 100, _HEIGHT / 100), facecolor=_GROUND)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axis("off")
    axes.set(xlim=(0, _WIDTH), ylim=(_HEIGHT, 0))
    _write_around(axes)
    _draw_needs(axes)
    for number, draw in enumerate(_DRAWN):
        _card(axes, _PLACES[number], number)
        draw(axes, _free(number), shown)
    axes.set(xlim=(0, _WIDTH), ylim=(_HEIGHT, 0))  # pictures have moved them
    return figure


# --- cards and arrows ---------------------------------------------------------------------------------------

_LESSONS = (  # title as in the README, what you will be able to do
    ("Orientation", "meet one thing as\npicture, text, sound"),
    ("Preprocessing", "open any file; tokens and\nlog-mel from scratch"),
    ("CNN image features", "name things in a new art style"),
    ("RNN text features", "read words where order matters"),
    ("Training", "write loop, optimisers,\ncures for over-fitting"),
    ("Attention fusion", "write attention; fuse what\neach modality knows"),
    ("Contrastive retrieval", "find the picture for a word,\nand the word for a picture"),
    ("Captioning and\nquestion answering", "write what is in a picture,\nand score every fact"),
    ("Translation with and\nwithout the picture", "translate, and let a picture\ndecide what a word means"),
    ("Speech, and speech\nwith pictures", "recognise speech; say a name\nand find its picture"),
    ("One transformer for\nevery modality", "write a language model of today,\nand teach it to see"),
    ("The three challenges", "few labels, large models,\nlittle compute: what helps"),
    ("Tools, data sets\nand scale", "one model in three frameworks;\ntrain on two workers"),
    ("Capstone", "do a project of your own, and\nreport what can be checked"),
)
_PLACES = (
    _Place(24, 106, 172, 306),
    _Place(232, 106, 212, 306),
    _Place(480, 106, 276, 145),
    _Place(480, 267, 276, 145),
    _Place(792, 106, 184, 306),
    _Place(1012, 106, 244, 306),
    *(_Place(24 + 317 * i, 474, 281, 178) for i in range(4)),
    _Place(24, 706, 332, 166),
    *(_Place(392 + 300 * i, 706, 264, 166) for i in range(3)),
)
_ROWS = (  # name, colour, where the name stands, its lessons
    ("From files to features, and how they meet", _BLUE, 89, range(6)),
    ("Put to work", _GREEN, 457, range(6, 10)),
    ("One model for all, and beyond", _ORANGE, 689, range(10, 14)),
)
_STREAMS = (  # height at which a modality runs from 00 to 01, and where it enters 02 or 03; colour, line
    (194, 194, _BLUE, "-"),  # pictures
    (258, 322, _GREEN, (0, (5, 1.6))),  # text
    (309, 350, _ORANGE, (0, (1.4, 1.2))),  # sound
)
_NEEDS = (  # corners of the arrows, from a lesson to those that need it; they turn in the gaps between rows
    ((756, 178), (792, 178)),  # 02 → 04
    ((618, 251), (618, 267)),  # 02 → 03
    ((976, 259), (1012, 259)),  # 04 → 05
    ((1134, 412), (1134, 429), (481, 429), (481, 474)),  # 05 → 07
    ((1134, 412), (1134, 429), (165, 429), (165, 474)),  # 05 → 06
    ((1256, 259), (1268, 259), (1268, 685), (1124, 685), (1124, 706)),  # 05 → 13
    ((1256, 259), (1268, 259), (1268, 685), (824, 685), (824, 706)),  # 05 → 12
    ((1256, 259), (1268, 259), (1268, 685), (524, 685), (524, 706)),  # 05 → 11
    ((720, 412), (720, 474)),  # 03 → 08
    ((720, 412), (720, 447), (1060, 447), (1060, 474)),  # 03 → 09
    ((622, 563), (658, 563)),  # 07 → 08
    ((560, 652), (560, 668), (1116, 668), (1116, 652)),  # 07 → 09
    ((420, 652), (420, 672), (336, 672), (336, 706)),  # 07 → 10
)


def _write_around(axes: Axes) -> None:
    """Title, the names of the rows, whose pictures these are."""
    small = {"color": _SOFT, "va": "center", "fontsize": 10}
    axes.text(24, 44, "Multimodal models, hands on", fontsize=24, weight="bold", color=_INK, va="center")
    subtitle = "fourteen lessons, from raw pictures, sentences and sounds to one transformer for them all"
    axes.text(_WIDTH - 24, 34, subtitle, ha="right", **small)
    axes.text(_WIDTH - 24, 54, "an arrow leads from a lesson to one that needs it", ha="right", **small)
    for name, colour, height, _ in _ROWS:
        axes.text(24, height, name, fontsize=12, weight="bold", color=colour, va="center")
    credit = (
        "Emoji: Noto (Google, Apache 2.0) and Fluent (Microsoft, MIT), scaled and arranged. Photograph: NASA "
        "and NSSDC, public domain. All else is the course's own, CC BY 4.0."
    )
    axes.text(24, 889, credit, **small | {"fontsize": 8})


def _draw_needs(axes: Axes) -> None:
    """The three modalities on their way to features, then what needs what."""
    left, right = _PLACES[1].right, _PLACES[2].left
    for turn, (start, end, colour, style) in zip((460, 464, 454), _STREAMS, strict=True):
        line = {"colour": colour, "style": style, "width": 3.0}
        _arrow(axes, ((_PLACES[0].right, start), (_PLACES[1].left, start)), **line)
        _arrow(axes, ((left, start), (turn, start), (turn, end), (right, end)), **line)
    for corners in _NEEDS:
        _arrow(axes, corners)


def _arrow(
    axes: Axes,
    corners: Sequence[tuple[float, float]],
    colour: str = _SOFT,
    style: str | tuple = "-",
    width: float = 1.8,
) -> None:
    """A line around corners that ends in a head; where it crosses another, that one is seen to go below."""
    points = np.array(corners, dtype=float)
    along = (points[-1] - points[-2]) / np.linalg.norm(points[-1] - points[-2])
    size = 5 + 1.6 * width
    foot, aside = points[-1] - size * along, np.array((-along[1], along[0])) * size * 0.55
    points[-1] = foot
    joints = {"solid_joinstyle": "round", "solid_capstyle": "butt"}
    axes.plot(*points.T, color=_GROUND, linestyle="-", lw=width + 3, zorder=1, **joints)
    axes.plot(*points.T, color=colour, linestyle=style, lw=width, zorder=1, **joints)
    axes.add_patch(Polygon((foot + along * size, foot + aside, foot - aside), color=colour, lw=0, zorder=1))


def _card(axes: Axes, place: _Place, number: int) -> None:
    """A lesson's frame, number, title and promise."""
    title, promise = _LESSONS[number]
    colour = next(colour for _, colour, _, numbers in _ROWS if number in numbers)
    _rounded(axes, place, 9, facecolor="white", edgecolor=_EDGE, linewidth=1.2)
    axes.add_patch(
        Circle((place.left + 27, place.top + 25), 15, facecolor=colour, edgecolor="none", zorder=3)
    )
    centre = {"va": "center_baseline", "zorder": 4}
    axes.text(
        place.left + 27,
        place.top + 25,
        f"{number:02}",
        fontsize=11.5,
        weight="bold",
        color="white",
        ha="center",
        **centre,
    )
    axes.text(
        place.left + 51,
        place.top + 25,
        title,
        fontsize=11.5,
        weight="bold",
        color=_INK,
        linespacing=1.05,
        **centre,
    )
    axes.text(
        place.left + _PAD,
        place.bottom - 9,
        promise,
        fontsize=9.8,
        color=_INK,
        va="bottom",
        linespacing=1.2,
        zorder=4,
    )


def _rounded(axes: Axes, place: _Place, radius: float, zorder: float = 2, **style: object) -> None:
    shape = f"round,pad=0,rounding_size={radius}"
    corner = place.left, place.top
    axes.add_patch(FancyBboxPatch(corner, place.width, place.height, shape, zorder=zorder, **style))


def _free(number: int) -> _Place:
    """The part of a card between title and promise."""
    place, lines = _PLACES[number], _LESSONS[number][1].count("\n") + 1
    height = place.height - _HEAD - 16.5 * lines - 18
    return _Place(place.left + _PAD, place.top + _HEAD, place.width - 2 * _PAD, height)


# --- what the cards show ------------------------------------------------------------------------------------


def _show(axes: Axes, picture: np.ndarray, place: _Place, **style: object) -> None:
    """Puts a picture into a place. Pixels are enlarged first, since vector formats keep what they are given,
    and get a palette, which makes their files a third of the size.
    """
    if picture.dtype == np.uint8:
        scale = max(1, round(2 * place.width / picture.shape[1]))
        size = picture.shape[1] * scale, picture.shape[0] * scale
        image = Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS)
        picture = np.asarray(image.quantize(255, Image.Quantize.FASTOCTREE).convert(image.mode))
    extent = (place.left, place.right, place.bottom, place.top)
    axes.imshow(picture, extent=extent, aspect="auto", interpolation="none", zorder=4, **style)


def _square(x: float, y: float, side: float) -> _Place:
    """A square around a point."""
    return _Place(x - side / 2, y - side / 2, side, side)


def _chip(
    axes: Axes, x: float, y: float, word: str, width: float, colour: str = _INK, size: float = 9.5
) -> None:
    """A word in a small box around (x, y)."""
    _rounded(axes, _Place(x - width / 2, y - 11, width, 22), 5, 4, facecolor=_PALE, edgecolor="none")
    axes.text(x, y, word, fontsize=size, color=colour, ha="center", va="center_baseline", zorder=5)


def _sign(
    axes: Axes, x: float, y: float, text: str, size: float = 11, colour: str = _SOFT, **style: object
) -> None:
    axes.text(x, y, text, fontsize=size, color=colour, ha="center", va="center_baseline", zorder=5, **style)


def _wave(axes: Axes, clip: np.ndarray, place: _Place) -> None:
    """Loudest and faintest moment of every third of a unit: what a plot of all samples would fill."""
    columns = np.array_split(clip / np.abs(clip).max(), int(3 * place.width))
    ends = np.array([(part.min(), part.max()) for part in columns])
    x = np.linspace(place.left, place.right, len(ends))
    low, high = (place.top + place.height / 2 * (1 - ends)).T
    axes.fill_between(x, low, high, color=_ORANGE, lw=0.3, zorder=4)


def _orientation(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    picture, text, sound = (height for height, *_ in _STREAMS)
    _show(axes, shown.guitar, _square(place.middle, picture, 82))
    _sign(axes, place.middle, text, "“guitar”", 15, _INK)
    _wave(axes, shown.clip, _Place(place.left, sound - 25, place.width, 50))


def _preprocessing(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    picture, text, sound = (height for height, *_ in _STREAMS)
    small = Image.fromarray(shown.guitar).resize((14, 14), Image.Resampling.BOX)
    grid = _square(place.middle, picture, 82)
    white = Image.new("RGBA", small.size, "white")
    pixels = np.asarray(Image.alpha_composite(white, small)) / 255
    _show(axes, pixels, grid)
    for step in range(15):
        along = step / 14 * grid.width
        axes.plot([grid.left + along] * 2, (grid.top, grid.bottom), color="white", ls="-", lw=0.8, zorder=5)
        axes.plot((grid.left, grid.right), [grid.top + along] * 2, color="white", ls="-", lw=0.8, zorder=5)
    for i, letter in enumerate("guitar"):
        x = place.middle + 30 * (i - 2.5)
        _sign(axes, x, text - 15, letter, 10)
        _chip(axes, x, text + 5, str(ord(letter)), 27, size=8.5)
    _spectrogram(axes, shown.log_mel, _Place(place.left, sound - 22, place.width, 50))


def _spectrogram(
    axes: Axes, log_mel: np.ndarray, place: _Place, low: float | None = None, high: float | None = None
) -> None:
    """Time to the right, pitch upwards; black stands for ``low``, the faintest where it is None."""
    _show(axes, log_mel.T[::-1], place, cmap="magma", vmin=low, vmax=high)


def _image_features(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    tiles = [shown.guitar, *shown.maps]
    side, step = 50, (place.width - 50) / (len(tiles) - 1)
    for i, tile in enumerate(tiles):
        middle = place.left + side / 2 + i * step, place.top + place.height / 2
        _show(axes, tile, _square(*middle, side), cmap="viridis")
        if i:
            _sign(axes, middle[0] - step / 2, middle[1], "→")


def _text_features(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    """Two texts of the same words, of which the last one decides."""
    texts = (
        (("bright", "but", "dull"), "− blame", _ORANGE),
        (("dull", "but", "bright"), "+ praise", _GREEN),
    )
    for row, (words, verdict, colour) in enumerate(texts):
        x, y = place.left, place.top + place.height * (0.25 + 0.5 * row)
        for word in words:
            width = 10 + 7 * len(word)
            _chip(axes, x + width / 2, y, word, width)
            _sign(axes, x + width + 9, y, "→", 9)
            x += width + 18
        axes.text(x, y, verdict, fontsize=9.5, weight="bold", color=colour, va="center_baseline", zorder=5)


def _training(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    """A valley of a loss, and two optimisers on their way down."""

    def drawn(points: np.ndarray) -> np.ndarray:
        return np.array((place.left, place.top)) + (points + 1) / 2 * (place.width, place.height)

    side = np.linspace(-1, 1, 80)
    points = np.stack(np.meshgrid(side, side), axis=-1)
    loss = np.einsum("...i,ij,...j", points - _LOWEST, _VALLEY, points - _LOWEST)
    axes.contourf(*np.moveaxis(drawn(points), -1, 0), np.sqrt(loss), levels=9, cmap="Blues", zorder=3)
    ways = ((0.0, 0.088, _ORANGE, "o"), (0.75, 0.02, _INK, "s"))
    for momentum, rate, colour, marker in ways:
        path = drawn(_descent(momentum, rate))
        axes.plot(*path.T, color=colour, ls="-", lw=1.3, marker=marker, ms=3, zorder=5)
    _chip(axes, place.left + 32, place.bottom - 19, "SGD", 44, _ORANGE)
    _chip(axes, place.left + 105, place.bottom - 19, "momentum", 86)
    axes.plot(*drawn(_LOWEST), "*", color="white", markeredgecolor=_INK, ms=13, zorder=6)


_LOWEST = np.array((0.45, 0.1))
_VALLEY = np.array(((1.6, -2.5), (-2.5, 10.0)))


def _descent(momentum: float, rate: float) -> np.ndarray:
    """Where gradient descent into the valley comes to from the upper left: (29, 2), corners at -1 and 1."""
    at, velocity, path = np.array((-0.85, -0.8)), np.zeros(2), []
    for _ in range(29):
        path.append(at)
        velocity = momentum * velocity - rate * 2 * _VALLEY @ (at - _LOWEST)
        at = at + velocity
    return np.array(path)


def _attention(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    """Rays from words to the regions of the scene, as strong as their attention; faint ones are left out."""
    side = place.height - 44
    scene = _Place(place.middle - side / 2, place.top + 44, side, side)
    _show(axes, shown.scene, scene)
    colours = (_BLUE, _ORANGE, _GREEN)
    for i, ((word, weights), colour) in enumerate(zip(shown.weights.items(), colours, strict=True)):
        x, y = place.left + place.width * (i + 0.5) / 3, place.top + 13
        _chip(axes, x, y, word, 62, size=10)
        axes.plot((x - 29, x + 29), (y + 11, y + 11), color=colour, ls="-", lw=2.4, zorder=5)
        strengths = weights / weights.max()
        for region in np.flatnonzero(strengths > _FAINT):
            row, column = divmod(region, _REGIONS)
            end = (scene.left + (column + 0.5) * side / _REGIONS, scene.top + (row + 0.5) * side / _REGIONS)
            style = {"color": colour, "alpha": strengths[region] ** 2, "zorder": 5}
            axes.plot((x, end[0]), (y + 11, end[1]), ls="-", lw=2, **style)
            axes.plot(*end, "o", ms=8, **style)


def _retrieval(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    middle = place.top + place.height / 2
    _chip(axes, place.left + 33, middle, f"“{shown.query}”", 66, size=10)
    _sign(axes, place.left + 77, middle, "→")
    best = _square(place.left + 117, middle, 58)
    _rounded(axes, best, 6, facecolor="white", edgecolor=_GREEN, linewidth=2)
    _sign(axes, best.right - 1, best.top + 1, "✓", 13, _GREEN, weight="bold")
    _show(axes, shown.found[0], _square(best.middle, middle, 48))
    for i, picture in enumerate(shown.found[1:]):
        _show(axes, picture, _square(best.right + 22 + 36 * i, middle, 32 - 3 * i))


def _captioning(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    side = place.height
    _show(axes, shown.scene, _Place(place.left, place.top, side, side))
    lines = "\n".join(textwrap.wrap(shown.caption, 23)[:4])
    axes.text(
        place.left + side + 12,
        place.top + side / 2,
        f"{lines} …",
        fontsize=8.8,
        style="italic",
        color=_INK,
        va="center",
        linespacing=1.3,
        zorder=5,
    )


def _translation(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    middle = place.top + place.height / 2
    _chip(axes, place.left + 37, middle, "“the bat”", 74, size=10)
    for row, (picture, word) in enumerate(zip(shown.senses, ("biānfú", "qiúpāi"), strict=True)):
        y = place.top + place.height * (0.25 + 0.5 * row)
        _sign(axes, place.left + 91, y, ("↗", "↘")[row], 12)
        _show(axes, picture, _square(place.left + 126, y, 38))
        _sign(axes, place.left + 163, y, "→")
        axes.text(place.left + 180, y, word, fontsize=11, color=_INK, va="center_baseline", zorder=5)


def _speech(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    spectrogram = _Place(place.left, place.top, place.width, place.height - 22)
    _spectrogram(axes, shown.log_mel, spectrogram)
    for letter, along in shown.heard:
        x = place.left + along * place.width
        axes.plot((x, x), (spectrogram.bottom, spectrogram.bottom + 5), color=_SOFT, ls="-", lw=1, zorder=4)
        _sign(axes, x, spectrogram.bottom + 14, letter, 10.5, _INK, weight="bold")


def _one_transformer(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    """Regions of the scene, pieces of the sound and words in one row, and what looks over all of them."""
    side, y = 24, place.top + place.height - 13
    third, piece = len(shown.scene) // 3, len(shown.log_mel) // 4
    box = _Place(place.left, place.top, place.width, 27)
    _rounded(axes, box, 6, facecolor=_INK, edgecolor="none")
    _sign(axes, box.middle, box.top + 13.5, "self-attention over everything", 9.8, "white")
    x = place.left + side / 2
    for i in range(3):
        _show(axes, shown.scene[:third, third * i : third * (i + 1)], _square(x, y, side))
        _sign(axes, x, y - side / 2 - 7, "↑", 9)
        x += side + 4
    for i in range(3):
        frames = shown.log_mel[piece * i : piece * (i + 1)]
        _spectrogram(axes, frames, _square(x, y, side), shown.log_mel.min(), shown.log_mel.max())
        _sign(axes, x, y - side / 2 - 7, "↑", 9)
        x += side + 4
    x -= side / 2
    for word in ("where", "is", "it", "?"):
        width = 12 + 7.4 * len(word)
        _chip(axes, x + width / 2, y, word, width)
        _sign(axes, x + width / 2, y - side / 2 - 7, "↑", 9)
        x += width + 4


def _challenges(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    """Accuracy against labels, with an encoder that was trained before and from random weights."""
    inner = _Place(place.left + 2, place.top, place.width - 110, place.height - 6)
    corners = (inner.left, inner.left, inner.right), (inner.top, inner.bottom, inner.bottom)
    axes.plot(*corners, color=_EDGE, ls="-", lw=1.2, zorder=4)
    lines = ((shown.pretrained, _BLUE, "o", "trained before"), (shown.scratch, _ORANGE, "s", "from scratch"))
    most = np.nanmax([values for values, *_ in lines])
    along = np.log(shown.labels / shown.labels[0]) / np.log(shown.labels[-1] / shown.labels[0])
    for values, colour, marker, name in lines:
        there = ~np.isnan(values)
        x = inner.left + 8 + along[there] * (inner.width - 12)
        y = inner.bottom - values[there] / most * (inner.height - 6)
        axes.plot(x, y, color=colour, ls="-", lw=1.8, marker=marker, ms=4.5, zorder=5)
        axes.text(inner.right + 8, y[-1], name, fontsize=9, color=colour, va="center", zorder=5)
    axes.text(inner.right + 8, inner.bottom - 3, "labels →", fontsize=9, color=_SOFT, va="center", zorder=5)


def _tools(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    """The same map of attention three times: what the frameworks agree on."""
    middle, side = place.top + place.height / 2 - 8, place.height - 20
    weights = next(iter(shown.weights.values())).reshape(_REGIONS, _REGIONS)
    for i, name in enumerate(("TensorFlow", "JAX", "PyTorch")):
        x = place.left + place.width * (i + 0.5) / 3
        _show(axes, np.sqrt(weights), _square(x, middle, side), cmap="viridis")
        _sign(axes, x, middle + side / 2 + 10, name, 9)
        if i:
            _sign(axes, x - place.width / 6, middle, "=", 13)


def _capstone(axes: Axes, place: _Place, shown: ShownInCourse) -> None:
    """A photograph in a report whose every line is ticked."""
    side = place.height - 4
    _rounded(
        axes, _Place(place.left, place.top, place.width, place.height), 5, facecolor=_PALE, edgecolor="none"
    )
    _show(axes, shown.photograph, _Place(place.left + 8, place.top + 2, side, side))
    left = place.left + side + 20
    for i, line in enumerate(("data and splits", "baselines, seeds", "every figure again")):
        y = place.top + place.height * (i + 0.5) / 3
        axes.text(left, y, "✓", fontsize=11, weight="bold", color=_GREEN, va="center_baseline", zorder=5)
        axes.text(left + 18, y, line, fontsize=9.5, color=_INK, va="center_baseline", zorder=5)


_DRAWN: tuple[Callable[[Axes, _Place, ShownInCourse], None], ...] = (
    *(_orientation, _preprocessing, _image_features, _text_features, _training, _attention),
    *(_retrieval, _captioning, _translation, _speech),
    *(_one_transformer, _challenges, _tools, _capstone),
)
