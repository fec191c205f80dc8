"""The TD objective: targets by the selector, and the gradient of its loss."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from gymnasium import spaces
from torch.nn import functional

from dqn_fast.agent import (
    ObjectiveResult,
    QNetwork,
    TDObjective,
    huber,
    make_q_net,
    online_selector,
    squared_error,
    target_selector,
)

ROWS = 40


def network(seed: int) -> QNetwork:
    generator = torch.Generator().manual_seed(seed)
    return make_q_net(spaces.Box(-1, 1, (3,)), spaces.Discrete(4), (8,), generator)


def some_batch() -> Any:
    generator = torch.Generator().manual_seed(2)
    return SimpleNamespace(
        obs=torch.randn(ROWS, 3, generator=generator),
        action=torch.randint(4, (ROWS,), generator=generator),
        reward=torch.randn(ROWS, generator=generator),
        next_obs=torch.randn(ROWS, 3, generator=generator),
        discount=torch.rand(ROWS, generator=generator),
    )


Q_NET, TARGET_NET, BATCH = network(0), network(1), some_batch()


def found(selector: Any, loss: Any, outputs: torch.Tensor) -> ObjectiveResult:
    with torch.no_grad():
        return TDObjective(selector, loss)(outputs, BATCH, Q_NET, TARGET_NET)


@pytest.mark.parametrize("double", [False, True])
def test_the_selector_picks_and_the_target_network_values(double: bool) -> None:
    with torch.no_grad():
        outputs = Q_NET(BATCH.obs)
        online, target = Q_NET(BATCH.next_obs).numpy(), TARGET_NET(BATCH.next_obs).numpy()
    picks = (online if double else target).argmax(1)
    result = found(online_selector if double else target_selector, squared_error, outputs)
    rows = np.arange(ROWS)
    q = outputs.numpy()[rows, BATCH.action.numpy()]
    expected = BATCH.reward.numpy() + BATCH.discount.numpy() * target[rows, picks] - q
    np.testing.assert_allclose(result.td_error.numpy(), expected, atol=1e-6)
    np.testing.assert_array_equal(result.q.numpy(), q)
    assert (online.argmax(1) != target.argmax(1)).any()


@pytest.mark.parametrize(
    ("loss", "theirs"), [(squared_error, functional.mse_loss), (huber, functional.huber_loss)]
)
def test_the_gradient_is_that_of_the_loss_and_the_outputs_are_only_read(loss: Any, theirs: Any) -> None:
    with torch.no_grad():
        outputs = Q_NET(BATCH.obs)
    before = outputs.clone()
    result = found(target_selector, loss, outputs)
    assert torch.equal(outputs, before)
    leaf = outputs.clone().requires_grad_()
    q = leaf.gather(1, BATCH.action[:, None])[:, 0]
    theirs(q, result.td_error + result.q, reduction="sum").backward()
    assert leaf.grad is not None
    torch.testing.assert_close(result.gradient, leaf.grad)
