"""Builds the buffer of texts that people have rated, whose rewards are their marks.

The articles let people evaluate what an agent says. Here their marks are learned from, too: each text is a
segment of its own, in a buffer of its own. So nothing that the agent stored changes, and no mark is evicted.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from dqn_fast import ReplayBuffer, trees
from dqn_fast.datasets import require_fit
from dqn_fast.envs import Environments
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.config import DEFAULTS, TrainConfig
from dqn_fast.training.parts.envs import environment_of
from dqn_fast.training.parts.replay import make_buffer
from dqn_fast.training.run_folder.ratings import (
    BEST,
    WORST,
    RatedText,
    Rating,
    pinned,
    rated_texts,
    read_ratings,
)

_MIDDLE = (WORST + BEST) / 2


def with_marks_of_now(config: TrainConfig) -> TrainConfig:
    """Return a configuration that names the marks there are now, whatever people add (`pinned`).

    Raises:
        UsageError: if a file cannot be read.
    """
    return replace(config, ratings=tuple(map(pinned, config.ratings)))


def read_rated(config: TrainConfig) -> list[RatedText]:
    """Return the rated texts that a run learns from, each once.

    Raises:
        SettingError: if there are none, or some are of another environment.
        UsageError: if a file cannot be read.
    """
    own, ratings = environment_of(config), []
    for name in config.ratings:
        of_file = read_ratings(name)
        if not of_file:
            raise SettingError("ratings", name, "at least one mark, which `dqn-fast rate` stores")
        _require_environment(name, of_file, own)
        ratings += of_file
    return rated_texts(ratings)


def in_words(config: TrainConfig) -> str:
    """Return what the marks of a run are worth beside what their texts earned, for a person to compare.

    Raises:
        UsageError: if `read_rated` raises it.
    """
    rated = read_rated(config)
    worth = [_worth(config, one.mark) for one in rated]
    marks = (
        f"{len(rated)} rated text{'s' * (len(rated) > 1)}: marks earn {min(worth):.3g} to {max(worth):.3g}"
    )
    if config.rating_reward == "alone":
        return marks
    own = [one.text.reward.sum() for one in rated]
    return f"{marks}, added to {min(own):.3g} to {max(own):.3g} of the texts' own"


def build_rated(config: TrainConfig, environments: Environments) -> ReplayBuffer:
    """Return the buffer of the rated texts of a run: a segment for each, in the order of the files.

    Args:
        config: of the run.
        environments: whose spaces the texts must fit; not stepped.

    Raises:
        SettingError: if there are no such texts, or they do not fit the environment or the settings.
        UsageError: if a file cannot be read.
    """
    rated = read_rated(config)
    steps = sum(len(one.text.action) for one in rated)
    # Each text has a last observation, and may begin with frames that no padding gives.
    reserve = len(rated) * (config.frame_stack + 1) / steps
    buffer = make_buffer(config, environments, capacity=steps, reserve=reserve, seed=config.seeds.ratings)
    try:
        for one in rated:
            text, count = one.text, len(one.text.action)
            ends = np.arange(count) == count - 1
            # A mark that stands alone is given to the text as it is: nothing follows.
            terminated = text.terminated or config.rating_reward == "alone"
            buffer.extend(
                trees.map(lambda leaf: leaf[:-1], text.obs),
                text.action,
                rewards_of(config, one),
                trees.map(lambda leaf: leaf[1:], text.obs),
                ends & terminated,
                ends & (not terminated),
            )
        require_fit(
            buffer,
            environments.observation_space,
            environments.action_space,
            frame_stack=config.frame_stack,
            bounded=config.rescale,
        )
    except UsageError:
        raise
    except (LookupError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        expected = f"texts of {config.env_id} as it is: {reason}"
        raise SettingError("ratings", ", ".join(config.ratings), expected) from error
    return buffer


def rewards_of(config: TrainConfig, rated: RatedText) -> npt.NDArray[np.float32]:
    """Return the reward of each step of a rated text, `(T,)`.

    Raises:
        SettingError: if marks stand alone, and the network would see rewards that these texts then lack.
    """
    own, alone = rated.text.reward, config.rating_reward == "alone"
    if alone and config.learns_sequences and own[:-1].any():
        expected = f"added with --network {config.network}, which sees the rewards of earlier steps"
        raise SettingError("rating_reward", "alone", expected)
    rewards = np.zeros_like(own) if alone else own.copy()
    rewards[-1] += _worth(config, rated.mark)
    return rewards.astype(np.float32)


def _worth(config: TrainConfig, mark: float) -> float:
    """Return the reward of a mark."""
    return config.rating_scale * (mark - _MIDDLE) / (BEST - _MIDDLE)


def _require_environment(name: str, ratings: list[Rating], own: dict[str, object]) -> None:
    for rating in ratings:
        theirs = {**{setting: DEFAULTS.get(setting) for setting in own}, **rating.environment}
        differ = [setting for setting in own if theirs[setting] != own[setting]]
        if differ:
            got = ", ".join(f"{setting} {theirs[setting]}" for setting in differ)
            expected = "texts of this run's environment: " + ", ".join(f"{one} {own[one]}" for one in differ)
            raise SettingError("ratings", f"{name}, with {got}", expected)
