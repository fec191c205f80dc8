"""An update that is not finite changes nothing and names the cause; what follows an end is ignored."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from agent.test_dqn import ACTIONS, BOX, make_agent, random_buffer, state
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import (
    DQN,
    LinearSchedule,
    PrioritizedBatches,
    TDObjective,
    UniformBatches,
    huber,
    online_selector,
    squared_error,
    target_selector,
)
from dqn_fast.errors import NotFiniteError

NOT_FINITE = [math.nan, math.inf, -math.inf]


def everything(agent: DQN) -> list[np.ndarray]:
    """Weights, target and optimiser."""
    return [*state(agent), *(value.numpy().copy() for value in agent.optimizer.state_dict().values())]


def learned_before(agent: DQN, batch: Any) -> list[np.ndarray]:
    agent.learn(batch, 1)
    return everything(agent)


def assert_unchanged(agent: DQN, before: list[np.ndarray], updates: int) -> None:
    assert agent.updates == updates
    for one, two in zip(everything(agent), before, strict=True):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("max_grad_norm", [10.0, math.inf])
@pytest.mark.parametrize("name", ["obs", "reward", "next_obs", "weights"])
@pytest.mark.parametrize("value", NOT_FINITE)
def test_a_batch_that_is_not_finite_changes_nothing_and_is_named(
    max_grad_norm: float, name: str, value: float
) -> None:
    agent = make_agent(max_grad_norm=max_grad_norm)
    batch = next(UniformBatches(random_buffer(), 32).batches(0, 1))
    before = learned_before(agent, batch)
    row = batch.discount.nonzero()[0]
    getattr(batch, name)[row] = value
    expected = (
        r"^loss: got (nan|-?inf), expected a finite number,"
        rf" in learner update 2 at environment step 1,234 \(not finite: {name}\)$"
    )
    with pytest.raises(NotFiniteError, match=expected):
        agent.learn(batch, 1234)
    assert_unchanged(agent, before, 1)
    assert (torch.full((8,), 1e-40) * 1.0).count_nonzero() == 8  # denormals are themselves again


def test_the_key_of_an_observation_is_named() -> None:
    space = spaces.Dict({"pose": spaces.Dict({"arm": BOX, "leg": BOX}), "goal": BOX})
    buffer = ReplayBuffer(100, space, ACTIONS, seed=0)
    for step in range(50):
        obs = {key: np.full(3, 0.1, np.float32) for key in ("arm", "leg", "goal")}
        if step == 7:
            obs["leg"][1] = np.nan
        tree = {"pose": {"arm": obs["arm"], "leg": obs["leg"]}, "goal": obs["goal"]}
        buffer.add(tree, 0, 0.0, tree, False)
    agent = make_agent(space)
    with pytest.raises(NotFiniteError, match=r"\(not finite: obs\['pose'\]\['leg'\], next_obs\['pose'\]\["):
        agent.learn(next(UniformBatches(buffer, 1000).batches(0, 1)), 0)


def test_weights_that_are_not_finite_are_named() -> None:
    agent = make_agent()
    with torch.no_grad():
        agent.parameters.vector[3] = math.nan
    with pytest.raises(NotFiniteError, match=r"\(not finite: the network's weights\)$"):
        agent.learn(next(UniformBatches(random_buffer(), 8).batches(0, 1)), 0)


def test_a_loss_that_overflows_is_told_from_a_batch_that_is_not_finite() -> None:
    agent = make_agent(objective=TDObjective(target_selector, squared_error))
    batch = next(UniformBatches(random_buffer(), 8).batches(0, 1))
    batch.reward[2] = 1e30
    line = r"^loss: got inf, .* \(batch and weights are finite\)$"
    with pytest.raises(NotFiniteError, match=line):
        agent.learn(batch, 0)


def test_a_gradient_that_is_not_finite_changes_nothing() -> None:
    agent = make_agent(objective=TDObjective(target_selector, lambda error: (error, error * math.inf)))
    before = everything(agent)
    batch = next(UniformBatches(random_buffer(), 8).batches(0, 1))
    with pytest.raises(NotFiniteError, match=r"^gradient norm: got (nan|inf), expected a finite number, in"):
        agent.learn(batch, 0)
    assert_unchanged(agent, before, 0)


@pytest.mark.parametrize("prioritized", [False, True])
@pytest.mark.parametrize("n_step", [1, 3])
@pytest.mark.parametrize("selector", [target_selector, online_selector])
@pytest.mark.parametrize("value", NOT_FINITE)
def test_a_terminal_observation_is_not_looked_at(
    prioritized: bool, n_step: int, selector: Any, value: float
) -> None:
    def learned(last: float) -> list[np.ndarray]:
        kind: Any = PrioritizedReplayBuffer if prioritized else ReplayBuffer
        buffer = kind(1000, BOX, ACTIONS, n_step=n_step, seed=0)
        generator = np.random.default_rng(3)
        obs = generator.uniform(-1, 1, 3).astype(np.float32)
        for step in range(1, 200):
            terminated = step % 7 == 0
            next_obs = generator.uniform(-1, 1, 3).astype(np.float32)
            true_next = np.full(3, last, np.float32) if terminated else next_obs
            buffer.add(obs, step % 2, float(generator.normal()), true_next, terminated)
            obs = next_obs
        agent = make_agent(objective=TDObjective(selector, huber))
        source: Any = UniformBatches(buffer, 32)
        if prioritized:
            source = PrioritizedBatches(buffer, 32, LinearSchedule(0.4, 1.0, 50))
        for step in range(50):
            for batch in source.batches(step, 1):
                source.update_priorities(batch, agent.learn(batch, step).td_error)
        return everything(agent)

    for odd, plain in zip(learned(value), learned(0.5), strict=True):
        np.testing.assert_array_equal(odd, plain)
