"""RMSProp against its formulas."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from torch import nn

from dqn_fast.agent import FlatParameters, RMSProp


def flat(seed: int = 0) -> FlatParameters:
    torch.manual_seed(seed)
    return FlatParameters(nn.Sequential(nn.Linear(5, 40), nn.ReLU(), nn.Linear(40, 2)))


def fill(gradient: torch.Tensor, step: int) -> None:
    gradient.normal_(generator=torch.Generator().manual_seed(step))


@pytest.mark.parametrize(("eps", "momentum", "decay"), [(0.01, 0.95, 0.95), (1e-5, 0.0, 0.9)])
def test_it_is_the_centred_one_with_momentum(eps: float, momentum: float, decay: float) -> None:
    parameters = flat()
    rmsprop = RMSProp(parameters, eps=eps, momentum=momentum, decay=decay)
    expected = parameters.vector.detach().numpy().astype(np.float64)
    average, square, pace = np.zeros_like(expected), np.zeros_like(expected), np.zeros_like(expected)
    for step in range(30):
        fill(parameters.gradient, step)
        gradient = parameters.gradient.numpy().astype(np.float64)
        average = decay * average + (1 - decay) * gradient
        square = decay * square + (1 - decay) * gradient**2
        pace = momentum * pace + gradient / (np.sqrt(square - average**2) + eps)
        expected -= 0.01 / (step + 1) * pace
        rmsprop.step(0.01 / (step + 1))
    np.testing.assert_allclose(parameters.vector.detach().numpy(), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("steps", [0, 5])
def test_a_saved_one_goes_on_bit_for_bit(steps: int) -> None:
    parameters, others = flat(), flat(1)
    first, second = RMSProp(parameters, momentum=0.9), RMSProp(others, momentum=0.9)
    for step in range(steps):
        fill(parameters.gradient, step)
        first.step(0.1)
    with torch.no_grad():
        others.vector.copy_(parameters.vector)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for rmsprop, going_on in ((first, parameters), (second, others)):
        fill(going_on.gradient, 9)
        rmsprop.step(0.1)
    assert torch.equal(parameters.vector, others.vector)
