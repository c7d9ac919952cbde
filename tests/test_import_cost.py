"""Importing the package is cheap and brings in nothing heavy."""

import json
import subprocess
import sys

from course_utils.places import ROOT

HEAVY = ("tensorflow", "keras", "numpy", "matplotlib", "scipy", "PIL", "IPython")


def seconds_to_import(module):
    """Fastest of several fresh interpreters: what else the machine does can only add."""
    code = f"import time; start = time.perf_counter(); import {module}; print(time.perf_counter() - start)"
    runs = [
        subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
        for _ in range(7)
    ]
    return min(float(run.stdout) for run in runs)


def test_import_costs_little_more_than_import_json(record_property):
    ours, of_json = seconds_to_import("course_utils"), seconds_to_import("json")
    record_property("ratio to import json", round(ours / of_json, 2))
    assert ours <= 1.5 * of_json + 0.050, f"{1000 * ours:.1f} ms against {1000 * of_json:.1f} ms for json"


def test_import_brings_in_nothing_heavy():
    code = "import course_utils, json, sys; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = json.loads(run.stdout)
    assert "course_utils" in modules
    assert not [name for name in modules if name.split(".")[0] in HEAVY]
