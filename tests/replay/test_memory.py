"""Memory that the machine does not have is refused before it is used, with the bytes it would take."""

from __future__ import annotations

import re

import numpy as np
import pytest

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer


@pytest.mark.parametrize("buffer_class", [ReplayBuffer, PrioritizedReplayBuffer])
@pytest.mark.parametrize("capacity", [2**30, 2**40, 2**48])
def test_more_than_the_machine_has_is_refused(buffer_class: type[ReplayBuffer], capacity: int) -> None:
    obs = np.zeros(10_000, np.float32)
    buffer = buffer_class(capacity)
    with pytest.raises(MemoryError) as caught:
        buffer.add(obs, 0, 0.0, obs, False)
    needed, has = (int(number) for number in re.findall(r"(\d+) bytes", str(caught.value)))
    assert needed >= capacity * obs.nbytes
    assert 0 < has < needed
    assert len(buffer) == 0 and buffer.nbytes == 0


def test_the_number_is_what_such_a_buffer_takes() -> None:
    """Each transition takes as much as in a buffer that fits."""
    obs = np.zeros(10_000, np.float32)
    small = ReplayBuffer(1_000)
    small.add(obs, 0, 0.0, obs, False)
    with pytest.raises(MemoryError) as caught:
        ReplayBuffer(2**30).add(obs, 0, 0.0, obs, False)
    needed = int(re.findall(r"(\d+) bytes", str(caught.value))[0])
    assert needed / 2**30 == pytest.approx(small.nbytes / 1_000, rel=0.02)
