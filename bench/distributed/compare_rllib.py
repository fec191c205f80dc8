"""Measure RLlib's DQN with our memory against its own buffer: `python bench/distributed/compare_rllib.py`.

Processor seconds, in one process and in turn, so that whoever else uses the machine is there for all. Results
go to rllib.json beside this file, the table to bench/README.md; `--table` writes the table alone.
It needs `pip install ".[rllib]"`. Run it in a network of its own, as RLlib starts Ray:
`unshare --net --map-root-user bash -c 'ip link set lo up && python bench/distributed/compare_rllib.py'`.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

sys.path.append(str(Path(__file__).parents[1]))  # for what bench/'s folders share

from readme_parts import README
from readme_parts import Part as ReadmePart

RESULTS = Path(__file__).with_name("rllib.json")
PART = ReadmePart("RLlib", "python bench/distributed/compare_rllib.py")
BATCHES = (32, 512)
STORED = 100_000
EPISODE = 200
OWN, EPISODES, WHOLE = "RLlib's own", "ours, as episodes", "ours, as whole batches"
KINDS = (OWN, EPISODES, WHOLE)


def in_turn(contenders: dict[str, Callable[[], Any]], calls: dict[str, int], rounds: int) -> dict[str, float]:
    """Return the median processor seconds of a call of each, over rounds in which each has its turn."""
    seconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, call in contenders.items():
            begun = time.process_time()
            for _ in range(calls[name]):
                call()
            seconds[name].append((time.process_time() - begun) / calls[name])
    return {name: statistics.median(each) for name, each in seconds.items()}


def buffers_alone(rounds: int) -> dict[str, dict[str, float]]:
    """Return processor seconds of sample + update at 100,000 steps of CartPole's shapes, by batch size."""
    from ray.rllib.utils.replay_buffers import PrioritizedEpisodeReplayBuffer as Theirs

    from dqn_fast.dropin.rllib import PrioritizedEpisodeReplayBuffer as Ours

    # The capacity above what is stored: RLlib's takes minutes to fill where it has to evict.
    buffers = {OWN: Theirs(2 * STORED, alpha=0.6), EPISODES: Ours(2 * STORED, alpha=0.6, num_envs=1)}
    for buffer in buffers.values():
        for episode in _episodes():
            buffer.add(episode)
        assert len(buffer) == STORED
    result = {}
    for rows in BATCHES:
        rng = np.random.default_rng(0)

        def step(buffer: Any, rows: int, rng: Any) -> None:
            buffer.sample(rows, n_step=3, beta=0.4, gamma=0.99)
            buffer.update_priorities(rng.random(rows))

        contenders: dict[str, Callable[[], Any]] = {
            name: partial(step, buffer, rows, rng) for name, buffer in buffers.items()
        }
        result[str(rows)] = in_turn(contenders, {OWN: max(256 // rows, 1), EPISODES: 200}, rounds)
    return result


def _episodes() -> Any:
    from ray.rllib.env.single_agent_episode import SingleAgentEpisode

    rng = np.random.default_rng(0)
    for number in range(STORED // EPISODE):
        yield SingleAgentEpisode(
            str(number),
            observations=list(rng.standard_normal((EPISODE + 1, 4)).astype(np.float32)),
            actions=list(rng.integers(2, size=EPISODE)),
            rewards=[1.0] * EPISODE,
            terminated=True,
            len_lookback_buffer=0,
        ).to_numpy()


def training_steps(rows: int, rounds: int, calls: int) -> dict[str, float]:
    """Return processor seconds of a training step of RLlib's CartPole example, with each buffer."""
    algorithms = {kind: _algorithm(kind, rows) for kind in KINDS}
    try:
        for algorithm in algorithms.values():
            while len(algorithm.local_replay_buffer) < 1_200:  # it learns from the thousandth on
                algorithm.training_step()
        steps = {kind: algorithm.training_step for kind, algorithm in algorithms.items()}
        return in_turn(steps, dict.fromkeys(KINDS, calls), rounds)
    finally:
        for algorithm in algorithms.values():
            algorithm.stop()


def _algorithm(kind: str, rows: int) -> Any:
    from ray.rllib.algorithms import dqn

    from dqn_fast.dropin.rllib import DQNConfig

    config = DQNConfig() if kind == WHOLE else dqn.DQNConfig()
    name = "PrioritizedEpisodeReplayBuffer"
    buffer = {"type": name if kind == OWN else f"dqn_fast.dropin.rllib.{name}", "alpha": 0.6, "beta": 0.4}
    return (
        config.environment("CartPole-v1")
        .env_runners(num_env_runners=0)
        .training(replay_buffer_config={**buffer, "capacity": 50_000}, train_batch_size=rows, n_step=(2, 5))
        .debugging(seed=0)
        .build_algo()
    )


def table(results: dict[str, Any]) -> str:
    """Return the table of results."""
    lines = [f"| processor time | {OWN} | {EPISODES} | {WHOLE} |", "|---|" + "---:|" * 3]
    for rows, seconds in results["training"].items():
        own = seconds[OWN]
        cells = [f"{own * 1e3:,.1f} ms"]
        cells += [
            f"{seconds[kind] * 1e3:,.1f} ms, {own / seconds[kind]:.2f} times less" for kind in KINDS[1:]
        ]
        lines.append(f"| training step, batch of {rows} | " + " | ".join(cells) + " |")
    for rows, seconds in results["alone"].items():
        own, ours = seconds[OWN], seconds[EPISODES]
        lines.append(
            f"| the buffer alone: sample + update of {rows} at {STORED:,} | {own * 1e3:,.1f} ms"
            f" | | {ours * 1e3:,.2f} ms, {own / ours:,.0f} times less |"
        )
    training = [
        seconds[OWN] / seconds[kind] for seconds in results["training"].values() for kind in KINDS[1:]
    ]
    lines += [
        "",
        f"What counts is the training step, which gains {min(training):.2f} to {max(training):.2f} times: the"
        f" rest of it is RLlib's own Python. {results['date']}, Ray {results['ray']}, {os.cpu_count()} cores"
        " that were busy with other work; processor time, in one process and in turn.",
    ]
    return "\n".join(lines)


def main() -> None:
    """Measure, keep the results, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--table", action="store_true", help="write the table of the results kept")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--calls", type=int, default=20, help="training steps of each in a round")
    arguments = parser.parse_args()
    if not arguments.table:
        import ray

        ray.init(num_cpus=2, object_store_memory=100_000_000, include_dashboard=False, log_to_driver=False)
        results = {
            "date": time.strftime("%Y-%m-%d"),
            "ray": ray.__version__,
            "training": {
                str(rows): training_steps(rows, arguments.rounds, arguments.calls) for rows in BATCHES
            },
            "alone": buffers_alone(arguments.rounds),
        }
        RESULTS.write_text(json.dumps(results, indent=2) + "\n", encoding="utf-8")
    PART.write(README, table(json.loads(RESULTS.read_text(encoding="utf-8"))))


if __name__ == "__main__":
    main()
