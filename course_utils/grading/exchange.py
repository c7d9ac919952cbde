"""Fetches what students have handed in through nbgrader's exchange: from themselves only, and whole.

The exchange is a folder into which every account may write, under any name. nbgrader takes the name's word
for whose work it is, follows links and ends at the first name that it does not understand; so the copying is
done here, by nbgrader's own settings.
"""

import collections
import datetime
import errno
import os
import re
import secrets
import shutil
import stat
from pathlib import Path
from typing import NamedTuple

from course_utils.errors import CourseError
from course_utils.files import write_atomically
from course_utils.grading.names import shown, student_of
from course_utils.grading.timestamps import read_beginning

__all__ = ["address", "fetch"]

_LARGEST_FOLDER = 100 * 2**20
_SECRET, _SECRET_FILE = re.compile("[0-9a-f]{128}"), "submission_secret.txt"


class _HandedIn(NamedTuple):
    """One folder of the exchange."""

    path: Path
    student: str
    when: datetime.datetime


def fetch(collector: object, submitted: Path, due: datetime.datetime | None) -> list[str]:
    """Copies each student's newest submission of a lesson into ``submitted/STUDENT/LESSON``.

    A folder that is not its student's, no folder, or without a date is left where it is, and so is every link
    in one. What lies in ``submitted/`` already stays, unless it came from the exchange before and is older.

    Args:
        collector: nbgrader's ``ExchangeCollect``, with the settings of the course.
        submitted: Path of the folder that submissions are copied to.
        due: datetime, UTC, up to which the newest counts, if there is one until then; or None.

    Returns:
        list of str, what an instructor must know: what was not fetched, and why.

    Raises:
        CourseError: when the copies cannot be written.
    """
    lesson = collector.coursedir.assignment_id
    inbound = Path(collector.root) / collector.coursedir.course_id / "inbound"
    notes, found = [], collections.defaultdict(list)
    try:
        for folder in sorted(inbound.iterdir()) if inbound.is_dir() else ():
            if f"+{lesson}+" not in folder.name:
                continue
            try:
                one = _handed_in(folder, lesson, collector.check_owner)
            except CourseError as error:
                notes.append(f"{shown(folder)}: not fetched: {error}")
            else:
                found[one.student].append(one)
    except OSError as error:
        return [
            f"{shown(inbound)}: the exchange cannot be read: {error.strerror or error}. If the class hands "
            "in there, run this as the user who has released the assignment."
        ]
    for versions in found.values():
        in_time = [one for one in versions if due and one.when <= due]
        notes += _put(max(in_time or versions, key=lambda one: one.when), submitted, lesson)
    return notes


def address(handed_in: Path, page: Path) -> None:
    """Puts beside a feedback page what nbgrader's ``release_feedback`` reads there.

    That command names a page in the exchange by a secret that came with the submission, so that nobody else
    finds it, and stops for the whole class at a page without secret or time. What came in another way than
    through the exchange has none: its page gets a secret that nobody knows.

    Args:
        handed_in: Path of the folder with the submission.
        page: Path of the folder with the feedback page; nothing is done where there is none.

    Raises:
        CourseError: when it cannot be written.
    """
    if not page.is_dir():
        return
    known = (read_beginning(place / _SECRET_FILE, 129) for place in (handed_in, page))
    secret = next(filter(_SECRET.fullmatch, known), None) or secrets.token_hex(64)
    write_atomically(page / _SECRET_FILE, secret)
    if not (page / "timestamp.txt").exists():
        write_atomically(page / "timestamp.txt", "")


def _handed_in(folder: Path, lesson: str, check_owner: bool) -> _HandedIn:
    """Reads a folder's name, STUDENT+LESSON+DATE+RANDOM; complains of one that is not what it says."""
    from nbgrader.utils import parse_utc

    name, _, rest = folder.name.rpartition(f"+{lesson}+")
    student, date = student_of(name), rest.partition("+")[0]
    if folder.is_symlink() or not folder.is_dir():
        raise CourseError("it is no folder, as nbgrader's `submit` makes them.")
    if not student or student.startswith("."):
        raise CourseError(f"its name gives {shown(student)!r} as the student.")
    try:
        when = parse_utc(date)
    except (ValueError, OverflowError):
        raise CourseError(
            f"its name has {shown(date)!r} where the date should be, such as 2026-11-28 09:30:00.000000 UTC."
        ) from None
    owner = _owner(folder)
    if check_owner and owner != student:
        raise CourseError(
            f"it says it is {shown(student)}'s, but {owner} has made it. Ask both; if it is right, copy it "
            f"to submitted/{shown(student)}/{lesson}/."
        )
    return _HandedIn(folder, student, when)


def _owner(path: Path) -> str:
    import pwd

    number = path.lstat().st_uid
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return f"a user without a name here ({number})"


def _put(one: _HandedIn, submitted: Path, lesson: str) -> list[str]:
    """Puts a submission into its place; gives what is to be said of it."""
    target = submitted / one.student / lesson
    if target.parent.is_symlink() or target.is_symlink():
        return [f"{shown(target)}: it is a link; nothing is fetched into it. Put a folder in its place."]
    if target.exists():
        before = _date_of(target)
        if before is None:
            return [
                f"{shown(target)}: this did not come through the exchange and is kept; {shown(one.path)} is "
                "not fetched. Move one of the two away."
            ]
        if before >= one.when:
            return []
    try:
        left = _copy(one, target)
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EROFS):
            raise CourseError(
                f"{shown(target)}: what was handed in cannot be copied here: {error.strerror}."
            ) from error
        # A file that its owner has locked must not stop the class.
        left = [f"all of it, since it cannot be copied ({shown(error)})"]
    return [f"{shown(one.path)}: left out: {', '.join(left)}."] if left else []


def _copy(one: _HandedIn, target: Path) -> list[str]:
    """Copies a submission whole or not at all; names what of it is left out."""
    # An interrupted run leaves the older one, the newer or none, and never a half.
    fresh = target.with_name(f".{target.name}.new")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir(parents=True)
    left = _copy_files(one.path, fresh)
    (fresh / "timestamp.txt").write_text(f"{one.when} UTC", encoding="utf-8")
    if target.exists():
        shutil.rmtree(target)
    fresh.rename(target)
    return left


def _date_of(target: Path) -> datetime.datetime | None:
    """Reads when a submission was handed in that lies in its place already."""
    from nbgrader.utils import parse_utc

    try:
        with (target / "timestamp.txt").open(encoding="utf-8", errors="replace") as file:
            return parse_utc(file.read(100).strip())
    except (OSError, ValueError, OverflowError):
        return None


def _copy_files(source: Path, target: Path) -> list[str]:
    """Copies the ordinary files of a folder that are its owner's own; names the others."""
    owner, left, room = source.lstat().st_uid, [], _LARGEST_FOLDER
    for folder, inner, names in os.walk(source, onerror=_raise):
        here = target / Path(folder).relative_to(source)
        here.mkdir(exist_ok=True)
        for path in [Path(folder) / name for name in [*names, *inner]]:
            status = path.lstat()
            if stat.S_ISDIR(status.st_mode):
                continue
            if reason := _objection(status, owner, room):
                left.append(f"{shown(path.relative_to(source))} ({reason})")
            else:
                room -= status.st_size
                shutil.copyfile(path, here / path.name, follow_symlinks=False)
                os.utime(here / path.name, ns=(status.st_atime_ns, status.st_mtime_ns))
    return left


def _objection(status: os.stat_result, owner: int, room: int) -> str:
    """Says why a file is not copied, "" if it is."""
    if not stat.S_ISREG(status.st_mode):
        return "no ordinary file"
    if status.st_uid != owner:
        return "somebody else's"
    return f"beyond {_LARGEST_FOLDER / 2**20:.0f} MB" if status.st_size > room else ""


def _raise(error: OSError) -> None:
    raise error
