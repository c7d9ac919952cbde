"""A process for one submission that can read the course, write into its scratch folder, and nothing else.

bubblewrap gives it name spaces of its own: no network, no other processes, of the file system only Python,
the course's packages and data, read-only, and a scratch folder in memory. A thread out here watches its time,
its memory and the number of its processes, and ends all of them together.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from functools import cache
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.grading.plain import read_message, write_message
from course_utils.places import ROOT

__all__ = ["Sandbox", "SandboxGone", "require_isolation"]

_WATCH_SECONDS = 0.1
_SCRATCH = "/tmp"
_PATIENCE = 5  # times as long by the clock as by the processor
_ADDRESS_SPACE = 3 * 2**30  # what TensorFlow reserves without using it


class SandboxGone(BaseException):
    """The sandboxed process has ended, hung, used too much, or sent what is no answer.

    No ``Exception``: a check that expects errors of an answer must not take this one for such.
    """


def require_isolation():
    """Complain unless submissions can be isolated on this machine.

    Raises:
        CourseError: on another system than Linux, without bubblewrap, or where it may not make name spaces.
    """
    risk = (
        "Submissions are programs by other people. With --unsafe they run without isolation, as you: "
        "they can read your files and the hidden tests, change or delete what you can, and use the network."
    )
    if sys.platform != "linux":
        raise CourseError(f"Submissions can only be isolated on Linux; this is {sys.platform}. {risk}")
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

    def __init__(self, limits, unsafe=False):
        self._limits = limits
        self._scratch = tempfile.mkdtemp(prefix="submission-") if unsafe else None
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `end`
        self._reason = None
        self._waiting, self._processor = False, 0.0
        self._allow(60.0)
        self._process = subprocess.Popen(
            _unsafe_command() if unsafe else _command(limits),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            cwd=self._scratch or "/",
            env=_variables(self._scratch or _SCRATCH),
            start_new_session=True,
        )
        self._done = threading.Event()
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def send(self, content, blobs=(), seconds=None):
        """Send a message and wait for the next one from inside.

        Args:
            content: what JSON can say.
            blobs: list of bytes.
            seconds: float, time for the answer; None goes on with the time of the message before.

        Returns:
            The answer's content, a dict, and its blobs; not trusted.

        Raises:
            SandboxGone: when there is none, with the reason.
        """
        if seconds is not None:
            self._allow(seconds)
        self._waiting = True
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
            self._waiting = False
        return answer, blobs

    def end(self):
        """End every process of the sandbox and remove its scratch folder."""
        self._done.set()
        self._kill()
        self._process.wait()
        self._watcher.join()
        for stream in (self._process.stdin, self._process.stdout, self._errors):
            with suppress(OSError):
                stream.close()
        if self._scratch:
            shutil.rmtree(self._scratch, ignore_errors=True)

    def _allow(self, seconds):
        # On a busy machine an honest cell takes longer by the clock, and no longer by the processor.
        self._seconds = seconds
        self._processor_end = self._processor + seconds
        self._deadline = time.monotonic() + _PATIENCE * seconds

    def _why(self):
        if self._reason is None:
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(2)
        if self._reason is None:
            code = self._process.returncode
            said = self._said()
            self._reason = f"it ended its process (exit status {code}){f': {said}' if said else ''}"
        return self._reason

    def _said(self):
        self._errors.seek(0)
        lines = self._errors.read(2000).decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:200] if lines else ""

    def _kill(self):
        with suppress(ProcessLookupError, PermissionError):
            if os.name == "posix":
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.kill()

    def _watch(self):
        while not self._done.wait(_WATCH_SECONDS):
            reason = self._excess()
            if reason:
                self._reason = reason
                self._kill()
                return

    def _excess(self):
        if self._waiting and time.monotonic() > self._deadline:
            return f"it took more than {_PATIENCE * self._seconds:g} seconds"
        if sys.platform != "linux":
            return None
        threads, held, self._processor = _usage(self._process.pid)
        if self._waiting and self._processor > self._processor_end:
            return f"it took more than {self._seconds:g} seconds"
        if threads > self._limits.processes:
            return f"it had more than {self._limits.processes} processes and threads"
        if held > self._limits.memory:
            return f"it used more than {self._limits.memory / 2**30:.1f} GB of memory"
        return None


def _usage(root):
    """Return the threads, bytes and processor seconds of a process and its descendants."""
    threads = held = ticks = 0
    waiting = [root]
    while waiting and threads < 5000:
        folder = Path(f"/proc/{waiting.pop()}")
        try:
            for task in (folder / "task").iterdir():
                threads += 1
                waiting += (task / "children").read_text().split()
            held += int((folder / "statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
            # Behind the name, in brackets: its own time and that of its ended children, each twice.
            after_name = (folder / "stat").read_text().rpartition(")")[2].split()
            ticks += sum(map(int, after_name[11:15]))
        except (OSError, IndexError, ValueError):
            continue  # it ended meanwhile
    return threads, held, ticks / os.sysconf("SC_CLK_TCK")


def _variables(scratch):
    """The environment of a submission: nothing of the instructor's."""
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


def _unsafe_command():
    return [sys.executable, "-m", "course_utils.grading.worker"]


def _command(limits):
    mode = _mode()
    inside = [sys.executable, "-m", "course_utils.grading.worker"]
    bounds = [
        f"--as={limits.memory + _ADDRESS_SPACE}",
        f"--fsize={limits.disk}",
        f"--cpu={int(limits.total_seconds) + 1}",
        f"--nproc={limits.processes}",
        "--nofile=1024",
        "--core=0",
    ]
    return [
        *("bwrap", *mode(os.getpid())[0]),
        *_world(limits.disk),
        *("--chdir", _SCRATCH),
        *mode(os.getpid())[1],
        *("prlimit", *bounds, *inside),
    ]


def _world(disk):
    """The files that a submission sees."""
    seen = [Path("/usr"), Path(sys.base_prefix).resolve(), Path(sys.prefix).resolve()]
    arguments = ["--proc", "/proc", "--dev", "/dev", "--size", "65536", "--tmpfs", "/dev/shm"]
    # Before all that follows, for the course may lie in a folder of /tmp itself.
    arguments += ["--size", str(disk), "--perms", "1777", "--tmpfs", _SCRATCH]
    for name in ("bin", "lib", "lib64", "sbin"):
        place = Path("/") / name
        if place.is_symlink():
            arguments += ["--symlink", str(place.readlink()), str(place)]
        elif place.exists():
            seen.append(place)
    for name in ("/etc/ld.so.cache", "/etc/alternatives", "/etc/fonts", "/etc/localtime"):
        arguments += ["--ro-bind-try", name, name]
    seen += [ROOT / "course_utils", ROOT / "data"]
    # Made by bubblewrap on its own, the folders above would be for their owner only.
    for folder in sorted(
        {parent for place in seen for parent in place.parents} - {Path("/"), Path(_SCRATCH)}
    ):
        arguments += ["--perms", "0755", "--dir", str(folder)]
    for folder in seen:
        arguments += ["--ro-bind", str(folder), str(folder)]
    stand_in = Path(__file__).parent / "stand_in_checks"
    arguments += ["--ro-bind", str(stand_in), str(ROOT / "course_utils" / "checks")]
    # What the course's library keeps from one run to the next.
    arguments += ["--size", str(disk), "--perms", "1777", "--tmpfs", str(ROOT / ".course-cache")]
    return [*arguments, "--remount-ro", "/dev", "--remount-ro", "/"]


def _as_user():
    """Name spaces that an ordinary user may make; also root where it is not quite root, as in containers."""

    def arguments(number):
        return ["--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"], []

    return arguments


def _as_root():
    """The same for root, which becomes a user that owns nothing: root's processes are not counted."""

    def arguments(number):
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
def _mode():
    """Return the first way to isolate that works here, or None."""
    ways = [_as_root(), _as_user()] if os.geteuid() == 0 else [_as_user()]
    return next((way for way in ways if not _probe(way)), None)


def _probe(way):
    """Return what goes wrong with a way to isolate, "" if nothing."""
    outer, inner = way(os.getpid())
    command = ["bwrap", *outer, *_world(2**20), *inner, "prlimit", "--nproc=10", "true"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    return "" if run.returncode == 0 else run.stderr.strip() or f"exit status {run.returncode}"
