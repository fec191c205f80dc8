"""Presets of Atari games."""

from __future__ import annotations

from typing import Any

from dqn_fast.training.presets.preset import Preset

# DQN's own network, on frames as DQN sees them, from ale-py's own vector environment.
_ATARI: dict[str, Any] = {
    "vectorization": "native",
    "convolutions": "nature",
    "hidden_sizes": (512,),
    "frame_stack": 4,
    "clip_rewards": True,
    "target": "hard",
    "eval_episodes": 10,
}

ATARI: dict[str, Preset] = {
    "pong": Preset(
        ("ALE/Pong-v5",),
        {
            "total_steps": 500_000,
            # DQN's own network is slower on a CPU, and Pong does not need it.
            "convolutions": "data-efficient",
            "hidden_sizes": (256,),
            "frame_stack": 4,
            "clip_rewards": True,
            "prioritized": True,
            "learning_rate": 2.5e-4,
            "batch_size": 32,
            "n_step": 5,
            "learning_starts": 10_000,
            "target": "hard",
            "target_update_period": 1_000,
            "epsilon_decay": 0.1,
            "epsilon_end": 0.02,
            "selection_period": 25_000,
            "selection_episodes": 3,
            "eval_episodes": 10,
            "checkpoint_period": 25_000,
            "log_period": 2_000,
        },
    ),
    # For a GPU, and not run on one yet: many games at once, and large batches.
    "pong-gpu": Preset(
        ("ALE/Pong-v5",),
        {
            **_ATARI,
            "total_steps": 1_000_000,
            "num_envs": 32,
            "capacity": 200_000,
            "prioritized": True,
            "learning_rate": 5e-4,
            "batch_size": 256,
            "n_step": 5,
            "learn_period": 32,
            "learn_updates": 8,
            "learning_starts": 10_000,
            "target_update_period": 500,
            "epsilon_decay": 0.1,
            "epsilon_end": 0.01,
            "selection_period": 100_000,
            "selection_episodes": 3,
            "checkpoint_period": 200_000,
            "log_period": 10_000,
        },
    ),
    # Mnih et al. (2015), as Dopamine's dqn_nature.gin has it; with its eps of RMSProp beside the root, not
    # below it. Eight games at once keep its ratio of updates to steps. Not run for its whole length yet.
    "atari-dqn": Preset(
        ("ALE/Pong-v5", "ALE/Breakout-v5", "ALE/Seaquest-v5"),
        {
            **_ATARI,
            "total_steps": 50_000_000,
            "num_envs": 8,
            "capacity": 1_000_000,
            "double": False,
            "n_step": 1,
            "batch_size": 32,
            "learn_period": 4,
            "learning_starts": 50_000,
            "optimizer": "rmsprop",
            "rmsprop_eps": 1e-5,
            "learning_rate": 2.5e-4,
            "learning_rate_end": 2.5e-4,
            "max_grad_norm": float("inf"),
            "target_update_period": 2_500,  # 10,000 steps
            "epsilon_decay": 0.02,  # 1,000,000 steps
            "epsilon_end": 0.1,
            "selection_period": 1_000_000,
            "selection_episodes": 5,
            "checkpoint_period": 1_000_000,
            "log_period": 50_000,
        },
    ),
}
