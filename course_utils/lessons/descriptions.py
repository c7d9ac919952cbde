"""Descriptions of figures, kept by name in ``figures_NN.py``, in the language of the folder a lesson runs in.

Everything but a translated lesson gets the English, which costs nothing: no catalogue is read.
"""

import importlib
import importlib.util
from collections.abc import Callable
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.lessons.translation import Passage
from course_utils.places import TRANSLATIONS, language_here
from course_utils.words import DRAWINGS

if TYPE_CHECKING:
    from course_utils.lessons.catalogues import Catalogue

__all__ = ["in_this_folder", "offered", "stored"]

_KIND = "figure"


def in_this_folder(number: str, english: dict[str, str]) -> dict[str, str]:
    """Puts a lesson's descriptions into the language of the folder that its kernel runs in.

    Which one that is, :func:`course_utils.places.language_here` says.

    Args:
        number: str, the lesson's, such as "03".
        english: dict from the name of a figure to its description.

    Returns:
        dict with the same names; in English what is not translated, and everything where the catalogue is
        missing or cannot be read: no figure fails for its words.
    """
    language = language_here()
    if not language:
        return english
    from course_utils.lessons.catalogues import Catalogue  # half a second that English need not wait for

    for path in (TRANSLATIONS / language).glob(f"{number}_*.po"):
        try:
            catalogue = Catalogue.read(path)
        except CourseError:
            continue
        return {name: catalogue.find(_passage(name, text)) or text for name, text in english.items()}
    return english


def offered(number: str) -> list[Passage]:
    """Lists what of a lesson's figures can be translated, in their order.

    Args:
        number: str, the lesson's, such as "03".

    Returns:
        list of :class:`~course_utils.lessons.translation.Passage`; empty for a lesson without descriptions of
        this kind.
    """
    name = f"course_utils.lessons.figures_{number}"
    if not importlib.util.find_spec(name):
        return []
    return [_passage(*item) for item in importlib.import_module(name).ENGLISH.items()]


def stored(lesson: "Catalogue") -> Callable[[str], str]:
    """Makes what puts the descriptions that a lesson has stored, beside its pictures, into a language.

    Args:
        lesson: :class:`~course_utils.lessons.catalogues.Catalogue` of the lesson.

    Returns:
        Function of a description: one of the lesson's figures, of a drawing, or the first with more behind
        it, such as the makers of photographs. What has no translation stays in English.
    """
    from course_utils.lessons.messages import in_language  # it reads catalogues, which lessons do without

    figures = (passage for passage in lesson.entries if passage.context.startswith(f"{_KIND} "))
    known = {passage.text: words for passage in figures if (words := lesson.find(passage))}

    def translated(description: str) -> str:
        beginning = max(filter(description.startswith, known), key=len, default="")
        rest = description.removeprefix(beginning).lstrip()
        return known.get(beginning, "") + in_language(rest, lesson.language, DRAWINGS)

    return translated


def _passage(name: str, text: str) -> Passage:
    return Passage(f"{_KIND} {name}", text)
