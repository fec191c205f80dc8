"""Trees: nested dicts of leaves, such as dict observations. They are walked here and nowhere else.

A tree is a dict of trees, or anything else, which is a leaf. A single array is the simplest tree.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def map(function: Callable[..., Any], tree: Any, *others: Any) -> Any:
    """Return the tree of what `function` makes of each leaf, and of the leaves at its place in `others`.

    Args:
        function: takes as many leaves as there are trees.
        tree: says which keys there are.
        others: trees with the same keys; further ones are not looked at.

    Raises:
        KeyError: a key is missing in one of `others`.
    """
    if isinstance(tree, dict):
        if not others:  # the usual case, in half the time
            return {key: map(function, child) for key, child in tree.items()}
        return {key: map(function, child, *(other[key] for other in others)) for key, child in tree.items()}
    return function(tree, *others)


def leaves(tree: Any) -> list[Any]:
    """Return the leaves, in the order of the keys."""
    if isinstance(tree, dict):
        return [leaf for child in tree.values() for leaf in leaves(child)]
    return [tree]


def length(batch: Any) -> int:
    """Return how many rows the arrays of a batch have: the length of its first leaf's first axis."""
    while isinstance(batch, dict):
        batch = next(iter(batch.values()))
    return len(batch)


def one_row(tree: Any) -> Any:
    """Return a tree of arrays with a leading axis of length 1, of arrays or numbers without it."""
    return map(_as_row, tree)


def row(batch: Any, number: int) -> Any:
    """Return a row of each array; of an array of objects, the object."""
    return map(lambda leaf: leaf[number], batch)


def _as_row(leaf: Any) -> Any:
    return np.asarray(leaf)[None]
