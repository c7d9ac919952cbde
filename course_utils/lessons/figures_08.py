"""What the figures of lesson 08 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "bats": (
        "Two drawings: A, an animal with wings, and B, a wooden bat with a ball. Below them one English "
        "sentence with two translations."
    ),
    "toy": (
        "The share of letters right against the number of letters, two to eight, with a line for each seed. "
        "Circles, attention: near 1 at every length. Grey dashed squares, one vector: near 1 at two letters, "
        "and falling with every further letter."
    ),
    "toy-map": (
        "A square map, position written against position read, eight each. Dark cells run from the top right "
        "to the bottom left, the other diagonal; their neighbours are pale grey, all else is white."
    ),
    "senses": (
        "Eight drawings in pairs: the two senses of bat, mouse, bow and letter. Below them the sentence that "
        "each is shown with, and its translation."
    ),
    "photographs": (
        "Photographs of things that ambiguous words may mean, each cut out and on white. Below them a "
        "sentence for each and its translation."
    ),
    "own": "The picture that your sentence was translated with, enlarged.",
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("08", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
