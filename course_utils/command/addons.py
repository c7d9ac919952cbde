"""What `install` adds to the environment: other backends of Keras, doors to data, a cluster, a hub.

Unlike the extras of :mod:`course_utils.command.environment`, each stands alone: any of them can be
added to any environment, in any order. Standard library only.
"""

import functools
import platform
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from course_utils.command import environment, installer, pins, sources
from course_utils.errors import CourseError
from course_utils.places import ROOT

__all__ = ["ADDONS", "TORCH", "TORCH_INDEX", "Addon", "add"]

TORCH = "2.13.0"
TORCH_INDEX = "https://download.pytorch.org/whl/cpu"
"""Where PyTorch's makers publish the builds without CUDA. For Linux the general index has only the others,
which bring gigabytes of libraries for GPUs and do not start without them; so no lock holds this one."""


@dataclass(frozen=True)
class Addon:
    """Packages that `install --with NAME` adds.

    Attributes:
        lock: str, file with those that the course does not have anyhow.
        torch: bool, whether PyTorch comes with them.
    """

    lock: str
    torch: bool = False


ADDONS = {
    "backends": Addon("requirements-backends.lock", torch=True),
    "doors": Addon("requirements-doors.lock"),
    "scale": Addon("requirements-scale.lock"),
    "hub": Addon("requirements-hub.lock"),
}


def add(name: str) -> None:
    """Adds packages to the environment that this interpreter runs in; does nothing where they are there.

    Args:
        name: one of :data:`ADDONS`.

    Raises:
        CourseError: when the disk is too small or the installation fails. The course runs on without them.
    """
    addon = ADDONS[name]
    wanted = pins.read(ROOT / addon.lock)
    if not _lacking(wanted, addon):
        return
    print(f"Adding the packages of the extra `{name}` to {sys.prefix} ({wanted.megabytes:,} MB).", flush=True)
    free = shutil.disk_usage(sys.prefix).free / 1e6
    if free < wanted.megabytes:
        raise CourseError(
            f"The disk has too little room: the extra `{name}` needs {wanted.megabytes:,} MB in {sys.prefix},"
            f" and {free:,.0f} MB are free. Free some space; then run the command again."
        )
    with environment.one_run_at_a_time() as lock_descriptor:
        environment.LOG.write_text("", encoding="utf-8")
        state = functools.partial(installer.progress, wanted.here(), environment.site_packages())
        _run(["--require-hashes", "-r", str(ROOT / addon.lock)], state, lock_descriptor)
        if addon.torch:
            _run(_torch(), lambda: "PyTorch", lock_descriptor)
    if lacking := _lacking(wanted, addon):
        raise CourseError(
            f"The installation ended without {', '.join(sorted(lacking))}. Full output: {environment.LOG}"
        )


def _lacking(wanted: pins.Lock, addon: Addon) -> dict[str, str | None]:
    found = pins.installed()
    lacking = pins.differences(wanted.here(), found)
    # A build without CUDA calls itself 2.13.0+cpu.
    if addon.torch and found.get("torch", "").partition("+")[0] != TORCH:
        lacking["torch"] = found.get("torch")
    return lacking


def _torch() -> list[str]:
    """Gives what to ask the installer for: on Linux a build that only PyTorch's own index has."""
    if platform.system() != "Linux":
        return [f"torch=={TORCH}"]
    return [f"torch=={TORCH}+cpu", "--extra-index-url", TORCH_INDEX]


def _run(arguments: list[str], state: "functools.partial[str]", lock_descriptor: int) -> None:
    uv = shutil.which("uv")
    front = (
        [uv, "pip", "install", "--python", sys.executable] if uv else [sys.executable, "-m", "pip", "install"]
    )
    origin = sources.uv() if uv else sources.pip(sys.executable)
    command = [*front, "--no-deps", *arguments]
    installer.run(command, origin, state, Path(sys.prefix), environment.LOG, lock_descriptor)
