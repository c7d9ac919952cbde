"""The assignment of a lesson: nbgrader's course directory, made from the worked edition.

Instructors hand out ``release/`` through nbgrader, or ``student_kit.zip`` by any other way: it holds what a
student needs to run the lessons, and neither answers nor hidden tests.
"""

import io
import itertools
import shutil
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.lessons.editions import Record, read_notebook, show_targets
from course_utils.places import ROOT

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["CONFIG", "KIT", "assign", "make_course", "require_nbgrader"]

CONFIG = "nbgrader_config.py"
KIT = "student_kit.zip"
STATE_FILE = ".course-assignments.json"

_CONFIG_TEXT = '''"""nbgrader's settings for this course directory, yours to change: `assign` keeps it."""

from pathlib import Path

c = get_config()  # noqa: F821

c.CourseDirectory.course_id = "multimodal"
c.CourseDirectory.root = str(Path(__file__).parent.resolve())

# Submissions are other people's programs: they run in isolation, in `python3 -m course_utils grade`, and
# nowhere else. nbgrader's own autograding enters what was recorded there.
c.Autograde.autograde_preprocessors = [
    "course_utils.grading.gradebook.RecordedOutputs",
    "nbgrader.preprocessors.LimitOutput",
    "nbgrader.preprocessors.SaveAutoGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "nbgrader.preprocessors.CheckCellMetadata",
]
# Feedback does not show the hidden tests.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "course_utils.grading.gradebook.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
'''

_KIT_README = """# Your lessons

You need Python 3.11, 3.12 or 3.13 and 3 GB of disk. In a terminal, in this folder (on Windows, write
`python` or `py` for `python3`):

```
python3 -m course_utils lab
```

The first time it installs what the lessons need, which takes some minutes and a network; then JupyterLab
opens. Write your answers where it says YOUR CODE HERE and run the check below each. Your work is in
`my_lessons/`: hand in the `.ipynb` files from there. Nothing ever overwrites them.

```
python3 -m course_utils test
```

says whether your installation is complete and every lesson runs on your computer from top to bottom, in some
minutes, and

```
python3 -m course_utils doctor
```

what is wrong, if something is, and what to do about it. `python3 -m course_utils report my_report` makes the
skeleton of a model report, which lesson 13 asks for, and says what is missing in one that is there.
"""
_KIT_FILES = [
    *("pyproject.toml", "requirements.lock", "environment.yml", "LICENSE", "LICENSE-CONTENT"),
    *("course_utils/**/*", "data/**/*"),
]
_NOT_IN_KIT = "course_utils/grading/"


def require_nbgrader() -> None:
    """Complains unless nbgrader is installed.

    Raises:
        CourseError: says what to type.
    """
    try:
        import nbgrader  # noqa: F401
    except ImportError as error:
        raise CourseError(
            "nbgrader is not installed, which assignments and grades are made with. Install it with: "
            "python3 -m course_utils install --with instructor"
        ) from error


def assign(lessons: list[Path], folder: Path | str) -> list[str]:
    """Makes or renews the assignments of lessons in a course directory.

    What an instructor has changed or added there is kept: an edited source stays, and the release is made
    from it; what else would be made anew is copied to ``kept/`` first.

    Args:
        lessons: worked notebooks.
        folder: the course directory; made if it is not there.

    Returns:
        A sentence for each thing that was made or kept.

    Raises:
        CourseError: when nbgrader is missing or refuses, or the folder cannot be used.
    """
    require_nbgrader()
    from course_utils.grading.gradebook import Course

    folder = Path(folder)
    sentences = make_course(lessons, folder)
    course, record = Course(folder), Record(folder / STATE_FILE)
    for lesson in lessons:
        release = folder / "release" / lesson.stem
        kept = _keep_copies(_files(release), folder, record)
        course.generate(lesson.stem)  # which makes the whole folder anew
        for path in _files(release):
            record.note(path, path.read_bytes(), lesson)
        record.save()
        sentences.append(f"{lesson.stem}: {release} is ready to hand out.")
        sentences += _put_back(kept)
    kit = folder / KIT
    kept = _keep_copies([kit] if kit.exists() else [], folder, record)
    record.write(kit, _kit(folder / "release"), kit)
    record.save()
    sentences.append(f"{KIT}: all that a student without this course needs to run what is in release/.")
    return sentences + _put_back(kept)


def make_course(lessons: list[Path], folder: Path) -> list[str]:
    """Writes a course directory's settings and the sources of its assignments, over nobody's edits.

    Args:
        lessons: worked notebooks.
        folder: the course directory.

    Returns:
        A sentence for each source that somebody has edited.

    Raises:
        CourseError: when a lesson is damaged or the folder cannot be used.
    """
    import nbformat

    sentences = []
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / CONFIG).exists():
            write_atomically(folder / CONFIG, _CONFIG_TEXT)
        record = Record(folder / STATE_FILE)
        for lesson in lessons:
            content = (nbformat.writes(_source(read_notebook(lesson))) + "\n").encode("utf-8")
            sentences += _renew_source(folder, lesson, content, record)
        record.save()
    except OSError as error:
        raise CourseError(
            f"{folder}: the course directory cannot be made: {error.strerror or error}. Move away what is "
            "in its place, or choose another with --to."
        ) from error
    return sentences


def _renew_source(folder: Path, lesson: Path, content: bytes, record: Record) -> list[str]:
    """Writes the source of an assignment, unless somebody has edited the one that is there."""
    source = folder / "source" / lesson.stem / lesson.name
    source.parent.mkdir(parents=True, exist_ok=True)
    found = source.read_bytes() if source.exists() else None
    if found == content:
        # Not written again: its time says since when the gradebook has to be renewed.
        record.note(source, content, lesson)
        return []
    if found is None or record.is_untouched(source, found):
        record.write(source, content, lesson)
        return []
    edited = f"{source}: you have edited it, so it stays as it is, and the release is made from it."
    if record.was_delivered(lesson, content):
        return [edited]
    # Not beside it: nbgrader hands out every file of that folder.
    newer = folder / "updates" / lesson.name
    newer.parent.mkdir(exist_ok=True)
    kept = _keep_copies([newer] if newer.exists() else [], folder, record)
    record.write(newer, content, lesson)
    return [f"{edited} The course's own has changed: it is in {newer}.", *_put_back(kept)]


def _files(folder: Path) -> list[Path]:
    return [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file() and ".ipynb_checkpoints" not in path.parts
    ]


def _keep_copies(paths: list[Path], folder: Path, record: Record) -> dict[Path, Path]:
    """Copies what is not as the course wrote it to ``kept/``; gives the copy of each."""
    kept = {}
    for path in paths:
        if not record.is_untouched(path, path.read_bytes()):
            place = (folder / "kept" / path.relative_to(folder)).parent
            place.mkdir(parents=True, exist_ok=True)
            numbered = (place / f"{path.stem} ({number}){path.suffix}" for number in itertools.count(1))
            kept[path] = next(copy for copy in numbered if not copy.exists())
            shutil.copy2(path, kept[path])
    return kept


def _put_back(kept: dict[Path, Path]) -> list[str]:
    """Moves copies back to where nothing was made; gives a sentence for each that was replaced by another."""
    sentences = []
    for path, copy in kept.items():
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(copy, path)
        elif path.read_bytes() == copy.read_bytes():
            copy.unlink()
        else:
            sentences.append(f"{path}: you had edited it, and it is made anew; your version is {copy}.")
    return sentences


def _source(worked: "NotebookNode") -> "NotebookNode":
    """Makes nbgrader's source: the worked edition with its expected results in text cells, no outputs."""
    source = show_targets(worked)
    for cell in source.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return source


def _kit(release: Path) -> bytes:
    """Gives the bytes of an archive with the course's library, its data and the released lessons."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("README.md", _KIT_README)
        for pattern in _KIT_FILES:
            for path in sorted(ROOT.glob(pattern)):
                name = path.relative_to(ROOT).as_posix()
                if path.is_file() and "__pycache__" not in path.parts and not name.startswith(_NOT_IN_KIT):
                    archive.write(path, name)
        for path in sorted(release.glob("*/*.ipynb")):
            archive.write(path, f"notebooks/{path.name}")
    return content.getvalue()
