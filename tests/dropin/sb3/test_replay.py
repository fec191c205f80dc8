"""The replay buffer for SB3, and SB3's own as its oracle."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
import torch
from dropin.sb3.building import STACKS, fill, made, original
from dropin.sb3.rows import all_rows, leaves, rows_of, sampled_rows
from dropin.sb3.streams import ACTIONS, OBSERVATIONS, Streams
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st
from stable_baselines3.common import buffers

from dqn_fast.dropin.sb3 import DictReplayBuffer, PrioritizedReplayBuffer, ReplayBuffer


def equal_state(ours: ReplayBuffer, theirs: buffers.ReplayBuffer) -> None:
    assert (ours.pos, ours.full, ours.size()) == (theirs.pos, theirs.full, theirs.size())
    assert (ours.buffer_size, ours.n_envs, ours.device) == (theirs.buffer_size, theirs.n_envs, theirs.device)
    assert ours.handle_timeout_termination == theirs.handle_timeout_termination
    assert ours.memory.is_valid()


@given(
    seed=st.integers(0, 2**32),
    kind=st.sampled_from(sorted(OBSERVATIONS)),
    action=st.sampled_from(sorted(ACTIONS)),
    n_envs=st.integers(1, 3),
    capacity=st.integers(1, 40),
    n_steps=st.sampled_from([1, 1, 2, 3, 7]),
    handles_timeouts=st.booleans(),
    stacked=st.booleans(),
)
def test_it_samples_what_sb3s_own_buffer_samples(
    seed: int,
    kind: str,
    action: str,
    n_envs: int,
    capacity: int,
    n_steps: int,
    handles_timeouts: bool,
    stacked: bool,
):
    rng = np.random.default_rng(seed)
    common: dict[str, Any] = {"handle_timeout_termination": handles_timeouts}
    if n_steps > 1 and kind != "dict":  # SB3 has no n-step returns for Dict observations
        common |= {"n_steps": n_steps, "gamma": 0.5}
    stacks = STACKS.get(kind, {}) if stacked else {}
    ours = made(kind, capacity, n_envs, action, **common, **stacks)
    theirs = original(kind, capacity, n_envs, action, **common)
    streams = Streams(OBSERVATIONS[kind], ACTIONS[action], n_envs, rng)
    for _ in range(rng.integers(1, 4)):
        for step in streams.steps(int(rng.integers(1, 30))):
            ours.add(*copy.deepcopy(step))
            theirs.add(*copy.deepcopy(step))
        equal_state(ours, theirs)
        assert sampled_rows(ours) == all_rows(theirs)
        if rng.random() < 0.3:
            ours = pickle.loads(pickle.dumps(ours))
        if rng.random() < 0.2:
            ours.reset()
            theirs.reset()
            equal_state(ours, theirs)
            streams.reset()


@given(seed=st.integers(0, 2**32), n_envs=st.integers(1, 2), n_steps=st.integers(2, 5))
def test_n_step_returns_of_dict_observations_are_those_of_the_same_numbers_in_a_vector(
    seed: int, n_envs: int, n_steps: int
):
    """SB3 refuses Dict observations, so its n-step buffer gets the dict's arrays side by side."""
    space = spaces.Dict({"a": spaces.Box(-1, 1, (2,)), "b": spaces.Box(-1, 1, (3,))})
    flat = spaces.Box(-1, 1, (5,))
    options: dict[str, Any] = {"n_steps": n_steps, "gamma": 0.5}
    ours = DictReplayBuffer(20, space, ACTIONS["discrete"], "cpu", n_envs, **options)
    theirs = buffers.NStepReplayBuffer(20, flat, ACTIONS["discrete"], "cpu", n_envs, **options)
    for step in Streams(flat, ACTIONS["discrete"], n_envs, np.random.default_rng(seed)).steps(30):
        obs, next_obs = ({"a": o[:, :2], "b": o[:, 2:]} for o in step[:2])
        ours.add(obs, next_obs, *step[2:])
        theirs.add(*step)
    samples = ours.sample(1000)
    observations = torch.cat([samples.observations["a"], samples.observations["b"]], 1)
    next_observations = torch.cat([samples.next_observations["a"], samples.next_observations["b"]], 1)
    as_flat = samples._replace(observations=observations, next_observations=next_observations)
    assert rows_of(as_flat) == all_rows(theirs)


@pytest.mark.parametrize("kind", ["vector", "image", "dict"])
def test_memory_saving_and_time_limits_go_together(kind: str):
    """SB3 refuses the combination (issue 934)."""
    common: dict[str, Any] = {"handle_timeout_termination": True}
    saving = made(kind, 50, 2, optimize_memory_usage=True, **common, **STACKS.get(kind, {}))
    theirs = original(kind, 50, 2, **common)
    fill(saving, 60)
    fill(theirs, 60)
    assert sampled_rows(saving) == all_rows(theirs)


def test_a_reset_in_the_middle_of_an_episode_begins_a_segment_even_where_it_looks_the_same():
    """With `optimize_memory_usage`, SB3's `learn` tells the buffer by `dones[pos] = True`."""
    buffer = ReplayBuffer(10, spaces.Discrete(3), ACTIONS["discrete"], "cpu", 2, n_steps=5)
    same = np.zeros(2, np.int64)
    step: Any = (same, same, same, np.ones(2, np.float32), np.zeros(2, np.bool_), [{}, {}])
    buffer.add(*step)
    buffer.add(*step)
    buffer.dones[(buffer.pos - 1) % buffer.buffer_size] = True
    buffer.add(*step)
    buffer.add(*step)
    assert buffer.memory.stats()["segments"] == 4
    samples = buffer.sample(100)
    assert set(samples.rewards.flatten().tolist()) == {1.0, np.float32(1.99)}
    assert not samples.dones.any()  # SB3 would call the episode done


def all_leaves(samples: Any) -> list[torch.Tensor]:
    return [tensor for column in samples for tensor in leaves(column)]


@pytest.mark.parametrize("kind", ["vector", "dict", "image"])
def test_samples_are_nobody_elses(kind: str):
    buffer = made(kind, 30, 2, n_steps=2)
    fill(buffer, 40)
    before = sampled_rows(buffer)
    samples = buffer.sample(64)
    kept = copy.deepcopy(samples)
    for tensor in all_leaves(samples):
        tensor.fill_(7)
    assert sampled_rows(buffer) == before
    fill(buffer, 40, seed=1)
    assert all((tensor == 7).all() for tensor in all_leaves(samples))
    assert rows_of(kept) <= before


def test_what_is_added_is_copied():
    buffer = made("vector", 10, 1)
    obs, next_obs = np.zeros((1, 3), np.float32), np.ones((1, 3), np.float32)
    buffer.add(obs, next_obs, np.array([1]), np.array([2.0]), np.array([False]), [{}])
    obs[:], next_obs[:] = 5, 5
    samples = buffer.sample(3)
    assert (samples.observations == 0).all()
    assert (samples.next_observations == 1).all()


def test_the_seed_of_numpys_global_generator_decides_what_is_drawn():
    def draws(seed: int) -> list[torch.Tensor]:
        np.random.seed(seed)  # noqa: NPY002
        buffer = made("vector", 50, 1)
        fill(buffer, 50)
        return [buffer.sample(16).observations for _ in range(3)]

    first, again, other = draws(3), draws(3), draws(4)
    assert all(torch.equal(a, b) for a, b in zip(first, again, strict=True))
    assert not any(torch.equal(a, b) for a, b in zip(first, other, strict=True))
    assert not torch.equal(first[0], first[1])


@pytest.mark.parametrize("kind", ["vector", "dict"])
def test_a_pickled_buffer_goes_on_where_it_was(kind: str):
    buffer = made(kind, 50, 2, n_steps=3, gamma=0.9)
    fill(buffer, 40)
    twins = [buffer, pickle.loads(pickle.dumps(buffer)), copy.deepcopy(buffer)]
    for twin in twins:
        fill(twin, 7, seed=2)
        assert (twin.pos, twin.full, twin.device, twin.n_steps) == (22, True, buffer.device, 3)
    for ours, pickled, copied in zip(*(all_leaves(twin.sample(32)) for twin in twins), strict=True):
        assert torch.equal(ours, pickled)
        assert torch.equal(ours, copied)


def test_extend_adds_row_after_row():
    ours, theirs = made("vector", 30, 2), original("vector", 30, 2)
    steps = [*Streams(OBSERVATIONS["vector"], ACTIONS["discrete"], 2, np.random.default_rng(0)).steps(9)]
    for buffer in (ours, theirs):
        buffer.extend(*map(list, zip(*steps, strict=True)))
    assert sampled_rows(ours) == all_rows(theirs)


def test_one_environment_needs_no_leading_axis():
    """SB3's arrays broadcast, so it needs none either."""
    ours, theirs = made("vector", 30, 1), original("vector", 30, 1)
    for buffer in (ours, theirs):
        rng = np.random.default_rng(0)
        for _ in range(20):
            obs, next_obs = rng.random((2, 3))
            buffer.add(obs, next_obs, np.int64(rng.integers(4)), 0.5, rng.random() < 0.3, [{}])
    assert sampled_rows(ours) == all_rows(theirs)


def test_images_may_come_as_transposed_views():
    """`VecTransposeImage` returns such views."""
    ours, theirs = made("image", 30, 2, frame_stack=4), original("image", 30, 2)
    for buffer in (ours, theirs):
        streams = Streams(OBSERVATIONS["image"], ACTIONS["discrete"], 2, np.random.default_rng(0))
        for obs, next_obs, *rest in streams.steps(20):
            views = (np.moveaxis(np.moveaxis(each, 1, -1).copy(), -1, 1) for each in (obs, next_obs))
            buffer.add(*views, *rest)
    assert sampled_rows(ours) == all_rows(theirs)


def test_stacks_are_stored_frame_by_frame():
    plain, stacked = made("image", 200, 2), made("image", 200, 2, frame_stack=4)
    for buffer in (plain, stacked):
        fill(buffer, 100)
    assert sampled_rows(plain) == sampled_rows(stacked)
    assert stacked.memory.nbytes < 0.5 * plain.memory.nbytes


def test_samples_go_to_the_device():
    buffer = made("dict", 10, 1, n_steps=2)
    fill(buffer, 10)
    buffer.device = torch.device("meta")  # load_replay_buffer assigns it
    samples = buffer.sample(4)
    tensors = [
        *leaves(samples.observations),
        samples.actions,
        *leaves(samples.next_observations),
        *samples[3:5],
    ]
    assert {tensor.device.type for tensor in tensors} == {"meta"}


def test_infos_are_not_looked_at_unless_time_limits_are_handled():
    buffer = made("vector", 10, 1, handle_timeout_termination=False)
    obs = np.zeros((1, 3), np.float32)
    buffer.add(obs, obs, np.array([1]), np.array([0.0]), np.array([True]), None)  # type: ignore[arg-type]
    assert buffer.sample(1).dones.item() == 1


def test_bad_input_says_what_it_is_and_changes_nothing():
    buffer = made("dict", 10, 2)
    streams = fill(buffer, 3)
    obs, next_obs, action, reward, done, infos = next(streams.steps(1))
    before = sampled_rows(buffer)
    with pytest.raises(ValueError, match=r"obs\['image'\]: got shape \(2, 4, 5\), expected \(2, 4, 5, 5\)"):
        buffer.add({**obs, "image": obs["image"][..., 0]}, next_obs, action, reward, done, infos)
    with pytest.raises(KeyError, match="number"):
        buffer.add(obs, {"image": next_obs["image"]}, action, reward, done, infos)
    with pytest.raises(ValueError, match=r"reward: got shape \(1,\), expected \(2,\)"):
        buffer.add(obs, next_obs, action, reward[:1], done, infos)
    with pytest.raises(TypeError, match="reward"):
        buffer.add(obs, next_obs, action, np.array(["a", "b"]), done, infos)
    assert (buffer.pos, buffer.size()) == (3, 3)
    assert sampled_rows(buffer) == before


def test_an_empty_buffer_has_nothing_to_sample():
    known = (OBSERVATIONS["vector"], ACTIONS["discrete"])
    for buffer in (ReplayBuffer(10, *known), PrioritizedReplayBuffer(10, *known)):
        with pytest.raises(ValueError):
            buffer.sample(1)
        fill(buffer, 5)
        buffer.reset()
        assert (buffer.size(), buffer.pos, buffer.full) == (0, 0, False)
        with pytest.raises(ValueError):
            buffer.sample(1)
