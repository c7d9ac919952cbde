"""Takes captions in two languages out of a Debian package of stamps for a drawing program, errors and all.

Writes data/photographs/captions_as_shipped.tsv: a row for each photograph of the package that has a caption
in English and in simplified Chinese, with the right word where the Chinese caption is wrong.

needs
  Debian    tuxpaint-stamps-default 2022.06.04-1, as a file: apt-get download tuxpaint-stamps-default
  Python    the repository around it and what its build_photographs.py needs
  data/build/captions.txt: the photographs among the package's pictures, a path a line
  data/build/caption_errors.tsv: which Chinese captions are wrong, and the right word

Any computer gives the same bytes; a package of another version is refused.
"""

import argparse
import sys
from pathlib import Path

from build_photographs import FOLDER, STAMPS, unpack
from files import read_table, write_atomically

PHOTOGRAPHS = Path(__file__).with_name("captions.txt")
ERRORS = Path(__file__).with_name("caption_errors.tsv")
CHINESE = "zh_CN.utf8="


def captions(text: str) -> tuple[str, str]:
    """A file's caption in English, which is its first line, and in Chinese, "" where it has none."""
    english, *translations = text.splitlines()
    chinese = (line for line in translations if line.startswith(CHINESE))
    return english.strip(), next(chinese, CHINESE)[len(CHINESE) :].strip()


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("package", type=Path, metavar="PACKAGE", help="the .deb file of the stamps")
    package = parser.parse_args().package
    paths = PHOTOGRAPHS.read_text(encoding="utf-8").split()
    texts = {path: STAMPS + path.removesuffix(".png") + ".txt" for path in paths}
    contents = unpack(package, set(texts.values()))
    right = {row["path"]: row["right"] for row in read_table(ERRORS)}

    lines = [("path", "english", "chinese", "right")]
    for path, text in texts.items():
        english, chinese = captions(contents[text].decode())
        lines.append((path, english, chinese, right.pop(path, "")))
    if right or not all(map(all, (line[:3] for line in lines))):
        sys.exit(f"{PHOTOGRAPHS.name} or {ERRORS.name} does not fit the package")
    write_atomically(FOLDER / "captions_as_shipped.tsv", "".join("\t".join(line) + "\n" for line in lines))


if __name__ == "__main__":
    main()
