"""The buffer of CleanRL's `rainbow_atari.py`."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch

from dqn_fast.dropin.cleanrl.common import frames_of_step, may_be_stack, seed_of_numpy, tensor
from dqn_fast.replay import PrioritizedReplayBuffer as _PrioritizedReplayBuffer


class PrioritizedBatch(NamedTuple):
    """B transitions, as tensors on the buffer's device, and the indices that `update_priorities` takes."""

    observations: torch.Tensor
    actions: torch.Tensor
    rewards: torch.Tensor
    next_observations: torch.Tensor
    dones: torch.Tensor
    indices: Any
    weights: torch.Tensor


class PrioritizedReplayBuffer:
    """Proportional prioritised replay (Schaul et al., 2016) of n-step returns, as in `rainbow_atari.py`.

    Transitions are drawn in proportion to `(|priority| + eps) ** alpha`, one in each equal part of the total;
    new ones get the largest `|priority| + eps` so far. Weights are `(size * P) ** -beta`, divided by the
    largest in the batch.

    The script bootstraps with `gamma ** n_step`, however many steps a return spans. So that this is right for
    every row, only steps whose return has all n rewards, or ends with termination, are drawn. The last n - 1
    steps before a truncation are not, nor are the newest until n steps follow them.

    Args:
        capacity: steps to hold.
        obs_shape: shape of one uint8 observation. (4, height, width) is taken for a stack of frames if the
            first step moves it on by one frame; each frame is then stored once.
        device: where sampled tensors are.
        n_step: environment steps that a transition spans.
        gamma: discount factor per environment step.
        alpha: exponent of the priorities.
        beta: exponent of the weights; assign to `buffer.beta` to change it.
        eps: added to every priority.
        frame_stack: frames along the first axis of an observation, 1 for no stack; None to look at the first
            step.

    Raises:
        ValueError: if a number is out of its range.
    """

    def __init__(
        self,
        capacity: int,
        obs_shape: tuple[int, ...],
        device: torch.device | str,
        n_step: int,
        gamma: float,
        alpha: float = 0.6,
        beta: float = 0.4,
        eps: float = 1e-6,
        *,
        frame_stack: int | None = None,
    ) -> None:
        self.capacity, self.device = capacity, torch.device(device)
        self.n_step, self.gamma, self.alpha, self.beta, self.eps = n_step, gamma, alpha, beta, eps
        self._obs_shape = tuple(obs_shape)
        self._make = partial(
            _PrioritizedReplayBuffer,
            capacity,
            observation_space=SimpleNamespace(shape=self._obs_shape, dtype=np.uint8),
            action_space=SimpleNamespace(shape=(), dtype=np.int64),
            n_step=n_step,
            gamma=gamma,
            alpha=alpha,
            priority_eps=eps,
            weight_normalization="none",  # `sample` divides by the largest when the rows are final
            seed=seed_of_numpy(),
        )
        if frame_stack is None and not may_be_stack(self._obs_shape):
            frame_stack = 1
        self._make(observation_space=None)  # refuses bad numbers now, and takes no memory
        # If None, the first step says whether there are stacks.
        self._buffer = None if frame_stack is None else self._make(frame_stack=frame_stack)
        discount = 1.0
        for _ in range(n_step):
            discount *= gamma
        self._discount = np.float32(discount)

    @property
    def size(self) -> int:
        """Number of steps held."""
        return 0 if self._buffer is None else len(self._buffer)

    def add(self, obs: Any, action: Any, reward: Any, next_obs: Any, done: Any) -> None:
        """Add an environment step, with or without a first axis of length 1.

        Args:
            obs: observation before the step.
            action: action of the step.
            reward: reward of the step.
            next_obs: observation after the step; at an episode's end, its last one.
            done: whether the episode terminated.

        Raises:
            TypeError: if a value is of another kind.
            ValueError: if a shape differs.
        """
        obs, next_obs = (np.asarray(value).reshape(self._obs_shape) for value in (obs, next_obs))
        if self._buffer is None:
            self._buffer = self._make(frame_stack=frames_of_step(obs, next_obs))
        self._buffer.add(
            obs, np.asarray(action).item(), np.asarray(reward).item(), next_obs, bool(np.asarray(done).item())
        )

    def sample(self, batch_size: int) -> PrioritizedBatch:
        """Draw transitions by priority.

        Returns:
            uint8 observations (B, *obs_shape); int64 actions, float32 rewards, bool dones and float32 weights
            (B, 1); int64 indices (B,).

        Raises:
            ValueError: if no step can be drawn yet.
        """
        batch = self._held().sample(batch_size, beta=self.beta)
        usable = self._usable(batch)
        if not usable.all():
            batch = self._redraw(batch_size, batch, usable)
        return PrioritizedBatch(
            tensor(batch.obs, self.device),
            tensor(batch.action[:, None], self.device),
            tensor(batch.reward[:, None], self.device),
            tensor(batch.next_obs, self.device),
            tensor(batch.terminated[:, None], self.device),
            batch.indices,
            tensor((batch.weights / batch.weights.max())[:, None], self.device),
        )

    def update_priorities(self, indices: Any, priorities: Any) -> None:
        """Set the priorities of transitions; those that were overwritten meanwhile are ignored.

        Args:
            indices: `batch.indices`.
            priorities: one per index; their absolute values count.

        Raises:
            IndexError: if an index was never given out.
            ValueError: if a priority is not finite, or their number differs from that of indices.
        """
        self._held().update_priorities(indices, np.abs(np.asarray(priorities)).reshape(-1))

    def _held(self) -> _PrioritizedReplayBuffer:
        if self._buffer is None:
            raise ValueError("sample: got an empty buffer, expected at least one transition")
        return self._buffer

    def _usable(self, batch: Any) -> Any:
        return batch.terminated | (batch.discount == self._discount)

    def _redraw(self, batch_size: int, batch: Any, usable: Any) -> Any:
        """Return a batch of usable rows: those of `batch`, and others drawn in the same way for the rest."""
        indices, weights = batch.indices[usable], batch.weights[usable]
        while len(indices) < batch_size:
            missing = batch_size - len(indices)
            more = self._held().sample(missing, beta=self.beta)
            usable = self._usable(more)
            drawn = (more.indices[usable], more.weights[usable]) if usable.any() else self._search(missing)
            indices, weights = np.append(indices, drawn[0]), np.append(weights, drawn[1])
        batch = self._held().transitions(indices)
        batch.weights = weights
        return batch

    def _search(self, count: int) -> tuple[Any, Any]:
        """Draw from the usable steps alone, where they are too rare to wait for. O(size) time."""
        buffer = self._held()
        held = buffer.indices()
        masses = buffer.masses(held)
        parts = np.array_split(held, len(held) // 1_024 + 1)
        usable = np.concatenate([self._usable(buffer.transitions(part)) for part in parts])
        allowed = np.where(usable, masses, 0.0)
        if not allowed.any():
            raise ValueError(f"sample: got no complete return of {self.n_step} steps, expected at least one")
        chosen = np.random.choice(len(held), count, p=allowed / allowed.sum())  # noqa: NPY002  # as CleanRL
        weights = (len(held) * masses[chosen] / masses.sum()) ** -self.beta
        return held[chosen], weights.astype(np.float32)
