"""Grading is tested where submissions can be isolated."""

import pytest

from course_utils.errors import CourseError
from course_utils.grading import sandbox


@pytest.fixture(scope="session")
def isolation():
    """Skip a test where this machine cannot isolate submissions."""
    try:
        sandbox.require_isolation()
    except CourseError as error:
        pytest.skip(f"submissions cannot be isolated here: {error}")
