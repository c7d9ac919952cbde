"""Recording the figures of an experiment, run by run, and reading them back."""

import argparse
import json
import os
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import metadata

import numpy as np

from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.places import DATA
from course_utils.training import Repeated

__all__ = ["Recorded", "load", "record", "seeds_from_command_line"]

_PACKAGES = ("numpy", "keras", "tensorflow-cpu", "tensorflow", "scikit-learn")


@dataclass(frozen=True)
class Recorded:
    """A recorded experiment. Introduced in lesson 04.

    Attributes:
        configuration: dict, the settings shared by all runs.
        runs: list of dict: ``row`` (str), ``seed`` (int), ``figures`` (dict of float), ``seconds``.
        versions: dict of str, packages.
        machine: str.
    """

    configuration: dict
    runs: list
    versions: dict
    machine: str

    @property
    def rows(self) -> list[str]:
        """Names of the rows in the order in which they were first run, list of str."""
        return list(dict.fromkeys(run["row"] for run in self.runs))

    def row(self, name: str) -> dict[str, Repeated]:
        """Gives every figure of one row over the seeds that have it.

        Args:
            name: str, one of ``rows``.

        Returns:
            dict of :class:`course_utils.training.Repeated`; ``f"{figure:.2f}"`` prints mean ± sd.

        Raises:
            CourseError: when there is no such row.
        """
        runs = [run for run in self.runs if run["row"] == name]
        if not runs:
            raise CourseError(f"there is no row {name!r}; expected one of {', '.join(self.rows)}.")
        found = {}
        for key in dict.fromkeys(key for run in runs for key in run["figures"]):
            having = [run for run in runs if key in run["figures"]]
            seeds = tuple(run["seed"] for run in having)
            found[key] = Repeated(seeds, np.array([run["figures"][key] for run in having]))
        return found


def load(name: str) -> Recorded:
    """Reads a recorded experiment, verified against the manifest. Introduced in lesson 04.

    Args:
        name: str, such as "overfitting" for ``data/results/overfitting.json``.

    Returns:
        :class:`Recorded`.

    Raises:
        CourseError: when the file is missing or damaged.
    """
    return Recorded(**json.loads(data_path(f"results/{name}.json").read_text(encoding="utf-8")))


def record(
    name: str,
    configuration: dict,
    rows: Sequence[str],
    seeds: Sequence[int],
    run: Callable[[str, int], dict[str, float]],
) -> None:
    """Runs an experiment for every row and seed and keeps the figures after each run.

    Interrupted, it goes on where it stopped when started again; with another configuration it starts anew.

    Args:
        name: str, names the file ``data/results/NAME.json``.
        configuration: dict of JSON values, the settings shared by all runs.
        rows: sequence of str, the rows of the table.
        seeds: sequence of int.
        run: function of ``(row, seed)`` that returns a dict of floats.

    Raises:
        CourseError: when the file cannot be written.
    """
    from tqdm import tqdm

    path = DATA / "results" / f"{name}.json"
    path.parent.mkdir(exist_ok=True)
    done = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    here = {
        "configuration": configuration,
        "versions": _versions(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
    }
    same = all(done.get(key) == value for key, value in json.loads(json.dumps(here)).items())
    finished = {(old["row"], old["seed"]): old for old in done.get("runs", [])} if same else {}
    # Seed by seed, so that an interrupted record has whole tables of fewer seeds.
    for row, seed in tqdm([(row, seed) for seed in seeds for row in rows], desc=name, unit="run"):
        if (row, seed) in finished:
            continue
        began = time.perf_counter()
        figures = {key: round(float(value), 9) for key, value in run(row, seed).items()}
        seconds = round(time.perf_counter() - began, 2)
        finished[row, seed] = {"row": row, "seed": seed, "figures": figures, "seconds": seconds}
        write_atomically(path, json.dumps({**here, "runs": list(finished.values())}, indent=1) + "\n")


def seeds_from_command_line(description: str, default: int) -> range:
    """Reads how many seeds to run from the command line, ``--seeds N``.

    Args:
        description: str, what the experiment does, for ``--help``.
        default: int.

    Returns:
        range of seeds from 0.
    """
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--seeds", type=int, default=default, help="how many seeds (default %(default)s)")
    return range(parser.parse_args().seeds)


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # one of the two builds of TensorFlow is always missing
            continue
    return found
