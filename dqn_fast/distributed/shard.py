"""A shard: holds a part of the replay memory, and gives batches of it."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from gymnasium import spaces

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer
from dqn_fast.distributed.messages import FORMAT, Chunk, Drawn, Emptied, Given
from dqn_fast.training.config import TrainConfig
from dqn_fast.training.parts.replay import Spaces, horizon, make_buffer


class Part(NamedTuple):
    """Which part of the memory a shard is.

    Attributes:
        shard: its number, from 0.
        num_envs: environments that it stores the steps of.
        observation_space: of one environment.
        action_space: of one environment.
    """

    shard: int
    num_envs: int
    observation_space: spaces.Space[Any]
    action_space: spaces.Discrete


def part_buffer(config: TrainConfig, part: Part) -> ReplayBuffer:
    """Return the empty buffer of a shard.

    Raises:
        UsageError: if the settings do not fit the observations, or there is not enough memory.
    """
    return make_buffer(
        config,
        Spaces(part.observation_space, part.action_space),
        capacity=config.capacity // config.shards,
        num_envs=part.num_envs,
        seed=config.seeds.buffer + part.shard,
    )


class ReplayShard:
    """A replay buffer, which actors add to and a learner draws from.

    Its *generation* is a number that it draws when it is made. A shard that was made again gives out indices
    anew, so the priorities of a batch are for the generation that gave the batch, and for no other.

    Args:
        config: of the run.
        part: of the memory.
    """

    def __init__(self, config: TrainConfig, part: Part) -> None:
        self._config = config
        self._horizon = horizon(config)
        self.take(part_buffer(config, part))

    def add(self, chunk: Chunk, env: range) -> int:
        """Store a chunk, in these environments; return how many transitions are held.

        Raises:
            ValueError: if it is of another format.
        """
        if chunk.format != FORMAT:
            raise ValueError(f"chunk: got format {chunk.format}, expected {FORMAT}, of this version")
        chunk.add_to(self._buffer, env)
        return len(self._buffer)

    def draw(self, given: Sequence[Given], beta: float) -> Drawn | Emptied:
        """Take the priorities of earlier batches, then draw the next one.

        Args:
            given: priorities, oldest first.
            beta: exponent of the importance weights.
        """
        stale = self.give(given)
        buffer = self._buffer
        if not len(buffer):
            return Emptied(self._generation, stale)
        exponent: dict[str, Any] = {"beta": beta} if isinstance(buffer, PrioritizedReplayBuffer) else {}
        batch = buffer.sample(self._config.batch_size, **self._horizon, **exponent)
        fields = {name: getattr(batch, name) for name in Drawn._fields[2:]}
        return Drawn(self._generation, stale, **fields)

    def give(self, given: Sequence[Given]) -> int:
        """Take priorities; return how many named no transition that is held."""
        stale = 0
        for one in given:
            if one.generation == self._generation:
                stale += self._buffer.update_priorities(one.indices, one.priorities)
            else:
                stale += len(one.indices)
        return stale

    def dump(self) -> bytes:
        """Return the buffer as a file."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "memory"
            self._buffer.save(path)
            return path.read_bytes()

    def take(self, buffer: ReplayBuffer) -> int:
        """Hold this buffer instead; return how many transitions that is."""
        self._buffer = buffer
        self._generation = secrets.randbits(62)
        return len(buffer)

    def load(self, data: bytes) -> int:
        """Take what `dump` returned instead of what is held; return how many transitions that is.

        Raises:
            ValueError: if the bytes are no saved buffer.
        """
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "memory"
            path.write_bytes(data)
            return self.take(ReplayBuffer.load(path))
