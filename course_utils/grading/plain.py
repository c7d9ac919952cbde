"""Values that cross the wall of the sandbox: written as JSON and raw bytes, and nothing but data when read.

Both sides use this module, and neither ever unpickles. What is no plain data stays where it is and crosses as
a *handle*, a number by which the other side can call it (and, of Keras models, as a description that the
other side checks and builds anew: see ``models``; of datasets, as what their items look like: ``pipelines``).
"""

import dataclasses
import json
import re
import struct
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np

__all__ = ["Remote", "Side", "read_message", "same_place", "write_message"]

_DTYPE = re.compile(r"[<>|=][biufcSU]\d{1,4}")
_HEADER = struct.Struct("<II")


def write_message(stream: BinaryIO, content: object, blobs: Sequence[bytes] = ()) -> None:
    """Writes one message.

    Args:
        stream: binary file.
        content: what JSON can say.
        blobs: list of bytes that ``content`` refers to by their place.
    """
    text = json.dumps([content, [len(blob) for blob in blobs]]).encode()
    stream.write(b"".join([_HEADER.pack(len(text), sum(map(len, blobs))), text, *blobs]))
    stream.flush()


def read_message(stream: BinaryIO, limit: int) -> tuple[object, list[bytes]]:
    """Reads one message.

    Args:
        stream: binary file.
        limit: int, most bytes that a message may have.

    Returns:
        The content and its list of blobs.

    Raises:
        EOFError: when the other side has gone.
        ValueError: when the message is too long, too large to be taken apart, or not one of ours.
    """
    length, extra = _HEADER.unpack(_exactly(stream, _HEADER.size))
    if length + extra > limit:
        raise ValueError(f"a message of {length + extra:,} bytes; at most {limit:,} are read")
    try:
        content, sizes = json.loads(_exactly(stream, length))
    except (RecursionError, TypeError, MemoryError) as error:
        raise ValueError("a message that is no message") from error
    data = _exactly(stream, extra)
    if not isinstance(sizes, list) or not all(type(size) is int and size >= 0 for size in sizes):
        raise ValueError("a message with wrong lengths")
    blobs, start = [], 0
    for size in sizes:
        blobs.append(data[start : start + size])
        start += size
    if start != extra:
        raise ValueError("a message with wrong lengths")
    return content, blobs


def _exactly(stream: BinaryIO, count: int) -> bytes:
    parts = []
    while count:
        part = stream.read(min(count, 2**20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


@dataclasses.dataclass
class Side:
    """One side of the wall: how values are written for the other, and read from it.

    Attributes:
        remote: function of ``(handle, type name, callable?)`` that returns what stands here for an object
            over there.
        send_path: function of a Path that returns its name and bytes for the other side, or None.
        make_path: function of ``(name, bytes)`` that returns a Path here.
        send_model: function of an object that returns a description of it as a Keras model, or None.
        make_model: function of such a description that returns a model.
        send_dataset: function of an object that returns a description of its items as a dataset, or None.
        make_dataset: function of ``(handle, description)`` that returns what stands here for the dataset.
        handles: dict from number to object, what the other side may call here.
    """

    remote: Callable
    send_path: Callable | None = None
    make_path: Callable | None = None
    send_model: Callable | None = None
    make_model: Callable | None = None
    send_dataset: Callable | None = None
    make_dataset: Callable | None = None
    handles: dict = dataclasses.field(default_factory=dict)

    def write(self, value: object, blobs: list[bytes]) -> object:
        """Gives a value as JSON can say it, adding its arrays to ``blobs``.

        Args:
            value: anything.
            blobs: list, to which bytes are appended.

        Returns:
            What :meth:`read` makes an equal value of.
        """
        kind = type(value)
        if value is None or kind in (bool, int, float, str):
            return value
        if kind is list:
            return [self.write(item, blobs) for item in value]
        for tag, plain in (("tuple", tuple), ("set", (set, frozenset))):
            if isinstance(value, plain):
                return {tag: [self.write(item, blobs) for item in value]}
        if kind is dict:
            return {"dict": [[self.write(k, blobs), self.write(v, blobs)] for k, v in value.items()]}
        if kind is complex:
            return {"complex": [value.real, value.imag]}
        if kind in (bytes, bytearray):
            return {"bytes": _place(bytes(value), blobs)}
        if kind is range:
            return {"range": [value.start, value.stop, value.step]}
        if isinstance(value, np.ndarray | np.generic) and _DTYPE.fullmatch(value.dtype.str):
            return self._write_array("array" if isinstance(value, np.ndarray) else "scalar", value, blobs)
        return self._write_object(value, blobs)

    def _write_array(self, tag: str, value: object, blobs: list[bytes]) -> dict:
        array = np.asarray(value)
        writeable = isinstance(value, np.ndarray) and bool(value.flags.writeable)
        return {tag: [array.dtype.str, list(array.shape), _place(array.tobytes(), blobs), writeable]}

    def _write_object(self, value: object, blobs: list[bytes]) -> dict:
        if isinstance(value, Remote):
            return {"yours": value.handle}
        if isinstance(value, np.random.Generator) and type(value.bit_generator) is np.random.PCG64:
            return {"generator": value.bit_generator.state}
        if isinstance(value, Path) and self.send_path and (sent := self.send_path(value)):
            return {"path": [sent[0], _place(sent[1], blobs)]}
        if _is_tensor(value):
            return self._write_array("tensor", np.asarray(value), blobs)
        if self.send_model and (description := self.send_model(value)):
            return {"model": self.write(description, blobs)}
        # Never twice the same number, so that an old one cannot come to mean another object.
        handle = len(self.handles)
        self.handles[handle] = value
        if self.send_dataset and (description := self.send_dataset(value)):
            return {"dataset": [handle, self.write(description, blobs)]}
        return {"handle": [handle, type(value).__name__, callable(value)]}

    def read(self, written: object, blobs: list[bytes]) -> object:
        """Gives the value that :meth:`write` of the other side has written.

        Args:
            written: from JSON; not trusted.
            blobs: list of bytes; not trusted.

        Returns:
            A value of builtin or NumPy type, a tensor, a path, a model, or what ``remote`` returned.

        Raises:
            ValueError: when it is nothing that :meth:`write` writes.
        """
        try:
            return self._read(written, blobs)
        except (RecursionError, TypeError, KeyError, IndexError, AttributeError, OverflowError) as error:
            raise ValueError("a value that cannot be read") from error

    def _read(self, written: object, blobs: list[bytes]) -> object:
        if written is None or type(written) in (bool, int, float, str):
            return written
        if type(written) is list:
            return [self._read(item, blobs) for item in written]
        [(tag, content)] = written.items()
        if tag in ("tuple", "set"):
            return (tuple if tag == "tuple" else set)(self._read(item, blobs) for item in content)
        if tag == "dict":
            return {self._read(key, blobs): self._read(item, blobs) for key, item in content}
        if tag == "complex":
            return complex(*map(float, content))
        if tag == "bytes":
            return blobs[content]
        if tag == "range":
            return range(*map(int, content))
        if tag in ("array", "scalar", "tensor"):
            return _read_array(tag, content, blobs)
        if tag == "generator":
            generator = np.random.Generator(np.random.PCG64())
            generator.bit_generator.state = content
            return generator
        if tag == "path" and self.make_path:
            return self.make_path(str(content[0]), blobs[content[1]])
        if tag == "model" and self.make_model:
            return self.make_model(self._read(content, blobs))
        if tag == "dataset" and self.make_dataset:
            return self.make_dataset(int(content[0]), self._read(content[1], blobs))
        if tag == "handle":
            handle, name, is_callable = content
            return self.remote(int(handle), str(name)[:80], bool(is_callable))
        if tag == "yours":
            return self.handles[content]
        raise ValueError(f"a value of unknown kind {tag!r}")


class Remote:
    """Stands for an object on the other side of the wall."""

    handle = None


def same_place(argument: object, changed: object) -> None:
    """Gives an argument the content that it has after a call on the other side.

    Args:
        argument: array, list, set, dict or generator that was handed over.
        changed: its content now; ignored where it does not fit.
    """
    if isinstance(argument, np.ndarray) and type(changed) is np.ndarray:
        fits = changed.shape == argument.shape and changed.dtype == argument.dtype
        if fits and argument.flags.writeable:
            argument[...] = changed
    elif type(argument) is list and type(changed) is list:
        argument[:] = changed
    elif type(argument) in (set, dict) and type(changed) is type(argument):
        argument.clear()
        argument.update(changed)
    elif isinstance(argument, np.random.Generator) and isinstance(changed, np.random.Generator):
        argument.bit_generator.state = changed.bit_generator.state


def _place(data: bytes, blobs: list[bytes]) -> int:
    blobs.append(data)
    return len(blobs) - 1


def _read_array(tag: str, content: list, blobs: list[bytes]) -> object:
    dtype, shape, place, writeable = content
    if not _DTYPE.fullmatch(dtype) or not all(type(size) is int and size >= 0 for size in shape):
        raise ValueError("an array of a kind that is not read")
    # A copy: what `frombuffer` gives cannot be written to.
    array = np.frombuffer(blobs[place], np.dtype(dtype)).reshape(shape).copy()
    if tag == "scalar":
        return array[()]
    if tag == "tensor" and "keras" in sys.modules:
        return sys.modules["keras"].ops.convert_to_tensor(array)
    array.flags.writeable = bool(writeable) or tag == "tensor"
    return array


def _is_tensor(value: object) -> bool:
    keras = sys.modules.get("keras")
    if keras is None:
        return False
    # Symbolic tensors have no numbers.
    return (keras.ops.is_tensor(value) and hasattr(value, "numpy")) or isinstance(value, keras.Variable)
