"""How long recordings of people take to load, files checked and decoded, in a process that read nothing.

    python -m tests.benchmarks.bench_people

It ends with an error if all of them take a second or more.
"""

import subprocess
import sys

from course_utils.places import ROOT

ROUNDS = 5
MAX_SECONDS = 1.0
CODE = """
import time
from course_utils.datasets import people
start = time.perf_counter()
people.load({arguments})
print(time.perf_counter() - start)
"""


def seconds_to_load(arguments=""):
    """Fastest of several fresh interpreters: what else the machine does can only add."""
    command = [sys.executable, "-c", CODE.format(arguments=arguments)]
    runs = [
        subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True) for _ in range(ROUNDS)
    ]
    return min(float(run.stdout) for run in runs)


def main():
    everything, part = seconds_to_load(), seconds_to_load("'digit'")
    print(f"all recordings of people {everything:.2f} s, digits {part:.2f} s")
    return 0 if everything < MAX_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
