"""The files for a hub are accepted by what reads them, as far as it is here; docs/hub.md names each."""

import json
import re
import subprocess
import sys

import jsonschema
import pytest
import yaml

from course_utils.command import pins
from course_utils.places import ROOT
from tests.test_guides import HUB as GUIDE

FOLDER = ROOT / "docs" / "hub"
VALUES = yaml.safe_load((FOLDER / "values.yaml").read_text(encoding="utf-8"))
TEXT, AMOUNT, NUMBER = (
    {"type": [*types, "null"]} for types in (["string"], ["string", "number"], ["number"])
)


def record(*required, **properties):
    """The schema of a mapping with these keys and no other."""
    return {
        "type": "object",
        "properties": properties,
        "required": list(required),
        "additionalProperties": False,
    }


# What the schema of the chart Zero to JupyterHub says of the keys that we use.
FILE = record("mountPath", "stringData", mountPath={"type": "string"}, stringData={"type": "string"})
CHART = record(
    singleuser=record(
        image=record("name", "tag", name={"type": "string"}, tag={"type": "string"}),
        defaultUrl=TEXT,
        memory=record(limit=AMOUNT, guarantee=AMOUNT),
        cpu=record(limit=NUMBER, guarantee=NUMBER),
        storage=record(capacity=TEXT),
        extraFiles={"type": "object", "additionalProperties": FILE},
    )
)


def with_files(values):
    """The values as helm sees them, with the files that the guide's command puts in by --set-file."""
    values = json.loads(json.dumps(values))
    for name, path in re.findall(r"--set-file singleuser\.extraFiles\.(\w+)\.stringData=(\S+)", GUIDE):
        values["singleuser"]["extraFiles"][name]["stringData"] = (ROOT / path).read_text(encoding="utf-8")
    return values


def test_the_chart_would_take_the_values():
    jsonschema.validate(with_files(VALUES), CHART)
    for file in with_files(VALUES)["singleuser"]["extraFiles"].values():
        compile(file["stringData"], file["mountPath"], "exec")


@pytest.mark.parametrize(
    ("section", "key", "value"),
    [
        ("memory", "limits", "4G"),
        ("image", "tag", 2026.11),
        ("cpu", "limit", "two"),
        ("storage", "capacity", 2),
    ],
)
def test_a_key_or_a_kind_that_the_chart_does_not_know_is_noticed(section, key, value):
    values = with_files(VALUES)
    values["singleuser"][section][key] = value
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(values, CHART)


def test_both_hubs_give_a_learner_the_same():
    single = VALUES["singleuser"]
    assert f"limits.memory {single['memory']['limit']}\n" in GUIDE
    assert f"limits.cpu {single['cpu']['limit']}\n" in GUIDE
    assert f"--image-name {single['image']['name']}:{single['image']['tag']} " in GUIDE


def test_the_guide_names_every_file():
    named = set(re.findall(r"\]\(hub/([^)]+)\)", GUIDE)) | {"package-lock.json", ".npmrc"}
    assert named == {path.name for path in FOLDER.iterdir() if path.is_file()}


def test_the_proxy_is_locked_and_no_registry_is_named():
    package, lock = (
        json.loads((FOLDER / name).read_text(encoding="utf-8"))
        for name in ("package.json", "package-lock.json")
    )
    [(name, version)] = package["dependencies"].items()
    locked = lock["packages"]
    assert locked[f"node_modules/{name}"]["version"] == version
    assert all(entry.get("integrity", "").startswith("sha512-") for path, entry in locked.items() if path)
    assert not any("resolved" in entry for entry in locked.values())
    assert (
        f"Node.js {re.search('[0-9]+', locked[f'node_modules/{name}']['engines']['node'])[0]} or newer"
        in GUIDE
    )


def test_the_hub_is_of_the_version_that_the_guide_names():
    hub = pins.read(ROOT / "requirements-hub.lock").here()["jupyterhub"]
    assert f"JupyterHub {hub.rpartition('.')[0]} " in GUIDE


@pytest.mark.slow
def test_binder_would_build_the_locked_environment_and_write_the_lessons():
    repo2docker = pytest.importorskip("repo2docker", reason="repo2docker is in the extra `hub`")
    (command,) = re.findall(r"^\.venv/bin/python (-m repo2docker .+)$", GUIDE, re.MULTILINE)
    done = subprocess.run(
        [sys.executable, *command.split()], cwd=ROOT, capture_output=True, text=True, check=False
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    assert "Building conda environment for python=3.11" in said
    assert '--file "environment.yml"' in said
    assert "RUN ./postBuild" in said
    assert "COPY --chown=1000:1000 src/ ${REPO_DIR}/" in said, "the user of the image may write my_lessons/"
    assert f"jupyter-repo2docker=={repo2docker.__version__}\n" in GUIDE
