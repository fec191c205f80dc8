"""What a process is asked to train, and what it says of it. Nothing here needs more than Python."""

from __future__ import annotations

import json
import sys
import time
from typing import NamedTuple

ENV_ID, GAMMA, EPSILON_BEGIN, ADAM_EPS = "CartPole-v1", 0.99, 1.0, 1e-8


class Job(NamedTuple):
    """Hyper-parameters; lengths and periods are environment steps unless they say otherwise.

    Attributes:
        steps: of the run.
        num_envs: environments that step together; only ours can have several.
        hidden_sizes: of the network.
        learning_rate: Adam's, constant.
        batch_size: transitions of an update.
        capacity: transitions that are kept.
        learning_starts: after these, the first updates.
        learn_period: from one round of updates to the next.
        learn_updates: updates in a round.
        copy_period: updates from one copy to the target network to the next.
        epsilon_decay: share of the run in which epsilon falls from 1.
        epsilon_end: to this.
        huber: the Huber loss; otherwise the squared error.
        max_grad_norm: of the gradient; infinity is no limit.
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
    def asked(cls) -> Job:
        """The job on this process's command line."""
        job = cls(**json.loads(sys.argv[1]))
        return job._replace(hidden_sizes=tuple(job.hidden_sizes))


class Measured(NamedTuple):
    """What a training took, from its first step to its last.

    Attributes:
        steps: environment steps made.
        updates: learner updates made.
        seconds: on the wall.
        cpu_seconds: of the process, all its threads.
        learn_seconds: the part on the wall within updates, from a batch to new parameters; ours only.
        environment_seconds: the part on the wall within Gymnasium's `step`; ours only.
    """

    steps: int
    updates: int
    seconds: float
    cpu_seconds: float
    learn_seconds: float = 0.0
    environment_seconds: float = 0.0

    def say(self) -> None:
        """Write it where the parent process reads it: the last line of the output."""
        sys.stdout.write(f"\n{json.dumps(self._asdict())}\n")


class Stopwatch:
    """Measures from its making on."""

    def __init__(self) -> None:
        self._begin = time.perf_counter(), time.process_time()

    def read(self) -> tuple[float, float]:
        """Seconds on the wall, and of the processor, so far."""
        return time.perf_counter() - self._begin[0], time.process_time() - self._begin[1]
