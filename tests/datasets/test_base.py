"""Every data set is columns of one length, selected and split alike, and tells in one line what it is."""

from dataclasses import FrozenInstanceError, dataclass

import numpy as np
import pytest

from course_utils import CourseError
from course_utils.datasets import emoji, pairs, reviews, scenes, speech
from course_utils.datasets.base import DataSet, advice
from course_utils.experiments import sentiment


@dataclass(frozen=True, repr=False, eq=False)
class Things(DataSet):
    pictures: dict
    names: list
    numbers: np.ndarray
    splits: list
    colour_names: tuple = ("red", "blue")
    rate: int = 8000
    absent: np.ndarray | None = None


def things():
    return Things(
        pictures={"round": np.arange(20).reshape(5, 4), "square": -np.arange(5)},
        names=["a", "b", "c", "d", "e"],
        numbers=np.array([1, 2, 1, 2, 1]),
        splits=["test", "train", "train", "test", "train"],
    )


SETS = {
    "emoji": lambda: emoji.load(("noto",)),
    "speech": lambda: speech.load("far"),
    "reviews": lambda: reviews.load("chinese"),
    "messages": reviews.load_messages,
    "scenes": lambda: scenes.generate(30, seed=3),
    "pairs": lambda: pairs.draw_digits(20, "test", 0, same=False, picture_noise=0.1, decibels=20),
    "examples": lambda: sentiment.generate_reviews(20, seed=0),
    "things": things,
}


def columns(some):
    """{path: list of the items' entries} of every column, found without the base's own rules."""
    found = {}
    for name, value in vars(some).items():
        if isinstance(value, dict):
            found |= {(name, key): list(part) for key, part in value.items()}
        elif isinstance(value, list | np.ndarray):
            found[name] = list(value)
    return found


@pytest.mark.parametrize("name", SETS)
def test_selecting_rows_takes_the_same_items_of_every_column_and_copies_them(name):
    some = SETS[name]()
    for rows in ([3, 1, 1], slice(2, 5), np.arange(len(some)) % 3 == 0, -1):
        chosen, places = some.select(rows), np.atleast_1d(np.arange(len(some))[rows])
        assert type(chosen) is type(some) and len(chosen) == len(places)
        before = columns(some)
        assert columns(chosen).keys() == before.keys()
        for key, column in columns(chosen).items():
            for place, entry in zip(places, column, strict=True):
                np.testing.assert_array_equal(entry, before[key][place])
        for attribute, value in vars(some).items():
            if not isinstance(value, dict | list | np.ndarray):
                assert getattr(chosen, attribute) is value
    arrays = [value for value in vars(some).values() if isinstance(value, np.ndarray)]
    copies = [value for value in vars(some.select(slice(2))).values() if isinstance(value, np.ndarray)]
    assert not any(np.shares_memory(*both) for both in zip(arrays, copies, strict=True))


@pytest.mark.parametrize("name", SETS)
def test_a_set_says_in_one_line_what_it_is(name):
    some = SETS[name]()
    line = repr(some)
    assert line.startswith(f"{type(some).__name__} of {len(some)}" if len(some) < 1000 else "Emoji of 1,571")
    assert "\n" not in line and len(line) < 600
    assert all(name in line for name in vars(some))


def test_the_line_counts_what_is_few_and_names_shapes():
    assert repr(things()) == (
        "Things of 5: pictures (round, square); names (5 different); numbers int64; splits test 2, train 3; "
        "2 colour_names; rate 8000; absent None"
    )
    assert "boxes int32 (6, 4)" in repr(scenes.generate(2, seed=0))


@pytest.mark.parametrize("name", SETS)
def test_a_set_cannot_be_changed_and_is_equal_to_itself_alone(name):
    some = SETS[name]()
    with pytest.raises(FrozenInstanceError):
        some.labels = None
    assert some == some and some != some.select(slice(None)) and len({some, some}) == 1


def test_values_are_asked_for_in_the_singular_and_together_with_rows():
    some = things()
    assert some.select(split="train").names == ["b", "c", "e"]
    assert some.select(split="train", number=1).names == ["c", "e"]
    assert some.select([4, 0, 1], split="train").names == ["e", "b"]
    assert some.select(split=None, number=2).names == ["b", "d"]
    assert some.select().names == some.names and len(some.select([])) == 0
    assert emoji.load(()).select(concept_split="held-out").concept_split == ["held-out"] * 52


@pytest.mark.parametrize(
    ("rows", "values", "message"),
    [
        (slice(None), {"name": "f"}, r"no item of this Things has name='f'\. There are: a, b, c, d, e\."),
        (slice(None), {"number": 3}, r"number=3\. There are: 1, 2"),
        (slice(None), {"number": [1, 2]}, r"number=\[1, 2\]"),
        (slice(None), {"split": True}, r"split=True\. There are: test, train"),
        (slice(None), {"number": 2, "name": "a"}, "number=2, name='a' all at once; ask for less"),
        (slice(2), {"name": "d"}, "name='d' all at once"),
        (slice(None), {"colour": "red"}, "a Things cannot be asked for colour: .* name, number, split"),
        (slice(None), {"picture": 0}, "cannot be asked for picture"),
        ([0, 5], {}, "rows do not fit a Things of 5: .* integers below 5"),
        ([True, False], {}, "one bool per item"),
        (0.5, {}, "rows do not fit"),
        ("train", {}, "rows do not fit"),
    ],
)
def test_what_is_not_there_is_named(rows, values, message):
    with pytest.raises(CourseError, match=message):
        things().select(rows, **values)


def test_splits_are_the_stored_ones():
    parts = things().split()
    assert {name: part.names for name, part in parts.items()} == {
        "test": ["a", "d"],
        "train": ["b", "c", "e"],
    }
    for stored in (reviews.load("english"), reviews.load("chinese"), reviews.load_messages()):
        parts = stored.split()
        assert set(parts) == set(reviews.SPLITS)
        assert sorted(item for part in parts.values() for item in part.ids) == sorted(stored.ids)
    with pytest.raises(CourseError, match="a Speech cannot be asked for split: expected one of transcript,"):
        speech.load("far").split()


def test_columns_of_different_length_are_refused():
    with pytest.raises(CourseError, match=r"columns of Things .*pictures 2 and 1, names 2, numbers 3"):
        Things({"a": np.zeros(2), "b": [1]}, ["x", "y"], np.zeros(3), ["train", "test"])
    with pytest.raises(CourseError, match=r"columns of Pairs .*labels 3"):
        pairs.Pairs(np.zeros((2, 1, 4)), np.zeros((2, 1, 4)), np.zeros(3))
    assert len(Things({}, [], np.zeros(0), [])) == 0


def test_advice_gives_close_names_and_never_more_than_can_be_read():
    many = [f"voice {number}" for number in range(5000)]
    assert advice("sevn", ["six", "seven", "nine"]) == "Similar: seven."
    assert advice("Voice 4999 ", many).startswith("Similar: voice 4999,")
    assert advice("crab", many).endswith("voice 29 and 4,970 others.")
    assert advice("cat", ["catfish food", "dog"]) == "Similar: catfish food."
    assert advice(7, ["1", "2"]) == "There are: 1, 2."
    assert max(len(advice(word, many)) for word in ("", "v", "voice", "x" * 1000)) < 500
