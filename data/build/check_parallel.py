"""Prints the figures that data/parallel/README.md quotes: counts, vocabularies, lengths, and chance.

  1. For each split of the grammar: all its sentences, what they are made of, and how many have senses.
  2. Words (English), characters (Chinese) and lengths of the sentences to train on and of those by hand.
  3. The best answer to ambiguous sentences from the English text alone, and the best from the frame alone.
  4. How many words of the sentences by hand the grammar knows.

needs
  Python    numpy and the repository around it; about half a minute
"""

import argparse
import re
from collections import Counter, defaultdict

import files  # noqa: F401  makes course_utils importable
import numpy as np

from course_utils import CourseError
from course_utils.datasets import parallel

DRAWN = 20_000  # sentences to train on, whose vocabulary and lengths are counted
TOO_MANY = 10**9


def words(sentence: str) -> list[str]:
    return re.findall(r"[\w’'-]+", sentence.casefold())


def characters(sentence: str) -> list[str]:
    return re.findall(r"\w", sentence)


def best_share(seen: list, answers: list) -> float:
    """Share right of the best rule that answers from what it sees alone, counted on the same items."""
    counts = defaultdict(Counter)
    for one, answer in zip(seen, answers, strict=True):
        counts[one][answer] += 1
    return sum(max(found.values()) for found in counts.values()) / len(answers)


def count(split: str) -> int:
    """All sentences of a split; `generate` says how many they are to whoever asks for too many."""
    try:
        return len(parallel.generate(TOO_MANY, seed=0, split=split))
    except CourseError as error:
        return int(re.search(r"at most ([\d,]+)", str(error))[1].replace(",", ""))


def describe(pairs: parallel.Parallel) -> None:
    for name, texts, tokens in (
        ("English words", pairs.english, words),
        ("Chinese characters", pairs.chinese, characters),
    ):
        lengths = np.array([len(tokens(text)) for text in texts])
        different = {token for text in texts for token in tokens(text)}
        print(
            f"  {name}: {len(different):,} different; a sentence has {lengths.min()}–{lengths.max()}", end=""
        )
        print(f", median {np.median(lengths):.0f}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    drawn = {}
    for split in parallel.SPLITS:
        sentences = count(split)
        pairs = drawn[split] = parallel.generate(min(sentences, DRAWN), seed=0, split=split)
        combinations = set(zip(pairs.nouns, pairs.frames, strict=True))
        print(f"{split}: {sentences:,} sentences; {len(set(pairs.english)):,} of them are", end="")
        print(f" {len(pairs):,} pairs, {np.sum(pairs.senses >= 0):,} with senses;", end="")
        print(f" {len(set(pairs.nouns))} nouns, {len(set(pairs.frames))} frames, {len(combinations):,} met")
    train, free, ambiguous = drawn["train"], parallel.load(), drawn["ambiguous"]
    print("to train on:")
    describe(train)
    print(f"by hand: {len(free)}, {Counter(zip(free.frames, free.splits, strict=True))}:")
    describe(free)
    known = {word for text in train.english for word in words(text)}
    tokens = [word for text in free.english for word in words(text)]
    print(f"  {np.mean([word in known for word in tokens]):.3f} of their words are in those sentences")
    print(f"  {np.mean([set(words(text)) <= known for text in free.english]):.3f} have no other word")
    counts = Counter(map(len, parallel.senses().values()))
    print(f"ambiguous nouns: {sum(counts.values())}, by senses {dict(counts)}")
    print(f"  best from the English: {best_share(ambiguous.english, ambiguous.chinese):.3f}", end="")
    senses = list(zip(ambiguous.nouns, ambiguous.senses, strict=True))
    seen = list(zip(ambiguous.nouns, ambiguous.frames, strict=True))
    print(f", from noun and frame: {best_share(seen, senses):.3f}")


if __name__ == "__main__":
    main()
