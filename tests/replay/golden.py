"""Seeds and the batches that they must give, on every platform and under every kernel.

`golden.txt` is read by test_golden.py. After a change that is meant to change draws, write it anew:

    python tests/replay/golden.py --write
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from dqn_fast import PrioritizedReplayBuffer, ReplayBuffer

GOLDEN = Path(__file__).with_name("golden.txt")

HEADER = """\
# The batches that seeds must give. Written by: python tests/replay/golden.py --write
# A line: case, batch, column, values; floats in hexadecimal, so that every bit is here.
"""

CASES: dict[str, tuple[type, dict[str, Any]]] = {
    "uniform": (ReplayBuffer, {"capacity": 1000, "seed": 0}),
    "uniform, one step": (ReplayBuffer, {"capacity": 1, "seed": 1}),
    "uniform, three streams": (ReplayBuffer, {"capacity": 300, "num_envs": 3, "n_step": 3, "seed": 2}),
    "uniform, largest seed": (ReplayBuffer, {"capacity": 77, "seed": 2**63 - 1}),
    "stratified": (PrioritizedReplayBuffer, {"capacity": 1000, "seed": 3}),
    "iid": (PrioritizedReplayBuffer, {"capacity": 1000, "stratified": False, "seed": 4}),
    "stratified, three streams": (
        PrioritizedReplayBuffer,
        {"capacity": 300, "num_envs": 3, "n_step": 5, "weight_normalization": "buffer", "seed": 5},
    ),
    "iid, plain weights": (
        PrioritizedReplayBuffer,
        {
            "capacity": 513,
            "stratified": False,
            "weight_normalization": "none",
            "alpha": 1.0,
            "beta": 1.0,
            "seed": 6,
        },
    ),
    "alpha 0": (PrioritizedReplayBuffer, {"capacity": 65, "alpha": 0.0, "seed": 7}),
    "large": (PrioritizedReplayBuffer, {"capacity": 100_000, "alpha": 0.7, "seed": 8}),
}


# The same walks; an observation is a stack, or a dict of stacks and a number.
STACKED: dict[str, tuple[type, dict[str, Any]]] = {
    "stacks": (PrioritizedReplayBuffer, {"capacity": 500, "frame_stack": 4, "n_step": 3, "seed": 9}),
    "stacks, two streams": (
        ReplayBuffer,
        {"capacity": 200, "num_envs": 2, "frame_stack": 2, "frame_axis": -1, "n_step": 2, "seed": 10},
    ),
    "dicts": (
        PrioritizedReplayBuffer,
        {"capacity": 200, "frame_stack": {"a": 3, "in": {"b": 2}}, "reserve": 0.5, "seed": 11},
    ),
}

DISTINCT = "without replacement, three streams"


def observation(t: np.ndarray, first: np.ndarray, frames: Any) -> Any:
    """What is seen at each t of walks that began at `first`: zeros come before that."""

    def stack(k: int) -> np.ndarray:
        shown = t[..., None] - np.arange(k)[::-1]
        return np.where(shown < first[..., None], 0, shown).astype(np.float64)

    if isinstance(frames, dict):
        return {"a": stack(3), "in": {"b": stack(2).astype(np.float32), "c": t % 3}}
    return t.astype(np.float64) if frames == 1 else stack(frames)


def fill(buffer: Any, num_envs: int, rows: int, frame_stack: Any = 1) -> None:
    """Walks of 50 steps whose rewards need all of their bits; no generator of random numbers is used."""
    t = np.arange(rows, dtype=np.int64)[:, None] + 1_000_000 * np.arange(num_envs)
    ends = (t % 50 == 49) & (t % 3 == 0)
    rewards = np.float32((t * 2_654_435_761 % 4_294_967_296) / 4_294_967_296)
    t, ends, rewards = (column[:, 0] if num_envs == 1 else column for column in (t, ends, rewards))
    obs, next_obs = (observation(at, t // 50 * 50, frame_stack) for at in (t, t + 1))
    buffer.extend(obs, t % 7, rewards, next_obs, ends, (t % 50 == 49) & ~ends)


def batches(kind: type, options: dict[str, Any]) -> Iterator[Any]:
    """Six batches; a prioritised buffer gets new priorities after each, of very different sizes."""
    buffer = kind(**options)
    fill(buffer, options.get("num_envs", 1), 2 * options["capacity"], options.get("frame_stack", 1))
    for size in (1, 2, 3, 8, 16, 16):
        batch = buffer.sample(size)
        yield batch
        if kind is PrioritizedReplayBuffer:
            everywhere = np.resize(buffer.sample(256).indices, 1000)
            exponents = everywhere * 7919 % 61 - 30
            buffer.update_priorities(everywhere, np.ldexp(1.0 + everywhere % 5, exponents // 4))


def arrays(name: str, obs: Any) -> dict[str, np.ndarray]:
    if not isinstance(obs, dict):
        return {name: obs}
    return {k: array for key in obs for k, array in arrays(f"{name}[{key!r}]", obs[key]).items()}


def distinct_lines() -> Iterator[str]:
    """What the drop-ins for `random.sample` draw: few of the transitions, more than half, all."""
    buffer = ReplayBuffer(60, num_envs=3, seed=12)
    fill(buffer, 3, 120)
    for number, size in enumerate((1, 8, 30, 31, 60)):
        indices = buffer.sample(size, replacement=False).indices
        yield f"{DISTINCT}; {number}; indices; {' '.join(map(str, indices.tolist()))}"


def lines() -> Iterator[str]:
    for name, (kind, options) in (CASES | STACKED).items():
        for number, batch in enumerate(batches(kind, options)):
            always = ("indices", "reward", "discount")
            columns = {column: getattr(batch, column) for column in always}
            if kind is PrioritizedReplayBuffer:
                columns["weights"] = batch.weights
            if name in STACKED:
                columns |= arrays("obs", batch.obs) | arrays("next_obs", batch.next_obs)
            for column, values in columns.items():
                numbers = values.ravel().tolist()
                words = (value.hex() if isinstance(value, float) else str(value) for value in numbers)
                yield f"{name}; {number}; {column}; {' '.join(words)}"
    yield from distinct_lines()


if __name__ == "__main__":
    if sys.argv[1:] != ["--write"]:
        sys.exit(f"usage: python {sys.argv[0]} --write")
    GOLDEN.write_text(HEADER + "\n".join(lines()) + "\n", encoding="utf-8")
