"""The grader bounds its own work, by its processor's time and not by the clock."""

import signal
import threading
import time

import pytest

from course_utils.grading.limits import TooMuchWork, bounded_work

pytestmark = pytest.mark.skipif(not hasattr(signal, "setitimer"), reason="this system has no such timer")


def test_endless_work_is_stopped_and_idling_is_not():
    with pytest.raises(TooMuchWork, match=r"more than 0\.2 seconds"), bounded_work(0.2):
        while True:
            pass
    with bounded_work(0.2):
        time.sleep(0.4)


def test_nothing_is_stopped_once_the_work_is_done():
    handler = signal.getsignal(signal.SIGPROF)
    with bounded_work(0.1):
        pass
    end = time.process_time() + 0.3
    while time.process_time() < end:
        pass
    assert signal.getsignal(signal.SIGPROF) is handler


def test_it_is_no_exception_that_a_check_could_take_for_the_answers():
    def check():
        try:
            while True:
                pass
        except Exception:
            pytest.fail("swallowed")

    with pytest.raises(TooMuchWork), bounded_work(0.1):
        check()


def test_other_threads_work_without_a_bound():
    done = []
    thread = threading.Thread(target=lambda: done.append(bounded_work(1).__enter__()))
    thread.start()
    thread.join()
    assert done == [None]


def compiled_without_end():
    """As `compile` does when what is raised meets it in the middle."""
    try:
        while True:
            pass
    except TooMuchWork:
        raise SystemError("AST constructor recursion depth mismatch") from None


def test_an_end_in_the_middle_of_a_compilation_is_told_as_what_it_is():
    with pytest.raises(TooMuchWork, match=r"more than 0\.1 seconds"), bounded_work(0.1):
        compiled_without_end()
    with pytest.raises(SystemError), bounded_work(60):
        raise SystemError("of another kind")
    assert signal.getitimer(signal.ITIMER_PROF) == (0, 0)
