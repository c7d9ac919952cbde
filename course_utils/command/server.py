"""JupyterLab as `lab` starts it: Ctrl-C ends it without a traceback, also while it is still being loaded."""

import logging
import sys


def main() -> None:
    """Runs JupyterLab with this process's arguments and exits with its code; 0 after Ctrl-C."""
    # Where nbgrader is installed it misses, aloud and twice, a file that only its own courses have.
    logging.getLogger("NbGrader").addFilter(lambda record: "No nbgrader_config.py" not in record.getMessage())
    try:
        # Loading takes seconds, in which a learner who has waited long enough presses Ctrl-C.
        from jupyterlab.labapp import main as jupyterlab

        sys.exit(jupyterlab())
    except KeyboardInterrupt:
        sys.exit(0)


if __name__ == "__main__":
    main()
