"""Runs cells as a kernel does, in this process, and keeps what they show."""

import contextlib
import io
import os
import sys

__all__ = ["Cells"]


class Cells:
    """A namespace in which cells run one after the other.

    Args:
        output: int, characters of output kept of one cell.
    """

    def __init__(self, output):
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        os.environ.setdefault("MPLBACKEND", "module://matplotlib_inline.backend_inline")
        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.colors = "nocolor"
        self._shell = InteractiveShell.instance(config=config)
        # An error is reported by its name and message; a traceback would be printed in between.
        self._shell.showtraceback = self._shell.showsyntaxerror = lambda *_, **__: None
        self._output = output
        self.namespace = self._shell.user_ns

    def run(self, source):
        """Run one cell.

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


class _Bounded(io.TextIOBase):
    """Keeps the first characters that are written to it and forgets the rest."""

    def __init__(self, limit):
        self._parts, self._left = [], limit

    def write(self, text):
        if self._left > 0:
            self._parts.append(text[: self._left])
            self._left -= len(text)
        return len(text)

    def getvalue(self):
        return "".join(self._parts)


@contextlib.contextmanager
def _printing_into(file):
    before = sys.stdout, sys.stderr
    sys.stdout = sys.stderr = file
    try:
        yield
    finally:
        sys.stdout, sys.stderr = before
