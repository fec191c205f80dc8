"""A replay buffer with Stable-Baselines3's interface."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from gymnasium import spaces
from stable_baselines3.common import buffers
from stable_baselines3.common.type_aliases import DictReplayBufferSamples, ReplayBufferSamples
from stable_baselines3.common.vec_env import VecNormalize

import dqn_fast
from dqn_fast import Batch, trees
from dqn_fast.replay.internals import add_flat, successors
from dqn_fast.replay.step import Step

Array = npt.NDArray[Any]
Fields = tuple[Any, Any, Any, Any, Any, Any]


class ReplayBuffer(buffers.ReplayBuffer):
    """Stable-Baselines3's `ReplayBuffer`, `DictReplayBuffer` and `NStepReplayBuffer` in one.

    Samples are new tensors with SB3's names, shapes, dtypes and meaning. These things differ:

    - Each observation is stored once, and with `frame_stack` each frame. That goes together with time limits,
      Dict observations and n-step returns, all of which SB3's memory saving excludes (SB3 issue 934).
    - n-step returns work for Dict observations.
    - Draws depend on a seed of the buffer's own, taken from NumPy's global generator when it is made. So
      `DQN(seed=...)` repeats itself, and a loaded buffer goes on where the saved one was.
    - Floats in the observations of an integer space, which SubprocVecEnv lets through, are a `TypeError`; SB3
      cuts off their fractions silently.
    - There are no arrays `observations`, `actions` and so on; `memory.transitions()` returns them all.

    Args:
        buffer_size: transitions to hold; the newest are kept. Each environment holds `buffer_size // n_envs`,
            and at least one.
        observation_space: of one environment, as SB3's policies see it: images have channels first.
        action_space: of one environment.
        device: where samples are.
        n_envs: parallel environments.
        optimize_memory_usage: ignored; memory is saved in any case.
        handle_timeout_termination: read in `infos` which episodes a time limit truncated
            (`"TimeLimit.truncated"`); those are not `dones`. If False, `infos` are ignored.
        n_steps: environment steps that a transition spans. If more than 1, samples have `discounts`: gamma to
            the power of the steps spanned, or 0 where done. (There SB3's differs, but is multiplied by 0.)
            SB3 passes `n_steps` and `gamma` only to its own class: give them in `replay_buffer_kwargs`.
        gamma: discount factor per environment step, for n-step returns.
        frame_stack: frames in an observation, as from `VecFrameStack`, or a dict of numbers by key. Each
            frame is stored once.
        frame_axis: axis of the frames in an observation, or a dict of axes by key.
        reserve: see `dqn_fast.ReplayBuffer`. For images with episodes of fewer than 32 steps, give about one
            over their length; otherwise the oldest transitions go early, with a warning.

    Attributes:
        memory: the `dqn_fast.ReplayBuffer` that holds the transitions.

    Raises:
        ValueError: if a number is out of its range, or stacks do not fit the observation space.
        NotImplementedError: if SB3 does not support the kind of space.
    """

    memory: dqn_fast.ReplayBuffer

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
        n_steps: int = 1,
        gamma: float = 0.99,
        frame_stack: int | Mapping[str, int] = 1,
        frame_axis: int | Mapping[str, int] = 0,
        reserve: float | None = None,
    ) -> None:
        # Not the constructor of SB3's ReplayBuffer, which allocates arrays.
        buffers.BaseBuffer.__init__(self, buffer_size, observation_space, action_space, device, n_envs)
        self.buffer_size = max(buffer_size // n_envs, 1)
        self.optimize_memory_usage = optimize_memory_usage
        self.handle_timeout_termination = handle_timeout_termination
        self.n_steps, self.gamma = n_steps, gamma
        # With `optimize_memory_usage`, `learn` sets `dones[pos] = True` when it resets environments in the
        # middle of episodes (SB3 issue 46). Here the next step then begins a new segment.
        self.dones: Any = {}
        self.memory = self._make_memory(
            self.buffer_size * n_envs,
            _observations(observation_space, self.obs_shape),
            _stored(self._maybe_cast_dtype(action_space.dtype), (self.action_dim,)),
            num_envs=n_envs,
            n_step=n_steps,
            gamma=gamma,
            frame_stack=frame_stack,
            frame_axis=frame_axis,
            reserve=reserve,
            # SB3's own buffers draw from NumPy's global generator.
            seed=np.random.randint(2**63 - 1, dtype=np.int64),  # noqa: NPY002
        )

    def _make_memory(self, *args: Any, **options: Any) -> dqn_fast.ReplayBuffer:
        return dqn_fast.ReplayBuffer(*args, **options)

    def add(
        self,
        obs: Array | dict[str, Array],
        next_obs: Array | dict[str, Array],
        action: Array,
        reward: Array,
        done: Array,
        infos: list[dict[str, Any]],
    ) -> None:
        """Add a step of every environment.

        Args:
            obs: observations before the step, (n_envs, ...), or a dict of such arrays.
            next_obs: observations after the step; where an episode ended, its last one, not that of the
                reset.
            action: actions, (n_envs, ...).
            reward: rewards, (n_envs,).
            done: whether the episodes ended, for whatever reason, (n_envs,).
            infos: a dict per environment.

        Raises:
            TypeError: if a value is of another kind.
            ValueError: if a shape differs.
        """
        done, truncated = np.asarray(done, np.bool_).reshape(-1), None
        if self.handle_timeout_termination:
            flags = [info.get("TimeLimit.truncated", False) for info in infos]
            if any(flags):
                truncated = np.array(flags, np.bool_).reshape(-1)
                done = done & ~truncated
        step = Step(
            obs=self._leaves(obs),
            action=action.reshape(self.n_envs, self.action_dim),
            reward=np.asarray(reward).reshape(-1),
            next_obs=self._leaves(next_obs),
            terminated=done,
            truncated=truncated,
            mask=None,
            new_segment=np.ones(self.n_envs, np.bool_) if self.dones else None,
            priority=None,
            extra={},
        )
        rows, env = (1, 0) if self.n_envs == 1 else (None, None)
        add_flat(self.memory, step, (self.n_envs,), rows, env)
        self.dones.clear()
        self.pos += 1
        if self.pos == self.buffer_size:
            self.full, self.pos = True, 0

    def _leaves(self, obs: Any) -> tuple[Array, ...]:
        """Return the arrays of an observation, with the shapes that SB3 stores."""
        if isinstance(self.obs_shape, dict):
            return tuple(self._rows(obs[key], shape) for key, shape in self.obs_shape.items())
        return (self._rows(obs, self.obs_shape),)

    def _rows(self, obs: Any, shape: tuple[int, ...]) -> Array:
        array = np.ascontiguousarray(obs)
        if array.ndim > len(shape):
            return array
        if shape == (1,):
            return array.reshape(self.n_envs, 1)
        return array[None] if self.n_envs == 1 else array

    def sample(self, batch_size: int, env: VecNormalize | None = None) -> Any:
        """Draw transitions, uniformly and with replacement.

        Args:
            batch_size: number of transitions.
            env: normalises observations and rewards; as in SB3's `NStepReplayBuffer`, each reward is
                normalised before they are summed.

        Returns:
            `ReplayBufferSamples`, or `DictReplayBufferSamples` for Dict observations. Their tensors are
            `observations` and `next_observations` (B, ...); `actions` (B, action_dim); and float32 `dones`,
            `rewards` and `discounts` (B, 1). `discounts` is None if `n_steps` is 1.

        Raises:
            ValueError: if the buffer is empty, or `batch_size` is not positive.
        """
        samples = DictReplayBufferSamples if isinstance(self.obs_shape, dict) else ReplayBufferSamples
        return samples(*self._fields(self.memory.sample(batch_size), env))

    def _fields(self, batch: Batch[Array, Any], env: VecNormalize | None) -> Fields:
        """Return the fields of SB3's samples, in SB3's order."""
        obs, next_obs, reward = batch.obs, batch.next_obs, batch.reward
        if env is not None:
            obs, next_obs = env.normalize_obs(obs), env.normalize_obs(next_obs)
            reward = self._normalized(batch, env)
        return (
            self._tensors(obs),
            self._tensors(batch.action),
            self._tensors(next_obs),
            self._tensors(batch.terminated.astype(np.float32)[:, None]),
            self._tensors(reward[:, None]),
            self._tensors(batch.discount[:, None]) if self.n_steps > 1 else None,
        )

    def _normalized(self, batch: Batch[Array, Any], env: VecNormalize) -> Array:
        """Return the sums of rewards, each of which is normalised (and so clipped) by itself."""
        if self.n_steps == 1 or not env.norm_reward:
            return env.normalize_reward(batch.reward)
        returns = np.zeros(len(batch.indices))
        rows, indices = np.arange(len(batch.indices)), batch.indices  # of transitions that go on
        for step in range(self.n_steps):
            reward = self.memory.transitions(indices, n_step=1).reward
            returns[rows] += self.gamma**step * env.normalize_reward(reward)
            indices = successors(self.memory, indices)
            rows, indices = rows[indices >= 0], indices[indices >= 0]
        return returns.astype(np.float32)

    def _tensors(self, arrays: Any) -> Any:
        """Return tensors over the arrays' memory, or copies on another device."""
        return trees.map(self._tensor, arrays)

    def _tensor(self, array: Array) -> torch.Tensor:
        tensor = torch.from_numpy(array)
        return tensor if self.device.type == "cpu" else tensor.to(self.device)

    def size(self) -> int:
        """Return the number of transitions held per environment."""
        return len(self.memory) // self.n_envs

    def reset(self) -> None:
        """Remove all transitions."""
        super().reset()
        self.memory.clear()


DictReplayBuffer = ReplayBuffer  # one class takes all observations


def _observations(space: Any, shape: Any) -> Any:
    return trees.map(lambda inner, part: _stored(part.dtype, inner), shape, space)


def _stored(dtype: Any, shape: tuple[int, ...]) -> spaces.Box:
    """Return a space for an array of SB3's, whose shape may differ from its space's: Discrete gives (1,)."""
    return spaces.Box(0, 1, shape, dtype)
