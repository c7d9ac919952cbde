"""Runs a function in a process of its own, within limits of time and memory."""

import math
import multiprocessing
import os
import signal
import sys
import threading
from collections.abc import Callable
from multiprocessing.connection import Connection, wait
from pathlib import Path

from course_utils.errors import CourseError

__all__ = ["Stopped", "run_bounded"]

_PATIENCE = 5
_PRELOADED = ["course_utils.grading.gradebook"]


class Stopped(Exception):
    """A function that reached a limit; the message says which."""


def run_bounded(function: Callable, *arguments: object, seconds: float, memory: int) -> object:
    """Runs a function in a process of its own.

    Args:
        function: of a module; what it prints is this process' output.
        arguments: what it is given; they and what it returns are copied.
        seconds: float, of processor time; by the clock it may take five times as long.
        memory: int, bytes by which the process may grow.

    Returns:
        What it returns.

    Raises:
        Stopped: when it takes longer, needs more memory (on Linux) or ends its process.
        CourseError: when it raises an error.
    """
    here, there = multiprocessing.Pipe(duplex=False)
    context = _context()
    process = context.Process(target=_serve, args=(there, seconds, memory, function, arguments), daemon=True)
    process.start()
    there.close()
    try:
        if not here.poll(_PATIENCE * seconds):
            raise Stopped(f"it takes more than {_PATIENCE * seconds:g} seconds")
        succeeded, value = here.recv()
    except EOFError:
        process.join(1)
        raise Stopped(_ended(process.exitcode, seconds)) from None
    finally:
        process.kill()
        process.join()
        here.close()
    if succeeded:
        return value
    raise value


def _ended(code: int | None, seconds: float) -> str:
    """Says how a process has ended that gave no answer."""
    if sys.platform == "linux" and code == -signal.SIGXCPU:
        return f"it takes more than {seconds:g} seconds of processor time"
    return f"its process has ended ({code})"


def _context() -> multiprocessing.context.BaseContext:
    """Gives the way to start a process that neither copies threads nor imports everything anew."""
    if sys.platform == "win32":
        return multiprocessing.get_context("spawn")
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(_PRELOADED)
    return context


def _serve(connection: Connection, seconds: float, memory: int, function: Callable, arguments: tuple) -> None:
    # Ctrl-C in a terminal ends this as well, and says no more than it has to.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    try:
        _bound(seconds, memory)
        answer = True, function(*arguments)
    except (CourseError, Stopped) as error:
        answer = False, type(error)(str(error))
    except MemoryError:
        answer = False, Stopped(f"it needs more than {memory / 2**30:g} GB of memory")
    # Somebody waits for a sentence, not for a traceback.
    except Exception as error:
        answer = False, CourseError(f"{type(error).__name__}: {error}")
    connection.send(answer)


def _bound(seconds: float, memory: int) -> None:
    if sys.platform == "linux":
        import resource

        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + memory
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CPU, (math.ceil(seconds), math.ceil(seconds) + 5))


def _end_with_parent() -> None:
    """Go when nobody waits any more for what is done here."""
    wait([multiprocessing.parent_process().sentinel])
    os._exit(1)
