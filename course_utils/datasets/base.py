"""What every data set of the course is: columns of equal length, one way to select and to split, one line.

A new set is a frozen dataclass of columns::

    @dataclass(frozen=True, repr=False, eq=False)
    class Photographs(DataSet):
        pictures: np.ndarray  # uint8 (n, 64, 64, 3)
        labels: np.ndarray    # int32 (n,), indices into label_names
        splits: list          # n str, "train", "validation" or "test"
        label_names: tuple    # of the set as a whole
"""

import difflib
from collections import Counter
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from course_utils.errors import CourseError

__all__ = ["DataSet", "advice"]

_CLOSE, _LISTED = 5, 30  # names that a message gives at most: similar ones, or those there are
_FEW = 4  # different values of a column that the line about a set counts one by one


@dataclass(frozen=True, repr=False, eq=False)
class DataSet:
    """n items in columns; item i of every column is the same item.

    A column is an array or a list with n entries, or a dict of them. Whatever else a field holds (a number, a
    str, a tuple, None) belongs to the set as a whole. Introduced in lesson 00.
    """

    def __post_init__(self) -> None:
        lengths = {name: [*map(len, _parts(column))] for name, column in self._columns().items()}
        if len({length for found in lengths.values() for length in found}) > 1:
            found = ", ".join(f"{name} {' and '.join(map(str, found))}" for name, found in lengths.items())
            raise CourseError(
                f"the columns of {type(self).__name__} have different lengths ({found}): expected one entry "
                "per item in each."
            )

    def __len__(self) -> int:
        return next((len(part) for column in self._columns().values() for part in _parts(column)), 0)

    def __repr__(self) -> str:
        described = [_described(field.name, getattr(self, field.name)) for field in fields(self)]
        return f"{type(self).__name__} of {len(self):,}: {'; '.join(described)}"

    def select(self, rows: Any = slice(None), /, **values: Any) -> Self:
        """Gives some of the items: those in some places, those with some values, or those with both.

        Args:
            rows: what indexes the first axis of an array: a slice, integers, or bool (n,).
            **values: for a column, named in the singular, the value it must have: ``split="train"`` looks
                into ``splits``. None asks for nothing.

        Returns:
            A set of the same kind whose columns are copies. With values it holds at least one item.

        Raises:
            CourseError: there are no such rows, no such column, a value that no item has, or no item has all
                of them at once.
        """
        places = self._places(rows)
        asked = {name: value for name, value in values.items() if value is not None}
        for name, value in asked.items():
            places = places[self._has(name, value)[places]]
        if asked and not len(places):
            wanted = ", ".join(f"{name}={value!r}" for name, value in asked.items())
            raise CourseError(
                f"no item of this {type(self).__name__} has {wanted} all at once; ask for less."
            )
        return replace(self, **{name: _taken(column, places) for name, column in self._columns().items()})

    def split(self) -> dict[str, Self]:
        """Gives the parts that the data are stored in and are never drawn anew.

        Returns:
            {name: the part}, in the order of the data, by the column ``splits``.

        Raises:
            CourseError: the set has no splits.
        """
        return {name: self.select(split=name) for name in dict.fromkeys(self._column("split"))}

    def _columns(self) -> dict[str, Any]:
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if isinstance(value, np.ndarray | list | dict)}

    def _column(self, name: str) -> np.ndarray | list:
        """The column that a name in the singular means; its entries are single values."""
        flat = {title: column for title, column in self._columns().items() if _is_flat(column)}
        for title in (f"{name}s", name):
            if title in flat:
                return flat[title]
        names = ", ".join(title.removesuffix("s") for title in flat)
        raise CourseError(f"a {type(self).__name__} cannot be asked for {name}: expected one of {names}.")

    def _has(self, name: str, value: Any) -> np.ndarray:
        """Which items have a value that at least one of them has, bool (n,)."""
        column = self._column(name)
        found = np.array([np.ndim(value) == 0 and entry == value for entry in column], bool)
        if not found.any():
            raise CourseError(
                f"no item of this {type(self).__name__} has {name}={value!r}. "
                f"{advice(value, sorted(set(column)))}"
            )
        return found

    def _places(self, rows: Any) -> np.ndarray:
        try:
            return np.atleast_1d(np.arange(len(self))[rows])
        except IndexError as error:
            raise CourseError(
                f"rows do not fit a {type(self).__name__} of {len(self):,}: {error}. Expected a slice, "
                f"integers below {len(self):,}, or one bool per item."
            ) from error


def advice(wanted: Any, names: list | tuple) -> str:
    """Gives the sentence for somebody who asked for a name that there is not.

    Args:
        wanted: what was asked for.
        names: what could have been, in the order in which they are to be listed.

    Returns:
        str, with the names that are close, or else with those there are.
    """
    names = [str(name) for name in names]
    folded = {name.casefold(): name for name in names}
    word = wanted.strip().casefold() if isinstance(wanted, str) else ""
    close = difflib.get_close_matches(word, folded, n=_CLOSE)
    close += [name for name in folded if len(word) > 1 and word in name and name not in close]
    if close:
        return f"Similar: {', '.join(folded[name] for name in close[:_CLOSE])}."
    others = f" and {len(names) - _LISTED:,} others" if len(names) > _LISTED else ""
    return f"There are: {', '.join(names[:_LISTED])}{others}."


def _parts(column: np.ndarray | list | dict) -> list:
    return list(column.values()) if isinstance(column, dict) else [column]


def _taken(column: np.ndarray | list | dict, places: np.ndarray) -> np.ndarray | list | dict:
    if isinstance(column, dict):
        return {key: _taken(part, places) for key, part in column.items()}
    return column[places] if isinstance(column, np.ndarray) else [column[place] for place in places]


def _is_flat(column: np.ndarray | list | dict) -> bool:
    if isinstance(column, np.ndarray):
        return column.ndim == 1
    return isinstance(column, list) and all(isinstance(entry, str) for entry in column)


def _described(name: str, value: Any) -> str:
    """What a field holds, in a few words."""
    if isinstance(value, np.ndarray):
        return f"{name} {value.dtype}" + (f" {value.shape[1:]}" if value.ndim > 1 else "")
    if isinstance(value, dict):
        return f"{name} ({', '.join(map(str, value))})"
    if isinstance(value, tuple):
        return f"{len(value):,} {name}"
    if not isinstance(value, list):
        return f"{name} {value}"
    counts = Counter(value) if _is_flat(value) else {}
    if 0 < len(counts) <= _FEW:
        return f"{name} " + ", ".join(f"{entry or 'none'} {count:,}" for entry, count in counts.items())
    return f"{name} ({len(counts):,} different)" if counts else name
