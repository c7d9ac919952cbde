"""Diagrams that more than one place shows: lessons and the README."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from course_utils import plotting

__all__ = [
    "arrays_of_modalities",
    "bag_of_words",
    "batch_norm_modes",
    "computation_graph",
    "convolution_settings",
    "cross_attention",
    "data_splits",
    "elimination",
    "four_steps",
    "framing",
    "fusion_family",
    "gradient_chain",
    "gru_cell",
    "image_array",
    "lstm_cell",
    "merge_steps",
    "padding_mask",
    "query_key_value",
    "receptive_field_growth",
    "sliding_kernel",
    "stacked_kernels",
    "three_fits",
    "training_loop",
    "unrolled_rnn",
]

_ROWS = (  # modality, what preprocessing makes of it, what network computes its features
    ("picture", "pixels\n(height, width, 3)", "CNN"),
    ("text", "token ids\n(tokens,)", "RNN"),
    ("sound", "log-mel\n(frames, bands)", "CNN + RNN"),
)
_HEADINGS = ((3.5, "1 preprocessing"), (6.4, "2 features"), (9.1, "4 fusion"))


def four_steps() -> Figure:
    """Draws the course's four steps: a row per modality, met by fusion, with training around the networks.

    Introduced in lesson 00; the README shows the same picture.

    Returns:
        matplotlib Figure of 8 × 3.8 inches, for :func:`course_utils.plotting.show`.
    """
    figure, axes = plt.subplots(figsize=(8, 3.8))
    axes.set(xlim=(0, 12.6), ylim=(0, 6))
    axes.axis("off")
    for x, heading in _HEADINGS:
        axes.text(x, 5.6, heading, ha="center", va="center", weight="bold")
    for row, (modality, array, network) in enumerate(_ROWS):
        y = 4.6 - 1.35 * row
        _box(axes, 0.9, y, 1.6, modality, plotting.COLOURS[6])
        _box(axes, 3.5, y, 2.4, array, plotting.COLOURS[0])
        _box(axes, 6.4, y, 2.0, network, plotting.COLOURS[2])
        _arrow(axes, (1.75, y), (2.25, y))
        _arrow(axes, (4.75, y), (5.35, y))
        _arrow(axes, (7.45, y), (8.2, 3.25 + 0.6 * (1 - row)))
    _box(axes, 9.1, 3.25, 1.7, "attention", plotting.COLOURS[1], height=2.2)
    _box(axes, 11.6, 3.25, 1.4, "answer", plotting.COLOURS[6])
    _arrow(axes, (10.0, 3.25), (10.85, 3.25))
    _box(axes, 7.75, 0.5, 4.7, "3 training: adjust until answers fit", plotting.COLOURS[3], height=0.8)
    axes.plot((11.6, 11.6), (2.75, 0.5), color="black", linestyle="-", linewidth=1.5)
    _arrow(axes, (11.6, 0.5), (10.2, 0.5))
    _arrow(axes, (6.4, 0.95), (6.4, 1.4))
    _arrow(axes, (9.1, 0.95), (9.1, 2.05))
    return figure


def _box(axes: Axes, x: float, y: float, width: float, label: str, colour: str, height: float = 1.0) -> None:
    """A rounded box around (x, y); place and label tell its kind, not colour alone."""
    corner = (x - width / 2, y - height / 2)
    style = "round,pad=0.02,rounding_size=0.15"
    axes.add_patch(
        FancyBboxPatch(corner, width, height, boxstyle=style, facecolor="white", edgecolor=colour, lw=2)
    )
    axes.text(x, y, label, ha="center", va="center", fontsize=10)


def _arrow(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": "black", "lw": 1.5})


# --- lesson 01: each drawing comes with its description -----------------------------------------------------


def arrays_of_modalities() -> tuple[Figure, str]:
    """Draws how files of three modalities become arrays of one shape. Introduced in lesson 01.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    rows = (  # file, what is read, what is made of it, a batch
        (
            "image file",
            "pixels, uint8\n(any, any, 3)",
            "resized, scaled\n(224, 224, 3)",
            "(batch, 224, 224, 3)",
        ),
        ("text file", "code points,\na string", "token ids\n(tokens,)", "(batch, length)\n+ mask"),
        ("sound file", "samples\n(samples,)", "log-mel\n(frames, mels)", "(batch, length, mels)\n+ mask"),
    )
    figure, axes = _canvas(8, 3.4, 16, 6.8)
    for x, heading in ((1.4, "file"), (5.2, "read"), (9.3, "made alike"), (13.7, "a batch")):
        axes.text(x, 6.3, heading, ha="center", va="center", weight="bold")
    for row, boxes in enumerate(rows):
        y = 5.0 - 1.95 * row
        colour = plotting.COLOURS[row]
        for x, width, label in zip((1.4, 5.2, 9.3, 13.7), (2.3, 3.0, 3.2, 4.0), boxes, strict=True):
            _box(axes, x, y, width, label, colour, height=1.4)
        for start, end in ((2.65, 3.6), (6.8, 7.6), (11.0, 11.6)):
            _arrow(axes, (start, y), (end, y))
    return figure, (
        "Three rows of boxes. An image file is read as pixels of any height and width, then resized and "
        "scaled to 224 by 224 by 3. A text file is read as a string and becomes token ids. A sound file is "
        "read as samples and becomes a log-mel spectrogram of frames by mels. At the end of each row stands "
        "a batch; those of text and sound have a mask, since texts and sounds differ in length."
    )


def image_array(image: np.ndarray, row: int, column: int) -> tuple[Figure, str]:
    """Draws a tiny image as pixels with its axes, and as one grid of numbers for each channel.

    Introduced in lesson 01.

    Args:
        image: uint8 array (height, width, 3), at most 3 rows and 3 columns.
        row: int, the row of the pixel that is framed.
        column: int, its column.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    height, width = image.shape[:2]
    figure, axes = _canvas(8, 1.3 + 0.55 * height, 16, 2.6 + 1.1 * height)
    top = 1.1 * height
    grids = [(1.6, "image", image / 255, None)]
    for channel, name in enumerate(("red", "green", "blue")):
        grids.append((5.9 + 3.45 * channel, f"channel {channel}, {name}", None, image[..., channel]))
    for left, title, colours, numbers in grids:
        cell = 1.1 if numbers is None else 1.0
        axes.text(
            left + width * cell / 2, top + 1.6, title, ha="center", va="center", weight="bold", fontsize=10
        )
        for i, j in np.ndindex(height, width):
            corner = (left + j * cell, top - 1.1 * i - 0.2)
            label = "" if numbers is None else f"{numbers[i, j]}"
            face = "white" if colours is None else colours[i, j]
            frame = "black" if (i, j) == (row, column) else None
            _cell(axes, corner, cell, 1.1, label, frame, face)
    for j in range(width):
        axes.text(1.6 + 1.1 * (j + 0.5), top + 1.1, f"{j}", ha="center", va="center", fontsize=9)
    for i in range(height):
        axes.text(1.4, top - 1.1 * i + 0.35, f"{i}", ha="right", va="center", fontsize=9)
    axes.text(0.5, top / 2 + 0.4, "row,\naxis 0", ha="center", va="center", fontsize=9)
    axes.text(1.6 + 0.55 * width, 0.5, "column, axis 1", ha="center", va="center", fontsize=9)
    pixel = ", ".join(str(value) for value in image[row, column])
    note = f"thick frame: image[{row}, {column}] is [{pixel}]"
    axes.text(11, 0.5, note, ha="center", va="center", fontsize=9)
    return figure, (
        f"Left, an image of {height} rows and {width} columns as coloured squares, rows counted from the top "
        "and columns from the left. Right, the same image as three grids of numbers, its channels red, green "
        f"and blue. In all four the pixel in row {row}, column {column} has a thick frame; its numbers are "
        f"{pixel}."
    )


def three_fits(image: np.ndarray, fitted: Mapping[str, np.ndarray]) -> tuple[Figure, str]:
    """Draws an image beside what stretching, cropping and letterboxing make of it. Introduced in lesson 01.

    Args:
        image: uint8 array (height, width, 3), wider than high.
        fitted: "stretch", "crop" and "letterbox" → uint8 array (size, size, 3).

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    height, width = image.shape[:2]
    figure, panels = plt.subplots(
        1, 4, figsize=(8, 2.7), gridspec_kw={"width_ratios": (width / height, 1, 1, 1)}
    )
    panels[0].imshow(image)
    panels[0].add_patch(
        plt.Rectangle(
            ((width - height) / 2, 0), height - 1, height - 1, fill=False, edgecolor="white", lw=3, ls="--"
        )
    )
    panels[0].set_title(f"image, {height} × {width}", fontsize=10)
    for panel, (name, result) in zip(panels[1:], fitted.items(), strict=True):
        panel.imshow(result)
        size = len(result)
        scale = size / (height if name == "crop" else width)
        down = size / height if name == "stretch" else scale
        panel.set_title(f"{name}\n× {down:.2f} down\n× {scale:.2f} across", fontsize=9)
    for panel in panels:
        panel.set(xticks=[], yticks=[])
        panel.grid(False)
        panel.spines[:].set_visible(True)
    return figure, (
        f"An image of {height} by {width} pixels and three squares made of it. Stretch: the whole image, "
        "squeezed from the sides, so that all is too narrow. Crop: right proportions, and only what lies in "
        "the dashed square of the image. Letterbox: the whole image in right proportions, smaller, with grey "
        "bars above and below. Above each stand its factors of scale, down and across: only stretch has two "
        "different ones."
    )


def merge_steps(
    history: Sequence[Mapping[str, Sequence[str]]], merges: Sequence[tuple[str, str]]
) -> tuple[Figure, str]:
    """Draws byte-pair encoding: the pieces of each word before and after each merge. Introduced in lesson 01.

    Args:
        history: word → its pieces, before the first merge and after each; at most 5 entries of 4 short words.
        merges: the pair that each step joined, one fewer than ``history``.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    rows, words = len(history), list(history[0])
    figure, axes = _canvas(8, 0.5 + 0.55 * rows, 16, 0.9 + 1.1 * rows)
    letter, pitch = 0.52, 3.1
    for place, word in enumerate(words):
        axes.text(5.0 + pitch * place, 1.1 * rows + 0.5, word, ha="center", va="center", weight="bold")
    for row, pieces in enumerate(history):
        y = 1.1 * (rows - row) - 0.45
        step = "start: letters" if row == 0 else f"{row}. join {merges[row - 1][0]} + {merges[row - 1][1]}"
        axes.text(0.1, y, step, va="center", fontsize=10)
        for place, word in enumerate(words):
            x = 5.0 + pitch * place - letter * (len(word) + 1) / 2
            for piece in pieces[word]:
                new = row > 0 and piece == "".join(merges[row - 1])
                width = letter * len(piece)
                frame, face = (plotting.COLOURS[1], "0.88") if new else (None, "white")
                _cell(axes, (x + 0.04, y - 0.38), width - 0.08, 0.76, piece, frame, face)
                x += width
    joined = ", then ".join(f"{left} and {right}" for left, right in merges)
    end = "; ".join(f"{word} is {' | '.join(history[-1][word])}" for word in words)
    return figure, (
        f"A table with a column for each of the words {', '.join(words)}. In the first row each letter has a "
        f"box of its own. In each further row one pair is joined, drawn with a thick frame: {joined}. At the "
        f"end {end}."
    )


def framing(samples: np.ndarray, rate: int, frame_length: int, hop: int) -> tuple[Figure, str]:
    """Draws a waveform under overlapping windows, and below each its spectrum. Introduced in lesson 01.

    Args:
        samples: float array (n,), long enough for 3 to 8 frames.
        rate: int, samples per second.
        frame_length: int, samples in a frame.
        hop: int, samples from the start of a frame to the start of the next.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    starts = np.arange(0, len(samples) - frame_length + 1, hop)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(frame_length) / frame_length)
    power = np.abs(np.fft.rfft(samples[starts[:, np.newaxis] + np.arange(frame_length)] * window)) ** 2
    figure, (wave, columns) = plt.subplots(
        2, 1, figsize=(8, 4.2), sharex=True, gridspec_kw={"height_ratios": (1.3, 1)}
    )
    peak = np.abs(samples).max()
    wave.plot(1000 * np.arange(len(samples)) / rate, samples / peak, color="0.6", linewidth=1, linestyle="-")
    for number, start in enumerate(starts):
        style = {"color": plotting.COLOURS[number % 3], "linestyle": ("-", "--", ":")[number % 3]}
        times = 1000 * (start + np.arange(frame_length)) / rate
        wave.plot(times, window, **style)
        wave.text(times[frame_length // 2], 1.07, f"{number}", ha="center", fontsize=9)
    length_ms, hop_ms = 1000 * frame_length / rate, 1000 * hop / rate
    for end, y, label in ((length_ms, -1.25, "frame"), (hop_ms, -1.75, "hop")):
        wave.annotate("", (end, y), (0, y), arrowprops={"arrowstyle": "<->", "color": "black"})
        wave.text(end + 0.7, y, f"{label}, {end:g} ms", va="center", fontsize=9)
    wave.set(ylim=(-2.1, 1.4), yticks=[])
    wave.set_ylabel("samples and\nwindows", fontsize=10)
    first = length_ms / 2 - hop_ms / 2
    columns.imshow(
        10 * np.log10(power.T + 1e-9),
        origin="lower",
        aspect="auto",
        cmap="magma",
        extent=(first, first + hop_ms * len(starts), 0, rate / 2),
    )
    columns.grid(False)
    for number in range(len(starts)):
        columns.text(
            length_ms / 2 + hop_ms * number,
            0.88 * rate / 2,
            f"{number}",
            ha="center",
            color="white",
            fontsize=9,
        )
    columns.set_xlim(0, 1000 * len(samples) / rate)
    columns.set_xlabel("time (ms)", fontsize=10)
    columns.set_ylabel("frequency\n(Hz)", fontsize=10)
    return figure, (
        f"Above, a waveform of {1000 * len(samples) / rate:g} ms under {len(starts)} bell-shaped windows, "
        f"numbered from 0, each {length_ms:g} ms long and each beginning {hop_ms:g} ms after the one before, "
        "so that they overlap. Below, a spectrogram: one column for each window, with its number, under the "
        "window's middle; lighter is more power."
    )


# --- lesson 03: each drawing comes with its description -----------------------------------------------------


def unrolled_rnn(words: Sequence[str], inputs: np.ndarray, states: np.ndarray) -> tuple[Figure, str]:
    """Draws a simple recurrent network unrolled over a text, with its state after each word.

    Introduced in lesson 03.

    Args:
        words: three str, the text.
        inputs: float array (3, dim), the vector of each word, of at most 3 numbers.
        states: float array (3, units), the state after each word, of at most 3 numbers.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    dim, units = inputs.shape[1], states.shape[1]
    figure, axes = _canvas(8, 3.6, 16, 7.2)
    cells = (4.4, 8.6, 12.8)
    weights = f"the same W ({dim}, {units}), U ({units}, {units}) and b ({units},) at every position"
    _box(axes, 8.6, 6.4, 10.2, weights, plotting.COLOURS[3], height=0.9)
    for x, word, vector, number in zip(cells, words, inputs, "₁₂₃", strict=True):
        _box(axes, x, 0.8, 1.8, word, plotting.COLOURS[6], height=0.9)
        _arrow(axes, (x, 1.35), (x, 3.1))
        axes.text(x + 0.2, 2.2, f"x{number}", va="center", weight="bold")
        axes.text(x + 0.9, 2.2, _numbers(vector, "\n"), va="center", fontsize=9)
        _box(axes, x, 3.9, 1.8, "tanh", plotting.COLOURS[2], height=1.4)
        _arrow(axes, (x, 5.85), (x, 4.7))
    for x, state, number in zip((0.3, *cells), (np.zeros(units), *states), "₀₁₂₃", strict=True):
        axes.text(x + 2.1, 4.15, f"h{number}", ha="center", weight="bold")
        axes.text(x + 2.1, 3.65, _numbers(state, "\n"), ha="center", va="top", fontsize=9)
        _arrow(axes, (x + 1.0, 3.9), (x + 3.15, 3.9))
    return figure, (
        f"The network, drawn once for each of the words {', '.join(words)}, from left to right. Each word's "
        f"vector, {dim} numbers, goes up into a cell with tanh; the state, {units} numbers, goes in from the "
        "left, first all zeros, and the new state comes out to the right, into the next cell. One W, one U "
        f"and one b serve all cells. The last state is {_numbers(states[-1], ', ')}."
    )


def padding_mask(texts: Sequence[Sequence[str]]) -> tuple[Figure, str]:
    """Draws a batch of texts as a table with its padding, its mask and the last real token of each text.

    Introduced in lesson 03.

    Args:
        texts: lists of str, the tokens of each text; 1 to 4 texts of at most 6 tokens.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    width = max(map(len, texts))
    rows = len(texts)
    figure, axes = _canvas(8, 0.7 + 0.55 * rows, 16, 1.7 + rows)
    cell, left = 11.0 / width, 1.6
    for t in range(width):
        axes.text(left + (t + 0.5) * cell, rows + 1.0, f"position {t}", ha="center", va="center", fontsize=9)
    axes.text(14.3, rows + 1.0, "last state\nstands at", ha="center", va="center", fontsize=9)
    for row, tokens in enumerate(texts):
        y = rows - row
        axes.text(1.4, y, f"text {row}", ha="right", va="center", fontsize=9)
        axes.text(14.3, y, f"position {len(tokens) - 1}", ha="center", va="center", fontsize=9)
        for t in range(width):
            real = t < len(tokens)
            _cell(
                axes,
                (left + t * cell + 0.06, y - 0.42),
                cell - 0.12,
                0.84,
                f"{tokens[t]}\nTrue" if real else "[PAD]\nFalse",
                plotting.COLOURS[0] if t == len(tokens) - 1 else None,
                "white" if real else "0.93",
                hatch=None if real else "//",
            )
    note = "thick frame: the last real token; hatched: padding, which the mask leaves out"
    axes.text(left + 5.5, 0.2, note, ha="center", va="center", fontsize=9)
    lengths = ", ".join(str(len(tokens)) for tokens in texts)
    return figure, (
        f"A batch of {rows} texts of {lengths} tokens as a table of {width} positions. Tokens have the mask "
        "True. The rest of the shorter rows is padding, hatched, with the mask False. A thick frame marks "
        "the last real token of each text: there its last state stands, and not at the last position."
    )


def bag_of_words(
    texts: Sequence[str], words: Sequence[str], counts: np.ndarray, weights: np.ndarray
) -> tuple[Figure, str]:
    """Draws how texts become rows of counts, and these rows of TF-IDF weights. Introduced in lesson 03.

    Args:
        texts: one to three str.
        words: the vocabulary, at most 8 str, one a column.
        counts: int array (texts, words), how often each word occurs.
        weights: float array (texts, words), their TF-IDF weights.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    rows = len(texts)
    figure, axes = _canvas(8, 0.6 + 0.95 * rows, 16, 1.3 + 2.2 * rows)
    cell, left = 11.4 / len(words), 4.4
    top = 2.2 * rows
    for column, word in enumerate(words):
        x = left + (column + 0.5) * cell
        axes.text(x, top + 0.9, word, ha="center", va="center", weight="bold", fontsize=10)
    for row, text in enumerate(texts):
        y = top - 2.2 * row
        axes.text(0.1, y - 0.5, f"“{text}”", va="center", fontsize=10)
        for kind, values, below in (("count", counts, 0.0), ("TF-IDF", weights, 0.95)):
            axes.text(left - 0.1, y - below, kind, ha="right", va="center", fontsize=9)
            for column, value in enumerate(values[row]):
                weighted = kind == "TF-IDF" and value > 0
                number = f"{value:.2f}" if weighted else f"{value:.0f}"
                face = plt.cm.Blues(0.6 * float(value)) if weighted else "white"
                corner = (left + column * cell + 0.04, y - below - 0.4)
                _cell(axes, corner, cell - 0.08, 0.8, number, face=face)
    vectors = "; ".join(
        f"“{text}” becomes {', '.join(f'{value:.2f}' for value in row)}"
        for text, row in zip(texts, weights, strict=True)
    )
    return figure, (
        f"A table with one column for each of the words {', '.join(words)}. Each text has two rows: its "
        "counts, 1 where the word occurs and 0 elsewhere, and its TF-IDF weights, larger for rarer words. "
        f"In these: {vectors}."
    )


def gradient_chain(factors: Sequence[float]) -> tuple[Figure, str]:
    """Draws the gradient through time as a chain: one factor for each step back. Introduced in lesson 03.

    Args:
        factors: one to four floats u of the cell h_t = x_t + u h_{t-1}.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    steps = 5
    rows = len(factors)
    figure, axes = _canvas(8, 1.3 + 0.4 * rows, 16, 2.9 + 0.9 * rows)
    y = 1.6 + 0.9 * rows
    for back in range(steps + 1):
        x = 14.6 - 2.4 * back
        _box(axes, x, y, 1.3, "word T" if back == 0 else f"T − {back}", plotting.COLOURS[0], height=0.9)
        if back:
            _arrow(axes, (x + 0.8, y + 0.15), (x + 1.6, y + 0.15))
            _arrow_back(axes, (x + 1.6, y - 0.2), (x + 0.8, y - 0.2))
            axes.text(x + 1.2, y + 0.4, "· u", ha="center", va="bottom", fontsize=10)
        for row, factor in enumerate(factors):
            axes.text(x, y - 1.1 - 0.9 * row, f"{factor**back:.2f}", ha="center", va="center")
    for row, factor in enumerate(factors):
        axes.text(0.2, y - 1.1 - 0.9 * row, f"u = {factor}", va="center", weight="bold")
    note = "slope of the last state with respect to each word"
    axes.text(8.6, 0.5, note, ha="center", va="center", fontsize=9)
    ends = "; ".join(f"with u = {factor} it is {factor**steps:.2f}" for factor in factors)
    return figure, (
        f"The states at the last word T and at the {steps} words before it. Solid arrows run forward; "
        "dashed ones run back, and each step back multiplies the slope by u. At T the slope is 1; "
        f"{steps} words back {ends}."
    )


def lstm_cell() -> tuple[Figure, str]:
    """Draws the LSTM cell: its memory as a line, and the gates that act on it. Introduced in lesson 03.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = _canvas(8, 4.1, 16, 8.2)
    gate, memory = plotting.COLOURS[2], plotting.COLOURS[0]
    axes.plot((1.7, 14.6), (7.6, 7.6), zorder=0, color=memory, linewidth=3, linestyle="-")
    axes.text(0.1, 7.6, "c, before", va="center", weight="bold", fontsize=9)
    axes.text(14.8, 7.6, "c, new", va="center", weight="bold", fontsize=9)
    _box(axes, 7.2, 1.5, 11.0, "x W + h U + b, cut into four parts: i, f, g, o", plotting.COLOURS[3], 1.0)
    for x, label in ((3.4, "forget\nσ(f)"), (6.2, "input\nσ(i)"), (9.0, "candidate\ntanh(g)")):
        _box(axes, x, 3.6, 2.2, label, gate, height=1.3)
        _arrow(axes, (x, 2.05), (x, 2.85))
    _box(axes, 11.6, 3.6, 1.9, "output\nσ(o)", gate, height=1.3)
    _arrow(axes, (11.6, 2.05), (11.6, 2.85))
    for x, y, sign in ((3.4, 7.6, "×"), (7.6, 7.6, "+"), (7.6, 5.6, "×"), (13.6, 4.6, "×")):
        _operator(axes, x, y, sign)
    _box(axes, 13.6, 6.1, 1.5, "tanh", plotting.COLOURS[6], height=0.8)
    for start, end in (
        ((3.4, 4.3), (3.4, 7.15)),
        ((6.2, 4.3), (7.25, 5.3)),
        ((9.0, 4.3), (7.95, 5.3)),
        ((7.6, 6.05), (7.6, 7.15)),
        ((13.6, 7.6), (13.6, 6.55)),
        ((13.6, 5.65), (13.6, 5.05)),
        ((12.6, 3.9), (13.2, 4.4)),
        ((14.05, 4.6), (14.9, 4.6)),
        ((1.0, 1.5), (1.6, 1.5)),
        ((7.2, 0.45), (7.2, 0.95)),
    ):
        _arrow(axes, start, end)
    axes.text(15.0, 4.6, "h, new", va="center", weight="bold", fontsize=9)
    axes.text(0.1, 2.2, "h, before", va="center", weight="bold", fontsize=9)
    axes.text(7.4, 0.4, "x, this word's vector (batch, dim)", va="center", fontsize=9)
    axes.text(3.1, 6.0, "how much\nstays", ha="right", va="center", fontsize=9)
    axes.text(6.2, 5.4, "how much\nis let in", ha="right", va="center", fontsize=9)
    axes.text(9.0, 5.4, "what would\nbe written", va="center", fontsize=9)
    axes.text(12.6, 5.1, "how much\nis shown", ha="right", va="center", fontsize=9)
    return figure, (
        "The cell's memory c is a thick line from left to right. It is first multiplied by the forget gate "
        "σ(f), then the product of the input gate σ(i) and the candidate tanh(g) is added to it. To the "
        "right a branch goes down through tanh and is multiplied by the output gate σ(o): the new h. All "
        "four, i, f, g and o, are parts of x W + h U + b, made of the word x and the h before."
    )


def gru_cell() -> tuple[Figure, str]:
    """Draws the GRU cell as a mixture of the old state and a candidate. Introduced in lesson 03.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = _canvas(8, 3.6, 16, 7.2)
    gate, memory = plotting.COLOURS[2], plotting.COLOURS[0]
    axes.plot((1.7, 14.2), (6.2, 6.2), color=memory, linewidth=3, linestyle="-", zorder=0)
    axes.text(0.1, 6.2, "h, before", va="center", weight="bold", fontsize=9)
    axes.text(14.4, 6.2, "h, new", va="center", weight="bold", fontsize=9)
    _box(axes, 4.0, 2.6, 2.6, "update\nz", gate, height=1.3)
    _box(axes, 7.6, 2.6, 2.4, "reset\nr", gate, height=1.3)
    _box(axes, 11.6, 2.6, 3.0, "candidate\ntanh(x_h + r · h_h)", gate, height=1.3)
    for x, y, sign in ((4.0, 6.2, "×"), (11.6, 6.2, "+"), (11.6, 4.6, "×")):
        _operator(axes, x, y, sign)
    for start, end in (
        ((4.0, 3.35), (4.0, 5.75)),
        ((8.9, 2.6), (10.0, 2.6)),
        ((11.6, 3.35), (11.6, 4.15)),
        ((11.6, 5.05), (11.6, 5.75)),
        ((5.4, 3.1), (11.1, 4.5)),
        ((4.0, 1.3), (4.0, 1.85)),
        ((7.6, 1.3), (7.6, 1.85)),
        ((11.6, 1.3), (11.6, 1.85)),
    ):
        _arrow(axes, start, end)
    products = "x W + b and h U + b′, each cut into three parts: z, r, h"
    _box(axes, 7.8, 0.8, 11.0, products, plotting.COLOURS[3], height=0.9)
    axes.text(4.3, 5.0, "z: how much stays", va="center", fontsize=9)
    axes.text(8.0, 4.3, "1 − z", va="center", ha="center", fontsize=9)
    axes.text(12.1, 5.2, "how much is let in", va="center", fontsize=9)
    return figure, (
        "The cell's state h is a thick line from left to right. It is multiplied by the update gate z, and "
        "the candidate, multiplied by 1 minus z, is added to it. The reset gate r acts inside the candidate, "
        "on what it takes from the old state. There is no second memory."
    )


def _operator(axes: Axes, x: float, y: float, sign: str) -> None:
    """A sum or a product, as a sign in a circle."""
    axes.plot(x, y, "o", markersize=19, markerfacecolor="white", markeredgecolor="black")
    axes.text(x, y, sign, ha="center", va="center", fontsize=13)


def _cell(
    axes: Axes,
    corner: tuple[float, float],
    width: float,
    height: float,
    label: str,
    frame: str | None = None,
    face: str | tuple | np.ndarray = "white",
    hatch: str | None = None,
) -> None:
    """A cell of a table, from its lower left corner; a colour for ``frame`` makes a thick frame of it."""
    style = {"edgecolor": frame or "0.5", "linewidth": 3 if frame else 1, "zorder": 3 if frame else 2}
    axes.add_patch(plt.Rectangle(corner, width, height, facecolor=face, hatch=hatch, **style))
    behind = {"facecolor": face, "edgecolor": "none", "pad": 1.5} if hatch else None
    centre = (corner[0] + width / 2, corner[1] + height / 2)
    axes.text(*centre, label, ha="center", va="center", fontsize=9, bbox=behind, zorder=4)


def _numbers(values: np.ndarray, between: str) -> str:
    """Numbers with two decimals, without negative zeros."""
    return between.join(f"{value + 0.0:.2f}" for value in np.round(values, 2))


# --- lesson 04: each drawing comes with its description -----------------------------------------------------

_GRAPH = {  # node of the two-layer network: (x, y)
    "x": (0.8, 3.4),
    "s": (4.0, 3.4),
    "h": (6.7, 3.4),
    "z": (9.8, 3.4),
    "loss": (12.6, 3.4),
    "A": (2.4, 0.9),
    "B": (8.2, 0.9),
}
_EDGES = (("x", "s", "x A"), ("s", "h", "max(0, s)"), ("h", "z", "h B"), ("z", "loss", "softmax and\n−log p"))


def computation_graph(
    values: Mapping[str, np.ndarray], gradients: Mapping[str, np.ndarray]
) -> tuple[Figure, str]:
    """Draws a two-layer network as a graph, with values forward and gradients backward.

    Introduced in lesson 04.

    Args:
        values: what each of the nodes "x", "A", "s", "h", "B", "z" and "loss" is, real arrays of at most 3
            numbers in a row.
        gradients: the gradient of the loss with respect to each node except "x", arrays of the same shapes.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = plt.subplots(figsize=(8, 3.9))
    axes.set(xlim=(0, 13.5), ylim=(-0.8, 5.0))
    axes.axis("off")
    backward = plotting.COLOURS[1]
    for start, end, operation in _EDGES:
        (left, y), (right, _) = _GRAPH[start], _GRAPH[end]
        _arrow(axes, (left + 0.55, y + 0.15), (right - 0.55, y + 0.15))
        axes.text((left + right) / 2, y + 0.35, operation, ha="center", va="bottom", fontsize=10)
        if start != "x":
            _arrow_back(axes, (right - 0.55, y - 0.15), (left + 0.55, y - 0.15))
    for matrix, end in (("A", "s"), ("B", "z")):
        (x, y), (right, top) = _GRAPH[matrix], _GRAPH[end]
        _arrow(axes, (x, y + 0.5), (right - 0.55, top - 0.05))
        _arrow_back(axes, (right - 0.35, top - 0.5), (x + 0.4, y + 0.5))
    for name, (x, y) in _GRAPH.items():
        matrix = name in "AB"
        _box(axes, x, y, 1.0, name, plotting.COLOURS[2 if matrix else 0], height=0.9)
        above = (x - 0.65, y, "right", "center") if matrix else (x, y + 0.95, "center", "bottom")
        below = (x + 0.65, y, "left", "center") if matrix else (x - 0.2, y - 0.6, "left", "top")
        for (text_x, text_y, across, up), arrays, style in (
            (above, values, {}),
            (below, gradients, {"color": backward, "style": "italic"}),
        ):
            if name in arrays:
                axes.text(text_x, text_y, _short(arrays[name]), ha=across, va=up, fontsize=9, **style)
    axes.text(6.0, -0.5, "upright: values, forward", ha="right", va="center", fontsize=9)
    axes.text(
        6.4, -0.5, "italic: gradients, backward", va="center", fontsize=9, color=backward, style="italic"
    )
    return figure, (
        "The network as a graph. Solid arrows run forward: x and the matrix A give s, max(0, s) gives h, h "
        "and the matrix B give the scores z, and these the loss, each with its values. Dashed arrows run "
        "back from the loss to z, to B and h, to s and to A, each node with its gradient, which has the "
        "shape of its values. Where s is negative, the gradient stops."
    )


def training_loop() -> tuple[Figure, str]:
    """Draws one step of training as a circle. Introduced in lesson 04.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = _canvas(8, 2.9, 13.5, 4.6)
    places = {
        "batch\nx, labels": (1.2, 3.2),
        "scores\nz = x W + b": (4.9, 3.2),
        "loss\none number": (8.6, 3.2),
        "gradients\nof W and b": (8.6, 0.9),
        "step\nW − η · gradient": (4.9, 0.9),
    }
    for number, (label, (x, y)) in enumerate(places.items()):
        _box(axes, x, y, 2.3, label, plotting.COLOURS[(6, 0, 1, 1, 2)[number]], height=1.1)
    for start, end, label in (
        ((2.4, 3.2), (3.7, 3.2), "forward"),
        ((6.1, 3.2), (7.4, 3.2), ""),
        ((8.6, 2.6), (8.6, 1.5), "  backward"),
        ((7.4, 0.9), (6.1, 0.9), ""),
        ((4.9, 1.5), (4.9, 2.6), "  new weights, next batch"),
    ):
        _arrow(axes, start, end)
        (x, y), (to_x, to_y) = start, end
        level = y == to_y
        axes.text(
            (x + to_x) / 2,
            (y + to_y) / 2 + 0.15 * level,
            label,
            ha="center" if level else "left",
            va="bottom" if level else "center",
            fontsize=10,
        )
    axes.text(11.7, 3.2, "all batches once:\none epoch", ha="center", va="center", fontsize=10)
    axes.text(
        11.7, 0.9, "then the validation set:\nforward only, no step", ha="center", va="center", fontsize=10
    )
    return figure, (
        "One step of training as a circle. A batch of inputs and labels goes forward to scores and to a "
        "loss, one number. Backward from there come the gradients of W and b, then the step, which takes the "
        "learning rate times the gradient from the weights. With the new weights the next batch begins. All "
        "batches once are an epoch; after it the validation set goes forward only, without a step."
    )


def data_splits(folds: int = 1) -> tuple[Figure, str]:
    """Draws which examples are learned from, which chosen by, which tested on. Introduced in lesson 04.

    Args:
        folds: int ≥ 1, 1 for a single validation set, more for cross-validation.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    blocks = max(folds, 5)
    figure, axes = plt.subplots(figsize=(8, 0.7 + 0.45 * folds))
    axes.set(xlim=(0, 12.2), ylim=(-folds - 0.1, 0.9))
    axes.axis("off")
    width = 9.0 / blocks
    for row in range(folds):
        for block in range(blocks):
            held_out = block == blocks - 1 - row
            axes.add_patch(
                plt.Rectangle(
                    (0.1 + block * width, -row - 0.85),
                    width,
                    0.75,
                    facecolor="white" if held_out else plotting.COLOURS[4],
                    edgecolor="black",
                    hatch="///" if held_out else None,
                    alpha=1 if held_out else 0.5,
                )
            )
            if held_out:
                label = {"facecolor": "white", "edgecolor": "none", "pad": 1.5}
                x = 0.1 + (block + 0.5) * width
                axes.text(x, -row - 0.47, "validation", ha="center", va="center", fontsize=9, bbox=label)
    axes.add_patch(
        plt.Rectangle((9.5, -folds + 0.15), 2.5, folds - 0.25, facecolor="0.85", edgecolor="black")
    )
    axes.text(10.75, (0.15 - folds) / 2, "looked at once", ha="center", va="center", fontsize=9)
    axes.text(4.5, 0.1, "to learn from and to choose by", ha="center", weight="bold")
    axes.text(10.75, 0.1, "test", ha="center", weight="bold")
    if folds == 1:
        return figure, (
            "A bar in two parts. The left one is for learning and choosing: four fifths of it are the "
            "training set, the last fifth, hatched, the validation set. The right one is the test set, "
            "looked at once, at the end."
        )
    return figure, (
        f"{folds} bars under one another, each cut into {folds} folds. In every bar another fold, hatched, "
        "is the validation set and the others are learned from. To the right stands the test set, which no "
        "bar touches."
    )


def _arrow_back(axes: Axes, start: tuple[float, float], end: tuple[float, float]) -> None:
    style = {"arrowstyle": "-|>", "color": plotting.COLOURS[1], "lw": 1.5, "linestyle": "--"}
    axes.annotate("", end, start, arrowprops=style)


def _short(array: np.ndarray) -> str:
    """The numbers of an array with two decimals, a row of them a line."""
    rows = np.atleast_2d(np.asarray(array, np.float64))
    return "\n".join("  ".join(f"{value + 0.0:.2f}" for value in np.round(row, 2)) for row in rows)


# --- lesson 05: each drawing comes with its description -----------------------------------------------------

_A, _B = plotting.COLOURS[0], plotting.COLOURS[1]  # the modality that asks, the one that is asked


def query_key_value() -> tuple[Figure, str]:
    """Draws attention for one query: scores, weights, and the mean of the values. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = _canvas(8, 3.6, 13, 6)
    _box(axes, 1.4, 2.8, 2.2, "query Q\n“key?”", _A)
    rows = (
        ("a cat", "0.02", "0, 0"),
        ("a key", "0.95", "0, 1"),
        ("grass", "0.02", "1, 0"),
        ("an owl", "0.02", "1, 1"),
    )
    for x, heading in ((4.5, "keys K"), (7.1, "weights"), (9.3, "values V")):
        axes.text(x, 5.6, heading, ha="center", va="center", weight="bold")
    for row, (shows, weight, value) in enumerate(rows):
        y = 4.75 - 1.15 * row
        _box(axes, 4.5, y, 1.6, shows, _B, height=0.9)
        axes.text(7.1, y, weight, ha="center", va="center", weight="bold" if row == 1 else "normal")
        _box(axes, 9.3, y, 1.4, value, _B, height=0.9)
        _arrow(axes, (2.6, 2.8), (3.65, y))
        _arrow(axes, (5.4, y), (6.5, y))
        _arrow(axes, (7.7, y), (8.5, y))
        _arrow(axes, (10.1, y), (11.1, 2.8))
    axes.text(3.0, 0.2, "score = Q · K / √d", ha="center")
    axes.text(6.0, 0.2, "softmax", ha="center")
    _box(axes, 12.0, 2.8, 1.7, "answer\n0, 1", _A)
    axes.text(10.6, 0.2, "mean, by weight", ha="center")
    return figure, (
        "The query of the word “key” meets the keys of four patches. The scores become weights by a "
        "softmax, 0.95 for the patch that shows a key and 0.02 for each other. The answer is the mean of "
        "the values with these weights: nearly row 0, column 1, the value of that patch."
    )


def cross_attention() -> tuple[Figure, str]:
    """Draws the cross-attention of lesson 05 with the shape of every array. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = _canvas(8, 4.2, 16, 8)
    _box(axes, 2.0, 6.4, 3.4, "questions, word ids\n(batch, 8, 7)", _A, height=1.3)
    _box(axes, 6.4, 6.4, 3.4, "sum of word vectors\n(batch, 8, 64)", _A, height=1.3)
    _box(axes, 2.0, 1.6, 3.4, "regions\n(batch, 36, 192)", _B, height=1.3)
    _box(axes, 6.4, 1.6, 3.4, "Dense + position\n(batch, 36, 64)", _B, height=1.3)
    _box(axes, 10.6, 4.0, 3.2, "attention\nweights\n(batch, 4, 8, 36)", plotting.COLOURS[2], height=2.0)
    _box(axes, 10.6, 6.9, 3.2, "+, small network\n(batch, 8, 64)", _A, height=1.3)
    _box(axes, 14.6, 6.9, 2.4, "Dense\n(batch, 8, 21)", plotting.COLOURS[6], height=1.3)
    for start, end in (
        ((3.8, 6.4), (4.6, 6.4)),
        ((3.8, 1.6), (4.6, 1.6)),
        ((7.6, 5.7), (8.9, 4.5)),
        ((7.6, 2.3), (8.9, 3.5)),
        ((10.6, 5.1), (10.6, 6.2)),
        ((8.2, 6.7), (8.9, 6.8)),
        ((12.3, 6.9), (13.3, 6.9)),
    ):
        _arrow(axes, start, end)
    axes.text(7.5, 4.9, "Q", ha="center", weight="bold")
    axes.text(7.2, 3.0, "K, V", ha="center", weight="bold")
    axes.annotate(
        "",
        (12.2, 4.2),
        (12.2, 6.4),
        arrowprops={
            "arrowstyle": "-|>",
            "color": "black",
            "connectionstyle": "arc3,rad=-0.5",
            "linestyle": "--",
        },
    )
    axes.text(13.1, 5.2, "second look,\nsame weights", va="center")
    return figure, (
        "Eight questions of seven word ids become eight vectors of 64 numbers, the queries. 36 regions of "
        "192 numbers become 36 vectors of 64, keys and values, with the position added. Four heads of "
        "attention give weights of shape batch, 4, 8, 36. What is found is added to the questions, a small "
        "network follows, and all of it is done once more with the same weights. A dense layer gives 21 "
        "logits for each question."
    )


_FAMILY = (  # title, rows of the tokens of a and of b, what stands below
    ("summed logits", 1, 1, "f(a) + g(b)"),
    ("concatenation", 1, 1, "f([a ; b])"),
    ("gated unit", 1, 1, "z a + (1 − z) b"),
    ("tensor, low-rank", 1, 1, "all aᵢ · bⱼ"),
    ("FiLM", 1, 3, "γ(a) bᵢ + β(a)"),
    ("self-attention", 3, 3, "each its own, then f([ā ; b̄])"),
    ("cross-attention", 3, 3, "a looks at b"),
    ("gated cross-att.", 3, 3, "a + tanh(α) · look at b"),
    ("co-attention", 3, 3, "each looks at the other"),
    ("bottleneck", 3, 3, "through four tokens"),
)


def fusion_family() -> tuple[Figure, str]:
    """Draws how the two modalities meet in ten kinds of fusion. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, grid = plt.subplots(2, 5, figsize=(9, 3.9))
    for axes, (title, count_a, count_b, formula) in zip(grid.flat, _FAMILY, strict=True):
        axes.set(xlim=(0, 4), ylim=(0, 4))
        axes.axis("off")
        axes.set_title(title, fontsize=11)
        axes.text(2.0, 0.3, formula, ha="center", fontsize=9)
        rows_a, rows_b = ([2.4] if count == 1 else [3.2, 2.4, 1.6] for count in (count_a, count_b))
        if title == "tensor, low-rank":
            _products(axes)
            continue
        x_a, x_b = (1.7, 2.3) if title == "concatenation" else (0.6, 3.4)
        for x, colour, name, rows in ((x_a, _A, "a", rows_a), (x_b, _B, "b", rows_b)):
            for y in rows:
                _box(axes, x, y, 0.6, name, colour, height=0.55)
        _meeting(axes, title, rows_a, rows_b)
    return figure, (
        "Ten small drawings. Summed logits: a and b each go through a network of their own, and their "
        "scores meet in a plus. Concatenation: a and b touch and go through one network. Gated unit: both "
        "meet in z. Tensor and low-rank: a stands beside and b above a grid of all products. FiLM: an arrow "
        "from the one a to every token of b. Self-attention: arrows among the tokens of a and among those of "
        "b, none between. Cross-attention: lines from every token of a to every token of b, with a gate on "
        "them in the gated form. Co-attention: arrows both ways. Bottleneck: both reach four tokens in the "
        "middle."
    )


def _products(axes: Axes) -> None:
    """Two vectors along the sides of the grid of all their products."""
    for i in range(3):
        _box(axes, 1.0, 2.9 - 0.6 * i, 0.5, f"a{'₁₂₃'[i]}", _A, height=0.5)
        _box(axes, 1.8 + 0.6 * i, 3.6, 0.5, f"b{'₁₂₃'[i]}", _B, height=0.5)
        for j in range(3):
            _box(axes, 1.8 + 0.6 * j, 2.9 - 0.6 * i, 0.5, "·", plotting.COLOURS[2], height=0.5)


def _meeting(axes: Axes, title: str, rows_a: list[float], rows_b: list[float]) -> None:
    """What stands between the tokens of a and those of b in one drawing of the family."""
    line = {"color": "0.45", "linewidth": 1, "linestyle": "-", "zorder": 0}
    if title in ("summed logits", "gated unit"):
        _box(axes, 2.0, 2.4, 0.6, "+" if title == "summed logits" else "z", plotting.COLOURS[2], height=0.6)
        _arrow(axes, (0.95, 2.4), (1.65, 2.4))
        _arrow(axes, (3.05, 2.4), (2.35, 2.4))
        if title == "summed logits":
            axes.text(1.3, 2.6, "f", ha="center", fontsize=10)
            axes.text(2.7, 2.6, "g", ha="center", fontsize=10)
    elif title == "concatenation":
        _arrow(axes, (2.0, 2.05), (2.0, 1.3))
        axes.text(2.2, 1.6, "f", fontsize=10)
    elif title == "FiLM":
        for y in rows_b:
            _arrow(axes, (0.95, 2.4), (3.05, y))
    elif title == "self-attention":
        for x in (1.15, 2.85):
            axes.annotate("", (x, 1.6), (x, 3.2), arrowprops={"arrowstyle": "<|-|>", "color": "black"})
    elif title == "bottleneck":
        for middle in (3.3, 2.7, 2.1, 1.5):
            _box(axes, 2.0, middle, 0.35, "", plotting.COLOURS[2], height=0.35)
            for y in rows_a:
                axes.plot((0.95, 1.8), (y, middle), **line)
                axes.plot((2.2, 3.05), (middle, y), **line)
    else:
        for y in rows_a:
            for other in rows_b:
                axes.plot((0.95, 3.05), (y, other), **line)
        arrow = "<|-|>" if title == "co-attention" else "-|>"
        axes.annotate("", (3.05, 1.1), (0.95, 1.1), arrowprops={"arrowstyle": arrow, "color": "black"})
        if title == "gated cross-att.":
            _box(axes, 2.0, 2.4, 0.9, "gate", plotting.COLOURS[2], height=0.6)


def elimination() -> tuple[Figure, str]:
    """Draws two ways to answer "where is the cat" by attention, over nine cells. Introduced in lesson 05.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, grid = plt.subplots(1, 3, figsize=(8, 3.1))
    titles = (
        "pointing:\nthe mean is the cat's position",
        "elimination:\none position is lacking in the mean",
    )
    titles += ("elimination with cells hidden:\nwhich of four is the cat's?",)
    hidden = (1, 3, 8)
    for number, (axes, title) in enumerate(zip(grid, titles, strict=True)):
        axes.set(xlim=(0, 3), ylim=(3, 0), aspect="equal", xticks=[], yticks=[])
        axes.grid(False)
        axes.set_title(title, fontsize=10)
        for cell in range(9):
            row, column = divmod(cell, 3)
            weight = (cell == 5, (cell != 5) / 8, (cell != 5 and cell not in hidden) / 5)[number]
            lacks = number == 2 and cell in hidden
            axes.add_patch(
                plt.Rectangle(
                    (column, row),
                    1,
                    1,
                    facecolor=plt.cm.Blues(0.7 * min(1.0, weight * 2.5)),
                    edgecolor="black",
                    hatch="//" if lacks else None,
                )
            )
            label = ("cat\n" if cell == 5 else "") + ("hidden" if lacks else f"{weight:.2f}")
            axes.text(column + 0.5, row + 0.5, label, ha="center", va="center", fontsize=10)
    return figure, (
        "Three boards of nine cells with the weight of each; the cat is in the middle row, right column. "
        "Pointing: weight 1 on the cat's cell, 0 elsewhere. Elimination: 0 on the cat's cell, an eighth on "
        "each other, so that one position is lacking in the mean. With three empty cells hidden they lack, "
        "too, and the cat's position is no longer the only one that does."
    )


def _canvas(width: float, height: float, columns: float, rows: float) -> tuple[Figure, Axes]:
    """A figure of so many inches with one invisible axes of columns × rows units."""
    figure, axes = plt.subplots(figsize=(width, height))
    axes.set(xlim=(0, columns), ylim=(0, rows))
    axes.axis("off")
    return figure, axes


# --- lesson 02: each drawing comes with its description -----------------------------------------------------

_PATCH, _ZERO = plotting.COLOURS[1], "0.85"  # where a kernel lies; the zeros of padding


def sliding_kernel(image: np.ndarray, kernel: np.ndarray, row: int, column: int) -> tuple[Figure, str]:
    """Draws one step of a convolution: the patch, the kernel, their products, the one value they add up to.

    Introduced in lesson 02.

    Args:
        image: real array (height, width), whole numbers of at most three characters.
        kernel: real array (kernel height, kernel width), likewise.
        row: int, row of the image on which the kernel's first row lies.
        column: int, column of the image on which the kernel's first column lies.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    image, kernel = np.asarray(image), np.asarray(kernel)
    height, width = kernel.shape
    windows = np.lib.stride_tricks.sliding_window_view(image, kernel.shape)
    feature_map = (windows * kernel).sum(axis=(2, 3))
    products = windows[row, column] * kernel
    grids = (  # numbers, title, the part that takes part, the sign behind it
        (image, "image", (row, column, height, width), "×"),
        (kernel, "kernel", None, "="),
        (products, "products", None, "add"),
        (feature_map, "feature map", (row, column, 1, 1), ""),
    )
    columns = sum(numbers.shape[1] for numbers, *_ in grids) + 1.6 * (len(grids) - 1)
    rows = max(numbers.shape[0] for numbers, *_ in grids)
    figure, axes = _canvas(8, 8 * (rows + 1.2) / (columns + 0.4), columns + 0.4, rows + 1.2)
    left = 0.2
    for numbers, title, part, sign in grids:
        top = (rows + numbers.shape[0]) / 2 + 0.2
        axes.text(left + numbers.shape[1] / 2, top + 0.4, title, ha="center", va="center", weight="bold")
        _cells(axes, left, top, numbers)
        if part:
            _frame(axes, left, top, *part)
        left += numbers.shape[1]
        if sign == "add":
            _arrow(axes, (left + 0.2, rows / 2), (left + 1.4, rows / 2))
            axes.text(left + 0.8, rows / 2 + 0.35, sign, ha="center", va="center")
        elif sign:
            axes.text(left + 0.8, rows / 2, sign, ha="center", va="center", fontsize=18)
        left += 1.6
    return figure, (
        f"An image of {image.shape[0]} by {image.shape[1]} numbers with a thick frame around the {height} by "
        f"{width} pixels on which the kernel lies, from row {row} and column {column}. Beside it the kernel, "
        f"then the products of what lies on top of each other. They add up to {feature_map[row, column]:g}, "
        f"the framed entry of the feature map of {feature_map.shape[0]} by {feature_map.shape[1]}, at row "
        f"{row} and column {column}."
    )


def convolution_settings() -> tuple[Figure, str]:
    """Draws a 3 × 3 kernel on 7 × 7 pixels: without padding, with it, with a stride, with dilation.

    Introduced in lesson 02.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    panels = (  # title, zeros on each side, stride, dilation
        ("valid", 0, 1, 1),
        ("padding: same", 1, 1, 1),
        ("stride 2", 0, 2, 1),
        ("dilation 2", 0, 1, 2),
    )
    figure, grid = plt.subplots(1, 4, figsize=(8, 2.8))
    positions = []
    for axes, (title, zeros, stride, dilation) in zip(grid, panels, strict=True):
        side, span = 7 + 2 * zeros, 2 * dilation + 1
        starts = range(0, side - span + 1, stride)
        positions.append(len(starts))
        axes.set(xlim=(-0.1, 9.1), ylim=(-1.6, 9.1), aspect="equal")
        axes.axis("off")
        axes.set_title(title)
        edge = 1 - zeros  # all four drawings have their 7 pixels in one place
        for row, column in np.ndindex(side, side):
            inside = zeros <= row < side - zeros and zeros <= column < side - zeros
            corner = (edge + column, 9 - edge - row - 1)
            face = "white" if inside else _ZERO
            axes.add_patch(plt.Rectangle(corner, 1, 1, facecolor=face, edgecolor="0.5", lw=0.8))
            if row % dilation == 0 and column % dilation == 0 and max(row, column) < span:
                axes.add_patch(plt.Circle((corner[0] + 0.5, corner[1] + 0.5), 0.3, color=plotting.COLOURS[0]))
            if not inside:
                axes.text(*np.add(corner, 0.5), "0", ha="center", va="center", fontsize=8)
        for start, colour, style in zip(starts[:2], (_PATCH, "black"), ("-", "--"), strict=True):
            frame = (edge + start, 9 - edge - span)
            axes.add_patch(plt.Rectangle(frame, span, span, fill=False, edgecolor=colour, lw=2, ls=style))
        count = len(starts)
        axes.text(4.5, -0.8, f"map {count} × {count}", ha="center", va="center")
    return figure, (
        "Four images of 7 by 7 pixels, on each a kernel of nine dots in a solid frame at its first position "
        "and a dashed frame at its second. Without padding the frame moves by one pixel and takes "
        f"{positions[0]} positions a side. With a border of zeros, drawn grey, it takes {positions[1]}, as "
        f"many as there are pixels. With stride 2 it moves by two pixels and takes {positions[2]}. With "
        f"dilation 2 the dots lie two pixels apart, the frame spans 5 pixels and takes {positions[3]}."
    )


def receptive_field_growth(layers: Sequence[tuple[int, int]]) -> tuple[Figure, str]:
    """Draws, along one axis, which entries below one entry of the last map depends on, down to the pixels.

    Introduced in lesson 02.

    Args:
        layers: sequence of (kernel, stride), ints, from the image upwards, one or more.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    counts = [1]  # entries that count, from the last map down to the pixels
    for kernel, stride in reversed(layers):
        counts.append((counts[-1] - 1) * stride + kernel)
    counts.reverse()
    names = ["pixels", *(f"map {number}" for number in range(1, len(layers) + 1))]
    step, width = 2.6, counts[0] + 8
    figure, axes = _canvas(8, 8 * step * len(counts) / width, width, step * len(counts))
    centres = np.arange(counts[0]) + 3.5
    for level, (name, count) in enumerate(zip(names, counts, strict=True)):
        y = step * (level + 0.5)
        if level:
            kernel, stride = layers[level - 1]
            below = [centres[entry * stride : entry * stride + kernel] for entry in range(count)]
            centres = np.array([under.mean() for under in below])
            for centre, under in zip(centres, below, strict=True):
                for x in under:
                    axes.plot((x, centre), (y - step + 0.4, y - 0.4), color="0.6", lw=0.8, ls="-")
            axes.text(width - 4, y - step / 2, f"k = {kernel}, s = {stride}", va="center", fontsize=10)
        for x in centres:
            corner = (x - 0.4, y - 0.4)
            axes.add_patch(plt.Rectangle(corner, 0.8, 0.8, facecolor="white", edgecolor=_PATCH, lw=1.5))
        axes.text(0.1, y, name, va="center", weight="bold")
        axes.text(width - 4, y, f"{count} of them", va="center", fontsize=10)
    below = [f"{count} of {name}" for name, count in zip(names[-2:0:-1], counts[-2:0:-1], strict=True)]
    below.append(f"{counts[0]} pixels")
    return figure, (
        "Rows of squares, one under the other, joined by lines. One entry of "
        f"{names[-1]} at the top depends on {', these on '.join(below)}: the field widens from row to row."
    )


def stacked_kernels(channels: int) -> tuple[Figure, str]:
    """Draws VGG's idea: two or three 3 × 3 kernels, one after another, see as far as one of 5 × 5 or 7 × 7.

    Introduced in lesson 02.

    Args:
        channels: int, channels in and out of every layer, for the counts of weights.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = _canvas(8, 4.7, 37, 21.7)
    axes.text(11.7, 21.0, "3 × 3 kernels, one after another", ha="center", va="center", weight="bold")
    axes.text(31.2, 21.0, "one kernel", ha="center", va="center", weight="bold")
    counts = []
    for depth, middle in ((2, 16.6), (3, 6.4)):
        side = 2 * depth + 1
        for left, sides in ((0.2, range(side, 0, -2)), (26.0, (side, 1))):
            layers, kernel = len(sides) - 1, sides[0] - sides[1] + 1
            counts.append(layers * kernel**2 * channels**2)
            _shrinking(axes, left, middle, sides, f"{kernel} × {kernel}")
            factor = f"{layers} · " if layers > 1 else ""
            axes.text(
                left,
                middle - side / 2 - 0.9,
                f"{factor}{kernel} · {kernel} · {channels} · {channels} = {counts[-1]:,} weights",
                va="center",
                fontsize=10,
            )
    return figure, (
        "Two rows of grids. Above, a patch of 5 by 5 pixels becomes 3 by 3 and then one entry by two kernels "
        f"of 3 by 3, with {counts[0]:,} weights at {channels} channels; beside it one kernel of 5 by 5 does "
        f"it at once, with {counts[1]:,}. Below, 7 by 7 pixels become 5 by 5, 3 by 3 and one entry by three "
        f"kernels, with {counts[2]:,} weights; one kernel of 7 by 7 has {counts[3]:,}."
    )


def batch_norm_modes(
    values: np.ndarray, moving_mean: float, moving_variance: float, epsilon: float = 1e-3
) -> tuple[Figure, str]:
    """Draws what batch norm makes of a channel, with the batch's own statistics and with the moving ones.

    Introduced in lesson 02.

    Args:
        values: float array (n,), one channel of a batch.
        moving_mean: float.
        moving_variance: float ≥ 0.
        epsilon: float > 0, added to the variance.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    values = np.asarray(values, np.float64)
    panels = (
        ("training=True: the batch's own", values.mean(), values.var()),
        ("training=False: the moving ones", moving_mean, moving_variance),
    )
    figure, grid = plt.subplots(1, 2, figsize=(8, 3.2), sharex=True)
    results = []
    for axes, (title, mean, variance) in zip(grid, panels, strict=True):
        normalised = (values - mean) / np.sqrt(variance + epsilon)
        results.append(normalised.mean() + 0.0)
        for before, after in zip(values, normalised, strict=True):
            axes.plot((before, after), (1, 0), color="0.7", lw=1, ls="-")
        axes.plot(values, np.ones(len(values)), "o", color=plotting.COLOURS[0])
        axes.plot(normalised, np.zeros(len(values)), "s", color=plotting.COLOURS[1])
        axes.plot(mean, 1.18, "v", color="black")
        said = f"mean {mean:.2f}, variance {variance:.2f}"
        axes.text(0.02, 0.97, said, va="top", fontsize=10, transform=axes.transAxes)
        axes.set(ylim=(-0.3, 1.5), yticks=(1, 0), yticklabels=("before", "after"), xlabel="value")
        axes.set_title(title)
    return figure, (
        f"Two drawings of the same {len(values)} values of a channel, dots above, and what batch norm makes "
        "of them, squares below, joined by lines. With the batch's own mean and variance the squares lie "
        f"around 0. With a moving mean of {moving_mean:.2f} and variance of {moving_variance:.2f} they lie "
        f"around {results[1]:.2f}."
    )


def _shrinking(axes: Axes, left: float, middle: float, sides: Sequence[int], kernel: str) -> None:
    """Grids of so many cells a side, the largest first; a frame shows what the first entry behind it sees."""
    for side, following in zip(sides, [*sides[1:], None], strict=True):
        top = middle + side / 2
        _cells(axes, left, top, np.full((side, side), ""))
        if following is None:
            return
        span = side - following + 1
        _frame(axes, left, top, 0, 0, span, span)
        left += side
        _arrow(axes, (left + 0.3, middle), (left + 2.3, middle))
        axes.text(left + 1.3, middle + 0.7, kernel, ha="center", va="center", fontsize=8)
        left += 2.6


def _cells(axes: Axes, left: float, top: float, numbers: np.ndarray) -> None:
    """A grid of unit squares with its upper left corner at (left, top), a number or a text in each."""
    for (row, column), value in np.ndenumerate(numbers):
        corner = (left + column, top - row - 1)
        axes.add_patch(plt.Rectangle(corner, 1, 1, facecolor="white", edgecolor="0.5", lw=0.8))
        label = value if isinstance(value, str) else f"{value + 0:g}"
        axes.text(corner[0] + 0.5, corner[1] + 0.5, label, ha="center", va="center", fontsize=10)


def _frame(axes: Axes, left: float, top: float, row: int, column: int, height: int, width: int) -> None:
    """A thick frame around so many cells of a grid that :func:`_cells` drew."""
    corner = (left + column, top - row - height)
    axes.add_patch(plt.Rectangle(corner, width, height, fill=False, edgecolor=_PATCH, lw=2.5))
