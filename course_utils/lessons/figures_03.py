"""What the figures of lesson 03 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "tanh": (
        "Two curves. The tanh rises from -1 to 1 through 0, steeply in the middle and flat outside -3 and 3. "
        "Its slope is a bell: 1 at 0, nearly 0 beyond -3 and 3."
    ),
    "sigmoid": (
        "The sigmoid rises from 0 to 1 in the shape of an S. Three points are marked: one half at 0, 0.73 at "
        "1 and 0.98 at 4."
    ),
    "history": (
        "Loss against epoch. On the training reviews it falls to nearly 0. On the validation reviews it "
        "falls in the first epochs only and then rises. A dotted line marks the epoch with the smallest "
        "validation loss, early on, whose weights are kept."
    ),
    "slope-turn": (
        "The slope on a logarithmic axis against the words that it passes: a straight line from 1, which "
        "falls when the factor is below 1, is level at 1 and rises above."
    ),
    "gates": (
        "Size of the gradient on a logarithmic axis against words back, in two panels. Left, the cells as "
        "they start: three nearly straight lines fall from 1, the GRU's to 10⁻¹³ after 59 words, the simple "
        "RNN's to 10⁻¹⁰, the LSTM's to 10⁻⁶. Right, on a scale from 0.02 to 4, three that hardly fall: the "
        "simple RNN with small inputs and the GRU with its update gate open end at about 0.3; the LSTM with "
        "its forget gate open falls to one half at once, stays there for thirty words and rises above 1. "
        "Bands show three seeds."
    ),
    "encoder": (
        "A grid of six by six cosines: English names of six concepts against the Chinese names of the same "
        "six, none of them seen in training. In five rows the largest number stands on the diagonal, from "
        "0.7 for the train down to 0.1 for the cucumber. In the row of the crab it does not."
    ),
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("03", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
