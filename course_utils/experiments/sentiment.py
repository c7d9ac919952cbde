"""Recorded experiment: the sentiment of reviews, by counting words and by reading them in order (lesson 03).

    python3 -m course_utils experiment sentiment --seeds 3

Two tasks. The course's reviews, in two languages: few, and written by hand. And generated ones, as many as
one likes, in which the order of the words decides and nothing else: each comes with a twin of the same words
and the opposite label, so that whatever counts words is right about exactly one of the two.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils.datasets import reviews
from course_utils.datasets.base import DataSet
from course_utils.experiments import results
from course_utils.features import text_encoder
from course_utils.preprocessing import text

if TYPE_CHECKING:
    import keras
    from sklearn.linear_model import LogisticRegression

CONFIGURATION = {
    "embedding": 32,
    "units": 32,
    "dropout": 0.4,
    "batch size": 24,
    "learning rate": 0.003,
    "steps": 1200,
    "epochs at most": 40,
    "patience": 8,
    "inverse strength of regularisation": [0.1, 1, 10],
    "generated for validation": 200,
    "generated for testing": 1000,
}
MAJORITY, COUNTS, TFIDF, BIGRAMS, GRU, PRETRAINED = (
    "majority",
    "bag of words",
    "TF-IDF",
    "TF-IDF of words and pairs",
    "GRU",
    "pretrained text features",
)
SIZES = (400, 1600)
ROWS = (
    *[
        f"{language}: {model}"
        for language in reviews.LANGUAGES
        for model in (MAJORITY, COUNTS, TFIDF, BIGRAMS, GRU, PRETRAINED)
    ],
    *[f"generated, {size}: {model}" for size in SIZES for model in (COUNTS, BIGRAMS, GRU)],
)
SEEDS = 3

_WORDS = {
    "praise": "good great lovely superb warm clever tender funny bright gentle crisp generous honest fresh",
    "blame": "bad awful dreary clumsy cold stupid harsh boring dull rude stale stingy tedious sour",
    "thing": "film plot music cast ending story room bed view staff soup bread salad tea service price book",
    "degree": "very really rather truly quite",
}
GRAMMAR = {kind: words.split() for kind, words in _WORDS.items()}


@dataclasses.dataclass(frozen=True, repr=False, eq=False)
class Examples(DataSet):
    """n texts as lists of tokens, with what is known of them.

    Attributes:
        tokens: n lists of str.
        labels: int array (n,), 1 positive, 0 negative.
        negation: bool (n,), True where the verdict takes a negation or a contrast.
    """

    tokens: list
    labels: np.ndarray
    negation: np.ndarray


def generate_reviews(n: int, seed: int) -> Examples:
    """Draws reviews in which only word order decides: "the soup was good but the bread was not fresh".

    One clause praises, the other blames, with or without "not"; the verdict is that of the clause after
    "but". Every review is followed by its twin: the clauses change places, the words stay, the label turns.

    Args:
        n: int, even.
        seed: int, or anything :func:`numpy.random.default_rng` takes.

    Returns:
        :class:`Examples`; ``negation`` is True where the deciding clause has a "not".
    """
    rng = np.random.default_rng(seed)
    tokens, labels, negation = [], [], []
    for _ in range(n // 2):
        things = rng.choice(GRAMMAR["thing"], 2, replace=False)
        positive = rng.permutation(2)  # one clause praises, the other blames
        negated = rng.integers(2, size=2)
        clauses = [
            _clause(thing, praise, no, rng)
            for thing, praise, no in zip(things, positive, negated, strict=True)
        ]
        for first, last in ((0, 1), (1, 0)):
            tokens.append([*clauses[first], "but", *clauses[last]])
            labels.append(positive[last])
            negation.append(negated[last] == 1)
    return Examples(tokens, np.array(labels), np.array(negation))


def _clause(thing: str, praises: bool, negated: bool, rng: np.random.Generator) -> list[str]:
    words = ["the", thing, "was"]
    if negated:
        words.append("not")
    if rng.random() < 0.5:
        words.append(rng.choice(GRAMMAR["degree"]))
    words.append(rng.choice(GRAMMAR["praise" if praises != negated else "blame"]))
    return [str(word) for word in words]


def load_sets(task: str, seed: int) -> dict[str, Examples]:
    """Gives the three splits of a task.

    Args:
        task: str, "english", "chinese", or "generated, N" for N reviews to train on.
        seed: int, for the generated ones; the course's reviews have stored splits.

    Returns:
        dict of :class:`Examples` for "train", "validation" and "test".
    """
    if task.startswith("generated"):
        sizes = {
            "train": int(task.split(", ")[1]),
            "validation": CONFIGURATION["generated for validation"],
            "test": CONFIGURATION["generated for testing"],
        }
        return {
            split: generate_reviews(size, (seed, place)) for place, (split, size) in enumerate(sizes.items())
        }
    loaded = reviews.load(task)
    return {
        split: Examples([tokenise(item, task) for item in part.texts], part.labels, part.negation)
        for split, part in loaded.split().items()
    }


def tokenise(item: str, language: str) -> list[str]:
    """Gives the words of a review, punctuation left out.

    Args:
        item: str.
        language: "english" or "chinese".

    Returns:
        list of str.
    """
    split = text.split_words if language == "english" else text.segment_chinese
    return split(text.normalise(item))


def build(vocabulary_size: int) -> "keras.Model":
    """Builds the GRU classifier, compiled.

    Args:
        vocabulary_size: int; id 0 is padding.

    Returns:
        Keras model, int ids (batch, tokens) → logits (batch, 1) of "positive".
    """
    import keras
    from keras import layers

    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            layers.Embedding(vocabulary_size, CONFIGURATION["embedding"], mask_zero=True),
            layers.Dropout(CONFIGURATION["dropout"]),
            layers.Bidirectional(layers.GRU(CONFIGURATION["units"])),
            layers.Dropout(CONFIGURATION["dropout"]),
            layers.Dense(1),
        ]
    )
    model.compile(
        keras.optimizers.Adam(CONFIGURATION["learning rate"]),
        keras.losses.BinaryCrossentropy(from_logits=True),
        metrics=[keras.metrics.BinaryAccuracy(threshold=0.0)],
    )
    return model


def train_gru(sets: dict[str, Examples], seed: int) -> tuple["keras.Model", text.Vocabulary]:
    """Trains the GRU classifier, ended by the validation loss.

    Args:
        sets: dict of :class:`Examples`.
        seed: int, for the first weights and the order of the batches.

    Returns:
        Keras model, and the :class:`course_utils.preprocessing.text.Vocabulary` of its training words.
    """
    import keras

    vocabulary = text.Vocabulary.build(sets["train"].tokens)
    ids = {split: encode(part, vocabulary) for split, part in sets.items()}
    keras.utils.set_random_seed(seed)
    model = build(len(vocabulary))
    batch_size = CONFIGURATION["batch size"]
    # As many steps for few examples as for many, unless that would be reading them over and over.
    epochs = min(
        CONFIGURATION["epochs at most"],
        round(CONFIGURATION["steps"] * batch_size / len(sets["train"].labels)),
    )
    stopping = keras.callbacks.EarlyStopping(
        "val_loss", patience=CONFIGURATION["patience"], restore_best_weights=True
    )
    model.fit(
        ids["train"],
        sets["train"].labels,
        validation_data=(ids["validation"], sets["validation"].labels),
        epochs=epochs,
        batch_size=batch_size,
        callbacks=[stopping],
        verbose=0,
    )
    return model, vocabulary


def encode(examples: Examples, vocabulary: text.Vocabulary) -> np.ndarray:
    """Gives the numbers of the tokens, padded.

    Args:
        examples: :class:`Examples`.
        vocabulary: :class:`course_utils.preprocessing.text.Vocabulary`.

    Returns:
        int32 (n, tokens), 0 at padding.
    """
    return text.pad([vocabulary.encode(tokens) for tokens in examples.tokens])[0]


def fit_linear(vectorise: Callable[[Examples], Any], sets: dict[str, Examples]) -> "LogisticRegression":
    """Fits a logistic regression whose regularisation is chosen on the validation set.

    Args:
        vectorise: function of :class:`Examples`, returns float (n, dim), dense or sparse.
        sets: dict of :class:`Examples`.

    Returns:
        scikit-learn's fitted classifier.
    """
    from sklearn.linear_model import LogisticRegression

    inputs = {split: vectorise(part) for split, part in sets.items()}
    candidates = [
        LogisticRegression(C=strength, max_iter=2000).fit(inputs["train"], sets["train"].labels)
        for strength in CONFIGURATION["inverse strength of regularisation"]
    ]
    return max(candidates, key=lambda fitted: fitted.score(inputs["validation"], sets["validation"].labels))


def vectoriser(model: str, sets: dict[str, Examples]) -> Callable[[Examples], Any]:
    """Makes what turns texts into numbers for a row that is no network.

    Args:
        model: str, COUNTS, TFIDF, BIGRAMS or PRETRAINED.
        sets: dict of :class:`Examples`; words are counted in "train" alone.

    Returns:
        function of :class:`Examples`, returns float (n, dim), dense or sparse.
    """
    from sklearn.feature_extraction.text import CountVectorizer, TfidfVectorizer

    if model == PRETRAINED:
        return lambda part: text_encoder.text_features([" ".join(tokens) for tokens in part.tokens])
    kind = CountVectorizer if model == COUNTS else TfidfVectorizer
    words = kind(
        tokenizer=lambda tokens: tokens,
        preprocessor=lambda tokens: tokens,
        token_pattern=None,
        ngram_range=(1, 2) if model == BIGRAMS else (1, 1),
    ).fit(sets["train"].tokens)
    return lambda part: words.transform(part.tokens)


def run(row: str, seed: int) -> dict[str, float]:
    """Trains and tests one row with one seed.

    Args:
        row: str, one of ROWS.
        seed: int, for the generated reviews, and the GRU's first weights and batches. On the course's
            reviews the rows without a GRU have nothing random and give the same for every seed.

    Returns:
        dict of float: parameters, and accuracy on all test reviews, on those with and without negation.
    """
    task, model = row.split(": ")
    sets = load_sets(task, seed)
    test = sets["test"]
    if model == MAJORITY:
        answers, parameters = np.full(len(test.labels), np.bincount(sets["train"].labels).argmax()), 0
    elif model == GRU:
        network, vocabulary = train_gru(sets, seed)
        answers = np.asarray(network(encode(test, vocabulary), training=False))[:, 0] > 0
        parameters = network.count_params()
    else:
        vectorise = vectoriser(model, sets)
        classifier = fit_linear(vectorise, sets)
        answers, parameters = classifier.predict(vectorise(test)), classifier.coef_.size + 1
    right = answers == test.labels
    return {
        "parameters": parameters,
        "accuracy": right.mean(),
        "negation accuracy": right[test.negation].mean(),
        "plain accuracy": right[~test.negation].mean(),
    }


if __name__ == "__main__":
    from course_utils import runtime

    runtime.start()
    results.record("sentiment", CONFIGURATION, ROWS, results.seeds_from_command_line(__doc__, SEEDS), run)
