"""Of a timestamp's file only the beginning is read, whatever it is."""

import pytest

from course_utils.grading.timestamps import read_timestamp


@pytest.mark.parametrize(
    ("content", "read"),
    [
        (b"2026-03-31 14:05:00 UTC\n", "2026-03-31 14:05:00 UTC"),
        (b"\xef\xbb\xbf2026-03-31 14:05:00 UTC\r\n", "2026-03-31 14:05:00 UTC"),
        (b"", ""),
        (b"\xff\xfe", "\ufffd\ufffd"),
    ],
)
def test_what_is_read(tmp_path, content, read):
    path = tmp_path / "timestamp.txt"
    path.write_bytes(content)
    assert read_timestamp(path) == read


def test_a_file_of_gigabytes_is_read_no_further_than_a_time_is_long(tmp_path):
    path = tmp_path / "timestamp.txt"
    with path.open("wb") as file:
        file.write(b"2026-03-31 14:05:00 UTC")
        file.truncate(3 * 2**30)  # holes: it takes no room on the disk
    assert read_timestamp(path) == "2026-03-31 14:05:00 UTC"


def test_what_is_no_file_is_no_time(tmp_path):
    (tmp_path / "link").symlink_to("/etc/hostname")
    assert (
        read_timestamp(tmp_path / "link") == read_timestamp(tmp_path) == read_timestamp(tmp_path / "no") == ""
    )
