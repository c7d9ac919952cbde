"""Whatever happens to `grade` on its way, the class gets the same grades, and nothing is lost."""

import os
import re
import shutil
import subprocess
import sys

import nbformat
import pytest

from course_utils.places import ROOT
from tests.grading import processes, simulated

pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")
pytestmark = pytest.mark.slow

LESSON = "00_orientation"
TABLES = ("grades.csv", "hints.csv")
ANSWERS = {
    "रमी O'Neil": {"ex_00_1_answer": simulated.RIGHT_00, "ex_00_2": "Both together."},
    "wrong": {"ex_00_1_answer": simulated.CONSTANT},
}
# Each is there a little later than the one before it.
PROGRESS = [
    ".grading/lock",
    f"release/{LESSON}/{LESSON}.ipynb",
    f".grading/results/wrong/{LESSON}.json",
    f".grading/results/रमी O'Neil/{LESSON}.json",
    f".grading/submitted/wrong/{LESSON}/{LESSON}.ipynb",
    f"autograded/wrong/{LESSON}/{LESSON}.ipynb",
    f"feedback/wrong/{LESSON}/{LESSON}.html",
    f"autograded/रमी O'Neil/{LESSON}",
    f"feedback/रमी O'Neil/{LESSON}/{LESSON}.html",
    "grades.csv",
]


@pytest.fixture(scope="module")
def pristine(tmp_path_factory):
    """A class that has handed in and has not been graded."""
    from course_utils.grading.assignments import make_course
    from course_utils.grading.plan import read_plan
    from course_utils.places import NOTEBOOKS

    folder = tmp_path_factory.mktemp("pristine") / "class"
    source = NOTEBOOKS / f"{LESSON}.ipynb"
    make_course([source], folder)
    release = read_plan(source).release
    for student, answers in ANSWERS.items():
        place = folder / "submitted" / student / LESSON
        place.mkdir(parents=True)
        nbformat.write(simulated.answered(release, **answers), place / f"{LESSON}.ipynb")
    return folder


@pytest.fixture(scope="module")
def undisturbed(pristine, tmp_path_factory):
    """The tables of a class whose grading nothing has disturbed."""
    folder = tmp_path_factory.mktemp("undisturbed") / "class"
    shutil.copytree(pristine, folder)
    process = processes.start(folder, folder.parent / "said")
    process.join()
    assert process.exitcode == 0, (folder.parent / "said").read_text(encoding="utf-8")
    tables = tables_of(folder)
    assert re.search(r"^रमी O'Neil,1,", tables["grades.csv"], re.MULTILINE)
    assert re.search(r"^wrong,0,", tables["grades.csv"], re.MULTILINE)
    return tables


def tables_of(folder):
    return {name: (folder / name).read_text(encoding="utf-8") for name in TABLES}


def entered(folder):
    """What the gradebook has of each student: points of the check, and how many grades."""
    from course_utils.grading.gradebook import Course

    course = Course(folder)
    return {student: course.points(student, LESSON) for student in ANSWERS}


def test_killed_at_ten_moments_it_comes_to_the_same_grades(pristine, undisturbed, tmp_path):
    folder, said = tmp_path / "class", tmp_path / "said"
    shutil.copytree(pristine, folder)
    killed = 0
    for name in PROGRESS:
        process = processes.start(folder, said)
        if processes.wait_for((folder / name).exists, process):
            process.kill()
            killed += 1
        process.join()
        assert process.exitcode in (0, -9), said.read_text(encoding="utf-8")
    assert killed >= len(PROGRESS) - 1  # the last table is written when there is nothing left to kill
    process = processes.start(folder, said)
    process.join()
    assert process.exitcode == 0, said.read_text(encoding="utf-8")
    assert "broken" not in said.read_text(encoding="utf-8").replace("0 broken", "")
    assert tables_of(folder) == undisturbed
    assert entered(folder)["रमी O'Neil"]["ex-00-1-check"] == (1, 1)
    left = [path for path in folder.rglob("*") if path.name.endswith((".tmp", ".new")) and path.is_dir()]
    assert left == []
    for student in ANSWERS:
        nbformat.read(folder / "autograded" / student / LESSON / f"{LESSON}.ipynb", as_version=4)
        assert (folder / "feedback" / student / LESSON / f"{LESSON}.html").stat().st_size > 10_000


def test_started_twice_the_second_waits_and_both_come_to_the_same(pristine, undisturbed, tmp_path):
    folder, outputs = tmp_path / "class", [tmp_path / "first", tmp_path / "second"]
    shutil.copytree(pristine, folder)
    first = processes.start(folder, outputs[0])
    assert processes.wait_for((folder / "release" / LESSON).exists, first)
    second = processes.start(folder, outputs[1])
    for process in (first, second):
        process.join()
    said = [output.read_text(encoding="utf-8") for output in outputs]
    assert [first.exitcode, second.exitcode] == [0, 0], said
    assert "2 graded, 0 kept, 0 broken" in said[0]
    assert "0 graded, 2 kept, 0 broken" in said[1]
    assert "another run of `grade` is at work there; waiting" in said[1]
    assert tables_of(folder) == undisturbed


FULL = r"""
import shutil, sys
from pathlib import Path
from course_utils.grading import run
from tests.grading import processes

folder, ballast, write = Path(sys.argv[1]), Path(sys.argv[1], "ballast"), run.write_atomically

def fill():
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(2**16)):
                pass
        except OSError:
            pass

def write_and_fill(path, content):
    write(path, content)
    fill()

run.write_atomically = write_and_fill
try:
    processes.grade_here(folder, Path(sys.argv[2], "full"))
except SystemExit as end:
    Path(sys.argv[2], "code").write_text(str(end.code))
run.write_atomically = write
ballast.unlink(missing_ok=True)
processes.grade_here(folder, Path(sys.argv[2], "with room"))
"""


def test_on_a_full_disk_it_says_so_and_goes_on_when_there_is_room(pristine, undisturbed, tmp_path):
    place = tmp_path / "small disk"
    place.mkdir()
    mounted = 'mount -t tmpfs -o size=120m none "$1" && cp -r "$2" "$1/class" || exit 99; '
    command = f'{mounted} "$3" -c "$4" "$1/class" "$5" || exit 1; cp "$1"/class/*.csv "$5"'
    arguments = [place, pristine, sys.executable, FULL, tmp_path]
    ran = in_name_space(command, *arguments)
    assert ran.returncode == 0, ran.stderr
    full = (tmp_path / "full").read_text(encoding="utf-8")
    assert (tmp_path / "code").read_text(encoding="utf-8") == "2", full
    assert len(re.findall("the disk is full", full)) == 1
    assert "not graded" not in full
    assert "0 broken" in (tmp_path / "with room").read_text(encoding="utf-8")
    assert tables_of(tmp_path) == undisturbed


def test_in_a_read_only_folder_it_says_so_before_any_work(pristine, tmp_path):
    program = "from tests.grading.processes import grade_here; from pathlib import Path; import sys\n"
    program += "grade_here(Path(sys.argv[1]), Path(sys.argv[2]))"
    command = (
        'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" || exit 99; exec "$2" -c "$3" "$1" "$4"'
    )
    ran = in_name_space(command, pristine, sys.executable, program, tmp_path / "said")
    said = (tmp_path / "said").read_text(encoding="utf-8")
    assert ran.returncode == 2, said
    assert re.fullmatch(r"course_utils: .*class: this may not be written.*Copy the class.*\n", said)


def in_name_space(command, *arguments):
    """Runs a shell command that may mount, in a name space of its own."""
    ran = subprocess.run(
        ["unshare", "-rm", "sh", "-c", command, "sh", *map(str, arguments)],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    if ran.returncode == 99 or "unshare" in ran.stderr:
        pytest.skip(f"this system does not allow mounts here: {ran.stderr.strip()}")
    return ran
