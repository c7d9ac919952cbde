"""What a lesson's cell may need that not everybody has: its tag, its question, what it says without.

A cell with such a tag has all its code under one ``if`` that asks for what it needs. Where that is not there,
the cell shows one line, and nothing else.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from course_utils.language_model import smollm2
from course_utils.scale import extras

__all__ = ["NEEDS", "TAGS", "Need", "need_of"]


@dataclass(frozen=True)
class Need:
    """Something that a cell can do without only by saying so.

    Attributes:
        tag: str, the cell's.
        question: str, the condition around all its code.
        there: function, says whether it is there.
        absent: str, the one line that the cell shows where it is not.
        title: str, stands above what the cell shows with it.
    """

    tag: str
    question: str
    there: Callable[[], bool]
    absent: str
    title: str


NEEDS = (
    # Asked through the module, so that what stands for it in a test is asked too.
    Need(
        "needs-smollm2",
        "smollm2.here()",
        lambda: smollm2.fetched(),
        smollm2.ABSENT,
        "With SmolLM2 it prints",
    ),
    Need(
        "needs-backends",
        "extras.backends.here()",
        lambda: extras.backends.installed(),
        extras.backends.absent,
        "With JAX and PyTorch it prints",
    ),
    Need(
        "needs-doors",
        "extras.doors.here()",
        lambda: extras.doors.installed(),
        extras.doors.absent,
        "With Hugging Face datasets and TFDS it prints",
    ),
    Need(
        "needs-scale",
        "extras.scale.here()",
        lambda: extras.scale.installed(),
        extras.scale.absent,
        "With Dask it prints",
    ),
)

TAGS = frozenset(need.tag for need in NEEDS)


def need_of(tags: Iterable[str]) -> Need | None:
    """Gives what a cell with these tags needs; None where it needs nothing."""
    tags = set(tags)
    return next((need for need in NEEDS if need.tag in tags), None)
