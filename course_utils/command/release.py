"""`release`: checks what a release must keep to, then gathers in one new folder all that people download.

Nothing in the course's folder is changed and nothing is sent anywhere: who releases tags and pushes.
"""

import datetime
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from course_utils import __version__
from course_utils.command import testing
from course_utils.errors import CourseError, shown
from course_utils.files import require_file, write_atomically
from course_utils.places import DIST, ROOT

__all__ = ["make", "next_steps", "require", "require_agreement"]

_NOTES = "release_notes.md"
# What the tests hold of versions, links, and licences of data.
_RULES = (
    *("tests/test_habits.py", "tests/test_readme.py", "tests/test_readme_chinese.py", "tests/test_guides.py"),
    *("tests/test_notebooks_rules.py", "tests/datasets/test_cards.py", "tests/datasets/test_integrity.py"),
    *("-k", "not test_notebooks_rules or has_working_links"),  # `test` has their other rules
)
# What the package is built of.
_SOURCES = ("pyproject.toml", "README.md", "LICENSE", "LICENSE-CONTENT", "course_utils")


def require(version: str, folder: str | None) -> tuple[str, Path]:
    """Refuses what no release can be made of, before anything is installed for it.

    Args:
        version: "X.Y" for X.Y.0, or "X.Y.Z".
        folder: where to; None for ``dist/X.Y.Z`` in the course's folder.

    Returns:
        The version with its three numbers, and the folder, absolute.

    Raises:
        CourseError: when the version is none or not that of the package, the citation and the changelog, the
            folder is there, or this is not the clean commit to release.
    """
    if not re.fullmatch(r"\d+\.\d+(\.\d+)?", version):
        raise CourseError(f"release {shown(version)}: expected a version, such as 1.0 or 1.0.2.")
    full = version if version.count(".") == 2 else f"{version}.0"
    require_agreement(full)
    place = Path(folder).expanduser().resolve() if folder else DIST / full
    if place.exists():
        raise CourseError(
            f"{place} is there already; expected a folder that is not. Move it away, or choose another with "
            "--folder."
        )
    _require_clean_commit(_tag(full))
    return full, place


def require_agreement(version: str) -> str:
    """Refuses a version that the package, the changelog and the citation do not all name.

    Args:
        version: "X.Y.Z".

    Returns:
        What the changelog says of it, Markdown.

    Raises:
        CourseError: names the file, what it says, and what it should.
    """
    again = "Change it, commit, and run this again."
    if version != __version__:
        raise CourseError(
            f"release {version}: the version in course_utils/__init__.py is {__version__}. {again}"
        )
    sections = re.split(r"^## ", _text("CHANGELOG.md"), flags=re.MULTILINE)[1:]
    heading, _, notes = (sections or [""])[0].partition("\n")
    dated = re.fullmatch(rf"{re.escape(version)} · (\d{{4}}-\d\d-\d\d)", heading)
    if not dated:
        raise CourseError(
            f"CHANGELOG.md: the first section is {shown(heading)}; expected the heading "
            f"`## {version} · {datetime.date.today()}`, or another day. {again}"
        )
    wanted = {"version": version, "date-released": dated[1]}
    stated = dict(re.findall(r"^(version|date-released): (\S+)$", _text("CITATION.cff"), flags=re.MULTILINE))
    if stated != wanted:
        raise CourseError(f"CITATION.cff says {shown(stated)}; expected {shown(wanted)}. {again}")
    return notes.strip() + "\n"


def make(version: str, folder: Path, repository: str = "") -> list[Path]:
    """Makes the release in a new folder, whole or not at all.

    Args:
        version: as from :func:`require`.
        folder: as from :func:`require`.
        repository: as in :func:`course_utils.site.build.build`.

    Returns:
        What is in the folder: notes, learner kit, site, sdist and wheel.

    Raises:
        CourseError: when a rule does not hold or a part cannot be made.
    """
    notes = require_agreement(version)
    _say("the rules of versions, licences and links")
    _require_rules()
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside its place, so that it gets there by being renamed.
    with tempfile.TemporaryDirectory(prefix=".course-release-", dir=folder.parent) as name:
        work, made = Path(name), Path(name) / "made"
        made.mkdir()
        write_atomically(made / _NOTES, notes)
        _say("the package")
        _make_packages(work, made)
        _say("the site")
        _make_site(work, made / f"site-{version}.zip", repository)
        _say("the learner kit")
        _make_kit(work, made / f"learner_kit-{version}.zip")
        made.rename(folder)
    return sorted(folder.iterdir())


def next_steps(version: str) -> str:
    """Gives the two commands that publish a release, which nobody but a person runs."""
    tag = _tag(version)
    return f'git tag --annotate {tag} --message "{version}"\ngit push origin main {tag}'


def _tag(version: str) -> str:
    return f"v{version}"


def _say(step: str) -> None:
    print(f"Now: {step} …", flush=True)


def _text(name: str) -> str:
    return require_file(ROOT / name).read_text(encoding="utf-8")


def _run(command: list[str], trouble: str) -> str:
    """Gives what a program prints; where it fails, that is the error."""
    try:
        run = subprocess.run(
            command, cwd=ROOT, capture_output=True, encoding="utf-8", errors="replace", check=False
        )
    except OSError as error:
        raise CourseError(f"{trouble}: {command[0]} does not start: {error.strerror}.") from None
    if run.returncode:
        raise CourseError(f"{trouble}:\n{(run.stdout + run.stderr).strip()}")
    return run.stdout


def _git(*arguments: str) -> list[str]:
    return _run(["git", *arguments], "A release is made in a clone, with git").splitlines()


def _require_clean_commit(tag: str) -> None:
    """Refuses changes that are not committed, another branch, and a version that another commit has."""
    if changes := _git("status", "--porcelain"):
        raise CourseError(
            f"Not everything is committed: {'; '.join(changes[:5])}{' …' if changes[5:] else ''}. Commit it, "
            "or put it away (git stash --include-untracked), then run this again."
        )
    tagged = tag in _git("tag", "--points-at", "HEAD")
    branch = "".join(_git("branch", "--show-current"))
    # The workflow has no branch, only the tag that was pushed.
    if branch != "main" and not tagged:
        raise CourseError(
            f"This is {f'the branch {branch}' if branch else 'no branch'}; expected main, or the commit with "
            f"the tag {tag}. Run `git switch main` first."
        )
    if not tagged and _git("tag", "--list", tag):
        raise CourseError(f"The tag {tag} is on another commit: that version is out. Write the next one.")


def _require_rules() -> None:
    options = ["-q", "--tb=line", "-p", "no:cacheprovider", "-m", "not slow"]
    _run([sys.executable, "-m", "pytest", *options, *_RULES], "A rule that every release keeps is broken")


def _make_packages(work: Path, folder: Path) -> None:
    """Makes the sdist, and the wheel out of it, from what is committed: nothing else can get in."""
    archive, sources = work / "sources.zip", work / "sources"
    _git("archive", "--format=zip", f"--output={archive}", "HEAD", *_SOURCES)
    shutil.unpack_archive(archive, sources)
    # Without isolation nothing is fetched: setuptools is one of the locked packages.
    command = [sys.executable, "-m", "build", "--no-isolation", f"--outdir={folder}", str(sources)]
    _run(command, "The package cannot be built")


def _make_site(work: Path, archive: Path, repository: str) -> None:
    from course_utils.site import build

    build.build(work / "site", repository)
    shutil.make_archive(str(archive.with_suffix("")), "zip", work / "site")


def _make_kit(work: Path, archive: Path) -> None:
    from course_utils.grading import assignments

    assignments.assign(testing.notebooks([]), work / "course")
    (work / "course" / assignments.KIT).rename(archive)
