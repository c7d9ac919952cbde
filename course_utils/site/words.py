"""The site's own words, in the language of its pages; what lessons and the README say is translated there."""

from collections.abc import Callable

from course_utils.lessons.catalogues import Catalogue, folder_of
from course_utils.lessons.translation import Passage
from course_utils.places import LANGUAGES

__all__ = ["COLAB", "SENTENCES", "SITE", "words"]

SITE = "site"
"""The catalogue of the site's own words."""

COLAB = (
    "Colab has neither the course nor its data: this cell fetches both. The figures in the text were\n"
    "computed with the versions in requirements.lock; Colab's own may give others in the last digits."
)
"""The comment above what fetches the course on Colab."""

SENTENCES = (
    "Multimodal models, hands on",
    "the course's authors",
    "the course's authors: code MIT, prose, pictures and sounds CC BY 4.0",
    "Open this lesson",
    "JupyterLab, on your computer",
    "Download, to work in",
    "This lesson (.ipynb)",
    "All lessons (.zip)",
    "Course",
    "Pages below this one",
    COLAB,
    # The theme's, where it has no translation.
    "Main",
    "Page",
    "Search...",
    "Color mode",
    "System Settings",
    "Toggle primary sidebar",
    "Toggle secondary sidebar",
)
"""What the site says by itself, apart from the pages in `docs/site`."""


def words(language: str) -> Callable[[str], str]:
    """Gives what puts the site's own words into a language.

    Args:
        language: str, a key of :data:`~course_utils.places.LANGUAGES`.

    Returns:
        Function of one of :data:`SENTENCES`; what has no translation stays in English.
    """
    if not LANGUAGES[language]:
        return lambda sentence: sentence
    catalogue = Catalogue.read(folder_of(LANGUAGES[language]) / f"{SITE}.po")
    return lambda sentence: catalogue.find(Passage("", sentence)) or sentence
