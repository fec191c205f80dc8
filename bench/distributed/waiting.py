"""Say how long the learner waits for batches of 512 from one shard: `python bench/distributed/waiting.py`.

Two actors play CartPole on a local Ray cluster. Run it in a network of its own:
`unshare --net --map-root-user bash -c 'ip link set lo up && python bench/distributed/waiting.py'`.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from dqn_fast.distributed import RayTransport, build_on
from dqn_fast.distributed.batches import ShardBatches
from dqn_fast.distributed.loop import DistributedLoop
from dqn_fast.training import TrainConfig, preset_of
from dqn_fast.training.metrics import MetricsRow
from dqn_fast.training.parts.run import Hooks


def measure(config: TrainConfig) -> dict[str, float]:
    """Return seconds of learning and of waiting, from the first update on, and updates."""
    waited: list[tuple[float, float, int]] = []

    def note(row: MetricsRow) -> None:
        assert isinstance(loop, DistributedLoop)
        source = loop._learner._source
        assert isinstance(source, ShardBatches)
        waited.append((row.seconds, source.waited, row.updates))

    with ExitStack() as stack, tempfile.TemporaryDirectory() as folder:
        build = build_on(lambda _: RayTransport("local", 3, object_store=300_000_000), Path(folder))
        parts = build(config, None, Hooks(note, lambda: None, lambda: False), stack)
        loop = parts.loop
        loop.run()
    begun = next(one for one in waited if one[2] > 0)
    seconds, waits, updates = (last - first for last, first in zip(waited[-1], begun, strict=True))
    return {"seconds": seconds, "waited": waits, "share": waits / seconds, "updates": updates}


def main() -> None:
    """Measure, and write one line of JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--steps", type=int, default=20_000)
    steps = parser.parse_args().steps
    config = replace(
        preset_of("CartPole-v1"),
        actors=2,
        num_envs=8,
        batch_size=512,
        prioritized=True,
        total_steps=steps,
        learn_period=8,
        log_period=1_000,
        selection_period=0,
        rate_tolerance=2_000,
    )
    sys.stdout.write(json.dumps(measure(config)) + "\n")


if __name__ == "__main__":
    main()
