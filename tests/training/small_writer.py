"""A small run of the environment that writes, and of its language model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tasks.writer.a_text import write_text

from dqn_fast.training import TrainConfig, preset_of
from dqn_fast.training.presets import PRESETS, Preset


def small_writer(folder: Path, monkeypatch: pytest.MonkeyPatch) -> TrainConfig:
    """Return a small configuration of the preset, and make that of its language model small, too."""
    model = {
        **PRESETS["writer-model"].settings,
        "capacity": 600,
        "total_steps": 150,
        "learning_rate": 2e-2,
        "log_period": 50,
        "checkpoint_period": 50,
        "eval_episodes": 20,
    }
    monkeypatch.setitem(PRESETS, "writer-model", Preset(("dqn_fast/Writer-v0",), model))
    reward = {"reward": "dqn_fast.tasks.writer.rewards:Keyword", "aim": "happy"}
    return replace(
        preset_of("dqn_fast/Writer-v0"),
        env_kwargs={"text": str(write_text(folder)), "longest": 8, **reward},
        sequence_units=12,
        hidden_sizes=(12,),
        forms=6,
        soft_beta=0.3,
        num_envs=8,
        total_steps=3_000,
        capacity=2_000,
        scripted_episodes=40,
        batch_size=16,
        learning_rate=1e-2,
        learn_period=16,
        learning_starts=64,
        tau=0.1,
        log_period=600,
        checkpoint_period=600,
        eval_episodes=30,
    )
