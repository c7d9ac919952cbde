"""The learner edition: cleared as nbgrader clears, and never written over anybody's work."""

import ast
import base64
import errno
import json
import os
import re
import sys

import nbformat
import pytest
from nbformat import v4

from course_utils import CourseError, places
from course_utils.lessons import editions, languages
from course_utils.places import LANGUAGES, NOTEBOOKS, TEMPLATE

SOLUTION = {"grade": False, "solution": True, "locked": False, "task": False, "schema_version": 3}
CHECK = {"grade": True, "points": 1, "solution": False, "locked": True, "task": False, "schema_version": 3}
WRITTEN = {"grade": True, "points": 2, "solution": True, "locked": False, "task": False, "schema_version": 3}
PIXEL = base64.b64encode(b"not looked at").decode()


def code(source, nbgrader=None, tags=(), outputs=(), name="cell"):
    metadata = {"nbgrader": {"grade_id": name, **nbgrader}} if nbgrader else {}
    if tags:
        metadata["tags"] = list(tags)
    return v4.new_code_cell(source, id=name, metadata=metadata, outputs=list(outputs), execution_count=1)


def markdown(source, nbgrader=None, name="cell"):
    metadata = {"nbgrader": {"grade_id": name, **nbgrader}} if nbgrader else {}
    return v4.new_markdown_cell(source, id=name, metadata=metadata)


def notebook(*cells, **metadata):
    for number, cell in enumerate(cells):
        cell.id = f"{cell.id}-{number}"
    return v4.new_notebook(cells=list(cells), metadata=metadata)


FUNCTION = '''def my_add(a, b):
    """Add."""
    ### BEGIN SOLUTION
    total = a + b

    return total
    ### END SOLUTION
'''

CONSTRUCTED = {
    "a function": notebook(code(FUNCTION, SOLUTION)),
    "two regions": notebook(
        code(
            "### BEGIN SOLUTION\na\n### END SOLUTION\nb\n  # BEGIN SOLUTION\n  c\n  # END SOLUTION", SOLUTION
        )
    ),
    "tabs": notebook(code("if x:\n\t### BEGIN SOLUTION\n\ty = 1\n\t### END SOLUTION\n", SOLUTION)),
    "no markers": notebook(code("answer = 42", SOLUTION)),
    "empty": notebook(code("", SOLUTION), code("")),
    "empty region": notebook(code("### BEGIN SOLUTION\n### END SOLUTION", SOLUTION)),
    "text on the marker's line": notebook(
        code("x = 1 ### BEGIN SOLUTION of 1\ny\n### END SOLUTION z\nw", SOLUTION)
    ),
    "end without begin": notebook(code("a\n### END SOLUTION\nb", SOLUTION), code("a\n### END SOLUTION\nb")),
    "written, markers": notebook(
        markdown("Why?\n\n<!-- BEGIN SOLUTION -->\nSo.\n<!-- END SOLUTION -->", WRITTEN)
    ),
    "written, none": notebook(markdown("Because.", WRITTEN)),
    "raw": notebook(
        v4.new_raw_cell("BEGIN SOLUTION\nx\nEND SOLUTION", metadata={"nbgrader": WRITTEN}, id="raw")
    ),
    "hidden tests": notebook(
        code("check(f)\n### BEGIN HIDDEN TESTS\nassert f(3) == 9\n### END HIDDEN TESTS\ndone", CHECK)
    ),
    "only hidden tests": notebook(
        code("### BEGIN HIDDEN TESTS\nassert f(3) == 9\n### END HIDDEN TESTS", CHECK)
    ),
    "hidden tests in a solution": notebook(
        code("### BEGIN SOLUTION\n### BEGIN HIDDEN TESTS\n1\n### END HIDDEN TESTS\n### END SOLUTION", WRITTEN)
    ),
    "markdown and code without roles": notebook(markdown("# Text"), code("1 + 1")),
    "carriage returns": notebook(code("### BEGIN SOLUTION\r\na\r\n### END SOLUTION\r\nb", SOLUTION)),
    "celltoolbar": notebook(code("a", SOLUTION), celltoolbar="Create Assignment"),
    "hidden in an answer": notebook(code("### BEGIN HIDDEN TESTS\na\n### END HIDDEN TESTS", SOLUTION)),
    "nested": notebook(code("### BEGIN SOLUTION\n### BEGIN SOLUTION\n### END SOLUTION", SOLUTION)),
    "no end": notebook(code("### BEGIN SOLUTION\na", SOLUTION)),
    "no role": notebook(code("### BEGIN SOLUTION\na\n### END SOLUTION")),
    "markers in prose": notebook(markdown("Between BEGIN SOLUTION and\nEND SOLUTION")),
    "check as solution": notebook(code("### BEGIN SOLUTION\na\n### END SOLUTION", CHECK)),
    "hidden nested": notebook(
        code("### BEGIN HIDDEN TESTS\n### BEGIN HIDDEN TESTS\n### END HIDDEN TESTS", CHECK)
    ),
    "hidden no end": notebook(code("### BEGIN HIDDEN TESTS\na", CHECK)),
    "hidden no role": notebook(code("### BEGIN HIDDEN TESTS\na\n### END HIDDEN TESTS")),
}
REFUSED = {name for name in CONSTRUCTED if list(CONSTRUCTED).index(name) >= list(CONSTRUCTED).index("nested")}
LESSONS = {path.name: path for path in [*sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb")), TEMPLATE]}


def cleared_by_nbgrader(worked):
    """Return what nbgrader's own preprocessors make of a notebook, or None where they refuse it."""
    preprocessors = pytest.importorskip(
        "nbgrader.preprocessors", reason="nbgrader is in the extra `instructor`"
    )
    release = nbformat.from_dict(worked)
    try:
        for preprocessor in (preprocessors.ClearSolutions(), preprocessors.ClearHiddenTests()):
            preprocessor.log.disabled = True
            release, _ = preprocessor.preprocess(release, {})
    except RuntimeError:
        return None
    return release


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_clears_as_nbgrader_does(name):
    theirs = cleared_by_nbgrader(CONSTRUCTED[name])
    assert (theirs is None) == (name in REFUSED)
    if theirs is not None:
        assert editions.clear_answers(CONSTRUCTED[name]) == theirs


@pytest.mark.parametrize("name", CONSTRUCTED)
def test_refuses_what_nbgrader_refuses_naming_the_cell(name):
    if name in REFUSED:
        with pytest.raises(CourseError, match=r"Cell 'cell-0' has .*(expected|without)"):
            editions.clear_answers(CONSTRUCTED[name])
    else:
        assert "SOLUTION" not in editions.clear_answers(CONSTRUCTED[name]).cells[0].source


@pytest.mark.parametrize("name", LESSONS)
def test_clears_every_lesson_as_nbgrader_does(name):
    worked = editions.read_notebook(LESSONS[name])
    theirs = cleared_by_nbgrader(worked)
    assert editions.clear_answers(worked) == theirs
    # What the learner edition adds are outputs cleared and targets shown; its other cells are nbgrader's.
    mine = [cell for cell in editions.learner_edition(worked).cells if not cell.id.startswith("should-see-")]
    assert [(cell.id, cell.source, cell.metadata) for cell in mine] == [
        (cell.id, cell.source, cell.metadata) for cell in theirs.cells
    ]


def test_stubs_can_be_chosen():
    made = editions.clear_answers(
        notebook(code(FUNCTION, SOLUTION), markdown("So.", WRITTEN)), code_stub="...\n", text_stub="?"
    )
    assert made.cells[0].source == 'def my_add(a, b):\n    """Add."""\n    ...\n    \n'
    assert made.cells[1].source == "?"


def test_a_learner_edition_parses_and_is_empty_of_answers_and_outputs():
    worked = notebook(
        code(FUNCTION, SOLUTION, outputs=[v4.new_output("stream", text="out")]),
        code("check(my_add)\n### BEGIN HIDDEN TESTS\nassert my_add(1, 2) == 3\n### END HIDDEN TESTS", CHECK),
    )
    before = nbformat.writes(worked)
    made = editions.learner_edition(worked)
    assert nbformat.writes(worked) == before
    nbformat.validate(made)
    assert ast.parse(made.cells[0].source)
    assert made.cells[0].source.endswith("    # YOUR CODE HERE\n    raise NotImplementedError()\n")
    assert made.cells[1].source == "check(my_add)"
    assert [(cell.outputs, cell.execution_count) for cell in made.cells] == [([], None)] * 2


def test_a_target_shows_its_picture_with_alt_text_and_caption_before_the_cell():
    picture = v4.new_output("display_data", {"image/png": PIXEL + "\n", "text/plain": "Figure: A [cat]."})
    picture.metadata["image/png"] = {"alt": "A [cat]."}
    caption = v4.new_output("display_data", {"text/html": "<p>A [cat].</p>", "text/plain": "A [cat]."})
    made = editions.learner_edition(notebook(code("show()", tags=["target"], outputs=[picture, caption])))
    nbformat.validate(made)
    target, cell = made.cells
    assert (target.cell_type, target.id) == ("markdown", "should-see-cell-0")
    assert target.source == (
        "**What you should see**\n\n![A \\[cat\\].](attachment:target-1.png)\n\n*A \\[cat\\].*"
    )
    assert target.attachments == {"target-1.png": {"image/png": PIXEL}}
    assert (cell.source, cell.outputs) == ("show()", [])


def test_a_target_shows_text_as_a_code_block():
    outputs = [
        v4.new_output("stream", text="```\n\x1b[31mred\x1b[0m\n"),
        v4.new_output("execute_result", {"text/plain": "array([1, 2])", "text/html": "<b>1</b>"}),
        v4.new_output("error", ename="ValueError", evalue="no", traceback=["long"]),
    ]
    target = editions.learner_edition(notebook(code("x", tags=["target"], outputs=outputs))).cells[0]
    assert target.source == (
        "**What you should see**\n\n````text\n```\nred\n````\n\n```text\narray([1, 2])\n```\n\n"
        "```text\nValueError: no\n```"
    )
    assert "attachments" not in target


def test_what_a_cell_shows_with_smollm2_stands_below_it():
    outputs = [v4.new_output("stream", text="Paris\n")]
    source = "if smollm2.here():\n    print(answer)"
    silent = code("if smollm2.here():\n    model = 1", tags=["needs-smollm2"])
    made = editions.learner_edition(notebook(code(source, tags=["needs-smollm2"], outputs=outputs), silent))
    nbformat.validate(made)
    assert [cell.id for cell in made.cells] == ["cell-0", "should-see-cell-0", "cell-1"]
    assert (made.cells[0].source, made.cells[0].outputs) == (source, [])
    assert made.cells[1].source == "**With SmolLM2 it prints**\n\n```text\nParis\n```"


def test_a_target_without_stored_output_is_refused():
    with pytest.raises(CourseError, match=r"tagged target but has no stored output; run .*render"):
        editions.learner_edition(notebook(code("x", tags=["target"])))


# The learner's folder


@pytest.fixture
def course(tmp_path):
    """A folder of two worked lessons."""
    folder = tmp_path / "notebooks"
    folder.mkdir()
    for name in ("00_first.ipynb", "01_second.ipynb"):
        publish(folder, name, "answer = 1")
    (folder / "notes.ipynb").write_text("no lesson", encoding="utf-8")
    return folder


def publish(folder, name, source):
    cells = [markdown(f"# {name}"), code(source, name="plain"), code(FUNCTION, SOLUTION)]
    nbformat.write(notebook(*cells), folder / name)


def actions(deliveries):
    return [(delivery.path.name, delivery.action) for delivery in deliveries]


def texts(folder):
    return {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.ipynb")}


def test_the_first_time_writes_every_lesson(course, tmp_path):
    mine = tmp_path / "my lessons 多" / "deep"
    deliveries = editions.write_learner_editions(mine, course)
    assert actions(deliveries) == [("00_first.ipynb", "written"), ("01_second.ipynb", "written")]
    assert sorted(texts(mine)) == ["00_first.ipynb", "01_second.ipynb"]
    made = nbformat.read(mine / "00_first.ipynb", as_version=nbformat.NO_CONVERT)
    assert "raise NotImplementedError()" in made.cells[2].source
    assert b"\r\n" not in (mine / "00_first.ipynb").read_bytes()


def test_again_changes_nothing_on_the_disk(course, tmp_path):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    before = {path: path.stat().st_mtime_ns for path in mine.iterdir()}
    assert {action for _, action in actions(editions.write_learner_editions(mine, course))} == {"kept"}
    assert {path: path.stat().st_mtime_ns for path in mine.iterdir()} == before


def test_an_untouched_lesson_follows_the_course(course, tmp_path):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    publish(course, "00_first.ipynb", "answer = 2")
    deliveries = editions.write_learner_editions(mine, course)
    assert actions(deliveries) == [("00_first.ipynb", "replaced"), ("01_second.ipynb", "kept")]
    assert "answer = 2" in texts(mine)["00_first.ipynb"]
    assert len(texts(mine)) == 2


def test_a_lesson_worked_on_stays_and_the_change_comes_beside_it_once(course, tmp_path):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    own = mine / "00_first.ipynb"
    own.write_text("what I wrote", encoding="utf-8")
    assert actions(editions.write_learner_editions(mine, course))[0] == ("00_first.ipynb", "kept")

    publish(course, "00_first.ipynb", "answer = 2")
    delivery = editions.write_learner_editions(mine, course)[0]
    update = mine / "00_first (update 1).ipynb"
    assert (delivery.path, delivery.action) == (update, "beside")
    assert "Your version is left as it is" in delivery.message
    assert "'00_first (update 1).ipynb'" in delivery.message
    assert own.read_text(encoding="utf-8") == "what I wrote"
    assert "answer = 2" in update.read_text(encoding="utf-8")
    assert actions(editions.write_learner_editions(mine, course))[0] == ("00_first.ipynb", "kept")
    update.unlink()  # not wanted: does not come back
    assert actions(editions.write_learner_editions(mine, course))[0] == ("00_first.ipynb", "kept")
    assert not update.exists()


def test_a_further_change_replaces_an_untouched_update_and_passes_by_a_touched_one(course, tmp_path):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    (mine / "00_first.ipynb").write_text("what I wrote", encoding="utf-8")
    for version in (2, 3):
        publish(course, "00_first.ipynb", f"answer = {version}")
        editions.write_learner_editions(mine, course)
    assert sorted(texts(mine)) == ["00_first (update 1).ipynb", "00_first.ipynb", "01_second.ipynb"]
    assert "answer = 3" in texts(mine)["00_first (update 1).ipynb"]

    (mine / "00_first (update 1).ipynb").write_text("and here too", encoding="utf-8")
    publish(course, "00_first.ipynb", "answer = 4")
    editions.write_learner_editions(mine, course)
    assert texts(mine)["00_first.ipynb"] == "what I wrote"
    assert texts(mine)["00_first (update 1).ipynb"] == "and here too"
    assert "answer = 4" in texts(mine)["00_first (update 2).ipynb"]


def test_a_deleted_lesson_comes_back(course, tmp_path):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    (mine / "00_first.ipynb").unlink()
    assert actions(editions.write_learner_editions(mine, course))[0] == ("00_first.ipynb", "written")


@pytest.mark.parametrize("state", [None, "", "{", "[]", '{"written": 1, "delivered": {}}', "null", "\udc80"])
def test_without_its_record_every_file_counts_as_the_learners(course, tmp_path, state):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    record = mine / editions.STATE_FILE
    record.unlink()
    if state is not None:
        record.write_bytes(state.encode("utf-8", "surrogateescape"))
    before = texts(mine)
    publish(course, "00_first.ipynb", "answer = 2")
    deliveries = editions.write_learner_editions(mine, course)
    assert actions(deliveries) == [("00_first (update 1).ipynb", "beside"), ("01_second.ipynb", "kept")]
    assert "missing or damaged, so it counts as yours" in deliveries[0].message
    assert {name: texts(mine)[name] for name in before} == before
    # And from then on all is as ever.
    assert actions(editions.write_learner_editions(mine, course))[0] == ("00_first.ipynb", "kept")
    publish(course, "01_second.ipynb", "answer = 2")
    assert actions(editions.write_learner_editions(mine, course))[1] == ("01_second.ipynb", "replaced")


def test_a_lost_record_does_not_bring_the_same_update_again(course, tmp_path):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    (mine / "00_first.ipynb").write_text("what I wrote", encoding="utf-8")
    for _ in range(2):
        (mine / editions.STATE_FILE).unlink()
        editions.write_learner_editions(mine, course)
    assert sorted(texts(mine)) == ["00_first (update 1).ipynb", "00_first.ipynb", "01_second.ipynb"]


def test_a_run_that_was_cut_off_before_its_record_harms_nothing(course, tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    publish(course, "00_first.ipynb", "answer = 2")
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(editions.Record, "save", lambda self: (_ for _ in ()).throw(KeyboardInterrupt))
        editions.write_learner_editions(mine, course)
    assert actions(editions.write_learner_editions(mine, course))[0] == ("00_first.ipynb", "kept")
    publish(course, "00_first.ipynb", "answer = 3")
    assert actions(editions.write_learner_editions(mine, course))[0] == ("00_first.ipynb", "replaced")


def test_a_linked_folder_and_a_linked_lesson_are_used_as_they_are(course, tmp_path):
    elsewhere = tmp_path / "other drive"
    elsewhere.mkdir()
    mine = tmp_path / "mine"
    link(mine, elsewhere)
    editions.write_learner_editions(mine, course)
    assert len(texts(elsewhere)) == 2
    (elsewhere / "00_first.ipynb").rename(tmp_path / "kept elsewhere.ipynb")
    link(mine / "00_first.ipynb", tmp_path / "kept elsewhere.ipynb")
    (tmp_path / "kept elsewhere.ipynb").write_text("what I wrote", encoding="utf-8")
    publish(course, "00_first.ipynb", "answer = 2")
    assert actions(editions.write_learner_editions(mine, course))[0] == (
        "00_first (update 1).ipynb",
        "beside",
    )
    assert (tmp_path / "kept elsewhere.ipynb").read_text(encoding="utf-8") == "what I wrote"


def link(path, target):
    try:
        path.symlink_to(target)
    except OSError as error:
        pytest.skip(f"this machine makes no symbolic links: {error}")


@pytest.mark.parametrize("obstacle", ["file", "broken link", "below a file", "the course's own folder"])
def test_a_folder_that_cannot_be_used_is_explained(course, tmp_path, obstacle):
    mine = tmp_path / "mine"
    complaint = "the folder for your lessons cannot be made.*--folder"
    if obstacle == "file":
        mine.write_text("a file", encoding="utf-8")
    elif obstacle == "broken link":
        link(mine, tmp_path / "nowhere")
    elif obstacle == "below a file":
        (tmp_path / "file").write_text("a file", encoding="utf-8")
        mine = tmp_path / "file" / "mine"
    else:
        mine = course / ".." / "notebooks"
        complaint = "folder of the worked edition"
    with pytest.raises(CourseError, match=complaint):
        editions.write_learner_editions(mine, course)


@pytest.mark.parametrize("obstacle", ["folder", "broken link"])
def test_what_stands_in_a_lessons_place_is_explained(course, tmp_path, obstacle):
    mine = tmp_path / "mine"
    mine.mkdir()
    if obstacle == "folder":
        (mine / "00_first.ipynb").mkdir()
    else:
        link(mine / "00_first.ipynb", tmp_path / "nowhere")
    with pytest.raises(CourseError, match=r"00_first.ipynb: this should be a lesson, but .*Move it away"):
        editions.write_learner_editions(mine, course)


@pytest.mark.skipif(sys.platform == "win32", reason="folders have no such permissions on Windows")
@pytest.mark.skipif(hasattr(os, "geteuid") and os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_that_may_not_be_written_is_explained(course, tmp_path):
    mine = tmp_path / "mine"
    mine.mkdir(mode=0o500)
    with pytest.raises(CourseError, match="could not be written"):
        editions.write_learner_editions(mine, course)


def test_a_full_disk_is_explained_and_loses_nothing(course, tmp_path, monkeypatch):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    before = texts(mine)
    publish(course, "00_first.ipynb", "answer = 2")

    def full(_):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(CourseError, match="No space left on device"):
        patch.setattr(os, "fsync", full)
        editions.write_learner_editions(mine, course)
    assert texts(mine) == before
    assert len(list(mine.iterdir())) == 3
    assert actions(editions.write_learner_editions(mine, course))[0] == ("00_first.ipynb", "replaced")


def test_a_course_without_lessons_is_explained(tmp_path):
    with pytest.raises(CourseError, match="there are no lessons here"):
        editions.write_learner_editions(tmp_path / "mine", tmp_path)
    assert not (tmp_path / "mine").exists()


def cleared(text):
    worked = nbformat.reads(text, as_version=4)
    worked.cells[-1].metadata["tags"] = ["target"]
    for cell in worked.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return nbformat.writes(worked)


@pytest.mark.parametrize(
    "damage, reason",
    [
        (lambda text: "", "this is not a notebook that can be read"),
        (lambda text: "{}", "this is not a notebook that can be read"),
        (lambda text: '{"cells": []}', "this is not a notebook that can be read"),
        (lambda text: text[: len(text) // 2], "this is not a notebook that can be read"),
        (lambda text: f"<<<<<<< mine\n{text}", "this is not a notebook that can be read"),
        (
            lambda text: text.replace('"nbformat_minor": 5', '"nbformat_minor": 4'),
            "this is not a notebook that can be read",
        ),
        (lambda text: text.replace("### END SOLUTION", ""), "BEGIN SOLUTION without END SOLUTION"),
        (cleared, "is tagged target but has no stored output"),
    ],
)
def test_a_lesson_that_somebody_has_saved_keeps_no_other_back_and_is_kept(course, tmp_path, damage, reason):
    mine = tmp_path / "mine"
    editions.write_learner_editions(mine, course)
    before = texts(mine)
    edited = damage((course / "00_first.ipynb").read_text(encoding="utf-8"))
    (course / "00_first.ipynb").write_text(edited, encoding="utf-8")
    publish(course, "01_second.ipynb", "answer = 2")
    for _ in range(2):
        first, second = editions.write_learner_editions(mine, course)
        assert first.action == "kept" and reason in first.message
        assert f"somebody has changed it in {course}" in first.message
        assert "is kept in your folder, as '00_first (from notebooks 1).ipynb'" in first.message
    assert "answer = 2" in texts(mine)[second.path.name]
    assert texts(mine)["00_first (from notebooks 1).ipynb"] == edited
    assert texts(mine)["00_first.ipynb"] == before["00_first.ipynb"]
    # A further edit is kept beside the first.
    (course / "00_first.ipynb").write_text("{", encoding="utf-8")
    editions.write_learner_editions(mine, course)
    assert texts(mine)["00_first (from notebooks 2).ipynb"] == "{"
    assert texts(mine)["00_first (from notebooks 1).ipynb"] == edited


def test_answers_written_into_the_worked_edition_are_kept_and_named(course, tmp_path):
    lesson = course / "00_first.ipynb"
    worked = nbformat.read(lesson, as_version=4)
    worked.cells[2].source = "def my_add(a, b):\n    return sum([a, b])"
    worked.metadata["language_info"] = {"name": "python", "version": "3.12.1"}  # as JupyterLab saves it
    nbformat.write(worked, lesson)
    first, second = editions.write_learner_editions(tmp_path / "mine", course)
    assert (first.action, second.action) == ("written", "written")
    assert "somebody has changed it" in first.message and "somebody" not in second.message
    kept = texts(tmp_path / "mine")["00_first (from notebooks 1).ipynb"]
    assert "return sum([a, b])" in kept and kept == lesson.read_text(encoding="utf-8")


def test_the_way_back_says_what_it_discards(tmp_path, monkeypatch):
    monkeypatch.setattr(places, "ROOT", tmp_path)
    lesson = tmp_path / "notebooks" / "00_first.ipynb"
    assert places.way_back(lesson) == (
        "Keep a copy if you have changed it; then take notebooks/00_first.ipynb from the archive that the "
        "course came in."
    )
    (tmp_path / ".git").mkdir()
    assert places.way_back(lesson) == (
        "Keep a copy if you have changed it; then `git checkout -- notebooks/00_first.ipynb` in the course's "
        "folder brings the course's own back."
    )
    assert places.way_back(tmp_path.parent / "elsewhere.ipynb") == ""


def test_a_notebook_without_cell_ids_is_explained(tmp_path):
    path = tmp_path / "old.ipynb"
    path.write_text(
        json.dumps({"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 4}), encoding="utf-8"
    )
    with pytest.raises(CourseError, match=r"format 4.4; expected 4.5"):
        editions.read_notebook(path)


def test_an_id_that_two_cells_share_is_explained(tmp_path):
    path = tmp_path / "01_lesson.ipynb"
    nbformat.write(notebook(code("1", name="same"), code("2", name="other")), path)
    path.write_text(path.read_text(encoding="utf-8").replace("other-1", "same-0"), encoding="utf-8")
    with pytest.raises(CourseError, match="two cells have the id 'same-0', the second is cell 1"):
        editions.read_notebook(path)


def test_links_to_sections_lead_to_the_heading_in_either_language(tmp_path):
    for language in LANGUAGES:
        editions.write_learner_editions(tmp_path / language, translate=languages.translator(language))
    links = 0
    for path in sorted((tmp_path / "zh").glob("*.ipynb")):
        texts = (cell.source for cell in editions.read_notebook(NOTEBOOKS / path.name).cells)
        wanted = [link for text in texts for link in editions.SECTION_LINK.findall(text)]
        for language in LANGUAGES:
            texts = (cell.source for cell in editions.read_notebook(tmp_path / language / path.name).cells)
            found = [link for text in texts for link in editions.SECTION_LINK.findall(text)]
            assert [name for name, _ in found] == [name for name, _ in wanted]
            for (name, section), (_, target) in zip(wanted, found, strict=True):
                there = {
                    f"cell-id={cell.id}": cell.source
                    for cell in editions.read_notebook(tmp_path / language / name).cells
                }
                number = re.match(r"[0-9.]*", section)[0]  # of a heading, in every language
                assert re.search(rf"^#+ {re.escape(number)}", there[target], re.MULTILINE), (section, target)
                links += 1
    assert links > 100


def test_a_link_to_a_section_that_is_not_there_stays(tmp_path):
    (tmp_path / "course").mkdir()
    text = "[a](01_second.ipynb#The-`loop`) [b](01_second.ipynb#Nowhere) [c](02_third.ipynb#The-loop)"
    for name, source in [("00_first", text.replace("`", "")), ("01_second", "Before.\n\n## The `loop`")]:
        nbformat.write(notebook(markdown(source)), tmp_path / "course" / f"{name}.ipynb")
    (tmp_path / "course" / "02_third.ipynb").write_text("{", encoding="utf-8")
    editions.write_learner_editions(tmp_path / "mine", tmp_path / "course")
    (cell,) = editions.read_notebook(tmp_path / "mine" / "00_first.ipynb").cells
    (loop,) = editions.read_notebook(tmp_path / "course" / "01_second.ipynb").cells
    assert cell.source == (
        f"[a](01_second.ipynb#cell-id={loop.id}) [b](01_second.ipynb#Nowhere) [c](02_third.ipynb#The-loop)"
    )
