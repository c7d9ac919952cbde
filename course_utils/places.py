"""Where things lie in the course's folder.

Read by whatever `python3` the machine has, so it keeps to what Python 3.6 understands.
"""

import importlib
from collections.abc import Callable
from pathlib import Path

__all__ = [
    "ALONE",
    "CACHE",
    "DATA",
    "DIST",
    "LANGUAGES",
    "MY_LESSONS",
    "NOTEBOOKS",
    "ROOT",
    "SITE",
    "TEMPLATE",
    "TESTS",
    "TRANSLATIONS",
    "VENV",
    "moved",
    "way_back",
]

ROOT = Path(__file__).resolve().parent.parent
ALONE = any(ROOT.glob("multimodal_course-*.dist-info"))
"""Whether this is the package alone, as pip installs a wheel: then nothing of the course lies around it."""
NOTEBOOKS = ROOT / "notebooks"
"""The worked edition."""
TEMPLATE = ROOT / "docs" / "template" / "99_template.ipynb"
"""A lesson to copy, for authors: tested as the lessons are, but never among them."""
DATA = ROOT / "data"
TESTS = ROOT / "tests"
TRANSLATIONS = ROOT / "translations"
"""A folder per language with the catalogues of its lessons."""
LANGUAGES = {"en": "", "zh": "zh_CN"}
"""What a learner says → the folder of its catalogues; "" for the language that lessons are written in."""
MY_LESSONS = ROOT / "my_lessons"
"""The learner's working folder, unless another is asked for."""
SITE = ROOT / "site"
"""The web site, unless another folder is asked for."""
DIST = ROOT / "dist"
"""A folder per release, unless another is asked for."""
CACHE = Path.home() / ".multimodal-course" if ALONE else ROOT / ".course-cache"
"""Downloaded weights, features, history of what was typed; it may be deleted at any time."""
VENV = ROOT / ".venv"


def way_back(path: Path) -> str:
    """Says how to get a file of the course, or to get it back without losing what somebody wrote into it.

    Args:
        path: file or folder.

    Returns:
        One sentence; "" for what is not in the course's folder.
    """
    if ROOT not in path.parents:
        return ""
    if ALONE:
        return (
            "`course_utils` is installed here as a package alone, without the course's data and lessons: "
            "unpack the learner kit of the same release, or clone the course, and set PYTHONPATH to that "
            "folder."
        )
    name = path.relative_to(ROOT).as_posix()
    if (ROOT / ".git").exists():
        return (
            f"Keep a copy if you have changed it; then `git checkout -- {name}` in the course's folder "
            "brings the course's own back."
        )
    return f"Keep a copy if you have changed it; then take {name} from the archive that the course came in."


def moved(names: dict) -> Callable:
    """Makes a module's `__getattr__` for what stood in it once: copies of earlier lessons ask for it there.

    Args:
        names: dict from the old name to where it is now, "package.module" or "package.module:name".

    Returns:
        Function of a name, as Python calls it for one that the module lacks (PEP 562).
    """

    def find(name: str) -> object:
        if name not in names:
            raise AttributeError(f"there is no {name!r} here")
        module, _, attribute = names[name].partition(":")
        found = importlib.import_module(module)
        return getattr(found, attribute) if attribute else found

    return find
