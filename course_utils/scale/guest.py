"""The other process: reads a function and its arrays from a folder, calls it, writes what it returned.

Started by :class:`course_utils.scale.processes.Process`, as
``python -m course_utils.scale.guest FOLDER NAME``.
"""

import linecache
import os
import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from course_utils import runtime
from course_utils.errors import CourseError, shown
from course_utils.scale.processes import ARGUMENTS, ERROR, FUNCTION, RESULT, plain_arrays

# What Keras and TensorFlow import wherever it is, for inputs and drawings that no function here has: half of
# the seconds and a third of the memory that a process begins with.
_IDLE = {"jax", "matplotlib", "pandas", "sklearn"}


def main(folder: Path, name: str) -> int:
    """Calls the function that lies in a folder.

    Args:
        folder: Path, has the source and the arguments; the result is written there.
        name: str, the function's.

    Returns:
        The exit code: 0, or 1 where it failed; then the folder has its error as text.
    """
    with np.load(folder / ARGUMENTS, allow_pickle=False) as stored:
        arguments = [stored[each] for each in stored.files]
    source = (folder / FUNCTION).read_text(encoding="utf-8")
    shown_as = f"<{name}>"
    # Where a traceback looks for the lines that it shows.
    linecache.cache[shown_as] = (len(source), None, source.splitlines(keepends=True), shown_as)
    scope = {"__name__": name}
    backend = os.environ.get("KERAS_BACKEND", "tensorflow")
    if backend != "tensorflow":
        # Keras imports TensorFlow wherever it is, also where another backend computes; that takes seconds.
        sys.modules["tensorflow"] = None
    try:
        with _hidden(_IDLE - {backend}):
            runtime.start()
        exec(compile(source, shown_as, "exec"), scope)
        result = _named_arrays(scope[name](*arguments), name)
    except Exception as error:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if frame.filename == shown_as]
        where = [f"line {frames[-1].lineno}: {frames[-1].line}"] if frames else []
        what = str(error) if isinstance(error, CourseError) else f"{type(error).__name__}: {error}"
        (folder / ERROR).write_text("\n".join([*where, what]), encoding="utf-8")
        return 1
    np.savez(folder / RESULT, np.array(list(result)), *result.values())
    return 0


@contextmanager
def _hidden(names: set[str]) -> Iterator[None]:
    """Lets imports of these packages fail as if they were not installed; after the block they are there."""
    sys.modules.update(dict.fromkeys(names))
    try:
        yield
    finally:
        for name in names:
            del sys.modules[name]


def _named_arrays(returned: object, name: str) -> dict[str, np.ndarray]:
    if not isinstance(returned, dict) or not all(isinstance(key, str) for key in returned):
        raise CourseError(
            f"{name} returned {shown(returned)}; expected a dict of names to arrays, such as"
            " {'logits': logits}."
        )
    return dict(zip(returned, plain_arrays(list(returned.values())), strict=True))


def _end_with_the_host() -> None:
    """Ends this process when the one that started it is gone, whatever it is computing."""
    while os.read(0, 1):
        pass
    os._exit(1)


if __name__ == "__main__":
    threading.Thread(target=_end_with_the_host, daemon=True).start()
    sys.exit(main(Path(sys.argv[1]), sys.argv[2]))
