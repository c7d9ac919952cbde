"""A small course directory, and submissions as they come out of the referee."""

import copy
import sqlite3
from pathlib import Path

import nbformat
from nbformat import NotebookNode

from course_utils.grading.assignments import make_course
from course_utils.grading.gradebook import Course
from course_utils.grading.plan import compose, read_plan
from course_utils.places import NOTEBOOKS
from tests.grading.simulated import RIGHT_00, answered

LESSON = "00_orientation"
CHECK, WRITTEN = "ex-00-1-check", "ex-00-2"


def made(folder: Path) -> Course:
    """A course directory with the assignment of lesson 00."""
    make_course([NOTEBOOKS / f"{LESSON}.ipynb"], folder)
    course = Course(folder)
    course.generate(LESSON)
    return course


def graded(course: Course, text: str = "My answer.", passes: bool = True, own: tuple = ()) -> NotebookNode:
    """A submission as graded, with a written answer and own cells at its end."""
    plan = read_plan(course.sources()[LESSON])
    handed_in = answered(plan.release, ex_00_1_answer=RIGHT_00, ex_00_2=text)
    cells = [step.cell for step in compose(plan, handed_in)] + copy.deepcopy(list(own))
    error = {"output_type": "error", "ename": "CheckFailed", "evalue": "no", "traceback": ["CheckFailed: no"]}
    for cell in cells:
        if cell.metadata.get("nbgrader", {}).get("grade_id") == CHECK and not passes:
            cell.outputs = [nbformat.from_dict(error)]
    return nbformat.from_dict(nbformat.v4.new_notebook(cells=cells))


def page(course: Course, student: str) -> str:
    return (course.folder / "feedback" / student / LESSON / f"{LESSON}.html").read_text(encoding="utf-8")


def shown(course: Course, student: str) -> NotebookNode:
    """The notebook that Formgrader shows."""
    return nbformat.read(course.folder / "autograded" / student / LESSON / f"{LESSON}.ipynb", as_version=4)


def give_points(course: Course, student: str, cell: str, points: float, comment: str = "") -> None:
    """Give points as Formgrader does."""
    with course._gradebook() as book:
        grade = book.find_grade(cell, LESSON, LESSON, student)
        grade.manual_score, grade.needs_manual_grade = points, False
        if comment:
            book.find_comment(cell, LESSON, LESSON, student).manual_comment = comment
        book.db.commit()


def execute(course: Course, statement: str) -> list[tuple]:
    with sqlite3.connect(course.folder / "gradebook.db") as connection:
        return connection.execute(statement).fetchall()
