"""An assignment in a real browser: a student solves and validates it, the instructor sees the grades."""

import base64
import contextlib
import io
import os
import re
import subprocess
import sys
import zipfile

import nbformat
import pytest
from PIL import Image

from course_utils.grading import sandbox
from tests.e2e import test_lab as e2e
from tests.grading.simulated import cell_of

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

        with instructor(playwright, course, tmp_path / "instructor") as (page, url):
            page.get_by_role("menuitem", name="Nbgrader").wait_for()
            page.goto(f"{url}formgrader/gradebook/{LESSON}/{LESSON}")
            page.get_by_text("Submission #2").wait_for()
            scores = page.locator("table").first.inner_text()
            page.screenshot(path=tmp_path / "formgrader.png")
            page.goto(f"{url}formgrader/manage_submissions/{LESSON}")
            page.get_by_text("bob").wait_for()
            students = page.locator("table").first.inner_text()
            page.screenshot(path=tmp_path / "submissions.png")
    assert {tuple(re.findall(r"\d+ / \d+", line)[:2]) for line in scores.splitlines() if "#" in line} == {
        ("1 / 2", "1 / 1"),
        ("0 / 2", "0 / 1"),
    }, scores
    shown = {line.split("\t")[1]: line for line in students.splitlines() if "graded" in line}
    assert "1 / 2" in shown["ada"], students
    assert "0 / 2" in shown["bob"], students


@contextlib.contextmanager
def instructor(playwright, course, place):
    """A page of somebody logged in to JupyterLab in the course directory, and the server's address."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--allow-root"]
    command.append(f"--ServerApp.port={e2e.free_port()}")
    with e2e.server(command, place, course) as (server, _):
        browser = playwright.chromium.launch(executable_path=e2e.BROWSER, args=e2e.FLAGS)
        page = browser.new_page(viewport={"width": 1300, "height": 800})
        page.set_default_timeout(e2e.STARTS * 1000)
        # The address with the token logs in; Formgrader's own requests then have the cookie.
        page.goto(f"{server['url']}lab?token={server['token']}")
        yield page, server["url"]
        browser.close()


MARK = "document.documentElement.dataset.ran = 'yes'"
TEXT = """The formula $x<y$, and a table:

| left | right |
|------|-------|
| 1    | 2     |

```python
if 1 < 2: print("<code>")
```

![a picture](attachment:plot.png)
"""
HOSTILE = [
    f"<script>{MARK}</script>",
    f'<img src="/no-such-picture" onerror="{MARK}">',
    f'<svg onload="{MARK}"></svg>',
    f'```mermaid\n<img src=x onerror="{MARK}">\n```',
    f"[press](javascript:{MARK})",
    "![seen](/formgrader?path=settings-of-a-student)",
]


def opened(page, address):
    """Open a page with hostile cells; say whether anything of them ran, was asked for or can be pressed."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address, wait_until="domcontentloaded")
    page.locator("#notebook").first.wait_for()
    page.wait_for_timeout(1500)
    links = page.locator("[href^='javascript:' i]").count()
    wanted = [url for url in asked if "no-such-picture" in url or "settings-of" in url]
    return page.evaluate("document.documentElement.dataset.ran") == "yes" or links > 0 or bool(wanted)


def test_nothing_that_a_student_has_written_runs_where_the_instructor_reads_it(tmp_path, monkeypatch):
    from course_utils.command import environment
    from tests.grading import classes

    for name, value in environment.child_environment().items():
        monkeypatch.setenv(name, value)
    course = classes.made(tmp_path / "my course")
    picture = io.BytesIO()
    Image.new("RGB", (8, 5)).save(picture, "png")
    own = [nbformat.v4.new_markdown_cell(text) for text in HOSTILE[1:]]
    notebook = classes.graded(course, TEXT, own=own)
    encoded = base64.b64encode(picture.getvalue()).decode()
    cell_of(notebook, "ex-00-2").attachments = {"plot.png": {"image/png": encoded}}
    course.record("ada", LESSON, notebook, "")
    course.record("eve", LESSON, classes.graded(course, HOSTILE[0]), "")
    [(ada,), (eve,)] = classes.execute(
        course,
        "SELECT submitted_notebook.id FROM submitted_notebook JOIN submitted_assignment"
        " ON submitted_assignment.id = submitted_notebook.assignment_id ORDER BY student_id",
    )
    feedback = {student: course.folder / "feedback" / student / LESSON for student in ("ada", "eve")}
    with (
        sync_api.sync_playwright() as playwright,
        instructor(playwright, course.folder, tmp_path / "i") as (
            page,
            url,
        ),
    ):
        for address in (
            (feedback["ada"] / f"{LESSON}.html").as_uri(),
            (feedback["eve"] / f"{LESSON}.html").as_uri(),
            f"{url}formgrader/submissions/{eve}/",
            f"{url}formgrader/submissions/{ada}/",
        ):
            assert not opened(page, address), address
        assert "document.documentElement" in page.content(), "the instructor can still read it"
        page.screenshot(path=tmp_path / "formgrader.png", full_page=True)
        shown = page.locator(".nbgrader_cell", has=page.locator("img"))
        assert shown.locator("img").evaluate("image => [image.naturalWidth, image.naturalHeight]") == [8, 5]
        assert shown.locator("td").all_inner_texts() == ["1", "2"]
        assert shown.locator(".highlight").inner_text().strip() == 'if 1 < 2: print("<code>")'
        assert "$x<y$" in shown.inner_text()
        # The same page notices what was written there as it was.
        graded = course.folder / "autograded" / "eve" / LESSON / f"{LESSON}.ipynb"
        raw = nbformat.read(graded, as_version=4)
        cell_of(raw, "ex-00-2").source = HOSTILE[0]
        graded.unlink()
        nbformat.write(raw, graded)
        assert opened(page, f"{url}formgrader/submissions/{eve}/")
