"""The replay buffer of a run: settings that do not fit, and room for the ends of episodes."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from training.tiny import Tiny

from dqn_fast.envs import SerialEnvironments
from dqn_fast.training import TrainConfig, UsageError, train
from dqn_fast.training.multi_seed import train_seeds
from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.parts.loop import build_loop
from dqn_fast.training.parts.replay import build_buffer


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"frame_stack": 3}, "cannot make the replay buffer: frame_stack: got 3, expected a divisor of 4"),
        ({"capacity": 10**13}, "cannot make the replay buffer: "),
    ],
)
@pytest.mark.parametrize("prioritized", [False, True])
def test_settings_that_do_not_fit_are_named(
    prioritized: bool, changes: dict[str, Any], message: str, tmp_path: Path
) -> None:
    config = TrainConfig("CartPole-v1", prioritized=prioritized, **changes)
    with pytest.raises(UsageError, match=f"^{message}"):
        train(config, tmp_path / "run")
    with pytest.raises(UsageError, match=f"^{message}"):
        train_seeds(config, range(2), tmp_path / "group", jobs=1)
    assert not list(tmp_path.iterdir())


class Seen(Tiny):
    """Episodes of three steps, seen as images of 400 bytes."""

    observation_space = spaces.Box(0, 1, (10, 10, 4), np.bool_)

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.steps += 1
        return self._obs(), 1.0, self.steps == 3, False, {}

    def _obs(self) -> Any:
        return np.full((10, 10, 4), self.steps % 2, np.bool_)


def test_a_reserve_keeps_the_transitions_of_short_episodes() -> None:
    # Three steps, and one more observation: a third more slots than transitions.
    environments = SerialEnvironments([Seen()], seed=0)
    held = []
    for reserve in (1 / 3, 1 / 32):
        config = TrainConfig(
            "Seen-v0",
            capacity=60,
            reserve=reserve,
            total_steps=90,
            learning_starts=89,
            n_step=1,
            hidden_sizes=(4,),
        )
        agent = build_agent(config, environments.observation_space, environments.action_space)
        buffer = build_buffer(config, environments, agent.policy)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # that the oldest go early
            build_loop(config, environments, agent, buffer, on_row=lambda row: None).run()
        held.append(len(buffer))
    assert held[0] == 60 > held[1]


def test_monte_carlo_returns_span_the_whole_episode() -> None:
    environments = SerialEnvironments([Tiny()], seed=0)

    def returns(objective: Any) -> list[tuple[float, float]]:
        config = TrainConfig("Tiny-v0", objective=objective, n_step=1, gamma=0.25, hidden_sizes=())
        agent = build_agent(config, environments.observation_space, environments.action_space)
        buffer = build_buffer(config, environments, agent.policy)
        for step, reward in enumerate([3.0, 5.0, 2.0]):
            buffer.add([step], 0, reward, [step + 1], step == 2)
        batch = buffer.sample(64)
        return sorted(set(zip(batch.reward.tolist(), batch.discount.tolist(), strict=True)))

    assert returns("td") == [(2.0, 0.0), (3.0, 0.25), (5.0, 0.25)]
    assert returns("mc") == [(2.0, 0.0), (3 + 5 / 4 + 2 / 16, 0.0), (5 + 2 / 4, 0.0)]
