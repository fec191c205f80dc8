"""What is trained: each row of the table is an environment and the settings that differ from its preset's."""

from __future__ import annotations

from typing import Any, NamedTuple

from dqn_fast.training import TrainConfig, preset_of


class Row(NamedTuple):
    """A row of the table.

    Attributes:
        title: of the row.
        env_id: of the environment; its first preset is the base, unless another one is named.
        settings: that differ from the base.
        preset: name of the base.
        check_episodes: of each evaluation during the training; two are exact in the T-maze.
        goal: return at which a check counts as solved; None if nothing does.
    """

    title: str
    env_id: str
    settings: dict[str, Any]
    preset: str | None = None
    check_episodes: int = 2
    goal: float | None = 1.0

    def config(self, seed: int) -> TrainConfig:
        """Return the configuration of one seed."""
        base = preset_of(self.env_id, self.preset)
        return TrainConfig(**{**vars(base), "checkpoint_period": 0, **self.settings, "seed": seed})


_TMAZE = "dqn_fast/TMaze-v0"
_WINDOWS: dict[str, Any] = {"sequence_length": 5}
_REPEAT_PREVIOUS = "popgym:popgym-RepeatPreviousEasy-v0"  # pip install popgym
_POPGYM: dict[str, Any] = {
    "total_steps": 150_000,
    "num_envs": 16,
    "hidden_sizes": (64, 64),
    "batch_size": 32,
    "learn_period": 10,
    "n_step": 1,
    "tau": 0.02,
    "adam_eps": 1e-8,
    "epsilon_end": 0.02,
    "log_period": 5_000,
    "selection_period": 0,
}

ROWS: dict[str, Row] = {
    "tmaze-10": Row("T-maze, L = 10: LSTM, whole episodes", _TMAZE, {}),
    "tmaze-10-gru": Row("the same, GRU", _TMAZE, {"network": "gru"}),
    "tmaze-10-gpt": Row("the same, GPT", _TMAZE, {"network": "gpt"}),
    "tmaze-10-zero": Row("LSTM, windows of 5 from an empty state", _TMAZE, _WINDOWS),
    "tmaze-10-burn-in": Row("LSTM, windows of 5, burn-in of 5", _TMAZE, {**_WINDOWS, "burn_in": 5}),
    "tmaze-10-stored": Row(
        "LSTM, windows of 5, stored state, burn-in of 5",
        _TMAZE,
        {**_WINDOWS, "burn_in": 5, "stored_state": True},
    ),
    "tmaze-10-memoryless": Row("no memory", _TMAZE, {"network": "feedforward"}),
    "tmaze-50": Row("T-maze, L = 50: LSTM, whole episodes", _TMAZE, {}, "tmaze-50"),
    "tutor": Row("the tutor: LSTM, whole episodes", "dqn_fast/Tutor-v0", {}, None, 50, None),
    "tutor-memoryless": Row(
        "the tutor: no memory", "dqn_fast/Tutor-v0", {"network": "feedforward"}, None, 50, None
    ),
    "repeat-previous": Row(
        "popgym RepeatPreviousEasy: LSTM, whole episodes",
        _REPEAT_PREVIOUS,
        {**_POPGYM, "network": "lstm"},
        None,
        20,
        None,
    ),
    "repeat-previous-memoryless": Row(
        "popgym RepeatPreviousEasy: no memory",
        _REPEAT_PREVIOUS,
        {**_POPGYM, "batch_size": 512},
        None,
        20,
        None,
    ),
}
