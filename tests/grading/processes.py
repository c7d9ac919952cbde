"""Runs `grade` in a process of its own, which can be killed as nobody can kill a function.

What happens around the grading is meant: a stand-in takes the place of the referee, and nothing that was
handed in runs.
"""

import contextlib
import multiprocessing
import os
import sys
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from course_utils.command import environment
from course_utils.errors import CourseError

_PATIENCE = 300  # seconds after which something hangs


def start(folder: Path, output: Path) -> multiprocessing.Process:
    """Starts grading a folder; what is said goes to a file, and an error ends it with exit code 2."""
    # Forked from a process that has imported everything already: this is done often.
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["course_utils.grading.run", "course_utils.grading.gradebook"])
    process = context.Process(target=grade_here, args=(folder, output))
    process.start()
    return process


def grade_here(folder: Path, output: Path) -> None:
    """Grades a folder in this process, as the command does."""
    os.environ.update(environment.child_environment())
    # What libraries below Python print belongs there as well.
    with output.open("w", encoding="utf-8") as file:
        for descriptor in (1, 2):
            os.dup2(file.fileno(), descriptor)
    from course_utils.grading import bounded, run

    run.serve = serve
    bounded._context = lambda: multiprocessing.get_context("fork")
    try:
        outcome = run.grade(folder, workers=1, unsafe=True)
    except CourseError as error:
        print(f"course_utils: {error}", flush=True)
        sys.exit(2)
    print(f"{outcome.graded} graded, {outcome.kept} kept, {outcome.broken} broken", flush=True)


def serve(connection: Connection, plan_path: Path, *_: object) -> None:
    """Decides as a referee, by the text of the answer."""
    from course_utils.grading.plan import compose, read_plan, read_submission

    plan = read_plan(plan_path)
    connection.send(("ready", None))
    with contextlib.suppress(EOFError, ConnectionError):
        while True:
            steps = compose(plan, read_submission(connection.recv_bytes()))
            passed = any("picture[..., 3] > 0" in step.cell.source for step in steps)
            verdicts = [
                {
                    "number": exercise.number,
                    "grade_id": exercise.check,
                    "points": exercise.points,
                    "earned": exercise.points if passed else 0.0,
                    "state": "passed" if passed else "failed",
                    "hint": "" if passed else "no",
                    "note": "",
                }
                for exercise in plan.exercises
            ]
            error = {"output_type": "error", "ename": "No", "evalue": "no", "traceback": ["No: no"]}
            for step in steps:
                if step.kind == "check" and not passed:
                    step.cell.outputs = [error]
            connection.send(
                ("graded", {"cells": [step.cell for step in steps], "verdicts": verdicts, "seconds": 0.0})
            )


def wait_for(condition: Callable[[], bool], process: multiprocessing.Process) -> bool:
    """Waits until something is so; says whether the process was still there then."""
    end = time.monotonic() + _PATIENCE
    while not condition():
        if not process.is_alive():
            return False
        assert time.monotonic() < end, "nothing happens any more"
        time.sleep(0.002)
    return True
