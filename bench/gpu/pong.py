"""Pong against the clock: 32 games at once by ale-py's own vector environment, and our learner."""

from __future__ import annotations

import math
import time
from collections import deque
from collections.abc import Callable, Iterator
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from workload import ACTIONS, SHAPE, make_agent

from dqn_fast import PrioritizedReplayBuffer
from dqn_fast.agent import EpsilonGreedy, HandOff, LinearSchedule, PrioritizedBatches, make_policy

_EPSILON = LinearSchedule(1.0, 0.01, 100_000)
_BETA = LinearSchedule(0.4, 1.0, 1_000_000)


class Point(NamedTuple):
    """Where the training is.

    Attributes:
        return_mean: of the latest 20 episodes, which explore; None before the first one ends.
    """

    seconds: float
    steps: int
    updates: int
    return_mean: float | None


def is_installed() -> bool:
    try:
        import ale_py  # noqa: F401
        import gymnasium.vector  # noqa: F401
    except ImportError:
        return False
    return True


def play(
    device: torch.device,
    hidden: int,
    seconds: float,
    *,
    num_envs: int = 32,
    batch_size: int = 256,
    capacity: int = 200_000,
    learning_starts: int = 10_000,
    updates: int = 8,
    every: float = 10.0,
    most_steps: float = math.inf,
) -> Iterator[Point]:
    """Train for so many seconds, or steps; give a point every few of them, and at the end.

    One batch for every 4 steps: with 32 environments 8 updates a round, as the preset pong-gpu.
    """
    from ale_py import AtariVectorEnv
    from gymnasium.vector import AutoresetMode

    games = AtariVectorEnv(
        "pong",
        num_envs,
        repeat_action_probability=0.25,
        autoreset_mode=AutoresetMode.SAME_STEP,
        use_fire_reset=False,
    )
    agent = make_agent(device, hidden, graph=True)
    exploration = EpsilonGreedy(_EPSILON, ACTIONS, np.random.default_rng(0), num_envs=num_envs)
    policy = make_policy(agent.q_net, exploration, num_envs)
    buffer = PrioritizedReplayBuffer(
        capacity,
        spaces.Box(0, 255, SHAPE, np.uint8),
        spaces.Discrete(ACTIONS),
        num_envs=num_envs,
        frame_stack=4,
        n_step=5,
        autoreset="same_step",
        seed=0,
    )
    hand_off = HandOff(PrioritizedBatches(buffer, batch_size, _BETA), device, 2)
    unread: deque[tuple[Any, Callable[[], Any]]] = deque()
    returns, running = deque[float](maxlen=20), np.zeros(num_envs)
    obs, _ = games.reset(seed=0)
    begin, step, told = time.perf_counter(), 0, 0.0
    while (now := time.perf_counter() - begin) < seconds and step < most_steps:
        action = policy.act(obs, step)
        next_obs, reward, terminated, truncated, infos = games.step(action)
        hand_off.settle()
        finals = {"final_obs": infos["final_obs"]} if "final_obs" in infos else {}
        clipped = np.clip(reward, -1, 1).astype(np.float32)
        buffer.add(obs, action, clipped, next_obs, terminated, truncated, **finals)
        obs, step = next_obs, step + num_envs
        running += reward
        for env in np.flatnonzero(terminated | truncated):
            returns.append(float(running[env]))
            running[env] = 0
        if step >= learning_starts:
            for batch in hand_off.batches(step, updates):
                unread.append((batch, agent.begin(batch, step)))
                if len(unread) > 1:
                    earlier, result = unread.popleft()
                    hand_off.update_priorities(earlier, result().td_error)
        if now - told >= every:
            told = now
            yield Point(now, step, agent.updates, fmean(returns) if returns else None)
    yield Point(time.perf_counter() - begin, step, agent.updates, fmean(returns) if returns else None)
    games.close()
