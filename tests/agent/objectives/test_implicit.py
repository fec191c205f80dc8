"""Implicit Q-learning against a slow float64 loop."""

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

from dqn_fast.agent import ImplicitObjective, ImplicitValues, huber

HEADS = ImplicitValues(beta=2.0)
COLUMNS = 3 * ACTIONS + 1


@pytest.mark.parametrize("expectile", [0.5, 0.8])
def test_losses_and_gradients_are_those_of_a_slow_loop(expectile: float) -> None:
    batch, now, old = some_batch(), outputs(0, COLUMNS), outputs(1, COLUMNS)
    net, target_net = Table(now, HEADS), Table(old, HEADS)
    result = ImplicitObjective(HEADS, huber, expectile)(net(batch.obs), batch, net, target_net)
    for row, action in enumerate(batch.action.tolist()):
        target = float(batch.reward[row] + batch.discount[row] * now[row + ROWS][COLUMNS - 1])
        least = min(old[row][action], old[row][ACTIONS + action])

        def loss(
            out: list[float], action: int = action, target: float = target, least: float = least
        ) -> float:
            q, q2, policy, v = out[:ACTIONS], out[ACTIONS:6], out[6:9], out[9]
            weight = 1 - expectile if least < v else expectile
            total = slow_huber(target - q[action]) + slow_huber(target - q2[action])
            return total + weight * (least - v) ** 2 - slow_log_softmax(policy, action)

        np.testing.assert_allclose(result.loss[row], loss(now[row]), rtol=1e-12)
        np.testing.assert_allclose(result.gradient[row], slow_gradient(loss, now[row]), atol=1e-7)
        mean = (now[row][action] + now[row][ACTIONS + action]) / 2
        np.testing.assert_allclose(result.q[row], mean, rtol=1e-12)
        np.testing.assert_allclose(result.td_error[row], target - mean, rtol=1e-12)
    np.testing.assert_array_equal(net.outputs.numpy(), now)  # only read


@pytest.mark.parametrize("columns", [COLUMNS, ACTIONS + 3], ids=["all", "of the actions taken"])
def test_values_of_the_actions_taken_are_enough(columns: int) -> None:
    """Beside a policy of all actions; a network may give all of them nevertheless."""
    batch, now, old = some_batch(), outputs(0, COLUMNS), outputs(1, COLUMNS)
    net, target_net = Table(now, HEADS), Table(old, HEADS)
    everything = ImplicitObjective(HEADS, huber, 0.7)
    expected = everything(net(batch.obs), batch, net, target_net)
    objective = ImplicitObjective(HEADS, huber, 0.7, ACTIONS)
    assert (everything.whole_heads, objective.whole_heads) == (None, ("policy",))
    action = batch.action[:, None]
    taken = torch.cat([action, ACTIONS + action, torch.arange(6, 10).expand(ROWS, -1)], 1)
    if columns == COLUMNS:
        taken = torch.arange(COLUMNS).expand(ROWS, -1)
    found = objective(net(batch.obs).gather(1, taken), batch, net, target_net)
    torch.testing.assert_close(found.gradient, expected.gradient.gather(1, taken))
    for name in ("loss", "td_error", "q"):
        assert torch.equal(getattr(found, name), getattr(expected, name))


def test_what_follows_an_end_is_not_looked_at() -> None:
    batch, now, old = some_batch(), outputs(0, COLUMNS), outputs(1, COLUMNS)
    objective = ImplicitObjective(HEADS, huber, 0.7)

    def found(now: np.ndarray) -> list[torch.Tensor]:
        net = Table(now, HEADS)
        return list(objective(net(batch.obs), batch, net, Table(old, HEADS)))

    before = found(now)
    odd = now.copy()
    odd[ROWS::3] = np.nan
    for got, expected in zip(found(odd), before, strict=True):
        assert torch.equal(got, expected)


def test_it_acts_by_the_advantage_and_the_cloned_policy() -> None:
    out = outputs(3, COLUMNS)
    values = HEADS.values(torch.from_numpy(out))
    for row in range(len(out)):
        for action in range(ACTIONS):
            advantage = min(out[row][action], out[row][ACTIONS + action]) - out[row][9]
            expected = slow_log_softmax(out[row][6:9], action) + 2.0 * advantage
            np.testing.assert_allclose(values[row, action], expected, rtol=1e-12)


@pytest.mark.parametrize("expectile", [0.1, 0.5, 0.9])
def test_the_value_comes_to_the_expectile_of_what_the_data_did(expectile: float) -> None:
    """One state, whose actions are worth 0 and 1: at V the pulls up and down are equal."""
    out = np.zeros((1, 7))
    out[0][[1, 3]] = 1.0  # both Qs of action 1
    batch = some_batch()
    batch.obs = batch.next_obs = torch.zeros(10, dtype=torch.int64)
    batch.action = torch.tensor([0] * 6 + [1] * 4)
    batch.reward, batch.discount = torch.zeros(10), torch.zeros(10)
    net = Table(out, ImplicitValues(1.0))
    objective = ImplicitObjective(ImplicitValues(1.0), huber, expectile)
    for _ in range(200):
        gradient = objective(net(batch.obs), batch, Table(out, HEADS), Table(out, HEADS)).gradient
        net.outputs[0, 6] -= 0.5 * gradient[:, 6].mean()
    v = float(net.outputs[0, 6])
    assert math.isclose(expectile * 4 * (1 - v), (1 - expectile) * 6 * v, rel_tol=1e-6)
