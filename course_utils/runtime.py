"""One call at the top of a lesson that makes TensorFlow quiet and the printed numbers repeatable.

Introduced in lesson 01.
"""

import contextlib
import os
import sys
import tempfile

from course_utils.errors import CourseError

__all__ = ["start"]

_ENVIRONMENT = {
    "KERAS_BACKEND": "tensorflow",
    # Informational, warning and error lines of TensorFlow's C++ log; what a lesson must know arrives as an
    # exception.
    "TF_CPP_MIN_LOG_LEVEL": "3",
}
_COLUMNS = 100
_started = False


def start(seed=0):
    """Load Keras quietly, seed every random generator and fix how numbers and summaries are printed.

    Run it in the first cell of a lesson, before anything imports TensorFlow: its log can only be silenced
    while it is being loaded. Running that cell again only sets the seed again. Values of ``KERAS_BACKEND``
    and ``TF_CPP_MIN_LOG_LEVEL`` that you have set yourself are kept.

    Introduced in lesson 01.

    Args:
        seed: int, 0 to 4294967295. Seeds Python's, NumPy's and TensorFlow's generators.

    Raises:
        CourseError: when the seed is no such integer, when TensorFlow was loaded before this call, or when it
            cannot be loaded.
    """
    global _started
    if isinstance(seed, bool) or not isinstance(seed, int) or not 0 <= seed < 2**32:
        raise CourseError(
            f"seed is {seed!r}; expected an integer from 0 to 4294967295, for example start(seed=0)."
        )
    if not _started and "tensorflow" in sys.modules:
        raise CourseError(
            "runtime.start() came too late: TensorFlow is already loaded. Restart the kernel (menu Kernel → "
            "Restart) and run the cell with runtime.start() before any cell that imports tensorflow or keras."
        )
    for name, value in _ENVIRONMENT.items():
        os.environ.setdefault(name, value)
    os.environ["COLUMNS"] = str(_COLUMNS)  # Keras wraps model.summary() to it
    keras = _import_keras()

    import numpy as np

    np.set_printoptions(precision=3, suppress=True, linewidth=_COLUMNS)
    keras.utils.set_random_seed(seed)
    _started = True


def _import_keras():
    """Import Keras with its backend while file descriptor 2 is out of sight."""
    with tempfile.TemporaryFile() as log:
        try:
            # TF_ENABLE_ONEDNN_OPTS=0 would silence the rest of the banner too, at the price of oneDNN's
            # speed.
            with _stderr_into(log):
                import keras
        except (ImportError, OSError) as error:
            log.seek(0)
            said = log.read().decode("utf-8", errors="replace").strip()
            raise CourseError(
                f"Keras and TensorFlow could not be loaded: {error}. Run `python3 -m course_utils doctor` in "
                f"a terminal to see what is missing.{f' What TensorFlow printed: {said}' if said else ''}"
            ) from error
    return keras


@contextlib.contextmanager
def _stderr_into(file):
    """Send everything that this process writes to file descriptor 2, C++ code included, into a file."""
    sys.stderr.flush()
    visible = os.dup(2)
    os.dup2(file.fileno(), 2)
    try:
        yield
    finally:
        sys.stderr.flush()
        os.dup2(visible, 2)
        os.close(visible)
