"""Figures are kept run by run, an interrupted record goes on, and what was recorded is read back."""

import json

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.datasets import integrity
from course_utils.experiments import results
from course_utils.places import DATA


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "DATA", tmp_path)
    return tmp_path / "results"


def stored(folder):
    return json.loads((folder / "trial.json").read_text(encoding="utf-8"))


def test_every_row_and_seed_is_kept_with_what_it_was_run_with(folder):
    results.record("trial", {"epochs": 3}, ("a", "b"), range(2), lambda row, seed: {"score": seed + 0.5})
    record = results.Recorded(**stored(folder))
    assert record.configuration == {"epochs": 3}
    assert record.rows == ["a", "b"]
    assert record.row("a")["score"].values.tolist() == [0.5, 1.5]
    assert record.row("b")["score"].mean == 1
    assert "keras" in record.versions
    assert "cores" in record.machine
    with pytest.raises(CourseError, match="no row 'c'; expected one of a, b"):
        record.row("c")


def test_an_interrupted_record_goes_on_and_a_finished_one_runs_nothing(folder):
    ran = []

    def run(row, seed):
        if len(ran) == 3:
            raise KeyboardInterrupt
        ran.append((row, seed))
        return {"score": 1.0}

    with pytest.raises(KeyboardInterrupt):
        results.record("trial", {}, ("a", "b"), range(2), run)
    assert [(run["row"], run["seed"]) for run in stored(folder)["runs"]] == [("a", 0), ("b", 0), ("a", 1)]
    results.record("trial", {}, ("a", "b"), range(2), lambda row, seed: {"score": 2.0})
    assert [run["figures"]["score"] for run in stored(folder)["runs"]] == [1, 1, 1, 2]
    results.record("trial", {}, ("a", "b"), range(2), lambda row, seed: pytest.fail("was run again"))


def test_a_figure_that_was_measured_later_is_given_over_the_seeds_that_have_it(folder):
    results.record(
        "trial", {}, ("a",), range(2), lambda row, seed: [{"score": 3.0}, {"score": 1.0, "late": 2.0}][seed]
    )
    row = results.Recorded(**stored(folder)).row("a")
    assert row["score"].seeds == (0, 1) and row["score"].mean == 2
    assert row["late"].seeds == (1,) and row["late"].values.tolist() == [2.0]


def test_another_configuration_starts_anew(folder):
    results.record("trial", {"epochs": 1}, ("a",), (0,), lambda row, seed: {"score": 1.0})
    results.record("trial", {"epochs": 2}, ("a",), (0,), lambda row, seed: {"score": np.float32(2)})
    assert [run["figures"]["score"] for run in stored(folder)["runs"]] == [2]


def test_a_record_without_the_courses_folder_is_refused_before_anything_runs(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "DATA", tmp_path / "data")
    with pytest.raises(CourseError, match=r"trial\.json has no place: there is no folder"):
        results.record("trial", {}, ("a",), (0,), lambda row, seed: pytest.fail("was run"))
    assert list(tmp_path.iterdir()) == []


ONE_SEED = {("pretrain_image", "drawn, then in the world"), ("pretrain_image", "mean of both")}


@pytest.mark.parametrize("name", sorted(path.stem for path in (DATA / "results").glob("*.json")))
def test_the_shipped_records_have_three_seeds_of_every_row(name):
    record = results.load(name)
    for row in record.rows:
        seeds = next(iter(record.row(row).values())).seeds
        # In "compute" nothing is left to chance. The second part of the encoder's training: one seed so far,
        # and its card says so. The points of a law are many in place of that: two of them and the one that
        # was predicted have three.
        least = 1 if (name, row) in ONE_SEED or name in ("scaling", "compute") else 3
        assert len(set(seeds)) == len(seeds) >= least
    assert integrity.data_path(f"results/{name}.json").is_file()
