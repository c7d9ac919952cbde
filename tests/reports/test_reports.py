"""A report that is whole passes; whatever is broken in it is named in one sentence, and nothing else is."""

import csv
import functools
import io
import itertools
import json
import os
import re
import shutil

import numpy as np
import pytest

from course_utils import evaluation, reports
from course_utils.command import commands, environment
from course_utils.command import report as command
from course_utils.errors import CourseError
from course_utils.reports import skeleton

LABELS = ["cat", "dog", "owl"]
TEST = [f"t{number:02}" for number in range(30)]


def truth_of(number):
    return LABELS[0 if number < 12 else 1 + number % 2]


def answer_of(system, seed, number):
    """Text alone is right on every second item, fusion on all but some that change with the seed."""
    wrong = number % 2 if system == "text alone" else (number + seed) % 4 == 0 and number > seed
    true = truth_of(number)
    return LABELS[(LABELS.index(true) + 1) % 3] if wrong else true


SYSTEMS = {"text alone": 1, "fusion": 3}


def items():
    rows = [[f"a{n}", "train", f"g{n}", "our own", "CC BY 4.0"] for n in range(5)]
    rows += [["v", "validation", "gv", "our own", "CC BY 4.0"]]
    return rows + [[item, "test", f"h{n}", "the web", "CC0"] for n, item in enumerate(TEST)]


def answers():
    return [
        [system, str(seed), item, truth_of(n), answer_of(system, seed, n)]
        for system, seeds in SYSTEMS.items()
        for seed in range(seeds)
        for n, item in enumerate(TEST)
    ]


def looked_at(most=10):
    found = {
        item: (truth, answer)
        for system, _, item, truth, answer in answers()
        if system == "fusion" and truth != answer
    }
    return [f"| {item} | {truth} | {answer} | blurred |" for item, (truth, answer) in [*found.items()][:most]]


def results():
    """The table, computed here once more and otherwise."""
    lines = []
    for system, seeds in SYSTEMS.items():
        right = np.array(
            [[answer_of(system, seed, n) == truth_of(n) for n in range(30)] for seed in range(seeds)]
        )
        interval = evaluation.bootstrap_interval(right.mean(axis=0), seed=5)
        sd = f"{right.mean(axis=1).std(ddof=1):.3f}" if seeds > 1 else "-"
        lines.append(f"| {system} | {right.mean():.3f} | {sd} | {interval.low:.3f} | {interval.high:.3f} |")
    return "\n".join(lines)


def text():
    errors = "\n".join(looked_at())
    return f"""# Who is it?

<!-- … in a comment is no blank -->
## Task
What is seen and read.
## Data
Thirty-six items……
## Splits
By group.
## Baselines
| system | trained |
|---|---|
| text alone | no |
## Method
| system | trained |
|---|---|
| fusion | yes |

Joined.
## Results
| system | accuracy | sd | low | high |
|---|:--|---|--:|---|
{results()}

Better.
### Of which kind
Both.
## Errors
| item | truth | answer | why |
|---|---|---|---|
{errors}
## Limits
Few.
## Licence
CC BY 4.0, CC0.
## How to run it
```
python run.py … |
```
"""


def table(header, rows, delimiter=",", end="\n"):
    file = io.StringIO(newline="")
    csv.writer(file, delimiter=delimiter, lineterminator=end).writerows([header, *rows])
    return file.getvalue()


def items_text(rows=None, **options):
    return table(
        ["item", "split", "group", "source", "licence"], items() if rows is None else rows, **options
    )


def answers_text(rows=None, **options):
    return table(
        ["system", "seed", "item", "truth", "answer"], answers() if rows is None else rows, **options
    )


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "my report 报告"
    place.mkdir()
    put(place, "report.md", text())
    put(place, "items.csv", items_text())
    put(place, "answers.csv", answers_text())
    return place


def put(folder, name, content):
    (folder / name).write_bytes(content if isinstance(content, bytes) else content.encode())


def test_a_whole_report_passes(folder):
    report = reports.check(folder)
    assert report.missing == []
    assert report.notes == ["Items: 5 train, 1 validation, 30 test. Chance among 3 classes is 0.333."]
    assert (report.main, report.baseline) == ("fusion", "text alone")
    assert list(report.figures) == ["majority (computed)", "text alone", "fusion"]


def test_figures_are_those_of_an_own_computation(folder):
    report = reports.check(folder)
    right = np.array([[answer_of("fusion", seed, n) == truth_of(n) for n in range(30)] for seed in range(3)])
    found = report.figures["fusion"]
    assert found.accuracy == pytest.approx(right.mean()) and found.seeds == 3
    assert found.sd == pytest.approx(np.std(right.mean(axis=1), ddof=1))
    truth = np.array([truth_of(n) for n in range(30)])
    recalls = [right[:, truth == label].mean() for label in LABELS]
    assert found.macro_recall == pytest.approx(np.mean(recalls))
    assert report.figures["majority (computed)"].accuracy == pytest.approx(12 / 30)
    assert np.isnan(report.figures["text alone"].sd)
    text_alone = np.array([answer_of("text alone", 0, n) == truth_of(n) for n in range(30)])
    each = right.mean(axis=0) - text_alone
    # The mean over items is 0.3 to 0.4, so whole percents of an end do not hang on the seed of the bootstrap.
    assert report.gain.value == pytest.approx(each.mean())
    interval = evaluation.bootstrap_interval(each, seed=9)
    assert report.gain.low == pytest.approx(interval.low, abs=0.02)
    assert report.gain.high == pytest.approx(interval.high, abs=0.02)


def test_items_of_one_group_are_drawn_together(folder):
    apart = reports.check(folder).figures["fusion"]
    rows = [
        [item, split, f"h{int(item[1:]) // 10}" if split == "test" else group, *rest]
        for item, split, group, *rest in items()
    ]
    put(folder, "items.csv", items_text(rows))
    report = reports.check(folder)
    assert "The 30 test items are of 3 groups: intervals draw whole groups." in report.notes
    assert report.figures["fusion"].accuracy == apart.accuracy
    assert report.figures["fusion"].low != apart.low


@pytest.mark.parametrize("options", [{"delimiter": ";"}, {"delimiter": "\t"}, {"end": "\r\n"}, {"end": "\r"}])
@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_files_of_a_spreadsheet_are_read(folder, options, mark):
    put(folder, "items.csv", mark + items_text(**options).encode())
    put(folder, "answers.csv", mark + answers_text(**options).encode())
    put(folder, "report.md", mark + text().replace("\n", options.get("end", "\n")).encode())
    assert reports.check(folder).missing == []


def test_columns_may_stand_in_any_order_and_among_others(folder):
    put(
        folder,
        "answers.csv",
        table(
            ["score", "Answer", "truth", "item", "seed", " SYSTEM "],
            [["0.5", *reversed(row)] for row in answers()] + [[""] * 6],
        ),
    )
    assert reports.check(folder).missing == []


def test_a_name_may_be_written_with_its_accents_apart(folder):
    put(folder, "items.csv", items_text().replace("t00", "cafe\u0301.png"))
    put(folder, "answers.csv", answers_text().replace("t00", "caf\u00e9.png"))
    assert reports.check(folder).missing == []


CHINESE = {
    "Task": "任务",
    "Data": "数据",
    "Splits": "划分",
    "Baselines": "基线",
    "Method": "方法",
    "Results": "结果",
    "Errors": "错误",
    "Limits": "局限",
    "Licence": "许可",
    "How to run it": "如何运行",
}


def in_chinese():
    said = text().replace("| system | trained |", "| 系统 | 训练 |").replace("| yes |", "| 是 |")
    said = said.replace("| no |", "| 否 |").replace(
        "| system | accuracy | sd | low | high |", "| 系统 | 准确率 | 标准差 | 下限 | 上限 |"
    )
    said = said.replace("| item | truth | answer | why |", "| 样本 | 真值 | 回答 | 原因 |")
    for number, (english, chinese) in enumerate(CHINESE.items(), 1):
        said = said.replace(f"## {english}\n", f"## {number}、{chinese}：\n")
    return said.replace("fusion", "融\u3000合").replace("blurred", "模糊……看不清")


def test_a_report_in_chinese_passes(folder):
    put(folder, "report.md", in_chinese())
    put(folder, "answers.csv", answers_text().replace("fusion", "融\u3000合"))
    report = reports.check(folder)
    assert (report.missing, report.main) == ([], "融\u3000合")


def changed(rows, line, column, value):
    return [
        [value if (n, c) == (line, column) else cell for c, cell in enumerate(row)]
        for n, row in enumerate(rows)
    ]


def without(rows, *places):
    return [row for number, row in enumerate(rows) if number not in places]


BROKEN = {
    # name: (file, new content, all that the check says)
    "no heading": (
        "report.md",
        lambda: text().replace("## Limits", "Limits"),
        [r"there is no heading `## Limits`"],
    ),
    "an empty section": (
        "report.md",
        lambda: text().replace("Few.", "<!-- few -->"),
        ["nothing stands below the heading Limits"],
    ),
    "a heading twice": (
        "report.md",
        lambda: text() + "## Task\nAgain.\n",
        ["the heading Task comes more than once"],
    ),
    "a blank": (
        "report.md",
        lambda: text().replace("By group.", "By … of the items."),
        [r"a blank … is left in line 9\."],
    ),
    "a comment left open": (
        "report.md",
        lambda: text().replace("Few.", "Few. <!-- but"),
        ["no heading `## Licence`", "no heading `## How to run it`"],
    ),
    "no baseline": (
        "report.md",
        lambda: text().replace("| text alone | no |\n", ""),
        ["Baselines names no system", "'text alone' of answers.csv is neither"],
    ),
    "no table of baselines": (
        "report.md",
        lambda: text().replace("| system | trained |\n|---|---|\n| text", "| text"),
        [r"Baselines has no table `\| system \| trained \|`", "neither in Baselines"],
    ),
    "trained perhaps": (
        "report.md",
        lambda: text().replace("| no |", "| perhaps |"),
        ["trained is 'perhaps', expected yes or no", "has 1 seed, expected at least 3"],
    ),
    "too few seeds": (
        "report.md",
        lambda: text().replace("| no |", "| yes |"),
        ["'text alone' was trained and has 1 seed, expected at least 3"],
    ),
    "a system without answers": (
        "report.md",
        lambda: text().replace("| fusion | yes |", "| fusion | yes |\n| more | no |"),
        ["there are no answers of 'more'"],
    ),
    "named twice": (
        "report.md",
        lambda: text().replace("| fusion | yes |", "| fusion | yes |\n| fusion | yes |"),
        ["line 18 names 'fusion' again"],
    ),
    "both": (
        "report.md",
        lambda: text().replace("| fusion | yes |", "| fusion | yes |\n| text alone | no |"),
        ["'text alone' cannot be both"],
    ),
    "a figure that does not follow": (
        "report.md",
        lambda: re.sub(r"\| fusion \| 0\.\d+", "| fusion | 0.900", text()),
        ["line 24, accuracy of 'fusion': '0.900' does not follow from answers.csv, which gives 0.7"],
    ),
    "a figure of one digit": (
        "report.md",
        lambda: re.sub(r"\| fusion \| 0\.(\d)\d+", r"| fusion | 0.\1", text()),
        ["'0.7' has too few digits"],
    ),
    "a figure that is none": (
        "report.md",
        lambda: re.sub(r"\| fusion \| 0\.\d+", "| fusion | good", text()),
        ["'good' is no number, expected 0.7"],
    ),
    "a spread of one seed": (
        "report.md",
        lambda: re.sub(r"(\| text alone \| 0\.\d+ \|) -", r"\1 0.000", text()),
        ["sd of 'text alone': '0.000', expected a dash"],
    ),
    "no row of results": (
        "report.md",
        lambda: re.sub(r"\| fusion \| 0.*\n", "", text()),
        ["Results has no row for 'fusion'"],
    ),
    "a row of results too many": (
        "report.md",
        lambda: text().replace("\n\nBetter.", "\n| GPT | 0.99 | - | 0.98 | 1.00 |\n\nBetter."),
        ["no complete answers of 'GPT' are in answers.csv"],
    ),
    "a row of results twice": (
        "report.md",
        lambda: re.sub(r"(\| fusion \| 0.*\n)", r"\1\1", text()),
        ["more than one row for 'fusion'"],
    ),
    "a cell too few": (
        "report.md",
        lambda: text().replace("| fusion | yes |", "| fusion |"),
        ["line 17 has 1 cells, expected 2", "'fusion' of answers.csv is neither"],
    ),
    "nine errors": (
        "report.md",
        lambda: text().replace(looked_at()[-1] + "\n", ""),
        ["Errors looks at 9 of the 20 errors of 'fusion', expected 10"],
    ),
    "an error twice": (
        "report.md",
        lambda: text().replace(looked_at()[-1], looked_at()[0]),
        ["Errors looks at 9"],
    ),
    "no error": (
        "report.md",
        lambda: text().replace(looked_at()[-1], "| t01 | cat | dog | blurred |"),
        ["'t01' is no error of 'fusion'", "Errors looks at 9"],
    ),
    "an error's truth": (
        "report.md",
        lambda: re.sub(r"\| (cat|dog|owl) (\| \w+ \| blurred)", r"| cow \2", text(), count=1),
        ["the truth is 'cat' in answers.csv, not 'cow'"],
    ),
    "an error's answer": (
        "report.md",
        lambda: re.sub(r"\w+ \| blurred", "cow | blurred", text(), count=1),
        ["'fusion' answered 'dog', not 'cow'"],
    ),
    "an error not looked at": (
        "report.md",
        lambda: text().replace("blurred", "", 1),
        ["say why it went wrong"],
    ),
    "a licence unnamed": ("report.md", lambda: text().replace(", CC0", ""), ["Licence does not name 'CC0'"]),
    "no licence": (
        "items.csv",
        lambda: items_text(changed(items(), 2, 4, "")),
        [r"licence is empty in line 4\."],
    ),
    "no source": (
        "items.csv",
        lambda: items_text(changed(changed(items(), 2, 3, ""), 3, 3, "…")),
        [r"source is empty in lines 4, 5\."],
    ),
    "a strange split": (
        "items.csv",
        lambda: items_text(changed(items(), 2, 1, "dev")),
        ["the split is 'dev', expected one of train, validation, test"],
    ),
    "a group in two splits": (
        "items.csv",
        lambda: items_text(changed(items(), 2, 2, "h3")),
        ["the group 'h3' lies in more than one split"],
    ),
    "an item twice": (
        "items.csv",
        lambda: items_text([*items(), items()[-1]]),
        ["'t29' is in more than one row"],
    ),
    "an item unknown": (
        "answers.csv",
        lambda: answers_text([*answers(), ["fusion", "0", "zz", "cat", "cat"]]),
        [r"'zz' is not in items\.csv"],
    ),
    "an item seen": (
        "answers.csv",
        lambda: answers_text([*answers(), ["fusion", "0", "a3", "cat", "dog"]]),
        ["'a3' is not in the split test"],
    ),
    "an item never answered": (
        "items.csv",
        lambda: items_text([*items(), ["new", "test", "gn", "web", "CC0"]]),
        [
            "'text alone' with seed 0 lacks 1 of the 31",
            "'fusion' with seed 0 lacks 1",
            "'fusion' with seed 1",
            "'fusion' with seed 2",
        ],
    ),
    "one group": (
        "items.csv",
        lambda: items_text([[i, s, "one" if s == "test" else g, *r] for i, s, g, *r in items()]),
        [
            "all test items are of one group",
            "low of 'text alone'",
            "high of 'text alone'",
            "low of 'fusion'",
            "high of 'fusion'",
        ],
    ),
    "a row gone": (
        "answers.csv",
        lambda: answers_text(without(answers(), 40)),
        [
            "'fusion' with seed 0 lacks 1 of the 30 test items, such as 't10'",
            "no complete answers of 'fusion'",
        ],
    ),
    "rows twice": (
        "answers.csv",
        lambda: answers_text([*answers(), *answers()[:3]]),
        [r"come again in lines 122, 123, 124\."],
    ),
    "another truth": (
        "answers.csv",
        lambda: answers_text(changed(answers(), 35, 3, "cow")),
        ["the truth of 't05' is not the same in every row"],
    ),
    "a seed that is none": (
        "answers.csv",
        lambda: answers_text([*answers(), ["fusion", "1.5", "t01", "cat", "cat"]]),
        ["the seed is no whole number in line 122"],
    ),
    "a system undeclared": (
        "answers.csv",
        lambda: answers_text([*answers(), *(["x", *row[1:]] for row in answers()[:30])]),
        ["'x' of answers.csv is neither in Baselines", "Results has no row for 'x'"],
    ),
    "no rows": (
        "answers.csv",
        lambda: answers_text([]),
        ["there are no rows yet; the columns are system, seed"],
    ),
    "an empty file": ("answers.csv", lambda: "", ["there are no rows yet"]),
    "a column gone": (
        "answers.csv",
        lambda: answers_text().replace("truth", "label", 1),
        ["found 'system, seed, item, label, answer', where truth comes not"],
    ),
    "a column twice": (
        "answers.csv",
        lambda: answers_text().replace("truth", "item", 1),
        ["where item comes twice or more"],
    ),
    "a cell too many": (
        "answers.csv",
        lambda: answers_text() + "fusion,0,t00,cat,dog,owl\n",
        ["line 122 has 6 cells, expected 5"],
    ),
    "a quotation mark left open": (
        "answers.csv",
        lambda: answers_text() + 'fusion,0,t00,cat,"dog\n' * 3,
        ["cannot be read: .*quotation mark"],
    ),
    "a huge cell": (
        "answers.csv",
        lambda: answers_text() + "x" * 200_000,
        ["cannot be read: field larger than"],
    ),
    "a terminal's codes": (
        "answers.csv",
        lambda: answers_text([*answers(), ["\x1b[2Jx", "0", "t01", "cat", "cat"]]),
        [r"line 122 holds '\\x1b\[2Jx', of 5 characters"],
    ),
    "a long name": (
        "answers.csv",
        lambda: answers_text([*answers(), ["fusion", "0", "t01", "cat", "c" * 301]]),
        ["of 301 characters; expected at most 300"],
    ),
    "many systems": (
        "answers.csv",
        lambda: answers_text([*answers(), *([f"s{n}", *row[1:]] for n, row in enumerate(answers()))]),
        ["there are 122 systems, expected at most 100"],
    ),
    "many licences": (
        "items.csv",
        lambda: items_text([[*row[:4], f"licence {n}"] for n, row in enumerate(items() * 3)]),
        ["there are 108 licences, expected at most 100"],
    ),
    "long lines": (
        "report.md",
        lambda: text() + ("# x" + " " * 200_000 + "y\n") * 2 + "#" * 200_000 + " " + ":" * 200_000 + "x",
        [],
    ),
    "binary": (
        "answers.csv",
        lambda: b"\x89PNG\r\n\x1a\n\0\0" + bytes(range(256)),
        [r"^answers\.csv: .*PNG"],
    ),
    "another encoding": (
        "answers.csv",
        lambda: answers_text().replace("cat", "Käfer").encode("cp1252"),
        [r"^answers\.csv: not utf-8"],
    ),
    "UTF-16": ("items.csv", lambda: items_text().encode("utf-16"), []),
    "huge": ("items.csv", lambda: items_text() + "\n" * 20_000_001, ["bytes, expected at most 20,000,000"]),
    "a huge text": ("report.md", lambda: text() + "a" * 1_000_001, ["bytes, expected at most 1,000,000"]),
    "a binary text": ("report.md", lambda: b"PK\x03\x04\0\0\0", [r"^report\.md: .*ZIP"]),
    "many comments left open": ("report.md", lambda: text() + "<!--" * 100_000, []),
    "many marks": ("report.md", lambda: text() + "|" * 300_000 + "\n" + "```\n" * 50_000 + "…" * 60_000, []),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_is_broken_is_named_and_nothing_else(folder, name):
    file, content, said = BROKEN[name]
    put(folder, file, content())
    before = {path: path.stat().st_mtime_ns for path in folder.iterdir()}
    missing = reports.check(folder).missing
    assert len(missing) == len(said), missing
    assert all(re.search(pattern, sentence) for pattern, sentence in zip(said, missing, strict=True)), missing
    assert all("\n" not in sentence and len(sentence) < 1500 for sentence in missing)
    assert {path: path.stat().st_mtime_ns for path in folder.iterdir()} == before


@pytest.mark.parametrize("cell", ["77.8 %", "77.8%", "0,778", "0.78", "０.778", "0.7778"])
def test_a_figure_may_be_written_in_several_ways(folder, cell):
    put(folder, "report.md", re.sub(r"\| fusion \| (0\.\d+)", f"| fusion | {cell}", text()))
    found = reports.check(folder)
    assert found.figures["fusion"].accuracy == pytest.approx(0.7778, abs=1e-3)
    assert found.missing == []


def test_of_many_things_the_first_are_named(folder):
    put(
        folder,
        "report.md",
        text().replace("## Limits", "\n".join(f"| e{n} | a | b | c |" for n in range(500)) + "\n## Limits"),
    )
    missing = reports.check(folder).missing
    assert len(missing) == 101 and missing[-1] == "And 400 more things: mend these first."


def test_seeds_that_change_nothing_are_noted(folder):
    rows = [row for row in answers() if row[0] == "text alone"]
    put(folder, "answers.csv", answers_text(answers() + [[row[0], "1", *row[2:]] for row in rows]))
    assert "'text alone' answers the same with every seed: is the seed used?" in reports.check(folder).notes


def test_a_system_that_is_always_right_has_no_errors_to_show(folder):
    put(
        folder,
        "answers.csv",
        answers_text([[*row[:4], row[3]] if row[0] == "fusion" else row for row in answers()]),
    )
    said = re.sub(r"\| fusion \| 0.*\n", "| fusion | 1.00 | 0.00 | 1.00 | 1.00 |\n", text())
    said = re.sub(r"\| item \|(.|\n)*?(?=## Limits)", "None.\n", said)
    put(folder, "report.md", said)
    assert reports.check(folder).missing == []


def test_files_that_are_none_are_named(folder, tmp_path):
    (folder / "items.csv").unlink()
    (folder / "items.csv").mkdir()
    (folder / "answers.csv").unlink()
    said = reports.check(folder).missing
    assert said == ["items.csv: this is a folder, expected a file.", "answers.csv: it is not there."]
    (folder / "items.csv").rmdir()
    (folder / "items.csv").symlink_to(tmp_path / "gone")
    os.mkfifo(folder / "answers.csv")
    said = reports.check(folder).missing
    assert said == [
        "items.csv: it is a link to something that is gone.",
        "answers.csv: this is a device or a pipe, expected a file.",
    ]
    (folder / "items.csv").unlink()
    (folder / "items.csv").symlink_to("items.csv")
    assert re.match(r"items\.csv: it cannot be opened: .", reports.check(folder).missing[0])


def test_links_are_followed(folder, tmp_path):
    shutil.move(folder / "items.csv", tmp_path / "elsewhere.csv")
    (folder / "items.csv").symlink_to(tmp_path / "elsewhere.csv")
    (tmp_path / "link").symlink_to(folder)
    assert reports.check(tmp_path / "link").missing == []


# --- making


@pytest.mark.parametrize("there", [True, False])
def test_a_new_report_is_made_and_only_its_blanks_are_missing(tmp_path, there):
    folder = tmp_path / "new"
    if there:
        folder.mkdir()
    assert [path.name for path in reports.make(folder)] == ["report.md", "items.csv", "answers.csv"]
    report = reports.check(folder)
    assert any("a blank … is left" in sentence for sentence in report.missing)
    assert not any("no heading" in sentence or "has no table" in sentence for sentence in report.missing)


def in_words_of(language):
    return functools.partial(command._in_language, language)


@pytest.mark.parametrize("language", ["", "zh_CN"])
def test_the_skeleton_filled_in_passes(folder, tmp_path, language):
    new, words = tmp_path / "new", in_words_of(language)
    reports.make(new, words)
    rows = {
        ("system", "trained"): ["| text alone | no |", "| fusion | yes |"],
        ("system", "accuracy", "sd", "low", "high"): [results()],
        ("item", "truth", "answer", "why"): ["\n".join(looked_at())],
    }
    said = (new / "report.md").read_text(encoding="utf-8")
    for columns, filled in rows.items():
        header = f"| {' | '.join(map(words, columns))} |\n{'|---' * len(columns)}|\n"
        for row in filled:
            blank = "|" + " … |" * len(columns)
            assert header + blank in said
            said = said.replace(header + blank, header + row, 1)
    said = said.replace("…", "CC BY 4.0, CC0")
    put(folder, "report.md", said)
    assert reports.check(folder).missing == []


def test_the_skeleton_in_chinese_is_chinese(tmp_path):
    reports.make(tmp_path / "new", in_words_of("zh_CN"))
    said = (tmp_path / "new" / "report.md").read_text(encoding="utf-8")
    assert [line for line in said.splitlines() if line.startswith("## ")] == [
        f"## {chinese}" for chinese in CHINESE.values()
    ]
    assert not re.search("[a-z]{3,} [a-z]{3,}", said.replace("python3 -m course_utils report", ""))


def test_what_is_there_is_never_overwritten(folder, tmp_path):
    with pytest.raises(CourseError, match="something is in this folder"):
        reports.make(folder)
    with pytest.raises(CourseError, match="this is no folder"):
        reports.make(folder / "report.md")
    (tmp_path / "loop").symlink_to("loop")
    with pytest.raises(CourseError, match="this is no folder"):
        reports.make(tmp_path / "loop")
    (tmp_path / "other").mkdir()
    put(tmp_path / "other", "holiday.txt", "sun")
    with pytest.raises(CourseError, match="this is no report"):
        reports.check(tmp_path / "other")
    with pytest.raises(CourseError, match="there is no report yet"):
        reports.check(tmp_path / "nowhere")
    with pytest.raises(CourseError, match="one around it exists"):
        reports.make(tmp_path / "nowhere" / "new")


@pytest.mark.parametrize("there", [True, False])
def test_nothing_half_made_is_left(tmp_path, monkeypatch, there):
    whole, folder = skeleton.write_atomically, tmp_path / "new"
    if there:
        folder.mkdir()

    def full(path, content):
        if path.name == "answers.csv":
            raise CourseError("the disk is full")
        whole(path, content)

    monkeypatch.setattr(skeleton, "write_atomically", full)
    with pytest.raises(CourseError, match="the disk is full"):
        reports.make(folder)
    assert folder.exists() == there and not (there and any(folder.iterdir()))


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_named(tmp_path):
    folder = tmp_path / "locked"
    folder.mkdir(mode=0o500)
    with pytest.raises(CourseError, match=r"could not be written.*may write there"):
        reports.make(folder)
    folder.chmod(0o300)
    with pytest.raises(CourseError, match="cannot be read"):
        reports.make(folder)


# --- the command


@pytest.fixture
def here(monkeypatch):
    """The command in this process, which stands for the environment that it would enter."""
    monkeypatch.setattr(environment, "enter", lambda extra="": None)


def test_the_command_makes_then_checks(here, tmp_path, capsys):
    assert commands.run(["report", str(tmp_path / "new")]) == 0
    assert "Fill them in" in capsys.readouterr().out
    assert commands.run(["report", str(tmp_path / "new")]) == 1
    said = capsys.readouterr().out
    assert "Missing or wrong, " in said and "- items.csv: there are no rows yet" in said


def test_the_command_makes_it_in_the_language_of_the_lessons(here, tmp_path, monkeypatch):
    for language, heading in {"en": "## Task", "zh": "## 任务"}.items():
        monkeypatch.setattr(command.choice, "chosen", lambda folder, asked, spoken=language: spoken)
        assert commands.run(["report", str(tmp_path / language)]) == 0
        assert heading in (tmp_path / language / "report.md").read_text(encoding="utf-8")


def test_the_command_prints_the_table_that_passes(here, folder, capsys):
    assert commands.run(["report", str(folder)]) == 0
    said = capsys.readouterr().out
    assert "fusion minus the best baseline, text alone: +0.2" in said and "Nothing is missing." in said
    [printed] = re.findall(r"^\| system \|(?:.*\n)+?(?=\n)", said, flags=re.M)
    put(
        folder,
        "report.md",
        re.sub(r"\| system \| accuracy(.|\n)*?(?=\n\n)", printed.strip(), text(), count=1),
    )
    assert reports.check(folder).missing == []


def test_json_is_one_object(here, folder, capsys):
    assert commands.run(["report", str(folder), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["complete"] is True and found["missing"] == []
    assert found["systems"]["text alone"]["sd"] is None and found["systems"]["fusion"]["seeds"] == 3
    assert set(found["gain"]) == {"value", "low", "high"}
    put(folder, "items.csv", items_text([[i, s, "one" if s == "test" else g, *r] for i, s, g, *r in items()]))
    assert commands.run(["report", str(folder), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert found["complete"] is False and found["gain"]["low"] is None


def test_json_of_a_new_report(here, tmp_path, capsys):
    assert commands.run(["report", str(tmp_path / "new"), "--json"]) == 0
    assert len(json.loads(capsys.readouterr().out)["made"]) == 3


def test_a_difference_that_may_be_chance_is_called_so(folder):
    rows = [row for row in answers() if row[0] == "text alone"]
    alike = [["fusion", str(seed), *row[2:]] for seed, row in itertools.product(range(3), rows)]
    put(folder, "answers.csv", answers_text([*rows, *alike]))
    said = command._text(reports.check(folder))
    assert "0 is inside, so this test does not show which is better" in said
