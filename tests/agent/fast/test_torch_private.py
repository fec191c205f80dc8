"""PyTorch's private functions and their fallbacks, side by side."""

from __future__ import annotations

import copy
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from typing import Any

import pytest
import torch
from torch import nn

from dqn_fast.agent.fast import torch_private
from dqn_fast.agent.fast.torch_private import (
    AdamState,
    aten_relu_gradient,
    fused_adam,
    guarded_fused_adam,
    guarded_plain_adam,
    may_have_hooks,
    plain_adam,
    plain_relu_gradient,
)


def normal(*shape: int, seed: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def guarded(make: Any) -> Any:
    """Return a maker whose steps take a number, and let one that must change nothing go before each."""

    def made(state: AdamState, *settings: Any) -> Callable[[float], None]:
        step, none, one = make(state, *settings), torch.zeros(()), torch.ones(())

        def both(learning_rate: float) -> None:
            rate = torch.tensor(learning_rate, dtype=torch.float64)
            step(rate, none)
            step(rate, one)

        return both

    return made


ADAMS = [fused_adam, plain_adam, guarded(guarded_fused_adam), guarded(guarded_plain_adam)]


@pytest.mark.parametrize("make", ADAMS)
@pytest.mark.parametrize("eps", [1e-8, 1e-2])
def test_adam_is_pytorchs_up_to_rounding(make: Any, eps: float) -> None:
    """After 300 steps of 0.01 or less: no parameter is further off than 1e-6."""
    ours, theirs = normal(1000, seed=0), nn.Parameter(normal(1000, seed=0))
    gradient = torch.zeros(1000)
    theirs.grad = torch.zeros(1000)
    averages = torch.zeros(1000), torch.zeros(1000)
    step = make(AdamState(ours, gradient, *averages, torch.zeros(())), (0.9, 0.999), eps)
    reference = torch.optim.Adam([theirs], eps=eps, foreach=False)
    for number in range(300):
        reference.param_groups[0]["lr"] = rate = 0.01 * (1 - number / 300)
        gradient.copy_(normal(1000, seed=number))
        theirs.grad.copy_(gradient)
        step(rate)
        reference.step()
    torch.testing.assert_close(ours, theirs.detach(), rtol=0, atol=1e-6)
    assert (ours - normal(1000, seed=0)).abs().mean() > 1e-2


def test_both_ways_go_on_from_one_anothers_state() -> None:
    gradient = torch.zeros(10)
    state = AdamState(normal(10, seed=0), gradient, torch.zeros(10), torch.zeros(10), torch.zeros(()))
    other = copy.deepcopy(state)._replace(gradient=gradient)
    alone = fused_adam(state, (0.9, 0.999), 1e-8)
    in_turn = [make(other, (0.9, 0.999), 1e-8) for make in (fused_adam, plain_adam)]
    for number in range(20):
        gradient.copy_(normal(10, seed=number))
        alone(0.01)
        in_turn[number % 2](0.01)
    for one, two in zip(state, other, strict=True):
        torch.testing.assert_close(one, two, rtol=0, atol=1e-6)
    assert state[-1].item() == 20


@pytest.mark.parametrize("way", [aten_relu_gradient, plain_relu_gradient])
def test_the_gradient_of_relu_is_autograds(way: Callable[[Any, Any], torch.Tensor]) -> None:
    inputs = normal(40, 30, seed=0)
    inputs[0, :4] = torch.tensor([0.0, -0.0, torch.inf, -torch.inf])
    inputs.requires_grad_()
    gradient = normal(40, 30, seed=1)
    gradient[1, :2] = torch.tensor([torch.inf, torch.nan])
    outputs = inputs.relu()
    outputs.backward(gradient)
    assert inputs.grad is not None
    got = way(gradient, outputs.detach())
    assert torch.equal(got.view(torch.int32), inputs.grad.view(torch.int32))  # the sign of 0 and NaN, too


@pytest.mark.parametrize("there", [True, False])
def test_the_public_way_is_taken_where_the_private_one_is_missing(
    there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    if not there:
        monkeypatch.delattr(torch, "_fused_adam_")
        monkeypatch.setattr(torch.ops, "aten", object())
    spec = spec_from_file_location("again", torch_private.__file__)
    assert spec is not None
    assert spec.loader is not None
    again = module_from_spec(spec)
    spec.loader.exec_module(again)
    ways = again.make_adam_step.__name__, again.relu_gradient.__name__
    assert ways == (("fused_adam", "aten_relu_gradient") if there else ("plain_adam", "plain_relu_gradient"))


def test_hooks_are_seen() -> None:
    module = nn.Linear(2, 2)
    assert not may_have_hooks(module)
    module.register_load_state_dict_post_hook(lambda module, keys: None)
    assert not may_have_hooks(module)  # it computes the same
    for register in ("forward", "forward_pre", "full_backward", "full_backward_pre"):
        hooked = nn.Linear(2, 2)
        handle = getattr(hooked, f"register_{register}_hook")(lambda *arguments: None)
        assert may_have_hooks(hooked)
        handle.remove()
        assert not may_have_hooks(hooked)


def test_a_module_that_keeps_its_hooks_elsewhere_may_have_some() -> None:
    module = nn.Linear(2, 2)
    del module.__dict__["_forward_hooks"]
    assert may_have_hooks(module)
