"""What the figures of lesson 06 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "three-sets": (
        "Three rows, one for each test set: R@10 from text to picture. In each the dual encoder is three "
        "circles, close together, with the interval of one seed as a thin line; below it a square for the "
        "dictionary, a triangle for the classifier and a cross for chance."
    ),
    "found": (
        "Six names of photographed things, two in a row, each with the three photographs that the model puts "
        "first, the best at the left. The name that was asked stands over the first of them. A tick says "
        "that a photograph shows the thing, a cross that it does not."
    ),
    "batch": (
        "Two panels, R@1 and R@10, with two curves each over the number of pairs that are compared with each "
        "other, 16 to 1,024: known concepts, circles, and new ones, squares, with bars of one standard "
        "deviation. The two galleries differ in size: compare how the curves rise and not their heights."
    ),
    "swapped": (
        "Four pairs of scenes with two emoji each, two pairs in a row. In the second scene of a pair the two "
        "have changed places, and so have their names in the caption above."
    ),
    "order-scenes": (
        "Three pairs of scenes in a row, each with two emoji in two of nine cells and a caption above. The "
        "second of a pair shows the same two in each other's place, and its caption exchanges them, too."
    ),
    "order-record": (
        "A row for each training, and its group score in three tests. The bag of words: all at 0; the bag of "
        "cells: about 0.1, both below the dotted line of chance at one sixth. With 1,500 samples, batches at "
        "random or both together: near 0.9. With 500: about 0.5, and for 360 epochs about 0.75. With 6,000: "
        "near 1."
    ),
    "search": (
        "The six pictures whose vectors lie nearest to that of the text in the box, the nearest at the "
        "left. Over each the beginning of its name and its cosine."
    ),
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("06", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
