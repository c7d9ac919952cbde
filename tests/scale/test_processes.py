"""A function goes to another process as text, and only arrays come back; what cannot travel is said."""

import subprocess
import sys
import time

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.scale import backends, extras, processes
from course_utils.scale.processes import Process


def shapes(*arrays):
    import numpy as np

    return {f"number {place}": np.array(array.shape) for place, array in enumerate(arrays)} | {
        "file": arrays[0],
        "said": np.array(["ä", "b"]),
    }


def waits(path):
    import pathlib
    import time

    pathlib.Path(str(path)).touch()
    time.sleep(300)


def fails(values):
    return {"sum": values + "a"}


def returns_a_list(values):
    return [values]


def returns_an_object(values):
    return {"found": object()}


def of_two_files(values):
    return {"sum": values + BESIDE}


BESIDE = 1


@pytest.mark.slow
def test_arrays_go_there_and_come_back_as_they_were():
    first = np.arange(6, dtype="float32").reshape(2, 3)
    with Process(shapes, (first, ["a", "bc"], 3)) as process:
        found = process.result()
    assert found["file"].dtype == np.float32 and np.array_equal(found["file"], first)
    assert [found[f"number {place}"].tolist() for place in range(3)] == [[2, 3], [2], []]
    assert found["said"].tolist() == ["ä", "b"]
    assert not process.folder.exists()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (fails, r"^trial: line 2: return .*values \+ .*\nUFuncTypeError|numpy"),
        (returns_a_list, r"^trial: returns_a_list returned \[array.*expected a dict of names to arrays"),
        (returns_an_object, r"^trial: argument 1 is <object object.*expected an array"),
    ],
)
def test_an_error_comes_back_as_it_is(function, complaint):
    with (
        Process(function, [np.ones(2)], title="trial") as process,
        pytest.raises(CourseError, match=complaint),
    ):
        process.result()


@pytest.mark.slow
def test_a_process_is_ended_with_its_block_by_a_kill_and_by_the_clock(tmp_path):
    with Process(waits, [str(tmp_path / "here")]) as process:
        while not (tmp_path / "here").exists():
            time.sleep(0.1)
        assert process.running
        process.kill()
        assert not process.running
        with pytest.raises(CourseError, match="waits: the process was ended by signal 9"):
            process.result()
    with Process(waits, [str(tmp_path / "there")]) as process:
        with pytest.raises(CourseError, match=r"waits: no answer within 0\.1 seconds"):
            process.result(0.1)
        assert not process.running


@pytest.mark.parametrize(
    ("function", "complaint"),
    [
        (of_two_files, "of_two_files uses BESIDE, which the other process does not have"),
        (lambda values: values, "expected one written with `def`"),
        (len, "expected one written with `def`"),
        (eval("lambda: 1"), "expected one written with `def`"),
    ],
)
def test_a_function_that_cannot_travel_is_refused(function, complaint):
    with pytest.raises(CourseError, match=complaint):
        processes.source_of(function)


def test_what_is_no_array_is_refused():
    for wrong in (object(), [[1], [1, 2]], {"a": 1}, None):
        with pytest.raises(CourseError, match=r"argument 2 is .*; expected an array of numbers or text"):
            processes.plain_arrays([1, wrong])


def test_an_unknown_backend_and_one_that_is_not_there_are_said(monkeypatch):
    with pytest.raises(CourseError, match="backend is 'pytorch'; expected one of tensorflow, jax, torch"):
        backends.run_on("pytorch", shapes)
    monkeypatch.setattr(backends, "find_spec", lambda name: None)
    with pytest.raises(CourseError, match=r"'jax' cannot be imported.*install --with backends"):
        backends.run_on("jax", shapes)


def loads(*names):
    import importlib
    import sys

    import numpy as np

    loaded = np.array([str(name) in sys.modules for name in names])
    return {
        "loaded": loaded,
        "here": np.array([importlib.import_module(str(name)).__name__ for name in names]),
    }


@pytest.mark.slow
def test_what_keras_would_import_for_nothing_is_left_to_the_function():
    names = ["matplotlib", "pandas", "sklearn"]
    with Process(loads, names) as process:
        found = process.result()
    assert not found["loaded"].any() and found["here"].tolist() == names


def doubled(values):
    import keras

    twice = keras.ops.convert_to_numpy(keras.ops.multiply(values, 2))
    return {"backend": keras.backend.backend(), "twice": twice}


@pytest.mark.slow
@pytest.mark.parametrize("backend", backends.BACKENDS)
def test_a_function_runs_on_each_backend(backend):
    if not backends.find_spec(backend):
        pytest.skip(f"{backend} is not installed here")
    found = backends.run_on(backend, doubled, np.ones(2, "float32"))
    assert found["backend"] == backend and found["twice"].tolist() == [2, 2]


def doubled_again(values):
    return {"twice": 2 * doubled(values)["twice"]}


@pytest.mark.slow
def test_a_function_and_its_helpers_run_on_several_backends_at_a_time():
    there = [name for name in backends.BACKENDS if backends.find_spec(name)]
    found = backends.run_on_each(there, doubled_again, np.ones(2, "float32"), helpers=[doubled])
    assert list(found) == there and all(one["twice"].tolist() == [4, 4] for one in found.values())


def test_an_unknown_backend_is_refused_before_any_is_started(monkeypatch):
    monkeypatch.setattr(backends, "Process", None)
    with pytest.raises(CourseError, match="backend is 'mxnet'"):
        backends.run_on_each(["tensorflow", "mxnet"], doubled, np.ones(2))


def test_an_extra_says_in_one_line_how_to_get_it(capsys):
    there, missing = (
        extras.Extra("a", "NumPy", ("numpy",)),
        extras.Extra("b", "Nothing", ("numpy", "no_such")),
    )
    assert there.here() and capsys.readouterr().out == ""
    assert not missing.here()
    assert capsys.readouterr().out == (
        "Not installed here: Nothing. `python3 -m course_utils install --with b` adds what this cell needs.\n"
    )


def test_asking_what_is_there_imports_none_of_it():
    code = (
        "from course_utils.scale import extras; import sys;"
        "[each.installed() for each in (extras.backends, extras.doors, extras.scale)];"
        "print({'jax', 'torch', 'datasets', 'tensorflow_datasets', 'dask'} & {*sys.modules})"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout == "set()\n"
