"""Batch sources sample the buffer, and update its priorities."""

from __future__ import annotations

from unittest import mock

import numpy as np
import pytest
import torch
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import LinearSchedule, PrioritizedBatches, UniformBatches

SPACES = spaces.Box(-1, 1, (1,)), spaces.Discrete(2)


def fill(buffer: ReplayBuffer, steps: int) -> None:
    for step in range(steps):
        obs = np.array([step / steps], np.float32)
        buffer.add(obs, step % 2, float(step), obs, False)


def test_batches_are_tensors_in_one_place() -> None:
    buffer = ReplayBuffer(100, *SPACES, seed=0)
    fill(buffer, 50)
    source = UniformBatches(buffer, 8)
    first = next(source.batches(0, 1))
    rewards = first.reward.clone()
    second = next(source.batches(1, 1))
    assert isinstance(first.obs, torch.Tensor)
    assert second.obs.data_ptr() == first.obs.data_ptr()
    assert not torch.equal(second.reward, rewards)
    assert second.weights.tolist() == [1] * 8
    source.update_priorities(second, torch.zeros(8))


@given(
    shape=st.sampled_from([(1,), (3, 5), (4, 40, 40)]),
    batch_size=st.integers(1, 40),
    rounds=st.lists(st.integers(0, 150), min_size=1, max_size=4),
    seed=st.integers(0, 2**32),
)
def test_batches_drawn_together_are_those_drawn_one_by_one(
    shape: tuple[int, ...], batch_size: int, rounds: list[int], seed: int
) -> None:
    box = spaces.Box(-1, 1, shape, np.float32)
    one, other = (ReplayBuffer(64, box, spaces.Discrete(2), n_step=2, seed=seed) for _ in range(2))
    source = UniformBatches(one, batch_size)
    for step, updates in enumerate(rounds):
        for buffer in (one, other):
            buffer.add(np.full(shape, step / 9), step % 2, step, np.full(shape, 1 - step / 9), step % 3 == 0)
        given_batches = 0
        for batch in source.batches(step, updates):
            expected = other.sample(batch_size).torch()
            for name in ("obs", "action", "reward", "next_obs", "discount", "weights", "indices"):
                assert torch.equal(getattr(batch, name), getattr(expected, name))
            given_batches += 1
        assert given_batches == updates


def test_batches_are_drawn_together_as_far_as_they_fit_into_a_cache() -> None:
    large = spaces.Box(0, 255, (4, 84, 84), np.uint8)
    for space, batch_size, updates, calls in [
        (SPACES[0], 4, 64, 1),
        (SPACES[0], 4, 130, 3),
        (large, 32, 2, 2),
    ]:
        buffer = ReplayBuffer(100, space, SPACES[1], seed=0)
        buffer.add(np.zeros(space.shape, space.dtype), 0, 1.0, np.zeros(space.shape, space.dtype), False)
        with mock.patch.object(
            ReplayBuffer, "sample", autospec=True, side_effect=ReplayBuffer.sample
        ) as sample:
            assert len(list(UniformBatches(buffer, batch_size).batches(0, updates))) == updates
        assert sample.call_count == calls


def test_the_size_of_the_td_error_becomes_the_priority() -> None:
    buffer = PrioritizedReplayBuffer(4, *SPACES, alpha=1.0, priority_eps=0.0, seed=0)
    fill(buffer, 4)
    source = PrioritizedBatches(buffer, 64, LinearSchedule(0.4, 0.4, 0))
    batch = next(source.batches(0, 1))
    assert set(batch.reward.tolist()) == {0, 1, 2, 3}
    td_error = torch.where(batch.reward == 2, -3.0, 0.0)
    source.update_priorities(batch, td_error)
    assert set(next(source.batches(1, 1)).reward.tolist()) == {2}


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_beta_follows_its_schedule(beta: float) -> None:
    buffer = PrioritizedReplayBuffer(2, *SPACES, alpha=1.0, priority_eps=0.0, seed=0)
    fill(buffer, 2)
    source = PrioritizedBatches(buffer, 64, LinearSchedule(0.0, 1.0, 10))
    batch = next(source.batches(0, 1))
    source.update_priorities(batch, torch.where(batch.reward == 1, 4.0, 1.0))
    batch = next(source.batches(round(beta * 10), 1))
    np.testing.assert_allclose(batch.weights[batch.reward == 1].numpy(), 0.25**beta, rtol=1e-5)
