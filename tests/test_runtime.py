"""A lesson's first cell: quiet, repeatable, and clear when it comes too late.

Each test has a process of its own, because TensorFlow is loaded once.
"""

import os
import subprocess
import sys

import pytest


def run(code, **environment):
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONUTF8": "1", **environment},
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


@pytest.mark.slow
def test_loads_and_uses_tensorflow_without_a_word_and_repeats_its_numbers():
    code = """
from course_utils import runtime
runtime.start(seed=3)
import os, random, sys, keras, numpy as np, tensorflow as tf
first = random.random(), np.random.rand(), float(keras.random.normal(()))
runtime.start(3)  # the cell is run again
assert first == (random.random(), np.random.rand(), float(keras.random.normal(())))
runtime.start(4)
assert first != (random.random(), np.random.rand(), float(keras.random.normal(())))
data = tf.data.Dataset.from_tensor_slices(np.zeros((10, 3))).shuffle(4).batch(3).cache().prefetch(2)
assert len([batch for batch in data]) == 4
model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
model.compile("adam", "mse")
model.fit(np.zeros((10, 3)), np.zeros((10, 1)), verbose=0)
model.predict(data, verbose=0)
assert keras.backend.backend() == "tensorflow"
assert os.environ["COLUMNS"] == "100"
assert tf.config.list_physical_devices("CPU")
assert repr(np.array([1 / 3, 1e-9])) == "array([0.333, 0.   ])"
print("still visible", file=sys.stderr)
os.write(2, b"to C as well")
"""
    done = run(code)
    assert done.returncode == 0, done.stderr
    assert done.stdout == ""
    assert done.stderr.split("\n") == ["still visible", "to C as well"]


@pytest.mark.slow
def test_says_so_when_tensorflow_is_loaded_already():
    done = run("import tensorflow\nfrom course_utils import runtime\nruntime.start()")
    assert "CourseError: runtime.start() came too late" in done.stderr
    assert "Restart the kernel" in done.stderr


def test_a_tensorflow_that_cannot_be_loaded_is_explained(tmp_path):
    (tmp_path / "keras.py").write_text(
        "import os\nos.write(2, b'libthing.so: bad magic')\nraise ImportError('no libthing')",
        encoding="utf-8",
    )
    done = run("from course_utils import runtime\nruntime.start()", PYTHONPATH=str(tmp_path))
    assert "could not be loaded: no libthing" in done.stderr
    assert "What TensorFlow printed: libthing.so: bad magic" in done.stderr
    assert "course_utils doctor" in done.stderr


@pytest.mark.parametrize("seed", ["-1", "2**32", "1.0", "True", "None", "'0'"])
def test_a_seed_is_a_whole_number(seed):
    done = run(f"from course_utils import runtime\nruntime.start({seed})\n")
    assert "CourseError: seed is" in done.stderr
    assert "tensorflow" not in done.stderr
