"""Modules of a user's own become Q-networks, or are refused in one line."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import nn

from dqn_fast.agent import make_q_net, make_q_values, q_net_of_own
from dqn_fast.agent.networks.action_mask import ILLEGAL

BOX, ACTIONS = spaces.Box(-1, 1, (3,), np.float32), spaces.Discrete(4)
MASKED = spaces.Dict({"place": BOX, "action_mask": spaces.MultiBinary(4)})


class OfDict(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)

    def forward(self, obs: Any) -> Any:
        return self.layer(obs["place"])


class Wrong(nn.Module):
    def __init__(self, wrong: Any) -> None:
        super().__init__()
        self.layer = nn.Linear(3, 4)
        self.wrong = wrong

    def forward(self, obs: Any) -> Any:
        return self.wrong(self.layer(obs))


def test_its_outputs_are_the_values() -> None:
    module = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Linear(8, 4))
    q_net, obs = q_net_of_own(module, BOX, ACTIONS), torch.rand(5, 3)
    assert torch.equal(q_net(obs), module(obs))
    assert torch.equal(q_net.values(q_net(obs)), module(obs))
    assert (make_q_values(q_net)(obs.numpy()) == module(obs).detach().numpy()).all()


def test_a_mask_takes_actions_away() -> None:
    q_net = q_net_of_own(OfDict(), MASKED, ACTIONS)
    obs = {"place": torch.rand(2, 3), "action_mask": torch.tensor([[1, 0, 1, 1], [0, 0, 0, 1]])}
    legal = obs["action_mask"].bool()
    assert ((q_net(obs) == ILLEGAL) == ~legal).all()
    assert torch.equal(q_net(obs)[legal], q_net.encoder(obs)[legal])


def test_a_q_network_stays_what_it_is() -> None:
    q_net = make_q_net(BOX, ACTIONS, (8,), torch.Generator().manual_seed(0))
    assert q_net_of_own(q_net, BOX, ACTIONS) is q_net


def test_it_is_tried_with_observations_of_its_space() -> None:
    space = spaces.Dict({"word": spaces.Discrete(3, start=5), "many": spaces.MultiDiscrete([2, 3])})
    seen: list[Any] = []

    class Seen(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = nn.Linear(2, 4)

        def forward(self, obs: Any) -> Any:
            seen.append(obs)
            return self.layer(obs["many"].float())

    q_net_of_own(Seen(), space, ACTIONS)
    assert seen[0]["word"].shape == (2,)
    assert ((seen[0]["word"] >= 5) & (seen[0]["word"] < 8)).all()
    assert (seen[0]["many"].shape, seen[0]["many"].dtype) == ((2, 2), torch.int64)


@pytest.mark.parametrize(
    ("module", "line"),
    [
        (5, "network: got int, expected a torch.nn.Module"),
        (nn.Linear, "network: got type, expected a torch.nn.Module"),
        (
            nn.Linear(3, 5),
            "outputs: got torch.float32 (2, 5) for 2 observations, expected torch.float32 (2, 4),"
            " a value for each action",
        ),
        (
            Wrong(lambda outputs: outputs.double()),
            "outputs: got torch.float64 (2, 4) for 2 observations, expected torch.float32 (2, 4),"
            " a value for each action",
        ),
        (Wrong(lambda outputs: (outputs, None)), "outputs: got tuple, expected a float32 tensor (2, 4)"),
        (
            Wrong(torch.detach),
            "outputs: got none that depend on a parameter, expected a module that can learn",
        ),
    ],
)
def test_what_gives_no_values_is_refused(module: Any, line: str) -> None:
    with pytest.raises(TypeError) as caught:
        q_net_of_own(module, BOX, ACTIONS)
    assert str(caught.value) == line
