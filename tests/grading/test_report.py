"""The tables and the figure that an instructor reads."""

import csv

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
    }


def test_the_figure_counts(tmp_path):
    counts, hint = report._counts([one[1] for one in VERDICTS.values()])
    assert counts == {"passed": 0, "first": 2, "other": 1, "untouched": 0}
    assert hint.startswith("Shape")
    report.draw_stuck(tmp_path / "stuck.png", VERDICTS)
    assert (tmp_path / "stuck.png").stat().st_size > 5000
