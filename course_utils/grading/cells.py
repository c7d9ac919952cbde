"""Runs cells as a kernel does, in this process, and keeps what they show."""

import builtins
import codeop
import contextlib
import functools
import getpass
import io
import os
import sys
from collections.abc import Iterator

__all__ = ["Cells"]

_MAGICS_OF_KERNELS = ("autosave", "clear", "connect_info", "edit", "less", "man", "more", "qtconsole")


class Cells:
    """A namespace in which cells run one after the other.

    Args:
        output: int, characters of output kept of one cell.
    """

    def __init__(self, output: int) -> None:
        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        self._shell = _make_shell()
        builtins.input = getpass.getpass = _refuse_input
        self._output = output
        self.namespace = self._shell.user_ns

    def run(self, source: str) -> list[dict]:
        """Runs one cell.

        Args:
            source: str.

        Returns:
            list of dict: "text" for what was printed, "data" for what was displayed, "error" with name and
            message for how it ended, in this order.
        """
        from IPython.utils.capture import RichOutput, capture_output

        printed = _Bounded(self._output)
        with capture_output(stdout=False, stderr=False) as shown, _printing_into(printed):
            result = self._shell.run_cell(source, store_history=False)
            error = result.error_before_exec or result.error_in_exec
        outputs = [{"text": printed.getvalue()}] if printed.getvalue() else []
        for output in shown.outputs[:50]:
            data = output.data if isinstance(output, RichOutput) else {}
            data = {kind: str(data[kind]) for kind in ("text/plain", "image/png") if data.get(kind)}
            outputs.append({"data": data})
        if error is not None:
            outputs.append({"error": [type(error).__name__, str(error)[:2000]]})
        return outputs


@functools.cache
def _class_of_shells() -> type:
    """Makes the class of a shell that offers what a kernel's offers, with nobody at the keyboard."""
    from IPython.core.compilerop import CachingCompiler
    from IPython.core.interactiveshell import InteractiveShell

    class Compiler(CachingCompiler):
        """Keeps the asserts of a cell, however Python itself was started."""

        def __call__(self, source: object, filename: str, symbol: str, **options: object) -> object:
            code = compile(source, filename, symbol, self.flags, dont_inherit=True, optimize=0)
            for name in codeop._features:
                if code.co_flags & name.compiler_flag:
                    self.flags |= name.compiler_flag
            return code

    class ZMQInteractiveShell(InteractiveShell):
        """What IPython leaves to its frontends; named as a kernel's, by which code tells a notebook."""

        compiler_class = Compiler

        def enable_gui(self, gui: str | None = None) -> None:
            """Does nothing: figures are shown in the cell's output."""

        def ask_exit(self) -> None:
            """Does nothing: the next cell runs all the same."""

        def showtraceback(self, *_: object, **__: object) -> None:
            """Shows nothing: an error is reported by its name and message."""

        showsyntaxerror = showtraceback

    return ZMQInteractiveShell


def _make_shell() -> object:
    from traitlets.config import Config

    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    shell = _class_of_shells().instance(config=config)
    for magic in _MAGICS_OF_KERNELS:
        shell.register_magic_function(_do_nothing, "line", magic)
    return shell


def _do_nothing(line: str) -> None:
    """Stands for a magic that shows or sets something in a browser."""


def _refuse_input(prompt: object = "", *_: object, **__: object) -> str:
    raise EOFError(
        "nobody is there to type while this is graded: write the value into the cell instead of asking for it"
    )


class _Bounded(io.TextIOBase):
    """Keeps the first characters that are written to it and forgets the rest."""

    def __init__(self, limit: int) -> None:
        self._parts, self._left = [], limit

    def write(self, text: str) -> int:
        if self._left > 0:
            self._parts.append(text[: self._left])
            self._left -= len(text)
        return len(text)

    def getvalue(self) -> str:
        return "".join(self._parts)


@contextlib.contextmanager
def _printing_into(file: io.TextIOBase) -> Iterator[None]:
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = file
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
