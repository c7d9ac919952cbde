"""The command line: what it accepts, what it starts, and what it says when something is in the way."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
import textwrap
import time
from pathlib import Path
from unittest import mock

import pytest

from course_utils.command import commands, environment, installer, lab, server, testing
from course_utils.errors import CourseError
from course_utils.places import ROOT


def run(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "course_utils", *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        **options,
    )


def test_help_names_every_command():
    text = run("--help").stdout
    names = (
        "lab",
        "test",
        "doctor",
        "fetch",
        "report",
        "answer",
        "assign",
        "grade",
        "render",
        "site",
        "release",
        "experiment",
        "install",
    )
    assert all(re.search(rf"^    {name}\b", text, re.M) for name in names)


UNTIL_IT_ENTERS = """
import sys
from course_utils.command import commands, environment

class Entered(BaseException):
    pass

def enter(*extra):
    raise Entered

environment.enter = environment.ensure = environment.ready = enter
try:
    commands.run(sys.argv[1:])
except Entered:
    print("entered")
"""


@pytest.mark.parametrize(
    "arguments",
    [
        *(["lab"], ["lab", "--language", "zh"], ["test"], ["test", "--lesson", "05"], ["doctor"]),
        *(["report", "mine"], ["answer", "5.7"], ["render", "05"], ["translate", "05"], ["site"]),
        *(["experiment", "sentiment"], ["assign", "05"], ["grade", "class"], ["fetch", "smollm2"]),
        *(["install"], ["install", "--with", "site"]),
    ],
    ids=" ".join,
)
def test_a_command_needs_no_package_before_it_is_in_the_environment(arguments):
    # Started with Python alone (-S: without what is installed), as in a fresh clone.
    found = subprocess.run(
        [sys.executable, "-S", "-c", UNTIL_IT_ENTERS, *arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert found.stdout.endswith("entered\n"), found.stderr


@pytest.mark.parametrize(
    "arguments, phrase",
    [
        ([], "required: COMMAND"),
        (["lab", "--port", "0"], "'0' is not a port: expected a whole number from 1 to 65535"),
        (["lab", "--port", "http"], "'http' is not a port"),
        (["assign"], "say which lessons, such as `assign 05`, or `assign --all`"),
        (["assign", "00", "--all"], "say which lessons"),
        (["grade"], "required: DIR"),
        (["grade", "x", "--workers", "0"], "'0': expected a whole number from 1"),
        (["install", "--with", "everything"], "invalid choice: 'everything'"),
        (["site", "--folder", "tests"], "tests holds other things, and the site is never written over them"),
        (["site", "--repository", "nobody"], "'nobody': expected OWNER/NAME, as GitHub writes it"),
        (["experiment", "fusoin"], "invalid choice: 'fusoin'"),
        (["report"], "required: DIR"),
        (["release"], "required: X.Y"),
        (["fetch"], "required: what"),
        (["fetch", "gpt"], "invalid choice: 'gpt'"),
    ],
)
def test_wrong_arguments_are_refused(arguments, phrase):
    answer = run(*arguments)
    assert answer.returncode == 2 and phrase in answer.stderr


@pytest.mark.parametrize(
    "arguments", [["test", "--lesson", "77"], ["render", "77"], ["test", "--lesson", "x"]]
)
def test_an_unknown_lesson_is_refused_before_anything_starts(arguments):
    answer = run(*arguments)
    assert answer.returncode == 2
    assert re.match(r"course_utils: There is no lesson \w+\. There are: 00 \(orientation\)", answer.stderr)


@pytest.mark.slow
def test_an_experiment_takes_seeds_and_is_found_by_its_file():
    assert "overfitting" in commands._experiments() and "results" not in commands._experiments()
    answer = run("experiment", "overfitting", "--seeds", "x")
    assert answer.returncode == 2 and "argument --seeds: invalid int value: 'x'" in answer.stderr


class Stand:
    """Stands in for what would replace this process; keeps what it was given."""

    def __call__(self, command, variables):
        self.command, self.variables, self.folder = command, variables, Path.cwd()


@pytest.fixture
def started(monkeypatch):
    stand = Stand()
    monkeypatch.setattr("course_utils.command.interpreter.run_instead", stand)
    monkeypatch.setattr(environment, "enter", lambda extra="": None)
    monkeypatch.chdir(ROOT)
    return stand


def test_the_whole_test_run(started):
    assert commands.run(["test"]) == 0
    command = started.command
    assert command[:3] == [sys.executable, "-m", "pytest"]
    assert command[3:7] == ["-n", "2", "--dist", "loadfile"]
    for option in ("--nbval", "--nbval-current-env", "--nbval-cell-timeout=300", "tests.nbval_plugin"):
        assert option in command
    assert (ROOT / "tests" / "nbval_sanitize.cfg").is_file() and "--nbval-lax" not in command
    paths = command[command.index("--no-loadscope-reorder") :]
    paths = [argument for argument in paths if argument.startswith(("notebooks/", "docs/", "tests/"))]
    lessons = [path for path in paths if path.endswith(".ipynb")]
    assert lessons == [f"notebooks/{path.name}" for path in reversed(testing.notebooks([]))] + [
        "docs/template/99_template.ipynb"
    ]
    assert paths[len(lessons) :] == ["tests/grading", "tests/e2e"] and command[-1] == "tests"
    assert started.folder == ROOT


def test_one_lesson(started):
    commands.run(["test", "--lesson", "0"])
    paths = [argument for argument in started.command if argument.startswith(("tests/", "notebooks/"))]
    assert "tests/checks/test_lesson_00.py" in paths and "notebooks/00_orientation.ipynb" in paths
    assert not [path for path in paths if "01" in path or path == "tests"]
    assert "--nbval" in started.command
    assert started.command[started.command.index("--only-lesson") + 1] == "00"


@pytest.mark.slow
def test_one_lesson_spares_the_others():
    rules = ROOT / "tests" / "test_notebooks_rules.py"
    answer = pytest_on(rules, "--collect-only", "-q", "--only-lesson", "01")
    assert answer.returncode == 0, answer.stdout
    about = set(re.findall(r"\[.*(\d\d)_\w+\.ipynb", answer.stdout))
    assert about == {"01"} and "deselected" in answer.stdout
    assert "test_no_two_lessons_define_the_same" in answer.stdout


def test_the_fast_run_executes_no_lesson(started):
    commands.run(["test", "--fast"])
    assert "not slow" in started.command and "tests" in started.command
    assert not [argument for argument in started.command if "nbval" in argument or ".ipynb" in argument]


def test_arguments_for_pytest_come_before_the_paths_and_after_ours(started):
    commands.run(["test", "--fast", "-x", "-k", "images or text", "--", "--durations=3", "-n", "0"])
    given = started.command[started.command.index("-x") :]
    assert given[:6] == ["-x", "-k", "images or text", "--durations=3", "-n", "0"]


def pytest_on(folder, *arguments):
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "course_utils.command.testing",
            "-p",
            "no:cacheprovider",
            *arguments,
            folder,
        ],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


@pytest.mark.slow
def test_a_run_in_which_no_lesson_was_executed_fails(tmp_path):
    (tmp_path / "test_something.py").write_text("def test_something(): pass\n")
    answer = pytest_on(tmp_path, "-n", "1")
    assert answer.returncode == 1, answer.stdout
    assert "No cell of any lesson was executed, so this run proves nothing." in answer.stdout


@pytest.mark.slow
def test_a_run_that_fails_keeps_its_own_exit_code(tmp_path):
    (tmp_path / "test_broken.py").write_text("import nothing_of_this_name\n")
    assert pytest_on(tmp_path, "-n", "0").returncode == 2


@pytest.mark.slow
def test_a_run_with_lessons_counts_their_cells(tmp_path):
    import nbformat

    output = nbformat.v4.new_output("execute_result", {"text/plain": "2"}, execution_count=1)
    cells = [
        nbformat.v4.new_code_cell("1 + 1", id=name, execution_count=1, outputs=[output])
        for name in ("one", "two")
    ]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), tmp_path / "00_sums.ipynb")
    options = ["-n", "1", "--nbval", "--nbval-current-env"]
    answer = pytest_on(tmp_path, *options)
    assert answer.returncode == 0, answer.stdout
    assert "Cells of lessons executed: 2" in answer.stdout


@pytest.fixture
def editions(monkeypatch, tmp_path):
    """Takes the place of writing the lessons, which other tests look at."""
    folders = []
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))  # no JupyterLab is running
    monkeypatch.setenv("LC_ALL", "C.UTF-8")  # lessons in English
    monkeypatch.setattr(
        "course_utils.lessons.editions.write_learner_editions",
        lambda folder, translate: folders.append(folder) or [],
    )
    return folders


def test_lab_opens_the_working_folder_on_the_first_lesson(started, editions, capsys):
    assert commands.run(["lab", "--no-browser"]) == 0
    assert editions == [ROOT / "my_lessons"]
    command = started.command
    assert command[:3] == [sys.executable, "-m", "course_utils.command.server"]
    assert f"--ServerApp.root_dir={ROOT / 'my_lessons'}" in command
    assert "--LabApp.default_url=/lab/tree/00_orientation.ipynb" in command
    assert "--no-browser" in command and not [argument for argument in command if "token" in argument.lower()]
    assert not [argument for argument in command if ".port" in argument]
    assert ("--allow-root" in command) == (os.name == "posix" and os.geteuid() == 0)
    assert str(ROOT / "my_lessons") in capsys.readouterr().out


def test_ipython_finds_the_folder_around_its_own(started, editions, monkeypatch, tmp_path):
    """In a fresh clone there is none, and IPython would warn in the terminal."""
    monkeypatch.setattr(lab, "CACHE", tmp_path / "cache")
    commands.run(["lab"])
    assert (tmp_path / "cache").is_dir()
    assert Path(started.variables["IPYTHONDIR"]).parent == environment.runtime.CACHE


def test_lab_takes_folder_port_and_address(started, editions, tmp_path):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    commands.run(["lab", "--folder", str(tmp_path / "mine 多"), "--port", str(port), "--ip", "127.0.0.1"])
    assert editions == [tmp_path / "mine 多"]
    assert {f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--ServerApp.ip=127.0.0.1"} <= set(
        started.command
    )
    assert "--no-browser" not in started.command


def test_lab_opens_the_lessons_in_the_language_that_was_asked_for_last(started, editions, tmp_path, capsys):
    mine = tmp_path / "mine"
    mine.mkdir()
    for arguments, place in (
        (["--language", "zh"], mine / "zh"),
        ([], mine / "zh"),
        (["--language", "en"], mine),
    ):
        commands.run(["lab", "--folder", str(mine), *arguments])
        assert editions.pop() == place
        assert f"--ServerApp.root_dir={mine}" in started.command
        first = (place / "00_orientation.ipynb").relative_to(mine).as_posix()
        assert f"--LabApp.default_url=/lab/tree/{first}" in started.command
        said = "The lessons are in English; 中文版" if place == mine else "课程是中文的"
        assert said in capsys.readouterr().out


@pytest.fixture
def other_lab(tmp_path, editions):
    """A JupyterLab that was started on tmp_path / "mine" before, as far as its file and its port tell."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        port = listening.getsockname()[1]
        info = {
            "hostname": "127.0.0.1",
            "port": port,
            "root_dir": str(tmp_path / "mine"),
            "token": "secret",
            "url": f"http://127.0.0.1:{port}/",
        }
        for folder in ("mine", "runtime"):
            (tmp_path / folder).mkdir()
        (tmp_path / "runtime" / "jpserver-1.json").write_text(json.dumps(info), encoding="utf-8")
        yield listening


def test_a_second_lab_leads_to_the_first(started, other_lab, tmp_path, monkeypatch, capsys):
    opened = []
    monkeypatch.setattr(lab.webbrowser, "open", opened.append)
    mine = ["lab", "--folder", str(tmp_path / "mine")]
    assert commands.run([*mine, "--no-browser"]) == 0
    port = other_lab.getsockname()[1]
    address = f"http://127.0.0.1:{port}/lab/tree/00_orientation.ipynb?token=secret"
    assert f"open on them already, started in another window: {address}" in capsys.readouterr().out
    assert not opened and not hasattr(started, "command")
    commands.run([*mine, "--language", "zh"])
    assert opened == [address.replace("tree/", "tree/zh/")]
    assert not hasattr(started, "command")


@pytest.mark.parametrize("why", ["another folder", "a port of its own", "ended", "damaged"])
def test_a_second_lab_starts_where_the_first_is_no_help(started, other_lab, tmp_path, why):
    arguments = ["--folder", str(tmp_path / ("other" if why == "another folder" else "mine"))]
    if why == "a port of its own":
        with socket.socket() as probe:
            probe.bind(("localhost", 0))
            arguments += ["--port", str(probe.getsockname()[1])]
    elif why == "ended":
        other_lab.close()
    elif why == "damaged":
        (tmp_path / "runtime" / "jpserver-1.json").write_text("{", encoding="utf-8")
    commands.run(["lab", "--no-browser", *arguments])
    assert "--no-browser" in started.command


def test_a_taken_port_is_told_before_anything_is_written(started, editions):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(
            CourseError, match=f"cannot listen on port {port} of 127.0.0.1: .*choose another port"
        ):
            commands.run(["lab", "--port", str(port), "--ip", "127.0.0.1"])
    assert not editions and not hasattr(started, "command")


def test_a_working_folder_that_cannot_be_made_is_named(started, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(CourseError, match="cannot be made"):
        commands.run(["lab", "--folder", str(tmp_path / "file")])


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="sends the signals of a POSIX terminal")
def test_ctrl_c_ends_a_real_lab_at_once(tmp_path):
    import pty
    import urllib.error
    import urllib.request

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    terminal, inside = pty.openpty()
    variables = os.environ | {
        f"JUPYTER_{name}_DIR": str(tmp_path / name) for name in ("CONFIG", "DATA", "RUNTIME")
    }
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "course_utils",
            "lab",
            "--no-browser",
            "--port",
            str(port),
            "--folder",
            tmp_path / "mine",
        ],
        cwd=ROOT,
        env=variables,
        stdin=inside,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
    )
    try:
        end = time.monotonic() + 90
        while True:
            assert process.poll() is None, process.stdout.read()
            assert time.monotonic() < end
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status", timeout=2)
            except urllib.error.HTTPError as error:
                # The token is asked for: this is not open to every page in the browser.
                assert error.code == 403
                break
            except OSError:
                time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=20)
    finally:
        process.kill()
        os.close(terminal)
        os.close(inside)
    assert process.returncode == 0
    assert f"http://localhost:{port}/lab/tree/00_orientation.ipynb?token=" in output
    assert (tmp_path / "mine" / "00_orientation.ipynb").is_file()


def run_server(monkeypatch, folder, labapp):
    """Run a module in the place of JupyterLab; give the exit code."""
    (folder / "jupyterlab").mkdir()
    (folder / "jupyterlab" / "__init__.py").touch()
    (folder / "jupyterlab" / "labapp.py").write_text(labapp, encoding="utf-8")
    monkeypatch.syspath_prepend(folder)
    with mock.patch.dict(sys.modules), pytest.raises(SystemExit) as end:
        for name in [name for name in sys.modules if name.partition(".")[0] == "jupyterlab"]:
            del sys.modules[name]
        server.main()
    return end.value.code


@pytest.mark.parametrize("moment", ["while it is loaded", "while it starts"])
def test_ctrl_c_before_jupyterlab_listens_for_it_shows_no_traceback(moment, monkeypatch, tmp_path):
    interrupted = "raise KeyboardInterrupt"
    body = interrupted if moment == "while it is loaded" else f"def main():\n    {interrupted}"
    assert run_server(monkeypatch, tmp_path, body) == 0


def test_nbgrader_is_silent_about_the_file_that_only_its_courses_have(monkeypatch, tmp_path, caplog):
    labapp = (
        "import logging\n\ndef main():\n    log = logging.getLogger('NbGrader')\n"
        "    log.warning('No nbgrader_config.py file found (rerun with --debug)')\n"
        "    log.warning('The database is locked')\n"
    )
    assert run_server(monkeypatch, tmp_path, labapp) is None
    assert caplog.messages == ["The database is locked"]


def test_packages_of_elsewhere_do_not_hide_ours(monkeypatch, tmp_path):
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    own = tmp_path / ".venv"
    own.mkdir()
    (own / environment.MARKER).touch()
    variables = environment.child_environment(own)
    assert "PYTHONPATH" not in variables and variables["VIRTUAL_ENV"] == str(own)
    assert variables["PATH"].startswith(str(environment.python_of(own).parent) + os.pathsep)
    # In an environment of somebody else's, the course is found by path, beside what is there.
    foreign = environment.child_environment(tmp_path)
    assert foreign["PYTHONPATH"] == os.pathsep.join([str(ROOT), "/elsewhere"])


def test_nothing_that_was_set_for_other_programs_reaches_a_lesson(monkeypatch):
    unwanted = {"PYTHONOPTIMIZE": "1", "PYTHONWARNINGS": "error", "KERAS_MAX_EPOCHS": "1"}
    theirs = {"KERAS_HOME": "/theirs", "MPLBACKEND": "TkAgg", "MATPLOTLIBRC": "/theirs", "PYTHONUTF8": "0"}
    for name, value in (unwanted | theirs).items():
        monkeypatch.setenv(name, value)
    variables = environment.child_environment()
    assert not set(unwanted) & set(variables)
    assert not set(theirs.items()) & set(variables.items())
    assert variables["PYTHONUTF8"] == "1" and variables["MATPLOTLIBRC"] == os.devnull


@pytest.mark.slow
def test_start_up_files_of_other_programs_do_not_run_in_a_lessons_kernel(monkeypatch, tmp_path):
    from jupyter_client.manager import start_new_kernel

    profile = tmp_path / ".ipython" / "profile_default"
    (profile / "startup").mkdir(parents=True)
    (profile / "startup" / "00.py").write_text("theirs = 1", encoding="utf-8")
    (profile / "ipython_config.py").write_text(
        "c.InteractiveShellApp.exec_lines = ['also_theirs = 1']", encoding="utf-8"
    )
    (tmp_path / "startup.py").write_text("python_s = 1", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "startup.py"))
    monkeypatch.delenv("IPYTHONDIR", raising=False)
    names = "sorted({'theirs', 'also_theirs', 'python_s'} & set(globals()))"
    for variables, expected in (
        (dict(os.environ), "['also_theirs', 'python_s', 'theirs']"),
        (environment.child_environment(), "[]"),
    ):
        manager, client = start_new_kernel(env=variables)
        said = []
        try:
            client.execute_interactive(f"print({names})", output_hook=said.append, timeout=60)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)
        assert [one["content"]["text"] for one in said if one["msg_type"] == "stream"] == [f"{expected}\n"]


def test_what_render_and_grade_start_gets_the_same_variables(monkeypatch):
    monkeypatch.setattr(os, "environ", os.environ | {"PYTHONOPTIMIZE": "1", "KERAS_HOME": "/theirs"})
    expected = environment.child_environment()
    commands._take_variables()
    assert os.environ == expected and "PYTHONOPTIMIZE" not in os.environ


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    """A folder with locales in which Python reads and writes neither UTF-8 nor ASCII."""
    folder = tmp_path_factory.mktemp("locales")
    for name, letters in (("zh_CN", "GBK"), ("de_DE", "ISO-8859-1")):
        command = ["localedef", "-i", name, "-f", letters, folder / f"{name}.{letters}"]
        try:
            subprocess.run(command, capture_output=True, check=True)
        except (OSError, subprocess.CalledProcessError):
            pytest.skip("this system cannot make locales (localedef)")
    return folder


@pytest.mark.parametrize("name", ["zh_CN.GBK", "de_DE.ISO-8859-1", "C", "POSIX"])
def test_the_doctor_finds_the_data_in_every_locale(locales, name):
    without = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "PYTHON"))}
    answer = run(
        "doctor", env=without | {"LC_ALL": name, "LOCPATH": str(locales), "PYTHONCOERCECLOCALE": "0"}
    )
    assert "[ok]   Data: " in answer.stdout and answer.stderr == ""
    if name[0].islower():
        assert (
            f"[note] Letters: this terminal ({name.partition('.')[2]}) cannot show Chinese" in answer.stdout
        )


def test_the_lessons_are_written_in_a_locale_without_their_letters(locales, tmp_path):
    place = tmp_path / "mein Kürs 多"
    code = (
        "import sys; from pathlib import Path; from course_utils.command import interpreter, lab\n"
        "interpreter.run_instead = lambda *_: None; lab.interpreter = interpreter\n"
        f"sys.argv[1:] = ['lab', '--no-browser', '--folder', {str(place)!a}]; "
        "from course_utils import __main__; __main__.main()"
    )
    variables = os.environ | {"LC_ALL": "de_DE.ISO-8859-1", "LOCPATH": str(locales), "PYTHONUTF8": "1"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=variables, check=True, capture_output=True)
    assert (place / "00_orientation.ipynb").is_file()


PIP_WITHOUT_NETWORK = """\
WARNING: Retrying (Retry(total=1)) after connection broken by 'NewConnectionError('<object at 0x7f>: Failed\
 to establish a new connection: [Errno -3] Temporary failure in name resolution')': /simple/absl-py/
ERROR: Could not find a version that satisfies the requirement absl-py==2.5.1 (from versions: none)
ERROR: No matching distribution found for absl-py==2.5.1"""
UV_WITHOUT_NETWORK = """\
error: Request failed after 2 retries in 2.2s
  cause: Failed to fetch: `https://example/simple/nest-asyncio2/`
  cause: error sending request for url
  cause: client error (Connect)
  cause: dns error"""


@pytest.mark.parametrize(
    "output, code, sentence",
    [
        (PIP_WITHOUT_NETWORK, 1, "No network: "),
        (UV_WITHOUT_NETWORK, 2, "No network: "),
        ('ReadTimeoutError("HTTPSConnectionPool: Read timed out. (read timeout=30)")', 2, "No network: "),
        (
            "ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device",
            1,
            "The disk is full",
        ),
        ("error: failed to write to file: No space left on device (os error 28)", 2, "The disk is full"),
        ("error: There is not enough space on the disk. (os error 112)", 2, "The disk is full"),
        (
            "ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.",
            1,
            "A downloaded package is not",
        ),
        ("error: Hash mismatch for `jieba==0.42.1`", 1, "A downloaded package is not"),
        (
            "error: client error (Connect)\n cause: invalid peer certificate: UnknownIssuer",
            2,
            "The connection to the",
        ),
        (
            "Retrying: ProxyError('Cannot connect to proxy.', OSError('Tunnel connection failed: 407'))",
            1,
            "The proxy",
        ),
        ("ERROR: No matching distribution found for tensorflow==2.21.0", 1, "The package index has no build"),
        ("ERROR: [WinError 32] The process cannot access the file", 1, "A file of .venv is in use"),
        (
            "ERROR: [Errno 13] Permission denied: '/home/mei/.cache/pip'",
            1,
            "A file or folder may not be written",
        ),
        ("Installing collected packages: numpy", 137, "The installer was killed by the system"),
        (
            "Building\nerror: something new\n  caused by: the moon",
            1,
            "The installation failed: error: something new",
        ),
        ("one\ntwo\nthree\nfour", 1, "The installation failed: two three four"),
        ("", 1, "The installation failed: "),
    ],
)
def test_failures_of_pip_and_uv_become_one_sentence(tmp_path, output, code, sentence):
    text = installer.explain(output.splitlines(), code, tmp_path / "the.log", tmp_path / ".venv")
    assert text.startswith(sentence)
    assert text.endswith(f"Full output: {tmp_path / 'the.log'}") and "\n" not in text


def test_a_full_disk_is_told_with_figures(tmp_path):
    text = installer.explain(["No space left on device"], 1, tmp_path / "the.log", tmp_path / ".venv")
    assert re.search(rf"[\d,]+ MB free in {re.escape(str(tmp_path))} \(the environment\)", text)


def add_package(site, name, version):
    (site / f"{name}-{version}.dist-info").mkdir()


def test_progress_counts_what_was_asked_for_and_is_there(tmp_path):
    wanted = {"numpy": "2.4.6", "absl-py": "2.5.1", "setuptools": "84.2.1"}
    add_package(tmp_path, "setuptools", "65.5.0")  # what venv put there is not what was asked for
    assert installer.progress(wanted, tmp_path) == "0 of 3 packages installed"
    add_package(tmp_path, "absl_py", "2.5.1")
    assert installer.progress(wanted, tmp_path) == "1 of 3 packages installed"


@pytest.mark.parametrize(
    "lines, line",
    [
        ([], ""),
        (
            ["Collecting absl-py==2.5.1", "Downloading absl_py.whl (134 kB)"],
            "Downloading absl_py.whl (134 kB)",
        ),
        (["Downloading tensorflow (261MiB)", "Downloading numpy (16MiB)"], "Downloading numpy (16MiB)"),
        (
            ["Downloading tensorflow (261MiB)", "Downloading numpy (16MiB)", "Downloaded numpy"],
            "Downloading tensorflow (261MiB)",
        ),
        (["Downloading numpy (16MiB)", "Downloaded numpy", "Prepared 26 packages"], "Prepared 26 packages"),
        (["Downloading numpy (16MiB)", "Downloaded numpy"], ""),
    ],
)
def test_what_is_going_on_is_what_is_not_done(lines, line):
    assert installer.current(lines) == line


def test_what_an_installer_says_is_seen_beside_how_far_it_is(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(installer, "SECONDS_BETWEEN_LINES", 0)
    says = "import time; print('  Downloading numpy (16 MB)', flush=True); time.sleep(1)"
    log = tmp_path / "log"
    with log.open("w") as lock:
        command = [sys.executable, "-c", says]
        installer.run(command, {}, lambda: "0 of 3 packages installed", tmp_path, log, lock.fileno())
    assert "s] 0 of 3 packages installed. Downloading numpy (16 MB)\n" in capsys.readouterr().out
    assert "  Downloading numpy (16 MB)\n" in log.read_text(encoding="utf-8")


class Screen:
    def __init__(self, is_terminal):
        self.text, self.is_terminal = "", is_terminal

    def isatty(self):
        return self.is_terminal

    def write(self, text):
        self.text += text

    def flush(self):
        pass


def test_the_status_is_one_line_on_a_terminal_and_few_lines_elsewhere(monkeypatch):
    clock = iter(range(1000))
    monkeypatch.setattr(installer.time, "monotonic", lambda: next(clock))
    terminal = Screen(is_terminal=True)
    display = installer.Display(terminal)
    for text in ("1 of 3", "2 of 3"):
        display.show(text)
    display.clear()
    assert "\n" not in terminal.text and re.search(r"\r +\[ +2 s\] 2 of 3 +\r +\r$", terminal.text)

    log = Screen(is_terminal=False)
    display = installer.Display(log)
    for number in range(12):
        display.show(f"{number} of 12")
    display.clear()
    assert log.text.count("\n") == 2 and "\r" not in log.text


def test_a_full_disk_elsewhere_has_no_traceback():
    code = textwrap.dedent("""
        import errno, sys
        from course_utils import __main__
        from course_utils.command import commands
        def fails(arguments):
            raise OSError(errno.ENOSPC, "No space left on device", "notebook.ipynb")
        commands.run = fails
        __main__.main()
    """)
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2 and answer.stdout == ""
    assert answer.stderr.startswith("course_utils: The disk is full") and len(answer.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "raised, phrase",
    [
        ("OSError(30, 'Read-only file system', 'notes')", "A file or folder may not be written: check who"),
        (
            "PermissionError(13, 'Permission denied', 'notes')",
            "A file or folder may not be written: check who",
        ),
        (
            "ModuleNotFoundError('No module named nbformat')",
            "No module named nbformat. Something is gone from",
        ),
        (
            "ImportError('cannot import name x from numpy')",
            "cannot import name x from numpy. Something is gone",
        ),
    ],
)
def test_what_a_machine_refuses_or_lacks_is_one_sentence(raised, phrase):
    code = textwrap.dedent(f"""
        from course_utils import __main__
        from course_utils.command import commands
        def fails(arguments):
            raise {raised}
        commands.run = fails
        __main__.main()
    """)
    answer = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert answer.returncode == 2 and answer.stderr.startswith(f"course_utils: {phrase}")
    assert len(answer.stderr.splitlines()) == 1


@pytest.mark.skipif(os.name != "posix", reason="closes the pipe as a POSIX shell does")
def test_a_reader_that_leaves_is_no_error():
    pipeline = f'"{sys.executable}" -m course_utils doctor | head -n 1'
    answer = subprocess.run(["sh", "-c", pipeline], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.stdout.count("\n") == 1 and answer.stderr == ""


def test_the_module_has_what_the_readme_names():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    named = set(re.findall(r"python3? -m course_utils (\w+)", readme))
    assert {"lab", "test", "doctor"} <= named
    for command in named:
        assert run(command, "--help").returncode == 0


def test_lessons_by_number(tmp_path, monkeypatch):
    monkeypatch.setattr(testing, "NOTEBOOKS", tmp_path)
    with pytest.raises(CourseError, match="There are no lessons"):
        testing.notebooks([])
    for name in ("00_orientation.ipynb", "01_preprocessing.ipynb", "draft.ipynb"):
        (tmp_path / name).touch()
    assert [path.name[:2] for path in testing.notebooks([])] == ["00", "01"]
    assert testing.notebooks(["1"]) == [tmp_path / "01_preprocessing.ipynb"]
    with pytest.raises(
        CourseError, match=r"no lesson 09\. There are: 00 \(orientation\), 01 \(preprocessing\)"
    ):
        testing.notebooks(["09"])


def test_first_lesson_is_there():
    assert (ROOT / "notebooks" / lab.FIRST_LESSON).is_file()
