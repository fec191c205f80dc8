"""The replay memory of a run: what the loop stores to, and what the learner samples from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import Experience, LinearSchedule, PrioritizedExperience, UniformExperience
from dqn_fast.agent.exploration import Actions
from dqn_fast.envs import Environments, Step
from dqn_fast.errors import UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.run_folder.checkpoint import readable_errors


class Memory:
    """A replay memory, and the view of it that the learner has.

    Args:
        buffer: where steps are stored.
        experience: where batches come from.
        num_envs: environments that the buffer was made for.
        clip_rewards: store each reward clipped to [-1, 1] (Mnih et al., 2015), so that one learning rate
            suits games whose scores differ by orders of magnitude.

    Attributes:
        store: takes the observations that were acted on, the actions, and the `Step` that they led to.
    """

    def __init__(
        self, buffer: ReplayBuffer, experience: Experience, num_envs: int, *, clip_rewards: bool
    ) -> None:
        self.buffer = buffer
        self.experience = experience
        store = self._store_one if num_envs == 1 else self._store_all
        self.store = _clipping(store) if clip_rewards else store

    def _store_one(self, obs: Any, action: Actions, after: Step) -> None:
        if after.mask is not None and not after.mask[0]:
            return  # a reset
        self.buffer.add(
            _first(obs),
            action[0],
            after.reward[0],
            # The true last observation at an episode's end, and termination and truncation apart: that is
            # all a correct bootstrap needs.
            _first(after.next_obs),
            after.terminated[0],
            after.truncated[0],
        )

    def _store_all(self, obs: Any, action: Actions, after: Step) -> None:
        _, reward, next_obs, terminated, truncated, _, mask = after
        self.buffer.add(obs, action, reward, next_obs, terminated, truncated, mask=mask)


def _clipping(store: Callable[[Any, Actions, Step], None]) -> Callable[[Any, Actions, Step], None]:
    def store_clipped(obs: Any, action: Actions, after: Step) -> None:
        store(obs, action, after._replace(reward=np.clip(after.reward, -1, 1)))

    return store_clipped


def _first(obs: Any) -> Any:
    return {name: _first(part) for name, part in obs.items()} if isinstance(obs, dict) else obs[0]


def build_memory(config: TrainConfig, environments: Environments) -> Memory:
    """Return the replay memory of a run, empty.

    Raises:
        UsageError: the settings do not fit the observations, or there is not enough memory.
    """
    common: dict[str, Any] = {
        "num_envs": config.num_envs,
        "frame_stack": config.frame_stack,
        "n_step": config.n_step,
        "gamma": config.gamma,
        "reserve": config.reserve,
        "seed": config.seeds.memory,
    }
    spaces = environments.observation_space, environments.action_space
    kind = ReplayBuffer
    if config.prioritized:
        kind = PrioritizedReplayBuffer
        common |= {
            "alpha": config.alpha,
            "beta": config.beta_begin,
            "priority_eps": config.priority_eps,
        }
    try:
        return _memory(config, kind(config.capacity, *spaces, **common))
    except (ValueError, MemoryError) as error:
        raise UsageError(f"the replay memory cannot be made: {error}") from error


def load_memory(config: TrainConfig, path: Path) -> Memory:
    """Return the replay memory that a run of this configuration saved.

    Raises:
        UsageError: it cannot be read.
    """
    kind = PrioritizedReplayBuffer if config.prioritized else ReplayBuffer
    with readable_errors(path.parent):
        buffer = kind.load(path)
    return _memory(config, buffer)


def _memory(config: TrainConfig, buffer: ReplayBuffer) -> Memory:
    experience: Experience
    if isinstance(buffer, PrioritizedReplayBuffer):
        beta_schedule = LinearSchedule(config.beta_begin, config.beta_end, config.total_steps)
        experience = PrioritizedExperience(buffer, config.batch_size, beta_schedule)
    else:
        experience = UniformExperience(buffer, config.batch_size)
    return Memory(buffer, experience, config.num_envs, clip_rewards=config.clip_rewards)
