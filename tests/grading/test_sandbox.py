"""The sandbox counts what a submission holds, refuses what cannot be counted, and shows nothing of others."""

import ctypes
import errno
import os
import platform
import subprocess
import sys

import pytest

from course_utils.grading import referee, sandbox, system_calls
from course_utils.grading.limits import Limits
from course_utils.grading.sandbox import Sandbox, SandboxGone

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("isolation")]

LIMITS = Limits(cell_seconds=10, call_seconds=3, memory=2**29, disk=64 * 2**20, files=2000, processes=40)


@pytest.fixture(scope="module")
def inside():
    """Runs a cell in a sandbox that is made once, and gives what it printed and how it ended."""
    with Sandbox(LIMITS) as made:
        made.send({"do": "start", "quick": True, "output": 5000}, seconds=60)

        def run(source):
            answer, _ = made.send({"do": "run", "source": source}, seconds=10)
            texts = [output.get("text", "") for output in answer["outputs"]]
            return "".join(texts) + "".join(": ".join(one.get("error", "")) for one in answer["outputs"])

        yield run


def ended(source, limits=LIMITS):
    """Gives the reason for which a sandbox was ended in the middle of a cell."""
    with Sandbox(limits) as made:
        made.send({"do": "start", "quick": True, "output": 5000}, seconds=60)
        with pytest.raises(SandboxGone) as caught:
            made.send({"do": "run", "source": source}, seconds=limits.cell_seconds)
    return str(caught.value)


CALL = """
import ctypes, errno
libc = ctypes.CDLL(None, use_errno=True)
result = libc.syscall({number}, {arguments})
print("refused" if result < 0 and ctypes.get_errno() in (errno.EPERM, errno.ENOSYS) else result)
"""


@pytest.mark.parametrize("name", [*system_calls._REFUSED, "clone3"])
def test_calls_that_no_lesson_needs_are_refused(inside, name):
    column = system_calls._PROCESSORS.index(platform.machine())
    number = (*system_calls._REFUSED.values(), system_calls._CLONE3)[
        [*system_calls._REFUSED, "clone3"].index(name)
    ][column]
    assert inside(CALL.format(number=number, arguments="0, 0, 0, 0, 0, 0")).strip() == "refused"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="has no second set of calls")
def test_calls_by_their_other_number_are_refused(inside):
    number = system_calls._REFUSED["memfd_create"][0] | system_calls._OTHER_ABI
    assert inside(CALL.format(number=number, arguments="0, 0")).strip() == "refused"


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.memfd_create('x')",
        "import os\nos.unshare(os.CLONE_NEWUSER)" if sys.version_info >= (3, 12) else "!unshare -Ur true",
        "!unshare -Urm mount -t tmpfs none /tmp",
        "!ipcmk -M 1000000",
        "!keyctl show",
    ],
)
def test_memory_that_nobody_counts_cannot_be_had(inside, source):
    assert any(word in inside(source) for word in ("not permitted", "not found", "PermissionError", "failed"))


def test_what_an_honest_cell_does_still_works(inside):
    assert (
        inside("import subprocess\nprint(subprocess.run(['echo', 'hi'], stdout=-1).stdout)") == "b'hi\\n'\n"
    )
    assert (
        inside("import threading\nt = threading.Thread(target=print, args=['t'])\nt.start(); t.join()")
        == "t\n"
    )
    assert inside("import os\nprint(os.waitpid(os.fork() or os._exit(3), 0)[1] >> 8)") == "3\n"
    assert inside("import tempfile\nwith tempfile.TemporaryFile() as f: print(f.write(b'abc'))") == "3\n"


MANY_FILES = "for number in range(10**7):\n    open(f'{number}.txt', 'x').close()"
MANY_FOLDERS = "import os\nfor number in range(10**7):\n    os.mkdir(f'PLACE/{number}')"
LARGE_FILES = "for number in range(9):\n    open(f'{number}', 'wb').write(bytes(60 * 2**20))\nheld = []\n"
GREEDY = "while True:\n    held.append(bytearray(b'x' * 10**7))"


@pytest.mark.parametrize(
    "source",
    [
        MANY_FILES,
        MANY_FOLDERS.replace("PLACE", str(sandbox._CACHE)),
    ],
)
def test_files_are_counted(source):
    assert "2,000 files" in ended(source)


def test_files_in_memory_are_counted_as_memory():
    limits = Limits(cell_seconds=20, memory=400 * 2**20, disk=300 * 2**20)
    keep = "import time\nfor n in range(4):\n    open(f'{n}', 'wb').write(bytes(70 * 2**20))\ntime.sleep(9)"
    assert "GB of memory" in ended("held = bytearray(b'x' * 150 * 2**20)\n" + keep, limits)


def test_sleeping_is_counted_by_the_clock():
    assert "more than 2 seconds" in ended("import time\ntime.sleep(100)", Limits(cell_seconds=2))


SHORT_THREADS = """
import threading, time
while time.process_time() < 0.5:
    pass
print("ready", flush=True)
while True:
    some = [threading.Thread(target=sum, args=((1, 2),)) for _ in range(8)]
    for one in some:
        one.start()
"""


def test_threads_that_end_while_they_are_counted_take_no_time_with_them():
    with subprocess.Popen([sys.executable, "-c", SHORT_THREADS], stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            looks = [sandbox._held_by(process.pid, sandbox._Held()) for _ in range(1500)]
        finally:
            process.kill()
    assert min(look.processor for look in looks) > 0.4
    assert min(look.memory for look in looks) > 2**20


def test_what_an_ended_child_had_is_not_had_anew():
    # Its time is gone until its parent asks how it ended; a call meanwhile must not be told of it.
    before = sandbox._Held(processor=1e6, queued={"1": 5 * 10**9})
    after = sandbox._held_by(os.getpid(), before)
    assert after.processor == 1e6
    assert after.queued["1"] == 5 * 10**9


def keys():
    """Puts a key into this thread's session keyring; returns whether the kernel has keys."""
    libc = ctypes.CDLL(None, use_errno=True)
    column = system_calls._PROCESSORS.index(platform.machine())
    join, add = system_calls._REFUSED["keyctl"][column], system_calls._REFUSED["add_key"][column]
    if libc.syscall(join, system_calls._JOIN_SESSION_KEYRING, None) < 0:
        return False
    return libc.syscall(add, b"user", b"course-secret", b"secret", 6, -3) > 0


def test_the_session_keyring_is_left_behind(inside):
    if not keys():
        pytest.skip("this kernel has no keys")
    with Sandbox(LIMITS) as made:
        made.send({"do": "start", "quick": True, "output": 5000}, seconds=60)
        answer, _ = made.send({"do": "run", "source": "print(open('/proc/keys').read())"}, seconds=10)
    assert "course-secret" not in str(answer)


def test_only_what_programs_need_is_seen_of_usr(inside):
    seen = inside("import os\nprint(sorted(os.listdir('/usr/local')), os.path.exists('/usr/local/share'))")
    assert "False" in seen and "src" not in seen
    assert "exchange" not in inside("!find /usr -maxdepth 4 -name 'exchange*'")


def test_a_configured_exchange_is_covered(tmp_path):
    place = sandbox.ROOT / "data"
    limits = Limits(hidden=(str(place / "emoji"), str(tmp_path), "/nowhere"))
    with Sandbox(limits) as made:
        made.send({"do": "start", "quick": True, "output": 5000}, seconds=60)
        source = (
            f"import os\nprint(os.listdir({str(place / 'emoji')!r}), len(os.listdir({str(place)!r})) > 3)"
        )
        answer, _ = made.send({"do": "run", "source": source}, seconds=10)
    assert answer["outputs"] == [{"text": "[] True\n"}]


def test_the_exchange_of_a_course_and_of_an_account_is_known(tmp_path, monkeypatch):
    course, account = tmp_path / "course", tmp_path / "account"
    source = course / "source" / "07_lesson" / "07_lesson.ipynb"
    source.parent.mkdir(parents=True)
    account.mkdir()
    monkeypatch.setenv("JUPYTER_CONFIG_DIR", str(account))
    assert referee._exchanges(source) == []
    for folder in (course, account):
        text = f"c = get_config()\nc.Exchange.root = '/srv/{folder.name}'\n"
        (folder / "nbgrader_config.py").write_text(text, encoding="utf-8")
    assert referee._exchanges(source)[:2] == ["/srv/course", "/srv/account"]


def test_asserts_stay_however_python_was_started(monkeypatch):
    monkeypatch.setenv("PYTHONOPTIMIZE", "2")
    with Sandbox(LIMITS) as made:
        made.send({"do": "start", "quick": True, "output": 5000}, seconds=60)
        answer, _ = made.send({"do": "run", "source": "assert False, 'it stays'"}, seconds=10)
    assert answer["outputs"] == [{"error": ["AssertionError", "it stays"]}]
    code = (
        "from course_utils.grading.cells import Cells\n"
        "print(Cells(100).run('assert 1 == 2, 3'), Cells(100).run('__debug__'))"
    )
    run = subprocess.run(
        [sys.executable, "-OO", "-c", code], capture_output=True, text=True, check=True, cwd=sandbox.ROOT
    )
    assert "['AssertionError', '3']" in run.stdout and "True" in run.stdout


def test_other_processors_are_refused(monkeypatch):
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(sandbox.CourseError, match=r"only be isolated on x86-64.*With --unsafe"):
        sandbox.require_isolation()


def test_the_keyring_of_a_kernel_without_keys_is_left_without_a_word(monkeypatch):
    class Libc:
        def syscall(self, *arguments):
            ctypes.set_errno(self.number)
            return -1

    monkeypatch.setattr(system_calls.ctypes, "CDLL", lambda *_, **__: Libc())
    Libc.number = errno.ENOSYS
    system_calls.leave_keyring()
    Libc.number = errno.EINVAL
    with pytest.raises(OSError, match=os.strerror(errno.EINVAL) + "|cannot be left"):
        system_calls.leave_keyring()
