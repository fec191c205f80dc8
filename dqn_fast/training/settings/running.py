"""Settings of the run as a whole, and of its evaluations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import tyro

from dqn_fast.training.settings.rules import (
    A_DEVICE,
    A_NUMBER_OF_THREADS,
    A_PERIOD_OR_NONE,
    A_SEED,
    Settings,
    at_least,
)


@dataclass(frozen=True, kw_only=True)
class RunSettings(Settings):
    """Length, seed, reports and checkpoints of the run."""

    seed: Annotated[int, A_SEED] = 0
    """Seed of everything random in the run; the same seed repeats the run bit for bit on one machine."""
    total_steps: Annotated[int, at_least(1, "environment step")] = 50_000
    """Environment steps to train for. Schedules without a length of their own end here."""
    checkpoint_period: Annotated[int, A_PERIOD_OR_NONE] = 10_000
    """Environment steps from one checkpoint to the next. After a crash, `dqn-fast resume` goes on from the
    last one as if nothing had happened. 0 turns this off."""
    keep_checkpoint: bool = False
    """Keep the last checkpoint of a finished run, replay buffer and all, so that `dqn-fast resume` with more
    total_steps can go on with it."""
    log_period: Annotated[int, at_least(1, "environment step")] = 500
    """Environment steps from one row of metrics to the next."""
    return_window: Annotated[int, at_least(1, "episode")] = 20
    """Latest episodes over which the metrics take the mean and the spread of the return."""
    device: Annotated[str, A_DEVICE, tyro.conf.arg(metavar="NAME")] = "auto"
    """Where the network acts and learns: cpu, cuda (cuda:1 and so on for further GPUs) or mps. auto takes a
    GPU for convolutions and for networks that remember, if there is one, and the CPU for small dense layers,
    which are fastest there. The replay buffer stays in the machine's own memory."""
    act_on: Literal["auto", "cpu", "device"] = "auto"
    """Where the actions of a network on a GPU are chosen: on that device, or on the CPU by a copy of the
    weights, made after the updates between two steps; either way by the current weights. auto takes the CPU
    for few environments and a small network, which the C++ core answers before a GPU's calls are made."""
    cuda_graph: bool = True
    """On a CUDA GPU: record the learner update once and replay it, which spares the CPU hundreds of calls.
    Not for networks that remember, whose batches differ in shape, nor for bodies."""
    threads: Annotated[int, A_NUMBER_OF_THREADS] = 1
    """PyTorch's threads. One is fastest for small networks; another number may change the last digits."""


@dataclass(frozen=True, kw_only=True)
class EvaluationSettings(Settings):
    """Evaluations, which choose the model during the training and score it at the end."""

    selection_period: Annotated[int, A_PERIOD_OR_NONE] = 2_500
    """Environment steps from one evaluation during the training to the next, in a separate environment. Each
    takes place with a row of metrics (log_period). The best weights become the run's model. 0 turns this off:
    the last weights are the model."""
    selection_episodes: Annotated[int, at_least(1)] = 10
    """Episodes of each of these evaluations. Weights that fall behind the best after 10, 20, 40 ... episodes
    play no more."""
    eval_episodes: Annotated[int, at_least(1)] = 100
    """Episodes of the evaluation at the end (epsilon = 0, a separate environment, its own seeds)."""
