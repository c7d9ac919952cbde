"""The languages that learners can read the lessons in."""

import functools
import html
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.lessons import descriptions
from course_utils.lessons.catalogues import COURSE, Catalogue, folder_of
from course_utils.lessons.editions import plain_markdown, shown_by_markdown
from course_utils.lessons.translation import Passage, translated
from course_utils.places import LANGUAGES, TRANSLATIONS

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["lessons_folder", "spellings", "translator", "written_in"]

_SHOWN = re.compile(r"(!\[|\*)(.+)(\]\(attachment:[^()]+\)|\*)", re.DOTALL)


def lessons_folder(folder: Path, language: str) -> Path:
    """Gives where a learner's lessons of a language lie.

    Each language but English has a folder of its own inside the learner's. So lessons have the same names in
    both and their links lead to each other, work in one language never touches work in the other, and both
    are seen beside each other in JupyterLab.

    Args:
        folder: Path, the learner's.
        language: str, a key of :data:`~course_utils.places.LANGUAGES`.

    Returns:
        Path.
    """
    return folder / language if LANGUAGES[language] else folder


def translator(language: str) -> Callable[["NotebookNode", str], "NotebookNode"]:
    """Makes what puts learner editions into a language.

    Args:
        language: str, a key of :data:`~course_utils.places.LANGUAGES`.

    Returns:
        Function of a learner edition, with outputs or without, and the name of its lesson. Of outputs the
        descriptions of pictures are translated; what is not translated stays in English.

    Raises:
        CourseError: when this copy of the course lacks the catalogues, or one of them cannot be read.
    """
    if not LANGUAGES[language]:
        return lambda notebook, name: notebook
    folder = folder_of(LANGUAGES[language])
    if not (folder / f"{COURSE}.po").is_file():
        raise CourseError(
            f"{folder}: there are no catalogues here, so this copy of the course has no lessons in the "
            f"language {language!r}. Take the whole course, or `--language en`."
        )
    sentences = Catalogue.read(folder / f"{COURSE}.po")

    def translate(notebook: "NotebookNode", name: str) -> "NotebookNode":
        lesson = Catalogue.read(folder / f"{name}.po")
        describe = descriptions.stored(lesson)

        def find(passage: Passage) -> str | None:
            return (
                lesson.find(passage)
                or sentences.find(Passage("", passage.text))
                or _shown_picture(passage.text, describe)
            )

        other = translated(notebook, find)
        for cell in other.cells:
            _describe_outputs(cell.get("outputs", []), describe)
        return other

    return translate


def _shown_picture(text: str, describe: Callable[[str], str]) -> str | None:
    """Gives a picture that the learner should see, or its caption, with another description."""
    found = _SHOWN.fullmatch(text)
    description = found and shown_by_markdown(found[2])
    words = found and describe(description)
    return None if words == description else found[1] + plain_markdown(words) + found[3]


def _describe_outputs(outputs: list["NotebookNode"], describe: Callable[[str], str]) -> None:
    """Puts the alt text of each picture and the caption below it into other words."""
    before = None
    for output in outputs:
        data = output.get("data", {})
        if "image/png" in data:
            before = output.metadata["image/png"]["alt"]
            output.metadata["image/png"]["alt"] = describe(before)
        elif "text/html" in data and data.get("text/plain") == before:
            words = (html.escape(text, quote=False) for text in (before, describe(before)))
            data["text/html"] = data["text/html"].replace(*words)


@functools.cache
def spellings(sentence: str) -> frozenset[str]:
    """Gives what stands for a sentence of the program in learner editions of every language.

    Args:
        sentence: str, one of :data:`~course_utils.lessons.translation.COURSE_SENTENCES`.

    Returns:
        frozenset of str, itself and its translations.
    """
    catalogues = map(Catalogue.read, TRANSLATIONS.glob(f"*/{COURSE}.po"))
    found = (catalogue.find(Passage("", sentence)) for catalogue in catalogues)
    return frozenset({sentence, *filter(None, found)})


def written_in(cells: Iterable["NotebookNode"]) -> str:
    """Says which language a learner's notebook is in, by how the sentences of its text end.

    Args:
        cells: of the notebook, with "cell_type" and "source".

    Returns:
        str, the folder of the language's catalogues, such as "zh_CN"; "" for English.
    """
    text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
    return LANGUAGES["zh"] if text.count("。") > len(re.findall(r"[a-z]\.(?=\s)", text)) else ""
