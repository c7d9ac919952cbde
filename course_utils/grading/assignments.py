"""The assignment of a lesson: nbgrader's course directory, made from the worked edition.

Instructors hand out ``release/`` through nbgrader, or ``student_kit.zip`` by any other way: it holds what a
student needs to run the lessons, and neither answers nor hidden tests.
"""

import io
import zipfile
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.lessons.editions import read_notebook, show_targets
from course_utils.places import ROOT

__all__ = ["CONFIG", "KIT", "assign", "make_course", "require_nbgrader"]

CONFIG = "nbgrader_config.py"
KIT = "student_kit.zip"

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
# Feedback shows neither hidden tests nor scripts that somebody has put into a text cell.
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "course_utils.grading.gradebook.HideTests",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
c.HTMLExporter.sanitize_html = True
'''

_START_TEXT = """How to work on your lessons
===========================
You need Python 3.11, 3.12 or 3.13 and 3 GB of disk. In a terminal, in this folder:

    python3 -m course_utils lab

(on Windows: python or py). The first time it installs what the lessons need, then JupyterLab opens. Write
your answers where it says YOUR CODE HERE and run the check below each. Your work is in my_lessons/: hand in
the .ipynb files from there. `python3 -m course_utils doctor` says what is wrong if something does not work.
"""
_KIT_FILES = [
    *("pyproject.toml", "requirements.lock", "environment.yml", "LICENSE", "LICENSE-CONTENT"),
    *("course_utils/**/*", "data/**/*"),
]


def require_nbgrader():
    """Complain unless nbgrader is installed.

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


def assign(lessons, folder):
    """Make or renew the assignments of lessons in a course directory.

    Args:
        lessons: list of Path, worked notebooks.
        folder: Path of the course directory; made if it is not there.

    Returns:
        list of str, a sentence for each thing that was made.

    Raises:
        CourseError: when nbgrader is missing or refuses, or the folder cannot be used.
    """
    require_nbgrader()
    from course_utils.grading.gradebook import Course

    folder = Path(folder)
    make_course(lessons, folder)
    course, sentences = Course(folder), []
    for lesson in lessons:
        course.generate(lesson.stem)
        sentences.append(f"{lesson.stem}: {folder / 'release' / lesson.stem} is ready to hand out.")
    write_atomically(folder / KIT, _kit(folder / "release"))
    sentences.append(f"{KIT}: all that a student without this course needs to run what is in release/.")
    return sentences


def make_course(lessons, folder):
    """Write a course directory's settings and the sources of its assignments.

    Args:
        lessons: list of Path, worked notebooks.
        folder: Path.

    Raises:
        CourseError: when a lesson is damaged or the folder cannot be used.
    """
    import nbformat

    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / CONFIG).exists():
            write_atomically(folder / CONFIG, _CONFIG_TEXT)
        for lesson in lessons:
            place = folder / "source" / lesson.stem
            place.mkdir(parents=True, exist_ok=True)
            text = nbformat.writes(_source(read_notebook(lesson))) + "\n"
            source = place / lesson.name
            # Its time says since when the gradebook has to be renewed.
            if not source.exists() or source.read_text(encoding="utf-8") != text:
                write_atomically(source, text)
    except OSError as error:
        raise CourseError(
            f"{folder}: the course directory cannot be made: {error.strerror or error}. Move away what is "
            "in its place, or choose another with --to."
        ) from error


def _source(worked):
    """nbgrader's source: the worked edition with its expected results in text cells, without outputs."""
    source = show_targets(worked)
    for cell in source.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return source


def _kit(release):
    """Return the bytes of an archive with the course's library, its data and the released lessons."""
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("START.txt", _START_TEXT)
        for pattern in _KIT_FILES:
            for path in sorted(ROOT.glob(pattern)):
                name = path.relative_to(ROOT)
                if path.is_file() and "__pycache__" not in name.parts and name.parts[:2] != ("data", "build"):
                    archive.write(path, name.as_posix())
        for path in sorted(release.glob("*/*.ipynb")):
            archive.write(path, f"notebooks/{path.name}")
    return content.getvalue()
