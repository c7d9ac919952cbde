"""Diagrams of lesson 12: backends of Keras, layouts of kernels, pipelines, workers and devices."""

from collections.abc import Mapping

import numpy as np
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = ["kernel_layouts", "one_model_three_backends", "parallel_kinds", "pipeline_timeline", "shared_step"]

_FIRST, _SECOND, _THIRD = plotting.COLOURS[:3]


def one_model_three_backends() -> tuple[Figure, str]:
    """Draws one Keras model in one file that three processes load, each with a backend. Lesson 12.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 3.2, 30, 9)
    shapes.box(axes, 3.6, 4.5, 5.6, "layers of Keras,\nwritten once", _FIRST, 2.2)
    shapes.arrow(axes, (6.5, 4.5), (8.3, 4.5))
    shapes.box(axes, 10.6, 4.5, 4.2, "fusion.keras\n(a file)", "0.4", 2.2)
    for row, backend in enumerate(("TensorFlow", "JAX", "PyTorch")):
        y = 7.5 - 3 * row
        shapes.arrow(axes, (12.8, 4.5), (14.7, y))
        shapes.box(axes, 17.1, y, 4.6, "keras.ops", _FIRST, 1.8)
        shapes.arrow(axes, (19.5, y), (21.3, y))
        shapes.box(axes, 23.7, y, 4.6, backend, (_SECOND, _THIRD, "0.4")[row], 1.8)
        axes.text(26.5, y, f"process {row + 1}", va="center", fontsize=10)
    return figure, (
        "From left to right: layers of Keras, written once, are saved as one file, fusion.keras. Three "
        "arrows lead from it to three processes. In each, the same keras.ops call another backend: "
        "TensorFlow in the first, JAX in the second, PyTorch in the third."
    )


def kernel_layouts(inputs: int = 2, outputs: int = 3) -> tuple[Figure, str]:
    """Draws the kernel of a dense layer as Keras keeps it and as PyTorch does. Lesson 12.

    Args:
        inputs: int ≥ 1.
        outputs: int ≥ 1.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    height = max(inputs, outputs) + 2.2
    figure, axes = shapes.canvas(7.5, 0.55 * height, 2 * (inputs + outputs) + 9, height)
    for title, rows, columns, left, number in (
        (f"Keras: ({inputs}, {outputs})", inputs, outputs, 2.4, lambda row, column: (row, column)),
        (
            f"torch: ({outputs}, {inputs})",
            outputs,
            inputs,
            2 * outputs + 6.4,
            lambda row, column: (column, row),
        ),
    ):
        for row, column in np.ndindex(rows, columns):
            source, target = number(row, column)
            colour = plotting.COLOURS[target % len(plotting.COLOURS)]
            corner = (left + 2 * column, height - 2.4 - row)
            shapes.cell(axes, corner, 2, 1, f"{'abcdefgh'[source]} → {target}", colour)
        axes.text(left + columns, height - 0.9, title, ha="center", fontsize=11)
    shapes.arrow(axes, (2 * outputs + 3.2, height / 2), (2 * outputs + 5.6, height / 2))
    return figure, (
        f"Left, the kernel of Keras: a table of {inputs} rows, one for each input, and {outputs} columns, "
        f"one for each output. Right, that of torch: the same numbers, {outputs} rows and {inputs} columns. "
        "The weight from input a to output 1 stands in the first row and second column at the left, in the "
        "second row and first column at the right."
    )


def pipeline_timeline(milliseconds: Mapping[str, float], items: int = 4) -> tuple[Figure, str]:
    """Draws when each stage works on which item, one after the other and overlapping. Lesson 12.

    Args:
        milliseconds: stage → duration of one item, in the order of the stages; one worker each.
        items: int ≥ 1, how many are followed.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    stages = list(milliseconds)
    alone, together = _follow(milliseconds, items, False), _follow(milliseconds, items, True)
    longest = max(end for _, end in alone.values())
    figure, axes = shapes.canvas(9, 0.42 * (2 * len(stages) + 4), longest * 1.16, 2 * len(stages) + 4)
    shift = longest * 0.14
    for top, title, times in (
        (2 * len(stages) + 3.2, "one after the other", alone),
        (len(stages) + 1.2, "overlapping", together),
    ):
        end = max(end for _, end in times.values())
        axes.text(shift, top - 0.3, f"{title}: {end:g} ms", fontsize=10, va="center")
        for row, stage in enumerate(stages):
            y = top - 1.5 - row
            axes.text(shift * 0.95, y + 0.4, stage, ha="right", va="center", fontsize=10)
            for item in range(items):
                start, end = times[stage, item]
                shapes.cell(
                    axes, (shift + start, y), end - start, 0.8, str(item + 1), plotting.COLOURS[item % 7]
                )
    ends = [max(end for _, end in times.values()) for times in (alone, together)]
    axes.text(shift, 0.2, "time →", fontsize=10, va="center")
    return figure, (
        f"Two tables with a row for each stage ({', '.join(stages)}) and time from left to right. A numbered "
        f"bar says which of {items} items the stage works on. Above, one after the other, item 2 begins when "
        f"item 1 is done with all, and the last ends after {ends[0]:g} ms. Below, overlapping, a stage takes "
        f"the next item at once, and the last ends after {ends[1]:g} ms; the slowest stage never waits."
    )


def _follow(
    milliseconds: Mapping[str, float], items: int, overlap: bool
) -> dict[tuple[str, int], tuple[float, float]]:
    """Gives when each stage begins and ends with each item."""
    times, free, last = {}, dict.fromkeys(milliseconds, 0.0), 0.0
    for item in range(items):
        now = 0.0 if overlap else last
        for stage, duration in milliseconds.items():
            start = max(now, free[stage])
            now = free[stage] = start + duration
            times[stage, item] = (start, now)
        last = now
    return times


def shared_step(workers: int = 2, each: int = 16) -> tuple[Figure, str]:
    """Draws one step of a training on several workers that add up their gradients. Lesson 12.

    Args:
        workers: int ≥ 2.
        each: int ≥ 1, examples of a worker's batch.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9.5, 1.4 + 0.75 * workers, 33, 3 * workers + 1)
    middle = (3 * workers + 1) / 2
    shapes.box(axes, 2.6, middle, 4.4, f"global batch:\n{workers * each}\nexamples", "0.4", 2.6)
    for worker in range(workers):
        y = 3 * workers - 1.1 - 3 * worker
        colour = plotting.COLOURS[worker]
        shapes.arrow(axes, (4.9, middle), (6.7, y))
        for x, width, label in (
            (9.0, 4.4, f"worker {worker}:\n{each} examples"),
            (15.2, 4.2, "its gradients,\nsummed"),
            (28.6, 5.0, "the same step,\nthe same weights"),
        ):
            shapes.box(axes, x, y, width, label, colour, 1.9)
        shapes.arrow(axes, (11.3, y), (13.0, y))
        shapes.arrow(axes, (17.4, y), (19.3, middle + (y - middle) * 0.35))
        shapes.arrow(axes, (23.9, middle + (y - middle) * 0.35), (26.0, y))
    shared = f"all-reduce:\nthe sum of all,\ndivided by {workers * each}"
    shapes.box(axes, 21.6, middle, 4.4, shared, _THIRD, 2.8)
    return figure, (
        f"A global batch of {workers * each} examples is divided among {workers} workers, {each} each. Each "
        "sums the gradients of its own examples. All arrows meet in one box, all-reduce, the sum of all "
        f"divided by {workers * each}, and lead from there back to every worker, which takes the same step "
        "and has the same weights again."
    )


def parallel_kinds() -> tuple[Figure, str]:
    """Draws what lies on which of two devices: the batch divided, or the weights. Lesson 12.

    Returns:
        matplotlib Figure and its description, for :func:`course_utils.plotting.show`.
    """
    figure, axes = shapes.canvas(9, 3.6, 32, 12)
    for left, title, split in ((0.5, "data parallel", "batch"), (16.8, "model parallel", "weights")):
        axes.text(left + 7, 11.3, title, ha="center", fontsize=12)
        for device in range(2):
            y, colour = 6.2 - 5.4 * device, plotting.COLOURS[device]
            axes.text(left, y + 4.6, f"device {device}", fontsize=10, va="center")
            rows = 2 if split == "batch" else 4
            for row in range(rows):
                name = f"example {row + 2 * device if split == 'batch' else row}"
                shapes.cell(axes, (left, y + 3.2 - row), 3.6, 1, name, colour if rows == 2 else None)
            axes.text(left + 4.4, y + 2.2, "×", fontsize=13, va="center", ha="center")
            columns = 4 if split == "batch" else 2
            for column in range(columns):
                name = f"w{column + 2 * device if split == 'weights' else column}"
                x = left + 5.2 + 1.6 * column
                shapes.cell(axes, (x, y + 0.2), 1.6, 4, name, colour if columns == 2 else None)
    return figure, (
        "Two ways to divide a product of a batch of four examples and a matrix of four columns between two "
        "devices. Left, data parallel: device 0 has examples 0 and 1, device 1 has examples 2 and 3, and "
        "each has all four columns of weights. Right, model parallel: each device has all four examples, "
        "device 0 has columns 0 and 1 of the weights, device 1 columns 2 and 3."
    )
