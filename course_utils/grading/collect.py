"""Finds the submissions of a class: in nbgrader's course directory, or in a folder of notebooks."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError

__all__ = ["Submission", "collect", "is_course_directory"]


@dataclass(frozen=True)
class Submission:
    """One file that somebody has handed in.

    Attributes:
        student: str.
        lesson: str, name of the assignment; None when it cannot be told.
        path: Path.
        notes: str, what an instructor should know of it, or "".
    """

    student: str
    lesson: str | None
    path: Path
    notes: str = ""


def is_course_directory(folder):
    """Say whether a folder is one that ``assign`` has made."""
    return (folder / "nbgrader_config.py").is_file() and (folder / "source").is_dir()


def collect(folder, plans):
    """Find the submissions in a folder.

    In a course directory these are ``submitted/STUDENT/LESSON/*.ipynb``; in any other folder,
    ``STUDENT.ipynb`` and all notebooks below ``STUDENT/``, whatever their names: which lesson they belong to
    is told from the exercises in them.

    Args:
        folder: Path.
        plans: dict from lesson to :class:`~course_utils.grading.plan.Plan`.

    Returns:
        list of :class:`Submission`, one per student and lesson, ordered by both.

    Raises:
        CourseError: when there is none.
    """
    course = is_course_directory(folder)
    found = _submitted(folder / "submitted", plans) if course else _loose(folder, plans)
    if not found:
        expected = (
            "submitted/STUDENT/LESSON/LESSON.ipynb" if course else "STUDENT.ipynb or STUDENT/LESSON.ipynb"
        )
        raise CourseError(f"{folder}: there are no submissions here; expected files such as {expected}.")
    newest = {}
    for submission in sorted(found, key=lambda one: one.path.lstat().st_mtime):
        newest.setdefault((submission.student, submission.lesson or str(submission.path)), []).append(
            submission
        )
    return sorted(map(_last, newest.values()), key=lambda one: (one.lesson or "", one.student))


def _last(versions):
    *older, last = versions
    if not older:
        return last
    names = ", ".join(one.path.name for one in older)
    return Submission(
        last.student,
        last.lesson,
        last.path,
        "; ".join(filter(None, [last.notes, f"older than this, not graded: {names}"])),
    )


def _submitted(folder, plans):
    found = []
    for place in sorted(folder.glob("*/*")):
        if place.is_dir() and not place.name.startswith("."):
            student, lesson = place.parent.name, place.name if place.name in plans else None
            for path in _notebooks(place):
                renamed = path.stem != lesson and lesson
                found.append(
                    Submission(student, lesson, path, f"handed in as {path.name}" if renamed else "")
                )
    return found


def _loose(folder, plans):
    found = []
    for path in _notebooks(folder):
        inside = path.relative_to(folder).parts
        if inside[0] == "graded":
            continue
        student = re.sub(r"[^\w.@ -]", "_", inside[0] if len(inside) > 1 else path.stem)
        lesson = _lesson_of(path, plans)
        renamed = len(inside) > 1 and lesson and path.stem != lesson
        found.append(Submission(student, lesson, path, f"handed in as {path.name}" if renamed else ""))
    return found


def _notebooks(folder):
    return [
        path
        for path in sorted(folder.rglob("*.ipynb"))
        if not any(part.startswith(".") for part in path.relative_to(folder).parts)
        and (path.is_file() or path.is_symlink())
    ]


def _lesson_of(path, plans):
    """Tell the lesson from the grade_ids in a file, or else from its name."""
    ids = set()
    if not path.is_symlink() and path.stat().st_size < 2**25:
        try:
            cells = json.loads(path.read_bytes())["cells"]
            ids = {
                str(cell["metadata"]["nbgrader"]["grade_id"])
                for cell in cells
                if "nbgrader" in cell["metadata"]
            }
        # Any file may be here.
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError):
            ids = set()
    shared = {lesson: len(ids & plan.cells().keys()) for lesson, plan in plans.items()}
    best = max(shared, key=shared.get)
    if shared[best]:
        return best
    named = [lesson for lesson in plans if lesson in path.stem]
    return named[0] if named else best if len(plans) == 1 else None
