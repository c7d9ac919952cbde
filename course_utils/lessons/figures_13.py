"""What the figures of lesson 13 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "errors": (
        "Photographs on white that the fusion of seed 0 put on the wrong shelf. Above each stand its shelf "
        "and what was said."
    ),
    "results": (
        "A row for each system with its accuracy as a mark and the interval as a line. The text is farthest "
        "to the right, then the sum; picture and fusion are behind, and the computed majority is farthest to "
        "the left. The intervals are wide and overlap."
    ),
    "remedies": (
        "Eight rows, a remedy each. An open circle for the training accuracy and a square with a line over "
        "the seeds for the test accuracy, joined by a grey line. Circles lie near 1, but for early stopping "
        "and augmentation, which are near 0.85; squares all lie near 0.6, and their lines overlap."
    ),
    "real": (
        "The number of wrong captions found against the number read, most suspicious first. "
        "The curve of the search rises above the dashed line of chance at the beginning, and meets it at "
        "the end."
    ),
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("13", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
