import collections
import importlib
import json
import subprocess
import sys
import unicodedata

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.datasets import emoji
from course_utils.places import ROOT


@pytest.fixture(scope="module")
def loaded():
    return emoji.load()


def test_the_styles_are_split_into_training_and_test():
    assert (*emoji.TRAIN_STYLES, emoji.TEST_STYLE) == emoji.STYLES
    stored = json.loads((ROOT / "data/emoji/concepts.json").read_text(encoding="utf-8"))["styles"]
    assert stored == {style: "test" if style == emoji.TEST_STYLE else "train" for style in emoji.STYLES}


def test_pictures_are_rgba_tiles_of_every_concept_in_every_style(loaded):
    n = len(loaded)
    assert n > 1500
    assert tuple(loaded.pictures) == emoji.STYLES
    for pictures in loaded.pictures.values():
        assert pictures.dtype == np.uint8 and pictures.shape == (n, 64, 64, 4)


def test_every_picture_shows_something_on_a_transparent_background(loaded):
    for style, pictures in loaded.pictures.items():
        cover = (pictures[..., 3] > 127).mean(axis=(1, 2))
        assert cover.min() > 0.02, (style, loaded.names["en"][cover.argmin()])
        assert not pictures[:, :, [0, -1], 3].any() and not pictures[:, [0, -1], :, 3].any()


def test_concept_i_is_the_same_in_every_style(loaded):
    small = {s: emoji.on_background(p)[:, ::8, ::8].astype(float) for s, p in loaded.pictures.items()}
    for style in emoji.STYLES[1:]:
        difference = [np.abs(np.roll(small["noto"], k, axis=0) - small[style]).mean() for k in range(-3, 4)]
        assert np.argmin(difference) == 3, style


def test_characters_are_their_hexcodes_and_differ(loaded):
    for character, hexcode in zip(loaded.characters, loaded.hexcodes, strict=True):
        codes = [f"{ord(letter):04X}" for letter in character]
        assert codes in (hexcode.split("-"), [hexcode, "FE0F"])
    assert len(set(loaded.hexcodes)) == len(loaded)


def test_names_and_keywords_are_there_in_both_languages(loaded):
    assert len(set(loaded.names["en"])) == len(loaded)
    assert all(loaded.names["zh"])
    chinese = [any("CJK" in unicodedata.name(c, "") for c in name) for name in loaded.names["zh"]]
    assert np.mean(chinese) > 0.98
    for language in ("en", "zh"):
        assert np.mean([len(words) > 0 for words in loaded.keywords[language]]) > 0.98
    assert loaded.names["zh"][loaded.index("rocket")] == "火箭"


def test_groups_and_subgroups_index_their_names(loaded):
    assert loaded.group_names[loaded.groups[loaded.index("crab")]] == "animals-nature"
    assert loaded.subgroup_names[loaded.subgroups[loaded.index("violin")]] == "musical-instrument"
    for indices, names in ((loaded.groups, loaded.group_names), (loaded.subgroups, loaded.subgroup_names)):
        assert indices.shape == (len(loaded),) and set(indices) == set(range(len(names)))


def test_each_part_of_a_held_out_combination_is_seen_in_training(loaded):
    by_split = collections.defaultdict(list)
    for parts, split in zip(loaded.parts, loaded.concept_split, strict=True):
        by_split[split].append(parts)
    assert set(by_split) == {"train", "held-out"}
    seen = {part for parts in by_split["train"] for part in parts}
    assert len(by_split["held-out"]) > 40
    for parts in by_split["held-out"]:
        assert len(parts) == 2 and set(parts) <= seen
        assert parts not in by_split["train"]


def test_held_out_combinations_are_balanced(loaded):
    held = [p for p, s in zip(loaded.parts, loaded.concept_split, strict=True) if s == "held-out"]
    firsts = collections.Counter(first for first, _ in held)
    seconds = collections.Counter(second for _, second in held)
    people = [firsts[person] for person in ("man", "woman", "person")]
    assert max(people) - min(people) <= 1
    assert {seconds[shape] for shape in ("heart", "circle", "square")} == {3}
    assert {seconds[half] for half in ("o’clock", "thirty")} == {3}


def test_combinations_are_named_by_their_parts(loaded):
    assert loaded.parts[loaded.index("woman astronaut")] == ("woman", "astronaut")
    assert loaded.parts[loaded.index("man: bald")] == ("man", "bald")
    assert loaded.parts[loaded.index("person running")] == ("person", "running")
    assert loaded.parts[loaded.index("blue heart")] == ("blue", "heart")
    assert loaded.parts[loaded.index("crab")] == ()
    roles = collections.Counter(p[1] for p in loaded.parts if p and p[0] in ("man", "woman", "person"))
    assert set(roles.values()) == {3}


def test_index_finds_a_concept_by_name_character_or_hexcode(loaded):
    cat = loaded.index("cat")
    assert loaded.characters[cat] == "🐈"
    for other in ("CAT", "🐈", "1f408", loaded.names["zh"][cat], " cat "):
        assert loaded.index(other) == cat
    heart = loaded.index("red heart")
    assert loaded.index("❤") == loaded.index("❤\ufe0f") == heart


@pytest.mark.parametrize(
    ("wanted", "close"), [("catt", "cat"), ("astronaught", "astronaut"), ("#~#~#", "are: grinning face")]
)
def test_index_suggests_close_names(loaded, wanted, close):
    with pytest.raises(CourseError, match=wanted) as raised:
        loaded.index(wanted)
    assert close in str(raised.value)


def test_a_part_of_the_styles_can_be_loaded(loaded):
    one = emoji.load(["twemoji"])
    assert list(one.pictures) == ["twemoji"]
    np.testing.assert_array_equal(one.pictures["twemoji"], loaded.pictures["twemoji"])


@pytest.mark.parametrize(
    ("styles", "message"),
    [
        (["noto", "apple"], "'apple': expected one of 'noto', 'twemoji', 'openmoji', 'fluent'"),
        ("noto", "styles is 'noto': expected a list"),
        (None, "styles is None"),
        ([3], "an item of styles is 3"),
    ],
)
def test_unknown_styles_are_refused(styles, message):
    with pytest.raises(CourseError, match=message):
        emoji.load(styles)


def test_what_is_no_name_and_what_cannot_be_resized_is_refused(loaded):
    with pytest.raises(CourseError, match="wanted is 5: expected one string"):
        loaded.index(5)
    with pytest.raises(CourseError, match=r"pictures has shape \(2, 8, 8, 3\)"):
        emoji.resized(np.zeros((2, 8, 8, 3), np.uint8), 4)
    with pytest.raises(CourseError, match="side is 0: expected a whole number"):
        emoji.resized(np.zeros((2, 8, 8, 4), np.uint8), 0)
    assert emoji.resized(np.zeros((2, 8, 9, 4), np.uint8), 4).shape == (2, 4, 4, 4)


def test_on_background_mixes_by_alpha():
    pictures = np.array([[[200, 100, 0, 0], [200, 100, 0, 255], [200, 100, 0, 51]]], dtype=np.uint8)
    mixed = emoji.on_background(pictures, (0, 50, 250))
    assert mixed.dtype == np.uint8
    np.testing.assert_array_equal(mixed, [[[0, 50, 250], [200, 100, 0], [40, 60, 200]]])


@pytest.mark.parametrize("wrong", [np.zeros((2, 2, 3), np.uint8), np.zeros((2, 2, 4), float)])
def test_on_background_refuses_pictures_without_alpha(wrong):
    with pytest.raises(CourseError, match="four channels"):
        emoji.on_background(wrong)


def test_split_sheet_reads_row_by_row():
    sheet = np.arange(4 * 6).reshape(4, 6, 1)
    tiles = emoji.split_sheet(sheet, side=2, columns=3, count=5)
    assert tiles.shape == (5, 2, 2, 1)
    np.testing.assert_array_equal(tiles[1, ..., 0], [[2, 3], [8, 9]])
    np.testing.assert_array_equal(tiles[3, ..., 0], [[12, 13], [18, 19]])


@pytest.mark.slow
def test_stored_near_copies_are_those_that_the_script_finds(loaded, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "data" / "build")
    script = importlib.import_module("near_copies")
    np.testing.assert_array_equal(script.near_copies(loaded.pictures), loaded.near_copies)
    assert 0 < loaded.near_copies.sum() < 40


def test_near_copies_are_found_whatever_concept_they_belong_to(loaded, monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "data" / "build")
    script = importlib.import_module("near_copies")
    chosen = [loaded.index(name) for name in ("crab", "violin", "rocket", "castle")]
    pictures = {style: loaded.pictures[style][chosen].copy() for style in emoji.STYLES}
    assert not script.near_copies(pictures).any()
    pictures["openmoji"][3] = pictures[emoji.TEST_STYLE][1]  # a violin among the castles
    np.testing.assert_array_equal(script.near_copies(pictures), [False, True, False, False])


def test_loading_data_imports_no_heavy_library():
    code = (
        "import sys\n"
        "from course_utils.datasets import awkward, emoji, people, photographs, speech\n"
        "emoji.load(['noto']), speech.load('far'), photographs.load('test'), awkward.path('grey.png')\n"
        "people.load('digit')\n"
        "heavy = {'tensorflow', 'keras', 'matplotlib', 'scipy', 'sklearn', 'jieba', 'IPython'}\n"
        "print(*sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.split() == []
