# ruff: noqa: NPY002  # the originals draw from NumPy's global generator
"""CleanRL's two buffers on our memory.

Longer than most files: both, with oracles of their own, and loops in the shape of four scripts.
"""

from __future__ import annotations

from typing import Any

import ale_py
import gymnasium as gym
import numpy as np
import pytest
import torch
from dropin.cartpole import GAMMA, q_network
from gymnasium import spaces
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dqn_fast.dropin.cleanrl import PrioritizedReplayBuffer, ReplayBuffer, ReplayBufferSamples
from dqn_fast.dropin.cleanrl.common import frames_of_step

BOX = spaces.Box(-9, 9, (3,), np.float32)
SPACES = [
    (BOX, spaces.Discrete(3)),
    (spaces.Discrete(50), spaces.Discrete(3)),
    (spaces.Box(0, 255, (4, 6, 5), np.uint8), spaces.MultiDiscrete([2, 3])),
    (spaces.MultiBinary(4), spaces.Box(-1, 1, (2,), np.float64)),
]


class Infos(dict[str, Any]):
    """Gymnasium's infos, which are a dict and not a list."""

    def __iter__(self) -> Any:
        raise AssertionError("infos were iterated")


def steps(observations: Any, actions: Any, envs: int, count: int, seed: int) -> Any:
    """Steps of some environments, numbered by their rewards."""
    for space in (observations, actions):
        space.seed(seed)
    rng = np.random.default_rng(seed)
    obs = np.stack([observations.sample() for _ in range(envs)])
    for number in range(count):
        next_obs = np.stack([observations.sample() for _ in range(envs)])
        action = np.stack([actions.sample() for _ in range(envs)])
        done = rng.random(envs) < 0.2
        yield obs, next_obs, action, number * envs + np.arange(envs, dtype=np.float64), done
        obs = np.stack([observations.sample() for _ in range(envs)]) if done.all() else next_obs


def assert_rows_were_added(data: ReplayBufferSamples, added: list[Any], oldest: int) -> None:
    envs = len(added[0][0])
    for row, number in enumerate(data.rewards[:, 0].to(torch.int64).tolist()):
        obs, next_obs, action, _, done = (column[number % envs] for column in added[number // envs])
        assert number // envs >= oldest
        assert np.array_equal(data.observations[row].numpy(), obs.reshape(data.observations.shape[1:]))
        assert np.array_equal(
            data.next_observations[row].numpy(), next_obs.reshape(data.observations.shape[1:])
        )
        assert np.allclose(data.actions[row].numpy(), action.reshape(-1))
        assert bool(data.dones[row, 0]) == done


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
    optimize = optimize and observations.dtype != np.uint8  # see the next test
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


def test_observations_that_only_look_like_stacks_are_stored_whole() -> None:
    observations, actions = SPACES[2]
    added = list(steps(observations, actions, 1, 60, 0))
    guessing, told_so, told_wrongly = (
        ReplayBuffer(
            50,
            observations,
            actions,
            "cpu",
            optimize_memory_usage=True,
            handle_timeout_termination=False,
            frame_stack=frames,
        )
        for frames in (None, 1, 4)
    )
    for buffer in (guessing, told_so):
        assert (buffer.size(), buffer.full) == (0, False)
        for step in added:
            buffer.add(*step, Infos())
        assert buffer.size() == 50
        assert_rows_were_added(buffer.sample(64), added, 10)
    with pytest.warns(RuntimeWarning, match="as frame_stack= says"):
        for step in added:
            told_wrongly.add(*step, Infos())
    assert_rows_were_added(told_wrongly.sample(64), added, 10)


def test_only_a_first_step_that_moves_on_by_a_new_frame_is_one_of_stacks() -> None:
    frames = np.random.default_rng(0).integers(0, 255, (9, 5, 5), np.uint8)
    assert frames_of_step(frames[:4], frames[1:5]) == 4
    assert frames_of_step(np.stack([frames[:4]] * 2), np.stack([frames[1:5]] * 2)) == 4
    still = np.stack([frames[0]] * 4)
    for obs, next_obs in ((still, still), (frames[:4], frames[2:6]), (frames[1:5], frames[:4])):
        assert frames_of_step(obs, next_obs) == 1


def test_channels_that_are_no_frames_keep_their_n_step_returns() -> None:
    """MinAtar's observations with channels first have the shape of a stack of four frames."""
    draw = np.random.default_rng(0)
    places = draw.integers(0, 2, (1_001, 4, 10, 10), np.uint8)
    buffer = PrioritizedReplayBuffer(1_000, (4, 10, 10), "cpu", 3, 0.9)
    with pytest.raises(ValueError, match="the buffer is empty"):
        buffer.sample(4)
    assert buffer.size == 0
    for step in range(1_000):
        buffer.add(places[step], 0, 1.0, places[step + 1], step % 100 == 99)
    batch = buffer.sample(500)
    whole = np.float32(1 + 0.9 + 0.81)
    assert (batch.rewards.numpy()[~batch.dones.numpy()] == whole).all()
    assert 0.9 < (batch.rewards.numpy() == whole).mean() < 1


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
    with pytest.raises(ValueError, match="the buffer is empty"):
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


def make_pong() -> gym.Env[Any, Any]:
    gym.register_envs(ale_py)
    env = gym.make("ALE/Pong-v5", frameskip=1, max_num_frames_per_episode=400)  # truncates every 100 steps
    return FrameStackObservation(AtariPreprocessing(env, noop_max=5), 4)


def test_dqn_ataris_loop_keeps_the_last_observations_that_the_original_overwrites() -> None:
    envs = SyncVectorEnv([make_pong], autoreset_mode=AutoresetMode.SAME_STEP)
    rb = ReplayBuffer(
        250,
        envs.single_observation_space,
        envs.single_action_space,
        torch.device("cpu"),
        optimize_memory_usage=True,
        handle_timeout_termination=False,
    )
    envs.single_action_space.seed(0)
    obs, _ = envs.reset(seed=0)
    added, ends = [], 0
    for step in range(400):
        actions = np.array([envs.single_action_space.sample()])
        next_obs, _, terminations, truncations, infos = envs.step(actions)
        real_next_obs = next_obs.copy()
        for idx, trunc in enumerate(truncations):
            if trunc:
                real_next_obs[idx] = infos["final_obs"][idx]
                ends += 1
        rb.add(obs, real_next_obs, actions, np.array([step]), terminations, infos)
        added.append((obs[0], real_next_obs[0], actions[0]))
        obs = next_obs
    envs.close()
    assert ends >= 2 and rb.full
    seen = set()
    for _ in range(40):
        data = rb.sample(32)
        for row, step in enumerate(data.rewards[:, 0].to(torch.int64).tolist()):
            assert step >= 150
            assert np.array_equal(data.observations[row].numpy(), added[step][0])
            assert np.array_equal(data.next_observations[row].numpy(), added[step][1])
            assert data.actions[row] == added[step][2]
            seen.add(step)
    assert len(seen) > 240
    assert rb._buffer.nbytes < 1.2 * 250 * 84 * 84


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


def test_dqns_loop_learns_cartpole() -> None:
    torch.set_num_threads(1)
    np.random.seed(1)
    rng = np.random.default_rng(1)
    envs = SyncVectorEnv(
        [lambda: gym.wrappers.RecordEpisodeStatistics(gym.make("CartPole-v1"))],
        autoreset_mode=AutoresetMode.SAME_STEP,
    )
    q, target = q_network(), q_network()
    optimizer = torch.optim.Adam(q.parameters(), lr=1e-3)
    rb = ReplayBuffer(
        2_000,
        envs.single_observation_space,
        envs.single_action_space,
        torch.device("cpu"),
        handle_timeout_termination=False,
    )
    lengths = []
    obs, _ = envs.reset(seed=1)
    for step in range(3_000):
        if rng.random() < max(0.05, 1 - step / 1_500):
            actions = rng.integers(2, size=1)
        else:
            actions = q(torch.Tensor(obs)).argmax(1).numpy()
        next_obs, rewards, terminations, truncations, infos = envs.step(actions)
        real_next_obs = next_obs.copy()
        if "final_obs" in infos:
            lengths.append(float(infos["final_info"]["episode"]["l"][0]))
            for idx, trunc in enumerate(truncations):
                if trunc:
                    real_next_obs[idx] = infos["final_obs"][idx]
        rb.add(obs, real_next_obs, actions, rewards, terminations, infos)
        obs = next_obs
        if step >= 500 and step % 2 == 0:
            data = rb.sample(64)
            with torch.no_grad():
                target_max, _ = target(data.next_observations).max(dim=1)
                td_target = data.rewards.flatten() + GAMMA * target_max * (1 - data.dones.flatten())
            old_val = q(data.observations).gather(1, data.actions).squeeze()
            loss = nn.functional.smooth_l1_loss(td_target, old_val)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            if step % 200 == 0:
                target.load_state_dict(q.state_dict())
    envs.close()
    assert np.mean(lengths[-10:]) > 2 * 22
