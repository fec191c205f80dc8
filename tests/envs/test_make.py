"""Environments by id are as DQN wants them; missing or unfit ones get one clear line."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from typing import Any, ClassVar

import gymnasium as gym
import numpy as np
import pytest
from envs.kinds import REAL, TAXI, Drawer, Shifted, play, registered
from gymnasium import spaces

from dqn_fast import ReplayBuffer
from dqn_fast.envs import make_env, make_environments
from dqn_fast.training import UsageError


class WithoutMode(Shifted):
    metadata: ClassVar[dict[str, Any]] = {"render_modes": ["rgb_array"]}

    def __init__(self) -> None:
        pass


@pytest.fixture(autouse=True)
def registered_here() -> Iterator[None]:
    with registered(Shifted, WithoutMode):
        yield


@pytest.mark.parametrize(
    ("env_id", "message"),
    [
        ("CartPol-v1", "cannot make the environment 'CartPol-v1': Environment `CartPol` doesn't exist."),
        ("CartPole-v99", "cannot make the environment 'CartPole-v99': Environment version `v99` for"),
        ("no_such_module:X-v0", "cannot make the environment 'no_such_module:X-v0': No module named"),
        ("ALE/Pog-v5", "cannot make the environment 'ALE/Pog-v5': Environment `Pog` doesn't exist"),
        ("Pendulum-v1", "Pendulum-v1 does not fit: action_space: got Box(-2.0, 2.0, (1,), float32), expec"),
    ],
)
@pytest.mark.parametrize("vectorization", [None, "sync", "async"])
def test_one_line(env_id: str, message: str, vectorization: Any) -> None:
    with pytest.raises(UsageError) as caught:
        if vectorization is None:
            make_env(env_id)
        else:
            make_environments(env_id, 2, 0, vectorization=vectorization)
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"env_id": "Acrobot-v1"}, "cannot make the environment 'Acrobot-v1': Cannot create vectorized env"),
        ({"num_envs": 0}, "num_envs: got 0, expected at least 1"),
        ({"action_mask": True}, "vectorization: got 'native', expected sync or async with action_mask"),
        ({"env_kwargs": {"colour": 1}}, "cannot make the environment 'CartPole-v1': "),
    ],
)
def test_one_line_about_native_ones(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_environments(
            **{"env_id": "CartPole-v1", "num_envs": 2, "seed": 0, "vectorization": "native", **arguments}
        )
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    ("env_id", "package", "command"),
    [
        ("ALE/Pong-v5", "ale_py", "pip install ale-py opencv-python-headless"),
        ("ALE/Pong-v5", "cv2", "pip install ale-py opencv-python-headless"),
        ("MinAtar/Breakout-v0", "minatar.gym", "pip install minatar"),
        ("LunarLander-v3", "Box2D", 'pip install "gymnasium[box2d]"'),
    ],
)
def test_missing_packages(monkeypatch: pytest.MonkeyPatch, env_id: str, package: str, command: str) -> None:
    for loaded in [name for name in sys.modules if name.startswith("gymnasium.envs.box2d")]:
        monkeypatch.delitem(sys.modules, loaded)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(UsageError) as caught:
        make_env(env_id)
    assert command in str(caught.value)
    assert "\n" not in str(caught.value)


def test_arguments() -> None:
    assert make_env("CartPole-v1", env_kwargs={"max_episode_steps": 7}).spec.max_episode_steps == 7  # type: ignore[union-attr]
    with pytest.raises(UsageError, match=r"cannot make the environment 'CartPole-v1': .*'colour'"):
        make_env("CartPole-v1", env_kwargs={"colour": 1})
    env = make_env("CartPole-v1", "rgb_array")
    env.reset()
    assert env.render().shape == (400, 600, 3)  # type: ignore[union-attr]
    env.close()


def test_a_render_mode_that_is_not_taken_is_one_line() -> None:
    with pytest.raises(UsageError, match=r"cannot make the environment 'WithoutMode-v0': .*render_mode"):
        make_env("WithoutMode-v0", render_mode="rgb_array")


class Bounded(Shifted):
    observation_space = spaces.Box(np.float32([0, -2]), np.float32([4, 2]))  # type: ignore[assignment]

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        return np.array([1, 2], np.float32), {}


def test_observations_are_rescaled_from_bounds_that_can_be() -> None:
    gym.register("Bounded-v0", Bounded)
    try:
        with closing(make_env("Bounded-v0", rescale=True)) as env:
            np.testing.assert_allclose(env.reset()[0], [-0.5, 1])
        for low, high, expected in (
            ([0, 1], [2, 1], "low below high everywhere"),
            ([0, -np.inf], [2, 1], "a Box with finite bounds"),
            ([0, -3e38], [2, 3e38], r"bounds closer than 1e\+06"),
        ):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(Bounded, "observation_space", spaces.Box(np.float32(low), np.float32(high)))
                with pytest.raises(UsageError, match=f"expected {expected} to rescale"):
                    make_env("Bounded-v0", rescale=True)
    finally:
        del gym.registry["Bounded-v0"]


@pytest.mark.parametrize("env_id", REAL)
def test_the_memory_takes_what_they_give(env_id: str) -> None:
    with closing(make_environments(env_id, 2, 0)) as environments:
        buffer = ReplayBuffer(50, environments.observation_space, environments.action_space, num_envs=2)
        obs, draw = environments.reset(), Drawer(environments, 0)
        for _ in range(20):
            action = draw()
            step = environments.step(action)
            buffer.add(obs, action, step.reward, step.next_obs, step.terminated, step.truncated)
            obs = step.obs
        assert len(buffer) == 40


def test_min_atar() -> None:
    """As in the paper: 6 actions, sticky with probability 0.1, a ramp, and no preprocessing."""
    env = make_env("MinAtar/Breakout-v0")
    assert env.observation_space == spaces.Box(0, 1, (10, 10, 4), np.bool_)
    assert env.action_space == spaces.Discrete(6)
    assert make_env("MinAtar/Breakout-v1").action_space == spaces.Discrete(3)
    assert env.unwrapped.game.sticky_action_prob == 0.1  # type: ignore[attr-defined]
    env.unwrapped.game.last_action = 5  # type: ignore[attr-defined]
    env.reset(seed=0)
    assert env.unwrapped.game.last_action == 0  # type: ignore[attr-defined]
    assert make_env("MinAtar/Asterix-v0").unwrapped.game.env.ramping is True  # type: ignore[attr-defined]


def test_atari() -> None:
    env = make_env("ALE/Breakout-v5", env_kwargs={"repeat_action_probability": 0.25})
    assert env.observation_space == spaces.Box(0, 255, (4, 84, 84), np.uint8)
    game = env.unwrapped.ale  # type: ignore[attr-defined]
    assert game.getFloat("repeat_action_probability") == 0.25
    obs, _ = env.reset(seed=0)
    before = game.getEpisodeFrameNumber()
    assert 1 <= before <= 30  # of doing nothing
    assert obs[:3].max() == 0
    for count in (1, 2, 3):
        last, (obs, *_) = obs, env.step(2)
        assert game.getEpisodeFrameNumber() == before + 4 * count
        assert (obs[:3] == last[1:]).all()
    env = make_env("ALE/Breakout-v5", env_kwargs={"frameskip": 2})
    env.reset(seed=0)
    before = env.unwrapped.ale.getEpisodeFrameNumber()  # type: ignore[attr-defined]
    env.step(0)
    assert env.unwrapped.ale.getEpisodeFrameNumber() == before + 2  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("game", "steps", "fire"),
    [("Breakout", 400, False), ("SpaceInvaders", 120, False), ("Breakout", 60, True)],
)
def test_native_atari_is_the_same_game(game: str, steps: int, fire: bool) -> None:
    """Where nothing is random, every pixel and reward, from the first to the true last observation."""
    env_id, certain = f"ALE/{game}-v5", {"repeat_action_probability": 0.0}
    kwargs = {**certain, "noop_max": 0}
    native = make_environments(env_id, 2, 0, vectorization="native", env_kwargs=kwargs, fire_on_reset=fire)
    alone = make_env(env_id, env_kwargs=certain, fire_on_reset=fire)
    alone.set_wrapper_attr("noop_max", 0)
    first, _ = alone.reset(seed=0)
    assert (native.reset()[0] == first).all()
    assert native.state() is None
    rewards, ends, draw = set(), 0, np.random.default_rng(0)
    for _ in range(steps):
        action = int(draw.integers(4))
        step = native.step(np.full(2, action))
        expected, reward, terminated, truncated, _ = alone.step(action)
        assert step.reward.dtype == np.float64
        assert (step.next_obs[0] == expected).all()
        assert (step.reward[0], step.terminated[0], step.truncated[0]) == (reward, terminated, truncated)
        rewards.add(float(reward))
        if terminated:
            ends += 1
            expected, _ = alone.reset(seed=0)
        assert (step.obs[0] == expected).all()
    native.close()
    # Breakout's games are short, and Space Invaders' rewards are large: they would be clipped.
    if not fire:
        assert ends > 0 if game == "Breakout" else max(rewards) > 1


def test_fire_makes_a_game_begin_that_waits_for_it() -> None:
    certain = {"repeat_action_probability": 0.0}
    for fire in (False, True):
        with closing(make_env("ALE/Breakout-v5", env_kwargs=certain, fire_on_reset=fire)) as env:
            env.reset(seed=0)
            frames = [env.step(0)[0][-1] for _ in range(30)]
            stands_still = all((frame == frames[0]).all() for frame in frames)
            assert stands_still is not fire
    with closing(make_env("ALE/Freeway-v5", fire_on_reset=True)) as env:
        assert "FIRE" not in env.unwrapped.get_action_meanings()  # type: ignore[attr-defined]
        env.reset(seed=0)
    for vectorization in ("sync", "native"):
        with pytest.raises(
            UsageError, match=r"^fire_on_reset: got True for CartPole-v1, expected an Atari ga"
        ):
            make_environments("CartPole-v1", 1, 0, vectorization=vectorization, fire_on_reset=True)  # type: ignore[arg-type]


def test_action_mask() -> None:
    environments = make_environments(TAXI, 3, 0, action_mask=True)
    taxi = environments.observation_space
    assert taxi == spaces.Dict({"obs": spaces.Discrete(500), "action_mask": spaces.MultiBinary(6)})
    table = make_env(TAXI).unwrapped
    obs = environments.reset()
    seen = set()
    for step in play(environments, Drawer(environments, 0), 100):
        assert (obs["obs"].shape, obs["action_mask"].shape) == ((3,), (3, 6))
        assert obs["action_mask"].dtype == np.int8
        for place, mask in zip(obs["obs"].tolist(), obs["action_mask"], strict=True):
            assert mask.tolist() == table.action_mask(place).tolist()  # type: ignore[attr-defined]
            seen.add(tuple(mask.tolist()))
        obs = step.obs
    assert len(seen) > 3


@pytest.mark.parametrize("vectorization", ["sync", "async"])
def test_no_action_mask_to_use(vectorization: Any) -> None:
    with pytest.raises(UsageError, match=r"info\['action_mask'\]: got none beside the keys \[\],"):
        make_environments("CartPole-v1", 2, 0, vectorization=vectorization, action_mask=True)


def test_environments_know_no_agent_and_no_training() -> None:
    known = "[name for name in sys.modules if name.startswith(('dqn_fast.agent', 'dqn_fast.training'))]"
    code = f"import sys, dqn_fast.envs; print({known})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
