"""What crosses the wall of the sandbox is data, whole and nothing but data."""

import io
import json
import struct
from pathlib import Path

import numpy as np
import pytest

from course_utils.grading import plain


def side(**options):
    return plain.Side(remote=lambda handle, name, is_callable: (handle, name, is_callable), **options)


def carried(value, **options):
    blobs = []
    written = json.loads(json.dumps(side().write(value, blobs)))
    return side(**options).read(written, blobs)


@pytest.mark.parametrize(
    "value",
    [
        *(None, True, 3, 2.5, float("inf"), "多", 10**30, 1 + 2j, b"\0\1", range(2, 9, 3)),
        [1, [2, (3, "x")], {4, 5}, {"a": (1,), 2: None}],
        (np.float32(1.5), np.int64(-2), np.bool_(True), np.str_("多模态")),
    ],
)
def test_plain_values_arrive_as_they_were(value):
    arrived = carried(value)
    assert type(arrived) is type(value)
    assert arrived == value


@pytest.mark.parametrize("dtype", ["uint8", "int64", "float32", "float64", "bool", "complex64", "<U5", ">i4"])
@pytest.mark.parametrize("shape", [(), (3,), (2, 0, 4), (2, 3, 4)])
def test_arrays_arrive_as_they_were(dtype, shape):
    array = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)
    arrived = carried(array)
    assert (arrived.dtype, arrived.shape, arrived.flags.writeable) == (array.dtype, shape, True)
    assert np.array_equal(arrived, array)


def test_views_and_read_only_arrays():
    array = np.arange(12).reshape(3, 4)[:, ::-2].T
    assert np.array_equal(carried(array), array)
    array.flags.writeable = False
    assert not carried(array).flags.writeable


def test_a_generator_goes_on_where_it_was():
    generator = np.random.default_rng(3)
    generator.random(7)
    assert carried(generator).random() == generator.random()


def test_subclasses_become_plain():
    class Everything(tuple):
        __eq__ = lambda self, other: True  # noqa: E731
        __hash__ = tuple.__hash__

    assert type(carried(Everything((1, 2)))) is tuple
    assert carried(np.ma.masked_array([1, 2], [0, 1])).__class__ is np.ndarray


@pytest.mark.parametrize("value", [object(), len, np.array([object()]), type("Number", (float,), {})(1)])
def test_what_is_no_data_stays_and_is_named(value):
    assert carried(value) == (0, type(value).__name__, callable(value))


def test_a_handle_comes_back_as_what_it_stands_for():
    here = side()
    written = here.write(len, [])
    there = side()
    there.remote = lambda handle, name, is_callable: remote(handle)
    returned = there.write(there.read(written, []), [])
    assert here.read(returned, []) is len


def remote(handle):
    found = plain.Remote()
    found.handle = handle
    return found


def test_a_file_arrives_with_its_content(tmp_path):
    (tmp_path / "a picture.png").write_bytes(b"content")
    sender = side(send_path=lambda path: (path.name, path.read_bytes()))
    blobs = []
    written = sender.write(tmp_path / "a picture.png", blobs)
    assert side(make_path=lambda name, content: (name, content)).read(written, blobs) == (
        "a picture.png",
        b"content",
    )
    # Nothing out here opens a path that comes from inside.
    with pytest.raises(ValueError, match="unknown kind"):
        side().read(written, blobs)
    assert carried(Path("x")) == (0, type(Path("x")).__name__, False)


@pytest.mark.parametrize(
    "written",
    [
        *(
            {},
            {"a": 1, "b": 2},
            {"pickle": "gASV"},
            {"yours": 99},
            {"yours": None},
            {"bytes": 5},
            {"array": None},
        ),
        *(
            {"array": ["|O", [1], 0, True]},
            {"array": ["<f8", [-1], 0, True]},
            {"array": ["<f8", [10**12], 0, True]},
        ),
        *(
            {"scalar": ["<f8,<f8", [], 0, True]},
            {"tuple": 3},
            {"dict": [1]},
            {"set": [[1]]},
            {"range": [1, 2, 0]},
        ),
        *({"generator": {"bit_generator": "MT19937"}}, {"generator": 3}, {"handle": ["x", 1]}, {"model": {}}),
    ],
)
def test_what_nobody_writes_is_refused(written):
    with pytest.raises(ValueError):
        side().read(written, [b"12345678"])


def message(*values, blobs=()):
    stream = io.BytesIO()
    plain.write_message(stream, *values, blobs)
    return stream.getvalue()


def test_messages():
    stream = io.BytesIO(message({"a": 1}, blobs=[b"xy", b"", b"z"]) + message([2]))
    assert plain.read_message(stream, 1000) == ({"a": 1}, [b"xy", b"", b"z"])
    assert plain.read_message(stream, 1000) == ([2], [])
    with pytest.raises(EOFError):
        plain.read_message(stream, 1000)


@pytest.mark.parametrize(
    "sent",
    [
        message("x" * 2000),
        struct.pack("<II", 2**31, 2**31),
        struct.pack("<II", 4, 0) + b"\xff\xff\xff\xff",
        struct.pack("<II", 2, 0) + b"{}",
        struct.pack("<II", 900, 0) + b"[" * 900,
        struct.pack("<II", 8, 1) + b"[1, [2]]" + b"x",
        struct.pack("<II", 9, 1) + b"[1, [-1]]" + b"x",
        struct.pack("<II", 9, 1) + b'[1, ["x"]' + b"x",
    ],
)
def test_what_is_no_message_is_refused(sent):
    with pytest.raises(ValueError):
        plain.read_message(io.BytesIO(sent), 1000)


def test_arguments_get_the_content_they_have_after_a_call():
    array, numbers, table = np.zeros(3), [1], {"a": 1}
    for argument, changed in ((array, np.ones(3)), (numbers, [2, 3]), (table, {"b": 2})):
        plain.same_place(argument, changed)
    assert (array.tolist(), numbers, table) == ([1, 1, 1], [2, 3], {"b": 2})
    for other in (np.ones(4), np.ones(3, int), [1, 1, 1], None):
        plain.same_place(array, other * 5 if isinstance(other, np.ndarray) else other)
    assert array.tolist() == [1, 1, 1]


def test_a_message_too_large_to_be_taken_apart_is_refused(monkeypatch):
    def greedy(text):
        raise MemoryError

    sent = message({"a": 1})
    monkeypatch.setattr(plain.json, "loads", greedy)
    with pytest.raises(ValueError, match="no message"):
        plain.read_message(io.BytesIO(sent), 1000)
