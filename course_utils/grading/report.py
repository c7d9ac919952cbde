"""What an instructor reads: the tables of points and hints, the figure of where the class got stuck."""

import collections
import csv
import io
import re
import textwrap
import warnings
from pathlib import Path
from typing import NamedTuple

import matplotlib.pyplot as plt

from course_utils.files import write_atomically
from course_utils.grading.names import shown
from course_utils.grading.plan import Plan
from course_utils.plotting import COLOURS

__all__ = ["Row", "draw_stuck", "group_hints", "write_grades", "write_hints"]

# What colours a terminal; a hint may quote what a student has printed in colour.
_ESCAPE_CODE = re.compile(r"\x1b\[[0-9;?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[@-Z\\-_]")
_FORMULA = re.compile(r"(?:^|(?<=[;\n]))(?=[;\s]*[=+\-@＝＋－＠])")
_KINDS = {
    "passed": (COLOURS[0], ""),
    "first": (COLOURS[1], "//"),
    "other": (COLOURS[5], ".."),
    "untouched": ("#DDDDDD", ""),
}


class Row(NamedTuple):
    """What the table of points says of one student's submission of one lesson.

    Attributes:
        points: dict from grade_id to (points or None, most points); empty where nothing could be graded.
        notes: str.
        waits: bool, somebody has still to give points by hand, or to look at them again.
    """

    points: dict
    notes: str = ""
    waits: bool = False

    def joined(self, other: "Row") -> "Row":
        """Gives the row of both, where two things were handed in for the same lesson."""
        notes = "; ".join(filter(None, [self.notes, other.notes]))
        return Row(self.points or other.points, notes, self.waits or other.waits)

    def waiting(self) -> int:
        """Counts the written answers that somebody has still to grade."""
        return max(sum(got is None for got, _ in self.points.values()), int(self.waits))


def write_grades(path: Path, plans: dict[str, Plan], rows: dict[str, dict[str, Row]]) -> None:
    """Writes a line per student with the points of every exercise.

    Args:
        path: Path of the CSV file.
        plans: dict from lesson to :class:`~course_utils.grading.plan.Plan`.
        rows: dict from student to dict from lesson to :class:`Row`.
    """
    columns = [(lesson, name) for lesson, plan in plans.items() for name in _graded(plan)]
    lines = [["student", *(f"{lesson[:2]} {name}" for lesson, name in columns)]]
    lines[0] += [f"{lesson[:2]} total" for lesson in plans] + ["to grade by hand", "notes"]
    for student, lessons in sorted(rows.items()):
        points = {lesson: row.points for lesson, row in lessons.items()}
        waiting = sum(row.waiting() for row in lessons.values())
        notes = "; ".join(f"{lesson[:2]}: {row.notes}" for lesson, row in lessons.items() if row.notes)
        totals = [
            _number(sum(got or 0 for got, _ in points[lesson].values())) if points.get(lesson) else ""
            for lesson in plans
        ]
        cells = [_number(points.get(lesson, {}).get(name, (None,))[0]) for lesson, name in columns]
        lines.append([student, *cells, *totals, waiting or "", notes])
    write_atomically(path, _csv(lines))


def write_hints(path: Path, verdicts: dict[tuple[str, str], list[dict]]) -> None:
    """Writes a line per student and exercise: what became of it, the hint that its check gave, and a note.

    Args:
        path: Path of the CSV file.
        verdicts: dict from (lesson, student) to list of verdicts.
    """
    lines = [["lesson", "student", "exercise", "points", "of", "state", "hint", "note"]]
    for (lesson, student), found in sorted(verdicts.items()):
        for one in found:
            points = [_number(one["earned"]), _number(one["points"])]
            said = [one["state"], one["hint"], one.get("note", "")]
            lines.append([lesson, student, one["number"], *points, *said])
    write_atomically(path, _csv(lines))


def draw_stuck(path: Path, verdicts: dict[tuple[str, str], list[dict]]) -> None:
    """Draws, per exercise, how many passed, failed with which hint, and did not touch it.

    Args:
        path: Path of the PNG file.
        verdicts: as for :func:`write_hints`.
    """
    exercises = collections.defaultdict(list)
    for (lesson, _), found in sorted(verdicts.items()):
        for one in found:
            exercises[(lesson, one["number"])].append(one)
    figure, axes = plt.subplots(figsize=(11, 1.6 + 0.62 * len(exercises)))
    for row, found in enumerate(exercises.values()):
        counts, hint = _counts(found)
        left = 0.0
        for kind, count in counts.items():
            colour, hatch = _KINDS[kind]
            share = count / len(found)
            axes.barh(row, share, left=left, color=colour, hatch=hatch, edgecolor="white", height=0.62)
            if count:
                box = {"fc": "white", "ec": "none", "pad": 1.2}
                axes.text(left + share / 2, row, str(count), ha="center", va="center", fontsize=10, bbox=box)
            left += share
        # A hint may quote anything that a student has written.
        shown = "".join(letter if letter.isprintable() else " " for letter in hint)
        shown = textwrap.shorten(shown, 90, placeholder=" …")
        axes.text(1.02, row, shown, va="center", fontsize=9, parse_math=False)
    labels = [number for _, number in exercises]
    axes.set(yticks=range(len(labels)), yticklabels=labels, ylabel="exercise")
    axes.set(xlim=(0, 2.5), xticks=(0, 0.5, 1), xticklabels=("0 %", "50 %", "100 %"))
    axes.set_xlabel("share of those who handed it in", loc="left")
    axes.invert_yaxis()
    axes.grid(False)
    words = {
        "passed": "passed",
        "first": "failed with the most frequent hint (on the right)",
        "other": "failed otherwise",
        "untouched": "untouched",
    }
    handles = [
        plt.Rectangle((0, 0), 1, 1, facecolor=_KINDS[kind][0], hatch=_KINDS[kind][1], edgecolor="white")
        for kind in words
    ]
    figure.legend(handles, words.values(), ncols=4, loc="outside upper center", fontsize=10)
    image = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")  # a letter that the font lacks is shown as a box
        figure.savefig(image, format="png")
    plt.close(figure)
    write_atomically(path, image.getvalue())


def _counts(found: list[dict]) -> tuple[dict[str, int], str]:
    """Counts the outcomes of one exercise; gives them and the most frequent hint."""
    failed = group_hints([one["hint"] for one in found if one["state"] in ("failed", "by hand")])
    hint, first = failed[0] if failed else ("", 0)
    states = collections.Counter(one["state"] for one in found)
    counts = {
        "passed": states["passed"],
        "first": first,
        "other": states["failed"] + states["by hand"] - first,
        "untouched": states["untouched"],
    }
    return counts, hint


def group_hints(hints: list[str]) -> list[tuple[str, int]]:
    """Counts hints that differ in numbers and quoted values only.

    Args:
        hints: list of str.

    Returns:
        list of (one of the hints, count), the most frequent first.
    """
    groups = collections.defaultdict(list)
    for hint in hints:
        groups[re.sub(r"'[^']*'|\"[^\"]*\"|\[[^\]]*\]|\{[^}]*\}|[-\d.,()]+", "…", hint)].append(hint)
    return sorted(((found[0], len(found)) for found in groups.values()), key=lambda group: -group[1])


def _graded(plan: Plan) -> list[str]:
    """Gives the grade_ids of a lesson in their order."""
    graded = {exercise.check for exercise in plan.exercises} | {name for name, _ in plan.written}
    return [name for name in plan.cells() if name in graded]


def _number(points: float | None) -> str:
    return "" if points is None else f"{points:g}"


def _csv(lines: list[list]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([_harmless(cell) for cell in line] for line in lines)
    return text.getvalue()


def _harmless(cell: object) -> str:
    """Gives a cell in which neither a spreadsheet finds a formula nor a terminal an order.

    A formula is what begins with one of a few letters. A spreadsheet that separates cells by semicolons, as
    many do outside of English, sees a beginning behind each of these as well, and after the end of a line.
    """
    text = "\n".join(map(shown, _ESCAPE_CODE.sub("", str(cell)).splitlines()))
    return _FORMULA.sub(r"'\g<0>", text)
