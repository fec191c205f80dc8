"""Pickles of drop-in buffers, written by version 0.1.0; see `replay.saved_buffers`.

python tests/dropin/saved_dropins.py FOLDER
"""

from __future__ import annotations

import pickle
import random
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gymnasium import spaces

from dqn_fast.dropin import cleanrl, cpprb, experience_replay, pytorch_tutorial, sb3
from dqn_fast.dropin.deque import deque

SAVED = Path(__file__).with_name("saved") / "0.1.0"
STEPS = 20
ENV_DICT = {"obs": {"shape": 3}, "act": {"dtype": np.int32}, "rew": {}, "next_obs": {"shape": 3}, "done": {}}
BOX, ACTIONS = spaces.Box(-1, 1, (3,), np.float32), spaces.Discrete(4)


def steps() -> Any:
    """Yield observation, action, reward, next observation, and whether the episode ended."""
    draw = np.random.default_rng(5)
    obs = draw.random(3, np.float32)
    for step in range(STEPS):
        next_obs = draw.random(3, np.float32)
        yield obs, step % 4, step / 2, next_obs, step % 6 == 5
        obs = next_obs


def of_cpprb(kind: Any, **options: Any) -> Any:
    buffer = kind(12, ENV_DICT, **options)
    for obs, action, reward, next_obs, done in steps():
        buffer.add(obs=obs, act=action, rew=reward, next_obs=next_obs, done=done)
    return buffer


def of_sb3(kind: Any, **options: Any) -> Any:
    buffer = kind(12, BOX, ACTIONS, "cpu", **options)
    for obs, action, reward, next_obs, done in steps():
        buffer.add(
            obs[None], next_obs[None], np.array([[action]]), np.array([reward]), np.array([done]), [{}]
        )
    return buffer


def of_cleanrl() -> Any:
    buffer = cleanrl.ReplayBuffer(12, BOX, ACTIONS, "cpu", handle_timeout_termination=False)
    for obs, action, reward, next_obs, done in steps():
        buffer.add(obs, next_obs, np.array(action), reward, np.array(done))
    return buffer


def of_rainbow() -> Any:
    buffer = cleanrl.PrioritizedReplayBuffer(12, (3,), "cpu", 2, 0.9)
    for obs, action, reward, next_obs, done in steps():
        buffer.add((obs * 200).astype(np.uint8), action, reward, (next_obs * 200).astype(np.uint8), done)
    return buffer


def of_deque() -> Any:
    return deque(steps(), maxlen=12)


def of_articles() -> Any:
    buffer = experience_replay.ExperienceReplayBuffer(12)
    for step in steps():
        buffer.add(*step)
    return buffer


def of_tutorial() -> Any:
    memory = pytorch_tutorial.ReplayMemory(12)
    for obs, action, reward, next_obs, done in steps():
        after = None if done else torch.from_numpy(next_obs)[None]
        memory.push(torch.from_numpy(obs)[None], torch.tensor([[action]]), after, torch.tensor([reward]))
    return memory


RECIPES: dict[str, Callable[[], Any]] = {
    "cpprb": lambda: of_cpprb(cpprb.ReplayBuffer),
    "cpprb-prioritized": lambda: of_cpprb(cpprb.PrioritizedReplayBuffer),
    "cpprb-nstep": lambda: of_cpprb(cpprb.ReplayBuffer, Nstep={"size": 2, "rew": "rew", "next": "next_obs"}),
    "sb3": lambda: of_sb3(sb3.ReplayBuffer, n_steps=3),
    "sb3-prioritized": lambda: of_sb3(sb3.PrioritizedReplayBuffer, alpha=0.5),
    "cleanrl": of_cleanrl,
    "cleanrl-rainbow": of_rainbow,
    "deque": of_deque,
    "experience_replay": of_articles,
    "pytorch_tutorial": of_tutorial,
}


def make(name: str) -> Any:
    """Return the buffer as it was saved. Drop-ins take their seeds from the process's generators."""
    random.seed(7)
    np.random.seed(7)  # noqa: NPY002
    return RECIPES[name]()


def drawn(buffer: Any) -> str:
    """Return what a buffer draws next."""
    np.random.seed(8)  # noqa: NPY002
    random.seed(8)
    if isinstance(buffer, deque):
        return repr([list(buffer), buffer.sample(5).arrays()])
    sample = buffer.sample(5)
    if isinstance(sample, experience_replay.ExperienceBatch):
        return repr(sample.arrays())
    if isinstance(buffer, pytorch_tutorial.ReplayMemory):
        return repr([[field if field is None else field.tensor() for field in row] for row in sample])
    return repr(sample)


def write(folder: Path) -> None:
    """Pickle every buffer."""
    for name in RECIPES:
        (folder / f"{name}.pickle").write_bytes(pickle.dumps(make(name), protocol=4))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
