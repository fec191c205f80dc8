"""Atari games (`ALE/Pong-v5` ...) as DQN sees them: 4 frames of 84 x 84 grey pixels, uint8.

Preprocessing follows Mnih et al. (2015): an action lasts 4 frames, each pixel is the brighter one of the last
two frames, and an episode begins with up to 30 frames without action. As Machado et al. (2018) recommend, and
as v5 does, the previous action is repeated with probability 0.25 in each frame, and losing a life does not
end the episode. Rewards are not clipped. Episodes are truncated after 108,000 frames.
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
    """Register the ids of the Arcade Learning Environment with Gymnasium, and silence its banner.

    Raises:
        ImportError: if ale-py is not installed.
    """
    import ale_py

    gym.register_envs(ale_py)
    ale_py.ALEInterface.setLoggerMode(ale_py.LoggerMode.Error)


class FireOnReset(gym.Wrapper[Any, Any, Any, Any]):
    """Presses FIRE for one frame at every reset, if the game has it: some wait for it, such as Breakout."""

    def reset(
        self, *, seed: int | None = None, options: dict[str, Any] | None = None
    ) -> tuple[Any, dict[str, Any]]:
        """Reset the game and press FIRE."""
        result = self.env.reset(seed=seed, options=options)
        meanings = self.env.unwrapped.get_action_meanings()  # type: ignore[attr-defined]
        if "FIRE" not in meanings:
            return result
        obs, _, _, _, info = self.env.step(meanings.index("FIRE"))
        return obs, info


def make_game(env_id: str, *, fire_on_reset: bool = False, **env_kwargs: Any) -> gym.Env[Any, Any]:
    """Return one game with the preprocessing.

    Args:
        env_id: `ALE/...`.
        fire_on_reset: press FIRE when an episode begins, before the frames without action.
        env_kwargs: of the game; `frameskip` is the number of frames that an action lasts.
    """
    frame_skip = env_kwargs.pop("frameskip", FRAME_SKIP)
    game = gym.make(env_id, disable_env_checker=True, frameskip=1, **env_kwargs)
    if fire_on_reset:
        game = FireOnReset(game)
    frames = AtariPreprocessing(game, noop_max=NOOP_MAX, frame_skip=frame_skip, screen_size=SCREEN_SIZE)
    # Frames before the first one are black, as in ale-py's own vector environment.
    return FrameStackObservation(frames, FRAME_STACK, padding_type="zero")


VECTOR_KWARGS: dict[str, Any] = {
    "autoreset_mode": AutoresetMode.SAME_STEP,
    "noop_max": NOOP_MAX,
    "stack_num": FRAME_STACK,
    "img_height": SCREEN_SIZE,
    "img_width": SCREEN_SIZE,
    "reward_clipping": False,
}
"""Arguments with which ale-py's own vector environment plays the same games as `make_game`, to the pixel.

Beside them, `use_fire_reset` is `fire_on_reset`.
"""
