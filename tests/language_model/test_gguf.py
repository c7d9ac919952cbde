"""GGUF files are read as ggml defines them, and files that are none are refused."""

import struct

import numpy as np
import pytest

from course_utils.errors import CourseError
from course_utils.language_model.gguf import read_gguf


def text(content):
    return struct.pack("<Q", len(content.encode())) + content.encode()


def setting(name, kind, packed):
    return text(name) + struct.pack("<I", kind) + packed


def gguf(settings, arrays, alignment=32):
    """A file with these settings and arrays (name, shape, kind, bytes)."""
    head = b"GGUF" + struct.pack("<IQQ", 3, len(arrays), len(settings)) + b"".join(settings)
    data = b""
    for name, shape, kind, content in arrays:
        head += text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *reversed(shape), kind, len(data))
        data += content + b"\0" * (-len(content) % alignment)
    return head + b"\0" * (-len(head) % alignment) + data


@pytest.fixture
def read(tmp_path):
    def read(content):
        (tmp_path / "model.gguf").write_bytes(content)
        return read_gguf(tmp_path / "model.gguf")

    return read


SETTINGS = [
    setting("general.name", 8, text("小模型")),
    setting("llama.block_count", 4, struct.pack("<I", 2)),
    setting("llama.rope.freq_base", 6, struct.pack("<f", 500.0)),
    setting("tokenizer.add", 7, b"\0"),
    setting("tokenizer.tokens", 9, struct.pack("<IQ", 8, 2) + text("a") + text("Ġb")),
    setting("tokenizer.types", 9, struct.pack("<IQ", 5, 2) + struct.pack("<ii", 3, -1)),
]


def test_settings_of_every_kind(read):
    metadata, arrays = read(gguf(SETTINGS, []))
    assert metadata == {
        "general.name": "小模型",
        "llama.block_count": 2,
        "llama.rope.freq_base": 500.0,
        "tokenizer.add": False,
        "tokenizer.tokens": ["a", "Ġb"],
        "tokenizer.types": [3, -1],
    }
    assert arrays == {}


@pytest.mark.parametrize("alignment", [32, 64])
def test_arrays_of_every_kind(read, alignment):
    rng = np.random.default_rng(0)
    plain = rng.normal(size=(2, 3)).astype("<f4")
    scales = rng.normal(size=4).astype("<f2")
    eights = rng.integers(-128, 128, (4, 32)).astype("i1")
    eight_blocks = b"".join(
        scale.tobytes() + block.tobytes() for scale, block in zip(scales, eights, strict=True)
    )
    fours, smallest = rng.integers(0, 16, (4, 32)).astype("u1"), rng.normal(size=4).astype("<f2")
    four_blocks = b"".join(
        scale.tobytes() + low.tobytes() + (block[:16] | block[16:] << 4).tobytes()
        for scale, low, block in zip(scales, smallest, fours, strict=True)
    )
    stored = [
        ("p", (2, 3), 0, plain.tobytes()),
        ("e", (2, 64), 8, eight_blocks),
        ("f", (4, 32), 3, four_blocks),
    ]
    extra = [setting("general.alignment", 4, struct.pack("<I", alignment))] if alignment != 32 else []
    _, arrays = read(gguf([*SETTINGS, *extra], stored, alignment))
    np.testing.assert_array_equal(arrays["p"].array(), plain)
    scale = scales.astype("f4")[:, None]
    np.testing.assert_array_equal(arrays["e"].array(), (scale * eights).reshape(2, 64))
    np.testing.assert_array_equal(arrays["f"].array(), scale * fours + smallest.astype("f4")[:, None])
    assert all(array.array().dtype == np.float32 for array in arrays.values())


def test_what_is_no_such_file_is_refused(read, tmp_path):
    whole = gguf(SETTINGS, [("p", (40,), 0, b"\1" * 160)])
    with pytest.raises(CourseError, match=r"seems to be a ZIP archive.*; expected a GGUF file"):
        read(b"PK\3\4 and more")
    for length in (10, 40, 100, 200):
        with pytest.raises(CourseError, match="the file is cut or damaged"):
            read(whole[:length])
    with pytest.raises(CourseError, match="the file ends in the middle of p: fetch it again"):
        read(whole[:-8])
    with pytest.raises(CourseError, match=r"p is of kind 2; expected 0 \(float32\), 3 \(Q4_1\) or 8"):
        read(gguf([], [("p", (32,), 2, b"\0" * 18)]))
    with pytest.raises(CourseError, match="there is no such file"):
        read_gguf(tmp_path / "nothing.gguf")
