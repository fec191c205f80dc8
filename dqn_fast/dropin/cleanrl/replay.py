"""The buffer of CleanRL's `dqn.py`, `dqn_atari.py` and `c51.py`."""

from __future__ import annotations

import math
from functools import partial
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium import spaces

from dqn_fast.checks import at_least
from dqn_fast.dropin.cleanrl.common import device_of, frames_of_step, may_be_stack, seed_of_numpy, tensor
from dqn_fast.replay import ReplayBuffer as _ReplayBuffer


class ReplayBufferSamples(NamedTuple):
    """B transitions, as tensors on the buffer's device."""

    observations: torch.Tensor
    actions: torch.Tensor
    next_observations: torch.Tensor
    dones: torch.Tensor
    rewards: torch.Tensor


class ReplayBuffer:
    """A uniform replay buffer (Lin, 1992) with the interface of `cleanrl_utils.buffers.ReplayBuffer`.

    Args:
        buffer_size: transitions to hold; each environment holds `buffer_size // n_envs`.
        observation_space: of one environment: Box, Discrete, MultiDiscrete or MultiBinary.
        action_space: of one environment.
        device: where sampled tensors are; `"auto"` is a GPU if there is one.
        n_envs: environments; each `add` takes a step of every one.
        optimize_memory_usage: store each frame of a stack once (each observation is stored once in any case).
            uint8 observations of shape (4, height, width) are taken for stacks if the first step moves them
            on by one frame.
        handle_timeout_termination: read `infos[i]["TimeLimit.truncated"]`; an episode that ends so is not
            `done`.
        frame_stack: frames along the first axis of an observation, 1 for no stack; None to look at the first
            step. Whatever it says, every observation comes back as it was added.

    Raises:
        ValueError: if a size is out of its range.
        NotImplementedError: if a space is of another kind.
    """

    def __init__(
        self,
        buffer_size: int,
        observation_space: spaces.Space[Any],
        action_space: spaces.Space[Any],
        device: torch.device | str = "auto",
        n_envs: int = 1,
        optimize_memory_usage: bool = False,
        handle_timeout_termination: bool = True,
        *,
        frame_stack: int | None = None,
    ) -> None:
        self.observation_space, self.action_space = observation_space, action_space
        self.obs_shape = _array_shape("observation_space", observation_space)
        self.action_dim = math.prod(_array_shape("action_space", action_space))
        self.n_envs = at_least("n_envs", n_envs, 1)
        self.buffer_size = max(at_least("buffer_size", buffer_size, 1) // n_envs, 1)
        self.device = device_of(device)
        self.optimize_memory_usage = optimize_memory_usage
        self.handle_timeout_termination = handle_timeout_termination
        is_image = observation_space.dtype == np.uint8 and may_be_stack(self.obs_shape)
        if frame_stack is None and not (optimize_memory_usage and is_image):
            frame_stack = 1
        action_dtype = np.dtype(action_space.dtype)
        self._make = partial(
            _ReplayBuffer,
            self.buffer_size * n_envs,
            SimpleNamespace(shape=self.obs_shape, dtype=observation_space.dtype),
            SimpleNamespace(
                shape=(self.action_dim,), dtype=np.float32 if action_dtype == np.float64 else action_dtype
            ),
            num_envs=n_envs,
            seed=seed_of_numpy(),
        )
        # If None, the first step says whether there are stacks.
        self._buffer = None if frame_stack is None else self._make(frame_stack=frame_stack)
        self.pos = 0  # where the next step would go in a ring of `buffer_size`
        leading = () if n_envs == 1 else (n_envs,)
        self._shapes = (*leading, *self.obs_shape), (*leading, self.action_dim)

    def add(self, obs: Any, next_obs: Any, action: Any, reward: Any, done: Any, infos: Any = None) -> None:
        """Add a step of every environment.

        Args:
            obs: observations before the step, `(n_envs, *obs_shape)`.
            next_obs: observations after the step; where an episode ended, its last one.
            action: actions, `(n_envs, ...)`.
            reward: rewards, `(n_envs,)`.
            done: whether the episodes terminated, `(n_envs,)`.
            infos: a list with a dict per environment; read only with `handle_timeout_termination`.

        Raises:
            TypeError: if a value is of another kind.
            ValueError: if a shape differs.
        """
        obs_shape, action_shape = self._shapes
        terminated = np.asarray(done)
        terminated = terminated if terminated.dtype == np.bool_ else terminated != 0
        truncated: Any = False
        if self.handle_timeout_termination:
            if not isinstance(infos, list | tuple) or len(infos) != self.n_envs:
                raise TypeError(
                    f"infos: got {_brief(infos)}, expected {self.n_envs} dicts, one per environment"
                    " (for Gymnasium 1.0 and later, which give one dict, make the buffer with"
                    " handle_timeout_termination=False)"
                )
            truncated = np.array([bool(info.get("TimeLimit.truncated", False)) for info in infos])
            terminated, truncated = terminated & ~truncated, terminated & truncated
        if self.n_envs == 1:
            reward, terminated = np.asarray(reward).item(), terminated.item()
            truncated = truncated if truncated is False else truncated.item()
        obs, next_obs = np.asarray(obs).reshape(obs_shape), np.asarray(next_obs).reshape(obs_shape)
        if self._buffer is None:
            self._buffer = self._make(frame_stack=frames_of_step(obs, next_obs))
        self._buffer.add(
            obs, np.asarray(action).reshape(action_shape), reward, next_obs, terminated, truncated
        )
        self.pos = (self.pos + 1) % self.buffer_size

    def extend(self, *args: Any, **kwargs: Any) -> None:
        """Add many steps; takes a sequence for each argument of `add`."""
        for step in zip(*args, strict=True):
            self.add(*step, **kwargs)

    def sample(self, batch_size: int) -> ReplayBufferSamples:
        """Draw transitions with replacement.

        Returns:
            New tensors: observations (B, *obs_shape) in their space's dtype; actions (B, action_dim), int64
            for Discrete; float32 dones and rewards (B, 1).

        Raises:
            ValueError: if the buffer is empty.
        """
        if self._buffer is None:
            raise ValueError("sample: got an empty buffer, expected at least one transition")
        batch = self._buffer.sample(batch_size)
        values = (
            batch.obs,
            batch.action,
            batch.next_obs,
            batch.terminated[:, None].astype(np.float32),
            batch.reward[:, None],
        )
        return ReplayBufferSamples(*(tensor(value, self.device) for value in values))

    def size(self) -> int:
        """Return the number of steps held per environment."""
        return 0 if self._buffer is None else len(self._buffer) // self.n_envs

    def reset(self) -> None:
        """Remove all transitions."""
        if self._buffer is not None:
            self._buffer.clear()
        self.pos = 0

    @property
    def full(self) -> bool:
        """Whether the next step replaces the oldest."""
        return self._buffer is not None and self._buffer.is_full()


def _brief(infos: Any) -> str:
    kind = type(infos).__name__
    return f"a {kind} of {len(infos)}" if isinstance(infos, list | tuple) else f"a {kind}"


def _array_shape(name: str, space: spaces.Space[Any]) -> tuple[int, ...]:
    if isinstance(space, spaces.Discrete):
        return (1,)
    if isinstance(space, spaces.Box | spaces.MultiDiscrete | spaces.MultiBinary):
        return tuple(space.shape)
    raise NotImplementedError(f"{name}: got {space}, expected a space of one array")
