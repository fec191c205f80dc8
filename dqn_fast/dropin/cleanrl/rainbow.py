"""The buffer of `rainbow_atari.py`, for `dqn_fast.dropin.cleanrl.replay`."""

from __future__ import annotations

from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch

from dqn_fast.dropin.cleanrl.common import frames_of_step, may_be_stack, seed_of_numpy, tensor
from dqn_fast.replay import PrioritizedReplayBuffer as _PrioritizedReplayBuffer


class PrioritizedBatch(NamedTuple):
    """B transitions: tensors on the buffer's device, and the names that `update_priorities` takes."""

    observations: torch.Tensor
    actions: torch.Tensor
    rewards: torch.Tensor
    next_observations: torch.Tensor
    dones: torch.Tensor
    indices: Any
    weights: torch.Tensor


class PrioritizedReplayBuffer:
    """Proportional prioritised replay (Schaul et al., 2016) of n-step returns, as in `rainbow_atari.py`.

    A transition is drawn, one in each equal part of the total, in proportion to
    `(|priority| + eps) ** alpha`; new ones have the largest `|priority| + eps` so far. Weights are
    `(size * P) ** -beta` divided by the batch's largest.

    The script bootstraps with `gamma ** n_step` whatever a return's length. So that this is right for
    every row, only steps whose return has all n rewards or has terminated are drawn: not the last n - 1
    before a truncation, nor, until they have n successors, the newest.

    Args:
        capacity: steps to hold.
        obs_shape: of one observation, in uint8; (4, height, width) is taken for a stack of frames, each of
            which is stored once, if the first step moves it on by one frame.
        device: of the sampled tensors.
        n_step: environment steps that a transition spans.
        gamma: discount factor of one environment step.
        alpha: exponent of the priorities.
        beta: exponent of the weights; assign to `buffer.beta` to change it.
        eps: added to every priority.
        frame_stack: frames along the first axis of an observation, without looking at the first step; 1 for
            none.

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
            weight_normalization="none",  # the batch's largest is found when its rows are final
            seed=seed_of_numpy(),
        )
        if frame_stack is None and not may_be_stack(self._obs_shape):
            frame_stack = 1
        self._make(observation_space=None)  # takes no memory: bad numbers are refused now
        # None: the first step says whether there are stacks.
        self._buffer = None if frame_stack is None else self._make(frame_stack=frame_stack)
        discount = 1.0
        for _ in range(n_step):
            discount *= gamma
        self._discount = np.float32(discount)

    @property
    def size(self) -> int:
        """Steps that it holds."""
        return 0 if self._buffer is None else len(self._buffer)

    def add(self, obs: Any, action: Any, reward: Any, next_obs: Any, done: Any) -> None:
        """Adds an environment step, with or without a first axis of length 1.

        Args:
            obs: observation.
            action: what was done.
            reward: what it gave.
            next_obs: the observation after it; at an episode's end, its last one.
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
        """Draws transitions by priority.

        Returns:
            Observations uint8; actions int64, rewards float32, dones bool and weights float32 (B, 1);
            indices int64 (B,).

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
        """Gives transitions new priorities; those that were overwritten meanwhile are passed over.

        Args:
            indices: `batch.indices`.
            priorities: one for each, of any sign: absolute values count.

        Raises:
            IndexError: if an index was never given out.
            ValueError: if a priority is not finite, or there are more or fewer of them.
        """
        self._held().update_priorities(indices, np.abs(np.asarray(priorities)).reshape(-1))

    def _held(self) -> _PrioritizedReplayBuffer:
        if self._buffer is None:
            raise ValueError("the buffer is empty; expected a transition in it")
        return self._buffer

    def _usable(self, batch: Any) -> Any:
        return batch.terminated | (batch.discount == self._discount)

    def _redraw(self, batch_size: int, batch: Any, usable: Any) -> Any:
        """A batch of usable rows: those of `batch`, and others drawn like them for the rest."""
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
        """Draws from the usable steps alone, where they are too rare to wait for: O(size)."""
        buffer = self._held()
        held = buffer.indices()
        masses = buffer.masses(held)
        parts = np.array_split(held, len(held) // 1_024 + 1)
        usable = np.concatenate([self._usable(buffer.transitions(part)) for part in parts])
        allowed = np.where(usable, masses, 0.0)
        if not allowed.any():
            raise ValueError(f"sample: no return of {self.n_step} steps is complete; expected more steps")
        chosen = np.random.choice(len(held), count, p=allowed / allowed.sum())  # noqa: NPY002  # as CleanRL
        weights = (len(held) * masses[chosen] / masses.sum()) ** -self.beta
        return held[chosen], weights.astype(np.float32)
