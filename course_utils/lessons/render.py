"""Execute a lesson and store it with its outputs: how the worked edition in `notebooks/` is made."""

import os
import re
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.lessons.editions import ANSI_COLOURS, read_notebook
from course_utils.lessons.needs import need_of

if TYPE_CHECKING:
    from nbformat import NotebookNode

__all__ = ["Rendered", "check_cell_ids", "execute", "lasting", "lesson_environment", "render"]

METADATA = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
"""What a stored lesson says of itself: nothing of the machine or the version it was executed with."""

_CELL_METADATA = ("nbgrader", "tags")
_CELL_SECONDS = 300
_SLIDERS = "application/vnd.jupyter.widget-view+json"
# What a carriage return has taken back: a progress bar that is gone.
_TAKEN_BACK = re.compile(r"[^\n]*\r(?!\n)")


@dataclass(frozen=True)
class Rendered:
    """What executing one lesson took.

    Attributes:
        path: Path of the notebook.
        cells: int, code cells executed.
        seconds: float, from the start of its kernel to its last cell.
        peak_mebibytes: float, most memory that its kernel and the processes it started were seen to hold.
    """

    path: Path
    cells: int
    seconds: float
    peak_mebibytes: float


def render(paths: Path | str | Sequence[Path]) -> list[Rendered]:
    """Executes lessons and saves them in place, printing what each one took.

    A lesson with a cell that fails is left as it was.

    Args:
        paths: Path or str of one notebook, or a sequence of them.

    Returns:
        list of :class:`Rendered`, one per lesson.

    Raises:
        CourseError: when a notebook cannot be read, has cells without a readable id of their own, needs
            something that is not there, or a cell fails that is not tagged ``raises-exception``;
            the message quotes the cell and its error.
    """
    results = []
    for path in [paths] if isinstance(paths, str | os.PathLike) else paths:
        path = Path(path)
        notebook = read_notebook(path)
        _require_needs(notebook, path)
        result = execute(notebook, path)
        _save(notebook, path)
        print(
            f"{path.name}: {result.cells} cells in {result.seconds:.1f} s, "
            f"at most {result.peak_mebibytes:.0f} MiB of memory"
        )
        results.append(result)
    return results


def execute(notebook: "NotebookNode", path: Path) -> Rendered:
    """Executes a notebook in a fresh kernel of the running interpreter, changing its outputs in place.

    Args:
        notebook: nbformat NotebookNode.
        path: Path of its file, in whose folder the kernel runs; the file is not read.

    Returns:
        :class:`Rendered`.

    Raises:
        CourseError: when its cell ids are not as they should be, or when a cell fails that is not tagged
            ``raises-exception``, runs for more than 3 minutes, or ends its kernel.
    """
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from tqdm import tqdm

    check_cell_ids(notebook, path)
    for cell in notebook.cells:
        # What an earlier run left must not be taken for what this one did.
        if cell.cell_type == "code":
            cell.update(outputs=[], execution_count=None)
    began = time.monotonic()
    with (
        tempfile.TemporaryDirectory() as ipython_folder,
        tqdm(total=len(notebook.cells), desc=path.name, unit="cell", leave=False) as bar,
    ):
        client = NotebookClient(
            notebook,
            kernel_manager_class=_kernel_manager_class(),
            timeout=_CELL_SECONDS,
            resources={"metadata": {"path": str(path.parent.resolve())}},
            record_timing=False,
            coalesce_streams=True,
            on_cell_complete=lambda cell, cell_index: bar.update(cell_index + 1 - bar.n),
        )
        try:
            with (
                client.setup_kernel(env=lesson_environment(ipython_folder)),
                _PeakMemory(client.km) as memory,
            ):
                for number, cell in enumerate(notebook.cells):
                    client.execute_cell(cell, number)
                seconds = time.monotonic() - began
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise CourseError(_describe_failure(error, cell, path)) from error
    _clean(notebook)
    cells = sum(cell.cell_type == "code" for cell in notebook.cells)
    return Rendered(path, cells, seconds, memory.peak / 2**20)


def _require_needs(notebook: "NotebookNode", path: Path) -> None:
    """Complains where something is not there that a cell needs: what is stored is what it shows with it."""
    for cell in notebook.cells:
        need = need_of(cell.metadata.get("tags", []))
        if need and not need.there():
            raise CourseError(
                f"{path}: cell {cell.id!r} is tagged {need.tag}: what is stored is its output with what it"
                f" needs. {need.absent}"
            )


def check_cell_ids(notebook: "NotebookNode", path: Path) -> None:
    """Complains about cells whose id says nothing.

    Links, checks, reviews and differences between versions refer to cells by their id.

    Args:
        notebook: nbformat NotebookNode.
        path: Path, for the message.

    Raises:
        CourseError: when an id is missing, not in lower case letters, digits and hyphens, or made by a
            program (eight or more hexadecimal digits).
    """
    for number, cell in enumerate(notebook.cells):
        name = cell.get("id", "")
        if not re.fullmatch(r"[a-z][a-z0-9-]*", name) or re.fullmatch(r"[0-9a-f-]{8,}", name):
            start = cell.source.strip().split("\n")[0][:60]
            raise CourseError(
                f"{path}: cell {number} ({start!r}) has the id {name!r}; expected one that says what the "
                "cell is, in lower case letters, digits and hyphens, such as 'resize-by-loop'."
            )


def lasting(outputs: Sequence["NotebookNode"]) -> list["NotebookNode"]:
    """Leaves out of a cell's outputs what is gone when it ends: sliders without their kernel, progress bars.

    Args:
        outputs: sequence of NotebookNode; printed texts are changed in place.

    Returns:
        list of NotebookNode.
    """
    for output in outputs:
        if output.output_type == "stream":
            output.text = _TAKEN_BACK.sub("", output.text)
    return [
        output for output in outputs if _SLIDERS not in output.get("data", {}) and output.get("text") != ""
    ]


def lesson_environment(ipython_folder: str) -> dict[str, str]:
    """Returns the environment variables with which a kernel prints the same on every machine.

    Args:
        ipython_folder: str, an empty folder in place of the start-up files and settings of whoever runs this.

    Returns:
        dict of str, for the process of the kernel.
    """
    # ipykernel captures less of the output when it believes to run under pytest.
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    return {**kept, "IPYTHONDIR": ipython_folder}


def _save(notebook: "NotebookNode", path: Path) -> None:
    """Validates a notebook and writes it in one piece."""
    import nbformat

    nbformat.validate(notebook)
    write_atomically(path, nbformat.writes(notebook) + "\n")


def _kernel_manager_class() -> type:
    """Returns a manager class for kernels of the running interpreter, whatever is registered here."""
    import ipykernel.kernelspec
    from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    class RunningInterpreter(KernelSpecManager):
        def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
            return self.kernel_spec_class(
                resource_dir=ipykernel.kernelspec.RESOURCES, **ipykernel.kernelspec.get_kernel_dict()
            )

    class LessonKernelManager(AsyncKernelManager):
        @default("kernel_spec_manager")
        def _running_interpreter(self) -> KernelSpecManager:
            return RunningInterpreter()

        @default("transport_encryption")
        def _what_both_sides_can(self) -> str:
            return "auto"  # Jupyter's own default warns that it is off

    return LessonKernelManager


class _PeakMemory:
    """Watches how much memory a kernel and its child processes hold, ten times a second."""

    def __init__(self, kernel_manager: object) -> None:
        import psutil

        self.peak = 0
        self._gone = psutil.NoSuchProcess
        self._process = psutil.Process(kernel_manager.provisioner.pid)
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            held = 0
            try:
                for process in [self._process, *self._process.children(recursive=True)]:
                    held += process.memory_info().rss
            except self._gone:
                continue  # a child that ended between the two calls: the next look counts the rest
            self.peak = max(self.peak, held)


def _describe_failure(error: Exception, cell: "NotebookNode", path: Path) -> str:
    """Quotes the cell that failed and what it said."""
    from nbclient.exceptions import CellExecutionError

    tracebacks = [
        "\n".join(output.traceback) for output in cell.get("outputs", []) if output.output_type == "error"
    ]
    # A cell that was stopped, or that ended its kernel, has no traceback that would say so.
    reason = ANSI_COLOURS.sub("", "\n".join(tracebacks)) if isinstance(error, CellExecutionError) else error
    return (
        f"{path}: cell {cell.id!r} failed, so the file was left as it was.\n\n{cell.source}\n\n{reason}\n\n"
        "Mend the cell, or tag it raises-exception if the error is its subject."
    )


def _clean(notebook: "NotebookNode") -> None:
    """Removes what would differ between two machines or two runs."""
    notebook.metadata = type(notebook.metadata)(METADATA)
    for cell in notebook.cells:
        cell.metadata = {name: cell.metadata[name] for name in _CELL_METADATA if name in cell.metadata}
        for output in cell.get("outputs", []):
            if output.output_type == "error":
                # Frames outside the lesson name folders of this machine.
                output.traceback = [
                    frame for frame in output.traceback if not ANSI_COLOURS.sub("", frame).startswith("File ")
                ]
        if cell.cell_type == "code":
            cell.outputs = lasting(cell.outputs)
