"""What the library says to a learner, in the language of the folder that the lesson runs in.

Read by whatever `python3` the machine has, so it keeps to what Python 3.6 understands.
"""

from course_utils.places import language_here

__all__ = ["DRAWINGS", "LIBRARY", "MESSAGES", "in_this_folder", "tell"]

MESSAGES = "messages"
"""The catalogue of what the command line, grading and the ground say."""
LIBRARY = "library"
"""The catalogue of what else a lesson may be told: by the rooms that it calls, and by its own cells."""
DRAWINGS = "drawings"
"""The catalogue of what is said of drawings."""


def in_this_folder(sentence: str, *catalogues: str) -> str:
    """Puts what is said in English into the language of a lesson.

    Args:
        sentence: str, one or more finished sentences.
        catalogues: names of those that may have it.

    Returns:
        str, in the language that :func:`course_utils.places.language_here` says; in English what has no
        translation, and everything where there is none to be had: nothing fails for its words.
    """
    language = language_here()
    if not language:
        return sentence
    import course_utils  # the door: translations stand in a room above, and cost half a second

    try:
        return course_utils.in_language(sentence, language, *catalogues)
    except ImportError:  # a Python without the packages that read catalogues
        return sentence


def tell(sentence: str) -> None:
    """Prints what the library says, in the language of the lesson.

    Args:
        sentence: str, in English.
    """
    print(in_this_folder(sentence, LIBRARY, MESSAGES))
