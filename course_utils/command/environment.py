"""The course's environment: finds the one that is there, makes or mends `.venv`, and goes on inside it.

Standard library only. A `.venv` of the course holds two files of its own: the marker, written before anything
else, says that the course may delete it; the stamp, written after everything else, says that it is complete.
An interruption at any moment leaves a marker without a stamp, and the next run starts again.
"""

import errno
import functools
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from course_utils import runtime
from course_utils.command import installer, interpreter, pins, sources
from course_utils.errors import CourseError
from course_utils.files import wait_for_lock, write_atomically
from course_utils.places import ROOT, VENV

LOG = ROOT / ".course-install.log"
RUN_LOCK = ROOT / ".course-install.lock"
MARKER = ".made-by-course"
STAMP = ".complete"
# Extra → lock. Each has all that the one before it has.
LOCKS = {
    "": "requirements.lock",
    "instructor": "requirements-instructor.lock",
    "site": "requirements-site.lock",
}
CONDA_NAME = "multimodal-course"
# Without asserts a lesson proves nothing; warnings, a debug mode and a start-up file print into its outputs.
UNWANTED = (*runtime.UNWANTED, "PYTHONOPTIMIZE", "PYTHONWARNINGS", "PYTHONDEVMODE", "PYTHONSTARTUP")

# Where TensorFlow has wheels: platform.system() → platform.machine().
PLATFORMS = {"Linux": ("x86_64", "aarch64"), "Darwin": ("arm64",), "Windows": ("AMD64",)}


@dataclass(frozen=True)
class State:
    """What a `.venv` folder is good for.

    Attributes:
        action: "use", "make", "rebuild" (it is ours and unusable), "extend" (it lacks the instructor's
            packages) or "replace" (it is somebody else's and lacks packages).
        reason: one sentence for the person who waits.
        extra: "", "instructor" or "site", the packages that it was made with.
    """

    action: str
    reason: str = ""
    extra: str = ""


def lock(extra: str = "") -> pins.Lock:
    """Reads the lock for an extra ("", "instructor" or "site")."""
    return pins.read(ROOT / LOCKS[extra])


def enter(extra: str = "") -> None:
    """Goes on in the course's environment, making it first where needed.

    Returns only if this interpreter is already the right one; otherwise the same command is started in the
    right one, in place of this process.

    Args:
        extra: "", "instructor" or "site".

    Raises:
        CourseError: if the environment cannot be made.
    """
    python = ensure(extra)
    if python != Path(sys.executable):
        interpreter.run_instead([str(python), "-m", "course_utils", *sys.argv[1:]], child_environment(VENV))


def ensure(extra: str = "") -> Path:
    """Gives an interpreter that has every locked package, making or mending `.venv` where there is none.

    Args:
        extra: "", "instructor" or "site".

    Returns:
        Its executable: this interpreter's own if it is complete (conda, Docker, an own virtual environment).

    Raises:
        CourseError: if none can be made; says why and what to do.
    """
    if not in_own_venv():
        lacking = pins.differences(lock(extra).here(), pins.installed())
        if not lacking:
            return Path(sys.executable)
        _refuse_incomplete_conda(lacking)
    if inspect(extra).action != "use":
        with one_run_at_a_time() as lock_descriptor:
            # Looked at again: another run may have made it while this one waited.
            state = inspect(extra)
            if state.action != "use":
                _make(state, extra, lock_descriptor)
    return Path(sys.executable) if in_own_venv() else python_of(VENV)


def ready() -> Path | None:
    """Gives the interpreter that `ensure` would give without making anything; None if there is none."""
    if not in_own_venv() and not pins.differences(lock().here(), pins.installed()):
        return Path(sys.executable)
    return python_of(VENV) if inspect().action == "use" else None


def in_own_venv() -> bool:
    """Says whether this interpreter runs from the course's `.venv`."""
    return Path(sys.prefix).resolve() == VENV.resolve()


def inspect(extra: str = "") -> State:
    """Looks at `.venv`, quickly: what is it good for, and why not if not?

    Args:
        extra: "", "instructor" or "site", what is wanted of it.

    Returns:
        Its state.
    """
    if not os.path.lexists(VENV) or (VENV.is_dir() and not any(VENV.iterdir())):
        return State(
            "make",
            f"Making the course's environment in {VENV} (once; some minutes and 550 MB to fetch).",
            extra,
        )
    if not (VENV / MARKER).exists():
        return _inspect_foreign(extra)
    try:
        stamp = json.loads((VENV / STAMP).read_text(encoding="utf-8"))
        made_with, location = stamp["extra"], stamp["location"]
        digest, version = stamp["digest"], stamp["python"]
        # The stamps of the first edition list none.
        parts = set(stamp.get("parts", ()))
    except (OSError, ValueError, KeyError, TypeError):
        return State("rebuild", "An earlier installation was not finished: making .venv again.", extra)
    broken = None
    if location != _location():
        broken = f"The course's folder was moved here from {Path(location).parent}"
    elif made_with not in LOCKS or digest != lock(made_with).digest:
        broken = "The course's packages have changed since .venv was made"
    elif gone := sorted(parts - _parts()):
        broken = f"Something was deleted from .venv ({', '.join(gone[:3])}{' …' if gone[3:] else ''})"
    elif _version_of(VENV) != version:
        broken = f"The Python that .venv was made with ({version}) does not start from it any more"
    sizes = list(LOCKS)
    larger = max(extra, made_with, key=sizes.index) if made_with in LOCKS else extra
    if broken:
        return State("rebuild", f"{broken}: making it again.", larger)
    if larger != made_with:
        return State("extend", f"Adding the packages of the extra `{extra}` to .venv.", extra)
    return State("use", extra=made_with)


def python_of(venv: Path) -> Path:
    """Gives the path of a virtual environment's interpreter."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def child_environment(prefix: Path | None = None) -> dict[str, str]:
    """Gives the variables for a process that runs in the course's environment.

    Args:
        prefix: root folder of that environment; this interpreter's when left out.

    Returns:
        This process' variables, changed so that `course_utils` is found from every folder, that kernels come
        from the environment, that `pip` and `python` in a lesson or a terminal are the environment's, and
        that nothing reaches a lesson that was set for other programs.
    """
    variables = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    prefix = Path(sys.prefix) if prefix is None else prefix
    variables |= runtime.SETTINGS | {"JUPYTER_PREFER_ENV_PATH": "1", "PYTHONUTF8": "1"}
    if (prefix / MARKER).exists():
        # Packages from elsewhere would hide the locked ones.
        for name in ("PYTHONPATH", "PYTHONHOME"):
            variables.pop(name, None)
        variables["VIRTUAL_ENV"] = str(prefix)
        variables["PATH"] = os.pathsep.join(
            [str(python_of(prefix).parent), os.environ.get("PATH", os.defpath)]
        )
    else:
        others = [os.environ["PYTHONPATH"]] if os.environ.get("PYTHONPATH") else []
        variables["PYTHONPATH"] = os.pathsep.join([str(ROOT), *others])
    return variables


def platform_problem() -> str:
    """Says why TensorFlow cannot be installed on this system; "" where it can."""
    system, machine = platform.system(), platform.machine()
    if system == "Darwin" and machine == "x86_64":
        return (
            "TensorFlow has no build for Intel Macs (and none for an Intel Python on Apple silicon: "
            "install the arm64 one there). Use the course in Docker or on Binder, or on another machine."
        )
    if machine not in PLATFORMS.get(system, ()):
        known = ", ".join(f"{name} {'/'.join(machines)}" for name, machines in PLATFORMS.items())
        return f"TensorFlow has no build for {system} {machine}; it has for {known}."
    if system == "Linux" and platform.libc_ver()[0] != "glibc":
        return "TensorFlow needs a Linux with the GNU C library (Debian, Ubuntu …); this one has another."
    return ""


def _refuse_incomplete_conda(lacking: dict[str, str | None]) -> None:
    active = Path(os.environ.get("CONDA_PREFIX", ""))
    if active.name != CONDA_NAME or active.resolve() != Path(sys.prefix).resolve():
        return
    names = sorted(lacking)
    raise CourseError(
        f"The conda environment {CONDA_NAME} lacks {len(names)} of the course's packages or has other "
        f"versions of them ({', '.join(names[:4])}{' …' if names[4:] else ''}). Mend it with: conda env "
        "update -f environment.yml --prune"
    )


def _inspect_foreign(extra: str) -> State:
    version = _version_of(VENV)
    if version is not None:
        here = pins.marker_environment() | {
            "python_full_version": version,
            "python_version": version.rpartition(".")[0],
        }
        if not pins.differences(lock(extra).here(here), pins.installed([str(site_packages())])):
            return State("use", extra=extra)
    return State(
        "replace", "There is a .venv here that the course did not make and that lacks its packages.", extra
    )


def _version_of(venv: Path) -> str | None:
    """Gives "3.11.7", or None if the interpreter of an environment does not start, or not inside it."""
    ask = (
        "import os, platform, sys; print(platform.python_version(), os.path.realpath(sys.prefix), sep='\\n')"
    )
    try:
        answer = subprocess.run(
            [str(python_of(venv)), "-I", "-X", "utf8", "-c", ask], capture_output=True, timeout=60, check=True
        )
    except (OSError, subprocess.SubprocessError):
        return None
    version, prefix = os.fsdecode(answer.stdout).splitlines()
    return version if Path(prefix) == venv.resolve() else None


def site_packages() -> Path:
    """Gives the folder of `.venv` that packages are installed to."""
    if os.name == "nt":
        return VENV / "Lib" / "site-packages"
    return next(VENV.glob("lib/python3.*/site-packages"), VENV / "lib")


def _location() -> str:
    # The same text under every locale, even one in which Python cannot decode the folder's name.
    return os.fsencode(VENV.resolve()).decode("utf-8", "backslashreplace")


def _parts() -> set[str]:
    """Lists what lies at the top of `.venv`, of its programs and of its packages."""
    # Enough for a quick look; `doctor` looks at every file.
    folders = (VENV, python_of(VENV).parent, site_packages())
    ours = (MARKER, STAMP, "__pycache__")
    return {
        entry.relative_to(VENV).as_posix()
        for folder in folders
        if folder.is_dir()
        for entry in folder.iterdir()
        if entry.name not in ours
    }


@contextmanager
def one_run_at_a_time() -> Iterator[int]:
    """Holds the installation lock; gives its descriptor."""
    try:
        descriptor = os.open(RUN_LOCK, os.O_RDWR | os.O_CREAT, 0o666)
    except OSError as error:
        raise CourseError(
            f"The course's environment is missing and cannot be made, because the folder {ROOT} may not be "
            f"written ({error.strerror}): copy the course into a folder of your own."
        ) from None
    try:
        wait_for_lock(descriptor, "Another run is making the course's environment: waiting for it.")
        yield descriptor
    finally:
        # Closing gives the lock back, unless an orphaned installer still holds it: then that is the point.
        os.close(descriptor)


def _make(state: State, extra: str, lock_descriptor: int) -> None:
    """Does what `state` asks for; on any failure the half-made environment is removed."""
    print(state.reason, flush=True)
    if problem := platform_problem():
        raise CourseError(problem)
    LOG.write_text("", encoding="utf-8")
    if state.action == "replace":
        _move_aside()
    # An environment that uv made has no pip of its own.
    extends = state.action == "extend" and (shutil.which("uv") or (site_packages() / "pip").exists())
    if extends:
        (VENV / STAMP).unlink()
    else:
        _remove()
    wanted = lock(state.extra or extra)
    try:
        if not extends:
            _require_room(wanted)
            _make_empty(lock_descriptor)
        _install(wanted, lock_descriptor)
        _finish(wanted, state.extra or extra)
    except BaseException as error:
        _remove()
        if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise CourseError(f"{installer.no_space_sentence(VENV)} Then run the command again.") from None
        raise
    print(f"The environment is complete ({len(wanted.here())} packages).", flush=True)


def _require_room(wanted: pins.Lock) -> None:
    free = shutil.disk_usage(VENV if VENV.is_dir() else ROOT).free / 1e6
    if free < wanted.megabytes:
        raise CourseError(
            f"The disk has too little room: the course's packages need {wanted.megabytes:,} MB in {VENV}, "
            f"and {free:,.0f} MB are free. Free some space, or move the course's folder to a larger disk; "
            "then run the command again."
        )


def _make_empty(lock_descriptor: int) -> None:
    """Makes an environment with nothing in it but, where uv is not there to install from outside, pip."""
    uses_uv = shutil.which("uv") is not None
    if not uses_uv and importlib.util.find_spec("ensurepip") is None:
        version = "{}.{}".format(*sys.version_info)
        raise CourseError(
            f"This Python ({sys.executable}) cannot make environments: its `ensurepip` is missing. On "
            f"Debian and Ubuntu: sudo apt install python{version}-venv. Then run the command again."
        )
    VENV.mkdir(exist_ok=True)
    (VENV / MARKER).write_text(
        "Made by the course, which may delete and remake this folder.\n", encoding="utf-8"
    )
    # From inside the .venv that has just been removed, the interpreter behind it.
    python = sys._base_executable if in_own_venv() else sys.executable
    # Resolved, because venv refuses a link.
    command = [python, "-m", "venv", *(["--without-pip"] if uses_uv else []), str(VENV.resolve())]
    installer.run(command, {}, lambda: "making .venv", VENV, LOG, lock_descriptor)


def _install(wanted: pins.Lock, lock_descriptor: int) -> None:
    python = str(python_of(VENV))
    uv = shutil.which("uv")
    front = (
        [uv, "pip", "install", "--python", python]
        if uv
        else [python, "-m", "pip", "install", "--progress-bar", "off"]
    )
    command = [*front, "--require-hashes", "--no-deps", "-r", str(wanted.path)]
    origin = sources.uv() if uv else sources.pip(python)
    packages, place = wanted.here(), site_packages()
    state = functools.partial(installer.progress, packages, place)
    installer.run(command, origin, state, VENV, LOG, lock_descriptor)
    lacking = pins.differences(packages, pins.installed([str(place)]))
    if lacking:
        raise CourseError(f"The installation ended without {', '.join(sorted(lacking))}. Full output: {LOG}")


def _finish(wanted: pins.Lock, extra: str) -> None:
    # One line of ASCII, whatever the folder's name and the locale: the site module runs lines that begin with
    # "import", and the folder's name stands in it as the bytes that the system knows it by.
    # First in the path, so that no file of a learner's hides the course itself.
    path_line = f"import os, sys; sys.path.insert(0, os.fsdecode({os.fsencode(ROOT)!a}))\n"
    (site_packages() / "course.pth").write_text(path_line, encoding="ascii")
    stamp = {
        "location": _location(),
        "extra": extra,
        "digest": wanted.digest,
        "python": platform.python_version(),
        "parts": sorted(_parts()),
    }
    write_atomically(VENV / STAMP, json.dumps(stamp, indent=1))
    state = inspect(extra)
    if state.action != "use":
        raise CourseError(f"The new environment does not work. {state.reason} Full output: {LOG}")


def _remove() -> None:
    """Deletes a `.venv` of the course: the stamp first and the marker last, so that a kill leaves a trace."""
    if not VENV.is_dir():
        return
    (VENV / STAMP).unlink(missing_ok=True)
    try:
        for entry in VENV.iterdir():
            if entry.name == MARKER:
                continue
            if entry.is_dir() and not entry.is_symlink():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        (VENV / MARKER).unlink(missing_ok=True)
    except PermissionError as error:
        raise CourseError(
            f"{error.filename} cannot be deleted: close JupyterLab and every other program that runs from "
            f"{VENV}, or delete that folder yourself; then run the command again."
        ) from None
    # A link or a mounted disk in its place stays, empty: that counts as not there.
    with suppress(OSError):
        VENV.rmdir()


def _move_aside() -> None:
    number = 1
    while os.path.lexists(aside := VENV.with_name(f".venv.replaced-{number}")):
        number += 1
    VENV.rename(aside)
    print(f"It is now {aside}: delete it when you do not need it.", flush=True)
