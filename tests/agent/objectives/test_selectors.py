"""Which network picks the next action."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from dqn_fast.agent import QNetwork, make_q_net, online_selector, target_selector

BOX, ACTIONS = spaces.Box(-1, 1, (3,)), spaces.Discrete(4)


class Unasked:
    """A network that must not be asked."""

    def __call__(self, obs: Any) -> NoReturn:
        pytest.fail("asked")

    def values(self, outputs: Tensor) -> NoReturn:
        pytest.fail("asked")


class Negative:
    """What outputs mean here: the smallest is the best."""

    outputs_per_action = 1

    def values(self, outputs: Tensor) -> Tensor:
        return -outputs


def network(seed: int, representation: Any) -> QNetwork:
    generator = torch.Generator().manual_seed(seed)
    return make_q_net(BOX, ACTIONS, (8,), generator, representation=representation)


@torch.no_grad()
def test_each_asks_its_network_what_its_outputs_are_worth() -> None:
    q_net, target_net = network(0, Negative()), network(1, Negative())
    next_obs = torch.randn(50, 3, generator=torch.Generator().manual_seed(2))
    next_outputs = target_net(next_obs)
    assert torch.equal(target_selector(Unasked(), target_net, next_obs, next_outputs), -next_outputs)
    online = online_selector(q_net, Unasked(), next_obs, next_outputs)
    assert torch.equal(online, -q_net(next_obs))
    assert (online.argmax(1) != (-next_outputs).argmax(1)).any()
