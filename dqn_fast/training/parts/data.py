"""Builds buffers of data that somebody has logged."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent.sequence_policy import STATE
from dqn_fast.datasets import from_minari, require_fit
from dqn_fast.envs import Environments, ScriptedPolicy, SerialEnvironments
from dqn_fast.errors import SettingError, UsageError
from dqn_fast.training.collector import Collector
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.metrics import Metrics
from dqn_fast.training.parts.envs import build_env
from dqn_fast.training.parts.replay import make_buffer
from dqn_fast.training.run_folder.layout import DEMONSTRATIONS, MEMORY
from dqn_fast.training.storing import make_store

_SCRIPTED = "scripted"


def build_datasets(config: TrainConfig, environments: Environments) -> dict[str, ReplayBuffer]:
    """Return the buffers of logged data that a run has, by the name of their file in a checkpoint.

    Raises:
        UsageError: if `build_data` raises it.
    """
    return {
        name: build_data(setting, config, environments)
        for setting, name in (("offline", MEMORY), ("demonstrations", DEMONSTRATIONS))
        if getattr(config, setting) is not None
    }


def build_data(setting: str, config: TrainConfig, environments: Environments) -> ReplayBuffer:
    """Return the buffer of a dataset that a setting names.

    Args:
        setting: "offline" or "demonstrations".
        config: of the run.
        environments: whose spaces the data must fit; not stepped.

    Raises:
        UsageError: if there is no such dataset, or it does not fit.
    """
    name: str = getattr(config, setting)
    try:
        if name == _SCRIPTED:
            buffer = _scripted(config, environments)
        else:
            buffer = _saved(name, config) if name.endswith(".dqn") else _minari(name, config, environments)
        require_fit(
            buffer,
            environments.observation_space,
            environments.action_space,
            frame_stack=config.frame_stack,
            bounded=config.rescale,
            max_reward=1.0 if config.clip_rewards else np.inf,
        )
    except UsageError:
        raise
    except (OSError, ImportError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())
        raise SettingError(setting, name, f"a dataset for {config.env_id}: {reason}") from error
    return buffer


def _saved(name: str, config: TrainConfig) -> ReplayBuffer:
    """Return a saved buffer as it is, with its priorities, streams and context."""
    buffer: ReplayBuffer = ReplayBuffer.load(Path(name), seed=config.seeds.data)
    if isinstance(buffer, PrioritizedReplayBuffer) != config.prioritized:
        got, expected = (
            ("a uniform buffer", "--no-prioritized")
            if config.prioritized
            else ("a prioritised buffer", "--prioritized")
        )
        raise ValueError(f"prioritized: got {got}, expected {expected}")
    schema = buffer.schema
    states = [name for name in schema.extra if name.startswith(STATE)] if schema else []
    if states and config.learns_sequences:
        raise ValueError(f"extra: got {', '.join(states)}, states of another network, expected none")
    return buffer


def _minari(name: str, config: TrainConfig, environments: Environments) -> ReplayBuffer:
    """Return the episodes of a Minari dataset, all of them."""
    import minari

    dataset = minari.load_dataset(name)
    # Each episode has a last observation, and may begin with frames that no padding gives.
    ends = dataset.total_episodes * (config.frame_stack + 1)
    buffer = make_buffer(
        config,
        environments,
        capacity=int(dataset.total_steps),
        reserve=ends / dataset.total_steps,
        seed=config.seeds.data,
    )
    from_minari(dataset, buffer, clip_rewards=config.clip_rewards)
    return buffer


def _scripted(config: TrainConfig, environments: Environments) -> ReplayBuffer:
    """Return transitions of the environment's own data policy."""
    env = build_env(config)
    own = SerialEnvironments([env], config.seeds.data)
    try:
        policy = ScriptedPolicy(env, np.random.default_rng(config.seeds.data))
        buffer = make_buffer(config, environments, capacity=config.capacity, seed=config.seeds.data)
        store = make_store(buffer, 1, clip_rewards=config.clip_rewards)
        collector = Collector(own, policy, store, Metrics(1))
        collector.begin()
        for step in range(config.capacity):
            collector.collect(step + 1)
    finally:
        own.close()
    return buffer
