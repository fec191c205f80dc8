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
_MAZE_250: dict[str, Any] = {
    "env_kwargs": {"length": 250},
    "total_steps": 502_000,  # 2,000 episodes
    "capacity": 510_000,
    "batch_size": 16,
    "learn_period": 160,
    "learning_starts": 8_000,
    "epsilon_end": 0.004,
    "log_period": 50_200,
}
_LSTM: dict[str, Any] = {"network": "lstm", "hidden_sizes": (64,)}
_NONE: dict[str, Any] = {"network": "feedforward", "hidden_sizes": (64, 64)}

# Environments of POPGym (Morad et al., 2023; pip install popgym) as Morad et al. (2024, "Revisiting Recurrent
# Reinforcement Learning with Memory Monoids") set them: Double DQN, the environment's keywords, discount
# factor, random actions, and about 1,000 steps in an update. Steps are fewer here, and the learning rate
# comes to rest.
_POPGYM: dict[str, Any] = {
    "num_envs": 16,
    "n_step": 1,
    "tau": 0.02,
    "learning_rate": 2e-3,
    "adam_eps": 1e-8,
    "epsilon_begin": 0.2,
    "epsilon_decay": 1.0,
    "selection_period": 0,
    "eval_episodes": 50,
}
_REPEAT_PREVIOUS: dict[str, Any] = {
    **_POPGYM,
    "env_kwargs": {"num_decks": 2, "k": 10},
    "total_steps": 60_000,
    "learn_period": 48,
    "gamma": 0.5,
    "epsilon_end": 0.1,
    "log_period": 10_000,
}
_REPEAT_FIRST: dict[str, Any] = {
    **_POPGYM,
    "total_steps": 60_000,
    "learn_period": 48,
    "epsilon_end": 0.01,
    "log_period": 10_000,
}
_CARTPOLE: dict[str, Any] = {
    **_POPGYM,
    "rescale": True,  # angles are small
    "total_steps": 40_000,
    "learn_period": 16,
    "n_step": 3,
    "epsilon_begin": 1.0,
    "epsilon_decay": 0.1,
    "epsilon_end": 0.05,
    "log_period": 5_000,
}
_EPISODES: dict[str, Any] = {**_LSTM, "batch_size": 16}
# From an empty state, windows would not know the states that an agent has late in an episode.
_STORED: dict[str, Any] = {
    **_LSTM,
    "batch_size": 64,
    "sequence_length": 16,
    "burn_in": 8,
    "stored_state": True,
}


def _with_and_without_memory(
    name: str, env: str, settings: dict[str, Any], memory: dict[str, Any]
) -> dict[str, Row]:
    """Return rows of an agent with memory, of one with stacks of 4 observations, and of one with neither."""
    env_id = f"popgym:popgym-{env}-v0"
    without = {**settings, **_NONE, "batch_size": 1_000}
    rows = {
        name: Row(f"{env}: LSTM", env_id, {**settings, **memory}),
        f"{name}-stacks": Row(f"{env}: stacks of 4", f"popgym_stacks:{env}-v0", without),
        f"{name}-memoryless": Row(f"{env}: no memory", env_id, without),
    }
    return {name: row._replace(check_episodes=10, goal=None) for name, row in rows.items()}


ROWS: dict[str, Row] = {
    "tmaze-10": Row("T-maze, L = 10: LSTM, whole episodes", _TMAZE, {}),
    "tmaze-10-gru": Row("T-maze, L = 10: GRU", _TMAZE, {"network": "gru"}),
    "tmaze-10-gpt": Row("T-maze, L = 10: GPT", _TMAZE, {"network": "gpt"}),
    "tmaze-10-zero": Row("L = 10: LSTM, windows of 5 from an empty state", _TMAZE, _WINDOWS),
    "tmaze-10-burn-in": Row("L = 10: LSTM, windows of 5, burn-in of 5", _TMAZE, {**_WINDOWS, "burn_in": 5}),
    "tmaze-10-stored": Row(
        "L = 10: LSTM, windows of 5, stored state, burn-in of 5",
        _TMAZE,
        {**_WINDOWS, "burn_in": 5, "stored_state": True},
    ),
    "tmaze-10-memoryless": Row("T-maze, L = 10: no memory", _TMAZE, {"network": "feedforward"}),
    "tmaze-50": Row("T-maze, L = 50: LSTM, whole episodes", _TMAZE, {}, "tmaze-50"),
    "tmaze-250": Row("T-maze, L = 250: LSTM, whole episodes", _TMAZE, _MAZE_250),
    "tmaze-250-gpt": Row("T-maze, L = 250: GPT", _TMAZE, {**_MAZE_250, "network": "gpt"}),
    "tutor": Row("the tutor: LSTM, whole episodes", "dqn_fast/Tutor-v0", {}, None, 50, None),
    "tutor-memoryless": Row(
        "the tutor: no memory", "dqn_fast/Tutor-v0", {"network": "feedforward"}, None, 50, None
    ),
    **_with_and_without_memory("repeat-previous", "RepeatPreviousEasy", _REPEAT_PREVIOUS, _EPISODES),
    **_with_and_without_memory("repeat-first", "RepeatFirstEasy", _REPEAT_FIRST, _EPISODES),
    **_with_and_without_memory("cartpole", "PositionOnlyCartPoleEasy", _CARTPOLE, _STORED),
    # Of CartPole's own length; its returns are divided by it.
    "cartpole-500": Row(
        "CartPole without velocities, 500 steps: LSTM",
        "popgym:popgym-PositionOnlyCartPoleEasy-v0",
        {
            **_CARTPOLE,
            **_STORED,
            "env_kwargs": {"max_episode_length": 500},
            "total_steps": 100_000,
            "sequence_length": 32,
            "burn_in": 16,
            "log_period": 10_000,
        },
        None,
        10,
        None,
    ),
}
