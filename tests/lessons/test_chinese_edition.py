"""The committed catalogues fit the lessons, and what they say is right as far as a program can tell."""

import ast

import pytest

from course_utils.command import translate
from course_utils.grading.slicing import what_runs
from course_utils.lessons import (
    answers,
    descriptions,
    editions,
    languages,
    proofreading,
    resources,
    templates,
)
from course_utils.lessons.catalogues import ANSWERS, COURSE, TERMS, Catalogue, complete_lessons, folder_of
from course_utils.lessons.templates import COMMON, DRAWINGS, LIBRARY, MESSAGES, catalogue_of_checks
from course_utils.lessons.translation import COURSE_SENTENCES, Passage, passages
from course_utils.places import NOTEBOOKS
from course_utils.reports import outline
from course_utils.site.words import SENTENCES, SITE

FOLDER = folder_of("zh_CN")
LESSONS = {path.stem: path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
SPOKEN = [MESSAGES, LIBRARY, DRAWINGS, COMMON, *(catalogue_of_checks(name[:2]) for name in LESSONS)]
BY_PROGRAM = {COURSE: COURSE_SENTENCES, SITE: SENTENCES}
OTHERS = [ANSWERS, outline.CATALOGUE, resources.CATALOGUE]
RUN = "run `python3 -m course_utils translate`"


@pytest.fixture(scope="module")
def offered():
    """What each catalogue should have."""
    lessons = {
        name: passages(editions.clear_answers(editions.read_notebook(path))) + descriptions.offered(name[:2])
        for name, path in LESSONS.items()
    }
    said = {name: templates.offered(name) for name in SPOKEN}
    said[outline.CATALOGUE] = [Passage("report.md", text) for text in outline.TEXTS]
    said[resources.CATALOGUE] = resources.offered()
    said[ANSWERS] = answers.offered(LESSONS.values())
    sentences = {
        name: [Passage("", sentence) for sentence in said_by] for name, said_by in BY_PROGRAM.items()
    }
    return {**sentences, **said, **lessons}


def test_each_lesson_has_its_catalogues_and_no_other_is_there():
    found = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.po")}
    assert found == {*BY_PROGRAM, *OTHERS, *SPOKEN, *LESSONS}, RUN


@pytest.mark.parametrize("name", [*BY_PROGRAM, *OTHERS, *SPOKEN, *LESSONS])
def test_it_is_up_to_date_and_written_as_the_command_writes_it(name, offered):
    path = FOLDER / f"{name}.po"
    catalogue = Catalogue.read(path, translate.title_of(name))
    assert list(catalogue.entries) == offered[name], RUN
    assert catalogue.text() == path.read_text(encoding="utf-8"), RUN


@pytest.mark.parametrize("name", [*BY_PROGRAM, *OTHERS, *SPOKEN, *LESSONS])
def test_nothing_in_it_is_wrong(name):
    findings = translate.findings_in(Catalogue.read(FOLDER / f"{name}.po"), FOLDER, name)
    assert not [str(finding) for finding in findings if finding.serious]


@pytest.mark.parametrize("name", BY_PROGRAM)
def test_the_sentences_of_the_program_are_translated(name):
    assert Catalogue.read(FOLDER / f"{name}.po").states() == {
        "translated": len(BY_PROGRAM[name]),
        "fuzzy": 0,
        "untranslated": 0,
    }


@pytest.mark.parametrize("name", [*OTHERS, *SPOKEN])
def test_everything_that_is_said_is_translated(name):
    states = Catalogue.read(FOLDER / f"{name}.po").states()
    assert states["fuzzy"] == states["untranslated"] == 0


@pytest.mark.parametrize("name", LESSONS)
def test_code_in_chinese_is_the_same_code(name):
    english = editions.learner_edition(editions.read_notebook(LESSONS[name]))
    chinese = languages.translator("zh")(english, name)
    changed = 0
    for ours, theirs in zip(english.cells, chinese.cells, strict=True):
        if ours.cell_type == "code":
            compile(theirs.source, theirs.id, "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
            assert what_runs(theirs.source) == what_runs(ours.source), theirs.id
            changed += theirs.source != ours.source
    assert changed


def test_complete_lessons_are_lessons():
    assert set(complete_lessons(FOLDER)) <= set(LESSONS)


def test_the_table_of_terms_has_what_the_glossaries_have(offered):
    found = proofreading.glossary_terms(passage.text for found in offered.values() for passage in found)
    table = proofreading.read_terms(FOLDER / TERMS).values()
    assert {term: found[term].chinese for term in found} == {
        term.english: term.chinese for term in table if term.chinese
    }, RUN
