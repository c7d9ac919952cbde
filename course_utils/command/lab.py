"""`lab`: writes the learner edition of every lesson and opens JupyterLab on the first."""

import contextlib
import os
import socket
import sys
from pathlib import Path

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
        JupyterLab's exit code, on Windows; elsewhere this process becomes JupyterLab.

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
    print("JupyterLab starts; Ctrl-C in this window ends it.", flush=True)
    interpreter.run_instead(_command(place, lessons, port, ip, browser), environment.child_environment())
    return 0


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


def _first_lesson(lessons: Path) -> str:
    """Gives lesson 00, or the first there is where an instructor has handed out others only."""
    return min((path.name for path in lessons.glob("[0-9][0-9]_*.ipynb")), default=FIRST_LESSON)


def _command(place: Path, lessons: Path, port: int | None, ip: str, browser: bool) -> list[str]:
    first = (lessons / _first_lesson(lessons)).relative_to(place).as_posix()
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
        # Only what a learner has to know: the address, and what goes wrong.
        "--Application.log_level=WARN",
    ]
    if port is not None:
        command += [f"--ServerApp.port={port}", "--ServerApp.port_retries=0"]
    if not browser:
        command.append("--no-browser")
    if os.name == "posix" and os.geteuid() == 0:
        command.append("--allow-root")
    return command
