"""Actions with features are Discrete to everybody else."""

from __future__ import annotations

import copy
import pickle

import numpy as np
import pytest
from gymnasium import spaces

from dqn_fast.described_actions import DescribedActions

FEATURES = [[1.0, 0.0, 2.0], [0.5, 0.0, 1.0]]


def test_they_are_discrete() -> None:
    space = DescribedActions(FEATURES, seed=0)
    assert isinstance(space, spaces.Discrete)
    assert (space.n, space.start) == (2, 0)
    assert space.features.dtype == np.float32
    np.testing.assert_array_equal(space.features, FEATURES)
    assert {int(space.sample()) for _ in range(50)} == {0, 1}
    assert repr(space) == "DescribedActions(2, 3 features each)"


def test_the_features_are_a_copy_that_nobody_changes() -> None:
    mine = np.array(FEATURES, np.float32)
    space = DescribedActions(mine)
    mine[:] = 7
    np.testing.assert_array_equal(space.features, FEATURES)
    with pytest.raises(ValueError, match="read-only"):
        space.features[0] = 1


def test_copies_are_equal_and_other_features_are_not() -> None:
    space = DescribedActions(FEATURES)
    for other in (copy.deepcopy(space), pickle.loads(pickle.dumps(space))):
        assert other == space
        np.testing.assert_array_equal(other.features, FEATURES)
    assert space != DescribedActions([[1.0, 0.0, 2.0], [0.5, 0.0, 1.5]])
    assert space != spaces.Discrete(2)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        ([1.0, 2.0], r"features: got shape \(2,\), expected \(actions, features\)"),
        (np.zeros((0, 3)), r"features: got shape \(0, 3\)"),
        (np.zeros((3, 0)), r"features: got shape \(3, 0\)"),
        ([[1.0, np.nan]], "features: got one that is not finite"),
    ],
)
def test_what_is_refused(features: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        DescribedActions(features)  # type: ignore[arg-type]
