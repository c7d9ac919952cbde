"""No import of the package runs back, and the map in CONTRIBUTING has every room."""

import ast
import re

import pytest

from course_utils.places import ROOT

PACKAGE = ROOT / "course_utils"
GROUND = {path.stem for path in PACKAGE.glob("*.py")} - {"__init__", "__main__"} | {"diagrams"}

# Room → the rooms that it may import, besides the ground. Who stands higher comes later.
MAY_IMPORT = {
    "preprocessing": set(),
    "datasets": {"preprocessing"},
    "features": {"preprocessing", "datasets"},
    "fusion": set(),
    "alignment": set(),
    "generation": {"fusion"},
    "language_model": {"datasets"},
    "scale": set(),
    "evaluation": set(),
    "experiments": {
        "preprocessing",
        "datasets",
        "features",
        "fusion",
        "alignment",
        "generation",
        "language_model",
        "scale",
        "evaluation",
    },
    "reports": {"preprocessing", "evaluation"},
    "lessons": {"language_model", "scale"},
    "checks": {"lessons", "features", "language_model"},
    "grading": {"lessons", "checks", "features", "fusion", "alignment", "generation"},
    "site": {"lessons"},
    "command": {"lessons", "datasets", "language_model", "scale", "reports", "grading", "site"},
}
# The ground has an order of its own: what a module of it may import of the others.
GROUND_MAY_IMPORT = {
    "places": set(),
    "words": {"places"},
    "errors": {"words"},
    "files": {"errors"},
    "arguments": {"errors"},
    "runtime": {"errors", "places"},
    "plotting": {"errors", "arguments", "words"},
    "diagrams": {"plotting"},
    "training": {"errors", "files", "arguments"},
}


def imported(source):
    """Names of the modules of course_utils that a source imports anywhere, also inside its functions."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name.split(".")[1] for name in found if name.startswith("course_utils.")}


def room_of(path):
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else path.stem


def arrows():
    """(from, to) → the files that draw this arrow."""
    found = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        room = room_of(path)
        for target in imported(path.read_text(encoding="utf-8")) - {room}:
            found.setdefault((room, target), set()).add(path.relative_to(ROOT).as_posix())
    return found


def complaints(arrows_found):
    rooms = {**MAY_IMPORT, **GROUND_MAY_IMPORT}
    for (room, target), files in arrows_found.items():
        if room in ("__init__", "__main__") or target not in rooms:
            continue  # the door opens every room; a name such as CourseError is no room
        on_the_ground = target in GROUND and room not in GROUND
        if not on_the_ground and target not in rooms[room]:
            yield f"{room} may not import {target}: {', '.join(sorted(files))}"


def test_no_import_runs_back():
    assert not list(complaints(arrows()))


def test_an_import_that_runs_back_is_noticed():
    backwards = {("preprocessing", "datasets"): {"a.py"}, ("errors", "files"): {"b.py"}}
    assert len(list(complaints(backwards))) == 2
    assert imported("def f():\n    from course_utils.features import cnn, rnn") == {"features"}
    assert imported("from course_utils import files\nimport course_utils.grading.run") == {"files", "grading"}


@pytest.mark.parametrize("rooms", [GROUND_MAY_IMPORT, MAY_IMPORT], ids=["ground", "rooms"])
def test_every_room_stands_on_rooms_before_it(rooms):
    order = list(rooms)
    assert all(below <= set(order[: order.index(room)]) for room, below in rooms.items())


def test_every_room_has_its_line_here_and_in_the_map():
    rooms = {path.parent.name for path in PACKAGE.glob("*/__init__.py")} - GROUND
    assert rooms == MAY_IMPORT.keys()
    assert GROUND_MAY_IMPORT.keys() == GROUND
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("\n## The package\n")[2]
    listed = set(re.findall(r"^\| `(\w+)` \|", text, flags=re.M))
    assert listed == rooms | GROUND


def test_ten_loose_modules_at_most():
    assert len(list(PACKAGE.glob("*.py"))) <= 10
