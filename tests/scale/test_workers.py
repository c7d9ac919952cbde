"""Workers know who takes part, fail and end together, and none outlives the one who started them."""

import json
import os
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.places import ROOT
from course_utils.scale import processes, workers


@pytest.fixture(autouse=True)
def quick(without_keras, monkeypatch):
    """Lets workers begin at once: what they do here has nothing to do with Keras."""
    monkeypatch.setattr(processes, "_search_path", lambda: without_keras)


def tells(worker, numbers):
    import json
    import os

    import numpy as np

    config = json.loads(os.environ.get("TF_CONFIG", "{}"))
    return {
        "worker": worker,
        "sum": numbers.sum(),
        "config": np.array(json.dumps(config)),
        "threads": np.array(os.environ["TF_NUM_INTRAOP_THREADS"]),
    }


def fails_or_waits(worker):
    import time

    if worker == 1:
        raise ValueError("worker one has no data")
    time.sleep(600)
    return {}


def waits(worker, place):
    import os
    import time
    from pathlib import Path

    (Path(str(place)) / f"began-{worker}-{os.getpid()}").touch()
    time.sleep(600)
    return {}


def doubles(worker):
    return {"twice": double(worker)}


def double(number):
    return 2 * number


def pids(folder):
    return [int(path.name.rsplit("-", 1)[1]) for path in sorted(folder.glob("began-*"))]


def gone(process):
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return True
    return False


def wait_for(condition, seconds=30):
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "it did not happen in time"
        time.sleep(0.02)


def test_each_worker_has_its_number_and_everybodys_address():
    with workers.Workers(tells, 3, np.arange(4)) as three:
        answers = three.results()
    assert [int(answer["worker"]) for answer in answers] == [0, 1, 2]
    assert all(answer["sum"] == 6 and answer["threads"] == "1" for answer in answers)
    configs = [json.loads(str(answer["config"])) for answer in answers]
    addresses = configs[0]["cluster"]["worker"]
    assert len(set(addresses)) == 3 and all(address.startswith("127.0.0.1:") for address in addresses)
    for number, config in enumerate(configs):
        assert config == {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": number}}


def test_a_single_worker_has_nobody_to_talk_to():
    with workers.Workers(tells, 1, np.arange(2)) as one:
        (answer,) = one.results()
    assert answer["config"] == "{}"


def test_helpers_travel_with_the_function():
    with workers.Workers(doubles, 2, helpers=[double]) as two:
        assert [int(answer["twice"]) for answer in two.results()] == [0, 2]
    with pytest.raises(CourseError, match="doubles uses double, which the other process does not have"):
        workers.Workers(doubles, 2)


def test_if_one_fails_the_others_do_not_wait():
    began = time.monotonic()
    with (
        workers.Workers(fails_or_waits, 2) as two,
        pytest.raises(CourseError, match=r"worker 1 of 2, fails_or_waits: (?s:.*)worker one has no data"),
    ):
        two.results()
    assert time.monotonic() - began < 60
    assert two.running == [False, False]


def test_one_is_killed_on_purpose_and_all_end_with_the_block(tmp_path):
    with workers.Workers(waits, 2, np.array(str(tmp_path))) as two:
        two.wait_until(lambda: len(pids(tmp_path)) == 2)
        two.kill(1)
        assert two.running == [True, False]
        with pytest.raises(CourseError, match="worker 1 of 2, waits: the process was ended by signal 9"):
            two.results()
    assert all(gone(process) for process in pids(tmp_path))


def test_time_is_limited(tmp_path):
    with workers.Workers(waits, 1, np.array(str(tmp_path))) as one:
        with pytest.raises(CourseError, match=r"did not happen within 0\.1 seconds"):
            one.wait_until(lambda: False, seconds=0.1)
        with pytest.raises(CourseError, match=r"had not ended after 0\.1 seconds"):
            one.results(seconds=0.1)
        assert one.running == [False]


def test_what_cannot_happen_any_more_is_not_waited_for():
    with (
        workers.Workers(tells, 1, np.arange(2)) as one,
        pytest.raises(CourseError, match="all workers have ended"),
    ):
        one.wait_until(lambda: False)


@pytest.mark.parametrize("count", [0, 17, 1.5, True, "2"])
def test_a_count_that_is_none_is_refused(count):
    with pytest.raises(CourseError, match=r"count is .*expected a whole number from 1 to 16"):
        workers.Workers(tells, count, np.arange(2))


def test_only_a_worker_that_is_there_can_be_killed(tmp_path):
    with (
        workers.Workers(waits, 1, np.array(str(tmp_path))) as one,
        pytest.raises(CourseError, match="worker is 1: expected a whole number from 0 to 0"),
    ):
        one.kill(1)


def test_no_worker_outlives_a_kernel_that_is_killed(tmp_path):
    program = (
        "import numpy, tests.scale.test_workers as here\n"
        "from course_utils.scale import workers\n"
        f"with workers.Workers(here.waits, 2, numpy.array({str(tmp_path)!r})) as two:\n"
        "    two.results()\n"
    )
    kernel = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT)
    try:
        wait_for(lambda: len(pids(tmp_path)) == 2, 60)
    finally:
        kernel.send_signal(signal.SIGKILL)
        kernel.wait()
    wait_for(lambda: all(gone(process) for process in pids(tmp_path)))
