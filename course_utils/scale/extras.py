"""What lesson 12 uses where it is installed: JAX and PyTorch, two doors to data, Dask. The rest does without.

Imports none of it: whether a package is there is asked of Python's import system.
"""

from dataclasses import dataclass
from importlib.util import find_spec

from course_utils.words import tell

__all__ = ["Extra", "backends", "doors", "scale"]


@dataclass(frozen=True)
class Extra:
    """Packages of an extra of the course that a lesson's cell asks for.

    Introduced in lesson 12.

    Attributes:
        name: str, the extra, as `install --with` calls it.
        title: str, what it brings, in words.
        modules: tuple of str, what is imported of it.
    """

    name: str
    title: str
    modules: tuple[str, ...]

    @property
    def absent(self) -> str:
        """What :meth:`here` prints, and what a cell that needs the extra shows without it."""
        return (
            f"Not installed here: {self.title}. `python3 -m course_utils install --with {self.name}` adds "
            "what this cell needs."
        )

    def installed(self) -> bool:
        """Says whether all its modules can be imported, without importing any."""
        return all(find_spec(module) for module in self.modules)

    def here(self) -> bool:
        """Says whether it is installed; where it is not, prints how to get it, in one line."""
        there = self.installed()
        if not there:
            tell(self.absent)
        return there


backends = Extra("backends", "JAX and PyTorch", ("jax", "torch"))
doors = Extra("doors", "Hugging Face datasets and TFDS", ("datasets", "tensorflow_datasets"))
scale = Extra("scale", "Dask", ("dask", "distributed"))
