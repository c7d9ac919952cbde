"""The inner side of the sandbox: runs a submission's cells and calls its functions when it is told to.

Started as ``python -m course_utils.grading.worker``. It is not trusted: the submission runs in this very
process, and may send whatever it likes in its place.
"""

import itertools
import os
import random
import sys
import traceback
from pathlib import Path
from typing import BinaryIO

import numpy as np

from course_utils.grading import models, pipelines
from course_utils.grading.borrowed import borrowed
from course_utils.grading.cells import Cells
from course_utils.grading.plain import Remote, Side, read_message, same_place, write_message
from course_utils.lessons.stubs import is_cell, is_stub

__all__ = ["main", "start_without_keras"]


def main() -> None:
    """Obeys the messages on standard input until it is closed."""
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

    def __init__(self, commands: BinaryIO, answers: BinaryIO) -> None:
        self._commands, self._answers = commands, answers
        self._cells = None
        self._files = 0
        self._side = Side(
            remote=lambda handle, name, _: Given(self, handle, name),
            make_path=self._make_path,
            send_model=models.describe,
            send_dataset=pipelines.describe,
        )

    def serve(self) -> None:
        """Answers messages until there are no more."""
        while True:
            try:
                content, blobs = read_message(self._commands, sys.maxsize)
            except EOFError:
                return
            self._tell(getattr(self, f"_{content['do']}")(content, blobs))

    def ask(self, content: dict, blobs: list[bytes]) -> tuple:
        """Sends a message outside in the middle of a call, and gives the answer's content and blobs."""
        write_message(self._answers, content, blobs)
        return read_message(self._commands, sys.maxsize)

    def _tell(self, answer: tuple) -> None:
        write_message(self._answers, *answer)

    def _start(self, content: dict, blobs: list[bytes]) -> tuple:
        if content["quick"]:
            start_without_keras()
        self._cells = Cells(content["output"])
        return {"ready": True}, []

    def _run(self, content: dict, blobs: list[bytes]) -> tuple:
        return {"outputs": self._cells.run(content["source"])}, []

    def _about(self, content: dict, blobs: list[bytes]) -> tuple:
        answers = [self._cells.namespace.get(name) for name in content["names"]]
        return {"borrowed": sorted(set().union(*map(borrowed, answers)))}, []

    def _get(self, content: dict, blobs: list[bytes]) -> tuple:
        name = content["name"]
        if name not in self._cells.namespace:
            return {"missing": True}, []
        sent = []
        return {"value": self._side.write(self._cells.namespace[name], sent)}, sent

    def _call(self, content: dict, blobs: list[bytes]) -> tuple:
        function = self._side.handles[content["target"]]
        arguments = self._side.read(content["arguments"], blobs)
        named = self._side.read(content["named"], blobs)
        _seed(content["seed"], with_keras=content["first"])
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

    def _epoch(self, content: dict, blobs: list[bytes]) -> tuple:
        try:
            items = list(itertools.islice(self._side.handles[content["target"]], content["most"]))
        except BaseException as error:
            return {"raised": _describe(error)}, []
        sent = []
        return {"items": self._side.write(items, sent)}, sent

    def _make_path(self, name: str, content: bytes) -> Path:
        self._files += 1
        folder = Path.cwd() / "given" / str(self._files)
        folder.mkdir(parents=True)
        path = folder / Path(name).name
        path.write_bytes(content)
        return path


class Given(Remote):
    """A function, model or other object that a check has handed to an answer; it stays outside."""

    def __init__(self, worker: Worker, handle: int, name: str) -> None:
        self._worker, self.handle, self._name = worker, handle, name

    def __repr__(self) -> str:
        return f"<{self._name} of the check>"

    def __call__(self, *arguments: object, **named: object) -> object:
        return self._use(None, arguments, named)

    def predict(self, *arguments: object, **named: object) -> object:
        """Calls the method of that name out there."""
        return self._use("predict", arguments, named)

    def predict_on_batch(self, *arguments: object, **named: object) -> object:
        """Calls the method of that name out there."""
        return self._use("predict_on_batch", arguments, named)

    def _use(self, method: str | None, arguments: tuple, named: dict) -> object:
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


def _changeable(value: object) -> object:
    """Gives a value if a call may have changed it, else None."""
    kinds = (np.ndarray, list, set, dict, np.random.Generator)
    return value if isinstance(value, kinds) else None


def _describe(error: BaseException) -> dict:
    """Says of what an answer raised: type, message, the submission's line that did it, whether a stub."""
    frames = [frame for frame in traceback.extract_tb(error.__traceback__) if is_cell(frame.filename)]
    place = [frames[-1].lineno, frames[-1].line] if frames else None
    try:
        message = str(error)[:2000]
    except Exception:
        message = ""
    described = {"type": type(error).__name__[:80], "message": message, "place": place}
    return {**described, "stub": is_stub(error)}


def _seed(seed: int, with_keras: bool = True) -> None:
    random.seed(seed)
    np.random.seed(seed)
    if with_keras and "keras" in sys.modules:
        sys.modules["keras"].utils.set_random_seed(seed)


def start_without_keras() -> None:
    """Lets the first cell of a lesson that needs no network set the seeds without loading TensorFlow."""
    from course_utils import runtime

    def start(seed: int = 0) -> None:
        np.set_printoptions(precision=3, suppress=True, linewidth=100)
        _seed(seed)

    runtime.start = start


if __name__ == "__main__":
    main()
