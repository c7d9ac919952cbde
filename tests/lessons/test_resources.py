"""Every resource is complete, and its link leads somewhere where there is a network."""

import re
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

from course_utils.lessons import resources
from course_utils.places import ROOT


def test_every_row_is_complete_and_none_comes_twice():
    for row in resources.RESOURCES:
        assert all(text.strip() == text and len(text) > 3 and "|" not in text for text in row), row
        assert (
            row.kind in resources.KINDS and row.level in resources.LEVELS and row.link.startswith("https://")
        ), row
        assert row.kind != "paper" or row.name[-4:].isdigit(), f"{row.name} names no year"
    assert len({row.link for row in resources.RESOURCES}) == len(resources.RESOURCES) >= 12
    assert {row.kind for row in resources.RESOURCES} == set(resources.KINDS)


def test_the_tables_show_each_resource_once():
    shown = "\n".join(map(resources.table, resources.KINDS))
    assert all(shown.count(f"]({row.link})") == 1 for row in resources.RESOURCES)


def test_the_folder_decides_on_the_language(tmp_path, monkeypatch):
    (tmp_path / "zh").mkdir()
    monkeypatch.chdir(tmp_path / "zh")
    chinese = "\n".join(map(resources.table, resources.KINDS))
    monkeypatch.chdir(tmp_path)
    english = "\n".join(map(resources.table, resources.KINDS))
    assert chinese.startswith("| 名称 |") and english.startswith("| what |")
    names = r"\[.*?\]\(.*?\)"  # these stay
    assert re.findall(names, chinese) == re.findall(names, english)
    assert not re.search(r"[a-z]{2,} [a-z]{2,}", re.sub(names, "", chinese))


def test_english_loads_no_reader_of_catalogues():
    code = (
        "from course_utils.lessons import resources as r; import sys; r.table('paper'); print(*sys.modules)"
    )
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"babel", "course_utils.lessons.catalogues"} & set(run.stdout.split())


def reachable():
    try:
        socket.create_connection(("arxiv.org", 443), timeout=3).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not reachable(), reason="needs a network, to follow the links")
@pytest.mark.parametrize("row", resources.RESOURCES, ids=lambda row: row.name)
def test_the_link_leads_somewhere(row):
    request = urllib.request.Request(row.link, headers={"User-Agent": "Mozilla/5.0 (test of links)"})
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            assert answer.status == 200
    except urllib.error.HTTPError as error:
        # A site that turns programs away is there; a page that has gone is not.
        assert error.code in {403, 429}, f"{row.link}: {error}"
