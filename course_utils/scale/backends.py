"""The same function of Keras on TensorFlow, on JAX and on PyTorch.

Keras has one backend for the life of a process, so another backend is another process. Introduced in
lesson 12.
"""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from importlib.util import find_spec

import numpy as np

from course_utils.errors import CourseError, shown
from course_utils.scale import extras
from course_utils.scale.processes import Process

__all__ = ["BACKENDS", "run_on", "run_on_each"]

BACKENDS = ("tensorflow", "jax", "torch")
"""What Keras calls them."""


def run_on(
    backend: str, function: Callable[..., dict[str, np.ndarray]], *arrays: np.ndarray, seconds: float = 300
) -> dict[str, np.ndarray]:
    """Calls a function in a new process whose Keras stands on another backend.

    The process begins with ``runtime.start()``, so that seeds and settings are those of every lesson.
    Introduced in lesson 12.

    Args:
        backend: "tensorflow", "jax" or "torch".
        function: written in a cell or a file; it imports all that it needs, takes arrays and returns a dict
            of str to arrays.
        *arrays: its arguments, of numbers or of text.
        seconds: how long it may take.

    Returns:
        dict of str to arrays, what the function returned there.

    Raises:
        CourseError: the backend is none of the three or is not installed, the function does not stand alone,
            or it failed: then with what it said.
    """
    return run_on_each([backend], function, *arrays, seconds=seconds)[backend]


def run_on_each(
    backends: Sequence[str],
    function: Callable[..., dict[str, np.ndarray]],
    *arrays: np.ndarray,
    helpers: Sequence[Callable] = (),
    seconds: float = 300,
) -> dict[str, dict[str, np.ndarray]]:
    """Calls a function on several backends, in processes that are started at the same time.

    Introduced in lesson 12.

    Args:
        backends: names as for :func:`run_on`.
        function: as for :func:`run_on`.
        *arrays: its arguments, the same for every backend.
        helpers: further functions that the function calls by their names.
        seconds: how long each may take.

    Returns:
        dict of backend to what the function returned there.

    Raises:
        CourseError: as for :func:`run_on`; then all processes are ended.
    """
    for backend in backends:
        if backend not in BACKENDS:
            raise CourseError(f"backend is {shown(backend)}; expected one of {', '.join(BACKENDS)}.")
        if not find_spec(backend):
            raise CourseError(f"{backend!r} cannot be imported. {extras.backends.absent}")
    name = getattr(function, "__name__", "function")
    with ExitStack() as started:
        processes = {
            backend: started.enter_context(
                Process(function, arrays, {"KERAS_BACKEND": backend}, f"{name} on {backend}", helpers)
            )
            for backend in backends
        }
        return {backend: process.result(seconds) for backend, process in processes.items()}
