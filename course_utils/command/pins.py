"""The lock files: which version of which package belongs on this machine, and what is there instead.

Standard library only, because it is read before the environment exists.
"""

import ast
import hashlib
import operator
import os
import platform
import re
import sys
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.places import way_back

MEGABYTES_KEY = "installed-megabytes:"


@dataclass(frozen=True)
class Pin:
    """One line of a lock: a package, its version, the condition (PEP 508 marker) under which it is wanted."""

    name: str
    version: str
    marker: str = ""


@dataclass(frozen=True)
class Lock:
    """A lock file: its pins, the digest of its text, the megabytes that its packages take on a disk."""

    path: Path
    pins: tuple[Pin, ...]
    digest: str
    megabytes: int

    def here(self, environment: dict[str, str] | None = None) -> dict[str, str]:
        """Gives the packages that this machine needs.

        Args:
            environment: marker variables, as from `marker_environment`; this interpreter's when left out.

        Returns:
            Normalised package name → version.
        """
        environment = environment or marker_environment()
        return {pin.name: pin.version for pin in self.pins if applies(pin.marker, environment)}


def read(path: Path) -> Lock:
    """Reads a lock file as written by .ci/lock.py.

    Args:
        path: requirements.lock or its like.

    Returns:
        The lock.

    Raises:
        CourseError: if the file is missing or holds no pins.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise CourseError(
            f"{path} is missing. The commands work from a complete copy of the course's folder. "
            f"{way_back(path)}"
        ) from None
    found = re.findall(r"^([\w.-]+)==([^\s;\\]+)(?: ; ([^\\\n]+?))? *\\?$", text, flags=re.MULTILINE)
    size = re.search(rf"^# {MEGABYTES_KEY} (\d+)$", text, flags=re.MULTILINE)
    if not found or size is None:
        raise CourseError(f"{path} is damaged: there are no versions in it. {way_back(path)}")
    # Git may check text out with other line ends on Windows; the digest must not depend on that.
    digest = hashlib.sha256(text.encode()).hexdigest()
    return Lock(
        path,
        tuple(Pin(normalise(name), version, marker) for name, version, marker in found),
        digest,
        int(size[1]),
    )


def normalise(name: str) -> str:
    """Gives a package name in the one spelling that PEP 503 compares by."""
    return re.sub(r"[-_.]+", "-", name).lower()


def marker_environment() -> dict[str, str]:
    """Gives this interpreter's values of the variables that markers may use (PEP 508)."""
    return {
        "os_name": os.name,
        "sys_platform": sys.platform,
        "platform_machine": platform.machine(),
        "platform_system": platform.system(),
        "platform_python_implementation": platform.python_implementation(),
        "implementation_name": sys.implementation.name,
        "python_version": ".".join(platform.python_version_tuple()[:2]),
        "python_full_version": platform.python_version(),
    }


def applies(marker: str, environment: dict[str, str]) -> bool:
    """Says whether a marker holds: the part of PEP 508 that uv writes into a lock.

    Args:
        marker: such as ``sys_platform == 'linux' and python_full_version < '3.12'``; "" always holds.
        environment: as from `marker_environment`.

    Returns:
        True where the package is wanted.

    Raises:
        CourseError: if the marker uses anything else.
    """
    # A marker of this kind is also a Python expression, so Python's own parser reads it.
    return not marker or _evaluate(ast.parse(marker, mode="eval").body, marker, environment)


def _evaluate(node: ast.expr, marker: str, environment: dict[str, str]) -> bool:
    match node:
        case ast.BoolOp(op=joint, values=values):
            combine = all if isinstance(joint, ast.And) else any
            return combine(_evaluate(value, marker, environment) for value in values)
        case ast.Compare(left=ast.Name(id=name), ops=[sign], comparators=[ast.Constant(value=wanted)]):
            compare = _COMPARISONS.get(type(sign))
            if compare is not None and name in environment:
                read = _release if name in ("python_version", "python_full_version") else str
                return compare(read(environment[name]), read(wanted))
    raise CourseError(
        f"The lock has a marker that the course cannot read: {marker}. Write it anew with .ci/lock.py."
    )


_COMPARISONS = {
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
}


def _release(version: str) -> tuple[int, int, int]:
    # "3.12", "3.12.1" and "3.13.0rc1" compare by their three numbers; no lock tells pre-releases apart.
    numbers = [int(number) for number in re.findall(r"\d+", version)[:3]]
    return tuple(numbers + [0] * (3 - len(numbers)))


def installed(folders: list[str] | None = None) -> dict[str, str]:
    """Lists installed packages.

    Args:
        folders: site-packages folders to look in; this interpreter's import path when left out.

    Returns:
        Normalised package name → version. Where a package is found twice, the one that Python would import.
    """
    found = {}
    for distribution in metadata.distributions() if folders is None else metadata.distributions(path=folders):
        # A folder whose METADATA is gone still counts as a distribution, without a name.
        if (name := distribution.metadata["Name"]) is not None:
            found.setdefault(normalise(name), distribution.version)
    return found


def differences(wanted: dict[str, str], found: dict[str, str]) -> dict[str, str | None]:
    """Gives the packages of `wanted` that are missing (None) or there in another version (that version)."""
    return {name: found.get(name) for name, version in wanted.items() if found.get(name) != version}
