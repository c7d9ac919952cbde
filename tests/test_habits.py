"""Version, changelog, citation, hooks and workflows say the same as the package and its locks."""

import re
import tomllib

import pytest
import yaml

import course_utils
from course_utils.command import interpreter, pins
from course_utils.places import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def load(name):
    return yaml.safe_load(read(name))


def test_the_version_stands_in_one_place():
    assert "version" not in PROJECT["project"]
    assert PROJECT["tool"]["setuptools"]["dynamic"]["version"] == {"attr": "course_utils.__version__"}
    newest = re.search(r"^## (\d+\.\d+\.\d+) · (\d{4}-\d\d-\d\d)$", read("CHANGELOG.md"), flags=re.M)
    citation = load("CITATION.cff")
    assert newest[1] == citation["version"] == course_utils.__version__
    assert newest[2] == str(citation["date-released"])


def test_hooks_run_the_ruff_of_the_lock():
    locked = {pin.name: pin.version for pin in pins.read(ROOT / "requirements.lock").pins}
    revisions = {
        repo["repo"].rpartition("/")[2]: repo.get("rev") for repo in load(".pre-commit-config.yaml")["repos"]
    }
    assert revisions["ruff-pre-commit"] == f"v{locked['ruff']}"


def test_the_rules_of_lessons_are_a_hook_of_their_own():
    local = next(repo for repo in load(".pre-commit-config.yaml")["repos"] if repo["repo"] == "local")
    hook = local["hooks"][0]
    assert re.search(hook["files"], "notebooks/06_contrastive_retrieval.ipynb")
    assert not re.search(hook["files"], "course_utils/files.py")
    assert (ROOT / "tests" / f"{hook['entry'].rpartition(' ')[2]}.py").exists()


def test_every_promised_python_is_in_the_matrix():
    promised = [f"3.{minor}" for minor in range(interpreter.OLDEST[1], interpreter.NEWEST[1] + 1)]
    jobs = load(".github/workflows/test.yml")["jobs"]
    assert jobs["test"]["strategy"]["matrix"]["python"] == promised
    assert all(f"{version}" in read("README.md") for version in promised)
    assert PROJECT["project"]["requires-python"] == f">={promised[0]},<3.{interpreter.NEWEST[1] + 1}"


def test_the_weekly_run_leaves_nothing_out():
    steps = load(".github/workflows/test.yml")["jobs"]["test"]["steps"]
    said = next(step["run"] for step in steps if step.get("name") == "Test, as the README writes it")
    asked = re.search(r"github.event_name == 'schedule' && '-- -m \"(.+)\"'", said)
    marked = {name.partition(":")[0] for name in PROJECT["tool"]["pytest"]["ini_options"]["markers"]}
    assert marked == {"slow", "weekly"}
    assert asked[1] == "slow or not slow"  # whatever else a test is


@pytest.mark.parametrize(
    "path", sorted((ROOT / ".github").rglob("*.yml")), ids=lambda path: path.relative_to(ROOT).as_posix()
)
def test_what_the_host_reads_is_whole_and_takes_no_rights_that_it_does_not_need(path):
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    assert content
    if path.parent.name == "workflows":
        assert "permissions" in content
        assert all("timeout-minutes" in job for job in content["jobs"].values())


def test_reports_ask_for_the_doctor():
    asked = [item["attributes"]["label"] for item in load(".github/ISSUE_TEMPLATE/does_not_work.yml")["body"]]
    assert any("python3 -m course_utils doctor" in label for label in asked)
