"""Atari games (`ALE/Pong-v5` ...) as DQN sees them: 4 frames of 84 x 84 grey pixels, uint8.

Preprocessing is that of Mnih et al. (2015): an action is held for 4 frames, each pixel is the brighter one of
the last two, and an episode begins with up to 30 frames of doing nothing. As Machado et al. (2018) recommend,
and as v5 does, an action is replaced by the one before with probability 0.25 in each frame, and losing a life
ends no episode. Rewards are the game's, not clipped. Episodes are truncated after 108,000 frames.
"""

from __future__ import annotations

from typing import Any

import gymnasium as gym
from gymnasium.vector import AutoresetMode
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation

FRAME_SKIP = 4
FRAME_STACK = 4
NOOP_MAX = 30
SCREEN_SIZE = 84


def register() -> None:
    """Make the ids of the Arcade Learning Environment known to Gymnasium, and silence its banner.

    Raises:
        ImportError: ale-py is not installed.
    """
    import ale_py

    gym.register_envs(ale_py)
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)


def make_game(env_id: str, **env_kwargs: Any) -> gym.Env[Any, Any]:
    """Return one game with the preprocessing.

    Args:
        env_id: `ALE/...`.
        env_kwargs: of the game; `frameskip` is how many frames an action is held for.
    """
    frame_skip = env_kwargs.pop("frameskip", FRAME_SKIP)
    game = gym.make(env_id, disable_env_checker=True, frameskip=1, **env_kwargs)
    frames = AtariPreprocessing(game, noop_max=NOOP_MAX, frame_skip=frame_skip, screen_size=SCREEN_SIZE)
    # Before the first frame there is black, as in ale-py's own vector environment.
    return FrameStackObservation(frames, FRAME_STACK, padding_type="zero")


VECTOR_KWARGS: dict[str, Any] = {
    "autoreset_mode": AutoresetMode.SAME_STEP,
    "noop_max": NOOP_MAX,
    "stack_num": FRAME_STACK,
    "img_height": SCREEN_SIZE,
    "img_width": SCREEN_SIZE,
    "reward_clipping": False,
    "use_fire_reset": False,
}
"""What makes ale-py's own vector environment play the same games as `make_game`, to the pixel."""
