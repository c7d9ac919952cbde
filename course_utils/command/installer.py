"""Runs pip or uv so that a learner sees how far it is, can stop it, and reads one sentence when it fails.

Standard library only, because it is what puts everything else there.
"""

import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from course_utils.command.pins import normalise
from course_utils.errors import CourseError

SECONDS_BETWEEN_LINES = 5

# Runs a command as its child and, should the run that started it be killed (which closes the pipe), kills the
# whole process group: no installer may go on writing into what the next run makes. On a polite signal it
# waits for its child, so that whoever waits for it knows that the child is gone.
KEEPER = """
import os, signal, subprocess, sys, threading

def watch():
    os.read(0, 1)
    os.killpg(0, signal.SIGKILL)

signal.signal(signal.SIGTERM, lambda number, frame: None)
threading.Thread(target=watch, daemon=True).start()
try:
    code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL).returncode
except OSError as error:
    print(f"error: {sys.argv[1]} cannot be started: {error.strerror}", flush=True)
    code = 127
os._exit(code if code >= 0 else 128 - code)
"""


class Stopped(KeyboardInterrupt):
    """The run was ended from outside: Ctrl-C, a closed terminal, `kill`.

    Attributes:
        exit_code: int, 128 + the signal's number, as shells have it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


class Display:
    """One status line, rewritten in place on a terminal; a plain line every few seconds anywhere else."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stdout
        self._rewrites = self._stream.isatty()
        self._start = self._last = time.monotonic()

    def show(self, text: str) -> None:
        """Shows the state now, or not at all if the last line is too fresh."""
        now = time.monotonic()
        line = f"  [{now - self._start:3.0f} s] {text}"
        if self._rewrites:
            width = shutil.get_terminal_size().columns - 1
            self._stream.write("\r" + line[:width].ljust(width))
        elif now - self._last < SECONDS_BETWEEN_LINES:
            return
        else:
            self._stream.write(line + "\n")
        self._last = now
        self._stream.flush()

    def clear(self) -> None:
        """Leaves the status line empty for what is printed next."""
        if self._rewrites:
            self._stream.write("\r" + " " * (shutil.get_terminal_size().columns - 1) + "\r")
            self._stream.flush()


def progress(wanted: dict[str, str], site_packages: Path) -> str:
    """Says how many of the packages that are to be installed are there.

    Args:
        wanted: normalised name → version.
        site_packages: the folder they go to.
    """
    folders = [folder.stem.partition("-") for folder in site_packages.glob("*.dist-info")]
    there = {(normalise(name), version) for name, _, version in folders} & set(wanted.items())
    return f"{len(there)} of {len(wanted)} packages installed"


def current(lines: Sequence[str]) -> str:
    """Gives the last line of pip's or uv's output that says what is going on.

    uv fetches many at once and says when each is there: what is left is the large one.
    """
    done = {line.removeprefix("Downloaded ") for line in lines if line.startswith("Downloaded ")}
    for line in reversed(lines):
        if not (line.startswith(("Downloading ", "Downloaded ")) and line.split()[1] in done):
            return line
    return ""


def run(
    command: list[str],
    sources: dict[str, str],
    state: Callable[[], str],
    target: Path,
    log: Path,
    lock_descriptor: int,
) -> None:
    """Runs one step of an installation, showing how far it is and the last line of its own output.

    Args:
        command: the program and its arguments.
        sources: variables that say where packages come from.
        state: says how far it is.
        target: folder of the environment that it works on.
        log: file that the full output is appended to.
        lock_descriptor: the open lock file; the child inherits it, so that the lock outlives this process
            by as long as an orphaned child goes on writing.

    Raises:
        CourseError: if the command fails; the message says why in one sentence and names the log.
        Stopped: on Ctrl-C, or when this process is asked to end; the child and its children are gone by then.
    """
    display = Display()
    tail: deque[str] = deque(maxlen=400)
    options = {"creationflags": 0x200}  # a process group of its own, which Ctrl-C does not reach
    if os.name == "posix":
        options = {"process_group": 0, "pass_fds": [lock_descriptor]}
        # The interpreter behind a virtual environment: this one's own may be what is being made again.
        command = [sys._base_executable, "-I", "-S", "-c", KEEPER, *command]
    with log.open("a", encoding="utf-8", errors="backslashreplace") as record, _signals_raise():
        record.write(f"$ {' '.join(command)}\n")
        child = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=_installer_environment(sources),
            encoding="utf-8",
            errors="replace",
            **options,
        )
        try:
            for line in _lines(child, lambda: display.show(f"{state()}. {current(tail)}")):
                record.write(line)
                tail.append(line.strip())
            child.wait()
        finally:
            _end(child)
            display.clear()
    if child.returncode != 0:
        raise CourseError(explain(list(tail), child.returncode, log, target))


def _installer_environment(sources: dict[str, str]) -> dict[str, str]:
    # Without a network an answer within seconds is worth more than a fifth attempt; the user's setting wins.
    patience = {"PIP_RETRIES": "2", "UV_HTTP_RETRIES": "2"}
    if "PIP_TIMEOUT" not in sources:
        patience["PIP_DEFAULT_TIMEOUT"] = "30"
    ours = {
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PIP_NO_INPUT": "1",
        "PYTHONUNBUFFERED": "1",
        # Not even venv can write the name of a folder that the locale has no letters for.
        "PYTHONUTF8": "1",
    }
    if sys.dont_write_bytecode:
        # What no start writes, every start would compile: TensorFlow takes twice as long. pip does it anyway.
        ours["UV_COMPILE_BYTECODE"] = "1"
    theirs = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PIP_", "UV_")) and name not in ("PYTHONPATH", "PYTHONHOME")
    }
    return theirs | patience | sources | ours


def _lines(child: subprocess.Popen, tick: Callable[[], None]) -> Iterator[str]:
    """Yields the child's lines as they come and calls `tick` several times a second in between."""
    lines: queue.Queue = queue.Queue()

    def read() -> None:
        for line in child.stdout:
            lines.put(line)
        lines.put(None)

    threading.Thread(target=read, daemon=True).start()
    while True:
        tick()
        try:
            line = lines.get(timeout=0.2)
        except queue.Empty:
            continue
        if line is None:
            return
        yield line


def _end(child: subprocess.Popen) -> None:
    """Ends the child and all that it started; does nothing where it has ended by itself."""
    if child.poll() is not None:
        return
    if os.name != "posix":
        subprocess.run(["taskkill", "/F", "/T", "/PID", str(child.pid)], capture_output=True, check=False)
        child.wait()
        return
    os.killpg(child.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        child.wait(timeout=3)
    # Whoever of the group is left: the child itself, or what it started.
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


class _signals_raise:
    """While it is entered, a closed terminal or `kill` raises `Stopped`, as Ctrl-C does."""

    def __enter__(self) -> None:
        names = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
        self._before = {}
        # Only the main thread may set handlers; elsewhere (a test, a notebook) there is nothing to change.
        if threading.current_thread() is threading.main_thread():
            for number in (getattr(signal, name) for name in names if hasattr(signal, name)):
                self._before[number] = signal.signal(number, self._raise)

    @staticmethod
    def _raise(number: int, frame: object) -> None:
        raise Stopped(number)

    def __exit__(self, *exception: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)


NO_SPACE = (
    r"No space left on device|Errno 28\b|os error 28\b|os error 112\b|not enough space on the disk"
    r"|quota exceeded"
)

REASONS = [
    # (what the output has, what it means and what to do); the first that fits counts.
    (
        r"CERTIFICATE_VERIFY_FAILED|invalid peer certificate|UnknownIssuer|SSLError",
        "The connection to the package index is not trusted: its certificate could not be verified. On a "
        "network that inspects traffic, point PIP_CERT (for uv: SSL_CERT_FILE) at your organisation's "
        "certificate file.",
    ),
    (
        r"ProxyError|Tunnel connection failed|407 Proxy|proxy authentication",
        "The proxy refused the connection to the package index: check the variables HTTPS_PROXY and "
        "NO_PROXY.",
    ),
    (
        r"NewConnectionError|Failed to establish a new connection|[Nn]ame resolution"
        r"|Name or service not known|getaddrinfo failed|ConnectTimeoutError|ReadTimeoutError|Read timed out"
        r"|Network is unreachable|dns error|error sending request|Could not connect"
        r"|Connection (?:refused|reset|aborted)|RemoteDisconnected|client error \(Connect\)"
        r"|operation timed out|Failed to fetch|IncompleteRead",
        "No network: the package index cannot be reached. What is fetched once stays here; "
        "connect to the internet, or name a mirror (PIP_INDEX_URL, for uv UV_DEFAULT_INDEX).",
    ),
    (
        r"DO NOT MATCH THE HASHES|[Hh]ash mismatch",
        "A downloaded package is not the one that the course was made with (its hash differs): the "
        "download was damaged or a mirror serves something else. Empty the cache (pip cache purge, or uv "
        "cache clean).",
    ),
    (
        r"No matching distribution found|no wheels with a matching|not a supported wheel",
        "The package index has no build of one of the packages for this system and Python.",
    ),
    (
        r"WinError 32|being used by another process",
        "A file of .venv is in use: close JupyterLab and every other program that runs from it.",
    ),
    (
        r"Permission denied|Errno 13\b|os error 13\b|WinError 5\b|Access is denied|Read-only file system",
        "A file or folder may not be written: check who owns the course's folder and your package cache.",
    ),
]


def explain(lines: list[str], return_code: int, log: Path, target: Path) -> str:
    """Says in a sentence why pip or uv failed.

    Args:
        lines: the end of its output.
        return_code: its exit status; -9 or 137 when it was killed.
        log: the file with the full output.
        target: folder of the environment.

    Returns:
        What happened, what to do, and where the full output is.
    """
    output = "\n".join(lines)
    if re.search(NO_SPACE, output):
        sentence = no_space_sentence(target)
    else:
        sentence = next((sentence for pattern, sentence in REASONS if re.search(pattern, output)), None)
    if sentence is None and return_code in (-9, 137):
        sentence = (
            "The installer was killed by the system, most often because memory ran out: close other programs."
        )
    if sentence is None:
        errors = [line for line in lines if re.match(r"\s*(ERROR|error|Caused by|Error)\b", line)] or lines[
            -3:
        ]
        sentence = "The installation failed: " + " ".join(line.strip() for line in errors[-3:])
    return f"{sentence} Nothing half-made is kept: run the command again afterwards. Full output: {log}"


def no_space_sentence(target: Path) -> str:
    """Says that a disk is full, with what is free where an installation into `target` writes."""
    places = {
        target if target.is_dir() else target.parent: "the environment",
        Path(tempfile.gettempdir()): "temporary files",
        Path.home(): "the package cache",
    }
    free = [
        f"{shutil.disk_usage(place).free / 1e6:,.0f} MB free in {place} ({what})"
        for place, what in places.items()
        if place.is_dir()
    ]
    return f"The disk is full: {', '.join(free)}. Free some space."
