"""Configurations of short runs: a test says only what it is about."""

from __future__ import annotations

from typing import Any

from dqn_fast.training import TrainConfig


def short(env_id: str, total_steps: int, **settings: Any) -> TrainConfig:
    """Return one with a small network that learns after 100 steps, without selection."""
    common = {"learning_starts": 100, "hidden_sizes": (8,), "selection_period": 0, "eval_episodes": 2}
    return TrainConfig(env_id, total_steps=total_steps, **{**common, **settings})
