"""`PriorityIndex`: a table of bad inputs, the error that each gets, and the proof that nothing changed."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

from dqn_fast import PriorityIndex

NAN, HUGE = float("nan"), 1e301

# The call, its arguments, the exception, and what its message says.
BAD: list[tuple[str, dict[str, Any], type[Exception], str]] = [
    ("add", {"n": -1}, ValueError, "n: got -1, expected at least 0"),
    ("add", {"n": 9}, ValueError, "n: got 9, expected at most 8"),
    ("add", {"n": 2**40}, ValueError, "n: got .*, expected at most 8"),
    ("add", {"n": 1.0}, TypeError, "n: got 1.0, expected an integer"),
    ("add", {"n": True}, TypeError, "n: got True, expected an integer"),
    ("add", {"n": "1"}, TypeError, "n: got '1', expected an integer"),
    ("add", {"n": 2, "at": [1]}, ValueError, "n: got 2, expected 1, the length of at, or none"),
    ("add", {"n": 0, "at": np.array([1])}, ValueError, "n: got 0, expected 1"),
    ("add", {"n": 1.5, "at": [1]}, TypeError, "n: got 1.5, expected an integer"),
    ("add", {"at": [8]}, IndexError, "at: got 8, expected leaves of at least 0 and below the capacity"),
    ("add", {"at": np.array([0, -1])}, IndexError, "at: got -1, expected leaves"),
    ("add", {"at": [2**62]}, IndexError, "at: got 4611686018427387904"),
    ("add", {"at": [3, 1, 3]}, ValueError, "at: got 3 twice, expected each leaf once"),
    ("add", {"at": np.array([1, 1])}, ValueError, "at: got 1 twice"),
    ("add", {"at": np.zeros(9, np.int64)}, ValueError, "at: got 9 leaves, expected at most 8, the capacity"),
    ("add", {"at": 3}, ValueError, r"at: got shape \(\), expected \(B,\)"),
    ("add", {"at": [[1, 2]]}, ValueError, r"at: got shape \(1, 2\)"),
    ("add", {"at": [1.0]}, TypeError, "at: got dtype float64"),
    ("add", {"at": [True, False]}, TypeError, "at: got booleans"),
    ("add", {"at": ["1"]}, TypeError, "at: got"),
    ("add", {"at": np.array([2**63], np.uint64)}, TypeError, "at: got"),
    ("add", {"priority": -1.0}, ValueError, "priority: got -1, expected finite values of at least 0"),
    ("add", {"priority": NAN}, ValueError, "priority: got nan"),
    ("add", {"priority": float("inf")}, ValueError, "priority: got inf"),
    ("add", {"priority": HUGE}, ValueError, "priority: got 1e.301, expected .* whose mass is at most 1e300"),
    ("add", {"n": 2, "priority": [1.0, NAN]}, ValueError, "priority: got nan"),
    ("add", {"n": 2, "priority": [1.0]}, ValueError, r"priority: got shape \(1,\), expected \(2,\)"),
    ("add", {"n": 2, "priority": np.ones(3)}, ValueError, r"priority: got shape \(3,\), expected \(2,\)"),
    ("add", {"n": 2, "priority": np.ones((2, 1))}, ValueError, r"priority: got shape \(2, 1\)"),
    ("add", {"priority": "high"}, TypeError, "priority: got"),
    ("add", {"priority": 1j}, TypeError, "priority: got"),
    ("add", {"at": [1, 2], "priority": np.ones(3)}, ValueError, r"priority: got shape \(3,\)"),
    ("sample", {"n": 0}, ValueError, "n: got 0, expected at least 1"),
    ("sample", {"n": -3}, ValueError, "n: got -3, expected at least 1"),
    ("sample", {"n": 2**31 + 1}, ValueError, "n: got .*, expected at most 2147483648"),
    ("sample", {"n": 2.0}, TypeError, "n: got 2.0, expected an integer"),
    ("sample", {"n": None}, TypeError, "n: got None"),
    ("sample", {"n": 3, "beta": -0.1}, ValueError, "beta: got -0.1"),
    ("sample", {"n": 3, "beta": NAN}, ValueError, "beta: got nan"),
    ("sample", {"n": 3, "beta": "x"}, TypeError, "beta: got 'x', expected a number"),
    ("update", {"ids": [0], "priorities": [NAN]}, ValueError, "priorities: got nan"),
    ("update", {"ids": [0, 1], "priorities": [1.0, -1.0]}, ValueError, "priorities: got -1"),
    ("update", {"ids": [0], "priorities": np.array([HUGE])}, ValueError, "priorities: got 1e.301"),
    ("update", {"ids": [3], "priorities": [-1.0]}, ValueError, "priorities: got -1"),  # stale ones as well
    ("update", {"ids": [0, 1], "priorities": [1.0]}, ValueError, r"priorities: got shape \(1,\), expected"),
    ("update", {"ids": [0], "priorities": 1.0}, ValueError, r"priorities: got shape \(\)"),
    ("update", {"ids": [0], "priorities": np.float64(1)}, ValueError, r"priorities: got shape \(\)"),
    ("update", {"ids": [], "priorities": [1.0]}, ValueError, r"priorities: got shape \(1,\)"),
    ("update", {"ids": [0], "priorities": ["a"]}, TypeError, "priorities: got"),
    ("update", {"ids": [0], "priorities": None}, TypeError, "priorities: got None"),
    ("update", {"ids": 0, "priorities": [1.0]}, ValueError, r"ids: got shape \(\)"),
    ("update", {"ids": [0.0], "priorities": [1.0]}, TypeError, "ids: got dtype float64"),
    ("update", {"ids": [True], "priorities": [1.0]}, TypeError, "ids: got booleans"),
    ("update", {"ids": None, "priorities": [1.0]}, TypeError, "ids: got None"),
    ("update", {"ids": [16], "priorities": [1.0]}, IndexError, "ids: got 16, expected ids that add"),
    ("update", {"ids": [0, 7], "priorities": [1.0, 1.0]}, IndexError, "ids: got 7, expected ids that add"),
    ("update", {"ids": np.array([-1]), "priorities": [1.0]}, IndexError, "ids: got -1"),
    ("update", {"ids": [-8], "priorities": [1.0]}, IndexError, "ids: got -8"),
    ("remove", {"ids": [0, 16]}, IndexError, "ids: got 16, expected ids that add"),
    ("remove", {"ids": [-1]}, IndexError, "ids: got -1"),
    ("remove", {"ids": 2}, ValueError, r"ids: got shape \(\)"),
    ("remove", {"ids": [0.5]}, TypeError, "ids: got dtype float64"),
    ("remove", {"ids": np.array([True])}, TypeError, "ids: got booleans"),
    ("reseed", {"seed": -1}, ValueError, "seed: got -1, expected at least 0"),
    ("reseed", {"seed": 2**64}, ValueError, "seed: got"),
    ("reseed", {"seed": 0.5}, TypeError, "seed: got 0.5"),
]

BAD_CONSTRUCTIONS: list[tuple[dict[str, Any], type[Exception], str]] = [
    ({"capacity": 0}, ValueError, "capacity: got 0, expected at least 1"),
    ({"capacity": -5}, ValueError, "capacity: got -5, expected at least 1"),
    ({"capacity": 2**49}, ValueError, "capacity: got"),
    ({"capacity": 8.0}, TypeError, "capacity: got 8.0, expected an integer"),
    ({"capacity": None}, TypeError, "capacity: got None"),
    ({"alpha": -0.1}, ValueError, "alpha: got -0.1"),
    ({"alpha": NAN}, ValueError, "alpha: got nan"),
    ({"alpha": "a"}, TypeError, "alpha: got 'a', expected a number"),
    ({"beta": -1}, ValueError, "beta: got -1"),
    ({"beta": 1e4}, ValueError, "beta: got 10000"),
    ({"priority_eps": -1e-9}, ValueError, "priority_eps: got"),
    ({"priority_eps": None}, TypeError, "priority_eps: got None"),
    ({"weight_normalization": "max"}, ValueError, "weight_normalization: got 'max', expected 'batch'"),
    ({"weight_normalization": None}, ValueError, "weight_normalization: got None"),
    ({"seed": -1}, ValueError, "seed: got -1"),
    ({"seed": "x"}, TypeError, "seed: got 'x'"),
]


def build() -> PriorityIndex:
    """Leaves 0 to 6 were used, leaf 7 never was; id 3 has left."""
    index = PriorityIndex(8, alpha=1.0, weight_normalization="buffer", seed=7)
    index.add(7, priority=[3.0, 2.0, 1.0, 4.0, 0.0, 1.0, 1.0])
    index.remove([3])
    index.sample(3)
    return index


@pytest.mark.parametrize(("call", "arguments", "error", "message"), BAD)
def test_a_bad_input_says_what_is_wrong_and_changes_nothing(
    call: str, arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    index = build()
    with pytest.raises(error, match=message):
        getattr(index, call)(**arguments)
    assert pickle.dumps(index) == pickle.dumps(build())  # priorities, ids, cursor and generator
    assert index.is_valid()


@pytest.mark.parametrize(("arguments", "error", "message"), BAD_CONSTRUCTIONS)
def test_a_bad_construction_says_what_is_wrong(
    arguments: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        PriorityIndex(**{"capacity": 8, **arguments})


def test_there_must_be_something_to_draw() -> None:
    index = PriorityIndex(4, priority_eps=0.0, seed=0)
    before = pickle.dumps(index)
    with pytest.raises(ValueError, match="sample: got an empty index, expected an id in it"):
        index.sample(1)
    assert pickle.dumps(index) == before
    index.add(2, priority=0.0)
    before = pickle.dumps(index)
    with pytest.raises(ValueError, match="sample: got only priorities of zero, expected a positive one"):
        index.sample(1)
    assert pickle.dumps(index) == before
    with pytest.raises(IndexError, match="ids: got 2"):
        index.update([2], [1.0])


def test_the_arguments_after_the_capacity_are_named() -> None:
    with pytest.raises(TypeError, match="positional"):
        PriorityIndex(8, 0.6)  # type: ignore[misc]
