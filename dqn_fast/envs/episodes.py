"""Episodes that can be replayed, so that any environment can be restored."""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Sequence
from typing import Any, NamedTuple

import gymnasium as gym

from dqn_fast.envs.batches import fingerprint
from dqn_fast.envs.errors import RestoreError


class EpisodeState(NamedTuple):
    """How an environment came to where it is.

    Attributes:
        seed: of all episodes.
        env_index: number of the environment.
        episode: number of the episode.
        actions: of this episode so far, int64 as bytes.
        last_obs: fingerprint of the latest observation.
    """

    seed: int
    env_index: int
    episode: int
    actions: bytes
    last_obs: bytes


class SeededEpisodes(gym.Wrapper[Any, Any, Any, Any]):
    """Gives each episode its own seed, and records its actions.

    Gymnasium's environments cannot save their state. But if the seed at the reset decides everything random
    in an episode, then the seed and the actions lead to the same state again. This takes at most the time of
    one episode, and 8 bytes per step of the current episode.

    Args:
        env: to wrap.
        seed: of all episodes.
        env_index: number of the environment; each number has its own episodes.

    Attributes:
        last_obs: the latest observation.
    """

    def __init__(self, env: gym.Env[Any, Any], seed: int, env_index: int = 0) -> None:
        super().__init__(env)
        self._seed = seed
        self._env_index = env_index
        self._episode = -1
        self._actions = array("q")
        self.last_obs: Any = None

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Begin the next episode.

        Args:
            seed: a new seed of all episodes, counted from 0 again; None keeps the old one.
            options: must be None or empty, since a state does not hold them.

        Raises:
            ValueError: if there are options.
        """
        if options:
            raise ValueError(f"options: got {options}, expected none")
        if seed is not None:
            self._seed, self._episode = seed, -1
        self._episode += 1
        return self._begin()

    def step(self, action: Any) -> tuple[Any, Any, bool, bool, dict[str, Any]]:
        """Record the action and make a step; see `gymnasium.Env.step`."""
        self._actions.append(action)
        result = self.env.step(action)
        self.last_obs = result[0]
        return result

    def episode_state(self) -> EpisodeState:
        """Return where the environment is.

        Raises:
            RuntimeError: if it was never reset.
        """
        if self._episode < 0:
            raise RuntimeError("episode_state: got no reset so far, expected one before")
        return EpisodeState(
            self._seed, self._env_index, self._episode, self._actions.tobytes(), fingerprint(self.last_obs)
        )

    def restore_episode(self, state: EpisodeState) -> None:
        """Replay an episode up to a state.

        Raises:
            RestoreError: if the environment does something else this time. The next reset then begins the
                episode after the lost one.
        """
        self._seed, self._env_index, self._episode = state.seed, state.env_index, state.episode
        actions = array("q", state.actions)
        try:
            self._begin()
            for action in actions:
                self.step(action)
        # An environment may raise anything if an episode goes differently.
        except Exception as error:
            raise self._restore_error(len(actions), f"{type(error).__name__}: {error}") from error
        if fingerprint(self.last_obs) != state.last_obs:
            raise self._restore_error(len(actions), "the observation differs")

    def restore_own(self, states: Sequence[EpisodeState]) -> str | None:
        """Restore from this environment's state among `states`; return what went wrong, or None.

        An exception would end the process of an environment that runs in its own.
        """
        try:
            self.restore_episode(states[self._env_index])
        except RestoreError as error:
            return str(error)
        return None

    def _begin(self) -> tuple[Any, dict[str, Any]]:
        result = self.env.reset(seed=_episode_seed(self._seed, self._env_index, self._episode))
        self._actions = array("q")
        self.last_obs = result[0]
        return result

    def _restore_error(self, steps: int, reason: str) -> RestoreError:
        return RestoreError(
            f"environment {self._env_index} does not repeat itself: after the same seed and the same"
            f" {steps} actions, {reason}; something random in it does not depend on reset(seed=...)"
        )


def _episode_seed(seed: int, env_index: int, episode: int) -> int:
    # As independent as those of NumPy's SeedSequence, and cheaper, which matters for short episodes.
    digest = hashlib.blake2b(f"{seed} {env_index} {episode}".encode(), digest_size=4).digest()
    # 31 bits: some environments keep their seed in a signed 32-bit number.
    return int.from_bytes(digest, "little") >> 1
