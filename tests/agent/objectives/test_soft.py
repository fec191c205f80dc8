"""Soft Q-learning with a prior against slow float64 loops, and against what it must come to."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from agent.objectives.offline import (
    ACTIONS,
    ROWS,
    Table,
    outputs,
    slow_gradient,
    slow_huber,
    slow_log_softmax,
    some_batch,
)

from dqn_fast.agent import PriorValues, SoftObjective, huber

COLUMNS = 2 * ACTIONS


def slow_value(row: list[float], beta: float) -> float:
    """Return beta log Σ p exp(Q / beta), as it stands there."""
    total = 0.0
    for action in range(ACTIONS):
        total += math.exp(slow_log_softmax(row[:ACTIONS], action)) * math.exp(row[ACTIONS + action] / beta)
    return beta * math.log(total)


@pytest.mark.parametrize("beta", [0.5, 2.0])
def test_losses_and_gradients_are_those_of_a_slow_loop(beta: float) -> None:
    heads, batch = PriorValues(beta), some_batch()
    now, old = outputs(0, COLUMNS), outputs(1, COLUMNS)
    net = Table(now, heads)
    result = SoftObjective(heads, huber)(net(batch.obs), batch, net, Table(old, heads))
    for row, action in enumerate(batch.action.tolist()):
        discount = float(batch.discount[row])
        target = float(batch.reward[row]) + discount * slow_value(old[row + ROWS].tolist(), beta)

        def loss(out: list[float], action: int = action, target: float = target) -> float:
            return slow_huber(target - out[ACTIONS + action])

        np.testing.assert_allclose(result.loss[row], loss(now[row]), rtol=1e-12)
        np.testing.assert_allclose(result.gradient[row], slow_gradient(loss, now[row]), atol=1e-7)
        np.testing.assert_allclose(result.q[row], now[row][ACTIONS + action], rtol=1e-12)
        np.testing.assert_allclose(result.td_error[row], target - now[row][ACTIONS + action], rtol=1e-12)
    np.testing.assert_array_equal(net.outputs.numpy(), now)  # only read


def test_what_follows_an_end_is_not_looked_at() -> None:
    heads, batch, old = PriorValues(0.5), some_batch(), outputs(1, COLUMNS)
    net, objective = Table(outputs(0, COLUMNS), heads), SoftObjective(heads, huber)
    before = objective(net(batch.obs), batch, net, Table(old, heads))
    odd = old.copy()
    odd[ROWS::3] = np.nan
    after = objective(net(batch.obs), batch, net, Table(odd, heads))
    for got, expected in zip(after, before, strict=True):
        assert torch.equal(got, expected)


def test_the_policy_is_the_prior_weighted_by_values() -> None:
    out, beta = outputs(3, COLUMNS), 0.7
    policy = torch.softmax(PriorValues(beta).values(torch.from_numpy(out)), 1)
    for row, found in zip(out.tolist(), policy.tolist(), strict=True):
        weights = [
            math.exp(slow_log_softmax(row[:ACTIONS], action) + row[ACTIONS + action] / beta)
            for action in range(ACTIONS)
        ]
        np.testing.assert_allclose(found, np.array(weights) / sum(weights), rtol=1e-12)


def test_a_small_beta_is_greedy_and_a_large_one_the_prior() -> None:
    out = torch.from_numpy(outputs(4, COLUMNS))
    prior, q = PriorValues(1.0).split(out)
    assert torch.equal(PriorValues(1e-6).values(out).argmax(1), q.argmax(1))
    torch.testing.assert_close(PriorValues(1e-6).value(out), q.amax(1), atol=1e-4, rtol=0)
    torch.testing.assert_close(torch.softmax(PriorValues(1e9).values(out), 1), torch.softmax(prior, 1))
    mean = (torch.softmax(prior, 1) * q).sum(1)
    torch.testing.assert_close(PriorValues(1e6).value(out), mean, atol=1e-4, rtol=0)
