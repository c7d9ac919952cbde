"""Model answers of the written questions, for a learner who works alone and has written an own one first.

Their translations have a catalogue of their own, which nothing reads that makes lessons, pages or kits.
"""

import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.lessons import choice, editions, languages
from course_utils.lessons.catalogues import ANSWERS, Catalogue, folder_of
from course_utils.lessons.translation import Passage, passages, translated
from course_utils.places import LANGUAGES, NOTEBOOKS

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["model_answer", "offered"]

_MARKERS = re.compile(r"^.*(BEGIN|END) SOLUTION.*\n?", re.MULTILINE)


def model_answer(
    number: str, folder: Path, notebooks: Path = NOTEBOOKS, readable: Iterable[str] = tuple(LANGUAGES)
) -> str:
    """Gives the model answer of a written question and its rubric, once the learner's own is written.

    Args:
        number: the exercise as its lesson numbers it, such as "3.6".
        folder: the learner's folder. Nothing in it is changed.
        notebooks: the folder of the worked edition.
        readable: of str, keys of :data:`~course_utils.places.LANGUAGES` that can be shown.

    Returns:
        Markdown, in the language of the lesson that the learner has answered in; in English what is not
        translated, and all of it where that language cannot be shown.

    Raises:
        CourseError: when there is no such exercise, it is answered in code, or the learner has written and
            saved nothing yet.
    """
    name, lesson = _find(number, notebooks)
    worked = _cells(lesson)
    if name not in worked:
        there = ", ".join(f"{number.partition('.')[0]}.{found.split('-')[2]}" for found in worked)
        raise CourseError(
            f"{number} is no written question of {lesson.name}; those are: {there or 'none'}. What is "
            "answered in code is judged by the check below it."
        )
    own = dict(_own_files(lesson, folder))
    answered = next((path for path in own if _is_answered(path, name)), None)
    if answered is None:
        there = next(filter(Path.is_file, own), next(iter(own)))
        raise CourseError(
            f"{there}: nothing is written for exercise {number} yet. Write your answer, save the lesson, "
            "then run this again."
        )
    spoken = own[answered]
    return _in_language(worked[name], LANGUAGES[spoken] if spoken in readable else "")


def offered(lessons: Iterable[Path]) -> list[Passage]:
    """Lists what of the model answers and rubrics can be translated, in their order.

    Args:
        lessons: of Path, of the worked edition.

    Returns:
        list of :class:`~course_utils.lessons.translation.Passage`.
    """
    cells = (cell for lesson in lessons for cell in _cells(lesson).values())
    return [passage for cell in cells for passage in passages(_only_answer(cell))]


def _own_files(lesson: Path, folder: Path) -> Iterator[tuple[Path, str]]:
    """Gives the learner's files of a lesson with their languages, first the one that lessons open in."""
    spoken = choice.chosen(folder, None)
    for language in sorted(LANGUAGES, key=lambda language: language != spoken):
        place = languages.lessons_folder(folder, language)
        for path in (place / lesson.name, *place.glob(f"{lesson.stem} (update *).ipynb")):
            yield path, language


def _in_language(cell: "NotebookNode", language: str) -> str:
    answer = _only_answer(cell)
    if language:
        answer = translated(answer, Catalogue.read(folder_of(language) / f"{ANSWERS}.po").find)
    return answer.cells[0].source


def _only_answer(cell: "NotebookNode") -> "NotebookNode":
    """Gives a notebook with nothing but the model answer and the rubric."""
    import nbformat.v4

    text = _MARKERS.sub("", cell.source).strip()
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text, id=cell.id)])


def _find(number: str, notebooks: Path) -> tuple[str, Path]:
    parts = re.fullmatch(r"(\d{1,2})\.(\d{1,2})", number)
    found = sorted(notebooks.glob(f"{int(parts[1]):02d}_*.ipynb")) if parts else []
    if not found:
        raise CourseError(f"{number!r} is no exercise; expected lesson and number, such as 3.6.")
    return f"ex-{int(parts[1]):02d}-{int(parts[2])}", found[0]


def _cells(lesson: Path) -> "dict[str, NotebookNode]":
    """Gives the cells for written answers by their grade_id."""
    cells = (cell for cell in editions.read_notebook(lesson).cells if cell.cell_type == "markdown")
    roles = ((cell.metadata.get("nbgrader", {}), cell) for cell in cells)
    return {role["grade_id"]: cell for role, cell in roles if role.get("solution")}


def _is_answered(path: Path, name: str) -> bool:
    cell = _cells(path).get(name) if path.is_file() else None
    return cell is not None and cell.source.strip() not in {"", *languages.spellings(editions.TEXT_STUB)}
