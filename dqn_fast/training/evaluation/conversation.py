"""A conversation of a person with a trained agent."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from dqn_fast.errors import UsageError
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.evaluation.play import Episode, greedy_policy, play
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.run_folder.model import load_model


def converse(
    folder: Path,
    config: TrainConfig,
    read: Callable[[str], str],
    write: Callable[[str], None],
    *,
    language: str | None = None,
    seed: int = 0,
) -> Episode | None:
    """Play one episode in which a person takes the place of the environment's simulated one.

    The environment must have a method `talk_with(read, write, language)`.

    Args:
        folder: of the run, with its model.
        config: of the run.
        read: returns a line after a prompt, as `input` does; an EOFError ends the conversation.
        write: shows a line.
        language: one that the environment knows; None is its own.
        seed: of the episode.

    Returns:
        The episode; None if the person left before it began.

    Raises:
        UsageError: if the environment has no such method, or the folder has no model.
    """
    env = build_env(config)
    try:
        talk_with = getattr(env.unwrapped, "talk_with", None)
        if talk_with is None:
            raise UsageError(
                f"{config.env_id}: got an environment that talks with nobody, expected one that does, such as"
                " dqn_fast/MovieTicket-v0"
            )
        policy = greedy_policy(load_model(folder, config, env))
        talk_with(read, write, language)
        last = None
        try:
            for episode in play(policy, env, [seed]):
                last = episode
        except EOFError:
            return None
        return last
    finally:
        env.close()
