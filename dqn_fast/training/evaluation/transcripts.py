"""Writes episodes.txt: episodes of the trained agent in words, if its environment can tell them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.evaluate import MAX_EPISODE_STEPS
from dqn_fast.training.evaluation.play import greedy_policy, play
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.run_folder.files import atomic_write
from dqn_fast.training.run_folder.layout import EPISODES
from dqn_fast.training.run_folder.model import load_model


def write_episodes(folder: Path, config: TrainConfig, episodes: int = 3) -> str | None:
    """Play the first episodes of the evaluation again, and write down what the environment tells of each.

    The environment must have a method `transcript()`, which returns its latest episode in words.

    Args:
        folder: of the run, with its model; an older file there is replaced.
        config: of the run.
        episodes: number of episodes.

    Returns:
        The text; None if the environment has no such method.
    """
    env = build_env(config)
    try:
        transcript: Callable[[], str] | None = getattr(env.unwrapped, "transcript", None)
        if transcript is None:
            return None
        policy, first = greedy_policy(load_model(folder, config, env)), config.seeds.evaluation
        texts = []
        for episode in play(policy, env, range(first, first + episodes), MAX_EPISODE_STEPS):
            if episode.steps == 0:
                texts.append("")
            texts[-1] = transcript()
    finally:
        env.close()
    text = "\n\n".join(texts) + "\n"
    with atomic_write(folder / EPISODES) as path:
        path.write_text(text, encoding="utf-8")
    return text
