"""How long it takes to choose actions: on the device, or on the CPU by a copy of the weights."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import torch
from gymnasium import spaces
from workload import ACTIONS, SHAPE, make_net

from dqn_fast.agent import (
    CopyPolicy,
    FlatParameters,
    NoExploration,
    Policy,
    QNetwork,
    core_rows,
    make_policy,
    make_q_net,
)

SHARE = 1 / 8  # of the time of a line of the other table
_WARM_UP = 3  # actions


class Acting(NamedTuple):
    """What an action of so many environments takes, in microseconds.

    Attributes:
        network: in words.
        environments: that act at once.
        there: on the device.
        here: by the copy, while the weights stay.
        after_update: by the copy, after an update: the weights are copied first.
        auto: what `act_on="auto"` takes.
    """

    network: str
    environments: int
    there: float
    here: float
    after_update: float
    auto: str


def compare(device: torch.device, hidden: int, environments: Sequence[int], seconds: float) -> list[Acting]:
    """Time both ways with DQN's network on stacks of images, and with a small dense one on vectors."""
    generator = np.random.default_rng(0)
    box = spaces.Box(-1, 1, (8,), np.float32)
    dense = make_q_net(box, spaces.Discrete(ACTIONS), (128, 128), torch.Generator().manual_seed(0))
    images = generator.integers(0, 256, (max(environments), *SHAPE), np.uint8)
    vectors = generator.standard_normal((max(environments), 8)).astype(np.float32)
    found = []
    for name, q_net, obs in (("convolutions", make_net(hidden), images), ("dense", dense, vectors)):
        most = core_rows(q_net)
        q_net.to(device)
        found += [
            _compare(name, q_net, obs[:rows], seconds, "cpu" if rows <= most else "device")
            for rows in environments
        ]
    return found


def _compare(name: str, q_net: QNetwork, obs: Any, seconds: float, auto: str) -> Acting:
    make = partial(make_policy, exploration=NoExploration(), num_envs=len(obs))
    copied = CopyPolicy(q_net, FlatParameters(q_net), make)

    def after_update() -> None:
        q_net.version += 1
        copied.act(obs, 0)

    there, here = (partial(_act, policy, obs) for policy in (make(q_net), copied))
    first, second, third = (_microseconds(way, seconds) for way in (there, here, after_update))
    return Acting(name, len(obs), first, second, third, auto)


def _act(policy: Policy, obs: Any) -> None:
    policy.act(obs, 0)


def _microseconds(once: Any, seconds: float) -> float:
    """Return the median time of a call; actions are on the CPU when it returns, so that nothing is left."""
    for _ in range(_WARM_UP):
        once()
    times: list[float] = []
    begin = time.perf_counter()
    while not times or time.perf_counter() - begin < seconds:
        before = time.perf_counter()
        once()
        times.append(time.perf_counter() - before)
    return 1e6 * float(np.median(times))
