"""SB3's replay buffer against SB3's own."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import gymnasium as gym
import numpy as np
import pytest
import torch
from dropin.sb3.rows import all_rows, leaves, rows_of, sampled_rows
from dropin.sb3.streams import ACTIONS, OBSERVATIONS, Streams
from gymnasium import spaces
from hypothesis import given
from hypothesis import strategies as st
from stable_baselines3.common import buffers
from stable_baselines3.common.vec_env import DummyVecEnv, VecNormalize

from dqn_fast.dropin.sb3 import DictReplayBuffer, PrioritizedReplayBuffer, ReplayBuffer

STACKS: dict[str, Any] = {"image": {"frame_stack": 4}, "dict": {"frame_stack": {"image": 4}}}


def made(kind: str, capacity: int, n_envs: int, action: str = "discrete", **options: Any) -> ReplayBuffer:
    return ReplayBuffer(capacity, OBSERVATIONS[kind], ACTIONS[action], "cpu", n_envs, reserve=1, **options)


def original(
    kind: str, capacity: int, n_envs: int, action: str = "discrete", n_steps: int = 1, **options: Any
):
    original_class: Any = buffers.DictReplayBuffer if kind == "dict" else buffers.ReplayBuffer
    if n_steps > 1:
        original_class, options = buffers.NStepReplayBuffer, {**options, "n_steps": n_steps}
    return original_class(capacity, OBSERVATIONS[kind], ACTIONS[action], "cpu", n_envs, **options)


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
    """SB3 refuses them, so its own n-step buffer gets the dict's arrays side by side."""
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


class Anything(gym.Env[Any, Any]):
    """Steps of a space; `VecNormalize` wants an environment to know the space of."""

    action_space = ACTIONS["discrete"]

    def __init__(self, space: spaces.Space[Any]) -> None:
        self.observation_space = space


def normalizer(space: Any, rng: np.random.Generator, **options: Any) -> VecNormalize:
    """With statistics of some training behind it, which clip some observations and rewards."""
    envs = DummyVecEnv([lambda: Anything(copy.deepcopy(space))])  # it makes the spaces of a Dict others
    env = VecNormalize(envs, clip_obs=1.0, clip_reward=0.9, **options)
    if env.norm_obs:
        for statistics in env.obs_rms.values() if isinstance(env.obs_rms, dict) else [env.obs_rms]:
            statistics.update(rng.normal(0.3, 0.6, (50, *statistics.mean.shape)))
    env.ret_rms.update(rng.normal(0, 0.7, 50))
    return env


@pytest.mark.parametrize("options", [{}, {"norm_reward": False}, {"norm_obs": False}], ids=str)
@pytest.mark.parametrize("n_envs", [1, 3])
@pytest.mark.parametrize("kind", ["vector", "image", "dict"])
def test_vec_normalize_gives_what_it_gives_sb3s_own_buffer(kind: str, n_envs: int, options: dict[str, Any]):
    rng = np.random.default_rng(n_envs)
    if kind == "dict":
        options = {**options, "norm_obs_keys": ["image"]}
    env = normalizer(OBSERVATIONS[kind], rng, **options)
    ours, theirs = made(kind, 60, n_envs), original(kind, 60, n_envs)
    for step in Streams(OBSERVATIONS[kind], ACTIONS["discrete"], n_envs, rng).steps(40):
        ours.add(*copy.deepcopy(step))
        theirs.add(*copy.deepcopy(step))
    assert sampled_rows(ours, env) == all_rows(theirs, env)
    assert sampled_rows(ours) == all_rows(theirs)  # what is stored is raw


@pytest.mark.parametrize("norm_reward", [True, False])
@pytest.mark.parametrize("n_envs", [1, 3])
def test_vec_normalize_normalises_each_reward_of_an_n_step_return(n_envs: int, norm_reward: bool):
    rng = np.random.default_rng(5)
    env = normalizer(OBSERVATIONS["vector"], rng, norm_reward=norm_reward)
    ours = made("vector", 60, n_envs, n_steps=4, gamma=0.9)
    theirs = original("vector", 60, n_envs, n_steps=4, gamma=0.9)
    for step in Streams(OBSERVATIONS["vector"], ACTIONS["discrete"], n_envs, rng).steps(40):
        ours.add(*step)
        theirs.add(*step)
    # Sums in float32 in one order and in float64 in another: equal to a few units in the last place.
    for row, true in zip(sorted(sampled_rows(ours, env)), sorted(all_rows(theirs, env)), strict=True):
        assert row[:-8] == true[:-8]
        np.testing.assert_allclose(np.frombuffer(row[-8:], "f4"), np.frombuffer(true[-8:], "f4"), 1e-6, 1e-7)


def fill(buffer: buffers.ReplayBuffer, steps: int, seed: int = 0) -> Streams:
    rng = np.random.default_rng(seed)
    streams = Streams(buffer.observation_space, buffer.action_space, buffer.n_envs, rng)
    for step in streams.steps(steps):
        buffer.add(*step)
    return streams


@pytest.mark.parametrize("kind", ["vector", "image", "dict"])
def test_memory_saving_and_time_limits_go_together(kind: str):
    """SB3 refuses (issue 934), also for Dict observations."""
    common: dict[str, Any] = {"handle_timeout_termination": True}
    saving = made(kind, 50, 2, optimize_memory_usage=True, **common, **STACKS.get(kind, {}))
    theirs = original(kind, 50, 2, **common)
    fill(saving, 60)
    fill(theirs, 60)
    assert sampled_rows(saving) == all_rows(theirs)


def test_a_reset_in_the_middle_of_an_episode_begins_a_segment_even_where_it_looks_the_same():
    """With `optimize_memory_usage`, SB3's `learn` tells the buffer by `dones[pos] = True`."""
    buffer = ReplayBuffer(10, spaces.Discrete(3), ACTIONS["discrete"], "cpu", 2, n_steps=5)
    step = (np.zeros(2), np.zeros(2), np.zeros(2), np.ones(2), np.zeros(2, bool), [{}, {}])
    step = tuple(each.astype(np.int64) if i in (0, 1, 2) else each for i, each in enumerate(step))
    buffer.add(*step)
    buffer.add(*step)
    buffer.dones[(buffer.pos - 1) % buffer.buffer_size] = True
    buffer.add(*step)
    buffer.add(*step)
    assert buffer.memory.stats()["segments"] == 4
    samples = buffer.sample(100)
    assert set(samples.rewards.flatten().tolist()) == {1.0, np.float32(1.99)}
    assert not samples.dones.any()  # SB3 would say that the episode was over


def all_leaves(samples: Any) -> list[torch.Tensor]:
    return [tensor for column in samples for tensor in leaves(column)]


@pytest.mark.parametrize("kind", ["vector", "dict", "image"])
def test_samples_are_nobody_elses(kind: str):
    buffer = made(kind, 30, 2, n_steps=2)
    fill(buffer, 40)
    before = sampled_rows(buffer)
    samples = buffer.sample(64)
    kept = copy.deepcopy(samples)
    for tensor in [
        *leaves(samples.observations),
        *leaves(samples.next_observations),
        *samples[3:],
        samples.actions,
    ]:
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
    drawn = [
        torch.cat([leaf.float().flatten() for leaf in leaves(twin.sample(32).observations)]) for twin in twins
    ]
    assert torch.equal(drawn[0], drawn[1])
    assert torch.equal(drawn[0], drawn[2])
    assert all(
        (twin.pos, twin.full, twin.device, twin.n_steps) == (22, True, buffer.device, 3) for twin in twins
    )


def test_extend_adds_row_after_row():
    ours, theirs = made("vector", 30, 2), original("vector", 30, 2)
    steps = [*Streams(OBSERVATIONS["vector"], ACTIONS["discrete"], 2, np.random.default_rng(0)).steps(9)]
    for buffer in (ours, theirs):
        buffer.extend(*map(list, zip(*steps, strict=True)))
    assert sampled_rows(ours) == all_rows(theirs)


def test_one_environment_needs_no_leading_axis():
    """SB3's arrays broadcast what they are given."""
    ours, theirs = made("vector", 30, 1), original("vector", 30, 1)
    for buffer in (ours, theirs):
        rng = np.random.default_rng(0)
        for _ in range(20):
            obs, next_obs = rng.random((2, 3))
            buffer.add(obs, next_obs, np.int64(rng.integers(4)), 0.5, rng.random() < 0.3, [{}])
    assert sampled_rows(ours) == all_rows(theirs)


def test_images_may_come_as_transposed_views():
    """`VecTransposeImage` gives them so."""
    ours, theirs = made("image", 30, 2, frame_stack=4), original("image", 30, 2)
    for buffer in (ours, theirs):
        for obs, next_obs, *rest in Streams(
            OBSERVATIONS["image"], ACTIONS["discrete"], 2, np.random.default_rng(0)
        ).steps(20):
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
    for buffer in (
        made("vector", 10, 1),
        PrioritizedReplayBuffer(10, OBSERVATIONS["vector"], ACTIONS["discrete"]),
    ):
        with pytest.raises(ValueError):
            buffer.sample(1)
        fill(buffer, 5)
        buffer.reset()
        assert (buffer.size(), buffer.pos, buffer.full) == (0, 0, False)
        with pytest.raises(ValueError):
            buffer.sample(1)
