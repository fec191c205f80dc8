from __future__ import annotations

from collections.abc import Iterator

import gymnasium as gym
import pytest
from training.environments.kinds import Countdown, DictCountdown, Unrepeatable


@pytest.fixture(autouse=True)
def registered() -> Iterator[None]:
    kinds = {f"{kind.__name__}-v0": kind for kind in (Countdown, DictCountdown, Unrepeatable)}
    for name, kind in kinds.items():
        gym.register(name, kind)
    yield
    for name in kinds:
        del gym.registry[name]
