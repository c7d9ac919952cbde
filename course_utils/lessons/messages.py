"""What the program says, in another language: a message is taken apart by the templates it came from.

Messages are written in English where they arise. On their way to a person they are matched with the
templates of a catalogue (:mod:`course_utils.lessons.templates`), and given in the words of the translation
with the same values. What fills a place is matched again, since it may be a template itself; so are sentences
that were joined. Of the ways to take a message apart that is taken by which most letters are known, and among
equals the one that cuts no sentence and no bracket. Whatever is not known stays in English.
"""

import ast
import contextlib
import functools
import itertools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from course_utils.errors import CourseError
from course_utils.lessons.catalogues import KEEP, Catalogue, folder_of
from course_utils.lessons.templates import COMMON, PLACE, PLURAL, catalogue_of_checks

__all__ = ["Phrasebook", "in_language", "of_check"]

_LATIN_WORD = re.compile(r"[A-Za-z]{2,}")
_ENDS = (".", "?", "!", ":", ";", "。")
_IN_SENTENCE = re.compile("[^.?!: ] *$")
_GOES_ON = re.compile(" ?[a-z,;]")
_SENTENCE_END = re.compile("[.?!](?: |$)|: ?$")
_CODE = re.compile(r"`[^`]*`")
_PATH_BEFORE = re.compile(r"\S*[./\\]\S*:")  # the name of a file, of which something is said
_BRACKETS = ("()", "[]", "{}", "“”")
_OPENING = r"'\"\[({<"  # how Python begins to write a value
_BALANCED = r"((?:[^()\[\]]|\([^()]*\)|\[[^\[\]]*\])*?)"  # a place that cuts no brackets
_MAY_BE = "\0"  # a blank that may be there
_LONGEST = 2_000  # letters of a message; a hint may quote whatever an answer has returned
_MOST_PIECES = 1_000
_FIRST_PLACE = "{0}"
_FAULT = 0.001  # of a letter: of two ways to know as many letters the one with fewer faults is taken
_FEW = 6  # letters; a template of fewer, such as "{0} of {1}", could have made anything
_MANY = 20  # letters from which a message may have been cut anywhere, as one that quotes a library's error
_LIST = re.compile(r"(?:'[^']*'|[\w./-]+)(?:, (?:'[^']*'|[\w./-]+|…))+")
_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_FULL_SIGNS = {".": "。", ":": "：", ",": "，", ";": "；"}
_SIGNS = "，。；：！？、（）《》…—"


@dataclass(frozen=True)
class _Template:
    """A template with its translation.

    Attributes:
        english: str, with a place in front if it is the end of something.
        translation: tuple of str and int, text and numbers of places; None where there is none.
    """

    english: str
    translation: tuple[str | int, ...] | None

    @classmethod
    def of(cls, english: str, other: str | None) -> "_Template":
        """Makes one; what goes on where something else ends has that as its first place."""
        letters = sum(map(str.isalpha, PLACE.sub("", english)))
        is_end = english.startswith((" ", ",")) or (english[0].islower() and letters >= _MANY)
        whole = _FIRST_PLACE + PLACE.sub(_shifted, english) if is_end else english
        if other is None:
            return cls(whole, None)
        return cls(whole, (0, *_parts(PLACE.sub(_shifted, other))) if is_end else _parts(other))

    @functools.cached_property
    def longest(self) -> str:
        """The longest piece of its text: a message without it is of another template."""
        return max(PLACE.split(self.english), key=len).strip(" ")

    @functools.cached_property
    def weight(self) -> int:
        """How many letters of a message it knows."""
        return sum(map(str.isalpha, PLACE.sub("", self.english)))

    @functools.cached_property
    def coded(self) -> frozenset[int]:
        """The places inside of code, where nothing is translated."""
        parts = (part for code in _CODE.findall(self.english) for part in _parts(code))
        return frozenset(part for part in parts if isinstance(part, int))

    @functools.cached_property
    def free(self) -> frozenset[int]:
        """The places neither in code nor beside a bracket, where several values are a list of a sentence."""
        free = (int(place) for place in re.findall(r"(?<![(\[{])\{(\d+)\}(?![)\]}])", self.english))
        return frozenset(free) - self.coded

    @functools.cached_property
    def inside(self) -> dict[int, tuple[str, str]]:
        """The places inside of a sentence, each with the text before and after it."""
        texts, places = PLACE.split(self.english), PLACE.findall(self.english)
        return {
            int(place[1:-1]): (before, after)
            for before, place, after in zip(texts, places, texts[1:], strict=False)
            if place != PLURAL and (_IN_SENTENCE.search(before) or _GOES_ON.match(after))
        }

    @functools.cached_property
    def patterns(self) -> list[re.Pattern]:
        """What matches a message, a group for each place: they end as early as can be, or as late.

        Two places with nothing but a blank between them are also cut in front of a value.
        """
        ways = itertools.product(("(.*?)", _BALANCED, "(.*)"), (" ", rf" (?=[{_OPENING}])"))
        found = dict.fromkeys(_pattern(self.english, place, blank) for place, blank in ways)
        return [re.compile(pattern, re.DOTALL) for pattern in found]


def _first_tried(pair: tuple[str, str | None]) -> tuple[bool, bool]:
    """Orders templates: what says where before what it says it of, and last what begins with any value."""
    english = pair[0]
    return not english.startswith(" "), bool(PLACE.match(english))


def _shifted(place: re.Match) -> str:
    return place[0] if place[0] == PLURAL else f"{{{int(place[0][1:-1]) + 1}}}"


def _pattern(english: str, place: str, blank: str) -> str:
    """Writes a pattern; a blank in front of a last place may be gone with what it stood in front of."""
    found = ""
    for part in _cut(re.sub(rf" (?={PLACE.pattern}$)", _MAY_BE, english)):
        if part == PLURAL:
            found += "s?"
        elif PLACE.fullmatch(part):
            found += place
        elif part == " ":
            found += blank
        else:
            found += re.escape(part).replace(_MAY_BE, "(?: |$)")
            found += r"(?!\d)" * part.rstrip(_MAY_BE).endswith(".")  # not the point of a number
    return found


def _cut(text: str) -> list[str]:
    """Gives a template's text and places one by one."""
    return re.split(f"({PLACE.pattern})", text)


def _parts(text: str) -> tuple[str | int, ...]:
    """Gives the text and the numbers of the places of a template, without plurals."""
    parts = (part for part in _cut(text) if part not in ("", PLURAL))
    return tuple(int(part[1:-1]) if PLACE.fullmatch(part) else part for part in parts)


class Phrasebook:
    """Gives messages in another language.

    Args:
        translations: dict from each template to its translation; None where there is none: what such a
            template has made stays in English.
    """

    def __init__(self, translations: Mapping[str, str | None]) -> None:
        self._templates = [_Template.of(*pair) for pair in sorted(translations.items(), key=_first_tried)]
        self._plain = {text for text in translations if len(text) > _FEW and not PLACE.search(text)}
        self._found: dict[str, tuple[float, str]] = {}  # pieces of the message that is looked at

    @classmethod
    def of(cls, *catalogues: Catalogue) -> "Phrasebook":
        """Makes the phrasebook of catalogues; what fills places of a kept template is translated, too."""
        entries = [(one, entry) for one in catalogues for entry in one.entries.values()]
        return cls(
            {
                entry.passage.text: entry.passage.text if KEEP in entry.comments else one.find(entry.passage)
                for one, entry in entries
            }
        )

    def translated(self, message: str) -> str:
        """Gives a finished message in the other language; what no template has made stays as it is."""
        return self._taken_apart(message)[1]

    def knows(self, message: str) -> bool:
        """Says whether a template has made a message, or one each of its sentences."""
        return self._taken_apart(message)[0] > 0

    def _taken_apart(self, message: str) -> tuple[float, str]:
        self._found.clear()
        if len(message) > _LONGEST:
            return 0, message
        try:
            return self._search(message)
        except RecursionError:  # it quotes hundreds of sentences
            return 0, message

    def _search(self, text: str) -> tuple[float, str]:
        """Gives how many letters of a text are known, as many as can be, and its translation."""
        if text not in self._found:
            if len(self._found) >= _MOST_PIECES:
                return 0, text
            self._found[text] = self._best(text)
        return self._found[text]

    def _best(self, text: str) -> tuple[float, str]:
        best, letters = (0, text), sum(map(str.isalpha, text))
        if not _LATIN_WORD.search(text):
            return best
        ways = [
            *(self._by_template, self._by_pieces, self._before_value),
            *(self._without_sign, self._without_capital, self._without_blank, self._by_items),
        ]
        if _is_value(text):
            ways = [self._in_brackets]
        for found in (found for way in ways for found in way(text)):
            best = max(best, found, key=lambda pair: pair[0])
            if best[0] >= letters:
                break
        return best

    def _by_template(self, text: str) -> Iterator[tuple[float, str]]:
        return self._by_one_of(self._templates, text)

    def _in_brackets(self, text: str) -> Iterator[tuple[float, str]]:
        """Takes what may be a value, which stays as it is, for a message only if that has its bracket."""
        own = [
            one for one in self._templates if one.english.startswith(text[0]) and not PLACE.match(one.english)
        ]
        return self._by_one_of(own, text)

    def _by_one_of(self, templates: list[_Template], text: str) -> Iterator[tuple[float, str]]:
        for template in templates:
            if template.longest in text:
                matches = (pattern.fullmatch(text) for pattern in template.patterns)
                for groups in dict.fromkeys(match.groups() for match in matches if match):
                    if template.weight >= _MANY or all(map(_is_whole, groups)):
                        yield from self._filled(template, text, groups)

    def _filled(self, template: _Template, text: str, groups: tuple[str, ...]) -> Iterator[tuple[float, str]]:
        values = [
            (0, value) if place in template.coded else self._search(value)
            for place, value in enumerate(groups)
        ]
        if template.weight < _FEW and any(_is_strange(*value) for value in values):
            return
        known = template.weight + sum(count for count, _ in values) - _FAULT * _faults(template, groups)
        if template.translation is None:
            yield known, text
            return
        filled = [
            _listed(words) if place in template.free else words for place, (_, words) in enumerate(values)
        ]
        words = (filled[part] if isinstance(part, int) else part for part in template.translation)
        yield known, functools.reduce(_joined, words, "")

    def _by_pieces(self, text: str) -> Iterator[tuple[float, str]]:
        """Cuts between two sentences, and beside what a template without places has made."""
        for blank in re.finditer(" (?=[^ ])", text):
            left, right = text[: blank.start()], text[blank.end() :]
            if (left.endswith(_ENDS) and _is_whole(left)) or left in self._plain or right in self._plain:
                (one, first), (other, second) = self._search(left), self._search(right)
                if _PATH_BEFORE.fullmatch(first) and re.match(f"[{_HAN}]", second):
                    first = f"{first[:-1]}："
                yield one + other, _joined(first, f" {second}")

    def _before_value(self, text: str) -> Iterator[tuple[float, str]]:
        """Takes a piece behind which a value was put."""
        for opening in re.finditer(rf" (?=[{_OPENING}])", text):
            if _is_value(text[opening.end() :]):
                known, words = self._search(text[: opening.end()])
                yield known, _joined(words, text[opening.end() :])
                return

    def _without_sign(self, text: str) -> Iterator[tuple[float, str]]:
        """Takes a sentence without its full stop, which may have been put behind a piece."""
        if text[-1] in _FULL_SIGNS:
            known, words = self._search(text[:-1])
            is_other = re.search(f"[{_HAN}]", words)
            yield known, _joined(words, _FULL_SIGNS[text[-1]]) if is_other else words + text[-1]

    def _without_capital(self, text: str) -> Iterator[tuple[float, str]]:
        """Takes a piece that was put at the beginning of a sentence."""
        if text[0].isupper():
            known, words = self._search(text[0].lower() + text[1:])
            yield (known, words) if re.search(f"[{_HAN}]", words) else (known, text)

    def _by_items(self, text: str) -> Iterator[tuple[float, str]]:
        """Takes a list of which each item is known."""
        items = text.split(", ")
        if len(items) > 1:
            found = list(itertools.takewhile(lambda pair: pair[0] > 0, map(self._search, items)))
            if len(found) == len(items):
                known, words = zip(*found, strict=True)
                yield sum(known), "，".join(words)

    def _without_blank(self, text: str) -> Iterator[tuple[float, str]]:
        """Takes a piece without the blank behind it."""
        if text.endswith(" "):
            known, words = self._search(text[:-1])
            yield known, f"{words} "


def in_language(message: str, language: str, *catalogues: str) -> str:
    """Gives a finished message in a language.

    Args:
        message: str, in English.
        language: str, folder of the language's catalogues, such as "zh_CN"; "" for English.
        catalogues: names of those that may have made it, such as
            :data:`~course_utils.words.MESSAGES`.

    Returns:
        str; in English where no catalogue has it, or none can be read: nothing fails for its words.
    """
    return _phrasebook(language, catalogues).translated(message) if language else message


def of_check(message: str, language: str, number: str = "", *others: str) -> str:
    """Gives what a check says in a language.

    Args:
        message: str, in English.
        language: str, folder of the language's catalogues; "" for English.
        number: str, the exercise's, such as "1.2"; "" for what every check may say.
        others: str, names of further catalogues that may have made it.

    Returns:
        str, as of :func:`in_language`.
    """
    lesson = [catalogue_of_checks(number.partition(".")[0].zfill(2))] if number else []
    return in_language(message, language, COMMON, *lesson, *others)


@functools.cache
def _phrasebook(language: str, names: tuple[str, ...]) -> Phrasebook:
    found = []
    for name in names:
        with contextlib.suppress(CourseError):
            found.append(Catalogue.read(folder_of(language) / f"{name}.po"))
    return Phrasebook.of(*found)


def _is_whole(text: str) -> bool:
    """Says whether a piece of a message holds each bracket and quotation mark with its other half."""
    return text.count("`") % 2 == 0 and all(text.count(one) == text.count(other) for one, other in _BRACKETS)


def _faults(template: _Template, groups: tuple[str, ...]) -> int:
    """Counts the places that hold half of brackets or several of a list, or break their sentence."""
    halves = sum(not _is_whole(value) or "; " in f"{value} " for value in groups)
    return halves + sum(_breaks(groups[place], *around) for place, around in template.inside.items())


def _breaks(value: str, before: str, after: str) -> bool:
    """Says whether a value ends a sentence, or a phrase with a colon, or is none where words want one."""
    if not value:
        return before.endswith(" ")
    return not _is_value(value) and (bool(_SENTENCE_END.search(value)) or (not after and ": " in value))


def _is_strange(known: float, text: str) -> bool:
    """Says whether a piece of a message has words that no template made, or was cut, and is no value."""
    is_cut = text.endswith(",") or len(text.split()) > 2
    return known < 1 and is_cut and bool(_LATIN_WORD.search(text)) and not _is_value(text)


def _is_value(text: str) -> bool:
    """Says whether a piece of a message is one value as Python writes it, maybe with dots in its middle."""
    if not re.match(f"[{_OPENING}]", text):
        return False
    try:
        ast.literal_eval(text)
        return True
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        # A value that was cut short, or an array.
        levels = itertools.accumulate((sign in "[({<") - (sign in "])}>") for sign in text[:-1])
        return text[0] in "[({<" and text[-1] in "])}>" and all(levels)


def _listed(text: str) -> str:
    """Sets a list of numbers, names or strings as it is done in Chinese."""
    return text.replace(", ", "、") if _LIST.fullmatch(text) else text


def _joined(left: str, right: str) -> str:
    """Puts two pieces beside each other, with or without a blank as it is done in Chinese."""
    one, other = left.rstrip(" "), right.lstrip(" ")
    beside = f"{one[-1:]}{other[:1]}"
    if len(beside) < 2 or not re.search(f"[{_HAN}{_SIGNS}]", beside):
        return left + right
    if re.search(f"[{_SIGNS}]", beside) or re.fullmatch(f"[{_HAN}“”]{{2}}", beside):
        return one + other
    return f"{one} {other}"
