"""Look for near-copies between the art styles: pictures that would leak from the training styles to the test style.

A test picture (Fluent) is a near-copy of a training picture (Noto, Twemoji, OpenMoji) when both of these hold:
the 64-bit perceptual hashes of the two, on white, differ in at most HASH_BITS bits; and the mean absolute
difference of their pixels on white is at most PIXELS of 255. The hash (signs of the low DCT coefficients about
their median, Zauner 2010) sees form and not colour, the pixels see colour. Every pair is compared, of the same concept
and of different ones. Pairs of concepts that one style draws alike (a man and a woman climbing) are counted too:
no model can tell them apart in that style.

Run as a script it prints the figures that the card quotes: python3 data/build/near_copies.py
"""

import argparse
import sys
from pathlib import Path

import numpy as np

TRAIN, TEST = ("noto", "twemoji", "openmoji"), "fluent"
HASH_BITS = 10
PIXELS = 20.0
TWIN_PIXELS = 1.0
SMALL = 32  # side the pictures are reduced to before hashing


def on_white(pictures):
    """uint8 RGBA (n, s, s, 4) → float32 RGB (n, SMALL, SMALL, 3)."""
    alpha = pictures[..., 3:].astype(np.float32) / 255
    colour = pictures[..., :3] * alpha + 255 * (1 - alpha)
    n, side = pictures.shape[:2]
    step = side // SMALL
    return colour.reshape(n, SMALL, step, SMALL, step, 3).mean(axis=(2, 4), dtype=np.float32)


def hashes(small):
    """The perceptual hash of pictures (n, SMALL, SMALL, 3): bool (n, 64)."""
    grey = small @ np.array([0.299, 0.587, 0.114], dtype=np.float32)
    i = np.arange(SMALL)
    dct = np.cos(np.pi * np.outer(np.arange(9), 2 * i + 1) / (2 * SMALL))
    low = (dct @ grey @ dct.T)[:, 1:, 1:].reshape(len(small), -1)  # without the mean of rows and columns
    return low > np.median(low, axis=1, keepdims=True)


def compare(test, train):
    """(bits, pixels) between every test and every train picture, each (n, n)."""
    first, second = hashes(test), hashes(train)
    bits = (first[:, None] != second[None]).sum(axis=2)
    pixels = np.full(bits.shape, np.inf)
    for i, j in np.argwhere(bits <= HASH_BITS):
        pixels[i, j] = np.abs(test[i] - train[j]).mean()
    return bits, pixels


def near_copies(pictures):
    """Which test pictures have a near-copy among the training styles: bool (n,)."""
    test = on_white(pictures[TEST])
    found = np.zeros(len(test), dtype=bool)
    for style in TRAIN:
        bits, pixels = compare(test, on_white(pictures[style]))
        found |= ((bits <= HASH_BITS) & (pixels <= PIXELS)).any(axis=1)
    return found


def twins(pictures):
    """Pairs of concepts that one style draws (nearly) alike: (i, j) with i < j, within TWIN_PIXELS on white."""
    small = on_white(pictures)
    return [
        (i, i + 1 + j)
        for i in range(len(small))
        for j in np.flatnonzero(np.abs(small[i + 1 :] - small[i]).mean(axis=(1, 2, 3)) <= TWIN_PIXELS)
    ]


def report(emoji):
    test = on_white(emoji.pictures[TEST])
    flagged = {}
    for style in TRAIN:
        bits, pixels = compare(test, on_white(emoji.pictures[style]))
        same = np.eye(len(test), dtype=bool)
        near = (bits <= HASH_BITS) & (pixels <= PIXELS)
        print(
            f"{TEST} against {style}: hash within {HASH_BITS} bits {np.sum(same & (bits <= HASH_BITS))} same concept, "
            f"{np.sum(~same & (bits <= HASH_BITS))} different; also within {PIXELS:.0f} of 255 per pixel "
            f"{np.sum(same & near)} same, {np.sum(~same & near)} different; "
            f"median bits same concept {np.median(bits[same]):.0f}, different {np.median(bits[~same]):.0f}"
        )
        for i, j in np.argwhere(near):
            flagged.setdefault(i, []).append(f"{style}: {emoji.names['en'][j]}")
    print(f"{len(flagged)} of {len(test)} test pictures have a near-copy in a training style:")
    print("  " + "; ".join(emoji.names["en"][i] for i in sorted(flagged)))
    other = {
        i: [c for c in copies if c.split(": ", 1)[1] != emoji.names["en"][i]] for i, copies in flagged.items()
    }
    print("of another concept:")
    for i, copies in sorted(other.items()):
        if copies:
            print(f"  {emoji.names['en'][i]} ~ {'; '.join(copies)}")
    for style, pictures in emoji.pictures.items():
        pairs = twins(pictures)
        names = ", ".join(f"{emoji.names['en'][i]} = {emoji.names['en'][j]}" for i, j in pairs[:6])
        print(f"{style} draws {len(pairs)} pairs of concepts alike{': ' + names if pairs else ''}")


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    from course_utils.datasets import emoji

    report(emoji.load())


if __name__ == "__main__":
    main()
