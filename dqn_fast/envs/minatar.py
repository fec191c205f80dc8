"""MinAtar (Young and Tian, 2019): five Atari games on a grid of 10 x 10, much cheaper than the originals.

Observations are bool (10, 10, channels). `-v0` has all 6 actions, `-v1` only those of the game. In both, the
previous action is repeated with probability 0.1, and the difficulty ramps up, as in the paper.
Episodes have no time limit.
"""

from __future__ import annotations

import warnings
from typing import Any

import gymnasium as gym


def register() -> None:
    """Register MinAtar's ids with Gymnasium.

    Raises:
        ImportError: if MinAtar is not installed.
    """
    from minatar.gym import register_envs

    if "MinAtar/Breakout-v0" not in gym.registry:
        register_envs()


def make_game(env_id: str, **env_kwargs: Any) -> gym.Env[Any, Any]:
    """Return one game whose episodes depend on their seeds alone.

    Args:
        env_id: `MinAtar/...`.
        env_kwargs: of the game.
    """
    with warnings.catch_warnings():
        # Gymnasium takes -v1, which has other actions, for a newer -v0, and warns.
        warnings.filterwarnings("ignore", ".* is out of date", DeprecationWarning)
        game: gym.Env[Any, Any] = gym.make(env_id, disable_env_checker=True, **env_kwargs)
    return ResetLastAction(game)


class ResetLastAction(gym.Wrapper[Any, Any, Any, Any]):
    """Makes an episode of MinAtar depend on its seed and its actions alone.

    MinAtar itself keeps the last action of the episode before, and may repeat it in place of the first one.
    """

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the environment and forget the last action."""
        self.env.unwrapped.game.last_action = 0  # type: ignore[attr-defined]
        return self.env.reset(seed=seed, options=options)
