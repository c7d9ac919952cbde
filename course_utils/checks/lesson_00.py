"""Check of the warm-up in lesson 00."""

from collections.abc import Callable

import numpy as np

from course_utils.checks import exercise, expect, expect_close, expect_number

__all__ = ["coverage"]


@exercise(
    "0.1",
    "the share of visible pixels is right for nine pictures, small and large, empty, full, faint and partly transparent",
)
def coverage(my_coverage: Callable) -> None:
    """Checks the share of pixels of an RGBA picture that are at least partly visible (lesson 00).

    Args:
        my_coverage: function of a picture, uint8 ``(height, width, 4)``, that returns a float in [0, 1].

    Raises:
        CheckFailed: with a hint, when a share is wrong.
    """
    rng = np.random.default_rng(0)
    pictures = []
    for height, width in ((8, 5), (4, 4), (3, 11), (1, 7), (300, 41)):
        picture = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
        picture[..., 3][rng.random((height, width)) < 0.4] = 0
        pictures.append(picture)
    for alpha in (0, 1, 255):
        pictures.append(rng.integers(1, 256, (5, 3, 4), dtype=np.uint8))
        pictures[-1][..., 3] = alpha
    pictures.append(np.full((1, 1, 4), 200, np.uint8))
    first, second = (expect_number(my_coverage(picture), "The share") for picture in pictures[:2])
    expect(
        first != second or first in (0, 1),
        f"For two pictures you returned the same, {first:.4g}: does your function use its argument `picture`, or a "
        "variable of another name?",
    )
    for picture in pictures:
        height, width, _ = picture.shape
        alpha = picture[..., 3]
        given = f"a picture of {height} × {width} pixels"
        share = expect_number(my_coverage(picture), f"The share for {given}")
        seen = alpha > 0
        expect_close(
            share,
            seen.mean(),
            f"The share for {given}",
            # Where all pixels are alike, mistakes are too.
            mistakes=(
                (100 * seen.mean(), "You returned a percentage; a share lies between 0 and 1."),
                (
                    1 - seen.mean(),
                    "You counted the pixels that are *not* visible: alpha 0 means transparent.",
                ),
                (
                    (seen.sum() % 256) / seen.size,
                    "The count went past 255 and began again at 0: count in whole numbers, not in bytes.",
                ),
                (seen.sum(), "You returned a count; divide by the number of pixels, height × width."),
                (
                    alpha.mean() / 255,
                    "You averaged alpha; a half-transparent pixel counts as one visible pixel here.",
                ),
                (
                    (alpha > 127).mean(),
                    "You counted pixels that are at least half visible; any alpha above 0 is visible.",
                ),
                (
                    (picture[:4][-1] > 0).mean(),
                    "`picture[3]` is a row of pixels: alpha is the last axis, `picture[..., 3]`.",
                ),
                (
                    (picture[:, :4][:, -1] > 0).mean(),
                    "`picture[:, 3]` is a column of pixels: alpha is the last axis, `picture[..., 3]`.",
                ),
                (round(seen.mean(), 2), "You rounded it: return the share as it is."),
                ((alpha > 1).mean(), "Alpha 1 is visible too: compare with 0."),
                (
                    seen.sum() / (width * width),
                    "You divided by width × width: a picture has height × width pixels.",
                ),
                (
                    seen.sum() / (height * height),
                    "You divided by height × height: a picture has height × width pixels.",
                ),
                (
                    seen.sum() / (4 * seen.size),
                    "You divided by the numbers in the picture; it has height × width pixels.",
                ),
                ((alpha == 255).mean(), "You counted opaque pixels only; any alpha above 0 is visible."),
                (
                    (picture > 0).mean(),
                    "You looked at all four channels; only the last one, alpha, says what is visible.",
                ),
                (
                    (picture[..., :3] > 0).any(axis=-1).mean(),
                    "You looked at the colours; a black pixel can be visible. Alpha is channel 3.",
                ),
                (
                    seen.sum() / (64 * 64),
                    "You divided by 64 × 64, the size of the picture above: use this one's size.",
                ),
            )
            if 0 < seen.mean() < 1
            else (),
        )
