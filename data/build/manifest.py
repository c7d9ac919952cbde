"""Rewrites data/manifest.json: every file below data/ (but itself) with its size and SHA-256.

needs nothing but Python. Run it after any change below data/; a test compares it with the files.
Hidden files (unfinished ones are hidden) and __pycache__ are left out.
"""

import argparse
import json
from pathlib import Path

from files import DATA, write_atomically

from course_utils.datasets.integrity import sha256


def listed(path: Path) -> bool:
    parts = path.relative_to(DATA).parts
    hidden = any(part.startswith(".") or part == "__pycache__" for part in parts)
    return path.is_file() and not hidden and parts != ("manifest.json",)


def describe() -> dict[str, dict]:
    """{name below data/: {"bytes": size, "sha256": fingerprint}}, sorted by name."""
    files = {}
    for path in sorted(DATA.rglob("*"), key=lambda path: path.relative_to(DATA).as_posix()):
        if listed(path):
            content = path.read_bytes()
            files[path.relative_to(DATA).as_posix()] = {"bytes": len(content), "sha256": sha256(content)}
    return files


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.parse_args()
    files = describe()
    lines = (f"{json.dumps(name, ensure_ascii=False)}: {json.dumps(entry)}" for name, entry in files.items())
    write_atomically(DATA / "manifest.json", '{"files": {\n' + ",\n".join(lines) + "\n}}\n")
    print(f"{len(files)} files, {sum(entry['bytes'] for entry in files.values()):,} bytes")


if __name__ == "__main__":
    main()
