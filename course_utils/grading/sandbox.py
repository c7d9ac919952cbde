"""A process for one submission that can read the course, write into its scratch folder, and nothing else.

bubblewrap gives it name spaces of its own: no network, no other processes, of the file system only Python,
the course's packages and data, read-only, and a scratch folder in memory; a filter keeps it from asking the
kernel for more (see ``system_calls``). A thread out here watches its time, its memory and the number of its
processes and files, and ends all of them together.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading import system_calls
from course_utils.grading.limits import Limits
from course_utils.grading.plain import read_message, write_message
from course_utils.places import ROOT

__all__ = ["Sandbox", "SandboxGone", "require_isolation"]

_WATCH_SECONDS = 0.1
_SCRATCH = "/tmp"
_PATIENCE = 5  # times as long by the clock as by the processor
_ADDRESS_SPACE = 3 * 2**30  # what TensorFlow reserves without using it
_CACHE = ROOT / ".course-cache"  # what the course's library keeps from one run to the next
# Of /usr, what programs need; anything else, such as an exchange in /usr/local/share, is none of theirs.
_PARTS_OF_USR = (
    *("bin", "sbin", "lib", "lib32", "lib64", "libexec", "local/bin", "local/lib", "local/lib64"),
    *("share/fonts", "share/fontconfig", "share/zoneinfo", "share/locale", "share/misc", "share/terminfo"),
)


class SandboxGone(BaseException):
    """The sandboxed process has ended, hung, used too much, or sent what is no answer.

    No ``Exception``: a check that expects errors of an answer must not take this one for such.
    """


def require_isolation() -> None:
    """Complains unless submissions can be isolated on this machine.

    Raises:
        CourseError: on another system than Linux, another processor than TensorFlow knows, without
            bubblewrap, or where it may not make name spaces.
    """
    risk = (
        "Submissions are programs by other people. With --unsafe they run without isolation, as you: "
        "they can read your files and the hidden tests, change or delete what you can, and use the network."
    )
    if sys.platform != "linux":
        raise CourseError(f"Submissions can only be isolated on Linux; this is {sys.platform}. {risk}")
    if not system_calls.runs_here():
        raise CourseError(f"Submissions can only be isolated on x86-64 and 64-bit ARM processors. {risk}")
    if not shutil.which("bwrap"):
        raise CourseError(
            "bubblewrap (bwrap) is not installed, which isolates submissions. On Debian and Ubuntu: "
            f"sudo apt install bubblewrap; on Fedora: sudo dnf install bubblewrap. {risk}"
        )
    if _mode() is None:
        raise CourseError(
            "bubblewrap cannot make name spaces here, as in a container that forbids them: "
            f"{_probe(_as_user())[:300]} {risk}"
        )


class Sandbox:
    """A sandboxed process that obeys messages.

    Args:
        limits: :class:`~course_utils.grading.limits.Limits`.
        unsafe: bool, run without isolation.
    """

    def __init__(self, limits: Limits, unsafe: bool = False) -> None:
        self._limits = limits
        self._scratch = tempfile.mkdtemp(prefix="submission-") if unsafe else None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._reason = None
        self._held, self._before, self._used = _Held(), _Held(), 0.0
        # Seconds waited for the last message, and since when for this one: the watcher reads both at once.
        self._waiting = (0.0, None)
        self._allow(60.0)
        with _unsafe_command() if unsafe else _command(limits) as (command, descriptors):
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                cwd=self._scratch or "/",
                env=_variables(self._scratch or _SCRATCH),
                start_new_session=True,
                pass_fds=descriptors,
            )
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def __enter__(self) -> "Sandbox":
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def send(self, content: dict, blobs: list[bytes] = (), seconds: float | None = None) -> tuple:
        """Sends a message and waits for the next one from inside.

        Args:
            content: what JSON can say.
            blobs: list of bytes.
            seconds: float, time for the answer, computing or idle, without what it waits for a processor;
                None goes on with the time of the message before.

        Returns:
            The answer's content, a dict, and its blobs; not trusted.

        Raises:
            SandboxGone: when there is none, with the reason.
        """
        if seconds is not None:
            self._allow(seconds)
        before, began = self._waiting[0], time.monotonic()
        self._waiting = (before, began)
        try:
            write_message(self._process.stdin, content, blobs)
            answer, blobs = read_message(self._process.stdout, self._limits.message)
            if type(answer) is not dict:
                raise ValueError("an answer of another kind")
        except (OSError, EOFError) as error:
            raise SandboxGone(self._why()) from error
        except ValueError as error:
            self._reason = f"it sent {error}"
            self.end()
            raise SandboxGone(self._reason) from error
        finally:
            self._waiting = (before + time.monotonic() - began, None)
        return answer, blobs

    def used(self) -> float:
        """Gives the seconds of all messages so far, each as `send` counts them."""
        return self._used + self._used_now()

    def end(self) -> None:
        """Ends every process of the sandbox and remove its scratch folder."""
        self._done.set()
        self._kill()
        self._process.wait()
        self._watcher.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):
                stream.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _allow(self, seconds: float) -> None:
        self._used += self._used_now()
        self._before, self._waiting, self._seconds = self._held, (0.0, None), seconds
        self._deadline = time.monotonic() + _PATIENCE * seconds

    def _used_now(self) -> float:
        """Gives the seconds of the last message: on a busy machine a cell takes longer by the clock only."""
        held, before, (waited, since) = self._held, self._before, self._waiting
        waited += time.monotonic() - since if since is not None else 0.0
        queued = sum(held.queued.values()) - sum(before.queued.values())
        return max(held.processor - before.processor, waited - queued / 1e9)

    def _why(self) -> str:
        if self._reason is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
        if self._reason is None:
            code = self._process.returncode
            said = self._said()
            self._reason = f"it ended its process (exit status {code}){f': {said}' if said else ''}"
        return self._reason

    def _said(self) -> str:
        self._errors.seek(0)
        lines = self._errors.read(2000).decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else ""

    def _kill(self) -> None:
        with suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()

    def _watch(self) -> None:
        while not self._done.wait(_WATCH_SECONDS):
            reason = self._excess()
            if reason:
                self._reason = reason
                self._kill()
                return

    def _excess(self) -> str | None:
        waiting = self._waiting[1] is not None
        if waiting and time.monotonic() > self._deadline:
            return f"it took more than {_PATIENCE * self._seconds:g} seconds"
        if sys.platform != "linux":
            return None
        self._held = held = _held_by(self._process.pid, self._held)
        if waiting and self._used_now() > self._seconds:
            return f"it took more than {self._seconds:g} seconds"
        if held.threads > self._limits.processes:
            return f"it had more than {self._limits.processes} processes and threads"
        if held.memory > self._limits.memory:
            return f"it used more than {self._limits.memory / 2**30:.1f} GB of memory"
        if held.files > self._limits.files:
            return f"it had more than {self._limits.files:,} files"
        return None


@dataclass(frozen=True)
class _Held:
    """What a process and its descendants have at one moment.

    Attributes:
        threads: int.
        memory: int, bytes, also in the files of their scratch folder.
        files: int, in it.
        processor: float, seconds of processors that they have had.
        queued: dict from the number of a thread, str, to the nanoseconds that it has waited for one; also of
            threads that have ended.
    """

    threads: int = 0
    memory: int = 0
    files: int = 0
    processor: float = 0.0
    queued: dict[str, int] = field(default_factory=dict)


def _held_by(root: int, before: _Held) -> _Held:
    threads = memory = ticks = 0
    queued = dict(before.queued)
    waiting, found = [root], []
    while waiting and threads < 5000:
        process = waiting.pop()
        folder = Path(f"/proc/{process}")
        found.append(process)
        # What ends while it is looked at must not take with it what others have had.
        with suppress(OSError):
            for task in (folder / "task").iterdir():
                threads += 1
                with suppress(OSError, ValueError):
                    waiting += (task / "children").read_text().split()
                    queued[task.name] = int((task / "schedstat").read_text().split()[1])
        with suppress(OSError, ValueError, IndexError):
            memory += int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            # Behind the name, in brackets: its own time and that of its ended children, each twice.
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
    in_files, files = _written(found)
    # A process that ends between two looks is missing for one of them, until it counts as its parent's.
    processor = max(before.processor, ticks / os.sysconf("SC_CLK_TCK"))
    return _Held(threads, memory + in_files, files, processor, queued)


def _written(processes: list[int]) -> tuple[int, int]:
    """Gives bytes and number of the files in the scratch folders, as the last of some processes sees them."""
    outside = Path("/").stat().st_dev
    for process in reversed(processes):
        root = f"/proc/{process}/root"
        try:
            if Path(root).stat().st_dev == outside:
                continue
            places = [os.statvfs(f"{root}{place}") for place in (_SCRATCH, "/dev/shm", _CACHE)]
        except OSError:
            continue  # it has not begun, or ended meanwhile
        size = sum((place.f_blocks - place.f_bfree) * place.f_frsize for place in places)
        return size, sum(place.f_files - place.f_ffree for place in places)
    return 0, 0


def _variables(scratch: str) -> dict[str, str]:
    """Gives the environment of a submission: nothing of the instructor's."""
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "HOME": scratch,
        "TMPDIR": scratch,
        "IPYTHONDIR": f"{scratch}/.ipython",
        "MPLCONFIGDIR": f"{scratch}/.matplotlib",
        "LANG": "C.UTF-8",
        "PYTHONPATH": str(ROOT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "KERAS_BACKEND": "tensorflow",
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        # One submission a core: more threads would only fight for it.
        **dict.fromkeys(
            (
                "OMP_NUM_THREADS",
                "OPENBLAS_NUM_THREADS",
                "TF_NUM_INTRAOP_THREADS",
                "TF_NUM_INTEROP_THREADS",
            ),
            "1",
        ),
        **({"SYSTEMROOT": os.environ["SYSTEMROOT"]} if "SYSTEMROOT" in os.environ else {}),
    }


@contextmanager
def _unsafe_command() -> Iterator[tuple[list[str], tuple[int, ...]]]:
    yield [sys.executable, "-m", "course_utils.grading.worker"], ()


@contextmanager
def _command(limits: Limits) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """Yields the command that starts the sandbox, and the descriptors that it needs."""
    inside = [sys.executable, "-m", "course_utils.grading.worker"]
    bounds = [
        f"--as={limits.memory + _ADDRESS_SPACE}",
        f"--fsize={limits.disk}",
        f"--cpu={int(limits.total_seconds) + 1}",
        f"--nproc={limits.processes}",
        "--nofile=1024",
        "--core=0",
    ]
    system_calls.leave_keyring()
    with _isolated(_mode(), limits, ["prlimit", *bounds, *inside]) as isolated:
        yield isolated


@contextmanager
def _isolated(
    mode: "_Mode", limits: Limits, program: list[str]
) -> Iterator[tuple[list[str], tuple[int, ...]]]:
    """Yields the command that isolates a program, with the descriptor of its filter."""
    outer, inner = mode(os.getpid())
    reading, writing = os.pipe()
    try:
        os.write(writing, system_calls.refusals())
        os.close(writing)
        world = [*_world(limits), "--chdir", _SCRATCH, "--seccomp", str(reading)]
        yield ["bwrap", *outer, *world, *inner, *program], (reading,)
    finally:
        os.close(reading)


def _world(limits: Limits) -> list[str]:
    """Gives bubblewrap's arguments for the files that a submission sees."""
    disk = str(limits.disk)
    arguments = ["--proc", "/proc", "--dev", "/dev", "--size", "65536", "--tmpfs", "/dev/shm"]
    # Before all that follows, for the course may lie in a folder of /tmp itself.
    arguments += ["--size", disk, "--perms", "1777", "--tmpfs", _SCRATCH]
    seen = []
    parts = [Path("/usr", name) for name in _PARTS_OF_USR]
    for place in [*(Path("/", name) for name in ("bin", "lib", "lib64", "sbin")), *parts]:
        if place.is_symlink():
            arguments += ["--symlink", str(place.readlink()), str(place)]
        elif place.exists():
            seen.append(place)
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        arguments += ["--ro-bind-try", name, name]
    prefixes = {Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()}
    seen += [*sorted(prefixes - {Path("/usr"), Path("/usr/local")}), ROOT / "course_utils", ROOT / "data"]
    # Made by bubblewrap on its own, the folders above would be for their owner only.
    for folder in sorted(
        {parent for place in seen for parent in place.parents} - {Path("/"), Path(_SCRATCH)}
    ):
        arguments += ["--perms", "0755", "--dir", str(folder)]
    for folder in seen:
        arguments += ["--ro-bind", str(folder), str(folder)]
    for folder in map(Path, limits.hidden):
        if folder.is_dir() and any(folder.is_relative_to(place) for place in seen):
            arguments += ["--tmpfs", str(folder), "--remount-ro", str(folder)]
    stand_in = Path(__file__).parent / "stand_in_checks"
    arguments += ["--ro-bind", str(stand_in), str(ROOT / "course_utils" / "checks")]
    arguments += ["--size", disk, "--perms", "1777", "--tmpfs", str(_CACHE)]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]


_Mode = Callable[[int], tuple[list[str], list[str]]]


def _as_user() -> _Mode:
    """Makes name spaces as an ordinary user may; also root where it is not quite root, as in containers."""

    def arguments(number: int) -> tuple[list[str], list[str]]:
        return ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"], []

    return arguments


def _as_root() -> _Mode:
    """Makes the same for root, which becomes a user that owns nothing: root's processes are not counted."""

    def arguments(number: int) -> tuple[list[str], list[str]]:
        user = str(200_000 + number % 1_000_000)
        return (
            [
                *("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try"),
                *("--die-with-parent", "--new-session"),
                *("--cap-drop", "ALL", "--cap-add", "CAP_SETUID", "--cap-add", "CAP_SETGID"),
            ],
            [
                *("setpriv", "--reuid", user, "--regid", user, "--clear-groups"),
                *("--inh-caps=-all", "--no-new-privs"),
            ],
        )

    return arguments


@cache
def _mode() -> _Mode | None:
    """Gives the first way to isolate that works here, or None."""
    ways = [_as_root(), _as_user()] if os.geteuid() == 0 else [_as_user()]
    return next((way for way in ways if not _probe(way)), None)


def _probe(way: _Mode) -> str:
    """Gives what goes wrong with a way to isolate, "" if nothing."""
    with _isolated(way, Limits(disk=2**20), ["prlimit", "--nproc=10", "true"]) as (command, descriptors):
        run = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=30, pass_fds=descriptors
        )
    return "" if run.returncode == 0 else run.stderr.strip() or f"exit status {run.returncode}"
