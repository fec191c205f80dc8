"""Trees: nested dicts of leaves, such as dict observations. Only this module walks them.

A tree is a dict of trees or a leaf, which is anything else. A single array is the simplest tree. `paths` and
`at` also accept what users hand in: any mapping, or a Dict space of Gymnasium.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

Path = tuple[str, ...]  # the keys that lead to a leaf


def map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Return the tree of `function(leaf, *leaves of others at the same place)`.

    Args:
        function: takes as many leaves as there are trees.
        tree: decides which keys the result has.
        others: trees with at least these keys; further keys are ignored.

    Raises:
        KeyError: if a key is missing in one of `others`.
    """
    if isinstance(tree, dict):
        if not others:  # the usual case, without an inner loop
            return {key: map(function, child) for key, child in tree.items()}
        return {key: map(function, child, *(other[key] for other in others)) for key, child in tree.items()}
    return function(tree, *others)


def leaves(tree: Any) -> list[Any]:
    """Return the leaves, in the order of the keys."""
    if isinstance(tree, dict):
        return [leaf for child in tree.values() for leaf in leaves(child)]
    return [tree]


def length(batch: Any) -> int:
    """Return the number of rows of a batch: the length of its first leaf."""
    while isinstance(batch, dict):
        batch = next(iter(batch.values()))
    return len(batch)


def one_row(tree: Any) -> Any:
    """Return a batch of one row: each leaf as an array with a new leading axis."""
    return map(_as_row, tree)


def row(batch: Any, number: int) -> Any:
    """Return one row of each leaf; for arrays of objects, the object."""
    return map(lambda leaf: leaf[number], batch)


def children(tree: Any) -> Mapping[str, Any] | None:
    """Return the children of a mapping or of Gymnasium's Dict space by key; None for a leaf."""
    spaces = getattr(tree, "spaces", None)
    tree = spaces if spaces is not None else tree
    return tree if isinstance(tree, Mapping) else None


def paths(tree: Any) -> list[Path]:
    """Return the path of each leaf, in the order of the keys; a tree that is a leaf has one empty path."""
    found = children(tree)
    if found is None:
        return [()]
    return [(key, *path) for key, child in found.items() for path in paths(child)]


def at(tree: Any, path: Path) -> Any:
    """Return the leaf or subtree at a path.

    Raises:
        KeyError: if there is none.
    """
    for key in path:
        tree = (children(tree) or {})[key]
    return tree


def build(paths: Iterable[Path], leaves: Iterable[Any]) -> Any:
    """Return the tree with these leaves at these paths; a leaf at an empty path is the whole tree."""
    result: dict[str, Any] = {}
    for path, leaf in zip(paths, leaves, strict=True):
        if not path:
            return leaf
        inner = result
        for key in path[:-1]:
            inner = inner.setdefault(key, {})
        inner[path[-1]] = leaf
    return result


def _as_row(leaf: Any) -> Any:
    return np.asarray(leaf)[None]
