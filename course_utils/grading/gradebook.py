"""Hands decisions to nbgrader: its gradebook, its graded notebooks, its feedback pages, its Formgrader.

nbgrader's own steps run, in a process of their own, except the one that would execute a submission: in its
place stand the outputs that the referee has recorded, and the text that may stand in a page (see ``pages``).
"""

import contextlib
import html
import logging
import os
import re
import shutil
import warnings
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import nbformat.v4
from jupyter_core.paths import jupyter_config_path
from nbformat import NotebookNode
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.preprocessors import ClearHiddenTests, NbGraderPreprocessor
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import SQLAlchemyError
from traitlets.config import Config, PyFileConfigLoader

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.grading import exchange
from course_utils.grading.bounded import Stopped, run_bounded
from course_utils.grading.by_hand import (
    HandPoints,
    digest,
    digests_of_texts,
    entry,
    known_texts,
    remember,
    take_back,
)
from course_utils.grading.collect import WORK
from course_utils.grading.pages import presentable, shown_as
from course_utils.grading.timestamps import to_utc

__all__ = [
    "Course",
    "HideTests",
    "RecordedOutputs",
]

_SETTINGS = "nbgrader_config.py"
_SECONDS, _MEMORY = 120.0, 3 * 2**30  # of nbgrader's steps for one submission

_NO_NAME = re.compile(r'[<>"\x00-\x1f\x7f-\x9f\ud800-\udfff]')

_AGAIN = "`grade` enters again what was decided automatically; points given by hand stand only there."
_REMEDIES = {
    "locked": "Another program holds it: close it, or wait until it has finished, and grade again.",
    "not a database|malformed|disk image": f"It is damaged: put back a copy, or move it away. {_AGAIN}",
    "is full": "The disk is full: free some space and grade again.",
    "readonly|unable to open": "Check that you may write the file and its folder, and grade again.",
    "no such column|no such table": "Another version of nbgrader made it: `nbgrader db upgrade` renews it.",
}

_AUTOGRADE = [
    "course_utils.grading.gradebook.RecordedOutputs",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
_FEEDBACK = [
    "nbgrader.preprocessors.GetGrades",
    "course_utils.grading.gradebook.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]


class Course:
    """nbgrader's course directory.

    Args:
        folder: Path, with ``nbgrader_config.py`` and ``source/``.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = Path(folder).resolve()
        self._log = logging.Logger("nbgrader", logging.ERROR)
        self._said = _Said()
        self._log.addHandler(self._said)

    def sources(self) -> dict[str, Path]:
        """Gives the Path of each assignment's source by its name."""
        return {path.parent.name: path for path in sorted((self.folder / "source").glob("*/*.ipynb"))}

    def result_path(self, student: str, lesson: str) -> Path:
        """Gives the place where the referee's result for a submission is kept."""
        return self.folder / WORK / "results" / student / f"{lesson}.json"

    def is_generated(self, lesson: str) -> bool:
        """Says whether release and gradebook know an assignment as its source is now.

        Args:
            lesson: str.

        Returns:
            bool.

        Raises:
            CourseError: when the gradebook cannot be read.
        """
        source = self.sources()[lesson]
        release = self.folder / "release" / lesson / source.name
        if not release.exists() or release.stat().st_mtime_ns < source.stat().st_mtime_ns:
            return False
        roles = [cell.metadata.get("nbgrader", {}) for cell in nbformat.read(source, as_version=4).cells]
        with self._gradebook() as book:
            try:
                known = book.find_notebook(source.stem, lesson).grade_cells
            except MissingEntry:
                return False
            return {cell.name: cell.max_score for cell in known} == {
                role["grade_id"]: float(role["points"]) for role in roles if role.get("grade")
            }

    def generate(self, lesson: str) -> None:
        """Makes the release of an assignment and its entry in the gradebook, with nbgrader.

        Args:
            lesson: str.

        Raises:
            CourseError: when nbgrader refuses it.
        """
        self._convert(GenerateAssignment, lesson)

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

        config = _exchange_of_accounts()
        config.merge(self._config(lesson))
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
        with self._gradebook() as book:
            try:
                return book.find_assignment(lesson).duedate
            except MissingEntry:
                return None

    def record(self, student: str, lesson: str, notebook: NotebookNode, timestamp: str) -> list[str]:
        """Enters a graded submission: gradebook, graded notebook, feedback page.

        Points that were given by hand for another text are taken back; the comment then names them.

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
        if _NO_NAME.search(student):
            raise CourseError(
                f"{student!a}: nbgrader cannot use this name: its pages would read one of its "
                'characters (< > " or an invisible one) as their own. Rename the folder and grade again.'
            )
        moment, wrong = to_utc(timestamp)
        notes = [wrong] if wrong else []
        arguments = (self.folder, student, lesson, notebook, moment)
        try:
            notes += _bounded(_enter, *arguments, False)
        except Stopped as stopped:
            notes.append(f"its text cells are shown as they were written: when they are formatted, {stopped}")
            try:
                _bounded(_enter, *arguments, True)
            except Stopped as again:
                raise CourseError(f"{student} / {lesson}: it cannot be entered: {again}.") from again
        return notes + self._make_page(student, lesson)

    def _make_page(self, student: str, lesson: str) -> list[str]:
        """Makes the feedback page, or else one that gives the points and says why."""
        try:
            _bounded(_show, self.folder, student, lesson)
        except (Stopped, CourseError) as error:
            page = self._place("feedback", student, lesson)
            reason = f"the feedback page could not be made: {error}"
            try:
                shutil.rmtree(page, ignore_errors=True)
                page.mkdir(parents=True, exist_ok=True)
                points = self.points(student, lesson)
                write_atomically(page / f"{lesson}.html", _page_without_notebook(lesson, points, reason))
            except (OSError, CourseError) as second:
                reason = f"{reason}; {second}"
            return [reason]
        return []

    def address_page(self, student: str, lesson: str, handed_in: Path) -> None:
        """Has nbgrader's ``release_feedback`` give a feedback page to whoever has handed in, and nobody else.

        Args:
            student: str.
            lesson: str.
            handed_in: Path of the folder with the submission.

        Raises:
            CourseError: when it cannot be written.
        """
        exchange.address(handed_in, self._place("feedback", student, lesson))

    def is_entered(self, student: str, lesson: str) -> bool:
        """Says whether gradebook, graded notebook and feedback page hold what was recorded last.

        Args:
            student: str.
            lesson: str.

        Returns:
            bool.

        Raises:
            CourseError: when the gradebook cannot be read.
        """
        try:
            kept = digest(self._kept_path(student, lesson).read_bytes())
        except OSError:
            return False
        graded = self._place("autograded", student, lesson) / f"{lesson}.ipynb"
        page = self._place("feedback", student, lesson) / f"{lesson}.html"
        if not graded.is_file() or not page.is_file():
            return False
        with self._gradebook() as book:
            submission = entry(book, student, lesson)
            return submission is not None and known_texts(book, submission).get("") == kept

    def waits_for_points(self, student: str, lesson: str) -> bool:
        """Says whether somebody has still to give points for a submission, or to look at them again.

        Args:
            student: str.
            lesson: str.

        Returns:
            bool.

        Raises:
            CourseError: when the gradebook cannot be read.
        """
        with self._gradebook() as book:
            submission = entry(book, student, lesson)
            return submission is not None and any(grade.needs_manual_grade for grade in submission.grades)

    def points(self, student: str, lesson: str) -> dict[str, tuple[float | None, float]]:
        """Gives what the gradebook knows of a submission.

        Args:
            student: str.
            lesson: str.

        Returns:
            dict from grade_id to (points or None while somebody has still to grade it, most points).

        Raises:
            CourseError: when the gradebook cannot be read.
        """
        with self._gradebook() as book:
            submission = entry(book, student, lesson)
            return {
                grade.name: (
                    None if grade.auto_score is None and grade.manual_score is None else grade.score,
                    grade.max_score,
                )
                for grade in (submission.grades if submission else ())
            }

    def kept(self, student: str, lesson: str) -> NotebookNode | None:
        """Gives the notebook that was entered last for a submission.

        Args:
            student: str.
            lesson: str.

        Returns:
            NotebookNode with outputs, as it is shown; None if there is none.
        """
        try:
            notebook = nbformat.v4.reads(self._kept_path(student, lesson).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return notebook if notebook.get("metadata", {}).get("presentable") else None

    def _enter(
        self, student: str, lesson: str, notebook: NotebookNode, moment: str, plain: bool
    ) -> list[str]:
        """Enters a submission in this process."""
        shown, notes = presentable(notebook, plain)
        shown.metadata["presentable"] = True
        content = nbformat.writes(shown).encode()
        before = self._entered_texts(student, lesson)
        self._keep(student, lesson, content, moment)
        with self._gradebook() as book:
            known = entry(book, student, lesson)
            by_hand = take_back(book, known, notebook, before) if known else HandPoints()
        self._convert(Autograde, lesson, student)
        with self._gradebook() as book:
            submission = book.find_submission_notebook(lesson, lesson, student)
            # Autograding marks all points by hand as doubtful.
            for grade in submission.grades:
                if grade.name in by_hand.settled | by_hand.taken:
                    grade.needs_manual_grade = grade.name in by_hand.taken
            remember(book, submission, {**digests_of_texts(notebook), "": digest(content)})
            book.db.commit()
        return notes + by_hand.notes

    def _keep(self, student: str, lesson: str, content: bytes, moment: str) -> None:
        """Writes what nbgrader is to take for the submission."""
        path = self._kept_path(student, lesson)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            (path.parent / "timestamp.txt").unlink(missing_ok=True)
        except OSError as error:
            raise CourseError(f"{path.parent}: the folder cannot be used: {error.strerror}.") from error
        write_atomically(path, content)
        if moment:
            write_atomically(path.parent / "timestamp.txt", moment)

    def _entered_texts(self, student: str, lesson: str) -> dict[str, str]:
        """Gives the digests of the texts in the graded notebook, which is what people give points for."""
        path = self._place("autograded", student, lesson) / f"{lesson}.ipynb"
        try:
            return digests_of_texts(nbformat.v4.reads(path.read_text(encoding="utf-8")))
        # Somebody may have put anything there.
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return {}

    def _place(self, step: str, student: str, lesson: str) -> Path:
        return self.folder / step / student / lesson

    def _kept_path(self, student: str, lesson: str) -> Path:
        return self._place(f"{WORK}/submitted", student, lesson) / f"{lesson}.ipynb"

    @contextlib.contextmanager
    def _gradebook(self) -> Iterator[Gradebook]:
        coursedir = CourseDirectory(config=self._config(""))
        try:
            with Gradebook(coursedir.db_url, coursedir.course_id) as book:
                yield book
        except SQLAlchemyError as error:
            place = make_url(coursedir.db_url).database or coursedir.db_url
            raise CourseError(f"{place}: {_trouble(error)}") from error

    def _convert(self, converter: type, lesson: str, student: str | None = None) -> None:
        """Runs one of nbgrader's steps for a student, or for nobody in particular."""
        config = self._config(lesson)
        self._said.lines.clear()
        try:
            # nbgrader's own queries have SQLAlchemy warn of objects that it adds a moment later.
            warnings.filterwarnings("ignore", message="Object of type", module="nbgrader")
            step = _exactly(converter, student)
            step(coursedir=CourseDirectory(config=config), config=config, log=self._log, force=True).start()
        # nbgrader and nbconvert raise of every kind, and some end the program.
        except (Exception, SystemExit) as error:
            what, why = f"{student or 'the assignment'} / {lesson}", _reason(error, self._said.lines)
            raise CourseError(f"nbgrader cannot go on with {what}: {why[:500]}") from error

    def _config(self, lesson: str) -> Config:
        config = _settings_in(self.folder)
        gradebook = URL.create("sqlite", database=str(self.folder / "gradebook.db"))
        config.merge(
            Config(
                CourseDirectory={
                    "root": str(self.folder),
                    # nbgrader's own address means another file where the path has a percent or question mark.
                    "db_url": config.CourseDirectory.get("db_url", gradebook.render_as_string()),
                    "assignment_id": lesson,
                    # Only what the referee has composed is ever converted.
                    "submitted_directory": f"{WORK}/submitted",
                },
                # Whatever the settings say, no submission runs here and no hidden test is shown.
                Autograde={
                    "autograde_preprocessors": _steps(config.Autograde, "autograde_preprocessors", _AUTOGRADE)
                },
                GenerateFeedback={
                    "preprocessors": _steps(config.GenerateFeedback, "preprocessors", _FEEDBACK)
                },
            )
        )
        return config


def _settings_in(folder: Path) -> Config:
    """Reads nbgrader's settings in a folder."""
    try:
        return PyFileConfigLoader(_SETTINGS, path=str(folder)).load_config()
    # It is a program, and may do anything.
    except (Exception, SystemExit) as error:
        line = f" in line {error.lineno}" if isinstance(error, SyntaxError) else ""
        raise CourseError(
            f"{folder / _SETTINGS}: nbgrader's settings cannot be read: {type(error).__name__}{line}: "
            f"{error}. Mend the file, or move it away: `assign` writes a new one into a course directory."
        ) from error


def _exchange_of_accounts() -> Config:
    """Gives what nbgrader is told of the exchange outside of a course: for all accounts, or for this one."""
    told = Config()
    for folder in map(Path, reversed(jupyter_config_path())):
        if (folder / _SETTINGS).is_file():
            told.merge(_settings_in(folder))
    return Config({name: told[name] for name in told if name.startswith("Exchange")})


def _bounded(function: object, *arguments: object) -> object:
    return run_bounded(function, *arguments, seconds=_SECONDS, memory=_MEMORY)


def _enter(folder: Path, *arguments: object) -> list[str]:
    return Course(folder)._enter(*arguments)


def _show(folder: Path, student: str, lesson: str) -> None:
    Course(folder)._convert(GenerateFeedback, lesson, student)


def _steps(settings: Config, name: str, ours: list[str]) -> list:
    """Gives the configured steps if ours is among them and none that executes, or else ours."""
    own = next(step for step in ours if step.startswith("course_utils."))
    configured = settings.get(name, [])
    steps = [step for step in configured if not str(step).rstrip("'>").endswith(".Execute")]
    return steps if own in steps else ours


def _exactly(converter: type, student: str | None) -> type:
    """Gives nbgrader's step for one student, whose name it would otherwise read as a pattern."""

    class Exactly(converter):
        def init_notebooks(self) -> None:
            # nbgrader matches these paths letter by letter: a Path would leave out the dot.
            folder = self._format_source(self.coursedir.assignment_id, student or ".")
            names = sorted(path.name for path in Path(folder).glob("*.ipynb"))
            self.notebooks, self.assignments = [], {folder: [folder + os.sep + name for name in names]}

    return Exactly


def _page_without_notebook(lesson: str, points: dict[str, tuple[float | None, float]], reason: str) -> str:
    """Gives the page that stands in place of one that cannot be made."""
    rows = "".join(
        f"<li>{html.escape(name)}: {'to be graded' if earned is None else f'{earned:g}'} / {most:g}</li>"
        for name, (earned, most) in points.items()
    )
    title = html.escape(lesson)
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{title}</title></head>'
        f"<body><h1>{title}</h1><p>{html.escape(reason)}</p><ul>{rows}</ul></body></html>\n"
    )


def _trouble(error: SQLAlchemyError) -> str:
    """Says what is wrong with a gradebook and what to do."""
    said = str(getattr(error, "orig", None) or error).strip().split("\n")[0]
    for words, remedy in _REMEDIES.items():
        if re.search(words, said):
            return f"the gradebook cannot be used ({said}). {remedy}"
    return f"the gradebook cannot be used ({said})."


def _reason(error: BaseException, lines: list[str]) -> str:
    """Says why nbgrader has given up, from what it raised or logged."""
    cause = error
    while cause is not None:
        if isinstance(cause, SQLAlchemyError):
            return _trouble(cause)
        cause = cause.__cause__ or cause.__context__
    lines = [line for said in lines for line in said.strip().split("\n")]
    # The last line of a traceback is what was raised; nbgrader's own last words only point to it.
    raised = [
        line for line in lines if ": " in line and "error log" not in line and "sqlalche.me" not in line
    ]
    return raised[-1] if raised else str(error)


class _Said(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


class RecordedOutputs(NbGraderPreprocessor):
    """Gives a submission the outputs recorded when it ran in the sandbox, in place of running it here."""

    def preprocess(self, nb: NotebookNode, resources: dict) -> tuple[NotebookNode, dict]:
        """Gives the notebook with its recorded outputs.

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
        kept = course.kept(names["student"], names["assignment"])
        if kept is None or [cell.source for cell in nb.cells] != [cell.source for cell in kept.cells]:
            raise RuntimeError(
                f"{names['student']}: not run, because submissions only run in isolation. In a terminal: "
                f"python3 -m course_utils grade {course.folder}"
            )
        nb.metadata = kept.metadata
        for cell, known in zip(nb.cells, kept.cells, strict=True):
            for part in ("outputs", "attachments"):
                cell.pop(part, None)
                if part in known:
                    cell[part] = known[part]
            if "nbgrader" not in known.metadata:
                cell.metadata = known.metadata
        return nb, resources


class HideTests(ClearHiddenTests):
    """Leaves hidden tests out of the feedback pages, and shows comments without running anything of them."""

    def preprocess_cell(
        self, cell: NotebookNode, resources: dict, cell_index: int
    ) -> tuple[NotebookNode, dict]:
        """Gives the cell as it stands in the page.

        Args:
            cell: NotebookNode.
            resources: dict of nbconvert.
            cell_index: int.

        Returns:
            (cell, resources).
        """
        roles = cell.metadata.get("nbgrader", {})
        if roles.get("comment"):
            roles["comment"] = shown_as(roles["comment"])
        # Only the course's own cells have any; a student may write the same words.
        if roles.get("grade") and not roles.get("solution"):
            return super().preprocess_cell(cell, resources, cell_index)
        return cell, resources
