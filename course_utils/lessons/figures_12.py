"""What the figures of lesson 12 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "boxes": (
        "A scene of 96 by 96 pixels with its objects, each in a thin black box that fits it closely, with "
        "the name of its category above: what the instances file says of this picture."
    ),
    "shuffled": (
        "Which item stands at which position of an epoch of 200 items. Left, with a buffer of 20, the points "
        "lie near the diagonal: early items come early, and only a few come late. Right, with a "
        "buffer of 200, they fill the whole square."
    ),
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("12", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
