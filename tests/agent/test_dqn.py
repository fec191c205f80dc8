"""The agent learns known values, and learns the same again from the same seed."""

from __future__ import annotations

import copy
import io
import math
from collections.abc import Callable
from functools import partial
from itertools import product
from typing import Any

import numpy as np
import pytest
import torch
from agent import chain
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import (
    DQN,
    Adam,
    BatchSource,
    EpsilonGreedy,
    FeedForwardPolicy,
    FlatParameters,
    Greedy,
    HardTarget,
    LinearSchedule,
    Objective,
    Optimizer,
    PrioritizedBatches,
    RMSProp,
    SoftTarget,
    Target,
    TDObjective,
    UniformBatches,
    huber,
    make_q_net,
    online_selector,
    squared_error,
    target_selector,
)

BOX, ACTIONS = spaces.Box(-1, 1, (3,)), spaces.Discrete(2)


DOUBLE_HUBER = TDObjective(online_selector, huber)
SOFT, HARD = partial(SoftTarget, tau=0.2), partial(HardTarget, target_update_period=10)
SLOW = partial(SoftTarget, tau=0.05)


def make_agent(
    observation_space: spaces.Space[Any] = BOX,
    *,
    seed: int = 0,
    lr: float = 1e-2,
    steps: int = 0,
    target: Callable[..., Target] = SLOW,
    objective: Objective = DOUBLE_HUBER,
    max_grad_norm: float = 10.0,
    optimizer: Callable[[FlatParameters], Optimizer] = Adam,
) -> DQN:
    q_net = make_q_net(observation_space, ACTIONS, (32,), torch.Generator().manual_seed(seed))
    parameters = FlatParameters(q_net)
    exploration = EpsilonGreedy(LinearSchedule(0.1, 0.1, 0), 2, np.random.default_rng(seed))
    return DQN(
        q_net,
        parameters,
        target(q_net, parameters),
        optimizer(parameters),
        objective=objective,
        policy=FeedForwardPolicy(q_net, exploration),
        learning_rate_schedule=LinearSchedule(lr, 0.0 if steps else lr, steps),
        max_grad_norm=max_grad_norm,
    )


def random_buffer(kind: type[ReplayBuffer] = ReplayBuffer, seed: int = 0) -> Any:
    buffer = kind(1000, BOX, ACTIONS, seed=seed)
    generator = np.random.default_rng(3)
    for _ in range(300):
        obs, next_obs = generator.uniform(-1, 1, (2, 3)).astype(np.float32)
        action, reward = int(generator.integers(2)), float(generator.normal())
        buffer.add(obs, action, reward, next_obs, bool(generator.random() < 0.1))
    return buffer


def learn(agent: DQN, source: BatchSource, updates: int) -> None:
    for step in range(updates):
        for batch in source.batches(step, 1):
            source.update_priorities(batch, agent.learn(batch, step).td_error)


def state(agent: DQN) -> list[np.ndarray]:
    nets = agent.q_net, agent.target.target_net
    return [value.numpy().copy() for net in nets for value in net.state_dict().values()]


@pytest.mark.parametrize(
    ("selector", "loss", "target", "n_step"),
    [
        (target_selector, squared_error, HARD, 1),
        (online_selector, huber, SOFT, 1),
        (online_selector, squared_error, SOFT, 3),
        (target_selector, huber, HARD, 3),
    ],
)
@pytest.mark.parametrize("prioritized", [False, True])
def test_a_chain_is_solved_exactly(
    selector: Any, loss: Any, target: Any, n_step: int, prioritized: bool
) -> None:
    updates = 400
    kind = PrioritizedReplayBuffer if prioritized else ReplayBuffer
    buffer = kind(1000, chain.OBSERVATION_SPACE, chain.ACTION_SPACE, n_step=n_step, gamma=chain.GAMMA, seed=0)
    # n-step returns are those of the policy that was followed: the optimal one, after any first action.
    for start, first in product(range(chain.STATES), range(chain.ACTIONS)):
        now, action, terminated = start, first, False
        while not terminated:
            after, reward, terminated = chain.step(now, action)
            buffer.add(now, action, reward, after, terminated)
            now, action = after, chain.RIGHT
    objective = TDObjective(selector, loss)
    agent = make_agent(chain.OBSERVATION_SPACE, lr=2e-2, steps=updates, objective=objective, target=target)
    if isinstance(buffer, PrioritizedReplayBuffer):
        learn(agent, PrioritizedBatches(buffer, 64, LinearSchedule(0.4, 1.0, updates)), updates)
    else:
        learn(agent, UniformBatches(buffer, 64), updates)
    with torch.no_grad():
        q = agent.q_net(torch.arange(chain.STATES)).numpy()
    np.testing.assert_allclose(q, chain.exact_q(), atol=0.01)
    greedy = Greedy(agent.q_net)
    assert [greedy(np.int64(start)) for start in range(chain.STATES)] == [chain.RIGHT] * 5


@pytest.mark.parametrize("kind", ["uniform", "prioritized"])
def test_the_same_seed_gives_the_same_parameters_bit_for_bit(kind: str) -> None:
    def learned(seed: int) -> list[np.ndarray]:
        agent = make_agent(seed=seed)
        if kind == "uniform":
            learn(agent, UniformBatches(random_buffer(seed=seed), 32), 200)
        else:
            buffer = random_buffer(PrioritizedReplayBuffer, seed)
            learn(agent, PrioritizedBatches(buffer, 32, LinearSchedule(0.4, 1.0, 200)), 200)
        return state(agent)

    first, second, other = learned(0), learned(0), learned(1)
    assert all(np.array_equal(one, two) for one, two in zip(first, second, strict=True))
    assert not any(np.array_equal(one, two) for one, two in zip(first, other, strict=True))


def test_termination_does_not_bootstrap_and_truncation_does() -> None:
    obs, next_obs = np.full(3, 0.1, np.float32), np.full(3, 0.9, np.float32)
    for terminated, truncated in [(True, False), (False, True), (True, True), (False, False)]:
        buffer = ReplayBuffer(10, BOX, ACTIONS, gamma=0.9, seed=0)
        buffer.add(obs, 1, 2.0, next_obs, terminated, truncated)
        agent = make_agent(objective=TDObjective(target_selector, huber))
        with torch.no_grad():
            q = agent.q_net(torch.from_numpy(obs[None]))[0, 1].item()
            bootstrap = agent.target.target_net(torch.from_numpy(next_obs[None])).max().item()
        td_error = agent.learn(next(UniformBatches(buffer, 4).batches(1, 1)), 1).td_error
        expected = 2.0 - q + (0.0 if terminated else 0.9 * bootstrap)
        np.testing.assert_allclose(td_error.numpy(), expected, rtol=1e-5)


@pytest.mark.parametrize("max_grad_norm", [0.01, math.inf])
def test_the_gradient_is_shortened(max_grad_norm: float) -> None:
    agent = make_agent(max_grad_norm=max_grad_norm)
    agent.learn(next(UniformBatches(random_buffer(), 32).batches(0, 1)), 0)
    norm = torch.cat([p.grad.flatten() for p in agent.q_net.parameters() if p.grad is not None]).norm().item()
    assert norm == pytest.approx(0.01, rel=1e-3) if math.isfinite(max_grad_norm) else norm > 0.1


def test_the_learning_rate_follows_its_schedule() -> None:
    agent = make_agent(lr=1e-2, steps=100)
    source = UniformBatches(random_buffer(), 8)
    rates: list[float] = []

    class Watched(Adam):
        def step(self, learning_rate: float) -> None:
            rates.append(learning_rate)
            super().step(learning_rate)

    agent.optimizer = Watched(agent.parameters)
    for step in (0, 50, 100):
        agent.learn(next(source.batches(step, 1)), step)
    assert rates == pytest.approx([1e-2, 5e-3, 0.0])
    before = state(agent)[:4]
    agent.learn(next(source.batches(101, 1)), 101)
    assert all(np.array_equal(one, two) for one, two in zip(before, state(agent)[:4], strict=True))
    assert agent.updates == 4


def test_learning_only_reads_the_batch_and_reports_what_it_found() -> None:
    agent = make_agent()
    batch = next(UniformBatches(random_buffer(), 16).batches(0, 1))
    names = ("obs", "action", "reward", "next_obs", "discount", "weights", "indices")
    before = {name: getattr(batch, name).clone() for name in names}
    with torch.no_grad():
        q = agent.q_net(batch.obs).gather(1, batch.action[:, None])[:, 0]
    learned = agent.learn(batch, 0)
    assert all(torch.equal(getattr(batch, name), before[name]) for name in names)
    assert learned.q == pytest.approx(q.mean().item(), rel=1e-5)
    assert learned.td_error.shape == (16,)
    assert learned.loss == pytest.approx(huber(learned.td_error)[0].mean().item(), rel=1e-4)
    assert not learned.td_error.requires_grad


def test_denormals_are_flushed_in_updates_alone() -> None:
    def is_flushed() -> bool:
        return (torch.full((8,), 1e-40) * 1.0).count_nonzero().item() == 0

    class Watching(TDObjective):
        flushed: bool | None = None

        def __call__(self, *args: Any) -> Any:
            self.flushed = is_flushed()
            return super().__call__(*args)

    objective = Watching(target_selector, huber)
    make_agent(objective=objective).learn(next(UniformBatches(random_buffer(), 8).batches(0, 1)), 0)
    assert objective.flushed is True
    assert not is_flushed()


@pytest.mark.parametrize("max_grad_norm", [0.0, -1.0, math.nan])
def test_bad_max_grad_norm(max_grad_norm: float) -> None:
    with pytest.raises(ValueError, match=f"^max_grad_norm: got {max_grad_norm}, expected above 0$"):
        make_agent(max_grad_norm=max_grad_norm)


@pytest.mark.parametrize("optimizer", [Adam, RMSProp])
@pytest.mark.parametrize("target", [SOFT, HARD])
def test_a_saved_agent_goes_on_bit_for_bit(target: Any, optimizer: Any) -> None:
    def source(seed: int) -> UniformBatches:
        return UniformBatches(random_buffer(seed=seed), 32)

    def acts(agent: DQN) -> list[int]:
        return [int(agent.policy.act(np.zeros((1, 3), np.float32), step)[0]) for step in range(50)]

    agent, resumed = (make_agent(seed=seed, target=target, optimizer=optimizer) for seed in (0, 9))
    learn(agent, source(1), 33)
    acts(agent)
    file = io.BytesIO()
    torch.save(agent.state_dict(), file)
    file.seek(0)
    resumed.load_state_dict(torch.load(file, weights_only=True))
    for going_on in (agent, resumed):
        learn(going_on, source(2), 33)
    assert agent.updates == resumed.updates == 66
    assert all(np.array_equal(one, two) for one, two in zip(state(agent), state(resumed), strict=True))
    assert acts(agent) == acts(resumed)


def test_a_copy_is_refused_where_it_would_be_none() -> None:
    with pytest.raises(TypeError, match=r"^deepcopy: got a DQN, expected its state_dict\(\)"):
        copy.deepcopy(make_agent())


def test_a_state_of_version_0_1_0_has_the_exploration_at_its_top() -> None:
    agent, resumed = make_agent(), make_agent(seed=9)
    old = agent.state_dict()
    old["exploration"] = old.pop("policy")["exploration"]
    resumed.load_state_dict(old)
    obs = np.zeros((1, 3), np.float32)
    assert [agent.policy.act(obs, 0).tolist() for _ in range(50)] == [
        resumed.policy.act(obs, 0).tolist() for _ in range(50)
    ]
