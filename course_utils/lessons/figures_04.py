"""What the figures of lesson 04 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "bowl-turn": (
        "The bowl from above, as lines of equal height, with the path of 30 steps from the left to the star "
        "at the minimum. Up to a rate of 0.1 it comes from one side; above, it jumps across the valley from "
        "step to step; at 0.2 the jumps stay as they are, and at 0.21 they grow."
    ),
    "log": (
        "The loss against the probability of the true class: it rises without limit towards 0 and is 0 at "
        "1. The first image lies at 0.67 with loss 0.41, the second at 0.05 with loss 3.1."
    ),
    "optimisers": (
        "Four contour maps of the bowl, each with an optimiser's path to the star at the minimum. SGD drops "
        "down the steep side, then crawls along the valley in ever smaller steps. Momentum swings to both "
        "sides and spirals in. Adam goes down diagonally in even steps and bends towards the star. AdamW "
        "does the same and is still short of it after its 60 steps, on the side of zero."
    ),
    "init": (
        "Standard deviation of the activations after each of ten layers, on a logarithmic axis, mean of "
        "three seeds. With weights of 0.05 it falls to 0.00002, with 0.4 it rises to 25,000, with the root "
        "of 2/100 it stays near 1."
    ),
    "range": (
        "Loss against learning rate on a logarithmic axis: flat at 2.3 up to 0.001, falling to about 0.4 "
        "between 0.2 and 0.8, then rising steeply. A dashed line stands at a tenth of the lowest point's "
        "rate, in the middle of the slope."
    ),
    "schedule": (
        "Learning rate against step: a straight line from 0 to the peak of 0.3 at step 20, then half a "
        "cosine down to 0 at step 228. Three points are marked: half way up, the peak, half way down."
    ),
    "colours": "Four small noisy pictures: two red, two blue.",
    "overfit": (
        "Loss over 40 epochs, twice. Without a remedy the training loss falls to nearly 0, while the "
        "validation loss falls to about 1.1 until epoch 10 and then rises to about 1.8, above the dotted "
        "line of knowing nothing. With dropout the training loss falls more slowly, and the validation loss "
        "rises later and less, to about 1.3."
    ),
    "curve": (
        "Share of right answers against the number of concepts learned from, 10 to 70 on a logarithmic "
        "axis, with the spread over five seeds. On training images it is 0.97 or more everywhere. On new "
        "concepts it rises slowly, from 0.53 to 0.62. Chance is 0.25."
    ),
    "failures": (
        "The five test images that the network got wrong with the greatest confidence, each with its true "
        "group, the group that it was taken for, and how sure the network was."
    ),
    "calibration": (
        "Two bar charts of the share of right answers against confidence, with the diagonal of a calibrated "
        "model and the number of images above each bar. As trained, most images are in the last bar, and "
        "the bars from 0.5 to 1 lie far below the diagonal. With temperature, the images are spread over "
        "the bars, and the three largest bars lie near the diagonal; smaller ones may be off it by a fifth."
    ),
    "temperature-turn": (
        "Share of right answers against confidence on the validation set, with the diagonal of a calibrated "
        "model and the number of images above each bar. A small temperature moves all images into the last "
        "bar, a large one to the left, above the diagonal."
    ),
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("04", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
