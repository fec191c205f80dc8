"""Updates of small networks run in inference mode, and nobody who uses autograd or keeps tensors notices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from agent.test_dqn import ACTIONS, BOX, DOUBLE_HUBER, SLOW, learn, make_agent, random_buffer, state

from dqn_fast.agent import (
    DQN,
    Adam,
    ConservativeObjective,
    FeedForwardPolicy,
    FlatParameters,
    LinearSchedule,
    NoExploration,
    ObjectiveResult,
    RMSProp,
    TDObjective,
    UniformBatches,
    huber,
    make_q_net,
    target_selector,
)
from dqn_fast.agent.networks.encoders import FlattenEncoder


class ByAutograd:
    """The objective of `TDObjective(target_selector, huber)`, whose gradient autograd computes."""

    whole_heads = ()
    uses_autograd = True

    def __call__(self, outputs: Any, batch: Any, q_net: Any, target_net: Any) -> ObjectiveResult:
        target = batch.reward + batch.discount * target_net(batch.next_obs).amax(1)
        leaf = outputs.detach().requires_grad_()
        with torch.enable_grad():
            q = leaf.gather(1, batch.action[:, None])[:, 0]
            loss = torch.nn.functional.huber_loss(q, target, reduction="none")
            loss.sum().backward()
        assert leaf.grad is not None
        return ObjectiveResult(loss.detach(), leaf.grad, target - q.detach(), q.detach())


def test_an_objective_may_turn_autograd_on() -> None:
    found = []
    alone = TDObjective(target_selector, huber)
    for objective in (alone, ByAutograd()):
        agent = make_agent(objective=objective)
        learn(agent, UniformBatches(random_buffer(), 32), 20)
        found.append(state(agent))
    for own, by_autograd in zip(*found, strict=True):
        np.testing.assert_allclose(own, by_autograd, rtol=1e-4, atol=1e-6)
    objectives = (alone, ConservativeObjective(alone, 0.0), ConservativeObjective(ByAutograd(), 0.0))
    assert [one.uses_autograd for one in objectives] == [False, False, True]


class Normalizing(FlattenEncoder):
    """Keeps a running mean of its own."""

    mean: Any = 0.0

    def forward(self, obs: Any) -> Any:
        self.mean = self.mean * 0.9 + obs.mean(0) * 0.1
        self.mean += 0.0
        return super().forward(obs - self.mean)


@pytest.mark.parametrize("optimizer", [Adam, RMSProp])
def test_what_an_update_leaves_behind_can_be_changed_outside(optimizer: Any) -> None:
    agent = make_agent(optimizer=optimizer)
    batch = next(UniformBatches(random_buffer(), 16).batches(0, 1))
    agent.learn(batch, 0)
    agent.optimizer.step(1e-3)
    q_net = make_q_net(BOX, ACTIONS, (32,), torch.Generator())
    own: Any = Normalizing(q_net.encoder.size)
    q_net.encoder = own
    parameters = FlatParameters(q_net)
    agent = DQN(
        q_net,
        parameters,
        SLOW(q_net, parameters),
        optimizer(parameters),
        objective=DOUBLE_HUBER,
        policy=FeedForwardPolicy(q_net, NoExploration()),
        learning_rate_schedule=LinearSchedule(1e-2, 1e-2, 0),
    )
    agent.learn(batch, 0)
    agent.policy.act(np.zeros((2, *BOX.shape), np.float32), 0)
    own.mean.add_(1.0)
    assert not own.mean.is_inference()
