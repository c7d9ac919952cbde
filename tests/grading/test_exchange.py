"""What is handed in through nbgrader's exchange: from its owner only, and whole."""

import datetime
import errno
import os
import shutil
from pathlib import Path
from types import SimpleNamespace

import pytest

from course_utils import CourseError
from course_utils.grading import exchange

pytest.importorskip("nbgrader", reason="nbgrader is in the extra `instructor`")

LESSON = "00_orientation"
EARLY, LATE = "2026-11-01 10:00:00.000000 UTC", "2026-11-02 10:00:00.000000 UTC"


@pytest.fixture
def inbound(tmp_path):
    folder = tmp_path / "exchange" / "multimodal" / "inbound"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def owners(monkeypatch):
    """Whose folders are whose, since only root may give files away; everything else is its student's."""
    owners = {}
    monkeypatch.setattr(exchange, "_owner", lambda path: owners.get(path.name, path.name.partition("+")[0]))
    return owners


def hand_in(inbound, student, when=EARLY, text="work", random="abc"):
    place = inbound / f"{student}+{LESSON}+{when}+{random}"
    place.mkdir()
    (place / f"{LESSON}.ipynb").write_text(text, encoding="utf-8")
    (place / "timestamp.txt").write_text(when, encoding="utf-8")
    return place


def fetch(inbound, due=None, check_owner=True):
    collector = SimpleNamespace(
        root=str(inbound.parent.parent),
        check_owner=check_owner,
        coursedir=SimpleNamespace(course_id="multimodal", assignment_id=LESSON),
    )
    return exchange.fetch(collector, submitted(inbound), due)


def submitted(inbound):
    return inbound.parents[2] / "course" / "submitted"


def text_of(inbound, student):
    path = submitted(inbound) / student / LESSON / f"{LESSON}.ipynb"
    return path.read_text(encoding="utf-8") if path.exists() else None


def test_the_newest_is_fetched_and_replaces_what_came_before(inbound, owners):
    hand_in(inbound, "ada", EARLY, "first")
    hand_in(inbound, "a+b", EARLY, "plus")
    owners[f"a+b+{LESSON}+{EARLY}+abc"] = "a+b"
    assert fetch(inbound) == []
    assert text_of(inbound, "ada") == "first"
    assert text_of(inbound, "a+b") == "plus"
    hand_in(inbound, "ada", LATE, "second")
    assert fetch(inbound) == []
    assert text_of(inbound, "ada") == "second"
    assert fetch(inbound) == []


def test_before_the_due_date_the_newest_in_time_counts(inbound, owners):
    hand_in(inbound, "ada", EARLY, "in time")
    hand_in(inbound, "ada", LATE, "late")
    hand_in(inbound, "bob", LATE, "late")
    fetch(inbound, due=datetime.datetime(2026, 11, 1, 12))
    assert (text_of(inbound, "ada"), text_of(inbound, "bob")) == ("in time", "late")


def test_what_another_user_has_made_is_not_fetched_and_named(inbound, owners):
    hand_in(inbound, "ada", EARLY, "ada's own")
    forged = hand_in(inbound, "ada", LATE, "forged")
    owners[forged.name] = "mallory"
    hand_in(inbound, "bob", LATE, "only forged")
    owners[f"bob+{LESSON}+{LATE}+abc"] = "mallory"
    notes = fetch(inbound)
    assert text_of(inbound, "ada") == "ada's own"
    assert text_of(inbound, "bob") is None
    assert len(notes) == 2
    assert all("it says it is" in note and "mallory has made it" in note for note in notes)
    assert fetch(inbound, check_owner=False) == []  # where all accounts are one user, nbgrader can be told so
    assert text_of(inbound, "ada") == "forged"


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_the_owner_is_the_one_of_the_file_system(inbound):
    mine, theirs = hand_in(inbound, "root"), hand_in(inbound, "root", LATE, "forged")
    os.chown(theirs, 65534, -1)
    nameless = hand_in(inbound, "12345")
    os.chown(nameless, 12345, -1)
    notes = fetch(inbound)
    assert len(notes) == 2
    assert text_of(inbound, "root") == (mine / f"{LESSON}.ipynb").read_text(encoding="utf-8")
    assert text_of(inbound, "12345") is None


@pytest.mark.parametrize(
    "name",
    [
        f"zoe+{LESSON}+not a date+x",
        f"zoe+{LESSON}+",
        f"zoe+{LESSON}+2026-13-45 99:00:00 UTC+x",
        f"zoe+{LESSON}+99999999999999999999+x",
        f"..+{LESSON}+{EARLY}+x",
        f".+{LESSON}+{EARLY}+x",
        f"+{LESSON}+{EARLY}+x",
        f".hidden+{LESSON}+{EARLY}+x",
        os.fsdecode(b"J\xf6rg+" + f"{LESSON}+never+x".encode()),
    ],
)
def test_a_name_that_nobody_understands_stops_nobody(inbound, owners, name):
    (inbound / name).mkdir()
    hand_in(inbound, "ada")
    [note] = fetch(inbound, check_owner=False)
    assert "not fetched" in note
    note.encode("utf-8")
    assert text_of(inbound, "ada") == "work"
    assert [path.name for path in submitted(inbound).parent.rglob("*.ipynb")] == [f"{LESSON}.ipynb"]


def test_links_and_others_files_stay_behind_and_are_named(inbound, owners, tmp_path, monkeypatch):
    secret = tmp_path / "secret.ipynb"
    secret.write_text("secret", encoding="utf-8")
    place = hand_in(inbound, "ada")
    (place / "link.ipynb").symlink_to(secret)
    (place / "folder").symlink_to(tmp_path)
    (place / "sub").mkdir()
    (place / "sub" / "deeper").symlink_to("/etc/passwd")
    (place / "sub" / "own.txt").write_text("own", encoding="utf-8")
    os.mkfifo(place / "pipe")
    [note] = fetch(inbound)
    for name in ("link.ipynb", "folder", "sub/deeper", "pipe"):
        assert f"{name} (no ordinary file)" in note
    copied = submitted(inbound) / "ada" / LESSON
    assert {path.name for path in copied.rglob("*")} == {
        *(f"{LESSON}.ipynb", "timestamp.txt", "sub", "own.txt"),
    }


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can give files away")
def test_a_file_that_another_user_has_put_in_stays_behind(inbound):
    place = hand_in(inbound, "root")
    (place / "planted.ipynb").write_text("planted", encoding="utf-8")
    os.chown(place / "planted.ipynb", 65534, -1)
    [note] = fetch(inbound)
    assert "planted.ipynb (somebody else's)" in note


def test_a_folder_that_is_a_link_is_not_fetched(inbound, owners, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (inbound / f"ada+{LESSON}+{EARLY}+x").symlink_to(tmp_path / "elsewhere")
    (inbound / f"bob+{LESSON}+{EARLY}+x").write_text("a file", encoding="utf-8")
    notes = fetch(inbound)
    assert len(notes) == 2
    assert all("no folder" in note for note in notes)


def test_what_the_instructor_has_put_there_is_kept(inbound, owners):
    by_hand = submitted(inbound) / "ada" / LESSON
    by_hand.mkdir(parents=True)
    (by_hand / f"{LESSON}.ipynb").write_text("sent by mail", encoding="utf-8")
    hand_in(inbound, "ada")
    [note] = fetch(inbound)
    assert "did not come through the exchange and is kept" in note
    assert text_of(inbound, "ada") == "sent by mail"


@pytest.mark.parametrize("linked", ["ada", f"ada/{LESSON}"])
def test_nothing_is_fetched_into_a_link(inbound, owners, tmp_path, linked):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    place = submitted(inbound) / linked
    place.parent.mkdir(parents=True)
    place.symlink_to(elsewhere)
    hand_in(inbound, "ada")
    [note] = fetch(inbound)
    assert "it is a link" in note
    assert list(elsewhere.iterdir()) == []


def test_whoever_locks_a_file_stops_only_their_own(inbound, owners, monkeypatch):
    hand_in(inbound, "ada")
    hand_in(inbound, "bob")
    copyfile = shutil.copyfile

    def refuse(source, target, **options):
        if "ada+" in str(source):
            raise PermissionError(errno.EACCES, "Permission denied", str(source))
        copyfile(source, target, **options)

    monkeypatch.setattr(exchange.shutil, "copyfile", refuse)
    [note] = fetch(inbound)
    assert "all of it, since it cannot be copied" in note
    assert (text_of(inbound, "ada"), text_of(inbound, "bob")) == (None, "work")


def test_a_full_disk_ends_it_and_leaves_what_was_there(inbound, owners, monkeypatch):
    hand_in(inbound, "ada", EARLY, "first")
    fetch(inbound)
    hand_in(inbound, "ada", LATE, "second")

    def refuse(source, target, **options):
        Path(target).write_text("hal", encoding="utf-8")
        raise OSError(errno.ENOSPC, "No space left on device", str(target))

    with monkeypatch.context() as patch:
        patch.setattr(exchange.shutil, "copyfile", refuse)
        with pytest.raises(CourseError, match="No space left on device"):
            fetch(inbound)
    assert text_of(inbound, "ada") == "first"
    assert fetch(inbound) == []
    assert text_of(inbound, "ada") == "second"


def test_a_folder_without_end_is_cut(inbound, owners, monkeypatch):
    monkeypatch.setattr(exchange, "_LARGEST_FOLDER", 1000)
    place = hand_in(inbound, "ada")
    with (place / "video.mp4").open("wb") as file:
        file.truncate(2**36)
    [note] = fetch(inbound)
    assert "video.mp4 (beyond" in note
    assert text_of(inbound, "ada") == "work"


def test_a_course_without_an_exchange_has_nothing_to_fetch(tmp_path, owners):
    assert fetch(tmp_path / "exchange" / "multimodal" / "inbound") == []


def addressed(handed_in, page):
    """What `release_feedback` finds beside a page: the secret, and a time or none."""
    exchange.address(handed_in, page)
    names = ("submission_secret.txt", "timestamp.txt")
    return tuple((page / name).read_text(encoding="utf-8") for name in names)


@pytest.fixture
def handed_in_and_page(tmp_path):
    folders = tmp_path / "handed in", tmp_path / "page"
    for folder in folders:
        folder.mkdir()
    return folders


def test_a_page_goes_to_whoever_has_handed_in_last(handed_in_and_page):
    handed_in, page = handed_in_and_page
    (page / "timestamp.txt").write_text(EARLY, encoding="utf-8")
    for secret in ("0" * 128, "1" * 128):
        (handed_in / "submission_secret.txt").write_text(f"{secret}\n", encoding="utf-8")
        assert addressed(handed_in, page) == (secret, EARLY)


@pytest.mark.parametrize("given", [None, "", "short", "z" * 128, "0" * 129])
def test_a_page_of_what_came_in_another_way_goes_to_nobody_and_stops_nobody(handed_in_and_page, given):
    handed_in, page = handed_in_and_page
    if given is not None:
        (handed_in / "submission_secret.txt").write_text(given, encoding="utf-8")
    secret, time = addressed(handed_in, page)
    assert len(secret) == 128 and secret != given and time == ""
    assert addressed(handed_in, page) == (secret, "")


def test_a_secret_is_not_read_through_a_link_and_a_missing_page_is_none(handed_in_and_page, tmp_path):
    handed_in, page = handed_in_and_page
    (tmp_path / "another's").write_text("0" * 128, encoding="utf-8")
    (handed_in / "submission_secret.txt").symlink_to(tmp_path / "another's")
    assert addressed(handed_in, page)[0] != "0" * 128
    exchange.address(handed_in, tmp_path / "nowhere")
    assert not (tmp_path / "nowhere").exists()
