"""Executing a lesson: outputs as a reader would get them, nothing of this machine, no half-done file."""

import sys

import nbformat
import pytest
from nbformat import v4

from course_utils import CourseError

pytest.importorskip("nbclient", reason="nbclient is in the extra `dev`")
from course_utils.language_model import smollm2
from course_utils.lessons import render

BAR = "for _ in tqdm([1, 2], leave=False, file=sys.stdout):\n    pass"


def code(name, source, *tags, **metadata):
    return v4.new_code_cell(source, id=name, metadata={"tags": list(tags), **metadata} if tags else metadata)


def save(path, *cells, **metadata):
    nbformat.write(v4.new_notebook(cells=list(cells), metadata=metadata), path)
    return path


def outputs_of(path):
    return {
        cell.id: cell.outputs
        for cell in nbformat.read(path, as_version=nbformat.NO_CONVERT).cells
        if "outputs" in cell
    }


def test_executes_in_place_and_leaves_no_trace_of_the_machine(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("PYTEST_CURRENT_TEST", "as nbval sets it")
    folder = tmp_path / "with space 多"
    folder.mkdir()
    path = save(
        folder / "01_lesson.ipynb",
        v4.new_markdown_cell("# Lesson", id="title", metadata={"jp-MarkdownHeadingCollapsed": True}),
        code("where", "import os, sys\nprint(sys.executable)\nprint(os.getcwd())"),
        code("merged", "print('a')\nprint('warned', file=sys.stderr)\nprint('b');", collapsed=True),
        code("from-c", "import time\nos.write(2, b'from C\\n')\ntime.sleep(1);"),
        code("bar", f"from tqdm import tqdm\n{BAR}\nprint('c')"),
        code("only-bar", BAR),
        code("environment", "[name for name in os.environ if name.startswith('PYTEST_')]"),
        code(
            "figure", "from IPython.display import display\ndisplay({'text/plain': 'x'}, raw=True)", "target"
        ),
        code("sliders", "from ipywidgets import IntSlider\nprint('d')\nIntSlider()"),
        code("graded", "1", nbgrader={"grade": True, "grade_id": "g"}),
        code("fails", "import json\njson.loads('{')", "raises-exception"),
        code("last", "2;"),
        kernelspec={"name": "some-environment", "display_name": "Mine", "language": "python"},
        language_info={"name": "python", "version": "3.99"},
        widgets={"state": {}},
    )
    (result,) = render.render(path)
    stored = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    outputs = outputs_of(path)

    assert outputs["where"][0].text == f"{sys.executable}\n{folder.resolve()}\n"
    assert [(output.name, output.text) for output in outputs["merged"]] == [
        ("stdout", "a\nb\n"),
        ("stderr", "warned\n"),
    ]
    assert outputs["from-c"][0].text == "from C\n"
    assert [(output.name, output.text) for output in outputs["bar"]] == [("stdout", "c\n")]
    assert outputs["only-bar"] == []
    assert [output.get("text") for output in outputs["sliders"]] == ["d\n"]
    assert outputs["environment"][0].data["text/plain"] == "[]"
    assert outputs["last"] == []
    assert outputs["fails"][0].ename == "JSONDecodeError"
    assert "In[10]" in "".join(outputs["fails"][0].traceback)
    assert "File " not in "".join(outputs["fails"][0].traceback)

    assert stored.metadata == render.METADATA
    assert [cell.execution_count for cell in stored.cells if cell.cell_type == "code"] == list(range(1, 12))
    assert [cell.metadata for cell in stored.cells if cell.metadata] == [
        {"tags": ["target"]},
        {"nbgrader": {"grade": True, "grade_id": "g"}},
        {"tags": ["raises-exception"]},
    ]
    assert path.read_bytes().endswith(b"}\n")

    assert result.path == path
    assert result.cells == 11
    assert 0 < result.seconds < 60
    assert 20 < result.peak_mebibytes < 1000
    assert f"01_lesson.ipynb: 11 cells in {result.seconds:.1f} s, at most " in capsys.readouterr().out


@pytest.mark.slow
def test_the_same_lesson_gives_the_same_bytes(tmp_path):
    first = save(tmp_path / "a.ipynb", code("sum", "sum(range(10))"), code("text", "print('多')"))
    second = tmp_path / "b.ipynb"
    second.write_bytes(first.read_bytes())
    render.render([first, str(second)])
    once = first.read_bytes()
    assert once == second.read_bytes()
    assert "多".encode() in once
    render.render(first)
    assert first.read_bytes() == once


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("x = 1\nundefined_name", r"cell 'broken' failed[^\0]*x = 1\nundefined_name[^\0]*NameError"),
        ("import os\nos._exit(1)", "cell 'broken' failed[^\0]*died"),
    ],
)
def test_a_lesson_that_fails_is_left_as_it_was(tmp_path, source, complaint):
    path = save(
        tmp_path / "01_lesson.ipynb", code("fine", "1 + 1"), code("broken", source), code("later", "1")
    )
    before = path.read_bytes()
    with pytest.raises(CourseError, match=complaint) as raised:
        render.render(path)
    assert "\x1b" not in str(raised.value)
    assert path.read_bytes() == before
    assert [left.name for left in tmp_path.iterdir()] == ["01_lesson.ipynb"]


def test_a_cell_that_never_ends_is_stopped(tmp_path, monkeypatch):
    monkeypatch.setattr(render, "_CELL_SECONDS", 1)
    path = save(tmp_path / "01_lesson.ipynb", code("forever", "while True: pass"))
    with pytest.raises(CourseError, match=r"cell 'forever' failed[^\0]*timed out"):
        render.render(path)


def test_outputs_of_an_earlier_run_do_not_survive(tmp_path):
    cells = [code("now", "3"), code("nothing-to-execute", " ")]
    for cell in cells:
        cell.outputs = [v4.new_output("stream", text="then")]
    path = save(tmp_path / "01_lesson.ipynb", *cells)
    render.render(path)
    outputs = outputs_of(path)
    assert [output.output_type for output in outputs["now"]] == ["execute_result"]
    assert outputs["nothing-to-execute"] == []


@pytest.mark.parametrize(
    "name", ["Upper", "with space", "8f3a2b1c", "0b1c2d3e-aaaa-bbbb", "1st", "under_score"]
)
def test_an_id_that_says_nothing_is_refused_before_anything_runs(tmp_path, name):
    path = save(tmp_path / "01_lesson.ipynb", code("first", "open('made', 'w')"))
    path.write_text(path.read_text(encoding="utf-8").replace('"first"', f'"{name}"'), encoding="utf-8")
    # nbformat itself complains about some of them.
    with pytest.raises(CourseError, match=r"id|notebook"):
        render.render(path)
    assert not (tmp_path / "made").exists()


def test_a_missing_lesson_is_explained(tmp_path):
    with pytest.raises(CourseError, match=r"nowhere.ipynb: this is not a notebook"):
        render.render(tmp_path / "nowhere.ipynb")


def test_without_smollm2_nothing_is_stored_that_is_to_be_shown_with_it(tmp_path, monkeypatch):
    monkeypatch.setattr(smollm2, "fetched", lambda: False)
    path = save(tmp_path / "01_lesson.ipynb", code("fine", "1 + 1"), code("real", "1", "needs-smollm2"))
    before = path.read_bytes()
    with pytest.raises(CourseError, match=r"cell 'real' is tagged needs-smollm2.* fetch smollm2"):
        render.render(path)
    assert path.read_bytes() == before
