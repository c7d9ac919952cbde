"""Hands decisions to nbgrader: its gradebook, its graded notebooks, its feedback pages, its Formgrader.

nbgrader's own steps run, except the one that would execute a submission: in its place stand the outputs that
the referee has recorded.
"""

import json
import logging
import warnings
from datetime import datetime
from pathlib import Path

from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor
from traitlets.config import Config, PyFileConfigLoader

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.grading import exchange
from course_utils.grading.collect import WORK
from course_utils.grading.names import literally

__all__ = [
    "Course",
    "HideTests",
    "RecordedOutputs",
]


class Course:
    """nbgrader's course directory.

    Args:
        folder: Path, with ``nbgrader_config.py`` and ``source/``.
    """

    def __init__(self, folder):
        self.folder = Path(folder).resolve()
        self._log = logging.Logger("nbgrader", logging.ERROR)
        self._said = _Said()
        self._log.addHandler(self._said)

    def sources(self):
        """Return the Path of each assignment's source by its name."""
        return {path.parent.name: path for path in sorted((self.folder / "source").glob("*/*.ipynb"))}

    def result_path(self, student, lesson):
        """Return where the referee's result for a submission is kept."""
        return self.folder / WORK / "results" / student / f"{lesson}.json"

    def is_generated(self, lesson):
        """Say whether the gradebook knows an assignment as its source is now."""
        source = self.sources()[lesson]
        release = self.folder / "release" / lesson / source.name
        return release.exists() and release.stat().st_mtime_ns >= source.stat().st_mtime_ns

    def generate(self, lesson):
        """Make the release of an assignment and its entry in the gradebook, with nbgrader."""
        self._convert(GenerateAssignment, lesson, ".")

    def collect(self, lesson: str) -> list[str]:
        """Fetches what has been submitted through nbgrader's exchange, if this course has one.

        Args:
            lesson: str.

        Returns:
            list of str, what an instructor must know: what was not fetched, and why.
        """
        from nbgrader.auth import Authenticator
        from nbgrader.exchange import ExchangeFactory
        from nbgrader.exchange.default import ExchangeCollect

        config = self._config(lesson, "*")
        del config.CourseDirectory["submitted_directory"]
        coursedir = CourseDirectory(config=config)
        collector = ExchangeFactory(config=config).Collect(
            coursedir=coursedir,
            authenticator=Authenticator(config=config),
            config=config,
            log=self._log,
        )
        # Another kind of exchange, such as a service of a hub, has no folder to look into.
        if not isinstance(collector, ExchangeCollect):
            return []
        due = self._due(lesson) if collector.before_duedate else None
        return exchange.fetch(collector, self.folder / "submitted", due)

    def _due(self, lesson: str) -> datetime | None:
        with Gradebook(CourseDirectory(config=self._config(lesson, "*")).db_url) as book:
            try:
                return book.find_assignment(lesson).duedate
            except MissingEntry:
                return None

    def record(self, student: str, lesson: str, notebook: NotebookNode, timestamp: str) -> list[str]:
        """Enter a graded submission: gradebook, graded notebook, feedback page.

        Args:
            student: str.
            lesson: str.
            notebook: NotebookNode as graded, with outputs.
            timestamp: str, when it was submitted; "" if that is not known.

        Returns:
            list of str, what an instructor must know of it.

        Raises:
            CourseError: when its points cannot be entered.
        """
        import nbformat

        place = self.folder / WORK / "submitted" / student / lesson
        place.mkdir(parents=True, exist_ok=True)
        write_atomically(place / f"{lesson}.ipynb", nbformat.writes(notebook))
        if timestamp:
            write_atomically(place / "timestamp.txt", timestamp)
        self._convert(Autograde, lesson, student)
        self._convert(GenerateFeedback, lesson, student)
        return []

    def points(self, student, lesson):
        """Return what the gradebook knows of a submission.

        Args:
            student: str.
            lesson: str.

        Returns:
            dict from grade_id to (points or None while somebody has still to grade it, most points).
        """
        with Gradebook(CourseDirectory(config=self._config(lesson, student)).db_url) as book:
            try:
                grades = book.find_submission_notebook(lesson, lesson, student).grades
            except MissingEntry:
                return {}
            return {
                grade.name: (
                    None if grade.needs_manual_grade and grade.manual_score is None else grade.score,
                    grade.max_score,
                )
                for grade in grades
            }

    def is_entered(self, student: str, lesson: str) -> bool:
        """Says whether gradebook, graded notebook and feedback page are all there for a submission.

        Args:
            student: str.
            lesson: str.

        Returns:
            bool.
        """
        graded = self.folder / "autograded" / student / lesson / f"{lesson}.ipynb"
        page = self.folder / "feedback" / student / lesson / f"{lesson}.html"
        return graded.is_file() and page.is_file() and bool(self.points(student, lesson))

    def waits_for_points(self, student: str, lesson: str) -> bool:
        """Says whether somebody has still to give points for a submission, or to look at them again.

        Args:
            student: str.
            lesson: str.

        Returns:
            bool.
        """
        with Gradebook(CourseDirectory(config=self._config(lesson, student)).db_url) as book:
            try:
                grades = book.find_submission_notebook(lesson, lesson, student).grades
            except MissingEntry:
                return False
            return any(grade.needs_manual_grade for grade in grades)

    def _convert(self, converter, lesson, student):
        config = self._config(lesson, student)
        self._said.lines.clear()
        try:
            # nbgrader's own queries have SQLAlchemy warn of objects that it adds a moment later.
            warnings.filterwarnings("ignore", message="Object of type", module="nbgrader")
            literally(converter, student)(
                coursedir=CourseDirectory(config=config), config=config, log=self._log, force=True
            ).start()
        # nbgrader and nbconvert raise of every kind, and some end the program.
        except (Exception, SystemExit) as error:
            lines = [line for said in self._said.lines for line in said.strip().split("\n")]
            # The last line of a traceback is what was raised; nbgrader's own last words only point to it.
            reason = next(
                (line for line in reversed(lines) if ": " in line and "error log" not in line), error
            )
            raise CourseError(
                f"nbgrader cannot go on with {student} / {lesson}: {str(reason)[:500]}"
            ) from error

    def _config(self, lesson, student):
        config = PyFileConfigLoader("nbgrader_config.py", path=str(self.folder)).load_config()
        config.merge(
            Config(
                CourseDirectory={
                    "root": str(self.folder),
                    "assignment_id": lesson,
                    "student_id": student,
                    # Only what the referee has composed is ever converted.
                    "submitted_directory": f"{WORK}/submitted",
                }
            )
        )
        return config


class _Said(logging.Handler):
    def __init__(self):
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record):
        self.lines.append(record.getMessage())


class RecordedOutputs(NbGraderPreprocessor):
    """Gives a submission the outputs recorded when it ran in the sandbox, in place of running it here."""

    def preprocess(self, nb, resources):
        """Return the notebook with its recorded outputs.

        Args:
            nb: NotebookNode.
            resources: dict of nbconvert, with nbgrader's names of student and assignment.

        Returns:
            (nb, resources).

        Raises:
            RuntimeError: when this submission has not been graded by ``grade`` yet.
        """
        names = resources["nbgrader"]
        course = Course(self.parent.parent.coursedir.root)
        path = course.result_path(names["student"], names["assignment"])
        try:
            cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        except (OSError, ValueError, KeyError):
            cells = []
        if [cell.source for cell in nb.cells] != [cell["source"] for cell in cells]:
            raise RuntimeError(
                f"{names['student']}: not run, because submissions only run in isolation. In a terminal: "
                f"python3 -m course_utils grade {course.folder}"
            )
        for cell, recorded in zip(nb.cells, cells, strict=True):
            if cell.cell_type == "code":
                cell.outputs = [type(cell)(output) for output in recorded["outputs"]]
        return nb, resources


class HideTests(ClearHiddenTests):
    """Leaves hidden tests out of the feedback pages."""
