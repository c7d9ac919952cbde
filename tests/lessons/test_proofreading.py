"""What can be told of a translation without reading it is told, and nothing else."""

import re

import pytest

from course_utils import CourseError
from course_utils.lessons import proofreading
from course_utils.lessons.catalogues import Catalogue, Entry
from course_utils.lessons.proofreading import Term
from course_utils.lessons.translation import Passage
from course_utils.places import TRANSLATIONS


def said(english, chinese, **more):
    return list(proofreading.complaints(Entry(Passage("cell", english), chinese, **more)))


RIGHT = [
    ("A **modality** (模态) is a way.", "**模态**（modality）是一种方式。"),
    (
        "1. **Preprocessing** (数据预处理): see [01 Files](01_files.ipynb).\n2. Use `x`, then $y_1$.",
        "1. **数据预处理**（preprocessing）：见 [01 文件](01_files.ipynb)。\n2. 先用 `x`，再用 $y_1$。",
    ),
    ("Of 1,571 concepts, 50 % in 2.5 s.", "2.5 秒内完成 1571 个概念的 50%。"),
    ("Two of them: three, and *ten*.", "其中 2 个：三，以及*十*。"),
    ("Shape (4, 3): `a` and `b`.", "形状为 (4, 3)：`a` 和 `b`。"),
    ("| a | b |\n|---|---|\n| `c` | $d$ |", "| 甲 | 乙 |\n|---|---|\n| `c` | $d$ |"),
    ("- one\n  - two\n* three *four*", "- 一\n  - 二\n* 三*四*"),
    ("> A <b>word</b>, see <https://x.org/a_(b)>.", "> 一个<b>词</b>，见 <https://x.org/a_(b)>。"),
    (
        '- A. B. Baltrušaitis, *A Survey of a few things and of others*, "the sum of it all is small": new.',
        "- A. B. Baltrušaitis，*A Survey of a few things and of others*，“the sum of it all is small”：新。",
    ),
    ("**Use `x`** to *see $y$*.", "**用 `x`** 来*看 $y$*。"),
    ("Use ``a ` b`` and \\$5 or \\* here", "用 ``a ` b`` 与 \\$5 或 \\* 这里"),
]


@pytest.mark.parametrize(("english", "chinese"), RIGHT, ids=range(len(RIGHT)))
def test_a_right_translation_is_left_alone(english, chinese):
    assert said(english, chinese) == []


WRONG = [
    ("Use `x` here.", "在这里用。", "the code `x` is missing"),
    ("Use it here.", "这里用 `x` 吧。", "the code `x` is not in the English"),
    ("$a$ and $a$ once more", "再说 $a$ 一次", r"the formula \$a\$ is missing"),
    ("So $$a = b$$ holds.", "所以 $$a = c$$ 成立。", r"the formula \$\$a = b\$\$ is missing"),
    ("See [a](b.ipynb).", "见[甲](c.ipynb)。", r"target of a link \(b.ipynb\) is missing"),
    ("See https://a.org/b.", "见 https://a.org/c。", "target of a link https://a.org/b. is missing"),
    ("A ![cat](cat.png).", "一只[猫](cat.png)。", r"the picture \(cat.png\) is missing"),
    ("A <b>word</b>.", "一个<b>词<b>。", "the tag </b> is missing"),
    ("Of 3,000 words", "3,001 个词", "the number 3000 is missing"),
    ("Some words", "5 个词", "the number 5 is not in the English"),
    ("Some words", "30 个词", "the number 30 is not in the English"),
    ("## Title", "### 标题", "level of the heading: 3, in the English 2"),
    ("| a | b |\n|---|---|", "| 甲 |\n|---|", "bars in each row"),
    ("| a |\n|---|\n| b |", "| 甲 |\n|---|", "bars in each row"),
    ("- a\n- b", "- 甲", "items in the list"),
    ("- a\n  - b", "- 甲\n- 乙", "items in the list"),
    ("A sentence.", "A sentence.", "there is no Chinese in it; .* `# keep`"),
    (
        "Nobody knows what it means to others.",
        "没人知道：Nobody knows what it means to others。",
        "English is left",
    ),
    ("One, two.", "一,二。", "sign of half width"),
    ("One: two.", "一: 二。", "sign of half width"),
    ("One. Two.", "一.二。", "sign of half width"),
    ("`a`, `b` and one", "`a`, `b` 和一", "sign of half width"),
    ("One (two).", "一(二)。", "bracket of half width"),
    ('Say "one".', '说"一"。', "straight quotes"),
    ("It is Keras.", "这是 Keras.", "full stop of half width"),
    ("One two.", "一 二。", "a space between Chinese"),
    ("One\ntwo.", "一\n二。", "a space between Chinese"),
    ("One, two.", "一， 二。", "a space between Chinese"),
    ("One, `two`.", "一， `two`。", "beside a sign of full width"),
    ("A CNN is.", "用CNN是。", "no space between Chinese and a Latin"),
    ("Lesson 3.", "第3课。", "no space between Chinese and a Latin"),
    ("Use `x` here.", "在这里用`x`。", "no space between Chinese and a Latin"),
    ("A **word (x)** is.", "一个**词（x）**是。", r"\*\* would be shown as it is"),
    ("A **“word”** is.", "一个**“词”**是。", r"\*\* would be shown as it is"),
    ("**Use `x`** to.", "**用 `x`**来。", r"\*\* would be shown as it is"),
    ("A **word** is.", "一个**词是。", r"\*\* is opened and not closed"),
]


@pytest.mark.parametrize(("english", "chinese", "complaint"), WRONG, ids=[case[1] for case in WRONG])
def test_a_wrong_translation_is_named(english, chinese, complaint):
    assert any(re.search(complaint, sentence) for sentence in said(english, chinese)), said(english, chinese)


def test_nothing_is_said_of_what_is_not_shown_or_meant():
    assert said("A sentence of one.", "2", fuzzy=True) == []
    assert said("A sentence of one.", "") == []
    assert said("A sentence of one.", "A sentence of one.", comments=("keep",)) == []


def test_the_english_lessons_have_the_form_that_they_ask_for():
    """Nothing that a rule looks for is found in one of two equal texts only, and no asterisk is seen."""
    for path in sorted(TRANSLATIONS.glob("*/[0-9][0-9]_*.po")):
        for passage in Catalogue.read(path).entries:
            text = passage.text
            for rule in (proofreading._same_things, proofreading._same_numbers, proofreading._same_form):
                assert not list(rule(text, text)), (path, passage)
            assert passage.kind or not list(proofreading._is_shown_as_meant(text, text)), (path, passage)


@pytest.mark.parametrize(("context", "count"), [("cell", 1), ("cell comment", 0), ("cell docstring", 0)])
def test_asterisks_in_code_are_meant(context, count):
    entry = Entry(Passage(context, "The square u ** 2."), "平方 u ** 2。")
    assert len(list(proofreading.complaints(entry))) == count


GLOSSARY = """| English | 中文 | meaning |
|---|---|---|
| token | 词元 | a piece |
| key, query | 键, 查询 | both |
| WER, word error rate | 词错误率 | a share |"""


def test_terms_are_read_from_glossaries():
    other = "| English | 中文 | meaning |\n|---|---|---|\n| token | 标记 | a vector |"
    terms = proofreading.glossary_terms([GLOSSARY, "No table.", other])
    assert {term.english: term.chinese for term in terms.values()} == {
        "key": ("键",),
        "query": ("查询",),
        "token": ("词元", "标记"),
        "WER": ("词错误率",),
        "word error rate": ("词错误率",),
    }


def test_the_table_of_terms_is_written_and_read(tmp_path):
    path = tmp_path / "terms.csv"
    assert proofreading.read_terms(path) == {}
    terms = {
        "a, b": Term("a, b", ("甲", "乙"), strict=True),
        "c": Term("c", ("丙",)),
        "d": Term("d", (), ("丁", "戊"), ('the "d"', "d, e")),
    }
    path.write_text(proofreading.terms_as_text(terms), encoding="utf-8")
    assert proofreading.read_terms(path) == terms
    path.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"it has the columns \['a', 'b'\]; expected \['english'"):
        proofreading.read_terms(path)


def test_what_somebody_wrote_about_a_term_stays_when_the_glossaries_change():
    known = {
        "token": Term("token", ("标记",), ("字符串",), ("a thing",), strict=True),
        "seed": Term("seed", (), ("种子",), strict=True),
        "gone": Term("gone", ("没了",), strict=True),
    }
    found = {"token": Term("token", ("词元",)), "Mask": Term("Mask", ("掩码",))}
    assert list(proofreading.renewed(known, found).values()) == [
        Term("Mask", ("掩码",)),
        known["seed"],
        Term("token", ("词元",), ("字符串",), ("a thing",), strict=True),
    ]


TERMS = [
    Term("token", ("词元", "标记")),
    Term("word error rate", ("词错误率",), strict=True),
    Term("WER", ("词错误率",)),
    Term("mask", ("掩码",)),
    Term("prefix mask", ("前缀遮盖",)),
    Term("key", ("键",), ("密钥",), ("a cat and a key",)),
    Term("batch", ("批",)),
    Term("vocabulary", ("词表",)),
    Term("Arrow", ("Arrow 格式",)),
    Term("softmax", ("归一化指数",), ("softmax",)),
]


def strange(english, chinese):
    found = proofreading.strange_terms(Entry(Passage("cell", english), chinese), TERMS)
    return [(term.english, sentence) for term, sentence in found]


def test_a_term_of_the_glossary_is_expected():
    assert strange("A token and its word error rate.", "一个词元和它的词错误率。") == []
    assert strange("The WER.", "这个 WER。") == strange("The WER.", "词错误率。") == []
    assert [term for term, _ in strange("The WER, a token.", "这个错误率，一个 token。")] == ["WER", "token"]
    assert strange("Tokenised `token`, no non-token.", "分词后。") == []
    assert strange("A Token.", "一个令牌。") == [
        ("token", "“token” is 词元 or 标记 in the table of terms, which is not there")
    ]


@pytest.mark.parametrize(
    ("english", "chinese", "names"),
    [
        ("Two tokens.", "两个令牌。", ["token"]),
        ("Two batches, two vocabularies.", "两堆，两本词汇。", ["batch", "vocabulary"]),
        ("A word error\nrate.", "一个错误率。", ["word error rate"]),
        ("A prefix mask.", "前缀遮盖。", []),
        ("A prefix mask.", "前缀掩码。", ["prefix mask"]),
        ("A prefix mask is a mask.", "前缀遮盖是面具。", ["mask"]),
        ("One token, one more token.", "令牌，又一个令牌。", ["token"]),
    ],
)
def test_a_term_counts_once_in_any_number_and_the_longest_counts(english, chinese, names):
    assert [term for term, _ in strange(english, chinese)] == names


def test_a_term_may_have_other_names_and_its_word_another_sense():
    assert strange("A random key.", "随机密钥。") == strange("A softmax.", "一次 Softmax。") == []
    assert strange("It shows a cat and a key.", "有猫和钥匙。") == []
    assert strange("An arrow.", "一支箭。") == strange("Arrow stores columns.", "Arrow 按列存。") == []
    assert strange("Arrow stores columns.", "箭按列存。")[0][0] == "Arrow"
    assert [term for term, _ in strange("It shows a key.", "有钥匙。")] == ["key"]


@pytest.mark.parametrize(
    ("english", "chinese", "names"),
    [
        ("Inputs are (batch, token, 3).", "输入是（batch, token, 3）。", []),
        ("Inputs are (batch, token, 3).", "输入是 (batch, token, 3)，", []),
        ("Inputs are batch, token and mask.", "输入是 batch, token 和 mask。", ["batch", "token", "mask"]),
        ("For batch = {0} and mask = {1}", "给定 batch = {0}、mask = {1}", []),
        ("Positions k, k + token, k + 2 · token", "位置 k、k + token、k + 2 · token……", []),
        ("See *A Token Is Worth a Word*, 2021.", "见 *A Token Is Worth a Word*，2021。", []),
        ("token is {0}: expected text.", "token 是 {0}：应为文本。", []),
        ("batch={0} and mask is {1}: expected a mask.", "batch={0}，mask 是 {1}；应为面具。", []),
        ("tokens, masks and {0} differ.", "tokens、masks 和 {0} 不同。", []),
        ("token is {0}: expected a mask.", "token 是 {0}：应为面具。", ["mask"]),
        ("The token is {0}.", "token 是 {0}。", ["token"]),
        ("More packages (token), a token.", "更多软件包（token），一个令牌。", ["token"]),
        ("More packages (token).", "更多软件包（token）。", []),
        ("It is saved as token.keras.", "存为 token.keras。", []),
        ("It is a token.", "这是 token。", ["token"]),
    ],
)
def test_names_that_both_texts_have_are_no_terms(english, chinese, names):
    assert [term for term, _ in strange(english, chinese)] == names
