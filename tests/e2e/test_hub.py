"""A class on a JupyterHub: two students fetch, solve and hand in, the teacher grades, feedback comes back."""

import contextlib
import csv
import os
import re
import shutil
import subprocess
import sys
import urllib.error
import urllib.request

import psutil
import pytest

from course_utils.places import ROOT
from tests.e2e import test_lab as e2e
from tests.e2e.test_assignment import ANSWER, CHECK, LESSON, SOLUTION, isolated
from tests.test_guides import HUB as GUIDE
from tests.test_guides import blocks_of_commands, part

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is in the extra `dev`")
pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")
pytest.importorskip("jupyterhub", reason="jupyterhub is in the extra `hub`")

HUB = ROOT / "docs" / "hub"
PROXY = HUB / "node_modules" / ".bin" / "configurable-http-proxy"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(e2e.BROWSER is None, reason="no Chromium, Chrome or Edge to be found"),
    pytest.mark.skipif(not isolated(), reason="bubblewrap (bwrap) is missing or may not be used here"),
    pytest.mark.skipif(not shutil.which("node"), reason="Node.js, which runs the hub's proxy, is missing"),
    pytest.mark.skipif(not PROXY.exists(), reason="the hub's proxy is missing: npm ci --prefix docs/hub"),
]

PASSWORD = "only for this test"
COUNT = 'def my_coverage(picture):\n    """Share of pixels."""\n    return (picture[..., 3] > 0).sum()'
# What a student writes, what the check says of it, and the points.
STUDENTS = {"ada": (SOLUTION, "passed", "1"), "bob": (COUNT, "You returned a count", "0")}
ACCOUNTS = ("teacher", *STUDENTS)


@contextlib.contextmanager
def hub(folder):
    """Run the hub of docs/hub in a folder; give its address. Nothing of it is left behind."""
    address, api = (f"http://127.0.0.1:{e2e.free_port()}" for _ in range(2))
    command = [
        *(sys.executable, "-m", "jupyterhub", "-f", str(HUB / "jupyterhub_config.py")),
        f"--JupyterHub.bind_url={address}",
        f"--JupyterHub.hub_port={e2e.free_port()}",
        f"--ConfigurableHTTPProxy.api_url={api}",
    ]
    log = folder / "hub.log"
    with log.open("wb") as output:
        process = psutil.Popen(
            command,
            cwd=folder,
            env={**os.environ, "HUB_PASSWORD": PASSWORD},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            e2e.until(
                lambda: process.is_running() and answers(f"{address}/hub/health"),
                e2e.STARTS,
                lambda: f"no hub.\n{log.read_text(encoding='utf-8', errors='replace')}",
            )
            yield address
        finally:
            started = process.children(recursive=True)
            process.terminate()
            _, alive = psutil.wait_procs([process, *started], timeout=30)
            for left in alive:
                left.kill()
    assert alive == [], "the hub leaves processes behind"


def answers(address):
    try:
        with urllib.request.urlopen(address, timeout=5) as response:
            return response.status == 200
    except (OSError, urllib.error.URLError):
        return False


@contextlib.contextmanager
def account(browser, address, name, shots):
    """A page of somebody who has logged in to the hub; leave a screenshot of how it ended."""
    page = browser.new_context(viewport={"width": 1300, "height": 1000}).new_page()
    page.set_default_timeout(e2e.STARTS * 1000)
    try:
        page.goto(f"{address}/hub/login?next=/hub/user-redirect/lab")
        page.locator("#username_input").fill(name)
        page.locator("#password_input").fill(PASSWORD)
        page.locator("#login_submit").click()
        page.wait_for_url(f"{address}/user/{name}/lab**")
        yield page
    finally:
        page.screenshot(path=shots / f"{name}.png")
        page.context.close()


def assignments(page, kind):
    """Open nbgrader's list; return the one assignment that is released, fetched or submitted."""
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    page.get_by_role("menuitem", name="Assignment List").click()
    return page.locator(f"#{kind}_assignments_list .list_item").filter(has_text=LESSON)


def hand_in(page, address, name):
    """Fetch the lesson, solve the first exercise, hand in; return what the check said."""
    answer, said, _ = STUDENTS[name]
    assignments(page, "released").get_by_role("button", name="Fetch").click()
    page.locator("#fetched_assignments_list .list_item").filter(has_text=LESSON).first.wait_for()
    page.goto(f"{address}/user/{name}/lab/tree/{LESSON}/{LESSON}.ipynb")
    page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
    page.wait_for_function(e2e.READY)
    e2e.show(page, ANSWER).locator(".cm-content").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.insert_text(answer)
    e2e.run_all(page)
    cell = e2e.cells_of(page)[CHECK]
    assert said in f"{e2e.text_of(cell)} {e2e.errors_of(cell)}"
    page.keyboard.press("ControlOrMeta+s")
    page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
    assignments(page, "fetched").get_by_role("button", name="Submit").click()
    page.locator("#submitted_assignments_list .list_item").filter(has_text=LESSON).first.wait_for()


def open_terminal(page):
    page.get_by_role("menuitem", name="File", exact=True).click()
    page.get_by_text("New", exact=True).hover()
    page.get_by_role("menuitem", name="Terminal").click()
    page.locator(".jp-Terminal .xterm-helper-textarea").wait_for(state="attached")


def type_commands(page, commands, done):
    """Type lines of commands into the terminal; wait for the file that shows that all have passed."""
    page.locator(".jp-Terminal .xterm-helper-textarea").focus()
    page.keyboard.insert_text(" && ".join([*commands.splitlines(), f"touch '{done}'"]))
    page.keyboard.press("Enter")
    e2e.until(done.exists, e2e.RUNS, lambda: f"no {done.name}: the screenshot shows the terminal")


def feedback_of(page, address, name, place):
    """Fetch the feedback; return the page that came."""
    page.goto(f"{address}/user/{name}/lab?reset")
    assignments(page, "submitted").get_by_role("button", name="Fetch Feedback").click()
    [found] = e2e.until(lambda: list(place.rglob("feedback/**/*.html")), e2e.ANSWERS, lambda: "no feedback")
    return found.read_text(encoding="utf-8")


def test_two_students_and_a_teacher_on_a_hub(tmp_path):
    course = tmp_path / "homes" / "teacher" / "course"
    for name in ACCOUNTS:
        settings = tmp_path / "homes" / name / ".jupyter"
        settings.mkdir(parents=True)
        (settings / "jupyter_lab_config.py").write_text("c.LabApp.expose_app_in_browser = True\n")
    _, hand_out, grade = blocks_of_commands(part(GUIDE, "## Try one on your computer"))

    with (
        sync_api.sync_playwright() as playwright,
        hub(tmp_path) as address,
        playwright.chromium.launch(executable_path=e2e.BROWSER, args=e2e.FLAGS) as browser,
        contextlib.ExitStack() as logged_in,
    ):
        teacher, *students = (
            logged_in.enter_context(account(browser, address, name, tmp_path)) for name in ACCOUNTS
        )
        open_terminal(teacher)
        type_commands(teacher, hand_out, tmp_path / "released")
        for name, page in zip(STUDENTS, students, strict=True):
            hand_in(page, address, name)
        type_commands(teacher, grade, tmp_path / "graded")
        teacher.goto(f"{address}/user/teacher/formgrader/gradebook/{LESSON}/{LESSON}")
        teacher.get_by_text("Submission #2").wait_for()
        scores = teacher.locator("table").first.inner_text()
        feedback = {
            name: feedback_of(page, address, name, tmp_path / "homes" / name)
            for name, page in zip(STUDENTS, students, strict=True)
        }

    assert "not recognized" not in (tmp_path / "hub.log").read_text(encoding="utf-8")
    with (course / "grades.csv").open(encoding="utf-8", newline="") as file:
        points = {row["student"]: row[f"00 {CHECK}"] for row in csv.DictReader(file)}
    assert points == {name: earned for name, (_, _, earned) in STUDENTS.items()}
    assert sorted(re.findall(r"\d+ / 2", scores)) == ["0 / 2", "1 / 2"]
    for name, (_, said, earned) in STUDENTS.items():
        assert f"{earned}.0 / 1.0" in feedback[name]
        assert said in feedback[name]
