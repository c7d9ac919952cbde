import importlib
import io
import tarfile
import unicodedata
from collections import Counter

import numpy as np
import pytest
from PIL import Image

from course_utils import CourseError
from course_utils.datasets import emoji, integrity, photographs
from course_utils.places import DATA, ROOT

FOLDER = DATA / "photographs"
CARD = (FOLDER / "README.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def loaded():
    return photographs.load()


@pytest.fixture(scope="module")
def squares(loaded):
    return loaded.on_squares(64)


@pytest.fixture(scope="module")
def scripts():
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(ROOT / "data" / "build")
        yield {
            name: importlib.import_module(name)
            for name in ("build_photographs", "check_photographs", "near_copies")
        }


@pytest.fixture
def chosen(loaded):
    """Three photographs, as a set that a test may spoil."""
    return loaded.select([loaded.files.index(f"food/{name}.png") for name in ("lemon", "corn", "eggplant")])


def test_pictures_are_rgba_with_something_cut_away(loaded):
    for name, picture in zip(loaded.files, loaded.pictures, strict=True):
        assert picture.dtype == np.uint8 and picture.ndim == 3 and picture.shape[2] == 4, name
        assert (picture[..., 3] == 0).mean() > 0.02 and (picture[..., 3] > 200).mean() > 0.05, name


def test_files_are_the_listed_ones_and_no_other(loaded):
    there = [path.relative_to(FOLDER).as_posix() for path in FOLDER.rglob("*") if path.is_file()]
    others = {
        "README.md",
        "photographs.tsv",
        "captions_as_shipped.tsv",
        "licences/GPL-2.txt",
        "licences/STATEMENTS.md",
    }
    assert set(there) == set(loaded.files) | others | {"licences/copyright"}
    assert len(set(loaded.files)) == len(loaded)
    assert all(name.isascii() and name == name.lower() and " " not in name for name in loaded.files)


def test_every_photograph_has_its_credit_and_a_licence_that_the_card_explains(loaded):
    assert all(loaded.makers)
    for licence, count in Counter(loaded.licences).items():
        name = {"GPL-2.0-or-later": "GPL, version 2 or later"}.get(licence, licence)
        rows = [line for line in CARD.splitlines() if line.startswith("|") and name in line.replace("]", "")]
        assert rows and str(count) in rows[0].split("|")[2], licence


def test_statements_name_everybody_whose_licence_asks_for_it(loaded):
    stated = (FOLDER / "licences" / "STATEMENTS.md").read_text(encoding="utf-8")
    for maker, licence in zip(loaded.makers, loaded.licences, strict=True):
        if licence.startswith("CC"):
            assert maker.replace("(", ";").replace(",", ";").split(";")[0].split(" and ")[0].strip() in stated


def test_a_credit_names_each_maker_once_for_each_licence(loaded):
    names = ("food/broccoli", "food/corn", "plants/rose", "vehicles/firetruck")
    shown = loaded.select([loaded.files.index(f"{name}.png") for name in names])
    assert shown.credit() == (
        "Photographs: Steve Karg (public domain); Justin Zeigler, GOVIA Project (GPL-2.0-or-later); "
        "Aaron M. Lang, prepared by Bill Kendrick (CC BY 2.5)."
    )
    everybody = loaded.credit()
    assert all(maker.replace(";", ",") in everybody for maker in loaded.makers)
    assert all(everybody.count(f"({licence})") == 1 for licence in loaded.licences)


def test_concepts_are_emoji_and_match_says_how(loaded):
    names = emoji.load(styles=()).names["en"]
    for name, concept in (("lobster", "lobster"), ("apple_fuji", "red apple"), ("6_saturn", "ringed planet")):
        row = next(i for i, file in enumerate(loaded.files) if file.endswith(f"/{name}.png"))
        assert names[loaded.concepts[row]] == concept
    assert loaded.concepts.dtype == np.int32
    for concept, match in zip(loaded.concepts, loaded.match, strict=True):
        assert (concept == -1) == (match == "") and match in ("", *photographs.MATCHES)


def test_captions_are_there_in_both_languages(loaded):
    for english, chinese in zip(*loaded.captions.values(), strict=True):
        assert english.strip() == english and english[0].isascii() and english[0].isupper()
        assert sum("CJK" in unicodedata.name(letter, "") for letter in chinese) >= 3, chinese
        assert not any("a" <= letter.lower() <= "z" for letter in chinese), chinese
    lemon = loaded.files.index("food/lemon.png")
    assert {language: caption[lemon] for language, caption in loaded.captions.items()} == {
        "en": "A yellow lemon.",
        "zh": "一个黄柠檬。",
    }


def test_no_subject_and_no_concept_is_in_both_splits(loaded):
    few, test = (loaded.select(split=name) for name in photographs.SPLITS)
    assert not set(few.subjects) & set(test.subjects)
    assert set(few.concepts.tolist()) & set(test.concepts.tolist()) == {-1}
    assert 0.4 < len(few) / len(loaded) < 0.6


def test_near_copies_are_where_the_card_says_and_never_in_both_splits(loaded, squares, scripts):
    compare, on_white = scripts["near_copies"].compare, scripts["near_copies"].on_white
    near_form, near = (np.triu(pairs, k=1) for pairs in compare(on_white(squares), on_white(squares)))
    assert not near.any()
    pairs = [(loaded.files[i], loaded.files[j]) for i, j in np.argwhere(near_form)]
    assert pairs == [("food/almond.png", "food/pecan.png"), ("space/2_venus.png", "space/8_neptune.png")]
    for i, j in np.argwhere(near_form):
        assert loaded.splits[i] == loaded.splits[j]


@pytest.mark.slow
def test_a_photograph_is_no_near_copy_of_a_drawing(squares, scripts):
    compare, on_white = scripts["near_copies"].compare, scripts["near_copies"].on_white
    small = on_white(squares)
    found = {style: compare(small, on_white(drawn)) for style, drawn in emoji.load().pictures.items()}
    assert [near_form.sum() for near_form, _ in found.values()] == [3, 1, 2, 1]
    assert not any(near.any() for _, near in found.values())
    again = np.round(small[:5]).astype(np.uint8)  # and the search finds one where there is one
    assert compare(small, again.astype(np.float32))[1].sum() == 5


def test_the_card_gives_the_counts(loaded):
    assert f"{len(loaded)} photographs" in CARD
    rows = [
        [cell.split()[0] for cell in line.strip("| ").split(" | ")]
        for line in CARD.splitlines()
        if "(" in line and line.startswith(("| few-shot |", "| test |"))
    ]
    for row in rows:
        part = loaded.select(split=row[0])
        counts = Counter(part.match)
        expected = [len(part), len(set(part.subjects)), counts["same"], counts["kind of"], counts[""]]
        assert [int(cell) for cell in row[2:]] == expected
    assert len(rows) == 2


@pytest.mark.slow
def test_the_card_gives_what_drawings_teach(loaded, scripts):
    script, groups = scripts["check_photographs"], emoji.load(styles=()).groups
    same = loaded.select(match="same", split="test")
    row = next(line for line in CARD.splitlines() if line.startswith("| white |"))
    stated = [float(cell) for cell in row.strip("| ").split(" | ")[1:4]]
    found = script.shares(same.on_squares(script.SIDE), same.concepts, groups, "white")
    np.testing.assert_allclose(found, [stated], atol=0.02)


def test_the_table_is_what_the_script_makes_of_its_source(loaded, scripts):
    script = scripts["build_photographs"]
    rows = script.read_table(script.TABLE)
    assert script.complain(rows) == []
    assert [script.place(row["path"]) for row in rows] == loaded.files
    assert [script.split_of(row["subject"]) for row in rows] == loaded.splits
    assert [row["chinese"] for row in rows] == loaded.captions["zh"]
    assert [(row["by"], row["licence"]) for row in rows] == list(
        zip(loaded.makers, loaded.licences, strict=True)
    )


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"concept": "frogg"}, "no emoji is called frogg"),
        ({"path": "animals/fish/Frog-1.png"}, "two photographs would be called animals/frog-1.png"),
        ({"subject": "toad"}, "frog belongs to two subjects"),
    ],
)
def test_a_wrong_table_is_refused(scripts, change, complaint):
    row = {"path": "animals/amphibians/frog-1.png", "concept": "frog", "subject": "frog"}
    found = scripts["build_photographs"].complain([row, row | {"path": "animals/frog-2.png"} | change])
    assert found == [found[0]] and complaint in found[0]


def member(name, content):
    return f"{name:<48}{len(content):<10}`\n".encode() + content + b"\n" * (len(content) % 2)


def test_files_are_taken_out_of_a_package_unchanged(scripts, tmp_path, monkeypatch):
    script, packed = scripts["build_photographs"], io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:xz") as archive:
        for name in ("./a.png", "./b.png"):
            info = tarfile.TarInfo(name)
            info.size = 3
            archive.addfile(info, io.BytesIO(name[2:5].encode()))
    content = b"!<arch>\n" + member("debian-binary", b"2.0") + member("data.tar.xz", packed.getvalue())
    package = tmp_path / "stamps.deb"
    package.write_bytes(content)
    with pytest.raises(SystemExit, match="is not tuxpaint-stamps-default"):
        script.unpack(package, {"./b.png"})
    monkeypatch.setattr(script, "FINGERPRINT", integrity.sha256(content))
    assert script.unpack(package, {"./b.png"}) == {"./b.png": b"b.p"}
    with pytest.raises(SystemExit, match=r"no ./c.png: correct photographs.tsv"):
        script.unpack(package, {"./b.png", "./c.png"})
    with pytest.raises(SystemExit, match="cannot be read"):
        script.unpack(tmp_path / "none.deb", {"./b.png"})


def test_a_part_can_be_loaded(loaded):
    part = photographs.load("test", match="same")
    expected = loaded.select(split="test", match="same")
    assert part.files == expected.files and set(part.match) == {"same"}
    np.testing.assert_array_equal(part.concepts, expected.concepts)
    np.testing.assert_array_equal(part.pictures[0], expected.pictures[0])
    assert [len(part) for part in loaded.split().values()] == [
        len(photographs.load(name)) for name in ("few-shot", "test")
    ]


@pytest.mark.parametrize(
    ("split", "match", "message"),
    [
        ("train", None, "split is 'train': expected one of 'few-shot', 'test'"),
        (3, None, "split is 3"),
        (None, "", "match is '': expected one of 'same', 'kind of'"),
    ],
)
def test_unknown_parts_are_refused(split, match, message):
    with pytest.raises(CourseError, match=message):
        photographs.load(split, match=match)


def test_a_damaged_photograph_is_named(tmp_path, monkeypatch):
    (tmp_path / "photographs" / "food").mkdir(parents=True)
    for name in ("manifest.json", "photographs/photographs.tsv"):
        (tmp_path / name).write_bytes((DATA / name).read_bytes())
    monkeypatch.setattr(integrity, "DATA", tmp_path)
    with pytest.raises(CourseError, match=r"data/photographs/animals/frog-1.png is missing"):
        photographs.load()


def test_squares_show_the_whole_thing_in_the_middle(squares, loaded):
    assert squares.shape == (len(loaded), 64, 64, 4) and squares.dtype == np.uint8
    covered = squares[..., 3] > 0
    for axis in (1, 2):
        seen = covered.any(axis=axis)
        first, last = seen.argmax(axis=1), 63 - seen[:, ::-1].argmax(axis=1)
        assert np.abs(first + last - 63).max() <= 4
    assert not squares[:, :2, :, 3].any() and not squares[:, :, -2:, 3].any()
    assert (covered.any(axis=1).sum(axis=1) > 55).sum() + (covered.any(axis=2).sum(axis=1) > 55).sum() >= len(
        loaded
    )


def test_squares_keep_proportions_and_hide_what_is_cut_away(chosen):
    picture = np.zeros((40, 90, 4), np.uint8)
    picture[..., 0] = 255  # red, and hidden but for a green bar of 60 × 20
    picture[10:30, 20:80] = (0, 255, 0, 255)
    chosen.pictures[0] = picture
    square = chosen.on_squares(32)[0]
    rows, columns = np.nonzero(square[..., 3] > 127)
    assert (np.ptp(rows) + 1, np.ptp(columns) + 1) == (10, 30)
    assert square[rows, columns, 1].min() > 250 and square[rows, columns, 0].max() == 0


@pytest.mark.parametrize("side", [0, 7, 2.5, "64"])
def test_impossible_sides_are_refused(chosen, side):
    with pytest.raises(CourseError, match="side is"):
        chosen.on_squares(side)


@pytest.mark.parametrize("ground", photographs.GROUNDS)
def test_a_ground_fills_what_is_cut_away_and_nothing_else(squares, ground):
    some = squares[:6]
    composed = photographs.on_ground(some, ground, np.random.default_rng(0))
    assert composed.shape == (6, 64, 64, 3) and composed.dtype == np.uint8
    opaque = some[..., 3] == 255
    np.testing.assert_array_equal(composed[opaque], some[opaque][:, :3])
    again = photographs.on_ground(some, ground, np.random.default_rng(0))
    np.testing.assert_array_equal(composed, again)
    other = photographs.on_ground(some, ground, np.random.default_rng(1))
    assert np.array_equal(composed, other) == (ground == "white")


def test_grounds_differ_as_their_names_say():
    nothing = np.zeros((20, 32, 32, 4), np.uint8)
    found = {
        ground: photographs.on_ground(nothing, ground, np.random.default_rng(0)).astype(float)
        for ground in photographs.GROUNDS
    }
    assert (found["white"] == 255).all()
    assert (found["plain"] == found["plain"][:, :1, :1]).all() and np.ptp(found["plain"]) > 200
    steps = {ground: np.abs(np.diff(x, axis=2)).mean() for ground, x in found.items()}
    assert 0 < steps["gradient"] < 0.5 * min(steps["stripes"], steps["noise"])
    spreads = found["stripes"].std(axis=(1, 2)).max(axis=1)
    assert (spreads > 5).mean() > 0.8


@pytest.mark.parametrize(
    ("pictures", "ground", "rng", "message"),
    [
        (
            np.zeros((2, 8, 8, 3), np.uint8),
            "white",
            np.random.default_rng(0),
            r"pictures has shape \(2, 8, 8, 3\)",
        ),
        (np.zeros((2, 8, 9, 4), np.uint8), "white", np.random.default_rng(0), r"shape \(2, 8, 9, 4\)"),
        (np.zeros((2, 8, 8, 4)), "white", np.random.default_rng(0), "float64"),
        (
            np.zeros((2, 8, 8, 4), np.uint8),
            "grass",
            np.random.default_rng(0),
            "ground is 'grass': expected one of",
        ),
        (np.zeros((2, 8, 8, 4), np.uint8), "noise", 0, "rng is 0: expected a generator"),
    ],
)
def test_what_cannot_be_composed_is_refused(pictures, ground, rng, message):
    with pytest.raises(CourseError, match=message):
        photographs.on_ground(pictures, ground, rng)


def test_files_are_the_picture_that_is_loaded(loaded):
    row = loaded.files.index("food/mango.png")
    stored = Image.open(FOLDER / "food" / "mango.png").convert("RGBA")
    np.testing.assert_array_equal(loaded.pictures[row], np.asarray(stored))


def test_captions_as_shipped_have_the_errors_that_the_card_counts(loaded):
    shipped = photographs.shipped_captions()
    assert (
        f"captions of the {len(shipped)} photographs" in CARD
        and f"wrong, {shipped.wrong.sum()} times" in CARD
    )
    assert all(shipped.english) and all(shipped.chinese) and len(set(shipped.paths)) == len(shipped)
    lion = shipped.select(path="animals/mammals/cats/lion.png")
    assert lion.chinese == ["一个洋葱。"] and lion.corrections == ["狮子"] and lion.wrong.all()
    with (FOLDER / "photographs.tsv").open(encoding="utf-8") as file:
        ours = {line.rstrip("\n").split("\t")[-1] for line in file}
    assert 100 < sum(path in ours for path in shipped.paths) < len(loaded)
