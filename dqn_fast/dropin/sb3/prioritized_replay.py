"""Stable-Baselines3's replay buffer with prioritised sampling."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from stable_baselines3.common.vec_env import VecNormalize

import dqn_fast
from dqn_fast.dropin.sb3.replay import Array, ReplayBuffer


class PrioritizedSamples(NamedTuple):
    """SB3's samples, with importance weights and what `update_priorities` takes."""

    observations: Any
    actions: torch.Tensor
    next_observations: Any
    dones: torch.Tensor
    rewards: torch.Tensor
    discounts: torch.Tensor | None
    weights: torch.Tensor
    indices: Array


class PrioritizedReplayBuffer(ReplayBuffer):
    """`ReplayBuffer` with proportional prioritised sampling (Schaul et al., 2016).

    An algorithm has to use `weights` and to call `update_priorities`, as `PrioritizedDQN` does.

    Args:
        *args: as of `ReplayBuffer`.
        alpha: exponent of the priorities, at least 0.
        priority_eps: added to every priority, so that none starves.
        **kwargs: as of `ReplayBuffer`.
    """

    memory: dqn_fast.PrioritizedReplayBuffer

    def __init__(self, *args: Any, alpha: float = 0.6, priority_eps: float = 1e-6, **kwargs: Any) -> None:
        self.alpha, self.priority_eps = alpha, priority_eps
        super().__init__(*args, **kwargs)

    def _make_memory(self, *args: Any, **options: Any) -> dqn_fast.PrioritizedReplayBuffer:
        return dqn_fast.PrioritizedReplayBuffer(
            *args, alpha=self.alpha, priority_eps=self.priority_eps, **options
        )

    def sample(  # type: ignore[override]
        self, batch_size: int, env: VecNormalize | None = None, beta: float = 0.4
    ) -> PrioritizedSamples:
        """Draws transitions by priority, with replacement.

        Args:
            batch_size: how many.
            env: see `ReplayBuffer.sample`.
            beta: exponent of the importance weights.

        Returns:
            What `ReplayBuffer.sample` returns, and `weights`, float32 (B, 1), the largest of which is 1,
            and `indices`, an int64 array (B,).

        Raises:
            ValueError: see `ReplayBuffer.sample`.
        """
        batch = self.memory.sample(batch_size, beta=beta)
        weights = self._tensors(batch.weights[:, None])
        return PrioritizedSamples(*self._fields(batch, env), weights, batch.indices)

    def update_priorities(self, indices: Array, priorities: Array | torch.Tensor) -> int:
        """Gives transitions new priorities; see `dqn_fast.PrioritizedReplayBuffer`.

        Args:
            indices: int64 (B,), from `samples.indices`.
            priorities: (B,), absolute TD errors, on the CPU.

        Returns:
            How many of them were evicted meanwhile, and ignored.
        """
        return self.memory.update_priorities(indices, priorities)
