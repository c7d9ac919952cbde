"""What the figures of lesson 09 show, by name: their alt text and caption."""

described = {
    "spectrogram": (
        "A spectrogram, 40 bands over about two seconds. Three bright patches, the digits, stand between dark "
        "pauses; within each patch bands of energy bend up or down as the vowels change."
    ),
    "gradient": (
        "Three tables of signs (blank, a, b) against four frames. The first holds the softmax, the second the "
        "posterior, which is larger for a in frames 0 and 1 and for b in frames 2 and 3. The third is their "
        "difference, negative at just these cells."
    ),
    "training": (
        "Two curves over 160 steps. Above, the loss falls from over a hundred to about one, on a logarithmic "
        "axis. Below, the share of frames that say blank: near 0 before training, nearly 1 a few steps later, "
        "then lower again as letters come."
    ),
    "peaky": (
        "Three panels over the same seconds. Above the waveform of three words with pauses; in the middle their "
        "spectrogram; below, the probability of the likeliest letter, which is near 0 for most of the time and "
        "has narrow peaks near 1, each with its letter above it. The dashed curve of the blank is its mirror image."
    ),
    "four-tests": "x.",
    "noise": "x.",
    "curve": "x.",
    "names": "x.",
    "photo": "x.",
    "both": "x.",
    "own": "x.",
}
"""Name of a figure → one or more sentences on what is to be seen."""
