"""Nested dict observations, as the flat tuples of arrays that the core stores."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")
Path = tuple[str, ...]


class Structure:
    """The keys of an observation.

    Attributes:
        paths: one for each array; the only one of a plain array is empty.
        is_plain: whether it is one array.
    """

    __slots__ = ("_keys", "is_plain", "paths")

    def __init__(self, paths: tuple[Path, ...]) -> None:
        self.paths = paths
        self.is_plain = paths == ((),)
        # Those of a dict of arrays; none of any other structure.
        flat = all(len(path) == 1 for path in paths)
        self._keys = tuple(path[0] for path in paths) if flat else ()

    @classmethod
    def of(cls, value: Any, root: str = "obs") -> Structure:
        """That of an observation, which errors call `root`, or of a space: Mappings are nested.

        Raises:
            ValueError: if there is no array in it.
        """
        paths = tuple(_paths(value, ()))
        if not paths:
            raise ValueError(f"{root}: got a dict without an array in it, expected at least one")
        return cls(paths)

    def names(self, root: str) -> list[str]:
        """What to call each array: `obs['camera']['left']`."""
        return [root + "".join(f"[{key!r}]" for key in path) for path in self.paths]

    def _describe(self) -> str:
        return "an array" if self.is_plain else f"a dict of {self.names('')}"

    def flatten(self, root: str, value: Any) -> tuple[Any, ...]:
        """The arrays of a nested observation, in the order of the paths.

        Raises:
            ValueError: if its keys are others.
        """
        if self.is_plain and _children(value) is None:
            return (value,)
        if self._keys and type(value) is dict and len(value) == len(self._keys):
            leaves = tuple([value.get(key) for key in self._keys])
            # None is missing and none is nested: the usual case, in a third of the time.
            if all(type(leaf) is np.ndarray for leaf in leaves):
                return leaves
        if set(_paths(value, ())) != set(self.paths):
            found = Structure.of(value, root)
            raise ValueError(f"{root}: got {found._describe()}, expected {self._describe()}")
        return tuple(_at(value, path) for path in self.paths)

    def unflatten(self, leaves: tuple[T, ...]) -> Any:
        """The nested dict of these arrays, or the only one itself."""
        if self.is_plain:
            return leaves[0]
        result: dict[str, Any] = {}
        for path, leaf in zip(self.paths, leaves, strict=True):
            inner = result
            for key in path[:-1]:
                inner = inner.setdefault(key, {})
            inner[path[-1]] = leaf
        return result

    def each(self, name: str, option: Any, check: Callable[[str, Any], int], default: int) -> list[int]:
        """An option that is one number for all arrays, or a mapping like the observation's.

        Raises:
            ValueError: if the mapping has a key that the observation has not.
        """
        if not isinstance(option, Mapping):
            return [check(name, option)] * len(self.paths)
        given = {path: _at(option, path) for path in _paths(option, ())}
        if unknown := given.keys() - set(self.paths):
            keys = sorted(unknown)
            raise ValueError(f"{name}: got the keys {keys}, but the observation is {self._describe()}")
        return [check(name, given[path]) if path in given else default for path in self.paths]


def _children(value: Any) -> Mapping[str, Any] | None:
    spaces = getattr(value, "spaces", None)  # of Gymnasium's Dict
    value = spaces if spaces is not None else value
    return value if isinstance(value, Mapping) else None


def _paths(value: Any, path: Path) -> list[Path]:
    children = _children(value)
    if children is None:
        return [path]
    return [found for key, child in children.items() for found in _paths(child, (*path, key))]


def _at(value: Any, path: Path) -> Any:
    for key in path:
        value = (_children(value) or {})[key]
    return value
