"""`test`: every test and every lesson as one pytest run; also the pytest plugin of that run."""

import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.command import environment, interpreter
from course_utils.errors import CourseError
from course_utils.places import NOTEBOOKS, ROOT, TEMPLATE, TESTS, way_back

if TYPE_CHECKING:
    import pytest

# Strict comparison of every stored output. A cell that hangs is given up after five minutes: nbval's own
# limit is more than half an hour, and a dead kernel is noticed by the limit only.
NBVAL = [
    "--nbval",
    "--nbval-current-env",
    "--nbval-cell-timeout=300",
    "--nbval-sanitize-with=tests/nbval_sanitize.cfg",
    "-p",
    "tests.nbval_plugin",
    "-p",
    "course_utils.command.testing",
]

ROOMS_OF_ARRAYS = ("fusion", "alignment", "generation", "language_model")


def notebooks(numbers: list[str]) -> list[Path]:
    """Finds lessons by number.

    Args:
        numbers: such as ["01"] or ["1"]; empty for all lessons. "99" is the template, which is none of them.

    Returns:
        Their notebooks, in order.

    Raises:
        CourseError: if there is no such lesson; names those that are there.
    """
    lessons = {path.name[:2]: path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
    if not lessons:
        raise CourseError(f"There are no lessons in {NOTEBOOKS}. {way_back(NOTEBOOKS)}")
    wanted = [number.zfill(2) for number in numbers] or list(lessons)
    found = {**lessons, **({TEMPLATE.name[:2]: TEMPLATE} if TEMPLATE.exists() else {})}
    for number in wanted:
        if number not in found:
            there = ", ".join(f"{number} ({path.stem[3:]})" for number, path in lessons.items())
            raise CourseError(f"There is no lesson {number}. There are: {there}.")
    return [found[number] for number in wanted]


def command(lesson: str | None, fast: bool, further: list[str]) -> list[str]:
    """Puts the pytest command together.

    Args:
        lesson: one lesson's number, or None for everything.
        fast: leave out notebooks and slow tests.
        further: arguments for pytest; they come last, so they win.

    Returns:
        The arguments after ``python -m pytest``.

    Raises:
        CourseError: if there is no such lesson.
    """
    chosen = notebooks([lesson] if lesson else [])
    # What takes longest comes first and stays first, so that no process waits for the other at the end.
    arguments = ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    if lesson:
        number = chosen[0].name[:2]
        paths = [*TESTS.glob(f"checks/test_lesson_{number}.py"), *TESTS.glob("test_notebooks_*.py")]
    else:
        chosen = [*reversed(chosen), TEMPLATE]
        paths = [TESTS / "grading", TESTS / "e2e", TESTS]
    if fast:
        arguments += ["-m", "not slow"]
    else:
        arguments += [*NBVAL, *(["--only-lesson", number] if lesson else [])]
        paths = [*chosen, *paths]
    return [*arguments, *further, *(path.relative_to(ROOT).as_posix() for path in paths)]


def rooms_command(fast: bool, further: list[str]) -> list[str]:
    """Puts together the pytest command for the rooms that stand on arrays alone, whatever Keras stands on.

    Args:
        fast: leave out slow tests.
        further: arguments for pytest.

    Returns:
        The arguments after ``python -m pytest``.
    """
    quick = ["-m", "not slow"] if fast else []
    return ["-n", "2", "--dist", "loadfile", *quick, *further, *(f"tests/{room}" for room in ROOMS_OF_ARRAYS)]


def start(arguments: list[str], backend: str = "tensorflow") -> int:
    """Becomes pytest, in the course's folder.

    Args:
        arguments: as from `command` or `rooms_command`.
        backend: what Keras stands on.

    Returns:
        pytest's exit code, on Windows; elsewhere this process becomes pytest.
    """
    os.chdir(ROOT)
    variables = environment.child_environment() | {"KERAS_BACKEND": backend}
    interpreter.run_instead([sys.executable, "-m", "pytest", *arguments], variables)
    return 0


def try_lessons(paths: list[Path]) -> int:
    """Checks the installation, then runs lessons to their end as somebody does who answers no exercise.

    Args:
        paths: notebooks, worked or handed out.

    Returns:
        0 where everything is well, else 1.
    """
    from course_utils.command import doctor
    from course_utils.lessons import editions, render

    problems = sum(finding.mark == "fail" for finding in doctor.report())
    for path in paths:
        try:
            ran = render.execute(editions.learner_edition(editions.read_notebook(path)), path)
            print(f"[ok]   {path.name}: runs to its end, in {ran.seconds:.0f} s", flush=True)
        except CourseError as error:
            problems += 1
            print(f"[fail] {error}", flush=True)
    print(f"{problems} of these need attention." if problems else "Your lessons run on this computer.")
    return 1 if problems else 0


def pytest_addoption(parser: "pytest.Parser") -> None:
    """Adds the option by which `test --lesson` spares the other lessons."""
    parser.addoption("--only-lesson", metavar="NN", help="leave out tests that are about other lessons")


def pytest_collection_modifyitems(config: "pytest.Config", items: "list[pytest.Item]") -> None:
    """Deselects what tests the notebook of another lesson: running its learner edition can take a minute."""
    wanted = config.option.only_lesson
    others = [item for item in items if wanted and _lesson_of(item) not in (None, wanted)]
    if others:
        config.hook.pytest_deselected(items=others)
        items[:] = [item for item in items if item not in others]


def _lesson_of(item: "pytest.Item") -> str | None:
    """Number of the lesson whose notebook a parametrised test is given as `path`."""
    path = item.callspec.params.get("path") if hasattr(item, "callspec") else None
    return path.name[:2] if isinstance(path, Path) and path.parent in (NOTEBOOKS, TEMPLATE.parent) else None


def pytest_sessionfinish(session: "pytest.Session") -> None:
    """Fails a run in which no lesson was executed: without its flag nbval skips notebooks without a word."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    # Workers of xdist have no reporter, and a run that only lists tests executes none.
    if reporter is None or hasattr(session.config, "workerinput") or session.config.option.collectonly:
        return
    reports = [report for kind in ("passed", "failed", "error") for report in reporter.stats.get(kind, [])]
    cells = [report for report in reports if ".ipynb::" in getattr(report, "nodeid", "")]
    reporter.write_line("")
    reporter.write_line(f"Cells of lessons executed: {len(cells)}")
    if not cells and session.exitstatus == 0:
        reporter.write_line("No cell of any lesson was executed, so this run proves nothing.", red=True)
        session.exitstatus = 1
