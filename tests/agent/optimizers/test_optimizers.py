"""Adam against PyTorch's class, and RMSProp against its formulas; both resume from their state."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from dqn_fast.agent import Adam, FlatParameters, RMSProp
from dqn_fast.agent.optimizers.optimizer import Optimizer


def flat(seed: int = 0) -> FlatParameters:
    torch.manual_seed(seed)
    return FlatParameters(nn.Sequential(nn.Linear(5, 40), nn.ReLU(), nn.Linear(40, 2)))


def fill(gradient: torch.Tensor, step: int) -> None:
    gradient.normal_(generator=torch.Generator().manual_seed(step))


@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_adam_is_pytorchs_bit_for_bit(eps: float) -> None:
    ours, theirs = flat(), flat()
    adam, reference = Adam(ours, eps=eps), torch.optim.Adam([theirs.vector], eps=eps, fused=True)
    for step in range(20):
        reference.param_groups[0]["lr"] = rate = 0.1 / (step + 1)
        for parameters in (ours, theirs):
            fill(parameters.gradient, step)
        adam.step(rate)
        reference.step()
        assert torch.equal(ours.vector, theirs.vector)


@pytest.mark.parametrize(("eps", "momentum", "decay"), [(0.01, 0.95, 0.95), (1e-5, 0.0, 0.9)])
def test_rmsprop_is_the_centred_one_with_momentum(eps: float, momentum: float, decay: float) -> None:
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
@pytest.mark.parametrize("make", [Adam, partial(RMSProp, momentum=0.9)], ids=["adam", "rmsprop"])
def test_a_saved_one_goes_on_bit_for_bit(make: Callable[[FlatParameters], Optimizer], steps: int) -> None:
    parameters, others = flat(), flat(1)
    first, second = make(parameters), make(others)
    for step in range(steps):
        fill(parameters.gradient, step)
        first.step(0.1)
    with torch.no_grad():
        others.vector.copy_(parameters.vector)
    second.load_state_dict(copy.deepcopy(first.state_dict()))
    for optimizer, going_on in ((first, parameters), (second, others)):
        fill(going_on.gradient, 9)
        optimizer.step(0.1)
    assert torch.equal(parameters.vector, others.vector)
