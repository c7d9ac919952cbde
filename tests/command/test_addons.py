"""What `install --with backends` and its like ask the installer for, and when they ask for nothing."""

from contextlib import nullcontext

import pytest

from course_utils.command import addons, commands, environment, installer, pins
from course_utils.errors import CourseError


@pytest.fixture
def course(tmp_path, monkeypatch):
    """Locks of one package, an installer that notes what it is asked for, and nothing installed."""
    for addon in addons.ADDONS.values():
        (tmp_path / addon.lock).write_text(
            "# installed-megabytes: 5\ncourse-alpha==1.0 \\\n    --hash=sha256:00\n"
        )
    found, asked = {}, []

    def run(command, *_):
        asked.append(command)
        torch = any(word.startswith("torch==") for word in command)
        found.update({"torch": "2.13.0+cpu"} if torch else {"course-alpha": "1.0"})

    monkeypatch.setattr(addons, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "LOG", tmp_path / "log")
    monkeypatch.setattr(environment, "one_run_at_a_time", lambda: nullcontext(0))
    monkeypatch.setattr(pins, "installed", lambda: dict(found))
    monkeypatch.setattr(installer, "run", run)
    monkeypatch.setattr(addons.shutil, "which", lambda name: None)
    monkeypatch.setattr(addons.sources, "pip", lambda python: {})
    return found, asked


@pytest.mark.parametrize("name", ["doors", "scale"])
def test_an_addon_is_installed_once_by_its_lock_with_hashes(course, capsys, name):
    found, asked = course
    addons.add(name)
    assert len(asked) == 1 and asked[0][-5:-1] == ["install", "--no-deps", "--require-hashes", "-r"]
    assert asked[0][-1].endswith(addons.ADDONS[name].lock) and found == {"course-alpha": "1.0"}
    assert f"extra `{name}`" in capsys.readouterr().out
    addons.add(name)
    assert len(asked) == 1 and capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("extras", "lock", "added"),
    [
        (["doors", "site", "scale", "instructor", "doors"], "site", ["doors", "scale"]),
        (["site", "instructor"], "site", []),
        (["scale"], "", ["scale"]),
        ([], "", []),
    ],
)
def test_one_command_installs_all_that_it_names(monkeypatch, extras, lock, added):
    ensured, entered, asked = [], [], []
    monkeypatch.setattr(environment, "ensure", lambda name: ensured.append(name) or "python")
    monkeypatch.setattr(environment, "enter", entered.append)
    monkeypatch.setattr(addons, "add", asked.append)
    assert commands.run(["install", *(word for extra in extras for word in ("--with", extra))]) == 0
    assert asked == added and (ensured, entered) == (([], [lock]) if added else ([lock], []))


@pytest.mark.parametrize(("system", "wanted"), [("Linux", "torch==2.13.0+cpu"), ("Darwin", "torch==2.13.0")])
def test_pytorch_comes_without_cuda(course, monkeypatch, system, wanted):
    _, asked = course
    monkeypatch.setattr(addons.platform, "system", lambda: system)
    addons.add("backends")
    assert len(asked) == 2 and wanted in asked[1] and "--no-deps" in asked[1]
    assert (addons.TORCH_INDEX in asked[1]) == (system == "Linux")


def test_another_pytorch_is_replaced_and_a_build_of_the_same_version_stays(course):
    found, asked = course
    found |= {"course-alpha": "1.0", "torch": "2.12.0"}
    addons.add("backends")
    assert found["torch"] == "2.13.0+cpu"
    asked.clear()
    found["torch"] = "2.13.0"
    addons.add("backends")
    assert asked == []


def test_an_installation_that_brought_nothing_and_a_full_disk_are_said(course, monkeypatch):
    monkeypatch.setattr(installer, "run", lambda *_: None)
    with pytest.raises(CourseError, match="ended without course-alpha, torch"):
        addons.add("backends")
    monkeypatch.setattr(addons.shutil, "disk_usage", lambda _: type("Disk", (), {"free": 1e6}))
    with pytest.raises(CourseError, match=r"needs 5 MB in .*, and 1 MB are free"):
        addons.add("scale")
