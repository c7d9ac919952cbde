"""Catalogues lose nothing, say what has changed, and are the same bytes when nothing has."""

from dataclasses import replace

import pytest

from course_utils import CourseError
from course_utils.lessons.catalogues import Catalogue, Entry, complete_lessons
from course_utils.lessons.translation import Passage

FIRST = Passage("a", "The first paragraph, which is about pictures.")
SECOND = Passage("a", 'A second with "quotes", a \\ and\n- two lines\t.')
THIRD = Passage("b comment", "50 % of them, and %s.")
CHANGED = Passage("a", "The first paragraph, which is about sounds.")


def catalogue(*entries):
    return Catalogue("a lesson", "zh_CN", {entry.passage: entry for entry in entries})


@pytest.fixture
def full():
    return catalogue(
        Entry(FIRST, "第一段。"),
        Entry(SECOND, "“第二段”\n- 两行", comments=("keep", "why: " + "a long story, " * 20 + "told")),
        Entry(THIRD),
    )


def test_what_is_written_is_read_again(full, tmp_path):
    path = tmp_path / "a.po"
    for made in (full, full.updated([CHANGED, SECOND]), full.updated([]), catalogue()):
        made.write(path)
        before = path.read_bytes()
        read = Catalogue.read(path, made.title)
        assert read == made
        assert read.text().encode() == before and not read.write(path)


def test_it_is_what_gettext_expects(full):
    text = full.updated([CHANGED, SECOND]).text()
    assert "python-format" not in text
    assert (
        "#, fuzzy\n"
        '#| msgid "The first paragraph, which is about pictures."\n'
        'msgctxt "a"\n'
        'msgid "The first paragraph, which is about sounds."\n'
        'msgstr "第一段。"\n' in text
    )


def test_what_is_unchanged_is_kept_and_what_is_new_untranslated(full):
    made = full.updated([FIRST, Passage("c", "Something else altogether."), SECOND, THIRD])
    assert [entry.state for entry in made.entries.values()] == [
        "translated",
        "untranslated",
        "translated",
        "untranslated",
    ]
    assert made.entries[FIRST] == full.entries[FIRST] and not made.obsolete
    assert full.updated(list(full.entries)) == full


def test_a_changed_paragraph_keeps_its_translation_and_is_shown_in_english(full):
    made = full.updated([CHANGED, SECOND, THIRD])
    entry = made.entries[CHANGED]
    assert (entry.state, entry.translation, entry.previous) == ("fuzzy", "第一段。", FIRST.text)
    assert made.find(CHANGED) is None and full.find(FIRST) == "第一段。"
    # Changed once more, what it translates is still the first text; and changed back, it is translated again.
    again = made.updated([Passage("a", "The first paragraph, and it is about sounds."), SECOND, THIRD])
    assert next(iter(again.entries.values())).previous == FIRST.text
    assert again.updated([FIRST, SECOND, THIRD]) == full


def test_a_settled_entry_forgets_the_text_before(full, tmp_path):
    path = tmp_path / "a.po"
    path.write_text(full.updated([CHANGED]).text().replace("#, fuzzy\n", ""), encoding="utf-8")
    entry = Catalogue.read(path, full.title).entries[CHANGED]
    assert (entry.state, entry.translation, entry.previous) == ("translated", "第一段。", "")


def test_the_same_text_in_another_cell_stays_translated(full):
    moved = Passage("z", FIRST.text)
    assert full.updated([moved]).find(moved) == "第一段。"


def test_a_similar_text_of_its_own_cell_comes_first():
    elsewhere = Passage("z", CHANGED.text + "!")
    made = catalogue(Entry(elsewhere, "别处。"), Entry(FIRST, "第一段。")).updated([CHANGED])
    assert made.entries[CHANGED].translation == "第一段。"


@pytest.mark.parametrize(
    ("before", "now"), [("a comment", "a"), ("a", "a docstring"), ("a docstring", "a comment")]
)
def test_a_comment_a_docstring_and_a_paragraph_never_become_each_other(before, now):
    passage = Passage(now, FIRST.text)
    made = catalogue(Entry(Passage(before, FIRST.text), "注释。")).updated([passage])
    assert made.entries[passage].state == "untranslated"


def test_what_is_gone_is_kept_should_it_come_back(full):
    made = full.updated([SECOND])
    assert list(made.obsolete) == [FIRST]
    assert made.updated([FIRST, SECOND, THIRD]) == full


def test_what_was_to_stay_english_is_looked_at_when_it_changes():
    kept = Entry(FIRST, "第一段。", comments=("keep", "a name"))
    entry = catalogue(kept).updated([CHANGED]).entries[CHANGED]
    assert entry.state == "fuzzy" and entry.comments == ("a name",)
    assert replace(kept, translation="").state == "translated"


def test_states_are_counted(full):
    assert full.states() == {"translated": 2, "fuzzy": 0, "untranslated": 1}


HEADER = 'msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=UTF-8\\n"\n\n'


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (
            HEADER + 'msgctxt "a"\nmsgid "b"\nmsgstr "c"\n\n' * 2,
            "2 entries are written in it, 1 are different",
        ),
        (HEADER + 'msgid "b"\nmsgstr "c"\nnonsense\n', "line 7 is no line of a catalogue"),
        (HEADER + 'msgid "b"\n\nmsgid "c"\nmsgstr "d"\n', "line 5: missing msgstr"),
        (
            HEADER + 'msgid "b"\nmsgstr "a "quote""\n',
            "line 6 is no line of a catalogue: .* for a quote inside",
        ),
        (HEADER + 'msgid "b"\nmsgstr "open\n', "line 6 is no line of a catalogue: .* for a quote inside"),
    ],
    ids=["twice", "nonsense", "no translation", "quote", "open"],
)
def test_a_damaged_catalogue_is_named(text, complaint, tmp_path):
    (tmp_path / "a.po").write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=rf"a\.po: .*{complaint}"):
        Catalogue.read(tmp_path / "a.po")


def test_bytes_that_are_no_text_are_named(tmp_path):
    (tmp_path / "a.po").write_bytes(b"\xff")
    with pytest.raises(CourseError, match=r"a\.po: this is no catalogue that can be read"):
        Catalogue.read(tmp_path / "a.po")


def test_the_list_of_complete_lessons(tmp_path):
    assert complete_lessons(tmp_path) == []
    (tmp_path / "complete.txt").write_text("00_a\n03_b\n", encoding="utf-8")
    assert complete_lessons(tmp_path) == ["00_a", "03_b"]
