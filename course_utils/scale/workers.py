"""Several processes that train one model together: started, looked at, killed on purpose, ended for certain.

They stand for the machines of a cluster: each has its number and everybody's address, and knows nothing else
of the others. Introduced in lesson 12.
"""

import json
import socket
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Self

import numpy as np

from course_utils.arguments import whole_number
from course_utils.errors import CourseError
from course_utils.scale.processes import Process

__all__ = ["MOST_WORKERS", "Workers"]

MOST_WORKERS = 16
"""More processes than this on one machine are refused: each loads TensorFlow, half a gigabyte."""

_PAUSE = 0.02
_ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


class Workers:
    """One function in several processes at a time. They end with the `with` block that they are used in.

    Each is called as ``function(worker, *arrays)`` with its number from 0, computes with one thread, and has
    the variable ``TF_CONFIG``, from which ``tf.distribute.MultiWorkerMirroredStrategy`` reads who takes part:
    addresses of this machine alone, 127.0.0.1, with a free port each. A single worker gets no ``TF_CONFIG``.
    Introduced in lesson 12.

    Args:
        function: written in a cell or a file; it imports all that it needs and returns a dict of str to
            arrays, as for :func:`course_utils.scale.backends.run_on`.
        count: int from 1 to 16, how many workers.
        *arrays: further arguments, of numbers or of text, the same for every worker.
        helpers: further functions that the function calls by their names.

    Raises:
        CourseError: when `count` is no such number, or the function or an array cannot be handed over.
    """

    def __init__(
        self,
        function: Callable[..., dict[str, np.ndarray]],
        count: int,
        *arrays: np.ndarray,
        helpers: Sequence[Callable] = (),
    ) -> None:
        count = whole_number("count", count, at_most=MOST_WORKERS)
        addresses = [f"127.0.0.1:{port}" for port in _free_ports(count)]
        with ExitStack() as started:
            self._processes = [
                started.enter_context(
                    Process(
                        function,
                        (np.array(worker), *arrays),
                        _ONE_THREAD | _place_in(addresses, worker),
                        f"worker {worker} of {count}, {getattr(function, '__name__', 'function')}",
                        helpers,
                    )
                )
                for worker in range(count)
            ]
            self._started = started.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._started.close()

    @property
    def running(self) -> list[bool]:
        """Which workers have not ended yet, list of bool."""
        return [process.running for process in self._processes]

    def kill(self, worker: int) -> None:
        """Ends one worker at once, without a word to the others, as a machine that loses its power.

        Args:
            worker: int, its number from 0.

        Raises:
            CourseError: when there is no such worker.
        """
        last = len(self._processes) - 1
        self._processes[whole_number("worker", worker, at_least=0, at_most=last)].kill()

    def wait_until(self, condition: Callable[[], bool], seconds: float = 60) -> None:
        """Waits until something is true, such as that a file is there.

        Args:
            condition: function without arguments that returns a bool.
            seconds: how long at most.

        Raises:
            CourseError: all workers have ended, or the time is over, and it is still not true.
        """
        until = time.monotonic() + seconds
        while not condition():
            if not any(self.running):
                self.results(seconds=1)  # says why, if one failed
                raise CourseError("all workers have ended, and what was waited for did not happen.")
            if time.monotonic() > until:
                raise CourseError(f"what was waited for did not happen within {seconds:g} seconds.")
            time.sleep(_PAUSE)

    def results(self, seconds: float = 120) -> list[dict[str, np.ndarray]]:
        """Waits for the end of all. If one fails, the others, which would wait for it forever, are ended.

        Args:
            seconds: how long at most, for all together.

        Returns:
            list of dict of str to arrays, what each worker returned, by number.

        Raises:
            CourseError: a worker failed, with what it said; one was killed; it took longer.
        """
        until = time.monotonic() + seconds
        while any(self.running):
            failed = [process for process in self._processes if process.failed]
            late = time.monotonic() > until
            if failed or late:
                for process in self._processes:
                    process.kill()
            if failed:
                failed[0].result()
            if late:
                raise CourseError(
                    f"the workers had not ended after {seconds:g} seconds, so they were ended. Hand over "
                    "less, or wait longer. A worker that stands still may wait for one that is gone."
                )
            time.sleep(_PAUSE)
        return [process.result() for process in self._processes]


def _place_in(addresses: Sequence[str], worker: int) -> dict[str, str]:
    """The variable that says who takes part, and which of them this one is."""
    if len(addresses) == 1:
        return {}
    config = {"cluster": {"worker": list(addresses)}, "task": {"type": "worker", "index": worker}}
    return {"TF_CONFIG": json.dumps(config)}


def _free_ports(count: int) -> list[int]:
    """Ports that nobody uses now: all are held until all are found, so that none comes twice."""
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
