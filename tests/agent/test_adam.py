"""Adam against PyTorch's class."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from dqn_fast.agent import Adam, FlatParameters


def net() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(5, 40), nn.ReLU(), nn.Linear(40, 2))


def fill(gradient: torch.Tensor, step: int) -> None:
    gradient.normal_(generator=torch.Generator().manual_seed(step))


@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_it_is_pytorchs_bit_for_bit(eps: float) -> None:
    ours, theirs = FlatParameters(net()), FlatParameters(net())
    adam, reference = Adam(ours, eps=eps), torch.optim.Adam([theirs.vector], eps=eps, fused=True)
    for step in range(20):
        reference.param_groups[0]["lr"] = rate = 0.1 / (step + 1)
        for parameters in (ours, theirs):
            fill(parameters.gradient, step)
        adam.step(rate)
        reference.step()
        assert torch.equal(ours.vector, theirs.vector)


def test_a_saved_one_goes_on_bit_for_bit() -> None:
    parameters, others = FlatParameters(net()), FlatParameters(net())
    first, second = Adam(parameters), Adam(others)
    for step in range(5):
        fill(parameters.gradient, step)
        first.step(0.1)
    saved = copy.deepcopy(first.state_dict())
    with torch.no_grad():
        others.vector.copy_(parameters.vector)
    second.load_state_dict(saved)
    for adam, going_on in ((first, parameters), (second, others)):
        fill(going_on.gradient, 9)
        adam.step(0.1)
    assert torch.equal(parameters.vector, others.vector)
    assert saved["steps"] == 5
