"""`assign` makes what nbgrader and a student need, without answers or hidden tests."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest

from course_utils import CourseError
from course_utils.command import environment, pins
from course_utils.grading import assignments, plan
from course_utils.lessons import editions
from course_utils.places import NOTEBOOKS

pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")

LESSONS = [
    path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")) if b'"nbgrader"' in path.read_bytes()
]
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def variables():
    """nbgrader starts programs that are installed beside it."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.child_environment().items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("assign") / "my course"
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
        name
        for name in names
        if re.search(r"(^|/)tests?(/|_)|gradebook\.db|\.git/|__pycache__|translations|\.po$", name)
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


def test_what_an_instructor_has_changed_or_added_is_kept_and_said(tmp_path):
    lesson, folder = tmp_path / LESSONS[0].name, tmp_path / "my course"
    shutil.copy(LESSONS[0], lesson)
    assignments.assign([lesson], folder)
    source, release = (folder / part / lesson.stem for part in ("source", "release"))
    assert "kept" not in {path.name for path in folder.iterdir()}
    own = {
        source / lesson.name: add_cell(source / lesson.name, "my own words"),
        source / "table.csv": "of the instructor",
        folder / "source" / "mine" / "mine.ipynb": "an assignment of the instructor",
        release / "hint.txt": "for students",
        folder / assignments.CONFIG: (folder / assignments.CONFIG).read_text(encoding="utf-8") + "# mine\n",
    }
    for path, text in own.items():
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    by_hand = add_cell(release / lesson.name, "corrected by hand")
    (release / lesson.name).write_text(by_hand, encoding="utf-8")
    (folder / assignments.KIT).write_bytes(b"a kit of one's own")

    said = "\n".join(assignments.assign([lesson], folder))
    assert {path: path.read_text(encoding="utf-8") for path in own} == own
    assert f"{source / lesson.name}: you have edited it, so it stays as it is" in said
    released = (release / lesson.name).read_text(encoding="utf-8")
    assert "my own words" in released and "corrected by hand" not in released
    kept = folder / "kept" / "release" / lesson.stem / f"{lesson.stem} (1).ipynb"
    assert kept.read_text(encoding="utf-8") == by_hand and f"your version is {kept}" in said
    assert (folder / "kept" / "student_kit (1).zip").read_bytes() == b"a kit of one's own"

    # The course's own lesson changes: the new one is handed over, and no edit is lost.
    lesson.write_text(add_cell(lesson, "news"), encoding="utf-8")
    said = "\n".join(assignments.assign([lesson], folder))
    newer = folder / "updates" / lesson.name
    assert {path: path.read_text(encoding="utf-8") for path in own} == own
    assert "news" in newer.read_text(encoding="utf-8") and f"it is in {newer}" in said
    assert len(list((folder / "kept").rglob("*.*"))) == 2
    newer.write_text("notes", encoding="utf-8")
    lesson.write_text(add_cell(lesson, "more news"), encoding="utf-8")
    assignments.assign([lesson], folder)
    assert (folder / "kept" / "updates" / f"{lesson.stem} (1).ipynb").read_text(encoding="utf-8") == "notes"


def test_an_untouched_source_follows_the_course(tmp_path):
    lesson, folder = tmp_path / LESSONS[0].name, tmp_path / "my course"
    shutil.copy(LESSONS[0], lesson)
    assert assignments.make_course([lesson], folder) == []
    lesson.write_text(add_cell(lesson, "news"), encoding="utf-8")
    assert assignments.make_course([lesson], folder) == []
    assert "news" in (folder / "source" / lesson.stem / lesson.name).read_text(encoding="utf-8")
    # Without its record, what differs counts as the instructor's.
    (folder / assignments.STATE_FILE).unlink()
    lesson.write_text(add_cell(lesson, "more news"), encoding="utf-8")
    (said,) = assignments.make_course([lesson], folder)
    assert "you have edited it" in said
    assert "more news" not in (folder / "source" / lesson.stem / lesson.name).read_text(encoding="utf-8")


def add_cell(path, text):
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    notebook.cells.append(nbformat.v4.new_markdown_cell(text, id=text.replace(" ", "-")))
    return nbformat.writes(notebook)


@pytest.fixture(scope="module")
def kit(tmp_path_factory):
    """A student's folder: the kit and nothing else, with an environment that shares the files of this one."""
    if not (Path(sys.prefix) / environment.MARKER).exists():
        pytest.skip("these tests do not run from an environment that the course has made")
    place = tmp_path_factory.mktemp("student")
    assignments.assign(LESSONS[:1], place / "course")
    folder = place / "what I got"
    with zipfile.ZipFile(place / "course" / assignments.KIT) as archive:
        archive.extractall(folder)
    venv = folder / ".venv"
    shutil.copytree(sys.prefix, venv, symlinks=True, copy_function=link_or_copy)
    stamp = json.loads((venv / environment.STAMP).read_text(encoding="utf-8"))
    lock = pins.read(folder / "requirements.lock")
    (venv / environment.STAMP).unlink()
    stamp |= {"location": str(venv), "extra": "", "digest": lock.digest}
    (venv / environment.STAMP).write_text(json.dumps(stamp), encoding="utf-8")
    path_line = next(venv.glob("[Ll]ib/**/site-packages/course.pth"))
    path_line.unlink()
    path_line.write_text(f"{folder}\n", encoding="utf-8")
    return folder


def link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:  # another disk
        shutil.copy2(source, target)


def in_kit(kit, command, **options):
    own = {"PATH": f"{Path(sys._base_executable).parent}{os.pathsep}{os.environ['PATH']}", "BROWSER": "true"}
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "JUPYTER"))}
    return subprocess.Popen(
        command.split(),
        cwd=kit,
        env=kept | own | {"JUPYTER_RUNTIME_DIR": str(kit.parent / "runtime")},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        **options,
    )


def output_in_kit(kit, command):
    process = in_kit(kit, command)
    output, _ = process.communicate(timeout=900)
    assert process.returncode == 0, output
    return output


@pytest.mark.skipif(os.name != "posix", reason="types python3, and ends JupyterLab with a signal")
def test_what_the_kits_readme_says_works_for_somebody_who_has_only_the_kit(kit):
    readme = (kit / "README.md").read_text(encoding="utf-8")
    typed = re.findall(r"^python3 -m course_utils .*$", readme, flags=re.M)
    lab, test, doctor = typed
    assert (lab, test) == ("python3 -m course_utils lab", "python3 -m course_utils test")
    said = output_in_kit(kit, test)
    assert re.search(r"^\[ok\]   00_orientation.ipynb: runs to its end, in \d+ s$", said, flags=re.M)
    assert said.endswith("Your lessons run on this computer.\n")
    said = output_in_kit(kit, doctor)
    assert said.endswith("All is well.\n") and f"complete, in {kit}" in said

    # Ctrl-C reaches it even where whatever started these tests ignores it, as a shell's background jobs do.
    server = in_kit(kit, lab, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler))
    for line in server.stdout:
        if "/lab/tree/00_orientation.ipynb?token=" in line:
            break
    server.send_signal(signal.SIGINT)
    rest, _ = server.communicate(timeout=60)
    assert server.returncode == 0, rest
    assert (kit / "my_lessons" / "00_orientation.ipynb").is_file()


def test_the_kits_help_offers_nothing_that_it_cannot_do(kit):
    overview = output_in_kit(kit, f"{sys.executable} -m course_utils --help")
    offered = re.findall(r"^    (\w+)\b", overview, flags=re.M)
    assert sorted(offered) == ["doctor", "fetch", "install", "lab", "report", "test"]
    for command in offered:
        said = output_in_kit(kit, f"{sys.executable} -m course_utils {command} --help")
        assert "pytest" not in said and "instructor" not in said


def test_a_lesson_that_does_not_run_is_named_by_the_kits_test(kit):
    lesson = kit / "notebooks" / "00_orientation.ipynb"
    whole = lesson.read_text(encoding="utf-8")
    notebook = nbformat.reads(whole, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell("raise OSError('no such thing')", id="broken"))
    try:
        nbformat.write(notebook, lesson)
        process = in_kit(kit, f"{sys.executable} -m course_utils test --lesson 00")
        output, _ = process.communicate(timeout=900)
    finally:
        lesson.write_text(whole, encoding="utf-8")
    assert process.returncode == 1
    assert re.search(r"^\[fail\] .*00_orientation.ipynb: cell 'broken' failed", output, flags=re.M)
    assert "OSError: no such thing" in output and output.endswith("1 of these need attention.\n")


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
