"""The loop: what it stores, when it learns, and that a seed repeats it bit for bit."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from training.tiny import Tiny

from dqn_fast import ReplayBuffer
from dqn_fast.agent import DQN, FeedForwardPolicy, NoExploration
from dqn_fast.envs import SerialEnvironments, Step
from dqn_fast.training import TrainConfig, evaluate
from dqn_fast.training.collector import Collector
from dqn_fast.training.learner import Learner
from dqn_fast.training.loop import TrainingLoop
from dqn_fast.training.metrics import Metrics, MetricsRow
from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.parts.loop import build_loop
from dqn_fast.training.parts.replay import build_batch_source, build_buffer

CONFIG = TrainConfig(
    "Tiny-v0",
    total_steps=500,
    learning_starts=100,
    learn_period=2,
    n_step=1,
    hidden_sizes=(16,),
    batch_size=16,
    learning_rate=1e-2,
    log_period=120,
)


class Recording(Tiny):
    """Keeps every step as the agent saw it."""

    def __init__(self) -> None:
        self.stored: list[tuple[float, int, float, float, bool, bool]] = []

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        obs = float(self.place)
        result = super().step(action)
        self.stored.append((obs, int(action), result[1], float(result[0][0]), result[2], result[3]))
        return result


class Trained(NamedTuple):
    loop: TrainingLoop
    agent: DQN
    buffer: ReplayBuffer
    stored: list[Any]  # of all environments
    rows: list[MetricsRow]


def run(config: TrainConfig, *, stop_at: int = 0) -> Trained:
    envs, rows = [Recording() for _ in range(config.num_envs)], list[MetricsRow]()
    environments = SerialEnvironments(envs, config.seed)
    agent = build_agent(config, environments.observation_space, environments.action_space)
    buffer = build_buffer(config, environments, agent.policy)
    loop = build_loop(
        config,
        environments,
        agent,
        buffer,
        on_row=rows.append,
        should_stop=lambda: len(envs[0].stored) == stop_at > 0,
    )
    loop.run()
    return Trained(loop, agent, buffer, [step for env in envs for step in env.stored], rows)


@pytest.mark.parametrize("num_envs", [1, 3])
def test_what_happened_is_what_is_stored(num_envs: int) -> None:
    trained = run(replace(CONFIG, num_envs=num_envs))
    batch = trained.buffer.transitions()
    columns = (
        batch.obs[:, 0],
        batch.action,
        batch.reward,
        batch.next_obs[:, 0],
        batch.terminated,
        batch.truncated,
    )
    got = [tuple(value.item() for value in row) for row in zip(*columns, strict=True)]
    assert sorted(got) == sorted(trained.stored)
    assert len(got) == trained.loop.step
    ends = [(terminated, truncated) for *_, terminated, truncated in trained.stored]
    assert (True, False) in ends
    assert (False, True) in ends
    # A truncated episode bootstraps from its true last observation, never from that of the reset after it.
    assert all(batch.discount == np.where(batch.terminated, 0, np.float32(0.99)))


def test_steps_updates_and_rows() -> None:
    loop, agent, _, stored, rows = run(CONFIG)
    assert loop.step == len(stored) == 500
    assert agent.updates == len(range(100, 501, 2))
    assert [row.step for row in rows] == [120, 240, 360, 480, 500]
    assert rows[-1].updates == agent.updates
    assert rows[-1].episodes == sum(terminated or truncated for *_, terminated, truncated in stored)
    assert rows[-1].epsilon == CONFIG.epsilon_end
    assert rows[-1].learning_rate == 0


@pytest.mark.parametrize("num_envs", [1, 3, 7])
@pytest.mark.parametrize(("learn_period", "learn_updates"), [(1, 1), (2, 1), (5, 3), (50, 20)])
def test_the_number_of_environments_does_not_change_the_ratio_of_updates_to_steps(
    num_envs: int, learn_period: int, learn_updates: int
) -> None:
    config = replace(CONFIG, num_envs=num_envs, learn_period=learn_period, learn_updates=learn_updates)
    loop, agent, _, stored, rows = run(config)
    assert loop.step == len(stored)
    assert 500 <= loop.step < 500 + num_envs
    assert agent.updates == len(range(100, loop.step + 1, learn_period)) * learn_updates
    assert [row.step // 120 for row in rows] == [1, 2, 3, 4, loop.step // 120]


@pytest.mark.parametrize("stop_at", [1, 99, 240, 251])  # there is a row at 240
def test_stops_where_it_is_asked_to(stop_at: int) -> None:
    loop, agent, _, stored, rows = run(CONFIG, stop_at=stop_at)
    assert loop.step == len(stored) == rows[-1].step == stop_at
    assert agent.updates == len(range(100, stop_at + 1, 2))
    assert len({row.step for row in rows}) == len(rows)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prioritized": True, "n_step": 3, "dueling": True},
        {"target": "hard", "target_update_period": 10, "loss": "mse", "double": False},
        {"epsilon_schedule": "exponential"},
        {"num_envs": 3, "epsilon_spread": 7.0, "prioritized": True},
    ],
)
def test_a_seed_repeats_bit_for_bit(changes: dict[str, Any]) -> None:
    def learned(seed: int) -> tuple[list[torch.Tensor], list[Any]]:
        config = replace(CONFIG, **changes, seed=seed)
        torch.manual_seed(np.random.default_rng().integers(2**31))  # the global state must not matter
        _, agent, _, stored, _ = run(config)
        return list(agent.q_net.state_dict().values()), stored

    (first, steps), (second, same_steps), (other, other_steps) = learned(0), learned(0), learned(1)
    assert steps == same_steps != other_steps
    assert all(torch.equal(one, two) for one, two in zip(first, second, strict=True))
    assert not any(torch.equal(one, two) for one, two in zip(first, other, strict=True))


def test_training_leaves_the_random_states_of_the_process_alone() -> None:
    numpy_state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    run(CONFIG)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)


def filled(config: TrainConfig) -> tuple[ReplayBuffer, DQN]:
    """A buffer that has seen a training, and an agent that has not."""
    return run(config).buffer, build_agent(config, Tiny.observation_space, Tiny.action_space)


def offline(config: TrainConfig, buffer: ReplayBuffer, agent: DQN, **callbacks: Any) -> TrainingLoop:
    metrics = Metrics(config.return_window)
    learner = Learner(agent, build_batch_source(config, buffer), metrics)
    return TrainingLoop(config, [], learner, metrics, **callbacks)


@pytest.mark.parametrize("learn_updates", [1, 20])
def test_without_a_collector_steps_are_updates(learn_updates: int) -> None:
    config, rows = replace(CONFIG, checkpoint_period=100, tau=0.05, n_step=5), list[MetricsRow]()
    buffer, agent = filled(config)
    held, checkpoints = len(buffer), list[int]()
    loop = offline(
        replace(config, learn_updates=learn_updates),
        buffer,
        agent,
        on_row=rows.append,
        on_checkpoint=lambda: checkpoints.append(loop.step),
    )
    loop.run()
    assert loop.step == agent.updates == 500
    assert [row.step for row in rows] == [row.updates for row in rows] == [120, 240, 360, 480, 500]
    assert checkpoints == [100, 200, 300, 400, 500]
    assert len(buffer) == held  # nothing is acted, or stored
    assert rows[-1].episodes == 0
    assert np.isnan([rows[-1].epsilon, rows[-1].return_mean]).all()
    assert rows[-1].learning_rate == 0
    # What was stored shows that the end is on the right.
    evaluation = evaluate(agent.q_net, Tiny(), 10, seed=0)
    assert evaluation is not None
    assert evaluation.returns == [1.0] * 10


def agent_has_made(agent: DQN, updates: int) -> bool:
    return agent.updates == updates


def test_without_a_collector_it_stops_and_goes_on_as_well() -> None:
    config = replace(CONFIG, prioritized=True)

    def trained(stops: list[int]) -> list[torch.Tensor]:
        buffer, agent = filled(config)
        state: Any = None
        for stop in stops:
            stopping = partial(agent_has_made, agent, stop)
            loop = offline(config, buffer, agent, on_row=lambda row: None, should_stop=stopping)
            if state:
                loop.load_state_dict(state)
            loop.run()
            state = loop.state_dict()
            assert state["step"] == agent.updates == min(stop, 500)
        return list(agent.q_net.state_dict().values())

    whole, parts = trained([1000]), trained([33, 200, 1000])
    assert all(torch.equal(one, two) for one, two in zip(whole, parts, strict=True))


def test_two_collectors_fill_one_buffer() -> None:
    """Each has an environment, a policy, and one of the buffer's two environments of its own."""
    config, rows = replace(CONFIG, num_envs=2, prioritized=True), list[MetricsRow]()
    envs = [Recording(), Recording()]
    environments = [SerialEnvironments([env], seed) for seed, env in enumerate(envs)]
    agent = build_agent(replace(config, num_envs=1), Tiny.observation_space, Tiny.action_space)
    buffer = build_buffer(config, environments[0], agent.policy)
    metrics = Metrics(config.return_window)

    def store_as(env: int) -> Any:
        def store(obs: Any, action: Any, after: Step, extras: Any) -> None:
            _, reward, next_obs, terminated, truncated, _, _ = after
            buffer.extend(obs, action, reward, next_obs, terminated, truncated, env=env, **extras)

        return store

    policies = [agent.policy, FeedForwardPolicy(agent.q_net, NoExploration())]
    collectors = [
        Collector(its, policy, store_as(env), metrics)
        for env, (its, policy) in enumerate(zip(environments, policies, strict=True))
    ]
    learner = Learner(agent, build_batch_source(config, buffer), metrics)
    loop = TrainingLoop(config, collectors, learner, metrics, on_row=rows.append)
    loop.run()
    assert loop.step == 500 == len(buffer)
    assert [len(env.stored) for env in envs] == [250, 250]
    assert agent.updates == len(range(100, 501, 2))
    batch = buffer.transitions()
    for number, env in enumerate(envs):
        its = batch.indices % 2 == number
        assert batch.obs[its, 0].tolist() == [step[0] for step in env.stored]
        assert batch.action[its].tolist() == [step[1] for step in env.stored]
    ends = [terminated or truncated for env in envs for *_, terminated, truncated in env.stored]
    assert rows[-1].episodes == sum(ends)

    later = [SerialEnvironments([Tiny()], seed) for seed in (7, 8)]
    others = [
        Collector(its, policy, store_as(env), metrics)
        for env, (its, policy) in enumerate(zip(later, policies, strict=True))
    ]
    TrainingLoop(config, others, learner, metrics, on_row=rows.append).load_state_dict(loop.state_dict())
    assert [its.state() for its in later] == [its.state() for its in environments]
