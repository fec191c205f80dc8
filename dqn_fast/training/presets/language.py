"""Presets of environments whose actions are words, tokens or acts of a dialogue."""

from __future__ import annotations

from typing import Any

from dqn_fast.training.presets.preset import Preset

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

# A language model of 2,000 words. Values of all words are compared, so gradients must not be lost in the
# denominator of Adam's step.
_WRITER: dict[str, Any] = {
    "network": "gru",
    "sequence_units": 128,
    "hidden_sizes": (128,),
    "forms": 64,
    "gamma": 1.0,
    "n_step": 1,
    "adam_eps": 1e-8,
    "selection_period": 0,
    "eval_episodes": 500,
}

LANGUAGE: dict[str, Preset] = {
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
    # Soft Q-learning above a language model of the text (Jaques et al., 2017): sentences of its own, beside
    # some of the text.
    "writer": Preset(
        ("dqn_fast/Writer-v0",),
        {
            **_WRITER,
            "pretrain": "writer-model",
            "objective": "soft",
            "soft_beta": 0.125,  # at 0.1, fewer of the model's pairs of words are left
            "loss": "mse",
            "total_steps": 240_000,
            "num_envs": 128,
            "capacity": 200_000,
            "scripted_episodes": 4_000,
            "batch_size": 64,
            "learning_rate": 2e-3,
            "learn_period": 256,
            "learning_starts": 1_024,
            "tau": 0.02,
            "return_window": 500,
            "log_period": 7_680,
            "checkpoint_period": 60_000,
        },
    ),
    # Four times all sentences of the text. Each update takes 32 of them.
    "writer-model": Preset(
        ("dqn_fast/Writer-v0",),
        {
            **_WRITER,
            "offline": "scripted",
            "objective": "bc",
            "capacity": 180_000,
            "batch_size": 32,
            "learning_rate": 3e-3,
            "max_grad_norm": 1.0,
            "total_steps": 2_000,
            "log_period": 100,
            "checkpoint_period": 500,
        },
    ),
}
