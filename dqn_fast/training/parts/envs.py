"""Builds the environments of a run, to train in and to evaluate in."""

from __future__ import annotations

from functools import partial
from typing import Any

import gymnasium as gym

from dqn_fast.envs import Environments, make_env, make_environments
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.parts.own import call_own


def build_env(config: TrainConfig, render_mode: str | None = None) -> gym.Env[Any, Any]:
    """Return one environment that gives the same as in training: for evaluation, video and your own loops.

    Raises:
        UsageError: if it cannot be made.
    """
    return make_env(config.env_id, render_mode=render_mode, **_options(config))


def build_environments(config: TrainConfig) -> Environments:
    """Return the environments to train in.

    Raises:
        UsageError: if they cannot be made.
    """
    return make_environments(
        config.env_id,
        config.num_envs,
        config.seeds.environment,
        vectorization=config.vectorization,
        **_options(config),
    )


def _options(config: TrainConfig) -> dict[str, Any]:
    """Return what decides how an environment looks, in training and elsewhere."""
    return {
        "env_kwargs": config.env_kwargs,
        "wrapper": partial(call_own, "wrapper", config.wrapper) if config.wrapper else None,
        "ignore_observation": config.ignore_observation,
        "fire_on_reset": config.fire_on_reset,
        "action_mask": config.action_mask,
        "rescale": config.rescale,
    }
