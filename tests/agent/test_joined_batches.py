"""Two sources, one batch: whose rows are whose, and where their TD errors go."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import BatchSource, JoinedBatches, LinearSchedule, PrioritizedBatches, UniformBatches

SPACES = spaces.Dict({"x": spaces.Box(-1, 1, (2,)), "y": spaces.Discrete(9)}), spaces.Discrete(2)
BETA = LinearSchedule(0.5, 0.5, 0)


def filled(kind: type[ReplayBuffer], reward: float, seed: int) -> Any:
    buffer = kind(100, *SPACES, seed=seed)
    for step in range(60):
        obs = {"x": np.full(2, step / 60, np.float32), "y": step % 9}
        buffer.add(obs, step % 2, reward + step, obs, step % 7 == 0, **priority(kind, step))
    return buffer


def priority(kind: type[ReplayBuffer], step: int) -> dict[str, float]:
    return {"priority": 0.1 + step} if kind is PrioritizedReplayBuffer else {}


def source(buffer: Any, rows: int) -> BatchSource:
    if isinstance(buffer, PrioritizedReplayBuffer):
        return PrioritizedBatches(buffer, rows, BETA)
    return UniformBatches(buffer, rows)


KINDS = [
    (ReplayBuffer, PrioritizedReplayBuffer),
    (PrioritizedReplayBuffer, ReplayBuffer),
    (PrioritizedReplayBuffer, PrioritizedReplayBuffer),
]


@pytest.mark.parametrize("kinds", KINDS)
def test_rows_are_those_of_both_sources_one_behind_the_other(kinds: tuple[Any, Any]) -> None:
    joined = JoinedBatches(source(filled(kinds[0], 0, 1), 6), source(filled(kinds[1], 1_000, 2), 3))
    own, other = source(filled(kinds[0], 0, 1), 6), source(filled(kinds[1], 1_000, 2), 3)
    for updates in (1, 3, 70):
        expected = zip(own.batches(5, updates), other.batches(5, updates), strict=True)
        count = 0
        for batch, (first, second) in zip(joined.batches(5, updates), expected, strict=True):
            for name in ("action", "reward", "discount", "weights"):
                rows = torch.cat([getattr(first, name), getattr(second, name)])
                assert torch.equal(getattr(batch, name), rows)
            for name in ("obs", "next_obs"):
                for key in ("x", "y"):
                    rows = torch.cat([getattr(first, name)[key], getattr(second, name)[key]])
                    assert torch.equal(getattr(batch, name)[key], rows)
            assert (batch.reward[:6] < 500).all() and (batch.reward[6:] > 500).all()
            count += 1
        assert count == updates


@pytest.mark.parametrize("kinds", KINDS)
def test_td_errors_go_to_the_memory_that_the_row_is_from(kinds: tuple[Any, Any]) -> None:
    buffers = [filled(kinds[0], 0, 1), filled(kinds[1], 1_000, 2)]
    joined = JoinedBatches(source(buffers[0], 6), source(buffers[1], 3))
    for batch in joined.batches(0, 4):
        td_error = -torch.arange(1.0, 10.0)
        expected = [{}, {}]  # the last of equal rows counts
        for where, part, errors in zip(expected, batch.parts, (td_error[:6], td_error[6:]), strict=True):
            where.update(zip(part.indices.tolist(), errors.abs().tolist(), strict=True))
        joined.update_priorities(batch, td_error)
        for buffer, where in zip(buffers, expected, strict=True):
            if isinstance(buffer, PrioritizedReplayBuffer):
                masses = buffer.masses(np.array(list(where)))
                np.testing.assert_allclose(masses, (np.array(list(where.values())) + 1e-6) ** 0.6, rtol=1e-6)
