"""POPGym's environments with their last four observations side by side, as `popgym_stacks:NAME-v0`."""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym
from gymnasium.wrappers import FrameStackObservation

ENVIRONMENTS = ("RepeatPreviousEasy", "RepeatFirstEasy", "PositionOnlyCartPoleEasy")
STACK = 4


def make(name: str, **keywords: Any) -> gym.Env[Any, Any]:
    """Return the environment; before there are four observations, the first one stands in for others."""
    return FrameStackObservation(gym.make(f"popgym:popgym-{name}-v0", **keywords), STACK)


for environment in ENVIRONMENTS:
    gym.register(f"{environment}-v0", entry_point=partial(make, environment))
