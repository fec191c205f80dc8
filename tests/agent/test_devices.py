"""An agent on another device acts and learns as on the CPU."""

from __future__ import annotations

import copy
from functools import partial
from typing import Any

import numpy as np
import pytest
import torch
from agent.elsewhere import ELSEWHERE, Elsewhere
from agent.test_sequence_batches import stored
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import (
    DQN,
    GPT,
    Adam,
    CloningObjective,
    ConservativeObjective,
    DrawingSource,
    EpisodeDraw,
    EpsilonGreedy,
    FlatParameters,
    Greedy,
    HandOff,
    HardTarget,
    ImplicitObjective,
    ImplicitValues,
    JoinedBatches,
    LinearSchedule,
    Objective,
    PrioritizedBatches,
    QNetwork,
    Recurrent,
    RMSProp,
    SequenceBatches,
    SoftTarget,
    SquareRoot,
    TDObjective,
    UniformBatches,
    WindowDraw,
    huber,
    make_policy,
    make_q_net,
    make_sequence_net,
    online_selector,
    squared_error,
    target_selector,
)
from dqn_fast.agent.networks.many_actions import ManyActions

ACTIONS, CPU = spaces.Discrete(3), torch.device("cpu")
MASKED = spaces.Dict(
    {
        "action_mask": spaces.MultiBinary(3),
        "many": spaces.MultiDiscrete([3, 4]),
        "one": spaces.Discrete(5, start=2),
        "image": spaces.Box(0, 255, (2, 6, 6), np.uint8),
    }
)
IMAGES = spaces.Box(0, 255, (4, 36, 36), np.uint8)
VECTOR = spaces.Box(-1, 1, (3,))
DOUBLE = TDObjective(online_selector, huber)


def make_agent(q_net: QNetwork, device: torch.device, objective: Objective = DOUBLE, **parts: Any) -> DQN:
    q_net = q_net.to(device)
    parameters = FlatParameters(q_net)
    exploration = EpsilonGreedy(LinearSchedule(0.3, 0.3, 0), 3, np.random.default_rng(0), num_envs=2)
    return DQN(
        q_net,
        parameters,
        parts.get("target", partial(SoftTarget, tau=0.2))(q_net, parameters),
        parts.get("optimizer", Adam)(parameters),
        objective=objective,
        policy=make_policy(q_net, exploration, 2, store_state=parts.get("store_state", False)),
        learning_rate_schedule=LinearSchedule(1e-2, 0.0, 100),
        max_grad_norm=0.5,
    )


def learn(agent: DQN, source: DrawingSource, updates: int = 4) -> tuple[list[float], torch.Tensor]:
    """Return loss and mean value of each update, and all weights behind them."""
    found = []
    hand_off = HandOff(source, agent.device)
    for step in range(updates):
        for batch in hand_off.batches(step, 1):
            update = agent.learn(batch, step)
            found += [update.loss, update.q]
            hand_off.update_priorities(batch, update.td_error)
    weights = [agent.parameters.vector, *map(torch.flatten, agent.target.target_net.parameters())]
    return found, torch.cat(weights).detach().cpu()


def buffer_of(space: spaces.Space[Any], kind: type[ReplayBuffer] = ReplayBuffer, seed: int = 0) -> Any:
    buffer = kind(100, space, ACTIONS, n_step=2, reserve=1.0, seed=seed)
    space.seed(seed)
    for step in range(60):
        obs, action = space.sample(), step % 3
        if isinstance(obs, dict):
            obs["action_mask"][action] = 1  # it was taken
        buffer.add(obs, action, float(step % 5), space.sample(), step % 7 == 6)
    return buffer


def uniform(space: spaces.Space[Any]) -> DrawingSource:
    return UniformBatches(buffer_of(space), 8)


def prioritized(space: spaces.Space[Any]) -> DrawingSource:
    return PrioritizedBatches(buffer_of(space, PrioritizedReplayBuffer), 8, LinearSchedule(0.4, 1, 9))


def joined(space: spaces.Space[Any]) -> DrawingSource:
    return JoinedBatches(uniform(space), prioritized(space))


IQL = ImplicitObjective(ImplicitValues(3.0), huber, 0.7)
RESCALED = TDObjective(target_selector, squared_error, SquareRoot())
CASES: list[Any] = [
    (VECTOR, {"dueling": True}, DOUBLE, prioritized, {}),
    (VECTOR, {"representation": ImplicitValues(3.0)}, IQL, uniform, {}),
    (MASKED, {"embedding": 3}, ConservativeObjective(RESCALED, 0.5), prioritized, {}),
    (MASKED, {}, CloningObjective(), joined, {"optimizer": RMSProp}),
    (IMAGES, {}, DOUBLE, prioritized, {"target": partial(HardTarget, target_update_period=3)}),
]


@pytest.mark.parametrize(("space", "network", "objective", "make_source", "parts"), CASES)
def test_feed_forward_networks(
    space: spaces.Space[Any], network: dict[str, Any], objective: Objective, make_source: Any, parts: Any
) -> None:
    found = []
    for device in (CPU, ELSEWHERE):
        with Elsewhere() as elsewhere:
            q_net = make_q_net(space, ACTIONS, (8,), torch.Generator().manual_seed(0), **network)
            agent = make_agent(q_net, device, objective, **parts)
            assert agent.device == device
            learned = learn(agent, make_source(space))
            space.seed(3)
            rows = [space.sample() for _ in range(2)]
            obs = (
                {key: np.stack([row[key] for row in rows]) for key in rows[0]}
                if isinstance(space, spaces.Dict)
                else np.stack(rows)
            )
            actions = [agent.policy.act(obs, step).tolist() for step in range(8)]
            found.append((*learned, actions, Greedy(agent.q_net)(rows[0])))
        assert (elsewhere.fetched > 0) == (device == ELSEWHERE)
    (losses, weights, *acts), (other_losses, other_weights, *other_acts) = found
    # The learning rate is a float32 number there.
    np.testing.assert_allclose(losses, other_losses, rtol=1e-5)
    torch.testing.assert_close(weights, other_weights, rtol=1e-5, atol=1e-6)
    assert acts == other_acts


def test_both_qs_of_the_action_taken_beside_a_whole_policy() -> None:
    found = []
    for device in (CPU, ELSEWHERE):
        with Elsewhere():
            representation = ImplicitValues(3.0)
            net = make_q_net(
                VECTOR, ACTIONS, (8,), torch.Generator().manual_seed(0), representation=representation
            )
            q_net = ManyActions(net.encoder, net.body, net.head, net.num_actions, representation)
            agent = make_agent(q_net, device, ImplicitObjective(representation, huber, 0.7, 3))
            batch = next(HandOff(uniform(VECTOR), device).batches(0, 1))
            td_error = agent.td_error(batch)
            assert torch.equal(agent.learn(batch, 0).td_error, td_error.cpu())
            found.append((td_error.cpu(), *learn(agent, uniform(VECTOR))))
    (td_error, losses, weights), (other_td_error, other_losses, other_weights) = found
    torch.testing.assert_close(td_error, other_td_error)
    np.testing.assert_allclose(losses, other_losses, rtol=1e-5)
    torch.testing.assert_close(weights, other_weights, rtol=1e-5, atol=1e-6)


def _gpt(inputs: int, generator: torch.Generator) -> GPT:
    return GPT(inputs, 8, 2, 2, 6, generator)


@pytest.mark.parametrize("model", [_gpt, partial(Recurrent, "lstm"), partial(Recurrent, "gru")])
@pytest.mark.parametrize("episodes", [True, False])
def test_networks_that_remember(model: Any, episodes: bool) -> None:
    found = []
    stores = not episodes and isinstance(model, partial)
    for device in (CPU, ELSEWHERE):
        with Elsewhere():
            make = model if model is _gpt else lambda inputs, generator: model(inputs, 2, generator)
            box = spaces.Box(-np.inf, np.inf, (1,), np.float32)
            q_net = make_sequence_net(box, spaces.Discrete(4), make, (4,), torch.Generator().manual_seed(0))
            agent = make_agent(q_net, device, store_state=stores)
            buffer = stored(PrioritizedReplayBuffer, **({"draw_by": "segment"} if episodes else {}))
            draw = EpisodeDraw(buffer, 5, 2) if episodes else WindowDraw(buffer, 5, 3, burn_in=2, n_step=2)
            losses, weights = learn(agent, SequenceBatches(draw, LinearSchedule(0.5, 0.5, 1)))
            acted = []
            for step in range(6):
                acted.append(agent.policy.act(np.full((2, 1), step, np.float32), step).tolist())
                agent.policy.observe(np.array([1.0, step]))
                agent.policy.reset([step % 2] if step == 3 else [])
            extras = {name: part.tolist() for name, part in agent.policy.extras().items()}
            state = copy.deepcopy(agent.policy.state_dict())
            agent.policy.load_state_dict(state)
            found.append((losses, weights, acted, extras))
    (losses, weights, acted, extras), (other_losses, other_weights, other_acted, other_extras) = found
    # Recurrent layers have a kernel of their own on the CPU.
    np.testing.assert_allclose(losses, other_losses, rtol=1e-4)
    torch.testing.assert_close(weights, other_weights, rtol=1e-3, atol=1e-5)
    assert acted == other_acted
    assert extras.keys() == other_extras.keys()
    assert bool(extras) == stores


def test_the_device_refuses_tensors_of_the_cpu() -> None:
    with Elsewhere():
        there = torch.ones(3).to(ELSEWHERE)
        with pytest.raises(RuntimeError, match="one device"):
            there + torch.ones(3)
        with pytest.raises((RuntimeError, TypeError)):
            there.numpy()
