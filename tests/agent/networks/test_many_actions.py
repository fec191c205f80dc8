"""Values of single actions come from their rows of the last layer, and are those of the whole layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces

from dqn_fast.agent import ImplicitValues, Scalar, make_q_net
from dqn_fast.agent.networks import many_actions
from dqn_fast.agent.networks.many_actions import ManyActions

ACTIONS = 50


def make(hidden_sizes: tuple[int, ...], representation: Any) -> ManyActions:
    generator = torch.Generator().manual_seed(0)
    net = make_q_net(
        spaces.Box(-1, 1, (6,), np.float32),
        spaces.Discrete(ACTIONS),
        hidden_sizes,
        generator,
        representation=representation,
    )
    return ManyActions(net.encoder, net.body, net.head, net.num_actions, net.representation)


every_head = pytest.mark.parametrize("representation", [Scalar(), ImplicitValues(2.0)], ids=["q", "iql"])


@every_head
@pytest.mark.parametrize("hidden_sizes", [(), (8,), (8, 4)])
def test_a_single_action_is_its_column_of_each_head_with_the_same_gradient(
    hidden_sizes: tuple[int, ...], representation: Any
) -> None:
    net, obs = make(hidden_sizes, representation), torch.randn(7, 6)
    action = torch.tensor([0, 49, 3, 3, 17, 1, 48])
    everything = net(obs)
    heads = everything.shape[1] // ACTIONS
    columns = [everything[torch.arange(7), action + head * ACTIONS] for head in range(heads)]
    if isinstance(representation, ImplicitValues):
        columns.append(everything[:, -1])
    expected = torch.stack(columns, 1)
    found = net.at(obs, action)
    torch.testing.assert_close(found, expected)
    slopes = torch.randn(found.shape)
    wanted = torch.autograd.grad(expected, list(net.parameters()), slopes)
    gradients = torch.autograd.grad(found, list(net.parameters()), slopes)
    for one, other in zip(gradients, wanted, strict=True):
        torch.testing.assert_close(one, other)


def test_a_head_that_is_needed_as_a_whole() -> None:
    heads = ImplicitValues(2.0)
    net, obs, action = make((8,), heads), torch.randn(7, 6), torch.arange(7) * 8
    found = heads.split(net.at(obs, action, ("policy",)), ACTIONS)
    expected, alone = heads.split(net(obs)), heads.split(net.at(obs, action))
    torch.testing.assert_close(found.policy, expected.policy)
    assert alone.policy.shape == (7, 1)
    for name in ("q", "q2", "value"):
        torch.testing.assert_close(getattr(found, name), getattr(alone, name))
    with pytest.raises(ValueError, match=r"^whole: got prior, expected some of q, q2, policy, value$"):
        net.at(obs, action, ("prior",))


@every_head
@torch.no_grad()
def test_the_best_action_of_few_rows_at_a_time_is_the_best(
    representation: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    net, obs = make((8,), representation), torch.randn(7, 6)
    monkeypatch.setattr(many_actions, "_AT_ONCE", 3 * ACTIONS)
    expected = net.values(net(obs)).argmax(1)
    assert torch.equal(net.best_action(obs, torch.ones(7, dtype=torch.bool)), expected)
    seen = []
    sums = net.reduced(obs, lambda outputs: seen.append(len(outputs)) or outputs.sum(1))  # type: ignore[func-returns-value]
    torch.testing.assert_close(sums, net(obs).sum(1))
    assert seen == [3, 3, 1]
