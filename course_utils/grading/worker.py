"""The inner side of the sandbox: runs a submission's cells and calls its functions when it is told to.

Started as ``python -m course_utils.grading.worker``. It is not trusted: the submission runs in this very
process, and may send whatever it likes in its place.
"""

import os
import random
import sys
import traceback
from pathlib import Path

import numpy as np

from course_utils.grading import models
from course_utils.grading.cells import Cells
from course_utils.grading.plain import Remote, Side, read_message, same_place, write_message

__all__ = ["main", "start_without_keras"]


def main():
    """Obey the messages on standard input until it is closed."""
    commands, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    Worker(commands, answers).serve()


class Worker:
    """Answers one message after the other.

    Args:
        commands: binary file of messages from outside.
        answers: binary file for messages to outside.
    """

    def __init__(self, commands, answers):
        self._commands, self._answers = commands, answers
        self._cells = None
        self._files = 0
        self._side = Side(
            remote=lambda handle, name, _: Given(self, handle, name),
            make_path=self._make_path,
            send_model=models.describe,
        )

    def serve(self):
        """Answer messages until there are no more."""
        while True:
            try:
                content, blobs = read_message(self._commands, sys.maxsize)
            except EOFError:
                return
            self._tell(getattr(self, f"_{content['do']}")(content, blobs))

    def ask(self, content, blobs):
        """Send a message outside in the middle of a call, and return the answer's content and blobs."""
        write_message(self._answers, content, blobs)
        return read_message(self._commands, sys.maxsize)

    def _tell(self, answer):
        write_message(self._answers, *answer)

    def _start(self, content, blobs):
        if content["quick"]:
            start_without_keras()
        self._cells = Cells(content["output"])
        return {"ready": True}, []

    def _run(self, content, blobs):
        return {"outputs": self._cells.run(content["source"])}, []

    def _get(self, content, blobs):
        name = content["name"]
        if name not in self._cells.namespace:
            return {"missing": True}, []
        sent = []
        return {"value": self._side.write(self._cells.namespace[name], sent)}, sent

    def _call(self, content, blobs):
        function = self._side.handles[content["target"]]
        arguments = self._side.read(content["arguments"], blobs)
        named = self._side.read(content["named"], blobs)
        _seed(content["seed"])
        try:
            with np.errstate(**content["errstate"]):
                value = function(*arguments, **named)
        except BaseException as error:
            return {"raised": _describe(error)}, []
        sent = []
        return {
            "value": self._side.write(value, sent),
            "arguments": self._side.write([_changeable(item) for item in arguments], sent),
        }, sent

    def _make_path(self, name, content):
        self._files += 1
        folder = Path.cwd() / "given" / str(self._files)
        folder.mkdir(parents=True)
        path = folder / Path(name).name
        path.write_bytes(content)
        return path


class Given(Remote):
    """A function, model or other object that a check has handed to an answer; it stays outside."""

    def __init__(self, worker, handle, name):
        self._worker, self.handle, self._name = worker, handle, name

    def __repr__(self):
        return f"<{self._name} of the check>"

    def __call__(self, *arguments, **named):
        return self._use(None, arguments, named)

    def predict(self, *arguments, **named):
        return self._use("predict", arguments, named)

    def predict_on_batch(self, *arguments, **named):
        return self._use("predict_on_batch", arguments, named)

    def _use(self, method, arguments, named):
        side, blobs = self._worker._side, []
        content, answered = self._worker.ask(
            {
                "use": self.handle,
                "method": method,
                "arguments": side.write(list(arguments), blobs),
                "named": side.write(named, blobs),
            },
            blobs,
        )
        if "raised" in content:
            raise RuntimeError(content["raised"])
        for argument, changed in zip(arguments, side.read(content["arguments"], answered), strict=True):
            same_place(argument, changed)
        return side.read(content["value"], answered)


def _changeable(value):
    """Return a value if a call may have changed it, else None."""
    kinds = (np.ndarray, list, set, dict, np.random.Generator)
    return value if isinstance(value, kinds) else None


def _describe(error):
    """Say of what an answer raised: its type, its message, and the line of the submission that did it."""
    frames = [
        frame
        for frame in traceback.extract_tb(error.__traceback__)
        if frame.filename.startswith("<ipython-input") or "/ipykernel_" in frame.filename
    ]
    place = [frames[-1].lineno, frames[-1].line] if frames else None
    try:
        message = str(error)[:2000]
    except Exception:
        message = ""
    return {"type": type(error).__name__[:80], "message": message, "place": place}


def _seed(seed):
    random.seed(seed)
    np.random.seed(seed)
    if "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(seed)


def start_without_keras():
    """Let the first cell of a lesson that needs no network set the seeds without loading TensorFlow."""
    from course_utils import runtime

    def start(seed=0):
        np.set_printoptions(precision=3, suppress=True, linewidth=100)
        _seed(seed)

    runtime.start = start


if __name__ == "__main__":
    main()
