"""Takes the photographs of data/photographs out of a Debian package of stamps for a drawing program.

Writes data/photographs/FOLDER/NAME.png (the package's files, not a byte changed), photographs.tsv beside
them (one row per photograph: what it shows, its captions and split, who gave it under which licence) and
licences/copyright (the package's own statement).

needs
  Debian    tuxpaint-stamps-default 2022.06.04-1, as a file: apt-get download tuxpaint-stamps-default
  Python    numpy, pillow and the repository around it
  data/build/photographs.tsv: which photographs, what they show, the Chinese captions, the credits
  data/emoji/concepts.json (build_emoji.py), for the concepts' names

  1. The English captions are the first lines of the package's .txt files; the rest comes from the table.
  2. A photograph's split is a hash of its subject, so all of one subject, and so all of one concept, have one
     split, and adding a photograph moves no other.

Any computer gives the same bytes; a package of another version is refused.
"""

import argparse
import hashlib
import json
import sys
from pathlib import Path, PurePosixPath

from files import DATA, open_package, read_table, write_atomically

from course_utils.datasets.photographs import SPLITS

FOLDER = DATA / "photographs"
TABLE = Path(__file__).with_name("photographs.tsv")
PACKAGE = "tuxpaint-stamps-default_2022.06.04-1_all.deb"
FINGERPRINT = "6db6c1bfc870a47f1499d6203b083522eacb57c5f9c87d468f2e92eb6d9d5f34"  # SHA-256 of the .deb file
STAMPS = "./usr/share/tuxpaint/stamps/"
COPYRIGHT = "./usr/share/doc/tuxpaint-stamps-default/copyright"
COLUMNS = (
    *("file", "concept", "match", "subject", "split", "english", "chinese"),
    *("by", "licence", "source", "path"),
)


def unpack(package: Path, wanted: set[str]) -> dict[str, bytes]:
    """The contents of some of the package's files: {name: bytes}."""
    with open_package(package, PACKAGE, FINGERPRINT) as archive:
        found = {
            member.name: archive.extractfile(member).read() for member in archive if member.name in wanted
        }
    missing = sorted(wanted - found.keys())
    if missing:
        sys.exit(f"the package has no {', '.join(missing)}: correct {TABLE.name}")
    return found


def place(path: str) -> str:
    """Where a photograph of the package goes: "animals/fish/x.png" → "animals/x.png"."""
    parts = PurePosixPath(path.lower()).parts
    return f"{parts[0]}/{parts[-1]}"


def split_of(subject: str) -> str:
    return SPLITS[hashlib.sha256(subject.encode()).digest()[0] % 2]


def complain(rows: list[dict[str, str]]) -> list[str]:
    """What is wrong with the table."""
    stored = json.loads((DATA / "emoji" / "concepts.json").read_text(encoding="utf-8"))["concepts"]
    names = {concept["name"]["en"] for concept in stored} | {""}
    wrong = [f"no emoji is called {row['concept']}" for row in rows if row["concept"] not in names]
    places = [place(row["path"]) for row in rows]
    wrong += [f"two photographs would be called {name}" for name in set(places) if places.count(name) > 1]
    subjects = {}
    for row in rows:
        if row["concept"] and subjects.setdefault(row["concept"], row["subject"]) != row["subject"]:
            wrong.append(f"{row['concept']} belongs to two subjects, so perhaps to two splits")
    return wrong


def joined(row: dict[str, str], contents: dict[str, bytes]) -> dict[str, str]:
    """A row of the table with what the package and the hash add to it."""
    english = contents[STAMPS + row["path"].removesuffix(".png") + ".txt"].decode().splitlines()[0]
    return row | {"file": place(row["path"]), "split": split_of(row["subject"]), "english": english}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="the .deb file of the stamps")
    package = parser.parse_args().package
    rows = read_table(TABLE)
    if wrong := complain(rows):
        sys.exit(f"{TABLE.name}: {'; '.join(wrong)}")
    pictures = {STAMPS + row["path"] for row in rows}
    texts = {name.removesuffix(".png") + ".txt" for name in pictures}
    contents = unpack(package, {COPYRIGHT, *pictures, *texts})

    for row in rows:
        target = FOLDER / place(row["path"])
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(target, contents[STAMPS + row["path"]])
    rows = [joined(row, contents) for row in rows]
    lines = [COLUMNS, *([row[column] for column in COLUMNS] for row in rows)]
    write_atomically(FOLDER / "photographs.tsv", "".join("\t".join(line) + "\n" for line in lines))
    (FOLDER / "licences").mkdir(exist_ok=True)
    write_atomically(FOLDER / "licences" / "copyright", contents[COPYRIGHT])

    strays = {path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*.png")}
    strays -= {row["file"] for row in rows}
    if strays:
        sys.exit(f"remove what is not in {TABLE.name}: {', '.join(sorted(strays))}")
    size = sum(len(contents[name]) for name in pictures)
    print(f"{len(rows)} photographs of {len({row['subject'] for row in rows})} subjects, {size:,} bytes")
    for split in SPLITS:
        part = [row for row in rows if row["split"] == split]
        subjects = len({row["subject"] for row in part})
        concepts = len({row["concept"] for row in part} - {""})
        print(f"  {split}: {len(part)} of {subjects} subjects, {concepts} emoji concepts among them")
    print("now run: python3 data/build/manifest.py")


if __name__ == "__main__":
    main()
