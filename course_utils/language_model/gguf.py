"""Reads GGUF, the format in which llama.cpp keeps a model: its settings, its tokenizer, its weights.

Weights of a matrix are kept in blocks of 32 with one scale each: Q8_0 in 8 bits, Q4_1 in 4 bits with a
smallest value besides. Only these two and plain float32 are read, which is what the course's file has. The
package of the same name reads all, but takes five seconds where this takes a fifth of one. Format:
``docs/gguf.md`` in the repository of ggml. Introduced in lesson 10.
"""

import dataclasses
import math
import mmap
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from course_utils.errors import CourseError
from course_utils.files import describe_content, require_file

__all__ = ["Stored", "read_gguf"]

# Number of a type → how struct reads it; 8 is a string, 9 a list.
_NUMBERS = dict(enumerate("BbHhIif?")) | {10: "Q", 11: "q", 12: "d"}
_STRING, _LIST = 8, 9


def _plain(blocks: np.ndarray) -> np.ndarray:
    return blocks.view(np.float32)


def _q8_0(blocks: np.ndarray) -> np.ndarray:
    return blocks[:, :2].view(np.float16).astype(np.float32) * blocks[:, 2:].view(np.int8)


def _q4_1(blocks: np.ndarray) -> np.ndarray:
    scale, smallest = np.split(blocks[:, :4].view(np.float16).astype(np.float32), 2, axis=1)
    # The low halves of the 16 bytes are the first 16 numbers, the high halves the others.
    return scale * np.concatenate([blocks[:, 4:] & 15, blocks[:, 4:] >> 4], axis=1) + smallest


# Number of a kind → numbers in a block, bytes in a block, what makes float32 of blocks (n, bytes).
_KINDS: dict[int, tuple[int, int, Callable[[np.ndarray], np.ndarray]]] = {
    0: (1, 4, _plain),
    3: (32, 20, _q4_1),
    8: (32, 34, _q8_0),
}


@dataclasses.dataclass(frozen=True)
class Stored:
    """An array as it lies in the file, which is read when it is asked for. Introduced in lesson 10.

    Attributes:
        shape: tuple of int, rows first.
        kind: int, 0 for float32, 3 for Q4_1, 8 for Q8_0.
        blocks: uint8 (blocks, bytes of one), a view of the file.
    """

    shape: tuple[int, ...]
    kind: int
    blocks: np.ndarray

    def array(self) -> np.ndarray:
        """Gives the numbers, float32 of the shape."""
        return _KINDS[self.kind][2](self.blocks).reshape(self.shape)


def read_gguf(path: str | Path) -> tuple[dict[str, Any], dict[str, Stored]]:
    """Reads a file's settings, and where in it each array lies.

    Introduced in lesson 10.

    Args:
        path: str or Path.

    Returns:
        settings by name, such as "llama.block_count" (numbers, strings, lists of them), and arrays by name.

    Raises:
        CourseError: it is no such file, is cut, or holds arrays of another kind.
    """
    path = require_file(path)
    with path.open("rb") as file:
        if file.read(4) != b"GGUF":
            raise CourseError(f"{path}: the file {describe_content(path)}; expected a GGUF file.")
        try:
            _, arrays, settings = _unpack(file, "IQQ")
            metadata = dict(_setting(file) for _ in range(settings))
            places = [_place(file) for _ in range(arrays)]
            whole = np.frombuffer(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ), np.uint8)
        except (struct.error, UnicodeDecodeError, KeyError, MemoryError, OverflowError) as error:
            raise CourseError(f"{path}: the file is cut or damaged ({error}): fetch it again.") from None
        step = metadata.get("general.alignment", 32)
        start = math.ceil(file.tell() / step) * step
    found = {}
    for name, shape, kind, offset in places:
        if kind not in _KINDS:
            raise CourseError(
                f"{path}: {name} is of kind {kind}; expected 0 (float32), 3 (Q4_1) or 8 (Q8_0)."
            )
        numbers, size, _ = _KINDS[kind]
        blocks = math.prod(shape) // numbers
        piece = whole[start + offset : start + offset + blocks * size]
        if len(piece) < blocks * size:
            raise CourseError(f"{path}: the file ends in the middle of {name}: fetch it again.")
        found[name] = Stored(shape, kind, piece.reshape(blocks, size))
    return metadata, found


def _unpack(file: BinaryIO, form: str) -> tuple:
    form = struct.Struct(f"<{form}")
    return form.unpack(file.read(form.size))


def _value(file: BinaryIO, kind: int) -> Any:
    if kind == _STRING:
        return file.read(*_unpack(file, "Q")).decode()
    if kind == _LIST:
        kind, length = _unpack(file, "IQ")
        return [_value(file, kind) for _ in range(length)]
    return _unpack(file, _NUMBERS[kind])[0]


def _setting(file: BinaryIO) -> tuple[str, Any]:
    return _value(file, _STRING), _value(file, *_unpack(file, "I"))


def _place(file: BinaryIO) -> tuple[str, tuple[int, ...], int, int]:
    """Name, shape, kind and offset of one array; the file counts axes from the last."""
    name = _value(file, _STRING)
    shape = _unpack(file, "Q" * _unpack(file, "I")[0])[::-1]
    return name, shape, *_unpack(file, "IQ")
