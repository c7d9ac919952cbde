"""Says which functions of libraries an answer hands its task to, by what its function refers to.

An answer that calls the library's own function is right as far as its check can tell, and every answer that
does what was asked earns its points. Whether it was to be written by hand is for an instructor to judge, who
has to know of it.
"""

import dis
import functools
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType, ModuleType

from course_utils.lessons.stubs import is_cell

__all__ = ["borrowed"]

_LIBRARIES = ("keras", "tensorflow", "torch", "jax", "scipy", "sklearn", "sacrebleu", "jieba", "regex")
_ROOMS = ("preprocessing", "features", "fusion", "alignment", "generation", "training", "evaluation")


def borrowed(answer: object) -> set[str]:
    """Gives the functions and classes of libraries that an answer is, or refers to.

    NumPy is what answers are written in: only an answer that *is* one of its functions counts.

    Args:
        answer: function, or anything else.

    Returns:
        set of str, names with their modules. What is fetched in a roundabout way is not seen.
    """
    names, seen, waiting = set(), set(), [answer]
    while waiting:
        value = waiting.pop()
        while isinstance(value, functools.partial):
            value = value.func
        if id(value) in seen:
            continue
        seen.add(id(value))
        code = getattr(value, "__code__", None)
        if isinstance(value, FunctionType) and is_cell(code.co_filename):
            waiting += _named_by(code, value.__globals__)
            waiting += [cell.cell_contents for cell in value.__closure__ or () if _is_full(cell)]
        elif _is_of_library(value) or (len(seen) == 1 and _module(value).startswith("numpy")):
            names.add(f"{_module(value)}.{getattr(value, '__qualname__', value.__name__)}")
    return names


def _named_by(code: CodeType, namespace: dict) -> Iterator[object]:
    """Yields what a function's code refers to by a name of the notebook, or an attribute of such a module."""
    current = None
    for step in dis.get_instructions(code):
        if step.opname in ("LOAD_GLOBAL", "LOAD_NAME"):
            current = namespace.get(step.argval)
        elif step.opname == "IMPORT_NAME":
            current = sys.modules.get(step.argval)
        elif step.opname in ("LOAD_ATTR", "LOAD_METHOD", "IMPORT_FROM") and isinstance(current, ModuleType):
            current = getattr(current, step.argval, None)
        elif isinstance(step.argval, CodeType):
            yield from _named_by(step.argval, namespace)
        if current is not None and not isinstance(current, ModuleType):
            yield current
            current = None


def _is_full(cell: object) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:  # its function has not got so far
        return False


def _module(value: object) -> str:
    named = callable(value) and hasattr(value, "__name__")
    module = getattr(value, "__module__", None) or type(value).__module__
    return module if named and isinstance(module, str) else ""


def _is_of_library(value: object) -> bool:
    root, _, rest = _module(value).partition(".")
    return root in _LIBRARIES or (root == "course_utils" and rest.partition(".")[0] in _ROOMS)
