"""Runs spread over worker processes give the record of one machine; a killed worker loses nothing."""

import importlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from course_utils import CourseError
from course_utils.experiments import results
from course_utils.places import ROOT
from course_utils.scale import cluster, extras

pytestmark = pytest.mark.skipif(not extras.scale.installed(), reason="Dask is not installed")


@pytest.fixture
def trial(tmp_path, monkeypatch, without_keras):
    """The experiment of the tests, writing to a folder of its own."""
    (tmp_path / "pause").write_text("0")
    monkeypatch.setenv("COURSE_TRIAL", str(tmp_path))
    monkeypatch.setattr(results, "DATA", tmp_path)
    return importlib.import_module("tests.scale.trial")


def stored(folder):
    return json.loads((folder / "results" / "trial.json").read_text(encoding="utf-8"))


def figures(record):
    return [(run["row"], run["seed"], run["figures"]) for run in record["runs"]]


def attempts(folder):
    """Row and seed → numbers of the processes that began this run."""
    found = {}
    for file in sorted(folder.glob("*-*-*"), key=lambda file: file.name.split("-")[2]):
        call, process, _ = file.name.split("-")
        found.setdefault(call, []).append(int(process))
    return found


def wait_for(condition, seconds=60):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_a_cluster_writes_the_record_of_one_machine(trial, tmp_path, monkeypatch):
    results.record("trial", {"a": 1}, trial.ROWS, range(3), trial.run)
    alone = stored(tmp_path)
    (tmp_path / "results" / "trial.json").unlink()
    monkeypatch.setenv(cluster.ADDRESS, "local:2")
    (tmp_path / "pause").write_text("0.05")
    results.record("trial", {"a": 1}, trial.ROWS, range(3), trial.run)
    assert figures(stored(tmp_path)) == figures(alone)
    assert {key: value for key, value in stored(tmp_path).items() if key != "runs"} == {
        key: value for key, value in alone.items() if key != "runs"
    }
    processes = {process for tries in attempts(tmp_path).values() for process in tries}
    assert len(processes - {os.getpid()}) == 2


def test_a_record_says_how_many_threads_were_asked_for(monkeypatch):
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    assert results.about_this_machine()["machine"].endswith(" cores")
    monkeypatch.setenv("TF_NUM_INTRAOP_THREADS", "1")
    assert results.about_this_machine()["machine"].endswith(" cores, TensorFlow's threads: 1")


def test_what_one_machine_began_a_cluster_ends(trial, tmp_path, monkeypatch):
    results.record("trial", {}, trial.ROWS, range(1), trial.run)
    monkeypatch.setenv(cluster.ADDRESS, "local:1")
    results.record("trial", {}, trial.ROWS, range(2), trial.run)
    assert [run[:2] for run in figures(stored(tmp_path))] == [
        (row, seed) for seed in range(2) for row in "abc"
    ]
    assert all(len(tries) == 1 for tries in attempts(tmp_path).values())


def test_a_run_that_fails_ends_the_record_with_what_it_said(trial, tmp_path, monkeypatch):
    monkeypatch.setenv(cluster.ADDRESS, "local:1")
    with pytest.raises(ValueError, match="row b cannot be computed"):
        results.record("trial", {}, trial.ROWS, range(1), trial.fails)
    assert [run[0] for run in figures(stored(tmp_path))] == ["a"]


def test_a_killed_worker_loses_nothing(trial, tmp_path):
    (tmp_path / "pause").write_text("0.3")
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.scale.trial", "4"],
        cwd=ROOT,
        env=os.environ | {cluster.ADDRESS: "local:2"},
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        wait_for(lambda: len(attempts(tmp_path)) >= 4 or program.poll() is not None)
        victim = list(attempts(tmp_path).values())[-1][-1]
        os.kill(victim, signal.SIGKILL)
        assert program.wait(60) == 0, program.stderr.read()
    finally:
        program.kill()
    calls = [(row, seed) for seed in range(4) for row in "abc"]
    assert [run[:2] for run in figures(stored(tmp_path))] == calls
    tries = attempts(tmp_path)
    assert set(tries) == {f"{row}{seed}" for row, seed in calls}
    # The run that was cut off is made again, and one at most whose result was still on its way.
    assert sum(len(each) - 1 for each in tries.values()) <= 2
    (tmp_path / "pause").write_text("0")
    for row, seed, found in figures(stored(tmp_path)):
        assert found == pytest.approx({key: round(value, 9) for key, value in trial.run(row, seed).items()})


def test_no_worker_outlives_the_program_that_started_it(trial, tmp_path):
    (tmp_path / "pause").write_text("0.2")
    program = subprocess.Popen(
        [sys.executable, "-m", "tests.scale.trial", "50"],
        cwd=ROOT,
        env=os.environ | {cluster.ADDRESS: "local:2"},
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for((tmp_path / "results" / "trial.json").exists)
    finally:
        program.kill()
        program.wait()
    workers = {process for tries in attempts(tmp_path).values() for process in tries}
    wait_for(lambda: not any(alive(worker) for worker in workers), 20)
    assert figures(stored(tmp_path)), "what was ready is kept"


def alive(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("local:0", "from 1 to 64"),
        ("local:1000", "from 1 to 64"),
        ("local:", "expected local:2"),
        ("", "expected local:2"),
        ("http://10.0.0.5:80", "expected local:2"),
        ("10.0.0.5", "expected local:2"),
        (None, "expected local:2"),
        ("10.0.0.5:0", "from 1 to 65,535"),
        ("10.0.0.5:87860", "port of --cluster tcp://10.0.0.5:87860 is 87860: .* from 1 to 65,535"),
    ],
)
def test_an_address_that_is_none_is_refused(address, message):
    with pytest.raises(CourseError, match=message):
        cluster.where(address)


def test_an_address_needs_no_protocol():
    assert cluster.where("10.0.0.5:8786") == "tcp://10.0.0.5:8786"


def refused(address, message):
    with pytest.raises(CourseError, match=message), cluster.connected(address):
        pass


@pytest.mark.parametrize("address", ["127.0.0.1:9", "no-such-host.invalid:8786"])
def test_nobody_at_an_address_is_said(address, monkeypatch):
    monkeypatch.setattr(cluster, "_SECONDS_TO_CONNECT", 1)
    refused(address, f"{address}: no scheduler of Dask answered within 1 seconds")


@pytest.mark.parametrize("words", [b"", b"HTTP/1.1 400 Bad Request\r\n\r\n", bytes(64)])
def test_something_else_at_an_address_is_no_scheduler(words, monkeypatch):
    monkeypatch.setattr(cluster, "_SECONDS_TO_CONNECT", 1)
    with socket.create_server(("127.0.0.1", 0)) as server, ThreadPoolExecutor(1) as beside:
        address = f"127.0.0.1:{server.getsockname()[1]}"
        refusal = beside.submit(refused, address, "no scheduler of Dask answered")
        connection, _ = server.accept()
        with connection:
            connection.sendall(words)
            refusal.result(30)


def test_tls_needs_certificates():
    refused("tls://127.0.0.1:9", "Dask has no certificates here")


def test_without_dask_it_is_said_how_to_get_it(monkeypatch):
    monkeypatch.setattr(extras.Extra, "installed", lambda self: False)
    with pytest.raises(CourseError, match="install --with scale"):
        cluster.where("local:2")


def test_workers_of_two_kinds_are_refused():
    class Client:
        def run(self, function):
            return {"tcp://a:1": {"machine": "2 cores"}, "tcp://b:1": {"machine": "64 cores"}}

    with pytest.raises(
        CourseError, match=r"worker tcp://b:1 has another machine than worker tcp://a:1.*64 cores"
    ):
        cluster.on_every_worker(Client(), dict)


def test_a_function_without_a_name_is_refused(trial, monkeypatch):
    monkeypatch.setenv(cluster.ADDRESS, "local:1")
    with pytest.raises(CourseError, match="expected a function with a name"):
        results.record("trial", {}, trial.ROWS, range(1), lambda row, seed: {})


def test_workers_with_other_code_are_refused(trial, monkeypatch):
    monkeypatch.setenv(cluster.ADDRESS, "local:1")
    own = results.about_this_machine()
    monkeypatch.setattr(cluster, "on_every_worker", lambda client, about: own | {"course": "another"})
    with pytest.raises(CourseError, match="its workers have other course than this machine, another for"):
        results.record("trial", {}, trial.ROWS, range(1), trial.run)
