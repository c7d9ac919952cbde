"""What the figures of lesson 02 show, by name: their alt text and caption; and what stands over a picture."""

import textwrap

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "edge": (
        "Three images. A white square on black. Its vertical edges: on grey, which is 0, a white bar at the"
        " square's left side and a black one at its right. Its horizontal edges: a white bar at the upper "
        "side and a black one at the lower."
    ),
    "edge-turn": (
        "Two images. The white square under noise. The answer of the kernel: a bright bar at the square's "
        "left side and a dark one at its right, on grey. A wider kernel has wider and smoother bars and "
        "smoother grey around them; more noise makes all of it rougher."
    ),
    "field": (
        "Gradient of one entry with respect to an image of 48 by 48 pixels: 0 outside a dashed square of 22"
        " by 22 pixels, and inside it brightest around the middle, weak towards the border."
    ),
    "data": (
        "A cat's face, a hot pepper and a rocket in four styles each: Noto, Twemoji and OpenMoji, with flat"
        " colours or outlines, and Fluent, with soft shading and other proportions."
    ),
    "history": (
        "Two curves over twelve epochs, once loss and once accuracy. Both losses fall, the training loss, "
        "dots, to the end; the validation loss, squares, jumps about at first and in the last epochs stays "
        "above it. Both accuracies rise, validation in the end below training."
    ),
    "failures": (
        "The ten images of the unseen style that the network is most certainly wrong about, each under its "
        "answer with a question mark and, in brackets, its true group."
    ),
    "maps": (
        "A cat's face and the seven maps of the first layer that vary most over it, white where a filter "
        "answers: some over most of the yellow head, some on its upper part and ears, some around the "
        "mouth. The white background stays dark inside; lines along the border, in some maps, come from the"
        " zeros of the padding that meet the white background there."
    ),
    "cam": (
        "Four canvases with two emoji each, a dashed line between the halves and above each the group that "
        "was asked for, hit or miss, and its score, lowest in the miss; below each the same canvas in grey "
        "under its Grad-CAM in blocks of 8 pixels, from pale yellow, no evidence, to dark red. In the first "
        "three most of the evidence lies in the half with that group, though some lies on white background "
        "or on the other emoji; in the fourth, a miss, most of it lies in the other half."
    ),
    "neighbours": (
        "Three images of the unseen style under their groups, each with its four nearest neighbours among "
        "the training images by the cosine of their features, the nearest first. Above each its group, with "
        "a tick where it is the query's and a cross where not: mostly things of similar shape and colour, "
        "many of another group."
    ),
    "photographs-shares": (
        "Three panels, a row in each for four kinds of pictures: the share of right answers, with its "
        "interval. In every panel the drawings in the training style, circles, lie furthest right, then "
        "those in the unseen style, squares; the photographs on white, diamonds, and on noise, triangles, "
        "lie to the left of both. A dotted line shows what always naming the commonest would get."
    ),
    "photographs": (
        "Six concepts in columns. From top to bottom: a drawing in the training style, one in the unseen "
        "style, a photograph on white and the same on noise. Over each what the classifier answers, with a "
        "tick where it is right, and with a cross and the right concept in brackets where it is wrong."
    ),
    "photographs-failures": (
        "Eight photographs that the classifier takes for something else, two in a row, each under its right "
        "concept and followed by the drawings of the three concepts that were likeliest, with their names "
        "and probabilities."
    ),
    "own": (
        "An image of your own, as the encoder is given it, and the four emoji whose features are most "
        "similar, with their names."
    ),
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("02", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""


def verdict(answer: str, truth: str, width: int = 16) -> str:
    """Says over a picture what a model answered, and whether that is right.

    Args:
        answer: str, what it answered.
        truth: str, what is right.
        width: int, characters in a line at most, but for a longer word.

    Returns:
        str of one line or several: "✓ rose", or "✗ red envelope" and "(rose)".
    """
    parts = [f"✓ {answer}"] if answer == truth else [f"✗ {answer}", f"({truth})"]
    return "\n".join(textwrap.fill(part, width, break_long_words=False) for part in parts)
