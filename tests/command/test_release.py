"""A release is made of a clean commit whose files agree, whole or not at all; its wheel needs no clone."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from course_utils import __version__
from course_utils.command import commands, environment, release
from course_utils.errors import CourseError
from course_utils.places import ROOT

CHANGELOG = "# Changelog\n\n## 1.2.0 · 2026-03-04\n\n- New.\n\n## 1.1.0 · 2026-01-02\n\n- Old.\n"
CITATION = "cff-version: 1.2.0\nversion: 1.2.0\ndate-released: 2026-03-04\n"


def git(folder, *arguments):
    who = ["-c", "user.name=A. Author", "-c", "user.email=author@example.org", "-c", "commit.gpgsign=false"]
    run = subprocess.run(
        ["git", *who, *arguments], cwd=folder, capture_output=True, encoding="utf-8", check=True
    )
    return run.stdout


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A clone in small, clean and on main, taken for the course's own."""
    folder = tmp_path / "course"
    folder.mkdir()
    (folder / "CHANGELOG.md").write_text(CHANGELOG, encoding="utf-8")
    (folder / "CITATION.cff").write_text(CITATION, encoding="utf-8")
    (folder / ".gitignore").write_text("/dist/\n", encoding="utf-8")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    monkeypatch.setattr(release, "ROOT", folder)
    monkeypatch.setattr(release, "DIST", folder / "dist")
    monkeypatch.setattr(release, "__version__", "1.2.0")
    return folder


def commit(folder):
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "Change")


def rewrite(name, old, new):
    """A change that is committed: of one text in one file."""

    def change(folder):
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
        commit(folder)

    return change


def move_on(folder):
    git(folder, "tag", "v1.2.0")
    rewrite("CHANGELOG.md", "New.", "Newer.")(folder)


def test_a_version_is_taken_with_two_numbers_or_three(course):
    expected = ("1.2.0", course / "dist" / "1.2.0")
    assert release.require("1.2", None) == release.require("1.2.0", None) == expected
    assert release.require("1.2", str(course / "out")) == ("1.2.0", course / "out")


@pytest.mark.parametrize("version", ["", "1", "v1.2", "1.2.0.1", "1.2rc1", "one"])
def test_what_is_no_version_is_refused(course, version):
    with pytest.raises(CourseError, match=rf"^release '{version}': expected a version, such as 1\.0"):
        release.require(version, None)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (
            rewrite("CITATION.cff", "n: 1.2.0", "n: 1.1.0"),
            r"CITATION\.cff says .*1\.1\.0.*; expected .*1\.2\.0",
        ),
        (rewrite("CITATION.cff", "03-04", "03-05"), r"CITATION\.cff says .*03-05.*; expected .*03-04"),
        (rewrite("CITATION.cff", "version", "edition"), r"CITATION\.cff says \{'date-released'"),
        (
            rewrite("CHANGELOG.md", "1.2.0 · 2026-03-04", "Unreleased"),
            r"CHANGELOG\.md: the first section is 'Unreleased'; expected the heading `## 1\.2\.0 · \d{4}-",
        ),
        (rewrite("CHANGELOG.md", "## 1.2.0", "## 1.2.1"), r"the first section is '1\.2\.1 · 2026-03-04'"),
        (rewrite("CHANGELOG.md", "## ", "### "), r"CHANGELOG\.md: the first section is ''"),
        (lambda folder: (folder / "CITATION.cff").unlink(), r"CITATION\.cff: there is no such file"),
        (
            lambda folder: (folder / "new.txt").touch(),
            r"^Not everything is committed: \?\? new\.txt\. Commit it",
        ),
        (
            lambda folder: (folder / ".gitignore").write_text(""),
            r"^Not everything is committed:  M \.gitignore",
        ),
        (lambda folder: (folder / "dist" / "1.2.0").mkdir(parents=True), r"dist.1\.2\.0 is there already"),
        (
            lambda folder: git(folder, "switch", "--quiet", "-c", "idea"),
            "This is the branch idea; expected main",
        ),
        (
            lambda folder: git(folder, "switch", "--quiet", "--detach"),
            "This is no branch; expected main, or the",
        ),
        (move_on, r"The tag v1\.2\.0 is on another commit"),
    ],
)
def test_what_no_release_can_be_made_of_is_refused(course, change, complaint):
    change(course)
    with pytest.raises(CourseError, match=complaint):
        release.require("1.2.0", None)


def test_another_version_than_the_packages_is_refused(course):
    with pytest.raises(
        CourseError, match=r"release 1\.3\.0: the version in course_utils/__init__\.py is 1\.2\.0"
    ):
        release.require("1.3", None)


def test_the_tagged_commit_needs_no_branch(course):
    git(course, "tag", "v1.2.0")
    git(course, "switch", "--quiet", "--detach")
    assert release.require("1.2", None)[0] == "1.2.0"


def test_a_folder_that_is_no_clone_is_refused(course, tmp_path, monkeypatch):
    (course / ".git").rename(tmp_path / "elsewhere")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    with pytest.raises(CourseError, match=r"^A release is made in a clone, with git:\nfatal: not a git"):
        release.require("1.2", None)


def test_without_git_it_says_so(course, monkeypatch):
    monkeypatch.setenv("PATH", str(course))
    with pytest.raises(CourseError, match=r"^A release is made in a clone, with git: git does not start"):
        release.require("1.2", None)


@pytest.fixture
def quick(monkeypatch):
    """Stands in for what takes minutes."""
    monkeypatch.setattr(environment, "enter", lambda extra="": None)
    monkeypatch.setattr(commands, "_take_variables", lambda: None)
    monkeypatch.setattr(release, "_require_rules", lambda: None)
    monkeypatch.setattr(release, "_make_packages", lambda work, made: (made / "a.whl").write_text("wheel"))
    monkeypatch.setattr(
        release, "_make_site", lambda work, archive, repository: archive.write_text(repository)
    )
    monkeypatch.setattr(release, "_make_kit", lambda work, archive: archive.write_text("kit"))


@pytest.mark.usefixtures("quick")
def test_a_release_is_gathered_and_nothing_else_changes(course, capsys):
    assert commands.run(["release", "1.2", "--repository", "someone/course"]) == 0
    folder = course / "dist" / "1.2.0"
    names = ["a.whl", "learner_kit-1.2.0.zip", "release_notes.md", "site-1.2.0.zip"]
    assert sorted(path.name for path in folder.iterdir()) == names
    assert (folder / "release_notes.md").read_text(encoding="utf-8") == "- New.\n"
    assert (folder / "site-1.2.0.zip").read_text() == "someone/course"
    said = capsys.readouterr().out
    assert f"The release is complete, in {folder}:\n  a.whl (0.0 MB)\n" in said
    assert said.endswith('\n\ngit tag --annotate v1.2.0 --message "1.2.0"\ngit push origin main v1.2.0\n')
    assert [path.name for path in folder.parent.iterdir()] == ["1.2.0"]
    assert git(course, "status", "--porcelain") == "" and git(course, "tag") == ""


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("step", ["_require_rules", "_make_packages", "_make_site", "_make_kit"])
def test_a_part_that_fails_leaves_nothing(course, monkeypatch, step):
    def fails(*given):
        raise CourseError("no room")

    monkeypatch.setattr(release, step, fails)
    with pytest.raises(CourseError, match="no room"):
        commands.run(["release", "1.2"])
    assert list((course / "dist").glob("*")) == []


def test_a_rule_that_is_broken_is_shown(course, monkeypatch):
    (course / "rule.py").write_text("def test_rule():\n    assert 1 == 2, 'not at all'\n", encoding="utf-8")
    monkeypatch.setattr(release, "_RULES", ("rule.py",))
    with pytest.raises(CourseError, match=r"^A rule that every release keeps is broken:\n(?s:.*)not at all"):
        release._require_rules()


def test_the_rules_are_those_of_versions_links_and_licences():
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", *release._RULES],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    for name in (
        "test_habits.py::test_the_version_stands_in_one_place",
        "test_readme.py::test_links_lead_somewhere[README.zh-CN.md]",
        "test_guides.py::test_links_lead_somewhere[CONTRIBUTING.md]",
        "test_notebooks_rules.py::test_lesson[00_orientation.ipynb-has_working_links]",
        "test_cards.py::test_every_folder_has_its_licence",
    ):
        assert f"{name}\n" in listed
    assert "[00_orientation.ipynb-is_small]" not in listed


# The whole of it, in a clone of this commit; then the wheel, where there is no clone.


@pytest.fixture(scope="module")
def released(tmp_path_factory):
    """The folder of a release of the course as it is committed, and what the command said."""
    pytest.importorskip("build", reason="what makes the package is in the extra `site`")
    if not (ROOT / ".git").exists():
        pytest.skip("a release is made in a clone")
    clone = tmp_path_factory.mktemp("release") / "a clone"
    git(ROOT, "clone", "--quiet", str(ROOT), str(clone))
    git(clone, "switch", "--quiet", "--force-create", "main")
    run = subprocess.run(
        [sys.executable, "-m", "course_utils", "release", __version__],
        cwd=clone,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert git(clone, "status", "--porcelain") == ""
    return clone / "dist" / __version__, run.stdout


@pytest.mark.slow
def test_a_release_has_everything_and_no_answer(released):
    folder, said = released
    package = f"multimodal_course-{__version__}"
    names = ["release_notes.md", f"{package}.tar.gz", f"{package}-py3-none-any.whl"]
    names += [f"{kind}-{__version__}.zip" for kind in ("learner_kit", "site")]
    assert sorted(path.name for path in folder.iterdir()) == sorted(names)
    assert all(name in said for name in names)
    notes = (folder / "release_notes.md").read_text(encoding="utf-8")
    assert notes.strip() and "\n## " not in notes
    with zipfile.ZipFile(folder / f"site-{__version__}.zip") as archive:
        assert {"index.html", "lessons/00_orientation.html"} <= set(archive.namelist())
    with zipfile.ZipFile(folder / f"learner_kit-{__version__}.zip") as archive:
        lessons = {name for name in archive.namelist() if re.fullmatch(r"notebooks/\d\d_\w+\.ipynb", name)}
        assert lessons == {
            f"notebooks/{path.name}" for path in (ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb")
        }
        assert not [name for name in lessons if b"BEGIN SOLUTION" in archive.read(name)]


@pytest.mark.slow
def test_the_wheel_is_the_package_whole_and_nothing_else(released):
    folder, _ = released
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        found = {name for name in archive.namelist() if ".dist-info/" not in name}
    committed = git(ROOT, "ls-tree", "-r", "--name-only", "HEAD", "course_utils")
    assert found == set(committed.splitlines())


@pytest.fixture(scope="module")
def alone(released, tmp_path_factory):
    """Runs Python where the wheel is installed, in an empty folder; packages of others are those of here."""
    place = tmp_path_factory.mktemp("alone")
    subprocess.run([sys._base_executable, "-m", "venv", str(place / "venv")], check=True)
    python = environment.python_of(place / "venv")
    (site,) = (place / "venv").glob("[Ll]ib/**/site-packages")
    others = [entry for entry in sys.path if Path(entry).name == "site-packages"]
    (site / "others.pth").write_text("\n".join(others) + "\n", encoding="utf-8")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PIP"))}
    kept |= {"HOME": str(place), "USERPROFILE": str(place)}
    (place / "empty").mkdir()

    def run(*arguments, **variables):
        return subprocess.run(
            [str(python), *arguments],
            cwd=place / "empty",
            env=kept | variables,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )

    (wheel,) = released[0].glob("*.whl")
    installed = run("-m", "pip", "install", "--isolated", "--no-index", "--no-deps", str(wheel))
    assert installed.returncode == 0, installed.stdout + installed.stderr
    return run


TOOLS = """
from course_utils import runtime
runtime.start()
import course_utils, keras, numpy as np
from course_utils.evaluation import scores
from course_utils.features import pretrained
from course_utils.fusion import attention
from course_utils.preprocessing import audio, text
mel = audio.log_mel(np.zeros(16000, "float32"), 16000)
words = text.split_words("A wheel, alone.")
confusion = scores.confusion_matrix(np.array([0, 1]), np.array([0, 0]), 2).tolist()
encoder = pretrained.build_image_encoder()
attended = attention.MultiHeadAttention(2, 8)(np.ones((1, 3, 8)), np.ones((1, 4, 8)))
print(mel.shape, words, confusion, encoder.input_shape, attended.shape)
print(course_utils.__version__, course_utils.__file__)
"""


@pytest.mark.slow
def test_the_wheels_tools_work_without_a_clone(alone):
    run = alone("-c", TOOLS)
    assert run.returncode == 0, run.stderr
    results, place = run.stdout.splitlines()
    assert results == "(98, 40) ['A', 'wheel', 'alone'] [[1, 0], [1, 0]] (None, None, None, 3) (1, 3, 8)"
    assert place.startswith(f"{__version__} ") and "site-packages" in place


NEEDS_DATA = {
    "a data set": "from course_utils.datasets import emoji; emoji.load()",
    "a trained network": "from course_utils.features import pretrained; pretrained.load_image_encoder()",
    "a recorded experiment": "from course_utils.experiments import results; results.load('overfitting')",
    "the lessons": "from course_utils.command import testing; testing.notebooks([])",
}


@pytest.mark.slow
@pytest.mark.parametrize("code", NEEDS_DATA.values(), ids=NEEDS_DATA.keys())
def test_what_the_wheel_lacks_is_one_error_that_says_how_to_get_it(alone, code):
    run = alone("-c", code)
    said = run.stderr.splitlines()[-1]
    assert run.returncode == 1 and "CourseError: " in said, run.stderr
    assert "is installed here as a package alone, without the course's data and lessons" in said
    assert alone("-c", code, PYTHONPATH=str(ROOT)).returncode == 0, "the clone has what is missing"


@pytest.mark.slow
@pytest.mark.parametrize("command", [["lab"], ["doctor"], ["install"], ["report", "x"]], ids=" ".join)
def test_a_command_that_needs_the_course_says_so(alone, command):
    run = alone("-m", "course_utils", *command)
    assert run.returncode == 2 and run.stderr.count("\n") == 1
    assert "The commands work from a complete copy of the course's folder. `course_utils` is" in run.stderr
