"""Who learns, saves and copies what networks have in common."""

from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from dqn_fast.agent import FlatParameters, HardTarget, QNetwork, SoftTarget
from dqn_fast.agent.networks.encoders import FlattenEncoder
from dqn_fast.agent.networks.held import Frozen, Held, Shared
from dqn_fast.errors import UsageError


def normed() -> nn.Module:
    """Return a body with a buffer of floating dtype, too."""
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4))


def net(body: nn.Module) -> QNetwork:
    torch.manual_seed(1)
    return QNetwork(FlattenEncoder(3), body, nn.Linear(4, 2), 2)


def test_frozen_weights_are_neither_learned_nor_saved_nor_copied() -> None:
    body = normed()
    q_net = net(Frozen(body))
    assert FlatParameters(q_net).vector.numel() == 4 * 2 + 2
    assert set(q_net.state_dict()) == {"head.weight", "head.bias", "body.digest"}
    assert not any(one.requires_grad for one in body.parameters())
    other = copy.deepcopy(q_net)
    body[0].weight.data.fill_(0.5)  # never done, but it shows whose weights they are
    assert torch.equal(other(torch.ones(1, 3)), q_net(torch.ones(1, 3)))


def test_weights_of_another_body_are_refused_and_change_nothing() -> None:
    q_net, body = net(Frozen(normed())), normed()
    with torch.no_grad():
        body[0].bias[0] += 1e-6
    weights = net(Frozen(body)).state_dict()
    with pytest.raises(UsageError, match=r"^body: got weights of the digest \w{12}, expected \w{12}: those"):
        q_net.load_state_dict(weights)
    q_net.load_state_dict(net(Frozen(normed())).state_dict())


def test_a_frozen_body_that_is_converted_is_a_copy_of_its_own() -> None:
    """As on another device; a dtype shows the same without one."""
    body = normed()
    here, there = net(Frozen(body)), net(Frozen(body))
    there.double()
    rows = torch.ones(1, 3)
    torch.testing.assert_close(
        here(rows), there.body(rows.double()).float() @ here.head.weight.T + here.head.bias
    )
    assert here.to("cpu").body._module[0] is body


@pytest.mark.parametrize("kind", ["soft", "hard"])
def test_the_target_of_a_shared_body_is_of_heads_alone(kind: str) -> None:
    q_net = net(Shared(normed()))
    parameters = FlatParameters(q_net)
    target = SoftTarget(q_net, parameters, 0.25) if kind == "soft" else HardTarget(q_net, parameters, 1)
    assert parameters.vector.numel() == 10 + 16 + 8
    assert set(target.target_net.state_dict()) == {"head.weight", "head.bias"}
    assert isinstance(target.target_net.body, Held)
    before = target.target_net.head.bias.clone()
    with torch.no_grad():
        parameters.vector.add_(1.0)
        q_net.body.module[1].running_mean.fill_(3.0)
    target.update(1)
    moved = 0.25 if kind == "soft" else 1.0
    torch.testing.assert_close(target.target_net.head.bias, before + moved)
    assert torch.equal(target.target_net.body(torch.eye(3)), q_net.body(torch.eye(3)))
    assert all(one.requires_grad for one in q_net.parameters())


def test_a_copy_of_a_network_with_a_shared_body_is_whole() -> None:
    q_net = net(Shared(normed()))
    other = copy.deepcopy(q_net)
    with torch.no_grad():
        q_net.body.module[0].bias.add_(1.0)
    assert not torch.equal(other.body.module[0].bias, q_net.body.module[0].bias)
