"""Presets of the five games of MinAtar."""

from __future__ import annotations

from typing import Any

from dqn_fast.training.presets.preset import Preset

MINATAR_GAMES = tuple(
    f"MinAtar/{game}-v0" for game in ("Asterix", "Breakout", "Freeway", "Seaquest", "SpaceInvaders")
)

# The schedule of Young & Tian (2019), within their first million frames.
_MINATAR: dict[str, Any] = {
    "total_steps": 1_000_000,
    "hidden_sizes": (128,),
    "learning_rate": 2.5e-4,
    "batch_size": 32,
    # A beginner loses a game within about ten steps: room for many last observations.
    "reserve": 0.125,
    "learning_starts": 5_000,
    "target": "hard",
    "epsilon_decay": 0.1,
    "epsilon_end": 0.1,
    "selection_period": 50_000,
    "checkpoint_period": 50_000,
    "log_period": 5_000,
    "return_window": 100,
}

_MINATAR_PRIORITIZED: dict[str, Any] = {
    **_MINATAR,
    "prioritized": True,
    "learn_period": 2,
    "target_update_period": 500,
}

# The published algorithm: plain DQN, one update a frame. Adam instead of centred RMSProp, with its eps: with
# its momentum of 0.95 (`rmsprop_momentum`) values rose too fast.
_MINATAR_DQN: dict[str, Any] = {
    **_MINATAR,
    "learning_rate_end": 2.5e-4,
    "adam_eps": 0.01,
    "max_grad_norm": float("inf"),
    "double": False,
    "n_step": 1,
    "learn_period": 1,
    "target_update_period": 1_000,
}

MINATAR: dict[str, Preset] = {
    "minatar": Preset(("MinAtar/Breakout-v0", "MinAtar/SpaceInvaders-v0"), _MINATAR_PRIORITIZED),
    # Where rewards are rare, gradients are small. With a small eps, Adam turned them into full steps, and
    # Freeway's policy decayed after half of the training.
    "minatar-sparse": Preset(
        ("MinAtar/Freeway-v0", "MinAtar/Seaquest-v0"),
        {
            **_MINATAR_PRIORITIZED,
            "learning_rate": 1e-3,
            "learning_rate_end": 2.5e-4,
            "adam_eps": 0.01,
        },
    ),
    "minatar-dqn": Preset(MINATAR_GAMES, _MINATAR_DQN),
    # Larger steps that come to rest, for games with frequent rewards.
    "minatar-dqn-decay": Preset(
        ("MinAtar/Breakout-v0", "MinAtar/SpaceInvaders-v0"),
        {**_MINATAR_DQN, "learning_rate": 1e-3, "learning_rate_end": 0.0},
    ),
}
