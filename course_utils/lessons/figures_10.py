"""What the figures of lesson 10 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "owl": (
        "An emoji of an owl and beside it, enlarged, four squares of eight by eight pixels, patches 13 to "
        "16: a piece of its wings, beak and belly, from left to right."
    ),
    "quarters": (
        "Four grey squares, each with one small emoji in one quarter, and above each the quarter's number: "
        "0 top left, 1 top right, 2 bottom left, 3 bottom right."
    ),
    "seeing": (
        "The loss of a projector over 40 steps of training. It falls steeply at first, from its largest "
        "value, then more slowly, and is lowest at the end."
    ),
    "together": (
        "For each test three marks with a line over three seeds, the share of right answers: a circle for "
        "one network for all modalities, a square for one per modality, a diamond for one for all without "
        "modality embeddings. The three lie close together in most tests."
    ),
    "scaling": (
        "Test loss against the number of weights on a logarithmic axis. Three kinds of marks for three "
        "amounts of text, twelve points, and near each kind a falling curve of the fitted law; more text "
        "lies lower. At the right a bar for the predicted interval of the model that was held back, and "
        "stars for what it reached."
    ),
    "ladder": (
        "Six rows from bottom to top: nothing near 0.1, projector near 0.4, projector with LoRA near 0.5, "
        "everything near 0.6, named cells and true description near 0.65. Circles for the trained styles and "
        "squares for the unseen one show the share of exact answers, with a line over three seeds."
    ),
    "asked": (
        "Four scenes in the unseen style, two by two, each a light picture with a few emoji on a board of "
        "three by three cells. Above each stand three questions with the model's answers: what is at the "
        "place of one of its things, where that thing is, and what is in the middle."
    ),
    "orders": (
        "Three scenes. Their empty cells are filled with pixels of many colours, like noise; in the others "
        "stand the things. Above each stands the same question and what the model answers to it."
    ),
    "cache": (
        "Four rising straight lines on logarithmic axes, the cache in megabytes against tokens. From top to "
        "bottom: LLaVA-1.5-7B, Qwen2.5-VL-7B about nine times lower, SmolVLM-256M, and ours at the bottom."
    ),
    "own-picture": "Your picture, squeezed to a square; without one, a drawn cat.",
    "own": "Your scene, enlarged: things in some cells of a board of three by three.",
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("10", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
