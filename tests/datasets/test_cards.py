"""Every file of the data lies in a folder of which a card and the table of all cards say the licence."""

import json
import re

import pytest

from course_utils.places import DATA

FILES = list(json.loads((DATA / "manifest.json").read_text(encoding="utf-8"))["files"])
OVERVIEW = (DATA / "README.md").read_text(encoding="utf-8")
CARDS = {path.parent.name: path.read_text(encoding="utf-8") for path in DATA.glob("*/README.md")}
NO_DATA = {"build"}  # the scripts have no card


def without_licence(files, overview, cards):
    """Yield the folders of files of which the overview or a card says no licence."""
    table = overview.partition("\n## ")[0]
    licences = dict(re.findall(r"^\| \[?(\w+)(?:\]\(\S+\))? \|.*\|([^|]*)\|$", table, flags=re.MULTILINE))
    for folder in sorted({name.split("/")[0] for name in files if "/" in name}):
        if not licences.get(folder, "").strip():
            yield f"{folder}: no row of data/README.md says its licence"
        if folder not in NO_DATA and not re.search(r"^\*\*Licence\b", cards.get(folder, ""), re.MULTILINE):
            yield f"{folder}: its card has no paragraph that begins with **Licence"


def test_every_folder_has_its_licence():
    assert list(without_licence(FILES, OVERVIEW, CARDS)) == []


@pytest.mark.parametrize(
    ("files", "overview", "cards", "complaint"),
    [
        ([*FILES, "faces/1.png"], OVERVIEW, CARDS | {"faces": "**Licence.** CC0"}, "faces: no row"),
        (FILES, OVERVIEW.replace("| CC-BY-4.0 |", "| |", 1), CARDS, "speech: no row"),
        (FILES, OVERVIEW, CARDS | {"emoji": "# Emoji"}, "emoji: its card"),
    ],
    ids=["a new folder", "an empty column", "a silent card"],
)
def test_a_folder_without_licence_is_noticed(files, overview, cards, complaint):
    (found,) = without_licence(files, overview, cards)
    assert found.startswith(complaint)
