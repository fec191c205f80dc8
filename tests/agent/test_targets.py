"""Target networks against the same arithmetic by hand."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast.agent import FlatParameters, HardTarget, QNetwork, SoftTarget, Target, make_q_net


def network(seed: int = 0) -> QNetwork:
    generator = torch.Generator().manual_seed(seed)
    return make_q_net(spaces.Box(-1, 1, (3,)), spaces.Discrete(2), (4,), generator)


def values(net: QNetwork) -> list[np.ndarray]:
    return [parameter.detach().numpy().copy() for parameter in net.parameters()]


def disturb(net: QNetwork, by: float) -> None:
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.add_(by)


def test_hard_copies_every_period_and_only_then() -> None:
    q_net = network()
    target = HardTarget(q_net, FlatParameters(q_net), target_update_period=3)
    copied = values(q_net)
    for updates in range(1, 10):
        disturb(q_net, 0.5)
        target.update(updates)
        if updates % 3 == 0:
            copied = values(q_net)
        for expected, got in zip(copied, values(target.target_net), strict=True):
            np.testing.assert_array_equal(got, expected)


def test_soft_moves_by_tau() -> None:
    q_net, tau = network(), 0.1
    target = SoftTarget(q_net, FlatParameters(q_net), tau)
    expected = [value.astype(np.float64) for value in values(q_net)]
    for updates in range(1, 20):
        disturb(q_net, 0.5)
        target.update(updates)
        online = values(q_net)
        expected = [old + tau * (new - old) for old, new in zip(expected, online, strict=True)]
        for want, got in zip(expected, values(target.target_net), strict=True):
            np.testing.assert_allclose(got, want, rtol=1e-5)


def test_tau_one_is_a_copy() -> None:
    q_net = network()
    target = SoftTarget(q_net, FlatParameters(q_net), 1.0)
    disturb(q_net, 0.25)
    target.update(1)
    for want, got in zip(values(q_net), values(target.target_net), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("make", [partial(HardTarget, target_update_period=1), partial(SoftTarget, tau=0.5)])
def test_starts_as_a_copy_that_has_its_own_memory_and_no_gradient(make: Callable[..., Target]) -> None:
    q_net = network()
    target = make(q_net, FlatParameters(q_net))
    for online, copy in zip(q_net.parameters(), target.target_net.parameters(), strict=True):
        assert torch.equal(online, copy)
        assert online.data_ptr() != copy.data_ptr()
        assert online.requires_grad
        assert not copy.requires_grad


@pytest.mark.parametrize("make", [partial(HardTarget, target_update_period=1), partial(SoftTarget, tau=0.5)])
def test_what_does_not_learn_is_the_networks_own(make: Callable[..., Target]) -> None:
    q_net = network()
    q_net.body.requires_grad_(False)
    target = make(q_net, FlatParameters(q_net)).target_net
    for name, one in q_net.named_parameters():
        other = target.get_parameter(name)
        assert (other is one) == name.startswith("body.")
        assert not other.requires_grad and other.grad is None
    other_net = network(1)
    q_net.load_state_dict(other_net.state_dict())
    assert torch.equal(target.body[0].weight, other_net.body[0].weight)  # type: ignore[index]


@pytest.mark.parametrize("tau", [0.0, -0.1, 1.1, float("nan")])
def test_bad_tau(tau: float) -> None:
    with pytest.raises(ValueError, match=f"^tau: got {tau}, expected above 0 and at most 1$"):
        SoftTarget(q_net := network(), FlatParameters(q_net), tau)


def test_bad_period() -> None:
    with pytest.raises(ValueError, match=r"^target_update_period: got 0, expected at least 1"):
        HardTarget(q_net := network(), FlatParameters(q_net), 0)
