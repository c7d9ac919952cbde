"""A finished message is given in the words of its template's translation, with the same values."""

import re
import time

import pytest

from course_utils.lessons import messages
from course_utils.lessons.catalogues import Catalogue, Entry
from course_utils.lessons.messages import Phrasebook
from course_utils.lessons.templates import (
    COMMON,
    DRAWINGS,
    LIBRARY,
    MESSAGES,
    PLACE,
    PLURAL,
    catalogue_of_checks,
    offered,
)
from course_utils.lessons.translation import Passage
from course_utils.places import NOTEBOOKS

NAMES = [
    COMMON,
    MESSAGES,
    *(catalogue_of_checks(path.name[:2]) for path in sorted(NOTEBOOKS.glob("[0-9]*.ipynb"))),
    LIBRARY,
    DRAWINGS,
]
BOOK = Phrasebook(
    {
        " at index {0}": "在下标 {0} 处",
        "{0} has shape {1}, expected {2}.{3}": "{0} 的形状是 {1}，应为 {2}。{3}",
        "{0} is {1}, expected {2}.{3}": "{0} 是 {1}，应为 {2}。{3}",
        "What is heard": "听到的",
        "The weights {0}": "权重（{0}）",
        "for {0} row{s} of {1} position{s}{2}": "{0} 行、每行 {1} 个位置{2}",
        ", some masked": "，其中有些被遮蔽",
        " The axes are in another order: `np.transpose` helps.": "各轴的顺序不同：用 `np.transpose`。",
        "Your scores have the wrong sign.": "你的分数正负号错了。",
        "{0} Or: {1}": "{0}或者：{1}",
        "You subtracted the key: they are added.": "你减去了键：应该相加。",
        "Return {0} things, `return {1}`": "返回 {0} 样东西，`return {1}`",
        "{0}; found {1}.": "{0}；得到的是 {1}。",
        "text": "文本",
        "two": "两",
        "an {0}": "类型 {0}",
        "a grey PNG": "灰度 PNG",
        "{0}: its colours are inverted.": "{0}：颜色反了。",
        "For {0} you returned": "对 {0}，你返回了",
        "{0} {1}: Chinese is written without spaces.": "{0} {1}：中文不用空格。",
        "{0} of {1}": "{1} 的 {0}",
        "Not translated yet, {0} times.": None,
        "the mean is asked, of all {0} rows alike.": "要的是全部 {0} 行的平均值。",
        "Your code stopped with {0} in line {1}, `{2}`.{3}": "你的代码因 {0} 停在第 {1} 行 `{2}`。{3}",
        "The output for {0}": "{0} 时的输出",
        "{0} heads of {1} numbers each": "{0} 个头、每个 {1} 个数",
        "What you return for {0}": "{0} 时，你的返回值",
        "features {0}": "features 为 {0}",
        "x of shape {0}, {1} and theta {2}": "形状为 {0} 的 x、{1}、theta {2}",
        "positions {0}": "位置 {0}",
        "of this size": "这么大",
        "Your answer for {0}": "你对 {0} 的答案",
        "{0}: {1} is {2}, expected {3}. {4}": "{0}：{1} 是 {2}，应为 {3}。{4}",
        "row {0}, where {1},": "第 {0} 行（{1}）",
        "a picture is there": "有图片",
        "np.exp of so little is 0: add logarithms.": "这么小的数取 np.exp 得 0：应把对数相加。",
        "Of the {0} {1}": "对 {0}，{1}",
        "keys and values": "键和值",
        "each head has its own.": "每个头各有一份。",
        "{0} holds {1}, expected {2}: {3}": "{0} 有 {1}，应为 {2}：{3}",
        "{0} passed. Left: {1}.": "已通过 {0}。还剩：{1}。",
        "Write `x[{0}]` where (batch, {1}) is.": "在 (batch, {1}) 处写 `x[{0}]`。",
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ("Your scores have the wrong sign.", "你的分数正负号错了。"),
        ("x has shape (3,), expected (3, 1).", "x 的形状是 (3,)，应为 (3, 1)。"),
        ("The weights for 1 row of 3 positions, some masked has shape (3, 1), expected (1, 3). The axes "
         "are in another order: `np.transpose` helps.",
         "权重（1 行、每行 3 个位置，其中有些被遮蔽）的形状是 (3, 1)，应为 (1, 3)。各轴的顺序不同：用 "
         "`np.transpose`。"),
        ("The weights for 2 rows of 1 position at index (1, 0) is 0.25, expected 0.5.",
         "权重（2 行、每行 1 个位置）在下标 (1, 0) 处是 0.25，应为 0.5。"),
        ("What is heard is 1, expected 2.", "听到的是 1，应为 2。"),
        ("Your scores have the wrong sign. Or: You subtracted the key: they are added.",
         "你的分数正负号错了。或者：你减去了键：应该相加。"),
        ("Your scores have the wrong sign. x is 1, expected 2.", "你的分数正负号错了。x 是 1，应为 2。"),
        # Words of code are no words of the sentence.
        ("Return two things, `return text`; found text.", "返回两样东西，`return text`；得到的是文本。"),
        ("Return two things, `return a`; found an x.", "返回两样东西，`return a`；得到的是类型 x。"),
        ("A grey PNG: its colours are inverted.", "灰度 PNG：颜色反了。"),
        # Nor are those of a value, and it keeps its blanks.
        ("x is ['two', 'cup of tea'], expected '一 二'.", "x 是 ['two', 'cup of tea']，应为 '一 二'。"),
        ("x is {'a': 'two of 3'}, expected 1.", "x 是 {'a': 'two of 3'}，应为 1。"),
        ("For 2 words you returned '一 二': Chinese is written without spaces.",
         "对 2 words，你返回了 '一 二'：中文不用空格。"),
        ("Of them all the mean is asked, of all 3 rows alike.", "Of them all 要的是全部 3 行的平均值。"),
        ("Your code stopped with E: a bracket ( is open in line 3, `x = (`.",
         "你的代码因 E: a bracket ( is open 停在第 3 行 `x = (`。"),
        # A sentence ends in no other one's middle, and brackets stay whole.
        ("The output for 2 heads of 4 numbers each at index (3, 1) is 4.7, expected 2.3.",
         "2 个头、每个 4 个数时的输出在下标 (3, 1) 处是 4.7，应为 2.3。"),
        ("What you return for features (6, 3, 4) has shape (6, 3), expected (6, 4).",
         "features 为 (6, 3, 4) 时，你的返回值的形状是 (6, 3)，应为 (6, 4)。"),
        ("What you return for x of shape (7, 8), positions [3, 1] and theta 100 is (1, 2), expected (2, 1).",
         "形状为 (7, 8) 的 x、位置 [3, 1]、theta 100 时，你的返回值是 (1, 2)，应为 (2, 1)。"),
        ("Your answer for 2 heads of 3 numbers each: row 0, where a picture is there, is 1, expected 2. "
         "np.exp of so little is 0: add logarithms.",
         "你对 2 个头、每个 3 个数的答案：第 0 行（有图片）是 1，应为 2。"
         "这么小的数取 np.exp 得 0：应把对数相加。"),
        ("x holds {-2: 1, 3: 4}, expected {-2: 3, 3: 3}: of this size",
         "x 有 {-2: 1, 3: 4}，应为 {-2: 3, 3: 3}：这么大"),
        ("Of the keys and values each head has its own.", "对键和值，每个头各有一份。"),
        ("AnyError: of this size", "AnyError: 这么大"),
        # Several values are a list, but not those of a shape, and none of a value of their own.
        ("3 passed. Left: 2.2, 2.3, 2.10, ….", "已通过 3。还剩：2.2、2.3、2.10、…。"),
        ("3 passed. Left: a/b.md, a/c.csv.", "已通过 3。还剩：a/b.md、a/c.csv。"),
        ("x is 'a, b', expected 'crop', 'fit'.", "x 是 'a, b'，应为 'crop'、'fit'。"),
        ("x is [1, 2], expected [2, 1].", "x 是 [1, 2]，应为 [2, 1]。"),
        ("Write `x[3, 4]` where (batch, 5, 6) is.", "在 (batch, 5, 6) 处写 `x[3, 4]`。"),
        ("my/cat.png: of this size", "my/cat.png：这么大"),
        ("my/cat.png: nobody knows", "my/cat.png: nobody knows"),
        # Lists, of sentences and of pieces.
        ("features 3; features 4; features 5", "features 为 3；features 为 4；features 为 5"),
        ("features 3, features 4", "features 为 3，features 为 4"),
        ("features 3, nobody 4", "features 为 3, nobody 4"),
        ("Not translated yet, 3 times.", "Not translated yet, 3 times."),
        ("Nobody knows this sentence of mine.", "Nobody knows this sentence of mine."),
        ("", ""),
        ("12.5", "12.5"),
    ],
)  # fmt: skip
def test_messages_are_taken_apart(message, expected):
    assert BOOK.translated(message) == expected


def test_what_is_to_stay_in_english_holds_what_is_not():
    kept, said = Passage("f", "{0} GB"), Passage("f", "Memory")
    entries = {kept: Entry(kept, comments=("keep",)), said: Entry(said, "内存")}
    assert Phrasebook.of(Catalogue("a", "zh_CN", entries)).translated("Memory: 25.3 GB") == "内存：25.3 GB"


def test_what_is_known_is_told():
    assert BOOK.knows("x is 1, expected 2.") and BOOK.knows("Not translated yet, 3 times.")
    assert not BOOK.knows("Nobody knows this sentence of mine.") and not BOOK.knows("12.5")


def _filled(template, plural):
    """A message that a template makes of numbers; behind a full stop there is nothing, or a sentence."""
    values = {f"{{{i}}}": f"{i}.{i}7" for i in range(12)} | {PLURAL: plural}
    return PLACE.sub(lambda place: values[place[0]], re.sub(r"(?<=\.)\{\d+\}", "", template))


@pytest.mark.parametrize("name", NAMES)
def test_every_template_is_found_again_with_its_values(name):
    # In this language there are places and nothing else.
    other = {
        passage.text: "译"
        + "译".join(place[0] for place in PLACE.finditer(passage.text) if place[0] != PLURAL)
        for passage in offered(name)
    }
    book = Phrasebook(other)
    for template in (text for text in other if re.search("[A-Za-z]{2}", PLACE.sub("", text))):
        for plural in ("", "s"):
            message = _filled(template, plural)
            words = book.translated(message)
            assert re.findall("译", words), message
            assert sorted(re.findall("[A-Za-z]", words)) == [], (message, words)
            assert re.findall(r"\d+\.\d7", words) == re.findall(r"\d+\.\d7", message), (message, words)


def test_a_result_keeps_the_name_that_the_task_gives_it():
    """In the checks "text" is a kind of value, too, which has another word in Chinese."""
    said = messages.of_check("`text` is None. Return two things, `return text, b`.", "zh_CN")
    assert said.startswith("`text` 是 None。")


def test_a_message_takes_a_few_milliseconds():
    book = Phrasebook({passage.text: "译" for name in NAMES[:1] + NAMES[9:10] for passage in offered(name)})
    several = [_filled(passage.text, "s") for passage in offered(NAMES[9])]
    book.translated(several[0])
    began = time.process_time()
    for message in several:
        book.translated(message)
    assert (time.process_time() - began) / len(several) < 0.03


@pytest.mark.parametrize(
    "quoted", ["a cat. " * 280, "x is 1, expected 2. " * 95, "at index, of it has shape " * 75, "(" * 1_900]
)
def test_what_a_message_quotes_does_not_keep_it(quoted):
    book = Phrasebook({passage.text: "译" for passage in offered(COMMON)})
    began = time.process_time()
    book.translated(quoted)
    assert time.process_time() - began < 10
    assert book.translated(quoted * 100) == quoted * 100


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setattr(messages, "folder_of", tmp_path.joinpath)
    messages._phrasebook.cache_clear()
    yield tmp_path / "zh_CN" / "checks"
    messages._phrasebook.cache_clear()


def write(path, text, translation):
    path.parent.mkdir(parents=True, exist_ok=True)
    passage = Passage("f", text)
    Catalogue("a", "zh_CN", {passage: Entry(passage, translation)}).write(path)


def test_a_check_speaks_by_the_catalogues_of_all_lessons_and_of_its_own(folder):
    write(folder / "common.po", "All is right.", "全对。")
    write(folder / "lesson_03.po", "The state is wrong.", "状态不对。")
    assert messages.of_check("The state is wrong. All is right.", "zh_CN", "3.1") == "状态不对。全对。"
    assert messages.of_check("The state is wrong.", "zh_CN", "4.1") == "The state is wrong."
    assert messages.of_check("All is right.", "zh_CN") == "全对。"
    assert messages.of_check("All is right.", "", "3.1") == "All is right."


@pytest.mark.parametrize("damage", [None, b"\xff", b'msgid "half'])
def test_a_catalogue_that_is_damaged_or_missing_leaves_the_english(damage, folder):
    if damage:
        folder.mkdir(parents=True)
        (folder / "common.po").write_bytes(damage)
    assert messages.of_check("All is right.", "zh_CN", "3.1") == "All is right."
