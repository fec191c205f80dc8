"""The TD objective: targets by the selector, and the gradient of its loss."""

from __future__ import annotations

import math
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
    return found_in(BATCH, selector, loss, outputs)


def found_in(batch: Any, selector: Any, loss: Any, outputs: torch.Tensor) -> ObjectiveResult:
    with torch.no_grad():
        return TDObjective(selector, loss)(outputs, batch, Q_NET, TARGET_NET)


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


@pytest.mark.parametrize("selector", [target_selector, online_selector])
@pytest.mark.parametrize("loss", [squared_error, huber])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_what_follows_an_end_is_not_looked_at(selector: Any, loss: Any, value: float) -> None:
    discount = BATCH.discount.clone()
    discount[::3] = 0.0
    finite = SimpleNamespace(**{**vars(BATCH), "discount": discount})
    next_obs = BATCH.next_obs.clone()
    next_obs[::3] = value
    with torch.no_grad():
        outputs = Q_NET(BATCH.obs)
    expected = found_in(finite, selector, loss, outputs)
    odd = SimpleNamespace(**{**vars(finite), "next_obs": next_obs})
    for got, right in zip(found_in(odd, selector, loss, outputs), expected, strict=True):
        assert torch.equal(got, right)
    ended = expected.td_error + expected.q
    torch.testing.assert_close(ended[::3], BATCH.reward[::3])


@pytest.mark.parametrize("selector", [target_selector, online_selector])
def test_what_follows_a_step_that_did_not_end_is_looked_at(selector: Any) -> None:
    next_obs = BATCH.next_obs.clone()
    next_obs[3] = math.nan
    odd = SimpleNamespace(**{**vars(BATCH), "next_obs": next_obs})
    with torch.no_grad():
        outputs = Q_NET(BATCH.obs)
    not_finite = ~found_in(odd, selector, huber, outputs).td_error.isfinite()
    assert not_finite.nonzero().flatten().tolist() == [3]
