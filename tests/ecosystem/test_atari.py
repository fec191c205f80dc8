"""Real Atari games through Gymnasium's own wrappers. Every batch equals a full copy that the test keeps.

`DQN_FAST_ATARI_STEPS` sets the number of steps; with 100,000, `-k bytes -s` prints the published bytes.
"""

from __future__ import annotations

import os
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import ale_py
import gymnasium as gym
import numpy as np
import pytest
from gymnasium.vector import AutoresetMode, SyncVectorEnv
from gymnasium.wrappers import AtariPreprocessing, FrameStackObservation

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

STEPS = int(os.environ.get("DQN_FAST_ATARI_STEPS", "800"))
CAPACITY = max(STEPS // 2, 500)


@pytest.fixture(autouse=True)
def games() -> None:
    gym.register_envs(ale_py)


def make_env(game: str) -> gym.Env[Any, Any]:
    env = gym.make(
        f"ALE/{game}-v5", frameskip=1, full_action_space=True, max_num_frames_per_episode=1_600
    )  # truncates often
    return FrameStackObservation(AtariPreprocessing(env, noop_max=5), 4)


def rows_equal(batch: Any, row: int, true: tuple[Any, ...]) -> None:
    obs, reward, next_obs, terminated, truncated = true
    np.testing.assert_array_equal(batch.obs[row], obs)
    np.testing.assert_array_equal(batch.next_obs[row], next_obs)
    assert (batch.reward[row], batch.terminated[row], batch.truncated[row]) == (reward, terminated, truncated)
    assert batch.discount[row] == (0 if terminated else np.float32(0.99))


@pytest.mark.parametrize("game", ["Pong", "Breakout"])
def test_one_environment(game: str):
    env = make_env(game)
    env.action_space.seed(0)
    buffer = ReplayBuffer(CAPACITY, env.observation_space, env.action_space, frame_stack=4, seed=0)
    true = []
    obs, _ = env.reset(seed=0)
    for step in range(STEPS):
        action = env.action_space.sample()
        next_obs, reward, terminated, truncated, _ = env.step(action)
        buffer.add(obs, action, reward, next_obs, terminated, truncated)
        true.append((obs, reward, next_obs, terminated, truncated))
        obs = env.reset()[0] if terminated or truncated else next_obs
        if step % 50 == 49:
            batch = buffer.sample(8)
            # Indices come in the order of time: the newest transition has the last one.
            order = {index: len(true) - len(buffer) + i for i, index in enumerate(buffer.indices().tolist())}
            for row, index in enumerate(batch.indices):
                rows_equal(batch, row, true[order[int(index)]])
    assert len(buffer) == min(STEPS, CAPACITY)
    assert buffer.stats()["evicted_early"] == 0
    assert buffer.is_valid()


@pytest.mark.parametrize("mode", [AutoresetMode.NEXT_STEP, AutoresetMode.SAME_STEP])
def test_a_vector_of_environments(mode: AutoresetMode):
    """A wrapper around each environment logs what really happened."""
    logs: list[list[tuple[Any, ...]]] = [[], [], []]

    class Log(gym.Wrapper[Any, Any, Any, Any]):
        def __init__(self, env: gym.Env[Any, Any], log: list[tuple[Any, ...]]) -> None:
            super().__init__(env)
            self.log, self.obs = log, None

        def reset(self, **options: Any) -> Any:
            self.obs, info = self.env.reset(**options)
            return self.obs, info

        def step(self, action: Any) -> Any:
            next_obs, reward, terminated, truncated, info = self.env.step(action)
            self.log.append((self.obs, reward, next_obs, terminated, truncated))
            self.obs = next_obs
            return next_obs, reward, terminated, truncated, info

    def make_logged(game: str, log: list[tuple[Any, ...]]) -> gym.Env[Any, Any]:
        return Log(make_env(game), log)

    games = ["Pong", "Breakout", "Pong"]
    makers = [partial(make_logged, game, log) for game, log in zip(games, logs, strict=True)]
    envs = SyncVectorEnv(makers, autoreset_mode=mode)
    envs.action_space.seed(0)
    buffer = PrioritizedReplayBuffer(
        3 * STEPS,
        envs.single_observation_space,
        envs.single_action_space,
        num_envs=3,
        frame_stack=4,
        autoreset={AutoresetMode.NEXT_STEP: "next_step", AutoresetMode.SAME_STEP: "same_step"}[mode],
        seed=0,
    )
    obs, _ = envs.reset(seed=0)
    for _ in range(STEPS):
        action = envs.action_space.sample()
        next_obs, reward, terminated, truncated, infos = envs.step(action)
        final = {}
        if mode == AutoresetMode.SAME_STEP:
            final = {"final_obs": infos.get("final_obs"), "final_mask": infos.get("_final_obs")}
        buffer.add(obs, action, reward, next_obs, terminated, truncated, **final)
        obs = next_obs
    everything = buffer.transitions()
    assert len(everything.indices) == sum(map(len, logs)), "nothing is lost, and nothing invented"
    envs_of = everything.indices % 3
    for env, log in enumerate(logs):
        rows = np.flatnonzero(envs_of == env)
        for row, true in zip(rows, log, strict=True):
            rows_equal(everything, row, true)
    assert sum(terminated or truncated for log in logs for *_, terminated, truncated in log) > 3


MEASURE = """
import sys, ale_py, gymnasium as gym
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from test_atari import make_env
from dqn_fast import ReplayBuffer
def resident():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096
gym.register_envs(ale_py)
steps = int(sys.argv[1])
env = make_env("Pong")
buffer = ReplayBuffer(steps, env.observation_space, env.action_space, frame_stack=4, seed=0)
obs, _ = env.reset(seed=0)
before = None
for step in range(steps + 200):
    next_obs, reward, terminated, truncated, _ = env.step(step % 6)
    buffer.add(obs, step % 6, reward, next_obs, terminated, truncated)
    obs = env.reset()[0] if terminated or truncated else next_obs
    before = resident() if step == 200 else before
print((resident() - before) / steps)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="reads resident memory from /proc")
def test_bytes_per_transition():
    """A transition takes one frame of 84 x 84 bytes, its share of the reserve, and at most 100 bytes more."""
    steps = max(STEPS, 4_000)
    command = [sys.executable, "-c", MEASURE, str(steps), str(Path(__file__).parent)]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    per_transition = float(done.stdout.split()[-1])
    sys.stdout.write(f"{per_transition:,.0f} bytes per transition at {steps:,}\n")
    slack = 2 * 2**21 / steps  # pages come in blocks of 2 MB
    assert per_transition <= 7_056 * (1 + 1 / 32) + 100 + slack
