"""Makes nbval 0.11 execute and compare lessons as JupyterLab and a reader would.

Load it with ``pytest -p tests.nbval_plugin --nbval --nbval-current-env ...`` in the repository's root.
Without it

- a trailing ``;`` does not silence a cell, because nbval executes cells without history;
- what C code writes to stderr is lost, because ipykernel captures less when it believes to run under pytest;
- a kernel that died is noticed at the cell's time-out only;
- one printed digit that another processor rounds the other way fails a lesson.

A lesson with exercises is also executed as somebody meets it who solves none. The kernel runs in a folder of
its own, as a learner's does. Before each answer its exercise is rehearsed with the cells of the learner
edition: the check must say that the answer is still empty. After the exercise the empty answer comes back, so
that all that follows is compared without any answer being there.

A cell tagged as one that needs something (``course_utils/lessons/needs.py``) is compared with what is stored
where that is there; elsewhere it must show one line, which says that it is not.
"""

import itertools
import os
import re
import tempfile
import time
from decimal import Decimal
from queue import Empty
from unittest import mock

import nbval.plugin
import pytest
from nbformat import v4
from nbval.kernel import RunningKernel

from course_utils.lessons.editions import learner_edition
from course_utils.lessons.needs import need_of
from course_utils.lessons.render import lasting, lesson_environment

DECIMAL = re.compile(r"(?<![\w.])[-+]?\d*\.\d+(?:[eE][-+]?\d+)?(?![\w.]*\w)")
"""A number with digits after its point; neither a version nor part of a name. Whole numbers are not meant."""


def pytest_configure(config):
    """Refuse the options under which nbval silently compares less, or in another environment."""
    if config.option.nbval_lax:
        raise pytest.UsageError(
            "--nbval-lax compares next to nothing, even beside --nbval; expected --nbval alone"
        )
    if config.option.nbval and not config.option.nbval_current_env:
        raise pytest.UsageError(
            "--nbval without --nbval-current-env runs whatever kernel is registered; add it"
        )
    nbval.plugin.RunningKernel = LessonKernel
    nbval.plugin.IPyNbCell.compare_outputs = compare_outputs
    nbval.plugin.IPyNbCell.runtest = run_as_learner_and_author


class LessonKernel(RunningKernel):
    """A kernel that treats a lesson as JupyterLab does."""

    def __init__(self, *args, **options):
        self.ipython_folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        self.working_folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        with mock.patch.dict(os.environ, lesson_environment(self.ipython_folder.name), clear=True):
            super().__init__(*args, **{**options, "cwd": self.working_folder.name})

    def execute_cell_input(self, cell_input, allow_stdin=None):
        return self.kc.execute(cell_input, store_history=True, allow_stdin=allow_stdin, stop_on_error=False)

    def await_reply(self, msg_id, timeout=None):
        end = None if timeout is None else time.monotonic() + timeout
        while True:
            try:
                return super().await_reply(msg_id, timeout=1)
            except Empty:
                if not self.is_alive():
                    raise RuntimeError("the kernel died: out of memory, os._exit() or a crash") from None
                if end is not None and time.monotonic() > end:
                    raise

    def stop(self):
        super().stop()
        self.ipython_folder.cleanup()
        self.working_folder.cleanup()

    def errors_of(self, source):
        """Run a cell aside, as a learner would; return the errors that it ended with, in Jupyter's form."""
        errors = []

        def keep(message):
            if message["msg_type"] == "error":
                errors.append(message["content"])

        self.kc.execute_interactive(
            source, allow_stdin=False, stop_on_error=False, timeout=60, output_hook=keep
        )
        return errors


def agree(found, stored):
    """Say whether two texts are the same but for the last printed digit of numbers with a decimal point.

    A value that is mathematically a tie (0.125 to two digits) is rounded up on one processor and down on
    another. Whole numbers, words, layout and the count of digits must be the same.
    """
    if DECIMAL.sub("#", found) != DECIMAL.sub("#", stored):
        return False
    return all(map(_close, DECIMAL.findall(found), DECIMAL.findall(stored)))


def _close(one, other):
    if _digits(one) != _digits(other):
        return False
    places = (Decimal(1).scaleb(Decimal(number).as_tuple().exponent) for number in (one, other))
    return abs(Decimal(one) - Decimal(other)) <= max(places)


def _digits(number):
    return len(re.search(r"\.(\d+)", number).group(1))


_run = nbval.plugin.IPyNbCell.runtest


def run_as_learner_and_author(item):
    """Run a cell; before and after an exercise, what a learner has there who solves none."""
    exercise = _exercise_of(
        [cell for cell in item.parent.nb.cells if cell.cell_type == "code"], item.cell_num
    )
    if exercise and item.cell is exercise[0]:
        _rehearse(item, exercise)
    _run(item)
    if exercise and item.cell is exercise[-1]:
        item.parent.kernel.errors_of(_learners(item.parent)[exercise[0].id].source)


def _exercise_of(cells, place):
    """The answer, its check and what it shows, if a cell is one of them, else an empty list."""
    first = place
    while first > 0 and _follows_an_answer(cells[first]):
        first -= 1
    if not _roles(cells[first]).get("solution"):
        return []
    return [cells[first], *itertools.takewhile(_follows_an_answer, cells[first + 1 :])]


def _follows_an_answer(cell):
    check = _roles(cell).get("grade") and not _roles(cell).get("solution")
    return check or "target" in cell.metadata.get("tags", [])


def _roles(cell):
    return cell.metadata.get("nbgrader", {})


def _rehearse(item, exercise):
    """Run an exercise as the learner edition has it, and complain unless its check asks for an answer."""
    for cell in exercise:
        errors = item.parent.kernel.errors_of(_learners(item.parent)[cell.id].source)
        if _roles(cell).get("grade"):
            said = [error["evalue"] for error in errors]
            if len(said) != 1 or "is still empty" not in said[0]:
                item.raise_cell_error(f"{cell.id}: the check of an empty answer must say so; it said {said}")
            if len("".join(errors[0]["traceback"])) >= 500:
                item.raise_cell_error(f"{cell.id}: the hint would drown in its traceback")


def _learners(file):
    """Cells of the learner edition by their id, made once per lesson."""
    if not hasattr(file, "learners"):
        file.learners = {cell.id: cell for cell in learner_edition(file.nb).cells}
    return file.learners


_strictly = nbval.plugin.IPyNbCell.compare_outputs


def compare_outputs(cell, found, stored, skip_compare=None):
    """Compare a cell's outputs as nbval does; texts that agree count as the same, sliders not at all."""
    found = lasting(found)
    need = need_of(cell.cell.metadata.get("tags", []))
    if need and not need.there():
        stored = [v4.new_output("stream", text=f"{need.absent}\n")]
    for one, other in zip(found, stored, strict=False):  # nbval itself complains about the number of outputs
        mine, theirs = (
            output if output.output_type == "stream" else output.get("data", {}) for output in (one, other)
        )
        for kind in mine.keys() & theirs.keys():
            if (kind == "text" or kind.startswith("text/")) and agree(
                cell.sanitize(mine[kind]), cell.sanitize(theirs[kind])
            ):
                mine[kind] = theirs[kind]
    return _strictly(cell, found, stored, skip_compare)
