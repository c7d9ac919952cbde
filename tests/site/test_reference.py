"""The reference has what a module offers, and says it as the docstring does."""

import pytest

from course_utils.places import ROOT
from course_utils.site import reference

pytest.importorskip("sphinx", reason="what makes the site is in the extra `site`")

MODULE = '''
"""What the module is for."""

__all__ = ["SIZE", "Thing", "double"]

SIZE = 3
"""Of everything."""

OTHER = 4
"""Of nothing that is offered."""


def double(value: int, *, twice: bool = False) -> int:
    """Doubles a number.

    Args:
        value: int, any.
    """


def _helper() -> None:
    """Is nobody's business."""


class Thing:
    """One of many.

    Attributes:
        name: str, its own.
    """

    def __init__(self, name: str) -> None:
        self.name = name

    def call(self, loud: bool) -> str:
        """Calls it."""
'''


def test_what_is_offered_has_an_entry_and_nothing_else():
    page = reference.module_page("some.module", MODULE)
    assert page.startswith(
        "some.module\n===========\n\n.. py:module:: some.module\n\nWhat the module is for.\n"
    )
    assert ".. py:data:: SIZE\n\n   Of everything.\n" in page
    assert (
        ".. py:function:: double(value: int, *, twice: bool=False) -> int\n\n   Doubles a number.\n" in page
    )
    assert "\n   :param value: int, any.\n" in page
    assert ".. py:class:: Thing(name: str)\n\n   One of many.\n" in page
    assert "\n   :ivar name: str, its own.\n" in page
    assert "\n   .. py:method:: call(loud: bool) -> str\n\n      Calls it.\n" in page
    assert "OTHER" not in page and "_helper" not in page and "__init__" not in page


def test_rooms_that_know_answers_have_no_page(tmp_path):
    reference.write_reference(ROOT / "course_utils", tmp_path / "api")
    names = {path.stem for path in (tmp_path / "api").iterdir()}
    assert {"index", "course_utils.plotting", "course_utils.datasets", "course_utils.datasets.emoji"} <= names
    assert not [name for name in names if name.split(".")[1:2] and name.split(".")[1] in reference.HIDDEN]
    assert "course_utils.datasets.emoji\n" in (tmp_path / "api" / "course_utils.datasets.rst").read_text(
        "utf-8"
    )
