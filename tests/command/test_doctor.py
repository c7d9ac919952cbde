"""The doctor finds what is wrong, names the remedy, and makes nothing."""

import dataclasses
import hashlib
import os
import shutil
import subprocess
import sys
import webbrowser
from collections import namedtuple

import pytest

from course_utils import plotting
from course_utils.command import doctor, environment, pins, speech
from course_utils.errors import CourseError
from course_utils.language_model import smollm2
from course_utils.places import ROOT


def test_every_requirement_has_a_line(capsys):
    findings = doctor.report()
    lines = capsys.readouterr().out.splitlines()
    for finding in findings:
        assert any(line.startswith(f"[{finding.mark}]") and f" {finding.subject}: " in line for line in lines)
        assert finding.mark in ("ok", "note", "fail")
        assert finding.remedy or finding.mark != "fail" or finding.subject == "Data"
    subjects = [finding.subject for finding in findings]
    assert subjects[:4] == ["Python", "System", "Environment", "Packages"]
    assert {
        "Memory",
        "Disk",
        "Data",
        "SmolLM2",
        "Working folder",
        "Browser",
        "GPU",
        "Letters",
        "Chinese font",
    } <= set(subjects)
    failed = sum(finding.mark == "fail" for finding in findings)
    assert lines[-1] == ("All is well." if not failed else f"{failed} of {len(findings)} need attention.")


def site_with(tmp_path, packages):
    for name, version in packages.items():
        folder = tmp_path / f"{name}-{version}.dist-info"
        folder.mkdir()
        (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        (tmp_path / f"{name}.py").write_text("whole = True\n")
        (folder / "RECORD").write_text(f"{name}.py,sha256=x,13\n{name}-{version}.dist-info/RECORD,,\n")


@pytest.fixture
def site(tmp_path, monkeypatch):
    """Three packages that the lock wants, and nothing else, on the import path of the doctor."""
    site_with(tmp_path, {"alpha": "1.0", "beta": "2.0", "gamma": "3.0"})
    wanted = tuple(pins.Pin(*pair) for pair in [("alpha", "1.0"), ("beta", "2.0"), ("gamma", "3.0")])
    monkeypatch.setattr(environment, "lock", lambda extra="": pins.Lock(tmp_path / "lock", wanted, "", 1))
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    return tmp_path


def test_packages_as_locked(site):
    finding = doctor._packages()
    assert (finding.mark, finding.text[:10]) == ("ok", "3 packages")


def test_missing_and_other_versions_are_grouped(site):
    shutil.rmtree(site / "alpha-1.0.dist-info")
    (site / "beta-2.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: beta\nVersion: 1.9\n")
    finding = doctor._packages()
    assert finding.mark == "fail"
    assert finding.text == "1 missing (alpha); 1 in another version (beta 1.9, not 2.0)"
    assert "course_utils install" in finding.remedy


RECORD = "gamma-3.0.dist-info/RECORD"


@pytest.mark.parametrize(
    "name, content",
    [
        ("gamma.py", None),
        ("gamma.py", "whole"),
        (RECORD, None),
        (RECORD, ""),
        (RECORD, "gamma.py,sha256=x,13\n"),
        (RECORD, f"gamma.py,sha256=x,13\nnative.so,,\n{RECORD},,\n"),
    ],
)
def test_a_file_missing_or_cut_inside_a_package_is_found(site, name, content):
    if content is None:
        (site / name).unlink()
    else:
        (site / name).write_text(content)
    finding = doctor._packages()
    assert finding.mark == "fail" and finding.text == "files are missing or cut short in gamma"


def test_a_certificate_that_a_company_has_added_is_no_damage(site):
    with (site / "gamma.py").open("a") as file:
        file.write("-----BEGIN CERTIFICATE-----")
    assert doctor._packages().mark == "ok"


def test_compiled_modules_that_are_gone_are_made_anew_by_python(site):
    (site / RECORD).write_text(f"gamma.py,,13\n__pycache__/gamma.cpython-311.pyc,,\n{RECORD},,\n")
    assert doctor._packages().mark == "ok"


def test_only_the_courses_own_environment_is_said_to_be_deleted(site, monkeypatch):
    (site / "gamma.py").unlink()
    monkeypatch.setattr(environment, "in_own_venv", lambda: True)
    assert doctor._packages().remedy.startswith(f"delete {environment.VENV} and run")
    monkeypatch.setattr(environment, "in_own_venv", lambda: False)
    assert "delete" not in doctor._packages().remedy and sys.prefix in doctor._packages().remedy


def test_smollm2_is_said_to_be_there_or_optional_or_damaged(tmp_path, monkeypatch):
    file = tmp_path / "model.gguf"
    monkeypatch.setattr(smollm2, "path", lambda: file)
    assert str(doctor._smollm2()) == (
        "[note] SmolLM2: not fetched; lesson 10 shows what it prints\n"
        "       -> python3 -m course_utils fetch smollm2 fetches it (93 MB)"
    )
    digest = hashlib.sha256(b"whole").hexdigest()
    monkeypatch.setattr(smollm2, "MODEL", dataclasses.replace(smollm2.MODEL, size=5, digest=digest))
    file.write_bytes(b"whole")
    assert doctor._smollm2().mark == "ok"
    file.write_bytes(b"hwole")
    finding = doctor._smollm2()
    assert finding.mark == "fail" and finding.remedy == "python3 -m course_utils fetch smollm2"


@pytest.mark.parametrize("gigabytes, mark", [(2.0, "fail"), (8.0, "ok"), (None, "note")])
def test_memory(monkeypatch, gigabytes, mark):
    monkeypatch.setattr(doctor, "_memory_gb", lambda: gigabytes)
    assert doctor._memory().mark == mark


def test_memory_is_measured():
    assert 0.5 < doctor._memory_gb() < 100_000


@pytest.mark.parametrize("free, mark", [(0.2e9, "fail"), (50e9, "ok")])
def test_disk(monkeypatch, free, mark):
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(doctor.shutil, "disk_usage", lambda path: usage(1e12, 1e12 - free, free))
    assert doctor._disk().mark == mark


def test_damaged_data_is_listed_but_not_endlessly(monkeypatch):
    from course_utils.datasets import integrity

    monkeypatch.setattr(integrity, "find_damage", lambda: [f"data/file_{n} is missing." for n in range(5)])
    finding = doctor._data()
    assert finding.mark == "fail" and "checkout" not in str(finding)
    assert "data/file_2 is missing." in finding.text and "file_3" not in finding.text
    assert "and 2 more" in finding.text


def test_a_damaged_manifest_is_a_finding_and_no_crash(monkeypatch):
    from course_utils.datasets import integrity

    def fails():
        raise CourseError("data/manifest.json is damaged")

    monkeypatch.setattr(integrity, "find_damage", fails)
    assert doctor._data().mark == "fail" and "manifest.json" in doctor._data().text


def test_a_working_folder_that_cannot_be_written(monkeypatch):
    def refuses(dir):
        raise OSError(30, "Read-only file system")

    monkeypatch.setattr(doctor.tempfile, "TemporaryFile", refuses)
    finding = doctor._working_folder()
    assert (
        finding.mark == "fail"
        and "Read-only file system" in finding.text
        and "--folder DIR" in finding.remedy
    )


def test_settings_for_other_programs_are_looked_at(monkeypatch, tmp_path):
    monkeypatch.setattr(doctor, "MY_LESSONS", tmp_path)
    monkeypatch.setattr(doctor, "PERSONAL_SETTINGS", [tmp_path / "keras.json"])
    monkeypatch.setenv("KERAS_BACKEND", "tensorflow")
    assert doctor._settings().mark == "ok"
    (tmp_path / "keras.json").touch()
    finding = doctor._settings()
    assert finding.mark == "note" and finding.text.endswith("do not read your keras.json")
    (tmp_path / "numpy.py").touch()
    finding = doctor._settings()
    assert finding.mark == "fail" and f"import numpy.py in {tmp_path} in place of" in finding.text
    monkeypatch.setenv("KERAS_BACKEND", "no_such_backend")
    finding = doctor._settings()
    assert finding.mark == "fail" and "KERAS_BACKEND asks for no_such_backend" in finding.text


def test_no_browser_is_a_note(monkeypatch):
    def none():
        raise webbrowser.Error("could not locate runnable browser")

    monkeypatch.setattr(doctor.webbrowser, "get", none)
    finding = doctor._browser()
    assert finding.mark == "note" and "--no-browser" in finding.remedy


def test_the_chinese_font_is_named_or_said_to_be_missing(monkeypatch):
    monkeypatch.setattr(plotting, "chinese_font", lambda: "SimHei")
    assert "SimHei" in doctor._chinese_font().text and doctor._chinese_font().mark == "ok"
    monkeypatch.setattr(plotting, "chinese_font", lambda: None)
    assert doctor._chinese_font().mark == "note" and "Noto" in doctor._chinese_font().remedy


def test_a_terminal_without_chinese_letters_is_a_note(monkeypatch):
    stream = namedtuple("stream", "encoding")
    for written, read, mark in [
        ("cp1252", "cp1252", "note"),
        ("utf-8", "GBK", "note"),
        ("utf-8", "UTF-8", "ok"),
        ("gbk", "GBK", "ok"),
    ]:
        monkeypatch.setattr(speech.sys, "stdout", stream(written))
        monkeypatch.setattr(speech.locale, "getencoding", lambda read=read: read)
        assert doctor._letters().mark == mark


def test_an_unfit_python_and_system_are_failures(monkeypatch):
    monkeypatch.setattr(doctor.interpreter, "objection", lambda found: "the course needs another one")
    monkeypatch.setattr(environment, "platform_problem", lambda: "TensorFlow has no build for Intel Macs.")
    assert doctor._python().mark == doctor._system().mark == "fail"
    assert "Install Python 3.13" in doctor._python().remedy


@pytest.mark.skipif(
    os.name != "posix", reason="uses a Python without the course's packages, found by its POSIX name"
)
def test_without_an_environment_the_doctor_says_so_and_makes_none(tmp_path):
    for name in ("course_utils", "data"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "requirements.lock", tmp_path)
    run = subprocess.run(
        [
            sys._base_executable,
            "-I",
            "-c",
            f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
            "sys.argv[1:] = ['doctor']; import runpy; runpy.run_module('course_utils', run_name='__main__')",
        ],
        cwd=tmp_path,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if "[ok]   Environment" in run.stdout:
        pytest.skip("the Python behind this environment has the course's packages itself")
    assert run.returncode == 1, run.stderr
    assert "[fail] Environment: not complete." in run.stdout and "course_utils lab makes it" in run.stdout
    assert "[ok]   Data: " in run.stdout
    assert not (tmp_path / ".venv").exists()
