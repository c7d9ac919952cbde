"""An experiment of tiny runs that a test's cluster makes; a run says where it was, and can wait."""

import os
import time
from pathlib import Path

import numpy as np

from course_utils.experiments import results

PLACE = "COURSE_TRIAL"
ROWS = tuple("abc")


def run(row: str, seed: int) -> dict[str, float]:
    """Leaves a file with the number of its process, takes a moment, gives figures of row and seed."""
    place = Path(os.environ[PLACE])
    (place / f"{row}{seed}-{os.getpid()}-{time.time_ns()}").touch()
    time.sleep(float((place / "pause").read_text()))
    return {"figure": np.random.default_rng([ord(row), seed]).normal(), "seed": seed}


def fails(row: str, seed: int) -> dict[str, float]:
    """Fails for one of the rows."""
    if row == "b":
        raise ValueError("row b cannot be computed")
    return {"figure": 1.0}


if __name__ == "__main__":
    import sys

    from course_utils.places import DATA

    results.DATA = Path(os.environ[PLACE])
    assert results.DATA != DATA
    results.record("trial", {}, ROWS, range(int(sys.argv[1])), run)
