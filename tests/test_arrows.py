"""Imports between the rooms of what the lessons teach run one way."""

import ast

import pytest

from course_utils.places import ROOT

PACKAGE = ROOT / "course_utils"
# Which rooms a room may know besides itself and the loose modules, the ground.
KNOWN = {
    "preprocessing": set(),
    "datasets": {"preprocessing"},
    "features": {"preprocessing", "datasets"},
    "fusion": set(),
    "evaluation": set(),
    "experiments": {"preprocessing", "datasets", "features", "fusion", "evaluation"},
    "checks": {"preprocessing", "datasets", "features", "fusion", "evaluation", "experiments"},
}


def rooms_imported(source):
    """Rooms of `course_utils` that a module's text imports anywhere, inside functions too."""
    names = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    inside = [name.split(".")[1] for name in names if name.startswith("course_utils.")]
    return {room for room in inside if (PACKAGE / room).is_dir()}


@pytest.mark.parametrize("room", KNOWN)
def test_a_room_knows_only_what_lies_below_it(room):
    modules = sorted((PACKAGE / room).glob("*.py"))
    assert modules
    for path in modules:
        unknown = rooms_imported(path.read_text(encoding="utf-8")) - KNOWN[room] - {room}
        assert not unknown, f"{path.name} imports {', '.join(sorted(unknown))}"


def test_training_stands_on_the_ground_alone():
    assert not rooms_imported((PACKAGE / "training.py").read_text(encoding="utf-8"))


def test_an_arrow_that_runs_back_is_noticed():
    text = (
        "def read():\n    from course_utils.features import cache\nimport course_utils.experiments.fusion\n"
    )
    assert rooms_imported(text + "from course_utils import arguments, datasets") == {
        "features",
        "experiments",
        "datasets",
    }
