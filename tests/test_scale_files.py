"""The files for Slurm and Kubernetes are accepted by the tools that read them; docs/scale.md names each."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from course_utils.command import commands
from course_utils.places import ROOT

FOLDER = ROOT / "docs" / "scale"
GUIDE = (ROOT / "docs" / "scale.md").read_text(encoding="utf-8")
SCRIPTS = sorted(FOLDER.glob("*.sbatch"))
MANIFESTS = sorted(path for path in FOLDER.glob("*/*.yaml") if path.name != "kustomization.yaml")


def needs(tool):
    return pytest.mark.skipif(not shutil.which(tool), reason=f"{tool} is not installed")


def name(path):
    return path.name


def accepted(*command, **given):
    done = subprocess.run(command, capture_output=True, text=True, check=False, **given)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def resources():
    return [
        (path.name, resource)
        for path in MANIFESTS
        for resource in yaml.safe_load_all(path.read_text(encoding="utf-8"))
    ]


@needs("bash")
@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_bash_can_read_a_script(script):
    accepted("bash", "-n", str(script))


@needs("shellcheck")
@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_shellcheck_has_nothing_to_say(script):
    accepted("shellcheck", str(script))


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_slurm_would_read_the_options(script):
    lines = script.read_text(encoding="utf-8").splitlines()
    options = [number for number, line in enumerate(lines) if line.startswith("#SBATCH")]
    first_command = next(number for number, line in enumerate(lines) if line and not line.startswith("#"))
    # Slurm reads no option behind the first command.
    assert lines[0] == "#!/bin/bash" and options and max(options) < first_command
    assert all(re.fullmatch(r"#SBATCH --[a-z-]+(=\S+)?", lines[number]) for number in options)


@needs("bash")
def test_workers_get_the_addresses_of_all_and_a_number_each(tmp_path):
    tools = {
        "scontrol": 'printf "node1\\nnode2\\n"',
        # Stands for srun: starts both tasks, one after the other, here.
        "srun": 'shift; for SLURM_PROCID in 0 1; do export SLURM_PROCID; "$@"; done',
    }
    for tool, does in tools.items():
        (tmp_path / tool).write_text(f"#!/bin/bash\n{does}\n")
        (tmp_path / tool).chmod(0o755)
    python = tmp_path / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.write_text('#!/bin/bash\necho "$1 $TF_CONFIG"\n')
    python.chmod(0o755)
    variables = {
        "PATH": f"{tmp_path}:/usr/bin:/bin",
        "SLURM_SUBMIT_DIR": str(tmp_path),
        "SLURM_JOB_ID": "7",
        "SLURM_JOB_NODELIST": "node[1-2]",
    }
    script = str(FOLDER / "slurm_workers.sbatch")
    printed = accepted("bash", script, "my_training.py", env=variables, cwd=tmp_path).splitlines()
    for worker, line in enumerate(printed):
        program, _, config = line.partition(" ")
        assert program == "my_training.py"
        assert json.loads(config) == {
            "cluster": {"worker": ["node1:20007", "node2:20007"]},
            "task": {"type": "worker", "index": worker},
        }
    assert len(printed) == 2


@pytest.mark.parametrize("path", MANIFESTS, ids=name)
def test_the_schemas_of_kubernetes_accept_a_manifest(path):
    schemas = pytest.importorskip("kubernetes_validate")
    for resource in yaml.safe_load_all(path.read_text(encoding="utf-8")):
        schemas.validate(resource, schemas.latest_version(), strict=True)


@needs("kubectl")
def test_kubectl_puts_the_manifests_together():
    built = list(yaml.safe_load_all(accepted("kubectl", "kustomize", str(FOLDER / "kubernetes"))))
    assert {"Namespace", "Service", "Deployment", "NetworkPolicy", "Job"} <= {each["kind"] for each in built}
    others = [each for each in built if each["kind"] != "Namespace"]
    assert all(each["metadata"]["namespace"] == "course" for each in others)


def test_every_pod_says_what_memory_it_needs_and_what_it_may_take():
    pods = [each["spec"]["template"]["spec"] for _, each in resources() if "template" in each.get("spec", {})]
    containers = [container for pod in pods for container in pod["containers"]]
    assert len(containers) == 4
    for container in containers:
        assert {"cpu", "memory"} <= container["resources"]["requests"].keys()
        assert "memory" in container["resources"]["limits"]


def test_what_selects_pods_finds_some():
    labels = [
        each["spec"]["template"]["metadata"]["labels"] | {"job-name": each["metadata"]["name"]}
        for _, each in resources()
        if "template" in each.get("spec", {})
    ]
    services = [each["spec"]["selector"] for _, each in resources() if each["kind"] == "Service"]
    assert len(services) == 2
    assert all(any(wanted.items() <= found.items() for found in labels) for wanted in services)


def test_commands_in_the_files_are_those_of_the_course():
    (job,) = [each for _, each in resources() if each["metadata"]["name"] == "course-experiment"]
    (container,) = job["spec"]["template"]["spec"]["containers"]
    python, _, module, *arguments = container["command"]
    assert (python, module) == ("python", "course_utils")
    options = commands._parser().parse_args(arguments)
    assert options.cluster == "tcp://course-scheduler:8786"
    for line in re.findall(r"python3 -m course_utils (experiment .+)", GUIDE):
        assert commands._parser().parse_args(line.split()).cluster


def test_the_guide_names_every_file_and_no_other():
    named = set(re.findall(r"\]\(scale/([^)]+)\)", GUIDE))
    assert named == {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.*")} - {
        "kubernetes/namespace.yaml"
    } | {"kubernetes/Dockerfile"}


def test_the_table_of_costs_is_arithmetic():
    rows = re.findall(r"\| ([\d.]+) × 10(\S+) " * 3 + r"\| ([\d.,]+) \|", GUIDE)
    assert len(rows) == 3
    for row in rows:
        *powers, hours = row
        weights, tokens, operations = (
            float(factor) * 10 ** int(power.translate(str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")))
            for factor, power in zip(powers[::2], powers[1::2], strict=True)
        )
        assert operations == pytest.approx(6 * weights * tokens, rel=0.03)
        expected = 6 * weights * tokens / (1e15 / 3 * 3600)
        assert float(hours.replace(",", "")) == pytest.approx(expected, rel=0.03)
