"""Datasets of ``tf.data`` cross the wall of the sandbox as a description; their items follow epoch by epoch.

The dataset itself, and whatever code it runs, stays inside; a check goes through a stand-in.
"""

import sys
from collections.abc import Callable, Iterator

__all__ = ["RemoteDataset", "describe", "stand_in"]


def describe(value: object) -> object | None:
    """Describes the items of a ``tf.data.Dataset`` as plain data (inside the sandbox).

    Args:
        value: anything.

    Returns:
        tuples, lists and dicts as its items have them, with {"TensorSpec": [shape, dtype]} in the place of
        each tensor: list of int or None, or None, and str. None when it is no dataset, or one of other
        things than tensors.
    """
    tf = sys.modules.get("tensorflow")
    if tf is None or not isinstance(value, tf.data.Dataset):
        return None
    if not all(type(part) is tf.TensorSpec for part in tf.nest.flatten(value.element_spec)):
        return None
    return tf.nest.map_structure(_describe_tensor, value.element_spec)


def _describe_tensor(part: object) -> dict:
    return {"TensorSpec": [None if part.shape.rank is None else part.shape.as_list(), part.dtype.name]}


class RemoteDataset:
    """Stands for a dataset of a submission; a ``tf.data.Dataset``, as far as ``isinstance`` can tell.

    Args:
        element_spec: tuples, lists and dicts with a ``tf.TensorSpec`` for each tensor.
        fetch: function of the most items to give (int, or None for all) that returns those of a new epoch.
        most: int or None, how many items an epoch gives at most.
    """

    def __init__(self, element_spec: object, fetch: Callable, most: int | None = None) -> None:
        self.element_spec, self._fetch, self._most = element_spec, fetch, most

    def take(self, count: int) -> "RemoteDataset":
        """Gives the same with at most ``count`` items, int."""
        return RemoteDataset(
            self.element_spec, self._fetch, count if self._most is None else min(count, self._most)
        )

    def __iter__(self) -> Iterator[object]:
        return iter(self._fetch(self._most))


def stand_in(described: object, fetch: Callable[[int | None], list]) -> RemoteDataset:
    """Makes what a check takes for the dataset (outside the sandbox).

    Args:
        described: what :func:`describe` returned; not trusted.
        fetch: as :class:`RemoteDataset` has it.

    Returns:
        :class:`RemoteDataset`.

    Raises:
        TypeError, ValueError: when it describes nothing.
    """
    import tensorflow as tf

    tf.data.Dataset.register(RemoteDataset)
    return RemoteDataset(_specification(described), fetch)


def _specification(described: object) -> object:
    """Gives what :func:`describe` described, with a ``tf.TensorSpec`` for each tensor."""
    import tensorflow as tf

    if isinstance(described, dict) and described.keys() == {"TensorSpec"}:
        return tf.TensorSpec(*described["TensorSpec"])
    if isinstance(described, dict):
        return {name: _specification(part) for name, part in described.items()}
    if not isinstance(described, tuple | list):
        raise TypeError("a dataset of a kind that is not read")
    return type(described)(_specification(part) for part in described)
