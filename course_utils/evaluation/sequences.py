"""What generated text is worth: overlap with references, edits to get there, facts that are true or invented.

BLEU and chrF come from sacrebleu, and with them its signature: the line that says how the text was cut and
counted, without which a score cannot be compared with anybody's. Introduced in lessons 07 to 09.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from rapidfuzz.distance import Levenshtein

from course_utils import arguments
from course_utils.errors import CourseError, shown
from course_utils.evaluation.scores import Interval, bootstrap_interval

if TYPE_CHECKING:
    from sacrebleu.metrics import BLEU, CHRF

__all__ = [
    "FactScores",
    "InventedThings",
    "TextScore",
    "bleu",
    "character_error_rate",
    "chrf",
    "edit_distance",
    "error_counts",
    "fact_scores",
    "invented_things",
    "paired_bootstrap",
    "word_error_rate",
]

_TOKENIZERS = {"en": "13a", "zh": "zh"}  # sacrebleu's: 13a as at the WMT shared tasks; zh cuts each 汉字 off


@dataclass(frozen=True)
class TextScore:
    """A score of a whole test set, and how it was counted. Introduced in lesson 07.

    Attributes:
        value: float, 0 to 100.
        signature: str, sacrebleu's; report it beside the score.
    """

    value: float
    signature: str

    def __format__(self, specification: str) -> str:
        return f"{self.value:{specification}} ({self.signature})"


def bleu(hypotheses: Iterable[str], references: Iterable, language: str = "en") -> TextScore:
    """Scores by the n-grams, one to four words, that a text shares with its references: corpus BLEU.

    Papineni et al. (2002), as sacrebleu counts it (Post, arXiv:1804.08771). Counts are summed over the test
    set before they are divided, so it is no mean over sentences; with no sentence of four words it is 0.
    Introduced in lesson 07.

    Args:
        hypotheses: n str, what a model wrote, as people write it: neither cut into tokens nor lower-cased.
        references: n str, or n lists of str where there are several for each.
        language: "en" (cut by sacrebleu's tokenizer 13a) or "zh" (by its tokenizer zh).

    Returns:
        :class:`TextScore`.

    Raises:
        CourseError: when one of them is no list of texts, is empty, or their lengths differ.
    """
    return _score(_metric("bleu", language), hypotheses, references)


def chrf(hypotheses: Iterable[str], references: Iterable) -> TextScore:
    """Scores by the n-grams of one to six characters, recall counting twice as much as precision: chrF2.

    It needs no words, so it serves Chinese as well, and a wrong ending costs less than a wrong word.
    Popović (2015), as sacrebleu counts it. Introduced in lesson 08.

    Args:
        hypotheses: n str.
        references: n str, or n lists of str where there are several for each.

    Returns:
        :class:`TextScore`.

    Raises:
        CourseError: as :func:`bleu`.
    """
    return _score(_metric("chrf"), hypotheses, references)


def paired_bootstrap(
    first: Iterable[str],
    second: Iterable[str],
    references: Iterable,
    *,
    metric: str = "bleu",
    language: str = "en",
    groups: np.ndarray | None = None,
    level: float = 0.95,
    draws: int = 1000,
    seed: int = 0,
) -> Interval:
    """Tells whether one system's score would beat the other's on another test set too.

    Sentences are drawn with replacement, both systems are scored on what was drawn, and the differences make
    an interval: where 0 is outside, the better one is better by more than the luck of the test set. Koehn,
    "Statistical Significance Tests for Machine Translation Evaluation" (2004). Introduced in lesson 08.

    Args:
        first: n str, what one system wrote.
        second: n str, what the other wrote for the same inputs.
        references: n str, or n lists of str.
        metric: "bleu" or "chrf".
        language: "en" or "zh", for BLEU.
        groups: array (n,), equal where sentences belong together; None takes each for itself.
        level: float, 0 < level < 1.
        draws: int ≥ 1.
        seed: int, for the draws.

    Returns:
        :class:`~course_utils.evaluation.scores.Interval` of the first's score minus the second's.

    Raises:
        CourseError: as :func:`bleu` and :func:`~course_utils.evaluation.scores.bootstrap_interval`.
    """
    scorer = _metric(metric, language)
    systems = [_checked(hypotheses, references) for hypotheses in (first, second)]
    # What sacrebleu's own test calls: nothing public gives counts of sentences that can be added, and so
    # pyproject.toml holds its version. That test itself gives no interval, knows no groups, and to a system
    # beside itself gives the p-value of a sure difference.
    counts = np.stack([scorer._extract_corpus_statistics(*texts) for texts in systems], axis=1)

    def difference(drawn: np.ndarray) -> float:
        one, other = (scorer._compute_score_from_stats(total).score for total in drawn.sum(axis=0))
        return one - other

    return bootstrap_interval(
        counts, groups=groups, statistic=difference, level=level, draws=draws, seed=seed
    )


def _metric(name: str, language: str = "en") -> "BLEU | CHRF":
    from sacrebleu.metrics import BLEU, CHRF

    arguments.choice("metric", name, ("bleu", "chrf"))
    arguments.choice("language", language, _TOKENIZERS)
    # force=True keeps a warning about full stops after a space, which JupyterLab would show on red.
    return BLEU(tokenize=_TOKENIZERS[language], force=True) if name == "bleu" else CHRF()


def _score(metric: "BLEU | CHRF", hypotheses: Iterable[str], references: Iterable) -> TextScore:
    value = metric.corpus_score(*_checked(hypotheses, references)).score
    return TextScore(float(value), str(metric.get_signature()))


def _checked(hypotheses: Iterable[str], references: Iterable) -> tuple[list[str], list[list[str | None]]]:
    """n hypotheses, and references as sacrebleu takes them: lists of n, with None where one lacks."""
    hypotheses = arguments.strings("hypotheses", hypotheses)
    references = arguments.items("references", references, "texts, or of lists of texts")
    _require_pairs(hypotheses=hypotheses, references=references)
    rows = [[row] if isinstance(row, str) else arguments.strings("references", row) for row in references]
    if not all(rows):
        raise CourseError(
            f"references[{[*map(len, rows)].index(0)}] is empty: expected a text or more for each hypothesis."
        )
    most = max(map(len, rows))
    return hypotheses, [[row[rank] if rank < len(row) else None for row in rows] for rank in range(most)]


def edit_distance(first: Iterable[Hashable], second: Iterable[Hashable]) -> int:
    """Counts the fewest items to insert, delete or replace that make one sequence of the other.

    Levenshtein (1966), by rapidfuzz; lesson 09 fills the table by hand. Introduced in lesson 09.

    Args:
        first: items that can be in a set, such as the words of a sentence, or a str for its characters.
        second: likewise.

    Returns:
        int ≥ 0, the same both ways round.
    """
    names: dict[Hashable, int] = {}  # rapidfuzz compares by hash alone; numbers cannot collide
    rows = ([names.setdefault(item, len(names)) for item in row] for row in (first, second))
    return Levenshtein.distance(*rows)


def error_counts(hypotheses: Iterable[str], references: Iterable[str], unit: str = "word") -> np.ndarray:
    """Counts for each text how many edits its hypothesis is away, and how long its reference is.

    For :func:`~course_utils.evaluation.scores.bootstrap_interval`, with the voices as groups and the sums'
    ratio as statistic. Introduced in lesson 09.

    Args:
        hypotheses: n str, what a model heard.
        references: n str, what was said. Both count as they are: make case and punctuation alike before.
        unit: "word", what stands between white space, or "character", a space between words being one, but
            none at the ends.

    Returns:
        int array (n, 2): edits, units in the reference.

    Raises:
        CourseError: when one of them is no list of texts, is empty, or their lengths differ.
    """
    hypotheses = arguments.strings("hypotheses", hypotheses)
    references = arguments.strings("references", references)
    _require_pairs(hypotheses=hypotheses, references=references)
    cut = {"word": str.split, "character": str.strip}[arguments.choice("unit", unit, ("word", "character"))]
    pairs = [(cut(heard), cut(said)) for heard, said in zip(hypotheses, references, strict=True)]
    return np.array([(edit_distance(heard, said), len(said)) for heard, said in pairs])


def word_error_rate(hypotheses: Iterable[str], references: Iterable[str]) -> float:
    """Gives the edits of words for each word of the references (WER), all sentences taken together.

    Above 1 where much is invented. Chinese without spaces is one word a sentence: take
    :func:`character_error_rate`. Introduced in lesson 09.

    Args:
        hypotheses: n str.
        references: n str.

    Returns:
        float ≥ 0; words heard where nothing was said are edits too. NaN where no reference holds a word.

    Raises:
        CourseError: as :func:`error_counts`.
    """
    return _share(*error_counts(hypotheses, references, "word").sum(axis=0).tolist())


def character_error_rate(hypotheses: Iterable[str], references: Iterable[str]) -> float:
    """Gives the edits of characters for each character of the references (CER), as :func:`word_error_rate`.

    Introduced in lesson 09.

    Args:
        hypotheses: n str.
        references: n str.

    Returns:
        float ≥ 0, NaN where no reference holds a character.

    Raises:
        CourseError: as :func:`error_counts`.
    """
    return _share(*error_counts(hypotheses, references, "character").sum(axis=0).tolist())


@dataclass(frozen=True)
class FactScores:
    """How many of the facts that were stated are true, and how many of the true ones were stated.

    Introduced in lesson 07.

    Attributes:
        precision: float, of the facts stated, the share that is true; NaN when none was stated.
        recall: float, of the true facts, the share that was stated; NaN when there are none.
        f1: float, 2 · right / (stated + true); NaN when there are neither.
        right: int, facts that were stated and are true.
        stated: int, facts stated.
        true: int, facts that could have been stated.
    """

    precision: float
    recall: float
    f1: float
    right: int
    stated: int
    true: int


def fact_scores(stated: Iterable[Iterable[Hashable]], true: Iterable[Iterable[Hashable]]) -> FactScores:
    """Compares what texts say with what is so, all facts counting alike (micro-average).

    Introduced in lesson 07.

    Args:
        stated: n sets of facts, what each text says; a fact is anything that can be in a set.
        true: n sets of facts, what is so.

    Returns:
        :class:`FactScores`.

    Raises:
        CourseError: when one of them is no list of sets, is empty, or their lengths differ.
    """
    stated, true = _sets("stated", stated), _sets("true", true)
    _require_pairs(stated=stated, true=true)
    right = sum(len(said & holds) for said, holds in zip(stated, true, strict=True))
    all_stated, all_true = sum(map(len, stated)), sum(map(len, true))
    return FactScores(
        _share(right, all_stated),
        _share(right, all_true),
        _share(2 * right, all_stated + all_true),
        right,
        all_stated,
        all_true,
    )


@dataclass(frozen=True)
class InventedThings:
    """How often a text names what is not there. Introduced in lesson 07.

    Attributes:
        per_mention: float, of all things named, the share that is not there; NaN when none was named.
        per_sentence: float, of all texts, the share that names something that is not there.
    """

    per_mention: float
    per_sentence: float


def invented_things(
    mentioned: Iterable[Iterable[Hashable]], present: Iterable[Iterable[Hashable]]
) -> InventedThings:
    """Counts what texts name although it is not there (CHAIR, Rohrbach et al., arXiv:1809.02156).

    Introduced in lesson 07.

    Args:
        mentioned: n lists of things, what each text names; who is named twice counts twice.
        present: n sets of things, what there is.

    Returns:
        :class:`InventedThings`, CHAIR_i and CHAIR_s of the paper.

    Raises:
        CourseError: when one of them is no list of lists, is empty, or their lengths differ.
    """
    mentioned = [
        arguments.items("an item of mentioned", things, "things")
        for things in arguments.items("mentioned", mentioned, "lists of things")
    ]
    present = _sets("present", present)
    _require_pairs(mentioned=mentioned, present=present)
    invented = [
        sum(thing not in there for thing in named) for named, there in zip(mentioned, present, strict=True)
    ]
    return InventedThings(
        _share(sum(invented), sum(map(len, mentioned))), _share(sum(map(bool, invented)), len(invented))
    )


def _sets(name: str, value: Iterable[Iterable[Hashable]]) -> list[set]:
    found = []
    for item in arguments.items(name, value, "sets"):
        members = arguments.items(f"an item of {name}", item, "facts or things, as a set")
        try:
            found.append(set(members))
        except TypeError:
            raise CourseError(
                f"an item of {name} is {shown(item)}, whose members cannot be in a set: expected str, numbers"
                " or tuples of them. A list becomes a tuple by `tuple(fact)`."
            ) from None
    return found


def _require_pairs(**lists: list) -> None:
    """Refuses lists that do not tell of the same texts."""
    lengths = {name: len(items) for name, items in lists.items()}
    if len(set(lengths.values())) > 1 or 0 in lengths.values():
        found = " and ".join(f"{length:,} {name}" for name, length in lengths.items())
        raise CourseError(f"there are {found}: expected as many of one as of the other, and at least one.")


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")
