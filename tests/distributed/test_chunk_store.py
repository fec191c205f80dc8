"""A chunk has the very steps that a buffer would have stored, whether its frames are packed or not."""

from __future__ import annotations

from typing import Any

import gymnasium as gym
import numpy as np
import pytest
from gymnasium.spaces import Box, Dict, Discrete

from dqn_fast import ReplayBuffer, trees
from dqn_fast.distributed.chunk_store import ChunkStore, spread
from dqn_fast.envs import make_environments
from dqn_fast.training.storing import make_store

STACK = 3


class Film(gym.Env[Any, Any]):
    """Stacks that move by one frame; an episode in five has one that does not."""

    observation_space = Dict({"film": Box(0, 255, (STACK, 2), np.uint8)})
    action_space = Discrete(2)

    def __init__(self, jumps: bool = False) -> None:
        self.jumps = jumps

    def reset(self, *, seed: int | None = None, options: Any = None) -> tuple[Any, dict[str, Any]]:
        super().reset(seed=seed)
        self.film = [self.np_random.integers(0, 255, 2, np.uint8)] * STACK
        return self._obs(), {}

    def step(self, action: Any) -> tuple[Any, float, bool, bool, dict[str, Any]]:
        self.film = [*self.film[1:], self.np_random.integers(0, 255, 2, np.uint8)]
        if self.jumps and self.np_random.random() < 0.1:
            self.film = self.film[::-1]
        return self._obs(), float(self.np_random.random()), bool(self.np_random.random() < 0.2), False, {}

    def _obs(self) -> Any:
        return {"film": np.stack(self.film)}


gym.register("Film-v0", Film)
gym.register("Jumping-v0", Film, kwargs={"jumps": True})


@pytest.mark.parametrize(
    ("env_id", "vectorization", "packs"),
    [
        ("Film-v0", "sync", True),
        ("Jumping-v0", "sync", False),
        ("CartPole-v1", "sync", True),
        ("CartPole-v1", "native", True),
    ],
)
def test_chunks_store_what_a_store_stores(env_id: str, vectorization: str, packs: bool) -> None:
    environments = make_environments(env_id, 3, 0, vectorization=vectorization)
    stack = 1 if env_id == "CartPole-v1" else STACK
    spaces = environments.observation_space, environments.action_space
    built = [ReplayBuffer(400, *spaces, num_envs=3, frame_stack=stack, seed=0) for _ in range(3)]
    store, chunks = make_store(built[0], 3), ChunkStore(stack)
    rng, obs = np.random.default_rng(0), environments.reset()
    packed_all = True
    for _ in range(4):
        for _ in range(25):
            action = rng.integers(0, 2, 3)
            after = environments.step(action)
            store(obs, action, after, {})
            chunks(obs, action, after, {})
            obs = after.obs
        chunk = chunks.take()
        packed = chunks.packed(chunk)
        packed_all &= packed.frames is not None
        chunk.add_to(built[1], range(3))
        packed.add_to(built[2], range(3))
    environments.close()
    assert packed_all == packs
    rows = [buffer.transitions(n_step=3) for buffer in built]
    for other in rows[1:]:
        for name in ("action", "reward", "discount", "indices"):
            np.testing.assert_array_equal(getattr(rows[0], name), getattr(other, name))
        for name in ("obs", "next_obs"):
            one, two = (trees.leaves(getattr(each, name)) for each in (rows[0], other))
            assert [leaf.tobytes() for leaf in one] == [leaf.tobytes() for leaf in two]


def test_numbers_by_environment_go_to_their_rows() -> None:
    mask = np.array([[True, False], [True, True], [False, True]])
    assert spread(np.array([1.0, 2.0, 3.0, 4.0]), mask).tolist() == [[1, 0], [2, 3], [0, 4]]
