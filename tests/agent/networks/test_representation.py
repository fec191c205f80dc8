"""Other meanings of a network's outputs work in acting and learning alike."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from agent import chain
from gymnasium import spaces
from torch import Tensor

from dqn_fast import ReplayBuffer, trees
from dqn_fast.agent import (
    DQN,
    Adam,
    FeedForwardPolicy,
    FlatParameters,
    Greedy,
    LinearSchedule,
    NoExploration,
    ObjectiveResult,
    Representation,
    Scalar,
    Selector,
    SoftTarget,
    TransitionBatch,
    UniformBatches,
    Values,
    huber,
    legal_actions,
    make_q_net,
    make_q_values,
    online_selector,
    target_selector,
)
from dqn_fast.agent.networks.action_mask import ILLEGAL

ACTIONS = spaces.Discrete(4)
BOX = spaces.Box(-1, 1, (3,), np.float32)
MASKED = spaces.Dict({"obs": BOX, "action_mask": spaces.MultiBinary(4)})


class Mean:
    """Several outputs per action, whose mean is its value."""

    outputs_per_action = 3

    def values(self, outputs: Tensor) -> Tensor:
        return outputs.mean(2)


class Negative:
    """One output per action, which is what it costs."""

    outputs_per_action = 1

    def values(self, outputs: Tensor) -> Tensor:
        return -outputs


class EachOutput:
    """Each output moves towards its own target, whose next action all of them pick together."""

    whole_heads = ()
    uses_autograd = False

    def __init__(self, selector: Selector) -> None:
        self.selector = selector

    def __call__(
        self, outputs: Tensor, batch: TransitionBatch, q_net: Values, target_net: Values
    ) -> ObjectiveResult:
        rows = torch.arange(len(outputs))
        selected = self.selector(q_net, target_net, batch.next_obs, batch.discount.bool())
        next_outputs = selected.outputs[rows, selected.action]
        target = batch.reward[:, None] + batch.discount[:, None] * next_outputs
        error = target - outputs[rows, batch.action]
        loss, slope = huber(error)
        gradient = torch.zeros_like(outputs)
        gradient[rows, batch.action] = slope
        q = q_net.values(outputs)[rows, batch.action]
        return ObjectiveResult(loss.sum(1), gradient, error.mean(1), q)


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def some(space: spaces.Space[Any], rows: int = 30) -> Any:
    obs = torch.randn(rows, 3, generator=generator(1))
    if space is BOX:
        return obs
    mask = torch.rand(rows, 4, generator=generator(2)) < 0.4
    mask[0] = False
    return {"obs": obs, "action_mask": mask.to(torch.int8)}


@pytest.mark.parametrize("dueling", [False, True])
@pytest.mark.parametrize("space", [BOX, MASKED], ids=["plain", "masked"])
@pytest.mark.parametrize("hidden", [(), (8,)])
def test_a_network_has_outputs_for_each_action(space: Any, dueling: bool, hidden: tuple[int, ...]) -> None:
    q_net = make_q_net(space, ACTIONS, hidden, generator(), dueling=dueling, representation=Mean())
    outputs = q_net(some(space))
    assert outputs.shape == (30, 4, 3)
    assert outputs.std(2).mean() > 0.01
    assert q_net.values(outputs).shape == (30, 4)
    if dueling and space is BOX:
        values = q_net.head.value(q_net.body(q_net.encoder(some(space))))
        torch.testing.assert_close(outputs.mean(1, keepdim=True), values)


def test_the_outputs_of_the_usual_network_are_its_values() -> None:
    q_net = make_q_net(BOX, ACTIONS, (8,), generator())
    assert isinstance(q_net.representation, Scalar)
    outputs = q_net(some(BOX))
    assert q_net.values(outputs) is outputs


@pytest.mark.parametrize("dueling", [False, True])
@pytest.mark.parametrize("representation", [Mean(), Negative()])
@pytest.mark.parametrize("space", [BOX, MASKED], ids=["plain", "masked"])
def test_acting_compares_values(space: Any, representation: Representation, dueling: bool) -> None:
    q_net = make_q_net(space, ACTIONS, (8,), generator(), dueling=dueling, representation=representation)
    obs, policy = some(space), FeedForwardPolicy(q_net, NoExploration())
    arrays = trees.map(torch.Tensor.numpy, obs)
    with torch.no_grad():
        outputs = q_net(obs).double().numpy()
    values = outputs.mean(2) if isinstance(representation, Mean) else -outputs
    if space is MASKED:
        values = np.where(legal_actions(arrays), values, -np.inf)
    expected = values.argmax(1)
    assert policy.act(arrays, 0).tolist() == expected.tolist()
    greedy = Greedy(q_net)
    assert [greedy(trees.row(arrays, row)) for row in range(30)] == expected.tolist()
    assert (outputs.reshape(30, 4, -1)[:, :, 0].argmax(1) != expected).any()


@pytest.mark.parametrize("representation", [Mean(), Negative()])
def test_illegal_actions_have_the_lowest_value_and_it_is_finite(representation: Representation) -> None:
    q_net = make_q_net(MASKED, ACTIONS, (8,), generator(), representation=representation)
    obs = trees.map(torch.Tensor.numpy, some(MASKED))
    values, legal = make_q_values(q_net)(obs), legal_actions(obs)
    assert legal is not None
    assert not legal.all()
    assert (values[~legal] == ILLEGAL).all()
    assert (np.abs(values[legal]) < 100).all()


@pytest.mark.parametrize("space", [BOX, MASKED], ids=["plain", "masked"])
@pytest.mark.parametrize("representation", [Scalar(), Mean(), Negative()])
@pytest.mark.parametrize("selector", [target_selector, online_selector])
@torch.no_grad()
def test_the_value_selected_is_that_of_the_outputs(
    selector: Selector, representation: Representation, space: Any
) -> None:
    q_net, target_net = (
        make_q_net(space, ACTIONS, (8,), generator(seed), representation=representation) for seed in (3, 4)
    )
    obs = some(space)
    selected = selector(q_net, target_net, obs, torch.ones(30, dtype=torch.bool))
    picking = q_net if selector is online_selector else target_net
    assert torch.equal(selected.action, picking.values(picking(obs)).argmax(1))
    values = target_net.values(target_net(obs))
    assert torch.equal(selected.value, values[torch.arange(30), selected.action])


@pytest.mark.parametrize("selector", [target_selector, online_selector])
def test_an_objective_for_several_outputs_solves_the_chain(selector: Selector) -> None:
    buffer = ReplayBuffer(100, chain.OBSERVATION_SPACE, chain.ACTION_SPACE, gamma=chain.GAMMA, seed=0)
    for state in range(chain.STATES):
        for action in range(chain.ACTIONS):
            after, reward, terminated = chain.step(state, action)
            buffer.add(state, action, reward, after, terminated)
    q_net = make_q_net(chain.OBSERVATION_SPACE, chain.ACTION_SPACE, (32,), generator(), representation=Mean())
    parameters, updates = FlatParameters(q_net), 400
    agent = DQN(
        q_net,
        parameters,
        SoftTarget(q_net, parameters, 0.2),
        Adam(parameters),
        objective=EachOutput(selector),
        policy=FeedForwardPolicy(q_net, NoExploration()),
        learning_rate_schedule=LinearSchedule(2e-2, 0.0, updates),
    )
    for step, batch in enumerate(UniformBatches(buffer, 64).batches(0, updates)):
        agent.learn(batch, step)
    states = np.arange(chain.STATES)
    np.testing.assert_allclose(make_q_values(q_net)(states), chain.exact_q(), atol=0.01)
    assert agent.policy.act(states, 0).tolist() == [chain.RIGHT] * chain.STATES
