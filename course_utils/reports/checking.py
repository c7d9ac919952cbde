"""What is missing in a report, or does not follow from its answers."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from course_utils.errors import CourseError, shown
from course_utils.evaluation import Interval
from course_utils.files import from_home
from course_utils.reports import figures as scores
from course_utils.reports.figures import MAJORITY, Figures
from course_utils.reports.reading import HEADINGS, Document, Row, read_document, read_rows
from course_utils.reports.skeleton import ANSWERS, ITEMS, REPORT, is_new

__all__ = ["Report", "check"]

ITEM_COLUMNS = ("item", "split", "group", "source", "licence")
ANSWER_COLUMNS = ("system", "seed", "item", "truth", "answer")
SPLITS = ("train", "validation", "test")
LEAST_SEEDS, MOST_ERRORS = 3, 10
MOST_SYSTEMS = MOST_LICENCES = MOST_SENTENCES = 100

_SYSTEMS = [["system", "trained"], ["系统", "训练"]]
_RESULTS = [["system", "accuracy", "sd", "low", "high"], ["系统", "准确率", "标准差", "下限", "上限"]]
_ERRORS = [["item", "truth", "answer", "why"], ["样本", "真值", "回答", "原因"]]
_TRAINED = {"yes": True, "no": False, "是": True, "否": False}
_DASHES = ("-", "–", "—", "−", "")
_NUMBER = re.compile(r"([+-]?\d{1,3}(?:\.(\d{1,12}))?) ?(%?)")
_RANDOM = 0.01
"""How far an end of an interval may lie from ours: another seed of the bootstrap moves it a little."""


@dataclass
class Report:
    """What the check of a report found. Introduced in lesson 13.

    Attributes:
        missing: list of str, a sentence for each thing that is missing or wrong; empty when nothing is.
        notes: list of str, what a reader should know besides.
        figures: dict from each system whose answers are complete, and the computed majority, to its
            :class:`~course_utils.reports.Figures`.
        main: str, the system that the report is about; "" while unknown.
        baseline: str, the best baseline; "" while unknown.
        gain: :class:`~course_utils.evaluation.Interval` of the main system's accuracy minus that
            baseline's, or None.
    """

    missing: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    figures: dict[str, Figures] = field(default_factory=dict)
    main: str = ""
    baseline: str = ""
    gain: Interval | None = None

    def table(self) -> str:
        """Gives the table for the section Results, in Markdown."""
        lines = ["| system | accuracy | sd | low | high |", "|---|---|---|---|---|"]
        for system, row in self.figures.items():
            name = system.replace("|", r"\|")
            cells = ["-" if np.isnan(v) else f"{v:.3f}" for v in (row.accuracy, row.sd, row.low, row.high)]
            lines.append(f"| {name} | {' | '.join(cells)} |")
        return "\n".join(lines)

    def as_json(self) -> dict:
        """Gives all of it in what JSON knows: dict, list, str, float, int, bool and None."""
        return {
            "complete": not self.missing,
            "missing": self.missing,
            "notes": self.notes,
            "systems": {
                system: {
                    key: _known(getattr(row, key))
                    for key in ("seeds", "accuracy", "sd", "low", "high", "macro_recall")
                }
                for system, row in self.figures.items()
            },
            "main": self.main or None,
            "baseline": self.baseline or None,
            "gain": self.gain and {key: _known(value) for key, value in vars(self.gain).items()},
        }


def _known(value: float) -> float | None:
    return None if np.isnan(value) else value


@dataclass
class _Items:
    """Of each item its split, its group and its licence, as items.csv has them."""

    split: dict[str, str]
    group: dict[str, str]
    licences: list[str]

    def of(self, split: str) -> list[str]:
        return [item for item, found in self.split.items() if found == split]


@dataclass
class _Answers:
    """The truth of each item, and by system and seed the answer to each, as answers.csv has them."""

    truth: dict[str, str]
    given: dict[str, dict[int, dict[str, str]]]


def check(folder: str | Path) -> Report:
    """Checks a report (lesson 13). Nothing is written.

    Args:
        folder: str or Path of a folder with the three files; "~" is the home folder.

    Returns:
        :class:`Report`.

    Raises:
        CourseError: when there is no such folder, or none of the three files in it.
    """
    folder = from_home(folder)
    if is_new(folder):
        raise CourseError(
            f"{folder.absolute()}: there is no report yet: `python3 -m course_utils report DIR` makes one."
        )
    if not {REPORT, ITEMS, ANSWERS} & {path.name for path in folder.iterdir()}:
        raise CourseError(
            f"{folder}: this is no report: {REPORT}, {ITEMS} and {ANSWERS} are not there, and other "
            "things are. Name a new folder, in which a report is made."
        )
    report = Report()
    document = _part(report, _read_document, folder / REPORT)
    items = _part(report, _read_items, folder / ITEMS)
    answers = _part(report, _read_answers, folder / ANSWERS)
    if items and answers:
        report.missing += _differences(items, answers)
        _score(report, items, answers)
    if document:
        _compare(report, document, items, answers)
    more = len(report.missing) - MOST_SENTENCES
    if more > 0:
        report.missing[MOST_SENTENCES:] = [f"And {more:,} more things: mend these first."]
    return report


def _part(report: Report, read: Callable, path: Path) -> object:
    """One of the files, or None and a sentence why not; what is wrong in it is noted."""
    try:
        found, wrong = read(path)
    except CourseError as error:
        report.missing.append(str(error))
        return None
    report.missing += wrong
    return found


def _some(names: Iterable[str]) -> str:
    """The first names of many, and how many more there are."""
    names = [*names]
    rest = f" and {len(names) - 3:,} more" if len(names) > 3 else ""
    return ", ".join(shown(name) for name in names[:3]) + rest


def _lines(numbers: list[int]) -> str:
    rest = f" and {len(numbers) - 5:,} more" if len(numbers) > 5 else ""
    first = ", ".join(f"{number:,}" for number in numbers[:5])
    return f"line{'s' * (len(numbers) > 1)} {first}{rest}"


# --- each file for itself -----------------------------------------------------------------------------------


def _read_document(path: Path) -> tuple[Document, list[str]]:
    document, wrong = read_document(path), []
    for name in HEADINGS:
        if name not in document.sections:
            wrong.append(f"{path.name}: there is no heading `## {name}`.")
        elif not document.sections[name].text.strip():
            wrong.append(f"{path.name}: nothing stands below the heading {name}.")
    wrong += [f"{path.name}: the heading {name} comes more than once." for name in document.repeated]
    if document.blanks:
        wrong.append(f"{path.name}: a blank … is left in {_lines(document.blanks)}.")
    return document, wrong


def _empty_cells(
    name: str, rows: list[Row], columns: tuple[str, ...], needed: Iterable[str]
) -> Iterator[str]:
    for column in needed:
        place = columns.index(column)
        lines = [row.line for row in rows if row.cells[place] in ("", "…")]
        if lines:
            yield f"{name}: {column} is empty in {_lines(lines)}."


def _read_items(path: Path) -> tuple[_Items, list[str]]:
    rows = read_rows(path, ITEM_COLUMNS)
    wrong = [*_empty_cells(path.name, rows, ITEM_COLUMNS, ITEM_COLUMNS)]
    split = {item: name.casefold() for _, (item, name, *_) in rows}
    group = {item: name for _, (item, _, name, *_) in rows}
    twice = [item for item, count in Counter(row.cells[0] for row in rows).items() if count > 1]
    if twice:
        wrong.append(f"{path.name}: {_some(twice)} {_are(twice)} in more than one row: an item has one.")
    unknown = sorted({*split.values()} - {*SPLITS, ""})
    if unknown:
        wrong.append(f"{path.name}: the split is {_some(unknown)}, expected one of {', '.join(SPLITS)}.")
    if "test" not in split.values():
        wrong.append(f"{path.name}: no item is in the split test.")
    splits = defaultdict(set)
    for item, name in group.items():
        splits[name].add(split[item])
    apart = [name for name, found in splits.items() if name and len(found) > 1]
    if apart:
        lie = "the group {} lies" if len(apart) == 1 else "the groups {} lie"
        wrong.append(
            f"{path.name}: {lie.format(_some(apart))} in more than one split: what is alike would be learnt "
            "and tested."
        )
    licences = sorted({row.cells[4] for row in rows} - {"", "…"})
    if len(licences) > MOST_LICENCES:
        raise CourseError(
            f"{path.name}: there are {len(licences):,} licences, expected at most {MOST_LICENCES}."
        )
    return _Items(split, group, licences), wrong


def _read_answers(path: Path) -> tuple[_Answers, list[str]]:
    rows = read_rows(path, ANSWER_COLUMNS)
    # An empty answer is one: a system that says nothing is wrong.
    wrong = [*_empty_cells(path.name, rows, ANSWER_COLUMNS, ANSWER_COLUMNS[:-1])]
    truth, given = {}, defaultdict(lambda: defaultdict(dict))
    twice, contradictions, no_seeds = [], {}, []
    for line, (system, seed, item, true, answer) in rows:
        if not re.fullmatch(r"[0-9]{1,18}", seed):
            no_seeds.append(line)
            continue
        if item in given[system][int(seed)]:
            twice.append(line)
        given[system][int(seed)][item] = answer
        if truth.setdefault(item, true) != true:
            contradictions[item] = None
    if len(given) > MOST_SYSTEMS:
        raise CourseError(f"{path.name}: there are {len(given):,} systems, expected at most {MOST_SYSTEMS}.")
    if no_seeds:
        wrong.append(f"{path.name}: the seed is no whole number in {_lines(no_seeds)}.")
    if twice:
        wrong.append(f"{path.name}: the same system, seed and item come again in {_lines(twice)}.")
    if contradictions:
        wrong.append(f"{path.name}: the truth of {_some(contradictions)} is not the same in every row.")
    return _Answers(truth, given), wrong


# --- the answers against the items --------------------------------------------------------------------------


def _differences(items: _Items, answers: _Answers) -> Iterator[str]:
    """Says which answers are not to the test items, all of them and nothing else."""
    unknown = [item for item in answers.truth if item not in items.split]
    if unknown:
        yield f"{ANSWERS}: {_some(unknown)} {_are(unknown)} not in {ITEMS}."
    seen = [item for item in answers.truth if items.split.get(item, "test") != "test"]
    if seen:
        yield f"{ANSWERS}: {_some(seen)} {_are(seen)} not in the split test: only test items are scored."
    test = items.of("test")
    for system, seeds in answers.given.items():
        for seed, given in seeds.items():
            left = [item for item in test if item not in given]
            if left:
                yield (
                    f"{ANSWERS}: {shown(system)} with seed {seed} lacks {len(left):,} of the {len(test):,} "
                    f"test items, such as {_some(left[:1])}: every system answers all with every seed."
                )


def _are(names: list[str]) -> str:
    return "is" if len(names) == 1 else "are"


def _score(report: Report, items: _Items, answers: _Answers) -> None:
    test = items.of("test")
    if not test or any(item not in answers.truth for item in test):
        return
    truth, groups = [answers.truth[item] for item in test], [items.group[item] for item in test]
    report.figures = {MAJORITY: scores.majority(truth, groups)}
    for system, seeds in answers.given.items():
        if all(item in given for given in seeds.values() for item in test):
            told = [[seeds[seed][item] for item in test] for seed in sorted(seeds)]
            report.figures[system] = scores.scored(truth, told, groups)
            if len(told) > 1 and all(other == told[0] for other in told):
                report.notes.append(f"{shown(system)} answers the same with every seed: is the seed used?")
    classes = len({*truth})
    counts = ", ".join(f"{len(items.of(split)):,} {split}" for split in SPLITS)
    report.notes.insert(0, f"Items: {counts}. Chance among {classes} classes is {1 / classes:.3f}.")
    drawn = len({*groups})
    if drawn == 1:
        report.missing.append(
            f"{ITEMS}: all test items are of one group, so that there is no interval: test on two at least."
        )
    elif drawn < len(test):
        report.notes.append(
            f"The {len(test):,} test items are of {drawn:,} groups: intervals draw whole groups."
        )


# --- the text against both ----------------------------------------------------------------------------------


def _compare(report: Report, document: Document, items: _Items | None, answers: _Answers | None) -> None:
    """Holds what the text says to the items and the answers, as far as they could be read."""
    baselines = _declared(report, document, "Baselines")
    methods = _declared(report, document, "Method")
    both = [system for system in baselines if system in methods]
    if both:
        report.missing.append(f"{REPORT}: {_some(both)} cannot be both a baseline and a method.")
    report.main = next(iter(methods), "")
    if answers:
        report.missing += _seeds({**baselines, **methods}, answers)
        report.missing += _errors(document, report.main, items, answers)
    if report.figures:
        report.missing += _results(document, report.figures, items)
        _find_gain(report, baselines, items)
    if items and "Licence" in document.sections:
        said = document.sections["Licence"].text.casefold()
        unsaid = [licence for licence in items.licences if licence.casefold() not in said]
        if unsaid:
            report.missing.append(f"{REPORT}: Licence does not name {_some(unsaid)}, as {ITEMS} does.")


def _table(document: Document, name: str, headers: list[list[str]]) -> tuple[list[Row], list[str]]:
    """The whole rows of a section's table, and what is wrong with others. Blanks are reported elsewhere."""
    rows = document.table(name, headers)
    if rows is None:
        return [], [f"{REPORT}: {name} has no table `| {' | '.join(headers[0])} |`."]
    wrong = [
        f"{REPORT}: line {row.line} has {len(row.cells)} cells, expected {len(headers[0])}."
        for row in rows
        if len(row.cells) != len(headers[0])
    ]
    return [row for row in rows if len(row.cells) == len(headers[0]) and "…" not in row.cells], wrong


def _declared(report: Report, document: Document, name: str) -> dict[str, bool]:
    """Which systems a section names, and whether each was trained."""
    rows, wrong = _table(document, name, _SYSTEMS)
    report.missing += wrong
    if not rows and not wrong:
        report.missing.append(f"{REPORT}: {name} names no system.")
    declared = {}
    for line, (system, trained) in rows:
        if trained.casefold() not in _TRAINED:
            report.missing.append(f"{REPORT}: line {line}, trained is {shown(trained)}, expected yes or no.")
        if system in declared:
            report.missing.append(f"{REPORT}: line {line} names {shown(system)} again.")
        declared[system] = _TRAINED.get(trained.casefold(), True)
    return declared


def _seeds(declared: Mapping[str, bool], answers: _Answers) -> Iterator[str]:
    unknown = [system for system in answers.given if system not in declared]
    if unknown:
        yield f"{REPORT}: {_some(unknown)} of {ANSWERS} {_are(unknown)} neither in Baselines nor in Method."
    for system, trained in declared.items():
        count = len(answers.given.get(system, ()))
        if not count:
            yield f"{ANSWERS}: there are no answers of {shown(system)}, which {REPORT} names."
        elif trained and count < LEAST_SEEDS:
            seeds = f"{count} seed{'s' * (count > 1)}"
            yield f"{ANSWERS}: {shown(system)} was trained and has {seeds}, expected at least {LEAST_SEEDS}."


def _errors(document: Document, main: str, items: _Items | None, answers: _Answers) -> Iterator[str]:
    """Compares the errors that were looked at with those that the main system makes with any of its seeds."""
    made = defaultdict(set)
    for given in answers.given.get(main, {}).values():
        for item, answer in given.items():
            if answer != answers.truth[item] and (items is None or items.split.get(item) == "test"):
                made[item].add(answer)
    if "Errors" not in document.sections or not made:
        return
    rows, wrong = _table(document, "Errors", _ERRORS)
    yield from wrong
    looked = set()
    for line, (item, truth, answer, why) in rows:
        place = f"{REPORT}: line {line}, {shown(item)}"
        if item not in made:
            yield f"{place} is no error of {shown(main)}."
        elif truth != answers.truth[item]:
            yield f"{place}: the truth is {shown(answers.truth[item])} in {ANSWERS}, not {shown(truth)}."
        elif answer not in made[item]:
            yield f"{place}: {shown(main)} answered {_some(sorted(made[item]))}, not {shown(answer)}."
        elif not why:
            yield f"{place}: say why it went wrong, or what you see."
        looked.add(item)
    needed = min(MOST_ERRORS, len(made))
    found = len(looked & {*made})
    if found < needed:
        errors = f"{len(made):,} errors of {shown(main)}"
        yield f"{REPORT}: Errors looks at {found} of the {errors}, expected {needed}."


def _results(document: Document, figures: Mapping[str, Figures], items: _Items) -> Iterator[str]:
    """Compares each figure that is reported with the one that follows from the answers."""
    if "Results" not in document.sections:
        return
    rows, wrong = _table(document, "Results", _RESULTS)
    yield from wrong
    twice = [name for name, count in Counter(row.cells[0] for row in rows).items() if count > 1]
    if twice:
        yield f"{REPORT}: Results has more than one row for {_some(twice)}."
    left = [
        system for system in figures if system != MAJORITY and system not in {row.cells[0] for row in rows}
    ]
    if left:
        yield f"{REPORT}: Results has no row for {_some(left)}."
    random = max(_RANDOM, 1 / len(items.of("test")))
    for line, (system, *cells) in rows:
        if system not in figures:
            yield f"{REPORT}: line {line}: no complete answers of {shown(system)} are in {ANSWERS}."
            continue
        for name, cell in zip(("accuracy", "sd", "low", "high"), cells, strict=True):
            objection = _objection(cell, getattr(figures[system], name), random * (name in ("low", "high")))
            if objection:
                yield f"{REPORT}: line {line}, {name} of {shown(system)}: {objection}"


def _objection(cell: str, expected: float, allowed: float) -> str:
    """What is wrong with a printed figure, as a sentence, or nothing."""
    text = unicodedata.normalize("NFKC", cell).replace(",", ".").replace("−", "-")
    if np.isnan(expected):
        return "" if text in _DASHES else f"{shown(cell)}, expected a dash: it cannot be computed."
    match = _NUMBER.fullmatch(text)
    if not match:
        return f"{shown(cell)} is no number, expected {expected:.3f}."
    unit = 10.0 ** -len(match[2] or "") * (0.01 if match[3] else 1)
    if unit > 0.0101:
        return f"{shown(cell)} has too few digits: give two behind the point at least."
    value = float(match[1]) * (0.01 if match[3] else 1)
    off = abs(value - expected)
    return (
        ""
        if off <= unit / 2 + allowed + 1e-9
        else f"{shown(cell)} does not follow from {ANSWERS}, which gives {expected:.3f}."
    )


def _find_gain(report: Report, baselines: Mapping[str, bool], items: _Items) -> None:
    """Compares the main system with the best baseline, on the same items."""
    known = [system for system in (*baselines, MAJORITY) if system in report.figures]
    if report.main not in report.figures:
        return
    report.baseline = max(known, key=lambda system: report.figures[system].accuracy)
    groups = [items.group[item] for item in items.of("test")]
    main, baseline = report.figures[report.main], report.figures[report.baseline]
    report.gain = scores.difference(main, baseline, groups)
