"""The loop: what it stores, when it learns, and that a seed repeats it bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from training.tiny import Tiny

from dqn_fast.training import TrainConfig
from dqn_fast.training.build import build_agent, build_memory
from dqn_fast.training.loop import train_loop
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


def run(config: TrainConfig, *, stop_at: int = 0) -> tuple[int, Any, Any, Recording, list[MetricsRow]]:
    env, rows = Recording(), list[MetricsRow]()
    agent, memory = build_agent(config, env), build_memory(config, env)
    steps = train_loop(
        config, env, agent, memory, on_row=rows.append, should_stop=lambda: len(env.stored) == stop_at
    )
    return steps, agent, memory, env, rows


def test_what_happened_is_what_is_stored() -> None:
    _, _, memory, env, _ = run(CONFIG)
    batch = memory.buffer.sample(4000)
    columns = (
        batch.obs[:, 0],
        batch.action,
        batch.reward,
        batch.next_obs[:, 0],
        batch.terminated,
        batch.truncated,
    )
    got = {tuple(value.item() for value in row) for row in zip(*columns, strict=True)}
    assert got == set(env.stored)
    assert len(memory.buffer) == 500
    ends = [(terminated, truncated) for *_, terminated, truncated in env.stored]
    assert (True, False) in ends
    assert (False, True) in ends
    # A truncated episode bootstraps from its true last observation, never from that of the reset after it.
    assert all(batch.discount == np.where(batch.terminated, 0, np.float32(0.99)))


def test_steps_updates_and_rows() -> None:
    steps, agent, _, env, rows = run(CONFIG)
    assert steps == len(env.stored) == 500
    assert agent.updates == len(range(100, 501, 2))
    assert [row.step for row in rows] == [120, 240, 360, 480, 500]
    assert rows[-1].updates == agent.updates
    assert rows[-1].episodes == sum(terminated or truncated for *_, terminated, truncated in env.stored)
    assert rows[-1].epsilon == CONFIG.epsilon_end
    assert rows[-1].learning_rate == 0


def test_stops_where_it_is_asked_to() -> None:
    steps, agent, _, env, rows = run(CONFIG, stop_at=251)
    assert steps == len(env.stored) == rows[-1].step == 251
    assert agent.updates == len(range(100, 251, 2))


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"prioritized": True, "n_step": 3},
        {"target": "hard", "target_update_period": 10, "loss": "mse", "double": False},
        {"epsilon_schedule": "exponential"},
    ],
)
def test_a_seed_repeats_bit_for_bit(changes: dict[str, Any]) -> None:
    def learned(seed: int) -> tuple[list[torch.Tensor], list[Any]]:
        config = TrainConfig(**{**CONFIG.__dict__, **changes, "seed": seed})
        torch.manual_seed(np.random.default_rng().integers(2**31))  # the global state must not matter
        _, agent, _, env, _ = run(config)
        return list(agent.q_net.state_dict().values()), env.stored

    (first, steps), (second, same_steps), (other, other_steps) = learned(0), learned(0), learned(1)
    assert steps == same_steps != other_steps
    assert all(torch.equal(one, two) for one, two in zip(first, second, strict=True))
    assert not any(torch.equal(one, two) for one, two in zip(first, other, strict=True))


def test_training_leaves_the_random_states_of_the_process_alone() -> None:
    numpy_state, torch_state = np.random.get_state()[1].copy(), torch.get_rng_state()  # noqa: NPY002
    run(CONFIG)
    assert np.array_equal(np.random.get_state()[1], numpy_state)  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), torch_state)
