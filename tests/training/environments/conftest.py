from __future__ import annotations

from collections.abc import Iterator

import gymnasium as gym
import pytest
from training.environments.kinds import Countdown, DictCountdown, Unrepeatable


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    before = dict(gym.registry)
    for kind in (Countdown, DictCountdown, Unrepeatable):
        gym.register(f"{kind.__name__}-v0", kind)
    yield
    gym.registry.clear()
    gym.registry.update(before)
