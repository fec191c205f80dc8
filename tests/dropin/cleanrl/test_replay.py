# ruff: noqa: NPY002  # the originals draw from NumPy's global generator
"""CleanRL's uniform buffer: rows, errors, and its form beside Stable-Baselines3's."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from dropin.cleanrl.steps import BOX, SPACES, Infos, assert_rows_were_added, steps
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st

from dqn_fast.dropin.cleanrl import ReplayBuffer, ReplayBufferSamples


@given(
    kind=st.sampled_from(range(len(SPACES))),
    envs=st.integers(1, 3),
    size=st.integers(3, 12),
    count=st.integers(1, 20),
    optimize=st.booleans(),
    seed=st.integers(0, 1_000),
)
def test_every_sampled_row_is_a_step_that_was_added_and_is_still_held(
    kind: int, envs: int, size: int, count: int, optimize: bool, seed: int
) -> None:
    observations, actions = SPACES[kind]
    optimize = optimize and observations.dtype != np.uint8  # see test_stacks.py
    buffer = ReplayBuffer(
        size,
        observations,
        actions,
        "cpu",
        envs,
        optimize_memory_usage=optimize,
        handle_timeout_termination=False,
    )
    added = list(steps(observations, actions, envs, count, seed))
    for step in added:
        buffer.add(*step, Infos())
    held = min(count, size // envs)
    assert buffer.size() == held and buffer.buffer_size == size // envs
    assert buffer.pos == count % buffer.buffer_size
    assert_rows_were_added(buffer.sample(64), added, count - held)


@pytest.mark.parametrize("infos", [{"TimeLimit.truncated": np.array([True])}, None, [{}, {}]])
def test_infos_of_another_form_are_refused_by_name(infos: Any) -> None:
    observations, actions = SPACES[0]
    buffer = ReplayBuffer(10, observations, actions, "cpu")
    with pytest.raises(
        TypeError, match=r"infos: got a .*, expected 1 dicts.*handle_timeout_termination=False"
    ):
        buffer.add(*next(iter(steps(observations, actions, 1, 1, 0))), infos)
    assert buffer.size() == 0


@pytest.mark.parametrize("kind", range(len(SPACES)))
@pytest.mark.parametrize("timeouts", [False, True])
def test_samples_have_the_form_of_stable_baselines3s(kind: int, timeouts: bool) -> None:
    buffers = pytest.importorskip("stable_baselines3.common.buffers")
    observations, actions = SPACES[kind]
    args: Any = (20, observations, actions, "cpu", 2)
    ours = ReplayBuffer(*args, handle_timeout_termination=timeouts)
    theirs = buffers.ReplayBuffer(*args, handle_timeout_termination=timeouts)
    for number, step in enumerate(steps(observations, actions, 2, 10, 0)):
        infos = [{"TimeLimit.truncated": number % 2 == 0}, {}]
        ours.add(*step, infos)
        theirs.add(*step, infos)
    mine, other = ours.sample(200), theirs.sample(200)
    assert mine._fields == ("observations", "actions", "next_observations", "dones", "rewards")
    assert isinstance(mine, ReplayBufferSamples)
    for name in mine._fields:
        a, b = getattr(mine, name), getattr(other, name)
        assert a.dtype == b.dtype and a.shape == b.shape, name
    # The same steps count as done: all twenty are drawn in two hundred, or nearly so.
    done = [{int(r) for r, d in zip(batch.rewards, batch.dones, strict=True) if d} for batch in (mine, other)]
    assert len(done[0] ^ done[1]) <= 1


def test_its_attributes_and_errors() -> None:
    np.random.seed(4)
    buffer = ReplayBuffer(10, BOX, spaces.Discrete(3), "auto")
    assert buffer.device.type == ("cuda" if torch.cuda.is_available() else "cpu")
    with pytest.raises(ValueError, match=r"sample: .*empty"):
        buffer.sample(1)
    items = list(steps(BOX, spaces.Discrete(3), 1, 10, 0))
    buffer.extend(*zip(*((*item, [{}]) for item in items), strict=True))
    assert buffer.full and buffer.size() == 10
    buffer.reset()
    assert not buffer.size() and buffer.pos == 0
    with pytest.raises(ValueError, match="reshape"):
        buffer.add(np.zeros((1, 4)), *items[0][1:], [{}])
    assert not buffer.size()
    with pytest.raises(NotImplementedError, match="observation_space"):
        ReplayBuffer(10, spaces.Dict({"a": BOX}), spaces.Discrete(3))
    with pytest.raises(NotImplementedError, match="action_space"):
        ReplayBuffer(10, BOX, spaces.Dict({"a": BOX}))


def test_the_seed_of_numpy_decides_the_draws() -> None:
    draws = []
    for _ in range(2):
        np.random.seed(4)
        buffer = ReplayBuffer(10, BOX, spaces.Discrete(3), "cpu", handle_timeout_termination=False)
        for step in steps(BOX, spaces.Discrete(3), 1, 10, 0):
            buffer.add(*step, Infos())
        draws.append(buffer.sample(20).rewards)
    assert torch.equal(*draws)
