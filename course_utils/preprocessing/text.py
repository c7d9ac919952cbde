"""Text: a file or a string becomes tokens, then numbers, then one padded array; English and Chinese.

Introduced in lesson 01.
"""

import codecs
import heapq
import json
import math
import re
import unicodedata
import warnings
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from functools import cache
from itertools import chain, groupby, pairwise
from pathlib import Path
from typing import Any

import numpy as np
import regex

from course_utils import arguments
from course_utils.errors import CourseError, shown
from course_utils.files import describe_content, require_file, write_atomically

__all__ = [
    "STOP_WORDS_ZH",
    "BytePairEncoder",
    "Vocabulary",
    "maximum_matching",
    "normalise",
    "pad",
    "read_text",
    "remove_stop_words",
    "segment_chinese",
    "split_characters",
    "split_words",
]

_FUNCTION_WORDS_ZH = """
的 了 着 过 地 得 吗 呢 吧 啊 呀 嘛 我 你 您 他 她 它 我们 你们 他们 她们 它们 自己 大家 这 那 这个 那个
这些 那些 这里 那里 什么 怎么 哪 哪里 谁 是 在 有 也 都 就 还 又 再 很 太 更 最 和 与 及 或 或者 而 但
但是 可是 不过 因为 所以 如果 虽然 把 被 给 对 从 到 向 于 以 为 为了 一 一个 一些 个 上 下 里 中 会 能
可以 要 去 来 说 让 不 没 没有 别 未
"""
# The negations 不, 没, 没有, 别 and 未 are in, as in the lists one finds: see `remove_stop_words`.
STOP_WORDS_ZH = frozenset(_FUNCTION_WORDS_ZH.split())

# A mark at the start of a file says how the rest is encoded. UTF-32's begins like UTF-16's, so it is first.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Tried when a file is not in the encoding asked for; of those in which it reads alike the first is named.
_ENCODINGS = ("utf-8", "gb18030", "big5", "big5hkscs", "shift_jis", "euc_jp", "cp949", "cp1252", "cp1250")
_ENCODINGS += ("cp1251", "koi8_r", "cp866", "iso8859_5", "iso8859_2", "cp1253", "cp1254", "cp1255", "cp1256")
_ENCODINGS += ("cp1257", "cp874", "mac_roman", "utf_16_le", "utf_16_be", "utf_32_le", "utf_32_be")
_ENCODINGS += ("iso2022_jp", "iso2022_kr")
_MOST_OFFERED = 5
_SHIFT = "\x1b$"  # begins what is Japanese or Korean in ISO 2022: plain ASCII to every other encoding


def read_text(path: str | Path, encoding: str = "utf-8") -> str:
    """Reads a text file, or say exactly where and why it is not in the expected encoding (lesson 01).

    Args:
        path: str or Path of the file.
        encoding: name of the encoding. A byte-order mark at the start of the file takes precedence.

    Returns:
        str without the byte-order mark, line ends as "\\n".

    Raises:
        CourseError: when the file is missing, is binary, or has bytes that the encoding does not allow; the
            message gives their offset and the encodings that would read the file, the likeliest first, with
            a sample of each.
    """
    arguments.string("encoding", encoding)
    path = require_file(path)
    data = path.read_bytes()
    encoding = next((name for mark, name in _MARKS if data.startswith(mark)), encoding)
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError as error:
        raise CourseError(_wrong_encoding(path, data, encoding, error)) from None
    except (LookupError, ValueError):
        raise CourseError(
            f"encoding is {shown(encoding)}: no text encoding has this name; try 'utf-8'."
        ) from None
    if "\0" in text:
        found = f"byte {data.index(0)} is zero, which no text holds: the file {describe_content(path)}"
        raise CourseError(f"{path}: {found}. {_remedy(path, data)}.")
    if _SHIFT in text:
        line = text.count("\n", 0, text.index(_SHIFT)) + 1
        found = f"line {line:,} holds escape codes of an encoding in 7 bits"
        raise CourseError(f"{path}: not {encoding}: {found}. {_remedy(path, data)}.")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _wrong_encoding(path: Path, data: bytes, encoding: str, error: UnicodeDecodeError) -> str:
    found = data[error.start : error.end].hex(" ")
    line = data.count(b"\n", 0, error.start) + 1
    place = f"byte offset {error.start:,} (line {line:,})"
    return f"{path}: not {encoding}: {error.reason} at {place}, bytes {found}. {_remedy(path, data)}."


def _remedy(path: Path, data: bytes) -> str:
    samples = [f"{codecs.lookup(name).name} ({_telling(text)!r})" for name, text in _readings(data)]
    if not samples:
        return f"No other common encoding reads it either: the file {describe_content(path)}. Get it as UTF-8"
    return f"These would read it: {', '.join(samples)}. Choose the one whose text makes sense"


def _telling(text: str) -> str:
    """A few characters, with the first in them that is not ASCII: in those, encodings differ."""
    first = next((place for place, character in enumerate(text) if not character.isascii()), 0)
    return text[max(0, first - 5) :][:12]


def _readings(data: bytes) -> list[tuple[str, str]]:
    """Pairs (encoding, text in it), the likeliest first, each text once."""
    import charset_normalizer

    readings = {}
    for match in charset_normalizer.from_bytes(data, cp_isolation=list(_ENCODINGS)):
        for name in sorted(set(_ENCODINGS) & set(match.could_be_from_charset), key=_ENCODINGS.index):
            text = _plausible(data, name)
            if text:
                readings.setdefault(text, name)
    return [(name, text) for text, name in readings.items()][:_MOST_OFFERED]


def _plausible(data: bytes, encoding: str) -> str:
    """The whole text in that encoding, or "" when the bytes make no plausible one: the guess is verified."""
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return ""
    # Control characters, surrogates, private and unassigned code points show that the guess is wrong.
    odd = any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") and c not in "\t\n\r\f" for c in text)
    return "" if odd else text


def normalise(text: str, lower: bool = True) -> str:
    """Makes spellings that mean the same equal: NFKC, lower case, single spaces (lesson 01).

    NFKC (Unicode Standard Annex 15) composes accents and replaces compatibility characters: full-width Ａ
    becomes A, the ligature ﬁ two letters, ， a comma. It is lossy: ² becomes 2, so that 5² reads 52.

    Args:
        text: str.
        lower: whether to fold case, which goes further than lower(): Straße becomes strasse.

    Returns:
        str; normalising it again changes nothing.

    Raises:
        CourseError: when `text` is no str.
    """
    text = unicodedata.normalize("NFKC", arguments.string("text", text))
    if lower:
        # Folding can take composed characters apart, so they are composed once more.
        text = unicodedata.normalize("NFKC", text.casefold())
    return " ".join(text.split())


def split_words(text: str) -> list[str]:
    """Splits text with spaces into words and numbers, leaving out punctuation and emoji (lesson 01).

    Apostrophes inside words stay (don't), hyphens split (well-known is two). Chinese has no spaces: a run of
    its characters comes out as one word; use `segment_chinese`.

    Args:
        text: str.

    Returns:
        list of str.

    Raises:
        CourseError: when `text` is no str.
    """
    clusters = split_characters(arguments.string("text", text).replace("’", "'"))
    runs = groupby(clusters, key=lambda cluster: cluster[0].isalnum() or cluster == "'")
    words = ("".join(run).strip("'") for is_word, run in runs if is_word)
    return [word for word in words if word]


def split_characters(text: str) -> list[str]:
    r"""Splits text into what a reader calls characters: grapheme clusters (lesson 01).

    Combining marks, emoji joined by U+200D, flags, skin tones, Hangul syllables and Indic conjuncts stay
    together: the extended clusters of Unicode Standard Annex 29, which the library regex writes ``\X``.

    Args:
        text: str.

    Returns:
        list of str; joined they give the text again.

    Raises:
        CourseError: when `text` is no str.
    """
    return regex.findall(r"\X", arguments.string("text", text))


def segment_chinese(text: str) -> list[str]:
    """Splits Chinese text into words with the library jieba (lesson 01).

    jieba looks for the most probable path through its dictionary and guesses unknown words with a hidden
    Markov model. Its dictionary takes about a second to load, once per process.

    Args:
        text: str.

    Returns:
        list of str, punctuation included, white space left out.

    Raises:
        CourseError: when `text` is no str.
    """
    return [word for word in _jieba().lcut(arguments.string("text", text)) if not word.isspace()]


@cache
def _jieba() -> Any:
    with warnings.catch_warnings():
        # jieba's source has escapes that newer Pythons warn of, and it imports the outdated pkg_resources.
        warnings.simplefilter("ignore")
        import jieba

        tokenizer = jieba.Tokenizer()
        # What its initialize() does, without a cache file in a temporary folder that others can write to, and
        # without its log.
        tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
        tokenizer.initialized = True
    return tokenizer


def maximum_matching(text: str, dictionary: Iterable[str]) -> list[str]:
    """Splits text without spaces by taking the longest word that fits, again and again (lesson 01).

    Forward maximum matching, the classical baseline of Chinese segmentation.

    Args:
        text: str.
        dictionary: words, any iterable of str.

    Returns:
        list of str: words of the dictionary, and single characters where none fits; white space is left out.

    Raises:
        CourseError: when an argument is wrong.
    """
    arguments.string("text", text)
    words = set(arguments.strings("dictionary", dictionary))
    longest = max(map(len, words), default=1)
    tokens, start = [], 0
    while start < len(text):
        lengths = range(min(longest, len(text) - start), 1, -1)
        length = next((n for n in lengths if text[start : start + n] in words), 1)
        tokens.append(text[start : start + length])
        start += length
    return [token for token in tokens if not token.isspace()]


def remove_stop_words(tokens: Iterable[str], language: str = "en", keep: Iterable[str] = ()) -> list[str]:
    """Leaves out very frequent words that carry little meaning of their own (lesson 01).

    Beware: both lists hold negations. Without them "not good" and "good" are the same review: for sentiment
    pass keep=("not", "no", "never") or keep=("不", "没", "没有"), or remove nothing.

    Args:
        tokens: list of str; upper and lower case are treated alike.
        language: "en" (scikit-learn's list of 318 words) or "zh" (`STOP_WORDS_ZH`).
        keep: words to keep although they are on the list.

    Returns:
        list of str.

    Raises:
        CourseError: when an argument is wrong.
    """
    tokens = arguments.strings("tokens", tokens)
    arguments.choice("language", language, ("en", "zh"))
    kept = {word.lower() for word in arguments.strings("keep", keep)}
    stop_words = _stop_words(language) - kept
    return [token for token in tokens if token.lower() not in stop_words]


def _stop_words(language: str) -> frozenset[str]:
    if language == "zh":
        return STOP_WORDS_ZH
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS

    return ENGLISH_STOP_WORDS


class BytePairEncoder:
    """Subword tokens: the most frequent pair of neighbours becomes one token, again and again (lesson 01).

    Byte-pair encoding after Sennrich et al. 2016 (arXiv:1508.07909), on characters. The mark of a word's
    start is the space before it, which stays in the token (" low" begins a word, "er" continues one); a text
    gets one in front, so that its first word is a word like any other. Merges do not cross from words to
    punctuation or to other white space.

    Every text survives ``decode(encode(text))`` unchanged: a character never seen in training becomes a token
    of its own, which a `Vocabulary` then maps to UNKNOWN.

    Attributes:
        characters: list of str, those of the training texts, sorted.
        merges: list of (left, right), in the order learned.
    """

    _KIND = "course_utils byte-pair encoder"
    # Words and runs of punctuation, each with the space before it; any other white space stands alone.
    _PIECES = re.compile(r" ?\w+| ?[^\w\s]+|\s")

    def __init__(self, characters: Iterable[str], merges: Iterable[Sequence[str]]) -> None:
        """Takes what training found; see `train` and `load`.

        Args:
            characters: list of str, one character each.
            merges: list of (left, right), each a character or the result of an earlier merge.

        Raises:
            CourseError: when a merge joins something that does not exist yet.
        """
        self.characters = arguments.strings("characters", characters)
        self.merges = [tuple(pair) for pair in merges]
        known = set(self.characters)
        for number, pair in enumerate(self.merges):
            if len(pair) != 2 or not known.issuperset(pair):
                raise CourseError(
                    f"merges[{number}] is {shown(pair)}: expected two tokens that exist by then."
                )
            known.add("".join(pair))
        self._ranks = {pair: rank for rank, pair in enumerate(self.merges)}

    @property
    def tokens(self) -> list[str]:
        """Gives every token, list of str: the characters, then the results of the merges, each once."""
        return list(dict.fromkeys([*self.characters, *map("".join, self.merges)]))

    @classmethod
    def train(cls, texts: Iterable[str], vocabulary_size: int) -> "BytePairEncoder":
        """Learns merges until there are enough tokens.

        Of equally frequent pairs the alphabetically first is taken, so that the same texts always give the
        same merges. Training ends early when no pair occurs twice.

        Args:
            texts: list of str.
            vocabulary_size: int, the number of different tokens to reach, characters included.

        Returns:
            A new BytePairEncoder.

        Raises:
            CourseError: when an argument is wrong or there are more different characters than tokens.
        """
        texts = arguments.strings("texts", texts)
        if not any(texts):
            raise CourseError("texts holds no character: expected texts to learn from.")
        characters = sorted(set(" ").union(*texts))
        arguments.whole_number("vocabulary_size", vocabulary_size, len(characters))
        pieces = Counter(piece for text in texts for piece in cls._split(text))
        return cls(characters, _learn_merges(pieces, characters, vocabulary_size))

    def encode(self, text: str) -> list[str]:
        """Splits a text into tokens, applying the merges in the order learned.

        Args:
            text: str.

        Returns:
            list of str.

        Raises:
            CourseError: when `text` is no str.
        """
        pieces = self._split(arguments.string("text", text))
        return [token for piece in pieces for token in self._encode_piece(piece)]

    @classmethod
    def _split(cls, text: str) -> list[str]:
        return cls._PIECES.findall(" " + text) if text else []

    def _encode_piece(self, piece: str) -> list[str]:
        symbols = list(piece)
        while len(symbols) > 1:
            earliest = min(pairwise(symbols), key=lambda pair: self._ranks.get(pair, math.inf))
            if earliest not in self._ranks:
                break
            symbols = _merge(symbols, earliest)
        return symbols

    def decode(self, tokens: Iterable[str]) -> str:
        """Joins tokens to the text that they came from.

        Args:
            tokens: list of str.

        Returns:
            str.

        Raises:
            CourseError: when `tokens` is something else.
        """
        return "".join(arguments.strings("tokens", tokens)).removeprefix(" ")

    def save(self, path: str | Path) -> None:
        """Writes characters and merges to a JSON file, whole or not at all.

        Args:
            path: str or Path.

        Raises:
            CourseError: when the file cannot be written.
        """
        _write_json(path, self._KIND, characters=self.characters, merges=self.merges)

    @classmethod
    def load(cls, path: str | Path) -> "BytePairEncoder":
        """Reads an encoder that `save` wrote.

        Args:
            path: str or Path.

        Returns:
            BytePairEncoder.

        Raises:
            CourseError: when the file is missing or not what `save` writes.
        """
        content = _read_json(path, cls._KIND, "characters", "merges")
        merges = content["merges"]
        if not all(
            isinstance(pair, list) and all(isinstance(token, str) for token in pair) for pair in merges
        ):
            raise CourseError(f"{path}: merges must be pairs of strings. Save the encoder again.")
        return cls(content["characters"], merges)


def _learn_merges(pieces: Counter, characters: list[str], vocabulary_size: int) -> list[tuple[str, str]]:
    """The merges in order, from how often each piece of text occurs."""
    symbols = {piece: list(piece) for piece in pieces}
    counts, holders = Counter(), defaultdict(set)
    for piece, occurrences in pieces.items():
        for pair in pairwise(piece):
            counts[pair] += occurrences
            holders[pair].add(piece)
    # The heap keeps outdated entries: looking each up in `counts` is cheaper than finding and changing it.
    heap = [(-count, pair) for pair, count in counts.items()]
    heapq.heapify(heap)
    merges, tokens = [], set(characters)
    while heap and len(tokens) < vocabulary_size:
        negative_count, pair = heapq.heappop(heap)
        if -negative_count != counts[pair] or counts[pair] < 2:
            continue
        merges.append(pair)
        tokens.add("".join(pair))
        changes = Counter()
        for piece in holders.pop(pair):
            before, after = symbols[piece], _merge(symbols[piece], pair)
            symbols[piece] = after
            for old in pairwise(before):
                changes[old] -= pieces[piece]
            for new in pairwise(after):
                changes[new] += pieces[piece]
                holders[new].add(piece)
        for changed, difference in changes.items():
            if difference:
                counts[changed] += difference
                heapq.heappush(heap, (-counts[changed], changed))
    return list(dict.fromkeys(merges))


def _merge(symbols: list[str], pair: tuple[str, str]) -> list[str]:
    merged, position = [], 0
    while position < len(symbols):
        if tuple(symbols[position : position + 2]) == pair:
            merged.append("".join(pair))
            position += 2
        else:
            merged.append(symbols[position])
            position += 1
    return merged


class Vocabulary:
    """Numbers for tokens: 0 is padding, 1 any unknown token, the others by frequency (lesson 01).

    Build it from the training split only: a word that only the test split has is unknown in real life too.

    Attributes:
        tokens: list of str; the position is the number.
    """

    PAD = 0
    UNKNOWN = 1
    _RESERVED = ("[PAD]", "[UNK]")
    _KIND = "course_utils vocabulary"

    def __init__(self, tokens: Iterable[str]) -> None:
        """Numbers tokens in the order given, from 2; see `build` and `load`.

        Args:
            tokens: list of different str.

        Raises:
            CourseError: when the argument is wrong or a token occurs twice.
        """
        ordinary = arguments.strings("tokens", tokens)
        self.tokens = [*self._RESERVED, *ordinary]
        # The reserved names are no tokens: a text that holds "[PAD]" must not turn into padding.
        self._ids = {token: number for number, token in enumerate(ordinary, len(self._RESERVED))}
        if len(self._ids) != len(ordinary):
            twice = Counter(ordinary).most_common(1)[0][0]
            raise CourseError(f"tokens holds {shown(twice)} more than once: expected different tokens.")

    @classmethod
    def build(
        cls, token_lists: Iterable[Iterable[str]], max_size: int | None = None, min_count: int = 1
    ) -> "Vocabulary":
        """Numbers the tokens of a set of texts, the most frequent first, equal ones alphabetically.

        Args:
            token_lists: list of lists of str, one per text.
            max_size: int, the largest length of the vocabulary, PAD and UNKNOWN included; None for no limit.
            min_count: int, how often a token must occur to get a number.

        Returns:
            Vocabulary.

        Raises:
            CourseError: when an argument is wrong.
        """
        min_count = arguments.whole_number("min_count", min_count)
        counts = Counter()
        for tokens in arguments.items("token_lists", token_lists, "lists of tokens, one per text"):
            counts.update(arguments.strings("token_lists", tokens))
        frequent = [token for token in counts if counts[token] >= min_count]
        frequent.sort(key=lambda token: (-counts[token], token))
        if max_size is not None:
            reserved = len(cls._RESERVED)
            frequent = frequent[: arguments.whole_number("max_size", max_size, reserved) - reserved]
        return cls(frequent)

    def __len__(self) -> int:
        return len(self.tokens)

    def __contains__(self, token: str) -> bool:
        return token in self._ids

    def encode(self, tokens: Iterable[str]) -> list[int]:
        """Turns tokens into their numbers, unknown ones into UNKNOWN.

        Args:
            tokens: list of str.

        Returns:
            list of int, as long as `tokens`.

        Raises:
            CourseError: when `tokens` is something else.
        """
        return [self._ids.get(token, self.UNKNOWN) for token in arguments.strings("tokens", tokens)]

    def decode(self, ids: Iterable[int]) -> list[str]:
        """Turns numbers into their tokens; padding reads "[PAD]", an unknown token "[UNK]".

        Args:
            ids: list or array of int, each 0 to len(vocabulary) - 1.

        Returns:
            list of str, as long as `ids`.

        Raises:
            CourseError: when a number has no token.
        """
        last = len(self) - 1
        numbers = arguments.items("ids", ids, "whole numbers")
        return [self.tokens[arguments.whole_number("an item of ids", n, 0, last)] for n in numbers]

    def save(self, path: str | Path) -> None:
        """Writes the tokens to a JSON file, whole or not at all.

        Args:
            path: str or Path.

        Raises:
            CourseError: when the file cannot be written.
        """
        _write_json(path, self._KIND, tokens=self.tokens[len(self._RESERVED) :])

    @classmethod
    def load(cls, path: str | Path) -> "Vocabulary":
        """Reads a vocabulary that `save` wrote.

        Args:
            path: str or Path.

        Returns:
            Vocabulary.

        Raises:
            CourseError: when the file is missing or not what `save` writes.
        """
        return cls(_read_json(path, cls._KIND, "tokens")["tokens"])


def pad(sequences: Iterable[Iterable[int]], length: int | None = None) -> tuple[np.ndarray, np.ndarray]:
    """Makes sequences of numbers equally long, with zeros at the ends (lesson 01).

    Args:
        sequences: list of lists of int, each 0 to 2**31 - 1.
        length: int, to which longer ones are cut (their starts are kept); None takes the longest.

    Returns:
        ids, int32 (n, length), and the mask, bool (n, length), True = a real token.

    Raises:
        CourseError: when an argument is wrong.
    """
    rows = arguments.items("sequences", sequences, "lists of whole numbers, one per text")
    rows = [arguments.items("an item of sequences", row, "whole numbers") for row in rows]
    for number in chain.from_iterable(rows):
        arguments.whole_number("a number in sequences", number, 0, 2**31 - 1)
    if length is None:
        length = max(map(len, rows), default=0)
    length = arguments.whole_number("length", length, 0)
    lengths = np.array([min(len(row), length) for row in rows], int)
    mask = np.arange(length) < lengths[:, np.newaxis]
    ids = np.zeros(mask.shape, np.int32)
    ids[mask] = [number for row in rows for number in row[:length]]
    return ids, mask


def _write_json(path: str | Path, kind: str, **content: list) -> None:
    text = json.dumps({"kind": kind, **content}, ensure_ascii=False, indent=1)
    write_atomically(path, text + "\n")


def _read_json(path: str | Path, kind: str, *keys: str) -> dict:
    """The content of a file that `_write_json` wrote: a dict whose values under the keys are lists."""
    try:
        content = json.loads(read_text(path))
    # RecursionError: thousands of nested brackets.
    except (ValueError, RecursionError) as error:
        raise CourseError(f"{path}: this is no JSON ({error}). Save it again.") from None
    if not isinstance(content, dict) or content.get("kind") != kind:
        raise CourseError(f"{path}: this JSON file is no {kind}. Give the path that `save` wrote.")
    for key in keys:
        if not isinstance(content.get(key), list):
            raise CourseError(f"{path}: it has no list {key!r}. Save it again.")
    return content
