"""The loop: what it stores, when it learns, and that a seed repeats it bit for bit."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch
from training.tiny import Tiny

from dqn_fast.agent import DQN
from dqn_fast.envs import SerialEnvironments
from dqn_fast.training import TrainConfig
from dqn_fast.training.build import build_agent
from dqn_fast.training.loop import TrainingLoop
from dqn_fast.training.memory import Memory, build_memory
from dqn_fast.training.metrics import MetricsRow

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
    memory: Memory
    stored: list[Any]  # of all environments
    rows: list[MetricsRow]


def run(config: TrainConfig, *, stop_at: int = 0) -> Trained:
    envs, rows = [Recording() for _ in range(config.num_envs)], list[MetricsRow]()
    environments = SerialEnvironments(envs, config.seed)
    agent = build_agent(config, environments.observation_space, environments.action_space)
    memory = build_memory(config, environments)
    loop = TrainingLoop(
        config,
        environments,
        agent,
        memory,
        on_row=rows.append,
        should_stop=lambda: len(envs[0].stored) == stop_at > 0,
    )
    loop.run()
    return Trained(loop, agent, memory, [step for env in envs for step in env.stored], rows)


@pytest.mark.parametrize("num_envs", [1, 3])
def test_what_happened_is_what_is_stored(num_envs: int) -> None:
    trained = run(replace(CONFIG, num_envs=num_envs))
    batch = trained.memory.buffer.transitions()
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
