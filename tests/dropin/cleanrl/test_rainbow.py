# ruff: noqa: NPY002  # the originals draw from NumPy's global generator
"""The buffer of `rainbow_atari.py`, beside its promise in plain Python."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast.dropin.cleanrl import PrioritizedReplayBuffer


class Rainbow:
    """What the script's buffer promises, in plain Python: complete n-step returns of each episode."""

    def __init__(self, n_step: int, gamma: float) -> None:
        self.n_step, self.gamma = n_step, gamma
        self.steps: list[tuple[Any, ...]] = []

    def returns(self) -> dict[int, tuple[float, Any, bool]]:
        """By the step's number: reward, next observation and done; usable ones only."""
        found = {}
        for start in range(len(self.steps)):
            total, factor = 0.0, 1.0
            for k in range(self.n_step):
                if start + k == len(self.steps):
                    break
                _, _, reward, next_obs, done, truncated = self.steps[start + k]
                total, factor = total + factor * reward, factor * self.gamma
                if done or k == self.n_step - 1:
                    found[start] = (total, next_obs, done)
                    break
                if truncated:
                    break
        return found


def rainbow_steps(count: int, seed: int) -> Any:
    rng = np.random.default_rng(seed)
    obs = rng.integers(0, 256, (4, 5, 5), dtype=np.uint8)
    for number in range(count):
        next_obs = np.concatenate([obs[1:], rng.integers(0, 256, (1, 5, 5), dtype=np.uint8)])
        kind = rng.random()
        done, truncated = kind < 0.1, 0.1 <= kind < 0.2
        yield obs, number % 251, float(number), next_obs, done, truncated
        obs = (
            np.repeat(rng.integers(0, 256, (1, 5, 5), dtype=np.uint8), 4, 0)
            if done or truncated
            else next_obs
        )


@given(n_step=st.integers(1, 4), count=st.integers(1, 40), seed=st.integers(0, 500), lead=st.booleans())
def test_rainbows_rows_are_complete_returns_within_one_episode(
    n_step: int, count: int, seed: int, lead: bool
) -> None:
    twin = Rainbow(n_step, 0.9)
    buffer = PrioritizedReplayBuffer(64, (4, 5, 5), "cpu", n_step, 0.9)
    for step in rainbow_steps(count, seed):
        twin.steps.append(step)
        values = [np.asarray(value)[None] if lead else value for value in step[:5]]
        buffer.add(*values)
    usable = twin.returns()
    if not usable:
        with pytest.raises(ValueError, match="complete"):
            buffer.sample(4)
        return
    batch = buffer.sample(64)
    assert batch.observations.dtype == torch.uint8 and batch.actions.dtype == torch.int64
    assert batch.dones.dtype == torch.bool and batch.weights.dtype == torch.float32
    for column in (batch.actions, batch.rewards, batch.dones, batch.weights):
        assert column.shape == (64, 1)
    for row in range(64):
        start = int(batch.actions[row])
        reward, next_obs, done = usable[start]
        assert float(batch.rewards[row]) == pytest.approx(reward, rel=1e-6)
        assert bool(batch.dones[row]) == done
        assert np.array_equal(batch.observations[row].numpy(), twin.steps[start][0])
        assert np.array_equal(batch.next_observations[row].numpy(), next_obs)
    assert batch.weights.max() == 1.0
    buffer.update_priorities(batch.indices, np.linspace(-1, 1, 64))


def test_rainbows_draws_and_weights_follow_the_priorities() -> None:
    np.random.seed(0)
    buffer = PrioritizedReplayBuffer(7, (4, 5, 5), torch.device("cpu"), 1, 0.9, alpha=0.5, beta=1.0, eps=0.01)
    for step in rainbow_steps(7, 3):
        buffer.add(*step[:5])
    everything = buffer.sample(700)
    names = dict(zip(everything.actions[:, 0].tolist(), everything.indices.tolist(), strict=True))
    assert sorted(names) == list(range(7))
    priorities = np.array([0.0, 0.1, -0.2, 0.4, 0.8, 1.6, 3.2])
    buffer.update_priorities([names[number] for number in range(7)], priorities)
    mass = np.sqrt(np.abs(priorities) + 0.01)
    batch = buffer.sample(70_000)
    drawn = np.bincount(batch.actions[:, 0], minlength=7)
    assert np.allclose(drawn, 70_000 * mass / mass.sum(), atol=2)  # stratified: to within a part at each end
    expected = (7 * mass / mass.sum()) ** -1.0
    assert np.allclose(batch.weights[:, 0], (expected / expected.max())[batch.actions[:, 0]], rtol=1e-5)
    buffer.beta = 0.0
    assert torch.equal(buffer.sample(5).weights, torch.ones(5, 1))
    buffer.add(*next(rainbow_steps(1, 9))[:5])  # the largest so far: 3.21, and the first one is gone
    fresh = buffer.sample(10_000).actions[:, 0]
    share = np.sqrt(3.21) / (mass[1:].sum() + np.sqrt(3.21))
    assert np.mean(fresh.numpy() == 0) == pytest.approx(share, abs=1e-3)
    buffer.update_priorities([names[0]], [99.0])  # of a step that was overwritten
    assert np.mean(buffer.sample(10_000).actions[:, 0].numpy() == 0) == pytest.approx(share, abs=1e-3)


def test_rows_that_are_rare_among_unusable_ones_are_found() -> None:
    np.random.seed(1)
    buffer = PrioritizedReplayBuffer(100, (4, 5, 5), "cpu", 3, 0.9, alpha=1.0, eps=1e-6)
    obs = np.zeros((4, 5, 5), np.uint8)
    for number in range(100):  # one-step truncated episodes: unusable, but for one that terminated
        buffer.add(obs + np.uint8(2 * number), number, 1.0, obs + np.uint8(2 * number + 1), number == 50)
    for _ in range(5):
        assert set(buffer.sample(8).actions[:, 0].tolist()) == {50}
    index = buffer.sample(1).indices
    buffer.update_priorities(index, [0.0])
    assert set(buffer.sample(8).actions[:, 0].tolist()) == {50}
