from __future__ import annotations

from types import MappingProxyType

import numpy as np
import pytest

from dqn_fast import trees

TREE = {"b": 1, "a": {"d": 2, "c": 3}}


def test_map_keeps_the_keys_and_meets_the_leaves_of_all_trees() -> None:
    others = {"a": {"c": 30, "d": 20, "more": 0}, "b": 10}
    assert trees.map(lambda one, other: one + other, TREE, others) == {"b": 11, "a": {"d": 22, "c": 33}}
    assert trees.map(str, 5) == "5"
    with pytest.raises(KeyError):
        trees.map(lambda one, other: one, TREE, {"b": 1})


def test_leaves_come_in_the_order_of_the_keys() -> None:
    assert trees.leaves(TREE) == [1, 2, 3]
    assert trees.leaves(7) == [7]
    assert trees.leaves({}) == []


def test_rows() -> None:
    batch = {"a": np.arange(6).reshape(3, 2), "b": {"c": np.array([None, "x", {}], object)}}
    assert trees.length(batch) == trees.length(batch["a"]) == 3
    row = trees.row(batch, 1)
    assert row["a"].tolist() == [2, 3]
    assert row["b"]["c"] == "x"
    one = trees.one_row({"a": [1, 2], "b": 4.0})
    assert (one["a"].shape, one["b"].shape) == ((1, 2), (1,))


def test_paths_lead_to_the_leaves_and_back() -> None:
    assert trees.paths(TREE) == [("b",), ("a", "d"), ("a", "c")]
    assert trees.paths(3) == [()]
    assert [trees.at(TREE, path) for path in trees.paths(TREE)] == trees.leaves(TREE)
    assert trees.build(trees.paths(TREE), trees.leaves(TREE)) == TREE
    assert trees.build([()], [5]) == 5
    with pytest.raises(KeyError):
        trees.at(TREE, ("a", "b"))
    with pytest.raises(KeyError):
        trees.at(TREE, ("b", "a"))


def test_mappings_and_spaces_are_trees_of_those_who_hand_them_in() -> None:
    spaces = pytest.importorskip("gymnasium").spaces
    part = spaces.Discrete(3)
    space = spaces.Dict({"x": spaces.Dict({"y": part}), "z": part})
    assert trees.paths(space) == [("x", "y"), ("z",)]
    assert trees.at(MappingProxyType({"x": space}), ("x", "x", "y")) == part
