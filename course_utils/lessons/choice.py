"""Which language a learner has chosen to read the lessons in."""

import locale
import os
from pathlib import Path

from course_utils.files import write_atomically
from course_utils.places import LANGUAGES

__all__ = ["CHOICE_FILE", "chosen", "remember"]

CHOICE_FILE = ".course-language"
_NAMES_IN_LOCALES = {"en": "en", "zh": "zh", "chinese": "zh"}  # Windows says Chinese (Simplified)_China


def chosen(folder: Path, asked: str | None) -> str:
    """Says which language to open lessons in: what is asked for, else what was last, else the locale's.

    Args:
        folder: Path, the learner's.
        asked: str, a key of :data:`~course_utils.places.LANGUAGES`, or None.

    Returns:
        str, a key of :data:`~course_utils.places.LANGUAGES`. A locale counts once a lesson is complete in its
        language.
    """
    if asked:
        return asked
    try:
        before = (folder / CHOICE_FILE).read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        before = ""
    if before in LANGUAGES:
        return before
    spoken = _of_the_locale()
    if not LANGUAGES[spoken]:
        return spoken
    # Half a second that English need not wait for.
    from course_utils.lessons.catalogues import complete_lessons, folder_of

    return spoken if complete_lessons(folder_of(LANGUAGES[spoken])) else "en"


def remember(folder: Path, language: str) -> None:
    """Keeps a choice for the next time, in the learner's folder.

    Raises:
        CourseError: when it cannot be written.
    """
    write_atomically(folder / CHOICE_FILE, f"{language}\n")


def _of_the_locale() -> str:
    # As POSIX has it: the first that is set, even to "C", decides.
    names = (os.environ.get(name) for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    name = next(filter(None, names), None) or locale.getlocale()[0] or ""
    # As gettext has it: a list of languages, best first, comes before a locale, but not before "C".
    wishes = "" if name in ("C", "POSIX") else os.environ.get("LANGUAGE", "")
    spoken = (
        language
        for wish in (*wishes.split(":"), name)
        for start, language in _NAMES_IN_LOCALES.items()
        if wish.lower().startswith(start)
    )
    return next(spoken, "en")
