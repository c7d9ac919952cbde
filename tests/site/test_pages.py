"""What pages are made of: no output that an answer made, alt text, and links that hold on the site."""

import copy
import re

import nbformat
import pytest

from course_utils.errors import CourseError
from course_utils.lessons import editions, needs
from course_utils.places import NOTEBOOKS, ROOT
from course_utils.site import build, destination, extension, pages, words

LESSONS = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
REPOSITORY = "https://github.com/example/course"


@pytest.fixture(scope="module", params=LESSONS, ids=lambda path: path.stem[:2])
def lesson(request, tmp_path_factory):
    """A worked lesson, what the site shows of it, and the folder of its pictures."""
    worked = editions.read_notebook(request.param)
    pictures = tmp_path_factory.mktemp("site") / request.param.stem
    return worked, pages.site_edition(worked, pictures), pictures


def test_cells_are_the_learners_and_so_is_their_text(lesson):
    worked, shown, pictures = lesson
    learners = editions.learner_edition(worked)
    assert [cell.id for cell in shown.cells] == [cell.id for cell in learners.cells]
    anchor = re.compile(r"(\.ipynb)#[^()\s]+\)")  # the site has others: see below
    for cell, learner in zip(shown.cells, learners.cells, strict=True):
        source = learner.source.replace("attachment:", f"{pictures.name}/{cell.id}-")
        assert anchor.sub(r"\1)", cell.source) == anchor.sub(r"\1)", source)


def test_links_to_sections_have_the_anchors_of_the_site(tmp_path):
    worked = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("[a](04_x.ipynb#7.3-More:-a-`b`,-c)")]
    )
    assert pages.site_edition(worked, tmp_path).cells[0].source == "[a](04_x.ipynb#73-more-a-b-c)"


def test_links_to_sections_have_the_anchors_of_the_headings_in_the_language(tmp_path):
    lesson, chinese = (
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell(text)])
        for text in ("## 7.3 More: a `b`, c\n\n[a](04_x.ipynb#7.3-More:-a-b,-c)", "## 7.3 更多：`b`，c")
    )
    anchors = {"04_x.ipynb": pages.anchors_of(lesson, chinese)}
    assert anchors == {"04_x.ipynb": {"7.3-More:-a-b,-c": "7.3-更多：b，c"}}
    shown = pages.site_edition(lesson, tmp_path, anchors=anchors)
    assert shown.cells[0].source.endswith("[a](04_x.ipynb#73-更多bc)")


def test_outputs_are_kept_except_those_that_owe_an_answer(lesson):
    worked, shown, _ = lesson
    stored = {cell.id: cell.get("outputs", []) for cell in worked.cells}
    kept = {cell.id: len(cell.outputs) for cell in shown.cells if cell.get("outputs")}
    owed = {
        cell.id
        for cell in worked.cells
        # What a cell shows with something that not everybody has stands in a cell of its own below it.
        if "nbgrader" in cell.metadata or {"target", *needs.TAGS} & {*cell.metadata.get("tags", [])}
    }
    assert any(stored[name] for name in owed)
    assert kept == {name: len(outputs) for name, outputs in stored.items() if outputs and name not in owed}


def test_every_picture_is_a_file_with_its_alt_text(lesson):
    _, shown, pictures = lesson
    outputs = [output.get("data", {}) for cell in shown.cells for output in cell.get("outputs", [])]
    markdown = "".join([cell.source for cell in shown.cells] + [str(data) for data in outputs])
    files = list(pictures.glob("*.png"))
    assert files and all(f"]({pictures.name}/{path.name})" in markdown for path in files)
    assert markdown.count(f"]({pictures.name}/") == len(files)
    assert f"![]({pictures.name}" not in markdown and "attachment:" not in markdown
    assert not any("image/png" in data for data in outputs)


def test_the_worked_edition_is_left_as_it_was(tmp_path):
    worked = editions.read_notebook(LESSONS[0])
    before = copy.deepcopy(worked)
    pages.site_edition(worked, tmp_path / "pictures")
    assert worked == before


def test_colab_fetches_the_course_before_anything_else():
    edition = editions.learner_edition(editions.read_notebook(LESSONS[0]))
    cells = pages.colab_edition(copy.deepcopy(edition), REPOSITORY).cells
    assert cells[1:] == edition.cells
    assert f"git clone --quiet --depth 1 {REPOSITORY} /content/course\n" in cells[0].source
    nbformat.validate(pages.colab_edition(edition, REPOSITORY))


def test_colab_goes_where_chinese_is_spoken_for_a_chinese_lesson():
    edition = editions.learner_edition(editions.read_notebook(LESSONS[0]))
    fetch, *_ = pages.colab_edition(edition, REPOSITORY, "zh", words.words("zh")).cells
    assert fetch.source.startswith("# Colab 里没有这套课程")
    assert fetch.source.endswith("\n%mkdir -p /content/zh\n%cd -q /content/zh")


TEXT = "A | [B](b.md)\n\n# Title\n\nFirst.\n\n## One\n\nText.\n\n### Deeper\n\nMore.\n\n## Two\n\nEnd.\n"


@pytest.mark.parametrize(
    "title, found", [("", "First.\n"), ("One", "Text.\n\n### Deeper\n\nMore.\n"), ("Two", "End.\n")]
)
def test_a_section_reaches_to_the_next_heading(title, found):
    assert pages.section(TEXT, title) == found
    assert (
        pages.fill(f"# Page\n\n<!-- README: {title} -->\n\nText.\n", TEXT) == f"# Page\n\n{found}\n\nText.\n"
    )


def test_of_a_section_only_the_table_can_be_asked_for():
    readme = "# T\n\n## One\n\nText.\n\n| a |\n|---|\n| b |\n\nMore.\n"
    assert pages.fill("<!-- README table: One -->\n", readme) == "| a |\n|---|\n| b |\n\n"


def test_a_section_that_is_gone_is_named():
    with pytest.raises(CourseError, match="no heading 'Three'"):
        pages.section(TEXT, "Three")


@pytest.mark.parametrize(
    "link, place, here, published",
    [
        ("[a](notebooks/00_orientation.ipynb)", "README.md", "[a](lessons/00_orientation.ipynb)", None),
        ("[a](../README.md#the-lessons)", "docs/instructors.md", "[a](index.md#the-lessons)", None),
        ("[a](docs/instructors.md)", "README.md", "[a](instructors.md)", None),
        ("[`a`](data/README.md#b)", "README.md", "`a`", f"[`a`]({REPOSITORY}/blob/HEAD/data/README.md#b)"),
        ("![a](.github/course.png)", "README.md", "![a](course.png)", None),
        ("[a](../.github/course.pdf)", "docs/instructors.md", "[a](course.pdf)", None),
        ("[a](https://example.org/x)", "README.md", "[a](https://example.org/x)", None),
        ("[a](#b)", "README.md", "[a](#b)", None),
        ("[a](start.md)", "README.md", "[a](start.md)", None),
    ],
)
def test_links_of_the_folder_become_links_of_the_site(link, place, here, published):
    assert pages.with_links(link, place, "") == here
    assert pages.with_links(link, place, REPOSITORY) == (published or here)


@pytest.mark.parametrize(
    "link, here",
    [
        ("[课](notebooks/00_orientation.ipynb)", "[课](lessons/00_orientation.ipynb)"),
        ("[自述](README.zh-CN.md#课程)", "[自述](index.md#课程)"),
        (
            "[教师](docs/instructors.md#grading)",
            '<a href="../instructors.html#grading" hreflang="en">教师</a>',
        ),
        ("[English](README.md)", '<a href="../index.html" hreflang="en">English</a>'),
        ("[怎样开始](start.md)", "[怎样开始](start.md)"),
    ],
)
def test_links_of_chinese_pages_lead_to_english_ones_where_there_are_no_others(link, here):
    assert pages.with_links(link, "README.zh-CN.md", "", "zh") == here


def test_the_guide_of_the_site_has_no_criteria():
    text = (ROOT / "docs" / "instructors.md").read_text(encoding="utf-8")
    shown = pages.guide(text)
    assert "| `ex-00-2` | 1 |" in text and "| `ex-00-2` | 1 |" not in shown
    assert "## Written questions: rubrics and model answers" in shown and "## The project" in shown


def test_only_icons_that_are_used_get_a_rule():
    library = (
        'x={sun:[512,512,[9728],"f185","M1"],"circle-half":[512,512,[],"e0a1","M2"],moon:[4,5,[],"f186","M"]}'
    )
    rules = extension.icon_rules({"sun", "circle-half", "solid"}, library)
    assert rules == '.fa-circle-half::before { content: "\\e0a1"; }\n.fa-sun::before { content: "\\f185"; }\n'
    with pytest.raises(CourseError, match=r"fontawesome\.js"):
        extension.icon_rules({"sun"}, "")


def test_what_the_theme_leaves_without_a_name_gets_one():
    library = '<script defer src="../_static/scripts/fontawesome.js?digest=1"></script>\n'
    switch = '<summary><span class="toctree-toggle" role="presentation"></span></summary>'
    page = extension.mended(f'{library}<div id="pst-primary-sidebar" class="a">{switch}</div>')
    assert page == (
        '<div id="pst-primary-sidebar" role="navigation" aria-label="Course" class="a">'
        f'<summary aria-label="Pages below this one">{switch.removeprefix("<summary>")}</div>'
    )


def test_the_themes_english_is_put_into_the_language_and_a_lessons_own_words_are_not():
    page = (
        '<nav aria-label="Main"><i class="a"></i>System Settings</nav><p title="Main &amp; others">Main</p>'
    )
    assert extension.mended(page, words.words("zh")) == (
        '<nav aria-label="主导航"><i class="a"></i>随系统设置</nav><p title="Main &amp; others">Main</p>'
    )
    assert extension.mended(page, words.words("en")) == page


def test_the_empty_corner_of_a_table_is_no_heading():
    row = '<tr><th class="head"><p></p></th>\n<th class="head"><p>a</p></th></tr>'
    assert extension.mended(row) == '<tr><td class="head"><p></p></td>\n<th class="head"><p>a</p></th></tr>'


def test_what_both_parts_of_the_site_load_is_there_once(tmp_path):
    whole, part = tmp_path / "site", tmp_path / "zh"
    for folder in (whole, part):
        for name, text in [("_images/a b.png", "same"), ("_static/x/y.js", folder.name)]:
            (folder / name).parent.mkdir(parents=True)
            (folder / name).write_text(text)
    (part / "lessons").mkdir()
    (part / "lessons/a.html").write_text(
        '<img src="../_images/a%20b.png"/><script src="../_static/x/y.js?v=1">'
    )
    build.share(part, whole)
    assert not (part / "_images").exists() and (part / "_static/x/y.js").read_text() == "zh"
    assert (part / "lessons/a.html").read_text() == (
        '<img src="../../_images/a%20b.png"/><script src="../_static/x/y.js?v=1">'
    )


def test_a_folder_of_other_things_a_file_and_a_missing_parent_are_refused(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(CourseError, match="holds other things"):
        destination.require(tmp_path)
    with pytest.raises(CourseError, match="is a file"):
        destination.require(tmp_path / "notes.txt")
    with pytest.raises(CourseError, match="is not there; make it first"):
        destination.require(tmp_path / "no" / "site")
    with pytest.raises(CourseError, match="'a b': expected OWNER/NAME"):
        destination.require(tmp_path / "site", "a b")


@pytest.mark.parametrize("found", ["nothing", "an empty folder", "an earlier site"])
def test_a_folder_that_is_free_or_ours_is_taken(tmp_path, found):
    place = tmp_path / "site"
    if found != "nothing":
        place.mkdir()
    if found == "an earlier site":
        (place / destination.MARKER).touch()
        (place / "index.html").touch()
    assert destination.require(place, "example/course") == place
