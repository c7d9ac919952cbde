"""What a submission may use while it is graded."""

import contextlib
import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Limits", "TooMuchWork", "bounded_work"]


@dataclass(frozen=True)
class Limits:
    """Bounds of one submission.

    Attributes:
        cell_seconds: float, time of one cell, or of all calls by one check: computing or idle, without the
            time that it waits for a processor; by the clock it may take five times as long.
        call_seconds: float, the same of one call of an answer by its check.
        check_seconds: float, processor time that a check may take out here, as for a model that it builds.
        total_seconds: float, wall-clock time after which a submission is not started again, not counting what
            was stopped of the exercises, so that none uses up the time of the others.
        memory: int, bytes that all its processes may hold together.
        disk: int, bytes of its scratch folder, which is in memory.
        files: int, files in it.
        processes: int, processes and threads.
        message: int, bytes of one message that the grader reads from it.
        output: int, characters of output that are kept of one cell.
        restarts: int, how often it is started again after it ended, hung or was stopped.
        hidden: tuple of str, folders that it must not see although they lie in one that it sees.
    """

    cell_seconds: float = 60.0
    call_seconds: float = 20.0
    check_seconds: float = 60.0
    total_seconds: float = 600.0
    memory: int = 4 * 2**30
    disk: int = 256 * 2**20
    files: int = 20_000
    processes: int = 200
    message: int = 64 * 2**20
    output: int = 100_000
    restarts: int = 12
    hidden: tuple[str, ...] = ()


class TooMuchWork(BaseException):
    """The grader itself has computed for too long on what a submission has handed it.

    No ``Exception``, as ``SandboxGone`` is none.
    """


@contextlib.contextmanager
def bounded_work(seconds: float) -> Iterator[None]:
    """Bounds the processor time of this process for what is done inside.

    Only where the system can (not on Windows), and in the main thread, where signals arrive.

    Args:
        seconds: float.

    Raises:
        TooMuchWork: in the middle of the work.
    """
    if not hasattr(signal, "setitimer") or threading.current_thread() is not threading.main_thread():
        yield
        return

    over = TooMuchWork(f"it took more than {seconds:g} seconds")
    stopped = False

    def stop(number: int, frame: object) -> None:
        nonlocal stopped
        stopped = True
        raise over

    before = signal.signal(signal.SIGPROF, stop)
    # Again and again: what is raised while an object is being deleted gets lost.
    signal.setitimer(signal.ITIMER_PROF, seconds, 1.0)
    try:
        yield
    except SystemError as error:
        # In the middle of a compilation, Python 3.11 makes this of whatever is raised.
        if stopped:
            raise over from error
        raise
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
