"""Finds the submissions of a class: in nbgrader's course directory, or in a folder of notebooks."""

import collections
import contextlib
import dataclasses
import json
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading.names import shown, student_of
from course_utils.grading.plan import Broken, Plan

__all__ = ["RESULTS", "WORK", "Submission", "collect", "is_course_directory", "read"]

RESULTS = "graded"
"""The course directory with the results of a plain folder, in that folder."""
WORK = ".grading"
"""What `grade` keeps between two runs, in the course directory."""

_LARGEST_FILE = 20 * 2**20
_NO_CELLS = (
    "it carries none of the exercises' cells: another program has removed what marks them. Open the lesson "
    "as it was handed out, copy the answers into its cells, and put that notebook in the place of this one"
)
_LINK = "it is a link, which may lead anywhere; put what it leads to in its place"
_REMEDY = "Unpack archives, ask for what is missing, then run this again"
# Where operating systems and editors keep their own things; nobody's work.
_NOBODYS = frozenset({"__MACOSX", "__pycache__", "Thumbs.db", "desktop.ini", "lost+found"})
_MORE_WORK = re.compile(r"\.(zip|7z|rar|tar|t?gz|bz2|xz|ipynb\.\w+)$", re.IGNORECASE)


@dataclass(frozen=True)
class Submission:
    """What somebody has handed in for one lesson, or what lies there in place of it.

    Attributes:
        student: str, as the folder or file is named.
        lesson: str, name of the assignment; None when it cannot be told.
        path: Path of the notebook, or of what was found where one was expected.
        notes: str, what an instructor should know of it, or "".
        warning: str, what of that an instructor should be told while grading goes on, or "".
        problem: str, why it cannot be graded, with what to do; "" where nothing is in the way.
    """

    student: str
    lesson: str | None
    path: Path
    notes: str = ""
    warning: str = ""
    problem: str = ""


def is_course_directory(folder: Path) -> bool:
    """Says whether a folder is one that ``assign`` has made."""
    return (folder / "nbgrader_config.py").is_file() and (folder / "source").is_dir()


def collect(folder: Path, plans: dict[str, Plan]) -> list[Submission]:
    """Finds the submissions in a folder.

    In a course directory these are ``submitted/STUDENT/LESSON/*.ipynb``; in any other folder,
    ``STUDENT.ipynb`` and all notebooks below ``STUDENT/``, whatever their names: which lesson they belong to
    is told from the exercises in them. Nobody is left out: what is no notebook, or lies in another place, is
    a submission with a problem. No link is followed out of a student's own folder.

    Args:
        folder: Path.
        plans: dict from lesson to :class:`~course_utils.grading.plan.Plan`.

    Returns:
        list of :class:`Submission`, one per student and lesson besides those with a problem, ordered by
        lesson and student.

    Raises:
        CourseError: when there is none, or two names cannot be told apart.
    """
    course = is_course_directory(folder)
    place = folder / "submitted" if course else folder
    try:
        entries = [entry for entry in _entries(place) if course or entry != folder / RESULTS]
    except FileNotFoundError:
        entries = []
    except OSError as error:
        raise CourseError(f"{shown(place)}: the folder cannot be read: {error.strerror or error}.") from error
    if not entries:
        expected = (
            "submitted/STUDENT/LESSON/LESSON.ipynb" if course else "STUDENT.ipynb or STUDENT/LESSON.ipynb"
        )
        raise CourseError(
            f"{shown(folder)}: there are no submissions here; expected files such as {expected}."
        )
    _require_different_names(entries)
    found = [one for entry in entries for one in _examined(entry, plans, course)]
    return sorted(_newest(found, folder), key=lambda one: (one.lesson or "", one.student, one.path))


def read(path: Path) -> bytes:
    """Reads a submitted file; no link, nothing that would keep the reader waiting, nothing without an end.

    Args:
        path: Path.

    Returns:
        bytes.

    Raises:
        Broken: when it cannot be read, is no ordinary file or too large; says which.
    """
    # Whoever opens a named pipe waits for its writer; not with O_NONBLOCK.
    flags = sum(getattr(os, name, 0) for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_BINARY"))
    try:
        with os.fdopen(os.open(path, os.O_RDONLY | flags), "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise Broken("it is no ordinary file")
            content = file.read(_LARGEST_FILE + 1)
    except OSError as error:
        raise Broken(f"the file cannot be read: {error.strerror or error}") from error
    if len(content) > _LARGEST_FILE:
        raise Broken(f"the file has more than {_LARGEST_FILE / 2**20:.0f} MB")
    return content


def _entries(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if not path.name.startswith(".") and path.name not in _NOBODYS
    )


def _require_different_names(entries: list[Path]) -> None:
    """Complains of two names that are one in a table, where bytes that are not UTF-8 stand as escapes."""
    names = collections.defaultdict(set)
    for entry in entries:
        names[student_of(_name(entry))].add(_name(entry))
    for student, same in names.items():
        if len(same) > 1:
            first, second = sorted(os.fsencode(name) for name in same)[:2]
            raise CourseError(
                f"The names {first} and {second} would both be shown as {shown(student)!r}: rename one of "
                "the two, so that nobody gets another's points."
            )


def _examined(entry: Path, plans: dict, course: bool) -> list[Submission]:
    """Gives what one entry of the class's folder holds: of one student, unless folders are in disorder."""
    whole, student = _is_folder(entry), student_of(_name(entry))
    try:
        if "\n" in student:
            raise Broken("the name holds the end of a line, which nbgrader cannot have in one; rename it")
        if entry.is_symlink():
            raise Broken(_LINK)
        if course:
            return _in_course(entry, student, plans) if whole else [_too_high(entry, student, entry.parent)]
        if whole:
            return _in_place(entry, entry, student, None, plans)
        if not _is_notebook(entry):
            raise Broken(f"it is no notebook (.ipynb). {_REMEDY}")
        found = _identified(student, None, entry, plans)
        if student in plans:
            called = f"counts as the work of somebody called {student!r}; if this folder is one student's, "
            found = _noted(found, f"{called}give the folder that it lies in")
        return [found]
    except Broken as broken:
        return [Submission(student, None, entry, problem=str(broken))]
    except OSError as error:
        problem = f"it cannot be read: {shown(error.filename or '')}: {error.strerror or error}"
        return [Submission(student, None, entry, problem=problem)]


def _in_course(home: Path, student: str, plans: dict) -> list[Submission]:
    found, loose = [], []
    for place in _entries(home):
        if place.is_symlink():
            lesson = place.name if place.name in plans else None
            found.append(Submission(student, lesson, place, problem=_LINK))
        elif not place.is_dir():
            loose.append(place)
        elif place.name in plans:
            found += _in_place(place, home, student, place.name, plans)
        else:
            found.append(_unknown(place, student, plans))
    # What lies beside the folders of lessons is work if it looks like it, or if there is nothing else.
    work = [path for path in loose if _is_notebook(path) or _MORE_WORK.search(path.name)]
    found += [_too_high(path, student, home) for path in (work if work or found else loose)]
    if not found:
        raise Broken(f"the folder is empty; expected {home.name}/LESSON/LESSON.ipynb in it. {_REMEDY}")
    return found


def _unknown(place: Path, student: str, plans: dict) -> Submission:
    notebooks = [path for path in _files(place) if _is_notebook(path)]
    inside = ", ".join(shown(path.relative_to(place.parent.parent)) for path in notebooks[:3])
    problem = (
        f"{shown(place.name)!r} is none of the assignments ({', '.join(plans)}); "
        f"{f'found {inside}; ' if inside else ''}expected submitted/STUDENT/LESSON/LESSON.ipynb. Rename or "
        "move it"
    )
    return Submission(student, None, notebooks[0] if notebooks else place, problem=problem)


def _too_high(path: Path, student: str, place: Path) -> Submission:
    between = "STUDENT/LESSON" if place.name == "submitted" else "LESSON"
    expected = f"expected {shown(place.name)}/{between}/LESSON.ipynb"
    found = "it lies too high" if _is_notebook(path) else "it is no notebook (.ipynb)"
    advice = "Move it there" if _is_notebook(path) else _REMEDY
    return Submission(student, None, path, problem=f"{found}; {expected}. {advice}")


def _in_place(place: Path, home: Path, student: str, lesson: str | None, plans: dict) -> list[Submission]:
    """Gives the submissions below a folder that should hold some of one student's.

    Args:
        place: Path of the folder.
        home: Path of the student's own folder, out of which nothing may lead.
        student: str.
        lesson: str, where the folder's name says it, else None.
        plans: dict from lesson to Plan.
    """
    notebooks, work, rest = _sorted_out(place, home)
    found = [_identified(student, lesson, path, plans) for path in notebooks]
    if not all(one.problem for one in found):
        # Beside a submission, a notebook for trying things out is none.
        work += [shown(one.path.name) for one in found if one.problem == _NO_CELLS]
        found = [one for one in found if one.problem != _NO_CELLS]
    if not found:
        inside = ", ".join((work + rest)[:5])
        only = f"holds no notebook (.ipynb), only {inside}" if inside else "is empty"
        return [Submission(student, lesson, place, problem=f"the folder {only}. {_REMEDY}")]
    if work:
        found[0] = _noted(found[0], f"also there, not graded: {', '.join(work)}")
    if groups := _folders_of_others(place, found, plans):
        found[0] = _noted(
            found[0],
            f"{shown(place.name)} counts as one student, with the folders {', '.join(groups)} in it; if "
            "these are several students', move their folders one level up",
        )
    return found


def _sorted_out(place: Path, home: Path) -> tuple[list[Path], list[str], list[str]]:
    """Gives the notebooks below a folder, the names of what else may be work, and the names of the rest."""
    notebooks, work, rest = {}, [], []
    own = os.path.realpath(home)
    for path in _files(place):
        name, real = shown(path.relative_to(place)), Path(os.path.realpath(path))
        if not real.is_relative_to(own):
            work.append(f"{name} (a link out of the student's own folder)")
        elif _is_notebook(path) and real.is_file():
            notebooks[real] = real if path.is_symlink() else path
        elif _is_notebook(path):
            work.append(f"{name} (no ordinary file)")
        else:
            (work if _MORE_WORK.search(name) else rest).append(name)
    return sorted(notebooks.values()), work, rest


def _files(place: Path) -> list[Path]:
    """Lists what lies below a folder and is none itself; links are listed and never entered."""
    waiting, found = [place], []
    while waiting:
        for path in _entries(waiting.pop()):
            (waiting if _is_folder(path) else found).append(path)
    return sorted(found)


def _folders_of_others(place: Path, found: list[Submission], plans: dict) -> list[str]:
    """Names the folders in a student's that look like several students', not like several lessons."""
    names = {Path(os.path.relpath(one.path, place)).parts[0] for one in found}
    others = [
        name
        for name in sorted(names)
        if (place / name).is_dir() and not any(lesson[:2] in name for lesson in plans)
    ]
    return [shown(name) for name in others] if len(others) > 1 else []


def _identified(student: str, lesson: str | None, path: Path, plans: dict) -> Submission:
    """Gives the submission that a notebook is; `lesson` where its place says it."""
    try:
        ids = _exercises(read(path))
    except Broken as broken:
        return Submission(student, lesson or _named(path, plans), path, problem=str(broken))
    shared = {name: len(ids & plan.cells().keys()) for name, plan in plans.items()} if ids else {}
    best = max(shared, key=shared.get) if any(shared.values()) else None
    problem = ""
    if ids is not None and best is None:
        problem = _NO_CELLS
    elif lesson and best and not shared[lesson]:
        problem = f"its exercises are those of {best}; expected it in {shown(student)}/{best}/. Move it there"
    lesson = lesson or best or _named(path, plans)
    if lesson is None and not problem:
        problem = "it is not known which lesson this is: neither its exercises nor its name say so"
    renamed = lesson and path.stem not in (lesson, student)
    return Submission(student, lesson, path, f"handed in as {path.name}" if renamed else "", problem=problem)


def _exercises(content: bytes) -> set[str] | None:
    """Gives the grade_ids in a notebook; None where it is no such file, of which the referee will say why."""
    try:
        cells = json.loads(content)["cells"]
    # Any file may be here.
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    ids = set()
    for cell in cells if isinstance(cells, list) else ():
        with contextlib.suppress(KeyError, TypeError):
            ids.add(str(cell["metadata"]["nbgrader"]["grade_id"]))
    return ids if isinstance(cells, list) else None


def _named(path: Path, plans: dict) -> str | None:
    """Tells the lesson from a file's name, or because there is only one."""
    named = [lesson for lesson in plans if lesson in path.stem]
    return named[0] if named else next(iter(plans)) if len(plans) == 1 else None


def _newest(found: list[Submission], folder: Path) -> list[Submission]:
    """Keeps the newest of several versions, and whatever has a problem."""
    versions = collections.defaultdict(list)
    for one in sorted(found, key=lambda one: one.path.lstat().st_mtime):
        versions[(one.student, one.lesson) if not one.problem else one.path].append(one)
    return [_last(same, folder) for same in versions.values()]


def _last(versions: list[Submission], folder: Path) -> Submission:
    *older, last = versions
    if not older:
        return last
    together = len({one.path.parent for one in versions}) == 1
    names = [one.path.name if together else os.path.relpath(one.path, folder) for one in older]
    last = _noted(last, f"older than this, not graded: {shown(', '.join(names))}")
    advice = "if they are not one student's, put each student's notebooks into a folder of its own"
    return dataclasses.replace(last, warning=f"{last.warning}; {advice}")


def _noted(submission: Submission, text: str) -> Submission:
    """Adds to the notes what is to be said on the terminal as well."""
    notes, warning = ("; ".join(filter(None, [had, text])) for had in (submission.notes, submission.warning))
    return dataclasses.replace(submission, notes=notes, warning=warning)


def _is_notebook(path: Path) -> bool:
    return path.suffix.lower() == ".ipynb"


def _is_folder(path: Path) -> bool:
    return not path.is_symlink() and path.is_dir()


def _name(entry: Path) -> str:
    """Gives the name of an entry without the ending of a file."""
    if _is_folder(entry) or (entry.is_symlink() and not _is_notebook(entry)):
        return entry.name
    return re.sub(r"(\.ipynb)?(\.[^.]*)?$", "", entry.name, flags=re.IGNORECASE) or entry.name
