"""The answers of a submission as a check sees them: calling one calls it in the sandbox."""

import builtins
import functools
import re
from pathlib import Path

import numpy as np

from course_utils.checks import CheckFailed, EmptyAnswer
from course_utils.grading import models, pipelines
from course_utils.grading.limits import Limits
from course_utils.grading.plain import Remote, Side, same_place
from course_utils.grading.sandbox import Sandbox, SandboxGone
from course_utils.grading.verdicts import ByHand

__all__ = ["MISSING", "Caller", "RemoteAnswer", "RemoteObject"]

MISSING = object()


class RemoteObject(Remote):
    """Stands for an object of a submission: neither true nor false, and equal to nothing but itself."""

    def __init__(self, caller: "Caller", handle: int) -> None:
        self._caller, self.handle = caller, handle

    def __bool__(self) -> bool:
        raise TypeError(f"a {type(self).__name__} is no plain value")


class RemoteAnswer(RemoteObject):
    """Stands for a function of a submission; calling it calls that in the sandbox."""

    def __call__(self, *arguments: object, **named: object) -> object:
        return self._caller.call(self.handle, arguments, named)


class Caller:
    """Calls functions in a sandbox for one check, which has the time of a cell for all of its calls."""

    def __init__(self, sandbox: Sandbox, limits: Limits) -> None:
        self._sandbox, self._limits = sandbox, limits
        self._used = sandbox.used()
        self._side = Side(
            remote=self._remote,
            send_path=_send_path,
            make_model=models.build,
            make_dataset=self._dataset,
        )
        self._failure = None
        self._first = True

    def _seconds(self) -> float:
        """Gives the time of the next call, if there is any left for it."""
        if self._sandbox.used() - self._used > self._limits.cell_seconds:
            raise SandboxGone(f"its calls took more than {self._limits.cell_seconds:g} seconds together")
        return self._limits.call_seconds

    def fetch(self, name: str) -> object:
        """Fetches what the submission has under a name; ``MISSING`` if that is nothing."""
        answer, blobs = self._sandbox.send({"do": "get", "name": name}, seconds=self._seconds())
        if answer.get("missing"):
            return MISSING
        return self._read(answer.get("value"), blobs)

    def call(self, handle: int, arguments: tuple, named: dict) -> object:
        """Calls a function of the submission."""
        blobs = []
        content = {
            "do": "call",
            "target": handle,
            "arguments": self._side.write(list(arguments), blobs),
            "named": self._side.write(named, blobs),
            "errstate": np.geterr(),
            "seed": int(np.random.randint(2**31)),
            # TensorFlow's seed stays the same for all of a check, as it does in a notebook: the shuffle of
            # a dataset comes from that seed and its own.
            "first": self._first,
        }
        self._first = False
        answer, blobs = self._sandbox.send(content, blobs, seconds=self._seconds())
        while "use" in answer:
            content, sent = self._use(answer, blobs)
            # Without a time of its own: that for the call goes on.
            answer, blobs = self._sandbox.send(content, sent)
        if self._failure:
            raise self._failure
        if "raised" in answer:
            raise _exception(answer["raised"])
        changed = self._read(answer.get("arguments"), blobs)
        for argument, now in zip(arguments, changed if isinstance(changed, list) else (), strict=False):
            same_place(argument, now)
        return self._read(answer.get("value"), blobs)

    def _dataset(self, handle: int, description: object) -> pipelines.RemoteDataset:
        return pipelines.stand_in(description, functools.partial(self._epoch, handle))

    def _epoch(self, handle: int, most: int | None) -> list:
        """Fetches the items of a new epoch of a dataset of the submission."""
        content = {"do": "epoch", "target": handle, "most": most}
        answer, blobs = self._sandbox.send(content, seconds=self._seconds())
        if "raised" in answer:
            raise _exception(answer["raised"])
        items = self._read(answer.get("items"), blobs)
        if not isinstance(items, list):
            raise ValueError("an epoch that is no list")
        return items

    def _use(self, asked: dict, blobs: list[bytes]) -> tuple[dict, list[bytes]]:
        """Lets the sandbox call what the check has handed over: a function, a model or two of its methods."""
        try:
            target = self._side.handles[int(asked["use"])]
            method = asked.get("method")
            if isinstance(target, Remote) or method not in (None, "predict", "predict_on_batch"):
                raise ValueError("only functions and models that the check has handed over can be called")
            arguments = self._read(asked.get("arguments"), blobs)
            named = self._read(asked.get("named"), blobs)
            if set(named) - {"training", "batch_size", "verbose", "mask"}:
                raise ValueError(f"arguments {sorted(named)} are not carried to the check")
            value = (getattr(target, method) if method else target)(*arguments, **named)
        except Exception as error:
            # What the check itself complains about must not be lost in the answer's own `except`.
            self._failure = error if isinstance(error, CheckFailed) else None
            return {"raised": f"{type(error).__name__}: {error}"[:500]}, []
        sent = []
        return {"value": self._side.write(value, sent), "arguments": self._side.write(arguments, sent)}, sent

    def _read(self, written: object, blobs: list[bytes]) -> object:
        try:
            return self._side.read(written, blobs)
        except models.UnsafeModel as error:
            raise ByHand(
                f"Your model has {error}. Such a model is not graded automatically: build it from Keras' own "
                "layers and the course's, or ask your instructor to look at it."
            ) from error

    def _remote(self, handle: int, name: str, is_callable: bool) -> RemoteObject:
        # It keeps the name of its type, which hints quote, and nothing else.
        name = re.sub(r"\W", "", name) or "object"
        return type(name, (RemoteAnswer if is_callable else RemoteObject,), {})(self, handle)


def _send_path(path: Path) -> tuple[str, bytes] | None:
    """Gives name and bytes of a file that a check has made; the course's own files are there already."""
    if not path.is_file():
        return None
    return path.name, path.read_bytes()


def _exception(raised: dict) -> Exception:
    """Makes an exception like the one that an answer has raised."""
    if raised.get("stub") is True:
        return EmptyAnswer()
    name, message, place = (raised.get(key) for key in ("type", "message", "place"))
    name, message = re.sub(r"\W", "", str(name))[:60] or "Error", str(message)[:2000]
    kind = getattr(builtins, name, None)
    # A StopIteration would end a loop of the check instead of the check.
    if not (isinstance(kind, type) and issubclass(kind, Exception)) or "Iteration" in name:
        kind = type(name, (Exception,), {})
    if isinstance(place, list) and len(place) == 2:
        message += f" in line {str(place[0])[:6]} of your cell, `{str(place[1])[:200]}`"
    try:
        error = kind(message)
    except TypeError:  # such as UnicodeDecodeError, which wants more
        error = type(name, (Exception,), {})(message)
    error.by_answer = True  # a check says so of what its own code has not raised
    return error
