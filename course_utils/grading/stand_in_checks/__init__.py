"""Takes the place of ``course_utils.checks`` in the sandbox, where checks do nothing: they run outside."""

from collections.abc import Callable


class _Silent:
    def __getattr__(self, name: str) -> Callable:
        return lambda *arguments, **named: None


def __getattr__(name: str) -> _Silent:
    if name.startswith("__"):
        raise AttributeError(name)
    return _Silent()
