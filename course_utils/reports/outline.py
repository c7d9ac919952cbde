"""What a report has to say: its headings, a hint below each, and the columns of its tables."""

import textwrap
from collections.abc import Callable
from typing import NamedTuple

__all__ = ["CATALOGUE", "TEXTS", "report"]

CATALOGUE = "report"
"""The catalogue of what stands in a new report."""
_BLANK = "…"
_WIDTH = 108  # of a line
_INTRODUCTION = (
    "Put a text in the place of each blank, the three dots. Comments such as this one may stay: they "
    "are not read."
)


class _Section(NamedTuple):
    heading: str
    hint: str
    columns: tuple[str, ...] = ()


_SECTIONS = (
    _Section(
        "Task",
        "What goes in, which modalities, what comes out, for whom it is. What a wrong answer costs.",
    ),
    _Section(
        "Data",
        "Where the items come from, how many, how they were chosen and labelled, what is known to be "
        "wrong with them.",
    ),
    _Section(
        "Splits",
        "What comes in groups, and so must not lie in two splits. What was chosen on which split. The "
        "test was looked at how often?",
    ),
    _Section(
        "Baselines",
        "A row for each system that the method has to beat, named as in answers.csv: each modality "
        "alone, and the simplest way to join them. Always answering the most frequent label is "
        'computed for you. "yes" for what was trained: it needs 3 seeds at least; "no" for what has '
        "nothing to train.",
        ("system", "trained"),
    ),
    _Section(
        "Method",
        "The same table for your own systems; the first row is the one that the report is about. Then "
        "how it works, and what was tuned, on what.",
        ("system", "trained"),
    ),
    _Section(
        "Results",
        "A row for each system: mean accuracy over the seeds, standard deviation of the seeds (a dash "
        "where there is one seed), ends of the 95 % interval over the test items. `python3 -m "
        "course_utils report` prints this table, computed from answers.csv. Then what follows from "
        "it, and what does not.",
        ("system", "accuracy", "sd", "low", "high"),
    ),
    _Section(
        "Errors",
        "Ten test items that the first system of Method answered wrongly, or all if there are fewer. "
        "Look at each of them. Then what they have in common.",
        ("item", "truth", "answer", "why"),
    ),
    _Section(
        "Limits",
        "What the test does not show. On which people, places, languages and pictures nothing is "
        "known. What it must not be used for.",
    ),
    _Section(
        "Licence",
        "Every licence that items.csv names, and what it asks for. The licence of your own work.",
    ),
    _Section(
        "How to run it",
        "The commands that make answers.csv anew; versions, seconds and memory.",
    ),
)

TEXTS = (
    _INTRODUCTION,
    *dict.fromkeys(
        text for section in _SECTIONS for text in (section.heading, section.hint, *section.columns)
    ),
)
"""What can be said in another language, each once."""


def report(said: Callable[[str], str]) -> str:
    """Gives a new report with blanks.

    Args:
        said: function of one of TEXTS, the same in the language of the report.

    Returns:
        str, Markdown.
    """
    parts = [f"# {_BLANK}", _comment(said(_INTRODUCTION))]
    for section in _SECTIONS:
        parts += [f"## {said(section.heading)}", _comment(said(section.hint))]
        if section.columns:
            parts.append(_table([said(column) for column in section.columns]))
        parts.append(_BLANK)
    return "\n\n".join(parts) + "\n"


def _comment(text: str) -> str:
    return textwrap.fill(f"<!-- {text} -->", _WIDTH)


def _table(columns: list[str]) -> str:
    rows = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    return "\n".join([*rows, f"| {' | '.join([_BLANK] * len(columns))} |"])
