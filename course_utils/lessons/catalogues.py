"""Catalogues: what of a lesson is translated, kept in gettext's .po files and brought up to date.

One entry for each :class:`~course_utils.lessons.translation.Passage`. A paragraph that has changed since
keeps its old translation, marked fuzzy, and is shown in English until somebody has looked at it.
"""

import difflib
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from babel.messages import pofile
from babel.messages.catalog import Catalog, Message

from course_utils.errors import CourseError, shown
from course_utils.files import write_atomically
from course_utils.lessons.translation import Passage
from course_utils.places import TRANSLATIONS

__all__ = [
    "ANSWERS",
    "COMPLETE",
    "COURSE",
    "KEEP",
    "TERMS",
    "Catalogue",
    "Entry",
    "complete_lessons",
    "folder_of",
]

COURSE = "course"
"""The catalogue of what the program itself writes into lessons."""
ANSWERS = "answers"
"""The catalogue of the model answers of all lessons."""
TERMS = "terms.csv"
COMPLETE = "complete.txt"
"""Names of the lessons that are translated from start to end, one a line."""

KEEP = "keep"
"""A translator's comment that says: this entry stays as it is in English."""

_HEADER = r"""# {title}
msgid ""
msgstr ""
"Language: {language}\n"
"MIME-Version: 1.0\n"
"Content-Type: text/plain; charset=UTF-8\n"
"Content-Transfer-Encoding: 8bit\n"

"""
_LINE = re.compile(r'(?:#~ *)?(?:(?:msgctxt|msgid|msgstr) +)?"(?:[^"\\]|\\.)*"|#(?!~).*|')
_ALIKE = 0.5  # share of equal characters from which a paragraph counts as an older one, changed
_NO_WRAPPING = 10**9


def folder_of(language: str) -> Path:
    """Gives the folder of a language's catalogues, such as that of "zh_CN"."""
    return TRANSLATIONS / language


def complete_lessons(folder: Path) -> list[str]:
    """Reads which lessons are translated from start to end.

    Args:
        folder: Path of a language's catalogues.

    Returns:
        list of str, names of lessons; empty where there is no such list.
    """
    path = folder / COMPLETE
    return path.read_text(encoding="utf-8").split() if path.is_file() else []


@dataclass(frozen=True)
class Entry:
    """One paragraph with its translation.

    Attributes:
        passage: :class:`~course_utils.lessons.translation.Passage`, the English.
        translation: str, "" if there is none.
        fuzzy: bool, whether the translation is of an earlier text.
        previous: str, that text, or "".
        comments: tuple of str, the translators'.
    """

    passage: Passage
    translation: str = ""
    fuzzy: bool = False
    previous: str = ""
    comments: tuple[str, ...] = ()

    @property
    def state(self) -> str:
        """Says "translated", "fuzzy" or "untranslated"; what is kept in English counts as translated."""
        if KEEP in self.comments:
            return "translated"
        if not self.translation:
            return "untranslated"
        return "fuzzy" if self.fuzzy else "translated"


@dataclass
class Catalogue:
    """The entries of one lesson, in its order.

    Attributes:
        title: str, what the file says of itself in its first line.
        language: str, such as "zh_CN".
        entries: dict from :class:`~course_utils.lessons.translation.Passage` to :class:`Entry`.
        obsolete: the same of paragraphs that are gone, should they come back.
    """

    title: str
    language: str
    entries: dict[Passage, Entry] = field(default_factory=dict)
    obsolete: dict[Passage, Entry] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, title: str = "", language: str = "zh_CN") -> "Catalogue":
        """Reads a .po file.

        Args:
            path: Path; a catalogue without entries if there is no such file.
            title: str.
            language: str.

        Returns:
            :class:`Catalogue`.

        Raises:
            CourseError: when it cannot be read, or is no catalogue of ours; names the line.
        """
        catalogue = cls(title, language)
        try:
            text = path.read_text(encoding="utf-8")
            _refuse_odd_lines(path, text)
            found = pofile.read_po(io.StringIO(text), abort_invalid=True)
        except FileNotFoundError:
            return catalogue
        except pofile.PoFileError as error:
            raise CourseError(
                f"{path}: line {error.lineno + 1}: {error}. Expected msgctxt, msgid, msgstr, in this order."
            ) from error
        except (OSError, ValueError) as error:
            raise CourseError(f"{path}: this is no catalogue that can be read: {error}.") from error
        _refuse_what_is_lost(path, text, found)
        catalogue.entries = _entries(message for message in found if message.id)
        catalogue.obsolete = _entries(found.obsolete.values())
        return catalogue

    def text(self) -> str:
        """Gives the file's content; the same entries give the same bytes."""
        plain = Catalog(charset="utf-8")
        for entry in self.entries.values():
            message = _message(entry)
            plain[message.id] = message
        for entry in self.obsolete.values():
            message = _message(entry)
            plain.obsolete[message.id, message.context] = message
        lines = pofile.generate_po(plain, omit_header=True, width=_NO_WRAPPING)
        header = _HEADER.format(title=self.title, language=self.language)
        return header + "".join(_previous_in_its_place(lines)).rstrip("\n") + "\n"

    def write(self, path: Path) -> bool:
        """Writes the file if it has changed.

        Args:
            path: Path.

        Returns:
            bool, whether it had.

        Raises:
            CourseError: when it cannot be written.
        """
        content = self.text().encode("utf-8")
        if path.is_file() and path.read_bytes() == content:
            return False
        write_atomically(path, content)
        return True

    def updated(self, passages: Iterable[Passage]) -> "Catalogue":
        """Brings a catalogue up to date with its lesson, as msgmerge does.

        What is unchanged is kept; the same text in another cell takes its translation along. A text that is
        new takes that of a similar one that is gone, of its own cell if there is one, and is fuzzy.

        Args:
            passages: of the lesson as it is now.

        Returns:
            :class:`Catalogue`. What is gone is kept as obsolete, if it was translated.
        """
        passages = list(passages)
        known = {**self.obsolete, **self.entries}
        entries = {passage: known[passage] for passage in passages if passage in known}
        gone = {
            passage: entry for passage, entry in known.items() if passage not in entries and entry.translation
        }
        for passage in passages:
            if passage not in entries:
                former = _former(passage, gone)
                entries[passage] = _succeeding(passage, former)
                if former:
                    del gone[former.passage]
        in_order = {passage: entries[passage] for passage in passages}
        return replace(self, entries=in_order, obsolete=gone)

    def find(self, passage: Passage) -> str | None:
        """Gives the translation to show.

        Args:
            passage: :class:`~course_utils.lessons.translation.Passage`.

        Returns:
            str, or None where the English has to stay.
        """
        entry = self.entries.get(passage)
        usable = entry is not None and entry.translation and not entry.fuzzy
        return entry.translation if usable else None

    def states(self) -> dict[str, int]:
        """Counts the entries by their state."""
        counts = dict.fromkeys(("translated", "fuzzy", "untranslated"), 0)
        for entry in self.entries.values():
            counts[entry.state] += 1
        return counts


def _refuse_odd_lines(path: Path, text: str) -> None:
    """Complains about what Babel would take for something else, and lose a letter of it."""
    for number, line in enumerate(text.split("\n"), start=1):
        if not _LINE.fullmatch(line.strip()):
            raise CourseError(
                f"{path}: line {number} is no line of a catalogue: {shown(line)}. Expected msgctxt, msgid or "
                'msgstr and its text in quotes, or only that, with \\" for a quote inside of it.'
            )


def _refuse_what_is_lost(path: Path, text: str, found: Catalog) -> None:
    """Complains where the reader has taken two entries for one, or left something out."""
    written = len(re.findall(r"^msgid\b", text, re.MULTILINE)) - 1  # the header is one
    if written != len(found):
        raise CourseError(
            f"{path}: {written} entries are written in it, {len(found)} are different; expected each msgctxt "
            "and msgid once, below the header. Was a part pasted twice?"
        )


def _entries(messages: Iterable[Message]) -> dict[Passage, Entry]:
    found = {}
    for message in messages:
        passage = Passage(message.context or "", message.id)
        before = [line[1:].strip() for line in message.user_comments if line.startswith("|")]
        comments = tuple(line for line in message.user_comments if line and not line.startswith("|"))
        # Who settles an entry deletes its mark; then the text before has done its work.
        fuzzy = "fuzzy" in message.flags
        previous = pofile.denormalize("\n".join(before).removeprefix("msgid ")) if before and fuzzy else ""
        found[passage] = Entry(passage, message.string, fuzzy, previous, comments)
    return found


def _message(entry: Entry) -> Message:
    before = [f"| {line}" for line in f"msgid {pofile.normalize(entry.previous, width=0)}".split("\n")]
    message = Message(
        entry.passage.text,
        entry.translation,
        context=entry.passage.context or None,
        user_comments=[*entry.comments, *(before if entry.previous else [])],
    )
    # Babel takes the "% o" of "50 % of" for a place that a program fills in.
    message.flags = {"fuzzy"} if entry.fuzzy else set()
    return message


def _previous_in_its_place(lines: Iterable[str]) -> Iterator[str]:
    """Writes what Babel takes for a comment as gettext's tools want the previous text: behind the flags."""
    before = []
    for line in lines:
        if line.startswith("# |"):
            before.append(f"#{line[2:]}")
            continue
        if line.startswith(("msgctxt", "msgid", "#~")):
            yield from before
            before = []
        yield line


def _former(passage: Passage, gone: dict[Passage, Entry]) -> Entry | None:
    """Finds what a new paragraph was before: the same text elsewhere, or the most similar one."""
    best, most = None, 0.0
    for entry in gone.values():
        alike = _likeness(passage, entry)
        if alike > most:
            best, most = entry, alike
    return best if most >= _ALIKE else None


def _likeness(passage: Passage, entry: Entry) -> float:
    """Says how much of a gone entry is in a paragraph, from 0 to 2; of the same cell it counts for more."""
    old, new = entry.previous or entry.passage.text, passage.text
    if passage.kind != entry.passage.kind:
        return 0.0  # a comment never was a paragraph, nor a docstring
    matcher = difflib.SequenceMatcher(None, old, new, autojunk=False)
    if old != new and (matcher.real_quick_ratio() < _ALIKE or matcher.quick_ratio() < _ALIKE):
        return 0.0
    alike = 1.0 if old == new else matcher.ratio()
    return alike + (alike >= _ALIKE and _cell(passage) == _cell(entry.passage))


def _cell(passage: Passage) -> str:
    return passage.context.split(" ")[0]


def _succeeding(passage: Passage, former: Entry | None) -> Entry:
    if former is None:
        return Entry(passage)
    previous = former.previous or former.passage.text
    if passage.text == previous:
        return replace(former, passage=passage, fuzzy=former.fuzzy and not former.previous, previous="")
    comments = tuple(comment for comment in former.comments if comment != KEEP)
    return replace(former, passage=passage, fuzzy=True, previous=previous, comments=comments)
