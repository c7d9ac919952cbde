"""Of many that are alike each version tries some, drawn by its number; the weekly run in GitHub tries all."""

import random

import pytest

from course_utils import __version__


def for_this_version(what):
    """Gives a generator that draws the same in every run of a version, and in each version something else."""
    return random.Random(f"{what} in {__version__}")


def some_of(alike, count=1):
    """Gives parameters for `pytest.mark.parametrize`; those that this version does not draw are weekly."""
    drawn = for_this_version(alike).sample(range(len(alike)), count)
    marks = [() if row in drawn else pytest.mark.weekly for row in range(len(alike))]
    return [pytest.param(one, marks=mark) for one, mark in zip(alike, marks, strict=True)]
