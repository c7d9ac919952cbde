"""What the figures of lesson 10 show, by name: their alt text and caption."""

described = {
    "owl": (
        "An emoji of an owl and beside it six squares of eight by eight pixels, patches 12 to 17: a row of "
        "the picture at the height of its eyes, from left to right."
    ),
    "quarters": (
        "Four white squares, each with one small emoji in one quarter, and above each the quarter's number: "
        "0 top left, 1 top right, 2 bottom left, 3 bottom right."
    ),
}
"""Name of a figure → one or more sentences on what is to be seen."""
