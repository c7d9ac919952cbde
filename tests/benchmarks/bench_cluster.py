"""What a second worker brings to a recorded experiment of 24 runs, on two idle cores (Linux only).

    python -m tests.benchmarks.bench_cluster

Every worker keeps to one core. Besides the thread that computes, a worker has TensorFlow's and Dask's own,
and a single one would take part of the second core for them: it would not be one worker of one thread. The
time in which workers start is left out: it is the same for 24 runs and for a thousand. It ends with an error
if two workers of one thread each are less than 1.7 times as fast as one.
"""

import os
import sys
import time
from pathlib import Path

from course_utils.experiments import results
from course_utils.scale import cluster

ROWS, SEEDS = ("smaller model", "early stopping"), range(12)
MODULE = "course_utils.experiments.overfitting"
LEAST = 1.7
ONE_THREAD = {"TF_NUM_INTRAOP_THREADS": "1", "TF_NUM_INTEROP_THREADS": "1", "OMP_NUM_THREADS": "1"}


def keep_to(core):
    for thread in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(thread.name), {core})


def seconds_with(workers, calls):
    cores = sorted(os.sched_getaffinity(0))
    with cluster.connected(f"local:{workers}") as client:
        for worker, core in zip(client.scheduler_info()["workers"], cores, strict=False):
            client.run(keep_to, core, workers=[worker])
        # Each worker loads Keras with its first run.
        client.run(results.run_here, MODULE, "run", *calls[0][2:])
        began = time.perf_counter()
        made = sum(1 for _ in cluster.spread_calls(client, results.run_here, calls))
        assert made == len(calls)
        return time.perf_counter() - began


def main():
    os.environ.update(ONE_THREAD)  # workers take them over
    calls = [(MODULE, "run", row, seed) for seed in SEEDS for row in ROWS]
    one, two = (seconds_with(workers, calls) for workers in (1, 2))
    print(f"{len(calls)} runs: one worker {one:.1f} s, two {two:.1f} s, {one / two:.2f} times as fast")
    return 0 if one / two >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
