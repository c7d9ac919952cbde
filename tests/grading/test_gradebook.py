"""What is decided gets into nbgrader's gradebook and stays right there."""

import shutil
import sqlite3
from pathlib import Path

import nbformat.v4
import pytest
from nbformat import NotebookNode

from course_utils.command import environment
from course_utils.errors import CourseError

pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")

from nbgrader.converters import Autograde
from sqlalchemy.exc import OperationalError

from course_utils.grading import gradebook
from course_utils.grading.bounded import Stopped
from course_utils.grading.gradebook import Course
from course_utils.grading.timestamps import to_utc
from tests.grading.classes import CHECK, LESSON, WRITTEN, execute, give_points, graded, made, page
from tests.grading.simulated import cell_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def environment_of_commands():
    """nbgrader starts a program of the environment by its name."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.child_environment().items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course directory into which ada, whose answer passes, has been entered."""
    course = made(tmp_path_factory.mktemp("class") / "my course")
    assert course.record("ada", LESSON, graded(course), "") == []
    return course.folder


@pytest.fixture
def course(pristine: Path, tmp_path: Path) -> Course:
    return Course(shutil.copytree(pristine, tmp_path / "my course"))


def enter(course: Course, student: str, notebook: NotebookNode, timestamp: str = "") -> list[str]:
    """What `record` does, without a process of its own and without a page."""
    return course._enter(student, LESSON, notebook, timestamp, False)


def test_a_submission_is_entered_whole(course):
    assert not course.is_entered("bob", LESSON)
    assert course.points("bob", LESSON) == {}
    assert not course.waits_for_points("bob", LESSON)
    assert course.record("bob", LESSON, graded(course, passes=False), "") == []
    assert course.points("ada", LESSON) == {CHECK: (1, 1), WRITTEN: (None, 1)}
    assert course.points("bob", LESSON) == {CHECK: (0, 1), WRITTEN: (None, 1)}
    for student in ("ada", "bob"):
        assert course.is_entered(student, LESSON)
        assert course.waits_for_points(student, LESSON)
    assert "My answer." in page(course, "ada")
    assert "HIDDEN TESTS" not in page(course, "ada")
    give_points(course, "ada", WRITTEN, 1)
    assert course.points("ada", LESSON)[WRITTEN] == (1, 1)
    assert not course.waits_for_points("ada", LESSON)


@pytest.mark.parametrize("step", ["feedback", "autograded", ".grading/submitted", "feedback/ada"])
def test_a_folder_once_deleted_is_noticed(course, step):
    assert course.is_entered("ada", LESSON)
    shutil.rmtree(course.folder / step)
    assert not course.is_entered("ada", LESSON)


def test_folders_once_deleted_are_made_again(course):
    give_points(course, "ada", WRITTEN, 1, "Good.")
    for step in ("feedback", "autograded", ".grading"):
        shutil.rmtree(course.folder / step)
    assert course.record("ada", LESSON, graded(course), "") == []
    assert course.is_entered("ada", LESSON)
    assert course.points("ada", LESSON)[WRITTEN] == (1, 1)
    assert not course.waits_for_points("ada", LESSON)
    assert "Good." in page(course, "ada")


def test_a_gradebook_that_is_gone_is_filled_again(course):
    (course.folder / "gradebook.db").unlink()
    assert not course.is_entered("ada", LESSON)
    assert not course.is_generated(LESSON)
    course.generate(LESSON)
    assert course.is_generated(LESSON)
    enter(course, "ada", graded(course))
    assert course.points("ada", LESSON)[CHECK] == (1, 1)
    assert course.is_entered("ada", LESSON)


def test_an_older_copy_of_the_gradebook_lacks_what_came_later(course):
    copy = course.folder / "copy.db"
    give_points(course, "ada", WRITTEN, 1)
    shutil.copy(course.folder / "gradebook.db", copy)
    enter(course, "ada", graded(course, "Another answer.", passes=False))
    shutil.copy(copy, course.folder / "gradebook.db")
    assert not course.is_entered("ada", LESSON)
    [note] = enter(course, "ada", graded(course, "Another answer.", passes=False))
    assert "1 of 1 points by hand were for an earlier text" in note
    assert course.points("ada", LESSON) == {CHECK: (0, 1), WRITTEN: (None, 1)}
    assert course.is_entered("ada", LESSON)


def test_a_gradebook_of_another_version_of_the_assignment_is_renewed(course):
    assert course.is_generated(LESSON)
    execute(course, "UPDATE grade_cells SET max_score = 7")
    assert not course.is_generated(LESSON)


def test_points_by_hand_do_not_stay_on_a_new_text(course):
    give_points(course, "ada", WRITTEN, 1, "Well argued.")
    [note] = course.record("ada", LESSON, graded(course, "Something wholly different."), "")
    assert note == f"{WRITTEN}: 1 of 1 points by hand were for an earlier text: look again"
    assert course.points("ada", LESSON)[WRITTEN] == (None, 1)
    assert course.waits_for_points("ada", LESSON)
    [(comment,)] = execute(course, "SELECT manual_comment FROM comment WHERE manual_comment IS NOT NULL")
    assert comment == "Given for an earlier text: 1 of 1 points. Well argued."
    assert comment in page(course, "ada")
    give_points(course, "ada", WRITTEN, 0.5)
    assert enter(course, "ada", graded(course, "Something wholly different.\n")) == []
    assert course.points("ada", LESSON)[WRITTEN] == (0.5, 1)
    assert not course.waits_for_points("ada", LESSON)


def test_points_by_hand_for_a_check_do_not_stay_on_another_answer(course):
    give_points(course, "ada", CHECK, 0.5)
    assert enter(course, "ada", graded(course, "Another text.")) == []
    assert course.points("ada", LESSON)[CHECK] == (0.5, 1)
    changed = graded(course, passes=False)
    cell_of(changed, "ex-00-1-answer").source = "def my_coverage(picture):\n    return 3\n"
    [note] = enter(course, "ada", changed)
    assert note.startswith(f"{CHECK}: 0.5 of 1 points")
    assert course.points("ada", LESSON)[CHECK] == (0, 1)
    assert course.waits_for_points("ada", LESSON)


def test_points_by_hand_on_another_picture_do_not_stay(course):
    def with_picture(content):
        notebook = graded(course, "![plot](attachment:a.png)")
        cell_of(notebook, WRITTEN).attachments = {"a.png": {"image/png": content}}
        return notebook

    enter(course, "ada", with_picture("AAAA"))
    give_points(course, "ada", WRITTEN, 1)
    assert len(enter(course, "ada", with_picture("BBBB"))) == 1
    assert course.points("ada", LESSON)[WRITTEN] == (None, 1)


@pytest.mark.parametrize(("text", "stay"), [("My answer.", True), ("Another.", False)])
def test_points_in_a_gradebook_made_before_texts_were_kept(course, text, stay):
    give_points(course, "ada", WRITTEN, 1)
    execute(course, "DROP TABLE course_utils_text")
    assert not course.is_entered("ada", LESSON)
    enter(course, "ada", graded(course, text))
    assert (course.points("ada", LESSON)[WRITTEN] == (1, 1)) is stay
    assert course.waits_for_points("ada", LESSON) is not stay


def test_points_whose_text_nobody_knows_are_kept_and_looked_at_again(course):
    give_points(course, "ada", WRITTEN, 1)
    execute(course, "DROP TABLE course_utils_text")
    shutil.rmtree(course.folder / "autograded")
    [note] = enter(course, "ada", graded(course))
    assert "may be for an earlier text" in note
    assert course.points("ada", LESSON)[WRITTEN] == (1, 1)
    assert course.waits_for_points("ada", LESSON)


def test_a_timestamp_that_is_no_date_costs_nothing(course):
    [note] = course.record("bob", LESSON, graded(course), "gestern")
    assert note.startswith("timestamp.txt: found 'gestern', expected a time such as 2026-03-31 14:05:00 UTC")
    assert course.points("bob", LESSON)[CHECK] == (1, 1)


def test_a_timestamp_is_entered_and_goes_when_there_is_none(course):
    enter(course, "ada", graded(course), to_utc("2026-03-31 16:05:00 Europe/Berlin")[0])
    assert execute(course, "SELECT timestamp FROM submitted_assignment") == [("2026-03-31 14:05:00.000000",)]
    enter(course, "ada", graded(course))
    assert not (course.folder / ".grading" / "submitted" / "ada" / LESSON / "timestamp.txt").exists()


@pytest.mark.parametrize("student", ["x[1]", " zoë ", "O'Neil", "*", "रमी", "100%20 a&b {c}"])
def test_names_are_entered_as_they_are(course, student):
    enter(course, student, graded(course, passes=False))
    assert course.points(student, LESSON)[CHECK] == (0, 1)
    assert course.points("ada", LESSON)[CHECK] == (1, 1)


@pytest.mark.parametrize(
    "student", ["<img src=x onerror=alert(1)>", 'a" onmouseover="x', "a\nb", "a\x1b[31m", "a\udcff"]
)
def test_a_name_that_a_page_would_run_is_refused(course, student):
    with pytest.raises(CourseError, match=r"nbgrader cannot use this name.*Rename") as raised:
        course.record(student, LESSON, graded(course), "")
    assert str(raised.value).isprintable()


def test_a_locked_gradebook_is_one_clear_line(course):
    with sqlite3.connect(course.folder / "gradebook.db") as other:
        other.execute("BEGIN EXCLUSIVE")
        for call in (
            lambda: course.points("ada", LESSON),
            lambda: course.record("ada", LESSON, graded(course), ""),
        ):
            with pytest.raises(CourseError, match=r"gradebook\.db: .*database is locked.*close it") as raised:
                call()
            assert "\n" not in str(raised.value)
        other.rollback()
    assert course.record("ada", LESSON, graded(course), "") == []
    assert course.is_entered("ada", LESSON)


@pytest.mark.parametrize("damage", ["text", "cut", "zeros"])
def test_a_damaged_gradebook_is_one_clear_line(course, damage):
    path = course.folder / "gradebook.db"
    whole = path.read_bytes()
    contents = {"text": b"none" * 1000, "cut": whole[:10_000], "zeros": whole[:100] + bytes(len(whole) - 100)}
    path.write_bytes(contents[damage])
    for call in (
        lambda: course.points("ada", LESSON),
        lambda: course.is_entered("ada", LESSON),
        lambda: enter(course, "ada", graded(course)),
    ):
        with pytest.raises(CourseError, match=r"gradebook\.db: the gradebook cannot be used .*damaged.*copy"):
            call()


def test_a_full_disk_is_one_clear_line(course, monkeypatch):
    full = sqlite3.OperationalError("database or disk is full")

    def fails(*_):
        raise OperationalError("INSERT", {}, full)

    monkeypatch.setattr(gradebook, "remember", fails)
    with pytest.raises(CourseError, match=r"gradebook\.db: .*disk is full.*free some space"):
        enter(course, "ada", graded(course))


@pytest.mark.parametrize(
    ("settings", "found"),
    [
        (b"c = get_config(\n", "SyntaxError in line 1"),
        (b"c = get_config()\nc.X.y = undefined\n", "NameError: name 'undefined'"),
        (b"raise SystemExit(3)\n", "SystemExit: 3"),
        (b"import no_such_module\n", "ModuleNotFoundError"),
        (None, "ConfigFileNotFound"),
    ],
)
def test_broken_settings_are_one_clear_line(course, settings, found):
    path = course.folder / "nbgrader_config.py"
    path.unlink()
    if settings is not None:
        path.write_bytes(settings)
    for call in (lambda: course.points("ada", LESSON), lambda: course.generate(LESSON)):
        with pytest.raises(CourseError, match=rf"nbgrader_config\.py: .*({found}).*Mend the file"):
            call()


def test_the_exchange_of_accounts_is_known_and_the_courses_own_goes_before(course, tmp_path, monkeypatch):
    accounts, found = tmp_path / "accounts", []
    accounts.mkdir()
    (accounts / "nbgrader_config.py").write_text(
        'c = get_config()\nc.Exchange.root = "/srv/accounts"\nc.CourseDirectory.course_id = "another"\n'
        "c.ExchangeCollect.check_owner = False\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(accounts))
    monkeypatch.setattr(gradebook.exchange, "fetch", lambda collector, *_: found.append(collector))
    course.collect(LESSON)
    with (course.folder / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write('c.Exchange.root = "/srv/course"\n')
    course.collect(LESSON)
    assert [collector.root for collector in found] == ["/srv/accounts", "/srv/course"]
    for collector in found:
        assert (collector.check_owner, collector.coursedir.course_id) == (False, "multimodal")


def test_settings_can_neither_run_a_submission_nor_show_hidden_tests(course):
    with (course.folder / "nbgrader_config.py").open("a", encoding="utf-8") as file:
        file.write(
            'c.Autograde.autograde_preprocessors = ["nbgrader.preprocessors.Execute",'
            '"nbgrader.preprocessors.SaveAutoGrades"]\n'
            'c.GenerateFeedback.preprocessors = ["nbgrader.preprocessors.GetGrades"]\n'
        )
    ran = course.folder / "a student was here"
    own = nbformat.v4.new_code_cell(f"open({str(ran)!r}, 'w')")
    course.record("ada", LESSON, graded(course, own=(own,)), "")
    assert not ran.exists()
    assert course.points("ada", LESSON)[CHECK] == (1, 1)
    assert "HIDDEN TESTS" not in page(course, "ada")


def test_a_folder_may_have_any_name(pristine, tmp_path):
    course = Course(shutil.copytree(pristine, tmp_path / "class [1] {x} *é%20?"))
    give_points(course, "ada", WRITTEN, 1)
    course.generate(LESSON)
    enter(course, "bob", graded(course))
    assert course.points("bob", LESSON)[CHECK] == (1, 1)
    assert course.points("ada", LESSON)[WRITTEN] == (1, 1)


PICTURE = nbformat.v4.new_output("display_data", {"image/png": "A" * 2**21})
ODD = [
    nbformat.v4.new_markdown_cell("\\begin{a}" * 20_000),
    nbformat.v4.new_markdown_cell("![p](attachment:gone.png) and the rest"),
    nbformat.v4.new_code_cell("### BEGIN HIDDEN TESTS"),
    nbformat.v4.new_raw_cell("<script>alert(1)</script>"),
    nbformat.v4.new_code_cell("x", outputs=[PICTURE] * 150),
    *[nbformat.v4.new_markdown_cell(f"cell {place}") for place in range(3000)],
]


def test_nothing_in_a_notebook_costs_its_points_or_its_page(course):
    give_points(course, "ada", WRITTEN, 1, "You wrote <script>alert(1)</script>.")
    notes = course.record("ada", LESSON, graded(course, own=ODD), "")
    assert len(notes) == 4
    assert course.points("ada", LESSON) == {CHECK: (1, 1), WRITTEN: (1, 1)}
    assert course.is_entered("ada", LESSON)
    html = page(course, "ada")
    for text in (
        "and the rest",
        "BEGIN HIDDEN TESTS",
        "cells are left out here",
        "a picture of 2.0 MB is left",
    ):
        assert text in html
    assert "<script>alert(1)" not in html
    assert html.count("&lt;script&gt;alert(1)&lt;/script&gt;") == 2
    made_of = sum(path.stat().st_size for path in course.folder.rglob("*") if path.is_file())
    assert made_of < 100 * 2**20


def stopped(*stops):
    """A stand-in for running within limits, which are reached where ``stops`` says so."""
    calls = iter(stops)

    def run(function, *arguments):
        if next(calls):
            raise Stopped("it takes more than 120 seconds of processor time")
        return function(*arguments)

    return run


def test_texts_that_cannot_be_formatted_in_time_are_entered_as_they_were_written(course, monkeypatch):
    monkeypatch.setattr(gradebook, "_bounded", stopped(True, False, False))
    [note] = course.record("ada", LESSON, graded(course, "# My heading"), "")
    assert note.startswith("its text cells are shown as they were written: when they are formatted, it takes")
    assert course.is_entered("ada", LESSON)
    assert "# My heading" in page(course, "ada")
    monkeypatch.setattr(gradebook, "_bounded", stopped(True, True))
    with pytest.raises(CourseError, match=f"ada / {LESSON}: it cannot be entered: it takes more than"):
        course.record("ada", LESSON, graded(course), "")


def test_a_feedback_page_that_cannot_be_made_is_a_note(course, monkeypatch):
    monkeypatch.setattr(gradebook, "_bounded", stopped(False, True))
    [note] = course.record("ada", LESSON, graded(course), "")
    assert note == "the feedback page could not be made: it takes more than 120 seconds of processor time"
    assert note in page(course, "ada")
    assert f"{CHECK}: 1 / 1" in page(course, "ada")
    assert f"{WRITTEN}: to be graded / 1" in page(course, "ada")
    assert course.points("ada", LESSON)[CHECK] == (1, 1)
    assert course.is_entered("ada", LESSON)


def test_formgrader_autogrades_what_has_been_entered_and_nothing_else(course):
    """The button converts what was handed in, in the server's own process."""
    submitted = course.folder / "submitted" / "ada" / LESSON / f"{LESSON}.ipynb"
    submitted.parent.mkdir(parents=True)
    nbformat.write(graded(course), submitted)
    button = Course(course.folder)
    button._config = lambda *arguments: _as_formgrader(course, *arguments)
    button._convert(Autograde, LESSON, "ada")
    assert course.points("ada", LESSON)[CHECK] == (1, 1)
    nbformat.write(graded(course, "<img src=x onerror=alert(1)>"), submitted)
    with pytest.raises(CourseError, match="submissions only run in isolation"):
        button._convert(Autograde, LESSON, "ada")


def _as_formgrader(course, *arguments):
    config = course._config(*arguments)
    del config.CourseDirectory["submitted_directory"]
    return config
