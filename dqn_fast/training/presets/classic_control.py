"""Presets of Gymnasium's small environments, online and from logs."""

from __future__ import annotations

from typing import Any

from dqn_fast.training.presets.preset import Preset

# One update per step and a wide network: where steps are few, each must be used well.
_THOROUGH: dict[str, Any] = {
    "hidden_sizes": (256, 256),
    "learning_rate": 6.3e-4,
    "adam_eps": 1e-8,
    "batch_size": 128,
    "learn_period": 1,
    "n_step": 1,
    "target": "hard",
    "target_update_period": 250,
    "epsilon_decay": 0.12,
    "epsilon_end": 0.1,
    # Good policies differ in how often they fail, which few episodes do not show.
    "selection_period": 1_000,
    "selection_episodes": 100,
}

# From logs. The last weights are the model: that is what the data alone gives.
_OFFLINE: dict[str, Any] = {
    "tau": 0.01,
    "max_grad_norm": float("inf"),
    "selection_period": 0,
    "log_period": 1_000,
}

CLASSIC_CONTROL: dict[str, Preset] = {
    "cartpole": Preset(
        ("CartPole-v1",),
        # Many random actions: an agent that only saw a balanced pole lets it fall now and then.
        {"batch_size": 64, "learn_period": 1, "epsilon_end": 0.1, "selection_episodes": 20},
    ),
    # Long returns, since one step's value moves slowly, and the squared error, since the few steps that end
    # an episode must count as much as they are wrong.
    "cartpole-offline": Preset(
        ("CartPole-v1",),
        {
            **_OFFLINE,
            "total_steps": 10_000,
            "n_step": 30,
            "loss": "mse",
            "cql_alpha": 0.3,
            "iql_beta": 10.0,
        },
    ),
    "acrobot": Preset(
        ("Acrobot-v1",),
        # A constant rate: policies keep changing, and long evaluations find the best of a hundred.
        {"total_steps": 100_000, **_THOROUGH, "learning_rate_end": 6.3e-4, "selection_episodes": 400},
    ),
    "mountain-car": Preset(
        ("MountainCar-v0",),
        {
            "total_steps": 120_000,
            "rescale": True,
            # Goals are rare, and only they hold the values down. The squared error gives them enough weight;
            # with the Huber loss, whose slope ends at delta, values rose without bound.
            "loss": "mse",
            "batch_size": 64,
            "capacity": 50_000,
            # Single random actions hardly ever reach the goal.
            "epsilon_repeat": 2.0,
            "selection_episodes": 20,
        },
    ),
    # Plain DQN overestimates what it has not tried, and so it tries to land. Double DQN with longer returns
    # learned to fear the ground, and hovered forever on most seeds.
    "lunar-lander": Preset(
        ("LunarLander-v3",),
        {"total_steps": 100_000, **_THOROUGH, "double": False},
    ),
    # With more conservatism, the agent hovered, as much of a mixed log does.
    "lunar-lander-offline": Preset(
        ("LunarLander-v3",),
        {**_OFFLINE, "total_steps": 80_000, "cql_alpha": 0.3},
    ),
}
