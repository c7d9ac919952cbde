"""What it costs to import the package, against `import json` in the same run.

    python -m tests.benchmarks.bench_start

It ends with an error if importing course_utils takes 50 ms more than importing json.
"""

import subprocess
import sys

from course_utils.places import ROOT

ROUNDS = 7
MAX_MILLISECONDS = 50


def milliseconds_to_import(module):
    """Fastest of several fresh interpreters: what else the machine does can only add."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    runs = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(ROUNDS)
    ]
    return 1000 * min(float(run.stdout) for run in runs)


def main():
    ours, of_json = milliseconds_to_import("course_utils"), milliseconds_to_import("json")
    print(f"import course_utils {ours:.1f} ms, import json {of_json:.1f} ms, ratio {ours / of_json:.1f}")
    return 0 if ours - of_json <= MAX_MILLISECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
