"""Files, tokens, vocabularies and padding: exact on known cases, and properties on random text."""

import itertools
import json
import os
import re
import subprocess
import sys
import unicodedata

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.places import ROOT
from course_utils.preprocessing import text
from course_utils.preprocessing.text import BytePairEncoder, Vocabulary

CORPUS = [
    "low low low low low",
    "lower lower newest newest newest newest newest newest",
    "widest widest widest",
]

# What random texts are drawn from: spaces, marks, joiners, emoji, Chinese, Hangul, full width, controls.
ALPHABET = "aabcdeXYZ  \t\n\r'’-_.,，。²½ﬁＡßİ\u0301\u200d\u0345中文研究👩🚀🇨🇳👍🏽한ᄒ\u1161각\u00ad\ufb01▁Ġ#"


def random_texts(seed, count=200, longest=40):
    rng = np.random.default_rng(seed)
    letters = list(ALPHABET)
    return ["".join(rng.choice(letters, rng.integers(0, longest))) for _ in range(count)]


@pytest.fixture
def written(tmp_path):
    def write(content):
        path = tmp_path / "text.txt"
        path.write_bytes(content)
        return path

    return write


# ---- reading ----


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-32"])
def test_a_byte_order_mark_decides_the_encoding_and_disappears(written, encoding):
    assert text.read_text(written("词 word".encode(encoding))) == "词 word"


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030", "big5", "utf-16-le"])
def test_the_encoding_asked_for_is_used(written, encoding):
    assert text.read_text(written("多種文字 a\r\nb\rc".encode(encoding)), encoding) == "多種文字 a\nb\nc"


def test_an_empty_file_is_an_empty_text(written):
    assert text.read_text(written(b"")) == ""


@pytest.mark.parametrize("encoding", ["gb18030", "big5", "cp1252", "utf-16-le", "shift_jis"])
def test_a_wrong_encoding_is_reported_with_offset_bytes_and_remedy(written, encoding):
    content = "naïve café" if encoding == "cp1252" else "中文"
    data = b"first line\n" if encoding != "utf-16-le" else b""
    path = written(data + content.encode(encoding))
    with pytest.raises(CourseError) as caught:
        text.read_text(path)
    message = str(caught.value)
    with pytest.raises(UnicodeDecodeError) as plain:
        path.read_bytes().decode("utf-8")
    assert f"byte offset {plain.value.start}" in message
    assert f"bytes {plain.value.object[plain.value.start : plain.value.end].hex(' ')}" in message
    assert encoding in message.split("These would read it")[1]
    assert "\n" not in message
    if data:
        assert "(line 2)" in message


def test_an_encoding_that_does_not_fit_is_not_offered(written):
    with pytest.raises(CourseError) as caught:
        text.read_text(written(b"\x81\x8d\xff"))
    offered = str(caught.value)
    assert "big5 (" not in offered
    assert "cp1252 (" not in offered
    assert "utf-16-le (" not in offered


PROSE = {
    "zh": "今天天气很好，我们去公园散步。孩子们在湖边放风筝，老人们坐在树下聊天。\n晚上一起吃饭。",
    "zh-Hant": "今天天氣很好，我們去公園散步。孩子們在湖邊放風箏，老人們坐在樹下聊天。",
    "yue": "我哋今日去公園行吓，佢哋喺度食嘢。啲細路仔好開心咁玩緊嚟。",
    "ja": "今日はとても天気がいいので、公園へ散歩に行きました。子供たちは凧を揚げています。",
    "ko": "오늘은 날씨가 아주 좋아서 우리는 공원에 산책하러 갔습니다. 아이들이 연을 날리고 있습니다.",
    "ru": "Сегодня очень хорошая погода, и мы пошли гулять в парк. Дети запускают воздушного змея.",
    "de": "Heute ist schönes Wetter, wir gehen spazieren. Die Kinder lassen Drachen steigen, auch größere.",
    "fr": "Il fait très beau aujourd’hui, nous allons au parc où nous étions déjà cet été.",
    "pl": "Dzisiaj jest bardzo ładna pogoda, idziemy na spacer. Dzieci puszczają latawce. Już późno, wróćmy.",
    "cs": "Dnes je velmi pěkné počasí, jdeme na procházku do parku. Děti pouštějí draky, žluťoučký kůň.",
    "el": "Σήμερα ο καιρός είναι πολύ καλός και πάμε βόλτα στο πάρκο. Τα παιδιά πετούν χαρταετό.",
    "tr": "Bugün hava çok güzel, parka yürüyüşe gidiyoruz. Çocuklar uçurtma uçuruyor, şimdi ığdır.",
    "th": "วันนี้อากาศดีมาก เราไปเดินเล่นที่สวนสาธารณะ",
    "he": "היום מזג האוויר יפה מאוד ואנחנו הולכים לטייל בפארק",
    "ar": "الطقس جميل جدا اليوم ونحن ذاهبون للتنزه في الحديقة",
    "en": "Plain text in English, with nothing but letters.\nAnd a second line.",
    "both": "A line of English.\n第二行是中文。\nmore English words here",
}
UNICODE = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
LIKELIEST = [
    (language, encoding)
    for language in ("zh", "zh-Hant", "yue", "ja", "ru", "de", "en", "both")
    for encoding in UNICODE
]
LIKELIEST += [
    ("zh", "gb18030"),
    ("zh-Hant", "big5"),
    ("yue", "big5hkscs"),
    ("ja", "shift_jis"),
    ("ja", "euc_jp"),
]
LIKELIEST += [("ko", "cp949"), ("ru", "cp1251"), ("ru", "koi8-r"), ("ru", "cp866"), ("ru", "iso8859-5")]
LIKELIEST += [("de", "cp1252"), ("pl", "cp1250"), ("pl", "iso8859-2"), ("cs", "cp1250")]
LIKELIEST += [("el", "cp1253"), ("th", "cp874"), ("he", "cp1255"), ("ar", "cp1256"), ("both", "gb18030")]


def readings(path):
    """What the refusal offers, [(encoding, sample)]."""
    with pytest.raises(CourseError) as caught:
        text.read_text(path)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < len(str(path)) + 400
    return re.findall(r"([a-z0-9_-]+) \('([^']*)'\)", message.partition("These would read it: ")[2])


@pytest.mark.parametrize(("language", "encoding"), LIKELIEST)
def test_the_right_encoding_is_named_first(written, language, encoding):
    path = written(PROSE[language].encode(encoding))
    name, sample = readings(path)[0]
    assert name == encoding
    assert text.read_text(path, name) == PROSE[language]
    assert sample in repr(PROSE[language])
    assert sample.isascii() == PROSE[language].isascii()


@pytest.mark.parametrize(("language", "encoding"), [("fr", "cp1252"), ("tr", "cp1254"), ("de", "mac-roman")])
def test_the_right_encoding_is_named_among_its_neighbours(written, language, encoding):
    offered = readings(written(PROSE[language].encode(encoding)))
    samples = dict(offered)
    assert not samples[encoding].isascii()
    assert samples[encoding] in PROSE[language]
    assert len(offered) <= 5


@pytest.mark.parametrize(
    ("content", "encoding"),
    [
        ("嘅", "big5hkscs"),
        ("佢喺度食嘢", "big5hkscs"),
        ("香港嘅天氣，啲人話好靚", "big5hkscs"),
        ("plain", "utf-16-be"),
        ("plain", "utf-16-le"),
        ("plain", "utf-32-be"),
        ("中文", "utf-16-be"),
        ("中文", "utf-16-le"),
        ("中文", "gb18030"),
    ],
)
def test_for_a_few_characters_the_right_encoding_is_among_those_named(written, content, encoding):
    assert (encoding, content) in readings(written(content.encode(encoding)))


@pytest.mark.parametrize("encoding", UNICODE)
@pytest.mark.parametrize("count", [1, 20])
def test_what_is_offered_really_reads_the_file(written, encoding, count):
    path = written(("語音 and speech\n" * count).encode(encoding))
    for name, sample in readings(path):
        assert sample in repr(text.read_text(path, name))


@pytest.mark.parametrize(
    "content", [b"PK\x03\x04\0\0", bytes(range(256)), b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1"]
)
def test_for_what_is_no_text_no_encoding_is_offered(written, content):
    assert readings(written(content)) == []


@pytest.mark.parametrize("content", [b"PK\x03\x04\x00\x00", b"abc\0def", "plain".encode("utf-16-le")])
def test_binary_files_are_refused(written, content):
    with pytest.raises(CourseError, match="is zero, which no text holds"):
        text.read_text(written(content))


def test_colours_of_a_terminal_are_text(written):
    assert text.read_text(written(b"\x1b[31mred\x1b[0m, 5 $")) == "\x1b[31mred\x1b[0m, 5 $"


@pytest.mark.parametrize("encoding", ["klingon", "hex", "", "a\0b", 8, None])
def test_an_unknown_encoding_is_named(written, encoding):
    with pytest.raises(CourseError, match=r"^encoding is"):
        text.read_text(written(b"abc"), encoding)


# ---- normalising ----


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("  Two\t words\n", "two words"),
        ("ＡＢＣ１２３，", "abc123,"),
        ("cafe\u0301", "café"),
        ("ﬁne Straße", "fine strasse"),
        ("5²", "52"),
        ("", ""),
    ],
)
def test_spellings_that_mean_the_same_become_equal(given, expected):
    assert text.normalise(given) == expected


def test_case_can_be_kept():
    assert text.normalise("Straße Ａ", lower=False) == "Straße A"


def test_normalising_twice_changes_nothing_more():
    everything = [chr(code) for code in range(0x30000) if not 0xD800 <= code < 0xE000]
    for given in [*random_texts(0), *everything]:
        once = text.normalise(given)
        assert text.normalise(once) == once
        assert unicodedata.is_normalized("NFKC", once)


# ---- splitting ----


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Don't stop, it’s 'good'!", ["Don't", "stop", "it's", "good"]),
        ("well-known snake_case 3.14", ["well", "known", "snake", "case", "3", "14"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("cafe\u0301 🙂 ok", ["cafe\u0301", "ok"]),
        ("'' ' !?", []),
        ("", []),
    ],
)
def test_words(given, expected):
    assert text.split_words(given) == expected


@pytest.mark.parametrize(
    "clusters",
    [
        ["e\u0301", "x", "ä\u0323\u0308"],
        ["👩‍🚀", "👩‍👩‍👧‍👦", "❤️‍🔥", "🏳️‍🌈"],
        ["🇨🇳", "🇩🇪", "🇫"],
        ["👍🏽", "👍", "1️⃣"],
        ["🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "!"],
        ["한", "\u1112\u1161\u11ab", "가\u11a8", "각", "나"],
        ["\r\n", "\n", "\r", "a"],
        ["\n", "\u0301a"[:1], "a"],
        ["न", "म", "स\u094dत\u0947"],
        ["क\u094dष", "त\u094dर\u093f", "क\u200c", "ख"],
        ["a\u200d", "b"],
        [],
    ],
)
def test_characters_stay_whole(clusters):
    assert text.split_characters("".join(clusters)) == clusters


def test_characters_joined_give_the_text_again():
    for given in random_texts(1):
        clusters = text.split_characters(given)
        assert "".join(clusters) == given
        assert all(clusters)


def test_a_very_long_cluster_takes_linear_time():
    assert len(text.split_characters("a" + "\u0301" * 200_000)) == 1


# ---- Chinese ----


def test_jieba_finds_words():
    assert text.segment_chinese("我来到北京清华大学， OK") == ["我", "来到", "北京", "清华大学", "，", "OK"]
    assert text.segment_chinese("") == []


@pytest.mark.slow
def test_jieba_is_silent_and_leaves_no_file(tmp_path):
    code = "from course_utils.preprocessing import text; text.segment_chinese('你好世界')"
    # Bytecode is compiled afresh, which is when the warnings of jieba's source appear.
    settings = {
        "TMPDIR": str(tmp_path),
        "TEMP": str(tmp_path),
        "TMP": str(tmp_path),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    settings["PYTHONPYCACHEPREFIX"] = str(tmp_path / "no bytecode here")
    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", code],
        env={**os.environ, **settings},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "dictionary", "expected"),
    [
        ("研究生命的起源", ["研究", "研究生", "生命", "起源"], ["研究生", "命", "的", "起源"]),
        ("他说 的 确实", {"的确", "确实", "说的"}, ["他", "说", "的", "确实"]),
        ("没有词典", [], ["没", "有", "词", "典"]),
        ("", ["一"], []),
    ],
)
def test_maximum_matching_takes_the_longest_word(given, dictionary, expected):
    assert text.maximum_matching(given, dictionary) == expected


def test_maximum_matching_is_the_plain_definition():
    rng = np.random.default_rng(2)
    for _ in range(100):
        given = "".join(rng.choice(list("甲乙丙"), 15))
        words = {"".join(rng.choice(list("甲乙丙"), rng.integers(1, 5))) for _ in range(6)}
        rest, expected = given, []
        while rest:
            fitting = [word for word in words if rest.startswith(word)] or [rest[0]]
            expected.append(max(fitting, key=len))
            rest = rest[len(expected[-1]) :]
        assert text.maximum_matching(given, words) == expected


# ---- stop words ----


def test_stop_words_go_and_kept_ones_stay():
    tokens = ["The", "film", "is", "not", "good"]
    assert text.remove_stop_words(tokens) == ["film", "good"]
    assert text.remove_stop_words(tokens, keep=("not",)) == ["film", "not", "good"]
    assert text.remove_stop_words(["电影", "不", "好看", "的"], "zh") == ["电影", "好看"]
    assert text.remove_stop_words(["电影", "不", "好看", "的"], "zh", keep=["不"]) == ["电影", "不", "好看"]


# ---- byte-pair encoding ----


def naive_merges(texts, vocabulary_size):
    """Count everything anew for each merge: slow, and plainly the definition."""
    pieces = [list(piece) for one in texts for piece in BytePairEncoder._split(one)]
    tokens, merges = {symbol for piece in pieces for symbol in piece}, []
    while len(tokens) < vocabulary_size:
        counts = {}
        for piece in pieces:
            for pair in itertools.pairwise(piece):
                counts[pair] = counts.get(pair, 0) + 1
        counts = {pair: count for pair, count in counts.items() if count > 1}
        if not counts:
            break
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        merges.append(best)
        tokens.add("".join(best))
        for piece in pieces:
            position = 0
            while position < len(piece) - 1:
                if (piece[position], piece[position + 1]) == best:
                    piece[position : position + 2] = ["".join(best)]
                position += 1
    return list(dict.fromkeys(merges))


def test_merges_are_those_of_the_definition():
    assert BytePairEncoder.train(CORPUS, 30).merges == naive_merges(CORPUS, 30)
    rng = np.random.default_rng(3)
    for _ in range(60):
        texts = ["".join(rng.choice(list("ab c"), rng.integers(1, 30))) for _ in range(5)]
        assert BytePairEncoder.train(texts, 20).merges == naive_merges(texts, 20)


def test_frequent_words_become_one_token_and_rare_ones_several():
    encoder = BytePairEncoder.train(CORPUS, 26)
    assert encoder.encode("low newest lowest") == [" low", " newest", " low", "est"]


def test_every_text_survives_the_round_trip():
    texts = random_texts(4)
    encoder = BytePairEncoder.train(texts[:50], 120)
    for given in [*texts, "", " ", "  two  spaces ", "unseen: ξ 🦉 \u0000", "\n\n"]:
        assert encoder.decode(encoder.encode(given)) == given


def test_unseen_characters_stand_for_themselves():
    assert BytePairEncoder.train(CORPUS, 26).encode("low ξ")[-1] in ("ξ", " ξ")


def test_the_vocabulary_has_the_size_asked_for():
    encoder = BytePairEncoder.train(CORPUS, 26)
    assert len(encoder.tokens) == len(set(encoder.tokens)) == 26
    produced = {token for one in CORPUS for token in encoder.encode(one)}
    assert produced <= set(encoder.tokens)
    assert len(BytePairEncoder.train(["ab ab"], 1000).tokens) < 10


def test_the_same_texts_give_the_same_merges_in_any_process():
    code = (
        "from course_utils.preprocessing.text import BytePairEncoder;"
        f"print(BytePairEncoder.train({CORPUS!r}, 30).merges)"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("0", "1")
    }
    assert printed == {f"{BytePairEncoder.train(CORPUS, 30).merges}\n"}


def test_an_encoder_is_the_same_after_saving(tmp_path):
    encoder = BytePairEncoder.train([*CORPUS, "语音 语音 \n \u2028"], 40)
    encoder.save(tmp_path / "bpe.json")
    loaded = BytePairEncoder.load(tmp_path / "bpe.json")
    assert loaded.merges == encoder.merges
    assert loaded.tokens == encoder.tokens
    assert loaded.encode("newest 语音 widest") == encoder.encode("newest 语音 widest")


# ---- vocabulary ----


def test_tokens_are_numbered_by_frequency_then_alphabet():
    vocabulary = Vocabulary.build([["d", "c", "a"], ["c", "b", "b"]])
    assert vocabulary.tokens == ["[PAD]", "[UNK]", "b", "c", "a", "d"]
    assert vocabulary.encode(["b", "z", "d"]) == [2, Vocabulary.UNKNOWN, 5]
    assert vocabulary.decode([2, 1, 0]) == ["b", "[UNK]", "[PAD]"]
    assert vocabulary.decode(np.array([5])) == ["d"]
    assert len(vocabulary) == 6
    assert "b" in vocabulary
    assert "z" not in vocabulary


def test_the_vocabulary_can_be_limited():
    lists = [["a"] * 3, ["b"] * 2, ["c"]]
    assert Vocabulary.build(lists, max_size=3).tokens[2:] == ["a"]
    assert Vocabulary.build(lists, min_count=2).tokens[2:] == ["a", "b"]
    assert len(Vocabulary.build([], max_size=2)) == 2


def test_the_reserved_names_in_a_text_are_no_padding():
    assert "[PAD]" not in Vocabulary.build([["a"]])
    assert Vocabulary.build([["a"]]).encode(["[PAD]"]) == [Vocabulary.UNKNOWN]
    assert Vocabulary.build([["[PAD]"]]).encode(["[PAD]"]) == [2]


def test_known_tokens_survive_the_round_trip(tmp_path):
    lists = [text.split_words(one) for one in random_texts(5)]
    vocabulary = Vocabulary.build(lists)
    vocabulary.save(tmp_path / "vocabulary.json")
    loaded = Vocabulary.load(tmp_path / "vocabulary.json")
    assert loaded.tokens == vocabulary.tokens
    for tokens in lists:
        assert loaded.decode(loaded.encode(tokens)) == tokens


@pytest.mark.parametrize("kind", [Vocabulary, BytePairEncoder])
@pytest.mark.parametrize(
    "content",
    [
        "",
        "not json",
        "[]",
        "{}",
        "[" * 100_000,
        '{"kind": "something else"}',
        '{"kind": "KIND"}',
        '{"kind": "KIND", "tokens": "abc", "characters": [], "merges": {}}',
        '{"kind": "KIND", "tokens": [1, 2], "characters": [1], "merges": []}',
        '{"kind": "KIND", "tokens": ["a", "a"], "characters": ["a"], "merges": [["a", "b"]]}',
        '{"kind": "KIND", "tokens": [null], "characters": ["a"], "merges": ["aa"]}',
        '{"kind": "KIND", "tokens": [["a"]], "characters": ["a"], "merges": [["a", 1]]}',
        '{"kind": "KIND", "tokens": ["\\ud800"], "characters": ["a"], "merges": [["a"]]}',
    ],
)
def test_a_wrong_file_is_refused(tmp_path, kind, content):
    path = tmp_path / "saved.json"
    path.write_text(content.replace("KIND", kind._KIND), encoding="utf-8")
    with pytest.raises(CourseError):
        kind.load(path)


def test_one_kind_of_file_is_not_taken_for_the_other(tmp_path):
    Vocabulary.build([["a"]]).save(tmp_path / "saved.json")
    assert json.loads((tmp_path / "saved.json").read_text(encoding="utf-8"))["tokens"] == ["a"]
    with pytest.raises(CourseError, match=r"saved\.json.*byte-pair"):
        BytePairEncoder.load(tmp_path / "saved.json")


# ---- padding ----


def test_sequences_are_padded_and_masked():
    ids, mask = text.pad([[3, 4, 5], [], [6]])
    np.testing.assert_array_equal(ids, [[3, 4, 5], [0, 0, 0], [6, 0, 0]])
    np.testing.assert_array_equal(mask, [[True, True, True], [False] * 3, [True, False, False]])
    assert ids.dtype == np.int32
    assert mask.dtype == bool


def test_padding_properties_in_random_shapes():
    rng = np.random.default_rng(6)
    for _ in range(60):
        rows = [rng.integers(0, 99, rng.integers(0, 12)).tolist() for _ in range(rng.integers(0, 6))]
        length = None if rng.random() < 0.3 else int(rng.integers(0, 15))
        ids, mask = text.pad(rows, length)
        width = length if length is not None else max(map(len, rows), default=0)
        assert ids.shape == mask.shape == (len(rows), width)
        assert (ids[~mask] == 0).all()
        for row, kept, real in zip(rows, ids, mask, strict=True):
            assert kept[real].tolist() == row[:width]
            assert (np.diff(real.astype(int)) <= 0).all()


# ---- wrong arguments ----


@pytest.mark.parametrize(
    ("call", "named"),
    [
        (lambda: text.normalise(b"bytes"), "text"),
        (lambda: text.normalise(None), "text"),
        (lambda: text.normalise("\ud800"), "text"),
        (lambda: text.split_words(3), "text"),
        (lambda: text.split_characters(["a"]), "text"),
        (lambda: text.segment_chinese(None), "text"),
        (lambda: text.maximum_matching("a", 5), "dictionary"),
        (lambda: text.maximum_matching("a", "abc"), "dictionary"),
        (lambda: text.maximum_matching("a", [1]), "dictionary"),
        (lambda: text.remove_stop_words("the"), "tokens"),
        (lambda: text.remove_stop_words(["the"], "fr"), "language"),
        (lambda: text.remove_stop_words(["the"], keep="not"), "keep"),
        (lambda: BytePairEncoder.train("abc", 30), "texts"),
        (lambda: BytePairEncoder.train([], 30), "texts"),
        (lambda: BytePairEncoder.train(["", ""], 30), "texts"),
        (lambda: BytePairEncoder.train(["abc"], 2), "vocabulary_size"),
        (lambda: BytePairEncoder.train(["abc"], 30.0), "vocabulary_size"),
        (lambda: BytePairEncoder.train(["abc"], 9).encode(["a"]), "text"),
        (lambda: BytePairEncoder.train(["abc"], 9).decode("abc"), "tokens"),
        (lambda: BytePairEncoder(["a"], [("a", "b")]), "merges"),
        (lambda: Vocabulary.build("abc"), "token_lists"),
        (lambda: Vocabulary.build(["abc"]), "token_lists"),
        (lambda: Vocabulary.build([["a"]], max_size=1), "max_size"),
        (lambda: Vocabulary.build([["a"]], min_count=0), "min_count"),
        (lambda: Vocabulary(["a", "a"]), "tokens"),
        (lambda: Vocabulary(["a"]).encode("a"), "tokens"),
        (lambda: Vocabulary(["a"]).decode([3]), "ids"),
        (lambda: Vocabulary(["a"]).decode([-1]), "ids"),
        (lambda: Vocabulary(["a"]).decode([1.0]), "ids"),
        (lambda: Vocabulary(["a"]).decode(2), "ids"),
        (lambda: text.pad([1, 2]), "sequences"),
        (lambda: text.pad("abc"), "sequences"),
        (lambda: text.pad([[1, -2]]), "sequences"),
        (lambda: text.pad([[1.5]]), "sequences"),
        (lambda: text.pad([[2**31]]), "sequences"),
        (lambda: text.pad([[1]], -1), "length"),
    ],
)
def test_a_wrong_argument_is_named(call, named):
    with pytest.raises(CourseError, match=rf"^(an item of |a number in )?{named}\b"):
        call()
