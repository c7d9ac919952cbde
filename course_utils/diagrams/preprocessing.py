"""Diagrams of lesson 01: pixels, three ways to make a square, merges, frames."""

from collections.abc import Mapping, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = ["folded_frequencies", "framing", "image_array", "merge_steps", "three_fits"]


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
    figure, axes = shapes.canvas(8, 1.3 + 0.55 * height, 16, 2.6 + 1.1 * height)
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
            shapes.cell(axes, corner, cell, 1.1, label, frame, face)
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
        1, 4, figsize=(8, 2.45), gridspec_kw={"width_ratios": (width / height, 1, 1, 1)}
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
        history: word → its pieces, before the first merge and after each; at most 6 entries of 4 short words.
        merges: the pair that each step joined, one fewer than ``history``.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    rows, words = len(history), list(history[0])
    figure, axes = shapes.canvas(8, 0.5 + 0.55 * rows, 16, 0.9 + 1.1 * rows)
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
                shapes.cell(axes, (x + 0.04, y - 0.38), width - 0.08, 0.76, piece, frame, face)
                x += width
    joined = ", ".join(f"{left} + {right}" for left, right in merges)
    end = "; ".join(f"{word} = {' | '.join(history[-1][word])}" for word in words)
    return figure, (
        f"A table with a column for each of the words {', '.join(words)}. In the first row each letter has a "
        f"box of its own. In each further row one pair is joined, drawn with a thick frame: {joined}. At the "
        f"end: {end}."
    )


def folded_frequencies(rate: int, tones: Sequence[float]) -> tuple[Figure, str]:
    """Draws which frequency is heard of each that is played, a line folded at half the sampling rate.

    Introduced in lesson 01.

    Args:
        rate: int, samples per second.
        tones: frequencies in Hz, at most one and a half times the rate, whose way is drawn.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    folds, heights = rate / 2 * np.arange(4), rate / 2 * np.array([0, 1, 0, 1])
    figure, axes = plt.subplots(figsize=(8, 2.8))
    axes.plot(folds, heights, "-")
    for fold, label in ((folds[1], "first fold:\nhalf the rate"), (folds[2], "the rate")):
        axes.axvline(fold, color="0.4", linewidth=1, linestyle="--")
        axes.text(fold + rate / 80, 0.56 * rate, label, va="center", fontsize=10)
    heard = np.interp(tones, folds, heights)
    for tone, height in zip(tones, heard, strict=True):
        axes.plot((tone, tone, 0), (0, height, height), ":", color=plotting.COLOURS[1])
        axes.plot(tone, height, "o", color=plotting.COLOURS[1])
    axes.set(xlim=(0, folds[3]), xticks=np.arange(13) * rate / 8, xlabel="frequency that is played (Hz)")
    axes.set(ylim=(0, 0.64 * rate), yticks=np.arange(5) * rate / 8, ylabel="heard (Hz)")
    axes.tick_params(labelsize=9)
    ways = ", ".join(f"{tone:,.0f} Hz at {height:,.0f} Hz" for tone, height in zip(tones, heard, strict=True))
    return figure, (
        f"A zigzag: what is heard rises with what is played up to {rate / 2:,.0f} Hz, half the sampling "
        f"rate, falls to 0 at {rate:,} Hz, the rate, and rises again. Dotted lines lead from tones that are "
        f"played to where they are heard: {ways}."
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
