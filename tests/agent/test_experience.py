"""What the learner's source of batches tells the memory, and gets from it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import LinearSchedule, PrioritizedExperience, UniformExperience

SPACES = spaces.Box(-1, 1, (1,)), spaces.Discrete(2)


def fill(memory: ReplayBuffer, steps: int) -> None:
    for step in range(steps):
        obs = np.array([step / steps], np.float32)
        memory.add(obs, step % 2, float(step), obs, False)


def test_batches_are_tensors_in_one_place() -> None:
    memory = ReplayBuffer(100, *SPACES, seed=0)
    fill(memory, 50)
    experience = UniformExperience(memory, 8)
    first = experience.sample(0)
    rewards = first.reward.clone()
    second = experience.sample(1)
    assert isinstance(first.obs, torch.Tensor)
    assert second.obs.data_ptr() == first.obs.data_ptr()
    assert not torch.equal(second.reward, rewards)
    assert second.weights.tolist() == [1] * 8
    experience.learned(second, torch.zeros(8))


def test_the_size_of_the_td_error_becomes_the_priority() -> None:
    memory = PrioritizedReplayBuffer(4, *SPACES, alpha=1.0, priority_eps=0.0, seed=0)
    fill(memory, 4)
    experience = PrioritizedExperience(memory, 64, LinearSchedule(0.4, 0.4, 0))
    batch = experience.sample(0)
    assert set(batch.reward.tolist()) == {0, 1, 2, 3}
    td_error = torch.where(batch.reward == 2, -3.0, 0.0)
    experience.learned(batch, td_error)
    assert set(experience.sample(1).reward.tolist()) == {2}


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0])
def test_beta_follows_its_schedule(beta: float) -> None:
    memory = PrioritizedReplayBuffer(2, *SPACES, alpha=1.0, priority_eps=0.0, seed=0)
    fill(memory, 2)
    experience = PrioritizedExperience(memory, 64, LinearSchedule(0.0, 1.0, 10))
    batch = experience.sample(0)
    experience.learned(batch, torch.where(batch.reward == 1, 4.0, 1.0))
    batch = experience.sample(round(beta * 10))
    np.testing.assert_allclose(batch.weights[batch.reward == 1].numpy(), 0.25**beta, rtol=1e-5)
