"""Finds a Python that the course can run on.

This file, `__main__`, `errors`, `places` and the `__init__` files are read by whatever `python3` the machine
has, so they keep to what Python 3.6 understands: an old Python must get as far as naming the problem or
finding a newer one.
"""

import json
import os
import platform
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.places import ROOT, VENV

OLDEST = (3, 11)
NEWEST = (3, 13)
HOW_TO_GET_ONE = (
    "Install Python 3.13 from the download page of python.org, with your system's package manager "
    "(Debian, Ubuntu: sudo apt install python3.13 python3.13-venv; macOS: brew install python@3.13; "
    "Windows: winget install Python.Python.3.13) or with uv (uv python install 3.13), then run this again."
)

_DESCRIBE = (
    "import json, sys; sys.path.insert(0, sys.argv[1]); from course_utils.command import interpreter; "
    "print(json.dumps(interpreter.facts()))"
)


def facts() -> dict:
    """Describes the running interpreter.

    Returns:
        A dictionary that JSON can carry: executable, version ("3.11.7"), implementation, bits, free_threaded.
    """
    return {
        "executable": sys.executable,
        "version": platform.python_version(),
        "implementation": platform.python_implementation(),
        "bits": 64 if sys.maxsize > 2**32 else 32,
        "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    }


def objection(found: dict) -> str:
    """Says why an interpreter will not do.

    Args:
        found: as from `facts`.

    Returns:
        One phrase, or "" for an interpreter that the course can run on.
    """
    minor = tuple(int(number) for number in found["version"].split(".")[:2])
    if not OLDEST <= minor <= NEWEST:
        return "the course needs Python 3.11, 3.12 or 3.13"
    if found["implementation"] != "CPython":
        return f"TensorFlow needs CPython, this is {found['implementation']}"
    if found["bits"] != 64:
        return "TensorFlow needs a 64-bit Python, this is a 32-bit one"
    if found["free_threaded"]:
        return "TensorFlow needs the ordinary build of Python, this is the free-threaded one"
    return ""


def others() -> list:
    """Gives an interpreter of each minor version that the course promises, but for the running one's."""
    here = platform.python_version_tuple()[1]
    first = {}
    for command in _candidates():
        found = _probe(command)
        if found and not objection(found):
            first.setdefault(found["version"].split(".")[1], found["executable"])
    return [executable for minor, executable in sorted(first.items()) if minor != here]


def find() -> str:
    """Looks for a Python that will do: the course's own environment, the PATH, pyenv, uv.

    Returns:
        Its executable.

    Raises:
        CourseError: if there is none; names each one that was found.
    """
    refused = [facts()]
    for command in _candidates():
        found = _probe(command)
        if found and not objection(found):
            return found["executable"]
        if found:
            refused.append(found)
    if shutil.which("uv"):
        return _from_uv()
    described = "; ".join(f"{one['executable']} ({_describe(one)})" for one in refused)
    raise CourseError(
        f"The course needs Python 3.11, 3.12 or 3.13, 64-bit; found only {described}. {HOW_TO_GET_ONE}"
    )


def run_instead(command: list, environment: dict) -> None:
    """Ends this process and goes on as another, with the same terminal; its exit code becomes ours.

    Args:
        command: list of str, the program first.
        environment: the variables it gets.
    """
    sys.stdout.flush()
    sys.stderr.flush()
    if os.name == "posix":
        os.execve(command[0], command, environment)
    # Windows cannot replace a process. Ctrl-C reaches both: the child answers it, this one only waits.
    child = subprocess.Popen(command, env=environment)
    while True:
        try:
            sys.exit(child.wait())
        except KeyboardInterrupt:
            continue


def _describe(found: dict) -> str:
    return f"{found['implementation']} {found['version']}, {found['bits']}-bit"


def _candidates() -> Iterator:
    yield [str(VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))]
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        # Every hit on the PATH and not just the first: a version manager's may come first and not start.
        for folder in os.environ.get("PATH", "").split(os.pathsep):
            name = shutil.which(f"python3.{minor}", path=folder) if folder else None
            if name:
                yield [name]
        launcher = shutil.which("py")
        if launcher:
            yield [launcher, f"-3.{minor}"]
        # pyenv shows on the PATH only the one that is chosen, and keeps the others here.
        versions = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
        for python in sorted(versions.glob(f"3.{minor}.*/bin/python")):
            yield [str(python)]


def _probe(command: list) -> dict:
    """Describes an interpreter, as `facts` does; empty where it does not start."""
    try:
        answer = subprocess.run(
            [*command, "-I", "-c", _DESCRIBE, str(ROOT)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=True,
        )
        return json.loads(answer.stdout.decode("utf-8"))
    except (OSError, ValueError, subprocess.SubprocessError):
        return {}


def _from_uv() -> str:
    search = ["python", "find", "--system", "--no-project", ">=3.11,<3.14"]
    code, found = _uv([*search, "--no-python-downloads"])
    if code != 0:
        print("There is no Python 3.11 to 3.13 here: uv fetches one (about 30 MB).", flush=True)
        code, reason = _uv(["python", "install", "3.13"])
        if code != 0:
            raise CourseError(
                "The course needs Python 3.11, 3.12 or 3.13; there is none here, and uv could not fetch one "
                f"({reason}). {HOW_TO_GET_ONE}"
            )
        code, found = _uv(search)
    return found


def _uv(arguments: list) -> tuple:
    answer = subprocess.run(["uv", *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    return answer.returncode, " ".join(answer.stdout.decode("utf-8", "replace").split())
