"""An environment that raises in its 30th step."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
from training.tiny import Tiny


class OwnError(Exception):
    def __init__(self, number: int, name: str) -> None:  # two arguments: such an error does not pickle
        super().__init__(f"{name} {number}")


class Raising(Tiny):
    made = 0

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        Raising.made += 1
        if Raising.made >= 30:
            raise OwnError(30, "the joint broke in step")
        return super().step(action)


gym.register("Raising-v0", Raising)
