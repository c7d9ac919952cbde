"""What the figures of lesson 01 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "orientation": (
        "Left, by the document's function: the arrow points to the left and the word UP lies on its side, a "
        "quarter turn anticlockwise. Right, read with its orientation: the arrow points up and UP reads "
        "normally."
    ),
    "backgrounds": "The same red arrow and the word UP over a white, a black and a teal background.",
    "alpha": (
        "Two photographs, cut out, in four versions each. A heron: without alpha it stands before the pale "
        "lake and the grass from which it was cut out; then on white, on teal and on grey stripes, with "
        "clean edges. Broccoli: without alpha it lies on black with white specks; then on the same three "
        "grounds."
    ),
    "zone": (
        "Four images. First the middle of the zone plate, a quarter of its side, four times larger than in "
        "the others: clean rings. The other three show all of it: shrunk four times by nearest neighbour, "
        "false ring systems appear all around the right one; by bilinear and by Lanczos, one small ring "
        "system remains on flat grey."
    ),
    "augment": (
        "The photograph of Grace Hopper and six versions of it, each cropped at another place, mirrored "
        "or not, brighter or darker."
    ),
    "alias-turn": (
        "The wave of a tone, dotted, and the slowest wave through the same twelve samples, solid; the "
        "samples taken at 8,000 Hz lie on both."
    ),
    "window": (
        "Spectrum of a 1,020 Hz tone. Without a window its level stays above -37 dB at every frequency; with "
        "the Hann window it falls steeply on both sides, below -80 dB."
    ),
    "mel": (
        "Twelve overlapping triangles, twice. Above, along the mel scale, all are equally wide. Below, the "
        "same along the frequency in Hz: narrow below 1,000 Hz and wider and wider above. Dots "
        "mark the bins of a frame of 256 samples."
    ),
    "mel-two": (
        "Log-mel spectrograms of seven by the two engines on one colour scale. By espeak-ng, noise over all "
        "bands for the s, then two stretches of bright bands for the vowels with a gap between them. By "
        "flite, shorter, with its strongest bands low; the gap between the vowels shows only in the bands "
        "above them."
    ),
    "own": "The image chosen in the cell above, as a centre crop of 128 × 128 pixels.",
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("01", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
