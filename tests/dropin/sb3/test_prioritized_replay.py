"""SB3's replay buffer with priorities: what it adds to the uniform one."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from dropin.sb3.building import fill
from dropin.sb3.rows import all_rows, rows_of
from dropin.sb3.streams import ACTIONS, OBSERVATIONS
from stable_baselines3.common import buffers
from stable_baselines3.common.type_aliases import ReplayBufferSamples

from dqn_fast.dropin.sb3 import PrioritizedReplayBuffer, PrioritizedSamples


def filled(kind: str = "vector", n_envs: int = 2, steps: int = 40, **options: Any) -> PrioritizedReplayBuffer:
    buffer = PrioritizedReplayBuffer(60, OBSERVATIONS[kind], ACTIONS["discrete"], "cpu", n_envs, **options)
    fill(buffer, steps)
    return buffer


def test_its_rows_are_those_of_sb3s_own_buffer_and_new_ones_weigh_the_same():
    theirs = buffers.ReplayBuffer(60, OBSERVATIONS["vector"], ACTIONS["discrete"], "cpu", 2)
    fill(theirs, 40)
    samples = filled().sample(2000)
    assert isinstance(samples, PrioritizedSamples)
    assert samples._fields[:6] == ReplayBufferSamples._fields
    assert rows_of(samples) == all_rows(theirs)
    assert (samples.weights.shape, samples.weights.dtype) == ((2000, 1), torch.float32)
    assert (samples.weights == 1).all()


def test_what_is_drawn_and_what_it_weighs_follows_the_priorities():
    buffer = filled(alpha=0.5, priority_eps=0.25)
    indices = buffer.memory.transitions().indices
    priorities = np.where(np.arange(60) < 30, 0.75, 8.75)  # with eps 1 and 9; their masses are 1 and 3
    assert buffer.update_priorities(indices, priorities) == 0
    samples = buffer.sample(12_000, beta=0.7)
    often = np.isin(samples.indices, indices[30:])
    assert often.mean() == pytest.approx(0.75, abs=0.01)
    expected = np.where(often, 3**-0.7, 1)
    np.testing.assert_allclose(samples.weights.flatten(), expected, rtol=1e-6)


def test_priorities_of_what_was_overwritten_are_ignored():
    buffer = filled()
    samples = buffer.sample(10)
    fill(buffer, 31, seed=1)
    assert buffer.update_priorities(samples.indices, torch.ones(10)) == 10


def test_a_pickled_buffer_keeps_its_priorities():
    buffer = filled("dict", n_steps=3)
    indices = buffer.memory.transitions().indices
    buffer.update_priorities(indices, np.arange(60.0))
    loaded = pickle.loads(pickle.dumps(buffer))
    assert (loaded.alpha, loaded.priority_eps) == (buffer.alpha, buffer.priority_eps)
    ours, theirs = buffer.sample(50, beta=0.6), loaded.sample(50, beta=0.6)
    np.testing.assert_array_equal(ours.indices, theirs.indices)
    assert torch.equal(ours.weights, theirs.weights)
    assert len(ours.weights.unique()) > 10


def test_bad_hyperparameters_say_so():
    for option in ({"alpha": -1.0}, {"priority_eps": -1e-6}):
        with pytest.raises(ValueError, match=next(iter(option))):
            filled(**option)
    with pytest.raises(ValueError, match="beta"):
        filled().sample(3, beta=-0.1)
