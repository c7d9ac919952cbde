"""What a person has told pip or uv: where packages come from is kept, what would break .venv is not."""

import os
import subprocess
import sys

import pytest

from course_utils.command import installer, sources
from course_utils.errors import CourseError

MIRROR = "https://mirror.example/simple"


@pytest.fixture
def home(tmp_path, monkeypatch):
    for name in [name for name in os.environ if name.startswith(("PIP_", "UV_", "XDG_"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    return tmp_path


def pip_with(home, monkeypatch, text):
    (home / "pip.conf").write_text(text, encoding="utf-8")
    monkeypatch.setenv("PIP_CONFIG_FILE", str(home / "pip.conf"))
    return sources.pip(sys._base_executable)


def test_pip_keeps_mirrors_and_drops_what_sends_packages_elsewhere(home, monkeypatch):
    found = pip_with(
        home,
        monkeypatch,
        f"[global]\nindex-url = {MIRROR}\nproxy = http://proxy:3128\nquiet = 3\nrequire-virtualenv = yes\n"
        "target = /elsewhere\nprefix = /elsewhere\nno-binary = :all:\nconstraint = /nowhere.txt\n"
        f"[install]\nuser = yes\nfind-links =\n    /wheels\n    {MIRROR}\n",
    )
    kept = {
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": MIRROR,
        "PIP_PROXY": "http://proxy:3128",
        "PIP_FIND_LINKS": f"/wheels {MIRROR}",
    }
    assert kept.items() <= found.items()
    # What the machine's own file says besides is of the same kind.
    assert {name.removeprefix("PIP_") for name in set(found) - set(kept)} <= {
        "CERT",
        "TRUSTED_HOST",
        "TIMEOUT",
    }


def test_pips_variables_win_over_its_files(home, monkeypatch):
    monkeypatch.setenv("PIP_INDEX_URL", f"{MIRROR}/mine")
    monkeypatch.setenv("PIP_TARGET", "/elsewhere")
    monkeypatch.setenv("PIP_QUIET", "3")
    found = pip_with(home, monkeypatch, f"[install]\nindex-url = {MIRROR}\n")
    assert found["PIP_INDEX_URL"] == f"{MIRROR}/mine"
    assert not {"PIP_TARGET", "PIP_QUIET"} & set(found)


def test_settings_that_pip_cannot_read_are_named(home, monkeypatch):
    with pytest.raises(CourseError, match=r"pip cannot read its settings: .*pip\.conf.*Mend or remove"):
        pip_with(home, monkeypatch, "index-url = without a section\n")


def test_uv_keeps_mirrors_and_drops_what_sends_packages_elsewhere(home, monkeypatch):
    (home / ".config" / "uv").mkdir(parents=True)
    (home / ".config" / "uv" / "uv.toml").write_text(
        f'native-tls = true\n[pip]\ntarget = "/elsewhere"\nextra-index-url = ["{MIRROR}/2"]\n'
        f'[[index]]\nurl = "{MIRROR}"\ndefault = true\n[[index]]\nurl = "{MIRROR}/3"\n',
        encoding="utf-8",
    )
    for name in ("UV_TARGET", "UV_PYTHON", "UV_SYSTEM_PYTHON", "UV_CONSTRAINT", "UV_NO_BINARY"):
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("UV_INDEX_CORP_PASSWORD", "secret")
    assert sources.uv() == {
        "UV_NO_CONFIG": "1",
        "UV_NATIVE_TLS": "true",
        "UV_EXTRA_INDEX_URL": f"{MIRROR}/2",
        "UV_DEFAULT_INDEX": MIRROR,
        "UV_INDEX": f"{MIRROR}/3",
        "UV_INDEX_CORP_PASSWORD": "secret",
    }


def test_an_environment_that_has_no_pip_is_named_with_what_to_do(tmp_path):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "of uv"], check=True)
    python = next((tmp_path / "of uv").glob("[bS]*/python*"))
    with pytest.raises(CourseError, match=r"has no pip, .*Put uv there again, or run `.* -m ensurepip`"):
        sources.pip(str(python))


def test_settings_that_uv_cannot_read_are_named(home, monkeypatch):
    (home / "uv.toml").write_text("[", encoding="utf-8")
    monkeypatch.setenv("UV_CONFIG_FILE", str(home / "uv.toml"))
    with pytest.raises(CourseError, match=r"uv\.toml: uv's settings cannot be read: .*Mend or remove"):
        sources.uv()


def test_an_installer_gets_nothing_else_of_theirs(home, monkeypatch):
    for name in ("PIP_USER", "PIP_REQUIRE_VIRTUALENV", "UV_PYTHON", "PYTHONPATH"):
        monkeypatch.setenv(name, "1")
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy:3128")
    variables = installer._installer_environment({"PIP_INDEX_URL": MIRROR, "PIP_TIMEOUT": "90"})
    assert not {"PIP_USER", "PIP_REQUIRE_VIRTUALENV", "UV_PYTHON", "PYTHONPATH"} & set(variables)
    assert variables["PIP_INDEX_URL"] == MIRROR and variables["HTTPS_PROXY"] == "http://proxy:3128"
    assert "PIP_DEFAULT_TIMEOUT" not in variables


@pytest.mark.parametrize("never_written, compiled", [(True, "1"), (False, None)])
def test_uv_compiles_where_no_later_start_writes_what_it_compiles(monkeypatch, never_written, compiled):
    monkeypatch.setattr("sys.dont_write_bytecode", never_written)
    assert installer._installer_environment({}).get("UV_COMPILE_BYTECODE") == compiled
