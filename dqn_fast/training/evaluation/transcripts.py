"""Episodes in words, of environments that can tell them; and episodes.txt, those of the trained agent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import gymnasium as gym

from dqn_fast.agent import Policy
from dqn_fast.envs import checked
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.evaluate import MAX_EPISODE_STEPS
from dqn_fast.training.evaluation.play import greedy_policy, play
from dqn_fast.training.evaluation.recorded import Recorded
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.run_folder.files import atomic_write
from dqn_fast.training.run_folder.layout import EPISODES
from dqn_fast.training.run_folder.model import load_model
from dqn_fast.training.run_folder.ratings import Text


def transcript_of(env: gym.Env[Any, Any]) -> Callable[[], str] | None:
    """Return the method `transcript()` of an environment, which returns its latest episode in words."""
    transcript: Callable[[], str] | None = getattr(env.unwrapped, "transcript", None)
    return transcript


def tell(
    policy: Policy, env: gym.Env[Any, Any], transcript: Callable[[], str], seeds: Iterable[int]
) -> Iterator[Text]:
    """Play one episode for each seed (see `play`), and give what the environment tells of it.

    Args:
        policy: to play.
        env: to play in; not closed.
        transcript: of this environment.
        seeds: of the episodes.
    """
    recorded = Recorded(checked(env))
    for episode in play(policy, recorded, seeds, MAX_EPISODE_STEPS):
        if episode.ended or episode.steps == MAX_EPISODE_STEPS:
            yield recorded.text(transcript())


def write_episodes(folder: Path, config: TrainConfig, episodes: int = 3) -> str | None:
    """Play the first episodes of the evaluation again, and write down what the environment tells of each.

    Args:
        folder: of the run, with its model; an older file there is replaced.
        config: of the run.
        episodes: number of episodes.

    Returns:
        The text; None if the environment has no method `transcript()`.
    """
    env = build_env(config)
    try:
        transcript = transcript_of(env)
        if transcript is None:
            return None
        policy, first = greedy_policy(load_model(folder, config, env)), config.seeds.evaluation
        texts = [text.words for text in tell(policy, env, transcript, range(first, first + episodes))]
    finally:
        env.close()
    text = "\n\n".join(texts) + "\n"
    with atomic_write(folder / EPISODES) as path:
        path.write_text(text, encoding="utf-8")
    return text
