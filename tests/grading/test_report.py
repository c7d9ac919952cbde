"""The tables and the figure that an instructor reads."""

import csv
import re

import pytest

from course_utils.grading import report


def verdict(number, earned, state, hint=""):
    return {"number": number, "grade_id": number, "points": 2, "earned": earned, "state": state, "hint": hint}


def wrong(hint):
    return verdict("1.2", 0, "failed", hint)


VERDICTS = {
    ("01_x", "ada"): [
        verdict("1.1", 2, "passed"),
        verdict("1.2", 0, "failed", "Shape is (3, 4), expected (4,)."),
    ],
    ("01_x", "bob"): [
        verdict("1.1", 0, "untouched", "still empty"),
        verdict("1.2", 0, "failed", "=1+1 is wrong"),
    ],
    ("01_x", "cy"): [
        verdict("1.1", 2, "passed"),
        verdict("1.2", 0, "failed", "Shape is (7, 1), expected (1,)."),
    ],
}


def test_hints_that_differ_in_numbers_only_are_one():
    hints = [one[1]["hint"] for one in VERDICTS.values()]
    assert report.group_hints(hints) == [("Shape is (3, 4), expected (4,).", 2), ("=1+1 is wrong", 1)]


def test_the_table_of_hints_is_no_program_for_a_spreadsheet(tmp_path):
    report.write_hints(tmp_path / "hints.csv", VERDICTS)
    with (tmp_path / "hints.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 6
    assert rows[3] == {
        "lesson": "01_x",
        "student": "bob",
        "exercise": "1.2",
        "points": "0",
        "of": "2",
        "state": "failed",
        "hint": "'=1+1 is wrong",
        "note": "",
    }


def written(tmp_path, **changed):
    """The cells of hints.csv for one verdict, and the file as text."""
    one = {**verdict("1.1", 0, "failed", "hint"), **changed}
    report.write_hints(tmp_path / "hints.csv", {("01_x", changed.pop("student", "ada")): [one]})
    with (tmp_path / "hints.csv").open(encoding="utf-8", newline="") as file:
        text = file.read()
    return next(csv.DictReader(text.splitlines(keepends=True))), text


@pytest.mark.parametrize(
    "hint",
    [
        *("=1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "\n=1", " =1", ";=1", ";;+1", "; @x", "\t", "\r+1"),
        *("got;=cmd|' /C calc'!A0", "a\n=1", "a\r\n-1", "＝1", "a;＋1", "\x1b[31m=1", "\x0b=1", "\u2028=1"),
    ],
)
def test_no_cell_begins_a_formula_however_it_is_split(tmp_path, hint):
    row, text = written(tmp_path, hint=hint, student=hint)
    for cell in (row["hint"], row["student"]):
        assert cell[:1] not in ("\t", "\r", "")
        for part in re.split(r"[;\t\r\n]", cell):
            assert not part.strip().startswith(tuple("=+-@＝＋－＠")), (cell, text)


@pytest.mark.parametrize("hint", ["expected (0, -1), got 1 - 2 = -1", "a; b", "one; another", "x@y.org"])
def test_an_ordinary_hint_stays_as_it_is(tmp_path, hint):
    assert written(tmp_path, hint=hint)[0]["hint"] == hint


@pytest.mark.parametrize(
    "hint, shown",
    [
        ("\x1b[31mred\x1b[0m alert", "red alert"),
        ("\x1b]8;;http://x\x07link\x1b]8;;\x1b\\", "link"),
        ("a\x1b(Bb", "a\\x1b(Bb"),
        ("bell\x07", "bell\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("half a letter \ud800", "half a letter \\ud800"),
        ("two\nlines", "two\nlines"),
    ],
)
def test_what_a_terminal_would_obey_does_not_reach_a_table(tmp_path, hint, shown):
    assert written(tmp_path, hint=hint)[0]["hint"] == shown


def test_the_note_of_a_verdict_has_a_column(tmp_path):
    assert written(tmp_path, note="uses the library's own function")[0]["note"].startswith("uses the library")


class OnePlan:
    exercises, written = (), (("ex-01-7", 2.0),)

    def cells(self):
        return {"ex-01-7": None}


def test_points_by_hand_that_somebody_has_to_look_at_again_are_waiting(tmp_path):
    rows = {
        "ada": {"01_x": report.Row({"ex-01-7": (None, 2.0)})},
        "bob": {"01_x": report.Row({"ex-01-7": (1.5, 2.0)}, "another text", waits=True)},
        "cy": {"01_x": report.Row({"ex-01-7": (1.0, 2.0)})},
        "J\udcf6rg": {"?": report.Row({}, "not graded: a \x1b[31mlink")},
    }
    report.write_grades(tmp_path / "grades.csv", {"01_x": OnePlan()}, rows)
    with (tmp_path / "grades.csv").open(encoding="utf-8", newline="") as file:
        found = {row["student"]: row for row in csv.DictReader(file)}
    assert [found[name]["to grade by hand"] for name in ("ada", "bob", "cy")] == ["1", "1", ""]
    assert found["bob"]["01 ex-01-7"] == "1.5"
    assert found["J\\xf6rg"]["notes"] == "?: not graded: a link"


def test_two_things_for_one_lesson_share_a_row_and_keep_the_points():
    row = report.Row({}, "not graded: empty").joined(report.Row({"a": (1, 1)}, "late"))
    assert row == report.Row({"a": (1, 1)}, "not graded: empty; late")


def test_the_figure_counts(tmp_path):
    counts, hint = report._counts([one[1] for one in VERDICTS.values()])
    assert counts == {"passed": 0, "first": 2, "other": 1, "untouched": 0}
    assert hint.startswith("Shape")
    report.draw_stuck(tmp_path / "stuck.png", VERDICTS)
    assert (tmp_path / "stuck.png").stat().st_size > 5000
