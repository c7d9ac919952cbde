"""How long it takes to draw 20,000 sentences to train on, tables read and checked, and what a new seed costs.

    python -m tests.benchmarks.bench_parallel

It ends with an error if the first takes two seconds or more.
"""

import sys
import time

from course_utils.datasets import parallel

SENTENCES, ROUNDS = 20_000, 5
MAX_SECONDS = 2.0


def seconds_to_draw(seed):
    start = time.perf_counter()
    parallel.generate(SENTENCES, seed=seed)
    return time.perf_counter() - start


def main():
    first = seconds_to_draw(0)
    again = min(seconds_to_draw(seed) for seed in range(1, ROUNDS))
    print(f"{SENTENCES:,} sentences {first:.2f} s, with another seed {again:.2f} s")
    return 0 if first < MAX_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
