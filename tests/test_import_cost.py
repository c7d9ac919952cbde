"""Importing the package brings in nothing heavy; tests/benchmarks/bench_start.py has what it costs."""

import json
import subprocess
import sys

from course_utils.places import ROOT

HEAVY = ("tensorflow", "keras", "numpy", "matplotlib", "scipy", "PIL", "IPython")


def test_import_brings_in_nothing_heavy():
    code = "import course_utils, json, sys; print(json.dumps(sorted(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    modules = json.loads(run.stdout)
    assert "course_utils" in modules
    assert not [name for name in modules if name.split(".")[0] in HEAVY]
