"""Every resource is complete, and its link leads somewhere where there is a network."""

import socket
import urllib.error
import urllib.request

import pytest

from course_utils.lessons import resources


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
