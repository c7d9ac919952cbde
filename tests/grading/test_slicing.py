"""Which cells have to run is told from the names in them."""

import time

import pytest

from course_utils.grading import slicing

LESSON = [
    "import numpy as np\nfrom os import path as where, sep",
    "x = np.ones(3)\nfor i in range(3):\n    x[i] = i",
    "def double(a):\n    return 2 * a",
    "x.sort()",
    "plotting.show(x)",
    "%%time\ny = double(x)",
    "def answer(a):\n    return double(a) + np.sum(a)",
]


@pytest.mark.parametrize(
    ("source", "names"),
    [
        ("a + b.c[d]", {"a", "b", "d"}),
        ("def f(a, b=c):\n    d = a\n    return d + e", {"c", "e"}),
        ("[i for i in a if b]", {"a", "b"}),
        ("lambda q: q + z", {"z"}),
        ("class A(B):\n    x = y\n    def f(self):\n        return x", {"B", "y", "x"}),
        ("!ls\nx", {"get_ipython", "x"}),
        ("this is no code", set()),
        ("return 1", set()),
        # A loop of its own in every Python: since 3.12 a comprehension is run in place.
        ("[i for i in a]; i", {"a", "i"}),
        ("{k: v + w for k, v in a.items()}", {"a", "w"}),
        ("{j for j in a for j in j}", {"a"}),
        ("[[y for y in x] for x in a]", {"a"}),
        ("def f(a):\n    return [i + z for i in a]", {"z"}),
        ("class A:\n    x = [y for y in z]", {"z"}),
        ("x = [(last := i) for i in a]", {"a"}),
        ("%matplotlib inline\n[i for i in a]", {"get_ipython", "a"}),
    ],
)
def test_names_read(source, names):
    assert slicing.names_read(source) - {"__name__", "__module__", "__qualname__"} == names


HUGE = {
    "commas": "," * 100_000,
    "commas that lead": "," * 900 + "a",
    "lines of commas": ("," * 400 + "a\n") * 20,
    "nested magics": "%time " * 500 + "x",
    "magics": "%who\n" * 5000,
    "questions": "x?\n" * 5000,
    "lines": "x = 1\n" * 800_000,
    "deep brackets": "[" * 90 + "]" * 90,
    "deeper brackets": "(" * 90_000,
    "a long chain": "x" + ".a" * 9000,
    "a long sum": "1" + " + 1" * 4000,
    "open strings": "'''\n" * 2000,
}


@pytest.mark.parametrize("name", HUGE)
def test_no_cell_is_too_much_to_look_at(name):
    began = time.process_time()
    names = slicing.names_read(HUGE[name]), slicing.names_bound(HUGE[name])
    slicing.skeleton([HUGE[name], "f(1)"], {1})
    slicing.what_runs(HUGE[name])
    assert names[0] <= {"x", "get_ipython"} and names[1].keys() <= {"x"}
    # Seconds of this process, not of the clock: as IPython reads it, each of these takes minutes or fails.
    assert time.process_time() - began < 20


def test_too_much_code_has_no_skeleton():
    assert slicing.skeleton(["x = 1\n" * 3000] * 12 + ["f = 1"], {12}) is None


def test_names_bound():
    assert slicing.names_bound(LESSON[0]) == {"np": "import", "where": "import", "sep": "import"}
    assert slicing.names_bound("import a.b\nx, (y, *z) = 1\nwith q as r:\n    s = 1") == {
        "a": "import",
        **dict.fromkeys(("x", "y", "z", "r", "s"), "value"),
    }
    assert slicing.names_bound("def f():\n    g = 1\nclass C:\n    h = 1") == dict.fromkeys(
        "fC", "definition"
    )


@pytest.mark.parametrize(
    ("one", "other", "equal"),
    [
        ("x = 1  # one\n# two\ny = (2,\n     3)", "x=1\n\ny = (2, 3)  # 二", True),
        ('def f():\n    """One."""\n    return 1', 'def f():\n    """一。"""\n    return 1', True),
        ('class A:\n    """One."""\n    x = 1', "class A:\n    x = 1", True),
        ("%matplotlib inline\nx = 1  # one", "%matplotlib inline\nx = 1", True),
        ("# One.", "# 一。", True),
        ("x = 1", "x = 2", False),
        ("x = 'one'", "x = '一'", False),
        ('"""One."""', '"""一。"""', False),
        ("this is no code  # one", "this is no code  # 一", False),
        (HUGE["deep brackets"], "[]", False),
        (HUGE["a long chain"], HUGE["a long chain"][:-2], False),
        ("x" + ".a" * 2000, "x" + ".a" * 1999, False),
    ],
)
def test_what_runs_is_equal_where_only_comments_docstrings_and_layout_differ(one, other, equal):
    assert (slicing.what_runs(one) == slicing.what_runs(other)) == equal


def test_needed_cells_are_those_that_bind_or_change_what_is_used():
    assert slicing.needed_cells(LESSON, {6}) == [0, 2, 6]
    assert slicing.needed_cells([*LESSON, "print(x)"], {7}) == [0, 1, 3, 7]
    assert slicing.needed_cells([*LESSON, "print(y)"], {7}) == [0, 1, 2, 3, 5, 7]


def test_a_skeleton_keeps_imports_and_definitions_that_are_needed():
    made = slicing.skeleton(LESSON, {6})
    assert made == ["import numpy as np", "", LESSON[2], "", "", "", LESSON[6]]
    assert slicing.skeleton(["import keras", "from runtime import q", "f = 1"], {2}) == ["", "", "f = 1"]
    decorated = "@wraps(g)\ndef f():\n    pass"
    assert slicing.skeleton(["from functools import wraps", decorated, "def g(): pass", "f()"], {3})[:3] == [
        "from functools import wraps",
        decorated,
        "def g(): pass",
    ]
    started = "from course_utils import runtime\nruntime.start(seed=1)"
    assert slicing.skeleton([started, "x = 1"], {1}) == [started, "x = 1"]


def test_there_is_no_skeleton_where_a_value_is_needed():
    assert slicing.skeleton([*LESSON, "def g():\n    return x"], {7}) is None
    # A local of the answer that only shares its name with a value of the lesson is none.
    assert slicing.skeleton([*LESSON, "def g():\n    x = 1\n    return x"], {7}) is not None


def test_what_is_no_code_is_left_as_it_is():
    assert slicing.skeleton(["this is no code", "f("], {1}) == ["", "f("]
