"""A lesson's first cell: quiet, repeatable, and clear when it comes too late.

Each test has a process of its own, because TensorFlow is loaded once.
"""

import importlib.util
import os
import subprocess
import sys

import pytest

from course_utils import runtime
from course_utils.places import ROOT


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
def test_settings_for_other_programs_reach_neither_models_nor_figures(tmp_path):
    (tmp_path / ".keras").mkdir()
    (tmp_path / ".keras" / "keras.json").write_text(
        '{"floatx": "float16", "epsilon": 0.1, "backend": "jax", "image_data_format": "channels_first"}'
    )
    (tmp_path / "matplotlibrc").write_text("text.usetex: True\nsavefig.dpi: 7\nfont.size: 99\n")
    code = f"""
import os
os.chdir({str(tmp_path)!r})  # matplotlib reads a matplotlibrc beside the lesson before any other
from course_utils import runtime
runtime.start()
import keras, matplotlib.pyplot as plt
from course_utils import plotting
assert keras.backend.backend() == "tensorflow"
assert keras.config.image_data_format() == "channels_last"
assert keras.config.floatx() == "float32" and keras.config.epsilon() == 1e-7
assert keras.layers.Dense(1).compute_dtype == "float32"
assert keras.config.max_epochs() is None
assert plt.rcParams["text.usetex"] is False and plt.rcParams["savefig.dpi"] == "figure"
assert plt.rcParams["font.size"] == 12
assert "inline" in plt.get_backend()
figure, axes = plt.subplots()
axes.set_title("$x$")
plotting.show(figure, "An empty figure.")
"""
    done = run(
        code,
        HOME=str(tmp_path),
        KERAS_HOME=str(tmp_path / ".keras"),
        KERAS_MAX_EPOCHS="1",
        MPLBACKEND="TkAgg",
        MATPLOTLIBRC=str(tmp_path),
        PYTHONPATH=str(ROOT),
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.parametrize("backend", ["jax", "nonsense"])
def test_a_backend_that_cannot_be_loaded_is_named(backend):
    if importlib.util.find_spec(backend):
        pytest.skip(f"{backend} is installed here")
    done = run("from course_utils import runtime\nruntime.start()", KERAS_BACKEND=backend)
    line = done.stderr.strip().splitlines()[-1]
    assert f"with the backend '{backend}', which the environment variable KERAS_BACKEND asks for" in line
    assert "Remove that variable" in line


@pytest.mark.parametrize("name", ["keras.py", "numpy.py", "random.py", "tensorflow.py", "PIL/__init__.py"])
def test_a_file_beside_the_lesson_that_hides_a_package_is_named(tmp_path, name):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("", encoding="utf-8")
    (tmp_path / "my_notes.py").write_text("", encoding="utf-8")
    code = f"import os, sys; os.chdir({str(tmp_path)!r}); sys.path.append('')\n"
    done = run(f"from course_utils import runtime\n{code}runtime.start()", PYTHONPATH=str(ROOT))
    line = done.stderr.strip().splitlines()[-1]
    path = tmp_path / name.removesuffix("/__init__.py")
    assert (
        f"CourseError: {path} hides the module {path.stem} that lessons need: give your file another" in line
    )


def test_files_of_ones_own_hide_nothing(tmp_path):
    for name in ("helpers.py", "PIL.txt", "keras/notes.py", "course_utils.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("", encoding="utf-8")
    assert runtime.hiding_files(tmp_path) == [tmp_path / "course_utils.py"]


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
    assert "What was printed: libthing.so: bad magic" in done.stderr
    assert "course_utils doctor" in done.stderr


@pytest.mark.parametrize("seed", ["-1", "2**32", "1.0", "True", "None", "'0'"])
def test_a_seed_is_a_whole_number(seed):
    done = run(f"from course_utils import runtime\nruntime.start({seed})\n")
    assert "CourseError: seed is" in done.stderr
    assert "tensorflow" not in done.stderr
