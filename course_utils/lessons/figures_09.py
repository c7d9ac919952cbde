"""What the figures of lesson 09 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "spectrogram": (
        "A spectrogram, 40 mel bands (the bins) over two and a half seconds. Three bright patches, the "
        "digits, stand between dark pauses; within each patch bands of energy bend up or down as the "
        "vowels change."
    ),
    "gradient": (
        "Three tables of signs (blank, a, b) against four frames. The first holds the softmax; the second "
        "the posterior, which is larger than it for a in frames 0 and 1 and for b in frames 2 and 3; the "
        "third their difference, negative at just these cells."
    ),
    "training": (
        "Two curves over 140 steps. Above, the loss falls from over a hundred to about one, on a "
        "logarithmic axis. Below, the share of frames that say blank: near 0 before training, nearly 1 a "
        "few steps later, then lower again as letters come."
    ),
    "peaky": (
        "Three panels over the same seconds. Above the waveform of three words with pauses; in the middle "
        "their spectrogram; below, the probability of the likeliest letter: near 0 in the pauses, with "
        "peaks and short plateaus near 1 that have letters above them. The dashed curve of the blank is "
        "high where it is low."
    ),
    "four-tests": (
        "Two panels, any letters and ten words known, with the share of wrong strings in four tests. "
        "Circles, as recorded, and squares, stretched and roughened, with a line over the seeds. Left: "
        "near 0 for voices heard; for voices never heard circles at about 0.2 and squares below 0.1; for "
        "another engine and for people both above 0.6. Right: near 0 for the first two, and between 0.1 "
        "and 0.6 for the others."
    ),
    "noise": (
        "Two panels, white noise and babble: the share of wrong strings against the signal-to-noise ratio, "
        "which falls from 20 dB on the left to 0 dB on the right. All curves rise. Circles, as recorded, "
        "lie above one half from the start; squares, stretched and roughened, begin low and rise faster "
        "under babble."
    ),
    "curve": (
        "Two panels, CER and WER against minutes of speech, with a line over the seeds at each point. "
        "Circles are greedy, squares the beam, a little lower; both fall with more minutes. Crosses at the "
        "right, training from scratch, lie a little above the circles."
    ),
    "names": (
        "Ten pictures in two rows, each with the name that a voice of another engine said and the name "
        "that was found. Where the two differ, the picture is that of another thing."
    ),
    "photo": (
        "Two drawings and beside each a photograph of the same kind of thing; above them the name that was "
        "said and the name that was found."
    ),
    "both": (
        "Two panels: the share of digits right against the signal-to-noise ratio of the sound, 20 dB on "
        "the left to −5 dB on the right. The picture alone is a level line. Left, our recogniser: the "
        "sound falls far below that line, the sum falls below it too, the tempered sum stays near it or "
        "above. Right, the larger one: it falls less, and the sum is nowhere below either."
    ),
    "own": "The spectrogram of your recording, 40 mel bands (the bins) over time.",
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("09", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
