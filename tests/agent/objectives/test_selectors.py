"""Which network picks the next action."""

from __future__ import annotations

from typing import Any, NoReturn

import pytest
import torch
from gymnasium import spaces
from torch import Tensor

from dqn_fast.agent import QNetwork, Selector, make_q_net, online_selector, target_selector

BOX, ACTIONS = spaces.Box(-1, 1, (3,)), spaces.Discrete(4)
ALL = torch.ones(50, dtype=torch.bool)


class Unasked:
    """A network that must not be asked."""

    def __call__(self, obs: Any) -> NoReturn:
        pytest.fail("asked")

    def at(self, obs: Any, action: Tensor) -> NoReturn:
        pytest.fail("asked")

    def best_action(self, obs: Any, needed: Tensor) -> NoReturn:
        pytest.fail("asked")

    def reduced(self, obs: Any, reduce: Any) -> NoReturn:
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
    outputs = target_net(next_obs)
    own = target_selector(Unasked(), target_net, next_obs, ALL)
    assert torch.equal(own.action, outputs.argmin(1))
    assert torch.equal(own.outputs, outputs)
    assert torch.equal(own.value, -outputs.amin(1))
    online = online_selector(q_net, target_net, next_obs, ALL)
    assert torch.equal(online.action, q_net(next_obs).argmin(1))
    assert torch.equal(online.outputs, outputs)
    assert torch.equal(online.value, -outputs[torch.arange(50), online.action])
    assert (online.action != own.action).any()


class Tied:
    """A network of one row in which two actions are worth the same."""

    def __call__(self, obs: Any) -> Tensor:
        return torch.tensor([[1.0, 3.0, 3.0]])

    def at(self, obs: Any, action: Tensor) -> Tensor:
        return self(obs)

    reduced = QNetwork.reduced
    best_action = QNetwork.best_action

    def values(self, outputs: Tensor) -> Tensor:
        return outputs


@pytest.mark.parametrize("selector", [target_selector, online_selector])
def test_equal_values_pick_the_first_action(selector: Selector) -> None:
    assert selector(Tied(), Tied(), None, ALL[:1]).action.tolist() == [1]
