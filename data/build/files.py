"""Shared by the build scripts: where the data lies, and writing a file whole or not at all.

Importing this makes ``course_utils`` importable, so that the scripts run without installing the course.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from course_utils.files import write_atomically
from course_utils.places import DATA

__all__ = ["DATA", "write_atomically"]
