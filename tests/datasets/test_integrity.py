import importlib
import json
import shutil
import unicodedata
from pathlib import Path

import pytest

from course_utils import CourseError
from course_utils.datasets import integrity
from course_utils.places import DATA, ROOT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A small data folder with its own manifest, taken for the course's."""
    shutil.copytree(DATA / "awkward", tmp_path / "awkward")
    files = {
        path.relative_to(tmp_path).as_posix(): {
            "bytes": path.stat().st_size,
            "sha256": integrity.sha256(path.read_bytes()),
        }
        for path in tmp_path.rglob("*.*")
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"files": files}), encoding="utf-8")
    monkeypatch.setattr(integrity, "DATA", tmp_path)
    return tmp_path


def damage_message(relative="awkward/grey.png"):
    with pytest.raises(CourseError) as raised:
        integrity.data_path(relative)
    return str(raised.value)


def test_an_undamaged_file_is_found(folder):
    assert integrity.data_path("awkward/grey.png") == folder / "awkward/grey.png"
    assert integrity.data_path("awkward/empty.jpg").stat().st_size == 0  # empty on purpose
    assert integrity.find_damage(folder) == []


def flip_byte(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def cut(path):
    path.write_bytes(path.read_bytes()[:100])


def put_folder_in_place(path):
    path.unlink()
    path.mkdir()


DAMAGES = {
    "flipped byte": (flip_byte, "right size, but other contents"),
    "cut": (cut, "it has 100 bytes"),
    "emptied": (lambda path: path.write_bytes(b""), "it is empty"),
    "pointer": (
        lambda path: path.write_bytes(b"version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"),
        "Git LFS pointer",
    ),
    "missing": (Path.unlink, "is missing"),
    "unreadable": (put_folder_in_place, "cannot be read"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_damage_is_named_with_its_remedy(folder, damage):
    spoil, finding = DAMAGES[damage]
    spoil(folder / "awkward/grey.png")
    message = damage_message()
    assert finding in message
    assert message.startswith("data/awkward/grey.png ")
    assert "git checkout -- data/awkward/grey.png" in message
    assert integrity.find_damage(folder) == [message]


def test_a_restored_file_is_accepted_in_the_same_process(folder):
    path = folder / "awkward/grey.png"
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    damage_message()
    path.write_bytes(content)
    assert integrity.data_path("awkward/grey.png") == path


def test_a_file_is_verified_only_the_first_time(folder):
    integrity.data_path("awkward/grey.png")
    flip_byte(folder / "awkward/grey.png")
    assert integrity.data_path("awkward/grey.png")
    assert len(integrity.find_damage(folder)) == 1


@pytest.mark.parametrize("name", ["awkward/unheard_of.png", "../README.md", "manifest.json"])
def test_a_file_that_is_not_in_the_manifest_is_refused(folder, name):
    (folder / "awkward/unheard_of.png").write_bytes(b"new")
    message = damage_message(name)
    assert name in message and "not in data/manifest.json" in message and "data/build/manifest.py" in message


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        b'{"files": []}',
        b'{"files": {"a": 1}}',
        b'{"files": {"a": {"bytes": "x", "sha256": ""}}}',
    ],
)
def test_a_damaged_manifest_is_named_with_its_remedy(folder, content):
    (folder / "manifest.json").write_bytes(content)
    message = damage_message()
    assert "data/manifest.json is damaged" in message and "git checkout -- data/manifest.json" in message


def test_a_missing_manifest_is_named_with_its_remedy(folder):
    (folder / "manifest.json").unlink()
    assert "data/manifest.json is missing" in damage_message()


@pytest.fixture
def build(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "data" / "build")
    return importlib.import_module("manifest")


def test_the_manifest_lists_every_file_as_it_is(build):
    stored = json.loads((ROOT / "data" / "manifest.json").read_text(encoding="utf-8"))["files"]
    assert stored == build.describe(), "run: python3 data/build/manifest.py"
    assert "manifest.json" not in stored and "README.md" in stored and "build/manifest.py" in stored
    assert all(unicodedata.is_normalized("NFC", name) for name in stored)


def test_the_data_stays_small():
    total = sum(path.stat().st_size for path in DATA.rglob("*") if path.is_file())
    assert total <= 40e6


def test_git_converts_no_line_ends_in_data():
    rules = (ROOT / ".gitattributes").read_text(encoding="utf-8").splitlines()
    assert "data/** -text" in rules
