"""Tells an answer that nobody has written yet from one that stops, by where its error was raised."""

import dis
import traceback
from collections.abc import Callable

__all__ = ["is_cell", "is_stub"]


def is_cell(file: str) -> bool:
    """Says whether code of that file name was written in a notebook's cell.

    Args:
        file: str, as code objects and tracebacks name it.

    Returns:
        bool.
    """
    return file.startswith("<ipython-input") or "ipykernel_" in file


def is_stub(error: BaseException, is_own: Callable[[str], bool] = is_cell) -> bool:
    """Says whether an error is the one that stands in an exercise until somebody writes an answer.

    It is raised without a message, by code of the learner that does nothing else. A ``NotImplementedError``
    of a library, or one in a branch of a half-written answer, is an error like others.

    Args:
        error: exception that was raised.
        is_own: function of a file name, whether the learner's code is in it.

    Returns:
        bool.
    """
    if not isinstance(error, NotImplementedError) or error.args:
        return False
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    if not frames or not is_own(frames[-1].f_code.co_filename):
        return False
    code = frames[-1].f_code
    jumps = {*dis.hasjrel, *dis.hasjabs}
    straight = not any(step.opcode in jumps for step in dis.get_instructions(code))
    return straight and code.co_names == ("NotImplementedError",)
