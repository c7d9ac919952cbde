"""Files are written whole or not at all, and a file that cannot be read is explained."""

import errno
import os
import re
import sys
from pathlib import Path

import pytest

from course_utils import CourseError
from course_utils.files import describe_content, require_file, write_atomically


@pytest.mark.parametrize(
    ("content", "stored"), [("语音\r\n", "语音\r\n".encode()), (b"\x00\xff", b"\x00\xff"), ("", b"")]
)
def test_the_content_is_written_as_given(tmp_path, content, stored):
    path = tmp_path / "多 words.json"
    path.write_text("before", encoding="utf-8")
    write_atomically(str(path), content)
    assert path.read_bytes() == stored
    assert list(tmp_path.iterdir()) == [path]


def _disk_is_full(descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch):
    path = tmp_path / "notes.json"
    path.write_text("before", encoding="utf-8")
    monkeypatch.setattr(os, "fsync", _disk_is_full)
    with pytest.raises(CourseError, match=r"notes\.json.*No space left.*5 bytes free"):
        write_atomically(path, "after")
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_write_that_the_system_cuts_short_leaves_the_old_file(tmp_path):
    resource = pytest.importorskip("resource", reason="this system has no limit on file sizes to set")
    path = tmp_path / "notes.json"
    path.write_text("before", encoding="utf-8")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(CourseError, match=r"notes\.json"):
            write_atomically(path, bytes(1_000_000))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert path.read_text(encoding="utf-8") == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_interrupt_leaves_nothing_behind(tmp_path, monkeypatch):
    def interrupt(descriptor):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_atomically(tmp_path / "notes.json", "after")
    assert list(tmp_path.iterdir()) == []


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CourseError, match=r"nowhere.*folder exists"):
        write_atomically(tmp_path / "nowhere" / "notes.json", "x")


@pytest.mark.skipif(sys.platform == "win32", reason="symbolic links need a privilege on Windows")
def test_a_symbolic_link_stays_a_link(tmp_path):
    real, link = tmp_path / "real.txt", tmp_path / "link.txt"
    link.symlink_to(real)
    write_atomically(link, "x")
    assert link.is_symlink()
    assert real.read_text(encoding="utf-8") == "x"


def test_a_readable_file_is_returned_as_a_path(tmp_path):
    path = tmp_path / "a.txt"
    path.touch()
    assert require_file(str(path)) == path
    assert isinstance(require_file(str(path)), Path)


def test_a_tilde_is_the_home_folder_unless_a_file_is_called_so(tmp_path, monkeypatch):
    monkeypatch.setenv("USERPROFILE" if os.name == "nt" else "HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.wav").touch()
    assert require_file("~/a.wav") == tmp_path / "a.wav"
    with pytest.raises(CourseError, match=rf"{re.escape(str(tmp_path))}.b\.wav: there is no such file"):
        require_file("~/b.wav")
    with pytest.raises(CourseError, match="no such file"):
        require_file("~nobody-is-called-so/a.wav")
    (tmp_path / "~").mkdir()
    (tmp_path / "~" / "a.wav").touch()
    assert require_file("~/a.wav") == Path("~/a.wav")


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("missing.jpg", "no such file"),
        ("PHOTO.jpg", r"Did you mean photo\.JPG"),
        ("nowhere/a.jpg", r"folder .*nowhere does not exist"),
        (".", "is a folder"),
        ("photo.JPG/inside.jpg", "does not exist|cannot be opened"),
        ("a\0b", "cannot be opened"),
    ],
)
def test_a_path_that_is_no_file_is_explained(tmp_path, name, message):
    (tmp_path / "photo.JPG").write_bytes(b"x")
    if (tmp_path / "photo.jpg").exists() and name == "PHOTO.jpg":
        pytest.skip("this file system does not distinguish upper and lower case")
    with pytest.raises(CourseError, match=message):
        require_file(f"{tmp_path}/{name}")


@pytest.mark.parametrize("path", [None, 3, b"bytes.jpg", ["a.jpg"]])
def test_what_is_no_path_is_refused(path):
    with pytest.raises(CourseError, match="expected the name of a file"):
        require_file(path)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read everything")
def test_a_file_without_permission_is_explained(tmp_path):
    path = tmp_path / "secret.txt"
    path.touch(mode=0o000)
    with pytest.raises(CourseError, match="permissions"):
        require_file(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "empty"),
        (b"RIFF\x10\0\0\0WAVEfmt ", "WAV recording"),
        (b"RIFF\x10\0\0\0WEBPVP8 ", "WebP picture"),
        (b"\n <!DOCTYPE HTML><html>", "web page"),
        ("你好，世界".encode() * 40, "plain text, beginning with '你好"),
        (bytes(100), "zero bytes only"),
        (b"\x01\x02\x03\xfe", "01 02 03 fe"),
    ],
)
def test_content_is_described(tmp_path, content, said):
    path = tmp_path / "file"
    path.write_bytes(content)
    assert said in describe_content(path)
