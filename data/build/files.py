"""Shared by the build scripts: where the data lies, writing a file whole, reading tables and packages.

Importing this makes ``course_utils`` importable, so that the scripts run without installing the course.
"""

import io
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from course_utils.datasets.integrity import sha256
from course_utils.files import write_atomically
from course_utils.places import DATA

__all__ = ["DATA", "open_package", "read_table", "write_atomically"]


def read_table(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated file with a header: a list of {column: text}."""
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]


def open_package(path: Path, name: str, fingerprint: str) -> tarfile.TarFile:
    """The files of a .deb package, which is an ar archive: headers of 60 bytes, each before a member.

    It must have the SHA-256 of the package of that name, such as "flite_2.2-5_amd64.deb"; if it has not, or
    cannot be read, the script ends with a sentence that says what to do.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        sys.exit(f"{path} cannot be read: {error.strerror}. Run `apt-get download {name.partition('_')[0]}`")
    if sha256(content) != fingerprint:
        sys.exit(f"{path} is not {name}: its SHA-256 is another")
    start = len(b"!<arch>\n")
    while not content.startswith(b"data.tar", start):
        start += 60 + int(content[start + 48 : start + 58])
        start += start % 2  # members begin at even places
    size = int(content[start + 48 : start + 58])
    return tarfile.open(fileobj=io.BytesIO(content[start + 60 : start + 60 + size]))
