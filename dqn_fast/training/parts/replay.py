"""Builds the replay buffer of a run, and the source of its learner's batches."""

from __future__ import annotations

from typing import Any

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import (
    BatchSource,
    Draw,
    EpisodeDraw,
    LinearSchedule,
    Policy,
    PrioritizedBatches,
    SequenceBatches,
    UniformBatches,
    WindowDraw,
)
from dqn_fast.envs import Environments
from dqn_fast.errors import UsageError
from dqn_fast.training.config import TrainConfig

# More steps than any segment has: the return to its end, which bootstraps where an episode was cut off.
_WHOLE = 2**31


def build_buffer(config: TrainConfig, environments: Environments, policy: Policy) -> ReplayBuffer:
    """Return the replay buffer of a run, empty.

    Args:
        config: of the run.
        environments: whose steps will be stored.
        policy: whose extras will be stored beside them.

    Raises:
        UsageError: if the settings do not fit the observations, or there is not enough memory.
    """
    extras = policy.extras().items()
    common: dict[str, Any] = {
        "num_envs": config.num_envs,
        "frame_stack": config.frame_stack,
        "n_step": _n_step(config),
        "gamma": config.gamma,
        "extra_fields": {name: (value.shape[1:], value.dtype) for name, value in extras},
        "reserve": config.reserve,
        "seed": config.seeds.buffer,
    }
    if config.learns_sequences and not config.sequence_length:
        common["draw_by"] = "segment"
    spaces = environments.observation_space, environments.action_space
    kind = ReplayBuffer
    if config.prioritized:
        kind = PrioritizedReplayBuffer
        common |= {
            "alpha": config.alpha,
            "beta": config.beta_begin,
            "priority_eps": config.priority_eps,
        }
    try:
        return kind(config.capacity, *spaces, **common)
    except (ValueError, MemoryError) as error:
        raise UsageError(f"cannot make the replay buffer: {error}") from error


def build_batch_source(config: TrainConfig, buffer: ReplayBuffer) -> BatchSource:
    """Return the batches of a buffer of this configuration."""
    beta_schedule = LinearSchedule(config.beta_begin, config.beta_end, config.total_steps)
    if config.learns_sequences:
        beta = beta_schedule if config.prioritized else None
        return SequenceBatches(_draw(config, buffer), beta, config.priority_mix)
    if isinstance(buffer, PrioritizedReplayBuffer):
        return PrioritizedBatches(buffer, config.batch_size, beta_schedule)
    return UniformBatches(buffer, config.batch_size)


def _draw(config: TrainConfig, buffer: ReplayBuffer) -> Draw:
    size, length = config.batch_size, config.sequence_length
    if not length:
        return EpisodeDraw(buffer, size, _n_step(config))
    return WindowDraw(buffer, size, length, burn_in=config.burn_in, n_step=_n_step(config))


def _n_step(config: TrainConfig) -> int:
    return _WHOLE if config.objective == "mc" else config.n_step
