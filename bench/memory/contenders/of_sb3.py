"""Stable-Baselines3. It has no priorities, so it is missing from those rows. Its batches are tensors."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from gymnasium import spaces
from rivals import Memory
from stable_baselines3.common.buffers import ReplayBuffer
from transitions import Array, Step, Transitions
from workloads import Workload


class Uniform(Memory):
    """Stores both observations of every transition: its `optimize_memory_usage` is wrong at truncation."""

    lacks: ClassVar = {"truncated": "a truncated step is one that did not terminate"}

    def __init__(self, workload: Workload) -> None:
        low, high, dtype = (0, 255, np.uint8) if len(workload.shape) == 3 else (-np.inf, np.inf, np.float32)
        self.buffer = ReplayBuffer(
            workload.size,
            spaces.Box(low, high, workload.shape, dtype),
            spaces.Discrete(2),
            device="cpu",
            n_envs=workload.environments,
        )
        self.add = self.buffer.add
        self.sample = self.buffer.sample

    def given(self, step: Step) -> tuple[Any, ...]:
        """Return arrays and a list of infos, as SB3's vector environments do."""
        obs, action, reward, next_obs, terminated, truncated = step
        infos = [{"TimeLimit.truncated": True} if cut else {} for cut in np.atleast_1d(truncated)]
        lead = (len(infos),)
        done = np.reshape(np.logical_or(terminated, truncated), lead)
        return (
            obs,
            next_obs,
            np.reshape(action, lead),
            np.reshape(reward, lead).astype(np.float32),
            done,
            infos,
        )

    def extend(
        self, obs: Any, action: Any, reward: Any, next_obs: Any, terminated: Any, truncated: Any
    ) -> None:
        """Call SB3's own `extend`, which calls `add` for each row."""
        infos = [[{"TimeLimit.truncated": cut}] for cut in truncated.tolist()]
        self.buffer.extend(obs, next_obs, action, reward, terminated | truncated, infos)

    def fill(self, transitions: Transitions, priorities: Array | None) -> None:
        """Write into SB3's arrays, and set its counters as after one round of `add`."""
        buffer, environments = self.buffer, self.buffer.n_envs
        for part, rows in transitions.chunks():
            lead = (len(rows), environments)
            buffer.observations[part] = rows.obs.reshape(*lead, *buffer.obs_shape)
            buffer.next_observations[part] = rows.next_obs.reshape(*lead, *buffer.obs_shape)
            buffer.actions[part] = rows.action.reshape(*lead, 1)
            buffer.rewards[part] = rows.reward.reshape(lead)
            buffer.dones[part] = (rows.terminated | rows.truncated).reshape(lead)
            buffer.timeouts[part] = rows.truncated.reshape(lead)
        buffer.full, buffer.pos = True, 0

    def arrays(self, batch: Any) -> dict[str, Array]:
        """Return arrays over SB3's tensors."""
        return {
            "obs": batch.observations.numpy(),
            "action": batch.actions.numpy().ravel(),
            "reward": batch.rewards.numpy().ravel(),
            "next_obs": batch.next_observations.numpy(),
            "terminated": batch.dones.numpy().ravel() == 1,
        }
