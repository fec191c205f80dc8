"""Modules without a fast counterpart are refused by name."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from dqn_fast.agent.fast.known_modules import UnknownModuleError, linear_layers, require_no_hooks
from dqn_fast.agent.networks.layers import make_mlp


def test_linear_layers_and_whether_relu_is_behind_them() -> None:
    mlp = make_mlp([3, 4, 2], torch.Generator())
    assert list(linear_layers(mlp)) == [(mlp[0], True), (mlp[2], False)]
    assert list(linear_layers(mlp[0])) == [(mlp[0], False)]
    assert list(linear_layers(nn.Sequential())) == []


@pytest.mark.parametrize(
    "module",
    [
        nn.Tanh(),
        nn.ReLU(),
        nn.Sequential(nn.ReLU(), nn.Linear(2, 2)),
        nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.ReLU()),
        nn.Sequential(nn.Linear(2, 2, bias=False)),
        nn.Sequential(nn.Sequential(nn.Linear(2, 2))),
    ],
)
def test_unknown_layers(module: nn.Module) -> None:
    with pytest.raises(UnknownModuleError, match=r"^module: got .*, expected Linear with a bias, or"):
        list(linear_layers(module))


def test_hooks_anywhere() -> None:
    mlp = make_mlp([3, 4, 2], torch.Generator())
    require_no_hooks(mlp)
    mlp[1].register_full_backward_hook(lambda module, inputs, outputs: None)
    with pytest.raises(UnknownModuleError, match=r"^1: got hooks, expected none$"):
        require_no_hooks(mlp)
