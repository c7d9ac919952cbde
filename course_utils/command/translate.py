"""`translate`: brings the catalogues of the Chinese edition up to date, and says what is left to do."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from course_utils.files import write_atomically
from course_utils.lessons import answers, descriptions, editions, proofreading, resources
from course_utils.lessons.catalogues import (
    ANSWERS,
    COMPLETE,
    COURSE,
    TERMS,
    Catalogue,
    complete_lessons,
    folder_of,
)
from course_utils.lessons.templates import COMMON, DRAWINGS, LIBRARY, MESSAGES, catalogue_of_checks, offered
from course_utils.lessons.translation import COURSE_SENTENCES, Passage, passages
from course_utils.places import NOTEBOOKS
from course_utils.reports import outline

LANGUAGE = "zh_CN"


@dataclass(frozen=True)
class Finding:
    """What is to be said of one entry.

    Attributes:
        context: str, where it stands.
        text: str, the beginning of its English.
        sentence: str.
        serious: bool, whether it is wrong, instead of worth a look.
    """

    context: str
    text: str
    sentence: str
    serious: bool = True

    def __str__(self) -> str:
        return f"{self.context}: {self.sentence} (“{self.text}”)"


def update(lessons: list[Path], with_terms: bool = False, folder: Path | None = None) -> int:
    """Writes the catalogues of lessons as the lessons are now, and prints what is left to do.

    Args:
        lessons: list of Path, of the worked edition.
        with_terms: bool, whether to print terms that are worth a look as well.
        folder: Path of the catalogues; translations/zh_CN when None.

    Returns:
        int, how many things are wrong in what is translated.

    Raises:
        CourseError: when a lesson or catalogue cannot be read or written.
    """
    folder = folder or folder_of(LANGUAGE)
    folder.mkdir(parents=True, exist_ok=True)
    _update_terms(folder)
    wrong = 0
    for name, found in _all_that_is_said(lessons):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        catalogue = Catalogue.read(folder / f"{name}.po", title_of(name)).updated(found)
        catalogue.write(folder / f"{name}.po")
        findings = list(findings_in(catalogue, folder, name))
        serious = [finding for finding in findings if finding.serious]
        wrong += len(serious)
        counts = ", ".join(f"{count} {state}" for state, count in catalogue.states().items())
        hidden = len(findings) - len(serious)
        terms = f", {hidden} terms to look at" if hidden else ""
        print(f"{name}: {counts}; {len(serious)} wrong{terms}")
        for finding in findings if with_terms else serious:
            print(f"  {finding}")
    return wrong


def title_of(name: str) -> str:
    """Gives the first line of a catalogue."""
    return f"{name}, in Chinese: python3 -m course_utils translate writes and checks this file"


def findings_in(catalogue: Catalogue, folder: Path, name: str) -> Iterator[Finding]:
    """Says what is wrong in a catalogue, and what is worth a look.

    Args:
        catalogue: :class:`~course_utils.lessons.catalogues.Catalogue`.
        folder: Path where the table of terms and the list of complete lessons lie.
        name: str, the lesson's file without .ipynb.

    Yields:
        :class:`Finding`, in the order of the lesson.
    """
    terms = list(proofreading.read_terms(folder / TERMS).values())
    complete = name in complete_lessons(folder)
    for passage, entry in catalogue.entries.items():
        text = passage.text.split("\n")[0][:50]
        if complete and entry.state != "translated":
            yield Finding(
                passage.context, text, f"it is {entry.state}, in a lesson that {COMPLETE} has as complete"
            )
        for sentence in proofreading.complaints(entry):
            yield Finding(passage.context, text, sentence)
        for term, sentence in proofreading.strange_terms(entry, terms):
            yield Finding(passage.context, text, sentence, term.strict)


def _all_that_is_said(lessons: list[Path]) -> Iterator[tuple[str, list[Passage]]]:
    """Gives the name of each catalogue and what it has to translate."""
    yield COURSE, _sentences()
    yield ANSWERS, answers.offered(sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")))
    yield outline.CATALOGUE, [Passage("report.md", text) for text in outline.TEXTS]
    yield resources.CATALOGUE, resources.offered()
    numbers = [path.name[:2] for path in lessons]
    for name in (MESSAGES, LIBRARY, DRAWINGS, COMMON, *map(catalogue_of_checks, numbers)):
        yield name, offered(name)
    for path in lessons:
        yield path.stem, _passages(path)


def _sentences() -> list[Passage]:
    return [Passage("", sentence) for sentence in COURSE_SENTENCES]


def _passages(lesson: Path) -> list[Passage]:
    words = passages(editions.clear_answers(editions.read_notebook(lesson)))
    return words + descriptions.offered(lesson.name[:2])


def _update_terms(folder: Path) -> None:
    """Adds what the lessons' glossaries have to the table of terms; what somebody has written there stays."""
    known = proofreading.read_terms(folder / TERMS)
    tables = [
        passage.text for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")) for passage in _passages(path)
    ]
    content = proofreading.terms_as_text(proofreading.renewed(known, proofreading.glossary_terms(tables)))
    path = folder / TERMS
    if not path.is_file() or path.read_text(encoding="utf-8") != content:
        write_atomically(path, content)
