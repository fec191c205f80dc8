"""The losses against slow float64 loops."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from torch import nn

from dqn_fast.agent.objectives.losses import (
    BatchMeans,
    chosen,
    double_bootstrap,
    huber,
    max_bootstrap,
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
        "weights": table(rows, elements=st.floats(0, 1)),
    }


def slow_bootstrap(batch: dict[str, Any], row: int, *, double: bool) -> float:
    target = batch["next_q_target"][row]
    if not double:
        return max(target)
    online, best = batch["next_q_online"][row], 0
    for action in range(len(online)):
        if online[action] > online[best]:
            best = action
    return target[best]


def slow_loss(batch: dict[str, Any], *, double: bool, delta: float | None) -> tuple[float, list[float]]:
    total, td_errors = 0.0, []
    for row in range(len(batch["reward"])):
        bootstrap = slow_bootstrap(batch, row, double=double)
        target = batch["reward"][row] + batch["discount"][row] * bootstrap
        td_error = target - batch["q"][row][batch["action"][row]]
        if delta is None:
            loss = td_error**2
        elif abs(td_error) <= delta:
            loss = td_error**2 / 2
        else:
            loss = delta * (abs(td_error) - delta / 2)
        td_errors.append(td_error)
        total += batch["weights"][row] * loss
    return total / len(td_errors), td_errors


@given(batches(), st.booleans(), st.one_of(st.none(), st.floats(0.1, 10)))
def test_the_loss_is_that_of_a_slow_loop(batch: dict[str, Any], double: bool, delta: float | None) -> None:
    next_q_target = tensor(batch["next_q_target"])
    if double:
        bootstrap = double_bootstrap(tensor(batch["next_q_online"]), next_q_target)
    else:
        bootstrap = max_bootstrap(next_q_target)
    target = td_target(tensor(batch["reward"]), tensor(batch["discount"]), bootstrap)
    q = chosen(tensor(batch["q"]), torch.from_numpy(batch["action"]))
    per_sample, _ = squared_error(target - q) if delta is None else huber(target - q, delta)
    means = BatchMeans(torch.float64)
    means(per_sample * 2, per_sample, q * 2)  # of another batch
    loss, mean_q = means(per_sample, tensor(batch["weights"]), q)

    expected_loss, expected_td_errors = slow_loss(batch, double=double, delta=delta)
    np.testing.assert_allclose((target - q).numpy(), expected_td_errors, rtol=1e-12, atol=1e-12)
    assert loss == pytest.approx(expected_loss, rel=1e-12, abs=1e-12)
    assert mean_q == pytest.approx(math.fsum(q.tolist()) / len(q), rel=1e-12, abs=1e-12)


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


def test_equal_values_choose_the_first_action() -> None:
    bootstrap = double_bootstrap(torch.tensor([[1.0, 1.0, 0.0]]), torch.tensor([[5.0, 6.0, 7.0]]))
    assert bootstrap.item() == 5


def test_a_discount_of_zero_ignores_the_bootstrap() -> None:
    target = td_target(torch.tensor([1.0, 1.0]), torch.tensor([0.0, 0.99]), torch.tensor([100.0, 100.0]))
    assert target.tolist() == [1, 100]
