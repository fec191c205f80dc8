"""Behaviour cloning against a slow float64 loop."""

from __future__ import annotations

import numpy as np
import torch
from agent.objectives.offline import (
    ACTIONS,
    ROWS,
    Table,
    outputs,
    slow_gradient,
    slow_log_softmax,
    some_batch,
)

from dqn_fast.agent import CloningObjective, Scalar


def test_losses_and_gradients_are_those_of_a_slow_loop() -> None:
    batch, logits = some_batch(), outputs(0, ACTIONS)
    net = Table(logits, Scalar())
    result = CloningObjective()(net(batch.obs), batch, net, net)
    for row, action in enumerate(batch.action.tolist()):

        def loss(logits: list[float], action: int = action) -> float:
            return -slow_log_softmax(logits, action)

        np.testing.assert_allclose(result.loss[row], loss(logits[row]), rtol=1e-12)
        np.testing.assert_allclose(result.gradient[row], slow_gradient(loss, logits[row]), atol=1e-8)
    assert torch.equal(result.td_error, result.loss)
    assert torch.equal(result.q, -result.loss)
    np.testing.assert_array_equal(net.outputs.numpy(), logits)  # only read


def test_rewards_and_what_follows_do_not_matter() -> None:
    batch, net = some_batch(), Table(outputs(0, ACTIONS), Scalar())
    before = CloningObjective()(net(batch.obs), batch, net, net)
    batch.reward, batch.discount = torch.full((ROWS,), torch.nan), batch.discount * 0 + 1
    after = CloningObjective()(net(batch.obs), batch, net, net)
    assert torch.equal(before.loss, after.loss)
    assert torch.equal(before.gradient, after.gradient)
