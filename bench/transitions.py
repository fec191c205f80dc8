"""The transitions that every contender gets: episodes like CartPole's, of random length."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]
Step: TypeAlias = tuple[Array, int, float, Array, bool, bool]

LONGEST_EPISODE = 500
SHARE_TRUNCATED = 0.2


@dataclass(frozen=True)
class Transitions:
    """Consecutive transitions of one environment, in arrays with one row each."""

    obs: Array
    action: Array
    reward: Array
    next_obs: Array
    terminated: Array
    truncated: Array

    def __len__(self) -> int:
        return len(self.obs)

    def steps(self) -> list[Step]:
        """The same as an environment and an agent give them: arrays of its own and Python numbers."""
        return list(
            zip(
                [row.copy() for row in self.obs],
                self.action.tolist(),
                self.reward.tolist(),
                [row.copy() for row in self.next_obs],
                self.terminated.tolist(),
                self.truncated.tolist(),
                strict=True,
            )
        )


def episodes(count: int, seed: int) -> Transitions:
    """Whole episodes with `count` transitions in all; the last one is cut off where they are reached."""
    rng = np.random.default_rng(seed)
    ends = np.cumsum(rng.integers(10, LONGEST_EPISODE, size=count // 10 + 1, endpoint=True))
    last = np.append(ends[ends < count], count) - 1  # the last transition of each episode
    truncated = np.zeros(count, np.bool_)
    truncated[last] = rng.random(len(last)) < SHARE_TRUNCATED
    truncated[-1] = True
    terminated = np.zeros(count, np.bool_)
    terminated[last] = ~truncated[last]
    # An episode of T transitions has T + 1 observations, all of them in one array here.
    observations = rng.standard_normal((count + len(last), 4), dtype=np.float32)
    row = np.arange(count)
    row[1:] += np.cumsum((terminated | truncated)[:-1])
    return Transitions(
        obs=observations[row],
        action=rng.integers(2, size=count),
        reward=rng.random(count, dtype=np.float32),
        next_obs=observations[row + 1],
        terminated=terminated,
        truncated=truncated,
    )


def priorities(count: int, seed: int) -> Array:
    """Priorities as TD errors are spread: many small ones, a few large ones."""
    return np.random.default_rng(seed).exponential(size=count).astype(np.float32)
