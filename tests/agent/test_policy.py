"""A feed-forward policy takes the network's best legal action, or explores, and remembers nothing."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
import torch
from agent.networks.test_q_network import SPACES, as_tensors
from gymnasium import spaces

from dqn_fast import trees
from dqn_fast.agent import (
    EpsilonGreedy,
    FeedForwardPolicy,
    Greedy,
    LinearSchedule,
    NoExploration,
    QNetwork,
    make_q_net,
)

BOX, ACTIONS = spaces.Box(-1, 1, (3,)), spaces.Discrete(3)


def network(space: spaces.Space[Any] = BOX) -> QNetwork:
    return make_q_net(space, ACTIONS, (16,), torch.Generator().manual_seed(0))


def exploring(q_net: QNetwork, epsilon: float, num_envs: int = 1, seed: int = 0) -> FeedForwardPolicy:
    schedule = LinearSchedule(epsilon, epsilon, 0)
    generator = np.random.default_rng(seed)
    return FeedForwardPolicy(q_net, EpsilonGreedy(schedule, 3, generator, num_envs=num_envs))


def best(q_net: QNetwork, obs: Any) -> list[int]:
    with torch.no_grad():
        return q_net(obs).argmax(1).tolist()


@pytest.mark.parametrize("space", SPACES, ids=lambda space: str(space)[:30])
def test_without_exploration_it_takes_the_best_actions(space: spaces.Space[Any]) -> None:
    q_net = network(space)
    policy = FeedForwardPolicy(q_net, NoExploration())
    space.seed(0)
    obs = as_tensors([space.sample() for _ in range(20)])
    actions = policy.act(trees.map(torch.Tensor.numpy, obs), 0)
    assert actions.dtype == np.int64
    assert actions.tolist() == best(q_net, obs)


def test_who_explores_takes_a_legal_action_and_the_network_is_not_asked() -> None:
    space = spaces.Dict({"x": BOX, "action_mask": spaces.MultiBinary(3)})
    q_net = network(space)
    q_net.load_state_dict({name: value * torch.nan for name, value in q_net.state_dict().items()})
    obs = {"x": np.zeros((2, 4), np.float32), "action_mask": np.array([[1, 0, 1], [0, 1, 0]], np.int8)}
    policy = exploring(q_net, 1.0, num_envs=2)  # `x` does not fit: to ask would be an error
    actions = np.array([policy.act(obs, step) for step in range(200)])
    assert set(actions[:, 0]) == {0, 2}
    assert set(actions[:, 1]) == {1}
    with pytest.raises((RuntimeError, ValueError)):
        exploring(q_net, 0.0, num_envs=2).act(obs, 0)


def test_it_remembers_nothing_and_stores_nothing() -> None:
    policy = FeedForwardPolicy(network(), NoExploration())
    obs = np.ones((4, 3), np.float32)
    before = policy.act(obs, 0).tolist()
    policy.reset([0, 2])
    assert policy.act(obs, 0).tolist() == before
    assert policy.extras() == {}


def test_its_figures_are_the_explorations() -> None:
    q_net = network()
    schedule = LinearSchedule(1.0, 0.0, 100)
    policy = FeedForwardPolicy(q_net, EpsilonGreedy(schedule, 3, np.random.default_rng(0)))
    assert [policy.figures(step) for step in (0, 75, 200)] == [
        {"epsilon": 1.0},
        {"epsilon": 0.25},
        {"epsilon": 0.0},
    ]
    assert FeedForwardPolicy(q_net, NoExploration()).figures(5) == {"epsilon": 0.0}


@pytest.mark.parametrize("epsilon", [0.5, None])
def test_a_saved_policy_goes_on(epsilon: float | None) -> None:
    q_net = network()
    obs = np.ones((1, 3), np.float32)

    def policy(seed: int) -> FeedForwardPolicy:
        if epsilon is None:
            return FeedForwardPolicy(q_net, NoExploration())
        return exploring(q_net, epsilon, seed=seed)

    first, second = policy(0), policy(1)
    for step in range(20):
        first.act(obs, step)
    state = first.state_dict()
    assert list(state) == ["exploration"]
    second.load_state_dict(pickle.loads(pickle.dumps(state)))
    for step in range(50):
        assert first.act(obs, step) == second.act(obs, step)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: str(space)[:30])
def test_greedy_takes_one_observation_as_the_environment_gives_it(space: spaces.Space[Any]) -> None:
    q_net = network(space)
    greedy = Greedy(q_net)
    space.seed(0)
    samples = [space.sample() for _ in range(30)]
    actions = [greedy(sample) for sample in samples]
    assert actions == best(q_net, as_tensors(samples))
    assert all(type(action) is int for action in actions)


def test_greedy_takes_the_first_of_equals_and_numbers() -> None:
    q_net = make_q_net(spaces.Discrete(4), ACTIONS, (), torch.Generator())
    with torch.no_grad():
        q_net.head.weight.zero_()
        q_net.head.bias.copy_(torch.tensor([0.0, 1.0, 1.0]))
    assert Greedy(q_net)(3) == Greedy(q_net)(np.int64(0)) == 1
