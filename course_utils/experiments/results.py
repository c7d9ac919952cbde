"""Recording the figures of an experiment, run by run, and reading them back."""

import argparse
import hashlib
import importlib
import json
import os
import platform
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata

import numpy as np

from course_utils.datasets.integrity import data_path
from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.places import DATA, ROOT, way_back
from course_utils.scale import cluster
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
    Where the variable ``COURSE_CLUSTER`` has an address, the runs are spread over the cluster there:
    every worker imports the module of ``run`` and calls it.

    Args:
        name: str, names the file ``data/results/NAME.json``.
        configuration: dict of JSON values, the settings shared by all runs.
        rows: sequence of str, the rows of the table.
        seeds: sequence of int.
        run: function of ``(row, seed)`` that returns a dict of floats; for a cluster, one of a module.

    Raises:
        CourseError: when the file cannot be written, or the cluster cannot be used.
    """
    from tqdm import tqdm

    path = DATA / "results" / f"{name}.json"
    if not DATA.is_dir():
        raise CourseError(f"{path} has no place: there is no folder {DATA}. {way_back(DATA)}")
    path.parent.mkdir(exist_ok=True)
    done = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    # Seed by seed, so that an interrupted record has whole tables of fewer seeds.
    order = [(row, seed) for seed in seeds for row in rows]
    with _runner(run) as (machine, runs_of):
        here = {"configuration": configuration, "versions": _versions(), "machine": machine}
        same = all(done.get(key) == value for key, value in json.loads(json.dumps(here)).items())
        finished = {(old["row"], old["seed"]): old for old in done.get("runs", [])} if same else {}
        left = [call for call in order if call not in finished]
        with tqdm(total=len(order), initial=len(order) - len(left), desc=name, unit="run") as bar:
            for (row, seed), (figures, seconds) in runs_of(left):
                finished[row, seed] = {"row": row, "seed": seed, "figures": figures, "seconds": seconds}
                # A cluster finishes them in any order; what other rows and seeds left stands before them.
                others = [call for call in finished if call not in order]
                runs = [finished[call] for call in [*others, *order] if call in finished]
                write_atomically(path, json.dumps({**here, "runs": runs}, indent=1) + "\n")
                bar.update()


@contextmanager
def _runner(run: Callable) -> Iterator[tuple[str, Callable]]:
    """Gives the kind of machine that computes, and what makes runs there, one after the other or spread."""
    address = os.environ.get(cluster.ADDRESS)
    if not address:
        yield _machine(), lambda calls: ((call, _timed(run, *call)) for call in calls)
        return
    module, function = _importable(run)
    with cluster.connected(address) as client:
        try:
            there = cluster.on_every_worker(client, about_this_machine)
        except ModuleNotFoundError as error:
            raise CourseError(
                f"cluster {address}: a worker cannot import {error.name}. Start workers where the course's "
                "folder and its environment are; docs/scale.md says how."
            ) from None
        own = about_this_machine()
        for key in ("versions", "course"):
            if there[key] != own[key]:
                raise CourseError(
                    f"cluster {address}: its workers have other {key} than this machine, {there[key]} for "
                    f"{own[key]}. Start them from the same folder and environment."
                )

        def spread(calls: Sequence[tuple[str, int]]) -> Iterator:
            named = [(module, function, *call) for call in calls]
            return ((call[2:], found) for call, found in cluster.spread_calls(client, run_here, named))

        yield there["machine"], spread


def about_this_machine() -> dict:
    """Says what must be the same on every worker of a cluster: packages, the course's code, the machine.

    Returns:
        dict with "versions" (dict of str), "course" (str, a digest of its code) and "machine" (str).
    """
    digest = hashlib.sha256()
    for file in sorted((ROOT / "course_utils").rglob("*.py")):
        digest.update(file.relative_to(ROOT).as_posix().encode() + file.read_bytes())
    return {"versions": _versions(), "course": digest.hexdigest()[:16], "machine": _machine()}


def run_here(module: str, function: str, row: str, seed: int) -> tuple[dict[str, float], float]:
    """Makes one run of an experiment on the worker that this is called on.

    Args:
        module: str, the experiment's, such as "course_utils.experiments.fusion".
        function: str, such as "run".
        row: str, one of its rows.
        seed: int.

    Returns:
        tuple: dict of float, the figures; float, seconds.
    """
    from course_utils import runtime

    runtime.start()
    return _timed(getattr(importlib.import_module(module), function), row, seed)


def _timed(run: Callable, row: str, seed: int) -> tuple[dict[str, float], float]:
    began = time.perf_counter()
    figures = {key: round(float(value), 9) for key, value in run(row, seed).items()}
    return figures, round(time.perf_counter() - began, 2)


def _importable(run: Callable) -> tuple[str, str]:
    """The names under which a worker imports the module of a function and finds it there."""
    module, name = sys.modules[run.__module__], run.__qualname__
    if module.__spec__ is None or getattr(module, name, None) is not run:
        raise CourseError(
            f"{name} cannot be sent to a cluster: expected a function with a name, in a module that workers "
            "can import."
        )
    return module.__spec__.name, name


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


def _machine() -> str:
    # A number of threads that was asked for: with another one, sums are rounded in other places.
    threads = os.environ.get("TF_NUM_INTRAOP_THREADS")
    asked = f", TensorFlow's threads: {threads}" if threads else ""
    return f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores{asked}"


def _versions() -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:  # one of the two builds of TensorFlow is always missing
            continue
    return found
