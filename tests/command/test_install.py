"""The environment is made, mended, shared and given up as promised: whole runs of the command.

The course under test is a copy with a lock of two tiny packages. Most runs find a stand-in for uv on the
PATH, which unpacks these in a moment and can be told to pause or fail; the slow ones use the real pip.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from course_utils.command import environment
from course_utils.places import ROOT

pytestmark = pytest.mark.skipif(os.name != "posix", reason="the stand-in for uv and the signals are POSIX's")

STAND_IN = """
import os, re, sys, time, zipfile
from pathlib import Path

arguments = sys.argv[1:]
python = Path(arguments[arguments.index("--python") + 1])
lock = Path(arguments[arguments.index("-r") + 1]).read_text()
site = next(python.parent.parent.glob("lib/python3.*/site-packages"))
with open(os.environ["STAND_IN_LOG"], "a") as log:
    log.write("run\\n")
for number, (name, version) in enumerate(re.findall(r"^([a-z-]+)==(\\S+)", lock, flags=re.M)):
    wheel = Path(os.environ["WHEELS"], f"{name.replace('-', '_')}-{version}-py3-none-any.whl")
    zipfile.ZipFile(wheel).extractall(site)
    print(f" + {name}=={version}", flush=True)
    if number == 0 and os.environ.get("STAND_IN_SAYS"):
        sys.exit(os.environ["STAND_IN_SAYS"])
    time.sleep(float(os.environ.get("STAND_IN_PAUSE", 0)))
"""


def make_wheel(folder, name, version, padding=0):
    """A package with one module; `padding` bytes that do not compress make it larger."""
    stem = f"{name.replace('-', '_')}-{version}"
    path = folder / f"{stem}-py3-none-any.whl"
    files = {
        f"{name.replace('-', '_')}.py": f"version = {version!r}\n".encode(),
        f"{stem}.dist-info/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n".encode(),
        f"{stem}.dist-info/WHEEL": b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if padding:
        files[f"{name.replace('-', '_')}_padding.bin"] = os.urandom(padding)
    record = f"{stem}.dist-info/RECORD"
    with zipfile.ZipFile(path, "w") as archive:
        for inside, content in files.items():
            archive.writestr(inside, content)
        archive.writestr(record, "".join(f"{inside},,\n" for inside in [*files, record]))
    return path


class Course:
    """A copy of the course with a lock of its own."""

    def __init__(self, folder, wheels):
        self.folder, self.wheels, self.tools = folder, wheels, folder.parent / "tools"
        self.runs_log = folder.parent / "stand-in.log"
        shutil.copytree(
            ROOT / "course_utils", folder / "course_utils", ignore=shutil.ignore_patterns("__pycache__")
        )
        (folder / "tests").mkdir()  # the whole course, not a student's kit
        self.venv = folder / ".venv"
        self.python = self.venv / "bin" / "python"
        self.write_lock("requirements.lock", {"course-alpha": "1.0", "course-beta": "2.0"})
        instructor = {"course-alpha": "1.0", "course-beta": "2.0", "course-gamma": "3.0"}
        self.write_lock("requirements-instructor.lock", instructor)
        self.write_lock("requirements-site.lock", instructor | {"course-delta": "4.0"})
        self.tools.mkdir()
        (self.tools / "stand_in.py").write_text(STAND_IN, encoding="utf-8")
        uv = self.tools / "uv"
        uv.write_text(
            f'#!/bin/sh\nexec "{sys.executable}" "{self.tools}/stand_in.py" "$@"\n', encoding="utf-8"
        )
        uv.chmod(0o755)

    def write_lock(self, name, packages, megabytes=1, padding=0):
        lines = [f"# installed-megabytes: {megabytes}"]
        for package, version in packages.items():
            wheel = make_wheel(self.wheels, package, version, padding)
            lines += [
                f"{package}=={version} \\",
                f"    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}",
            ]
        (self.folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")

    def environment(self, with_uv=True, **variables):
        inherited = ("HOME", "USER", "TMPDIR", "LANG", "SYSTEMROOT")
        return {
            **{name: os.environ[name] for name in inherited if name in os.environ},
            "PATH": f"{self.tools}:/usr/bin:/bin" if with_uv else "/usr/bin:/bin",
            "WHEELS": str(self.wheels),
            "STAND_IN_LOG": str(self.runs_log),
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": self.wheels.as_uri(),
            "PIP_CONFIG_FILE": os.devnull,
            **variables,
        }

    def start(self, *arguments, python=sys.executable, with_uv=True, **variables):
        return subprocess.Popen(
            [str(python), "-m", "course_utils", *(arguments or ["install"])],
            cwd=self.folder,
            env=self.environment(with_uv, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def run(self, *arguments, **options):
        process = self.start(*arguments, **options)
        out, err = process.communicate(timeout=300)
        return subprocess.CompletedProcess(process.args, process.returncode, out, err)

    def installations(self):
        return self.runs_log.read_text().count("run") if self.runs_log.exists() else 0

    def assert_complete(self):
        """The environment has its packages and finds the course from any folder, and no run is needed."""
        before = self.installations()
        again = self.run()
        assert again.returncode == 0, again.stderr
        assert again.stdout == f"The course's packages are complete, for {self.python}.\n"
        assert self.installations() == before
        ask = "import course_alpha, course_beta, course_utils; print(course_utils.__file__)"
        clean = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        clean["PYTHONUTF8"] = "1"
        answer = subprocess.run(
            [self.python, "-c", ask], cwd="/", env=clean, capture_output=True, encoding="utf-8", check=True
        )
        assert answer.stdout.strip() == str(self.folder / "course_utils" / "__init__.py")


@pytest.fixture
def course(tmp_path):
    wheels = tmp_path / "wheels"
    wheels.mkdir()
    return Course(tmp_path / "a course 多", wheels)


def wait_until(condition, what, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.02)


def test_makes_the_environment_once(course):
    first = course.run()
    assert first.returncode == 0, first.stderr
    assert "Making the course's environment" in first.stdout
    assert "The environment is complete (2 packages)." in first.stdout
    course.assert_complete()


@pytest.mark.parametrize("locale", [{"LANG": "C"}, {"LC_ALL": "C"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}])
def test_works_in_the_plainest_locale(course, locale):
    assert course.run(**locale).returncode == 0
    assert course.run(**locale).returncode == 0
    assert course.installations() == 1
    # The name of the folder is in the path line as escapes: no locale can misread it.
    path_line = next(course.venv.glob("lib/python3.*/site-packages/course.pth")).read_bytes()
    assert path_line.isascii()
    course.assert_complete()


@pytest.mark.parametrize("sign", [".made-by-course", "lib/*/site-packages/course_alpha.py"])
def test_a_killed_run_is_mended_by_the_next(course, sign):
    process = course.start(STAND_IN_PAUSE="3")
    wait_until(lambda: list(course.venv.glob(sign)), sign)
    process.kill()
    process.communicate()
    # No installer may go on writing into what the next run makes: it dies, or the next run waits for it.
    next_run = course.run()
    assert next_run.returncode == 0, next_run.stderr
    assert "An earlier installation was not finished: making .venv again." in next_run.stdout
    course.assert_complete()


@pytest.mark.parametrize("number, code", [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_stopped_run_ends_its_installer_and_leaves_nothing(course, number, code):
    process = course.start(STAND_IN_PAUSE="30")
    wait_until(lambda: list(course.venv.glob("lib/*/site-packages/course_alpha.py")), "the first package")
    process.send_signal(number)
    _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert err == "course_utils: Stopped. Nothing half-made is left; the next run starts again.\n"
    assert not course.venv.exists()
    # Had the installer survived, this run would have to wait for it.
    after = course.run()
    assert after.returncode == 0 and "waiting" not in after.stdout
    course.assert_complete()


def test_a_failed_run_says_why_and_leaves_nothing(course):
    failed = course.run(STAND_IN_SAYS="error: Failed to fetch: dns error: failed to lookup address")
    assert failed.returncode == 2
    assert failed.stderr.startswith("course_utils: No network: the package index cannot be reached.")
    assert len(failed.stderr.splitlines()) == 1
    assert str(course.folder / ".course-install.log") in failed.stderr
    assert "dns error" in (course.folder / ".course-install.log").read_text(encoding="utf-8")
    assert not course.venv.exists()
    assert course.run().returncode == 0
    course.assert_complete()


def remove_package(course):
    next(course.venv.glob("lib/*/site-packages/course_beta.py")).unlink()


def remove_interpreter(course):
    course.python.unlink()


def break_interpreter(course):
    course.python.unlink()
    course.python.symlink_to("/bin/false")


def remove_settings(course):
    (course.venv / "pyvenv.cfg").unlink()


def remove_all_packages(course):
    shutil.rmtree(course.venv / "lib")


def remove_programs(course):
    shutil.rmtree(course.venv / "bin")


def damage_stamp(course):
    (course.venv / ".complete").write_text('{"location": ')


def empty_stamp(course):
    (course.venv / ".complete").write_text("[]")


def change_lock(course):
    course.write_lock("requirements.lock", {"course-alpha": "1.1", "course-beta": "2.0"})


def move_folder(course):
    moved = course.folder.with_name("elsewhere 二")
    course.folder.rename(moved)
    course.folder, course.venv, course.python = moved, moved / ".venv", moved / ".venv/bin/python"


@pytest.mark.parametrize(
    "damage, sentence",
    [
        (remove_package, "site-packages/course_beta.py): making it again."),
        (remove_interpreter, "Something was deleted from .venv (bin/python): making it again."),
        (break_interpreter, "does not start from it any more: making it again."),
        (remove_settings, "Something was deleted from .venv (pyvenv.cfg): making it again."),
        (remove_all_packages, "Something was deleted from .venv (lib"),
        (remove_programs, "Something was deleted from .venv (bin"),
        (damage_stamp, "An earlier installation was not finished: making .venv again."),
        (empty_stamp, "An earlier installation was not finished: making .venv again."),
        (change_lock, "The course's packages have changed since .venv was made: making it again."),
        (move_folder, "The course's folder was moved here from"),
    ],
)
def test_a_damaged_environment_is_made_again(course, damage, sentence):
    course.run()
    damage(course)
    mended = course.run()
    assert mended.returncode == 0, mended.stderr
    assert sentence in mended.stdout
    assert course.installations() == 2
    course.assert_complete()


def test_somebody_elses_environment_is_moved_aside_and_kept(course):
    for number in (1, 2):
        course.venv.mkdir()
        (course.venv / "precious").write_text(str(number))
        run = course.run()
        assert run.returncode == 0, run.stderr
        assert f".venv.replaced-{number}" in run.stdout
        shutil.rmtree(course.venv)
    kept = [(course.folder / f".venv.replaced-{number}" / "precious").read_text() for number in (1, 2)]
    assert kept == ["1", "2"]


def test_somebody_elses_environment_is_used_where_it_is_complete(course):
    course.run()
    (course.venv / ".made-by-course").unlink()
    (course.venv / ".complete").unlink()
    run = course.run()
    assert run.returncode == 0 and course.installations() == 1
    assert run.stdout == f"The course's packages are complete, for {course.python}.\n"


def test_a_link_to_another_disk_is_filled_and_not_replaced(course):
    elsewhere = course.folder.parent / "large disk"
    elsewhere.mkdir()
    course.venv.symlink_to(elsewhere)
    assert course.run().returncode == 0
    remove_package(course)
    assert course.run().returncode == 0
    assert course.venv.is_symlink() and (elsewhere / ".complete").exists()


def test_runs_at_the_same_time_make_it_once(course):
    processes = [course.start(STAND_IN_PAUSE="0.5") for _ in range(3)]
    outputs = [process.communicate(timeout=120)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0]
    assert course.installations() == 1
    assert sum("waiting for it" in output for output in outputs) == 2
    course.assert_complete()


def test_a_run_waits_for_whoever_holds_the_lock(course):
    """Such as the orphaned installer of a killed run, which inherits the lock."""
    import fcntl

    with (course.folder / ".course-install.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        orphan = subprocess.Popen(["sleep", "30"], pass_fds=[held.fileno()])
    process = course.start()
    try:
        time.sleep(2)
        assert process.poll() is None and course.installations() == 0
    finally:
        orphan.kill()
        orphan.wait()
    out, _ = process.communicate(timeout=60)
    assert out.startswith("Another run is making the course's environment: waiting for it.\n")
    assert process.returncode == 0
    course.assert_complete()


def test_the_instructors_packages_are_added_and_stay(course):
    course.run()
    extended = course.run("install", "--with", "instructor")
    assert "Adding the packages of the extra `instructor` to .venv." in extended.stdout
    assert list(course.venv.glob("lib/*/site-packages/course_gamma.py"))
    course.assert_complete()
    remove_package(course)
    course.run()
    assert list(course.venv.glob("lib/*/site-packages/course_gamma.py"))
    assert course.run("install", "--with", "site").returncode == 0
    assert list(course.venv.glob("lib/*/site-packages/course_delta.py"))
    # Who then asks for the smaller set keeps the larger one.
    assert "Adding" not in course.run("install", "--with", "instructor").stdout
    assert list(course.venv.glob("lib/*/site-packages/course_delta.py"))


def test_a_broken_environment_becomes_what_is_asked_for_and_what_it_was(course):
    course.run("install", "--with", "instructor")
    remove_package(course)
    course.run("install", "--with", "site")
    assert list(course.venv.glob("lib/*/site-packages/course_delta.py"))


def test_goes_on_inside_the_environment_and_passes_the_exit_code_on(course):
    shutil.rmtree(course.folder / "course_utils" / "__pycache__", ignore_errors=True)
    notebooks = course.folder / "notebooks"
    notebooks.mkdir()
    (notebooks / "00_orientation.ipynb").write_text("{}")
    run = course.run("test", "--fast")
    # The tiny environment has no pytest: its own interpreter is what says so.
    assert run.returncode == 1
    assert run.stderr.strip() == f"{course.python}: No module named pytest"


def test_the_environment_mends_itself_from_within(course):
    course.run()
    remove_package(course)
    assert course.run(python=course.python).returncode == 0
    course.assert_complete()


def test_an_incomplete_conda_environment_is_the_users_to_mend(course):
    course.run()
    conda = course.folder.parent / "multimodal-course"
    course.venv.rename(conda)
    remove = next(conda.glob("lib/*/site-packages/course_beta-2.0.dist-info"))
    shutil.rmtree(remove)
    run = course.run(python=conda / "bin" / "python", CONDA_PREFIX=str(conda))
    assert run.returncode == 2
    assert "lacks 1 of the course's packages or has other versions of them (course-beta)" in run.stderr
    assert "conda env update -f environment.yml" in run.stderr
    assert not course.venv.exists()


def test_a_complete_environment_of_ones_own_needs_no_venv(course):
    course.run()
    own = course.folder.parent / "own"
    course.venv.rename(own)
    (own / ".made-by-course").unlink()
    run = course.run(python=own / "bin" / "python")
    assert run.stdout == f"The course's packages are complete, for {own / 'bin' / 'python'}.\n"
    assert not course.venv.exists()


def test_too_little_room_is_told_before_anything_is_fetched(course):
    course.write_lock("requirements.lock", {"course-alpha": "1.0", "course-beta": "2.0"}, megabytes=10**9)
    run = course.run()
    assert run.returncode == 2
    assert re.search(r"packages need 1,000,000,000 MB in .*, and [\d,]+ MB are free\.", run.stderr)
    assert course.installations() == 0 and not course.venv.exists()


def test_a_folder_that_may_not_be_written(course):
    if os.geteuid() == 0:
        pytest.skip("root may write everywhere")
    course.folder.chmod(0o555)
    try:
        run = course.run()
    finally:
        course.folder.chmod(0o755)
    assert run.returncode == 2 and "may not be written" in run.stderr


def run_read_only(course, *arguments):
    if not namespaces_allowed("-rm"):
        pytest.skip("this system does not allow mount namespaces (unshare -rm)")
    begin = 'mount --bind "$PWD" "$PWD" && mount -o remount,ro,bind "$PWD" && cd "$PWD" && exec "$@"'
    return subprocess.run(
        ["unshare", "-rm", "sh", "-c", begin, "sh", sys.executable, "-m", "course_utils", *arguments],
        cwd=course.folder,
        env=course.environment() | {"PATH": f"{course.tools}:/usr/sbin:/sbin:/usr/bin:/bin"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )


@pytest.mark.parametrize("arguments", [["install"], ["lab"]], ids=" ".join)
def test_a_read_only_file_system_without_an_environment_gives_one_sentence(course, arguments):
    run = run_read_only(course, *arguments)
    assert run.returncode == 2
    assert re.fullmatch(
        r"course_utils: The course's environment is missing and cannot be made, because the folder .* may "
        r"not be written \(Read-only file system\): copy the course into a folder of your own\.\n",
        run.stderr,
    )


def test_a_complete_environment_on_a_read_only_file_system_is_used_without_a_lock(course):
    course.run()
    (course.folder / ".course-install.lock").unlink()
    run = run_read_only(course, "install")
    assert run.returncode == 0, run.stderr
    assert run.stdout == f"The course's packages are complete, for {course.python}.\n"


def test_a_damaged_environment_on_a_read_only_file_system_gives_one_sentence(course):
    course.run()
    remove_package(course)
    run = run_read_only(course, "install")
    assert run.returncode == 2 and "Read-only file system" in run.stderr
    assert len(run.stderr.splitlines()) == 1


def namespaces_allowed(*options):
    try:
        return subprocess.run(["unshare", *options, "true"], capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


@pytest.mark.slow
def test_pip_makes_what_kills_at_any_moment_left_undone(course):
    for seconds in (0.3, 2, 4):
        process = course.start(with_uv=False)
        time.sleep(seconds)
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
    run = course.run(with_uv=False)
    assert run.returncode == 0, run.stderr
    course.assert_complete()


@pytest.mark.slow
def test_pip_installs_into_the_environment_whatever_its_settings_say(course):
    settings = course.folder.parent / "pip.conf"
    settings.write_text(
        f"[global]\nno-index = yes\nfind-links = {course.wheels.as_uri()}\nrequire-virtualenv = yes\n"
        "[install]\nuser = yes\ntarget = /nowhere\nprefix = /nowhere\nconstraint = /nowhere\nquiet = 2\n",
        encoding="utf-8",
    )
    theirs = {
        "PIP_NO_INDEX": "",
        "PIP_FIND_LINKS": "",
        "PIP_CONFIG_FILE": str(settings),
        "PIP_ROOT": "/nowhere",
    }
    run = course.run(with_uv=False, **theirs)
    assert run.returncode == 0, run.stderr
    course.assert_complete()


@pytest.mark.slow
def test_pip_without_a_network_gives_one_sentence(course):
    if not namespaces_allowed("-rn"):
        pytest.skip("this system does not allow network namespaces (unshare -rn)")
    variables = course.environment(with_uv=False, PIP_NO_INDEX="", PIP_FIND_LINKS="", PIP_NO_CACHE_DIR="1")
    begin = f'ip link set lo up && exec "{sys.executable}" -m course_utils install'
    run = subprocess.run(
        ["unshare", "-rn", "sh", "-c", begin],
        cwd=course.folder,
        env=variables | {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"},
        capture_output=True,
        encoding="utf-8",
        timeout=120,
        check=False,
    )
    assert run.returncode == 2, run.stdout + run.stderr
    assert run.stderr.startswith("course_utils: No network: the package index cannot be reached.")
    assert len(run.stderr.splitlines()) == 1
    assert not course.venv.exists()


@pytest.mark.slow
def test_pip_on_a_disk_that_fills_up_gives_one_sentence_and_the_next_run_mends_it(course):
    if not namespaces_allowed("-rm"):
        pytest.skip("this system does not allow mount namespaces (unshare -rm)")
    course.write_lock("requirements.lock", {"course-alpha": "1.0", "course-beta": "2.0"}, padding=20_000_000)
    begin = (
        "mkdir -p .venv && mount -t tmpfs -o size=40m tmpfs .venv || exit 99; "
        '"$0" -m course_utils install; echo "code $?"; '
        'mount -o remount,size=400m .venv && "$0" -m course_utils install && "$0" -m course_utils install'
    )
    run = subprocess.run(
        ["unshare", "-rm", "sh", "-c", begin, sys.executable],
        cwd=course.folder,
        env=course.environment(with_uv=False) | {"PATH": "/usr/sbin:/sbin:/usr/bin:/bin"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    if run.returncode == 99:
        pytest.skip(f"this system does not allow a tmpfs here: {run.stderr.strip()}")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "code 2\n" in run.stdout
    assert re.fullmatch(r"course_utils: The disk is full: \d+ MB free in .*/\.venv \(.*\n", run.stderr), (
        run.stderr
    )
    assert run.stdout.count("The environment is complete (2 packages).") == 1


def test_a_removal_that_is_cut_short_is_seen(tmp_path, monkeypatch):
    venv = tmp_path / ".venv"
    (venv / "lib").mkdir(parents=True)
    (venv / environment.MARKER).touch()
    (venv / environment.STAMP).touch()
    monkeypatch.setattr(environment, "VENV", venv)
    # In the order in which a stamp that is not deleted by itself would come last.
    monkeypatch.setattr(Path, "iterdir", lambda folder: iter([folder / "lib", folder / environment.STAMP]))

    def cut_short(folder):
        raise KeyboardInterrupt

    monkeypatch.setattr(environment.shutil, "rmtree", cut_short)
    with pytest.raises(KeyboardInterrupt):
        environment._remove()
    assert (venv / environment.MARKER).exists() and not (venv / environment.STAMP).exists()


def test_the_stamp_is_only_there_when_all_is_there(course):
    """Look at the folder all through an installation: a stamp without its packages must never be seen."""
    process = course.start(STAND_IN_PAUSE="0.3")
    seen = set()
    while process.poll() is None:
        stamped = (course.venv / ".complete").exists()
        complete = bool(list(course.venv.glob("lib/*/site-packages/course_beta.py")))
        seen.add((stamped, complete))
    process.communicate()
    assert (False, False) in seen
    assert (True, False) not in seen
    stamp = json.loads((course.venv / ".complete").read_text(encoding="utf-8"))
    assert stamp["location"] == str(course.venv)
