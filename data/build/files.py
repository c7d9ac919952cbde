"""Shared by the build scripts: where the data lies, and writing a file whole or not at all.

Importing this makes ``course_utils`` importable, so that the scripts run without installing the course.
"""

import sys
from pathlib import Path

DATA = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(DATA.parent))


def write_whole(path, content):
    """Write `content` (bytes) under a temporary name in the same folder, then rename it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(path.name + ".unfinished")
    unfinished.write_bytes(content)
    unfinished.replace(path)
