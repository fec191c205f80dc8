"""What a process is asked to train, and what it reports. Only the standard library is needed here."""

from __future__ import annotations

import json
import sys
import time
from typing import NamedTuple

ENV_ID, GAMMA, EPSILON_BEGIN, ADAM_EPS = "CartPole-v1", 0.99, 1.0, 1e-8


class Settings(NamedTuple):
    """Hyper-parameters; lengths and periods are in environment steps, unless they say otherwise.

    Attributes:
        steps: of the run.
        num_envs: environments that step together; only ours can have several.
        hidden_sizes: of the network.
        learning_rate: Adam's, constant.
        batch_size: transitions per update.
        capacity: transitions that the buffer holds.
        learning_starts: steps before the first update.
        learn_period: steps from one round of updates to the next.
        learn_updates: updates per round.
        copy_period: updates from one copy to the target network to the next.
        epsilon_decay: share of the run in which epsilon falls from 1 to `epsilon_end`.
        epsilon_end: epsilon from then on.
        huber: use the Huber loss; otherwise the squared error.
        max_grad_norm: largest norm of the gradient; infinity is no limit.
        folder: of CleanRL's repository.
    """

    steps: int
    num_envs: int
    hidden_sizes: tuple[int, ...]
    learning_rate: float
    batch_size: int
    capacity: int
    learning_starts: int
    learn_period: int
    learn_updates: int
    copy_period: int
    epsilon_decay: float
    epsilon_end: float
    huber: bool
    max_grad_norm: float
    folder: str = ""

    @classmethod
    def from_command_line(cls) -> Settings:
        """Return the settings on this process's command line."""
        settings = cls(**json.loads(sys.argv[1]))
        return settings._replace(hidden_sizes=tuple(settings.hidden_sizes))


class Measured(NamedTuple):
    """What a training took, from its first step to its last.

    Attributes:
        steps: environment steps made.
        updates: learner updates made.
        seconds: wall-clock time.
        cpu_seconds: processor time of all threads of the process.
        learn_seconds: wall-clock time within updates, from a batch to new parameters; ours only.
        environment_seconds: wall-clock time within Gymnasium's `step`; ours only.
    """

    steps: int
    updates: int
    seconds: float
    cpu_seconds: float
    learn_seconds: float = 0.0
    environment_seconds: float = 0.0

    def report(self) -> None:
        """Print it as the last line of the output, where the parent process reads it."""
        sys.stdout.write(f"\n{json.dumps(self._asdict())}\n")


class Stopwatch:
    """Measures from its construction on."""

    def __init__(self) -> None:
        self._begin = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Return wall-clock seconds and processor seconds so far."""
        return time.perf_counter() - self._begin[0], time.process_time() - self._begin[1]
