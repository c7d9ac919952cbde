"""`doctor`: looks at this machine and the installation; says what is wrong and what to do about it."""

import csv
import importlib.util
import os
import platform
import shutil
import sys
import tempfile
import webbrowser
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from course_utils import runtime
from course_utils.command import environment, interpreter, pins, speech
from course_utils.errors import CourseError
from course_utils.language_model import smollm2
from course_utils.places import MY_LESSONS, ROOT

MEMORY_NEEDED_GB = 3
FREE_DISK_WANTED_GB = 1
PERSONAL_SETTINGS = [
    Path("~/.keras/keras.json"),
    *(Path("~", folder, "matplotlibrc") for folder in (".config/matplotlib", ".matplotlib")),
]


@dataclass(frozen=True)
class Finding:
    """One line of the report.

    Attributes:
        mark: "ok", "fail" (a lesson or command will not work) or "note" (good to know).
        subject: what was looked at.
        text: what was found.
        remedy: what to do; "" where nothing is needed.
    """

    mark: str
    subject: str
    text: str
    remedy: str = ""

    def __str__(self) -> str:
        """Gives the line as it is printed."""
        line = f"{f'[{self.mark}]':6} {self.subject}: {self.text}"
        return f"{line}\n       -> {self.remedy}" if self.remedy else line


def report() -> list[Finding]:
    """Checks everything and prints one line for each requirement (lesson 00 shows it).

    Returns:
        The findings, in the order printed.
    """
    findings = []
    for check in CHECKS:
        finding = check()
        findings.append(finding)
        print(finding, flush=True)
    failed = sum(finding.mark == "fail" for finding in findings)
    print("All is well." if not failed else f"{failed} of {len(findings)} need attention.", flush=True)
    return findings


def _python() -> Finding:
    text = f"{platform.python_version()}, {sys.executable}"
    objection = interpreter.objection(interpreter.facts())
    return (
        Finding("fail", "Python", f"{text}: {objection}", interpreter.HOW_TO_GET_ONE)
        if objection
        else Finding("ok", "Python", text)
    )


def _system() -> Finding:
    text = f"{platform.system()} {platform.machine()}"
    problem = environment.platform_problem()
    return Finding("fail", "System", text, problem) if problem else Finding("ok", "System", text)


def _environment() -> Finding:
    subject = "Environment"
    if environment.ready() is None:
        state = environment.inspect()
        return Finding(
            "fail", subject, f"not complete. {state.reason}", "python3 -m course_utils lab makes it"
        )
    return Finding("ok", subject, f"complete, in {sys.prefix}")


def _packages() -> Finding:
    subject = "Packages"
    wanted = environment.lock().here()
    lacking = pins.differences(wanted, pins.installed())
    if lacking:
        parts = [
            ("missing", [name for name, found in lacking.items() if found is None]),
            (
                "in another version",
                [f"{name} {found}, not {wanted[name]}" for name, found in lacking.items() if found],
            ),
        ]
        text = "; ".join(f"{len(names)} {what} ({_some(names)})" for what, names in parts if names)
        return Finding("fail", subject, text, "python3 -m course_utils install")
    damaged = _damaged_packages(wanted)
    if damaged:
        text = f"files are missing or cut short in {_some(damaged)}"
        return Finding("fail", subject, text, _how_to_make_it_again())
    return Finding("ok", subject, f"{len(wanted)} packages, in the versions of the lock, every file there")


def _how_to_make_it_again() -> str:
    if environment.in_own_venv():
        return f"delete {environment.VENV} and run: python3 -m course_utils install"
    return f"these packages are in {sys.prefix}, which the course did not make: install them there again"


def _damaged_packages(wanted: dict[str, str]) -> list[str]:
    return [name for name in wanted if not _is_whole(metadata.distribution(name))]


def _is_whole(package: metadata.Distribution) -> bool:
    """Compares every file of a package with the record made when it was installed."""
    # Not `package.files`, which since Python 3.12 leaves out what is not there.
    rows = list(csv.reader((package.read_text("RECORD") or "").splitlines()))
    names_itself = any(row[0].endswith(".dist-info/RECORD") for row in rows if row)
    return names_itself and all(
        _is_as_long(Path(package.locate_file(name)), size)
        for name, _, size in rows
        # Python makes compiled modules anew.
        if "__pycache__" not in name
    )


def _is_as_long(path: Path, size: str) -> bool:
    """Says whether a file is there and as long as recorded; "" where no size was: the record itself.

    Longer is no damage: many a company adds its certificate to those of the package certifi.
    """
    try:
        return path.stat().st_size >= int(size) if size else path.exists()
    except OSError:
        return False


def _memory() -> Finding:
    subject = "Memory"
    total = _memory_gb()
    if total is None:
        return Finding("note", subject, "this system does not say how much there is")
    text = f"{total:.1f} GB"
    if total < MEMORY_NEEDED_GB:
        return Finding(
            "fail",
            subject,
            text,
            f"lessons need {MEMORY_NEEDED_GB} GB: use another machine, or give the container more",
        )
    return Finding("ok", subject, text)


def _memory_gb() -> float | None:
    if os.name == "nt":
        import ctypes

        class Status(ctypes.Structure):
            _fields_ = [("length", ctypes.c_ulong), ("load", ctypes.c_ulong)] + [
                (f"field_{number}", ctypes.c_ulonglong) for number in range(7)
            ]

        status = Status(length=ctypes.sizeof(Status))
        ctypes.windll.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
        return status.field_0 / 1e9
    try:
        total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9
    except (ValueError, OSError):
        return None
    # A container may be allowed less than the machine has.
    limit = Path("/sys/fs/cgroup/memory.max")
    allowed = limit.read_text(encoding="ascii").strip() if limit.is_file() else "max"
    return total if allowed == "max" else min(total, int(allowed) / 1e9)


def _disk() -> Finding:
    free = shutil.disk_usage(ROOT).free / 1e9
    text = f"{free:.1f} GB free at {ROOT}"
    if free < FREE_DISK_WANTED_GB:
        return Finding("fail", "Disk", text, f"free at least {FREE_DISK_WANTED_GB} GB")
    return Finding("ok", "Disk", text)


def _data() -> Finding:
    from course_utils.datasets import integrity

    subject = "Data"
    try:
        damage = integrity.find_damage()
    except CourseError as error:
        return Finding("fail", subject, str(error))
    if damage:
        more = [f"and {len(damage) - 3} more"] if damage[3:] else []
        return Finding("fail", subject, "\n       ".join([*damage[:3], *more]))
    return Finding("ok", subject, "every file as in data/manifest.json")


def _smollm2() -> Finding:
    subject, remedy = "SmolLM2", "python3 -m course_utils fetch smollm2"
    if not smollm2.fetched():
        return Finding(
            "note", subject, "not fetched; lesson 10 shows what it prints", f"{remedy} fetches it (93 MB)"
        )
    try:
        smollm2.require_whole(smollm2.path())
    except CourseError as error:
        return Finding("fail", subject, str(error), remedy)
    return Finding("ok", subject, "fetched, every byte as it was published")


def _working_folder() -> Finding:
    subject = "Working folder"
    folder = MY_LESSONS
    place = folder if folder.is_dir() else ROOT
    try:
        with tempfile.TemporaryFile(dir=place):
            pass
    except OSError as error:
        remedy = "choose another with: python3 -m course_utils lab --folder DIR"
        return Finding("fail", subject, f"{place} cannot be written ({error.strerror})", remedy)
    return Finding("ok", subject, f"{folder} can be written")


def _settings() -> Finding:
    subject = "Settings"
    backend = os.environ.get("KERAS_BACKEND") or "tensorflow"
    if backend != "tensorflow" and importlib.util.find_spec(backend) is None:
        text = f"the environment variable KERAS_BACKEND asks for {backend}, which is not installed"
        return Finding("fail", subject, text, "remove that variable")
    if hiding := runtime.hiding_files(MY_LESSONS):
        names = _some([path.name for path in hiding])
        text = f"lessons would import {names} in {MY_LESSONS} in place of a package"
        return Finding("fail", subject, text, "give it another name")
    # By name alone: lesson 00 shows this line, and a stored lesson names nobody's home folder.
    if unread := [path.name for path in map(Path.expanduser, PERSONAL_SETTINGS) if path.exists()]:
        return Finding("note", subject, f"lessons use their own and do not read your {_some(unread)}")
    return Finding("ok", subject, "nothing set for other programs would reach the lessons")


def _browser() -> Finding:
    subject = "Browser"
    try:
        webbrowser.get()
    except webbrowser.Error:
        remedy = "lab --no-browser prints an address to open elsewhere"
        return Finding("note", subject, "none found", remedy)
    return Finding("ok", subject, "found")


def _gpu() -> Finding:
    if shutil.which("nvidia-smi"):
        return Finding(
            "note", "GPU", "an NVIDIA driver is here; the lessons are made for the CPU and do not need it"
        )
    return Finding("note", "GPU", "none found; the lessons are made for the CPU and do not need one")


def _letters() -> Finding:
    subject = "Letters"
    encoding, readable = speech.letters_of_terminal()
    if not readable:
        return Finding(
            "note", subject, f"this terminal ({encoding}) cannot show Chinese", "lessons in the browser can"
        )
    return Finding("ok", subject, f"{encoding}: Chinese can be shown")


def _chinese_font() -> Finding:
    subject = "Chinese font"
    if importlib.util.find_spec("matplotlib") is None:
        return Finding("note", subject, "looked for once the packages are here")
    from course_utils import plotting

    if found := plotting.chinese_font():
        return Finding("ok", subject, f"{found}: figures of your own can have Chinese labels")
    remedy = (
        "install Noto Sans CJK (Debian, Ubuntu: fonts-noto-cjk) for Chinese labels in figures of your own"
    )
    return Finding("note", subject, "none found; the lessons' figures do without", remedy)


def _some(names: list[str]) -> str:
    return ", ".join(names[:6]) + (" …" if len(names) > 6 else "")


CHECKS: list[Callable[[], Finding]] = [
    _python,
    _system,
    _environment,
    _packages,
    _memory,
    _disk,
    _data,
    _smollm2,
    _working_folder,
    _settings,
    _browser,
    _gpu,
    _letters,
    _chinese_font,
]
