"""What is measured: DQN's network on stacks of 4 frames of 84 x 84, and a memory full of them."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from dqn_fast import ReplayBuffer
from dqn_fast.agent import (
    DQN,
    NATURE,
    Adam,
    FeedForwardPolicy,
    FlatParameters,
    HardTarget,
    ImageEncoder,
    LinearSchedule,
    NoExploration,
    QNetwork,
    TDObjective,
    huber,
    make_q_net,
    target_selector,
)

SHAPE, ACTIONS = (4, 84, 84), 6  # of Pong
_EPISODE = 1_000  # steps
_POOL = 512  # different frames: to make others would take longer than to store them


def make_net(hidden: int, *, bfloat16: bool = False) -> QNetwork:
    """Return DQN's network on the CPU, always with the same weights."""
    q_net = make_q_net(
        spaces.Box(0, 255, SHAPE, np.uint8),
        spaces.Discrete(ACTIONS),
        (hidden,),
        torch.Generator().manual_seed(0),
        convolutions=NATURE,
    )
    for module in q_net.modules():
        if isinstance(module, ImageEncoder):
            module.in_bfloat16 = bfloat16
    return q_net


def make_agent(device: torch.device, hidden: int, *, graph: bool = False, bfloat16: bool = False) -> DQN:
    """Return DQN as in Mnih et al. (2015), with Adam, and a copy of the weights every 250 updates."""
    q_net = make_net(hidden, bfloat16=bfloat16).to(device)
    parameters = FlatParameters(q_net)
    return DQN(
        q_net,
        parameters,
        HardTarget(q_net, parameters, 250),
        Adam(parameters, eps=1.5e-4),
        objective=TDObjective(target_selector, huber),
        policy=FeedForwardPolicy(q_net, NoExploration()),
        learning_rate_schedule=LinearSchedule(1e-4, 1e-4, 1),
        max_grad_norm=10.0,
        repeats=graph,
    )


def steps(count: int, seed: int = 0) -> tuple[np.ndarray[Any, Any], ...]:
    """Return `count` consecutive steps: stacks, actions, rewards, next stacks, and ends of episodes."""
    generator = np.random.default_rng(seed)
    pool = generator.integers(0, 256, (_POOL, *SHAPE[1:]), np.uint8)
    frames = pool[generator.integers(0, _POOL, count + 4)]
    stacks = np.lib.stride_tricks.sliding_window_view(frames, 4, axis=0).transpose(0, 3, 1, 2)
    ends = np.arange(count) % _EPISODE == _EPISODE - 1
    action = generator.integers(0, ACTIONS, count)
    reward = generator.integers(-1, 2, count).astype(np.float32)
    return stacks[:count], action, reward, stacks[1 : count + 1], ends


def full_buffer(capacity: int) -> ReplayBuffer:
    """Return a memory of so many transitions, full; each frame is stored once."""
    buffer = ReplayBuffer(
        capacity, spaces.Box(0, 255, SHAPE, np.uint8), spaces.Discrete(ACTIONS), frame_stack=4, seed=0
    )
    for begin in range(0, capacity, _EPISODE):
        stored = [np.ascontiguousarray(part) for part in steps(min(_EPISODE, capacity - begin), begin)]
        buffer.extend(*stored)
    return buffer
