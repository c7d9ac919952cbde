"""The committed catalogues fit the lessons, and what they say is right as far as a program can tell."""

import pytest

from course_utils.command import translate
from course_utils.lessons import descriptions, editions, proofreading, templates
from course_utils.lessons.catalogues import COURSE, TERMS, Catalogue, Entry, complete_lessons, folder_of
from course_utils.lessons.templates import COMMON, MESSAGES, catalogue_of_checks
from course_utils.lessons.translation import COURSE_SENTENCES, Passage, passages
from course_utils.places import NOTEBOOKS

FOLDER = folder_of("zh_CN")
LESSONS = {path.stem: path for path in sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))}
SPOKEN = [MESSAGES, COMMON, *(catalogue_of_checks(name[:2]) for name in LESSONS)]
TABLE = proofreading.read_terms(FOLDER / TERMS)
# fmt: off
CORE = {
    "accuracy", "attention", "baseline", "batch", "caption", "chance", "contrastive loss", "CTC", "decoder",
    "distillation", "dropout", "embedding", "encoder", "epoch", "feature", "fine-tuning", "gradient",
    "hallucination", "kernel", "key", "layer normalisation", "learning rate", "logit", "loss", "mask",
    "normalisation", "over-fitting", "padding", "pruning", "quantisation", "query", "receptive field",
    "residual", "retrieval", "seed", "softmax", "stride", "test set", "token", "training set", "transformer",
    "validation set", "value", "weight",
}
# fmt: on
RUN = "run `python3 -m course_utils translate`"


@pytest.fixture(scope="module")
def offered():
    """What each catalogue should have."""
    lessons = {
        name: passages(editions.clear_answers(editions.read_notebook(path))) + descriptions.offered(name[:2])
        for name, path in LESSONS.items()
    }
    said = {name: templates.offered(name) for name in SPOKEN}
    return {COURSE: [Passage("", sentence) for sentence in COURSE_SENTENCES], **said, **lessons}


def test_each_lesson_has_its_catalogues_and_no_other_is_there():
    found = {path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob("*.po")}
    assert found == {COURSE, *SPOKEN, *LESSONS}, RUN


@pytest.mark.parametrize("name", [COURSE, *SPOKEN, *LESSONS])
def test_it_is_up_to_date_and_written_as_the_command_writes_it(name, offered):
    path = FOLDER / f"{name}.po"
    catalogue = Catalogue.read(path, translate.title_of(name))
    assert list(catalogue.entries) == offered[name], RUN
    assert catalogue.text() == path.read_text(encoding="utf-8"), RUN


@pytest.mark.parametrize("name", [COURSE, *SPOKEN, *LESSONS])
def test_nothing_in_it_is_wrong(name):
    findings = translate.findings_in(Catalogue.read(FOLDER / f"{name}.po"), FOLDER, name)
    assert not [str(finding) for finding in findings if finding.serious]


def test_the_sentences_of_the_program_are_translated():
    assert Catalogue.read(FOLDER / f"{COURSE}.po").states() == {
        "translated": len(COURSE_SENTENCES),
        "fuzzy": 0,
        "untranslated": 0,
    }


@pytest.mark.parametrize("name", SPOKEN)
def test_everything_that_is_said_is_translated(name):
    states = Catalogue.read(FOLDER / f"{name}.po").states()
    assert states["fuzzy"] == states["untranslated"] == 0


def test_complete_lessons_are_lessons():
    assert set(complete_lessons(FOLDER)) <= set(LESSONS)


def test_the_table_of_terms_has_what_the_glossaries_have(offered):
    found = proofreading.glossary_terms(passage.text for found in offered.values() for passage in found)
    drawn = {term: terms.chinese for term, terms in TABLE.items() if terms.chinese}
    assert {term: found[term].chinese for term in found} == drawn, RUN
    assert all(term.also for term in TABLE.values() if not term.chinese)


def test_a_strict_term_by_another_name_is_wrong():
    strict = [term.english for term in TABLE.values() if term.strict]
    wrong = [Passage("cell", f"Here it says {english} to you.") for english in strict]
    catalogue = Catalogue("", "zh_CN", {passage: Entry(passage, "这里说的是别的。") for passage in wrong})
    findings = [finding for finding in translate.findings_in(catalogue, FOLDER, COURSE) if finding.serious]
    named = [finding.sentence for finding in findings if "in the table of terms" in finding.sentence]
    assert [sentence.split("”")[0][1:] for sentence in named] == strict
    assert set(strict) >= CORE
