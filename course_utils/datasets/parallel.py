"""Sentences in English and Chinese with the picture that decides between them (``data/parallel``).

Two kinds. A grammar puts nouns that emoji show into frames such as "There are NUMBER NOUNs PLACE.", and
`generate` draws from it. `load` reads sentences that were written by hand.

**Senses.** "The bat is on the left." has two translations, and only the picture says which: 蝙蝠 or 球拍.
Such a sentence always comes once with each sense, in every split: who reads only the English is at chance.

**Splits of the grammar** are held apart by a fixed rule, whatever the seed:

- "train" and "validation" share nouns, frames and their combinations, never a sentence;
- "new combinations": nouns and frames of "train" that never met there;
- "new nouns": frames of "train", other nouns; "new frames": nouns of "train", other frames;
- "ambiguous": sentences with senses only, again combinations that "train" has not. The nouns themselves are
  in "train", with all of their senses; the three splits above hold none.
"""

import csv
import itertools
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from course_utils import arguments
from course_utils.datasets import emoji
from course_utils.datasets.base import DataSet
from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError

__all__ = ["FREE_KINDS", "FREE_SPLITS", "SPLITS", "Parallel", "generate", "load", "senses"]

SPLITS = ("train", "validation", "new combinations", "new nouns", "new frames", "ambiguous")
FREE_KINDS = ("caption", "everyday")
FREE_SPLITS = ("validation", "test")


@dataclass(frozen=True, repr=False, eq=False)
class Parallel(DataSet):
    """n pairs of sentences; item i of every attribute is the same pair.

    Attributes:
        english: n str. A sentence with senses occurs once with each, one after the other.
        chinese: n str, simplified characters.
        concepts: int32 (n,), the picture of the noun that matters, an index in
            ``course_utils.datasets.emoji.load()``; -1 for sentences that no grammar made.
        frames: n str, the frame's name such as "there are", or out of FREE_KINDS.
        nouns: n str, the English noun in the singular, "" for sentences that no grammar made.
        chinese_nouns: n str, its translation in this pair, "" likewise.
        senses: int32 (n,), which of the noun's senses it is, as `senses` counts them; -1 for nouns with one.
        splits: n str out of SPLITS or FREE_SPLITS.
    """

    english: list
    chinese: list
    concepts: np.ndarray
    frames: list
    nouns: list
    chinese_nouns: list
    senses: np.ndarray
    splits: list


class _Sense(NamedTuple):
    """What a noun may mean: the emoji's name, its Chinese, and the measure word (量词) that this takes."""

    concept: str
    chinese: str
    measure: str


_Filling = dict[str, tuple[str, str]]  # {gap: (English, Chinese)}


class _Noun(NamedTuple):
    singular: str
    plural: str
    group: str
    senses: tuple[_Sense, ...]


class _Frame(NamedTuple):
    """A sentence with gaps: the noun, its plural, its measure word, and whatever _FILLINGS names."""

    english: str
    chinese: str
    groups: tuple[str, ...] = ()  # of nouns that fit; none: all do


_FILLINGS = {
    "person": {
        "the child": "孩子",
        "the girl": "女孩",
        "the boy": "男孩",
        "the teacher": "老师",
        "the doctor": "医生",
        "the old man": "老人",
        "my mother": "我妈妈",
        "my father": "我爸爸",
        "my friend": "我朋友",
        "our neighbour": "我们的邻居",
        "she": "她",
        "he": "他",
    },
    "place": {
        "in front of the wall": "墙前面",
        "next to the door": "门旁边",
        "behind the curtain": "窗帘后面",
        "near the window": "窗户附近",
        "under the tree": "树下",
        "by the river": "河边",
        "in the yard": "院子里",
        "in the park": "公园里",
        "in the corner": "角落里",
        "in the middle": "中间",
        "on the left": "左边",
        "on the right": "右边",
        "on the grass": "草地上",
        "on the stage": "舞台上",
        "on the poster": "海报上",
        "in the picture": "图片里",
    },
    "number": {
        "two": "两",  # 两 and not 二 before a measure word
        "three": "三",
        "four": "四",
        "five": "五",
        "six": "六",
        "seven": "七",
        "eight": "八",
        "nine": "九",
        "ten": "十",
    },
    "quality": {
        "strange": "奇怪",
        "beautiful": "漂亮",
        "special": "特别",
        "interesting": "有趣",
        "ordinary": "普通",
        "unusual": "少见",
        "common": "常见",
    },
}

_FOOD, _ANIMALS = ("fruit", "vegetable", "food"), ("animal", "insect")
_GOODS = (*_FOOD, "drink", "clothes", "time", "toy", "sport", "instrument", "device", "office", "tool")

_FRAMES = {
    "there is": _Frame("there is a {noun} {place}.", "{place}有一{measure}{noun}。"),
    "there is such": _Frame(
        "there is a {quality} {noun} {place}.", "{place}有一{measure}{quality}的{noun}。"
    ),
    "there are": _Frame("there are {number} {plural} {place}.", "{place}有{number}{measure}{noun}。"),
    "sees": _Frame(
        "{person} sees {number} {plural} {place}.", "{person}看见{place}有{number}{measure}{noun}。"
    ),
    "how many": _Frame("how many {plural} are there {place}?", "{place}有几{measure}{noun}？"),
    "which": _Frame("which {noun} does {person} like best?", "{person}最喜欢哪{measure}{noun}？"),
    "eats": _Frame("{person} ate {number} {plural}.", "{person}吃了{number}{measure}{noun}。", _FOOD),
    "sleeps": _Frame(
        "{number} {plural} are sleeping {place}.", "{number}{measure}{noun}在{place}睡觉。", _ANIMALS
    ),
    "buys": _Frame(
        "{person} bought {number} {plural} yesterday.", "{person}昨天买了{number}{measure}{noun}。", _GOODS
    ),
    "look": _Frame("look at this {noun}!", "看这{measure}{noun}！"),
    "where": _Frame("where is the {noun}?", "{noun}在哪里？"),
    "photo": _Frame("{person} took a photo of the {noun}.", "{person}给{noun}拍了一张照片。"),
    "likes": _Frame("{person} likes this {noun}.", "{person}喜欢这{measure}{noun}。"),
    "is such": _Frame("that {noun} is very {quality}.", "那{measure}{noun}很{quality}。"),
    "is there": _Frame("the {noun} is {place}.", "{noun}在{place}。"),
    "none": _Frame("there is no {noun} {place}.", "{place}没有{noun}。"),
    "talks": _Frame("{person} is talking about that {noun}.", "{person}在谈论那{measure}{noun}。"),
    # Those of "new frames":
    "finds": _Frame("{person} found this {noun} {place}.", "{person}在{place}找到了这{measure}{noun}。"),
    "can see": _Frame(
        "can {person} see those {number} {plural}?", "{person}能看见那{number}{measure}{noun}吗？"
    ),
    "draws": _Frame(
        "{person} drew {number} {quality} {plural}.", "{person}画了{number}{measure}{quality}的{noun}。"
    ),
    "is gone": _Frame("the {noun} is no longer {place}.", "{noun}已经不在{place}了。"),
}
_NEW_FRAMES = ("finds", "can see", "draws", "is gone")
_OLD_FRAMES = tuple(name for name in _FRAMES if name not in _NEW_FRAMES)
# These fit a noun in the singular whatever it means, rice and chicken to eat among them.
_AMBIGUOUS_FRAMES = ("look", "where", "photo", "likes", "is such", "is there", "none", "talks")

_EVERY = {"noun": 10, "combination": 5, "sentence": 10}  # one in so many is held out


def _held_out(kind: str, name: str) -> bool:
    """Whether a fixed hash keeps this noun, combination or sentence out of "train"."""
    return zlib.crc32(name.encode()) % _EVERY[kind] == 0


def _table(name: str) -> list[dict[str, str]]:
    with data_path(f"parallel/{name}.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def _sense(row: dict[str, str]) -> _Sense:
    return _Sense(row["concept"], row["chinese"], row["measure"])


def _plain_nouns() -> list[_Noun]:
    return [_Noun(row["singular"], row["plural"], row["group"], (_sense(row),)) for row in _table("nouns")]


def _ambiguous_nouns() -> list[_Noun]:
    rows = itertools.groupby(_table("ambiguous"), key=lambda row: (row["noun"], row["plural"]))
    return [_Noun(*words, "", tuple(map(_sense, senses))) for words, senses in rows]


def senses() -> dict[str, tuple[str, ...]]:
    """Gives what ambiguous nouns may mean.

    Returns:
        {English noun in the singular: its Chinese translations, tuple of str}, such as
        ``{"bat": ("蝙蝠", "球拍"), …}``; a pair's ``senses`` counts them from 0. No translation of a noun
        contains another, so looking for them in a sentence tells which one it has.

    Raises:
        CourseError: the data file is missing or damaged.
    """
    return {noun.singular: tuple(sense.chinese for sense in noun.senses) for noun in _ambiguous_nouns()}


def _combinations(split: str) -> list[tuple[str, _Noun]]:
    """The names of frames and the nouns that may meet in a split."""
    # Eight frames a noun: every third pair is two or three of each noun, and a third of each frame's nouns.
    ambiguous = _meet(_ambiguous_nouns(), _AMBIGUOUS_FRAMES)
    if split == "ambiguous":
        return ambiguous[::3]
    plain = _plain_nouns()
    known = [noun for noun in plain if not _held_out("noun", noun.singular)]
    if split == "new nouns":
        return _meet([noun for noun in plain if noun not in known], _OLD_FRAMES)
    if split == "new frames":
        return _meet(known, _NEW_FRAMES)
    held, kept = [], []
    for frame, noun in _meet(known, _OLD_FRAMES):
        (held if _held_out("combination", f"{noun.singular}: {frame}") else kept).append((frame, noun))
    if split == "new combinations":
        return held
    return kept + [met for i, met in enumerate(ambiguous) if i % 3]


def _meet(nouns: list[_Noun], frames: tuple[str, ...]) -> list[tuple[str, _Noun]]:
    """Frames with all nouns that fit, noun by noun."""
    return [
        (frame, noun)
        for noun in nouns
        for frame in frames
        if noun.group in (_FRAMES[frame].groups or (noun.group,))
    ]


def _fillings(frame: _Frame) -> list[_Filling]:
    """All ways to fill a frame but for its noun."""
    gaps = [gap for gap in _FILLINGS if f"{{{gap}}}" in frame.english]
    ways = itertools.product(*(_FILLINGS[gap].items() for gap in gaps))
    return [dict(zip(gaps, way, strict=True)) for way in ways]


def _english(frame: _Frame, noun: _Noun, filling: _Filling) -> str:
    words = {gap: english for gap, (english, _) in filling.items()}
    text = frame.english.format(noun=noun.singular, plural=noun.plural, **words)
    text = re.sub(r"\ba (?=[aeio]|u(?!ni)|hour)", "an ", text)
    return text[0].upper() + text[1:]


def _chinese(frame: _Frame, sense: _Sense, filling: _Filling) -> str:
    words = {gap: chinese for gap, (_, chinese) in filling.items()}
    return frame.chinese.format(noun=sense.chinese, measure=sense.measure, **words)


def _sentences(split: str, rng: np.random.Generator) -> Iterator[tuple[str, str, _Noun, _Filling]]:
    """All sentences of a split, in turns: one of each frame with each noun, then another of each.

    Yields:
        (English, frame's name, noun, what fills the other gaps).
    """
    ways = {name: _fillings(frame) for name, frame in _FRAMES.items()}
    met = [(name, noun, rng.permutation(len(ways[name]))) for name, noun in _combinations(split)]
    for turn in itertools.count():
        met = [found for found in met if turn < len(found[-1])]
        if not met:
            return
        for i in rng.permutation(len(met)):
            name, noun, order = met[i]
            filling = ways[name][order[turn]]
            text = _english(_FRAMES[name], noun, filling)
            if split not in ("train", "validation") or _held_out("sentence", text) == (split == "validation"):
                yield text, name, noun, filling


def generate(n: int, *, seed: int, split: str = "train") -> Parallel:
    """Draws n different English sentences with their translations; the same arguments give the same pairs.

    Frames with nouns take turns, so that frames with many fillings do not crowd out the others.

    Args:
        n: int ≥ 1, English sentences. Those with senses give a pair for each, so there are n pairs or more.
        seed: int ≥ 0. Splits are the same with every seed.
        split: one of SPLITS.

    Returns:
        Parallel.

    Raises:
        CourseError: an argument is wrong, the split has fewer sentences, or a data file is missing or
            damaged.
    """
    n = arguments.whole_number("n", n)
    rng = np.random.default_rng(arguments.whole_number("seed", seed, 0))
    arguments.choice("split", split, SPLITS)
    drawn = list(itertools.islice(_sentences(split, rng), n))
    if len(drawn) < n:
        raise CourseError(f"n is {n:,}: expected at most {len(drawn):,}, all sentences of {split!r}.")
    rows = [
        {
            "english": text,
            "chinese": _chinese(_FRAMES[name], sense, filling),
            "concept": sense.concept,
            "frame": name,
            "noun": noun.singular,
            "chinese_noun": sense.chinese,
            "sense": i if len(noun.senses) > 1 else -1,
            "split": split,
        }
        for text, name, noun, filling in drawn
        for i, sense in enumerate(noun.senses)
    ]
    return _parallel(rows)


def load(kind: str | None = None, split: str | None = None) -> Parallel:
    """Reads the sentences that were written by hand, a test that no grammar made.

    data/parallel/README.md says how they were written.

    Args:
        kind: "caption", as under a photograph; "everyday", as people talk; None for both.
        split: "validation", to choose by; "test"; None for both.

    Returns:
        Parallel in a fixed order, without concepts, nouns and senses.

    Raises:
        CourseError: an unknown kind or split, or the data file is missing or damaged.
    """
    if kind is not None:
        arguments.choice("kind", kind, FREE_KINDS)
    if split is not None:
        arguments.choice("split", split, FREE_SPLITS)
    blank = {"concept": "", "noun": "", "chinese_noun": "", "sense": -1}
    rows = [row | blank | {"frame": row["kind"]} for row in _table("free")]
    return _parallel([row for row in rows if kind in (None, row["kind"]) and split in (None, row["split"])])


def _parallel(rows: list[dict]) -> Parallel:
    numbers = {name: i for i, name in enumerate(emoji.load(styles=()).names["en"])} | {"": -1}
    return Parallel(
        english=[row["english"] for row in rows],
        chinese=[row["chinese"] for row in rows],
        concepts=np.array([numbers[row["concept"]] for row in rows], np.int32),
        frames=[row["frame"] for row in rows],
        nouns=[row["noun"] for row in rows],
        chinese_nouns=[row["chinese_noun"] for row in rows],
        senses=np.array([row["sense"] for row in rows], np.int32),
        splits=[row["split"] for row in rows],
    )
