"""A learner's first hour with a lesson, in a real browser: run, be told what to do, solve, come back."""

import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time

import nbformat
import pytest

from course_utils.lessons import editions
from course_utils.places import NOTEBOOKS, ROOT

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is in the extra `dev`")

BROWSER = os.environ.get("CHROMIUM") or next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome", "msedge"))),
    None,
)
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
]
STARTS, RUNS, ANSWERS = 120, 600, 60  # seconds: a cold JupyterLab, a whole lesson, one cell

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(BROWSER is None, reason="no Chromium, Chrome or Edge on the PATH, nor in $CHROMIUM"),
]

CELLS = """() => {
  const model = window.jupyterapp.shell.currentWidget.content.model;
  return Array.from(model.cells).map(cell => cell.toJSON());
}"""
# Asked several times a second while the lesson runs: without the outputs, which are a megabyte of pictures.
WAITING = """() => {
  const model = window.jupyterapp.shell.currentWidget.content.model;
  const waiting = Array.from(model.cells).filter(cell => cell.type === 'code' && !cell.executionCount);
  return waiting.map(cell => cell.id);
}"""
READY = """() => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return panel?.context?.isReady && panel.sessionContext?.session?.kernel?.status === 'idle';
}"""
SHOW = """async index => {
  const notebook = window.jupyterapp.shell.currentWidget.content;
  notebook.activeCellIndex = index;
  await notebook.scrollToItem(index, 'start');
}"""


def until(condition, seconds, complaint):
    """Wait for a condition to give something true, and return that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.2)
    raise AssertionError(f"after {seconds} s: {complaint()}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def lab(folder, place, root=ROOT):
    """Run the command that a learner runs, in the course's folder; give the server's address and token."""
    command = [
        *(sys.executable, "-m", "course_utils", "lab", "--no-browser"),
        *("--port", str(free_port()), "--ip", "127.0.0.1", "--folder", str(folder)),
    ]
    return server(command, place, root)


@contextlib.contextmanager
def server(command, place, folder):
    """Run a command that starts JupyterLab, in a folder; give the server's address and token."""
    shutil.rmtree(place, ignore_errors=True)
    (place / "config").mkdir(parents=True)
    # The test reads cells through JupyterLab's own model: it draws only those that are in sight.
    (place / "config" / "jupyter_lab_config.py").write_text(
        "c.LabApp.expose_app_in_browser = True\n", encoding="utf-8"
    )
    settings = {f"JUPYTER_{kind}_DIR": str(place / kind.lower()) for kind in ("CONFIG", "DATA", "RUNTIME")}
    log = place / "lab.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **settings, "IPYTHONDIR": str(place / "ipython")},
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            info = until(
                lambda: process.poll() is None and next((place / "runtime").glob("jpserver-*.json"), None),
                STARTS,
                lambda: f"no server.\n{log.read_text(encoding='utf-8', errors='replace')}",
            )
            yield json.loads(info.read_text(encoding="utf-8")), log
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(30)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


@contextlib.contextmanager
def page_of(playwright, server, lesson, shots):
    """Open a lesson in a browser of its own; leave a screenshot of how it ended."""
    browser = playwright.chromium.launch(executable_path=BROWSER, args=FLAGS)
    page = browser.new_page(viewport={"width": 1300, "height": 1000})
    page.set_default_timeout(STARTS * 1000)
    try:
        page.goto(f"{server['url']}lab/tree/{lesson}?token={server['token']}")
        page.wait_for_selector(".jp-NotebookPanel .jp-Notebook .jp-Cell")
        page.wait_for_function(READY)
        yield page
    finally:
        page.screenshot(path=shots)
        browser.close()


def cells_of(page):
    return {cell["id"]: cell for cell in page.evaluate(CELLS)}


def show(page, name):
    """Scroll to a cell and return where it is drawn."""
    index = list(cells_of(page)).index(name)
    page.evaluate(SHOW, index)
    cell = page.locator(f'.jp-Notebook .jp-Cell[data-windowed-list-index="{index}"]')
    cell.wait_for()
    return cell


def errors_of(cell):
    return [output["evalue"] for output in cell.get("outputs", []) if output["output_type"] == "error"]


def text_of(cell):
    return "".join(output.get("text", "") for output in cell["outputs"] if output["output_type"] == "stream")


def run_all(page):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
    until(
        lambda: not page.evaluate(WAITING) and page.evaluate(READY),
        RUNS,
        lambda: page.evaluate(WAITING),
    )


def assert_pictures_are_seen(cell, count):
    cell.locator("img").first.wait_for()
    pictures = cell.locator("img")
    assert pictures.count() >= count
    for number in range(count):
        until(
            lambda number=number: pictures.nth(number).evaluate(
                "image => image.complete && image.naturalWidth > 50"
            ),
            ANSWERS,
            lambda: "a picture is not loaded",
        )


def test_a_lesson_is_run_solved_saved_and_found_again(tmp_path):
    lesson = "00_orientation.ipynb"
    worked = {cell.id: cell for cell in editions.read_notebook(NOTEBOOKS / lesson).cells}
    answer = next(name for name in worked if re.fullmatch(r"ex-\d\d-\d+-answer", name))
    check = answer.removesuffix("answer") + "check"
    folder = tmp_path / "my lessons 多"

    with sync_api.sync_playwright() as playwright:
        with (
            lab(folder, tmp_path / "first") as (server, log),
            page_of(playwright, server, lesson, tmp_path / "solved.png") as page,
        ):
            assert f"{lesson}: ready for you." in log.read_text(encoding="utf-8")
            run_all(page)
            cells = cells_of(page)

            # Nothing asks for attention on top of the lesson, such as "official Jupyter news?".
            assert page.locator(".Toastify__toast, .jp-Dialog").all_inner_texts() == []

            # Everything ran, and what fails is what waits for an answer.
            for name, cell in cells.items():
                if errors_of(cell):
                    assert "raises-exception" in cell["metadata"].get("tags", []), (name, errors_of(cell))
            assert "is still empty" in errors_of(cells[check])[0]

            figures = 0
            for name, cell in cells.items():
                descriptions = [
                    output["metadata"]["image/png"]["alt"]
                    for output in cell.get("outputs", [])
                    if "image/png" in output.get("data", {})
                ]
                pictures = len(descriptions) + len(cell.get("attachments") or {})
                if not pictures:
                    continue
                drawn = show(page, name)
                assert_pictures_are_seen(drawn, pictures)
                for description in descriptions:
                    assert drawn.get_by_text(description, exact=True).is_visible(), description
                    figures += 1
            assert figures > 0

            recording = next(name for name, cell in cells.items() if "<audio" in str(cell.get("outputs")))
            player = show(page, recording).locator("audio").first
            assert player.get_attribute("aria-label").startswith("Recording: ")
            until(
                lambda: player.evaluate("audio => audio.duration > 0.1"), ANSWERS, lambda: "nothing to play"
            )

            shown = show(page, check)
            assert shown.get_by_text("is still empty").is_visible()
            assert shown.get_by_text("Traceback").count() == 0
            page.screenshot(path=tmp_path / "unsolved.png")

            # Solve it in the editor. One insertion, as from the clipboard: the editor would indent typed
            # lines.
            show(page, answer).locator(".cm-content").click()
            page.keyboard.press("ControlOrMeta+a")
            page.keyboard.insert_text(worked[answer].source)
            page.keyboard.press("Shift+Enter")
            page.keyboard.press("Shift+Enter")
            until(
                lambda: "passed" in text_of(cells_of(page)[check]) and not errors_of(cells_of(page)[check]),
                ANSWERS,
                lambda: cells_of(page)[check],
            )
            page.keyboard.press("ControlOrMeta+s")
            page.wait_for_function("() => !window.jupyterapp.shell.currentWidget.context.model.dirty")
            saved = nbformat.read(folder / lesson, as_version=nbformat.NO_CONVERT)
            assert worked[answer].source in [cell.source for cell in saved.cells]

        with (
            lab(folder, tmp_path / "second") as (server, log),
            page_of(playwright, server, lesson, tmp_path / "found again.png") as page,
        ):
            assert f"{lesson}: your own work, left as it is." in log.read_text(encoding="utf-8")
            assert cells_of(page)[answer]["source"] == worked[answer].source
            assert "BEGIN SOLUTION" in show(page, answer).inner_text()
    assert [path.name for path in folder.glob("*update*")] == []
