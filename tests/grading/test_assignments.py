"""`assign` makes what nbgrader and a student need, without answers or hidden tests."""

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from course_utils import CourseError
from course_utils.command import environment
from course_utils.grading import assignments, plan
from course_utils.lessons import editions
from course_utils.places import NOTEBOOKS

pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")

LESSONS = [
    path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")) if b'"nbgrader"' in path.read_bytes()
]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assign") / "my course"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.child_environment().items():
            patch.setenv(name, value)
        assignments.assign(LESSONS, folder)
    return folder


@pytest.mark.parametrize("lesson", LESSONS, ids=lambda path: path.stem)
def test_a_release_is_the_learner_edition_with_points_locks_and_targets(course, lesson):
    release = nbformat.read(course / "release" / lesson.stem / lesson.name, as_version=4)
    nbformat.validate(release)
    learners = editions.learner_edition(editions.read_notebook(lesson))
    assert [(cell.id, cell.source) for cell in release.cells] == [
        (cell.id, cell.source) for cell in learners.cells
    ]
    targets = [cell.attachments for cell in release.cells if cell.get("attachments")]
    assert targets == [cell.attachments for cell in learners.cells if cell.get("attachments")]
    for cell in release.cells:
        roles = cell.metadata.get("nbgrader", {})
        if roles:
            assert roles.checksum
            assert roles.get("locked") == (cell.metadata.get("editable") is False)
    text = (course / "release" / lesson.stem / lesson.name).read_text(encoding="utf-8")
    assert "BEGIN SOLUTION" not in text
    assert "HIDDEN TESTS" not in text
    assert "Model answer" not in text


def test_the_gradebook_knows_every_exercise_and_its_points(course):
    from nbgrader.api import Gradebook

    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        for lesson in LESSONS:
            made = plan.read_plan(lesson)
            known = {
                cell.name: cell.max_score for cell in book.find_notebook(lesson.stem, lesson.stem).grade_cells
            }
            assert known == {one.check: one.points for one in made.exercises} | dict(made.written)


def test_the_kit_holds_everything_but_the_answers(course, tmp_path):
    with zipfile.ZipFile(course / assignments.KIT) as archive:
        archive.extractall(tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()}
    assert {f"notebooks/{lesson.name}" for lesson in LESSONS} == {
        name for name in names if name.startswith("notebooks/")
    }
    assert not [
        name for name in names if re.search(r"(^|/)tests?(/|_)|gradebook\.db|\.git/|__pycache__", name)
    ]
    for notebook in (tmp_path / "notebooks").iterdir():
        assert "BEGIN SOLUTION" not in notebook.read_text(encoding="utf-8")
    # A student starts the course in it as in the course itself; the lessons are delivered as they are.
    script = (
        "from course_utils.lessons import editions; from course_utils.places import ROOT; print(ROOT); "
        "print([d.action for d in editions.write_learner_editions('mine')])"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True, text=True
    )
    place, actions = run.stdout.splitlines()
    assert Path(place) == tmp_path.resolve()
    assert actions == str(["written"] * len(LESSONS))
    for lesson in LESSONS:
        assert (
            nbformat.read(tmp_path / "mine" / lesson.name, as_version=4).cells
            == nbformat.read(course / "release" / lesson.stem / lesson.name, as_version=4).cells
        )


def test_nbgrader_validates_a_release_and_finds_it_unsolved(course):
    path = course / "release" / "00_orientation" / "00_orientation.ipynb"
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", "validate", str(path)],
        cwd=course,
        env=environment.child_environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    assert "VALIDATION FAILED ON 2 CELL" in run.stdout
    assert "Exercise 0.1 is still empty" in run.stdout


def test_settings_of_the_instructor_are_left_alone(course):
    settings = course / assignments.CONFIG
    settings.write_text(settings.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    assignments.make_course(LESSONS[:1], course)
    assert settings.read_text(encoding="utf-8").endswith("# mine\n")


def test_a_submission_is_not_run_by_nbgrader_itself(course):
    """Formgrader's button, and `nbgrader autograde`, must not run a program without isolation."""
    place = course / "submitted" / "mallory" / "00_orientation"
    place.mkdir(parents=True)
    notebook = nbformat.read(course / "release" / "00_orientation" / "00_orientation.ipynb", as_version=4)
    trace = course / "was here"
    notebook.cells.insert(0, nbformat.v4.new_code_cell(f"open({str(trace)!r}, 'w')"))
    nbformat.write(notebook, place / "00_orientation.ipynb")
    run = subprocess.run(
        [sys.executable, "-m", "nbgrader", "autograde", "00_orientation", "--create"],
        cwd=course,
        env=environment.child_environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode != 0
    assert "submissions only run in isolation" in run.stderr
    assert not trace.exists()


def test_a_folder_that_cannot_be_made_is_explained(tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(CourseError, match=r"the course directory cannot be made: .*--to"):
        assignments.make_course(LESSONS[:1], tmp_path / "file")
