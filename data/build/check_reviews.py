"""Measure data/reviews: how long, how alike, which single word says most, and what a bag of words reaches.

needs
  Python    numpy, scikit-learn, jieba and the repository around it; about ten seconds

  1. Length in words, negations, and the best rule on one word ("positive if and only if it is there").
  2. The most alike texts: Jaccard similarity of their sets of character n-grams, 3 in English, 2 in Chinese.
  3. TF-IDF and logistic regression, scikit-learn's defaults, trained on train, tested on test; and in ten
     folds of all reviews, because a test set this small says little. Nothing is chosen on validation.
  4. Messages: the majority label of each sticker, and the same classifier on text, sticker and both.

It prints the figures that data/reviews/README.md quotes; tests/datasets/test_reviews.py uses its measures.
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise

import files  # noqa: F401  makes course_utils importable
import numpy as np
from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import Pipeline, make_pipeline

from course_utils.datasets import reviews
from course_utils.preprocessing import text as preprocessing

CHARACTERS = {"english": 3, "chinese": 2}


def words(text: str, language: str = "english") -> list[str]:
    """The words of a text without punctuation, list of str; Chinese is segmented by jieba."""
    text = preprocessing.normalise(text)
    if language == "english":
        return preprocessing.split_words(text)
    return [word for word in preprocessing.segment_chinese(text) if word[0].isalnum()]


def best_word(texts: Sequence[str], labels: np.ndarray, language: str = "english") -> tuple[float, str]:
    """(share right, word) of the best rule that looks for one word, whichever label it stands for."""
    seen = {0: Counter(), 1: Counter()}
    for text, label in zip(texts, labels, strict=True):
        seen[int(label)].update(set(words(text, language)))
    positives = int(np.sum(labels))

    def right(word: str) -> float:
        share = (seen[1][word] + len(labels) - positives - seen[0][word]) / len(labels)
        return max(share, 1 - share)

    return max((right(word), word) for word in sorted(seen[0] | seen[1]))


def similarity(texts: Sequence[str], language: str = "english") -> np.ndarray:
    """Jaccard similarity of each two texts' sets of character n-grams, float (n, n); 1 is the same set."""
    n = CHARACTERS[language]
    grams = CountVectorizer(analyzer="char", ngram_range=(n, n), binary=True, lowercase=False)
    there = grams.fit_transform([preprocessing.normalise(text) for text in texts])
    common = (there @ there.T).toarray()
    sizes = common.diagonal()
    return common / (sizes[:, None] + sizes - common)


def most_alike(texts: Sequence[str], language: str = "english") -> tuple[float, int, int]:
    """(similarity, i, j) of the two texts that are most alike."""
    alike = np.triu(similarity(texts, language), k=1)
    i, j = np.unravel_index(alike.argmax(), alike.shape)
    return alike[i, j], i, j


def by_sticker(messages: reviews.Messages) -> float:
    """Share right when every message gets the majority label of its sticker, counted on all messages."""
    counts = np.zeros((max(messages.concepts) + 1, 2), dtype=int)
    np.add.at(counts, (messages.concepts, messages.labels), 1)
    return counts.max(axis=1).sum() / len(messages)


def classifier(tokens: Callable) -> Pipeline:
    return make_pipeline(TfidfVectorizer(analyzer=tokens), LogisticRegression())


def classify(train: tuple, test: tuple, tokens: Callable) -> np.ndarray:
    """Which of the test items, a pair (items, labels), are right, bool (n,)."""
    return classifier(tokens).fit(*train).predict(test[0]) == test[1]


def in_folds(texts: Sequence, labels: np.ndarray, tokens: Callable) -> np.ndarray:
    """Which texts are right when each tenth is predicted from the other nine, bool (n,)."""
    folds = StratifiedKFold(10, shuffle=True, random_state=0)
    return cross_val_predict(classifier(tokens), texts, labels, cv=folds) == labels


def with_pairs(tokens: Callable) -> Callable:
    """Single words and pairs of neighbours."""
    return lambda text: [*tokens(text), *map(" ".join, pairwise(tokens(text)))]


def report(name: str, right: np.ndarray, negation: np.ndarray) -> None:
    print(
        f"  {name}: {right.mean():.3f} (n = {len(right)}), with negation {right[negation].mean():.3f} "
        f"(n = {negation.sum()}), without {right[~negation].mean():.3f}"
    )


def measure_reviews(language: str) -> None:
    loaded = reviews.load(language)
    lengths = np.array([len(words(text, language)) for text in loaded.texts])
    parts = loaded.split()
    sizes = {split: len(part) for split, part in parts.items()}
    print(f"{language}: {len(loaded)} reviews {sizes}, {loaded.labels.mean():.0%} positive,")
    print(f"  negation {loaded.negation.mean():.0%}, {len(set(loaded.subjects))} subjects;")
    print(f"  {lengths.min()}–{lengths.max()} words, median {np.median(lengths):.0f}")
    print("  best single word: {:.3f}, {!r}".format(*best_word(loaded.texts, loaded.labels, language)))
    alike, i, j = most_alike(loaded.texts, language)
    print(f"  most alike: {alike:.2f}, {loaded.ids[i]} and {loaded.ids[j]}")
    train, test = parts["train"], parts["test"]
    tokens = partial(words, language=language)
    for name, analyzer in (("words", tokens), ("words and pairs", with_pairs(tokens))):
        right = classify((train.texts, train.labels), (test.texts, test.labels), analyzer)
        report(f"TF-IDF of {name}, test", right, test.negation)
        report("  ten folds of all", in_folds(loaded.texts, loaded.labels, analyzer), loaded.negation)
    print(f"  majority: {max(test.labels.mean(), 1 - test.labels.mean()):.3f}")


def measure_messages() -> None:
    messages = reviews.load_messages()
    parts = messages.split()
    sizes = {split: len(part) for split, part in parts.items()}
    lengths = [len(words(text)) for text in messages.texts]
    print(f"messages: {len(messages)} {sizes}, {len(set(messages.stickers))} stickers,")
    print(f"  {min(lengths)}–{max(lengths)} words; majority label of each sticker {by_sticker(messages):.3f}")
    alike, i, j = most_alike(list(dict.fromkeys(messages.texts)))
    print(f"  most alike of two pairs: {alike:.2f}, pairs {i + 1} and {j + 1}")
    train, test = parts["train"], parts["test"]
    for name, see in (
        ("text", lambda message: words(message[0])),
        ("sticker", lambda message: [message[1]]),
        ("text and sticker", lambda message: [*words(message[0]), message[1]]),
    ):
        right = classify(
            (list(zip(train.texts, train.stickers, strict=True)), train.labels),
            (list(zip(test.texts, test.stickers, strict=True)), test.labels),
            see,
        )
        print(f"  TF-IDF of {name}: test {right.mean():.3f} (n = {len(test)})")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    for language in reviews.LANGUAGES:
        measure_reviews(language)
    measure_messages()


if __name__ == "__main__":
    main()
