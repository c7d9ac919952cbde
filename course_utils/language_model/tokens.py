"""Byte-level byte-pair encoding: any text → tokens → the same text, as GPT-2 and its heirs have it.

Text is cut into words, numbers into digits; each word is its UTF-8 bytes, and pairs of neighbours are merged,
in the order in which the merges were learned. No character is unknown, because every byte is a token. In
files each byte is written as a visible character: printable ones as themselves, a space as Ġ. Radford et al.,
"Language Models are Unsupervised Multitask Learners" (2019), section 2.2; Sennrich et al., arXiv:1508.07909.
Introduced in lesson 10.
"""

import itertools
from collections import Counter, defaultdict
from collections.abc import Iterable

import regex

from course_utils import arguments
from course_utils.errors import CourseError, shown

__all__ = ["ByteLevelBPE"]

# GPT-2's words: a contraction, or letters or signs with one space before them, or spaces. Digits stand alone,
# and spaces before one stay together.
_WORDS = regex.compile(
    r"\p{N}|'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?[^\s\p{L}\p{N}]+|\s+(?![^\s\p{N}])|\s+", flags=regex.V1
)
_PRINTABLE = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
_REST = [byte for byte in range(256) if byte not in _PRINTABLE]
_CHARACTER = {byte: chr(byte) for byte in _PRINTABLE} | {byte: chr(256 + i) for i, byte in enumerate(_REST)}
_BYTE = {character: byte for byte, character in _CHARACTER.items()}

Pair = tuple[str, str]


class ByteLevelBPE:
    """A vocabulary and the merges that lead to it. Introduced in lesson 10.

    Args:
        tokens: strings in the files' characters (see the module), all different; the place of one is its
            number. A byte that is not among them, such as one that no text has, is left out of a text.
        merges: pairs of tokens, or strings "left right", the first learned first.
        special: those of the tokens that stand for themselves and are never cut, such as ``<|im_end|>``.

    Raises:
        CourseError: tokens are doubled, or a special token or what a merge makes is missing among them.
    """

    def __init__(
        self, tokens: Iterable[str], merges: Iterable[str | Pair], special: Iterable[str] = ()
    ) -> None:
        self.tokens, self.special = arguments.strings("tokens", tokens), arguments.strings("special", special)
        self.merges = [tuple(pair.split(" ")) if isinstance(pair, str) else tuple(pair) for pair in merges]
        self._number = {token: number for number, token in enumerate(self.tokens)}
        if len(self._number) < len(self.tokens):
            raise CourseError(
                f"tokens has {len(self.tokens)} items, {len(self._number)} of them different; expected each "
                "once: its place is its number."
            )
        for token in (*self.special, *("".join(pair) for pair in self.merges)):
            if token not in self._number:
                raise CourseError(
                    f"tokens lacks {shown(token)}; expected every special token and what every merge makes."
                    " Give the tokens and merges of one tokenizer."
                )
        self._rank = {pair: rank for rank, pair in enumerate(self.merges)}
        longest_first = sorted(map(regex.escape, self.special), key=len, reverse=True)
        self._special = regex.compile(f"({'|'.join(longest_first)})") if longest_first else None
        self._known: dict[str, list[int]] = {}

    def __len__(self) -> int:
        return len(self.tokens)

    @classmethod
    def learn(cls, texts: Iterable[str], vocabulary: int, special: Iterable[str] = ()) -> "ByteLevelBPE":
        """Learns merges: again and again, the most frequent pair of neighbours in a word becomes one token.

        Of equally frequent pairs the first in the order of the alphabet. Introduced in lesson 10.

        Args:
            texts: strings.
            vocabulary: int, tokens to end with: special ones, 256 bytes, and one for each merge. They are
                fewer where no pair is left.
            special: further tokens, which get the first numbers.

        Returns:
            :class:`ByteLevelBPE`.

        Raises:
            CourseError: the vocabulary has no room for special tokens and bytes.
        """
        special = arguments.strings("special", special)
        tokens = [*special, *(_CHARACTER[byte] for byte in range(256))]
        arguments.whole_number("vocabulary", vocabulary, len(tokens))
        counts = Counter(word for text in arguments.strings("texts", texts) for word in _WORDS.findall(text))
        words = [(_characters(word), count) for word, count in counts.items()]
        frequency, places = Counter(), defaultdict(set)
        for place, (parts, count) in enumerate(words):
            for pair in itertools.pairwise(parts):
                frequency[pair] += count
                places[pair].add(place)
        merges, taken = [], set(tokens)
        while len(tokens) < vocabulary and (left := +frequency):
            best = min(left, key=lambda pair: (-left[pair], pair))
            merges.append(best)
            # Two pairs can make the same token, as ab·c and a·bc do: it is one all the same.
            if "".join(best) not in taken:
                taken.add("".join(best))
                tokens.append("".join(best))
            for place in places.pop(best):
                parts, count = words[place]
                # Only words that hold the pair change: what they have added is taken back and added anew.
                for pair in itertools.pairwise(parts):
                    frequency[pair] -= count
                _merge(parts, best)
                for pair in itertools.pairwise(parts):
                    frequency[pair] += count
                    places[pair].add(place)
        return cls(tokens, merges, special)

    def encode(self, text: str) -> list[int]:
        """Turns text into tokens; special ones in it are recognised.

        Args:
            text: str.

        Returns:
            list of int, the numbers of the tokens.

        Raises:
            CourseError: when it is no str.
        """
        text, numbers = arguments.string("text", text), []
        for part in self._special.split(text) if self._special else [text]:
            if part in self.special:
                numbers.append(self._number[part])
            else:
                for word in _WORDS.findall(part):
                    numbers += self._word(word)
        return numbers

    def decode(self, ids: Iterable[int]) -> str:
        """Turns tokens into text.

        Args:
            ids: ints, 0 ≤ id < number of tokens.

        Returns:
            str; bytes that are no text, such as half of a character, become �.

        Raises:
            CourseError: when one of them is no token.
        """
        return b"".join(map(self._bytes, ids)).decode(errors="replace")

    def pieces(self, text: str) -> list[str]:
        """Shows how a text is cut.

        Args:
            text: str.

        Returns:
            list of str, one for each token: its text, or where that is no whole character, its bytes as
            ``\\xe7``.

        Raises:
            CourseError: when it is no str.
        """
        return [self._bytes(number).decode(errors="backslashreplace") for number in self.encode(text)]

    def to_dict(self) -> dict:
        """Gives what JSON can hold: "tokens", "merges" (strings "left right") and "special", lists of str."""
        return {
            "tokens": self.tokens,
            "merges": [" ".join(pair) for pair in self.merges],
            "special": self.special,
        }

    @classmethod
    def from_dict(cls, content: dict) -> "ByteLevelBPE":
        """Makes the tokenizer again from what :meth:`to_dict` gave."""
        return cls(**content)

    def _word(self, word: str) -> list[int]:
        """The tokens of one word; most words come again."""
        if word not in self._known:
            parts = [character for character in _characters(word) if character in self._number]
            while len(parts) > 1:
                first = min(itertools.pairwise(parts), key=lambda pair: self._rank.get(pair, len(self._rank)))
                if first not in self._rank:
                    break
                _merge(parts, first)
            self._known[word] = [self._number[part] for part in parts]
        return self._known[word]

    def _bytes(self, number: int) -> bytes:
        number = arguments.whole_number("an item of ids", number, 0, len(self.tokens) - 1)
        token = self.tokens[number]
        return token.encode() if token in self.special else bytes(_BYTE[character] for character in token)


def _characters(word: str) -> list[str]:
    """The bytes of a word, each as its character."""
    return [_CHARACTER[byte] for byte in word.encode()]


def _merge(parts: list[str], pair: Pair) -> None:
    """Makes one of every such pair in a word, in place, from left to right."""
    place = 0
    while place < len(parts) - 1:
        if (parts[place], parts[place + 1]) == pair:
            parts[place : place + 2] = ["".join(pair)]
        place += 1
