from __future__ import annotations

from collections.abc import Iterator

import pytest
from envs.kinds import Countdown, DictCountdown, Unrepeatable, registered


@pytest.fixture(autouse=True)
def countdowns() -> Iterator[None]:
    with registered(Countdown, DictCountdown, Unrepeatable):
        yield
