"""Nested dict observations, as the flat tuples of arrays that the core stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

from dqn_fast import trees

T = TypeVar("T")


class Structure:
    """The keys of an observation.

    Attributes:
        paths: one for each array; the only one of a plain array is empty.
        is_plain: whether it is one array.
    """

    __slots__ = ("_keys", "is_plain", "paths")

    def __init__(self, paths: tuple[trees.Path, ...]) -> None:
        self.paths = paths
        self.is_plain = paths == ((),)
        # Those of a dict of arrays; none of any other structure.
        flat = all(len(path) == 1 for path in paths)
        self._keys = tuple(path[0] for path in paths) if flat else ()

    @classmethod
    def of(cls, value: Any, root: str = "obs") -> Structure:
        """Return that of an observation, which errors call `root`, or of a space: Mappings are nested.

        Raises:
            ValueError: if there is no array in it.
        """
        paths = tuple(trees.paths(value))
        if not paths:
            raise ValueError(f"{root}: got a dict without an array in it, expected at least one")
        return cls(paths)

    def names(self, root: str) -> list[str]:
        """Return what to call each array: `obs['camera']['left']`."""
        return [root + "".join(f"[{key!r}]" for key in path) for path in self.paths]

    def _describe(self) -> str:
        return "an array" if self.is_plain else f"a dict of {self.names('')}"

    def flatten(self, root: str, value: Any) -> tuple[Any, ...]:
        """Return the arrays of a nested observation, in the order of the paths.

        Raises:
            ValueError: if its keys are others.
        """
        if self.is_plain and trees.children(value) is None:
            return (value,)
        if self._keys and type(value) is dict and len(value) == len(self._keys):
            leaves = tuple([value.get(key) for key in self._keys])
            # None is missing and none is nested: the usual case, without a walk.
            if all(type(leaf) is np.ndarray for leaf in leaves):
                return leaves
        if set(trees.paths(value)) != set(self.paths):
            found = Structure.of(value, root)
            raise ValueError(f"{root}: got {found._describe()}, expected {self._describe()}")
        return tuple(trees.at(value, path) for path in self.paths)

    def unflatten(self, leaves: tuple[T, ...]) -> Any:
        """Return the nested dict of these arrays, or the only one itself."""
        return leaves[0] if self.is_plain else trees.build(self.paths, leaves)

    def each(self, name: str, option: Any, check: Callable[[str, Any], int], default: int) -> list[int]:
        """Return an option that is one number for all arrays, or a mapping like the observation's.

        Raises:
            ValueError: if the mapping has a key that the observation lacks.
        """
        if not isinstance(option, Mapping):
            return [check(name, option)] * len(self.paths)
        given = {path: trees.at(option, path) for path in trees.paths(option)}
        if unknown := given.keys() - set(self.paths):
            keys = sorted(unknown)
            raise ValueError(f"{name}: got the keys {keys}, expected some of {self._describe()}")
        return [check(name, given[path]) if path in given else default for path in self.paths]
