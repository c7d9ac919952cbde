"""Other processes that begin at once, for tests that have nothing to do with Keras."""

import os

import pytest

from course_utils.places import ROOT


@pytest.fixture
def without_keras(tmp_path_factory, monkeypatch):
    """Lets processes that a test starts find the course, and leave Keras where it is."""
    place = tmp_path_factory.mktemp("site")
    (place / "sitecustomize.py").write_text(
        "import course_utils.runtime as runtime\nruntime.start = lambda seed=0: None\n"
    )
    found = os.pathsep.join([str(place), str(ROOT), os.environ.get("PYTHONPATH", "")])
    monkeypatch.setenv("PYTHONPATH", found)
    return found
