"""Presets of environments that take memory."""

from __future__ import annotations

from typing import Any

from dqn_fast.training.presets.preset import Preset

# Ni et al. (2023) with more speed: 16 mazes together, and a larger learning rate, which comes to rest.
_TMAZE: dict[str, Any] = {
    "network": "lstm",
    "hidden_sizes": (64, 64),
    "num_envs": 16,
    "tau": 0.02,
    # Only one cell of an episode is far from what it should be, so gradients are small.
    "adam_eps": 1e-8,
    "epsilon_decay": 0.1,
    # The last policy is the model; two episodes evaluate it exactly.
    "selection_period": 0,
    "eval_episodes": 2,
}

MEMORY: dict[str, Preset] = {
    "tmaze": Preset(
        ("dqn_fast/TMaze-v0",),
        {
            **_TMAZE,
            "total_steps": 16_500,  # 1,500 episodes
            "batch_size": 64,
            "learn_period": 4,
            "epsilon_end": 0.09,  # once in an episode
        },
    ),
    "tmaze-50": Preset(
        ("dqn_fast/TMaze-v0",),
        {
            **_TMAZE,
            "env_kwargs": {"length": 50},
            "total_steps": 255_000,  # 5,000 episodes
            "capacity": 300_000,
            "batch_size": 32,
            "learn_period": 20,
            "learning_starts": 3_000,
            "epsilon_end": 0.02,
            "log_period": 5_100,
        },
    ),
    "tutor": Preset(
        ("dqn_fast/Tutor-v0",),
        {
            **_TMAZE,
            "total_steps": 240_000,  # 10,000 pupils
            "capacity": 250_000,
            "gamma": 1.0,
            "n_step": 5,
            "batch_size": 64,
            "learn_period": 48,
            "epsilon_end": 0.05,
            "log_period": 6_000,
            "eval_episodes": 1_000,
        },
    ),
    # POPGym (Morad et al., 2023): only memory is asked for, so quick steps that come to rest are enough.
    "popgym": Preset(
        ("popgym:popgym-RepeatPreviousEasy-v0", "popgym:popgym-RepeatFirstEasy-v0"),
        {
            "total_steps": 60_000,
            "network": "lstm",
            "hidden_sizes": (64,),
            "num_envs": 16,
            "batch_size": 16,  # episodes of 52 cards
            "learn_period": 48,
            "n_step": 1,
            "learning_rate": 2e-3,
            "adam_eps": 1e-8,
            "tau": 0.02,
            "epsilon_begin": 0.2,
            "epsilon_end": 0.02,
            "selection_period": 0,
        },
    ),
}
