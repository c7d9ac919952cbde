"""What a submission may use while it is graded."""

from dataclasses import dataclass

__all__ = ["Limits"]


@dataclass(frozen=True)
class Limits:
    """Bounds of one submission.

    Attributes:
        cell_seconds: float, processor time of one cell; by the clock it may take five times as long.
        call_seconds: float, the same of one call of an answer by its check.
        total_seconds: float, wall-clock time after which a submission is not started again.
        memory: int, bytes that all its processes may hold together.
        disk: int, bytes of its scratch folder, which is in memory.
        processes: int, processes and threads.
        message: int, bytes of one message that the grader reads from it.
        output: int, characters of output that are kept of one cell.
        restarts: int, how often it is started again after it ended, hung or was stopped.
    """

    cell_seconds: float = 60.0
    call_seconds: float = 20.0
    total_seconds: float = 600.0
    memory: int = 4 * 2**30
    disk: int = 256 * 2**20
    processes: int = 200
    message: int = 64 * 2**20
    output: int = 100_000
    restarts: int = 12
