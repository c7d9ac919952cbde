"""The command line: ``python3 -m course_utils lab | test | doctor | assign | grade | render | …``."""

import errno
import os
import sys

from course_utils import CourseError
from course_utils.command import interpreter


def main() -> None:
    """Runs one command and exits: 0 all well, 1 a test or the doctor says no, 2 an error, 130 Ctrl-C."""
    for stream in (sys.stdout, sys.stderr):
        # A folder's name may have letters that this terminal cannot show.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        if interpreter.objection(interpreter.facts()):
            better = interpreter.find()
            interpreter.run_instead([better, "-m", "course_utils", *sys.argv[1:]], dict(os.environ))
        if sys.getfilesystemencoding().lower() != "utf-8" and os.environ.get("PYTHONUTF8") != "1":
            # The course's files have names in UTF-8, whatever the locale of this terminal is.
            command = [sys.executable, "-m", "course_utils", *sys.argv[1:]]
            interpreter.run_instead(command, dict(os.environ, PYTHONUTF8="1"))
        from course_utils.command import commands

        code = commands.run(sys.argv[1:])
    except CourseError as error:
        code = _complain(error)
    except KeyboardInterrupt as stop:
        code = getattr(stop, "exit_code", 130)
        _complain("Stopped. Nothing half-made is left; the next run starts again.")
    except ImportError as error:
        code = _complain(
            f"{error}. Something is gone from the packages in {sys.prefix}: `python3 -m course_utils doctor` "
            "says what, and what to do."
        )
    except BrokenPipeError:
        # Whoever read our output has gone, as `head` does; what is left of it must not complain either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 1
    except OSError as error:
        if error.errno not in _ADVICE:
            raise
        code = _complain(f"{_ADVICE[error.errno]}, then run the command again. ({error})")
    sys.exit(code)


_FULL = "The disk is full: free some space"
_FORBIDDEN = "A file or folder may not be written: check who owns it, or copy the course into one of your own"
_ADVICE = {
    errno.ENOSPC: _FULL,
    errno.EDQUOT: _FULL,
    errno.EROFS: _FORBIDDEN,
    errno.EACCES: _FORBIDDEN,
    errno.EPERM: _FORBIDDEN,
}


def _complain(message: object) -> int:
    sys.stdout.flush()
    sys.stderr.write(f"course_utils: {message}\n")
    return 2


if __name__ == "__main__":
    main()
