"""Looks for near-copies: between art styles and among photographs, where they would leak into a test.

A test picture (Fluent) is a near-copy of a training picture (Noto, Twemoji, OpenMoji) when both of these
hold: the 64-bit perceptual hashes of the two, on white, differ in at most HASH_BITS bits; and the mean
absolute difference of their pixels on white is at most PIXELS of 255. The hash (signs of the low DCT
coefficients about their median, Zauner 2010) sees form and not colour, the pixels see colour. Every pair is
compared, of the same concept and of different ones. Pairs of concepts that one style draws alike (a man and
a woman climbing) are counted too: no model can tell them apart in that style.

Photographs, laid on squares, are compared in the same way with each other and with every drawing.

needs
  Python    numpy, pillow and the repository around it; about ten seconds

It prints the figures that data/emoji/README.md and data/photographs/README.md quote; build_emoji.py stores
what it finds.
"""

import argparse

import files  # noqa: F401  makes course_utils importable
import numpy as np

from course_utils.datasets import emoji, photographs

HASH_BITS = 10
PIXELS = 20.0
TWIN_PIXELS = 1.0
SMALL = 32  # side the pictures are reduced to before hashing
SIDE = 64  # of the squares that photographs are laid on, as large as a drawing


def on_white(pictures: np.ndarray) -> np.ndarray:
    """uint8 RGBA (n, s, s, 4) → float32 RGB (n, SMALL, SMALL, 3)."""
    n, side = pictures.shape[:2]
    step = side // SMALL
    blocks = emoji.on_background(pictures).reshape(n, SMALL, step, SMALL, step, 3)
    return blocks.mean(axis=(2, 4), dtype=np.float32)


def hashes(small: np.ndarray) -> np.ndarray:
    """The perceptual hash of pictures (n, SMALL, SMALL, 3): bool (n, 64)."""
    grey = small @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    i = np.arange(SMALL)
    dct = np.cos(np.pi * np.outer(np.arange(9), 2 * i + 1) / (2 * SMALL))
    low = (dct @ grey @ dct.T)[:, 1:, 1:].reshape(len(small), -1)  # without the mean of rows and columns
    return low > np.median(low, axis=1, keepdims=True)


def compare(test: np.ndarray, train: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Which pairs of n and m pictures have near hashes, and which of those near pixels too: bool (n, m)."""
    first, second = hashes(test), hashes(train)
    near_hash = (first[:, None] != second[None]).sum(axis=2) <= HASH_BITS
    near = np.zeros_like(near_hash)
    for i, j in np.argwhere(near_hash):
        near[i, j] = np.abs(test[i] - train[j]).mean() <= PIXELS
    return near_hash, near


def near_copies(pictures: dict[str, np.ndarray]) -> np.ndarray:
    """Which test pictures have a near-copy among the training styles: bool (n,)."""
    test = on_white(pictures[emoji.TEST_STYLE])
    found = [compare(test, on_white(pictures[style]))[1].any(axis=1) for style in emoji.TRAIN_STYLES]
    return np.any(found, axis=0)


def twins(pictures: np.ndarray) -> list[tuple[int, int]]:
    """Pairs of concepts that one style draws alike: (i, j) with i < j, within TWIN_PIXELS on white."""
    small = on_white(pictures)
    return [
        (i, i + 1 + j)
        for i in range(len(small))
        for j in np.flatnonzero(np.abs(small[i + 1 :] - small[i]).mean(axis=(1, 2, 3)) <= TWIN_PIXELS)
    ]


def report(loaded: emoji.Emoji) -> None:
    names = loaded.names["en"]
    test = on_white(loaded.pictures[emoji.TEST_STYLE])
    same = np.eye(len(test), dtype=bool)
    copies = {}
    for style in emoji.TRAIN_STYLES:
        near_hash, near = compare(test, on_white(loaded.pictures[style]))
        print(
            f"{emoji.TEST_STYLE} against {style}: hash within {HASH_BITS} of 64 bits: "
            f"{np.sum(same & near_hash)} pairs of one concept, {np.sum(~same & near_hash)} of two; "
            f"pixels within {PIXELS:.0f} of 255 as well: {np.sum(same & near)} and {np.sum(~same & near)}"
        )
        for i, j in np.argwhere(near):
            copies.setdefault(i, []).append(f"{names[j]} ({style})")
    print(f"{len(copies)} of {len(test)} test pictures have a near-copy in a training style:")
    for i in sorted(copies):
        print(f"  {names[i]} ~ {', '.join(copies[i])}")
    for style, pictures in loaded.pictures.items():
        pairs = twins(pictures)
        examples = "".join(f"; {names[i]} = {names[j]}" for i, j in pairs[:4])
        print(f"{style} draws {len(pairs)} pairs of concepts alike{examples}")


def report_photographs(found: photographs.Photographs, loaded: emoji.Emoji) -> None:
    small = on_white(found.on_squares(SIDE))
    near_hash, near = (np.triu(pairs, k=1) for pairs in compare(small, small))
    print(f"{len(small)} photographs: {near_hash.sum()} pairs with near hashes, {near.sum()} near pixels too")
    for i, j in np.argwhere(near_hash):
        first, second = (f"{found.files[k]} ({found.splits[k]})" for k in (i, j))
        print(f"  {first} ~ {second}, pixels within {np.abs(small[i] - small[j]).mean():.0f} of 255")
    for style, pictures in loaded.pictures.items():
        near_hash, near = compare(small, on_white(pictures))
        print(f"with {style}: {near_hash.sum()} pairs with near hashes, {near.sum()} near pixels too")
        for i, j in np.argwhere(near_hash):
            print(f"  {found.files[i]} ~ {loaded.names['en'][j]}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    loaded = emoji.load()
    report(loaded)
    report_photographs(photographs.load(), loaded)


if __name__ == "__main__":
    main()
