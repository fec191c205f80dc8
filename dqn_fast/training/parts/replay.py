"""Builds the replay buffer of a run, and the source of its learner's batches."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import (
    Draw,
    DrawingSource,
    EpisodeDraw,
    HandOff,
    JoinedBatches,
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

_PREFETCH = 2  # batches, with a GPU: one is being copied while the next is drawn


class Spaces(NamedTuple):
    """What a buffer must know of environments, which have it themselves."""

    observation_space: spaces.Space[Any]
    action_space: spaces.Discrete


class Share(NamedTuple):
    """A buffer beside that of the run, and how many rows of every batch come from it."""

    buffer: ReplayBuffer
    rows: int


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
    return make_buffer(
        config,
        environments,
        capacity=config.capacity,
        num_envs=config.num_envs,
        extra_fields={name: (value.shape[1:], value.dtype) for name, value in extras},
        seed=config.seeds.buffer,
    )


def make_buffer(
    config: TrainConfig, environments: Environments | Spaces, *, capacity: int, seed: int, **options: Any
) -> ReplayBuffer:
    """Return an empty buffer for the spaces of environments.

    Args:
        config: of the run.
        environments: whose observations and actions will be stored.
        capacity: in transitions.
        seed: of its draws.
        options: further arguments of the buffer.

    Raises:
        UsageError: if the settings do not fit the observations, or there is not enough memory.
    """
    common: dict[str, Any] = {
        "frame_stack": config.frame_stack,
        **horizon(config),
        "reserve": config.reserve,
        "seed": seed,
        **options,
    }
    if config.learns_sequences and not config.sequence_length:
        common["draw_by"] = "segment"
    both = environments.observation_space, environments.action_space
    kind = ReplayBuffer
    if config.prioritized:
        kind = PrioritizedReplayBuffer
        common |= {
            "alpha": config.alpha,
            "beta": config.beta_begin,
            "priority_eps": config.priority_eps,
        }
    try:
        return kind(capacity, *both, **common)
    except (ValueError, MemoryError) as error:
        raise UsageError(f"cannot make the replay buffer: {error}") from error


def build_batch_source(
    config: TrainConfig, buffer: ReplayBuffer, beside: Sequence[Share] = ()
) -> DrawingSource:
    """Return the batches of a buffer, and of others beside it, whatever their own n_step and gamma are."""
    source = _batch_source(config, buffer, config.batch_size - sum(share.rows for share in beside))
    for share in beside:
        source = JoinedBatches(source, _batch_source(config, share.buffer, share.rows))
    return source


def build_hand_off(config: TrainConfig, source: DrawingSource, device: torch.device) -> HandOff | None:
    """Return what brings batches to the device; None if the learner takes them from their source."""
    is_here = device.type == "cpu"
    prefetch = (0 if is_here else _PREFETCH) if config.prefetch is None else config.prefetch
    return None if is_here and prefetch == 0 else HandOff(source, device, prefetch)


def _batch_source(config: TrainConfig, buffer: ReplayBuffer, batch_size: int) -> DrawingSource:
    beta_schedule = LinearSchedule(config.beta_begin, config.beta_end, config.total_steps)
    if config.learns_sequences:
        beta = beta_schedule if config.prioritized else None
        return SequenceBatches(_draw(config, buffer, batch_size), beta, config.priority_mix)
    if isinstance(buffer, PrioritizedReplayBuffer):
        return PrioritizedBatches(buffer, batch_size, beta_schedule, **horizon(config))
    return UniformBatches(buffer, batch_size, **horizon(config))


def _draw(config: TrainConfig, buffer: ReplayBuffer, size: int) -> Draw:
    length = config.sequence_length
    if not length:
        return EpisodeDraw(buffer, size, **horizon(config))
    return WindowDraw(buffer, size, length, burn_in=config.burn_in, **horizon(config))


def horizon(config: TrainConfig) -> dict[str, Any]:
    """Return n_step and gamma of the transitions that a run learns from."""
    return {"n_step": _WHOLE if config.objective == "mc" else config.n_step, "gamma": config.gamma}
