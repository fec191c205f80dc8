"""How the state of a vector environment is taken, and put back: as many ways as there are kinds."""

from __future__ import annotations

import pickle
from typing import Any, Protocol

from gymnasium.vector import VectorEnv

from dqn_fast.envs.errors import RestoreError

AnyVectorEnv = VectorEnv[Any, Any, Any]


class Snapshots(Protocol):
    """Takes the state of a vector environment between two steps, and puts it back."""

    def take(self, env: AnyVectorEnv) -> Any:
        """Return its state, picklable; None if it cannot be restored."""

    def put_back(self, env: AnyVectorEnv, snapshot: Any) -> None:
        """Make it go on, to the last byte, as it would have when the snapshot was taken.

        Raises:
            RestoreError: it cannot.
        """


class NoSnapshots:
    """For environments of which nothing is known."""

    def take(self, env: AnyVectorEnv) -> None:
        """Return None."""

    def put_back(self, env: AnyVectorEnv, snapshot: Any) -> None:
        """Raise an error: there are no snapshots to put back."""
        raise RestoreError(f"{env}: got no snapshots, expected an environment that can be restored")


class EpisodeSnapshots:
    """For Gymnasium's Sync- and AsyncVectorEnv, over `SeededEpisodes` that start again in the same step."""

    def take(self, env: AnyVectorEnv) -> Any:
        """Return where each environment is."""
        return list(env.unwrapped.call("episode_state"))  # type: ignore[attr-defined]

    def put_back(self, env: AnyVectorEnv, snapshot: Any) -> None:
        """Play the current episode of each environment again."""
        problems = env.unwrapped.call("restore_own", snapshot)  # type: ignore[attr-defined]
        for problem in filter(None, problems):
            raise RestoreError(problem)


class PickleSnapshots:
    """For vector environments whose attributes are their whole state, such as Gymnasium's CartPole.

    Nothing can check from outside that an environment hides no state elsewhere (in C++, in files, in global
    generators), so each class that is used with this needs a test that shows it.
    """

    def take(self, env: AnyVectorEnv) -> bytes:
        """Return its attributes, pickled."""
        return pickle.dumps(vars(env.unwrapped))

    def put_back(self, env: AnyVectorEnv, snapshot: Any) -> None:
        """Replace its attributes."""
        try:
            attributes = pickle.loads(snapshot)
        except Exception as error:  # of many kinds, if it was pickled with other versions of the libraries
            raise RestoreError(f"{env} cannot be restored: {error}") from error
        vars(env.unwrapped).update(attributes)
