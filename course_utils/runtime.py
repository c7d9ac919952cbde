"""One call at the top of a lesson that makes TensorFlow quiet and the printed numbers repeatable.

Introduced in lesson 01.
"""

import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from importlib.machinery import PathFinder
from pathlib import Path
from types import ModuleType
from typing import BinaryIO

from course_utils.errors import CourseError
from course_utils.places import CACHE, ROOT

__all__ = ["SETTINGS", "UNWANTED", "hiding_files", "start"]

SETTINGS = {
    # Without the person's keras.json: another data format or precision, left there by another course.
    "KERAS_HOME": str(CACHE / "keras"),
    # Without the person's matplotlibrc, and with the one backend that draws into a notebook.
    "MATPLOTLIBRC": os.devnull,
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    # Without the person's start-up files and settings of IPython: they run in every kernel.
    "IPYTHONDIR": str(CACHE / "ipython"),
}
"""Variables of the course's own in place of what a person has set for other programs."""

UNWANTED = (
    *("KERAS_MAX_EPOCHS", "KERAS_MAX_STEPS_PER_EPOCH", "KERAS_NNX_ENABLED"),
    *("TF_XLA_FLAGS", "XLA_FLAGS"),  # may compile, and then dropout draws other numbers
)
"""Variables that would change what a lesson computes."""

_DEFAULTS = {
    "KERAS_BACKEND": "tensorflow",
    # Informational, warning and error lines of TensorFlow's C++ log; what a lesson must know arrives as an
    # exception.
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_COLUMNS = 100
_started = False


def start(seed: int = 0) -> None:
    """Loads Keras quietly, seeds every random generator and fixes how numbers and summaries are printed.

    Run it in the first cell of a lesson, before anything imports TensorFlow: its log can only be silenced
    while it is being loaded. Running that cell again only sets the seed again. Values of ``KERAS_BACKEND``
    and ``TF_CPP_MIN_LOG_LEVEL`` that you have set yourself are kept; settings files that you have for Keras
    and matplotlib are not read.

    Introduced in lesson 01.

    Args:
        seed: 0 to 4294967295. Seeds Python's, NumPy's and TensorFlow's generators.

    Raises:
        CourseError: when the seed is no such integer, when TensorFlow was loaded before this call, when a
            file beside the lesson hides a package, or when Keras cannot be loaded.
    """
    global _started
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise CourseError(
            f"seed is {seed!r}; expected an integer from 0 to 4294967295, for example start(seed=0)."
        )
    _refuse_hiding_files()
    if not _started and sys.modules.get("tensorflow") is not None:
        raise CourseError(
            "runtime.start() came too late: TensorFlow is already loaded. Restart the kernel (menu Kernel → "
            "Restart) and run the cell with runtime.start() before any cell that imports tensorflow or keras."
        )
    os.environ.update(SETTINGS)
    for name in UNWANTED:
        os.environ.pop(name, None)
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    os.environ["COLUMNS"] = str(_COLUMNS)  # Keras wraps model.summary() to it
    keras = _import_keras()

    import numpy as np

    np.set_printoptions(precision=3, suppress=True, linewidth=_COLUMNS)
    keras.utils.set_random_seed(seed)
    _started = True


def hiding_files(folder: Path) -> list[Path]:
    """Finds the Python files of a folder that a lesson in it would import in place of a package.

    Args:
        folder: where lessons run.

    Returns:
        Such as ``numpy.py``, or ``PIL`` for a folder with an ``__init__.py``.
    """
    own = os.path.realpath(folder)
    elsewhere = [place for place in sys.path if os.path.realpath(place) != own]
    modules = [*folder.glob("*.py"), *(file.parent for file in folder.glob("*/__init__.py"))]
    return [path for path in sorted(modules) if PathFinder.find_spec(path.stem, elsewhere)]


def _refuse_hiding_files() -> None:
    here = Path.cwd()
    if here != ROOT and {str(here), ""} & set(sys.path):
        for path in hiding_files(here):
            raise CourseError(
                f"{path} hides the module {path.stem} that lessons need: give your file another name, then "
                "restart the kernel (menu Kernel → Restart)."
            )


def _import_keras() -> ModuleType:
    """Imports Keras with its backend while file descriptor 2 is out of sight."""
    with tempfile.TemporaryFile() as log:
        try:
            # TF_ENABLE_ONEDNN_OPTS=0 would silence the rest of the banner too, at the price of oneDNN's
            # speed.
            with _stderr_into(log):
                import keras
        # Keras answers a backend that it does not know with a ValueError.
        except (ImportError, OSError, ValueError) as error:
            log.seek(0)
            said = log.read().decode("utf-8", errors="replace").strip()
            raise CourseError(f"{_why_not(error)}{f' What was printed: {said}' if said else ''}") from error
    return keras


def _why_not(error: Exception) -> str:
    backend = os.environ["KERAS_BACKEND"]
    if backend != _DEFAULTS["KERAS_BACKEND"]:
        return (
            f"Keras could not be loaded with the backend {backend!r}, which the environment variable "
            f"KERAS_BACKEND asks for: {error}. Remove that variable, or install the backend; then start anew."
        )
    return (
        f"Keras and TensorFlow could not be loaded: {error}. Run `python3 -m course_utils doctor` in a "
        "terminal to see what is missing."
    )


@contextlib.contextmanager
def _stderr_into(file: BinaryIO) -> Iterator[None]:
    """Sends everything that this process writes to file descriptor 2, C++ code included, into a file."""
    sys.stderr.flush()
    visible = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(visible, 2)
        os.close(visible)
