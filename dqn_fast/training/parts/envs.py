"""Builds the environments of a run, to train in and to evaluate in."""

from __future__ import annotations

import hashlib
import json
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Any

import gymnasium as gym

from dqn_fast.envs import Environments, make_env, make_environments
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.parts.own import call_own
from dqn_fast.training.settings import EnvironmentSettings

_HOW_MANY = ("num_envs", "vectorization")  # settings that change no environment


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


def environment_of(config: TrainConfig) -> dict[str, Any]:
    """Return all that decides what an environment says and how it looks: settings, as JSON holds them.

    A file that an argument names is told by its content, too: words by their numbers mean nothing else
    without their list.
    """
    names = [field.name for field in fields(EnvironmentSettings) if field.name not in _HOW_MANY]
    files = {
        name: hashlib.sha256(Path(value).read_bytes()).hexdigest()[:16]
        for name, value in config.env_kwargs.items()
        if isinstance(value, str) and Path(value).is_file()
    }
    settings: dict[str, Any] = json.loads(json.dumps({name: getattr(config, name) for name in names}))
    return {**settings, "files": files}


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
