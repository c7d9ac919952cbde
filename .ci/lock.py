#!/usr/bin/env python3
"""Writes the locks requirements*.lock and environment.yml from pyproject.toml.

    python3 .ci/lock.py            keeps the versions of the present locks where pyproject.toml allows it
    python3 .ci/lock.py --upgrade  takes the newest ones

Needs `uv` on the PATH and a network. One resolution serves every system and Python 3.11 to 3.13, so that
everybody who follows the course works with the same versions.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from course_utils.command import addons, environment, pins  # noqa: E402  (the repository is not installed where this script runs)

# Room that an installation needs on the disk of .venv, measured on Linux x86-64 with pip (which also compiles
# every module) and rounded up.
INSTALLED_MEGABYTES = {
    "requirements.lock": 2400,
    "requirements-instructor.lock": 2500,
    "requirements-site.lock": 2700,
    "requirements-backends.lock": 1300,
    "requirements-doors.lock": 400,
    "requirements-scale.lock": 60,
    "requirements-hub.lock": 230,
}

# jupyter-events asks for every format checker of jsonschema. This one and its parser take 2.7 s at each
# start of pytest, nbconvert and JupyterLab, and jsonschema does without them.
LEFT_OUT = ["rfc3987-syntax", "lark"]

# PyTorch comes without CUDA, from elsewhere (course_utils/command/addons.py); what else it needs is locked.
NOT_LOCKED = re.compile(r"(?:torch|triton|cuda-[\w-]+|nvidia-[\w-]+)==")

HEADER = """\
# {what} with its version and hashes. Written by .ci/lock.py; do not edit.
# {megabytes_key} {megabytes}
"""

ENVIRONMENT = """\
# The course for conda and Binder, in the versions of requirements.lock. Written by .ci/lock.py; do not edit.
#   conda env create -f environment.yml && conda activate multimodal-course
name: multimodal-course
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - pip:
{lines}
      - -e .
"""


def resolve(lock: Path, *options: str) -> None:
    """Runs uv's resolver on pyproject.toml and writes the result, with our header, to `lock`."""
    what = "Every package of the course"
    compile_lock(lock, what, ["pyproject.toml", "--extra", "dev", *without(LEFT_OUT), *options])


def resolve_addon(name: str, base: pins.Lock, *options: str) -> None:
    """Writes what one of the add-ons needs that the course does not have anyhow."""
    lock = ROOT / addons.ADDONS[name].lock
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = "\n".join(project["optional-dependencies"][name])
    there = without([*LEFT_OUT, *(pin.name for pin in base.pins)])
    compile_lock(lock, f"What the extra {name} adds to the course", ["-", *there, *options], asked)
    # A pin and, indented below it, its hashes.
    entries = re.split(r"\n(?=[a-z0-9#])", lock.read_text(encoding="utf-8").rstrip("\n"))
    kept = [entry for entry in entries if not NOT_LOCKED.match(entry)]
    lock.write_text("\n".join(kept) + "\n", encoding="utf-8", newline="\n")


def without(names: list[str]) -> list[str]:
    """Gives uv's options that keep packages out of a lock."""
    return [option for name in names for option in ("--no-emit-package", name)]


def compile_lock(lock: Path, what: str, arguments: list[str], asked: str = "") -> None:
    """Runs uv's resolver and puts our header above its result."""
    shape = ["--universal", "--python-version", "3.11", "--fork-strategy", "fewest", "--generate-hashes"]
    # No index address, no comments: a lock must not say where the machine that wrote it fetched from.
    bare = ["--no-emit-index-url", "--no-header", "--no-annotate", "--quiet"]
    command = ["uv", "pip", "compile", *arguments, *shape, *bare, "--output-file", lock.name]
    subprocess.run(command, cwd=ROOT, check=True, input=asked, encoding="utf-8")
    text = lock.read_text(encoding="utf-8")
    megabytes = INSTALLED_MEGABYTES[lock.name]
    header = HEADER.format(what=what, megabytes_key=pins.MEGABYTES_KEY, megabytes=megabytes)
    lock.write_text(header + text, encoding="utf-8", newline="\n")


def conda_environment(lock: pins.Lock) -> str:
    """Returns environment.yml's text with every pin of `lock`."""
    lines = []
    for pin in lock.pins:
        requirement = f"{pin.name}=={pin.version}" + (f" ; {pin.marker}" if pin.marker else "")
        lines.append(f'      - "{requirement}"' if pin.marker else f"      - {requirement}")
    return ENVIRONMENT.format(lines="\n".join(lines))


def main() -> None:
    """Writes the files."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--upgrade", action="store_true", help="take the newest versions that pyproject.toml allows"
    )
    upgrade = ["--upgrade"] if parser.parse_args().upgrade else []
    if shutil.which("uv") is None:
        sys.exit("uv is not on the PATH: see its documentation for how to install it, then run this again")
    base, instructor, site = (ROOT / environment.LOCKS[extra] for extra in ("", "instructor", "site"))
    # The lessons first: what makes the site takes the versions that they have, and never holds one back.
    resolve(instructor, "--extra", "instructor", *upgrade)
    # The larger set before the smaller, which takes what it allows, so that both have the same versions.
    resolve(base, "--constraint", instructor.name, *upgrade)
    resolve(site, "--extra", "instructor", "--extra", "site", "--constraint", instructor.name, *upgrade)
    for name in addons.ADDONS:
        resolve_addon(name, pins.read(base), "--constraint", site.name, *upgrade)
    conda = ROOT / "environment.yml"
    conda.write_text(conda_environment(pins.read(base)), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
