"""Runs of networks that remember: what they store and learn from, and what contradicts itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer
from dqn_fast.agent import EpisodeDraw, SequencePolicy, WindowDraw
from dqn_fast.training import TrainConfig, UsageError, evaluate_run, preset_of, record_video, train
from dqn_fast.training.parts.agent import build_agent
from dqn_fast.training.parts.envs import build_environments
from dqn_fast.training.parts.networks import build_q_net
from dqn_fast.training.parts.replay import build_batch_source, build_buffer

SMALL: dict[str, Any] = {"batch_size": 8, "sequence_units": 16, "hidden_sizes": (16,)}
TMAZE = replace(preset_of("dqn_fast/TMaze-v0"), total_steps=300, learning_starts=200, log_period=150, **SMALL)
NETWORKS = [{"network": "lstm"}, {"network": "gru"}, {"network": "gpt"}]
DRAWS: list[dict[str, Any]] = [
    {},
    {"sequence_length": 4},
    {"sequence_length": 4, "burn_in": 3, "stored_state": True},
]


@pytest.mark.parametrize(
    "changes", [*NETWORKS, *DRAWS, {"prioritized": True, "value_rescaling": True}, {"objective": "mc"}]
)
def test_a_run_from_the_first_step_to_the_film(tmp_path: Path, changes: dict[str, Any]) -> None:
    run = train(replace(TMAZE, **changes), tmp_path)
    assert run.result.updates > 0
    assert run.evaluation is not None
    assert evaluate_run(tmp_path) == run.evaluation
    film = record_video(tmp_path, replace(TMAZE, **changes), episodes=2)
    assert film.returns == run.evaluation.returns
    assert film.frames == 24


@pytest.mark.parametrize("prioritized", [False, True])
def test_what_is_stored_and_drawn_follows_the_settings(prioritized: bool) -> None:
    for changes, expected, draw_by, extras in (
        ({}, EpisodeDraw, "segment", []),
        ({"sequence_length": 5}, WindowDraw, "step", []),
        ({"sequence_length": 5, "stored_state": True}, WindowDraw, "step", ["state_cell", "state_hidden"]),
    ):
        config = replace(TMAZE, prioritized=prioritized, **changes)  # type: ignore[arg-type]
        environments = build_environments(config)
        agent = build_agent(config, environments.observation_space, environments.action_space)
        assert isinstance(agent.policy, SequencePolicy)
        buffer = build_buffer(config, environments, agent.policy)
        assert isinstance(buffer, PrioritizedReplayBuffer) == prioritized
        assert f"draw_by={draw_by}, " in repr(buffer)
        assert sorted(buffer.schema.extra) == extras  # type: ignore[union-attr]
        source = build_batch_source(config, buffer)
        assert type(source._draw) is expected  # type: ignore[attr-defined]


def test_clipped_rewards_are_clipped_for_the_network_too() -> None:
    box, actions = spaces.Box(-1, 1, (2,)), spaces.Discrete(2)
    assert build_q_net(replace(TMAZE, clip_rewards=True), box, actions).reward_bound == 1  # type: ignore[attr-defined]
    assert build_q_net(TMAZE, box, actions).reward_bound == np.inf  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"burn_in": 3}, r"burn_in: got 3, expected it only with a sequence_length above 0"),
        ({"stored_state": True}, r"stored_state: got True, expected it only with a sequence_length"),
        (
            {"objective": "mc", "sequence_length": 4},
            r"sequence_length: got 4, expected 0 with --objective mc",
        ),
        (
            {"network": "gpt", "stored_state": True, "sequence_length": 4},
            r"stored_state: got True, expected False with --network gpt",
        ),
    ],
)
def test_settings_that_contradict_each_other(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=f"^{message}"):
        TrainConfig("dqn_fast/TMaze-v0", **{"network": "lstm", **changes})


def test_a_width_that_heads_do_not_divide() -> None:
    config = replace(TMAZE, network="gpt", sequence_units=10)
    with pytest.raises(
        UsageError, match=r"^sequence_units: got 10, expected a multiple of 4, twice gpt_heads"
    ):
        build_q_net(config, spaces.Box(-1, 1, (2,)), spaces.Discrete(2))
