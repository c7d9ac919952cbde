"""What the figures of lesson 07 show, by name: their alt text and caption."""

from course_utils.lessons.descriptions import in_this_folder

ENGLISH = {
    "scenes": (
        "Four scenes of three to six emoji on soft backgrounds. Over each its caption, which lists the "
        "things row by row."
    ),
    "loss": (
        "The loss per word over the steps of the training. It starts near a dotted line, knowing nothing, "
        "falls through a dashed one, the bigram model, within the first steps, and ends far below it."
    ),
    "greedy": (
        "Eight validation scenes. Over each the caption that the writer gives it: a tick where it is word "
        "for word the true one, “another order” where only the order differs, a cross where a thing is "
        "wrong or missing, if there is one."
    ),
    "attention": (
        "A test scene with four things, and the same scene once for each of the first seven words of its "
        "caption, bright where the weights are, all on one scale. Over each the word and its largest weight: "
        "at the names a few regions light up, at “and” all of the scene is nearly dark."
    ),
    "together": (
        "Four test scenes in which only one of two things stands, cat or key. Over each the caption of a "
        "writer that was trained on scenes where the two always come together: it names both. Below that the "
        "one that is not there."
    ),
    "beyond": (
        "A row for each set of new scenes, with a mark for each seed: F1, circles, and the share of captions "
        "that are all right, squares. For seven to nine things the circles lie lowest and the squares near "
        "0; in the unseen style the squares lie far below the circles."
    ),
    "more": (
        "Things in the caption against things in the scene, three to nine. A dotted diagonal: all things "
        "there. Circles: things named. Squares: different things that are named and there. Up to six both "
        "lie on the diagonal, and from there on at six."
    ),
    "photographs": (
        "White scenes with a drawn key at the top left, a drawn carrot at the bottom right, and the "
        "photograph of a thing in the middle. Over each what the photograph shows and what the caption "
        "names besides one key and one carrot."
    ),
    "own": "Your scene or picture, enlarged, with the caption that our writer gives it.",
}
"""Name of a figure → one or more sentences on what is to be seen."""
described = in_this_folder("07", ENGLISH)
"""The same in the language of the folder that the lesson runs in."""
