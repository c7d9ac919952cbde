"""What can be told of a translation without reading it: whatever must be the same in both languages is, and
the Chinese is set as Chinese.

Each rule is a function of an English and a Chinese text that yields what is wrong, one sentence each.
"""

import csv
import functools
import io
import itertools
import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from course_utils.errors import CourseError
from course_utils.lessons.catalogues import KEEP, Entry
from course_utils.lessons.templates import PLACE, PLURAL

__all__ = ["Term", "complaints", "glossary_terms", "read_terms", "renewed", "strange_terms", "terms_as_text"]

_FENCED = re.compile(r"^ *(`{3,}|~{3,}).*?^ *\1", re.DOTALL | re.MULTILINE)
_CODE = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_FORMULA = re.compile(r"(?<!\\)\$\$.+?\$\$|(?<![\\$])\$[^$\n]+?(?<!\\)\$", re.DOTALL)
_TARGET = re.compile(
    r"(?<=\])\([^()\s]*(?:\([^()\s]*\)[^()\s]*)*(?: +\"[^\"]*\")?\)|https?://[^\s)>|，。；）]+"
)
_TAG = re.compile(r"<!--.*?-->|</?[A-Za-z][^<>]*>", re.DOTALL)
_NUMBER = re.compile(r"[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?(?![0-9])|[0-9]+(?:\.[0-9]+)*")
_ITEM = re.compile(r"^( *)(?:[-*+]|[0-9]+[.)]) ", re.MULTILINE)
_HAN = "[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"
_FULL = "，。；：！？、"
_THING = "\ufffc"  # stands for code or a formula; a sign to Markdown, as ` and $ are
_WORDS = re.compile(r"[^\W\d_][\w'’.-]*(?:[ \n,;:()/]+[^\W\d_][\w'’.-]*){6,}")
# fmt: off
_NUMBER_WORDS = [
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
    "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen", "twenty",
]
# fmt: on


def complaints(entry: Entry) -> Iterator[str]:
    """Says what is wrong with a translation.

    Args:
        entry: :class:`~course_utils.lessons.catalogues.Entry`; of one that is fuzzy, has no translation or is
            marked to stay in English nothing is said. In code asterisks are shown as they are.

    Yields:
        str, a sentence without its cell.
    """
    if entry.translation and not entry.fuzzy and KEEP not in entry.comments:
        for rule in _RULES if entry.passage.kind else (*_RULES, _is_shown_as_meant):
            yield from rule(entry.passage.text, entry.translation)


def _same_things(english: str, chinese: str) -> Iterator[str]:
    for name, things in _THINGS.items():
        ours, theirs = Counter(things(english)), Counter(things(chinese))
        for thing in ours - theirs:
            yield f"the {name} {thing} is missing"
        for thing in theirs - ours:
            yield f"the {name} {thing} is not in the English"


def _same_numbers(english: str, chinese: str) -> Iterator[str]:
    ours, theirs = (Counter(_numbers(text)) for text in (english, chinese))
    for number in ours - theirs:
        yield f"the number {number} is missing"
    words = {word.lower() for word in re.findall("[A-Za-z]+", english)}
    for number in theirs - ours:
        spelled = number.isdecimal() and int(number) < len(_NUMBER_WORDS)
        if not (spelled and _NUMBER_WORDS[int(number)] in words):
            yield f"the number {number} is not in the English"


def _same_form(english: str, chinese: str) -> Iterator[str]:
    for name, form in _FORMS.items():
        if form(english) != form(chinese):
            yield f"{name}: {form(chinese)}, in the English {form(english)}"


def _is_chinese(english: str, chinese: str) -> Iterator[str]:
    if not re.search(_HAN, chinese):
        yield f"there is no Chinese in it; what is to stay in English gets the comment `# {KEEP}`"
        return
    text = re.sub(r'“[^”]*”|"[^"]*"|《[^》]*》|(?<!\*)\*[^*]+\*(?!\*)', _THING, _prose(chinese))
    for match in _WORDS.finditer(text):
        if sum(word[:1].islower() for word in re.findall(r"[\w'’.-]+", match[0])) > 3:
            yield f"English is left: “{match[0][:60]}”"


def _is_set_as_chinese(english: str, chinese: str) -> Iterator[str]:
    text = _prose(chinese)
    for name, pattern in _SETTING.items():
        match = re.search(pattern, text, re.MULTILINE)
        if match:
            around = text[max(0, match.start() - 6) : match.end() + 6].replace(_THING, "…").replace("\n", "⏎")
            yield f"{name}: “{around}”"


def _is_shown_as_meant(english: str, chinese: str) -> Iterator[str]:
    """Looks for asterisks that Markdown would show instead of setting words bold or slanted.

    They open only in front of a letter or behind a space or sign, and close the other way round: in
    ``**词（word）**是`` the last two stay visible, since a letter follows a sign and them.
    """
    text, waiting = _prose(chinese), []
    for run in re.finditer(r"(?<!\\)\*+", re.sub(r"^( *)\* ", r"\1- ", text, flags=re.MULTILINE)):
        before, after = text[run.start() - 1 : run.start()] or " ", text[run.end() : run.end() + 1] or " "
        closes = not before.isspace() and (not _is_sign(before) or after.isspace() or _is_sign(after))
        opens = not after.isspace() and (not _is_sign(after) or before.isspace() or _is_sign(before))
        if waiting and waiting[-1] == run[0] and closes:
            waiting.pop()
        elif opens and run[0] not in waiting:
            waiting.append(run[0])
        else:
            around = text[max(0, run.start() - 8) : run.end() + 8].replace(_THING, "…")
            yield f"{run[0]} would be shown as it is in “{around}”: a space before or behind it helps"
            return
    if waiting:
        yield f"{waiting[0]} is opened and not closed"


_RULES = (_same_things, _same_numbers, _same_form, _is_chinese, _is_set_as_chinese)


def _is_sign(character: str) -> bool:
    return unicodedata.category(character)[0] in "PS"


def _without_code(text: str) -> str:
    return _CODE.sub(_THING, _FENCED.sub(_THING, text))


def _prose(text: str) -> str:
    """Gives the text that is read: without code, formulas, places, tags and targets of links."""
    text = PLACE.sub(_THING, _FORMULA.sub(_THING, _without_code(text)))
    return _TAG.sub("", _TARGET.sub("", text))


def _code_spans(text: str) -> list[str]:
    text = _FENCED.sub("", text)
    return [f"`{match[2]}`" for match in _CODE.finditer(text)]


def _targets(text: str) -> list[str]:
    return _TARGET.findall(_without_code(text))


_THINGS = {
    "code": _code_spans,
    "block of code": lambda text: [match[0] for match in _FENCED.finditer(text)],
    "formula": lambda text: _FORMULA.findall(_without_code(text)),
    "target of a link": _targets,
    "tag": lambda text: _TAG.findall(_FORMULA.sub("", _without_code(text))),
    "place": lambda text: [place[0] for place in PLACE.finditer(_without_code(text)) if place[0] != PLURAL],
    "picture": lambda text: re.findall(r"!\[[^\]]*\](\([^)]*\))", _without_code(text)),
}
"""What has to be in both, as often: name → function of a text that lists them."""


def _numbers(text: str) -> list[str]:
    return [number.replace(",", "") for number in _NUMBER.findall(_prose(text))]


def _columns(text: str) -> list[int]:
    lines = _without_code(text).split("\n")
    return [len(re.findall(r"(?<!\\)\|", line)) for line in lines if line.lstrip().startswith("|")]


_FORMS = {
    "level of the heading": lambda text: len(re.match("#*", text)[0]),
    "bars in each row of the table": _columns,
    "indents of the items in the list": lambda text: [len(indent) for indent in _ITEM.findall(text)],
}
"""What of the form has to be equal: name → function of a text."""

_SETTING = {
    "a sign of half width beside Chinese": (
        rf"{_HAN} ?[,;:!?]|[,;:!?] ?{_HAN}|{_HAN}\.(?![0-9A-Za-z])|{_THING}[,;!?]"
    ),
    "a bracket of half width beside Chinese": rf"{_HAN}\(|\({_HAN}|{_HAN}\)|\){_HAN}",
    "straight quotes beside Chinese": rf'{_HAN}"|"{_HAN}',
    "a sentence that ends with a full stop of half width": rf"^.*{_HAN}.*[A-Za-z0-9)*”…{_THING}]\.$",
    "a space between Chinese characters": rf"[{_HAN[1:-1]}{_FULL}]\s+[{_HAN[1:-1]}{_FULL}]",
    "a space beside a sign of full width": rf"\S[ \t]+[{_FULL}）]|[{_FULL}（][ \t]+[^|\s]",
    "no space between Chinese and a Latin letter, number, code or formula": (
        rf"{_HAN}[A-Za-z0-9{_THING}]|[A-Za-z0-9{_THING}]{_HAN}"
    ),
}
"""What is wrong with the setting: name → pattern in the prose."""


_NO_LATIN = f"{_HAN[1:-1]}{_FULL}（）“”《》…"
_LATIN = re.compile(f"[^{_NO_LATIN}]*[A-Za-z][^{_NO_LATIN}]*")
_WORDS_OF_A_NAME = 3  # more of them that stay in Latin letters are a title
_SEVERAL = ["chinese", "also", "other"]
_COLUMNS = ["english", *_SEVERAL, "strict"]


@dataclass(frozen=True)
class Term:
    """A term of the field as the course's glossaries have it.

    Attributes:
        english: str.
        chinese: tuple of str, what the glossaries call it; empty for a term that none of them has.
        also: tuple of str, what else it may be called, in another of its senses too.
        other: tuple of str, English phrases that have the word and mean something else: "data set" has "set".
        strict: bool, whether a translation without any of its names is wrong, instead of worth a look.
    """

    english: str
    chinese: tuple[str, ...]
    also: tuple[str, ...] = ()
    other: tuple[str, ...] = ()
    strict: bool = False

    def is_in(self, chinese: str) -> bool:
        """Says whether a Chinese text has one of its names; an abbreviation may stay as it is: LSTM, BLEU."""
        stays = not self.english.islower() and self.english in chinese
        return stays or any(name.lower() in chinese.lower() for name in self.chinese + self.also)


def glossary_terms(tables: Iterable[str]) -> dict[str, Term]:
    """Reads terms out of glossaries, Markdown tables of English, Chinese and meaning.

    Args:
        tables: of str, paragraphs; those that are no glossary are passed over.

    Returns:
        dict from the English to its :class:`Term`, in alphabetical order.
    """
    found: dict[str, dict[str, None]] = {}
    for table in tables:
        if not table.startswith("| English | 中文 |"):
            continue
        for row in table.split("\n")[2:]:
            english, chinese = (re.split("[,，、] *", cell.strip()) for cell in row.split("|")[1:3])
            pairs = zip(english, chinese, strict=True) if len(english) == len(chinese) else None
            for one, other in pairs or ((one, other) for one in english for other in chinese):
                found.setdefault(one, {})[other] = None
    return {english: Term(english, tuple(found[english])) for english in sorted(found, key=str.lower)}


def read_terms(path: Path) -> dict[str, Term]:
    """Reads the table of terms.

    Args:
        path: Path of a .csv file with the columns english, chinese, also, other (in these three several with
            " / " between) and strict ("yes" or nothing).

    Returns:
        dict from the English to its :class:`Term`; empty if there is no such file.

    Raises:
        CourseError: when it has other columns.
    """
    if not path.is_file():
        return {}
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    if rows.fieldnames != _COLUMNS:
        raise CourseError(f"{path}: it has the columns {rows.fieldnames}; expected {_COLUMNS}.")
    return {row["english"]: _term(row) for row in rows}


def _term(row: dict[str, str]) -> Term:
    several = {name: tuple(row[name].split(" / ")) if row[name] else () for name in _SEVERAL}
    return Term(row["english"], **several, strict=row["strict"] == "yes")


def renewed(known: dict[str, Term], found: dict[str, Term]) -> dict[str, Term]:
    """Gives a table of terms the Chinese that the glossaries have now; what somebody has written in it stays.

    Args:
        known: dict from the English to its :class:`Term`, the table.
        found: the same, what :func:`glossary_terms` gives.

    Returns:
        The same, in alphabetical order. A term that is in no glossary has to have other names of its own.
    """
    own = {english: replace(term, chinese=()) for english, term in known.items() if term.also}
    drawn = {
        english: replace(known.get(english, term), chinese=term.chinese) for english, term in found.items()
    }
    terms = own | drawn
    return {english: terms[english] for english in sorted(terms, key=str.lower)}


def terms_as_text(terms: dict[str, Term]) -> str:
    """Gives the table of terms as :func:`read_terms` reads it."""
    file = io.StringIO()
    rows = csv.writer(file, lineterminator="\n")
    rows.writerow(_COLUMNS)
    for term in terms.values():
        several = (" / ".join(getattr(term, name)) for name in _SEVERAL)
        rows.writerow([term.english, *several, "yes" if term.strict else ""])
    return file.getvalue()


def strange_terms(entry: Entry, terms: Iterable[Term]) -> Iterator[tuple[Term, str]]:
    """Finds terms of the English, in singular or plural, whose Chinese the translation does not have.

    Of terms within each other the longest counts: a prefix mask is no mask. So do the phrases that have a
    term's word and mean something else. Names of arguments, shapes, formulas in words and titles are no use
    of a term where both texts have them.

    Args:
        entry: :class:`~course_utils.lessons.catalogues.Entry`.
        terms: of :class:`Term`.

    Yields:
        The term, and a sentence about it; each term once.
    """
    if not entry.translation or entry.fuzzy or KEEP in entry.comments:
        return
    pattern, meant = _finder(tuple(terms))
    english, chinese = _prose(entry.passage.text), _prose(entry.translation)
    used = (meant[match.lastindex - 1] for match in pattern.finditer(_without_names(english, chinese)))
    for term in dict.fromkeys(used):
        if term and not term.is_in(chinese):
            names = " or ".join(term.chinese + term.also)
            yield term, f"“{term.english}” is {names} in the table of terms, which is not there"


def _without_names(english: str, chinese: str) -> str:
    """Leaves out what both have in Latin letters and is no word: (batch, width), a / b, arguments, titles."""
    of_an_argument = english[:1].islower()  # a message that begins with its name
    texts = (chinese, chinese.replace("、", ", "))
    runs = {run.strip(" ()") for text in texts for run in _LATIN.findall(text)}
    for run in sorted(runs, key=len, reverse=True):
        english = english.replace(run if _is_name(run) else f"({run})", _THING)
    words = set(re.findall("[A-Za-z_]+", chinese)) if of_an_argument else ()
    return re.sub(rf"\b(?:{'|'.join(words)})\b", _THING, english) if words else english


def _is_name(run: str) -> bool:
    return bool(re.search(r"[·/=√+_:]|\w\.\w", run)) or len(run.split()) > _WORDS_OF_A_NAME


@functools.cache
def _finder(terms: tuple[Term, ...]) -> tuple[re.Pattern[str], list[Term | None]]:
    """Gives a pattern with a group for each term or phrase, and what each stands for, longest first.

    They are parted by their first letter: to try hundreds of groups at each word takes ten times as long.
    """
    meant = dict.fromkeys(phrase for term in terms for phrase in term.other)
    meant |= {term.english: term for term in terms}
    words = sorted(meant, key=lambda word: (word[0].lower(), -len(word)))
    branches = [
        f"(?=[{first}{first.upper()}])(?:{'|'.join(f'({_in_any_number(word)})' for word in group)})"
        for first, group in itertools.groupby(words, key=lambda word: word[0].lower())
    ]
    return re.compile(rf"(?<![\w-])(?:{'|'.join(branches)})(?![\w-])"), [meant[word] for word in words]


def _in_any_number(word: str) -> str:
    """Gives a pattern; a name with capital letters has to be written as it is: "Arrow" is no arrow."""
    stem, ending = (word[:-1], "(?:y|ies)") if word.endswith("y") else (word, "(?:e?s)?")
    pattern = re.escape(stem).replace(r"\ ", r"\s+") + ending
    return f"(?i:{pattern})" if word.islower() else pattern
