"""One or many environments in this process, stepped in turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import gymnasium as gym
import numpy as np
from gymnasium import spaces

from dqn_fast.envs.batches import batch_maker, copy_batch, put_row
from dqn_fast.envs.checked import checked
from dqn_fast.envs.episodes import EpisodeState, SeededEpisodes
from dqn_fast.envs.errors import RestoreError
from dqn_fast.envs.step import Array, Step


class SerialEnvironments:
    """Environments in this process, restored by replaying their episodes; see `Environments`.

    They are quicker than Gymnasium's SyncVectorEnv, also for a single environment.

    Args:
        envs: with equal observation spaces, and the same Discrete action space from 0. They are checked
            (`CheckedEnv`), and closed with this object.
        seed: of all episodes; those of environment i do not depend on the number of environments.

    Raises:
        ValueError: if there is no environment, or their spaces differ.
        TypeError: if observations cannot be batched, or the actions are not Discrete from 0.
    """

    def __init__(self, envs: Sequence[gym.Env[Any, Any]], seed: int) -> None:
        if not envs:
            raise ValueError("envs: got none, expected at least one")
        action_space = envs[0].action_space
        if not isinstance(action_space, spaces.Discrete) or action_space.start != 0:
            raise TypeError(f"envs.action_space: got {action_space}, expected Discrete from 0")
        for env in envs:
            if (env.observation_space, env.action_space) != (envs[0].observation_space, action_space):
                raise ValueError("envs: got spaces that differ, expected the same for all")
        envs = [checked(env) for env in envs]
        self.num_envs = len(envs)
        self.observation_space = envs[0].observation_space
        self.action_space = action_space
        self._empty_batch = batch_maker(self.observation_space, self.num_envs)
        self._is_dict = isinstance(self.observation_space, spaces.Dict)
        # In most steps no episode ends: they all share this array, which is read-only.
        self._none_ended = np.zeros(self.num_envs, np.bool_)
        self._none_ended.flags.writeable = False
        self._rows = range(self.num_envs)
        self._envs = [SeededEpisodes(env, seed, env_index) for env_index, env in enumerate(envs)]

    def reset(self) -> Any:
        """Start a new episode in every environment; return the first observations."""
        return self._batch([env.reset()[0] for env in self._envs])

    def step(self, action: Array) -> Step:
        """Step every environment; see `Environments.step`."""
        next_obs, reward = self._empty_batch(), np.empty(self.num_envs)
        ended: list[tuple[int, bool, bool]] = []
        for row, env, choice in zip(self._rows, self._envs, action.tolist(), strict=True):
            value, reward[row], terminated, truncated, _ = env.step(choice)
            if self._is_dict:
                put_row(next_obs, row, value)
            else:
                next_obs[row] = value
            if terminated or truncated:
                ended.append((row, terminated, truncated))
        if not ended:
            return Step(next_obs, reward, next_obs, self._none_ended, self._none_ended, (), None)
        return self._with_resets(reward, next_obs, ended)

    def state(self) -> list[EpisodeState]:
        """Return where the environments are; see `Environments.state`."""
        return [env.episode_state() for env in self._envs]

    def restore(self, state: list[EpisodeState] | None) -> Any | None:
        """Restore the environments from `state`; see `Environments.restore`."""
        if state is None:
            return None
        if not all(isinstance(part, EpisodeState) for part in state):
            raise RestoreError(f"state: got a {type(state).__name__}, expected a list of EpisodeState")
        if len(state) != self.num_envs:
            raise RestoreError(
                f"state: got that of {len(state)} environments, expected that of {self.num_envs}"
            )
        # All of them, even if one fails, so that none replays its old episodes after a reset.
        problems = [env.restore_own(state) for env in self._envs]
        for problem in filter(None, problems):
            raise RestoreError(problem)
        return self._batch([env.last_obs for env in self._envs])

    def close(self) -> None:
        """Close the environments."""
        for env in self._envs:
            env.close()

    def _batch(self, observations: list[Any]) -> Any:
        batch = self._empty_batch()
        for row, obs in enumerate(observations):
            put_row(batch, row, obs)
        return batch

    def _with_resets(self, reward: Array, next_obs: Any, ended: list[tuple[int, bool, bool]]) -> Step:
        obs = copy_batch(next_obs)
        terminated, truncated = np.zeros((2, self.num_envs), np.bool_)
        for row, terminated[row], truncated[row] in ended:
            put_row(obs, row, self._envs[row].reset()[0])
        return Step(obs, reward, next_obs, terminated, truncated, [row for row, _, _ in ended], None)
