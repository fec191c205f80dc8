"""Builds the parts of a run on several processes, on any transport."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack, closing
from dataclasses import replace
from functools import partial
from pathlib import Path

from dqn_fast import ReplayBuffer
from dqn_fast.agent import LinearSchedule
from dqn_fast.distributed.actor import Actor
from dqn_fast.distributed.batches import ShardBatches
from dqn_fast.distributed.crew import Crew, Member
from dqn_fast.distributed.dealing import deal, envs_of, place_of
from dqn_fast.distributed.loop import DistributedLoop
from dqn_fast.distributed.shard import Part, ReplayShard, part_buffer
from dqn_fast.distributed.shards import Port, Shards
from dqn_fast.distributed.transport import Transport
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.learner import Learner
from dqn_fast.training.metrics import Metrics
from dqn_fast.training.parts import build_agent, build_environments
from dqn_fast.training.parts.replay import Spaces
from dqn_fast.training.parts.run import Build, Hooks, RunParts
from dqn_fast.training.run_folder.checkpoint import Checkpoint
from dqn_fast.training.run_folder.layout import CHECKPOINTS

_IN_FLIGHT = 2  # more requests gain nothing, measured


def build_on(connect: Callable[[TrainConfig], Transport], folder: Path) -> Build:
    """Return what builds the parts of a run with actors.

    Args:
        connect: returns the transport of a run; it is closed at the run's end.
        folder: of the run; a shard that died comes back with what its latest checkpoint has.
    """
    return partial(_build, connect, folder)


def _build(
    connect: Callable[[TrainConfig], Transport],
    folder: Path,
    config: TrainConfig,
    checkpoint: Checkpoint | None,
    hooks: Hooks,
    stack: ExitStack,
) -> RunParts:
    # Before anything is placed: what is wrong with the settings is said at once, in this process.
    with closing(build_environments(replace(config, num_envs=1, vectorization="sync"))) as environments:
        spaces = Spaces(environments.observation_space, environments.action_space)
    agent = build_agent(config, *spaces)
    parts = [Part(shard, envs_of(config, shard), *spaces) for shard in range(config.shards)]
    empty = [part_buffer(config, part) for part in parts[: 1 if checkpoint is None else None]]
    transport = connect(config)
    stack.callback(transport.close)
    least = max(config.learning_starts // config.shards // 2, 1)
    ports = [Port(transport.place(ReplayShard, config, part), least) for part in parts]
    shards = Shards(transport, ports, partial(_snapshot, folder, config.shards))
    if checkpoint is not None:
        _fill(transport, ports, config, checkpoint, empty)
    members = []
    for actor in range(config.actors):
        shard, place = place_of(config, actor)
        port = ports[shard]
        members.append(Member(transport.place(Actor, config, place), port))
    metrics = Metrics(config.return_window)
    source = ShardBatches(
        shards,
        transport,
        agent.device,
        LinearSchedule(config.beta_begin, config.beta_end, config.total_steps),
        in_flight=_IN_FLIGHT,
        prioritized=config.prioritized,
    )
    loop = DistributedLoop(
        config,
        transport,
        Crew(members, shards),
        shards,
        Learner(agent, source, metrics),
        metrics,
        hooks,
    )
    return RunParts(agent, loop, {file_of(number): port for number, port in enumerate(ports)})


def file_of(shard: int) -> str:
    """Return the name of a shard's file in a checkpoint."""
    return f"memory-{shard:04d}.dqn"


def _fill(
    transport: Transport,
    ports: Sequence[Port],
    config: TrainConfig,
    checkpoint: Checkpoint,
    empty: Sequence[ReplayBuffer],
) -> None:
    """Give the shards what the checkpoint has of each, or, if there were others, a part of it all."""
    saved = checkpoint.load_buffers()
    same = len(saved) == len(ports) and all(
        old.num_envs == new.num_envs for old, new in zip(saved.values(), empty, strict=True)
    )
    if not same:
        deal(list(saved.values()), config, empty)
    for port, buffer in zip(ports, saved.values() if same else empty, strict=True):
        port.held = port.worker.call("take", transport.share(buffer)).result()


def _snapshot(folder: Path, shards: int, shard: int) -> bytes | None:
    """Return what the latest checkpoint has of a shard; None without one, or of other shards."""
    latest = max(folder.glob(CHECKPOINTS), default=None)
    if latest is None or len(list(latest.glob("memory-*.dqn"))) != shards:
        return None
    return (latest / file_of(shard)).read_bytes()
