"""A policy on the CPU acts by the current weights of a network elsewhere, and fetches them once."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from agent.elsewhere import ELSEWHERE, Elsewhere
from agent.test_devices import ACTIONS, CPU, MASKED, VECTOR, make_agent, uniform
from gymnasium import spaces

from dqn_fast.agent import (
    CopyPolicy,
    EpsilonGreedy,
    HandOff,
    LinearSchedule,
    NoExploration,
    QNetwork,
    Recurrent,
    make_policy,
    make_q_net,
    make_sequence_net,
)


def exploring(num_envs: int) -> EpsilonGreedy:
    return EpsilonGreedy(LinearSchedule(0.3, 0.3, 0), 3, np.random.default_rng(1), num_envs=num_envs)


def observations(space: spaces.Space[Any], rows: int) -> Any:
    found = [space.sample() for _ in range(rows)]
    if isinstance(space, spaces.Dict):
        return {key: np.stack([row[key] for row in found]) for key in found[0]}
    return np.stack(found)


@pytest.mark.parametrize("space", [VECTOR, MASKED], ids=["vector", "dict"])
@pytest.mark.parametrize("num_envs", [1, 2, 40])
def test_it_acts_by_the_weights_after_the_latest_update(space: spaces.Space[Any], num_envs: int) -> None:
    """As the policy of an agent on the CPU, that learns from the same batches, does."""
    found = []
    for device in (CPU, ELSEWHERE):
        with Elsewhere():
            q_net = make_q_net(space, ACTIONS, (16,), torch.Generator().manual_seed(0))
            agent = make_agent(q_net, device)
            make = partial(make_policy, exploration=exploring(num_envs), num_envs=num_envs)
            policy = CopyPolicy(q_net, agent.parameters, make) if device == ELSEWHERE else make(q_net)
            space.seed(5)
            acted = []
            hand_off = HandOff(uniform(space), device)
            for step in range(12):
                acted.append(policy.act(observations(space, num_envs), step).tolist())
                if step % 3 == 2:
                    for batch in hand_off.batches(step, 2):
                        agent.begin(batch, step)
            found.append(acted)
    assert found[0] == found[1]


def test_weights_are_fetched_once_after_updates_and_nothing_else_is() -> None:
    with Elsewhere() as elsewhere:
        q_net = make_q_net(VECTOR, ACTIONS, (16, 16), torch.Generator().manual_seed(0))
        agent = make_agent(q_net, ELSEWHERE)
        policy = CopyPolicy(q_net, agent.parameters, partial(make_policy, exploration=NoExploration()))
        hand_off = HandOff(uniform(VECTOR), ELSEWHERE)
        fetched = elsewhere.fetched

        def act(times: int) -> int:
            before = elsewhere.fetched
            for step in range(times):
                policy.act(np.ones((2, 3), np.float32), step)
            return elsewhere.fetched - before

        assert act(5) == 0
        for batch in hand_off.batches(1, 3):
            agent.begin(batch, 1)
        assert elsewhere.fetched == fetched and elsewhere.waits == 0
        assert act(5) == 1  # one piece, whatever the number of layers
        q_net.load_state_dict({name: value + 1 for name, value in q_net.state_dict().items()})
        assert act(5) == 1


@pytest.mark.parametrize("learns", [True, False])
def test_weights_that_are_loaded_act_at_once(learns: bool) -> None:
    """Those below the head learn, or do not."""
    with Elsewhere():
        nets = [make_q_net(VECTOR, ACTIONS, (16,), torch.Generator().manual_seed(seed)) for seed in (0, 1)]
        for net in nets:
            net.body.requires_grad_(learns)
        agent, other = (make_agent(net, ELSEWHERE) for net in nets)
        policy = CopyPolicy(nets[0], agent.parameters, partial(make_policy, exploration=NoExploration()))
        obs = np.random.default_rng(0).standard_normal((50, 3)).astype(np.float32)
        expected = make_policy(nets[1], NoExploration()).act(obs, 0).tolist()
        assert policy.act(obs, 0).tolist() != expected
        agent.load_state_dict(other.state_dict())
        assert policy.act(obs, 0).tolist() == expected


def test_a_network_that_remembers_acts_by_its_copy_and_a_saved_policy_goes_on() -> None:
    def network() -> QNetwork:
        make = partial(Recurrent, "gru")
        generator = torch.Generator().manual_seed(0)
        return make_sequence_net(VECTOR, ACTIONS, lambda n, g: make(n, 4, g), (4,), generator)

    def act(policy: Any, steps: range) -> list[list[int]]:
        found = []
        for step in steps:
            found.append(policy.act(np.full((2, 3), np.sin(step), np.float32), step).tolist())
            policy.observe(np.array([1.0, step]))
            policy.reset([step % 2] if step == 3 else [])
        return found

    with Elsewhere():
        agent = make_agent(network(), ELSEWHERE)
        make = partial(make_policy, num_envs=2, store_state=True)
        plain = make(network(), exploring(2))
        copied, again = (
            CopyPolicy(agent.q_net, agent.parameters, lambda net: make(net, exploring(2))) for _ in range(2)
        )
        expected = act(plain, range(20))
        assert act(copied, range(9)) == expected[:9]
        assert {name: part.shape for name, part in copied.extras().items()} == {
            name: part.shape for name, part in plain.extras().items()
        }
        again.load_state_dict(copied.state_dict())
        assert act(again, range(9, 20)) == expected[9:]
        assert copied.figures(3) == plain.figures(3) == {"epsilon": 0.3}
