"""The losses against slow float64 loops."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

from dqn_fast.agent.objectives.losses import (
    chosen,
    cross_entropy,
    expectile_loss,
    huber,
    squared_error,
    td_target,
)

SIZES = st.tuples(st.integers(1, 9), st.integers(1, 5))
VALUES = st.floats(-100, 100, width=32)


def tensor(array: Any) -> torch.Tensor:
    return torch.from_numpy(np.array(array, np.float64))


@st.composite
def batches(draw: st.DrawFn) -> dict[str, Any]:
    rows, actions = draw(SIZES)

    def table(*shape: int, elements: st.SearchStrategy[Any] = VALUES) -> Any:
        return draw(hnp.arrays(np.float64, shape, elements=elements))

    return {
        "q": table(rows, actions),
        "next_q_online": table(rows, actions),
        "next_q_target": table(rows, actions),
        "action": draw(hnp.arrays(np.int64, rows, elements=st.integers(0, actions - 1))),
        "reward": table(rows),
        "discount": table(rows, elements=st.sampled_from([0.0, 0.99, 0.970299, 1.0])),
    }


def slow_next_value(batch: dict[str, Any], row: int, *, double: bool) -> float:
    target = batch["next_q_target"][row]
    if not double:
        return max(target)
    online, best_action = batch["next_q_online"][row], 0
    for action in range(len(online)):
        if online[action] > online[best_action]:
            best_action = action
    return target[best_action]


def slow_td_error_and_loss(
    batch: dict[str, Any], row: int, *, double: bool, delta: float | None
) -> tuple[float, float]:
    target = batch["reward"][row] + batch["discount"][row] * slow_next_value(batch, row, double=double)
    td_error = target - batch["q"][row][batch["action"][row]]
    if delta is None:
        return td_error, td_error**2
    if abs(td_error) <= delta:
        return td_error, td_error**2 / 2
    return td_error, delta * (abs(td_error) - delta / 2)


@given(batches(), st.booleans(), st.one_of(st.none(), st.floats(0.1, 10)))
def test_the_loss_is_that_of_a_slow_loop(batch: dict[str, Any], double: bool, delta: float | None) -> None:
    next_q = tensor(batch["next_q_target"])
    selector = tensor(batch["next_q_online"]) if double else next_q
    next_value = chosen(next_q, selector.argmax(1))
    target = td_target(tensor(batch["reward"]), tensor(batch["discount"]), next_value)
    td_error = target - chosen(tensor(batch["q"]), torch.from_numpy(batch["action"]))
    loss, _ = squared_error(td_error) if delta is None else huber(td_error, delta)
    for row, found in enumerate(zip(td_error.tolist(), loss.tolist(), strict=True)):
        expected = slow_td_error_and_loss(batch, row, double=double, delta=delta)
        assert found == pytest.approx(expected, rel=1e-12, abs=1e-12)


@given(hnp.arrays(np.float64, SIZES, elements=VALUES), st.one_of(st.none(), st.floats(0.1, 10)))
def test_losses_and_slopes_are_those_of_pytorch(values: Any, delta: float | None) -> None:
    q, target = tensor(values[:, 0]).requires_grad_(), tensor(values[:, -1] * 0.5)
    before = (target - q).detach()
    td_error = before.clone()
    loss, slope = squared_error(td_error) if delta is None else huber(td_error, delta)
    expected = (
        nn.functional.mse_loss(q, target, reduction="none")
        if delta is None
        else nn.functional.huber_loss(q, target, reduction="none", delta=delta)
    )
    expected.sum().backward()  # type: ignore[no-untyped-call]
    assert q.grad is not None
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(slope, q.grad, rtol=1e-12, atol=1e-12)
    assert torch.equal(td_error, before)


def test_a_discount_of_zero_ignores_the_bootstrap() -> None:
    target = td_target(torch.tensor([1.0, 1.0]), torch.tensor([0.0, 0.99]), torch.tensor([100.0, 100.0]))
    assert target.tolist() == [1, 100]


@given(hnp.arrays(np.float64, SIZES, elements=VALUES), st.floats(0.01, 0.99))
def test_the_expectile_loss_is_that_of_a_slow_loop(values: Any, expectile: float) -> None:
    v, ought = tensor(values[:, 0]), tensor(values[:, -1] * 0.5)
    loss, slope = expectile_loss(ought - v, expectile)
    for found, one, other in zip(loss.tolist(), v.tolist(), ought.tolist(), strict=True):
        difference = other - one
        weight = 1 - expectile if difference < 0 else expectile
        assert found == pytest.approx(weight * difference**2, rel=1e-12)
    up, down = (expectile_loss(ought - v - step, expectile)[0] for step in (1e-6, -1e-6))
    torch.testing.assert_close(slope, (up - down) / 2e-6, rtol=1e-6, atol=1e-5)


@given(batches())
def test_the_cross_entropy_and_its_gradient_are_those_of_pytorch(batch: dict[str, Any]) -> None:
    logits, action = tensor(batch["q"]).requires_grad_(), torch.from_numpy(batch["action"])
    loss, gradient = cross_entropy(logits.detach(), action)
    expected = nn.functional.cross_entropy(logits, action, reduction="none")
    expected.sum().backward()  # type: ignore[no-untyped-call]
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-12, atol=1e-12)
    torch.testing.assert_close(gradient, logits.grad, rtol=1e-12, atol=1e-12)
