"""Our buffer and SB3's own of the same kind, and random steps for them."""

from __future__ import annotations

from typing import Any

import numpy as np
from dropin.sb3.streams import ACTIONS, OBSERVATIONS, Streams
from stable_baselines3.common import buffers

from dqn_fast.dropin.sb3 import ReplayBuffer

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


def fill(buffer: buffers.ReplayBuffer, steps: int, seed: int = 0) -> Streams:
    rng = np.random.default_rng(seed)
    streams = Streams(buffer.observation_space, buffer.action_space, buffer.n_envs, rng)
    for step in streams.steps(steps):
        buffer.add(*step)
    return streams
