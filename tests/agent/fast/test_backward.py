"""The backward pass through networks, against autograd."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch import nn

from dqn_fast.agent import FlatParameters, ImplicitValues, QNetwork, Scalar, make_q_net
from dqn_fast.agent.fast.backward import ByAutograd, ByLayers, Differentiable, make_differentiable
from dqn_fast.agent.fast.backward_dense import DenseStack
from dqn_fast.agent.networks.encoders import FlattenEncoder
from dqn_fast.agent.networks.layers import make_mlp

ACTIONS = spaces.Discrete(3)
SPACES = {
    "numbers": spaces.Box(-1, 1, (5,)),
    "many numbers": spaces.Box(-1, 1, (40,)),
    "states": spaces.Discrete(4),
    "image": spaces.Box(0, 255, (10, 10, 2), np.uint8),
    "dict": spaces.Dict({"image": spaces.Box(0, 1, (6, 6, 1), np.uint8), "x": spaces.Box(-1, 1, (2,))}),
    "masked": spaces.Dict({"x": spaces.Box(-1, 1, (2,)), "action_mask": spaces.MultiBinary(3)}),
}


def samples(space: spaces.Space[Any], rows: int) -> Any:
    if isinstance(space, spaces.Dict):
        return {key: samples(part, rows) for key, part in space.items()}
    space.seed(1)
    return torch.from_numpy(np.stack([space.sample() for _ in range(rows)]))


def network(
    space: spaces.Space[Any], hidden: tuple[int, ...] = (16, 8), *, dueling: bool = False, heads: bool = False
) -> QNetwork:
    generator = torch.Generator().manual_seed(0)
    representation = ImplicitValues(1.0) if heads else Scalar()
    return make_q_net(space, ACTIONS, hidden, generator, dueling=dueling, representation=representation)


@pytest.mark.parametrize("name", SPACES)
@pytest.mark.parametrize("kind", ["plain", "dueling", "heads"])
@pytest.mark.parametrize("hidden", [(), (16,), (16, 8)])
def test_outputs_and_gradients_are_those_of_autograd(name: str, kind: str, hidden: tuple[int, ...]) -> None:
    net = network(SPACES[name], hidden, dueling=kind == "dueling", heads=kind == "heads")
    plain = copy.deepcopy(net)
    flat = FlatParameters(net)
    flat.gradient.fill_(0.5)  # which is added to
    obs, generator = samples(SPACES[name], 7), torch.Generator().manual_seed(2)
    gradient = torch.randn(7, 10 if kind == "heads" else 3, generator=generator)
    given = gradient.clone()
    differentiable = make_differentiable(net)
    assert type(differentiable) is (ByAutograd if name == "masked" else ByLayers)
    by_hand = name in ("numbers", "many numbers", "states")
    assert differentiable.off is (torch.inference_mode if by_hand else torch.no_grad)

    with differentiable.off():
        outputs, backward = differentiable.trace(obs)
        backward(gradient)
        same = differentiable(obs)

    expected = plain(obs)
    expected.backward(given)
    assert not outputs.requires_grad
    assert torch.equal(gradient, given)
    torch.testing.assert_close(outputs, expected.detach())
    torch.testing.assert_close(same, expected.detach())
    for parameter, other in zip(net.parameters(), plain.parameters(), strict=True):
        assert parameter.grad is not None
        assert other.grad is not None
        torch.testing.assert_close(parameter.grad - 0.5, other.grad, rtol=1e-4, atol=1e-6)


def test_changes_of_parameters_in_place_are_seen() -> None:
    net = network(SPACES["numbers"])
    flat = FlatParameters(net)
    differentiable = make_differentiable(net)
    obs = samples(SPACES["numbers"], 3)
    with torch.no_grad():
        flat.vector.mul_(0.5)
        torch.testing.assert_close(differentiable(obs), net(obs))
        assert torch.equal(differentiable.trace(obs)[0], differentiable(obs))


class Doubled(nn.Linear):
    """A layer that computes something else than its base class."""

    def forward(self, features: torch.Tensor) -> torch.Tensor:
        return 2 * super().forward(features)


def test_other_modules_are_left_to_autograd() -> None:
    body = nn.Sequential(Doubled(5, 4), nn.Tanh())
    net = QNetwork(FlattenEncoder(5), body, nn.Linear(4, 3), 3)
    FlatParameters(net)
    differentiable = make_differentiable(net)
    assert type(differentiable) is ByAutograd
    obs = samples(SPACES["numbers"], 6)
    with torch.no_grad():
        outputs, backward = differentiable.trace(obs)
        torch.testing.assert_close(outputs, net(obs))
        backward(torch.ones(6, 3))
    bias = net.head.bias.grad
    assert isinstance(bias, torch.Tensor)
    assert bias.tolist() == [6.0, 6.0, 6.0]


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize("dueling", [False, True])
@pytest.mark.parametrize("which", [0, 1, -2])
def test_frozen_parameters_get_no_gradient(which: int, dueling: bool, early: bool) -> None:
    net = network(SPACES["numbers"], dueling=dueling)
    frozen, _ = list(net.named_parameters())[which]
    if early:
        net.get_parameter(frozen).requires_grad_(False)
    FlatParameters(net)
    differentiable = make_differentiable(net)
    assert type(differentiable) is ByLayers
    net.get_parameter(frozen).requires_grad_(False)
    compare_with_autograd(net, differentiable, samples(SPACES["numbers"], 6))


def test_an_encoder_that_does_not_learn_needs_no_gradient() -> None:
    net = network(SPACES["image"])
    net.encoder.requires_grad_(False)  # type: ignore[attr-defined]
    FlatParameters(net)
    compare_with_autograd(net, make_differentiable(net), samples(SPACES["image"], 6))


def compare_with_autograd(net: QNetwork, differentiable: Differentiable, obs: Any) -> None:
    """Compare the gradients of the sum of all outputs; a parameter that does not learn has none."""
    with differentiable.off():
        outputs, backward = differentiable.trace(obs)
        backward(torch.ones_like(outputs))
    plain = copy.deepcopy(net)
    plain.zero_grad()
    plain(obs).sum().backward()
    for parameter, expected in zip(net.parameters(), plain.parameters(), strict=True):
        if parameter.requires_grad:
            torch.testing.assert_close(parameter.grad, expected.grad)
        else:
            assert parameter.grad is None or not parameter.grad.any()


@pytest.mark.parametrize("module", ["", "encoder", "body", "body.1", "head"])
def test_hooks_are_left_to_autograd(module: str) -> None:
    net = network(SPACES["numbers"])
    net.get_submodule(module).register_forward_hook(lambda module, inputs, outputs: outputs * 2)
    assert type(make_differentiable(net)) is ByAutograd


def test_without_gradients_to_add_to() -> None:
    stack = DenseStack(make_mlp([2, 2], torch.Generator()))
    with torch.no_grad():
        outputs, backward = stack.trace(torch.ones(1, 2))
        with pytest.raises(
            RuntimeError, match=r"^parameter.grad: got None, expected FlatParameters of the network$"
        ):
            backward(outputs)
