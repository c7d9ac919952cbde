"""Model answers of the written questions, for a learner who works alone and has written an own one first."""

import re
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.lessons import editions, languages
from course_utils.places import LANGUAGES, NOTEBOOKS

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["model_answer"]

_MARKERS = re.compile(r"^.*(BEGIN|END) SOLUTION.*\n?", re.MULTILINE)


def model_answer(number: str, folder: Path, notebooks: Path = NOTEBOOKS) -> str:
    """Gives the model answer of a written question and its rubric, once the learner's own is written.

    Args:
        number: the exercise as its lesson numbers it, such as "3.6".
        folder: the learner's folder. Nothing in it is changed.
        notebooks: the folder of the worked edition.

    Returns:
        Markdown.

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
    places = [languages.lessons_folder(folder, language) for language in LANGUAGES]
    own = [
        path
        for place in places
        for path in (place / lesson.name, *place.glob(f"{lesson.stem} (update *).ipynb"))
    ]
    if not any(_is_answered(path, name) for path in own):
        raise CourseError(
            f"{folder / lesson.name}: nothing is written for exercise {number} yet. Write your answer, save "
            "the lesson, then run this again."
        )
    return _MARKERS.sub("", worked[name].source).strip()


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
