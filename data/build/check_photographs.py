"""Prints the figures that data/photographs/README.md quotes: counts, sizes, and what drawings teach of them.

How often the course's trained image classifier, which saw only drawings, finds the concept among all of
them, its group, and the concept among those that are photographed; on each ground, drawn with several seeds,
beside drawings of a style that it did not see, laid and reduced in the same way. Its training was chosen on
the few-shot half of the photographs, so the test half counts.

needs
  Python    numpy, pillow, tensorflow and the repository around it; about half a minute
"""

import argparse
from collections import Counter

import files  # noqa: F401  makes course_utils importable
import numpy as np

from course_utils import runtime
from course_utils.datasets import emoji, photographs

SIDE = 48  # pixels, what the classifier is best at
SEEDS = 5  # of the grounds


def describe(loaded: photographs.Photographs) -> None:
    for name, part in loaded.split().items():
        print(f"{name}: {len(part)} photographs of {len(set(part.subjects))} subjects")
        for match, count in Counter(part.match).items():
            concepts = set(part.select(match=match).concepts.tolist()) - {-1}
            print(f"  {match or 'no emoji'}: {count} of {len(concepts)} concepts")
    longer = np.array([max(picture.shape[:2]) for picture in loaded.pictures])
    print(f"longer side: {longer.min()}–{longer.max()} pixels, median {np.median(longer):.0f}")
    print(f"shorter than 64: {np.sum(longer < 64)}")
    for licence, count in Counter(loaded.licences).most_common():
        print(f"  {licence}: {count}")


def shares(squares: np.ndarray, concepts: np.ndarray, groups: np.ndarray, ground: str) -> np.ndarray:
    """Shares of right answers for pictures (n, SIDE, SIDE, 4) of some concepts: float (seeds, 3).

    The columns are the concept among all, the concept among those that are there, and the group.
    """
    from course_utils.features import pretrained

    classifier = pretrained.load_image_classifier()
    candidates = np.unique(concepts)
    members = np.eye(groups.max() + 1)[groups]
    rows = []
    for seed in range(SEEDS if ground != "white" else 1):
        pictures = photographs.on_ground(squares, ground, np.random.default_rng(seed))
        scores = np.asarray(classifier(pictures.astype(np.float32), training=False))
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        best, among = scores.argmax(axis=1), candidates[scores[:, candidates].argmax(axis=1)]
        group = (chances @ members).argmax(axis=1)
        rows.append(np.mean([best == concepts, among == concepts, group == groups[concepts]], axis=1))
    return np.array(rows)


def measure(squares: np.ndarray, concepts: np.ndarray, groups: np.ndarray) -> None:
    counts = np.unique_counts(concepts).counts
    largest = np.bincount(groups[concepts]).max()
    print(f"  always the commonest: {counts.max() / len(concepts):.3f}, group {largest / len(concepts):.3f}")
    for ground in photographs.GROUNDS:
        found = shares(squares, concepts, groups, ground)
        mean, spread = found.mean(axis=0), found.std(axis=0)
        concept, among, group = (f"{m:.3f} ± {s:.3f}" for m, s in zip(mean, spread, strict=True))
        print(f"  {ground}: concept {concept}, among {len(counts)} {among}, group {group}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    runtime.start()
    loaded, drawn = photographs.load(), emoji.load()
    describe(loaded)
    tested = loaded.split()["test"]
    for match in photographs.MATCHES:
        part = tested.select(match=match)
        print(f"photographs of the test half, {match}:")
        measure(part.on_squares(SIDE), part.concepts, drawn.groups)
    concepts = np.unique(tested.select(match="same").concepts)
    for style in (emoji.TEST_STYLE, emoji.TRAIN_STYLES[0]):
        print(f"drawings of the same concepts, {style}:")
        pictures = emoji.resized(drawn.pictures[style][concepts], SIDE)
        measure(pictures, concepts, drawn.groups)


if __name__ == "__main__":
    main()
