"""Diagrams of the whole course: its four steps, and the arrays that every modality becomes."""

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from course_utils import plotting
from course_utils.diagrams import shapes

__all__ = ["arrays_of_modalities", "four_steps"]


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
        shapes.box(axes, 0.9, y, 1.6, modality, plotting.COLOURS[6])
        shapes.box(axes, 3.5, y, 2.4, array, plotting.COLOURS[0])
        shapes.box(axes, 6.4, y, 2.0, network, plotting.COLOURS[2])
        shapes.arrow(axes, (1.75, y), (2.25, y))
        shapes.arrow(axes, (4.75, y), (5.35, y))
        shapes.arrow(axes, (7.45, y), (8.2, 3.25 + 0.6 * (1 - row)))
    shapes.box(axes, 9.1, 3.25, 1.7, "attention", plotting.COLOURS[1], height=2.2)
    shapes.box(axes, 11.6, 3.25, 1.4, "answer", plotting.COLOURS[6])
    shapes.arrow(axes, (10.0, 3.25), (10.85, 3.25))
    shapes.box(axes, 7.75, 0.5, 4.7, "3 training: adjust until answers fit", plotting.COLOURS[3], height=0.8)
    axes.plot((11.6, 11.6), (2.75, 0.5), color="black", linestyle="-", linewidth=1.5)
    shapes.arrow(axes, (11.6, 0.5), (10.2, 0.5))
    shapes.arrow(axes, (6.4, 0.95), (6.4, 1.4))
    shapes.arrow(axes, (9.1, 0.95), (9.1, 2.05))
    return figure


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
    figure, axes = shapes.canvas(8, 3.4, 16, 6.8)
    for x, heading in ((1.4, "file"), (5.2, "read"), (9.3, "made alike"), (13.7, "a batch")):
        axes.text(x, 6.3, heading, ha="center", va="center", weight="bold")
    for row, boxes in enumerate(rows):
        y = 5.0 - 1.95 * row
        colour = plotting.COLOURS[row]
        for x, width, label in zip((1.4, 5.2, 9.3, 13.7), (2.3, 3.0, 3.2, 4.0), boxes, strict=True):
            shapes.box(axes, x, y, width, label, colour, height=1.4)
        for start, end in ((2.65, 3.6), (6.8, 7.6), (11.0, 11.6)):
            shapes.arrow(axes, (start, y), (end, y))
    return figure, (
        "Three rows of boxes. An image file is read as pixels of any height and width, then resized and "
        "scaled to 224 by 224 by 3. A text file is read as a string and becomes token ids. A sound file is "
        "read as samples and becomes a log-mel spectrogram of frames by mels. At the end of each row stands "
        "a batch; those of text and sound have a mask, since texts and sounds differ in length."
    )
