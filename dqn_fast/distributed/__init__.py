"""Training on more than one process or machine: Ape-X (Horgan et al., 2018) on an existing engine, Ray.

Actors play, shards hold the replay buffer, one learner learns. What they say to each other is here: chunks
of steps, batches, priorities, weights, how fast each may go, and what happens when one of them dies. Where
they run, and how a message gets there, is a `Transport`'s: `RayTransport`, or `OneThread`, which is
deterministic. Nothing else here knows Ray. Collector, learner, settings, run folder and evaluation are those
of `dqn_fast.training`.
"""

from dqn_fast.distributed.build import build_on
from dqn_fast.distributed.on_ray import RayTransport
from dqn_fast.distributed.one_thread import OneThread
from dqn_fast.distributed.run import resume_distributed, train_distributed
from dqn_fast.distributed.transport import Call, Transport, Worker, WorkerLostError

__all__ = [
    "Call",
    "OneThread",
    "RayTransport",
    "Transport",
    "Worker",
    "WorkerLostError",
    "build_on",
    "resume_distributed",
    "train_distributed",
]
