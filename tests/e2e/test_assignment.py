"""An assignment in a real browser: a student solves and validates it, the instructor sees the grades."""

import os
import re
import subprocess
import sys
import zipfile

import pytest

from course_utils.grading import sandbox
from tests.e2e import test_lab as e2e

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is in the extra `dev`")
pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")


def isolated():
    if os.environ.get("CI") == "true":
        return True  # where everything is tested, it must be
    try:
        sandbox.require_isolation()
    except sandbox.CourseError:
        return False
    return True


pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(e2e.BROWSER is None, reason="no Chromium, Chrome or Edge to be found"),
    pytest.mark.skipif(not isolated(), reason="bubblewrap (bwrap) is missing or may not be used here"),
]

LESSON = "00_orientation"
ANSWER, CHECK = "ex-00-1-answer", "ex-00-1-check"
SOLUTION = 'def my_coverage(picture):\n    """Share of pixels."""\n    return (picture[..., 3] > 0).mean()'


def course_utils(*arguments):
    subprocess.run([sys.executable, "-m", "course_utils", *map(str, arguments)], cwd=e2e.ROOT, check=True)


def validate(page):
    """Press the notebook's Validate button and return what the dialog says."""
    page.get_by_role("button", name="Validate").first.click()
    dialog = page.locator(".jp-Dialog").filter(has_text="Validation Results")
    dialog.wait_for()
    text = dialog.inner_text()
    page.screenshot(path=page.shots / f"validated {page.pressed}.png")
    page.pressed += 1
    dialog.get_by_role("button").last.click()
    dialog.wait_for(state="detached")
    return text


def test_a_student_solves_and_validates_and_the_instructor_sees_the_grade(tmp_path):
    course, kit = tmp_path / "my course", tmp_path / "what students get"
    course_utils("assign", "00", "--to", course)
    with zipfile.ZipFile(course / "student_kit.zip") as archive:
        archive.extractall(kit)
    assert not list(kit.rglob("test_*.py")), "answers are in tests"
    assert "BEGIN SOLUTION" not in (kit / "notebooks" / f"{LESSON}.ipynb").read_text(encoding="utf-8")

    with sync_api.sync_playwright() as playwright:
        with (
            e2e.lab(tmp_path / "work", tmp_path / "student", kit) as (server, _),
            e2e.page_of(playwright, server, f"{LESSON}.ipynb", tmp_path / "student.png") as page,
        ):
            page.shots, page.pressed = tmp_path, 0
            assert "Exercise 0.1 is still empty" in validate(page)
            e2e.show(page, ANSWER).locator(".cm-content").click()
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.insert_text(SOLUTION)
            page.keyboard.press("ControlOrMeta+s")
            page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
            # What is left is the written answer.
            text = validate(page)
            assert "Exercise 0.1" not in text
            assert "You did not provide a response" in text

        for student in ("ada", "bob"):
            place = course / "submitted" / student / LESSON
            place.mkdir(parents=True)
            source = tmp_path / "work" if student == "ada" else course / "release" / LESSON
            (place / f"{LESSON}.ipynb").write_bytes((source / f"{LESSON}.ipynb").read_bytes())
        course_utils("grade", course)

        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--allow-root"]
        command.append(f"--ServerApp.port={e2e.free_port()}")
        with e2e.server(command, tmp_path / "instructor", course) as (server, _):
            browser = playwright.chromium.launch(executable_path=e2e.BROWSER, args=e2e.FLAGS)
            page = browser.new_page(viewport={"width": 1300, "height": 800})
            page.set_default_timeout(e2e.STARTS * 1000)
            # The address with the token logs in; Formgrader's own requests then have the cookie.
            page.goto(f"{server['url']}lab?token={server['token']}")
            page.get_by_role("menuitem", name="Nbgrader").wait_for()
            page.goto(f"{server['url']}formgrader/gradebook/{LESSON}/{LESSON}")
            page.get_by_text("Submission #2").wait_for()
            scores = page.locator("table").first.inner_text()
            page.screenshot(path=tmp_path / "formgrader.png")
            page.goto(f"{server['url']}formgrader/manage_submissions/{LESSON}")
            page.get_by_text("bob").wait_for()
            students = page.locator("table").first.inner_text()
            page.screenshot(path=tmp_path / "submissions.png")
            browser.close()
    assert {tuple(re.findall(r"\d+ / \d+", line)[:2]) for line in scores.splitlines() if "#" in line} == {
        ("1 / 2", "1 / 1"),
        ("0 / 2", "0 / 1"),
    }, scores
    shown = {line.split("\t")[1]: line for line in students.splitlines() if "graded" in line}
    assert "1 / 2" in shown["ada"], students
    assert "0 / 2" in shown["bob"], students
