"""Builds the replay buffer of a run, and the source of its learner's batches."""

from __future__ import annotations

from typing import Any

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.agent import BatchSource, LinearSchedule, Policy, PrioritizedBatches, UniformBatches
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
    return make_buffer(
        config,
        environments,
        capacity=config.capacity,
        num_envs=config.num_envs,
        extra_fields={name: (value.shape[1:], value.dtype) for name, value in extras},
        seed=config.seeds.buffer,
    )


def make_buffer(
    config: TrainConfig, environments: Environments, *, capacity: int, seed: int, **options: Any
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
        "n_step": _n_step(config),
        "gamma": config.gamma,
        "reserve": config.reserve,
        "seed": seed,
        **options,
    }
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
        return kind(capacity, *spaces, **common)
    except (ValueError, MemoryError) as error:
        raise UsageError(f"cannot make the replay buffer: {error}") from error


def build_batch_source(config: TrainConfig, buffer: ReplayBuffer) -> BatchSource:
    """Return the batches of a buffer, whatever its own n_step and gamma are."""
    horizon: dict[str, Any] = {"n_step": _n_step(config), "gamma": config.gamma}
    if isinstance(buffer, PrioritizedReplayBuffer):
        beta_schedule = LinearSchedule(config.beta_begin, config.beta_end, config.total_steps)
        return PrioritizedBatches(buffer, config.batch_size, beta_schedule, **horizon)
    return UniformBatches(buffer, config.batch_size, **horizon)


def _n_step(config: TrainConfig) -> int:
    return _WHOLE if config.objective == "mc" else config.n_step
