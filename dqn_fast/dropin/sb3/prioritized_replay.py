"""Stable-Baselines3's replay buffer with prioritised sampling."""

from __future__ import annotations

from typing import Any, NamedTuple

import torch
from stable_baselines3.common.vec_env import VecNormalize

import dqn_fast
from dqn_fast.dropin.sb3.replay import Array, ReplayBuffer


class PrioritizedSamples(NamedTuple):
    """SB3's samples, with importance weights and the indices that `update_priorities` takes."""

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

    An algorithm must use `weights` and call `update_priorities`, as `PrioritizedDQN` does.

    Args:
        *args: the arguments of `ReplayBuffer`.
        alpha: exponent of the priorities, at least 0.
        priority_eps: added to every priority, so that no transition starves.
        **kwargs: the keyword arguments of `ReplayBuffer`.
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
        """Draw transitions by priority, with replacement.

        Args:
            batch_size: number of transitions.
            env: normalises observations and rewards, see `ReplayBuffer.sample`.
            beta: exponent of the importance weights.

        Returns:
            The fields of `ReplayBuffer.sample`, and `weights`, a float32 tensor (B, 1) whose largest is 1,
            and `indices`, an int64 array (B,).

        Raises:
            ValueError: if the buffer is empty, or `batch_size` is not positive.
        """
        batch = self.memory.sample(batch_size, beta=beta)
        weights = self._tensors(batch.weights[:, None])
        return PrioritizedSamples(*self._fields(batch, env), weights, batch.indices)

    def update_priorities(self, indices: Array, priorities: Array | torch.Tensor) -> int:
        """Set the priorities of transitions; see `dqn_fast.PrioritizedReplayBuffer.update_priorities`.

        Args:
            indices: `samples.indices`, int64 (B,).
            priorities: absolute TD errors on the CPU, (B,).

        Returns:
            The number of transitions that were evicted meanwhile, and ignored.
        """
        return self.memory.update_priorities(indices, priorities)
