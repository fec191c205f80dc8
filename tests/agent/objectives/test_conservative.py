"""Conservative Q-learning against a slow float64 loop."""

from __future__ import annotations

from functools import partial

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

from dqn_fast.agent import ConservativeObjective, Scalar, TDObjective, huber, online_selector

ALPHA = 0.7


def test_losses_and_gradients_are_those_of_a_slow_loop() -> None:
    batch, q, target_q = some_batch(), outputs(0, ACTIONS), outputs(1, ACTIONS)
    net, target_net = Table(q, Scalar()), Table(target_q, Scalar())
    objective = ConservativeObjective(TDObjective(online_selector, huber), ALPHA)
    result = objective(net(batch.obs), batch, net, target_net)
    for row, action in enumerate(batch.action.tolist()):
        pick = 0
        for other in range(ACTIONS):
            if q[row + ROWS][other] > q[row + ROWS][pick]:
                pick = other
        target = float(batch.reward[row] + batch.discount[row] * target_q[row + ROWS][pick])

        def loss(q: list[float], action: int = action, target: float = target) -> float:
            return slow_huber(target - q[action]) - ALPHA * slow_log_softmax(q, action)

        np.testing.assert_allclose(result.loss[row], loss(q[row]), rtol=1e-12)
        np.testing.assert_allclose(result.gradient[row], slow_gradient(loss, q[row]), atol=1e-7)
        np.testing.assert_allclose(result.td_error[row], target - q[row][action], rtol=1e-12)
        assert result.q[row] == q[row][action]
    np.testing.assert_array_equal(net.outputs.numpy(), q)  # only read


def test_without_alpha_it_is_the_other_objective() -> None:
    batch, net = some_batch(), Table(outputs(0, ACTIONS), Scalar())
    td = TDObjective(online_selector, partial(huber, delta=0.5))
    plain, conservative = td, ConservativeObjective(td, 0.0)
    for got, expected in zip(
        conservative(net(batch.obs), batch, net, net), plain(net(batch.obs), batch, net, net), strict=True
    ):
        assert torch.equal(got, expected)


@pytest.mark.parametrize("action", range(ACTIONS))
def test_it_lifts_what_was_done_and_lowers_all_else(action: int) -> None:
    batch, net = some_batch(), Table(outputs(0, ACTIONS), Scalar())
    batch.action[:] = action
    td = TDObjective(online_selector, huber)
    before = td(net(batch.obs), batch, net, net).gradient
    after = ConservativeObjective(td, ALPHA)(net(batch.obs), batch, net, net).gradient
    moved = before - after
    assert (moved[:, action] > 0).all()
    assert (moved[:, [a for a in range(ACTIONS) if a != action]] < 0).all()
    torch.testing.assert_close(moved.sum(1), torch.zeros(ROWS, dtype=torch.float64))
