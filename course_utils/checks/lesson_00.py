"""Check of the warm-up in lesson 00."""

from collections.abc import Callable

import numpy as np

from course_utils.checks import exercise, expect, expect_close

__all__ = ["coverage"]


@exercise("0.1", "the share of visible pixels is right for five pictures, empty, full and partly transparent")
def coverage(my_coverage: Callable) -> None:
    """Checks the share of pixels of an RGBA picture that are at least partly visible (lesson 00).

    Args:
        my_coverage: function of a picture, uint8 ``(height, width, 4)``, that returns a float in [0, 1].

    Raises:
        CheckFailed: with a hint, when a share is wrong.
    """
    rng = np.random.default_rng(0)
    for height, width in ((4, 4), (8, 5), (3, 11), (16, 16), (1, 7)):
        picture = rng.integers(0, 256, (height, width, 4), dtype=np.uint8)
        alpha = picture[..., 3]
        alpha[rng.random((height, width)) < rng.random()] = 0
        share = my_coverage(picture.copy())
        expect(share is not None, "Your function returned None: does it end without `return`?")
        expect(np.ndim(share) == 0, f"Your function returned shape {np.shape(share)}, expected one number.")
        seen = alpha > 0
        expect_close(
            share,
            seen.mean(),
            f"The share for a picture of {height} × {width} pixels",
            mistakes=(
                (100 * seen.mean(), "You returned a percentage; a share lies between 0 and 1."),
                (
                    1 - seen.mean(),
                    "You counted the pixels that are *not* visible: alpha 0 means transparent.",
                ),
                (seen.sum(), "You returned a count; divide by the number of pixels, height × width."),
                (
                    alpha.mean() / 255,
                    "You averaged alpha; a half-transparent pixel counts as one visible pixel here.",
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
            ),
        )
