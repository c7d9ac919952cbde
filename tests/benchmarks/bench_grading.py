"""Grading thirty submissions of lesson 01 against executing the lesson itself.

Run as ``python tests/benchmarks/bench_grading.py`` on a quiet machine; prints both times and their ratio,
which is to be at most 1.3 × number × one run ÷ workers.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from course_utils.command import environment
from course_utils.lessons import editions, render
from course_utils.places import NOTEBOOKS, ROOT

LESSON = NOTEBOOKS / "01_preprocessing.ipynb"


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--submissions", type=int, default=30)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    os.environ.update(environment.child_environment())
    worked = editions.read_notebook(LESSON)
    one = render.execute(editions.read_notebook(LESSON), LESSON).seconds
    with tempfile.TemporaryDirectory() as folder:
        for number in range(options.submissions):
            # No two alike, as in a class.
            worked.cells[0].source += f"\n\nStudent {number}"
            nbformat.write(worked, Path(folder) / f"student {number:02d}.ipynb")
        command = [sys.executable, "-m", "course_utils", "grade", folder, "--workers", str(options.workers)]
        began = time.monotonic()
        subprocess.run(command, cwd=ROOT, check=True)
        seconds = time.monotonic() - began
    allowed = options.submissions * one / options.workers
    print(f"one run of the lesson: {one:.1f} s")
    print(f"{options.submissions} submissions, {options.workers} workers: {seconds:.1f} s")
    print(f"ratio to number x one run / workers: {seconds / allowed:.2f} (at most 1.3)")


if __name__ == "__main__":
    main()
