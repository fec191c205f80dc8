"""Presets: settings that are known to work for an environment.

Longer than most files because it is one table, whose rows are compared with each other.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any, NamedTuple

from dqn_fast.errors import SettingError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.settings import EnvironmentSettings, NetworkSettings


class Preset(NamedTuple):
    """Settings that differ from the defaults of `TrainConfig`.

    Attributes:
        env_ids: environments of the preset.
        settings: fields of `TrainConfig`.
    """

    env_ids: tuple[str, ...]
    settings: dict[str, Any]


MINATAR_GAMES = tuple(
    f"MinAtar/{game}-v0" for game in ("Asterix", "Breakout", "Freeway", "Seaquest", "SpaceInvaders")
)

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

# Acts a token at a time, learns whole walks at once; 20 episodes play all starts.
_WALKS: dict[str, Any] = {
    "network": "gpt",
    "hidden_sizes": (),
    "gamma": 1.0,
    "n_step": 1,
    "loss": "mse",
    "adam_eps": 1e-8,
    "batch_size": 64,
    "tau": 0.05,
    "selection_period": 0,
    "eval_episodes": 20,
}

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

# Words are scored by their letters. Values of all words are compared, so gradients must not be lost in the
# denominator of Adam's step; each of 431 hidden words evaluates a game exactly.
_WORDLE: dict[str, Any] = {
    "network": "candidates",
    "hidden_sizes": (64, 32),
    "gamma": 1.0,
    "n_step": 1,
    "adam_eps": 1e-8,
    "batch_size": 128,
    "selection_period": 0,
    "eval_episodes": 431,
}

PRESETS: dict[str, Preset] = {
    "cartpole": Preset(
        ("CartPole-v1",),
        # Many random actions: an agent that only saw a balanced pole lets it fall now and then.
        {"batch_size": 64, "learn_period": 1, "epsilon_end": 0.1, "selection_episodes": 20},
    ),
    # From logs: long returns, since one step's value moves slowly, and the squared error, since the few steps
    # that end an episode must count as much as they are wrong.
    "cartpole-offline": Preset(
        ("CartPole-v1",),
        {
            "total_steps": 10_000,
            "n_step": 30,
            "tau": 0.01,
            "loss": "mse",
            "max_grad_norm": float("inf"),
            "cql_alpha": 0.3,
            "iql_beta": 10.0,
            "selection_period": 0,
            "log_period": 1_000,
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
    # Success at random is rare, so the rule agent shows 120 dialogues, as in TC-Bot (Li et al., 2017). From
    # one state some dialogues end well and some do not: the squared error learns the mean of both.
    "movie-ticket": Preset(
        ("dqn_fast/MovieTicket-v0",),
        {
            "total_steps": 42_000,
            "hidden_sizes": (128,),
            "gamma": 0.9,
            "n_step": 1,
            "loss": "mse",
            "max_grad_norm": float("inf"),
            "batch_size": 64,
            "learn_period": 1,
            "tau": 0.01,
            "scripted_episodes": 120,
            "capacity": 50_000,
            "epsilon_begin": 0.15,
            "epsilon_end": 0.0,
            "epsilon_decay": 0.7,
            "selection_period": 0,
            "eval_episodes": 1_000,
            "return_window": 100,
        },
    ),
    "random-walks": Preset(
        ("dqn_fast/RandomWalks-v0",),
        {
            **_WALKS,
            "total_steps": 12_000,
            "num_envs": 32,
            "learning_rate": 2e-3,
            "learn_period": 32,
            "learn_updates": 2,
            "learning_starts": 512,
            # Few tokens have an edge: a random one mostly ends the walk.
            "epsilon_decay": 0.5,
            "epsilon_end": 0.1,
            "return_window": 100,
        },
    ),
    # Implicit Q-learning at token level (ILQL, Snell et al., 2023), from about 1,000 random walks. A target
    # that follows slowly would take hundreds of updates for each token that values come backwards.
    "random-walks-offline": Preset(
        ("dqn_fast/RandomWalks-v0",),
        {
            **_WALKS,
            "offline": "scripted",
            "capacity": 4_150,
            "objective": "iql",
            "iql_expectile": 0.8,
            "iql_beta": 8.0,
            "total_steps": 400,
            "log_period": 50,
        },
    ),
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
            "learn_period": 16,
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
    # Wins at random are rare, so words are learned from logged games first. Nearly every guess of the greedy
    # policy follows from its first one: only a learning rate of 0 brings it to rest.
    "wordle": Preset(
        ("dqn_fast/Wordle-v0",),
        {
            **_WORDLE,
            "pretrain": "wordle-offline",
            # Three guesses at a time: values come back sooner, and few rows bootstrap, which takes all words.
            "n_step": 3,
            "loss": "mse",
            "total_steps": 130_000,  # about 40,000 games
            "num_envs": 64,
            # What earlier policies earned in three guesses is soon too little.
            "capacity": 30_000,
            "learning_rate": 1e-3,
            "learn_period": 64,
            "learn_updates": 2,
            "learning_starts": 64,
            "epsilon_begin": 0.03,
            "epsilon_end": 0.03,
            "return_window": 500,
            "log_period": 6_400,
        },
    ),
    # About 50,000 games of the published data's policy.
    "wordle-offline": Preset(
        ("dqn_fast/Wordle-v0",),
        {
            **_WORDLE,
            "offline": "scripted",
            "capacity": 240_000,
            "objective": "iql",
            "iql_beta": 4.0,
            "learning_rate": 2e-3,
            "tau": 0.02,
            "total_steps": 1_200,
            "log_period": 100,
        },
    ),
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


def preset_of(env_id: str | None, name: str | None = None) -> TrainConfig:
    """Return the configuration of a preset.

    Args:
        env_id: Gymnasium id; None is the first environment of the preset `name`.
        name: of the preset; None is the first one for this environment, or the defaults if there is none.

    Raises:
        SettingError: if there is no preset of that name.
        ValueError: if both are None.
    """
    if name is None:
        if env_id is None:
            raise ValueError("env_id: got None, expected one, or the name of a preset")
        fitting = [preset for preset in PRESETS.values() if env_id in preset.env_ids]
        return TrainConfig(env_id, **fitting[0].settings if fitting else {})
    if name not in PRESETS:
        raise SettingError("preset", name, f"one of {', '.join(PRESETS)}")
    preset = PRESETS[name]
    return TrainConfig(env_id or preset.env_ids[0], **preset.settings)


def pretraining_of(config: TrainConfig) -> TrainConfig | None:
    """Return the configuration of the run that another one begins with; None if there is none.

    It has the settings of the preset `config.pretrain`. Environment, network and seed are those of `config`.

    Raises:
        SettingError: if there is no preset of that name, or it has one to begin with itself.
    """
    if not config.pretrain:
        return None
    first = preset_of(config.env_id, config.pretrain)
    if first.pretrain:
        raise SettingError("pretrain", config.pretrain, "a preset without one of its own")
    shared = [
        *EnvironmentSettings.__annotations__,
        *NetworkSettings.__annotations__,
        "seed",
        "threads",
        "device",
    ]
    own = {"_", "num_envs", "vectorization", "dueling", "from_folder", "pretrain"}
    return replace(first, **{name: getattr(config, name) for name in shared if name not in own})


def origin_of_settings(env_id: str, name: str | None = None) -> str:
    """Return where `preset_of` takes its settings from, in words; for the defaults, what may be meant.

    Args:
        env_id: Gymnasium id.
        name: of the preset; None is the first one for this environment, or the defaults if there is none.
    """
    fitting = [one for one, preset in PRESETS.items() if env_id in preset.env_ids]
    if name is not None:
        others = "" if name in fitting else f", which is for {', '.join(PRESETS[name].env_ids)}"
        return f"the settings of the preset {name}{others}"
    if fitting:
        return f"the settings of the preset {fitting[0]}"
    for one, preset in PRESETS.items():
        for similar in preset.env_ids:
            if _without_version(similar) == _without_version(env_id):
                return f"the default settings; --preset {one} takes those for {similar}"
    return "the default settings, since no preset is for it"


def _without_version(env_id: str) -> str:
    return re.sub(r"-v\d+$", "", env_id.rpartition(":")[2])
