"""An update that looks at no number computes what the usual one computes, and stops where that one stops."""

from __future__ import annotations

import copy
import math
from functools import partial
from typing import Any

import pytest
import torch
from agent.elsewhere import ELSEWHERE, Elsewhere
from agent.test_devices import CASES, CPU, VECTOR, buffer_of, make_agent
from gymnasium import spaces
from torch import Tensor

from dqn_fast import Batch
from dqn_fast.agent import DQN, Adam, Objective, RMSProp, handed, make_q_net
from dqn_fast.agent.device_update import DeviceUpdate
from dqn_fast.agent.fast.repeated import Graph

ACTIONS = spaces.Discrete(3)
MOMENTUM = partial(RMSProp, momentum=0.9)


def pair(space: spaces.Space[Any], network: dict[str, Any], objective: Objective, **parts: Any) -> list[DQN]:
    def made() -> DQN:
        q_net = make_q_net(space, ACTIONS, (8,), torch.Generator().manual_seed(0), **network)
        return make_agent(q_net, CPU, objective, **parts)

    return [made(), made()]


def unwatched(agent: DQN, *, repeats: bool) -> DeviceUpdate:
    """Return the update of a GPU for an agent of the CPU."""
    return DeviceUpdate(
        agent._values,
        agent._target_values,
        agent.parameters,
        agent.optimizer,
        objective=agent.objective,
        max_grad_norm=agent.max_grad_norm,
        repeats=repeats,
    )


def state_of(agent: DQN) -> list[Tensor]:
    optimizer = agent.optimizer.state_dict()
    if "state" in optimizer:
        optimizer = {name: value for name, value in optimizer["state"].get(0, {}).items() if name != "step"}
    target = torch.cat([one.flatten() for one in agent.target.target_net.state_dict().values()])
    return [agent.parameters.vector.detach().clone(), target.clone(), *map(torch.clone, optimizer.values())]


@pytest.mark.parametrize("repeats", [False, True])
@pytest.mark.parametrize("optimizer", [Adam, MOMENTUM])
@pytest.mark.parametrize(("space", "network", "objective", "make_source", "parts"), CASES)
def test_it_computes_the_same(
    space: Any,
    network: Any,
    objective: Objective,
    make_source: Any,
    parts: Any,
    optimizer: Any,
    repeats: bool,
) -> None:
    usual, other = pair(space, network, objective, **{**parts, "optimizer": optimizer})
    update = unwatched(other, repeats=repeats)
    source = make_source(space)
    slot = source.slot(pin_memory=False)
    for step in range(5):
        batch = source.draw(step, slot)
        expected = usual.learn(batch, step)
        found = update.begin(batch, other.learning_rate_schedule(step))()
        other.target.update(step + 1, update.going)
        assert found.changed
        assert (found.loss / len(batch.weights), found.q / len(batch.weights)) == pytest.approx(
            (expected.loss, expected.q), rel=1e-6
        )
        assert torch.equal(found.td_error, expected.td_error)
        for one, another in zip(state_of(usual), state_of(other), strict=True):
            torch.testing.assert_close(one, another, rtol=1e-5, atol=1e-7)


def broken(batch: Batch[Tensor], field: str) -> Any:
    """Return a copy of a batch with a number in it that is not finite."""
    result = copy.copy(handed(batch, torch.clone))
    getattr(result, field).view(-1)[1] = math.nan
    return result


@pytest.mark.parametrize("optimizer", [Adam, RMSProp, MOMENTUM])
@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("repeats", [False, True])
def test_from_a_number_on_that_is_not_finite_nothing_changes(
    optimizer: Any, first: bool, repeats: bool
) -> None:
    _, agent = pair(VECTOR, {}, CASES[0][2], optimizer=optimizer)
    update = unwatched(agent, repeats=repeats)
    batches = [handed(buffer_of(VECTOR, seed=seed).sample(8).torch()) for seed in range(4)]
    if not first:
        update.begin(batches[0], 0.1)
    before = state_of(agent)
    results = [update.begin(batch, 0.1) for batch in (broken(batches[1], "reward"), batches[2])]
    agent.target.update(1, update.going)
    after = state_of(agent)[: len(before)]
    assert all(torch.equal(one, another) for one, another in zip(before, after, strict=True))
    assert [result().changed for result in results] == [False, False]
    assert math.isnan(results[0]().loss) and math.isfinite(results[1]().loss)
    update.go_on()
    assert update.begin(batches[3], 0.1)().changed
    assert all(part.isfinite().all() for part in state_of(agent))
    assert not torch.equal(state_of(agent)[0], before[0])


def agent_there() -> DQN:
    q_net = make_q_net(VECTOR, ACTIONS, (8,), torch.Generator().manual_seed(0))
    return make_agent(q_net, ELSEWHERE)


def test_nobody_waits_until_a_result_is_read() -> None:
    with Elsewhere() as elsewhere:
        agent = agent_there()
        batch = buffer_of(VECTOR).sample(8).torch()
        there = handed(batch, lambda tensor: tensor.to(ELSEWHERE))
        elsewhere.waits = elsewhere.fetched = 0
        results = [agent.begin(there, step) for step in range(3)]
        assert (elsewhere.waits, elsewhere.fetched) == (0, 0)
        found = [result() for result in results]
        assert (elsewhere.waits, elsewhere.fetched) == (0, 3)
    assert [one.td_error.device for one in found] == [CPU] * 3
    assert agent.updates == 3


def test_the_error_names_the_update_and_takes_back_the_count() -> None:
    with Elsewhere():
        agent = agent_there()
        batch = handed(buffer_of(VECTOR).sample(8).torch())

        def there(one: Any) -> Any:
            return handed(one, lambda tensor: tensor.to(ELSEWHERE))

        agent.begin(there(batch), 1)()
        weights = agent.parameters.vector.cpu()
        failing, late = agent.begin(there(broken(batch, "reward")), 2), agent.begin(there(batch), 3)
        with pytest.raises(
            ArithmeticError, match=r"^loss: got nan, .*update 2 at .*step 2 \(not finite: reward"
        ):
            failing()
        assert agent.updates == 1
        assert torch.equal(agent.parameters.vector.cpu(), weights)
        with pytest.raises(ArithmeticError):
            late()


needs_cuda = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")


@needs_cuda
@pytest.mark.parametrize("optimizer", [Adam, MOMENTUM])
@pytest.mark.parametrize(("space", "network", "objective", "make_source", "parts"), CASES)
def test_a_graph_computes_the_same(
    space: Any, network: Any, objective: Objective, make_source: Any, parts: Any, optimizer: Any
) -> None:
    gpu = torch.device("cuda:0")
    found = []
    for repeats in (False, True):
        q_net = make_q_net(space, ACTIONS, (8,), torch.Generator().manual_seed(0), **network)
        agent = make_agent(q_net, gpu, objective, **{**parts, "optimizer": optimizer})
        update = unwatched(agent, repeats=repeats)
        source = make_source(space)
        losses = []
        for step in range(10):
            batch = source.draw(step, source.slot(pin_memory=True))
            there = handed(batch, lambda tensor: tensor.to(gpu))
            losses.append(update.begin(there, agent.learning_rate_schedule(step))().loss)
            agent.target.update(step + 1, update.going)
        found.append((losses, agent.parameters.vector.cpu()))
        assert not repeats or type(update._recording._repeat) is Graph  # type: ignore[union-attr]
    assert found[0][0] == pytest.approx(found[1][0], rel=1e-4)
    torch.testing.assert_close(found[0][1], found[1][1], rtol=1e-3, atol=1e-5)
