"""Other libraries' buffers, and CleanRL's way to learn; who is not installed is left out."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, NamedTuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from workload import ACTIONS, SHAPE, make_net, steps


class Rows(NamedTuple):
    """A batch on the device."""

    obs: Tensor
    action: Tensor
    reward: Tensor
    next_obs: Tensor
    done: Tensor


#: Draws a batch of so many rows.
Sample = Callable[[int], Rows]


def arrays(capacity: int, device: torch.device) -> Sample:
    """Two arrays of stacks, rows by fancy indexing, and a copy: what CleanRL's and SB3's buffers do."""
    obs, action, reward, next_obs, done = (np.ascontiguousarray(part) for part in steps(capacity))
    generator = np.random.default_rng(0)

    def sample(rows: int) -> Rows:
        at = generator.integers(0, capacity, rows)
        parts = (obs[at], action[at], reward[at], next_obs[at], done[at].astype(np.float32))
        found = (torch.tensor(part, device=device) for part in parts)
        return Rows(next(found), next(found), next(found), next(found), next(found))

    return sample


def sb3(capacity: int, device: torch.device) -> Sample:
    """Stable-Baselines3's `ReplayBuffer`, which CleanRL uses, too."""
    from gymnasium import spaces
    from stable_baselines3.common.buffers import ReplayBuffer

    box = spaces.Box(0, 255, SHAPE, np.uint8)
    buffer = ReplayBuffer(capacity, box, spaces.Discrete(ACTIONS), device, handle_timeout_termination=False)
    obs, action, reward, next_obs, done = steps(capacity)
    for row in range(capacity):
        one = obs[row][None], next_obs[row][None], action[row : row + 1]
        buffer.add(*one, reward[row : row + 1], done[row : row + 1], [{}])

    def sample(rows: int) -> Rows:
        found = buffer.sample(rows)
        flat = (found.actions.flatten(), found.rewards.flatten(), found.next_observations)
        return Rows(found.observations, *flat, found.dones.flatten())

    return sample


def torchrl(capacity: int, device: torch.device) -> Sample:
    """Give torchrl's `ReplayBuffer`, with a storage on the CPU; it pins batches and draws 2 ahead."""
    from tensordict import TensorDict
    from torchrl.data import LazyTensorStorage, ReplayBuffer

    parts = [torch.from_numpy(np.ascontiguousarray(part)) for part in steps(capacity)]
    storage = LazyTensorStorage(capacity)
    ReplayBuffer(storage=storage).extend(TensorDict(dict(zip(Rows._fields, parts, strict=True)), [capacity]))
    buffers: dict[int, Any] = {}  # who draws ahead must know the size of a batch

    def sample(rows: int) -> Rows:
        if rows not in buffers:
            buffers[rows] = ReplayBuffer(
                storage=storage, prefetch=2, pin_memory=device.type == "cuda", batch_size=rows
            )
        found = buffers[rows].sample().to(device)
        obs, action, reward, next_obs, done = (found[name] for name in Rows._fields)
        return Rows(obs, action, reward, next_obs, done.float())

    return sample


#: By name, with the package that each needs.
BUFFERS: dict[str, tuple[Callable[[int, torch.device], Sample], str]] = {
    "NumPy arrays": (arrays, "numpy"),
    "SB3's buffer": (sb3, "stable_baselines3"),
    "torchrl's buffer": (torchrl, "torchrl"),
}


def is_installed(name: str) -> bool:
    return find_spec(BUFFERS[name][1]) is not None


def cleanrl_updates(device: torch.device, hidden: int) -> Callable[[Rows], Any]:
    """Return the update of CleanRL's dqn_atari.py: plain PyTorch, with Adam and the squared error."""
    q_net, target = make_net(hidden).to(device), make_net(hidden).to(device)
    optimizer = torch.optim.Adam(q_net.parameters(), lr=1e-4)
    made = 0

    def update(rows: Rows) -> None:
        nonlocal made
        with torch.no_grad():
            best = target(rows.next_obs).max(1).values
            goal = rows.reward + 0.99 * best * (1 - rows.done)
        q = q_net(rows.obs).gather(1, rows.action.long()[:, None]).squeeze(1)
        loss = functional.mse_loss(goal, q)
        optimizer.zero_grad()
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        made += 1
        if made % 250 == 0:
            _copy(target, q_net)

    return update


def _copy(to: nn.Module, source: nn.Module) -> None:
    for own, given in zip(to.parameters(), source.parameters(), strict=True):
        own.data.copy_(given.data)
