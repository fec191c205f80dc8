"""CartPole, a small Q-network, and the loop of an article on DQN. Tests bring buffer and update."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import gymnasium as gym
import numpy as np
import torch
from torch import nn

GAMMA = 0.98
BATCH = 64
RANDOM_RETURN = 22.0  # mean return of random actions


def q_network() -> nn.Module:
    """Seed every generator that buffers and loop draw from, and return a network."""
    torch.manual_seed(0)
    random.seed(1)
    np.random.seed(1)  # noqa: NPY002
    return nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, 2))


def play(
    network: nn.Module,
    remember: Callable[[Any, int, float, Any, bool, bool], None],
    learn: Callable[[], None],
    steps: int = 3_000,
) -> float:
    """Train for some environment steps; return the mean return of the last ten episodes."""
    torch.set_num_threads(1)
    env = gym.make("CartPole-v1")
    state, _ = env.reset(seed=1)
    returns, total = [], 0.0
    for step in range(steps):
        if random.random() < max(0.05, 1 - step / 1_500):
            action = random.randrange(2)
        else:
            with torch.no_grad():
                action = int(network(torch.as_tensor(state)[None]).argmax())
        next_state, reward, terminated, truncated, _ = env.step(action)
        remember(state, action, float(reward), next_state, terminated, truncated)
        total += float(reward)
        if step >= 500 and step % 2 == 0:
            learn()
        state = next_state
        if terminated or truncated:
            returns.append(total)
            total = 0.0
            state, _ = env.reset()
    env.close()
    return float(np.mean(returns[-10:]))


class Learner:
    """Makes gradient steps of DQN, each on five tensors of B rows."""

    def __init__(self, network: nn.Module) -> None:
        self.network = network
        self.target = q_network()
        self.optimizer = torch.optim.Adam(network.parameters(), lr=1e-3)
        self.updates = 0

    def __call__(self, states: Any, actions: Any, rewards: Any, next_states: Any, dones: Any) -> Any:
        if self.updates % 100 == 0:
            self.target.load_state_dict(self.network.state_dict())
        self.updates += 1
        with torch.no_grad():
            bootstrap = self.target(next_states).max(1).values
            target = rewards + GAMMA * bootstrap * (1 - dones)
        error = self.network(states).gather(1, actions.reshape(-1, 1)).squeeze(1) - target
        loss = nn.functional.smooth_l1_loss(error, torch.zeros_like(error))
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return error.detach().abs()
