"""Any python3 either runs the course, finds one that does, or says in one sentence what is needed."""

import ast
import json
import os
import platform
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from course_utils.command import environment, interpreter
from course_utils.errors import CourseError
from course_utils.places import ROOT

READ_BY_ANY_PYTHON = [
    *("__init__.py", "__main__.py", "errors.py", "places.py", "words.py"),
    *("command/__init__.py", "command/interpreter.py"),
]
READABLE = {
    "pathlib",
    "collections.abc",
    "course_utils",
    *(f"course_utils.{name}" for name in ("errors", "places", "words", "command")),
}
GOOD = {
    "executable": "/somewhere/python",
    "version": "3.12.4",
    "implementation": "CPython",
    "bits": 64,
    "free_threaded": False,
}


@pytest.mark.parametrize("name", READ_BY_ANY_PYTHON)
def test_what_an_old_python_reads_has_old_syntax(name):
    ast.parse((ROOT / "course_utils" / name).read_text(encoding="utf-8"), feature_version=(3, 7))


def test_nothing_else_is_imported_before_the_version_is_known():
    for name in READ_BY_ANY_PYTHON:
        tree = ast.parse((ROOT / "course_utils" / name).read_text(encoding="utf-8"))
        at_the_top = {node.module for node in tree.body if isinstance(node, ast.ImportFrom)}
        assert at_the_top <= READABLE, name


def old_pythons():
    versions = Path.home() / ".pyenv" / "versions"
    return sorted(path for minor in range(6, 11) for path in versions.glob(f"3.{minor}.*/bin/python"))


def run_with(python, folder, tools):
    kept = {name: os.environ[name] for name in ("HOME", "SYSTEMROOT") if name in os.environ}
    return subprocess.run(
        [python, "-m", "course_utils", "install", "--help"],
        cwd=folder,
        env={"PATH": str(tools), "PYENV_ROOT": str(tools), **kept},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.parametrize("python", old_pythons() or [None], ids=str)
def test_an_old_python_says_what_is_needed_or_hands_over(python, tmp_path):
    if python is None:
        pytest.skip("no Python older than 3.11 is kept by pyenv on this machine")
    # A copy without .venv: the course's own environment would be found on any PATH.
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "course_utils", tmp_path / "course_utils", ignore=ignored)
    tools = tmp_path / "tools"
    tools.mkdir()
    alone = run_with(python, tmp_path, tools)
    assert alone.returncode == 2
    assert alone.stderr.startswith(
        "course_utils: The course needs Python 3.11, 3.12 or 3.13, 64-bit; found only"
    )
    assert len(alone.stderr.splitlines()) == 1
    assert str(python.parent) in alone.stderr and "Install Python 3.13" in alone.stderr
    (tools / f"python3.{sys.version_info.minor}").symlink_to(sys._base_executable)
    handed_over = run_with(python, tmp_path, tools)
    assert handed_over.returncode == 0, handed_over.stderr
    assert "usage: python3 -m course_utils install" in handed_over.stdout


@pytest.mark.parametrize(
    "change, phrase",
    [
        ({"version": "3.10.13"}, "needs Python 3.11, 3.12 or 3.13"),
        ({"version": "3.14.0rc1"}, "needs Python 3.11, 3.12 or 3.13"),
        ({"version": "2.7.18"}, "needs Python 3.11, 3.12 or 3.13"),
        ({"implementation": "PyPy"}, "needs CPython, this is PyPy"),
        ({"bits": 32}, "a 64-bit Python"),
        ({"free_threaded": True}, "not the free-threaded one|the ordinary build"),
    ],
)
def test_objections(change, phrase):
    assert interpreter.objection(GOOD) == ""
    assert any(part in interpreter.objection(GOOD | change) for part in phrase.split("|"))


def test_this_interpreter_is_described_truly():
    described = interpreter.facts()
    assert interpreter.objection(described) == ""
    assert described["executable"] == sys.executable
    assert tuple(map(int, described["version"].split("."))) == sys.version_info[:3]


@pytest.mark.skipif(os.name != "posix", reason="uses a shell script in place of uv")
def test_uv_fetches_a_python_where_there_is_none(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(interpreter, "_candidates", lambda: iter(()))
    fetched = tmp_path / "fetched"
    script = (
        f'if [ "$2" = install ]; then touch "{fetched}"; exit 0; fi\n'
        f'[ -e "{fetched}" ] && echo /fetched/python3.13 || exit 2\n'
    )
    uv = tmp_path / "uv"
    uv.write_text(f"#!/bin/sh\n{script}")
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    assert interpreter.find() == "/fetched/python3.13"
    assert "uv fetches one" in capsys.readouterr().out


@pytest.mark.skipif(os.name != "posix", reason="uses a shell script in place of uv")
def test_uv_that_cannot_fetch_is_quoted(tmp_path, monkeypatch):
    monkeypatch.setattr(interpreter, "_candidates", lambda: iter(()))
    uv = tmp_path / "uv"
    uv.write_text('#!/bin/sh\necho "error: no route to host" >&2; exit 2\n')
    uv.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(
        CourseError, match=r"uv could not fetch one \(error: no route to host\)\. Install Python"
    ):
        interpreter.find()


@pytest.mark.skipif(os.name != "posix", reason="uses shell scripts in place of interpreters")
def test_one_python_of_each_other_promised_version_is_found_also_below_pyenv(tmp_path, monkeypatch):
    def stand_in(place, version):
        described = json.dumps(GOOD | {"version": version, "executable": str(place)})
        place.parent.mkdir(parents=True)
        place.write_text(f"#!/bin/sh\necho '{described}'\n")
        place.chmod(0o755)
        return place

    versions = tmp_path / ".pyenv" / "versions"
    mine = platform.python_version_tuple()[1]
    for minor in ("9", "11", "12", "13", "14"):
        stand_in(versions / f"3.{minor}.1" / "bin" / "python", f"3.{minor}.1")
    on_path = stand_in(tmp_path / "bin" / "python3.13", "3.13.7")
    monkeypatch.setattr(interpreter, "VENV", tmp_path / ".venv")
    monkeypatch.setenv("PYENV_ROOT", str(tmp_path / ".pyenv"))
    monkeypatch.setenv("PATH", str(on_path.parent))
    found = {
        "11": versions / "3.11.1" / "bin" / "python",
        "12": versions / "3.12.1" / "bin" / "python",
        "13": on_path,
    }
    assert interpreter.others() == [str(path) for minor, path in found.items() if minor != mine]


def test_a_python_that_does_not_start_is_passed_over(tmp_path, monkeypatch):
    monkeypatch.setattr(
        interpreter, "_candidates", lambda: iter([[str(tmp_path / "missing")], [sys._base_executable]])
    )
    assert Path(interpreter.find()).exists()


@pytest.mark.parametrize(
    "system, machine, libc, phrase",
    [
        ("Linux", "x86_64", "glibc", ""),
        ("Linux", "aarch64", "glibc", ""),
        ("Darwin", "arm64", "", ""),
        ("Windows", "AMD64", "", ""),
        ("Darwin", "x86_64", "", "no build for Intel Macs"),
        ("Windows", "ARM64", "", "no build for Windows ARM64; it has for Linux x86_64/aarch64"),
        ("Linux", "i686", "glibc", "no build for Linux i686"),
        ("FreeBSD", "amd64", "", "no build for FreeBSD amd64"),
        ("Linux", "x86_64", "", "needs a Linux with the GNU C library"),
    ],
)
def test_systems_without_tensorflow_are_named(monkeypatch, system, machine, libc, phrase):
    monkeypatch.setattr(environment.platform, "system", lambda: system)
    monkeypatch.setattr(environment.platform, "machine", lambda: machine)
    monkeypatch.setattr(environment.platform, "libc_ver", lambda: (libc, ""))
    problem = environment.platform_problem()
    assert phrase in problem and bool(problem) == bool(phrase)


def test_a_python_that_cannot_make_environments(tmp_path, monkeypatch):
    """Debian's python3 without its -venv package."""
    monkeypatch.setattr(environment.importlib.util, "find_spec", lambda name: None)
    monkeypatch.setattr(environment.shutil, "which", lambda name: None)
    monkeypatch.setattr(environment, "VENV", tmp_path / ".venv")
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    with pytest.raises(CourseError, match=f"sudo apt install python{version}-venv"):
        environment._make_empty(lock_descriptor=0)
    assert not (tmp_path / ".venv").exists()


@pytest.mark.skipif(os.name != "posix" or shutil.which("script") is None, reason="needs the program `script`")
def test_windows_way_of_going_on_hands_the_exit_code_back():
    """Where a process cannot be replaced, a child runs and its exit code becomes ours."""
    code = (
        "import os, sys; from course_utils.command import interpreter; os.name = 'nt'; "
        "interpreter.run_instead([sys.executable, '-c', 'raise SystemExit(7)'], dict(os.environ))"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 7
