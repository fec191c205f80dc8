"""Vector environments are checked, too: a batch that does not fit the space is one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from envs.odd import Odd, Pair, Ranged, Tuples, kind
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, VectorEnv
from gymnasium.vector.utils import batch_space

from dqn_fast.envs import VectorEnvironments
from dqn_fast.errors import UsageError

ROWS = 2


class Batches(VectorEnv[Any, Any, Any]):
    """Gives what it is told to."""

    num_envs = ROWS

    def __init__(self, space: spaces.Space[Any], *steps: Any) -> None:
        self.metadata = {"autoreset_mode": AutoresetMode.SAME_STEP}
        self.single_observation_space, self.single_action_space = space, spaces.Discrete(2)
        self.action_space = batch_space(self.single_action_space, ROWS)
        self.steps = list(steps)

    def reset(self, *, seed: Any = None, options: Any = None) -> Any:
        return self.steps.pop(0)

    def step(self, actions: Any) -> Any:
        return self.steps.pop(0)


BOX = Odd.observation_space
GOOD = np.zeros((ROWS, 3), np.float32)
LAST = {"final_obs": np.array([np.zeros(3), np.zeros(2)], object)}
ONES, NONE = np.ones(ROWS), np.zeros(ROWS, np.bool_)


def played(space: spaces.Space[Any], *steps: Any) -> Any:
    environments = VectorEnvironments(Batches(space, *steps))
    obs, step = environments.reset(), None
    for _ in steps[1:]:
        step = environments.step(np.zeros(ROWS, np.int64))
    return obs if step is None else step


def step(
    obs: Any = GOOD, reward: Any = ONES, terminated: Any = NONE, truncated: Any = NONE, info: Any = None
) -> Any:
    return obs, reward, terminated, truncated, info or {}


@pytest.mark.parametrize(
    ("space", "steps", "line"),
    [
        (BOX, [(GOOD[:1], {})], r"Batches, at a reset: observation: got shape \(1, 3\), expected \(2, 3\)"),
        (BOX, [(None, {})], "Batches, at a reset: observation: got None, expected Box"),
        (BOX, [GOOD], r"Batches, at a reset: reset: got array.*: this is the API before Gymnasium 0\.26"),
        (BOX, [(GOOD, {}), step(), step(GOOD[:, :1])], r"Batches, step 2: observation: got shape \(2, 1\)"),
        (
            BOX,
            [(GOOD, {}), step(reward=np.ones(1))],
            r"Batches, step 1: reward: got shape \(1,\), expected \(2,\)",
        ),
        (
            BOX,
            [(GOOD, {}), step(reward=None)],
            "Batches, step 1: reward: got None, expected a number for each",
        ),
        (
            BOX,
            [(GOOD, {}), step(terminated=np.ones(1, bool))],
            r"Batches, step 1: terminated: got shape \(1,\)",
        ),
        (BOX, [(GOOD, {}), step(truncated=[0, 2])], "step 1: truncated: got .*, expected values that"),
        (BOX, [(GOOD, {}), step()[:4]], r"Batches, step 1: step: got four values, .*before Gymnasium 0\.26"),
        (
            BOX,
            [(GOOD, {}), step(terminated=~NONE, info=LAST)],
            r"Batches, step 1: observation: got shape \(2,\), expected \(3,\)",
        ),
        (Ranged.observation_space, [(np.array([0, 4]), {})], r"got array\(\[0, 4\]\), expected values of D"),
        (
            Pair.observation_space,
            [({"a": np.zeros(2, int)}, {})],
            r"got the keys \['a'\], expected \['a', 'b'\]",
        ),
    ],
)
def test_one_line(space: Any, steps: list[Any], line: str) -> None:
    with pytest.raises(UsageError, match=line):
        played(space, *steps)


def test_what_is_safe_is_converted() -> None:
    after = played(BOX, (GOOD.astype(float), None), step(GOOD + 0.1, [1, 2], [0, 0], [False, False]))
    assert [str(array.dtype) for array in after[:5]] == ["float32", "float64", "float32", "bool", "bool"]
    assert after.reward.tolist() == [1, 2]


def test_tuples_become_dicts() -> None:
    batch = np.array([2, 0]), {"in": (np.zeros((ROWS, 2), np.float32),)}
    obs = played(Tuples.observation_space, (batch, {}))
    assert (obs["0"].tolist(), obs["1"]["in"]["0"].shape) == ([2, 0], (2, 2))


def test_multi_discrete_rows() -> None:
    space = kind("X", observation_space=spaces.MultiDiscrete([2, 3], start=[5, 0])).observation_space
    assert played(space, (np.array([[5, 2], [6, 0]]), {})).tolist() == [[5, 2], [6, 0]]
    with pytest.raises(UsageError, match="expected values of MultiDiscrete"):
        played(space, (np.array([[5, 2], [4, 0]]), {}))
