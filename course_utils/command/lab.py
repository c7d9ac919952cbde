"""`lab`: writes the learner edition of every lesson and opens JupyterLab on the first."""

import contextlib
import json
import os
import socket
import sys
import webbrowser
from pathlib import Path
from urllib.parse import quote

from course_utils import runtime
from course_utils.command import environment, interpreter
from course_utils.errors import CourseError
from course_utils.lessons import choice, editions, languages
from course_utils.lessons.catalogues import complete_lessons, folder_of
from course_utils.places import CACHE, LANGUAGES, MY_LESSONS, TRANSLATIONS

FIRST_LESSON = "00_orientation.ipynb"


def start(folder: str | None, port: int | None, ip: str, browser: bool, language: str | None = None) -> int:
    """Becomes JupyterLab.

    Args:
        folder: the learner's working folder; my_lessons in the course's folder when None.
        port: the port to listen on, which must be free; the first free one from 8888 when None.
        ip: the address to listen on.
        browser: whether to open one.
        language: of the lessons, a key of ``places.LANGUAGES``; the last one, or the locale's, when None.

    Returns:
        JupyterLab's exit code, on Windows; elsewhere this process becomes JupyterLab. 0 where one is running
        on the same folder: the browser then goes there, unless a port is asked for.

    Raises:
        CourseError: if the working folder cannot be written or the port is taken.
    """
    place = Path(folder or MY_LESSONS).expanduser().resolve()
    if port is not None:
        _require_free(ip, port)
    spoken = choice.chosen(place, language)
    lessons = languages.lessons_folder(place, spoken)
    for delivery in editions.write_learner_editions(lessons, translate=languages.translator(spoken)):
        print(f"  {delivery.message}")
    if language:
        choice.remember(place, language)
    for path in runtime.hiding_files(lessons):
        print(f"  {path.name} hides a module that lessons need: give your file another name.")
    with contextlib.suppress(OSError):  # a course that is read only: IPython then takes a temporary folder
        CACHE.mkdir(exist_ok=True)  # IPython complains aloud where the folder around its own is missing
    for sentence in _on_languages(spoken):
        print(sentence)
    print(f"Your lessons are in {lessons}", flush=True)
    if port is None and (address := _running(place, lessons)):
        print(f"JupyterLab is open on them already, started in another window: {address}")
        if browser:
            webbrowser.open(address)
        return 0
    print("JupyterLab starts; Ctrl-C in this window ends it.", flush=True)
    interpreter.run_instead(_command(place, lessons, port, ip, browser), environment.child_environment())
    return 0


def _running(place: Path, lessons: Path) -> str | None:
    """Gives the address of a JupyterLab that serves the folder already: two would overwrite one's work."""
    from jupyter_core.paths import jupyter_runtime_dir

    for path in sorted(Path(jupyter_runtime_dir()).glob("jpserver-*.json")):
        with contextlib.suppress(OSError, ValueError, KeyError):  # ended meanwhile, or its file outlived it
            info = json.loads(path.read_text(encoding="utf-8"))
            if Path(info["root_dir"]) == place:
                with socket.create_connection((info["hostname"], info["port"]), timeout=1):
                    first = _first_lesson_in(place, lessons)
                    return f"{info['url']}lab/tree/{quote(first)}?token={info['token']}"
    return None


def _require_free(ip: str, port: int) -> None:
    try:
        address = socket.getaddrinfo(ip, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(address[0], address[1]) as probe:
            # As the server does it: a port that an ended server left in TIME_WAIT counts as free.
            if os.name == "posix":
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address[4])
    except OSError as error:
        raise CourseError(
            f"JupyterLab cannot listen on port {port} of {ip}: {error.strerror or error}. Is another "
            "JupyterLab running there? End it, or choose another port with --port, or leave --port out to "
            "take the first free one."
        ) from None


def _on_languages(spoken: str) -> list[str]:
    """Says which language the lessons are in and how to change it; nothing where there is no other."""
    if spoken == "zh":
        whole = len(complete_lessons(folder_of(LANGUAGES[spoken])))
        return [
            f"The lessons are in Chinese（中文）, as far as they are translated ({whole} wholly); back to "
            "English: `python3 -m course_utils lab --language en`"
        ]
    return (
        ["The lessons are in English; 中文版: `python3 -m course_utils lab --language zh`"]
        if TRANSLATIONS.is_dir()
        else []
    )


def _first_lesson_in(place: Path, lessons: Path) -> str:
    """Gives where lesson 00 is, or the first there is where an instructor has handed out others only."""
    first = min((path.name for path in lessons.glob("[0-9][0-9]_*.ipynb")), default=FIRST_LESSON)
    return (lessons / first).relative_to(place).as_posix()


def _command(place: Path, lessons: Path, port: int | None, ip: str, browser: bool) -> list[str]:
    first = _first_lesson_in(place, lessons)
    command = [
        *(sys.executable, "-m", "course_utils.command.server"),
        f"--ServerApp.root_dir={place}",
        f"--ServerApp.ip={ip}",
        f"--LabApp.default_url=/lab/tree/{first}",
        # Ctrl-C ends it at once instead of asking on a terminal that may not be there.
        "--ServerApp.answer_yes=True",
        # Defaults that a learner's own settings still override. Without them the question "would you like to
        # receive official Jupyter news?" covers the lesson.
        f"--LabApp.app_settings_dir={Path(__file__).parent / 'lab_settings'}",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
        # Only what a learner has to know: the address, and what goes wrong. Warnings are of Jupyter's own
        # settings and of lessons that it did not write; kernels would warn that nothing is encrypted.
        "--Application.log_level=ERROR",
        "--KernelManager.transport_encryption=auto",
    ]
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        command.append("--no-browser")
    if os.name == "posix" and os.geteuid() == 0:
        command.append("--allow-root")
    return command
