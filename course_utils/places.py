"""Where things lie in the course's folder.

Read by whatever `python3` the machine has, so it keeps to what Python 3.6 understands.
"""

import importlib
from pathlib import Path

__all__ = ["CACHE", "DATA", "MY_LESSONS", "NOTEBOOKS", "ROOT", "TEMPLATE", "TESTS", "VENV", "moved"]

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = ROOT / "notebooks"
"""The worked edition."""
TEMPLATE = ROOT / "docs" / "template" / "99_template.ipynb"
"""A lesson to copy, for authors: tested as the lessons are, but never among them."""
DATA = ROOT / "data"
TESTS = ROOT / "tests"
MY_LESSONS = ROOT / "my_lessons"
"""The learner's working folder, unless another is asked for."""
CACHE = ROOT / ".course-cache"
"""Downloaded weights and features; it may be deleted at any time."""
VENV = ROOT / ".venv"


def moved(names):
    """Makes a module's `__getattr__` for what stood in it once: copies of earlier lessons ask for it there.

    Args:
        names: dict from the old name to where it is now, "package.module" or "package.module:name".

    Returns:
        Function of a name, as Python calls it for one that the module lacks (PEP 562).
    """

    def find(name):
        if name not in names:
            raise AttributeError(f"there is no {name!r} here")
        module, _, attribute = names[name].partition(":")
        found = importlib.import_module(module)
        return getattr(found, attribute) if attribute else found

    return find
