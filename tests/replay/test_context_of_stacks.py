"""Context steps of stacks: each holds the newest frame of its stack, and older frames come back as given."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from dqn_fast import ReplayBuffer


def stacks(*rows: tuple[float, ...]) -> list[np.ndarray]:
    return [np.float32(row) for row in rows]


def filmed() -> Any:
    buffer = ReplayBuffer(40, frame_stack=3, seed=0)
    buffer.add(*stacks((1, 1, 1))[:1], 0, 1.0, np.float32([1, 1, 2]), False)
    return buffer


def test_a_stack_s_first_frames_may_come_as_context() -> None:
    buffer = filmed()
    for obs in stacks((5, 5, 5), (5, 5, 6)):
        buffer.add_context(obs)
    first, second = stacks((5, 6, 7), (6, 7, 8))
    buffer.add(first, 0, 1.0, second, False)
    batch = buffer.transitions()
    assert (batch.obs[-1].tolist(), batch.next_obs[-1].tolist()) == ([5, 6, 7], [6, 7, 8])
    assert buffer.stats()["segments"] == 2
    assert buffer.stats()["steps"] == 2 + 2 + 2


@pytest.mark.parametrize(
    ("obs", "hidden"), [((5, 5, 6), 0), ((0, 5, 6), 2), ((5, 0, 6), 1), ((5, 5, 5), 0), ((6, 6, 6), 2)]
)
def test_a_step_continues_a_context_whatever_its_older_frames(obs: tuple[float, ...], hidden: int) -> None:
    buffer = filmed()
    buffer.add_context(np.float32([5, 5, 5]))
    before = buffer.stats()["steps"]
    buffer.add(np.float32(obs), 0, 1.0, np.float32([*obs[1:], 9]), False)
    batch = buffer.transitions(n_step=1)
    assert batch.obs[-1].tolist() == list(obs)
    assert (buffer.stats()["segments"], buffer.stats()["steps"] - before) == (2, 2 + hidden)
    assert buffer.is_valid()


@pytest.mark.parametrize("obs", [(5, 5, 6), (5, 6, 7), (5, 5, 5)])
def test_a_context_continues_the_one_before_it_whatever_its_older_frames(obs: tuple[float, ...]) -> None:
    buffer = filmed()
    buffer.add_context(np.float32([5, 5, 5]))
    buffer.add_context(np.float32(obs))
    buffer.add(np.float32([*obs[1:], 8]), 0, 1.0, np.float32([obs[2], 8, 9]), False)
    assert buffer.transitions().obs[-1].tolist() == [*obs[1:], 8]
    assert buffer.stats()["segments"] == 2
    batch = buffer.sample_segments(9)
    rows = [batch.obs[a:b].tolist() for a, b in pairwise(batch.offsets.tolist())]
    assert [[5, 5, 5], [*obs], [*obs[1:], 8], [obs[2], 8, 9]] in rows


def test_a_context_of_another_padding_keeps_the_frames_before_it() -> None:
    buffer = filmed()
    buffer.add_context(np.float32([3, 4, 5]))  # two context steps, and its own
    buffer.add(np.float32([4, 5, 6]), 0, 1.0, np.float32([5, 6, 7]), False)
    batch = buffer.transitions()
    assert (batch.obs[-1].tolist(), batch.indices[-1]) == ([4, 5, 6], 5)
