"""A lesson's function in a process of its own: its source and its arrays go there, arrays come back.

What travels is text and plain arrays in a folder of its own; nothing is pickled. Introduced in lesson 12.
"""

import builtins
import dis
import inspect
import os
import subprocess
import sys
import tempfile
import textwrap
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from pathlib import Path
from types import CodeType
from typing import Self

import numpy as np

from course_utils.errors import CourseError, shown
from course_utils.places import ROOT

__all__ = ["ARGUMENTS", "ERROR", "FUNCTION", "RESULT", "Process", "plain_arrays", "source_of"]

FUNCTION, ARGUMENTS, RESULT, ERROR = "function.py", "arguments.npz", "result.npz", "error.txt"
"""Files of the folder that :mod:`course_utils.scale.guest` reads and writes."""

_LOG = "log.txt"
_LINES_OF_LOG = 12


class Process:
    """One call of a function in a new Python. Ends with the `with` block that it is used in.

    Introduced in lesson 12.

    Args:
        function: a function written in a cell or a file. It stands alone: what it needs it imports, or it is
            handed over. It takes arrays and returns a dict of str to arrays.
        arguments: arrays, of numbers or of text.
        variables: environment variables that the new process has besides this one's.
        title: str, what it is called in messages, such as "step on jax".
        helpers: further functions that it calls by their names; their sources go with it.

    Raises:
        CourseError: the function has no source, needs a name from outside, or an argument is no plain array.
    """

    def __init__(
        self,
        function: Callable[..., dict[str, np.ndarray]],
        arguments: Sequence[np.ndarray] = (),
        variables: Mapping[str, str] | None = None,
        title: str = "",
        helpers: Sequence[Callable] = (),
    ) -> None:
        self.title = title or function.__name__
        named = {helper.__name__ for helper in helpers}
        source = "\n\n".join(source_of(each, named) for each in (*helpers, function))
        arrays = plain_arrays(arguments)
        self._place = tempfile.TemporaryDirectory(prefix="course-process-", ignore_cleanup_errors=True)
        self.folder = Path(self._place.name)
        (self.folder / FUNCTION).write_text(source, encoding="utf-8")
        np.savez(self.folder / ARGUMENTS, *arrays)
        with (self.folder / _LOG).open("wb") as log:
            self._child = subprocess.Popen(
                [sys.executable, "-m", "course_utils.scale.guest", str(self.folder), function.__name__],
                env=os.environ | {"PYTHONPATH": _search_path()} | dict(variables or {}),
                # Never written to: it ends when this process does, and with it the other.
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        self._place.cleanup()

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._child.poll() is None

    @property
    def failed(self) -> bool:
        """Whether it has ended without a result: with an error, or killed."""
        return bool(self._child.poll())

    def kill(self) -> None:
        """Ends it at once, as a machine that fails does; nothing happens where it has ended."""
        self._child.kill()
        self._child.wait()
        self._child.stdin.close()

    def result(self, seconds: float = 300) -> dict[str, np.ndarray]:
        """Waits for its end.

        Args:
            seconds: how long at most.

        Returns:
            dict of str to arrays, what the function returned.

        Raises:
            CourseError: the function failed, with what it said; it was killed; it took longer.
        """
        try:
            self._child.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
            raise CourseError(
                f"{self.title}: no answer within {seconds:g} seconds, so the process was ended. Hand over"
                " less, or wait longer."
            ) from None
        if self._child.returncode != 0:
            raise CourseError(f"{self.title}: {self._why()}")
        with np.load(self.folder / RESULT, allow_pickle=False) as found:
            names, *arrays = (found[each] for each in found.files)
            return dict(zip(names.tolist(), arrays, strict=True))

    def _why(self) -> str:
        if self._child.returncode < 0:
            return f"the process was ended by signal {-self._child.returncode}."
        if (self.folder / ERROR).exists():
            return (self.folder / ERROR).read_text(encoding="utf-8")
        lines = (self.folder / _LOG).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        return f"the process ended with exit code {self._child.returncode}. It said:\n" + "\n".join(
            lines[-_LINES_OF_LOG:]
        )


def source_of(function: Callable, known: Collection[str] = ()) -> str:
    """Gives the source of a function that stands alone.

    Introduced in lesson 12.

    Args:
        function: written in a cell or a file, with `def`.
        known: names that the other process has besides Python's own.

    Returns:
        str, from its `def` or its first decorator, without indentation.

    Raises:
        CourseError: it has no source, is no plain function, or needs a name that only this process has.
    """
    if not inspect.isfunction(function) or function.__name__ == "<lambda>":
        raise CourseError(
            f"function is {shown(function)}; expected one written with `def` in a cell or a file: its source"
            " is what the other process gets."
        )
    used = {*function.__code__.co_freevars, *_globals_of(function.__code__)}
    needed = sorted(used - {*vars(builtins), *known})
    if needed:
        raise CourseError(
            f"{function.__name__} uses {', '.join(needed)}, which the other process does not have: import it"
            " inside of the function, or hand it over as an argument."
        )
    try:
        return textwrap.dedent(inspect.getsource(function))
    except (OSError, TypeError):
        raise CourseError(
            f"{function.__name__}: its source cannot be read; expected a function written in a cell or a"
            " file. Run the cell that defines it again."
        ) from None


def _globals_of(code: CodeType) -> Iterator[str]:
    """Yields the global names that a function reads, also in the functions inside of it."""
    for step in dis.get_instructions(code):
        if step.opname == "LOAD_GLOBAL":
            yield step.argval
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _globals_of(constant)


def plain_arrays(arguments: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Gives arguments as arrays that a file can hold.

    Introduced in lesson 12.

    Args:
        arguments: arrays or nested lists of numbers or text.

    Returns:
        list of arrays.

    Raises:
        CourseError: one is neither.
    """
    arrays = []
    for number, argument in enumerate(arguments, 1):
        try:
            array = np.asarray(argument)
        except ValueError:  # rows of different lengths
            array = None
        if array is None or array.dtype.hasobject:
            raise CourseError(
                f"argument {number} is {shown(argument)}; expected an array of numbers or text: nothing else"
                " is sent to another process."
            )
        arrays.append(array)
    return arrays


def _search_path() -> str:
    """Lets the new Python find the course, wherever it is started."""
    return os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
