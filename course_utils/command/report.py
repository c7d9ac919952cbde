"""The command that makes a model report and says what it still lacks."""

import functools
import json
from pathlib import Path

import numpy as np

from course_utils import reports
from course_utils.lessons import choice, messages
from course_utils.places import LANGUAGES, MY_LESSONS
from course_utils.reports import Figures, Report, outline
from course_utils.reports.skeleton import is_new

__all__ = ["run"]


def run(folder: str | Path, as_json: bool) -> int:
    """Makes a report in a new or empty folder, in the language of the lessons; checks the one that is there.

    Args:
        folder: str or Path.
        as_json: whether to print one JSON object in place of sentences.

    Returns:
        int, exit code: 0 if it was made or lacks nothing, 1 if something is missing.

    Raises:
        CourseError: when the folder is none, holds other things or cannot be written.
    """
    if is_new(folder):
        language = LANGUAGES[choice.chosen(MY_LESSONS, None)]
        said = functools.partial(_in_language, language)
        made = [path.as_posix() for path in reports.make(folder, said)]
        again = "Fill them in, then run this command again: it says what is missing."
        print(json.dumps({"made": made}) if as_json else f"The files are made: {', '.join(made)}. {again}")
        return 0
    report = reports.check(folder)
    print(
        json.dumps(report.as_json(), ensure_ascii=False, indent=2, allow_nan=False)
        if as_json
        else _text(report)
    )
    return 1 if report.missing else 0


def _in_language(language: str, text: str) -> str:
    return messages.in_language(text, language, outline.CATALOGUE)


def _text(report: Report) -> str:
    parts = [*report.notes, *(_line(system, row) for system, row in report.figures.items())]
    if report.gain:
        parts.append(_gain(report))
    if report.figures:
        parts += ["", "The table for Results:", "", report.table(), ""]
    if report.missing:
        parts += [
            f"Missing or wrong, {len(report.missing)}:",
            *(f"- {sentence}" for sentence in report.missing),
        ]
    else:
        parts.append(
            "Nothing is missing. What no command can see is up to you: whether labels are right, what was "
            "tuned on what."
        )
    return "\n".join(parts)


def _line(system: str, row: Figures) -> str:
    spread = "" if np.isnan(row.sd) else f" ± {row.sd:.3f} over {row.seeds} seeds"
    interval = "" if np.isnan(row.low) else f", 95 % interval {row.low:.3f} to {row.high:.3f}"
    return f"{system}: accuracy {row.accuracy:.3f}{spread}{interval}, macro recall {row.macro_recall:.3f}"


def _gain(report: Report) -> str:
    gain, what = report.gain, f"{report.main} minus the best baseline, {report.baseline}"
    if np.isnan(gain.low):
        return f"{what}: {gain.value:+.3f}"
    holds = gain.low <= 0 <= gain.high
    says = "0 is inside, so this test does not show which is better" if holds else "0 is outside"
    return f"{what}: {gain.value:+.3f}, 95 % interval {gain.low:+.3f} to {gain.high:+.3f}; {says}."
