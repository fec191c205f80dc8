"""Priorities, weights and indexes, beside cpprb's."""

from __future__ import annotations

from typing import Any

import cpprb
import numpy as np
import pytest
import torch
from dropin.cpprb.rows import ENV_DICTS

from dqn_fast.dropin.cpprb import PrioritizedReplayBuffer


def test_weights_draws_and_priorities_are_cpprbs() -> None:
    options: Any = {"alpha": 0.7, "eps": 0.05}
    ours = PrioritizedReplayBuffer(6, ENV_DICTS["usual"], **options)
    theirs = cpprb.PrioritizedReplayBuffer(6, ENV_DICTS["usual"], **options)
    for buffer in (ours, theirs):
        rows = {
            "obs": np.zeros((6, 3)),
            "next_obs": np.zeros((6, 3)),
            "rew": np.zeros(6),
            "done": np.zeros(6),
        }
        buffer.add(act=np.arange(6), **rows)
        buffer.update_priorities(np.arange(6), np.array([0, 0.1, 0.2, 0.4, 0.8, 1.6], np.float32))
        assert buffer.get_max_priority() == pytest.approx(1.6)
        one = {name: values[0] for name, values in rows.items()}
        assert buffer.add(act=6, **one) == 0  # the largest so far
        assert buffer.add(act=7, priorities=3.0, **one) == 1
        assert buffer.get_max_priority() == pytest.approx(3.0)
    counts, weights = [], []
    for buffer in (ours, theirs):
        sample = buffer.sample(60_000, beta=0.6)
        acts = sample["act"].ravel()
        counts.append(np.bincount(acts, minlength=8))
        weights.append([float(np.array(sample["weights"])[acts == act][0]) for act in range(2, 8)])
        assert sample["weights"].dtype == np.float32 and sample["weights"].shape == sample[
            "indexes"
        ].shape == (60_000,)
    assert np.allclose(*weights, rtol=1e-5)
    assert np.abs(counts[0] - counts[1]).max() <= 4  # stratified: to within the rounding of cpprb's float32
    default = ours.sample(32)
    assert sorted(default) == sorted(theirs.sample(32))
    ours.clear()
    assert ours.get_max_priority() == 1.0 and ours.get_stored_size() == 0


def test_new_transitions_weigh_one_plus_eps_at_first_as_cpprbs_do() -> None:
    weights = []
    for library in (PrioritizedReplayBuffer, cpprb.PrioritizedReplayBuffer):
        buffer = library(2, {"act": {}}, alpha=1.0, eps=1.0)
        buffer.add(act=0)
        buffer.add(act=1, priorities=0.0)
        sample = buffer.sample(64, 1.0)
        weights.append(sorted({round(float(weight), 5) for weight in sample["weights"]}))
    assert weights[0] == weights[1] == [0.5, 1.0]


def test_indexes_are_good_for_ever_and_positions_are_taken_too() -> None:
    buffer = PrioritizedReplayBuffer(4, {"act": {"dtype": np.int64}}, alpha=1.0, eps=0.0)
    for act in range(4):
        buffer.add(act=act)
    old = buffer.sample(64)
    for act in range(4, 7):
        assert buffer.add(act=act) == act % 4
    buffer.update_priorities(old["indexes"], np.where(old["act"].ravel() == 3, 1e-9, 1e9))  # only 3 is left
    drawn = buffer.sample(64)["act"].ravel()
    assert set(drawn.tolist()) == {4, 5, 6}
    buffer.update_priorities([[0], [2]], torch.tensor([[0.0], [0.0]]))  # positions of 4 and 6
    assert set(buffer.sample(64)["act"].ravel().tolist()) == {5}
    for indexes in ([-1], [10_000], [2**40]):
        with pytest.raises(IndexError):
            buffer.update_priorities(indexes, [1.0])
    for dtype in (np.int8, np.uint8, np.uint64, np.float32):  # cpprb takes them all
        buffer.update_priorities(np.arange(4, dtype=dtype), np.ones(4))
    for indexes in ([0.5], [True]):
        with pytest.raises(TypeError, match=r"indexes: got .*expected integers"):
            buffer.update_priorities(indexes, [1.0])
    with pytest.raises(TypeError, match="priorities"):
        buffer.update_priorities([0], None)
    with pytest.raises(ValueError, match="priorities: got 2"):
        buffer.add(act=1, priorities=[1, 2])
    fresh = PrioritizedReplayBuffer(4, {"act": {}})
    fresh.add(act=1)
    with pytest.raises(IndexError, match="indexes"):
        fresh.update_priorities([1], [1.0])
