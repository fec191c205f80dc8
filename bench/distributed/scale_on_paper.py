"""How many actors one shard, one learner and one link carry: `python bench/distributed/scale_on_paper.py`.

Chunks of recorded steps go to a shard on Ray, as so many actors would send them, and batches come back.
Measured are processor seconds of each process and bytes of each message; the number of actors is arithmetic
from these. Results go to paper.json beside this file, the table to bench/README.md. What one machine cannot
show: network latency, stragglers, and the loss of a machine.

Run it in a network of its own: `unshare --net --map-root-user bash -c 'ip link set lo up && python ...'`.
"""

from __future__ import annotations

import json
import os
import pickle
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from gymnasium import spaces

from dqn_fast.distributed import OneThread, RayTransport
from dqn_fast.distributed.actor import Actor
from dqn_fast.distributed.chunk_store import ChunkStore
from dqn_fast.distributed.dealing import place_of
from dqn_fast.distributed.messages import FORMAT, Chunk, Given, Weights, Work
from dqn_fast.distributed.shard import Part, ReplayShard
from dqn_fast.training import TrainConfig
from dqn_fast.training.parts import build_agent

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README
from readme_parts import Part as ReadmePart

RESULTS = Path(__file__).with_name("paper.json")
PART = ReadmePart("scale on paper", "python bench/distributed/scale_on_paper.py")
RATE = 139 / 4  # transitions a second of one actor of Ape-X: 139 frames a second, each action for 4
BATCHES = 19  # that its learner takes a second, of 512
BATCH, LENGTH = 512, 50
BUSY = 0.7  # of a process: above it, queues grow
LINK = 10e9 / 8  # bytes a second
MILLION = 1e6


class Probe(ReplayShard):
    """A shard that says how much processor time its process took."""

    def cpu(self) -> float:
        """Return the seconds so far, of all threads."""
        return time.process_time()


class Case(NamedTuple):
    """What actors send."""

    name: str
    config: TrainConfig
    part: Part
    chunk: Chunk


def _config(env_id: str, **settings: Any) -> TrainConfig:
    common = {
        "prioritized": True,
        "batch_size": BATCH,
        "capacity": 40_000,
        "actors": 1,
        "chunk_length": LENGTH,
    }
    return TrainConfig(env_id, total_steps=10**6, **{**common, **settings})


def _chunk(obs: np.ndarray, next_obs: np.ndarray, stack: int) -> Chunk:
    flags = np.zeros((LENGTH, 1), np.bool_)
    whole = Chunk(
        FORMAT, obs, next_obs, None, None, flags.astype(int), flags * 1.0, flags, flags, ~flags, flags + 1.0
    )
    return ChunkStore(stack).packed(whole)


def cases() -> list[Case]:
    """Return small steps, and stacks of frames, with chunks of one environment."""
    rng = np.random.default_rng(0)
    places = rng.standard_normal((LENGTH + 1, 1, 4)).astype(np.float32)
    small = spaces.Box(-np.inf, np.inf, (4,), np.float32)
    frames = rng.integers(0, 256, (LENGTH + 4, 84, 84), np.uint8)
    stacks = np.lib.stride_tricks.sliding_window_view(frames, 4, axis=0).transpose(0, 3, 1, 2)[:, None]
    images = spaces.Box(0, 255, (4, 84, 84), np.uint8)
    return [
        Case(
            "4 float32",
            _config("CartPole-v1", hidden_sizes=(128, 128)),
            Part(0, 1, small, spaces.Discrete(2)),
            _chunk(places[:-1], places[1:], 1),
        ),
        Case(
            "stacks of 4 x 84 x 84",
            _config("ALE/Pong-v5", frame_stack=4, convolutions="nature", hidden_sizes=(512,)),
            Part(0, 1, images, spaces.Discrete(6)),
            _chunk(stacks[:-1], stacks[1:], 4),
        ),
    ]


def measure(case: Case, transport: RayTransport, chunks: int = 400, batches: int = 60) -> dict[str, float]:
    """Return processor seconds and bytes of one kind of step."""
    shard = transport.place(Probe, case.config, case.part)
    shard.call("add", case.chunk, range(1)).result()
    before = _Clocks.now(shard)
    _pipelined(lambda: shard.call("add", case.chunk, range(1)), chunks)
    adding = _Clocks.now(shard).since(before)
    agent = build_agent(case.config, case.part.observation_space, case.part.action_space)
    given: list[Given] = []
    learning = 0.0
    before = _Clocks.now(shard)
    for _ in range(batches):
        drawn = shard.call("draw", given, 0.4).result()
        given = [Given(drawn.generation, np.array(drawn.indices), np.ones(BATCH))]
        fields = {name: _tensor(getattr(drawn, name)) for name in drawn._fields[2:]}
        begun = time.process_time()
        agent.learn(drawn._replace(**fields), 0)
        learning += time.process_time() - begun
    drawing = _Clocks.now(shard).since(before)
    arrays = {name: value.numpy() for name, value in agent.q_net.state_dict().items()}
    return {
        "chunk_shard": adding.shard / chunks,
        "chunk_raylet": adding.raylet / chunks,
        "chunk_sender": adding.driver / chunks,
        "batch_shard": drawing.shard / batches,
        "batch_learner": (drawing.driver - learning) / batches,
        "update": learning / batches,
        "step_bytes": len(pickle.dumps(case.chunk, 5)) / LENGTH,
        "batch_bytes": len(pickle.dumps(drawn, 5)),
        "weight_bytes": len(pickle.dumps(arrays, 5)),
    }


def acting(steps: int = 4_000) -> float:
    """Return processor seconds a step of an actor of CartPole, with its priorities and its shard."""
    config = _config("CartPole-v1", num_envs=4, epsilon_spread=7.0)
    transport = OneThread()
    agent = build_agent(config, cases()[0].part.observation_space, cases()[0].part.action_space)
    weights = Weights(0, {name: value.numpy() for name, value in agent.q_net.state_dict().items()})
    part = cases()[0].part._replace(num_envs=4)
    shard = transport.place(ReplayShard, config, part)
    actor = transport.place(Actor, config, place_of(config, 0)[1])
    actor.call("collect", Work(0, 10**6, LENGTH), weights, shard).result()
    begun, rounds = time.process_time(), steps // (4 * LENGTH)
    for _ in range(rounds):
        actor.call("collect", Work(0, 10**6, LENGTH), weights, shard).result()
    return (time.process_time() - begun) / (rounds * 4 * LENGTH)


class _Clocks(NamedTuple):
    """Processor seconds of the processes that take part."""

    shard: float
    raylet: float
    driver: float

    @classmethod
    def now(cls, shard: Any) -> _Clocks:
        return cls(shard.call("cpu").result(), _raylet_seconds(), time.process_time())

    def since(self, before: _Clocks) -> _Clocks:
        return _Clocks(*(after - earlier for after, earlier in zip(self, before, strict=True)))


def _raylet_seconds() -> float:
    """Return the processor seconds of the raylets and servers of this cluster."""
    ticks = 0
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            name, fields = (folder / "stat").read_text().rpartition(")")[::2]
        except OSError:  # it has ended
            continue
        if name.endswith(("(raylet", "(gcs_server")):
            ticks += sum(map(int, fields.split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def _pipelined(call: Callable[[], Any], count: int, under_way: int = 4) -> None:
    calls: list[Any] = []
    for _ in range(count):
        calls.append(call())
        if len(calls) == under_way:
            calls.pop(0).result()
    for one in calls:
        one.result()


def _tensor(array: Any) -> Any:
    import torch

    return torch.from_numpy(np.array(array))


def table(results: dict[str, Any]) -> str:
    """Return what follows from the measurements."""
    head = "| one actor: 34.75 transitions/s, in chunks of 50 | " + " | ".join(results["cases"]) + " |"
    lines = [head, "|---|" + "---:|" * len(results["cases"])]
    rows: list[tuple[str, Callable[[dict[str, float]], str]]] = [
        ("bytes a transition on the wire", lambda r: f"{r['step_bytes']:,.0f}"),
        ("shard, CPU s a million transitions", lambda r: f"{r['chunk_shard'] / LENGTH * MILLION:,.0f}"),
        ("raylet, the same", lambda r: f"{r['chunk_raylet'] / LENGTH * MILLION:,.0f}"),
        ("shard, CPU ms a batch of 512", lambda r: f"{r['batch_shard'] * 1e3:,.1f}"),
        ("learner, CPU ms a batch of 512: to get it / to learn from it", _learner),
        (
            "**actors that one shard carries**, beside 19 batches/s",
            lambda r: f"**{_actors_of_shard(r):,.0f}**",
        ),
        (
            "**batches/s of one learner**, on this CPU",
            lambda r: f"**{_batches(r):,.1f}**",
        ),
        ("weights, MB", lambda r: f"{r['weight_bytes'] / 1e6:,.2f}"),
        (
            "**actors that one 10 Gb/s link carries**, steps and weights every 400 frames of each",
            lambda r: f"**{_actors_of_link(r):,.0f}**",
        ),
    ]
    for name, value in rows:
        lines.append(
            f"| {name} | " + " | ".join(value(result) for result in results["cases"].values()) + " |"
        )
    lines.append("")
    lines.append(
        f"An actor of CartPole takes {results['acting'] * MILLION:,.0f} CPU seconds a million steps, with its"
        f" priorities and its shard. A process or link counts as full at {BUSY:.0%}. {results['date']}, Ray"
        f" {results['ray']},"
        f" {os.cpu_count()} cores that were busy with other work; CPU seconds, not wall time."
    )
    return "\n".join(lines)


def _learner(result: dict[str, float]) -> str:
    return f"{result['batch_learner'] * 1e3:,.1f} / {result['update'] * 1e3:,.1f}"


def _batches(result: dict[str, float]) -> float:
    return BUSY / (result["batch_learner"] + result["update"])


def _actors_of_shard(result: dict[str, float]) -> float:
    left = BUSY - BATCHES * result["batch_shard"]
    return max(left, 0) / (RATE / LENGTH * result["chunk_shard"])


def _actors_of_link(result: dict[str, float]) -> float:
    """Return the actors whose steps, and weights for each of them, a link carries."""
    a_second = RATE * result["step_bytes"] + 139 / 400 * result["weight_bytes"]
    return BUSY * LINK / a_second


def main() -> None:
    """Measure, keep the results, and write the table."""
    import ray

    transport = RayTransport("local", 3, object_store=500_000_000)
    try:
        measured = {case.name: measure(case, transport) for case in cases()}
    finally:
        transport.close()
    results = {
        "date": time.strftime("%Y-%m-%d"),
        "ray": ray.__version__,
        "cases": measured,
        "acting": acting(),
    }
    RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    PART.write(README, table(results))


if __name__ == "__main__":
    main()
