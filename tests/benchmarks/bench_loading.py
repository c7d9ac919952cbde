"""How long photographs and recordings take to load, checked and decoded, in a process that read nothing yet.

    python -m tests.benchmarks.bench_loading

It ends with an error if one whole set takes a second or more.
"""

import subprocess
import sys

from course_utils.places import ROOT

ROUNDS = 5
MAX_SECONDS = 1.0
CODE = """
import time
from course_utils.datasets import {name}
start = time.perf_counter()
{name}.load({arguments})
print(time.perf_counter() - start)
"""
PARTS = {"photographs": "'test', match='same'", "people": "'digit'"}


def seconds_to_load(name, arguments=""):
    """Fastest of several fresh interpreters: what else the machine does can only add."""
    command = [sys.executable, "-c", CODE.format(name=name, arguments=arguments)]
    runs = [
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True) for _ in range(ROUNDS)
    ]
    return min(float(run.stdout) for run in runs)


def main():
    slowest = 0.0
    for name, arguments in PARTS.items():
        everything, part = seconds_to_load(name), seconds_to_load(name, arguments)
        print(f"{name}: all {everything:.2f} s, load({arguments}) {part:.2f} s")
        slowest = max(slowest, everything)
    return 0 if slowest < MAX_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
