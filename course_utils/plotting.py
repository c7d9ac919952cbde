"""Every figure of the course, with a description that is read out and shown; sound with its transcript.

Importing this module sets matplotlib's defaults to the house style: the Okabe-Ito palette, which stays
distinguishable with any colour vision, each colour paired with its own line style so that nothing rests on
colour alone. Introduced in lesson 00.

The palette follows Okabe and Ito, "Color Universal Design" (2008).
"""

# ruff: noqa: E402 -- matplotlib must find its logger already quiet when it is imported
import base64
import html
import io
import logging
import math
import sys
import unicodedata
import wave
from collections.abc import Callable, Sequence

# On its first start matplotlib announces here that it is looking for fonts: no part of any lesson.
logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)

import matplotlib
import numpy as np
from cycler import cycler
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text
from PIL import Image

from course_utils.errors import CourseError, shown
from course_utils.words import DRAWINGS, in_this_folder

__all__ = ["COLOURS", "DPI", "ask", "chinese_font", "grid", "play", "show", "spectrogram", "turn"]

DPI = 100
"""Pixels per inch of every stored figure: 8 inches become 800 pixels."""

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
"""Okabe and Ito's palette in the order in which curves take it, without the yellow, too pale on white."""

_CHINESE_FONTS = (  # of Linux's distributions, Windows and macOS
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",  # under this name matplotlib knows the one file of all of Noto's CJK fonts
    "Noto Sans SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti TC",
)


def chinese_font() -> str | None:
    """Gives the name of the machine's font in which figures draw Chinese, None where there is none.

    The lessons' own figures do without: they look the same on every machine.
    """
    installed = set(font_manager.get_font_names())
    return next((name for name in _CHINESE_FONTS if name in installed), None)


_LINE_STYLES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (8, 3)), (0, (1, 3)))

_STYLE = {
    "figure.dpi": DPI,
    "figure.figsize": (8, 4),
    "figure.constrained_layout.use": True,
    # The first comes with matplotlib, so that a figure looks the same on every machine; Chinese in a figure
    # of one's own is drawn in the second.
    "font.family": ["DejaVu Sans", *filter(None, [chinese_font()])],
    "font.size": 12,
    "axes.titlesize": 13,
    "axes.grid": True,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": cycler(color=COLOURS) + cycler(linestyle=_LINE_STYLES),
    "grid.color": "#DDDDDD",
    "lines.linewidth": 2,
    "image.cmap": "viridis",
    "image.interpolation": "nearest",
    "legend.frameon": False,
}
matplotlib.rcdefaults()  # a figure looks the same whatever the person's matplotlibrc says
matplotlib.rcParams.update(_STYLE)

_PALETTE_WORST = 12  # of 255: what a reduced palette may change at worst in one pixel, below what an eye sees
_PALETTE_COLOURS = 4096  # with more than so many, a second of trying never found a palette as good
_WIDTH = 800  # pixels that a grid of pictures fills at most when it chooses its own scale
_GAP, _LINE = 10, 22  # pixels between pictures, and for one line of a title
_TITLE_CHARACTER = 7.5  # pixels: mean width of a character at the title's size
_OVERSHOOT = (
    1.1  # resampling a sound at full level overshoots by a few per cent: clipped as a loudspeaker would
)
_LOWEST_RATE, _HIGHEST_RATE = 3_000, 192_000  # what browsers agree to play


def show(figure: Figure, description: str) -> None:
    """Shows a figure as a PNG picture with a description that is both its alt text and its visible caption.

    The figure is closed. Introduced in lesson 00.

    Args:
        figure: matplotlib Figure. Its text must be in letters that matplotlib's own font has.
        description: str, one or more sentences that say what is to be seen and what it shows, for those who
            cannot see it and for those who can.

    Raises:
        CourseError: when the description is empty, when ``figure`` is no Figure, or when its text has
            characters (Chinese, emoji) that cannot be drawn.
    """
    from IPython.display import display

    for data, metadata in _outputs(figure, description):
        display(data, metadata=metadata, raw=True)


def turn(draw: Callable[..., tuple[Figure, str]], **knobs: Sequence[float]) -> None:
    """Shows a figure with a slider for each of its knobs; moving one draws it anew in the same place.

    It begins with the middle value of each knob. That figure is also what a stored lesson shows, where no
    kernel runs. Introduced in lesson 04.

    Args:
        draw: function of the knobs, by name, that gives a matplotlib Figure and its description, as
            :func:`show` takes them.
        knobs: for each knob, the values that it can take, a sequence in the order of the slider.

    Raises:
        CourseError: when there is no knob or one has no values, and as :func:`show`.
    """
    import ipywidgets

    if not knobs or not all(map(len, knobs.values())):
        raise CourseError(
            f"turn() was given {shown(knobs)}; expected knobs with values, `turn(draw, size=[1, 3, 5])`."
        )
    sliders = [
        ipywidgets.SelectionSlider(
            description=name,
            options=list(values),
            value=values[len(values) // 2],
            layout=ipywidgets.Layout(width="30em"),
        )
        for name, values in knobs.items()
    ]

    _drawn_anew(
        lambda: draw(**{slider.description: slider.value for slider in sliders}),
        sliders,
        f"Sliders: {', '.join(knobs)}",
    )


def ask(draw: Callable[[str], tuple[Figure, str]], first: str) -> None:
    """Shows a box to type in above a figure; a new text, ended with Enter, draws it anew in the same place.

    An empty text draws nothing and says so. The figure of the first text is also what a stored lesson shows,
    where no kernel runs. Introduced in lesson 06.

    Args:
        draw: function of the text that gives a matplotlib Figure and its description, as :func:`show` takes
            them.
        first: str, the text that stands in the box at the start.

    Raises:
        CourseError: as :func:`show`.
    """
    import ipywidgets

    box = ipywidgets.Text(
        description=in_this_folder("Type and press Enter:", DRAWINGS),
        value=first,
        continuous_update=False,
        layout=ipywidgets.Layout(width="40em"),
        style={"description_width": "initial"},
    )
    _drawn_anew(lambda: draw(box.value) if box.value.strip() else _nothing(), [box], f"Box: {first}", True)


def _nothing() -> tuple[Figure, str]:
    """What stands below a box in which there is no text."""
    figure = Figure(figsize=(6, 0.5))
    figure.text(0, 0.5, "Nothing is asked yet.", va="center")
    return figure, "The box is empty: type a text and press Enter."


def _drawn_anew(
    draw: Callable[[], tuple[Figure, str]], controls: list, plain: str, above: bool = False
) -> None:
    """Shows a figure with controls below it or above; a changed value draws it anew in the same place."""
    import ipywidgets
    from IPython.display import display

    box = {**ipywidgets.VBox(controls)._repr_mimebundle_(), "text/plain": plain}
    if above:
        display(box, raw=True)
    handles = [
        display(data, metadata=metadata, raw=True, display_id=True) for data, metadata in _outputs(*draw())
    ]

    def redraw(_: object) -> None:
        for handle, (data, metadata) in zip(handles, _outputs(*draw()), strict=True):
            handle.update(data, metadata=metadata, raw=True)

    for control in controls:
        control.observe(redraw, "value")
    if not above:
        display(box, raw=True)


def grid(
    images: Sequence[np.ndarray],
    titles: Sequence[str] | None = None,
    columns: int | None = None,
    scale: int | None = None,
) -> Figure:
    """Lays pictures out in a grid, enlarged without smoothing, so that every pixel can be seen.

    Transparent parts of RGBA pictures show a checkerboard. Introduced in lesson 00.

    Args:
        images: sequence of arrays, (height, width), (height, width, 1), (height, width, 3) or (height, width,
            4); uint8 0 to 255, float 0 to 1, or bool (a mask: True is white). Sizes may differ.
        titles: sequence of str, one per picture, or None.
        columns: int, pictures in a row; None for as many as fit, five at most.
        scale: int, screen pixels for the side of one picture pixel; None for as many as fit into a width of
            800. Pictures that are too wide even at 1 are reduced with smoothing.

    Returns:
        matplotlib Figure, for :func:`show`.

    Raises:
        CourseError: when there is no picture, a picture has another shape, type or range, the number of
            titles differs, or ``columns`` or ``scale`` is not a positive integer.
    """
    pictures = [_to_rgb(image, f"picture {number}") for number, image in enumerate(images)]
    if not pictures:
        raise CourseError("grid() was given no pictures; expected a list of at least one array.")
    if titles is not None and len(titles) != len(pictures):
        raise CourseError(
            f"grid() was given {len(titles)} titles for {len(pictures)} pictures; expected one each."
        )
    for name, value in (("columns", columns), ("scale", scale)):
        if value is not None and (not isinstance(value, int | np.integer) or value < 1):
            raise CourseError(f"{name} is {shown(value)}; expected a positive integer or None.")
    columns = min(columns or 5, len(pictures))
    height, width = (max(picture.shape[axis] for picture in pictures) for axis in (0, 1))
    if scale is None:
        scale = (_WIDTH - _GAP) / columns / width
        scale = max(1, int(min(scale, _WIDTH / 2 / height))) if scale >= 1 else scale
    return _draw_grid(
        pictures, [str(title) for title in titles or []], columns, height * scale, width * scale, scale
    )


def _draw_grid(
    pictures: list[np.ndarray],
    titles: list[str],
    columns: int,
    cell_height: float,
    cell_width: float,
    scale: float,
) -> Figure:
    """Places every picture on whole screen pixels: an axes laid out by matplotlib would blur or drop some."""
    cell_height, cell_width = math.ceil(cell_height), math.ceil(cell_width)
    pitch = cell_width + _GAP
    if titles:
        # Titles need room of their own: small pictures stand further apart under long titles.
        longest = max(len(line) for title in titles for line in title.split("\n"))
        pitch = max(pitch, math.ceil(longest * _TITLE_CHARACTER) + _GAP)
    header = max((title.count("\n") + 1 for title in titles), default=0) * _LINE
    rows = math.ceil(len(pictures) / columns)
    total_width, total_height = columns * pitch + _GAP, rows * (cell_height + header + _GAP) + _GAP
    figure = Figure(figsize=(total_width / DPI, total_height / DPI), dpi=DPI)
    figure.set_layout_engine("none")
    for number, picture in enumerate(pictures):
        row, column = divmod(number, columns)
        high, wide = (max(1, round(side * scale)) for side in picture.shape[:2])
        left = _GAP + column * pitch + (pitch - _GAP - wide) // 2
        bottom = total_height - (row + 1) * (cell_height + header + _GAP) + (cell_height - high) // 2
        place = (left / total_width, bottom / total_height, wide / total_width, high / total_height)
        axes = figure.add_axes(place, xticks=[], yticks=[])  # unseen ticks would cost half of the time
        axes.imshow(picture, interpolation="nearest" if scale >= 1 else "antialiased", aspect="auto")
        axes.set_axis_off()
        if titles:
            axes.set_title(titles[number], fontsize=11, pad=4)
    return figure


def spectrogram(
    values: np.ndarray,
    *,
    hop_seconds: float,
    frequencies: np.ndarray | None = None,
    title: str | None = None,
    label: str = "log energy",
) -> Figure:
    """Draws a spectrogram: time to the right, frequency upwards, energy as lightness.

    Introduced in lesson 01.

    Args:
        values: (frames, bins) real array, for example log-mel energies.
        hop_seconds: float, seconds from one frame to the next.
        frequencies: (bins,) array, the centre of each bin in Hz, to be written at the axis; None numbers the
            bins.
        title: str or None.
        label: str, what the lightness stands for, written at the colour bar.

    Returns:
        matplotlib Figure, for :func:`show`.

    Raises:
        CourseError: when ``values`` is not a finite (frames, bins) array, ``hop_seconds`` is not positive, or
            ``frequencies`` has another length than the bins.
    """
    values = np.asarray(values)
    if values.ndim != 2 or 0 in values.shape or not np.isrealobj(values) or not np.isfinite(values).all():
        raise CourseError(
            f"values has shape {values.shape} and dtype {values.dtype}; expected a (frames, bins) array of "
            "finite real numbers: take np.abs() of an STFT, and add a small number before np.log()."
        )
    if not hop_seconds > 0:
        raise CourseError(f"hop_seconds is {shown(hop_seconds)}; expected a positive number of seconds.")
    frames, bins = values.shape
    if frequencies is not None and len(frequencies) != bins:
        raise CourseError(
            f"frequencies has {len(frequencies)} entries for {bins} bins; expected one for each."
        )
    figure = Figure(figsize=(8, 3.5), dpi=DPI, layout="constrained")
    axes = figure.add_subplot()
    mesh = axes.imshow(
        values.T,
        origin="lower",
        aspect="auto",
        cmap="magma",
        extent=(0, frames * hop_seconds, -0.5, bins - 0.5),
    )
    axes.grid(False)
    axes.set(xlabel="time (s)", ylabel="bin", title=title or "")
    if frequencies is not None:
        ticks = np.unique(np.linspace(0, bins - 1, 6).round().astype(int))
        axes.set_yticks(ticks, [f"{frequencies[tick]:.0f}" for tick in ticks])
        axes.set_ylabel("frequency (Hz)")
    figure.colorbar(mesh, ax=axes, label=label)
    return figure


def play(samples: np.ndarray, rate: int, transcript: str) -> None:
    """Shows an audio player for a recording, with its transcript below it.

    Introduced in lesson 00.

    Args:
        samples: (samples,) mono sound, float in [-1, 1] or int16. What overshoots by at most a tenth, as
            resampling leaves it, is clipped.
        rate: int, samples per second, 3,000 to 192,000.
        transcript: str, what is to be heard, for those who cannot hear it.

    Raises:
        CourseError: when the sound is empty, not mono, not finite or out of range, the rate cannot be played,
            or the transcript is empty.
    """
    from IPython.display import display

    sentence = _sentence(transcript, "play() needs a transcript: what is said, or what is to be heard")
    if not isinstance(rate, int | np.integer) or not _LOWEST_RATE <= rate <= _HIGHEST_RATE:
        raise CourseError(
            f"rate is {shown(rate)}; browsers play {_LOWEST_RATE} to {_HIGHEST_RATE} samples per second, as "
            "an integer. Resample the sound for listening."
        )
    pcm = _to_pcm(np.asarray(samples))
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(int(rate))
        file.writeframes(pcm.tobytes())
    source = f"data:audio/wav;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"
    label = in_this_folder(f"Recording: {sentence}", DRAWINGS)
    below = in_this_folder(f"Transcript: {sentence}", DRAWINGS)
    player = (
        '<figure style="margin: 0 0 1em">'
        f'<audio controls preload="metadata" aria-label="{html.escape(label)}" '
        f'src="{source}"></audio>'
        f"<figcaption><em>{html.escape(below, quote=False)}</em></figcaption></figure>"
    )
    plain = f"Recording of {len(pcm) / rate:.2f} s at {rate} samples per second. {below}"
    display({"text/html": player, "text/plain": plain}, raw=True)


def _outputs(figure: Figure, description: str) -> list[tuple[dict, dict]]:
    """Gives what a notebook shows of a figure, as (data, metadata) of two outputs, and closes it."""
    if not isinstance(figure, Figure):
        raise CourseError(
            f"show() was given a {type(figure).__name__}, expected a matplotlib Figure: "
            "`figure, axes = plt.subplots()` makes one."
        )
    sentence = _sentence(
        description, "show() needs a description of the figure: one sentence on what is to be seen"
    )
    sentence = in_this_folder(sentence, DRAWINGS)
    _refuse_missing_letters(figure)
    data = {"image/png": _png(figure), "text/plain": f"Figure: {sentence}"}
    # The description once more, visibly: JupyterLab drops the alt text of an output.
    caption = f'<p style="max-width: 50em; margin: 0 0 1em"><em>{html.escape(sentence, quote=False)}</em></p>'
    if "matplotlib.pyplot" in sys.modules:
        sys.modules["matplotlib.pyplot"].close(figure)
    return [
        (data, {"image/png": {"alt": sentence}}),
        ({"text/html": caption, "text/plain": sentence}, {}),
    ]


def _sentence(text: object, complaint: str) -> str:
    """Gives a description on one line, or complains that there is none."""
    if not isinstance(text, str) or not text.strip():
        raise CourseError(f"{complaint}. Found {shown(text)}; expected a non-empty string.")
    return " ".join(text.split())


def _png(figure: Figure) -> str:
    """Encodes a figure as base64 PNG, with a palette where that costs nothing an eye could see."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=DPI, facecolor="white")
    picture = Image.open(buffer).convert("RGB")
    if picture.getcolors(_PALETTE_COLOURS):
        reduced = picture.quantize(256, method=Image.Quantize.MAXCOVERAGE, kmeans=3, dither=Image.Dither.NONE)
        change = np.abs(np.asarray(picture, np.int16) - np.asarray(reduced.convert("RGB")))
        picture = reduced if change.max() <= _PALETTE_WORST else picture
    encoded = io.BytesIO()
    picture.save(encoded, format="PNG", optimize=True)
    return base64.b64encode(encoded.getvalue()).decode("ascii")


def _refuse_missing_letters(figure: Figure) -> None:
    """Complains about text that would come out as empty boxes."""
    families = matplotlib.rcParams["font.family"]
    fonts = [font_manager.get_font(font_manager.findfont(family)) for family in families]
    for text in figure.findobj(Text):
        if not (text.get_visible() and text.get_text().strip()):
            continue
        missing = [
            letter
            for letter in text.get_text()
            if letter.isprintable() and not any(font.get_char_index(ord(letter)) for font in fonts)
        ]
        if missing:
            raise CourseError(
                f"The figure's text {shown(text.get_text())} has {missing[0]!r}. {_remedy(missing[0])}"
            )


def _remedy(letter: str) -> str:
    """Says what to do with a character that matplotlib's font lacks."""
    name = unicodedata.name(letter, "")
    if name.startswith(("CJK", "HIRAGANA", "KATAKANA", "HANGUL", "IDEOGRAPHIC", "FULLWIDTH")):
        return (
            "Chinese text cannot be drawn in figures, for want of a font; print it, and write English (or"
            " pinyin) in the figure, or install a Chinese font (Noto Sans CJK, for example)."
        )
    if unicodedata.category(letter) in ("So", "Sk"):
        return "Emoji cannot be drawn as text in figures; print them, or show their pictures with grid()."
    return f"The character {name or hex(ord(letter))} is not in matplotlib's font; print it instead."


def _to_rgb(image: np.ndarray, what: str) -> np.ndarray:
    """Brings any picture that grid() takes to uint8 RGB (height, width, 3)."""
    array = np.asarray(image)
    if array.ndim == 2:
        array = array[..., np.newaxis]
    if array.ndim != 3 or array.shape[2] not in (1, 3, 4) or 0 in array.shape:
        raise CourseError(
            f"{what} has shape {np.shape(image)}; expected (height, width), or (height, width, channels) "
            "with 1, 3 or 4 channels. A batch of pictures is shown with grid(list(batch))."
        )
    if array.dtype == bool:
        array = array.astype(np.uint8) * 255
    elif np.issubdtype(array.dtype, np.floating):
        low, high = array.min(), array.max()
        if not (low >= -1e-6 and high <= 1 + 1e-6):
            raise CourseError(
                f"{what} is {array.dtype} with values from {low:.3g} to {high:.3g}; expected 0 to 1. Undo "
                "the scaling first (standardised * std + mean), or divide by 255."
            )
        array = (array.clip(0, 1) * 255).round().astype(np.uint8)
    elif array.dtype != np.uint8:
        raise CourseError(
            f"{what} has dtype {array.dtype}; expected uint8 (0 to 255), float (0 to 1) or bool."
        )
    if array.shape[2] == 4:
        return _over_checkerboard(array)
    return np.repeat(array, 3, axis=2) if array.shape[2] == 1 else array


def _over_checkerboard(rgba: np.ndarray) -> np.ndarray:
    """Blends an RGBA picture over the grey checkerboard that stands for "nothing here"."""
    height, width = rgba.shape[:2]
    square = max(1, max(height, width) // 12)
    rows, columns = np.arange(height)[:, np.newaxis] // square, np.arange(width) // square
    board = np.where((rows + columns) % 2, 205, 240)[..., np.newaxis]
    alpha = rgba[..., 3:] / 255
    return (rgba[..., :3] * alpha + board * (1 - alpha)).round().astype(np.uint8)


def _to_pcm(samples: np.ndarray) -> np.ndarray:
    """Brings a recording to little-endian 16-bit integers."""
    if samples.ndim != 1 or samples.size == 0:
        raise CourseError(
            f"samples has shape {samples.shape}; expected a non-empty (samples,) array. Average the channels "
            "of a stereo recording first."
        )
    if samples.dtype == np.int16:
        return samples.astype("<i2")
    if not np.issubdtype(samples.dtype, np.floating):
        raise CourseError(f"samples has dtype {samples.dtype}; expected float in [-1, 1] or int16.")
    if not np.isfinite(samples).all():
        raise CourseError(
            "samples has values that are not finite (NaN or infinity); expected numbers in [-1, 1]."
        )
    peak = np.abs(samples).max()
    if peak > _OVERSHOOT:
        raise CourseError(
            f"samples reaches {peak:.3g}; expected values in [-1, 1]. Divide by np.abs(samples).max() first."
        )
    return (samples.clip(-1, 1) * 32767).round().astype("<i2")
