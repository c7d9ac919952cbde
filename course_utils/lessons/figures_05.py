"""What the figures of lesson 05 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "temperature": (
        "Ten bars, the attention weights of ten keys with the same random scores at every temperature. At a "
        "low temperature one bar reaches 1 and the others are gone; the higher it is, the more alike they "
        "become, until all are near 0.1."
    ),
    "reverse-map": (
        "A square map of attention weights, ten by ten: bright along the line from the top right to the "
        "bottom left corner, dark everywhere else. Output 0 looks at input 9, output 9 at input 0."
    ),
    "twelve-scenes": (
        "Twelve scenes of three to six emoji on soft backgrounds, each object in a thin black box. Above "
        "each a question with its answer, about a position, a thing, or what is beside a thing."
    ),
    "ladder": (
        "A row for each of six models, accuracy from 0 to 1. No positions: all near 0.25, “where is” near "
        "0.1. One vector per region, and row and column: all at 1. Row and column with nothing hidden: "
        "“where is” near 1, “beside” near 0.9 with a wide bar. One look: “where is” at 1, “beside” near one "
        "half. Two blocks: “where is” at 1, “beside” near 0.7 with the widest bar."
    ),
    "digits": (
        "Ten noisy images of digits, hardly readable, and below each the spectrogram of the same digit "
        "spoken under noise: eight steps of time from left to right, twenty bands of pitch from bottom to "
        "top."
    ),
    "digits-table": (
        "A row for each method, with its accuracy as a number. Circles, both modalities: image alone and "
        "sound alone near 0.6, all fusions between about 0.78 and 0.85, summed logits among the best. "
        "Squares and triangles, one modality missing at the test: most fusions fall below the single "
        "modality, those trained with modality dropout reach it. Chance is a dotted line at 0.1."
    ),
    "noise-curves": (
        "Accuracy against the sound-to-noise ratio, from -30 dB at the left to 0 dB at the right. Image "
        "only is a flat line near 0.6. Sound only rises from near chance to about 0.6. Summed logits and "
        "concatenation lie close together: near 0.45 at the far left, about 0.8 in the middle, and lower "
        "again at 0 dB."
    ),
    "parity-table": (
        "A row for each method. Circles: image alone, sound alone and summed logits lie on the dotted line "
        "of chance at 0.5; the other methods lie near 0.95. Squares, their EMAP: all near 0.5."
    ),
    "scenes-table": (
        "A row for each method. Circles, unseen scenes: the question alone near 0.1, the image alone near "
        "0.2, methods that fuse vectors and self-attention near 0.3, bottleneck near 0.4, FiLM near 0.7, "
        "co-attention near 0.85 with a wide bar, cross-attention, its gated form and cross-attention with "
        "no cell hidden at 1.0. Squares, the unseen art style: about 0.9 for cross-attention, 0.8 for co- "
        "attention, 0.6 for FiLM, the others nearly as before. Triangles, EMAP: below 0.5 for all. Dotted, "
        "1 of 21."
    ),
    "maps": (
        "Four scenes in the unseen art style, each with a question and the model's answer, two right and "
        "two wrong. Below each the same scene under the attention of the first and of the second look, "
        "bright where the weight is, with a cross on the largest weight and a box around the thing named "
        "and the thing that is the answer. In the second scene the answer is right and the cross of look 1 "
        "is outside the box."
    ),
    "own-scene": (
        "Your own scene, and beside it the same scene under the attention of the first and of the second "
        "look for your question: bright where the weight is, a cross on the largest weight, a box around "
        "the thing named."
    ),
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("05", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
