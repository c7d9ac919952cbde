"""When a submission was handed in, as the file ``timestamp.txt`` beside it says."""

import datetime
import re
from pathlib import Path

import dateutil.tz

__all__ = ["read_beginning", "read_timestamp", "to_utc"]

_LONGEST = 100  # characters
_EXAMPLE = "2026-03-31 14:05:00 UTC"
_FORM = re.compile(r"((?:19|20)\d\d-\d\d-\d\d)[ T](\d\d:\d\d(?::\d\d(?:\.\d{1,6})?)?) ?(.*)")


def read_timestamp(path: Path) -> str:
    """Reads the beginning of a timestamp's file.

    Args:
        path: Path of ``timestamp.txt``; a link is not followed.

    Returns:
        str, at most 100 characters; "" when there is no such file.
    """
    return read_beginning(path, _LONGEST)


def read_beginning(path: Path, longest: int) -> str:
    """Reads the beginning of a short file that somebody else may have written.

    Args:
        path: Path; a link is not followed.
        longest: int, how many bytes to read.

    Returns:
        str, without blanks at its ends; "" when there is no such file.
    """
    if path.is_symlink() or not path.is_file():
        return ""
    try:
        with path.open("rb") as file:
            return file.read(longest).decode("utf-8", errors="replace").strip("\ufeff\0 \t\r\n")
    except OSError as error:
        return f"(cannot be read: {error.strerror})"


def to_utc(timestamp: str) -> tuple[str, str]:
    """Gives a time in the form that nbgrader reads without doubt.

    Args:
        timestamp: str, such as "2026-03-31 16:05:00 Europe/Berlin" or "2026-03-31T16:05:00+02:00"; without a
            zone it is in UTC.

    Returns:
        (str, str): the time in UTC, "" when it is not known, and what is wrong, "" when nothing is.
    """
    text = timestamp.strip("\ufeff \t\r\n")
    if not text:
        return "", ""
    try:
        day, time, zone = _FORM.fullmatch(text).groups()
        moment = datetime.datetime.fromisoformat(f"{day} {time}").replace(tzinfo=_zone(zone))
        return moment.astimezone(datetime.UTC).strftime("%Y-%m-%d %H:%M:%S.%f UTC"), ""
    except (AttributeError, ValueError, OverflowError):
        found = f"found {text[:40]!r}, expected a time such as {_EXAMPLE}"
        return "", f"timestamp.txt: {found}; entered without a time"


def _zone(name: str) -> datetime.tzinfo:
    if name in ("", "UTC", "Z"):
        return datetime.UTC
    if offset := re.fullmatch(r"([+-])(\d\d):?(\d\d)", name):
        minutes = 60 * int(offset[2]) + int(offset[3])
        return datetime.timezone(datetime.timedelta(minutes=int(f"{offset[1]}{minutes}")))
    # What is no name would be opened as a file.
    zone = dateutil.tz.gettz(name) if re.fullmatch(r"[A-Za-z_]+(/[A-Za-z_+-]+)*", name) else None
    if zone is None:
        raise ValueError(f"no time zone: {name}")
    return zone
