"""Settings of data that somebody has logged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from dqn_fast.training.settings.rules import (
    A_NAME_OR_NONE,
    A_SHARE_WITHIN,
    PATHS,
    POSITIVE,
    Settings,
    at_least,
)

_DATASET = tyro.conf.arg(metavar="DATASET")


@dataclass(frozen=True, kw_only=True)
class DataSettings(Settings):
    """Logged data to learn from, and what a run leaves of its own."""

    offline: Annotated[str | None, A_NAME_OR_NONE, _DATASET] = None
    """Learn from data alone: the id of a Minari dataset, a saved buffer (FILE.dqn), or `scripted`, --capacity
    transitions of the environment's own data policy. The environment is for evaluations then. total_steps,
    periods, schedules and metrics then count learner updates, also where their help says environment
    steps."""
    scripted_episodes: Annotated[int, at_least(0, "episode")] = 0
    """Episodes that the environment's own data policy plays before the first step. They go into the replay
    buffer, and do not count as environment steps of the run."""
    demonstrations: Annotated[str | None, A_NAME_OR_NONE, _DATASET] = None
    """A dataset, as --offline takes it, that a share of every batch comes from; the rest are the agent's own
    steps."""
    demonstration_share: Annotated[float, A_SHARE_WITHIN] = 0.25
    """Share of every batch that comes from the demonstrations."""
    ratings: Annotated[tuple[str, ...], PATHS, tyro.conf.arg(metavar="FOLDER ...")] = ()
    """Runs whose texts people have rated (`dqn-fast rate`), or ratings.jsonl files. A share of every batch
    comes from these texts, which are learned from by their marks; the rest is as without them. A run keeps to
    the marks of its beginning: in its config.json each file has its number of bytes behind it."""
    rating_share: Annotated[float, A_SHARE_WITHIN] = 0.25
    """Share of every batch that comes from the rated texts."""
    rating_scale: Annotated[float, POSITIVE] = 1.0
    """Reward of the best mark, at a text's last step. The worst earns as much below 0, the middle one 0, and
    the marks between them in proportion. It must suit the rewards of the environment: a dialogue that earns
    80 by itself hardly changes by 1."""
    rating_reward: Literal["added", "alone"] = "added"
    """Whether the reward of the mark is added to what the text earned in the environment, so that a text with
    the middle mark is worth what one without a mark is, or stands alone: the text then earned nothing else,
    and nothing is to come behind it."""
    save_memory: bool = False
    """Leave the replay buffer in the run's folder, as memory.dqn: data for --offline."""
