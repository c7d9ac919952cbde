"""README.zh-CN.md says what README.md says, part by part, and whoever changes README.md is told."""

import hashlib
import re
from itertools import zip_longest

import pytest

from course_utils.lessons.catalogues import Catalogue, Entry
from course_utils.lessons.proofreading import complaints
from course_utils.lessons.translation import Passage
from course_utils.places import ROOT, TRANSLATIONS
from course_utils.site.pages import TEMPLATES, section

ENGLISH, CHINESE = ((ROOT / name).read_text(encoding="utf-8") for name in ("README.md", "README.zh-CN.md"))
TO_CHINESE, TO_ENGLISH = "English | [简体中文](README.zh-CN.md)\n\n", "[English](README.md) | 简体中文\n\n"
STATES = {"ready": "已有", "coming": "即将推出"}
STAMP = re.compile(r"\n<!-- README\.md when this was last compared with it: (\w+) -->\n\Z")


def parts(text):
    """What blank lines part: headings, paragraphs, lists, tables; and blocks of commands."""
    text = STAMP.sub("", text.removeprefix(TO_CHINESE).removeprefix(TO_ENGLISH))
    return re.findall(r"^```.*?^```$|^(?:(?!```)[^\n]+(?:\n|\Z))+", text, flags=re.MULTILINE | re.DOTALL)


def kind(part):
    return re.match(r"#+ |```|\||- |", part)[0]


def without_comments(block):
    return re.sub(r" *# .*", "", block)


def differences(english, chinese):
    """Yields what the Chinese does not have as the English has it, one sentence each."""
    for ours, theirs in zip_longest(parts(english), parts(chinese), fillvalue=""):
        about = f"{ours[:40]!r} … {theirs[:20]!r}"
        if not (ours and theirs) or kind(ours) != kind(theirs):
            yield f"{about}: here the parts do not answer to each other any more"
            return
        if kind(ours) == "```":
            found = [] if without_comments(ours) == without_comments(theirs) else ["the commands differ"]
        else:
            found = complaints(Entry(Passage("", ours.strip()), theirs.strip()))
        yield from (f"{about}: {sentence}" for sentence in found)


def stamp(english):
    """A short name of the English words, wherever its lines are broken."""
    return hashlib.sha256(" ".join(english.split()).encode()).hexdigest()[:12]


def test_each_leads_to_the_other():
    assert ENGLISH.startswith(f"{TO_CHINESE}# ")
    assert CHINESE.startswith(f"{TO_ENGLISH}# ")


def test_both_have_the_same_commands_links_numbers_headings_lists_and_tables():
    assert list(differences(ENGLISH, CHINESE)) == []


def test_the_chinese_was_compared_with_the_english_as_it_is_now():
    compared = STAMP.search(CHINESE)
    assert compared, "the last line of README.zh-CN.md has to say which README.md it was compared with"
    assert compared[1] == stamp(ENGLISH), (
        "README.md has changed: change README.zh-CN.md where it says the same, then write "
        f"{stamp(ENGLISH)} in its last line"
    )


@pytest.mark.parametrize(
    ("right", "wrong", "sentence"),
    [
        ("\npython3 -m course_utils lab\n", "\npython3 -m course_utils start\n", "the commands differ"),
        ("\npython3 -m course_utils render 01\n", "\n", "the commands differ"),
        ("`python3 -m course_utils doctor` 告诉", "它告诉", "the code .* is missing"),
        ("(LICENSE-CONTENT)", "(LICENSE)", "target of a link .* is missing"),
        ("README.md#whose-is-it", "README.md#谁的", "target of a link .* is missing"),
        ("93 MB", "95 MB", "the number 93 is missing"),
        ("| 课 | 你将 | 状态 |\n", "| 课 | 你将 |\n", "bars in each row"),
        ("### 使用 conda", "## 使用 conda", "do not answer to each other"),
        ("## 参与编写\n\n", "", "do not answer to each other"),
        ("- 在服务器上", "在服务器上", "items in the list"),
        ("关键术语同时给出英文和中文。", "关键术语, 同时给出。", "a sign of half width"),
        ("## 各课\n", "## The lessons\n", "no Chinese in it"),
    ],
)
def test_what_differs_is_named(right, wrong, sentence):
    assert CHINESE.count(right) == 1
    found = "\n".join(differences(ENGLISH, CHINESE.replace(right, wrong)))
    assert re.search(sentence, found)


def test_a_part_too_many_is_named():
    extra = STAMP.sub("\n没有英文的一段。\n", CHINESE)
    assert "do not answer" in "\n".join(differences(ENGLISH, extra))


def test_new_words_in_the_english_change_its_stamp_and_new_line_breaks_do_not():
    assert stamp("One two\nthree.\n") == stamp("One\ntwo three.\n") != stamp("One two four.\n")


def test_lessons_are_called_as_the_chinese_lesson_00_calls_them():
    catalogue = Catalogue.read(TRANSLATIONS / "zh_CN" / "00_orientation.po")
    lesson_00 = "\n".join(entry.translation for entry in catalogue.entries.values())
    names = re.findall(r"^\| \[(.+)\]\(notebooks/(.+)\) \|", CHINESE, flags=re.MULTILINE)
    assert names
    assert [name for name, file in names if f"| [{name}]({file})，" not in lesson_00] == []


def test_lessons_have_the_same_states():
    english = re.findall(r"\| (ready|coming) \|$", ENGLISH, flags=re.MULTILINE)
    chinese = re.findall(r"^\| \[?\d\d.*\| (\S+) \|$", CHINESE, flags=re.MULTILINE)
    assert chinese == [STATES[state] for state in english]


def of_site(folder, name):
    """A page of the site, without what Sphinx reads and the names of sections that the README fills in."""
    text = (folder / name).read_text(encoding="utf-8")
    text = re.sub(r"^```\{toctree\}.*?^```$\n*", "", text, flags=re.MULTILINE | re.DOTALL)
    return re.sub(r"(?<=<!-- README)( table)?:.*(?= -->)", r"\1", text)


@pytest.mark.parametrize("name", [path.name for path in TEMPLATES.glob("*.md")])
def test_the_first_pages_of_the_site_say_the_same(name):
    english, chinese = (of_site(folder, name) for folder in (TEMPLATES, TEMPLATES / "zh"))
    found = [sentence for sentence in differences(english, chinese) if "no Chinese in it" not in sentence]
    assert found == []


def test_the_first_pages_of_the_site_take_the_same_sections_of_the_readme():
    for page in TEMPLATES.glob("*.md"):
        taken = [
            re.findall("<!-- README(?: table)?:(.*)-->", (folder / page.name).read_text(encoding="utf-8"))
            for folder in (TEMPLATES, TEMPLATES / "zh")
        ]
        for ours, theirs in zip(*taken, strict=True):
            english, chinese = section(ENGLISH, ours.strip()), section(CHINESE, theirs.strip())
            assert [kind(part) for part in parts(english)] == [kind(part) for part in parts(chinese)]
