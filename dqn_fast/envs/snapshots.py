"""Snapshots of vector environments: one class for each way to take and restore them."""

from __future__ import annotations

import pickle
from typing import Any, Protocol

from gymnasium.vector import VectorEnv

from dqn_fast.envs.errors import RestoreError

AnyVectorEnv = VectorEnv[Any, Any, Any]


class Snapshots(Protocol):
    """Takes the state of a vector environment between two steps, and restores it."""

    def take(self, env: AnyVectorEnv) -> Any:
        """Return a picklable snapshot; None if the environment cannot be restored."""

    def restore(self, env: AnyVectorEnv, snapshot: Any) -> None:
        """Restore the environment: it goes on, to the last byte, as it did after the snapshot.

        Raises:
            RestoreError: if it cannot be restored.
        """


class NoSnapshots:
    """Takes no snapshots: for environments of unknown kinds."""

    def take(self, env: AnyVectorEnv) -> None:
        """Return None: there is no way to restore the environment."""

    def restore(self, env: AnyVectorEnv, snapshot: Any) -> None:
        """Raise a RestoreError: there are no snapshots."""
        raise RestoreError(f"{env}: got no snapshots, expected an environment that can be restored")


class EpisodeSnapshots:
    """Replays episodes: for Gymnasium's Sync- and AsyncVectorEnv over `SeededEpisodes` in same-step mode."""

    def take(self, env: AnyVectorEnv) -> Any:
        """Return where each environment is."""
        return list(env.unwrapped.call("episode_state"))  # type: ignore[attr-defined]

    def restore(self, env: AnyVectorEnv, snapshot: Any) -> None:
        """Replay the current episode of each environment."""
        problems = env.unwrapped.call("restore_own", snapshot)  # type: ignore[attr-defined]
        for problem in filter(None, problems):
            raise RestoreError(problem)


class PickleSnapshots:
    """Pickles attributes: for vector environments whose attributes are their whole state, such as CartPole.

    State may hide elsewhere (in C++, in files, in global generators), and nothing outside can tell. So each
    environment class that is used with this needs a test.
    """

    def take(self, env: AnyVectorEnv) -> bytes:
        """Return the environment's attributes, pickled."""
        return pickle.dumps(vars(env.unwrapped))

    def restore(self, env: AnyVectorEnv, snapshot: Any) -> None:
        """Replace the environment's attributes."""
        try:
            attributes = pickle.loads(snapshot)
        except Exception as error:  # of any kind, if it was pickled by other versions of the libraries
            raise RestoreError(f"{env} cannot be restored: {error}") from error
        vars(env.unwrapped).update(attributes)
