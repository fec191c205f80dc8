"""One vector for all parameters gives the same network and the same learning."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from functools import partial

import pytest
import torch
from torch import nn

from dqn_fast.agent import Adam, FlatParameters, Optimizer, RMSProp
from dqn_fast.agent.optimizers.parameters import shorten
from dqn_fast.errors import UsageError


def net(seed: int = 0) -> nn.Sequential:
    torch.manual_seed(seed)
    return nn.Sequential(nn.Conv2d(2, 3, 2), nn.Flatten(), nn.Linear(12, 5), nn.ReLU(), nn.Linear(5, 2))


def test_the_parameters_are_views_of_the_vector_and_keep_names_and_values() -> None:
    network = nn.Sequential(net(), nn.BatchNorm1d(2))
    before = copy.deepcopy(network.state_dict())
    flat = FlatParameters(network)
    assert list(network.state_dict()) == list(before)
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert flat.vector.numel() == sum(parameter.numel() for parameter in network.parameters())
    with torch.no_grad():
        flat.vector.fill_(2.0)
    assert all((parameter == 2.0).all() for parameter in network.parameters())
    assert len(flat.buffers) == 2  # running mean and variance; not the whole number of batches


def test_it_learns_what_the_network_learns_with_an_optimiser_of_many_parameters() -> None:
    plain = net()
    flattened = copy.deepcopy(plain)
    flat = FlatParameters(flattened)
    optimizers = [
        torch.optim.Adam(plain.parameters(), 1e-2, fused=True),
        torch.optim.Adam([flat.vector], 1e-2, fused=True),
    ]
    for step in range(20):
        inputs = torch.randn(8, 2, 3, 3, generator=torch.Generator().manual_seed(step))
        optimizers[0].zero_grad()
        flat.gradient.zero_()
        for network, optimizer in zip((plain, flattened), optimizers, strict=True):
            network(inputs).square().mean().backward()
            optimizer.step()
    for one, two in zip(plain.parameters(), flattened.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("max_norm", [0.5, 5.0, 50.0, math.inf])
def test_shorten_is_pytorchs_clip(max_norm: float) -> None:
    parameter = nn.Parameter(torch.zeros(4))
    parameter.grad = torch.tensor([3.0, -4.0, 0.0, 12.0])
    gradient = parameter.grad.clone()
    shorten(gradient, max_norm)
    torch.nn.utils.clip_grad_norm_([parameter], max_norm)
    torch.testing.assert_close(gradient, parameter.grad)
    assert gradient.norm().item() == pytest.approx(min(13.0, max_norm), rel=1e-5)


def test_what_does_not_learn_is_left_alone() -> None:
    network = net()
    network[0].requires_grad_(False)
    before, places = copy.deepcopy(network.state_dict()), [one.data_ptr() for one in network[0].parameters()]
    flat = FlatParameters(network)
    assert flat.vector.numel() == 12 * 5 + 5 + 5 * 2 + 2
    assert [one.data_ptr() for one in network[0].parameters()] == places
    with torch.no_grad():
        flat.vector.add_(1.0)
    moved = {name for name, value in network.state_dict().items() if not torch.equal(value, before[name])}
    assert moved == {name for name in before if not name.startswith("0.")}
    assert all(one.grad is None for one in network[0].parameters())


def test_moments_of_other_weights_are_refused() -> None:
    few, many = (nn.Linear(3, rows) for rows in (1, 2))
    for kind in (Adam, RMSProp):
        learned = FlatParameters(many)
        optimizer = kind(learned)
        learned.gradient.fill_(1.0)
        optimizer.step(0.1)
        with pytest.raises(UsageError, match=r"^optimizer: got moments of 8 weights, expected 4$"):
            kind(FlatParameters(few)).load_state_dict(optimizer.state_dict())


@pytest.mark.parametrize("kind", [Adam, partial(RMSProp, momentum=0.9)])
def test_moments_of_all_weights_go_on_for_those_that_learn(kind: Callable[..., Optimizer]) -> None:
    """A checkpoint of before has moments of weights that do not learn, too: they never moved."""
    networks, gradients = [net(), net()], torch.randn(3, 12 * 5 + 5 + 5 * 2 + 2)
    for one in networks[1:]:
        one[0].requires_grad_(False)
    flats = [FlatParameters(one) for one in networks]
    behind = len(flats[0].vector) - len(flats[1].vector)
    optimizers = [kind(flat) for flat in flats]
    for step, gradient in enumerate(gradients):
        if step == 2:
            optimizers[1] = kind(flats[1])
            optimizers[1].load_state_dict(optimizers[0].state_dict())
        for flat, optimizer in zip(flats, optimizers, strict=True):
            flat.gradient.zero_()
            flat.gradient[-len(gradient) :] = gradient
            optimizer.step(0.01)
    assert torch.equal(flats[0].vector[behind:], flats[1].vector)


def test_a_network_without_parameters_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"^net: got a Flatten, expected parameters in it that learn$"):
        FlatParameters(nn.Flatten())
