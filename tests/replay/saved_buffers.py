"""Buffers that were saved long ago: how each was filled, so that what is loaded can be compared.

`saved/0.1.0/` holds a file and a pickle of each, written by version 0.1.0 (format 1), and is never written
again: whoever has such files can load them for ever. A new format gets new files beside them:

    python tests/replay/saved_buffers.py FOLDER
"""

from __future__ import annotations

import pickle
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from dqn_fast import Batch, PrioritizedReplayBuffer, ReplayBuffer

SAVED = Path(__file__).with_name("saved") / "0.1.0"


def uniform() -> ReplayBuffer:
    """Two environments with dict observations, one of them a stack; the oldest steps are evicted."""
    buffer = ReplayBuffer(
        24,
        num_envs=2,
        frame_stack={"image": 3},
        n_step=3,
        gamma=0.9,
        extra_fields={"log_prob": ((2,), np.float32)},
        autoreset="next_step",
        seed=11,
    )
    draw = np.random.default_rng(0)
    image, speed = np.zeros((2, 3, 2), np.uint8), np.zeros(2)
    for step in range(40):
        ended = draw.random(2) < 0.2
        next_image = np.concatenate([image[:, 1:], draw.integers(0, 255, (2, 1, 2), np.uint8)], 1)
        next_speed = draw.random(2)
        buffer.add(
            {"image": image, "speed": speed},
            draw.integers(0, 4, 2),
            draw.random(2, np.float32),
            {"image": next_image, "speed": next_speed},
            ended,
            ended & False,
            log_prob=draw.random((2, 2), np.float32),
            new_segment=step == 20,
        )
        image, speed = next_image, next_speed
    return buffer


def prioritized() -> PrioritizedReplayBuffer:
    """Priorities of all sizes, a prompt, and both trees."""
    buffer = PrioritizedReplayBuffer(
        30, alpha=0.7, beta=0.5, priority_eps=1e-3, weight_normalization="buffer", stratified=False, seed=12
    )
    draw = np.random.default_rng(1)
    obs = draw.random(3, np.float32)
    for step in range(50):
        if step == 40:
            buffer.add_context(draw.random(3, np.float32))
            buffer.add_context(obs := draw.random(3, np.float32))
        next_obs = draw.random(3, np.float32)
        buffer.add(obs, step % 3, float(step), next_obs, step % 7 == 6, step % 11 == 10)
        obs = next_obs
        batch = buffer.sample(4)
        buffer.update_priorities(batch.indices, draw.random(4) * 10.0 ** draw.integers(-3, 3))
    return buffer


def stacks() -> PrioritizedReplayBuffer:
    """Stacks along the last axis, of which some do not move by one frame."""
    buffer = PrioritizedReplayBuffer(20, frame_stack=4, frame_axis=-1, n_step=2, seed=13)
    draw = np.random.default_rng(2)
    obs = draw.integers(0, 3, (2, 2, 4), np.uint8)
    for step in range(30):
        next_obs = np.concatenate([obs[..., 1:], draw.integers(0, 3, (2, 2, 1), np.uint8)], -1)
        if step % 9 == 8:
            next_obs = draw.integers(0, 3, (2, 2, 4), np.uint8)
        buffer.add(obs, step % 2, 0.5 * step, next_obs, step % 13 == 12)
        obs = next_obs
    return buffer


def wide() -> ReplayBuffer:
    """Spaces are known, rewards are float64, and each step has a column of its own."""
    buffer = ReplayBuffer(6, reserve=2.0, seed=14)
    draw = np.random.default_rng(3)
    for step in range(9):
        obs, next_obs = draw.random((2, 100))
        buffer.add(obs, draw.random(2), np.asarray(step / 3), next_obs, False, step == 5)
    return buffer


def empty() -> ReplayBuffer:
    """Nothing was added, so that not even shapes are known."""
    return ReplayBuffer(5, frame_stack=2, seed=15)


RECIPES: dict[str, Callable[[], ReplayBuffer]] = {
    recipe.__name__: recipe for recipe in (uniform, prioritized, stacks, wide, empty)
}


def columns(batch: Batch) -> list[Any]:
    """Dtype and numbers of every array of a batch."""
    return [(array.dtype, array.tolist()) for array in batch._arrays]


def contents(buffer: ReplayBuffer) -> list[Any]:
    """All that can be seen of a buffer: what it holds, and what it draws and takes next."""
    if len(buffer) == 0:
        return [len(buffer), buffer.capacity]
    seen: list[Any] = [buffer.stats(), columns(buffer.transitions()), columns(buffer.sample(7))]
    if isinstance(buffer, PrioritizedReplayBuffer):
        indices = buffer.transitions().indices
        buffer.update_priorities(indices, np.arange(1.0, len(indices) + 1))
        seen.append(columns(buffer.sample(7)))
    return [*seen, len(buffer), buffer.capacity, buffer.is_full(), buffer.is_valid()]


def write(folder: Path) -> None:
    """Save every buffer, as a file and as a pickle."""
    for name, recipe in RECIPES.items():
        recipe().save(folder / f"{name}.dqn")
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(recipe(), protocol=4))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
