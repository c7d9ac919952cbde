"""What the figures of lesson 11 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "examples": (
        "Six pictures in a row: one owl in the four styles noto, twemoji, openmoji and fluent, and two "
        "photographs of other things on white."
    ),
    "learning-curve": (
        "The share right in the unseen style against the number of labelled drawings, on a logarithmic "
        "axis. The probe's mean rises at every step, from about a third at 36 drawings to less than two "
        "thirds at 1,571; a narrow band goes from the lowest to the highest of three seeds. A dashed line "
        "far above is the teacher."
    ),
    "descent": (
        "The share of wrong answers against the number of random features, on a logarithmic axis, means "
        "with a band over three seeds. Without a penalty the test error falls, rises to a high peak at 200, "
        "marked by a line, as many features as examples, and falls again below its first valley. With a "
        "ridge penalty there is no peak. The training error reaches zero before 200 features and stays there."
    ),
    "exit": (
        "The share of right groups against the mean number of operations for a picture, two rising curves of "
        "eleven thresholds. Validation drawings of a training style lie far above the unseen style. A star "
        "marks the threshold that was chosen, on the curve of the unseen style."
    ),
    "curves": (
        "Four plots of the share of right digits: against noise on the picture, the signal-to-noise ratio "
        "from good to bad, the share of sounds missing and the share of pictures missing. Each has four "
        "curves: zeros or the mean, with and without modality dropout. The two without dropout lie on each "
        "other and fall further than those with it where the sound is noisy or missing. "
        "With pictures missing all stay near 1."
    ),
    "front": (
        "The share right in the unseen style against kilobytes of weights on a logarithmic axis, a mark for "
        "each remedy of the table. A line joins the circles on the Pareto front, from small to large: the "
        "student with 8 bits, 4 bits, and 8 bits. Crosses mark the rows that another row beats; the teacher "
        "is as high as 8 bits, at four times its size."
    ),
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("11", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
