"""The locks, environment.yml and pyproject.toml say the same; locks are read and judged as pip would."""

import importlib.util
import re
import tomllib
from itertools import product

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement

from course_utils.command import addons, environment, pins
from course_utils.errors import CourseError
from course_utils.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
BASE = pins.read(ROOT / "requirements.lock")
INSTRUCTOR = pins.read(ROOT / "requirements-instructor.lock")
SITE = pins.read(ROOT / "requirements-site.lock")
EXTRAS = PROJECT["optional-dependencies"]


def machines():
    """Marker variables of every machine that the course is for."""
    systems = [
        {
            "os_name": "posix",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "x86_64",
        },
        {
            "os_name": "posix",
            "sys_platform": "linux",
            "platform_system": "Linux",
            "platform_machine": "aarch64",
        },
        {
            "os_name": "posix",
            "sys_platform": "darwin",
            "platform_system": "Darwin",
            "platform_machine": "arm64",
        },
        {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows", "platform_machine": "AMD64"},
    ]
    cpython = {"platform_python_implementation": "CPython", "implementation_name": "cpython"}
    for system, full in product(systems, ["3.11.0", "3.11.7", "3.12.0", "3.13.0"]):
        yield system | cpython | {"python_version": full.rpartition(".")[0], "python_full_version": full}


def requirements_met(lock, requirements, machine):
    installed = lock.here(machine)
    for requirement in map(Requirement, requirements):
        if requirement.marker is None or requirement.marker.evaluate(machine):
            version = installed.get(pins.normalise(requirement.name))
            assert version is not None, f"{requirement.name} is not in {lock.path.name}: run .ci/lock.py"
            assert requirement.specifier.contains(version), (
                f"{requirement} is not met by {version}: run .ci/lock.py"
            )


@pytest.mark.parametrize("machine", list(machines()), ids=lambda machine: "-".join(machine.values()))
def test_locks_meet_the_projects_requirements_on_every_machine(machine):
    requirements_met(BASE, PROJECT["dependencies"] + EXTRAS["dev"], machine)
    requirements_met(INSTRUCTOR, PROJECT["dependencies"] + EXTRAS["dev"] + EXTRAS["instructor"], machine)
    requirements_met(SITE, [line for name in ("dev", "instructor", "site") for line in EXTRAS[name]], machine)


def test_each_larger_lock_has_the_same_versions_and_more():
    assert list(environment.LOCKS.values()) == [lock.path.name for lock in (BASE, INSTRUCTOR, SITE)]
    assert set(BASE.pins) < set(INSTRUCTOR.pins) < set(SITE.pins)


ADDON_LOCKS = {name: pins.read(ROOT / addon.lock) for name, addon in addons.ADDONS.items()}


@pytest.mark.parametrize("name", ADDON_LOCKS)
def test_an_addon_has_what_its_extra_asks_for_and_nothing_that_the_course_has(name):
    asked = [line for line in EXTRAS[name] if not line.startswith("torch")]
    for machine in machines():
        requirements_met(ADDON_LOCKS[name], asked, machine)
    names = {pin.name for pin in ADDON_LOCKS[name].pins}
    assert not names & {pin.name for pin in BASE.pins}
    assert not any(re.match(r"torch|triton|nvidia|cuda", each) for each in names)
    text = ADDON_LOCKS[name].path.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) == len(names)
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)


def test_addons_agree_on_what_they_share():
    versions = {}
    for lock in (BASE, INSTRUCTOR, SITE, *ADDON_LOCKS.values()):
        for pin in lock.pins:
            versions.setdefault(pin.name, set()).add(pin.version)
    shared = {pin.name for lock in ADDON_LOCKS.values() for pin in lock.pins}
    assert {name for name in shared if len(versions[name]) > 1} == set()


def test_pytorch_is_the_version_that_the_extra_names():
    assert f"torch=={addons.TORCH}" in EXTRAS["backends"]


def test_environment_yml_has_the_same_pins():
    text = (ROOT / "environment.yml").read_text(encoding="utf-8")
    assert re.search(r"^name: multimodal-course$", text, flags=re.M)
    assert environment.CONDA_NAME == "multimodal-course"
    before, by_pip = text.split("  - pip:\n")
    # Binder recognises the Python version in exactly this form.
    assert before.split("dependencies:\n")[1] == "  - python=3.11\n  - pip\n"
    assert re.findall(r"^  - (\S+)$", before.split("dependencies:")[0], flags=re.M) == ["conda-forge"]
    lines = [line.strip().removeprefix("- ").strip('"') for line in by_pip.splitlines()]
    assert lines.pop() == "-e ."
    written = {
        (pins.normalise(r.name), str(r.specifier), str(r.marker or "")) for r in map(Requirement, lines)
    }
    locked = {(p.name, f"=={p.version}", str(Marker(p.marker)) if p.marker else "") for p in BASE.pins}
    assert written == locked


def test_the_lock_script_writes_this_environment_yml():
    spec = importlib.util.spec_from_file_location("lock_script", ROOT / ".ci" / "lock.py")
    script = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(script)
    assert script.conda_environment(BASE) == (ROOT / "environment.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "name",
    [*environment.LOCKS.values(), *(addon.lock for addon in addons.ADDONS.values()), "environment.yml"],
)
def test_no_address_of_any_index_is_in_them(name):
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(
        r"://|--index|--extra|--find-links|--trusted-host|\b(?:\w+\.)+(?:org|com|net|io)\b", text
    )


@pytest.mark.parametrize("lock", [BASE, INSTRUCTOR, SITE], ids=lambda lock: lock.path.name)
def test_every_pin_has_a_hash_and_is_read(lock):
    text = lock.path.read_text(encoding="utf-8")
    entries = re.split(r"\n(?=[a-z0-9])", text)[1:]
    assert len(entries) == len(lock.pins) > 100
    assert all(re.search(r"--hash=sha256:[0-9a-f]{64}", entry) for entry in entries)
    assert lock.megabytes > 1000


def test_what_slows_every_start_is_left_out():
    assert not {"rfc3987-syntax", "lark"} & {pin.name for pin in SITE.pins}


@pytest.mark.parametrize("marker", sorted({pin.marker for pin in SITE.pins if pin.marker}))
def test_markers_mean_what_pip_takes_them_for(marker):
    for machine in machines():
        assert pins.applies(marker, machine) == Marker(marker).evaluate(machine), machine


@pytest.mark.parametrize(
    "marker",
    [
        "python_version >= '3.9'",
        "python_full_version < '3.11.7'",
        "python_version == '3.12'",
        "sys_platform == 'win32' or (os_name == 'posix' and platform_machine != 'x86_64')",
    ],
)
def test_further_markers_mean_what_pip_takes_them_for(marker):
    for machine in machines():
        assert pins.applies(marker, machine) == Marker(marker).evaluate(machine), machine


@pytest.mark.parametrize(
    "marker", ["platform_release == 'x'", "sys_platform in 'linux'", "'linux' == sys_platform"]
)
def test_a_marker_of_another_kind_is_refused(marker):
    with pytest.raises(CourseError, match=f"cannot read: {marker}"):
        pins.applies(marker, pins.marker_environment())


def test_this_machines_marker_variables_are_packagings():
    from packaging.markers import default_environment

    ours = pins.marker_environment()
    assert ours == {name: default_environment()[name] for name in ours}


@pytest.mark.parametrize(
    "text", ["", "# installed-megabytes: 5\n", "course-alpha==1.0 \\\n    --hash=sha256:00\n"]
)
def test_a_damaged_lock_is_named(tmp_path, text):
    (tmp_path / "requirements.lock").write_text(text)
    with pytest.raises(CourseError, match=r"requirements\.lock is damaged: there are no versions in it"):
        pins.read(tmp_path / "requirements.lock")


def test_a_missing_lock_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"requirements\.lock is missing"):
        pins.read(tmp_path / "requirements.lock")


def test_the_digest_does_not_depend_on_line_ends(tmp_path):
    lock = tmp_path / "requirements.lock"
    text = BASE.path.read_text(encoding="utf-8")
    lock.write_bytes(text.replace("\n", "\r\n").encode())
    assert pins.read(lock).digest == BASE.digest
    lock.write_bytes(text.replace("absl-py==", "absl-py==9.", 1).encode())
    assert pins.read(lock).digest != BASE.digest


def test_installed_packages_and_differences(tmp_path):
    for folder in ("Some_Package-1.0.dist-info", "other-2.0.dist-info"):
        (tmp_path / folder).mkdir()
        name, version = folder.removesuffix(".dist-info").split("-")
        (tmp_path / folder / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        )
    (tmp_path / "broken-3.0.dist-info").mkdir()
    found = pins.installed([str(tmp_path)])
    assert found == {"some-package": "1.0", "other": "2.0"}
    wanted = {"some-package": "1.0", "other": "2.1", "broken": "3.0"}
    assert pins.differences(wanted, found) == {"other": "2.0", "broken": None}
