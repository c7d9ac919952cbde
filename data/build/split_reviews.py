"""Numbers the reviews and messages in data/reviews and stores which split each belongs to.

needs nothing but Python. Run it after adding or removing rows; the order of the rows stays.

  1. Every file is read; columns `id` and `split`, if there, are dropped and made anew.
  2. Rows are sorted by label, negation and subject (pairs of messages by the positive one's sticker). The
     seed draws the order of the subjects and of the rows within each.
  3. Down each list (a label with or without negation; the pairs of messages) the splits follow one repeating
     pattern of twenty: 12 train, 3 validation, 5 test. So every split has both labels equally often.
  4. The two messages of a pair get one split: their text is the same.

Texts play no part, so mending one moves none. Run twice, it gives the same bytes.
"""

import argparse
import random
from collections.abc import Callable
from itertools import cycle, groupby
from pathlib import Path

from files import DATA, write_atomically

SEED = 20  # with it every subject and sticker is in train, every subject in test
FOLDER = DATA / "reviews"
# Twenty rows are 12 : 3 : 5, spread so that even seven neighbours (one subject of a stratum) get 4 : 1 : 2.
SHORT = {"T": "train", "v": "validation", "e": "test"}
PATTERN = [SHORT[letter] for letter in "TeTTvTeTTeTTvTeTTvTe"]


def read(path: Path) -> list[dict[str, str]]:
    """The rows of a tab-separated file with a header: a list of {column: text}."""
    header, *lines = path.read_text(encoding="utf-8").splitlines()
    return [dict(zip(header.split("\t"), line.split("\t"), strict=True)) for line in lines]


def assign(rows: list[dict], list_of: Callable[[dict], object], group_of: Callable[[dict], object]) -> None:
    """Gives each row its split: the rows of one list follow the pattern, group by group in a drawn order."""
    draw = random.Random(SEED)
    groups = sorted({group_of(row) for row in rows})
    place = dict(zip(draw.sample(groups, len(groups)), range(len(groups)), strict=True))
    shuffled = draw.sample(rows, len(rows))
    shuffled.sort(key=lambda row: (list_of(row), place[group_of(row)]))
    for _, members in groupby(shuffled, key=list_of):
        for row, split in zip(members, cycle(PATTERN), strict=False):
            row["split"] = split


def split_reviews(rows: list[dict]) -> None:
    assign(rows, lambda row: (row["label"], row["negation"]), lambda row: row["subject"])


def split_messages(rows: list[dict]) -> None:
    positive = [row for row in rows if row["label"] == "positive"]
    assign(positive, lambda row: "", lambda row: row["sticker"])
    splits = {row["pair"]: row["split"] for row in positive}
    for row in rows:
        row["split"] = splits[row["pair"]]


def write(path: Path, prefix: str, rows: list[dict]) -> None:
    for number, row in enumerate(rows, start=1):
        row["id"] = f"{prefix}{number:03}"
    columns = ["id", "split", *(column for column in rows[0] if column not in ("id", "split"))]
    lines = [columns, *([row[column] for column in columns] for row in rows)]
    write_atomically(path, "".join("\t".join(line) + "\n" for line in lines))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    for name, prefix in (("english", "en"), ("chinese", "zh"), ("messages", "m")):
        path = FOLDER / f"{name}.tsv"
        rows = read(path)
        if name == "messages":
            split_messages(rows)
        else:
            split_reviews(rows)
        write(path, prefix, rows)
        sizes = {part: sum(row["split"] == part for row in rows) for part in SHORT.values()}
        print(f"{name}: {len(rows)} rows, {sizes}")


if __name__ == "__main__":
    main()
